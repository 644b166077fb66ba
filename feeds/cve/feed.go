package cve

import (
	"context"
	"errors"
	"io/fs"
	"iter"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// Options say where the records are read from.
type Options struct {
	// From is a file or a folder, which is read with all below it. Empty is the
	// publisher and a URL is a mirror of it: neither can be read yet, and Updates
	// says so.
	From string
	// More are further files and folders of the same feed, read after From.
	More []string
	// FS, if set, is where From and More are looked up, in place of the disk. An
	// empty From is then all of it. A *zip.Reader is such a file system.
	FS fs.FS
}

// A Feed is the records of the CVE Program as a feeds.Source.
type Feed struct{ opts Options }

var _ feeds.Source = (*Feed)(nil)

// New returns the feed. Nil options are the publisher's.
func New(opts *Options) *Feed {
	if opts == nil {
		opts = &Options{}
	}
	return &Feed{opts: *opts}
}

// Name is "cve".
func (f *Feed) Name() string { return Name }

var errHTTP = errors.New("cve: reading over HTTP is not there yet: set Options.From to a file or a folder")

// Updates reads every file ending in .json: each reading tells all there is, so
// since is not needed and the cursor stays empty. The lists of changes that lie beside
// the records are passed over. Where a CVE is told more than once, the last one by
// path stands. See fetch.Files for what is an error.
func (f *Feed) Updates(ctx context.Context, _ feeds.Cursor) iter.Seq2[feeds.Update, error] {
	paths, ok := fetch.Paths(f.opts.FS, f.opts.From, f.opts.More)
	if !ok {
		return fetch.Failed(errHTTP)
	}
	files := fetch.Files{Source: Name, FS: f.opts.FS, Paths: paths, Ext: ".json", Decode: Decode}
	return files.Updates(ctx)
}
