package threat_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/assess/threat"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/read"
)

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// reader is the SBOM of a device with a model that classifies images and one that
// writes reports. Device, models and makers are invented.
const reader = `{
  "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
  "metadata": {"component": {"type": "device", "bom-ref": "ws", "name": "Example reading station", "version": "4.0"}},
  "components": [
    {"type": "machine-learning-model", "bom-ref": "chest", "name": "chest-net", "version": "2.3.0", "purl": "pkg:huggingface/example-models/chest-net@2.3.0",
     "supplier": {"name": "Example Models"}, "hashes": [{"alg": "SHA-256", "content": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}],
     "modelCard": {
       "modelParameters": {"approach": {"type": "supervised"}, "task": "image-classification", "architectureFamily": "convolutional",
         "datasets": [{"ref": "films"}, {"ref": "gone"}, {"type": "dataset", "name": "tuning", "classification": "restricted"}],
         "inputs": [{"format": "DICOM"}], "outputs": [{"format": "class and heat map"}]},
       "quantitativeAnalysis": {"performanceMetrics": [{"type": "AUC", "value": "0.93", "confidenceInterval": {"lowerBound": "0.91", "upperBound": "0.95"}}, {"type": "AUC", "value": "0.81", "slice": "portable scanners"}]},
       "considerations": {"users": ["radiologists"], "technicalLimitations": ["not validated for children"]}}},
    {"type": "machine-learning-model", "bom-ref": "scribe", "name": "scribe", "version": "0.9",
     "pedigree": {"ancestors": [{"type": "machine-learning-model", "name": "base-lm", "version": "7"}]},
     "modelCard": {"modelParameters": {"task": "text-generation", "datasets": [7]}}},
    {"type": "data", "bom-ref": "films", "name": "films",
     "data": [{"type": "dataset", "name": "films of 2019", "contents": {"url": "https://example.com/films"}, "sensitiveData": ["images of patients"],
       "governance": {"owners": [{"organization": {"name": "Example Hospital"}}]}}]},
    {"type": "machine-learning-model", "bom-ref": "mute", "name": "mute"},
    {"type": "library", "bom-ref": "zlib", "name": "zlib", "version": "1.3"}
  ]
}`

func device(t testing.TB) sbom.BOM {
	t.Helper()
	bom, err := read.Read(strings.NewReader(reader), nil)
	require.NoError(t, err)
	return bom
}

func component(t testing.TB, bom sbom.BOM, ref string) sbom.Component {
	t.Helper()
	for _, c := range bom.Components {
		if c.Ref == ref {
			return c
		}
	}
	t.Fatalf("no component %q", ref)
	return sbom.Component{}
}

func report(text string) []assess.Evidence { return []assess.Evidence{{Text: text}} }

func yes(ask string) threat.Answer {
	return threat.Answer{Ask: ask, Answer: assess.Yes, By: "ml-lead", At: noon, Evidence: report("design file 7")}
}

func no(ask string) threat.Answer {
	a := yes(ask)
	a.Answer = assess.No
	return a
}

func pretty(t testing.TB, v any) []byte {
	t.Helper()
	body, err := json.MarshalIndent(v, "", "  ")
	require.NoError(t, err)
	return append(body, '\n')
}
