package spdx

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/open-postmarket/postmarket/sbom"
)

// MaxBytes is the size of document that is read unless Options say otherwise:
// 256 MiB.
const MaxBytes = 256 << 20

// maxDepth is how deep a document may be nested. Real ones stay below 10.
const maxDepth = 200

// Options change how a document is read. Nil means none of them.
type Options struct {
	// MaxBytes refuses a longer document. 0 means [MaxBytes].
	MaxBytes int64
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
	return "spdx: " + where + e.Why
}

// Unwrap returns the decoder's own error, if one stood behind.
func (e *SyntaxError) Unwrap() error { return e.Err }

// Decode reads one document, whose form it tells by its first characters. It
// fails with a [*SyntaxError] when the document is empty, too long, not UTF-8,
// cut off, not SPDX, RDF, or of a version it does not know.
func Decode(r io.Reader, opts *Options) (sbom.BOM, error) { return decode(r, opts, false) }

// Check judges one document by the rules of the specification that this package
// holds, and returns each departure with its place; none means that none of
// these rules is broken. It fails where [Decode] fails.
//
// A document of SPDX 2 in JSON or YAML is judged in: the fields that must be
// there (of the document: SPDXID, name, dataLicense, a documentNamespace that is
// a URI without a fragment, created and creators; of a package: id, name and download location; of
// a file: id, name and checksums; before 2.3 also the concluded and declared
// license and the copyright text); the form of ids and dates; the types of the
// known fields; fields that are unknown, given twice, or of a later version; the
// words for checksum algorithms, purposes of packages, types of files,
// categories of references and types of relationships; purls and CPE names; and
// relationships to what is not in the document. In tag-value the same holds of
// words, ids, relationships and what must be there, but for the fields of files
// and for licenses and copyright.
// 2.0 and 2.1 are judged by the rules of 2.2.
//
// Not judged: license expressions, snippets, annotations, reviews, extracted
// licenses, external documents and verification codes beyond their type, the
// length of checksums, and how many relationships there are. Of SPDX 3 only what the
// reader needs is judged, not its model.
func Check(r io.Reader, opts *Options) ([]sbom.Problem, error) {
	bom, err := decode(r, opts, true)
	return bom.Problems, err
}

func decode(r io.Reader, opts *Options, strict bool) (sbom.BOM, error) {
	limit := int64(MaxBytes)
	if opts != nil && opts.MaxBytes > 0 {
		limit = opts.MaxBytes
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
		return sbom.BOM{}, located(body, at, "is not UTF-8", nil)
	}
	var bom sbom.BOM
	switch {
	case first[0] == '{':
		bom, err = decodeJSON(body, strict)
	case first[0] == '<':
		why := "is XML, but not SPDX"
		switch {
		case bytes.Contains(first, []byte("spdx.org/rdf")):
			why = "is SPDX in RDF/XML, which is not read: convert it to JSON or tag-value"
		case bytes.Contains(first, []byte("<spdxVersion>")):
			why = "is SPDX in XML, which is not read: convert it to JSON or tag-value"
		}
		err = located(body, len(body)-len(first), why, nil)
	case isYAML(first):
		bom, err = decodeYAML(body, strict)
	default:
		bom, err = decodeTagValue(body, strict)
	}
	if err != nil {
		return sbom.BOM{}, err
	}
	bom.Digest = hex.EncodeToString(sum[:])
	return bom, nil
}

// readAll reads up to limit bytes, into one buffer when r tells its length.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	var buf bytes.Buffer
	if known, ok := r.(interface{ Len() int }); ok && int64(known.Len()) <= limit {
		buf.Grow(known.Len() + bytes.MinRead)
	}
	if _, err := buf.ReadFrom(io.LimitReader(r, limit+1)); err != nil {
		return nil, fmt.Errorf("spdx: %w", err)
	}
	if int64(buf.Len()) > limit {
		return nil, &SyntaxError{Why: fmt.Sprintf("is longer than the %d bytes allowed", limit)}
	}
	return buf.Bytes(), nil
}

// known2 are the versions of SPDX 2, which differ in what they require only.
var known2 = map[string]bool{"SPDX-2.0": true, "SPDX-2.1": true, "SPDX-2.2": true, "SPDX-2.3": true}

func checkVersion2(version, path string) error {
	switch {
	case version == "":
		return &SyntaxError{Path: path, Why: "is missing: not an SPDX document"}
	case !known2[version]:
		return &SyntaxError{Path: path, Why: fmt.Sprintf("%q is not a version that is known", version)}
	}
	return nil
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

func located(data []byte, offset int, why string, err error) *SyntaxError {
	before := data[:min(max(offset, 0), len(data))]
	return &SyntaxError{
		Line:   1 + bytes.Count(before, []byte("\n")),
		Column: len(before) - bytes.LastIndexByte(before, '\n'),
		Why:    why, Err: err,
	}
}

// day reads a date and leaves the time of day out: the date as it is written,
// whatever its zone, at midnight UTC. Zero when it is no date.
func day(text string) time.Time {
	if stamp(text).IsZero() {
		return time.Time{}
	}
	t, err := time.Parse(time.DateOnly, strings.TrimSpace(text)[:len(time.DateOnly)])
	if err != nil {
		return time.Time{}
	}
	return t
}

// stamp reads a date and time, or a date alone; zero when it is neither.
func stamp(text string) time.Time {
	text = strings.TrimSpace(text)
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateOnly} {
		if t, err := time.Parse(form, text); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
