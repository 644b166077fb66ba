package store

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/internal/canon"
)

// A Name says which record: a kind ("patch.plan") and a key within it.
type Name struct{ Kind, Key string }

func (n Name) String() string { return fmt.Sprintf("%s %q", n.Kind, n.Key) }

// A Ref points at a record in another system: a complaint, a CAPA, a recall, a
// ticket. System is the host's own word for it; ID or URL may be empty.
type Ref struct {
	System string `json:"system"`
	ID     string `json:"id,omitempty"`
	URL    string `json:"url,omitempty"`
}

// A Signature is a person's or a system's over the digest of an act's writes.
// The ledger keeps it and chains it; it does not judge it.
type Signature struct {
	KeyID     string `json:"keyId,omitempty"`     // which key, in the host's words
	Algorithm string `json:"algorithm,omitempty"` // how, in the host's words: "ed25519"
	Bytes     []byte `json:"bytes,omitempty"`     // base64 in JSON
}

// A Hash is a SHA-256 digest; as text, 64 lower-case hexadecimal digits.
type Hash [32]byte

// IsZero reports whether h is all zero, which stands for "none".
func (h Hash) IsZero() bool { return h == Hash{} }

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes h as String does.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (h *Hash) UnmarshalText(b []byte) error {
	if hex.DecodedLen(len(b)) != len(h) || len(b)%2 != 0 {
		return fmt.Errorf("store: %q is not a digest of 64 hexadecimal digits", b)
	}
	if _, err := hex.Decode(h[:], b); err != nil {
		return fmt.Errorf("store: %q is not a digest: %w", b, err)
	}
	return nil
}

// An Entry is one change to one record. Entries are made by Seal only.
type Entry struct {
	Name
	Seq int64 // place in the ledger, from 1, without gaps
	// Act is the Seq of the first entry of the same act. Entries of one act
	// share At, Who, Why and Signature.
	Act       int64
	At        time.Time // UTC, whole microseconds; never before an earlier entry's
	Who, Why  string
	Version   int    // of the shape of Body, from 1
	Body      []byte // what the record says from here on
	Refs      []Ref
	Signature *Signature // nil = unsigned
	Prev      Hash       // Hash of the entry before; zero for the first
	Hash      Hash       // over every field above
}

// Clone returns an entry that shares no memory with e.
func (e Entry) Clone() Entry {
	e.Body = bytes.Clone(e.Body)
	e.Refs = slices.Clone(e.Refs)
	if e.Signature != nil {
		s := *e.Signature
		s.Bytes = bytes.Clone(s.Bytes)
		e.Signature = &s
	}
	return e
}

// digest computes what e.Hash must be. The order and the label are part of
// every ledger ever written and never change; see the golden test.
func (e Entry) digest() Hash {
	return canon.Sum("postmarket ledger entry 1", func(w *canon.Writer) {
		w.Int(e.Seq)
		w.Int(e.Act)
		w.Int(e.At.UnixMicro())
		w.Text(e.Who)
		w.Text(e.Why)
		Write{Name: e.Name, Version: e.Version, Body: e.Body, Refs: e.Refs}.canon(w)
		if e.Signature == nil {
			w.List(0)
		} else {
			w.List(1)
			w.Text(e.Signature.KeyID)
			w.Text(e.Signature.Algorithm)
			w.Bytes(e.Signature.Bytes)
		}
		w.Bytes(e.Prev[:])
	})
}
