package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
)

// Verify reads the whole ledger and computes every digest again. A
// *TamperError names the first entry that is changed, missing or out of place,
// or that a known checkpoint says should be otherwise. Without a checkpoint an
// end that was cut off goes unseen.
//
// Signatures are covered by the chain as bytes; whether they are good is for
// the host to ask, with ActOf and Digest.
func (l *Ledger) Verify(ctx context.Context, known ...Checkpoint) error {
	at := map[int64][]Hash{}
	for _, c := range known {
		at[c.Seq] = append(at[c.Seq], c.Hash)
	}
	head, err := l.d.Head(ctx)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	var prev Entry
	for e, err := range l.d.Trail(ctx, 0) {
		if err != nil {
			return err
		}
		if err := follows(prev, e); err != nil {
			return err
		}
		for _, h := range at[e.Seq] {
			if h != e.Hash {
				return &TamperError{e.Seq, "not the entry a known checkpoint saw"}
			}
		}
		if e.Seq == head.Seq && e.Hash != head.Hash {
			return &TamperError{e.Seq, "the head is another entry"}
		}
		prev = e
	}
	last := max(head.Seq, 0)
	for _, c := range known {
		if c.Seq == 0 && !c.Hash.IsZero() {
			return fmt.Errorf("store: checkpoint %s names no entry but has a digest", c)
		}
		last = max(last, c.Seq)
	}
	if prev.Seq < last {
		return &TamperError{prev.Seq + 1, fmt.Sprintf("missing, as is all up to entry %d", last)}
	}
	return nil
}

// follows checks that e is what may come after prev.
func follows(prev, e Entry) error {
	want := prev.Seq + 1
	switch {
	case e.Seq != want:
		return &TamperError{want, fmt.Sprintf("missing, entry %d comes in its place", e.Seq)}
	case e.Hash != e.digest():
		return &TamperError{e.Seq, "its content does not give its digest"}
	case e.Prev != prev.Hash:
		return &TamperError{e.Seq, "it does not follow the entry before"}
	case e.At.Before(prev.At):
		return &TamperError{e.Seq, "it is older than the entry before"}
	case e.Act == e.Seq:
		return nil
	case e.Act != prev.Act:
		return &TamperError{e.Seq, fmt.Sprintf("it belongs to act %d, which is not open", e.Act)}
	case e.Who != prev.Who || e.Why != prev.Why || !e.At.Equal(prev.At) || !sameSignature(e.Signature, prev.Signature):
		return &TamperError{e.Seq, "it differs from its act in who, why, when or signature"}
	}
	return nil
}

func sameSignature(a, b *Signature) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.KeyID == b.KeyID && a.Algorithm == b.Algorithm && bytes.Equal(a.Bytes, b.Bytes)
}
