package cvss

import "fmt"

// explain2 follows CVSS v2.0, section 3.2.
func (v *Vector) explain2(w *working) {
	av, ac, au := num(weightAV2[v.at(tAV)]), num(weightAC2[v.at(tAC)]), num(weightAu2[v.at(tAu)])
	c, i, a := weightCIA2[v.at(tC)], weightCIA2[v.at(tI)], weightCIA2[v.at(tA)]
	const inner = "(0.6 × impact + 0.4 × exploitability − 1.5) × f(impact)"

	w.part = "base"
	w.add("impact", "10.41 × (1 − (1 − C) × (1 − I) × (1 − A))", "10.41 × "+loss(num(c), num(i), num(a)), num(v.impact2()))
	w.add("exploitability", "20 × AV × AC × Au", times("20", av, ac, au), num(v.exploitability2()))
	base := v.sum2(w, v.impact2(), inner, "base score")
	if v.HasTemporal() {
		w.part = "temporal"
		v.tempered2(w, base, "temporal score", "base × E × RL × RC")
	}
	if !v.HasEnvironmental() {
		return
	}
	w.part = "environmental"
	cr, ir, ar := num(weightReq2[v.at(tCR)]), num(weightReq2[v.at(tIR)]), num(weightReq2[v.at(tAR)])
	w.add("adjusted impact", "min(10, 10.41 × (1 − (1 − C × CR) × (1 − I × IR) × (1 − A × AR)))",
		fmt.Sprintf("min(10, 10.41 × %s)", loss(times(num(c), cr), times(num(i), ir), times(num(a), ar))), num(v.adjustedImpact()))
	adjusted := v.sum2(w, v.adjustedImpact(), inner+", impact adjusted", "adjusted base")
	temporal := v.tempered2(w, adjusted, "adjusted temporal", "adjusted base × E × RL × RC")
	cdp, td := weightCDP2[v.at(tCDP)], weightTD2[v.at(tTD)]
	product := float64((temporal*100+(100-temporal)*cdp)*td) / 100_000
	w.add("unrounded", "(adjusted temporal + (10 − adjusted temporal) × CDP) × TD",
		fmt.Sprintf("(%s + (10 − %s) × %s) × %s", point(temporal), point(temporal), hundredths(cdp), hundredths(td)), num(product))
	w.rounded("environmental score", "nearest tenth, a half up, not below 0", num(product), v.environmental2())
}

// loss writes 1 less the product of what each impact leaves.
func loss(c, i, a string) string {
	return fmt.Sprintf("(1 − (1 − %s) × (1 − %s) × (1 − %s))", c, i, a)
}

func (v *Vector) sum2(w *working, impact float64, formula, name string) (tenths int) {
	f := 1.176
	if impact == 0 {
		f = 0
	}
	w.add("f(impact)", "0 when the impact is 0, else 1.176", num(impact), num(f))
	x := (0.6*impact + 0.4*v.exploitability2() - 1.5) * f
	w.add("unrounded", formula, fmt.Sprintf("(0.6 × %s + 0.4 × %s − 1.5) × %s", num(impact), num(v.exploitability2()), num(f)), num(x))
	tenths = v.baseOf(impact)
	w.rounded(name, "nearest tenth, a half up", num(x), tenths)
	return tenths
}

func (v *Vector) tempered2(w *working, tenths int, name, formula string) int {
	e, rl, rc := weightE2[v.at(tE)], weightRL2[v.at(tRL)], weightRC2[v.at(tRC)]
	x := num(float64(tenths*e*rl*rc) / 1e7)
	w.add("unrounded", formula, times(point(tenths), hundredths(e), hundredths(rl), hundredths(rc)), x)
	w.rounded(name, "nearest tenth, a half up", x, v.temper2(tenths))
	return v.temper2(tenths)
}

// explain3 follows CVSS v3.1, section 7, and v3.0, section 8.
func (v *Vector) explain3(w *working) {
	const roundup = "up to the next tenth"
	scope := v.at(mS)
	c, i, a := weightCIA[v.at(mC)], weightCIA[v.at(mI)], weightCIA[v.at(mA)]
	iss := 1 - (1-c)*(1-i)*(1-a)

	w.part = "base"
	w.add("ISS", "1 − (1 − C) × (1 − I) × (1 − A)", trimmed(loss(num(c), num(i), num(a))), num(iss))
	impact := v.impact()
	w.impact3("impact", "ISS", iss, impact, scope == changed, false)
	x := w.exploitability3("", v.at(mAV), v.at(mAC), v.at(mPR), v.at(mUI), scope)
	sum := w.sum3(impact, x, scope == changed)
	w.rounded("base score", roundup, sum, v.base())
	e, rl, rc := weightE[v.at(mE)], weightRL[v.at(mRL)], weightRC[v.at(mRC)]
	temper := func(tenths int, name, formula string, want int) {
		product := num(float64(tenths*e*rl*rc) / 1e7)
		w.add("unrounded", formula, times(point(tenths), hundredths(e), hundredths(rl), hundredths(rc)), product)
		w.rounded(name, roundup, product, want)
	}
	if v.HasTemporal() {
		w.part = "temporal"
		temper(v.base(), "temporal score", "base × E × RL × RC", v.temper(v.base()))
	}
	if !v.HasEnvironmental() {
		return
	}
	w.part = "environmental"
	scope = v.modified(mMS, mS)
	c, i, a = weightCIA[v.modified(mMC, mC)], weightCIA[v.modified(mMI, mI)], weightCIA[v.modified(mMA, mA)]
	cr, ir, ar := weightReq[v.at(mCR)], weightReq[v.at(mIR)], weightReq[v.at(mAR)]
	miss := min(1-(1-cr*c)*(1-ir*i)*(1-ar*a), 0.915)
	w.add("MISS", "min(1 − (1 − CR × MC) × (1 − IR × MI) × (1 − AR × MA), 0.915)",
		fmt.Sprintf("min(%s, 0.915)", trimmed(loss(times(num(cr), num(c)), times(num(ir), num(i)), times(num(ar), num(a))))), num(miss))
	impact = v.modifiedImpact()
	w.impact3("modified impact", "MISS", miss, impact, scope == changed, v.version == v31)
	x = w.exploitability3("M", v.modified(mMAV, mAV), v.modified(mMAC, mAC), v.modified(mMPR, mPR), v.modified(mMUI, mUI), scope)
	sum = w.sum3(impact, x, scope == changed)
	inner := v.environmentalBase()
	w.rounded("before E, RL, RC", roundup, sum, inner)
	temper(inner, "environmental score", "before × E × RL × RC", v.environmental())
}

// trimmed takes the parentheses off.
func trimmed(s string) string { return s[1 : len(s)-1] }

func (w *working) impact3(name, of string, iss, impact float64, changed, later bool) {
	formula, values := "6.42 × "+of, "6.42 × "+num(iss)
	switch {
	case changed && later:
		formula = fmt.Sprintf("7.52 × (%s − 0.029) − 3.25 × (%s × 0.9731 − 0.02)^13", of, of)
		values = fmt.Sprintf("7.52 × (%s − 0.029) − 3.25 × (%s × 0.9731 − 0.02)^13", num(iss), num(iss))
	case changed:
		formula = fmt.Sprintf("7.52 × (%s − 0.029) − 3.25 × (%s − 0.02)^15", of, of)
		values = fmt.Sprintf("7.52 × (%s − 0.029) − 3.25 × (%s − 0.02)^15", num(iss), num(iss))
	}
	w.add(name, formula, values, num(impact))
}

func (w *working) exploitability3(m string, av, ac, pr, ui, scope uint8) float64 {
	p := weightPR[pr]
	if scope == changed {
		p = weightPRC[pr]
	}
	name := "exploitability"
	if m != "" {
		name = "modified " + name
	}
	x := exploitability(av, ac, pr, ui, scope)
	w.add(name, "8.22 × "+times(m+"AV", m+"AC", m+"PR", m+"UI"),
		times("8.22", num(weightAV[av]), num(weightAC[ac]), num(p), num(weightUI[ui])), num(x))
	return x
}

// sum3 adds the sum of both subscores and returns it as it is written.
func (w *working) sum3(impact, exploitability float64, changed bool) string {
	formula := "min(impact + exploitability, 10), 0 when impact ≤ 0"
	values := fmt.Sprintf("%s + %s", num(impact), num(exploitability))
	x := impact + exploitability
	if changed {
		formula = "min(1.08 × (impact + exploitability), 10), 0 when impact ≤ 0"
		values = fmt.Sprintf("1.08 × (%s)", values)
		x *= 1.08
	}
	values = fmt.Sprintf("min(%s, 10)", values)
	if x = min(x, 10); impact <= 0 {
		x, values = 0, num(impact)+" ≤ 0"
	}
	w.add("unrounded", formula, values, num(x))
	return num(x)
}
