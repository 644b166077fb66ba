package csaf_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/tlp"
)

// preview is doc in 2.1, which is written and read again, and what was said of
// path and below.
func preview(t *testing.T, doc *csaf.Document, opts *csaf.PreviewOptions, path string) (*csaf.Document, []string) {
	t.Helper()
	require.Empty(t, csaf.Check(doc))
	before := encode(t, doc)
	out, warnings, err := csaf.Preview21(doc, noon, opts)
	require.NoError(t, err)
	require.Equal(t, before, encode(t, doc), "not changed")
	var text bytes.Buffer
	require.NoError(t, csaf.Encode21(&text, out))
	require.Equal(t, out, decodeAny(t, text.String()))
	require.Empty(t, csaf.CheckSchema21(out))
	var said []string
	for _, w := range warnings {
		require.Equal(t, "9.1.18", w.Test)
		if strings.HasPrefix(w.Path, path) {
			said = append(said, w.Path+" "+w.Message)
		}
	}
	return out, said
}

func TestPreviewDropsAndTellsOfMembersOfNoStandard(t *testing.T) {
	t.Parallel()
	doc := full()
	doc.Extra = csaf.Extra{"$schema": []byte(`"x"`), "x_a": []byte("1")}
	doc.Vulnerabilities[0].Scores[0].Extra = csaf.Extra{"cvss_v4": []byte(`{"baseScore":1}`)}
	out, _ := preview(t, doc, nil, "")
	require.Empty(t, out.Extra)
	_, said := preview(t, doc, nil, "/x_")
	require.Equal(t, []string{`/x_a is no member that the standard defines and is dropped: "1"`}, said)
	_, said = preview(t, doc, nil, "/vulnerabilities/0/scores")
	require.Equal(t, []string{`/vulnerabilities/0/scores/0/cvss_v4 is no member that the standard defines and is dropped: "{\"baseScore\":1}"`}, said)
	doc.ProductTree.Branches[0].Branches[0].Branches = append(doc.ProductTree.Branches[0].Branches[0].Branches, csaf.Branch{Category: "language", Name: "x", Extra: csaf.Extra{"x_y": []byte("1")}})
	_, _, err := csaf.Preview21(doc, noon, nil)
	require.ErrorContains(t, err, "csaf: no preview of 2.1: /product_tree/branches/0/branches/0/branches/4: has neither a product nor branches (schema)")
}

func TestPreviewHasLargeLettersAndNoLeapSecondsInDates(t *testing.T) {
	t.Parallel()
	doc := full()
	v := &doc.Vulnerabilities[0]
	v.Threats[0].Date, v.Flags[0].Date, v.DiscoveryDate = "2016-12-31t23:59:60.25z", "2016-01-01T01:29:60+01:30", "2020-01-01t00:00:00.5+01:00"
	out, said := preview(t, doc, nil, "/vulnerabilities/0/threats")
	require.Equal(t, []string{`/vulnerabilities/0/threats/0/date is "2016-12-31t23:59:60.25z", a leap second, which 2.1 prohibits; it is replaced by "2016-12-31T23:59:59.999999Z" (that instant was one)`}, said)
	_, said = preview(t, doc, nil, "/vulnerabilities/0/flags")
	require.Equal(t, []string{`/vulnerabilities/0/flags/0/date is "2016-01-01T01:29:60+01:30", a leap second, which 2.1 prohibits; it is replaced by "2016-01-01T01:29:59.999999+01:30" (that instant was none)`}, said)
	require.EqualValues(t, "2020-01-01T00:00:00.5+01:00", out.Vulnerabilities[0].DiscoveryDate)
}

// branch is one with one below, from "category name" texts; the last is that of the
// product.
func branch(id string, way ...string) csaf.Branch {
	category, name, _ := strings.Cut(way[0], " ")
	b := csaf.Branch{Category: csaf.BranchCategory(category), Name: name}
	if len(way) == 1 {
		b.Product = &csaf.Product{Name: id, ID: id}
	} else {
		b.Branches = []csaf.Branch{branch(id, way[1:]...)}
	}
	return b
}

// ways are the paths of a tree, one a product.
func ways(bs []csaf.Branch, above string) (out []string) {
	for _, b := range bs {
		here := fmt.Sprintf("%s%s %s", above, b.Category, b.Name)
		if b.Product != nil {
			out = append(out, here+" = "+b.Product.ID)
		}
		out = append(out, ways(b.Branches, here+" / ")...)
	}
	return out
}

func tree(bs ...csaf.Branch) *csaf.Document {
	doc := notice()
	doc.Document.Distribution = &csaf.Distribution{TLP: &csaf.TLP{Label: csaf.TLPGreen}}
	doc.ProductTree = &csaf.ProductTree{Branches: bs}
	return doc
}

func TestPreviewMakesPathsOfTheTreeValid(t *testing.T) {
	t.Parallel()
	two := branch("1", "vendor V", "product_name P", "product_version 1", "patch_level a", "product_version 1.1")
	two.Branches[0].Branches = append(two.Branches[0].Branches, branch("2", "product_version 2"))
	all := branch("1", "vendor V", "product_name P", "product_version 1", "product_version_range <1.5")
	all.Branches[0].Branches = append(all.Branches[0].Branches, branch("2", "product_version 2", "product_version_range <2.5"))
	shared := branch("1", "vendor Open-Source", "vendor V", "product_name P")
	shared.Branches = append(shared.Branches, branch("2", "product_name Q"))
	for name, c := range map[string]struct {
		tree csaf.Branch
		want []string
		said string
	}{
		"legacy": {branch("1", "vendor V", "legacy P"), []string{"vendor V / product_name P = 1"}, `"legacy", which 2.1 has no more`},
		"vendor that is none": {branch("1", "vendor NO ASSERTION", "vendor un_known", "vendor V", "product_name P"), []string{"vendor V / product_name P = 1"},
			`the category "vendor" stands 3 times on the path vendor "NO ASSERTION" / vendor "un_known" / vendor "V" / product_name "P", which 2.1 prohibits: it was resolved`},
		"and others are below it": {shared, []string{"vendor Open-Source / product_name Q = 2", "vendor V / product_name P = 1"}, "it was resolved"},
		"version below version": {two, []string{"vendor V / product_name P / product_version 2 = 2", "vendor V / product_family P / product_name P 1 / patch_level a / product_version 1.1 = 1"},
			`the category "product_version" stands 2 times`},
		"range below version": {all, []string{"vendor V / product_family P / product_name P 1 / product_version_range <1.5 = 1", "vendor V / product_family P / product_name P 2 / product_version_range <2.5 = 2"},
			`both "product_version" and "product_version_range" stand on the path`},
		"range below version of a family": {branch("1", "product_family F", "product_version 1", "product_version_range <1.5"), []string{"product_family F / product_name F 1 / product_version_range <1.5 = 1"}, "it was resolved"},
		"families may be stacked":         {branch("1", "product_family F", "product_family G", "product_name P"), []string{"product_family F / product_family G / product_name P = 1"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, said := preview(t, tree(c.tree), nil, "/product_tree")
			require.Equal(t, c.want, ways(out.ProductTree.Branches, ""))
			require.Contains(t, strings.Join(said, "\n"), c.said)
			require.Equal(t, c.said == "", len(said) == 0)
		})
	}
	for want, bad := range map[string]csaf.Branch{
		`/product_tree/branches/0/branches/0/product: the category "vendor" stands 2 times on the path vendor "V" / vendor "W", which 2.1 prohibits; it could not be resolved`: branch("1", "vendor V", "vendor W"),
		`both "product_version" and "product_version_range" stand on the path product_version_range "<2" / product_version "1"`:                                                branch("1", "product_version_range <2", "product_version 1"),
		`the category "product_name" stands 2 times`: branch("1", "product_name P", "product_name Q", "product_version 1", "product_version 2"),
		"is nested deeper than 30 branches":          branch("1", strings.Split(strings.Repeat("product_family F,", 31)+"product_name P", ",")...),
	} {
		_, _, err := csaf.Preview21(tree(bad), noon, nil)
		require.ErrorContains(t, err, want)
	}
}

func TestPreviewOfVersionRanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ was, open, closed, said string }{
		{"<2.0", "product_version_range <2.0", "", ""},
		{"vers:all/*", "product_version_range vers:all/*", "", ""},
		{"vers:gem/>=2.2.0|!=2.2.1|<2.3.0", "product_version_range vers:gem/>=2.2.0|!=2.2.1|<2.3.0", "", ""},
		{"vers:intdot/4.2.0", "product_version 4.2.0", "product_version 4.2.0", "a range of one version"},
		{"vers:generic/=1%2B2", "product_version 1+2", "product_version 1+2", "a range of one version"},
		{"V8.0", "product_version V8.0", "product_version V8.0", "a range of one version"},
		{">=2.0", "product_version_range >=2.0", "product_version 2.0", "without an upper end"},
		{"vers:generic/<1.0|>=2.0", "product_version_range vers:generic/<1.0|>=2.0", "product_version_range vers:generic/<1.0|2.0", "without an upper end"},
		{">2.0", "product_version_range >2.0", "refused", "without an upper end"},
		{"all versions < 4", "product_version_range all versions < 4", "product_version_range all versions < 4", "fails test 6.1.50"},
	} {
		doc := tree(branch("1", "product_name P", "product_version_range "+c.was))
		out, said := preview(t, doc, nil, "/product_tree/branches/0/branches/0/name")
		require.Equal(t, []string{"product_name P / " + c.open + " = 1"}, ways(out.ProductTree.Branches, ""))
		require.Contains(t, strings.Join(said, ""), c.said)
		require.Equal(t, c.said == "", len(said) == 0, c.was)
		if c.closed == "refused" {
			_, _, err := csaf.Preview21(doc, noon, &csaf.PreviewOptions{CloseRanges: true})
			require.ErrorContains(t, err, "without an upper end that no version ends")
		} else if c.closed != "" {
			out, _ := preview(t, doc, &csaf.PreviewOptions{CloseRanges: true}, "")
			require.Equal(t, []string{"product_name P / " + c.closed + " = 1"}, ways(out.ProductTree.Branches, ""))
		}
	}
}

func TestPreviewOfWhatIdentifiesAProduct(t *testing.T) {
	t.Parallel()
	doc := full()
	digest := strings.Repeat("AB", 32)
	helper := doc.ProductTree.FullProductNames[0].Helper
	*helper = csaf.Helper{
		Hashes: []csaf.FileHashes{
			{Filename: "f", FileHashes: []csaf.FileHash{{Algorithm: "SHA-256", Value: digest}, {Algorithm: "sha256", Value: digest}, {Algorithm: "SHA3_512", Value: digest}, {Algorithm: "Tiger", Value: digest}}},
			{Filename: "f", FileHashes: []csaf.FileHash{{Algorithm: "sha256", Value: strings.ToLower(digest)}, {Algorithm: "sha3-512", Value: digest}, {Algorithm: "tiger", Value: digest}}},
		},
		ModelNumbers: []string{`A\B`, "C*", "D*E", "F?"}, SerialNumbers: []string{"*1*"}, SKUs: []string{"K", "K", "K*"}, PURL: "pkg:GitHub/A/b",
		SBOMURLs:    []string{"https://a.example", "https://a.example"},
		GenericURIs: []csaf.GenericURI{{Namespace: "a:b", URI: "c:d"}, {Namespace: "a:b", URI: "c:d"}},
	}
	out, said := preview(t, doc, nil, "/product_tree/full_product_names/0/product_identification_helper")
	digest = strings.ToLower(digest)
	require.Equal(t, &csaf.Helper{
		Hashes:       []csaf.FileHashes{{Filename: "f", FileHashes: []csaf.FileHash{{Algorithm: "sha256", Value: digest}, {Algorithm: "sha3-512", Value: digest}, {Algorithm: "tiger", Value: digest}}}},
		ModelNumbers: []string{`A\\B*`, "C*", "F?*"}, SKUs: []string{"K*"}, PURLs: []string{"pkg:github/A/b"},
		SBOMURLs: []string{"https://a.example"}, GenericURIs: []csaf.GenericURI{{Namespace: "a:b", URI: "c:d"}},
	}, out.ProductTree.FullProductNames[0].Helper)
	all := strings.Join(said, "\n")
	for _, want := range []string{
		`hashes/0/file_hashes/3/algorithm is "Tiger", an algorithm that is not known, and becomes "tiger"`,
		`model_numbers/0 is "A\\B", a model number that may be the beginning of one: a star is added`,
		`model_numbers/2 is "D*E", a model number with more than one star`, `serial_numbers/0 is "*1*", a serial number with more than one star`,
		`skus/1 is "K", a stock keeping unit that may be`,
	} {
		require.Contains(t, all, want)
	}
	out, _ = preview(t, doc, &csaf.PreviewOptions{WholeNumbers: true}, "")
	require.Equal(t, []string{`A\\B`, "C*", "D*E", "F?"}, out.ProductTree.FullProductNames[0].Helper.ModelNumbers)
	*helper = csaf.Helper{SerialNumbers: []string{"*1*"}}
	out, _ = preview(t, doc, nil, "")
	require.Nil(t, out.ProductTree.FullProductNames[0].Helper)
}

func TestPreviewOfTheLabel(t *testing.T) {
	t.Parallel()
	doc := full()
	d := doc.Document.Distribution
	d.TLP.Label, d.Text = csaf.TLPRed, "TLP v2.0: TLP:AMBER+STRICT"
	d.TLP.URL = "https://www.first.org/tlp/v1/"
	out, said := preview(t, doc, nil, "/document/distribution")
	require.Equal(t, csaf.TLPRed, out.Document.Distribution.TLP.Label)
	require.Equal(t, []string{"/document/distribution/text says AMBER+STRICT where the label is RED: the label stays", `/document/distribution/tlp/url is "https://www.first.org/tlp/v1/", which is of TLP 1.0, and is dropped`}, said)
	out, said = preview(t, doc, &csaf.PreviewOptions{TextLabel: true}, "/document/distribution/text")
	require.Equal(t, csaf.TLPAmberStrict, out.Document.Distribution.TLP.Label)
	require.Equal(t, []string{"/document/distribution/text says AMBER+STRICT where the label is RED: the label is taken from the text"}, said)
	var err error
	doc.Document.Distribution, err = csaf.Distribute(tlp.AmberStrict)
	require.NoError(t, err)
	now := doc.Document.Distribution.Text
	for _, text := range []string{now, strings.Replace(now, "TLP v2.0: TLP:AMBER+STRICT. R", "TLP:AMBER+STRICT (TLP 2.0): r", 1)} {
		doc.Document.Distribution.Text = text
		require.Equal(t, tlp.AmberStrict, doc.Document.Distribution.Label())
		out, said = preview(t, doc, nil, "/document/distribution")
		require.Equal(t, &csaf.Distribution{TLP: &csaf.TLP{Label: csaf.TLPAmberStrict}}, out.Document.Distribution)
		require.Equal(t, []string{"/document/distribution/text says AMBER+STRICT where the label is RED: the label is taken from the text, which is dropped"}, said)
	}
	doc.Document.Distribution = d
	d.TLP.Label, d.Text = csaf.TLPWhite, "TLP v2.0: TLP:CLEAR"
	out, said = preview(t, doc, nil, "/document/distribution/text")
	require.Equal(t, csaf.TLPClear, out.Document.Distribution.TLP.Label)
	require.Empty(t, said)
	doc.Document.Distribution = nil
	out, said = preview(t, doc, &csaf.PreviewOptions{Unlabeled: tlp.Amber}, "/document/distribution")
	require.Equal(t, csaf.TLPAmber, out.Document.Distribution.TLP.Label)
	require.Equal(t, []string{"/document/distribution has no TLP label; it gets TLP:AMBER"}, said)
	_, _, err = csaf.Preview21(doc, noon, &csaf.PreviewOptions{Unlabeled: "PINK", Publisher: csaf.PublisherVendor})
	require.ErrorContains(t, err, `"PINK" is no TLP label`)
	require.ErrorContains(t, err, `"vendor" is not what a publisher of the category other is`)
}

func TestPreviewOfWhatADocumentSaysOfItself(t *testing.T) {
	t.Parallel()
	doc := full()
	m := &doc.Document
	m.Publisher.Category = csaf.PublisherOther
	out, said := preview(t, doc, nil, "/document/publisher")
	require.Equal(t, csaf.PublisherOther, out.Document.Publisher.Category)
	require.Len(t, said, 1)
	out, said = preview(t, doc, &csaf.PreviewOptions{Publisher: csaf.PublisherMultiplier}, "/document/publisher")
	require.Equal(t, csaf.PublisherMultiplier, out.Document.Publisher.Category)
	require.Empty(t, said)

	for was, is := range map[string]string{
		"EX-2024-1: A pump": "A pump", "A pump - EX-2024-1": "A pump", "[EX-2024-1] A pump": "A pump", "A pump (EX-2024-1)": "A pump", "A pump (of us) EX-2024-1": "A pump (of us)",
		"A (EX-2024-1) pump": "A pump", "A (small EX-2024-1) pump": "A (small) pump", "EX-2024-1": "EX-2024-1", "A pump": "A pump", "EX-2024-1 EX-2024-1: x": "x",
	} {
		m.Title = was
		out, said := preview(t, doc, nil, "/document/title")
		require.Equal(t, is, out.Document.Title)
		require.Equal(t, was == is, len(said) == 0)
	}

	legal := func(texts ...string) {
		m.Notes = m.Notes[:1]
		for _, text := range texts {
			m.Notes = append(m.Notes, csaf.Note{Category: csaf.NoteLegalDisclaimer, Text: text})
		}
	}
	for want, texts := range map[string][]string{
		"CC-BY-4.0 /document/notes/1 names the license CC-BY-4.0, which becomes that of the document":                                                      {"This is under CC-BY-4.0."},
		" /document/notes name several licenses, of which none becomes that of the document: CC-BY-4.0 at /document/notes/1, CC0-1.0 at /document/notes/2": {"CC-BY-4.0", "or CC0-1.0"},
		" /document/notes/1 names an expression of more than CC0-1.0, which is not read: it does not become the license of the document":                   {"CC0-1.0 OR MIT"},
		" ": {"MIT is a school"},
	} {
		legal(texts...)
		out, said := preview(t, doc, nil, "/document/notes")
		require.Equal(t, want, out.Document.LicenseExpression+" "+strings.Join(said, "\n"))
	}
	legal()

	m.Notes[0].Title = "Summary for Pump"
	out, said = preview(t, doc, nil, "/document/notes")
	require.Equal(t, []string{"1.0", "1.1", "1.2", "2.0"}, out.Document.Notes[0].ProductIDs)
	require.Equal(t, []string{`/document/notes/0 has the title "Summary for Pump" and becomes a note of "1.0", "1.1", "1.2", "2.0"`}, said)
	m.Notes[0].Title = "Summary (other)"
	_, said = preview(t, doc, nil, "/document/notes")
	require.Equal(t, []string{`/document/notes/0 has the title "Summary (other)", which may be of some products: none of that name is known`}, said)
}

func TestPreviewOfProfiles(t *testing.T) {
	t.Parallel()
	doc := full()
	s := doc.Vulnerabilities[0].ProductStatus
	out, said := preview(t, doc, nil, "/document/category")
	require.Equal(t, csaf.ProfileDeprecatedAdvisory, out.Document.Category)
	require.Equal(t, []string{`/document/category is "csaf_security_advisory" and becomes csaf_deprecated_security_advisory: /vulnerabilities/0/product_status/fixed/1 is "library", of which no other version is affected`}, said)
	s.Fixed, s.FirstFixed = []string{"2.0"}, []string{"2.0"}
	out, said = preview(t, doc, nil, "/document/category")
	require.Equal(t, csaf.ProfileSecurityAdvisory, out.Document.Category)
	require.Empty(t, said)
	s.KnownAffected = nil
	out, _ = preview(t, doc, nil, "")
	require.Equal(t, csaf.ProfileDeprecatedAdvisory, out.Document.Category)

	doc.Document.Category, doc.Document.Title = csaf.ProfileBase, "Withdrawn: a pump"
	out, said = preview(t, doc, nil, "/document/category")
	require.Equal(t, csaf.ProfileBase, out.Document.Category)
	require.Equal(t, []string{"/document/category may be csaf_withdrawn, which the document is not valid as: it has a product tree or vulnerabilities"}, said)
	doc.ProductTree, doc.Vulnerabilities = nil, nil
	_, said = preview(t, doc, nil, "/document/category")
	require.Contains(t, said[0], `it has not one description of the title "Reasoning for Withdrawal"`)
	doc.Document.Notes = append(doc.Document.Notes, csaf.Note{Category: csaf.NoteDescription, Title: "Reasoning for Withdrawal", Text: "wrong"})
	out, _ = preview(t, doc, nil, "")
	require.Equal(t, csaf.ProfileWithdrawn, out.Document.Category)
	doc.Document.Title, doc.Document.Notes[1].Title = "Superseded: a pump", "Reasoning for Supersession"
	out, said = preview(t, doc, nil, "/document/category")
	require.Equal(t, csaf.ProfileBase, out.Document.Category)
	require.Contains(t, said[0], `it has no reference to a "Superseding Document"`)
	doc.Document.References[0].Summary = "Superseding Document: 2"
	out, _ = preview(t, doc, nil, "")
	require.Equal(t, csaf.ProfileSuperseded, out.Document.Category)
	doc.Document.Lang, doc.Document.SourceLang = "de", "en"
	out, _ = preview(t, doc, nil, "")
	require.Equal(t, csaf.ProfileBase, out.Document.Category, "of other languages nothing is known")
}

func TestPreviewOfVulnerabilities(t *testing.T) {
	t.Parallel()
	doc := full()
	v := &doc.Vulnerabilities[0]
	const vector = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N"
	v.Notes = append(v.Notes, csaf.Note{Category: csaf.NoteOther, Title: "SSVC", Text: "SSVCv2/E:N"})
	v.References = append(v.References, csaf.Reference{Summary: "score", URL: "https://www.first.org/cvss/calculator/4.0#" + vector})
	out, said := preview(t, doc, nil, "/vulnerabilities/0")
	require.Equal(t, []csaf.Metric{
		{Content: csaf.MetricContent{CVSSv2: v.Scores[0].CVSSv2, CVSSv3: v.Scores[0].CVSSv3}, Products: []string{"1.0", "1.1"}},
		{Content: csaf.MetricContent{CVSSv4: &csaf.CVSSv4{Version: "4.0", VectorString: vector, BaseScore: 8.7, BaseSeverity: "HIGH"}}, Products: []string{"1.0", "1.1"}},
	}, out.Vulnerabilities[0].Metrics)
	require.Equal(t, []csaf.CWE{{ID: "CWE-400", Name: "Uncontrolled Resource Consumption", Version: "4.14"}}, out.Vulnerabilities[0].CWEs)
	require.Equal(t, v.ReleaseDate, out.Vulnerabilities[0].DisclosureDate)
	require.Equal(t, []string{
		"/vulnerabilities/0/references/1/url has a vector of CVSS 4.0, which is made a metric of 2 affected products",
		`/vulnerabilities/0/ids/0 is "T-1" of "tracker", which is kept: this preview maps no ids to registered systems`,
		`/vulnerabilities/0/ids/1 is "T-2" of "tracker", which is kept: this preview maps no ids to registered systems`,
		`/vulnerabilities/0/notes/1 holds "SSVCv2/E:N", which is kept: this preview converts no SSVC`,
	}, said)
	for url, want := range map[string]string{
		"https://www.first.org/cvss/calculator/4-0#CVSS:4.0/AV:N":                                 "of which no CVSS 4.0 can be made",
		"https://www.first.org/cvss/calculator/4-0#CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H":  "the vector is of 3.1",
		"https://www.first.org/cvss/calculator/4.0#" + vector + "/E:A":                            "with more than base metrics",
		"https://www.first.org/cvss/calculator/4.0#" + strings.Replace(vector, "AV:N", "AV:L", 1): "",
		"https://first.example/cvss/calculator/4.0#" + strings.Replace(vector, "AV:N", "AV:L", 1): "-",
	} {
		v.References[1].URL = url
		out, said := preview(t, doc, nil, "/vulnerabilities/0/references")
		switch want {
		case "-":
			require.Empty(t, said)
		case "":
			require.Len(t, out.Vulnerabilities[0].Metrics, 2)
		default:
			require.Len(t, out.Vulnerabilities[0].Metrics, 1)
			require.Contains(t, said[0], want)
		}
	}
}

func TestPreviewOfAWeaknessIsOfTheListOfItsDay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ id, released, version string }{
		{"CWE-79", "2024-07-16T00:00:00Z", "4.14"}, // 4.15 is of that day
		{"CWE-79", "2024-07-16T00:00:01Z", "4.15"},
		{"CWE-400", "2008-01-01T00:00:00Z", ""},
		{"CWE-1395", "2020-01-01T00:00:00Z", "4.10"}, // the first that has it
		{"CWE-79", "2025-04-03T09:00:00Z", "4.17"},
	} {
		doc := full()
		name, ok := csaf.CWEName(c.id)
		require.True(t, ok)
		doc.Vulnerabilities[0].CWE = &csaf.CWE{ID: c.id, Name: name}
		m := &doc.Document.Tracking
		m.InitialReleaseDate, m.CurrentReleaseDate = csaf.Date(c.released), csaf.Date(c.released)
		for i := range m.RevisionHistory {
			m.RevisionHistory[i].Date = csaf.Date(c.released)
		}
		out, said := preview(t, doc, nil, "/vulnerabilities/0/cwe")
		got := out.Vulnerabilities[0].CWEs[0].Version
		if c.version != "" {
			require.Equal(t, c.version, got, c)
		} else {
			require.Regexp(t, `^[1-4]\.`, got)
		}
		require.Equal(t, got == "4.17", len(said) == 1, said)
		out, _ = preview(t, doc, &csaf.PreviewOptions{LatestCWE: true}, "")
		require.Equal(t, "4.17", out.Vulnerabilities[0].CWEs[0].Version)
	}
}

func TestPreviewOfRemediations(t *testing.T) {
	t.Parallel()
	fix := func(category csaf.RemediationCategory, date csaf.Date, ids ...string) csaf.Remediation {
		r := csaf.Remediation{Category: category, Date: date, Details: "x"}
		for _, id := range ids {
			if id == "ones" {
				r.GroupIDs = append(r.GroupIDs, id)
			} else {
				r.ProductIDs = append(r.ProductIDs, id)
			}
		}
		return r
	}
	const past, now, future = "2026-09-01T11:59:59Z", "2026-09-01T14:00:00+02:00", "2026-09-01T12:00:01Z"
	vendor, none, planned, patch := csaf.RemediationVendorFix, csaf.RemediationNoneAvailable, csaf.RemediationFixPlanned, csaf.RemediationOptionalPatch
	for name, c := range map[string]struct {
		was, is []csaf.Remediation
		said    int
	}{
		"fix of what is affected":        {[]csaf.Remediation{fix(vendor, past, "1.0")}, []csaf.Remediation{fix(vendor, past, "1.0")}, 0},
		"fix of what is not":             {[]csaf.Remediation{fix(vendor, past, "2.0", "board")}, []csaf.Remediation{fix(patch, past, "2.0", "board")}, 1},
		"fix of both":                    {[]csaf.Remediation{fix(vendor, past, "1.0", "2.0", "ones")}, []csaf.Remediation{fix(vendor, past, "1.0", "ones"), fix(patch, past, "2.0")}, 1},
		"none yet, and one to come":      {[]csaf.Remediation{fix(none, "", "1.0", "1.1"), fix(vendor, future, "1.0")}, []csaf.Remediation{fix(none, "", "1.1"), fix(planned, "", "1.0")}, 2},
		"none yet, and one without date": {[]csaf.Remediation{fix(none, "", "1.0"), fix(vendor, "", "1.0", "old")}, []csaf.Remediation{fix(planned, "", "1.0"), fix(vendor, "", "old")}, 2},
		"none yet, and one is there":     {[]csaf.Remediation{fix(none, "", "1.0"), fix(vendor, past, "1.0")}, []csaf.Remediation{fix(vendor, past, "1.0")}, 1},
		"at that very instant":           {[]csaf.Remediation{fix(none, "", "1.0", "old"), fix(vendor, now, "1.0")}, []csaf.Remediation{fix(none, "", "old"), fix(vendor, now, "1.0")}, 1},
		"one there and one to come":      {[]csaf.Remediation{fix(none, "", "1.0"), fix(vendor, past, "1.0"), fix(vendor, future, "1.0")}, []csaf.Remediation{fix(vendor, past, "1.0"), fix(vendor, future, "1.0")}, 1},
		"through a group":                {[]csaf.Remediation{fix(none, "", "1.1"), fix(vendor, future, "ones")}, []csaf.Remediation{fix(planned, "", "1.1"), fix(vendor, future, "1.0", "1.2")}, 2},
		"none at all, and none needed":   {[]csaf.Remediation{fix(none, "", "1.0"), fix(csaf.RemediationMitigation, "", "1.1")}, []csaf.Remediation{fix(none, "", "1.0"), fix(csaf.RemediationMitigation, "", "1.1")}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := full()
			doc.Vulnerabilities[0].Remediations = c.was
			out, said := preview(t, doc, nil, "/vulnerabilities/0/remediations")
			require.Equal(t, c.is, out.Vulnerabilities[0].Remediations)
			require.Len(t, said, c.said, said)
		})
	}
}

func TestPreviewTellsOfWhatIsValidIn20Alone(t *testing.T) {
	t.Parallel()
	doc := full()
	v := &doc.Vulnerabilities[0]
	v.Remediations = []csaf.Remediation{
		{Category: csaf.RemediationWorkaround, Details: "x", GroupIDs: []string{"ones"}, ProductIDs: []string{"2.0"}},
		{Category: csaf.RemediationNoneAvailable, Details: "x", ProductIDs: []string{"1.0", "1.1"}},
	}
	v.ReleaseDate = "2024-03-02T09:30:01Z"
	_, said := preview(t, doc, nil, "/vulnerabilities/0/re")
	require.Equal(t, []string{
		`/vulnerabilities/0/remediations are both "workaround" and "none_available" for "1.0", "1.1", which 2.1 prohibits: the result fails test 6.1.35`,
		`/vulnerabilities/0/remediations are "workaround" for "2.0", which is fixed: the result fails test 6.1.36`,
		`/vulnerabilities/0/release_date is "2024-03-02T09:30:01Z", after the last revision, of a document that all may have: the result fails test 6.1.45`,
	}, said)
	v.ReleaseDate = "2024-03-02T10:30:00+01:00"
	_, said = preview(t, doc, nil, "/vulnerabilities/0/release_date")
	require.Empty(t, said)
	v.ReleaseDate, doc.Document.Distribution.TLP.Label = "2024-03-02T09:30:01Z", csaf.TLPGreen
	_, said = preview(t, doc, nil, "/vulnerabilities/0/release_date")
	require.Empty(t, said)
}

// TestEveryValidDocumentOf20HasAPreview takes those of all publishers, and of the
// committee's tests.
func TestEveryValidDocumentOf20HasAPreview(t *testing.T) {
	t.Parallel()
	made, refused := 0, 0
	for _, file := range documents(t, "oasis-tests-2.0", "oasis-examples-2.0", "vendors", "redhat", "gocsaf-testdata") {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		doc, err := csaf.Decode(bytes.NewReader(data))
		if err != nil || len(csaf.Check(doc)) > 0 {
			continue
		}
		for _, opts := range []*csaf.PreviewOptions{
			{Unlabeled: tlp.Clear},
			{Unlabeled: tlp.Red, TextLabel: true, WholeNumbers: true, CloseRanges: true, Publisher: csaf.PublisherMultiplier},
		} {
			out, _, err := csaf.Preview21(doc, noon, opts)
			if err != nil {
				t.Log(file, err)
				refused++
				continue
			}
			require.Empty(t, csaf.CheckSchema21(out), file)
			require.NoError(t, csaf.Encode21(io.Discard, out), file)
			made++
		}
	}
	require.GreaterOrEqual(t, made, 330)
	t.Logf("%d made, %d refused", made, refused)
}
