package patch

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/store"
)

// Rollouts is the drawer of the ledger that holds them.
const Rollouts store.Kind[Rollout] = "patch.rollout"

// RolloutSchema is the version of the shape in which a Rollout is planned. In one of
// version 1, what somebody said that they had seen was not held against the fleet.
const RolloutSchema = 2

// A Rollout is how one release is brought to the fleet: ring after ring, by who
// has to visit what, halted by what was laid down before. PlanRollout makes it, Do
// takes it further, and each returns a new value. What the devices say is in
// [Report]s. Its zero value is of no use.
type Rollout struct {
	Schema int `json:"schema"`
	// Release is the key of the Release.
	Release string `json:"release"`
	// Rings are opened in this order.
	Rings []Ring `json:"rings"`
	// Fleet is every site that is to be updated, each once.
	Fleet []Place  `json:"fleet"`
	Halt  HaltRule `json:"halt"`
	// Day60 is when FDA's 60-day mark is past (FDA postmarket guidance VII.B: follow
	// up with end users beyond day 60 as needed); zero for a release without one.
	// From then on open sites are followed up every FollowUp days, at least 1, a
	// number that is the maker's own.
	Day60    time.Time `json:"day_60,omitzero"`
	FollowUp int       `json:"follow_up_days,omitempty"`
	Planned  Proposed  `json:"planned"`
	// Steps are what was done, in the order in which it was recorded.
	Steps []RolloutStep `json:"steps,omitempty"`
}

// Key returns the release's key.
func (r Rollout) Key() string { return r.Release }

// SchemaVersion is the version that the ledger keeps with each entry.
func (r Rollout) SchemaVersion() int { return RolloutSchema }

// Upcast reads a rollout of version 1.
func (r *Rollout) Upcast(version int, body []byte) error {
	if err := json.Unmarshal(body, r); err != nil {
		return err
	}
	if version != 1 || r.Schema != 1 {
		return fmt.Errorf("patch: rollout of version %d in an entry of version %d", r.Schema, version)
	}
	return nil
}

// A Ring is a part of the fleet that is updated together.
type Ring struct {
	Name string `json:"name"`
	// Share is how much of the ring before it, 0 to 1 of its known units, must have
	// the release before this one is opened; Soak how long that one must have been
	// open. Both are 0 for the first ring.
	Share float64       `json:"share,omitempty"`
	Soak  time.Duration `json:"soak_ns,omitempty"`
}

// A Place is one site of one customer. Both are pseudonyms, never names.
type Place struct {
	Customer string `json:"customer"`
	Site     string `json:"site"`
	Ring     string `json:"ring"`
	// Units is how many are there; nil is not known.
	Units *int `json:"units,omitempty"`
	// Visit says that the update needs a person: a field engineer, or for an implant
	// a visit of the patient.
	Visit bool `json:"visit,omitempty"`
}

// A HaltRule says what stops a rollout.
type HaltRule struct {
	// Failures is the share of tried units that failed, more than 0 and up to 1, at
	// which it stops, once Tried units were tried.
	Failures float64 `json:"failures"`
	Tried    int     `json:"tried"`
	// Adverse is how many adverse events stop it; at least 1, and 1 is the first.
	Adverse int `json:"adverse_events"`
}

// A RolloutStep is one thing that one person does or records. By, At and exactly
// one of the fields after Why are required.
type RolloutStep struct {
	By  string    `json:"by"`
	At  time.Time `json:"at"`
	Why string    `json:"why,omitempty"`

	// Open opens the ring of that name; Seen is what was known then.
	Open string `json:"open,omitempty"`
	// Halt stops the rollout, Resume lets it go on; both need Why, and Resume is by
	// another person than the last Halt, and brings Seen: failures and events up to
	// there do not stop it again.
	Halt     bool      `json:"halt,omitempty"`
	Resume   bool      `json:"resume,omitempty"`
	Adverse  *Adverse  `json:"adverse,omitempty"`
	Followed *Followed `json:"followed,omitempty"`

	// Seen goes with Open and Resume.
	Seen *Seen `json:"seen,omitempty"`
}

// Seen is what somebody knew when they opened a ring or let the rollout go on.
type Seen struct {
	At    time.Time         `json:"at"`
	Total Counts            `json:"total"`
	Rings map[string]Counts `json:"rings,omitempty"`
}

// An Adverse is an adverse event that may have to do with the update. ID is its
// complaint or report; nothing of a patient belongs here.
type Adverse struct {
	ID   string    `json:"id"`
	Site string    `json:"site,omitempty"`
	When time.Time `json:"when"`
}

// A Followed is that a site was asked again, and what it said.
type Followed struct {
	Site   string    `json:"site"`
	When   time.Time `json:"when"`
	Result string    `json:"result"`
}

// PlanRollout begins the rollout of a release, planned by by at at. r carries
// everything but Schema, Planned and Steps.
func PlanRollout(r Rollout, by string, at time.Time) (Rollout, error) {
	r.Schema, r.Planned, r.Steps = RolloutSchema, Proposed{By: by, At: instant(at)}, nil
	r.Rings, r.Fleet = slices.Clone(r.Rings), slices.Clone(r.Fleet)
	if !r.Day60.IsZero() {
		r.Day60 = instant(r.Day60)
	}
	if err := r.wrong(); err != nil {
		return Rollout{}, err
	}
	return r, nil
}

func (r Rollout) wrong() error {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("patch: rollout of %q: "+format, append([]any{r.Release}, args...)...))
	}
	if r.Schema != 1 && r.Schema != RolloutSchema || blank(r.Release) || r.Planned.At.IsZero() {
		fail("schema, release, or when it was planned, is missing")
	}
	if err := assess.CheckPerson(r.Planned.By); err != nil {
		fail("%w", err)
	}
	rings := map[string]bool{}
	for i, g := range r.Rings {
		if blank(g.Name) || rings[g.Name] {
			fail("ring %d: its name %q is empty or used twice", i+1, g.Name)
		}
		rings[g.Name] = true
		if !(g.Share >= 0 && g.Share <= 1) || g.Soak < 0 || i == 0 && (g.Share != 0 || g.Soak != 0) {
			fail("ring %q: its share is not 0 to 1, its time is negative, or it is the first and waits", g.Name)
		}
	}
	if len(r.Rings) == 0 {
		fail("it has no rings")
	}
	sites := map[string]bool{}
	for i, p := range r.Fleet {
		if !pseudonym(p.Customer) || !pseudonym(p.Site) || sites[p.Site] {
			fail("site %d: %q of %q is no pseudonym or named twice", i+1, p.Site, p.Customer)
		}
		sites[p.Site] = true
		if !rings[p.Ring] {
			fail("site %q: there is no ring %q", p.Site, p.Ring)
		}
		if p.Units != nil && *p.Units < 0 {
			fail("site %q: %d units", p.Site, *p.Units)
		}
	}
	if len(r.Fleet) == 0 {
		fail("it has no fleet")
	}
	if h := r.Halt; !(h.Failures > 0 && h.Failures <= 1) || h.Tried < 1 || h.Adverse < 1 {
		fail("what stops it is not said: failures more than 0 and up to 1, of at least 1 tried, and how many adverse events")
	}
	if !r.Day60.IsZero() && (r.FollowUp < 1 || r.FollowUp > maxEvery) {
		fail("how often it is followed up beyond day 60 is not said")
	}
	return errors.Join(errs...)
}

// Check says what is wrong in r, or nil: it does every step again.
func (r Rollout) Check() error {
	if err := r.wrong(); err != nil {
		return err
	}
	again := r
	again.Steps = nil
	for i, s := range r.Steps {
		var err error
		if again, err = again.do(s, r.Schema < RolloutSchema); err != nil {
			return fmt.Errorf("patch: rollout of %q: step %d: %w", r.Release, i+1, err)
		}
	}
	return nil
}

// Halted reports whether r is halted, and why.
func (r Rollout) Halted() (bool, string) {
	for _, s := range slices.Backward(r.Steps) {
		if s.Resume {
			return false, ""
		}
		if s.Halt {
			return true, s.Why
		}
	}
	return false, ""
}

// Opened returns the rings that are open, in their order.
func (r Rollout) Opened() []string {
	var out []string
	for _, s := range r.Steps {
		if s.Open != "" {
			out = append(out, s.Open)
		}
	}
	return out
}

// Stops says why r has to be halted by its own rule, given what is known; none when
// it has not. Only what came after the last Resume counts; but what is said to have
// been seen then, and is more than what is known now, was not seen, and everything
// counts.
func (r Rollout) Stops(known Counts) []Gap {
	tried, failed, events := known.Tried, known.EverFailed, 0
	for _, s := range r.Steps {
		if s.Adverse != nil {
			events++
		}
		if s.Resume {
			tried, failed, events = known.Tried, known.EverFailed, 0
			if was := s.Seen.Total; was.Tried <= tried && was.EverFailed <= failed {
				tried, failed = tried-was.Tried, failed-was.EverFailed
			}
		}
	}
	var gaps []Gap
	if tried >= r.Halt.Tried && float64(failed) >= r.Halt.Failures*float64(tried) {
		gaps = append(gaps, Gap{What: "failures", Why: fmt.Sprintf("%d of %d tried units failed, %g stops it", failed, tried, r.Halt.Failures)})
	}
	if events >= r.Halt.Adverse {
		gaps = append(gaps, Gap{What: "adverse events", Why: fmt.Sprintf("%d are recorded, %d stops it", events, r.Halt.Adverse)})
	}
	return gaps
}

// The states of a Rollout, for a StateError. They are computed, never stored.
const (
	RolloutPlanned State = "rollout-planned"
	RollingOut     State = "rolling-out"
	RolloutHalted  State = "rollout-halted"
)

// State returns whether r is planned, going on or halted.
func (r Rollout) State() State {
	halted, _ := r.Halted()
	switch {
	case r.Schema == 0:
		return ""
	case halted:
		return RolloutHalted
	case len(r.Opened()) > 0:
		return RollingOut
	}
	return RolloutPlanned
}

// Do returns r with s done. What is not allowed is a *StateError that lists what is
// in the way, or an error that says what is wrong in s; r comes back then. What
// happened, an adverse event, can always be recorded, and so can a halt.
//
// What was seen has to add up to the fleet, and is not from before what was seen
// last. Whether it is what the reports say, SaveRollout looks.
func (r Rollout) Do(s RolloutStep) (Rollout, error) { return r.do(s, false) }

// do is Do. kept says that the ledger held s before what was seen was held against
// the fleet.
func (r Rollout) do(s RolloutStep, kept bool) (Rollout, error) {
	s.At = instant(s.At)
	bad := func(format string, args ...any) (Rollout, error) {
		return r, fmt.Errorf("patch: rollout of %q: "+format, append([]any{r.Release}, args...)...)
	}
	last := r.Planned.At
	if n := len(r.Steps); n > 0 {
		last = r.Steps[n-1].At
	}
	if s.At.Before(last) {
		return bad("a step at %s is before the one that was recorded last, at %s", s.At.Format(time.RFC3339), last.Format(time.RFC3339))
	}
	if err := assess.CheckPerson(s.By); err != nil {
		return bad("%w", err)
	}
	n := 0
	for _, is := range []bool{s.Open != "", s.Halt, s.Resume, s.Adverse != nil, s.Followed != nil} {
		if is {
			n++
		}
	}
	if n != 1 {
		return bad("a step is one thing, this is %d", n)
	}
	if (s.Seen != nil) != (s.Open != "" || s.Resume) {
		return bad("what was known goes with opening a ring and with going on, and with nothing else")
	}
	if s.Seen != nil {
		seen := *s.Seen
		if seen.At = instant(seen.At); seen.At.After(s.At) || seen.Total.check() != nil {
			return bad("what was known is of a later time or does not add up")
		}
		for _, o := range r.Steps {
			if o.Seen != nil && seen.At.Before(o.Seen.At) && !kept {
				return bad("what was known is from before what was known last, at %s", o.Seen.At.Format(time.RFC3339))
			}
		}
		if err := r.fits(seen); err != nil && !kept {
			return bad("what was known: %w", err)
		}
		seen.Rings = maps.Clone(seen.Rings)
		s.Seen = &seen
	}
	switch halted, _ := r.Halted(); {
	case s.Open != "":
		if err := r.admitRing(s, halted); err != nil {
			return r, err
		}
	case s.Halt:
		if blank(s.Why) {
			return bad("a halt says why")
		}
		if halted {
			return r, &StateError{From: RolloutHalted, To: RolloutHalted, Why: "it is halted already"}
		}
	case s.Resume:
		if blank(s.Why) {
			return bad("who lets it go on says why")
		}
		if !halted {
			return r, &StateError{From: r.State(), To: RollingOut, Why: "it is not halted"}
		}
		for _, h := range slices.Backward(r.Steps) {
			if h.Halt {
				if assess.SamePerson(h.By, s.By) {
					return r, &assess.SamePersonError{What: "halt", Who: s.By}
				}
				break
			}
		}
	case s.Adverse != nil:
		a := *s.Adverse
		if a.When = instant(a.When); blank(a.ID) || s.Adverse.When.IsZero() || a.When.After(s.At) {
			return bad("an adverse event has an id, and when it was, which is not later than its record")
		}
		s.Adverse = &a
	case s.Followed != nil:
		f := *s.Followed
		if f.When = instant(f.When); !slices.ContainsFunc(r.Fleet, func(p Place) bool { return p.Site == f.Site }) || blank(f.Result) || s.Followed.When.IsZero() || f.When.After(s.At) {
			return bad("a follow-up names a site of the fleet, when it was and what came of it")
		}
		s.Followed = &f
	}
	r.Steps = append(slices.Clip(r.Steps), s)
	return r, nil
}

// fits says why s cannot be what anybody has seen of r.
func (r Rollout) fits(s Seen) error {
	rest := s.Total
	for _, g := range r.Rings {
		c, ok := s.Rings[g.Name]
		sites, known, uncounted := 0, 0, 0
		for _, p := range r.Fleet {
			switch {
			case p.Ring != g.Name:
				continue
			case p.Units == nil:
				uncounted++
			default:
				known += *p.Units
			}
			sites++
		}
		n := c.Units - c.Surplus
		if !ok || !c.tried() || c.Sites != sites || c.Uncounted != uncounted || n < known || uncounted == 0 && n != known {
			return fmt.Errorf("it does not count the %d units at %d sites of the ring %q", known, sites, g.Name)
		}
		rest.sub(c)
	}
	if len(s.Rings) != len(r.Rings) || !rest.tried() || rest.Units != rest.Surplus || rest.Unknown != 0 || rest.Uncounted != 0 || (rest.Units > 0) != (rest.Sites > 0) {
		return errors.New("the rings, and units of no site of the fleet, do not add up to all")
	}
	return nil
}

func (r Rollout) admitRing(s RolloutStep, halted bool) error {
	i := slices.IndexFunc(r.Rings, func(g Ring) bool { return g.Name == s.Open })
	if i < 0 {
		return fmt.Errorf("patch: rollout of %q: there is no ring %q", r.Release, s.Open)
	}
	open := r.Opened()
	if i != len(open) {
		return &StateError{From: r.State(), To: RollingOut, Why: fmt.Sprintf("ring %q is number %d, and %d are open", s.Open, i+1, len(open))}
	}
	missing := r.Stops(s.Seen.Total)
	if halted {
		missing = append(missing, Gap{What: "halt", Why: "nobody has let it go on"})
	}
	if i > 0 {
		g, before := r.Rings[i], r.Rings[i-1].Name
		c := s.Seen.Rings[before]
		if c.check() != nil || float64(c.Done()) < g.Share*float64(c.Units) || g.Share > 0 && c.Units == 0 {
			missing = append(missing, Gap{What: "share", Why: fmt.Sprintf("%d of %d units of the ring %q have it, of %d nothing is known; %g is asked", c.Done(), c.Units, before, c.Unknown, g.Share)})
		}
		for _, o := range r.Steps {
			if o.Open == before && s.At.Before(o.At.Add(g.Soak)) {
				missing = append(missing, Gap{What: "time", Why: fmt.Sprintf("the ring %q is open since %s, %s are asked", before, o.At.Format(time.RFC3339), g.Soak)})
			}
		}
	}
	if len(missing) > 0 {
		return &StateError{From: r.State(), To: RollingOut, Why: fmt.Sprintf("ring %q is not opened", s.Open), Missing: missing}
	}
	return nil
}
