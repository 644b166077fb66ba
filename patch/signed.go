package patch

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"

	"github.com/open-postmarket/postmarket/store"
)

// Envelopes is the drawer of the ledger that holds what was signed.
const Envelopes store.Kind[Signed] = "patch.envelope"

// Signed is a signed statement as it went out, byte for byte.
type Signed struct {
	// Of is "release" or "downgrade" and what it is of.
	Of       string   `json:"of"`
	Envelope Envelope `json:"envelope"`
	// Keys are the ids of the keys that were trusted when it was kept, and Threshold
	// how many of them had to have signed. None in envelopes from before that was kept.
	Keys      []string `json:"keys,omitempty"`
	Threshold int      `json:"threshold,omitempty"`
}

// Key returns what was signed.
func (s Signed) Key() string { return s.Of }

// SchemaVersion is the version that the ledger keeps with each entry.
func (s Signed) SchemaVersion() int { return Schema }

// SaveEnvelope keeps the envelope of a release that is signed as t asks, in an act of
// its own; what is trusted is for the host to say, and is kept with it. The release
// must be in the ledger with the same content, which holds it against its changes.
// Signatures may be added later and are not taken away; another payload under the
// same key, or fewer signatures, are ErrRewritten. A signature that none of the keys
// of t made is ErrSignature: nobody could tell it from a forged one.
func SaveEnvelope(ctx context.Context, l *store.Ledger, by store.By, e Envelope, t Trust, refs ...store.Ref) error {
	r, err := OpenRelease(e, t)
	if err != nil {
		return err
	}
	return keepEnvelope(ctx, l, by, "release "+r.Key(), e, t, func(tx *store.Tx) error {
		kept, err := Releases.Get(tx, r.Key())
		if err == nil && !equal(kept, r) {
			err = fmt.Errorf("%w: %q is kept with other content", ErrRewritten, r.Key())
		}
		return err
	}, refs)
}

// SaveDowngrade keeps the envelope of a downgrade, as SaveEnvelope does that of a
// release. t is what the host trusts for downgrades. The release that it goes back to
// must be in the ledger.
func SaveDowngrade(ctx context.Context, l *store.Ledger, by store.By, e Envelope, t Trust, refs ...store.Ref) error {
	d, err := OpenDowngrade(e, t)
	if err != nil {
		return err
	}
	of := fmt.Sprintf("downgrade %s #%012d to #%012d of %s", d.Product, d.From, d.To, d.Approved.At.UTC().Format("2006-01-02T15:04:05.000000Z"))
	return keepEnvelope(ctx, l, by, of, e, t, func(tx *store.Tx) error {
		_, err := Releases.Get(tx, Release{Product: d.Product, Sequence: d.To}.Key())
		return err
	}, refs)
}

func keepEnvelope(ctx context.Context, l *store.Ledger, by store.By, of string, e Envelope, t Trust, holds func(*store.Tx) error, refs []store.Ref) error {
	s := Signed{Of: of, Envelope: e, Threshold: t.Threshold}
	for _, k := range t.Keys {
		id, err := KeyID(k)
		if err != nil {
			return err
		}
		s.Keys = append(s.Keys, id)
	}
	slices.Sort(s.Keys)
	// which key of t made a signature; -1 is none
	signer := func(sig Sig, e Envelope) int {
		return slices.IndexFunc(t.Keys, func(k crypto.PublicKey) bool { return verify(k, PAE(e.PayloadType, e.Payload), sig.Bytes) })
	}
	for i, sig := range e.Signatures {
		if signer(sig, e) < 0 {
			return fmt.Errorf("%w: signature %d is of none of them", ErrSignature, i+1)
		}
	}
	return l.Do(ctx, by, func(tx *store.Tx) error {
		if err := holds(tx); err != nil {
			return err
		}
		before, err := Envelopes.Get(tx, s.Key())
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return err
		case !bytes.Equal(before.Envelope.Payload, e.Payload):
			return fmt.Errorf("%w: %q", ErrRewritten, s.Key())
		default:
			for _, sig := range before.Envelope.Signatures {
				key := signer(sig, before.Envelope)
				if !slices.ContainsFunc(e.Signatures, func(now Sig) bool { return bytes.Equal(now.Bytes, sig.Bytes) || key >= 0 && signer(now, e) == key }) {
					return fmt.Errorf("%w: a signature of %q would be lost", ErrRewritten, s.Key())
				}
			}
		}
		_, err = Envelopes.PutIfChanged(tx, s, refs...)
		return err
	})
}
