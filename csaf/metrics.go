package csaf

import (
	"regexp"
	"strings"
)

// A vectorMetric ties a key of a CVSS vector to a member of the JSON form.
type vectorMetric struct {
	key, member string
	values      []metricValue
}

// A metricValue is one value in both spellings.
type metricValue struct{ short, long string }

func values(pairs string) []metricValue {
	var out []metricValue
	for _, p := range strings.Fields(pairs) {
		short, long, _ := strings.Cut(p, "=")
		out = append(out, metricValue{short, long})
	}
	return out
}

var severities = []string{"NONE", "LOW", "MEDIUM", "HIGH", "CRITICAL"}

// CVSS 3.0 and 3.1, specification sections 2 to 4 and 6.
var v3Metrics = []vectorMetric{
	{"AV", "attackVector", values("N=NETWORK A=ADJACENT_NETWORK L=LOCAL P=PHYSICAL")},
	{"AC", "attackComplexity", values("L=LOW H=HIGH")},
	{"PR", "privilegesRequired", values("N=NONE L=LOW H=HIGH")},
	{"UI", "userInteraction", values("N=NONE R=REQUIRED")},
	{"S", "scope", values("U=UNCHANGED C=CHANGED")},
	{"C", "confidentialityImpact", values("N=NONE L=LOW H=HIGH")},
	{"I", "integrityImpact", values("N=NONE L=LOW H=HIGH")},
	{"A", "availabilityImpact", values("N=NONE L=LOW H=HIGH")},
	{"E", "exploitCodeMaturity", values("X=NOT_DEFINED U=UNPROVEN P=PROOF_OF_CONCEPT F=FUNCTIONAL H=HIGH")},
	{"RL", "remediationLevel", values("X=NOT_DEFINED O=OFFICIAL_FIX T=TEMPORARY_FIX W=WORKAROUND U=UNAVAILABLE")},
	{"RC", "reportConfidence", values("X=NOT_DEFINED U=UNKNOWN R=REASONABLE C=CONFIRMED")},
	{"CR", "confidentialityRequirement", values("X=NOT_DEFINED L=LOW M=MEDIUM H=HIGH")},
	{"IR", "integrityRequirement", values("X=NOT_DEFINED L=LOW M=MEDIUM H=HIGH")},
	{"AR", "availabilityRequirement", values("X=NOT_DEFINED L=LOW M=MEDIUM H=HIGH")},
	{"MAV", "modifiedAttackVector", values("X=NOT_DEFINED N=NETWORK A=ADJACENT_NETWORK L=LOCAL P=PHYSICAL")},
	{"MAC", "modifiedAttackComplexity", values("X=NOT_DEFINED L=LOW H=HIGH")},
	{"MPR", "modifiedPrivilegesRequired", values("X=NOT_DEFINED N=NONE L=LOW H=HIGH")},
	{"MUI", "modifiedUserInteraction", values("X=NOT_DEFINED N=NONE R=REQUIRED")},
	{"MS", "modifiedScope", values("X=NOT_DEFINED U=UNCHANGED C=CHANGED")},
	{"MC", "modifiedConfidentialityImpact", values("X=NOT_DEFINED N=NONE L=LOW H=HIGH")},
	{"MI", "modifiedIntegrityImpact", values("X=NOT_DEFINED N=NONE L=LOW H=HIGH")},
	{"MA", "modifiedAvailabilityImpact", values("X=NOT_DEFINED N=NONE L=LOW H=HIGH")},
}

// CVSS 2.0, the guide's sections 2 and 2.4.
var v2Metrics = []vectorMetric{
	{"AV", "accessVector", values("L=LOCAL A=ADJACENT_NETWORK N=NETWORK")},
	{"AC", "accessComplexity", values("H=HIGH M=MEDIUM L=LOW")},
	{"Au", "authentication", values("M=MULTIPLE S=SINGLE N=NONE")},
	{"C", "confidentialityImpact", values("N=NONE P=PARTIAL C=COMPLETE")},
	{"I", "integrityImpact", values("N=NONE P=PARTIAL C=COMPLETE")},
	{"A", "availabilityImpact", values("N=NONE P=PARTIAL C=COMPLETE")},
	{"E", "exploitability", values("U=UNPROVEN POC=PROOF_OF_CONCEPT F=FUNCTIONAL H=HIGH ND=NOT_DEFINED")},
	{"RL", "remediationLevel", values("OF=OFFICIAL_FIX TF=TEMPORARY_FIX W=WORKAROUND U=UNAVAILABLE ND=NOT_DEFINED")},
	{"RC", "reportConfidence", values("UC=UNCONFIRMED UR=UNCORROBORATED C=CONFIRMED ND=NOT_DEFINED")},
	{"CDP", "collateralDamagePotential", values("N=NONE L=LOW LM=LOW_MEDIUM MH=MEDIUM_HIGH H=HIGH ND=NOT_DEFINED")},
	{"TD", "targetDistribution", values("N=NONE L=LOW M=MEDIUM H=HIGH ND=NOT_DEFINED")},
	{"CR", "confidentialityRequirement", values("L=LOW M=MEDIUM H=HIGH ND=NOT_DEFINED")},
	{"IR", "integrityRequirement", values("L=LOW M=MEDIUM H=HIGH ND=NOT_DEFINED")},
	{"AR", "availabilityRequirement", values("L=LOW M=MEDIUM H=HIGH ND=NOT_DEFINED")},
}

func findMetric(in []vectorMetric, key string) (vectorMetric, bool) {
	for _, m := range in {
		if m.key == key {
			return m, true
		}
	}
	return vectorMetric{}, false
}

// metric is the values of the member that belongs to a key of the vector.
func metric(in []vectorMetric, key string) []string {
	m, _ := findMetric(in, key)
	var longs []string
	for _, v := range m.values {
		longs = append(longs, v.long)
	}
	return longs
}

// vectorForm matches a vector of known metrics in any order, as FIRST's schema
// does: it asks for no particular metric.
func vectorForm(prefix string, of []vectorMetric) *regexp.Regexp {
	var alts []string
	for _, m := range of {
		var shorts []string
		for _, v := range m.values {
			shorts = append(shorts, v.short)
		}
		alts = append(alts, m.key+":(?:"+strings.Join(shorts, "|")+")")
	}
	one := "(?:" + strings.Join(alts, "|") + ")"
	return regexp.MustCompile("^" + prefix + one + "(?:/" + one + ")*$")
}
