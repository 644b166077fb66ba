package patch_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/internal/golden"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
)

// rolling is a ledger with the release, and the rollout of it in two rings of a
// hundred units each.
func rolling(t *testing.T) (*store.Ledger, patch.Rollout) {
	t.Helper()
	l := held(t, has(patch.Releases, release(t)))
	r, err := patch.PlanRollout(patch.Rollout{
		Release: theRelease, Rings: []patch.Ring{{Name: "one"}, {Name: "two", Share: 0.3}},
		Fleet: []patch.Place{{Customer: "c", Site: "s1", Ring: "one", Units: units(100)}, {Customer: "c", Site: "s2", Ring: "two", Units: units(100)}},
		Halt:  patch.HaltRule{Failures: 0.05, Tried: 10, Adverse: 1},
	}, "lead", noon)
	require.NoError(t, err)
	require.NoError(t, saveRollout(t, l, "lead", r))
	return l, r
}

func saveRollout(t *testing.T, l *store.Ledger, who string, r patch.Rollout) error {
	return patch.SaveRollout(t.Context(), l, store.By{Who: who, Why: "rollout"}, r)
}

// many are n reports of s1 with the state, from unit number first on.
func many(first, n int, u patch.Uptake, at int) []patch.Report {
	var out []patch.Report
	for i := range n {
		out = append(out, said(fmt.Sprint("u", first+i), "s1", u, at))
	}
	return out
}

func file(t *testing.T, l *store.Ledger, reports ...patch.Report) {
	t.Helper()
	require.NoError(t, patch.SaveReports(t.Context(), l, store.By{Who: "import", Why: "reports"}, reports...))
}

func TestARingIsOpenedOnWhatTheReportsSay(t *testing.T) {
	t.Parallel()
	l, r := rolling(t)
	r, err := r.Do(patch.RolloutStep{By: "lead", At: hour(1), Open: "one", Seen: tally(t, r, 1).Seen()})
	require.NoError(t, err)
	require.NoError(t, saveRollout(t, l, "lead", r))
	good := many(0, 40, patch.Updated, 2)
	file(t, l, good...)
	open := func(n int, seen *patch.Seen) (patch.Rollout, error) {
		next, err := r.Do(patch.RolloutStep{By: "lead", At: hour(n), Open: "two", Seen: seen})
		if err != nil {
			return next, err
		}
		return next, saveRollout(t, l, "lead", next)
	}
	forged := tally(t, r, 3, append(many(50, 20, patch.Confirmed, 2), good...)...)
	_, err = open(3, forged.Seen())
	require.ErrorIs(t, err, patch.ErrNotSeen, "more than was reported")

	honest := tally(t, r, 3, good...)
	file(t, l, many(60, 10, patch.Failed, 4)...)
	_, err = open(5, honest.Seen())
	var state *patch.StateError
	require.ErrorAs(t, err, &state, "what came in since stops it")
	require.ErrorContains(t, err, "10 of 50 tried units failed")
	_, err = open(3, honest.Seen())
	require.ErrorAs(t, err, &state, "however early it is said to have been")
	file(t, l, many(80, 1, patch.Failed, 2)...)
	_, err = open(5, honest.Seen())
	require.ErrorIs(t, err, patch.ErrNotSeen, "one came late")
	_, err = open(5, tally(t, r, 5, slices.Concat(good, many(60, 10, patch.Failed, 4), many(80, 1, patch.Failed, 2))...).Seen())
	require.ErrorContains(t, err, "11 of 51 tried units failed")
}

// A report that comes while a ring is being opened is known to the act that opens it.
func TestAReportThatComesMeanwhileIsKnown(t *testing.T) {
	t.Parallel()
	d, bad := memory.New(), many(0, 10, patch.Failed, 2)
	now := func() time.Time { return hour(9999) }
	other, meanwhile := store.New(d, &store.Options{Now: now}), 0
	l := store.New(d, &store.Options{Now: now, Authorize: func(ctx context.Context, a store.Act) error {
		if meanwhile++; meanwhile == 3 { // the release and the plan are kept, this is the ring
			return patch.SaveReports(ctx, other, store.By{Who: "import", Why: "reports"}, bad...)
		}
		return nil
	}})
	require.NoError(t, l.Do(t.Context(), store.By{Who: "a", Why: "b"}, has(patch.Releases, release(t))))
	r := rolled()
	require.NoError(t, saveRollout(t, l, "lead", r))
	r, err := r.Do(patch.RolloutStep{By: "lead", At: hour(1), Open: "pilot", Seen: tally(t, r, 1).Seen()})
	require.NoError(t, err)
	require.ErrorContains(t, saveRollout(t, l, "lead", r), "10 of 10 tried units failed")
	require.Equal(t, 3, meanwhile)
}

func TestWhatIsSaidToBeSeenAddsUpToTheFleet(t *testing.T) {
	t.Parallel()
	_, r := rolling(t)
	r, err := r.Do(patch.RolloutStep{By: "lead", At: hour(1), Open: "one", Seen: tally(t, r, 1).Seen()})
	require.NoError(t, err)
	good := tally(t, r, 3, append(many(0, 110, patch.Updated, 2), said("x", "s9", patch.Updated, 2))...)
	for name, do := range map[string]func(*patch.Seen){
		"only one unit of a ring":  func(s *patch.Seen) { s.Rings["one"] = patch.Counts{Units: 1, Verified: 1} },
		"a ring left out":          func(s *patch.Seen) { delete(s.Rings, "two") },
		"a ring that is not there": func(s *patch.Seen) { s.Rings["three"] = patch.Counts{} },
		"fewer than the fleet": func(s *patch.Seen) {
			s.Rings["two"] = patch.Counts{Units: 99, Unknown: 99, Sites: 1}
			s.Total.Units, s.Total.Unknown = s.Total.Units-1, s.Total.Unknown-1
		},
		"more in all than in the rings": func(s *patch.Seen) { s.Total.Units, s.Total.Unknown = s.Total.Units+1, s.Total.Unknown+1 },
		"failures in no ring":           func(s *patch.Seen) { s.Total.Failed, s.Total.Installed = 1, s.Total.Installed-1 },
		"nothing":                       func(s *patch.Seen) { *s = patch.Seen{At: s.At} },
		"before what was seen last":     func(s *patch.Seen) { s.At = noon },
	} {
		s := *good.Seen()
		s.Rings = maps.Clone(s.Rings)
		do(&s)
		_, err := r.Do(patch.RolloutStep{By: "lead", At: hour(3), Open: "two", Seen: &s})
		require.ErrorContains(t, err, "what was known", name)
		forged := r
		forged.Steps = append(slices.Clone(r.Steps), patch.RolloutStep{By: "lead", At: hour(3), Open: "two", Seen: &s})
		require.Error(t, forged.Check(), name)
	}
	next, err := r.Do(patch.RolloutStep{By: "lead", At: hour(3), Open: "two", Seen: good.Seen()})
	require.NoError(t, err)
	require.NoError(t, next.Check())
}

// Who lets a rollout go on says what they looked at. Saying more hides nothing.
func TestNobodyHidesFailuresThatAreStillToCome(t *testing.T) {
	t.Parallel()
	l, r := rolling(t)
	do := func(r patch.Rollout, s patch.RolloutStep) patch.Rollout {
		t.Helper()
		next, err := r.Do(s)
		require.NoError(t, err)
		return next
	}
	r = do(r, patch.RolloutStep{By: "lead", At: hour(1), Open: "one", Seen: tally(t, r, 1).Seen()})
	require.NoError(t, saveRollout(t, l, "lead", r))
	first := many(0, 10, patch.Failed, 2)
	file(t, l, first...)
	r = do(r, patch.RolloutStep{By: "lead", At: hour(3), Halt: true, Why: "failures"})
	require.NoError(t, saveRollout(t, l, "lead", r))
	great := tally(t, r, 4, many(0, 90, patch.Failed, 2)...)
	forged := do(r, patch.RolloutStep{By: "quality", At: hour(4), Resume: true, Why: "w", Seen: great.Seen()})
	require.ErrorIs(t, saveRollout(t, l, "quality", forged), patch.ErrNotSeen)
	more := tally(t, r, 6, append(many(0, 40, patch.Failed, 2), many(40, 10, patch.Updated, 2)...)...)
	require.NotEmpty(t, forged.Stops(more.Total), "fewer than are said to have been seen: all of them count")
	r = do(r, patch.RolloutStep{By: "quality", At: hour(4), Resume: true, Why: "w", Seen: tally(t, r, 4, first...).Seen()})
	require.NoError(t, saveRollout(t, l, "quality", r))
	require.Empty(t, r.Stops(tally(t, r, 6, first...).Total))
}

func TestUnitsOfOneNumberAtTwoSitesAreTwo(t *testing.T) {
	t.Parallel()
	r := rolled()
	p := tally(t, r, 9, said("1", "s1", patch.Failed, 2), said("1", "s2", patch.Confirmed, 3))
	require.Equal(t, 1, p.Total.Failed)
	require.Equal(t, 1, p.Total.Verified)
	require.Equal(t, 1, p.Sites["s1"].Failed)
	require.Equal(t, []patch.Conflict{{Unit: "1", Sites: []string{"s1", "s2"}, Why: "several sites have a unit of this number, and no report says that it was moved"}}, p.Conflicts)

	came := said("1", "s2", patch.Confirmed, 3)
	came.From = "s1"
	p = tally(t, r, 9, said("1", "s1", patch.Failed, 2), came)
	require.Empty(t, p.Conflicts)
	require.Equal(t, patch.Counts{Units: 10, Unknown: 9, Verified: 1, Tried: 1, EverFailed: 1, Sites: 3, Uncounted: 1}, p.Total, "one unit, that failed before")
	require.Zero(t, p.Sites["s1"].Tried)
	back := said("1", "s1", patch.Updated, 5)
	back.From = "s2"
	p = tally(t, r, 9, said("1", "s1", patch.Failed, 2), came, back)
	require.Empty(t, p.Conflicts)
	require.Equal(t, 1, p.Sites["s1"].Verified)
	p = tally(t, r, 9, said("1", "s1", patch.Failed, 2), came, said("1", "s1", patch.Updated, 5))
	require.Equal(t, `it was moved from "s1", which reports it still`, p.Conflicts[0].Why)
	third := said("1", "s3", patch.Offered, 4)
	found, err := patch.Conflicts(all(came, said("1", "s1", patch.Failed, 2), third, said("2", "s1", patch.Failed, 2)))
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, []string{"s1", "s2", "s3"}, found[0].Sites)
	came.From = "s2"
	require.ErrorContains(t, came.Check(hour(9)), "moved from")
	came.From = "Ward 3"
	require.ErrorContains(t, came.Check(hour(9)), "moved from")
}

func TestARolloutOfVersionTwoStillDecodes(t *testing.T) {
	t.Parallel()
	name := filepath.Join("testdata", "rollout.v2.json")
	if _, err := os.Stat(name); err != nil {
		r := rolled()
		r, err := r.Do(patch.RolloutStep{By: "lead", At: hour(1), Open: "pilot", Seen: tally(t, r, 1).Seen()})
		require.NoError(t, err)
		text, err := json.MarshalIndent(r, "", "  ")
		require.NoError(t, err)
		golden.Equal(t, append(text, '\n'), name)
	}
	kept, err := os.ReadFile(name)
	require.NoError(t, err)
	var r patch.Rollout
	require.NoError(t, json.Unmarshal(kept, &r))
	require.NoError(t, r.Check())
	require.Equal(t, []string{"pilot"}, r.Opened())

	kept, err = os.ReadFile(filepath.Join("testdata", "rollout.v1.json"))
	require.NoError(t, err)
	entry := store.Entry{Name: store.Name{Kind: "patch.rollout", Key: theRelease}, Version: 1, Body: kept}
	old, err := patch.Rollouts.Decode(entry)
	require.NoError(t, err)
	require.Equal(t, patch.RolloutHalted, old.State())
	entry.Body = []byte(`{"schema":2}`)
	_, err = patch.Rollouts.Decode(entry)
	require.ErrorContains(t, err, "in an entry of version 1")
	blind := old
	blind.Steps = slices.Clone(old.Steps)
	blind.Steps[0].Seen = &patch.Seen{At: hour(1)}
	require.NoError(t, blind.Check(), "it was admissible once")
	l := store.New(memory.New(), &store.Options{Now: func() time.Time { return hour(9) }})
	require.NoError(t, l.Do(t.Context(), store.By{Who: "a", Why: "b"}, has(patch.Releases, release(t))))
	require.ErrorContains(t, saveRollout(t, l, "lead", blind), "no longer")
	require.NoError(t, l.Do(t.Context(), store.By{Who: "a", Why: "b"}, has(patch.Rollouts, blind)))
	next, err := blind.Do(patch.RolloutStep{By: "quality", At: hour(4), Resume: true, Why: "w", Seen: tally(t, old, 4).Seen()})
	require.NoError(t, err)
	require.NoError(t, saveRollout(t, l, "quality", next), "and goes on, held to what is asked now")
	require.Empty(t, cmp.Diff(old.Fleet, next.Fleet))
}
