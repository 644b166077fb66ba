package feeds

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"regexp"
)

// A Source is one place that publishes vulnerability records.
type Source interface {
	// Name is short, lower case, unique per publisher ("nvd", "csaf/cisa") and
	// never changes: it is kept in every record.
	Name() string

	// Updates yields what changed after since, in the publisher's order; repeats
	// are allowed. Nothing is read before the first range, and each range starts
	// anew. A cursor that cannot be read means from the beginning. A
	// [*RecordError] tells of one unreadable record, and more may follow; any
	// other error is the last thing yielded. A reading that ends without an
	// error ends with an Update whose Next is the new cursor.
	Updates(ctx context.Context, since Cursor) iter.Seq2[Update, error]
}

// A FactSource is a [Source] whose records are facts about vulnerabilities (known
// exploitation, a probability) and never say which product is affected. It is
// no base for a coverage verdict.
type FactSource interface {
	Source
	// FactsOnly does nothing; having it is the statement.
	FactsOnly()
}

// Matches reports whether the records of s can say that a product is affected.
func Matches(s Source) bool {
	_, facts := s.(FactSource)
	return !facts
}

// A Cursor says how far a source has been read. Only the source understands
// it. Empty means from the beginning.
type Cursor string

// An Update is one step of a reading.
type Update struct {
	// Record is what was read. A Record without an Item is none: the step only
	// moves the cursor.
	Record Record
	// Next is a cursor from which it is safe to go on once this step and all
	// before it are kept. It repeats until the next safe place.
	Next Cursor
	// Whole says, without a Record, that all this source now holds was told in
	// this reading: what was not told is gone.
	Whole bool
	// Bytes is how much of what the publisher sent this step took, as it was
	// after decompression; 0 where that is not known. It counts beside a
	// [*RecordError] too.
	Bytes int64
}

// A RecordError tells of one record that cannot be read; the reading goes on.
type RecordError struct {
	Source string
	// Item is the publisher's id of the record, or its place ("file x.json")
	// when the id could not be read.
	Item string
	// Digest is the lower-case hex SHA-256 of the record's bytes; empty when
	// there are none.
	Digest string
	Err    error
}

func (e *RecordError) Error() string {
	return fmt.Sprintf("%s: record %q: %v", e.Source, e.Item, e.Err)
}

// Unwrap returns what was wrong.
func (e *RecordError) Unwrap() error { return e.Err }

// ErrNothing is the end of a reading in which not one record could be read
// although the publisher sent something.
var ErrNothing = errors.New("feeds: nothing could be read")

var sourceName = regexp.MustCompile(`^[a-z0-9]+([-./][a-z0-9]+)*$`)

// CheckName says what is wrong with the name of a source, or nil.
func CheckName(name string) error {
	if !sourceName.MatchString(name) {
		return fmt.Errorf("feeds: %q is not the name of a source (lower case letters, digits, and single - . / between them)", name)
	}
	return nil
}
