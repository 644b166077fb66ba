package assess_test

import (
	"math"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/rule"
	"github.com/open-postmarket/postmarket/store"
)

// The default matrix is our own convention, after FDA, Postmarket Management of
// Cybersecurity in Medical Devices (2016), VI, which gives no cell boundaries.
// C is controlled, U uncontrolled, J uncontrolled until justified.
func TestTheDefaultMatrixHasTheseFifteenCells(t *testing.T) {
	t.Parallel()
	golden := map[assess.Level]string{assess.High: "CCUUU", assess.Medium: "CCUUU", assess.Low: "CCCJJ"}
	m, err := assess.DefaultMatrix()
	require.NoError(t, err)
	cells := 0
	for _, l := range assess.Levels() {
		for i, h := range assess.Harms() {
			v, err := m.Verdict(l, h)
			require.NoError(t, err)
			want := golden[l][i]
			require.Equal(t, want == 'C', v.Risk == assess.Controlled, "%s × %s", l, h)
			require.Equal(t, want != 'C', v.Risk == assess.Uncontrolled, "%s × %s", l, h)
			require.Equal(t, want == 'J', v.Justify, "%s × %s", l, h)
			require.Equal(t, rule.Convention, v.Citation.Force)
			require.Equal(t, rule.Ours, v.Citation.Certainty)
			require.Equal(t, m.Digest(), v.Digest)
			require.NotEmpty(t, v.Label)

			// and so it is through all four steps
			a := proposed(t, l, h)
			require.Equal(t, v.Risk, a.Determination.Risk)
			require.True(t, a.Undetermined(), "a proposal is not a determination")
			a, err = a.Settle(ok("safety"))
			require.NoError(t, err)
			require.NoError(t, a.Check())
			require.Equal(t, v.Risk, a.Risk())
			cells++
		}
	}
	require.Equal(t, 15, cells)
	_, err = m.Verdict("", assess.Minor)
	require.Error(t, err)
}

// The limits 2.8 and 1.6 are ours. They are held against the exact subscore; for
// every vector of CVSS v3 the rounded one gives the same level.
func TestTheBandsOfTheSubscoreBeginAtTheirLimits(t *testing.T) {
	t.Parallel()
	m, err := assess.DefaultMatrix()
	require.NoError(t, err)
	for sub, want := range map[float64]assess.Level{
		0: assess.Low, 1.5999: assess.Low, 1.6: assess.Medium, 2.7999: assess.Medium, 2.8: assess.High, 3.9: assess.High,
	} {
		require.Equal(t, want, m.Level(sub), "%v", sub)
	}
	counts := map[assess.Level]int{}
	for _, av := range []string{"N", "A", "L", "P"} {
		for _, ac := range []string{"L", "H"} {
			for _, pr := range []string{"N", "L", "H"} {
				for _, ui := range []string{"N", "R"} {
					for _, s := range []string{"U", "C"} {
						v, err := cvss.Parse("CVSS:3.1/AV:" + av + "/AC:" + ac + "/PR:" + pr + "/UI:" + ui + "/S:" + s + "/C:N/I:N/A:H")
						require.NoError(t, err)
						x := v.Exploitability()
						require.Equal(t, m.Level(math.Round(x*10)/10), m.Level(x), "%s %v", v, x)
						counts[m.Level(x)]++
					}
				}
			}
		}
	}
	require.Len(t, counts, 3, "%v", counts)
}

func TestAMatrixFileThatIsNotRightIsRefused(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile("matrix.json")
	require.NoError(t, err)
	const first = `{"exploitability": "high", "harm": "negligible", "risk": "controlled"},`
	for _, c := range []struct{ name, old, new, err string }{
		{"a cell is missing", first, "", `cell high × negligible is there 0 times`},
		{"a cell is there twice", first, first + first, `cell high × negligible is there 2 times`},
		{"an unknown level", first, strings.Replace(first, `"high"`, `"huge"`, 1), `exploitability "huge" is not known`},
		{"an unknown harm", first, strings.Replace(first, `"negligible"`, `"bad"`, 1), `harm "bad" is not known`},
		{"an unknown risk", first, strings.Replace(first, `"controlled"`, `"maybe"`, 1), `risk "maybe" is neither`},
		{"a risk of not affected", first, strings.Replace(first, `"controlled"`, `"not-affected"`, 1), "is neither"},
		{"a mistyped field", first, strings.Replace(first, `"risk"`, `"risc"`, 1), `unknown field "risc"`},
		{"a justification where nothing is uncontrolled", first, strings.Replace(first, `"controlled"`, `"controlled", "justify": true`, 1), "only an uncontrolled cell"},
		{"more harm made controlled", `"harm": "critical", "risk": "uncontrolled"`, `"harm": "critical", "risk": "controlled"`, "is controlled although high × serious is not"},
		{"an easier exploit made controlled", `"high", "harm": "critical", "risk": "uncontrolled"`, `"high", "harm": "critical", "risk": "controlled"`, "although medium × critical is not"},
		{"no citation", `"clause": "default matrix of harm`, `"clause": "", "url": "default matrix of harm`, "matrix: "},
		{"no force", `"force": "convention"`, `"force": ""`, "force"},
		{"no label", `"label": "default of`, `"label": "", "name": "default of`, "given twice"},
		{"bands upside down", `"medium": 1.6`, `"medium": 3`, "0 < medium < high"},
		{"an unknown level for what is exploited", `"to": "high"`, `"to": "certain"`, `level "certain"`},
		{"cut off", "\n  ]\n}", "", "unexpected EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(string(good), c.old, c.new, 1)
			require.NotEqual(t, string(good), text, "the test changes nothing")
			_, err := assess.LoadMatrix(fstest.MapFS{"m.json": {Data: []byte(text)}}, "m.json")
			require.ErrorContains(t, err, c.err)
			require.ErrorContains(t, err, `"m.json"`)
		})
	}
	_, err = assess.LoadMatrix(fstest.MapFS{}, "none.json")
	require.ErrorContains(t, err, "none.json")
}

func TestAMakersOwnMatrixReplacesTheDefault(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("matrix.json")
	require.NoError(t, err)
	strict := strings.Replace(string(text), `"high", "harm": "minor", "risk": "controlled"`, `"high", "harm": "minor", "risk": "uncontrolled"`, 1)
	strict = strings.Replace(strict, "open-postmarket default", "ours", 1)
	m, err := assess.LoadMatrix(fstest.MapFS{"m.json": {Data: []byte(strict)}}, "m.json")
	require.NoError(t, err)
	_, err = scored(t, assess.High, assess.Minor).Propose(m, assess.Proposal{Step: step("analyst")})
	require.ErrorContains(t, err, `matrix "ours" is not the one of the exploitability step`)
	a, err := walked(t, m, assess.High, assess.Minor).Propose(m, assess.Proposal{Step: step("analyst")})
	require.NoError(t, err)
	require.Equal(t, assess.Uncontrolled, a.Determination.Risk)
	require.Equal(t, "ours", a.Determination.Verdict.Matrix)

	require.ErrorContains(t, a.Check(), "neither the default nor given")
	require.ErrorContains(t, a.Check(nil, &assess.Matrix{}), "neither the default nor given")
	require.NoError(t, a.Check(m))
	l := ledger()
	require.ErrorContains(t, assess.Save(t.Context(), l, store.By{Who: "analyst", Why: "w"}, a), "neither the default nor given")
	require.NoError(t, m.Save(t.Context(), l, store.By{Who: "analyst", Why: "w"}, a))
	lax := a
	d := *a.Determination
	v := *d.Verdict
	v.Risk, d.Risk, d.Verdict = assess.Controlled, assess.Controlled, &v
	lax.Determination = &d
	require.ErrorContains(t, lax.Check(m), `the verdict is not what matrix "ours" says`)

	other := strings.Replace(string(text), `"high": 2.8`, `"high": 3.89`, 1)
	m, err = assess.LoadMatrix(fstest.MapFS{"m.json": {Data: []byte(other)}}, "m.json")
	require.NoError(t, err)
	_, err = scored(t, assess.High, assess.Minor).Propose(m, assess.Proposal{Step: step("analyst")})
	require.ErrorContains(t, err, "is not the one of the exploitability step")
	_, err = scored(t, assess.High, assess.Minor).Propose(&assess.Matrix{}, assess.Proposal{Step: step("analyst")})
	require.ErrorContains(t, err, "not loaded")
}

func FuzzLoadMatrix(f *testing.F) {
	good, err := os.ReadFile("matrix.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"cells":[{}]}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := assess.LoadMatrix(fstest.MapFS{"m": {Data: data}}, "m")
		if err != nil {
			return
		}
		for _, l := range assess.Levels() {
			for _, h := range assess.Harms() {
				if v, err := m.Verdict(l, h); err != nil || v.Risk != assess.Controlled && v.Risk != assess.Uncontrolled {
					t.Fatalf("a matrix was loaded that does not answer %s × %s: %v %v", l, h, v, err)
				}
			}
		}
	})
}
