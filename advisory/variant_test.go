package advisory_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/internal/golden"
	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/tlp"
)

// variants are the kinds of case a maker meets, by file name.
func variants(t *testing.T) map[string]advisory.Input {
	t.Helper()
	controlled := input(pump("2.1", "09506000134352"))
	a := minor(t, "pump-2.1")
	controlled.Assessments, controlled.Plans = []assess.Assessment{a}, []patch.Plan{left(t, a)}
	controlled.Vulnerabilities = []advisory.VulnerabilityText{telemetryWords}
	controlled.Availability = "This version stays as it is."
	controlled.Next = advisory.Next{Text: "No further update is planned unless something changes."}

	spare := input(pump("2.1", "09506000134352"))
	spare.Assessments = []assess.Assessment{spared(t, finding("pump-2.1", therapy), "vulnerable_code_not_in_execute_path")}
	words := therapyWords
	words.ClinicalImpact = "None for patients treated with this pump: it never acts as a TLS server."
	spare.Vulnerabilities = []advisory.VulnerabilityText{words}
	spare.Availability = ""

	open := input(pump("2.1", ""))
	open.Assessments = []assess.Assessment{opened(t, finding("pump-2.1", therapy))}
	words.ClinicalImpact = "We do not know yet; at worst therapy settings could be changed."
	open.Vulnerabilities = []advisory.VulnerabilityText{words}
	open.Availability = ""

	strict := uncontrolled(t)
	strict.Mark = tlp.Marked(tlp.AmberStrict, "example-medical")

	several := uncontrolled(t)
	several.Products = append(several.Products, pump("1.9", ""), pump("3.0", ""))
	b, c := minor(t, "pump-2.1"), serious(t, "pump-1.9")
	older := fix
	older.FixedIn = "1.9.4"
	later := fix
	later.FixedIn, later.AvailableFrom = "1.9.5", out.AddDate(0, 1, 0)
	several.Assessments = append(several.Assessments, b, c)
	several.Plans = append(several.Plans, left(t, b), planned(t, c, patch.Details{
		Remedies: []patch.Remedy{older, later, segment},
		Actions:  []patch.Action{{Party: patch.Facility, Text: "Install version 1.9.4 on every pump."}},
	}))
	several.Vulnerabilities = append(several.Vulnerabilities, telemetryWords)
	several.Stated = []advisory.Statement{
		{Product: "pump-3.0", Vulnerability: therapy, Status: advisory.NotAffected, Justification: "component_not_present"},
		{Product: "pump-3.0", Vulnerability: telemetry, Status: advisory.NotAffected, Why: "Version 3.0 has no telemetry."},
	}
	several.Earlier = []advisory.Revision{{Number: 1, Date: judged, Summary: "First notice."}}
	several.Change = "Version 1.9 added."

	waiting := uncontrolled(t)
	w := waiting.Assessments[0]
	planned2 := fix
	planned2.AvailableFrom = out.AddDate(0, 1, 0)
	waiting.Plans = []patch.Plan{planned(t, w, patch.Details{
		Remedies: []patch.Remedy{planned2, segment}, Actions: []patch.Action{{Party: patch.User, Text: "Call field service when settings change by themselves."}},
	})}
	waiting.Kind, waiting.Action = advisory.Correction, correction()

	abroad := uncontrolled(t)
	abroad.ID, abroad.Kind, abroad.Action, abroad.Lang = "EXM-2026-002", advisory.FieldSafetyNotice, fieldSafety(), "en-IE"

	odd := input(pump("2.1", "09506000134352"))
	odd.Products[0].Name = `<script>alert("π")</script> *Pümpe* | "輸液"`
	odd.Products[0].Model, odd.Products[0].Version = "EP-*?/2 & <b>", "2.1 (β) | `x`"
	odd.Products[0].UDIDI = "+B123?<x>"
	odd.Title = "# Title\n- with [markup](javascript:alert(1)) & <img src=x onerror=alert(1)>"
	ghsa := finding("pump-2.1", "GHSA-aaaa-bbbb-cccc")
	ghsa.IDs = []feeds.ID{"GHSA-aaaa-bbbb-cccc", "PYSEC-2026-1"}
	ghsa.Exploited = &feeds.Exploited{Added: seen, Ransomware: true}
	odd.Assessments = []assess.Assessment{settled(t, ghsa, assess.Minor, near, "A [late](x) alarm could **delay** treatment.")}
	odd.Assessments[0], _ = odd.Assessments[0].WithLeave(assess.Leave{Acceptable: assess.Yes, By: "safety", Why: "fine", At: judged})
	odd.Plans = []patch.Plan{left(t, odd.Assessments[0])}
	oddWords := telemetryWords
	oddWords.ID, oddWords.CWE = "PYSEC-2026-1", "CWE-9999"
	odd.Vulnerabilities = []advisory.VulnerabilityText{oddWords}

	return map[string]advisory.Input{
		"uncontrolled-with-patch": uncontrolled(t), "controlled-no-change": controlled, "not-affected": spare,
		"under-investigation": open, "amber-strict": strict, "several": several, "patch-planned": waiting, "markup": odd,
		"field-safety-notice": abroad,
	}
}

func goldenFiles(t *testing.T, name string, files []advisory.File) {
	t.Helper()
	for _, f := range files {
		_, ending, _ := strings.Cut(f.Name, ".")
		if strings.HasSuffix(f.Name, "-vex.json") {
			ending = "vex.json"
		}
		golden.Equal(t, f.Bytes, filepath.Join("testdata", name+"."+ending))
	}
}

func TestEveryVariantIsValidAndKept(t *testing.T) {
	t.Parallel()
	var written, cyclonedx []string
	press := forms(advisory.Statements)
	for name, in := range variants(t) {
		a := final(t, in)
		doc, err := advisory.CSAF(a)
		require.NoError(t, err, name)
		require.Empty(t, csaf.Check(doc), name)

		r, err := press.Release(t.Context(), keeping(t, a), releaser, tlp.LabelsOnly, a, tlp.Internal, out)
		require.NoError(t, err, name)
		require.Len(t, r.Files, 6)
		goldenFiles(t, name, r.Files)
		previews, err := press.Preview(draft(t, in))
		require.NoError(t, err, name)
		for which, files := range map[string][]advisory.File{"final": r.Files, "draft": previews} {
			for i, f := range files {
				path := filepath.Join(t.TempDir(), which, name, f.Name)
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
				require.NoError(t, os.WriteFile(path, f.Bytes, 0o600))
				switch i {
				case 0, 3:
					written = append(written, path)
				case 4:
					cyclonedx = append(cyclonedx, path)
				}
			}
		}
	}
	t.Run("the independent judge agrees", func(t *testing.T) {
		for i, v := range testdata.JudgeCSAF(t, "basic", written...) {
			require.True(t, v.Valid, "%s: %v", written[i], v.Errors)
		}
	})
	t.Run("the independent judge of CycloneDX agrees", func(t *testing.T) {
		for i, v := range testdata.JudgeCycloneDX(t, cyclonedx...) {
			require.True(t, v.Valid, "%s: %v", cyclonedx[i], v.Errors)
		}
	})
}
