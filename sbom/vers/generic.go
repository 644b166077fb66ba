package vers

import (
	"cmp"
	"slices"
	"strings"
)

// A part is one number or word of a generic version.
type part struct {
	number bool
	text   string // digits without leading zeros ("0" for zero), or the word in lower case
	rank   int    // of a word: before < 0 < after; meaningless for numbers
	glued  bool   // no separator stood before it
}

// letter reports whether p is a patch letter.
func (p part) letter() bool { return p.glued && p.rank == 1 && len(p.text) <= 2 }

// before ranks the words that announce a version still to come. The order
// among them is the usual one; it is a convention of ours.
var before = map[string]int{
	"dev": -9, "snapshot": -9, "nightly": -9, "alpha": -8, "a": -8, "beta": -7, "b": -7,
	"milestone": -6, "m": -6, "preview": -5, "pre": -5, "prerelease": -5, "rc": -4, "cr": -4, "candidate": -4,
}

// after ranks the words that follow a version.
var after = map[string]int{
	"post": 1, "su": 1, "update": 1, "u": 1, "patch": 1, "p": 1, "pl": 1, "sp": 1, "hotfix": 1, "hf": 1, "rev": 1, "r": 1, "build": 1,
}

// builds are words that name a build of a version, not another version.
var builds = []string{"fips", "lts", "final", "ga", "release", "stable", "commercial", "gpl", "gplv2", "gplv3"}

// prefixes are words before the first digit that do not count.
var prefixes = []string{"version", "release", "ver", "rel", "v", "r"}

// generic splits text. why is not empty when text is no version.
func generic(text string) (parts []part, why string) {
	lower := strings.ToLower(text)
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(lower, p); ok {
			if rest = strings.TrimLeft(rest, " ._-"); digit(rest) {
				lower = rest
				break
			}
		}
	}
	// A package manager's epoch (1:9.16.1) says how to sort its packages, not which
	// version of the software it is.
	if head, rest, ok := strings.Cut(lower, ":"); ok && head != "" && strings.Trim(head, "0123456789") == "" && digit(rest) {
		lower = rest
	}
	digits := false
	glued := false
	for i := 0; i < len(lower); {
		c := lower[i]
		j := i
		switch {
		case isDigit(c):
			for j < len(lower) && isDigit(lower[j]) {
				j++
			}
			n := strings.TrimLeft(lower[i:j], "0")
			if n == "" {
				n = "0"
			}
			parts = append(parts, part{number: true, text: n, glued: glued})
			digits = true
		case isLetter(c):
			for j < len(lower) && isLetter(lower[j]) {
				j++
			}
			w := lower[i:j]
			if !slices.Contains(builds, w) {
				p := part{text: w, glued: glued}
				if len(parts) > 0 { // a leading word is part of a name, and has no rank
					p.rank = rank(w, glued, j < len(lower) && isDigit(lower[j]))
				}
				parts = append(parts, p)
			}
		case c == '~':
			// A tilde sorts before everything, as in Debian and RPM.
			parts = append(parts, part{text: "~", rank: -10})
			i++
			glued = false
			continue
		case strings.IndexByte(" ._-+:/()[],#", c) >= 0:
			i++
			glued = false
			continue
		default:
			return nil, "holds a character that no version order gives a place"
		}
		i = j
		glued = true
	}
	if !digits {
		return nil, "holds no number"
	}
	return parts, ""
}

// rank places a word. A single letter glued to the number before it is a patch
// letter (1.0.2k, and 0.9.8zh once z is used up) unless a number follows and the
// letter announces (1.0b3).
func rank(w string, glued, numbered bool) int {
	letter := len(w) == 1 || len(w) == 2 && w[0] == 'z'
	if glued && letter && !(numbered && before[w] != 0) {
		return 1
	}
	if r := before[w]; r != 0 {
		return r
	}
	return after[w]
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c && c <= 'z' }

// compareGeneric compares part by part. Zeros before a word do not count
// (1.0.0-rc1 is 1.0-rc1). why is not empty when the two have no order.
func compareGeneric(a, b []part) (c int, why string) {
	for len(a) > 0 && len(b) > 0 {
		p, q := a[0], b[0]
		switch {
		case p.number && q.number:
			if c := compareNumbers(p.text, q.text); c != 0 {
				return c, ""
			}
		case p.number && p.text == "0":
			a = a[1:]
			continue
		case q.number && q.text == "0":
			b = b[1:]
			continue
		case p.number: // 1.0.1 against 1.0-rc1 or 1.0k
			return against(q)
		case q.number:
			c, why = against(p)
			return -c, why
		case p.text == q.text:
		case p.letter() && q.letter(): // 1.0.2k < 1.0.2m, 0.9.8z < 0.9.8zh
			return cmp.Or(cmp.Compare(len(p.text), len(q.text)), cmp.Compare(p.text, q.text)), ""
		case p.rank != q.rank && (p.rank < 0 || q.rank < 0) && p.rank != 0 && q.rank != 0:
			return cmp.Compare(p.rank, q.rank), ""
		default:
			return 0, "unequal words " + p.text + " and " + q.text
		}
		a, b = a[1:], b[1:]
	}
	if len(a) > 0 {
		return tail(a)
	}
	c, why = tail(b)
	return -c, why
}

// tail compares what one version has more with nothing: zeros are equal to it,
// a number or a later word is after, an announcing word before.
func tail(more []part) (int, string) {
	for _, p := range more {
		switch {
		case p.number && p.text == "0":
		case p.number:
			return 1, ""
		case p.rank < 0:
			return -1, ""
		case p.rank > 0:
			return 1, ""
		default:
			return 0, "the word " + p.text + " has no place in the order"
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
	return 0, "a number against the word " + w.text
}

func compareNumbers(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}
