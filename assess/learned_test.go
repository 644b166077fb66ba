package assess_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/assess"
)

// FDA's marks run from learning of the vulnerability (2016, VII.B). That it is
// the earlier of Seen and the earliest signal is our own convention.
func TestLearnedIsTheEarlierOfSeenAndTheSignal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		seen, signal time.Time
		want         time.Time
	}{
		{"seen, no signal", seen, time.Time{}, seen},
		{"a signal before", seen, seen.Add(-48 * time.Hour), seen.Add(-48 * time.Hour)},
		{"a signal after", seen, seen.Add(time.Hour), seen},
		{"both at once", seen, seen, seen},
		{"a signal, never seen", time.Time{}, seen, seen},
		{"another zone", seen.In(time.FixedZone("x", 3600)), time.Time{}, seen},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := finding()
			f.Seen = c.seen
			a, err := assess.Open(f, c.signal, "analyst", noon)
			require.NoError(t, err)
			require.Equal(t, c.want, a.Instants.Learned)
			require.NotEmpty(t, a.Instants.LearnedWhy)
			require.Equal(t, f.Published, a.Instants.Published)
			require.Equal(t, "nvd", a.Instants.PublishedBy)
			require.Zero(t, a.Instants.Determined)
			require.NoError(t, a.Check())
		})
	}
}

func TestOpenRefusesWhatCannotBeJudged(t *testing.T) {
	t.Parallel()
	f := finding()
	f.Seen = time.Time{}
	_, err := assess.Open(f, time.Time{}, "analyst", noon)
	require.ErrorContains(t, err, "neither a Seen instant nor a signal")
	_, err = assess.Open(finding(), time.Time{}, " ", noon)
	require.ErrorContains(t, err, "nobody is named")
	_, err = assess.Open(finding(), time.Time{}, "analyst", time.Time{})
	require.ErrorContains(t, err, "the time is missing")
	_, err = assess.Open(finding(), noon.Add(time.Hour), "analyst", noon)
	require.ErrorContains(t, err, "after it is opened")
	f = finding()
	f.Instances = nil
	_, err = assess.Open(f, time.Time{}, "analyst", noon)
	require.ErrorContains(t, err, "no instance")
}

func TestLearnedMovesLaterOnlyWithASecondPersonAndBothDatesStay(t *testing.T) {
	t.Parallel()
	a := opened(t)
	later := seen.Add(24 * time.Hour)
	move := assess.LearnedChange{To: later, By: "analyst", Why: "the first look was of a test device", At: noon}

	_, err := a.MoveLearned(move)
	require.ErrorContains(t, err, "needs an approval")
	self := ok("analyst")
	move.Approval = &self
	_, err = a.MoveLearned(move)
	require.ErrorIs(t, err, assess.ErrSamePerson)
	quality := ok("quality")
	move.Approval = &quality
	silent := move
	silent.Why = ""
	_, err = a.MoveLearned(silent)
	require.ErrorContains(t, err, "not said: why")
	future := move
	future.To = noon.Add(time.Second)
	_, err = a.MoveLearned(future)
	require.ErrorContains(t, err, "lies after the move itself")
	none := move
	none.To = time.Time{}
	_, err = a.MoveLearned(none)
	require.ErrorContains(t, err, "the new time is missing")

	b, err := a.MoveLearned(move)
	require.NoError(t, err)
	require.NoError(t, b.Check())
	require.Equal(t, later, b.Instants.Learned)
	require.Equal(t, seen, b.Instants.Seen, "the other instants do not move")
	require.Len(t, b.Instants.Moved, 1)
	require.Equal(t, seen, b.Instants.Moved[0].From)
	require.Equal(t, later, b.Instants.Moved[0].To)
	require.Equal(t, "quality", b.Instants.Moved[0].Approval.By)
	require.Equal(t, assess.NotVerified, b.Instants.Moved[0].Approval.Identity)
	require.Empty(t, a.Instants.Moved, "the old value is untouched")
	_, err = b.MoveLearned(move)
	require.ErrorContains(t, err, "already")
	_, err = assess.Assessment{}.MoveLearned(move)
	require.ErrorContains(t, err, "not opened")

	// earlier: a reason is enough
	c, err := b.MoveLearned(assess.LearnedChange{To: seen.Add(-time.Hour), By: "analyst", Why: "a letter was found", At: noon})
	require.NoError(t, err)
	require.NoError(t, c.Check())
	require.Len(t, c.Instants.Moved, 2)
	require.Nil(t, c.Instants.Moved[1].Approval)

	// and it moves also after the determination, whose instant stays
	d, err := settled(t, assess.High, assess.Serious).MoveLearned(move)
	require.NoError(t, err)
	require.NoError(t, d.Check())
	require.Equal(t, noon, d.Instants.Determined)
}

func TestHoweverLearnedMovesTheFirstDateStaysAndNobodyPostponesAlone(t *testing.T) {
	t.Parallel()
	start := opened(t)
	rapid.Check(t, func(t *rapid.T) {
		a := start
		for range rapid.IntRange(0, 6).Draw(t, "moves") {
			by := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "by")
			p := ok(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "approver"))
			to := seen.Add(time.Duration(rapid.IntRange(-100, 40).Draw(t, "hours")) * time.Hour)
			b, err := a.MoveLearned(assess.LearnedChange{To: to, By: by, Why: "w", At: noon, Approval: &p})
			if err == nil && to.After(a.Instants.Learned) && by == p.By {
				t.Fatalf("%s postponed alone", by)
			}
			if err == nil {
				a = b
			}
		}
		if err := a.Check(); err != nil {
			t.Fatal(err)
		}
		if len(a.Instants.Moved) > 0 && !a.Instants.Moved[0].From.Equal(seen) {
			t.Fatal("the first date is gone")
		}
	})
}
