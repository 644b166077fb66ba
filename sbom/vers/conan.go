package vers

import "strings"

// Elements of a Conan key.
const (
	conanPre  = 0x01
	conanDone = 0x02
	conanItem = 0x03
	conanWord = conanItem + numbers
)

// appendConan is the order of Conan: items between dots, numbers before words,
// then a pre-release (from the first dash on) and a build (from the last plus on),
// both of items. Conan compares a number with a word that begins with digits as
// texts, which puts 2 < 10 < 1d < 2; here the digits compare by value.
func appendConan(b []byte, s string) ([]byte, string) {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || strings.IndexByte("<>=|,!", s[i]) >= 0 {
			return nil, notVersion
		}
	}
	build, built := "", false
	if i := strings.LastIndexByte(s, '+'); i >= 0 {
		s, build, built = s[:i], s[i+1:], true
	}
	s, pre, announced := strings.Cut(s, "-")
	if s == "" {
		return nil, notVersion
	}
	b = appendItems(b, s)
	if announced {
		b = append(appendItems(append(b, conanPre), pre), conanDone)
	} else {
		b = append(b, conanDone)
	}
	if built {
		b = append(appendItems(append(b, conanDone), build), conanDone)
	}
	return b, ""
}

// appendItems appends the items of s without the zeros at their end.
func appendItems(b []byte, s string) []byte {
	end := len(b)
	for more := s != ""; more; {
		var item string
		item, s, more = strings.Cut(s, ".")
		i := digits(item, 0)
		if i > 0 {
			b = appendNumber(b, conanItem, item[:i])
			if i < len(item) {
				b = append(append(append(b, 0xff), item[i:]...), 0)
			}
		} else {
			b = append(append(append(b, conanWord), item...), 0)
		}
		if b[len(b)-1] != conanItem {
			end = len(b)
		}
	}
	return b[:end]
}
