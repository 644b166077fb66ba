package csaf_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	format "github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/vex"
	"github.com/open-postmarket/postmarket/vex/csaf"
)

var (
	at      = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	options = &csaf.Options{Publisher: format.Publisher{Category: format.PublisherVendor, Name: "Acme", Namespace: "https://acme.example"}}
)

// pump is a document with all that CSAF can say.
func pump() vex.Document {
	device := &vex.Product{Ref: "P21", Title: "Acme Pump 2.1", Vendor: "Acme", Name: "Pump", Version: "2.1", Only: []vex.ID{{Kind: "architecture", Value: "arm64"}, {Kind: "model_number", Value: "P-7"}}}
	older := &vex.Product{Ref: "P20", Title: "Acme Pump 2.0", Vendor: "Acme", Name: "Pump", Version: "2.0"}
	tls := func(in *vex.Product) vex.Product {
		return vex.Product{
			Title: "wolfSSL 5.1.1", Name: "wolfssl", Version: "5.1.1", PURL: "pkg:github/wolfssl/wolfssl@5.1.1", Within: in, Relation: "default_component_of",
			Hashes: []vex.Hash{{Algorithm: "sha256", Value: strings.Repeat("ab", 32)}}, IDs: []vex.ID{{Kind: "https://udi.example", Value: "urn:x:1"}},
		}
	}
	zlib := vex.Product{Title: "zlib 1.2", PURL: "pkg:generic/zlib@1.2", Within: device}
	return vex.Document{
		ID: "ACME-VEX-1", Title: "Pump", Author: "Acme", Role: "vendor", Issued: at,
		Statements: []vex.Statement{
			{Vulnerability: "CVE-2022-25640", Aliases: []string{"GHSA-xxxx"}, Products: []vex.Product{tls(device)}, Status: vex.NotAffected, Justification: vex.CodeNotPresent, Impact: "Left out of the build.", Notes: "by review", Issued: at},
			{Vulnerability: "CVE-2022-25640", Products: []vex.Product{tls(older)}, Status: vex.Affected, Action: "Update.\n\nUnplug.", Original: vex.Original{Format: "csaf", State: "first_affected", Responses: []string{"vendor_fix", "workaround"}}},
			{Vulnerability: "CVE-2022-25640", Products: []vex.Product{zlib, *older}, Status: vex.UnderInvestigation},
			{Vulnerability: "CVE-2020-0002", Products: []vex.Product{tls(device)}, Status: vex.NotAffected, Justification: vex.InlineMitigationsHold, Original: vex.Original{Format: "cyclonedx", State: "false_positive", Justification: "protected_by_compiler", Responses: []string{"rollback"}}},
			{Vulnerability: "CVE-2020-0003", Products: []vex.Product{tls(device)}, Versions: []string{"5.1.2", "vers:generic/>=5.2|<5.3"}, Status: vex.Fixed, Original: vex.Original{Format: "cyclonedx", State: "resolved_with_pedigree", Version: "unaffected"}},
			{Vulnerability: "ACME-2026-7", Products: []vex.Product{{Vendor: "Acme", Name: "Pump", Range: "<2.0"}}, Status: vex.Fixed},
		},
	}
}

// byKey are what is said, by vulnerability, component and version. Several products
// can have one name in a tree of products.
func byKey(doc vex.Document) map[vex.Key][]string {
	out := map[vex.Key][]string{}
	for _, s := range doc.Statements {
		o := s.Original
		if o.Format == "" || o.Format == csaf.Format {
			o = vex.Original{Responses: o.Responses} // that it is in a list of CSAF now is no news
		}
		for _, k := range s.Keys() {
			out[k] = append(out[k], fmt.Sprintf("%q", []any{s.Status, s.Justification, s.Impact, s.Action, s.Notes, o}))
			slices.Sort(out[k])
		}
	}
	return out
}

func write(t testing.TB, doc vex.Document, opts *csaf.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, csaf.Encode(&b, doc, opts))
	return b.Bytes()
}

func TestReadingWhatWasWrittenGivesItBack(t *testing.T) {
	t.Parallel()
	data := write(t, pump(), options)
	again, err := csaf.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	require.Empty(t, again.Problems)
	require.Empty(t, cmp.Diff(byKey(pump()), byKey(again)))
	require.Equal(t, []string{"ACME-VEX-1", "Pump", "Acme", "vendor", "1"}, []string{again.ID, again.Title, again.Author, again.Role, again.Version})
	require.Equal(t, string(data), string(write(t, pump(), options)))
	twice, err := csaf.Decode(bytes.NewReader(write(t, again, options)))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(byKey(again), byKey(twice)))
	require.Equal(t, []string{"GHSA-xxxx"}, again.Statements[0].Aliases)

	file := filepath.Join(t.TempDir(), "acme-vex-1.json")
	require.NoError(t, os.WriteFile(file, data, 0o600))
	v := testdata.JudgeCSAF(t, "basic", file)[0]
	require.True(t, v.Valid, v.Errors)
}

func TestTheDocumentsOfTheBundleAreWrittenAndReadAgain(t *testing.T) {
	t.Parallel()
	read, refused := 0, map[string]int{}
	dir := t.TempDir()
	var files []string
	for _, folder := range []string{"vex", "csaf/redhat", "csaf/vendors", "csaf/cisa-icsma"} {
		require.NoError(t, filepath.WalkDir(testdata.Path(t, folder), func(path string, d fs.DirEntry, err error) error {
			require.NoError(t, err)
			if d.IsDir() || !strings.HasSuffix(path, ".json") {
				return nil
			}
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			doc, err := csaf.Decode(bytes.NewReader(data))
			if err != nil || len(doc.Statements) == 0 {
				return nil
			}
			read++
			doc.Version = "1"
			var b bytes.Buffer
			if err := csaf.Encode(&b, doc, options); err != nil {
				why := err.Error()
				for _, known := range []string{"needs an action", "needs a justification or an impact", "has a status already", "has no status", "is no category", "csaf: 6.1", "csaf: schema", "names no"} {
					if strings.Contains(why, known) {
						refused[known]++
						return nil
					}
				}
				require.NoError(t, err, path)
			}
			again, err := csaf.Decode(bytes.NewReader(b.Bytes()))
			require.NoError(t, err, path)
			require.Empty(t, cmp.Diff(byKey(doc), byKey(again)), path)
			files = append(files, filepath.Join(dir, fmt.Sprintf("%d.json", len(files))))
			return os.WriteFile(files[len(files)-1], b.Bytes(), 0o600)
		}))
	}
	t.Logf("%d read, %d written and read again, refused: %v", read, len(files), refused)
	require.Equal(t, []int{141, 137}, []int{read, len(files)})
	for _, v := range testdata.JudgeCSAF(t, "basic", files...) {
		require.True(t, v.Valid, "%v", v.Errors)
	}
}

func TestWhatCannotBeSaidIsRefusedWithAllReasons(t *testing.T) {
	t.Parallel()
	p := vex.Refs("P")
	for want, s := range map[string]vex.Statement{
		"names no vulnerability":              {Products: p, Status: vex.Fixed},
		"CVE-1 has no status":                 {Vulnerability: "CVE-1", Products: p},
		"CVE-1: names no product":             {Vulnerability: "CVE-1", Status: vex.Fixed},
		`the justification "because" is none`: {Vulnerability: "CVE-1", Products: p, Status: vex.NotAffected, Justification: "because"},
		"needs a justification or an impact":  {Vulnerability: "CVE-1", Products: p, Status: vex.NotAffected},
		"affected needs an action":            {Vulnerability: "CVE-1", Products: p, Status: vex.Affected},
		"rests on protected_at_perimeter, a control outside the product": {
			Vulnerability: "CVE-1", Products: p, Status: vex.NotAffected, Impact: "firewall", Original: vex.Original{Format: "cyclonedx", State: "not_affected", Justification: "protected_at_perimeter"},
		},
		"rests on protected_by_mitigating_control": {
			Vulnerability: "CVE-1", Products: p, Status: vex.NotAffected, Impact: "nurses", Original: vex.Original{Format: "csaf", State: "known_not_affected", Justification: "protected_by_mitigating_control"},
		},
		"has a status already": {Vulnerability: "CVE-1", Products: vex.Refs("P", "P"), Status: vex.Fixed},
		"narrowed by its room": {Vulnerability: "CVE-1", Products: []vex.Product{{Name: "Pump", Only: []vex.ID{{Kind: "room", Value: "7"}}}}, Status: vex.Fixed},
	} {
		doc := pump()
		doc.Statements = append(doc.Statements, s, vex.Statement{})
		var b bytes.Buffer
		err := csaf.Encode(&b, doc, options)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "statement 7: names no vulnerability")
		require.Zero(t, b.Len())
	}
	_, err := csaf.Write(vex.Document{Version: "3"}, nil)
	for _, want := range []string{"no author", "no namespace of the publisher", "no title", "no id", "no time of issue", "no statements", `the role "" is no category`} {
		require.ErrorContains(t, err, want)
	}
	doc := pump()
	doc.Version = "3"
	_, err = csaf.Write(doc, options)
	require.ErrorContains(t, err, `the version "3" needs the Revisions up to it`)
	doc = pump()
	doc.Statements[0].Products[0].PURL = "no purl"
	_, err = csaf.Write(doc, options)
	require.ErrorContains(t, err, "purl")
}

func ExampleWrite() {
	doc, err := csaf.Write(vex.Document{
		ID: "ACME-VEX-1", Title: "Pump", Author: "Acme", Role: "vendor", Issued: at,
		Statements: []vex.Statement{{
			Vulnerability: "CVE-2022-25640", Status: vex.NotAffected, Justification: vex.CodeNotPresent,
			Products: []vex.Product{{Vendor: "Acme", Name: "Pump", Version: "2.1"}},
		}},
	}, &csaf.Options{Publisher: format.Publisher{Namespace: "https://acme.example"}, Status: format.StatusFinal})
	if err != nil {
		fmt.Println(err)
		return
	}
	v := doc.Vulnerabilities[0]
	fmt.Println(doc.Document.Category, v.CVE, v.ProductStatus.KnownNotAffected, v.Flags[0].Label)
	// Output: csaf_vex CVE-2022-25640 [product-1] vulnerable_code_not_present
}
