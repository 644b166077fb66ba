package cve_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
)

const host = "https://cve.example"

// records are the CVE records of files, by their ids.
func records(files fs.FS) map[string][]byte {
	out := map[string][]byte{}
	_ = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(path.Base(name), "delta") {
			return err
		}
		body, err := fs.ReadFile(files, name)
		var several []json.RawMessage
		if json.Unmarshal(body, &several) != nil {
			several = []json.RawMessage{body}
		}
		for _, raw := range several {
			var head struct{ CveMetadata struct{ CveID string } }
			_ = json.Unmarshal(raw, &head)
			out[head.CveMetadata.CveID] = raw
		}
		return err
	})
	return out
}

var updated = regexp.MustCompile(`"dateUpdated": "[^"]*"`)

// list is a publisher that holds records as they were at an instant: what is later than that is in
// its log and not yet in its archive.
type list struct {
	records map[string][]byte
	// archived are those of the archive, all when nil.
	archived map[string][]byte
	override map[string]string
}

// later are the records of after, beside those of before that it lacks, since nothing is taken
// out of the list. What changed says so.
func later(before, after fs.FS) map[string][]byte {
	was, is := records(before), records(after)
	for id, raw := range is {
		if !bytes.Equal(raw, was[id]) {
			is[id] = updated.ReplaceAll(raw, []byte(`"dateUpdated": "2099-02-01T00:00:00.000Z"`))
		}
	}
	maps.Copy(was, is)
	return was
}

// asFiles are records as a file system.
func asFiles(records map[string][]byte) fs.FS {
	out := fstest.MapFS{}
	for id, raw := range records {
		out[id+".json"] = &fstest.MapFile{Data: raw}
	}
	return out
}

func zipped(t require.TestingT, files map[string][]byte) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := w.Create(name)
		require.NoError(t, err)
		_, err = f.Write(files[name])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func place(id string) string {
	year, number := id[4:8], id[9:]
	return "cves/" + year + "/" + number[:len(number)-3] + "xxx/" + id + ".json"
}

func (l list) log() []byte {
	type m = map[string]any
	var batches []m
	for _, id := range slices.Sorted(maps.Keys(l.records)) {
		var head struct{ CveMetadata struct{ DateUpdated any } }
		_ = json.Unmarshal(l.records[id], &head)
		said, _ := head.CveMetadata.DateUpdated.(string)
		at, err := time.Parse(time.RFC3339, said)
		if err != nil {
			at = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
		}
		batches = append(batches, m{"fetchTime": at.Add(5 * time.Minute), "numberOfChanges": 1, "new": []m{}, "updated": []m{{"cveId": id, "dateUpdated": at}}, "error": []m{}})
	}
	text, _ := json.Marshal(batches)
	return text
}

func (l list) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	var body []byte
	id := strings.TrimSuffix(path.Base(name), ".json")
	text, changed := l.override[name]
	switch raw, ok := l.records[id]; {
	case changed:
		body = []byte(text)
	case name == "cves/deltaLog.json":
		body = l.log()
	case name == "releases/latest":
		body = fmt.Appendf(nil, `{"tag_name":"cve","assets":[{"name":"2099-01-15_delta_CVEs_at_0100Z.zip","browser_download_url":"%[1]s/delta.zip"},{"name":"2099-01-15_all_CVEs_at_midnight.zip.zip","browser_download_url":"%[1]s/2099-01-15_all_CVEs_at_midnight.zip.zip"}]}`, host)
	case path.Ext(name) == ".zip":
		all := map[string][]byte{"cves/delta.json": []byte(`{"fetchTime":"2099-01-15T00:00:00.000Z"}`)}
		from := l.archived
		if from == nil {
			from = l.records
		}
		for id, raw := range from {
			all[place(id)] = raw
		}
		body = zipped(new(testing.T), all)
		if strings.HasSuffix(name, ".zip.zip") {
			body = zipped(new(testing.T), map[string][]byte{"cves.zip": body})
		}
	case ok && name == place(id):
		body = raw
	default:
		http.NotFound(w, r)
		return
	}
	w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(body)))
	w.Header().Set("Content-Type", map[string]string{".json": "text/plain; charset=utf-8", ".zip": "application/octet-stream"}[path.Ext(name)])
	if path.Ext(name) == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
}

// network is a client of a handler, and what it was asked for.
type network struct {
	http.Handler
	asked []string
}

func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	n.asked = append(n.asked, strings.TrimPrefix(r.URL.String(), host))
	rec := httptest.NewRecorder()
	n.ServeHTTP(rec, r)
	resp := rec.Result()
	resp.Request = r
	return resp, nil
}
