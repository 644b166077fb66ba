package cvss

import (
	"fmt"
	"strings"
)

// A Difference is what two vectors differ in and what each metric of it does to
// the score.
type Difference struct {
	A, B   Vector
	Before float64  // A's own score
	After  float64  // B's own score
	Change float64  // After less Before, in tenths
	Steps  []Change // from A to B, metric by metric; their Step add up to Change

	// Apart means that the vectors share no metrics: one is of 2.0 or 4.0 and
	// the other of another version, or one is the zero Vector. Steps is nil.
	Apart bool
}

// A Change is one metric that two vectors differ in. For 3.0 and 3.1, which
// differ in the environmental formula, the change of version is one too: its
// Metric is "CVSS" and comes last.
type Change struct {
	Metric string
	From   string
	To     string
	Alone  float64 // what the score changes by when only this metric changes in A
	Step   float64 // what it adds after the changes above it
	Score  float64 // the score after this step
}

// Compare says what differs between a and b, in the canonical order of the
// metrics. Steps depend on that order, what a metric does alone does not.
func Compare(a, b Vector) Difference {
	d := Difference{A: a, B: b, Before: a.Score(), After: b.Score(), Change: score(b.ownTenths() - a.ownTenths())}
	at := a
	at.version = b.version
	if other, err := a.As(b.Version()); err != nil || other != at {
		d.Apart = a != b
		return d
	}
	at = a
	step := func(name, from, to string, change func(Vector) Vector) {
		next := change(at)
		d.Steps = append(d.Steps, Change{
			Metric: name, From: from, To: to,
			Alone: tenthsBetween(a, change(a)), Step: tenthsBetween(at, next), Score: next.Score(),
		})
		at = next
	}
	for m, metric := range standards[a.version].metrics {
		if code := b.at(m); code != a.at(m) {
			step(metric.name, a.value(m), b.value(m), func(v Vector) Vector {
				v.set(m, code)
				return v
			})
		}
	}
	if a.version != b.version {
		step("CVSS", a.Version(), b.Version(), func(v Vector) Vector {
			v.version = b.version
			return v
		})
	}
	return d
}

func tenthsBetween(a, b Vector) float64 { return score(b.ownTenths() - a.ownTenths()) }

// String returns the difference as a table in plain text.
func (d Difference) String() string { return d.write(grid) }

// Markdown returns the difference as a table in Markdown.
func (d Difference) Markdown() string { return d.write(markdown) }

func (d Difference) write(table func([][]string) string) string {
	var b strings.Builder
	for _, v := range []Vector{d.A, d.B} {
		if v.IsZero() {
			b.WriteString("no vector\n")
			continue
		}
		fmt.Fprintf(&b, "%s: %.1f %s\n", v, v.Score(), v.Rate(v.Score()))
	}
	switch {
	case d.Apart:
		b.WriteString("\nThe versions share no metrics.\n")
		return b.String()
	case len(d.Steps) == 0:
		b.WriteString("\nNothing differs.\n")
		return b.String()
	}
	rows := [][]string{{"metric", "from", "to", "alone", "step", "score"}}
	for _, c := range d.Steps {
		rows = append(rows, []string{c.Metric, c.From, c.To, fmt.Sprintf("%+.1f", c.Alone), fmt.Sprintf("%+.1f", c.Step), fmt.Sprintf("%.1f", c.Score)})
	}
	rows = append(rows, []string{"all", "", "", "", fmt.Sprintf("%+.1f", d.Change), fmt.Sprintf("%.1f", d.After)})
	b.WriteString("\n" + table(rows))
	return b.String()
}
