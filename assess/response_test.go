package assess_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/rule"
)

func respond(t *testing.T, a assess.Assessment, at time.Time) assess.Response {
	t.Helper()
	r, err := a.Response(nil, days, at)
	require.NoError(t, err)
	return r
}

// The order of the classes and the emergency row are of the guide (5.4, read in
// its text); the harm column, the risk row and the middle days are ours.
func TestTheClassIsTheWorstOfScoreHarmAndRisk(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		level assess.Level
		harm  assess.Harm
		want  assess.Class
		why   string
	}{
		{assess.High, assess.Negligible, assess.Expedited, "base score 7.5"},
		{assess.High, assess.Serious, assess.Expedited, "uncontrolled"},
		{assess.High, assess.Critical, assess.Emergency, "harm to the patient is critical"},
		{assess.Low, assess.Catastrophic, assess.Emergency, "harm to the patient is catastrophic"},
		{assess.Low, assess.Negligible, assess.Standard, "base score"},
	} {
		r := respond(t, settled(t, c.level, c.harm), noon)
		require.Equal(t, c.want, r.Class, "%s × %s: %s", c.level, c.harm, r.Why())
		require.Contains(t, r.Why(), c.why)
		require.NotEmpty(t, r.Label)
		require.False(t, r.Provisional)
	}
	exploited := finding()
	exploited.Exploited = &feeds.Exploited{Added: noon}
	a, err := assess.Open(exploited, time.Time{}, "analyst", noon)
	require.NoError(t, err)
	r := respond(t, a, noon)
	require.Equal(t, assess.Emergency, r.Class, "it is exploited, and nobody has determined the risk")
	require.Contains(t, r.Why(), "exploited in the wild")
	require.True(t, r.Provisional)
	b, err := assess.Open(finding(), time.Time{}, "analyst", noon)
	require.NoError(t, err)
	require.Equal(t, assess.Expedited, respond(t, b, noon).Class, "the published 7.5 stands in")
	controlled := settled(t, assess.Low, assess.Negligible)
	require.Equal(t, assess.Standard, respond(t, controlled, noon).Class)
	r = respond(t, a, seen.AddDate(0, 0, 30))
	require.Equal(t, assess.Emergency, r.Class, "treated as uncontrolled, and exploited")
	require.Contains(t, r.Why(), "treated as uncontrolled")
}

func TestRansomwareIsUrgentWhateverTheScore(t *testing.T) {
	t.Parallel()
	f := finding()
	f.Scores = []match.Score{{Source: "nvd", Score: feeds.Score{Vector: "CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:L/A:N"}}}
	f.Exploited = &feeds.Exploited{Added: noon, Ransomware: true}
	a, err := assess.Open(f, time.Time{}, "analyst", noon)
	require.NoError(t, err)
	r := respond(t, a, noon)
	require.Equal(t, assess.Emergency, r.Class)
	require.Contains(t, r.Why(), "ransomware")
	require.Equal(t, r.Reasons[0].Citation, r.First.Citation, "not by its score")
	require.NotContains(t, r.Label, "CVSS 9")
	require.NotContains(t, r.First.Label, "CVSS 9")
	c, ok, err := r.Clock("psirt", days)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, a.Instants.Learned.Add(48*time.Hour), c.Due)

	f.Scores = []match.Score{{Source: "nvd", Score: feeds.Score{Base: -1}}, {Source: "odd", Score: feeds.Score{Base: 42}}}
	f.Exploited = nil
	a, err = assess.Open(f, time.Time{}, "analyst", noon)
	require.NoError(t, err)
	require.Contains(t, respond(t, a, noon).Why(), "neither a score nor", "what is no score is none")
}

func TestWhatNobodyHasJudgedHasAClass(t *testing.T) {
	t.Parallel()
	f := finding()
	f.Scores = nil
	a, err := assess.Open(f, time.Time{}, "analyst", noon)
	require.NoError(t, err)
	r := respond(t, a, noon)
	require.Equal(t, assess.Expedited, r.Class)
	require.Contains(t, r.Why(), "neither a score nor the harm is known")
	require.NotEmpty(t, r.Label)
	_, ok, err := r.Clock("psirt", calendar(t))
	require.NoError(t, err)
	require.True(t, ok)
}

func calendar(t testing.TB) rule.Calendar {
	t.Helper()
	c, err := rule.NewCalendar("America/Chicago")
	require.NoError(t, err)
	return c
}

// From CVSS 9 a first response within 24 to 48 hours (guide, 5.4).
func TestFromNineAFirstResponseIsDueWithinTwoDays(t *testing.T) {
	t.Parallel()
	f := finding()
	f.Scores = []match.Score{{Source: "nvd", Score: feeds.Score{Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Base: 9.8}}}
	a, err := assess.Open(f, time.Time{}, "analyst", noon)
	require.NoError(t, err)
	r := respond(t, a, noon)
	require.Equal(t, assess.Emergency, r.Class)
	require.Equal(t, rule.Convention, r.First.Citation.Force)
	c, ok, err := r.Clock("psirt", calendar(t))
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, seen.Add(48*time.Hour), c.Due)
	require.Contains(t, c.Label, "24 to 48 hours")
}

func TestAResponseIsNeverDueBeforeItsStartAndHarmOnlyRaises(t *testing.T) {
	t.Parallel()
	cal := calendar(t)
	rapid.Check(t, func(r *rapid.T) {
		l := rapid.SampledFrom(assess.Levels()).Draw(r, "level")
		i := rapid.IntRange(0, len(assess.Harms())-1).Draw(r, "harm")
		less, err := settled(t, l, assess.Harms()[0]).Response(nil, days, noon)
		require.NoError(t, err)
		more, err := settled(t, l, assess.Harms()[i]).Response(nil, days, noon)
		require.NoError(t, err)
		require.True(t, more.Class.AtLeast(less.Class))
		c, ok, err := more.Clock("psirt", cal)
		require.NoError(t, err)
		if ok {
			require.False(t, c.Due.Before(c.Start))
		}
	})
}

func TestAPolicyOfResponsesIsChecked(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("responses.json")
	require.NoError(t, err)
	for _, c := range []struct{ name, from, to, want string }{
		{"a class that is not known", `"class": "emergency"`, `"class": "soon"`, "not known"},
		{"more harm answered more slowly", `{"harm": "catastrophic", "class": "emergency"}`, `{"harm": "catastrophic", "class": "standard"}`, "slower than less harm"},
		{"a higher score answered more slowly", `{"base": 9.0, "class": "emergency"}`, `{"base": 9.0, "class": "scheduled"}`, "or faster"},
		{"scores without a bottom", `{"base": 0.0, "class": "scheduled"}`, `{"base": 0.1, "class": "scheduled"}`, "begin at 0"},
		{"no label", `"label": "convention of this library, after public practice; no authority gives these numbers for devices",`, ``, "label is missing"},
		{"a rule from another event", `"start": "learned"`, `"start": "aware"`, "not from learning"},
		{"a field that is not known", `"about"`, `"abuot"`, "unknown field"},
		{"exploitation answered more slowly", `"exploited": "emergency"`, `"exploited": "standard"`, "exploitation is slower"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(string(data), c.from, c.to, 1)
			require.NotEqual(t, string(data), text)
			_, err := assess.LoadResponses(fstest.MapFS{"r.json": {Data: []byte(text)}}, "r.json")
			require.ErrorContains(t, err, c.want)
		})
	}
	_, err = opened(t).Response(&assess.Responses{}, days, noon)
	require.ErrorContains(t, err, "not loaded")
}

func TestUndeterminedAtDay30IsTreatedAsUncontrolledAndSaysSo(t *testing.T) {
	t.Parallel()
	a := opened(t)
	// It was learned of on 10 March in Chicago; day 30 is 9 April, from its first moment.
	day := time.Date(2026, 4, 9, 5, 0, 0, 0, time.UTC)
	r, _, err := a.RiskAt(nil, days, day.Add(-time.Microsecond))
	require.NoError(t, err)
	require.Empty(t, r)
	_, _, err = a.RiskAt(nil, rule.Calendar{}, day)
	require.ErrorContains(t, err, "no zone")
	r, why, err := a.RiskAt(nil, days, day)
	require.NoError(t, err)
	require.Equal(t, assess.Uncontrolled, r)
	require.Contains(t, why, "treated as uncontrolled")
	require.True(t, a.Undetermined(), "it writes no determination")
	r, _, err = settled(t, assess.Low, assess.Minor).RiskAt(nil, days, day)
	require.NoError(t, err)
	require.Equal(t, assess.Controlled, r)
}

func ExampleAssessment_Response() {
	a, err := assess.Open(finding(), time.Time{}, "analyst-1", noon)
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := a.Response(nil, days, noon)
	fmt.Println(r.Class, r.Provisional, err)
	fmt.Println(r.Why())
	fmt.Println(r.When)
	fmt.Println(r.Label)
	// Output:
	// expedited true <nil>
	// base score 7.5 (published by nvd)
	// first response within a week
	// convention of this library: 7 days
}
