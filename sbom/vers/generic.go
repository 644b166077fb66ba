package vers

import (
	"cmp"
	"strings"
)

// A generic key is its parts, one after the other: a mark, for words their rank,
// the length of the text and the text. It has no order by its bytes, since some
// parts do not compare: compareGeneric walks two of them.
const (
	partNumber = iota
	partWord
	partLetter // a patch letter: 1.0.2k
)

// middle is added to ranks in keys.
const middle = 64

// A part is one number or word of a generic version.
type part struct {
	kind byte
	rank int    // of a word: before < 0 < after; meaningless for numbers
	text string // digits without leading zeros ("" for zero), or the word in lower case
}

func (p part) number() bool { return p.kind == partNumber }

// nextPart splits the first part off key.
func nextPart(key string) (p part, rest string) {
	n := 4 + int(key[2])<<8 + int(key[3])
	return part{kind: key[0], rank: int(key[1]) - middle, text: key[4:n]}, key[n:]
}

// appendGeneric splits s into parts.
func appendGeneric(b []byte, s string) ([]byte, string) {
	s = withoutWord(s)
	// A package manager's epoch (1:9.16.1) says how to sort its packages, not which
	// version of the software it is.
	if i := digits(s, 0); i > 0 && i+1 < len(s) && s[i] == ':' && isDigit(s[i+1]) {
		s = s[i+1:]
	}
	begin := len(b)
	numbered, glued := false, false
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case isDigit(c):
			j := digits(s, i)
			for i < j && s[i] == '0' {
				i++
			}
			b = append(b, partNumber, middle, byte((j-i)>>8), byte(j-i))
			b = append(b, s[i:j]...)
			i, numbered, glued = j, true, true
		case isLetter(c):
			j := letters(s, i)
			n := j - i
			b = append(b, partWord, middle, byte(n>>8), byte(n))
			mark := len(b)
			for ; i < j; i++ {
				b = append(b, lower(s[i]))
			}
			switch w := b[mark:]; {
			case isBuild(w) && mark-4 > begin:
				b = b[:mark-4]
			case mark-4 > begin: // a leading word is part of a name, and has no rank
				r := rank(w, glued, j < len(s) && isDigit(s[j]))
				b[mark-3] = byte(r + middle)
				if glued && r == 1 && n <= 2 {
					b[mark-4] = partLetter
				}
			}
			glued = true
		case c == '~':
			// A tilde sorts before everything, as in Debian and RPM.
			b = append(b, partWord, middle-10, 0, 1, '~')
			i++
			glued = false
		case strings.IndexByte(" ._-+:/()[],#", c) >= 0:
			i++
			glued = false
		default:
			return nil, "holds a character that no version order gives a place"
		}
	}
	if !numbered {
		return nil, "holds no number"
	}
	return b, ""
}

// withoutWord takes off a word before the first digit that does not count.
func withoutWord(s string) string {
	if isDigit(s[0]) {
		return s
	}
	for _, w := range [...]string{"version", "release", "ver", "rel", "v", "r"} {
		if !begins(s, w) {
			continue
		}
		if rest := strings.TrimLeft(s[len(w):], " ._-"); rest != "" && isDigit(rest[0]) {
			return rest
		}
	}
	return s
}

// rank places a word. A single letter glued to the number before it is a patch
// letter (1.0.2k, and 0.9.8zh once z is used up) unless a number follows and the
// letter announces (1.0b3).
func rank(w []byte, glued, numbered bool) int {
	r := before(w)
	letter := len(w) == 1 || len(w) == 2 && w[0] == 'z'
	if glued && letter && !(numbered && r != 0) {
		return 1
	}
	if r != 0 {
		return r
	}
	return after(w)
}

// before ranks the words that announce a version still to come. The order
// among them is the usual one; it is a convention of ours.
func before(w []byte) int {
	switch string(w) {
	case "dev", "snapshot", "nightly":
		return -9
	case "alpha", "a":
		return -8
	case "beta", "b":
		return -7
	case "milestone", "m":
		return -6
	case "preview", "pre", "prerelease", "ea":
		return -5
	case "rc", "cr", "candidate":
		return -4
	}
	return 0
}

// after ranks the words that follow a version.
func after(w []byte) int {
	switch string(w) {
	case "post", "su", "update", "u", "patch", "p", "pl", "sp", "hotfix", "hf", "rev", "r", "build":
		return 1
	}
	return 0
}

// isBuild knows the words that name a build of a version, not another version.
func isBuild(w []byte) bool {
	switch string(w) {
	case "fips", "lts", "final", "ga", "release", "stable", "commercial", "gpl":
		return true
	}
	return false
}

// compareGeneric compares part by part. Zeros before a word do not count
// (1.0.0-rc1 is 1.0-rc1). why is not empty when the two have no order.
func compareGeneric(a, b string) (c int, why string) {
	for a != "" && b != "" {
		p, restA := nextPart(a)
		q, restB := nextPart(b)
		switch {
		case p.number() && q.number():
			if c := cmp.Or(cmp.Compare(len(p.text), len(q.text)), strings.Compare(p.text, q.text)); c != 0 {
				return c, ""
			}
		case p.number() && p.text == "":
			a = restA
			continue
		case q.number() && q.text == "":
			b = restB
			continue
		case p.number(): // 1.0.1 against 1.0-rc1 or 1.0k
			return against(q)
		case q.number():
			c, why = against(p)
			return -c, why
		case p.text == q.text:
		case p.kind == partLetter && q.kind == partLetter: // 1.0.2k < 1.0.2m, 0.9.8z < 0.9.8zh
			return cmp.Or(cmp.Compare(len(p.text), len(q.text)), strings.Compare(p.text, q.text)), ""
		case p.rank != q.rank && (p.rank < 0 || q.rank < 0) && p.rank != 0 && q.rank != 0:
			return cmp.Compare(p.rank, q.rank), ""
		default:
			return 0, "two words without an order"
		}
		a, b = restA, restB
	}
	if a != "" {
		return tail(a)
	}
	c, why = tail(b)
	return -c, why
}

// tail compares what one version has more with nothing: zeros are equal to it,
// a number or a later word is after, an announcing word before.
func tail(more string) (int, string) {
	for more != "" {
		var p part
		p, more = nextPart(more)
		switch {
		case p.number() && p.text == "":
		case p.number():
			return 1, ""
		case p.rank < 0:
			return -1, ""
		case p.rank > 0:
			return 1, ""
		default:
			return 0, "a word that has no place in the order"
		}
	}
	return 0, ""
}

// against compares a version that goes on with a number other than zero with one
// that has the word w there: 1.0.1 comes after 1.0-rc, and whether 1.0.2.1 comes
// before 1.0.2k nobody can say.
func against(w part) (int, string) {
	if w.rank < 0 {
		return 1, ""
	}
	return 0, "a number against a word"
}
