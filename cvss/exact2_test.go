package cvss_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The oracle of this file computes v2.0 scores in exact fractions, from weights
// written down again as the guide prints them.
var weights2 = map[string]map[string]string{
	"AV":  {"L": "0.395", "A": "0.646", "N": "1.0"},
	"AC":  {"H": "0.35", "M": "0.61", "L": "0.71"},
	"Au":  {"M": "0.45", "S": "0.56", "N": "0.704"},
	"CIA": {"N": "0.0", "P": "0.275", "C": "0.660"},
	"E":   {"U": "0.85", "POC": "0.9", "F": "0.95", "H": "1.00", "ND": "1.00"},
	"RL":  {"OF": "0.87", "TF": "0.90", "W": "0.95", "U": "1.00", "ND": "1.00"},
	"RC":  {"UC": "0.90", "UR": "0.95", "C": "1.00", "ND": "1.00"},
	"CDP": {"N": "0", "L": "0.1", "LM": "0.3", "MH": "0.4", "H": "0.5", "ND": "0"},
	"TD":  {"N": "0", "L": "0.25", "M": "0.75", "H": "1.00", "ND": "1.00"},
	"REQ": {"L": "0.5", "M": "1.0", "H": "1.51", "ND": "1.0"},
}

// nearestTenth rounds to one decimal, a half away from zero.
func nearestTenth(r *big.Rat) *big.Rat {
	if r.Sign() < 0 {
		return new(big.Rat).Neg(nearestTenth(new(big.Rat).Neg(r)))
	}
	return big.NewRat(floor(new(big.Rat).Add(product(r, rat("10")), half)), 10)
}

// exact2 returns the base, temporal and environmental score of metrics.
func exact2(m map[string]string) (base, temporal, environmental float64) {
	w := func(table, metric string) *big.Rat {
		value := m[metric]
		if value == "" {
			value = "ND"
		}
		return rat(weights2[table][value])
	}
	one := rat("1")
	lost := func(impact, requirement string) *big.Rat {
		return sub(one, product(w("CIA", impact), w("REQ", requirement)))
	}
	scored := func(impact *big.Rat) *big.Rat {
		if impact.Sign() == 0 {
			return rat("0")
		}
		x := new(big.Rat).Add(product(rat("0.6"), impact), product(rat("0.4"), rat("20"), w("AV", "AV"), w("AC", "AC"), w("Au", "Au")))
		return nearestTenth(product(sub(x, rat("1.5")), rat("1.176")))
	}
	tempered := func(base *big.Rat) *big.Rat {
		return nearestTenth(product(base, w("E", "E"), w("RL", "RL"), w("RC", "RC")))
	}
	plain := scored(product(rat("10.41"), sub(one, product(sub(one, w("CIA", "C")), sub(one, w("CIA", "I")), sub(one, w("CIA", "A"))))))
	adjusted := product(rat("10.41"), sub(one, product(lost("C", "CR"), lost("I", "IR"), lost("A", "AR"))))
	if adjusted.Cmp(ten) > 0 {
		adjusted = ten
	}
	t := tempered(scored(adjusted))
	e := nearestTenth(product(new(big.Rat).Add(t, product(sub(ten, t), w("CDP", "CDP"))), w("TD", "TD")))
	if e.Sign() < 0 {
		e = rat("0")
	}
	base, _ = plain.Float64()
	temporal, _ = tempered(plain).Float64()
	environmental, _ = e.Float64()
	return base, temporal, environmental
}

// hold2 holds one vector against the oracle.
func hold2(t *testing.T, text string) {
	t.Helper()
	m := map[string]string{}
	for e := range strings.SplitSeq(text, "/") {
		name, value, _ := strings.Cut(e, ":")
		m[name] = value
	}
	base, temporal, environmental := exact2(m)
	v := parsed(t, text)
	require.Equal(t, base, v.Base(), text)
	require.Equal(t, temporal, v.Temporal(), text)
	require.Equal(t, environmental, v.Environmental(), text)
}

// each2 calls fn with every combination of values of the metrics from..to.
func each2(from, to int, fn func(string)) {
	if from == to {
		fn("")
		return
	}
	name, values, _ := strings.Cut(canonical["2.0"][from], ":")
	for value := range strings.FieldsSeq(values) {
		each2(from+1, to, func(rest string) { fn("/" + name + ":" + value + rest) })
	}
}

// All that floating point computes in 2.0 is here: every base score, with every
// requirement.
func TestEveryBaseScoreOfVersion2IsExactWithEveryRequirement(t *testing.T) {
	t.Parallel()
	n, turn := 0, 0
	each2(0, 6, func(base string) {
		each2(11, 14, func(requirements string) {
			if strings.Contains(requirements, "ND") && requirements != "/CR:ND/IR:ND/AR:ND" {
				return // as M
			}
			if turn++; turn%sparing(11) != 0 {
				return
			}
			n++
			hold2(t, base[1:]+requirements)
		})
	})
	require.Equal(t, 729*28/sparing(11), n)
}

// Every base score that there is, with every temporal metric and every damage
// and distribution.
func TestEveryProductOfVersion2IsExact(t *testing.T) {
	t.Parallel()
	seen, turn := map[float64]bool{}, 0
	each2(0, 6, func(base string) {
		score := parsed(t, base[1:]).Base()
		if seen[score] {
			return
		}
		seen[score] = true
		each2(6, 9, func(temporal string) {
			if strings.Contains(temporal, "ND") {
				return // as H, U, C
			}
			each2(9, 11, func(environmental string) {
				if strings.Contains(environmental, "ND") {
					return // as N, H
				}
				if turn++; turn%sparing(17) == 0 {
					hold2(t, base[1:]+temporal+environmental)
				}
			})
		})
	})
	require.Greater(t, len(seen), 60)
}

func TestAnAdjustedBaseScoreOfVersion2BelowZeroCountsAsTheGuideHasIt(t *testing.T) {
	t.Parallel()
	const low = "AV:L/AC:H/Au:M/C:P/I:N/A:N/CR:L"
	require.Zero(t, parsed(t, low).Environmental(), "−0.2 is held at zero")
	require.Equal(t, 4.9, parsed(t, low+"/CDP:H").Environmental(), "(−0.2 + 10.2 × 0.5)")
	hold2(t, low)
	hold2(t, low+"/CDP:H")
}
