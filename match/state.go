package match

import (
	"cmp"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/store"
)

// A State remembers which findings a product had, since when, and on what
// evidence. It is one record of the ledger for each BOM, written only when its
// set changed.
type State struct {
	Product string `json:"product"`
	// Position is how far the mirror was read when the set last changed.
	Position int64      `json:"position"`
	Findings []Standing `json:"findings,omitempty"`
}

// A Standing is what a State keeps of one finding.
type Standing struct {
	FindingKey    string          `json:"key"`
	Coordinate    sbom.Coordinate `json:"coordinate"`
	Vulnerability feeds.ID        `json:"vulnerability"`
	// IDs find the entry again when the vulnerability gets another name.
	IDs    []feeds.ID `json:"ids"`
	Seen   time.Time  `json:"seen"`
	Digest string     `json:"digest"`
	// Gone is when the finding was withdrawn; zero while it stands. It is kept,
	// so that one that comes back has not been seen for the first time.
	Gone time.Time `json:"gone,omitzero"`
}

// States is the drawer of the ledger that holds them.
const States store.Kind[State] = "match.state"

// Key returns the product's key.
func (s State) Key() string { return s.Product }

// Change says what an event is about.
type Change string

// The changes.
const (
	Appeared  Change = "appeared"  // a finding that was not there
	Withdrawn Change = "withdrawn" // one that is there no more
	Reasoned  Change = "evidence"  // one that rests on other evidence now
	Renamed   Change = "renamed"   // one whose vulnerability has another id now
)

// An Event is one difference between two States.
type Event struct {
	Change        Change          `json:"change"`
	Product       string          `json:"product"`
	Finding       string          `json:"finding"` // its key
	Coordinate    sbom.Coordinate `json:"coordinate"`
	Vulnerability feeds.ID        `json:"vulnerability"`
	From          feeds.ID        `json:"from,omitempty"` // the earlier id of a renamed one
	At            time.Time       `json:"at"`
}

// Next holds the findings of a new look against s. It fills in when each was
// first Seen (at, for a new one), and returns the State to keep and the events
// between the two. Without events the State is s itself.
func (s State) Next(product string, findings []Finding, position int64, at time.Time) (State, []Event) {
	next := State{Product: product, Position: position}
	var events []Event
	known := make(map[string]Standing, len(s.Findings))
	for _, b := range s.Findings {
		known[b.FindingKey] = b
	}
	kept := map[string]bool{}
	for i := range findings {
		f := &findings[i]
		now := Standing{
			FindingKey: f.Key(), Coordinate: f.Coordinate, Vulnerability: f.Vulnerability,
			IDs: f.IDs, Seen: at, Digest: f.Digest(),
		}
		before, found := known[now.FindingKey]
		if !found {
			before, found = s.renamed(f)
		}
		if found {
			now.Seen = before.Seen
			kept[before.FindingKey] = true
		}
		f.Seen = now.Seen
		next.Findings = append(next.Findings, now)
		for _, c := range changes(before, now, found) {
			e := now.event(c, product, at)
			if c == Renamed {
				e.From = before.Vulnerability
			}
			events = append(events, e)
		}
	}
	for _, b := range s.Findings {
		if kept[b.FindingKey] {
			continue
		}
		if b.Gone.IsZero() {
			b.Gone = at
			events = append(events, b.event(Withdrawn, product, at))
		}
		next.Findings = append(next.Findings, b)
	}
	if len(events) == 0 {
		return s, nil
	}
	slices.SortFunc(next.Findings, func(a, b Standing) int { return cmp.Compare(a.FindingKey, b.FindingKey) })
	return next, events
}

func changes(before, now Standing, found bool) []Change {
	if !found || !before.Gone.IsZero() {
		return []Change{Appeared}
	}
	var out []Change
	if before.FindingKey != now.FindingKey {
		out = append(out, Renamed)
	}
	if before.Digest != now.Digest {
		out = append(out, Reasoned)
	}
	return out
}

func (s Standing) event(c Change, product string, at time.Time) Event {
	return Event{
		Change: c, Product: product, Finding: s.FindingKey, Coordinate: s.Coordinate,
		Vulnerability: s.Vulnerability, At: at,
	}
}

// renamed looks for f under an earlier name, by any id that is not a CVE id: two
// CVE ids are never one vulnerability.
func (s State) renamed(f *Finding) (Standing, bool) {
	for _, b := range s.Findings {
		if b.Coordinate != f.Coordinate || b.Vulnerability.CVE() {
			continue
		}
		if slices.ContainsFunc(b.IDs, func(id feeds.ID) bool { return !id.CVE() && slices.Contains(f.IDs, id) }) {
			return b, true
		}
	}
	return Standing{}, false
}
