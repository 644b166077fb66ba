package patch_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/internal/golden"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/store"
)

const theRelease = "pump #000000000007"

func units(n int) *int { return &n }

func rolled() patch.Rollout {
	r, err := patch.PlanRollout(patch.Rollout{
		Release: theRelease,
		Rings:   []patch.Ring{{Name: "pilot"}, {Name: "wide", Share: 0.5, Soak: 48 * time.Hour}},
		Fleet: []patch.Place{
			{Customer: "c1", Site: "s1", Ring: "pilot", Units: units(4)},
			{Customer: "c1", Site: "s2", Ring: "wide", Units: units(6), Visit: true},
			{Customer: "c2", Site: "s3", Ring: "wide"},
		},
		Halt:  patch.HaltRule{Failures: 0.25, Tried: 4, Adverse: 1},
		Day60: noon.AddDate(0, 0, 60), FollowUp: 30,
	}, "lead", noon)
	if err != nil {
		panic(err)
	}
	return r
}

func said(unit, site string, u patch.Uptake, n int) patch.Report {
	return patch.Report{Release: theRelease, Unit: unit, Site: site, Uptake: u, At: hour(n), How: "telemetry"}
}

func all(reports ...patch.Report) iter.Seq2[patch.Report, error] {
	return func(yield func(patch.Report, error) bool) {
		for _, r := range reports {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func tally(t testing.TB, r patch.Rollout, n int, reports ...patch.Report) patch.Progress {
	t.Helper()
	p, err := r.Tally(all(reports...), hour(n))
	require.NoError(t, err)
	return p
}

func TestWhatNobodyReportedIsUnknown(t *testing.T) {
	t.Parallel()
	r := rolled()
	p := tally(t, r, 0)
	require.Equal(t, patch.Counts{Units: 10, Unknown: 10, Sites: 3, Uncounted: 1}, p.Total)
	share, exact := p.Total.UnknownShare()
	require.EqualValues(t, 1, share)
	require.False(t, exact, "a site without a count")
	require.Contains(t, p.String(), "unknown at least 100.0 %")

	p = tally(t, r, 10,
		said("u1", "s1", patch.Offered, 1), said("u1", "s1", patch.Updated, 2), said("u1", "s1", patch.Confirmed, 3),
		said("u2", "s1", patch.Declined, 1), said("u3", "s2", patch.Unreachable, 2), said("u4", "s3", patch.Accepted, 2),
		said("u5", "s9", patch.Updated, 1), said("u6", "s1", patch.Updated, 11), // from after
		patch.Report{Release: "pump #000000000006", Unit: "u7", Site: "s1", Uptake: patch.Updated, At: hour(1), How: "x"})
	require.Equal(t, patch.Counts{Units: 12, Unknown: 7, Accepted: 1, Installed: 1, Verified: 1, Declined: 1, Unreachable: 1, Tried: 2, Sites: 4, Uncounted: 1, Surplus: 1}, p.Total)
	require.Equal(t, patch.Counts{Units: 4, Unknown: 2, Verified: 1, Declined: 1, Tried: 1, Sites: 1}, p.Rings["pilot"])
	require.Equal(t, 10, p.Customers["c1"].Units)
	require.Equal(t, patch.Counts{Units: 6, Unknown: 5, Unreachable: 1, Sites: 1}, p.Visit)
	require.Equal(t, 5, p.Remote.Units)

	p = tally(t, r, 10, said("a", "s1", patch.Updated, 1), said("b", "s1", patch.Updated, 1), said("c", "s1", patch.Updated, 1), said("d", "s1", patch.Updated, 1), said("e", "s1", patch.Updated, 1))
	require.Equal(t, patch.Counts{Units: 5, Installed: 5, Tried: 5, Sites: 1, Surplus: 1}, p.Rings["pilot"], "more than were counted")
}

func TestWhatWasInstalledStaysUntilItFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		of   []patch.Uptake // an hour apart
		want patch.Uptake
	}{
		{"an offer that is sent again", []patch.Uptake{patch.Updated, patch.Offered}, patch.Updated},
		{"a site that does not answer any more", []patch.Uptake{patch.Confirmed, patch.Unreachable}, patch.Confirmed},
		{"installed told after verified", []patch.Uptake{patch.Confirmed, patch.Updated}, patch.Confirmed},
		{"it failed later", []patch.Uptake{patch.Confirmed, patch.Failed}, patch.Failed},
		{"a second try", []patch.Uptake{patch.Failed, patch.Updated}, patch.Updated},
		{"changed their mind", []patch.Uptake{patch.Declined, patch.Accepted}, patch.Accepted},
		{"declined after accepting", []patch.Uptake{patch.Accepted, patch.Declined}, patch.Declined},
	} {
		var reports []patch.Report
		for i, u := range c.of {
			reports = append(reports, said("u", "s1", u, i+1))
		}
		p := tally(t, rolled(), 9, reports...)
		got := map[patch.Uptake]int{patch.Updated: p.Total.Installed, patch.Confirmed: p.Total.Verified, patch.Failed: p.Total.Failed, patch.Accepted: p.Total.Accepted, patch.Declined: p.Total.Declined}
		require.Equal(t, 1, got[c.want], c.name)
	}
}

// Reports come late, twice and in any order: the same is counted, every unit once.
func TestATallyDoesNotDependOnTheOrderOfReports(t *testing.T) {
	t.Parallel()
	r := rolled()
	rapid.Check(t, func(t *rapid.T) {
		reports := rapid.SliceOf(rapid.Custom(func(t *rapid.T) patch.Report {
			one := said(fmt.Sprint("u", rapid.IntRange(0, 12).Draw(t, "unit")), fmt.Sprint("s", rapid.IntRange(1, 4).Draw(t, "site")),
				rapid.SampledFrom([]patch.Uptake{patch.Offered, patch.Accepted, patch.Updated, patch.Confirmed, patch.Declined, patch.Unreachable, patch.Failed}).Draw(t, "state"),
				rapid.IntRange(0, 9).Draw(t, "hour"))
			if from := fmt.Sprint("s", rapid.IntRange(1, 9).Draw(t, "from")); from != one.Site && from < "s5" {
				one.From = from
			}
			return one
		})).Draw(t, "reports")
		one, err := r.Tally(all(reports...), hour(8))
		if err != nil {
			t.Fatal(err)
		}
		again := slices.Concat(rapid.Permutation(reports).Draw(t, "order"), reports)
		two, err := r.Tally(all(again...), hour(8))
		if err != nil || !cmp.Equal(one, two) {
			t.Fatal(cmp.Diff(one, two))
		}
		c := one.Total
		if c.Unknown+c.Offered+c.Accepted+c.Installed+c.Verified+c.Declined+c.Unreachable+c.Failed != c.Units || c.Units < 10 {
			t.Fatalf("a unit is lost: %+v", c)
		}
		if found, err := patch.Conflicts(all(slices.DeleteFunc(slices.Clone(again), func(r patch.Report) bool { return r.At.After(hour(8)) })...)); err != nil || !cmp.Equal(found, one.Conflicts) {
			t.Fatal(cmp.Diff(found, one.Conflicts))
		}
		if one.Visit.Units+one.Remote.Units > c.Units {
			t.Fatal("counted twice")
		}
	})
}

// 465,000 units that are updated only when somebody comes to the doctor.
func TestAFleetThatIsUpdatedOnlyAtAVisit(t *testing.T) {
	t.Parallel()
	const clinics, each = 465, 1000
	plan := patch.Rollout{Release: theRelease, Rings: []patch.Ring{{Name: "all"}}, Halt: patch.HaltRule{Failures: 0.01, Tried: 1000, Adverse: 1}, Day60: noon.AddDate(0, 0, 60), FollowUp: 90}
	for i := range clinics {
		plan.Fleet = append(plan.Fleet, patch.Place{Customer: fmt.Sprint("c", i/5), Site: fmt.Sprint("s", i), Ring: "all", Units: units(each), Visit: true})
	}
	r, err := patch.PlanRollout(plan, "lead", noon)
	require.NoError(t, err)
	// of each thousand, one more every day has a visit; every tenth person never comes
	reports := func(yield func(patch.Report, error) bool) {
		for i := range clinics {
			for u := range each * 9 / 10 {
				one := said(fmt.Sprintf("u%d-%d", i, u), fmt.Sprint("s", i), patch.Confirmed, 24*u)
				one.Visit = true
				if !yield(one, nil) {
					return
				}
			}
		}
	}
	at := []time.Time{hour(24 * 60), hour(24 * 365), hour(24 * 2000)}
	curve, err := r.Curve(reports, at...)
	require.NoError(t, err)
	var done []int
	for _, p := range curve {
		done = append(done, p.Visit.Done())
		require.Equal(t, 465_000, p.Total.Units)
		require.Zero(t, p.Remote.Units)
		require.Equal(t, 465_000, p.Total.Done()+p.Total.Unknown)
	}
	require.Equal(t, []int{61 * 465, 366 * 465, 900 * 465}, done)
	share, exact := curve[2].Total.UnknownShare()
	require.InDelta(t, 0.1, share, 1e-9)
	require.True(t, exact)
	require.Empty(t, r.Follows(curve[0]), "day 60 is not past")
	require.Len(t, r.Follows(curve[2]), clinics, "five years on, every clinic has somebody who never came")
}

func TestARingWaitsForTheOneBefore(t *testing.T) {
	t.Parallel()
	r := rolled()
	open := func(r patch.Rollout, ring string, n int, p patch.Progress) (patch.Rollout, error) {
		return r.Do(patch.RolloutStep{By: "lead", At: hour(n), Open: ring, Seen: p.Seen()})
	}
	require.Equal(t, patch.RolloutPlanned, r.State())
	_, err := open(r, "wide", 1, tally(t, r, 1))
	require.ErrorContains(t, err, "number 2, and 0 are open")
	_, err = open(r, "moon", 1, tally(t, r, 1))
	require.ErrorContains(t, err, "no ring")
	r, err = open(r, "pilot", 1, tally(t, r, 1))
	require.NoError(t, err)
	require.Equal(t, patch.RollingOut, r.State())
	one := tally(t, r, 5, said("u1", "s1", patch.Updated, 2))
	_, err = open(r, "wide", 5, one)
	var state *patch.StateError
	require.ErrorAs(t, err, &state)
	require.Len(t, state.Missing, 2)
	require.ErrorContains(t, err, "1 of 4 units of the ring \"pilot\" have it, of 3 nothing is known")
	require.ErrorContains(t, err, "48h0m0s are asked")
	two := tally(t, r, 49, said("u1", "s1", patch.Updated, 2), said("u2", "s1", patch.Updated, 2))
	r, err = open(r, "wide", 49, two)
	require.NoError(t, err)
	require.Equal(t, []string{"pilot", "wide"}, r.Opened())
	_, err = open(r, "wide", 50, two)
	require.ErrorContains(t, err, "number 2, and 2 are open")
	require.NoError(t, r.Check())
}

func TestFailuresAndAdverseEventsStopARollout(t *testing.T) {
	t.Parallel()
	r := rolled()
	var err error
	do := func(s patch.RolloutStep) error {
		var next patch.Rollout
		next, err = r.Do(s)
		r = next
		return err
	}
	require.NoError(t, do(patch.RolloutStep{By: "lead", At: hour(1), Open: "pilot", Seen: tally(t, r, 1).Seen()}))
	bad := tally(t, r, 60, said("u1", "s1", patch.Updated, 2), said("u2", "s1", patch.Updated, 2), said("u3", "s1", patch.Updated, 2), said("u4", "s1", patch.Failed, 2))
	require.Equal(t, "1 of 4 tried units failed, 0.25 stops it", r.Stops(bad.Total)[0].Why)
	few := tally(t, r, 60, said("u4", "s1", patch.Failed, 2))
	require.Empty(t, r.Stops(few.Total), "one of one says nothing yet")
	require.ErrorContains(t, do(patch.RolloutStep{By: "lead", At: hour(60), Open: "wide", Seen: bad.Seen()}), "0.25 stops it")
	require.ErrorContains(t, do(patch.RolloutStep{By: "lead", At: hour(60), Halt: true}), "says why")
	require.ErrorContains(t, do(patch.RolloutStep{By: "lead", At: hour(60), Resume: true, Why: "w", Seen: bad.Seen()}), "not halted")
	require.NoError(t, do(patch.RolloutStep{By: "lead", At: hour(60), Halt: true, Why: "a quarter failed"}))
	require.Equal(t, patch.RolloutHalted, r.State())
	require.ErrorContains(t, do(patch.RolloutStep{By: "lead", At: hour(60), Halt: true, Why: "again"}), "halted already")
	require.ErrorContains(t, do(patch.RolloutStep{By: "lead", At: hour(61), Open: "wide", Seen: few.Seen()}), "nobody has let it go on")
	require.ErrorIs(t, do(patch.RolloutStep{By: "Lead", At: hour(61), Resume: true, Why: "w", Seen: bad.Seen()}), assess.ErrSamePerson)
	require.ErrorContains(t, do(patch.RolloutStep{By: "quality", At: hour(61), Resume: true, Why: "w"}), "what was known")
	require.NoError(t, do(patch.RolloutStep{By: "quality", At: hour(61), Resume: true, Why: "one bad battery", Seen: bad.Seen()}))
	require.Empty(t, r.Stops(bad.Total), "what was looked at does not stop it again")

	require.ErrorContains(t, do(patch.RolloutStep{By: "nurse", At: hour(62), Adverse: &patch.Adverse{ID: "mdr-1", When: hour(63)}}), "not later than its record")
	require.NoError(t, do(patch.RolloutStep{By: "nurse", At: hour(62), Adverse: &patch.Adverse{ID: "mdr-1", Site: "s1", When: hour(60)}}))
	require.Equal(t, "adverse events", r.Stops(bad.Total)[0].What)
	require.ErrorContains(t, do(patch.RolloutStep{By: "lead", At: hour(62), Open: "wide", Seen: bad.Seen()}), "adverse events")
	require.NoError(t, r.Check())
	for _, c := range []struct {
		s   patch.RolloutStep
		err string
	}{
		{patch.RolloutStep{By: "x", At: hour(90)}, "this is 0"},
		{patch.RolloutStep{By: "x", At: hour(90), Halt: true, Resume: true}, "this is 2"},
		{patch.RolloutStep{At: hour(90), Halt: true}, "empty"},
		{patch.RolloutStep{By: "x", At: hour(0), Halt: true}, "recorded last"},
		{patch.RolloutStep{By: "x", At: hour(90), Open: "wide", Seen: &patch.Seen{At: hour(91)}}, "later time"},
		{patch.RolloutStep{By: "x", At: hour(90), Open: "wide", Seen: &patch.Seen{Total: patch.Counts{Units: 1}}}, "does not add up"},
		{patch.RolloutStep{By: "x", At: hour(90), Followed: &patch.Followed{Site: "s9", When: hour(1), Result: "r"}}, "a site of the fleet"},
	} {
		require.ErrorContains(t, do(c.s), c.err)
	}
}

func TestSitesAreFollowedUpBeyondDay60(t *testing.T) {
	t.Parallel()
	r := rolled()
	done := []patch.Report{}
	for i := range 4 {
		done = append(done, said(fmt.Sprint("u", i), "s1", patch.Confirmed, 5))
	}
	day := func(n int) int { return 24 * n }
	require.Empty(t, r.Follows(tally(t, r, day(60), done...)))
	open := r.Follows(tally(t, r, day(61), append(done, said("x", "s2", patch.Declined, 5))...))
	require.Equal(t, []string{"s2", "s3"}, []string{open[0].Site, open[1].Site}, "verified is done, declined and uncounted are not")
	require.Equal(t, r.Day60, open[0].Due)
	r, err := r.Do(patch.RolloutStep{By: "clerk", At: hour(day(62)), Followed: &patch.Followed{Site: "s2", When: hour(day(62)), Result: "visits are in May"}})
	require.NoError(t, err)
	open = r.Follows(tally(t, r, day(63), done...))
	require.Equal(t, "s3", open[0].Site, "what is due first")
	require.Equal(t, hour(day(62)).AddDate(0, 0, 30), open[1].Due)
	r.Day60 = time.Time{}
	require.Empty(t, r.Follows(tally(t, r, day(999))))
}

func TestARolloutSaysWhatStopsIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		do  func(*patch.Rollout)
		err string
	}{
		{func(r *patch.Rollout) { r.Halt = patch.HaltRule{} }, "what stops it is not said"},
		{func(r *patch.Rollout) { r.Halt.Adverse = 0 }, "what stops it is not said"},
		{func(r *patch.Rollout) { r.Rings = nil }, "no rings"},
		{func(r *patch.Rollout) { r.Rings[1].Name = "pilot" }, "used twice"},
		{func(r *patch.Rollout) { r.Rings[1].Share = 1.5 }, "0 to 1"},
		{func(r *patch.Rollout) { r.Rings[0].Share = 0.5 }, "is the first and waits"},
		{func(r *patch.Rollout) { r.Fleet = nil }, "no fleet"},
		{func(r *patch.Rollout) { r.Fleet[1].Site = "s1" }, "named twice"},
		{func(r *patch.Rollout) { r.Fleet[0].Customer = "Dr. Who" }, "no pseudonym"},
		{func(r *patch.Rollout) { r.Fleet[0].Ring = "moon" }, "no ring"},
		{func(r *patch.Rollout) { r.Fleet[0].Units = units(-1) }, "-1 units"},
		{func(r *patch.Rollout) { r.FollowUp = 0 }, "how often"},
		{func(r *patch.Rollout) { r.Release = "" }, "release"},
	} {
		r := rolled()
		r.Rings, r.Fleet = slices.Clone(r.Rings), slices.Clone(r.Fleet)
		c.do(&r)
		_, err := patch.PlanRollout(r, "lead", noon)
		require.ErrorContains(t, err, c.err)
	}
}

func TestNoCommandOpensARingOfAHaltedRollout(t *testing.T) {
	t.Parallel()
	base := rolled()
	rapid.Check(t, func(t *rapid.T) {
		r, at := base, 0
		for range rapid.IntRange(0, 40).Draw(t, "commands") {
			at += rapid.IntRange(-1, 30).Draw(t, "hours")
			n := rapid.IntRange(0, 4).Draw(t, "done")
			f := rapid.IntRange(0, 4-n).Draw(t, "failed")
			c := patch.Counts{Units: 4, Unknown: 4 - n - f, Installed: n, Failed: f, Tried: n + f, EverFailed: f, Sites: 1}
			wide := patch.Counts{Units: 6, Unknown: 6, Sites: 2, Uncounted: 1}
			total := patch.Counts{Units: 10, Unknown: 10 - n - f, Installed: n, Failed: f, Tried: n + f, EverFailed: f, Sites: 3, Uncounted: 1}
			s := patch.RolloutStep{By: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "by"), At: hour(at), Why: "w"}
			seen := &patch.Seen{At: hour(at), Total: total, Rings: map[string]patch.Counts{"pilot": c, "wide": wide}}
			switch rapid.IntRange(0, 3).Draw(t, "command") {
			case 0:
				s.Open, s.Seen = rapid.SampledFrom([]string{"pilot", "wide"}).Draw(t, "ring"), seen
			case 1:
				s.Halt = true
			case 2:
				s.Resume, s.Seen = true, seen
			case 3:
				s.Adverse = &patch.Adverse{ID: "x", When: hour(at)}
			}
			before := r
			next, err := r.Do(s)
			if err != nil {
				if !cmp.Equal(before, next) {
					t.Fatal("a refused step changed something")
				}
				continue
			}
			if s.Open != "" && (before.State() == patch.RolloutHalted || len(before.Stops(total)) > 0) {
				t.Fatal("opened although it is to stop")
			}
			if open := next.Opened(); !slices.Equal(open, []string{"pilot", "wide"}[:len(open)]) {
				t.Fatal("out of order")
			}
			r = next
		}
		if err := r.Check(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestARolloutAndItsReportsAreKept(t *testing.T) {
	t.Parallel()
	for name, d := range drivers(t) {
		ctx := t.Context()
		l := store.New(d, &store.Options{Now: func() time.Time { return hour(5000) }})
		save := func(who string, r patch.Rollout) error {
			return patch.SaveRollout(ctx, l, store.By{Who: who, Why: "rollout"}, r)
		}
		r := rolled()
		require.ErrorIs(t, save("lead", r), store.ErrNotFound, "no such release")
		require.NoError(t, planned(ctx, l, assess.Serious))
		c := released()
		for i, s := range c.Steps {
			part := c
			part.Steps = c.Steps[:i+1]
			require.NoError(t, patch.SaveChange(ctx, l, store.By{Who: s.By, Why: "work"}, part))
		}
		saveLine(t, l)
		require.NoError(t, patch.SaveRelease(ctx, l, store.By{Who: "release", Why: "2.2"}, release(t)))

		require.ErrorContains(t, save("eve", r), "was planned by")
		require.NoError(t, save("lead", r), name)
		want := []patch.Rollout{r}
		for _, s := range []patch.RolloutStep{
			{By: "lead", At: hour(1), Open: "pilot", Seen: tally(t, r, 1).Seen()},
			{By: "nurse", At: hour(2), Adverse: &patch.Adverse{ID: "mdr-1", When: hour(1)}},
			{By: "lead", At: hour(3), Halt: true, Why: "an adverse event"},
			{By: "quality", At: hour(4), Resume: true, Why: "not of the update", Seen: tally(t, r, 4).Seen()},
			{By: "clerk", At: hour(5), Followed: &patch.Followed{Site: "s2", When: hour(5), Result: "in May"}},
		} {
			next, err := r.Do(s)
			require.NoError(t, err)
			require.ErrorContains(t, save("eve", next), "is written by")
			require.NoError(t, save(s.By, next))
			require.ErrorIs(t, save(s.By, r), patch.ErrRewritten)
			r = next
			want = append(want, r)
		}
		var got []patch.Rollout
		for e, err := range patch.Rollouts.History(ctx, l, r.Key()) {
			require.NoError(t, err)
			v, err := patch.Rollouts.Decode(e)
			require.NoError(t, err)
			require.NoError(t, v.Check())
			got = append(got, v)
		}
		require.Empty(t, cmp.Diff(want, got), name)

		reports := []patch.Report{said("u1", "s1", patch.Offered, 1), said("u1", "s1", patch.Updated, 2), said("u2", "s1", patch.Failed, 2)}
		by := store.By{Who: "import", Why: "weekly"}
		require.NoError(t, patch.SaveReports(ctx, l, by, reports...))
		head, err := l.Checkpoint(ctx)
		require.NoError(t, err)
		require.NoError(t, patch.SaveReports(ctx, l, by, reports...), "imported again")
		again, err := l.Checkpoint(ctx)
		require.NoError(t, err)
		require.Equal(t, head, again)
		bad := said("u3", "s1", patch.Updated, 9000)
		require.ErrorContains(t, patch.SaveReports(ctx, l, by, said("u9", "s1", patch.Updated, 1), bad), "is after")
		p, err := r.Tally(patch.Reports.All(ctx, l, theRelease+" "), hour(3))
		require.NoError(t, err)
		require.Equal(t, tally(t, r, 3, reports...), p)
		require.NoError(t, l.Verify(ctx))
	}
}

func TestARolloutOfVersionOneStillDecodes(t *testing.T) {
	t.Parallel()
	r := rolled()
	for _, s := range []patch.RolloutStep{
		{By: "lead", At: hour(1), Open: "pilot", Seen: tally(t, r, 1).Seen()},
		{By: "nurse", At: hour(2), Adverse: &patch.Adverse{ID: "mdr-1", When: hour(1)}},
		{By: "lead", At: hour(3), Halt: true, Why: "an adverse event"},
	} {
		var err error
		r, err = r.Do(s)
		require.NoError(t, err)
	}
	for name, v := range map[string]any{"rollout.v1.json": r, "report.v1.json": said("u1", "s1", patch.Confirmed, 2)} {
		file := filepath.Join("testdata", name)
		if _, err := os.Stat(file); err != nil {
			text, err := json.MarshalIndent(v, "", "  ")
			require.NoError(t, err)
			golden.Equal(t, append(text, '\n'), file)
		}
		kept, err := os.ReadFile(file)
		require.NoError(t, err)
		var again any
		if name == "report.v1.json" {
			var one patch.Report
			require.NoError(t, json.Unmarshal(kept, &one))
			require.NoError(t, one.Check(hour(9)))
			again = one
		} else {
			var one patch.Rollout
			require.NoError(t, json.Unmarshal(kept, &one))
			require.NoError(t, one.Check())
			require.Equal(t, patch.RolloutHalted, one.State())
			again = one
		}
		text, err := json.MarshalIndent(again, "", "  ")
		require.NoError(t, err)
		require.Equal(t, string(kept), string(text)+"\n", name)
	}
}

// gather reads all, and tells bad rows by line.
func gather(seq iter.Seq2[patch.Report, error]) (good []patch.Report, bad map[int]string, end error) {
	bad = map[int]string{}
	for r, err := range seq {
		var one *patch.RowError
		switch {
		case errors.As(err, &one):
			bad[one.Line] = one.Err.Error()
		case err != nil:
			return good, bad, err
		default:
			good = append(good, r)
		}
	}
	return good, bad, nil
}

func TestABadRowIsToldAndTheRestGoesOn(t *testing.T) {
	t.Parallel()
	csv := "\ufeffUnit,site,State,at,how,visit,why\r\n" +
		"u1,s1,installed,2026-03-12T13:00:00Z,service log,true,\r\n" +
		"u2,s1,finished,2026-03-12T13:00:00Z,log,,\n" +
		"u3,s1,installed,yesterday,log,,\n" +
		"\n" +
		"u4,s1,installed\n" +
		"\"u5,s1,installed,2026-03-12T13:00:00Z,log,,\n" +
		"u6,\"s 1\",installed,2026-03-12T13:00:00Z,log,maybe,\n" +
		"Jo Doe,s1,installed,2026-03-12T13:00:00Z,log,,\n" +
		"u7,s1,installed,2027-03-12T13:00:00Z,log,,\n" +
		strings.Repeat("x", 200_000) + "\n" +
		"u8,s1,verified,2026-03-12T14:00:00+01:00,\"a, b\",,ok"
	good, bad, err := gather(patch.ReadReportsCSV(strings.NewReader(csv), theRelease, hour(5)))
	require.NoError(t, err)
	require.Equal(t, []patch.Report{
		{Release: theRelease, Unit: "u1", Site: "s1", Uptake: patch.Updated, At: hour(1), How: "service log", Visit: true},
		{Release: theRelease, Unit: "u8", Site: "s1", Uptake: patch.Confirmed, At: hour(1), How: "a, b", Why: "ok"},
	}, good)
	for line, why := range map[int]string{3: `"finished" is not known`, 4: "at: parsing time", 6: "it has 3 fields, the header 7", 7: "\"", 8: "visit:", 9: "looks like a name", 10: "is after", 11: "more than 65536 bytes"} {
		require.Contains(t, bad[line], why, line)
	}
	require.Len(t, bad, 8)

	row := func(unit string) string {
		return `{"unit":"` + unit + `","site":"s1","state":"installed","at":"2026-03-12T13:00:00Z","how":"log"}`
	}
	broken := `{"unit":"u2","unit":"u3","site":"s1","state":"installed","at":"2026-03-12T13:00:00Z","how":"log"}`
	for name, text := range map[string]string{
		"lines":  row("u1") + "\n" + broken + "\n\n{\"unit\": \n" + row("u4") + "\n{\"colour\": 1}\n",
		"array":  "[" + row("u1") + ",\n" + broken + ",\n\n3,\n" + row("u4") + ",\n{\"colour\":\n 1}]\n",
		"spaced": "\n\n[\n" + row("u1") + ", " + row("u4") + "]",
	} {
		good, bad, err := gather(patch.ReadReportsJSON(strings.NewReader(text), theRelease, hour(5)))
		require.NoError(t, err, name)
		require.Len(t, good, 2, name)
		require.Equal(t, "u4", good[1].Unit, name)
		if name != "spaced" {
			require.Len(t, bad, 3, name)
			require.Contains(t, bad[2], "given twice", name)
			require.NotEmpty(t, bad[4], name)
			require.Contains(t, bad[6], "colour", name)
		}
	}
	_, bad, err = gather(patch.ReadReportsJSON(strings.NewReader("\n \n{}\n"), theRelease, hour(5)))
	require.NoError(t, err)
	require.NotEmpty(t, bad[3], "lines are counted from the top")
	for _, text := range []string{"[" + row("u1") + ", {", "[" + row("u1") + "] x", `["` + strings.Repeat("x", 400_000) + `"]`} {
		_, _, err := gather(patch.ReadReportsJSON(strings.NewReader(text), theRelease, hour(5)))
		require.ErrorContains(t, err, "patch: reports:")
	}
	for _, text := range []string{"", "unit,site\n", "unit,site,state,at,how,how\n", "unit,site,state,at,how,name\n", "\"unit\n"} {
		_, _, err := gather(patch.ReadReportsCSV(strings.NewReader(text), theRelease, hour(5)))
		require.ErrorContains(t, err, "header", text)
	}
	for _, text := range []string{"", " \n\n\t", "\ufeff", "\ufeff\n"} {
		_, _, err := gather(patch.ReadReportsJSON(strings.NewReader(text), theRelease, hour(5)))
		require.ErrorContains(t, err, "there is nothing", text)
	}
	_, bad, err = gather(patch.ReadReportsJSON(strings.NewReader("[]"), theRelease, hour(5)))
	require.NoError(t, err, "a list of none is one, as a header without rows is")
	require.Empty(t, bad)
	cut := errors.New("cut")
	_, _, err = gather(patch.ReadReportsCSV(iotest.ErrReader(cut), theRelease, hour(5)))
	require.ErrorIs(t, err, cut)
	for _, text := range []string{"", " ", "[" + row("u1"), row("u1") + "\n"} {
		// an error that is told once
		once := io.MultiReader(strings.NewReader(text), iotest.TimeoutReader(strings.NewReader("  ")))
		_, _, err = gather(patch.ReadReportsJSON(iotest.OneByteReader(once), theRelease, hour(5)))
		require.ErrorIs(t, err, iotest.ErrTimeout, text)
	}
	for range patch.ReadReportsCSV(strings.NewReader(csv), theRelease, hour(5)) {
		break // a reader may stop early
	}
}

func FuzzReadReportsCSV(f *testing.F) {
	f.Add("unit,site,state,at,how\nu1,s1,installed,2026-03-12T13:00:00Z,log\n\"u2\n")
	f.Fuzz(func(t *testing.T, text string) {
		imported(t, text, patch.ReadReportsCSV(strings.NewReader(text), theRelease, hour(5)))
	})
}

func FuzzReadReportsJSON(f *testing.F) {
	f.Add("[{\"unit\":\"u1\",\"site\":\"s1\",\"state\":\"installed\",\"at\":\"2026-03-12T13:00:00Z\",\"how\":\"log\"},\n3]")
	f.Add("{\"unit\":\"u1\",\"site\":\"s1\",\"state\":\"installed\",\"at\":\"2026-03-12T13:00:00Z\",\"how\":\"log\"}\n{")
	f.Fuzz(func(t *testing.T, text string) {
		imported(t, text, patch.ReadReportsJSON(strings.NewReader(text), theRelease, hour(5)))
	})
}

func imported(t *testing.T, text string, seq iter.Seq2[patch.Report, error]) {
	ended := false
	for r, err := range seq {
		if ended {
			t.Fatal("more after the end")
		}
		var row *patch.RowError
		switch {
		case errors.As(err, &row):
			if row.Line < 1 || row.Line > strings.Count(text, "\n")+1 {
				t.Fatalf("line %d", row.Line)
			}
		case err != nil:
			ended = true
		case r.Check(hour(5)) != nil:
			t.Fatalf("a bad report was taken: %+v", r)
		}
	}
}

func ExamplePlanRollout() {
	r, err := patch.PlanRollout(patch.Rollout{
		Release: theRelease, Rings: []patch.Ring{{Name: "pilot"}, {Name: "wide", Share: 0.5, Soak: 48 * time.Hour}},
		Fleet: []patch.Place{{Customer: "c1", Site: "s1", Ring: "pilot", Units: units(4)}, {Customer: "c2", Site: "s2", Ring: "wide", Units: units(96), Visit: true}},
		Halt:  patch.HaltRule{Failures: 0.05, Tried: 20, Adverse: 1},
	}, "lead", noon)
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := r.Tally(all(), hour(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	if r, err = r.Do(patch.RolloutStep{By: "lead", At: hour(1), Open: "pilot", Seen: p.Seen()}); err != nil {
		fmt.Println(err)
		return
	}
	p, err = r.Tally(all(said("u1", "s1", patch.Confirmed, 20), said("u2", "s1", patch.Declined, 21)), hour(72))
	fmt.Println(p, err)
	_, err = r.Do(patch.RolloutStep{By: "lead", At: hour(72), Open: "wide", Seen: p.Seen()})
	fmt.Println(err)
	// Output:
	// 2026-03-15: 1 of 100 have it, 1 verified; unknown 98.0 % <nil>
	// patch: from "rolling-out" to "rolling-out": ring "wide" is not opened: share (1 of 4 units of the ring "pilot" have it, of 2 nothing is known; 0.5 is asked)
}

func ExampleReadReportsCSV() {
	text := "unit,site,state,at,how\nu1,s1,verified,2026-03-12T13:00:00Z,telemetry\nu2,s1,done,2026-03-12T13:00:00Z,telemetry\nu3,s1,declined,2026-03-12T13:00:00Z,letter\n"
	for r, err := range patch.ReadReportsCSV(strings.NewReader(text), theRelease, hour(24)) {
		var row *patch.RowError
		if errors.As(err, &row) {
			fmt.Println(row.Line, row.Err)
			continue
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(r.Unit, r.Uptake)
	}
	// Output:
	// u1 verified
	// 3 state "done" is not known
	// u3 declined
}

func ExampleReadReportsJSON() {
	text := `[{"unit": "u1", "site": "s1", "state": "installed", "at": "2026-03-12T13:00:00Z", "how": "telemetry"},
{"unit": "u2", "site": "s1", "state": "installed", "at": "12.3.2026", "how": "telemetry"}]`
	for r, err := range patch.ReadReportsJSON(strings.NewReader(text), theRelease, hour(24)) {
		fmt.Println(r.Unit, r.Uptake, err != nil)
	}
	// Output:
	// u1 installed false
	//   true
}
