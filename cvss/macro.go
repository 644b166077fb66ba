package cvss

// The facts of the macro vectors: CVSS v4.0 specification, section 8, and the
// lookup table that FIRST publishes with it.

// macroScores holds the score of each macro vector in tenths. A row is EQ1, EQ2
// and EQ3; its columns are EQ4, EQ5 and EQ6. EQ3 at level 2 leaves no vector
// with EQ6 at level 0.
var macroScores = [324]uint8{
	// 000 001 010 011 020 021 100 101 110 111 120 121 200 201 210 211 220 221
	100, 99, 98, 95, 95, 92, 100, 96, 93, 87, 91, 81, 93, 90, 89, 80, 81, 68, // 000
	98, 95, 95, 92, 90, 84, 93, 92, 89, 81, 81, 65, 88, 80, 78, 70, 69, 48, // 001
	no, 92, no, 82, no, 72, no, 79, no, 69, no, 50, no, 69, no, 55, no, 27, // 002
	99, 97, 95, 92, 92, 85, 95, 91, 90, 83, 84, 71, 92, 81, 82, 71, 72, 53, // 010
	95, 93, 92, 85, 85, 73, 92, 82, 80, 72, 70, 59, 84, 70, 71, 52, 50, 30, // 011
	no, 86, no, 75, no, 52, no, 71, no, 52, no, 29, no, 63, no, 29, no, 17, // 012
	98, 95, 94, 87, 91, 81, 94, 89, 86, 74, 77, 64, 87, 75, 74, 63, 63, 49, // 100
	94, 89, 88, 77, 76, 67, 86, 76, 74, 58, 59, 50, 72, 57, 57, 52, 52, 25, // 101
	no, 83, no, 70, no, 54, no, 65, no, 58, no, 26, no, 53, no, 21, no, 13, // 102
	95, 90, 88, 76, 76, 70, 90, 77, 75, 62, 61, 53, 77, 66, 68, 59, 52, 30, // 110
	89, 78, 76, 67, 62, 58, 74, 59, 57, 57, 47, 23, 61, 52, 57, 29, 24, 16, // 111
	no, 71, no, 59, no, 30, no, 58, no, 26, no, 15, no, 23, no, 13, no, 6, // 112
	93, 87, 86, 72, 75, 58, 86, 74, 74, 61, 56, 34, 70, 54, 52, 40, 40, 22, // 200
	85, 75, 74, 55, 62, 51, 72, 57, 55, 41, 46, 19, 53, 36, 34, 19, 19, 8, // 201
	no, 64, no, 51, no, 20, no, 47, no, 21, no, 11, no, 24, no, 9, no, 4, // 202
	88, 75, 73, 53, 60, 50, 73, 55, 59, 40, 41, 20, 54, 43, 45, 22, 20, 11, // 210
	75, 55, 58, 45, 40, 21, 61, 51, 48, 18, 20, 9, 46, 18, 17, 7, 8, 2, // 211
	no, 53, no, 24, no, 14, no, 24, no, 12, no, 5, no, 10, no, 3, no, 1, // 212
}

const no = 0

// How far apart in macroScores two neighboring levels of a class are.
const (
	stepEQ6 = 1
	stepEQ5 = 2
	stepEQ4 = 3 * stepEQ5
	stepEQ3 = 3 * stepEQ4
	stepEQ2 = 3 * stepEQ3
	stepEQ1 = 2 * stepEQ2
)

func (m macroVector) index() int {
	return int(m.eq1)*stepEQ1 + int(m.eq2)*stepEQ2 + int(m.eq3)*stepEQ3 + int(m.eq4)*stepEQ4 + int(m.eq5)*stepEQ5 + int(m.eq6)
}

func (m macroVector) String() string {
	return string([]byte{'0' + m.eq1, '0' + m.eq2, '0' + m.eq3, '0' + m.eq4, '0' + m.eq5, '0' + m.eq6})
}

// lower36 returns the score of the next less severe macro vector in EQ3 and
// EQ6, which move together: 00 goes to the higher of 01 and 10, 01 and 10 both
// to 11, 11 to 21, and below 21 there is nothing.
func (m macroVector) lower36(i int) (tenths uint8, ok bool) {
	switch {
	case m.eq3 == 0 && m.eq6 == 0:
		return max(macroScores[i+stepEQ3], macroScores[i+stepEQ6]), true
	case m.eq3 == 1 && m.eq6 == 0:
		return macroScores[i+stepEQ6], true
	case m.eq3 < 2:
		return macroScores[i+stepEQ3], true
	}
	return 0, false
}

// The depth of each level: how many steps its least severe vector is below its
// highest severity vectors, plus one.
var (
	depth1  = [...]int{1, 4, 5}
	depth2  = [...]int{1, 2}
	depth36 = [...][2]int{{7, 6}, {8, 8}, {0, 10}}
	depth4  = [...]int{6, 5, 4}
)

// parts is divisible by every depth; a share is the part of it that one step of
// a level takes.
const parts = 840

var (
	share1  = [...]int{parts / 1, parts / 4, parts / 5}
	share2  = [...]int{parts / 1, parts / 2}
	share36 = [...][2]int{{parts / 7, parts / 6}, {parts / 8, parts / 8}, {}} // nothing is below level 2
	share4  = [...]int{parts / 6, parts / 5, parts / 4}
)

// The sum of the levels of the highest severity vectors of each level of a
// class. A level can have several such vectors, but all of one level have the
// same sum, so that the severity distance does not depend on which one is
// taken: tests compute both sides.
var (
	highest1  = [...]int{0, 1, 3}
	highest2  = [...]int{0, 1}
	highest36 = [...][2]int{{0, 3}, {1, 3}, {0, 3}}
	highest4  = [...]int{1, 3, 6}
)

// highestVectors are the highest severity vectors of each level, as the
// specification lists them.
var (
	highestVectors1 = [...][]string{
		{"AV:N/PR:N/UI:N"},
		{"AV:A/PR:N/UI:N", "AV:N/PR:L/UI:N", "AV:N/PR:N/UI:P"},
		{"AV:P/PR:N/UI:N", "AV:A/PR:L/UI:P"},
	}
	highestVectors2  = [...][]string{{"AC:L/AT:N"}, {"AC:H/AT:N", "AC:L/AT:P"}}
	highestVectors36 = [...][2][]string{
		{
			{"VC:H/VI:H/VA:H/CR:H/IR:H/AR:H"},
			{"VC:H/VI:H/VA:L/CR:M/IR:M/AR:H", "VC:H/VI:H/VA:H/CR:M/IR:M/AR:M"},
		},
		{
			{"VC:L/VI:H/VA:H/CR:H/IR:H/AR:H", "VC:H/VI:L/VA:H/CR:H/IR:H/AR:H"},
			{
				"VC:L/VI:H/VA:L/CR:H/IR:M/AR:H", "VC:L/VI:H/VA:H/CR:H/IR:M/AR:M", "VC:H/VI:L/VA:H/CR:M/IR:H/AR:M",
				"VC:H/VI:L/VA:L/CR:M/IR:H/AR:H", "VC:L/VI:L/VA:H/CR:H/IR:H/AR:M",
			},
		},
		{nil, {"VC:L/VI:L/VA:L/CR:H/IR:H/AR:H"}},
	}
	highestVectors4 = [...][]string{{"SC:H/SI:S/SA:S"}, {"SC:H/SI:H/SA:H"}, {"SC:L/SI:L/SA:L"}}
	highestVectors5 = [...][]string{{"E:A"}, {"E:P"}, {"E:U"}}
)

// MacroVector returns the levels EQ1 to EQ6 of v's own score as six digits, such
// as "000200". Only 4.0 has macro vectors: "" for others.
func (v Vector) MacroVector() string {
	if v.version != v40 {
		return ""
	}
	l := v.levels(true, true)
	return l.macro().String()
}

// Nomenclature returns what v's own score is called by the metrics that were
// given: "CVSS-B", "CVSS-BT", "CVSS-BE" or "CVSS-BTE" (CVSS v4.0 specification,
// section 1.3). Other versions have no such names: "".
func (v Vector) Nomenclature() string {
	if v.version != v40 {
		return ""
	}
	threat, environment := v.HasTemporal(), v.HasEnvironmental()
	switch {
	case threat && environment:
		return "CVSS-BTE"
	case environment:
		return "CVSS-BE"
	case threat:
		return "CVSS-BT"
	}
	return "CVSS-B"
}
