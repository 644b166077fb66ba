package store

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"
)

// line is one entry of an export.
type line struct {
	Seq        int64           `json:"seq"`
	Act        int64           `json:"act"`
	At         string          `json:"at"`
	Who        string          `json:"who"`
	Why        string          `json:"why"`
	Kind       string          `json:"kind"`
	Key        string          `json:"key"`
	Version    int             `json:"version"`
	Body       json.RawMessage `json:"body,omitempty"`
	BodyBase64 []byte          `json:"body_base64,omitempty"`
	Refs       []Ref           `json:"refs,omitempty"`
	Signature  *Signature      `json:"signature,omitempty"`
	Prev       string          `json:"prev"`
	Hash       string          `json:"hash"`
}

// Export writes the ledger as it stands, one JSON object a line, oldest first:
// seq, act, at (RFC 3339, UTC, six decimals), who, why, kind, key, version,
// body, refs, signature, prev and hash (hexadecimal). A body that is JSON in
// one line stands there byte for byte, any other is in body_base64, an empty
// one in neither: so the digests can be computed from the export alone.
func (l *Ledger) Export(ctx context.Context, w io.Writer) error {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for e, err := range l.d.Trail(ctx, 0) {
		if err != nil {
			return err
		}
		x := line{
			Seq: e.Seq, Act: e.Act, At: e.At.UTC().Format("2006-01-02T15:04:05.000000Z07:00"),
			Who: e.Who, Why: e.Why, Kind: e.Kind, Key: e.Key, Version: e.Version,
			Refs: e.Refs, Signature: e.Signature, Prev: e.Prev.String(), Hash: e.Hash.String(),
		}
		if inline(e.Body) {
			x.Body = e.Body
		} else {
			x.BodyBase64 = e.Body
		}
		if err := enc.Encode(x); err != nil {
			return fmt.Errorf("store: export: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("store: export: %w", err)
	}
	return nil
}

// inline reports whether body inside a line of JSON stays as it is.
func inline(body []byte) bool {
	if !utf8.Valid(body) || !json.Valid(body) {
		return false
	}
	var b bytes.Buffer
	return json.Compact(&b, body) == nil && bytes.Equal(b.Bytes(), body)
}
