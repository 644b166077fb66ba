package sbom_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/internal/golden"
	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/read"
)

func quality(t *testing.T, b sbom.BOM, opts *sbom.QualityOptions) sbom.QualityReport {
	t.Helper()
	r, err := sbom.Quality(b, opts)
	require.NoError(t, err)
	return r
}

func day(s string) time.Time {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return d
}

func refs(list []sbom.Place) []string {
	var out []string
	for _, p := range list {
		out = append(out, p.Ref)
	}
	return out
}

func TestEveryMinimumElementIsCountedWithWhatLacksIt(t *testing.T) {
	t.Parallel()
	b := sbom.BOM{
		Authors: []string{"Device maker"}, Created: day("2026-01-01"),
		Components: []sbom.Component{
			{Ref: "a", Name: "zlib", Version: "1.3", Supplier: "zlib", PURL: "pkg:github/madler/zlib@v1.3"},
			{Ref: "b", Name: "boot", Supplier: "NOASSERTION", Parent: "a"},
			{Ref: "c", Name: "os", CPE: "cpe:2.3:o:*:os:1:*:*:*:*:*:*:*"},
		},
		Edges: []sbom.Edge{{From: "a"}},
	}
	r := quality(t, b, nil)
	type row struct {
		have int
		lack []string
	}
	got := map[string]row{}
	for _, e := range r.Elements {
		got[e.ID] = row{e.Have, refs(e.Missing)}
	}
	require.Equal(t, map[string]row{
		"supplier": {1, []string{"b", "c"}}, "name": {3, nil}, "version": {2, []string{"b"}},
		"identifiers": {1, []string{"b", "c"}}, "dependency": {2, []string{"c"}},
		"author": {1, nil}, "timestamp": {1, nil},
	}, got)
	require.Equal(t, sbom.Ratio{Have: 1, Of: 3}, r.Matchable)
	require.Equal(t, []string{"b", "c"}, refs(r.Unmatchable))
	require.Equal(t, []string{"it has no purl and no CPE", "it states no version"}, r.Unmatchable[0].Why)
	require.Equal(t, []string{"its CPE leaves part, vendor or product open"}, r.Unmatchable[1].Why)
}

func TestAnAuthorThatSaysNothingIsNone(t *testing.T) {
	t.Parallel()
	r := quality(t, sbom.BOM{Authors: []string{"unknown", ""}}, nil)
	require.Equal(t, sbom.Ratio{Have: 0, Of: 1}, r.Elements[5].Ratio)
	require.Equal(t, sbom.Ratio{Have: 0, Of: 1}, r.Elements[6].Ratio)
	_, ok := r.Matchable.Percent()
	require.False(t, ok, "one of nothing has no percentage")
}

func TestAVersionThatSaysNothingIsFound(t *testing.T) {
	t.Parallel()
	for version, placeholder := range map[string]bool{
		"unknown": true, "Latest": true, "0.0.0": true, "${project.version}": true, "(devel)": true, "N/A": true, "master": true,
		"0.0.1": false, "1.0": false, "main-2024.1": false, "0.9.0": false, "r0": false,
	} {
		r := quality(t, sbom.BOM{Components: []sbom.Component{{Ref: "a", Name: "x", Version: version, PURL: "pkg:npm/x"}}}, nil)
		require.Equal(t, placeholder, len(r.Placeholders) == 1, version)
		require.Equal(t, placeholder, r.Matchable.Have == 0, version)
	}
}

func TestGuessedNamesAreSuspectedAndKnownOnesAreNot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, supplier, cpe string
		want                bool
	}{
		{"WolfSSL", "wolfSSL", "cpe:2.3:a:wolfssl:wolfssl:4.8.1:*:*:*:*:*:*:*", false},
		{"jQuery", "", "cpe:2.3:a:the_jquery_foundation:jquery:3.1.1:*:*:*:*:*:*:*", true},
		{"AutoMapper", "Jimmy Bogard", "cpe:2.3:a:jimmy_bogard:automapper:8.1.0:*:*:*:*:*:*:*", true},
		{"NAudio", "", "cpe:2.3:a:mark_heath:naudio:2.0.1:*:*:*:*:*:*:*", true},
		{"Castle.Core", "", "cpe:2.3:a:castle:castlecore:4.4.0:*:*:*:*:*:*:*", true},
		{"log4net", "", "cpe:2.3:a:apache:log4net:2.0.8:*:*:*:*:*:*:*", false},
		{"own tool", "Maker", "cpe:2.3:a:maker:own_tool:1:*:*:*:*:*:*:*", false},
		{"net-snmp", "", "cpe:2.3:a:net-snmp:net-snmp:5:*:*:*:*:*:*:*", false},
		{"something", "Something Project", "cpe:2.3:a:something_project:something:5:*:*:*:*:*:*:*", false},
		{"open", "", "cpe:2.3:a:*:open:5:*:*:*:*:*:*:*", false},
	} {
		b := sbom.BOM{Components: []sbom.Component{{Ref: "a", Name: c.name, Supplier: c.supplier, CPE: c.cpe}}}
		r := quality(t, b, nil)
		require.Equal(t, c.want, len(r.Suspected) == 1, "%s: %v", c.cpe, r.Suspected)
	}
}

func TestTheSameComponentTwiceIsADuplicateAndTwoVersionsAreNot(t *testing.T) {
	t.Parallel()
	r := quality(t, sbom.BOM{Components: []sbom.Component{
		{Ref: "a", Path: "components[0]", Name: "zlib", Version: "1.3", PURL: "pkg:github/madler/zlib"},
		{Ref: "b", Path: "components[1]", Name: "zlib", Version: "1.2", PURL: "pkg:github/madler/zlib"},
		{Ref: "a", Path: "components[2]", Name: "zlib", Version: "1.3", PURL: "pkg:github/madler/zlib"},
	}}, nil)
	require.Equal(t, []sbom.Duplicate{{What: "purl:github/madler/zlib 1.3", Refs: []string{"a", "a"}}}, r.Duplicates)
	require.Equal(t, []sbom.Duplicate{{What: "a", Refs: []string{"components[0]", "components[2]"}}}, r.SameRef)
}

func TestRingsAndLooseEndsOfDependenciesAreFound(t *testing.T) {
	t.Parallel()
	b := sbom.BOM{Root: sbom.Component{Ref: "root", Name: "pump"}, Services: []sbom.Component{{Ref: "cloud", Name: "cloud"}}}
	for _, ref := range []string{"a", "b", "c", "d", "e"} {
		b.Components = append(b.Components, sbom.Component{Ref: ref, Name: ref})
	}
	b.Edges = []sbom.Edge{
		{From: "root", To: []string{"a", "cloud"}}, {From: "a", To: []string{"b"}}, {From: "b", To: []string{"c", "gone"}},
		{From: "c", To: []string{"a"}}, {From: "d", To: []string{"d"}}, {From: "e"}, {From: "ghost", To: []string{"e"}},
	}
	r := quality(t, b, nil)
	require.Equal(t, [][]string{{"a", "b", "c"}, {"d"}}, r.Cycles)
	require.Equal(t, []sbom.Dangling{{From: "b", To: "gone", Missing: "gone"}, {From: "ghost", Missing: "ghost"}}, r.Dangling)
}

func TestALongChainOfDependenciesIsWalkedWithoutRecursion(t *testing.T) {
	t.Parallel()
	const n = 100_000
	b := sbom.BOM{Edges: make([]sbom.Edge, n)}
	for i := range n {
		b.Edges[i] = sbom.Edge{From: fmt.Sprint(i), To: []string{fmt.Sprint((i + 1) % n)}}
	}
	r := quality(t, b, nil)
	require.Len(t, r.Cycles, 1)
	require.Len(t, r.Cycles[0], n)
}

// TestRingsAreThoseThatWalkingFinds holds the rings against the plain question
// whether two nodes reach each other.
func TestRingsAreThoseThatWalkingFinds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const n = 6
		var b sbom.BOM
		reach := [n][n]bool{}
		for i := range n {
			b.Components = append(b.Components, sbom.Component{Ref: fmt.Sprint(i), Name: "x"})
			to := rapid.SliceOfN(rapid.IntRange(0, n-1), 0, 3).Draw(t, "to")
			e := sbom.Edge{From: fmt.Sprint(i)}
			for _, j := range to {
				e.To = append(e.To, fmt.Sprint(j))
				reach[i][j] = true
			}
			b.Edges = append(b.Edges, e)
		}
		for k := range n {
			for i := range n {
				for j := range n {
					reach[i][j] = reach[i][j] || reach[i][k] && reach[k][j]
				}
			}
		}
		r, err := sbom.Quality(b, nil)
		require.NoError(t, err)
		for i := range n {
			in := slices.IndexFunc(r.Cycles, func(ring []string) bool { return slices.Contains(ring, fmt.Sprint(i)) })
			require.Equal(t, reach[i][i], in >= 0)
			for j := range n {
				together := in >= 0 && slices.Contains(r.Cycles[in], fmt.Sprint(j))
				require.Equal(t, reach[i][j] && reach[j][i], together)
			}
		}
	})
}

func TestSupportIsCountedByWhatIsStatedAndByWhatIsJustified(t *testing.T) {
	t.Parallel()
	b := sbom.BOM{Components: []sbom.Component{
		{Ref: "both", Name: "a", Support: &sbom.Support{Level: sbom.Maintained, Ends: day("2026-06-30")}},
		{Ref: "unknown", Name: "b", Support: &sbom.Support{Level: sbom.UnknownLevel, Why: "the supplier does not answer"}},
		{Ref: "none", Name: "c"},
	}}
	r := quality(t, b, &sbom.QualityOptions{At: day("2026-06-30").Add(23 * time.Hour)})
	require.Equal(t, 1, r.Support.Both.Have)
	require.Equal(t, []string{"unknown"}, refs(r.Support.Justified))
	require.Equal(t, []string{"none"}, refs(r.Support.Missing))
	require.Empty(t, r.Support.Ended, "the day itself is still supported")
	r = quality(t, b, &sbom.QualityOptions{At: day("2026-07-01")})
	require.Equal(t, []string{"both"}, refs(r.Support.Ended))
}

func TestListsOfOurOwnMayBeReplacedAndAreRead(t *testing.T) {
	t.Parallel()
	lists, err := sbom.LoadQualityLists(fstest.MapFS{"q.json": {Data: []byte(`{"about":"x","placeholders":["N.N."],"placeholder_beginnings":[],"company_words":[]}`)}}, "q.json")
	require.NoError(t, err)
	require.True(t, lists.Placeholder("n.n."))
	require.False(t, lists.Placeholder("unknown"))
	for _, bad := range []string{`{"placeholder":[]}`, `[]`, `{"placeholders":[""]}`} {
		_, err := sbom.LoadQualityLists(fstest.MapFS{"q.json": {Data: []byte(bad)}}, "q.json")
		require.Error(t, err, bad)
	}
}

// device is our own copy of the facts of a real, anonymized medical device.
func deviceBOM(t *testing.T) sbom.BOM {
	t.Helper()
	b, err := read.File(filepath.Join("..", "examples", "quickstart", "data", "device.cdx.json"), nil)
	require.NoError(t, err)
	return b
}

func TestTheQualityOfARealDeviceIsAsReviewed(t *testing.T) {
	t.Parallel()
	r := quality(t, deviceBOM(t), nil)
	require.Equal(t, 55, r.Components)
	golden.Equal(t, []byte(r.Markdown()), "testdata/device-quality.md")
	data, err := json.MarshalIndent(r, "", " ")
	require.NoError(t, err)
	var again sbom.QualityReport
	require.NoError(t, json.Unmarshal(data, &again))
	require.Equal(t, r, again, "the report survives JSON")
}

func TestTheRealDeviceItselfIsReported(t *testing.T) {
	t.Parallel()
	b, err := read.File(testdata.Path(t, "sboms", "medical-device-case-study", "narrow.sbom.json"), nil)
	require.NoError(t, err)
	r := quality(t, b, nil)
	ours := quality(t, deviceBOM(t), nil)
	require.Equal(t, ours.Matchable, r.Matchable)
	require.Equal(t, len(ours.Placeholders), len(r.Placeholders))
	require.Equal(t, sbom.Ratio{Have: 55, Of: 55}, r.Elements[0].Ratio, "every supplier is named")
	require.NotEmpty(t, r.Markdown())
}

func TestTextOfADocumentMakesNoMarkup(t *testing.T) {
	t.Parallel()
	r := quality(t, sbom.BOM{Components: []sbom.Component{{Ref: "a", Name: "x|y\n<b>`", Version: `\|`}}}, nil)
	require.NotContains(t, r.Markdown(), "x|y")
	require.NotContains(t, r.Markdown(), "<b>")
}

func ExampleQuality() {
	r, err := sbom.Quality(sbom.BOM{Components: []sbom.Component{
		{Ref: "1", Name: "zlib", Version: "1.3.1", PURL: "pkg:github/madler/zlib@v1.3.1"},
		{Ref: "2", Name: "bootloader", Version: "unknown"},
	}}, nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	fmt.Println("matchable:", r.Matchable)
	for _, c := range r.Unmatchable {
		fmt.Println(c.Name, c.Why)
	}
	// Output:
	// matchable: 1 of 2 (50.0 %)
	// bootloader [it has no purl and no CPE its version is a placeholder]
}
