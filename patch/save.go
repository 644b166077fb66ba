package patch

import (
	"context"
	"errors"
	"fmt"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/store"
)

// Save keeps p in its drawer, in an act of its own, unless the ledger says
// exactly that already. An approval that is new there must be written by the one
// who gave it. Whether the writer is who he says is for the ledger's Authorize.
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
		before, err := Plans.Get(tx, p.Key())
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if fresh(before.Approved, p.Approved) && !assess.SamePerson(p.Approved.By, by.Who) {
			return fmt.Errorf("patch: the plan was approved by %q and is written by %q", p.Approved.By, by.Who)
		}
		_, err = Plans.PutIfChanged(tx, p, refs...)
		return err
	})
}

// fresh reports whether now is an approval that was not there before.
func fresh(before, now *assess.Approval) bool {
	if now == nil || before == nil {
		return now != nil
	}
	return now.By != before.By || now.Why != before.Why || now.Digest != before.Digest || now.Identity != before.Identity || !now.At.Equal(before.At)
}
