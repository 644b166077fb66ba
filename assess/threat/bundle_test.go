package threat_test

import (
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess/threat"
	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/sbom/read"
)

// TestModelCardsOfTheBundle reads the cards of others: the examples of CycloneDX
// in both forms, and those of SPDX 3.
func TestModelCardsOfTheBundle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path   string
		models int
		format string
		cards  int      // of the models
		told   []string // what has no place in a card; all else is read
	}{
		{"cyclonedx-conformance/1.5/valid-machine-learning-1.5.json", 1, "cyclonedx", 1, []string{"quantitativeAnalysis.graphics"}},
		{"cyclonedx-conformance/1.5/valid-machine-learning-1.5.xml", 1, "cyclonedx", 1, []string{"quantitativeAnalysis.graphics"}},
		{"cyclonedx-conformance/1.6/valid-machine-learning-1.6.json", 1, "cyclonedx", 1, []string{"quantitativeAnalysis.graphics"}},
		{"cyclonedx-conformance/1.6/valid-machine-learning-1.6.xml", 1, "cyclonedx", 1, []string{"quantitativeAnalysis.graphics"}},
		{"cyclonedx-conformance/1.6/valid-machine-learning-considerations-env-1.6.json", 1, "cyclonedx", 1, []string{"considerations.environmentalConsiderations"}},
		{"spdx-examples/ai/example01/spdx3.0/simplehtr-example.json", 4, "spdx", 2, []string{"ai_hyperparameter", "ai_modelDataPreprocessing"}},
		{"spdx-examples/ai/example02/spdx3.0/sbom.spdx3.json", 1, "spdx", 1, []string{"ai_energyConsumption", "ai_hyperparameter", "ai_modelDataPreprocessing"}}, // the document is about the model,
	} {
		t.Run(c.path, func(t *testing.T) {
			t.Parallel()
			f, err := os.Open(testdata.Path(t, "sboms", c.path))
			require.NoError(t, err)
			defer f.Close()
			bom, err := read.Read(f, nil)
			require.NoError(t, err)
			models := threat.Models(bom)
			require.Len(t, models, c.models)
			cards := 0
			var told []string
			for _, m := range models {
				r, err := threat.AI(bom, m, threat.Facts{}, nil)
				require.NoError(t, err)
				for _, p := range r.Problems {
					require.Contains(t, p.Text, "has no place in a card", p.Path)
					if !slices.Contains(told, p.Path) {
						told = append(told, p.Path)
					}
				}
				require.GreaterOrEqual(t, len(r.Looks), len(everyModel))
				if len(m.ModelCard) > 0 {
					cards++
					require.Equal(t, c.format, r.Card.Format)
				}
			}
			require.Equal(t, c.cards, cards)
			require.Equal(t, c.told, told)
		})
	}
}
