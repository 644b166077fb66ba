package kev

import (
	"context"
	"io/fs"
	"iter"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// Publisher is where CISA publishes the catalog, and PublisherCSV where it does so as CSV.
const (
	Publisher    = "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
	PublisherCSV = "https://www.cisa.gov/sites/default/files/csv/known_exploited_vulnerabilities.csv"
)

// Options say where the catalog is read from.
type Options struct {
	// From is a URL, a file, or a folder, which is read with all below it. Empty is the
	// publisher. A URL or a file that ends in ".csv" is the catalog as CSV, which never tells
	// that an entry was taken out of it: see DecodeCSV.
	From string
	// More are further files and folders of the same feed, read after From, which
	// then is no URL.
	More []string
	// FS, if set, is where From and More are looked up, in place of the disk. An
	// empty From is then all of it.
	FS fs.FS
	// Client is used for requests. Nil is that of fetch.NewClient(nil).
	Client *http.Client
}

// A Feed is the catalog as a feeds.Source.
type Feed struct{ opts Options }

var _ feeds.FactSource = (*Feed)(nil)

// New returns the feed. Nil options are the publisher's.
func New(opts *Options) *Feed {
	if opts == nil {
		opts = &Options{}
	}
	return &Feed{opts: *opts}
}

// Name is "kev".
func (f *Feed) Name() string { return Name }

// FactsOnly says that an entry is a fact about a CVE id, and that it never says
// which versions are affected.
func (f *Feed) FactsOnly() {}

// Updates reads the whole catalog, when it changed since. A cursor holds what the
// publisher said to know it by; files are read anew each time and leave it
// empty.
//
// Of a folder every file ending in .json is read, and those that are no catalog,
// such as its schema, are passed over, and so is the catalog as CSV. Where catalogs of several days tell of one
// CVE the last by path stands. See fetch.Files for what is an error. A catalog
// without entries is feeds.ErrNothing: it has had hundreds since its first week.
func (f *Feed) Updates(ctx context.Context, since feeds.Cursor) iter.Seq2[feeds.Update, error] {
	paths, ok := fetch.Paths(f.opts.FS, f.opts.From, f.opts.More)
	if !ok {
		return f.request(ctx, since)
	}
	files := fetch.Files{Source: Name, FS: f.opts.FS, Paths: paths, Ext: ".json", Decode: Decode, Told: true}
	if len(paths) == 1 && isCSV(paths[0]) {
		files.Ext, files.Decode = ".csv", DecodeCSV
	}
	return files.Updates(ctx)
}

// isCSV reports whether a path or a URL names the catalog as CSV.
func isCSV(from string) bool {
	if u, err := url.Parse(from); err == nil && fetch.IsURL(from) {
		from = u.Path
	}
	return strings.EqualFold(path.Ext(from), ".csv")
}
