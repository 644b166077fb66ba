package vers

import "strings"

// appendDotted is the order of CRAN and Hackage: a list of numbers, where a list
// comes before those it begins (1.0 < 1.0.0).
func appendDotted(b []byte, s, separators string) ([]byte, string) {
	for i := 0; ; i++ {
		j := digits(s, i)
		if j == i {
			return nil, notVersion
		}
		b = appendNumber(b, 0x01, s[i:j])
		if i = j; i == len(s) {
			return b, ""
		}
		if strings.IndexByte(separators, s[i]) < 0 {
			return nil, notVersion
		}
	}
}

// appendIntDot reads numbers between dots up to the first other character.
func appendIntDot(b []byte, s string) ([]byte, string) {
	b, rest := appendNumbers(b, s, -1)
	if len(rest) == len(s) {
		return nil, notVersion
	}
	return b, ""
}
