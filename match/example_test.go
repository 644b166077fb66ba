package match_test

import (
	"fmt"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/vex"
)

// records of two made-up flaws in a library and in the firmware of a pump.
func exampleRecords() []feeds.Record {
	return []feeds.Record{
		{
			Source: "nvd", Item: "CVE-2026-0001", Names: []feeds.ID{"CVE-2026-0001"},
			Configurations: []feeds.Configuration{{Nodes: []feeds.Node{{Criteria: []feeds.Criterion{
				{CPE: "cpe:2.3:a:wolfssl:wolfssl:*:*:*:*:*:*:*:*", Vulnerable: true, EndExcluding: "5.2.0"},
			}}}}},
		},
		{
			Source: "nvd", Item: "CVE-2026-0002", Names: []feeds.ID{"CVE-2026-0002"},
			Configurations: []feeds.Configuration{{Operator: "AND", Nodes: []feeds.Node{
				{Criteria: []feeds.Criterion{{CPE: "cpe:2.3:o:acme:pump_firmware:1.0:*:*:*:*:*:*:*", Vulnerable: true}}},
				{Criteria: []feeds.Criterion{{CPE: "cpe:2.3:h:acme:pump:-:*:*:*:*:*:*:*"}}},
			}}},
		},
	}
}

func exampleBOM() sbom.BOM {
	return sbom.BOM{Components: []sbom.Component{
		{Ref: "tls", Name: "wolfSSL", Version: "4.8.1", CPE: "cpe:2.3:a:wolfssl:wolfssl:4.8.1:*:*:*:*:*:*:*"},
		{Ref: "fw", Name: "pump firmware", Version: "1.0", CPE: "cpe:2.3:o:acme:pump_firmware:1.0:*:*:*:*:*:*:*"},
	}}
}

func ExampleIndex_Find() {
	result := match.Build(exampleRecords(), nil).Find("pump", exampleBOM())
	for _, f := range result.Findings {
		i := f.Instances[0]
		c, _ := i.Confidence(nil)
		fmt.Printf("%s on %s, because of %s (%.2f)\n", f.Vulnerability, i.Component.Name, i.Evidence[0].Leaf, c)
	}
	// Half of an AND pair alone never matches, and what the BOM is silent about is asked.
	for _, q := range result.Questions() {
		fmt.Printf("%s of %s: %s\n", q.Ask, q.Component.Name, q.Why)
	}
	// Output:
	// CVE-2026-0001 on wolfSSL, because of cpe:2.3:a:wolfssl:wolfssl:*:*:*:*:*:*:*:* < 5.2.0 (0.85)
	// platform of pump firmware: the BOM names no hardware: does the device run on cpe:2.3:h:acme:pump:-:*:*:*:*:*:*:*?
}

func ExampleIndex_Explain() {
	bom := exampleBOM()
	bom.Components[0].Version, bom.Components[0].CPE = "5.2.0", "cpe:2.3:a:wolfssl:wolfssl:5.2.0:*:*:*:*:*:*:*"
	for _, c := range match.Build(exampleRecords(), nil).Explain("pump", bom).Rejected {
		fmt.Println(c.Vulnerability, c.Component.Name, c.Why)
	}
	// Output: CVE-2026-0001 wolfSSL 5.2.0 is not < 5.2.0
}

func ExampleDecide() {
	bom := exampleBOM()
	found := match.Build(exampleRecords(), nil).Find("pump", bom).Findings
	d := match.Decision{
		ID: "d-17", Vulnerabilities: []feeds.ID{"CVE-2026-0001"}, Coordinate: found[0].Coordinate, Origin: match.FromPerson, Status: vex.NotAffected,
		Justification: vex.CodeNotInExecutePath, Author: "psirt-lead", Reason: "the pump is no TLS server", At: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		Basis: match.Rest(found[0], bom, match.Setting{Build: "config-7"}),
	}
	for _, build := range []string{"config-7", "config-8"} {
		ruled, err := match.Decide(found, bom, []match.Decision{d}, match.Setting{Build: build})
		fmt.Println(ruled[0].Hidden(), ruled[0].Reopened(), err)
	}
	// Output:
	// true  <nil>
	// false the build or its configuration changed <nil>
}

func ExampleFromVEX() {
	doc := vex.Document{ID: "acme-1", Author: "Acme", Issued: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Statements: []vex.Statement{{
		Vulnerability: "CVE-2026-0001", Status: vex.NotAffected, Justification: vex.CodeNotPresent, Products: []vex.Product{{CPE: "cpe:2.3:a:wolfssl:wolfssl:4.8.1:*:*:*:*:*:*:*"}},
	}}}
	bom := exampleBOM()
	decisions, passed := match.FromVEX(doc, "pump", bom, match.Build(exampleRecords(), nil).Find("pump", bom).Findings, match.Setting{})
	fmt.Println(decisions[0].Coordinate, decisions[0].Justification, decisions[0].Author, len(passed))
	// Output: cpe:a:wolfssl:wolfssl vulnerable_code_not_present Acme 0
}

func ExampleFleet_Apply() {
	fleet := match.NewFleet(match.Build(exampleRecords(), nil))
	fleet.Put("pump-1", exampleBOM())
	fleet.Put("pump-2", exampleBOM())
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	states := map[string]match.State{}
	for _, product := range fleet.Products() {
		look, _ := fleet.Find(product)
		states[product], _ = states[product].Next(product, look.Findings, 1, at)
	}

	kev := feeds.Record{Source: "kev", Item: "CVE-2026-0001", Names: []feeds.ID{"CVE-2026-0001"}, Exploited: &feeds.Exploited{Ransomware: true}}
	delta := fleet.Apply([]feeds.Record{kev})
	for _, product := range delta.Products() {
		_, events, err := delta.Next(states[product], product, nil, 2, at.AddDate(0, 0, 1))
		for _, e := range events {
			fmt.Println(product, e.Change, e.Vulnerability, e.Was, e.Is, err)
		}
	}
	// Output:
	// pump-1 known exploited CVE-2026-0001 no yes <nil>
	// pump-1 ransomware CVE-2026-0001 no yes <nil>
	// pump-2 known exploited CVE-2026-0001 no yes <nil>
	// pump-2 ransomware CVE-2026-0001 no yes <nil>
}

func ExampleIndex_With() {
	before := match.Build(exampleRecords(), nil)
	fixed := exampleRecords()[0]
	fixed.Configurations[0].Nodes[0].Criteria[0].EndExcluding = "4.0"
	after := before.With([]feeds.Record{fixed})
	fmt.Println(len(before.Find("pump", exampleBOM()).Findings), len(after.Find("pump", exampleBOM()).Findings))
	// Output: 1 0
}
