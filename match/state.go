package match

import (
	"cmp"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/tlp"
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
	// IDs find the entry again when the vulnerability gets another name; none when it has
	// only the one.
	IDs    []feeds.ID `json:"ids,omitempty"`
	Seen   time.Time  `json:"seen"`
	Digest string     `json:"digest"`
	Urgency
	// Mark is how far what is said of the finding may travel, also when it is gone.
	Mark tlp.Mark `json:"mark,omitzero"`
	// Gone is when the finding was withdrawn; zero while it stands. It is kept,
	// so that one that comes back has not been seen for the first time.
	Gone time.Time `json:"gone,omitzero"`
}

// Urgency is what is known of a finding beyond its evidence, as far as a change of it
// is told.
type Urgency struct {
	// Severity is the highest rating of any record; None without a score.
	Severity cvss.Severity `json:"severity,omitempty"`
	// Exploited says that a source lists it as exploited, Ransomware that use in ransomware
	// campaigns is known.
	Exploited  bool `json:"exploited,omitempty"`
	Ransomware bool `json:"ransomware,omitempty"`
	// EPSS is the band of its score; empty without one.
	EPSS feeds.Band `json:"epss,omitempty"`
	// Fix says that a version without the flaw is known, or a remedy told of.
	Fix bool `json:"fix,omitempty"`
	// Ruling is "hidden" while decisions hide it, and "reopened" when they no longer do.
	Ruling string `json:"ruling,omitempty"`
}

// Urgency returns what is told when it changes.
func (f Finding) Urgency() Urgency {
	u := Urgency{Severity: f.Severity(), Fix: f.Remedied || len(f.Fixed()) > 0}
	if f.Exploited != nil {
		u.Exploited, u.Ransomware = true, f.Exploited.Ransomware
	}
	if f.Probability != nil {
		u.EPSS = f.Probability.Band()
	}
	switch {
	case f.Hidden():
		u.Ruling = "hidden"
	case f.Reopened() != "":
		u.Ruling = "reopened"
	}
	return u
}

// States is the drawer of the ledger that holds them.
const States store.Kind[State] = "match.state"

// Key returns the product's key.
func (s State) Key() string { return s.Product }

// Change says what an event is about.
type Change string

// The changes.
const (
	Appeared        Change = "appeared"          // a finding that was not there
	Withdrawn       Change = "withdrawn"         // one that is there no more
	Reasoned        Change = "evidence"          // one that rests on other evidence now
	Renamed         Change = "renamed"           // one whose vulnerability has another id now
	SeverityChanged Change = "severity changed"  // the highest rating went up or down
	KnownExploited  Change = "known exploited"   // listed as exploited, or no longer
	Ransomware      Change = "ransomware"        // use in ransomware campaigns became known, or is no longer said
	EPSSCrossed     Change = "EPSS crossed"      // the EPSS score crossed into another band
	FixAvailable    Change = "fix available"     // a fix became known, or is no longer told of
	Decided         Change = "decided"           // decisions hide it now, or were taken back
	Reopened        Change = "decision reopened" // what a decision rested on changed
)

// told is the order in which they are told.
var told = []Change{
	Appeared, KnownExploited, Ransomware, Reopened, SeverityChanged, EPSSCrossed, FixAvailable, Withdrawn, Renamed, Reasoned, Decided,
}

// Changes lists them in the order in which events are told.
func Changes() []Change { return slices.Clone(told) }

// An Event is one difference between two States.
type Event struct {
	Change        Change          `json:"change"`
	Product       string          `json:"product"`
	Finding       string          `json:"finding"` // its key
	Coordinate    sbom.Coordinate `json:"coordinate"`
	Vulnerability feeds.ID        `json:"vulnerability"`
	From          feeds.ID        `json:"from,omitempty"` // the earlier id of a renamed one
	// Was and Is are the values before and after, where the change has such ("High",
	// "Critical"; "yes", "no"); Is of a reopened decision is the cause.
	Was string    `json:"was,omitempty"`
	Is  string    `json:"is,omitempty"`
	At  time.Time `json:"at"`
	// Mark is how far the event may be told.
	Mark tlp.Mark `json:"mark,omitzero"`
}

// Next holds the findings of a new look against s. It fills in when each was
// first Seen (at, for a new one), and returns the State to keep and the events
// between the two. When nothing is different the State is s itself; that a vulnerability has one
// more name is different, and no event.
func (s State) Next(product string, findings []Finding, position int64, at time.Time) (State, []Event) {
	return s.next(product, findings, func(Standing) bool { return true }, position, at)
}

// next is Next for a look at some vulnerabilities only: what of s is not in scope
// stays as it is.
func (s State) next(product string, findings []Finding, scope func(Standing) bool, position int64, at time.Time) (State, []Event) {
	next := State{Product: product, Position: position}
	var events []Event
	earlier := s.index(findings)
	kept := map[string]bool{}
	for i := range findings {
		f := &findings[i]
		now := Standing{
			FindingKey: f.Key(), Coordinate: f.Coordinate, Vulnerability: f.Vulnerability, Digest: f.Digest(), Urgency: f.Urgency(), Mark: f.Mark,
		}
		if len(f.IDs) > 1 {
			now.IDs = f.IDs
		}
		event := func(c Change, was, is string) *Event {
			e := now.event(c, product, at)
			e.Was, e.Is = was, is
			events = append(events, e)
			return &events[len(events)-1]
		}
		appeared := true
		var before *Standing
		for _, b := range earlier.of(f) {
			kept[b.FindingKey] = true
			if now.Seen.IsZero() || b.Seen.Before(now.Seen) {
				now.Seen = b.Seen
			}
			switch {
			case !b.Gone.IsZero(): // seen before, and new all the same
			case b.FindingKey != now.FindingKey:
				appeared, before = false, &b
				event(Renamed, "", "").From = b.Vulnerability
			default:
				appeared, before = false, &b
				if b.Digest != now.Digest {
					event(Reasoned, "", "")
				}
			}
		}
		if appeared {
			event(Appeared, "", "")
		} else {
			now.differ(before.Urgency, f, event)
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
		if scope(b) && b.Gone.IsZero() {
			b.Gone = at
			events = append(events, b.event(Withdrawn, product, at))
		}
		next.Findings = append(next.Findings, b)
	}
	slices.SortFunc(next.Findings, func(a, b Standing) int { return cmp.Compare(a.FindingKey, b.FindingKey) })
	if (s.Product == product || len(next.Findings) == 0) && slices.EqualFunc(s.Findings, next.Findings, Standing.equal) {
		return s, nil
	}
	slices.SortStableFunc(events, func(a, b Event) int {
		return cmp.Or(cmp.Compare(slices.Index(told, a.Change), slices.Index(told, b.Change)), cmp.Compare(a.Finding, b.Finding))
	})
	return next, events
}

// differ tells what changed in how urgent the finding is.
func (s *Standing) differ(was Urgency, f *Finding, event func(c Change, was, is string) *Event) {
	said := func(b bool) string {
		if b {
			return "yes"
		}
		return "no"
	}
	for _, at := range []struct {
		change  Change
		was, is string
	}{
		{KnownExploited, said(was.Exploited), said(s.Exploited)},
		{Ransomware, said(was.Ransomware), said(s.Ransomware)},
		{SeverityChanged, string(was.Severity), string(s.Severity)},
		{EPSSCrossed, string(was.EPSS), string(s.EPSS)},
		{FixAvailable, said(was.Fix), said(s.Fix)},
	} {
		if at.was != at.is {
			event(at.change, at.was, at.is)
		}
	}
	switch {
	case was.Ruling == s.Ruling:
	case s.Ruling == "reopened":
		event(Reopened, was.Ruling, f.Reopened())
	default:
		event(Decided, was.Ruling, s.Ruling)
	}
}

func (s Standing) event(c Change, product string, at time.Time) Event {
	return Event{
		Change: c, Product: product, Finding: s.FindingKey, Coordinate: s.Coordinate,
		Vulnerability: s.Vulnerability, At: at, Mark: s.Mark,
	}
}

func (s Standing) equal(t Standing) bool {
	return s.FindingKey == t.FindingKey && s.Coordinate == t.Coordinate && s.Vulnerability == t.Vulnerability && slices.Equal(s.IDs, t.IDs) &&
		s.Seen.Equal(t.Seen) && s.Digest == t.Digest && s.Urgency == t.Urgency && s.Gone.Equal(t.Gone) &&
		s.Mark.Label == t.Mark.Label && slices.Equal(s.Mark.By, t.Mark.By)
}

// names reports whether id is one of the finding's, and no kind that others bear too.
func (s *Standing) names(id feeds.ID) bool {
	return s.Vulnerability == id || slices.Contains(feeds.Telling(s.IDs), id)
}

// standings finds the entries of a State by coordinate.
type standings map[sbom.Coordinate][]Standing

// index files the entries at the coordinates of the findings.
func (s State) index(findings []Finding) standings {
	out := standings{}
	for i := range findings {
		out[findings[i].Coordinate] = nil
	}
	for _, b := range s.Findings {
		if list, asked := out[b.Coordinate]; asked {
			out[b.Coordinate] = append(list, b)
		}
	}
	return out
}

// of returns every entry that is of the same vulnerability as f: under f's own
// key, or under another name that shares an id with it which is no CVE id. Two
// CVE ids are never one vulnerability.
func (s standings) of(f *Finding) []Standing {
	var out []Standing
	for _, b := range s[f.Coordinate] {
		if b.Vulnerability == f.Vulnerability {
			out = append(out, b)
			continue
		}
		if b.Vulnerability.CVE() && f.Vulnerability.CVE() {
			continue
		}
		if slices.ContainsFunc(feeds.Telling(f.IDs), func(id feeds.ID) bool { return !id.CVE() && b.names(id) }) {
			out = append(out, b)
		}
	}
	return out
}
