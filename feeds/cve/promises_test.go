package cve_test

import (
	"io/fs"
	"net/http"
	"os"
	"testing"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/cve"
	"github.com/open-postmarket/postmarket/feeds/feedtest"
)

func suite() feedtest.Suite {
	return feedtest.Suite{
		Name:    "cve",
		Open:    func(p feedtest.Publisher) feeds.Source { return cve.New(&cve.Options{FS: p.FS}) },
		Before:  os.DirFS("testdata/before"),
		After:   os.DirFS("testdata/after"),
		Bad:     os.DirFS("testdata/bad"),
		Damaged: []string{"CVE-2024-6442", "CVE-2025-4565"},
		Golden:  "testdata/golden.json",
		Without: map[string]string{`"slow down" is obeyed`: "files do not ask to wait"},
	}
}

func TestPromisesOfAFolder(t *testing.T) {
	t.Parallel()
	feedtest.Run(t, suite())
}

func TestPromisesOfTheList(t *testing.T) {
	t.Parallel()
	s := suite()
	s.URL, s.Without, s.Golden = host, nil, "testdata/golden-list.json"
	s.After = asFiles(later(s.Before, s.After))
	s.Handler = func(files fs.FS) http.Handler { return list{records: records(files)} }
	s.Open = func(p feedtest.Publisher) feeds.Source {
		return cve.New(&cve.Options{From: p.URL, Baseline: p.URL + "/releases/latest", Client: p.Client, MaxArchive: 1 << 20})
	}
	feedtest.Run(t, s)
}

func TestPromisesOfAnArchive(t *testing.T) {
	t.Parallel()
	s := suite()
	s.URL, s.Without, s.Golden = host+"/cves.zip", nil, "testdata/golden-list.json"
	s.Handler = func(files fs.FS) http.Handler { return list{records: records(files)} }
	s.Open = func(p feedtest.Publisher) feeds.Source {
		return cve.New(&cve.Options{From: p.URL, Client: p.Client, MaxArchive: 1 << 20})
	}
	feedtest.Run(t, s)
}
