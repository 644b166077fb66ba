package vers

import "strings"

// appendOpenSSL is the order of the releases of OpenSSL.
func appendOpenSSL(b []byte, s string) ([]byte, string) {
	var fields [3]string
	i := 0
	for n := range fields {
		at := i
		if n > 0 {
			if i == len(s) || s[i] != '.' {
				break
			}
			at++
		}
		if i = digits(s, at); i == at {
			return nil, notVersion
		}
		fields[n] = s[at:i]
	}
	for _, f := range fields {
		b = appendNumber(b, 0x00, f)
	}
	j := i
	for j < len(s) && 'a' <= s[j] && s[j] <= 'z' {
		j++
	}
	patch := s[i:j]
	if major := strings.TrimLeft(fields[0], "0"); patch != "" && (len(major) > 1 || major > "2") {
		return nil, "has a patch letter, which OpenSSL gave up with 3.0"
	}
	if len(patch) > 200 {
		return nil, notVersion
	}
	b = append(append(b, byte(len(patch))), patch...) // z comes before za
	rest, metadata, _ := strings.Cut(s[j:], "+")
	if !only(metadata, ".+-_~") {
		return nil, notVersion
	}
	for rest != "" {
		var word string
		if rest[0] != '-' {
			return nil, notVersion
		}
		word, rest = rest[1:], ""
		if next := strings.IndexByte(word, '-'); next >= 0 {
			word, rest = word[:next], word[next:]
		}
		name := word[:letters(word, 0)]
		number := strings.TrimPrefix(word[len(name):], ".")
		if number != "" && !allDigits(number) {
			return nil, notVersion
		}
		rank := byte(0)
		switch name {
		case "fips", "lts":
			if number != "" {
				return nil, notVersion
			}
			continue
		case "dev":
			rank = 0x01
		case "alpha":
			rank = 0x02
		case "beta":
			rank = 0x03
		case "pre":
			rank = 0x04
		case "rc":
			rank = 0x05
		default:
			return nil, "holds a word that OpenSSL releases do not have"
		}
		b = appendNumber(append(b, rank), 0x00, number)
	}
	return append(b, 0x06), ""
}
