package vers

import "strings"

// Elements of an RPM key, in the order of rpmvercmp: a tilde before the end, the
// end before a caret, carets before words, words before numbers.
const (
	rpmTilde  = 0x01
	rpmDone   = 0x02
	rpmCaret  = 0x03
	rpmWord   = 0x04
	rpmNumber = 0x05
)

// appendRPM is the order of RPM packages: epoch, version and release. A missing
// epoch is 0, and a version without a release comes before those with one.
func appendRPM(b []byte, s string) ([]byte, string) {
	if !strings.ContainsAny(s, "0123456789") || strings.ContainsAny(s, " \t\r\n/") {
		return nil, notVersion
	}
	if i := digits(s, 0); i < len(s) && s[i] == ':' {
		b = appendNumber(b, 0x00, s[:i])
		s = s[i+1:]
	} else {
		b = append(b, 0x00)
	}
	dash := strings.LastIndexByte(s, '-')
	if dash < 0 {
		return append(appendSegments(b, s), 0x00), ""
	}
	return appendSegments(append(appendSegments(b, s[:dash]), 0x01), s[dash+1:]), ""
}

func appendSegments(b []byte, s string) []byte {
	for i := 0; i < len(s); {
		j := i + 1
		switch c := s[i]; {
		case c == '~':
			b = append(b, rpmTilde)
		case c == '^':
			b = append(b, rpmCaret)
		case isDigit(c):
			j = digits(s, i)
			b = appendNumber(b, rpmNumber, s[i:j])
		case isLetter(c):
			j = letters(s, i)
			b = append(b, rpmWord)
			b = append(b, s[i:j]...)
			b = append(b, 0)
		}
		i = j
	}
	return append(b, rpmDone)
}
