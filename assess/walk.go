package assess

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/cvss/rubric"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/vex"
)

var triageResults = []TriageResult{Affected, NotAffected, UnderInvestigation}

// Valid reports whether r is one of the results; the zero value is not.
func (r TriageResult) Valid() bool { return slices.Contains(triageResults, r) }

// within refuses a step that comes before those it needs.
func (a Assessment) within(to State) error {
	from := a.State()
	refuse := func(why string) error { return &StateError{From: from, To: to, Why: why} }
	switch {
	case from == "":
		return refuse("the assessment was not opened")
	case from == Determined:
		return refuse("it is determined; reopen it first")
	case to == Triaged:
		return nil
	case a.Triage == nil:
		return refuse("triage is not done")
	case a.Triage.Result == NotAffected:
		return refuse("triage says not affected: there is nothing more to judge")
	case a.Triage.Result != Affected:
		return refuse("triage says under investigation")
	case to == ImpactJudged && a.Exploitability == nil, to == Scored && a.Exploitability == nil:
		return refuse("exploitability is not judged")
	case to == Scored && a.Impact == nil:
		return refuse("impact is not judged")
	}
	return nil
}

// WithTriage returns a with step 1 done. Done again, it takes away the steps
// after it, which rested on it; the ledger keeps what they said.
func (a Assessment) WithTriage(t Triage) (Assessment, error) {
	if err := a.within(Triaged); err != nil {
		return a, err
	}
	s, err := t.Step.proven("triage")
	switch {
	case err != nil:
		return a, err
	case !t.Result.Valid():
		return a, fmt.Errorf("assess: triage: result %q is not known", t.Result)
	case t.Result == NotAffected && !vex.Justification(t.Justification).Valid():
		return a, fmt.Errorf("assess: triage: not affected needs a VEX justification, have %q", t.Justification)
	case t.Result != NotAffected && t.Justification != "":
		return a, fmt.Errorf("assess: triage: justification %q is only for not affected", t.Justification)
	}
	t.Step = s
	if t.Controls, err = controls(t.Controls, s.At); err != nil {
		return a, fmt.Errorf("assess: triage: %w", err)
	}
	if err := t.check(); err != nil {
		return a, err
	}
	a.Triage, a.Exploitability, a.Impact, a.Score, a.Determination = &t, nil, nil, nil, nil
	return a, nil
}

// check says what is wrong in what t rests on of the deployment.
func (t Triage) check() error {
	if t.Result != NotAffected && (t.Network != "" || len(t.Controls) > 0) {
		return errors.New("assess: triage: only not affected rests on a network or on controls; else they are grounds of step 2")
	}
	if t.Network != "" && (!t.Network.Valid() || t.Network == device.Internet) {
		return fmt.Errorf("assess: triage: the network %q keeps nobody away", t.Network)
	}
	_, err := controls(t.Controls, t.At)
	return err
}

// controls returns list as it is kept; each must be in force at at, and be there once.
func controls(list []device.Control, at time.Time) ([]device.Control, error) {
	var out []device.Control
	for _, c := range list {
		if ok, why := c.InForce(at); !ok {
			return nil, fmt.Errorf("not credited: %s", why)
		}
		if slices.ContainsFunc(out, func(o device.Control) bool { return o.ID == c.ID }) {
			return nil, fmt.Errorf("control %q is there twice", c.ID)
		}
		c.At, c.Expires = micro(c.At), micro(c.Expires)
		out = append(out, c)
	}
	return out, nil
}

// WithExploitability returns a with step 2 done. The level is derived: answers
// give a vector, the vector an exploitability subscore, and the subscore a band
// of m (nil is DefaultMatrix). Exploitation in the wild, as listed when the
// assessment was opened, and raises lift it; nothing lowers it, and a raise to a
// lower level has no effect. Answers that are not complete are the rubric's
// *IncompleteError.
func (a Assessment) WithExploitability(s Step, answers rubric.Answers, m *Matrix, raises ...Raise) (Assessment, error) {
	if err := a.within(ExploitabilityJudged); err != nil {
		return a, err
	}
	s, err := s.proven("exploitability")
	if err != nil {
		return a, err
	}
	m, err = m.or()
	if err != nil {
		return a, err
	}
	r, err := rubric.Derive(answers, nil)
	if err != nil {
		return a, fmt.Errorf("assess: exploitability: %w", err)
	}
	sub := r.Vector.Exploitability()
	x := Exploitability{Step: s, Extended: r.Answers.String(), Vector: r.Vector, Subscore: sub,
		Band: m.Level(sub), Bands: m.file.Bands.Citation, Matrix: m.digest}
	if r := a.Facts.raise(m); r != nil {
		x.Raises = append(x.Raises, *r)
	}
	x.Raises = append(x.Raises, raises...)
	x.Level = x.Band
	b := m.file.Bands
	x.Derived = fmt.Sprintf("subscore %.2f of %s is %s (medium from %v, high from %v; %s)",
		sub, r.Vector, x.Band, b.Medium, b.High, b.Citation.Force)
	for _, raise := range x.Raises {
		if !raise.To.Valid() || blank(raise.Why) {
			return a, fmt.Errorf("assess: exploitability: a raise to %q for %q needs a level and a reason", raise.To, raise.Why)
		}
		if up := higher(x.Level, raise.To); up != x.Level {
			x.Level = up
			x.Derived += fmt.Sprintf("; raised to %s: %s", up, raise.Why)
		} else {
			x.Derived += fmt.Sprintf("; at least %s anyway: %s", raise.To, raise.Why)
		}
	}
	a.Exploitability, a.Impact, a.Score, a.Determination = &x, nil, nil, nil
	return a, nil
}

// WithImpact returns a with step 3 done.
func (a Assessment) WithImpact(i Impact) (Assessment, error) {
	if err := a.within(ImpactJudged); err != nil {
		return a, err
	}
	s, err := i.Step.proven("impact")
	switch {
	case err != nil:
		return a, err
	case !i.Harm.Valid():
		return a, fmt.Errorf("assess: impact: harm %q is not known", i.Harm)
	case blank(i.Statement):
		return a, errors.New("assess: impact: there is no statement in plain words")
	}
	if err := i.check(); err != nil {
		return a, err
	}
	i.Step = s
	i.Functions, i.Hazards = slices.Clone(i.Functions), slices.Clone(i.Hazards)
	i.Lines, i.Parts = slices.Clone(i.Lines), slices.Clone(i.Parts)
	a.Impact, a.Score, a.Determination = &i, nil, nil
	return a, nil
}

// exploitMetrics are the base metrics that the exploitability subscore depends on.
var exploitMetrics = []string{"AV", "AC", "PR", "UI", "S"}

var baseMetrics = append(slices.Clip(slices.Clone(exploitMetrics)), "C", "I", "A")

// WithScore returns a with step 4 done. The answers must lead to the same
// exploitability metrics as those of step 2. The score decides nothing.
func (a Assessment) WithScore(s Step, answers rubric.Answers, opts *rubric.Options) (Assessment, error) {
	if err := a.within(Scored); err != nil {
		return a, err
	}
	s, err := s.proven("score")
	if err != nil {
		return a, err
	}
	r, err := rubric.Derive(answers, opts)
	if err != nil {
		return a, fmt.Errorf("assess: score: %w", err)
	}
	if d := differ(r.Vector, a.Exploitability.Vector, exploitMetrics); d != nil {
		return a, fmt.Errorf("assess: score: %s not as in the exploitability step; do that step again", strings.Join(d, ", "))
	}
	score := Score{Step: s, Extended: r.Answers.String(), Vector: r.Vector, Base: r.Vector.Base(),
		Severity: r.Vector.Severity(), Open: r.Open, Label: r.Label}
	for _, p := range a.Facts.Scores {
		score.Published = append(score.Published, held(p, r.Vector))
	}
	a.Score, a.Determination = &score, nil
	return a, nil
}

// WithConfirmed returns a with what is known of where answers of step 4 come from:
// proposals that a person confirmed. Each must be the answer that step 4 holds.
func (a Assessment) WithConfirmed(confirmed ...rubric.Confirmed) (Assessment, error) {
	if err := a.within(Scored); err != nil {
		return a, err
	}
	if a.Score == nil {
		return a, &StateError{From: a.State(), To: Scored, Why: "the score is not done"}
	}
	s := *a.Score
	s.Confirmed = slices.Clone(confirmed)
	for i := range s.Confirmed {
		s.Confirmed[i].At = micro(s.Confirmed[i].At)
	}
	if err := s.confirmed(); err != nil {
		return a, err
	}
	a.Score, a.Determination = &s, nil
	return a, nil
}

// confirmed checks what s says of confirmed answers.
func (s Score) confirmed() error {
	answers, err := rubric.ParseExtended(s.Extended)
	if err != nil {
		return fmt.Errorf("assess: score: %w", err)
	}
	seen := map[string]bool{}
	var errs []error
	for _, c := range s.Confirmed {
		again, err := rubric.Confirm(c.Proposal, c.By, c.At)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("assess: score: %w", err))
		case again.Question != c.Question || again.Answer != c.Answer || answers[c.Question] != c.Answer || seen[c.Question]:
			errs = append(errs, fmt.Errorf("assess: score: %s:%s was confirmed by %q and is not what was answered, or is there twice", c.Question, c.Answer, c.By))
		case CheckPerson(c.By) != nil:
			errs = append(errs, CheckPerson(c.By))
		}
		seen[c.Question] = true
	}
	return errors.Join(errs...)
}

// held holds a published score against ours. The metrics of 2.0 and 4.0 are
// others, even where they have the same name.
func held(p match.Score, ours cvss.Vector) Published {
	v, err := cvss.Parse(p.Vector)
	if err != nil || !strings.HasPrefix(v.Version(), "3.") {
		return Published{Score: p}
	}
	return Published{Score: p, Compared: true, Differ: differ(v, ours, baseMetrics)}
}

func differ(v, w cvss.Vector, metrics []string) []string {
	var d []string
	for _, m := range metrics {
		if v.Get(m) != w.Get(m) {
			d = append(d, m)
		}
	}
	return d
}
