package kev_test

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/kev"
)

func FuzzDecode(f *testing.F) {
	for _, name := range []string{"before", "after", "bad"} {
		body, err := os.ReadFile("testdata/" + name + "/" + catalog)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte(`{"vulnerabilities":[{"cveID":"CVE-2024-0001","dueDate":"0000-01-01"},[],null]}`))
	f.Add([]byte("\xef\xbb\xbf{\"vulnerabilities\":[]}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		ended, elements := false, bytes.Count(body, []byte(","))+2
		for u, err := range kev.Decode(bytes.NewReader(body)) {
			if ended {
				t.Fatal("goes on after its last error")
			}
			if elements--; elements < 0 {
				t.Fatal("tells more than the document can hold")
			}
			var bad *feeds.RecordError
			switch {
			case errors.As(err, &bad):
				if bad.Source != kev.Name || bad.Item == "" || bad.Err == nil {
					t.Fatalf("%#v", bad)
				}
			case err != nil:
				ended = true
			case u.Whole:
			default:
				if err := u.Record.Validate(); err != nil {
					t.Fatal(err)
				}
				if !u.Record.Names[0].CVE() || u.Record.Digest() == "" {
					t.Fatalf("%+v", u.Record)
				}
			}
		}
	})
}

func FuzzDecodeCSV(f *testing.F) {
	f.Add([]byte("cveID,vendorProject,product,vulnerabilityName,dateAdded,shortDescription,requiredAction,dueDate,cwes\nCVE-2024-0001,v,p,n,2024-01-01,t,a,2024-02-01,\"CWE-1, CWE-2\"\nCVE-2024-0002\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		ended := false
		for u, err := range kev.DecodeCSV(bytes.NewReader(body)) {
			if ended || u.Whole {
				t.Fatal("goes on after its last error, or says Whole")
			}
			var bad *feeds.RecordError
			if err != nil && !errors.As(err, &bad) {
				ended = true
				continue
			}
			if err == nil {
				if err := u.Record.Validate(); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
