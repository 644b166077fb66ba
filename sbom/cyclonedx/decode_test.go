package cyclonedx_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cyclonedx"
)

const pump = `{
  "bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": "urn:uuid:6f9b1c1e-0000-4000-8000-000000000001", "version": 3,
  "metadata": {"timestamp": "2026-01-02T03:04:05+01:00", "component": {"type": "device", "bom-ref": "pump", "name": "Pump", "version": "2.1"}},
  "components": [
    {"type": "operating-system", "bom-ref": "os", "name": "RTOS", "version": "9", "supplier": {"name": "Acme"},
     "components": [{"type": "library", "name": "zlib", "version": "1.2.11 ", "purl": "pkg:generic/zlib", "cpe": "cpe:2.3:a:zlib:zlib:1.2.11:*:*:*:*:*:*:*",
       "hashes": [{"alg": "SHA-256", "content": "00"}]}]},
    {"type": "library", "bom-ref": "os", "name": "twice", "purl": "pkg:"}
  ],
  "dependencies": [{"ref": "pump", "dependsOn": ["os"]}, {"ref": "os", "dependsOn": ["pump"]}]
}`

func TestTheWholeTruthOfADocumentIsKept(t *testing.T) {
	t.Parallel()
	bom, err := cyclonedx.Decode(strings.NewReader(pump), nil)
	require.NoError(t, err)
	require.Equal(t, sbom.CycloneDXJSON, bom.Format)
	require.Equal(t, "1.5", bom.Spec)
	require.Equal(t, 3, bom.Revision)
	require.Equal(t, "2026-01-02T02:04:05Z", bom.Created.Format("2006-01-02T15:04:05Z07:00"))
	require.Equal(t, "Pump", bom.Root.Name)
	require.Len(t, bom.Components, 3)
	zlib := bom.Components[1]
	require.Equal(t, sbom.Component{
		Ref: "components[0].components[0]", Parent: "os", Path: "components[0].components[0]", Type: sbom.Library,
		Name: "zlib", Version: "1.2.11 ", PURL: "pkg:generic/zlib", CPE: "cpe:2.3:a:zlib:zlib:1.2.11:*:*:*:*:*:*:*",
		Hashes: []sbom.Hash{{Algorithm: "SHA-256", Value: "00"}},
	}, zlib)
	version, where := zlib.Stated()
	require.Equal(t, "1.2.11", version)
	require.Equal(t, "version", where)
	require.Equal(t, "Acme", bom.Components[0].Supplier)
	require.Equal(t, []sbom.Edge{{From: "pump", To: []string{"os"}}, {From: "os", To: []string{"pump"}}}, bom.Edges, "a cycle of dependencies is no error")
	require.Len(t, bom.Problems, 2)
	require.Contains(t, bom.Problems[0].Message, `has the bom-ref "os" of components[0]`)
	require.Equal(t, "components[1].purl", bom.Problems[1].Path)
}

func TestJSONAndXMLOfOneDeviceAgree(t *testing.T) {
	t.Parallel()
	x, err := cyclonedx.Decode(strings.NewReader(`<?xml version="1.0" encoding="UTF-8"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.5" version="1">
 <metadata><component type="device" bom-ref="pump"><name>Pump</name></component></metadata>
 <components><component type="library" bom-ref="a"><name>a</name><version>1</version><purl>pkg:npm/a@1</purl>
  <components><component type="library" bom-ref="b"><name>b</name></component></components></component></components>
 <dependencies><dependency ref="pump"><dependency ref="a"/></dependency></dependencies>
</bom>`), nil)
	require.NoError(t, err)
	j, err := cyclonedx.Decode(strings.NewReader(`{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,
 "metadata":{"component":{"type":"device","bom-ref":"pump","name":"Pump"}},
 "components":[{"type":"library","bom-ref":"a","name":"a","version":"1","purl":"pkg:npm/a@1","components":[{"type":"library","bom-ref":"b","name":"b"}]}],
 "dependencies":[{"ref":"pump","dependsOn":["a"]}]}`), nil)
	require.NoError(t, err)
	require.Equal(t, sbom.CycloneDXXML, x.Format)
	x.Format, x.Digest = j.Format, j.Digest
	require.Equal(t, j, x)
}

func TestBadDocumentsAreErrorsThatNameThePlace(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"a":[`, 400) + strings.Repeat(`]}`, 400)
	for _, c := range []struct{ name, doc, want string }{
		{"nothing", "", "is empty"},
		{"white space", " \n ", "is empty"},
		{"an empty object", "{}", "bomFormat: is missing"},
		{"another kind", `{"bomFormat":"SPDX","specVersion":"1.5"}`, `bomFormat: is "SPDX"`},
		{"no version", `{"bomFormat":"CycloneDX"}`, "specVersion"},
		{"a version to come", `{"bomFormat":"CycloneDX","specVersion":"9.9"}`, "9.9"},
		{"cut off", pump[:300], "line 5, column 8"},
		{"cut off, in words", pump[:300], "cut off"},
		{"two documents", `{"bomFormat":"CycloneDX","specVersion":"1.5"} {}`, "line 1, column 4"},

		{"Latin-1", "{\"bomFormat\":\"CycloneDX\",\n\"x\":\"\xe9\"}", "line 2, column 6: is not UTF-8"},
		{"text", "hello", "neither JSON nor XML"},
		{"too deep", deep, "nested deeper than"},
		{"held by itself", `{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"type":"library","bom-ref":"a","name":"a",
		  "components":[{"type":"library","bom-ref":"b","name":"b","components":[{"type":"library","bom-ref":"a","name":"a"}]}]}]}`,
			`components[0].components[0].components[0]: the component "a" is held by itself`},
		{"XML without namespace", `<bom version="1"/>`, "namespace"},
		{"XML of a version to come", `<bom xmlns="http://cyclonedx.org/schema/bom/9.9"/>`, "9.9"},
		{"XML of another kind", `<html/>`, "root element"},
		{"XML cut off", `<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components>`, "cut off"},
		{"XML in Latin-1", `<?xml version="1.0" encoding="ISO-8859-1"?><bom xmlns="http://cyclonedx.org/schema/bom/1.5"/>`, "ISO-8859-1"},
		{"XML with entities", `<!DOCTYPE x [<!ENTITY a "aaaa">]><bom xmlns="http://cyclonedx.org/schema/bom/1.5"/>`, "entities"},
	} {
		_, err := cyclonedx.Decode(strings.NewReader(c.doc), nil)
		var syntax *cyclonedx.SyntaxError
		require.ErrorAs(t, err, &syntax, c.name)
		require.ErrorContains(t, err, c.want, c.name)
	}
	_, err := cyclonedx.Decode(strings.NewReader(pump), &cyclonedx.Options{MaxBytes: 100})
	require.ErrorContains(t, err, "longer than the 100 bytes allowed")
}

func TestADocumentWithoutComponentsIsNoError(t *testing.T) {
	t.Parallel()
	bom, err := cyclonedx.Decode(strings.NewReader(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[]}`), nil)
	require.NoError(t, err)
	require.Empty(t, bom.All())
}

// TestRealDocuments reads every CycloneDX document of the bundle, and counts
// the components of the JSON ones by walking the raw text.
func TestRealDocuments(t *testing.T) {
	t.Parallel()
	files, components, refused := 0, 0, 0
	err := filepath.WalkDir(testdata.Path(t, "sboms"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var raw map[string]any
		if json.Unmarshal(data, &raw) != nil || raw["bomFormat"] != "CycloneDX" {
			return nil
		}
		bom, err := cyclonedx.Decode(strings.NewReader(string(data)), nil)
		if err != nil {
			if strings.Contains(filepath.Base(path), "invalid-") {
				return nil
			}
			refused++
			t.Logf("%s: %v", filepath.Base(path), err)
			return nil
		}
		want := count(raw["components"])
		if m, ok := raw["metadata"].(map[string]any); ok {
			if c, ok := m["component"].(map[string]any); ok {
				want += count(c["components"])
			}
		}
		if len(bom.Components) != want {
			return fmt.Errorf("%s: %d components, not %d", path, len(bom.Components), want)
		}
		files, components = files+1, components+want
		return nil
	})
	require.NoError(t, err)
	t.Logf("%d documents, %d components, %d refused", files, components, refused)
	require.Greater(t, files, 100)
	require.LessOrEqual(t, refused*50, files, "more than 2 %% of the documents are refused")
}

func count(v any) int {
	n := 0
	list, _ := v.([]any)
	for _, c := range list {
		if m, ok := c.(map[string]any); ok {
			n += 1 + count(m["components"])
		}
	}
	return n
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(pump))
	f.Add([]byte(`<bom xmlns="http://cyclonedx.org/schema/bom/1.4"><components><component type="library"><name>a</name></component></components></bom>`))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		bom, err := cyclonedx.Decode(strings.NewReader(string(data)), &cyclonedx.Options{MaxBytes: 1 << 20})
		if err != nil {
			return
		}
		if bom.Spec == "" || bom.Digest == "" {
			t.Fatalf("read without a version or digest: %q", data)
		}
		for _, c := range bom.All() {
			c.Coordinates()
			c.Stated()
		}
	})
}

func ExampleDecode() {
	bom, err := cyclonedx.Decode(strings.NewReader(pump), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(bom.Root.Name, bom.Root.Version)
	for _, c := range bom.Components {
		version, _ := c.Stated()
		fmt.Printf("%s %q in %q\n", c.Name, version, c.Parent)
	}
	// Output:
	// Pump 2.1
	// RTOS "9" in ""
	// zlib "1.2.11" in "os"
	// twice "" in ""
}
