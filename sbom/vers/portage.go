package vers

import "strings"

// appendPortage is the order of the package manager specification of Gentoo (PMS
// 8, section 3.3). It differs from that of apk: numbers that begin with 0 lose
// their trailing zeros, and a missing count or revision is 0.
func appendPortage(b []byte, s string) ([]byte, string) {
	i := digits(s, 0)
	if i == 0 {
		return nil, notVersion
	}
	b = appendNumber(b, 0x00, s[:i])
	for i < len(s) && s[i] == '.' {
		j := digits(s, i+1)
		if j == i+1 {
			return nil, notVersion
		}
		if n := s[i+1 : j]; n[0] == '0' {
			n = strings.TrimRight(n, "0")
			b = append(b, apkZeroed)
			b = append(append(b, n...), 0)
		} else {
			b = appendNumber(b, apkNumber, n)
		}
		i = j
	}
	if i < len(s) && 'a' <= s[i] && s[i] <= 'z' {
		b = append(b, apkLetter, s[i])
		i++
	}
	for i < len(s) && s[i] == '_' {
		j := letters(s, i+1)
		suffix := apkSuffix(s[i+1 : j])
		if suffix == 0 || suffix >= apkAfter && suffix != apkAfter+4 {
			return nil, "holds a suffix that Gentoo does not know"
		}
		i = digits(s, j)
		b = appendNumber(append(b, suffix), 0x00, s[j:i])
	}
	revision := ""
	if i+2 < len(s) && s[i:i+2] == "-r" {
		j := digits(s, i+2)
		revision, i = s[i+2:j], j
	}
	if i < len(s) {
		return nil, notVersion
	}
	return appendNumber(append(b, apkDone), 0x00, revision), ""
}
