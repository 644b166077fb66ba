package cyclonedx

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

const (
	// maxRules is how many different faults of values are learned from one document,
	// and maxReread how many bytes are read again for that.
	maxRules  = 64
	maxReread = 4 << 30
	// maxNamed is how many names of elements are counted apart within one element, or
	// told of. The format has fewer.
	maxNamed = 100
)

// rule says what to do where the library gave up.
type rule struct {
	attr string // the attribute meant; empty: the element
	fits func(string) bool
	why  string
}

// A sieve passes on the tokens of a document that the library may see. Elements
// and attributes of other namespaces are kept from it: it would take them for
// its own.
type sieve struct {
	d       *xml.Decoder
	t       *translation
	rules   map[string]rule // by the names of the elements down to the one meant, and @attribute
	space   string
	roots   int
	open    []node
	depth   int // of open that is in use
	queue   []xml.Token
	last    xml.StartElement // the last element begun
	ended   string           // its names, when the last token ended it
	foreign []foreign
	err     error
	// How many elements there were, how many of them are components or services,
	// and how many of these there may be.
	elements, components, most int
}

// A node is one open element: its name, which of that name it is in its parent,
// and how many of each name it has held.
type node struct {
	name  string
	index int
	kids  []kid
}

type kid struct {
	name  string
	count int
}

type foreign struct {
	name  xml.Name
	path  string
	count int
}

// Token returns the next token that is passed on.
func (s *sieve) Token() (xml.Token, error) {
	if len(s.queue) > 0 {
		token := s.queue[0]
		s.queue = s.queue[1:]
		s.note(token)
		return token, nil
	}
	for {
		token, err := s.d.Token()
		if err != nil {
			if err != io.EOF {
				s.err = err
			}
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			pass, err := s.start(&t)
			if err != nil {
				return nil, err
			}
			if !pass {
				continue
			}
			s.note(t)
			return t, nil
		case xml.EndElement:
			s.note(t)
			s.depth--
			return t, nil
		case xml.CharData:
			s.text(t)
			return t, nil
		case xml.Directive:
			if bytes.Contains(t, []byte("ENTITY")) {
				return nil, s.place("declares entities, which are not read", nil)
			}
		}
	}
}

// note remembers where the reading is, for learn.
func (s *sieve) note(token xml.Token) {
	switch t := token.(type) {
	case xml.StartElement:
		s.last, s.ended = t, ""
	case xml.EndElement:
		s.ended = ""
		if len(s.rules) < maxRules {
			s.ended = t.Name.Local
		}
	}
}

// start reports whether the element may be seen, and takes from it what may not.
func (s *sieve) start(t *xml.StartElement) (bool, error) {
	if s.depth == 0 {
		s.roots++
		if why := root(t.Name, s.roots); why != "" {
			return false, s.place(why, nil)
		}
		s.space = t.Name.Space
	}
	if s.depth >= maxDepth {
		return false, s.place(fmt.Sprintf("is nested deeper than %d", maxDepth), nil)
	}
	if t.Name.Space != s.space {
		s.strange(t.Name)
		s.spoil(s.scoping(s.depth))
		return false, s.skip()
	}
	s.elements++
	if t.Name.Local == "component" || t.Name.Local == "service" || t.Name.Local == "vulnerability" {
		s.components++
	}
	switch {
	case s.components > s.most:
		return false, s.place(fmt.Sprintf("holds more than the %d components allowed", s.most), nil)
	case s.elements > maxObjects:
		return false, s.place(fmt.Sprintf("holds more than the %d elements allowed", maxObjects), nil)
	}
	s.push(t.Name.Local)
	s.shape()
	t.Attr = slices.DeleteFunc(t.Attr, func(a xml.Attr) bool { return a.Name.Space != "" || a.Name.Local == "xmlns" })
	if len(s.rules) == 0 {
		return true, nil
	}
	return s.apply(t)
}

func (s *sieve) push(name string) {
	index := 1
	if s.depth > 0 {
		parent := &s.open[s.depth-1]
		i := slices.IndexFunc(parent.kids, func(k kid) bool { return k.name == name })
		if i < 0 && len(parent.kids) < maxNamed {
			i = len(parent.kids)
			parent.kids = append(parent.kids, kid{name: name})
		}
		if i >= 0 {
			parent.kids[i].count++
			index = parent.kids[i].count
		}
	}
	if s.depth == len(s.open) {
		s.open = append(s.open, node{})
	}
	n := &s.open[s.depth]
	n.name, n.index, n.kids = name, index, n.kids[:0]
	s.depth++
}

// skip passes over the rest of the element that was just begun.
func (s *sieve) skip() error {
	err := s.d.Skip()
	if err != nil {
		s.err = err
	}
	return err
}

// names are those of the open elements; route has their places too, as XPath.
func (s *sieve) names() string {
	var b strings.Builder
	for _, n := range s.open[:s.depth] {
		b.WriteString("/" + n.name)
	}
	return b.String()
}

func (s *sieve) route() string {
	var b strings.Builder
	for i, n := range s.open[:s.depth] {
		b.WriteString("/" + n.name)
		if i > 1 || n.index > 1 {
			b.WriteString("[" + strconv.Itoa(n.index) + "]")
		}
	}
	return b.String()
}

func (s *sieve) strange(name xml.Name) {
	for i := range s.foreign {
		if s.foreign[i].name == name {
			s.foreign[i].count++
			return
		}
	}
	if len(s.foreign) < maxNamed {
		s.foreign = append(s.foreign, foreign{name, s.route(), 1})
	}
}

// report tells of the elements that were kept from the library.
func (s *sieve) report() {
	for _, f := range s.foreign {
		s.t.problem(f.path, "holds %q of the namespace %q, which is not read (%d in all)", f.name.Local, short(f.name.Space), f.count)
	}
}

// learn makes a rule of the place at which the library gave up with err. It
// reports whether there is one to make that was not there before.
func (s *sieve) learn(err error) bool {
	var number *strconv.NumError
	isNumber := errors.As(err, &number)
	here := s.names()
	r := rule{why: err.Error()}
	switch {
	case s.ended != "": // the text of an element that has just ended
		here += "/" + s.ended
	case isNumber:
		i := slices.IndexFunc(s.last.Attr, func(a xml.Attr) bool { return strings.TrimSpace(a.Value) == number.Num })
		if i < 0 {
			return false
		}
		r.attr = s.last.Attr[i].Name.Local
	}
	if isNumber {
		r.fits = parser(number)
	}
	key := here
	if r.attr != "" {
		key += "/@" + r.attr
	}
	if _, again := s.rules[key]; again || strings.Count(here, "/") < 2 {
		return false
	}
	s.rules[key] = r
	return true
}

// parser reports whether a text is one that the failed conversion would take.
func parser(n *strconv.NumError) func(string) bool {
	ranged := errors.Is(n.Err, strconv.ErrRange)
	return func(text string) bool {
		text = strings.TrimSpace(text)
		if ranged && text == n.Num {
			return false
		}
		var err error
		switch n.Func {
		case "ParseBool":
			_, err = strconv.ParseBool(text)
		case "ParseFloat":
			_, err = strconv.ParseFloat(text, 64)
		default:
			_, err = strconv.ParseInt(text, 10, 64)
		}
		return err == nil || text == ""
	}
}

// apply leaves out what the rules say of the element just begun.
func (s *sieve) apply(t *xml.StartElement) (bool, error) {
	here := s.names()
	t.Attr = slices.DeleteFunc(t.Attr, func(a xml.Attr) bool {
		r, found := s.rules[here+"/@"+a.Name.Local]
		if !found || r.fits(a.Value) {
			return false
		}
		s.t.problem(s.route()+"/@"+a.Name.Local, "holds the text %q, which is of another kind: left out", short(a.Value))
		return true
	})
	r, found := s.rules[here]
	if !found {
		return true, nil
	}
	if r.fits == nil {
		s.t.problem(s.route(), "is left out: %s", short(r.why))
		s.depth--
		return false, s.skip()
	}
	var text []byte
	for {
		token, err := s.d.Token()
		if err != nil {
			s.err = err
			return false, err
		}
		switch token := token.(type) {
		case xml.CharData:
			text = append(text, token...)
		case xml.StartElement:
			if err := s.skip(); err != nil {
				return false, err
			}
		case xml.EndElement:
			route := s.route()
			s.depth--
			if !r.fits(string(text)) {
				s.t.problem(route, "holds the text %q, which is of another kind: left out", short(string(text)))
				return false, nil
			}
			s.queue = append(s.queue, xml.CharData(text), token)
			return true, nil
		}
	}
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

// place is an error at the place that the reading has reached.
func (s *sieve) place(why string, err error) error {
	line, column := s.d.InputPos()
	return &SyntaxError{Line: line, Column: column, Why: why, Err: err}
}

func (s *sieve) fail(err error) error {
	why := err.Error()
	if strings.Contains(why, "unexpected EOF") {
		why = "is cut off: " + why
	}
	return s.place(why, err)
}
