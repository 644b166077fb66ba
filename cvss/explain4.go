package cvss

import (
	"fmt"
	"strings"
)

// A class is one equivalence class, or EQ3 and EQ6, which move together.
type class struct {
	name    string
	metrics []string
	highest []string      // the highest severity vectors of the level it has
	depth   int           // of that level
	lower   []macroVector // the next less severe macro vectors
}

// classes are those of m in the order of the interpolation.
func (m macroVector) classes() []class {
	step := func(level, last uint8, next macroVector) []macroVector {
		if level == last {
			return nil
		}
		return []macroVector{next}
	}
	var both []macroVector
	switch below := m; {
	case m.eq3 == 0 && m.eq6 == 0:
		right := m
		below.eq6, right.eq3 = 1, 1
		both = []macroVector{below, right}
	case m.eq3 == 1 && m.eq6 == 0:
		below.eq6 = 1
		both = []macroVector{below}
	case m.eq3 < 2:
		below.eq3++
		both = []macroVector{below}
	}
	below1, below2, below4, below5 := m, m, m, m
	below1.eq1++
	below2.eq2++
	below4.eq4++
	below5.eq5++
	return []class{
		{"EQ1", []string{"AV", "PR", "UI"}, highestVectors1[m.eq1], depth1[m.eq1], step(m.eq1, 2, below1)},
		{"EQ2", []string{"AC", "AT"}, highestVectors2[m.eq2], depth2[m.eq2], step(m.eq2, 1, below2)},
		{"EQ3+EQ6", []string{"VC", "VI", "VA", "CR", "IR", "AR"}, highestVectors36[m.eq3][m.eq6], depth36[m.eq3][m.eq6], both},
		{"EQ4", []string{"SC", "SI", "SA"}, highestVectors4[m.eq4], depth4[m.eq4], step(m.eq4, 2, below4)},
		{"EQ5", []string{"E"}, highestVectors5[m.eq5], 1, step(m.eq5, 2, below5)},
	}
}

// When each level of a class holds, in our words (CVSS v4.0 specification,
// section 8.2, tables 24 to 29).
var (
	rules1 = []string{"AV:N, PR:N and UI:N", "not AV:P; one or two of AV:N, PR:N, UI:N", "AV:P, or none of AV:N, PR:N, UI:N"}
	rules2 = []string{"AC:L and AT:N", "AC:H or AT:P"}
	rules3 = []string{"VC:H and VI:H", "not both VC:H and VI:H; one of VC:H, VI:H, VA:H", "none of VC:H, VI:H, VA:H"}
	rules4 = []string{"SI:S or SA:S", "neither SI:S nor SA:S; one of SC:H, SI:H, SA:H", "none of SC:H, SI:H, SA:H, SI:S, SA:S"}
	rules5 = []string{"E:A", "E:P", "E:U"}
	rules6 = []string{"VC:H with CR:H, VI:H with IR:H, or VA:H with AR:H", "none of VC:H with CR:H, VI:H with IR:H, VA:H with AR:H"}
)

// explain4 follows CVSS v4.0, section 8.2.
func (v *Vector) explain4(w *working) {
	l := v.levels(v.HasTemporal(), v.HasEnvironmental())
	m := l.macro()
	w.part = "macro vector"
	level := func(name string, rules []string, level uint8, metrics ...string) {
		values := make([]string, len(metrics))
		for i, metric := range metrics {
			values[i] = metric + ":" + l.value(metric)
		}
		w.add(name, fmt.Sprintf("%s → %d", rules[level], level), strings.Join(values, " "), fmt.Sprint(level))
	}
	level("EQ1", rules1, m.eq1, "AV", "PR", "UI")
	level("EQ2", rules2, m.eq2, "AC", "AT")
	level("EQ3", rules3, m.eq3, "VC", "VI", "VA")
	level("EQ4", rules4, m.eq4, "SC", "SI", "SA")
	level("EQ5", rules5, m.eq5, "E")
	level("EQ6", rules6, m.eq6, "VC", "VI", "VA", "CR", "IR", "AR")
	w.add("macro vector", "EQ1 to EQ6, modified metrics first; not given: E is A; CR, IR, AR are H", "", m.String())
	value := int(macroScores[m.index()])
	if l.noImpact() {
		w.part = "score"
		w.add("score", "0 when no system is affected", "VC:N VI:N VA:N SC:N SI:N SA:N", point(0))
		return
	}
	w.add("its score", "published table", m.String(), point(value))

	var distances []string
	sum := 0.0
	for _, c := range m.classes() {
		w.part = c.name
		from, distance := l.nearest(c)
		w.add("severity distance", "steps below a highest severity vector", "below "+from, fmt.Sprint(distance))
		if len(c.lower) == 0 {
			w.add("difference", "score − score of the next lower macro vector", "there is none", "-")
			continue
		}
		lower, names := 0, make([]string, len(c.lower))
		for i, below := range c.lower {
			lower = max(lower, int(macroScores[below.index()]))
			names[i] = fmt.Sprintf("%s: %s", below, point(int(macroScores[below.index()])))
		}
		w.add("difference", "score − score of the next lower macro vector",
			fmt.Sprintf("%s − %s (%s)", point(value), point(lower), strings.Join(names, ", ")), point(value-lower))
		share := score(value-lower) * float64(distance) / float64(c.depth)
		w.add("proportional distance", "difference × severity distance / depth",
			fmt.Sprintf("%s × %d / %d", point(value-lower), distance, c.depth), num(share))
		distances = append(distances, num(share))
		sum += share
	}
	w.part = "score"
	mean := 0.0
	if len(distances) > 0 {
		mean = sum / float64(len(distances))
		w.add("mean", "of the proportional distances", fmt.Sprintf("(%s) / %d", strings.Join(distances, " + "), len(distances)), num(mean))
	}
	x := num(score(value) - mean)
	w.add("unrounded", "score of the macro vector − mean", fmt.Sprintf("%s − %s", point(value), num(mean)), x)
	w.rounded("score", "nearest tenth, a half up", x, l.score())
}

// nearest returns the first highest severity vector of c that no level of l is
// above, and by how many steps l is below it.
func (l levels) nearest(c class) (vector string, distance int) {
	for _, vector = range c.highest {
		distance = 0
		above := false
		for element := range strings.SplitSeq(vector, "/") {
			name, value, _ := strings.Cut(element, ":")
			level, _ := l.of(name)
			top := strings.IndexByte(scales[name], value[0])
			above = above || int(level) < top
			distance += int(level) - top
		}
		if !above {
			return vector, distance
		}
	}
	return "", 0
}

// scales holds the values of the metrics that count for a score, by level.
var scales = map[string]string{
	"AV": "NALP", "AC": "LH", "AT": "NP", "PR": "NLH", "UI": "NPA", "VC": "HLN", "VI": "HLN", "VA": "HLN",
	"SC": "SHLN", "SI": "SHLN", "SA": "SHLN", "E": "APU", "CR": "HML", "IR": "HML", "AR": "HML",
}

// value returns the value of a metric that has its level in l.
func (l levels) value(metric string) string {
	level, _ := l.of(metric)
	return scales[metric][level : level+1]
}

func (l levels) of(metric string) (level uint8, ok bool) {
	switch metric {
	case "AV":
		return l.av, true
	case "AC":
		return l.ac, true
	case "AT":
		return l.at, true
	case "PR":
		return l.pr, true
	case "UI":
		return l.ui, true
	case "VC":
		return l.vc, true
	case "VI":
		return l.vi, true
	case "VA":
		return l.va, true
	case "SC":
		return l.sc, true
	case "SI":
		return l.si, true
	case "SA":
		return l.sa, true
	case "E":
		return l.e, true
	case "CR":
		return l.cr, true
	case "IR":
		return l.ir, true
	case "AR":
		return l.ar, true
	}
	return 0, false
}
