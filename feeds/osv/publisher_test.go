package osv_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"time"
)

// bucket plays the publisher: a folder for each ecosystem, with its archive and its index.
func bucket(files fs.FS) http.Handler {
	served := map[string][]byte{}
	index := map[string][]string{}
	archives := map[string]*bytes.Buffer{}
	writers := map[string]*zip.Writer{}
	_ = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		ecosystem := path.Dir(name)
		if writers[ecosystem] == nil {
			archives[ecosystem] = &bytes.Buffer{}
			writers[ecosystem] = zip.NewWriter(archives[ecosystem])
		}
		w, err := writers[ecosystem].Create(path.Base(name))
		if err != nil {
			return err
		}
		_, err = w.Write(body)
		served[name] = body
		var head struct{ Modified time.Time }
		if json.Unmarshal(body, &head) != nil || head.Modified.Year() <= 1 { // as records of Go are written
			head.Modified = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
		}
		index[ecosystem] = append(index[ecosystem], head.Modified.Format(time.RFC3339Nano)+","+strings.TrimSuffix(path.Base(name), ".json"))
		return err
	})
	list := ""
	for _, ecosystem := range slices.Sorted(maps.Keys(index)) {
		list += ecosystem + "\n"
		slices.Sort(index[ecosystem])
		slices.Reverse(index[ecosystem])
		served[ecosystem+"/modified_id.csv"] = []byte(strings.Join(index[ecosystem], "\n") + "\n")
		_ = writers[ecosystem].Close()
		served[ecosystem+"/all.zip"] = archives[ecosystem].Bytes()
	}
	// A list without a count, cut off at the end of a line, looks like a shorter list: no reader
	// can tell, so no half of this one ends there.
	served["ecosystems.txt"] = []byte(list + "Debian:12\nUbuntu:24.04:LTS\n")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		body, ok := served[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(body)))
		w.Header().Set("Content-Type", map[string]string{".json": "application/json", ".zip": "application/zip", ".csv": "text/csv", ".txt": "text/plain"}[path.Ext(name)])
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
	})
}

// inMemory is a client whose publisher is a handler.
func inMemory(h http.HandlerFunc) *http.Client {
	return &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		if r.Body != nil { // a handler may read it after it answered
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			r = r.Clone(r.Context())
			r.Body = io.NopCloser(bytes.NewReader(body))
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
