package vers

import "strings"

// A key is a run of elements, each begun by a byte that says what it is; what
// comes earlier in the order has the lower byte. Words end in a zero byte, so
// that a word comes before those it begins. The end of a run is an element too
// where something may come before it (1.0-rc1 < 1.0).

// notVersion is said of a text that the grammar of a scheme refuses.
const notVersion = "is not a version of this scheme"

// numbers is how many first bytes [appendNumber] uses.
const numbers = 110

// appendNumber appends digits so that numbers of any length order by value. Its
// first byte is between base and base+numbers-1, and base alone is zero.
func appendNumber(b []byte, base byte, digits string) []byte {
	for len(digits) > 0 && digits[0] == '0' {
		digits = digits[1:]
	}
	switch n := len(digits); {
	case n == 0:
		return append(b, base)
	case n == 1:
		return append(b, base+digits[0]-'0')
	case n <= 100:
		b = append(b, base+8+byte(n))
	default:
		// Never a byte that marks an element of another kind: compareMaven relies on it.
		b = append(b, base+numbers-1, byte(0x80|n>>7), byte(0x80|n&0x7f))
	}
	return append(b, digits...)
}

// appendWord appends s in lower case, and its end.
func appendWord(b []byte, s string) []byte {
	for i := range len(s) {
		b = append(b, lower(s[i]))
	}
	return append(b, 0)
}

// digits returns where the digits that begin at i end.
func digits(s string, i int) int {
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return i
}

// letters returns where the letters that begin at i end.
func letters(s string, i int) int {
	for i < len(s) && isLetter(s[i]) {
		i++
	}
	return i
}

// unprefixed takes a v off that stands before a digit: the tags of many
// repositories have it, and the registries do not count it.
func unprefixed(s string) string {
	if len(s) > 1 && lower(s[0]) == 'v' && isDigit(s[1]) {
		return s[1:]
	}
	return s
}

// wild reports whether s is a pattern, a condition or a variable, which a grammar that is
// wide enough would take for a version: 2.x, 2.*, >=2.0, ${project.version}.
func wild(s string) bool {
	if strings.IndexByte("<>=^~*[({", s[0]) >= 0 && !(s[0] == '=' && len(s) > 1 && isDigit(s[1])) {
		return true
	}
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '*', '$':
			return true
		case 'x', 'X':
			if i > 1 && s[i-1] == '.' && isDigit(s[i-2]) && (i+1 == len(s) || s[i+1] == '.') {
				return true
			}
		}
	}
	return false
}

// announced reports whether s begins with a word of which tags make a version:
// release-2.5.0.
func announced(s string) bool {
	j := letters(s, 0)
	switch strings.ToLower(s[:j]) {
	case "release", "rel", "version", "ver", "v", "tag", "tags":
		return j < len(s)
	}
	return false
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isAlnum(c byte) bool  { return isDigit(c) || isLetter(c) }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// allDigits reports whether s is a number.
func allDigits(s string) bool { return s != "" && digits(s, 0) == len(s) }

// only reports whether s holds nothing but letters, digits and bytes of more.
func only(s, more string) bool {
next:
	for i := range len(s) {
		if isAlnum(s[i]) {
			continue
		}
		for j := range len(more) {
			if s[i] == more[j] {
				continue next
			}
		}
		return false
	}
	return true
}
