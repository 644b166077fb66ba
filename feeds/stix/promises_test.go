package stix_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/feedtest"
	"github.com/open-postmarket/postmarket/feeds/stix"
)

const (
	first   = "vulnerability--00000010-5090-4a1b-8c2d-000000000010"
	second  = "vulnerability--00000020-5090-4a1b-8c2d-000000000020"
	revoked = "vulnerability--00000030-5090-4a1b-8c2d-000000000030"
)

func suite() feedtest.Suite {
	return feedtest.Suite{
		Name: "stix/isao", URL: "https://isao.example/taxii2/", Handler: server,
		Open: func(p feedtest.Publisher) feeds.Source {
			return stix.New(&stix.Options{Name: "stix/isao", From: p.URL, Client: p.Client, Auth: stix.Credentials{Token: secret}})
		},
		Before: os.DirFS("testdata/before"), After: os.DirFS("testdata/after"),
		Bad: os.DirFS("testdata/bad"), Damaged: []string{second, revoked},
		Golden: "testdata/golden.json",
	}
}

func TestPromisesOfACollection(t *testing.T) {
	t.Parallel()
	feedtest.Run(t, suite())
}

func TestPromisesOfAFolder(t *testing.T) {
	t.Parallel()
	s := suite()
	s.URL, s.Handler = "", nil
	s.Open = func(p feedtest.Publisher) feeds.Source {
		return stix.New(&stix.Options{Name: "stix/isao", FS: p.FS})
	}
	s.Without = map[string]string{`"slow down" is obeyed`: "files do not ask to wait"}
	feedtest.Run(t, s)
}

const (
	secret     = "s3cret-t0ken"
	mediaType  = "application/taxii+json;version=2.1"
	collection = "/api1/collections/91a7b528-80eb-42ed-a74d-c6fbd5a26116/"
)

// server plays a TAXII 2.1 server that holds the objects of bundles: discovery, one
// API root, two collections of which one may be read, pages of ten.
func server(held fs.FS) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := func(v any) {
			w.Header().Set("Content-Type", mediaType)
			_ = json.NewEncoder(w).Encode(v)
		}
		type m = map[string]any
		switch {
		case r.Header.Get("Authorization") != "Bearer "+secret:
			w.WriteHeader(http.StatusUnauthorized)
		case r.Header.Get("Accept") != mediaType:
			w.WriteHeader(http.StatusNotAcceptable)
		case r.URL.Path == "/taxii2/":
			answer(m{"title": "Sample", "default": "https://isao.example/api1/", "api_roots": []string{"/api1/", "/api2/"}})
		case r.URL.Path == "/api1/":
			answer(m{"title": "Root", "versions": []string{mediaType}, "max_content_length": 1 << 20})
		case r.URL.Path == "/api1/collections/":
			answer(m{"collections": []m{
				{"id": "472c94ae-3113-4e3e-a4dd-a9f4ac7471d4", "title": "Inbox", "can_read": false, "can_write": true},
				{"id": "91a7b528-80eb-42ed-a74d-c6fbd5a26116", "title": "Warnings", "alias": "warnings", "can_read": true, "can_write": false},
			}})
		case r.URL.Path == collection:
			answer(m{"id": "91a7b528-80eb-42ed-a74d-c6fbd5a26116", "title": "Warnings", "can_read": true})
		case r.URL.Path == collection+"objects/":
			objects(w, r, held)
		default:
			http.NotFound(w, r)
		}
	})
}

// stored is an object on the server.
type stored struct {
	raw   json.RawMessage
	kind  string
	added string
}

// store reads the bundles; an object was added when it says it was modified, and one
// that has no time with the next one of its bundle that has.
func store(held fs.FS) []stored {
	var out []stored
	names, _ := fs.Glob(held, "*.json")
	for _, name := range names {
		text, _ := fs.ReadFile(held, name)
		var b struct{ Objects []json.RawMessage }
		_ = json.Unmarshal(text, &b)
		said := "2026-01-01T00:00:00Z"
		for _, raw := range slices.Backward(b.Objects) {
			var o struct{ Type, Modified, Created string }
			_ = json.Unmarshal(raw, &o)
			said = cmp.Or(o.Modified, o.Created, said)
			at, _ := time.Parse(time.RFC3339, said)
			out = append(out, stored{raw, o.Type, at.Format("2006-01-02T15:04:05.000000Z")})
		}
	}
	slices.SortStableFunc(out, func(a, b stored) int { return cmp.Compare(a.added, b.added) })
	return out
}

func objects(w http.ResponseWriter, r *http.Request, held fs.FS) {
	q := r.URL.Query()
	types := strings.Split(q.Get("match[type]"), ",")
	all := slices.DeleteFunc(store(held), func(s stored) bool { return s.added <= q.Get("added_after") || !slices.Contains(types, s.kind) })
	from, _ := strconv.Atoi(q.Get("next"))
	from = min(from, len(all))
	page := all[from:min(from+10, len(all))]
	w.Header().Set("Content-Type", mediaType)
	if len(page) == 0 {
		fmt.Fprint(w, "{}")
		return
	}
	w.Header().Set("X-TAXII-Date-Added-First", page[0].added)
	w.Header().Set("X-TAXII-Date-Added-Last", page[len(page)-1].added)
	envelope := map[string]any{"more": false}
	if from+len(page) < len(all) {
		envelope["more"], envelope["next"] = true, strconv.Itoa(from+len(page))
	}
	var raw []json.RawMessage
	for _, s := range page {
		raw = append(raw, s.raw)
	}
	envelope["objects"] = raw
	_ = json.NewEncoder(w).Encode(envelope)
}
