package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"reflect"
	"sync"
	"time"
)

// Options of a Ledger. Nil and the zero value are fine.
type Options struct {
	// Now is the clock. Nil means time.Now.
	Now func() time.Time
	// Authorize may refuse an act before it is kept; its error is what Do
	// returns. Nil allows every act: who may do what is the host's to say.
	Authorize func(ctx context.Context, a Act) error
}

// A Ledger is what programs write to and read from. It is safe for use by many
// goroutines. It holds nothing that must be closed; its Driver does.
type Ledger struct {
	d         Driver
	now       func() time.Time
	authorize func(context.Context, Act) error
	types     sync.Map // kind → reflect.Type, so that one name never has two
}

// New returns a Ledger on d.
func New(d Driver, opts *Options) *Ledger {
	l := &Ledger{d: d, now: time.Now}
	if opts != nil {
		if opts.Now != nil {
			l.now = opts.Now
		}
		l.authorize = opts.Authorize
	}
	return l
}

// By says who writes and why. Both are needed.
type By struct {
	// Who is a stable id that the host gives a person or a system. It stays in
	// the ledger for good: an id, not a name.
	Who string
	// Why is the reason in words, for a reader in ten years.
	Why string
	// Sign is called after fn with the digest of its writes, again only if they
	// changed because fn ran again. Nil means unsigned.
	Sign func(ctx context.Context, digest [32]byte) (Signature, error)
}

// Do runs fn and then keeps everything it put, all or nothing, as one act.
// There is no other way to write.
//
// When a record that fn read through tx was changed by another act meanwhile,
// fn runs again on what is there now, after a short and growing pause, until
// it goes through or ctx ends; so fn must have no effects other than on tx and
// on variables it sets anew each time. Acts that read different records never
// disturb each other. An error of fn is returned as it is and nothing is kept.
// An fn that puts nothing leaves no trace.
func (l *Ledger) Do(ctx context.Context, by By, fn func(*Tx) error) error {
	if err := checkBy(by.Who, by.Why); err != nil {
		return err
	}
	var signed signed
	for run := 1; ; run++ {
		again, err := l.try(ctx, by, fn, &signed)
		if !again {
			return err
		}
		if end := pause(ctx, run); end != nil {
			return fmt.Errorf("store: given up after %d runs: %w: %w", run, ErrConflict, end)
		}
	}
}

// signed remembers the last signature, so that a person who signs is not asked
// twice about the same writes.
type signed struct {
	digest [32]byte
	sig    *Signature
}

// try is one run of fn. Again means that a record it read has changed.
func (l *Ledger) try(ctx context.Context, by By, fn func(*Tx) error, last *signed) (again bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, fmt.Errorf("store: %w", err)
	}
	at, err := l.at(ctx)
	if err != nil {
		return false, err
	}
	tx := &Tx{ctx: ctx, l: l, at: at, seen: map[Name]Entry{}, puts: map[Name]int{}}
	err = fn(tx)
	tx.l = nil
	if err == nil {
		err = tx.err
	}
	if err != nil {
		// What fn could not make sense of may have been half of an older and
		// half of a newer moment.
		return len(tx.seen) > 1 && l.stale(ctx, tx), err
	}
	if len(tx.writes) == 0 {
		return false, nil
	}
	a := Act{Who: by.Who, Why: by.Why, At: at, Writes: tx.writes, Seen: tx.reads()}
	if by.Sign != nil {
		if d := a.Digest(); last.sig == nil || d != last.digest {
			sig, err := by.Sign(ctx, d)
			if err != nil {
				return false, fmt.Errorf("store: sign: %w", err)
			}
			*last = signed{d, &sig}
		}
		a.Signature = last.sig
	}
	if l.authorize != nil {
		if err := l.authorize(ctx, a); err != nil {
			return false, fmt.Errorf("store: act of %q refused: %w", by.Who, err)
		}
	}
	_, err = l.d.Commit(ctx, a)
	return errors.Is(err, ErrConflict), err
}

// at is the time of an act that begins now.
func (l *Ledger) at(ctx context.Context) (time.Time, error) {
	now := micro(l.now())
	head, err := l.d.Head(ctx)
	if errors.Is(err, ErrNotFound) {
		return now, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	if now.Before(head.At) {
		now = head.At
	}
	return now, nil
}

// stale reports whether a record that tx read is no longer so. In doubt it is
// not, and the error at hand is returned.
func (l *Ledger) stale(ctx context.Context, tx *Tx) bool {
	for _, s := range tx.reads() {
		e, err := l.d.Latest(ctx, s.Kind, s.Key)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return false
		}
		if e.Seq != s.Seq {
			return true
		}
	}
	return false
}

// pause waits a random while that grows with run, at most 100 ms.
func pause(ctx context.Context, run int) error {
	most := 100 * time.Millisecond
	if run < 7 {
		most = time.Millisecond << run
	}
	t := time.NewTimer(rand.N(most))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Trail yields the entries with a Seq above after, in order: those of the
// named records, or all when none is named. A Name without a Key stands for
// every record of its kind. The body may write to the ledger; what it writes
// comes with the next range.
func (l *Ledger) Trail(ctx context.Context, after int64, of ...Name) iter.Seq2[Entry, error] {
	return l.d.Trail(ctx, after, of...)
}

// claim refuses a second type under one kind.
func (l *Ledger) claim(kind string, t reflect.Type) error {
	if had, ok := l.types.Load(kind); ok {
		if had != t {
			return fmt.Errorf("store: kind %q holds %v, not %v", kind, had, t)
		}
		return nil
	}
	if err := checkKind(kind); err != nil {
		return err
	}
	if had, _ := l.types.LoadOrStore(kind, t); had != t {
		return fmt.Errorf("store: kind %q holds %v, not %v", kind, had, t)
	}
	return nil
}
