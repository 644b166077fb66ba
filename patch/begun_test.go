package patch_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/store"
)

func TestEveryRemedyOfAnUncontrolledRiskIsToBeDecided(t *testing.T) {
	t.Parallel()
	p := twoRemedies("2.2")
	at := func(n int, puts ...func(*store.Tx) error) []assess.Correction {
		list, err := patch.Corrections(t.Context(), held(t, puts...), hour(n))
		require.NoError(t, err)
		return list
	}
	control, fix := walked(start(p, 0, "2.1"), patch.Verified), walked(start(p, 1, "2.1"), patch.Tested)
	list := at(900, has(patch.Plans, p), has(patch.Changes, control), has(patch.Changes, fix))
	require.Equal(t, []string{control.Key(), fix.Key()}, patch.CorrectionIDs(list))
	require.Equal(t, "compensating-control on 2.1: A rule of the segment.", list[0].What)
	for _, s := range control.Steps {
		if s.Sign != nil && s.Sign.Gate == "distribution" {
			require.Equal(t, s.At, list[0].Initiated)
		}
	}
	require.Zero(t, list[1].Initiated, "begun, and not out")
	_, err := list[1].Report(assess.Reported{Step: assess.Step{By: "ra", At: hour(900), Why: "w", Evidence: []assess.Evidence{{Text: "report"}}}, Number: "1"})
	require.Error(t, err, "and cannot be filed yet")
	require.Equal(t, []string{control.Key(), fix.Key()}, assess.Undecided(patch.CorrectionIDs(list), nil))
	decided, err := list[0].Report(assess.Reported{Step: assess.Step{By: "ra", At: hour(900), Why: "w", Evidence: []assess.Evidence{{Text: "report"}}}, Number: "1"})
	require.NoError(t, err)
	require.Equal(t, []string{fix.Key()}, assess.Undecided(patch.CorrectionIDs(list), []assess.Correction{decided}))

	fact, err := fix.Do(patch.Step{By: "clerk", At: hour(400), Happened: &patch.Happened{State: patch.Deployed, When: hour(100), How: "log"}})
	require.NoError(t, err)
	require.Equal(t, hour(100), at(900, has(patch.Changes, fact))[0].Initiated, "it went out before it was approved")
	require.Zero(t, at(300, has(patch.Changes, fact))[0].Initiated, "nobody knew it then")
	taken := start(twoRemedies("2.3"), 1, "2.1", fix)
	require.Equal(t, []string{taken.Key()}, patch.CorrectionIDs(at(900, has(patch.Changes, fix), has(patch.Changes, taken))), "it never went out")
	taken = start(twoRemedies("2.3"), 1, "2.1", fact)
	require.Len(t, at(900, has(patch.Changes, fact), has(patch.Changes, taken)), 2)

	r := release(t)
	c := released()
	list = at(900, has(patch.Changes, c), has(patch.Releases, r), has(patch.Reports, said("u1", "s1", patch.Offered, 210)))
	require.Equal(t, hour(210), list[0].Initiated, "a report tells that it is out")
	out, err := rolled().Do(patch.RolloutStep{By: "lead", At: hour(205), Open: "pilot", Seen: tally(t, rolled(), 205).Seen()})
	require.NoError(t, err)
	list = at(900, has(patch.Changes, c), has(patch.Releases, r), has(patch.Rollouts, out), has(patch.Reports, said("u1", "s1", patch.Offered, 210)))
	require.Equal(t, hour(205), list[0].Initiated)

	calm, err := patch.Begin(detailed(t, left(assess.No)), 0, "2.1", []string{"US"}, nil, "patch-lead", noon)
	require.NoError(t, err)
	require.Empty(t, at(900, has(patch.Changes, calm)), "what is controlled needs none of this")
	require.Len(t, at(900, has(patch.Changes, calm), has(patch.Plans, p)), 1, "and what turned out not to be does")
}

func TestARemedyThatIsOutWithoutChangeControlIsToBeDecided(t *testing.T) {
	t.Parallel()
	p, err := patch.Propose(settled(assess.Serious), policy(), "patch-lead", noon)
	require.NoError(t, err)
	p, err = p.With(patch.Details{Actions: details.Actions, Remedies: []patch.Remedy{
		{Kind: patch.Workaround, Text: "Pull the plug.", Party: patch.Facility, AvailableFrom: hour(3)},
		{Kind: patch.Patch, Text: "wolfSSL", Party: patch.Manufacturer, FixedIn: "2.2"},
	}})
	require.NoError(t, err)
	list := func(p patch.Plan, n int, puts ...func(*store.Tx) error) []assess.Correction {
		list, err := patch.Corrections(t.Context(), held(t, append(puts, has(patch.Plans, p))...), hour(n))
		require.NoError(t, err)
		return list
	}
	require.Empty(t, list(p, 5), "it is not approved")
	p, err = p.Approve(ok("quality"))
	require.NoError(t, err)
	require.Empty(t, list(p, 2), "not yet")
	got := list(p, 5)
	require.Len(t, got, 1)
	require.Equal(t, "workaround: Pull the plug.", got[0].What)
	require.Equal(t, hour(3), got[0].Initiated)
	require.Equal(t, got, list(p, 9), "the same id each time")
	require.Equal(t, []string{start(p, 0, "2.1").Key()}, patch.CorrectionIDs(list(p, 5, has(patch.Changes, start(p, 0, "2.1")))))
}

func ExampleCorrections() {
	ctx, l := ctxAndLedger(has(patch.Changes, walked(start(twoRemedies("2.2"), 0, "2.1"), patch.Distributed)))
	begun, err := patch.Corrections(ctx, l, hour(500))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(begun[0].What)
	fmt.Println(len(assess.Undecided(patch.CorrectionIDs(begun), nil)), "to be decided")
	// Output:
	// compensating-control on 2.1: A rule of the segment.
	// 1 to be decided
}

// ctxAndLedger is for examples: a ledger that holds these.
func ctxAndLedger(puts ...func(*store.Tx) error) (context.Context, *store.Ledger) {
	ctx, l := context.Background(), later()
	if err := l.Do(ctx, store.By{Who: "a", Why: "b"}, func(tx *store.Tx) error {
		for _, put := range puts {
			if err := put(tx); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		panic(err)
	}
	return ctx, l
}
