package cve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// Publisher is where the CVE Program publishes its records one by one, with a log of
// their changes, and Releases where it tells of the archive that it makes of all of them
// each midnight (UTC). Both are those of the README of github.com/CVEProject/cvelistV5.
const (
	Publisher = "https://raw.githubusercontent.com/CVEProject/cvelistV5/main"
	Releases  = "https://api.github.com/repos/CVEProject/cvelistV5/releases/latest"
)

// Options say where the records are read from.
type Options struct {
	// From is a URL, a file, or a folder, which is read with all below it. Empty is the
	// publisher. A URL that ends in .zip is an archive of records; any other is a mirror of the
	// publisher, with the same paths below: cves/deltaLog.json and cves/2025/4xxx/….
	From string
	// More are further files and folders of the same feed, read after From, which then
	// is no URL.
	More []string
	// FS, if set, is where From and More are looked up, in place of the disk. An
	// empty From is then all of it. A *zip.Reader is such a file system.
	FS fs.FS
	// Baseline is the URL of the archive of all records with which reading a mirror begins, or of
	// a release that names it, as the API of GitHub tells it. Empty is Releases for the
	// publisher, and cves.zip below the URL of a mirror.
	Baseline string
	// MaxArchive is the most bytes of an archive, packed. 0 means 4 GiB.
	MaxArchive int64
	// Client is used for requests. Nil is that of fetch.NewClient(nil).
	Client *http.Client
}

// A Feed is the records of the CVE Program as a feeds.Source.
type Feed struct {
	opts  Options
	limit *rate.Limiter
}

var _ feeds.Source = (*Feed)(nil)

// perSecond is how many requests a second are made. The publisher states no limit; this
// one is our convention.
const perSecond = 10

// New returns the feed. Nil options are the publisher's.
func New(opts *Options) *Feed {
	if opts == nil {
		opts = &Options{}
	}
	f := &Feed{opts: *opts, limit: rate.NewLimiter(perSecond, 1)}
	if f.opts.MaxArchive <= 0 {
		f.opts.MaxArchive = 4 << 30
	}
	return f
}

// Name is "cve".
func (f *Feed) Name() string { return Name }

// Updates reads, from a URL, the archive of all records once, and later only those that the
// log of changes lists, or the archive again when the log, which reaches back some 30 days, does not
// reach back to since or lists very many. A reading of the archive is Whole, unless something in it could
// not be read. What is rejected stays a record, and says so.
//
// Of files every one ending in .json is read, also within .zip archives: each reading tells all
// there is, so since is not needed and the cursor stays empty. The lists of changes that lie beside
// the records are passed over. Where a CVE is told more than once, the last one by
// path stands. When the first path is an archive of changes ("…_delta_CVEs_at_2200Z.zip"), the reading
// is not Whole. An archive within an archive, as the publisher names ".zip.zip", is read by
// itself only, without More. See fetch.Files for what is an error.
func (f *Feed) Updates(ctx context.Context, since feeds.Cursor) iter.Seq2[feeds.Update, error] {
	paths, ok := fetch.Paths(f.opts.FS, f.opts.From, f.opts.More)
	switch {
	case ok && len(paths) == 1 && strings.HasSuffix(strings.ToLower(paths[0]), ".zip.zip"):
		return f.nested(ctx, paths[0])
	case ok:
		return f.files(ctx, paths)
	case len(f.opts.More) > 0:
		return fetch.Failed(fmt.Errorf("%s: More names files beside the address %q", Name, f.opts.From))
	}
	return f.request(ctx, since)
}

func (f *Feed) files(ctx context.Context, paths []string) iter.Seq2[feeds.Update, error] {
	files := fetch.Files{Source: Name, FS: f.opts.FS, Paths: paths, Ext: ".json", Decode: Decode, Archives: f.archives()}
	return func(yield func(feeds.Update, error) bool) {
		for u, err := range files.Updates(ctx) {
			u.Whole = u.Whole && !partial(paths[0])
			if !yield(u, err) {
				return
			}
		}
	}
}

// nested reads an archive within an archive from the disk.
func (f *Feed) nested(ctx context.Context, name string) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		r := reading{Feed: f, ctx: ctx, yield: yield}
		rejected, err := r.nested(name)
		switch {
		case errors.Is(err, errStopped):
		case err != nil:
			yield(feeds.Update{}, fmt.Errorf("%s: %q: %w", Name, name, err))
		default:
			yield(feeds.Update{Whole: !rejected && !partial(name)}, nil)
		}
	}
}

func (r *reading) nested(name string) (rejected bool, err error) {
	var file fs.File
	if r.opts.FS != nil {
		file, err = r.opts.FS.Open(path.Clean(strings.TrimPrefix(filepath.ToSlash(name), "/")))
	} else {
		file, err = os.Open(name)
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return false, err
	}
	if at, ok := file.(io.ReaderAt); ok {
		return r.bare(at, info.Size())
	}
	copied, size, err := spool(file, r.opts.MaxArchive)
	if err != nil {
		return false, err
	}
	defer os.Remove(copied.Name())
	defer copied.Close()
	return r.bare(copied, size)
}

// bare is archive for a reading without a cursor.
func (r *reading) bare(at io.ReaderAt, size int64) (rejected bool, err error) {
	yield := r.yield
	r.yield = func(u feeds.Update, err error) bool { u.Next = ""; return yield(u, err) }
	return r.archive(at, size, nil)
}

// archives bounds an archive: that of 2026 holds some 350,000 records.
func (f *Feed) archives() fetch.ZipLimits {
	return fetch.ZipLimits{Files: 4_000_000, File: max(limits.Element, f.opts.MaxArchive), Total: 16 * f.opts.MaxArchive}
}

// asking are the options of a request for a body of at most so many bytes.
func (f *Feed) asking(most int64) *fetch.Options {
	return &fetch.Options{Client: f.opts.Client, Limit: f.limit, MaxBytes: most, Timeout: time.Hour}
}
