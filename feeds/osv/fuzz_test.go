package osv_test

import (
	"bytes"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/open-postmarket/postmarket/feeds/osv"
)

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
	f.Add([]byte(`{"id":"A","modified":"0000-01-01T00:00:00+01:00"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		n := 0
		for u, err := range osv.Decode(bytes.NewReader(body)) {
			if n++; n > 1 {
				t.Fatal("one document tells twice")
			}
			if err != nil {
				continue
			}
			if err := u.Record.Validate(); err != nil {
				t.Fatal(err)
			}
			_ = u.Record.Coordinates()
			if u.Record.Names[0] == "" || u.Record.Digest() == "" {
				t.Fatalf("%+v", u.Record)
			}
		}
	})
}
