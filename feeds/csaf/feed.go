package csaf

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/http"

	"golang.org/x/time/rate"

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
	// From is a domain ("vendor.example") or its URL, whose provider is then looked for; the URL
	// of a provider-metadata.json, of a ROLIE feed or service, or of a directory with index.txt
	// and changes.csv; or a file or a folder, which is read with all below it. It has
	// to be set: there is no one publisher. A file that is named like a domain is a file.
	From string
	// More are further files and folders of the same feed, read after From, which then
	// is no address.
	More []string
	// FS, if set, is where From and More are looked up, in place of the disk. An
	// empty From is then all of it.
	FS fs.FS
	// Verify says what becomes of a document whose hash or signature is missing or cannot be
	// checked. Empty tells it. Documents of files are not checked.
	Verify Verify
	// Keys are OpenPGP keys, armored or not, by which documents have to be signed. Empty is
	// those that the provider's metadata names: who can change the one can
	// change the other.
	Keys []byte
	// Notice, if set, is called for what is not as it should be and was gone on from, such as a
	// document without a signature. It is called amid the range over Updates.
	Notice func(Notice)
	// Client is used for requests. Nil is that of fetch.NewClient(nil).
	Client *http.Client
}

// A Feed is the advisories of one publisher as a feeds.Source.
type Feed struct {
	opts  Options
	limit *rate.Limiter
}

var _ feeds.Source = (*Feed)(nil)

// perSecond is how many requests a second are made. Providers state no limit; this
// one is our convention.
const perSecond = 10

// New returns the feed. Nil options name no place to read from.
func New(opts *Options) *Feed {
	f := &Feed{limit: rate.NewLimiter(perSecond, 1)}
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

// Updates reads, from an address, the lists of the provider, and the documents that are new in
// them or are listed with another time. Each document is checked against the hashes and the
// signature that are published with it; one for which they are wrong, or that
// Options.Verify does not let pass, is a *feeds.RecordError and is asked for again the
// next time. One that cannot be had is an error, which is told when the others were
// read. Vulnerabilities that a document no longer has are told as rejected. When a
// document is no longer listed, everything is read again, and that reading is
// Whole unless something in it could not be read. A list that is labeled other than CLEAR and that the
// provider does not let this reader see is passed over, which Options.Notice is told.
// When metadata names ROLIE feeds its directories are not read: they hold the same. The cursor
// grows with the documents, by 16 bytes each.
//
// Of files every one ending in .json is read: each reading tells all there is, so
// since is not needed and the cursor stays empty. Files of a provider that are no
// documents, such as its feeds and metadata, are passed over. Where an advisory is
// told more than once, the last one by path stands. See fetch.Files for what is an
// error.
func (f *Feed) Updates(ctx context.Context, since feeds.Cursor) iter.Seq2[feeds.Update, error] {
	if err := feeds.CheckName(f.opts.Name); err != nil {
		return fetch.Failed(fmt.Errorf("csaf: %w", err))
	}
	if !f.opts.Verify.Valid() {
		return fetch.Failed(fmt.Errorf("%s: Verify %q is none", f.opts.Name, string(f.opts.Verify)))
	}
	paths, files := fetch.Paths(f.opts.FS, f.opts.From, f.opts.More)
	if _, ok := domain(f.opts.From); ok && f.opts.FS == nil {
		files = false
	}
	switch {
	case files:
		return f.files(ctx, paths)
	case f.opts.From == "" && len(f.opts.More) == 0:
		return fetch.Failed(fmt.Errorf("%s: there is no publisher by default: set Options.From", f.opts.Name))
	case len(f.opts.More) > 0:
		return fetch.Failed(fmt.Errorf("%s: More names files beside the address %q", f.opts.Name, f.opts.From))
	}
	return f.request(ctx, since)
}

func (f *Feed) files(ctx context.Context, paths []string) iter.Seq2[feeds.Update, error] {
	name := f.opts.Name
	files := fetch.Files{
		Source: name, FS: f.opts.FS, Paths: paths, Ext: ".json",
		Decode: func(r io.Reader) iter.Seq2[feeds.Update, error] { return decode(name, r) },
	}
	return files.Updates(ctx)
}
