package assess

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/open-postmarket/postmarket/cvss/rubric"
	"github.com/open-postmarket/postmarket/vex"
)

// Check says what is wrong in a, all at once, or nil. An Assessment made by Open
// and its methods is right; one that was read or put together by hand may not
// be: a step out of order, a level or a score that its own answers do not give,
// an approval by the proposer, an instant that was moved without leaving both
// dates.
func (a Assessment) Check() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("assess: "+format, args...)) }
	add := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	if a.Schema != Schema {
		fail("schema %d is not %d", a.Schema, Schema)
	}
	if a.Finding == "" || a.Vulnerability == "" || a.Digest == "" {
		fail("finding, vulnerability or evidence digest is missing")
	}
	_, err := a.Opened.check("opened")
	add(err)
	add(a.checkInstants())
	add(a.checkSteps())
	add(a.checkDetermination())
	for _, d := range a.Earlier {
		add(d.fit())
		_, _, err := d.approved()
		add(err)
		if d.Ended == nil {
			fail("an earlier determination does not say who gave it up")
		}
	}
	return errors.Join(errs...)
}

func (a Assessment) checkInstants() error {
	i := a.Instants
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("assess: learned: "+format, args...)) }
	if i.Learned.IsZero() || blank(i.LearnedWhy) {
		fail("instant or reason is missing")
	}
	want, _ := learned(i.Seen, i.Signal)
	for n, c := range i.Moved {
		if !c.From.Equal(want) {
			fail("move %d does not begin where the one before ended", n+1)
		}
		want = c.To
		if _, err := (Step{By: c.By, At: c.At, Why: c.Why}).check("learned"); err != nil {
			errs = append(errs, err)
		}
		if c.To.After(c.From) {
			if _, err := c.Approval.check("learned", c.At, c.By); err != nil {
				errs = append(errs, err)
			}
		}
	}
	if !i.Learned.Equal(want) {
		fail("it is not the earlier of seen and signal, and no move says why")
	}
	if (a.State() == Determined) == i.Determined.IsZero() {
		fail("the instant of determination does not fit the state %q", a.State())
	}
	return errors.Join(errs...)
}

func (a Assessment) checkSteps() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("assess: "+format, args...)) }
	check := func(s Step, what string) {
		if _, err := s.proven(what); err != nil {
			errs = append(errs, err)
		}
	}
	if a.Exploitability != nil && (a.Triage == nil || a.Triage.Result != Affected) ||
		a.Impact != nil && a.Exploitability == nil || a.Score != nil && a.Impact == nil {
		fail("a step stands without the one before")
	}
	if t := a.Triage; t != nil {
		check(t.Step, "triage")
		if !t.Result.Valid() || (t.Result == NotAffected) != vex.Justification(t.Justification).Valid() {
			fail("triage: result %q does not go with justification %q", t.Result, t.Justification)
		}
	}
	if x := a.Exploitability; x != nil {
		check(x.Step, "exploitability")
		want := x.Band
		for _, r := range x.Raises {
			want = higher(want, r.To)
		}
		if !x.Band.Valid() || x.Level != want {
			fail("exploitability: level %q is not what band and raises give", x.Level)
		}
		if err := derived(x.Extended, func(r rubric.Result) bool {
			return len(differ(r.Vector, x.Vector, baseMetrics)) == 0 && math.Abs(x.Subscore-x.Vector.Exploitability()) < 1e-9
		}); err != nil {
			fail("exploitability: %w", err)
		}
	}
	if i := a.Impact; i != nil {
		check(i.Step, "impact")
		if !i.Harm.Valid() || blank(i.Statement) {
			fail("impact: harm %q or its statement is missing", i.Harm)
		}
	}
	if s := a.Score; s != nil {
		check(s.Step, "score")
		if err := derived(s.Extended, func(r rubric.Result) bool {
			return len(differ(r.Vector, s.Vector, baseMetrics)) == 0 && s.Base == s.Vector.Base() && slices.Equal(s.Open, r.Open)
		}); err != nil {
			fail("score: %w", err)
		}
		if a.Exploitability != nil && differ(s.Vector, a.Exploitability.Vector, exploitMetrics) != nil {
			fail("score: its exploitability metrics are not those of step 2")
		}
	}
	return errors.Join(errs...)
}

// derived derives the answers again and asks same whether the step says that.
func derived(extended string, same func(rubric.Result) bool) error {
	answers, err := rubric.ParseExtended(extended)
	if err != nil {
		return err
	}
	r, err := rubric.Derive(answers, nil)
	if err != nil {
		return err
	}
	if !same(r) {
		return fmt.Errorf("it is not what the answers %q give", extended)
	}
	return nil
}

func (a Assessment) checkDetermination() error {
	if a.Leave != nil && a.Risk() != Controlled {
		return errors.New("assess: acceptable to leave is answered for a risk that is not controlled")
	}
	d := a.Determination
	if d == nil {
		return nil
	}
	if _, err := d.Proposed.check("determination"); err != nil {
		return err
	}
	if err := d.fit(); err != nil {
		return err
	}
	switch {
	case a.Triage == nil || (a.Triage.Result == NotAffected) != (d.Risk == NoRisk):
		return fmt.Errorf("assess: determination: %q does not follow from the triage", d.Risk)
	case d.Risk != NoRisk && (!a.walked() || d.Verdict.Exploitability != a.Exploitability.Level || d.Verdict.Harm != a.Impact.Harm):
		return errors.New("assess: determination: its level or harm is not what the steps say")
	case d.Approved == nil:
		return nil
	}
	_, at, err := d.approved()
	if err == nil && !a.Instants.Determined.Equal(at) {
		err = errors.New("assess: determination: its instant is not that of the last approval")
	}
	return err
}
