package cvss_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/cvss"
)

// worse lists the values of each base metric from the least to the most severe.
var worse = map[string][]string{
	"2.0": {"AV:L A N", "AC:H M L", "Au:M S N", "C:N P C", "I:N P C", "A:N P C"},
	"3.0": {"AV:P L A N", "AC:H L", "PR:H L N", "UI:R N", "S:U C", "C:N L H", "I:N L H", "A:N L H"},
	"3.1": {"AV:P L A N", "AC:H L", "PR:H L N", "UI:R N", "S:U C", "C:N L H", "I:N L H", "A:N L H"},
	"4.0": {"AV:P L A N", "AC:H L", "AT:P N", "PR:H L N", "UI:A P N", "VC:N L H", "VI:N L H", "VA:N L H", "SC:N L H", "SI:N L H", "SA:N L H"},
}

// lowered walks every base vector of a version and counts the steps to a more
// severe value that lower the score.
func lowered(t *testing.T, version string) (steps, lower int, first string) {
	t.Helper()
	rows := worse[version]
	values := make([][]string, len(rows))
	names := make([]string, len(rows))
	for m, row := range rows {
		var all string
		names[m], all, _ = strings.Cut(row, ":")
		values[m] = strings.Fields(all)
	}
	var each func(v cvss.Vector, m int)
	each = func(v cvss.Vector, m int) {
		if m < len(rows) {
			for _, value := range values[m] {
				each(with(t, v, names[m], value), m+1)
			}
			return
		}
		score := v.Base()
		for m := range rows {
			at := v.Get(names[m])
			for k, value := range values[m][:len(values[m])-1] {
				if value != at {
					continue
				}
				steps++
				if w := with(t, v, names[m], values[m][k+1]); w.Base() < score {
					lower++
					if first == "" {
						first = v.String() + " with " + names[m] + ":" + values[m][k+1]
					}
				}
			}
		}
	}
	each(parsed(t, drawn(version, false, 1)[0]), 0)
	return steps, lower, first
}

func TestAMoreSevereValueNeverLowersABaseScore(t *testing.T) {
	t.Parallel()
	for version := range worse {
		steps, lower, first := lowered(t, version)
		require.NotZero(t, steps)
		require.Zero(t, lower, "%s: of %d steps, the first is %s", version, steps, first)
		t.Log(version, steps, "steps")
	}
}
