package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/internal/canon"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
)

// tampered tells a ledger otherwise than it was written.
type tampered struct {
	store.Driver
	change func([]store.Entry) []store.Entry
}

func (d tampered) entries(ctx context.Context) ([]store.Entry, error) {
	var es []store.Entry
	for e, err := range d.Driver.Trail(ctx, 0) {
		if err != nil {
			return nil, err
		}
		es = append(es, e)
	}
	return d.change(es), nil
}

func (d tampered) Trail(ctx context.Context, after int64, _ ...store.Name) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		es, err := d.entries(ctx)
		if err != nil {
			yield(store.Entry{}, err)
			return
		}
		for _, e := range es {
			if e.Seq > after && !yield(e, nil) {
				return
			}
		}
	}
}

func (d tampered) Head(ctx context.Context) (store.Entry, error) {
	es, err := d.entries(ctx)
	if err == nil && len(es) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Entry{}, err
	}
	return es[len(es)-1], nil
}

// five is a ledger of five entries in three acts.
func five(t *testing.T) (store.Driver, *store.Ledger) {
	t.Helper()
	m := memory.New()
	now := noon
	l := store.New(m, &store.Options{Now: func() time.Time { now = now.Add(time.Second); return now }})
	signed := store.By{Who: "u-18", Why: "signed", Sign: func(context.Context, [32]byte) (store.Signature, error) {
		return store.Signature{KeyID: "k", Algorithm: "test", Bytes: []byte("s")}, nil
	}}
	put(t, l, note{ID: "a"}, note{ID: "b"})
	require.NoError(t, l.Do(t.Context(), signed, func(tx *store.Tx) error {
		ref := store.Ref{System: "qms", ID: "1", URL: "u"}
		return errors.Join(notes.Put(tx, note{ID: "a", N: 1}, ref), notes.Put(tx, note{ID: "c"}, ref))
	}))
	put(t, l, note{ID: "d"})
	require.NoError(t, l.Verify(t.Context()))
	return m, l
}

func TestEveryFieldIsInTheChain(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*store.Entry){
		"seq":            func(e *store.Entry) { e.Seq = 40 },
		"act":            func(e *store.Entry) { e.Act = 1 },
		"at":             func(e *store.Entry) { e.At = e.At.Add(time.Microsecond) },
		"who":            func(e *store.Entry) { e.Who = "u-19" },
		"why":            func(e *store.Entry) { e.Why += " " },
		"kind":           func(e *store.Entry) { e.Kind = "host.other" },
		"key":            func(e *store.Entry) { e.Key = "z" },
		"version":        func(e *store.Entry) { e.Version++ },
		"body":           func(e *store.Entry) { e.Body[0] ^= 1 },
		"longer body":    func(e *store.Entry) { e.Body = append(e.Body, ' ') },
		"ref system":     func(e *store.Entry) { e.Refs[0].System = "x" },
		"ref id":         func(e *store.Entry) { e.Refs[0].ID = "x" },
		"ref url":        func(e *store.Entry) { e.Refs[0].URL = "" },
		"no refs":        func(e *store.Entry) { e.Refs = nil },
		"one ref more":   func(e *store.Entry) { e.Refs = append(e.Refs, e.Refs[0]) },
		"key id":         func(e *store.Entry) { e.Signature.KeyID = "x" },
		"algorithm":      func(e *store.Entry) { e.Signature.Algorithm = "x" },
		"signature":      func(e *store.Entry) { e.Signature.Bytes = nil },
		"no signature":   func(e *store.Entry) { e.Signature = nil },
		"prev":           func(e *store.Entry) { e.Prev[0] ^= 1 },
		"hash":           func(e *store.Entry) { e.Hash[31] ^= 1 },
		"moved boundary": func(e *store.Entry) { e.Who, e.Why = e.Who+"s", e.Why[1:] },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, _ := five(t)
			l := store.New(tampered{d, func(es []store.Entry) []store.Entry { change(&es[2]); return es }}, nil)
			var te *store.TamperError
			require.ErrorAs(t, l.Verify(t.Context()), &te)
			require.Equal(t, int64(3), te.Seq, te.Why)
		})
	}
}

func TestMissingAndMovedEntriesAreFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func([]store.Entry) []store.Entry
		seq    int64
	}{
		"first gone":  {func(es []store.Entry) []store.Entry { return es[1:] }, 1},
		"middle gone": {func(es []store.Entry) []store.Entry { return append(es[:2], es[3:]...) }, 3},
		"two swapped": {func(es []store.Entry) []store.Entry { es[1], es[2] = es[2], es[1]; return es }, 2},
		"one doubled": {func(es []store.Entry) []store.Entry { return append(es[:2], es[1:]...) }, 3},
		"from the start again, sealed anew": {func(es []store.Entry) []store.Entry {
			// A forger who computes every digest again, but leaves one link.
			a, _ := store.ActOf(es[:2]...)
			a.Why = "forged"
			forged, _ := store.Seal(store.Entry{}, a)
			return append(forged, es[2:]...)
		}, 3},
		"an older time, sealed anew": {func(es []store.Entry) []store.Entry {
			head := es[1]
			head.At = time.Time{}
			a, _ := store.ActOf(es[2:4]...)
			a.At = noon
			forged, _ := store.Seal(head, a)
			return append(es[:2], forged...)
		}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, _ := five(t)
			var te *store.TamperError
			require.ErrorAs(t, store.New(tampered{d, c.change}, nil).Verify(t.Context()), &te)
			require.Equal(t, c.seq, te.Seq, te.Why)
		})
	}
}

// seal gives e the digest of what it says, as one who forges would.
func seal(e *store.Entry) {
	e.Hash = canon.Sum("postmarket ledger entry 1", func(w *canon.Writer) {
		w.Int(e.Seq)
		w.Int(e.Act)
		w.Int(e.At.UnixMicro())
		w.Text(e.Who)
		w.Text(e.Why)
		w.Text(e.Kind)
		w.Text(e.Key)
		w.Int(int64(e.Version))
		w.Bytes(e.Body)
		w.List(len(e.Refs))
		for _, r := range e.Refs {
			w.Text(r.System)
			w.Text(r.ID)
			w.Text(r.URL)
		}
		if e.Signature == nil {
			w.List(0)
		} else {
			w.List(1)
			w.Text(e.Signature.KeyID)
			w.Text(e.Signature.Algorithm)
			w.Bytes(e.Signature.Bytes)
		}
		w.Bytes(e.Prev[:])
	})
}

func TestAForgedEndMustStillBeAnAct(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(e *store.Entry, before store.Entry)
		sound  bool
	}{
		"nothing":                    {func(e *store.Entry, _ store.Entry) {}, true},
		"an act that is over":        {func(e *store.Entry, _ store.Entry) { e.Act = 1 }, false},
		"an act to come":             {func(e *store.Entry, _ store.Entry) { e.Act = 9 }, false},
		"the act before, as another": {func(e *store.Entry, _ store.Entry) { e.Act = 3 }, false},
		"an older time":              {func(e *store.Entry, _ store.Entry) { e.At = noon }, false},
		"only another number": {func(e *store.Entry, before store.Entry) {
			e.Act, e.Who, e.Why, e.At, e.Signature = 1, before.Who, before.Why, before.At, before.Signature
		}, false},
		"one more entry of the act before": {func(e *store.Entry, before store.Entry) {
			e.Act, e.Who, e.Why, e.At, e.Signature = before.Act, before.Who, before.Why, before.At, before.Signature
		}, true},
		"of the act before, by another": {func(e *store.Entry, before store.Entry) {
			e.Act, e.Why, e.At, e.Signature = before.Act, before.Why, before.At, before.Signature
		}, false},
		"of the act before, unsigned": {func(e *store.Entry, before store.Entry) {
			e.Act, e.Who, e.Why, e.At = before.Act, before.Who, before.Why, before.At
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, _ := five(t)
			l := store.New(tampered{d, func(es []store.Entry) []store.Entry {
				c.change(&es[4], es[3])
				seal(&es[4])
				return es
			}}, nil)
			err := l.Verify(t.Context())
			if c.sound {
				require.NoError(t, err)
				return
			}
			var te *store.TamperError
			require.ErrorAs(t, err, &te)
			require.Equal(t, int64(5), te.Seq)
		})
	}
}

// headless tells another head than its trail.
type headless struct{ store.Driver }

func (d headless) Head(ctx context.Context) (store.Entry, error) {
	e, err := d.Driver.Head(ctx)
	e.Hash[0] ^= 1
	return e, err
}

func TestTheHeadIsTheEndOfTheTrail(t *testing.T) {
	t.Parallel()
	d, _ := five(t)
	var te *store.TamperError
	require.ErrorAs(t, store.New(headless{d}, nil).Verify(t.Context()), &te)
	require.Equal(t, int64(5), te.Seq)
}

func TestOnlyACheckpointSeesALostTail(t *testing.T) {
	t.Parallel()
	d, l := five(t)
	known, err := l.Checkpoint(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(5), known.Seq)

	cut := store.New(tampered{d, func(es []store.Entry) []store.Entry { return es[:4] }}, nil)
	require.NoError(t, cut.Verify(t.Context()), "a chain cannot see its own lost tail")
	var te *store.TamperError
	require.ErrorAs(t, cut.Verify(t.Context(), known), &te)
	require.Equal(t, int64(5), te.Seq)

	none := store.New(tampered{d, func([]store.Entry) []store.Entry { return nil }}, nil)
	require.NoError(t, none.Verify(t.Context()))
	require.ErrorAs(t, none.Verify(t.Context(), store.Checkpoint{}, known), &te)
	require.Equal(t, int64(1), te.Seq)

	// A whole other ledger, sound in itself.
	_, other := five(t)
	put(t, other, note{ID: "e"})
	require.NoError(t, other.Verify(t.Context(), store.Checkpoint{}, known), "the same acts give the same digests")
	forged := store.New(memory.New(), nil)
	for range 6 {
		put(t, forged, note{ID: "a"})
	}
	require.NoError(t, forged.Verify(t.Context()))
	require.ErrorAs(t, forged.Verify(t.Context(), known), &te)
	require.Equal(t, int64(5), te.Seq)
}

func TestACheckpointIsText(t *testing.T) {
	t.Parallel()
	_, l := five(t)
	c, err := l.Checkpoint(t.Context())
	require.NoError(t, err)
	back, err := store.ParseCheckpoint(c.String() + "\n")
	require.NoError(t, err)
	require.Equal(t, c.Hash, back.Hash)
	require.Equal(t, c.Seq, back.Seq)
	require.NoError(t, l.Verify(t.Context(), back))
	b, err := json.Marshal(c)
	require.NoError(t, err)
	var viaJSON store.Checkpoint
	require.NoError(t, json.Unmarshal(b, &viaJSON))
	require.Equal(t, c, viaJSON)
	for _, bad := range []string{"", "5", "5:", "x:00", "-1:" + c.Hash.String(), "5:" + c.Hash.String()[1:], "5:" + strings.Repeat("g", 64)} {
		_, err := store.ParseCheckpoint(bad)
		require.Error(t, err, "%q", bad)
	}
	empty := store.New(memory.New(), nil)
	zero, err := empty.Checkpoint(t.Context())
	require.NoError(t, err)
	require.Equal(t, store.Checkpoint{}, zero)
}

func FuzzParseCheckpoint(f *testing.F) {
	f.Add("5:" + strings.Repeat("ab", 32))
	f.Add("0:")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := store.ParseCheckpoint(s)
		if err != nil {
			return
		}
		again, err := store.ParseCheckpoint(c.String())
		if err != nil || again != c {
			t.Fatalf("%q gave %v, and that gave %v, %v", s, c, again, err)
		}
	})
}

// The digests of a fixed act. If this test fails, every ledger in the field
// would read as tampered with: the format must stay, not this test change. The
// digests were computed by a second program, from the description alone.
func TestTheDigestsNeverChange(t *testing.T) {
	t.Parallel()
	a := store.Act{
		Who: "u-17", Why: "grün\n", At: time.Date(2026, 3, 29, 12, 0, 0, 123456789, time.UTC),
		Writes: []store.Write{
			{Name: store.Name{Kind: "patch.plan", Key: "CVE-2022-25640"}, Version: 1, Body: []byte(`{"due":"2026-04-01"}`)},
			{Name: store.Name{Kind: "host.note", Key: "é"}, Version: 7, Body: nil, Refs: []store.Ref{{System: "qms", ID: "C-1", URL: "https://qms.example/"}}},
		},
		Signature: &store.Signature{KeyID: "k", Algorithm: "ed25519", Bytes: []byte{0, 1, 255}},
	}
	es, err := store.Seal(store.Entry{}, a)
	require.NoError(t, err)
	d := a.Digest()
	require.Equal(t, "33e681237c3b879b12b4934a4a59cadc52363e1bee5744a5b3e1000c3ebbbd2c", store.Hash(d).String())
	require.Equal(t, "e42b22d19d22067414d9998d9ddb8978198df614fd7c24630f11ec4e96267b91", es[0].Hash.String())
	require.Equal(t, "b0dce4071e91011b172d413f26717c291bbdc2aad2bf0cd1c6dbdba921a6acd2", es[1].Hash.String())
}

func TestAnExportSaysItAll(t *testing.T) {
	t.Parallel()
	m := memory.New()
	l := store.New(m, &store.Options{Now: func() time.Time { return noon.Add(120 * time.Millisecond) }})
	require.NoError(t, l.Do(t.Context(), by, func(tx *store.Tx) error {
		return notes.Put(tx, note{ID: "a", Text: "<x> & é"}, store.Ref{System: "qms", ID: "1"})
	}))
	for _, body := range []string{" {} ", "\xff", "", `"\u003c"`, "null"} {
		_, err := m.Commit(t.Context(), store.Act{Who: "w", Why: "y", At: noon, Writes: []store.Write{{Name: store.Name{Kind: "host.raw", Key: "k"}, Version: 1, Body: []byte(body)}}})
		require.NoError(t, err)
	}
	var out bytes.Buffer
	require.NoError(t, l.Export(t.Context(), &out))
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	require.Len(t, lines, 6)
	require.Contains(t, lines[0], `{"seq":1,"act":1,"at":"2026-03-29T12:00:00.120000Z","who":"u-17","why":"test","kind":"host.note","key":"a","version":1,"body":{"id":"a","text":"<x> & é"},"refs":[{"system":"qms","id":"1"}],"prev":"0000`)

	// The digests can be computed from the export alone.
	var head store.Entry
	for _, s := range lines {
		var x struct {
			Who, Why, Kind, Key string
			At                  time.Time
			Version             int
			Body                json.RawMessage
			Base64              []byte `json:"body_base64"`
			Refs                []store.Ref
			Hash                string
		}
		require.NoError(t, json.Unmarshal([]byte(s), &x))
		body := []byte(x.Body)
		if body == nil {
			body = x.Base64
		}
		es, err := store.Seal(head, store.Act{Who: x.Who, Why: x.Why, At: x.At, Writes: []store.Write{{Name: store.Name{Kind: x.Kind, Key: x.Key}, Version: x.Version, Body: body, Refs: x.Refs}}})
		require.NoError(t, err)
		require.Equal(t, x.Hash, es[0].Hash.String(), s)
		head = es[0]
	}
	require.ErrorContains(t, l.Export(t.Context(), full{}), "disk full")
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }
