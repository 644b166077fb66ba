package manual

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
	"github.com/open-postmarket/postmarket/tlp"
)

// Options say where bulletins are read from, and as what.
type Options struct {
	// Name is the name of the source. Empty is "manual".
	Name string
	// Entries were entered by hand, and are told before what is in files.
	Entries []Entry
	// From is a file or a folder, which is read with all below it. Empty is none.
	From string
	// More are further files and folders of the same feed, read after From.
	More []string
	// FS, if set, is where From and More are looked up, in place of the disk. An
	// empty From is then all of it.
	FS fs.FS
	// Unlabeled is how far a bulletin without a label may travel. Empty is AMBER,
	// see the package's comment.
	Unlabeled tlp.Label
}

// A Feed is bulletins that were entered by hand, as a feeds.Source.
type Feed struct{ opts Options }

var _ feeds.Source = (*Feed)(nil)

// New returns the feed. Nil options have nothing to tell, which Updates says.
func New(opts *Options) *Feed {
	if opts == nil {
		opts = &Options{}
	}
	f := &Feed{opts: *opts}
	f.opts.Entries = slices.Clone(opts.Entries)
	return f
}

// Name is that of the options, else "manual".
func (f *Feed) Name() string { return cmp.Or(f.opts.Name, Name) }

func (f *Feed) unlabeled() tlp.Label { return cmp.Or(f.opts.Unlabeled, tlp.Amber) }

// Updates tells all entries and reads every file ending in .csv or .json: each
// reading tells all there is, so since is not needed and the cursor stays empty, and
// a bulletin that was deleted is gone. See Decode for what is rejected, also across
// files, and fetch.Files for what is an error.
func (f *Feed) Updates(ctx context.Context, _ feeds.Cursor) iter.Seq2[feeds.Update, error] {
	paths, ok := fetch.Paths(f.opts.FS, f.opts.From, f.opts.More)
	switch {
	case f.opts.Unlabeled != "" && !f.opts.Unlabeled.Valid():
		return fetch.Failed(fmt.Errorf("%s: Unlabeled %q is no label", f.Name(), string(f.opts.Unlabeled)))
	case !ok && (f.opts.From != "" || len(f.opts.More) > 0):
		return fetch.Failed(fmt.Errorf("%s: bulletins are read from files, not from an address", f.Name()))
	case !ok && len(f.opts.Entries) == 0:
		return fetch.Failed(fmt.Errorf("%s: %w: neither Entries nor files", f.Name(), feeds.ErrNothing))
	}
	return func(yield func(feeds.Update, error) bool) {
		r := reading{desk: f.newDesk(), ctx: ctx, yield: yield, whole: true}
		if r.entries() && r.paths(paths) {
			r.end()
		}
	}
}

// reading is one range over Updates. Its methods report whether to go on.
type reading struct {
	*desk
	ctx    context.Context
	yield  func(feeds.Update, error) bool
	whole  bool
	failed []error
}

func (r *reading) entries() bool {
	for i, e := range r.opts.Entries {
		if err := r.ctx.Err(); err != nil {
			r.yield(feeds.Update{}, fmt.Errorf("%s: %w", r.Name(), err))
			return false
		}
		if r.tell(row{entry: e.trimmed(), place: fmt.Sprintf("entries[%d]", i)}, r.yield) != nil {
			return false
		}
	}
	return true
}

func (r *reading) paths(paths []string) bool {
	for _, p := range paths {
		told, nothing := false, []error(nil)
		for _, ext := range r.endings(p) {
			files := fetch.Files{Source: r.Name(), FS: r.opts.FS, Paths: []string{p}, Ext: ext, Decode: r.decode}
			for u, err := range files.Updates(r.ctx) {
				var bad *feeds.RecordError
				switch {
				case r.ctx.Err() != nil && err != nil:
					r.yield(feeds.Update{}, err)
					return false
				case errors.As(err, &bad):
					if !r.yield(feeds.Update{}, bad) {
						return false
					}
				case errors.Is(err, feeds.ErrNothing):
					nothing = append(nothing, err)
				case err != nil:
					r.failed = append(r.failed, err)
				case u.Record.Item == "":
					r.whole = r.whole && u.Whole
				default:
					told = true
					if !r.yield(u, nil) {
						return false
					}
				}
			}
		}
		if !told {
			r.failed = append(r.failed, nothing...)
		}
	}
	return true
}

// end yields what failed, or else that this was all.
func (r *reading) end() {
	if err := errors.Join(r.failed...); err != nil {
		r.yield(feeds.Update{}, err)
		return
	}
	r.yield(feeds.Update{Whole: r.whole}, nil)
}

// endings are those of the documents below a folder; any will do for a file, and for
// what cannot be looked into, which is then told.
func (r *reading) endings(p string) []string {
	fsys, name := r.opts.FS, path.Clean(strings.TrimPrefix(filepath.ToSlash(p), "/"))
	if fsys == nil {
		fsys, name = os.DirFS(p), "."
	}
	var out []string
	_ = fs.WalkDir(fsys, name, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		for _, ext := range []string{".csv", ".json"} {
			if strings.EqualFold(path.Ext(name), ext) && !slices.Contains(out, ext) {
				out = append(out, ext)
			}
		}
		return nil
	})
	if len(out) == 0 {
		return []string{".csv"}
	}
	slices.Sort(out)
	return out
}
