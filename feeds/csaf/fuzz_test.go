package csaf_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp/armor"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/csaf"
)

// FuzzProvider reads anything as each of the lists, hashes, signatures and keys.
func FuzzProvider(f *testing.F) {
	p := played{files: os.DirFS("testdata/before"), role: "csaf_trusted_provider", label: "AMBER", folder: true}
	for _, name := range []string{
		"/.well-known/csaf/provider-metadata.json", "/csaf/openpgp/key.asc", "/csaf/white/feed.json", "/csaf/white/index.txt", "/csaf/white/changes.csv",
		"/csaf/white/2024/demo-2024-1.json.sha512", "/csaf/white/2024/demo-2024-1.json.asc",
	} {
		f.Add(p.body(name))
	}
	p.folder = false
	f.Add(p.body("/.well-known/csaf/provider-metadata.json"))
	f.Add([]byte(aggregator))
	f.Add([]byte("CSAF: https://demo.example/a.json\ncsaf : http://10.0.0.1/"))
	f.Add([]byte(`{"service":{"workspace":[{"collection":[{"href":"a.json"}]}]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, at := range csaf.DecodeAll(body) {
			if at != "" && !strings.HasPrefix(at, "https://") {
				t.Fatalf("would ask %q", at)
			}
		}
		since := csaf.Reached(feeds.Cursor(body), "demo.example")
		if again := csaf.Reached(since, "demo.example"); again != since {
			t.Fatalf("%q is read as %q", since, again)
		}
	})
}

// FuzzSignature never takes anything for the signature of what was not signed.
func FuzzSignature(f *testing.F) {
	keys, signed := armored(ours()), []byte("the document")
	good := signature(ours(), signed)
	if err := csaf.CheckSignature(keys, signed, good); err != nil {
		f.Fatal(err)
	}
	block, err := armor.Decode(bytes.NewReader(good))
	if err != nil {
		f.Fatal(err)
	}
	bare, err := io.ReadAll(block.Body)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(bare)
	f.Add(append(signature(theirs(), signed), good...))
	f.Fuzz(func(t *testing.T, file []byte) {
		_ = csaf.CheckSignature(keys, signed, file)
		if csaf.CheckSignature(keys, []byte("another document"), file) == nil {
			t.Fatalf("%q", file)
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
	f.Add([]byte(`{"document":{"csaf_version":"2.0","tracking":{"id":"x","initial_release_date":"9999-12-31T23:59:59-12:00"}},"vulnerabilities":[{},[],null]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		ended, elements := false, bytes.Count(body, []byte(","))+2
		for u, err := range csaf.Decode(bytes.NewReader(body)) {
			if ended {
				t.Fatal("goes on after its last error")
			}
			if elements--; elements < 0 {
				t.Fatal("tells more than the document can hold")
			}
			var bad *feeds.RecordError
			switch {
			case errors.As(err, &bad):
				if bad.Source != csaf.Name || bad.Item == "" || bad.Err == nil {
					t.Fatalf("%#v", bad)
				}
			case err != nil:
				ended = true
			default:
				if err := u.Record.Validate(); err != nil {
					t.Fatal(err)
				}
				_ = u.Record.Coordinates()
				if u.Record.Digest() == "" {
					t.Fatalf("%+v", u.Record)
				}
			}
		}
	})
}
