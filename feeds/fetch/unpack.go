package fetch

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
)

// What packs better than this is no document but a trap. Feeds pack 5 to 40
// times; deflate cannot do more than 1,032 times. The first bytes are free, since
// a small document of one repeated byte harms nobody.
const (
	maxRatio  = 200
	freeBytes = 1 << 20
)

// Unpack returns what is in r: itself, or what it holds when it is gzip, whatever
// it is called. What unpacks to more than max bytes, or to more than 200 times
// its size, ends in [ErrTooLarge]; what is cut off in io.ErrUnexpectedEOF.
func Unpack(r io.Reader, max int64) (io.Reader, error) {
	from := &counted{r: r}
	b := bufio.NewReader(from)
	head, err := b.Peek(len(gzipMagic))
	if !bytes.Equal(head, gzipMagic) {
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		return &capped{r: b, left: max, max: max}, nil
	}
	return unzipped(b, from, max)
}

var gzipMagic = []byte{0x1f, 0x8b}

func unzipped(packed io.Reader, from *counted, max int64) (io.Reader, error) {
	z, err := gzip.NewReader(packed)
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", endless(err))
	}
	return &capped{r: &unpacking{r: z, packed: func() int64 { return from.n }}, left: max, max: max}, nil
}

func endless(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// counted counts what is read.
type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// unpacking fails once it grows out of proportion.
type unpacking struct {
	r      io.Reader
	packed func() int64
	n      int64
}

func (u *unpacking) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	u.n += int64(n)
	if u.n > freeBytes && u.n/maxRatio > u.packed() {
		return 0, fmt.Errorf("%w: it unpacks to more than %d times its size", ErrTooLarge, maxRatio)
	}
	return n, err
}

// ZipLimits bound what is read of a zip archive. The zero value allows nothing.
type ZipLimits struct {
	// Files is how many it may hold; File the most bytes of one, unpacked; Total of
	// all those that are read.
	Files       int
	File, Total int64
}

// A Zipped is one file of a zip archive.
type Zipped struct {
	// Name is its path in the archive, as the archive says it: never a path to write to.
	Name string
	io.Reader
}

// Zip yields the files of an archive whose name ends in one of exts, in its
// order. Each can be read until the next is asked for, and nothing is written to
// disk. An archive that is cut off or holds more files than allowed is an error, and so
// is what l does not allow or grows to more than 200 times its size; the checksum of a file is
// checked at its end. An error is the last thing yielded.
func Zip(r io.ReaderAt, size int64, l ZipLimits, exts ...string) iter.Seq2[Zipped, error] {
	return func(yield func(Zipped, error) bool) {
		archive, err := zip.NewReader(r, size)
		switch {
		case err != nil:
			yield(Zipped{}, fmt.Errorf("zip: %w", err))
			return
		case len(archive.File) > l.Files:
			yield(Zipped{}, fmt.Errorf("zip: %w: %d files of %d", ErrTooLarge, len(archive.File), l.Files))
			return
		}
		total := &capped{left: l.Total, max: l.Total}
		for _, f := range archive.File {
			if f.FileInfo().Mode().IsRegular() && endsIn(f.Name, exts) && !zipped(f, total, l.File, yield) {
				return
			}
		}
	}
}

func zipped(f *zip.File, total *capped, max int64, yield func(Zipped, error) bool) bool {
	open, err := f.Open()
	if err != nil {
		yield(Zipped{}, fmt.Errorf("zip: %q: %w", f.Name, err))
		return false
	}
	defer open.Close()
	total.r = &unpacking{r: open, packed: func() int64 { return int64(f.CompressedSize64) }}
	return yield(Zipped{Name: f.Name, Reader: &capped{r: total, left: max, max: max}}, nil)
}

func endsIn(name string, exts []string) bool {
	for _, ext := range exts {
		if len(name) >= len(ext) && strings.EqualFold(name[len(name)-len(ext):], ext) {
			return true
		}
	}
	return false
}
