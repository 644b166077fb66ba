package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/open-postmarket/postmarket/feeds"
)

// Files is a feed that is read from files and folders.
type Files struct {
	// Source is the feed's name.
	Source string
	// FS, if set, is where Paths are looked up, with slashes, in place of the disk.
	FS fs.FS
	// Paths are files and folders, read in this order. A folder is read with all
	// below it, in the order of names.
	Paths []string
	// Ext is how the name of a document ends (".json"), in any case. Other files
	// of a folder are passed over; a file named directly is read whatever its name.
	Ext string
	// Also are further such ends (".csv.gz").
	Also []string
	// Archives bounds what is read of the zip archives of a folder, and what a
	// document that is packed with gzip (".json.gz") may unpack to, by its Total.
	// The zero value passes both over.
	Archives ZipLimits
	// Decode reads one document. An error that is no *feeds.RecordError ends the
	// document, [ErrOther] for one of another kind.
	Decode func(io.Reader) iter.Seq2[feeds.Update, error]
	// Told says that a document tells by an Update with Whole whether it was all
	// told. Else each that ends without an error was.
	Told bool
}

// Paths returns the paths that a feed's options name: from and more, or all of
// fsys when they name none. It reports false when they name the publisher
// instead: from is a URL, or nothing is named at all.
func Paths(fsys fs.FS, from string, more []string) ([]string, bool) {
	var out []string
	for _, p := range append([]string{from}, more...) {
		if IsURL(p) {
			return nil, false
		}
		if p != "" {
			out = append(out, p)
		}
	}
	if len(out) == 0 && fsys != nil {
		out = []string{"."}
	}
	return out, len(out) > 0
}

// IsURL reports whether text is an http or https URL rather than a path.
func IsURL(text string) bool {
	scheme, _, found := strings.Cut(text, "://")
	return found && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// Failed is a reading that yields nothing but err.
func Failed(err error) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) { yield(feeds.Update{}, err) }
}

// Updates reads all documents, holding one at a time. It has no cursor: each
// reading tells everything, and ends with Whole unless something could not be
// opened or was not all told.
//
// In a folder, a document that cannot be read is a *feeds.RecordError whose Item
// is its path within the folder, and the rest goes on. A path that cannot be
// opened, a file named directly that cannot be read, and a path in which
// nothing decodes ([feeds.ErrNothing]) are errors, joined and yielded last, when
// the other paths are done.
func (f Files) Updates(ctx context.Context) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		r := reading{Files: f, ctx: ctx, yield: yield, whole: true}
		for _, p := range f.Paths {
			if !r.path(p) {
				return
			}
		}
		if err := errors.Join(r.failed...); err != nil {
			yield(feeds.Update{}, err)
			return
		}
		yield(feeds.Update{Whole: r.whole}, nil)
	}
}

// reading is one range over Updates. Its methods report whether to go on.
type reading struct {
	Files
	ctx    context.Context
	yield  func(feeds.Update, error) bool
	whole  bool
	failed []error
	// told and rejected count those of the path that is being read.
	told, rejected int
}

func (r *reading) path(p string) bool {
	if r.ended() {
		return false
	}
	r.told, r.rejected = 0, 0
	before := len(r.failed)
	info, folder, open, err := r.find(p)
	switch {
	case err != nil:
		r.fail(p, notOpened(err))
		return true
	case info.IsDir():
		if !r.folder(p, folder) {
			return false
		}
	default:
		if !r.document(p, "", open) {
			return false
		}
	}
	if r.told == 0 && len(r.failed) == before {
		err := feeds.ErrNothing
		if r.rejected > 0 {
			err = fmt.Errorf("%w: %d rejected", err, r.rejected)
		}
		r.fail(p, err)
	}
	return true
}

// find looks a path up: what it is, the folder it is if it is one, and how to open it
// if it is a file.
func (r *reading) find(p string) (info fs.FileInfo, folder fs.FS, open func() (fs.File, error), err error) {
	if r.FS == nil {
		if info, err = os.Stat(p); err != nil {
			return nil, nil, nil, err
		}
		return info, os.DirFS(p), func() (fs.File, error) { return os.Open(p) }, nil
	}
	name := path.Clean(strings.TrimPrefix(filepath.ToSlash(p), "/"))
	if info, err = fs.Stat(r.FS, name); err != nil {
		return nil, nil, nil, err
	}
	if folder, err = fs.Sub(r.FS, name); err != nil {
		return nil, nil, nil, err
	}
	return info, folder, func() (fs.File, error) { return r.FS.Open(name) }, nil
}

func (r *reading) folder(root string, folder fs.FS) bool {
	goOn := true
	err := fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case r.ended():
			goOn = false
		case err != nil && name == ".":
			return err
		case err != nil:
			r.whole = false
			goOn = r.reject(&feeds.RecordError{Item: name, Err: notOpened(err)})
		case !d.IsDir() && (r.reads(name) || r.packed(name)):
			goOn = r.entry(name, folder)
		}
		if !goOn {
			return fs.SkipAll
		}
		return nil
	})
	if err != nil {
		r.fail(root, notOpened(err))
	}
	return goOn
}

// reads reports whether name ends as a document's does.
func (f Files) reads(name string) bool {
	name = strings.ToLower(path.Base(name))
	for _, end := range append([]string{f.Ext}, f.Also...) {
		if strings.HasSuffix(name, strings.ToLower(end)) {
			return true
		}
	}
	return false
}

// entry reads one file of a folder. What is not a regular file, or a link to
// one, is passed over: reading a pipe could wait for ever.
func (r *reading) entry(name string, folder fs.FS) bool {
	info, err := fs.Stat(folder, name)
	if err != nil {
		r.whole = false
		return r.reject(&feeds.RecordError{Item: name, Err: notOpened(err)})
	}
	if !info.Mode().IsRegular() {
		return true
	}
	return r.document(name, name, func() (fs.File, error) { return folder.Open(name) })
}

// document reads one document: within is its path in its folder, empty for one
// that was named directly.
func (r *reading) document(name, within string, open func() (fs.File, error)) bool {
	file, err := open()
	if err != nil {
		r.whole = false
		return r.broken(name, within, "", notOpened(err))
	}
	defer file.Close()
	switch {
	case r.packs() && endsIn(name, []string{".zip"}):
		return r.archive(name, within, file)
	case r.packs() && endsIn(name, []string{".gz"}):
		plain, err := Unpack(during{r.ctx, file}, r.Archives.Total)
		if err != nil {
			r.whole = r.whole && !r.Told
			return r.broken(name, within, digestOf(open), err)
		}
		return r.decode(name, within, plain, func() string { return digestOf(open) })
	}
	return r.decode(name, within, during{r.ctx, file}, func() string { return digestOf(open) })
}

func (r *reading) packs() bool { return r.Archives != ZipLimits{} }

// packed reports whether a file of a folder holds documents that are packed, and is read.
func (r *reading) packed(name string) bool {
	return r.packs() && endsIn(name, []string{r.Ext + ".gz", ".zip"})
}

// archive reads the documents of a zip archive as it does those of a folder.
func (r *reading) archive(name, within string, file fs.File) bool {
	at, size, done, err := seekable(during{r.ctx, file}, file, r.Archives.Total)
	if err != nil {
		r.whole = false
		return r.broken(name, within, "", err)
	}
	defer done()
	for z, err := range Zip(at, size, r.Archives, r.Ext) {
		if err != nil {
			r.whole = false
			return r.broken(name, within, "", err)
		}
		sum := sha256.New()
		body := io.TeeReader(during{r.ctx, z}, sum)
		digest := func() string {
			if _, err := io.Copy(io.Discard, body); err != nil {
				return ""
			}
			return hex.EncodeToString(sum.Sum(nil))
		}
		inside := name + "/" + z.Name
		if !r.decode(inside, inside, body, digest) {
			return false
		}
	}
	return !r.ended()
}

// seekable returns a file as one that can be read at any place, by a copy on
// disk if need be, which done removes.
func seekable(r io.Reader, file fs.File, max int64) (at io.ReaderAt, size int64, done func(), err error) {
	if at, ok := file.(io.ReaderAt); ok {
		if info, err := file.Stat(); err == nil {
			return at, info.Size(), func() {}, nil
		}
	}
	tmp, err := os.CreateTemp("", "postmarket-*")
	if err != nil {
		return nil, 0, nil, err
	}
	spool := Saved{File: tmp}
	done = func() { _ = spool.Close() }
	if size, err = io.Copy(tmp, &capped{r: r, left: max, max: max}); err != nil {
		done()
		return nil, 0, nil, err
	}
	return tmp, size, done, nil
}

// decode tells what is in one document. Digest is asked when it cannot be read.
func (r *reading) decode(name, within string, body io.Reader, digest func() string) bool {
	told := false
	for u, err := range r.Decode(body) {
		if r.ended() {
			return false
		}
		var bad *feeds.RecordError
		switch {
		case errors.As(err, &bad):
			if !r.reject(&feeds.RecordError{Item: placed(name, bad.Item), Digest: bad.Digest, Err: fmt.Errorf("in %q: %w", name, bad.Err)}) {
				return false
			}
		case errors.Is(err, ErrOther) && within != "":
			return true
		case err != nil:
			r.whole = r.whole && !r.Told
			return r.broken(name, within, digest(), err)
		case u.Whole:
			told = true
		case u.Record.Item != "":
			r.told++
			if !r.yield(feeds.Update{Record: u.Record}, nil) {
				return false
			}
		}
	}
	r.whole = r.whole && (told || !r.Told)
	return !r.ended()
}

// broken tells of a document that cannot be read.
func (r *reading) broken(name, within, digest string, err error) bool {
	if r.ended() {
		return false
	}
	if within == "" {
		r.fail(name, err)
		return true
	}
	return r.reject(&feeds.RecordError{Item: within, Digest: digest, Err: err})
}

func (r *reading) reject(bad *feeds.RecordError) bool {
	bad.Source = r.Source
	r.rejected++
	return r.yield(feeds.Update{}, bad)
}

func (r *reading) fail(p string, err error) {
	r.failed = append(r.failed, fmt.Errorf("%s: %q: %w", r.Source, p, err))
}

// ended tells the reader that the context has ended, if it has.
func (r *reading) ended() bool {
	err := r.ctx.Err()
	if err != nil {
		r.yield(feeds.Update{}, fmt.Errorf("%s: %w", r.Source, err))
	}
	return err != nil
}

var listPlace = regexp.MustCompile(`^[A-Za-z]+\[[0-9]+\]$`)

// placed puts the document's name before a place in it; an id stays as it is.
func placed(name, item string) string {
	if listPlace.MatchString(item) {
		return name + " " + item
	}
	return item
}

// digestOf is the digest of a broken document, and empty for one too large to
// be asked.
func digestOf(open func() (fs.File, error)) string {
	file, err := open()
	if err != nil {
		return ""
	}
	defer file.Close()
	body, err := io.ReadAll(&capped{r: file, left: digestMax, max: digestMax})
	if err != nil {
		return ""
	}
	return Digest(body)
}

const digestMax = 64 << 20

// notOpened leaves out the path, which the error around it names.
func notOpened(err error) error {
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		err = at.Err
	}
	return fmt.Errorf("cannot be opened: %w", err)
}
