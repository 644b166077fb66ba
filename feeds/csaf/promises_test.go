package csaf_test

import (
	"os"
	"testing"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/csaf"
	"github.com/open-postmarket/postmarket/feeds/feedtest"
)

func TestPromisesOfAFolder(t *testing.T) {
	t.Parallel()
	feedtest.Run(t, feedtest.Suite{
		Name:    "csaf/demo",
		Open:    func(p feedtest.Publisher) feeds.Source { return csaf.New(&csaf.Options{Name: "csaf/demo", FS: p.FS}) },
		Before:  os.DirFS("testdata/before"),
		After:   os.DirFS("testdata/after"),
		Bad:     os.DirFS("testdata/bad"),
		Damaged: []string{"icsma-20-254-01#1", "icsma-22-263-01#1"},
		Golden:  "testdata/golden.json",
		Without: map[string]string{`"slow down" is obeyed`: "files do not ask to wait"},
	})
}
