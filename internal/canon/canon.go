// Package canon makes the bytes that are hashed. Every value is written with
// its kind and its length in front, so two different lists of values never
// give the same bytes, and no encoder's taste (key order, escapes, spaces) can
// change a digest that was taken years ago.
//
// It is not a storage format: nothing reads these bytes back.
//
//	sum := canon.Sum("example 1", func(w *canon.Writer) {
//		w.Text("patch.plan")
//		w.Int(3)
//	})
package canon

import (
	"crypto/sha256"
	"encoding/binary"
	"io"
)

// The first byte of every value. They are part of each digest ever taken and
// never change.
const (
	tagText  = 't'
	tagBytes = 'b'
	tagInt   = 'i'
	tagList  = 'l'
)

// A Writer writes values one after another. The zero Writer is not usable; see
// NewWriter and Sum.
type Writer struct {
	w       io.Writer
	err     error
	scratch [9]byte
}

// NewWriter returns a Writer that writes to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Text writes the bytes of s, whatever they are.
func (w *Writer) Text(s string) {
	w.head(tagText, uint64(len(s)))
	if w.err == nil {
		_, w.err = io.WriteString(w.w, s)
	}
}

// Bytes writes b. Nil and empty are the same value.
func (w *Writer) Bytes(b []byte) {
	w.head(tagBytes, uint64(len(b)))
	w.put(b)
}

// Int writes n.
func (w *Writer) Int(n int64) { w.head(tagInt, uint64(n)) }

// List says that n values, or n groups of a fixed shape, follow.
func (w *Writer) List(n int) { w.head(tagList, uint64(n)) }

// Err is the first error of the underlying writer.
func (w *Writer) Err() error { return w.err }

// head writes a tag and eight bytes, big-endian.
func (w *Writer) head(tag byte, n uint64) {
	w.scratch[0] = tag
	binary.BigEndian.PutUint64(w.scratch[1:], n)
	w.put(w.scratch[:])
}

func (w *Writer) put(b []byte) {
	if w.err == nil {
		_, w.err = w.w.Write(b)
	}
}

// Sum is the SHA-256 of label and of what fill writes. The label says what is
// hashed and in which version of its shape, so that digests of different
// things never meet.
func Sum(label string, fill func(*Writer)) [32]byte {
	h := sha256.New()
	w := NewWriter(h)
	w.Text(label)
	fill(w)
	return [32]byte(h.Sum(nil))
}
