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
	earlier := s.index()
	kept := map[string]bool{}
	for i := range findings {
		f := &findings[i]
		now := Standing{
			FindingKey: f.Key(), Coordinate: f.Coordinate, Vulnerability: f.Vulnerability,
			IDs: f.IDs, Digest: f.Digest(),
		}
		event := func(c Change, from feeds.ID) {
			e := now.event(c, product, at)
			e.From = from
			events = append(events, e)
		}
		appeared := true
		for _, b := range earlier.of(f) {
			kept[b.FindingKey] = true
			if now.Seen.IsZero() || b.Seen.Before(now.Seen) {
				now.Seen = b.Seen
			}
			switch {
			case !b.Gone.IsZero(): // seen before, and new all the same
			case b.FindingKey != now.FindingKey:
				appeared = false
				event(Renamed, b.Vulnerability)
			default:
				appeared = false
				if b.Digest != now.Digest {
					event(Reasoned, "")
				}
			}
		}
		if appeared {
			event(Appeared, "")
		}
		if now.Seen.IsZero() {
			now.Seen = at
		}
		f.Seen = now.Seen
		next.Findings = append(next.Findings, now)
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

func (s Standing) event(c Change, product string, at time.Time) Event {
	return Event{
		Change: c, Product: product, Finding: s.FindingKey, Coordinate: s.Coordinate,
		Vulnerability: s.Vulnerability, At: at,
	}
}

// standings finds the entries of a State by coordinate.
type standings map[sbom.Coordinate][]Standing

func (s State) index() standings {
	out := standings{}
	for _, b := range s.Findings {
		out[b.Coordinate] = append(out[b.Coordinate], b)
	}
	return out
}

// of returns every entry that is of the same vulnerability as f: under f's own
// key, or under another name that shares an id with it which is no CVE id. Two
// CVE ids are never one vulnerability.
func (s standings) of(f *Finding) []Standing {
	var out []Standing
	key := f.Key()
	for _, b := range s[f.Coordinate] {
		other := b.Vulnerability.CVE() && f.Vulnerability.CVE() && b.Vulnerability != f.Vulnerability
		shared := slices.ContainsFunc(b.IDs, func(id feeds.ID) bool { return !id.CVE() && slices.Contains(f.IDs, id) })
		if b.FindingKey == key || shared && !other {
			out = append(out, b)
		}
	}
	return out
}
