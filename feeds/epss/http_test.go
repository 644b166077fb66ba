package epss_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/epss"
	"github.com/open-postmarket/postmarket/store/memory"
)

const host = "https://epss.example"

// publisher plays the files of a day and the API: rows of a CVE id, a score and a
// percentile, of one day.
type publisher struct {
	day     string
	rows    [][3]string
	perPage int
	// bare leaves out the validators.
	bare     bool
	override func(path string, query map[string][]string) string
	asked    []string
}

// rows are those of all files of a folder. The day is in the comment of the one.
func rows(files fs.FS) (out [][3]string) {
	_ = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".csv" {
			return err
		}
		body, err := fs.ReadFile(files, name)
		for line := range strings.Lines(string(body)) {
			fields := strings.FieldsFunc(strings.TrimSpace(line), func(r rune) bool { return r == ',' || r == ';' })
			if len(fields) == 3 && strings.HasPrefix(fields[0], "CVE-") {
				out = append(out, [3]string(fields))
			}
		}
		return err
	})
	return out
}

// date is the day; that of After is later.
func (p *publisher) date() string {
	if p.day != "" {
		return p.day
	}
	for _, r := range p.rows {
		if r[0] == "CVE-2021-44228" {
			return "2023-03-08"
		}
	}
	return "2023-03-07"
}

func (p *publisher) file() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "#model_version:v2023.03.01,score_date:%sT00:00:00+0000\ncve,epss,percentile\n", p.date())
	for _, r := range p.rows {
		fmt.Fprintln(&b, strings.Join(r[:], ","))
	}
	return packed(b.String())
}

func (p *publisher) answer(limit, offset int) []byte {
	type m = map[string]any
	data := []m{}
	offset = min(offset, len(p.rows))
	for _, r := range p.rows[offset:min(offset+limit, len(p.rows))] {
		data = append(data, m{"cve": r[0], "epss": r[1], "percentile": r[2], "date": p.date()})
	}
	body, _ := json.Marshal(m{"status": "OK", "status-code": 200, "version": "1.0", "total": len(p.rows), "offset": offset, "limit": limit, "data": data})
	return body
}

func (p *publisher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.asked = append(p.asked, r.URL.RequestURI())
	var body []byte
	query := r.URL.Query()
	switch r.URL.Path {
	case "/epss_scores-current.csv.gz", "/epss_scores-" + p.date() + ".csv.gz":
		body = p.file()
		w.Header().Set("Content-Type", "application/gzip")
	case "/data/v1/epss":
		limit, _ := strconv.Atoi(query.Get("limit"))
		offset, _ := strconv.Atoi(query.Get("offset"))
		body = p.answer(min(limit, p.perPage), offset)
		w.Header().Set("Content-Type", "application/json")
	default:
		http.NotFound(w, r)
		return
	}
	if p.override != nil {
		if text := p.override(r.URL.Path, query); text != "" {
			body = []byte(text)
		}
	}
	if !p.bare {
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(body)))
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// RoundTrip answers without a network.
func (p *publisher) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	rec := httptest.NewRecorder()
	p.ServeHTTP(rec, r)
	resp := rec.Result()
	resp.Request = r
	return resp, nil
}

func (p *publisher) open(opts epss.Options) *epss.Feed {
	opts.Client = &http.Client{Transport: p}
	return epss.New(&opts)
}

// read reads once in a bubble: waiting costs no time.
func (p *publisher) read(t *testing.T, since feeds.Cursor, opts epss.Options) (records []feeds.Record, next feeds.Cursor, whole bool, end error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		records, _, whole, end = gather(func(yield func(feeds.Update, error) bool) {
			for u, err := range p.open(opts).Updates(t.Context(), since) {
				next = u.Next
				if !yield(u, err) {
					return
				}
			}
		})
	})
	return records, next, whole, end
}

func some(scores ...string) (out [][3]string) {
	for i, s := range scores {
		out = append(out, [3]string{fmt.Sprintf("CVE-2024-%04d", i+1), s, "0.5"})
	}
	return out
}

// TestADayInTheSameBandsIsNoChange reads one day after another into a mirror: only a
// score that crosses into another band is a change, though each is kept.
func TestADayInTheSameBandsIsNoChange(t *testing.T) {
	t.Parallel()
	for name, from := range map[string]string{"file": host, "API": host + "/data/v1/epss"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mirror := memory.New()
			sync := func(day int, scores ...string) feeds.Synced {
				var out feeds.Synced
				at := time.Date(2026, 1, day, 12, 0, 0, 0, time.UTC)
				synctest.Test(t, func(t *testing.T) {
					p := &publisher{day: at.Format(time.DateOnly), rows: some(scores...), perPage: 2}
					var err error
					out, err = feeds.Sync(t.Context(), p.open(epss.Options{From: from}), mirror, &feeds.SyncOptions{At: at})
					require.NoError(t, err)
				})
				return out
			}
			changes := func(after int64) (items []string, last int64) {
				last = after
				for c, err := range mirror.Changed(t.Context(), after) {
					require.NoError(t, err)
					items, last = append(items, c.Item), c.Position
				}
				return items, last
			}
			require.Equal(t, 3, sync(1, "0.2", "0.005", "0.6").Records)
			items, at := changes(0)
			require.Len(t, items, 3)

			require.Equal(t, 3, sync(2, "0.3", "0.009", "0.99").Records, "each has another score")
			items, at = changes(at)
			require.Empty(t, items, "and none is in another band")
			for r, err := range mirror.Named(t.Context(), "CVE-2024-0001") {
				require.NoError(t, err)
				require.InDelta(t, 0.3, r.Probability.Score, 1e-9, "the newest score is kept")
				require.Equal(t, 2, r.Probability.Day.Day())
			}

			sync(3, "0.3", "0.011", "0.99")
			items, at = changes(at)
			require.Equal(t, []string{"CVE-2024-0002"}, items)

			require.Equal(t, 1, sync(4, "0.3", "0.011").Gone)
			items, _ = changes(at)
			require.Equal(t, []string{"CVE-2024-0003"}, items, "it is gone")
			require.Zero(t, sync(4, "0.3", "0.011").Records, "the same day again")
		})
	}
}

func TestCursorHoldsTheDay(t *testing.T) {
	t.Parallel()
	for name, from := range map[string]string{"file": "", "API": host + "/data/v1/epss"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &publisher{day: "2026-01-02", rows: some("0.1", "0.2", "0.3"), perPage: 2, bare: true}
			opts := epss.Options{From: from}
			records, next, whole, err := p.read(t, "", opts)
			require.NoError(t, err)
			require.True(t, whole)
			require.Len(t, records, 3)
			require.Contains(t, string(next), `"day":"2026-01-02"`)
			p.asked = nil
			records, same, whole, err := p.read(t, next, opts)
			require.NoError(t, err)
			require.Empty(t, records, "it is the same, also for a publisher without validators")
			require.False(t, whole)
			require.Equal(t, next, same)
			require.Len(t, p.asked, 1)

			p.day = "2026-01-01"
			_, _, whole, err = p.read(t, next, opts)
			require.ErrorContains(t, err, "the scores are of 2026-01-01, and those of 2026-01-02 were read already")
			require.False(t, whole)

			// A day is a place of its own.
			opts.Day = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			records, _, _, err = p.read(t, next, opts)
			require.NoError(t, err)
			require.Len(t, records, 3)
			require.Contains(t, p.asked[len(p.asked)-1], "2026-01-01")
		})
	}
	_, _, _, err := new(publisher).read(t, "", epss.Options{From: host + "/epss_scores-current.csv.gz", Day: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
	require.ErrorContains(t, err, "is not of the day 2026-01-01")
	_, _, _, err = new(publisher).read(t, "", epss.Options{From: "a.csv", More: []string{host}})
	require.ErrorContains(t, err, "More names files beside")
}

func TestPagesOfTheAPIThatDoNotHoldTogether(t *testing.T) {
	t.Parallel()
	const row = `{"cve":"CVE-2024-0001","epss":"0.1","date":"2026-01-02"}`
	for name, c := range map[string]struct{ first, second, want string }{
		"nothing":                {`{"total":0,"data":[]}`, "", "nothing could be read"},
		"no total":               {`{"data":[` + row + `]}`, "", "does not say how many"},
		"another total":          {"", `{"total":4,"offset":2,"data":[` + row + `]}`, "asked for those of 3 from 2 on, and got 1 of 4 from 2 on"},
		"the first page again":   {"", `{"total":3,"offset":0,"data":[` + row + `]}`, "got 1 of 3 from 0 on"},
		"an empty page":          {"", `{"total":3,"offset":2,"data":[]}`, "got 0 of 3 from 2 on"},
		"another day":            {"", `{"total":3,"offset":2,"data":[` + strings.Replace(row, "01-02", "01-03", 1) + `]}`, "asked for those of 2026-01-02, and got others"},
		"an error":               {"", `{"status":"Error","data":[]}`, `answers with status "Error"`},
		"a total that is a word": {`{"total":"many","data":[` + row + `]}`, "", "does not say how many"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &publisher{day: "2026-01-02", rows: some("0.1", "0.2", "0.3"), perPage: 2}
			p.override = func(_ string, query map[string][]string) string {
				if query["offset"] != nil && query["offset"][0] == "2" {
					return c.second
				}
				return c.first
			}
			_, _, whole, err := p.read(t, "", epss.Options{From: host + "/data/v1/epss"})
			require.ErrorContains(t, err, c.want)
			require.False(t, whole)
		})
	}
	// Without a day nobody knows whether it is the same.
	p := &publisher{rows: some("0.1"), perPage: 2}
	p.override = func(string, map[string][]string) string {
		return `{"total":1,"offset":0,"data":[{"cve":"CVE-2024-0001","epss":"0.1"}]}`
	}
	opts := epss.Options{From: host + "/data/v1/epss"}
	_, next, _, err := p.read(t, "", opts)
	require.NoError(t, err)
	records, _, whole, err := p.read(t, next, opts)
	require.NoError(t, err)
	require.True(t, whole)
	require.Len(t, records, 1)
}
