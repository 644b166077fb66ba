package sbom_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/sbom"
)

func kinds(changes []sbom.Change) []string {
	var out []string
	for _, c := range changes {
		out = append(out, string(c.Kind)+" "+c.Name)
	}
	return out
}

func TestEachKindOfChangeIsToldApart(t *testing.T) {
	t.Parallel()
	c := func(name, version, purl string) sbom.Component {
		return sbom.Component{Name: name, Version: version, PURL: purl}
	}
	for _, x := range []struct {
		what     string
		old, new []sbom.Component
		want     []string
	}{
		{"nothing", []sbom.Component{c("a", "1", "")}, []sbom.Component{c("a", "1", "")}, nil},
		{"added and removed", []sbom.Component{c("a", "1", "")}, []sbom.Component{c("b", "1", "")}, []string{"removed a", "added b"}},
		{"upgraded, and not by the order of texts", []sbom.Component{c("a", "1.9", "")}, []sbom.Component{c("a", "1.10", "")}, []string{"upgraded a"}},
		{"downgraded", []sbom.Component{c("a", "2.0", "pkg:npm/a")}, []sbom.Component{c("a", "2.0-rc.1", "pkg:npm/a")}, []string{"downgraded a"}},
		{"by the registry's own order", []sbom.Component{c("a", "1:1.0-1", "pkg:deb/debian/a")}, []sbom.Component{c("a", "2.0-1", "pkg:deb/debian/a")}, []string{"downgraded a"}},
		{"no order", []sbom.Component{c("a", "blue", "")}, []sbom.Component{c("a", "green", "")}, []string{"changed a"}},
		{"a version lost", []sbom.Component{c("a", "1", "")}, []sbom.Component{c("a", "", "")}, []string{"changed a"}},
		{"written otherwise", []sbom.Component{c("a", "1.0", "")}, []sbom.Component{c("a", "v1.0.0", "")}, []string{"changed a"}},
		{"a purl was given", []sbom.Component{c("a", "1", "")}, []sbom.Component{c("a", "1", "pkg:npm/a")}, []string{"re-identified a"}},
		{"a purl was given with an upgrade", []sbom.Component{c("a", "1", "")}, []sbom.Component{c("a", "2", "pkg:npm/a")}, []string{"re-identified a", "upgraded a"}},
		{"two of one name are not guessed", []sbom.Component{c("a", "1", ""), c("a", "2", "")}, []sbom.Component{c("a", "3", "pkg:npm/a")},
			[]string{"removed a", "removed a", "added a"}},
		{"one of two equal ones went", []sbom.Component{c("a", "1", ""), c("a", "1", "")}, []sbom.Component{c("a", "1", "")}, []string{"removed a"}},
		{"of two versions the one that stayed meets itself", []sbom.Component{c("a", "1", ""), c("a", "2", "")}, []sbom.Component{c("a", "2", ""), c("a", "3", "")}, []string{"upgraded a"}},
		{"two registries are two things", []sbom.Component{c("debug", "1", "pkg:npm/debug@1")}, []sbom.Component{c("debug", "2", "pkg:pypi/debug@2")}, []string{"removed debug", "added debug"}},
		{"two registries are two things in one version too", []sbom.Component{c("debug", "1", "pkg:npm/debug@1")}, []sbom.Component{c("debug", "1", "pkg:pypi/debug@1")}, []string{"removed debug", "added debug"}},
		{"the purl states another version", []sbom.Component{c("a", "1.0", "pkg:npm/a@1.0.0")}, []sbom.Component{c("a", "1.0", "pkg:npm/a@2.0.0")}, []string{"changed a"}},
		{
			"other content", []sbom.Component{{Name: "a", Version: "1", Hashes: []sbom.Hash{{Algorithm: "SHA-256", Value: "00"}}}},
			[]sbom.Component{{Name: "a", Version: "1", Hashes: []sbom.Hash{{Algorithm: "sha256", Value: "01"}}}}, []string{"changed a"},
		},
		{
			"the same content, and a hash more", []sbom.Component{{Name: "a", Version: "1", Hashes: []sbom.Hash{{Algorithm: "SHA-256", Value: "0A"}}}},
			[]sbom.Component{{Name: "a", Version: "1", Hashes: []sbom.Hash{{Algorithm: "MD5", Value: "2"}, {Algorithm: "sha256", Value: "0a"}}}}, nil,
		},
		{"group counts", []sbom.Component{{Group: "x", Name: "a", Version: "1"}}, []sbom.Component{{Group: "y", Name: "a", Version: "1"}}, []string{"removed a", "added a"}},
		{
			"support", []sbom.Component{{Name: "a", Support: &sbom.Support{Level: sbom.Maintained}}},
			[]sbom.Component{{Name: "a", Support: &sbom.Support{Level: sbom.Maintained, Ends: day("2027-01-01")}}}, []string{"support changed a"},
		},
		{
			"where support was read is no change", []sbom.Component{{Name: "a", Support: &sbom.Support{Level: sbom.Maintained, From: "x"}}},
			[]sbom.Component{{Name: "a", Support: &sbom.Support{Level: sbom.Maintained, From: "y"}}}, nil,
		},
		{
			"renamed vendor with the purl kept",
			[]sbom.Component{{Name: "t", Version: "1", PURL: "pkg:github/e/t", CPE: "cpe:2.3:o:microsoft:t:1:*:*:*:*:*:*:*"}},
			[]sbom.Component{{Name: "t", Version: "1", PURL: "pkg:github/e/t", CPE: "cpe:2.3:o:eclipse:t:1:*:*:*:*:*:*:*"}}, []string{"re-identified t"},
		},
		{
			"another name with an identifier kept",
			[]sbom.Component{{Name: "polarssl", Version: "1", CPE: "cpe:2.3:a:arm:mbed_tls:1:*:*:*:*:*:*:*"}},
			[]sbom.Component{{Name: "mbedtls", Version: "2", PURL: "pkg:github/x/mbedtls", CPE: "cpe:2.3:a:arm:mbed_tls:2:*:*:*:*:*:*:*"}},
			[]string{"re-identified mbedtls", "upgraded mbedtls"},
		},
	} {
		got := sbom.Diff(sbom.BOM{Components: x.old}, sbom.BOM{Components: x.new})
		require.ElementsMatch(t, x.want, kinds(got), x.what)
		for _, g := range got {
			require.True(t, g.Kind.Valid())
		}
	}
}

func TestARealDeviceDiffersFromItselfInNothing(t *testing.T) {
	t.Parallel()
	b := deviceBOM(t)
	other := b
	other.Components = slices.Clone(b.Components)
	slices.Reverse(other.Components)
	require.Empty(t, sbom.Diff(b, other))
	require.Len(t, sbom.Diff(b, sbom.BOM{}), 55)
}

// drawBOM makes BOMs in which much is alike, so that pairing has work to do.
func drawBOM(t *rapid.T, label string) sbom.BOM {
	pick := func(s ...string) string { return rapid.SampledFrom(s).Draw(t, label) }
	var b sbom.BOM
	for i := range rapid.IntRange(0, 8).Draw(t, label) {
		c := sbom.Component{
			Ref: fmt.Sprint(label, i), Name: pick("a", "b"), Group: pick("", "", "g"), Version: pick("", "1", "1.0", "2", "10", "blue", "green"),
			PURL: pick("", "pkg:npm/a", "pkg:npm/b", "pkg:npm/a@2", "pkg:deb/debian/a"),
			CPE:  pick("", "", "cpe:2.3:a:x:a:*:*:*:*:*:*:*:*", "cpe:2.3:a:x:b:1:*:*:*:*:*:*:*"), Supplier: pick("", "s"),
		}
		if h := pick("", "", "00", "01"); h != "" {
			c.Hashes = []sbom.Hash{{Algorithm: "SHA-256", Value: h}}
		}
		switch pick("", "m", "e") {
		case "m":
			c.Support = &sbom.Support{Level: sbom.Maintained}
		case "e":
			c.Support = &sbom.Support{Ends: day("2027-01-01")}
		}
		b.Components = append(b.Components, c)
	}
	return b
}

func shuffled(t *rapid.T, b sbom.BOM) sbom.BOM {
	out := b
	out.Components = rapid.Permutation(b.Components).Draw(t, "order")
	for i := range out.Components {
		out.Components[i].Ref = fmt.Sprint("other", i)
	}
	return out
}

// lines are changes as text without refs, sorted.
func lines(t require.TestingT, changes []sbom.Change) []string {
	out := []string{}
	for _, c := range changes {
		for _, p := range []**sbom.Component{&c.Old, &c.New} {
			if *p != nil {
				x := **p
				x.Ref = ""
				*p = &x
			}
		}
		data, err := json.Marshal(c)
		require.NoError(t, err)
		out = append(out, string(data))
	}
	slices.Sort(out)
	return out
}

func TestDiffLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawBOM(t, "a"), drawBOM(t, "b")
		require.Empty(t, sbom.Diff(a, shuffled(t, a)), "equal BOMs in any order")
		forth := sbom.Diff(a, b)
		require.Equal(t, lines(t, forth), lines(t, sbom.Diff(shuffled(t, a), shuffled(t, b))), "the order does not count")
		var back []sbom.Change
		for _, c := range sbom.Diff(b, a) {
			back = append(back, c.Inverted())
		}
		require.Equal(t, lines(t, forth), lines(t, back), "read backwards it is the inverse")
		n := 0 // everything of a is removed or met, everything of b added or met
		for _, c := range forth {
			switch c.Kind {
			case sbom.Added:
				n++
			case sbom.Removed:
				n--
			}
		}
		require.Equal(t, len(b.Components)-len(a.Components), n)
	})
}

func ExampleDiff() {
	old := sbom.BOM{Components: []sbom.Component{{Name: "zlib", Version: "1.2.13"}, {Name: "lwip", Version: "2.1.2"}}}
	new := sbom.BOM{Components: []sbom.Component{{Name: "zlib", Version: "1.3.1"}, {Name: "mbedtls", Version: "3.6.0"}}}
	for _, c := range sbom.Diff(old, new) {
		fmt.Println(c.Kind, c.Name)
	}
	// Output:
	// removed lwip
	// added mbedtls
	// upgraded zlib
}
