package csaf_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	format "github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/vex"
	"github.com/open-postmarket/postmarket/vex/csaf"
)

const meta = `"document":{"category":"csaf_vex","csaf_version":"2.0","title":"Pump","publisher":{"category":"vendor","name":"Acme","namespace":"https://acme.example"},
	"tracking":{"id":"ACME-1","version":"2","status":"final","initial_release_date":"2026-03-01T10:00:00+01:00","current_release_date":"2026-03-02T09:00:00Z"}}`

const tree = `"product_tree":{
	"branches":[{"category":"vendor","name":"Acme","branches":[{"category":"product_name","name":"Pump","branches":[
		{"category":"product_version","name":"2.1","product":{"name":"Acme Pump 2.1","product_id":"P21","product_identification_helper":{"cpe":"cpe:/h:acme:pump:2.1","model_numbers":["P-7"]}}},
		{"category":"product_version","name":"2.2","product":{"name":"Acme Pump 2.2","product_id":"P22"}},
		{"category":"product_version_range","name":"<=2.0","product":{"name":"Acme Pump up to 2.0","product_id":"P20"}},
		{"category":"product_version","name":"3.0","branches":[{"category":"architecture","name":"arm64","product":{"name":"Acme Pump 3.0 on arm64","product_id":"P30"}}]}]}]}],
	"full_product_names":[{"name":"wolfSSL 5.1.1","product_id":"TLS","product_identification_helper":{"purl":"pkg:github/wolfssl/wolfssl@5.1.1","hashes":[{"filename":"a","file_hashes":[{"algorithm":"sha256","value":"ab"}]}],"x_generic_uris":[{"namespace":"https://udi.example","uri":"urn:1"}]}}],
	"relationships":[
		{"category":"default_component_of","product_reference":"TLS","relates_to_product_reference":"P21","full_product_name":{"name":"wolfSSL in Pump 2.1","product_id":"P21:TLS"}},
		{"category":"installed_on","product_reference":"P21:TLS","relates_to_product_reference":"P30","full_product_name":{"name":"deep","product_id":"DEEP"}},
		{"category":"installed_on","product_reference":"RING","relates_to_product_reference":"P21","full_product_name":{"name":"ring","product_id":"RING"}}],
	"product_groups":[{"group_id":"G","product_ids":["P21:TLS","P22"]}]}`

func decode(t testing.TB, vulnerabilities string) vex.Document {
	t.Helper()
	doc, err := csaf.Decode(strings.NewReader(`{` + meta + `,` + tree + `,"vulnerabilities":[` + vulnerabilities + `]}`))
	require.NoError(t, err)
	return doc
}

func TestWhatIsSaidOfProductsIsGathered(t *testing.T) {
	t.Parallel()
	doc := decode(t, `{"cve":"CVE-2022-25640","ids":[{"system_name":"GHSA","text":"GHSA-xx"}],
		"product_status":{"known_not_affected":["P21:TLS","P22","P30"],"known_affected":["P20"],"first_fixed":["P21"],"recommended":["P22"]},
		"flags":[{"label":"vulnerable_code_not_present","group_ids":["G"],"date":"2026-02-01T00:00:00Z"}],
		"threats":[{"category":"impact","details":"No TLS 1.3.","group_ids":["G"]},{"category":"exploit_status","details":"none","product_ids":["P22"]}],
		"remediations":[{"category":"vendor_fix","details":"Update.","url":"https://acme.example/2.2","product_ids":["P20"]},{"category":"workaround","details":"Unplug.","product_ids":["P20"]}]}`)
	require.Empty(t, doc.Problems)
	require.Equal(t, "ACME-1 2 Pump Acme vendor", strings.Join([]string{doc.ID, doc.Version, doc.Title, doc.Author, doc.Role}, " "))
	require.Equal(t, time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), doc.Issued)
	require.Len(t, doc.Digest, 64)
	require.Len(t, doc.Statements, 4)

	s := doc.Statements[0]
	device := &vex.Product{Ref: "P21", Title: "Acme Pump 2.1", Vendor: "Acme", Name: "Pump", Version: "2.1", CPE: "cpe:/h:acme:pump:2.1", Only: []vex.ID{{Kind: "model_number", Value: "P-7"}}}
	require.Equal(t, vex.Statement{
		Vulnerability: "CVE-2022-25640", Aliases: []string{"GHSA-xx"}, Status: vex.NotAffected, Justification: vex.CodeNotPresent, Impact: "No TLS 1.3.",
		Issued:   time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC),
		Original: vex.Original{Format: "csaf", State: "known_not_affected", Justification: "vulnerable_code_not_present"},
		Products: []vex.Product{
			{
				Ref: "P21:TLS", Title: "wolfSSL in Pump 2.1", PURL: "pkg:github/wolfssl/wolfssl@5.1.1", Hashes: []vex.Hash{{Algorithm: "sha256", Value: "ab"}},
				IDs: []vex.ID{{Kind: "https://udi.example", Value: "urn:1"}}, Within: device, Relation: "default_component_of",
			},
			{Ref: "P22", Title: "Acme Pump 2.2", Vendor: "Acme", Name: "Pump", Version: "2.2"},
		},
	}, s)
	require.Equal(t, []vex.ID{{Kind: "architecture", Value: "arm64"}}, doc.Statements[1].Products[0].Only, "what narrows a product is not lost")
	require.Empty(t, doc.Statements[1].Justification)
	require.Equal(t, "<=2.0", doc.Statements[2].Products[0].Range)
	require.Equal(t, "Update.\nhttps://acme.example/2.2\n\nUnplug.", doc.Statements[2].Action)
	require.Equal(t, []string{"vendor_fix", "workaround"}, doc.Statements[2].Original.Responses)
	require.Equal(t, vex.Fixed, doc.Statements[3].Status)
	require.Equal(t, "first_fixed", doc.Statements[3].Original.State)
}

func TestChainsOfRelationshipsAreResolved(t *testing.T) {
	t.Parallel()
	doc := decode(t, `{"cve":"CVE-1","product_status":{"fixed":["DEEP"]}}`)
	require.Equal(t, []vex.Key{{Vulnerability: "CVE-1", Product: `Acme Pump 3.0 on arm64 3.0 architecture="arm64" > cpe:/h:acme:pump:2.1 2.1 model_number="P-7" > pkg:github/wolfssl/wolfssl@5.1.1`}}, doc.Statements[0].Keys())
}

func TestWhatIsNotKnownIsNotCleared(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]string{
		"a product that is not there": `"cve":"CVE-1","product_status":{"fixed":["NONE"]}`,
		"a product made of itself":    `"cve":"CVE-1","product_status":{"fixed":["RING"]}`,
		"a contradiction":             `"cve":"CVE-1","product_status":{"fixed":["P22"],"known_affected":["P22"]}`,
		"no vulnerability":            `"title":"x","product_status":{"fixed":["P22"]}`,
		"status of another kind":      `"cve":"CVE-1","product_status":{"fixed":["P22",7]}`,
		"status twice":                `"cve":"CVE-1","product_status":{"fixed":["P22"]},"product_status":{"fixed":["P22"]}`,
		"status misspelt":             `"cve":"CVE-1","product_status":{"fixed":["P22"],"Known_Affected":["P22"]}`,
	} {
		doc := decode(t, `{`+v+`},{"cve":"CVE-2","product_status":{"fixed":["P22"]}}`)
		require.NotEmpty(t, doc.Problems, name)
		last := len(doc.Statements) - 1
		for _, s := range doc.Statements[:last] {
			require.False(t, s.Status.Clears(), name)
		}
		require.Equal(t, vex.Fixed, doc.Statements[last].Status, "what is read is not spoiled by what is not")
	}
}

func TestAFlagIsAJustificationOnlyAloneAndWhereItBelongs(t *testing.T) {
	t.Parallel()
	for flags, want := range map[string]string{
		`{"label":"component_not_present","product_ids":["P22"]},{"label":"vulnerable_code_not_present","product_ids":["P22"]}`: "has the flags",
		`{"label":"protected_at_perimeter","product_ids":["P22"]}`:                                                              "is not a flag of CSAF",
		`{"label":"component_not_present"}`:                                                                                     "names no product",
		`{"label":"component_not_present","group_ids":["NONE"]}`:                                                                `the group "NONE" is not defined`,
	} {
		doc := decode(t, `{"cve":"CVE-1","product_status":{"known_not_affected":["P22"]},"flags":[`+flags+`]}`)
		require.Contains(t, fmt.Sprint(doc.Problems), want)
		require.Empty(t, doc.Statements[0].Justification)
		require.Equal(t, vex.NotAffected, doc.Statements[0].Status)
	}
	doc := decode(t, `{"cve":"CVE-1","product_status":{"known_affected":["P22"]},"flags":[{"label":"component_not_present","product_ids":["P22"]}]}`)
	require.Empty(t, doc.Statements[0].Justification)
	require.Equal(t, "component_not_present", doc.Statements[0].Original.Justification)
	require.Len(t, doc.Problems, 1)
}

func TestOtherDocumentsAreRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                      "csaf: line 1, column 1: the text is empty",
		`{"@context":"https://openvex.dev/ns"}`: "csaf: the document is of the format openvex",
		`{"bomFormat":"CycloneDX"}`:             "csaf: the document is of the format cyclonedx",
		"{\n\"document\": oops}":                "csaf: line 2, column 13",
		`{"document":{"csaf_version":"2.1"}}`:   "not CSAF version 2.0",
		`{"document":{"tracking":{"status":"deleted"}}}`: "no /document/csaf_version",
	} {
		_, err := csaf.Decode(strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
	}
	_, err := csaf.Read(nil)
	require.EqualError(t, err, "csaf: no document")
}

// refused are the files of the bundle that are not read, with the reason.
var refused = map[string]string{
	"delete_CVE-2023-0030.json": "no /document/csaf_version", "delete_CVE-2023-0031.json": "no /document/csaf_version",
	"cve-1999-0001-deleted.json": "no /document/csaf_version", // notices that a document is gone
}

func TestEveryDocumentOfTheBundleIsReadOrRefused(t *testing.T) {
	t.Parallel()
	for folder, want := range map[string]struct{ files, statements int }{
		"vex": {24, 76}, "csaf/redhat": {3, 8}, "csaf/vendors": {7, 75}, "csaf/cisa-icsma": {111, 385},
	} {
		files, statements := 0, 0
		err := filepath.WalkDir(testdata.Path(t, folder), func(path string, d fs.DirEntry, err error) error {
			require.NoError(t, err)
			if d.IsDir() || !strings.HasSuffix(path, ".json") {
				return nil
			}
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			doc, err := csaf.Decode(bytes.NewReader(data))
			if vex.Sniff(data) != csaf.Format {
				require.Error(t, err, path)
				return nil
			}
			files++
			if why := refused[filepath.Base(path)]; why != "" {
				require.ErrorContains(t, err, why, path)
				return nil
			}
			require.NoError(t, err, path)
			statements += len(doc.Statements)
			same(t, path, data, doc)
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, want.files, files, folder)
		require.Equal(t, want.statements, statements, folder)
	}
}

// same holds what was read against the lists in the document.
func same(t *testing.T, path string, data []byte, doc vex.Document) {
	t.Helper()
	var from struct {
		Vulnerabilities []struct {
			Status map[string]json.RawMessage `json:"product_status"`
		}
	}
	if json.Unmarshal(data, &from) != nil {
		return // a vulnerability that is a list
	}
	want, got := map[string]int{}, map[string]int{}
	for _, v := range from.Vulnerabilities {
		for list, raw := range v.Status {
			var ids []string
			require.NoError(t, json.Unmarshal(raw, &ids), path)
			if list != "recommended" && len(ids) > 0 {
				want[list] += len(ids)
			}
		}
	}
	for _, s := range doc.Statements {
		got[s.Original.State] += len(s.Products)
		for _, p := range s.Products {
			require.NotEmpty(t, p.Title, path)
		}
	}
	require.Equal(t, want, got, path)
}

func TestTheTableIsWhatItSays(t *testing.T) {
	t.Parallel()
	var table struct {
		Source, Force, Certainty string
		Statuses, Justifications []struct{ Token string }
		Never                    []struct{ Token, Note string }
	}
	data, err := os.ReadFile("mapping.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &table))
	require.Len(t, table.Statuses, 7)
	require.Len(t, table.Justifications, 5)
	for _, row := range table.Statuses {
		s, ok := csaf.Status(row.Token)
		require.True(t, ok && s.Valid(), row.Token)
	}
	for _, row := range table.Justifications {
		j, ok := csaf.Justification(row.Token)
		require.True(t, ok && j.Valid() && format.FlagLabel(row.Token).Valid(), row.Token)
	}
	for _, row := range table.Never {
		_, status := csaf.Status(row.Token)
		_, justification := csaf.Justification(row.Token)
		require.False(t, status || justification, row.Token)
		require.NotEmpty(t, row.Note)
	}
}

func ExampleDecode() {
	doc, err := csaf.Decode(strings.NewReader(`{` + meta + `,` + tree + `,"vulnerabilities":[
		{"cve":"CVE-2022-25640","product_status":{"known_not_affected":["P21:TLS"]},"flags":[{"label":"vulnerable_code_not_present","product_ids":["P21:TLS"]}]}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range doc.Statements {
		fmt.Println(s.Vulnerability, s.Status, s.Justification)
		for _, p := range s.Products {
			fmt.Println(" ", p, "in", p.Within.Vendor, p.Within.Name, p.Within.Version)
		}
	}
	// Output:
	// CVE-2022-25640 not_affected vulnerable_code_not_present
	//   pkg:github/wolfssl/wolfssl@5.1.1 in Acme Pump 2.1
}

func ExampleRead() {
	doc, err := csaf.Read(&format.Document{
		ProductTree:     &format.ProductTree{FullProductNames: []format.Product{{ID: "P", Name: "Acme Pump 2.2"}}},
		Vulnerabilities: []format.Vulnerability{{CVE: "CVE-2022-25640", ProductStatus: &format.ProductStatus{Fixed: []string{"P"}}}},
	})
	fmt.Println(doc.Statements[0].Status, doc.Statements[0].Products[0].Title, err)
	// Output: fixed Acme Pump 2.2 <nil>
}

func ExampleStatus() {
	fmt.Println(csaf.Status("first_fixed"))
	fmt.Println(csaf.Status("recommended"))
	// Output:
	// fixed true
	//  false
}

func ExampleJustification() {
	fmt.Println(csaf.Justification("component_not_present"))
	fmt.Println(csaf.Justification("workaround"))
	// Output:
	// component_not_present true
	//  false
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{` + meta + `,` + tree + `,"vulnerabilities":[{"cve":"CVE-1","product_status":{"fixed":["DEEP","RING"],"known_not_affected":["P21:TLS"]},"flags":[{"label":"component_not_present","group_ids":["G"]}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := csaf.Decode(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, s := range doc.Statements {
			if s.Status.Clears() && (len(s.Products) == 0 || s.Vulnerability == "") {
				t.Fatalf("cleared: %+v", s)
			}
			s.Keys()
		}
		if out, err := csaf.Write(doc, options); err == nil {
			again, err := csaf.Read(out)
			require.NoError(t, err)
			require.Equal(t, byKey(doc), byKey(again))
		}
		text, err := json.Marshal(doc)
		require.NoError(t, err)
		var back vex.Document
		require.NoError(t, json.Unmarshal(text, &back))
		again, err := json.Marshal(back)
		require.NoError(t, err)
		require.Equal(t, string(text), string(again))
	})
}

func TestAnEntryThatSaysNothingIsTold(t *testing.T) {
	t.Parallel()
	for _, silent := range []string{
		`{"cve":"CVE-2024-0002","notes":[{"category":"description","text":"x"}]}`, `{"cve":"CVE-2024-0002","product_status":{"recommended":["P21"]}}`,
		`{"cve":"CVE-2024-0002","product_status":"x"}`, `{"cve":"CVE-2024-0002","product_status":{"known_affected":"P21"}}`, `7`,
	} {
		from, err := format.Decode(strings.NewReader(`{` + meta + `,` + tree + `,"vulnerabilities":[` + silent + `,{"cve":"CVE-2024-0001","product_status":{"fixed":["P22"]}}]}`))
		require.NoError(t, err)
		doc, each, err := csaf.ReadEach(from)
		require.NoError(t, err)
		require.Contains(t, doc.Problems, vex.Problem{Path: "/vulnerabilities/0", Message: "says nothing of the status of any product"}, silent)
		require.Len(t, each, 2)
		require.Empty(t, each[0])
		require.Empty(t, doc.Statements)
		whole, err := csaf.Read(from)
		require.NoError(t, err)
		require.Equal(t, each[1], whole.Statements)
	}
	_, _, err := csaf.ReadEach(nil)
	require.Error(t, err)
}
