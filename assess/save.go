package assess

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/store"
)

// ErrHistory says that a record was to be replaced by one that forgets what it
// said: a move of Learned, or a determination that was approved.
var ErrHistory = errors.New("assess: earlier decisions would be lost")

// Save keeps a in its drawer, in an act of its own, unless the ledger says
// exactly that already. It checks what a alone cannot tell:
//
//   - who approves a determination, countersigns it, approves a later instant of
//     learning, moves it to an earlier one or answers whether a risk may be left,
//     writes that himself, in an act of his own;
//   - what is approved stood in the ledger before, word for word, written by the
//     one who proposed it;
//   - nothing decided before is lost (ErrHistory), not even when the
//     vulnerability got another id: see Renamed;
//   - what is approved counts on nothing that the product's deployment in the ledger
//     does not have (*LapsedError);
//   - what is approved has answered the horizontal question for every product line
//     that the ledger holds (*LinesError), be it that it is under investigation:
//     see Unanswered;
//   - a determination that is new has its tripwires;
//   - nothing happened after the act.
//
// Whether the writer is who he says is for the ledger's Authorize.
func Save(ctx context.Context, l *store.Ledger, by store.By, a Assessment, refs ...store.Ref) error {
	return (*Matrix)(nil).Save(ctx, l, by, a, refs...)
}

// Save is the function Save for an assessment that was judged by m.
func (m *Matrix) Save(ctx context.Context, l *store.Ledger, by store.By, a Assessment, refs ...store.Ref) error {
	if err := a.Check(m); err != nil {
		return err
	}
	return l.Do(ctx, by, func(tx *store.Tx) error { return a.put(ctx, l, tx, m, by, refs...) })
}

// put keeps a in the act tx of by.
func (a Assessment) put(ctx context.Context, l *store.Ledger, tx *store.Tx, m *Matrix, by store.By, refs ...store.Ref) error {
	if last := a.last(); last.After(tx.At()) {
		return fmt.Errorf("assess: %q tells of %s, which is after it is written", a.Finding, last.Format(time.RFC3339))
	}
	before, err := Assessments.Get(tx, a.Key())
	if errors.Is(err, store.ErrNotFound) {
		before, err = a.inherits(ctx, l, tx)
	}
	if err != nil {
		return err
	}
	if err := a.follows(before); err != nil {
		return err
	}
	if err := a.armed(m, before); err != nil {
		return err
	}
	if err := a.signed(ctx, l, before, by.Who, tx.At()); err != nil {
		return err
	}
	_, err = Assessments.PutIfChanged(tx, a, refs...)
	return err
}

// armed refuses a determination that before does not have and that is without the
// tripwires it must have. Those that were kept before there were any stay as they are.
func (a Assessment) armed(m *Matrix, before Assessment) error {
	d := a.Determination
	if d == nil || d.Tripwires != nil || before.Determination != nil && before.Determination.Tripwires == nil && same(d.Proposed, before.Determination.Proposed) {
		return nil
	}
	want := a.unaffected()
	if d.Verdict != nil {
		m, err := a.matrix([]*Matrix{m})
		if err != nil {
			return err
		}
		if want, err = a.tripwires(m, d.downward()); err != nil {
			return err
		}
	}
	if len(want) > 0 {
		return fmt.Errorf("assess: determination: %q has no tripwires", a.Finding)
	}
	return nil
}

// last is the latest instant at which a says that somebody did something.
func (a Assessment) last() time.Time {
	i := a.Instants
	at := []time.Time{a.Opened.At, i.Mirrored, i.Seen, i.Signal, i.Learned, i.Determined}
	approval := func(p *Approval) {
		if p != nil {
			at = append(at, p.At)
		}
	}
	for _, c := range i.Moved {
		at = append(at, c.To, c.At)
		approval(c.Approval)
	}
	if i.Pending != nil {
		at = append(at, i.Pending.To, i.Pending.At)
	}
	if a.Triage != nil {
		at = append(at, a.Triage.At)
	}
	if a.Exploitability != nil {
		at = append(at, a.Exploitability.At)
		if e := a.Exploitability.Environment; e != nil {
			at = append(at, e.At)
		}
	}
	if a.Impact != nil {
		at = append(at, a.Impact.At)
	}
	if a.Score != nil {
		at = append(at, a.Score.At)
		for _, c := range a.Score.Confirmed {
			at = append(at, c.At)
		}
	}
	if a.Leave != nil {
		at = append(at, a.Leave.At)
	}
	for _, s := range a.Reopened {
		at = append(at, s.At)
	}
	for _, r := range a.Renewed {
		at = append(at, r.At)
	}
	all := a.Earlier
	if a.Determination != nil {
		all = append(slices.Clip(all), *a.Determination)
	}
	for _, d := range all {
		at = append(at, d.Proposed.At)
		approval(d.Approved)
		approval(d.Second)
		if d.Ended != nil {
			at = append(at, d.Ended.At)
		}
	}
	return slices.MaxFunc(at, time.Time.Compare)
}

// follows checks that a loses nothing of before, which may be zero.
func (a Assessment) follows(before Assessment) error {
	if !begins(a.Instants.Moved, before.Instants.Moved) {
		return fmt.Errorf("%w: a move of the instant of learning of %q", ErrHistory, a.Finding)
	}
	if before.Finding != "" && (!a.Instants.Seen.Equal(before.Instants.Seen) || !a.Instants.Signal.Equal(before.Instants.Signal)) {
		return fmt.Errorf("%w: when %q was seen or signaled; use MoveLearned", ErrHistory, a.Finding)
	}
	if before.Finding == a.Finding && !same(a.From, before.From) {
		return fmt.Errorf("%w: under which keys %q was kept before", ErrHistory, a.Finding)
	}
	if before.Finding != "" && len(a.Instants.Moved) == len(before.Instants.Moved) && a.Instants.LearnedWhy != before.Instants.LearnedWhy {
		return fmt.Errorf("%w: why %q was learned of then", ErrHistory, a.Finding)
	}
	reopened := len(a.Reopened) - len(before.Reopened)
	if !begins(a.Reopened, before.Reopened) {
		return fmt.Errorf("%w: that %q was opened again", ErrHistory, a.Finding)
	}
	if before.Finding == a.Finding && reopened == 0 {
		if !begins(a.Renewed, before.Renewed) {
			return fmt.Errorf("%w: that a control of %q was verified anew", ErrHistory, a.Finding)
		}
		if !same(a.rests(), before.rests()) {
			return fmt.Errorf("%w: what %q rests on; use Reopen", ErrHistory, a.Finding)
		}
	}
	kept := before.Earlier
	stands := before.State() == Determined && a.State() == Determined && same(*a.Determination, *before.Determination)
	if before.State() == Determined && !stands {
		d := *before.Determination
		if n := len(kept); len(a.Earlier) > n {
			d.Ended = a.Earlier[n].Ended
		}
		kept = append(kept[:len(kept):len(kept)], d)
	}
	if !begins(a.Earlier, kept) {
		return fmt.Errorf("%w: a determination of %q", ErrHistory, a.Finding)
	}
	if before.Finding == a.Finding && len(a.Earlier) > len(kept) || before.Finding == "" && (len(a.Earlier) > 0 || len(a.From) > 0) {
		return fmt.Errorf("%w: %q tells of a determination or a key that never stood", ErrHistory, a.Finding)
	}
	if stands && before.Leave != nil && a.Leave == nil {
		return fmt.Errorf("%w: the answer whether %q may be left as it is", ErrHistory, a.Finding)
	}
	return nil
}

// rests is what a was opened on.
func (a Assessment) rests() Assessment {
	return Assessment{
		Finding: a.Finding, Product: a.Product, Vulnerability: a.Vulnerability, IDs: a.IDs, Coordinate: a.Coordinate,
		Digest: a.Digest, Facts: a.Facts, Opened: a.Opened,
	}
}

// signed checks that who may write what a says that before, which may be zero,
// does not.
func (a Assessment) signed(ctx context.Context, l *store.Ledger, before Assessment, who string, at time.Time) error {
	himself := func(what, by string) error {
		if by == who {
			return nil
		}
		return fmt.Errorf("assess: %s by %q and is written by %q", what, by, who)
	}
	proposed := func(what, by string, stood func(Assessment) bool) error {
		wrote, err := Wrote(ctx, l, Assessments, a.Key(), by, stood)
		if err == nil && !wrote {
			err = fmt.Errorf("assess: %s is approved, and %q has not written it to the ledger before: %w", what, by, ErrNotProposed)
		}
		return err
	}
	for _, c := range a.Instants.Moved[len(before.Instants.Moved):] {
		if c.Approval == nil {
			if err := himself("the instant of learning was moved", c.By); err != nil {
				return err
			}
			continue
		}
		if err := himself("the later instant of learning was approved", c.Approval.By); err != nil {
			return err
		}
		c.Approval = nil
		if err := proposed("a later instant of learning", c.By, func(b Assessment) bool {
			return b.Instants.Pending != nil && same(*b.Instants.Pending, c)
		}); err != nil {
			return err
		}
	}
	for _, s := range a.Reopened[min(len(before.Reopened), len(a.Reopened)):] {
		if err := himself("it was opened again", s.By); err != nil {
			return err
		}
	}
	for _, r := range a.Renewed[min(len(before.Renewed), len(a.Renewed)):] {
		if err := himself("a control was shown anew", r.By); err != nil {
			return err
		}
	}
	if a.Leave != nil && !same(a.Leave, before.Leave) {
		if err := himself("whether it is acceptable to leave was answered", a.Leave.By); err != nil {
			return err
		}
	}
	var now, then Determination
	if a.Determination != nil {
		now = *a.Determination
	}
	if before.Determination != nil {
		then = *before.Determination
	}
	fresh := false
	for _, p := range []struct {
		what      string
		now, then *Approval
	}{
		{"the determination was approved", now.Approved, then.Approved},
		{"the determination was countersigned", now.Second, then.Second},
	} {
		if p.now == nil || same(p.now, p.then) {
			continue
		}
		fresh = true
		if err := himself(p.what, p.now.By); err != nil {
			return err
		}
	}
	if !fresh {
		return nil
	}
	if err := a.horizontal(ctx, l); err != nil {
		return err
	}
	if err := a.deployed(ctx, l, at); err != nil {
		return err
	}
	want, err := a.judged()
	if err != nil {
		return err
	}
	return proposed("the determination", now.Proposed.By, func(b Assessment) bool {
		got, err := b.judged()
		return err == nil && got == want
	})
}

// deployed refuses the approval of a judgment that counts on a network or a control
// which the product's deployment in the ledger does not have, or not any more: a
// *LapsedError.
func (a Assessment) deployed(ctx context.Context, l *store.Ledger, at time.Time) error {
	p, _, err := device.Products.Latest(ctx, l, a.Product)
	if errors.Is(err, store.ErrNotFound) || a.Product == "" {
		return nil
	}
	if err != nil {
		return err
	}
	for _, g := range a.relied() {
		if why, ok := g.stands(p.Deployment, at); !ok {
			return &LapsedError{Finding: a.Finding, Why: why}
		}
	}
	return nil
}

// horizontal refuses the approval of a judgment of impact that is silent about a
// product line of the ledger, other than one that is nothing but the product itself.
func (a Assessment) horizontal(ctx context.Context, l *store.Ledger) error {
	if a.Impact == nil {
		return nil
	}
	var silent []string
	for line, err := range device.Lines.All(ctx, l, "") {
		if err != nil {
			return err
		}
		if p := line.Products(); len(p) == 1 && p[0] == a.Product {
			continue
		}
		if !slices.ContainsFunc(a.Impact.Lines, func(one Answered) bool { return one.What == line.ID }) {
			silent = append(silent, line.ID)
		}
	}
	if len(silent) > 0 {
		return &LinesError{Finding: a.Finding, Lines: silent}
	}
	return nil
}

// same reports whether two values are kept as the same text.
func same[T any](a, b T) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// begins reports whether list begins with all of head.
func begins[T any](list, head []T) bool {
	return len(list) >= len(head) && (len(head) == 0 || same(list[:len(head)], head))
}
