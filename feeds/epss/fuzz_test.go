package epss_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/epss"
)

func FuzzDecode(f *testing.F) {
	for _, body := range []string{
		"#model_version:v1,score_date:2023-03-07T00:00:00+0000\ncve,epss,percentile\nCVE-2020-5902,0.97567,0.99995\n",
		"CVE-2020-5902;0.1;0.2\nCVE-2020-5902;0.1;0.2\nx;1\n", "CVE,CVSS3,EPSS,EPSS Percentile,Description\nCVE-2020-5902,8.8,0.1,0.2,\"a, b\"\n",
		`{"status":"OK","total":1,"data":[{"cve":"CVE-2022-27225","epss":"0.1","date":"0000-01-01"},[],null]}`, "\xef\xbb\xbfcve,epss\n", "\x1f\x8b\x08",
	} {
		f.Add([]byte(body))
	}
	f.Add(packed("cve,epss\nCVE-2020-5902,0.5\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		ended := false
		for u, err := range epss.Decode(bytes.NewReader(body)) {
			if ended {
				t.Fatal("goes on after its last error")
			}
			var bad *feeds.RecordError
			switch {
			case errors.As(err, &bad):
				if bad.Source != epss.Name || bad.Item == "" || bad.Err == nil {
					t.Fatalf("%#v", bad)
				}
			case err != nil:
				ended = true
			case u.Whole:
			default:
				if err := u.Record.Validate(); err != nil {
					t.Fatal(err)
				}
				p := u.Record.Probability
				if !u.Record.Names[0].CVE() || u.Record.Digest() == "" || !(p.Score >= 0 && p.Score <= 1 && p.Percentile >= 0 && p.Percentile <= 1) || p.Day.Year() > 9999 {
					t.Fatalf("%+v", u.Record)
				}
			}
		}
	})
}

// FuzzCursor reads anything as a cursor.
func FuzzCursor(f *testing.F) {
	f.Add(`{"url":"x","etag":"\"1\"","day":"2026-01-02","digest":"5"}`)
	f.Add("\x00 no cursor of ours")
	f.Fuzz(func(t *testing.T, text string) {
		since := epss.Known(feeds.Cursor(text), "x")
		if again := epss.Known(since, "x"); again != since {
			t.Fatalf("%q is read as %q", since, again)
		}
	})
}
