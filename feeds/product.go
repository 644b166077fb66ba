package feeds

import (
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/vex"
)

// A Product is one product in the words of who publishes the record (affected[] of
// a CVE record, the product tree of a CSAF document), with the identifiers that are
// given for it and what is said of its versions. Words are no identity: equal
// words are weaker evidence than an equal identifier.
type Product struct {
	// By is who says so within the record: "cna", "CISA-ADP", a publisher. Empty
	// when the record has one author.
	By string `json:"by,omitempty"`
	// Vendor and Name are as written; "n/a" and its like are left empty. Family is
	// the product family, where one is named.
	Vendor string `json:"vendor,omitempty"`
	Family string `json:"family,omitempty"`
	Name   string `json:"name,omitempty"`
	// CPEs and PURLs identify it; Models are model or catalog numbers.
	CPEs   []string `json:"cpes,omitempty"`
	PURLs  []string `json:"purls,omitempty"`
	Models []string `json:"models,omitempty"`
	// Repo is the address of its source repository.
	Repo string `json:"repo,omitempty"`
	// Modules, Files and Routines say which part of its source is meant. A product
	// that was built without any of the Files does not hold the flaw.
	Modules  []string `json:"modules,omitempty"`
	Files    []string `json:"files,omitempty"`
	Routines []string `json:"routines,omitempty"`
	// Platforms are what it has to run on for the statement to hold, as written;
	// empty means any.
	Platforms []string `json:"platforms,omitempty"`
	// Default is the status of every version that no span speaks of; empty when
	// that is not said, or said to be unknown.
	Default vex.Status `json:"default,omitempty"`
	// Spans say the status of single versions and of stretches of versions.
	Spans []Span `json:"spans,omitempty"`
	// Unread are words about versions that were not understood. A person has to read
	// them: until then every version that no span speaks of may be meant.
	Unread []string `json:"unread,omitempty"`
}

// A Span gives versions a status. With none of After, Below, UpTo and Open it is
// the single version From. All bounds that are set have to hold.
type Span struct {
	Status vex.Status `json:"status,omitempty"` // empty: said to be unknown
	// Type is the publisher's word for the order of the versions ("semver", "custom",
	// "git", "rpm", "python"); empty when none was given.
	Type string `json:"type,omitempty"`
	// From is the first version of the span, After the last before it. "0" is before
	// all versions.
	From  string `json:"from,omitempty"`
	After string `json:"after,omitempty"`
	// Below is the first version after the span, UpTo the last of it; "*" is after
	// all versions, and "6.11.*" after all that begin with 6.11.
	Below string `json:"below,omitempty"`
	UpTo  string `json:"up_to,omitempty"`
	// Open says that a span with From alone goes on without an end.
	Open bool `json:"open,omitempty"`
	// Turns change the status from a version on, within the span.
	Turns []Turn `json:"turns,omitempty"`
	// Text is what was written, where the span was read from words.
	Text string `json:"text,omitempty"`
}

// A Turn is a version from which on another status holds.
type Turn struct {
	At     string     `json:"at"`
	Status vex.Status `json:"status,omitempty"`
}

// Single reports whether s speaks of the version From alone.
func (s Span) Single() bool { return s.After == "" && s.Below == "" && s.UpTo == "" && !s.Open }

// String tells the span in one line, in the words it was read from if there were any.
func (s Span) String() string {
	status := string(s.Status)
	if status == "" {
		status = "unknown"
	}
	if s.Text != "" {
		return status + " " + s.Text
	}
	var b strings.Builder
	b.WriteString(status)
	if s.Single() {
		b.WriteString(" " + s.From)
	} else {
		for _, at := range []struct{ op, v string }{{">=", s.From}, {">", s.After}, {"<", s.Below}, {"<=", s.UpTo}} {
			if at.v != "" {
				b.WriteString(" " + at.op + " " + at.v)
			}
		}
	}
	for _, t := range s.Turns {
		b.WriteString(", " + string(t.Status) + " from " + t.At)
	}
	return b.String()
}

// A Probability is an EPSS score: how likely it is that a vulnerability will be
// exploited within 30 days, as its model saw it on one day.
type Probability struct {
	// Score is the probability and Percentile the share of vulnerabilities that
	// score no higher, both from 0 to 1; a percentile of 0 was not published.
	Score      float64 `json:"score"`
	Percentile float64 `json:"percentile,omitempty"`
	// Day is the day of the score, UTC; zero when the file does not say. Model is
	// the version of the model, as written.
	Day   time.Time `json:"day,omitzero"`
	Model string    `json:"model,omitempty"`
}

// A Band is a stretch of EPSS scores. Only a score that crosses into another band
// counts as a change.
type Band string

// The bands. The model publishes no thresholds: these are a convention of ours.
const (
	BandLow      Band = "below 1 %"
	BandModerate Band = "1 % to 10 %"
	BandHigh     Band = "10 % to 50 %"
	BandTop      Band = "50 % or more"
)

// Band returns the band of the score.
func (p Probability) Band() Band {
	switch {
	case p.Score >= 0.5:
		return BandTop
	case p.Score >= 0.1:
		return BandHigh
	case p.Score >= 0.01:
		return BandModerate
	}
	return BandLow
}

// An SSVC is a decision point record of CISA's coordinator tree (Stakeholder-Specific
// Vulnerability Categorization), as written.
type SSVC struct {
	By              string    `json:"by,omitempty"`
	At              time.Time `json:"at,omitzero"`
	Exploitation    string    `json:"exploitation,omitempty"` // "none", "poc", "active"
	Automatable     string    `json:"automatable,omitempty"`
	TechnicalImpact string    `json:"technical_impact,omitempty"`
}

// A Remedy is what the publisher says can be done.
type Remedy struct {
	// Kind is the word of CSAF: "vendor_fix", "workaround", "mitigation",
	// "no_fix_planned", "none_available".
	Kind string    `json:"kind"`
	Text string    `json:"text,omitempty"`
	URL  string    `json:"url,omitempty"`
	At   time.Time `json:"at,omitzero"`
}
