package vers

import "strings"

// Elements of a RubyGems key. A version stands for its segments with zeros
// without end behind them, and a word comes before zero: zeros are written with
// what follows them, so that 1.0.a < 1 < 1.0.1.
const (
	gemWord       = 0x01
	gemZerosWord  = 0x02 // more zeros come later
	gemDone       = 0x03
	gemZerosCount = 0x04 // more zeros come earlier
	gemNumber     = 0x05
)

// appendGem is the order of Gem::Version. A dash begins a pre-release, as
// RubyGems reads it; the platform that file names and lock files write after the
// version (1.13.0-x86_64-linux) is no part of it.
func appendGem(b []byte, s string) ([]byte, string) {
	s = withoutPlatform(s)
	first := digits(s, 0)
	if first == 0 || first < len(s) && isLetter(s[first]) || !only(s, ".-") || strings.Contains(s, "..") || s[len(s)-1] == '.' {
		return nil, notVersion
	}
	if dash := strings.IndexByte(s, '-'); dash >= 0 && (dash == len(s)-1 || s[dash+1] == '.' || s[dash-1] == '.') {
		return nil, notVersion
	}
	zeros, begin := 0, true // begin: no word so far
	word := func(w string) {
		// Zeros that end the numbers do not count: 1.0.a is 1.a.
		if zeros > 0 && !begin {
			b = append(b, gemZerosWord, byte(zeros>>8), byte(zeros))
		}
		zeros, begin = 0, false
		b = append(append(append(b, gemWord), w...), 0)
	}
	for i := 0; i < len(s); {
		j := i + 1
		switch c := s[i]; {
		case c == '-':
			word("pre")
		case isDigit(c):
			j = digits(s, i)
			n := strings.TrimLeft(s[i:j], "0")
			if n == "" {
				zeros++
				break
			}
			if zeros > 0 {
				left := longest - zeros
				b = append(b, gemZerosCount, byte(left>>8), byte(left))
				zeros = 0
			}
			b = appendNumber(b, gemNumber, n)
		case isLetter(c):
			j = letters(s, i)
			word(s[i:j])
		}
		i = j
	}
	return append(b, gemDone), ""
}

// withoutPlatform takes the platform off: a dash, a processor and, but for Java,
// a dash and an operating system.
func withoutPlatform(s string) string {
	for i := strings.IndexByte(s, '-'); i >= 0; {
		rest := s[i+1:]
		cpu, system, _ := strings.Cut(rest, "-")
		if cpu == "java" || cpu == "jruby" || isProcessor(cpu) && isSystem(system) {
			return s[:i]
		}
		next := strings.IndexByte(rest, '-')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return s
}

func isProcessor(s string) bool {
	switch s {
	case "x86", "x86_64", "x64", "amd64", "i386", "i486", "i586", "i686", "universal", "arm", "arm64", "aarch64",
		"ppc64le", "powerpc", "riscv64", "s390x", "sparc", "loongarch64":
		return true
	}
	return strings.HasPrefix(s, "armv")
}

func isSystem(s string) bool {
	for _, name := range [...]string{"linux", "darwin", "mingw", "mswin", "window", "freebsd", "openbsd", "netbsd", "solaris", "cygwin", "aix", "macruby"} {
		if strings.HasPrefix(s, name) {
			return true
		}
	}
	return false
}
