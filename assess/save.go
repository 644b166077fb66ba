package assess

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/open-postmarket/postmarket/store"
)

// ErrHistory says that a record was to be replaced by one that forgets what it
// said: a move of Learned, or a determination that was approved.
var ErrHistory = errors.New("assess: earlier decisions would be lost")

// Save keeps a in its drawer, in an act of its own, unless the ledger says
// exactly that already. It checks what a alone cannot tell: that a determination
// or a later instant of learning is written by the one who approved it, and that
// nothing decided before is lost (ErrHistory). Whether the writer is who he says
// is for the ledger's Authorize.
func Save(ctx context.Context, l *store.Ledger, by store.By, a Assessment, refs ...store.Ref) error {
	if err := a.Check(); err != nil {
		return err
	}
	return l.Do(ctx, by, func(tx *store.Tx) error {
		before, err := Assessments.Get(tx, a.Key())
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err := a.follows(before, by.Who); err != nil {
			return err
		}
		_, err = Assessments.PutIfChanged(tx, a, refs...)
		return err
	})
}

// follows checks that who may write a after before, which may be zero.
func (a Assessment) follows(before Assessment, who string) error {
	moved := a.Instants.Moved
	old := before.Instants.Moved
	if !begins(moved, old) {
		return fmt.Errorf("%w: a move of the instant of learning of %q", ErrHistory, a.Finding)
	}
	if before.Finding != "" && (!a.Instants.Seen.Equal(before.Instants.Seen) || !a.Instants.Signal.Equal(before.Instants.Signal)) {
		return fmt.Errorf("%w: when %q was seen or signaled; use MoveLearned", ErrHistory, a.Finding)
	}
	for _, c := range moved[len(old):] {
		if c.Approval != nil && !SamePerson(c.Approval.By, who) {
			return fmt.Errorf("assess: the later instant of learning was approved by %q and is written by %q", c.Approval.By, who)
		}
	}
	kept := before.Earlier
	if before.State() == Determined && (a.State() != Determined || !same(*a.Determination, *before.Determination)) {
		d := *before.Determination
		if n := len(kept); len(a.Earlier) > n {
			d.Ended = a.Earlier[n].Ended
		}
		kept = append(kept[:len(kept):len(kept)], d)
	}
	if !begins(a.Earlier, kept) {
		return fmt.Errorf("%w: a determination of %q", ErrHistory, a.Finding)
	}
	fresh := a.State() == Determined && (before.State() != Determined || !same(*a.Determination, *before.Determination))
	if fresh && !SamePerson(a.Determination.Approved.By, who) {
		return fmt.Errorf("assess: the determination was approved by %q and is written by %q", a.Determination.Approved.By, who)
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
