package cve

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
	"github.com/open-postmarket/postmarket/tlp"
)

// document is a CVE record, as far as it is used.
type document struct {
	Metadata struct {
		ID        string `json:"cveId"`
		State     string `json:"state"`
		Published string `json:"datePublished"`
		Updated   string `json:"dateUpdated"`
		Rejected  string `json:"dateRejected"`
	} `json:"cveMetadata"`
	Containers struct {
		CNA *container  `json:"cna"`
		ADP []container `json:"adp"`
	} `json:"containers"`
	// FetchTime is a member of the lists of changes, Old one of the JSON 4 form.
	FetchTime json.RawMessage `json:"fetchTime"`
	Old       json.RawMessage `json:"CVE_data_meta"`
}

// container is what one party says.
type container struct {
	Title    string `json:"title"`
	Provider struct {
		Name string `json:"shortName"`
	} `json:"providerMetadata"`
	Descriptions []text                `json:"descriptions"`
	Reasons      []text                `json:"rejectedReasons"`
	Affected     []affected            `json:"affected"`
	Applicable   []fetch.Applicability `json:"cpeApplicability"`
	Problems     []struct {
		Descriptions []struct {
			CWE  string `json:"cweId"`
			Text string `json:"description"`
		} `json:"descriptions"`
	} `json:"problemTypes"`
	References []struct {
		URL  string   `json:"url"`
		Tags []string `json:"tags"`
	} `json:"references"`
	Metrics     []metric `json:"metrics"`
	Solutions   []text   `json:"solutions"`
	Workarounds []text   `json:"workarounds"`
}

type text struct {
	Lang  string `json:"lang"`
	Value string `json:"value"`
}

type metric struct {
	V40   *cvss `json:"cvssV4_0"`
	V31   *cvss `json:"cvssV3_1"`
	V30   *cvss `json:"cvssV3_0"`
	V20   *cvss `json:"cvssV2_0"`
	Other struct {
		Type    string          `json:"type"`
		Content json.RawMessage `json:"content"`
	} `json:"other"`
}

type cvss struct {
	Vector string  `json:"vectorString"`
	Base   float64 `json:"baseScore"`
}

// by is who speaks in an ADP container.
func (c container) by() string {
	if c.Provider.Name != "" {
		return c.Provider.Name
	}
	return c.Title
}

// record is what d says, with its own id first.
func (d document) record(id feeds.ID) (feeds.Record, error) {
	m := d.Metadata
	r := feeds.Record{
		Source: Name, Item: string(id), Names: []feeds.ID{id},
		State: m.State, Rejected: strings.EqualFold(m.State, "REJECTED"), Mark: tlp.Marked(tlp.Clear, Name),
	}
	if d.Containers.CNA == nil {
		return r, errors.New("has no cna container")
	}
	for _, at := range []struct {
		field, text string
		to          *time.Time
	}{{"datePublished", m.Published, &r.Published}, {"dateUpdated", m.Updated, &r.Modified}, {"dateRejected", m.Rejected, &r.Withdrawn}} {
		var err error
		if *at.to, err = instant(at.field, at.text); err != nil {
			return r, err
		}
	}
	if !r.Rejected {
		r.Withdrawn = time.Time{} // it was rejected once, and is no longer
	}
	cna := *d.Containers.CNA
	r.Title, r.Text = cna.Title, english(cna.Descriptions)
	if r.Text == "" {
		r.Text = english(cna.Reasons)
	}
	if err := add(&r, cna, byCNA); err != nil {
		return r, fmt.Errorf("cna.%w", err)
	}
	for i, adp := range d.Containers.ADP {
		if err := add(&r, adp, adp.by()); err != nil {
			return r, fmt.Errorf("adp[%d].%w", i, err)
		}
		if err := facts(&r, adp); err != nil {
			return r, fmt.Errorf("adp[%d].%w", i, err)
		}
	}
	return r, nil
}

// byCNA says that a product is told of by who assigned the CVE id.
const byCNA = "cna"

// instant reads a time; empty is not said, and one without a zone is UTC.
func instant(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%s %q is no time", field, text)
}

// english is the text in English, else the first.
func english(in []text) string {
	for _, t := range in {
		if l := strings.ToLower(t.Lang); l == "en" || strings.HasPrefix(l, "en-") || l == "eng" {
			return t.Value
		}
	}
	if len(in) > 0 {
		return in[0].Value
	}
	return ""
}

// add adds to r what both kinds of containers say.
func add(r *feeds.Record, c container, by string) error {
	scorer := by
	if by == byCNA && c.Provider.Name != "" {
		scorer = c.Provider.Name
	}
	for _, version := range []func(metric) *cvss{
		func(m metric) *cvss { return m.V40 }, func(m metric) *cvss { return m.V31 }, func(m metric) *cvss { return m.V30 }, func(m metric) *cvss { return m.V20 },
	} {
		for _, m := range c.Metrics {
			if v := version(m); v != nil && v.Vector != "" {
				r.Scores = append(r.Scores, feeds.Score{Vector: v.Vector, Base: v.Base, By: scorer, Primary: by == byCNA})
			}
		}
	}
	for _, p := range c.Problems {
		for _, d := range p.Descriptions {
			if id := weakness(d.CWE, d.Text); id != "" && !slices.Contains(r.Weaknesses, id) {
				r.Weaknesses = append(r.Weaknesses, id)
			}
		}
	}
	for _, ref := range c.References {
		link(r, ref.URL, ref.Tags)
	}
	for _, told := range []struct {
		kind string
		in   []text
	}{{"vendor_fix", c.Solutions}, {"workaround", c.Workarounds}} {
		remedy := feeds.Remedy{Kind: told.kind, Text: english(told.in)}
		if remedy.Text != "" && !slices.Contains(r.Remedies, remedy) {
			r.Remedies = append(r.Remedies, remedy)
		}
	}
	for i, a := range c.Applicable {
		tree, err := a.Configuration()
		if err != nil {
			return fmt.Errorf("cpeApplicability[%d].%w", i, err)
		}
		r.Configurations = append(r.Configurations, tree)
	}
	for i, a := range c.Affected {
		p, says, err := a.product(by)
		if err != nil {
			return fmt.Errorf("affected[%d].%w", i, err)
		}
		if says {
			r.Products = append(r.Products, p)
		}
	}
	return nil
}

var cwe = regexp.MustCompile(`^CWE-[0-9]+`)

// weakness is the CWE id of a problem type; older records have it in the text.
func weakness(id, text string) string {
	if id = cwe.FindString(strings.ToUpper(strings.TrimSpace(id))); id != "" {
		return id
	}
	return cwe.FindString(strings.TrimSpace(text))
}

// link adds a reference. A link that several give has the tags of all of them.
func link(r *feeds.Record, url string, tags []string) {
	if url == "" {
		return
	}
	i := slices.IndexFunc(r.References, func(h feeds.Reference) bool { return h.URL == url })
	if i < 0 {
		i = len(r.References)
		r.References = append(r.References, feeds.Reference{URL: url})
	}
	for _, t := range tags {
		// x_transferred says how the link came into the container, not what is behind it.
		if t != "x_transferred" && !slices.Contains(r.References[i].Tags, t) {
			r.References[i].Tags = append(r.References[i].Tags, t)
		}
	}
}

// facts adds what an ADP decided and knows beside the record: SSVC, and that the
// vulnerability is exploited.
func facts(r *feeds.Record, c container) error {
	for i, m := range c.Metrics {
		var err error
		switch strings.ToLower(m.Other.Type) {
		case "ssvc":
			err = ssvc(r, c.by(), m.Other.Content)
		case "kev":
			err = exploited(r, m.Other.Content)
		}
		if err != nil {
			return fmt.Errorf("metrics[%d].%w", i, err)
		}
	}
	return nil
}

func ssvc(r *feeds.Record, by string, raw json.RawMessage) error {
	var content struct {
		Timestamp string              `json:"timestamp"`
		Options   []map[string]string `json:"options"`
	}
	if err := json.Unmarshal(raw, &content); err != nil {
		return fmt.Errorf("ssvc: %w", err)
	}
	at, err := instant("ssvc timestamp", content.Timestamp)
	if err != nil {
		return err
	}
	if r.SSVC != nil && at.Before(r.SSVC.At) {
		return nil // the last decision stands
	}
	out := feeds.SSVC{By: by, At: at}
	for _, o := range content.Options {
		for name, value := range o {
			switch name {
			case "Exploitation":
				out.Exploitation = value
			case "Automatable":
				out.Automatable = value
			case "Technical Impact":
				out.TechnicalImpact = value
			}
		}
	}
	r.SSVC = &out
	return nil
}

func exploited(r *feeds.Record, raw json.RawMessage) error {
	var content struct {
		Added string `json:"dateAdded"`
	}
	if err := json.Unmarshal(raw, &content); err != nil {
		return fmt.Errorf("kev: %w", err)
	}
	added, err := instant("kev dateAdded", content.Added)
	if err != nil {
		return err
	}
	r.Exploited = &feeds.Exploited{Added: added}
	return nil
}
