package feeds

import (
	"context"
	"errors"
	"fmt"

	"github.com/open-postmarket/postmarket/store"
)

// A Pinned is the body of a record that a judgment rests on. It is kept in the ledger
// once, under its digest, because a mirror keeps only the newest body.
type Pinned struct {
	Digest string `json:"digest"`
	Record Record `json:"record"`
}

// Evidence is the drawer of the ledger that holds pinned records.
const Evidence store.Kind[Pinned] = "feeds.evidence"

// Key returns the digest.
func (p Pinned) Key() string { return p.Digest }

// Pin keeps the bodies of records in the act, each once, and returns their digests in the same
// order. One that is pinned already writes nothing.
func Pin(tx *store.Tx, records ...Record) ([]string, error) {
	out := make([]string, 0, len(records))
	for _, r := range records {
		p := Pinned{r.Digest(), r}
		out = append(out, p.Digest)
		switch _, err := Evidence.Get(tx, p.Digest); {
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

// Pinnings reads pinned records by their digests, and checks that each body is the one the
// digest is of.
func Pinnings(ctx context.Context, l *store.Ledger, digests ...string) ([]Record, error) {
	out := make([]Record, 0, len(digests))
	for _, d := range digests {
		p, _, err := Evidence.Latest(ctx, l, d)
		if err != nil {
			return nil, fmt.Errorf("feeds: evidence %s: %w", d, err)
		}
		if got := p.Record.Digest(); got != d {
			return nil, fmt.Errorf("feeds: evidence %s: the body is that of %s", d, got)
		}
		out = append(out, p.Record)
	}
	return out, nil
}
