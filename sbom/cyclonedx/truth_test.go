package cyclonedx_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cyclonedx"
	"github.com/open-postmarket/postmarket/vex"
)

const richJSON = `{
 "bomFormat": "CycloneDX", "specVersion": "1.7", "version": 2, "serialNumber": "urn:uuid:6f9b1c1e-0000-4000-8000-000000000001",
 "metadata": {
  "timestamp": "2026-01-02T03:04:05Z", "lifecycles": [{"phase": "build"}, {"name": "field"}],
  "tools": {"components": [{"type": "application", "name": "maker", "version": "1", "supplier": {"name": "Tools Ltd"}}]},
  "authors": [{"name": "Ann"}], "manufacturer": {"name": "Doc Ltd"}, "supplier": {"name": "Pump Ltd"},
  "distributionConstraints": {"tlp": "AMBER"},
  "properties": [{"name": "cdx:lifecycle:milestone:endOfSupport", "value": "2033-01-31"}],
  "component": {"type": "device", "bom-ref": "pump", "name": "Pump"}},
 "components": [
  {"type": "library", "bom-ref": "tls", "group": "net", "name": "tls", "version": " 1.0-rc1", "supplier": {"url": ["https://sup.example"]},
   "manufacturer": {"name": "Make"}, "publisher": "Pub", "authors": [{"name": "Al"}, {"email": "bo@example.com"}], "scope": "optional",
   "purl": "pkg:generic/tls@1.0-rc1", "cpe": "cpe:2.3:a:tls:tls:1.0:rc1:*:*:*:*:*:*", "modified": true,
   "swid": {"tagId": "swid-1", "name": "tls"}, "omniborId": ["gitoid:blob:sha1:aa"], "swhid": ["swh:1:cnt:bb"],
   "hashes": [{"alg": "SHA-1", "content": "00"}],
   "licenses": [{"license": {"id": "MIT"}}, {"license": {"name": "House"}}],
   "externalReferences": [{"type": "vcs", "url": "https://vcs.example"}],
   "properties": [{"name": "cdx:fda:level-of-support", "value": "Actively maintained"}, {"name": "cdx:fda:support-assessed-date", "value": "2026-01-01"},
     {"name": "cdx:fda:justification", "value": "cdx:fda:end-of-support-date: none is published"}, {"name": "cdx:fda:justification", "value": "cdx:fda:traceability: no"},
     {"name": "syft:cpe23", "value": "cpe:2.3:a:tls:libtls:1.0:*:*:*:*:*:*:*"}],
   "pedigree": {"ancestors": [{"type": "library", "name": "ssl", "version": "0.9", "purl": "pkg:generic/ssl@0.9"}],
     "commits": [{"uid": "abc"}, {"url": "https://vcs.example/c"}], "notes": "taken over",
     "patches": [{"type": "backport", "diff": {"url": "https://diff.example"}, "resolves": [{"type": "security", "id": "CVE-2020-0001"}, {"type": "security", "id": "JIRA-7", "name": "fix of CVE-2020-0002"}]}]},
   "evidence": {"identity": [
      {"field": "purl", "confidence": 0.8, "concludedValue": "pkg:generic/openssl@1.0", "methods": [{"technique": "binary-analysis", "confidence": 0.7, "value": "strings"}]},
      {"field": "cpe", "concludedValue": "cpe:nonsense"}],
     "occurrences": [{"location": "/lib/tls.so", "line": 7, "symbol": "open"}],
     "callstack": {"frames": [{"module": "main", "function": "run", "line": 3}]},
     "licenses": [{"license": {"id": "ISC"}}], "copyright": [{"text": "Al 2020"}]}},
  {"type": "library", "name": "glibc", "isExternal": true, "versionRange": "vers:generic/>=2"},
  {"type": "machine-learning-model", "bom-ref": "m", "name": "net", "modelCard": {"modelParameters": {"task": "alarm"}}},
  {"type": "data", "name": "set", "data": [{"type": "dataset", "name": "beats"}]},
  {"type": "library", "name": "x", "licenses": [{"expression": "MIT OR ISC"}]}
 ],
 "services": [{"bom-ref": "cloud", "provider": {"name": "Host"}, "name": "cloud", "endpoints": ["https://c.example"], "services": [{"name": "db"}]}],
 "externalReferences": [{"type": "security-contact", "url": "mailto:psirt@example.com"}],
 "dependencies": [{"ref": "pump", "dependsOn": ["tls", "cloud"], "provides": ["m"]}, {"ref": "tls"}],
 "compositions": [{"aggregate": "incomplete", "assemblies": ["pump"], "dependencies": ["tls"]}],
 "properties": [{"name": "p", "value": "q"}],
 "vulnerabilities": [
  {"id": "CVE-2020-0001", "affects": [{"ref": "tls"}], "analysis": {"state": "not_affected", "justification": "protected_at_perimeter", "detail": "behind a firewall"}},
  {"id": "CVE-2020-0003"}]
}`

const richXML = `<?xml version="1.0" encoding="UTF-8"?>
<c:bom xmlns:c="http://cyclonedx.org/schema/bom/1.7" xmlns:e="urn:ext" version="2" serialNumber="urn:uuid:6f9b1c1e-0000-4000-8000-000000000001">
<c:metadata><c:timestamp>2026-01-02T03:04:05Z</c:timestamp>
 <c:lifecycles><c:lifecycle><c:phase>build</c:phase></c:lifecycle><c:lifecycle><c:name>field</c:name></c:lifecycle></c:lifecycles>
 <c:tools><c:components><c:component type="application"><c:supplier><c:name>Tools Ltd</c:name></c:supplier><c:name>maker</c:name><c:version>1</c:version></c:component></c:components></c:tools>
 <c:authors><c:author><c:name>Ann</c:name></c:author></c:authors>
 <c:component type="device" bom-ref="pump"><c:name>Pump</c:name></c:component>
 <c:manufacturer><c:name>Doc Ltd</c:name></c:manufacturer><c:supplier><c:name>Pump Ltd</c:name></c:supplier>
 <c:properties><c:property name="cdx:lifecycle:milestone:endOfSupport">2033-01-31</c:property></c:properties>
 <c:distributionConstraints><c:tlp>AMBER</c:tlp></c:distributionConstraints>
</c:metadata>
<c:components>
 <c:component type="library" bom-ref="tls" e:type="trap"><e:name>trap</e:name>
  <c:supplier><c:url>https://sup.example</c:url></c:supplier><c:manufacturer><c:name>Make</c:name></c:manufacturer>
  <c:authors><c:author><c:name>Al</c:name></c:author><c:author><c:email>bo@example.com</c:email></c:author></c:authors>
  <c:publisher>Pub</c:publisher><c:group>net</c:group><c:name>tls</c:name><c:version> 1.0-rc1</c:version><c:scope>optional</c:scope>
  <c:hashes><c:hash alg="SHA-1">00</c:hash></c:hashes>
  <c:licenses><c:license><c:id>MIT</c:id></c:license><c:license><c:name>House</c:name></c:license></c:licenses>
  <c:cpe>cpe:2.3:a:tls:tls:1.0:rc1:*:*:*:*:*:*</c:cpe><c:purl>pkg:generic/tls@1.0-rc1</c:purl>
  <c:omniborId>gitoid:blob:sha1:aa</c:omniborId><c:swhid>swh:1:cnt:bb</c:swhid><c:swid tagId="swid-1" name="tls"/><c:modified>true</c:modified>
  <c:pedigree><c:ancestors><c:component type="library"><c:name>ssl</c:name><c:version>0.9</c:version><c:purl>pkg:generic/ssl@0.9</c:purl></c:component></c:ancestors>
   <c:commits><c:commit><c:uid>abc</c:uid></c:commit><c:commit><c:url>https://vcs.example/c</c:url></c:commit></c:commits>
   <c:patches><c:patch type="backport"><c:diff><c:url>https://diff.example</c:url></c:diff><c:resolves>
    <c:issue type="security"><c:id>CVE-2020-0001</c:id></c:issue><c:issue type="security"><c:id>JIRA-7</c:id><c:name>fix of CVE-2020-0002</c:name></c:issue></c:resolves></c:patch></c:patches>
   <c:notes>taken over</c:notes></c:pedigree>
  <c:externalReferences><c:reference type="vcs"><c:url>https://vcs.example</c:url></c:reference></c:externalReferences>
  <c:properties><c:property name="cdx:fda:level-of-support">Actively maintained</c:property><c:property name="cdx:fda:support-assessed-date">2026-01-01</c:property>
   <c:property name="cdx:fda:justification">cdx:fda:end-of-support-date: none is published</c:property><c:property name="cdx:fda:justification">cdx:fda:traceability: no</c:property>
   <c:property name="syft:cpe23">cpe:2.3:a:tls:libtls:1.0:*:*:*:*:*:*:*</c:property></c:properties>
  <c:evidence><c:identity><c:field>purl</c:field><c:confidence>0.8</c:confidence><c:concludedValue>pkg:generic/openssl@1.0</c:concludedValue>
     <c:methods><c:method><c:technique>binary-analysis</c:technique><c:confidence>0.7</c:confidence><c:value>strings</c:value></c:method></c:methods></c:identity>
   <c:identity><c:field>cpe</c:field><c:concludedValue>cpe:nonsense</c:concludedValue></c:identity>
   <c:occurrences><c:occurrence line="7" symbol="open"><c:location>/lib/tls.so</c:location></c:occurrence></c:occurrences>
   <c:callstack><c:frames><c:frame><c:module>main</c:module><c:function>run</c:function><c:line>3</c:line></c:frame></c:frames></c:callstack>
   <c:licenses><c:license><c:id>ISC</c:id></c:license></c:licenses><c:copyright><c:text>Al 2020</c:text></c:copyright></c:evidence>
 </c:component>
 <c:component type="library"><c:name>glibc</c:name><c:versionRange>vers:generic/>=2</c:versionRange><c:isExternal>true</c:isExternal></c:component>
 <c:component type="machine-learning-model" bom-ref="m"><c:name>net</c:name><c:modelCard><c:modelParameters><c:task>alarm</c:task></c:modelParameters></c:modelCard></c:component>
 <c:component type="data"><c:name>set</c:name><c:data><c:type>dataset</c:type><c:name>beats</c:name></c:data></c:component>
 <c:component type="library"><c:name>x</c:name><c:licenses><c:expression>MIT OR ISC</c:expression></c:licenses></c:component>
</c:components>
<c:services><c:service bom-ref="cloud"><c:provider><c:name>Host</c:name></c:provider><c:name>cloud</c:name><c:endpoints><c:endpoint>https://c.example</c:endpoint></c:endpoints>
 <c:services><c:service><c:name>db</c:name></c:service></c:services></c:service></c:services>
<c:externalReferences><c:reference type="security-contact"><c:url>mailto:psirt@example.com</c:url></c:reference></c:externalReferences>
<c:dependencies><c:dependency ref="pump"><c:dependency ref="tls"/><c:dependency ref="cloud"/><c:provides ref="m"/></c:dependency><c:dependency ref="tls"/></c:dependencies>
<c:compositions><c:composition><c:aggregate>incomplete</c:aggregate><c:assemblies><c:assembly ref="pump"/></c:assemblies><c:dependencies><c:dependency ref="tls"/></c:dependencies></c:composition></c:compositions>
<c:vulnerabilities><c:vulnerability><c:id>CVE-2020-0001</c:id><c:analysis><c:state>not_affected</c:state><c:justification>protected_at_perimeter</c:justification><c:detail>behind a firewall</c:detail></c:analysis>
 <c:affects><c:target><c:ref>tls</c:ref></c:target></c:affects></c:vulnerability><c:vulnerability><c:id>CVE-2020-0003</c:id></c:vulnerability></c:vulnerabilities>
<c:properties><c:property name="p">q</c:property></c:properties>
</c:bom>`

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// rich is what both documents say, all but the names of their formats.
func rich() sbom.BOM {
	return sbom.BOM{
		Spec: "1.7", Serial: "urn:uuid:6f9b1c1e-0000-4000-8000-000000000001", Revision: 2,
		Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Lifecycle: []string{"build", "field"}, Marking: "AMBER",
		Authors: []string{"Ann", "Doc Ltd"}, Tools: []string{"Tools Ltd maker 1"},
		Root: sbom.Component{Ref: "pump", Path: "metadata.component", Type: sbom.Device, Name: "Pump", Supplier: "Pump Ltd",
			Support: &sbom.Support{Ends: day(2033, 1, 31), From: "cdx:lifecycle:milestone:endOfSupport"}},
		Components: []sbom.Component{
			{
				Ref: "tls", Path: "components[0]", Type: sbom.Library, Group: "net", Name: "tls", Version: " 1.0-rc1",
				PURL: "pkg:generic/tls@1.0-rc1", CPE: "cpe:2.3:a:tls:tls:1.0:rc1:*:*:*:*:*:*",
				More: []sbom.Identifier{
					{Kind: "swid", Text: "swid-1", From: "swid"}, {Kind: "swhid", Text: "swh:1:cnt:bb", From: "swhid"},
					{Kind: "gitoid", Text: "gitoid:blob:sha1:aa", From: "omniborId"},
					{Kind: "purl", Text: "pkg:generic/openssl@1.0", From: "evidence.identity[0]"},
					{Kind: "cpe", Text: "cpe:nonsense", From: "evidence.identity[1]", Problem: `cpe: "cpe:nonsense": does not begin with "cpe:2.3:" or "cpe:/"`},
					{Kind: "cpe", Text: "cpe:2.3:a:tls:libtls:1.0:*:*:*:*:*:*:*", From: "properties[4]"},
				},
				Supplier: "https://sup.example", Manufacturer: "Make", Publisher: "Pub", Authors: []string{"Al", "bo@example.com"}, Scope: "optional",
				Hashes: []sbom.Hash{{Algorithm: "SHA-1", Value: "00"}}, Licenses: []string{"MIT", "House"},
				Links: []sbom.Link{{Kind: "vcs", URL: "https://vcs.example"}},
				Pedigree: &sbom.Pedigree{
					Ancestors: []sbom.Component{{Ref: "components[0].pedigree.ancestors[0]", Path: "components[0].pedigree.ancestors[0]",
						Type: sbom.Library, Name: "ssl", Version: "0.9", PURL: "pkg:generic/ssl@0.9"}},
					Patches: []sbom.Patch{{Kind: "backport", Diff: "https://diff.example", Resolves: []string{"CVE-2020-0001", "JIRA-7", "CVE-2020-0002"}}},
					Commits: []string{"abc", "https://vcs.example/c"}, Modified: true, Notes: "taken over",
				},
				Evidence: []sbom.Trace{
					{Field: "purl", Value: "pkg:generic/openssl@1.0", Confidence: 0.8}, {Field: "purl", Value: "strings", Technique: "binary-analysis", Confidence: 0.7},
					{Field: "cpe", Value: "cpe:nonsense"}, {Field: "occurrence", Value: "/lib/tls.so:7#open"}, {Field: "callstack", Value: "main run:3"},
					{Field: "license", Value: "ISC"}, {Field: "copyright", Value: "Al 2020"},
				},
				Support: &sbom.Support{Level: sbom.Maintained, Checked: day(2026, 1, 1), Why: "cdx:fda:end-of-support-date: none is published",
					From: "cdx:fda:level-of-support, cdx:fda:support-assessed-date, cdx:fda:justification"},
				Properties: []sbom.Property{{Name: "cdx:fda:level-of-support", Value: "Actively maintained"}, {Name: "cdx:fda:support-assessed-date", Value: "2026-01-01"},
					{Name: "cdx:fda:justification", Value: "cdx:fda:end-of-support-date: none is published"}, {Name: "cdx:fda:justification", Value: "cdx:fda:traceability: no"},
					{Name: "syft:cpe23", Value: "cpe:2.3:a:tls:libtls:1.0:*:*:*:*:*:*:*"}},
			},
			{Ref: "components[1]", Path: "components[1]", Type: sbom.Library, Name: "glibc", VersionRange: "vers:generic/>=2", External: true},
			{Ref: "m", Path: "components[2]", Type: sbom.Model, Name: "net", ModelCard: []byte(`{"modelParameters":{"task":"alarm"}}`)},
			{Ref: "components[3]", Path: "components[3]", Type: sbom.Data, Name: "set", Datasets: []byte(`[{"type":"dataset","name":"beats"}]`)},
			{Ref: "components[4]", Path: "components[4]", Type: sbom.Library, Name: "x", Licenses: []string{"MIT OR ISC"}},
		},
		Services: []sbom.Component{
			{Ref: "cloud", Path: "services[0]", Type: sbom.Service, Name: "cloud", Supplier: "Host", Links: []sbom.Link{{Kind: "endpoint", URL: "https://c.example"}}},
			{Ref: "services[0].services[0]", Parent: "cloud", Path: "services[0].services[0]", Type: sbom.Service, Name: "db"},
		},
		Edges:        []sbom.Edge{{From: "pump", To: []string{"tls", "cloud"}, Provides: []string{"m"}}, {From: "tls"}},
		Completeness: []sbom.Completeness{{Aggregate: "incomplete", Parts: []string{"pump"}, Dependencies: []string{"tls"}}},
		Links:        []sbom.Link{{Kind: "security-contact", URL: "mailto:psirt@example.com"}},
		Properties:   []sbom.Property{{Name: "cdx:lifecycle:milestone:endOfSupport", Value: "2033-01-31"}, {Name: "p", Value: "q"}},
		Statements: []vex.Statement{
			{Vulnerability: "CVE-2020-0001", Products: vex.Refs("tls"), Status: vex.NotAffected, Impact: "behind a firewall",
				Original: vex.Original{Format: "cyclonedx", State: "not_affected", Justification: "protected_at_perimeter"}},
			{Vulnerability: "CVE-2020-0003", Original: vex.Original{Format: "cyclonedx"}},
		},
	}
}

func TestAllThatIsSaidIsKeptFromJSONAndFromXML(t *testing.T) {
	t.Parallel()
	for name, doc := range map[string]string{"JSON": richJSON, "XML": richXML} {
		got, err := cyclonedx.Decode(strings.NewReader(doc), nil)
		require.NoError(t, err, name)
		want := rich()
		want.Format, want.Digest = got.Format, got.Digest
		want.Problems = []sbom.Problem{{Path: "components[0].evidence.identity[1]", Message: `cpe: "cpe:nonsense": does not begin with "cpe:2.3:" or "cpe:/"`}}
		if name == "XML" {
			want.Problems = append(want.Problems, sbom.Problem{Path: "/bom/components/component[1]", Message: `holds "name" of the namespace "urn:ext", which is not read (1 in all)`})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func decode(t *testing.T, doc string) sbom.BOM {
	t.Helper()
	bom, err := cyclonedx.Decode(strings.NewReader(doc), nil)
	require.NoError(t, err)
	return bom
}

func with(properties string) string {
	return `{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"type":"library","name":"a","properties":[` + properties + `]}]}`
}

func TestSupportIsReadHoweverToolsSpellIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, properties string
		want             *sbom.Support
		problem          string
	}{
		{"nothing said", `{"name":"x","value":"y"}`, nil, ""},
		{"plain words", `{"name":"Level of Support","value":"Inactive"},{"name":"End-of-Support","value":"2031-05-06"}`,
			&sbom.Support{Level: "Inactive", Ends: day(2031, 5, 6), From: "Level of Support, End-of-Support"}, ""},
		{"a reason in place of a date", `{"name":"End-of-Support","value":"Open source"}`,
			&sbom.Support{Why: "End-of-Support: Open source", From: "End-of-Support"}, ""},
		{"a date of another form", `{"name":"endOfSupport","value":"31.12.2030"}`,
			&sbom.Support{Why: "endOfSupport: 31.12.2030", From: "endOfSupport"}, `"31.12.2030" is not a date`},
		{"an instant", `{"name":"cdx:lifecycle:milestone:endOfSupport","value":"2031-05-06T23:00:00Z"}`,
			&sbom.Support{Ends: day(2031, 5, 6), From: "cdx:lifecycle:milestone:endOfSupport"}, ""},
		{"twice the same", `{"name":"cdx:fda:end-of-support-date","value":"2031-05-06"},{"name":"cdx:lifecycle:milestone:endOfSupport","value":"2031-05-06"}`,
			&sbom.Support{Ends: day(2031, 5, 6), From: "cdx:fda:end-of-support-date, cdx:lifecycle:milestone:endOfSupport"}, ""},
		{"two dates", `{"name":"cdx:fda:end-of-support-date","value":"2031-05-06"},{"name":"cdx:lifecycle:milestone:endOfSupport","value":"2030-05-06"}`,
			&sbom.Support{Ends: day(2031, 5, 6), From: "cdx:fda:end-of-support-date, cdx:lifecycle:milestone:endOfSupport"}, "says 2030-05-06, which was 2031-05-06 before"},
		{"two levels", `{"name":"supportLevel","value":"ABANDONED"},{"name":"support:level","value":"NO_LONGER_MAINTAINED"}`,
			&sbom.Support{Level: sbom.Abandoned, From: "supportLevel, support:level"}, `says "NO_LONGER_MAINTAINED" of the level of support`},
		{"two levels, the worse last", `{"name":"supportLevel","value":"maintained"},{"name":"support:level","value":"abandoned"}`,
			&sbom.Support{Level: sbom.Abandoned, From: "supportLevel, support:level"}, `says "abandoned" of the level of support`},
		{"two levels, one of other words", `{"name":"supportLevel","value":"maintained"},{"name":"support:level","value":"Inactive"}`,
			&sbom.Support{Level: "Inactive", From: "supportLevel, support:level"}, `says "Inactive" of the level of support`},
		{"the date as written, west", `{"name":"endOfSupport","value":"2027-12-31T23:00:00-05:00"}`,
			&sbom.Support{Ends: day(2027, 12, 31), From: "endOfSupport"}, ""},
		{"the date as written, east", `{"name":"endOfSupport","value":"2028-01-01T01:00:00+05:00"}`,
			&sbom.Support{Ends: day(2028, 1, 1), From: "endOfSupport"}, ""},
		{"end of life is not end of support", `{"name":"cdx:lifecycle:milestone:endOfLife","value":"2031-05-06"}`, nil, ""},
	} {
		bom := decode(t, with(c.properties))
		require.Equal(t, c.want, bom.Components[0].Support, c.name)
		if c.problem == "" {
			require.Empty(t, bom.Problems, c.name)
		} else {
			require.Len(t, bom.Problems, 1, c.name)
			require.Contains(t, bom.Problems[0].Message, c.problem, c.name)
		}
	}
}

func TestTheMakersOfTheRootAreThoseOfTheMetadata(t *testing.T) {
	t.Parallel()
	bom := decode(t, `{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"type":"library","name":"a"}],
	 "metadata":{"manufacture":{"name":"Make"},"supplier":{"name":"Sup"},"component":{"type":"device","name":"d","components":[{"type":"library","name":"inside"}]}}}`)
	require.Equal(t, "Sup", bom.Root.Supplier)
	require.Equal(t, "Make", bom.Root.Manufacturer)
	require.Equal(t, "inside", bom.Components[0].Name, "what the root holds comes first")
	require.Equal(t, "metadata.component", bom.Components[0].Parent)
}

func TestWordsThatAreNoStateAreTold(t *testing.T) {
	t.Parallel()
	bom := decode(t, `{"bomFormat":"CycloneDX","specVersion":"1.5","vulnerabilities":[{"analysis":{"state":"fine","justification":"trust us"}}]}`)
	require.Len(t, bom.Statements, 1)
	require.Empty(t, bom.Statements[0].Status)
	require.Equal(t, "fine", bom.Statements[0].Original.State)
	require.Len(t, bom.Problems, 3)
}

func ExampleDecode_vulnerabilities() {
	bom, err := cyclonedx.Decode(strings.NewReader(richJSON), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range bom.Statements {
		fmt.Printf("%s %v %q %q\n", s.Vulnerability, s.Products, s.Status, s.Original.Justification)
	}
	for _, p := range bom.Problems {
		fmt.Println(p.Path, p.Message)
	}
	// Output:
	// CVE-2020-0001 [tls] "not_affected" "protected_at_perimeter"
	// CVE-2020-0003 [] "" ""
	// components[0].evidence.identity[1] cpe: "cpe:nonsense": does not begin with "cpe:2.3:" or "cpe:/"
}
