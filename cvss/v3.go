package cvss

import "math"

// The metrics of CVSS v3.0 and v3.1, in canonical order (v3.1 specification,
// section 6, table 15).
const (
	mAV = iota
	mAC
	mPR
	mUI
	mS
	mC
	mI
	mA
	mE
	mRL
	mRC
	mCR
	mIR
	mAR
	mMAV
	mMAC
	mMPR
	mMUI
	mMS
	mMC
	mMI
	mMA
)

// The weights of the values, by code (v3.1 specification, section 7.4; v3.0
// section 8.4 has the same). Code 0 is "not defined".
var (
	weightAV  = [...]float64{0, 0.85, 0.62, 0.55, 0.20}
	weightAC  = [...]float64{0, 0.77, 0.44}
	weightPR  = [...]float64{0, 0.85, 0.62, 0.27}
	weightPRC = [...]float64{0, 0.85, 0.68, 0.50} // when scope is changed
	weightUI  = [...]float64{0, 0.85, 0.62}
	weightCIA = [...]float64{0, 0.56, 0.22, 0}
	weightReq = [...]float64{1, 1.5, 1, 0.5}

	// In hundredths, so that the temporal product is exact.
	weightE  = [...]int{100, 100, 97, 94, 91}
	weightRL = [...]int{100, 100, 97, 96, 95}
	weightRC = [...]int{100, 100, 96, 92}
)

const changed = 2 // the code of S:C and MS:C

// base is the base score in tenths (v3.1 section 7.1; v3.0 section 8.1).
func (v *Vector) base() int {
	impact := v.impact()
	if impact <= 0 {
		return 0
	}
	x := impact + exploitability(v.at(mAV), v.at(mAC), v.at(mPR), v.at(mUI), v.at(mS))
	if v.at(mS) == changed {
		x *= 1.08
	}
	return roundUp(min(x, 10))
}

func (v *Vector) impact() float64 {
	iss := 1 - (1-weightCIA[v.at(mC)])*(1-weightCIA[v.at(mI)])*(1-weightCIA[v.at(mA)])
	if v.at(mS) == changed {
		return 7.52*(iss-0.029) - 3.25*pow15(iss-0.02)
	}
	return 6.42 * iss
}

// environmental is the environmental score in tenths (v3.1 section 7.3; v3.0
// section 8.3).
func (v *Vector) environmental() int { return v.temper(v.environmentalBase()) }

// environmentalBase is what the temporal metrics are multiplied with.
func (v *Vector) environmentalBase() int {
	impact := v.modifiedImpact()
	if impact <= 0 {
		return 0
	}
	scope := v.modified(mMS, mS)
	x := impact + exploitability(v.modified(mMAV, mAV), v.modified(mMAC, mAC), v.modified(mMPR, mPR), v.modified(mMUI, mUI), scope)
	if scope == changed {
		x *= 1.08
	}
	return roundUp(min(x, 10))
}

func (v *Vector) modifiedImpact() float64 {
	miss := 1 - (1-weightReq[v.at(mCR)]*weightCIA[v.modified(mMC, mC)])*
		(1-weightReq[v.at(mIR)]*weightCIA[v.modified(mMI, mI)])*
		(1-weightReq[v.at(mAR)]*weightCIA[v.modified(mMA, mA)])
	miss = min(miss, 0.915)
	switch scope := v.modified(mMS, mS); {
	case scope == changed && v.version == v30:
		return 7.52*(miss-0.029) - 3.25*pow15(miss-0.02)
	case scope == changed:
		return 7.52*(miss-0.029) - 3.25*pow13(miss*0.9731-0.02)
	}
	return 6.42 * miss
}

// temper multiplies a score in tenths with the temporal metrics and rounds up.
// It is all in integers: three weights in hundredths make ten-millionths of a
// point, of which roundUp looks at hundred-thousandths.
func (v *Vector) temper(tenths int) int {
	n := tenths * weightE[v.at(mE)] * weightRL[v.at(mRL)] * weightRC[v.at(mRC)]
	return tenthsUp((n + 50) / 100)
}

// modified returns the code of modified metric m, or of base when m is not
// given.
func (v *Vector) modified(m, base int) uint8 {
	if code := v.at(m); code != 0 {
		return code
	}
	return v.at(base)
}

func exploitability(av, ac, pr, ui, scope uint8) float64 {
	p := weightPR[pr]
	if scope == changed {
		p = weightPRC[pr]
	}
	return 8.22 * weightAV[av] * weightAC[ac] * p * weightUI[ui]
}

// roundUp returns x in tenths, rounded up, as Roundup of v3.1 does (appendix A):
// what floating point adds below a hundred-thousandth does not count. v3.0 says
// "the smallest number with one decimal not below", which is the same number
// for every vector there is; a test walks them all in exact fractions.
func roundUp(x float64) int { return tenthsUp(int(math.Round(x * 100000))) }

func tenthsUp(hundredThousandths int) int { return (hundredThousandths + 9999) / 10000 }

func pow13(x float64) float64 {
	x3 := x * x * x
	x6 := x3 * x3
	return x6 * x6 * x
}

func pow15(x float64) float64 {
	x5 := x * x * x * x * x
	return x5 * x5 * x5
}
