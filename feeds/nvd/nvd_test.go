package nvd_test

import (
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/nvd"
	"github.com/open-postmarket/postmarket/internal/testdata"
)

// gather reads to the end.
func gather(seq iter.Seq2[feeds.Update, error]) (records []feeds.Record, rejected []*feeds.RecordError, whole bool, end error) {
	for u, err := range seq {
		var bad *feeds.RecordError
		switch {
		case errors.As(err, &bad):
			rejected = append(rejected, bad)
		case err != nil:
			end = err
		case u.Record.Item != "":
			records = append(records, u.Record)
		}
		whole = whole || u.Whole
	}
	return records, rejected, whole, end
}

const object = `{"id":"CVE-2024-0001","sourceIdentifier":"a@example.org","published":"2024-01-02T03:04:05.678","lastModified":"2024-02-03T04:05:06Z",
	"vulnStatus":"Analyzed","cveTags":[],"descriptions":[{"lang":"es","value":"uno"},{"lang":"en","value":"one"}],
	"metrics":{
		"cvssMetricV2":[{"source":"nvd@nist.gov","type":"Primary","cvssData":{"version":"2.0","vectorString":"AV:N/AC:L/Au:N/C:N/I:P/A:N","baseScore":5.0}}],
		"cvssMetricV30":[{"source":"nvd@nist.gov","type":"Primary","cvssData":{"vectorString":"CVSS:3.0/AV:N","baseScore":7.4}}],
		"cvssMetricV31":[{"source":"cna@example.org","type":"Secondary","cvssData":{"vectorString":"CVSS:3.1/AV:L","baseScore":6.5}},
			{"source":"nvd@nist.gov","type":"Primary","cvssData":{"vectorString":"CVSS:3.1/AV:N","baseScore":7.5}}],
		"cvssMetricV40":[{"source":"cna@example.org","type":"Secondary","cvssData":{"vectorString":"CVSS:4.0/AV:N","baseScore":8.2}}],
		"ssvcV203":[{}]},
	"weaknesses":[{"description":[{"lang":"en","value":"NVD-CWE-noinfo"},{"lang":"en","value":"CWE-79"}]},{"description":[{"value":"CWE-79"},{"value":"CWE-20"}]}],
	"configurations":[{"operator":"AND","negate":true,"nodes":[
		{"operator":"OR","negate":false,"cpeMatch":[
			{"vulnerable":true,"criteria":"cpe:2.3:o:demo:fw:*:*:*:*:*:*:*:*","versionStartIncluding":"1","versionEndExcluding":"2","matchCriteriaId":"x"},
			{"vulnerable":true,"criteria":"cpe:2.3:o:demo:fw:*:*:*:*:*:*:*:*","versionStartExcluding":"3","versionEndIncluding":"4"}]},
		{"operator":"and","negate":true,"cpeMatch":[{"vulnerable":false,"criteria":"cpe:2.3:h:demo:board:-:*:*:*:*:*:*:*"}],
			"nodes":[{"operator":"OR","cpeMatch":[{"vulnerable":true,"criteria":"cpe:2.3:a:demo:app:1:*:*:*:*:*:*:*"}]}]}]},
		{"nodes":[{"operator":"OR","cpeMatch":[{"vulnerable":true,"criteria":"cpe:2.3:a:demo:other:*:*:*:*:*:*:*:*"}]}]}],
	"references":[{"url":"https://example.org/a","source":"x","tags":["Patch"]},{"url":"https://example.org/a","source":"y","tags":["Patch"]},{"url":"https://example.org/b"}],
	"new_member":{"x":[1]}}`

func want() feeds.Record {
	leaf := func(c feeds.Criterion, name string) feeds.Criterion { c.CPE = name; return c }
	fw := "cpe:2.3:o:demo:fw:*:*:*:*:*:*:*:*"
	return feeds.Record{
		Source: "nvd", Item: "CVE-2024-0001", Names: []feeds.ID{"CVE-2024-0001"}, State: "Analyzed",
		Published: time.Date(2024, 1, 2, 3, 4, 5, 678000000, time.UTC), Modified: time.Date(2024, 2, 3, 4, 5, 6, 0, time.UTC),
		Text: "one",
		Scores: []feeds.Score{
			{Vector: "CVSS:4.0/AV:N", Base: 8.2, By: "cna@example.org"},
			{Vector: "CVSS:3.1/AV:L", Base: 6.5, By: "cna@example.org"},
			{Vector: "CVSS:3.1/AV:N", Base: 7.5, By: "nvd@nist.gov", Primary: true},
			{Vector: "CVSS:3.0/AV:N", Base: 7.4, By: "nvd@nist.gov", Primary: true},
			{Vector: "AV:N/AC:L/Au:N/C:N/I:P/A:N", Base: 5, By: "nvd@nist.gov", Primary: true},
		},
		Weaknesses: []string{"CWE-79", "CWE-20"},
		References: []feeds.Reference{{URL: "https://example.org/a", Tags: []string{"Patch"}}, {URL: "https://example.org/b"}},
		Configurations: []feeds.Configuration{
			{Operator: "AND", Negate: true, Nodes: []feeds.Node{
				{Operator: "OR", Criteria: []feeds.Criterion{
					leaf(feeds.Criterion{Vulnerable: true, StartIncluding: "1", EndExcluding: "2"}, fw),
					leaf(feeds.Criterion{Vulnerable: true, StartExcluding: "3", EndIncluding: "4"}, fw),
				}},
				{Operator: "AND", Negate: true, Criteria: []feeds.Criterion{{CPE: "cpe:2.3:h:demo:board:-:*:*:*:*:*:*:*"}},
					Nodes: []feeds.Node{{Operator: "OR", Criteria: []feeds.Criterion{{CPE: "cpe:2.3:a:demo:app:1:*:*:*:*:*:*:*", Vulnerable: true}}}}},
			}},
			{Nodes: []feeds.Node{{Operator: "OR", Criteria: []feeds.Criterion{{CPE: "cpe:2.3:a:demo:other:*:*:*:*:*:*:*:*", Vulnerable: true}}}}},
		},
	}
}

func TestObjectIsReadInEachOfItsForms(t *testing.T) {
	t.Parallel()
	for name, doc := range map[string]string{
		"bare":    object,
		"wrapped": `{"cve":` + object + `}`,
		"page":    `{"resultsPerPage":1,"format":"NVD_CVE","vulnerabilities":[{"cve":` + object + `}],"totalResults":1}`,
		"marked":  "\xef\xbb\xbf" + object + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			records, rejected, _, err := gather(nvd.Decode(strings.NewReader(doc)))
			require.NoError(t, err)
			require.Empty(t, rejected)
			require.Len(t, records, 1)
			require.Equal(t, "TLP:CLEAR by nvd", records[0].Mark.String())
			expected := want()
			expected.Mark = records[0].Mark
			require.Equal(t, expected, records[0])
		})
	}
}

func TestRejectedRecordNoLongerStands(t *testing.T) {
	t.Parallel()
	records, _, _, err := gather(nvd.Decode(strings.NewReader(`{"id":"CVE-2024-0001","vulnStatus":"Rejected"}`)))
	require.NoError(t, err)
	require.False(t, records[0].Live())
	records, _, _, err = gather(nvd.Decode(strings.NewReader(`{"id":"CVE-2024-0001","vulnStatus":"Deferred"}`)))
	require.NoError(t, err)
	require.True(t, records[0].Live())
	require.Equal(t, "Deferred", records[0].State)
}

func TestBadElementOfAPageIsRejectedAndTheOthersGoOn(t *testing.T) {
	t.Parallel()
	elements := []string{
		object,
		`{"id":"CVE-2024-0002"}`,
		`{"cve":{"id":"CVE-2024-0003","vulnStatus":"Analyzed","published":"yesterday"}}`,
		`{"cve":{"id":"CVE-2024-0004","vulnStatus":"Analyzed","configurations":[{"nodes":[{"operator":"XOR"}]}]}}`,
		`{"cve":{"id":"CVE-2024-0005","vulnStatus":"Analyzed","configurations":[{"nodes":[{"cpeMatch":[{"vulnerable":true}]}]}]}}`,
		"{\"cve\":{\"id\":\"CVE-2024-0006\",\"vulnStatus\":\"\xc3\"}}",
		`{"cve":{"id":"CVE-2024-0007","vulnStatus":5}}`,
		`{"cve":{"id":"CVE-2024-0008"}}`,
		`null`,
		`{"cve":{"id":"CVE-2024-0010","vulnStatus":"Analyzed"}}`,
	}
	elements[0] = `{"cve":` + object + `}`
	doc := `{"vulnerabilities":[` + strings.Join(elements, ",") + `]}`
	records, rejected, _, err := gather(nvd.Decode(strings.NewReader(doc)))
	require.NoError(t, err)
	require.Len(t, records, 2)
	require.Equal(t, "CVE-2024-0010", records[1].Item)
	want := []string{
		`"vulnerabilities[1]": has no cve`,
		`"CVE-2024-0003": published "yesterday" is no time`,
		`"CVE-2024-0004": configurations[0].nodes[0].operator "XOR" is neither AND nor OR`,
		`"CVE-2024-0005": configurations[0].nodes[0].cpeMatch[0] has no criteria`,
		`"CVE-2024-0006": not UTF-8 at byte 43`,
		`"CVE-2024-0007": json: cannot unmarshal number`,
		`"CVE-2024-0008": not a CVE record of NVD`,
		`"vulnerabilities[8]": has no cve`,
	}
	require.Len(t, rejected, len(want))
	for i, bad := range rejected {
		require.ErrorContains(t, bad, want[i])
		require.Len(t, bad.Digest, 64)
	}
}

func TestBadDocumentIsAnErrorThatSaysWhatAndWhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ doc, want string }{
		"zero bytes":      {"", "empty"},
		"empty object":    {"{}", "an empty object"},
		"array":           {"[]", "not a JSON object"},
		"another object":  {`{"title":"x"}`, "it has no id"},
		"OSV record":      {`{"id":"GHSA-x","modified":"2024-01-01T00:00:00Z"}`, `"GHSA-x" is no CVE id`},
		"JSON 1.1 feed":   {`{"CVE_data_type":"CVE","CVE_Items":[]}`, "only the 2.0 form is read"},
		"a source page":   {`{"format":"NVD_SOURCE","sources":[]}`, "a list of sources"},
		"a product page":  {`{"products":[]}`, "a list of products"},
		"a history page":  {`{"cveChanges":[]}`, "a list of cveChanges"},
		"a match page":    {`{"matchStrings":[]}`, "a list of matchStrings"},
		"cut in a page":   {`{"vulnerabilities":[{"cve":{"id":"CVE-2024-0001","vulnStatus":"Analyzed"}},{"cve":{"id`, "vulnerabilities[1]: at byte"},
		"cut in a record": {object[:500], "unexpected EOF"},
		"not UTF-8":       {"{\"id\":\"CVE-2024-0001\",\"vulnStatus\":\"\xff\"}", "not UTF-8"},
		"something after": {object + "x", "something follows"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, _, err := gather(nvd.Decode(strings.NewReader(c.doc)))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestFolderPassesOverWhatIsNoCVERecordAndTellsOfWhatIsBroken(t *testing.T) {
	t.Parallel()
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	folder := fstest.MapFS{
		"2024/CVE-2024-0001.json": file(object),
		"2024/page.JSON":          file(`{"vulnerabilities":[{"cve":{"id":"CVE-2024-0002","vulnStatus":"Analyzed"}},{"cve":{}}]}`),
		"cpe.json":                file(`{"format":"NVD_CPE","products":[]}`),
		"empty-page.json":         file(`{"totalResults":0,"vulnerabilities":[]}`),
		"readme.md":               file("# not a record"),
		"zero.json":               file(""),
		"old.json":                file(`{"CVE_Items":[]}`),
	}
	records, rejected, whole, err := gather(nvd.New(&nvd.Options{FS: folder}).Updates(t.Context(), ""))
	require.NoError(t, err)
	require.True(t, whole)
	require.Len(t, records, 2)
	var items []string
	for _, bad := range rejected {
		items = append(items, bad.Item)
	}
	require.Equal(t, []string{"2024/page.JSON vulnerabilities[1]", "old.json", "zero.json"}, items)
	_, _, _, err = gather(nvd.New(&nvd.Options{FS: folder, From: "cpe.json"}).Updates(t.Context(), ""))
	require.ErrorContains(t, err, `nvd: "cpe.json": a list of products`)
	_, _, _, err = gather(nvd.New(&nvd.Options{FS: folder, From: "empty-page.json"}).Updates(t.Context(), ""))
	require.ErrorIs(t, err, feeds.ErrNothing)
	records, _, whole, err = gather(nvd.New(&nvd.Options{FS: folder, From: "2024/CVE-2024-0001.json", More: []string{"gone.json", "2024"}}).Updates(t.Context(), ""))
	require.ErrorContains(t, err, `nvd: "gone.json": cannot be opened`)
	require.Len(t, records, 3, "the other paths are done")
	require.False(t, whole)
}

func TestEveryRecordOfTheBundleDecodes(t *testing.T) {
	t.Parallel()
	for folder, n := range map[string]int{"api20": 409, "converted-from-11": 948, "pages": 274} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			records, rejected, whole, err := gather(nvd.New(&nvd.Options{From: testdata.Path(t, "nvd", folder)}).Updates(t.Context(), ""))
			require.NoError(t, err)
			require.Empty(t, rejected)
			require.True(t, whole)
			require.Len(t, records, n)
			for _, r := range records {
				require.NoError(t, r.Validate())
				require.NotEmpty(t, r.State, r.Item)
				require.Equal(t, strings.EqualFold(r.State, "rejected"), !r.Live())
				require.False(t, r.Published.IsZero(), r.Item)
			}
			if folder == "api20" {
				both := func(c feeds.Configuration) bool { return c.Operator == "AND" }
				require.True(t, slices.ContainsFunc(records, func(r feeds.Record) bool { return slices.ContainsFunc(r.Configurations, both) }))
			}
		})
	}
}
