package cyclonedx_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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

// maxSteps is more than any chain of parents is long.
const maxSteps = 600

func FuzzDecode(f *testing.F) {
	f.Add([]byte(pump))
	f.Add([]byte(`<bom xmlns="http://cyclonedx.org/schema/bom/1.4"><components><component type="library"><name>a</name></component></components></bom>`))
	f.Add([]byte("{}"))
	f.Add([]byte(richJSON))
	f.Add([]byte(richXML))
	f.Add([]byte(wrongTypes))
	f.Add([]byte(`<bom xmlns="http://cyclonedx.org/schema/bom/1.4" version="x"><components><component modified="y"><modified>z</modified><evidence><a/></evidence></component></components></bom>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		bom, err := cyclonedx.Decode(strings.NewReader(string(data)), &cyclonedx.Options{MaxBytes: 1 << 20})
		if err != nil {
			return
		}
		if bom.Spec == "" || bom.Digest == "" {
			t.Fatalf("read without a version or digest: %q", data)
		}
		parents := map[string]string{}
		for _, c := range bom.All() {
			if _, twice := parents[c.Ref]; !twice {
				parents[c.Ref] = c.Parent
			}
		}
		for _, c := range bom.All() {
			steps := 0
			for at := c.Ref; at != ""; at = parents[at] {
				if steps++; steps > maxSteps {
					t.Fatalf("the parents of %q run in a ring: %q", c.Ref, data)
				}
			}
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
