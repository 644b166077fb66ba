package feeds

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/open-postmarket/postmarket/sbom"
)

// ErrConflict says that a source does not stand where a batch says it does:
// another sync was faster.
var ErrConflict = errors.New("feeds: source does not stand where the batch begins")

// A Mirror is the local copy of what the world says: bulk, re-fetchable, no
// audit trail. Iterators hold nothing while the loop body runs, so a reader may
// write while it reads.
type Mirror interface {
	// Keep takes records and cursor in one transaction: a reader sees all of a
	// batch or nothing of it. It fails with [ErrConflict] unless b.Source stands
	// at b.From and it is b's turn. An equal body writes no record row; a new
	// body with an equal digest writes no Change.
	Keep(ctx context.Context, b Batch) error
	// Standing says how a source stands; the zero Standing (with its Source) for
	// one never kept.
	Standing(ctx context.Context, source string) (Standing, error)
	// Items yields the items a source holds, sorted, without those that are gone.
	Items(ctx context.Context, source string) iter.Seq2[string, error]
	// Quarantine yields what of a source could not be read, by item.
	Quarantine(ctx context.Context, source string) iter.Seq2[Rejected, error]
	// About yields the records that stand at any of the coordinates, each once,
	// by source and item.
	About(ctx context.Context, at ...sbom.Coordinate) iter.Seq2[Record, error]
	// Named yields the records that name any of the ids, each once, by source
	// and item.
	Named(ctx context.Context, ids ...ID) iter.Seq2[Record, error]
	// Changed yields the last change of each record after a position, by
	// position, those of records that are gone included.
	Changed(ctx context.Context, after int64) iter.Seq2[Change, error]
	// History yields every change ever kept of the records that name any of the
	// ids, by position.
	History(ctx context.Context, ids ...ID) iter.Seq2[Change, error]
}

// A Batch is what one step of a sync hands to a mirror.
type Batch struct {
	Source string
	// At is when it was read, UTC.
	At time.Time
	// From is where the source has to stand; Next is where it stands afterwards.
	From, Next Cursor
	// Turn is which batch of its source this is, counted from 1. 0 leaves that
	// open. It tells two syncs apart where the cursor cannot: a source that is read
	// anew each time stands at the same cursor before and after.
	Turn    int64
	Records []Record
	// Gone are the items that the source no longer holds.
	Gone []string
	// Rejected go into quarantine, in the place of an older one of the same
	// item. What Records, Gone and Mended name leaves it first.
	Rejected []Rejected
	// Mended are items, or places, in quarantine that a reading of all that the
	// source holds did not find bad again.
	Mended []string
	// Failed is the error the reading ended in; empty when it did not. It is
	// counted in the Standing, and the cursor stays at From.
	Failed string
	// Done says that the reading ended here, without an error.
	Done bool
}

// Follows says with [ErrConflict] that b is not the next batch of a source that
// stands so.
func (b Batch) Follows(s Standing) error {
	switch {
	case s.Cursor != b.From:
		return fmt.Errorf("it stands at %q, not at %q: %w", s.Cursor, b.From, ErrConflict)
	case b.Turn != 0 && b.Turn != s.Turn+1:
		return fmt.Errorf("batch %d is next, not batch %d: %w", s.Turn+1, b.Turn, ErrConflict)
	}
	return nil
}

// Check says what keeps b from being kept: a wrong source, a record of another
// one or without an item, a failed batch that moves the cursor.
func (b Batch) Check() error {
	if err := CheckName(b.Source); err != nil {
		return err
	}
	if b.At.IsZero() {
		return fmt.Errorf("feeds: a batch of %s without a time", b.Source)
	}
	if b.Turn < 0 {
		return fmt.Errorf("feeds: a batch of %s has the turn %d", b.Source, b.Turn)
	}
	if b.Failed != "" && (b.Next != b.From || b.Done) {
		return fmt.Errorf("feeds: a failed batch of %s moves the cursor", b.Source)
	}
	for _, r := range b.Records {
		if err := r.Validate(); err != nil {
			return err
		}
		if r.Source != b.Source {
			return fmt.Errorf("feeds: a batch of %s holds a record of %s", b.Source, r.Source)
		}
	}
	return nil
}

// A Rejected is a record that could not be read, kept in quarantine.
type Rejected struct {
	// Item is the publisher's id of the record, or its place when the id could
	// not be read.
	Item string `json:"item"`
	// Digest is the lower-case hex SHA-256 of the record's bytes; empty when
	// there are none.
	Digest string `json:"digest,omitempty"`
	Why    string `json:"why"`
	// At is when it was last found bad, UTC. A mirror sets it from the batch.
	At time.Time `json:"at,omitzero"`
}

// A Standing says how a source stands in a mirror. Times are UTC; zero means never.
type Standing struct {
	Source string
	Cursor Cursor
	// Turn counts the batches ever kept, those of failed readings too.
	Turn int64
	// Records counts those held, without those that are gone; Quarantined counts
	// the items whose newest version could not be read.
	Records, Quarantined int
	// Tried is the last time a batch came; Succeeded the last time a reading
	// ended without an error; Changed the last time a record changed.
	Tried, Succeeded, Changed time.Time
	// Midway says that a reading moved the cursor and has not ended: the next one
	// goes on amid it, and does not tell everything.
	Midway bool
	// Failures counts the readings that failed since one succeeded; Failed is
	// the newest error.
	Failures int
	Failed   string
}

// Age is how long before at a reading last ended without an error. ok is false
// when none ever did.
func (s Standing) Age(at time.Time) (age time.Duration, ok bool) {
	if s.Succeeded.IsZero() {
		return 0, false
	}
	return at.Sub(s.Succeeded), true
}

// A Change says that a record changed in the mirror.
type Change struct {
	// Position grows by every change of any record; it is never visible before
	// all lower ones.
	Position     int64
	Source, Item string
	// First is when the record was first kept, At when this change was.
	First, At time.Time
	// Digest is the record's digest from this change on; empty when Gone.
	Digest string
	// Said is when the record, in the form it had from this change on, says that it was published,
	// UTC; zero when it does not, and when it is gone.
	Said time.Time
	// Gone says that the source no longer holds it.
	Gone bool
}
