package cpe_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/sbom/cpe"
)

func TestNamesAreReadInBothBindings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"cpe:2.3:a:wolfssl:wolfssl:4.8.1:*:*:*:*:*:*:*", "cpe:2.3:a:wolfssl:wolfssl:4.8.1:*:*:*:*:*:*:*"},
		{"CPE:2.3:A:WolfSSL:wolfSSL:4.8.1:*:*:*:*:*:*:*", "cpe:2.3:a:wolfssl:wolfssl:4.8.1:*:*:*:*:*:*:*"},
		{`cpe:2.3:a:foo\:bar:b\-c:1:*:*:*:*:*:*:*`, `cpe:2.3:a:foo\:bar:b-c:1:*:*:*:*:*:*:*`},
		{`cpe:2.3:a:v:c++:1:*:*:*:*:*:*:*`, `cpe:2.3:a:v:c\+\+:1:*:*:*:*:*:*:*`},
		{`cpe:2.3:a:v:p:8.*:sp?:*:*:*:*:*:*`, `cpe:2.3:a:v:p:8.*:sp?:*:*:*:*:*:*`},
		{`cpe:2.3:a:v:p:-:*:*:*:*:*:*:*`, `cpe:2.3:a:v:p:-:*:*:*:*:*:*:*`},
		{`cpe:2.3:a:v:p:\-:*:*:*:*:*:*:*`, `cpe:2.3:a:v:p:\-:*:*:*:*:*:*:*`},
		{"cpe:/a:microsoft:internet_explorer:8.0.6001:beta", "cpe:2.3:a:microsoft:internet_explorer:8.0.6001:beta:*:*:*:*:*:*"},
		{"cpe:/a:microsoft:internet_explorer:8.%02:sp%01", "cpe:2.3:a:microsoft:internet_explorer:8.*:sp?:*:*:*:*:*:*"},
		{"cpe:/a:hp:insight_diagnostics:7.4.0.1570::~~online~win2003~x64~", "cpe:2.3:a:hp:insight_diagnostics:7.4.0.1570:*:*:*:online:win2003:x64:*"},
		{"cpe:/a:hp:openview_network_manager:7.51:-:~~~linux~~", "cpe:2.3:a:hp:openview_network_manager:7.51:-:*:*:*:linux:*:*"},
		{"cpe:/a:foo%5cbar:big%24money_2010", `cpe:2.3:a:foo\\bar:big\$money_2010:*:*:*:*:*:*:*:*`},
	} {
		n, err := cpe.Parse(c.text)
		require.NoError(t, err, c.text)
		require.Equal(t, c.want, n.String(), c.text)
		again, err := cpe.Parse(n.String())
		require.NoError(t, err)
		require.Equal(t, n, again, "the canonical spelling is a fixed point")
	}
}

func TestWhatIsNoNameSaysWhy(t *testing.T) {
	t.Parallel()
	_, err := cpe.Parse("")
	require.ErrorIs(t, err, cpe.ErrEmpty)
	for _, c := range []struct{ text, why string }{
		{"wolfssl", "does not begin"},
		{"cpe:2.3:a:v:p:1", "has 4 attributes, not 11"},
		{"cpe:2.3:a:v:p:1:*:*:*:*:*:*:*:*", "has 12 attributes"},
		{"cpe:2.3:x:v:p:1:*:*:*:*:*:*:*", `part "x"`},
		{"cpe:2.3:a::p:1:*:*:*:*:*:*:*", "attribute 2 is empty"},
		{"cpe:2.3:a:v v:p:1:*:*:*:*:*:*:*", "white space"},
		{`cpe:2.3:a:v:p:1:*:*:*:*:*:*:\`, "escape"},
		{"cpe:/a:v:p:1:2:3:4:5", "more than 7"},
		{"cpe:/a:%zz", "invalid URL escape"},
		{"cpe:/a:%99", "not UTF-8"},
		{"cpe:2.3:a:v\xff:p:1:*:*:*:*:*:*:*", "not UTF-8"},
		{"cpe:/:v", "no part"},
	} {
		_, err := cpe.Parse(c.text)
		var syntax *cpe.SyntaxError
		require.ErrorAs(t, err, &syntax, c.text)
		require.ErrorContains(t, err, c.why, c.text)
	}
}

// The rows are those of NISTIR 7696, table 6-2, with i and k literals and m a pattern.
func TestValuesRelateAsInTheStandard(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		source, target cpe.Value
		want           cpe.Relation
	}{
		{cpe.Any, cpe.Any, cpe.Equal},
		{cpe.Any, cpe.NA, cpe.Superset},
		{cpe.Any, "i", cpe.Superset},
		{cpe.Any, "m*", cpe.Undefined},
		{cpe.NA, cpe.Any, cpe.Subset},
		{cpe.NA, cpe.NA, cpe.Equal},
		{cpe.NA, "i", cpe.Disjoint},
		{cpe.NA, "m*", cpe.Undefined},
		{"i", "i", cpe.Equal},
		{"i", "k", cpe.Disjoint},
		{"i", "m*", cpe.Undefined},
		{"i", cpe.NA, cpe.Disjoint},
		{"i", cpe.Any, cpe.Subset},
		{"m*", "match", cpe.Superset},
		{"m*", "other", cpe.Disjoint},
		{"m*", cpe.NA, cpe.Disjoint},
		{"m*", cpe.Any, cpe.Subset},
		{"8.?", "8.1", cpe.Superset},
		{"8.?", "8.12", cpe.Disjoint},
		{`8\.\*`, "8.12", cpe.Disjoint},
	} {
		require.Equal(t, c.want, cpe.Compare(c.source, c.target), "%s against %s", c.source, c.target)
	}
}

func TestLiteralTakesEveryCharacterForItself(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-z0-9*?:.+-]{1,12}`).Draw(t, "text")
		v := cpe.Literal(text)
		require.True(t, v.Literal())
		require.False(t, v.Pattern())
		require.Equal(t, text, v.Text())
	})
}

func FuzzParse(f *testing.F) {
	f.Add("cpe:2.3:a:wolfssl:wolfssl:4.8.1:*:*:*:*:*:*:*")
	f.Add(`cpe:2.3:a:foo\:bar:b\-c:1.?:*:*:*:*:*:*:-`)
	f.Add("cpe:/a:hp:insight_diagnostics:7.4.0.1570::~~online~win2003~x64~")
	f.Add("cpe:/a:%4f:p%c3%84")
	f.Fuzz(func(t *testing.T, text string) {
		n, err := cpe.Parse(text)
		if err != nil {
			return
		}
		again, err := cpe.Parse(n.String())
		if err != nil || again != n {
			t.Fatalf("%q is %q, which reads as %q (%v)", text, n, again, err)
		}
	})
}

func ExampleParse() {
	n, err := cpe.Parse("cpe:2.3:a:wolfssl:wolfssl:4.8.1:*:*:*:*:*:*:*")
	fmt.Println(n.Vendor, n.Version.Text(), n.Update == cpe.Any, err)
	// Output: wolfssl 4.8.1 true <nil>
}

func ExampleName_URI() {
	n, err := cpe.Parse("cpe:2.3:a:hp:insight_diagnostics:7.4.0.1570:*:*:*:online:win2003:x64:*")
	fmt.Println(n.URI(), err)
	// Output: cpe:/a:hp:insight_diagnostics:7.4.0.1570::~~online~win2003~x64~ <nil>
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := cpe.Parse(`cpe:2.3:o:microsoft:windows_10:1809:*:*:*:*:*:x64:*`); err != nil {
			b.Fatal(err)
		}
	}
}
