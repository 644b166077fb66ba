package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

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
	if r.Recognition != nil {
		if warning, _ := warn(*r.Recognition); warning != "" {
			out = append(out, "warning: "+warning)
		}
	}
	return append(out, "context of use: "+rubric.ContextOfUse, r.Label)
}

// warn says what is to be known of a recognition, with how that of the other
// version stands; other is that version when it serves, else "". No warning, no
// other.
func warn(s rubric.Standing) (warning, other string) {
	if s.Warning == "" {
		return "", ""
	}
	day, err := time.Parse(time.DateOnly, s.Day)
	if err != nil {
		return s.Warning, ""
	}
	for _, r := range rubric.Recognitions() {
		if r.Version == s.Version {
			continue
		}
		switch r.Status(day) {
		case rubric.Accepted:
			return fmt.Sprintf("%s; declarations to %s are accepted until %s", s.Warning, r.Standard, r.Until), r.Version
		case rubric.Passed:
			return fmt.Sprintf("%s; declarations to %s were accepted until %s", s.Warning, r.Standard, r.Until), ""
		}
	}
	return s.Warning, ""
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
