package csaf

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

func (c *checker) fail(test string, at *place, format string, args ...any) {
	c.failures = append(c.failures, Failure{test, at.String(), fmt.Sprintf(format, args...)})
}

// wrong reports a failure of the test that runs.
func (c *checker) wrong(at *place, format string, args ...any) { c.fail(c.test, at, format, args...) }

// shape judges the schema. What a decoder has met and the model cannot hold
// counts.
func (c *checker) shape() {
	c.failures = append(c.failures, c.doc.Unread...)
	c.object(document(), reflect.ValueOf(c.doc).Elem(), nil)
}

func (c *checker) object(p *plan, v reflect.Value, at *place) {
	if m := p.stranger(v); m != nil {
		c.fail(p.test(), at.key(m.name), "is a member of CSAF %s only", p.other)
	}
	for i := range p.members {
		m := &p.members[i]
		f := v.Field(m.field)
		if m.pointer {
			if f.IsNil() {
				if m.rule.need {
					c.fail(p.test(), at, "has no %s", m.name)
				}
				continue
			}
			f = f.Elem()
		}
		switch m.kind {
		case text:
			if s := f.String(); s != "" {
				c.text(p, m, s, at.key(m.name))
			} else if m.rule.need {
				c.fail(p.test(), at, "has no %s", m.name)
			}
		case number:
			if x := f.Float(); !(x >= 0 && x <= 10) {
				c.fail(p.test(), at.key(m.name), "is %v, not from 0 to 10", x)
			}
		case object:
			switch {
			case !empty(m.sub, f):
				c.object(m.sub, f, at.key(m.name))
			case m.pointer:
				c.fail(p.test(), at.key(m.name), "is an empty object")
			case m.rule.need:
				c.fail(p.test(), at, "has no %s", m.name)
			}
		case texts, objects:
			c.list(p, m, f, at)
		}
	}
	c.whole(v, at)
}

func (c *checker) list(p *plan, m *member, v reflect.Value, at *place) {
	n := v.Len()
	if n == 0 {
		if m.rule.need {
			c.fail(p.test(), at, "has no %s", m.name)
		}
		return
	}
	here := at.key(m.name)
	if n < m.rule.least {
		c.fail(p.test(), here, "has %d elements, not at least %d", n, m.rule.least)
	}
	var seen map[string]bool
	if m.rule.unique && n > 1 {
		seen = make(map[string]bool, n)
	}
	for i := range n {
		e := v.Index(i)
		id := ""
		if m.kind == texts {
			if id = e.String(); id == "" {
				c.fail(p.test(), here.at(i), "is an empty string")
			} else {
				c.text(p, m, id, here.at(i))
			}
		} else {
			if empty(m.sub, e) {
				c.fail(p.test(), here.at(i), "is an empty object")
			} else {
				c.object(m.sub, e, here.at(i))
			}
			if seen != nil {
				id = string(appendObject(nil, m.sub, e, ""))
			}
		}
		if seen != nil {
			if seen[id] {
				c.fail(p.test(), here.at(i), "is in the list already")
			}
			seen[id] = true
		}
	}
}

func (c *checker) text(p *plan, m *member, s string, at *place) {
	if !utf8.ValidString(s) {
		c.fail(p.test(), at, "is not UTF-8")
		return
	}
	if e := m.rule.enum; e != nil {
		if !slices.Contains(e, s) {
			c.fail(p.test(), at, "is %s, not one of %s", brief(s), enumerate(e))
		}
		return
	}
	if m.rule.form == nil {
		return
	}
	if want := m.rule.form(s); want != "" {
		c.fail(p.test(), at, "is %s, not %s", brief(s), want)
	}
}

// whole judges what the schema says of an object as a whole.
func (c *checker) whole(v reflect.Value, at *place) {
	switch o := v.Addr().Interface().(type) {
	case *Branch:
		// Three members, the schema says, whatever they are.
		switch product, branches := o.Product != nil, len(o.Branches) > 0; {
		case product && branches:
			c.fail(testSchema, at, "has both a product and branches")
		case !product && !branches && len(o.Extra) == 0:
			c.fail(testSchema, at, "has neither a product nor branches")
		case len(o.Extra) > 1, len(o.Extra) == 1 && (product || branches):
			c.fail(testSchema, at, "has more than three members")
		}
	case *Score:
		if o.CVSSv2 == nil && o.CVSSv3 == nil && len(o.Extra) == 0 {
			c.fail(testSchema, at, "has no CVSS")
		}
	case *Exploitation:
		if len(o.GroupIDs) == 0 && len(o.ProductIDs) == 0 && len(o.Extra) == 0 {
			c.fail(testSchema, at, "names no product")
		}
	case *CVSSv3:
		if strings.HasPrefix(o.VectorString, "CVSS:3.") && (o.Version == "3.0" || o.Version == "3.1") &&
			!strings.HasPrefix(o.VectorString, "CVSS:"+o.Version+"/") {
			c.fail("6.1.8", at.key("vectorString"), "is not a vector of version %s", o.Version)
		}
	}
}
