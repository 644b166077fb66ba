package epss

import (
	"context"
	"errors"
	"io/fs"
	"iter"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// Options say where the scores are read from.
type Options struct {
	// From is a file or a folder, which is read with all below it. Empty is the
	// publisher and a URL is a mirror of it: neither can be read yet, and Updates
	// says so.
	From string
	// More are further files and folders of the same feed, read after From.
	More []string
	// FS, if set, is where From and More are looked up, in place of the disk. An
	// empty From is then all of it.
	FS fs.FS
}

// A Feed is the scores as a feeds.Source.
type Feed struct{ opts Options }

var _ feeds.FactSource = (*Feed)(nil)

// New returns the feed. Nil options are the publisher's.
func New(opts *Options) *Feed {
	if opts == nil {
		opts = &Options{}
	}
	return &Feed{opts: *opts}
}

// Name is "epss".
func (f *Feed) Name() string { return Name }

// FactsOnly says that a score is a fact about a CVE id, and that it never says
// what is affected.
func (f *Feed) FactsOnly() {}

var errHTTP = errors.New("epss: reading over HTTP is not there yet: set Options.From to a file or a folder")

// Updates reads every file ending in .csv, .csv.gz or .json: each reading tells all
// there is, so since is not needed and the cursor stays empty. Where files of several
// days tell of one CVE id, the last one by path stands. See fetch.Files for what is
// an error.
func (f *Feed) Updates(ctx context.Context, _ feeds.Cursor) iter.Seq2[feeds.Update, error] {
	paths, ok := fetch.Paths(f.opts.FS, f.opts.From, f.opts.More)
	if !ok {
		return fetch.Failed(errHTTP)
	}
	files := fetch.Files{
		Source: Name, FS: f.opts.FS, Paths: paths, Ext: ".csv", Also: []string{".csv.gz", ".json"}, Decode: Decode, Told: true,
	}
	return files.Updates(ctx)
}
