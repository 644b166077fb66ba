package csaf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Encode writes doc as indented JSON in UTF-8 with a final newline: the same
// bytes for the same document, members in alphabetical order, nothing empty but
// what an Extra holds.
//
// It refuses, before the first byte is written, what it could not write without
// loss or what Decode would not read: a document with Unread, text that is not
// UTF-8, an empty element in a list, a pointer to an empty object, a score that
// is no number, an Extra that is no JSON or has the name of a member of the
// standard, a member that is of CSAF 2.1 only, another csaf_version. It does not
// judge the content: see Check.
func Encode(w io.Writer, doc *Document) error { return encode(w, doc, Version) }

// Encode21 is [Encode] for a document of CSAF 2.1, as [DecodeAny] reads it and
// [Preview21] makes it. It is apart from Encode so that nobody publishes a
// preview unawares.
func Encode21(w io.Writer, doc *Document) error { return encode(w, doc, Version21) }

func encode(w io.Writer, doc *Document, version string) error {
	text, err := marshal(doc, version, "\n")
	if err != nil {
		return err
	}
	if _, err := w.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("csaf: %w", err)
	}
	return nil
}

// MarshalJSON is Encode without white space, so that json.Marshal loses nothing
// either.
func (d *Document) MarshalJSON() ([]byte, error) { return marshal(d, Version, "") }

// UnmarshalJSON is Decode.
func (d *Document) UnmarshalJSON(text []byte) error {
	doc, err := Decode(bytes.NewReader(text))
	if err == nil {
		*d = *doc
	}
	return err
}

func marshal(doc *Document, version, line string) ([]byte, error) {
	if doc == nil {
		return nil, fmt.Errorf("csaf: no document")
	}
	if n := len(doc.Unread); n > 0 {
		return nil, fmt.Errorf("csaf: what was read would be lost (%d), first %s", n, doc.Unread[0])
	}
	switch v := doc.Document.CSAFVersion; {
	case version == Version && v != Version:
		return nil, fmt.Errorf("csaf: %w: /document/csaf_version is %s", ErrVersion, brief(v))
	case v != version:
		return nil, fmt.Errorf("csaf: not CSAF version %s: /document/csaf_version is %s", version, brief(v))
	}
	p := documentOf(version)
	if f := unwritable(p, reflect.ValueOf(doc).Elem(), nil); f != "" {
		return nil, fmt.Errorf("csaf: %s", f)
	}
	return appendObject(nil, p, reflect.ValueOf(doc).Elem(), line), nil
}

const indent = "  "

// appendObject writes v, a struct that p describes. Each member begins on a line
// of its own, which line begins; when that is empty no white space is written.
func appendObject(b []byte, p *plan, v reflect.Value, line string) []byte {
	b = append(b, '{')
	inner, empty := line, true
	if line != "" {
		inner += indent
	}
	name := func(s string) {
		if !empty {
			b = append(b, ',')
		}
		empty = false
		b = append(b, inner...)
		if b = appendText(b, s); line == "" {
			b = append(b, ':')
		} else {
			b = append(b, ": "...)
		}
	}
	extra := p.extraOf(v)
	others := slices.SortedFunc(maps.Keys(extra), alphabetical)
	more := func(before string) {
		for len(others) > 0 && (before == "" || alphabetical(others[0], before) < 0) {
			name(others[0])
			b = appendRaw(b, extra[others[0]], inner)
			others = others[1:]
		}
	}
	for i := range p.members {
		m := &p.members[i]
		f := v.Field(m.field)
		if !written(m, f) {
			continue
		}
		more(m.name)
		name(m.name)
		if m.pointer {
			f = f.Elem()
		}
		switch m.kind {
		case text:
			b = appendText(b, f.String())
		case number:
			b = appendNumber(b, f.Float())
		case object:
			b = appendObject(b, m.sub, f, inner)
		case texts, objects:
			b = appendList(b, m, f, inner)
		}
	}
	more("")
	if !empty {
		b = append(b, line...)
	}
	return append(b, '}')
}

// written reports whether f, the field of m, says something.
func written(m *member, f reflect.Value) bool {
	switch {
	case m.pointer:
		return !f.IsNil()
	case m.kind == object:
		return !empty(m.sub, f)
	case m.kind == number:
		return true
	}
	return f.Len() > 0
}

func appendList(b []byte, m *member, v reflect.Value, line string) []byte {
	inner := line
	if line != "" {
		inner += indent
	}
	b = append(b, '[')
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, inner...)
		if e := v.Index(i); m.kind == texts {
			b = appendText(b, e.String())
		} else {
			b = appendObject(b, m.sub, e, inner)
		}
	}
	b = append(b, line...)
	return append(b, ']')
}

// appendRaw writes JSON as it was given but for the white space.
func appendRaw(b []byte, raw json.RawMessage, line string) []byte {
	out := bytes.NewBuffer(b)
	if line == "" {
		_ = json.Compact(out, raw) // it is JSON: see unwritable
	} else {
		_ = json.Indent(out, bytes.TrimSpace(raw), line[1:], indent)
	}
	return out.Bytes()
}

func appendNumber(b []byte, x float64) []byte {
	if abs := math.Abs(x); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		return strconv.AppendFloat(b, x, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, x, 'f', -1, 64)
}

// appendText writes s, which is UTF-8, as a JSON string.
func appendText(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		switch from = i + 1; c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(b, s[from:]...), '"')
}

// unwritable names the first thing in v that JSON or the standard's habit of
// writing nothing empty cannot hold, "" if there is none.
func unwritable(p *plan, v reflect.Value, at *place) string {
	extra := p.extraOf(v)
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		_, taken := p.byName[name]
		switch raw := extra[name]; {
		case taken:
			return at.key(name).String() + ": an extra member with the name of one of the standard"
		case !utf8.ValidString(name) || !utf8.Valid(raw):
			return at.key(name).String() + ": not UTF-8"
		case !json.Valid(raw):
			return at.key(name).String() + ": not JSON"
		}
	}
	if m := p.stranger(v); m != nil {
		return at.key(m.name).String() + ": not a member in this version of CSAF"
	}
	for i := range p.members {
		m := &p.members[i]
		f, here := v.Field(m.field), at.key(m.name)
		if m.pointer {
			if f.IsNil() {
				continue
			}
			if f = f.Elem(); m.kind == object && empty(m.sub, f) {
				return here.String() + ": an empty object"
			}
		}
		bad := ""
		switch m.kind {
		case text:
			bad = badText(f.String(), here)
		case number:
			if x := f.Float(); math.IsNaN(x) || math.IsInf(x, 0) {
				bad = here.String() + ": not a number"
			}
		case object:
			bad = unwritable(m.sub, f, here)
		case texts:
			for j := 0; j < f.Len() && bad == ""; j++ {
				if bad = badText(f.Index(j).String(), here.at(j)); f.Index(j).Len() == 0 {
					bad = here.at(j).String() + ": an empty string in a list"
				}
			}
		case objects:
			for j := 0; j < f.Len() && bad == ""; j++ {
				if bad = unwritable(m.sub, f.Index(j), here.at(j)); empty(m.sub, f.Index(j)) {
					bad = here.at(j).String() + ": an empty object in a list"
				}
			}
		}
		if bad != "" {
			return bad
		}
	}
	return ""
}

func badText(s string, at *place) string {
	if utf8.ValidString(s) {
		return ""
	}
	return at.String() + ": not UTF-8"
}

// empty reports whether v would be written as {}.
func empty(p *plan, v reflect.Value) bool {
	for i := range p.members {
		if written(&p.members[i], v.Field(p.members[i].field)) {
			return false
		}
	}
	return len(p.extraOf(v)) == 0 && p.stranger(v) == nil
}
