package assess_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
)

// The supplier tree of CERTCC/SSVC, all 36 rows (read in its own file).
func TestTheSupplierTableOfSSVC(t *testing.T) {
	t.Parallel()
	rows := map[string]string{ // exploitation, utility: partial minimal, partial significant, total minimal, total significant
		"N L": "DSSO", "N E": "SOSO", "N S": "SOOO", "P L": "SOSI", "P E": "SIOI", "P S": "OIOI",
		"A L": "OIOI", "A E": "OIOI", "A S": "IIII",
	}
	utility := map[string][2]string{"L": {"N", "D"}, "E": {"N", "C"}, "S": {"Y", "C"}}
	n := 0
	for key, want := range rows {
		e, u, _ := strings.Cut(key, " ")
		for i, ti := range []string{"P", "P", "T", "T"} {
			f := finding()
			switch e {
			case "A":
				f.Exploited = &feeds.Exploited{}
			case "P":
				f.Exploits = []string{"https://example.com/poc"}
			}
			a := exploitable(t, f)
			a, err := a.WithImpact(assess.Impact{Step: step("c"), Statement: "s", Harm: []assess.Harm{assess.Minor, assess.Serious}[i%2]})
			require.NoError(t, err)
			c, err := a.CrossCheck(nil, nil, assess.Known{Automatable: utility[u][0], ValueDensity: utility[u][1], TechnicalImpact: ti}, days, noon)
			require.NoError(t, err)
			require.Equal(t, []string{want[i : i+1]}, c.Supplier, "%s %s %d", key, ti, i)
			require.Equal(t, []string{"mission impact", "exposure"}, c.Open)
			require.NotEmpty(t, c.Label)
			n++
		}
	}
	require.Equal(t, 36, n)
}

// The tables of CERTCC/SSVC at e3b00a2, data/json/decision_tables/ssvc, by all inputs
// but the last: the outcomes by the last one's values, in their order.
var (
	supplierTable = map[string]string{ // exploitation, utility, technical impact; public safety impact M S
		"N L P": "D S", "N L T": "S O", "N E P": "S O", "N E T": "S O", "N S P": "S O", "N S T": "O O",
		"P L P": "S O", "P L T": "S I", "P E P": "S I", "P E T": "O I", "P S P": "O I", "P S T": "O I",
		"A L P": "O I", "A L T": "O I", "A E P": "O I", "A E T": "O I", "A S P": "I I", "A S T": "I I",
	}
	deployerTable = map[string]string{ // exploitation, exposure, automatable; human impact L M H VH
		"N S N": "D D S S", "N S Y": "D S S S", "N C N": "D S S S", "N C Y": "S S S S", "N O N": "D S S S", "N O Y": "S S S O",
		"P S N": "D S S S", "P S Y": "S S S S", "P C N": "D S S S", "P C Y": "S S S O", "P O N": "S S S O", "P O Y": "S S O O",
		"A S N": "S S O O", "A S Y": "S O O O", "A C N": "S S O O", "A C Y": "O O O O", "A O N": "S O O I", "A O Y": "O O I I",
	}
	humanTable = map[string]string{ // safety impact; mission impact D MSC MEF MF
		"N": "L L M VH", "M": "L L M VH", "R": "M H H VH", "C": "VH VH VH VH",
	}
	utilityTable = map[string]string{"N": "L E", "Y": "E S"} // automatable; value density D C
	publicTable  = map[string]string{"": "M S S S"}          // safety impact N M R C
)

// The crosswalk is ours: a change of it is a change of what is told, and is made here too.
var (
	safetyOf   = map[device.Harm]string{assess.Negligible: "N", assess.Minor: "N", assess.Serious: "M", assess.Critical: "M", assess.Catastrophic: "R"}
	exposureOf = map[device.Network]string{device.Isolated: "S", device.Segmented: "C", device.Facility: "C", device.Internet: "O"}
	classOf    = map[string]assess.Class{"D": assess.Scheduled, "S": assess.Standard, "O": assess.Expedited, "I": assess.Emergency}
)

// A single changed cell of the file, or another order of the words, is seen here.
func TestTheTablesAreThoseOfCERTCC(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("ssvc.json")
	require.NoError(t, err)
	var file struct {
		Crosswalk struct {
			Harm     []struct{ Harm, Safety string }
			Multiple string
			Exposure []struct{ Network, Exposure string }
			Response []struct{ Outcome, Class string }
		}
		Tables []struct {
			Table, Version, Outcomes string
			Inputs, Values, Rows     []string
		}
	}
	require.NoError(t, json.Unmarshal(data, &file))
	require.Len(t, file.Tables, 5)
	for _, tab := range file.Tables {
		want := map[string]struct {
			rows             int
			inputs           string
			values, outcomes string
			table            map[string]string
		}{
			"supplier":             {36, "exploitation, utility, technical impact, public safety impact", "N P A, L E S, P T, M S", "D S O I", supplierTable},
			"deployer":             {72, "exploitation, exposure, automatable, human impact", "N P A, S C O, N Y, L M H VH", "D S O I", deployerTable},
			"human impact":         {16, "safety impact, mission impact", "N M R C, D MSC MEF MF", "L M H VH", humanTable},
			"utility":              {4, "automatable, value density", "N Y, D C", "L E S", utilityTable},
			"public safety impact": {4, "safety impact", "N M R C", "M S", publicTable},
		}[tab.Table]
		require.Equal(t, want.inputs, strings.Join(tab.Inputs, ", "), tab.Table)
		require.Equal(t, want.values, strings.Join(tab.Values, ", "), tab.Table)
		require.Equal(t, want.outcomes, tab.Outcomes, tab.Table)
		require.Equal(t, "1.0.0", tab.Version, tab.Table)
		require.Len(t, tab.Rows, want.rows, tab.Table)
		last := strings.Fields(tab.Values[len(tab.Values)-1])
		got := map[string][]string{}
		for _, row := range tab.Rows {
			cells := strings.Fields(row)
			n := len(tab.Inputs)
			key := strings.Join(cells[:n-1], " ")
			require.Equal(t, last[len(got[key])], cells[n-1], "%s: %s is out of order", tab.Table, row)
			got[key] = append(got[key], cells[n])
		}
		require.Len(t, got, len(want.table), tab.Table)
		for key, outcomes := range want.table {
			require.Equal(t, outcomes, strings.Join(got[key], " "), "%s: %s", tab.Table, key)
		}
	}

	x := file.Crosswalk
	require.Equal(t, "C", x.Multiple)
	require.Len(t, x.Harm, len(safetyOf))
	for _, one := range x.Harm {
		require.Equal(t, safetyOf[device.Harm(one.Harm)], one.Safety, one.Harm)
	}
	require.Len(t, x.Exposure, len(exposureOf))
	for _, one := range x.Exposure {
		require.Equal(t, exposureOf[device.Network(one.Network)], one.Exposure, one.Network)
	}
	require.Len(t, x.Response, len(classOf))
	for _, one := range x.Response {
		require.Equal(t, classOf[one.Outcome], assess.Class(one.Class), one.Outcome)
	}
}

// deployed is exploited as e says, in a deployment on network n (none is not stated), with harm h.
func deployed(t *testing.T, e string, n device.Network, h assess.Harm) assess.Assessment {
	t.Helper()
	f := finding()
	switch e {
	case "A":
		f.Exploited = &feeds.Exploited{}
	case "P":
		f.Exploits = []string{"https://example.com/poc"}
	}
	a := exploitable(t, f)
	if n != "" {
		d := deployment(t)
		d.Network = n
		var err error
		a, err = a.WithEnvironment(assess.Environment{Step: step("analyst"), Privileges: "none", Path: "by the network"}, d, nil)
		require.NoError(t, err)
	}
	a, err := a.WithImpact(assess.Impact{Step: step("clinician"), Harm: h, Statement: "The pump stops."})
	require.NoError(t, err)
	return a
}

// The deployer tree, all 72 rows, by the four networks of ours.
func TestTheDeployerTableOfSSVC(t *testing.T) {
	t.Parallel()
	people := []struct { // human impact L M H VH
		code    string
		harm    assess.Harm
		mission string
	}{{"L", assess.Minor, "D"}, {"M", assess.Catastrophic, "D"}, {"H", assess.Catastrophic, "MEF"}, {"VH", assess.Serious, "MF"}}
	rows := map[string]bool{}
	for _, e := range []string{"N", "P", "A"} {
		for n, exposure := range exposureOf {
			for i, p := range people {
				a := deployed(t, e, n, p.harm)
				for _, auto := range []string{"N", "Y"} {
					c, err := a.CrossCheck(nil, nil, assess.Known{Automatable: auto, MissionImpact: p.mission}, days, noon)
					require.NoError(t, err)
					key := e + " " + exposure + " " + auto
					require.Equal(t, exposure, c.Inputs["exposure"])
					require.Equal(t, p.code, c.Inputs["human impact"])
					require.Equal(t, []string{strings.Fields(deployerTable[key])[i]}, c.Deployer, "%s %s", key, p.code)
					rows[key+" "+p.code] = true
				}
			}
		}
	}
	require.Len(t, rows, 72)
}

// Human impact, all 16 rows, and what each harm of ours is in SSVC's words.
func TestTheHumanImpactOfSSVC(t *testing.T) {
	t.Parallel()
	rows := map[string]bool{}
	for _, h := range assess.Harms() {
		a := deployed(t, "N", "", h)
		for i, mission := range []string{"D", "MSC", "MEF", "MF"} {
			for _, multiple := range []bool{false, true} {
				c, err := a.CrossCheck(nil, nil, assess.Known{MissionImpact: mission, Multiple: multiple}, days, noon)
				require.NoError(t, err)
				safety := safetyOf[h]
				if multiple && h == assess.Catastrophic {
					safety = "C"
				}
				require.Equal(t, safety, c.Inputs["safety impact"], h)
				require.Equal(t, strings.Fields(humanTable[safety])[i], c.Inputs["human impact"], "%s %s", safety, mission)
				require.Equal(t, map[string]string{"N": "M", "M": "S", "R": "S", "C": "S"}[safety], c.Inputs["public safety impact"])
				rows[safety+" "+mission] = true
			}
		}
	}
	require.Len(t, rows, 16)
}

func TestEachOutcomeOfSSVCStandsForAClass(t *testing.T) {
	t.Parallel()
	known := assess.Known{Automatable: "N", ValueDensity: "D", TechnicalImpact: "P"}
	total := known
	total.TechnicalImpact = "T"
	for _, c := range []struct {
		outcome string
		a       assess.Assessment
		known   assess.Known
	}{
		{"D", deployed(t, "N", "", assess.Minor), known},
		{"S", deployed(t, "N", "", assess.Minor), total},
		{"O", deployed(t, "A", "", assess.Minor), known},
		{"I", deployed(t, "A", "", assess.Serious), known},
	} {
		got, err := c.a.CrossCheck(nil, nil, c.known, days, noon)
		require.NoError(t, err)
		require.Equal(t, []string{c.outcome}, got.Supplier)
		require.Equal(t, classOf[c.outcome], got.Least)
		require.Equal(t, classOf[c.outcome], got.Most)
		require.Equal(t, got.Class != classOf[c.outcome], got.Differs)
	}
}

func TestWhatSSVCIsNotToldLeavesOutcomesOpen(t *testing.T) {
	t.Parallel()
	a := settled(t, assess.High, assess.Serious)
	c, err := a.CrossCheck(nil, nil, assess.Known{}, days, noon)
	require.NoError(t, err)
	require.Equal(t, []string{"S", "O"}, c.Supplier)
	require.Equal(t, assess.Expedited, c.Class)
	require.False(t, c.Differs)
	// harmless, and yet a score of 7.5: a difference for a person to look at
	c, err = settled(t, assess.High, assess.Negligible).CrossCheck(nil, nil, assess.Known{Automatable: "N", ValueDensity: "D", TechnicalImpact: "P"}, days, noon)
	require.NoError(t, err)
	require.Equal(t, []string{"D"}, c.Supplier)
	require.True(t, c.Differs)
	_, err = opened(t).CrossCheck(nil, nil, assess.Known{}, days, noon)
	require.ErrorContains(t, err, "impact is not judged")
	b, err := settled(t, assess.High, assess.Catastrophic).CrossCheck(nil, nil, assess.Known{Multiple: true}, days, noon)
	require.NoError(t, err)
	require.Equal(t, "C", b.Inputs["safety impact"])
	require.Equal(t, "VH", b.Inputs["human impact"])
	_, err = a.CrossCheck(&assess.SSVC{}, nil, assess.Known{}, days, noon)
	require.ErrorContains(t, err, "not loaded")
}

func TestAFileOfSSVCIsChecked(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("ssvc.json")
	require.NoError(t, err)
	for _, c := range []struct{ name, from, to, want string }{
		{"a row twice", `"N L P S S"`, `"N L P M D"`, "35 different ones in 36 rows, for 36"},
		{"a row too short", `"N L P S S"`, `"N L P S"`, "has 4 cells"},
		{"a value of nothing", `"N L P S S"`, `"N L P S Z"`, "is not one of"},
		{"a table of another name", `"table": "supplier"`, `"table": "supplier2"`, `table "supplier" is there 0 times`},
		{"a harm without a word", `"harm": "minor"`, `"harm": "mild"`, `harm "minor" has no safety impact`},
		{"an outcome without a class", `"class": "standard"`, `"class": "soon"`, `outcome "S" has no response class`},
		{"a network without exposure", `"network": "isolated"`, `"network": "moon"`, `network "isolated" has no exposure`},
	} {
		text := strings.Replace(string(data), c.from, c.to, 1)
		require.NotEqual(t, string(data), text, c.name)
		_, err := assess.LoadSSVC(fstest.MapFS{"s.json": {Data: []byte(text)}}, "s.json")
		require.ErrorContains(t, err, c.want, c.name)
	}
}

func ExampleAssessment_CrossCheck() {
	a, err := assess.Open(openssl(), noon.AddDate(0, 0, -1), "analyst-1", noon)
	if err != nil {
		fmt.Println(err)
		return
	}
	a, _ = a.WithTriage(assess.Triage{Step: step("analyst-1"), Result: assess.Affected})
	a, _ = a.WithExploitability(step("analyst-1"), overNetwork, nil)
	a, err = a.WithImpact(assess.Impact{Step: step("clinician-1"), Harm: assess.Serious, Statement: "The alarm may be lost."})
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := a.CrossCheck(nil, nil, assess.Known{Automatable: "N", ValueDensity: "D", TechnicalImpact: "T"}, days, noon)
	fmt.Println(c.Supplier, c.Least, c.Class, c.Differs, err)
	// Output: [O] expedited emergency true <nil>
}
