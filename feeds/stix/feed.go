package stix

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"net/http"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
	stix21 "github.com/open-postmarket/postmarket/internal/stix"
	"github.com/open-postmarket/postmarket/tlp"
)

// Options say where the objects are read from, and as what.
type Options struct {
	// Name is the name of the source, unique per publisher ("stix/isao"). Empty is
	// "stix".
	Name string
	// From is a URL, a file, or a folder, which is read with all below it. A URL is
	// that of a bundle, or of a TAXII 2.1 server: its discovery, one of its API roots,
	// the collections there, or one collection. There is no publisher by default.
	From string
	// More are further files and folders of the same feed, read after From, which
	// then is no URL.
	More []string
	// FS, if set, is where From and More are looked up, in place of the disk. An
	// empty From is then all of it.
	FS fs.FS
	// Collections are those of a TAXII server to be read, by id, alias or title.
	// None are all that may be read.
	Collections []string
	// Auth says who asks. It is sent to the host of From and no other.
	Auth Credentials
	// Unmarked is how far a vulnerability may travel whose publisher did not label
	// it: a sharing agreement may say so. Empty is not said, and a gate then keeps it
	// in.
	Unmarked tlp.Label
	// Client is used for requests. Nil is that of fetch.NewClient(nil).
	Client *http.Client
}

// Credentials are a bearer token, or a user with a password. They never show when
// they are printed or logged.
type Credentials struct {
	Token          string
	User, Password string
}

const hidden = "(hidden)"

// String hides them.
func (c Credentials) String() string { return hidden }

// GoString hides them.
func (c Credentials) GoString() string { return hidden }

// LogValue hides them.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides them.
func (c Credentials) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// A Feed is what a publisher of STIX tells of vulnerabilities, as a feeds.Source.
type Feed struct {
	opts Options
	// authorize adds the credentials to the header of a request. They are kept in a
	// function so that nothing that prints a Feed shows them.
	authorize func(http.Header)
}

var _ feeds.Source = (*Feed)(nil)

// New returns the feed. Nil options name no place to read from, which Updates says.
func New(opts *Options) *Feed {
	f := &Feed{authorize: func(http.Header) {}}
	if opts != nil {
		f.opts = *opts
	}
	switch auth := f.opts.Auth; {
	case auth.Token != "":
		f.authorize = func(h http.Header) { h.Set("Authorization", "Bearer "+auth.Token) }
	case auth.User != "" || auth.Password != "":
		f.authorize = func(h http.Header) {
			basic := http.Request{Header: h}
			basic.SetBasicAuth(auth.User, auth.Password)
		}
	}
	f.opts.Auth = Credentials{}
	if f.opts.Client == nil {
		f.opts.Client = fetch.NewClient(nil)
	}
	return f
}

// Name is that of the options, else "stix".
func (f *Feed) Name() string { return cmp.Or(f.opts.Name, Name) }

// Updates reads everything and tells it, unless a TAXII server holds what it held
// at since: a relationship that is new says something of a vulnerability that is
// old, and only all objects together say all. So a reading moves its cursor at its
// end, and one that is cut short starts anew. It holds the objects in memory.
//
// A cursor says for each collection up to when its objects were added, by the
// server's own clock (X-TAXII-Date-Added-Last). With it a reading first asks what
// was added_after that, and ends when it is nothing that would be read. What a
// server took away shows at the next change. A server that does not say when
// objects were added is read in full each time, as are bundles.
//
// Of a folder every file ending in .json is read, and those that are no bundle are
// passed over. See fetch.Files for what is an error; after one nothing is told,
// since what could not be read may have been said of what could. A server without
// any object that is read is feeds.ErrNothing.
func (f *Feed) Updates(ctx context.Context, since feeds.Cursor) iter.Seq2[feeds.Update, error] {
	if !f.opts.Unmarked.Valid() && f.opts.Unmarked != "" {
		return fetch.Failed(fmt.Errorf("%s: Unmarked %q is no label", f.Name(), string(f.opts.Unmarked)))
	}
	paths, ok := fetch.Paths(f.opts.FS, f.opts.From, f.opts.More)
	switch {
	case ok:
		return f.files(ctx, paths)
	case f.opts.From == "" && len(f.opts.More) == 0:
		return fetch.Failed(fmt.Errorf("%s: there is no publisher by default: set Options.From", f.Name()))
	case len(f.opts.More) > 0:
		return fetch.Failed(fmt.Errorf("%s: an address is read by itself: More has to be empty", f.Name()))
	}
	return f.request(ctx, since)
}

// files reads all documents into one graph, and then tells it.
func (f *Feed) files(ctx context.Context, paths []string) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		var g stix21.Graph
		files := fetch.Files{Source: f.Name(), FS: f.opts.FS, Paths: paths, Ext: ".json"}
		files.Decode = func(r io.Reader) iter.Seq2[feeds.Update, error] { return f.bundle(r, &g) }
		for u, err := range files.Updates(ctx) {
			var bad *feeds.RecordError
			switch {
			case errors.As(err, &bad):
				if !yield(feeds.Update{}, bad) {
					return
				}
			case err != nil:
				yield(feeds.Update{}, err)
				return
			case u.Record.Item == "":
				if f.tell(ctx, &g, "", yield) {
					yield(u, nil)
				}
				return
			}
		}
	}
}

// tell yields the records of g and reports whether to go on.
func (f *Feed) tell(ctx context.Context, g *stix21.Graph, since feeds.Cursor, yield func(feeds.Update, error) bool) bool {
	for record, err := range f.records(g) {
		if ended := ctx.Err(); ended != nil {
			yield(feeds.Update{}, fmt.Errorf("%s: %w", f.Name(), ended))
			return false
		}
		if !yield(feeds.Update{Record: record, Next: since}, err) {
			return false
		}
	}
	return true
}
