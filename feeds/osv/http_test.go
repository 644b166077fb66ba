package osv_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/osv"
	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/sbom"
)

// database is a bucket that changes, and notes what is asked of it.
type database struct {
	files fstest.MapFS
	asked []string
	// answer answers in place of the bucket if it returns true.
	answer func(w http.ResponseWriter, r *http.Request) bool
}

func newDatabase(n int) *database {
	d := &database{files: fstest.MapFS{}}
	for i := range n {
		d.set("Go", i, time.Date(2025, 1, 1, 0, i, 0, 0, time.UTC))
	}
	d.set("Rocky Linux", 0, time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))
	return d
}

func (d *database) set(ecosystem string, i int, modified time.Time) {
	id := fmt.Sprintf("%s-%04d", strings.ToUpper(ecosystem[:2]), i)
	d.files[ecosystem+"/"+id+".json"] = &fstest.MapFile{Data: fmt.Appendf(nil, `{"id":%q,"modified":%q}`, id, modified.Format(time.RFC3339Nano))}
}

func (d *database) feed(opts osv.Options) *osv.Feed {
	opts.From = "https://osv.example/"
	opts.Client = inMemory(func(w http.ResponseWriter, r *http.Request) {
		d.asked = append(d.asked, strings.TrimPrefix(r.URL.Path, "/"))
		if d.answer == nil || !d.answer(w, r) {
			bucket(d.files).ServeHTTP(w, r)
		}
	})
	return osv.New(&opts)
}

func (d *database) queries() []string {
	out := d.asked
	d.asked = nil
	return out
}

// from reads on from a cursor, and returns the items told and the new cursor.
func from(t *testing.T, f *osv.Feed, since feeds.Cursor) (items []string, next feeds.Cursor, whole bool, err error) {
	t.Helper()
	next = since
	for u, err := range f.Updates(t.Context(), since) {
		if bad := (*feeds.RecordError)(nil); errors.As(err, &bad) {
			items = append(items, "bad "+bad.Item)
			continue
		}
		if err != nil {
			return items, next, whole, err
		}
		if u.Record.Item != "" {
			items = append(items, u.Record.Item)
		}
		next, whole = u.Next, u.Whole
	}
	return items, next, whole, nil
}

func TestArchiveIsReadOnceAndThenOnlyWhatTheIndexSaysChanged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase(3)
		items, next, whole, err := from(t, d.feed(osv.Options{}), "")
		require.NoError(t, err)
		require.True(t, whole)
		require.Equal(t, []string{"GO-0000", "GO-0001", "GO-0002", "RO-0000"}, items)
		require.Equal(t, []string{"ecosystems.txt", "Go/modified_id.csv", "Go/all.zip", "Rocky Linux/modified_id.csv", "Rocky Linux/all.zip"}, d.queries())

		items, next, whole, err = from(t, d.feed(osv.Options{}), next)
		require.NoError(t, err)
		require.Empty(t, items)
		require.False(t, whole)
		require.Len(t, d.queries(), 3, "an index that did not change is not read again")

		d.set("Go", 1, time.Date(2025, 2, 1, 0, 0, 0, 0, time.UTC))
		d.set("Go", 7, time.Date(2025, 2, 1, 0, 0, 0, 0, time.UTC))
		items, next, whole, err = from(t, d.feed(osv.Options{}), next)
		require.NoError(t, err)
		require.False(t, whole)
		require.ElementsMatch(t, []string{"GO-0001", "GO-0007", "GO-0002"}, items, "and that of the same instant as the newest known")
		require.NotContains(t, d.queries(), "Go/all.zip")

		for i := range osv.Few + 1 {
			d.set("Go", 100+i, time.Date(2025, 3, 1, 0, 0, 0, i, time.UTC))
		}
		items, next, _, err = from(t, d.feed(osv.Options{}), next)
		require.NoError(t, err)
		require.Len(t, items, 4+osv.Few+1, "of many the archive is read")
		require.Equal(t, []string{"ecosystems.txt", "Go/modified_id.csv", "Go/all.zip", "Rocky Linux/modified_id.csv"}, d.queries())

		delete(d.files, "Go/GO-0002.json")
		items, next, whole, err = from(t, d.feed(osv.Options{}), next)
		require.NoError(t, err)
		require.True(t, whole, "a record was taken away: only a whole reading tells which")
		require.NotContains(t, items, "GO-0002")
		d.queries()

		items, _, whole, err = from(t, d.feed(osv.Options{Ecosystems: []string{"Go"}}), next)
		require.NoError(t, err)
		require.True(t, whole, "an ecosystem that is no longer asked for is gone")
		require.NotContains(t, items, "RO-0000")
		require.Equal(t, []string{"Go/modified_id.csv", "Go/all.zip"}, d.queries())
	})
}

func TestKilledAtAnyStepNothingIsLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for steps := 1; steps < 9; steps++ {
			d := newDatabase(3)
			held := map[string]bool{}
			next, n := feeds.Cursor(""), 0
			for u, err := range d.feed(osv.Options{}).Updates(t.Context(), "") {
				require.NoError(t, err)
				held[u.Record.Item], next = true, u.Next
				if n++; n == steps {
					break
				}
			}
			d.queries()
			items, _, _, err := from(t, d.feed(osv.Options{}), next)
			require.NoError(t, err)
			for _, item := range items {
				held[item] = true
			}
			for _, item := range []string{"GO-0000", "GO-0001", "GO-0002", "RO-0000"} {
				require.True(t, held[item], "%s when killed at step %d", item, steps)
			}
			if steps > 4 {
				require.NotContains(t, d.queries(), "Go/all.zip", "an ecosystem that was read is not read again")
			}
		}
	})
}

func TestRecordThatIsNotYetWhatTheIndexSaysComesNextTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase(3)
		_, next, _, err := from(t, d.feed(osv.Options{}), "")
		require.NoError(t, err)
		old := d.files["Go/GO-0001.json"].Data
		d.set("Go", 1, time.Date(2025, 2, 1, 0, 0, 0, 0, time.UTC))
		d.answer = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/Go/GO-0001.json" {
				return false
			}
			_, _ = w.Write(old)
			return true
		}
		_, next, _, err = from(t, d.feed(osv.Options{}), next)
		require.NoError(t, err)
		d.answer = nil
		d.queries()
		items, _, _, err := from(t, d.feed(osv.Options{}), next)
		require.NoError(t, err)
		require.Contains(t, items, "GO-0001")
	})
}

func TestArchiveThatLagsBehindItsIndexIsFilledUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, lagging := newDatabase(3), newDatabase(2)
		d.set("Go", 0, time.Date(2025, 2, 1, 0, 0, 0, 0, time.UTC))
		d.answer = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/Go/all.zip" {
				bucket(lagging.files).ServeHTTP(w, r)
			}
			return r.URL.Path == "/Go/all.zip"
		}
		items, _, _, err := from(t, d.feed(osv.Options{Ecosystems: []string{"Go"}}), "")
		require.NoError(t, err)
		require.Equal(t, []string{"GO-0000", "GO-0001", "GO-0000", "GO-0002"}, items)
		for i := range osv.Few + 1 {
			d.set("Go", 100+i, time.Date(2025, 3, 1, 0, 0, 0, i, time.UTC))
		}
		_, next, _, err := from(t, d.feed(osv.Options{Ecosystems: []string{"Go"}}), "")
		require.ErrorContains(t, err, fmt.Sprintf("lacks %d of the %d records", osv.Few+3, osv.Few+4))
		require.NotContains(t, string(next), "since")
	})
}

func TestAnswerThatIsNotTheRecordAskedForIsAnError(t *testing.T) {
	t.Parallel()
	for want, body := range map[string]string{
		`asked for "GO-0001" and got "GO-0002"`: `{"id":"GO-0002","modified":"2025-02-01T00:00:00Z"}`,
		`asked for "GO-0001" and got ""`:        `{}`,
		"invalid character '<'":                 `<html>`,
		"unexpected end of JSON":                ``,
		"404 Not Found":                         "404",
	} {
		synctest.Test(t, func(t *testing.T) {
			d := newDatabase(3)
			_, next, _, err := from(t, d.feed(osv.Options{}), "")
			require.NoError(t, err)
			d.set("Go", 1, time.Date(2025, 2, 1, 0, 0, 0, 0, time.UTC))
			d.answer = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/Go/GO-0001.json" {
					return false
				}
				w.Header().Set("Content-Type", "application/json")
				if body == "404" {
					w.WriteHeader(404)
				}
				_, _ = w.Write([]byte(body))
				return true
			}
			_, stays, _, err := from(t, d.feed(osv.Options{}), next)
			require.ErrorContains(t, err, want)
			require.Equal(t, next, stays)
			d.answer = nil
			items, _, _, err := from(t, d.feed(osv.Options{}), stays)
			require.NoError(t, err)
			require.Contains(t, items, "GO-0001")
		})
	}
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase(3)
		_, next, _, err := from(t, d.feed(osv.Options{}), "")
		require.NoError(t, err)
		d.files["Go/GO-0009.json"] = &fstest.MapFile{Data: []byte(`{"id":"GO-0009","modified":"2025-02-01T00:00:00Z","summary":5}`)}
		items, _, _, err := from(t, d.feed(osv.Options{}), next)
		require.NoError(t, err)
		require.Contains(t, items, "bad GO-0009", "the right record, which cannot be read, is a bad one")
	})
}

func TestListThatLosesAnEcosystemIsBelievedOnlyWhenItIsGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase(3)
		_, next, _, err := from(t, d.feed(osv.Options{}), "")
		require.NoError(t, err)
		d.answer = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/ecosystems.txt" {
				fmt.Fprint(w, "Go\n")
			}
			return r.URL.Path == "/ecosystems.txt"
		}
		_, _, _, err = from(t, d.feed(osv.Options{}), next)
		require.ErrorContains(t, err, `no longer lists "Rocky Linux", which is still there`)
		delete(d.files, "Rocky Linux/RO-0000.json")
		items, _, whole, err := from(t, d.feed(osv.Options{}), next)
		require.NoError(t, err)
		require.True(t, whole)
		require.NotContains(t, items, "RO-0000")
	})
}

func TestIndexThatCannotBeReadIsAnErrorThatSaysWhere(t *testing.T) {
	t.Parallel()
	for want, body := range map[string]string{
		"empty":                   "",
		"does not end":            "2025-01-01T00:00:00Z,GO-1",
		"line 2 is no instant":    "2025-01-01T00:00:00Z,GO-1\nyesterday,GO-2\n",
		"wrong number of fields":  "2025-01-01T00:00:00Z,GO-1\n2025-01-01T00:00:00Z\n",
		"line 1 is no instant":    "2025-01-01T00:00:00Z,../GO-1\n",
		"not UTF-8":               "2025-01-01T00:00:00Z,\xff\n",
		`bare " in non-quoted-fi`: "2025-01-01T00:00:00Z,a\"\n",
	} {
		_, err := osv.DecodeIndex([]byte(body))
		require.ErrorContains(t, err, want)
	}
	_, _, _, err := from(t, osv.New(&osv.Options{From: "https://osv.example", More: []string{"a.json"}}), "")
	require.ErrorContains(t, err, "beside the address")
}

func TestQueryAsksForEachPackageOnceAndReadsEveryPage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked []int
		client := inMemory(func(w http.ResponseWriter, r *http.Request) {
			var in struct {
				Queries []struct {
					Package struct{ Ecosystem, Name string }
					Version string
					Page    string `json:"page_token"`
				}
			}
			if r.Method != http.MethodPost || r.URL.Path != "/v1/querybatch" || json.NewDecoder(r.Body).Decode(&in) != nil {
				http.Error(w, "bad", http.StatusBadRequest)
				return
			}
			asked = append(asked, len(in.Queries))
			var results []string
			for _, q := range in.Queries {
				switch {
				case q.Package.Name == "paged" && q.Page == "":
					results = append(results, `{"vulns":[{"id":"GO-2"}],"next_page_token":"p2"}`)
				case q.Package.Name == "paged" && q.Page == "p2":
					results = append(results, `{"vulns":[{"id":"GO-1"},{"id":"GO-2"}]}`)
				default:
					results = append(results, `{}`)
				}
			}
			fmt.Fprintf(w, `{"results":[%s]}`, strings.Join(results, ","))
		})
		components := []sbom.Component{
			{Ref: "a", PURL: "pkg:golang/paged@1.0.0", Version: "1.0.0"}, {Ref: "b", PURL: "pkg:generic/x@1"},
			{Ref: "c"}, {Ref: "d", PURL: "pkg:npm/left"},
		}
		for i := range 1000 {
			components = append(components, sbom.Component{Ref: fmt.Sprint(i), PURL: fmt.Sprintf("pkg:npm/n%d@1.0.0", i), Version: "1.0.0"})
		}
		found, err := osv.Query(t.Context(), &osv.Options{Client: client}, components...)
		require.NoError(t, err)
		require.Len(t, found, len(components))
		require.Equal(t, osv.Found{Ref: "a", IDs: []string{"GO-1", "GO-2"}}, found[0])
		require.Contains(t, found[1].Why, `no ecosystem for the package type "generic"`)
		require.NotEmpty(t, found[2].Why)
		require.Equal(t, osv.Found{Ref: "d", Why: "it has no version"}, found[3])
		require.Equal(t, osv.Found{Ref: "999"}, found[1003])
		require.Equal(t, []int{1000, 1, 1}, asked)
	})
}

func TestAnswerToAQueryIsHeldAgainstItsQuestions(t *testing.T) {
	t.Parallel()
	for want, body := range map[string]string{
		"2 answers to 1 questions": `{"results":[{},{}]}`, "without results": `{}`, "unexpected end": `{"results":[`,
		"a record without an id": `{"results":[{"vulns":[{}]}]}`, "not UTF-8": "{\"results\":[{\"x\":\"\xff\"}]}",
		"more than 100 pages": `{"results":[{"next_page_token":"again"}]}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			client := inMemory(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) })
			_, err := osv.Query(t.Context(), &osv.Options{Client: client, API: "https://api.example/"}, sbom.Component{PURL: "pkg:npm/a@1", Version: "1"})
			require.ErrorContains(t, err, want)
		})
	}
}

// TestRecordedAnswersOfTheAPI plays the recorded pairs of the bundle to Query.
func TestRecordedAnswersOfTheAPI(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile(testdata.Path(t, "oracle", "osv-dev-querybatch.json"))
	require.NoError(t, err)
	var pairs []struct {
		Query struct {
			Package struct{ Ecosystem, Name string }
			Version string
		}
		Vulns json.RawMessage
	}
	require.NoError(t, json.Unmarshal(body, &pairs))
	type vuln struct{ ID string }
	answers := map[string]json.RawMessage{}
	var components []sbom.Component
	want := map[string]int{}
	for _, p := range pairs {
		var vulns []vuln
		require.NoError(t, json.Unmarshal(p.Vulns, &vulns))
		kind := map[string]string{"Go": "golang", "npm": "npm", "PyPI": "pypi"}[p.Query.Package.Ecosystem]
		c := sbom.Component{Ref: fmt.Sprint(len(components)), PURL: "pkg:" + kind + "/" + p.Query.Package.Name + "@" + p.Query.Version, Version: p.Query.Version}
		key := p.Query.Package.Ecosystem + " " + p.Query.Package.Name + " " + p.Query.Version
		if kind == "" || strings.ContainsAny(c.PURL, " +") || answers[key] != nil {
			continue
		}
		answers[key] = p.Vulns
		want[c.Ref] = len(vulns)
		components = append(components, c)
	}
	require.Greater(t, len(components), 40)
	synctest.Test(t, func(t *testing.T) {
		client := inMemory(func(w http.ResponseWriter, r *http.Request) {
			var in struct {
				Queries []struct {
					Package struct{ Ecosystem, Name string }
					Version string
				}
			}
			if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			var results []string
			for _, q := range in.Queries {
				vulns, ok := answers[q.Package.Ecosystem+" "+q.Package.Name+" "+q.Version]
				if !ok {
					vulns = json.RawMessage("[]")
				}
				results = append(results, `{"vulns":`+string(vulns)+`}`)
			}
			fmt.Fprintf(w, `{"results":[%s]}`, strings.Join(results, ","))
		})
		found, err := osv.Query(t.Context(), &osv.Options{Client: client}, components...)
		require.NoError(t, err)
		for i, f := range found {
			require.Empty(t, f.Why, components[i].PURL)
			require.Len(t, f.IDs, want[f.Ref], components[i].PURL)
		}
	})
}

func TestRecordsAreAskedForByID(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := inMemory(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/v1/vulns/GO-1":
				fmt.Fprint(w, `{"id":"GO-1","modified":"2025-01-01T00:00:00Z"}`)
			case "/v1/vulns/GO-2":
				fmt.Fprint(w, `{"id":"GO-1","modified":"2025-01-01T00:00:00Z"}`)
			default:
				http.NotFound(w, r)
			}
		})
		var got []string
		for r, err := range osv.Records(t.Context(), &osv.Options{Client: client}, "GO-1", "GO-2", "GO-3", "GO-1") {
			got = append(got, fmt.Sprint(r.Item, " ", err))
		}
		require.Equal(t, []string{
			"GO-1 <nil>", ` osv: record "GO-2": asked for it and got "GO-1"`,
			" osv: https://api.osv.dev/v1/vulns/GO-3: 404 Not Found",
		}, got)
	})
}

func FuzzIndex(f *testing.F) {
	f.Add([]byte("2025-01-01T00:00:00.123Z,GO-1\n2025-01-01T00:00:00Z,GO-2\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		ids, err := osv.DecodeIndex(body)
		if err == nil && len(ids) == 0 {
			t.Fatal("nothing, and no error")
		}
		for _, id := range ids {
			if id == "" || strings.ContainsAny(id, "/\\") {
				t.Fatalf("%q", id)
			}
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"results":[{"vulns":[{"id":"GO-1","modified":"2025-01-01T00:00:00Z"}]},{},{"next_page_token":"x"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		_, ids, err := osv.DecodeAnswer(body)
		for _, id := range ids {
			if err == nil && strings.TrimSpace(id) == "" {
				t.Fatalf("%q", ids)
			}
		}
	})
}

func FuzzCursor(f *testing.F) {
	f.Add(`{"v":1,"url":"u","ecosystems":{"Go":{"since":"2025-01-01T00:00:00Z","rows":3,"etag":"x"}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		again := osv.Known(feeds.Cursor(text), "u")
		if twice := osv.Known(again, "u"); again != twice {
			t.Fatalf("%s\n%s", again, twice)
		}
	})
}

// A client that is given plays the API, so that nothing leaves the process.
func ExampleQuery() {
	client := inMemory(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"results":[{"vulns":[{"id":"GO-2021-0068"}]}]}`)
	})
	found, err := osv.Query(context.Background(), &osv.Options{Client: client},
		sbom.Component{Ref: "toolchain", PURL: "pkg:golang/toolchain@1.15.6", Version: "1.15.6"}, sbom.Component{Ref: "board"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range found {
		fmt.Println(f.Ref, f.IDs, "asked:", f.Why == "")
	}
	// Output:
	// toolchain [GO-2021-0068] asked: true
	// board [] asked: false
}

func ExampleRecords() {
	client := inMemory(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"id":"GO-2021-0068","modified":"2023-06-13T13:10:24Z","summary":"cgo runs what it finds"}`)
	})
	for r, err := range osv.Records(context.Background(), &osv.Options{Client: client}, "GO-2021-0068") {
		fmt.Println(r.Item, r.Title, err)
	}
	// Output: GO-2021-0068 cgo runs what it finds <nil>
}
