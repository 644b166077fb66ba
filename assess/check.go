package assess

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/cvss/rubric"
	"github.com/open-postmarket/postmarket/vex"
)

// Check says what is wrong in a, all at once, or nil. An Assessment made by Open
// and its methods is right; one that was read or put together by hand may not
// be: a step out of order, a level, a score or a verdict that its own answers
// and the matrix do not give, an approval by the proposer or of something else,
// an instant that was moved without leaving both dates.
//
// What was judged by a matrix other than DefaultMatrix is judged again only by
// that one, which must be among known; that it is not is an error.
func (a Assessment) Check(known ...*Matrix) error {
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
	m, err := a.matrix(known)
	add(err)
	add(a.checkSteps())
	if m != nil {
		add(a.checkAgainst(m))
	}
	add(a.checkDetermination())
	add(a.checkRenewed())
	for _, s := range a.Reopened {
		_, err := s.check("reopened")
		add(err)
	}
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

// matrix is the one that a was judged by, nil when it says of none.
func (a Assessment) matrix(known []*Matrix) (*Matrix, error) {
	if a.Exploitability == nil {
		return nil, nil
	}
	want := a.Exploitability.Matrix
	if d := a.Determination; d != nil && d.Verdict != nil && d.Verdict.Digest != want {
		return nil, fmt.Errorf("assess: the determination rests on the matrix %q, the exploitability step on %q", d.Verdict.Digest, want)
	}
	own, err := DefaultMatrix()
	if err != nil {
		return nil, err
	}
	for _, m := range append([]*Matrix{own}, known...) {
		if m != nil && m.digest != "" && m.digest == want {
			return m, nil
		}
	}
	return nil, fmt.Errorf("assess: the matrix %q, by which it was judged, is neither the default nor given", want)
}

// checkAgainst judges again by m.
func (a Assessment) checkAgainst(m *Matrix) error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("assess: "+format, args...)) }
	x := a.Exploitability
	if want := m.Level(x.Subscore); x.Band != want || x.Bands != m.file.Bands.Citation {
		fail("exploitability: band %q is not %q, which matrix %q gives the subscore %v", x.Band, want, m.Name(), x.Subscore)
	}
	if e := x.Environment; e != nil {
		if v, sub, err := modified(x.Vector, e.Grounds); err != nil || v != e.Vector || math.Abs(sub-e.Subscore) > 1e-9 || e.Band != m.Level(sub) {
			fail("environment: vector, subscore or band is not what its grounds and matrix %q give", m.Name())
		}
	}
	if r := a.Facts.raise(m); r != nil && !slices.Contains(x.Raises, *r) {
		fail("exploitability: it is exploited in the wild, and that raises nothing")
	}
	if d := a.Determination; d != nil && d.Verdict != nil {
		if v, err := m.Verdict(d.Verdict.Exploitability, d.Verdict.Harm); err != nil || v != *d.Verdict {
			fail("determination: the verdict is not what matrix %q says", m.Name())
		} else if d.Tripwires != nil && a.walked() {
			if t, err := a.tripwires(m, d.downward()); err != nil || !same(t, d.Tripwires) {
				fail("determination: its tripwires are not what matrix %q gives", m.Name())
			}
		}
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
		if err := t.check(); err != nil {
			errs = append(errs, err)
		}
		if !t.Result.Valid() || (t.Result == NotAffected) != vex.Justification(t.Justification).Valid() {
			fail("triage: result %q does not go with justification %q", t.Result, t.Justification)
		}
	}
	if x := a.Exploitability; x != nil {
		check(x.Step, "exploitability")
		want := x.raised(x.band())
		if e := x.Environment; e != nil {
			check(e.Step, "environment")
			if err := e.check(*x); err != nil {
				errs = append(errs, err)
			}
		}
		for _, r := range x.Raises {
			if !r.To.Valid() || blank(r.Why) {
				fail("exploitability: a raise to %q for %q needs a level and a reason", r.To, r.Why)
			}
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
		if err := i.check(); err != nil {
			errs = append(errs, err)
		}
	}
	if s := a.Score; s != nil {
		check(s.Step, "score")
		if err := derived(s.Extended, func(r rubric.Result) bool {
			return len(differ(r.Vector, s.Vector, baseMetrics)) == 0 && s.Base == s.Vector.Base() && s.Severity == s.Vector.Severity() && slices.Equal(s.Open, r.Open)
		}); err != nil {
			fail("score: %w", err)
		}
		if err := s.confirmed(); err != nil {
			errs = append(errs, err)
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
	if err := a.fitControls(); err != nil {
		return err
	}
	for _, at := range []*Approval{{At: d.Proposed.At}, d.Approved, d.Second} {
		if at == nil {
			continue
		}
		if err := a.Lapsed(at.At); err != nil {
			return err
		}
	}
	switch {
	case a.Triage == nil || (a.Triage.Result == NotAffected) != (d.Risk == NoRisk):
		return fmt.Errorf("assess: determination: %q does not follow from the triage", d.Risk)
	case d.Risk != NoRisk && (!a.walked() || d.Verdict.Exploitability != a.Exploitability.Level || d.Verdict.Harm != a.Impact.Harm):
		return errors.New("assess: determination: its level or harm is not what the steps say")
	case d.Approved == nil && d.Second == nil:
		return nil
	}
	var at time.Time
	var err error
	if d.Approved == nil {
		_, err = d.Second.check("determination: second person", d.Proposed.At, d.Proposed.By)
	} else {
		_, at, err = d.approved()
	}
	if err != nil {
		return err
	}
	if d.Approved != nil && !a.Instants.Determined.Equal(at) {
		return errors.New("assess: determination: its instant is not that of the last approval")
	}
	judged, err := a.judged()
	if err != nil {
		return err
	}
	for _, p := range []*Approval{d.Approved, d.Second} {
		if p != nil && p.Digest != judged {
			return fmt.Errorf("assess: determination: %q approved another one: what it says or rests on was changed since", p.By)
		}
	}
	return nil
}
