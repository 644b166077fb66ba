package cvss

import (
	"strings"
)

// Parse reads a vector as the standards write it: of 3.0, 3.1 and 4.0 with the
// header, of 2.0 without, as publishers give it ("AV:N/AC:L/Au:N/C:N/I:N/A:C").
// In 2.0 and 3.x the metrics may stand in any order, in 4.0 only in that of the
// specification. All base metrics must be there; nothing may be said twice.
// Letters count as they are written: "av:n" is no metric. [ParseLenient]
// forgives more.
//
// A text that is not a vector is a [*ParseError]; one whose header names a CVSS
// version that there is not matches [ErrVersion] as well. Elements of a
// rubric's extended vector (XAVN and the like) are unknown metrics here.
func Parse(s string) (Vector, error) {
	const header = "CVSS:3.1/"
	if len(s) < len(header) || s[:5] != header[:5] {
		return parse2(s)
	}
	version := version(0)
	switch s[5:9] {
	case "3.1/":
		version = v31
	case "3.0/":
		version = v30
	case "4.0/":
		version = v40
	default:
		return Vector{}, headerError(s)
	}
	v, why := scan(version, s, len(header), standards[version].ordered)
	if why.wrong != fine {
		return Vector{}, why.error(version, s)
	}
	return v, nil
}

// parse2 reads a text that does not begin like a vector of 3.x or 4.0.
func parse2(s string) (Vector, error) {
	v, why := scan(v20, s, 0, false)
	switch {
	case why.wrong == fine:
		return v, nil
	case s[:min(1, len(s))] == "(", !looksLike2(s):
		return Vector{}, headerError(s)
	}
	return Vector{}, why.error(v20, s)
}

// looksLike2 reports whether s has the metric that only CVSS 2.0 has among its
// base metrics.
func looksLike2(s string) bool {
	return !strings.HasPrefix(s, "CVSS:") && (strings.HasPrefix(s, "Au:") || strings.Contains(s, "/Au:"))
}

// What can be wrong with a text after its header.
type wrong uint8

const (
	fine         wrong = iota
	badElement         // at pos there is no element of a metric that there is
	badValue           // at pos there is no value of metric
	twice              // at pos metric is given again
	outOfOrder         // at pos metric comes after one that it stands before
	missingBases       // seen lacks base metrics
)

type reason struct {
	wrong  wrong
	metric uint8
	seen   uint32
	pos    int
}

// scan reads the metrics of s from byte i on.
func scan(version version, s string, i int, ordered bool) (Vector, reason) {
	std := standards[version]
	v := Vector{version: version}
	next := 0 // the metric that follows the last one in canonical order
	var seen uint32
	for {
		m := std.find(word(s, i), next)
		if m < 0 {
			return Vector{}, reason{wrong: badElement, pos: i}
		}
		bit := uint32(1) << (m & 31)
		if seen&bit != 0 {
			return Vector{}, reason{wrong: twice, metric: uint8(m), pos: i}
		}
		if ordered && m < next {
			return Vector{}, reason{wrong: outOfOrder, metric: uint8(m), pos: i}
		}
		seen |= bit
		next = m + 1

		i += len(std.metrics[m].name) + 1
		end := i + 1
		code := uint8(0)
		if i < len(s) && (end == len(s) || s[end] == '/') {
			if letter := s[i] - 'A'; letter < 26 {
				code = std.letters[m][letter]
			}
			if code == 0 {
				return Vector{}, reason{wrong: badValue, metric: uint8(m), pos: i}
			}
			code &^= notDefined
		} else {
			ok := false
			if end = strings.IndexByte(s[i:], '/') + i; end < i {
				end = len(s)
			}
			if code, ok = std.code(m, s[i:end]); !ok {
				return Vector{}, reason{wrong: badValue, metric: uint8(m), pos: i}
			}
		}
		v.codes[m/16&1] |= uint64(code) << (m % 16 * 4)

		if i = end + 1; i > len(s) {
			break
		}
	}
	if base := uint32(1)<<std.base - 1; seen&base != base {
		return Vector{}, reason{wrong: missingBases, seen: seen, pos: len(s)}
	}
	return v, reason{}
}

// word returns up to four bytes of s from byte i on, the first one lowest.
func word(s string, i int) uint32 {
	if i+4 <= len(s) {
		return uint32(s[i]) | uint32(s[i+1])<<8 | uint32(s[i+2])<<16 | uint32(s[i+3])<<24
	}
	w := uint32(0)
	for shift := 0; i < len(s); i, shift = i+1, shift+8 {
		w |= uint32(s[i]) << shift
	}
	return w
}

// find returns the metric whose name and colon the word begins with, or -1. It
// looks first at the one that is likely next.
func (s *standard) find(word uint32, next int) int {
	n := len(s.metrics)
	for m := next; m < n; m++ {
		if word&s.masks[m&31] == s.keys[m&31] {
			return m
		}
	}
	for m := range min(next, n) {
		if word&s.masks[m&31] == s.keys[m&31] {
			return m
		}
	}
	return -1
}
