package cvss_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/internal/testdata"
)

// scored is one vector of the bundle with the scores that it must get.
type scored struct {
	Vector        string   `json:"vector"`
	Version       string   `json:"version"`
	Base          *float64 `json:"base"`
	Temporal      *float64 `json:"temporal"`
	Environmental *float64 `json:"environmental"`
}

func scoredIn(t testing.TB, file string) []scored {
	t.Helper()
	raw, err := os.ReadFile(testdata.Path(t, "scores", file))
	require.NoError(t, err)
	var all []scored
	require.NoError(t, json.Unmarshal(raw, &all))
	return all
}

func TestEveryScoreOfTheBundleIsExact(t *testing.T) {
	t.Parallel()
	all := scoredIn(t, "cvss-vectors.json")
	require.GreaterOrEqual(t, len(all), 8401, "the bundle holds its vectors")
	counts := map[string]int{}
	for _, want := range all {
		counts[want.Version+" vectors"]++
		exact(t, want, counts)
	}
	for _, version := range []string{"2.0", "3.0", "3.1", "4.0"} {
		require.NotZero(t, counts[version+" base"], version)
	}
	require.NotZero(t, counts["2.0 environmental"])
	require.NotZero(t, counts["3.1 environmental"])
	t.Log("exact:", counts)
}

// Existing calculators round these wrongly, or refuse them.
func TestWhereCalculatorsDisagreeTheScoreIsRight(t *testing.T) {
	t.Parallel()
	all := scoredIn(t, "cvss-disagreements.json")
	require.GreaterOrEqual(t, len(all), 15)
	for _, want := range all {
		exact(t, want, map[string]int{})
	}
}

// exact holds one vector against what the bundle says of it. What it calls the
// base score of 4.0 is the vector's own score.
func exact(t *testing.T, want scored, counts map[string]int) {
	t.Helper()
	v, err := cvss.Parse(want.Vector)
	require.NoError(t, err)
	require.Equal(t, want.Version, v.Version())
	hold := func(kind string, want *float64, got float64) {
		t.Helper()
		if want != nil {
			counts[v.Version()+" "+kind]++
			require.Equal(t, *want, got, "%s of %s", kind, v)
		}
	}
	if v.Version() == "4.0" {
		hold("base", want.Base, v.Score())
	} else {
		hold("base", want.Base, v.Base())
		hold("temporal", want.Temporal, v.Temporal())
		hold("environmental", want.Environmental, v.Environmental())
	}
	again, err := cvss.Parse(v.String())
	require.NoError(t, err)
	require.Equal(t, v, again)
}
