package vers

import "strings"

// appendDpkg is the order of Debian packages (deb-version(7)): an epoch, the
// upstream version and the Debian revision. Within both, runs of other characters
// and numbers alternate; a tilde comes before the end, the end before letters,
// letters before the rest. A missing number is 0, and so is a missing revision.
func appendDpkg(b []byte, s string) ([]byte, string) {
	i := digits(s, 0)
	if i == 0 {
		return nil, notVersion
	}
	allowed := ".+~-"
	if i < len(s) && s[i] == ':' {
		allowed = ".+~-:" // only an epoch makes colons unambiguous
		b = appendNumber(b, 0x00, s[:i])
		if s = s[i+1:]; s == "" || !isDigit(s[0]) {
			return nil, notVersion
		}
	} else {
		b = append(b, 0x00)
	}
	upstream, revision := s, ""
	if dash := strings.LastIndexByte(s, '-'); dash >= 0 {
		upstream, revision = s[:dash], s[dash+1:]
	}
	if !only(upstream, allowed) || !only(revision, allowed) {
		return nil, notVersion
	}
	return appendRuns(appendRuns(b, upstream), revision), ""
}

func appendRuns(b []byte, s string) []byte {
	for i := 0; i < len(s) || i == 0; {
		for ; i < len(s) && !isDigit(s[i]); i++ {
			switch c := s[i]; {
			case c == '~':
				b = append(b, 0x01)
			case isLetter(c):
				b = append(b, c)
			default:
				b = append(b, 0x80|c)
			}
		}
		j := digits(s, i)
		b = appendNumber(append(b, 0x02), 0x00, s[i:j])
		if i = j; i == 0 {
			break
		}
	}
	return append(b, 0x02)
}
