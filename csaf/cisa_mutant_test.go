package csaf_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/internal/testdata"
)

// A break makes a valid document fail one test and returns the pointer at which
// it must fail, "-" when the document has no place for it.
type breaking struct {
	test string
	how  func(d *csaf.Document) string
}

// none says that a document has no place for a break.
const none = "-"

// withVuln breaks the first vulnerability that fits.
func withVuln(fits func(*csaf.Vulnerability) bool, how func(d *csaf.Document, v *csaf.Vulnerability) string) func(*csaf.Document) string {
	return func(d *csaf.Document) string {
		for i := range d.Vulnerabilities {
			if v := &d.Vulnerabilities[i]; fits(v) {
				return fmt.Sprintf("/vulnerabilities/%d%s", i, how(d, v))
			}
		}
		return none
	}
}

func anyVuln(*csaf.Vulnerability) bool { return true }
func affected(v *csaf.Vulnerability) bool {
	return v.ProductStatus != nil && len(v.ProductStatus.KnownAffected) > 0
}
func scored(v *csaf.Vulnerability) bool { return len(v.Scores) > 0 && v.Scores[0].CVSSv3 != nil }
func remedied(v *csaf.Vulnerability) bool {
	return len(v.Remediations) > 0 && len(v.Remediations[0].ProductIDs) > 0
}
func aProduct(v *csaf.Vulnerability) string    { return v.ProductStatus.KnownAffected[0] }
func asVEX(d *csaf.Document)                   { d.Document.Category = csaf.ProfileVEX }
func history(d *csaf.Document) []csaf.Revision { return d.Document.Tracking.RevisionHistory }

// leaf is the first branch that has a product, with its pointer.
func leaf(d *csaf.Document) (*csaf.Branch, string) {
	if d.ProductTree == nil {
		return nil, none
	}
	list, at := d.ProductTree.Branches, "/product_tree"
	for len(list) > 0 {
		at += "/branches/0"
		if list[0].Product != nil {
			return &list[0], at
		}
		list = list[0].Branches
	}
	return nil, none
}

func onLeaf(how func(d *csaf.Document, b *csaf.Branch) string) func(*csaf.Document) string {
	return func(d *csaf.Document) string {
		b, at := leaf(d)
		if b == nil {
			return none
		}
		return at + how(d, b)
	}
}

// breakings has every test of 6.1 and 6.2, in the standard's order.
var breakings = []breaking{
	{"schema", func(d *csaf.Document) string {
		d.Document.Tracking.Status = "finished"
		return "/document/tracking/status"
	}},
	{"6.1.1", withVuln(affected, func(_ *csaf.Document, v *csaf.Vulnerability) string {
		v.ProductStatus.KnownAffected = append(v.ProductStatus.KnownAffected, "no such product")
		return fmt.Sprintf("/product_status/known_affected/%d", len(v.ProductStatus.KnownAffected)-1)
	})},
	{"6.1.2", onLeaf(func(d *csaf.Document, b *csaf.Branch) string {
		d.ProductTree.FullProductNames = append(d.ProductTree.FullProductNames, csaf.Product{Name: "again", ID: b.Product.ID})
		return "/product/product_id"
	})},
	{"6.1.3", onLeaf(func(d *csaf.Document, b *csaf.Branch) string {
		d.ProductTree.Relationships = append(d.ProductTree.Relationships, csaf.Relationship{
			Category: csaf.RelationshipInstalledOn, FullProductName: csaf.Product{Name: "round", ID: "round"}, ProductReference: b.Product.ID, RelatesToProductReference: "round",
		})
		return fmt.Sprintf("!/product_tree/relationships/%d/relates_to_product_reference", len(d.ProductTree.Relationships)-1)
	})},
	{"6.1.4", withVuln(remedied, func(_ *csaf.Document, v *csaf.Vulnerability) string {
		v.Remediations[0].GroupIDs = append(v.Remediations[0].GroupIDs, "no such group")
		return fmt.Sprintf("/remediations/0/group_ids/%d", len(v.Remediations[0].GroupIDs)-1)
	})},
	{"6.1.5", onLeaf(func(d *csaf.Document, b *csaf.Branch) string {
		d.ProductTree.FullProductNames = append(d.ProductTree.FullProductNames, csaf.Product{Name: "other", ID: "other"})
		g := csaf.ProductGroup{GroupID: "all", ProductIDs: []string{b.Product.ID, "other"}}
		d.ProductTree.ProductGroups = append(d.ProductTree.ProductGroups, g, g)
		return fmt.Sprintf("!/product_tree/product_groups/%d/group_id", len(d.ProductTree.ProductGroups)-1)
	})},
	{"6.1.6", withVuln(affected, func(_ *csaf.Document, v *csaf.Vulnerability) string {
		v.ProductStatus.UnderInvestigation = append(v.ProductStatus.UnderInvestigation, aProduct(v))
		return fmt.Sprintf("/product_status/under_investigation/%d", len(v.ProductStatus.UnderInvestigation)-1)
	})},
	{"6.1.7", withVuln(scored, func(_ *csaf.Document, v *csaf.Vulnerability) string {
		v.Scores = append(v.Scores, csaf.Score{Products: v.Scores[0].Products[:1], CVSSv3: v.Scores[0].CVSSv3})
		return fmt.Sprintf("/scores/%d/products/0", len(v.Scores)-1)
	})},
	{"6.1.8", withVuln(scored, func(_ *csaf.Document, v *csaf.Vulnerability) string {
		v.Scores[0].CVSSv3.BaseSeverity = ""
		return "/scores/0/cvss_v3"
	})},
	{"6.1.9", withVuln(scored, func(_ *csaf.Document, v *csaf.Vulnerability) string {
		v.Scores[0].CVSSv3.BaseScore = 0.1
		return "/scores/0/cvss_v3/baseScore"
	})},
	{"6.1.10", withVuln(scored, func(_ *csaf.Document, v *csaf.Vulnerability) string {
		d := v.Scores[0].CVSSv3
		if d.Scope = "CHANGED"; strings.Contains(d.VectorString, "/S:C/") {
			d.Scope = "UNCHANGED"
		}
		return "/scores/0/cvss_v3/scope"
	})},
	{"6.1.11", withVuln(func(v *csaf.Vulnerability) bool { return v.CWE != nil }, func(_ *csaf.Document, v *csaf.Vulnerability) string {
		v.CWE.Name = strings.ToLower(v.CWE.Name) + "."
		return "/cwe/name"
	})},
	{"6.1.11", withVuln(anyVuln, func(_ *csaf.Document, v *csaf.Vulnerability) string {
		v.CWE = &csaf.CWE{ID: "CWE-1", Name: "Improper Input Validation"}
		return "/cwe/id"
	})},
	{"6.1.12", func(d *csaf.Document) string { d.Document.Lang = "EZ"; return "/document/lang" }},
	{"6.1.12", func(d *csaf.Document) string { d.Document.SourceLang = "de-Blub"; return "/document/source_lang" }},
	{"6.1.13", onLeaf(func(_ *csaf.Document, b *csaf.Branch) string {
		b.Product.Helper = &csaf.Helper{PURL: "pkg:maven/@1.0"}
		return "/product/product_identification_helper/purl"
	})},
	{"6.1.14", func(d *csaf.Document) string {
		h := history(d)
		if len(h) < 2 || h[0].Date >= h[1].Date || h[0].Number == h[1].Number {
			return none // revisions of one instant may stand in any order
		}
		h[0].Number, h[1].Number = h[1].Number, h[0].Number
		return "/document/tracking/revision_history/1/number"
	}},
	{"6.1.15", func(d *csaf.Document) string {
		d.Document.Publisher.Category, d.Document.SourceLang = csaf.PublisherTranslator, ""
		return "/document"
	}},
	{"6.1.16", func(d *csaf.Document) string {
		d.Document.Tracking.Version = "999"
		if strings.Contains(history(d)[0].Number, ".") {
			d.Document.Tracking.Version = "999.0.0"
		}
		return "/document/tracking/version"
	}},
	{"6.1.17", func(d *csaf.Document) string { d.Document.Tracking.Version = "0"; return "/document/tracking/status" }},
	{"6.1.18", func(d *csaf.Document) string {
		history(d)[0].Number = "0"
		return "/document/tracking/revision_history/0/number"
	}},
	{"6.1.19", func(d *csaf.Document) string {
		history(d)[0].Number = "1.0.0-rc1"
		return "/document/tracking/revision_history/0/number"
	}},
	{"6.1.20", func(d *csaf.Document) string {
		d.Document.Tracking.Version = "1.0.0-alpha"
		return "/document/tracking/version"
	}},
	{"6.1.21", func(d *csaf.Document) string {
		t := &d.Document.Tracking
		t.RevisionHistory = append(t.RevisionHistory, csaf.Revision{Date: "2099-01-01T00:00:00Z", Number: "99", Summary: "far on"})
		t.Version, t.CurrentReleaseDate = "99", "2099-01-01T00:00:00Z"
		return fmt.Sprintf("/document/tracking/revision_history/%d/number", len(t.RevisionHistory)-1)
	}},
	{"6.1.22", func(d *csaf.Document) string {
		t := &d.Document.Tracking
		t.RevisionHistory = append(t.RevisionHistory, csaf.Revision{Date: "2099-01-01T00:00:00Z", Number: t.Version, Summary: "again"})
		return fmt.Sprintf("/document/tracking/revision_history/%d/number", len(t.RevisionHistory)-1)
	}},
	{"6.1.23", withVuln(func(v *csaf.Vulnerability) bool { return v.CVE != "" }, func(d *csaf.Document, v *csaf.Vulnerability) string {
		d.Vulnerabilities = append(d.Vulnerabilities, csaf.Vulnerability{CVE: v.CVE, Notes: v.Notes, ProductStatus: v.ProductStatus})
		return fmt.Sprintf("!/vulnerabilities/%d/cve", len(d.Vulnerabilities)-1)
	})},
	{"6.1.24", func(d *csaf.Document) string {
		if len(d.Vulnerabilities) == 0 {
			return none
		}
		for i := range d.Vulnerabilities { // the judge looks only where each has some
			d.Vulnerabilities[i].Involvements = []csaf.Involvement{
				{Date: "2024-01-01T00:00:00Z", Party: csaf.PartyVendor, Status: csaf.InvolvementOpen},
				{Date: "2024-01-01T00:00:00Z", Party: csaf.PartyVendor, Status: csaf.InvolvementCompleted},
			}
		}
		return "/vulnerabilities/0/involvements/1"
	}},
	{"6.1.25", onLeaf(func(_ *csaf.Document, b *csaf.Branch) string {
		h := csaf.FileHash{Algorithm: "sha256", Value: strings.Repeat("0a", 32)}
		b.Product.Helper = &csaf.Helper{Hashes: []csaf.FileHashes{{FileHashes: []csaf.FileHash{h, h}, Filename: "f"}}}
		return "/product/product_identification_helper/hashes/0/file_hashes/1"
	})},
	{"6.1.26", func(d *csaf.Document) string { d.Document.Category = "V_eX"; return "/document/category" }},
	{"6.1.26", func(d *csaf.Document) string { d.Document.Category = "csaf_advisory"; return "/document/category" }},
	{"6.1.27.1", func(d *csaf.Document) string {
		d.Document.Category, d.Document.Notes = csaf.ProfileIncidentResponse, []csaf.Note{{Category: csaf.NoteOther, Text: "x"}}
		return "/document"
	}},
	{"6.1.27.2", func(d *csaf.Document) string {
		d.Document.Category, d.Document.References = csaf.ProfileIncidentResponse, []csaf.Reference{{Category: csaf.ReferenceSelf, Summary: "x", URL: "https://a.example/b"}}
		return "/document"
	}},
	{"6.1.27.3", func(d *csaf.Document) string {
		d.Document.Category = csaf.ProfileInformational
		return "/vulnerabilities"
	}},
	{"6.1.27.4", func(d *csaf.Document) string { d.ProductTree = nil; return "" }},
	{"6.1.27.5", withVuln(anyVuln, func(_ *csaf.Document, v *csaf.Vulnerability) string { v.Notes = nil; return "" })},
	{"6.1.27.6", withVuln(anyVuln, func(_ *csaf.Document, v *csaf.Vulnerability) string { v.ProductStatus = nil; return "" })},
	{"6.1.27.7", withVuln(affected, func(d *csaf.Document, v *csaf.Vulnerability) string {
		asVEX(d)
		v.ProductStatus = &csaf.ProductStatus{Recommended: []string{aProduct(v)}}
		return "/product_status"
	})},
	{"6.1.27.8", withVuln(anyVuln, func(d *csaf.Document, v *csaf.Vulnerability) string {
		asVEX(d)
		v.CVE, v.IDs = "", nil
		return ""
	})},
	{"6.1.27.9", withVuln(affected, func(d *csaf.Document, v *csaf.Vulnerability) string {
		asVEX(d)
		v.ProductStatus = &csaf.ProductStatus{KnownNotAffected: v.ProductStatus.KnownAffected}
		v.Threats = []csaf.Threat{{Category: csaf.ThreatExploitStatus, Details: "x", ProductIDs: v.ProductStatus.KnownNotAffected}}
		return "/product_status/known_not_affected/0"
	})},
	{"6.1.27.10", withVuln(affected, func(d *csaf.Document, v *csaf.Vulnerability) string {
		asVEX(d)
		v.Remediations = nil
		return "/product_status/known_affected/0"
	})},
	{"6.1.27.11", func(d *csaf.Document) string { d.Vulnerabilities = nil; return "" }},
	{"6.1.28", func(d *csaf.Document) string {
		d.Document.Lang, d.Document.SourceLang = "en-US", "en-US"
		return "/document/source_lang"
	}},
	{"6.1.29", withVuln(remedied, func(_ *csaf.Document, v *csaf.Vulnerability) string {
		v.Remediations[0].ProductIDs, v.Remediations[0].GroupIDs = nil, nil
		return "/remediations/0"
	})},
	{"6.1.30", func(d *csaf.Document) string {
		n := &history(d)[0].Number
		if *n += ".0.0"; strings.Count(*n, ".") != 2 {
			*n = "1"
		}
		return "/document/tracking/revision_history/0/number"
	}},
	{"6.1.31", onLeaf(func(_ *csaf.Document, b *csaf.Branch) string {
		b.Category, b.Name = csaf.BranchProductVersion, "2.0 and Earlier"
		return "/name"
	})},
	{"6.1.31", onLeaf(func(_ *csaf.Document, b *csaf.Branch) string {
		b.Category, b.Name = csaf.BranchProductVersion, "<=2.0"
		return "/name"
	})},
	{"6.1.32", func(d *csaf.Document) string {
		for i := range d.Vulnerabilities { // the judge looks only where each has some
			d.Vulnerabilities[i].Flags = []csaf.Flag{{Label: csaf.FlagComponentNotPresent}}
		}
		return "/vulnerabilities/0/flags/0"
	}},
	{"6.1.33", func(d *csaf.Document) string {
		at := none
		for i := range d.Vulnerabilities { // the judge looks only where each has some
			v := &d.Vulnerabilities[i]
			if !affected(v) {
				return none
			}
			v.Flags = []csaf.Flag{
				{Label: csaf.FlagComponentNotPresent, ProductIDs: []string{aProduct(v)}},
				{Label: csaf.FlagVulnerableCodeNotPresent, ProductIDs: []string{aProduct(v)}},
			}
			at = fmt.Sprintf("/vulnerabilities/%d/flags/1", i)
		}
		return at
	}},

	{"6.2.1", onLeaf(func(d *csaf.Document, _ *csaf.Branch) string {
		d.ProductTree.FullProductNames = append(d.ProductTree.FullProductNames, csaf.Product{Name: "unused", ID: "unused"})
		return fmt.Sprintf("!/product_tree/full_product_names/%d/product_id", len(d.ProductTree.FullProductNames)-1)
	})},
	{"6.2.2", withVuln(affected, func(_ *csaf.Document, v *csaf.Vulnerability) string {
		v.Remediations = nil
		return "/product_status/known_affected/0"
	})},
	{"6.2.3", withVuln(affected, func(_ *csaf.Document, v *csaf.Vulnerability) string {
		v.Scores = nil
		return "/product_status/known_affected/0"
	})},
	{"6.2.4", func(d *csaf.Document) string {
		t := &d.Document.Tracking
		t.RevisionHistory = []csaf.Revision{{Date: "2024-01-01T00:00:00Z", Number: "1.0.0+build", Summary: "x"}}
		t.Version = "1.0.0"
		return "/document/tracking/revision_history/0/number"
	}},
	{"6.2.5", func(d *csaf.Document) string {
		d.Document.Tracking.InitialReleaseDate = "1999-01-01T00:00:00Z"
		return "/document/tracking/initial_release_date"
	}},
	{"6.2.6", func(d *csaf.Document) string {
		d.Document.Tracking.CurrentReleaseDate = "1999-01-01T00:00:00Z"
		return "/document/tracking/current_release_date"
	}},
	{"6.2.7", withVuln(anyVuln, func(_ *csaf.Document, v *csaf.Vulnerability) string {
		v.Involvements = append(v.Involvements, csaf.Involvement{Party: csaf.PartyOther, Status: csaf.InvolvementOpen})
		return fmt.Sprintf("/involvements/%d", len(v.Involvements)-1)
	})},
	{"6.2.8", onLeaf(func(_ *csaf.Document, b *csaf.Branch) string { return onlyDigest(b, "md5", 16) })},
	{"6.2.9", onLeaf(func(_ *csaf.Document, b *csaf.Branch) string { return onlyDigest(b, "sha1", 20) })},
	{"6.2.10", func(d *csaf.Document) string { d.Document.Distribution = nil; return "/document" }},
	{"6.2.11", func(d *csaf.Document) string {
		d.Document.References = []csaf.Reference{{Category: csaf.ReferenceSelf, Summary: "x", URL: "https://a.example/other.json"}}
		return "/document/references"
	}},
	{"6.2.12", func(d *csaf.Document) string { d.Document.Lang = ""; return "/document" }},
	{"6.2.13", func(*csaf.Document) string { return "" }}, // see reversed
	{"6.2.14", func(d *csaf.Document) string { d.Document.Lang = "en-XZ"; return "/document/lang" }},
	{"6.2.15", func(d *csaf.Document) string { d.Document.Lang = "i-default"; return "/document/lang" }},
	{"6.2.16", onLeaf(func(_ *csaf.Document, b *csaf.Branch) string { b.Product.Helper = nil; return "/product" })},
	{"6.2.17", withVuln(anyVuln, func(_ *csaf.Document, v *csaf.Vulnerability) string {
		v.IDs = append(v.IDs, csaf.ID{SystemName: "x", Text: "CVE-1999-0001"})
		return fmt.Sprintf("/ids/%d", len(v.IDs)-1)
	})},
	{"6.2.18", onLeaf(func(_ *csaf.Document, b *csaf.Branch) string {
		b.Category, b.Name = csaf.BranchProductVersionRange, "up to 2.0"
		return "/name"
	})},
	{"6.2.19", withVuln(func(v *csaf.Vulnerability) bool {
		return affected(v) && scored(v) && slices.Contains(v.Scores[0].Products, aProduct(v))
	},
		func(_ *csaf.Document, v *csaf.Vulnerability) string {
			id := aProduct(v)
			v.ProductStatus.KnownAffected = v.ProductStatus.KnownAffected[1:]
			v.ProductStatus.Fixed = append(v.ProductStatus.Fixed, id)
			return fmt.Sprintf("/product_status/fixed/%d", len(v.ProductStatus.Fixed)-1)
		})},
	{"6.2.20", func(d *csaf.Document) string {
		d.Document.Publisher.Extra = csaf.Extra{"x_phone": []byte(`"1"`)}
		return "/document/publisher/x_phone"
	}},
}

func onlyDigest(b *csaf.Branch, algorithm string, bytes int) string {
	b.Product.Helper = &csaf.Helper{Hashes: []csaf.FileHashes{{
		FileHashes: []csaf.FileHash{{Algorithm: algorithm, Value: strings.Repeat("0a", bytes)}}, Filename: "f",
	}}}
	return "/product/product_identification_helper/hashes/0/file_hashes"
}

// reversed writes the members of the document as a whole in reverse order.
func reversed(t *testing.T, text []byte) []byte {
	t.Helper()
	var members map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &members))
	var parts []string
	for _, name := range []string{"vulnerabilities", "product_tree", "document"} {
		parts = append(parts, fmt.Sprintf("%q: %s", name, members[name]))
	}
	return []byte("{" + strings.Join(parts, ",\n") + "}")
}

func TestEachTestFailsAtItsPlaceInBrokenAdvisoriesOfCISAAsItDoesForTheJudge(t *testing.T) {
	t.Parallel()
	step := 40
	if os.Getenv("POSTMARKET_TEST_LONG") != "" {
		step = 1
	}
	type broken struct {
		breaking
		from, at string
		ours     csaf.Verdict
	}
	dir := t.TempDir()
	var files []string
	var all []broken
	cases := map[string]int{}
	for n, file := range documents(t, "cisa-icsma", "cisa-icsa") {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for i, b := range breakings {
			if (n+i)%step != 0 && cases[b.test] > 0 {
				continue // each document meets some, each break some documents
			}
			d, err := csaf.Decode(bytes.NewReader(text))
			require.NoError(t, err)
			at := b.how(d)
			if strings.HasSuffix(at, none) {
				continue
			}
			if _, whole, ok := strings.Cut(at, "!"); ok {
				at = whole // not below where the break began
			}
			body := encode(t, d)
			if b.test == "6.2.13" {
				body = reversed(t, body)
			}
			v, err := csaf.Judge(bytes.NewReader(body), csaf.Extended)
			require.NoError(t, err)
			require.True(t, slices.ContainsFunc(slices.Concat(v.Failures, v.Warnings), func(f csaf.Failure) bool { return f.Test == b.test && f.Path == at }),
				"%s %s: no failure at %q: %v", b.test, filepath.Base(file), at, v.Failures)
			require.Equal(t, strings.HasPrefix(b.test, "6.2."), v.Valid(), "%s %s: %v", b.test, filepath.Base(file), v.Failures)
			name := filepath.Join(dir, fmt.Sprintf("%06d.json", len(files)))
			require.NoError(t, os.WriteFile(name, body, 0o600))
			files, all = append(files, name), append(all, broken{b, filepath.Base(file), at, v})
			cases[b.test]++
		}
	}
	for _, b := range breakings {
		require.Positive(t, cases[b.test], b.test)
	}
	n, other := 0, 0
	for chunk := range slices.Chunk(files, 2000) {
		for _, v := range testdata.JudgeCSAF(t, "extended", chunk...) {
			b := all[n]
			n++
			if b.test == "6.2.20" {
				require.False(t, v.Valid, "the judge allows no additional member")
				other++
				continue
			}
			require.Equal(t, b.ours.Valid(), v.Valid, "%s %s: %v", b.test, b.from, v.Errors)
			test := b.test
			if test == "schema" || test == "6.1.8" {
				test = "csaf_2_0_strict"
			}
			named := func(f testdata.Finding) bool {
				f.Test = strings.TrimPrefix(strings.TrimPrefix(f.Test, "mandatoryTest_"), "optionalTest_")
				return strings.ReplaceAll(f.Test, "_", ".") == strings.ReplaceAll(test, "_", ".")
			}
			require.True(t, slices.ContainsFunc(slices.Concat(v.Errors, v.Warnings), named), "%s %s: %v", b.test, b.from, v.Errors)
		}
	}
	t.Logf("%d broken documents, %v; the judge says otherwise of %d, all of 6.2.20", n, cases, other)
}
