package cvss

import (
	"fmt"
	"strings"
)

// ParseLenient reads what [Parse] reads, and forgives how it is written:
//
//   - letters of either case, in header, names and values;
//   - white space before and after the vector, its elements, names and values;
//   - one pair of parentheses around the vector, or around what follows the
//     header;
//   - the header "CVSS:2.0/", which 2.0 does not have;
//   - metrics of 4.0 in any order.
//
// Nothing else: a metric that is missing, unknown or given twice is an error
// here too, and no value is guessed. What was forgiven can be seen by comparing
// the text with the canonical one of the vector.
func ParseLenient(s string) (Vector, error) {
	if v, err := Parse(s); err == nil {
		return v, nil
	}
	in := unwrap(s, part{0, len(s)})
	version := v20
	header, rest, slash := in.cut(s, '/')
	if text := header.of(s); slash && len(text) >= 5 && fold(text[:5], "CVSS:") {
		switch number := strings.Trim(text[5:], space); number {
		case "2.0":
		case "3.0":
			version = v30
		case "3.1":
			version = v31
		case "4.0":
			version = v40
		default:
			return Vector{}, &ParseError{Vector: s, Pos: header.from + 5, Why: fmt.Sprintf("there is no version %q", clip(number)), is: ErrVersion}
		}
		in = unwrap(s, rest)
	} else if !strings.Contains(strings.ToLower(in.of(s)), "au") {
		return Vector{}, headerError(s)
	}

	v := Vector{version: version}
	std := standards[version]
	var seen uint32
	for more := true; more; {
		var element part
		if element, in, more = in.cut(s, '/'); element.from == element.to {
			return Vector{}, reason{wrong: badElement, pos: element.from}.error(version, s)
		}
		name, value, _ := element.cut(s, ':')
		m := std.folded(name.of(s))
		switch {
		case m < 0:
			return Vector{}, reason{wrong: badElement, pos: element.from}.error(version, s)
		case seen&(1<<m) != 0:
			return Vector{}, reason{wrong: twice, metric: uint8(m), pos: element.from}.error(version, s)
		}
		code, ok := std.foldedCode(m, value.of(s))
		if !ok {
			return Vector{}, reason{wrong: badValue, metric: uint8(m), pos: value.from}.error(version, s)
		}
		seen |= 1 << m
		v.set(m, code)
	}
	if base := uint32(1)<<std.base - 1; seen&base != base {
		return Vector{}, reason{wrong: missingBases, seen: seen, pos: len(s)}.error(version, s)
	}
	return v, nil
}

// A part is where something stands in a text.
type part struct{ from, to int }

func (p part) of(s string) string { return s[p.from:p.to] }

const space = " \t\r\n"

// trim leaves out white space at both ends.
func (p part) trim(s string) part {
	p.to -= len(p.of(s)) - len(strings.TrimRight(p.of(s), space))
	p.from += len(p.of(s)) - len(strings.TrimLeft(p.of(s), space))
	return p
}

// unwrap leaves out white space and one pair of parentheses around p.
func unwrap(s string, p part) part {
	p = p.trim(s)
	if text := p.of(s); len(text) >= 2 && text[0] == '(' && text[len(text)-1] == ')' {
		p = part{p.from + 1, p.to - 1}.trim(s)
	}
	return p
}

// cut divides p at the first c, without white space at the ends.
func (p part) cut(s string, c byte) (before, after part, found bool) {
	i := strings.IndexByte(p.of(s), c)
	if i < 0 {
		return p.trim(s), part{p.to, p.to}, false
	}
	return part{p.from, p.from + i}.trim(s), part{p.from + i + 1, p.to}.trim(s), true
}

func (s *standard) folded(name string) int {
	for m := range s.metrics {
		if fold(s.metrics[m].name, name) {
			return m
		}
	}
	return -1
}

func (s *standard) foldedCode(m int, value string) (code uint8, ok bool) {
	for i, v := range s.metrics[m].values {
		if fold(v, value) {
			return uint8(i + 1), true
		}
	}
	return 0, m >= s.base && fold(value, s.absent)
}

// fold compares letters of ASCII in either case.
func fold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
