package cvss

import (
	"fmt"
	"strings"
)

// Parse reads a vector as the standard writes it. The metrics may stand in any
// order; the eight base metrics must all be there; nothing may be said twice.
// Letters count as they are written: "av:n" is no metric.
//
// A text that is not a vector is a [*ParseError]; one of a CVSS version that is
// not read matches [ErrVersion] as well. Elements of a rubric's extended vector
// (XAVN and the like) are unknown metrics here.
func Parse(s string) (Vector, error) {
	const header = "CVSS:3.0/"
	if len(s) < len(header) || s[:7] != header[:7] || s[8] != '/' || s[7] != '0' && s[7] != '1' {
		return Vector{}, headerError(s)
	}
	v := Vector{version: v30}
	if s[7] == '1' {
		v.version = v31
	}
	return parse3(v, s, len(header))
}

// headerError says what is wrong with a text that does not begin with the
// header of a version that is read.
func headerError(s string) error {
	e := &ParseError{Vector: s}
	rest, ok := strings.CutPrefix(s, "CVSS:")
	switch {
	case s == "":
		e.Why = "empty"
	case ok:
		number, _, more := strings.Cut(rest, "/")
		e.Pos = len("CVSS:")
		switch {
		case number == "3.0", number == "3.1":
			e.Pos, e.Why = len(s), "no metrics after the header"
		case number == "2.0", number == "4.0":
			e.Why, e.is = "version "+number+" is not read yet", ErrVersion
		case !more, len(number) > 8:
			e.Why = `no version after "CVSS:"`
		default:
			e.Why, e.is = fmt.Sprintf("there is no version %q", number), ErrVersion
		}
	case looksLike2(s):
		e.Why, e.is = "version 2.0 is not read yet", ErrVersion
	default:
		e.Why = `no header: a vector begins with "CVSS:3.0/" or "CVSS:3.1/"`
	}
	return e
}

// looksLike2 reports whether s has the metric that only CVSS 2.0 has among its
// base metrics. Vectors of 2.0 have no header, and some stand in parentheses.
func looksLike2(s string) bool {
	s = strings.TrimPrefix(s, "(")
	return strings.HasPrefix(s, "Au:") || strings.HasPrefix(s, "AV:") && strings.Contains(s, "/Au:")
}

// maxName is longer than any metric's name.
const maxName = 4

// parse3 reads the metrics of s from byte i on into v.
func parse3(v Vector, s string, i int) (Vector, error) {
	next := 0 // the metric that follows the last one in canonical order
	var seen uint
	for {
		m, colon, key := -1, i, uint32(0)
		for colon < len(s) && s[colon] != ':' && colon-i < maxName {
			key = addKey(key, s[colon])
			colon++
		}
		if colon < len(s) && s[colon] == ':' {
			m = metric3(key, next)
		}
		if m < 0 {
			return Vector{}, elementError(s, i)
		}
		if seen&(1<<m) != 0 {
			return Vector{}, &ParseError{Vector: s, Pos: i, Why: "metric " + metrics3[m].name + " is given twice"}
		}
		seen |= 1 << m
		next = m + 1

		j := colon + 1
		if j == len(s) || j+1 < len(s) && s[j+1] != '/' {
			return Vector{}, valueError(s, m, j)
		}
		code, ok := code3(m, s[j])
		if !ok {
			return Vector{}, valueError(s, m, j)
		}
		v.set(m, code)

		i = j + 2
		if i > len(s) {
			break
		}
	}
	if seen&base3 != base3 {
		return Vector{}, missingError(s, seen)
	}
	return v, nil
}

func elementError(s string, i int) error {
	element, _, _ := strings.Cut(s[i:], "/")
	name, _, colon := strings.Cut(element, ":")
	e := &ParseError{Vector: s, Pos: i}
	switch {
	case element == "" && i == len(s):
		e.Why = "ends in a slash"
	case element == "":
		e.Why = "nothing between two slashes"
	case !colon:
		e.Why = fmt.Sprintf("%q is not of the form metric:value", clip(element))
	default:
		e.Why = fmt.Sprintf("unknown metric %q", clip(name))
	}
	return e
}

func valueError(s string, m, i int) error {
	value, _, _ := strings.Cut(s[i:], "/")
	return &ParseError{Vector: s, Pos: i, Why: fmt.Sprintf("metric %s cannot be %q, it takes one of %s",
		metrics3[m].name, clip(value), choices3(m))}
}

func missingError(s string, seen uint) error {
	var names []string
	for m := range metrics3 {
		if base3&(1<<m) != 0 && seen&(1<<m) == 0 {
			names = append(names, metrics3[m].name)
		}
	}
	return &ParseError{Vector: s, Pos: len(s), Why: "base metrics missing: " + strings.Join(names, " ")}
}

// clip keeps an error message short.
func clip(s string) string {
	if len(s) > 32 {
		return s[:32] + "…"
	}
	return s
}
