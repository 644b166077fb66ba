package nvd_test

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/nvd"
)

func FuzzDecode(f *testing.F) {
	for _, name := range []string{"before/page.json", "before/2020/CVE-2020-25165.json", "before/sources.json", "bad/page.json"} {
		body, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte(object))
	f.Add([]byte(`{"cve":{"id":"CVE-2024-0001","lastModified":"9999-12-31T23:59:59-12:00"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		ended, elements := false, bytes.Count(body, []byte(","))+2
		for u, err := range nvd.Decode(bytes.NewReader(body)) {
			if ended {
				t.Fatal("goes on after its last error")
			}
			if elements--; elements < 0 {
				t.Fatal("tells more than the document can hold")
			}
			var bad *feeds.RecordError
			switch {
			case errors.As(err, &bad):
				if bad.Source != nvd.Name || bad.Item == "" || bad.Err == nil {
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
