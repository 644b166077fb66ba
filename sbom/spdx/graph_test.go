package spdx_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/vex"
)

const boardGraph = `{"@context": ["https://spdx.org/rdf/3.0.1/spdx-context.jsonld", {"x": "urn:acme:"}], "@graph": [
  {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1", "created": "2026-01-02T03:04:05Z", "createdBy": ["x:acme"], "createdUsing": ["x:mill"]},
  {"type": "Organization", "spdxId": "x:acme", "name": "Acme", "creationInfo": "_:c"},
  {"type": "Tool", "spdxId": "x:mill", "name": "mill 1.0"},
  {"type": "SpdxDocument", "spdxId": "x:doc", "creationInfo": "_:c", "rootElement": ["x:sbom"]},
  {"type": "software_Sbom", "spdxId": "x:sbom", "rootElement": "x:board"},
  {"type": "software_Package", "spdxId": "x:board", "name": "Board", "software_packageVersion": "3", "software_primaryPurpose": "firmware", "suppliedBy": "x:acme"},
  {"type": "software_Package", "spdxId": "x:ssl", "name": "wolfssl", "software_packageVersion": "5.1.1", "software_packageUrl": "pkg:github/wolfssl/wolfssl@5.1.1",
   "originatedBy": [{"type": "Organization", "name": "wolfSSL"}],
   "verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": "00"}],
   "externalIdentifier": [
     {"externalIdentifierType": "cpe23", "identifier": "cpe:2.3:a:wolfssl:wolfssl:5.1.1:*:*:*:*:*:*:*"},
     {"externalIdentifierType": "cpe23", "identifier": "cpe:2.3:a:wolfssl"},
     {"externalIdentifierType": "swid", "identifier": "<SoftwareIdentity/>"}, {"externalIdentifierType": "gitoid", "identifier": "gitoid:blob:sha1:00"}],
   "supportLevel": ["limitedSupport"], "validUntilTime": "2028-01-31T00:00:00Z"},
  {"type": "software_Package", "spdxId": "x:src", "name": "wolfssl-5.1.1.tar.gz", "software_primaryPurpose": "source", "supportLevel": "endOfSupport"},
  {"type": "software_File", "spdxId": "x:patch", "name": "CVE-2022-25640.patch", "software_primaryPurpose": "patch"},
  {"type": "software_File", "spdxId": "x:c", "name": "src/tls13.c", "software_primaryPurpose": "source"},
  {"type": "software_File", "spdxId": "x:o", "name": "src/tls13.o"},
  {"type": "build_Build", "spdxId": "x:build"},
  {"type": "build_Build", "spdxId": "x:cc"},
  {"type": "ai_AIPackage", "spdxId": "x:net", "name": "dose-net", "ai_typeOfModel": ["transformer"]},
  {"type": "simplelicensing_LicenseExpression", "spdxId": "x:gpl", "simplelicensing_licenseExpression": "GPL-2.0-or-later"},
  {"type": "Relationship", "spdxId": "x:1", "from": "x:board", "relationshipType": "contains", "to": ["x:ssl", "x:net"]},
  {"type": "LifecycleScopedRelationship", "scope": "runtime", "from": "x:board", "relationshipType": "dependsOn", "to": "x:ssl"},
  {"type": "Relationship", "from": "x:net", "relationshipType": "dependsOn", "to": ["https://spdx.org/rdf/3.0.1/terms/Core/NoneElement"]},
  {"type": "Relationship", "from": "x:ssl", "relationshipType": "hasDeclaredLicense", "to": ["x:gpl"]},
  {"type": "Relationship", "from": "x:ssl", "relationshipType": "hasConcludedLicense", "to": ["https://spdx.org/licenses/GPL-3.0-only"]},
  {"type": "Relationship", "from": "x:build", "relationshipType": "hasOutput", "to": ["x:ssl"]},
  {"type": "Relationship", "from": "x:build", "relationshipType": "hasInput", "to": ["x:src", "x:patch", "x:o"]},
  {"type": "Relationship", "from": "x:cc", "relationshipType": "hasOutput", "to": ["x:o"]},
  {"type": "Relationship", "from": "x:cc", "relationshipType": "hasInput", "to": ["x:c"]},
  {"type": "security_Vulnerability", "spdxId": "x:v", "externalIdentifier": [
     {"externalIdentifierType": "securityOther", "identifier": "GHSA-0000-0000-0001"}, {"externalIdentifierType": "cve", "identifier": "CVE-2022-25640"}]},
  {"type": "security_VexNotAffectedVulnAssessmentRelationship", "from": "x:v", "relationshipType": "doesNotAffect", "to": ["x:ssl"],
   "security_justificationType": "vulnerableCodeNotInExecutePath", "security_impactStatement": "client only", "security_publishedTime": "2026-01-03T00:00:00Z"},
  {"type": "security_VexAffectedVulnAssessmentRelationship", "from": "urn:x/CVE-2022-25638", "relationshipType": "affects", "to": ["x:ssl"], "security_actionStatement": "update"},
  {"type": "security_VexFixedVulnAssessmentRelationship", "from": "urn:x/CVE-2022-1", "relationshipType": "fixedIn", "to": ["x:ssl"]},
  {"type": "security_VexUnderInvestigationVulnAssessmentRelationship", "from": "urn:x/CVE-2022-2", "relationshipType": "underInvestigationFor", "to": ["x:ssl"]},
  {"type": "security_VexFixedVulnAssessmentRelationship", "from": "urn:x/CVE-2022-3", "relationshipType": "fixedIn", "to": ["x:ssl"], "security_withdrawnTime": "2026-02-01T00:00:00Z"}
]}`

func TestAGraphIsReadWhole(t *testing.T) {
	t.Parallel()
	bom := read(t, boardGraph)
	require.Equal(t, sbom.SPDXJSONLD, bom.Format)
	require.Equal(t, "3.0.1", bom.Spec)
	require.Equal(t, "x:doc", bom.Serial)
	require.Equal(t, []string{"Acme"}, bom.Authors)
	require.Equal(t, []string{"mill 1.0"}, bom.Tools)
	require.Equal(t, sbom.Component{Ref: "x:board", Path: "@graph[5]", Type: sbom.Firmware, Name: "Board", Version: "3", Supplier: "Acme"}, bom.Root)
	require.Len(t, bom.Components, 3)
	source := sbom.Component{
		Ref: "x:src", Path: "@graph[7]", Type: "source", Name: "wolfssl-5.1.1.tar.gz",
		Support: &sbom.Support{Level: sbom.Unmaintained, From: "supportLevel endOfSupport"},
	}
	require.Equal(t, sbom.Component{
		Ref: "x:ssl", Parent: "x:board", Path: "@graph[6]", Name: "wolfssl", Version: "5.1.1", Supplier: "wolfSSL",
		PURL: "pkg:github/wolfssl/wolfssl@5.1.1", CPE: "cpe:2.3:a:wolfssl:wolfssl:5.1.1:*:*:*:*:*:*:*",
		More: []sbom.Identifier{
			{Kind: "cpe", Text: "cpe:2.3:a:wolfssl", From: "externalIdentifier", Problem: `cpe: "cpe:2.3:a:wolfssl": has 2 attributes, not 11`},
			{Kind: "swid", Text: "<SoftwareIdentity/>", From: "externalIdentifier"},
			{Kind: "gitoid", Text: "gitoid:blob:sha1:00", From: "externalIdentifier"},
		},
		Hashes: []sbom.Hash{{Algorithm: "sha256", Value: "00"}}, Licenses: []string{"GPL-2.0-or-later", "GPL-3.0-only"},
		Pedigree: &sbom.Pedigree{
			Ancestors: []sbom.Component{source},
			Patches:   []sbom.Patch{{Resolves: []string{"CVE-2022-25640"}, Diff: "CVE-2022-25640.patch"}},
		},
		Files:   []string{"src/tls13.c"},
		Support: &sbom.Support{Level: "limited support", Ends: time.Date(2028, 1, 31, 0, 0, 0, 0, time.UTC), From: "supportLevel limitedSupport, validUntilTime"},
	}, bom.Components[0])
	require.Equal(t, sbom.Component{
		Ref: "x:net", Parent: "x:board", Path: "@graph[13]", Type: sbom.Model, Name: "dose-net", ModelCard: json.RawMessage(`{"ai_typeOfModel":["transformer"]}`),
	}, bom.Components[1])
	require.Equal(t, source, bom.Components[2], "source is kept as a component too: nothing is dropped")
	require.Equal(t, []sbom.Edge{{From: "x:board", To: []string{"x:ssl"}}, {From: "x:net"}}, bom.Edges)
	require.Len(t, bom.Problems, 1, "the invalid CPE name")
}

func TestStatementsOfAGraphAreVEX(t *testing.T) {
	t.Parallel()
	got := read(t, boardGraph).Statements
	require.Len(t, got, 5)
	require.Equal(t, vex.Statement{
		Vulnerability: "CVE-2022-25640", Aliases: []string{"GHSA-0000-0000-0001"}, Products: vex.Refs("x:ssl"),
		Status: vex.NotAffected, Justification: vex.CodeNotInExecutePath, Impact: "client only",
		Original: vex.Original{Format: "spdx", State: "VexNotAffectedVulnAssessmentRelationship", Justification: "vulnerableCodeNotInExecutePath"},
		Issued:   time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC),
	}, got[0])
	require.Equal(t, vex.Affected, got[1].Status)
	require.Equal(t, "CVE-2022-25638", got[1].Vulnerability, "known by its address only")
	require.Equal(t, "update", got[1].Action)
	require.Equal(t, vex.Fixed, got[2].Status)
	require.Equal(t, vex.UnderInvestigation, got[3].Status)
	require.Empty(t, got[4].Status, "what was withdrawn states nothing")
}

func TestOneElementMayStandWithoutAGraph(t *testing.T) {
	t.Parallel()
	bom := read(t, `{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "type": "software_Package", "spdxId": "x:a", "name": "a",
	  "creationInfo": {"type": "CreationInfo", "specVersion": "3.0.1", "created": "2026-01-01T00:00:00Z"}}`)
	require.Len(t, bom.Components, 1)
	require.Equal(t, "a", bom.Components[0].Name)
}

func TestManyInputsOfManyOutputsAreBounded(t *testing.T) {
	t.Parallel()
	var in, out, all []string
	for i := range 1500 {
		in, out = append(in, fmt.Sprintf(`"i%d"`, i)), append(out, fmt.Sprintf(`"o%d"`, i))
		all = append(all, fmt.Sprintf(`{"type":"software_Package","spdxId":"i%d","name":"i","software_primaryPurpose":%q},{"type":"software_Package","spdxId":"o%d","name":"o"}`,
			i, []string{"source", "install"}[i%2], i))
	}
	bom := read(t, `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[{"type":"CreationInfo","specVersion":"3.0.1"},{"type":"build_Build","spdxId":"b"},
	  {"type":"Relationship","from":"b","relationshipType":"hasInput","to":[`+strings.Join(in, ",")+`]},
	  {"type":"Relationship","from":"b","relationshipType":"hasOutput","to":[`+strings.Join(out, ",")+`]},`+strings.Join(all, ",")+`]}`)
	require.Len(t, bom.Components, 3000)
	ancestors, edges := 0, 0
	for _, c := range bom.Components {
		if c.Pedigree != nil {
			ancestors += len(c.Pedigree.Ancestors)
		}
	}
	for _, e := range bom.Edges {
		edges += len(e.To)
	}
	require.Less(t, ancestors, 100_001)
	require.Less(t, edges, 1_000_001)
	require.Contains(t, fmt.Sprint(bom.Problems), "that are followed")
	require.Contains(t, fmt.Sprint(bom.Problems), "that are kept")
}
