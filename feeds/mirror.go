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
var ErrConflict = errors.New("feeds: source does not stand at the batch's cursor")

// A Mirror is the local copy of what the world says: bulk, re-fetchable, no
// audit trail. Iterators hold nothing while the loop body runs, so a reader may
// write while it reads.
type Mirror interface {
	// Keep takes records and cursor in one transaction. It fails with
	// [ErrConflict] unless b.Source stands at b.From. An equal body writes no
	// record row; a new body with an equal digest writes no Change.
	Keep(ctx context.Context, b Batch) error
	// Standing says how a source stands; the zero Standing (with its Source) for
	// one never kept.
	Standing(ctx context.Context, source string) (Standing, error)
	// Items yields the items a source holds, sorted, without those that are gone.
	Items(ctx context.Context, source string) iter.Seq2[string, error]
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
	Records    []Record
	// Gone are the items that the source no longer holds.
	Gone     []string
	Rejected []Rejected
	// Failed is the error the reading ended in; empty when it did not. It is
	// counted in the Standing, and the cursor stays at From.
	Failed string
	// Done says that the reading ended here, without an error.
	Done bool
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
	Item   string `json:"item"`
	Digest string `json:"digest,omitempty"`
	Why    string `json:"why"`
}

// A Standing says how a source stands in a mirror. Times are UTC; zero means never.
type Standing struct {
	Source string
	Cursor Cursor
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
	// Gone says that the source no longer holds it.
	Gone bool
}
