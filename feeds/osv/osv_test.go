package osv_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/osv"
	"github.com/open-postmarket/postmarket/internal/testdata"
)

// read gathers a whole reading.
func read(t *testing.T, s feeds.Source) (records []feeds.Record, rejected []*feeds.RecordError, whole bool, err error) {
	t.Helper()
	for u, e := range s.Updates(t.Context(), "") {
		var bad *feeds.RecordError
		switch {
		case errors.As(e, &bad):
			rejected = append(rejected, bad)
		case e != nil:
			return records, rejected, whole, e
		case u.Record.Item != "":
			records = append(records, u.Record)
		}
		whole = whole || u.Whole
	}
	return records, rejected, whole, nil
}

func TestFolderIsReadWithAllBelowIt(t *testing.T) {
	t.Parallel()
	records, rejected, whole, err := read(t, osv.New(&osv.Options{From: "testdata/before"}))
	require.NoError(t, err)
	require.Empty(t, rejected)
	require.True(t, whole)
	var items []string
	for _, r := range records {
		require.NoError(t, r.Validate())
		items = append(items, r.Item)
	}
	require.Equal(t, []string{"GO-2021-0068", "GO-2022-0617", "PYSEC-2014-3", "RUSTSEC-2019-0033"}, items)
}

func TestRecordIsReadAsItsPublisherMeansIt(t *testing.T) {
	t.Parallel()
	const doc = `{
		"schema_version": "1.6.0", "id": "GHSA-aaaa-bbbb-cccc", "modified": "2024-05-01T12:00:00+02:00",
		"published": "0001-01-01T00:00:00Z", "withdrawn": "2024-06-01T00:00:00Z",
		"aliases": ["cve-2024-12345", "GHSA-aaaa-bbbb-cccc", " "], "related": ["CVE-2024-99999"], "upstream": ["CVE-2024-88888"],
		"summary": "short", "details": "long", "new_field": {"x": [1]},
		"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}, {"type": "Ubuntu", "score": "medium"}],
		"affected": [{
			"package": {"ecosystem": "Debian:12", "name": "demo", "purl": "pkg:deb/debian/demo"},
			"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}],
			"ranges": [
				{"type": "GIT", "repo": "https://example.org/demo.git", "events": [{"introduced": "0", "limit": "abc"}]},
				{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"last_affected": "1.2-3"}]}],
			"versions": ["1.2-2", "1.2-3"]}, {"ranges": []}],
		"references": [{"type": "FIX", "url": "https://example.org/fix"}, {"url": "https://example.org/bare"}]}`
	var got []feeds.Record
	for u, err := range osv.Decode(strings.NewReader(doc)) {
		require.NoError(t, err)
		got = append(got, u.Record)
	}
	require.Len(t, got, 1)
	r := got[0]
	require.Equal(t, []feeds.ID{"GHSA-aaaa-bbbb-cccc", "CVE-2024-12345"}, r.Names)
	require.Zero(t, r.Published)
	require.Equal(t, time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC), r.Modified)
	require.False(t, r.Live())
	require.Equal(t, "short", r.Title)
	require.Equal(t, "long", r.Text)
	require.Equal(t, []feeds.Score{{Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}}, r.Scores)
	require.Equal(t, []feeds.Reference{{URL: "https://example.org/fix", Tags: []string{"FIX"}}, {URL: "https://example.org/bare"}}, r.References)
	require.Equal(t, []feeds.Package{{
		Ecosystem: "Debian:12", Name: "demo", PURL: "pkg:deb/debian/demo", Versions: []string{"1.2-2", "1.2-3"},
		Ranges: []feeds.Range{
			{Type: feeds.Git, Repo: "https://example.org/demo.git", Events: []feeds.Event{{Introduced: "0"}, {Limit: "abc"}}},
			{Type: feeds.Ecosystem, Events: []feeds.Event{{Introduced: "0"}, {LastAffected: "1.2-3"}}},
		},
	}, {}}, r.Packages)
	require.Equal(t, "TLP:CLEAR by osv", r.Mark.String())
}

func TestBadDocumentIsAnErrorThatSaysWhatAndWhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ doc, want string }{
		"zero bytes":         {"", "empty"},
		"white space":        {" \n", "empty"},
		"empty object":       {"{}", "no id"},
		"blank id":           {`{"id":" ","modified":"2020-01-01T00:00:00Z"}`, "no id"},
		"null":               {"null", "no id"},
		"array":              {"[]", "cannot unmarshal array"},
		"cut off":            {`{"id":"GO-1","modi`, "at byte 18 of 18"},
		"two documents":      {`{"id":"GO-1","modified":"2020-01-01T00:00:00Z"} {}`, "after top-level value"},
		"not UTF-8":          {"{\"id\":\"GO-1\",\"summary\":\"\xff\"}", "not UTF-8 at byte 24"},
		"another format":     {`{"id":"CVE-2024-1234","vulnStatus":"Analyzed"}`, "neither modified nor affected"},
		"event without word": {`{"id":"GO-1","modified":"2020-01-01T00:00:00Z","affected":[{"ranges":[{"events":[{}]}]}]}`, "affected[0].ranges[0].events[0] says nothing"},
		"year 10000":         {`{"id":"GO-1","modified":"9999-12-31T23:59:59-10:00"}`, "year 10000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 0
			for u, err := range osv.Decode(strings.NewReader(c.doc)) {
				require.ErrorContains(t, err, c.want)
				require.Empty(t, u.Record.Item)
				n++
			}
			require.Equal(t, 1, n)
		})
	}
}

func TestOneBadFileInAFolderIsRejectedAndTheRestGoesOn(t *testing.T) {
	t.Parallel()
	good := `{"id":"GO-%d","modified":"2020-01-01T00:00:00Z"}`
	folder := fstest.MapFS{
		"a/1.json":     {Data: fmt.Appendf(nil, good, 1)},
		"a/bad.json":   {Data: []byte(`{"id":"GO-2"`)},
		"b/3.JSON":     {Data: append([]byte("\xef\xbb\xbf"), fmt.Appendf(nil, good, 3)...)},
		"b/empty.json": {},
		"readme.txt":   {Data: []byte("not a record")},
	}
	records, rejected, whole, err := read(t, osv.New(&osv.Options{FS: folder}))
	require.NoError(t, err)
	require.True(t, whole)
	require.Len(t, records, 2)
	require.Len(t, rejected, 2)
	require.Equal(t, "a/bad.json", rejected[0].Item)
	require.Len(t, rejected[0].Digest, 64)
	require.Equal(t, `osv: record "b/empty.json": empty: no document in it`, rejected[1].Error())
}

func TestPathThatTellsNothingIsAnErrorThatNamesIt(t *testing.T) {
	t.Parallel()
	folder := fstest.MapFS{
		"none/readme.txt": {Data: []byte("x")},
		"bad/a.json":      {Data: []byte("{}")},
		"good/a.json":     {Data: []byte(`{"id":"GO-1","modified":"2020-01-01T00:00:00Z"}`)},
	}
	for name, c := range map[string]struct {
		opts    osv.Options
		nothing bool
		want    string
		told    int
	}{
		"missing":             {osv.Options{FS: folder, From: "gone"}, false, `osv: "gone": cannot be opened`, 0},
		"no document":         {osv.Options{FS: folder, From: "none"}, true, `osv: "none"`, 0},
		"none decodes":        {osv.Options{FS: folder, From: "bad"}, true, "1 rejected", 0},
		"file of its own":     {osv.Options{FS: folder, From: "bad/a.json"}, false, `osv: "bad/a.json": not an OSV record`, 0},
		"the others are done": {osv.Options{FS: folder, From: "gone", More: []string{"none", "good"}}, true, `"gone"`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			records, _, whole, err := read(t, osv.New(&c.opts))
			require.ErrorContains(t, err, c.want)
			require.Equal(t, c.nothing, errors.Is(err, feeds.ErrNothing))
			require.False(t, whole)
			require.Len(t, records, c.told)
		})
	}
}

func TestEveryRecordOfTheBundleDecodes(t *testing.T) {
	t.Parallel()
	source := osv.New(&osv.Options{From: testdata.Path(t, "osv")})
	start := time.Now()
	records, rejected, whole, err := read(t, source)
	require.NoError(t, err)
	require.Empty(t, rejected)
	require.True(t, whole)
	require.Len(t, records, 7899)
	unsaid, git := 0, 0
	for _, r := range records {
		require.NoError(t, r.Validate())
		if r.Published.IsZero() {
			unsaid++
		}
		for _, p := range r.Packages {
			for _, rg := range p.Ranges {
				if rg.Type == feeds.Git {
					git++
				}
			}
		}
	}
	require.Equal(t, 1674, git)
	t.Logf("%d records in %v, %d without a day of publication", len(records), time.Since(start), unsaid)
}
