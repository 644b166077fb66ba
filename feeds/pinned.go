package feeds

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/open-postmarket/postmarket/store"
)

// A Pinned is the body of a record that a judgment rests on. It is kept in the ledger
// once, under the digest of the whole body, because a mirror keeps only the newest one.
type Pinned struct {
	// Body is the lower-case hex SHA-256 of the record as JSON, to the last digit: an EPSS
	// score that moves within its band is another body with the same Digest.
	Body string `json:"body"`
	// Digest is the record's own.
	Digest string `json:"digest"`
	Record Record `json:"record"`
}

// Evidence is the drawer of the ledger that holds pinned records.
const Evidence store.Kind[Pinned] = "feeds.evidence"

// Key returns the digest of the body.
func (p Pinned) Key() string { return p.Body }

// pin makes the Pinned of a record.
func pin(r Record) (Pinned, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return Pinned{}, fmt.Errorf("feeds: pin %s %s: %w", r.Source, r.Item, err)
	}
	sum := sha256.Sum256(body)
	return Pinned{Body: hex.EncodeToString(sum[:]), Digest: r.Digest(), Record: r}, nil
}

// Pin keeps the bodies of records in the act, each once, and returns the digests of the bodies in the same
// order. One that is pinned already writes nothing.
func Pin(tx *store.Tx, records ...Record) ([]string, error) {
	out := make([]string, 0, len(records))
	for _, r := range records {
		p, err := pin(r)
		if err != nil {
			return nil, err
		}
		out = append(out, p.Body)
		switch _, err := Evidence.Get(tx, p.Body); {
		case err == nil:
			continue
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
		if err := Evidence.Put(tx, p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Pinnings reads pinned records by the digests of their bodies, and checks that each is the one the
// digest is of.
func Pinnings(ctx context.Context, l *store.Ledger, bodies ...string) ([]Record, error) {
	out := make([]Record, 0, len(bodies))
	for _, d := range bodies {
		p, _, err := Evidence.Latest(ctx, l, d)
		if err != nil {
			return nil, fmt.Errorf("feeds: evidence %s: %w", d, err)
		}
		again, err := pin(p.Record)
		if err != nil {
			return nil, err
		}
		if again.Body != d {
			return nil, fmt.Errorf("feeds: evidence %s: the body is that of %s", d, again.Body)
		}
		out = append(out, p.Record)
	}
	return out, nil
}
