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
	a.Facts = Facts{Title: f.Title, Scores: slices.Clone(f.Scores), Mark: f.Mark}
	a.Facts.Mark.By = slices.Clone(f.Mark.By)
	if f.Exploited != nil {
		e := *f.Exploited
		a.Facts.Exploited = &e
	}
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

// Stale reports whether f no longer is what a was judged on: it rests on other
// evidence, or exploitation became known since. A stale one is judged anew after
// Reopen.
func (a Assessment) Stale(f match.Finding) bool {
	return a.Digest != f.Digest() || a.Facts.Exploited == nil && f.Exploited != nil
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
	if a.State() == Determined {
		d := *a.Determination
		d.Ended = &s
		a.Earlier = append(slices.Clip(a.Earlier), d)
	}
	a.Instants.Determined = time.Time{}
	a.Triage, a.Determination, a.Leave = nil, nil, nil
	a.Exploitability, a.Impact, a.Score = nil, nil, nil
	return a.rest(f), nil
}

// MoveLearned moves the instant at which the maker learned to c.To. The caller
// fills in To, By, Why and At; From is ours to fill. To an earlier time a reason
// is enough. To a later one, which postpones FDA's marks, c.Approval must be by
// another person than c.By. Both dates stay in the record.
func (a Assessment) MoveLearned(c LearnedChange) (Assessment, error) {
	const what = "moving the instant of learning"
	if a.Finding == "" {
		return a, &StateError{To: Opened, Why: "the assessment was not opened"}
	}
	s, err := Step{By: c.By, At: c.At, Why: c.Why}.check(what)
	if err != nil {
		return a, err
	}
	c.At, c.To, c.From = s.At, micro(c.To), a.Instants.Learned
	switch {
	case c.To.IsZero():
		return a, fmt.Errorf("assess: %s: the new time is missing", what)
	case c.To.Equal(c.From):
		return a, fmt.Errorf("assess: %s: it is %s already", what, c.From.Format(time.RFC3339))
	case c.To.After(c.At):
		return a, fmt.Errorf("assess: %s: %s lies after the move itself", what, c.To.Format(time.RFC3339))
	case c.To.Before(c.From):
		c.Approval = nil
	case c.Approval == nil:
		return a, fmt.Errorf("assess: %s to a later time needs an approval", what)
	default:
		ap, err := c.Approval.check(what, c.At, c.By)
		if err != nil {
			return a, err
		}
		c.Approval = &ap
	}
	a.Instants.Learned, a.Instants.LearnedWhy = c.To, c.Why
	a.Instants.Moved = append(slices.Clip(a.Instants.Moved), c)
	return a, nil
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
	s.At = micro(s.At)
	s.Evidence = slices.Clone(s.Evidence)
	return s, nil
}

// proven is check for a step that needs evidence.
func (s Step) proven(what string) (Step, error) {
	s, err := s.check(what)
	if err == nil && len(s.Evidence) == 0 {
		err = fmt.Errorf("assess: %s: there is no evidence", what)
	}
	return s, err
}

// micro is t as it is kept.
func micro(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
