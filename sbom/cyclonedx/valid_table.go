package cyclonedx

import (
	_ "embed" // the table of rules
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// The table of rules, rules.json, holds kinds (of text and number) and nouns
// (JSON objects and XML elements), each row with the versions it is for.
//
// A row of fields names a field and then, three words each, its form, what it
// holds and for which versions. The form is j in JSON, x as an XML element, x@
// as an attribute, jx alike in both, with ! where it is required. It holds a
// kind or a noun: [x] is a list, [=x] one whose items differ, [+x] one that is
// not empty, [1x] one of exactly one item; a|b is one or more of, a^b exactly
// one of; x=v is an element that stands for v when it is empty.
//
// A model is the order of XML elements: a? at most one, a* any number, a+ one
// or more, (a | b) one of; a?@1.6- is there from 1.6 on; other is any element
// of a foreign namespace. A noun is repeatable where the standard's own valid
// example describes it with each of its users, under one bom-ref.
//
//go:embed rules.json
var rulesJSON []byte

// The versions of the specification, as their places in this list.
var specVersions = []string{"1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7"}

func versionOf(text string) int {
	for i, v := range specVersions {
		if v == text {
			return i
		}
	}
	return -1
}

type ruleSheet struct {
	Kinds []kindRow `json:"kinds"`
	Nouns []nounRow `json:"nouns"`
}

type kindRow struct {
	Kind string `json:"kind"`
	As   []struct {
		Versions  string   `json:"versions"`
		Base      string   `json:"base"`
		Pattern   string   `json:"pattern"`
		MinLength int      `json:"minLength"`
		MaxLength int      `json:"maxLength"`
		Minimum   *float64 `json:"minimum"`
		Maximum   *float64 `json:"maximum"`
	} `json:"as"`
	Values map[string][]string `json:"values"`
}

type nounRow struct {
	Noun   string   `json:"noun"`
	JSON   string   `json:"json"`
	XML    string   `json:"xml"`
	Closed string   `json:"closed"`
	Any    string   `json:"attributes-any"`
	Other  string   `json:"attributes-other"`
	Mixed  string   `json:"mixed"`
	Again  string   `json:"repeatable"`
	Model  []string `json:"model"`
	Rules  []string `json:"rules"`
	Fields []string `json:"fields"`
}

// A grammar is the table for one version and one form.
type grammar struct {
	version int
	xml     bool
	kinds   map[string]*valueKind
	nouns   map[string]*noun
}

// A noun is a JSON object or an XML element.
type noun struct {
	name       string
	fields     map[string]*nounField
	required   []string
	closed     bool
	rules      []clause
	attributes map[string]*nounField
	must       []string // attributes
	foreign    bool     // attributes of a foreign namespace are allowed
	anything   bool     // and those without one
	mixed      bool
	again      bool          // its bom-ref may be that of another one, in JSON
	text       *holds        // simple content
	model      *contentModel // nil: holds no element
}

// A nounField is what a name stands for in a noun.
type nounField struct {
	required bool
	id       bool // its value is to be unique in the document
	holds    *holds
}

// holds says what a value may be: exactly one of kind, noun, item, oneOf and
// anyOf, or nothing of them, which is anything.
type holds struct {
	kind         *valueKind
	noun         *noun
	item         *holds
	unique       bool
	least        int
	most         int
	oneOf, anyOf []*holds
	preset       string // of an empty XML element
	hasPreset    bool
}

// A clause is a rule on the fields of one JSON object together.
type clause struct {
	verb   string     // one, some, not, needs, when, as
	groups [][]string // one, some: of each group all fields
	names  []string   // not, needs, when
	holds  *holds     // when, as
}

var ruleTable = sync.OnceValues(func() (*ruleSheet, error) {
	s := new(ruleSheet)
	if err := json.Unmarshal(rulesJSON, s); err != nil {
		return nil, fmt.Errorf("cyclonedx: the table of rules: %w", err)
	}
	return s, nil
})

// grammars are built once each, when first asked for.
var grammars = func() (all [2][]func() (*grammar, error)) {
	for v := range specVersions {
		for form := range all {
			all[form] = append(all[form], sync.OnceValues(func() (*grammar, error) {
				s, err := ruleTable()
				if err != nil {
					return nil, err
				}
				return build(s, v, form == 1)
			}))
		}
	}
	return all
}()

func grammarOf(version int, xml bool) (*grammar, error) {
	if xml {
		return grammars[1][version]()
	}
	return grammars[0][version]()
}

// covers reports whether a span such as 1.2-, 1.2-1.4 or 1.5, or several of
// them, holds version.
func covers(spans string, version int) (bool, error) {
	for _, span := range strings.Fields(spans) {
		from, to, open := strings.Cut(span, "-")
		a, b := versionOf(from), len(specVersions)-1
		if !open {
			b = a
		} else if to != "" {
			b = versionOf(to)
		}
		if a < 0 || b < a {
			return false, fmt.Errorf("cyclonedx: the table of rules: no such versions: %q", spans)
		}
		if a <= version && version <= b {
			return true, nil
		}
	}
	return false, nil
}

// build makes the grammar of one version and form.
func build(s *ruleSheet, version int, xml bool) (*grammar, error) {
	b := builder{grammar: &grammar{version: version, xml: xml, kinds: map[string]*valueKind{}, nouns: map[string]*noun{}}}
	for _, row := range s.Kinds {
		b.kind(row)
	}
	for _, row := range s.Nouns {
		form := row.JSON
		if xml {
			form = row.XML
		}
		if b.covers(form) {
			b.nouns[row.Noun] = &noun{name: row.Noun}
		}
	}
	for _, row := range s.Nouns {
		if n := b.nouns[row.Noun]; n != nil {
			b.noun(n, row)
		}
	}
	if b.nouns["bom"] == nil && b.err == nil {
		b.fail("%s has no document", specVersions[version])
	}
	return b.grammar, b.err
}

// A builder keeps the first error of building.
type builder struct {
	*grammar
	err error
}

func (b *builder) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf("cyclonedx: the table of rules: "+format, args...)
	}
}

func (b *builder) covers(spans string) bool {
	yes, err := covers(spans, b.version)
	if err != nil && b.err == nil {
		b.err = err
	}
	return yes
}

func (b *builder) kind(row kindRow) {
	for _, as := range row.As {
		if !b.covers(as.Versions) {
			continue
		}
		k := &valueKind{name: row.Kind, base: baseKind(as.Base), minLength: as.MinLength, maxLength: as.MaxLength, min: as.Minimum, max: as.Maximum}
		if as.Pattern != "" {
			re, err := regexp.Compile("^(?:" + as.Pattern + ")$")
			if err != nil {
				b.fail("%s: %w", row.Kind, err)
			}
			k.pattern = re
		}
		for spans, words := range row.Values {
			if !b.covers(spans) {
				continue
			}
			if k.words == nil {
				k.words = map[string]struct{}{}
			}
			for _, w := range words {
				k.words[w] = struct{}{}
			}
		}
		b.kinds[row.Kind] = k
	}
}

func (b *builder) noun(n *noun, row nounRow) {
	n.closed = b.covers(row.Closed)
	n.anything = b.covers(row.Any)
	n.foreign = n.anything || b.covers(row.Other)
	n.mixed = b.covers(row.Mixed)
	n.again = b.covers(row.Again)
	n.fields, n.attributes = map[string]*nounField{}, map[string]*nounField{}
	for _, text := range row.Fields {
		words := strings.Fields(text)
		if len(words)%3 != 1 {
			b.fail("%s: %q", row.Noun, text)
			return
		}
		for i := 1; i < len(words); i += 3 {
			if b.covers(words[i+2]) {
				b.field(n, words[0], words[i], words[i+1])
			}
		}
	}
	for _, text := range row.Rules {
		span, what, _ := strings.Cut(text, " : ")
		if !b.xml && b.covers(span) {
			b.rule(n, what)
		}
	}
	for _, text := range row.Model {
		span, what, _ := strings.Cut(text, " : ")
		if !b.xml || !b.covers(span) {
			continue
		}
		m, err := compileModel(what, b.covers)
		if err != nil {
			b.fail("%s: %w", row.Noun, err)
		}
		n.model = m
	}
}

func (b *builder) field(n *noun, name, form, what string) {
	bare := strings.TrimSuffix(form, "!")
	if b.xml != (bare != "j") && bare != "jx" {
		return
	}
	f := &nounField{required: bare != form, id: name == "bom-ref" && !n.again, holds: b.holds(what)}
	switch {
	case name == "#text":
		n.text = f.holds
	case bare == "x@":
		n.attributes[name] = f
		if f.required {
			n.must = append(n.must, name)
		}
	default:
		n.fields[name] = f
		if f.required {
			n.required = append(n.required, name)
		}
	}
}

func (b *builder) rule(n *noun, text string) {
	verb, rest, _ := strings.Cut(text, " ")
	r := clause{verb: verb, names: strings.Fields(rest)}
	switch verb {
	case "one", "some":
		for group := range strings.SplitSeq(rest, "|") {
			r.groups = append(r.groups, strings.Fields(group))
		}
	case "not", "needs":
	case "as":
		r.holds = b.holds(rest)
	case "when":
		if len(r.names) != 3 {
			b.fail("%s: %q", n.name, text)
			return
		}
		r.holds = b.holds(r.names[2])
	default:
		b.fail("%s: %q", n.name, text)
	}
	n.rules = append(n.rules, r)
}
