package rule

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Clock is a rule that runs for one record. It is complete in itself: the
// book may change after it was started, the clock does not.
type Clock struct {
	Key   string `json:"key"`             // stable and unique among clocks
	About string `json:"about"`           // kind/key of the record it runs for
	Owner string `json:"owner,omitempty"` // who has to act; empty: nobody is assigned yet
	Rule  string `json:"rule"`            // the id of its rule
	Title string `json:"title"`

	Event StartEvent `json:"event"`
	Start time.Time  `json:"start"` // when the event happened; UTC, microseconds
	Limit Limit      `json:"limit"`
	Due   time.Time  `json:"due"` // the last second, or for hours the last instant, in time; UTC
	Day   Date       `json:"day"` // the civil day of Due in Zone
	Zone  string     `json:"zone"`
	// Calendar says which days were counted as work days, as of Start.
	Calendar string `json:"calendar"`

	To       []string `json:"to"`
	Why      string   `json:"why"`             // why the rule was on
	Label    string   `json:"label,omitempty"` // must be shown wherever the clock is
	Citation Citation `json:"citation"`
}

// Clock starts r at start, the instant of r.Start, for the record about
// (kind/key). key is the clock's own stable key; owner may be empty while
// nobody is assigned, and is never one of r's recipients nor a [Regulator].
//
// A limit in days or work days counts the civil calendar of cal's zone: the
// day of start is day 0, and it is due at the end of the last day. A last day
// that is no work day is not moved. Hours are elapsed hours. This way of
// counting is our own convention where a rule does not state one.
//
// A rule that is off gives an [*OffError]; [Rule.Enable] turns it on. A rule
// that fails [Rule.Check], a calendar without a zone, a missing key or record,
// and a zero start are errors.
func (r Rule) Clock(key, about, owner string, start time.Time, cal Calendar) (Clock, error) {
	if err := r.Check(); err != nil {
		return Clock{}, fmt.Errorf("rule: %q: %w", r.ID, err)
	}
	if !r.On {
		return Clock{}, &OffError{Rule: r.ID, Why: r.Why}
	}
	var errs []error
	if key == "" {
		errs = append(errs, errors.New("key is missing"))
	}
	if about == "" {
		errs = append(errs, errors.New("the record it is about is missing"))
	}
	if start.IsZero() {
		errs = append(errs, fmt.Errorf("the instant of %q is missing", r.Start))
	}
	if cal.Zone() == "" {
		errs = append(errs, errors.New("the calendar has no zone"))
	}
	switch regulator, err := Regulator(owner); {
	case err != nil:
		errs = append(errs, err)
	case regulator:
		errs = append(errs, fmt.Errorf("%q is a regulator and never the owner", owner))
	case slices.ContainsFunc(r.To, func(to string) bool { return strings.EqualFold(to, strings.TrimSpace(owner)) }):
		errs = append(errs, fmt.Errorf("%q receives and is never the owner", owner))
	}
	if err := errors.Join(errs...); err != nil {
		return Clock{}, fmt.Errorf("rule: %q: clock %q: %w", r.ID, key, err)
	}
	start = start.UTC().Truncate(time.Microsecond)
	c := Clock{
		Key: key, About: about, Owner: owner, Rule: r.ID, Title: r.Title,
		Event: r.Start, Start: start, Limit: r.Limit, Zone: cal.Zone(), Calendar: cal.String(),
		To: slices.Clone(r.To), Why: r.Why, Label: r.Label, Citation: r.Citation,
	}
	if r.Limit.Unit == Hours {
		c.Due = start.Add(time.Duration(r.Limit.Amount) * time.Hour)
		c.Day = cal.Date(c.Due)
	} else {
		c.Day = cal.after(cal.Date(start), r.Limit)
		c.Due = cal.EndOfDay(c.Day)
	}
	if y := start.Year(); y < 1 || c.Due.Year() > 9999 {
		return Clock{}, fmt.Errorf("rule: %q: clock %q: from %d to %d is not a span of years to count", r.ID, key, y, c.Due.Year())
	}
	return c, nil
}

// A Promise is a time that a person named: by when something that was put off is
// there. It is no rule, and is watched like one.
type Promise struct {
	ID    string // what sort of promise it is: lower-case letters, digits and hyphens
	Title string
	To    []string // whom it was given to; at least one
	Why   string   // the reason that was given with it
	At    time.Time
	Due   time.Time
}

// Clock is the clock of p for the record about (kind/key). key is the clock's own
// stable key; owner may be empty, and is never a [Regulator]. Due stays the instant
// that was named; Limit is the span from At in whole hours, rounded up. The clock says
// that it is a convention and that a person set it.
func (p Promise) Clock(key, about, owner string, cal Calendar) (Clock, error) {
	hours := int((p.Due.Sub(p.At) + time.Hour - 1) / time.Hour)
	if !p.Due.After(p.At) {
		hours = 0 // no limit, which is refused
	}
	c, err := Rule{
		ID: p.ID, Title: p.Title, Jurisdiction: "none", Role: "whoever promised it", Start: Promised, Limit: Limit{Amount: hours, Unit: Hours},
		Calendar: "the instant that was named", To: p.To, On: true, Why: p.Why, Label: "a person set this day, no rule",
		Citation: Citation{
			Source: "open-postmarket", Clause: "a day that a person set is watched like one of a rule",
			Date: "2026-11-28", Force: Convention, Certainty: Ours,
		},
	}.Clock(key, about, owner, p.At, cal)
	if err != nil {
		return Clock{}, err
	}
	c.Due = p.Due.UTC().Truncate(time.Microsecond)
	c.Day = cal.Date(c.Due)
	return c, nil
}

// Overdue reports whether at is past the limit. A limit in days or work days
// runs until the whole last second of its day is over.
func (c Clock) Overdue(at time.Time) bool {
	if c.Limit.Unit == Hours {
		return at.After(c.Due)
	}
	return at.Sub(c.Due) >= time.Second
}

// Left returns the time from at to c.Due; it is negative when that is past.
func (c Clock) Left(at time.Time) time.Duration { return c.Due.Sub(at) }

// String returns the clock in one line: what it is about, by when, why then,
// and the label without which it is not to be shown.
func (c Clock) String() string {
	by := "by the end of " + c.Day.String() + " in " + c.Zone
	if c.Limit.Unit == Hours {
		by = "by " + c.Due.UTC().Format(time.RFC3339)
	}
	s := fmt.Sprintf("%s for %s: %s (%s from %s %s)", c.Rule, c.About, by, c.Limit, c.Event, c.Start.UTC().Format(time.RFC3339))
	if c.Label != "" {
		s += "; " + c.Label
	}
	return s
}
