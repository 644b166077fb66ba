package csaf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"unicode/utf8"
)

// MaxSize is the most bytes Decode reads. The number is ours; the standard
// names 50 MB as a size that tools should still be able to take.
const MaxSize = 64 << 20

// ErrVersion is within the error for a document that is not of CSAF 2.0.
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
// that is wrong with it and a reader is not left without an advisory because its
// publisher added a member; whatever the model cannot hold is listed in Unread.
func Decode(r io.Reader) (*Document, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("csaf: %w", err)
	}
	if len(data) > MaxSize {
		return nil, fmt.Errorf("csaf: %w", ErrTooLarge)
	}
	if err := wellFormed(data); err != nil {
		return nil, err
	}
	s := &scanner{data: data}
	if s.next() != '{' {
		return nil, errors.New("csaf: the text is JSON but not an object")
	}
	doc := new(Document)
	s.object(document(), reflect.ValueOf(doc).Elem(), nil)
	if s.err != nil {
		return nil, s.err
	}
	if v := doc.Document.CSAFVersion; v == "" {
		return nil, fmt.Errorf("csaf: %w: no /document/csaf_version", ErrVersion)
	} else if v != Version {
		return nil, fmt.Errorf("csaf: %w: /document/csaf_version is %s", ErrVersion, brief(v))
	}
	if s.more > 0 {
		s.unread = append(s.unread, Failure{testSchema, "", fmt.Sprintf("%d more like these", s.more)})
	}
	doc.Unread = s.unread
	return doc, nil
}

// wellFormed reports where data is not one JSON value in UTF-8.
func wellFormed(data []byte) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return &SyntaxError{1, 1, errors.New("the text is empty")}
	}
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		return &SyntaxError{1, 1, errors.New("the text begins with a byte order mark")}
	}
	if !utf8.Valid(data) {
		for i := 0; i < len(data); {
			r, n := utf8.DecodeRune(data[i:])
			if r == utf8.RuneError && n == 1 {
				return syntaxError(data, i, errors.New("the text is not UTF-8"))
			}
			i += n
		}
	}
	var raw json.RawMessage
	err := json.Unmarshal(data, &raw)
	if at := (*json.SyntaxError)(nil); errors.As(err, &at) {
		return syntaxError(data, max(int(at.Offset)-1, 0), err)
	}
	if err != nil {
		return fmt.Errorf("csaf: %w", err)
	}
	return nil
}

func syntaxError(data []byte, at int, err error) error {
	before := data[:min(at, len(data))]
	return &SyntaxError{
		Line:   1 + bytes.Count(before, []byte("\n")),
		Column: len(before) - bytes.LastIndexByte(before, '\n'),
		Err:    err,
	}
}
