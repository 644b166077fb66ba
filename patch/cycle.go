package patch

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/rule"
)

// maxEvery bounds the days of a cycle: ten years.
const maxEvery = 3660

// Check says what is missing or wrong in c, all at once, or nil.
func (c Cycle) Check() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("patch: cycle: "+format, args...)) }
	byStep := c.First != rule.Date{} || c.Every != 0
	switch {
	case byStep && len(c.Dates) > 0:
		fail("it has both a number of days and dates")
	case byStep && (c.First == rule.Date{} || c.Every < 1 || c.Every > maxEvery):
		fail("it needs a first day and 1 to %d days, has %q and %d", maxEvery, c.First, c.Every)
	case !byStep && len(c.Dates) == 0:
		fail("it has neither a number of days nor dates")
	}
	for _, d := range c.Dates {
		if d == (rule.Date{}) {
			fail("one of its dates is not said")
		}
	}
	if blank(c.Justification) {
		fail("why it is as long as it is, is missing")
	}
	if blank(c.ProposedBy) {
		fail("who proposed it is missing")
	} else if err := assess.CheckPerson(c.ProposedBy); err != nil {
		fail("%w", err)
	}
	if _, err := c.Approved.Check("cycle", time.Time{}, c.ProposedBy); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Next returns the first release day after day. ok is false when there is none:
// all dates are past.
func (c Cycle) Next(day rule.Date) (next rule.Date, ok bool) {
	if len(c.Dates) > 0 {
		for _, d := range slices.SortedFunc(slices.Values(c.Dates), compare) {
			if compare(d, day) > 0 {
				return d, true
			}
		}
		return rule.Date{}, false
	}
	if c.Every < 1 || c.First == (rule.Date{}) {
		return rule.Date{}, false
	}
	if compare(c.First, day) > 0 {
		return c.First, true
	}
	days := int(utc(day).Sub(utc(c.First)).Hours() / 24)
	return c.First.Add((days/c.Every + 1) * c.Every), true
}

func utc(d rule.Date) time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

func compare(a, b rule.Date) int { return utc(a).Compare(utc(b)) }

// due is the first release of c after the risk was determined, or after the
// cycle was approved when that came later. It does not depend on when the plan
// is proposed, so it does not slip by proposing late.
func (c Cycle) due(a assess.Assessment, cal rule.Calendar) (rule.Date, bool) {
	from := a.Instants.Determined
	if c.Approved.At.After(from) {
		from = c.Approved.At
	}
	return c.Next(cal.Date(from))
}
