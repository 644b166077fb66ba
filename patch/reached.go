package patch

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/rule"
)

// live is what counts of the steps: not what a reopening took away.
type live struct {
	approved   bool
	proofs     map[string]Step              // by need
	signed     map[string]map[string]string // by gate and role: who
	regulatory map[string]Step              // by market
	asked      map[string]Step              // by name
	granted    map[string]Step              // by name: the asking step
}

func (c Change) live() live {
	l := live{proofs: map[string]Step{}, signed: map[string]map[string]string{}, regulatory: map[string]Step{}, asked: map[string]Step{}, granted: map[string]Step{}}
	for _, s := range c.Steps {
		switch {
		case s.Approval != nil:
			l.approved = true
		case s.Proof != nil:
			l.proofs[s.Proof.Need] = s
		case s.Regulatory != nil:
			l.regulatory[s.Regulatory.Market] = s
		case s.Sign != nil:
			if l.signed[s.Sign.Gate] == nil {
				l.signed[s.Sign.Gate] = map[string]string{}
			}
			l.signed[s.Sign.Gate][s.Sign.Role] = s.By
		case s.Ask != nil:
			l.asked[s.Ask.Name()] = s
		case s.Grant != "":
			l.granted[s.Grant] = l.asked[s.Grant]
		case s.Reopen != "":
			c.forget(l, s.Reopen)
		}
	}
	return l
}

// forget takes from l what belongs to the states after s, and every deferral.
func (c Change) forget(l live, s State) {
	gone := map[string]bool{}
	for _, g := range c.Gates {
		if place(g.To) <= place(s) {
			continue
		}
		delete(l.signed, g.ID)
		gone[Exception{Kind: Waive, Gate: g.ID}.Name()] = true
		for _, n := range g.Needs {
			delete(l.proofs, n.ID)
			gone[Exception{Kind: Postpone, Need: n.ID}.Name()] = true
		}
		if g.Regulatory {
			clear(l.regulatory)
		}
	}
	for _, m := range []map[string]Step{l.asked, l.granted} {
		for name, a := range m {
			if gone[name] || a.Ask.Kind == Defer {
				delete(m, name)
			}
		}
	}
}

// passed reports whether g is signed by all its roles, or waived.
func (l live) passed(g Gate) bool {
	if _, ok := l.granted[Exception{Kind: Waive, Gate: g.ID}.Name()]; ok {
		return true
	}
	return len(l.signed[g.ID]) == len(g.Roles)
}

// lacks is what g itself still needs, its signatures apart.
func (c Change) lacks(l live, g Gate) []Gap {
	var gaps []Gap
	if !l.approved {
		gaps = append(gaps, Gap{What: "plan", Why: "it is not approved"})
	}
	for _, n := range g.Needs {
		_, shown := l.proofs[n.ID]
		_, later := l.granted[Exception{Kind: Postpone, Need: n.ID}.Name()]
		if !shown && !later {
			gaps = append(gaps, Gap{What: n.ID, Why: n.Text})
		}
	}
	if g.Regulatory {
		for _, m := range c.Markets {
			if _, ok := l.regulatory[m]; !ok {
				gaps = append(gaps, Gap{What: "regulatory determination " + m, Why: "nobody has recorded one for this market"})
			}
		}
	}
	if g.To == Documented && len(c.Remedy.Risks) == 0 {
		gaps = append(gaps, Gap{What: "risks of the remedy", Why: "the plan does not say which the remedy itself brings"})
	}
	if g.To == Verified {
		for _, e := range c.late(l) {
			gaps = append(gaps, Gap{What: e.Need, Why: "it was postponed to " + e.Due.Format(time.DateOnly) + " and is not shown"})
		}
	}
	return gaps
}

// late are the postponed needs that nobody has shown, in the order of the gates.
func (c Change) late(l live) []Exception {
	var out []Exception
	for _, g := range c.Gates {
		for _, n := range g.Needs {
			a, later := l.granted[Exception{Kind: Postpone, Need: n.ID}.Name()]
			if _, shown := l.proofs[n.ID]; later && !shown {
				out = append(out, *a.Ask)
			}
		}
	}
	return out
}

// before is what has to be passed before g: the gates of every earlier state.
func (c Change) before(l live, g Gate) []Gap {
	var gaps []Gap
	for _, one := range c.Gates {
		if place(one.To) < place(g.To) && !l.passed(one) {
			gaps = append(gaps, c.open(l, one)...)
		}
	}
	return gaps
}

// open is everything that g still needs, signatures included.
func (c Change) open(l live, g Gate) []Gap {
	gaps := c.lacks(l, g)
	for _, r := range g.Roles {
		if _, ok := l.signed[g.ID][r]; !ok {
			gaps = append(gaps, Gap{What: g.ID, Why: "not signed by " + r + ": " + g.Title})
		}
	}
	return gaps
}

// reached is the furthest state all of whose gates, and those before, are passed.
func (c Change) reached(l live) State {
	at := Planned
	if !l.approved {
		return at
	}
	for _, s := range order[1:] {
		for _, g := range c.Gates {
			if g.To == s && !l.passed(g) {
				return at
			}
		}
		at = s
	}
	return at
}

// State returns how far our own approvals have brought c; Deferred while a
// deferral is granted. It says nothing of what happened: see Facts.
func (c Change) State() State {
	if c.Schema == 0 {
		return ""
	}
	l := c.live()
	at := c.reached(l)
	for _, a := range l.granted {
		if a.Ask != nil && a.Ask.Kind == Defer && place(at) < place(Released) {
			return Deferred
		}
	}
	return at
}

// Missing lists everything that keeps c from the state to; none when it is there.
func (c Change) Missing(to State) []Gap {
	l := c.live()
	var gaps []Gap
	seen := map[Gap]bool{}
	for _, g := range c.Gates {
		if place(g.To) <= place(to) && !l.passed(g) {
			for _, gap := range c.open(l, g) {
				if !seen[gap] {
					gaps = append(gaps, gap)
				}
				seen[gap] = true
			}
		}
	}
	return gaps
}

// Late are the exceptions whose due date is past at at: evidence that was
// postponed and is not shown, and a deferral whose release did not come. The
// least recent comes first.
func (c Change) Late(at time.Time) []Exception {
	l := c.live()
	all := c.late(l)
	for _, a := range l.granted {
		if a.Ask.Kind == Defer {
			all = append(all, *a.Ask)
		}
	}
	all = slices.DeleteFunc(all, func(e Exception) bool { return !at.After(e.Due) })
	slices.SortFunc(all, func(a, b Exception) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Name(), b.Name())) })
	return all
}

// Facts are what was recorded to have happened, the earliest first.
func (c Change) Facts() []Happened {
	var out []Happened
	for _, s := range c.Steps {
		if s.Happened != nil {
			out = append(out, *s.Happened)
		}
	}
	slices.SortStableFunc(out, func(a, b Happened) int { return a.When.Compare(b.When) })
	return out
}

// Unapproved are the facts that our approvals have not caught up with: it was
// distributed, say, and the release is not approved. Nothing hides them.
func (c Change) Unapproved() []Happened {
	have := c.reached(c.live())
	return slices.DeleteFunc(c.Facts(), func(h Happened) bool { return place(h.State) <= place(have) })
}

// Citations are the sources of the gates and of the outcomes that were
// determined, each once.
func (c Change) Citations() []rule.Citation {
	var out []rule.Citation
	add := func(x rule.Citation) {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	for _, g := range c.Gates {
		add(g.Citation)
	}
	for _, s := range c.Steps {
		if s.Regulatory != nil {
			if o, ok := outcome(c.Outcomes, s.Regulatory.Market, s.Regulatory.Outcome); ok {
				add(o.Citation)
			}
		}
	}
	return out
}

// String returns the change in one line.
func (c Change) String() string {
	text := fmt.Sprintf("%s: %s, %s", c.where(), c.Remedy.Kind, c.State())
	if n := len(c.Unapproved()); n > 0 {
		text += fmt.Sprintf(", %d happened without approval", n)
	}
	return text
}

// CumulativeSince returns the keys of the changes of product that were approved
// for release after since and are not c, for the list of a [Regulatory]. It does
// not say which of them count.
func CumulativeSince(c Change, since time.Time, all ...Change) []string {
	var out []string
	for _, o := range all {
		if o.Product == c.Product && o.Key() != c.Key() && o.releasedAt().After(since) {
			out = append(out, o.Key())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// releasedAt is when the last signature of the release came; zero while it is
// not released.
func (c Change) releasedAt() time.Time {
	again := c
	var at time.Time
	for i, s := range c.Steps {
		again.Steps = c.Steps[:i+1]
		if place(again.State()) >= place(Released) {
			if at.IsZero() {
				at = s.At
			}
		} else {
			at = time.Time{}
		}
	}
	return at
}

// standing are the changes whose place no other of them has taken.
func standing(all []Change) []Change {
	gone := map[string]bool{}
	for _, c := range all {
		for _, key := range c.Supersedes {
			gone[key] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(c Change) bool { return gone[c.Key()] })
}

// changesDevice reports whether remedies of this kind change the device itself.
func (k RemedyKind) changesDevice() bool { return k == Patch || k == FeatureDisable }

// Unserved lists the versions in the field that no change of a finding answers, by a
// remedy or by a granted deferral: one that another change supersedes answers
// nothing, and where other branches get a patch, neither does a control that goes
// before it. versions says which version a device.Product is in; a product that it
// does not know is told too.
func Unserved(versions map[string]string, fielded []device.Fielded, changes ...Change) []Gap {
	var gaps []Gap
	changes = standing(changes)
	fixed := slices.ContainsFunc(changes, func(c Change) bool { return c.Remedy.Kind.changesDevice() })
	tallies := device.Tallies(fielded...)
	for _, product := range slices.Sorted(maps.Keys(tallies)) {
		t := tallies[product]
		if t.Sites == 0 {
			continue
		}
		count := fmt.Sprintf("%d units at %d sites, %d of them without a count", t.Units, t.Sites, t.Unknown)
		v, known := versions[product]
		of := slices.DeleteFunc(slices.Clone(changes), func(c Change) bool { return c.Branch != v })
		switch {
		case !known:
			gaps = append(gaps, Gap{What: product, Why: "which version it is in is not known: " + count})
		case len(of) == 0:
			gaps = append(gaps, Gap{What: v, Why: "no change and no deferral is for this branch: " + count})
		case fixed && !slices.ContainsFunc(of, func(c Change) bool { return c.Remedy.Kind.changesDevice() }):
			gaps = append(gaps, Gap{What: v, Why: fmt.Sprintf("only a %s is for this branch, others get a patch: %s", of[0].Remedy.Kind, count)})
		}
	}
	return gaps
}

// Under reports whether c began with exactly the gates and outcomes of g that are
// for its remedy: that it was not begun under easier ones.
func (c Change) Under(g *Gates) bool {
	return equal(c.Gates, g.of(c.Remedy.Kind)) && equal(c.Outcomes, g.Outcomes())
}
