package epss_test

import (
	"os"
	"testing"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/epss"
	"github.com/open-postmarket/postmarket/feeds/feedtest"
)

func TestPromisesOfAFolder(t *testing.T) {
	t.Parallel()
	feedtest.Run(t, feedtest.Suite{
		Name:    "epss",
		Open:    func(p feedtest.Publisher) feeds.Source { return epss.New(&epss.Options{FS: p.FS}) },
		Before:  os.DirFS("testdata/before"),
		After:   os.DirFS("testdata/after"),
		Bad:     os.DirFS("testdata/bad"),
		Damaged: []string{"CVE-2020-5902", "CVE-2019-9854"},
		Golden:  "testdata/golden.json",
		Without: map[string]string{`"slow down" is obeyed`: "files do not ask to wait"},
	})
}
