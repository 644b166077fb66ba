package csaf

import (
	"encoding/json"
	"iter"
	"maps"
	"reflect"
	"slices"
)

// Extra holds the members of an object that the standard does not define, by
// name, each as JSON without white space. The schema allows them nearly
// everywhere, so Decode keeps and Encode writes them; optional test 6.2.20
// reports each. Nil means that there is none.
type Extra map[string]json.RawMessage

var extraType = reflect.TypeFor[Extra]()

// Extras yields every member of d that the standard does not define, with its
// JSON pointer, in the order of the document.
func (d *Document) Extras() iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		if d != nil {
			extras(documentOf(d.Document.CSAFVersion), reflect.ValueOf(d).Elem(), nil, func(at *place, value json.RawMessage) bool {
				return yield(at.String(), value)
			})
		}
	}
}

// extras visits the members that the standard does not define, of v and all in it.
// Most documents have none, and no place is made for those.
func extras(p *plan, v reflect.Value, at *place, yield func(*place, json.RawMessage) bool) bool {
	return !hasExtra(p, v) || walkExtras(p, v, at, yield)
}

func hasExtra(p *plan, v reflect.Value) bool {
	if len(p.extraOf(v)) > 0 {
		return true
	}
	for _, i := range p.inner {
		m := &p.members[i]
		f := v.Field(m.field)
		if m.pointer {
			if f.IsNil() {
				continue
			}
			f = f.Elem()
		}
		if m.kind == object {
			if hasExtra(m.sub, f) {
				return true
			}
			continue
		}
		for j := range f.Len() {
			if hasExtra(m.sub, f.Index(j)) {
				return true
			}
		}
	}
	return false
}

func walkExtras(p *plan, v reflect.Value, at *place, yield func(*place, json.RawMessage) bool) bool {
	extra := p.extraOf(v)
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		if !yield(at.key(name), extra[name]) {
			return false
		}
	}
	for _, i := range p.inner {
		m := &p.members[i]
		f := v.Field(m.field)
		if m.pointer {
			if f.IsNil() {
				continue
			}
			f = f.Elem()
		}
		here := at.key(m.name)
		if m.kind == object {
			if !walkExtras(m.sub, f, here, yield) {
				return false
			}
			continue
		}
		for j := range f.Len() {
			if !walkExtras(m.sub, f.Index(j), here.at(j), yield) {
				return false
			}
		}
	}
	return true
}
