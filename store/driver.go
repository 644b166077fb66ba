package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
)

// What can go wrong in any store. Drivers wrap these; test with errors.Is.
var (
	// ErrNotFound: there is no such record, or no entry at all.
	ErrNotFound = errors.New("not found")
	// ErrConflict: a record changed after it was read.
	ErrConflict = errors.New("changed meanwhile")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("closed")
)

// A Driver keeps entries for a Ledger. None of its verbs updates or deletes.
// Most programs only make one and hand it to New.
//
// All methods may be called at once from many goroutines. After Close each
// gives ErrClosed. When ctx ends they give an error for which errors.Is(err,
// ctx.Err()) holds, and nothing half done stays behind. What they return is
// the caller's to change.
//
// An iterator does nothing before its first range, each range starts anew and
// tells of one moment: entries up to the head as it was when that range began.
// It must not hold a connection or a lock while the loop body runs, so that
// the body may read and write. An error is the last thing yielded.
type Driver interface {
	// Commit adds the entries of one act, all or none, and returns them once
	// they are durable. Alone among writers, in this order: each of a.Seen must
	// still be the last entry of its record, else the error is ErrConflict;
	// Seal(head, a) makes the entries; they are inserted. No other reason is
	// ErrConflict.
	Commit(ctx context.Context, a Act) ([]Entry, error)
	// Latest is the last entry of one record, or ErrNotFound.
	Latest(ctx context.Context, kind, key string) (Entry, error)
	// Head is the last entry of all, or ErrNotFound when there is none.
	Head(ctx context.Context) (Entry, error)
	// Scan yields the last entry of each record of a kind whose key begins with
	// prefix, in the byte order of the keys.
	Scan(ctx context.Context, kind, prefix string) iter.Seq2[Entry, error]
	// Trail yields the entries with a Seq above after, in order: those of the
	// named records, or all when none is named. A Name without a Key stands for
	// every record of its kind.
	Trail(ctx context.Context, after int64, of ...Name) iter.Seq2[Entry, error]
	// Close gives up what the driver holds. A second Close does nothing.
	Close() error
}

// A TamperError says that what is stored is not what was written.
type TamperError struct {
	Seq int64  // the first entry that is wrong or missing
	Why string // what does not fit
}

func (e *TamperError) Error() string {
	return fmt.Sprintf("store: the ledger was changed at entry %d: %s", e.Seq, e.Why)
}

// A VersionError says that a body was written in a version of its type that
// this program does not read.
type VersionError struct {
	Name Name
	Have int // the version of the stored body
	Want int // the version this program writes
}

func (e *VersionError) Error() string {
	if e.Have > e.Want {
		return fmt.Sprintf("store: %s was written in version %d by a newer program; this one knows %d", e.Name, e.Have, e.Want)
	}
	return fmt.Sprintf("store: %s is of version %d and its type has no way from there to %d", e.Name, e.Have, e.Want)
}
