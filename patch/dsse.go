package patch

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	_ "crypto/sha512" // for P-384

	"github.com/open-postmarket/postmarket/internal/keys"
)

// ErrSignature says that an envelope is not signed by enough of the keys that
// are trusted.
var ErrSignature = errors.New("patch: not signed by enough trusted keys")

// maxEnvelope bounds what ReadEnvelope takes: 16 MiB.
const maxEnvelope = 16 << 20

// An Envelope is a payload with its signatures, in the form of DSSE 1.0
// (secure-systems-lab/dsse, protocol.md and envelope.md). What it holds is not to
// be looked at before Open says that it is signed.
type Envelope struct {
	PayloadType string
	Payload     []byte
	Signatures  []Sig
}

// A Sig is one signature. KeyID is a hint and is never trusted.
type Sig struct {
	KeyID string
	Bytes []byte
}

// PAE returns the bytes that are signed for a payload: DSSE's pre-authentication
// encoding, "DSSEv1 len(type) type len(payload) payload".
func PAE(payloadType string, payload []byte) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload)
}

// Seal returns payload in an envelope, signed by each key. A key may sit in an
// HSM: only crypto.Signer is asked of it. Ed25519, ECDSA on P-256 (SHA-256) and
// P-384 (SHA-384), and RSA of 2048 bits or more (PSS, SHA-256) are taken; a nil one
// is an error. patch/tuf takes all of them but P-384.
func Seal(payloadType string, payload []byte, signers ...crypto.Signer) (Envelope, error) {
	if blank(payloadType) || len(payload) == 0 || len(signers) == 0 {
		return Envelope{}, errors.New("patch: an envelope needs a payload, its type, and who signs it")
	}
	e := Envelope{PayloadType: payloadType, Payload: bytes.Clone(payload)}
	seen := map[string]bool{}
	for _, s := range signers {
		public, err := keys.Public(s)
		if err != nil {
			return Envelope{}, fmt.Errorf("patch: key: %w", err)
		}
		id, err := KeyID(public)
		if err != nil {
			return Envelope{}, err
		}
		if seen[id] {
			return Envelope{}, fmt.Errorf("patch: the key %s was to sign twice", id)
		}
		seen[id] = true
		sig, err := sign(s, PAE(payloadType, payload))
		if err != nil {
			return Envelope{}, fmt.Errorf("patch: key %s: %w", id, err)
		}
		e.Signatures = append(e.Signatures, Sig{KeyID: id, Bytes: sig})
	}
	return e, nil
}

// KeyID returns the lower-case hex SHA-256 of a public key in PKIX form. A key
// that Seal does not take is an error.
func KeyID(key crypto.PublicKey) (string, error) {
	if _, err := hashOf(key); err != nil {
		return "", err
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", fmt.Errorf("patch: key: %w", err)
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:]), nil
}

// hashOf is what is hashed before signing; 0 is nothing.
func hashOf(key crypto.PublicKey) (crypto.Hash, error) {
	if err := keys.Check(key); err != nil {
		return 0, fmt.Errorf("patch: key: %w", err)
	}
	switch k := key.(type) {
	case ed25519.PublicKey:
		return 0, nil
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P384() {
			return crypto.SHA384, nil
		}
	}
	return crypto.SHA256, nil
}

func sign(s crypto.Signer, message []byte) ([]byte, error) {
	h, err := hashOf(s.Public())
	if err != nil {
		return nil, err
	}
	if h == 0 {
		return s.Sign(rand.Reader, message, crypto.Hash(0))
	}
	d := h.New()
	d.Write(message)
	if _, is := s.Public().(*rsa.PublicKey); is {
		return s.Sign(rand.Reader, d.Sum(nil), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: h})
	}
	return s.Sign(rand.Reader, d.Sum(nil), h)
}

func verify(key crypto.PublicKey, message, sig []byte) bool {
	h, err := hashOf(key)
	if err != nil {
		return false
	}
	sum := message
	if h != 0 {
		d := h.New()
		d.Write(message)
		sum = d.Sum(nil)
	}
	switch k := key.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(k, sum, sig)
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(k, sum, sig)
	case *rsa.PublicKey:
		return rsa.VerifyPSS(k, h, sum, sig, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto, Hash: h}) == nil
	}
	return false
}

// Trust is which keys are trusted, and how many of them have to have signed.
type Trust struct {
	Keys []crypto.PublicKey
	// Threshold is how many different keys; less than 1 trusts nothing.
	Threshold int
}

// Open returns the payload of e when it is of this type and signed by enough
// different keys of t, else ErrSignature. Each trusted key is tried on each
// signature: key ids are hints, and one key counts once.
func (e Envelope) Open(payloadType string, t Trust) ([]byte, error) {
	if e.PayloadType != payloadType {
		return nil, fmt.Errorf("%w: the payload is %q, not %q", ErrSignature, e.PayloadType, payloadType)
	}
	if t.Threshold < 1 {
		return nil, fmt.Errorf("%w: a threshold of %d trusts nothing", ErrSignature, t.Threshold)
	}
	if len(e.Signatures) > maxSignatures {
		return nil, fmt.Errorf("%w: %d signatures are too many", ErrSignature, len(e.Signatures))
	}
	message := PAE(e.PayloadType, e.Payload)
	good := map[string]bool{}
	for _, k := range t.Keys {
		id, err := KeyID(k)
		if err != nil {
			return nil, err
		}
		for _, s := range e.Signatures {
			if !good[id] && verify(k, message, s.Bytes) {
				good[id] = true
			}
		}
	}
	if len(good) < t.Threshold {
		return nil, fmt.Errorf("%w: %d of %d", ErrSignature, len(good), t.Threshold)
	}
	return bytes.Clone(e.Payload), nil
}

// maxSignatures bounds the work that an envelope can ask for.
const maxSignatures = 64

type envelopeJSON struct {
	PayloadType *string   `json:"payloadType"`
	Payload     *string   `json:"payload"`
	Signatures  []sigJSON `json:"signatures"`
}

type sigJSON struct {
	KeyID string  `json:"keyid,omitempty"`
	Sig   *string `json:"sig"`
}

// MarshalJSON writes e as DSSE's JSON envelope, in standard base64.
func (e Envelope) MarshalJSON() ([]byte, error) {
	text := func(b []byte) *string { s := base64.StdEncoding.EncodeToString(b); return &s }
	out := envelopeJSON{PayloadType: &e.PayloadType, Payload: text(e.Payload), Signatures: []sigJSON{}}
	for _, s := range e.Signatures {
		out.Signatures = append(out.Signatures, sigJSON{KeyID: s.KeyID, Sig: text(s.Bytes)})
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads DSSE's JSON envelope. Fields that are not known are left
// out, as DSSE asks; base64 may be the standard or the URL-safe one.
func (e *Envelope) UnmarshalJSON(data []byte) error {
	var in envelopeJSON
	if err := json.Unmarshal(data, &in); err != nil {
		return fmt.Errorf("patch: envelope: %w", err)
	}
	if in.PayloadType == nil || *in.PayloadType == "" || in.Payload == nil || len(in.Signatures) == 0 {
		return errors.New("patch: envelope: it has no payload, no type or no signature")
	}
	if len(in.Signatures) > maxSignatures {
		return fmt.Errorf("patch: envelope: %d signatures are too many", len(in.Signatures))
	}
	payload, err := unbase64(*in.Payload)
	if err != nil {
		return fmt.Errorf("patch: envelope: payload: %w", err)
	}
	out := Envelope{PayloadType: *in.PayloadType, Payload: payload}
	for i, s := range in.Signatures {
		if s.Sig == nil || *s.Sig == "" {
			return fmt.Errorf("patch: envelope: signature %d is empty", i+1)
		}
		b, err := unbase64(*s.Sig)
		if err != nil {
			return fmt.Errorf("patch: envelope: signature %d: %w", i+1, err)
		}
		out.Signatures = append(out.Signatures, Sig{KeyID: s.KeyID, Bytes: b})
	}
	*e = out
	return nil
}

func unbase64(s string) ([]byte, error) {
	enc := base64.StdEncoding
	if strings.ContainsAny(s, "-_") {
		enc = base64.URLEncoding
	}
	if len(s)%4 != 0 && !strings.Contains(s, "=") {
		if enc == base64.StdEncoding {
			enc = base64.RawStdEncoding
		} else {
			enc = base64.RawURLEncoding
		}
	}
	return enc.Strict().DecodeString(s)
}

// ReadEnvelope reads one JSON envelope of at most 16 MiB and nothing after it.
func ReadEnvelope(r io.Reader) (Envelope, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxEnvelope+1))
	if err != nil {
		return Envelope{}, fmt.Errorf("patch: envelope: %w", err)
	}
	if len(data) > maxEnvelope {
		return Envelope{}, fmt.Errorf("patch: envelope: it has more than %d bytes", maxEnvelope)
	}
	var e Envelope
	if err := json.Unmarshal(data, &e); err != nil {
		return Envelope{}, err
	}
	return e, nil
}
