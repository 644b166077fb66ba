package fetch

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
)

// Members are the members of a JSON object, by name.
type Members map[string]json.RawMessage

// Object writes m as one JSON object again.
func (m Members) Object() []byte {
	out := []byte{'{'}
	for name, value := range m {
		if len(out) > 1 {
			out = append(out, ',')
		}
		key, _ := json.Marshal(name) // a string always can be written
		out = append(append(append(out, key...), ':'), value...)
	}
	return append(out, '}')
}

// Limits bound what is read of one document, in bytes.
type Limits struct {
	// Document is the most of the whole; Element the most of one element of the
	// list, and of all that is not in the list.
	Document, Element int64
}

// Elements reads r as one JSON object and yields each element of its member
// list, which is never held as a whole, with its place in the list. An element
// is valid until the next one is asked for and may hold anything, also text
// that is not UTF-8. The other members are put into rest as they come, and list as
// an empty array when it was there. An error says the place and is the last thing yielded: r is empty or cut off, is not
// one JSON object, goes on after it, has a list that is no array, or is too large.
func Elements(r io.Reader, list string, rest Members, l Limits) iter.Seq2[Element, error] {
	return func(yield func(Element, error) bool) {
		d := newElements(r, l)
		if err := d.object(list, rest, yield); err != nil && !errors.Is(err, errStopped) {
			yield(Element{}, err)
		}
	}
}

// List reads r as one JSON array and yields each element as [Elements] does, with
// its place under the given name. An error says the place and is the last thing
// yielded.
func List(r io.Reader, name string, l Limits) iter.Seq2[Element, error] {
	return func(yield func(Element, error) bool) {
		d := newElements(r, l)
		err := d.list(name, "[", yield)
		if err == nil {
			err = d.nothingMore()
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(Element{}, err)
		}
	}
}

// An Element is one element of a list, as it stands in the document.
type Element struct {
	Place string // "vulnerabilities[3]"
	Raw   json.RawMessage
}

var errStopped = errors.New("the reader stopped")

type elements struct {
	*json.Decoder
	element capped
	before  int64 // what lies before the beginning of the decoder's text
}

// offset is how far the reading came.
func (d *elements) offset() int64 { return d.before + d.InputOffset() }

func newElements(r io.Reader, l Limits) *elements {
	b := bufio.NewReader(&capped{r: r, left: l.Document, max: l.Document})
	if head, _ := b.Peek(len(byteOrderMark)); bytes.Equal(head, byteOrderMark) {
		_, _ = b.Discard(len(head))
	}
	d := &elements{element: capped{r: b, left: l.Element, max: l.Element}}
	d.Decoder = json.NewDecoder(&d.element)
	return d
}

func (d *elements) object(list string, rest Members, yield func(Element, error) bool) error {
	switch first, err := d.Token(); {
	case errors.Is(err, io.EOF):
		return errEmpty
	case err != nil:
		return d.at(err)
	case first != json.Delim('{'):
		return errors.New("not a JSON object")
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return d.at(err)
		}
		if name != list {
			var value json.RawMessage
			if err := d.Decode(&value); err != nil {
				return d.at(err)
			}
			if rest != nil {
				rest[name.(string)] = value
			}
			continue
		}
		if rest != nil {
			rest[list] = json.RawMessage("[]")
		}
		if err := d.list(list, `{"":[`, yield); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return d.at(err)
	}
	return d.nothingMore()
}

func (d *elements) nothingMore() error {
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("at byte %d: something follows the end of the document: %w", d.offset(), orSomething(err))
	}
	return nil
}

// list reads an array. opening is what opens the document it stands in as a whole, up to its
// first element.
func (d *elements) list(list, opening string, yield func(Element, error) bool) error {
	switch first, err := d.Token(); {
	case err != nil:
		return d.at(err)
	case first != json.Delim('['):
		return fmt.Errorf("at byte %d: %s is not an array", d.offset(), list)
	}
	s := splitter{r: io.MultiReader(d.Buffered(), &d.element), took: d.offset()}
	for raw := s.next(); raw != nil; raw = s.next() {
		d.element.left = d.element.max
		if !yield(Element{Place: fmt.Sprintf("%s[%d]", list, s.n-1), Raw: raw}, nil) {
			return errStopped
		}
	}
	if err := d.resume(&s, opening); err != nil {
		return err
	}
	var raw json.RawMessage
	for i := s.n; d.More(); i++ {
		if err := d.Decode(&raw); err != nil {
			return fmt.Errorf("%s[%d]: %w", list, i, d.at(err))
		}
		d.element.left = d.element.max
		if !yield(Element{Place: fmt.Sprintf("%s[%d]", list, i), Raw: raw}, nil) {
			return errStopped
		}
	}
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("%s: %w", list, d.at(err))
	}
	return nil
}

// resume lets the decoder read on where the splitter stopped, within the array.
func (d *elements) resume(s *splitter, opening string) error {
	if s.n > 0 {
		opening += "{}" // for those that were taken
	}
	d.Decoder = json.NewDecoder(io.MultiReader(strings.NewReader(opening), s.left()))
	d.before = s.took - int64(len(opening))
	for d.InputOffset() < int64(len(opening)) {
		if _, err := d.Token(); err != nil {
			return d.at(err)
		}
	}
	return nil
}

// at says how far the reading came, and that an end amid a document is none.
func (d *elements) at(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("at byte %d: %w", d.offset(), err)
}

func orSomething(err error) error {
	if err == nil {
		return errors.New("more JSON")
	}
	return err
}

// Placed adds to an error of decoding body where in body it is.
func Placed(err error, body []byte) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("at byte %d of %d: %w", syntax.Offset, len(body), err)
	case errors.As(err, &kind):
		return fmt.Errorf("at byte %d of %d: %w", kind.Offset, len(body), err)
	}
	return err
}
