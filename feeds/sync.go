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
	// Batch is how many records are kept in one transaction. 0 means 500.
	Batch int
	// Progress, if set, is called after each batch that was kept.
	Progress func(Progress)
}

// Progress says how far a sync has come.
type Progress struct {
	Source            string
	Records, Rejected int
}

// A Synced says what one sync did.
type Synced struct {
	Source string
	// Records counts those read; Gone those that the source no longer holds.
	Records, Gone int
	// Rejected are the records that could not be read; the rest went on.
	Rejected []*RecordError
	// Unsure says that the source told all it holds, yet nothing was taken for
	// gone: the reading was resumed midway, or a record that could not be read may
	// be the one that is missing.
	Unsure bool
	Cursor Cursor
}

// Sync reads what source has changed and keeps it in mirror, records and cursor
// together. A record that cannot be read is put in quarantine and the rest goes
// on. Of a record that is told more than once in one reading the one that was
// modified last stands, and the last told among equals. When the reading fails the error is counted in the source's Standing, the
// cursor stays at the last safe place, and the error is returned. A cancelled
// context ends the sync without being counted as a failure of the source.
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
		source: source, mirror: mirror, opts: *opts, from: standing.Cursor, next: standing.Cursor,
		resumed: standing.Midway, told: map[string]time.Time{}, out: Synced{Source: name},
	}
	if s.opts.Batch <= 0 {
		s.opts.Batch = 500
	}
	err = s.read(ctx)
	s.out.Cursor = s.from
	return s.out, err
}

// syncing is one sync under way.
type syncing struct {
	source     Source
	mirror     Mirror
	opts       SyncOptions
	from, next Cursor
	resumed    bool
	// told are the items of this reading, with when each says it was modified.
	told     map[string]time.Time
	records  []Record
	rejected []Rejected
	gone     []string
	out      Synced
}

func (s *syncing) read(ctx context.Context) error {
	name := s.source.Name()
	for u, err := range s.source.Updates(ctx, s.from) {
		var bad *RecordError
		switch {
		case errors.As(err, &bad):
			s.reject(bad)
		case err != nil:
			return s.fail(ctx, err)
		case u.Whole:
			s.next = u.Next
			if err := s.whole(ctx); err != nil {
				return s.fail(ctx, err)
			}
		case u.Record.Item == "":
			s.next = u.Next
		default:
			s.next = u.Next
			if err := s.take(u.Record, name); err != nil {
				s.reject(&RecordError{Source: name, Item: u.Record.Item, Err: err})
			}
		}
		if len(s.records)+len(s.rejected) >= s.opts.Batch {
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

func (s *syncing) take(r Record, name string) error {
	if r.Source != name {
		return fmt.Errorf("feeds: is of the source %q", r.Source)
	}
	if err := r.Validate(); err != nil {
		return err
	}
	s.out.Records++
	if before, twice := s.told[r.Item]; twice && r.Modified.Before(before) {
		return nil // an older copy, told after a newer one
	}
	s.told[r.Item] = r.Modified
	s.records = append(s.records, r)
	return nil
}

func (s *syncing) reject(bad *RecordError) {
	if _, told := s.told[bad.Item]; !told {
		s.told[bad.Item] = time.Time{}
	}
	s.rejected = append(s.rejected, Rejected{Item: bad.Item, Digest: bad.Digest, Why: bad.Err.Error()})
	s.out.Rejected = append(s.out.Rejected, bad)
}

// whole finds what the mirror holds and the reading did not tell. A record that could
// not be read and whose id is not known either may be any of them, so then
// nothing is taken for gone.
func (s *syncing) whole(ctx context.Context) error {
	if s.resumed {
		s.out.Unsure = true
		return nil
	}
	held := map[string]bool{}
	for item, err := range s.mirror.Items(ctx, s.source.Name()) {
		if err != nil {
			return err
		}
		held[item] = true
		if _, told := s.told[item]; !told {
			s.gone = append(s.gone, item)
		}
	}
	for _, bad := range s.out.Rejected {
		if !held[bad.Item] && len(s.gone) > 0 {
			s.out.Unsure, s.gone = true, nil
		}
	}
	return nil
}

// keep hands over what has gathered, and adds to b what it says of its own.
func (s *syncing) keep(ctx context.Context, b Batch) error {
	b.Source, b.At, b.From, b.Next = s.source.Name(), s.opts.At, s.from, s.next
	b.Records, b.Gone, b.Rejected = s.records, s.gone, s.rejected
	if err := s.mirror.Keep(ctx, b); err != nil {
		return fmt.Errorf("feeds: keep %s: %w", b.Source, err)
	}
	s.out.Gone += len(s.gone)
	s.from, s.records, s.gone, s.rejected = s.next, nil, nil, nil
	if s.opts.Progress != nil {
		s.opts.Progress(Progress{Source: b.Source, Records: s.out.Records, Rejected: len(s.out.Rejected)})
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
	s.gone = nil
	return errors.Join(cause, s.keepFailed(ctx, cause))
}

func (s *syncing) keepFailed(ctx context.Context, cause error) error {
	if len(s.records)+len(s.rejected) > 0 {
		if err := s.keep(ctx, Batch{}); err != nil {
			return err
		}
	}
	b := Batch{Source: s.source.Name(), At: s.opts.At, From: s.from, Next: s.from, Failed: cause.Error()}
	if err := s.mirror.Keep(ctx, b); err != nil {
		return fmt.Errorf("feeds: keep the failure of %s: %w", b.Source, err)
	}
	return nil
}
