package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
)

func TestPutIfChangedWritesOnlyChanges(t *testing.T) {
	t.Parallel()
	l := fixed(t)
	ref := store.Ref{System: "qms", ID: "C-1"}
	var wrote []bool
	for _, step := range []struct {
		n    note
		refs []store.Ref
	}{
		{note{ID: "a", N: 1}, nil}, {note{ID: "a", N: 1}, nil}, {note{ID: "a", N: 2}, nil},
		{note{ID: "a", N: 2}, []store.Ref{ref}}, {note{ID: "a", N: 2}, []store.Ref{ref}}, {note{ID: "a", N: 2}, nil},
	} {
		require.NoError(t, l.Do(t.Context(), by, func(tx *store.Tx) error {
			w, err := notes.PutIfChanged(tx, step.n, step.refs...)
			wrote = append(wrote, w)
			return err
		}))
	}
	require.Equal(t, []bool{true, false, true, true, false, false}, wrote)
	require.Len(t, trail(t, l), 3)
}

func TestRefsRoundTrip(t *testing.T) {
	t.Parallel()
	l := fixed(t)
	refs := []store.Ref{{System: "qms", ID: "C-1", URL: "https://qms.example/C-1"}, {System: "tracker", URL: "https://t.example/2"}}
	require.NoError(t, l.Do(t.Context(), by, func(tx *store.Tx) error { return notes.Put(tx, note{ID: "a"}, refs...) }))
	_, e, err := notes.Latest(t.Context(), l, "a")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(refs, e.Refs))
	for _, bad := range []store.Ref{{}, {System: "qms"}, {ID: "1"}, {System: "\xff", ID: "1"}} {
		require.Error(t, l.Do(t.Context(), by, func(tx *store.Tx) error { return notes.Put(tx, note{ID: "a"}, bad) }), "%q", bad)
	}
}

func TestAllIsTheNewestOfEachByKey(t *testing.T) {
	t.Parallel()
	l := fixed(t)
	put(t, l, note{ID: "b/2", N: 1}, note{ID: "a", N: 1}, note{ID: "b/1", N: 1})
	put(t, l, note{ID: "b/2", N: 2})
	read := func(prefix string) (out []note) {
		for n, err := range notes.All(t.Context(), l, prefix) {
			require.NoError(t, err)
			out = append(out, n)
		}
		return out
	}
	require.Equal(t, []note{{ID: "a", N: 1}, {ID: "b/1", N: 1}, {ID: "b/2", N: 2}}, read(""))
	require.Equal(t, []note{{ID: "b/1", N: 1}, {ID: "b/2", N: 2}}, read("b/"))
	var seqs []int64
	for e, err := range notes.History(t.Context(), l, "b/2") {
		require.NoError(t, err)
		n, err := notes.Decode(e)
		require.NoError(t, err)
		require.Equal(t, len(seqs)+1, n.N)
		seqs = append(seqs, e.Seq)
	}
	require.Equal(t, []int64{1, 4}, seqs)
	for _, err := range notes.History(t.Context(), l, "") {
		require.Error(t, err, "no key is not every key")
	}
}

func TestOneKindNeverHasTwoTypes(t *testing.T) {
	t.Parallel()
	l := fixed(t)
	put(t, l, note{ID: "a"})
	const twin store.Kind[plan] = "host.note"
	err := l.Do(t.Context(), by, func(tx *store.Tx) error { return twin.Put(tx, plan{ID: "a"}) })
	require.ErrorContains(t, err, "host.note")
	_, _, err = twin.Latest(t.Context(), l, "a")
	require.ErrorContains(t, err, "host.note")
}

type leaf struct {
	ID    string            `json:"id"`
	Texts map[string]any    `json:"texts,omitempty"`
	Raw   json.RawMessage   `json:"raw,omitempty"`
	Next  *leaf             `json:"next,omitempty"`
	Names [2]string         `json:"names"`
	Bytes []byte            `json:"bytes,omitempty"`
	Local string            `json:"-"`
	Keys  map[string]string `json:"keys,omitempty"`
}

func (l leaf) Key() string { return l.ID }

func TestATextThatJSONWouldChangeIsRefused(t *testing.T) {
	t.Parallel()
	const leaves store.Kind[leaf] = "host.leaf"
	keep := func(v leaf) error {
		v.ID = "a"
		return fixed(t).Do(t.Context(), by, func(tx *store.Tx) error { return leaves.Put(tx, v) })
	}
	for name, v := range map[string]leaf{
		"in a map":     {Texts: map[string]any{"k": []any{"a\xffb"}}},
		"as a key":     {Keys: map[string]string{"\xc0": "x"}},
		"in an array":  {Names: [2]string{"", "\xed\xa0\x80"}},
		"deeper":       {Next: &leaf{ID: "\xff"}},
		"raw":          {Raw: json.RawMessage("\"\xff\"")},
		"beside right": {Raw: json.RawMessage(`"\ufffd"`), Next: &leaf{ID: "\xff"}},
	} {
		require.ErrorContains(t, keep(v), "not UTF-8", name)
	}
	for name, v := range map[string]leaf{
		"a replacement by right": {Next: &leaf{ID: "\ufffd"}, Raw: json.RawMessage(`"\ufffd"`)},
		"an escape as text":      {Next: &leaf{ID: `\ufffd`}},
		"bytes":                  {Bytes: []byte{0xff}},
		"what is not kept":       {Local: "\xff", Raw: json.RawMessage(`"\ufffd"`)},
	} {
		require.NoError(t, keep(v), name)
	}
}

func TestFindTellsWhoWroteIt(t *testing.T) {
	t.Parallel()
	l := fixed(t)
	put(t, l, note{ID: "a", N: 1})
	require.NoError(t, l.Do(t.Context(), store.By{Who: "u-2", Why: "again"}, func(tx *store.Tx) error {
		n, e, err := notes.Find(tx, "a")
		require.NoError(t, err)
		require.Equal(t, 1, n.N)
		require.Equal(t, by.Who, e.Who)
		require.EqualValues(t, 1, e.Seq)
		require.NoError(t, notes.Put(tx, note{ID: "a", N: 2}))
		n, e, err = notes.Find(tx, "a")
		require.NoError(t, err)
		require.Equal(t, 2, n.N)
		require.Empty(t, e.Who, "it is not written yet")
		_, _, err = notes.Find(tx, "b")
		require.ErrorIs(t, err, store.ErrNotFound)
		return nil
	}))
}

func TestKindsAreRoomAndNoun(t *testing.T) {
	t.Parallel()
	l := fixed(t)
	for kind, ok := range map[string]bool{
		"patch.plan": true, "host.ward-round": true, "host.acme.x_1": true,
		"": false, "plan": false, "Patch.plan": false, "patch.": false, ".plan": false, "patch plan.x": false, "patch.1": false, "pätch.x": false,
	} {
		err := l.Do(t.Context(), by, func(tx *store.Tx) error { return store.Kind[note](kind).Put(tx, note{ID: "a"}) })
		require.Equal(t, ok, err == nil, "%q: %v", kind, err)
	}
	for _, key := range []string{"", "\xff", "a\x00"} {
		require.Error(t, l.Do(t.Context(), by, func(tx *store.Tx) error { return notes.Put(tx, note{ID: key}) }), "%q", key)
	}
}

type plan struct {
	ID   string `json:"id"`
	Days int    `json:"days"`
}

func (p plan) Key() string      { return p.ID }
func (plan) SchemaVersion() int { return 3 }
func (p *plan) Upcast(version int, body []byte) error {
	var old struct {
		Name  string `json:"name"`
		ID    string `json:"id"`
		Hours int    `json:"hours"`
	}
	if err := json.Unmarshal(body, &old); err != nil {
		return err
	}
	switch version {
	case 1:
		*p = plan{ID: old.Name, Days: 1}
	case 2:
		*p = plan{ID: old.ID, Days: old.Hours / 24}
	}
	return nil
}

func TestOlderBodiesAreReadNewerOnesRefused(t *testing.T) {
	t.Parallel()
	const plans store.Kind[plan] = "patch.plan"
	name := store.Name{Kind: "patch.plan", Key: "p"}
	for _, c := range []struct {
		version int
		body    string
		want    plan
	}{
		{1, `{"name":"p"}`, plan{"p", 1}}, {2, `{"id":"p","hours":48}`, plan{"p", 2}}, {3, `{"id":"p","days":3}`, plan{"p", 3}},
	} {
		got, err := plans.Decode(store.Entry{Name: name, Version: c.version, Body: []byte(c.body)})
		require.NoError(t, err)
		require.Equal(t, c.want, got)
	}
	_, err := plans.Decode(store.Entry{Name: name, Version: 4, Body: []byte(`{}`)})
	var ve *store.VersionError
	require.ErrorAs(t, err, &ve)
	require.Equal(t, store.VersionError{Name: name, Have: 4, Want: 3}, *ve)
	require.ErrorContains(t, err, "newer program")
	_, err = notes.Decode(store.Entry{Name: store.Name{Kind: "host.note", Key: "a"}, Version: 2})
	require.ErrorAs(t, err, &ve)
	_, err = plans.Decode(store.Entry{Name: name, Version: 1, Body: []byte(`[`)})
	require.ErrorContains(t, err, "patch.plan")
	_, err = plans.Decode(store.Entry{Name: store.Name{Kind: "host.note", Key: "a"}, Version: 3})
	require.Error(t, err, "an entry of another kind")

	l := fixed(t)
	require.NoError(t, l.Do(t.Context(), by, func(tx *store.Tx) error { return plans.Put(tx, plan{"p", 5}) }))
	_, e, err := plans.Latest(t.Context(), l, "p")
	require.NoError(t, err)
	require.Equal(t, 3, e.Version)
}

func TestTextIsKeptAsWritten(t *testing.T) {
	t.Parallel()
	l := fixed(t)
	put(t, l, note{ID: "a", Text: "<b> & \u2028 é"})
	_, e, err := notes.Latest(t.Context(), l, "a")
	require.NoError(t, err)
	require.True(t, strings.Contains(string(e.Body), "<b> &"), "%s", e.Body)
	n, err := notes.Decode(e)
	require.NoError(t, err)
	require.Equal(t, "<b> & \u2028 é", n.Text)
}

func TestABodyThatCannotBeReadDoesNotHideTheNext(t *testing.T) {
	t.Parallel()
	m := memory.New()
	l := store.New(m, nil)
	a := store.Act{Who: "w", Why: "y", At: noon}
	for key, body := range map[string]string{"a": `{"id":"a"}`, "b": `{"id":`, "c": `{"id":"c"}`} {
		a.Writes = append(a.Writes, store.Write{Name: store.Name{Kind: "host.note", Key: key}, Version: 1, Body: []byte(body)})
	}
	_, err := m.Commit(t.Context(), a)
	require.NoError(t, err)
	var ids []string
	bad := 0
	for n, err := range notes.All(t.Context(), l, "") {
		if err != nil {
			require.ErrorContains(t, err, `host.note "b"`)
			bad++
			continue
		}
		ids = append(ids, n.ID)
	}
	require.Equal(t, []string{"a", "c"}, ids)
	require.Equal(t, 1, bad)
	require.Error(t, l.Do(t.Context(), by, func(tx *store.Tx) error {
		_, err := notes.Get(tx, "b")
		return err
	}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range notes.All(ctx, l, "") {
		require.ErrorIs(t, err, context.Canceled)
	}
	for _, err := range notes.History(ctx, l, "a") {
		require.ErrorIs(t, err, context.Canceled)
	}
	for _, err := range store.Kind[note]("Bad").All(t.Context(), l, "") {
		require.Error(t, err)
	}
}

type broken struct{ note }

func (broken) MarshalJSON() ([]byte, error) { return nil, errors.New("cannot be written") }

func TestAValueThatCannotBeWrittenStopsTheAct(t *testing.T) {
	t.Parallel()
	l := fixed(t)
	err := l.Do(t.Context(), by, func(tx *store.Tx) error {
		_ = store.Kind[broken]("host.broken").Put(tx, broken{note{ID: "a"}})
		return notes.Put(tx, note{ID: "b"})
	})
	require.ErrorContains(t, err, "cannot be written")
	err = l.Do(t.Context(), by, func(tx *store.Tx) error { return store.Kind[*note]("host.pointer").Put(tx, nil) })
	require.ErrorContains(t, err, "nil is not")
	require.Empty(t, trail(t, l))
}

func FuzzDecode(f *testing.F) {
	const plans store.Kind[plan] = "patch.plan"
	for _, s := range []string{`{"name":"p"}`, `{"id":"p","hours":48}`, `{"id":"p","days":3}`, `{`, "null", `{"id":"\ud800"}`} {
		for v := range 5 {
			f.Add(v, []byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, version int, body []byte) {
		p, err := plans.Decode(store.Entry{Name: store.Name{Kind: "patch.plan", Key: "p"}, Version: version, Body: body})
		if err != nil {
			return
		}
		// What was read, of whatever version, can be kept and read again.
		l := store.New(memory.New(), nil)
		if err := l.Do(t.Context(), by, func(tx *store.Tx) error { return plans.Put(tx, p) }); err != nil {
			if p.ID == "" || strings.Contains(p.ID, "\x00") {
				return
			}
			t.Fatal(err)
		}
		again, e, err := plans.Latest(t.Context(), l, p.ID)
		if err != nil || again != p || e.Version != 3 {
			t.Fatalf("%+v came back as %+v, version %d, %v", p, again, e.Version, err)
		}
	})
}
