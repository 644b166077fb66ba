package sbom_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/sbom"
)

func TestAnSBOMIsHeldAgainstItsBuild(t *testing.T) {
	t.Parallel()
	b := sbom.BOM{Components: []sbom.Component{
		{Ref: "zlib", Name: "zlib", Version: "1.3.1", PURL: "pkg:github/madler/zlib@v1.3.1"},
		{Ref: "lwip", Name: "lwIP", Version: "2.1.2"},
		{Ref: "boot", Name: "boot", Version: "1", Hashes: []sbom.Hash{{Algorithm: "SHA-256", Value: "AA"}}},
		{Ref: "old", Name: "left over", Version: "1"},
		{Ref: "named", Name: "by hash", Hashes: []sbom.Hash{{Algorithm: "SHA-256", Value: "bb"}}},
		{Ref: "angular", Group: "@angular", Name: "core", Version: "17.0.0", PURL: "pkg:npm/%40angular/core@17.0.0"},
		{Ref: "test", Name: "test tool", Version: "1", Scope: "excluded"},
		{Ref: "fork", Name: "fork", Version: "1", PURL: "pkg:npm/fork@1"},
	}}
	m := sbom.Manifest{Build: "417", Items: []sbom.Item{
		{Name: "madler/zlib", Version: "v1.3.1", PURL: "pkg:github/madler/zlib@v1.3.1"},
		{Name: "lwip", Version: "2.2.0"},
		{Name: "boot", Version: "1", Hash: "sha256:cc"},
		{Name: "renamed", Version: "9", Hash: "sha-256:BB"},
		{Name: "@angular/core", Version: "17.0.0"},
		{Name: "forgotten", Version: "3"},
		{Name: "fork", Version: "1", PURL: "pkg:pypi/fork@1"},
	}}
	r := sbom.Accuracy(b, m)
	require.Equal(t, sbom.Ratio{Have: 3, Of: 7}, r.Precision)
	require.Equal(t, sbom.Ratio{Have: 3, Of: 7}, r.Recall)
	var got []string
	for _, d := range r.Drift {
		got = append(got, fmt.Sprint(d.Kind, ": ", d.Name, " ", d.Version))
	}
	require.Equal(t, []string{
		"version differs: lwIP 2.1.2", "content differs: boot 1", "not in the sbom: forgotten 3", "identity differs: fork 1", "not in the build: left over 1",
	}, got)
}

func TestTwoItemsNeedTwoComponents(t *testing.T) {
	t.Parallel()
	b := sbom.BOM{Components: []sbom.Component{{Name: "a", Version: "1"}}}
	m := sbom.Manifest{Items: []sbom.Item{{Name: "a", Version: "1"}, {Name: "a", Version: "1"}}}
	r := sbom.Accuracy(b, m)
	require.Equal(t, sbom.Ratio{Have: 1, Of: 2}, r.Recall)
	require.Equal(t, sbom.Ratio{Have: 1, Of: 1}, r.Precision)
}

func TestAnSBOMAgainstItsOwnContentIsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := drawBOM(t, "a")
		var m sbom.Manifest
		for _, c := range b.Components {
			version, _ := c.Stated()
			m.Items = append(m.Items, sbom.Item{Name: c.Name, Version: version, PURL: c.PURL})
		}
		r := sbom.Accuracy(b, m)
		require.Equal(t, r.Precision.Of, r.Precision.Have, r.Drift)
		require.Equal(t, r.Recall.Of, r.Recall.Have)
		require.Empty(t, r.Drift)
	})
}

func TestManifestsAreReadFromJSONAndCSV(t *testing.T) {
	t.Parallel()
	want := []sbom.Item{{Name: "zlib", Version: "1.3.1", PURL: "pkg:github/madler/zlib@v1.3.1"}, {Name: "a, b", Hash: "sha-256:aa"}}
	m, err := sbom.ReadManifest(strings.NewReader("\ufeffversion, name ,purl,hash\n1.3.1,zlib,pkg:github/madler/zlib@v1.3.1,\n,\"a, b\",,sha-256:aa\n"))
	require.NoError(t, err)
	require.Equal(t, want, m.Items)
	m, err = sbom.ReadManifest(strings.NewReader(`{"build":"417","items":[{"name":"zlib","version":"1.3.1","purl":"pkg:github/madler/zlib@v1.3.1"},{"name":"a, b","hash":"sha-256:aa"}]}`))
	require.NoError(t, err)
	require.Equal(t, want, m.Items)
	require.Equal(t, "417", m.Build)
	for text, want := range map[string]string{
		"":                                      "no line that names the columns",
		"version\n1\n":                          "no column for the name",
		"name,name\na,b\n":                      "there twice",
		"name,colour\na,b\n":                    `column "colour"`,
		"name,version\n,1\n":                    "item 1 has no name",
		"name,purl\na,zlib\n":                   "item 1",
		"name,hash\na,zlib\n":                   "not algorithm:value",
		"name\na,b\n":                           "wrong number of fields",
		`{"items":[{"name":"a"}],"extra":true}`: "extra",
	} {
		_, err := sbom.ReadManifest(strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
	}
}

func FuzzReadManifest(f *testing.F) {
	f.Add("name,version,purl,hash\nzlib,1,pkg:npm/x,sha-256:aa\n")
	f.Add(`{"items":[{"name":"a","version":"1","hash":"x:y"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := sbom.ReadManifest(strings.NewReader(text))
		if err != nil {
			return
		}
		var b sbom.BOM
		for _, it := range m.Items {
			b.Components = append(b.Components, sbom.Component{Name: it.Name, Version: it.Version, PURL: it.PURL})
		}
		require.Empty(t, sbom.Accuracy(b, m).Drift)
	})
}

func ExampleAccuracy() {
	m, err := sbom.ReadManifest(strings.NewReader("name,version\nzlib,1.3.1\nlwip,2.2.0\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	r := sbom.Accuracy(sbom.BOM{Components: []sbom.Component{{Ref: "1", Name: "zlib", Version: "1.3.1"}, {Ref: "2", Name: "lwIP", Version: "2.1.2"}}}, m)
	fmt.Println("precision", r.Precision, "recall", r.Recall)
	for _, d := range r.Drift {
		fmt.Println(d.Kind, d.Name, d.Version, "built:", d.Item.Version)
	}
	// Output:
	// precision 1 of 2 (50.0 %) recall 1 of 2 (50.0 %)
	// version differs lwIP 2.1.2 built: 2.2.0
}
