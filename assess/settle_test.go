package assess_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/feeds"
)

func TestTheProposerNeverApproves(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"analyst", "Analyst", " analyst "} {
		_, err := proposed(t, assess.High, assess.Serious).Settle(ok(who))
		var same *assess.SamePersonError
		require.ErrorAs(t, err, &same)
		require.ErrorIs(t, err, assess.ErrSamePerson)
		require.Equal(t, who, same.Who)
	}
	a, err := proposed(t, assess.High, assess.Serious).Settle(ok("safety"))
	require.NoError(t, err)
	require.Equal(t, assess.Uncontrolled, a.Risk())
	require.Equal(t, assess.NotVerified, a.Determination.Approved.Identity)
	require.Equal(t, noon, a.Instants.Determined)
}

func TestAnApprovalIsWhole(t *testing.T) {
	t.Parallel()
	a := proposed(t, assess.High, assess.Serious)
	_, err := a.Settle(assess.Approval{})
	require.ErrorContains(t, err, "not said: who, when, why")
	early := ok("safety")
	early.At = noon.Add(-time.Hour)
	_, err = a.Settle(early)
	require.ErrorContains(t, err, "before it was proposed")
	forged := ok("safety")
	forged.Identity = "sworn"
	_, err = a.Settle(forged)
	require.ErrorContains(t, err, `"sworn"`)
	known := ok("safety")
	known.Identity = assess.Verified
	a, err = a.Settle(known)
	require.NoError(t, err)
	require.Equal(t, assess.Verified, a.Determination.Approved.Identity)
}

// Overriding the matrix needs a reason and a second person; a cell marked U* is
// uncontrolled until a named approver documents why not. Both are ours.
func TestAnOverrideNeedsAReasonAndASecondPerson(t *testing.T) {
	t.Parallel()
	bare := step("analyst")
	bare.Evidence = nil
	down := func(l assess.Level, h assess.Harm, s assess.Step) (assess.Assessment, error) {
		return scored(t, l, h).Propose(nil, assess.Proposal{Step: s, Risk: assess.Controlled})
	}

	_, err := down(assess.High, assess.Serious, bare)
	require.ErrorContains(t, err, "documented evidence")
	_, err = down(assess.Low, assess.Critical, bare)
	require.ErrorContains(t, err, "documented evidence")
	silent := step("analyst")
	silent.Why = " "
	_, err = down(assess.High, assess.Serious, silent)
	require.ErrorContains(t, err, "not said: why")
	_, err = scored(t, assess.High, assess.Serious).Propose(nil, assess.Proposal{Step: step("analyst"), Risk: "fine"})
	require.ErrorContains(t, err, "neither controlled nor uncontrolled")
	_, err = scored(t, assess.High, assess.Serious).Propose(nil, assess.Proposal{Step: step("analyst"), Risk: assess.NoRisk})
	require.ErrorContains(t, err, "neither controlled nor uncontrolled")

	// a plain cell, downward: three people
	a, err := down(assess.High, assess.Serious, step("analyst"))
	require.NoError(t, err)
	require.True(t, a.Determination.Override)
	_, err = a.Settle(ok("safety"))
	require.ErrorContains(t, err, "needs a second person")
	_, err = a.Settle(ok("safety"), ok("analyst"))
	require.ErrorIs(t, err, assess.ErrSamePerson)
	_, err = a.Settle(ok("safety"), ok("Safety"))
	require.ErrorIs(t, err, assess.ErrSamePerson)
	_, err = a.Settle(ok("safety"), ok("quality"), ok("board"))
	require.ErrorContains(t, err, "more than one")
	late := ok("quality")
	late.At = noon.Add(time.Hour)
	b, err := a.Settle(ok("safety"), late)
	require.NoError(t, err)
	require.NoError(t, b.Check())
	require.Equal(t, assess.Controlled, b.Risk())
	require.Equal(t, late.At, b.Instants.Determined, "determined when the last of them agreed")
	require.Equal(t, assess.Uncontrolled, b.Determination.Verdict.Risk, "what the matrix said stays")

	// a cell that asks for a justification: the approver documents
	a, err = down(assess.Low, assess.Catastrophic, step("analyst"))
	require.NoError(t, err)
	a, err = a.Settle(ok("safety"))
	require.NoError(t, err)
	require.NoError(t, a.Check())
	require.Equal(t, assess.Controlled, a.Risk())
	require.True(t, a.Determination.Override)

	// upward: one reason, one approver
	a, err = scored(t, assess.Low, assess.Minor).Propose(nil, assess.Proposal{Step: bare, Risk: assess.Uncontrolled})
	require.NoError(t, err)
	a, err = a.Settle(ok("safety"))
	require.NoError(t, err)
	require.NoError(t, a.Check())
	require.Equal(t, assess.Uncontrolled, a.Risk())
}

func TestNotAffectedNeedsAnApproverToo(t *testing.T) {
	t.Parallel()
	a, err := opened(t).WithTriage(assess.Triage{Step: step("analyst"), Result: assess.NotAffected, Justification: "vulnerable_code_not_in_execute_path"})
	require.NoError(t, err)
	require.True(t, a.Undetermined())
	_, err = a.Propose(nil, assess.Proposal{Step: step("analyst"), Risk: assess.Controlled})
	require.ErrorContains(t, err, "triage says not affected")
	a, err = a.Propose(nil, assess.Proposal{Step: step("analyst")})
	require.NoError(t, err)
	require.True(t, a.Undetermined())
	_, err = a.Settle(ok("analyst"))
	require.ErrorIs(t, err, assess.ErrSamePerson)
	a, err = a.Settle(ok("safety"))
	require.NoError(t, err)
	require.NoError(t, a.Check())
	require.Equal(t, assess.NoRisk, a.Risk())
}

func TestOnlyAPersonSaysWhatIsAcceptableToLeave(t *testing.T) {
	t.Parallel()
	a := settled(t, assess.High, assess.Minor)
	require.Nil(t, a.Leave, "a controlled risk answers nothing by itself")
	_, err := a.WithLeave(assess.Leave{Acceptable: assess.Yes})
	require.ErrorContains(t, err, "not said: who, when, why")
	_, err = a.WithLeave(assess.Leave{By: "q", Why: "w", At: noon})
	require.ErrorContains(t, err, "neither yes nor no")
	a, err = a.WithLeave(assess.Leave{Acceptable: assess.No, By: "q", Why: "w", At: noon})
	require.NoError(t, err)
	require.NoError(t, a.Check())
	a, err = a.WithLeave(assess.Leave{Acceptable: assess.Yes, By: "q", Why: "telemetry is off", At: noon})
	require.NoError(t, err)
	require.Equal(t, assess.Yes, a.Leave.Acceptable)
}

func TestReopeningKeepsTheDecisionAndTheInstantOfLearning(t *testing.T) {
	t.Parallel()
	a := settled(t, assess.Low, assess.Serious)
	require.Equal(t, assess.Controlled, a.Risk())
	f := finding()
	require.False(t, a.Stale(f))
	f.Exploited = &feeds.Exploited{Added: noon}
	require.True(t, a.Stale(f), "exploitation became known")
	other := finding()
	other.Instances[0].Component.Version = "4.8.0"
	require.True(t, a.Stale(other))

	_, err := a.Reopen(f, assess.Step{})
	require.ErrorContains(t, err, "not said")
	stranger := finding()
	stranger.Vulnerability = "CVE-2022-1"
	_, err = a.Reopen(stranger, step("analyst"))
	require.ErrorContains(t, err, "is not")

	b, err := a.Reopen(f, step("analyst"))
	require.NoError(t, err)
	require.NoError(t, b.Check())
	require.Equal(t, assess.Opened, b.State())
	require.True(t, b.Undetermined())
	require.Equal(t, a.Instants.Learned, b.Instants.Learned)
	require.Len(t, b.Earlier, 1)
	require.Equal(t, assess.Controlled, b.Earlier[0].Risk)
	require.Equal(t, "analyst", b.Earlier[0].Ended.By)
	require.False(t, b.Stale(f))
	require.Equal(t, assess.Controlled, a.Risk(), "the old value is untouched")
	require.Nil(t, a.Determination.Ended)

	c, err := b.Reopen(f, step("analyst"))
	require.NoError(t, err)
	require.Len(t, c.Earlier, 1, "there was nothing to keep")
}
