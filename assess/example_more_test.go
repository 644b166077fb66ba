package assess_test

import (
	"context"
	"fmt"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/rule"
	"github.com/open-postmarket/postmarket/store"
)

// judged walks the air-gapped case without a test.
func judged(product string, h assess.Harm, by string) (assess.Assessment, error) {
	f := openssl()
	f.Product = product
	a, err := assess.Open(f, time.Time{}, by, noon)
	e := airGap
	e.Step = step(by)
	for _, do := range []func() (assess.Assessment, error){
		func() (assess.Assessment, error) {
			return a.WithTriage(assess.Triage{Step: step(by), Result: assess.Affected})
		},
		func() (assess.Assessment, error) { return a.WithExploitability(step(by), overNetwork, nil) },
		func() (assess.Assessment, error) {
			return a.WithEnvironment(e, device.Deployment{Network: device.Isolated}, nil)
		},
		func() (assess.Assessment, error) {
			return a.WithImpact(assess.Impact{Step: step(by), Harm: h, Statement: "The alarm may be lost."})
		},
		func() (assess.Assessment, error) { return a.WithScore(step(by), overNetwork, nil) },
		func() (assess.Assessment, error) { return a.Propose(nil, assess.Proposal{Step: step(by)}) },
	} {
		if err != nil {
			return a, err
		}
		a, err = do()
	}
	return a, err
}

// The device gains a network: exactly the decisions that rested on having none are
// opened again.
func ExampleTrips() {
	ctx, l := context.Background(), ledger()
	a, err := judged("monitor-1.4", assess.Serious, "analyst-1")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := assess.Save(ctx, l, store.By{Who: "analyst-1", Why: "judged"}, a); err != nil {
		fmt.Println(err)
		return
	}
	if a, err = a.Settle(ok("safety")); err != nil {
		fmt.Println(err)
		return
	}
	if err := assess.Save(ctx, l, store.By{Who: "safety", Why: "approved"}, a); err != nil {
		fmt.Println(err)
		return
	}
	p := device.Product{ID: "monitor-1.4", Deployment: device.Deployment{Network: device.Facility}}
	trips, err := assess.Trips(ctx, l, p, nil, noon)
	for _, t := range trips {
		again, err := t.Assessment.Revisit(t.Tripwire, step("analyst-1"))
		fmt.Println(t.Assessment.Vulnerability, t.Tripwire, again.State(), err)
	}
	fmt.Println(err)
	// Output:
	// CVE-2021-3711 ground network holds → gone opened <nil>
	// <nil>
}

// One site says that it has put the device on a network after all.
func ExampleAssessment_Sites() {
	a, err := judged("monitor-1.4", assess.Serious, "analyst-1")
	if err != nil {
		fmt.Println(err)
		return
	}
	if a, err = a.Settle(ok("safety")); err != nil {
		fmt.Println(err)
		return
	}
	fielded := []device.Fielded{
		{Product: "monitor-1.4", Site: "s-1", AsOf: seen, How: "service log"},
		{Product: "monitor-1.4", Site: "s-2", AsOf: seen, How: "service log"},
	}
	attested := []device.Attestation{{Product: "monitor-1.4", Site: "s-2", Control: device.NetworkControl, Holds: device.HasNot,
		By: "s-2-it", How: "the central station is connected", At: seen}}
	sites, err := a.Sites(nil, device.Deployment{Network: device.Isolated}, fielded, attested, noon)
	for _, s := range sites {
		fmt.Println(s.Site, s.Risk, s.Exploitability)
	}
	fmt.Println(assess.UncontrolledSites(sites), err)
	// Output:
	// s-1 controlled low
	// s-2 uncontrolled high
	// [s-2] <nil>
}

func ExampleCompare() {
	var list []assess.Assessment
	for _, one := range []struct {
		product, by string
		harm        assess.Harm
	}{{"monitor-1.4", "analyst-1", assess.Serious}, {"monitor-1.5", "analyst-2", assess.Critical}} {
		a, err := judged(one.product, one.harm, one.by)
		if err != nil {
			fmt.Println(err)
			return
		}
		if a, err = a.Settle(ok("safety")); err != nil {
			fmt.Println(err)
			return
		}
		list = append(list, a)
	}
	for _, i := range assess.Compare(list, nil) {
		fmt.Println(i)
	}
	// Output: CVE-2021-3711 in equivalent deployments differs in risk, harm: monitor-1.4 (controlled, by analyst-1); monitor-1.5 (uncontrolled, by analyst-2)
}

func ExampleAssessment_RiskAt() {
	a, err := assess.Open(finding(), time.Time{}, "analyst-1", noon)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, day := range []int{29, 30} {
		risk, why, err := a.RiskAt(nil, days, seen.AddDate(0, 0, day))
		fmt.Printf("%q %s %v\n", risk, why, err)
	}
	// Output:
	// "" no determination is approved <nil>
	// "uncontrolled" undetermined 30 days after it was learned of on 2026-03-10 (America/Chicago): treated as uncontrolled <nil>
}

// A correction that is not reported is justified by one person and evaluated by
// another.
func ExampleCorrection() {
	c := assess.Correction{Schema: assess.CorrectionSchema, ID: "cor-1", Finding: finding().Key(), What: "version 2.2 is installed", Initiated: seen}
	cal, err := rule.NewCalendar("America/Chicago")
	if err != nil {
		fmt.Println(err)
		return
	}
	clock, err := c.Clock(nil, "regulatory-affairs", cal)
	fmt.Println(clock.Day, err)
	c, err = c.Justify(step("regulatory-1"))
	fmt.Println(c.Decided(), err)
	c, err = c.Evaluate(ok("designated-1"), designation("designated-1"))
	fmt.Println(c.Decided(), err)
	// Output:
	// 2026-03-24 <nil>
	// false <nil>
	// true <nil>
}
