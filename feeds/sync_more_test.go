package feeds_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/store/memory"
)

// sized adds to a step how many bytes it took.
func sized(s step, n int64) step { s.u.Bytes = n; return s }

func quarantined(t *testing.T, m feeds.Mirror) []string {
	t.Helper()
	var out []string
	for r, err := range m.Quarantine(t.Context(), "demo") {
		require.NoError(t, err)
		out = append(out, fmt.Sprint(r.Item, " ", r.Digest, " ", r.Why, " ", r.At.Hour()))
	}
	return out
}

func TestProgressTellsBytesWhereTheSourceDoes(t *testing.T) {
	t.Parallel()
	var progress []feeds.Progress
	got, err := feeds.Sync(t.Context(), script(sized(told("A", "1"), 100), sized(bad("B"), 20), sized(told("C", "3"), 3), sized(step{u: feeds.Update{Next: "4"}}, 1)),
		memory.New(), &feeds.SyncOptions{At: noon, Batch: 2, Progress: func(p feeds.Progress) { progress = append(progress, p) }})
	require.NoError(t, err)
	require.Equal(t, []feeds.Progress{
		{Source: "demo", Records: 1, Rejected: 1, Bytes: 120}, {Source: "demo", Records: 2, Rejected: 1, Bytes: 124},
	}, progress)
	require.Equal(t, int64(124), got.Bytes)
}

func TestWholeReadingMendsWhatItDidNotFindBadAgain(t *testing.T) {
	t.Parallel()
	m := memory.New()
	got, err := sync(t, script(told("A", ""), bad("file x.json"), bad("file y.json"), bad("D"), step{u: feeds.Update{Whole: true}}), m, noon)
	require.NoError(t, err)
	require.True(t, got.Partial())
	require.Zero(t, got.Mended)
	require.Equal(t, []string{"D d unreadable 12", "file x.json d unreadable 12", "file y.json d unreadable 12"}, quarantined(t, m))

	// A reading that does not tell all there is mends only what it tells.
	got, err = sync(t, script(told("D", "")), m, noon.Add(time.Hour))
	require.NoError(t, err)
	require.False(t, got.Partial())
	require.Equal(t, []string{"file x.json d unreadable 12", "file y.json d unreadable 12"}, quarantined(t, m))

	got, err = sync(t, script(told("A", ""), told("X", ""), told("D", ""), bad("file y.json"), step{u: feeds.Update{Whole: true}}), m, noon.Add(2*time.Hour))
	require.NoError(t, err)
	require.Equal(t, 1, got.Mended)
	require.Equal(t, []string{"file y.json d unreadable 14"}, quarantined(t, m))
	require.Equal(t, 1, standing(t, m, "demo").Quarantined)

	got, err = sync(t, script(told("A", ""), told("X", ""), told("D", ""), step{u: feeds.Update{Whole: true}}), m, noon.Add(3*time.Hour))
	require.NoError(t, err)
	require.Equal(t, 1, got.Mended)
	require.False(t, got.Partial())
	require.Empty(t, quarantined(t, m))
}

func TestReadingThatWentOnAmidMendsNothing(t *testing.T) {
	t.Parallel()
	m := memory.New()
	_, err := feeds.Sync(t.Context(), script(bad("file x.json"), told("A", "page 2"), step{err: errors.New("cut")}), m, &feeds.SyncOptions{At: noon, Batch: 1})
	require.Error(t, err)
	got, err := sync(t, script(told("B", "end"), whole("end")), m, noon.Add(time.Hour))
	require.NoError(t, err)
	require.True(t, got.Partial())
	require.Len(t, quarantined(t, m), 1)
}

func TestOfTwoSyncsOfASourceWithoutACursorOneIsAConflict(t *testing.T) {
	t.Parallel()
	m := memory.New()
	s := scripted{"demo", func(feeds.Cursor) iter.Seq2[feeds.Update, error] {
		return func(yield func(feeds.Update, error) bool) {
			// Another sync is faster, and what it read is newer.
			_, err := sync(t, script(told("B", "")), m, noon)
			require.NoError(t, err)
			a := told("A", "")
			yield(a.u, nil)
		}
	}}
	_, err := sync(t, s, m, noon)
	require.ErrorIs(t, err, feeds.ErrConflict)
	require.Equal(t, []string{"B"}, items(t, m, "demo"))
	require.Zero(t, standing(t, m, "demo").Failures)
}

// failing is a mirror that keeps some batches and then no more.
type failing struct {
	feeds.Mirror
	left int
	err  error
}

func (f *failing) Keep(ctx context.Context, b feeds.Batch) error {
	if f.left--; f.left < 0 {
		return f.err
	}
	return f.Mirror.Keep(ctx, b)
}

func TestWhenTheMirrorFailsWhatWasKeptBeforeIsToldAndGoneOnFrom(t *testing.T) {
	t.Parallel()
	full := errors.New("the disk is full")
	steps := []step{told("A", "1"), told("B", "2"), told("C", "3"), told("D", "4"), whole("5")}
	for left := range 5 {
		m := memory.New()
		var last feeds.Progress
		got, err := feeds.Sync(t.Context(), script(steps...), &failing{m, left, full},
			&feeds.SyncOptions{At: noon, Batch: 1, Progress: func(p feeds.Progress) { last = p }})
		require.ErrorIs(t, err, full)
		require.ErrorContains(t, err, "feeds: keep demo: the disk is full")
		require.Equal(t, left, got.Records)
		require.Equal(t, left, last.Records)
		require.Equal(t, standing(t, m, "demo").Cursor, got.Cursor)
		require.Len(t, items(t, m, "demo"), left)
		require.Zero(t, standing(t, m, "demo").Failures, "not the source's fault")
		_, err = sync(t, script(steps[left:]...), m, noon)
		require.NoError(t, err)
		require.Equal(t, []string{"A", "B", "C", "D"}, items(t, m, "demo"))
	}
}

// slow is a mirror whose Keep waits until it is let go.
type slow struct {
	feeds.Mirror
	begun chan struct{}
	goOn  chan struct{}
}

func (s *slow) Keep(ctx context.Context, b feeds.Batch) error {
	s.begun <- struct{}{}
	<-s.goOn
	return s.Mirror.Keep(ctx, b)
}

func TestTheNextBatchIsReadWhileOneIsKept(t *testing.T) {
	t.Parallel()
	m := &slow{memory.New(), make(chan struct{}, 9), make(chan struct{}, 9)}
	s := scripted{"demo", func(feeds.Cursor) iter.Seq2[feeds.Update, error] {
		return func(yield func(feeds.Update, error) bool) {
			a, b := told("A", "1"), told("B", "2")
			if !yield(a.u, nil) {
				return
			}
			<-m.begun // the first batch is being kept, and the reading goes on
			m.goOn <- struct{}{}
			m.goOn <- struct{}{}
			m.goOn <- struct{}{}
			yield(b.u, nil)
		}
	}}
	got, err := feeds.Sync(t.Context(), s, m, &feeds.SyncOptions{At: noon, Batch: 1})
	require.NoError(t, err)
	require.Equal(t, 2, got.Records)
	require.Equal(t, []string{"A", "B"}, items(t, m, "demo"))
}

func TestABatchIsBoundedByBytesWhereTheyAreKnown(t *testing.T) {
	t.Parallel()
	batches := func(n int, bytes int64) (sizes []int) {
		var steps []step
		for i := range n {
			steps = append(steps, sized(told(fmt.Sprintf("I-%05d", i), ""), bytes))
		}
		last := 0
		_, err := feeds.Sync(t.Context(), script(steps...), memory.New(), &feeds.SyncOptions{At: noon, Progress: func(p feeds.Progress) {
			sizes = append(sizes, p.Records-last)
			last = p.Records
		}})
		require.NoError(t, err)
		return sizes
	}
	require.Equal(t, []int{500, 500, 200}, batches(1200, 0))
	require.Equal(t, []int{2000, 100}, batches(2100, 1000))
	require.Equal(t, []int{8, 2}, batches(10, 1<<20))
	require.Equal(t, []int{1, 1, 0}, batches(2, 100<<20))
}

func TestAgeIsSinceTheLastReadingThatEndedWell(t *testing.T) {
	t.Parallel()
	_, ok := feeds.Standing{Tried: noon}.Age(noon)
	require.False(t, ok)
	age, ok := feeds.Standing{Tried: noon.Add(2 * time.Hour), Succeeded: noon}.Age(noon.Add(3 * time.Hour))
	require.True(t, ok)
	require.Equal(t, 3*time.Hour, age)
}
