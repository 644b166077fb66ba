package tuf_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/patch/tuf"
)

// A frozen state whose date passed does not become good by setting the clock back
// behind an update that succeeded.
func TestAClockThatWentBackIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	update := func(at time.Time) error {
		c := w.client(t, tuf.Dir(w.new))
		err := c.Update(t.Context(), at)
		if err != nil {
			require.Empty(t, c.Names())
		}
		return err
	}
	require.ErrorIs(t, update(time.Time{}), tuf.ErrClock, "before the first")
	require.NoError(t, update(hour(4)))
	require.NoError(t, update(hour(4).In(time.FixedZone("", 3600))), "the same instant")
	require.ErrorIs(t, update(hour(200)), tuf.ErrRefused)
	for _, at := range []time.Time{hour(3), hour(4).Add(-1), noon.AddDate(-5, 0, 0), {}} {
		err := update(at)
		require.ErrorIs(t, err, tuf.ErrClock, at)
		require.NotErrorIs(t, err, tuf.ErrRefused, "it is not the repository's fault")
	}
	require.ErrorContains(t, update(hour(3)), "2026-03-12T16:00:00Z")
	require.NoError(t, update(hour(5)), "a failed update at hour 200 does not count: a clock that ran ahead would end all updates")
	require.ErrorIs(t, update(hour(4)), tuf.ErrClock)

	// what is left of a file that was cut off counts as none
	require.NoError(t, os.WriteFile(filepath.Join(w.dir, "clock"), []byte("2026-"), 0o600))
	require.NoError(t, update(hour(4)))
	require.NoError(t, os.Remove(filepath.Join(w.dir, "clock")))
	require.NoError(t, os.Mkdir(filepath.Join(w.dir, "clock"), 0o700))
	require.Error(t, update(hour(4)), "what cannot be read is not taken for nothing")
}

// What lies in the client's folder is believed as far as the factory root reaches.
func TestAPlantedRootIsNotBelieved(t *testing.T) {
	t.Parallel()
	repo := must[*tuf.Repository](t)
	w := newWorld(t)
	w.see(t, w.new, hour(3))
	x := repo(repo(tuf.Create(keys(100), nil, noon)).Rotate(keys(100)[tuf.Root], keys(100), nil, hour(3)))
	for range 5 {
		x = repo(x.Add(map[string][]byte{"pump/9/a.bin": []byte("evil")}, keys(100), hour(3)))
	}
	for _, name := range []string{"metadata/root.json", "roots/2.root.json", "roots/1.root.json", "metadata/2.root.json"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(w.dir, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(w.dir, name), x.RootBytes(), 0o600))
	}
	evil := published(t, x)
	delete(evil, "2.root.json")
	require.ErrorIs(t, w.client(t, tuf.Dir(evil)).Update(t.Context(), hour(4)), tuf.ErrRefused)
	w.see(t, w.new, hour(4))

	hollow := []byte(`{"signed":{"_type":"root","version":2,"roles":{"root":null}},"signatures":[]}`)
	_, err := tuf.NewClient(w.dir, hollow, tuf.Dir(w.new))
	require.ErrorContains(t, err, "no role")
	require.NoError(t, os.WriteFile(filepath.Join(w.dir, "roots", "2.root.json"), hollow, 0o600))
	w.see(t, w.new, hour(4))
	w.new["2.root.json"] = file(hollow)
	_, err = tuf.Load(w.new, w.root, nil)
	require.ErrorContains(t, err, "no role")
}

// The chain of roots is kept as it is learned: no file of it is asked for again, and
// none can be withheld, also where the update that brought it failed or was cut off.
func TestTheChainOfRootsIsKept(t *testing.T) {
	t.Parallel()
	repo := must[*tuf.Repository](t)
	w := newWorld(t)
	w.see(t, w.new, hour(3))
	two := repo(w.two.Rotate(keys(10)[tuf.Root], keys(30), nil, hour(4)))
	three := repo(two.Rotate(keys(30)[tuf.Root], keys(50), nil, hour(4)))
	all := published(t, three)
	cut := errors.New("the plug was pulled")
	asked := []string{}
	from := func(stop string) tuf.Source {
		return func(ctx context.Context, name string, limit int64) ([]byte, error) {
			asked = append(asked, name)
			if name == stop {
				return nil, cut
			}
			return tuf.Dir(all)(ctx, name, limit)
		}
	}
	require.ErrorIs(t, w.client(t, from("3.root.json")).Update(t.Context(), hour(5)), cut)
	require.ErrorIs(t, w.client(t, tuf.Dir(w.new)).Update(t.Context(), hour(5)), tuf.ErrRefused, "root 2 is known")
	require.ErrorIs(t, w.client(t, from("timestamp.json")).Update(t.Context(), hour(5)), cut)
	require.ErrorIs(t, w.client(t, tuf.Dir(published(t, two))).Update(t.Context(), hour(5)), tuf.ErrRefused, "root 3 is known")
	asked = asked[:0]
	require.NoError(t, w.client(t, from("")).Update(t.Context(), hour(5)))
	require.Equal(t, "4.root.json", asked[0])
	require.NotContains(t, asked, "2.root.json")

	// a kept root that is not whole is asked for again
	for _, name := range []string{"2.root.json", "3.root.json"} {
		require.NoError(t, os.Truncate(filepath.Join(w.dir, "roots", name), 10))
		require.NoError(t, w.client(t, from("")).Update(t.Context(), hour(5)))
		require.ErrorIs(t, w.client(t, tuf.Dir(w.new)).Update(t.Context(), hour(5)), tuf.ErrRefused)
	}
	// one that is not of the chain is not kept
	other := published(t, repo(three.Rotate(keys(50)[tuf.Root], keys(70), nil, hour(5))))
	other["4.root.json"] = file(repo(repo(tuf.Create(keys(100), nil, noon)).Rotate(keys(100)[tuf.Root], keys(100), nil, hour(3))).RootBytes())
	require.ErrorIs(t, w.client(t, tuf.Dir(other)).Update(t.Context(), hour(5)), tuf.ErrRefused)
	_, err := os.Stat(filepath.Join(w.dir, "roots", "4.root.json"))
	require.ErrorIs(t, err, os.ErrNotExist)
	// a device of the factory may be newer than what it kept
	w.root = two.RootBytes()
	require.NoError(t, w.client(t, from("")).Update(t.Context(), hour(5)))
}
