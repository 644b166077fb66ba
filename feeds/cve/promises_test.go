package cve_test

import (
	"os"
	"testing"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/cve"
	"github.com/open-postmarket/postmarket/feeds/feedtest"
)

func TestPromisesOfAFolder(t *testing.T) {
	t.Parallel()
	feedtest.Run(t, feedtest.Suite{
		Name:    "cve",
		Open:    func(p feedtest.Publisher) feeds.Source { return cve.New(&cve.Options{FS: p.FS}) },
		Before:  os.DirFS("testdata/before"),
		After:   os.DirFS("testdata/after"),
		Bad:     os.DirFS("testdata/bad"),
		Damaged: []string{"CVE-2024-6442", "CVE-2025-4565"},
		Golden:  "testdata/golden.json",
		Without: map[string]string{`"slow down" is obeyed`: "files do not ask to wait"},
	})
}
