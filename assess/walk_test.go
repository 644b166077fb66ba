package assess_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/cvss/rubric"
	"github.com/open-postmarket/postmarket/feeds"
)

func TestAStepOutOfOrderIsAStateError(t *testing.T) {
	t.Parallel()
	investigated, err := opened(t).WithTriage(assess.Triage{Step: step("analyst"), Result: assess.UnderInvestigation})
	require.NoError(t, err)
	away, err := opened(t).WithTriage(assess.Triage{Step: step("analyst"), Result: assess.NotAffected, Justification: "vulnerable_code_not_present"})
	require.NoError(t, err)
	done := settled(t, assess.High, assess.Serious)
	judged, err := affected(t).WithExploitability(step("analyst"), attacks[assess.High], nil)
	require.NoError(t, err)

	exploit := func(a assess.Assessment) error {
		_, err := a.WithExploitability(step("analyst"), attacks[assess.High], nil)
		return err
	}
	impact := func(a assess.Assessment) error {
		_, err := a.WithImpact(assess.Impact{Step: step("analyst"), Harm: assess.Minor, Statement: "x"})
		return err
	}
	score := func(a assess.Assessment) error {
		_, err := a.WithScore(step("analyst"), attacks[assess.High], nil)
		return err
	}
	propose := func(a assess.Assessment) error {
		_, err := a.Propose(nil, assess.Proposal{Step: step("analyst")})
		return err
	}
	settle := func(a assess.Assessment) error { _, err := a.Settle(ok("safety")); return err }
	triage := func(a assess.Assessment) error {
		_, err := a.WithTriage(assess.Triage{Step: step("analyst"), Result: assess.Affected})
		return err
	}
	leave := func(a assess.Assessment) error {
		_, err := a.WithLeave(assess.Leave{Acceptable: assess.Yes, By: "x", Why: "y", At: noon})
		return err
	}
	for _, c := range []struct {
		name string
		a    assess.Assessment
		do   func(assess.Assessment) error
		why  string
	}{
		{"triage of nothing", assess.Assessment{}, triage, "not opened"},
		{"exploitability before triage", opened(t), exploit, "triage is not done"},
		{"exploitability while under investigation", investigated, exploit, "under investigation"},
		{"exploitability of what is not affected", away, exploit, "not affected"},
		{"impact before exploitability", affected(t), impact, "exploitability is not judged"},
		{"score before exploitability", affected(t), score, "exploitability is not judged"},
		{"score before impact", judged, score, "impact is not judged"},
		{"a proposal before triage", opened(t), propose, "triage is not done"},
		{"a proposal while under investigation", investigated, propose, "under investigation"},
		{"a proposal before the score", judged, propose, "the four steps are not done"},
		{"an approval of nothing", scored(t, assess.High, assess.Serious), settle, "no determination is proposed"},
		{"an approval twice", done, settle, "no determination is proposed"},
		{"triage after the determination", done, triage, "reopen it first"},
		{"score after the determination", done, score, "reopen it first"},
		{"a proposal after the determination", done, propose, "reopen it first"},
		{"an uncontrolled risk left as it is", done, leave, "only a controlled risk"},
		{"an undetermined risk left as it is", proposed(t, assess.Low, assess.Minor), leave, "this is undetermined"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var state *assess.StateError
			err := c.do(c.a)
			require.ErrorAs(t, err, &state)
			require.ErrorContains(t, err, c.why)
			require.Equal(t, c.a.State(), state.From)
		})
	}
}

func TestWhatAStepLacksIsNamed(t *testing.T) {
	t.Parallel()
	_, err := opened(t).WithTriage(assess.Triage{Result: assess.Affected})
	require.ErrorContains(t, err, "not said: who, when, why")
	bare := step("analyst")
	bare.Evidence = nil
	_, err = opened(t).WithTriage(assess.Triage{Step: bare, Result: assess.Affected})
	require.ErrorContains(t, err, "no evidence")
	bare.Evidence = []assess.Evidence{{Digest: "d"}}
	_, err = opened(t).WithTriage(assess.Triage{Step: bare, Result: assess.Affected})
	require.ErrorContains(t, err, "what a piece of evidence is")
	_, err = opened(t).WithTriage(assess.Triage{Step: step("analyst"), Result: "maybe"})
	require.ErrorContains(t, err, `"maybe"`)
	_, err = opened(t).WithTriage(assess.Triage{Step: step("analyst"), Result: assess.NotAffected})
	require.ErrorContains(t, err, "needs a VEX justification")
	_, err = opened(t).WithTriage(assess.Triage{Step: step("analyst"), Result: assess.Affected, Justification: "component_not_present"})
	require.ErrorContains(t, err, "only for not affected")

	a := affected(t)
	_, err = a.WithExploitability(step("analyst"), rubric.Answers{"XAVN": "Y"}, nil)
	var missing *rubric.IncompleteError
	require.ErrorAs(t, err, &missing)
	_, err = a.WithExploitability(step("analyst"), attacks[assess.Low], nil, assess.Raise{To: assess.High})
	require.ErrorContains(t, err, "needs a level and a reason")
	a, err = a.WithExploitability(step("analyst"), attacks[assess.High], nil)
	require.NoError(t, err)
	_, err = a.WithImpact(assess.Impact{Step: step("c"), Statement: "x"})
	require.ErrorContains(t, err, "harm")
	_, err = a.WithImpact(assess.Impact{Step: step("c"), Harm: assess.Minor})
	require.ErrorContains(t, err, "plain words")
	a, err = a.WithImpact(assess.Impact{Step: step("c"), Harm: assess.Minor, Statement: "x"})
	require.NoError(t, err)
	_, err = a.WithScore(step("analyst"), attacks[assess.Medium], nil)
	require.ErrorContains(t, err, "AC not as in the exploitability step")
}

// Known exploitation raises the axis of exploitability and nothing else; nothing
// lowers it. That it counts as high is our own convention.
func TestExploitationRaisesTheLevelAndNothingLowersIt(t *testing.T) {
	t.Parallel()
	kev := &feeds.Exploited{Added: time.Date(2023, 1, 23, 0, 0, 0, 0, time.UTC), Ransomware: true}
	signal := assess.Raise{To: assess.High, Why: "seen at a customer"}
	for _, c := range []struct {
		name   string
		base   assess.Level
		kev    *feeds.Exploited
		raises []assess.Raise
		want   assess.Level
		said   string
	}{
		{"low stays low", assess.Low, nil, nil, assess.Low, "is low"},
		{"medium stays medium", assess.Medium, nil, nil, assess.Medium, "is medium"},
		{"low and listed is high", assess.Low, kev, nil, assess.High, "raised to high: exploitation in the wild is known, listed since 2023-01-23, and used in ransomware campaigns"},
		{"medium and listed is high", assess.Medium, &feeds.Exploited{}, nil, assess.High, "raised to high"},
		{"high and listed is high", assess.High, kev, nil, assess.High, "at least high anyway"},
		{"low and known otherwise is high", assess.Low, nil, []assess.Raise{signal}, assess.High, "raised to high: seen at a customer"},
		{"a raise to medium", assess.Low, nil, []assess.Raise{{To: assess.Medium, Why: "exploit published"}}, assess.Medium, "raised to medium"},
		{"a raise to low lowers nothing", assess.High, nil, []assess.Raise{{To: assess.Low, Why: "firewall"}}, assess.High, "at least low anyway"},
		{"listed and a raise to low", assess.Medium, kev, []assess.Raise{{To: assess.Low, Why: "EPSS is small"}}, assess.High, "raised to high"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := finding()
			f.Exploited = c.kev
			a, err := assess.Open(f, time.Time{}, "analyst", noon)
			require.NoError(t, err)
			a, err = a.WithTriage(assess.Triage{Step: step("analyst"), Result: assess.Affected})
			require.NoError(t, err)
			a, err = a.WithExploitability(step("analyst"), attacks[c.base], nil, c.raises...)
			require.NoError(t, err)
			require.Equal(t, c.base, a.Exploitability.Band)
			require.Equal(t, c.want, a.Exploitability.Level)
			require.Contains(t, a.Exploitability.Derived, c.said)
			require.Nil(t, a.Determination, "a raise never writes the determination")
			require.NoError(t, a.Check())
		})
	}
}

func TestNoRaiseEverLowersALevel(t *testing.T) {
	t.Parallel()
	base := affected(t)
	order := map[assess.Level]int{assess.Low: 0, assess.Medium: 1, assess.High: 2}
	rapid.Check(t, func(t *rapid.T) {
		level := rapid.SampledFrom(assess.Levels())
		from := level.Draw(t, "from")
		var raises []assess.Raise
		for _, to := range rapid.SliceOf(level).Draw(t, "raises") {
			raises = append(raises, assess.Raise{To: to, Why: "w"})
		}
		a, err := base.WithExploitability(step("x"), attacks[from], nil, raises...)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range append(raises, assess.Raise{To: from}) {
			if order[a.Exploitability.Level] < order[r.To] {
				t.Fatalf("%s is below %s", a.Exploitability.Level, r.To)
			}
		}
	})
}

func TestTheScoreStandsBesideThePublishedOnes(t *testing.T) {
	t.Parallel()
	a := scored(t, assess.Medium, assess.Serious)
	s := a.Score
	require.Equal(t, "CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:H/A:N", s.Vector.String())
	require.InDelta(t, 5.9, s.Base, 0)
	require.Equal(t, rubric.Label, s.Label)
	require.Len(t, s.Published, 2)
	require.True(t, s.Published[0].Compared)
	require.Equal(t, []string{"AC"}, s.Published[0].Differ)
	require.InDelta(t, 7.5, s.Published[0].Base, 0)
	require.False(t, s.Published[1].Compared, "a v2 vector has no metrics to compare")

	open := answers(rubric.Answers{"XAVN": "Y", "XAVT": "Y", "XACL": "Y", "XIT": "U"})
	b, err := affected(t).WithExploitability(step("a"), open, nil)
	require.NoError(t, err)
	b, err = b.WithImpact(assess.Impact{Step: step("c"), Harm: assess.Serious, Statement: "x"})
	require.NoError(t, err)
	b, err = b.WithScore(step("a"), open, &rubric.Options{Version: "3.1"})
	require.NoError(t, err)
	require.Equal(t, []string{"XIT"}, b.Score.Open)
	require.Equal(t, "3.1", b.Score.Vector.Version())
	require.NoError(t, b.Check())
}

func TestAStepDoneAgainTakesAwayThoseThatRestedOnIt(t *testing.T) {
	t.Parallel()
	a := proposed(t, assess.High, assess.Serious)
	before, err := json.Marshal(a)
	require.NoError(t, err)

	b, err := a.WithImpact(assess.Impact{Step: step("clinician"), Harm: assess.Minor, Statement: "y"})
	require.NoError(t, err)
	require.Equal(t, assess.ImpactJudged, b.State())
	require.Nil(t, b.Score)
	c, err := a.WithTriage(assess.Triage{Step: step("analyst"), Result: assess.Affected})
	require.NoError(t, err)
	require.Equal(t, assess.Triaged, c.State())

	after, err := json.Marshal(a)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(string(before), string(after)), "the old value is untouched")
}

func TestEveryStateIsReached(t *testing.T) {
	t.Parallel()
	a := opened(t)
	require.Equal(t, assess.Opened, a.State())
	require.Empty(t, assess.Assessment{}.State())
	a = affected(t)
	require.Equal(t, assess.Triaged, a.State())
	a, err := a.WithExploitability(step("analyst"), attacks[assess.High], nil)
	require.NoError(t, err)
	require.Equal(t, assess.ExploitabilityJudged, a.State())
	require.Equal(t, assess.Scored, scored(t, assess.High, assess.Minor).State())
	require.Equal(t, assess.Proposed, proposed(t, assess.High, assess.Minor).State())
	require.Equal(t, assess.Determined, settled(t, assess.High, assess.Minor).State())
	require.False(t, errors.Is(a.Check(), assess.ErrSamePerson))
}
