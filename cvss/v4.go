package cvss

// The metrics of CVSS v4.0, in the order of the specification. The modified
// metrics stand in the order of the base metrics that they change.
const (
	fAV = iota
	fAC
	fAT
	fPR
	fUI
	fVC
	fVI
	fVA
	fSC
	fSI
	fSA
	fE
	fCR
	fIR
	fAR
	fMAV
	fMAC
	fMAT
	fMPR
	fMUI
	fMVC
	fMVI
	fMVA
	fMSC
	fMSI
	fMSA
	fS
	fAU
	fR
	fV
	fRE
	fU
)

// levels are the severity levels of the values that count for a score: 0 is the
// most severe value of the metric, each step to a lesser one adds 1. The levels
// of SC, SI and SA begin with Safety, which is not among the values of SC: its
// H is level 1 too.
type levels struct {
	av, ac, at, pr, ui uint8
	vc, vi, va         uint8
	sc, si, sa         uint8
	e                  uint8
	cr, ir, ar         uint8
}

// levels returns what counts for a score with or without the threat metric and
// the environmental metrics. A modified metric that is given stands for its
// base metric; E that is not given counts as A, a requirement as H (CVSS v4.0
// specification, sections 3.1, 4.1 and 4.2).
func (v *Vector) levels(threat, environment bool) levels {
	const each, all = 0x1111_1111_111, 1<<44 - 1 // one bit, and all four, of the eleven codes

	code := v.codes[0] & all // of the base metrics, four bits each
	var l levels
	if environment {
		modified := (v.codes[0]>>60 | v.codes[1]<<4) & all
		given := (modified | modified>>1 | modified>>2 | modified>>3) & each * 15
		code = code&^given | modified&given
		l.cr, l.ir, l.ar = level(v.at(fCR)), level(v.at(fIR)), level(v.at(fAR))
	}
	if threat {
		l.e = level(v.at(fE))
	}
	at := func(m int) uint8 { return uint8(code >> (m * 4) & 15) }
	l.av, l.ac, l.at, l.pr, l.ui = at(fAV)-1, at(fAC)-1, at(fAT)-1, at(fPR)-1, at(fUI)-1
	l.vc, l.vi, l.va = at(fVC)-1, at(fVI)-1, at(fVA)-1
	l.sc, l.si, l.sa = at(fSC)&3, at(fSI)&3, at(fSA)&3 // codes: H 1, L 2, N 3, S 4
	return l
}

// level is the level of a code of E or of a requirement, of which the most
// severe is also the one that counts when nothing is given.
func level(code uint8) uint8 {
	if code == 0 {
		return 0
	}
	return code - 1
}

// A macroVector is the six levels EQ1 to EQ6 of the equivalence classes.
type macroVector struct{ eq1, eq2, eq3, eq4, eq5, eq6 uint8 }

// macro finds the equivalence classes (CVSS v4.0 specification, section 8.2,
// tables 24 to 29).
func (l *levels) macro() macroVector {
	const none, high, safety = 0, 0, 0 // AV:N, PR:N, UI:N; VC:H and so on, CR:H and so on; MSI:S, MSA:S
	const physical = 3                 // AV:P
	const subsequentHigh = 1           // SC:H, SI:H, SA:H
	var m macroVector

	switch {
	case l.av == none && l.pr == none && l.ui == none:
		m.eq1 = 0
	case l.av != physical && (l.av == none || l.pr == none || l.ui == none):
		m.eq1 = 1
	default:
		m.eq1 = 2
	}
	if l.ac != 0 || l.at != 0 { // not both AC:L and AT:N
		m.eq2 = 1
	}
	switch {
	case l.vc == high && l.vi == high:
		m.eq3 = 0
	case l.vc == high || l.vi == high || l.va == high:
		m.eq3 = 1
	default:
		m.eq3 = 2
	}
	switch {
	case l.si == safety || l.sa == safety:
		m.eq4 = 0
	case l.sc == subsequentHigh || l.si == subsequentHigh || l.sa == subsequentHigh:
		m.eq4 = 1
	default:
		m.eq4 = 2
	}
	m.eq5 = l.e
	if !(l.cr == high && l.vc == high || l.ir == high && l.vi == high || l.ar == high && l.va == high) {
		m.eq6 = 1
	}
	return m
}

// noImpact reports whether no system is affected at all.
func (l *levels) noImpact() bool {
	const none, subsequentNone = 2, 3
	return l.vc == none && l.vi == none && l.va == none &&
		l.sc == subsequentNone && l.si == subsequentNone && l.sa == subsequentNone
}

// score is the score in tenths (CVSS v4.0 specification, section 8.2): that of
// the macro vector less the mean of the proportional distances. All fractions
// here have denominators that divide 840, so the mean is exact in integers, and
// so is its rounding, a half up.
func (l levels) score() int {
	if l.noImpact() {
		return 0
	}
	m := l.macro()
	i := m.index()
	value := int(macroScores[i])

	existing, sum := 0, 0 // sum in tenths × 840
	down := func(lower uint8, distance, share int) {
		existing++
		sum += (value - int(lower)) * distance * share
	}
	if m.eq1 < 2 {
		down(macroScores[i+stepEQ1], int(l.av+l.pr+l.ui)-highest1[m.eq1], share1[m.eq1])
	}
	if m.eq2 < 1 {
		down(macroScores[i+stepEQ2], int(l.ac+l.at)-highest2[m.eq2], share2[m.eq2])
	}
	if lower, ok := m.lower36(i); ok {
		down(lower, int(l.vc+l.vi+l.va+l.cr+l.ir+l.ar)-highest36[m.eq3][m.eq6], share36[m.eq3][m.eq6])
	}
	if m.eq4 < 2 {
		down(macroScores[i+stepEQ4], int(l.sc+l.si+l.sa)-highest4[m.eq4], share4[m.eq4])
	}
	if m.eq5 < 2 {
		existing++ // E has one value a level: its distance is always 0
	}
	if existing == 0 {
		return value
	}
	unit := parts * existing
	return (2*(value*unit-sum) + unit) / (2 * unit)
}
