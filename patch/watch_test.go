package patch_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/rule"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
)

// held is a ledger that holds these, without a look at who wrote them.
func held(t *testing.T, puts ...func(*store.Tx) error) *store.Ledger {
	t.Helper()
	l := store.New(memory.New(), &store.Options{Now: func() time.Time { return hour(9999) }})
	require.NoError(t, l.Do(t.Context(), store.By{Who: "a", Why: "b"}, func(tx *store.Tx) error {
		var errs []error
		for _, put := range puts {
			errs = append(errs, put(tx))
		}
		return errors.Join(errs...)
	}))
	return l
}

func has[T store.Keyed](k store.Kind[T], v T) func(*store.Tx) error {
	return func(tx *store.Tx) error { return k.Put(tx, v) }
}

// running are the rules of the clocks that run, with what they are about.
func running(t *testing.T, l *store.Ledger, at time.Time) map[string]rule.Clock {
	t.Helper()
	out := map[string]rule.Clock{}
	for c, err := range (patch.Watch{Ledger: l, Policy: policy()}).Clocks(t.Context(), at) {
		require.NoError(t, err)
		require.NotContains(t, out, c.Rule, "each once")
		out[c.Rule] = c
	}
	return out
}

func TestMarksRunUntilTheFixIsDistributed(t *testing.T) {
	t.Parallel()
	a, err := opened()
	require.NoError(t, err)
	clocks := running(t, held(t, has(assess.Assessments, a)), hour(1))
	require.Len(t, clocks, 2, "that nobody planned stops no clock")
	require.Equal(t, a.Instants.Learned, clocks["fda-pm-60"].Start)
	require.Equal(t, "patch-lead", clocks["fda-pm-60"].Owner)

	a = settled(assess.Serious)
	p := approvedPlan(assess.Serious)
	for state, n := range map[patch.State]int{patch.Planned: 2, patch.Released: 2, patch.Distributed: 0, patch.Verified: 0} {
		l := held(t, has(assess.Assessments, a), has(patch.Plans, p), has(patch.Changes, walked(begun(assess.Serious), state)))
		require.Len(t, running(t, l, hour(1)), n, state)
	}
	other := walked(begun(assess.Serious), patch.Tested)
	other.Branch = "1.8"
	require.Len(t, running(t, held(t, has(assess.Assessments, a), has(patch.Plans, p), has(patch.Changes, other),
		has(patch.Changes, walked(begun(assess.Serious), patch.Distributed))), hour(1)), 2, "not on every branch")
	require.Len(t, running(t, held(t, has(patch.Plans, p)), hour(1)), 2, "a plan counts without its assessment")
	require.Empty(t, running(t, held(t, has(assess.Assessments, left(assess.Yes))), hour(1)), "what is controlled has no marks")

	regular := running(t, held(t, has(patch.Plans, detailed(t, left(assess.No)))), hour(1))
	require.Len(t, regular, 1)
	require.Equal(t, detailed(t, left(assess.No)).Day, regular["patch-regular-cycle"].Day)
}

func TestWhatWasPutOffHasAClock(t *testing.T) {
	t.Parallel()
	c := begun(assess.Catastrophic)
	do := func(s patch.Step) {
		t.Helper()
		var err error
		c, err = c.Do(s)
		require.NoError(t, err)
	}
	do(patch.Step{By: "lead", At: hour(1), Why: "patients cannot wait", Ask: &patch.Exception{Kind: patch.Postpone, Need: "vex", Due: hour(240).Add(time.Minute)}})
	require.Empty(t, running(t, held(t, has(patch.Changes, c)), hour(2)), "what is asked for is not granted")
	do(patch.Step{By: "quality", At: hour(2), Why: "agreed", Grant: "postpone vex"})
	clock := running(t, held(t, has(patch.Changes, c)), hour(2))["patch-postpone"]
	require.Equal(t, hour(240).Add(time.Minute), clock.Due)
	require.Equal(t, hour(2), clock.Start)
	require.Equal(t, rule.Limit{Amount: 239, Unit: rule.Hours}, clock.Limit, "rounded up")
	require.Contains(t, clock.Title, "vex")
	require.Equal(t, "patch.change/"+c.Key(), clock.About)
	require.Equal(t, "patients cannot wait", clock.Why)
	require.Contains(t, clock.Label, "a person")
	require.False(t, clock.Overdue(clock.Due))
	require.True(t, clock.Overdue(clock.Due.Add(time.Second)))

	shown := c
	var err error
	shown, err = shown.Do(patch.Step{By: "author", At: hour(3), Proof: proof("vex")})
	require.NoError(t, err)
	require.Empty(t, running(t, held(t, has(patch.Changes, shown)), hour(999)), "it is there")

	do(patch.Step{By: "lead", At: hour(3), Why: "2.3 carries it", Ask: &patch.Exception{
		Kind: patch.Defer, Release: "2.3", Due: hour(2000), Meanwhile: "new devices ship with 2.3", Reach: "six months", Interim: "network off",
	}})
	do(patch.Step{By: "quality", At: hour(4), Why: "agreed", Grant: "defer 2.3"})
	require.Equal(t, hour(2000), running(t, held(t, has(patch.Changes, c)), hour(5))["patch-defer"].Due)
}

func TestAWatchTellsWhatIsWrongAndGoesOn(t *testing.T) {
	t.Parallel()
	a, err := opened()
	require.NoError(t, err)
	bad := a
	bad.Finding, bad.Digest = "another", ""
	renamed := a
	renamed.Finding, renamed.From = "pump-2.1 cpe:a:wolfssl:wolfssl CVE-2022-9", []string{a.Finding}
	require.Len(t, running(t, held(t, has(assess.Assessments, a), has(assess.Assessments, renamed)), hour(1)), 2, "under one key only")
	var n, wrong int
	for _, err := range (patch.Watch{Ledger: held(t, has(assess.Assessments, a), has(assess.Assessments, bad)), Policy: policy()}).Clocks(t.Context(), hour(1)) {
		if err != nil {
			wrong++
			continue
		}
		n++
	}
	require.Equal(t, []int{2, 1}, []int{n, wrong})
}

func ExampleWatch_Clocks() {
	a, err := opened()
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, l := context.Background(), store.New(memory.New(), &store.Options{Now: func() time.Time { return noon }})
	if err := assess.Save(ctx, l, store.By{Who: "analyst", Why: "opened"}, a); err != nil {
		fmt.Println(err)
		return
	}
	for c, err := range (patch.Watch{Ledger: l, Policy: policy()}).Clocks(ctx, noon) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(c.Rule, c.Day, c.Owner)
	}
	// Output:
	// fda-pm-30 2026-04-09 patch-lead
	// fda-pm-60 2026-05-09 patch-lead
}
