package sbom_test

import (
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/sbom"
)

func TestAnAddendumFillsWhatTheSBOMLeavesOpenAndListsWhatItContradicts(t *testing.T) {
	t.Parallel()
	b := sbom.BOM{Components: []sbom.Component{
		{Ref: "1", Name: "wolfSSL", Version: "4.8.1", CPE: "cpe:2.3:a:wolfssl:wolfssl:4.8.1:*:*:*:*:*:*:*"},
		{Ref: "2", Name: "bootloader", Version: "1", Support: &sbom.Support{Level: sbom.Maintained, Ends: day("2030-01-01"), From: "cyclonedx"}},
		{Ref: "3", Name: "wolfSSL", Version: "5.0.0", CPE: "cpe:2.3:a:wolfssl:wolfssl:5.0.0:*:*:*:*:*:*:*"},
	}}
	a := sbom.Addendum{Components: []sbom.Note{
		{At: "cpe:a:wolfssl:wolfssl", Level: sbom.Maintained, Ends: "2028-01-01", Checked: "2026-01-15", Source: "supplier"},
		{At: "cpe:a:wolfssl:wolfssl", Version: "4.8.1", Level: sbom.Unmaintained, Ends: "2022-07-11", Source: "release notes"},
		{At: "name:bootloader", Level: sbom.Abandoned, Ends: "2030-01-01", Source: "e-mail"},
		{At: "name:gone", Why: "not found"},
	}}
	got, conflicts, unused, err := a.Apply(b)
	require.NoError(t, err)
	require.Nil(t, b.Components[0].Support, "the BOM given is not touched")
	require.Equal(t, &sbom.Support{Level: sbom.Unmaintained, Ends: day("2022-07-11"), From: "addendum: release notes"}, got.Components[0].Support)
	require.Equal(t, &sbom.Support{Level: sbom.Maintained, Ends: day("2028-01-01"), Checked: day("2026-01-15"), From: "addendum: supplier"}, got.Components[2].Support)
	require.Equal(t, b.Components[1].Support, got.Components[1].Support, "what the SBOM says stands")
	require.Equal(t, []sbom.Conflict{{Ref: "2", Name: "bootloader", Field: "level", SBOM: "actively maintained", Addendum: "abandoned"}}, conflicts)
	require.Equal(t, []sbom.Note{a.Components[3]}, unused)
}

func TestAnUnsoundAddendumIsRefusedWithAllItsFaults(t *testing.T) {
	t.Parallel()
	_, err := sbom.ParseAddendum([]byte(`{"components":[
		{"at":"","level":"abandoned","source":"x"},
		{"at":"name:a","level":"dead","source":"x"},
		{"at":"name:b","ends":"2026-02-30","source":"x"},
		{"at":"name:c","level":"abandoned"},
		{"at":"name:d","source":"x"},
		{"at":"name:e","why":"y"},{"at":"name:e","why":"y"}]}`))
	for _, want := range []string{"no coordinate", `level "dead"`, `"2026-02-30"`, "no source", "says nothing", "given twice"} {
		require.ErrorContains(t, err, want)
	}
	_, err = sbom.ParseAddendum([]byte(`{"components":[],"component":[]}`))
	require.ErrorContains(t, err, "component")
	_, _, _, err = sbom.Addendum{Components: []sbom.Note{{}}}.Apply(sbom.BOM{})
	require.Error(t, err)
	_, err = sbom.LoadAddendum(fstest.MapFS{}, "none.json")
	require.ErrorContains(t, err, "none.json")
}

func FuzzParseAddendum(f *testing.F) {
	f.Add([]byte(`{"about":"x","components":[{"at":"name:zlib","version":"1","level":"unknown","ends":"2027-01-31","checked":"2026-01-01","source":"s","why":"w"}]}`))
	f.Add([]byte(`{"components":[{"at":"cpe:a:b:c","ends":"0000-00-00"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := sbom.ParseAddendum(data)
		if err != nil {
			return
		}
		b := sbom.BOM{Components: []sbom.Component{{Ref: "1", Name: "zlib", Version: "1"}}}
		once, _, _, err := a.Apply(b)
		require.NoError(t, err)
		twice, conflicts, _, err := a.Apply(once)
		require.NoError(t, err)
		require.Equal(t, once, twice, "applied again it adds nothing")
		require.Empty(t, conflicts)
	})
}

func ExampleAddendum_Apply() {
	a, err := sbom.ParseAddendum([]byte(`{"components": [
		{"at": "name:zlib", "level": "actively maintained", "ends": "2027-01-31", "source": "zlib.net, read 2026-01-15"}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	b, conflicts, unused, err := a.Apply(sbom.BOM{Components: []sbom.Component{{Ref: "1", Name: "zlib", Version: "1.3"}}})
	fmt.Println(b.Components[0].Support.Level, b.Components[0].Support.Ends.Format("2006-01-02"), len(conflicts), len(unused), err)
	// Output: actively maintained 2027-01-31 0 0 <nil>
}
