package osv

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"net/http"
	"time"

	"golang.org/x/time/rate"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// Publisher is where OSV publishes all its records, and API the service that is asked
// for those of a package.
const (
	Publisher = "https://osv-vulnerabilities.storage.googleapis.com"
	API       = "https://api.osv.dev"
)

// Options say where the records are read from.
type Options struct {
	// From is a URL, a file, or a folder, which is read with all below it. Empty is the
	// publisher, and a URL is a mirror of it, with the same paths below.
	From string
	// More are further files and folders of the same feed, read after From, which
	// then is no URL.
	More []string
	// FS, if set, is where From and More are looked up, in place of the disk. An
	// empty From is then all of it.
	FS fs.FS
	// Ecosystems are those read from a URL, as OSV writes them ("Go", "crates.io",
	// "Debian"). Empty is all that the publisher lists, some gigabytes. Files are read whatever
	// their ecosystem.
	Ecosystems []string
	// MaxArchive is the most bytes of the archive of one ecosystem, packed. 0 means 4 GiB.
	MaxArchive int64
	// API is the service that Query and Records ask. Empty is OSV's.
	API string
	// Client is used for requests. Nil is that of fetch.NewClient(nil).
	Client *http.Client
}

// A Feed is the records of an OSV database as a feeds.Source.
type Feed struct {
	opts  Options
	limit *rate.Limiter
}

var _ feeds.Source = (*Feed)(nil)

// perSecond is how many requests a second are made. OSV states no limit; this one
// is our convention.
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

// Name is "osv".
func (f *Feed) Name() string { return Name }

// Updates reads, from a URL, the archive of each ecosystem (all.zip) once, and later
// only the records that its index (modified_id.csv) lists as modified since, or the
// archive again when they are many. Each ecosystem is a safe place to go on from. A reading of
// all archives is Whole. Withdrawn records are records, and say so; when an index
// becomes shorter something was taken away from it, and everything is read again.
//
// Of files every one ending in .json or .zip is read: each reading tells all there is, so
// since is not needed and the cursor stays empty. Where an id is told more
// than once, the last one stands. See fetch.Files for what is an error.
func (f *Feed) Updates(ctx context.Context, since feeds.Cursor) iter.Seq2[feeds.Update, error] {
	paths, ok := fetch.Paths(f.opts.FS, f.opts.From, f.opts.More)
	if ok {
		files := fetch.Files{Source: Name, FS: f.opts.FS, Paths: paths, Ext: ".json", Decode: Decode, Archives: f.archives()}
		return files.Updates(ctx)
	}
	if len(f.opts.More) > 0 {
		return fetch.Failed(fmt.Errorf("%s: More names files beside the address %q", Name, f.opts.From))
	}
	return f.request(ctx, since)
}

// archives bounds an archive: the largest of 2026 holds some 300,000 records.
func (f *Feed) archives() fetch.ZipLimits {
	return fetch.ZipLimits{Files: 4_000_000, File: maxRecord, Total: 16 * f.opts.MaxArchive}
}

// asking are the options of a request for a body of at most so many bytes.
func (f *Feed) asking(most int64) *fetch.Options {
	return &fetch.Options{
		Client: f.opts.Client, Limit: f.limit, MaxBytes: most, Timeout: time.Hour,
	}
}
