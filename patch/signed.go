package patch

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/open-postmarket/postmarket/store"
)

// Envelopes is the drawer of the ledger that holds what was signed.
const Envelopes store.Kind[Signed] = "patch.envelope"

// Signed is a signed statement as it went out, byte for byte.
type Signed struct {
	// Of is "release" or "downgrade" and what it is of.
	Of       string   `json:"of"`
	Envelope Envelope `json:"envelope"`
}

// Key returns what was signed.
func (s Signed) Key() string { return s.Of }

// SchemaVersion is the version that the ledger keeps with each entry.
func (s Signed) SchemaVersion() int { return Schema }

// SaveEnvelope keeps the envelope of a release or of a downgrade that is signed as t
// asks, in an act of its own. A release must be in the ledger with the same content.
// Signatures may be added later; another payload under the same key is
// ErrRewritten.
func SaveEnvelope(ctx context.Context, l *store.Ledger, by store.By, e Envelope, t Trust, refs ...store.Ref) error {
	s := Signed{Envelope: e}
	r, err := OpenRelease(e, t)
	if err == nil {
		s.Of = "release " + r.Key()
	} else {
		d, also := OpenDowngrade(e, t)
		if also != nil {
			return errors.Join(err, also)
		}
		s.Of = fmt.Sprintf("downgrade %s #%012d to #%012d of %s", d.Product, d.From, d.To, d.Approved.At.UTC().Format("2006-01-02T15:04:05.000000Z"))
	}
	return l.Do(ctx, by, func(tx *store.Tx) error {
		if err == nil {
			kept, err := Releases.Get(tx, r.Key())
			if err != nil {
				return err
			}
			if !equal(kept, r) {
				return fmt.Errorf("%w: %q is kept with other content", ErrRewritten, r.Key())
			}
		}
		before, errBefore := Envelopes.Get(tx, s.Key())
		switch {
		case errBefore == nil && !bytes.Equal(before.Envelope.Payload, e.Payload):
			return fmt.Errorf("%w: %q", ErrRewritten, s.Key())
		case errBefore != nil && !errors.Is(errBefore, store.ErrNotFound):
			return errBefore
		}
		_, err := Envelopes.PutIfChanged(tx, s, refs...)
		return err
	})
}
