package nvd_test

import (
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/nvd"
)

// library plays the host of the year files, and notes what is asked of it.
func library(files fs.FS, asked *[]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r.URL.Path)
		if r.Header.Get("apiKey") != "" {
			http.Error(w, "a key", http.StatusTeapot)
			return
		}
		http.FileServerFS(files).ServeHTTP(w, r)
	}
}

func TestYearFilesComeFirstThenWhatChangedSinceTheyWereMade(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"folder", "address"} {
		for _, packed := range []bool{true, false} {
			if from == "address" && !packed {
				continue // NVD publishes them packed only
			}
			synctest.Test(t, func(t *testing.T) {
				in2003()
				d := newDatabase(4)
				files := fstest.MapFS{}
				for i, h := range d.all {
					files[h.ID+".json"] = &fstest.MapFile{Data: d.all[i].raw}
				}
				years := yearFiles(t, files, packed)
				d.at = d.at.Add(150 * 24 * time.Hour)
				d.set(2, d.at.Add(-time.Hour), "Modified")
				var asked []string
				opts := nvd.Options{From: mirror, FS: years, Bootstrap: ".", Key: "k", PerPage: 4}
				books, api := library(years, &asked), d.client()
				opts.Client = inMemory(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Host == "library.example" {
						books(w, r)
						return
					}
					resp, err := api.Do(r)
					if err != nil {
						http.Error(w, err.Error(), http.StatusInternalServerError)
						return
					}
					defer resp.Body.Close()
					w.WriteHeader(resp.StatusCode)
					_, _ = io.Copy(w, resp.Body)
				})
				if from == "address" {
					opts.FS, opts.Bootstrap = nil, "https://library.example/"
				}
				for steps := 1; steps < 10; steps++ {
					m := &mirrored{}
					d.asked, asked = nil, nil
					require.NoError(t, m.sync(t.Context(), nvd.New(&opts), steps))
					require.NoError(t, m.sync(t.Context(), nvd.New(&opts), all))
					require.Empty(t, d.missing(m), "killed at step %d", steps)
					queries := d.queries()
					require.Equal(t, []string{ // made four hours after the newest record, in a zone four hours behind
						"0 2025-01-04T06:00:00.000Z 2025-05-04T06:00:00.000Z", "0 2025-05-04T04:00:00.000Z 2025-09-01T04:00:00.000Z",
					}, slices.Compact(queries), "killed at step %d", steps)
					if from == "address" && steps == 3 { // after the first file
						require.Equal(t, 1, count(asked, "/nvdcve-2.0-2002.json.gz"), "a file that was told is not read again")
					}
					asked = nil
					require.NoError(t, m.sync(t.Context(), nvd.New(&opts), all))
					require.Empty(t, asked, "year files are read once")
				}
			})
		}
	}
}

func count(in []string, what string) int {
	return len(slices.DeleteFunc(slices.Clone(in), func(s string) bool { return s != what }))
}

func TestYearFileThatIsNotWhatItsDigestSaysTellsNothing(t *testing.T) {
	t.Parallel()
	years := yearFiles(t, os.DirFS("testdata/before"), false)
	body := years["nvdcve-2.0-2002.json"]
	body.Data = []byte(strings.Replace(string(body.Data), "a", "b", 1))
	records, _, whole, err := gather(nvd.New(&nvd.Options{FS: years}).Updates(t.Context(), ""))
	require.ErrorContains(t, err, `"nvdcve-2.0-2002.json": its digest is`)
	require.Empty(t, records)
	require.False(t, whole)
	years["nvdcve-2.0-2002.meta"].Data = []byte("sha256:x")
	_, _, _, err = gather(nvd.New(&nvd.Options{FS: years}).Updates(t.Context(), ""))
	require.ErrorContains(t, err, `"nvdcve-2.0-2002.meta": no .meta file: its sha256 is "x"`)
}

func TestYearFileMadeAnewBetweenItsMetaAndItselfIsReadOnceMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in2003()
		old, anew := yearFiles(t, os.DirFS("testdata/before"), true), yearFiles(t, later(t), true)
		var asked []string
		now := fs.FS(old)
		client := inMemory(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, ".json.gz") {
				now = anew
			}
			library(now, &asked)(w, r)
		})
		records, rejected, _, err := gather(nvd.New(&nvd.Options{From: "https://library.example/", Client: client}).Updates(t.Context(), ""))
		require.NoError(t, err)
		require.Empty(t, rejected)
		require.Len(t, records, 4)
		require.Equal(t, 2, count(asked, "/nvdcve-2.0-2003.meta"))
	})
}

func TestYearThatHasPassedMustHaveItsFileAndANewOneMayWait(t *testing.T) {
	t.Parallel()
	years := yearFiles(t, os.DirFS("testdata/before"), true)
	read := func(at time.Time) error {
		var asked []string
		var err error
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(at))
			client := inMemory(library(years, &asked))
			_, _, _, err = gather(nvd.New(&nvd.Options{From: "https://library.example/", Client: client}).Updates(t.Context(), ""))
		})
		return err
	}
	require.NoError(t, read(time.Date(2004, 1, 10, 0, 0, 0, 0, time.UTC)))
	require.ErrorContains(t, read(time.Date(2004, 2, 10, 0, 0, 0, 0, time.UTC)), "nvdcve-2.0-2004.meta: 404 Not Found")
	delete(years, "nvdcve-2.0-2002.meta")
	require.ErrorContains(t, read(time.Date(2004, 1, 10, 0, 0, 0, 0, time.UTC)), "nvdcve-2.0-2002.meta: 404 Not Found")
	require.ErrorIs(t, read(time.Date(2001, 1, 10, 0, 0, 0, 0, time.UTC)), feeds.ErrNothing)
}

func TestYearFilesWithoutMetaAreReadAsAnyOthersAndGiveTheTimeOfTheirNewest(t *testing.T) {
	t.Parallel()
	years := yearFiles(t, os.DirFS("testdata/before"), true)
	delete(years, "nvdcve-2.0-2002.meta")
	delete(years, "nvdcve-2.0-2003.meta")
	records, _, whole, err := gather(nvd.New(&nvd.Options{FS: years}).Updates(t.Context(), ""))
	require.NoError(t, err)
	require.True(t, whole)
	require.Len(t, records, 4)
	d := newDatabase(1)
	d.at = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	m := &mirrored{}
	require.NoError(t, m.sync(t.Context(), nvd.New(&nvd.Options{From: mirror, FS: years, Bootstrap: ".", Client: d.client(), Pause: time.Second}), 6))
	require.Contains(t, string(m.cursor), `"since":"2024-11-21T05:17:31.443Z"`, "the older of the newest of both")
}

func TestUnchangedYearFilesAreNotToldAgain(t *testing.T) {
	t.Parallel()
	years := yearFiles(t, os.DirFS("testdata/before"), true)
	m := &mirrored{}
	require.NoError(t, m.sync(t.Context(), nvd.New(&nvd.Options{FS: years}), all))
	require.True(t, m.whole)
	require.Len(t, m.state, 4)
	again := &mirrored{cursor: m.cursor}
	require.NoError(t, again.sync(t.Context(), nvd.New(&nvd.Options{FS: years}), all))
	require.Empty(t, again.state)
	require.False(t, again.whole)
	require.Equal(t, m.cursor, again.cursor)
}
