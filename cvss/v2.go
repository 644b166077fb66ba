package cvss

import "math"

// The metrics of CVSS v2.0, in canonical order.
const (
	tAV = iota
	tAC
	tAu
	tC
	tI
	tA
	tE
	tRL
	tRC
	tCDP
	tTD
	tCR
	tIR
	tAR
)

// The weights of the values, by code (CVSS v2.0 guide, section 3.2). Code 0 is
// "not defined".
var (
	weightAV2  = [...]float64{0, 1, 0.646, 0.395}
	weightAC2  = [...]float64{0, 0.71, 0.61, 0.35}
	weightAu2  = [...]float64{0, 0.704, 0.56, 0.45}
	weightCIA2 = [...]float64{0, 0.660, 0.275, 0}
	weightReq2 = [...]float64{1, 1.51, 1, 0.5}

	// In hundredths, so that what is multiplied with scores is exact.
	weightE2   = [...]int{100, 100, 95, 90, 85}
	weightRL2  = [...]int{100, 100, 95, 90, 87}
	weightRC2  = [...]int{100, 100, 95, 90}
	weightCDP2 = [...]int{0, 50, 40, 30, 10, 0}
	weightTD2  = [...]int{100, 100, 75, 25, 0}
)

// base2 is the base score in tenths (section 3.2.1).
func (v *Vector) base2() int { return v.baseOf(v.impact2()) }

func (v *Vector) baseOf(impact float64) int {
	if impact == 0 {
		return 0 // f(Impact) is 0, else it is 1.176
	}
	return roundNear(((0.6 * impact) + (0.4 * v.exploitability2()) - 1.5) * 1.176)
}

func (v *Vector) impact2() float64 {
	return 10.41 * (1 - (1-weightCIA2[v.at(tC)])*(1-weightCIA2[v.at(tI)])*(1-weightCIA2[v.at(tA)]))
}

func (v *Vector) exploitability2() float64 {
	return 20 * weightAV2[v.at(tAV)] * weightAC2[v.at(tAC)] * weightAu2[v.at(tAu)]
}

// adjustedImpact is what the environmental score puts in place of the impact
// (section 3.2.3).
func (v *Vector) adjustedImpact() float64 {
	return min(10, 10.41*(1-(1-weightCIA2[v.at(tC)]*weightReq2[v.at(tCR)])*
		(1-weightCIA2[v.at(tI)]*weightReq2[v.at(tIR)])*
		(1-weightCIA2[v.at(tA)]*weightReq2[v.at(tAR)])))
}

// temper2 multiplies a score in tenths with the temporal metrics (section
// 3.2.2) and rounds: three weights in hundredths make ten-millionths of a
// point, all in integers.
func (v *Vector) temper2(tenths int) int {
	return nearest(tenths*weightE2[v.at(tE)]*weightRL2[v.at(tRL)]*weightRC2[v.at(tRC)], 1_000_000)
}

// environmental2 is the environmental score in tenths (section 3.2.3). With low
// requirements the adjusted base score can fall a little below zero on the way,
// where the guide does not hold it up; only the result is held at zero.
func (v *Vector) environmental2() int {
	temporal := v.temper2(v.baseOf(v.adjustedImpact()))
	n := (temporal*100 + (100-temporal)*weightCDP2[v.at(tCDP)]) * weightTD2[v.at(tTD)]
	return max(0, nearest(n, 10_000))
}

// roundNear returns x to the nearest tenth, in tenths, a half away from zero.
// What floating point adds or takes below a billionth does not count; a test
// holds every sum there is against exact fractions.
func roundNear(x float64) int {
	return nearest(int(math.Round(x*1e9)), 100_000_000)
}

// nearest divides and rounds to the nearest integer, a half away from zero.
func nearest(n, by int) int {
	if n < 0 {
		return (n - by/2) / by
	}
	return (n + by/2) / by
}
