package csaf

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/open-postmarket/postmarket/feeds/fetch"
)

// Verify says what becomes of a document whose hash or signature is missing or cannot
// be checked. One whose hash or signature is wrong is never told, whatever this says.
type Verify string

// The zero value tells the document, and Options.Notice of what is missing.
const (
	VerifyReport Verify = ""
	// VerifyHash rejects a document without a hash that is right.
	VerifyHash Verify = "hash"
	// VerifySignature rejects a document without a signature of a key of the provider; a
	// hash may be missing then.
	VerifySignature Verify = "signature"
)

// Valid reports whether v is one of the three.
func (v Verify) Valid() bool { return v == VerifyReport || v == VerifyHash || v == VerifySignature }

// What a Notice is about, or a *feeds.RecordError.
var (
	// ErrNoHash and ErrNoSignature: the provider publishes none.
	ErrNoHash      = errors.New("no hash is published")
	ErrNoSignature = errors.New("no signature is published")
	// ErrNotVerified: there is a signature, and no key to check it with.
	ErrNotVerified = errors.New("the signature cannot be checked")
	// ErrWrong: the hash or the signature is of another document.
	ErrWrong = errors.New("it is not the document that was hashed or signed")
	// ErrRefused: a list that is not for everybody is not for this reader, and was passed over.
	ErrRefused = errors.New("a list is not for this reader")
)

// A Notice tells of something that is not as it should be, with which the reading went on.
type Notice struct {
	// URL is the document, list or key; Err is one of the errors above, with details.
	URL string
	Err error
}

// proof is what was found out of one document.
type proof struct {
	// hashed and signed say that a hash, a signature was right.
	hashed, signed bool
	// wrong is set when one was wrong; broken when one that is promised could not be had.
	wrong, broken error
	// lacking is what is missing or could not be checked.
	lacking []error
}

// verify checks a body against what is published beside it. An error ends the reading.
func (r *reading) verify(ctx context.Context, e entry, body []byte) (p proof, err error) {
	hashes := e.hashes
	if e.beside {
		hashes = []string{e.address + ".sha512", e.address + ".sha256"}
	}
	for _, address := range hashes {
		answer, err := r.get(ctx, address, fetch.Validators{}, maxProof)
		if e.beside && absent(err) {
			continue
		}
		if err == nil {
			err = checkHash(body, answer.Body, address, path.Base(e.address))
		}
		switch {
		case ctx.Err() != nil:
			return p, ctx.Err()
		case errors.Is(err, ErrWrong):
			p.wrong = errors.Join(p.wrong, err)
		case err != nil && ends(err):
			return p, err
		case err != nil:
			p.broken = errors.Join(p.broken, err)
		default:
			p.hashed = true
		}
		if e.beside {
			break
		}
	}
	if !p.hashed && p.wrong == nil {
		p.lacking = append(p.lacking, ErrNoHash)
		if e.beside && r.provider.trusted && p.broken == nil {
			p.broken = errors.Join(p.broken, fmt.Errorf("%s: %w, by a trusted provider", e.address, ErrNoHash))
		}
	}
	return p, r.signature(ctx, e, body, &p)
}

func (r *reading) signature(ctx context.Context, e entry, body []byte, p *proof) error {
	address := e.signature
	if e.beside {
		address = e.address + ".asc"
	}
	if address == "" {
		p.lacking = append(p.lacking, ErrNoSignature)
		return nil
	}
	answer, err := r.get(ctx, address, fetch.Validators{}, maxProof)
	if absent(err) && e.beside && !r.provider.trusted {
		p.lacking = append(p.lacking, ErrNoSignature)
		return nil
	}
	var keys openpgp.EntityList
	if err == nil {
		if keys, err = r.keys(ctx); err != nil {
			return err
		}
		err = checkSignature(keys, body, answer.Body, address)
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil:
		p.signed = true
	case errors.Is(err, ErrNotVerified):
		p.lacking = append(p.lacking, err)
	case errors.Is(err, ErrWrong):
		p.wrong = errors.Join(p.wrong, err)
	case ends(err):
		return err
	default:
		p.lacking = append(p.lacking, ErrNoSignature)
		p.broken = errors.Join(p.broken, err)
	}
	return nil
}

// checkHash compares a body with the content of a hash file: hexadecimal digits, and the
// name of the file.
func checkHash(body, file []byte, address, name string) error {
	fields := strings.Fields(string(file))
	if len(fields) == 0 {
		return fmt.Errorf("%s: no hash in it", address)
	}
	want, err := hex.DecodeString(fields[0])
	if err != nil {
		return fmt.Errorf("%s: no hash in it, or cut off", address)
	}
	if len(fields) > 1 {
		called := path.Base(strings.TrimPrefix(strings.Join(fields[1:], " "), "*"))
		if called != name && strings.HasPrefix(name, called) {
			return fmt.Errorf("%s: it is cut off after %q", address, called)
		}
	}
	var is []byte
	switch len(want) {
	case sha512.Size:
		sum := sha512.Sum512(body)
		is = sum[:]
	case sha256.Size:
		sum := sha256.Sum256(body)
		is = sum[:]
	default:
		return fmt.Errorf("%s: a hash of %d bytes, or cut off", address, len(want))
	}
	if !bytes.Equal(is, want) {
		return fmt.Errorf("%s: %w: its hash is %x", address, ErrWrong, is)
	}
	return nil
}

const armorEnd = "-----END PGP SIGNATURE-----"

// checkSignature checks a detached signature. The keys count as of the instant at which
// the signature says that it was made, since documents outlive keys.
func checkSignature(keys openpgp.EntityList, body, file []byte, address string) error {
	at, packed, err := signed(file)
	if err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	if len(keys) == 0 {
		return fmt.Errorf("%s: %w: there is no key of the provider", address, ErrNotVerified)
	}
	_, err = openpgp.CheckDetachedSignature(keys, bytes.NewReader(body), bytes.NewReader(packed), &packet.Config{Time: func() time.Time { return at }})
	var unsupported pgperrors.UnsupportedError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgperrors.ErrUnknownIssuer), errors.Is(err, pgperrors.ErrKeyExpired), errors.Is(err, pgperrors.ErrKeyRevoked),
		errors.Is(err, pgperrors.ErrSignatureExpired), errors.As(err, &unsupported):
		return fmt.Errorf("%s: %w: %w", address, ErrNotVerified, err)
	}
	return fmt.Errorf("%s: %w: %w", address, ErrWrong, err)
}

// signed reads a signature file, armored or not: when the first signature in it was made, and
// the packets. What is no signature, or is cut off, is an error.
func signed(file []byte) (at time.Time, packed []byte, err error) {
	packed = file
	if text := bytes.TrimSpace(file); bytes.HasPrefix(text, []byte("-----BEGIN")) {
		block, err := armor.Decode(bytes.NewReader(text))
		if err != nil {
			return at, nil, fmt.Errorf("no signature: %w", err)
		}
		if block.Type != openpgp.SignatureType || !bytes.HasSuffix(text, []byte(armorEnd)) {
			return at, nil, fmt.Errorf("no signature, or cut off: a block of %q", block.Type)
		}
		if packed, err = io.ReadAll(block.Body); err != nil {
			return at, nil, fmt.Errorf("no signature: %w", err)
		}
	}
	p, err := packet.NewReader(bytes.NewReader(packed)).Next()
	if err != nil {
		return at, nil, fmt.Errorf("no signature: %w", err)
	}
	sig, ok := p.(*packet.Signature)
	if !ok {
		return at, nil, fmt.Errorf("no signature: a packet of the kind %T", p)
	}
	return sig.CreationTime, packed, nil
}

// keys reads the keys of the provider, once in a reading. One that cannot be had or used is
// told; without any, signatures cannot be checked.
func (r *reading) keys(ctx context.Context) (openpgp.EntityList, error) {
	if r.ring != nil {
		return *r.ring, nil
	}
	ring := openpgp.EntityList{}
	if len(r.opts.Keys) > 0 {
		own, err := readKeys(r.opts.Keys)
		if err != nil {
			return nil, fmt.Errorf("keys of the options: %w", err)
		}
		ring = own
		r.ring = &ring
		return ring, nil
	}
	for _, k := range r.provider.keys {
		found, err := r.key(ctx, k)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			r.notice(k.address, fmt.Errorf("%w: a key of the provider: %w", ErrNotVerified, err))
			continue
		}
		ring = append(ring, found...)
	}
	r.ring = &ring
	return ring, nil
}

func (r *reading) key(ctx context.Context, k key) (openpgp.EntityList, error) {
	answer, err := r.get(ctx, k.address, fetch.Validators{}, maxKey)
	if err != nil {
		return nil, err
	}
	found, err := readKeys(answer.Body)
	if err != nil {
		return nil, err
	}
	want := strings.ToLower(strings.NewReplacer(" ", "", ":", "").Replace(k.fingerprint))
	if want == "" {
		return found, nil
	}
	for _, e := range found {
		if hex.EncodeToString(e.PrimaryKey.Fingerprint) == want {
			return openpgp.EntityList{e}, nil
		}
	}
	return nil, fmt.Errorf("there is none with the fingerprint %q", k.fingerprint)
}

func readKeys(body []byte) (openpgp.EntityList, error) {
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("-----BEGIN")) {
		return openpgp.ReadArmoredKeyRing(bytes.NewReader(body))
	}
	return openpgp.ReadKeyRing(bytes.NewReader(body))
}
