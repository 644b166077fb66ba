package kev_test

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/kev"
	"github.com/open-postmarket/postmarket/internal/testdata"
)

// gather reads to the end.
func gather(seq iter.Seq2[feeds.Update, error]) (updates []feeds.Update, rejected []*feeds.RecordError, end error) {
	for u, err := range seq {
		var bad *feeds.RecordError
		switch {
		case errors.As(err, &bad):
			rejected = append(rejected, bad)
		case err != nil:
			end = err
		default:
			updates = append(updates, u)
		}
	}
	return updates, rejected, end
}

func records(updates []feeds.Update) []string {
	var out []string
	for _, u := range updates {
		if u.Record.Item != "" {
			out = append(out, u.Record.Item)
		}
	}
	return out
}

func TestFeedIsASourceOfFacts(t *testing.T) {
	t.Parallel()
	require.False(t, feeds.Matches(kev.New(nil)))
}

func TestEntryIsReadAsTheCatalogMeansIt(t *testing.T) {
	t.Parallel()
	const doc = `{"count":1,"new_member":[1],"vulnerabilities":[{"cveID":" cve-2020-11023 ","vendorProject":"JQuery","product":"jQuery",
		"vulnerabilityName":"name","dateAdded":"2025-01-23","shortDescription":"text","requiredAction":"act","dueDate":"2025-02-13",
		"knownRansomwareCampaignUse":"known","notes":"see https://example.org/a ; https://example.org/b;more text","cwes":["cwe-79","NVD-CWE-Other"]}]}`
	updates, rejected, err := gather(kev.Decode(strings.NewReader(doc)))
	require.NoError(t, err)
	require.Empty(t, rejected)
	require.Len(t, updates, 2)
	require.True(t, updates[1].Whole)
	r := updates[0].Record
	require.NoError(t, r.Validate())
	require.Equal(t, []feeds.ID{"CVE-2020-11023"}, r.Names)
	require.Equal(t, "name", r.Title)
	require.Equal(t, "text", r.Text)
	require.Zero(t, r.Published)
	require.Equal(t, []string{"CWE-79"}, r.Weaknesses)
	require.Equal(t, []feeds.Reference{{URL: "https://example.org/a"}, {URL: "https://example.org/b"}}, r.References)
	require.Equal(t, &feeds.Exploited{
		Added: time.Date(2025, 1, 23, 0, 0, 0, 0, time.UTC), Due: time.Date(2025, 2, 13, 0, 0, 0, 0, time.UTC),
		Ransomware: true, Vendor: "JQuery", Product: "jQuery", Action: "act",
	}, r.Exploited)
	require.Equal(t, "TLP:CLEAR by kev", r.Mark.String())
}

func TestBadEntryIsRejectedWithItsPlaceAndTheOthersGoOn(t *testing.T) {
	t.Parallel()
	doc := "{\"count\":6,\"vulnerabilities\":[{\"cveID\":\"CVE-2024-0001\"},{\"cveID\":\"CVE-2024-0002\",\"dateAdded\":\"soon\"}," +
		"{\"cveID\":\"CVE-2024-0003\",\"product\":\"\xff\"},{\"cveID\":\"none\"},7,{\"cveID\":\"CVE-2024-0006\"}]}"
	updates, rejected, err := gather(kev.Decode(strings.NewReader(doc)))
	require.NoError(t, err)
	require.Equal(t, []string{"CVE-2024-0001", "CVE-2024-0006"}, records(updates))
	var got []string
	for _, bad := range rejected {
		require.Len(t, bad.Digest, 64)
		got = append(got, bad.Error())
	}
	require.Len(t, got, 4)
	require.Equal(t, `kev: record "CVE-2024-0002": dateAdded "soon" is no date`, got[0])
	require.Contains(t, got[1], `kev: record "CVE-2024-0003": not UTF-8 at byte 36`)
	require.Equal(t, `kev: record "vulnerabilities[3]": cveID "none" is no CVE id`, got[2])
	require.Contains(t, got[3], `kev: record "vulnerabilities[4]": json: cannot unmarshal number`)
}

func TestCatalogThatHoldsOtherThanItCountsIsNotWhole(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{
		`{"count":3,"vulnerabilities":[{"cveID":"CVE-2024-0001"},{"cveID":"CVE-2024-0002"}]}`,
		`{"vulnerabilities":[{"cveID":"CVE-2024-0001"},{"cveID":"CVE-2024-0002"}],"count":1}`,
		`{"vulnerabilities":[{"cveID":"CVE-2024-0001"},{"cveID":"CVE-2024-0002"}],"count":"2"}`,
	} {
		updates, rejected, err := gather(kev.Decode(strings.NewReader(doc)))
		require.NoError(t, err)
		require.Equal(t, []string{"CVE-2024-0001", "CVE-2024-0002"}, records(updates))
		require.Len(t, rejected, 1)
		require.Equal(t, "count", rejected[0].Item)
		updates, _, err = gather(kev.New(&kev.Options{FS: fstest.MapFS{"a.json": {Data: []byte(doc)}}}).Updates(t.Context(), ""))
		require.NoError(t, err)
		require.False(t, slices.ContainsFunc(updates, func(u feeds.Update) bool { return u.Whole }), "what it did not tell may still be there")
	}
}

func TestBadDocumentIsAnErrorThatSaysWhatAndWhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ doc, want string }{
		"zero bytes":       {"", "empty"},
		"empty object":     {"{}", "an empty object"},
		"no catalog":       {`{"title":"x"}`, "no KEV catalog"},
		"array":            {`[{"cveID":"CVE-2024-0001"}]`, "not a JSON object"},
		"cut in the list":  {`{"vulnerabilities":[{"cveID":"CVE-2024-0001"},{"cve`, "vulnerabilities[1]: at byte"},
		"cut in an entry":  {`{"vulnerabilities":[{"cveID":"CVE-2024-0001"}`, "vulnerabilities: at byte 45: unexpected EOF"},
		"cut after it":     {`{"vulnerabilities":[]`, "at byte 21: unexpected EOF"},
		"something behind": {`{"vulnerabilities":[]} x`, "something follows"},
		"a second one":     {`{"vulnerabilities":[]}{}`, "something follows"},
		"no list":          {`{"vulnerabilities":{}}`, "is not an array"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			updates, _, err := gather(kev.Decode(strings.NewReader(c.doc)))
			require.ErrorContains(t, err, c.want)
			require.False(t, slices.ContainsFunc(updates, func(u feeds.Update) bool { return u.Whole }))
		})
	}
}

func TestCatalogWithoutEntriesIsNothing(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{"a.json": {Data: []byte(`{"count":0,"vulnerabilities":[]}`)}}
	_, _, err := gather(kev.New(&kev.Options{FS: fsys}).Updates(t.Context(), ""))
	require.ErrorIs(t, err, feeds.ErrNothing)
	srv := httptest.NewServer(http.FileServerFS(fsys))
	defer srv.Close()
	_, _, err = gather(kev.New(&kev.Options{From: srv.URL + "/a.json"}).Updates(t.Context(), ""))
	require.ErrorIs(t, err, feeds.ErrNothing)
}

func TestCatalogIsAskedForAgainOnlyWhenItChanged(t *testing.T) {
	t.Parallel()
	before, err := os.ReadFile("testdata/before/" + catalog)
	require.NoError(t, err)
	const agent = "postmarket (+https://github.com/open-postmarket/postmarket)"
	var asked []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("If-None-Match")+"|"+r.Header.Get("If-Modified-Since")+"|"+r.UserAgent())
		w.Header().Set("ETag", `"v1"`)
		http.ServeContent(w, r, catalog, time.Date(2025, 1, 24, 12, 0, 0, 0, time.UTC), strings.NewReader(string(before)))
	}))
	defer srv.Close()
	feed := kev.New(&kev.Options{From: srv.URL})
	updates, _, err := gather(feed.Updates(t.Context(), ""))
	require.NoError(t, err)
	last := updates[len(updates)-1]
	require.True(t, last.Whole)
	require.Equal(t, feeds.Cursor(fmt.Sprintf(`{"url":%q,"etag":"\"v1\"","modified":"Fri, 24 Jan 2025 12:00:00 GMT"}`, srv.URL)), last.Next)
	for _, u := range updates[:len(updates)-1] {
		require.Empty(t, u.Next, "amid a catalog it is safe only to begin anew")
	}
	updates, _, err = gather(feed.Updates(t.Context(), last.Next))
	require.NoError(t, err)
	require.Equal(t, []feeds.Update{{Next: last.Next}}, updates)
	require.Equal(t, []string{"||" + agent, `"v1"|Fri, 24 Jan 2025 12:00:00 GMT|` + agent}, asked)
	elsewhere := kev.New(&kev.Options{From: srv.URL + "/copy.json"})
	updates, _, err = gather(elsewhere.Updates(t.Context(), last.Next))
	require.NoError(t, err)
	require.Len(t, records(updates), 4, "the cursor of another address knows nothing")
	_, _, err = gather(kev.New(&kev.Options{From: srv.URL, More: []string{"a.json"}}).Updates(t.Context(), ""))
	require.ErrorContains(t, err, "beside the address")
}

func TestCatalogsOfTheBundle(t *testing.T) {
	t.Parallel()
	for folder, c := range map[string]struct{ entries, ransomware, withoutCWE int }{
		"2025-01-27": {1252, 0, 0}, "2025-08-25": {1404, 293, 152},
	} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			// The folder of August holds the catalog as CSV and its schema, too.
			updates, rejected, err := gather(kev.New(&kev.Options{From: testdata.Path(t, "kev", folder)}).Updates(t.Context(), ""))
			require.NoError(t, err)
			require.Empty(t, rejected)
			require.True(t, updates[len(updates)-1].Whole)
			require.Len(t, records(updates), c.entries)
			ransomware, without := 0, 0
			for _, u := range updates[:c.entries] {
				require.NoError(t, u.Record.Validate())
				require.False(t, u.Record.Exploited.Added.IsZero())
				require.NotEmpty(t, u.Record.Exploited.Product)
				if u.Record.Exploited.Ransomware {
					ransomware++
				}
				if len(u.Record.Weaknesses) == 0 {
					without++
				}
			}
			if c.ransomware > 0 {
				require.Equal(t, c.ransomware, ransomware)
				require.Equal(t, c.withoutCWE, without)
			}
		})
	}
	_, _, err := gather(kev.New(&kev.Options{From: testdata.Path(t, "kev", "2025-08-25", "known_exploited_vulnerabilities_schema.json")}).Updates(t.Context(), ""))
	require.ErrorContains(t, err, "no KEV catalog")
}

func TestCatalogAsCSVTellsWhatItDoesAsJSON(t *testing.T) {
	t.Parallel()
	read := func(name string) map[string]string {
		updates, rejected, err := gather(kev.New(&kev.Options{From: testdata.Path(t, "kev", "2025-08-25", "known_exploited_vulnerabilities."+name)}).Updates(t.Context(), ""))
		require.NoError(t, err)
		require.Empty(t, rejected)
		require.Equal(t, name == "json", updates[len(updates)-1].Whole, "only JSON counts its entries")
		out := map[string]string{}
		for _, u := range updates[:len(updates)-1] {
			out[u.Record.Item] = u.Record.Digest()
		}
		return out
	}
	csv := read("csv")
	require.Len(t, csv, 1404)
	require.Equal(t, read("json"), csv)
}

func TestBadCSVIsAnErrorThatSaysWhatAndWhere(t *testing.T) {
	t.Parallel()
	head := "cveID,vendorProject,product,vulnerabilityName,dateAdded,shortDescription,requiredAction,dueDate,cwes\n"
	good := "CVE-2024-0001,v,p,n,2024-01-01,text,act,2024-02-01,\"CWE-1, CWE-2\"\n"
	for want, doc := range map[string]string{
		"empty":                      "\xef\xbb\xbf \n",
		`has no "cveID"`:             "<html>\n",
		`has no "dueDate"`:           "cveID,vendorProject,product,vulnerabilityName,dateAdded,shortDescription,requiredAction\n" + good,
		"the last line does not end": head + good[:len(good)-1],
		"at byte":                    head + "CVE-2024-0001,\"v\n",
	} {
		_, _, err := gather(kev.DecodeCSV(strings.NewReader(doc)))
		require.ErrorContains(t, err, want)
	}
	updates, rejected, err := gather(kev.DecodeCSV(strings.NewReader(head + good + "CVE-2024-0002,v\n" + "x,v,p,n,2024-01-01,t,a,2024-02-01,\n" +
		"CVE-2024-0004,v,p,n,soon,t,a,2024-02-01,\n" + "CVE-2024-0005,\xff,p,n,2024-01-01,t,a,2024-02-01,\n" + strings.Replace(good, "0001", "0006", 1))))
	require.NoError(t, err)
	require.Equal(t, []string{"CVE-2024-0001", "CVE-2024-0006"}, records(updates))
	require.Equal(t, []string{"CWE-1", "CWE-2"}, updates[0].Record.Weaknesses)
	var got []string
	for _, bad := range rejected {
		require.Len(t, bad.Digest, 64)
		got = append(got, bad.Error())
	}
	require.Equal(t, []string{
		`kev: record "CVE-2024-0002": a line of 2 fields where the first has 9`, `kev: record "vulnerabilities[2]": cveID "x" is no CVE id`,
		`kev: record "CVE-2024-0004": dateAdded "soon" is no date`, `kev: record "vulnerabilities[4]": not UTF-8 at byte 14`,
	}, got)
}
