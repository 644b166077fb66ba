package store_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
)

// clock is a clock that stands, for examples.
func clock() time.Time { return time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC) }

func ExampleLedger_Do() {
	ctx := context.Background()
	l := store.New(memory.New(), &store.Options{Now: clock})
	const notes store.Kind[note] = "host.note"
	write := func(text string) error {
		return l.Do(ctx, store.By{Who: "u-17", Why: "weekly look"}, func(tx *store.Tx) error {
			n, err := notes.Get(tx, "n1")
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			return notes.Put(tx, note{ID: "n1", Text: text, N: n.N + 1}, store.Ref{System: "qms", ID: "C-1"})
		})
	}
	if err := errors.Join(write("checked"), write("checked again")); err != nil {
		fmt.Println(err)
		return
	}
	for e, err := range notes.History(ctx, l, "n1") {
		fmt.Println(e.Seq, e.At.Format(time.DateOnly), e.Who, string(e.Body), e.Refs, err)
	}
	// Output:
	// 1 2026-03-29 u-17 {"id":"n1","text":"checked","n":1} [{qms C-1 }] <nil>
	// 2 2026-03-29 u-17 {"id":"n1","text":"checked again","n":2} [{qms C-1 }] <nil>
}

func ExampleLedger_Verify() {
	ctx := context.Background()
	l := store.New(memory.New(), nil)
	const notes store.Kind[note] = "host.note"
	for _, text := range []string{"one", "two"} {
		err := l.Do(ctx, store.By{Who: "u-17", Why: text}, func(tx *store.Tx) error {
			return notes.Put(tx, note{ID: "n1", Text: text})
		})
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	known, err := l.Checkpoint(ctx) // to be kept where the ledger's keeper cannot reach it
	fmt.Println(known.Seq, err)
	fmt.Println(l.Verify(ctx, known))

	known.Seq = 3 // as if a third entry had been seen once
	fmt.Println(l.Verify(ctx, known))
	// Output:
	// 2 <nil>
	// <nil>
	// store: the ledger was changed at entry 3: missing, as is all up to entry 3
}

func ExampleLedger_Export() {
	ctx := context.Background()
	l := store.New(memory.New(), &store.Options{Now: clock})
	const notes store.Kind[note] = "host.note"
	err := l.Do(ctx, store.By{Who: "u-17", Why: "first look"}, func(tx *store.Tx) error {
		return notes.Put(tx, note{ID: "n1", Text: "checked"})
	})
	fmt.Println(err, l.Export(ctx, os.Stdout))
	// Output:
	// {"seq":1,"act":1,"at":"2026-03-29T12:00:00.000000Z","who":"u-17","why":"first look","kind":"host.note","key":"n1","version":1,"body":{"id":"n1","text":"checked"},"prev":"0000000000000000000000000000000000000000000000000000000000000000","hash":"7390d791589a8246a8631e12ed93f552f3ee1d0f7458339c52fbdbcad363920d"}
	// <nil> <nil>
}

func ExamplePseudonym() {
	key := []byte("a secret of 32 bytes, kept apart")
	p, err := store.Pseudonym(key, []byte("Dr. A. Example, Ward 3"))
	fmt.Println(p[:16], err)
	// Output: df2c31523c9a15a3 <nil>
}

func ExampleKind_PutIfChanged() {
	ctx := context.Background()
	l := store.New(memory.New(), nil)
	const notes store.Kind[note] = "host.note"
	for range 2 { // a second run adds nothing
		err := l.Do(ctx, store.By{Who: "nightly", Why: "import"}, func(tx *store.Tx) error {
			wrote, err := notes.PutIfChanged(tx, note{ID: "n1", Text: "checked"})
			fmt.Println("wrote:", wrote)
			return err
		})
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	for n, err := range notes.All(ctx, l, "") {
		fmt.Println(n.ID, n.Text, err)
	}
	// Output:
	// wrote: true
	// wrote: false
	// n1 checked <nil>
}

func ExampleAct_Digest() {
	ctx := context.Background()
	l := store.New(memory.New(), nil)
	const notes store.Kind[note] = "host.note"
	key := ed25519.NewKeyFromSeed([]byte("a seed of thirty-two bytes: demo"))
	err := l.Do(ctx, store.By{Who: "qa-lead", Why: "released", Sign: func(_ context.Context, digest [32]byte) (store.Signature, error) {
		return store.Signature{KeyID: "demo", Algorithm: "ed25519", Bytes: ed25519.Sign(key, digest[:])}, nil
	}}, func(tx *store.Tx) error { return notes.Put(tx, note{ID: "n1"}) })
	if err != nil {
		fmt.Println(err)
		return
	}
	_, e, err := notes.Latest(ctx, l, "n1")
	if err != nil {
		fmt.Println(err)
		return
	}
	act, err := store.ActOf(e) // with all entries of the act
	digest := act.Digest()
	fmt.Println(err, ed25519.Verify(key.Public().(ed25519.PublicKey), digest[:], act.Signature.Bytes))
	// Output: <nil> true
}

func ExampleParseCheckpoint() {
	c, err := store.ParseCheckpoint("2:7390d791589a8246a8631e12ed93f552f3ee1d0f7458339c52fbdbcad363920d")
	fmt.Println(c.Seq, c.Hash.String()[:8], err)
	_, err = store.ParseCheckpoint("2")
	fmt.Println(err)
	// Output:
	// 2 7390d791 <nil>
	// store: "2" is not a checkpoint (number:digest)
}

func ExampleSeal() {
	entries, err := store.Seal(store.Entry{}, store.Act{
		Who: "u-17", Why: "first look", At: clock(),
		Writes: []store.Write{{Name: store.Name{Kind: "host.note", Key: "n1"}, Version: 1, Body: []byte(`{"id":"n1","text":"checked"}`)}},
	})
	fmt.Println(len(entries), entries[0].Seq, entries[0].Hash.String()[:8], err)
	// Output: 1 1 7390d791 <nil>
}
