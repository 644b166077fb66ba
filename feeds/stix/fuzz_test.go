package stix_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/stix"
)

func seed(f *testing.F) {
	names, err := filepath.Glob("testdata/*/*.json")
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
	f.Add([]byte(bundle(plain, relationship(1, "vulnerability--1", "affects", "vulnerability--1"), object("note", 1, `"object_refs":["vulnerability--1"]`))))
}

func sound(t *testing.T, r feeds.Record) {
	if err := r.Validate(); err != nil {
		t.Fatal(err)
	}
	_ = r.Coordinates()
	for _, id := range r.Names {
		if !id.CVE() {
			t.Fatalf("%q is no CVE id", id)
		}
	}
	if len(r.Mark.By) != 1 || r.Digest() == "" {
		t.Fatalf("%+v", r)
	}
}

func FuzzDecode(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		ended, objects := false, 2*bytes.Count(body, []byte(","))+3
		for u, err := range stix.Decode(bytes.NewReader(body)) {
			if ended {
				t.Fatal("goes on after its last error")
			}
			if objects--; objects < 0 {
				t.Fatal("tells more than the document can hold")
			}
			var bad *feeds.RecordError
			switch {
			case errors.As(err, &bad):
				if bad.Source != stix.Name || bad.Item == "" || bad.Err == nil {
					t.Fatalf("%#v", bad)
				}
			case err != nil:
				ended = true
			default:
				sound(t, u.Record)
			}
		}
	})
}

// FuzzAnswer is a server that answers everything with the same body.
func FuzzAnswer(f *testing.F) {
	seed(f)
	f.Add([]byte(`{"api_roots":["/"],"default":"/"}`))
	f.Add([]byte(`{"versions":["2.1"],"collections":[{"id":"a","can_read":true}],"more":true,"objects":[` + plain + `]}`))
	f.Add([]byte(`{"collections":[{"id":"../..","can_read":true}],"more":true,"next":"n","objects":[]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		client := &http.Client{Transport: answers(func(r *http.Request) *http.Response {
			return &http.Response{StatusCode: 200, Header: http.Header{"X-Taxii-Date-Added-Last": {"2026-01-01T00:00:00Z"}},
				Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r}
		})}
		for u, err := range stix.New(&stix.Options{From: "https://isao.example/", Client: client}).Updates(t.Context(), "") {
			if err == nil && u.Record.Item != "" {
				sound(t, u.Record)
			}
		}
	})
}

type answers func(*http.Request) *http.Response

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) { return a(r), nil }
