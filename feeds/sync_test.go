package feeds_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/kev"
	"github.com/open-postmarket/postmarket/feeds/osv"
	"github.com/open-postmarket/postmarket/store/memory"
)

var noon = time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC)

// scripted is a source that tells what its script says, whatever the cursor,
// unless steps asks for it.
type scripted struct {
	name  string
	steps func(since feeds.Cursor) iter.Seq2[feeds.Update, error]
}

func (s scripted) Name() string { return s.name }

func (s scripted) Updates(_ context.Context, since feeds.Cursor) iter.Seq2[feeds.Update, error] {
	return s.steps(since)
}

type step struct {
	u   feeds.Update
	err error
}

func script(steps ...step) scripted {
	return scripted{"demo", func(feeds.Cursor) iter.Seq2[feeds.Update, error] {
		return func(yield func(feeds.Update, error) bool) {
			for _, s := range steps {
				if !yield(s.u, s.err) {
					return
				}
			}
		}
	}}
}

func told(item string, next feeds.Cursor) step {
	return step{u: feeds.Update{Record: feeds.Record{Source: "demo", Item: item, Names: []feeds.ID{feeds.ID(item)}}, Next: next}}
}

func whole(next feeds.Cursor) step { return step{u: feeds.Update{Whole: true, Next: next}} }

func bad(item string) step {
	return step{err: &feeds.RecordError{Source: "demo", Item: item, Digest: "d", Err: errors.New("unreadable")}}
}

func sync(t *testing.T, s feeds.Source, m feeds.Mirror, at time.Time) (feeds.Synced, error) {
	t.Helper()
	return feeds.Sync(t.Context(), s, m, &feeds.SyncOptions{At: at})
}

func items(t *testing.T, m feeds.Mirror, source string) []string {
	t.Helper()
	var out []string
	for item, err := range m.Items(t.Context(), source) {
		require.NoError(t, err)
		out = append(out, item)
	}
	return out
}

func standing(t *testing.T, m feeds.Mirror, source string) feeds.Standing {
	t.Helper()
	st, err := m.Standing(t.Context(), source)
	require.NoError(t, err)
	return st
}

func TestSyncKeepsRecordsAndCursorTogether(t *testing.T) {
	t.Parallel()
	m := memory.New()
	var progress []feeds.Progress
	got, err := feeds.Sync(t.Context(), script(told("A", "1"), told("B", "2"), told("C", "3"), step{u: feeds.Update{Next: "end"}}), m,
		&feeds.SyncOptions{At: noon, Batch: 2, Progress: func(p feeds.Progress) { progress = append(progress, p) }})
	require.NoError(t, err)
	require.Equal(t, feeds.Synced{Source: "demo", Records: 3, Cursor: "end"}, got)
	require.Equal(t, []string{"A", "B", "C"}, items(t, m, "demo"))
	require.Equal(t, feeds.Standing{Source: "demo", Cursor: "end", Turn: 2, Records: 3, Tried: noon, Succeeded: noon, Changed: noon}, standing(t, m, "demo"))
	require.Equal(t, []feeds.Progress{{Source: "demo", Records: 2}, {Source: "demo", Records: 3}}, progress)
}

func TestSyncPutsBadRecordsInQuarantineAndGoesOn(t *testing.T) {
	t.Parallel()
	m := memory.New()
	stranger := told("S", "2")
	stranger.u.Record.Source = "other"
	late := told("L", "2")
	late.u.Record.Modified = time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)
	got, err := sync(t, script(told("A", "1"), bad("B"), stranger, late, told("C", "3")), m, noon)
	require.NoError(t, err)
	require.Equal(t, 2, got.Records)
	require.Equal(t, feeds.Cursor("3"), got.Cursor)
	var rejected []string
	for _, b := range got.Rejected {
		rejected = append(rejected, b.Item)
	}
	require.Equal(t, []string{"B", "S", "L"}, rejected)
	require.Equal(t, []string{"A", "C"}, items(t, m, "demo"))
	require.Equal(t, 3, standing(t, m, "demo").Quarantined)
}

func TestFailedSyncKeepsTheCursorAtTheLastSafePlaceAndIsCounted(t *testing.T) {
	t.Parallel()
	m := memory.New()
	_, err := sync(t, script(told("A", "1"), step{u: feeds.Update{Next: "1"}}), m, noon)
	require.NoError(t, err)
	why := errors.New("503")
	for n := 1; n <= 2; n++ {
		got, err := sync(t, script(told("B", "1"), step{err: why}), m, noon.Add(time.Duration(n)*time.Hour))
		require.ErrorIs(t, err, why)
		require.ErrorContains(t, err, "feeds: sync of demo: 503")
		require.Equal(t, feeds.Cursor("1"), got.Cursor)
		st := standing(t, m, "demo")
		require.Equal(t, n, st.Failures)
		require.Equal(t, feeds.Cursor("1"), st.Cursor)
		require.Equal(t, noon, st.Succeeded)
		require.Contains(t, st.Failed, "503")
	}
	require.Equal(t, []string{"A", "B"}, items(t, m, "demo"), "what was read before the failure stays")
	_, err = sync(t, script(told("B", "2")), m, noon.Add(3*time.Hour))
	require.NoError(t, err)
	require.Zero(t, standing(t, m, "demo").Failures)
}

func TestWholeReadingTakesForGoneWhatItDidNotTell(t *testing.T) {
	t.Parallel()
	m := memory.New()
	_, err := sync(t, script(told("A", ""), told("B", ""), told("C", ""), whole("1")), m, noon)
	require.NoError(t, err)
	got, err := sync(t, script(told("A", "1"), whole("2")), m, noon.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, 2, got.Gone)
	require.False(t, got.Unsure)
	require.Equal(t, []string{"A"}, items(t, m, "demo"))
	got, err = sync(t, script(told("A", "2"), step{u: feeds.Update{Next: "3"}}), m, noon.Add(2*time.Hour))
	require.NoError(t, err)
	require.Zero(t, got.Gone, "a reading that is not Whole takes nothing for gone")
}

func TestBadRecordIsNotTakenForGone(t *testing.T) {
	t.Parallel()
	m := memory.New()
	_, err := sync(t, script(told("A", ""), told("B", ""), told("C", ""), whole("1")), m, noon)
	require.NoError(t, err)
	got, err := sync(t, script(told("A", "1"), bad("B"), whole("2")), m, noon.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, 1, got.Gone, "C alone: B is there and cannot be read")
	require.Equal(t, []string{"A", "B"}, items(t, m, "demo"))
	got, err = sync(t, script(told("A", "2"), bad("file x.json"), whole("3")), m, noon.Add(2*time.Hour))
	require.NoError(t, err)
	require.True(t, got.Unsure, "the bad file may be B")
	require.Zero(t, got.Gone)
	require.Equal(t, []string{"A", "B"}, items(t, m, "demo"))
}

func TestReadingThatWentOnAmidIsUnsureWhatIsGone(t *testing.T) {
	t.Parallel()
	m := memory.New()
	_, err := sync(t, script(told("A", ""), told("B", ""), told("C", ""), whole("")), m, noon)
	require.NoError(t, err)
	_, err = feeds.Sync(t.Context(), script(told("A", "page 2"), step{err: errors.New("cut")}), m, &feeds.SyncOptions{At: noon, Batch: 1})
	require.Error(t, err)
	require.Equal(t, feeds.Cursor("page 2"), standing(t, m, "demo").Cursor)
	got, err := sync(t, script(told("C", "end"), whole("end")), m, noon.Add(time.Hour))
	require.NoError(t, err)
	require.True(t, got.Unsure)
	require.Zero(t, got.Gone)
	require.Equal(t, []string{"A", "B", "C"}, items(t, m, "demo"))
}

func TestSyncThatBreaksAtAnyStepLosesNothingWhenItGoesOn(t *testing.T) {
	t.Parallel()
	before := osv.New(&osv.Options{From: "osv/testdata/before"})
	after := osv.New(&osv.Options{From: "osv/testdata/after"})
	for _, c := range []struct {
		name          string
		before, after feeds.Source
	}{
		{"osv folder", before, after},
		{"kev file", kev.New(&kev.Options{From: "kev/testdata/before"}), kev.New(&kev.Options{From: "kev/testdata/after"})},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			clean := memory.New()
			_, err := sync(t, c.before, clean, noon)
			require.NoError(t, err)
			want, err := sync(t, c.after, clean, noon.Add(time.Hour))
			require.NoError(t, err)
			require.Equal(t, 1, want.Gone)
			for stop := range 5 {
				for batch := 1; batch <= 3; batch++ {
					m := memory.New()
					_, err := sync(t, c.before, m, noon)
					require.NoError(t, err)
					broken := breaking{c.after, stop}
					_, err = feeds.Sync(t.Context(), broken, m, &feeds.SyncOptions{At: noon.Add(time.Minute), Batch: batch})
					require.ErrorIs(t, err, errBroken)
					got, err := sync(t, c.after, m, noon.Add(time.Hour))
					require.NoError(t, err)
					require.Equal(t, 1, got.Gone, "broken at step %d, batches of %d", stop, batch)
					require.Equal(t, items(t, clean, c.after.Name()), items(t, m, c.after.Name()))
				}
			}
		})
	}
}

var errBroken = errors.New("the connection broke")

// breaking is a source whose reading breaks after some steps.
type breaking struct {
	feeds.Source
	steps int
}

func (b breaking) Updates(ctx context.Context, since feeds.Cursor) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		n := 0
		for u, err := range b.Source.Updates(ctx, since) {
			if n++; n > b.steps {
				break
			}
			if !yield(u, err) {
				return
			}
		}
		yield(feeds.Update{}, errBroken)
	}
}

func TestCanceledSyncIsNoFailureOfTheSource(t *testing.T) {
	t.Parallel()
	m := memory.New()
	ctx, cancel := context.WithCancel(t.Context())
	s := scripted{"demo", func(feeds.Cursor) iter.Seq2[feeds.Update, error] {
		return func(yield func(feeds.Update, error) bool) {
			a := told("A", "1")
			yield(a.u, nil)
			cancel()
			yield(feeds.Update{}, fmt.Errorf("demo: %w", ctx.Err()))
		}
	}}
	_, err := feeds.Sync(ctx, s, m, &feeds.SyncOptions{At: noon})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, feeds.Standing{Source: "demo"}, standing(t, m, "demo"))

	quiet := scripted{"demo", func(feeds.Cursor) iter.Seq2[feeds.Update, error] {
		return func(func(feeds.Update, error) bool) {}
	}}
	_, err = feeds.Sync(ctx, quiet, m, &feeds.SyncOptions{At: noon})
	require.ErrorIs(t, err, context.Canceled, "also when the source ends without a word")
}

func TestOfTwoSyncsOneIsAConflict(t *testing.T) {
	t.Parallel()
	m := memory.New()
	s := scripted{"demo", func(since feeds.Cursor) iter.Seq2[feeds.Update, error] {
		return func(yield func(feeds.Update, error) bool) {
			if since == "" { // another sync is faster
				_, err := sync(t, script(told("B", "2")), m, noon)
				require.NoError(t, err)
			}
			a := told("A", "1")
			yield(a.u, nil)
		}
	}}
	_, err := sync(t, s, m, noon)
	require.ErrorIs(t, err, feeds.ErrConflict)
	require.Equal(t, []string{"B"}, items(t, m, "demo"))
	require.Equal(t, feeds.Cursor("2"), standing(t, m, "demo").Cursor)
	require.Zero(t, standing(t, m, "demo").Failures)
}

func TestSyncRefusesWhatItCannotDo(t *testing.T) {
	t.Parallel()
	m := memory.New()
	_, err := feeds.Sync(t.Context(), script(), m, nil)
	require.ErrorContains(t, err, "needs the instant")
	_, err = feeds.Sync(t.Context(), scripted{name: "Bad Name"}, m, &feeds.SyncOptions{At: noon})
	require.ErrorContains(t, err, `"Bad Name"`)
	require.NoError(t, m.Close())
	_, err = sync(t, script(), m, noon)
	require.ErrorContains(t, err, "standing of demo")
}

func TestRealChangeOfACatalogIsToldAsChanges(t *testing.T) {
	t.Parallel()
	m := memory.New()
	_, err := sync(t, kev.New(&kev.Options{FS: os.DirFS("kev/testdata/before")}), m, noon)
	require.NoError(t, err)
	var last int64
	for c, err := range m.Changed(t.Context(), 0) {
		require.NoError(t, err)
		last = c.Position
	}
	got, err := sync(t, kev.New(&kev.Options{FS: os.DirFS("kev/testdata/after")}), m, noon.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, 1, got.Gone)
	var changed []string
	for c, err := range m.Changed(t.Context(), last) {
		require.NoError(t, err)
		changed = append(changed, fmt.Sprint(c.Item, " first ", c.First.Hour(), " gone ", c.Gone))
	}
	slices.Sort(changed)
	require.Equal(t, strings.Join([]string{
		"CVE-2017-0144 first 12 gone true",
		"CVE-2025-23006 first 12 gone false",
		"CVE-2025-48384 first 13 gone false",
	}, "\n"), strings.Join(changed, "\n"))
}
