package rule

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A StartEvent is what starts a clock. The caller knows the instant of it. The
// zero value is not said.
type StartEvent string

// The start events.
const (
	Learned      StartEvent = "learned"       // the maker learned of the vulnerability
	Aware        StartEvent = "aware"         // became aware of the event
	Initiated    StartEvent = "initiated"     // began the correction or removal
	Discovery    StartEvent = "discovery"     // discovered the breach, or should have
	Belief       StartEvent = "belief"        // reasonably believes that it happened
	Payment      StartEvent = "payment"       // paid a ransom
	FixAvailable StartEvent = "fix-available" // a corrective measure is available
	YearEnd      StartEvent = "year-end"      // the last day of the calendar year of the event
	Promised     StartEvent = "promised"      // a person named the day
)

// Valid reports whether e is one of the named events; the zero value is not.
func (e StartEvent) Valid() bool {
	switch e {
	case Learned, Aware, Initiated, Discovery, Belief, Payment, FixAvailable, YearEnd, Promised:
		return true
	}
	return false
}

// A Unit says how the amount of a [Limit] is counted. The zero value is not
// said.
type Unit string

// The units. There are no months: thirty days are never a month.
const (
	Days     Unit = "days"     // days of the civil calendar
	Workdays Unit = "workdays" // Monday to Friday less the calendar's holidays
	Hours    Unit = "hours"    // elapsed hours, whatever the clocks on the wall do
)

// Valid reports whether u is one of the named units; the zero value is not.
func (u Unit) Valid() bool { return u == Days || u == Workdays || u == Hours }

// A Limit is a span such as 30 days. Amount is at least 1 and at most ten
// years.
type Limit struct {
	Amount int  `json:"amount"`
	Unit   Unit `json:"unit"`
}

// String returns the limit in words: "10 workdays", "1 day".
func (l Limit) String() string {
	unit := string(l.Unit)
	if l.Amount == 1 {
		unit = strings.TrimSuffix(unit, "s")
	}
	return fmt.Sprintf("%d %s", l.Amount, unit)
}

func (l Limit) check() error {
	if !l.Unit.Valid() {
		return fmt.Errorf("limit: unit %q is not known", l.Unit)
	}
	most := 3650
	if l.Unit == Hours {
		most *= 24
	}
	if l.Amount < 1 || l.Amount > most {
		return fmt.Errorf("limit: %d %s is not between 1 and %d", l.Amount, l.Unit, most)
	}
	return nil
}

// A Rule is one obligation or expectation with a limit of time.
type Rule struct {
	ID           string     `json:"id"` // lower-case letters, digits and hyphens; unique in its book
	Title        string     `json:"title"`
	Jurisdiction string     `json:"jurisdiction"` // such as US, EU
	Role         string     `json:"role"`         // whom it binds: the maker counts only while it has this role
	Start        StartEvent `json:"start"`
	Limit        Limit      `json:"limit"`
	// Calendar says in words by which calendar the limit is counted. The
	// calendar itself is given to [Rule.Clock].
	Calendar string   `json:"calendar"`
	To       []string `json:"to"`  // who receives; a recipient is never an owner
	On       bool     `json:"on"`  // whether clocks may be started
	Why      string   `json:"why"` // why it is on or off; required for both
	// Label must be shown wherever the rule is. Required unless the citation
	// is [Citation.Binding].
	Label    string   `json:"label,omitempty"`
	Citation Citation `json:"citation"`
}

// Enable returns r turned on for the reason why, which the caller answers for;
// no reason is an error.
func (r Rule) Enable(why string) (Rule, error) {
	if strings.TrimSpace(why) == "" {
		return Rule{}, fmt.Errorf("rule: %q: turning a rule on takes a reason", r.ID)
	}
	r.On, r.Why = true, why
	return r, nil
}

// OffError says that a clock was asked of a rule that is off. [Rule.Enable]
// turns it on.
type OffError struct {
	Rule string // its id
	Why  string // why it is off
}

// Error names the rule and why it is off.
func (e *OffError) Error() string { return fmt.Sprintf("rule: %q is off: %s", e.Rule, e.Why) }

// Check returns what is missing or wrong in r, all at once, or nil.
func (r Rule) Check() error {
	var errs []error
	if !slug(r.ID) {
		errs = append(errs, fmt.Errorf("id %q is not lower-case letters, digits and hyphens", r.ID))
	}
	for _, f := range []struct{ name, text string }{
		{"title", r.Title}, {"jurisdiction", r.Jurisdiction}, {"role", r.Role}, {"calendar", r.Calendar}, {"why", r.Why},
	} {
		if strings.TrimSpace(f.text) == "" {
			errs = append(errs, fmt.Errorf("%s is missing", f.name))
		}
	}
	if !r.Start.Valid() {
		errs = append(errs, fmt.Errorf("start %q is not known", r.Start))
	}
	if err := r.Limit.check(); err != nil {
		errs = append(errs, err)
	}
	if len(r.To) == 0 || slices.Contains(r.To, "") {
		errs = append(errs, errors.New("to: a recipient is missing"))
	}
	if r.Label == "" && !r.Citation.Binding() {
		errs = append(errs, errors.New("label is missing: only a verified statute or regulation goes without"))
	}
	errs = append(errs, r.Citation.Check())
	return errors.Join(errs...)
}

func slug(s string) bool {
	if s == "" {
		return false
	}
	for _, c := range s {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
