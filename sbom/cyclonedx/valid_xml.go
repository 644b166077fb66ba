package cyclonedx

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	schemaNamespace   = "http://cyclonedx.org/schema/bom/"
	instanceNamespace = "http://www.w3.org/2001/XMLSchema-instance"
	xmlNamespace      = "http://www.w3.org/XML/1998/namespace"
)

// maxAttributes is how many attributes one element may have, and how many
// namespaces may be declared where it stands. Real ones have a dozen.
const maxAttributes = 500

// checkXML judges data, which is UTF-8, as a stream of tokens.
func checkXML(data []byte) ([]Violation, error) {
	x := &xmlJudge{d: xml.NewDecoder(bytes.NewReader(data))}
	for {
		t, err := x.d.RawToken()
		switch {
		case errors.Is(err, io.EOF) && x.roots > 0 && len(x.open) == 0:
			return x.done(), nil
		case errors.Is(err, io.EOF):
			return nil, x.broken("is cut off", io.ErrUnexpectedEOF)
		case err != nil:
			why := err.Error()
			if strings.Contains(why, "unexpected EOF") {
				why = "is cut off: " + why
			}
			return nil, x.broken(why, err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			err = x.start(t)
		case xml.EndElement:
			err = x.end(t.Name)
		case xml.CharData:
			err = x.chars(t)
		case xml.Directive:
			if bytes.Contains(t, []byte("ENTITY")) {
				err = x.broken("declares entities, which are not read", nil)
			}
		}
		if err != nil {
			return nil, err
		}
	}
}

// An xmlJudge walks the tokens of a document with the elements that are open.
type xmlJudge struct {
	findings
	d       *xml.Decoder
	grammar *grammar
	space   string // the namespace of the document
	roots   int
	open    []opened
	binds   []binding
}

// A binding is what a namespace prefix stands for within an element.
type binding struct{ prefix, space string }

// An opened element.
type opened struct {
	raw     xml.Name // with the prefix
	index   int      // among its siblings of that name, from 1
	bound   int      // how many bindings there were outside of it
	passed  bool     // is not judged: foreign or unknown
	noun    *noun
	states  []int // of the noun's model
	holds   *holds
	content []byte
	worded  bool // text was found where none may be
	counts  []tally
}

// A tally is how many children of a name there were.
type tally struct {
	name string
	n    int
}

func (x *xmlJudge) broken(why string, err error) error {
	l, column := x.d.InputPos()
	return &SyntaxError{Line: l, Column: column, Path: x.where(), Why: why, Err: err}
}

func (x *xmlJudge) where() string {
	var b strings.Builder
	for i := range x.open {
		b.WriteByte('/')
		b.WriteString(x.open[i].raw.Local)
		if i > 0 {
			b.WriteString("[" + strconv.Itoa(x.open[i].index) + "]")
		}
	}
	return b.String()
}

func (x *xmlJudge) violate(rule Rule, format string, args ...any) {
	if len(x.list) >= maxViolations {
		x.more = true
		return
	}
	x.add(x.where(), rule, format, args...)
}

func (x *xmlJudge) violateAt(name string, rule Rule, format string, args ...any) {
	if len(x.list) >= maxViolations {
		x.more = true
		return
	}
	x.add(x.where()+"/@"+name, rule, format, args...)
}

// resolve returns the namespace of prefix.
func (x *xmlJudge) resolve(prefix string) (string, bool) {
	if prefix == "xml" {
		return xmlNamespace, true
	}
	for i := len(x.binds) - 1; i >= 0; i-- {
		if x.binds[i].prefix == prefix {
			return x.binds[i].space, x.binds[i].space != "" || prefix == ""
		}
	}
	return "", prefix == ""
}

func (x *xmlJudge) start(e xml.StartElement) error {
	if len(x.open) >= maxDepth {
		return x.broken(fmt.Sprintf("is nested deeper than %d", maxDepth), nil)
	}
	if len(x.open) == 0 {
		if x.roots++; x.roots > 1 {
			return x.broken("has more than one root element", nil)
		}
	}
	if len(e.Attr) > maxAttributes || len(x.binds) > maxAttributes {
		return x.broken(fmt.Sprintf("has more than %d attributes or namespaces", maxAttributes), nil)
	}
	frame := opened{raw: e.Name, index: 1, bound: len(x.binds)}
	for _, a := range e.Attr {
		switch {
		case a.Name.Space == "" && a.Name.Local == "xmlns":
			x.binds = append(x.binds, binding{"", a.Value})
		case a.Name.Space == "xmlns":
			x.binds = append(x.binds, binding{a.Name.Local, a.Value})
		}
	}
	space, ok := x.resolve(e.Name.Space)
	if !ok {
		return x.broken(fmt.Sprintf("does not declare the namespace prefix %q", e.Name.Space), nil)
	}
	attrs, err := x.attributes(e.Attr)
	if err != nil {
		return err
	}
	if len(x.open) == 0 {
		x.root(space, &frame)
	} else {
		x.child(space, &frame)
	}
	x.open = append(x.open, frame)
	x.judgeAttributes(&frame, attrs)
	return nil
}

// attributes resolves the namespaces of attributes.
func (x *xmlJudge) attributes(list []xml.Attr) ([]xml.Attr, error) {
	var out []xml.Attr
	for _, a := range list {
		if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
			continue
		}
		if a.Name.Space != "" {
			space, ok := x.resolve(a.Name.Space)
			if !ok {
				return nil, x.broken(fmt.Sprintf("does not declare the namespace prefix %q", a.Name.Space), nil)
			}
			a.Name.Space = space
		}
		for _, b := range out {
			if b.Name == a.Name {
				return nil, x.broken(fmt.Sprintf("has the attribute %q twice", a.Name.Local), nil)
			}
		}
		out = append(out, a)
	}
	return out, nil
}

func (x *xmlJudge) root(space string, frame *opened) {
	frame.passed = true
	version, ours := strings.CutPrefix(space, schemaNamespace)
	v := versionOf(version)
	switch {
	case !ours:
		x.add("/"+frame.raw.Local, RuleNamespace, "has the namespace %s, not that of CycloneDX", quoted(space))
		return
	case v < 0:
		x.add("/"+frame.raw.Local, RuleNamespace, "has the namespace %s, which is of no version that is known", quoted(space))
		return
	case frame.raw.Local != "bom":
		x.add("/"+frame.raw.Local, RuleNamespace, "is the root element, not bom")
		return
	}
	g, err := grammarOf(v, true)
	if err != nil {
		x.add("", RuleNamespace, "%s", err)
		return
	}
	x.grammar, x.space = g, space
	frame.passed = false
	frame.enter(&holds{noun: g.nouns["bom"]})
}

// enter makes frame an element that holds h.
func (f *opened) enter(h *holds) {
	f.holds = h
	if f.noun = h.noun; f.noun != nil {
		f.states = []int{-1}
		if f.noun.text != nil {
			f.holds = f.noun.text
		}
	}
	if h.noun == nil && h.kind == nil && h.anyOf == nil {
		f.passed = true
	}
}

// child finds what frame is within the innermost open element.
func (x *xmlJudge) child(space string, frame *opened) {
	parent := &x.open[len(x.open)-1]
	if parent.passed {
		frame.passed = true
		return
	}
	frame.index = parent.tally(frame.raw.Local)
	name := frame.raw.Local
	if space != x.space {
		name = foreignElement
	}
	frame.passed = true
	if parent.noun == nil || parent.noun.model == nil {
		x.open = append(x.open, *frame)
		x.violate(RuleUnknown, "is within an element that holds text alone, or nothing")
		x.open = x.open[:len(x.open)-1]
		return
	}
	m := parent.noun.model
	next := m.step(parent.states, name)
	if name == foreignElement && space == "" {
		next = nil
	}
	if len(next) == 0 {
		x.open = append(x.open, *frame)
		known := m.places(name)
		switch {
		case name == foreignElement:
			x.violate(RuleUnknown, "is of the namespace %s, which may not be here", quoted(space))
		case len(known) == 0:
			x.violate(RuleUnknown, "is not a field of %s in this version", parent.noun.name)
		case frame.index > 1:
			x.violate(RuleSingle, "is there again")
		default:
			x.violate(RuleOrder, "is not in its place; here may be: %s", m.expected(parent.states))
		}
		x.open = x.open[:len(x.open)-1]
		parent = &x.open[len(x.open)-1]
		next = known
	}
	if len(next) > 0 {
		parent.states = next
	}
	if name == foreignElement {
		return
	}
	if f := parent.noun.fields[name]; f != nil {
		frame.passed = false
		frame.enter(f.holds)
	}
}

func (f *opened) tally(name string) int {
	for i := range f.counts {
		if f.counts[i].name == name {
			f.counts[i].n++
			return f.counts[i].n
		}
	}
	if len(f.counts) < 256 {
		f.counts = append(f.counts, tally{name, 1})
	}
	return 1
}

// judgeAttributes judges the attributes of the element that was opened last.
func (x *xmlJudge) judgeAttributes(frame *opened, attrs []xml.Attr) {
	for _, a := range attrs {
		// The identifiers of foreign elements count too, and not in 1.0.
		if a.Name.Space == "" && a.Name.Local == "bom-ref" && len(x.open) > 1 && x.grammar != nil && x.grammar.version > 0 && x.identify(a.Value) {
			x.violateAt("bom-ref", RuleID, "%s is the bom-ref of another element too", quoted(a.Value))
		}
		if frame.passed {
			continue
		}
		if a.Name.Space == instanceNamespace {
			if a.Name.Local == "nil" {
				x.violateAt("xsi:nil", RuleUnknown, "is not allowed: no element may be without a value")
			}
			continue
		}
		n := frame.noun
		switch {
		case n == nil:
			x.violateAt(a.Name.Local, RuleUnknown, "is on an element that has no attributes")
		case a.Name.Space != "":
			if !n.anything && (!n.foreign || a.Name.Space == x.space) {
				x.violateAt(a.Name.Local, RuleUnknown, "is of the namespace %s, which may not be here", quoted(a.Name.Space))
			}
		case n.attributes[a.Name.Local] != nil:
			if f := n.attributes[a.Name.Local].holds.judgeText(a.Value); f != (fault{}) {
				x.violateAt(a.Name.Local, f.rule, "%s", f.why)
			}
		case !n.anything:
			x.violateAt(a.Name.Local, RuleUnknown, "is not an attribute of %s in this version", n.name)
		}
	}
	if frame.passed || frame.noun == nil {
		return
	}
	for _, name := range frame.noun.must {
		there := false
		for _, a := range attrs {
			there = there || a.Name.Space == "" && a.Name.Local == name
		}
		if !there {
			x.violateAt(name, RuleRequired, "is missing")
		}
	}
}

// judgeText judges the content of an element or attribute.
func (h *holds) judgeText(s string) fault {
	if s == "" && h.hasPreset {
		s = h.preset
	}
	if h.kind != nil {
		return h.kind.judge(s, true)
	}
	var f fault
	for _, a := range h.anyOf {
		if f = a.judgeText(s); f == (fault{}) {
			return f
		}
	}
	return f
}

func (x *xmlJudge) chars(text []byte) error {
	if len(x.open) == 0 {
		if len(bytes.TrimLeft(text, " \t\r\n")) > 0 {
			return x.broken("has text outside of the root element", nil)
		}
		return nil
	}
	f := &x.open[len(x.open)-1]
	switch {
	case f.passed:
	case f.noun == nil || f.noun.text != nil:
		f.content = append(f.content, text...)
	case f.noun.mixed || f.worded || len(bytes.TrimLeft(text, " \t\r\n")) == 0:
	default:
		f.worded = true
		x.violate(RuleType, "holds text, which has no place between elements")
	}
	return nil
}

func (x *xmlJudge) end(raw xml.Name) error {
	if len(x.open) == 0 {
		return x.broken(fmt.Sprintf("ends %q, which is not open", raw.Local), nil)
	}
	f := &x.open[len(x.open)-1]
	if f.raw != raw {
		return x.broken(fmt.Sprintf("ends %q where %q is open", raw.Local, f.raw.Local), nil)
	}
	switch {
	case f.passed:
	case f.noun == nil || f.noun.text != nil:
		if wrong := f.holds.judgeText(string(f.content)); wrong != (fault{}) {
			x.violate(wrong.rule, "%s", wrong.why)
		}
	case f.noun.model != nil && !f.noun.model.ends(f.states):
		x.violate(RuleRequired, "ends where there must be: %s", f.noun.model.expected(f.states))
	}
	x.binds = x.binds[:f.bound]
	x.open = x.open[:len(x.open)-1]
	return nil
}
