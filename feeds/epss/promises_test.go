package epss_test

import (
	"io/fs"
	"net/http"
	"os"
	"testing"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/epss"
	"github.com/open-postmarket/postmarket/feeds/feedtest"
)

func suite() feedtest.Suite {
	return feedtest.Suite{
		Name:    "epss",
		Open:    func(p feedtest.Publisher) feeds.Source { return epss.New(&epss.Options{FS: p.FS}) },
		Before:  os.DirFS("testdata/before"),
		After:   os.DirFS("testdata/after"),
		Bad:     os.DirFS("testdata/bad"),
		Damaged: []string{"CVE-2020-5902", "CVE-2019-9854"},
		Golden:  "testdata/golden.json",
		Without: map[string]string{`"slow down" is obeyed`: "files do not ask to wait"},
	}
}

func TestPromisesOfAFolder(t *testing.T) {
	t.Parallel()
	feedtest.Run(t, suite())
}

func TestPromisesOverHTTP(t *testing.T) {
	for name, from := range map[string]string{"publisher": host, "file": host + "/epss_scores-current.csv.gz", "API": host + "/data/v1/epss"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := suite()
			s.URL, s.Without, s.Golden = from, nil, "testdata/golden-day.json"
			if name == "API" {
				s.Golden = "testdata/golden-api.json" // it does not name the model
			}
			s.Handler = func(files fs.FS) http.Handler { return &publisher{rows: rows(files), perPage: 2} }
			s.Open = func(p feedtest.Publisher) feeds.Source {
				return epss.New(&epss.Options{From: p.URL, Client: p.Client})
			}
			feedtest.Run(t, s)
		})
	}
}
