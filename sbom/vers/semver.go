package vers

import "strings"

// Elements of a Semantic Versioning key (semver.org 2.0.0, item 11): the numbers
// without the zeros at their end, then whether a pre-release follows.
const (
	semverPre    = 0x01
	semverDone   = 0x02
	semverNumber = 0x04
)

// appendSemVer reads s more leniently than the registries do: any count of
// numbers, and a pre-release that follows with another separator or none
// (1.20rc1, 1.0.0.alpha).
func appendSemVer(b []byte, s string, buildCounts bool) ([]byte, string) {
	s = strings.TrimPrefix(s, "=")
	b, rest := appendNumbers(b, s, -1)
	if len(rest) == len(s) {
		return nil, notVersion
	}
	sep := byte(0)
	if rest != "" && !isAlnum(rest[0]) {
		sep, rest = rest[0], rest[1:]
		if rest == "" || strings.IndexByte("-.+~_", sep) < 0 || !isAlnum(rest[0]) && (rest[0] != '-' || sep != '-') {
			return nil, notVersion
		}
	}
	if !only(rest, "-.+~_") {
		return nil, notVersion
	}
	pre, build := rest, ""
	if sep == '+' {
		pre, build = "", rest
	} else if i := strings.IndexByte(rest, '+'); i >= 0 {
		pre, build = rest[:i], rest[i+1:]
	}
	if pre == "" {
		b = append(b, semverDone)
	} else {
		b = appendIdentifiers(append(b, semverPre), pre)
	}
	if buildCounts && build != "" {
		b = appendIdentifiers(b, build)
	}
	return b, ""
}

// appendNumbers appends the numbers between dots that s begins with, at most max
// of them, without the zeros at their end, and returns what follows.
func appendNumbers(b []byte, s string, max int) (key []byte, rest string) {
	end, i := len(b), 0
	for n := 0; n != max; n++ {
		at := i
		if n > 0 {
			if i+1 >= len(s) || s[i] != '.' || !isDigit(s[i+1]) {
				break
			}
			at++
		}
		j := digits(s, at)
		if j == at {
			break
		}
		b = appendNumber(b, semverNumber, s[at:j])
		if b[len(b)-1] != semverNumber {
			end = len(b)
		}
		i = j
	}
	return b[:end], s[i:]
}

// appendIdentifiers appends the identifiers between dots: numbers by value, before
// words, and fewer before more.
func appendIdentifiers(b []byte, s string) []byte {
	for more := true; more; {
		var id string
		id, s, more = strings.Cut(s, ".")
		b = appendIdentifier(b, id)
	}
	return append(b, 0x01)
}

func appendIdentifier(b []byte, id string) []byte {
	if allDigits(id) {
		return appendNumber(b, 0x02, id)
	}
	b = append(b, 0x80)
	b = append(b, id...)
	return append(b, 0)
}

// appendGo is the order of Go modules, and of the toolchain: go1.21rc2 is what
// the Go vulnerability database writes as 1.21.0-rc.2.
func appendGo(b []byte, s string) ([]byte, string) {
	if rest, ok := strings.CutPrefix(s, "go"); ok && rest != "" && isDigit(rest[0]) {
		s = rest
	} else {
		s = unprefixed(s)
	}
	mark := len(b)
	b, rest := appendNumbers(b, s, -1)
	if i := letters(rest, 0); i > 0 && allDigits(rest[i:]) && len(rest) < len(s) {
		b = appendIdentifier(append(b, semverPre), rest[:i])
		return append(appendIdentifier(b, rest[i:]), 0x01), ""
	}
	return appendSemVer(b[:mark], s, false)
}

// appendNuGet is the order of NuGet: up to four numbers, and pre-releases
// without regard to case.
func appendNuGet(b []byte, s string) ([]byte, string) {
	b, rest := appendNumbers(b, s, 4)
	if len(rest) == len(s) {
		return nil, notVersion
	}
	pre, build, built := strings.Cut(rest, "+")
	if built && (build == "" || !only(build, ".-")) {
		return nil, notVersion
	}
	if pre == "" {
		return append(b, semverDone), ""
	}
	if pre[0] != '-' || len(pre) == 1 || !only(pre[1:], ".-") {
		return nil, notVersion
	}
	pre = pre[1:]
	b = append(b, semverPre)
	for more := true; more; {
		var id string
		id, pre, more = strings.Cut(pre, ".")
		if allDigits(id) {
			b = appendNumber(b, 0x02, id)
		} else {
			b = appendWord(append(b, 0x80), id)
		}
	}
	return append(b, 0x01), ""
}
