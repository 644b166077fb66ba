// Package keys looks at the keys that sign before anybody works with them: one that
// is nil or half made is an error, where the standard library panics.
package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
)

// Public returns the public key of s, checked.
func Public(s crypto.Signer) (key crypto.PublicKey, err error) {
	if s == nil {
		return nil, errors.New("a signer is nil")
	}
	defer func() {
		if p := recover(); p != nil { // a nil pointer, or a signer around one
			key, err = nil, fmt.Errorf("a %T has no public key: %v", s, p)
		}
	}()
	key = s.Public()
	return key, Check(key)
}

// Check reports whether key is an Ed25519 key, an ECDSA key on P-256 or P-384, or an
// RSA key of 2048 bits or more, and whole.
func Check(key crypto.PublicKey) error {
	switch k := key.(type) {
	case ed25519.PublicKey:
		if len(k) != ed25519.PublicKeySize {
			return fmt.Errorf("an Ed25519 key has %d bytes, not %d", ed25519.PublicKeySize, len(k))
		}
		return nil
	case *ecdsa.PublicKey:
		if k == nil || k.Curve == nil {
			return errors.New("an ECDSA key is empty")
		}
		if k.Curve != elliptic.P256() && k.Curve != elliptic.P384() {
			return errors.New("only the curves P-256 and P-384 are taken")
		}
		return onCurve(k)
	case *rsa.PublicKey:
		if k == nil || k.N == nil || k.N.BitLen() < 2048 {
			return errors.New("an RSA key has at least 2048 bits")
		}
		return nil
	}
	return fmt.Errorf("a key that is a %T is not taken", key)
}

func onCurve(k *ecdsa.PublicKey) (err error) {
	defer func() {
		if recover() != nil { // it has no coordinates
			err = errors.New("an ECDSA key is empty")
		}
	}()
	_, err = k.Bytes()
	return err
}
