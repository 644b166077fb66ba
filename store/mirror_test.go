package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/store/sqlite"
)

type closingMirror interface {
	feeds.Mirror
	Close() error
}

// onBoth runs a test on each store that is a mirror.
func onBoth(t *testing.T, test func(*testing.T, closingMirror)) {
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		m := memory.New()
		t.Cleanup(func() { m.Close() })
		test(t, m)
	})
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		db, err := sqlite.Open(filepath.Join(t.TempDir(), "m.db"))
		require.NoError(t, err)
		t.Cleanup(func() { db.Close() })
		test(t, db)
	})
}

func collect[T any](t *testing.T, all iter.Seq2[T, error]) []T {
	t.Helper()
	var out []T
	for v, err := range all {
		require.NoError(t, err)
		out = append(out, v)
	}
	return out
}

// rec is a record about a PyPI package.
func rec(source, item, pkg, title string, names ...feeds.ID) feeds.Record {
	if len(names) == 0 {
		names = []feeds.ID{feeds.ID(item)}
	}
	return feeds.Record{Source: source, Item: item, Names: names, Title: title,
		Packages: []feeds.Package{{Ecosystem: "PyPI", Name: pkg, Versions: []string{"1.0"}}}}
}

func items(rs []feeds.Record) []string {
	var out []string
	for _, r := range rs {
		out = append(out, r.Source+" "+r.Item)
	}
	return out
}

func keepAll(t *testing.T, m feeds.Mirror, bs ...feeds.Batch) {
	t.Helper()
	for _, b := range bs {
		require.NoError(t, m.Keep(t.Context(), b))
	}
}

var django = sbom.PackageCoordinate("PyPI", "django")

func TestRecordsAndCursorAreKeptTogether(t *testing.T) {
	onBoth(t, func(t *testing.T, m closingMirror) {
		full := rec("osv", "GHSA-1", "django", "full", "GHSA-1", "CVE-2021-0001")
		full.Published = time.Date(2021, 1, 2, 3, 4, 5, 600, time.UTC)
		full.Scores = []feeds.Score{{Vector: "CVSS:3.1/AV:N", Base: 9.8, By: "x", Primary: true}}
		full.Text = "<b> \u2028 é"
		keepAll(t, m, feeds.Batch{Source: "osv", At: noon, Next: "c1", Done: true, Records: []feeds.Record{
			rec("osv", "PYSEC-2", "flask", "two"), full,
		}})
		st, err := m.Standing(t.Context(), "osv")
		require.NoError(t, err)
		require.Equal(t, feeds.Standing{Source: "osv", Cursor: "c1", Turn: 1, Records: 2, Tried: noon, Succeeded: noon, Changed: noon}, st)
		require.Equal(t, []string{"GHSA-1", "PYSEC-2"}, collect(t, m.Items(t.Context(), "osv")))
		require.Empty(t, cmp.Diff([]feeds.Record{full}, collect(t, m.About(t.Context(), django, django, "pkg:PyPI/none"))))
		require.Empty(t, cmp.Diff([]feeds.Record{full}, collect(t, m.Named(t.Context(), "CVE-2021-0001", "GHSA-1"))))
		require.Empty(t, collect(t, m.About(t.Context())))
		require.Empty(t, collect(t, m.Named(t.Context())))
		require.Empty(t, collect(t, m.Named(t.Context(), "CVE-2021-9999")))
		require.Equal(t, []feeds.Change{
			{Position: 1, Source: "osv", Item: "PYSEC-2", First: noon, At: noon, Digest: rec("osv", "PYSEC-2", "flask", "two").Digest()},
			{Position: 2, Source: "osv", Item: "GHSA-1", First: noon, At: noon, Digest: full.Digest(), Said: full.Published.Truncate(time.Microsecond)},
		}, collect(t, m.Changed(t.Context(), 0)))
	})
}

func TestASourceNeverKeptStandsAtNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, m closingMirror) {
		st, err := m.Standing(t.Context(), "kev")
		require.NoError(t, err)
		require.Equal(t, feeds.Standing{Source: "kev"}, st)
		require.Empty(t, collect(t, m.Items(t.Context(), "kev")))
		require.Empty(t, collect(t, m.Changed(t.Context(), 0)))
	})
}

func TestABatchFromElsewhereIsAConflictAndLeavesNoTrace(t *testing.T) {
	onBoth(t, func(t *testing.T, m closingMirror) {
		keepAll(t, m, feeds.Batch{Source: "osv", At: noon, Next: "c1", Done: true})
		for _, from := range []feeds.Cursor{"", "c2"} {
			err := m.Keep(t.Context(), feeds.Batch{Source: "osv", At: noon, From: from, Next: "c3", Records: []feeds.Record{rec("osv", "A", "django", "")}})
			require.ErrorIs(t, err, feeds.ErrConflict)
		}
		require.ErrorIs(t, m.Keep(t.Context(), feeds.Batch{Source: "kev", At: noon, From: "x", Next: "y"}), feeds.ErrConflict)
		require.Error(t, m.Keep(t.Context(), feeds.Batch{Source: "osv", At: noon, From: "c1", Records: []feeds.Record{rec("osv", "A", "django", ""), {Source: "osv"}}}))
		require.Empty(t, collect(t, m.Items(t.Context(), "osv")))
		require.Empty(t, collect(t, m.Changed(t.Context(), 0)))
		st, err := m.Standing(t.Context(), "osv")
		require.NoError(t, err)
		require.Equal(t, feeds.Cursor("c1"), st.Cursor)
	})
}

func TestOnlyAnotherDigestIsAChange(t *testing.T) {
	onBoth(t, func(t *testing.T, m closingMirror) {
		one, two := rec("osv", "A", "django", "one"), rec("osv", "A", "flask", "two", "A", "CVE-2021-0002")
		later := noon.Add(time.Hour)
		keepAll(t, m,
			feeds.Batch{Source: "osv", At: noon, Records: []feeds.Record{one}, Done: true},
			feeds.Batch{Source: "osv", At: noon.Add(time.Minute), Records: []feeds.Record{one}, Done: true},
			feeds.Batch{Source: "osv", At: later, Records: []feeds.Record{two}, Done: true},
		)
		require.Equal(t, []feeds.Change{{Position: 2, Source: "osv", Item: "A", First: noon, At: later, Digest: two.Digest()}},
			collect(t, m.Changed(t.Context(), 0)), "the last change of each record")
		require.Empty(t, collect(t, m.Changed(t.Context(), 2)))
		require.Empty(t, collect(t, m.About(t.Context(), django)), "it no longer speaks of django")
		require.Equal(t, []string{"osv A"}, items(collect(t, m.About(t.Context(), sbom.PackageCoordinate("PyPI", "flask")))))
		require.Len(t, collect(t, m.History(t.Context(), "A", "CVE-2021-0002")), 2)
		st, err := m.Standing(t.Context(), "osv")
		require.NoError(t, err)
		require.Equal(t, later, st.Changed)
	})
}

func TestWhatIsGoneIsToldOnceAndMayComeBack(t *testing.T) {
	onBoth(t, func(t *testing.T, m closingMirror) {
		a, b := rec("osv", "A", "django", "a", "A", "CVE-2021-0001"), rec("osv", "B", "django", "b")
		at := func(h int) time.Time { return noon.Add(time.Duration(h) * time.Hour) }
		keepAll(t, m,
			feeds.Batch{Source: "osv", At: at(0), Records: []feeds.Record{a, b}, Done: true},
			feeds.Batch{Source: "osv", At: at(1), Gone: []string{"A", "never"}, Done: true},
			feeds.Batch{Source: "osv", At: at(2), Gone: []string{"A"}, Done: true},
		)
		require.Equal(t, []string{"B"}, collect(t, m.Items(t.Context(), "osv")))
		require.Equal(t, []string{"osv B"}, items(collect(t, m.About(t.Context(), django))))
		require.Empty(t, collect(t, m.Named(t.Context(), "CVE-2021-0001")))
		require.Equal(t, []feeds.Change{
			{Position: 2, Source: "osv", Item: "B", First: at(0), At: at(0), Digest: b.Digest()},
			{Position: 3, Source: "osv", Item: "A", First: at(0), At: at(1), Gone: true},
		}, collect(t, m.Changed(t.Context(), 0)))
		keepAll(t, m, feeds.Batch{Source: "osv", At: at(3), Records: []feeds.Record{a}, Done: true})
		require.Equal(t, []feeds.Change{
			{Position: 1, Source: "osv", Item: "A", First: at(0), At: at(0), Digest: a.Digest()},
			{Position: 3, Source: "osv", Item: "A", First: at(0), At: at(1), Gone: true},
			{Position: 4, Source: "osv", Item: "A", First: at(0), At: at(3), Digest: a.Digest()},
		}, collect(t, m.History(t.Context(), "CVE-2021-0001")))
		require.Equal(t, []string{"osv A"}, items(collect(t, m.Named(t.Context(), "CVE-2021-0001"))))
		st, err := m.Standing(t.Context(), "osv")
		require.NoError(t, err)
		require.Equal(t, 2, st.Records)
	})
}

func TestAFailureIsCountedAndTheCursorStays(t *testing.T) {
	onBoth(t, func(t *testing.T, m closingMirror) {
		at := func(h int) time.Time { return noon.Add(time.Duration(h) * time.Hour) }
		keepAll(t, m,
			feeds.Batch{Source: "osv", At: at(0), Next: "c1", Done: true},
			feeds.Batch{Source: "osv", At: at(1), From: "c1", Next: "c1", Failed: "503"},
			feeds.Batch{Source: "osv", At: at(2), From: "c1", Next: "c2", Records: []feeds.Record{rec("osv", "A", "django", "")}},
			feeds.Batch{Source: "osv", At: at(2), From: "c2", Next: "c2", Failed: "504"},
		)
		st, err := m.Standing(t.Context(), "osv")
		require.NoError(t, err)
		require.Equal(t, feeds.Standing{Source: "osv", Cursor: "c2", Turn: 4, Records: 1, Tried: at(2), Succeeded: at(0), Changed: at(2), Midway: true, Failures: 2, Failed: "504"}, st)
		keepAll(t, m, feeds.Batch{Source: "osv", At: at(3), From: "c2", Next: "c3", Done: true})
		st, err = m.Standing(t.Context(), "osv")
		require.NoError(t, err)
		require.Equal(t, feeds.Standing{Source: "osv", Cursor: "c3", Turn: 5, Records: 1, Tried: at(3), Succeeded: at(3), Changed: at(2)}, st)
	})
}

func TestAnItemLeavesQuarantineWhenItCanBeRead(t *testing.T) {
	onBoth(t, func(t *testing.T, m closingMirror) {
		quarantined := func(want int) {
			t.Helper()
			st, err := m.Standing(t.Context(), "osv")
			require.NoError(t, err)
			require.Equal(t, want, st.Quarantined)
		}
		bad := []feeds.Rejected{{Item: "A", Why: "cut off"}, {Item: "B", Why: "no id"}, {Item: "C"}}
		keepAll(t, m, feeds.Batch{Source: "osv", At: noon, Rejected: bad}, feeds.Batch{Source: "osv", At: noon, Rejected: bad[:2]})
		quarantined(3)
		keepAll(t, m, feeds.Batch{Source: "osv", At: noon, Records: []feeds.Record{rec("osv", "A", "django", "")}})
		quarantined(2)
		keepAll(t, m, feeds.Batch{Source: "osv", At: noon, Gone: []string{"C"}})
		quarantined(1)
	})
}

func TestAnItemToldTwiceInOneBatchIsToldInOrder(t *testing.T) {
	onBoth(t, func(t *testing.T, m closingMirror) {
		one, two := rec("osv", "A", "django", "one", "A", "CVE-2021-0001"), rec("osv", "A", "flask", "two", "A", "CVE-2021-0002")
		keepAll(t, m, feeds.Batch{Source: "osv", At: noon, Records: []feeds.Record{one, two, one, two, two}, Gone: []string{"B"}})
		require.Len(t, collect(t, m.History(t.Context(), "A")), 4)
		require.Empty(t, collect(t, m.About(t.Context(), django)))
		require.Empty(t, collect(t, m.Named(t.Context(), "CVE-2021-0001")))
		require.Len(t, collect(t, m.History(t.Context(), "CVE-2021-0001")), 4, "the record once named it")
		require.Equal(t, []string{"osv A"}, items(collect(t, m.Named(t.Context(), "CVE-2021-0002", "A"))))
		keepAll(t, m, feeds.Batch{Source: "osv", At: noon, Records: []feeds.Record{one}, Gone: []string{"A"}})
		require.Empty(t, collect(t, m.Items(t.Context(), "osv")))
		cs := collect(t, m.Changed(t.Context(), 0))
		require.Len(t, cs, 1)
		require.Equal(t, int64(6), cs[0].Position)
		require.True(t, cs[0].Gone)
	})
}

func TestSourcesDoNotMix(t *testing.T) {
	onBoth(t, func(t *testing.T, m closingMirror) {
		keepAll(t, m,
			feeds.Batch{Source: "osv", At: noon, Next: "o", Records: []feeds.Record{rec("osv", "CVE-2021-0001", "django", "by osv")}},
			feeds.Batch{Source: "nvd", At: noon, Next: "n", Records: []feeds.Record{rec("nvd", "CVE-2021-0001", "django", "by nvd")}},
			feeds.Batch{Source: "nvd", At: noon, From: "n", Next: "n2", Gone: []string{"none"}},
		)
		require.Equal(t, []string{"nvd CVE-2021-0001", "osv CVE-2021-0001"}, items(collect(t, m.Named(t.Context(), "CVE-2021-0001"))))
		require.Equal(t, []string{"nvd CVE-2021-0001", "osv CVE-2021-0001"}, items(collect(t, m.About(t.Context(), django))))
		keepAll(t, m, feeds.Batch{Source: "nvd", At: noon, From: "n2", Next: "n3", Gone: []string{"CVE-2021-0001"}})
		require.Equal(t, []string{"osv CVE-2021-0001"}, items(collect(t, m.Named(t.Context(), "CVE-2021-0001"))))
	})
}

func TestAReaderOfTheMirrorMayWrite(t *testing.T) {
	onBoth(t, func(t *testing.T, m closingMirror) {
		var all []feeds.Record
		for i := range 700 {
			all = append(all, rec("osv", fmt.Sprintf("A%04d", i), "django", "", feeds.ID(fmt.Sprintf("A%04d", i)), "CVE-2021-0001"))
		}
		keepAll(t, m, feeds.Batch{Source: "osv", At: noon, Next: "0", Records: all})
		n, step := 0, 0
		write := func() {
			if n++; n%100 != 1 {
				return
			}
			step++
			keepAll(t, m, feeds.Batch{Source: "osv", At: noon, From: feeds.Cursor(fmt.Sprint(step - 1)), Next: feeds.Cursor(fmt.Sprint(step)),
				Records: []feeds.Record{rec("osv", "A0690", "django", fmt.Sprint(step), "A0690", "CVE-2021-0001"), rec("osv", fmt.Sprintf("Z%d", step), "django", "")}})
		}
		for name, read := range map[string]func() int{
			"Items":   func() int { return count(t, m.Items(t.Context(), "osv"), write) },
			"About":   func() int { return count(t, m.About(t.Context(), django), write) },
			"Named":   func() int { return count(t, m.Named(t.Context(), "CVE-2021-0001"), write) },
			"Changed": func() int { return count(t, m.Changed(t.Context(), 0), write) },
			"History": func() int { return count(t, m.History(t.Context(), "CVE-2021-0001"), write) },
		} {
			require.GreaterOrEqual(t, read(), 700, name)
		}
		// One moment: what changes while it is told is told as it was.
		head := collect(t, m.Changed(t.Context(), 0))
		last := head[len(head)-1].Position
		told := map[string]int64{}
		n = 0
		for c, err := range m.Changed(t.Context(), 0) {
			require.NoError(t, err)
			write()
			require.LessOrEqual(t, c.Position, last)
			told[c.Item] = c.Position
		}
		require.Len(t, told, len(head))
		for _, c := range head {
			require.Equal(t, c.Position, told[c.Item], c.Item)
		}
	})
}

func count[T any](t *testing.T, all iter.Seq2[T, error], each func()) (n int) {
	t.Helper()
	for _, err := range all {
		require.NoError(t, err)
		each()
		n++
	}
	return n
}

func TestAMirrorThatIsClosedOrCanceledSaysSo(t *testing.T) {
	onBoth(t, func(t *testing.T, m closingMirror) {
		keepAll(t, m, feeds.Batch{Source: "osv", At: noon, Records: []feeds.Record{rec("osv", "A", "django", ""), rec("osv", "B", "django", "")}})
		try := func(ctx context.Context, want error) {
			t.Helper()
			require.ErrorIs(t, m.Keep(ctx, feeds.Batch{Source: "osv", At: noon, Next: "x"}), want)
			_, err := m.Standing(ctx, "osv")
			require.ErrorIs(t, err, want)
			require.ErrorIs(t, last(m.Items(ctx, "osv")), want)
			require.ErrorIs(t, last(m.About(ctx, django)), want)
			require.ErrorIs(t, last(m.Named(ctx, "A")), want)
			require.ErrorIs(t, last(m.Changed(ctx, 0)), want)
			require.ErrorIs(t, last(m.History(ctx, "A")), want)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		try(gone, context.Canceled)
		st, err := m.Standing(t.Context(), "osv")
		require.NoError(t, err)
		require.Empty(t, st.Cursor)
		mid, cancel := context.WithCancel(t.Context())
		defer cancel()
		n := 0
		for _, err := range m.About(mid, django) {
			if n++; n == 2 {
				require.ErrorIs(t, err, context.Canceled)
			}
			cancel()
		}
		require.Equal(t, 2, n)
		require.NoError(t, m.Close())
		try(t.Context(), store.ErrClosed)
	})
}

func last[T any](all iter.Seq2[T, error]) (end error) {
	for _, err := range all {
		end = err
	}
	return end
}

func TestWhatIsReadBackIsTheReadersOwn(t *testing.T) {
	onBoth(t, func(t *testing.T, m closingMirror) {
		r := rec("osv", "A", "django", "mine")
		want, err := json.Marshal(r)
		require.NoError(t, err)
		keepAll(t, m, feeds.Batch{Source: "osv", At: noon, Records: []feeds.Record{r}})
		r.Packages[0].Name = "spoiled"
		for range 2 {
			for got, err := range m.Named(t.Context(), "A") {
				require.NoError(t, err)
				b, err := json.Marshal(got)
				require.NoError(t, err)
				require.JSONEq(t, string(want), string(b))
				got.Packages[0].Name, got.Names[0] = "spoiled", "spoiled"
			}
		}
	})
}
