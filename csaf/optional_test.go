package csaf_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/csaf"
)

func TestEachOptionalTestWarnsWhereTheDocumentWasSpoiled(t *testing.T) {
	t.Parallel()
	const vuln, helper = "/vulnerabilities/0", "/product_tree/full_product_names/1/product_identification_helper"
	require.Empty(t, csaf.CheckOptional(full()))
	require.Empty(t, csaf.CheckOptional(nil))
	require.Equal(t, []csaf.Failure{
		{Test: "6.2.10", Path: "/document", Message: "has no distribution and so no TLP label"},
		{Test: "6.2.11", Path: "/document", Message: "has no references and so no canonical URL"},
		{Test: "6.2.12", Path: "/document", Message: "has no lang"},
	}, csaf.CheckOptional(&csaf.Document{}))
	for _, c := range []struct {
		name  string
		spoil func(d *csaf.Document, v *csaf.Vulnerability)
		want  []string
	}{
		{"a product of no use", func(d *csaf.Document, v *csaf.Vulnerability) {
			v.ProductStatus.UnderInvestigation, v.Remediations[0].ProductIDs = []string{"1.2"}, nil
		},
			[]string{"6.2.1 /product_tree/full_product_names/2/product_id"}},
		{"a product that only a flag names", func(_ *csaf.Document, v *csaf.Vulnerability) {
			v.ProductStatus.UnderInvestigation, v.Remediations[0].ProductIDs = []string{"1.2"}, nil
			v.Flags[0].ProductIDs = append(v.Flags[0].ProductIDs, "old")
		}, nil},
		{"an informational advisory about products", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.Document.Category, d.Vulnerabilities = csaf.ProfileInformational, nil
		}, nil},
		{"nothing to do", func(_ *csaf.Document, v *csaf.Vulnerability) { v.Remediations = nil }, []string{
			"6.2.2 " + vuln + "/product_status/first_affected/0", "6.2.2 " + vuln + "/product_status/first_affected/1",
			"6.2.2 " + vuln + "/product_status/known_affected/0", "6.2.2 " + vuln + "/product_status/known_affected/1",
			"6.2.2 " + vuln + "/product_status/last_affected/0", "6.2.2 " + vuln + "/product_status/last_affected/1",
			"6.2.2 " + vuln + "/product_status/under_investigation/0", "6.2.2 " + vuln + "/product_status/under_investigation/1",
		}},
		{"no score", func(_ *csaf.Document, v *csaf.Vulnerability) { v.Scores[0].Products = []string{"1.0"} }, []string{
			"6.2.3 " + vuln + "/product_status/first_affected/1", "6.2.3 " + vuln + "/product_status/known_affected/1", "6.2.3 " + vuln + "/product_status/last_affected/0",
		}},
		{"a build in the history", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.Document.Tracking.RevisionHistory[1].Number = "2.0.0+b.1"
		}, []string{"6.2.4 /document/tracking/revision_history/1/number"}},
		{"released before its history began", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.Document.Tracking.InitialReleaseDate = "2024-03-01T10:29:59.9+01:00"
		}, []string{"6.2.5 /document/tracking/initial_release_date"}},
		{"released before its history ended", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.Document.Tracking.CurrentReleaseDate = "2024-03-02T09:29:59Z"
		}, []string{"6.2.6 /document/tracking/current_release_date"}},
		{"at the same instant elsewhere", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.Document.Tracking.InitialReleaseDate, d.Document.Tracking.CurrentReleaseDate = "2024-03-01T10:30:00+01:00", "2024-03-02T08:30:00-01:00"
		}, nil},
		{"some time", func(_ *csaf.Document, v *csaf.Vulnerability) { v.Involvements[1].Date = "" }, []string{"6.2.7 " + vuln + "/involvements/1"}},
		{"only MD5", func(d *csaf.Document, _ *csaf.Vulnerability) {
			h := &d.ProductTree.FullProductNames[1].Helper.Hashes[0]
			h.FileHashes = h.FileHashes[1:]
		}, []string{"6.2.8 " + helper + "/hashes/0/file_hashes"}},
		{"only SHA-1", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.ProductTree.FullProductNames[1].Helper.Hashes[0].FileHashes = []csaf.FileHash{{Algorithm: "sha1", Value: "da39a3ee5e6b4b0d3255bfef95601890afd80709"}}
		}, []string{"6.2.9 " + helper + "/hashes/0/file_hashes"}},
		{"no distribution", func(d *csaf.Document, _ *csaf.Vulnerability) { d.Document.Distribution = nil }, []string{"6.2.10 /document"}},
		{"no TLP", func(d *csaf.Document, _ *csaf.Vulnerability) { d.Document.Distribution.TLP = nil }, []string{"6.2.10 /document/distribution"}},
		{"no label", func(d *csaf.Document, _ *csaf.Vulnerability) { d.Document.Distribution.TLP.Label = "" }, []string{"6.2.10 /document/distribution/tlp"}},
		{"a label of TLP 2.0", func(d *csaf.Document, _ *csaf.Vulnerability) { d.Document.Distribution.TLP.Label = "CLEAR" }, []string{"6.2.10 /document/distribution/tlp/label"}},
		{"no references", func(d *csaf.Document, _ *csaf.Vulnerability) { d.Document.References = nil }, []string{"6.2.11 /document"}},
		{"a plain reference", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.Document.References[1].URL = "http://vendor.example/csaf/ex-2024-1.json"
		}, []string{"6.2.11 /document/references"}},
		{"a reference that is not its own", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.Document.References[1].Category = csaf.ReferenceExternal
		}, []string{"6.2.11 /document/references"}},
		{"another file", func(d *csaf.Document, _ *csaf.Vulnerability) { d.Document.Tracking.ID = "EX 2024 1" }, []string{"6.2.11 /document/references"}},
		{"no language", func(d *csaf.Document, _ *csaf.Vulnerability) { d.Document.Lang = "" }, []string{"6.2.12 /document"}},
		{"a language for private use", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.Document.Lang, d.Document.SourceLang = "qtx", "en-x-vendor"
		}, []string{"6.2.14 /document/lang", "6.2.14 /document/source_lang"}},
		{"a region for private use", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.Document.Lang, d.Document.SourceLang = "en-XA", "en-Qaaa"
		}, []string{"6.2.14 /document/lang", "6.2.14 /document/source_lang"}},
		{"the default language", func(d *csaf.Document, _ *csaf.Vulnerability) { d.Document.SourceLang = "i-default" }, []string{"6.2.15 /document/source_lang"}},
		{"no helper", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.ProductTree.Branches[0].Branches[0].Branches[2].Product.Helper = nil
			d.ProductTree.Relationships[0].FullProductName.Helper = nil
		}, []string{"6.2.16 /product_tree/branches/0/branches/0/branches/2/product", "6.2.16 /product_tree/relationships/0/full_product_name"}},
		{"a CVE among the ids", func(_ *csaf.Document, v *csaf.Vulnerability) { v.IDs[1].Text = "CVE-2024-12345" }, []string{"6.2.17 " + vuln + "/ids/1"}},
		{"a range in words", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.ProductTree.Branches[0].Branches[0].Branches[0].Category = csaf.BranchProductVersionRange
		}, []string{"6.2.18 /product_tree/branches/0/branches/0/branches/0/name"}},
		{"a range as vers", func(d *csaf.Document, _ *csaf.Vulnerability) {
			b := &d.ProductTree.Branches[0].Branches[0].Branches[0]
			b.Category, b.Name = csaf.BranchProductVersionRange, "vers:generic/<2.0"
		}, nil},
		{"a score of what is fixed", func(_ *csaf.Document, v *csaf.Vulnerability) {
			v.Scores[0].Products = append(v.Scores[0].Products, "2.0")
		}, []string{"6.2.19 " + vuln + "/product_status/first_fixed/0", "6.2.19 " + vuln + "/product_status/fixed/0"}},
		{"a score of 0 by the vectors", func(_ *csaf.Document, v *csaf.Vulnerability) {
			v.Scores = append(v.Scores, csaf.Score{
				Products: []string{"2.0"},
				CVSSv2:   &csaf.CVSSv2{Version: "2.0", VectorString: "AV:N/AC:L/Au:N/C:N/I:N/A:P/TD:N", BaseScore: 5},
				CVSSv3:   &csaf.CVSSv3{Version: "3.1", VectorString: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H/MC:N/MI:N/MA:N", BaseScore: 7.5, BaseSeverity: "HIGH"},
			})
		}, nil},
		{"a score of 0 by the members", func(_ *csaf.Document, v *csaf.Vulnerability) {
			v.Scores = append(v.Scores, csaf.Score{
				Products: []string{"2.0"},
				CVSSv2:   &csaf.CVSSv2{Version: "2.0", VectorString: "AV:N/AC:L/Au:N/C:N/I:N/A:P", BaseScore: 5, TargetDistribution: "NONE"},
				CVSSv3: &csaf.CVSSv3{Version: "3.0", VectorString: "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", BaseScore: 7.5, BaseSeverity: "HIGH",
					ModifiedAvailabilityImpact: "NONE"},
			})
		}, nil},
		{"a score that says it is not 0", func(_ *csaf.Document, v *csaf.Vulnerability) {
			more := 1.0
			v.Scores = append(v.Scores, csaf.Score{
				Products: []string{"library"},
				CVSSv2:   &csaf.CVSSv2{Version: "2.0", VectorString: "AV:N/AC:L/Au:N/C:N/I:N/A:P/TD:N", BaseScore: 5, EnvironmentalScore: &more},
			})
		}, []string{"6.2.19 " + vuln + "/product_status/first_fixed/1", "6.2.19 " + vuln + "/product_status/fixed/1"}},
		{"more than the standard has", func(d *csaf.Document, v *csaf.Vulnerability) {
			d.Extra = csaf.Extra{"$schema": []byte(`"x"`)}
			v.Scores[0].CVSSv3.Extra = csaf.Extra{"b/~": []byte("1"), "a": []byte("{}")}
			d.ProductTree.FullProductNames[1].Helper.Extra = csaf.Extra{"udi": []byte("null")}
		}, []string{"6.2.20 /$schema", "6.2.20 " + helper + "/udi", "6.2.20 " + vuln + "/scores/0/cvss_v3/a", "6.2.20 " + vuln + "/scores/0/cvss_v3/b~1~0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := full()
			c.spoil(d, &d.Vulnerabilities[0])
			var got []string
			for _, f := range csaf.CheckOptional(d) {
				require.NotEmpty(t, f.Message)
				got = append(got, fmt.Sprintf("%s %s", f.Test, f.Path))
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestTheTextIsJudgedAndNotWhatCouldBeMadeOfIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       []string // the tests under extended
	}{
		{"a list", "[]", []string{"schema"}},
		{"null", " null\n", []string{"schema"}},
		{"an empty object", "{}", []string{"schema", "6.2.10", "6.2.11", "6.2.12"}},
		{"no version", `{"document":{"title":"x"}}`, []string{"schema", "6.2.10", "6.2.11", "6.2.12"}},
		{"another version", `{"document":{"csaf_version":"2.1","lang":"en"}}`, []string{"schema", "6.2.10", "6.2.11"}},
		{"out of order", `{"document":{"title":"x","lang":"en"}}`, []string{"schema", "6.2.10", "6.2.11", "6.2.13"}},
	} {
		v, err := csaf.Judge(bytes.NewReader([]byte(c.text)), csaf.Extended)
		require.NoError(t, err, c.name)
		require.False(t, v.Valid(), c.name)
		require.Equal(t, c.want, v.Tests(), c.name)
		v, err = csaf.Judge(bytes.NewReader([]byte(c.text)), csaf.Basic)
		require.NoError(t, err, c.name)
		require.Equal(t, []string{"schema"}, v.Tests(), c.name)
	}
	v, err := csaf.Judge(bytes.NewReader(encode(t, full())), csaf.Extended)
	require.NoError(t, err)
	require.Equal(t, csaf.Verdict{Version: "2.0"}, v)
	_, err = csaf.Judge(bytes.NewReader(nil), csaf.Basic)
	require.ErrorContains(t, err, "csaf: line 1, column 1: the text is empty")
	_, err = csaf.Judge(bytes.NewReader([]byte("{}")), "full")
	require.ErrorContains(t, err, `csaf: "full" is no preset`)
}
