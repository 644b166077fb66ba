package advisory

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/internal/strictjson"
	"github.com/open-postmarket/postmarket/rule"
)

// A Policy says by when customers are told, by risk class, and which roles sign
// off, by kind of communication. It is data; the default one is a convention.
type Policy struct {
	About string `json:"about"`
	// Timelines are in order: the first that fits holds. The last fits everything.
	Timelines []Timeline `json:"timelines"`
	Roles     []Roles    `json:"roles"`
}

// A Timeline is the limit for one risk class.
type Timeline struct {
	Class string `json:"class"`
	When  When   `json:"when"`
	// NextCycle says that the limit is the maker's own update cycle and not that of
	// the Rule.
	NextCycle bool      `json:"next_cycle"`
	Rule      rule.Rule `json:"rule"`
}

// When says what makes a class. Two things count: whether it is Exploited, and how
// bad it is. Bad enough is an uncontrolled risk where Uncontrolled is set, a base
// score for this device of at least Base where that is not 0, and nothing
// determined where Undetermined is set. A class that asks for Exploited and for an
// uncontrolled risk needs both; one that asks for Exploited alone takes it in place
// of the others. One that asks for nothing takes all.
//
// What is exploited does not wait for a determination: while one is not there for
// any version that may be affected, the highest published base score counts in a
// class that asks for Exploited as if it were derived for this device.
type When struct {
	Exploited    bool    `json:"exploited"`
	Uncontrolled bool    `json:"uncontrolled"`
	Base         float64 `json:"base"`
	Undetermined bool    `json:"undetermined"`
}

// Roles are those that sign off one kind of communication.
type Roles struct {
	Kind     Kind          `json:"kind"`
	Roles    []string      `json:"roles"`
	Why      string        `json:"why"`
	Label    string        `json:"label"`
	Citation rule.Citation `json:"citation"`
}

//go:embed policy.json
var policyFile embed.FS

var defaultPolicy = sync.OnceValues(func() (Policy, error) { return LoadPolicy(policyFile, "policy.json") })

// DefaultPolicy returns the policy that comes with the library: convention, with
// the source of each row. A test of this package holds that it does not fail.
func DefaultPolicy() (Policy, error) {
	p, err := defaultPolicy()
	p.Timelines, p.Roles = slices.Clone(p.Timelines), slices.Clone(p.Roles)
	return p, err
}

// LoadPolicy reads the policy file name of fsys, in the form of the default one. It
// is strict, and tells all errors at once.
func LoadPolicy(fsys fs.FS, name string) (Policy, error) {
	var p Policy
	_, err := strictjson.Read(fsys, name, &p)
	if err == nil {
		err = p.Check()
	}
	if err != nil {
		return Policy{}, fmt.Errorf("advisory: policy %q: %w", name, err)
	}
	return p, nil
}

// Check returns what is missing or wrong in p, all at once, or nil.
func (p Policy) Check() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	seen := map[string]bool{}
	for i, t := range p.Timelines {
		if blank(t.Class) || seen[t.Class] {
			fail("timeline %d: class %q is empty or there twice", i+1, t.Class)
		}
		seen[t.Class] = true
		if t.When.Base < 0 || t.When.Base > 10 {
			fail("class %q: %v is no base score", t.Class, t.When.Base)
		}
		if err := t.Rule.Check(); err != nil {
			fail("class %q: %w", t.Class, err)
		}
		if t.Rule.Start != rule.Learned {
			fail("class %q: it starts on %q, and an advisory knows %q only", t.Class, t.Rule.Start, rule.Learned)
		}
		if last := i == len(p.Timelines)-1; last != (t.When == When{}) {
			fail("class %q: the last timeline, and no other, fits everything", t.Class)
		}
	}
	if len(p.Timelines) == 0 {
		fail("there are no timelines")
	}
	kinds := map[Kind]bool{}
	for i, r := range p.Roles {
		if !r.Kind.Valid() || kinds[r.Kind] {
			fail("roles %d: kind %q is not known or there twice", i+1, r.Kind)
		}
		kinds[r.Kind] = true
		if len(r.Roles) == 0 || slices.ContainsFunc(r.Roles, blank) || blank(r.Why) {
			fail("roles of %q: a role or the reason is missing", r.Kind)
		}
		if err := r.Citation.Check(); err != nil {
			fail("roles of %q: %w", r.Kind, err)
		} else if blank(r.Label) && !r.Citation.Binding() {
			fail("roles of %q: they do not bind, so they need a label", r.Kind)
		}
	}
	return errors.Join(errs...)
}

// Needs are the roles for k, for Input.Needs; none when p does not say.
func (p Policy) Needs(k Kind) []string {
	for _, r := range p.Roles {
		if r.Kind == k {
			return slices.Clone(r.Roles)
		}
	}
	return nil
}

// Timeline is the row for a: the strictest that any of its vulnerabilities needs.
func (p Policy) Timeline(a Advisory) (Timeline, error) {
	for _, t := range p.Timelines {
		if slices.ContainsFunc(a.Vulnerabilities, func(v Vulnerability) bool { return t.When.fits(v, a.undetermined(v)) }) || t.When == (When{}) {
			return t, nil
		}
	}
	return Timeline{}, errors.New("advisory: the policy has no timeline that fits")
}

func (w When) fits(v Vulnerability, undetermined bool) bool {
	uncontrolled, base := false, 0.0
	for _, d := range v.Dispositions {
		uncontrolled = uncontrolled || d.Risk == assess.Uncontrolled
		if d.Score != nil {
			base = max(base, d.Score.Base)
		}
	}
	if w.Exploited && undetermined {
		for _, p := range v.Published {
			base = max(base, p.base())
		}
	}
	bad := w.Uncontrolled && uncontrolled || w.Base > 0 && base >= w.Base || w.Undetermined && undetermined
	exploited := v.Exploited != nil && len(v.with(Affected, UnderInvestigation)) > 0
	switch {
	case w.Exploited && w.Uncontrolled:
		return exploited && bad
	case w.Exploited:
		return exploited || bad
	}
	return bad
}

// undetermined reports whether any version may be affected by v and has no risk yet.
// A release that only a plan names is not in the field, and does not count.
func (a Advisory) undetermined(v Vulnerability) bool {
	return slices.ContainsFunc(v.Dispositions, func(d Disposition) bool {
		return (d.Status == UnderInvestigation || d.Status == Affected && d.Risk == "") && a.version(d.Version).Product != ""
	})
}

// base is the score that was published, or that of the vector where none was; 0
// when there is neither.
func (p PublishedScore) base() float64 {
	if p.Base > 0 {
		return p.Base
	}
	v, err := cvss.ParseLenient(p.Vector)
	if err != nil {
		return 0 // it is shown as it was published, and cannot be counted
	}
	return v.Base()
}

// A Setting is what the clocks of an advisory need beside it.
type Setting struct {
	// Calendar is the maker's own. Required.
	Calendar rule.Calendar
	// Cycle is the maker's update cycle. Required for a class that waits for it.
	Cycle rule.Limit
	// Owner is who has to see to it; may be empty.
	Owner string
	// Book has the rule of the 30-day notice. Nil means rule.Default.
	Book *rule.Book
}

// The id of the 30-day notice in the book of rules.
const notice30 = "fda-pm-30"

// Clocks are those that run for a: the timeline of its risk class, and FDA's 30-day
// notice for a risk that is uncontrolled, or that is undetermined for any version
// that may be affected: that stops no clock, and its Why says so. Both start when
// the maker learned of it, which a has to say; a withdrawn advisory has none.
// Which of them were met by what was sent is for Watch.
func (p Policy) Clocks(a Advisory, s Setting) ([]rule.Clock, error) {
	if a.Withdrawn != nil {
		return nil, nil
	}
	if a.Learned.IsZero() {
		return nil, fmt.Errorf("advisory: %q does not say when the maker learned of it, so no clock can start", a.ID)
	}
	t, err := p.Timeline(a)
	if err != nil {
		return nil, err
	}
	r := t.Rule
	if t.NextCycle {
		if s.Cycle.Amount <= 0 || !s.Cycle.Unit.Valid() {
			return nil, fmt.Errorf("advisory: %q waits for the next update cycle, whose length is not said", a.ID)
		}
		r.Limit = s.Cycle
	}
	rules := []rule.Rule{r}
	undetermined := slices.ContainsFunc(a.Vulnerabilities, a.undetermined)
	if a.Uncontrolled() || undetermined {
		book := s.Book
		if book == nil {
			if book, err = rule.Default(); err != nil {
				return nil, err
			}
		}
		r, err := book.Rule(notice30)
		if err != nil {
			return nil, fmt.Errorf("advisory: %w", err)
		}
		if r.On && !a.Uncontrolled() {
			// As patch.Propose says it.
			if r, err = r.Enable("runs because the risk is undetermined, which stops no clock: counted as if it were uncontrolled"); err != nil {
				return nil, fmt.Errorf("advisory: %w", err)
			}
		}
		if r.On {
			rules = append(rules, r)
		}
	}
	var out []rule.Clock
	for _, r := range rules {
		c, err := r.Clock("advisory/"+a.ID+"/"+r.ID, string(Advisories)+"/"+a.ID, s.Owner, a.Learned, s.Calendar)
		if err != nil {
			return nil, fmt.Errorf("advisory: %q: %w", a.ID, err)
		}
		out = append(out, c)
	}
	return out, nil
}

// A Timing says how a clock stands. The zero value is not said.
type Timing string

// The timings.
const (
	Running Timing = "running" // not sent, and there is time
	Overdue Timing = "overdue" // not sent, and time is up
	Met     Timing = "met"     // sent in time
	Missed  Timing = "missed"  // sent too late
)

// TimingOf says how c stands at the given instant for what was sent at sent; zero is
// not sent by then.
func TimingOf(c rule.Clock, sent, at time.Time) Timing {
	switch {
	case sent.IsZero() || sent.After(at):
		if c.Overdue(at) {
			return Overdue
		}
		return Running
	case c.Overdue(sent):
		return Missed
	}
	return Met
}
