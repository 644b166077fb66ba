package tuf_test

import (
	"crypto"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/patch/tuf"
)

func TestATargetNameIsAPathThatEveryDeviceCanKeep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	add := func(names ...string) error {
		files := map[string][]byte{}
		for _, n := range names {
			files[n] = []byte("body of " + n)
		}
		_, err := w.one.Add(files, keys(10), noon)
		return err
	}
	for _, name := range []string{
		"a\x00b", "a\nb", "a\x7fb", "a\u0085b", "\xff", " ", "a/ /b", "a /b", "a./b", " a", "...",
		"con", "CON", "x/nul.tar.gz", "aux /x", "COM1", "lpt9.txt", "com¹", "conin$", `a"b`, "a<b", "a|b", "a?b", "a*b", "a>b", "a:b", `a\b`,
		"..", "a/../b", "/a", "a/", "",
	} {
		require.ErrorContains(t, add(name), "plain path", "%q", name)
	}
	for _, name := range []string{"console", "nul1", "com10", "a b", ".hidden", "a-1.2.bin", "größe/pumpe 2.bin", "com", "lpt0x"} {
		require.NoError(t, add(name), name)
	}
	// no name is a folder of another, and no two differ by case only
	require.ErrorContains(t, add("a", "a/b"), `"a" and "a/b"`)
	require.ErrorContains(t, add("a", "a!", "a-", "a/b/c"), `"a" and "a/b/c"`)
	require.ErrorContains(t, add("pump"), `"pump" and "pump/6/a.bin"`)
	require.ErrorContains(t, add("pump/6/a.bin/x"), `"pump/6/a.bin" and "pump/6/a.bin/x"`)
	require.ErrorContains(t, add("A", "a/b"), `"A" and "a/b"`)
	require.ErrorContains(t, add("Pump/6/A.bin"), `"Pump/6/A.bin" and "pump/6/a.bin"`)
	require.NoError(t, add("a!", "a/b", "a-"))
	require.NoError(t, add("pump/6/a.bin"), "another body of the same name")
}

// What was a file may become a folder, and the other way round, when it is withdrawn.
func TestADeviceKeepsAFolderWhereAFileWas(t *testing.T) {
	t.Parallel()
	repo := must[*tuf.Repository](t)
	w := newWorld(t)
	get := func(r *tuf.Repository, name string) {
		t.Helper()
		c := w.client(t, tuf.Dir(published(t, r)))
		require.NoError(t, c.Update(t.Context(), hour(3)))
		b, err := c.Get(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, name, string(b))
	}
	k := keys(10)
	body := func(n string) map[string][]byte { return map[string][]byte{n: []byte(n)} }
	r := repo(w.two.Add(body("x/a"), k, hour(3)))
	get(r, "x/a")
	r = repo(repo(r.Withdraw([]string{"x/a"}, k, hour(3))).Add(body("x/a/b/c"), k, hour(3)))
	get(r, "x/a/b/c")
	r = repo(repo(r.Withdraw([]string{"x/a/b/c"}, k, hour(3))).Add(body("x/a"), k, hour(3)))
	get(r, "x/a")
}

func TestAReleaseTakesNothingOfAnother(t *testing.T) {
	t.Parallel()
	rel, files := release()
	repo := must[*tuf.Repository](t)
	trust := patch.Trust{Threshold: 1, Keys: []crypto.PublicKey{key(1).Public()}}
	r := repo(tuf.Create(keys(10), nil, noon))
	add := func(product string, sequence int64, extra ...string) error {
		next, all := rel, maps.Clone(files)
		next.Product, next.Sequence, next.Files = product, sequence, slices.Clone(rel.Files)
		for _, name := range extra {
			all[name] = []byte("not a release but " + name)
			next.Files = append(next.Files, patch.Attach(name, all[name]))
		}
		e, err := next.Sign(key(1))
		require.NoError(t, err)
		n, err := r.AddRelease(e, trust, all, keys(10), noon)
		if err == nil {
			r = n
		}
		return err
	}
	require.ErrorContains(t, add("pump/7", 1), `"pump/7" is not one plain name`)
	require.ErrorContains(t, add("pump", 7, "1/release.dsse.json"), "is not one plain name")
	for _, product := range []string{"..", "con", "a\nb", `a\b`, "pump."} {
		require.ErrorContains(t, add(product, 1), "is not one plain name", product)
	}
	require.ErrorContains(t, add("pump", 7, "release.dsse.json"), `"pump/7/release.dsse.json" is there`)
	require.NoError(t, add("pump", 7))
	require.ErrorContains(t, add("pump", 7), "published already")
	require.ErrorContains(t, add("Pump", 7), "would be one")
	require.NoError(t, add("pump", 70))

	// a target that Add put where a file of the release goes
	r = repo(r.Add(map[string][]byte{"pump/8/pump-2.2.bin": []byte("before")}, keys(10), noon))
	require.ErrorContains(t, add("pump", 8), `"pump/8/pump-2.2.bin" is there`)
}
