package advisory_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/rule"
)

func chicago(t *testing.T) rule.Calendar {
	t.Helper()
	cal, err := rule.NewCalendar("America/Chicago")
	require.NoError(t, err)
	return cal
}

func clocks(t *testing.T, a advisory.Advisory, s advisory.Setting) map[string]rule.Clock {
	t.Helper()
	p, err := advisory.DefaultPolicy()
	require.NoError(t, err)
	list, err := p.Clocks(a, s)
	require.NoError(t, err)
	out := map[string]rule.Clock{}
	for _, c := range list {
		out[c.Rule] = c
	}
	return out
}

// The sample dates of the chapter are 31 days apart.
func TestANoticeOf15FebruaryMissesThe30DaysSince15January(t *testing.T) {
	t.Parallel()
	a := draft(t, uncontrolled(t))
	day := func(d time.Month, n int) time.Time { return time.Date(2024, d, n, 15, 0, 0, 0, time.UTC) }
	a.Learned = day(time.January, 15)
	c := clocks(t, a, advisory.Setting{Calendar: chicago(t)})["fda-pm-30"]
	require.Equal(t, "2024-02-14", c.Day.String())
	require.Equal(t, advisory.Missed, advisory.TimingOf(c, day(time.February, 15), day(time.March, 1)))
	require.Equal(t, advisory.Met, advisory.TimingOf(c, day(time.February, 14), day(time.March, 1)))
	require.Equal(t, advisory.Running, advisory.TimingOf(c, time.Time{}, day(time.February, 14)))
	require.Equal(t, advisory.Overdue, advisory.TimingOf(c, time.Time{}, day(time.February, 15)))
	require.Equal(t, advisory.Overdue, advisory.TimingOf(c, day(time.February, 20), day(time.February, 15)), "it is sent later")
	require.Contains(t, c.Label, "not a deadline of law")
}

func TestTimelinesGoByRiskClass(t *testing.T) {
	t.Parallel()
	p, err := advisory.DefaultPolicy()
	require.NoError(t, err)
	class := func(a advisory.Advisory) string {
		row, err := p.Timeline(a)
		require.NoError(t, err)
		require.Equal(t, rule.Learned, row.Rule.Start)
		require.Equal(t, rule.Convention, row.Rule.Citation.Force)
		require.NotEmpty(t, row.Rule.Label)
		return row.Class
	}
	bad := draft(t, uncontrolled(t))
	require.Equal(t, "critical", class(bad))
	bad.Vulnerabilities[0].Exploited = &feeds.Exploited{Added: seen}
	require.Equal(t, "critical-exploited", class(bad))
	c := clocks(t, bad, advisory.Setting{Calendar: chicago(t)})["notice-critical-exploited"]
	require.Equal(t, 24*time.Hour, c.Due.Sub(c.Start))

	open := draft(t, variants(t)["under-investigation"])
	require.Equal(t, "high", class(open), "what is not known is not low")
	none := draft(t, variants(t)["not-affected"])
	none.Vulnerabilities[0].Exploited = &feeds.Exploited{Added: seen}
	require.Equal(t, "low", class(none))
	_, err = p.Clocks(none, advisory.Setting{Calendar: chicago(t)})
	require.ErrorContains(t, err, "whose length is not said")
	c = clocks(t, none, advisory.Setting{Calendar: chicago(t), Cycle: rule.Limit{Amount: 90, Unit: rule.Days}})["notice-low"]
	require.Equal(t, rule.Limit{Amount: 90, Unit: rule.Days}, c.Limit)

	none.Learned = time.Time{}
	_, err = p.Clocks(none, advisory.Setting{Calendar: chicago(t)})
	require.ErrorContains(t, err, "does not say when the maker learned")
}

func TestAnAdvisoryKnowsWhenItWasLearnedOf(t *testing.T) {
	t.Parallel()
	in := uncontrolled(t)
	require.Equal(t, seen, draft(t, in).Learned)
	in.Learned = seen.Add(-time.Hour)
	require.Equal(t, seen.Add(-time.Hour), draft(t, in).Learned)
	in.Learned = drafted.Add(time.Hour)
	require.Equal(t, seen, draft(t, in).Learned, "the earliest holds")
}

func TestAPolicyIsReadStrictly(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("policy.json")
	require.NoError(t, err)
	for name, edit := range map[string][2]string{
		`class "critical" is empty or there twice`: {`"class": "critical-exploited"`, `"class": "critical"`},
		"is no base score":                         {`"base": 7.0`, `"base": 70`},
		"and no other, fits everything":            {`"base": 4.0`, `"base": 0`},
		`kind "letter" is not known`:               {`"kind": "806-correction"`, `"kind": "letter"`},
		"and an advisory knows":                    {`"start": "learned"`, `"start": "aware"`},
		"citation":                                 {`"clause": "advisory/policy.json, roles"`, `"clause": ""`},
	} {
		file := strings.Replace(string(data), edit[0], edit[1], 1)
		require.NotEqual(t, string(data), file)
		_, err := advisory.LoadPolicy(fstest.MapFS{"p.json": {Data: []byte(file)}}, "p.json")
		require.ErrorContains(t, err, name)
	}
	p, err := advisory.DefaultPolicy()
	require.NoError(t, err)
	require.Contains(t, p.Needs(advisory.Correction), "regulatory affairs")
	require.Empty(t, p.Needs(""))
}

func mustCalendar() rule.Calendar {
	cal, err := rule.NewCalendar("America/Chicago")
	if err != nil {
		panic(err)
	}
	return cal
}
