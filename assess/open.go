package assess

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/store"
)

// Open begins the assessment of f. signal is when the earliest signal about the
// vulnerability came in, zero when there was none; by opens it at at.
//
// Learned becomes the earlier of f.Seen and signal, which is our own convention;
// when neither is known there is nothing to start a clock from, and that is an
// error: f.Seen comes from match.State. Neither may lie after at.
func Open(f match.Finding, signal time.Time, by string, at time.Time) (Assessment, error) {
	var errs []error
	if f.Vulnerability == "" || f.Coordinate == "" || len(f.Instances) == 0 {
		errs = append(errs, errors.New("assess: open: the finding names no vulnerability, no component or no instance"))
	}
	if blank(by) {
		errs = append(errs, errors.New("assess: open: nobody is named"))
	} else if err := CheckPerson(by); err != nil {
		errs = append(errs, err)
	}
	if at.IsZero() {
		errs = append(errs, errors.New("assess: open: the time is missing"))
	}
	at, seen, signal := micro(at), micro(f.Seen), micro(signal)
	if seen.IsZero() && signal.IsZero() {
		errs = append(errs, fmt.Errorf("assess: open: finding %q has neither a Seen instant nor a signal", f.Key()))
	}
	if seen.After(at) || signal.After(at) {
		errs = append(errs, fmt.Errorf("assess: open: finding %q was seen or signaled after it is opened", f.Key()))
	}
	if err := errors.Join(errs...); err != nil {
		return Assessment{}, err
	}
	a := Assessment{
		Schema: Schema, Finding: f.Key(), Product: f.Product,
		Vulnerability: f.Vulnerability, Coordinate: f.Coordinate,
		Opened: Step{By: by, At: at, Why: "the finding is there"},
		Instants: Instants{
			Published: micro(f.Published), PublishedBy: f.PublishedBy,
			Mirrored: micro(f.Mirrored), Seen: seen, Signal: signal,
		},
	}
	a.Instants.Learned, a.Instants.LearnedWhy = learned(seen, signal)
	return a.rest(f), nil
}

// learned is the default of the instant at which the maker learned.
func learned(seen, signal time.Time) (time.Time, string) {
	switch {
	case signal.IsZero():
		return seen, "first seen on this product; no signal came before"
	case seen.IsZero():
		return signal, "earliest signal; when it was first seen is not known"
	case signal.Before(seen):
		return signal, "earliest signal, before it was first seen on this product"
	}
	return seen, "first seen on this product, not after the earliest signal"
}

// rest lets a rest on f as it is now.
func (a Assessment) rest(f match.Finding) Assessment {
	a.Digest = f.Digest()
	a.IDs = slices.Clone(f.IDs)
	a.Facts = factsOf(f)
	known := map[Evidence]bool{}
	for _, i := range f.Instances {
		a.Facts.Components = append(a.Facts.Components, i.Component)
		for _, e := range i.Evidence {
			r := Evidence{Text: e.Leaf, Ref: store.Ref{System: e.Source, ID: e.Item}, Digest: e.Digest}
			if !known[r] {
				known[r] = true
				a.Facts.Records = append(a.Facts.Records, r)
			}
		}
	}
	return a
}

// factsOf are what f says besides its evidence.
func factsOf(f match.Finding) Facts {
	out := Facts{Title: f.Title, Scores: slices.Clone(f.Scores), Mark: f.Mark, Exploits: slices.Clone(f.Exploits)}
	out.Mark.By = slices.Clone(f.Mark.By)
	if f.Exploited != nil {
		e := *f.Exploited
		out.Exploited = &e
	}
	if f.Probability != nil {
		p := *f.Probability
		out.Probability = &p
	}
	if f.SSVC != nil {
		s := *f.SSVC
		out.SSVC = &s
	}
	return out
}

// Stale reports whether f no longer is what a was judged on: it rests on other
// evidence, or exploitation became known since. A stale one is judged anew after
// Reopen.
func (a Assessment) Stale(f match.Finding) bool {
	return a.Digest != f.Digest() || !a.Facts.exploited() && factsOf(f).exploited()
}

// Reopen returns a with all steps to be done anew, resting on f as it is now,
// which must be the same finding. An approved determination is kept in Earlier
// with s as its end. The instants stay, above all Learned: judging again is not
// learning again.
func (a Assessment) Reopen(f match.Finding, s Step) (Assessment, error) {
	s, err := s.check("reopen")
	if err != nil {
		return a, err
	}
	if f.Key() != a.Finding {
		return a, fmt.Errorf("assess: reopen: finding %q is not %q", f.Key(), a.Finding)
	}
	return a.anew(s).rest(f), nil
}

// anew takes a back to where it was opened. What stood is in Earlier, ended by s.
func (a Assessment) anew(s Step) Assessment {
	if a.State() == Determined {
		d := *a.Determination
		d.Ended = &s
		a.Earlier = append(slices.Clip(a.Earlier), d)
	}
	a.Instants.Determined = time.Time{}
	a.Reopened, a.Renewed = append(slices.Clip(a.Reopened), s), nil
	a.Triage, a.Determination, a.Leave = nil, nil, nil
	a.Exploitability, a.Impact, a.Score = nil, nil, nil
	return a
}

// check returns s as it is kept, or what is missing in it.
func (s Step) check(what string) (Step, error) {
	var missing []string
	if blank(s.By) {
		missing = append(missing, "who")
	}
	if s.At.IsZero() {
		missing = append(missing, "when")
	}
	if blank(s.Why) {
		missing = append(missing, "why")
	}
	for _, e := range s.Evidence {
		if blank(e.Text) && e.Ref == (store.Ref{}) {
			missing = append(missing, "what a piece of evidence is")
			break
		}
	}
	if len(missing) > 0 {
		return s, fmt.Errorf("assess: %s: not said: %s", what, strings.Join(missing, ", "))
	}
	if err := CheckPerson(s.By); err != nil {
		return s, fmt.Errorf("%w (%s)", err, what)
	}
	s.At = micro(s.At)
	s.Evidence = slices.Clone(s.Evidence)
	return s, nil
}

// proven is check for a step that needs evidence.
func (s Step) proven(what string) (Step, error) {
	s, err := s.check(what)
	if err == nil && len(s.Evidence) == 0 {
		err = fmt.Errorf("assess: %s: there is no evidence (Step.Evidence)", what)
	}
	return s, err
}

// micro is t as it is kept.
func micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
