package vers_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/sbom/vers"
)

// Rules of the registries, each in their order: what is left of < or = comes
// before or is the same.
func TestOrdersFollowTheRulesOfTheirRegistries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scheme vers.Scheme
		chains []string
	}{
		{vers.SemVer, []string{
			"1.0.0-alpha < 1.0.0-alpha.1 < 1.0.0-alpha.beta < 1.0.0-beta < 1.0.0-beta.2 < 1.0.0-beta.11 < 1.0.0-rc.1 < 1.0.0 = 1.0.0+x = 1 = v1.0",
			"1.2.3--1 < 1.2.3", "1.2.3-9 < 1.2.3--", "1.2.3 < 1.2.3.4 < 1.2.4", "=1.2.3 = 1.2.3", "1.0.0.alpha = 1.0.0-alpha",
		}},
		{"Go", []string{
			"v1.0.0-rc.1 < v1.0.0 = v1.0.0+incompatible", "go1.21rc2 = 1.21.0-rc.2 < go1.21rc10 < go1.21 = go1.21.0 < go1.21.1",
			"v0.0.0-20180116102854-5a71ef0e047d < v0.0.0-20180216102854-0a71ef0e047d < v0.0.1",
		}},
		{"Pub", []string{"1.0.0-pre < 1.0.0-pre+1 < 1.0.0 < 1.0.0+2 < 1.0.0+10 < 1.0.0+a"}},
		{"Julia", []string{"1.0.0 < 1.0.0+0 < 1.0.0+1 < 1.0.1"}},
		{"NuGet", []string{"1.0.0-BETA = 1.0.0-beta < 1.0.0 = 1.0 = 1.0.0.0+x < 1.0.0.1", "1.0.0-2 < 1.0.0-10 < 1.0.0-a"}},
		{"PyPI", []string{
			"1.0.dev456 < 1.0a1 < 1.0a2.dev456 < 1.0a12.dev456 < 1.0a12 < 1.0b1.dev456 < 1.0b2 < 1.0b2.post345.dev456 < 1.0b2.post345 < 1.0rc1.dev456 < 1.0rc1 < 1.0 < 1.0+abc.5 < 1.0+abc.7 < 1.0+5 < 1.0.post456.dev34 < 1.0.post456 < 1.1.dev1",
			"1.0alpha1 = 1.0-A.1", "1.0-1 = 1.0.post1 = 1.0rev1", "1.0c1 = 1.0rc1 = 1.0preview1", "1 = 1.0.0", "1.0+ubuntu.1 = 1.0+Ubuntu-1", "9 < 1!1", "1.0+zz < 1.0+0 < 1.0+1",
			"0.1-bulbasaur < 0.1-charmander < 0.1",
		}},
		{"Maven", []string{
			"1-alpha-1 = 1a1 = 1.0-alpha-1 < 1-beta < 1-milestone < 1-rc = 1-cr < 1-SNAPSHOT < 1 = 1.0 = 1-ga = 1.final = 1-release < 1-sp < 1-abc < 1-1 < 1-2 < 1.0.1 < 1.1",
			"2.0.0.RC1 < 2.0.0", "2.0.0.RC1 < 2.0.0.RC2", "1.0.0.Alpha2 < 1.0.0.Beta1 < 1.0.0.CR1 < 1.0.0.Final = 1", "2.0.0.RC1 < 2.0.1",
			"1-1 < 1.1", "1a1 < 1-1", "2.0-1 < 2.0.a < 2.0.0.a",
		}},
		{"RubyGems", []string{
			"1.0.a < 1.0.a.1 < 1.0.b < 1.0 = 1 < 1.0.1 < 1.1", "1.0-a = 1.0.pre.a", "1.0.a.0.b < 1.0.a", "1.13.0-x86_64-linux = 1.13.0 = 1.13.0-java",
			"1.2.0-alpha-x86-mingw32 = 1.2.0-alpha", "0.0.beta = 0.beta", "1.2.b1 = 1.2.b.1",
		}},
		{"Packagist", []string{
			"1.0-foo < 1.0-dev < 1.0-alpha1 = 1.0a1 < 1.0-beta < 1.0RC1 = 1.0-rc.1 < 1.0 < 1.0.0 < 1.0.1 < 1.0-p1", "1.0-beta2 < 1.0-beta10",
		}},
		{"Debian", []string{
			"1.0~~ < 1.0~rc1 < 1.0 = 1.0-0 = 0:1.0 < 1.0-1 < 1.0a < 1.0+ < 1.0.1 < 1:0.1", "1.01 = 1.1", "1.0-1~bpo1 < 1.0-1", "1.0-1 < 1.0-1+b1", "2-1-1 < 2-2-0",
		}},
		{"Red Hat", []string{
			"1.0~rc1 < 1.0 < 1.0^git1~pre < 1.0^git1 < 1.0^git2 < 1.0a < 1.0.1 < 1:0", "1.0 = 1_0 = 0:1.0 = 1.00", "1.0 < 1.0-1 < 1.0-1.el7 < 1.0-2", "1.a < 1.1", "1-9 < 1-2-3",
		}},
		{"Alpine", []string{
			"1.2_alpha < 1.2_beta1 < 1.2_pre < 1.2_rc2 < 1.2 < 1.2-r1 < 1.2_cvs < 1.2_svn < 1.2_git20200101 < 1.2_hg < 1.2_p1 < 1.2a < 1.2.0 < 1.2.1",
			"1.010 < 1.02 < 1.1", "5.1_p1-r2 < 5.1p1-r0",
		}},
		{vers.Gentoo, []string{
			"1_alpha < 1_beta < 1_pre < 1_rc < 1 = 1-r0 < 1-r1 < 1_p = 1_p0 < 1_p1 < 1b < 1.0", "1.01 = 1.010", "1.01 < 1.1", "1.0_alpha_p1 < 1.0",
		}},
		{vers.Alpm, []string{"1.0alpha < 1.0b < 1.0beta < 1.0p < 1.0pre < 1.0rc < 1.0 < 1.0.a < 1.0.1 < 1:0", "1.1-1 = 1.1", "1.1 = 1.1-2", "1.1-1 < 1.1-2"}},
		{vers.OpenSSL, []string{
			"0.9.8 < 0.9.8a < 0.9.8z < 0.9.8za < 0.9.8zh < 1.0.0-beta1 < 1.0.0-beta5 < 1.0.0 < 1.0.2-dev < 1.0.2 < 1.0.2k-dev < 1.0.2k = 1.0.2k-fips < 1.0.2zh < 1.1.0-pre6 < 1.1.0 < 1.1.1w < 3.0.0-alpha17-dev < 3.0.0-alpha17 < 3.0.0-beta1 < 3.0.0 = 3.0.0+quic < 3.0.13 < 10.0.0", "1.1.1z < 1.1.1ag",
		}},
		{vers.Date, []string{"2021-05-03 = 20210503 = 2021.05.03 = 2021/05/03 < 2021-05-04"}},
		{vers.DateTime, []string{
			"2024-01-01T12:00:00+02:00 < 2024-01-01T12:00:00Z = 2024-01-01T12:00:00.00-00:00 < 2024-01-01T12:00:00.09Z < 2024-01-01T12:00:00.1Z",
			"2016-12-31T23:59:59.9Z < 2016-12-31T23:59:60Z < 2017-01-01T00:00:00Z", "1969-12-31T00:00:00Z < 1970-01-01T00:00:00Z",
		}},
		{"ConanCenter", []string{"1.0-a < 1.0 = 1 = 1.0.0 < 1.0+1 < 1.0.1 < 1.a < 2 < cci.20200203", "1.1.1 < 1.1.1d < 1.1.2", "1.6- < 1.6-a"}},
		{"CRAN", []string{"0.1 < 0.1.0 = 0.1-0 < 0.1-1 < 0.2"}},
		{"Hackage", []string{"1.0 < 1.0.0 < 1.1"}},
		{vers.IntDot, []string{"1.2 = 1.02 = 1.2-x < 1.10"}},
		{vers.Lexicographic, []string{"A < a < aa < z < é"}},
	} {
		for _, chain := range c.chains {
			words := strings.Fields(chain)
			for i := 0; i < len(words); i += 2 {
				want := "="
				for j := i; j < len(words); j += 2 {
					if j > i && words[j-1] == "<" {
						want = "<"
					}
					require.Equal(t, want, sign(vers.Compare(c.scheme, words[i], words[j])), "%s: %s against %s", c.scheme, words[i], words[j])
					if c.scheme == vers.Alpm && want == "=" && j > i {
						break // its equality is not transitive
					}
				}
			}
		}
	}
}

func TestNumbersOfAnyLengthCompareByValue(t *testing.T) {
	t.Parallel()
	for _, s := range vers.Schemes() {
		if s == vers.Date || s == vers.DateTime || s == vers.Lexicographic {
			continue
		}
		previous := "0"
		for _, n := range []int{1, 2, 9, 10, 11, 99, 100, 101, 255, 256, 257, 300, 1000} {
			next := strings.Repeat("9", n)
			require.Equal(t, "<", sign(vers.Compare(s, previous, next)), "%s: %d digits", s, n)
			require.Equal(t, "<", sign(vers.Compare(s, next, "1"+strings.Repeat("0", n))), "%s: %d digits", s, n)
			previous = next
		}
	}
}

func TestWhatIsNoVersionOfASchemeIsRefused(t *testing.T) {
	t.Parallel()
	for scheme, texts := range map[vers.Scheme][]string{
		"npm": {"latest", "1.", "1.2.3-", "1 2", "^1.2.3"}, "NuGet": {"1.2.3.4.5", "1.0-", "1.0+"}, "PyPI": {"latest", "abc1", "1.0:1"},
		"RubyGems": {"a.1", "1..2", "1.", "1-", "1x"}, "Maven": {"LATEST", "${version}", "[1,2)"}, "Packagist": {"dev-main", "1.2.#"},
		"Debian": {"a1", "1:", "1_2", "a:1", "1.0-é"}, "Red Hat": {"abc", "1 2", "a/1"}, "Alpine": {"1.2_blah", "1-1", "1.2A", "c", "1..2", "1.2~"},
		vers.Gentoo: {"1_cvs", "1-r", "1.b"}, vers.OpenSSL: {"3.0.0a", "1.0.2k-debian", "fips", "1.0.2.3", "1.0.2K"},
		vers.Date: {"2021-13-01", "2021-02-30", "2021-5-3", "202105", "2021-05.03"}, vers.DateTime: {"2024-01-01", "2024-01-01t00:00:00z", "2024-01-01T24:00:00Z", "2024-01-01T00:00:00", "2024-01-01T00:00:00.Z"},
		"ConanCenter": {"1 2", ">1", ""}, "CRAN": {"1.a", "1."}, "Hackage": {"1-2"}, vers.IntDot: {"x"}, "OSS-Fuzz": {"1"}, vers.Alpm: {"1 2", "abc"},
		vers.Generic: {strings.Repeat("1", 5000)},
	} {
		for _, text := range texts {
			v, err := vers.Parse(scheme, text)
			require.ErrorIs(t, err, vers.ErrIncomparable, "%s %q", scheme, text)
			require.Zero(t, v)
			var why *vers.IncomparableError
			require.ErrorAs(t, err, &why)
			require.Equal(t, scheme, why.Scheme)
			require.Equal(t, text, why.Version)
			require.NotEmpty(t, why.Why)
		}
	}
}

// By the manual of Maven these are in cycles; its code of 3.8.7 has no cycles and
// says the opposite.
func TestWhereTheRulesOfMavenDifferThereIsNoAnswer(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{{"2-1", "2.0.rc1"}, {"1.x", "1-alpha"}, {"6.1.12.rc5", "6.1.12rc1"}, {"1.0.0rc0", "1.0.beta8"}} {
		require.Equal(t, "refused", sign(vers.Compare("Maven", c[0], c[1])), c)
		require.Equal(t, "refused", sign(vers.Compare("Maven", c[1], c[0])), c)
	}
	require.False(t, vers.Scheme("Maven").Total())
	require.True(t, vers.Scheme("Debian").Total())
	require.False(t, vers.Scheme("").Total())
}
