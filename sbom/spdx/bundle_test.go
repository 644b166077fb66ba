package spdx_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	library "github.com/spdx/tools-golang/json"
	v2 "github.com/spdx/tools-golang/spdx"
	"github.com/spdx/tools-golang/tagvalue"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cyclonedx"
	"github.com/open-postmarket/postmarket/sbom/spdx"
)

// everySPDX calls f with each SPDX document of the bundle, JSON or tag-value.
func everySPDX(t *testing.T, f func(name string, data []byte)) {
	t.Helper()
	dir := testdata.Path(t, "sboms")
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if isTags(data) || isJSON(data) {
			name, _ := filepath.Rel(dir, path)
			f(filepath.ToSlash(name), data)
		}
		return nil
	}))
}

func isTags(data []byte) bool { return regexp.MustCompile(`(?m)^SPDXVersion:`).Match(data) }

func isJSON(data []byte) bool {
	var raw struct {
		Version string `json:"spdxVersion"`
		Context any    `json:"@context"`
	}
	return json.Unmarshal(data, &raw) == nil && (raw.Version != "" || raw.Context != nil)
}

// abstract are documents of the bundle that name an abstract class where a
// package is meant; those are read as packages.
var abstract = map[string]int{"sbomqs/testdata/fixtures/spdx3-with-source-code-hash.json": 2}

func TestEveryDocumentOfTheBundleHasAllItsPackages(t *testing.T) {
	t.Parallel()
	files, packages := 0, 0
	everySPDX(t, func(name string, data []byte) {
		bom, err := spdx.Decode(bytes.NewReader(data), nil)
		require.NoError(t, err, name)
		want := count(t, data) + abstract[name]
		got := len(bom.Components)
		if bom.Root.Name != "" {
			got++
		}
		require.Equal(t, want, got, name)
		files, packages = files+1, packages+got
	})
	t.Logf("%d documents, %d packages", files, packages)
	require.Greater(t, files, 100)
}

// count counts packages, or files where there is none, in the raw text.
func count(t *testing.T, data []byte) int {
	t.Helper()
	if isTags(data) {
		if n := len(regexp.MustCompile(`(?m)^PackageName:`).FindAll(data, -1)); n > 0 {
			return n
		}
		return len(regexp.MustCompile(`(?m)^FileName:`).FindAll(data, -1))
	}
	var raw struct {
		Packages, Files []any
		Graph           []struct{ Type string } `json:"@graph"`
	}
	require.NoError(t, json.Unmarshal(data, &raw))
	packages, files := len(raw.Packages), len(raw.Files)
	for _, e := range raw.Graph {
		switch e.Type {
		case "software_Package", "ai_AIPackage", "dataset_DatasetPackage":
			packages++
		case "software_File":
			files++
		}
	}
	if packages > 0 {
		return packages
	}
	return files
}

// TestTheLibraryReadsTheSame holds ours against the readers of tools-golang,
// wherever these read a document at all.
func TestTheLibraryReadsTheSame(t *testing.T) {
	t.Parallel()
	agreed, refused := 0, 0
	everySPDX(t, func(name string, data []byte) {
		var doc *v2.Document
		var err error
		switch {
		case isTags(data):
			doc, err = tagvalue.Read(bytes.NewReader(data))
		case bytes.Contains(data, []byte(`"spdxVersion"`)):
			doc, err = library.Read(bytes.NewReader(data))
		default:
			return
		}
		if err != nil {
			refused++
			t.Logf("the library refuses %s: %v", name, err)
			return
		}
		bom, err := spdx.Decode(bytes.NewReader(data), nil)
		require.NoError(t, err, name)
		all := map[string]sbom.Component{}
		for _, c := range bom.All() {
			all[c.Ref] = c
		}
		require.Len(t, bom.All(), max(len(doc.Packages), min(len(bom.All()), len(doc.Files))), name)
		for _, p := range doc.Packages {
			c, ok := all["SPDXRef-"+string(p.PackageSPDXIdentifier)]
			require.True(t, ok, "%s: %s", name, p.PackageSPDXIdentifier)
			require.Equal(t, p.PackageName, c.Name, name)
			require.Equal(t, p.PackageVersion, c.Version, name)
			require.Len(t, c.Hashes, len(p.PackageChecksums), name)
			for _, r := range p.PackageExternalReferences {
				if r.RefType == "purl" {
					require.True(t, holds(c, "purl", r.Locator), "%s: %s", name, r.Locator)
				}
				if strings.HasPrefix(r.RefType, "cpe") {
					require.True(t, holds(c, "cpe", r.Locator), "%s: %s", name, r.Locator)
				}
			}
		}
		agreed++
	})
	t.Logf("%d documents agree, %d are refused by the library", agreed, refused)
	require.Greater(t, agreed, 50)
}

func holds(c sbom.Component, kind, id string) bool {
	if c.PURL == id || c.CPE == id {
		return true
	}
	for _, m := range c.More {
		if m.Kind == kind && m.Text == id {
			return true
		}
	}
	return false
}

func file(t *testing.T, name string) sbom.BOM {
	t.Helper()
	f, err := os.Open(testdata.Path(t, append([]string{"sboms"}, strings.Split(name, "/")...)...))
	require.NoError(t, err)
	defer f.Close()
	bom, err := spdx.Decode(f, nil)
	require.NoError(t, err)
	return bom
}

// rows are the components in what two formats can both say, in one order.
func rows(b sbom.BOM, of func(sbom.Component) []string) []string {
	var out []string
	for _, c := range b.All() {
		out = append(out, strings.Join(of(c), " | "))
	}
	sort.Strings(out)
	return out
}

func TestCycloneDXAndSPDXOfOneThingAgree(t *testing.T) {
	t.Parallel()
	f, err := os.Open(testdata.Path(t, "sboms", "cve-bin-tool", "sbom", "cve-bin-tool-py3.12.json"))
	require.NoError(t, err)
	defer f.Close()
	theirs, err := cyclonedx.Decode(f, nil)
	require.NoError(t, err)
	ours := file(t, "cve-bin-tool/sbom/cve-bin-tool-py3.12.spdx")
	identity := func(c sbom.Component) []string { return []string{c.Name, c.Version, c.PURL, c.CPE} }
	theirs.Root = sbom.Component{} // it describes the environment; the SPDX twin describes its first package
	require.Equal(t, rows(theirs, identity), rows(ours, identity))
}

func TestFormsOfOneDocumentAgree(t *testing.T) {
	t.Parallel()
	everything := func(c sbom.Component) []string {
		c.Path = ""
		raw, err := json.Marshal(c)
		require.NoError(t, err)
		return []string{string(raw)}
	}
	j := file(t, "cve-bin-tool/test/sbom/spdx_test.spdx.json")
	for _, other := range []string{"spdx_test.spdx", "spdx_test.spdx.yaml", "spdx_test.spdx.yml"} {
		o := file(t, "cve-bin-tool/test/sbom/"+other)
		require.Equal(t, rows(j, everything), rows(o, everything), other)
		require.Equal(t, j.Serial, o.Serial)
		require.Equal(t, j.Created, o.Created)
		require.Equal(t, j.Authors, o.Authors)
	}
}

// TestGenerationsOfOneThingAgree compares the documents that exist as SPDX 2
// and as SPDX 3.
func TestGenerationsOfOneThingAgree(t *testing.T) {
	t.Parallel()
	for old, renewed := range map[string]string{
		"example1/spdx2.2/example1.spdx":                          "example1/spdx3.0/example1.json",
		"example3/spdx2.2/example3-bin.spdx":                      "example3/spdx3.0/example3-bin.json",
		"example4/spdx2.2/example4-src.spdx":                      "example4/spdx3.0/example4-src.json",
		"example4/spdx2.2/example4-bin.spdx":                      "example4/spdx3.0/example4-bin.json",
		"example5/spdx2.2/example5-bin.spdx":                      "example5/spdx3.0/example5-bin.json",
		"example6/spdx2.2/example6-bin.spdx":                      "example6/spdx3.0/example6-bin.json",
		"example9/spdx2.2/appbomination.spdx.json":                "example9/spdx3.0/appbomination.spdx3.json",
		"example11/spdx2.3/sbom.spdx.json":                        "example11/spdx3.0/sbom.spdx3.json",
		"example14/spdx2.3/examplemaven-0.0.1-enriched.spdx.json": "example14/spdx3.0/examplemaven-0.0.1-enriched.spdx3.json",
	} {
		identity := func(c sbom.Component) []string { return []string{c.Name, c.Version, c.PURL, c.CPE} }
		a, b := file(t, "spdx-examples/software/"+old), file(t, "spdx-examples/software/"+renewed)
		require.Equal(t, rows(a, identity), rows(b, identity), old)
		require.Equal(t, a.Root.Name, b.Root.Name, old)
		require.ElementsMatch(t, a.Root.Files, b.Root.Files, old)
	}
}

func TestAYoctoImageIsReadWithItsFacts(t *testing.T) {
	t.Parallel()
	bom := file(t, "yocto-core-image-minimal-spdx3/core-image-minimal-qemux86-64.rootfs.spdx.json")
	require.Equal(t, "core-image-minimal", bom.Root.Name)
	require.Len(t, bom.Components, 141)
	states := map[string]int{}
	for _, s := range bom.Statements {
		require.Regexp(t, `^CVE-`, s.Vulnerability)
		states[string(s.Status)]++
	}
	require.Equal(t, 63, states["not_affected"])
	require.Equal(t, 9, states["fixed"])
	for _, c := range bom.Components {
		if c.Name == "busybox" {
			require.NotNil(t, c.Pedigree)
			require.NotEmpty(t, c.Pedigree.Patches)
			require.NotEmpty(t, c.Pedigree.Ancestors)
			require.NotEmpty(t, c.Files)
			return
		}
	}
	t.Fatal("no busybox")
}
