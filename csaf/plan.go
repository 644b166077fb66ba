package csaf

import (
	"reflect"
	"strings"
	"sync"
)

// A kind is what JSON value a member holds.
type kind int

const (
	text kind = iota
	number
	object
	texts
	objects
)

// A plan is a Go struct of the model seen as a JSON object: one member for each
// field, with the rule of the schema that belongs to it.
type plan struct {
	name    string // the struct's
	members []member
	byName  map[string]int
	extra   int      // the field of what else the object holds
	inner   []int    // the members that are objects or lists of them
	scores  []int    // the members that are numbers and must be there
	foreign []member // the members that only the other version has
	other   string   // that version
	cvss    bool     // part of a CVSS object, whose schema is FIRST's
}

type member struct {
	name    string
	field   int
	kind    kind
	pointer bool  // the field is a pointer to its kind
	sub     *plan // of object and objects
	rule    rule
}

// plans holds the plan of every struct of the model as CSAF 2.0 has it.
var plans = sync.OnceValue(func() map[reflect.Type]*plan { return plansOf(Version, rules) })

// plans21 is the same for CSAF 2.1.
var plans21 = sync.OnceValue(func() map[reflect.Type]*plan { return plansOf(Version21, rules21) })

func plansOf(version string, table map[string]rule) map[reflect.Type]*plan {
	known := map[reflect.Type]*plan{}
	planOf(reflect.TypeFor[Document](), version, table, known)
	return known
}

// document is the plan of Document in CSAF 2.0; it reaches all others.
func document() *plan { return plans()[reflect.TypeFor[Document]()] }

// document21 is the plan of Document in CSAF 2.1.
func document21() *plan { return plans21()[reflect.TypeFor[Document]()] }

// documentOf is the plan of Document in that version, 2.0 if it is unknown.
func documentOf(version string) *plan {
	if version == Version21 {
		return document21()
	}
	return document()
}

// planOf makes the plan of t. A field whose tag csaf names a version is a member
// in that version only.
func planOf(t reflect.Type, version string, table map[string]rule, known map[reflect.Type]*plan) *plan {
	if p, ok := known[t]; ok {
		return p
	}
	p := &plan{name: t.Name(), other: Version21, byName: map[string]int{}, cvss: strings.HasPrefix(t.Name(), "CVSSv")}
	if version == Version21 {
		p.other = Version
	}
	known[t] = p
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			if f.Type == extraType {
				p.extra = i
			}
			continue
		}
		m := member{name: name, field: i}
		if only := f.Tag.Get("csaf"); only != "" && only != version {
			p.foreign = append(p.foreign, m)
			continue
		}
		m.rule = table[p.name+"."+name]
		ft := f.Type
		if ft.Kind() == reflect.Pointer {
			m.pointer, ft = true, ft.Elem()
		}
		switch {
		case ft.Kind() == reflect.Float64:
			m.kind = number
		case ft.Kind() == reflect.Struct:
			m.kind, m.sub = object, planOf(ft, version, table, known)
		case ft.Kind() == reflect.Slice && ft.Elem().Kind() == reflect.Struct:
			m.kind, m.sub = objects, planOf(ft.Elem(), version, table, known)
		case ft.Kind() == reflect.Slice:
			m.kind = texts
		}
		if m.sub != nil {
			p.inner = append(p.inner, len(p.members))
		}
		if m.kind == number && !m.pointer {
			p.scores = append(p.scores, len(p.members))
		}
		p.byName[name] = len(p.members)
		p.members = append(p.members, m)
	}
	return p
}

// extraOf is what v, a struct that p describes, holds besides its members.
func (p *plan) extraOf(v reflect.Value) Extra {
	return *v.Field(p.extra).Addr().Interface().(*Extra)
}

// stranger is the first member of the other version that v, a struct that p
// describes, says something in, nil if there is none.
func (p *plan) stranger(v reflect.Value) *member {
	for i := range p.foreign {
		if f := v.Field(p.foreign[i].field); !f.IsZero() && (f.Kind() != reflect.Slice || f.Len() > 0) {
			return &p.foreign[i]
		}
	}
	return nil
}

// test is the name under which a breach of p's schema is reported.
func (p *plan) test() string {
	if p.cvss {
		return "6.1.8"
	}
	return testSchema
}

const (
	testSchema     = "schema"
	testAdditional = "6.2.20"
)
