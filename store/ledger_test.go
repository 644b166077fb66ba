package store_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
)

type note struct {
	ID   string `json:"id"`
	Text string `json:"text"`
	N    int    `json:"n,omitempty"`
}

func (n note) Key() string { return n.ID }

const notes store.Kind[note] = "host.note"

var (
	by   = store.By{Who: "u-17", Why: "test"}
	noon = time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC)
)

// fixed is a ledger in memory whose clock stands at noon.
func fixed(t *testing.T) *store.Ledger {
	t.Helper()
	return store.New(memory.New(), &store.Options{Now: func() time.Time { return noon }})
}

func put(t *testing.T, l *store.Ledger, ns ...note) {
	t.Helper()
	require.NoError(t, l.Do(t.Context(), by, func(tx *store.Tx) error {
		for _, n := range ns {
			if err := notes.Put(tx, n); err != nil {
				return err
			}
		}
		return nil
	}))
}

func trail(t *testing.T, l *store.Ledger, of ...store.Name) []store.Entry {
	t.Helper()
	var es []store.Entry
	for e, err := range l.Trail(t.Context(), 0, of...) {
		require.NoError(t, err)
		es = append(es, e)
	}
	return es
}

func TestAnActIsOneTimeAndAnyNumberOfRecords(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 29, 3, 0, 0, 123456789, time.FixedZone("", 2*3600))
	l := store.New(memory.New(), &store.Options{Now: func() time.Time { return now }})
	var at time.Time
	require.NoError(t, l.Do(t.Context(), by, func(tx *store.Tx) error {
		at = tx.At()
		return errors.Join(notes.Put(tx, note{ID: "a"}), notes.Put(tx, note{ID: "b"}))
	}))
	require.Equal(t, time.Date(2026, 3, 29, 1, 0, 0, 123456000, time.UTC), at)
	es := trail(t, l)
	require.Len(t, es, 2)
	for i, e := range es {
		require.Equal(t, int64(i+1), e.Seq)
		require.Equal(t, int64(1), e.Act)
		require.Equal(t, at, e.At)
		require.Equal(t, "u-17", e.Who)
		require.Equal(t, "test", e.Why)
	}
}

func TestTimeNeverStepsBack(t *testing.T) {
	t.Parallel()
	now := noon
	l := store.New(memory.New(), &store.Options{Now: func() time.Time { return now }})
	put(t, l, note{ID: "a"})
	now = noon.Add(-time.Hour)
	require.NoError(t, l.Do(t.Context(), by, func(tx *store.Tx) error {
		require.Equal(t, noon, tx.At())
		return notes.Put(tx, note{ID: "b"})
	}))
	// An act that is overtaken is kept with the time of the one that overtook it.
	now = noon.Add(time.Hour)
	require.NoError(t, l.Do(t.Context(), by, func(tx *store.Tx) error {
		now = noon.Add(2 * time.Hour)
		put(t, l, note{ID: "c"})
		require.Equal(t, noon.Add(time.Hour), tx.At())
		return notes.Put(tx, note{ID: "d"})
	}))
	es := trail(t, l)
	require.Len(t, es, 4)
	require.Equal(t, noon.Add(2*time.Hour), es[3].At)
	require.NoError(t, l.Verify(t.Context()))
}

func TestAnActNeedsWhoAndWhy(t *testing.T) {
	t.Parallel()
	for name, by := range map[string]store.By{
		"no who": {Why: "x"}, "no why": {Who: "x"}, "blank who": {Who: " \t", Why: "x"},
		"who is not text": {Who: "\xff", Why: "x"}, "NUL in why": {Who: "x", Why: "a\x00b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ran := false
			err := fixed(t).Do(t.Context(), by, func(*store.Tx) error { ran = true; return nil })
			require.Error(t, err)
			require.False(t, ran)
		})
	}
}

func TestAnActThatPutsNothingOrFailsLeavesNoTrace(t *testing.T) {
	t.Parallel()
	l := fixed(t)
	require.NoError(t, l.Do(t.Context(), by, func(tx *store.Tx) error {
		_, err := notes.Get(tx, "a")
		require.ErrorIs(t, err, store.ErrNotFound)
		return nil
	}))
	oops := errors.New("oops")
	err := l.Do(t.Context(), by, func(tx *store.Tx) error {
		require.NoError(t, notes.Put(tx, note{ID: "a"}))
		return oops
	})
	require.Same(t, oops, err)
	require.Error(t, l.Do(t.Context(), by, func(tx *store.Tx) error {
		require.NoError(t, notes.Put(tx, note{ID: "a"}))
		_ = notes.Put(tx, note{ID: ""}) // overlooked, and still no act
		return nil
	}))
	require.Empty(t, trail(t, l))
}

func TestATxReadsItsOwnPuts(t *testing.T) {
	t.Parallel()
	l := fixed(t)
	put(t, l, note{ID: "a", N: 1})
	require.NoError(t, l.Do(t.Context(), by, func(tx *store.Tx) error {
		n, err := notes.Get(tx, "a")
		require.NoError(t, err)
		require.Equal(t, 1, n.N)
		n.N = 2
		require.NoError(t, notes.Put(tx, n))
		n, err = notes.Get(tx, "a")
		require.NoError(t, err)
		require.Equal(t, 2, n.N)
		n.N = 3
		return notes.Put(tx, n)
	}))
	n, e, err := notes.Latest(t.Context(), l, "a")
	require.NoError(t, err)
	require.Equal(t, note{ID: "a", N: 3}, n)
	require.Equal(t, int64(2), e.Seq, "two puts of one record in one act are one entry")
}

func TestOfManyWritersToOneRecordNoneIsLost(t *testing.T) {
	t.Parallel()
	l := store.New(memory.New(), nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 25 {
				err := l.Do(t.Context(), by, func(tx *store.Tx) error {
					n, err := notes.Get(tx, "sum")
					if err != nil && !errors.Is(err, store.ErrNotFound) {
						return err
					}
					return notes.Put(tx, note{ID: "sum", N: n.N + 1})
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	n, _, err := notes.Latest(t.Context(), l, "sum")
	require.NoError(t, err)
	require.Equal(t, 200, n.N)
	require.NoError(t, l.Verify(t.Context()))
}

func TestOnlyWhatWasReadConflicts(t *testing.T) {
	t.Parallel()
	l := fixed(t)
	put(t, l, note{ID: "mine"}, note{ID: "other"})
	runs := 0
	require.NoError(t, l.Do(t.Context(), by, func(tx *store.Tx) error {
		runs++
		n, err := notes.Get(tx, "mine")
		require.NoError(t, err)
		put(t, l, note{ID: "other", N: runs})
		if runs == 1 {
			put(t, l, note{ID: "mine", Text: "meanwhile"})
		}
		n.N++
		return notes.Put(tx, n)
	}))
	require.Equal(t, 2, runs, "once for the record read, never for the other")
	n, _, err := notes.Latest(t.Context(), l, "mine")
	require.NoError(t, err)
	require.Equal(t, note{ID: "mine", Text: "meanwhile", N: 1}, n)
}

func TestARecordThatAppearsMeanwhileConflicts(t *testing.T) {
	t.Parallel()
	l := fixed(t)
	runs := 0
	require.NoError(t, l.Do(t.Context(), by, func(tx *store.Tx) error {
		runs++
		_, err := notes.Get(tx, "a")
		if errors.Is(err, store.ErrNotFound) {
			put(t, l, note{ID: "a", Text: "first"})
			return notes.Put(tx, note{ID: "a", Text: "second"})
		}
		return err
	}))
	require.Equal(t, 2, runs)
	n, _, err := notes.Latest(t.Context(), l, "a")
	require.NoError(t, err)
	require.Equal(t, "first", n.Text)
}

func TestAnErrorFromHalfOldHalfNewRunsAgain(t *testing.T) {
	t.Parallel()
	l := fixed(t)
	put(t, l, note{ID: "a", N: 1}, note{ID: "b", N: 1})
	runs := 0
	require.NoError(t, l.Do(t.Context(), by, func(tx *store.Tx) error {
		runs++
		a, err := notes.Get(tx, "a")
		require.NoError(t, err)
		if runs == 1 {
			put(t, l, note{ID: "a", N: 2}, note{ID: "b", N: 2})
		}
		b, err := notes.Get(tx, "b")
		require.NoError(t, err)
		if a.N != b.N {
			return fmt.Errorf("a is %d and b is %d", a.N, b.N)
		}
		return nil
	}))
	require.Equal(t, 2, runs)
}

func TestConflictsEndWithTheContext(t *testing.T) {
	t.Parallel()
	l := fixed(t)
	put(t, l, note{ID: "a"})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	runs := 0
	err := l.Do(ctx, by, func(tx *store.Tx) error {
		if runs++; runs == 5 {
			cancel()
		}
		n, err := notes.Get(tx, "a")
		if err != nil {
			return err
		}
		put(t, l, note{ID: "a", N: runs})
		return notes.Put(tx, n)
	})
	require.ErrorIs(t, err, context.Canceled)
	require.LessOrEqual(t, runs, 6)
}

func TestATxIsOfNoUseAfterItsAct(t *testing.T) {
	t.Parallel()
	l := fixed(t)
	var kept *store.Tx
	require.NoError(t, l.Do(t.Context(), by, func(tx *store.Tx) error { kept = tx; return nil }))
	require.Error(t, notes.Put(kept, note{ID: "a"}))
	_, err := notes.Get(kept, "a")
	require.Error(t, err)
	_, err = notes.PutIfChanged(kept, note{ID: "a"})
	require.Error(t, err)
}

func TestTheSignatureIsOverTheWrites(t *testing.T) {
	t.Parallel()
	pub, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	l := fixed(t)
	put(t, l, note{ID: "a"})
	asked, runs := 0, 0
	signing := store.By{Who: "qa-lead", Why: "release", Sign: func(_ context.Context, d [32]byte) (store.Signature, error) {
		asked++
		return store.Signature{KeyID: "k1", Algorithm: "ed25519", Bytes: ed25519.Sign(key, d[:])}, nil
	}}
	require.NoError(t, l.Do(t.Context(), signing, func(tx *store.Tx) error {
		if runs++; runs == 1 {
			_, err := notes.Get(tx, "a")
			require.NoError(t, err)
			put(t, l, note{ID: "a", N: 1}) // so that it runs again
		}
		return errors.Join(notes.Put(tx, note{ID: "b"}), notes.Put(tx, note{ID: "c"}, store.Ref{System: "qms", ID: "1"}))
	}))
	require.Equal(t, 2, runs)
	require.Equal(t, 1, asked, "the same writes are not signed twice")
	es := trail(t, l)[2:]
	a, err := store.ActOf(es...)
	require.NoError(t, err)
	d := a.Digest()
	require.True(t, ed25519.Verify(pub, d[:], a.Signature.Bytes))
	a.Writes[1].Refs[0].ID = "2"
	d = a.Digest()
	require.False(t, ed25519.Verify(pub, d[:], a.Signature.Bytes))

	_, err = store.ActOf(es[1:]...)
	require.Error(t, err, "half an act is none")
	no := errors.New("key is locked")
	signing.Sign = func(context.Context, [32]byte) (store.Signature, error) { return store.Signature{}, no }
	require.ErrorIs(t, l.Do(t.Context(), signing, func(tx *store.Tx) error { return notes.Put(tx, note{ID: "d"}) }), no)
	require.Len(t, trail(t, l), 4)
}

func TestOtherWritesAreSignedAnew(t *testing.T) {
	t.Parallel()
	l := fixed(t)
	put(t, l, note{ID: "a"})
	var digests [][32]byte
	signing := store.By{Who: "qa-lead", Why: "release", Sign: func(_ context.Context, d [32]byte) (store.Signature, error) {
		digests = append(digests, d)
		return store.Signature{Bytes: d[:]}, nil
	}}
	require.NoError(t, l.Do(t.Context(), signing, func(tx *store.Tx) error {
		n, err := notes.Get(tx, "a")
		require.NoError(t, err)
		if n.N == 0 {
			put(t, l, note{ID: "a", N: 1})
		}
		n.N += 10
		return notes.Put(tx, n)
	}))
	require.Len(t, digests, 2)
	es := trail(t, l)
	a, err := store.ActOf(es[len(es)-1])
	require.NoError(t, err)
	d := a.Digest()
	require.Equal(t, d[:], a.Signature.Bytes)
}

func TestAuthorizeDecides(t *testing.T) {
	t.Parallel()
	no := errors.New("only qa writes notes")
	var got store.Act
	l := store.New(memory.New(), &store.Options{Now: func() time.Time { return noon }, Authorize: func(_ context.Context, a store.Act) error {
		got = a
		if a.Who != "qa" {
			return no
		}
		return nil
	}})
	do := func(who string) error {
		return l.Do(t.Context(), store.By{Who: who, Why: "x"}, func(tx *store.Tx) error {
			_, err := notes.Get(tx, "seen")
			require.ErrorIs(t, err, store.ErrNotFound)
			return notes.Put(tx, note{ID: "a"})
		})
	}
	require.ErrorIs(t, do("intern"), no)
	require.Empty(t, trail(t, l))
	require.NoError(t, do("qa"))
	want := store.Act{Who: "qa", Why: "x", At: noon,
		Writes: []store.Write{{Name: store.Name{Kind: "host.note", Key: "a"}, Version: 1, Body: []byte(`{"id":"a","text":""}`)}},
		Seen:   []store.Seen{{Name: store.Name{Kind: "host.note", Key: "seen"}}},
	}
	require.Empty(t, cmp.Diff(want, got))
}

// plan was once {"name"}, then {"id","hours"}; now it is this.
func TestAClosedLedgerSaysSo(t *testing.T) {
	t.Parallel()
	m := memory.New()
	l := store.New(m, nil)
	require.NoError(t, m.Close())
	require.ErrorIs(t, l.Do(t.Context(), by, func(*store.Tx) error { return nil }), store.ErrClosed)
	require.ErrorIs(t, l.Verify(t.Context()), store.ErrClosed)
	_, err := l.Checkpoint(t.Context())
	require.ErrorIs(t, err, store.ErrClosed)
}

func TestAPseudonymNeedsItsKey(t *testing.T) {
	t.Parallel()
	key := slices.Repeat([]byte{7}, 32)
	a, err := store.Pseudonym(key, []byte("Dr. A"))
	require.NoError(t, err)
	again, err := store.Pseudonym(key, []byte("Dr. A"))
	require.NoError(t, err)
	require.Equal(t, a, again)
	require.Len(t, a, 64)
	other, err := store.Pseudonym(slices.Repeat([]byte{8}, 32), []byte("Dr. A"))
	require.NoError(t, err)
	require.NotEqual(t, a, other)
	_, err = store.Pseudonym([]byte("short"), []byte("Dr. A"))
	require.Error(t, err)
}

func BenchmarkCommitInMemory(b *testing.B) {
	for b.Loop() {
		l := store.New(memory.New(), nil)
		for i := range 1000 {
			err := l.Do(b.Context(), by, func(tx *store.Tx) error { return notes.Put(tx, note{ID: fmt.Sprint(i)}) })
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func TestAReadThatFailsStopsTheActEvenIfOverlooked(t *testing.T) {
	t.Parallel()
	m := memory.New()
	l := store.New(m, nil)
	ctx, cancel := context.WithCancel(t.Context())
	err := l.Do(ctx, by, func(tx *store.Tx) error {
		cancel()
		_, _ = notes.Get(tx, "a")
		return notes.Put(tx, note{ID: "a"})
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, trail(t, l))
}

func TestAReadIsTheSameThroughoutAnAct(t *testing.T) {
	t.Parallel()
	l := fixed(t)
	put(t, l, note{ID: "a", N: 1})
	runs := 0
	require.NoError(t, l.Do(t.Context(), by, func(tx *store.Tx) error {
		runs++
		first, err := notes.Get(tx, "a")
		require.NoError(t, err)
		if runs == 1 {
			put(t, l, note{ID: "a", N: 2})
		}
		second, err := notes.Get(tx, "a")
		require.NoError(t, err)
		require.Equal(t, first, second)
		return notes.Put(tx, note{ID: "b", N: second.N})
	}))
	n, _, err := notes.Latest(t.Context(), l, "b")
	require.NoError(t, err)
	require.Equal(t, 2, n.N)
}

// broken refuses to be written.
