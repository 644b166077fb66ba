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
				if m >= bases[version] && named[name].Metric == "" {
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
