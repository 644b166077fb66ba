package patch_test

import (
	"context"
	"fmt"
	"os"
	"testing/fstest"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/store"
)

// An uncontrolled risk, learned of on 2026-03-10.
func ExamplePropose() {
	p, err := patch.Propose(settled(assess.Serious), policy(), "patch-lead", noon)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p)
	fmt.Println(p.Duties[0].Citation.Clause, p.Duties[0].Citation.Force)
	for _, c := range p.Clocks {
		fmt.Println(c.Day, c.Zone, c.Citation.Clause, c.Citation.Force)
	}
	for _, g := range p.Gaps {
		fmt.Println("open:", g.What)
	}
	// Output:
	// pump-2.1 cpe:a:wolfssl:wolfssl CVE-2022-25640: out-of-cycle, fda-pm-30 2026-04-09, fda-pm-60 2026-05-09, 2 open
	// 524B(b)(2)(B) statute
	// 2026-04-09 America/New_York VII.B, second condition guidance
	// 2026-05-09 America/New_York VII.B, third condition guidance
	// open: remedy
	// open: actions
}

// A controlled risk that is not acceptable to leave, with and without a cycle of
// the maker's.
func ExamplePropose_regularCycle() {
	pol := policy()
	for range 2 {
		p, err := patch.Propose(left(assess.No), pol, "patch-lead", noon)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(p)
		pol.Cycle = nil
	}
	// Output:
	// pump-2.1 cpe:a:wolfssl:wolfssl CVE-2022-25640: regular-cycle, due 2026-04-16, 2 open
	// pump-2.1 cpe:a:wolfssl:wolfssl CVE-2022-25640: regular-cycle, 3 open
}

func ExamplePlan_With() {
	p, err := patch.Propose(settled(assess.Serious), policy(), "patch-lead", noon)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = p.Approve(assess.Approval{By: "quality-lead", At: noon, Why: "reviewed"})
	fmt.Println(err)
	p, err = p.With(patch.Details{
		Remedies: []patch.Remedy{{Kind: patch.Patch, Text: "wolfSSL 5.5.1", Party: patch.Manufacturer, FixedIn: "2.2"}},
		Actions: []patch.Action{
			{Party: patch.Manufacturer, Text: "Release 2.2."},
			{Party: patch.Facility, Text: "Install 2.2 and report it."},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err = p.Approve(assess.Approval{By: "quality-lead", At: noon, Why: "reviewed"})
	fmt.Println(p.State(), p.Approved.Identity, err)
	// Output:
	// patch: plan for "pump-2.1 cpe:a:wolfssl:wolfssl CVE-2022-25640": open: remedy (nothing is planned that takes the risk away); actions (no party is told what to do)
	// approved identity not verified by host <nil>
}

func ExampleCycle_Next() {
	c := patch.Cycle{First: day("2026-01-15"), Every: 91}
	next, found := c.Next(day("2026-03-12"))
	fmt.Println(next, found)
	// Output: 2026-04-16 true
}

func ExampleDefaultDuties() {
	duties, err := patch.DefaultDuties()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range duties {
		fmt.Printf("%s: %s, %s\n", d.Class, d.Citation.Clause, d.Citation.Force)
	}
	// Output:
	// out-of-cycle: 524B(b)(2)(B), statute
	// undetermined: VI.C, guidance
	// regular-cycle: 524B(b)(2)(A), statute
	// no-change: plan without a change, convention
}

func ExampleLoadDuties() {
	text, err := os.ReadFile("duties.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	duties, err := patch.LoadDuties(fstest.MapFS{"ours.json": {Data: text}}, "ours.json")
	fmt.Println(len(duties), err)
	_, err = patch.LoadDuties(fstest.MapFS{"ours.json": {Data: []byte(`{"duty": []}`)}}, "ours.json")
	fmt.Println(err)
	// Output:
	// 4 <nil>
	// patch: duties "ours.json": json: unknown field "duty"
}

func ExampleSave() {
	ctx, l := context.Background(), ledger()
	p, err := patch.Propose(settled(assess.Serious), policy(), "patch-lead", noon)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(patch.Save(ctx, l, store.By{Who: "patch-lead", Why: "determined today"}, p))
	kept, entry, err := patch.Plans.Latest(ctx, l, p.Key())
	fmt.Println(entry.Seq, kept.Class, kept.State(), err)
	// Output:
	// <nil>
	// 1 out-of-cycle proposed <nil>
}
