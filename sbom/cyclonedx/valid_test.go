package cyclonedx_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/sbom/cyclonedx"
)

func ExampleCheck() {
	found, err := cyclonedx.Check(strings.NewReader(`{
		"bomFormat": "CycloneDX", "specVersion": "1.6",
		"components": [
			{"type": "librarie", "name": "lwip", "bom-ref": "c1", "colour": "blue"},
			{"type": "library", "bom-ref": "c1"}
		]
	}`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, v := range found {
		fmt.Println(v)
	}
	// Output:
	// /components/0/type: enumeration: "librarie" is none of the words allowed for component.type
	// /components/0/colour: unknown-field: is not a field of component in this version
	// /components/1/bom-ref: unique-id: "c1" is the bom-ref of another element too
	// /components/1/name: required: is missing
}

// inJSON is a JSON document of version with rest in it.
func inJSON(version, rest string) string {
	return `{"bomFormat":"CycloneDX","specVersion":"` + version + `"` + rest + `}`
}

func inXML(version, rest string) string {
	return `<bom xmlns="http://cyclonedx.org/schema/bom/` + version + `">` + rest + `</bom>`
}

func jsonComponent(rest string) string {
	return `,"components":[{"type":"library","name":"n","version":"1"` + rest + `}]`
}

func xmlComponent(attributes, rest string) string {
	return `<components><component type="library"` + attributes + `><name>n</name><version>1</version>` + rest + `</component></components>`
}

func TestEachRuleIsFoundWhereItIsViolated(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, document, want string }{
		{"a minimal document is valid", inJSON("1.5", ""), ""},
		{"a minimal element is valid", inXML("1.2", ""), ""},
		{"an object that is no CycloneDX", `{"spdxVersion":"SPDX-2.3"}`, " namespace"},
		{"no version", `{"bomFormat":"CycloneDX"}`, "/specVersion required"},
		{"a version unknown", inJSON("1.8", ""), "/specVersion namespace"},
		{"a version that has no JSON", inJSON("1.1", ""), "/specVersion namespace"},
		{"another format named", `{"bomFormat":"Other","specVersion":"1.4"}`, "/bomFormat enumeration"},
		{"a list is no document", `[]`, " type"},
		{"a namespace of no version", inXML("9.9", ""), "/bom namespace"},
		{"a foreign root", `<project xmlns="http://maven.apache.org/POM/4.0.0"/>`, "/project namespace"},
		{"a root of another name", `<component xmlns="http://cyclonedx.org/schema/bom/1.4"/>`, "/component namespace"},

		{"a field missing", inJSON("1.4", `,"components":[{"type":"library"}]`), "/components/0/name required"},
		{"a version missing in 1.3", inJSON("1.3", `,"components":[{"type":"library","name":"n"}]`), "/components/0/version required"},
		{"a version not needed in 1.4", inJSON("1.4", `,"components":[{"type":"library","name":"n"}]`), ""},
		{"an element missing", inXML("1.4", `<components><component type="library"/></components>`), "/bom/components[1]/component[1] required"},
		{"an attribute missing", inXML("1.4", `<components><component><name>n</name></component></components>`), "/bom/components[1]/component[1]/@type required"},
		{"no components in 1.1", inXML("1.1", ""), "/bom required"},

		{"a field twice", inJSON("1.4", `,"version":1,"version":2`), "/version single"},
		{"an element twice", inXML("1.4", xmlComponent("", `<purl>pkg:a/b</purl><purl>pkg:a/c</purl>`)), "/bom/components[1]/component[1]/purl[2] single"},
		{"elements in disorder", inXML("1.4", xmlComponent("", `<purl>pkg:a/b</purl><copyright>c</copyright>`)), "/bom/components[1]/component[1]/copyright[1] order"},

		{"a field of a later version", inJSON("1.4", jsonComponent(`,"evidence":{"identity":[]}`)), "/components/0/evidence/identity unknown-field"},
		{"an element of a later version", inXML("1.4", xmlComponent("", `<manufacturer/>`)), "/bom/components[1]/component[1]/manufacturer[1] unknown-field"},
		{"an attribute nowhere known", inXML("1.4", `<dependencies><dependency ref="a" why="b"/></dependencies>`), "/bom/dependencies[1]/dependency[1]/@why unknown-field"},
		{"an element without a namespace", inXML("1.4", `<x xmlns=""/>`), "/bom/x[1] unknown-field"},
		{"a foreign element at the end", inXML("1.4", `<x xmlns="urn:x" a="b"><y/>z</x>`), ""},
		{"a foreign element where it may not be", inXML("1.5", `<formulation><x xmlns="urn:x"/></formulation>`), "/bom/formulation[1]/x[1] unknown-field"},
		{"an element in a text", inXML("1.4", xmlComponent("", `<purl>a<b/></purl>`)), "/bom/components[1]/component[1]/purl[1]/b[1] unknown-field"},
		{"any attribute on a component", inXML("1.4", xmlComponent(` why="b"`, "")), ""},
		{"no value where a value must be", inXML("1.4", xmlComponent("", `<cpe xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true">cpe:/a:b</cpe>`)), "/bom/components[1]/component[1]/cpe[1]/@xsi:nil unknown-field"},

		{"a text where a list belongs", inJSON("1.4", `,"components":"none"`), "/components type"},
		{"a number where a text belongs", inJSON("1.4", jsonComponent(`,"purl":1`)), "/components/0/purl type"},
		{"a null", inJSON("1.4", jsonComponent(`,"purl":null`)), "/components/0/purl type"},
		{"a number that is not whole", inJSON("1.4", `,"version":1.5`), "/version type"},
		{"a number that is whole", inJSON("1.4", `,"version":10e-1`), ""},
		{"a text between elements", inXML("1.4", `text`), "/bom type"},
		{"a text that is no number", `<bom xmlns="http://cyclonedx.org/schema/bom/1.4" version="one"/>`, "/bom/@version type"},

		{"a word not allowed", inJSON("1.4", jsonComponent(`,"scope":"perhaps"`)), "/components/0/scope enumeration"},
		{"a word allowed later", inJSON("1.4", `,"components":[{"type":"platform","name":"n"}]`), "/components/0/type enumeration"},
		{"a word allowed now", inJSON("1.5", `,"components":[{"type":"platform","name":"n"}]`), ""},
		{"a word not allowed in an element", inXML("1.4", xmlComponent("", `<scope>perhaps</scope>`)), "/bom/components[1]/component[1]/scope[1] enumeration"},
		{"an empty element that stands for a word", inXML("1.5", xmlComponent("", `<scope/>`)), ""},
		{"a license no list has", inJSON("1.4", jsonComponent(`,"licenses":[{"license":{"id":"My-1.0"}}]`)), "/components/0/licenses/0/license/id enumeration"},

		{"a hash of no hash's length", inJSON("1.4", jsonComponent(`,"hashes":[{"alg":"MD5","content":"abc"}]`)), "/components/0/hashes/0/content pattern"},
		{"a hash in blanks", inXML("1.4", xmlComponent("", `<hashes><hash alg="MD5"> 641b6e166f8b33c5e959e2adcc18b1c7 </hash></hashes>`)), ""},
		{"a serial number", inJSON("1.4", `,"serialNumber":"urn:uuid:1"`), "/serialNumber pattern"},

		{"a day that is none", inJSON("1.4", `,"metadata":{"timestamp":"2023-02-29T00:00:00Z"}`), "/metadata/timestamp format"},
		{"a leap second", inJSON("1.4", `,"metadata":{"timestamp":"2016-12-31T23:59:60Z"}`), ""},
		{"a time without a zone", inJSON("1.4", `,"metadata":{"timestamp":"2016-12-31T23:59:59"}`), "/metadata/timestamp format"},
		{"a time without a zone in XML", inXML("1.4", `<metadata><timestamp>2016-12-31T24:00:00</timestamp></metadata>`), ""},
		{"a day of XML that is none", inXML("1.4", `<metadata><timestamp>2100-02-29T00:00:00Z</timestamp></metadata>`), "/bom/metadata[1]/timestamp[1] format"},
		{"an address of two fragments", inXML("1.4", xmlComponent("", `<purl>pkg:a/b#c#d</purl>`)), "/bom/components[1]/component[1]/purl[1] format"},
		{"a mailbox", inJSON("1.4", `,"metadata":{"authors":[{"email":"no body"}]}`), "/metadata/authors/0/email format"},

		{"an empty reference", inJSON("1.5", jsonComponent(`,"bom-ref":""`)), "/components/0/bom-ref length"},
		{"two expressions", inJSON("1.6", jsonComponent(`,"licenses":[{"expression":"MIT"},{"expression":"ISC"}]`)), "/components/0/licenses choice"},
		{"a small number", inJSON("1.5", `,"version":0`), "/version range"},
		{"a small number in XML", `<bom xmlns="http://cyclonedx.org/schema/bom/1.5" version="0"/>`, "/bom/@version range"},
		{"too much confidence", inXML("1.5", xmlComponent("", `<evidence><identity><field>purl</field><confidence>1.01</confidence></identity></evidence>`)), "/bom/components[1]/component[1]/evidence[1]/identity[1]/confidence[1] range"},

		{"two license forms at once", inJSON("1.4", jsonComponent(`,"licenses":[{"expression":"MIT","license":{"id":"MIT"}}]`)), "/components/0/licenses/0 choice"},
		{"neither id nor name", inJSON("1.4", jsonComponent(`,"licenses":[{"license":{}}]`)), "/components/0/licenses/0/license required"},
		{"a version and a range of them", inJSON("1.7", jsonComponent(`,"isExternal":true,"versionRange":"vers:npm/>=1"`)), "/components/0 choice"},
		{"a range of something not external", inJSON("1.7", `,"components":[{"type":"library","name":"n","versionRange":"vers:npm/>=1"}]`), "/components/0 choice"},

		{"two components alike", inJSON("1.4", `,"components":[{"type":"file","name":"n","modified":true},{"modified":true,"name":"\u006e","type":"file"}]`), "/components/1 unique-items"},
		{"numbers alike in other digits", inJSON("1.6", `,"components":[{"type":"file","name":"a","modelCard":{"considerations":{"environmentalConsiderations":{"energyConsumptions":[{"activity":"training","activityEnergyCost":{"value":1,"unit":"kWh"},"energyProviders":[{"organization":{},"energySource":"wind","energyProvided":{"value":1.0,"unit":"kWh"}}]}]}}}},{"type":"file","name":"a","modelCard":{"considerations":{"environmentalConsiderations":{"energyConsumptions":[{"activity":"training","activityEnergyCost":{"value":1e0,"unit":"kWh"},"energyProviders":[{"organization":{},"energySource":"wind","energyProvided":{"value":10e-1,"unit":"kWh"}}]}]}}}}]`), "/components/1 unique-items"},
		{"a bom-ref twice", inJSON("1.4", jsonComponent(`,"bom-ref":"a"`)+`,"services":[{"name":"s","bom-ref":"a"}]`), "/services/0/bom-ref unique-id"},
		{"a bom-ref twice in XML", inXML("1.4", `<components><component type="library" bom-ref="a"><name>n</name></component><component type="library" bom-ref="a"><name>n</name></component></components>`), "/bom/components[1]/component[2]/@bom-ref unique-id"},
		{"a bom-ref on a foreign element counts", inXML("1.4", `<components><component type="library" bom-ref="a"><name>n</name></component><x xmlns="urn:x" bom-ref="a"/></components>`), "/bom/components[1]/x[1]/@bom-ref unique-id"},
		{"a reference to nothing is no violation", inJSON("1.6", `,"dependencies":[{"ref":"nobody"}]`), ""},
		{"names that need escapes", inJSON("1.4", `,"a/b~c":1`), "/a~1b~0c unknown-field"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			found, err := cyclonedx.Check(strings.NewReader(c.document), nil)
			require.NoError(t, err)
			var got []string
			for _, v := range found {
				require.NotEmpty(t, v.Message)
				got = append(got, v.Path+" "+string(v.Rule))
			}
			require.Equal(t, c.want, strings.Join(got, ", "), "%v", found)
		})
	}
}

func TestWhatIsNeitherJSONNorXMLIsAnError(t *testing.T) {
	t.Parallel()
	for name, document := range map[string]string{
		"empty":               " \n",
		"text":                "SPDXVersion: SPDX-2.3",
		"not UTF-8":           "{\"a\":\"\xff\"}",
		"cut off":             `{"bomFormat":"CycloneDX"`,
		"cut off XML":         inXML("1.4", "")[:40],
		"an element left":     `<bom xmlns="http://cyclonedx.org/schema/bom/1.4">`,
		"crossed elements":    inXML("1.4", "<a><b></a></b>"),
		"a prefix of nothing": inXML("1.4", "<a:b/>"),
		"an attribute twice":  inXML("1.4", `<components a="1" a="2"/>`),
		"two roots":           inXML("1.4", "") + inXML("1.4", ""),
		"words behind":        inXML("1.4", "") + "x",
		"entities":            `<!DOCTYPE bom [<!ENTITY a "b">]>` + inXML("1.4", ""),
		"too deep":            inJSON("1.4", `,"x":`+strings.Repeat("[", 600)+strings.Repeat("]", 600)),
		"too deep XML":        inXML("1.4", strings.Repeat("<a>", 600)+strings.Repeat("</a>", 600)),
		"many attributes":     inXML("1.4", "<components"+manyAttributes()+"/>"),
		"two documents":       inJSON("1.4", "") + inJSON("1.4", ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := cyclonedx.Check(strings.NewReader(document), nil)
			var syntax *cyclonedx.SyntaxError
			require.ErrorAs(t, err, &syntax)
			require.Empty(t, found)
		})
	}
	_, err := cyclonedx.Check(strings.NewReader(inJSON("1.4", "")), &cyclonedx.Options{MaxBytes: 10})
	require.ErrorContains(t, err, "longer than the 10 bytes")
	broken := errors.New("broken")
	_, err = cyclonedx.Check(io.MultiReader(strings.NewReader("{"), failing{broken}), nil)
	require.ErrorIs(t, err, broken)
}

func manyAttributes() string {
	var b strings.Builder
	for i := range 501 {
		fmt.Fprintf(&b, ` a%d=""`, i)
	}
	return b.String()
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestManyViolationsAreCutShortAndSaidToBe(t *testing.T) {
	t.Parallel()
	for _, document := range []string{
		inJSON("1.4", `,"components":[`+strings.Repeat(`{"type":"x"},`, 20_000)+`{}]`),
		inXML("1.4", `<components>`+strings.Repeat(`<component type="x"><a/></component>`, 20_000)+`</components>`),
	} {
		found, err := cyclonedx.Check(strings.NewReader(document), nil)
		require.NoError(t, err)
		require.Len(t, found, 10_001)
		require.Equal(t, cyclonedx.RuleMore, found[10_000].Rule)
	}
}

func TestAHundredThousandComponentsAreJudgedInBoundedMemory(t *testing.T) {
	const n = 100_000
	var j, x strings.Builder
	for i := range n {
		if i > 0 {
			j.WriteByte(',')
		}
		fmt.Fprintf(&j, `{"type":"library","bom-ref":"c%d","name":"n%d","version":"1.%d","purl":"pkg:npm/n%d@1.%d","licenses":[{"license":{"id":"MIT"}}]}`, i, i, i, i, i)
		fmt.Fprintf(&x, `<component type="library" bom-ref="c%d"><name>n%d</name><version>1.%d</version><licenses><license><id>MIT</id></license></licenses><purl>pkg:npm/n%d@1.%d</purl></component>`, i, i, i, i, i)
	}
	for _, document := range []string{
		inJSON("1.6", `,"components":[`+j.String()+`]`),
		inXML("1.6", `<components>`+x.String()+`</components>`),
	} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		found, err := cyclonedx.Check(strings.NewReader(document), nil)
		runtime.ReadMemStats(&after)
		require.NoError(t, err)
		require.Empty(t, found)
		allocated := after.TotalAlloc - before.TotalAlloc
		t.Logf("%d MB judged, %d MB allocated in all, heap %d MB", len(document)>>20, allocated>>20, after.HeapAlloc>>20)
		require.Less(t, after.HeapAlloc, uint64(400<<20))
	}
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte(inJSON("1.6", jsonComponent(`,"licenses":[{"expression":"MIT"}]`))))
	f.Add([]byte(inJSON("1.7", `,"citations":[{"pointers":["/a"],"timestamp":"2025-01-01T00:00:00Z","process":"p"}],"signature":{"signers":[]}`)))
	f.Add([]byte(inXML("1.6", xmlComponent(` bom-ref="a"`, `<cpe>cpe:/a:b:c</cpe>`))))
	f.Add([]byte(inXML("1.0", `<components/>`)))
	f.Add([]byte(`<b:bom xmlns:b="http://cyclonedx.org/schema/bom/1.2" b:a="1"><b:components/></b:bom>`))
	f.Fuzz(func(t *testing.T, document []byte) {
		found, err := cyclonedx.Check(strings.NewReader(string(document)), nil)
		if err != nil && len(found) > 0 {
			t.Fatal("an error and violations")
		}
		if len(found) > 10_001 {
			t.Fatal(len(found))
		}
		again, err2 := cyclonedx.Check(strings.NewReader(string(document)), nil)
		if (err == nil) != (err2 == nil) || fmt.Sprint(found) != fmt.Sprint(again) {
			t.Fatal("judged otherwise the second time")
		}
		// Blanks around change nothing.
		third, err3 := cyclonedx.Check(strings.NewReader(string(document)+"\n "), nil)
		if err == nil && (err3 != nil || fmt.Sprint(found) != fmt.Sprint(third)) {
			t.Fatal("judged otherwise with blanks behind", err3)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	var j strings.Builder
	for i := range 10_000 {
		if i > 0 {
			j.WriteByte(',')
		}
		fmt.Fprintf(&j, `{"type":"library","bom-ref":"c%d","name":"n%d","version":"1.%d","purl":"pkg:npm/n%d@1.%d"}`, i, i, i, i, i)
	}
	document := inJSON("1.6", `,"components":[`+j.String()+`]`)
	b.SetBytes(int64(len(document)))
	for b.Loop() {
		if _, err := cyclonedx.Check(strings.NewReader(document), nil); err != nil {
			b.Fatal(err)
		}
	}
}
