package nvd

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// Year files are named nvdcve-2.0-2024.json.gz, and have beside them
// nvdcve-2.0-2024.meta, which has the digest of what is in them. The first is of
// 2002, and holds all before it. See https://nvd.nist.gov/vuln/data-feeds.
const (
	yearFile  = "nvdcve-2.0-"
	firstYear = 2002
)

var yearName = regexp.MustCompile(`^nvdcve-2\.0-([0-9]{4})\.(json|json\.gz|meta)$`)

// meta is what stands in a .meta file.
type meta struct {
	modified time.Time
	sha256   string
}

// metaBytes bounds a .meta file, which has some 160 bytes.
const metaBytes = 64 << 10

// decodeMeta reads a .meta file: lines of name:value.
func decodeMeta(r io.Reader) (meta, error) {
	body, err := fetch.Document(r, metaBytes)
	if err != nil {
		return meta{}, err
	}
	var m meta
	for line := range strings.Lines(string(body)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch value = strings.TrimSpace(value); name {
		case "lastModifiedDate":
			if m.modified, err = time.Parse(time.RFC3339, value); err != nil {
				return meta{}, fmt.Errorf("lastModifiedDate %q is no time", value)
			}
			m.modified = m.modified.UTC()
		case "sha256":
			m.sha256 = strings.ToLower(value)
		}
	}
	if sum, err := hex.DecodeString(m.sha256); err != nil || len(sum) != sha256.Size {
		return meta{}, fmt.Errorf("no .meta file: its sha256 is %q", m.sha256)
	}
	if m.modified.IsZero() {
		return meta{}, errors.New("no .meta file: it has no lastModifiedDate")
	}
	return m, nil
}

// shelf is where year files stand.
type shelf interface {
	String() string
	// years lists them, each with its .meta if there is one.
	years(ctx context.Context) ([]volume, error)
	// meta reads one .meta again.
	meta(ctx context.Context, year string) (meta, error)
	// open makes one ready to be read twice. Done is called in the end, and there
	// is nothing to be done when there is an error.
	open(ctx context.Context, v volume) (body func() (io.ReadCloser, error), done func(), err error)
}

// volume is one year file, with its .meta if it has one.
type volume struct {
	year, file string
	meta       meta
}

// shelf returns where year files stand, a URL or a folder.
func (f *Feed) shelf(at string) shelf {
	if fetch.IsURL(at) {
		return remote{f, at}
	}
	return folder{folderOf(f.opts.FS, at), at}
}

func folderOf(fsys fs.FS, at string) fs.FS {
	if fsys == nil {
		return os.DirFS(at)
	}
	sub, err := fs.Sub(fsys, path.Clean(strings.TrimPrefix(filepath.ToSlash(at), "/")))
	if err != nil {
		return fsys
	}
	return sub
}

// labeled reports whether a path is a folder with a year file that has its .meta.
func labeled(fsys fs.FS, at string) bool {
	f := folder{folderOf(fsys, at), at}
	entries, err := fs.ReadDir(f, ".")
	if err != nil {
		return false
	}
	files, metas := f.sort(entries)
	for year := range files {
		if metas[year] {
			return true
		}
	}
	return false
}

// folder is a shelf on disk, or in an fs.FS.
type folder struct {
	fs.FS
	at string
}

func (f folder) String() string { return strconv.Quote(f.at) }

// sort finds the file of each year, the packed one when there are two, and the years
// that have a .meta.
func (f folder) sort(entries []fs.DirEntry) (files map[string]string, metas map[string]bool) {
	files, metas = map[string]string{}, map[string]bool{}
	for _, e := range entries {
		switch parts := yearName.FindStringSubmatch(e.Name()); {
		case parts == nil || e.IsDir():
		case parts[2] == "meta":
			metas[parts[1]] = true
		case parts[2] == "json.gz" || files[parts[1]] == "":
			files[parts[1]] = e.Name()
		}
	}
	return files, metas
}

func (f folder) years(ctx context.Context) ([]volume, error) {
	entries, err := fs.ReadDir(f, ".")
	if err != nil {
		return nil, err
	}
	files, metas := f.sort(entries)
	var out []volume
	for year, name := range files {
		v := volume{year: year, file: name}
		if metas[year] {
			if v.meta, err = f.meta(ctx, year); err != nil {
				return nil, err
			}
		}
		out = append(out, v)
	}
	return out, nil
}

func (f folder) meta(_ context.Context, year string) (meta, error) {
	name := yearFile + year + ".meta"
	file, err := f.Open(name)
	if err != nil {
		return meta{}, err
	}
	defer file.Close()
	m, err := decodeMeta(file)
	if err != nil {
		return meta{}, fmt.Errorf("%q: %w", name, err)
	}
	return m, nil
}

func (f folder) open(_ context.Context, v volume) (func() (io.ReadCloser, error), func(), error) {
	return func() (io.ReadCloser, error) { return f.Open(v.file) }, func() {}, nil
}

// remote is a shelf behind a URL that ends in "/".
type remote struct {
	feed *Feed
	url  string
}

func (r remote) String() string { return r.url }

// newYear is how many days of a new year its file may be missing.
const newYear = 31

// years asks for the .meta of each year up to the present one.
func (r remote) years(ctx context.Context) ([]volume, error) {
	var out []volume
	now := time.Now().UTC()
	for y := firstYear; y <= now.Year(); y++ {
		year := strconv.Itoa(y)
		m, err := r.meta(ctx, year)
		status := (*fetch.StatusError)(nil)
		if errors.As(err, &status) && status.Status == http.StatusNotFound && y == now.Year() && now.YearDay() <= newYear && len(out) > 0 {
			break
		}
		if err != nil {
			return nil, err
		}
		out = append(out, volume{year, yearFile + year + ".json.gz", m})
	}
	return out, nil
}

func (r remote) meta(ctx context.Context, year string) (meta, error) {
	answer, err := fetch.Get(ctx, r.url+yearFile+year+".meta", fetch.Validators{}, r.options(metaBytes))
	if err != nil {
		return meta{}, err
	}
	m, err := decodeMeta(strings.NewReader(string(answer.Body)))
	if err != nil {
		return meta{}, fmt.Errorf("%s%s%s.meta: %w", r.url, yearFile, year, err)
	}
	return m, nil
}

// options are those of a request, without the key, which is for the API alone.
func (r remote) options(most int64) *fetch.Options {
	o := r.feed.request(most)
	o.Header = nil
	if most == metaBytes {
		o.Types = nil // servers know the type of a .meta file by many names
	}
	return o
}

func (r remote) open(ctx context.Context, v volume) (func() (io.ReadCloser, error), func(), error) {
	saved, err := fetch.Save(ctx, r.url+v.file, fetch.Validators{}, r.options(packedBytes))
	if err != nil {
		return nil, nil, err
	}
	body := func() (io.ReadCloser, error) {
		_, err := saved.File.Seek(0, io.SeekStart)
		return io.NopCloser(saved.File), err
	}
	return body, func() { _ = saved.Close() }, nil
}

// years reads year files and nothing else.
func (f *Feed) years(ctx context.Context, since feeds.Cursor, s shelf) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		r := reading{Feed: f, ctx: ctx, yield: yield, at: known(since, s.String())}
		r.whole = r.at.begins()
		if r.shelved(s) {
			r.yield(feeds.Update{Next: r.at.text(), Whole: r.whole}, nil)
		}
	}
}

// shelved tells the year files whose digest r.at does not know.
func (r *reading) shelved(s shelf) bool {
	volumes, err := s.years(r.ctx)
	if err == nil && len(volumes) == 0 {
		err = fmt.Errorf("no year files: %w", feeds.ErrNothing)
	}
	if err != nil {
		return r.fail(fmt.Errorf("%s: %w", s, err))
	}
	slices.SortFunc(volumes, func(a, b volume) int { return strings.Compare(a.year, b.year) })
	for _, v := range volumes {
		if v.meta.sha256 != "" && r.at.Years[v.year] == v.meta.sha256 {
			continue
		}
		sum, made, ok := r.volume(s, v)
		if !ok {
			return false
		}
		r.at.Years = maps.Clone(r.at.Years)
		if r.at.Years == nil {
			r.at.Years = map[string]string{}
		}
		r.at.Years[v.year] = sum
		if !made.IsZero() && (r.at.Since.IsZero() || made.Before(r.at.Since)) {
			r.at.Since = made
		}
		if !r.step() {
			return false
		}
	}
	if r.at.Since.IsZero() {
		return r.fail(fmt.Errorf("%s: its year files do not say when they were made: %w", s, feeds.ErrNothing))
	}
	return true
}

// volume tells one year file, and returns its digest and when it was made.
func (r *reading) volume(s shelf, v volume) (sum string, made time.Time, ok bool) {
	fail := func(err error) (string, time.Time, bool) {
		return "", time.Time{}, r.fail(fmt.Errorf("%s: %q: %w", s, v.file, err))
	}
	m := v.meta
	body, done, err := s.open(r.ctx, v)
	if err != nil {
		return fail(err)
	}
	defer func() { done() }()
	if sum, err = r.digest(body); err != nil {
		return fail(err)
	}
	if m.sha256 != "" && sum != m.sha256 {
		// The file may have been made anew after its .meta was read: once more, both.
		if m, err = s.meta(r.ctx, v.year); err != nil {
			return fail(err)
		}
		done()
		done = func() {}
		again, close, err := s.open(r.ctx, v)
		if err != nil {
			return fail(err)
		}
		body, done = again, close
		if sum, err = r.digest(body); err != nil {
			return fail(err)
		}
		if sum != m.sha256 {
			return fail(fmt.Errorf("its digest is %s, and its .meta says %s: nothing of it is told", sum, m.sha256))
		}
	}
	newest, err := r.records(v.file, body)
	switch {
	case errors.Is(err, errStopped):
		return "", time.Time{}, false
	case err != nil:
		return fail(err)
	case m.modified.IsZero():
		// What it holds that is newest is older than the file.
		return sum, newest, true
	}
	return sum, m.modified, true
}

// A year has some 250 MB of JSON and 25 MB packed, in 2026.
const (
	yearBytes   = 1 << 30
	packedBytes = 128 << 20
)

// unpacked is what is in a year file.
func unpacked(file io.Reader) (io.Reader, error) {
	b := bufio.NewReader(file)
	if head, _ := b.Peek(1); len(head) > 0 && head[0] != '{' {
		return fetch.Unpack(io.LimitReader(b, packedBytes), yearBytes)
	}
	return fetch.Unpack(b, yearBytes)
}

// digest reads a file to its end.
func (r *reading) digest(open func() (io.ReadCloser, error)) (string, error) {
	file, err := open()
	if err != nil {
		return "", err
	}
	defer file.Close()
	plain, err := unpacked(file)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, untilEnd{r.ctx, plain}); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// records tells the records of a file, and returns when the newest of them was modified.
func (r *reading) records(name string, open func() (io.ReadCloser, error)) (newest time.Time, err error) {
	file, err := open()
	if err != nil {
		return newest, err
	}
	defer file.Close()
	plain, err := unpacked(file)
	if err != nil {
		return newest, err
	}
	told := 0
	for u, err := range Decode(untilEnd{r.ctx, plain}) {
		if err := r.ctx.Err(); err != nil {
			return newest, err
		}
		bad := (*feeds.RecordError)(nil)
		if err != nil && !errors.As(err, &bad) {
			return newest, err
		}
		if bad != nil && strings.HasPrefix(bad.Item, list+"[") {
			bad.Item = name + " " + bad.Item
		}
		if err == nil {
			told++
			if u.Record.Modified.After(newest) {
				newest = u.Record.Modified
			}
		}
		u.Next = r.at.text()
		if !r.yield(u, err) {
			return newest, errStopped
		}
	}
	if told == 0 {
		return newest, feeds.ErrNothing
	}
	return newest, nil
}

var errStopped = errors.New("stopped")

// untilEnd ends with its context.
type untilEnd struct {
	ctx context.Context
	r   io.Reader
}

func (u untilEnd) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}
