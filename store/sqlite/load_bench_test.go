package sqlite_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/nvd"
	"github.com/open-postmarket/postmarket/store/sqlite"
)

// long reports whether the tests may take their time.
func long() bool { return os.Getenv("POSTMARKET_TEST_LONG") == "1" }

// publish writes pages into a folder and serves them, until its input ends. It is
// a process of its own, so that what it takes is not counted.
func publish(dir string, records int) error {
	for from := 0; from < records; from += perPage {
		for edition, name := range map[int]string{0: "page", 1: "changed"} {
			if edition == 1 && from > 0 {
				continue
			}
			f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%s-%d.json", name, from)))
			if err != nil {
				return err
			}
			if err := errors.Join(writePage(f, from, min(perPage, records-from), records, edition), f.Close()); err != nil {
				return err
			}
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = http.Serve(l, http.FileServer(http.Dir(dir))) }()
	if _, err := fmt.Fprintln(os.Stdout, "http://"+l.Addr().String()); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// publisher starts one and returns its address and how many bytes it has.
func publisher(b *testing.B, records int) (address string, size int64) {
	b.Helper()
	dir := b.TempDir()
	self, err := os.Executable()
	require.NoError(b, err)
	child := exec.CommandContext(b.Context(), self)
	child.Env = append(os.Environ(), "POSTMARKET_TEST_PUBLISHER="+dir, "POSTMARKET_TEST_RECORDS="+strconv.Itoa(records))
	child.Stderr = os.Stderr
	in, err := child.StdinPipe()
	require.NoError(b, err)
	out, err := child.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, child.Start())
	b.Cleanup(func() { in.Close(); _ = child.Wait() })
	address, err = bufio.NewReader(out).ReadString('\n')
	require.NoError(b, err)
	files, err := filepath.Glob(filepath.Join(dir, "page-*.json"))
	require.NoError(b, err)
	for _, f := range files {
		st, err := os.Stat(f)
		require.NoError(b, err)
		size += st.Size()
	}
	return strings.TrimSpace(address), size
}

// paged reads the publisher's pages, one after another; the cursor is the next one.
type paged struct {
	address string
	records int
	name    string // of a page
	again   bool   // from the beginning
}

func (p paged) Name() string { return nvd.Name }

func (p paged) Updates(ctx context.Context, since feeds.Cursor) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		from, _ := strconv.Atoi(string(since))
		if p.again {
			from = 0
		}
		for ; from < p.records; from += perPage {
			if !p.page(ctx, from, yield) {
				return
			}
		}
	}
}

func (p paged) page(ctx context.Context, from int, yield func(feeds.Update, error) bool) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/%s-%d.json", p.address, p.name, from), nil)
	if err != nil {
		return yield(feeds.Update{}, err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		yield(feeds.Update{}, err)
		return false
	}
	defer res.Body.Close()
	body := &counted{r: res.Body}
	told, n := int64(0), 0
	here, next := feeds.Cursor(strconv.Itoa(from)), feeds.Cursor(strconv.Itoa(from+perPage))
	for u, err := range nvd.Decode(body) {
		u.Bytes, told = body.n-told, body.n
		if u.Next = here; n+1 == perPage {
			u.Next = next
		}
		n++
		if !yield(u, err) {
			return false
		}
	}
	return yield(feeds.Update{Next: next}, nil)
}

type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// BenchmarkLoad syncs made-up NVD pages from loopback into a new file: all of
// them, all of them again unchanged, and a page that changed. 10,000 records; with
// POSTMARKET_TEST_LONG=1 the 300,000 of docs/benchmarks.md, POSTMARKET_TEST_RECORDS
// sets any number.
func BenchmarkLoad(b *testing.B) {
	records := 10_000
	if long() {
		records = 300_000
	}
	if n, err := strconv.Atoi(os.Getenv("POSTMARKET_TEST_RECORDS")); err == nil {
		records = n
	}
	address, size := publisher(b, records)
	all := paged{address: address, records: records, name: "page"}
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			began := cpu()
			for _, err := range all.Updates(b.Context(), "") {
				require.NoError(b, err)
			}
			b.ReportMetric(cpu()-began, "cpu-s")
		}
		b.SetBytes(size)
	})
	for what, do := range parts(b, all) {
		b.Run(what, func(b *testing.B) {
			for b.Loop() {
				began := cpu()
				n := 0
				for cpu()-began < 0.5 {
					n += do()
				}
				b.ReportMetric((cpu()-began)/float64(n)*float64(records), "cpu-s")
			}
		})
	}
	b.Run("sync", func(b *testing.B) {
		for b.Loop() {
			path := filepath.Join(b.TempDir(), "nvd.db")
			db, err := sqlite.Open(path)
			require.NoError(b, err)
			forgetPeak()
			step := func(name string, s paged, at time.Time) time.Duration {
				began, spent := time.Now(), cpu()
				done, err := feeds.Sync(b.Context(), s, db, &feeds.SyncOptions{At: at})
				require.NoError(b, err)
				require.Empty(b, done.Rejected)
				took := time.Since(began)
				b.ReportMetric(took.Seconds(), name+"-s")
				b.ReportMetric(cpu()-spent, name+"-cpu-s")
				return took
			}
			first := step("first", all, noon)
			b.ReportMetric(float64(records)/first.Seconds(), "records/s")
			b.ReportMetric(float64(size)/1e6/first.Seconds(), "MB/s")
			b.ReportMetric(peak(), "peak-MiB")
			again := all
			again.again = true
			step("again", again, noon.Add(time.Hour))
			changed := paged{address: address, records: min(perPage, records), name: "changed", again: true}
			step("delta", changed, noon.Add(2*time.Hour))
			b.ReportMetric(commit(b, db, changed).Seconds(), "delta-commit-s")
			require.NoError(b, db.Close())
			st, err := os.Stat(path)
			require.NoError(b, err)
			b.ReportMetric(float64(st.Size())/1e6, "file-MB")
			b.ReportMetric(float64(st.Size())/float64(size), "file/json")
		}
	})
}

// commit keeps a page that changed once more, and says how long that alone took.
func commit(b *testing.B, db *sqlite.DB, s paged) time.Duration {
	b.Helper()
	var rs []feeds.Record
	for u, err := range s.Updates(b.Context(), "") {
		require.NoError(b, err)
		if u.Record.Item != "" {
			u.Record.Text += " Once more."
			rs = append(rs, u.Record)
		}
	}
	st, err := db.Standing(b.Context(), s.Name())
	require.NoError(b, err)
	began := time.Now()
	require.NoError(b, db.Keep(b.Context(), feeds.Batch{Source: s.Name(), At: noon.Add(3 * time.Hour), From: st.Cursor, Next: st.Cursor, Records: rs}))
	return time.Since(began)
}

// parts are what is done to a record between decoding and inserting it. Each
// function does it to a page and says how many records that was.
func parts(b *testing.B, s paged) map[string]func() int {
	var rs []feeds.Record
	for u, err := range s.Updates(b.Context(), "") {
		require.NoError(b, err)
		if len(rs) == perPage {
			break
		}
		rs = append(rs, u.Record)
	}
	var bodies [][]byte
	for _, r := range rs {
		body, err := json.Marshal(r)
		require.NoError(b, err)
		bodies = append(bodies, body)
	}
	dictionary, err := os.ReadFile("dictionary/1.txt")
	require.NoError(b, err)
	dict := s2.MakeDict(dictionary, nil)
	each := func(do func(r feeds.Record)) func() int {
		return func() int {
			for _, r := range rs {
				do(r)
			}
			return len(rs)
		}
	}
	return map[string]func() int{
		"marshal":     each(func(r feeds.Record) { _, _ = json.Marshal(r) }),
		"digest":      each(func(r feeds.Record) { r.Sum() }),
		"coordinates": each(func(r feeds.Record) { r.Coordinates() }),
		"compress": func() int {
			var room []byte
			for _, body := range bodies {
				room = dict.Encode(room[:cap(room)], body)
			}
			return len(bodies)
		},
	}
}

// peak is the most memory that this process held since forgetPeak, in MiB; 0
// where the system does not tell.
func peak() float64 {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range bytes.Lines(status) {
		if f := bytes.Fields(line); len(f) > 1 && string(f[0]) == "VmHWM:" {
			kib, _ := strconv.ParseFloat(string(f[1]), 64)
			return kib / 1024
		}
	}
	return 0
}

func forgetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }
