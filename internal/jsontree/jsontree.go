// Package jsontree reads one JSON document as it is written: members in their
// order, names in their case, and those that are there twice. A decoder that must
// not take one word for another reads what publishers send with it, where
// encoding/json would take Status for status and the last of two for both.
//
// It is not for large documents: the whole tree is held.
//
//	v, err := jsontree.Parse(data, 1_000_000)
//	c := jsontree.Top(&v, &jsontree.Notes{})
//	name := c.Get("document").Get("title").String()
package jsontree

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep a document may be nested.
const maxDepth = 200

// maxNotes is how many notes are kept; the rest are counted.
const maxNotes = 1000

// Kind is what a value is. The zero Kind is null, and absent.
type Kind byte

// The kinds of values.
const (
	Null Kind = iota
	Bool
	Number
	Text
	List
	Object
)

func (k Kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "an object"}[k]
}

// A Value is one value. Text is what a string says, or a number or boolean as
// written; List are the elements of a list, Members those of an object.
type Value struct {
	Kind    Kind
	Text    string
	List    []Value
	Members []Member
}

// A Member is one name of an object with its value.
type Member struct {
	Name  string
	Value Value
}

// An Error says where a text stops being JSON.
type Error struct {
	Line, Column int // from 1; the column counts bytes
	Why          string
	Err          error
}

func (e *Error) Error() string { return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Why) }

// Unwrap returns the decoder's own error, if one stood behind.
func (e *Error) Unwrap() error { return e.Err }

// Parse reads data, which holds one JSON value of at most that many values in
// all, and nothing after it. Every error is an [*Error]. A byte order mark is passed over.
func Parse(data []byte, most int) (Value, error) {
	body := bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	p := parser{data: body, left: most}
	if len(bytes.TrimSpace(body)) == 0 {
		return Value{}, &Error{1, 1, "the text is empty", nil}
	}
	if !utf8.Valid(body) {
		for i := 0; i < len(body); {
			r, n := utf8.DecodeRune(body[i:])
			if r == utf8.RuneError && n == 1 {
				return Value{}, p.fail(int64(i), "the text is not UTF-8", nil)
			}
			i += n
		}
	}
	p.d = json.NewDecoder(bytes.NewReader(body))
	p.d.UseNumber()
	v, err := p.value(0)
	if err != nil {
		return Value{}, err
	}
	at := p.d.InputOffset()
	if rest := bytes.TrimLeft(body[at:], " \t\r\n"); len(rest) > 0 {
		return Value{}, p.fail(int64(len(body)-len(rest)), "something follows the document", nil)
	}
	return v, nil
}

type parser struct {
	data []byte
	d    *json.Decoder
	left int
}

func (p *parser) fail(at int64, why string, err error) error {
	before := p.data[:min(max(at, 0), int64(len(p.data)))]
	return &Error{
		Line: 1 + bytes.Count(before, []byte("\n")), Column: len(before) - bytes.LastIndexByte(before, '\n'),
		Why: why, Err: err,
	}
}

func (p *parser) token() (json.Token, error) {
	t, err := p.d.Token()
	if err == nil {
		return t, nil
	}
	at := p.d.InputOffset()
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, p.fail(int64(len(p.data)), "the text ends before the document does", err)
	case errors.As(err, &syntax):
		at = max(at, syntax.Offset-1)
	}
	return nil, p.fail(at, strings.TrimPrefix(err.Error(), "json: "), err)
}

func (p *parser) value(depth int) (Value, error) {
	if p.left--; p.left < 0 {
		return Value{}, p.fail(p.d.InputOffset(), "the document holds more values than are read", nil)
	}
	t, err := p.token()
	if err != nil {
		return Value{}, err
	}
	switch t := t.(type) {
	case string:
		return Value{Kind: Text, Text: t}, nil
	case json.Number:
		return Value{Kind: Number, Text: t.String()}, nil
	case bool:
		return Value{Kind: Bool, Text: strconv.FormatBool(t)}, nil
	case json.Delim:
		if depth >= maxDepth {
			return Value{}, p.fail(p.d.InputOffset(), fmt.Sprintf("the document is nested deeper than %d", maxDepth), nil)
		}
		if t == '{' {
			return p.object(depth)
		}
		return p.list(depth)
	}
	return Value{}, nil
}

func (p *parser) object(depth int) (Value, error) {
	v := Value{Kind: Object}
	for p.d.More() {
		name, err := p.token()
		if err != nil {
			return Value{}, err
		}
		text, _ := name.(string)
		inner, err := p.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		v.Members = append(v.Members, Member{text, inner})
	}
	_, err := p.token()
	return v, err
}

func (p *parser) list(depth int) (Value, error) {
	v := Value{Kind: List}
	for p.d.More() {
		inner, err := p.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		v.List = append(v.List, inner)
	}
	_, err := p.token()
	return v, err
}

// Notes are what is told of a document while it is read.
type Notes struct {
	// Tell is called for each, with the path of the value that is meant. Nil keeps
	// silent.
	Tell  func(path, message string)
	count int
}

// Count is how many notes there were. A reader that sees it grow knows that
// something in between was not read as it is written.
func (n *Notes) Count() int { return n.count }

// Add tells of what stands at path. Beyond a thousand, notes are only counted.
func (n *Notes) Add(path, format string, args ...any) {
	n.count++
	switch {
	case n.Tell == nil || n.count > maxNotes:
	case n.count == maxNotes:
		n.Tell("", "more is not listed")
	default:
		n.Tell(path, fmt.Sprintf(format, args...))
	}
}

// A Cursor is a value and its place. Those it is asked for and that are not there
// are null; those of another kind than asked for are null too, and told.
type Cursor struct {
	v     *Value
	path  string
	notes *Notes
}

// Top is the cursor at v.
func Top(v *Value, notes *Notes) Cursor { return Cursor{v: v, notes: notes} }

// Path is where the value stands: "statements[2].products".
func (c Cursor) Path() string { return c.path }

// There reports whether there is a value, and it is not null.
func (c Cursor) There() bool { return c.v != nil && c.v.Kind != Null }

// Is reports whether the value is of kind k.
func (c Cursor) Is(k Kind) bool { return c.There() && c.v.Kind == k }

// Note tells of the value.
func (c Cursor) Note(format string, args ...any) { c.notes.Add(c.path, format, args...) }

// Get is the member name of an object, the last where it is there more than
// once, which is told.
func (c Cursor) Get(name string) Cursor {
	out := Cursor{path: name, notes: c.notes}
	if c.path != "" {
		out.path = c.path + "." + name
	}
	if !c.want(Object) {
		return out
	}
	for i := range c.v.Members {
		m := &c.v.Members[i]
		switch {
		case m.Name == name && out.v != nil:
			out.v = &m.Value
			out.Note("is there more than once")
		case m.Name == name:
			out.v = &m.Value
		}
	}
	return out
}

// Odd tells of members that differ from one of names in their case only: another
// reader takes them for it.
func (c Cursor) Odd(names ...string) {
	if !c.Is(Object) {
		return
	}
	for i := range c.v.Members {
		for _, name := range names {
			if m := c.v.Members[i].Name; m != name && strings.EqualFold(m, name) {
				c.Note("has a member %q: %q is meant", Short(m), name)
			}
		}
	}
}

// Names are those of an object's members, in their order.
func (c Cursor) Names() []string {
	if !c.want(Object) {
		return nil
	}
	var out []string
	for i := range c.v.Members {
		out = append(out, c.v.Members[i].Name)
	}
	return out
}

// Each are the elements of a list.
func (c Cursor) Each() []Cursor {
	if !c.want(List) {
		return nil
	}
	out := make([]Cursor, len(c.v.List))
	for i := range c.v.List {
		out[i] = Cursor{v: &c.v.List[i], path: c.path + "[" + strconv.Itoa(i) + "]", notes: c.notes}
	}
	return out
}

// String is what a string says.
func (c Cursor) String() string {
	if !c.want(Text) {
		return ""
	}
	return c.v.Text
}

// Strings are what the strings of a list say. Those that are empty, and those
// that are none, are told and left out.
func (c Cursor) Strings() []string {
	var out []string
	for _, e := range c.Each() {
		switch text := e.String(); {
		case text != "":
			out = append(out, text)
		case !e.There() || e.Is(Text):
			e.Note("says nothing")
		}
	}
	return out
}

// Written is what a string says, or a number as it is written.
func (c Cursor) Written() string {
	if c.Is(Number) {
		return c.v.Text
	}
	return c.String()
}

func (c Cursor) want(k Kind) bool {
	if !c.There() {
		return false
	}
	if c.v.Kind != k {
		c.Note("is %s and not %s", c.v.Kind, k)
		return false
	}
	return true
}

// Short is text, cut off where it is long.
func Short(text string) string {
	const most = 80
	if len(text) <= most {
		return text
	}
	n := most
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + "…"
}
