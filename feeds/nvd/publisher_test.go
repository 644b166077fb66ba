package nvd_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"time"
)

// held is one record as a publisher of the API holds it.
type held struct {
	ID, LastModified string
	raw              json.RawMessage
}

// holds gathers the records of a folder, in the order of their ids.
func holds(files fs.FS) []held {
	var out []held
	add := func(raw json.RawMessage) {
		h := held{raw: raw}
		if json.Unmarshal(raw, &h) == nil && h.ID != "" {
			out = append(out, h)
		}
	}
	_ = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		var page struct {
			Vulnerabilities []struct{ CVE json.RawMessage }
		}
		if err == nil && json.Unmarshal(body, &page) == nil && page.Vulnerabilities != nil {
			for _, v := range page.Vulnerabilities {
				add(v.CVE)
			}
			return nil
		}
		add(body)
		return err
	})
	slices.SortFunc(out, func(a, b held) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

const stamp = "2006-01-02T15:04:05.000"

// now is what time it is for a publisher: some hours after its newest record.
func now(all []held) time.Time {
	var newest time.Time
	for _, h := range all {
		if t, err := time.Parse(stamp, h.LastModified); err == nil && t.After(newest) {
			newest = t
		}
	}
	return newest.Add(4 * time.Hour)
}

// api plays the API 2.0 as its documentation has it.
func api(files fs.FS) http.Handler {
	all := holds(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve(w, r, all, now(all)) })
}

func serve(w http.ResponseWriter, r *http.Request, all []held, at time.Time) {
	q := r.URL.Query()
	start, err := strconv.Atoi(q.Get("startIndex"))
	per, err2 := strconv.Atoi(q.Get("resultsPerPage"))
	if err != nil || err2 != nil || per > 2000 || start < 0 {
		http.Error(w, "bad page", http.StatusNotFound)
		return
	}
	if q.Has("lastModStartDate") != q.Has("lastModEndDate") {
		http.Error(w, "both or none", http.StatusNotFound)
		return
	}
	if q.Has("lastModStartDate") {
		from, err := time.Parse(stamp+"Z07:00", q.Get("lastModStartDate"))
		to, err2 := time.Parse(stamp+"Z07:00", q.Get("lastModEndDate"))
		if err != nil || err2 != nil || to.Before(from) || to.Sub(from) > 120*24*time.Hour {
			http.Error(w, "bad window", http.StatusNotFound)
			return
		}
		all = slices.DeleteFunc(slices.Clone(all), func(h held) bool {
			t, err := time.Parse(stamp, h.LastModified)
			return err != nil || t.Before(from) || t.After(to)
		})
	}
	part := all[min(start, len(all)):min(start+per, len(all))]
	var elements []string
	for _, h := range part {
		elements = append(elements, `{"cve":`+string(h.raw)+`}`)
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"resultsPerPage":%d,"startIndex":%d,"totalResults":%d,"format":"NVD_CVE","version":"2.0","timestamp":%q,"vulnerabilities":[%s]}`,
		len(part), start, len(all), at.Format(stamp), strings.Join(elements, ","))
}

// inMemory is a client whose publisher is a handler.
func inMemory(h http.HandlerFunc) *http.Client {
	return &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		rec := httptest.NewRecorder()
		h(rec, r)
		resp := rec.Result()
		resp.Request = r
		return resp, nil
	})}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
