package advisory_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/assess/threat"
	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/manual"
	"github.com/open-postmarket/postmarket/internal/golden"
	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/read"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/tlp"
	"github.com/open-postmarket/postmarket/vex"
)

// model is the SBOM of a device that holds a model with a card. Device, model and
// supplier are invented.
const model = `{
  "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
  "metadata": {"component": {"type": "device", "bom-ref": "pump", "name": "Example infusion pump", "version": "2.1"}},
  "components": [{
    "type": "machine-learning-model", "bom-ref": "net", "name": "occlusion-net", "version": "1.4.0",
    "supplier": {"name": "Example Models"}, %PURL%
    "modelCard": {
      "modelParameters": {"approach": {"type": "supervised"}, "task": "time-series-classification", "inputs": [{"format": "pressure curve"}], "outputs": [{"format": "alarm"}]},
      "quantitativeAnalysis": {"performanceMetrics": [{"type": "sensitivity", "value": "0.97"}]},
      "considerations": {"technicalLimitations": ["not tried with tubing of other makers"]}
    }
  }]
}`

// claims are the ways in which a record may speak of the model, with the SBOM's
// package URL for it.
func claims(t *testing.T) map[string]struct {
	purl   string
	record feeds.Record
} {
	t.Helper()
	record := func(p feeds.Product) feeds.Record {
		return feeds.Record{
			Source: "supplier", Item: "EX-ML-1", Names: []feeds.ID{"AML.T0043"}, Published: seen.AddDate(0, 0, -2),
			Title: "Crafted pressure curves hide an occlusion", Products: []feeds.Product{p}, Mark: tlp.Marked(tlp.Clear, "supplier"),
		}
	}
	spans := []feeds.Span{{Status: vex.Affected, Type: "semver", From: "1.0.0", Below: "1.5.0"}}
	bulletin, err := manual.Record(manual.Entry{
		Supplier: "Example Models", ID: "EX-ML-1", Title: "Crafted pressure curves hide an occlusion", IDs: []string{"AML.T0043"},
		Published: "2026-03-08", TLP: "CLEAR", Products: []manual.Product{{Name: "occlusion-net", From: "1.0.0", Fixed: "1.5.0"}},
	})
	require.NoError(t, err)
	return map[string]struct {
		purl   string
		record feeds.Record
	}{
		"a package URL of Hugging Face": {
			`"purl": "pkg:huggingface/example-models/occlusion-net@1.4.0",`,
			record(feeds.Product{PURLs: []string{"pkg:huggingface/example-models/occlusion-net"}, Spans: spans}),
		},
		"a package URL of MLflow": {
			`"purl": "pkg:mlflow/occlusion-net@1.4.0?repository_url=https://models.example.com",`,
			record(feeds.Product{PURLs: []string{"pkg:mlflow/occlusion-net?repository_url=https://models.example.com"}, Spans: spans}),
		},
		"words":                       {"", record(feeds.Product{Vendor: "Example Models", Name: "occlusion-net", Spans: spans})},
		"a bulletin typed in by hand": {"", bulletin},
	}
}

// judgedIn walks the four steps of f, with the harm that a clinician confirms, and
// keeps in l what each person wrote.
func judgedIn(t *testing.T, l *store.Ledger, f match.Finding, h threat.HarmProposal) assess.Assessment {
	t.Helper()
	save := func(who, why string, a assess.Assessment) {
		require.NoError(t, assess.Save(t.Context(), l, store.By{Who: who, Why: why}, a))
	}
	a := opened(t, f)
	save("analyst", "opened", a)
	a, err := a.WithTriage(assess.Triage{Step: step("analyst"), Result: assess.Affected})
	require.NoError(t, err)
	a, err = a.WithExploitability(step("analyst"), remote, nil)
	require.NoError(t, err)
	a, err = a.WithImpact(assess.Impact{Step: step("clinician"), Harm: h.Harm, Statement: h.Statement + " A patient gets no medicine and nobody notices."})
	require.NoError(t, err)
	a, err = a.WithScore(step("analyst"), remote, nil)
	require.NoError(t, err)
	a, err = a.Propose(nil, assess.Proposal{Step: step("analyst")})
	require.NoError(t, err)
	save("analyst", "four steps done, determination proposed", a)
	a, err = a.Settle(approval("safety"))
	require.NoError(t, err)
	require.NoError(t, a.Check())
	save("safety", "determination approved", a)
	found, err := assess.Find(t.Context(), l, f)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, a.Risk(), found[0].Risk())
	return found[0]
}

// TestAFindingWithAnATLASIdAloneReachesAnAdvisory walks a weakness of a model
// that has no CVE id from the record of its supplier to a CSAF document.
func TestAFindingWithAnATLASIdAloneReachesAnAdvisory(t *testing.T) {
	t.Parallel()
	var written []string
	for name, c := range claims(t) {
		bom, err := read.Read(strings.NewReader(strings.Replace(model, "%PURL%", c.purl, 1)), nil)
		require.NoError(t, err, name)
		result := match.Build([]feeds.Record{c.record}, nil).Find("pump-2.1", bom)
		require.Len(t, result.Findings, 1, "%s: %v", name, result.Undecided)
		f := result.Findings[0]
		require.Equal(t, feeds.ID("AML.T0043"), f.Vulnerability, name)
		require.Equal(t, []feeds.ID{"AML.T0043"}, f.IDs, name)
		require.Equal(t, "net", f.Instances[0].Component.Ref, name)
		require.Equal(t, sbom.Model, bom.Components[0].Type, name)
		require.NotEmpty(t, bom.Components[0].ModelCard, name)
		f.Seen = seen

		// What the card and the id give a person to judge by, in step 3.
		review, err := threat.AI(bom, bom.Components[0], threat.Facts{Uses: []threat.Use{{Function: threat.Monitoring, Name: "occlusion alarm", Essential: true}}}, nil)
		require.NoError(t, err, name)
		require.Equal(t, f.Instances[0].Component.Ref, review.Ref, name)
		looks := review.Of(f.IDs...)
		require.Len(t, looks, 1, name)
		require.Equal(t, assess.Critical, looks[0].Harms[0].Harm, name)

		l := store.New(memory.New(), nil)
		a := judgedIn(t, l, f, looks[0].Harms[0])
		require.Equal(t, assess.Uncontrolled, a.Risk(), name)

		in := input(pump("2.1", "09506000134352"))
		in.Assessments = []assess.Assessment{a}
		in.Plans = []patch.Plan{planned(t, a, patch.Details{
			Remedies: []patch.Remedy{fix, segment}, Actions: []patch.Action{{Party: patch.Facility, Text: "Install version 2.2 on every pump."}},
		})}
		in.Vulnerabilities = []advisory.VulnerabilityText{{
			ID: "AML.T0043", Title: "Crafted pressure curves hide an occlusion",
			Description: "Someone who can send pressure values to the pump can shape them so that its model does not see an occlusion.",
		}}
		in.Notice = notice
		r, err := release(t, tlp.LabelsOnly, final(t, in), tlp.Internal, out)
		require.NoError(t, err, name)

		body := file(t, r.Files, asJSON)
		doc, err := csaf.Decode(strings.NewReader(string(body)))
		require.NoError(t, err, name)
		require.Empty(t, csaf.Check(doc), name)
		require.Len(t, doc.Vulnerabilities, 1, name)
		require.Empty(t, doc.Vulnerabilities[0].CVE, name)
		require.Equal(t, []csaf.ID{{SystemName: "MITRE ATLAS", Text: "AML.T0043"}}, doc.Vulnerabilities[0].IDs, name)
		require.NotContains(t, string(body), `"cve"`, name)

		for _, f := range r.Files {
			require.NotContains(t, string(f.Bytes), "CVE", "%s: %s speaks of an id that is not there", name, f.Name)
		}
		if name == "words" {
			golden.Equal(t, body, "testdata/atlas.json")
		}
		path := filepath.Join(t.TempDir(), r.Files[0].Name)
		require.NoError(t, os.WriteFile(path, body, 0o600))
		written = append(written, path)
	}
	t.Run("the independent judge agrees", func(t *testing.T) {
		for i, v := range testdata.JudgeCSAF(t, "basic", written...) {
			require.True(t, v.Valid, "%s: %v", written[i], v.Errors)
		}
	})
}
