package cyclonedx

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/open-postmarket/postmarket/sbom"
)

// MaxBytes is the size of document that is read unless Options say otherwise:
// 256 MiB, room for about half a million components.
const MaxBytes = 256 << 20

// MaxComponents is how many components and services are read unless Options say
// otherwise.
const MaxComponents = 1_000_000

const (
	// maxDepth is how deep a document may be nested. Real ones stay below 30.
	maxDepth = 500
	// maxObjects is how many objects of JSON or elements of XML a document may
	// hold: a small document could ask for memory without end.
	maxObjects = 16_000_000
	// maxProblems is how many are listed; the rest are counted.
	maxProblems = 10_000
)

// Options change how a document is read. Nil means none of them.
type Options struct {
	// MaxBytes refuses a longer document. 0 means [MaxBytes].
	MaxBytes int64
	// MaxComponents refuses a document with more components and services,
	// wherever they stand in it. 0 means [MaxComponents].
	MaxComponents int
}

// A SyntaxError tells what is wrong with a document and where: the line and
// column counted from 1 in bytes, or 0 when the whole document is meant, and
// the path of the element when it is known.
type SyntaxError struct {
	Line, Column int
	Path         string
	Why          string
	Err          error
}

func (e *SyntaxError) Error() string {
	where := ""
	if e.Line > 0 {
		where = fmt.Sprintf("line %d, column %d: ", e.Line, e.Column)
	}
	if e.Path != "" {
		where += e.Path + ": "
	}
	return "cyclonedx: " + where + e.Why
}

// Unwrap returns the decoder's own error, if one stood behind.
func (e *SyntaxError) Unwrap() error { return e.Err }

// Decode reads one document, JSON or XML by its first character. It fails with
// a [*SyntaxError] when the document is empty, too long, not UTF-8, cut off, not
// CycloneDX or of a version it does not know, or when a component holds itself.
// What is wrong with a single value costs that value and is listed in the BOM's
// Problems: a document that breaks its schema is read as far as it can be.
func Decode(r io.Reader, opts *Options) (sbom.BOM, error) {
	limit, most := int64(MaxBytes), MaxComponents
	if opts != nil && opts.MaxBytes > 0 {
		limit = opts.MaxBytes
	}
	if opts != nil && opts.MaxComponents > 0 {
		most = opts.MaxComponents
	}
	data, err := readAll(r, limit)
	if err != nil {
		return sbom.BOM{}, err
	}
	sum := sha256.Sum256(data)
	body := bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	first := bytes.TrimLeft(body, " \t\r\n")
	if len(first) == 0 {
		return sbom.BOM{}, &SyntaxError{Why: "is empty"}
	}
	if at := invalidUTF8(body); at >= 0 {
		return sbom.BOM{}, located(body, int64(at), "is not UTF-8", nil)
	}
	var t *translation
	switch first[0] {
	case '{':
		t, err = readJSON(body, most)
	case '<':
		t, err = readXML(body, most)
	default:
		err = located(body, int64(len(body)-len(first)), "is neither JSON nor XML", nil)
	}
	if err != nil {
		return sbom.BOM{}, err
	}
	t.bom.Digest = hex.EncodeToString(sum[:])
	return t.finish(), nil
}

// readAll reads r to its end, doubling what it reads into.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	size := int64(64 << 10)
	if known, ok := r.(interface{ Len() int }); ok {
		size = int64(known.Len()) + 1
	}
	data := make([]byte, 0, min(size, limit+1))
	for {
		n, err := r.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case int64(len(data)) > limit:
			return nil, &SyntaxError{Why: fmt.Sprintf("is longer than the %d bytes allowed", limit)}
		case err == io.EOF:
			return data, nil
		case err != nil:
			return nil, fmt.Errorf("cyclonedx: %w", err)
		}
		if len(data) == cap(data) {
			data = append(make([]byte, 0, min(2*int64(cap(data))+512, limit+1)), data...)
		}
	}
}

func invalidUTF8(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
	return -1
}

func located(data []byte, offset int64, why string, err error) *SyntaxError {
	before := data[:min(max(offset, 0), int64(len(data)))]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return &SyntaxError{Line: line, Column: column, Why: why, Err: err}
}
