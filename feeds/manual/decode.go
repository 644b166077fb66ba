package manual

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// maxDocument bounds a document: it was typed.
const maxDocument = 8 << 20

// Decode reads one document of bulletins as records of the source "manual": a table
// (CSV, with commas, semicolons or tabs) or an object of JSON, as [Template] writes
// them.
//
// Several rows of a table with one supplier and id are one bulletin: each names a
// product, and what they say of the bulletin itself is the same, or left out. A row
// that says it otherwise, or that cannot be read, is a *feeds.RecordError with its
// line, and the others go on. So are columns that are not known, and what was
// entered twice with other content: the first stands. A last line that does not end
// may be cut off and is rejected, too. Rows of the supplier EXAMPLE are passed over.
//
// Any other error is the last thing yielded: the document is empty or cut off, is
// neither kind (fetch.ErrOther for other JSON), or is larger than 8 MiB.
func Decode(r io.Reader) iter.Seq2[feeds.Update, error] { return New(nil).newDesk().decode(r) }

// desk is where the entries of one reading come together.
type desk struct {
	*Feed
	// told are the entries that were told, by item.
	told map[string]Entry
}

func (f *Feed) newDesk() *desk { return &desk{Feed: f, told: map[string]Entry{}} }

// A row is an entry with its place.
type row struct {
	entry Entry
	line  int
	place string // for a row whose item is not known
	raw   []byte
}

func (d *desk) reject(r row, err error) *feeds.RecordError {
	bad := &feeds.RecordError{Source: d.Name(), Item: r.entry.item(), Err: err}
	if bad.Item == "" {
		bad.Item = r.place
	}
	if r.line > 0 {
		bad.Err = fmt.Errorf("line %d: %w", r.line, err)
	}
	if r.raw != nil {
		bad.Digest = fetch.Digest(r.raw)
	}
	return bad
}

func (d *desk) decode(r io.Reader) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		body, err := fetch.Document(r, maxDocument)
		if err != nil {
			yield(feeds.Update{}, err)
			return
		}
		read := d.table
		if first := bytes.TrimSpace(body)[0]; first == '{' || first == '[' {
			read = d.json
		}
		if err := read(body, yield); err != nil && !errors.Is(err, errStopped) {
			yield(feeds.Update{}, err)
		}
	}
}

var errStopped = errors.New("the reader stopped")

// example is the supplier of the template.
const example = "EXAMPLE"

// tell yields one whole entry, unless it was told before.
func (d *desk) tell(r row, yield func(feeds.Update, error) bool) error {
	if r.entry.Supplier == example {
		return nil
	}
	record, errs := d.record(r.entry)
	err := errors.Join(errs...)
	if before, again := d.told[record.Item]; again && err == nil {
		if reflect.DeepEqual(before, r.entry) {
			return nil
		}
		err = errors.New("this bulletin was told before, with other content")
	}
	if err != nil {
		if !yield(feeds.Update{}, d.reject(r, err)) {
			return errStopped
		}
		return nil
	}
	d.told[record.Item] = r.entry
	if !yield(feeds.Update{Record: record}, nil) {
		return errStopped
	}
	return nil
}
