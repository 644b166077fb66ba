package csaf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"unicode/utf8"
)

// Encode writes doc as indented JSON in UTF-8 with a final newline: the same
// bytes for the same document, members in the standard's order, nothing empty.
//
// It refuses, before the first byte is written, what it could not write without
// loss or what Decode would not read: a document with Unread, text that is not
// UTF-8, an empty element in a list, a pointer to an empty object, a score that
// is no number, another csaf_version. It does not judge the content: see Check.
func Encode(w io.Writer, doc *Document) error {
	if doc == nil {
		return fmt.Errorf("csaf: no document")
	}
	if n := len(doc.Unread); n > 0 {
		return fmt.Errorf("csaf: what was read would be lost (%d), first %s", n, doc.Unread[0])
	}
	if v := doc.Document.CSAFVersion; v != Version {
		return fmt.Errorf("csaf: %w: /document/csaf_version is %s", ErrVersion, brief(v))
	}
	if f := unwritable(document(), reflect.ValueOf(doc).Elem(), nil); f != "" {
		return fmt.Errorf("csaf: %s", f)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(doc); err != nil {
		return fmt.Errorf("csaf: %w", err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("csaf: %w", err)
	}
	return nil
}

// unwritable names the first thing in v that JSON or the standard's habit of
// writing nothing empty cannot hold, "" if there is none.
func unwritable(p *plan, v reflect.Value, at *place) string {
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
		m := &p.members[i]
		f := v.Field(m.field)
		switch {
		case m.pointer && !f.IsNil(), m.kind == number && !m.pointer, m.kind == text && f.Len() > 0,
			(m.kind == texts || m.kind == objects) && f.Len() > 0:
			return false
		case m.kind == object && !m.pointer && !empty(m.sub, f):
			return false
		}
	}
	return true
}
