package patch

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/rule"
	"github.com/open-postmarket/postmarket/store"
)

// A Watch tells the clocks of what is to be fixed in a ledger, for monitor.Clocks.
type Watch struct {
	Ledger *store.Ledger
	// Policy starts the marks of assessments that have no plan yet; its Calendar
	// counts all days. Its Owner is that of every clock.
	Policy Policy
}

// Clocks yields the clocks that run or are overdue at the instant at:
//
//   - of a plan, FDA's marks and the release day of the regular cycle, until each of
//     its changes was distributed, and of each remedy that changes the device there
//     is one: a control that goes before the patch stops nothing alone. A plan without
//     a change has them too, and a change that is superseded does not count;
//   - of an assessment without a plan, FDA's marks, unless its risk is controlled or
//     it is not affected: that nobody planned stops no clock;
//   - of a change, each piece of evidence that was postponed and is not shown, and a
//     deferral until its branch is opened again. Of one that is superseded only what
//     was distributed owes its evidence.
//
// They come by the key of their finding. What is wrong in one record is an error,
// and does not hide the others; errors come last.
func (w Watch) Clocks(ctx context.Context, at time.Time) iter.Seq2[rule.Clock, error] {
	return func(yield func(rule.Clock, error) bool) {
		assessments, plans, changes := map[string]assess.Assessment{}, map[string]Plan{}, map[string][]Change{}
		findings, carried := map[string]bool{}, map[string]bool{}
		var errs []error
		for a, err := range assess.Assessments.All(ctx, w.Ledger, "") {
			assessments[a.Finding], findings[a.Finding] = a, true
			errs = append(errs, err)
			for _, k := range a.From {
				carried[k] = true // it goes on under another key
			}
		}
		for p, err := range Plans.All(ctx, w.Ledger, "") {
			plans[p.Finding], findings[p.Finding] = p, true
			errs = append(errs, err)
		}
		for c, err := range Changes.All(ctx, w.Ledger, "") {
			changes[c.Finding], findings[c.Finding] = append(changes[c.Finding], c), true
			errs = append(errs, err)
		}
		delete(findings, "") // what could not be read
		for _, key := range slices.Sorted(maps.Keys(findings)) {
			p, planned := plans[key]
			if a, assessed := assessments[key]; assessed && !planned && !carried[key] {
				var err error
				p, err = w.unplanned(a, at)
				errs = append(errs, err)
			}
			clocks, err := w.of(p, changes[key])
			errs = append(errs, err)
			for _, c := range clocks {
				if !yield(c, nil) {
					return
				}
			}
		}
		for _, err := range errs {
			if err != nil && !yield(rule.Clock{}, err) {
				return
			}
		}
	}
}

// unplanned is the plan that would be proposed for a now; zero when it needs none.
func (w Watch) unplanned(a assess.Assessment, at time.Time) (Plan, error) {
	if r := a.Risk(); (r == assess.NoRisk || r == assess.Controlled) && a.Lapsed(at) == nil {
		return Plan{}, nil
	}
	at = slices.MaxFunc([]time.Time{at, a.Instants.Determined}, time.Time.Compare)
	return Propose(a, w.Policy, "watch", at)
}

// of are the clocks of p, which may be zero, and of its changes.
func (w Watch) of(p Plan, changes []Change) ([]rule.Clock, error) {
	var out []rule.Clock
	var errs []error
	now := standing(changes)
	for _, c := range changes {
		if slices.ContainsFunc(now, func(o Change) bool { return o.Key() == c.Key() }) || c.distributed() {
			list, err := c.promises(w.Policy)
			out, errs = append(out, list...), append(errs, err)
		}
	}
	if p.served(now) {
		return out, errors.Join(errs...)
	}
	out = append(slices.Clone(p.Clocks), out...)
	if !p.Due.IsZero() {
		c, err := rule.Promise{
			ID: "patch-regular-cycle", Title: "next release of the maker's regular cycle", To: []string{"customers"},
			Why: p.Why, At: p.Proposed.At, Due: p.Due,
		}.Clock("patch cycle "+p.Finding, string(Plans)+"/"+p.Finding, w.Policy.Owner, w.Policy.Calendar)
		if err == nil {
			out = append(out, c)
		}
		errs = append(errs, err)
	}
	return out, errors.Join(errs...)
}

// served reports whether each of changes, and with them every remedy of p that
// changes the device, was distributed.
func (p Plan) served(changes []Change) bool {
	for _, r := range p.Remedies {
		if r.Kind.changesDevice() && !slices.ContainsFunc(changes, func(c Change) bool { return c.Remedy.Kind == r.Kind && c.Remedy.FixedIn == r.FixedIn }) {
			return false
		}
	}
	return len(changes) > 0 && !slices.ContainsFunc(changes, func(c Change) bool { return !c.distributed() })
}

// distributed reports whether the fix of c went out: by our approvals, or in fact.
func (c Change) distributed() bool {
	return place(c.reached(c.live())) >= place(Distributed) ||
		slices.ContainsFunc(c.Facts(), func(h Happened) bool { return place(h.State) >= place(Distributed) })
}

// promises are the clocks of what was put off in c and is not there.
func (c Change) promises(policy Policy) ([]rule.Clock, error) {
	l := c.live()
	open := map[string]bool{}
	for _, e := range c.late(l) {
		open[e.Name()] = true
	}
	var out []rule.Clock
	var errs []error
	for _, s := range c.Steps {
		asked, granted := l.granted[s.Grant]
		if s.Grant == "" || !granted || asked.Ask.Kind == Waive || asked.Ask.Kind == Postpone && !open[s.Grant] {
			continue
		}
		title := "evidence that was postponed: " + asked.Ask.Need
		if asked.Ask.Kind == Defer {
			title = "release that the fix was left to: " + asked.Ask.Release
		}
		clock, err := rule.Promise{
			ID: "patch-" + string(asked.Ask.Kind), Title: title, To: []string{s.By}, Why: asked.Why, At: s.At, Due: asked.Ask.Due,
		}.Clock(fmt.Sprintf("patch %s %s", s.Grant, c.Key()), string(Changes)+"/"+c.Key(), policy.Owner, policy.Calendar)
		if err == nil {
			out = append(out, clock)
		}
		errs = append(errs, err)
	}
	return out, errors.Join(errs...)
}
