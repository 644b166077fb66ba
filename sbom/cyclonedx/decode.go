package cyclonedx

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/open-postmarket/postmarket/sbom"
)

// MaxBytes is the size of document that is read unless Options say otherwise:
// 256 MiB, room for about half a million components.
const MaxBytes = 256 << 20

// maxDepth is how deep a document may be nested. Real ones stay below 30.
const maxDepth = 500

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
	return "cyclonedx: " + where + e.Why
}

// Unwrap returns the decoder's own error, if one stood behind.
func (e *SyntaxError) Unwrap() error { return e.Err }

// Decode reads one document, JSON or XML by its first character. It fails with
// a [*SyntaxError] when the document is empty, too long, not UTF-8, cut off, not
// CycloneDX or of a version it does not know, or when a component holds itself.
func Decode(r io.Reader, opts *Options) (sbom.BOM, error) {
	limit := int64(MaxBytes)
	if opts != nil && opts.MaxBytes > 0 {
		limit = opts.MaxBytes
	}
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return sbom.BOM{}, fmt.Errorf("cyclonedx: %w", err)
	}
	if int64(len(data)) > limit {
		return sbom.BOM{}, &SyntaxError{Why: fmt.Sprintf("is longer than the %d bytes allowed", limit)}
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
	var doc cdx.BOM
	format := sbom.CycloneDXXML
	switch first[0] {
	case '{':
		format = sbom.CycloneDXJSON
		err = decodeJSON(body, &doc)
	case '<':
		err = decodeXML(body, &doc)
	default:
		err = located(body, int64(len(body)-len(first)), "is neither JSON nor XML", nil)
	}
	if err != nil {
		return sbom.BOM{}, err
	}
	bom, err := translate(&doc)
	if err != nil {
		return sbom.BOM{}, err
	}
	bom.Format, bom.Digest = format, hex.EncodeToString(sum[:])
	return bom, nil
}

func decodeJSON(data []byte, doc *cdx.BOM) error {
	if at := tooDeep(data); at >= 0 {
		return located(data, int64(at), fmt.Sprintf("is nested deeper than %d", maxDepth), nil)
	}
	if err := json.Unmarshal(data, doc); err != nil {
		var syntax *json.SyntaxError
		var kind *json.UnmarshalTypeError
		switch {
		case errors.As(err, &syntax):
			why := err.Error()
			if syntax.Offset >= int64(len(data)) {
				why = "is cut off: " + why
			}
			return located(data, syntax.Offset, why, err)
		case errors.As(err, &kind):
			e := located(data, kind.Offset, fmt.Sprintf("holds a %s where a %s belongs", kind.Value, kind.Type), err)
			e.Path = kind.Field
			return e
		}
		// What the library says of a wrong version names neither it nor the place.
		var head struct {
			SpecVersion string `json:"specVersion"`
		}
		if json.Unmarshal(data, &head) == nil && head.SpecVersion != "" {
			return &SyntaxError{Path: "specVersion", Why: fmt.Sprintf("%q is not a version that is known", head.SpecVersion), Err: err}
		}
		return &SyntaxError{Why: err.Error(), Err: err}
	}
	// The library reads a document of another kind, and {}, without a word.
	switch {
	case doc.BOMFormat == "":
		return &SyntaxError{Path: "bomFormat", Why: "is missing: not a CycloneDX document"}
	case doc.BOMFormat != "CycloneDX":
		return &SyntaxError{Path: "bomFormat", Why: fmt.Sprintf("is %q, not CycloneDX", doc.BOMFormat)}
	case doc.SpecVersion == 0:
		return &SyntaxError{Path: "specVersion", Why: "is missing"}
	}
	return nil
}

const namespace = "http://cyclonedx.org/schema/bom/"

// decodeXML walks the tokens first: the library's decoder says no place, and
// takes any root element.
func decodeXML(data []byte, doc *cdx.BOM) error {
	d := xml.NewDecoder(bytes.NewReader(data))
	fail := func(why string, err error) error {
		line, column := d.InputPos()
		return &SyntaxError{Line: line, Column: column, Why: why, Err: err}
	}
	depth, roots := 0, 0
	for {
		t, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			why := err.Error()
			if strings.Contains(why, "unexpected EOF") {
				why = "is cut off: " + why
			}
			return fail(why, err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
				if err := root(t.Name, roots); err != "" {
					return fail(err, nil)
				}
			}
			if depth++; depth > maxDepth {
				return fail(fmt.Sprintf("is nested deeper than %d", maxDepth), nil)
			}
		case xml.EndElement:
			depth--
		case xml.Directive:
			if bytes.Contains(t, []byte("ENTITY")) {
				return fail("declares entities, which are not read", nil)
			}
		}
	}
	if roots == 0 {
		return fail("holds no element", nil)
	}
	if err := cdx.NewBOMDecoder(bytes.NewReader(data), cdx.BOMFileFormatXML).Decode(doc); err != nil {
		return &SyntaxError{Why: err.Error(), Err: err}
	}
	if doc.SpecVersion == 0 {
		return &SyntaxError{Line: 1, Column: 1, Why: fmt.Sprintf("has the namespace %q, whose version is not known", doc.XMLNS)}
	}
	return nil
}

func root(name xml.Name, roots int) string {
	switch {
	case roots > 1:
		return "has more than one root element"
	case name.Local != "bom":
		return fmt.Sprintf("has the root element %q, not bom", name.Local)
	case !strings.HasPrefix(name.Space, namespace):
		return fmt.Sprintf("has the namespace %q, not that of CycloneDX", name.Space)
	}
	return ""
}

// tooDeep returns the offset at which JSON nests deeper than maxDepth, or -1.
func tooDeep(data []byte) int {
	depth, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return i
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return -1
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

func stamp(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
