package vers

import "strings"

// Elements of a Maven key. Words that announce a version come before the end,
// by their rank; each has three bytes, for what stands before it. Then come the
// end and, by what stands before them, words and numbers (".word" < "-word" <
// "-number" < ".number").
const (
	mavenBefore  = 0x01 // + 3 × rank + dashed, dotted or zeroed
	mavenDone    = 0x10
	mavenRelease = 0x11 // a word for the release, with more behind it
	mavenDotSP   = 0x12
	mavenDotWord = 0x13
	mavenSP      = 0x14
	mavenWord    = 0x15
	mavenNumber  = 0x18
	mavenDotNum  = mavenNumber + numbers
)

const (
	mavenDashed = iota
	mavenDotted
	mavenZeroed // dotted, with zeros before it
)

// appendMaven is the order that Maven specifies for its versions (POM reference,
// "Version Order Specification"), where it is one: see compareMaven.
func appendMaven(b []byte, s string) ([]byte, string) {
	if !isAlnum(s[0]) || !only(s, ".+~^:_-") || digitless(s) {
		return nil, notVersion
	}
	// keep is how much of b stays if nothing but zeros and releases comes up to
	// the next dash or the end; dots the same for zeros up to an announcing word.
	keep, dots := len(b), -1
	prefix := byte(0)
	for i := 0; i <= len(s); {
		j, number := i, true
		switch {
		case i == len(s) || s[i] == '.' || s[i] == '-': // nothing is 0
		case isDigit(s[i]):
			j = digits(s, i)
		default:
			number = false
			for j < len(s) && !isDigit(s[j]) && s[j] != '.' && s[j] != '-' {
				j++
			}
		}
		if prefix == '-' {
			b, dots = b[:keep], -1
		}
		mark := len(b)
		null := false
		if number {
			base := byte(mavenNumber)
			if prefix == '.' {
				base = mavenDotNum
			}
			b = appendNumber(b, base, s[i:j])
			null = b[len(b)-1] == base
			if prefix == '.' && null {
				if dots < 0 {
					dots = mark
				}
			} else {
				dots = -1
			}
		} else {
			numbered := j < len(s) && isDigit(s[j])
			switch rank, known := mavenRank(s[i:j], numbered); {
			case !known && prefix == '.':
				b = appendWord(append(b, mavenDotWord), s[i:j])
			case !known:
				b = appendWord(append(b, mavenWord), s[i:j])
			case rank == mavenSP && prefix == '.':
				b = append(b, mavenDotSP)
			case rank < mavenDone:
				switch {
				case prefix == '.' && dots >= 0:
					b = b[:dots]
					rank += mavenZeroed
				case prefix == '.':
					rank += mavenDotted
				}
				b = append(b, rank)
			default:
				b = append(b, rank)
				null = rank == mavenRelease
			}
			dots = -1
		}
		if !null || prefix == 0 {
			keep = len(b)
		}
		switch {
		case j >= len(s):
			i = len(s) + 1
		case s[j] == '.' || s[j] == '-':
			prefix, i = s[j], j+1
		default: // from digits to others or back
			prefix, i = '-', j
		}
	}
	return append(b[:keep], mavenDone), ""
}

// mavenRank places a word. The single letters stand for longer words only with a
// number right behind them.
func mavenRank(w string, numbered bool) (rank byte, known bool) {
	if len(w) > 9 {
		return 0, false
	}
	var buf [9]byte
	for i := range len(w) {
		buf[i] = lower(w[i])
	}
	switch string(buf[:len(w)]) {
	case "alpha":
		return mavenBefore, true
	case "beta":
		return mavenBefore + 3, true
	case "milestone":
		return mavenBefore + 6, true
	case "rc", "cr":
		return mavenBefore + 9, true
	case "snapshot":
		return mavenBefore + 12, true
	case "ga", "final", "release":
		return mavenRelease, true
	case "sp":
		return mavenSP, true
	case "a":
		return mavenBefore, numbered
	case "b":
		return mavenBefore + 3, numbered
	case "m":
		return mavenBefore + 6, numbered
	}
	return 0, false
}

// compareMaven compares two keys. By its letters the specification is no order: it
// has 1.x < 1-alpha < 1 < 1.x, and 2-1 < 2.0.rc < 2 < 2-1, because a word sorts by
// the dot or dash before it, and a zero counts when a dotted word follows. Maven
// itself once did so, and in 3.8.7 places words that announce a version by what
// they announce. Where the two do not agree there is no answer. Words without a
// rank sort as specified, though 3.8.7 takes 2.0.x for 2-x.
func compareMaven(a, b string) (int, string) {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	if i == len(a) || i == len(b) { // only when equal: no key begins another
		return strings.Compare(a, b), ""
	}
	x, y, c := a[i], b[i], -1
	if x > y {
		x, y, c = y, x, 1
	}
	if x >= mavenBefore && x < mavenDone && mavenDoubt(x, y) {
		return 0, "the manual of Maven and its code differ on a word after a dot"
	}
	return c, ""
}

// mavenDoubt reports whether the specification has the announcing word x not
// before y, which comes later by what the words announce.
func mavenDoubt(x, y byte) bool {
	how := (x - mavenBefore) % 3
	switch {
	case y < mavenDone:
		other, same := (y-mavenBefore)%3, (x-mavenBefore)/3 == (y-mavenBefore)/3
		// Dotted words come first in the specification, zeroed ones last.
		return how != other && (same || how == mavenZeroed || other == mavenDotted)
	case y == mavenDone || y >= mavenDotNum:
		return false
	case how == mavenZeroed:
		return true
	}
	return how == mavenDashed && (y == mavenDotSP || y == mavenDotWord)
}
