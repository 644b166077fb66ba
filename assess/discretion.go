package assess

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/rule"
	"github.com/open-postmarket/postmarket/store"
)

// Discretions is the drawer of the ledger that holds them.
const Discretions store.Kind[Discretion] = "assess.discretion"

// DiscretionSchema is the version of the shape in which a Discretion is written.
const DiscretionSchema = 1

// A Condition is one of the four under which FDA does not intend to enforce the
// reporting of a correction for an uncontrolled risk (Postmarket Management of
// Cybersecurity in Medical Devices, 2016, VII.B). The zero value is not said.
type Condition string

// The four conditions, in the guidance's order.
const (
	NoHarm   Condition = "no known serious adverse event or death"
	Notified Condition = "customers told, interim controls and a plan within 30 days of learning"
	Fixed    Condition = "a deployable fix validated and distributed within 60 days of learning"
	Shared   Condition = "active in an ISAO that got the customer communication"
)

var conditions = []Condition{NoHarm, Notified, Fixed, Shared}

// Conditions returns the four conditions in the guidance's order.
func Conditions() []Condition { return slices.Clone(conditions) }

// Valid reports whether c is one of the four; the zero value is not.
func (c Condition) Valid() bool { return slices.Contains(conditions, c) }

// A Discretion tracks the four conditions for one finding. Begin makes it; every
// change returns a new value. What was lost stays lost.
type Discretion struct {
	Schema int `json:"schema"`
	// Finding is the key of the assessment, and of this record.
	Finding string    `json:"finding"`
	Learned time.Time `json:"learned"`
	// NoticeDue and FixDue are the ends of the marks, from the rules fda-pm-30 and
	// fda-pm-60; Zone is that of the calendar they were counted by.
	NoticeDue time.Time `json:"notice_due"`
	FixDue    time.Time `json:"fix_due"`
	Zone      string    `json:"zone"`
	// Facts are what happened, in the order in which it was recorded; late and in
	// any order of their own instants.
	Facts []DiscretionFact `json:"facts,omitempty"`
	// Losses are losses of eligibility, in the order in which they were found. None
	// is ever taken away.
	Losses []Loss `json:"losses,omitempty"`
	// Refuted are records that what a loss rests on was not so; they reset nothing.
	Refuted []Refutation `json:"refuted,omitempty"`
}

// A DiscretionFact is something that bears on one condition.
type DiscretionFact struct {
	Step
	Condition Condition `json:"condition"`
	// Happened is when it happened, which may be long before it was recorded.
	Happened time.Time `json:"happened"`
	// Met says whether it meets the condition or breaks it: an adverse event, a
	// membership that ended, a communication that was not shared.
	Met bool `json:"met"`
}

// A Loss says when eligibility was lost, and why.
type Loss struct {
	Condition Condition `json:"condition"`
	// At is the instant since when it is lost, Found when that was looked at.
	At    time.Time `json:"at"`
	Found time.Time `json:"found"`
	Why   string    `json:"why"`
}

// A Refutation says that what a loss rests on is not attributed to the
// vulnerability after all. The loss stays.
type Refutation struct {
	Step
	// Loss is the place of the loss in Losses, from 0.
	Loss int `json:"loss"`
}

// Key returns the finding's key.
func (d Discretion) Key() string { return d.Finding }

// SchemaVersion is the version that the ledger keeps with each entry.
func (d Discretion) SchemaVersion() int { return DiscretionSchema }

// BeginDiscretion begins to track the four conditions for a, from the instant at
// which it was learned of. book nil is rule.Default. A rule that is off gives a
// *rule.OffError.
func BeginDiscretion(a Assessment, book *rule.Book, cal rule.Calendar) (Discretion, error) {
	if a.Finding == "" {
		return Discretion{}, &StateError{To: Opened, Why: "the assessment was not opened"}
	}
	if book == nil {
		var err error
		if book, err = rule.Default(); err != nil {
			return Discretion{}, err
		}
	}
	d := Discretion{Schema: DiscretionSchema, Finding: a.Finding, Learned: a.Instants.Learned, Zone: cal.Zone()}
	for _, one := range []struct {
		rule string
		due  *time.Time
	}{{"fda-pm-30", &d.NoticeDue}, {"fda-pm-60", &d.FixDue}} {
		r, err := book.Rule(one.rule)
		if err != nil {
			return Discretion{}, fmt.Errorf("assess: discretion: %w", err)
		}
		c, err := r.Clock("assess "+one.rule+" "+a.Finding, string(Discretions)+"/"+a.Finding, "", d.Learned, cal)
		if err != nil {
			return Discretion{}, fmt.Errorf("assess: discretion: %w", err)
		}
		*one.due = c.Due
	}
	return d, nil
}

// Carried returns d, which was just begun for a finding after Renamed, with all that
// was kept under the keys that the finding had before: another id of a vulnerability
// gives no eligibility back. The marks are the earliest of all.
func (d Discretion) Carried(earlier ...Discretion) (Discretion, error) {
	if len(d.Facts)+len(d.Losses)+len(d.Refuted) > 0 {
		return d, errors.New("assess: discretion: only one that was just begun is carried over to")
	}
	for _, e := range earlier {
		if e.Zone != d.Zone {
			return d, fmt.Errorf("assess: discretion: %q was counted in %q, not in %q", e.Finding, e.Zone, d.Zone)
		}
		for _, r := range e.Refuted {
			r.Loss += len(d.Losses)
			d.Refuted = append(slices.Clip(d.Refuted), r)
		}
		d.Facts, d.Losses = append(slices.Clip(d.Facts), e.Facts...), append(slices.Clip(d.Losses), e.Losses...)
		if e.Learned.Before(d.Learned) {
			d.Learned = e.Learned
		}
		if e.NoticeDue.Before(d.NoticeDue) {
			d.NoticeDue = e.NoticeDue
		}
		if e.FixDue.Before(d.FixDue) {
			d.FixDue = e.FixDue
		}
	}
	return d, nil
}

// keeps reports whether d keeps all that e, of the finding under another key, holds.
func (d Discretion) keeps(e Discretion) bool {
	for _, f := range e.Facts {
		if !slices.ContainsFunc(d.Facts, func(o DiscretionFact) bool { return same(o, f) }) {
			return false
		}
	}
	for _, l := range e.Losses {
		if !slices.ContainsFunc(d.Losses, func(o Loss) bool { return same(o, l) }) {
			return false
		}
	}
	return !d.Learned.After(e.Learned) && !d.NoticeDue.After(e.NoticeDue) && !d.FixDue.After(e.FixDue)
}

// steps are those in which d was recorded.
func (d Discretion) steps() []Step {
	var out []Step
	for _, f := range d.Facts {
		out = append(out, f.Step)
	}
	for _, r := range d.Refuted {
		out = append(out, r.Step)
	}
	return out
}

// stands checks d against the assessment that it is for: the marks run from where
// that was learned of, or from before, and are no later than those of the rules; and
// nothing is lost of what was kept under the keys that the finding had before. It
// returns the steps of that.
func (d Discretion) stands(tx *store.Tx) ([]Step, error) {
	a, err := Assessments.Get(tx, d.Finding)
	if err != nil {
		return nil, fmt.Errorf("assess: discretion: the assessment of %q: %w", d.Finding, err)
	}
	cal, err := rule.NewCalendar(d.Zone)
	if err != nil {
		return nil, fmt.Errorf("assess: discretion: %w", err)
	}
	want, err := BeginDiscretion(a, nil, cal)
	if err != nil {
		return nil, err
	}
	if d.Learned.After(want.Learned) || d.NoticeDue.After(want.NoticeDue) || d.FixDue.After(want.FixDue) {
		return nil, fmt.Errorf("assess: discretion: %q was learned of on %s, and the marks are counted from %s; use Relearned",
			d.Finding, want.Learned.Format(time.RFC3339), d.Learned.Format(time.RFC3339))
	}
	var carried []Step
	for _, key := range a.From {
		e, err := Discretions.Get(tx, key)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if !d.keeps(e) {
			return nil, fmt.Errorf("%w: what was kept of %q as %q; use Carried", ErrHistory, d.Finding, key)
		}
		carried = append(carried, e.steps()...)
	}
	return carried, nil
}

// Relearned returns d with the marks counted from where a now has the instant of
// learning. They are never put off: a later instant, approved or not, leaves d as
// it is.
func (d Discretion) Relearned(a Assessment, book *rule.Book, cal rule.Calendar) (Discretion, error) {
	n, err := BeginDiscretion(a, book, cal)
	if err != nil {
		return d, err
	}
	if n.Finding != d.Finding || n.Zone != d.Zone {
		return d, fmt.Errorf("assess: discretion: %q in %q is not %q in %q", n.Finding, n.Zone, d.Finding, d.Zone)
	}
	if n.Learned.Before(d.Learned) {
		d.Learned, d.NoticeDue, d.FixDue = n.Learned, n.NoticeDue, n.FixDue
	}
	return d, nil
}

// With returns d with f recorded. A fact that breaks its condition, or meets it too
// late, loses eligibility. That another condition has no record yet does not: what
// happened may be recorded late and in any order, until Look is kept.
func (d Discretion) With(f DiscretionFact) (Discretion, error) {
	if d.Finding == "" {
		return d, errors.New("assess: discretion: it was not begun")
	}
	s, err := f.proven("discretion")
	switch {
	case err != nil:
		return d, err
	case !f.Condition.Valid():
		return d, fmt.Errorf("assess: discretion: condition %q is not known", f.Condition)
	case f.Happened.IsZero() || f.Happened.After(s.At):
		return d, errors.New("assess: discretion: when it happened is missing, or lies after it is recorded")
	case f.Condition == NoHarm && f.Met:
		return d, errors.New("assess: discretion: that no harm is known needs no record: only one that is does")
	}
	f.Step, f.Happened = s, micro(f.Happened)
	d.Facts = append(slices.Clip(d.Facts), f)
	d.Losses = slices.Clip(d.Losses)
	if !f.Met {
		d.Losses = append(d.Losses, Loss{Condition: f.Condition, At: f.Happened, Found: f.At, Why: f.Why})
	}
	return d.look(s.At, false), nil
}

// over reports whether the last second of due is past at at.
func over(due, at time.Time) bool { return at.Sub(due) >= time.Second }

// Look returns d as of at: where a mark passed without what it asks for, or with
// it too late, eligibility is lost from that mark on. Once that is kept, it stays,
// even if a record comes in later. Looked at twice it is the same.
func (d Discretion) Look(at time.Time) Discretion { return d.look(at, true) }

// look is Look; with silent false, only for what was recorded.
func (d Discretion) look(at time.Time, silent bool) Discretion {
	at = micro(at)
	for _, one := range []struct {
		c   Condition
		due time.Time
	}{{Notified, d.NoticeDue}, {Fixed, d.FixDue}, {Shared, d.NoticeDue}} {
		if !over(one.due, at) || d.lost(one.c) {
			continue
		}
		first := d.first(one.c, at)
		if first.IsZero() && !silent || !first.IsZero() && !over(one.due, first) {
			continue
		}
		why := "nothing is recorded by the end of " + one.due.Format(time.RFC3339)
		if !first.IsZero() {
			why = "it was only done on " + first.Format(time.RFC3339)
		}
		d.Losses = append(slices.Clip(d.Losses), Loss{Condition: one.c, At: one.due.Add(time.Second), Found: at, Why: why})
	}
	return d
}

// first is when c was first met, as far as was recorded by at.
func (d Discretion) first(c Condition, at time.Time) time.Time {
	var first time.Time
	for _, f := range d.Facts {
		if f.Condition == c && f.Met && !f.At.After(at) && (first.IsZero() || f.Happened.Before(first)) {
			first = f.Happened
		}
	}
	return first
}

func (d Discretion) lost(c Condition) bool {
	return slices.ContainsFunc(d.Losses, func(l Loss) bool { return l.Condition == c })
}

// Eligible says whether all four conditions are met as of at: no once one is lost,
// whatever was refuted since; yes when customers were told, the fix is distributed
// and the communication was shared, all in time; else not answered, as they are
// open. why says which and why.
func (d Discretion) Eligible(at time.Time) (eligible Answer, why string) {
	d = d.Look(at)
	var open []string
	for _, c := range conditions {
		if i := slices.IndexFunc(d.Losses, func(l Loss) bool { return l.Condition == c && !l.At.After(at) }); i >= 0 {
			l := d.Losses[i]
			why := fmt.Sprintf("lost since %s: %s: %s", l.At.Format(time.DateOnly), c, l.Why)
			if slices.ContainsFunc(d.Refuted, func(r Refutation) bool { return r.Loss == i }) {
				why += "; the attribution was refuted, which resets nothing"
			}
			return No, why
		}
		if c != NoHarm && d.first(c, at).IsZero() {
			open = append(open, string(c))
		}
	}
	if len(open) > 0 {
		return "", "open: " + strings.Join(open, "; ")
	}
	return Yes, "all four conditions are met"
}

// Refute returns d with a record appended that what the loss at place n rests on is
// not attributed to the vulnerability after all. Eligibility does not come back.
func (d Discretion) Refute(n int, s Step) (Discretion, error) {
	s, err := s.proven("refutation")
	if err != nil {
		return d, err
	}
	if n < 0 || n >= len(d.Losses) {
		return d, fmt.Errorf("assess: discretion: there is no loss %d", n)
	}
	d.Refuted = append(slices.Clip(d.Refuted), Refutation{Step: s, Loss: n})
	return d, nil
}

// Check says what is wrong in d, all at once, or nil.
func (d Discretion) Check() error {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("assess: discretion: "+format, args...))
	}
	if d.Schema != DiscretionSchema || d.Finding == "" || d.Learned.IsZero() {
		fail("schema, finding or instant of learning is missing")
	}
	if d.NoticeDue.Before(d.Learned) || d.FixDue.Before(d.NoticeDue) || d.Zone == "" {
		fail("the marks do not follow the instant of learning in a zone")
	}
	for i, f := range d.Facts {
		if _, err := f.proven("discretion"); err != nil {
			errs = append(errs, err)
		}
		if !f.Condition.Valid() || f.Happened.IsZero() || f.Happened.After(f.At) || f.Condition == NoHarm && f.Met {
			fail("fact %d: condition or instant is wrong", i+1)
		}
		if !f.Met && !slices.ContainsFunc(d.Losses, func(l Loss) bool { return l.Condition == f.Condition && l.At.Equal(f.Happened) }) {
			fail("fact %d breaks %q and nothing is lost", i+1, f.Condition)
		}
	}
	for i, l := range d.Losses {
		if !l.Condition.Valid() || l.At.IsZero() || l.Found.Before(l.At) || blank(l.Why) {
			fail("loss %d: condition, instant or reason is wrong", i+1)
		}
	}
	for i, r := range d.Refuted {
		if _, err := r.proven("refutation"); err != nil {
			errs = append(errs, err)
		}
		if r.Loss < 0 || r.Loss >= len(d.Losses) {
			fail("refutation %d is of no loss", i+1)
		}
	}
	return errors.Join(errs...)
}

// SaveDiscretion keeps d in its drawer, in an act of its own. Who wrote each new
// fact writes it, and nothing that was kept may be missing: losses above all
// (ErrHistory), not even when the vulnerability got another id: see Carried. The
// assessment must be in the ledger, and the marks run from where that was learned of.
func SaveDiscretion(ctx context.Context, l *store.Ledger, by store.By, d Discretion, refs ...store.Ref) error {
	if err := d.Check(); err != nil {
		return err
	}
	return l.Do(ctx, by, func(tx *store.Tx) error {
		before, err := Discretions.Get(tx, d.Key())
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if !begins(d.Facts, before.Facts) || !begins(d.Losses, before.Losses) || !begins(d.Refuted, before.Refuted) ||
			before.Finding != "" && (d.Learned.After(before.Learned) || d.NoticeDue.After(before.NoticeDue) || d.FixDue.After(before.FixDue) || d.Zone != before.Zone) {
			return fmt.Errorf("%w: a fact, a loss, a refutation or a mark of %q", ErrHistory, d.Finding)
		}
		carried, err := d.stands(tx)
		if err != nil {
			return err
		}
		known := append(before.steps(), carried...) // written before, maybe under another key
		writes := slices.DeleteFunc(d.steps(), func(s Step) bool {
			return slices.ContainsFunc(known, func(k Step) bool { return same(k, s) })
		})
		for _, s := range writes {
			if s.By != by.Who {
				return fmt.Errorf("assess: discretion: recorded by %q and is written by %q", s.By, by.Who)
			}
			if s.At.After(tx.At()) {
				return fmt.Errorf("assess: discretion: %q tells of %s, which is after it is written", d.Finding, s.At.Format(time.RFC3339))
			}
		}
		_, err = Discretions.PutIfChanged(tx, d, refs...)
		return err
	})
}
