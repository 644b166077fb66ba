package feeds

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// SyncOptions change how a sync is done. At is required; nil options are an error.
type SyncOptions struct {
	// At is the instant of the sync, UTC: records first kept now carry it.
	At time.Time
	// Batch is how many records are kept in one transaction. 0 means 500, and of a
	// source that tells bytes as many as make 8 MiB, 2,000 at most.
	Batch int
	// Progress, if set, is called after each batch that was kept.
	Progress func(Progress)
}

// Progress says how far a sync has come: what is kept.
type Progress struct {
	Source            string
	Records, Rejected int
	// Bytes is how much of what the publisher sent that took; 0 when the source
	// does not tell (see [Update]).
	Bytes int64
}

// A Synced says what one sync did, also one that ended in an error: what it
// counts is kept.
type Synced struct {
	Source string
	// Records counts those read; Gone those that the source no longer holds;
	// Mended what left the quarantine because a whole reading did not find it bad again.
	Records, Gone, Mended int
	// Bytes is how much of what the publisher sent was read; 0 when the source
	// does not tell.
	Bytes int64
	// Rejected are the records that could not be read; the rest went on.
	Rejected []*RecordError
	// Unsure says that the source told all it holds, yet nothing was taken for
	// gone: the reading was resumed midway, or a record that could not be read may
	// be the one that is missing.
	Unsure bool
	Cursor Cursor
}

// Partial reports whether something that the source holds is known to be missing,
// or what is gone is not known.
func (s Synced) Partial() bool { return len(s.Rejected) > 0 || s.Unsure }

// Sync reads what source has changed and keeps it in mirror, records and cursor
// together. A record that cannot be read is put in quarantine and the rest goes
// on; a [Update.Whole] reading lets go of what it did not find bad again. Of a
// record that is told more than once in one reading the one that was modified
// last stands, and the last told among equals.
//
// When the reading fails the error is counted in the source's Standing, the
// cursor stays at the last safe place, and the error is returned. When the mirror
// fails, what was kept before stays, with its cursor. Either way the next sync
// goes on from there. A cancelled context ends the sync without being counted as
// a failure of the source. Of two syncs of one source at once, one ends in
// [ErrConflict].
//
// While a batch is kept the next one is read, so mirror is used from another
// goroutine; it has ended when Sync returns.
func Sync(ctx context.Context, source Source, mirror Mirror, opts *SyncOptions) (Synced, error) {
	name := source.Name()
	if opts == nil || opts.At.IsZero() {
		return Synced{}, errors.New("feeds: sync needs the instant it happens at")
	}
	if err := CheckName(name); err != nil {
		return Synced{}, err
	}
	standing, err := mirror.Standing(ctx, name)
	if err != nil {
		return Synced{}, fmt.Errorf("feeds: standing of %s: %w", name, err)
	}
	s := syncing{
		source: source, mirror: mirror, opts: *opts, turn: standing.Turn, from: standing.Cursor, next: standing.Cursor,
		resumed: standing.Midway, told: map[string]time.Time{}, out: Synced{Source: name, Cursor: standing.Cursor},
	}
	err = s.read(ctx)
	return s.out, errors.Join(err, s.land())
}

// syncing is one sync under way.
type syncing struct {
	source     Source
	mirror     Mirror
	opts       SyncOptions
	turn       int64 // of the last batch handed over
	from, next Cursor
	resumed    bool
	// told are the items of this reading, with when each says it was modified.
	told map[string]time.Time
	// bad are the items and places of this reading that could not be read.
	bad    map[string]bool
	now    part
	flying *flight
	out    Synced
}

// part is what has gathered for the next batch.
type part struct {
	records      []Record
	read         int // of them, older copies included
	errors       []*RecordError
	gone, mended []string
	bytes        int64
}

// A flight is a batch that is being kept.
type flight struct {
	part
	next Cursor
	done chan error
}

func (s *syncing) read(ctx context.Context) error {
	name := s.source.Name()
	for u, err := range s.source.Updates(ctx, s.from) {
		s.now.bytes += u.Bytes
		var bad *RecordError
		switch {
		case errors.As(err, &bad):
			s.reject(bad)
		case err != nil:
			return s.fail(ctx, err)
		case u.Whole:
			s.next = u.Next
			if err := s.whole(ctx); err != nil {
				return err
			}
		case u.Record.Item == "":
			s.next = u.Next
		default:
			s.next = u.Next
			if err := s.take(u.Record, name); err != nil {
				s.reject(&RecordError{Source: name, Item: u.Record.Item, Err: err})
			}
		}
		if s.full() {
			if err := s.keep(ctx, Batch{}); err != nil {
				return err
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("feeds: sync of %s: %w", name, err)
	}
	return s.keep(ctx, Batch{Done: true})
}

// full reports whether what has gathered makes a batch. A batch is in memory as a
// whole, so its bytes bound it where they are known.
func (s *syncing) full() bool {
	n := len(s.now.records) + len(s.now.errors)
	switch {
	case s.opts.Batch > 0:
		return n >= s.opts.Batch
	case s.now.bytes == 0:
		return n >= 500
	}
	return n >= 2000 || n > 0 && s.now.bytes >= 8<<20
}

func (s *syncing) take(r Record, name string) error {
	if r.Source != name {
		return fmt.Errorf("feeds: is of the source %q", r.Source)
	}
	if err := r.Validate(); err != nil {
		return err
	}
	s.now.read++
	if before, twice := s.told[r.Item]; twice && r.Modified.Before(before) {
		return nil // an older copy, told after a newer one
	}
	s.told[r.Item] = r.Modified
	s.now.records = append(s.now.records, r)
	return nil
}

func (s *syncing) reject(bad *RecordError) {
	if _, told := s.told[bad.Item]; !told {
		s.told[bad.Item] = time.Time{}
	}
	if s.bad == nil {
		s.bad = map[string]bool{}
	}
	s.bad[bad.Item] = true
	s.now.errors = append(s.now.errors, bad)
}

// whole finds what the mirror holds and the reading did not tell. A record that could
// not be read and whose id is not known either may be any of them, so then
// nothing is taken for gone.
func (s *syncing) whole(ctx context.Context) error {
	if s.resumed {
		s.out.Unsure = true
		return nil
	}
	if err := s.land(); err != nil {
		return err
	}
	name := s.source.Name()
	held := map[string]bool{}
	for item, err := range s.mirror.Items(ctx, name) {
		if err != nil {
			return fmt.Errorf("feeds: items of %s: %w", name, err)
		}
		held[item] = true
		if _, told := s.told[item]; !told {
			s.now.gone = append(s.now.gone, item)
		}
	}
	for item := range s.bad {
		if !held[item] && len(s.now.gone) > 0 {
			s.out.Unsure, s.now.gone = true, nil
		}
	}
	for r, err := range s.mirror.Quarantine(ctx, name) {
		if err != nil {
			return fmt.Errorf("feeds: quarantine of %s: %w", name, err)
		}
		if !s.bad[r.Item] {
			s.now.mended = append(s.now.mended, r.Item)
		}
	}
	return nil
}

// keep hands over what has gathered, and adds to b what it says of its own. The
// last batch of a sync is waited for; of another one [syncing.land] tells the end.
func (s *syncing) keep(ctx context.Context, b Batch) error {
	if err := s.land(); err != nil {
		return err
	}
	s.turn++
	b.Source, b.At, b.From, b.Next, b.Turn = s.source.Name(), s.opts.At, s.from, s.next, s.turn
	b.Records, b.Gone, b.Mended = s.now.records, s.now.gone, s.now.mended
	for _, bad := range s.now.errors {
		b.Rejected = append(b.Rejected, Rejected{Item: bad.Item, Digest: bad.Digest, Why: bad.Err.Error()})
	}
	f := &flight{part: s.now, next: b.Next, done: make(chan error, 1)}
	s.flying, s.now, s.from = f, part{}, b.Next
	go func() { f.done <- s.mirror.Keep(ctx, b) }()
	if b.Done || b.Failed != "" {
		return s.land()
	}
	return nil
}

// land waits for the batch that is being kept, if one is.
func (s *syncing) land() error {
	f := s.flying
	if f == nil {
		return nil
	}
	s.flying = nil
	if err := <-f.done; err != nil {
		return fmt.Errorf("feeds: keep %s: %w", s.out.Source, err)
	}
	s.out.Cursor = f.next
	s.out.Records += f.read
	s.out.Bytes += f.bytes
	s.out.Gone += len(f.gone)
	s.out.Mended += len(f.mended)
	s.out.Rejected = append(s.out.Rejected, f.errors...)
	if s.opts.Progress != nil {
		s.opts.Progress(Progress{Source: s.out.Source, Records: s.out.Records, Rejected: len(s.out.Rejected), Bytes: s.out.Bytes})
	}
	return nil
}

// fail keeps what was read so far, without moving the cursor past it, and
// counts the failure.
func (s *syncing) fail(ctx context.Context, cause error) error {
	cause = fmt.Errorf("feeds: sync of %s: %w", s.source.Name(), cause)
	if ctx.Err() != nil {
		return cause
	}
	s.now.gone, s.now.mended = nil, nil
	return errors.Join(cause, s.keepFailed(ctx, cause))
}

func (s *syncing) keepFailed(ctx context.Context, cause error) error {
	if len(s.now.records)+len(s.now.errors) > 0 {
		if err := s.keep(ctx, Batch{}); err != nil {
			return err
		}
	}
	s.next = s.from
	return s.keep(ctx, Batch{Failed: cause.Error()})
}
