package spdx

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// judge tells what is odd in the members of an object: one given twice and one
// of the wrong type always, and, where the document is judged by the rules of
// its version, those that are missing, unknown, or of no listed word.
func (d *document) judge(raw []byte, s shape, path string) {
	var seen []string
	further := map[string]bool{} // those beyond what is quickly looked through
	parts(raw, func(_ int, name string, value []byte) {
		switch {
		case slices.Contains(seen, name), further[name]:
			d.problem(path+"."+name, "is given more than once; the last counts")
		case len(seen) < 64:
			seen = append(seen, name)
		default:
			further[name] = true
		}
		if f, known := s.fields[name]; d.version == "" && (!known || !f.list && f.of == nil && word(value) == f.is) {
			return // nothing to tell, as almost always
		}
		d.judgeField(value, s, name, path+"."+name)
	})
	if d.version == "" {
		return
	}
	for _, must := range s.must {
		name, ok := d.inForce(must)
		if ok && !slices.Contains(seen, name) && !further[name] {
			d.problem(path+"."+name, "is missing")
		}
	}
}

// inForce splits a name from the last version that its rule is of: "a <2.3".
func (d *document) inForce(rule string) (string, bool) {
	name, before, limited := strings.Cut(rule, " <")
	return name, !limited || d.version < before
}

// judgeField judges the value of one member.
func (d *document) judgeField(value []byte, s shape, name, path string) {
	f, known := s.fields[name]
	switch {
	case !known && d.version != "":
		d.problem(path, "is no field of SPDX %s here", d.version)
		return
	case !known:
		return
	case d.version != "" && f.since > d.version:
		d.problem(path, "is a field since SPDX %s", f.since)
	}
	if bytes.Equal(value, []byte("null")) {
		if d.version != "" {
			d.problem(path, "is null")
		}
		return
	}
	if !f.list {
		d.judgeValue(value, f, path)
		return
	}
	if value[0] != '[' {
		d.problem(path, "is %s, not a list; it is read as a list of one", word(value))
		d.judgeValue(value, f, path+"[0]")
		return
	}
	parts(value, func(i int, _ string, value []byte) { d.judgeValue(value, f, fmt.Sprintf("%s[%d]", path, i)) })
}

func (d *document) judgeValue(value []byte, f field, path string) {
	switch is := word(value); {
	case is != f.is:
		d.problem(path, "is %s, not %s", is, f.is)
	case f.is == object && f.of != nil:
		d.judge(value, *f.of, path)
	case f.is == quoted && d.version != "":
		var t text
		if f.words != nil && t.UnmarshalJSON(value) == nil {
			d.judgeWord(t.string, f.words, path)
		}
		if f.form != nil && t.UnmarshalJSON(value) == nil && !f.form.MatchString(t.string) {
			d.problem(path, "%q is not of its form", t.string)
		}
	}
}

// judgeWord tells of a word that is not listed, or not yet in this version.
func (d *document) judgeWord(w string, words map[string]string, path string) {
	switch since, ok := words[w]; {
	case !ok:
		d.problem(path, "%q is not a word that is listed", w)
	case since > d.version:
		d.problem(path, "%q is a word since SPDX %s", w, since)
	}
}

// The types of JSON in words.
const (
	object = "an object"
	quoted = "text"
	flag   = "true or false"
)

// word is the type of a value in words.
func word(value []byte) string {
	switch value[0] {
	case '{':
		return object
	case '[':
		return "a list"
	case '"':
		return quoted
	case 't', 'f':
		return flag
	case 'n':
		return "null"
	}
	return "a number"
}

// parts calls f with each member of an object, or each element of a list, which
// raw is known to be, well-formed.
func parts(raw []byte, f func(i int, name string, value []byte)) {
	depth, start, colon, n, inText := 0, 0, -1, 0, false
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case inText && c == '\\':
			i++
			continue
		case c == '"':
			inText = !inText
			continue
		case inText:
			continue
		}
		switch c {
		case '{', '[':
			if depth++; depth == 1 {
				start = i + 1
			}
		case ':':
			if depth == 1 {
				colon = i
			}
		case ',', '}', ']':
			if depth == 1 {
				name, from := "", start
				if colon >= 0 {
					var t text
					_ = t.UnmarshalJSON(bytes.TrimSpace(raw[start:colon]))
					name, from = t.string, colon+1
				}
				if value := bytes.TrimSpace(raw[from:i]); len(value) > 0 {
					f(n, name, value)
				}
				start, colon, n = i+1, -1, n+1
			}
			if c != ',' {
				depth--
			}
		}
	}
}

// object reads the next value into v, whose fields must take anything, and
// judges its members. It reports whether there was an object.
func (w *walk) object(v any, s shape, path string) (bool, error) {
	w.raw = w.raw[:0]
	if err := w.dec.Decode(&w.raw); err != nil {
		return false, err
	}
	if w.raw[0] != '{' {
		w.doc.problem(path, "is %s, not an object", word(w.raw))
		return false, nil
	}
	w.doc.judge(w.raw, s, path)
	return true, json.Unmarshal(w.raw, v)
}
