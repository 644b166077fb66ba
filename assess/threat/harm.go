package threat

import (
	"fmt"
	"slices"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/rule"
)

// A Function is what something does for a patient. The zero value is not said.
type Function string

// The clinical functions.
const (
	Diagnosis      Function = "diagnosis"
	Triage         Function = "triage"
	TherapyControl Function = "therapy-control"
	Monitoring     Function = "monitoring"
	Documentation  Function = "documentation"
)

// Functions returns the clinical functions.
func Functions() []Function {
	return []Function{Diagnosis, Triage, TherapyControl, Monitoring, Documentation}
}

// Valid reports whether f is one of the functions; the zero value is not.
func (f Function) Valid() bool { return slices.Contains(Functions(), f) }

// A Use is a function that something serves in a device.
type Use struct {
	Function Function `json:"function"`
	// Name is the maker's name for it ("occlusion alarm").
	Name string `json:"name,omitempty"`
	// Essential says that losing it loses essential performance (IEC 60601-1).
	Essential bool `json:"essential,omitempty"`
	// From says that the use was read off a kind of function which may mean this
	// one or another; a person drops what does not hold.
	From device.Kind `json:"from,omitempty"`
}

// UsesOf returns the clinical functions that d states. Kinds of a device's
// functions are coarser than ours: "diagnosis" is diagnosis or monitoring, and
// becomes both, marked by Use.From. What is of no clinical kind is left out. Nil
// for t is [Default].
func UsesOf(d device.Deployment, t *Table) ([]Use, error) {
	t, err := t.or()
	if err != nil {
		return nil, err
	}
	var out []Use
	for _, f := range d.Functions {
		for _, k := range t.harm.Kinds {
			if k.Kind != f.Kind {
				continue
			}
			for _, fn := range k.Functions {
				u := Use{Function: fn, Name: f.Name, Essential: f.Essential}
				if len(k.Functions) > 1 {
					u.From = f.Kind
				}
				out = append(out, u)
			}
		}
	}
	return out, nil
}

// A HarmProposal says what a weakness could mean for a patient. It is a proposal:
// it counts for nothing until a person states the harm in step 3 of an assessment.
type HarmProposal struct {
	Use
	Harm assess.Harm `json:"harm"`
	// Statement says it in plain words.
	Statement string `json:"statement"`
	// Why is how the harm came about; Basis where that is from.
	Why   string        `json:"why"`
	Basis rule.Citation `json:"basis"`
	// Confirm says who has to confirm it.
	Confirm string `json:"confirm"`
}

// confirm stands with every proposal.
const confirm = "a proposal: to be confirmed by a person from the hazard analysis"

// harms are the proposals for an effect on uses. Without a use they are those of
// all functions, for a person to choose from.
func (t *Table) harms(effect string, uses []Use) []HarmProposal {
	if len(uses) == 0 {
		for _, f := range Functions() {
			uses = append(uses, Use{Function: f})
		}
	}
	var out []HarmProposal
	for _, u := range uses {
		i := slices.IndexFunc(t.harm.Harms, func(r harmRow) bool { return r.Effect == effect && r.Function == u.Function })
		if i < 0 { // Load holds that every pair is there
			continue
		}
		r := t.harm.Harms[i]
		p := HarmProposal{Use: u, Harm: r.Harm, Statement: r.Statement, Why: fmt.Sprintf("effect %q on function %q", effect, u.Function),
			Basis: t.harm.Citation, Confirm: confirm}
		if e := t.harm.Essential; u.Essential && slices.Contains(e.Effects, effect) {
			if worse(e.AtLeast, p.Harm) {
				p.Harm, p.Basis = e.AtLeast, e.Citation
			}
			p.Why += "; " + e.Why
		}
		out = append(out, p)
	}
	return out
}

// worse reports whether a is more harm than b.
func worse(a, b assess.Harm) bool {
	all := assess.Harms()
	return slices.Index(all, a) > slices.Index(all, b)
}

// checkUses tells of uses that say nothing.
func checkUses(uses []Use) []error {
	var errs []error
	for _, u := range uses {
		if !u.Function.Valid() {
			errs = append(errs, fmt.Errorf("threat: use %q: function %q is not known", u.Name, u.Function))
		}
	}
	return errs
}
