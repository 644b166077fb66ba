package cyclonedx_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cyclonedx"
	"github.com/open-postmarket/postmarket/vex"
)

const wrongTypes = `{
 "bomFormat": "CycloneDX", "specVersion": 1.5, "version": "3", "serialNumber": {"a": 1}, "$schema": 7,
 "metadata": {"timestamp": 5, "tools": {"name": "x", "components": "none"}, "authors": {"name": "Ann"}, "component": [{"type": "device", "name": "Pump", "version": 2.10}]},
 "components": [
  {"type": "library", "name": 7, "version": 1.20, "purl": ["pkg:npm/a"], "modified": "true", "hashes": {"alg": "MD5", "content": 5}},
  "zlib",
  {"type": "library", "name": "b", "swid": {"tagId": "t", "name": "b", "tagVersion": "x"}, "omniborId": "gitoid:blob:sha1:aa", "licenses": ["MIT", {"license": {"id": "ISC"}}],
   "evidence": {"identity": [{"field": "purl", "confidence": "0.5"}], "occurrences": [{"location": "/x", "line": 3.0}]},
   "components": [{"type": "library", "name": "c", "version": true}], "cryptoProperties": 3, "modelCard": {"modelParameters": {"datasets": [4]}}}
 ],
 "dependencies": [{"ref": "b", "dependsOn": "c"}, 4],
 "vulnerabilities": {"id": "CVE-2020-1", "cwes": ["CWE-79", "79"], "analysis": {"state": "in_triage"}},
 "declarations": {"attestations": 9}, "services": null
}`

func TestAValueOfTheWrongTypeCostsThatValueOnly(t *testing.T) {
	t.Parallel()
	bom := decode(t, wrongTypes)
	require.Equal(t, "1.5", bom.Spec)
	require.Equal(t, 3, bom.Revision)
	require.Equal(t, "Pump", bom.Root.Name)
	require.Equal(t, "2.10", bom.Root.Version, "a number keeps its digits")
	require.Equal(t, []string{"Ann"}, bom.Authors)
	require.Len(t, bom.Components, 3)
	a, b, c := bom.Components[0], bom.Components[1], bom.Components[2]
	require.Equal(t, "7", a.Name)
	require.Equal(t, "1.20", a.Version)
	require.Empty(t, a.PURL)
	require.True(t, a.Pedigree.Modified)
	require.Equal(t, []sbom.Hash{{Algorithm: "MD5", Value: "5"}}, a.Hashes)
	require.Equal(t, "components[2]", b.Path, "what is left out before it does not move it")
	require.Equal(t, []sbom.Identifier{{Kind: "swid", Text: "t", From: "swid"}, {Kind: "gitoid", Text: "gitoid:blob:sha1:aa", From: "omniborId"}}, b.More)
	require.Equal(t, []string{"ISC"}, b.Licenses)
	require.Equal(t, []sbom.Trace{{Field: "purl", Confidence: 0.5}, {Field: "occurrence", Value: "/x:3"}}, b.Evidence)
	require.Equal(t, "true", c.Version)
	require.Equal(t, []sbom.Edge{{From: "b", To: []string{"c"}}}, bom.Edges)
	require.Equal(t, "CVE-2020-1", bom.Statements[0].Vulnerability)
	told := map[string]string{}
	for _, p := range bom.Problems {
		told[p.Path] = p.Message
	}
	for path, want := range map[string]string{
		"specVersion": "the number 1.5 where text belongs", "version": `the text "3" where a number belongs: read as that`, "serialNumber": "an object where text belongs: left out",
		"metadata.timestamp": "", "metadata.component": "a list of one where an object belongs", "metadata.component.version": "read as its text",
		"metadata.authors": "read as a list of one", "metadata.tools.components": "where an object belongs: left out",
		"components[0].name": "the number 7", "components[0].purl": "a list where text belongs: left out", "components[0].modified": `the text "true"`,
		"components[0].hashes": "read as a list of one", "components[1]": `the text "zlib" where an object belongs: left out`,
		"components[2].swid.tagVersion": "left out", "components[2].omniborId": "read as a list of one", "components[2].licenses[0]": "left out",
		"components[2].evidence.identity[0].confidence": "read as that", "components[2].evidence.occurrences[0].line": "holds 3.0 where a whole number belongs",
		"components[2].components[0].version": "holds true where text belongs", "components[2].cryptoProperties": "left out",
		"components[2].modelCard.modelParameters.datasets[0]": "left out", "dependencies[0].dependsOn": "read as a list of one", "dependencies[1]": "left out",
		"vulnerabilities": "read as a list of one", "vulnerabilities.cwes[0]": "left out", "vulnerabilities.cwes[1]": "read as that",
	} {
		require.Contains(t, told, path)
		require.Contains(t, told[path], want, path)
	}
}

const faultyXML = `<bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="two">
<components>
 <component type="library" bom-ref="a"><name>a</name><modified>yes</modified>
  <licenses><license><id>MIT</id></license><licence>?</licence></licenses>
  <evidence><identity><field>purl</field><confidence>high</confidence></identity><occurrences><occurrence line="L7"><location>/x</location></occurrence></occurrences><guess/></evidence></component>
 <component type="library" bom-ref="b"><name>b</name><modified>no</modified><evidence><occurrences><occurrence line="9"><location>/y</location></occurrence><occurrence line="L9"><location>/z</location></occurrence></occurrences></evidence></component>
 <component type="library" bom-ref="c"><name>c</name><modified>true</modified></component>
 <surprise/>
</components></bom>`

func TestAFaultInXMLCostsThatValueOnly(t *testing.T) {
	t.Parallel()
	bom := decode(t, faultyXML)
	require.Len(t, bom.Components, 3)
	a, b, c := bom.Components[0], bom.Components[1], bom.Components[2]
	require.Nil(t, a.Pedigree)
	require.Equal(t, []string{"MIT"}, a.Licenses)
	require.Equal(t, []sbom.Trace{{Field: "purl"}, {Field: "occurrence", Value: "/x"}}, a.Evidence)
	require.Equal(t, []sbom.Trace{{Field: "occurrence", Value: "/y:9"}, {Field: "occurrence", Value: "/z"}}, b.Evidence)
	require.True(t, c.Pedigree.Modified)
	var told []string
	for _, p := range bom.Problems {
		told = append(told, p.Path)
	}
	require.ElementsMatch(t, []string{
		"/bom/@version", "/bom/components/component[1]/modified[1]", "/bom/components/component[1]/licenses[1]/licence[1]",
		"/bom/components/component[1]/evidence[1]/identity[1]/confidence[1]", "/bom/components/component[1]/evidence[1]/occurrences[1]/occurrence[1]/@line",
		"/bom/components/component[1]/evidence[1]/guess[1]", "/bom/components/component[2]/modified[1]",
		"/bom/components/component[2]/evidence[1]/occurrences[1]/occurrence[2]/@line",
	}, told)
}

func TestAFaultThatAToolRepeatsIsLearnedOnce(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`<bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1"><components>`)
	for i := range 5000 {
		fmt.Fprintf(&b, `<component type="library"><name>n%d</name><modified>nope</modified></component>`, i)
	}
	b.WriteString(`</components></bom>`)
	bom := decode(t, b.String())
	require.Len(t, bom.Components, 5000)
	require.Len(t, bom.Problems, 5000)
}

func TestMembersThatAreThereTwiceAreTold(t *testing.T) {
	t.Parallel()
	bom := decode(t, `{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"name":"x"},{"name":"a","version":"1","version":"2"}],"components":[{"name":"b"}]}`)
	require.Len(t, bom.Components, 3)
	var told []string
	for _, p := range bom.Problems {
		told = append(told, p.Path)
	}
	require.Equal(t, []string{"components[1].version", "components"}, told)
}

func TestABOMRefThatIsInsideItselfMakesNoRing(t *testing.T) {
	t.Parallel()
	bom := decode(t, `{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"bom-ref":"a","name":"a","components":[{"bom-ref":"a","name":"a"}]}],
	 "services":[{"bom-ref":"s","name":"s","services":[{"bom-ref":"t","name":"t","services":[{"bom-ref":"s","name":"s"}]}]}]}`)
	require.Equal(t, "a", bom.Components[1].Parent)
	require.Equal(t, "components[0].components[0]", bom.Components[1].Ref)
	require.Equal(t, "services[0].services[0].services[0]", bom.Services[2].Ref)
	require.Len(t, bom.Problems, 2)
}

func TestVersionsThatHadNoJSONAreReadAndTold(t *testing.T) {
	t.Parallel()
	bom := decode(t, `{"bomFormat":"CycloneDX","specVersion":"1.1","components":[{"name":"a"}]}`)
	require.Len(t, bom.Components, 1)
	require.Equal(t, []sbom.Problem{{Path: "specVersion", Message: "CycloneDX 1.1 is defined in XML only"}}, bom.Problems)
	x := decode(t, `<bom xmlns="http://cyclonedx.org/schema/bom/1.0" version="1"><components><component type="library"><name>a</name></component></components></bom>`)
	require.Equal(t, "1.0", x.Spec)
	require.Empty(t, x.Problems)
}

func TestTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{
		`{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{},{},{"components":[{}]}]}`,
		`{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{},{}],"services":[{},{}]}`,
		`<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components><component/><component/><component><components><component/></components></component></components></bom>`,
	} {
		_, err := cyclonedx.Decode(strings.NewReader(doc), &cyclonedx.Options{MaxComponents: 3})
		require.ErrorContains(t, err, "more than the 3 components allowed")
		_, err = cyclonedx.Decode(strings.NewReader(doc), &cyclonedx.Options{MaxComponents: 4})
		require.NoError(t, err)
	}
}

func TestProblemsWithoutEndAreCounted(t *testing.T) {
	t.Parallel()
	bom := decode(t, `{"bomFormat":"CycloneDX","specVersion":"1.5","components":[`+strings.Repeat("{},", 11_000)+`{}]}`)
	require.Len(t, bom.Components, 11_001)
	require.Len(t, bom.Problems, 10_001)
	require.Equal(t, "1001 more problems are not listed", bom.Problems[10_000].Message)
}

// TestHostileDocumentsAreReadInTimeThatGrowsWithTheirLength feeds what would take
// hours if anything were compared with everything.
func TestHostileDocumentsAreReadInTimeThatGrowsWithTheirLength(t *testing.T) {
	t.Parallel()
	many := func(n int, one func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(one(i))
		}
		return b.String()
	}
	component := func(members string) string {
		return `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"a",` + members + `}]}`
	}
	for name, doc := range map[string]string{
		"members":     component(many(300_000, func(i int) string { return fmt.Sprintf(`"k%d":1,`, i) }) + `"version":"1"`),
		"identifiers": component(`"swhid":[` + many(300_000, func(i int) string { return fmt.Sprintf(`"swh:%d",`, i) }) + `""]`),
		"reasons":     component(`"properties":[` + many(200_000, func(i int) string { return fmt.Sprintf(`{"name":"end-of-support","value":"reason %d"},`, i) }) + `{}]`),
		"backslashes": component(`"version":"` + strings.Repeat(`\\\"`, 300_000) + `"`),
		"elements": `<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components><component><name>a</name>` +
			many(300_000, func(i int) string { return fmt.Sprintf("<k%d/>", i) }) + `</component></components></bom>`,
		"foreign elements": `<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components><component><name>a</name>` +
			many(200_000, func(i int) string { return fmt.Sprintf(`<k%d xmlns="x"/>`, i) }) + `</component></components></bom>`,
	} {
		bom, err := cyclonedx.Decode(strings.NewReader(doc), nil)
		require.NoError(t, err, name)
		require.Len(t, bom.Components, 1, name)
	}
}

func TestATargetThatCannotBeReadClearsNothing(t *testing.T) {
	t.Parallel()
	const analysis = `"analysis":{"state":"not_affected","justification":"code_not_present"}`
	for _, affects := range []string{
		`"z"`, `["z"]`, `[{"ref":"a"},"z"]`, `[null]`, `[{"ref":["z"]}]`, `{"ref":["z"]}`,
		`[{"ref":"z","versions":[{"version":["1"],"status":"unaffected"}]}]`,
		`[{"ref":"z","versions":"1.0"}]`, `[{"ref":"z","versions":[{"version":"1","status":["affected"]}]}]`,
	} {
		bom := decode(t, `{"bomFormat":"CycloneDX","specVersion":"1.5","vulnerabilities":[
			{"id":"CVE-1","affects":`+affects+`,`+analysis+`},{"id":"CVE-2","affects":[{"ref":"b"}],`+analysis+`}]}`)
		require.NotEmpty(t, bom.Problems, affects)
		n := 0
		for _, s := range bom.Statements {
			if s.Vulnerability == "CVE-2" {
				require.Equal(t, vex.NotAffected, s.Status, "what is read is not spoiled by what is not")
				continue
			}
			n++
			require.Empty(t, s.Status, affects)
			require.Empty(t, s.Justification, affects)
			require.Equal(t, "not_affected", s.Original.State, affects)
			require.NotContains(t, s.Versions, "", affects)
		}
		require.Positive(t, n, affects)
	}
}

func TestATargetThatCannotBeReadInXMLClearsNothing(t *testing.T) {
	t.Parallel()
	for _, affects := range []string{
		`z`, `<ref>z</ref>`, `<target>z</target>`, `<target><id>z</id></target>`, `<x:target xmlns:x="urn:x"><x:ref>z</x:ref></x:target>`,
		`<target><ref>z</ref><versions>1.0</versions></target>`, `<target><ref>z</ref><versions><version>1</version></versions></target>`,
		`<target><ref>a</ref></target><thing><ref>z</ref></thing>`,
	} {
		bom := decode(t, `<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><vulnerabilities><vulnerability><id>CVE-1</id>
			<analysis><state>not_affected</state><justification>code_not_present</justification></analysis>
			<affects>`+affects+`</affects></vulnerability><vulnerability><id>CVE-2</id><analysis><state>not_affected</state></analysis>
			<affects><target><ref>b</ref><versions><version><version>1</version><status>unaffected</status></version></versions></target></affects></vulnerability></vulnerabilities></bom>`)
		require.NotEmpty(t, bom.Problems, affects)
		require.GreaterOrEqual(t, len(bom.Statements), 2, affects)
		for _, s := range bom.Statements {
			if s.Vulnerability == "CVE-2" {
				require.Equal(t, vex.NotAffected, s.Status, affects)
				continue
			}
			require.Empty(t, s.Status, affects)
			require.Empty(t, s.Justification, affects)
		}
	}
}

func TestAListThatIsThereTwiceGoesOn(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{
		`{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"type":"library","name":"a"},{"type":"library","name":"b"}],
			"services":[{"name":"s"}],"components":[{"type":"library","name":"c"}],"services":[{"name":"u"}]}`,
		`<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components><component type="library"><name>a</name></component><component type="library"><name>b</name></component></components>
			<services><service><name>s</name></service></services><components><component type="library"><name>c</name></component></components><services><service><name>u</name></service></services></bom>`,
	} {
		bom := decode(t, doc)
		var refs []string
		for _, c := range append(bom.Components, bom.Services...) {
			require.Equal(t, c.Path, c.Ref)
			refs = append(refs, c.Name+" "+c.Ref)
		}
		require.Equal(t, []string{"a components[0]", "b components[1]", "c components[2]", "s services[0]", "u services[1]"}, refs)
		require.Len(t, bom.Problems, 2)
	}
}

func TestXMLThatTheLibraryPassesOverIsTold(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][2]string{
		`<components><component type="library"><name>a</name><version>1</version><version>2</version></component></components>`: {
			"/bom/components[1]/component[1]/version[2]", "is there again",
		},
		`<components><group><component type="library"><name>a</name></component></group></components>`: {
			"/bom/components[1]/group[1]/component[1]", "is a component where none is read",
		},
		`<extra><components><component type="library"><name>a</name></component></components></extra>`: {
			"/bom/extra[1]/components[1]/component[1]", "is a component where none is read",
		},
	} {
		bom := decode(t, `<bom xmlns="http://cyclonedx.org/schema/bom/1.5">`+body+`</bom>`)
		require.Len(t, bom.Problems, 1, body)
		require.Contains(t, bom.Problems[0].Message, want[1])
		require.Equal(t, strings.NewReplacer("[1]", "").Replace(want[0]), strings.NewReplacer("[1]", "").Replace(bom.Problems[0].Path))
	}
}
