package csaf

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"reflect"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// A scanner reads UTF-8 text as JSON, by the whole of its grammar, and puts what
// it finds into the model. encoding/json is not used for this because it drops
// unknown members, matches names in any case, joins repeated members and cannot
// tell null from absent, all without a word.
type scanner struct {
	data     []byte
	shared   string // data once more, when the texts of the model may be parts of it
	pos      int
	path     trail
	depth    int // of objects and lists
	branches int // of branches
	unread   []Failure
	mistyped []Failure // some of unread
	more     int       // failures beyond maxUnread
	moreLost int       // the same of mistyped
	unsorted []string
	err      error // why it stopped
}

// maxUnread bounds Document.Unread, Mistyped and Unsorted; maxBranches the depth of the
// tree and maxDepth that of all objects and lists. They are ours, far above any
// document seen.
const (
	maxUnread   = 1000
	maxBranches = 100
	maxDepth    = 1000
)

// errSyntax says that the text is no JSON at pos. Its words are found later.
var errSyntax = errors.New("not JSON")

// stop ends the reading where it stands, with the first of its reasons.
func (s *scanner) stop(why error) {
	if s.err == nil {
		s.err = why
	}
}

func (s *scanner) fail(test, format string, args ...any) {
	if len(s.unread) == maxUnread {
		s.more++
		return
	}
	s.unread = append(s.unread, Failure{test, s.path.String(), fmt.Sprintf(format, args...)})
}

// lost is fail for a value that cannot be kept.
func (s *scanner) lost(test, format string, args ...any) {
	s.fail(test, format, args...)
	if len(s.mistyped) == maxUnread {
		s.moreLost++
		return
	}
	s.mistyped = append(s.mistyped, Failure{test, s.path.String(), fmt.Sprintf(format, args...)})
}

// next skips white space and returns the byte it then stands on, 0 at the end
// and once the reading has stopped.
func (s *scanner) next() byte {
	for s.pos < len(s.data) && s.err == nil {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// enter begins an object or a list; leave ends it.
func (s *scanner) enter() bool {
	s.pos++
	if s.depth++; s.depth > maxDepth {
		s.stop(fmt.Errorf("csaf: objects and lists nested deeper than %d", maxDepth))
	}
	return s.err == nil
}

func (s *scanner) leave() {
	if s.depth--; s.err == nil {
		s.pos++
	}
}

// another reports whether another element of what closes with end follows, and
// passes the comma before it.
func (s *scanner) another(first bool, end byte) bool {
	c := s.next()
	switch {
	case c == end:
		return false
	case first && c != 0:
		return true
	case c == ',':
		s.pos++
		if c = s.next(); c != end && c != 0 {
			return true
		}
	}
	s.stop(errSyntax)
	return false
}

// colon passes what stands between a name and its value.
func (s *scanner) colon() {
	if s.next() != ':' {
		s.stop(errSyntax)
		return
	}
	s.pos++
}

// skip passes one value of any kind and looks at the order of its members.
func (s *scanner) skip() {
	c := s.next()
	if s.err != nil {
		return
	}
	switch c {
	case '"':
		s.raw()
	case '{':
		if !s.enter() {
			return
		}
		before, sorted := "", true
		for first := true; s.another(first, '}'); first = false {
			name, _ := s.name()
			s.colon()
			sorted = sorted && (first || alphabetical(before, name) <= 0)
			before = name
			s.path = append(s.path, step{name: name, index: -1})
			s.skip()
			s.path = s.path[:len(s.path)-1]
		}
		s.order(sorted)
		s.leave()
	case '[':
		if !s.enter() {
			return
		}
		for i := 0; s.another(i == 0, ']'); i++ {
			s.path = append(s.path, step{index: i})
			s.skip()
			s.path = s.path[:len(s.path)-1]
		}
		s.leave()
	default:
		s.word()
	}
}

// order notes an object whose members are not sorted.
func (s *scanner) order(sorted bool) {
	if !sorted && s.err == nil && len(s.unsorted) < maxUnread {
		s.unsorted = append(s.unsorted, s.path.String())
	}
}

// word passes a number, true, false or null and returns it.
func (s *scanner) word() []byte {
	start := s.pos
	for _, w := range [...]string{"true", "false", "null"} {
		if bytes.HasPrefix(s.data[start:], []byte(w)) {
			s.pos += len(w)
			return s.data[start:s.pos]
		}
	}
	i := start
	if i < len(s.data) && s.data[i] == '-' {
		i++
	}
	digits := func() bool {
		from := i
		for i < len(s.data) && s.data[i]-'0' <= 9 {
			i++
		}
		return i > from
	}
	whole := i
	ok := digits() && (s.data[whole] != '0' || i == whole+1)
	if ok && i < len(s.data) && s.data[i] == '.' {
		i++
		ok = digits()
	}
	if ok && i < len(s.data) && s.data[i]|0x20 == 'e' {
		if i++; i < len(s.data) && (s.data[i] == '+' || s.data[i] == '-') {
			i++
		}
		ok = digits()
	}
	s.pos = i
	if !ok {
		s.stop(errSyntax)
	}
	return s.data[start:i]
}

// raw passes a string and returns what is between its quotes.
func (s *scanner) raw() (in []byte, escaped bool) {
	start := s.pos + 1
	for i := start; ; {
		// Eight bytes at a time while none of them is a quote, a backslash or a
		// control character.
		for i+8 <= len(s.data) {
			const ones, tops = 0x0101010101010101, 0x8080808080808080
			x := binary.LittleEndian.Uint64(s.data[i:])
			quote, slash := x^(ones*'"'), x^(ones*'\\')
			hit := ((x-ones*0x20)&^x | (quote-ones)&^quote | (slash-ones)&^slash) & tops
			if hit != 0 {
				i += bits.TrailingZeros64(hit) / 8
				break
			}
			i += 8
		}
		if i >= len(s.data) {
			s.pos = len(s.data)
			s.stop(errSyntax)
			return nil, false
		}
		switch c := s.data[i]; {
		case c == '"':
			s.pos = i + 1
			return s.data[start:i], escaped
		case c == '\\':
			escaped = true
			if i++; !s.escape(i) {
				s.pos = i
				s.stop(errSyntax)
				return nil, false
			}
		case c < 0x20:
			s.pos = i
			s.stop(errSyntax)
			return nil, false
		}
		i++
	}
}

// escape reports whether what follows a backslash at i is one of JSON's.
func (s *scanner) escape(i int) bool {
	if i >= len(s.data) {
		return false
	}
	switch s.data[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return true
	case 'u':
		return i+4 < len(s.data) && hex4(s.data[i+1:]) >= 0
	}
	return false
}

// name passes the name of a member.
func (s *scanner) name() (name string, whole bool) {
	if s.next() != '"' {
		s.stop(errSyntax)
		return "", false
	}
	return s.str()
}

// str passes a string and returns its value; whole is false when it holds half
// of a surrogate pair, which no UTF-8 text can say.
func (s *scanner) str() (v string, whole bool) {
	in, escaped := s.raw()
	if !escaped {
		return s.own(in), true
	}
	return unescape(in)
}

// own makes a string of in, which ends before the quote that was passed.
func (s *scanner) own(in []byte) string {
	if s.shared != "" && in != nil {
		end := s.pos - 1
		return s.shared[end-len(in) : end]
	}
	return string(in)
}

func unescape(in []byte) (v string, whole bool) {
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
	var n rune
	for _, c := range b[:4] {
		d := hexDigit(c)
		if d < 0 {
			return -1
		}
		n = n<<4 | d
	}
	return n
}

// object reads one object into v, a struct that p describes.
func (s *scanner) object(p *plan, v reflect.Value) {
	if !s.expect('{', p, "an object") || !s.enter() {
		return
	}
	var seen uint64
	n, sorted, before, last := 0, true, "", -1 // last is the member before, -1 when the model lacks it
	for ; s.another(n == 0, '}'); n++ {
		if s.next() != '"' {
			s.stop(errSyntax)
			return
		}
		in, escaped := s.raw()
		name, whole := "", true
		i, known := p.byName[string(in)]
		if escaped {
			name, whole = unescape(in)
			i, known = p.byName[name]
			known = known && whole
		} else if !known {
			name = string(in)
		}
		s.colon()
		if known {
			name = p.members[i].name
		} else {
			i = -1
		}
		switch {
		case !sorted || n == 0:
		case last >= 0 && known:
			sorted = last <= i
		default:
			sorted = alphabetical(before, name) <= 0
		}
		before, last = name, i
		if !known {
			s.path = append(s.path, step{name: name, index: -1})
			s.extra(p, v, name, whole)
			s.path = s.path[:len(s.path)-1]
			continue
		}
		m := &p.members[i]
		s.path = append(s.path, step{name: m.name, index: -1})
		if seen&(1<<i) != 0 {
			s.fail(p.test(), "is given twice; the last one is read")
			v.Field(m.field).SetZero()
		}
		seen |= 1 << i
		s.member(p, m, v.Field(m.field))
		s.path = s.path[:len(s.path)-1]
	}
	s.order(sorted)
	s.leave()
	if n == 0 {
		s.fail(p.test(), "is an empty object")
	}
	for _, i := range p.scores {
		if seen&(1<<i) == 0 {
			s.fail(p.test(), "has no %s", p.members[i].name) // 0 in the model, which is a score
		}
	}
}

// extra keeps a member that the standard does not define.
func (s *scanner) extra(p *plan, v reflect.Value, name string, whole bool) {
	s.next()
	start := s.pos
	s.skip()
	if s.err != nil {
		return
	}
	to := v.Field(p.extra).Addr().Interface().(*Extra)
	if _, twice := (*to)[name]; twice {
		s.fail(p.test(), "is given twice; the last one is read")
	}
	if !whole {
		s.fail(p.test(), "has a name that holds half of a surrogate pair")
		return
	}
	var b bytes.Buffer
	if err := json.Compact(&b, s.data[start:s.pos]); err != nil {
		s.stop(errSyntax)
		return
	}
	if *to == nil {
		*to = Extra{}
	}
	(*to)[name] = b.Bytes()
}

func (s *scanner) member(p *plan, m *member, v reflect.Value) {
	if m.pointer {
		if s.next() == 'n' {
			s.expect('{', p, "")
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch m.kind {
	case text:
		v.SetString(s.text(p, m))
	case number:
		if c := s.next(); c != '-' && (c < '0' || c > '9') {
			s.expect('0', p, "a number")
			return
		}
		f, err := strconv.ParseFloat(string(s.word()), 64)
		if err != nil {
			s.lost(p.test(), "is a number out of range")
			return
		}
		if f == 0 {
			f = 0 // a negative zero would come back as another text
		}
		v.SetFloat(f)
	case object:
		s.object(m.sub, v)
	case texts:
		s.texts(p, m, v.Addr().Interface().(*[]string))
	case objects:
		s.list(p, m, v)
	}
}

func (s *scanner) text(p *plan, m *member) string {
	if !s.expect('"', p, "a string") {
		return ""
	}
	in, escaped := s.raw()
	switch {
	case escaped:
		str, whole := unescape(in)
		if !whole {
			s.fail(p.test(), "holds half of a surrogate pair")
		}
		return str
	case len(in) == 0:
		s.fail(p.test(), "is an empty string")
		return ""
	}
	for _, word := range m.rule.enum {
		if word == string(in) {
			return word
		}
	}
	return s.own(in)
}

func (s *scanner) texts(p *plan, m *member, to *[]string) {
	if !s.expect('[', p, "a list") || !s.enter() {
		return
	}
	list := *to
	for s.another(len(list) == 0, ']') {
		s.path = append(s.path, step{index: len(list)})
		list = append(list, s.text(p, m))
		s.path = s.path[:len(s.path)-1]
	}
	s.leave()
	if *to = list; len(list) == 0 {
		s.fail(p.test(), "is an empty list")
	}
}

func (s *scanner) list(p *plan, m *member, v reflect.Value) {
	if !s.expect('[', p, "a list") || !s.enter() {
		return
	}
	if m.name == "branches" {
		if s.branches++; s.branches > maxBranches {
			s.stop(fmt.Errorf("csaf: %s: branches nested deeper than %d", s.path, maxBranches))
		}
		defer func() { s.branches-- }()
	}
	n := 0
	for ; s.another(n == 0, ']'); n++ {
		if n == v.Cap() {
			v.Grow(1)
		}
		v.SetLen(n + 1)
		s.path = append(s.path, step{index: n})
		s.object(m.sub, v.Index(n))
		s.path = s.path[:len(s.path)-1]
	}
	s.leave()
	if n == 0 {
		s.fail(p.test(), "is an empty list")
	}
}

// expect reports whether the next value begins with c. If not it says so and
// passes the value.
func (s *scanner) expect(c byte, p *plan, want string) bool {
	got := s.next()
	if got == c {
		return true
	}
	is := valueKind(got)
	if s.skip(); s.err != nil {
		return false
	}
	if is == "null" {
		s.fail(p.test(), "is null")
	} else {
		s.lost(p.test(), "is %s, not %s", is, want)
	}
	return false
}

// valueKind is what a value is that begins with c.
func valueKind(c byte) string {
	switch c {
	case 'n':
		return "null"
	case 't', 'f':
		return "true or false"
	case '"':
		return "a string"
	case '[':
		return "a list"
	case '{':
		return "an object"
	}
	return "a number"
}
