package patch

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/rule"
)

// marks are the rules whose clocks run from Learned for what is not controlled:
// FDA, Postmarket Management of Cybersecurity in Medical Devices (2016), VII.B.
var marks = []string{"fda-pm-30", "fda-pm-60"}

// Propose makes the plan that follows from a:
//
//   - uncontrolled: OutOfCycle, as soon as possible, with FDA's 30- and 60-day
//     marks from Learned. The marks are conditions under which FDA does not
//     intend to enforce 21 CFR 806, which is guidance, and say so;
//   - controlled: NoChange when a person answered that it is acceptable to leave,
//     else RegularCycle, due at the next release of the maker's own cycle after
//     the determination. No answer and no cycle are open gaps. No marks, ever;
//   - undetermined: no road, but the marks run from Learned and say why;
//   - not affected: ErrNotAffected;
//   - counting on a control that is not in force any more: *assess.LapsedError.
//
// How fast it is answered is the class of the assessment's own response.
//
// by proposes it at at. A mark whose rule the maker turned off is not set; the
// plan notes it.
//
// earlier are plans of the same finding that the ledger holds. A release day
// that one of them has on the same evidence is not put off, whatever cycle there
// is now: Save refuses a later one with ErrPutOff.
func Propose(a assess.Assessment, policy Policy, by string, at time.Time, earlier ...Plan) (Plan, error) {
	var errs []error
	if err := a.Check(policy.Matrix); err != nil {
		errs = append(errs, err)
	}
	if blank(by) || at.IsZero() {
		errs = append(errs, errors.New("patch: propose: who or when is missing"))
	}
	if policy.Calendar.Zone() == "" {
		errs = append(errs, errors.New("patch: propose: the policy has no calendar"))
	}
	if at = at.UTC().Truncate(time.Microsecond); at.Before(a.Instants.Determined) {
		errs = append(errs, fmt.Errorf("patch: propose: %s is before the determination", at.Format(time.RFC3339)))
	}
	if err := errors.Join(errs...); err != nil {
		return Plan{}, err
	}
	if err := a.Lapsed(at); err != nil {
		return Plan{}, fmt.Errorf("patch: propose: %w", err)
	}
	if a.Risk() == assess.NoRisk {
		return Plan{}, fmt.Errorf("%w: %q", ErrNotAffected, a.Finding)
	}
	p := Plan{
		Schema: Schema, Finding: a.Finding, Product: a.Product, Vulnerability: string(a.Vulnerability),
		Digest: a.Digest, Risk: a.Risk(), Zone: policy.Calendar.Zone(),
		Proposed: Proposed{By: by, At: at},
	}
	for _, id := range a.IDs {
		p.IDs = append(p.IDs, string(id))
	}
	p.Class, p.Why = class(a)
	answer, err := a.Response(policy.Responses, policy.Calendar, at)
	if err != nil {
		return Plan{}, err
	}
	p.Response, p.ResponseWhy = answer.Class, answer.Why()
	if err := p.oblige(policy); err != nil {
		return Plan{}, err
	}
	switch p.Class {
	case OutOfCycle, Undetermined:
		err = p.mark(a, policy)
	case RegularCycle:
		err = p.schedule(a, policy, earlier)
	case NoChange:
		p.Acceptance = &Acceptance{Justification: a.Leave.Why}
	}
	if err != nil {
		return Plan{}, err
	}
	p.Gaps = p.gaps()
	return p, nil
}

// class is the road of a, and why.
func class(a assess.Assessment) (Class, string) {
	switch a.Risk() {
	case assess.Uncontrolled:
		return OutOfCycle, "the risk is uncontrolled"
	case assess.Controlled:
	default:
		return Undetermined, "no determination is approved; that stops no clock"
	}
	switch {
	case a.Leave == nil:
		return RegularCycle, "the risk is controlled; nobody has answered whether it is acceptable to leave, so it is planned as if it is not"
	case a.Leave.Acceptable == assess.Yes:
		return NoChange, fmt.Sprintf("the risk is controlled and %q answered that it is acceptable to leave", a.Leave.By)
	}
	return RegularCycle, fmt.Sprintf("the risk is controlled and %q answered that it is not acceptable to leave", a.Leave.By)
}

// oblige gives p the duties of its class.
func (p *Plan) oblige(policy Policy) error {
	duties := policy.Duties
	if duties == nil {
		var err error
		if duties, err = DefaultDuties(); err != nil {
			return err
		}
	}
	if err := checkDuties(duties); err != nil {
		return fmt.Errorf("patch: policy: %w", err)
	}
	for _, d := range duties {
		if d.Class == p.Class {
			p.Duties = append(p.Duties, d)
		}
	}
	return nil
}

// mark starts the clocks from Learned.
func (p *Plan) mark(a assess.Assessment, policy Policy) error {
	book := policy.Rules
	if book == nil {
		var err error
		if book, err = rule.Default(); err != nil {
			return err
		}
	}
	for _, id := range marks {
		r, err := book.Rule(id)
		if err != nil {
			return fmt.Errorf("patch: %w", err)
		}
		if !r.On {
			p.Notes = append(p.Notes, off(id)+r.Why)
			continue
		}
		if p.Class == Undetermined {
			r, err = r.Enable("runs because the risk is undetermined, which stops no clock: counted as if it were uncontrolled")
			if err != nil {
				return fmt.Errorf("patch: %w", err)
			}
		}
		c, err := r.Clock("patch "+id+" "+p.Finding, string(Plans)+"/"+p.Finding, policy.Owner, a.Instants.Learned, policy.Calendar)
		if err != nil {
			return fmt.Errorf("patch: %w", err)
		}
		p.Clocks = append(p.Clocks, c)
	}
	return nil
}

// off begins the note of a mark that the maker turned off.
func off(id string) string { return "the mark " + id + " is off: " }

// marked reports whether the mark id is set, or noted to be off and why.
func (p Plan) marked(id string) bool {
	return slices.ContainsFunc(p.Clocks, func(c rule.Clock) bool { return c.Rule == id }) ||
		slices.ContainsFunc(p.Notes, func(n string) bool { return strings.HasPrefix(n, off(id)) && !blank(n[len(off(id)):]) })
}

// schedule sets the due day from the maker's own cycle, or leaves the one that an
// earlier plan has.
func (p *Plan) schedule(a assess.Assessment, policy Policy, earlier []Plan) error {
	if a.Leave == nil {
		p.Unanswered = true
	}
	if policy.Cycle == nil {
		return nil
	}
	c := *policy.Cycle
	if err := c.Check(); err != nil {
		return err
	}
	approved, err := c.Approved.Check("cycle", time.Time{}, c.ProposedBy)
	if err != nil {
		return err
	}
	if approved.At.After(p.Proposed.At) {
		return fmt.Errorf("patch: cycle: it was approved at %s, after the plan is proposed", approved.At.Format(time.RFC3339))
	}
	c.Approved, c.Dates = approved, slices.Clone(c.Dates)
	p.Cycle = &c
	if day, ok := c.due(a, policy.Calendar); ok {
		p.Day, p.Due = day, policy.Calendar.EndOfDay(day)
	}
	for _, q := range earlier {
		if q.holds(*p) && (p.Due.IsZero() || q.Due.Before(p.Due)) {
			p.Day, p.Due = q.Day, q.Due
			p.Notes = []string{fmt.Sprintf("the release day %s was planned before and is not put off", q.Day)}
		}
	}
	return nil
}

// holds reports whether the release day of q is not to be put off by p.
func (q Plan) holds(p Plan) bool {
	return q.Finding == p.Finding && q.Digest == p.Digest && !q.Due.IsZero()
}

// gaps are what p still needs from a person.
func (p Plan) gaps() []Gap {
	var g []Gap
	open := func(what, why string) { g = append(g, Gap{What: what, Why: why}) }
	switch p.Class {
	case Undetermined:
		open("determination", "the risk is neither controlled nor uncontrolled yet; FDA's marks run meanwhile")
		return g
	case NoChange:
		acc := p.Acceptance
		if acc == nil {
			acc = &Acceptance{}
		}
		if blank(acc.Justification) {
			open("justification", "a plan without a change says why")
		}
		if acc.Review == (rule.Date{}) {
			open("review day", "a plan without a change says when it is looked at again")
		}
		if len(acc.Reopen) == 0 {
			open("re-opening conditions", "a plan without a change says what opens it again")
		}
		return g
	case RegularCycle:
		if p.Unanswered {
			open("acceptable to leave", "nobody has answered whether the controlled risk is acceptable to leave")
		}
		switch {
		case p.Cycle == nil:
			open("regular cycle", "the maker has set no cycle; there is no number to take instead")
		case p.Due.IsZero():
			open("next release", "all dates of the maker's cycle are past")
		}
	}
	if len(p.Remedies) == 0 {
		open("remedy", "nothing is planned that takes the risk away")
	}
	if len(p.Actions) == 0 {
		open("actions", "no party is told what to do")
	}
	return g
}
