package vers_test

import (
	"testing"

	"github.com/google/osv-scalibr/semantic"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/sbom/vers"
)

var benched = []struct {
	scheme vers.Scheme
	peer   string
	a, b   string
}{
	{"npm", "npm", "4.17.21-rc.1", "4.17.21-rc.2"},
	{"Go", "Go", "v0.0.0-20230716120725-531d2d74bc12", "v0.0.0-20230922105210-14b16010c2ee"},
	{"PyPI", "PyPI", "2.31.0rc1.post2", "2.31.0"},
	{"Maven", "Maven", "2.0.0-alpha-3", "2.0.0-beta-1"},
	{"NuGet", "NuGet", "6.0.0-preview.1", "6.0.0-preview.2"},
	{"RubyGems", "RubyGems", "6.1.4.rc1", "6.1.4"},
	{"Packagist", "Packagist", "v5.3.0-BETA2", "v5.3.0-RC1"},
	{"Debian", "Debian", "1:9.16.1+dfsg-3~deb11u1", "1:9.16.1+dfsg-3"},
	{"Red Hat", "Red Hat", "0:4.19.1-25.el7_9", "0:4.19.1-26.el7_9"},
	{"Alpine", "Alpine", "1.2.3_rc1-r2", "1.2.3-r0"},
	{vers.Generic, "", "1.0.2k-fips", "V1.0.2m"},
	{vers.OpenSSL, "", "1.0.2k-fips", "1.0.2zh"},
}

func BenchmarkParse(b *testing.B) {
	for _, c := range benched {
		b.Run(string(c.scheme)+"/ours", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := vers.Parse(c.scheme, c.a); err != nil {
					b.Fatal(err)
				}
			}
		})
		if c.peer == "" {
			continue
		}
		b.Run(string(c.scheme)+"/semantic", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := semantic.Parse(c.a, c.peer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Both sides are read beforehand; the peer does part of its reading here.
func BenchmarkCompare(b *testing.B) {
	for _, c := range benched {
		b.Run(string(c.scheme)+"/ours", func(b *testing.B) {
			v, err := vers.Parse(c.scheme, c.a)
			require.NoError(b, err)
			w, err := vers.Parse(c.scheme, c.b)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = v.Compare(w)
			}
		})
		if c.peer == "" {
			continue
		}
		b.Run(string(c.scheme)+"/semantic", func(b *testing.B) {
			v, err := semantic.Parse(c.a, c.peer)
			require.NoError(b, err)
			w, err := semantic.Parse(c.b, c.peer)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Compare(w); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The version of a component is often none.
func BenchmarkRefuse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := vers.Parse("npm", "unknown"); err == nil {
			b.Fatal("read")
		}
	}
}

func BenchmarkContains(b *testing.B) {
	r, err := vers.ParseRange("vers:deb/>=1.0.2|<1.0.2zh|>=3.0.0|<3.0.13-1~deb12u2")
	require.NoError(b, err)
	v, err := vers.Parse(r.Scheme(), "3.0.11-1~deb12u1")
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if in, err := r.ContainsVersion(v); err != nil || !in {
			b.Fatal(in, err)
		}
	}
}

func TestComparingAndReadingAllocateLittle(t *testing.T) {
	for _, c := range benched {
		v, err := vers.Parse(c.scheme, c.a)
		require.NoError(t, err)
		w, err := vers.Parse(c.scheme, c.b)
		require.NoError(t, err)
		require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = v.Compare(w) }), c.scheme)
		require.LessOrEqual(t, testing.AllocsPerRun(100, func() { _, _ = vers.Parse(c.scheme, c.a) }), 1.0, c.scheme)
	}
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { _, _ = vers.Parse("npm", "unknown") }), 1.0)
}
