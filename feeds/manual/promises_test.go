package manual_test

import (
	"os"
	"testing"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/feedtest"
	"github.com/open-postmarket/postmarket/feeds/manual"
)

func TestPromisesOfAFolder(t *testing.T) {
	t.Parallel()
	feedtest.Run(t, feedtest.Suite{
		Name:   "manual",
		Open:   func(p feedtest.Publisher) feeds.Source { return manual.New(&manual.Options{FS: p.FS}) },
		Before: os.DirFS("testdata/before"), After: os.DirFS("testdata/after"),
		Bad: os.DirFS("testdata/bad"), Damaged: []string{"Acme/SB-2"},
		Golden:  "testdata/golden.json",
		Without: map[string]string{`"slow down" is obeyed`: "files do not ask to wait"},
	})
}
