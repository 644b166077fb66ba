package kev_test

import (
	"os"
	"testing"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/feedtest"
	"github.com/open-postmarket/postmarket/feeds/kev"
)

const catalog = "known_exploited_vulnerabilities.json"

func suite() feedtest.Suite {
	return feedtest.Suite{
		Name:   "kev",
		URL:    "https://publisher.example/" + catalog,
		Open:   func(p feedtest.Publisher) feeds.Source { return kev.New(&kev.Options{From: p.URL, Client: p.Client}) },
		Before: os.DirFS("testdata/before"), After: os.DirFS("testdata/after"),
		Bad: os.DirFS("testdata/bad"), Damaged: []string{"CVE-2020-11023", "CVE-2017-0144"},
		Golden: "testdata/golden.json",
	}
}

func TestPromisesOverHTTP(t *testing.T) {
	t.Parallel()
	feedtest.Run(t, suite())
}

func TestPromisesOfAFolder(t *testing.T) {
	t.Parallel()
	s := suite()
	s.URL = ""
	s.Open = func(p feedtest.Publisher) feeds.Source { return kev.New(&kev.Options{FS: p.FS}) }
	s.Without = map[string]string{`"slow down" is obeyed`: "files do not ask to wait"}
	feedtest.Run(t, s)
}

func TestPromisesOfAFile(t *testing.T) {
	t.Parallel()
	s := suite()
	s.URL = ""
	s.Open = func(p feedtest.Publisher) feeds.Source { return kev.New(&kev.Options{FS: p.FS, From: catalog}) }
	s.Without = map[string]string{`"slow down" is obeyed`: "files do not ask to wait"}
	feedtest.Run(t, s)
}
