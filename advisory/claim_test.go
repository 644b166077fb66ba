package advisory_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/tlp"
)

func TestEverySentenceHasASource(t *testing.T) {
	t.Parallel()
	for name, in := range variants(t) {
		a := final(t, in)
		l := keeping(t, a)
		letter, err := advisory.NewLetter(a)
		require.NoError(t, err)
		claims := letter.Claims()
		require.Equal(t, claims, advisory.Claims(a))
		n := len(letter.Banners) + len(letter.Facts)
		for _, s := range letter.Sections {
			n += len(s.Items)
			if s.Table != nil {
				n += len(s.Table.Rows)
			}
		}
		require.Len(t, claims, n, name)
		for _, c := range claims {
			require.NotEmpty(t, c.From, "%s: %q", name, c.Text)
			for _, b := range c.From {
				if slices.Contains([]string{"match.finding", "advisory.fleet", "advisory.exploitation", "advisory.rating"}, b.Kind) {
					continue // told of by its assessment, or by all products
				}
				found := false
				for _, err := range l.Trail(t.Context(), 0, store.Name{Kind: b.Kind, Key: b.Key}) {
					require.NoError(t, err)
					found = true
				}
				require.True(t, found, "%s: %q: %s %s", name, c.Text, b.Kind, b.Key)
			}
		}
	}
}

func TestASentenceWhoseRecordChangedIsStale(t *testing.T) {
	t.Parallel()
	in := uncontrolled(t)
	a := final(t, in)
	for name, change := range map[string]struct {
		put  func(tx *store.Tx) error
		kind string
		text string // of a claim that is stale by it
	}{
		"the assessment": {func(tx *store.Tx) error {
			x := in.Assessments[0]
			triage := *x.Triage
			triage.Why = "looked again"
			x.Triage = &triage
			return assess.Assessments.Put(tx, x)
		}, "assess.assessment", "too much or too little medicine"},
		"the product": {func(tx *store.Tx) error {
			p := in.Products[0]
			p.Name = "Another name"
			return device.Products.Put(tx, p)
		}, "device.product", "EP-2; 2.1"},
		"the evidence": {func(tx *store.Tx) error {
			return match.States.Put(tx, match.State{Product: "pump-2.1", Findings: []match.Standing{{FindingKey: in.Assessments[0].Finding, Digest: "other"}}})
		}, "match.finding", "too much or too little medicine"},
		"the finding is gone": {func(tx *store.Tx) error {
			return match.States.Put(tx, match.State{Product: "pump-2.1", Findings: []match.Standing{
				{FindingKey: in.Assessments[0].Finding, Digest: in.Assessments[0].Digest, Gone: out},
			}})
		}, "match.finding", "Uncontrolled risk"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := keeping(t, a)
			require.NoError(t, advisory.Fresh(t.Context(), l, a))
			require.NoError(t, l.Do(t.Context(), store.By{Who: "analyst", Why: "new facts"}, change.put))
			_, err := desk.Release(t.Context(), l, releaser, tlp.LabelsOnly, a, tlp.Customer, out)
			require.ErrorIs(t, err, advisory.ErrStale)
			var stale *advisory.StaleError
			require.True(t, errors.As(err, &stale))
			require.Len(t, stale.Stale, 1)
			require.Equal(t, change.kind, stale.Stale[0].Of.Kind)
			hit := false
			for _, c := range stale.Stale[0].Claims {
				hit = hit || strings.Contains(c.Text, change.text)
			}
			require.True(t, hit, "%v", stale.Stale[0].Claims)
		})
	}
	_, err := desk.Release(t.Context(), keeping(t, a), releaser, tlp.LabelsOnly, a, tlp.Customer, out)
	require.NoError(t, err)
}

type note struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

func (n note) Key() string { return n.ID }

const notes store.Kind[note] = "host.note"

func TestWordsOfAPersonRestOnWhatTheyCite(t *testing.T) {
	t.Parallel()
	in := uncontrolled(t)
	plain := draft(t, in)
	l := keeping(t, plain)
	put := func(text string) {
		require.NoError(t, l.Do(t.Context(), store.By{Who: "support", Why: "phone list"}, func(tx *store.Tx) error { return notes.Put(tx, note{"hotline", text}) }))
	}
	of := store.Name{Kind: string(notes), Key: "hotline"}
	_, err := advisory.Citing(t.Context(), l, advisory.TextContact, of)
	require.ErrorIs(t, err, store.ErrNotFound)
	put("+1 555 0100")
	cite, err := advisory.Citing(t.Context(), l, advisory.TextContact, of)
	require.NoError(t, err)
	in.Cites = []advisory.Cite{cite}
	a := draft(t, in)
	require.NoError(t, advisory.Fresh(t.Context(), l, a))
	put("+1 555 0199")
	err = advisory.Fresh(t.Context(), l, a)
	require.ErrorIs(t, err, advisory.ErrStale)
	require.ErrorContains(t, err, `host.note "hotline" changed`)
	in.Cites[0].Text = "color"
	_, err = advisory.Draft(in, drafted)
	require.ErrorContains(t, err, `a cite for "color"`)
}
