package csaf_test

import (
	"io/fs"
	"net/http"
	"os"
	"testing"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/csaf"
	"github.com/open-postmarket/postmarket/feeds/feedtest"
)

func suite() feedtest.Suite {
	return feedtest.Suite{
		Name:    "csaf/demo",
		Open:    func(p feedtest.Publisher) feeds.Source { return csaf.New(&csaf.Options{Name: "csaf/demo", FS: p.FS}) },
		Before:  os.DirFS("testdata/before"),
		After:   os.DirFS("testdata/after"),
		Bad:     os.DirFS("testdata/bad"),
		Damaged: []string{"icsma-20-254-01#1", "icsma-22-263-01#1"},
		Golden:  "testdata/golden.json",
		Without: map[string]string{`"slow down" is obeyed`: "files do not ask to wait"},
	}
}

func TestPromisesOfAFolder(t *testing.T) {
	t.Parallel()
	feedtest.Run(t, suite())
}

// TestPromisesOfAProvider runs over what a provider may have, by each name it may
// be given.
func TestPromisesOfAProvider(t *testing.T) {
	for name, c := range map[string]struct {
		from   string
		folder bool
	}{
		"domain with a feed":       {"demo.example", false},
		"domain with a directory":  {host, true},
		"address of the metadata":  {host + "/.well-known/csaf/provider-metadata.json", false},
		"address of the feed":      {host + "/csaf/white/feed.json", false},
		"address of the directory": {host + "/csaf/white/", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := suite()
			s.URL, s.Without = c.from, nil
			s.Handler = func(files fs.FS) http.Handler {
				return played{files: files, folder: c.folder, role: "csaf_trusted_provider", label: "UNLABELED"}
			}
			if name == "address of the directory" {
				s.Without = map[string]string{"a failing publisher is an error": "without metadata nobody has promised a hash or a signature, so that one is missing is no error; with it this is promised"}
			}
			s.Open = func(p feedtest.Publisher) feeds.Source {
				return csaf.New(&csaf.Options{Name: "csaf/demo", From: p.URL, Client: p.Client})
			}
			feedtest.Run(t, s)
		})
	}
}
