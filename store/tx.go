package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Tx is one run of an act's function. It is for that function's goroutine
// and is of no use once the function returned.
type Tx struct {
	ctx    context.Context // of the Do that runs; Kind.Get and Kind.Put act within it
	l      *Ledger         // nil after the run
	at     time.Time
	seen   map[Name]Entry // as found; Seq 0 = not there
	order  []Name         // of seen
	writes []Write
	puts   map[Name]int // index in writes
	err    error        // the first error of a put or a read that failed
}

var errOver = errors.New("store: tx used after its act ended")

// At is the time of the act: UTC, whole microseconds, not before any entry
// there was when it began. The entries carry it too, unless an act that began
// later was kept earlier: then they carry that one's time.
func (tx *Tx) At() time.Time { return tx.at }

// get is the newest entry of n: what this act put, else what is stored.
func (tx *Tx) get(n Name) (Entry, error) {
	if tx.l == nil {
		return Entry{}, errOver
	}
	if err := n.check(); err != nil {
		return Entry{}, err
	}
	if i, ok := tx.puts[n]; ok {
		w := tx.writes[i]
		return Entry{Name: n, Version: w.Version, Body: w.Body, Refs: w.Refs}, nil
	}
	e, ok := tx.seen[n]
	if !ok {
		var err error
		e, err = tx.l.d.Latest(tx.ctx, n.Kind, n.Key)
		if err != nil && !errors.Is(err, ErrNotFound) {
			tx.fail(err)
			return Entry{}, err
		}
		tx.seen[n] = e
		tx.order = append(tx.order, n)
	}
	if e.Seq == 0 {
		return Entry{}, fmt.Errorf("store: %s: %w", n, ErrNotFound)
	}
	return e, nil
}

// put adds w to the act, in place of an earlier put of the same record.
func (tx *Tx) put(w Write) error {
	if tx.l == nil {
		return errOver
	}
	if err := w.check(); err != nil {
		tx.fail(err)
		return err
	}
	if i, ok := tx.puts[w.Name]; ok {
		tx.writes[i] = w
		return nil
	}
	tx.puts[w.Name] = len(tx.writes)
	tx.writes = append(tx.writes, w)
	return nil
}

// fail sees to it that an error which fn overlooks still stops the act.
func (tx *Tx) fail(err error) {
	if tx.err == nil {
		tx.err = err
	}
}

// reads lists what was seen, in the order of reading.
func (tx *Tx) reads() []Seen {
	var s []Seen
	for _, n := range tx.order {
		s = append(s, Seen{Name: n, Seq: tx.seen[n].Seq})
	}
	return s
}
