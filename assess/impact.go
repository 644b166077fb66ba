package assess

import (
	"errors"
	"fmt"
	"slices"

	"github.com/open-postmarket/postmarket/device"
)

// WithHazards returns i for the functions that the vulnerability reaches: with the
// hazards of d that hang on them, and with their worst severity unless i says a
// worse one. That nothing hangs on them is an error: then harm is a person's to
// say, without it.
func (i Impact) WithHazards(d device.Deployment, functions ...string) (Impact, error) {
	for _, name := range functions {
		if !slices.ContainsFunc(d.Functions, func(f device.Function) bool { return f.Name == name }) {
			return i, fmt.Errorf("assess: impact: function %q is not in the deployment", name)
		}
	}
	if len(functions) == 0 {
		return i, errors.New("assess: impact: no function is named")
	}
	worst, of := d.Worst(functions...)
	if len(of) == 0 {
		return i, fmt.Errorf("assess: impact: no hazard hangs on %q", functions)
	}
	i.Functions, i.Hazards = slices.Clone(functions), slices.Clone(of)
	if !i.Harm.AtLeast(worst) {
		i.Harm = worst
	}
	return i, nil
}

// check says what is wrong in the links and answers of i.
func (i Impact) check() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf("assess: impact: "+format, args...)) }
	for _, h := range i.Hazards {
		if h.ID == "" || !h.Severity.Valid() {
			fail("hazard %q: id or severity is missing", h.ID)
		} else if !i.Harm.AtLeast(h.Severity) {
			fail("harm %s is less than that of hazard %q, which is %s", i.Harm, h.ID, h.Severity)
		}
		if !slices.ContainsFunc(h.Functions, func(f string) bool { return slices.Contains(i.Functions, f) }) {
			fail("hazard %q hangs on none of the functions %q", h.ID, i.Functions)
		}
	}
	for _, list := range [][]Answered{i.Lines, i.Parts} {
		seen := map[string]bool{}
		for _, one := range list {
			if blank(one.What) || seen[one.What] {
				fail("an answer for nothing, or twice for %q", one.What)
			}
			seen[one.What] = true
			if !one.Result.Valid() || blank(one.Why) {
				fail("%q: result %q or its reason is missing", one.What, one.Result)
			}
		}
	}
	return errors.Join(errs...)
}

// Unanswered returns the ids of the product lines for which the horizontal
// question has no answer, or one that is still under investigation.
func (a Assessment) Unanswered(lines ...device.Line) []string {
	var out []string
	for _, l := range lines {
		if a.Impact == nil || !slices.ContainsFunc(a.Impact.Lines, func(one Answered) bool {
			return one.What == l.ID && one.Result != UnderInvestigation
		}) {
			out = append(out, l.ID)
		}
	}
	return out
}
