package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Checkpoint is the head of a ledger at one moment, small enough to be kept
// where the ledger's keeper cannot reach it: in a signed mail, on paper, with
// a notary. A chain cannot see that its own end was cut off; Verify with a
// Checkpoint can. The zero Checkpoint is that of an empty ledger.
type Checkpoint struct {
	Seq  int64     `json:"seq"`
	Hash Hash      `json:"hash"`
	At   time.Time `json:"at"` // of the head entry, for the reader only
}

// String is "seq:hash", which ParseCheckpoint reads.
func (c Checkpoint) String() string { return strconv.FormatInt(c.Seq, 10) + ":" + c.Hash.String() }

// ParseCheckpoint reads what String wrote; At is left zero.
func ParseCheckpoint(s string) (Checkpoint, error) {
	seq, hash, ok := strings.Cut(strings.TrimSpace(s), ":")
	n, err := strconv.ParseInt(seq, 10, 64)
	if !ok || err != nil || n < 0 {
		return Checkpoint{}, fmt.Errorf("store: %q is not a checkpoint (number:digest)", s)
	}
	c := Checkpoint{Seq: n}
	if err := c.Hash.UnmarshalText([]byte(hash)); err != nil {
		return Checkpoint{}, err
	}
	return c, nil
}

// Checkpoint returns the present head.
func (l *Ledger) Checkpoint(ctx context.Context) (Checkpoint, error) {
	head, err := l.d.Head(ctx)
	if errors.Is(err, ErrNotFound) {
		return Checkpoint{}, nil
	}
	if err != nil {
		return Checkpoint{}, err
	}
	return Checkpoint{Seq: head.Seq, Hash: head.Hash, At: head.At}, nil
}
