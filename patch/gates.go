package patch

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"github.com/open-postmarket/postmarket/internal/strictjson"
	"github.com/open-postmarket/postmarket/rule"
)

// A Gate is what our own approval asks for before a [Change] goes on to To.
type Gate struct {
	ID string `json:"id"`
	// To is the state that no change reaches before this gate is passed.
	To    State  `json:"to"`
	Title string `json:"title"`
	// Needs is the evidence that it asks for; none for a pure approval.
	Needs []Need `json:"needs"`
	// Roles sign, each by another person. At least one.
	Roles []string `json:"roles"`
	// Remedies are the kinds that it is for; none is all of them.
	Remedies []RemedyKind `json:"remedies,omitempty"`
	// Regulatory asks besides for one [Regulatory] of every market.
	Regulatory bool `json:"regulatory,omitempty"`
	// Waivable says that a named approver may let it be skipped for a reason.
	Waivable bool `json:"waivable,omitempty"`
	// Label must be shown with it; empty only for what binds.
	Label    string        `json:"label,omitempty"`
	Citation rule.Citation `json:"citation"`
}

// A Need is one piece of evidence of a gate.
type Need struct {
	ID   string `json:"id"`
	Text string `json:"text"`
	// Deferrable says that an emergency may have it later, by a due date.
	Deferrable bool `json:"deferrable,omitempty"`
	// Remedies are the kinds that it is asked of; none is all that the gate is for.
	Remedies []RemedyKind `json:"remedies,omitempty"`
}

// An Outcome is what a regulatory determination can come to in one market.
type Outcome struct {
	ID string `json:"id"`
	// Market is "US", "EU"; "other" is any that has no outcomes of its own.
	Market   string        `json:"market"`
	Text     string        `json:"text"`
	Label    string        `json:"label,omitempty"`
	Citation rule.Citation `json:"citation"`
}

// Gates are the gates of a maker's change control, and the outcomes that a
// regulatory determination can have. A nil Gates is of no use.
type Gates struct {
	gates    []Gate
	outcomes []Outcome
}

// Gates returns the gates in the order of the file. The slice is the caller's.
func (g *Gates) Gates() []Gate {
	out := make([]Gate, len(g.gates))
	for i, one := range g.gates {
		out[i] = one.clone()
	}
	return out
}

func (g Gate) clone() Gate {
	g.Needs, g.Roles, g.Remedies = slices.Clone(g.Needs), slices.Clone(g.Roles), slices.Clone(g.Remedies)
	for i, n := range g.Needs {
		g.Needs[i].Remedies = slices.Clone(n.Remedies)
	}
	return g
}

// of are the gates for one kind of remedy, each with what it needs of that kind.
func (g *Gates) of(k RemedyKind) []Gate {
	isNot := func(kinds []RemedyKind) bool { return len(kinds) > 0 && !slices.Contains(kinds, k) }
	gates := slices.DeleteFunc(g.Gates(), func(one Gate) bool { return isNot(one.Remedies) })
	for i := range gates {
		gates[i].Needs = slices.DeleteFunc(gates[i].Needs, func(n Need) bool { return isNot(n.Remedies) })
	}
	return gates
}

// Outcomes returns the outcomes in the order of the file. The slice is the
// caller's.
func (g *Gates) Outcomes() []Outcome { return slices.Clone(g.outcomes) }

var defaultGates = sync.OnceValues(func() (*Gates, error) { return LoadGates(embedded, "gates.json") })

// DefaultGates returns the gates that come with the library. A test of this
// package holds that it does not fail.
func DefaultGates() (*Gates, error) { return defaultGates() }

// LoadGates reads the gates file name of fsys, in the form of the default one:
//
//	{"about": "…", "gates": [{"id": …}], "outcomes": [{"id": …}]}
//
// It is strict: an unknown or repeated field, an id used twice, a state without
// a gate, a missing signer, text, label or citation are errors, and so is a file
// in which no gate asks for the regulatory determination; all are told at once.
func LoadGates(fsys fs.FS, name string) (*Gates, error) {
	var file struct {
		About    string    `json:"about"`
		Gates    []Gate    `json:"gates"`
		Outcomes []Outcome `json:"outcomes"`
	}
	_, err := strictjson.Read(fsys, name, &file)
	if err == nil {
		err = checkGates(file.Gates, file.Outcomes)
	}
	if err != nil {
		return nil, fmt.Errorf("patch: gates %q: %w", name, err)
	}
	return &Gates{gates: file.Gates, outcomes: file.Outcomes}, nil
}

func checkGates(gates []Gate, outcomes []Outcome) error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	cited := func(what string, label string, c rule.Citation) {
		if err := c.Check(); err != nil {
			fail("%s: %w", what, err)
		} else if blank(label) && !c.Binding() {
			fail("%s: it does not bind, so it needs a label", what)
		}
	}
	ids, needs := map[string]bool{}, map[string]bool{}
	all := map[State]bool{}
	regulatory := false
	for i, g := range gates {
		what := fmt.Sprintf("gate %d (%q)", i+1, g.ID)
		if blank(g.ID) || blank(g.Title) || ids[g.ID] {
			fail("%s: its id or title is missing, or its id is used twice", what)
		}
		ids[g.ID] = true
		if place(g.To) < 1 {
			fail("%s: no change reaches the state %q", what, g.To)
		}
		if len(g.Remedies) == 0 {
			all[g.To] = true
		}
		for _, k := range g.Remedies {
			if !k.Valid() {
				fail("%s: kind of remedy %q is not known", what, k)
			}
		}
		roles := map[string]bool{}
		for _, r := range g.Roles {
			if blank(r) || roles[r] {
				fail("%s: the role %q is empty or named twice", what, r)
			}
			roles[r] = true
		}
		if len(roles) == 0 {
			fail("%s: nobody signs it", what)
		}
		for _, n := range g.Needs {
			if blank(n.ID) || blank(n.Text) || needs[n.ID] {
				fail("%s: need %q has no id or text, or its id is used twice", what, n.ID)
			}
			needs[n.ID] = true
			for _, k := range n.Remedies {
				if !k.Valid() || len(g.Remedies) > 0 && !slices.Contains(g.Remedies, k) {
					fail("%s: need %q is of the kind of remedy %q, which is not known or not the gate's", what, n.ID, k)
				}
			}
		}
		if g.Regulatory {
			regulatory = true
			if g.Waivable || len(g.Remedies) > 0 {
				fail("%s: the regulatory determination is for every remedy and is not waived", what)
			}
			if place(g.To) > place(Released) {
				fail("%s: the regulatory determination comes before the release", what)
			}
		}
		cited(what, g.Label, g.Citation)
	}
	for _, s := range order[1:] {
		if !all[s] {
			fail("no gate for every remedy leads to %q", s)
		}
	}
	if !regulatory {
		fail("no gate asks for the regulatory determination")
	}
	seen := map[string]bool{}
	for i, o := range outcomes {
		what := fmt.Sprintf("outcome %d (%q)", i+1, o.ID)
		if blank(o.ID) || blank(o.Market) || blank(o.Text) || seen[o.ID] {
			fail("%s: its id, market or text is missing, or its id is used twice", what)
		}
		seen[o.ID] = true
		cited(what, o.Label, o.Citation)
	}
	if len(outcomes) == 0 {
		fail("there are no outcomes")
	}
	return errors.Join(errs...)
}

// outcome finds the outcome id of a market; that of "other" when the market has
// none of its own.
func outcome(all []Outcome, market, id string) (Outcome, bool) {
	own := slices.ContainsFunc(all, func(o Outcome) bool { return o.Market == market })
	i := slices.IndexFunc(all, func(o Outcome) bool {
		return o.ID == id && (o.Market == market || !own && o.Market == "other")
	})
	if i < 0 {
		return Outcome{}, false
	}
	return all[i], true
}
