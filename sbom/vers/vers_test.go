package vers_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/sbom/vers"
)

func TestGenericOrderPutsFirmwareVersionsWhereTheirMakersDo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ a, op, b string }{
		{"4.8.1", "<", "5.2.0"},
		{"5.2", "=", "5.2.0"},
		{"5.10", ">", "5.9"},
		{"v5.2.0", "=", "5.2.0"},
		{"V8.3.0.1", ">", "8.3"},
		{"1.0.2", "<", "1.0.2k"},
		{"1.0.2k", "<", "1.0.2m"},
		{"1.0.2k-fips", "=", "1.0.2k"},
		{"0.9.8z", "<", "0.9.8zh"},
		{"0.9.8zg", "<", "0.9.8zh"},
		{"1.0.2k", "<", "1.1.0"},
		{"1.0-rc1", "<", "1.0"},
		{"1.0-alpha", "<", "1.0-beta2"},
		{"1.0-rc1", "<", "1.0.1"},
		{"1.0b3", "<", "1.0"},
		{"2021-05-03", "<", "2021-06-01"},
		{"A10", "<", "A11"},
		{"1.0~rc1", "<", "1.0"},
		{"007", "=", "7"},
		{"12.2(33)", "<", "12.2(40)"},
		{"r0.13", "<", "0.14"},
		{"99999999999999999999", "<", "100000000000000000000"},
		{"1.0 SP2", ">", "1.0"},
		{"1.0.0-rc1", "<", "1.0-rc2"},
		{"1.0.0-rc1", "=", "1.0-rc1"},
		{"5.0.0-beta1", "<", "5.0-rc1"},
		{"1.0.0-rc1", "<", "1.0"},
		{"1.0.2.0k", "=", "1.0.2k"},
		{"1:9.16.1-0ubuntu2", ">", "9.16.0"},
		{"1:9.16.1-0ubuntu2", "<", "9.16.5"},
		{"14.0", "<", "14su1"},
	} {
		got, err := vers.Compare(vers.Generic, c.a, c.b)
		require.NoError(t, err, "%s against %s", c.a, c.b)
		require.Equal(t, c.op, string("<=>"[got+1]), "%s against %s", c.a, c.b)
	}
}

func TestWhatHasNoOrderIsSaidSo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scheme vers.Scheme
		a, b   string
	}{
		{vers.Generic, "", "1"},
		{vers.Generic, "unknown", "1"},
		{vers.Generic, "A10", "10"},
		{vers.Generic, "A10", "B10"},
		{vers.Generic, "1.0-east", "1.0-west"},
		{vers.Generic, "1.0 %", "1.0"},
		{vers.Generic, "1.0.2.1", "1.0.2k"},
		{"NuGet", "abc", "1.0"},
		{"npm", "x y", "1.0"},
		{"PyPI", "", "1.0"},
		{"Maven", "abc", "1.0"},
		{"Debian", "not a version!!", "1.0"},
		{"Go", "x.y", "1.0"},
		{"OSS-Fuzz", "1.0", "1.1"},
		{"GIT", "1.0", "1.1"},
	} {
		_, err := vers.Compare(c.scheme, c.a, c.b)
		require.ErrorIs(t, err, vers.ErrIncomparable, "%s: %q against %q", c.scheme, c.a, c.b)
	}
}

func TestVersionsOfTwoSchemesDoNotCompare(t *testing.T) {
	t.Parallel()
	a, err := vers.Parse("npm", "1.0.0")
	require.NoError(t, err)
	b, err := vers.Parse("PyPI", "1.0.0")
	require.NoError(t, err)
	_, err = a.Compare(b)
	require.ErrorIs(t, err, vers.ErrIncomparable)
	_, err = vers.Version{}.Compare(vers.Version{})
	require.ErrorIs(t, err, vers.ErrIncomparable)
}

func TestPrefixesOfRegistriesDoNotCount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scheme vers.Scheme
		a, b   string
	}{{"Go", "v1.2.3", "1.2.3"}, {"Go", "go1.20.1", "1.20.1"}, {"PyPI", "v1.0", "1.0"}, {"npm", "v1.0.0", "1.0.0"}} {
		got, err := vers.Compare(c.scheme, c.a, c.b)
		require.NoError(t, err)
		require.Zero(t, got, "%s %s", c.a, c.b)
	}
}

func TestGenericOrderIsAntisymmetricAndTransitive(t *testing.T) {
	t.Parallel()
	text := rapid.StringMatching(`[vVrA]?[0-9]{1,3}([.-]([0-9]{1,2}|0|rc[0-9]?|beta|fips|p1)){0,4}[a-z]?`)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := text.Draw(t, "a"), text.Draw(t, "b"), text.Draw(t, "c")
		ab, err1 := vers.Compare(vers.Generic, a, b)
		ba, err2 := vers.Compare(vers.Generic, b, a)
		require.Equal(t, err1 == nil, err2 == nil, "%q %q", a, b)
		if err1 != nil {
			return
		}
		require.Equal(t, ab, -ba, "%q %q", a, b)
		bc, err3 := vers.Compare(vers.Generic, b, c)
		ac, err4 := vers.Compare(vers.Generic, a, c)
		if err3 == nil && err4 == nil && ab <= 0 && bc <= 0 {
			require.LessOrEqual(t, ac, 0, "%q <= %q <= %q", a, b, c)
		}
	})
}
