package patch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/store"
)

// ErrPutOff says that a release day which the ledger holds was to be replaced by
// a later one, on the same evidence. Propose with the earlier plans keeps it.
var ErrPutOff = errors.New("patch: a planned release day would be put off")

// Save keeps p in its drawer, in an act of its own, unless the ledger says
// exactly that already. An approval that is new there must be written by the one
// who gave it, after the plan was written, word for word, by the one who proposed
// it (assess.ErrNotProposed). A release day is not put off (ErrPutOff), and
// nothing happened after the act. Whether the writer is who he says is for the
// ledger's Authorize.
func Save(ctx context.Context, l *store.Ledger, by store.By, p Plan, refs ...store.Ref) error {
	if err := p.wrong(); err != nil {
		return err
	}
	if p.Approved != nil {
		if err := p.Validate(); err != nil {
			return err
		}
	}
	return l.Do(ctx, by, func(tx *store.Tx) error {
		if last := p.last(); last.After(tx.At()) {
			return fmt.Errorf("patch: plan for %q tells of %s, which is after it is written", p.Finding, last.Format(time.RFC3339))
		}
		before, err := Plans.Get(tx, p.Key())
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if fresh(before.Approved, p.Approved) {
			if err := p.signed(ctx, l, by.Who); err != nil {
				return err
			}
		}
		if err := p.punctual(ctx, l); err != nil {
			return err
		}
		_, err = Plans.PutIfChanged(tx, p, refs...)
		return err
	})
}

// last is the latest instant at which p says that somebody did something.
func (p Plan) last() time.Time {
	last := p.Proposed.At
	later := func(t time.Time) {
		if t.After(last) {
			last = t
		}
	}
	if p.Approved != nil {
		later(p.Approved.At)
	}
	if p.Cycle != nil {
		later(p.Cycle.Approved.At)
	}
	for _, c := range p.Clocks {
		later(c.Start)
	}
	return last
}

// fresh reports whether now is an approval that was not there before.
func fresh(before, now *assess.Approval) bool {
	if now == nil || before == nil {
		return now != nil
	}
	return now.By != before.By || now.Why != before.Why || now.Digest != before.Digest || now.Identity != before.Identity || !now.At.Equal(before.At)
}

// signed checks that who may write the approval of p.
func (p Plan) signed(ctx context.Context, l *store.Ledger, who string) error {
	if p.Approved.By != who {
		return fmt.Errorf("patch: the plan was approved by %q and is written by %q", p.Approved.By, who)
	}
	wrote, err := assess.Wrote(ctx, l, Plans, p.Key(), p.Proposed.By, func(q Plan) bool {
		content, err := q.content()
		return err == nil && content == p.Approved.Digest
	})
	if err == nil && !wrote {
		err = fmt.Errorf("patch: the plan is approved, and %q has not written it to the ledger before: %w", p.Proposed.By, assess.ErrNotProposed)
	}
	return err
}

// punctual checks that p puts no release day off.
func (p Plan) punctual(ctx context.Context, l *store.Ledger) error {
	if p.Due.IsZero() {
		return nil
	}
	for e, err := range Plans.History(ctx, l, p.Key()) {
		if err != nil {
			return err
		}
		q, err := Plans.Decode(e)
		if err != nil {
			return err
		}
		if q.holds(p) && q.Due.Before(p.Due) {
			return fmt.Errorf("%w: %q from %s to %s", ErrPutOff, p.Finding, q.Day, p.Day)
		}
	}
	return nil
}
