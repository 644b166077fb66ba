package vers

// Elements of a Packagist key, in the order of PHP's version_compare: words it
// does not know first, then its own; the end between RC and numbers, patches last.
const (
	phpUnknown = 0x01
	phpDev     = 0x02
	phpAlpha   = 0x03
	phpBeta    = 0x04
	phpRC      = 0x05
	phpDone    = 0x06
	phpNumber  = 0x07
	phpPatch   = 0xf0
)

// appendPackagist is the order of PHP's version_compare, which tells 1.0 from
// 1.0.0, knows its words by their first letters and heeds case.
func appendPackagist(b []byte, s string) ([]byte, string) {
	if !isAlnum(s[0]) || !only(s, ".+~^:_-") || digitless(s) {
		return nil, notVersion
	}
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case isDigit(c):
			j := digits(s, i)
			b = appendNumber(b, phpNumber, s[i:j])
			i = j
		case isLetter(c):
			j := letters(s, i)
			b = append(b, phpForm(s[i:j]))
			i = j
		default:
			i++
		}
	}
	return append(b, phpDone), ""
}

func phpForm(w string) byte {
	switch {
	case len(w) >= 3 && w[:3] == "dev":
		return phpDev
	case w[0] == 'a':
		return phpAlpha
	case w[0] == 'b':
		return phpBeta
	case len(w) >= 2 && (w[:2] == "RC" || w[:2] == "rc"):
		return phpRC
	case w[0] == 'p':
		return phpPatch
	}
	return phpUnknown
}

func digitless(s string) bool {
	for i := range len(s) {
		if isDigit(s[i]) {
			return false
		}
	}
	return true
}
