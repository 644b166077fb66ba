package rule_test

import (
	"encoding/json"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/rule"
)

func calendar(t require.TestingT, zone string, h ...rule.Holidays) rule.Calendar {
	c, err := rule.NewCalendar(zone, h...)
	require.NoError(t, err)
	return c
}

func day(t require.TestingT, s string) rule.Date {
	d, err := rule.ParseDate(s)
	require.NoError(t, err)
	return d
}

func TestACalendarNeedsItsZone(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"", "Local", "Mars/Olympus", "../etc/passwd"} {
		_, err := rule.NewCalendar(zone)
		require.Error(t, err, "%q", zone)
	}
	_, err := rule.NewCalendar("UTC", rule.Holidays{})
	require.Error(t, err)
	_, err = rule.NewCalendar("UTC", rule.Dated(""))
	require.Error(t, err, "holidays have a name")
	require.Equal(t, "UTC", calendar(t, "UTC").Zone())
	require.Equal(t, "UTC, Mon–Fri, no holidays stated", calendar(t, "UTC").String())
	require.Equal(t, "America/New_York, Mon–Fri less US federal holidays, plant closed",
		calendar(t, "America/New_York", rule.USFederal(), rule.Dated("plant closed")).String())
	require.Empty(t, rule.Calendar{}.Zone())
}

func TestTheEndOfADayIsItsLastSecond(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ zone, day, utc string }{
		"a plain day":                          {"UTC", "2026-03-01", "2026-03-01T23:59:59Z"},
		"the day before clocks go forward":     {"America/New_York", "2026-03-07", "2026-03-08T04:59:59Z"},
		"the day clocks go forward":            {"America/New_York", "2026-03-08", "2026-03-09T03:59:59Z"},
		"the day clocks go back":               {"America/New_York", "2026-11-01", "2026-11-02T04:59:59Z"},
		"the day before a missing midnight":    {"America/Santiago", "2026-09-05", "2026-09-06T03:59:59Z"},
		"the day without its midnight":         {"America/Santiago", "2026-09-06", "2026-09-07T02:59:59Z"},
		"its last second happens twice":        {"America/Santiago", "2026-04-04", "2026-04-05T03:59:59Z"},
		"its last hour happens twice":          {"America/Nuuk", "2026-10-24", "2026-10-25T01:59:59Z"},
		"its last hour is skipped":             {"America/Nuuk", "2026-03-28", "2026-03-29T00:59:59Z"},
		"far ahead of UTC":                     {"Pacific/Tongatapu", "2026-07-01", "2026-07-01T10:59:59Z"},
		"far behind UTC":                       {"Pacific/Niue", "2026-07-01", "2026-07-02T10:59:59Z"},
		"half an hour off":                     {"Asia/Kolkata", "2024-02-29", "2024-02-29T18:29:59Z"},
		"clocks move by half an hour":          {"Australia/Lord_Howe", "2026-04-05", "2026-04-05T13:29:59Z"},
		"a day that the zone left out":         {"Pacific/Apia", "2011-12-30", "2011-12-30T09:59:59Z"},
		"the day after one that was left out":  {"Pacific/Apia", "2011-12-31", "2011-12-31T09:59:59Z"},
		"the day before one that was left out": {"Pacific/Apia", "2011-12-29", "2011-12-30T09:59:59Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := calendar(t, c.zone).EndOfDay(day(t, c.day))
			require.Equal(t, c.utc, got.Format(time.RFC3339))
			require.Equal(t, time.UTC, got.Location())
		})
	}
}

func TestUSFederalHolidaysAreThoseOfThePublishedLists(t *testing.T) {
	t.Parallel()
	// Observed days, from the lists of the Office of Personnel Management.
	want := map[int][]string{
		2021: {"01-01", "01-18", "02-15", "05-31", "06-18", "07-05", "09-06", "10-11", "11-11", "11-25", "12-24", "12-31"},
		2022: {"01-17", "02-21", "05-30", "06-20", "07-04", "09-05", "10-10", "11-11", "11-24", "12-26"},
		2026: {"01-01", "01-19", "02-16", "05-25", "06-19", "07-03", "09-07", "10-12", "11-11", "11-26", "12-25"},
		2027: {"01-01", "01-18", "02-15", "05-31", "06-18", "07-05", "09-06", "10-11", "11-11", "11-25", "12-24", "12-31"},
	}
	for year, days := range want {
		var got []string
		for d := (rule.Date{Year: year, Month: 1, Day: 1}); d.Year == year; d = d.Add(1) {
			if name, ok := rule.USFederal().Holiday(d); ok {
				require.NotEmpty(t, name)
				require.NotContains(t, []time.Weekday{time.Saturday, time.Sunday}, d.Weekday(), "observed days are weekdays")
				got = append(got, d.String()[5:])
			}
		}
		require.Equal(t, days, got, "%d", year)
	}
}

func TestWorkDaysAreWeekdaysLessHolidays(t *testing.T) {
	t.Parallel()
	c := calendar(t, "America/New_York", rule.USFederal(), rule.Dated("plant closed", day(t, "2026-12-24")))
	for d, want := range map[string]bool{
		"2026-12-23": true, "2026-12-24": false, "2026-12-25": false, "2026-12-26": false, "2026-12-27": false, "2026-12-28": true,
	} {
		require.Equal(t, want, c.Workday(day(t, d)), d)
	}
	require.True(t, calendar(t, "America/New_York").Workday(day(t, "2026-12-25")), "no holidays stated, none kept")
}

func TestDatesAreDaysThatExist(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "2026-02-29", "2026-13-01", "2026-1-1", "01/02/2026", "2026-01-01T00:00:00Z"} {
		_, err := rule.ParseDate(s)
		require.Error(t, err, "%q", s)
	}
	d := day(t, "2024-02-28")
	require.Equal(t, "2024-02-29", d.Add(1).String())
	require.Equal(t, "2024-03-01", d.Add(2).String())
	require.Equal(t, "2023-12-31", day(t, "2024-01-01").Add(-1).String())
	require.Empty(t, rule.Date{}.String())

	for _, d := range []rule.Date{{}, d} {
		b, err := json.Marshal(d)
		require.NoError(t, err)
		var got rule.Date
		require.NoError(t, json.Unmarshal(b, &got))
		require.Equal(t, d, got)
	}
	require.Error(t, json.Unmarshal([]byte(`"tomorrow"`), new(rule.Date)))
}

// zones with every kind of clock change; all rules of 2020 and later.
var zones = []string{
	"UTC", "America/New_York", "America/Santiago", "America/Nuuk", "America/Scoresbysund", "Africa/Cairo", "Africa/Casablanca",
	"Asia/Beirut", "Asia/Kolkata", "Atlantic/Azores", "Australia/Lord_Howe", "Europe/Berlin", "Europe/Dublin",
	"Pacific/Auckland", "Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Niue", "Pacific/Tongatapu",
}

func TestNoSecondOfADayComesAfterItsEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := calendar(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		d := rule.Date{Year: 2020, Month: 1, Day: 1}.Add(rapid.IntRange(0, 365*10).Draw(t, "day"))
		end := c.EndOfDay(d)
		require.Equal(t, d, c.Date(end))
		for s := 0; s < 3*60*60; s += 30 {
			require.NotEqual(t, d, c.Date(end.Add(time.Duration(s+1)*time.Second)), "a second of the day after its end")
		}
	})
}
