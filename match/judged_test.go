package match_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
)

// keep puts records of one source into the mirror at an instant.
func keep(t *testing.T, m feeds.Mirror, at time.Time, source string, gone []string, records ...feeds.Record) {
	t.Helper()
	s, err := m.Standing(t.Context(), source)
	require.NoError(t, err)
	require.NoError(t, m.Keep(t.Context(), feeds.Batch{
		Source: source, At: at, From: s.Cursor, Next: s.Cursor + "x", Records: records, Gone: gone, Done: true,
	}))
}

// watched is a ledger that holds the BOM of a pump, on a clock that a test sets.
func watched(t *testing.T, m store.Driver, bom sbom.BOM, now *time.Time) *store.Ledger {
	t.Helper()
	l := store.New(m, &store.Options{Now: func() time.Time { return *now }})
	require.NoError(t, l.Do(t.Context(), store.By{Who: "me", Why: "a test"}, func(tx *store.Tx) error {
		return sbom.Files.Put(tx, sbom.Filed{Product: "pump", BOM: bom})
	}))
	return l
}

func look(ctx context.Context, t *testing.T, m feeds.Mirror, bom sbom.BOM) []match.Finding {
	t.Helper()
	index, err := match.Gather(ctx, m, []string{"nvd"}, bom)
	require.NoError(t, err)
	return index.Find("pump", bom).Findings
}

func TestAJudgedFindingReplaysByteForByteWhateverTheMirrorHoldsLater(t *testing.T) {
	t.Parallel()
	m := memory.New()
	bom := device(libfoo("1.0"))
	now := day(1)
	l := watched(t, m, bom, &now)
	kev := feeds.Record{Source: "kev", Item: flaw, Names: []feeds.ID{flaw}, Exploited: &feeds.Exploited{Added: day(1)}}
	keep(t, m, day(1), "nvd", nil, flawed(nil))
	keep(t, m, day(1), "kev", nil, kev)
	f := look(t.Context(), t, m, bom)[0]
	f.Seen = day(2)

	records, err := match.Records(t.Context(), m, f)
	require.NoError(t, err)
	require.Len(t, records, 2, "every record of the vulnerability, not only those that match")
	judge := func(tx *store.Tx) error { return match.Judge(tx, f, records, bom) }
	require.NoError(t, l.Do(t.Context(), store.By{Who: "me", Why: "judged"}, judge))
	before, err := m.Head(t.Context())
	require.NoError(t, err)
	require.NoError(t, l.Do(t.Context(), store.By{Who: "me", Why: "judged again"}, judge))
	after, err := m.Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, before.Seq, after.Seq, "each body is pinned once")

	// The world moves on: another range, another BOM.
	keep(t, m, day(3), "nvd", nil, flawed(func(r *feeds.Record) { r.Configurations[0].Nodes[0].Criteria[0].EndExcluding = "0.5" }))
	require.NoError(t, l.Do(t.Context(), store.By{Who: "me", Why: "next"}, func(tx *store.Tx) error {
		return sbom.Files.Put(tx, sbom.Filed{Product: "pump", BOM: device(libfoo("3.0"))})
	}))
	_, err = match.Records(t.Context(), m, f)
	require.ErrorIs(t, err, match.ErrMoved)

	judged, _, err := match.Judgments.Latest(t.Context(), l, f.Key())
	require.NoError(t, err)
	again, same, err := match.Replay(t.Context(), l, judged, nil)
	require.NoError(t, err)
	require.True(t, same)
	require.Equal(t, f.Digest(), again.Digest())

	judged.Finding.Title = "another"
	_, same, err = match.Replay(t.Context(), l, judged, nil)
	require.NoError(t, err)
	require.False(t, same)
	judged.BOM = "unknown"
	_, _, err = match.Replay(t.Context(), l, judged, nil)
	require.ErrorContains(t, err, "does not hold its BOM")
	require.ErrorContains(t, l.Do(t.Context(), store.By{Who: "me", Why: "too little"}, func(tx *store.Tx) error {
		return match.Judge(tx, f, records[:1], bom)
	}), "is not among those given")
}

func TestWhatWasKnowableWhen(t *testing.T) {
	t.Parallel()
	m := memory.New()
	bom := device(libfoo("1.0"))
	now := day(1)
	l := watched(t, m, bom, &now)
	step := func(at time.Time) {
		now = at
		require.NoError(t, l.Do(t.Context(), store.By{Who: "me", Why: "look"}, func(tx *store.Tx) error {
			s, err := match.States.Get(tx, "pump")
			if err != nil {
				s = match.State{}
			}
			next, _ := s.Next("pump", look(t.Context(), t, m, bom), 1, at)
			_, err = match.States.PutIfChanged(tx, next)
			return err
		}))
	}
	published := func(r *feeds.Record) { r.Published = day(2) }
	keep(t, m, day(3), "nvd", nil, flawed(published))
	f := look(t.Context(), t, m, bom)[0]
	step(day(4))
	keep(t, m, day(5), "kev", nil, feeds.Record{Source: "kev", Item: flaw, Names: []feeds.ID{flaw}, Published: day(5), Exploited: &feeds.Exploited{}})
	keep(t, m, day(6), "nvd", nil, flawed(func(r *feeds.Record) { published(r); r.Text = "more" }))
	keep(t, m, day(7), "nvd", []string{flaw})
	step(day(8))

	all, err := match.Timeline(t.Context(), m, l, f)
	require.NoError(t, err)
	var told []string
	for _, x := range all {
		told = append(told, x.At.Format("02")+" "+x.Source+" "+string(x.What))
	}
	require.Equal(t, []string{
		"02 nvd published", "03 nvd mirrored", "04  seen", "05 kev published", "05 kev mirrored", "06 nvd changed", "07 nvd gone", "08  withdrawn",
	}, told)
	require.Len(t, match.Until(all, day(4)), 3)
	require.Len(t, match.Until(all, day(30)), len(all))
	require.Empty(t, match.Until(all, day(1)))
}

func TestConfidenceIsMadeOfNamedParts(t *testing.T) {
	t.Parallel()
	f := find(device(libfoo("1.0")), flawed(nil)).Findings[0]
	c, parts := f.Instances[0].Confidence(nil)
	require.InDelta(t, 0.9*0.95, c, 1e-9)
	require.Equal(t, []string{"identifier", "rule"}, []string{parts[0].Name, parts[1].Name})
	require.Contains(t, parts[1].Why, "< 2.0")

	against := feeds.Record{Source: "cve", Item: flaw, Names: []feeds.ID{flaw}, Products: []feeds.Product{{
		Name: "libfoo", CPEs: []string{"cpe:2.3:a:acme:libfoo:*:*:*:*:*:*:*:*"}, Default: "not_affected",
		Spans: []feeds.Span{{Status: "affected", From: "0.1", Below: "0.5"}},
	}}}
	f = find(device(libfoo("1.0")), flawed(nil), against).Findings[0]
	require.Len(t, f.Instances[0].Against, 1)
	require.Equal(t, "cve", f.Instances[0].Against[0].Source)
	lower, _ := f.Instances[0].Confidence(nil)
	require.Less(t, lower, c)
}
