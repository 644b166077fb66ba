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

func extras(p *plan, v reflect.Value, at *place, yield func(*place, json.RawMessage) bool) bool {
	extra := p.extraOf(v)
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		if !yield(at.key(name), extra[name]) {
			return false
		}
	}
	for i := range p.members {
		m := &p.members[i]
		f := v.Field(m.field)
		if m.pointer {
			if f.IsNil() {
				continue
			}
			f = f.Elem()
		}
		switch m.kind {
		case object:
			if !extras(m.sub, f, at.key(m.name), yield) {
				return false
			}
		case objects:
			for j := range f.Len() {
				if !extras(m.sub, f.Index(j), at.key(m.name).at(j), yield) {
					return false
				}
			}
		}
	}
	return true
}
