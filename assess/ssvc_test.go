package assess_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
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
