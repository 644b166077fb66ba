package csaf_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/csaf"
)

func TestTheFullDocumentIsValid(t *testing.T) {
	t.Parallel()
	require.Empty(t, csaf.Check(full()))
	require.Equal(t, []csaf.Failure{{Test: "schema", Message: "there is no document"}}, csaf.Check(nil))
}

func TestEachTestFailsWhereTheDocumentWasBroken(t *testing.T) {
	t.Parallel()
	const tracking, vuln = "/document/tracking", "/vulnerabilities/0"
	for _, c := range []struct {
		name  string
		spoil func(d *csaf.Document, v *csaf.Vulnerability)
		want  []string // test and path of every failure
	}{
		{"no title", func(d *csaf.Document, _ *csaf.Vulnerability) { d.Document.Title = "" }, []string{"schema /document"}},
		{"no publisher", func(d *csaf.Document, _ *csaf.Vulnerability) { d.Document.Publisher = csaf.Publisher{} }, []string{"schema /document"}},
		{"no document", func(d *csaf.Document, _ *csaf.Vulnerability) { d.Document = csaf.Meta{} }, []string{"schema "}},
		{"text that is not UTF-8", func(d *csaf.Document, _ *csaf.Vulnerability) { d.Document.Title = "\xff" }, []string{"schema /document/title"}},
		{"a date without a zone", func(_ *csaf.Document, v *csaf.Vulnerability) { v.ReleaseDate = "2024-03-01T00:00:00" }, []string{"schema " + vuln + "/release_date"}},
		{"a date that is no day", func(_ *csaf.Document, v *csaf.Vulnerability) { v.ReleaseDate = "2023-02-29T00:00:00Z" }, []string{"schema " + vuln + "/release_date"}},
		{"a label of TLP 2.0", func(d *csaf.Document, _ *csaf.Vulnerability) { d.Document.Distribution.TLP.Label = "CLEAR" }, []string{"schema /document/distribution/tlp/label"}},
		{"a group of one", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.ProductTree.ProductGroups[0].ProductIDs = []string{"1.2"}
		}, []string{"schema /product_tree/product_groups/0/product_ids"}},
		{"a branch that is both", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.ProductTree.Branches[0].Product = &csaf.Product{Name: "x", ID: "x"}
		}, []string{"schema /product_tree/branches/0"}},
		{"an unknown product", func(_ *csaf.Document, v *csaf.Vulnerability) { v.Scores[0].Products[1] = "9.9" }, []string{"6.1.1 " + vuln + "/scores/0/products/1"}},
		{"an unknown part", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.ProductTree.Relationships[0].ProductReference = "9.9"
		}, []string{"6.1.1 /product_tree/relationships/0/product_reference"}},
		{"a product defined twice", func(d *csaf.Document, _ *csaf.Vulnerability) { d.ProductTree.FullProductNames[0].ID = "2.0" }, []string{
			"6.1.1 /product_tree/relationships/0/product_reference", "6.1.1 " + vuln + "/product_status/first_fixed/1", "6.1.1 " + vuln + "/product_status/fixed/1",
			"6.1.2 /product_tree/branches/0/branches/0/branches/3/product/product_id",
		}},
		{"a product made of itself", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.ProductTree.Relationships = append(d.ProductTree.Relationships, csaf.Relationship{
				Category: csaf.RelationshipInstalledOn, FullProductName: csaf.Product{Name: "x", ID: "x"},
				ProductReference: "library-in-2.0", RelatesToProductReference: "2.0",
			})
			d.ProductTree.Relationships[0].RelatesToProductReference = "x"
		}, []string{"6.1.3 /product_tree/relationships/1/product_reference"}},
		{"an unknown group", func(_ *csaf.Document, v *csaf.Vulnerability) { v.Threats[0].GroupIDs[0] = "twos" }, []string{"6.1.4 " + vuln + "/threats/0/group_ids/0"}},
		{"a group defined twice", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.ProductTree.ProductGroups = append(d.ProductTree.ProductGroups, d.ProductTree.ProductGroups[0])
		}, []string{"6.1.5 /product_tree/product_groups/1/group_id"}},
		{"affected and fixed", func(_ *csaf.Document, v *csaf.Vulnerability) {
			v.ProductStatus.Fixed = append(v.ProductStatus.Fixed, "1.1")
		}, []string{"6.1.6 " + vuln + "/product_status/fixed/2"}},
		{"two scores", func(_ *csaf.Document, v *csaf.Vulnerability) {
			v.Scores = append(v.Scores, csaf.Score{Products: []string{"1.2", "1.0"}, CVSSv3: v.Scores[0].CVSSv3})
		}, []string{"6.1.7 " + vuln + "/scores/1/products/1"}},
		{"a severity in small letters", func(_ *csaf.Document, v *csaf.Vulnerability) { v.Scores[0].CVSSv3.BaseSeverity = "High" }, []string{
			"6.1.8 " + vuln + "/scores/0/cvss_v3/baseSeverity", "6.1.9 " + vuln + "/scores/0/cvss_v3/baseSeverity",
		}},
		{"an extended vector", func(_ *csaf.Document, v *csaf.Vulnerability) { v.Scores[0].CVSSv3.VectorString += "/XYZ:1" }, []string{
			"6.1.8 " + vuln + "/scores/0/cvss_v3/vectorString", "6.1.9 " + vuln + "/scores/0/cvss_v3/vectorString",
		}},
		{"a vector of another version", func(_ *csaf.Document, v *csaf.Vulnerability) { v.Scores[0].CVSSv3.Version = "3.0" }, []string{"6.1.8 " + vuln + "/scores/0/cvss_v3/vectorString"}},
		{"a wrong score", func(_ *csaf.Document, v *csaf.Vulnerability) { v.Scores[0].CVSSv3.BaseScore = 7.6 }, []string{"6.1.9 " + vuln + "/scores/0/cvss_v3/baseScore"}},
		{"a wrong metric", func(_ *csaf.Document, v *csaf.Vulnerability) { v.Scores[0].CVSSv3.AttackVector = "LOCAL" }, []string{"6.1.10 " + vuln + "/scores/0/cvss_v3/attackVector"}},
		{"a wrong metric of version 2", func(_ *csaf.Document, v *csaf.Vulnerability) { v.Scores[0].CVSSv2.Authentication = "SINGLE" }, []string{"6.1.10 " + vuln + "/scores/0/cvss_v2/authentication"}},
		{"a weakness in small letters", func(_ *csaf.Document, v *csaf.Vulnerability) { v.CWE.Name = "uncontrolled resource consumption" }, []string{"6.1.11 " + vuln + "/cwe/name"}},
		{"no language", func(d *csaf.Document, _ *csaf.Vulnerability) { d.Document.Lang = "xz-US" }, []string{"6.1.12 /document/lang"}},
		{"no region", func(d *csaf.Document, _ *csaf.Vulnerability) { d.Document.Lang = "en-UK" }, []string{"6.1.12 /document/lang"}},
		{"no package", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.ProductTree.FullProductNames[1].Helper.PURL = "pkg:maven/@1.0"
		}, []string{"6.1.13 /product_tree/full_product_names/1/product_identification_helper/purl"}},
		{"revisions out of order", func(d *csaf.Document, _ *csaf.Vulnerability) {
			h := d.Document.Tracking.RevisionHistory
			h[0].Date, h[1].Date = h[1].Date, h[0].Date
		}, []string{"6.1.14 " + tracking + "/revision_history/0/number", "6.1.16 " + tracking + "/version", "6.1.21 " + tracking + "/revision_history/1/number"}},
		{"a translator without original", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.Document.Publisher.Category, d.Document.SourceLang = csaf.PublisherTranslator, ""
		}, []string{"6.1.15 /document"}},
		{"an old version", func(d *csaf.Document, _ *csaf.Vulnerability) { d.Document.Tracking.Version = "1" }, []string{"6.1.16 " + tracking + "/version"}},
		{"a final draft", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.Document.Tracking.RevisionHistory[0].Number, d.Document.Tracking.RevisionHistory[1].Number = "0.1.0", "0.2.0-a"
			d.Document.Tracking.Version = "0.2.0-a"
		}, []string{
			"6.1.17 " + tracking + "/status", "6.1.18 " + tracking + "/revision_history/0/number", "6.1.18 " + tracking + "/revision_history/1/number",
			"6.1.19 " + tracking + "/revision_history/1/number", "6.1.20 " + tracking + "/version",
		}},
		{"a revision left out", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.Document.Tracking.RevisionHistory[1].Number, d.Document.Tracking.Version = "3", "3"
		}, []string{"6.1.21 " + tracking + "/revision_history/1/number"}},
		{"a revision twice", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.Document.Tracking.RevisionHistory[1].Number, d.Document.Tracking.Version = "1", "1"
		}, []string{"6.1.22 " + tracking + "/revision_history/1/number"}},
		{"a CVE twice", func(d *csaf.Document, v *csaf.Vulnerability) {
			d.Vulnerabilities = append(d.Vulnerabilities, csaf.Vulnerability{CVE: v.CVE, Notes: v.Notes, ProductStatus: v.ProductStatus})
		}, []string{"6.1.23 /vulnerabilities/1/cve"}},
		{"a party twice at an instant", func(_ *csaf.Document, v *csaf.Vulnerability) {
			v.Involvements[1].Date = "2024-03-01T10:30:00+01:00"
		}, []string{"6.1.24 " + vuln + "/involvements/1"}},
		{"a digest twice", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.ProductTree.Relationships[0].FullProductName.Helper.Hashes[0].FileHashes[1].Algorithm = "sha256"
		}, []string{"6.1.25 /product_tree/relationships/0/full_product_name/product_identification_helper/hashes/0/file_hashes/1"}},
		{"a category like a profile's", func(d *csaf.Document, _ *csaf.Vulnerability) { d.Document.Category = "Security-Advisory" }, []string{"6.1.26 /document/category"}},
		{"an informational advisory with vulnerabilities", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.Document.Category, d.Document.Notes, d.Document.References = csaf.ProfileInformational, nil, nil
		}, []string{"6.1.27.1 /document", "6.1.27.2 /document", "6.1.27.3 /vulnerabilities"}},
		{"an advisory about nothing", func(d *csaf.Document, _ *csaf.Vulnerability) { d.ProductTree, d.Vulnerabilities = nil, nil }, []string{"6.1.27.4 ", "6.1.27.11 "}},
		{"a vulnerability without notes and status", func(_ *csaf.Document, v *csaf.Vulnerability) { v.Notes, v.ProductStatus = nil, nil }, []string{
			"6.1.27.5 " + vuln, "6.1.27.6 " + vuln,
		}},
		{"a VEX without status and id", func(d *csaf.Document, v *csaf.Vulnerability) {
			d.Document.Category, v.ProductStatus, v.CVE, v.IDs = csaf.ProfileVEX, &csaf.ProductStatus{Recommended: []string{"2.0"}}, "", nil
		}, []string{"6.1.27.7 " + vuln + "/product_status", "6.1.27.8 " + vuln}},
		{"a VEX without reasons", func(d *csaf.Document, v *csaf.Vulnerability) {
			d.Document.Category, v.Threats[0].Category = csaf.ProfileVEX, csaf.ThreatTargetSet
			v.Remediations[0].ProductIDs, v.Remediations[0].GroupIDs = []string{"1.0"}, nil
		}, []string{"6.1.27.9 " + vuln + "/product_status/known_not_affected/0", "6.1.27.10 " + vuln + "/product_status/known_affected/1"}},
		{"a translation into the same language", func(d *csaf.Document, _ *csaf.Vulnerability) { d.Document.SourceLang = "en-US" }, []string{"6.1.28 /document/source_lang"}},
		{"help for no product", func(_ *csaf.Document, v *csaf.Vulnerability) {
			v.Remediations[0].ProductIDs, v.Remediations[0].GroupIDs = nil, nil
		}, []string{"6.1.29 " + vuln + "/remediations/0"}},
		{"versions of two kinds", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.Document.Tracking.RevisionHistory[0].Number = "1.0.0"
		}, []string{"6.1.30 " + tracking + "/revision_history/0/number"}},
		{"a range as version", func(d *csaf.Document, _ *csaf.Vulnerability) {
			d.ProductTree.Branches[0].Branches[0].Branches[1].Name = "1.1 and earlier"
		}, []string{"6.1.31 /product_tree/branches/0/branches/0/branches/1/name"}},
		{"a flag for no product", func(_ *csaf.Document, v *csaf.Vulnerability) { v.Flags[0].ProductIDs = nil }, []string{"6.1.32 " + vuln + "/flags/0"}},
		{"two reasons for a product", func(_ *csaf.Document, v *csaf.Vulnerability) { v.Flags[0].ProductIDs[0] = "1.1" }, []string{"6.1.33 " + vuln + "/flags/1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := full()
			c.spoil(d, &d.Vulnerabilities[0])
			var got []string
			for _, f := range csaf.Check(d) {
				require.NotEmpty(t, f.Message)
				got = append(got, fmt.Sprintf("%s %s", f.Test, f.Path))
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestALanguageTagIsOfWhatIsRegistered(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{
		"": "", "en": "", "en-US": "", "EN-gb": "", "zh-Hant-TW": "", "zh-cmn-Hans-CN": "", "de-1996": "", "es-419": "", "en-GB-oxendict": "",
		"sl-rozaj-IT": `"it" is no subtag that can stand there`, "sl-IT-rozaj": "", "en-x-uk": "", "en-a-uk": `"a" is no extension`, "en-u-ca-gregory-t-de": "", "i-klingon": "", "x-uk": "", "sr-Latn": "", "en-ZZ": "", "qaa-XK": "", "qtx": "", "gsw": "", "yue": "", "x-a-b": "", "art-lojban": "", "en-GB-oed": "", "en-Qabc": "",
		"zh-yue-nan": `"nan" is a second language within "zh"`, "en-cmn": `"cmn" is no language within "en"`, "en-Abcd": `"abcd" is no script`,
		"de-1996-1996": `"1996" stands there twice`, "de-nonsuch": `"nonsuch" is no variant`, "en-u-ca-u-cb": `"u" stands there twice`, "en-u": `nothing follows "u"`,
		"en-x": `nothing that can follows "x"`, "d": `"d" is no language`, "en--US": `"" is no subtag`, "zzz": `"zzz" is no language`, "EZ": `"ez" is no language`, "en-099": `"099" is no region`,
		"en-UK": `"uk" is no region`, "EN-uk": `"uk" is no region`, "zh-Hant-QA-x-y": "", "zh-Hant-QB": `"qb" is no region`, "gsw-EW": `"ew" is no region`,
		"xz": `"xz" is no language`, "xz-US": `"xz" is no language`,
	} {
		err := csaf.CheckLang(tag)
		if want == "" {
			require.NoError(t, err, tag)
		} else {
			require.ErrorContains(t, err, want, tag)
		}
	}
}
