package vers_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/osv-scalibr/semantic"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/sbom/vers"
)

// A family is an order, by one of its schemes, and versions of it.
type family struct {
	scheme  vers.Scheme
	pattern string
	// peer is the ecosystem in osv-scalibr/semantic, empty where it has none.
	peer string
	// why explains a difference to the peer; empty is no explanation.
	why func(a, b string) string
}

var fourNumbers = regexp.MustCompile(`^v?\d+\.\d+\.\d+\.\d`)

var families = []family{
	{vers.SemVer, `(=|v)?(0|1|2|10)(\.(0|1|02|11)){0,3}(-(0|1|02|10|a|b|rc1|-1|a-b)(\.(0|1|10|a)){0,2}|rc1)?(\+[a-z0-9]{1,2})?`, "crates.io", func(a, b string) string {
		switch {
		case strings.HasPrefix(a, "="), strings.HasPrefix(b, "="):
			return "the peer takes = for a pre-release"
		case fourNumbers.MatchString(a), fourNumbers.MatchString(b):
			return "the peer takes a fourth number for a pre-release"
		case strings.Contains(a, "--"), strings.Contains(b, "--"):
			return "-1 is an identifier with a hyphen; the peer takes it for a number"
		}
		return ""
	}},
	{"Go", `v?(0|1|2|10)(\.(0|1|11)){2}(-(0|1|10|a|rc\.1|0\.2018)(\.(0|1|a)){0,2})?(\+incompatible)?`, "Go", nil},
	{"Pub", `(0|1|2|10)(\.(0|1|11)){2}(-(0|1|10|a|b)(\.(0|1|a)){0,2})?(\+(a|1|2|10)(\.[a1])?)?`, "Pub", func(a, b string) string {
		if strings.Contains(a, "+") && strings.Contains(b, "+") {
			return "pub compares builds by identifiers, numbers by value; the peer as texts"
		}
		return ""
	}},
	{"NuGet", `(0|1|2|10)(\.(0|1|02|11)){0,3}(-(0|1|10|A|a|b|rc1)(\.(0|1|10|A)){0,2})?(\+[a-z0-9]{1,2})?`, "NuGet", nil},
	{"PyPI", `((0|1|2)!)?(0|1|2|10)(\.(0|1|02|11)){0,3}([-_.]?(a|b|c|rc|ALPHA|beta|pre|preview)[-_.]?[0-9]{0,2})?((-[0-9])|([-_.]?(post|rev|r)[-_.]?[0-9]?))?([-_.]?dev[-_.]?[0-9]?)?(\+(a|1|10|02|b1)([-_.](a|1|10)){0,2})?(-x|\.y1)?`, "PyPI", legacyPyPI},
	{"RubyGems", `(0|1|2|10)(\.(0|1|02|11|a|b1|rc|pre)){0,5}(-(1|a)(\.(0|b)){0,2})?`, "RubyGems", func(a, b string) string {
		if strings.Contains(a, "-") || strings.Contains(b, "-") {
			return "RubyGems reads a dash as .pre.; the peer as a word"
		}
		return zeroPadded(a + " " + b)
	}},
	{"Packagist", `v?(0|1|2|10)(\.(0|1|02|11)){0,3}([-_+.]?(a|b|RC|rc|alpha|beta|dev|pl|p|Beta|x)[-_+.]?[0-9]{0,2}){0,2}`, "Packagist", func(a, b string) string {
		switch both := a + " " + b; {
		case strings.ContainsAny(both, "xB"):
			return "a word that PHP does not know comes before dev; to the peer it is dev"
		case doubled.MatchString(both):
			return "PHP takes separators in a row for one; the peer for empty words"
		}
		return ""
	}},
	{"Maven", `(0|1|2|10)((\.|-)(0|1|02|11|a|a1|b2|alpha|rc|SNAPSHOT|ga|final|sp|x|y1)){0,4}`, "Maven", func(a, b string) string {
		if both := strings.ToLower(a + " " + b); strings.Contains(both, "ga") || strings.Contains(both, "final") {
			return "a word for the release with more behind it: the peer puts it before or after nothing by its separator"
		}
		return ""
	}},
	{"Debian", `((0|1|2):)?(0|1|02|10)([.+~-]?(0|1|02|11|a|Z|rc|~)){0,5}(-(0|1|0ubuntu1|~b))?`, "Debian", nil},
	{"Red Hat", `((0|1|02):)?(0|1|02|10)([.+_~^]{0,2}(0|1|02|11|a|Z|rc)){0,5}(-(0|1|1\.el7|~b)){0,2}`, "Red Hat", func(a, b string) string {
		if strings.Count(a, "-") > 1 || strings.Count(b, "-") > 1 {
			return "rpm splits the release off at the last dash; the peer at the first"
		}
		return ""
	}},
	{"Alpine", `(0|1|02|10)(\.(0|1|02|010|11)){0,3}[ab]?(_(alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]{0,2}){0,2}(~[0-9a-f]{1,3})?(-r[0-9]{1,2})?`, "Alpine", alpineDiffers},
	{"CRAN", `(0|1|02|10)([.-](0|1|02|11)){0,4}`, "CRAN", nil},
	{"Hackage", `(0|1|02|10)(\.(0|1|02|11)){0,4}`, "Hackage", nil},
	{vers.Gentoo, `(0|1|02|10)(\.(0|1|02|010|11)){0,3}[ab]?(_(alpha|beta|pre|rc|p)[0-9]{0,2}){0,2}(-r[0-9]{1,2})?`, "", nil},
	{vers.OpenSSL, `[013](\.[0-9]){0,2}`, "", nil},
	{vers.OpenSSL, `(0\.9\.8|1\.0\.[0-2])(z?[a-h])?(-(dev|alpha|beta|pre)[0-9]?)?(-fips)?`, "", nil},
	{"ConanCenter", `(0|1|2|10|cci)(\.(0|1|02|11|1d|a)){0,4}(-(a|1|10)(\.[0-9])?)?(\+b[0-9])?`, "", nil},
	{"Julia", `(0|1|2)(\.[01]){2}(-(a|1))?(\+[0-9])?`, "", nil},
	{vers.Date, `20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|2[0-8])|20[0-9]{2}0[1-9]1[0-9]`, "", nil},
	{vers.DateTime, `20[0-2][0-9]-(0[1-9]|1[0-2])-(0[1-9]|2[0-8])T(0[0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]{1,3})?(Z|[+-]0[0-9]:[03]0)`, "", nil},
	{vers.IntDot, `(0|1|02|10)(\.(0|1|11)){0,3}(-x)?`, "", nil},
	{vers.Lexicographic, `[!-~]{1,6}`, "", nil},
}

var (
	doubled    = regexp.MustCompile(`[-_+.]{2}|[-_+.]( |$)`)
	zeroNumber = regexp.MustCompile(`\b0\d`)
)

func zeroPadded(both string) string {
	if zeroNumber.MatchString(both) {
		return "a number is its value; the peer compares 02 and 2 as unequal"
	}
	return ""
}

var (
	oddLegacy   = regexp.MustCompile(`[!+_].*(-x|\.y)|(-x|\.y).*[!+_]`)
	twoSuffixes = regexp.MustCompile(`_[a-z]+_`)
	zeroSuffix  = regexp.MustCompile(`(_[a-z]+0+|-r0+|\.0+)([-_~ a-z]|$)`)
)

func legacyPyPI(a, b string) string {
	if oddLegacy.MatchString(a) || oddLegacy.MatchString(b) {
		return "setuptools keeps !, + and _ in legacy versions; the peer drops them"
	}
	return ""
}

func alpineDiffers(a, b string) string {
	switch both := a + " " + b; {
	case strings.Contains(both, "~"):
		return "apk compares commit hashes as texts; the peer does not"
	case strings.Contains(both, "_cvs"):
		return "the peer takes a missing suffix for _cvs"
	case twoSuffixes.MatchString(both):
		return "apk has a count come before a further suffix; the peer compares the count first"
	case zeroSuffix.MatchString(both):
		return "apk tells a zero from nothing; the peer does not"
	}
	return ""
}

func TestKeysAreTheOrder(t *testing.T) {
	t.Parallel()
	for _, f := range families {
		t.Run(string(f.scheme), func(t *testing.T) {
			t.Parallel()
			text := rapid.StringMatching(f.pattern)
			rapid.Check(t, func(t *rapid.T) {
				var v [3]vers.Version
				for i := range v {
					s := text.Draw(t, "version")
					var err error
					v[i], err = vers.Parse(f.scheme, s)
					require.NoError(t, err)
					require.Equal(t, f.scheme, v[i].Scheme())
				}
				order := func(i, j int) (int, bool) {
					c, err := v[i].Compare(v[j])
					require.True(t, err == nil || !f.scheme.Total(), "%v", err)
					if f.scheme.Total() {
						require.Equal(t, strings.Compare(v[i].Key(), v[j].Key()), c)
					} else {
						require.Empty(t, v[i].Key())
					}
					return c, err == nil
				}
				ab, ok1 := order(0, 1)
				ba, back := order(1, 0)
				require.Equal(t, ok1, back)
				require.Equal(t, ab, -ba)
				same, ok := order(0, 0)
				require.True(t, ok)
				require.Zero(t, same)
				bc, ok2 := order(1, 2)
				ac, ok3 := order(0, 2)
				if ok1 && ok2 && ok3 && ab <= 0 && bc <= 0 {
					require.LessOrEqual(t, ac, 0)
					require.Equal(t, ab == 0 && bc == 0, ac == 0)
				}
			})
		})
	}
}

func TestOrdersAgreeWithTheirPeer(t *testing.T) {
	t.Parallel()
	for _, f := range families {
		if f.peer == "" {
			continue
		}
		t.Run(string(f.scheme), func(t *testing.T) {
			t.Parallel()
			text := rapid.StringMatching(f.pattern)
			rapid.Check(t, func(t *rapid.T) {
				a, b := text.Draw(t, "a"), text.Draw(t, "b")
				ours, err := vers.Compare(f.scheme, a, b)
				if err != nil {
					require.False(t, f.scheme.Total())
					return
				}
				plain := func(s string) string {
					if len(s) > 1 && s[0] == 'v' {
						return s[1:]
					}
					return s
				}
				peer, err := semantic.Parse(plain(a), f.peer)
				require.NoError(t, err)
				theirs, err := peer.CompareStr(plain(b))
				require.NoError(t, err)
				if sign(ours, nil) == sign(min(max(theirs, -1), 1), nil) {
					return
				}
				if f.why == nil || f.why(a, b) == "" {
					t.Fatalf("%q against %q: ours %d, theirs %d", a, b, ours, theirs)
				}
			})
		})
	}
}
