package cyclonedx_test

import (
	"fmt"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/vex"
	"github.com/open-postmarket/postmarket/vex/cyclonedx"
)

var states = map[string]vex.Status{
	"exploitable": vex.Affected, "in_triage": vex.UnderInvestigation, "not_affected": vex.NotAffected,
	"false_positive": vex.NotAffected, "resolved": vex.Fixed, "resolved_with_pedigree": vex.Fixed,
}

var justifications = map[string]vex.Justification{
	"code_not_present": vex.CodeNotPresent, "code_not_reachable": vex.CodeNotInExecutePath,
	"requires_configuration": "", "requires_dependency": "", "requires_environment": "",
	"protected_by_compiler": vex.InlineMitigationsHold, "protected_at_runtime": vex.InlineMitigationsHold,
	"protected_at_perimeter": "", "protected_by_mitigating_control": "",
}

func TestEveryStateOfTheSpecificationHasAStatus(t *testing.T) {
	t.Parallel()
	for token, want := range states {
		got, ok := cyclonedx.Status(token)
		require.True(t, ok, token)
		require.Equal(t, want, got, token)
	}
	_, ok := cyclonedx.Status("fixed")
	require.False(t, ok, "a word of another format is not a state")
}

func TestAJustificationWithoutAnEqualGivesNone(t *testing.T) {
	t.Parallel()
	for token, want := range justifications {
		got, ok := cyclonedx.Justification(token)
		require.True(t, ok, token)
		require.Equal(t, want, got, token)
		if got != "" {
			require.True(t, got.Valid(), token)
		}
	}
	_, ok := cyclonedx.Justification("component_not_present")
	require.False(t, ok)
	require.True(t, cyclonedx.Outside("protected_at_perimeter"))
	require.True(t, cyclonedx.Outside("protected_by_mitigating_control"))
	require.False(t, cyclonedx.Outside("protected_at_runtime"))
}

func TestTheWayBackEndsAtTheSameStatus(t *testing.T) {
	t.Parallel()
	for _, s := range []vex.Status{vex.NotAffected, vex.Affected, vex.Fixed, vex.UnderInvestigation} {
		back, ok := cyclonedx.Status(cyclonedx.State(s))
		require.True(t, ok, s)
		require.Equal(t, s, back)
	}
	for _, j := range []vex.Justification{vex.ComponentNotPresent, vex.CodeNotPresent, vex.CodeNotInExecutePath,
		vex.CodeNotControllable, vex.InlineMitigationsHold} {
		require.Contains(t, justifications, cyclonedx.Token(j), j)
	}
	require.Empty(t, cyclonedx.State(""))
	require.Empty(t, cyclonedx.Token(""))
}

func TestAnAnalysisBecomesAStatement(t *testing.T) {
	t.Parallel()
	v := &cdx.Vulnerability{
		ID: "CVE-2022-25640", References: &[]cdx.VulnerabilityReference{{ID: "GHSA-x"}, {ID: "CVE-2022-25640"}},
		Recommendation: "update", Workaround: "unplug",
		Affects: &[]cdx.Affects{{Ref: "tls"}, {Ref: "tls-client"}},
		Analysis: &cdx.VulnerabilityAnalysis{
			State: "not_affected", Justification: "code_not_reachable", Detail: "no TLS 1.3", Response: &[]cdx.ImpactAnalysisResponse{"update"},
			FirstIssued: "2024-01-02T03:04:05+01:00", LastUpdated: "soon",
		},
	}
	require.Equal(t, []vex.Statement{{
		Vulnerability: "CVE-2022-25640", Aliases: []string{"GHSA-x"}, Products: vex.Refs("tls", "tls-client"),
		Status: vex.NotAffected, Justification: vex.CodeNotInExecutePath, Impact: "no TLS 1.3", Action: "update\n\nunplug",
		Original: vex.Original{Format: "cyclonedx", State: "not_affected", Justification: "code_not_reachable", Responses: []string{"update"}},
		Issued:   time.Date(2024, 1, 2, 2, 4, 5, 0, time.UTC),
	}}, cyclonedx.Statements(v))
}

func TestAPerimeterIsNoJustification(t *testing.T) {
	t.Parallel()
	s := cyclonedx.Statements(&cdx.Vulnerability{ID: "CVE-1", Analysis: &cdx.VulnerabilityAnalysis{State: "not_affected", Justification: "protected_at_perimeter"}})
	require.Len(t, s, 1)
	require.Equal(t, vex.NotAffected, s[0].Status)
	require.Empty(t, s[0].Justification)
	require.Equal(t, "protected_at_perimeter", s[0].Original.Justification)
}

func TestAJustificationIsOnlyForWhatIsNotAffected(t *testing.T) {
	t.Parallel()
	s := cyclonedx.Statements(&cdx.Vulnerability{ID: "CVE-1", Analysis: &cdx.VulnerabilityAnalysis{State: "exploitable", Justification: "code_not_present"}})
	require.Equal(t, vex.Affected, s[0].Status)
	require.Empty(t, s[0].Justification)
	require.Equal(t, "code_not_present", s[0].Original.Justification)
}

func TestWithoutAnalysisThereIsNoStatus(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]*cdx.Vulnerability{
		"no analysis":   {ID: "CVE-1"},
		"no state":      {ID: "CVE-1", Analysis: &cdx.VulnerabilityAnalysis{Justification: "code_not_present"}},
		"a word of old": {ID: "CVE-1", Analysis: &cdx.VulnerabilityAnalysis{State: "Not Affected"}},
	} {
		s := cyclonedx.Statements(v)
		require.Len(t, s, 1, name)
		require.Empty(t, s[0].Status, name)
		require.Empty(t, s[0].Justification, name)
		require.Equal(t, "cyclonedx", s[0].Original.Format, name)
	}
}

func TestVersionsSpokenOfApartAreStatementsOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := cyclonedx.Statements(&cdx.Vulnerability{
		ID: "CVE-1", Analysis: &cdx.VulnerabilityAnalysis{State: "exploitable"},
		Affects: &[]cdx.Affects{{Ref: "a"}, {Ref: "b", Range: &[]cdx.AffectedVersions{
			{Version: "1.0", Status: "affected"}, {Range: "vers:semver/>=2", Status: "unaffected"}, {Version: "1.1", Status: "affected"}, {Version: "0.9", Status: "unknown"},
		}}},
	})
	require.Len(t, s, 4)
	require.Equal(t, vex.Refs("a"), s[0].Products)
	require.Equal(t, []string{"1.0", "1.1"}, s[1].Versions)
	require.Equal(t, vex.Affected, s[1].Status)
	require.Equal(t, []string{"vers:semver/>=2"}, s[2].Versions)
	require.Equal(t, vex.NotAffected, s[2].Status)
	require.Equal(t, vex.Original{Format: "cyclonedx", State: "exploitable", Version: "unaffected"}, s[2].Original)
	require.Equal(t, vex.Affected, s[3].Status, "what is unknown of a version does not lessen the state")
	require.Equal(t, "unknown", s[3].Original.Version)
	for _, c := range []struct {
		state   cdx.ImpactAnalysisState
		version cdx.VulnerabilityStatus
		want    vex.Status
	}{
		{"resolved", "affected", vex.Affected}, {"resolved", "unaffected", vex.Fixed}, {"resolved", "", vex.Affected}, {"resolved", "unknown", ""}, {"resolved", "fixed-ish", ""}, {"not_affected", "Affected", ""}, {"not_affected", "", vex.NotAffected},
		{"not_affected", "affected", vex.NotAffected}, {"not_affected", "unknown", ""}, {"", "unaffected", vex.NotAffected}, {"in_triage", "affected", vex.UnderInvestigation},
	} {
		s := cyclonedx.Statements(&cdx.Vulnerability{ID: "CVE-1", Analysis: &cdx.VulnerabilityAnalysis{State: c.state, Justification: "code_not_present"},
			Affects: &[]cdx.Affects{{Ref: "a", Range: &[]cdx.AffectedVersions{{Version: "1", Status: c.version}}}}})
		require.Len(t, s, 1)
		require.Equal(t, c.want, s[0].Status, c)
		if c.want != vex.NotAffected {
			require.Empty(t, s[0].Justification, c)
		}
	}
}

func TestWhatDoesNotSayOfWhatItSpeaksClearsNothing(t *testing.T) {
	t.Parallel()
	for name, affects := range map[string][]cdx.Affects{
		"no reference":           {{}},
		"one reference missing":  {{Ref: "a"}, {Ref: " "}},
		"a version that is none": {{Ref: "a", Range: &[]cdx.AffectedVersions{{Status: "unaffected"}}}},
		"one version missing":    {{Ref: "a", Range: &[]cdx.AffectedVersions{{Version: "1", Status: "unaffected"}, {Status: "affected"}}}},
	} {
		for _, state := range []cdx.ImpactAnalysisState{"not_affected", "resolved", "false_positive"} {
			list := cyclonedx.Statements(&cdx.Vulnerability{ID: "CVE-1", Affects: &affects, Analysis: &cdx.VulnerabilityAnalysis{State: state, Justification: "code_not_present"}})
			require.NotEmpty(t, list, name)
			for _, s := range list {
				require.NotContains(t, []vex.Status{vex.NotAffected, vex.Fixed}, s.Status, name)
				require.Empty(t, s.Justification, name)
				require.NotContains(t, s.Versions, "", name)
				require.NotContains(t, s.Products, vex.Product{}, name)
				require.Equal(t, string(state), s.Original.State, name)
				require.Equal(t, "code_not_present", s.Original.Justification, name)
			}
		}
	}
	list := cyclonedx.Statements(&cdx.Vulnerability{ID: "CVE-1", Affects: &[]cdx.Affects{{}}, Analysis: &cdx.VulnerabilityAnalysis{State: "exploitable"}})
	require.Equal(t, vex.Affected, list[0].Status, "what does not clear stays")
}

func ExampleStatus() {
	fmt.Println(cyclonedx.Status("false_positive"))
	fmt.Println(cyclonedx.Status("maybe"))
	// Output:
	// not_affected true
	//  false
}

func ExampleJustification() {
	j, _ := cyclonedx.Justification("code_not_reachable")
	fmt.Println(j, cyclonedx.Token(j))
	j, ok := cyclonedx.Justification("protected_at_perimeter")
	fmt.Printf("%q %v, outside the product: %v\n", j, ok, cyclonedx.Outside("protected_at_perimeter"))
	// Output:
	// vulnerable_code_not_in_execute_path code_not_reachable
	// "" true, outside the product: true
}

func ExampleState() {
	fmt.Println(cyclonedx.State(vex.Fixed))
	// Output: resolved
}

func ExampleStatements() {
	for _, s := range cyclonedx.Statements(&cdx.Vulnerability{
		ID: "CVE-2022-25640", Affects: &[]cdx.Affects{{Ref: "wolfssl"}},
		Analysis: &cdx.VulnerabilityAnalysis{State: "not_affected", Justification: "code_not_reachable"},
	}) {
		fmt.Println(s.Vulnerability, s.Products, s.Status, s.Justification)
	}
	// Output: CVE-2022-25640 [wolfssl] not_affected vulnerable_code_not_in_execute_path
}

func TestAStateThatIsNoneClearsNoVersion(t *testing.T) {
	t.Parallel()
	doc := decode(t, `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"tls","bom-ref":"tls"}],
		"vulnerabilities":[{"id":"CVE-1","analysis":{"state":"bogus"},"affects":[{"ref":"tls","versions":[{"version":"1","status":"unaffected"},{"version":"2","status":"affected"}]}]}]}`)
	require.NotEmpty(t, doc.Problems)
	require.Contains(t, doc.Problems[0].Message, `"bogus" is not a state of CycloneDX`)
	require.Len(t, doc.Statements, 2)
	for _, s := range doc.Statements {
		require.Empty(t, s.Status, s.Versions)
		require.Equal(t, "bogus", s.Original.State)
	}
}
