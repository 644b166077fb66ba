package threat_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess/threat"
	"github.com/open-postmarket/postmarket/sbom"
)

// full says something in every field that is read.
const full = `{
  "bom-ref": "card",
  "modelParameters": {
    "approach": {"type": "supervised"}, "task": "image-classification", "architectureFamily": "convolutional", "modelArchitecture": "resnet50",
    "datasets": [
      {"ref": "data"},
      {"type": "dataset", "name": "tuning", "contents": {"url": "https://example.com/tuning"}, "classification": "restricted", "sensitiveData": ["images of faces"],
       "description": "from one site", "governance": {"owners": [{"organization": {"name": "Example Hospital"}}], "custodians": [{"contact": {"name": "data desk"}}]}},
      {"name": "attached", "contents": {"attachment": {"content": "AAAA"}}}
    ],
    "inputs": [{"format": "DICOM"}], "outputs": [{"format": "class"}, {"format": "heat map"}]
  },
  "quantitativeAnalysis": {
    "performanceMetrics": [{"type": "AUC", "value": "0.91", "slice": "portable scanners", "confidenceInterval": {"lowerBound": "0.88", "upperBound": "0.94"}}],
    "graphics": {"collection": []}
  },
  "considerations": {
    "users": ["radiologists"], "useCases": ["second reader"], "technicalLimitations": ["no children"], "performanceTradeoffs": ["slow"],
    "ethicalConsiderations": [{"name": "age", "mitigationStrategy": "labeling"}],
    "fairnessAssessments": [{"groupAtRisk": "children", "benefits": "none", "harms": "misses", "mitigationStrategy": "excluded"}],
    "environmentalConsiderations": {}
  },
  "properties": [{"name": "x:y", "value": "z"}]
}`

func TestACardIsReadInFull(t *testing.T) {
	t.Parallel()
	got, problems := threat.ReadCard([]byte(full))
	require.Empty(t, problems)
	want := threat.Card{
		Format: "cyclonedx", Learning: "supervised", Task: "image-classification", Family: "convolutional", Architecture: "resnet50",
		Datasets: []threat.Dataset{
			{Ref: "data"},
			{Name: "tuning", Kind: "dataset", Description: "from one site", Classification: "restricted", Sensitive: []string{"images of faces"},
				Contents: "https://example.com/tuning", Governance: []string{"owner: Example Hospital", "custodian: data desk"}},
			{Name: "attached", Contents: "attached"},
		},
		Inputs: []string{"DICOM"}, Outputs: []string{"class", "heat map"},
		Metrics: []threat.Metric{{Type: "AUC", Value: "0.91", Slice: "portable scanners", Lower: "0.88", Upper: "0.94"}},
		Users:   []string{"radiologists"}, UseCases: []string{"second reader"}, Limitations: []string{"no children"}, Tradeoffs: []string{"slow"},
		Ethics:     []threat.Risk{{Name: "age", Mitigation: "labeling"}},
		Fairness:   []threat.Fairness{{Group: "children", Benefits: "none", Harms: "misses", Mitigation: "excluded"}},
		Properties: []sbom.Property{{Name: "x:y", Value: "z"}},
	}
	require.Empty(t, cmp.Diff(want, got))
	v := reflect.ValueOf(got)
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; !slices.Contains([]string{"Autonomy", "SafetyRisk", "Domains", "Standards"}, name) { // SPDX alone has them
			require.False(t, v.Field(i).IsZero(), "%s is not tried", name)
		}
	}
}

func TestWhatCannotBeReadInACardIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want threat.Card
		told []string
	}{
		"no card":     {"", threat.Card{}, nil},
		"null":        {"null", threat.Card{}, []string{"model card: is null and not an object"}},
		"a list":      {"[]", threat.Card{}, []string{"model card: is a list and not an object"}},
		"no JSON":     {"{", threat.Card{}, []string{"model card: line 1"}},
		"empty":       {"{}", threat.Card{Format: "cyclonedx"}, nil},
		"a word":      {`{"modelParameters": "yes"}`, threat.Card{Format: "cyclonedx"}, []string{"model card: modelParameters: is a string"}},
		"other case":  {`{"modelparameters": {}}`, threat.Card{Format: "cyclonedx"}, []string{`"modelParameters" is meant`}},
		"unknown":     {`{"weights": 4}`, threat.Card{Format: "cyclonedx"}, []string{`has a member "weights", which is not known`}},
		"twice":       {`{"modelParameters": {"task": "a", "task": "b"}}`, threat.Card{Format: "cyclonedx", Task: "b"}, []string{"modelParameters.task: is there more than once"}},
		"no list":     {`{"considerations": {"users": "nurses"}}`, threat.Card{Format: "cyclonedx", Users: []string{"nurses"}}, []string{"considerations.users: is no list"}},
		"a number":    {`{"quantitativeAnalysis": {"performanceMetrics": [{"type": "AUC", "value": 0.90}]}}`, threat.Card{Format: "cyclonedx", Metrics: []threat.Metric{{Type: "AUC", Value: "0.90"}}}, nil},
		"a data name": {`{"modelParameters": {"datasets": ["x", 4]}}`, threat.Card{Format: "cyclonedx", Datasets: []threat.Dataset{{Name: "x"}}}, []string{"datasets[0]: is no object: read as a name", "datasets[1]: is neither"}},
		"a format":    {`{"modelParameters": {"inputs": ["DICOM", {}, 3]}}`, threat.Card{Format: "cyclonedx", Inputs: []string{"DICOM"}}, []string{"inputs[0]: is no object", "inputs[2]: is a number and not an object"}},
		"nothing in it": {`{"modelParameters": {"task": " ", "datasets": [{}]}, "quantitativeAnalysis": {"performanceMetrics": [{}]},
			"considerations": {"ethicalConsiderations": [{}], "fairnessAssessments": [{}]}}`, threat.Card{Format: "cyclonedx"}, nil},
		"too long": {`[` + strings.Repeat("0,", 30_000) + `0]`, threat.Card{}, []string{"model card: "}},
		"too deep": {strings.Repeat("[", 1000) + strings.Repeat("]", 1000), threat.Card{}, []string{"model card: "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, problems := threat.ReadCard([]byte(c.text))
			require.Empty(t, cmp.Diff(c.want, got))
			require.Len(t, problems, len(c.told), "%v", problems)
			for i, p := range problems {
				require.Contains(t, p.String(), c.told[i])
			}
		})
	}
}

func TestAnSPDXModelIsReadToo(t *testing.T) {
	t.Parallel()
	got, problems := threat.ReadCard([]byte(`{"ai_typeOfModel": ["transformer", "language model"], "ai_autonomyType": "yes", "ai_limitation": "no children",
		"ai_metric": [{"type": "DictionaryEntry", "key": "AUC", "value": "0.9"}], "ai_informationAboutTraining": "letters", "ai_useSensitivePersonalInformation": "yes",
		"ai_informationAboutApplication": "writes letters", "ai_domain": ["medicine"], "ai_safetyRiskAssessment": "high", "ai_color": "red"}`))
	require.Empty(t, cmp.Diff(threat.Card{
		Format: "spdx", Architecture: "transformer, language model", Autonomy: "yes", SafetyRisk: "high", Domains: []string{"medicine"}, Limitations: []string{"no children"}, UseCases: []string{"writes letters"},
		Metrics:  []threat.Metric{{Type: "AUC", Value: "0.9"}},
		Datasets: []threat.Dataset{{Description: "letters", Sensitive: []string{"sensitive personal information: yes"}}},
	}, got))
	require.Len(t, problems, 1)
	require.Contains(t, problems[0].String(), "ai_color")
}

// The fields of AIPackage of SPDX 3.0.1, all of them: each is read or told.
func TestNoKnownFieldOfACardIsDroppedInSilence(t *testing.T) {
	t.Parallel()
	for field, c := range map[string]struct {
		value string
		want  threat.Card
		told  bool
	}{
		"ai_autonomyType":                    {`"no"`, threat.Card{Autonomy: "no"}, false},
		"ai_domain":                          {`["medicine", "imaging"]`, threat.Card{Domains: []string{"medicine", "imaging"}}, false},
		"ai_energyConsumption":               {`{"type": "ai_EnergyConsumption"}`, threat.Card{}, true},
		"ai_hyperparameter":                  {`[{"type": "DictionaryEntry", "key": "rate", "value": "0.1"}]`, threat.Card{}, true},
		"ai_informationAboutApplication":     {`"second reader"`, threat.Card{UseCases: []string{"second reader"}}, false},
		"ai_informationAboutTraining":        {`"films"`, threat.Card{Datasets: []threat.Dataset{{Description: "films"}}}, false},
		"ai_limitation":                      {`"no children"`, threat.Card{Limitations: []string{"no children"}}, false},
		"ai_metric":                          {`[{"type": "DictionaryEntry", "key": "AUC", "value": "0.9"}]`, threat.Card{Metrics: []threat.Metric{{Type: "AUC", Value: "0.9"}}}, false},
		"ai_metricDecisionThreshold":         {`[{"type": "DictionaryEntry", "key": "AUC", "value": "0.8"}]`, threat.Card{Metrics: []threat.Metric{{Type: "AUC", Threshold: "0.8"}}}, false},
		"ai_modelDataPreprocessing":          {`["cropped"]`, threat.Card{}, true},
		"ai_modelExplainability":             {`["none"]`, threat.Card{}, true},
		"ai_safetyRiskAssessment":            {`"serious"`, threat.Card{SafetyRisk: "serious"}, false},
		"ai_standardCompliance":              {`["IEC 62304"]`, threat.Card{Standards: []string{"IEC 62304"}}, false},
		"ai_typeOfModel":                     {`["transformer"]`, threat.Card{Architecture: "transformer"}, false},
		"ai_useSensitivePersonalInformation": {`"yes"`, threat.Card{Datasets: []threat.Dataset{{Sensitive: []string{"sensitive personal information: yes"}}}}, false},
	} {
		got, problems := threat.ReadCard([]byte(`{"` + field + `": ` + c.value + `}`))
		c.want.Format = "spdx"
		require.Empty(t, cmp.Diff(c.want, got), field)
		require.Equal(t, c.told, len(problems) == 1, "%s: %v", field, problems)
		if c.told {
			require.Equal(t, field, problems[0].Path)
			require.Contains(t, problems[0].Text, "has no place in a card")
		}
		empty, problems := threat.ReadCard([]byte(`{"` + field + `": []}`))
		require.Empty(t, cmp.Diff(threat.Card{Format: "spdx"}, empty), field)
		require.LessOrEqual(t, len(problems), 1, field)
	}
	for text, path := range map[string]string{
		`{"quantitativeAnalysis": {"graphics": {"description": "curves", "collection": []}}}`:                          "quantitativeAnalysis.graphics",
		`{"considerations": {"environmentalConsiderations": {"energyConsumptions": [{"activity": "training"}]}}}`:      "considerations.environmentalConsiderations",
		`{"modelParameters": {"datasets": [{"ref": "a", "graphics": {"description": "faces"}}]}}`:                      "modelParameters.datasets[0].graphics",
		`{"modelParameters": {"datasets": [{"ref": "a", "contents": {"properties": [{"name": "a", "value": "b"}]}}]}}`: "modelParameters.datasets[0].contents.properties",
		`{"considerations": {"ethicalConsiderations": [{"name": "age", "mitigation": "labeling"}]}}`:                   "considerations.ethicalConsiderations[0]",
		`{"considerations": {"fairnessAssessments": [{"groupAtRisk": "children", "harm": "misses"}]}}`:                 "considerations.fairnessAssessments[0]",
		`{"modelParameters": {"inputs": [{"format": "DICOM", "size": 4}]}}`:                                            "modelParameters.inputs[0]",
		`{"modelParameters": {"approach": {"type": "supervised", "by": "x"}}}`:                                         "modelParameters.approach",
		`{"ai_metric": [{"key": "AUC", "value": "0.9", "unit": "1"}]}`:                                                 "ai_metric[0]",
	} {
		_, problems := threat.ReadCard([]byte(text))
		require.Len(t, problems, 1, text)
		require.Equal(t, path, problems[0].Path, text)
	}
}

func TestAThresholdStandsBesideItsMetric(t *testing.T) {
	t.Parallel()
	got, problems := threat.ReadCard([]byte(`{"ai_metricDecisionThreshold": [{"key": "recall", "value": "0.8"}, {"key": "F1", "value": "0.5"}, {}],
		"ai_metric": [{"key": "AUC", "value": "0.9"}, {"key": "recall", "value": "0.7"}, {"key": "recall", "value": "0.6"}]}`))
	require.Empty(t, problems)
	require.Equal(t, []threat.Metric{{Type: "AUC", Value: "0.9"}, {Type: "recall", Value: "0.7", Threshold: "0.8"}, {Type: "recall", Value: "0.6"},
		{Type: "F1", Threshold: "0.5"}}, got.Metrics)
}

func TestDatasetsAreRead(t *testing.T) {
	t.Parallel()
	got, problems := threat.ReadDatasets([]byte(`[{"name": "a", "type": "dataset"}, 4]`))
	require.Equal(t, []threat.Dataset{{Name: "a", Kind: "dataset"}}, got)
	require.Len(t, problems, 1)
	got, _ = threat.ReadDatasets([]byte(`[{"name": "a", "contents": {"url": "https://example.com/a", "attachment": {"content": "AA"}}}]`))
	require.Equal(t, []threat.Dataset{{Name: "a", Contents: "https://example.com/a"}}, got, "where it can be read goes before a copy")
	got, problems = threat.ReadDatasets(nil)
	require.Empty(t, got)
	require.Empty(t, problems)
	_, problems = threat.ReadDatasets([]byte(`[`))
	require.Len(t, problems, 1)
}

// FuzzReadCard: no card breaks the reader, what was read can be written, and no
// card makes a look or a question go away.
func FuzzReadCard(f *testing.F) {
	for _, s := range []string{full, "", "null", "{}", "[]", `{"modelParameters": {"datasets": ["x", 4, {"ref": "data"}], "task": "text-generation"}}`, `{"ai_typeOfModel": "llm", "ai_autonomyType": "yes"}`,
		`{"ai_metric": [{"key": "a", "value": "1"}], "ai_metricDecisionThreshold": [{"key": "a", "value": "2"}, 3], "ai_safetyRiskAssessment": "serious", "ai_hyperparameter": [{}]}`, `{"considerations": {"users": {"a": [1, {"b": null}]}}}`} {
		f.Add([]byte(s))
	}
	none, err := threat.AI(sbom.BOM{}, sbom.Component{Type: sbom.Model, Name: "m"}, threat.Facts{}, nil)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, raw []byte) {
		card, problems := threat.ReadCard(raw)
		body, err := json.Marshal(card)
		require.NoError(t, err)
		require.Less(t, len(body), 64*(len(raw)+100), "a card is not much longer than what it was read from")
		require.LessOrEqual(t, len(problems), 1000)
		var again threat.Card
		require.NoError(t, json.Unmarshal(body, &again))
		require.Empty(t, cmp.Diff(card, again), "what was read is written and read back")
		if !json.Valid(raw) {
			require.Empty(t, cmp.Diff(threat.Card{}, card))
			if len(raw) > 0 {
				require.NotEmpty(t, problems)
			}
		}
		r, err := threat.AI(sbom.BOM{}, sbom.Component{Type: sbom.Model, Name: "m", ModelCard: raw}, threat.Facts{}, nil)
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(r.Looks), len(none.Looks))
		require.Empty(t, r.RuledOut)
		require.GreaterOrEqual(t, r.Questions(), none.Questions()-len(none.Open)+len(r.Open))
	})
}

// FuzzWhatACardSaysIsReadOrTold: every text in a card stands in what was read of it, or
// it is told that it, or what it is part of, was not read as it is written.
func FuzzWhatACardSaysIsReadOrTold(f *testing.F) {
	for _, s := range []string{
		full, `{"ai_typeOfModel": ["llm"], "ai_metric": [{"key": "a", "value": "1"}], "ai_metricDecisionThreshold": [{"key": "a", "value": "2"}], "ai_hyperparameter": [{"key": "rate"}]}`,
		`{"modelParameters": {"datasets": [{"governance": {"owners": [{"contact": {"name": "desk", "email": "desk@example.com"}}]}}], "approach": {"type": ["supervised"]}}}`,
		`{"considerations": {"environmentalConsiderations": {"properties": [{"name": "a", "value": "b"}]}, "users": {"a": "nurses"}}}`, `{"ai_domain": {"a": "b"}, "ai_limitation": ["x"]}`,
	} {
		f.Add([]byte(s))
	}
	// What is left out on purpose: names within the document, a copy of the data, and of
	// who answers for them all but the name.
	silent := regexp.MustCompile(`(^|\.)bom-ref($|[.[])|\.contents\.attachment\.|\.governance\.\w+(\[\d+\])?\.(organization|contact)\.|^ai_metric\w*(\[\d+\])?\.(type|@id)$`)
	f.Fuzz(func(t *testing.T, raw []byte) {
		var tree any
		if json.Unmarshal(raw, &tree) != nil {
			return
		}
		card, problems := threat.ReadCard(raw)
		if len(problems) >= 1000 {
			return // the rest are counted
		}
		body, err := json.Marshal(card)
		require.NoError(t, err)
		var read any
		require.NoError(t, json.Unmarshal(body, &read))
		var held []string
		leaves(read, "", func(_, text string) { held = append(held, text) })
		all := strings.Join(held, "\n")
		leaves(tree, "", func(path, text string) {
			text = strings.TrimSpace(text)
			if text == "" || strings.Contains(all, text) || silent.MatchString(path) {
				return
			}
			for _, p := range problems {
				if p.Path == "" || path == p.Path || strings.HasPrefix(path, p.Path+".") || strings.HasPrefix(path, p.Path+"[") {
					return
				}
			}
			t.Errorf("%s: %q is neither read nor told: %v", path, text, problems)
		})
	})
}

// leaves gives every text in a tree with its path.
func leaves(v any, path string, give func(path, text string)) {
	switch v := v.(type) {
	case string:
		give(path, v)
	case []any:
		for i, e := range v {
			leaves(e, fmt.Sprintf("%s[%d]", path, i), give)
		}
	case map[string]any:
		for name, e := range v {
			if path != "" {
				name = path + "." + name
			}
			leaves(e, name, give)
		}
	}
}
