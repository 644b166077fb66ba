package assess

import (
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/tlp"
)

// Assessments is the drawer of the ledger that holds them.
const Assessments store.Kind[Assessment] = "assess.assessment"

// Schema is the version of the shape in which an Assessment is written.
const Schema = 1

// An Assessment is the judgment of one finding. It holds the keys of what it
// judges and the facts it relied on, not those things themselves. Open makes
// it; every change returns a new value. Its zero value is of no use.
type Assessment struct {
	// Schema is the version of this shape.
	Schema int `json:"schema"`
	// Finding is the key of the match.Finding, and of this record.
	Finding string `json:"finding"`
	// Product is the key of the device.Product; empty for a BOM by itself.
	Product       string          `json:"product,omitempty"`
	Vulnerability feeds.ID        `json:"vulnerability"`
	IDs           []feeds.ID      `json:"ids"`
	Coordinate    sbom.Coordinate `json:"coordinate"`
	// Digest is that of the evidence of the finding at the time it was opened.
	Digest string `json:"digest"`
	// Facts are what else of the finding was relied on.
	Facts Facts `json:"facts"`
	// Opened says who opened it, when and why.
	Opened Step `json:"opened"`
	// Instants are the five times of the finding.
	Instants Instants `json:"instants"`

	// The four steps, in order; nil is not done yet.
	Triage         *Triage         `json:"triage,omitempty"`
	Exploitability *Exploitability `json:"exploitability,omitempty"`
	Impact         *Impact         `json:"impact,omitempty"`
	Score          *Score          `json:"score,omitempty"`
	// Determination is nil until one is proposed, and has no force until it is
	// approved; see Risk.
	Determination *Determination `json:"determination,omitempty"`
	// Leave answers whether a controlled risk is acceptable to leave as it is;
	// nil is not answered.
	Leave *Leave `json:"leave,omitempty"`
	// Earlier are determinations that were given up by Reopen or Renamed, oldest
	// first for each assessment they came from.
	Earlier []Determination `json:"earlier,omitempty"`
	// Renewed are the controls that were verified anew since, oldest first.
	Renewed []Renewal `json:"renewed,omitempty"`
	// Reopened are all times that this was taken back to where it was opened, oldest
	// first: each may rest on other evidence than before.
	Reopened []Step `json:"reopened,omitempty"`
	// From are the keys under which this was kept before its vulnerability got
	// the id it has now; see Renamed.
	From []string `json:"from,omitempty"`
}

// Key returns the finding's key.
func (a Assessment) Key() string { return a.Finding }

// SchemaVersion is the version that the ledger keeps with each entry.
func (a Assessment) SchemaVersion() int { return Schema }

// Facts are copies of what a finding said when it was judged.
type Facts struct {
	// Title is the vulnerability's title, if a record has one.
	Title string `json:"title,omitempty"`
	// Components are the affected places.
	Components []match.Component `json:"components"`
	// Records are the source records the finding rests on.
	Records []Evidence `json:"records"`
	// Scores are the published ones.
	Scores []match.Score `json:"scores,omitempty"`
	// Exploited is set when a loaded source lists it as exploited in the wild.
	Exploited *feeds.Exploited `json:"exploited,omitempty"`
	// Probability, SSVC and Exploits are what else is known of how ripe exploits
	// are. A probability lowers nothing.
	Probability *feeds.Probability `json:"probability,omitempty"`
	SSVC        *feeds.SSVC        `json:"ssvc,omitempty"`
	Exploits    []string           `json:"exploits,omitempty"`
	Mark        tlp.Mark           `json:"mark,omitzero"`
}

// exploited reports whether exploitation in the wild is known: it is listed, or a
// decision record of SSVC says active.
func (f Facts) exploited() bool {
	return f.Exploited != nil || f.SSVC != nil && strings.EqualFold(f.SSVC.Exploitation, "active")
}

// raise is what known exploitation does by m; nil when none is known.
func (f Facts) raise(m *Matrix) *Raise {
	if !f.exploited() {
		return nil
	}
	var e feeds.Exploited
	if f.Exploited != nil {
		e = *f.Exploited
	}
	r := m.raise(e)
	return &r
}

// State says how far an Assessment has come. The zero value is not said.
type State string

// The states, in order. They are computed, never stored.
const (
	Opened               State = "opened"
	Triaged              State = "triaged"
	ExploitabilityJudged State = "exploitability judged"
	ImpactJudged         State = "impact judged"
	Scored               State = "scored"
	Proposed             State = "determination proposed"
	Determined           State = "determined"
)

// State returns how far a has come.
func (a Assessment) State() State {
	switch {
	case a.Determination != nil && a.Determination.Approved != nil:
		return Determined
	case a.Determination != nil:
		return Proposed
	case a.Score != nil:
		return Scored
	case a.Impact != nil:
		return ImpactJudged
	case a.Exploitability != nil:
		return ExploitabilityJudged
	case a.Triage != nil:
		return Triaged
	case a.Finding != "":
		return Opened
	}
	return ""
}

// Risk returns what was determined and approved. It is empty, undetermined,
// until then; undetermined is a state, not a result, and stops no clock.
func (a Assessment) Risk() Risk {
	if a.State() != Determined {
		return ""
	}
	return a.Determination.Risk
}

// Undetermined reports whether no approved determination stands.
func (a Assessment) Undetermined() bool { return a.Risk() == "" }

// Instants are the times of a finding, each kept apart from the others. UTC,
// whole microseconds; zero is not known.
type Instants struct {
	// Published is the earliest publication any record states, and by whom.
	Published   time.Time `json:"published,omitzero"`
	PublishedBy string    `json:"published_by,omitempty"`
	// Mirrored is when the first record was first kept in our mirror.
	Mirrored time.Time `json:"mirrored,omitzero"`
	// Seen is when the finding was first seen on this product.
	Seen time.Time `json:"seen,omitzero"`
	// Signal is when the earliest signal about it came in.
	Signal time.Time `json:"signal,omitzero"`
	// Learned starts FDA's marks (Postmarket Management of Cybersecurity in
	// Medical Devices, VII.B). By our own convention it is the earlier of Seen
	// and Signal unless it was moved. It is never zero.
	Learned    time.Time `json:"learned"`
	LearnedWhy string    `json:"learned_why"`
	// Moved are the moves of Learned, oldest first; both dates stay.
	Moved []LearnedChange `json:"moved,omitempty"`
	// Pending is a move to a later time that was proposed; it has no force.
	Pending *LearnedChange `json:"pending,omitempty"`
	// Determined is when the determination that stands was approved; zero while
	// there is none.
	Determined time.Time `json:"determined,omitzero"`
}

// A LearnedChange is one move of the instant at which the maker learned.
type LearnedChange struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	By   string    `json:"by"`
	Why  string    `json:"why"`
	At   time.Time `json:"at"`
	// Approval is needed to move it later; nil for a move to an earlier time.
	Approval *Approval `json:"approval,omitempty"`
}
