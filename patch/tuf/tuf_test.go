package tuf_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/stretchr/testify/require"
	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/patch/tuf"
)

var noon = time.Date(2026, 3, 12, 12, 0, 0, 0, time.UTC)

func hour(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }

// hsm shows nothing of a key but crypto.Signer.
type hsm struct{ key crypto.Signer }

func (h hsm) Public() crypto.PublicKey { return h.key.Public() }
func (h hsm) Sign(r io.Reader, d []byte, o crypto.SignerOpts) ([]byte, error) {
	return h.key.Sign(r, d, o)
}

func key(n byte) crypto.Signer {
	return hsm{ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))}
}

// keys has two keys for root and targets, and one for the others, all from n on.
func keys(n byte) tuf.Keys {
	return tuf.Keys{
		tuf.Root: {key(n), key(n + 1)}, tuf.Targets: {key(n + 2), key(n + 3)},
		tuf.Snapshot: {key(n + 4)}, tuf.Timestamp: {key(n + 5)},
	}
}

func daily(k tuf.Keys) tuf.Keys {
	return tuf.Keys{tuf.Snapshot: k[tuf.Snapshot], tuf.Timestamp: k[tuf.Timestamp]}
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		require.NoError(t, err)
		return v
	}
}

// published is what a repository is on disk, as a map that a test may change.
func published(t testing.TB, r *tuf.Repository) fstest.MapFS {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, r.Publish(dir))
	out := fstest.MapFS{}
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(dir, p))
		out[p] = &fstest.MapFile{Data: b}
		return err
	}))
	return out
}

// A world is a publisher with two states, and a device that has seen the first.
type world struct {
	one, two *tuf.Repository
	old, new fstest.MapFS
	dir      string
	root     []byte
}

func newWorld(t testing.TB) world {
	t.Helper()
	repo := must[*tuf.Repository](t)
	w := world{dir: t.TempDir()}
	empty := repo(tuf.Create(keys(10), nil, noon))
	w.root = empty.RootBytes()
	w.one = repo(empty.Add(map[string][]byte{"pump/6/a.bin": []byte("six")}, keys(10), hour(1)))
	w.two = repo(w.one.Add(map[string][]byte{"pump/7/a.bin": []byte("seven")}, keys(10), hour(2)))
	w.old, w.new = published(t, w.one), published(t, w.two)
	return w
}

func (w world) client(t testing.TB, from tuf.Source) *tuf.Client {
	t.Helper()
	return must[*tuf.Client](t)(tuf.NewClient(w.dir, w.root, from))
}

func (w world) see(t testing.TB, fsys fs.FS, at time.Time) {
	t.Helper()
	require.NoError(t, w.client(t, tuf.Dir(fsys)).Update(t.Context(), at))
}

func TestADeviceGetsWhatWasPublished(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.client(t, tuf.Dir(w.new))
	_, err := c.Get(t.Context(), "pump/7/a.bin")
	require.ErrorContains(t, err, "before an update")
	require.Empty(t, c.Names())
	require.NoError(t, c.Update(t.Context(), hour(3)))
	require.Equal(t, []string{"pump/6/a.bin", "pump/7/a.bin"}, c.Names())
	b, err := c.Get(t.Context(), "pump/7/a.bin")
	require.NoError(t, err)
	require.Equal(t, "seven", string(b))
	_, err = c.Get(t.Context(), "pump/8/a.bin")
	require.ErrorIs(t, err, tuf.ErrNotFound)
	b, err = os.ReadFile(filepath.Join(w.dir, "targets", "pump", "7", "a.bin"))
	require.NoError(t, err)
	require.Equal(t, "seven", string(b))

	offline := w.client(t, tuf.Dir(w.new))
	require.NoError(t, offline.Update(t.Context(), hour(3)))
	delete(w.new, "targets/pump/7/"+sum("seven")+".a.bin")
	b, err = offline.Get(t.Context(), "pump/7/a.bin")
	require.NoError(t, err, "it is kept")
	require.Equal(t, "seven", string(b))
}

func sum(s string) string { h := sha256.Sum256([]byte(s)); return hex.EncodeToString(h[:]) }

func TestADeviceGetsItOverHTTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := httptest.NewServer(http.FileServerFS(w.new))
	defer server.Close()
	c := w.client(t, tuf.HTTP(server.URL, server.Client()))
	require.NoError(t, c.Update(t.Context(), hour(3)))
	b, err := c.Get(t.Context(), "pump/7/a.bin")
	require.NoError(t, err)
	require.Equal(t, "seven", string(b))
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }))
	defer broken.Close()
	err = w.client(t, tuf.HTTP(broken.URL, nil)).Update(t.Context(), hour(3))
	require.ErrorContains(t, err, "503")
	require.NotErrorIs(t, err, tuf.ErrRefused)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, w.client(t, tuf.HTTP(server.URL, nil)).Update(ctx, hour(3)), context.Canceled)
	require.ErrorIs(t, w.client(t, tuf.Dir(w.new)).Update(ctx, hour(3)), context.Canceled)
}

// sealed signs metadata as a thief of the keys would.
func sealed[T metadata.Roles](t *testing.T, m *metadata.Metadata[T], signers ...crypto.Signer) []byte {
	t.Helper()
	m.ClearSignatures()
	for _, s := range signers {
		_, err := m.Sign(thief{s})
		require.NoError(t, err)
	}
	b, err := m.ToBytes(false)
	require.NoError(t, err)
	return b
}

type thief struct{ key crypto.Signer }

func (s thief) PublicKey(...signature.PublicKeyOption) (crypto.PublicKey, error) {
	return s.key.Public(), nil
}

func (s thief) SignMessage(m io.Reader, _ ...signature.SignOption) ([]byte, error) {
	b, err := io.ReadAll(m)
	if err != nil {
		return nil, err
	}
	return s.key.Sign(rand.Reader, b, crypto.Hash(0))
}

func described(version int64, b []byte) *metadata.MetaFiles {
	h := sha256.Sum256(b)
	return &metadata.MetaFiles{Version: version, Length: int64(len(b)), Hashes: metadata.Hashes{"sha256": h[:]}}
}

func file(b []byte) *fstest.MapFile { return &fstest.MapFile{Data: b} }

// reasons are why each attack fails, so that none fails by accident.
var reasons = map[string]string{
	"rollback: the first state again":                                              "new timestamp version 2 must be >= 3",
	"rollback with the timestamp key: a new timestamp of the old snapshot":         "new snapshot version 2 must be >= 3",
	"rollback with the timestamp and snapshot keys: old targets in a new snapshot": "expected targets.json version 2, got 3",
	"freeze: the same state for ever":                                              "timestamp.json is expired",
	"freeze: past the date of the snapshot":                                        "snapshot.json is expired",
	"mix and match: the first snapshot under the name of the next":                 "hash verification failed",
	"mix and match: the first targets under the name of the next":                  "hash verification failed",
	"mix and match: other targets of the same version, with the targets keys":      "hash verification failed",
	"compromise: the timestamp key signs a snapshot":                               "Verifying snapshot failed",
	"compromise: one of two targets keys, with the snapshot and timestamp keys":    "Verifying targets failed, not enough signatures, got 1, want 2",
	"compromise: one of two targets keys, signing twice":                           "multiple signatures found",
	"compromise: a root by one of two root keys":                                   "Verifying root failed, not enough signatures, got 1, want 2",
	"compromise: a root with a threshold of nought":                                "Verifying root failed, not enough signatures, got 0, want 2",
	"another publisher with a root of its own":                                     "Verifying root failed",
	"a timestamp that names nothing, with its key":                                 "it names no snapshot.json",
	"an unsigned timestamp":                                                        "Verifying timestamp failed",
	"endless data":                                                                 "more than 16384 bytes",
	"no JSON at all":                                                               "invalid character",
}

// Each attack is a publisher that a device meets after it saw the honest one's
// second state. It is refused, nothing that the device keeps gets worse, and the
// honest publisher is believed afterwards.
func TestEveryAttackIsRefused(t *testing.T) {
	t.Parallel()
	k := keys(10)
	parse := func(t *testing.T, b []byte) *metadata.Metadata[metadata.TimestampType] {
		return must[*metadata.Metadata[metadata.TimestampType]](t)(metadata.Timestamp().FromBytes(b))
	}
	for _, a := range []struct {
		name string
		at   time.Time // zero is an hour after the second state
		do   func(t *testing.T, w world, evil fstest.MapFS) fstest.MapFS
	}{
		{"rollback: the first state again", time.Time{}, func(_ *testing.T, w world, _ fstest.MapFS) fstest.MapFS { return w.old }},
		{"rollback with the timestamp key: a new timestamp of the old snapshot", time.Time{}, func(t *testing.T, w world, evil fstest.MapFS) fstest.MapFS {
			m := parse(t, w.old["timestamp.json"].Data)
			m.Signed.Version = 9
			evil["timestamp.json"] = file(sealed(t, m, k[tuf.Timestamp]...))
			return evil
		}},
		{"rollback with the timestamp and snapshot keys: old targets in a new snapshot", time.Time{}, func(t *testing.T, w world, evil fstest.MapFS) fstest.MapFS {
			s := must[*metadata.Metadata[metadata.SnapshotType]](t)(metadata.Snapshot().FromBytes(w.old["2.snapshot.json"].Data))
			s.Signed.Version = 9
			evil["9.snapshot.json"] = file(sealed(t, s, k[tuf.Snapshot]...))
			m := parse(t, w.new["timestamp.json"].Data)
			m.Signed.Version, m.Signed.Meta["snapshot.json"] = 9, described(9, evil["9.snapshot.json"].Data)
			evil["timestamp.json"] = file(sealed(t, m, k[tuf.Timestamp]...))
			return evil
		}},
		{"freeze: the same state for ever", hour(2 + 25), func(_ *testing.T, _ world, evil fstest.MapFS) fstest.MapFS { return evil }},
		{"freeze: past the date of the snapshot", hour(24 * 30), func(t *testing.T, w world, evil fstest.MapFS) fstest.MapFS {
			m := parse(t, w.new["timestamp.json"].Data)
			m.Signed.Version, m.Signed.Expires = 9, hour(24*60)
			evil["timestamp.json"] = file(sealed(t, m, k[tuf.Timestamp]...))
			return evil
		}},
		{"mix and match: the first snapshot under the name of the next", time.Time{}, func(t *testing.T, w world, evil fstest.MapFS) fstest.MapFS {
			next := published(t, must[*tuf.Repository](t)(w.two.Add(map[string][]byte{"x": []byte("x")}, k, hour(3))))
			next["4.snapshot.json"] = w.new["3.snapshot.json"]
			return next
		}},
		{"mix and match: the first targets under the name of the next", time.Time{}, func(t *testing.T, w world, evil fstest.MapFS) fstest.MapFS {
			next := published(t, must[*tuf.Repository](t)(w.two.Add(map[string][]byte{"x": []byte("x")}, k, hour(3))))
			next["4.targets.json"] = w.old["2.targets.json"]
			return next
		}},
		{"mix and match: other targets of the same version, with the targets keys", time.Time{}, func(t *testing.T, w world, evil fstest.MapFS) fstest.MapFS {
			next := published(t, must[*tuf.Repository](t)(w.two.Add(map[string][]byte{"x": []byte("x")}, k, hour(3))))
			other := published(t, must[*tuf.Repository](t)(w.two.Add(map[string][]byte{"y": []byte("y")}, k, hour(3))))
			next["4.targets.json"] = other["4.targets.json"]
			return next
		}},
		{"compromise: the timestamp key signs a snapshot", time.Time{}, func(t *testing.T, w world, evil fstest.MapFS) fstest.MapFS {
			s := must[*metadata.Metadata[metadata.SnapshotType]](t)(metadata.Snapshot().FromBytes(w.new["3.snapshot.json"].Data))
			s.Signed.Version = 4
			evil["4.snapshot.json"] = file(sealed(t, s, k[tuf.Timestamp]...))
			m := parse(t, w.new["timestamp.json"].Data)
			m.Signed.Version, m.Signed.Meta["snapshot.json"] = 9, described(4, evil["4.snapshot.json"].Data)
			evil["timestamp.json"] = file(sealed(t, m, k[tuf.Timestamp]...))
			return evil
		}},
		{"compromise: one of two targets keys, with the snapshot and timestamp keys", time.Time{}, func(t *testing.T, w world, evil fstest.MapFS) fstest.MapFS {
			g := must[*metadata.Metadata[metadata.TargetsType]](t)(metadata.Targets().FromBytes(w.new["3.targets.json"].Data))
			g.Signed.Version = 4
			bad := must[*metadata.TargetFiles](t)(metadata.TargetFile().FromBytes("pump/7/a.bin", []byte("evil")))
			g.Signed.Targets["pump/7/a.bin"] = bad
			one := k[tuf.Targets][0]
			evil["4.targets.json"] = file(sealed(t, g, one))
			s := must[*metadata.Metadata[metadata.SnapshotType]](t)(metadata.Snapshot().FromBytes(w.new["3.snapshot.json"].Data))
			s.Signed.Version, s.Signed.Meta["targets.json"] = 4, described(4, evil["4.targets.json"].Data)
			evil["4.snapshot.json"] = file(sealed(t, s, k[tuf.Snapshot]...))
			m := parse(t, w.new["timestamp.json"].Data)
			m.Signed.Version, m.Signed.Meta["snapshot.json"] = 9, described(4, evil["4.snapshot.json"].Data)
			evil["timestamp.json"] = file(sealed(t, m, k[tuf.Timestamp]...))
			return evil
		}},
		{"compromise: one of two targets keys, signing twice", time.Time{}, func(t *testing.T, w world, evil fstest.MapFS) fstest.MapFS {
			g := must[*metadata.Metadata[metadata.TargetsType]](t)(metadata.Targets().FromBytes(w.new["3.targets.json"].Data))
			g.Signed.Version = 4
			bad := must[*metadata.TargetFiles](t)(metadata.TargetFile().FromBytes("pump/7/a.bin", []byte("evil")))
			g.Signed.Targets["pump/7/a.bin"] = bad
			one := k[tuf.Targets][0]
			evil["4.targets.json"] = file(sealed(t, g, one, one))
			s := must[*metadata.Metadata[metadata.SnapshotType]](t)(metadata.Snapshot().FromBytes(w.new["3.snapshot.json"].Data))
			s.Signed.Version, s.Signed.Meta["targets.json"] = 4, described(4, evil["4.targets.json"].Data)
			evil["4.snapshot.json"] = file(sealed(t, s, k[tuf.Snapshot]...))
			m := parse(t, w.new["timestamp.json"].Data)
			m.Signed.Version, m.Signed.Meta["snapshot.json"] = 9, described(4, evil["4.snapshot.json"].Data)
			evil["timestamp.json"] = file(sealed(t, m, k[tuf.Timestamp]...))
			return evil
		}},
		{"compromise: a root by one of two root keys", time.Time{}, func(t *testing.T, w world, evil fstest.MapFS) fstest.MapFS {
			r := must[*metadata.Metadata[metadata.RootType]](t)(metadata.Root().FromBytes(w.root))
			r.Signed.Version = 2
			evil["2.root.json"] = file(sealed(t, r, k[tuf.Root][0]))
			return evil
		}},
		{"compromise: a root with a threshold of nought", time.Time{}, func(t *testing.T, w world, evil fstest.MapFS) fstest.MapFS {
			r := must[*metadata.Metadata[metadata.RootType]](t)(metadata.Root().FromBytes(w.root))
			r.Signed.Version, r.Signed.Roles["root"].Threshold = 2, 0
			evil["2.root.json"] = file(sealed(t, r))
			return evil
		}},
		{"another publisher with a root of its own", time.Time{}, func(t *testing.T, w world, _ fstest.MapFS) fstest.MapFS {
			repo := must[*tuf.Repository](t)
			x := repo(repo(tuf.Create(keys(100), nil, noon)).Rotate(keys(100)[tuf.Root], keys(100), nil, hour(3)))
			return published(t, x)
		}},
		{"a timestamp that names nothing, with its key", time.Time{}, func(t *testing.T, w world, evil fstest.MapFS) fstest.MapFS {
			m := parse(t, w.new["timestamp.json"].Data)
			m.Signed.Version = 9
			delete(m.Signed.Meta, "snapshot.json")
			evil["timestamp.json"] = file(sealed(t, m, k[tuf.Timestamp]...))
			return evil
		}},
		{"an unsigned timestamp", time.Time{}, func(t *testing.T, w world, evil fstest.MapFS) fstest.MapFS {
			evil["timestamp.json"] = file(sealed(t, parse(t, w.new["timestamp.json"].Data)))
			return evil
		}},
		{"endless data", time.Time{}, func(t *testing.T, w world, evil fstest.MapFS) fstest.MapFS {
			evil["timestamp.json"] = file(bytes.Repeat([]byte(" "), 1<<20))
			return evil
		}},
		{"no JSON at all", time.Time{}, func(t *testing.T, w world, evil fstest.MapFS) fstest.MapFS {
			evil["timestamp.json"] = file([]byte("<html>"))
			return evil
		}},
	} {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.see(t, w.new, hour(3))
			before := state(t, w.dir)
			at := a.at
			if at.IsZero() {
				at = hour(4)
			}
			c := w.client(t, tuf.Dir(a.do(t, w, maps.Clone(w.new))))
			err := c.Update(t.Context(), at)
			require.ErrorIs(t, err, tuf.ErrRefused)
			require.ErrorContains(t, err, reasons[a.name])
			require.NotEmpty(t, reasons[a.name])
			require.Empty(t, c.Names(), "nothing to get after an attack")
			require.Equal(t, before["root.json"], state(t, w.dir)["root.json"])
			require.Equal(t, before["targets.json"], state(t, w.dir)["targets.json"])

			honest := must[*tuf.Repository](t)(w.two.Add(map[string][]byte{"pump/8/a.bin": []byte("eight")}, k, at))
			for range 10 { // past what a thief of the timestamp key may have counted up to
				honest = must[*tuf.Repository](t)(honest.Refresh(daily(k), at))
			}
			c = w.client(t, tuf.Dir(published(t, honest)))
			require.NoError(t, c.Update(t.Context(), at))
			b, err := c.Get(t.Context(), "pump/8/a.bin")
			require.NoError(t, err)
			require.Equal(t, "eight", string(b))
		})
	}
}

// A device that never saw anything meets a thief of the timestamp key first.
func TestAFreshDeviceGetsOverMalformedMetadata(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, meta := range []map[string]*metadata.MetaFiles{{}, {"snapshot.json": nil}} {
		m := must[*metadata.Metadata[metadata.TimestampType]](t)(metadata.Timestamp().FromBytes(w.old["timestamp.json"].Data))
		m.Signed.Version, m.Signed.Meta = 1, meta
		evil := maps.Clone(w.old)
		evil["timestamp.json"] = file(sealed(t, m, keys(10)[tuf.Timestamp]...))
		require.ErrorIs(t, w.client(t, tuf.Dir(evil)).Update(t.Context(), hour(2)), tuf.ErrRefused)
		require.NoError(t, os.WriteFile(filepath.Join(w.dir, "metadata", "timestamp.json"), evil["timestamp.json"].Data, 0o600), "kept by an older client")
		w.see(t, w.old, hour(2))
		w.dir = t.TempDir()
	}
}

func FuzzUpdate(f *testing.F) {
	w := newWorld(f)
	for _, name := range []string{"timestamp.json", "3.snapshot.json", "3.targets.json", "2.root.json"} {
		if had, ok := w.new[name]; ok {
			f.Add(name, had.Data)
		}
		f.Add(name, []byte(`{"signed":{"_type":"timestamp","meta":{"snapshot.json":null}},"signatures":[]}`))
	}
	f.Fuzz(func(t *testing.T, name string, body []byte) {
		evil := maps.Clone(w.new)
		if had, ok := evil[name]; ok && bytes.Equal(had.Data, body) {
			return
		}
		evil[name] = file(body)
		w := world{dir: t.TempDir(), root: w.root}
		c := w.client(t, tuf.Dir(evil))
		if c.Update(t.Context(), hour(3)) == nil && !slices.Equal(c.Names(), []string{"pump/6/a.bin", "pump/7/a.bin"}) {
			t.Fatal("took what was never signed")
		}
	})
}

func state(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	files, err := os.ReadDir(filepath.Join(dir, "metadata"))
	require.NoError(t, err)
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, "metadata", f.Name()))
		require.NoError(t, err)
		out[f.Name()] = string(b)
	}
	return out
}

func TestATargetThatIsNotWhatWasSignedIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	name := "targets/pump/7/" + sum("seven") + ".a.bin"
	for _, bad := range []string{"sevem", "seve", "seven and more", ""} {
		evil := maps.Clone(w.new)
		evil[name] = file([]byte(bad))
		c := w.client(t, tuf.Dir(evil))
		require.NoError(t, c.Update(t.Context(), hour(3)))
		_, err := c.Get(t.Context(), "pump/7/a.bin")
		require.ErrorIs(t, err, tuf.ErrRefused, bad)
		_, err = os.Stat(filepath.Join(w.dir, "targets", "pump", "7", "a.bin"))
		require.ErrorIs(t, err, fs.ErrNotExist)
	}
	c := w.client(t, tuf.Dir(w.new))
	require.NoError(t, c.Update(t.Context(), hour(3)))
	_, err := c.Get(t.Context(), "pump/7/a.bin")
	require.NoError(t, err)
	kept := filepath.Join(w.dir, "targets", "pump", "7", "a.bin")
	require.NoError(t, os.WriteFile(kept, []byte("sev"), 0o600))
	b, err := c.Get(t.Context(), "pump/7/a.bin")
	require.NoError(t, err)
	require.Equal(t, "seven", string(b), "what is not whole is read again")
}

// After a compromise the keys are replaced. Whoever has the old ones, all of them,
// gets nowhere with a device that saw the new root, also when it is withheld.
func TestARevokedKeyIsNotTrustedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.see(t, w.new, hour(3))
	repo := must[*tuf.Repository](t)
	rotated := repo(w.two.Rotate(keys(10)[tuf.Root], keys(50), nil, hour(4)))
	safe := published(t, rotated)
	w.see(t, safe, hour(5))

	stolen := repo(w.two.Add(map[string][]byte{"pump/9/a.bin": []byte("evil")}, keys(10), hour(6)))
	for range 20 {
		stolen = repo(stolen.Refresh(daily(keys(10)), hour(6)))
	}
	evil := published(t, stolen)
	require.ErrorIs(t, w.client(t, tuf.Dir(evil)).Update(t.Context(), hour(6)), tuf.ErrRefused, "the new root is withheld")
	evil["2.root.json"] = safe["2.root.json"]
	require.ErrorIs(t, w.client(t, tuf.Dir(evil)).Update(t.Context(), hour(6)), tuf.ErrRefused)
	other := repo(w.two.Rotate(keys(10)[tuf.Root], keys(10), nil, hour(6)))
	other = repo(other.Rotate(keys(10)[tuf.Root], keys(10), nil, hour(6)))
	require.ErrorIs(t, w.client(t, tuf.Dir(published(t, other))).Update(t.Context(), hour(6)), tuf.ErrRefused, "another line of roots")
	w.see(t, safe, hour(6))

	_, err := w.two.Rotate(keys(50)[tuf.Root], keys(50), nil, hour(4))
	require.ErrorContains(t, err, "by the old keys")
	_, err = rotated.Refresh(daily(keys(10)), hour(5))
	require.Error(t, err, "the old keys sign nothing any more")

	// a device from the factory, with the first root, comes to the newest
	w.dir = t.TempDir()
	w.see(t, safe, hour(6))
	// and one that is shipped with the newest does not need the first
	w.dir, w.root = t.TempDir(), rotated.RootBytes()
	w.see(t, safe, hour(6))
}

// The source is cut off at each file in turn, and each kept file is cut short: the
// next update succeeds, and the device never has less than it had.
func TestAnInterruptedUpdateGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	cut := errors.New("the plug was pulled")
	for at := range 6 {
		for _, how := range []string{"error", "short"} {
			w := newWorld(t)
			w.see(t, w.old, hour(2))
			n := 0
			c := w.client(t, func(ctx context.Context, name string, limit int64) ([]byte, error) {
				b, err := tuf.Dir(w.new)(ctx, name, limit)
				if n++; n-1 == at {
					if how == "error" {
						return nil, cut
					}
					b = b[:len(b)/2]
				}
				return b, err
			})
			err := c.Update(t.Context(), hour(3))
			if err == nil {
				_, err = c.Get(t.Context(), "pump/7/a.bin")
			}
			if err != nil && how == "error" {
				require.ErrorIs(t, err, cut)
			}
			require.True(t, err != nil || at >= 5 || at == 0 && how == "short", "%d %s", at, how)
			c = w.client(t, tuf.Dir(w.new))
			require.NoError(t, c.Update(t.Context(), hour(3)))
			b, err := c.Get(t.Context(), "pump/7/a.bin")
			require.NoError(t, err)
			require.Equal(t, "seven", string(b))
		}
	}
	for _, role := range []string{"root", "timestamp", "snapshot", "targets"} {
		for _, left := range []int{0, 10} {
			w := newWorld(t)
			w.see(t, w.old, hour(2))
			kept := filepath.Join(w.dir, "metadata", role+".json")
			require.NoError(t, os.Truncate(kept, int64(left)))
			w.see(t, w.new, hour(3))
		}
	}
}

func TestAPublicationThatIsCutOffIsNotSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names := slices.SortedFunc(maps.Keys(w.new), func(a, b string) int {
		rank := func(s string) int {
			return slices.IndexFunc([]string{"targets/", ".targets.json", ".snapshot.json", ".root.json", "timestamp.json"}, func(p string) bool {
				return strings.HasPrefix(s, p) || strings.HasSuffix(s, p)
			})
		}
		return rank(a) - rank(b)
	})
	for n := range names {
		half := maps.Clone(w.old)
		for _, name := range names[:n] {
			half[name] = w.new[name]
		}
		w.dir = t.TempDir()
		w.see(t, half, hour(2))
	}
}

func TestARepositoryIsPublishedLoadedAndGoneOnWith(t *testing.T) {
	t.Parallel()
	repo := must[*tuf.Repository](t)
	w := newWorld(t)
	dir := t.TempDir()
	require.NoError(t, w.one.Publish(dir))
	require.NoError(t, w.two.Publish(dir))
	require.NoError(t, w.two.Publish(dir), "again")
	r := repo(tuf.Load(os.DirFS(dir), w.root, nil))
	require.Equal(t, w.two.Names(), r.Names())
	r = repo(r.Rotate(keys(10)[tuf.Root], keys(50), &tuf.Options{Threshold: map[tuf.Role]int{tuf.Targets: 1}}, hour(24*400)))
	r = repo(r.Withdraw([]string{"pump/6/a.bin"}, keys(50), hour(24*400)))
	_, err := r.Withdraw([]string{"pump/6/a.bin"}, keys(50), hour(24*400))
	require.ErrorContains(t, err, "no target")
	require.NoError(t, r.Publish(dir))
	require.ErrorContains(t, w.two.Publish(t.TempDir()+"/\x00"), "publish")
	again := repo(tuf.Load(os.DirFS(dir), w.root, nil))
	require.Equal(t, []string{"pump/7/a.bin"}, again.Names())
	require.Equal(t, r.RootBytes(), again.RootBytes())
	c := w.client(t, tuf.Dir(os.DirFS(dir)))
	require.NoError(t, c.Update(t.Context(), hour(24*400)))
	require.Equal(t, []string{"pump/7/a.bin"}, c.Names())

	other := repo(repo(tuf.Create(keys(10), nil, noon)).Add(map[string][]byte{"b": []byte("b")}, keys(10), hour(1)))
	require.ErrorContains(t, other.Publish(dir), "differs")
	_, err = tuf.Load(os.DirFS(dir), repo(tuf.Create(keys(100), nil, noon)).RootBytes(), nil)
	require.Error(t, err, "another root")
	for _, name := range []string{"timestamp.json", "3.snapshot.json", "3.targets.json", "2.root.json"} {
		broken := published(t, w.two)
		broken[name] = file([]byte("{}"))
		_, err := tuf.Load(broken, w.root, nil)
		require.Error(t, err, name)
	}
}

func TestARepositoryRefusesWhatAClientWould(t *testing.T) {
	t.Parallel()
	k := keys(10)
	create := func(k tuf.Keys, o *tuf.Options) error { _, err := tuf.Create(k, o, noon); return err }
	none := keys(10)
	delete(none, tuf.Snapshot)
	require.ErrorContains(t, create(none, nil), "snapshot: 0 of 0 keys")
	require.ErrorContains(t, create(k, &tuf.Options{Threshold: map[tuf.Role]int{tuf.Root: 3}}), "root: 3 of 2")
	require.ErrorContains(t, create(k, &tuf.Options{Threshold: map[tuf.Role]int{tuf.Root: -1}}), "root: -1 of 2")
	twice := keys(10)
	twice[tuf.Root] = []crypto.Signer{key(1), key(1)}
	require.ErrorContains(t, create(twice, nil), "are different")
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	odd := keys(10)
	odd[tuf.Root] = []crypto.Signer{hsm{p384}}
	require.ErrorContains(t, create(odd, nil), "P-256")
	for _, s := range []crypto.Signer{nil, hsm{}, (*ecdsa.PrivateKey)(nil), (*rsa.PrivateKey)(nil), ed25519.PrivateKey(nil), &ecdsa.PrivateKey{}} {
		for _, role := range []tuf.Role{tuf.Root, tuf.Targets, tuf.Snapshot, tuf.Timestamp} {
			odd := keys(10)
			odd[role] = []crypto.Signer{s}
			require.ErrorContains(t, create(odd, nil), "tuf: "+string(role), "%T", s)
		}
	}
	for _, role := range []tuf.Role{tuf.Targets, tuf.Snapshot, tuf.Timestamp} {
		shared := keys(10)
		shared[role] = []crypto.Signer{key(1), shared[tuf.Root][1]}
		require.ErrorContains(t, create(shared, nil), "tuf: "+string(role)+": a key of root")
	}

	w := newWorld(t)
	for _, s := range []crypto.Signer{nil, hsm{}} {
		odd := keys(10)
		odd[tuf.Snapshot] = []crypto.Signer{s}
		_, err := w.one.Refresh(odd, noon)
		require.Error(t, err)
		_, err = w.one.Rotate([]crypto.Signer{s}, keys(50), nil, noon)
		require.ErrorContains(t, err, "by the old keys")
		_, err = w.one.Rotate(keys(10)[tuf.Root], odd, nil, noon)
		require.ErrorContains(t, err, "tuf: snapshot")
	}
	shared := keys(50)
	shared[tuf.Targets] = shared[tuf.Root]
	_, err = w.one.Rotate(keys(10)[tuf.Root], shared, nil, noon)
	require.ErrorContains(t, err, "a key of root")
	for _, name := range []string{"", ".", "/etc/passwd", "../x", "a//b", `a\b`, "a:b"} {
		_, err := w.one.Add(map[string][]byte{name: []byte("x")}, k, noon)
		require.ErrorContains(t, err, "plain path", name)
	}
	_, err = w.one.Add(map[string][]byte{"a": nil}, k, noon)
	require.ErrorContains(t, err, "empty")
	one := keys(10)
	one[tuf.Targets] = one[tuf.Targets][:1]
	_, err = w.one.Add(map[string][]byte{"a": []byte("x")}, one, noon)
	require.ErrorContains(t, err, "targets")
	require.Equal(t, []string{"pump/6/a.bin"}, w.one.Names(), "the old one is as it was")
	_, err = tuf.NewClient(t.TempDir(), []byte("{}"), tuf.Dir(w.new))
	require.Error(t, err)
	_, err = tuf.NewClient("", w.root, tuf.Dir(w.new))
	require.ErrorContains(t, err, "missing")
}

func TestKeysOfAnyKindFit(t *testing.T) {
	t.Parallel()
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	r2048, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	root2048, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	k := tuf.Keys{tuf.Root: {hsm{root2048}}, tuf.Targets: {hsm{p256}, key(1)}, tuf.Snapshot: {hsm{p256}}, tuf.Timestamp: {hsm{r2048}}}
	repo := must[*tuf.Repository](t)
	r := repo(repo(tuf.Create(k, nil, noon)).Add(map[string][]byte{"a b%20/c": []byte("x")}, k, noon))
	c := must[*tuf.Client](t)(tuf.NewClient(t.TempDir(), r.RootBytes(), tuf.Dir(published(t, r))))
	require.NoError(t, c.Update(t.Context(), hour(1)))
	b, err := c.Get(t.Context(), "a b%20/c")
	require.NoError(t, err)
	require.Equal(t, "x", string(b))
}

// release is one that stands for any: that a change was approved is not for this
// package to know.
func release() (patch.Release, map[string][]byte) {
	files := map[string][]byte{}
	f := func(name string) patch.File {
		files[name] = []byte("bytes of " + name)
		return patch.Attach(name, files[name])
	}
	return patch.Release{
		Schema: patch.Schema, Product: "pump", Version: "2.2", Sequence: 7, Changes: []string{"c"}, From: []string{"2.1"},
		Files:     []patch.File{f("pump-2.2.bin")},
		Documents: []patch.File{f("change-description"), f("installation"), f("rollback"), f("known-issues")},
		SBOM:      f("sbom"), VEX: f("vex"), Interrupted: "It goes on with 2.1.", Test: "report 12", At: noon,
	}, files
}

func TestASignedReleaseTravelsWithItsFiles(t *testing.T) {
	t.Parallel()
	rel, files := release()
	e, err := rel.Sign(key(1), key(2))
	require.NoError(t, err)
	trust := patch.Trust{Keys: []crypto.PublicKey{key(1).Public(), key(2).Public()}, Threshold: 2}
	repo := must[*tuf.Repository](t)
	r := repo(tuf.Create(keys(10), nil, noon))
	add := func(change func(map[string][]byte)) error {
		all := maps.Clone(files)
		change(all)
		_, err := r.AddRelease(e, trust, all, keys(10), noon)
		return err
	}
	require.ErrorContains(t, add(func(m map[string][]byte) { delete(m, "sbom") }), `"sbom" is missing`)
	require.ErrorContains(t, add(func(m map[string][]byte) { m["vex"] = []byte("x") }), `"vex" is missing or not`)
	require.ErrorContains(t, add(func(m map[string][]byte) { m["extra"] = []byte("x") }), "does not describe")
	_, err = r.AddRelease(e, patch.Trust{Keys: trust.Keys[:1], Threshold: 2}, files, keys(10), noon)
	require.ErrorIs(t, err, patch.ErrSignature)
	r = repo(r.AddRelease(e, trust, files, keys(10), noon))
	_, err = r.AddRelease(e, trust, files, keys(10), noon)
	require.ErrorContains(t, err, "published already")

	c := must[*tuf.Client](t)(tuf.NewClient(t.TempDir(), r.RootBytes(), tuf.Dir(published(t, r))))
	require.NoError(t, c.Update(t.Context(), hour(1)))
	b, err := c.Get(t.Context(), tuf.ReleaseName(rel))
	require.NoError(t, err)
	var got patch.Envelope
	require.NoError(t, json.Unmarshal(b, &got))
	device := patch.Installed{Product: "pump", Version: "2.1", Sequence: 6, Highest: 6}
	device, err = device.Stage(got, nil, patch.Trusted{Release: trust}, hour(1), func(name string) ([]byte, error) {
		return c.Get(t.Context(), "pump/7/"+name)
	})
	require.NoError(t, err)
	require.Equal(t, "2.2", device.Ran(false).Version)
}

func ExampleCreate() {
	fail := func(err error) bool {
		if err != nil {
			fmt.Println(err)
		}
		return err != nil
	}
	dir, err := os.MkdirTemp("", "updates")
	if fail(err) {
		return
	}
	defer os.RemoveAll(dir)
	k := keys(10) // any crypto.Signer
	repo, err := tuf.Create(k, nil, noon)
	if fail(err) {
		return
	}
	root := repo.RootBytes() // goes onto the device in the factory
	repo, err = repo.Add(map[string][]byte{"pump/7/a.bin": []byte("seven")}, k, noon)
	if fail(err) || fail(repo.Publish(filepath.Join(dir, "srv"))) {
		return
	}
	c, err := tuf.NewClient(filepath.Join(dir, "device"), root, tuf.Dir(os.DirFS(filepath.Join(dir, "srv"))))
	if fail(err) || fail(c.Update(context.Background(), hour(1))) {
		return
	}
	body, err := c.Get(context.Background(), "pump/7/a.bin")
	fmt.Println(c.Names(), string(body), err)
	// the publisher is silent for two days: nobody can tell it from one that is held
	// back
	err = c.Update(context.Background(), hour(49))
	fmt.Println(errors.Is(err, tuf.ErrRefused), err)
	// Output:
	// [pump/7/a.bin] seven <nil>
	// true tuf: refused: expired metadata error: timestamp.json is expired
}

// After a compromise every key is replaced; a device that saw that trusts none of
// the old ones again.
func ExampleRepository_Rotate() {
	old, fresh := keys(10), keys(50)
	repo, err := tuf.Create(old, nil, noon)
	if err != nil {
		fmt.Println(err)
		return
	}
	next, err := repo.Rotate(old[tuf.Root], fresh, nil, hour(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = next.Add(map[string][]byte{"a": []byte("a")}, fresh, hour(2))
	fmt.Println(err)
	_, err = next.Add(map[string][]byte{"a": []byte("a")}, old, hour(2))
	fmt.Println(err != nil)
	// Output:
	// <nil>
	// true
}
