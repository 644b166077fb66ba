package cvss

// Base returns the base score, 0.0 to 10.0 in tenths. For 4.0 that is the score
// that its nomenclature calls CVSS-B: of the base metrics alone.
func (v Vector) Base() float64 { return score(v.baseTenths()) }

// Temporal returns the temporal score: the base score times the temporal
// metrics, of which those not given weigh 1. For 4.0 it is the score called
// CVSS-BT, of the base metrics and E; an E that is not given counts as E:A.
// See [Vector.HasTemporal].
func (v Vector) Temporal() float64 { return score(v.temporalTenths()) }

// Environmental returns the environmental score by the formula of v's version.
// Metrics not given take the base metric's value or weigh 1. It can differ from
// the temporal score even when no environmental metric is given, since v3.1
// computes a changed scope otherwise here. For 4.0 it is the score of all
// metrics: CVSS-BTE, or CVSS-BE when E is not given; a security requirement that
// is not given counts as high. See [Vector.HasEnvironmental].
func (v Vector) Environmental() float64 { return score(v.environmentalTenths()) }

// Score returns the vector's own score: the environmental one when an
// environmental metric is given, else the temporal one when a temporal metric
// is given, else the base score.
func (v Vector) Score() float64 { return score(v.ownTenths()) }

// HasTemporal reports whether E, RL or RC is given; in 4.0, the threat metric E.
func (v Vector) HasTemporal() bool {
	return v.version != 0 && v.any(standards[v.version].temporal)
}

// HasEnvironmental reports whether a security requirement or a modified metric
// is given; in 2.0, one of CDP, TD, CR, IR and AR.
func (v Vector) HasEnvironmental() bool {
	return v.version != 0 && v.any(standards[v.version].environmental)
}

// Exploitability returns the exploitability subscore of the base metrics, not
// rounded: about 0.1 to 3.9 in 3.x, 1.2 to 10.0 in 2.0. Publishers print it
// rounded to one decimal. 4.0 has no subscores: 0.
func (v Vector) Exploitability() float64 {
	switch v.version {
	case v20:
		return v.exploitability2()
	case v30, v31:
		return exploitability(v.at(mAV), v.at(mAC), v.at(mPR), v.at(mUI), v.at(mS))
	}
	return 0
}

// Impact returns the impact subscore of the base metrics, not rounded: 0 to
// about 6.0 in 3.x, to about 10.0 in 2.0. Publishers print it rounded to one
// decimal. Where the formula falls below zero (no impact, scope changed) it is
// 0. 4.0 has no subscores: 0.
func (v Vector) Impact() float64 {
	switch v.version {
	case v20:
		return v.impact2()
	case v30, v31:
		return max(0, v.impact())
	}
	return 0
}

func (v *Vector) baseTenths() int {
	switch v.version {
	case v20:
		return v.base2()
	case v30, v31:
		return v.base()
	case v40:
		return v.levels(false, false).score()
	}
	return 0
}

func (v *Vector) temporalTenths() int {
	switch v.version {
	case v20:
		return v.temper2(v.base2())
	case v30, v31:
		return v.temper(v.base())
	case v40:
		return v.levels(true, false).score()
	}
	return 0
}

func (v *Vector) environmentalTenths() int {
	switch v.version {
	case v20:
		return v.environmental2()
	case v30, v31:
		return v.environmental()
	case v40:
		return v.levels(true, true).score()
	}
	return 0
}

func (v *Vector) ownTenths() int {
	switch {
	case v.HasEnvironmental():
		return v.environmentalTenths()
	case v.HasTemporal():
		return v.temporalTenths()
	}
	return v.baseTenths()
}

func score(tenths int) float64 { return float64(tenths) / 10 }
