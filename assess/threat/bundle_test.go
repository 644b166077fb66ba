package threat_test

import (
	"os"
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
		cards  int // of the models
	}{
		{"cyclonedx-conformance/1.5/valid-machine-learning-1.5.json", 1, "cyclonedx", 1},
		{"cyclonedx-conformance/1.5/valid-machine-learning-1.5.xml", 1, "cyclonedx", 1},
		{"cyclonedx-conformance/1.6/valid-machine-learning-1.6.json", 1, "cyclonedx", 1},
		{"cyclonedx-conformance/1.6/valid-machine-learning-1.6.xml", 1, "cyclonedx", 1},
		{"cyclonedx-conformance/1.6/valid-machine-learning-considerations-env-1.6.json", 1, "cyclonedx", 1},
		{"spdx-examples/ai/example01/spdx3.0/simplehtr-example.json", 4, "spdx", 2},
		{"spdx-examples/ai/example02/spdx3.0/sbom.spdx3.json", 1, "spdx", 1}, // the document is about the model,
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
			for _, m := range models {
				r, err := threat.AI(bom, m, threat.Facts{}, nil)
				require.NoError(t, err)
				require.Empty(t, r.Problems)
				require.GreaterOrEqual(t, len(r.Looks), len(everyModel))
				if len(m.ModelCard) > 0 {
					cards++
					require.Equal(t, c.format, r.Card.Format)
				}
			}
			require.Equal(t, c.cards, cards)
		})
	}
}
