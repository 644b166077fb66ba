package nvd_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"strings"
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

func FuzzPage(f *testing.F) {
	for _, name := range []string{"before/page.json", "before/sources.json", "bad/page.json"} {
		body, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body, 0)
	}
	f.Add([]byte(`{"startIndex":4,"totalResults":5,"resultsPerPage":1,"timestamp":"2025-12-25T03:00:00.7378299","vulnerabilities":[{}]}`), 4)
	f.Fuzz(func(t *testing.T, body []byte, start int) {
		if start < 0 {
			return
		}
		n, total, err := nvd.DecodePage(body, start, 2000)
		if err == nil && (total < 0 || n > max(total-start, 0) || n == 0 && start < total) {
			t.Fatalf("%d records at %d of %d", n, start, total)
		}
	})
}

func FuzzMeta(f *testing.F) {
	f.Add([]byte("lastModifiedDate:2025-08-25T03:00:03-04:00\r\nsize:1\r\nzipSize:1\r\ngzSize:1\r\nsha256:" + strings.Repeat("AB", 32) + "\r\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		sum, err := nvd.DecodeMeta(body)
		if raw, bad := hex.DecodeString(sum); err == nil && (bad != nil || len(raw) != 32) {
			t.Fatal(sum)
		}
	})
}

func FuzzCursor(f *testing.F) {
	f.Add(`{"v":1,"url":"u","from":"2025-01-01T00:00:00Z","begun":"2025-02-01T00:00:00Z","index":2,"last":"CVE-2024-0001","total":5}`)
	f.Add(`{"v":1,"url":"u","years":{"2024":"ab"},"since":"2025-01-01T00:00:00Z"}`)
	f.Fuzz(func(t *testing.T, text string) {
		again, _ := nvd.Known(feeds.Cursor(text), "u")
		twice, _ := nvd.Known(again, "u")
		if again != twice {
			t.Fatalf("%s\n%s", again, twice)
		}
	})
}
