package osv_test

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"os"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/feedtest"
	"github.com/open-postmarket/postmarket/feeds/osv"
)

func suite() feedtest.Suite {
	return feedtest.Suite{
		Name:    "osv",
		Open:    func(p feedtest.Publisher) feeds.Source { return osv.New(&osv.Options{FS: p.FS}) },
		Before:  os.DirFS("testdata/before"),
		After:   os.DirFS("testdata/after"),
		Bad:     os.DirFS("testdata/bad"),
		Damaged: []string{"GO-2022-0617"},
		Golden:  "testdata/golden.json",
		Without: map[string]string{`"slow down" is obeyed`: "files do not ask to wait"},
	}
}

func TestPromisesOfAFolder(t *testing.T) {
	t.Parallel()
	feedtest.Run(t, suite())
}

// packed is a folder of archives, one for each folder of files.
func packed(t *testing.T, files fs.FS) fs.FS {
	t.Helper()
	out := fstest.MapFS{}
	entries, err := fs.ReadDir(files, ".")
	require.NoError(t, err)
	for _, e := range entries {
		sub, err := fs.Sub(files, e.Name())
		require.NoError(t, err)
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		require.NoError(t, w.AddFS(sub))
		require.NoError(t, w.Close())
		out[e.Name()+"/all.zip"] = &fstest.MapFile{Data: b.Bytes()}
	}
	return out
}

func TestPromisesOfArchivesOnDisk(t *testing.T) {
	t.Parallel()
	s := suite()
	s.Open = func(p feedtest.Publisher) feeds.Source {
		return osv.New(&osv.Options{FS: p.FS, MaxArchive: 1 << 20})
	}
	s.Before, s.After, s.Bad = packed(t, s.Before), packed(t, s.After), packed(t, s.Bad)
	feedtest.Run(t, s)
}

func TestPromisesOfTheBucket(t *testing.T) {
	t.Parallel()
	s := suite()
	s.URL, s.Handler, s.Without = "https://osv.example", bucket, nil
	s.Open = func(p feedtest.Publisher) feeds.Source {
		return osv.New(&osv.Options{From: p.URL, Client: p.Client, MaxArchive: 1 << 20})
	}
	feedtest.Run(t, s)
}
