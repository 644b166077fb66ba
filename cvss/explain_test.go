package cvss_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/cvss"
)

var powers = regexp.MustCompile(`\(([^()]*)\)\^(\d+)`)

// computed works out what a term says that it computes, as a reviewer would.
func computed(t *testing.T, values string) float64 {
	t.Helper()
	s := strings.NewReplacer("×", "*", "−", "-").Replace(values)
	s = powers.ReplaceAllString(s, "pow($1, $2)")
	e, err := parser.ParseExpr(s)
	require.NoError(t, err, values)
	var eval func(ast.Expr) float64
	eval = func(e ast.Expr) float64 {
		switch e := e.(type) {
		case *ast.BasicLit:
			x, err := strconv.ParseFloat(e.Value, 64)
			require.NoError(t, err)
			return x
		case *ast.ParenExpr:
			return eval(e.X)
		case *ast.UnaryExpr:
			require.Equal(t, token.SUB, e.Op)
			return -eval(e.X)
		case *ast.CallExpr:
			x, y := eval(e.Args[0]), eval(e.Args[1])
			if e.Fun.(*ast.Ident).Name == "pow" {
				return math.Pow(x, y)
			}
			return min(x, y)
		case *ast.BinaryExpr:
			x, y := eval(e.X), eval(e.Y)
			switch e.Op {
			case token.ADD:
				return x + y
			case token.SUB:
				return x - y
			case token.MUL:
				return x * y
			case token.QUO:
				return x / y
			}
		}
		require.Fail(t, "not arithmetic", values)
		return 0
	}
	return eval(e)
}

func TestEveryStepOfTheWorkingComputesToItsResult(t *testing.T) {
	t.Parallel()
	steps := 0
	for version := range canonical {
		vectors := append(drawn(version, false, 400), drawn(version, true, 1200)...)
		for _, text := range vectors {
			v := parsed(t, text)
			e := cvss.Explain(v)
			require.Equal(t, v.Score(), e.Score)
			require.Equal(t, fmt.Sprintf("%.1f", v.Score()), e.Terms[len(e.Terms)-1].Result, text)
			for _, term := range e.Terms {
				values := term.Values
				switch {
				case term.Part == "macro vector", term.Name == "severity distance", term.Result == "-",
					term.Name == "f(impact)", strings.Contains(values, "≤"), strings.Contains(term.Formula, "no system"):
					continue
				case term.Name == "difference":
					values, _, _ = strings.Cut(values, " (")
				}
				steps++
				x, err := strconv.ParseFloat(term.Result, 64)
				require.NoError(t, err, text)
				want := computed(t, values)
				switch {
				case strings.HasPrefix(term.Formula, "nearest tenth") && want > 0:
					require.Equal(t, math.Floor(want*10+0.5+1e-6)/10, x, "%s: %+v", text, term)
				case strings.HasPrefix(term.Formula, "nearest tenth"):
					require.LessOrEqual(t, x, 0.0)
					require.InDelta(t, max(want, x), x, 0.05)
				case strings.HasPrefix(term.Formula, "up to"):
					require.Equal(t, math.Ceil(want*10-1e-5)/10, x, "%s: %+v", text, term)
				default:
					require.InDelta(t, want, x, 3e-6, "%s: %+v", text, term)
				}
			}
		}
	}
	require.Greater(t, steps, 20000)
}

func TestEffectsAreWhatSettingTheMetricDoes(t *testing.T) {
	t.Parallel()
	for version, rows := range canonical {
		for _, text := range append(drawn(version, false, 30), drawn(version, true, 60)...) {
			v := parsed(t, text)
			e := cvss.Explain(v)
			named := map[string]cvss.Effect{}
			last := math.Inf(1)
			for _, f := range e.Effects {
				named[f.Metric] = f
				require.Equal(t, v.Get(f.Metric), f.Value)
				swing := f.Worst.Score - f.Best.Score
				require.Greater(t, swing, 0.0)
				require.LessOrEqual(t, swing, last+1e-9, "what changes most comes first")
				last = swing
				for _, a := range []cvss.Alternative{f.Best, f.Worst} {
					require.Equal(t, with(t, v, f.Metric, a.Value).Score(), a.Score)
					require.InDelta(t, a.Score-v.Score(), a.Change, 1e-9)
				}
			}
			for m, row := range rows {
				name, values, _ := strings.Cut(row, ":")
				threat := name == "E" || version != "4.0" && (name == "RL" || name == "RC")
				if m >= bases[version] && !threat && named[name].Metric == "" {
					continue // of a group that is not used, or mirrors its base metric
				}
				for value := range strings.FieldsSeq(values) {
					score := with(t, v, name, value).Score()
					f, ok := named[name]
					if !ok {
						require.Equal(t, v.Score(), score, "%s: %s is said to change nothing", text, name)
						continue
					}
					require.True(t, f.Best.Score <= score && score <= f.Worst.Score, "%s: %s:%s", text, name, value)
				}
			}
		}
	}
}

func TestWhatIsNotGivenButCouldBeIsAmongTheEffects(t *testing.T) {
	t.Parallel()
	for text, metrics := range map[string]string{
		two:                "E RL RC",
		dos:                "E RL RC",
		dos + "/MAV:P":     "E RL RC",
		dos + "/RL:O":      "E RC",
		bolus4:             "E",
		bolus4 + "/MSI:S":  "E",
		bolus4 + "/E:P":    "",
		two + "/CDP:H":     "E RL RC",
		two + "/E:F/RL:OF": "RC",
	} {
		v := parsed(t, text)
		absent := map[string]string{}
		for _, f := range cvss.Explain(v).Effects {
			if v.Get(f.Metric) == "X" || v.Get(f.Metric) == "ND" {
				absent[f.Metric] = f.Value
			}
		}
		said := cvss.Explain(v).String()
		for metric := range strings.FieldsSeq(metrics) {
			require.Contains(t, absent, metric, text)
			require.Regexp(t, `(?m)^`+metric+` +not given +[A-Z]+ +[0-9.]+ +-[0-9.]+ `, said, text)
		}
		if !v.HasEnvironmental() {
			require.Len(t, absent, len(strings.Fields(metrics)), "%s: %v", text, absent)
		}
	}
}

// levelRules say again when each sentence of the macro vector's rows holds, of
// the values that the row shows.
var levelRules = map[string]map[string]func(has func(string) bool) bool{
	"EQ1": {
		"AV:N, PR:N and UI:N → 0":                      func(h func(string) bool) bool { return h("AV:N") && h("PR:N") && h("UI:N") },
		"not AV:P; one or two of AV:N, PR:N, UI:N → 1": func(h func(string) bool) bool { n := among(h, "AV:N PR:N UI:N"); return !h("AV:P") && n > 0 && n < 3 },
		"AV:P, or none of AV:N, PR:N, UI:N → 2":        func(h func(string) bool) bool { return h("AV:P") || among(h, "AV:N PR:N UI:N") == 0 },
	},
	"EQ2": {
		"AC:L and AT:N → 0": func(h func(string) bool) bool { return h("AC:L") && h("AT:N") },
		"AC:H or AT:P → 1":  func(h func(string) bool) bool { return h("AC:H") || h("AT:P") },
	},
	"EQ3": {
		"VC:H and VI:H → 0": func(h func(string) bool) bool { return h("VC:H") && h("VI:H") },
		"not both VC:H and VI:H; one of VC:H, VI:H, VA:H → 1": func(h func(string) bool) bool { return !(h("VC:H") && h("VI:H")) && among(h, "VC:H VI:H VA:H") > 0 },
		"none of VC:H, VI:H, VA:H → 2":                        func(h func(string) bool) bool { return among(h, "VC:H VI:H VA:H") == 0 },
	},
	"EQ4": {
		"SI:S or SA:S → 0": func(h func(string) bool) bool { return h("SI:S") || h("SA:S") },
		"neither SI:S nor SA:S; one of SC:H, SI:H, SA:H → 1": func(h func(string) bool) bool { return among(h, "SI:S SA:S") == 0 && among(h, "SC:H SI:H SA:H") > 0 },
		"none of SC:H, SI:H, SA:H, SI:S, SA:S → 2":           func(h func(string) bool) bool { return among(h, "SC:H SI:H SA:H SI:S SA:S") == 0 },
	},
	"EQ5": {
		"E:A → 0": func(h func(string) bool) bool { return h("E:A") },
		"E:P → 1": func(h func(string) bool) bool { return h("E:P") },
		"E:U → 2": func(h func(string) bool) bool { return h("E:U") },
	},
	"EQ6": {
		"VC:H with CR:H, VI:H with IR:H, or VA:H with AR:H → 0":      eq6,
		"none of VC:H with CR:H, VI:H with IR:H, VA:H with AR:H → 1": func(h func(string) bool) bool { return !eq6(h) },
	},
}

func eq6(h func(string) bool) bool {
	return h("VC:H") && h("CR:H") || h("VI:H") && h("IR:H") || h("VA:H") && h("AR:H")
}

func among(has func(string) bool, list string) (n int) {
	for value := range strings.FieldsSeq(list) {
		if has(value) {
			n++
		}
	}
	return n
}

func TestTheRowsOfTheMacroVectorSayTheRuleOfTheirLevel(t *testing.T) {
	t.Parallel()
	said := map[string]int{}
	for _, text := range append(drawn("4.0", false, 2000), drawn("4.0", true, 2000)...) {
		e := cvss.Explain(parsed(t, text))
		for k, name := range []string{"EQ1", "EQ2", "EQ3", "EQ4", "EQ5", "EQ6"} {
			row := e.Terms[k]
			require.Equal(t, name, row.Name)
			rules := levelRules[name]
			require.Contains(t, rules, row.Formula, text)
			require.True(t, strings.HasSuffix(row.Formula, " → "+row.Result), "%+v", row)
			holding := 0
			for rule, holds := range rules {
				if holds(func(value string) bool { return strings.Contains(row.Values, value) }) {
					holding++
					require.Equal(t, rule, row.Formula, "%s: %+v", text, row)
				}
			}
			require.Equal(t, 1, holding)
			said[row.Formula]++
		}
	}
	require.Len(t, said, 3+2+3+3+3+2, "every rule was met")
	row := cvss.Explain(parsed(t, bolus4+"/MSI:S")).Terms[6]
	require.Equal(t, "macro vector", row.Name)
	for _, want := range []string{"modified metric", "CR, IR, AR", "E"} {
		require.Contains(t, row.Formula, want, "what stands for what is not given is said too")
	}
}

func TestTheStepsOfADifferenceAddUp(t *testing.T) {
	t.Parallel()
	for version := range canonical {
		texts := drawn(version, true, 200)
		for k := range texts[1:] {
			a, b := parsed(t, texts[k]), parsed(t, texts[k+1])
			d := cvss.Compare(a, b)
			require.False(t, d.Apart)
			sum, at := d.Before, a
			for _, c := range d.Steps {
				require.Equal(t, a.Get(c.Metric), c.From)
				require.Equal(t, b.Get(c.Metric), c.To)
				require.NotEqual(t, c.From, c.To)
				require.InDelta(t, with(t, a, c.Metric, c.To).Score()-a.Score(), c.Alone, 1e-9)
				at = with(t, at, c.Metric, c.To)
				sum += c.Step
				require.Equal(t, at.Score(), c.Score)
			}
			require.Equal(t, b, at)
			require.InDelta(t, d.After, sum, 1e-9)
			require.InDelta(t, d.After-d.Before, d.Change, 1e-9)
		}
	}
}

func TestWhatCannotBeComparedIsSaid(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]cvss.Vector{
		{parsed(t, two), parsed(t, dos)},
		{parsed(t, dos), parsed(t, bolus4)},
		{parsed(t, dos), {}},
		{{}, parsed(t, two)},
	} {
		d := cvss.Compare(pair[0], pair[1])
		require.True(t, d.Apart)
		require.Empty(t, d.Steps)
		require.Contains(t, d.String(), "share no metrics")
	}
	d := cvss.Compare(parsed(t, dos), parsed(t, dos))
	require.False(t, d.Apart)
	require.Contains(t, d.String(), "Nothing differs")
	require.False(t, cvss.Compare(cvss.Vector{}, cvss.Vector{}).Apart)

	three, err := parsed(t, all22).As("3.0")
	require.NoError(t, err)
	d = cvss.Compare(parsed(t, strings.Replace(all22, "MS:U", "MS:C", 1)), three)
	require.Equal(t, []string{"MS", "CVSS"}, []string{d.Steps[0].Metric, d.Steps[1].Metric})
	require.Equal(t, three.Score(), d.Steps[1].Score)
}

func TestNoVectorHasNoWorking(t *testing.T) {
	t.Parallel()
	require.Empty(t, cvss.Explain(cvss.Vector{}).String())
	require.Empty(t, cvss.Explain(cvss.Vector{}).Terms)
}

func TestMarkdownHasAsManyCellsInEachRow(t *testing.T) {
	t.Parallel()
	for _, text := range []string{two, all22, bolus4} {
		cells := 0
		for line := range strings.Lines(cvss.Explain(parsed(t, text)).Markdown()) {
			n := strings.Count(line, "|")
			if n == 0 || cells == 0 {
				cells = n
				continue
			}
			require.Equal(t, cells, n, line)
		}
	}
}
