package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// ErrErased: the data was there and has been erased for good.
var ErrErased = errors.New("erased")

// A Vault keeps what must be erasable: names, addresses, what a reporter
// wrote, attachments. The ledger, which forgets nothing, holds only the id
// and a Pseudonym.
//
// All methods may be called at once from many goroutines, after Close they
// give ErrClosed, and when ctx ends an error for which errors.Is(err,
// ctx.Err()) holds.
type Vault interface {
	// Put keeps data under id, in place of what was there. An id that was erased
	// cannot be used again: ErrErased.
	Put(ctx context.Context, id string, data []byte) error
	// Get returns what was put: ErrNotFound if nothing ever was, ErrErased if it
	// was erased.
	Get(ctx context.Context, id string) ([]byte, error)
	// Erase removes the bytes from the store so that they cannot be read back
	// from its files, and keeps that there was something. Erasing twice is fine;
	// an id never put is ErrNotFound. After an error call it again: until it
	// returns nil, bytes may still be there.
	Erase(ctx context.Context, id string) error
}

// CheckID says whether a Vault may take id: not empty, UTF-8 text without NUL.
func CheckID(id string) error {
	if id == "" || !clean(id) {
		return fmt.Errorf("store: id %q is not UTF-8 text without NUL, or empty", id)
	}
	return nil
}

// Pseudonym is what an entry holds in place of data: its HMAC-SHA-256 under
// key, 64 hexadecimal digits. The same data under the same key gives the same
// pseudonym, so entries about one person can be found together; without the
// key a guess cannot be checked. The key has at least 32 bytes, is secret and
// is kept outside the store.
func Pseudonym(key, data []byte) (string, error) {
	if len(key) < sha256.Size {
		return "", fmt.Errorf("store: a pseudonym's key has %d bytes and needs %d", len(key), sha256.Size)
	}
	m := hmac.New(sha256.New, key)
	m.Write(data)
	return hex.EncodeToString(m.Sum(nil)), nil
}
