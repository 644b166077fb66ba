package nvd_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/feedtest"
	"github.com/open-postmarket/postmarket/feeds/nvd"
)

func TestPromisesOfAFolder(t *testing.T) {
	t.Parallel()
	feedtest.Run(t, feedtest.Suite{
		Name:    "nvd",
		Open:    func(p feedtest.Publisher) feeds.Source { return nvd.New(&nvd.Options{FS: p.FS}) },
		Before:  os.DirFS("testdata/before"),
		After:   os.DirFS("testdata/after"),
		Bad:     os.DirFS("testdata/bad"),
		Damaged: []string{"CVE-2020-0487"},
		Golden:  "testdata/golden.json",
		Without: map[string]string{`"slow down" is obeyed`: "files do not ask to wait"},
	})
}

// later is before with one record changed and one new, as the API shows it.
func later(t *testing.T) fs.FS {
	t.Helper()
	page, err := os.ReadFile("testdata/before/page.json")
	require.NoError(t, err)
	old, err := os.ReadFile("testdata/before/2020/CVE-2020-25165.json")
	require.NoError(t, err)
	changed := strings.Replace(string(page), `2022-03-04T16:55:00.000`, `2025-08-26T08:00:00.000`, 1)
	changed = strings.Replace(changed, `"Analyzed"`, `"Modified"`, 1)
	require.NotEqual(t, string(page), changed)
	return fstest.MapFS{
		"page.json": {Data: []byte(changed)}, "old.json": {Data: old},
		"new.json": {Data: []byte(`{"id":"CVE-2099-0001","vulnStatus":"Deferred","published":"2025-08-26T09:00:00.000","lastModified":"2025-08-26T09:00:00.000"}`)},
	}
}

func TestPromisesOfTheAPI(t *testing.T) {
	t.Parallel()
	feedtest.Run(t, feedtest.Suite{
		Name: "nvd", URL: "https://services.nvd.example/rest/json/cves/2.0",
		Open: func(p feedtest.Publisher) feeds.Source {
			return nvd.New(&nvd.Options{From: p.URL, Client: p.Client, PerPage: 2})
		},
		Handler: api,
		Before:  os.DirFS("testdata/before"), After: later(t),
		Bad: os.DirFS("testdata/bad"), Damaged: []string{"CVE-2020-0487"},
		Golden: "testdata/golden-api.json",
	})
}

// yearFiles makes year files of a folder's records, two a year from 2002 on, each
// with its .meta.
func yearFiles(t *testing.T, files fs.FS, packed bool) fstest.MapFS {
	t.Helper()
	years := map[string][]string{}
	for i, h := range holds(files) {
		year := strconv.Itoa(2002 + i/2)
		years[year] = append(years[year], `{"cve":`+string(h.raw)+`}`)
	}
	out := fstest.MapFS{}
	made := now(holds(files))
	for year, elements := range years {
		name := "nvdcve-2.0-" + year
		body := fmt.Appendf(nil, `{"format":"NVD_CVE","version":"2.0","vulnerabilities":[%s]}`, strings.Join(elements, ","))
		out[name+".meta"] = &fstest.MapFile{Data: fmt.Appendf(nil, "lastModifiedDate:%s-04:00\r\nsize:%d\r\nzipSize:1\r\ngzSize:1\r\nsha256:%X\r\n",
			made.Format("2006-01-02T15:04:05"), len(body), sha256.Sum256(body))}
		if !packed {
			out[name+".json"] = &fstest.MapFile{Data: body}
			continue
		}
		var gz bytes.Buffer
		w := gzip.NewWriter(&gz)
		_, err := w.Write(body)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		out[name+".json.gz"] = &fstest.MapFile{Data: gz.Bytes()}
	}
	return out
}

func TestPromisesOfAFolderOfYearFiles(t *testing.T) {
	t.Parallel()
	feedtest.Run(t, feedtest.Suite{
		Name:   "nvd",
		Open:   func(p feedtest.Publisher) feeds.Source { return nvd.New(&nvd.Options{FS: p.FS}) },
		Before: yearFiles(t, os.DirFS("testdata/before"), true), After: yearFiles(t, later(t), true),
		Bad: yearFiles(t, os.DirFS("testdata/bad"), true), Damaged: []string{"CVE-2020-0487"},
		Golden:  "testdata/golden-api.json",
		Without: map[string]string{`"slow down" is obeyed`: "files do not ask to wait"},
	})
}

// in2003 waits until the summer of 2003, in a bubble that begins in 2000.
func in2003() { time.Sleep(time.Until(time.Date(2003, 7, 1, 0, 0, 0, 0, time.UTC))) }

func TestPromisesOfYearFilesOverHTTP(t *testing.T) {
	t.Parallel()
	two := func(files fs.FS) fstest.MapFS { // of After: the new record is of 2004, which has no file yet
		all := yearFiles(t, files, true)
		delete(all, "nvdcve-2.0-2004.json.gz")
		delete(all, "nvdcve-2.0-2004.meta")
		return all
	}
	feedtest.Run(t, feedtest.Suite{
		Name: "nvd", URL: "https://nvd.example/",
		Open: func(p feedtest.Publisher) feeds.Source {
			in2003()
			return nvd.New(&nvd.Options{From: p.URL, Client: p.Client})
		},
		Before: two(os.DirFS("testdata/before")), After: two(later(t)),
		Bad: two(os.DirFS("testdata/bad")), Damaged: []string{"CVE-2020-0487"},
		Golden: "testdata/golden-api.json",
	})
}
