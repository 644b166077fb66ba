package vers_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/sbom/vers"
)

func TestOnlyTheCanonicalFormIsParsed(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"vers:npm/1.2.3|>=2.0.0|<5.0.0", "vers:npm/*", "vers:all/*", "vers:none/*", "vers:gem/>=2.2.0|!=2.2.1|<2.3.0", "vers:deb/<1:2.0~rc1",
		"vers:lexicographic/%3Ca|b%20c", "vers:datetime/>=2024-01-01T00:00:00Z", "vers:pypi/!=1|!=2", "vers:npm/<1|2|>=3|<4|>5",
	} {
		r, err := vers.ParseRange(text)
		require.NoError(t, err, text)
		require.Equal(t, text, r.String())
	}
	for text, why := range map[string]string{
		"":                                   "begin",
		"npm/1":                              "begin",
		"VERS:npm/1":                         "begin",
		"vers:npm":                           "no constraints",
		"vers:npm/":                          "no constraints",
		"vers:NPM/1":                         "type",
		"vers:n_m/1":                         "type",
		"vers:1npm/1":                        "letter",
		"vers:/1":                            "letter",
		"vers:unheard-of/1":                  "not known",
		"vers:all/1":                         "asterisk",
		"vers:npm/1| 2":                      "white space",
		"vers:npm/1|é":                       "ASCII",
		"vers:npm/1||2":                      "pipe",
		"vers:npm/|1":                        "pipe",
		"vers:npm/1|":                        "pipe",
		"vers:npm/*|1":                       "comparator within",
		"vers:npm/=1":                        "comparator within",
		"vers:npm/>":                         "version",
		"vers:npm/latest":                    "version",
		"vers:npm/>=2|<1":                    "order",
		"vers:npm/>=1|<=1.0":                 "twice",
		"vers:npm/<1|<2":                     "adds nothing",
		"vers:npm/>1|2":                      "adds nothing",
		"vers:npm/1|<2":                      "adds nothing",
		"vers:npm/1%2":                       "hexadecimal",
		"vers:npm/1%2g":                      "hexadecimal",
		"vers:lexicographic/%3c":             "hexadecimal",
		"vers:lexicographic/%41":             "needs no percent",
		"vers:lexicographic/%20a":            "space around",
		"vers:maven/>=6.1.12.rc5|<6.1.12rc6": "order",
		"vers:generic/>=1-east|<1-west":      "no order",
	} {
		_, err := vers.ParseRange(text)
		var bad *vers.RangeError
		require.ErrorAs(t, err, &bad, text)
		require.Contains(t, err.Error(), why, text)
		require.Equal(t, text, bad.Range)
	}
}

func TestReadingForgivesHowARangeIsWritten(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		" VERS:PyPI/ >= 1.0 | 0.5 |<2 ": "vers:pypi/0.5|>=1.0|<2",
		"vers:npm/>=1|>=1":              "vers:npm/>=1",
		"vers:npm/=1.2":                 "vers:npm/1.2",
		"vers:npm/<2|<1":                "vers:npm/<1|<2",
		"vers:deb/1%3a2":                "vers:deb/1:2",
		"vers:npm/ *":                   "vers:npm/*",
	} {
		r, err := vers.ReadRange(text)
		require.NoError(t, err, text)
		require.Equal(t, want, r.String())
	}
	for _, text := range []string{"npm/1", "vers:npm/", "vers:npm/1||2", "vers:npm/>=1|<1.0", "vers:npm/1|*", "vers:x/1", "vers:npm/%zz", "vers:npm/x", "vers:none/1", "vers:generic/1-a-east|1-a-west"} {
		_, err := vers.ReadRange(text)
		var bad *vers.RangeError
		require.ErrorAs(t, err, &bad, text)
	}
	r, err := vers.ReadRange("vers:npm/<2|<1|>3|4")
	require.NoError(t, err)
	require.Equal(t, "vers:npm/<2|>3", r.Simplify().String())
}

func TestRangesContainWhatTheirSignpostsSay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, in, out string }{
		{"vers:npm/1.2.3|>=2.0.0|<5.0.0", "1.2.3 2.0.0 4.9.9 2.5.0-rc1", "1.2.2 1.2.4 2.0.0-rc1 5.0.0"},
		{"vers:gem/>=2.2.0|!=2.2.1|<2.3.0", "2.2.0 2.2.2", "2.2.1 2.3.0 2.1"},
		{"vers:npm/<1|>2", "0.9.0 2.0.1", "1.0.0 1.5.0 2.0.0"},
		{"vers:npm/<=1|>=2", "1.0.0 2.0.0 3.0.0", "1.5.0"},
		{"vers:pypi/!=1|!=2", "1.5 3 0", "1.0 2.0"},
		{"vers:pypi/!=1|3", "3", "1 2"},
		{"vers:npm/1|>2|<3|4|>=5", "1.0.0 2.5.0 4.0.0 6.0.0", "0.1.0 1.5.0 2.0.0 3.0.0 4.5.0"},
		{"vers:all/*", "1 anything", ""},
		{"vers:none/*", "", "1"},
		{"vers:npm/*", "1.0.0", ""},
		{"vers:openssl/>=1.0.2|<1.0.2zh", "1.0.2 1.0.2k-fips", "1.0.2zh 1.0.1u"},
	} {
		r, err := vers.ParseRange(c.text)
		require.NoError(t, err, c.text)
		for want, versions := range map[bool]string{true: c.in, false: c.out} {
			for _, v := range strings.Fields(versions) {
				got, err := r.Contains(v)
				require.NoError(t, err)
				require.Equal(t, want, got, "%s in %s", v, c.text)
			}
		}
	}
	none, err := vers.Range{}.Contains("1")
	require.NoError(t, err)
	require.False(t, none)
	require.Equal(t, "vers:none/*", vers.Range{}.String())
}

func TestARangeThatCannotTellSaysSo(t *testing.T) {
	t.Parallel()
	r, err := vers.ParseRange("vers:generic/>=1.0.2k|<2")
	require.NoError(t, err)
	for _, v := range []string{"unknown", "1.0.2.1"} {
		_, err = r.Contains(v)
		require.ErrorIs(t, err, vers.ErrIncomparable, v)
	}
	other, err := vers.Parse("npm", "1.0.0")
	require.NoError(t, err)
	_, err = r.ContainsVersion(other)
	require.ErrorIs(t, err, vers.ErrIncomparable)
	require.Equal(t, vers.Generic, r.Scheme())
	require.Equal(t, "generic", r.Type())
}

func TestNativeRangesBecomeVers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, text, want string }{
		{"npm", "", "vers:npm/*"}, {"npm", "*", "vers:npm/*"}, {"npm", "1.x || >=2.5.0 || 5.0.0 - 7.2.3", "vers:npm/>=1.0.0|<2.0.0|>=2.5.0"},
		{"npm", "1.2 - 2", "vers:npm/>=1.2.0|<3.0.0"}, {"npm", "1 - *", "vers:npm/>=1.0.0"}, {"npm", "^0.0.3", "vers:npm/>=0.0.3|<0.0.4"}, {"npm", "^0.x", "vers:npm/>=0.0.0|<1.0.0"},
		{"npm", "~1", "vers:npm/>=1.0.0|<2.0.0"}, {"npm", "~> 1.2.3", "vers:npm/>=1.2.3|<1.3.0"}, {"npm", ">1.2", "vers:npm/>=1.3.0"}, {"npm", "^ 1.2.3", "vers:npm/>=1.2.3|<2.0.0"},
		{"npm", "<2 || >2.0.0", "vers:npm/!=2.0.0"}, {"npm", "1.2.3 || >1.2.3", "vers:npm/>=1.2.3"}, {"npm", "<1 || >=1", "vers:npm/*"},
		{"pypi", ">=1.0, !=1.5, <2", "vers:pypi/>=1.0|!=1.5|<2"}, {"pypi", "==1.1.*", "vers:pypi/>=1.1.dev0|<1.2.dev0"}, {"pypi", "!=1.*", "vers:pypi/<1.dev0|>=2.dev0"},
		{"pypi", "~=2.2.post3", "vers:pypi/>=2.2.post3|<3.dev0"}, {"pypi", "~= 1.4.5", "vers:pypi/>=1.4.5|<1.5.dev0"}, {"pypi", "", "vers:pypi/*"}, {"pypi", "~=1!2.2", "vers:pypi/>=1%212.2|<1%213.dev0"},
		{"gem", "~> 2.2.0, != 2.2.1", "vers:gem/>=2.2.0|!=2.2.1|<2.3"}, {"gem", "~> 2", "vers:gem/>=2|<3"}, {"gem", "1.0", "vers:gem/1.0"}, {"gem", "~> 2.2.a", "vers:gem/>=2.2.a|<3"},
		{"nuget", "1.0", "vers:nuget/>=1.0"}, {"nuget", "(1.0,)", "vers:nuget/>1.0"}, {"nuget", "[1.0]", "vers:nuget/1.0"}, {"nuget", "(,1.0]", "vers:nuget/<=1.0"},
		{"maven", "(,1.0],[1.2,1.5)", "vers:maven/<=1.0|>=1.2|<1.5"}, {"nginx", "0.5.6-1.13.2, 1.21.0+", "vers:nginx/>=0.5.6|<=1.13.2|>=1.21.0"}, {"nginx", "1.4.1+", "vers:nginx/>=1.4.1|<1.5.0"}, {"nginx", "all", "vers:nginx/*"},
		{"openssl", "1.0.2k, 1.0.1", "vers:openssl/1.0.1|1.0.2k"},
		{"conan", "~2.5.1", "vers:conan/>=2.5.1|<2.6-"}, {"conan", "^0.2.1", "vers:conan/>=0.2.1|<0.3-"}, {"conan", "*", "vers:conan/>=0.0.0"}, {"conan", ">1 <2 || ^3", "vers:conan/>1|<2|>=3|<4-"},
	} {
		r, err := vers.FromNative(c.kind, c.text)
		require.NoError(t, err, "%s %q", c.kind, c.text)
		require.Equal(t, c.want, r.String(), "%s %q", c.kind, c.text)
		again, err := vers.ParseRange(r.String())
		require.NoError(t, err, "%s is canonical", r)
		require.Equal(t, r.String(), again.String())
	}
	for _, c := range [][2]string{
		{"npm", "latest"}, {"npm", "1.2.3.4"}, {"npm", ">1 <1"}, {"npm", "git+ssh://x"}, {"npm", "1.x.3"}, {"npm", "<*"}, {"npm", "1.x-rc"}, {"npm", "a - b"},
		{"pypi", "1.0"}, {"pypi", "===1.0"}, {"pypi", "~=1"}, {"pypi", "==a.*"}, {"pypi", ">=x"}, {"gem", "~> x"}, {"nuget", "(1.0)"}, {"nuget", "[1.0"}, {"nuget", ""}, {"maven", "1.0"}, {"maven", "[1,2] x"},
		{"nginx", "x"}, {"openssl", ""}, {"conan", ">1, loose"}, {"conan", "~cci.x"}, {"deb", ">= 1"}, {"unheard-of", "1"},
	} {
		_, err := vers.FromNative(c[0], c[1])
		var bad *vers.RangeError
		require.ErrorAs(t, err, &bad, c)
		require.False(t, errors.Is(err, errors.ErrUnsupported))
	}
}

// Masterminds/semver reads the same notation; its answer for releases is ours.
func TestNpmRangesAgreeWithTheirPeer(t *testing.T) {
	t.Parallel()
	number := `(0|1|2|3|10)`
	side := `(>=|<=|>|<|=|\^|~)?` + number + `(\.` + number + `(\.` + number + `)?)?`
	native := rapid.StringMatching(side + `( ` + side + `)?( \|\| ` + side + `( ` + side + `)?)?`)
	version := rapid.StringMatching(number + `\.` + number + `\.` + number)
	rapid.Check(t, func(t *rapid.T) {
		text, v := native.Draw(t, "range"), version.Draw(t, "version")
		peer, err := semver.NewConstraint(text)
		require.NoError(t, err)
		want := peer.Check(semver.MustParse(v))
		r, err := vers.FromNative("npm", text)
		if err != nil { // holds nothing
			require.Contains(t, err.Error(), "holds no version")
			require.False(t, want)
			return
		}
		got, err := r.Contains(v)
		require.NoError(t, err)
		require.Equal(t, want, got, "%s in %s (%s)", v, text, r)
		again, err := vers.ParseRange(r.String())
		require.NoError(t, err)
		same, err := again.Contains(v)
		require.NoError(t, err)
		require.Equal(t, got, same)
	})
}
