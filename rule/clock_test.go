package rule_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/rule"
)

func limited(amount int, unit rule.Unit) rule.Rule {
	return rule.Rule{
		ID: "test-rule", Title: "a rule for tests", Jurisdiction: "US", Role: "manufacturer", Start: rule.Learned,
		Limit: rule.Limit{Amount: amount, Unit: unit}, Calendar: "as the test says", To: []string{"FDA"},
		On: true, Why: "the test asks", Label: "not a rule",
		Citation: rule.Citation{Source: "this test", Clause: "1", Date: "2026", Force: rule.Convention, Certainty: rule.Ours},
	}
}

func instant(t require.TestingT, s string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, s)
	require.NoError(t, err)
	return at
}

func TestDueDatesOfTheGoldenCases(t *testing.T) {
	t.Parallel()
	us := []rule.Holidays{rule.USFederal()}
	for name, c := range map[string]struct {
		zone     string
		holidays []rule.Holidays
		start    string
		amount   int
		unit     rule.Unit
		day, due string
	}{
		"thirty days from 15 January are 14 February":  {"America/New_York", nil, "2024-01-15T09:00:00-05:00", 30, rule.Days, "2024-02-14", "2024-02-15T04:59:59Z"},
		"sixty days through a leap day":                {"America/New_York", nil, "2024-01-15T09:00:00-05:00", 60, rule.Days, "2024-03-15", "2024-03-16T03:59:59Z"},
		"sixty days without a leap day":                {"America/New_York", nil, "2026-01-15T09:00:00-05:00", 60, rule.Days, "2026-03-16", "2026-03-17T03:59:59Z"},
		"due on the leap day":                          {"Europe/Berlin", nil, "2024-01-30T12:00:00+01:00", 30, rule.Days, "2024-02-29", "2024-02-29T22:59:59Z"},
		"started on the leap day":                      {"Europe/Berlin", nil, "2024-02-29T12:00:00+01:00", 30, rule.Days, "2024-03-30", "2024-03-30T22:59:59Z"},
		"over the end of the year":                     {"America/New_York", nil, "2026-12-15T12:00:00-05:00", 30, rule.Days, "2027-01-14", "2027-01-15T04:59:59Z"},
		"clocks go forward on the way":                 {"America/New_York", nil, "2026-03-01T12:00:00-05:00", 30, rule.Days, "2026-03-31", "2026-04-01T03:59:59Z"},
		"clocks go back on the way":                    {"America/New_York", nil, "2026-10-20T12:00:00-04:00", 30, rule.Days, "2026-11-19", "2026-11-20T04:59:59Z"},
		"due on the day clocks go forward":             {"America/New_York", nil, "2026-02-06T12:00:00-05:00", 30, rule.Days, "2026-03-08", "2026-03-09T03:59:59Z"},
		"due on the day clocks go back":                {"America/New_York", nil, "2026-10-02T12:00:00-04:00", 30, rule.Days, "2026-11-01", "2026-11-02T04:59:59Z"},
		"due the day before a missing midnight":        {"America/Santiago", nil, "2026-08-06T12:00:00-04:00", 30, rule.Days, "2026-09-05", "2026-09-06T03:59:59Z"},
		"due on the day without a midnight":            {"America/Santiago", nil, "2026-08-07T12:00:00-04:00", 30, rule.Days, "2026-09-06", "2026-09-07T02:59:59Z"},
		"started in the hour after a missing midnight": {"America/Santiago", nil, "2026-09-06T04:00:00Z", 1, rule.Days, "2026-09-07", "2026-09-08T02:59:59Z"},
		"summer in Auckland is UTC+13":                 {"Pacific/Auckland", nil, "2026-01-14T11:30:00Z", 30, rule.Days, "2026-02-14", "2026-02-14T10:59:59Z"},
		"Tongatapu is UTC+13":                          {"Pacific/Tongatapu", nil, "2026-06-30T10:59:59Z", 30, rule.Days, "2026-07-30", "2026-07-30T10:59:59Z"},
		"a second later it is the next day there":      {"Pacific/Tongatapu", nil, "2026-06-30T11:00:00Z", 30, rule.Days, "2026-07-31", "2026-07-31T10:59:59Z"},
		"the last second of a day is still that day":   {"America/New_York", nil, "2024-01-15T23:59:59-05:00", 30, rule.Days, "2024-02-14", "2024-02-15T04:59:59Z"},
		"in UTC the same instant is a day later":       {"UTC", nil, "2024-01-15T23:59:59-05:00", 30, rule.Days, "2024-02-15", "2024-02-15T23:59:59Z"},

		"ten work days over Christmas and New Year":     {"America/New_York", us, "2026-12-21T10:00:00-05:00", 10, rule.Workdays, "2027-01-06", "2027-01-07T04:59:59Z"},
		"the tenth work day would be Thanksgiving":      {"America/New_York", us, "2026-11-12T10:00:00-05:00", 10, rule.Workdays, "2026-11-27", "2026-11-28T04:59:59Z"},
		"without holidays Thanksgiving is the tenth":    {"America/New_York", nil, "2026-11-12T10:00:00-05:00", 10, rule.Workdays, "2026-11-26", "2026-11-27T04:59:59Z"},
		"a holiday observed on the Friday before":       {"America/New_York", us, "2026-07-01T10:00:00-04:00", 2, rule.Workdays, "2026-07-06", "2026-07-07T03:59:59Z"},
		"New Year of a Saturday is kept in the old":     {"America/New_York", us, "2027-12-29T10:00:00-05:00", 2, rule.Workdays, "2028-01-03", "2028-01-04T04:59:59Z"},
		"started on a Saturday":                         {"America/New_York", us, "2026-08-01T10:00:00-04:00", 5, rule.Workdays, "2026-08-07", "2026-08-08T03:59:59Z"},
		"started on a Friday":                           {"America/New_York", us, "2026-08-07T10:00:00-04:00", 1, rule.Workdays, "2026-08-10", "2026-08-11T03:59:59Z"},
		"one work day from 31 December, seen in UTC":    {"UTC", us, "2026-12-31T03:00:00Z", 1, rule.Workdays, "2027-01-04", "2027-01-04T23:59:59Z"},
		"the same instant is 30 December in New York":   {"America/New_York", us, "2026-12-31T03:00:00Z", 1, rule.Workdays, "2026-12-31", "2027-01-01T04:59:59Z"},
		"a holiday of the plant counts as one of state": {"Europe/Berlin", []rule.Holidays{rule.Dated("Whit Monday", rule.Date{Year: 2026, Month: 5, Day: 25})}, "2026-05-22T10:00:00+02:00", 1, rule.Workdays, "2026-05-26", "2026-05-26T21:59:59Z"},

		"hours pass as hours when clocks go forward": {"America/New_York", nil, "2026-03-07T12:00:00-05:00", 24, rule.Hours, "2026-03-08", "2026-03-08T17:00:00Z"},
		"hours pass as hours when clocks go back":    {"America/New_York", nil, "2026-10-31T12:00:00-04:00", 24, rule.Hours, "2026-11-01", "2026-11-01T16:00:00Z"},
		"seventy-two hours over a weekend":           {"Europe/Berlin", us, "2026-12-24T18:00:00+01:00", 72, rule.Hours, "2026-12-27", "2026-12-27T17:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := instant(t, c.start)
			clock, err := limited(c.amount, c.unit).Clock("k", "match.finding/f", "psirt", start, calendar(t, c.zone, c.holidays...))
			require.NoError(t, err)
			require.Equal(t, c.day, clock.Day.String())
			require.Equal(t, c.due, clock.Due.Format(time.RFC3339))
			require.Equal(t, c.zone, clock.Zone)
			require.True(t, start.Equal(clock.Start))
			require.Equal(t, time.UTC, clock.Start.Location())
			require.Equal(t, time.UTC, clock.Due.Location())
		})
	}
}

func TestAMonthIsNotThirtyDays(t *testing.T) {
	t.Parallel()
	clock, err := limited(30, rule.Days).Clock("k", "match.finding/f", "", instant(t, "2024-01-15T12:00:00-05:00"), calendar(t, "America/New_York"))
	require.NoError(t, err)
	require.False(t, clock.Overdue(instant(t, "2024-02-14T23:59:59.999-05:00")))
	require.True(t, clock.Overdue(instant(t, "2024-02-15T00:00:00-05:00")), "15 January to 15 February is the 31st day")
}

func TestAClockIsOverdueOnlyAfterItsLastSecond(t *testing.T) {
	t.Parallel()
	start := instant(t, "2026-08-03T10:00:00.123456789Z")
	for unit, c := range map[rule.Unit]struct{ in, out string }{
		rule.Days:     {"2026-08-04T23:59:59.999999999Z", "2026-08-05T00:00:00Z"},
		rule.Workdays: {"2026-08-04T23:59:59.999999999Z", "2026-08-05T00:00:00Z"},
		rule.Hours:    {"2026-08-03T11:00:00.123456Z", "2026-08-03T11:00:00.123457Z"},
	} {
		clock, err := limited(1, unit).Clock("k", "a/b", "psirt", start, calendar(t, "UTC"))
		require.NoError(t, err)
		require.False(t, clock.Overdue(instant(t, c.in)), unit)
		require.True(t, clock.Overdue(instant(t, c.out)), unit)
		require.False(t, clock.Overdue(start))
		require.Equal(t, clock.Due.Sub(start), clock.Left(start))
		require.Negative(t, clock.Left(instant(t, c.out)))
	}
}

func TestAClockRefusesToGuess(t *testing.T) {
	t.Parallel()
	start, cal := instant(t, "2026-08-03T10:00:00Z"), calendar(t, "UTC")
	r := limited(30, rule.Days)
	for name, try := range map[string]func() (rule.Clock, error){
		"no start":           func() (rule.Clock, error) { return r.Clock("k", "a/b", "psirt", time.Time{}, cal) },
		"no key":             func() (rule.Clock, error) { return r.Clock("", "a/b", "psirt", start, cal) },
		"no record":          func() (rule.Clock, error) { return r.Clock("k", "", "psirt", start, cal) },
		"no calendar":        func() (rule.Clock, error) { return r.Clock("k", "a/b", "psirt", start, rule.Calendar{}) },
		"FDA as the owner":   func() (rule.Clock, error) { return r.Clock("k", "a/b", "fda", start, cal) },
		"no limit":           func() (rule.Clock, error) { return limited(0, rule.Days).Clock("k", "a/b", "", start, cal) },
		"a limit backwards":  func() (rule.Clock, error) { return limited(-1, rule.Days).Clock("k", "a/b", "", start, cal) },
		"a limit of months":  func() (rule.Clock, error) { return limited(1, "months").Clock("k", "a/b", "", start, cal) },
		"a limit of ages":    func() (rule.Clock, error) { return limited(1<<40, rule.Hours).Clock("k", "a/b", "", start, cal) },
		"the zero rule":      func() (rule.Clock, error) { return rule.Rule{}.Clock("k", "a/b", "", start, cal) },
		"a year beyond JSON": func() (rule.Clock, error) { return r.Clock("k", "a/b", "", start.AddDate(7973, 5, 0), cal) },
		"a year before one":  func() (rule.Clock, error) { return r.Clock("k", "a/b", "", start.AddDate(-2030, 0, 0), cal) },
	} {
		clock, err := try()
		require.Error(t, err, name)
		require.Empty(t, clock, name)
	}
}

func TestARuleThatIsOffStartsNoClock(t *testing.T) {
	t.Parallel()
	r := limited(30, rule.Days)
	r.On, r.Why = false, "the role is not stated"
	start, cal := instant(t, "2026-08-03T10:00:00Z"), calendar(t, "UTC")
	_, err := r.Clock("k", "a/b", "psirt", start, cal)
	var off *rule.OffError
	require.ErrorAs(t, err, &off)
	require.Equal(t, rule.OffError{Rule: "test-rule", Why: "the role is not stated"}, *off)

	_, err = r.Enable(" ")
	require.Error(t, err)
	on, err := r.Enable("we are a covered entity since 2025")
	require.NoError(t, err)
	require.False(t, r.On, "the rule itself is unchanged")
	clock, err := on.Clock("k", "a/b", "psirt", start, cal)
	require.NoError(t, err)
	require.Equal(t, "we are a covered entity since 2025", clock.Why)
}

func TestAClockSurvivesJSON(t *testing.T) {
	t.Parallel()
	clock, err := limited(30, rule.Days).Clock("k", "a/b", "psirt", instant(t, "2026-08-03T10:00:00.123456789+02:00"), calendar(t, "Europe/Berlin"))
	require.NoError(t, err)
	b, err := json.Marshal(clock)
	require.NoError(t, err)
	require.Equal(t, "2026-08-03T08:00:00.123456Z", clock.Start.Format(time.RFC3339Nano), "microseconds, as the ledger keeps them")
	var got rule.Clock
	require.NoError(t, json.Unmarshal(b, &got))
	require.Equal(t, clock, got)
}

func TestLawsOfDueDates(t *testing.T) {
	t.Parallel()
	from := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		cal := calendar(t, rapid.SampledFrom(zones).Draw(t, "zone"), rule.USFederal())
		unit := rapid.SampledFrom([]rule.Unit{rule.Days, rule.Workdays, rule.Hours}).Draw(t, "unit")
		amount := rapid.IntRange(1, 100).Draw(t, "amount")
		begin := func(start time.Time, amount int) rule.Clock {
			c, err := limited(amount, unit).Clock("k", "a/b", "psirt", start, cal)
			require.NoError(t, err)
			return c
		}
		start := from.Add(time.Duration(rapid.Int64Range(0, 10*365*86400).Draw(t, "start")) * time.Second)
		later := start.Add(time.Duration(rapid.Int64Range(0, 10*86400).Draw(t, "later")) * time.Second)
		c := begin(start, amount)

		require.True(t, c.Due.After(start), "due is after the start")
		require.False(t, begin(later, amount).Due.Before(c.Due), "a later start is never due earlier")
		require.True(t, begin(start, amount+1).Due.After(c.Due), "one more is due later")
		require.False(t, c.Overdue(start))
		if unit == rule.Hours {
			require.Equal(t, time.Duration(amount)*time.Hour, c.Due.Sub(start))
			return
		}

		// An independent count: walk the days one by one on the wall.
		want, n := cal.Date(start), 0
		for n < amount {
			noon := time.Date(want.Year, want.Month, want.Day+1, 12, 0, 0, 0, time.UTC)
			want = rule.Date{Year: noon.Year(), Month: noon.Month(), Day: noon.Day()}
			_, holiday := rule.USFederal().Holiday(want)
			if unit == rule.Days || (noon.Weekday() != time.Saturday && noon.Weekday() != time.Sunday && !holiday) {
				n++
			}
		}
		require.Equal(t, want, c.Day)

		loc, err := time.LoadLocation(c.Zone)
		require.NoError(t, err)
		local := c.Due.In(loc)
		require.Equal(t, c.Day.String(), local.Format(time.DateOnly))
		if skipped := (c.Zone == "America/Nuuk" || c.Zone == "America/Scoresbysund") && local.Month() == time.March; !skipped {
			require.Equal(t, "23:59:59", local.Format(time.TimeOnly))
		}
	})
}
