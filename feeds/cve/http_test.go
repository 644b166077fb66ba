package cve_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/cve"
)

type told struct {
	items, rejected, asked []string
	whole                  bool
	next                   feeds.Cursor
	err                    error
}

func readList(t *testing.T, l list, since feeds.Cursor, opts cve.Options) (out told) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := &network{Handler: l}
		opts.Client.Transport = n
		var records []feeds.Record
		var bad []*feeds.RecordError
		records, bad, out.whole, out.err = gather(func(yield func(feeds.Update, error) bool) {
			for u, err := range cve.New(&opts).Updates(t.Context(), since) {
				if err == nil {
					out.next = u.Next
				}
				if !yield(u, err) {
					return
				}
			}
		})
		for _, r := range records {
			out.items = append(out.items, r.Item)
		}
		for _, b := range bad {
			out.rejected = append(out.rejected, b.Error())
		}
		out.asked = n.asked
	})
	return out
}

func client() cve.Options {
	return cve.Options{From: host, Baseline: host + "/releases/latest", Client: &http.Client{}, MaxArchive: 1 << 20}
}

func TestOnlyWhatTheLogListsIsAskedFor(t *testing.T) {
	t.Parallel()
	before := list{records: records(os.DirFS("testdata/before"))}
	first := readList(t, before, "", client())
	require.NoError(t, first.err)
	require.True(t, first.whole)
	require.Len(t, first.items, 6)
	require.Equal(t, []string{"/cves/deltaLog.json", "/releases/latest", "/2099-01-15_all_CVEs_at_midnight.zip.zip"}, first.asked)

	same := readList(t, before, first.next, client())
	require.NoError(t, same.err)
	require.Equal(t, []string{"/cves/deltaLog.json"}, same.asked)
	require.Empty(t, same.items)
	require.Equal(t, first.next, same.next)
	require.False(t, same.whole)

	after := list{records: later(os.DirFS("testdata/before"), os.DirFS("testdata/after"))}
	some := readList(t, after, first.next, client())
	require.NoError(t, some.err)
	require.False(t, some.whole)
	require.Equal(t, []string{"CVE-2024-6442", "CVE-2025-21772", "CVE-2099-0001"}, sorted(some.items), "the newest of before comes again: its batch may have grown")

	// The same from the beginning, with an archive that is of before.
	after.archived = before.records
	all := readList(t, after, "", client())
	require.NoError(t, all.err)
	require.True(t, all.whole)
	require.Len(t, all.items, 8)
	require.Equal(t, []string{"CVE-2024-6442", "CVE-2025-21772"}, sorted(all.items[6:]))

	// A log that does not reach back to the last reading.
	after.override = map[string]string{"cves/deltaLog.json": `[{"fetchTime":"2099-01-14T00:00:00Z","updated":[],"new":[]}]`}
	late := readList(t, after, first.next, client())
	require.NoError(t, late.err)
	require.True(t, late.whole)
	require.Len(t, late.items, 6)
}

func TestARecordThatLagsBehindTheLogIsAskedForAgain(t *testing.T) {
	t.Parallel()
	before := list{records: records(os.DirFS("testdata/before"))}
	first := readList(t, before, "", client())
	after := list{records: later(os.DirFS("testdata/before"), os.DirFS("testdata/after"))}
	id := "CVE-2024-6442"
	after.override = map[string]string{place(id): string(before.records[id])} // a cache holds it as it was
	lags := readList(t, after, first.next, client())
	require.NoError(t, lags.err)
	after.override = nil
	again := readList(t, after, lags.next, client())
	require.NoError(t, again.err)
	require.Contains(t, again.items, id)
	require.Empty(t, readList(t, after, again.next, client()).items)
}

func TestWhatIsWrongInTheList(t *testing.T) {
	t.Parallel()
	id := "CVE-2024-6442"
	lists := list{records: later(os.DirFS("testdata/before"), os.DirFS("testdata/after"))}
	since := readList(t, list{records: records(os.DirFS("testdata/before"))}, "", client()).next
	for name, c := range map[string]struct {
		from     feeds.Cursor
		override map[string]string
		want     string
	}{
		"an empty log":                   {since, map[string]string{"cves/deltaLog.json": "[]"}, "nothing could be read"},
		"a log that is none":             {since, map[string]string{"cves/deltaLog.json": "{}"}, "is not an array"},
		"a batch without a time":         {since, map[string]string{"cves/deltaLog.json": `[{"fetchTime":"now"}]`}, `fetchTime "now" is no time`},
		"a change of no CVE":             {since, map[string]string{"cves/deltaLog.json": `[{"fetchTime":"2099-01-14T00:00:00Z","new":[{"cveId":"../x"}]}]`}, `"../x" is no CVE id`},
		"a change at no time":            {since, map[string]string{"cves/deltaLog.json": `[{"fetchTime":"2099-01-14T00:00:00Z","new":[{"cveId":"CVE-2024-0001","dateUpdated":"x"}]}]`}, `dateUpdated "x" is no time`},
		"a batch that is none":           {since, map[string]string{"cves/deltaLog.json": `[7]`}, "batches[0]"},
		"another record":                 {since, map[string]string{place(id): string(lists.records["CVE-2025-4565"])}, `asked for "CVE-2024-6442" and got "CVE-2025-4565"`},
		"a record that is none":          {since, map[string]string{place(id): "[]"}, place(id)},
		"a release without an archive":   {"", map[string]string{"releases/latest": `{"assets":[]}`}, "without an archive of all CVE records"},
		"an archive in the clear":        {"", map[string]string{"releases/latest": `{"assets":[{"name":"2099-01-15_all_CVEs_at_midnight.zip","browser_download_url":"http://cve.example/a.zip"}]}`}, "is no address of"},
		"a release that is none":         {"", map[string]string{"releases/latest": `[`}, "at byte"},
		"an archive before the log":      {"", map[string]string{"releases/latest": `{"assets":[{"name":"2001-01-15_all_CVEs_at_midnight.zip","browser_download_url":"https://cve.example/2001-01-15_all_CVEs_at_midnight.zip"}]}`}, "it is of 2001-01-15, and the log of changes begins at 2024-"},
		"an archive without a record":    {"", map[string]string{"2099-01-15_all_CVEs_at_midnight.zip.zip": string(zipped(t, map[string][]byte{"delta.json": []byte(`{"fetchTime":"x"}`)}))}, "nothing could be read"},
		"an archive that is none within": {"", map[string]string{"2099-01-15_all_CVEs_at_midnight.zip.zip": string(zipped(t, map[string][]byte{"cves.zip": []byte("x")}))}, "zip"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := lists
			l.override = c.override
			got := readList(t, l, c.from, client())
			require.ErrorContains(t, got.err, c.want)
			require.False(t, got.whole)
		})
	}
	// A bad record among those that changed does not hide the others.
	lists.override = map[string]string{place(id): strings.Replace(string(lists.records[id]), "2099-02-01", "someday", 1)}
	got := readList(t, lists, since, client())
	require.NoError(t, got.err)
	require.Len(t, got.rejected, 1)
	require.Contains(t, got.items, "CVE-2025-21772")
	// What the publisher could not read itself is not gone.
	lists.override = map[string]string{"cves/deltaLog.json": strings.Replace(string(lists.log()), `"error":[]`, `"error":[{}]`, 1)}
	require.False(t, readList(t, lists, "", client()).whole)
}

func TestArchivesOnTheDisk(t *testing.T) {
	t.Parallel()
	all := map[string][]byte{}
	for id, raw := range records(os.DirFS("testdata/before")) {
		all[place(id)] = raw
	}
	one := zipped(t, map[string][]byte{place("CVE-2024-6442"): all[place("CVE-2024-6442")]})
	files := fstest.MapFS{
		"2099-01-15_all_CVEs_at_midnight.zip.zip": {Data: zipped(t, map[string][]byte{"cves.zip": zipped(t, all)})},
		"2099-01-15_all_CVEs_at_midnight.zip":     {Data: zipped(t, all)}, "2099-01-15_delta_CVEs_at_2200Z.zip": {Data: one},
	}
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, files))
	for from, whole := range map[string]bool{"2099-01-15_all_CVEs_at_midnight.zip.zip": true, "2099-01-15_all_CVEs_at_midnight.zip": true, "2099-01-15_delta_CVEs_at_2200Z.zip": false} {
		for _, opts := range []cve.Options{{FS: files, From: from}, {From: filepath.Join(dir, from)}} {
			got, rejected, is, err := gather(cve.New(&opts).Updates(t.Context(), ""))
			require.NoError(t, err, from)
			require.Empty(t, rejected)
			require.Equal(t, whole, is, "what a list of changes does not hold is not gone")
			require.Len(t, got, map[bool]int{true: 6, false: 1}[whole])
		}
	}
	got, _, whole, err := gather(cve.New(&cve.Options{FS: files, From: "2099-01-15_all_CVEs_at_midnight.zip", More: []string{"2099-01-15_delta_CVEs_at_2200Z.zip"}}).Updates(t.Context(), ""))
	require.NoError(t, err)
	require.True(t, whole)
	require.Len(t, got, 7)
	_, _, _, err = gather(cve.New(&cve.Options{FS: files, From: "none.zip.zip"}).Updates(t.Context(), ""))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func sorted(in []string) []string { return slices.Sorted(slices.Values(in)) }
