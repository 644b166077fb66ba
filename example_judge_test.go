package postmarket_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket"
	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/cvss/rubric"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/nvd"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/rule"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/tlp"
)

// From a finding to a determination, a plan and the page for an auditor; and what the
// watch does when the deployment is another. docs/embedding.md tells it in words.
func Example_judge() {
	if err := judge(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// CVE-2022-25640: controlled, regular-cycle
	// the plan is not approved
	// pump-2.1: 1 of 1 components evaluated, 5 findings, 0 changes, re-opened: CVE-2022-25640
	// opened: tripwire: ground network holds → gone
}

func judge(ctx context.Context) error {
	now := time.Date(2026, 3, 2, 15, 0, 0, 0, time.UTC)
	db := memory.New()
	p, err := postmarket.New(postmarket.Config{
		Store: db, Mirror: db, Gate: tlp.LabelsOnly, Now: func() time.Time { return now },
		Sources: []feeds.Source{nvd.New(&nvd.Options{From: "examples/quickstart/data/nvd"})},
	})
	if err != nil {
		return err
	}
	pump := device.Product{
		ID: "pump-2.1", Name: "Pump", Model: "P-2", Version: "2.1", Zone: "America/Chicago", Deployment: device.Deployment{Network: device.Isolated},
	}
	bom := sbom.BOM{Components: []sbom.Component{
		{Ref: "tls", Name: "wolfSSL", Version: "5.1.0", CPE: "cpe:2.3:a:wolfssl:wolfssl:5.1.0:*:*:*:*:*:*:*"},
	}}
	file := func(why string) error { return p.Add(ctx, store.By{Who: "release-1", Why: why}, pump, bom) }
	if err := file("release 2.1 shipped"); err != nil {
		return err
	}
	if _, err := p.Check(ctx); err != nil {
		return err
	}
	var a assess.Assessment
	for f, err := range p.Findings(ctx, pump.ID) {
		if err != nil {
			return err
		}
		if f.Vulnerability == "CVE-2022-25640" {
			if a, err = assess.Open(f, time.Time{}, "analyst-1", now); err != nil {
				return err
			}
		}
	}

	// The four steps, each with who, when, why and evidence. They are kept by who did
	// them; here one person does all, in one act.
	step := assess.Step{By: "analyst-1", At: now, Why: "as the architecture shows it", Evidence: []assess.Evidence{{Text: "architecture, page 12"}}}
	answers, err := rubric.ParseExtended("XAVN:Y/XAVT:Y/XACL:Y/XPRL:N/XUI:N/XS:N/XCP:N/XIP:N/XAP:N/XCD:N/XID:N/XAD:N/XCT:N/XIT:H/XAT:N/XCW:N/XIW:N/XAW:N/XCS:N/XIS:N/XAS:N/XCO:N/XIO:N/XAO:N")
	if err != nil {
		return err
	}
	for _, do := range []func() (assess.Assessment, error){
		func() (assess.Assessment, error) {
			return a.WithTriage(assess.Triage{Step: step, Result: assess.Affected})
		},
		func() (assess.Assessment, error) { return a.WithExploitability(step, answers, nil) },
		func() (assess.Assessment, error) {
			return a.WithEnvironment(assess.Environment{Step: step, Privileges: "none", Path: "no network is connected", NoPath: true, Grounds: []assess.Ground{
				{Name: device.NetworkControl, Why: "the pump is air-gapped", Sets: []assess.Modified{{Metric: "MAV", Value: "P"}}},
			}}, pump.Deployment, nil)
		},
		func() (assess.Assessment, error) {
			return a.WithImpact(assess.Impact{Step: step, Harm: assess.Serious, Statement: "The dose could be changed."})
		},
		func() (assess.Assessment, error) { return a.WithScore(step, answers, nil) },
		func() (assess.Assessment, error) { return a.Propose(nil, assess.Proposal{Step: step}) },
	} {
		if a, err = do(); err != nil {
			return err
		}
	}
	// The proposal is in the ledger before somebody else approves it, in an act of his own.
	l := p.Ledger()
	if err := assess.Save(ctx, l, store.By{Who: "analyst-1", Why: "proposed"}, a); err != nil {
		return err
	}
	if a, err = a.Settle(assess.Approval{By: "safety-1", At: now, Why: "agreed"}); err != nil {
		return err
	}
	if err := assess.Save(ctx, l, store.By{Who: "safety-1", Why: "approved"}, a); err != nil {
		return err
	}

	calendar, err := rule.NewCalendar(pump.Zone, rule.USFederal())
	if err != nil {
		return err
	}
	plan, err := patch.Propose(a, patch.Policy{Calendar: calendar, Owner: "patch-lead-1"}, "patch-lead-1", now)
	if err != nil {
		return err
	}
	if err := patch.Save(ctx, l, store.By{Who: "patch-lead-1", Why: "proposed"}, plan); err != nil {
		return err
	}
	fmt.Printf("%s: %s, %s\n", a.Vulnerability, a.Risk(), plan.Class)
	summary, err := assess.Summarize(ctx, l, nil, calendar, a.Vulnerability, now)
	if err == nil {
		summary, err = patch.Complete(ctx, l, summary)
	}
	if err != nil {
		return err
	}
	page := summary.Markdown() // for an auditor
	if !strings.Contains(page, "### Gaps") {
		return errors.New("no gaps")
	}
	fmt.Println(summary.Products[0].Sections[0].Gaps[0])

	// The deployment is another: filed under the same id it takes the place of the one
	// before, and the next look re-opens what rests on it.
	now = now.Add(time.Hour)
	pump.Deployment.Network = device.Internet
	if err := file("the pumps got a network"); err != nil {
		return err
	}
	result, err := p.Check(ctx)
	if err != nil {
		return err
	}
	lines := strings.Split(result.String(), "\n")
	fmt.Println(lines[len(lines)-1])
	again, _, err := assess.Assessments.Latest(ctx, l, a.Finding)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %s\n", again.State(), again.Earlier[0].Ended.Why)
	return nil
}
