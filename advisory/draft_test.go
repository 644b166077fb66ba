package advisory_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/tlp"
)

func TestDraftRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		do   func(*advisory.Input)
		want string
	}{
		{"no kind", func(in *advisory.Input) { in.Kind = "" }, "kind of communication is not chosen"},
		{"an unknown kind", func(in *advisory.Input) { in.Kind = "recall" }, `kind "recall" is not known`},
		{"no id", func(in *advisory.Input) { in.ID = " " }, "id"},
		{"an id without a letter", func(in *advisory.Input) { in.ID = "??" }, "id"},
		{"another language", func(in *advisory.Input) { in.Lang = "de" }, "English only"},
		{"no maker", func(in *advisory.Input) { in.Maker.Name = "" }, "maker's name"},
		{"a namespace that is none", func(in *advisory.Input) { in.Maker.Namespace = "example" }, "namespace"},
		{"nobody", func(in *advisory.Input) { in.By = "" }, "who drafted it"},
		{"no mark", func(in *advisory.Input) { in.Mark = tlp.Mark{} }, "TLP label is not said"},
		{"a silent source", func(in *advisory.Input) { in.Assessments[0].Facts.Mark = tlp.Mark{By: []string{"blog"}} }, "asked of: blog"},
		{"no product", func(in *advisory.Input) { in.Products = nil }, "which is not given"},
		{"a product twice", func(in *advisory.Input) { in.Products = append(in.Products, in.Products[0]) }, "given twice"},
		{"one version under two keys", func(in *advisory.Input) {
			p := in.Products[0]
			p.ID = "other"
			in.Products = append(in.Products, p)
		}, "it is there twice"},
		{"a bad product", func(in *advisory.Input) { in.Products[0].UDIDI = "00000000000001" }, "check digit"},
		{"a range as version", func(in *advisory.Input) { in.Products = append(in.Products, pump("before 2.0", "")) }, "6.1.31"},
		{"an assessment twice", func(in *advisory.Input) { in.Assessments = append(in.Assessments, in.Assessments[0]) }, "given twice"},
		{"an assessment that is not right", func(in *advisory.Input) { in.Assessments[0].Digest = "" }, "digest is missing"},
		{"an assessment without words", func(in *advisory.Input) { in.Vulnerabilities[0].ID = telemetry }, "no words are given"},
		{"no plan for what is determined", func(in *advisory.Input) { in.Plans = nil }, "there is no plan"},
		{"a plan nobody approved", func(in *advisory.Input) { in.Plans[0].Approved = nil }, "is not approved"},
		{"a plan its proposer approved", func(in *advisory.Input) {
			p := *in.Plans[0].Approved
			p.By = in.Plans[0].Proposed.By
			in.Plans[0].Approved = &p
		}, "same person"},
		{"a plan that nobody named approved", func(in *advisory.Input) { in.Plans[0].Approved = &assess.Approval{} }, "not said: who, when, why"},
		{"a plan changed after its approval", func(in *advisory.Input) {
			in.Plans[0].Remedies = append([]patch.Remedy(nil), in.Plans[0].Remedies...)
			in.Plans[0].Remedies[0].FixedIn = "9.9"
		}, "approved another one"},
		{"a plan for other evidence", func(in *advisory.Input) { in.Plans[0].Digest = "other" }, "another state"},
		{"a plan for nothing", func(in *advisory.Input) { in.Plans[0].Finding = "other" }, "for no given assessment"},
		{"a plan twice", func(in *advisory.Input) { in.Plans = append(in.Plans, in.Plans[0]) }, "given twice"},
		{"no vulnerability", func(in *advisory.Input) { in.Vulnerabilities, in.Assessments, in.Plans = nil, nil, nil }, "vulnerabilities"},
		{"no description", func(in *advisory.Input) { in.Vulnerabilities[0].Description = "" }, "the description"},
		{"an empty phrase as clinical impact", func(in *advisory.Input) { in.Vulnerabilities[0].ClinicalImpact = "N/A." }, "says nothing"},
		{"another one", func(in *advisory.Input) { in.Vulnerabilities[0].ClinicalImpact = "No  clinical impact\nis expected." }, "says nothing"},
		{"too short a clinical impact", func(in *advisory.Input) { in.Vulnerabilities[0].ClinicalImpact = "Possible patient harm" }, "too short"},
		{"no CWE id", func(in *advisory.Input) { in.Vulnerabilities[0].CWE = "295" }, "no CWE id"},
		{"nothing for the user", func(in *advisory.Input) { in.Instructions = in.Instructions[:2] }, "no instruction for the user"},
		{"nothing for the manufacturer", func(in *advisory.Input) { in.Instructions = in.Instructions[1:] }, "no instruction for the manufacturer"},
		{"an empty instruction", func(in *advisory.Input) { in.Instructions[2].Text = "None." }, "says nothing"},
		{"a regulator told what to do", func(in *advisory.Input) {
			in.Instructions = append(in.Instructions, advisory.Instruction{Party: "regulator", Text: "Publish it."})
		}, `for "regulator"`},
		{"an instruction for what is not there", func(in *advisory.Input) { in.Instructions[0].For = []feeds.ID{telemetry} }, "no words are given"},
		{"an instruction for a product that is not there", func(in *advisory.Input) { in.Instructions[0].Versions = []string{"x"} }, "not given"},
		{"a remedy for what is not there", func(in *advisory.Input) {
			in.Remedies = []advisory.Remedy{{Kind: patch.Workaround, Party: patch.User, Text: "Unplug it.", For: []feeds.ID{telemetry}, Versions: []string{"x"}}}
		}, "no words are given"},
		{"an unknown remedy", func(in *advisory.Input) {
			in.Remedies = []advisory.Remedy{{Kind: "magic", Party: "regulator", Text: "Hope."}}
		}, `remedy kind "magic"`},
		{"a patch in no version", func(in *advisory.Input) {
			in.Remedies = []advisory.Remedy{{Kind: patch.Patch, Party: patch.User, Text: "Install it."}}
		}, "in which version"},
		{"no summary", func(in *advisory.Input) { in.Summary = "tbd" }, "the summary says nothing"},
		{"no title", func(in *advisory.Input) { in.Title = "" }, "the title"},
		{"no contact", func(in *advisory.Input) { in.Contact = "" }, "support contact"},
		{"no reporting", func(in *advisory.Input) { in.Reporting = "" }, "adverse events"},
		{"no next update", func(in *advisory.Input) { in.Next = advisory.Next{} }, "next update"},
		{"no word on a fix", func(in *advisory.Input) { in.Availability = "" }, "whether there is a fix"},
		{"a credit to nobody", func(in *advisory.Input) { in.Credits = []advisory.Credit{{Summary: "thanks"}} }, "names nobody"},
		{"no notice", func(in *advisory.Input) { in.Notice = nil }, "four statements"},
		{"no statement (a)", func(in *advisory.Input) { n := *in.Notice; n.Impact = ""; in.Notice = &n }, "statement (a)"},
		{"no statement (b)", func(in *advisory.Input) { n := *in.Notice; n.Efforts = ""; in.Notice = &n }, "statement (b)"},
		{"no statement (c)", func(in *advisory.Input) { n := *in.Notice; n.Controls = "none"; in.Notice = &n }, "statement (c)"},
		{"no statement (d)", func(in *advisory.Input) { n := *in.Notice; n.Fix = "TBD"; in.Notice = &n }, "statement (d)"},
		{"a revision without a date", func(in *advisory.Input) { in.Earlier = []advisory.Revision{{Number: 1, Summary: "x"}}; in.Change = "y" }, "date"},
		{"a revision without a number", func(in *advisory.Input) {
			in.Earlier, in.Change = []advisory.Revision{{Date: judged, Summary: "x"}}, "y"
		}, "revision 1"},
		{"a later revision that says nothing", func(in *advisory.Input) { in.Earlier = []advisory.Revision{{Number: 1, Date: judged, Summary: "x"}} }, "revision 2"},
		{"an earlier revision from later", func(in *advisory.Input) {
			in.Earlier, in.Change = []advisory.Revision{{Number: 1, Date: out, Summary: "x"}}, "y"
		}, "drafted before"},
		{"a statement over an assessment", func(in *advisory.Input) {
			in.Stated = []advisory.Statement{{Product: "pump-2.1", Vulnerability: therapy, Status: advisory.NotAffected, Why: "we say so"}}
		}, "cannot overrule"},
		{"a statement that something is affected", func(in *advisory.Input) {
			in.Products = append(in.Products, pump("3.0", ""))
			in.Stated = []advisory.Statement{{Product: "pump-3.0", Vulnerability: therapy, Status: advisory.Affected}}
		}, "may state"},
		{"not affected without a reason", func(in *advisory.Input) {
			in.Products = append(in.Products, pump("3.0", ""))
			in.Stated = []advisory.Statement{{Product: "pump-3.0", Vulnerability: therapy, Status: advisory.NotAffected}}
		}, "without a justification"},
		{"not affected because of the hospital", func(in *advisory.Input) {
			in.Products = append(in.Products, pump("3.0", ""))
			in.Stated = []advisory.Statement{{Product: "pump-3.0", Vulnerability: therapy, Status: advisory.NotAffected, Justification: "protected_at_perimeter"}}
		}, "does not fit"},
		{"a statement about another product", func(in *advisory.Input) {
			in.Stated = []advisory.Statement{{Product: "x", Vulnerability: therapy, Status: advisory.Fixed}, {Product: "pump-2.1", Vulnerability: telemetry, Status: advisory.Fixed}}
		}, "which is not given"},
		{"fixed in what is affected", func(in *advisory.Input) { in.Plans[0].Remedies[0].FixedIn = "2.1" }, "assessed as affected"},
		{"a region that is none", func(in *advisory.Input) { in.Lang = "en-UK" }, "no region"},
		{"fixed in what is affected, with a space", func(in *advisory.Input) { in.Plans[0] = fixedIn(in, "2.1 ") }, "assessed as affected"},
		{"text without width", func(in *advisory.Input) { in.Summary = "a sum\u200bmary" }, "U+200B"},
		{"a mark of direction", func(in *advisory.Input) { in.By = "advisory-author\u200e" }, "U+200E"},
		{"another one", func(in *advisory.Input) { in.Title = "a\u061cb" }, "U+061C"},
		{"text that is not UTF-8", func(in *advisory.Input) { in.Summary = "a \xff summary" }, "not UTF-8"},
		{"text that turns around", func(in *advisory.Input) { in.Instructions[0].Text = "do \u202e ton" }, "U+202E"},
		{"a terminal escape", func(in *advisory.Input) { in.Products[0].Name = "pump\x1b[2J" }, "U+001B"},
	} {
		in := uncontrolled(t)
		c.do(&in)
		a, err := advisory.Draft(in, drafted)
		require.ErrorContains(t, err, c.want, c.name)
		require.Empty(t, a.ID, c.name)
	}
}

// fixedIn is in's first plan, with the patch in another version.
func fixedIn(in *advisory.Input, version string) patch.Plan {
	p := in.Plans[0]
	p.Approved = nil
	r := fix
	r.FixedIn = version
	p, err := p.With(patch.Details{Remedies: []patch.Remedy{r, segment}})
	if err != nil {
		return p
	}
	p, err = p.Approve(approval("quality"))
	if err != nil {
		return patch.Plan{}
	}
	return p
}

func TestAVersionIsSpelledAsItIs(t *testing.T) {
	t.Parallel()
	in := uncontrolled(t)
	in.Plans[0] = fixedIn(&in, " 2.2\t")
	a := draft(t, in)
	require.Equal(t, map[string]advisory.VersionStatus{"2.1": advisory.Affected, "2.2": advisory.Fixed}, dispositions(a, therapy))
	require.Equal(t, "2.2", a.Remedies[0].FixedIn)
}

// twice is uncontrolled with the same vulnerability in a second component.
func twice(t *testing.T) (advisory.Input, match.Finding) {
	t.Helper()
	other := finding("pump-2.1", therapy)
	other.Coordinate = "cpe:a:other:copy"
	return uncontrolled(t), other
}

func TestAVersionIsFixedOnlyWhenEveryComponentOfItIs(t *testing.T) {
	t.Parallel()
	in, other := twice(t)
	second := settled(t, other, assess.Serious, remote, "The same could happen through the service port.")
	in.Assessments = append(in.Assessments, second)
	actions := []patch.Action{{Party: patch.Facility, Text: "Keep the pumps apart."}}
	in.Plans = append(in.Plans, planned(t, second, patch.Details{Remedies: []patch.Remedy{segment}, Actions: actions}))
	partly := map[string]advisory.VersionStatus{"2.1": advisory.Affected, "2.2": advisory.UnderInvestigation}
	require.Equal(t, partly, dispositions(draft(t, in), therapy))

	later := fix
	later.AvailableFrom = out
	in.Plans[1] = planned(t, second, patch.Details{Remedies: []patch.Remedy{later}, Actions: actions})
	require.Equal(t, partly, dispositions(draft(t, in), therapy), "planned is not there yet")

	in.Plans[1] = planned(t, second, patch.Details{Remedies: []patch.Remedy{fix}, Actions: actions})
	whole := map[string]advisory.VersionStatus{"2.1": advisory.Affected, "2.2": advisory.Fixed}
	require.Equal(t, whole, dispositions(draft(t, in), therapy))

	in, _ = twice(t)
	in.Assessments = append(in.Assessments, opened(t, other))
	require.Equal(t, partly, dispositions(draft(t, in), therapy), "nobody has looked at the second one")
	in.Assessments[1] = spared(t, other, "vulnerable_code_not_present")
	require.Equal(t, whole, dispositions(draft(t, in), therapy), "the second one is not affected")
}

func TestOnlyAControlledRiskIsAcceptableToLeave(t *testing.T) {
	t.Parallel()
	said := func(in advisory.Input) string {
		doc, err := advisory.CSAF(draft(t, in))
		require.NoError(t, err)
		var all []string
		for _, r := range doc.Vulnerabilities[0].Remediations {
			all = append(all, string(r.Category)+" "+r.Details)
		}
		return strings.Join(all, "\n")
	}
	in := variants(t)["controlled-no-change"]
	require.Contains(t, said(in), "no_fix_planned Manufacturer: The risk is controlled and acceptable to leave")

	other := finding("pump-2.1", telemetry)
	other.Coordinate = "cpe:a:other:copy"
	triaged, err := opened(t, other).WithTriage(assess.Triage{Step: step("analyst"), Result: assess.Affected})
	require.NoError(t, err)
	in.Assessments = append(in.Assessments, triaged)
	d := draft(t, in).Vulnerabilities[0].Dispositions[0]
	require.Empty(t, d.Risk)
	require.Empty(t, d.Class, "one of the two has no road")
	require.NotContains(t, said(in), "acceptable to leave")
	require.Contains(t, said(in), "none_available")
}

func TestTwoCVEsOfOneRecordStayTwo(t *testing.T) {
	t.Parallel()
	const shared feeds.ID = "GHSA-aaaa-bbbb-cccc"
	in := input(pump("2.1", ""))
	for _, id := range []feeds.ID{therapy, telemetry} {
		f := finding("pump-2.1", id)
		f.IDs = []feeds.ID{id, shared}
		in.Assessments = append(in.Assessments, opened(t, f))
	}
	words := func(id feeds.ID) advisory.VulnerabilityText {
		w := telemetryWords
		w.ID, w.ClinicalImpact = id, "We do not know yet; at worst settings could be changed."
		return w
	}
	in.Instructions = append(in.Instructions, advisory.Instruction{Party: patch.User, Text: "Look at the display.", For: []feeds.ID{shared}})
	for _, ids := range [][]feeds.ID{{therapy, telemetry}, {telemetry, therapy}, {shared, telemetry}, {telemetry, shared}} {
		in.Vulnerabilities = []advisory.VulnerabilityText{words(ids[0]), words(ids[1])}
		a := draft(t, in)
		require.Len(t, a.Vulnerabilities, 2)
		for _, v := range a.Vulnerabilities {
			require.ElementsMatch(t, []feeds.ID{v.ID, shared}, v.IDs)
			require.Len(t, v.Dispositions[0].Findings, 1)
		}
		require.Equal(t, []feeds.ID{therapy, telemetry}, a.Instructions[3].For, "the shared id means both")
		doc, err := advisory.CSAF(a)
		require.NoError(t, err)
		require.ElementsMatch(t, []string{string(therapy), string(telemetry)}, []string{doc.Vulnerabilities[0].CVE, doc.Vulnerabilities[1].CVE})
	}

	in.Vulnerabilities = []advisory.VulnerabilityText{words(shared)}
	_, err := advisory.Draft(in, drafted)
	require.ErrorContains(t, err, "each CVE needs words of its own")
	in.Vulnerabilities = []advisory.VulnerabilityText{words(therapy), words(telemetry), words(shared)}
	_, err = advisory.Draft(in, drafted)
	require.ErrorContains(t, err, `"GHSA-aaaa-bbbb-cccc" is there twice, or is an id of another one too`)
	in.Vulnerabilities = in.Vulnerabilities[:2]
	in.Products = append(in.Products, pump("3.0", ""))
	in.Stated = []advisory.Statement{{Product: "pump-3.0", Vulnerability: shared, Status: advisory.NotAffected, Why: "it has no TLS"}}
	_, err = advisory.Draft(in, drafted)
	require.ErrorContains(t, err, "which several go by")
}

func TestAllThatIsWrongIsToldAtOnce(t *testing.T) {
	t.Parallel()
	_, err := advisory.Draft(advisory.Input{}, drafted)
	for _, want := range []string{"kind", "id", "language", "maker", "TLP", "title", "contact", "manufacturer", "facility", "user", "version"} {
		require.ErrorContains(t, err, want)
	}
	require.Greater(t, strings.Count(err.Error(), "\n"), 10)
}

func dispositions(a advisory.Advisory, id feeds.ID) map[string]advisory.VersionStatus {
	m := map[string]advisory.VersionStatus{}
	for _, v := range a.Vulnerabilities {
		if v.ID == id {
			for i, d := range v.Dispositions {
				m[a.Versions[i].Version] = d.Status
			}
		}
	}
	return m
}

func TestTheStatusOfEveryVersionFollowsFromWhatIsKnown(t *testing.T) {
	t.Parallel()
	all := variants(t)
	require.Equal(t, map[string]advisory.VersionStatus{
		"2.1": advisory.Affected, "1.9": advisory.Affected, "3.0": advisory.NotAffected, "2.2": advisory.Fixed, "1.9.4": advisory.Fixed,
	}, dispositions(draft(t, all["several"]), therapy))
	require.Equal(t, map[string]advisory.VersionStatus{
		"2.1": advisory.Affected, "1.9": advisory.UnderInvestigation, "3.0": advisory.NotAffected, "2.2": advisory.UnderInvestigation, "1.9.4": advisory.UnderInvestigation,
	}, dispositions(draft(t, all["several"]), telemetry), "nothing known is under investigation, never absent")
	require.Equal(t, map[string]advisory.VersionStatus{"2.1": advisory.Affected}, dispositions(draft(t, all["patch-planned"]), therapy),
		"a version that does not exist yet is not told to be fixed")
	require.Equal(t, map[string]advisory.VersionStatus{"2.1": advisory.NotAffected}, dispositions(draft(t, all["not-affected"]), therapy))

	// Said to be not affected, but nobody approved that.
	in := all["under-investigation"]
	a, err := in.Assessments[0].WithTriage(assess.Triage{Step: step("analyst"), Result: assess.NotAffected, Justification: "component_not_present"})
	require.NoError(t, err)
	in.Assessments[0] = a
	require.Equal(t, map[string]advisory.VersionStatus{"2.1": advisory.UnderInvestigation}, dispositions(draft(t, in), therapy))
}

func TestOfSeveralComponentsTheWorstCounts(t *testing.T) {
	t.Parallel()
	other := finding("pump-2.1", therapy)
	other.Coordinate = "cpe:a:other:copy"
	in := uncontrolled(t)
	in.Assessments = append(in.Assessments, spared(t, other, "vulnerable_code_not_present"))
	d := draft(t, in).Vulnerabilities[0].Dispositions[0]
	require.Equal(t, advisory.Affected, d.Status)
	require.Equal(t, assess.Uncontrolled, d.Risk)
	require.Empty(t, d.Justification)
	require.Len(t, d.Findings, 2)

	// A lesser risk beside it changes neither risk nor score.
	in.Assessments[1] = settled(t, other, assess.Minor, near, "The same, but only in the service mode of the pump.")
	lesser, err := in.Assessments[1].WithLeave(assess.Leave{Acceptable: assess.Yes, By: "safety", Why: "fine", At: judged})
	require.NoError(t, err)
	in.Assessments[1] = lesser
	in.Plans = append(in.Plans, left(t, lesser))
	v := draft(t, in).Vulnerabilities[0]
	require.Equal(t, assess.Uncontrolled, v.Dispositions[0].Risk)
	require.Equal(t, 7.5, v.Dispositions[0].Score.Base)
	require.Equal(t, patch.OutOfCycle, v.Dispositions[0].Class)
	require.Contains(t, v.ClinicalImpact, "too much or too little")
	require.Contains(t, v.ClinicalImpact, "service mode")

	spare := variants(t)["not-affected"]
	spare.Assessments = append(spare.Assessments, spared(t, other, "component_not_present"))
	d = draft(t, spare).Vulnerabilities[0].Dispositions[0]
	require.Equal(t, advisory.NotAffected, d.Status)
	require.Empty(t, d.Justification, "two different tokens are told in words")
	require.Equal(t, "looked at it", d.Why)
}

func TestTheStrictestMarkCounts(t *testing.T) {
	t.Parallel()
	in := uncontrolled(t)
	f := finding("pump-2.1", therapy)
	f.Mark = tlp.Marked(tlp.Red, "cert")
	in.Assessments[0] = settled(t, f, assess.Serious, remote, "Someone could change the therapy settings of the pump.")
	in.Plans[0] = planned(t, in.Assessments[0], patch.Details{Remedies: []patch.Remedy{fix}, Actions: []patch.Action{{Party: patch.User, Text: "Call us."}}})
	require.Equal(t, tlp.Marked(tlp.Red, "cert"), draft(t, in).Mark)
}

func TestAnAdvisoryRestsOnRecordsAsTheyWere(t *testing.T) {
	t.Parallel()
	in := uncontrolled(t)
	a := draft(t, in)
	kinds := map[string]string{}
	for _, b := range a.Rests {
		want := in.Assessments[0].Finding
		if b.Kind == "device.product" {
			want = "pump-2.1"
		}
		require.Equal(t, want, b.Key)
		require.NotEmpty(t, b.Digest)
		kinds[b.Kind] = b.Digest
	}
	require.Len(t, kinds, 4)
	require.Equal(t, in.Assessments[0].Digest, kinds["match.finding"])
	f := finding("pump-2.1", therapy)
	f.Title = "another title"
	in.Assessments[0] = settled(t, f, assess.Serious, remote, in.Assessments[0].Impact.Statement)
	changed := draft(t, in)
	for _, b := range changed.Rests {
		require.Equal(t, b.Kind != "assess.assessment", b.Digest == kinds[b.Kind], b.Kind)
	}
}

func TestWhatIsForOneVersionIsNotToldToAnother(t *testing.T) {
	t.Parallel()
	doc, err := advisory.CSAF(draft(t, variants(t)["several"]))
	require.NoError(t, err)
	for _, r := range doc.Vulnerabilities[0].Remediations {
		if strings.Contains(r.Details, "Install version 2.2") {
			require.Equal(t, []string{"CSAFPID-0001"}, r.ProductIDs)
		}
		if strings.Contains(r.Details, "Install version 1.9.4") {
			require.Equal(t, []string{"CSAFPID-0002"}, r.ProductIDs)
		}
	}
}

func TestOnlyPlainBaseVectorsAreScores(t *testing.T) {
	t.Parallel()
	a := draft(t, uncontrolled(t))
	d := &a.Vulnerabilities[0].Dispositions[0]
	v, err := d.Score.Vector.With("E", "P")
	require.NoError(t, err)
	v, err = v.With("CR", "H")
	require.NoError(t, err)
	d.Score = &advisory.Score{Vector: v, Base: v.Base(), Extended: d.Score.Extended, Label: d.Score.Label}
	doc, err := advisory.CSAF(a)
	require.NoError(t, err)
	require.Len(t, doc.Vulnerabilities[0].Scores, 1)
	s := doc.Vulnerabilities[0].Scores[0].CVSSv3
	require.Equal(t, "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N", s.VectorString)
	require.Equal(t, "HIGH", s.BaseSeverity)
	require.Equal(t, []string{"CSAFPID-0001"}, doc.Vulnerabilities[0].Scores[0].Products)

	d.Score.Base = 9.9
	require.ErrorContains(t, a.Validate(), "not that of its vector")
	d.Score.Base, d.Score.Label = v.Base(), ""
	require.ErrorContains(t, a.Validate(), "label is missing")
	d.Score.Vector = cvss.Vector{}
	require.Error(t, a.Validate())
}

func TestTwoModelsOfOneNameAreKeptApart(t *testing.T) {
	t.Parallel()
	in := uncontrolled(t)
	in.Products = append(in.Products, device.Product{ID: "wide", Name: "Example infusion pump", Model: "EP-3", Version: "2.1", Zone: "America/Chicago"})
	doc, err := advisory.CSAF(draft(t, in))
	require.NoError(t, err)
	require.Len(t, doc.ProductTree.Branches, 1, "a product without a manufacturer is the maker's")
	var names []string
	for _, b := range doc.ProductTree.Branches[0].Branches {
		names = append(names, b.Name)
	}
	require.Equal(t, []string{"Example infusion pump (model EP-2)", "Example infusion pump (model EP-3)"}, names)
}

func TestARemedyOfWhoDraftsIsForWhatIsAffected(t *testing.T) {
	t.Parallel()
	in := variants(t)["several"]
	in.Remedies = []advisory.Remedy{
		{Kind: patch.FeatureDisable, Party: patch.Facility, Text: "Switch off remote settings.", SideEffects: "settings have to be made at the pump."},
		{Kind: patch.Workaround, Party: patch.User, Text: "Pull the cable.", For: []feeds.ID{therapy}, Versions: []string{"pump-1.9"}},
	}
	doc, err := advisory.CSAF(draft(t, in))
	require.NoError(t, err)
	found := 0
	for i, v := range doc.Vulnerabilities {
		for _, r := range v.Remediations {
			switch {
			case strings.HasPrefix(r.Details, "Facility: Function to switch off: Switch off remote settings. It could affect: settings"):
				require.Equal(t, [][]string{{"CSAFPID-0001", "CSAFPID-0002"}, {"CSAFPID-0001"}}[i], r.ProductIDs)
				require.Equal(t, "workaround", string(r.Category))
				found++
			case strings.HasPrefix(r.Details, "User: Workaround: Pull the cable."):
				require.Equal(t, []string{"CSAFPID-0002"}, r.ProductIDs)
				found++
			}
		}
	}
	require.Equal(t, 3, found)
}
