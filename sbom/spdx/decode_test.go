package spdx_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/spdx"
)

const pumpJSON = `{
  "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "pump",
  "documentNamespace": "https://acme.example/pump-2.1",
  "creationInfo": {"created": "2026-01-02T03:04:05Z", "creators": ["Tool: mill-1.0", "Organization: Acme (psirt@acme.example)"]},
  "packages": [
    {"SPDXID": "SPDXRef-zlib", "name": "zlib", "versionInfo": "1.2.11", "supplier": "NOASSERTION", "downloadLocation": "NOASSERTION",
     "licenseDeclared": "Zlib", "licenseConcluded": "Zlib",
     "checksums": [{"algorithm": "SHA256", "checksumValue": "00"}],
     "externalRefs": [
       {"referenceCategory": "PACKAGE_MANAGER", "referenceType": "purl", "referenceLocator": "pkg:generic/zlib@1.2.11"},
       {"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:zlib:zlib:1.2.11:*:*:*:*:*:*:*"},
       {"referenceCategory": "SECURITY", "referenceType": "cpe22Type", "referenceLocator": "cpe:/a:gnu:zlib:1.2.11"},
       {"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:x:zlib"},
       {"referenceCategory": "SECURITY", "referenceType": "advisory", "referenceLocator": "https://acme.example/vex"}]},
    {"SPDXID": "SPDXRef-pump", "name": "Pump", "versionInfo": "2.1", "supplier": "Organization: Smith \u0026 Nephew (psirt@sn.example)",
     "downloadLocation": "NOASSERTION", "primaryPackagePurpose": "DEVICE"},
    {"SPDXID": "SPDXRef-os", "name": "RTOS", "versionInfo": "9", "originator": "Person: Jo ()", "downloadLocation": "https://rtos.example/9.tgz",
     "homepage": "https://rtos.example", "primaryPackagePurpose": "OPERATING_SYSTEM", "validUntilDate": "2027-12-31T00:00:00Z"}
  ],
  "files": [
    {"SPDXID": "SPDXRef-f1", "fileName": "./adler32.c", "fileTypes": ["SOURCE"]},
    {"SPDXID": "SPDXRef-f2", "fileName": "./README", "fileTypes": ["TEXT"]}
  ],
  "relationships": [
    {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-pump"},
    {"spdxElementId": "SPDXRef-zlib", "relationshipType": "CONTAINED_BY", "relatedSpdxElement": "SPDXRef-os"},
    {"spdxElementId": "SPDXRef-pump", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-os"},
    {"spdxElementId": "SPDXRef-pump", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "SPDXRef-os"},
    {"spdxElementId": "SPDXRef-zlib", "relationshipType": "DEPENDENCY_OF", "relatedSpdxElement": "SPDXRef-pump"},
    {"spdxElementId": "SPDXRef-zlib", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "NONE"},
    {"spdxElementId": "SPDXRef-zlib", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-f1"},
    {"spdxElementId": "SPDXRef-zlib", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-f2"}
  ]
}`

const pumpTags = `# made by hand
SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
DocumentName: pump
DocumentNamespace: https://acme.example/pump-2.1
Creator: Tool: mill-1.0
Creator: Organization: Acme (psirt@acme.example)
Created: 2026-01-02T03:04:05Z
DocumentComment: <text>PackageName: this is
not a package</text>

PackageName: zlib
SPDXID: SPDXRef-zlib
PackageVersion: 1.2.11
PackageSupplier: NOASSERTION
PackageDownloadLocation: NOASSERTION
PackageLicenseDeclared: Zlib
PackageLicenseConcluded: Zlib
PackageChecksum: SHA256: 00
ExternalRef: PACKAGE-MANAGER purl pkg:generic/zlib@1.2.11
ExternalRef: SECURITY cpe23Type cpe:2.3:a:zlib:zlib:1.2.11:*:*:*:*:*:*:*
ExternalRef: SECURITY cpe22Type cpe:/a:gnu:zlib:1.2.11
ExternalRef: SECURITY cpe23Type cpe:2.3:x:zlib
ExternalRef: SECURITY advisory https://acme.example/vex

FileName: ./adler32.c
SPDXID: SPDXRef-f1
FileType: SOURCE

FileName: ./README
SPDXID: SPDXRef-f2
FileType: TEXT

PackageName: Pump
SPDXID: SPDXRef-pump
PackageVersion: 2.1
PackageSupplier: Organization: Smith & Nephew (psirt@sn.example)
PackageDownloadLocation: NOASSERTION
PrimaryPackagePurpose: DEVICE

PackageName: RTOS
SPDXID: SPDXRef-os
PackageVersion: 9
PackageOriginator: Person: Jo ()
PackageDownloadLocation: https://rtos.example/9.tgz
PackageHomePage: https://rtos.example
PrimaryPackagePurpose: OPERATING-SYSTEM
ValidUntilDate: 2027-12-31T00:00:00Z

Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-pump
Relationship: SPDXRef-zlib CONTAINED_BY SPDXRef-os
Relationship: SPDXRef-pump CONTAINS SPDXRef-os
Relationship: SPDXRef-pump DEPENDS_ON SPDXRef-os
Relationship: SPDXRef-zlib DEPENDENCY_OF SPDXRef-pump
Relationship: SPDXRef-zlib DEPENDS_ON NONE
`

func read(t *testing.T, doc string) sbom.BOM {
	t.Helper()
	bom, err := spdx.Decode(strings.NewReader(doc), nil)
	require.NoError(t, err)
	return bom
}

func TestTheWholeTruthOfADocumentIsKept(t *testing.T) {
	t.Parallel()
	bom := read(t, pumpJSON)
	require.Equal(t, sbom.SPDXJSON, bom.Format)
	require.Equal(t, "2.3", bom.Spec)
	require.Equal(t, "https://acme.example/pump-2.1", bom.Serial)
	require.Equal(t, []string{"Acme"}, bom.Authors)
	require.Equal(t, []string{"mill-1.0"}, bom.Tools)
	require.Equal(t, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), bom.Created)
	require.Equal(t, sbom.Component{
		Ref: "SPDXRef-pump", Path: "packages[1]", Type: sbom.Device, Name: "Pump", Version: "2.1", Supplier: "Smith & Nephew",
		Links: []sbom.Link{{Kind: "supplier", URL: "mailto:psirt@sn.example"}},
	}, bom.Root)
	require.Equal(t, []sbom.Component{{
		Ref: "SPDXRef-os", Parent: "SPDXRef-pump", Path: "packages[2]", Type: sbom.OperatingSystem, Name: "RTOS", Version: "9", Supplier: "Jo",
		Links:   []sbom.Link{{Kind: "downloadLocation", URL: "https://rtos.example/9.tgz"}, {Kind: "homepage", URL: "https://rtos.example"}},
		Support: &sbom.Support{Ends: time.Date(2027, 12, 31, 0, 0, 0, 0, time.UTC), From: "validUntilDate"},
	}, {
		Ref: "SPDXRef-zlib", Parent: "SPDXRef-os", Path: "packages[0]", Name: "zlib", Version: "1.2.11",
		PURL: "pkg:generic/zlib@1.2.11", CPE: "cpe:2.3:a:zlib:zlib:1.2.11:*:*:*:*:*:*:*",
		More: []sbom.Identifier{
			{Kind: "cpe", Text: "cpe:/a:gnu:zlib:1.2.11", From: "externalRefs[2]"},
			{Kind: "cpe", Text: "cpe:2.3:x:zlib", From: "externalRefs[3]", Problem: `cpe: "cpe:2.3:x:zlib": has 2 attributes, not 11`},
		},
		Hashes: []sbom.Hash{{Algorithm: "SHA256", Value: "00"}}, Licenses: []string{"Zlib"},
		Links: []sbom.Link{{Kind: "advisory", URL: "https://acme.example/vex"}},
		Files: []string{"./adler32.c"},
	}}, bom.Components, "a component comes before the ones nested in it, whatever their order")
	require.Equal(t, []sbom.Edge{
		{From: "SPDXRef-pump", To: []string{"SPDXRef-os", "SPDXRef-zlib"}}, {From: "SPDXRef-zlib"},
	}, bom.Edges, "an inverse relationship is the same edge; NONE says that there is none")
	require.Len(t, bom.Problems, 1)
	require.Equal(t, "packages[0].externalRefs[3]", bom.Problems[0].Path)
}

func TestOneDocumentInThreeFormsIsOneBOM(t *testing.T) {
	t.Parallel()
	want := read(t, pumpJSON)
	for form, doc := range map[sbom.Format]string{sbom.SPDXTagValue: pumpTags, sbom.SPDXYAML: "--- # " + "\n" + pumpJSON} {
		got := read(t, doc)
		require.Equal(t, form, got.Format)
		require.Empty(t, cmp.Diff(placeless(want), placeless(got)), form)
	}
}

// placeless leaves out where things stood.
func placeless(b sbom.BOM) sbom.BOM {
	b.Format, b.Digest = "", ""
	bare := func(c sbom.Component) sbom.Component {
		c.Path = ""
		return c
	}
	b.Root = bare(b.Root)
	components := b.Components
	b.Components = nil
	for _, c := range components {
		b.Components = append(b.Components, bare(c))
	}
	problems := b.Problems
	b.Problems = nil
	for _, p := range problems {
		b.Problems = append(b.Problems, sbom.Problem{Message: p.Message})
	}
	return b
}

func TestTextInYAMLStaysAsItIsWritten(t *testing.T) {
	t.Parallel()
	bom := read(t, `spdxVersion: SPDX-2.3
SPDXID: SPDXRef-DOCUMENT
name: x
dataLicense: CC0-1.0
documentNamespace: https://a.example/x
creationInfo: {created: 2026-01-02T03:04:05Z, creators: ["Tool: t"]}
packages:
- {SPDXID: SPDXRef-a, name: a, versionInfo: 1.10, filesAnalyzed: false, downloadLocation: NOASSERTION}
- {SPDXID: SPDXRef-b, name: b, versionInfo: 2024-01-01, downloadLocation: NOASSERTION}
- {SPDXID: SPDXRef-c, name: c, versionInfo: 010, downloadLocation: NOASSERTION, supplier: ~}
`)
	require.Empty(t, bom.Problems)
	require.Equal(t, []string{"1.10", "2024-01-01", "010"}, []string{bom.Components[0].Version, bom.Components[1].Version, bom.Components[2].Version})
}

func TestWhatIsOddIsToldAndTheRestIsRead(t *testing.T) {
	t.Parallel()
	bom := read(t, `{"relationships": [
    {"spdxElementId": "a", "relatedSpdxElement": "b", "relationshipType": "CONTAINS"},
    {"spdxElementId": "b", "relatedSpdxElement": "a", "relationshipType": "CONTAINS"},
    {"spdxElementId": "a", "relatedSpdxElement": "b", "relationshipType": "LIKES"}, {}],
  "packages": [
    {"SPDXID": "a", "name": "a", "supplier": "Acme", "versionInfo": 1.10, "downloadLocation": "NONE", "externalRefs": [
       {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:"}, {"referenceType": "purl"}]},
    {"SPDXID": "b", "name": "b", "downloadLocation": 7, "supplier": ""},
    {"SPDXID": "b", "name": "again", "downloadLocation": "NONE"},
    {"name": "nameless", "downloadLocation": "NONE", "validUntilDate": "soon"},
    "text"],
  "files": {"a": [1]}, "spdxVersion": "SPDX-2.3"}`)
	require.Len(t, bom.Components, 5)
	require.Equal(t, "Acme", bom.Components[0].Supplier)
	require.Equal(t, "1.10", bom.Components[0].Version)
	require.Equal(t, "pkg:", bom.Components[0].PURL)
	var told []string
	for _, p := range bom.Problems {
		told = append(told, p.Path+": "+p.Message)
	}
	for _, want := range []string{
		`packages[0].supplier: "Acme" does not say`, "packages[0].versionInfo: is a number, not text", "packages[0].externalRefs[0]: sbom: purl", "packages[0].externalRefs[1]: has no locator",
		"packages[1].downloadLocation: is a number", `packages[2]: has the SPDX id "b" of packages[1]`, "packages[3]: has no SPDX id", "packages[3].validUntilDate",
		"packages[4]: has no name", "files: is an object, not a list", `relationships[2]: has the type "LIKES"`, "relationships[3]: lacks an end",
		"packages[0]: is held by itself", "creationInfo.created: is missing", "documentNamespace: is missing",
	} {
		require.Contains(t, strings.Join(told, "\n"), want)
	}
}

func TestSeveralDescribedPackagesLeaveNoRoot(t *testing.T) {
	t.Parallel()
	bom := read(t, `{"spdxVersion": "SPDX-2.2", "documentDescribes": ["SPDXRef-a", "SPDXRef-b"], "packages": [{"SPDXID": "SPDXRef-a", "name": "a"}, {"SPDXID": "SPDXRef-b", "name": "b"}]}`)
	require.Empty(t, bom.Root.Name)
	require.Len(t, bom.Components, 2)
}

func TestFilesAreComponentsOnlyWhereThereIsNoPackage(t *testing.T) {
	t.Parallel()
	files := `"files": [{"SPDXID": "SPDXRef-f", "fileName": "boot.bin", "checksums": [{"algorithm": "SHA1", "checksumValue": "aa"}]}]}`
	bom := read(t, `{"spdxVersion": "SPDX-2.3", `+files)
	require.Equal(t, []sbom.Component{{
		Ref: "SPDXRef-f", Path: "files[0]", Type: sbom.File, Name: "boot.bin", Hashes: []sbom.Hash{{Algorithm: "SHA1", Value: "aa"}},
	}}, bom.Components)
	bom = read(t, `{"spdxVersion": "SPDX-2.3", "packages": [{"SPDXID": "SPDXRef-a", "name": "a"}], `+files)
	require.Len(t, bom.Components, 1)
	require.Equal(t, "a", bom.Components[0].Name)
}

func TestBadDocumentsAreErrorsThatNameThePlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, doc, want string }{
		{"nothing", "", "is empty"},
		{"a byte order mark alone", "\xef\xbb\xbf", "is empty"},
		{"an empty object", "{}", "spdxVersion: is missing"},
		{"a version to come", `{"spdxVersion":"SPDX-9.9"}`, `spdxVersion: "SPDX-9.9" is not a version`},
		{"cut off", pumpJSON[:300], "line 5, column 12: is cut off"},
		{"two documents", `{"spdxVersion":"SPDX-2.3"} {}`, "line 1, column 2"},
		{"no JSON", "{\n\"spdxVersion\": x}", "line 2, column 17"},
		{"Latin-1", "{\"spdxVersion\":\"SPDX-2.3\",\n\"name\":\"\xe9\"}", "line 2, column 9: is not UTF-8"},
		{"too deep", strings.Repeat(`{"a":[`, 150), "nested deeper than"},
		{"RDF", `<rdf:RDF xmlns:spdx="http://spdx.org/rdf/terms#"/>`, "RDF/XML, which is not read"},
		{"other XML", `<html/>`, "XML, but not SPDX"},
		{"words", "hello\nworld", "line 1, column 1: is neither JSON nor lines of tag-value"},
		{"tags of another kind", "From: me\nTo: you\n", "SPDXVersion: is missing"},
		{"tag-value of a version to come", "# x\nSPDXVersion: SPDX-9.9\n", `line 2, column 1: SPDXVersion: "SPDX-9.9"`},
		{"tag-value cut off", "SPDXVersion: SPDX-2.3\nDocumentComment: <text>a\nb", "line 2, column 1: is cut off"},
		{"YAML of a version to come", "spdxVersion: SPDX-9.9\n", "SPDX-9.9"},
		{"YAML that is none", "---\n\ta: b\n", "line 2"},
		{"YAML of another kind", "---\n- a\n", "holds no SPDX"},
		{"YAML that unfolds", "---\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f]\n", "unfold"},
		{"a graph of a version to come", `{"@context": "https://spdx.org/rdf/4.0.0/spdx-context.jsonld", "@graph": [{"type": "CreationInfo", "specVersion": "4.0.0"}]}`, `specVersion: "4.0.0"`},
		{"a graph of another kind", `{"@context": "https://schema.org", "@graph": []}`, "@context: is not that of SPDX 3"},
	} {
		_, err := spdx.Decode(strings.NewReader(c.doc), nil)
		var syntax *spdx.SyntaxError
		require.ErrorAs(t, err, &syntax, c.name)
		require.ErrorContains(t, err, c.want, c.name)
	}
	_, err := spdx.Decode(strings.NewReader(pumpJSON), &spdx.Options{MaxBytes: 100})
	require.ErrorContains(t, err, "longer than the 100 bytes allowed")
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{pumpJSON, pumpTags, "---\n" + pumpJSON, boardGraph, "{}", "SPDXVersion: SPDX-2.2\nPackageName: a\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		bom, err := spdx.Decode(strings.NewReader(string(data)), &spdx.Options{MaxBytes: 1 << 20})
		if err != nil {
			return
		}
		if bom.Spec == "" || bom.Digest == "" || bom.Format == "" {
			t.Fatalf("read without a version, format or digest: %q", data)
		}
		place := map[string]int{bom.Root.Ref: -1}
		for i, c := range bom.Components {
			if _, twice := place[c.Ref]; !twice {
				place[c.Ref] = i
			}
		}
		for i, c := range bom.Components {
			if at, ok := place[c.Parent]; c.Parent != "" && (!ok || at >= i && place[c.Ref] == i) {
				t.Fatalf("%q stands before its holder %q, or that is not there", c.Ref, c.Parent)
			}
			c.Coordinates()
			c.Stated()
		}
	})
}

func ExampleDecode() {
	bom, err := spdx.Decode(strings.NewReader(pumpTags), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(bom.Root.Type, bom.Root.Name, bom.Root.Version)
	for _, c := range bom.Components {
		fmt.Printf("%s %s in %s\n", c.Name, c.Version, c.Parent)
	}
	// Output:
	// device Pump 2.1
	// RTOS 9 in SPDXRef-pump
	// zlib 1.2.11 in SPDXRef-os
}
