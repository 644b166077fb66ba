package openvex_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	govex "github.com/openvex/go-vex/pkg/vex"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/internal/golden"
	"github.com/open-postmarket/postmarket/vex"
	"github.com/open-postmarket/postmarket/vex/openvex"
)

var at = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// head begins a document that lacks its statements only.
const head = `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://acme.example/vex/1","author":"Acme","timestamp":"2026-03-01T09:00:00Z","version":1,"statements":`

func decode(t testing.TB, text string) vex.Document {
	t.Helper()
	doc, err := openvex.Decode(strings.NewReader(text))
	require.NoError(t, err)
	return doc
}

func encode(t testing.TB, doc vex.Document, opts *openvex.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, openvex.Encode(&b, doc, opts))
	return b.Bytes()
}

// pump is a document with all that OpenVEX can say.
func pump() vex.Document {
	holder := vex.Product{PURL: "pkg:generic/acme/pump@2.1", CPE: "cpe:2.3:h:acme:pump:2.1:*:*:*:*:*:*:*", Version: "2.1", Vendor: "Acme"}
	return vex.Document{
		Author: "Acme Product Security", Role: "vendor", Version: "3", Issued: at, Updated: at.Add(time.Hour), Tooling: "postmarket",
		Statements: []vex.Statement{
			{
				Vulnerability: "CVE-2022-25640", Aliases: []string{"GHSA-xx"}, Status: vex.NotAffected, Justification: vex.CodeNotInExecutePath,
				Impact: "TLS 1.3 is <not> built & never was", Action: "nothing", Notes: "by review",
				Products: []vex.Product{
					{PURL: "pkg:github/wolfssl/wolfssl@5.1.1", Within: &holder, Hashes: []vex.Hash{{Algorithm: "SHA-256", Value: "ab"}, {Algorithm: "MD5", Value: "cd"}, {Algorithm: "odd", Value: "ef"}}},
					{CPE: "cpe:/a:wolfssl:wolfssl:5.1.1", Within: &holder},
				},
			},
			{Vulnerability: "CVE-2022-25640", Status: vex.Fixed, Products: []vex.Product{{PURL: "pkg:generic/acme/pump@2.2"}}, Issued: at.Add(2 * time.Hour), Impact: "replaced"},
			{Vulnerability: "CVE-2020-0001", Status: vex.Affected, Action: "update to 2.2", Impact: "stops", Products: []vex.Product{holder}},
			{Vulnerability: "CVE-2020-0002", Status: vex.UnderInvestigation, Products: []vex.Product{{Ref: "urn:cdx:11111111-2222-4333-8444-555555555555/2#tls"}}},
		},
	}
}

func TestWhatIsWrittenIsTheGolden(t *testing.T) {
	t.Parallel()
	out := encode(t, pump(), nil)
	golden.Equal(t, out, "testdata/pump.openvex.json")
	back := pump()
	slices.Reverse(back.Statements)
	require.Equal(t, string(out), string(encode(t, back, nil)), "the order of statements does not count")

	var theirs govex.VEX
	require.NoError(t, json.Unmarshal(out, &theirs))
	for i := range theirs.Statements {
		require.NoError(t, theirs.Statements[i].Validate())
	}
}

func TestTheCanonicalIDIsThatOfGoVEX(t *testing.T) {
	t.Parallel()
	doc := pump()
	doc.Statements = doc.Statements[1:] // of several identifiers go-vex takes the order as it comes
	doc.Statements[1].Products[0].CPE = ""
	var theirs govex.VEX
	out := encode(t, doc, nil)
	require.NoError(t, json.Unmarshal(out, &theirs))
	id := theirs.ID
	theirs.ID = ""
	want, err := theirs.GenerateCanonicalID()
	require.NoError(t, err)
	require.Equal(t, want, id)
	doc.Statements[0].Status = vex.UnderInvestigation
	require.NotContains(t, string(encode(t, doc, nil)), id)
	doc.ID = "https://acme.example/vex/7"
	require.Contains(t, string(encode(t, doc, nil)), `"@id": "https://acme.example/vex/7"`)
}

func TestReadingWhatWasWrittenGivesItBack(t *testing.T) {
	t.Parallel()
	first := decode(t, string(encode(t, pump(), nil)))
	require.Empty(t, first.Problems)
	require.Len(t, first.Statements, 4)
	s := first.Statements[2]
	require.Equal(t, "CVE-2022-25640", s.Vulnerability)
	require.Equal(t, "by review\n\nnothing", s.Notes, "what has no member of its own goes to the notes")
	require.Equal(t, []vex.Hash{{Algorithm: "md5", Value: "cd"}, {Algorithm: "sha-256", Value: "ab"}}, s.Products[0].Hashes)
	require.Equal(t, "pkg:generic/acme/pump@2.1", s.Products[1].Within.PURL)
	require.Equal(t, "Acme", s.Products[1].Within.Vendor)
	again := decode(t, string(encode(t, first, nil)))
	require.Equal(t, first.Digest, again.Digest)
	require.Empty(t, cmp.Diff(first, again))
}

func TestWhatCannotBeSaidIsRefusedWithAllReasons(t *testing.T) {
	t.Parallel()
	ok := vex.Product{PURL: "pkg:generic/a@1"}
	for want, s := range map[string]vex.Statement{
		"CVE-1 has no status":                             {},
		"not_affected needs a justification or an impact": {Status: vex.NotAffected, Products: []vex.Product{ok}},
		`the justification "because" is none`:             {Status: vex.NotAffected, Justification: "because", Impact: "x", Products: []vex.Product{ok}},
		"rests on protected_at_perimeter, a control outs": {Status: vex.NotAffected, Impact: "firewall", Original: vex.Original{Format: "cyclonedx", State: "not_affected", Justification: "protected_at_perimeter"}, Products: []vex.Product{ok}},
		"rests on protected_by_mitigating_control":        {Status: vex.NotAffected, Impact: "nurses", Original: vex.Original{Format: "openvex", State: "not_affected", Justification: "protected_by_mitigating_control"}, Products: []vex.Product{ok}},
		"affected needs an action":                        {Status: vex.Affected, Products: []vex.Product{ok}},
		"names no product":                                {Status: vex.Fixed},
		`the versions ["1"] alone`:                        {Status: vex.Fixed, Versions: []string{"1"}, Products: []vex.Product{ok}},
		`the range "<3"`:                                  {Status: vex.Fixed, Products: []vex.Product{{PURL: "pkg:generic/a", Range: "<3"}}},
		`"tls" has no name that holds outside`:            {Status: vex.Fixed, Products: vex.Refs("tls")},
		`"pkg:generic/a" has no name that holds`:          {Status: vex.Fixed, Products: []vex.Product{{PURL: "pkg:generic/a", Version: "2", CPE: "cpe:/a:a:a"}}},
		"narrowed by its serial_number":                   {Status: vex.Fixed, Products: []vex.Product{{PURL: "pkg:generic/a", Only: []vex.ID{{Kind: "serial_number", Value: "7"}}}}},
		"within more than one product":                    {Status: vex.Fixed, Products: []vex.Product{{PURL: "pkg:generic/a", Within: &vex.Product{PURL: "pkg:generic/b", Within: &ok}}}},
	} {
		doc := pump()
		s.Vulnerability = "CVE-1"
		doc.Statements = append(doc.Statements, s, vex.Statement{})
		var b bytes.Buffer
		err := openvex.Encode(&b, doc, nil)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "statement 5: names no vulnerability")
		require.ErrorContains(t, err, "statement 4: ")
		require.Zero(t, b.Len())
	}
	err := openvex.Encode(&bytes.Buffer{}, vex.Document{Version: "1.2.0"}, nil)
	for _, want := range []string{"no author", "no time of issue", `the version "1.2.0" is no number`, "no statements"} {
		require.ErrorContains(t, err, want)
	}
	doc := pump()
	doc.Author, doc.Issued, doc.Version = "", time.Time{}, "1.2.0"
	doc = decode(t, string(encode(t, doc, &openvex.Options{At: at, Author: "B", Role: "user", Version: 9})))
	require.Equal(t, []string{"B", "user", "9"}, []string{doc.Author, doc.Role, doc.Version})
}

func TestAStatementThatIsNotReadInWholeClearsNothing(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]string{
		"no products":           `{"vulnerability":{"name":"CVE-1"},"status":"fixed"}`,
		"empty products":        `{"vulnerability":{"name":"CVE-1"},"products":[],"status":"fixed"}`,
		"a product of nothing":  `{"vulnerability":{"name":"CVE-1"},"products":[{"@id":"pkg:a/b"},{}],"status":"fixed"}`,
		"a product of null":     `{"vulnerability":{"name":"CVE-1"},"products":[null,"a"],"status":"fixed"}`,
		"a product of numbers":  `{"vulnerability":{"name":"CVE-1"},"products":["a",7],"status":"fixed"}`,
		"products no list":      `{"vulnerability":{"name":"CVE-1"},"products":"a","status":"fixed"}`,
		"a part of nothing":     `{"vulnerability":{"name":"CVE-1"},"products":[{"@id":"a","subcomponents":[{"@id":"b"},{}]}],"status":"fixed"}`,
		"parts no list":         `{"vulnerability":{"name":"CVE-1"},"products":[{"@id":"a","subcomponents":"b"}],"status":"fixed"}`,
		"parts misspelt":        `{"vulnerability":{"name":"CVE-1"},"products":[{"@id":"a","SubComponents":[{"@id":"b"}]}],"status":"fixed"}`,
		"no vulnerability":      `{"products":["a"],"status":"fixed"}`,
		"a status twice":        `{"vulnerability":{"name":"CVE-1"},"products":["a"],"status":"affected","status":"fixed"}`,
		"a status in two cases": `{"vulnerability":{"name":"CVE-1"},"products":["a"],"status":"fixed","Status":"affected"}`,
		"products twice":        `{"vulnerability":{"name":"CVE-1"},"products":["a"],"products":["b"],"status":"fixed"}`,
		"another's word":        `{"vulnerability":{"name":"CVE-1"},"products":["a"],"status":"Fixed"}`,
		"a word of CSAF":        `{"vulnerability":{"name":"CVE-1"},"products":["a"],"status":"known_not_affected"}`,
	} {
		doc := decode(t, head+"["+s+`,{"vulnerability":{"name":"CVE-2"},"products":["a"],"status":"fixed"}]}`)
		require.NotEmpty(t, doc.Problems, name)
		require.Len(t, doc.Statements, 2, name)
		require.Empty(t, doc.Statements[0].Status, name)
		require.NotEmpty(t, doc.Statements[0].Original.State, name)
		require.Equal(t, vex.Fixed, doc.Statements[1].Status, "what is read is not spoiled by what is not")
	}
}

func TestAJustificationThatIsNoneIsKeptAndTold(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"protected_at_perimeter", "code_not_reachable", "Component_Not_Present", "component_not_present "} {
		doc := decode(t, head+`[{"vulnerability":{"name":"CVE-1"},"products":["a"],"status":"not_affected","justification":"`+word+`"}]}`)
		require.Len(t, doc.Problems, 2, word)
		require.Empty(t, doc.Statements[0].Justification, word)
		require.Equal(t, word, doc.Statements[0].Original.Justification)
		require.Equal(t, vex.NotAffected, doc.Statements[0].Status, "it says not_affected, and not why")
	}
	doc := decode(t, head+`[{"vulnerability":{"name":"CVE-1"},"products":["a"],"status":"fixed","justification":"component_not_present"}]}`)
	require.Empty(t, doc.Statements[0].Justification)
	require.Equal(t, "statements[0].justification", doc.Problems[0].Path)
}

func TestTheFirstVersionIsRead(t *testing.T) {
	t.Parallel()
	doc := decode(t, `{"@context":"https://openvex.dev/ns","@id":"x","author":"A","timestamp":"2023-01-08T18:02:03-06:00","version":"1","statements":[
		{"vulnerability":"CVE-1","products":["pkg:apk/a@1","b"],"subcomponents":["pkg:apk/c@2"],"status":"not_affected","justification":"component_not_present"},
		{"vulnerability":"CVE-1","status":"not_affected","justification":"component_not_present"}]}`)
	require.Equal(t, "0.0.1", doc.Spec)
	require.Equal(t, "1", doc.Version)
	require.Equal(t, time.Date(2023, 1, 9, 0, 2, 3, 0, time.UTC), doc.Issued)
	require.Equal(t, []vex.Key{{Vulnerability: "CVE-1", Product: "pkg:apk/a@1 > pkg:apk/c@2"}, {Vulnerability: "CVE-1", Product: "b > pkg:apk/c@2"}}, doc.Statements[0].Keys())
	require.Equal(t, vex.NotAffected, doc.Statements[0].Status)
	require.Empty(t, doc.Statements[1].Status, "of what it speaks is known to its author only")
}

func TestOtherDocumentsAreRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                       "openvex: line 1, column 1: the text is empty",
		"  \n":                                   "openvex: line 1, column 1: the text is empty",
		`{"bomFormat":"CycloneDX"}`:              "openvex: the document is of the format cyclonedx",
		`{"document":{}}`:                        "openvex: the document is of the format csaf",
		`[]`:                                     "openvex: line 1, column 1: the document is JSON but not an object",
		`{}`:                                     "openvex: @context is missing",
		`{"@context":"https://schema.org"}`:      "openvex: @context does not name OpenVEX",
		`{"@context":"https://openvex.dev/nsx"}`: "openvex: @context does not name OpenVEX",
		`{"@context":"https://openvex.dev/ns/v9.0"}`: "openvex: version 9.0 of OpenVEX is not one that is known",
		head + `[`:              "openvex: line 1, column 157: the text ends before the document does",
		head + "[]}\n\n x":      "openvex: line 3, column 2: something follows the document",
		"{\"@context\":\n\xff}": "openvex: line 2, column 1: the text is not UTF-8",
	} {
		_, err := openvex.Decode(strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
		var at *vex.SyntaxError
		require.ErrorAs(t, err, &at)
	}
	_, err := openvex.Decode(&endless{})
	require.ErrorIs(t, err, vex.ErrTooLarge)
}

type endless struct{}

func (*endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestEveryWordOfTheTableIsWhatItSays(t *testing.T) {
	t.Parallel()
	for _, w := range govex.Statuses() {
		s, ok := openvex.Status(w)
		require.True(t, ok && s.Valid(), w)
		require.Equal(t, w, string(s))
	}
	for _, w := range govex.Justifications() {
		j, ok := openvex.Justification(w)
		require.True(t, ok && j.Valid(), w)
		require.Equal(t, w, string(j))
	}
	var table struct {
		Source, Force, Certainty string
		Statuses, Justifications []struct{ Token string }
		Never                    []struct{ Token, Format, Note string }
	}
	data, err := os.ReadFile("mapping.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &table))
	require.Equal(t, "convention", table.Force)
	require.Len(t, table.Statuses, 4)
	require.Len(t, table.Justifications, 5)
	require.NotEmpty(t, table.Never)
	for _, row := range table.Never {
		_, status := openvex.Status(row.Token)
		_, justification := openvex.Justification(row.Token)
		require.False(t, status || justification, row.Token)
		require.NotEmpty(t, row.Note)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(head + `[]}`))
	f.Add(encode(f, pump(), nil))
	files, _ := filepath.Glob("testdata/*.json")
	for _, name := range files {
		data, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Add([]byte(`{"@context":"https://openvex.dev/ns","author":"a","timestamp":"2023-01-08","statements":[{"vulnerability":"C","products":["a"],"subcomponents":["b","c"],"status":"fixed"}]}`))
	f.Add([]byte(head + `[{"vulnerability":{"name":"CVE-1"},"products":["pkg:a/b@1"],"status":"fixed","status_notes":"n\n\npostmarket:vex:original {\"format\":\"cyclonedx\",\"state\":\"resolved\"}"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := openvex.Decode(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, s := range doc.Statements {
			if s.Status.Clears() && (len(s.Products) == 0 || s.Vulnerability == "") {
				t.Fatalf("cleared: %+v", s)
			}
		}
		var once, twice bytes.Buffer
		if openvex.Encode(&once, doc, nil) != nil {
			return
		}
		again, err := openvex.Decode(bytes.NewReader(once.Bytes()))
		require.NoError(t, err)
		require.NoError(t, openvex.Encode(&twice, again, nil))
		require.Equal(t, once.String(), twice.String())
	})
}

func TestOnlyWhatWasKeptIsRecalled(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ product, notes string }{
		"a product by IRI": {"https://acme.example/pump", `postmarket:vex:original {\"format\":\"cyclonedx\",\"state\":\"resolved\"}`},
		"our own format":   {"pkg:a/b@1", `postmarket:vex:original {\"format\":\"openvex\",\"state\":\"affected\"}`},
		"no JSON":          {"pkg:a/b@1", `postmarket:vex:original x`},
		"not as written":   {"pkg:a/b@1", `postmarket:vex:original {\"state\":\"resolved\",\"format\":\"cyclonedx\"}`},
		"not at the end":   {"pkg:a/b@1", `postmarket:vex:original {\"format\":\"cyclonedx\"} and more`},
	} {
		doc := decode(t, head+`[{"vulnerability":{"name":"CVE-1"},"products":["`+row.product+`"],"status":"fixed","status_notes":"`+row.notes+`"}]}`)
		s := doc.Statements[0]
		require.Equal(t, vex.Original{Format: "openvex", State: "fixed"}, s.Original, name)
		require.Contains(t, s.Notes, "postmarket:vex:original", name)
		require.Equal(t, vex.Fixed, s.Status)
	}
	doc := decode(t, head+`[{"vulnerability":{"name":"CVE-1"},"products":["pkg:a/b@1"],"status":"under_investigation","status_notes":"n\n\npostmarket:vex:original {\"format\":\"cyclonedx\",\"state\":\"not_affected\"}"}]}`)
	require.Equal(t, "n", doc.Statements[0].Notes)
	require.Equal(t, vex.UnderInvestigation, doc.Statements[0].Status, "a token clears nothing")
}
