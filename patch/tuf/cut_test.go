package tuf_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/open-postmarket/postmarket/patch/tuf"
)

// randomKeys sign the same bytes differently each time, as an HSM does with ECDSA.
func randomKeys(t testing.TB) tuf.Keys {
	t.Helper()
	k := tuf.Keys{}
	for _, role := range []tuf.Role{tuf.Root, tuf.Targets, tuf.Snapshot, tuf.Timestamp} {
		for range 2 {
			p, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			require.NoError(t, err)
			k[role] = append(k[role], hsm{p})
		}
	}
	return k
}

func everyKey(k tuf.Keys) []crypto.Signer {
	return slices.Concat(slices.Collect(maps.Values(k))...)
}

// changed are the files of a full publication of next over dir that were not there,
// or were others.
func changed(t *testing.T, dir string, next *tuf.Repository) []string {
	t.Helper()
	full := t.TempDir()
	require.NoError(t, os.CopyFS(full, os.DirFS(dir)))
	require.NoError(t, next.Publish(full))
	var out []string
	require.NoError(t, fs.WalkDir(os.DirFS(full), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		was, _ := os.ReadFile(filepath.Join(dir, p))
		is, err := os.ReadFile(filepath.Join(full, p))
		if !bytes.Equal(was, is) {
			out = append(out, p)
		}
		return err
	}))
	return out
}

// cutAt publishes next in dir and is cut off before the file name.
func cutAt(t *testing.T, dir, name string, next *tuf.Repository) {
	t.Helper()
	file := filepath.Join(dir, name)
	had, errHad := os.ReadFile(file)
	require.NoError(t, os.RemoveAll(file))
	require.NoError(t, os.MkdirAll(filepath.Join(file, "in the way"), 0o755))
	require.Error(t, next.Publish(dir), name)
	require.NoError(t, os.RemoveAll(file))
	if errHad == nil {
		require.NoError(t, os.WriteFile(file, had, 0o600))
	}
}

// A publication is cut off before each of its files, once and again. Devices see the
// state before or the one after, and another process goes on from the folder.
func TestAPublicationThatWasCutOffIsGoneOnWith(t *testing.T) {
	t.Parallel()
	k, fresh := randomKeys(t), randomKeys(t)
	partly := maps.Clone(k) // what is replaced after the leak of one key
	partly[tuf.Targets] = fresh[tuf.Targets]
	daily2 := maps.Clone(k)
	daily2[tuf.Timestamp] = fresh[tuf.Timestamp]
	added := map[string][]byte{"b": []byte("b")}
	old, both := []string{"a"}, []string{"a", "b"}
	type step = func(*tuf.Repository) (*tuf.Repository, error)
	add := func(k tuf.Keys) step {
		return func(r *tuf.Repository) (*tuf.Repository, error) { return r.Add(added, k, hour(2)) }
	}
	refresh := func(k tuf.Keys) step {
		return func(r *tuf.Repository) (*tuf.Repository, error) { return r.Refresh(daily(k), hour(2)) }
	}
	rotate := func(by []crypto.Signer, k tuf.Keys) step {
		return func(r *tuf.Repository) (*tuf.Repository, error) { return r.Rotate(by, k, nil, hour(2)) }
	}
	for _, c := range []struct {
		name  string
		do    []step
		keys  tuf.Keys // of the root that comes
		after []string
		gap   bool // devices are refused between the new root and the timestamp
	}{
		{"publish", []step{add(k)}, k, both, false},
		{"publish three at once", []step{add(k), refresh(k), add(k)}, k, both, false},
		{"refresh", []step{refresh(k)}, k, old, false},
		{"rotate by the root keys", []step{rotate(k[tuf.Root], fresh)}, fresh, old, true},
		{"rotate by every old key", []step{rotate(everyKey(k), fresh)}, fresh, old, false},
		{"rotate and add", []step{rotate(everyKey(k), fresh), add(fresh)}, fresh, both, true},
		{"add and rotate", []step{add(k), rotate(k[tuf.Root], fresh)}, fresh, both, true},
		{"rotate twice", []step{rotate(everyKey(k), partly), rotate(everyKey(partly), fresh)}, fresh, old, true},
		{"rotate the targets keys", []step{rotate(k[tuf.Root], partly)}, partly, old, true},
		{"rotate the timestamp keys", []step{rotate(k[tuf.Root], daily2)}, daily2, old, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			repo := must[*tuf.Repository](t)
			one := repo(repo(tuf.Create(k, nil, noon)).Add(map[string][]byte{"a": []byte("a")}, k, hour(1)))
			root, base := one.RootBytes(), t.TempDir()
			require.NoError(t, one.Publish(base))
			next := one
			for _, do := range c.do {
				next = repo(do(next))
			}
			for _, name := range changed(t, base, next) {
				for _, times := range []int{1, 2} {
					dir := t.TempDir()
					require.NoError(t, os.CopyFS(dir, os.DirFS(base)))
					device := world{dir: t.TempDir(), root: root}
					device.see(t, os.DirFS(dir), hour(2))
					cutAt(t, dir, name, next)
					sees := func(w world) {
						c2 := w.client(t, tuf.Dir(os.DirFS(dir)))
						if err := c2.Update(t.Context(), hour(3)); err != nil {
							require.ErrorIs(t, err, tuf.ErrRefused)
							require.True(t, c.gap, "%s: %v", name, err)
							return
						}
						require.True(t, slices.Equal(c2.Names(), old) || slices.Equal(c2.Names(), c.after), "%s: %q", name, c2.Names())
					}
					sees(device)
					sees(world{dir: t.TempDir(), root: root})

					// another process, which has the folder and the keys only
					load := func() (*tuf.Repository, tuf.Keys) {
						r := repo(tuf.Load(os.DirFS(dir), root, nil))
						for _, try := range []tuf.Keys{k, c.keys, partly} {
							if _, err := r.Add(added, try, hour(3)); err == nil {
								return r, try
							}
						}
						t.Fatalf("%s: no keys fit", name)
						return nil, nil
					}
					for range times - 1 {
						r, its := load()
						again := repo(r.Add(map[string][]byte{"c": []byte("c")}, its, hour(3)))
						for _, file := range changed(t, dir, again) {
							cutAt(t, dir, file, again)
						}
						sees(device)
					}
					r, its := load()
					r = repo(r.Refresh(daily(its), hour(4)))
					require.NoError(t, r.Publish(dir), name)
					r, its = load()
					r = repo(r.Add(map[string][]byte{"z": []byte("z")}, its, hour(4)))
					require.NoError(t, r.Publish(dir), name)
					r, its = load()
					last := randomKeys(t)
					r = repo(r.Rotate(everyKey(its), last, nil, hour(4)))
					require.NoError(t, r.Publish(dir), name)
					for _, w := range []world{device, {dir: t.TempDir(), root: root}} {
						c2 := w.client(t, tuf.Dir(os.DirFS(dir)))
						require.NoError(t, c2.Update(t.Context(), hour(5)), name)
						require.Contains(t, c2.Names(), "a")
						require.Contains(t, c2.Names(), "z")
						require.NotContains(t, c2.Names(), "c")
					}
				}
			}
		})
	}
}

// Who has every old key and can write the folder makes nobody go on from what he
// signed: a rotation that is not finished is finished from what the new keys signed.
func TestAnUnfinishedRotationTrustsNothingOfTheOldKeys(t *testing.T) {
	t.Parallel()
	repo := must[*tuf.Repository](t)
	w := newWorld(t)
	dir := t.TempDir()
	require.NoError(t, w.two.Publish(dir))
	rotated := repo(w.two.Rotate(keys(10)[tuf.Root], keys(50), nil, hour(3)))
	cutAt(t, dir, "timestamp.json", rotated)
	thief := t.TempDir()
	require.NoError(t, os.CopyFS(thief, os.DirFS(dir)))
	evil := repo(repo(w.two.Withdraw([]string{"pump/6/a.bin"}, keys(10), hour(3))).Add(map[string][]byte{"pump/9/a.bin": []byte("evil")}, keys(10), hour(3)))
	stolen := published(t, evil)
	for name, f := range stolen {
		if name == "timestamp.json" || name[:2] == "5." {
			require.NoError(t, os.WriteFile(filepath.Join(thief, name), f.Data, 0o600))
		}
	}
	r := repo(tuf.Load(os.DirFS(thief), w.root, nil))
	require.Equal(t, w.two.Names(), r.Names())

	// without what the new keys signed there is nothing to go on from
	require.NoError(t, os.Remove(filepath.Join(thief, "4.snapshot.json")))
	_, err := tuf.Load(os.DirFS(thief), w.root, nil)
	require.ErrorContains(t, err, "timestamp")
}

// What was cut off is not published any more once somebody went on from the folder:
// devices would see the older state again, or two of one version.
func TestAnOldPublicationDoesNotComeBack(t *testing.T) {
	t.Parallel()
	repo := must[*tuf.Repository](t)
	w := newWorld(t)
	k, dir := keys(10), t.TempDir()
	require.NoError(t, w.one.Publish(dir))
	cutAt(t, dir, "timestamp.json", w.two)
	next := repo(repo(tuf.Load(os.DirFS(dir), w.root, nil)).Add(map[string][]byte{"n": []byte("n")}, k, hour(3)))
	require.NoError(t, next.Publish(dir))
	require.NoError(t, next.Publish(dir), "again")
	require.ErrorContains(t, w.two.Publish(dir), "version 3 is published", "of the same version")
	require.ErrorContains(t, w.one.Publish(dir), "version 3 is published")
	c := w.client(t, tuf.Dir(os.DirFS(dir)))
	require.NoError(t, c.Update(t.Context(), hour(4)))
	require.Contains(t, c.Names(), "n")
}

// A thief of the timestamp and snapshot keys counts up to the last version there is.
// Refresh says so; Rotate begins anew, for what the thief signed counts no more.
func TestARotationGetsOverTheLastVersion(t *testing.T) {
	t.Parallel()
	repo := must[*tuf.Repository](t)
	w := newWorld(t)
	k, dir := keys(10), t.TempDir()
	require.NoError(t, w.two.Publish(dir))
	s := must[*metadata.Metadata[metadata.SnapshotType]](t)(metadata.Snapshot().FromBytes(w.new["3.snapshot.json"].Data))
	s.Signed.Version = math.MaxInt64
	b := sealed(t, s, k[tuf.Snapshot]...)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "9223372036854775807.snapshot.json"), b, 0o600))
	m := must[*metadata.Metadata[metadata.TimestampType]](t)(metadata.Timestamp().FromBytes(w.new["timestamp.json"].Data))
	m.Signed.Version, m.Signed.Meta["snapshot.json"] = math.MaxInt64, described(math.MaxInt64, b)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "timestamp.json"), sealed(t, m, k[tuf.Timestamp]...), 0o600))
	w.see(t, os.DirFS(dir), hour(3))

	r := repo(tuf.Load(os.DirFS(dir), w.root, nil))
	_, err := r.Refresh(daily(k), hour(3))
	require.ErrorContains(t, err, "no version is left")
	_, err = r.Rotate(k[tuf.Root], keys(10), nil, hour(3))
	require.ErrorContains(t, err, "no version is left", "by the same keys")
	fresh := keys(50)
	for _, old := range [][]crypto.Signer{k[tuf.Root], everyKey(k)} {
		next := repo(r.Rotate(old, fresh, nil, hour(3)))
		to := t.TempDir()
		require.NoError(t, os.CopyFS(to, os.DirFS(dir)))
		require.NoError(t, next.Publish(to))
		c := must[*tuf.Client](t)(tuf.NewClient(copied(t, w.dir), w.root, tuf.Dir(os.DirFS(to))))
		require.NoError(t, c.Update(t.Context(), hour(4)))
		require.Equal(t, w.two.Names(), c.Names())
	}
}

func copied(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	require.NoError(t, os.CopyFS(to, os.DirFS(dir)))
	return to
}

// Where the keys of the targets stay, an Add that was given up waits in the folder like
// the rotation does: it is not taken for it.
func TestAnUnfinishedRotationIsNotTakenForAnotherChange(t *testing.T) {
	t.Parallel()
	repo := must[*tuf.Repository](t)
	w := newWorld(t)
	k, dir := keys(10), t.TempDir()
	require.NoError(t, w.two.Publish(dir))
	cutAt(t, dir, "timestamp.json", repo(w.two.Add(map[string][]byte{"given up": []byte("x")}, k, hour(3))))
	changed := keys(10)
	changed[tuf.Timestamp] = []crypto.Signer{key(60)}
	r := repo(tuf.Load(os.DirFS(dir), w.root, nil))
	cutAt(t, dir, "timestamp.json", repo(r.Rotate(k[tuf.Root], changed, nil, hour(3))))
	r = repo(tuf.Load(os.DirFS(dir), w.root, nil))
	require.Equal(t, w.two.Names(), r.Names())
	cutAt(t, dir, "timestamp.json", repo(r.Add(map[string][]byte{"given up, too": []byte("y")}, changed, hour(3))))
	r = repo(tuf.Load(os.DirFS(dir), w.root, nil))
	require.Equal(t, w.two.Names(), r.Names())
	require.NoError(t, repo(r.Refresh(daily(changed), hour(3))).Publish(dir))
	c := w.client(t, tuf.Dir(os.DirFS(dir)))
	require.NoError(t, c.Update(t.Context(), hour(4)))
	require.Equal(t, w.two.Names(), c.Names())
}

func TestRootsArePublishedByNumber(t *testing.T) {
	t.Parallel()
	repo := must[*tuf.Repository](t)
	w := newWorld(t)
	k, dir := keys(10), t.TempDir()
	r := w.two
	for range 10 {
		r = repo(r.Rotate(k[tuf.Root], keys(10), nil, hour(3)))
	}
	cutAt(t, dir, "10.root.json", r)
	_, err := os.Stat(filepath.Join(dir, "9.root.json"))
	require.NoError(t, err)
	_, err = os.Stat(filepath.Join(dir, "11.root.json"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}
