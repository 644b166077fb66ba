package cvss

import "strings"

// A version is the index of a CVSS version in standards; 0 is none.
type version uint8

const (
	v20 version = iota + 1
	v30
	v31
	v40
)

// A metric has its name and its values. The code of a value is its place here
// plus one; code 0 is "not defined".
type metric struct {
	name   string
	values []string
}

// A standard is one version's grammar: its metrics in canonical order, base
// metrics first.
type standard struct {
	number  string // "3.1"
	header  string // with the slash after it; "" in 2.0
	base    int    // the first so many metrics are the base ones
	absent  string // how "not defined" is written
	ordered bool   // metrics stand in canonical order or the text is no vector
	metrics []metric

	temporal, environmental span // E of 4.0 is its only temporal metric here

	// For reading: what the next four bytes of an element of each metric look
	// like ("AV:"), and the code of each one-letter value.
	masks, keys [maxMetrics]uint32
	letters     [maxMetrics][26]uint8
}

// A span is the metrics from first up to and not including last.
type span struct{ first, last int }

const (
	maxMetrics = 32
	notDefined = 32 // what letters holds for an X; without this bit it is code 0
)

// standards are the grammars by version.
var standards = [...]*standard{
	v20: prepare(standard{
		// CVSS v2.0 guide, section 2.4.
		number: "2.0", base: 6, absent: "ND",
		temporal: span{tE, tRC + 1}, environmental: span{tCDP, tAR + 1},
		metrics: metrics("AV:N A L", "AC:L M H", "Au:N S M", "C:C P N", "I:C P N", "A:C P N",
			"E:H F POC U", "RL:U W TF OF", "RC:C UR UC",
			"CDP:H MH LM L N", "TD:H M L N", "CR:H M L", "IR:H M L", "AR:H M L"),
	}),
	v30: prepare(standard3("3.0")),
	v31: prepare(standard3("3.1")),
	v40: prepare(standard{
		// CVSS v4.0 specification, section 7.
		number: "4.0", header: "CVSS:4.0/", base: 11, absent: "X", ordered: true,
		temporal: span{fE, fE + 1}, environmental: span{fCR, fMSA + 1},
		metrics: metrics("AV:N A L P", "AC:L H", "AT:N P", "PR:N L H", "UI:N P A",
			"VC:H L N", "VI:H L N", "VA:H L N", "SC:H L N", "SI:H L N", "SA:H L N",
			"E:A P U", "CR:H M L", "IR:H M L", "AR:H M L",
			"MAV:N A L P", "MAC:L H", "MAT:N P", "MPR:N L H", "MUI:N P A",
			"MVC:H L N", "MVI:H L N", "MVA:H L N", "MSC:H L N", "MSI:H L N S", "MSA:H L N S",
			"S:N P", "AU:N Y", "R:A U I", "V:D C", "RE:L M H", "U:Clear Green Amber Red"),
	}),
}

func standard3(number string) standard {
	return standard{
		// CVSS v3.1 specification, section 6, table 15; v3.0 has the same.
		number: number, header: "CVSS:" + number + "/", base: 8, absent: "X",
		temporal: span{mE, mRC + 1}, environmental: span{mCR, mMA + 1},
		metrics: metrics("AV:N A L P", "AC:L H", "PR:N L H", "UI:N R", "S:U C", "C:H L N", "I:H L N", "A:H L N",
			"E:H F P U", "RL:U W T O", "RC:C R U", "CR:H M L", "IR:H M L", "AR:H M L",
			"MAV:N A L P", "MAC:L H", "MPR:N L H", "MUI:N R", "MS:U C", "MC:H L N", "MI:H L N", "MA:H L N"),
	}
}

// metrics reads the tables above.
func metrics(rows ...string) []metric {
	all := make([]metric, len(rows))
	for m, row := range rows {
		name, values, _ := strings.Cut(row, ":")
		all[m] = metric{name, strings.Fields(values)}
	}
	return all
}

// prepare fills in what is for reading.
func prepare(s standard) *standard {
	for m, metric := range s.metrics {
		for i, c := range []byte(metric.name + ":") {
			s.keys[m] |= uint32(c) << (8 * i)
			s.masks[m] |= 0xff << (8 * i)
		}
		for i, value := range metric.values {
			if len(value) == 1 {
				s.letters[m][value[0]-'A'] = uint8(i + 1)
			}
		}
		if m >= s.base && len(s.absent) == 1 {
			s.letters[m][s.absent[0]-'A'] = notDefined
		}
	}
	return &s
}

// named finds a metric by its name, or returns -1.
func (s *standard) named(name string) int {
	for m := range s.metrics {
		if s.metrics[m].name == name {
			return m
		}
	}
	return -1
}

// code finds the code of a value of metric m; what is not defined has code 0.
func (s *standard) code(m int, value string) (code uint8, ok bool) {
	for i, v := range s.metrics[m].values {
		if v == value {
			return uint8(i + 1), true
		}
	}
	return 0, m >= s.base && value == s.absent
}

// choices lists the values of metric m for a message.
func (s *standard) choices(m int) string {
	list := strings.Join(s.metrics[m].values, " ")
	if m >= s.base {
		list += " " + s.absent
	}
	return list
}
