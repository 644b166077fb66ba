package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/cvss/rubric"
)

// working says line by line how the vector's own score came about, and of an
// extended vector how the vector did before that.
func (s scored) working() []string {
	var out []string
	if s.result != nil {
		out = append(rationale(*s.result), "")
	}
	return append(out, strings.Split(strings.TrimRight(cvss.Explain(s.vector).String(), "\n"), "\n")...)
}

// rationale says line by line how the vector came about.
func rationale(r rubric.Result) []string {
	out := []string{"extended vector: " + r.Answers.String(), "(its text form is a convention of this library: low confidence)", "vector: " + r.Vector.String(), "rationale:"}
	rulings := map[int]bool{}
	for _, row := range r.Rationale {
		out = append(out, "  "+row.String())
		rulings[row.Ruling] = true
	}
	for _, ruling := range rubric.Rulings() {
		if rulings[ruling.Number] {
			out = append(out, fmt.Sprintf("  ruling %d: %s", ruling.Number, ruling.Text))
		}
	}
	if len(r.Open) > 0 {
		out = append(out, "open, scored as the worst until answered: "+strings.Join(r.Open, " "))
	}
	if len(r.OffPath) > 0 {
		out = append(out, "not asked for, so they decide nothing: "+offPath(r.OffPath))
	}
	flag := "patient safety: not touched"
	if r.PatientSafety.Set {
		flag = "patient safety: " + strings.Join(r.PatientSafety.Because, " ")
	}
	out = append(out, flag+" ("+r.PatientSafety.Label+")")
	if r.Recognition != nil && r.Recognition.Warning != "" {
		out = append(out, "warning: "+r.Recognition.Warning)
	}
	return append(out, "context of use: "+rubric.ContextOfUse, r.Label)
}

// offPath writes answers that were not asked for, which an extended vector
// leaves out.
func offPath(a rubric.Answers) string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(a)) {
		out = append(out, id+":"+string(a[id]))
	}
	return strings.Join(out, " ")
}
