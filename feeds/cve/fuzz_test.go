package cve_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/cve"
)

// FuzzLists reads anything as a log of changes, a release and a cursor.
func FuzzLists(f *testing.F) {
	l := list{records: records(os.DirFS("testdata/before"))}
	f.Add(l.log())
	f.Add([]byte(`[{"fetchTime":"0000-01-01T00:00:00Z","new":[{"cveId":"cve-2024-0001","dateUpdated":"9999-12-31T23:59:59-12:00"}],"error":[{}]}]`))
	f.Add([]byte(`{"assets":[{"name":"2024-01-01_all_CVEs_at_midnight.zip.zip","browser_download_url":"https://cve.example/a.zip"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		places, _ := cve.ReadLog(body)
		for _, at := range places {
			if !strings.HasPrefix(at, "cves/") || strings.Contains(at, "..") {
				t.Fatalf("would ask %q", at)
			}
		}
		if at, err := cve.ReadRelease(body); err == nil && !strings.HasPrefix(at, "https://") {
			t.Fatalf("would ask %q", at)
		}
		since := cve.Known(feeds.Cursor(body), "x")
		if again := cve.Known(since, "x"); again != since {
			t.Fatalf("%q is read as %q", since, again)
		}
	})
}

func FuzzDecode(f *testing.F) {
	err := fs.WalkDir(os.DirFS("testdata"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".json") {
			return err
		}
		body, err := os.ReadFile("testdata/" + name)
		f.Add(body)
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`[{"cveMetadata":{"cveId":"CVE-2024-0001","dateUpdated":"9999-12-31T23:59:59-12:00"},"containers":{"cna":{}}},7]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		ended, elements := false, bytes.Count(body, []byte(","))+2
		for u, err := range cve.Decode(bytes.NewReader(body)) {
			if ended {
				t.Fatal("goes on after its last error")
			}
			if elements--; elements < 0 {
				t.Fatal("tells more than the document can hold")
			}
			var bad *feeds.RecordError
			switch {
			case errors.As(err, &bad):
				if bad.Source != cve.Name || bad.Item == "" || bad.Err == nil {
					t.Fatalf("%#v", bad)
				}
			case err != nil:
				ended = true
			default:
				if err := u.Record.Validate(); err != nil {
					t.Fatal(err)
				}
				_ = u.Record.Coordinates()
				if !u.Record.Names[0].CVE() || u.Record.Digest() == "" {
					t.Fatalf("%+v", u.Record)
				}
			}
		}
	})
}
