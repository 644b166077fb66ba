package csaf_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/csaf"
	"github.com/open-postmarket/postmarket/vex"
)

// one decodes a document of one product and one vulnerability that names it.
func one(t *testing.T, tree, status string) []feeds.Product {
	t.Helper()
	doc := fmt.Sprintf(`{"document":{"csaf_version":"2.0","tracking":{"id":"D-1"}},"product_tree":%s,"vulnerabilities":[{"cve":"CVE-2024-0001","product_status":{%q:["1"]}}]}`, tree, status)
	records, rejected, _, err := gather(csaf.Decode(strings.NewReader(doc)))
	require.NoError(t, err)
	require.Empty(t, rejected)
	require.Len(t, records, 1)
	return records[0].Products
}

func TestNameOfAProductMaySayItsVersions(t *testing.T) {
	t.Parallel()
	all := feeds.Span{Status: vex.Affected, From: "0", Open: true}
	for name, want := range map[string]feeds.Product{
		"Foo":                                 {Name: "Foo", Spans: []feeds.Span{all}},
		"Foo 8015 Pump":                       {Name: "Foo 8015 Pump", Spans: []feeds.Span{all}},
		"Foo: <=1.2":                          {Name: "Foo", Spans: []feeds.Span{{Status: vex.Affected, UpTo: "1.2", Text: "<=1.2"}}},
		"Foo v1.2 and prior":                  {Name: "Foo", Spans: []feeds.Span{{Status: vex.Affected, UpTo: "v1.2", Text: "v1.2 and prior"}}},
		"Foo 7 versions prior to 2.0":         {Name: "Foo 7", Spans: []feeds.Span{{Status: vex.Affected, Below: "2.0", Text: "versions prior to 2.0"}}},
		"Foo 1.2.3":                           {Name: "Foo", Spans: []feeds.Span{{Status: vex.Affected, From: "1.2.3", Text: "1.2.3"}}},
		"Foo (all versions)":                  {Name: "Foo", Spans: []feeds.Span{{Status: vex.Affected, From: "0", Open: true, Text: "all versions"}}},
		"Foo Versions 1.2 with the old radio": {Name: "Foo Versions 1.2 with the old radio", Unread: []string{"Versions 1.2 with the old radio"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, []feeds.Product{want}, one(t, fmt.Sprintf(`{"full_product_names":[{"product_id":"1","name":%q}]}`, name), "known_affected"))
		})
	}
}

func TestNothingIsFixedOrNotAffectedByAReading(t *testing.T) {
	t.Parallel()
	whole := `{"full_product_names":[{"product_id":"1","name":"Foo"}]}`
	require.Equal(t, []feeds.Product{{Name: "Foo", Unread: []string{"fixed: in a version that is not said"}}}, one(t, whole, "fixed"))
	require.Equal(t, []feeds.Product{{Name: "Foo", Spans: []feeds.Span{{Status: vex.NotAffected, From: "0", Open: true}}}}, one(t, whole, "known_not_affected"), "the publisher says so")
	require.Empty(t, one(t, whole, "recommended"))
	units := `{"full_product_names":[{"product_id":"1","name":"Foo","product_identification_helper":{"serial_numbers":["10?"]}}]}`
	require.Equal(t, []feeds.Product{{Name: "Foo", Unread: []string{"not_affected: serial numbers 10?"}}}, one(t, units, "known_not_affected"))
	condition := `{"branches":[{"category":"product_name","name":"Foo","branches":[{"category":"product_version_range","name":"< 2 only with radio","product":{"product_id":"1","name":"x"}}]}]}`
	require.Equal(t, []feeds.Product{{Name: "Foo", Unread: []string{"not_affected: < 2 only with radio"}}}, one(t, condition, "known_not_affected"))
	require.Equal(t, []feeds.Product{{Unread: []string{`product id "1", which the document does not define`}}}, one(t, "{}", "known_affected"))
}

func TestBadDocumentIsAnErrorThatSaysWhatAndWhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ doc, want string }{
		"zero bytes":      {"", "empty"},
		"empty object":    {"{}", "it has no document"},
		"array":           {"[]", "not a JSON object"},
		"no JSON":         {"{{ template }}", "line 1, column 2"},
		"something after": {`{"document":{}} x`, "after top-level value"},
		"a ROLIE feed":    {`{"feed":{}}`, "another kind of document"},
		"no version":      {`{"document":{"tracking":{"id":"D"}}}`, "no /document/csaf_version"},
		"another version": {`{"document":{"csaf_version":"3.0"}}`, `csaf_version is "3.0"`},
		"no id":           {`{"document":{"csaf_version":"2.0","tracking":{"id":" "}}}`, "no tracking id"},
		"no date":         {`{"document":{"csaf_version":"2.0","tracking":{"id":"D","initial_release_date":"soon"}}}`, `"d": initial_release_date "soon" is no time`},
		"not UTF-8":       {"{\"document\":\"\xff\"}", "not UTF-8 at byte 13"},
		"year 10000":      {`{"document":{"csaf_version":"2.0","tracking":{"id":"D","initial_release_date":"9999-12-31T23:59:59-10:00"}}}`, "year 10000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			records, _, _, err := gather(csaf.Decode(strings.NewReader(c.doc)))
			require.ErrorContains(t, err, c.want)
			require.Empty(t, records)
		})
	}
}

func TestLabelThatIsNotSaidIsNeverClear(t *testing.T) {
	t.Parallel()
	for label, want := range map[string]string{
		`"distribution":{"tlp":{"label":"WHITE"}}`: "TLP:CLEAR by csaf", `"distribution":{"tlp":{"label":"AMBER+STRICT"}}`: "TLP:AMBER+STRICT by csaf",
		`"distribution":{"tlp":{"label":"PINK"}}`: "TLP not said by csaf", `"distribution":{"text":"ask us"}`: "TLP not said by csaf", `"lang":"en"`: "TLP not said by csaf",
	} {
		doc := `{"document":{"csaf_version":"2.1","tracking":{"id":"D"},` + label + `}}`
		records, _, _, err := gather(csaf.Decode(strings.NewReader(doc)))
		require.NoError(t, err)
		require.Equal(t, want, records[0].Mark.String())
		require.Empty(t, records[0].Names, "a bulletin")
	}
}

func TestFeedHasTheNameOfItsPublisher(t *testing.T) {
	t.Parallel()
	folder := fstest.MapFS{"a.json": {Data: []byte(`{"document":{"csaf_version":"2.0","tracking":{"id":"D-1","current_release_date":"2024-01-02T03:04:05+01:00"}}}`)}}
	require.Equal(t, "csaf", csaf.New(nil).Name())
	feed := csaf.New(&csaf.Options{Name: "csaf/demo", FS: folder})
	records, _, _, err := gather(feed.Updates(t.Context(), ""))
	require.NoError(t, err)
	require.Equal(t, "csaf/demo", records[0].Source)
	require.Equal(t, "d-1", records[0].Item)
	require.Equal(t, time.Date(2024, 1, 2, 2, 4, 5, 0, time.UTC), records[0].Modified)
	_, _, _, err = gather(csaf.New(&csaf.Options{Name: "CSAF of CISA", FS: folder}).Updates(t.Context(), ""))
	require.ErrorContains(t, err, "is not the name of a source")
	for want, opts := range map[string]*csaf.Options{
		"csaf: there is no publisher by default": nil, "csaf/x: there is no publisher by default": {Name: "csaf/x"},
		"csaf: More names files beside": {From: "a", More: []string{"HTTP://demo.example"}},
	} {
		_, _, _, err := gather(csaf.New(opts).Updates(t.Context(), ""))
		require.ErrorContains(t, err, want)
	}
}

func TestADocumentOfManyProductsIsReadWhole(t *testing.T) {
	t.Parallel()
	var tree, ids strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&tree, `{"category":"product_version","name":"%d.0","product":{"product_id":"%d","name":"x"}},`, i, i)
		fmt.Fprintf(&ids, `"%d",`, i)
	}
	doc := fmt.Sprintf(`{"document":{"csaf_version":"2.0","tracking":{"id":"D"}},"product_tree":{"branches":[{"category":"product_name","name":"Foo","branches":[%s]}]},"vulnerabilities":[{"product_status":{"fixed":[%s]}}]}`,
		strings.TrimSuffix(tree.String(), ","), strings.TrimSuffix(ids.String(), ","))
	records, _, _, err := gather(csaf.Decode(strings.NewReader(doc)))
	require.NoError(t, err)
	require.Len(t, records[0].Products[0].Spans, 20_000)
	require.Equal(t, []feeds.ID{"d#1"}, records[0].Names, "nobody else has numbered it")
}

// read decodes a document of that version, whose other members are given.
func read(t *testing.T, version, members string) ([]feeds.Record, []*feeds.RecordError, error) {
	t.Helper()
	doc := fmt.Sprintf(`{"document":{"csaf_version":%q,"publisher":{"name":"P"},"tracking":{"id":"D"}},%s}`, version, members)
	records, rejected, _, err := gather(csaf.Decode(strings.NewReader(doc)))
	return records, rejected, err
}

func TestMembersOfTheOtherVersionAreReadToo(t *testing.T) {
	t.Parallel()
	const tree = `"product_tree":{"full_product_names":[{"product_id":"1","name":"Foo","product_identification_helper":{"purl":"pkg:npm/a@1","purls":["pkg:npm/b@1"]}},{"product_id":"2","name":"Bar"}],
		"relationships":[{"category":"installed_on","product_reference":"1","relates_to_product_reference":"2","full_product_name":{"product_id":"3","name":"x"}}],
		"product_paths":[{"beginning_product_reference":"1","subpaths":[{"category":"installed_on","next_product_reference":"2"}],"full_product_name":{"product_id":"4","name":"y"}}]}`
	const vulnerability = `"vulnerabilities":[{"cve":"CVE-2024-0001","cwe":{"id":"CWE-1"},"cwes":[{"id":"CWE-2"}],"product_status":{"known_affected":["3"],"unknown":["4"]},
		"scores":[{"cvss_v3":{"vectorString":"3","baseScore":3},"cvss_v4":{"vectorString":"4","baseScore":4},"products":["3"]}],"metrics":[{"content":{"cvss_v2":{"vectorString":"2","baseScore":2}},"source":"S"}]}]`
	for _, version := range []string{"2.0", "2.1"} {
		records, rejected, err := read(t, version, tree+","+vulnerability)
		require.NoError(t, err)
		require.Empty(t, rejected)
		r := records[0]
		require.Equal(t, []string{"CWE-2", "CWE-1"}, r.Weaknesses)
		require.Equal(t, []feeds.Score{{Vector: "4", Base: 4, By: "P"}, {Vector: "3", Base: 3, By: "P"}, {Vector: "2", Base: 2, By: "S"}}, r.Scores, version)
		require.Len(t, r.Products, 1, version)
		require.Equal(t, []string{"pkg:npm/a@1", "pkg:npm/b@1"}, r.Products[0].PURLs)
		require.Equal(t, []string{"Bar"}, r.Products[0].Platforms)
		require.Len(t, r.Products[0].Spans, 2, "affected, and not known")
	}
	_, rejected, err := read(t, "2.0", `"vulnerabilities":[{"cwes":{"id":"CWE-2"}},{}]`)
	require.NoError(t, err)
	require.ErrorContains(t, rejected[0], `record "d#1": /vulnerabilities/0/cwes json: cannot unmarshal object`)
	_, _, err = read(t, "2.1", `"product_tree":{"relationships":3}`)
	require.ErrorContains(t, err, "/product_tree/relationships json: cannot unmarshal number")
}

func TestWhatIsWrongHarmsNoRecordThatDoesNotNeedIt(t *testing.T) {
	t.Parallel()
	records, rejected, err := read(t, "2.0", `"vulnerabilities":[
		{"title":null,"cve":"","notes":[],"acknowledgments":"us","threats":[{"details":7}],"product_status":{}},
		{"title":["x"]},
		{"remediations":[{"details":1,"category":"mitigation"}]},
		{"CVE":"CVE-2024-0001"},
		7,
		null],"product_tree":{"product_groups":7,"branches":[{"branches":[{"category":"vendor","x_own":{"name":1}}]}]}`)
	require.NoError(t, err)
	require.Len(t, records, 2)
	var got []string
	for _, r := range rejected {
		require.NotEmpty(t, r.Digest)
		got = append(got, r.Item+" "+r.Err.Error())
	}
	require.Equal(t, []string{
		"d#2 /vulnerabilities/1/title is a list, not a string",
		"d#3 /vulnerabilities/2/remediations/0/details is a number, not a string",
		"d#4 /vulnerabilities/3/CVE is not spelled as the standard spells it",
		"d#5 /vulnerabilities/4 is a number, not an object",
	}, got)
	for members, want := range map[string]string{
		`"product_tree":{"branches":[{"branches":[{"branches":[{"name":7}]}]}]}`: "/product_tree/branches/0/branches/0/branches/0/name is a number, not a string",
		`"Vulnerabilities":[]`: "/Vulnerabilities is not spelled as the standard spells it",
		`"vulnerabilities":7`:  "/vulnerabilities is a number, not a list",
		`"vulnerabilities":[{"acknowledgments":[` + strings.Repeat("1,", 1500) + `1]}]`: "501 more like these",
	} {
		_, _, err := read(t, "2.0", members)
		require.ErrorContains(t, err, want)
	}
}
