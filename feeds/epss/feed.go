package epss

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

// Publisher is where the scores of each day are published, as epss_scores-current.csv.gz and
// epss_scores-2026-01-31.csv.gz, and API the service of FIRST that is asked for them. Both are named
// at https://www.first.org/epss/data_stats and https://www.first.org/epss/api.
const (
	Publisher = "https://epss.empiricalsecurity.com"
	API       = "https://api.first.org/data/v1/epss"
)

// Options say where the scores are read from.
type Options struct {
	// From is a URL, a file, or a folder, which is read with all below it. Empty is the
	// publisher. A URL that ends in a slash, or names a host only, is a mirror of it; one that ends in
	// .csv, .gz or .json is a file; and any other is an API, which is read page by page and is
	// meant for a few scores rather than for all.
	From string
	// Day is the day whose scores are read from a URL. Zero is the newest.
	Day time.Time
	// More are further files and folders of the same feed, read after From, which then
	// is no URL.
	More []string
	// FS, if set, is where From and More are looked up, in place of the disk. An
	// empty From is then all of it.
	FS fs.FS
	// Client is used for requests. Nil is that of fetch.NewClient(nil).
	Client *http.Client
}

// A Feed is the scores as a feeds.Source.
type Feed struct {
	opts  Options
	limit *rate.Limiter
}

var _ feeds.FactSource = (*Feed)(nil)

// perSecond is how many requests a second are made; a convention of ours, within what
// FIRST asks for.
const perSecond = 5

// New returns the feed. Nil options are the publisher's.
func New(opts *Options) *Feed {
	if opts == nil {
		opts = &Options{}
	}
	return &Feed{opts: *opts, limit: rate.NewLimiter(perSecond, 1)}
}

// Name is "epss".
func (f *Feed) Name() string { return Name }

// FactsOnly says that a score is a fact about a CVE id, and that it never says
// what is affected.
func (f *Feed) FactsOnly() {}

// Updates reads, from a URL, the scores when they changed since. The cursor holds of which day
// they are, and what the publisher said to know them by; scores of a day before are an error, since they
// would take back what was read. Each reading tells all scores; what a feeds.Mirror counts as
// a change is only one that crosses into another feeds.Band.
//
// Of files every one ending in .csv, .csv.gz or .json is read: each reading tells all
// there is, so since is not needed and the cursor stays empty. Where files of several
// days tell of one CVE id, the last one by path stands. See fetch.Files for what is
// an error.
func (f *Feed) Updates(ctx context.Context, since feeds.Cursor) iter.Seq2[feeds.Update, error] {
	paths, ok := fetch.Paths(f.opts.FS, f.opts.From, f.opts.More)
	switch {
	case ok:
		files := fetch.Files{
			Source: Name, FS: f.opts.FS, Paths: paths, Ext: ".csv", Also: []string{".csv.gz", ".json"}, Decode: Decode, Told: true,
		}
		return files.Updates(ctx)
	case len(f.opts.More) > 0:
		return fetch.Failed(fmt.Errorf("%s: More names files beside the address %q", Name, f.opts.From))
	}
	return f.request(ctx, since)
}
