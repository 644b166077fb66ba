package csaf

import (
	"fmt"
	"reflect"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// A scanner walks text that is known to be valid JSON and puts what it finds
// into the model. encoding/json is not used for this because it drops unknown
// members, matches names in any case, joins repeated members and cannot tell
// null from absent, all without a word.
type scanner struct {
	data   []byte
	pos    int
	depth  int
	unread []Failure
	more   int // failures beyond maxUnread
	err    error
}

// maxUnread bounds Document.Unread; maxBranches the depth of the tree. Both are
// ours, far above any document seen.
const (
	maxUnread   = 1000
	maxBranches = 100
)

func (s *scanner) fail(test string, at *place, format string, args ...any) {
	if len(s.unread) == maxUnread {
		s.more++
		return
	}
	s.unread = append(s.unread, Failure{test, at.String(), fmt.Sprintf(format, args...)})
}

// next skips white space and returns the byte it then stands on.
func (s *scanner) next() byte {
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\n', '\r', ',', ':':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// skip passes one value of any kind.
func (s *scanner) skip() {
	depth := 0
	for {
		switch s.next() {
		case '"':
			s.raw()
		case '{', '[':
			depth++
			s.pos++
		case '}', ']':
			depth--
			s.pos++
		case 0:
			return
		default:
			s.word()
		}
		if depth <= 0 {
			return
		}
	}
}

// word passes a number, true, false or null and returns it.
func (s *scanner) word() []byte {
	start := s.pos
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r', ',', ':', ']', '}', '"', '[', '{':
			return s.data[start:s.pos]
		}
		s.pos++
	}
	return s.data[start:]
}

// raw passes a string and returns what is between its quotes.
func (s *scanner) raw() (in []byte, escaped bool) {
	start := s.pos + 1
	for i := start; i < len(s.data); i++ {
		switch s.data[i] {
		case '\\':
			escaped = true
			i++
		case '"':
			s.pos = i + 1
			return s.data[start:i], escaped
		}
	}
	s.pos = len(s.data)
	return s.data[start:], escaped
}

// str passes a string and returns its value; whole is false when it holds half
// of a surrogate pair, which no UTF-8 text can say.
func (s *scanner) str() (v string, whole bool) {
	in, escaped := s.raw()
	if !escaped {
		return string(in), true
	}
	out, whole := make([]byte, 0, len(in)), true
	for i := 0; i < len(in); i++ {
		if in[i] != '\\' {
			out = append(out, in[i])
			continue
		}
		i++
		switch c := in[i]; c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r := hex4(in[i+1:])
			i += 4
			if utf16.IsSurrogate(r) {
				low := rune(-1)
				if i+6 < len(in) && in[i+1] == '\\' && in[i+2] == 'u' {
					low = hex4(in[i+3:])
				}
				if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
					whole = false
				} else {
					i += 6
				}
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, c)
		}
	}
	return string(out), whole
}

func hex4(b []byte) rune {
	if len(b) < 4 {
		return -1
	}
	n, err := strconv.ParseUint(string(b[:4]), 16, 32)
	if err != nil {
		return -1
	}
	return rune(n)
}

// object reads one object into v, a struct that p describes.
func (s *scanner) object(p *plan, v reflect.Value, at *place) {
	if !s.expect('{', p, at, "an object") {
		return
	}
	s.pos++
	seen := make([]bool, len(p.members))
	n := 0
	for ; s.next() == '"'; n++ {
		name, whole := s.str()
		i, known := p.byName[name]
		if !whole || !known {
			test := testSchema
			if p.cvss {
				test = testAdditional // FIRST's schema allows other members
			}
			s.fail(test, at.key(name), "is no member the standard knows here")
			s.skip()
			continue
		}
		m := &p.members[i]
		here := at.key(name)
		if seen[i] {
			s.fail(p.test(), here, "is given twice; the last one is read")
			v.Field(m.field).SetZero()
		}
		seen[i] = true
		s.member(p, m, v.Field(m.field), here)
	}
	s.pos++
	if n == 0 {
		s.fail(p.test(), at, "is an empty object")
	}
	for i := range p.members {
		if m := &p.members[i]; m.kind == number && m.rule.need && !seen[i] {
			s.fail(p.test(), at, "has no %s", m.name) // 0 in the model, which is a score
		}
	}
}

func (s *scanner) member(p *plan, m *member, v reflect.Value, at *place) {
	if m.pointer {
		if s.next() == 'n' {
			s.expect('{', p, at, "")
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch m.kind {
	case text:
		s.text(p, v, at)
	case number:
		if c := s.next(); c != '-' && (c < '0' || c > '9') {
			s.expect('0', p, at, "a number")
			return
		}
		f, err := strconv.ParseFloat(string(s.word()), 64)
		if err != nil {
			s.fail(p.test(), at, "is a number out of range")
			return
		}
		if f == 0 {
			f = 0 // a negative zero would come back as another text
		}
		v.SetFloat(f)
	case object:
		s.object(m.sub, v, at)
	case texts, objects:
		s.list(p, m, v, at)
	}
}

func (s *scanner) text(p *plan, v reflect.Value, at *place) {
	if !s.expect('"', p, at, "a string") {
		return
	}
	str, whole := s.str()
	if !whole {
		s.fail(p.test(), at, "holds half of a surrogate pair")
	}
	if str == "" {
		s.fail(p.test(), at, "is an empty string")
	}
	v.SetString(str)
}

func (s *scanner) list(p *plan, m *member, v reflect.Value, at *place) {
	if !s.expect('[', p, at, "a list") {
		return
	}
	s.pos++
	if m.name == "branches" {
		if s.depth++; s.depth > maxBranches {
			s.err = fmt.Errorf("csaf: %s: branches nested deeper than %d", at, maxBranches)
			s.pos = len(s.data)
		}
		defer func() { s.depth-- }()
	}
	n := 0
	for c := s.next(); c != ']' && c != 0; c = s.next() {
		if n == v.Cap() {
			v.Grow(1)
		}
		v.SetLen(n + 1)
		e := v.Index(n)
		e.SetZero()
		if m.kind == texts {
			s.text(p, e, at.at(n))
		} else {
			s.object(m.sub, e, at.at(n))
		}
		n++
	}
	s.pos++
	if n == 0 {
		s.fail(p.test(), at, "is an empty list")
	}
}

// expect reports whether the next value begins with c. If not it says so and
// passes the value.
func (s *scanner) expect(c byte, p *plan, at *place, want string) bool {
	got := s.next()
	if got == c {
		return true
	}
	is := "a number"
	switch got {
	case 0:
		return false
	case 'n':
		is = "null"
	case 't', 'f':
		is = "true or false"
	case '"':
		is = "a string"
	case '[':
		is = "a list"
	case '{':
		is = "an object"
	}
	if is == "null" {
		s.fail(p.test(), at, "is null")
	} else {
		s.fail(p.test(), at, "is %s, not %s", is, want)
	}
	s.skip()
	return false
}
