package cvss_test

import (
	"fmt"
	"math/big"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/cvss"
)

// The oracle of this file computes v3.x scores in exact fractions, from weights
// written down again as the specification prints them. It shares no code with
// the package.

func rat(s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		panic(s)
	}
	return r
}

var weights = map[string]map[string]string{
	"AV":  {"N": "0.85", "A": "0.62", "L": "0.55", "P": "0.2"},
	"AC":  {"L": "0.77", "H": "0.44"},
	"PRU": {"N": "0.85", "L": "0.62", "H": "0.27"},
	"PRC": {"N": "0.85", "L": "0.68", "H": "0.5"},
	"UI":  {"N": "0.85", "R": "0.62"},
	"CIA": {"N": "0", "L": "0.22", "H": "0.56"},
	"REQ": {"X": "1", "H": "1.5", "M": "1", "L": "0.5"},
	"E":   {"X": "1", "H": "1", "F": "0.97", "P": "0.94", "U": "0.91"},
	"RL":  {"X": "1", "U": "1", "W": "0.97", "T": "0.96", "O": "0.95"},
	"RC":  {"X": "1", "C": "1", "R": "0.96", "U": "0.92"},
}

func weight(metric, value string) *big.Rat { return rat(weights[metric][value]) }

func product(of ...*big.Rat) *big.Rat {
	p := rat("1")
	for _, r := range of {
		p.Mul(p, r)
	}
	return p
}

func sub(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }

func power(r *big.Rat, n int) *big.Rat {
	p := rat("1")
	for range n {
		p.Mul(p, r)
	}
	return p
}

// floor is the largest whole number not above r.
func floor(r *big.Rat) int64 { return new(big.Int).Div(r.Num(), r.Denom()).Int64() }

// integerRoundup is Roundup of v3.1 in tenths, on an exact number.
func integerRoundup(r *big.Rat) int64 {
	i := floor(new(big.Rat).Add(new(big.Rat).Mul(r, jumps), half))
	if i%10000 == 0 {
		return i / 10000
	}
	return i/10000 + 1
}

// leastNotBelow is the rounding of v3.0 in tenths, on an exact number.
func leastNotBelow(r *big.Rat) int64 {
	return -floor(product(r, rat("-10")))
}

// margin is how far r stands from the nearest place where the integer Roundup
// jumps, in hundred-thousandths of a point.
func margin(r *big.Rat) float64 {
	x := new(big.Rat).Add(new(big.Rat).Mul(r, jumps), half)
	x.Sub(x, new(big.Rat).SetInt64(floor(x)))
	f, _ := x.Float64()
	return min(f, 1-f)
}

func exactImpact(iss *big.Rat, scope, version string, environmental bool) *big.Rat {
	if scope == "U" {
		return product(rat("6.42"), iss)
	}
	first := product(rat("7.52"), sub(iss, rat("0.029")))
	if environmental && version == "3.1" {
		return sub(first, product(rat("3.25"), power(sub(product(iss, rat("0.9731")), rat("0.02")), 13)))
	}
	return sub(first, product(rat("3.25"), power(sub(iss, rat("0.02")), 15)))
}

var ten, scopeFactor, jumps, half = rat("10"), rat("1.08"), rat("100000"), rat("0.5")

func exactExploitability(av, ac, pr, ui, scope string) *big.Rat {
	return product(rat("8.22"), weight("AV", av), weight("AC", ac), weight("PR"+scope, pr), weight("UI", ui))
}

// unrounded joins impact and exploitability, capped at 10; nil is a score of 0.
func unrounded(impact, exploitability *big.Rat, scope string) *big.Rat {
	if impact.Sign() <= 0 {
		return nil
	}
	x := new(big.Rat).Add(impact, exploitability)
	if scope == "C" {
		x.Mul(x, scopeFactor)
	}
	if x.Cmp(ten) > 0 {
		return ten
	}
	return x
}

// walk calls fn with every combination of the eight base metrics' values.
func walk(fn func(av, ac, pr, ui, s, c, i, a string)) {
	each := func(letters string, next func(string)) {
		for _, l := range letters {
			next(string(l))
		}
	}
	each("NALP", func(av string) {
		each("LH", func(ac string) {
			each("NLH", func(pr string) {
				each("NR", func(ui string) {
					each("UC", func(s string) {
						each("HLN", func(c string) {
							each("HLN", func(i string) {
								each("HLN", func(a string) { fn(av, ac, pr, ui, s, c, i, a) })
							})
						})
					})
				})
			})
		})
	})
}

func TestEveryBaseScoreEqualsTheFormulaInExactFractions(t *testing.T) {
	t.Parallel()
	n, nearest, scores := 0, 1.0, map[int64]cvss.Vector{}
	walk(func(av, ac, pr, ui, s, c, i, a string) {
		for _, version := range []string{"3.0", "3.1"} {
			n++
			text := fmt.Sprintf("CVSS:%s/AV:%s/AC:%s/PR:%s/UI:%s/S:%s/C:%s/I:%s/A:%s", version, av, ac, pr, ui, s, c, i, a)
			v, err := cvss.Parse(text)
			require.NoError(t, err)
			require.Equal(t, text, v.String())

			iss := sub(rat("1"), product(sub(rat("1"), weight("CIA", c)), sub(rat("1"), weight("CIA", i)), sub(rat("1"), weight("CIA", a))))
			x := unrounded(exactImpact(iss, s, version, false), exactExploitability(av, ac, pr, ui, s), s)
			want := int64(0)
			if x != nil {
				want = integerRoundup(x)
				require.Equal(t, want, leastNotBelow(x), "%s: the roundings of v3.0 and v3.1 differ", text)
				nearest = min(nearest, margin(x))
			}
			scores[want] = v
			require.Equal(t, float64(want)/10, v.Base(), text)
			require.Equal(t, v.Base(), v.Score(), text)
		}
	})
	require.Equal(t, 2*2592, n)
	require.Greater(t, nearest, 1e-6, "float64 errs by about 1e-9 of this unit: far from every jump")
	t.Logf("%d vectors, %d different scores, nearest jump %.2g", n, len(scores), nearest)

	everyTemporalCombination(t, scores, cvss.Vector.Temporal)
}

// everyTemporalCombination tempers one vector of each score in all ways.
func everyTemporalCombination(t *testing.T, scores map[int64]cvss.Vector, score func(cvss.Vector) float64) {
	t.Helper()
	for tenths, v := range scores {
		for e, we := range weights["E"] {
			for rl, wrl := range weights["RL"] {
				for rc, wrc := range weights["RC"] {
					tv := with(t, v, "E", e, "RL", rl, "RC", rc)
					x := product(big.NewRat(tenths, 10), rat(we), rat(wrl), rat(wrc))
					if want := integerRoundup(x); want != leastNotBelow(x) || float64(want)/10 != score(tv) {
						t.Fatalf("%s: %d tenths by v3.1, %d by v3.0, got %v", tv, want, leastNotBelow(x), score(tv))
					}
					if tv.Base() != v.Base() {
						t.Fatalf("%s: temporal metrics changed the base score", tv)
					}
				}
			}
		}
	}
}

func TestEveryEnvironmentalScoreEqualsTheFormulaInExactFractions(t *testing.T) {
	t.Parallel()
	type inner struct{ c, i, a, cr, ir, ar, s, version string }
	impacts := map[inner]*big.Rat{}
	impact := func(k inner) *big.Rat {
		if r, ok := impacts[k]; ok {
			return r
		}
		lost := func(metric, req string) *big.Rat {
			return sub(rat("1"), product(weight("CIA", metric), weight("REQ", req)))
		}
		miss := sub(rat("1"), product(lost(k.c, k.cr), lost(k.i, k.ir), lost(k.a, k.ar)))
		if miss.Cmp(rat("0.915")) > 0 {
			miss = rat("0.915")
		}
		impacts[k] = exactImpact(miss, k.s, k.version, true)
		return impacts[k]
	}
	n, nearest, versionsDiffer, scores := 0, 1.0, 0, map[int64]cvss.Vector{}
	turn := 0
	base, err := cvss.Parse("CVSS:3.1/AV:P/AC:H/PR:L/UI:N/S:U/C:L/I:N/A:N")
	require.NoError(t, err)
	walk(func(av, ac, pr, ui, s, c, i, a string) {
		v31 := with(t, base, "MAV", av, "MAC", ac, "MPR", pr, "MUI", ui, "MS", s, "MC", c, "MI", i, "MA", a)
		exploitability := exactExploitability(av, ac, pr, ui, s)
		if turn++; turn%sparing(37) != 0 {
			return
		}
		for _, cr := range []string{"H", "M", "L"} {
			for _, ir := range []string{"H", "M", "L"} {
				for _, ar := range []string{"H", "M", "L"} {
					var got [2]float64
					for k, version := range []string{"3.0", "3.1"} {
						n++
						v, err := with(t, v31, "CR", cr, "IR", ir, "AR", ar).As(version)
						require.NoError(t, err)
						x := unrounded(impact(inner{c, i, a, cr, ir, ar, s, version}), exploitability, s)
						want := int64(0)
						if x != nil {
							want = integerRoundup(x)
							if want != leastNotBelow(x) {
								t.Fatalf("%s: the roundings of v3.0 and v3.1 differ", v)
							}
							nearest = min(nearest, margin(x))
						}
						scores[want] = v
						got[k] = v.Environmental()
						if float64(want)/10 != got[k] {
							t.Fatalf("%s: %v, want %d tenths", v, got[k], want)
						}
					}
					if got[0] != got[1] {
						versionsDiffer++
					}
				}
			}
		}
	})
	require.Equal(t, 2592/sparing(37)*2*27, n)
	require.Greater(t, nearest, 1e-6)
	require.NotZero(t, versionsDiffer, "v3.1 changed the formula for a changed scope")
	t.Logf("%d vectors, %d different scores, nearest jump %.2g; v3.0 and v3.1 differ on %d pairs", n, len(scores), nearest, versionsDiffer)
	everyTemporalCombination(t, scores, cvss.Vector.Environmental)
}

// sparing is 1 with POSTMARKET_TEST_LONG=1, when all that there is to walk is
// walked, else n: every nth is.
func sparing(n int) int {
	if os.Getenv("POSTMARKET_TEST_LONG") != "" {
		return 1
	}
	return n
}

// with sets metrics given as name, value, name, value.
func with(t testing.TB, v cvss.Vector, pairs ...string) cvss.Vector {
	for i := 0; i < len(pairs); i += 2 {
		var err error
		if v, err = v.With(pairs[i], pairs[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	return v
}
