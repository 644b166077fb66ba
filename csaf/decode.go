package csaf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"unicode/utf8"
)

// MaxSize is the most bytes Decode reads. The number is ours; the standard
// names 50 MB as a size that tools should still be able to take.
const MaxSize = 64 << 20

// ErrVersion is within the error for a document that is not of the version asked for.
var ErrVersion = errors.New("not CSAF version 2.0")

// ErrTooLarge is within the error for a document of more than MaxSize bytes.
var ErrTooLarge = fmt.Errorf("larger than %d bytes", MaxSize)

// A SyntaxError says where a text stops being UTF-8 or JSON.
type SyntaxError struct {
	Line, Column int // from 1; the column counts bytes
	Err          error
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("csaf: line %d, column %d: %v", e.Line, e.Column, e.Err)
}

// Unwrap returns what is wrong there.
func (e *SyntaxError) Unwrap() error { return e.Err }

// Decode reads one CSAF 2.0 document and nothing after it.
//
// It is strict about the text and tolerant about the content. An empty,
// truncated or over-long text, one that is not UTF-8 or not JSON, text after the
// document, and another csaf_version are errors, with the place. A document that
// breaks the schema is returned all the same, so that Check can say everything
// that is wrong with it; whatever the model cannot hold is listed in Unread.
// Members that the standard does not define are kept as Extra.
func Decode(r io.Reader) (*Document, error) {
	data, err := load(r)
	if err != nil {
		return nil, err
	}
	doc, err := read(&scanner{data: data}, document())
	if err != nil {
		return nil, err
	}
	if v := doc.Document.CSAFVersion; v == "" {
		return nil, fmt.Errorf("csaf: %w: no /document/csaf_version", ErrVersion)
	} else if v != Version {
		return nil, fmt.Errorf("csaf: %w: /document/csaf_version is %s", ErrVersion, brief(v))
	}
	return doc, nil
}

// DecodeAny is [Decode] that reads a document of CSAF 2.1, too. What 2.1 has
// anew stands in fields of the same model that say so (Metrics, CWEs, PURLs,
// ProductPaths, …); what it has no more stays in Extra if the text has it, as
// x_extensions does, whose content is anybody's. A document of 2.1 is for reading: [Check] judges
// 2.0 only, [CheckSchema21] its form, and [Encode21] writes it.
func DecodeAny(r io.Reader) (*Document, error) {
	data, err := load(r)
	if err != nil {
		return nil, err
	}
	first, other := Version, Version21
	if hinted(data) == Version21 {
		first, other = other, first
	}
	doc, err := read(&scanner{data: data}, documentOf(first))
	if err != nil {
		return nil, err
	}
	switch v := doc.Document.CSAFVersion; v {
	case first:
		return doc, nil
	case other: // said again further on, or not as it is written mostly
		return read(&scanner{data: data}, documentOf(other))
	case "":
		return nil, fmt.Errorf("csaf: %w or %s: no /document/csaf_version", ErrVersion, Version21)
	default:
		return nil, fmt.Errorf("csaf: %w or %s: /document/csaf_version is %s", ErrVersion, Version21, brief(v))
	}
}

// hinted is the version that data seems to say, so that it need not be read twice.
func hinted(data []byte) string {
	const name = `"csaf_version"`
	i := bytes.Index(data, []byte(name))
	if i < 0 {
		return ""
	}
	rest := bytes.TrimLeft(data[i+len(name):min(len(data), i+len(name)+32)], ": \t\r\n")
	if bytes.HasPrefix(rest, []byte(`"`+Version21+`"`)) {
		return Version21
	}
	return ""
}

// errNoObject says that a text is JSON, but no document can be meant.
var errNoObject = errors.New("csaf: the text is JSON but not an object")

// load reads all of r, which has to be UTF-8 and not too long. What is in memory is
// not copied; nothing of the model keeps it.
func load(r io.Reader) ([]byte, error) {
	if b, ok := r.(*bytes.Buffer); ok {
		return whole(b.Next(MaxSize + 1))
	}
	var b bytes.Buffer
	switch r := r.(type) { // room at once, where the length is known
	case interface{ Len() int }:
		b.Grow(min(max(r.Len(), 0), MaxSize) + bytes.MinRead)
	case interface{ Stat() (fs.FileInfo, error) }:
		if info, err := r.Stat(); err == nil {
			b.Grow(int(min(max(info.Size(), 0), MaxSize)) + bytes.MinRead)
		}
	}
	if _, err := b.ReadFrom(io.LimitReader(r, MaxSize+1)); err != nil {
		return nil, fmt.Errorf("csaf: %w", err)
	}
	return whole(b.Bytes())
}

// whole refuses a text that is too long, empty, or not UTF-8.
func whole(data []byte) ([]byte, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("csaf: %w", ErrTooLarge)
	}
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, &SyntaxError{1, 1, errors.New("the text is empty")}
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return nil, &SyntaxError{1, 1, errors.New("the text begins with a byte order mark")}
	case !utf8.Valid(data):
		for i := 0; i < len(data); {
			r, n := utf8.DecodeRune(data[i:])
			if r == utf8.RuneError && n == 1 {
				return nil, syntaxError(data, i, errors.New("the text is not UTF-8"))
			}
			i += n
		}
	}
	return data, nil
}

// read reads a document of any version by the members that p has, or fails with
// errNoObject.
func read(s *scanner, p *plan) (*Document, error) {
	doc := new(Document)
	object := s.next() == '{'
	if object {
		s.object(p, reflect.ValueOf(doc).Elem())
	} else {
		s.skip()
	}
	if s.next(); s.err == nil && s.pos < len(s.data) {
		s.stop(errSyntax)
	}
	switch {
	case s.err == errSyntax:
		return nil, malformed(s.data, s.pos)
	case s.err != nil:
		return nil, s.err
	case !object:
		return nil, errNoObject
	}
	if s.more > 0 {
		s.unread = append(s.unread, Failure{testSchema, "", fmt.Sprintf("%d more like these", s.more)})
	}
	if s.moreLost > 0 {
		s.mistyped = append(s.mistyped, Failure{testSchema, "", fmt.Sprintf("%d more like these", s.moreLost)})
	}
	doc.Unread, doc.Mistyped, doc.Unsorted = s.unread, s.mistyped, s.unsorted
	return doc, nil
}

// malformed says, in encoding/json's words, where data, which is no JSON, stops
// being it.
func malformed(data []byte, at int) error {
	var raw json.RawMessage
	err := json.Unmarshal(data, &raw)
	if where := (*json.SyntaxError)(nil); errors.As(err, &where) {
		return syntaxError(data, max(int(where.Offset)-1, 0), err)
	}
	return syntaxError(data, at, errSyntax)
}

func syntaxError(data []byte, at int, err error) error {
	before := data[:min(at, len(data))]
	return &SyntaxError{
		Line:   1 + bytes.Count(before, []byte("\n")),
		Column: len(before) - bytes.LastIndexByte(before, '\n'),
		Err:    err,
	}
}
