package cvss

// A Severity is the qualitative rating of a score, as the standard spells it.
// The zero value means that nobody has said.
type Severity string

// The ratings of the qualitative scale (CVSS v3.1 specification, section 5).
const (
	None     Severity = "None"     // 0.0
	Low      Severity = "Low"      // 0.1 to 3.9
	Medium   Severity = "Medium"   // 4.0 to 6.9
	High     Severity = "High"     // 7.0 to 8.9
	Critical Severity = "Critical" // 9.0 to 10.0
)

// Valid reports whether s is one of the five ratings.
func (s Severity) Valid() bool {
	switch s {
	case None, Low, Medium, High, Critical:
		return true
	}
	return false
}

// Severity rates the base score by the scale of v's version, also when other
// metrics are given; v.Rate(v.Score()) rates the vector's own. The zero Vector
// has no rating: "".
func (v Vector) Severity() Severity { return v.Rate(v.Base()) }

// Rate rates a score by the scale of v's version. CVSS v2.0 has no scale of its
// own: its scores are rated as the NVD does, by convention, Low from 0.0, Medium
// from 4.0 and High from 7.0. The others follow [SeverityOf]. The zero Vector
// rates nothing: "".
func (v Vector) Rate(score float64) Severity {
	switch rating := SeverityOf(score); {
	case v.version == 0:
		return ""
	case v.version == v20 && rating == None:
		return Low
	case v.version == v20 && rating == Critical:
		return High
	default:
		return rating
	}
}

// SeverityOf rates a score of CVSS v3.0, v3.1 or v4.0, which share one scale;
// for one of v2.0 see [Vector.Rate].
// A number that no such score can be (below 0, above 10, NaN) has no rating: "".
func SeverityOf(score float64) Severity {
	switch {
	case !(score >= 0 && score <= 10):
		return ""
	case score < 0.1:
		return None
	case score < 4:
		return Low
	case score < 7:
		return Medium
	case score < 9:
		return High
	}
	return Critical
}
