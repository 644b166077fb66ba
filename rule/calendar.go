package rule

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Date is a day of the civil calendar, in no zone. The zero Date is not
// said. It is written 2006-01-02.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads a day written 2006-01-02 that exists.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("rule: %q is not a day such as 2006-01-02", s)
	}
	return dateOf(t), nil
}

// String returns d as 2006-01-02, or "" for the zero Date.
func (d Date) String() string {
	if d == (Date{}) {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// MarshalText writes d as [Date.String] does.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	got, err := ParseDate(string(b))
	if err != nil {
		return err
	}
	*d = got
	return nil
}

// Add returns the day n days after d, or before it when n is negative.
func (d Date) Add(n int) Date { d.Day += n; return dateOf(d.noon()) }

// Compare orders days: negative when d is before e, 0 when they are the same.
func (d Date) Compare(e Date) int { return d.noon().Compare(e.noon()) }

// Weekday returns the day of the week of d.
func (d Date) Weekday() time.Weekday { return d.noon().Weekday() }

// noon stands for d where the arithmetic of time is needed: no zone, no change
// of clocks, and far from both midnights.
func (d Date) noon() time.Time { return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC) }

func dateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{Year: y, Month: m, Day: d}
}

// A Calendar is the civil calendar of one named zone, with the holidays that
// are not work days. The zero Calendar is not usable.
type Calendar struct {
	zone     *time.Location
	holidays []Holidays
}

// NewCalendar returns the calendar of an IANA zone such as America/New_York,
// which must be the maker's own and said: empty is an error, and so is Local,
// which changes with the machine. Work days are Monday to Friday less the
// given holidays; without any, all of Monday to Friday, which makes limits in
// work days shorter.
//
// Zones are read from the system; a program that may run where it has none
// imports time/tzdata.
func NewCalendar(zone string, holidays ...Holidays) (Calendar, error) {
	if zone == "" {
		return Calendar{}, errors.New("rule: the zone of a calendar must be said")
	}
	if zone == "Local" {
		return Calendar{}, errors.New("rule: zone \"Local\" depends on the machine; name the maker's")
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return Calendar{}, fmt.Errorf("rule: zone %q: %w", zone, err)
	}
	for _, h := range holidays {
		if h.on == nil {
			return Calendar{}, errors.New("rule: holidays without a name or days")
		}
	}
	return Calendar{zone: loc, holidays: holidays[:len(holidays):len(holidays)]}, nil
}

// Zone returns the name of c's zone; empty for the zero Calendar.
func (c Calendar) Zone() string {
	if c.zone == nil {
		return ""
	}
	return c.zone.String()
}

// String says what c is made of: "America/New_York, Mon–Fri less US federal
// holidays".
func (c Calendar) String() string {
	if c.zone == nil {
		return "no calendar"
	}
	if len(c.holidays) == 0 {
		return c.Zone() + ", Mon–Fri, no holidays stated"
	}
	var names []string
	for _, h := range c.holidays {
		names = append(names, h.name)
	}
	return c.Zone() + ", Mon–Fri less " + strings.Join(names, ", ")
}

// Date returns the day that it is in c's zone at t.
func (c Calendar) Date(t time.Time) Date { return dateOf(t.In(c.location())) }

// Workday reports whether d is a work day.
func (c Calendar) Workday(d Date) bool {
	if w := d.Weekday(); w == time.Saturday || w == time.Sunday {
		return false
	}
	for _, h := range c.holidays {
		if _, ok := h.Holiday(d); ok {
			return false
		}
	}
	return true
}

// EndOfDay returns the last second of d in c's zone, in UTC. That is 23:59:59;
// where the clocks go back over it, the second one; where they skip it, the
// last second before they do.
func (c Calendar) EndOfDay(d Date) time.Time {
	loc := c.location()
	wall := time.Date(d.Year, d.Month, d.Day, 23, 59, 59, 0, time.UTC)
	// The offsets in force around that moment: a wall reading can happen
	// once, twice or never, and time.Date does not promise which it takes.
	_, before := wall.Add(-36 * time.Hour).In(loc).Zone()
	_, after := wall.Add(36 * time.Hour).In(loc).Zone()
	early := wall.Add(-time.Duration(max(before, after)) * time.Second)
	late := wall.Add(-time.Duration(min(before, after)) * time.Second)
	for _, t := range []time.Time{late, early} {
		if dateOf(t.In(loc)) == d {
			if l := t.In(loc); l.Hour() == 23 && l.Minute() == 59 && l.Second() == 59 {
				return t.UTC()
			}
		}
	}
	// Skipped: early lies before the leap, and the leap ends its zone period.
	if _, end := early.In(loc).ZoneBounds(); !end.IsZero() && end.Before(late.Add(time.Second)) {
		return end.Add(-time.Second).UTC()
	}
	return time.Date(d.Year, d.Month, d.Day, 23, 59, 59, 0, loc).UTC()
}

// after returns the day on which a limit of days or work days that began on d
// ends: d is day 0.
func (c Calendar) after(d Date, l Limit) Date {
	if l.Unit == Days {
		return d.Add(l.Amount)
	}
	for n := 0; n < l.Amount; {
		d = d.Add(1)
		if c.Workday(d) {
			n++
		}
	}
	return d
}

func (c Calendar) location() *time.Location {
	if c.zone == nil {
		return time.UTC
	}
	return c.zone
}
