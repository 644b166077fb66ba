package cvss

import (
	"math"
	"strings"
)

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
	count3

	base3 = 1<<(mA+1) - 1 // a bit for each base metric
)

// metrics3 gives each metric its name and the letters of its values. Metrics
// after A may also be X. The code of a value is its place here plus one.
var metrics3 = [count3]struct{ name, values string }{
	mAV: {"AV", "NALP"}, mAC: {"AC", "LH"}, mPR: {"PR", "NLH"}, mUI: {"UI", "NR"},
	mS: {"S", "UC"}, mC: {"C", "HLN"}, mI: {"I", "HLN"}, mA: {"A", "HLN"},
	mE: {"E", "HFPU"}, mRL: {"RL", "UWTO"}, mRC: {"RC", "CRU"},
	mCR: {"CR", "HML"}, mIR: {"IR", "HML"}, mAR: {"AR", "HML"},
	mMAV: {"MAV", "NALP"}, mMAC: {"MAC", "LH"}, mMPR: {"MPR", "NLH"}, mMUI: {"MUI", "NR"},
	mMS: {"MS", "UC"}, mMC: {"MC", "HLN"}, mMI: {"MI", "HLN"}, mMA: {"MA", "HLN"},
}

// keys3 and codes3 are metrics3 turned around, for reading: the key of each
// name, and for each letter its code. X is notDefined, other letters are 0.
var keys3, codes3 = func() (keys [count3]uint32, codes [count3][26]uint8) {
	for m, metric := range metrics3 {
		for i := range len(metric.name) {
			keys[m] = addKey(keys[m], metric.name[i])
		}
		for i := range len(metric.values) {
			codes[m][metric.values[i]-'A'] = uint8(i + 1)
		}
		if m > mA {
			codes[m]['X'-'A'] = notDefined
		}
	}
	return keys, codes
}()

const notDefined = 8 // its low bits are code 0

// addKey adds a letter to the key of a name: its last three letters, with its
// length in the high byte, so that no two names of up to 255 letters share the
// key of one of up to three.
func addKey(key uint32, c byte) uint32 { return key&0xff000000 + 1<<24 | key<<8&0xffff00 | uint32(c) }

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

// metric3 finds a metric by its key, or returns -1. It looks first at the one
// that is likely next.
func metric3(key uint32, next int) int {
	for m := next; m < count3; m++ {
		if keys3[m] == key {
			return m
		}
	}
	for m := range min(next, count3) {
		if keys3[m] == key {
			return m
		}
	}
	return -1
}

// named3 finds a metric by its name, or returns -1.
func named3(name string) int {
	for m := range metrics3 {
		if metrics3[m].name == name {
			return m
		}
	}
	return -1
}

func code3(m int, letter byte) (code uint8, ok bool) {
	if letter -= 'A'; letter < 26 {
		code = codes3[m][letter]
	}
	return code &^ notDefined, code != 0
}

// choices3 lists the values of metric m for a message.
func choices3(m int) string {
	list := strings.Join(strings.Split(metrics3[m].values, ""), " ")
	if m > mA {
		list += " X"
	}
	return list
}

// Base returns the base score, 0.0 to 10.0 in tenths.
func (v Vector) Base() float64 {
	if v.version == 0 {
		return 0
	}
	return score(v.base())
}

// Temporal returns the temporal score: the base score times the temporal
// metrics, of which those not given weigh 1. See [Vector.HasTemporal].
func (v Vector) Temporal() float64 {
	if v.version == 0 {
		return 0
	}
	return score(v.temper(v.base()))
}

// Environmental returns the environmental score by the formula of v's version.
// Metrics not given take the base metric's value or weigh 1. It can differ from
// the temporal score even when no environmental metric is given, since v3.1
// computes a changed scope otherwise here. See [Vector.HasEnvironmental].
func (v Vector) Environmental() float64 {
	if v.version == 0 {
		return 0
	}
	return score(v.environmental())
}

// Score returns the vector's own score: the environmental one when an
// environmental metric is given, else the temporal one when a temporal metric
// is given, else the base score.
func (v Vector) Score() float64 {
	switch {
	case v.HasEnvironmental():
		return v.Environmental()
	case v.HasTemporal():
		return v.Temporal()
	}
	return v.Base()
}

// HasTemporal reports whether E, RL or RC is given.
func (v Vector) HasTemporal() bool { return v.any(mE, mRC) }

// HasEnvironmental reports whether a security requirement or a modified metric
// is given.
func (v Vector) HasEnvironmental() bool { return v.any(mCR, mMA) }

// Exploitability returns the exploitability subscore of the base metrics, about
// 0.1 to 3.9, not rounded. Publishers print it rounded to one decimal.
func (v Vector) Exploitability() float64 {
	if v.version == 0 {
		return 0
	}
	return exploitability(v.at(mAV), v.at(mAC), v.at(mPR), v.at(mUI), v.at(mS))
}

// Impact returns the impact subscore of the base metrics, 0 to about 6.0, not
// rounded. Publishers print it rounded to one decimal. Where the formula falls
// below zero (no impact, scope changed) it is 0.
func (v Vector) Impact() float64 {
	if v.version == 0 {
		return 0
	}
	return max(0, v.impact())
}

// Severity rates the base score, also when temporal or environmental metrics
// are given; SeverityOf(v.Score()) rates the vector's own. The zero Vector has
// no rating: "".
func (v Vector) Severity() Severity {
	if v.version == 0 {
		return ""
	}
	return SeverityOf(v.Base())
}

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
func (v *Vector) environmental() int {
	scope := v.modified(mMS, mS)
	miss := 1 - (1-weightReq[v.at(mCR)]*weightCIA[v.modified(mMC, mC)])*
		(1-weightReq[v.at(mIR)]*weightCIA[v.modified(mMI, mI)])*
		(1-weightReq[v.at(mAR)]*weightCIA[v.modified(mMA, mA)])
	miss = min(miss, 0.915)

	impact := 6.42 * miss
	switch {
	case scope == changed && v.version == v30:
		impact = 7.52*(miss-0.029) - 3.25*pow15(miss-0.02)
	case scope == changed:
		impact = 7.52*(miss-0.029) - 3.25*pow13(miss*0.9731-0.02)
	}
	if impact <= 0 {
		return 0
	}
	x := impact + exploitability(v.modified(mMAV, mAV), v.modified(mMAC, mAC), v.modified(mMPR, mPR), v.modified(mMUI, mUI), scope)
	if scope == changed {
		x *= 1.08
	}
	return v.temper(roundUp(min(x, 10)))
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

func (v *Vector) any(from, to int) bool {
	for m := from; m <= to; m++ {
		if v.at(m) != 0 {
			return true
		}
	}
	return false
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

func score(tenths int) float64 { return float64(tenths) / 10 }

func pow13(x float64) float64 {
	x3 := x * x * x
	x6 := x3 * x3
	return x6 * x6 * x
}

func pow15(x float64) float64 {
	x5 := x * x * x * x * x
	return x5 * x5 * x5
}
