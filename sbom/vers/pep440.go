package vers

import "strings"

// appendPEP440 is the order of the Python packaging rules (PEP 440, "Summary of
// permitted suffixes and relative ordering"). A text that is no such version but
// begins with a digit is a legacy version: all of them come before all others,
// in the order of setuptools.
func appendPEP440(b []byte, s string) ([]byte, string) {
	mark := len(b)
	if b, ok := appendModern(append(b, 0x01), s); ok {
		return b, ""
	}
	if !isDigit(s[0]) || !only(s, ".+!_-") || strings.HasSuffix(strings.ToLower(s), "snapshot") {
		return nil, notVersion
	}
	return appendLegacy(append(b[:mark], 0x00), s), ""
}

func appendModern(b []byte, s string) ([]byte, bool) {
	i := digits(s, 0)
	if i == 0 {
		return b, false
	}
	if i < len(s) && s[i] == '!' {
		b = appendNumber(b, 0x00, s[:i])
		s = s[i+1:]
	} else {
		b = append(b, 0x00)
	}
	b, rest := appendNumbers(b, s, -1)
	if len(rest) == len(s) {
		return b, false
	}
	b = append(b, 0x01) // before any number
	phase, pre, s, hasPre := segment(rest, prePhase)
	post, hasPost := "", false
	if len(s) > 1 && s[0] == '-' && isDigit(s[1]) {
		j := digits(s, 1)
		post, s, hasPost = s[1:j], s[j:], true
	} else {
		_, post, s, hasPost = segment(s, postPhase)
	}
	_, dev, s, hasDev := segment(s, devPhase)
	switch {
	case hasPre:
		b = appendNumber(append(b, phase), 0x00, pre)
	case hasDev && !hasPost: // 1.0.dev1 comes before 1.0a1
		b = append(b, 0x00)
	default:
		b = append(b, 0x04)
	}
	if hasPost {
		b = appendNumber(b, 0x01, post)
	} else {
		b = append(b, 0x00)
	}
	if hasDev {
		b = appendNumber(b, 0x00, dev)
	} else {
		b = append(b, 0xff)
	}
	if s == "" {
		return b, true
	}
	if s[0] != '+' {
		return b, false
	}
	for i := 0; i < len(s); {
		i++ // the plus or a separator
		j := i
		number := true
		for j < len(s) && isAlnum(s[j]) {
			number = number && isDigit(s[j])
			j++
		}
		if j == i || j < len(s) && strings.IndexByte("-_.", s[j]) < 0 {
			return b, false
		}
		if number {
			b = appendNumber(b, 0x03, s[i:j])
		} else {
			b = appendWord(append(b, 0x02), s[i:j])
		}
		i = j
	}
	return append(b, 0x01), true
}

// segment reads one of the words that phase knows, with an optional separator
// before and after it and an optional number.
func segment(s string, phase func(string) (int, byte)) (p byte, number, rest string, ok bool) {
	i := separator(s, 0)
	n, p := phase(s[i:])
	if n == 0 {
		return 0, "", s, false
	}
	i = separator(s, i+n)
	j := digits(s, i)
	return p, s[i:j], s[j:], true
}

func separator(s string, i int) int {
	if i < len(s) && (s[i] == '-' || s[i] == '_' || s[i] == '.') {
		return i + 1
	}
	return i
}

func prePhase(s string) (int, byte) {
	if s == "" {
		return 0, 0
	}
	switch lower(s[0]) {
	case 'a':
		if begins(s, "alpha") {
			return 5, 0x01
		}
		return 1, 0x01
	case 'b':
		if begins(s, "beta") {
			return 4, 0x02
		}
		return 1, 0x02
	case 'c':
		return 1, 0x03
	case 'r':
		if begins(s, "rc") {
			return 2, 0x03
		}
	case 'p':
		if begins(s, "preview") {
			return 7, 0x03
		}
		if begins(s, "pre") {
			return 3, 0x03
		}
	}
	return 0, 0
}

func postPhase(s string) (int, byte) {
	switch {
	case begins(s, "post"):
		return 4, 0
	case begins(s, "rev"):
		return 3, 0
	case begins(s, "r"):
		return 1, 0
	}
	return 0, 0
}

func devPhase(s string) (int, byte) {
	if begins(s, "dev") {
		return 3, 0
	}
	return 0, 0
}

// begins reports whether s begins with word in any case.
func begins(s, word string) bool {
	return len(s) >= len(word) && strings.EqualFold(s[:len(word)], word)
}

// appendLegacy is the order of pkg_resources before PEP 440: parts compare as
// texts, numbers are padded with zeros to eight places, words have a star before
// them, and "final" ends every version.
func appendLegacy(b []byte, s string) []byte {
	var parts [][]byte
	for i := 0; i <= len(s); {
		j := i
		var p []byte
		switch {
		case i == len(s):
			p = append(p, "*final"...)
			j++
		case isDigit(s[i]):
			j = digits(s, i)
			for range 8 - (j - i) {
				p = append(p, '0')
			}
			p = append(p, s[i:j]...)
		case isLetter(s[i]):
			j = letters(s, i)
			p = append(p, '*')
			switch w := strings.ToLower(s[i:j]); w {
			case "pre", "preview", "rc":
				p = append(p, 'c')
			case "dev":
				p = append(p, '@')
			default:
				p = append(p, w...)
			}
		default:
			if j++; s[i] == '-' {
				p = append(p, "*final-"...)
			} else if s[i] != '.' {
				for j < len(s) && !isAlnum(s[j]) && s[j] != '.' && s[j] != '-' {
					j++
				}
				p = append(append(p, '*'), s[i:j]...)
			}
		}
		i = j
		if len(p) == 0 {
			continue
		}
		if p[0] == '*' {
			if string(p) < "*final" { // a dash before a pre-release does not count
				for len(parts) > 0 && string(parts[len(parts)-1]) == "*final-" {
					parts = parts[:len(parts)-1]
				}
			}
			for len(parts) > 0 && string(parts[len(parts)-1]) == "00000000" {
				parts = parts[:len(parts)-1]
			}
		}
		parts = append(parts, p)
	}
	for _, p := range parts {
		b = append(append(b, p...), 0)
	}
	return b
}
