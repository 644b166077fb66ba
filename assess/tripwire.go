package assess

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/cvss/rubric"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/store"
)

// maxGrounds bounds the grounds of one decision: tripwires are found by trying
// every combination.
const maxGrounds = 8

// The facts of a decision that are not base metrics or grounds.
const (
	factHarm      = "harm"
	factExploited = "exploited"
	factEvidence  = "evidence"
	groundPrefix  = "ground "
)

// A Change is one fact of a decision that is another than it was.
type Change struct {
	// Fact is a base metric of the exploitability ("AV"), "harm", "exploited", a
	// ground ("ground vlan-7") or, where nothing was to determine, "evidence".
	Fact string `json:"fact"`
	From string `json:"from"`
	To   string `json:"to"`
}

// String returns the change in words: "AV L → N".
func (c Change) String() string { return c.Fact + " " + c.From + " → " + c.To }

// A Tripwire is a smallest set of changes that flips what the matrix says, or what
// an override downward rests on: all of them together do, and no part of them does.
type Tripwire struct {
	Changes []Change `json:"changes"`
	// Risk and Justify are what the matrix then says.
	Risk    Risk `json:"risk,omitempty"`
	Justify bool `json:"justify,omitempty"`
}

// String returns the changes in words.
func (t Tripwire) String() string {
	var all []string
	for _, c := range t.Changes {
		all = append(all, c.String())
	}
	return strings.Join(all, " and ")
}

// a fact of a decision, and the values it can have, the one it has first.
type fact struct {
	name   string
	values []string
}

// judgment evaluates a decision under other facts.
type judgment struct {
	a      Assessment
	m      *Matrix
	facts  []fact
	levels map[string]Level // by the five metrics
}

const (
	holds, gone = "holds", "gone"
	yes, no     = "yes", "no"
)

func (a Assessment) judgment(m *Matrix) (judgment, error) {
	j := judgment{a: a, m: m, levels: map[string]Level{}}
	x := a.Exploitability
	others := func(name, now string, all ...string) {
		all = slices.DeleteFunc(all, func(v string) bool { return v == now })
		j.facts = append(j.facts, fact{name: name, values: append([]string{now}, all...)})
	}
	for _, metric := range exploitMetrics {
		others(metric, x.Vector.Get(metric), strings.Split(order[metric], "")...)
	}
	var severities []string
	for _, h := range harms {
		severities = append(severities, string(h))
	}
	others(factHarm, string(a.Impact.Harm), severities...)
	others(factExploited, word(a.Facts.exploited()), yes, no)
	for _, g := range a.grounds() {
		others(groundPrefix+g.Name, holds, holds, gone)
	}
	return j, j.fill(x.Vector, 0, "")
}

// grounds are those of the environment, then the controls of an override.
func (a Assessment) grounds() []Ground {
	a.Triage = nil
	return a.relied()
}

func word(b bool) string {
	if b {
		return yes
	}
	return no
}

// fill computes the level of every combination of the five metrics once.
func (j judgment) fill(v cvss.Vector, n int, key string) error {
	if n == len(exploitMetrics) {
		j.levels[key] = j.m.Level(v.Exploitability())
		return nil
	}
	metric := exploitMetrics[n]
	for _, value := range strings.Split(order[metric], "") {
		w, err := v.With(metric, value)
		if err != nil {
			return fmt.Errorf("assess: tripwires: %w", err)
		}
		if err := j.fill(w, n+1, key+value); err != nil {
			return err
		}
	}
	return nil
}

// verdict is what the matrix says under the given facts, in the order of j.facts.
func (j judgment) verdict(values []string) (Verdict, error) {
	x := j.a.Exploitability
	key := ""
	for n, metric := range exploitMetrics {
		value := values[n]
		if x.Environment != nil {
			for k, g := range x.Environment.Grounds {
				if values[len(exploitMetrics)+2+k] == gone {
					continue
				}
				for _, s := range g.Sets {
					if s.Metric == "M"+metric && strings.Index(order[metric], s.Value) > strings.Index(order[metric], value) {
						value = s.Value
					}
				}
			}
		}
		key += value
	}
	level := j.levels[key]
	listed := j.a.Facts.raise(j.m)
	for _, r := range x.Raises {
		if listed == nil || r != *listed {
			level = higher(level, r.To)
		}
	}
	if values[len(exploitMetrics)+1] == yes {
		level = higher(level, j.m.file.Exploited.To)
	}
	return j.m.Verdict(level, Harm(values[len(exploitMetrics)]))
}

// tripwires finds the smallest sets of changes that flip the verdict, by trying
// all combinations, few changes first. Where the matrix was overridden downward,
// whatever makes it worse flips it too, and so does a ground that falls: the
// override rests on what was documented.
func (a Assessment) tripwires(m *Matrix, downward bool) ([]Tripwire, error) {
	j, err := a.judgment(m)
	if err != nil {
		return nil, err
	}
	now := make([]string, len(j.facts))
	for i, f := range j.facts {
		now[i] = f.values[0]
	}
	was, err := j.verdict(now)
	if err != nil {
		return nil, err
	}
	var found []Tripwire
	values := slices.Clone(now)
	var try func(from, left int, changes []Change) error
	try = func(from, left int, changes []Change) error {
		if within(found, changes) { // and so is every set that holds these
			return nil
		}
		if left == 0 {
			v, err := j.verdict(values)
			worse := downward && (higher(v.Exploitability, was.Exploitability) != was.Exploitability || !was.Harm.AtLeast(v.Harm) || falls(changes))
			if err == nil && (worse || v.Risk != was.Risk || v.Justify != was.Justify) {
				found = append(found, Tripwire{Changes: slices.Clone(changes), Risk: v.Risk, Justify: v.Justify})
			}
			return err
		}
		for i := from; i < len(j.facts); i++ {
			for _, value := range j.facts[i].values[1:] {
				values[i] = value
				if err := try(i+1, left-1, append(changes, Change{Fact: j.facts[i].name, From: now[i], To: value})); err != nil {
					return err
				}
			}
			values[i] = now[i]
		}
		return nil
	}
	for n := 1; n <= len(j.facts); n++ {
		if err := try(0, n, nil); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// falls reports whether a ground is among changes.
func falls(changes []Change) bool {
	return slices.ContainsFunc(changes, func(c Change) bool { return strings.HasPrefix(c.Fact, groundPrefix) && c.To == gone })
}

// within reports whether one of the tripwires lies within changes.
func within(wires []Tripwire, changes []Change) bool {
	return slices.ContainsFunc(wires, func(t Tripwire) bool { return t.Trips(changes) })
}

// Trips reports whether all changes of t are among changes.
func (t Tripwire) Trips(changes []Change) bool {
	if len(t.Changes) == 0 {
		return false
	}
	return !slices.ContainsFunc(t.Changes, func(c Change) bool {
		return !slices.ContainsFunc(changes, func(o Change) bool { return o.Fact == c.Fact && o.To == c.To })
	})
}

// Tripped returns the tripwires of the determination of a that changes trip.
// None when none is determined.
func (a Assessment) Tripped(changes []Change) []Tripwire {
	if a.State() != Determined {
		return nil
	}
	var out []Tripwire
	for _, t := range a.Determination.Tripwires {
		if t.Trips(changes) {
			out = append(out, t)
		}
	}
	return out
}

// Changes returns which facts of the decision a are others at the instant at than
// when it was judged: grounds that fell, by d, because the deployment gained a
// network or a radio, a control is gone, or its verification expired; worse hazards of
// the functions that were judged; and, when f is not nil, exploitation that
// became known. Where nothing was to determine, other evidence of f is the change.
func (a Assessment) Changes(d device.Deployment, f *match.Finding, at time.Time) []Change {
	var out []Change
	if f != nil && f.Digest() != a.Digest {
		out = append(out, Change{Fact: factEvidence, From: a.Digest, To: "other"})
	}
	for _, g := range a.relied() {
		if _, ok := g.stands(d, at); !ok {
			out = append(out, Change{Fact: groundPrefix + g.Name, From: holds, To: gone})
		}
	}
	if i := a.Impact; i != nil && len(i.Functions) > 0 {
		if worst, _ := d.Worst(i.Functions...); !i.Harm.AtLeast(worst) {
			out = append(out, Change{Fact: factHarm, From: string(i.Harm), To: string(worst)})
		}
	}
	if f != nil && !a.Facts.exploited() && factsOf(*f).exploited() {
		out = append(out, Change{Fact: factExploited, From: no, To: yes})
	}
	return out
}

// Answered returns which base metrics are others by answers than by those that
// were judged.
func (a Assessment) Answered(answers rubric.Answers) ([]Change, error) {
	if a.Exploitability == nil {
		return nil, &StateError{From: a.State(), To: ExploitabilityJudged, Why: "exploitability is not judged"}
	}
	r, err := rubric.Derive(answers, nil)
	if err != nil {
		return nil, fmt.Errorf("assess: answered: %w", err)
	}
	var out []Change
	for _, metric := range exploitMetrics {
		if was, is := a.Exploitability.Vector.Get(metric), r.Vector.Get(metric); was != is {
			out = append(out, Change{Fact: metric, From: was, To: is})
		}
	}
	return out, nil
}

// stands reports whether g still may be counted on, and why.
func (g Ground) stands(d device.Deployment, at time.Time) (string, bool) {
	if g.Name == device.NetworkControl {
		i := slices.Index(reach, d.Network)
		if i < 0 || i > slices.Index(reach, g.Network) {
			return fmt.Sprintf("the network is %q, and was %q", d.Network, g.Network), false
		}
		if g.away() {
			if why := way(d); why != "" {
				return why, false
			}
		}
		return fmt.Sprintf("the network is %q", d.Network), true
	}
	i := slices.IndexFunc(d.Controls, func(c device.Control) bool { return c.ID == g.Name })
	if i < 0 {
		return fmt.Sprintf("control %q is not in the deployment any more", g.Name), false
	}
	ok, why := d.Controls[i].InForce(at)
	return why, ok
}

// Revisit returns a re-opened because t was tripped: all steps are to be done
// anew, on the same evidence, and the determination is kept in Earlier, ended by
// s. The instants stay. Other evidence takes Reopen.
func (a Assessment) Revisit(t Tripwire, s Step) (Assessment, error) {
	if !slices.ContainsFunc(a.Tripped(t.Changes), func(o Tripwire) bool { return same(o, t) }) {
		return a, &StateError{From: a.State(), To: Opened, Why: fmt.Sprintf("%q is no tripwire of a determination that stands", t)}
	}
	s, err := s.check("revisit")
	if err != nil {
		return a, err
	}
	return a.anew(s), nil
}

// A Trip is a decision that a change re-opens.
type Trip struct {
	Assessment Assessment
	Tripwire   Tripwire
}

// String names the decision and what changed.
func (t Trip) String() string {
	return fmt.Sprintf("%s on %s: %s", t.Assessment.Vulnerability, t.Assessment.Coordinate, t.Tripwire)
}

// Trips returns the decisions of p in l that the deployment of p at the instant at
// re-opens, by key, each with its smallest tripwire. findings may be nil; with
// them, what became known of a finding counts too.
func Trips(ctx context.Context, l *store.Ledger, p device.Product, findings map[string]match.Finding, at time.Time) ([]Trip, error) {
	var out []Trip
	for a, err := range Assessments.All(ctx, l, productPrefix(p.ID)) {
		if err != nil {
			return nil, err
		}
		var f *match.Finding
		if one, ok := findings[a.Finding]; ok {
			f = &one
		}
		wires := a.Tripped(a.Changes(p.Deployment, f, at))
		if len(wires) == 0 {
			continue
		}
		out = append(out, Trip{Assessment: a, Tripwire: slices.MinFunc(wires, func(x, y Tripwire) int {
			return cmp.Compare(len(x.Changes), len(y.Changes))
		})})
	}
	return out, nil
}

// ReopenTripped re-opens exactly the decisions that [Trips] finds, each as Revisit
// does, or as Reopen where the finding now says something else than what was judged.
// It does so in one act of by, who need not be a person and at whose instant they are
// re-opened, and calls also in it, if
// not nil, so that whom it concerns can be told in the same act. A decision that was
// changed meanwhile is left to the next call. It returns what was re-opened, as it
// was before.
func ReopenTripped(
	ctx context.Context, l *store.Ledger, by store.By, p device.Product, findings map[string]match.Finding, at time.Time,
	also func(*store.Tx, []Trip) error,
) ([]Trip, error) {
	trips, err := Trips(ctx, l, p, findings, at)
	if err != nil || len(trips) == 0 {
		return nil, err
	}
	var done []Trip
	err = l.Do(ctx, by, func(tx *store.Tx) error {
		done = nil
		for _, t := range trips {
			now, err := Assessments.Get(tx, t.Assessment.Key())
			if err != nil {
				return err
			}
			if !same(now, t.Assessment) {
				continue
			}
			s := Step{By: by.Who, At: tx.At(), Why: "tripwire: " + t.Tripwire.String()}
			var again Assessment
			if f, ok := findings[now.Finding]; ok && now.Stale(f) {
				again, err = now.Reopen(f, s)
			} else {
				again, err = now.Revisit(t.Tripwire, s)
			}
			if err != nil {
				return err
			}
			if err := again.put(ctx, l, tx, nil, by); err != nil {
				return err
			}
			done = append(done, t)
		}
		if also == nil || len(done) == 0 {
			return nil
		}
		return also(tx, done)
	})
	if err != nil {
		return nil, err
	}
	return done, nil
}
