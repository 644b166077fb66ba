package threat_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/assess/threat"
	postdevice "github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/internal/golden"
	"github.com/open-postmarket/postmarket/sbom"
)

func look(t *testing.T, r threat.Review, weakness string) threat.Look {
	t.Helper()
	for _, l := range r.Looks {
		if l.Weakness == weakness {
			return l
		}
	}
	t.Fatalf("no look for %q", weakness)
	return threat.Look{}
}

func looks(r threat.Review) []string {
	var out []string
	for _, l := range r.Looks {
		out = append(out, l.Weakness)
	}
	return out
}

func open(r threat.Review) []string {
	var out []string
	for _, c := range r.Open {
		out = append(out, c.ID)
	}
	return out
}

func ai(t *testing.T, ref string, f threat.Facts) threat.Review {
	t.Helper()
	bom := device(t)
	r, err := threat.AI(bom, component(t, bom, ref), f, nil)
	require.NoError(t, err)
	return r
}

var everyModel = []string{"poisoning", "tampering", "evasion", "extraction", "inversion", "membership", "supply", "drift", "output", "denial"}

func TestModelsAreFound(t *testing.T) {
	t.Parallel()
	bom := device(t)
	bom.Components = append(bom.Components, sbom.Component{Ref: "file", Type: sbom.File, ModelCard: []byte("{}")}, sbom.Component{Ref: "set", Type: sbom.Data, ModelCard: []byte(`{"dataset_x": 1}`)})
	var refs []string
	for _, c := range threat.Models(bom) {
		refs = append(refs, c.Ref)
	}
	bom.Root.ModelCard = []byte("{}")
	require.Equal(t, "ws", threat.Models(bom)[0].Ref, "what the document is about may be a model")
	require.Equal(t, []string{"chest", "scribe", "mute", "file"}, refs, "a data set of SPDX 3 has a card too, and is no model")
}

func TestACardThatSaysNothingLeavesEverythingToAsk(t *testing.T) {
	t.Parallel()
	r := ai(t, "mute", threat.Facts{})
	require.Equal(t, everyModel, looks(r))
	require.Equal(t, []string{"generative", "retrieves", "acts", "learns", "derived"}, open(r))
	require.Empty(t, r.RuledOut)
	for _, l := range r.Looks {
		require.Len(t, l.Harms, len(threat.Functions()), "no use is stated: all functions are shown")
		for _, a := range l.Asks {
			require.Empty(t, a.Said, a.ID)
			require.Nil(t, a.Answer, a.ID)
		}
	}
}

func TestWhatTheCardSaysStandsBesideTheQuestionAndAnswersNothing(t *testing.T) {
	t.Parallel()
	r := ai(t, "chest", threat.Facts{})
	require.Equal(t, everyModel, looks(r))
	require.Equal(t, ai(t, "mute", threat.Facts{}).Questions(), r.Questions(), "a full card answers no question")
	origin := look(t, r, "poisoning").Asks[0]
	require.Equal(t, []threat.Said{
		{Field: "datasets", Text: []string{"dataset films of 2019", "dataset tuning"}},
		{Field: "datasets.contents", Text: []string{"films of 2019: https://example.com/films"}},
		{Field: "datasets.governance", Text: []string{"films of 2019: owner: Example Hospital"}},
	}, origin.Said)
	require.Nil(t, origin.Answer)
	require.Equal(t, []threat.Said{{Field: "datasets.classification", Text: []string{"tuning: restricted"}}, {Field: "datasets.sensitive", Text: []string{"films of 2019: images of patients"}}},
		look(t, r, "inversion").Asks[0].Said)
	require.Equal(t, []threat.Said{{Field: "metrics.slices", Text: []string{"AUC 0.81 on portable scanners"}}}, look(t, r, "membership").Asks[0].Said)
	require.Len(t, r.Problems, 1)
	require.Equal(t, `model card: modelParameters.datasets: "gone" is no component of the document`, r.Problems[0].String())
	require.Equal(t, "2.3.0", r.Version)
}

func TestADataSetIsLookedUpInTheBOM(t *testing.T) {
	t.Parallel()
	bom := sbom.BOM{Components: []sbom.Component{
		{Ref: "m", Type: sbom.Model, ModelCard: []byte(`{"modelParameters": {"datasets": [{"ref": "bare"}, {"ref": "two"}]}}`)},
		{Ref: "bare", Type: sbom.Data, Name: "letters", Description: "of one clinic"},
		{Ref: "two", Type: sbom.Data, Name: "films", Datasets: []byte(`[{"type": "dataset"}, {"type": "dataset", "name": "later"}, 3]`)},
	}}
	r, err := threat.AI(bom, bom.Components[0], threat.Facts{}, nil)
	require.NoError(t, err)
	require.Equal(t, []threat.Dataset{
		{Ref: "bare", Name: "letters", Description: "of one clinic"}, {Ref: "two", Name: "films", Kind: "dataset"}, {Ref: "two", Name: "later", Kind: "dataset"},
	}, r.Card.Datasets)
	require.Len(t, r.Problems, 1)
	require.Contains(t, r.Problems[0].Path, "component two: [2]")
}

func TestAConditionHoldsWhenTheCardOrAPersonSaysSo(t *testing.T) {
	t.Parallel()
	r := ai(t, "scribe", threat.Facts{})
	require.Subset(t, looks(r), []string{"prompt", "disclosure", "misinformation", "rendering", "transfer"})
	require.NotContains(t, looks(r), "agency")
	require.Equal(t, []string{"retrieves", "acts", "learns"}, open(r))
	require.Equal(t, `the card gives task "text-generation"`, look(t, r, "prompt").Why)
	require.Equal(t, `the component gives pedigree "base-lm 7"`, look(t, r, "transfer").Why)

	r = ai(t, "scribe", threat.Facts{Answers: []threat.Answer{yes("retrieves"), no("acts"), no("generative")}})
	require.Contains(t, looks(r), "retrieval")
	require.Equal(t, "ml-lead says yes to: Does the model answer from documents that are looked up at run time?", look(t, r, "retrieval").Why)
	require.NotContains(t, looks(r), "agency")
	require.Len(t, r.RuledOut, 1)
	require.Equal(t, "acts", r.RuledOut[0].ID)
	require.Equal(t, []string{"agency"}, r.RuledOut[0].Weaknesses)
	require.Equal(t, `the card gives task "text-generation", although ml-lead says no`, look(t, r, "prompt").Why, "a person does not talk the card down")
}

func TestACueIsAWholeWord(t *testing.T) {
	t.Parallel()
	for task, generative := range map[string]bool{
		"Text_Generation": true, "an LLM": true, "LLM-based report": true, "text generational": false, "fragment detection": false, "drag": false, "chat": true, "chatter": false, "": false,
	} {
		card := []byte(`{"modelParameters": {"task": "` + task + `"}}`)
		r, err := threat.AI(sbom.BOM{}, sbom.Component{Type: sbom.Model, ModelCard: card}, threat.Facts{}, nil)
		require.NoError(t, err)
		if generative {
			require.Contains(t, looks(r), "prompt", task)
		} else {
			require.NotContains(t, looks(r), "prompt", task)
			require.Contains(t, open(r), "generative", task)
		}
		require.Contains(t, open(r), "retrieves", task)
	}
}

func TestAPersonsAnswerNeedsWhoWhenWhatAndEvidence(t *testing.T) {
	t.Parallel()
	whole := threat.Answer{Ask: "evasion-tried", Text: "sensitivity 0.6 under attack", By: "ml-lead", At: noon, Evidence: report("report 12")}
	r := ai(t, "chest", threat.Facts{Answers: []threat.Answer{whole}})
	require.Equal(t, ai(t, "chest", threat.Facts{}).Questions()-1, r.Questions())
	require.Equal(t, &whole, look(t, r, "evasion").Asks[1].Answer)
	other := whole
	other.Ask = "poisoning-checked" // of which no card says anything
	require.Equal(t, ai(t, "chest", threat.Facts{}).Questions()-1, ai(t, "chest", threat.Facts{Answers: []threat.Answer{other}}).Questions())

	bom := device(t)
	for want, spoil := range map[string]func(a *threat.Answer){
		"who":                       func(a *threat.Answer) { a.By = " " },
		"when":                      func(a *threat.Answer) { a.At = time.Time{} },
		"what":                      func(a *threat.Answer) { a.Text = "" },
		"the evidence":              func(a *threat.Answer) { a.Evidence = report(" ") },
		"which is not asked":        func(a *threat.Answer) { a.Ask = "evasion" },
		"is neither yes nor no":     func(a *threat.Answer) { a.Answer = "maybe" },
		`"acts" is neither yes nor`: func(a *threat.Answer) { a.Ask = "acts" },
	} {
		a := whole
		spoil(&a)
		_, err := threat.AI(bom, component(t, bom, "chest"), threat.Facts{Answers: []threat.Answer{a}}, nil)
		require.ErrorContains(t, err, want)
	}
	_, err := threat.AI(bom, component(t, bom, "chest"), threat.Facts{Answers: []threat.Answer{whole, whole}, Uses: []threat.Use{{Function: "cooking"}}}, nil)
	require.ErrorContains(t, err, "answered twice")
	require.ErrorContains(t, err, `function "cooking" is not known`)
	_, err = threat.AI(bom, component(t, bom, "zlib"), threat.Facts{}, nil)
	require.EqualError(t, err, `threat: component "zlib" is of type "library" and has no model card`)
	_, err = threat.AI(bom, component(t, bom, "chest"), threat.Facts{}, &threat.Table{})
	require.EqualError(t, err, "threat: table was not loaded")
}

func TestEveryLookHasIdsAndSourcesAndHarmsToConfirm(t *testing.T) {
	t.Parallel()
	r := ai(t, "scribe", threat.Facts{Answers: []threat.Answer{yes("retrieves"), yes("acts"), yes("learns"), yes("derived")}})
	require.Len(t, r.Looks, 18)
	for _, l := range r.Looks {
		require.NoError(t, l.Citation.Check(), l.Weakness)
		require.NotEmpty(t, l.IDs, l.Weakness)
		for _, id := range l.IDs {
			require.NoError(t, id.Citation.Check(), l.Weakness)
			require.Equal(t, string(id.ID), id.Citation.Clause)
			system, ok := threat.System(id.ID)
			require.True(t, ok)
			require.Equal(t, id.System, system)
			require.True(t, id.ID.KindOnly())
		}
		for _, h := range l.Harms {
			require.True(t, h.Harm.Valid(), l.Weakness)
			require.NoError(t, h.Basis.Check(), l.Weakness)
			require.Contains(t, h.Confirm, "a proposal")
		}
		for _, a := range l.Asks {
			require.NoError(t, a.Citation.Check(), a.ID)
		}
	}
}

func TestAnIdFindsItsLooks(t *testing.T) {
	t.Parallel()
	r := ai(t, "chest", threat.Facts{})
	for id, want := range map[feeds.ID]string{"AML.T0043": "evasion", "AML.T0043.003": "evasion", "ML02:2023": "poisoning", "AML.T0024.002": "extraction"} {
		got := r.Of(id)
		require.Len(t, got, 1, id)
		require.Equal(t, want, got[0].Weakness)
	}
	require.Empty(t, r.Of("AML.T0043x", "AML.T004", "CVE-2026-0001", "", "AML.T0024"))
	require.Empty(t, r.Of())
}

func TestEssentialPerformanceRaisesAProposalAndLowersNone(t *testing.T) {
	t.Parallel()
	for _, f := range threat.Functions() {
		plain := ai(t, "chest", threat.Facts{Uses: []threat.Use{{Function: f}}})
		essential := ai(t, "chest", threat.Facts{Uses: []threat.Use{{Function: f, Essential: true}}})
		for i, l := range plain.Looks {
			require.Len(t, l.Harms, 1)
			a, b := rank(l.Harms[0].Harm), rank(essential.Looks[i].Harms[0].Harm)
			require.GreaterOrEqual(t, b, a, "%s %s", f, l.Weakness)
			if l.Weakness == "denial" {
				require.GreaterOrEqual(t, b, rank(assess.Serious), f)
				require.Contains(t, essential.Looks[i].Harms[0].Why, "essential performance")
			}
			if l.Weakness == "membership" {
				require.Equal(t, a, b, "losing data is no patient harm, essential or not")
			}
		}
	}
}

func rank(h assess.Harm) int {
	for i, one := range assess.Harms() {
		if one == h {
			return i
		}
	}
	return -1
}

func TestUsesAreReadOffADeployment(t *testing.T) {
	t.Parallel()
	got, err := threat.UsesOf(postdevice.Deployment{Functions: []postdevice.Function{
		{Name: "dosing", Kind: postdevice.Therapy, Essential: true}, {Name: "reading", Kind: postdevice.Diagnosis}, {Name: "keys", Kind: postdevice.System}, {Name: "log", Kind: postdevice.Records},
	}}, nil)
	require.NoError(t, err)
	require.Equal(t, []threat.Use{
		{Function: threat.TherapyControl, Name: "dosing", Essential: true},
		{Function: threat.Diagnosis, Name: "reading", From: postdevice.Diagnosis}, {Function: threat.Monitoring, Name: "reading", From: postdevice.Diagnosis},
		{Function: threat.Documentation, Name: "log"},
	}, got)
	_, err = threat.UsesOf(postdevice.Deployment{}, &threat.Table{})
	require.Error(t, err)
}

func TestAReviewIsKept(t *testing.T) {
	t.Parallel()
	f := threat.Facts{Uses: []threat.Use{{Function: threat.Diagnosis, Name: "second reader"}}, Answers: []threat.Answer{no("generative"), no("acts")}}
	r := ai(t, "chest", f)
	r.Table = ""
	golden.Equal(t, pretty(t, r), "testdata/chest.json")
}
