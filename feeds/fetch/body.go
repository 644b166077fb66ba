package fetch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"unicode/utf8"
)

// ErrTooLarge is the end of a body that is larger than its reader allows.
var ErrTooLarge = errors.New("larger than allowed")

// ErrOther says that a document is of another kind than the feed reads. In a
// folder such a document is passed over; named directly it is an error.
var ErrOther = errors.New("another kind of document")

// bodies are buffers that bodies are read into before their length is known, and keptBody is how
// large one may be that is used again.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const keptBody = 256 << 10

// Document reads r to its end, which has to come before max bytes, as UTF-8
// text. A byte order mark is left out. Nothing but white space, text that is
// not UTF-8 and a body that is too large are errors that say the place.
func Document(r io.Reader, max int64) ([]byte, error) {
	room := bodies.Get().(*bytes.Buffer)
	n, err := room.ReadFrom(&capped{r: r, left: max, max: max})
	body := bytes.TrimPrefix(room.Bytes(), byteOrderMark)
	if room.Cap() <= keptBody {
		body = bytes.Clone(body)
		room.Reset()
		bodies.Put(room)
	}
	if err != nil {
		return nil, fmt.Errorf("at byte %d: %w", n, err)
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, errEmpty
	}
	if err := CheckText(body); err != nil {
		return nil, err
	}
	return body, nil
}

// CheckText returns an error that says where body stops being UTF-8, or nil.
func CheckText(body []byte) error {
	if utf8.Valid(body) {
		return nil
	}
	for at := 0; at < len(body); {
		r, n := utf8.DecodeRune(body[at:])
		if r == utf8.RuneError && n == 1 {
			return fmt.Errorf("not UTF-8 at byte %d", at)
		}
		at += n
	}
	return nil
}

// Digest is the lower-case hex SHA-256 of a body.
func Digest(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

var (
	byteOrderMark = []byte("\xef\xbb\xbf")
	errEmpty      = errors.New("empty: no document in it")
)

// Capped is r, which ends in [ErrTooLarge] when it has more than max bytes.
func Capped(r io.Reader, max int64) io.Reader { return &capped{r: r, left: max, max: max} }

// capped fails once more than max bytes were read since the last refill.
type capped struct {
	r         io.Reader
	left, max int64
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left < 0 {
		return 0, fmt.Errorf("%w (%d bytes)", ErrTooLarge, c.max)
	}
	// One byte more than is left tells an end from a body that goes on.
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.r.Read(p)
	c.left -= int64(n)
	if c.left < 0 {
		return n - 1, fmt.Errorf("%w (%d bytes)", ErrTooLarge, c.max)
	}
	return n, err
}

// during fails once ctx has ended.
type during struct {
	ctx context.Context
	r   io.Reader
}

func (d during) Read(p []byte) (int, error) {
	if err := d.ctx.Err(); err != nil {
		return 0, err
	}
	return d.r.Read(p)
}
