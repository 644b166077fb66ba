package kev

import (
	"context"
	"io/fs"
	"iter"
	"net/http"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// Publisher is where CISA publishes the catalog.
const Publisher = "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"

// Options say where the catalog is read from.
type Options struct {
	// From is a URL, a file, or a folder, which is read with all below it. Empty is the
	// publisher.
	From string
	// More are further files and folders of the same feed, read after From, which
	// then is no URL.
	More []string
	// FS, if set, is where From and More are looked up, in place of the disk. An
	// empty From is then all of it.
	FS fs.FS
	// Client is used for requests. Nil is one of our own; see fetch.Options.
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
// such as its schema, are passed over. Where catalogs of several days tell of one
// CVE the last by path stands. See fetch.Files for what is an error. A catalog
// without entries is feeds.ErrNothing: it has had hundreds since its first week.
func (f *Feed) Updates(ctx context.Context, since feeds.Cursor) iter.Seq2[feeds.Update, error] {
	paths, ok := fetch.Paths(f.opts.FS, f.opts.From, f.opts.More)
	if !ok {
		return f.request(ctx, since)
	}
	files := fetch.Files{Source: Name, FS: f.opts.FS, Paths: paths, Ext: ".json", Decode: Decode, Told: true}
	return files.Updates(ctx)
}
