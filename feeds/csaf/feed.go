package csaf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// Name is the name of a feed that is given none.
const Name = "csaf"

// Options say where the documents are read from.
type Options struct {
	// Name is the name of the feed: "csaf/" and the publisher ("csaf/cisa"). It is in every
	// record, so two publishers must not share one. Empty is "csaf". A name that is
	// none is an error of Updates.
	Name string
	// From is a file or a folder, which is read with all below it. It has to be set: a
	// provider's URL cannot be read yet, and Updates says so.
	From string
	// More are further files and folders of the same feed, read after From.
	More []string
	// FS, if set, is where From and More are looked up, in place of the disk. An
	// empty From is then all of it.
	FS fs.FS
}

// A Feed is the advisories of one publisher as a feeds.Source.
type Feed struct{ opts Options }

var _ feeds.Source = (*Feed)(nil)

// New returns the feed. Nil options name no place to read from.
func New(opts *Options) *Feed {
	f := &Feed{}
	if opts != nil {
		f.opts = *opts
	}
	if f.opts.Name == "" {
		f.opts.Name = Name
	}
	return f
}

// Name is the name of the options, else "csaf".
func (f *Feed) Name() string { return f.opts.Name }

var errHTTP = errors.New("reading over HTTP is not there yet: set Options.From to a file or a folder")

// Updates reads every file ending in .json: each reading tells all there is, so
// since is not needed and the cursor stays empty. Files of a provider that are no
// documents, such as its feeds and metadata, are passed over. Where an advisory is
// told more than once, the last one by path stands. See fetch.Files for what is an
// error.
func (f *Feed) Updates(ctx context.Context, _ feeds.Cursor) iter.Seq2[feeds.Update, error] {
	if err := feeds.CheckName(f.opts.Name); err != nil {
		return fetch.Failed(fmt.Errorf("csaf: %w", err))
	}
	paths, ok := fetch.Paths(f.opts.FS, f.opts.From, f.opts.More)
	if !ok {
		return fetch.Failed(fmt.Errorf("%s: %w", f.opts.Name, errHTTP))
	}
	name := f.opts.Name
	files := fetch.Files{
		Source: name, FS: f.opts.FS, Paths: paths, Ext: ".json",
		Decode: func(r io.Reader) iter.Seq2[feeds.Update, error] { return decode(name, r) },
	}
	return files.Updates(ctx)
}
