package patch

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/internal/canon"
	"github.com/open-postmarket/postmarket/rule"
)

// State says how far a Plan has come. The zero value is not said.
type State string

// The states. They are computed, never stored.
const (
	Open     State = "proposed"
	Approved State = "approved"
)

// State returns how far p has come.
func (p Plan) State() State {
	switch {
	case p.Approved != nil:
		return Approved
	case p.Finding != "":
		return Open
	}
	return ""
}

var (
	classes = []Class{OutOfCycle, RegularCycle, NoChange, Undetermined}
	kinds   = []RemedyKind{Patch, CompensatingControl, FeatureDisable, Workaround}
)

// Valid reports whether c is one of the classes; the zero value is not.
func (c Class) Valid() bool { return slices.Contains(classes, c) }

// Valid reports whether k is one of the kinds; the zero value is not.
func (k RemedyKind) Valid() bool { return slices.Contains(kinds, k) }

// Details are what a person adds to a plan. A nil field leaves what is there.
type Details struct {
	Remedies   []Remedy
	Actions    []Action
	Acceptance *Acceptance
}

// With returns p with details added, and its gaps told anew. What is wrong in
// them is an error, what is missing a gap. An approved plan is not changed: a
// *StateError; Propose makes another.
func (p Plan) With(d Details) (Plan, error) {
	if p.State() != Open {
		return p, &StateError{From: p.State(), To: Open, Why: "only a plan that is proposed and not approved takes details"}
	}
	q := p
	if d.Remedies != nil {
		q.Remedies = slices.Clone(d.Remedies)
		for i, r := range q.Remedies {
			if !r.AvailableFrom.IsZero() {
				q.Remedies[i].AvailableFrom = r.AvailableFrom.UTC()
			}
			q.Remedies[i].Risks = slices.Clone(r.Risks)
		}
	}
	if d.Actions != nil {
		q.Actions = slices.Clone(d.Actions)
	}
	if d.Acceptance != nil {
		a := *d.Acceptance
		a.Reopen = slices.Clone(a.Reopen)
		q.Acceptance = &a
	}
	if err := q.wrong(); err != nil {
		return p, err
	}
	q.Gaps = q.gaps()
	return q, nil
}

// Approve returns p approved. The approver is never who proposed it: a
// *assess.SamePersonError. A plan with gaps is refused with an
// *IncompleteError that lists them.
func (p Plan) Approve(a assess.Approval) (Plan, error) {
	if p.State() != Open {
		return p, &StateError{From: p.State(), To: Approved, Why: "only a plan that is proposed and not approved can be"}
	}
	a, err := a.Check("plan", p.Proposed.At, p.Proposed.By)
	if err != nil {
		return p, err
	}
	if err := p.Validate(); err != nil {
		return p, err
	}
	if a.Digest, err = p.content(); err != nil {
		return p, err
	}
	p.Approved = &a
	return p, nil
}

// content is the digest of p without its approval: what is approved.
func (p Plan) content() (string, error) {
	p.Approved = nil
	body, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("patch: plan for %q: %w", p.Finding, err)
	}
	sum := canon.Sum("postmarket plan 1", func(w *canon.Writer) { w.Bytes(body) })
	return hex.EncodeToString(sum[:]), nil
}

// checkApproval says what is wrong with the approval of p, if it has one.
func (p Plan) checkApproval() error {
	if p.Approved == nil {
		return nil
	}
	if _, err := p.Approved.Check("plan", p.Proposed.At, p.Proposed.By); err != nil {
		return err
	}
	now, err := p.content()
	if err == nil && p.Approved.Digest != now {
		err = fmt.Errorf("patch: plan for %q: %q approved another one: it was changed since", p.Finding, p.Approved.By)
	}
	return err
}

// Validate says what is wrong in p, all at once, and lists what is missing in an
// *IncompleteError. A plan that validates can be approved.
func (p Plan) Validate() error {
	var errs []error
	if err := p.wrong(); err != nil {
		errs = append(errs, err)
	}
	if g := p.gaps(); len(g) > 0 {
		errs = append(errs, &IncompleteError{Finding: p.Finding, Gaps: g})
	}
	return errors.Join(errs...)
}

// wrong is everything in p that contradicts itself or a rule.
func (p Plan) wrong() error {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("patch: plan for %q: "+format, append([]any{p.Finding}, args...)...))
	}
	if p.Schema != Schema || p.Finding == "" || blank(p.Proposed.By) || p.Proposed.At.IsZero() {
		fail("schema, finding, or who proposed it when, is missing")
	} else if err := assess.CheckPerson(p.Proposed.By); err != nil {
		fail("%w", err)
	}
	if p.Response != "" && !p.Response.Valid() {
		fail("response %q is not known", p.Response)
	}
	if want := roads(p.Risk); !slices.Contains(want, p.Class) {
		fail("class %q does not go with the risk %q", p.Class, p.Risk)
	}
	if p.Class != OutOfCycle && p.Class != Undetermined && len(p.Clocks) > 0 {
		fail("a controlled finding carries none of FDA's marks")
	}
	if p.Class == OutOfCycle || p.Class == Undetermined {
		for _, id := range marks {
			if !p.marked(id) {
				fail("the mark %s is neither set nor noted to be off", id)
			}
		}
	}
	if p.Class != RegularCycle && (!p.Due.IsZero() || p.Day != rule.Date{} || p.Cycle != nil || p.Unanswered) {
		fail("only the regular cycle has a release day")
	}
	if len(p.Duties) == 0 {
		fail("it names no duty")
	}
	for i, a := range p.Actions {
		if !a.Party.Valid() {
			fail("action %d: party %q is not manufacturer, facility or user", i+1, a.Party)
		}
		if blank(a.Text) {
			fail("action %d: what to do is missing", i+1)
		}
	}
	for i, r := range p.Remedies {
		if !r.Kind.Valid() {
			fail("remedy %d: kind %q is not known", i+1, r.Kind)
		}
		if !r.Party.Valid() {
			fail("remedy %d: party %q is not manufacturer, facility or user", i+1, r.Party)
		}
		if blank(r.Text) {
			fail("remedy %d: what it is, is missing", i+1)
		}
		if r.Kind == Patch && blank(r.FixedIn) {
			fail("remedy %d: a patch names the device version it is fixed in", i+1)
		}
		if slices.ContainsFunc(r.Risks, blank) {
			fail("remedy %d: one of its risks is empty", i+1)
		}
	}
	if a := p.Acceptance; a != nil {
		if p.Class != NoChange {
			fail("only a plan without a change has an acceptance")
		}
		if a.Review != (rule.Date{}) && !p.later(a.Review) {
			fail("review day %s is not after the day of the proposal", a.Review)
		}
		if slices.ContainsFunc(a.Reopen, blank) {
			fail("a re-opening condition is empty")
		}
	}
	if err := p.checkApproval(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// roads are the classes that go with a risk.
func roads(r assess.Risk) []Class {
	switch r {
	case assess.Uncontrolled:
		return []Class{OutOfCycle}
	case assess.Controlled:
		return []Class{RegularCycle, NoChange}
	case "":
		return []Class{Undetermined}
	}
	return nil
}

// later reports whether d is after the day of the proposal in the maker's zone.
func (p Plan) later(d rule.Date) bool {
	cal, err := rule.NewCalendar(p.Zone)
	return err == nil && compare(d, cal.Date(p.Proposed.At)) > 0
}

// Citations are the sources of everything p asks for, in its order, each once.
func (p Plan) Citations() []rule.Citation {
	var out []rule.Citation
	add := func(c rule.Citation) {
		if !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	for _, d := range p.Duties {
		add(d.Citation)
	}
	for _, c := range p.Clocks {
		add(c.Citation)
	}
	return out
}

// String returns the plan in one line: what, which class, by when.
func (p Plan) String() string {
	parts := []string{fmt.Sprintf("%s: %s", p.Finding, p.Class)}
	for _, c := range p.Clocks {
		parts = append(parts, fmt.Sprintf("%s %s", c.Rule, c.Day))
	}
	if !p.Due.IsZero() {
		parts = append(parts, "due "+p.Day.String())
	}
	if n := len(p.Gaps); n > 0 {
		parts = append(parts, fmt.Sprintf("%d open", n))
	}
	return strings.Join(parts, ", ")
}
