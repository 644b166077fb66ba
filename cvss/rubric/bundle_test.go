package rubric_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/cvss/rubric"
	"github.com/open-postmarket/postmarket/internal/testdata"
)

func TestEveryCaseOfTheBundleHolds(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(testdata.Path(t, "scores", "rubric-vectors.json"))
	require.NoError(t, err)
	var cases []struct {
		Name     string            `json:"name"`
		Answers  rubric.Answers    `json:"answers"`
		Extended string            `json:"extended_vector"`
		Metrics  map[string]string `json:"metrics"`
		Vector   string            `json:"cvss_vector"`
		Vector31 string            `json:"cvss31_vector"`
		Score    float64           `json:"base_score"`
		Score31  float64           `json:"base_score_v31"`
	}
	require.NoError(t, json.Unmarshal(raw, &cases))
	require.GreaterOrEqual(t, len(cases), 560)
	for _, c := range cases {
		r, err := rubric.Derive(c.Answers, nil)
		require.NoError(t, err, c.Name)
		require.Equal(t, c.Vector, r.Vector.String(), c.Name)
		require.Equal(t, c.Score, r.Vector.Base(), c.Name)
		for metric, value := range c.Metrics {
			require.Equal(t, value, r.Vector.Get(metric), c.Name)
		}
		require.Empty(t, r.OffPath, c.Name)
		require.Equal(t, c.Extended, r.Answers.String(), c.Name)

		r31, err := rubric.Derive(c.Answers, &rubric.Options{Version: "3.1"})
		require.NoError(t, err, c.Name)
		require.Equal(t, c.Vector31, r31.Vector.String(), c.Name)
		require.Equal(t, c.Score31, r31.Vector.Base(), c.Name)

		read, err := rubric.ParseExtended(c.Extended)
		require.NoError(t, err, c.Name)
		require.Equal(t, c.Answers, read, c.Name)
		require.Equal(t, c.Extended, read.String(), c.Name)
		require.NoError(t, read.Check(r31.Vector), c.Name)
	}
	t.Logf("%d cases hold", len(cases))
}
