package vers

import (
	"cmp"
	"strings"
)

// appendAlpm checks s and keeps it as it is: see compareAlpm.
func appendAlpm(b []byte, s string) ([]byte, string) {
	if strings.ContainsAny(s, " \t\r\n/") || digitless(s) {
		return nil, notVersion
	}
	return append(b, s...), ""
}

// compareAlpm is the order of Arch Linux packages (vercmp(8)): epoch, version and,
// where both have one, release.
func compareAlpm(a, b string) int {
	epochA, versionA, releaseA := alpmParts(a)
	epochB, versionB, releaseB := alpmParts(b)
	c := cmp.Or(compareSegments(epochA, epochB), compareSegments(versionA, versionB))
	if c == 0 && releaseA != "" && releaseB != "" {
		c = compareSegments(releaseA, releaseB)
	}
	return c
}

func alpmParts(s string) (epoch, version, release string) {
	epoch, version = "0", s
	if i := digits(s, 0); i < len(s) && s[i] == ':' {
		epoch, version = cmp.Or(s[:i], "0"), s[i+1:]
	}
	if i := strings.LastIndexByte(version, '-'); i >= 0 {
		version, release = version[:i], version[i+1:]
	}
	return epoch, version, release
}

func compareSegments(a, b string) int {
	for a != "" && b != "" {
		i, j := 0, 0
		for i < len(a) && !isAlnum(a[i]) {
			i++
		}
		for j < len(b) && !isAlnum(b[j]) {
			j++
		}
		if i == len(a) || j == len(b) {
			a, b = a[i:], b[j:]
			break
		}
		if i != j {
			return cmp.Compare(i, j)
		}
		a, b = a[i:], b[j:]
		end := digits
		if isLetter(a[0]) {
			end = letters
		}
		i, j = end(a, 0), end(b, 0)
		x, y := a[:i], b[:j]
		switch {
		case y == "" && isDigit(a[0]):
			return 1
		case y == "":
			return -1
		case isDigit(a[0]):
			x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
			if c := cmp.Compare(len(x), len(y)); c != 0 {
				return c
			}
		}
		if c := strings.Compare(x, y); c != 0 {
			return c
		}
		a, b = a[i:], b[j:]
	}
	switch {
	case a == "" && b == "":
		return 0
	case a == "" && !isLetter(b[0]) || a != "" && isLetter(a[0]): // a word announces
		return -1
	}
	return 1
}
