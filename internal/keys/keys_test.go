package keys_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/internal/keys"
)

type around struct{ crypto.Signer }

func TestAKeyThatIsNotThereIsAnError(t *testing.T) {
	t.Parallel()
	for _, s := range []crypto.Signer{
		nil, around{}, (*around)(nil), (*ecdsa.PrivateKey)(nil), (*rsa.PrivateKey)(nil), ed25519.PrivateKey(nil), ed25519.PrivateKey{1},
		&ecdsa.PrivateKey{}, &rsa.PrivateKey{}, around{(*ecdsa.PrivateKey)(nil)},
	} {
		_, err := keys.Public(s)
		require.Error(t, err, "%T", s)
	}
	for _, k := range []crypto.PublicKey{
		nil, 1, (*ecdsa.PublicKey)(nil), &ecdsa.PublicKey{}, &ecdsa.PublicKey{Curve: elliptic.P256()}, (*rsa.PublicKey)(nil), &rsa.PublicKey{},
		&rsa.PublicKey{N: big.NewInt(15), E: 3}, ed25519.PublicKey(nil), ed25519.PublicKey("short"),
	} {
		require.Error(t, keys.Check(k), "%T", k)
	}
}

func TestAKeyThatIsWholeIsTaken(t *testing.T) {
	t.Parallel()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	for _, s := range []crypto.Signer{ed, around{ed}} {
		key, err := keys.Public(s)
		require.NoError(t, err)
		require.Equal(t, ed.Public(), key)
	}
	for curve, fits := range map[elliptic.Curve]bool{elliptic.P224(): false, elliptic.P256(): true, elliptic.P384(): true, elliptic.P521(): false} {
		p, err := ecdsa.GenerateKey(curve, rand.Reader)
		require.NoError(t, err)
		require.Equal(t, fits, keys.Check(p.Public()) == nil)
	}
}
