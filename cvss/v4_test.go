package cvss_test

import (
	"fmt"
	"strings"
	"testing"

	gocvss40 "github.com/pandatix/go-cvss/40"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/cvss"
)

// levels4 gives for each class one highest severity vector of each level,
// written as modified metrics, so that Safety can be said.
var levels4 = [6][]string{
	{"MAV:N MPR:N MUI:N", "MAV:A MPR:N MUI:N", "MAV:P MPR:N MUI:N"},
	{"MAC:L MAT:N", "MAC:H MAT:N"},
	{"MVC:H MVI:H MVA:H", "MVC:L MVI:H MVA:H", "MVC:L MVI:L MVA:L"},
	{"MSC:H MSI:S MSA:S", "MSC:H MSI:H MSA:H", "MSC:L MSI:L MSA:L"},
	{"E:A", "E:P", "E:U"},
	{"CR:H IR:H AR:H", "CR:M IR:M AR:M"},
}

func set(t *testing.T, v cvss.Vector, elements string) cvss.Vector {
	t.Helper()
	for e := range strings.FieldsSeq(elements) {
		name, value, _ := strings.Cut(e, ":")
		v = with(t, v, name, value)
	}
	return v
}

// A highest severity vector has the score of its macro vector itself, so all
// 270 entries of the table are seen here, as a second calculator has them.
func TestEveryMacroVectorHasItsPublishedScore(t *testing.T) {
	t.Parallel()
	n := 0
	for macro := range 729 {
		m := fmt.Sprintf("%d%d%d%d%d%d", macro/243, macro/81%3, macro/27%3, macro/9%3, macro/3%3, macro%3)
		v := parsed(t, bolus4)
		exists := m[2] != '2' || m[5] != '0'
		for eq, level := range m {
			if int(level-'0') >= len(levels4[eq]) {
				exists = false
				break
			}
			elements := levels4[eq][level-'0']
			if eq == 5 && level == '1' && m[2] == '1' {
				elements = "CR:H IR:M AR:M" // with MVC:L MVI:H MVA:H
			}
			if eq == 5 && m[2] == '2' {
				elements = "CR:H IR:H AR:H"
			}
			v = set(t, v, elements)
		}
		if !exists {
			continue
		}
		n++
		require.Equal(t, m, v.MacroVector(), v.String())
		theirs, err := gocvss40.ParseVector(v.String())
		require.NoError(t, err)
		require.Equal(t, theirs.Score(), v.Score(), "%s: %s", m, v)
		for _, term := range cvss.Explain(v).Terms {
			if term.Name == "severity distance" {
				require.Equal(t, "0", term.Result, "%s in %s", term.Part, v)
			}
			if term.Name == "its score" {
				require.Equal(t, fmt.Sprintf("%.1f", v.Score()), term.Result)
			}
		}
	}
	require.Equal(t, 270, n)
}

// The score subtracts sums of levels, the working looks for the highest severity
// vector that stands above: both see the same distance in every vector.
func TestEverySeverityDistanceIsThatFromAHighestSeverityVector(t *testing.T) {
	t.Parallel()
	vectors := 0
	try := func(names ...string) {
		rows := map[string][]string{}
		for _, row := range canonical["4.0"] {
			name, values, _ := strings.Cut(row, ":")
			rows[name] = strings.Fields(strings.TrimSuffix(values, " X"))
		}
		var each func(v cvss.Vector, rest []string)
		each = func(v cvss.Vector, rest []string) {
			if len(rest) > 0 {
				for _, value := range rows[rest[0]] {
					each(with(t, v, rest[0], value), rest[1:])
				}
				return
			}
			vectors++
			e := cvss.Explain(v)
			unrounded := 0.0
			for _, term := range e.Terms {
				if term.Name == "severity distance" {
					require.NotEqual(t, "below ", term.Values, "%s has none above it", v)
				}
				if term.Name == "unrounded" {
					_, err := fmt.Sscan(term.Result, &unrounded)
					require.NoError(t, err)
				}
			}
			require.InDelta(t, e.Score, unrounded, 0.0500001, v.String())
		}
		each(parsed(t, bolus4), names)
	}
	try("MAV", "MPR", "MUI", "MAC", "MAT", "E")
	try("MVC", "MVI", "MVA", "CR", "IR", "AR")
	try("MSC", "MSI", "MSA", "E")
	require.Equal(t, 432+729+144, vectors)
}

func TestNomenclatureNamesTheMetricsThatAreGiven(t *testing.T) {
	t.Parallel()
	for more, want := range map[string]string{
		"": "CVSS-B", "/E:X": "CVSS-B", "/E:A": "CVSS-BT", "/CR:H": "CVSS-BE", "/MAV:X": "CVSS-B", "/MAV:A": "CVSS-BE",
		"/E:U/MSA:S": "CVSS-BTE", "/S:P/AU:Y/R:I/V:C/RE:H/U:Red": "CVSS-B",
	} {
		require.Equal(t, want, parsed(t, bolus4+more).Nomenclature(), more)
	}
	require.Empty(t, parsed(t, dos).Nomenclature())
	require.Empty(t, parsed(t, dos).MacroVector())
	require.Empty(t, cvss.Vector{}.Nomenclature())
}

func TestTheScoresOf4AreOfTheMetricsTheyName(t *testing.T) {
	t.Parallel()
	all := parsed(t, bolus4+"/E:P/CR:L/IR:L/AR:L/MAV:L/S:P/U:Red")
	base := parsed(t, bolus4)
	threat := parsed(t, bolus4+"/E:P")
	require.Equal(t, base.Score(), all.Base())
	require.Equal(t, threat.Score(), all.Temporal())
	require.Equal(t, all.Environmental(), all.Score())
	require.Less(t, all.Score(), threat.Score())
	require.Less(t, threat.Score(), base.Score())
	require.Equal(t, base.Score(), threat.Base())
	require.Equal(t, base.Severity(), all.Severity(), "the rating is of the base score")
	require.True(t, all.HasTemporal() && all.HasEnvironmental())
	require.Equal(t, base.Score(), parsed(t, bolus4+"/S:P/AU:Y/R:I/V:C/RE:H/U:Clear").Score(), "supplemental metrics weigh nothing")
	none := strings.NewReplacer("VI:H", "VI:N", "VA:L", "VA:N").Replace(bolus4)
	require.Zero(t, parsed(t, none).Score())
	require.Zero(t, parsed(t, bolus4+"/MVI:N/MVA:N").Score())
	require.NotZero(t, parsed(t, none+"/MSI:S").Score(), "harm to a person is an impact")
}
