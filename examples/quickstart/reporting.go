package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/rule"
	"github.com/open-postmarket/postmarket/store"
)

// reporting records what bears on reporting an uncontrolled risk to FDA: the four
// conditions of the discretion, and for every correction why it is not reported. The
// library says what the texts say; that it is not reported these people decide.
func (r *run) reporting() error {
	policy, err := policy()
	if err != nil {
		return err
	}
	for _, a := range r.assessments {
		if a.Risk() != assess.Uncontrolled {
			continue
		}
		if err := r.conditions(a, policy.Calendar); err != nil {
			return fmt.Errorf("%s: %w", a.Vulnerability, err)
		}
	}
	begun, err := patch.Corrections(r.ctx, r.program.Ledger(), r.now())
	if err != nil {
		return err
	}
	for _, c := range begun {
		if err := r.decide(c); err != nil {
			return fmt.Errorf("correction %s: %w", c.ID, err)
		}
	}
	return nil
}

// conditions records which of the four conditions are met, and since when.
func (r *run) conditions(a assess.Assessment, cal rule.Calendar) error {
	l := r.program.Ledger()
	d, _, err := assess.Discretions.Latest(r.ctx, l, a.Finding)
	if errors.Is(err, store.ErrNotFound) {
		d, err = assess.BeginDiscretion(a, nil, cal)
	}
	if err != nil {
		return err
	}
	told, out, err := r.happened(a)
	if err != nil {
		return err
	}
	for _, one := range []struct {
		condition assess.Condition
		at        time.Time
		why, on   string
	}{
		{assess.Notified, told, "the advisory went to customers, with the interim control and the plan", "advisory.release/" + advisoryID},
		{assess.Shared, told, "it went to the ISAO of which the maker is a member (invented)", "advisory.release/" + advisoryID},
		{assess.Fixed, out, "version 2.2 is distributed", "patch.plan/" + a.Finding},
	} {
		if one.at.IsZero() || slices.ContainsFunc(d.Facts, func(f assess.DiscretionFact) bool { return f.Condition == one.condition }) {
			continue
		}
		if d, err = d.With(assess.DiscretionFact{Condition: one.condition, Happened: one.at, Met: true, Step: assess.Step{
			By: affairs, At: r.now(), Why: one.why, Evidence: []assess.Evidence{{Text: one.why, Ref: store.Ref{System: "ledger", ID: one.on}}},
		}}); err != nil {
			return err
		}
	}
	if err := assess.SaveDiscretion(r.ctx, l, store.By{Who: affairs, Why: "the four conditions of 21 CFR 806 discretion"}, d); err != nil {
		return err
	}
	eligible, why := d.Eligible(r.now())
	r.say("  discretion of 21 CFR 806: %s (%s)", eligible, why)
	return nil
}

// happened is when customers were first told of a, and when its patch first went out.
func (r *run) happened(a assess.Assessment) (told, out time.Time, err error) {
	l := r.program.Ledger()
	for i, err := range advisory.Releases.All(r.ctx, l, advisoryID) {
		if err != nil {
			return told, out, err
		}
		if told.IsZero() || i.At.Before(told) {
			told = i.At
		}
	}
	begun, err := patch.Corrections(r.ctx, l, r.now())
	if err != nil {
		return told, out, err
	}
	for c, err := range patch.Changes.All(r.ctx, l, a.Finding+" @") {
		if err != nil {
			return told, out, err
		}
		for _, b := range begun {
			if b.ID == c.Key() && c.Remedy.Kind == patch.Patch {
				out = b.Initiated
			}
		}
	}
	return told, out, nil
}

// decide justifies why a correction is not reported; a person who was designated to
// evaluates that.
func (r *run) decide(c assess.Correction) error {
	if c.Initiated.IsZero() {
		return nil // it is only planned
	}
	l := r.program.Ledger()
	kept, _, err := assess.CorrectionDecisions.Latest(r.ctx, l, c.ID)
	switch {
	case err == nil:
		c = kept
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	if c.Justified == nil {
		if c, err = c.Justify(assess.Step{By: affairs, At: r.now(), Why: "all four conditions of the discretion are met",
			Evidence: []assess.Evidence{{Text: "the four conditions", Ref: store.Ref{System: "ledger", ID: "assess.discretion/" + c.Finding}}}}); err != nil {
			return err
		}
		if err := assess.SaveCorrection(r.ctx, l, store.By{Who: affairs, Why: "why a correction is not reported (DEMONSTRATION)"}, c); err != nil {
			return err
		}
	}
	if c.Decided() {
		return nil
	}
	c, err = c.Evaluate(assess.Approval{By: approver, At: r.now(), Why: "the conditions are on record"},
		assess.Designation{Person: approver, Role: "regulatory affairs (invented)", By: quality, Since: time.Date(2024, 1, 15, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		return err
	}
	return assess.SaveCorrection(r.ctx, l, store.By{Who: approver, Why: "evaluated as the designated person (DEMONSTRATION)"}, c)
}
