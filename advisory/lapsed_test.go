package advisory_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
)

func TestAJudgmentThatLapsedIsNotTold(t *testing.T) {
	t.Parallel()
	in := uncontrolled(t)
	judged := in.Assessments[0].Triage.At
	control := device.Control{ID: "tpm-1", What: "the boot chain is measured", Operator: device.Manufacturer, Verification: "test 7", By: "qa-1", At: judged, Expires: drafted.Add(time.Hour)}
	step := assess.Step{By: "analyst-1", At: judged, Why: "the code is shut off", Evidence: []assess.Evidence{{Text: "design file"}}}
	a, err := assess.Open(finding("pump-2.1", therapy), time.Time{}, "analyst-1", judged)
	require.NoError(t, err)
	a, err = a.WithTriage(assess.Triage{Step: step, Result: assess.NotAffected, Justification: "inline_mitigations_already_exist", Controls: []device.Control{control}})
	require.NoError(t, err)
	a, err = a.Propose(nil, assess.Proposal{Step: step})
	require.NoError(t, err)
	a, err = a.Settle(assess.Approval{By: "safety-1", At: judged, Why: "agreed"})
	require.NoError(t, err)
	in.Assessments, in.Plans, in.Notice = []assess.Assessment{a}, nil, nil

	_, err = advisory.Draft(in, control.Expires)
	var lapsed *assess.LapsedError
	require.ErrorAs(t, err, &lapsed)
}

func TestAFindingIsNoRecordOfAFix(t *testing.T) {
	t.Parallel()
	in := uncontrolled(t)
	in.Products = append(in.Products, pump("3.0", ""))
	in.Stated = []advisory.Statement{{Product: "pump-3.0", Vulnerability: therapy, Status: advisory.Fixed, Why: "Version 3.0 is built with the library of May.",
		From: []advisory.Basis{{Kind: "match.finding", Key: "none", Digest: "x"}}}}
	_, err := advisory.Draft(in, drafted)
	require.Error(t, err)
}

func TestAVersionThatIsSpelledOtherwiseStandsOnce(t *testing.T) {
	t.Parallel()
	for name, spell := range map[string]func(*device.Product){
		"version": func(p *device.Product) { p.Version = "v2.2" },
		"model":   func(p *device.Product) { p.Model = "ep 2" },
		"maker":   func(p *device.Product) { p.Manufacturer = "EXAMPLE MEDICAL" },
		"name":    func(p *device.Product) { p.Name = "Infusion pump EP-2" },
	} {
		in := uncontrolled(t)
		p := pump("2.2", "09506000134369")
		spell(&p)
		in.Products = append(in.Products, p)
		if a, err := advisory.Draft(in, drafted); err == nil {
			for _, v := range a.Vulnerabilities {
				require.Len(t, v.Dispositions, len(in.Products), name)
			}
		} else {
			require.NotContains(t, err.Error(), "twice", name)
		}
		in.Assessments = append(in.Assessments, serious(t, "pump-2.2"))
		if a, err := advisory.Draft(in, drafted); err == nil {
			for _, v := range a.Vulnerabilities {
				require.Len(t, v.Dispositions, len(in.Products), "%s: not affected and fixed at once", name)
			}
		}
	}
}

func TestWhatIsLeftOutIsNotSaidToBeFixed(t *testing.T) {
	t.Parallel()
	in := uncontrolled(t)
	in.Fleet, in.Products, in.NoFleet = &advisory.Fleet{Products: []device.Product{pump("2.1", "09506000134352"), pump("2.2", "")}}, nil, ""
	in.Excluded = []advisory.Exclusion{{Product: "pump-2.2", Why: "Advisory EXM-2026-009 speaks of version 2.2."}}
	in.Plans[0] = fixedIn(&in, "2.2")
	a := draft(t, in)
	require.Len(t, a.Versions, 1)
	for _, v := range a.Vulnerabilities {
		require.Len(t, v.Dispositions, 1)
	}
}
