package spdx_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/spdx"
)

// document23 is a valid document with the given packages and relationships.
func document23(packages, more string) string {
	return `{"spdxVersion":"SPDX-2.3","dataLicense":"CC0-1.0","SPDXID":"SPDXRef-DOCUMENT","name":"d","documentNamespace":"https://acme.example/d",` +
		`"creationInfo":{"created":"2026-01-02T03:04:05Z","creators":["Tool: t"]},"packages":` + packages + more + `}`
}

const purl = `{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:generic/a@1"}`

func pathsOf(problems []sbom.Problem) []string {
	var out []string
	for _, p := range problems {
		out = append(out, p.Path)
	}
	return out
}

func ExampleCheck() {
	found, err := spdx.Check(strings.NewReader(document23(`[{"SPDXID":"SPDXRef-a","name":"a"}]`, "")), nil)
	fmt.Println(found, err)
	// Output: [{packages[0].downloadLocation is missing}] <nil>
}

func TestOneObjectIsAListOfOne(t *testing.T) {
	t.Parallel()
	bom := read(t, document23(`{"SPDXID":"SPDXRef-a","name":"a","downloadLocation":"NONE","externalRefs":`+purl+
		`,"checksums":{"algorithm":"SHA256","checksumValue":"00"}}`,
		`,"relationships":{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-a"},"comment":"after it"`))
	require.Equal(t, "pkg:generic/a@1", bom.Root.PURL)
	require.Len(t, bom.Root.Hashes, 1)
	require.ElementsMatch(t, []string{"packages", "packages[0].externalRefs", "packages[0].checksums", "relationships"}, pathsOf(bom.Problems))
}

func TestEachWrongTypeIsToldAndLosesItsFieldOnly(t *testing.T) {
	t.Parallel()
	bom := read(t, document23(`[{"SPDXID":"SPDXRef-a","name":["b"],"downloadLocation":"NONE","licenseDeclared":5,"supplier":["Organization: X"],
		"originator":{},"externalRefs":`+purl+`,"filesAnalyzed":"no","homepage":"https://a.example","homepage":"https://b.example"}]`, ""))
	require.Len(t, bom.Components, 1)
	require.Equal(t, "pkg:generic/a@1", bom.Components[0].PURL)
	require.ElementsMatch(t, []string{
		"packages[0].name", "packages[0].licenseDeclared", "packages[0].supplier", "packages[0].originator", "packages[0].externalRefs",
		"packages[0].filesAnalyzed", "packages[0].homepage", "packages[0]", // the last: it has no name
	}, pathsOf(bom.Problems))
}

func TestSupportEndsOnADayAsItIsWritten(t *testing.T) {
	t.Parallel()
	for _, until := range []string{"2027-12-31T23:30:00-05:00", "2027-12-31T00:30:00+05:00", "2027-12-31", "2027-12-31T12:00:00Z"} {
		bom := read(t, document23(`[{"SPDXID":"SPDXRef-a","name":"a","downloadLocation":"NONE","validUntilDate":"`+until+`"}]`, ""))
		require.Equal(t, time.Date(2027, 12, 31, 0, 0, 0, 0, time.UTC), bom.Components[0].Support.Ends, until)
	}
}

func TestWhatIsDescribedIsOneThingThatIsThere(t *testing.T) {
	t.Parallel()
	two := document23(`[{"SPDXID":"SPDXRef-a","name":"a","downloadLocation":"NONE"},{"SPDXID":"SPDXRef-b","name":"b","downloadLocation":"NONE"}]`,
		`,"documentDescribes":["SPDXRef-a","SPDXRef-b"]`)
	bom := read(t, two)
	require.Len(t, bom.Problems, 1)
	require.Contains(t, bom.Problems[0].Message, "no one root")
	found, err := spdx.Check(strings.NewReader(two), nil)
	require.NoError(t, err)
	require.Empty(t, found, "the specification allows it")

	bom = read(t, document23(`[]`, `,"documentDescribes":["SPDXRef-x"]`))
	require.Equal(t, []string{"documentDescribes[0]"}, pathsOf(bom.Problems))
	bom = read(t, document23(`[]`, `,"relationships":[{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-x"}]`))
	require.Equal(t, []string{"relationships[0]"}, pathsOf(bom.Problems))
}

func TestEachRuleOfSPDX2IsHeldAgainstADocument(t *testing.T) {
	t.Parallel()
	one := func(more string) string {
		return document23(`[{"SPDXID":"SPDXRef-a","name":"a","downloadLocation":"NONE"`+more+`}]`, "")
	}
	old := func(s string) string { return strings.Replace(s, "SPDX-2.3", "SPDX-2.2", 1) }
	said := `,"licenseConcluded":"NONE","licenseDeclared":"NONE","copyrightText":"NONE"`
	for name, c := range map[string]struct{ document, path string }{
		"nothing wrong":         {one(said), ""},
		"nothing wrong in 2.2":  {old(one(said)), ""},
		"no license in 2.2":     {old(one(`,"licenseDeclared":"NONE","copyrightText":"NONE"`)), "packages[0].licenseConcluded"},
		"a later field":         {old(one(said + `,"releaseDate":"2026-01-01T00:00:00Z"`)), "packages[0].releaseDate"},
		"a later algorithm":     {old(one(said + `,"checksums":[{"algorithm":"BLAKE3","checksumValue":"00"}]`)), "packages[0].checksums[0].algorithm"},
		"an unknown algorithm":  {one(`,"checksums":[{"algorithm":"sha256","checksumValue":"00"}]`), "packages[0].checksums[0].algorithm"},
		"an unknown purpose":    {one(`,"primaryPackagePurpose":"PUMP"`), "packages[0].primaryPackagePurpose"},
		"an unknown field":      {one(`,"colour":"red"`), "packages[0].colour"},
		"a field of the text":   {strings.Replace(one(""), `"name":"d"`, `"name":"d","colour":1`, 1), "colour"},
		"an id of another form": {strings.ReplaceAll(one(""), "SPDXRef-a", "SPDXRef-a_b"), "packages[0].SPDXID"},
		"a namespace":           {strings.Replace(one(""), "https://acme.example/d", "acme", 1), "documentNamespace"},
		"a date of creation":    {strings.Replace(one(""), "03:04:05Z", "03:04:05+01:00", 1), "creationInfo.created"},
		"a license of the data": {strings.Replace(one(""), "CC0-1.0", "MIT", 1), "dataLicense"},
		"an absent id": {document23(`[]`, `,"relationships":[{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"CONTAINS","relatedSpdxElement":"SPDXRef-x"}]`),
			"relationships[0]"},
		"a file without name": {document23(`[]`, `,"files":[{"SPDXID":"SPDXRef-f","checksums":[]}]`), "files[0].fileName"},
	} {
		found, err := spdx.Check(strings.NewReader(c.document), nil)
		require.NoError(t, err, name)
		if c.path == "" {
			require.Empty(t, found, name)
			continue
		}
		require.Equal(t, []string{c.path}, pathsOf(found), name)
	}
}

func TestTheWordsOfTagValueAreJudged(t *testing.T) {
	t.Parallel()
	found, err := spdx.Check(strings.NewReader(pumpTags), nil)
	require.NoError(t, err)
	require.Len(t, found, 1, "the CPE name that is none")
	found, err = spdx.Check(strings.NewReader(strings.Replace(pumpTags, "SHA256: 00", "SHA-256: 00", 1)), nil)
	require.NoError(t, err)
	require.Len(t, found, 2)
}
