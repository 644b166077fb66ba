package manual_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/manual"
)

func FuzzDecode(f *testing.F) {
	names, err := filepath.Glob("testdata/*/*.*")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		body, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	for _, format := range []manual.Format{manual.CSV, manual.JSON} {
		var out bytes.Buffer
		if err := manual.Template(&out, format); err != nil {
			f.Fatal(err)
		}
		f.Add(bytes.ReplaceAll(out.Bytes(), []byte("EXAMPLE"), []byte("Acme")))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		ended, told := false, map[string]bool{}
		for u, err := range manual.Decode(bytes.NewReader(body)) {
			if ended {
				t.Fatal("goes on after its last error")
			}
			var bad *feeds.RecordError
			switch {
			case errors.As(err, &bad):
				if bad.Source != manual.Name || bad.Item == "" || bad.Err == nil {
					t.Fatalf("%#v", bad)
				}
			case err != nil:
				ended = true
			default:
				r := u.Record
				if err := r.Validate(); err != nil {
					t.Fatal(err)
				}
				if told[r.Item] {
					t.Fatalf("%s is told twice", r.Item)
				}
				told[r.Item] = true
				if len(r.Products) == 0 || !r.Mark.Said() || r.Digest() == "" {
					t.Fatalf("%+v", r)
				}
				_ = r.Coordinates()
			}
		}
	})
}
