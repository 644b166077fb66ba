package cvss

import (
	"fmt"
	"strconv"
	"strings"
)

// An Explanation is the working of a vector's own score, for a reviewer who
// checks it by hand, and what would change that score.
type Explanation struct {
	Vector   Vector
	Kind     string   // which score it is: "base", "temporal", "environmental", or 4.0's nomenclature
	Score    float64  // [Vector.Score], in tenths
	Severity Severity // of Score
	Terms    []Term   // in the order of the standard's formula; the last one's Result is Score
	Effects  []Effect // what changes the score most comes first
}

// A Term is one step of the working.
type Term struct {
	Part    string // the part of the formula: "base", "EQ3+EQ6"
	Name    string // what is computed: "impact"
	Formula string // from what, in the standard's words
	Values  string // the same with this vector's values
	Result  string // a number of up to seven decimals, or a macro vector
}

// An Effect is what one metric can do to the score while the others stay.
type Effect struct {
	Metric string
	Value  string      // what it is now; X or ND when it is not given
	Best   Alternative // the value that makes the score lowest; Value itself when none makes it lower
	Worst  Alternative // the value that makes the score highest; Value itself when none makes it higher
}

// An Alternative is another value for a metric.
type Alternative struct {
	Value  string
	Score  float64 // the vector's own score with it
	Change float64 // how much more or less that is, in tenths
}

// Explain works out v's own score step by step. Effects holds each metric which
// alone could change the score, by how far apart its best and its worst value
// are. Base and temporal metrics (in 4.0, E) are tried always, for what giving
// them would do; environmental ones when v gives one of them. A modified metric
// that is not given is left out when it can do no more than its base metric. The
// zero Vector explains as the zero Explanation.
func Explain(v Vector) Explanation {
	if v.version == 0 {
		return Explanation{}
	}
	e := Explanation{Vector: v, Kind: v.kind(), Score: v.Score(), Severity: v.Rate(v.Score()), Effects: v.effects()}
	w := working{}
	switch v.version {
	case v20:
		v.explain2(&w)
	case v30, v31:
		v.explain3(&w)
	case v40:
		v.explain4(&w)
	}
	e.Terms = w.terms
	return e
}

func (v Vector) kind() string {
	switch {
	case v.version == v40:
		return v.Nomenclature()
	case v.HasEnvironmental():
		return "environmental"
	case v.HasTemporal():
		return "temporal"
	}
	return "base"
}

// String returns the working as a table in plain text, with the effects below.
func (e Explanation) String() string { return e.write(grid) }

// Markdown returns the working and the effects as tables in Markdown.
func (e Explanation) Markdown() string { return e.write(markdown) }

func (e Explanation) write(table func([][]string) string) string {
	if e.Vector.IsZero() {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s score %.1f %s\n\n", e.Vector, e.Kind, e.Score, e.Severity)
	rows := [][]string{{"part", "term", "formula", "with values", "result"}}
	for _, t := range e.Terms {
		rows = append(rows, []string{t.Part, t.Name, t.Formula, t.Values, t.Result})
	}
	b.WriteString(table(rows))
	if len(e.Effects) == 0 {
		return b.String()
	}
	b.WriteString("\nWhat changes the score most, one metric at a time:\n\n")
	rows = [][]string{{"metric", "now", "best", "score", "change", "worst", "score", "change"}}
	for _, f := range e.Effects {
		now := f.Value
		if now == standards[e.Vector.version].absent {
			now = "not given"
		}
		rows = append(rows, append(append([]string{f.Metric, now}, f.Best.cells(f.Value)...), f.Worst.cells(f.Value)...))
	}
	b.WriteString(table(rows))
	return b.String()
}

func (a Alternative) cells(now string) []string {
	if a.Value == now {
		return []string{"-", "-", "-"}
	}
	return []string{a.Value, fmt.Sprintf("%.1f", a.Score), fmt.Sprintf("%+.1f", a.Change)}
}

// A working collects terms.
type working struct {
	part  string
	terms []Term
}

func (w *working) add(name, formula, values, result string) {
	w.terms = append(w.terms, Term{w.part, name, formula, values, result})
}

// rounded adds the last step of a part: from x to a score in tenths.
func (w *working) rounded(name, how, x string, tenths int) {
	w.add(name, how, x, point(tenths))
}

// num writes a number with up to seven decimals.
func num(x float64) string {
	s := strings.TrimRight(strconv.FormatFloat(x, 'f', 7, 64), "0")
	if s = strings.TrimSuffix(s, "."); s == "-0" {
		return "0"
	}
	return s
}

// hundredths writes a weight that is kept in hundredths.
func hundredths(n int) string { return num(float64(n) / 100) }

// point writes a score in tenths.
func point(tenths int) string { return fmt.Sprintf("%.1f", score(tenths)) }

// times writes a product.
func times(factors ...string) string { return strings.Join(factors, " × ") }

// grid lays rows out in columns of plain text; the first row is the heading.
func grid(rows [][]string) string {
	widths := columns(rows)
	var b strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			line.WriteString(strings.Repeat(" ", widths[i]-runes(cell)+2))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}

// markdown lays rows out as a table in Markdown, readable as it is.
func markdown(rows [][]string) string {
	widths := columns(rows)
	var b strings.Builder
	for n, row := range rows {
		for i, cell := range row {
			b.WriteString("| " + cell + strings.Repeat(" ", widths[i]-runes(cell)+1))
		}
		b.WriteString("|\n")
		if n == 0 {
			for _, width := range widths {
				b.WriteString("| " + strings.Repeat("-", width) + " ")
			}
			b.WriteString("|\n")
		}
	}
	return b.String()
}

func columns(rows [][]string) []int {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], runes(cell), 3)
		}
	}
	return widths
}

func runes(s string) int { return len([]rune(s)) }
