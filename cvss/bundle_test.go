package cvss_test

import (
	"encoding/json"
	"os"
	"strings"
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

func bundle(t testing.TB) []scored {
	t.Helper()
	raw, err := os.ReadFile(testdata.Path(t, "scores", "cvss-vectors.json"))
	require.NoError(t, err)
	var all []scored
	require.NoError(t, json.Unmarshal(raw, &all))
	return all
}

func TestEveryScoreOfTheBundleIsExact(t *testing.T) {
	t.Parallel()
	var base, temporal, environmental, refused int
	for _, want := range bundle(t) {
		v, err := cvss.Parse(want.Vector)
		if !strings.HasPrefix(want.Version, "3.") {
			require.ErrorIs(t, err, cvss.ErrVersion, want.Vector)
			refused++
			continue
		}
		require.NoError(t, err)
		require.Equal(t, want.Version, v.Version())
		if want.Base != nil {
			base++
			require.Equal(t, *want.Base, v.Base(), want.Vector)
		}
		if want.Temporal != nil {
			temporal++
			require.Equal(t, *want.Temporal, v.Temporal(), want.Vector)
		}
		if want.Environmental != nil {
			environmental++
			require.Equal(t, *want.Environmental, v.Environmental(), want.Vector)
		}
		again, err := cvss.Parse(v.String())
		require.NoError(t, err)
		require.Equal(t, v, again)
	}
	require.NotZero(t, base, "the bundle holds base scores")
	require.NotZero(t, environmental, "the bundle holds environmental scores")
	t.Logf("exact: %d base, %d temporal, %d environmental; %d of other versions refused", base, temporal, environmental, refused)
}
