package cyclonedx_test

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

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/internal/golden"
	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/vex"
	"github.com/open-postmarket/postmarket/vex/cyclonedx"
)

var at = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func decode(t testing.TB, text string) vex.Document {
	t.Helper()
	doc, err := cyclonedx.Decode(strings.NewReader(text))
	require.NoError(t, err)
	return doc
}

func encode(t testing.TB, doc vex.Document, opts *cyclonedx.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, cyclonedx.Encode(&b, doc, opts))
	return b.Bytes()
}

// pump speaks of a device and of what is in it, in the words of several formats.
func pump() vex.Document {
	device := &vex.Product{Ref: "CSAFPID-1", Vendor: "Acme", Name: "Pump", Title: "Acme Pump 2.1", Version: "2.1", CPE: "cpe:2.3:h:acme:pump:2.1:*:*:*:*:*:*:*", Only: []vex.ID{{Kind: "model_number", Value: "P-7"}}}
	tls := vex.Product{
		Ref: "tls", Name: "wolfssl", Version: "5.1.1", PURL: "pkg:github/wolfssl/wolfssl@5.1.1", CPE: "no cpe", Within: device, Relation: "default_component_of",
		Hashes: []vex.Hash{{Algorithm: "sha256", Value: strings.Repeat("ab", 32)}, {Algorithm: "crc32", Value: "00"}},
		IDs:    []vex.ID{{Kind: "group", Value: "com.wolfssl"}, {Kind: "cpe22", Value: "cpe:/a:wolfssl:wolfssl:5.1.1"}},
	}
	return vex.Document{
		ID: "https://acme.example/vex/1", Version: "1.2.0", Title: "Pump", Author: "Acme", Role: "vendor", Tooling: "postmarket", Issued: at, Updated: at.Add(time.Hour),
		Statements: []vex.Statement{
			{
				ID: "s1", Vulnerability: "CVE-2022-25640", Aliases: []string{"GHSA-xx"}, Products: []vex.Product{tls}, Status: vex.NotAffected, Justification: vex.ComponentNotPresent,
				Impact: "left out of the build", Notes: "by review", Author: "Lab", Issued: at, Updated: at.Add(time.Minute),
				Original: vex.Original{Format: "csaf", State: "known_not_affected", Justification: "component_not_present"},
			},
			{
				Vulnerability: "CVE-2022-25638", Products: []vex.Product{tls, *device}, Status: vex.Affected, Action: "update to 2.2",
				Original: vex.Original{Format: "csaf", State: "first_affected", Responses: []string{"vendor_fix", "mitigation", "none_available"}},
			},
			{
				Vulnerability: "CVE-2020-0001", Products: []vex.Product{{Name: "Pump", Vendor: "Acme", Range: "<2.1", Within: device}}, Status: vex.Fixed,
				Original: vex.Original{Format: "csaf", State: "fixed"},
			},
			{Vulnerability: "CVE-2020-0002", Products: []vex.Product{tls}, Status: vex.NotAffected, Justification: vex.CodeNotControllable, Original: vex.Original{Format: "openvex", State: "not_affected", Justification: "vulnerable_code_cannot_be_controlled_by_adversary"}},
			{Vulnerability: "CVE-2020-0003", Products: []vex.Product{tls}, Status: vex.NotAffected, Justification: vex.InlineMitigationsHold, Versions: []string{"5.1.1", "vers:generic/>=5.0|<5.1"}, Original: vex.Original{Format: "cyclonedx", State: "false_positive", Justification: "protected_by_compiler", Version: "unaffected"}},
			{Vulnerability: "CVE-2020-0004", Products: []vex.Product{tls}, Status: vex.NotAffected, Impact: "behind a firewall", Original: vex.Original{Format: "cyclonedx", State: "not_affected", Justification: "protected_at_perimeter"}},
			{Vulnerability: "CVE-2020-0005", Products: vex.Refs("urn:cdx:11111111-2222-4333-8444-555555555555/2#tls"), Original: vex.Original{Format: "openvex", State: "Not Affected"}},
			{Vulnerability: "CVE-2020-0006", Products: []vex.Product{tls}, Status: vex.UnderInvestigation},
		},
	}
}

func TestWhatIsWrittenIsTheGolden(t *testing.T) {
	t.Parallel()
	golden.Equal(t, encode(t, pump(), &cyclonedx.Options{Type: "device"}), "testdata/pump.cdx.json")
	require.Equal(t, string(encode(t, pump(), nil)), string(encode(t, pump(), nil)))
}

func TestEveryVersionThatIsSpokenOfHasItsStatus(t *testing.T) {
	t.Parallel()
	var bom struct {
		Vulnerabilities []struct {
			ID      string
			Affects []struct {
				Versions []struct{ Version, Range, Status string }
			}
		}
	}
	require.NoError(t, json.Unmarshal(encode(t, pump(), nil), &bom))
	n := 0
	for _, v := range bom.Vulnerabilities {
		for _, a := range v.Affects {
			for _, r := range a.Versions {
				n++
				want := "unaffected"
				if v.ID == "CVE-2022-25638" {
					want = "affected"
				}
				if v.ID == "CVE-2020-0006" {
					want = "unknown"
				}
				require.Equal(t, want, r.Status, v.ID)
				require.NotEmpty(t, r.Version+r.Range)
			}
		}
	}
	require.Equal(t, 8, n)
	require.Contains(t, string(encode(t, pump(), nil)), `"range": "vers:generic/<2.1"`)
}

func TestReadingWhatWasWrittenGivesItBack(t *testing.T) {
	t.Parallel()
	want := pump()
	got := decode(t, string(encode(t, want, nil)))
	require.Empty(t, got.Problems)
	require.Equal(t, []string{want.ID, want.Version, want.Title, want.Author, want.Role, want.Tooling}, []string{got.ID, got.Version, got.Title, got.Author, got.Role, got.Tooling})
	require.Equal(t, []time.Time{want.Issued, want.Updated}, []time.Time{got.Issued, got.Updated})
	var list []vex.Statement // one for each product that has versions of its own
	for _, s := range want.Statements {
		for _, p := range s.Products {
			one := s
			one.Products = []vex.Product{p}
			list = append(list, one)
		}
	}
	require.Len(t, got.Statements, len(list))
	for i, s := range got.Statements {
		w := list[i]
		require.Equal(t, w.Vulnerability, s.Vulnerability)
		require.Equal(t, w.Status, s.Status, w.Vulnerability)
		require.Equal(t, w.Justification, s.Justification, w.Vulnerability)
		require.Equal(t, []string{w.ID, w.Impact, w.Action, w.Notes, w.Author}, []string{s.ID, s.Impact, s.Action, s.Notes, s.Author}, w.Vulnerability)
		if w.Original.Format != "" {
			require.Equal(t, w.Original, s.Original, w.Vulnerability)
		}
		p, q := w.Products[0], s.Products[0]
		require.Equal(t, p.PURL, q.PURL)
		require.Equal(t, p.CPE, q.CPE)
		require.Equal(t, p.Only, q.Only)
		require.Equal(t, p.Range, q.Range)
		require.Equal(t, p.Relation, q.Relation)
		require.ElementsMatch(t, p.IDs, q.IDs)
		require.Len(t, q.Hashes, len(p.Hashes))
		if p.Within != nil {
			require.Empty(t, cmp.Diff(p.Within, q.Within))
		}
	}
	again := decode(t, string(encode(t, got, nil)))
	got.Digest, again.Digest = "", ""
	require.Empty(t, cmp.Diff(got, again))
}

func TestWhatCannotBeSaidIsRefusedWithAllReasons(t *testing.T) {
	t.Parallel()
	doc := vex.Document{Statements: []vex.Statement{
		{}, {Vulnerability: "CVE-1", Status: vex.Fixed}, {Vulnerability: "CVE-2", Status: "done"}, {Vulnerability: "CVE-3", Justification: "because"},
		{Vulnerability: "CVE-4", Products: []vex.Product{{Name: "a", Range: "V8.3 and later"}}}, {Vulnerability: "CVE-5", Products: vex.Refs("a"), Versions: []string{">= 2.5 | <= 3.11"}},
	}}
	var b bytes.Buffer
	err := cyclonedx.Encode(&b, doc, &cyclonedx.Options{Spec: "1.4"})
	for _, want := range []string{
		`cyclonedx: the version "1.4" is not one that is written`, "statement 0: names no vulnerability", "statement 1: CVE-1: is fixed and names no product",
		`statement 2: CVE-2: the status "done" is none`, `statement 3: CVE-3: the justification "because" is none`, `statement 4: CVE-4: the range "V8.3 and later"`, `statement 5: CVE-5: the range ">= 2.5 | <= 3.11"`,
	} {
		require.ErrorContains(t, err, want)
	}
	require.Zero(t, b.Len())
}

func TestReferencesAreProducts(t *testing.T) {
	t.Parallel()
	doc := decode(t, `{"bomFormat":"CycloneDX","specVersion":"1.5","serialNumber":"urn:uuid:11111111-2222-4333-8444-555555555555","version":2,
		"metadata":{"component":{"type":"device","name":"Pump","version":"2.1","bom-ref":"pump","components":[{"type":"firmware","name":"Boot","bom-ref":"boot"}]}},
		"components":[{"type":"library","name":"tls","bom-ref":"tls","purl":"pkg:generic/tls@1","components":[{"type":"library","name":"rng","bom-ref":"rng"}]}],
		"vulnerabilities":[{"id":"CVE-1","analysis":{"state":"not_affected"},"affects":[{"ref":"pump"},{"ref":"boot"},{"ref":"rng"},
			{"ref":"urn:cdx:11111111-2222-4333-8444-555555555555/2#tls"},{"ref":"urn:cdx:99999999-2222-4333-8444-555555555555/1#pkg:maven/a/b%40c@1.0?type=jar"},{"ref":"elsewhere"}]}]}`)
	require.Len(t, doc.Statements, 1)
	p := doc.Statements[0].Products
	require.Equal(t, "Pump", p[0].Name)
	require.Nil(t, p[0].Within)
	require.Equal(t, "urn:cdx:11111111-2222-4333-8444-555555555555/2#boot", p[1].Link.String())
	require.Equal(t, "Pump", p[1].Within.Name)
	require.Equal(t, "tls", p[2].Within.Name)
	require.Equal(t, "Pump", p[2].Within.Within.Name)
	require.Equal(t, "pkg:generic/tls@1", p[3].PURL)
	require.Equal(t, &vex.Link{Serial: "urn:uuid:99999999-2222-4333-8444-555555555555", Version: 1, Ref: "pkg:maven/a/b@c@1.0?type=jar"}, p[4].Link)
	require.Equal(t, vex.Product{Ref: "elsewhere"}, p[5])
	require.Equal(t, []vex.Problem{{Path: "vulnerabilities[0].affects[5]", Message: `"elsewhere" names nothing in the document`}}, doc.Problems)
	require.Equal(t, vex.NotAffected, doc.Statements[0].Status)
}

func TestAnEntryThatIsNotReadInWholeClearsNothing(t *testing.T) {
	t.Parallel()
	const analysis = `"analysis":{"state":"not_affected","justification":"code_not_present"}`
	for name, entry := range map[string]string{
		"no targets":         `"id":"CVE-1",` + analysis,
		"no id":              `"affects":[{"ref":"a"}],` + analysis,
		"a target of null":   `"id":"CVE-1","affects":[null,{"ref":"a"}],` + analysis,
		"a target of text":   `"id":"CVE-1","affects":["a"],` + analysis,
		"targets no list":    `"id":"CVE-1","affects":{"ref":"a"},` + analysis,
		"no reference":       `"id":"CVE-1","affects":[{"ref":"a"},{}],` + analysis,
		"a version of none":  `"id":"CVE-1","affects":[{"ref":"a","versions":[{"status":"unaffected"}]}],` + analysis,
		"versions misspelt":  `"id":"CVE-1","affects":[{"ref":"a","Versions":[{"version":"1"}]}],` + analysis,
		"versions no list":   `"id":"CVE-1","affects":[{"ref":"a","versions":"1"}],` + analysis,
		"a state twice":      `"id":"CVE-1","affects":[{"ref":"a"}],"analysis":{"state":"exploitable","state":"not_affected"}`,
		"two analyses":       `"id":"CVE-1","affects":[{"ref":"a"}],"analysis":{"state":"exploitable"},` + analysis,
		"a reference of two": `"id":"CVE-1","affects":[{"ref":"twin"}],` + analysis,
		"another's word":     `"id":"CVE-1","affects":[{"ref":"a"}],"analysis":{"state":"fixed"}`,
	} {
		doc := decode(t, `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"a","bom-ref":"a"},{"name":"x","bom-ref":"twin"},{"name":"y","bom-ref":"twin"}],
			"vulnerabilities":[{`+entry+`},{"id":"CVE-2","affects":[{"ref":"a"}],`+analysis+`}]}`)
		require.NotEmpty(t, doc.Problems, name)
		require.GreaterOrEqual(t, len(doc.Statements), 2, name)
		for _, s := range doc.Statements[:len(doc.Statements)-1] {
			require.Empty(t, s.Status, name)
			require.Empty(t, s.Justification, name)
			require.NotEmpty(t, s.Original.State, name)
		}
		require.Equal(t, vex.NotAffected, doc.Statements[len(doc.Statements)-1].Status, "what is read is not spoiled by what is not")
	}
}

func TestAPropertyClearsNothing(t *testing.T) {
	t.Parallel()
	doc := decode(t, `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"a","bom-ref":"a"}],"vulnerabilities":[
		{"id":"CVE-1","affects":[{"ref":"a"}],"analysis":{"state":"exploitable"},"properties":[{"name":"postmarket:vex:justification","value":"component_not_present"}]},
		{"id":"CVE-2","affects":[{"ref":"a"}],"analysis":{"state":"not_affected","justification":"protected_at_perimeter"},"properties":[{"name":"postmarket:vex:justification","value":"inline_mitigations_already_exist"}]}]}`)
	require.Equal(t, vex.Affected, doc.Statements[0].Status)
	require.Empty(t, doc.Statements[0].Justification)
	require.Empty(t, doc.Statements[1].Justification)
}

func TestOtherDocumentsAreRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                      "cyclonedx: line 1, column 1: the text is empty",
		`<bom/>`:                                "cyclonedx: line 1, column 1: invalid character '<'",
		`{"@context":"https://openvex.dev/ns"}`: "cyclonedx: the document is of the format openvex",
		`{"document":{}}`:                       "cyclonedx: the document is of the format csaf",
		`7`:                                     "cyclonedx: line 1, column 1: the document is JSON but not an object",
		`{}`:                                    "cyclonedx: bomFormat is not CycloneDX",
		`{"bomFormat":"CycloneDX","specVersion":"1.3"}`:  `cyclonedx: specVersion "1.3" is not one of 1.4, 1.5, 1.6, 1.7`,
		`{"bomFormat":"CycloneDX",`:                      "cyclonedx: line 1, column 26: the text ends before the document does",
		"{\"bomFormat\":\"CycloneDX\"}\n{}":              "cyclonedx: line 2, column 1: something follows the document",
		"{\"bomFormat\":\"CycloneDX\",\n\"x\":\"\xff\"}": "cyclonedx: line 2, column 6: the text is not UTF-8",
	} {
		_, err := cyclonedx.Decode(strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
		var at *vex.SyntaxError
		require.ErrorAs(t, err, &at)
	}
}

func TestEveryDocumentOfTheBundleComesBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var written []string
	files, statements := 0, 0
	err := filepath.WalkDir(testdata.Path(t, "vex"), func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		if d.IsDir() || !strings.HasSuffix(path, ".json") {
			return nil
		}
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		doc, err := cyclonedx.Decode(bytes.NewReader(data))
		if vex.Sniff(data) != cyclonedx.Format {
			require.Error(t, err, path)
			return nil
		}
		files++
		if strings.HasSuffix(path, "VEX/bom.json") {
			require.ErrorContains(t, err, `specVersion "1.3" is not one of`) // it has no vulnerabilities
			return nil
		}
		require.NoError(t, err, path)
		statements += len(doc.Statements)
		for _, spec := range []string{"1.5", "1.6", "1.7"} {
			out := encode(t, doc, &cyclonedx.Options{Spec: spec})
			again := decode(t, string(out))
			require.Empty(t, cmp.Diff(doc.Statements, again.Statements), "%s as %s", path, spec)
			third := encode(t, again, &cyclonedx.Options{Spec: spec})
			require.Equal(t, string(out), string(third), path)
			name := filepath.Join(dir, strings.ReplaceAll(strings.TrimPrefix(path, testdata.Dir(t)), "/", "-")+spec+".json")
			require.NoError(t, os.WriteFile(name, out, 0o600))
			written = append(written, name)
		}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 36, files)
	require.Equal(t, 102, statements)
	for _, v := range testdata.JudgeCycloneDX(t, written...) {
		require.True(t, v.Valid, "%s: %v", v.File, v.Errors)
	}
}

func TestTheJudgeFindsWhatIsWrittenValid(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var written []string
	for _, spec := range []string{"1.5", "1.6", "1.7"} {
		name := filepath.Join(dir, spec+".json")
		require.NoError(t, os.WriteFile(name, encode(t, pump(), &cyclonedx.Options{Spec: spec, Type: "device"}), 0o600))
		written = append(written, name)
	}
	for _, v := range testdata.JudgeCycloneDX(t, written...) {
		require.True(t, v.Valid, "%s: %v", v.File, v.Errors)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(f, pump(), nil))
	f.Add([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.4","vulnerabilities":[{"id":"C","affects":[{"ref":"a","versions":[{"range":"<2"},{"version":"1","status":"unaffected"}]}],"analysis":{"state":"resolved"}}]}`))
	f.Add([]byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"bom-ref":"a","components":[{"bom-ref":"a"}]}],"vulnerabilities":[{"bom-ref":"a","id":"C","affects":[{"ref":"a"},{"ref":"urn:cdx:11111111-2222-4333-8444-555555555555/2#a"}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := cyclonedx.Decode(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, s := range doc.Statements {
			if s.Status.Clears() && (len(s.Products) == 0 || s.Vulnerability == "") {
				t.Fatalf("cleared: %+v", s)
			}
		}
		var once, twice bytes.Buffer
		if cyclonedx.Encode(&once, doc, nil) != nil {
			return
		}
		again, err := cyclonedx.Decode(bytes.NewReader(once.Bytes()))
		require.NoError(t, err)
		require.Equal(t, cleared(doc), cleared(again), once.String())
		require.NoError(t, cyclonedx.Encode(&twice, again, nil))
		final, err := cyclonedx.Decode(bytes.NewReader(twice.Bytes()))
		require.NoError(t, err)
		require.Equal(t, len(again.Statements), len(final.Statements))
	})
}

func cleared(doc vex.Document) (n int) {
	for _, s := range doc.Statements {
		if s.Status.Clears() {
			n += max(1, len(s.Products))
		}
	}
	return n
}

func ExampleDecode() {
	doc, err := cyclonedx.Decode(strings.NewReader(`{
		"bomFormat": "CycloneDX", "specVersion": "1.6",
		"metadata": {"component": {"type": "device", "name": "Pump", "version": "2.1", "bom-ref": "pump"}},
		"components": [{"type": "library", "name": "wolfssl", "version": "5.1.1", "bom-ref": "tls"}],
		"vulnerabilities": [{"id": "CVE-2022-25640", "analysis": {"state": "not_affected", "justification": "protected_at_perimeter"}, "affects": [{"ref": "tls"}]}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range doc.Statements {
		fmt.Printf("%s %s %q\n", s.Vulnerability, s.Status, s.Justification)
		for _, p := range s.Products {
			fmt.Println(" ", p, "in", p.Within)
		}
	}
	// Output:
	// CVE-2022-25640 not_affected ""
	//   wolfssl 5.1.1 in Pump 2.1
}

func ExampleEncode() {
	err := cyclonedx.Encode(os.Stdout, vex.Document{
		Issued: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC),
		Statements: []vex.Statement{{
			Vulnerability: "CVE-2022-25640", Status: vex.Fixed, Products: []vex.Product{{Name: "Pump", Version: "2.2"}},
		}},
	}, &cyclonedx.Options{Type: "device"})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// {
	//   "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
	//   "bomFormat": "CycloneDX",
	//   "specVersion": "1.6",
	//   "version": 1,
	//   "metadata": {
	//     "timestamp": "2026-03-01T09:00:00Z",
	//     "component": {
	//       "bom-ref": "product-1",
	//       "type": "device",
	//       "name": "Pump",
	//       "version": "2.2"
	//     }
	//   },
	//   "vulnerabilities": [
	//     {
	//       "id": "CVE-2022-25640",
	//       "analysis": {
	//         "state": "resolved"
	//       },
	//       "affects": [
	//         {
	//           "ref": "product-1",
	//           "versions": [
	//             {
	//               "version": "2.2",
	//               "status": "unaffected"
	//             }
	//           ]
	//         }
	//       ]
	//     }
	//   ]
	// }
}

func ExampleResponse() {
	fmt.Printf("%q %q\n", cyclonedx.Response("vendor_fix"), cyclonedx.Response("none_available"))
	// Output: "update" ""
}
