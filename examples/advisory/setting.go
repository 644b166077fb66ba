package main

import (
	"time"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/cvss/rubric"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/rule"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/tlp"
)

var start = time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)

// The people are ids, as a host would hand them over.
const (
	analyst    = "analyst-1"
	safety     = "clinical-safety-1"
	engineer   = "patch-lead-1"
	quality    = "quality-1"
	regulatory = "regulatory-1"
	editor     = "advisory-editor-1"
)

const flaw feeds.ID = "CVE-2026-99999"

const impact = "Somebody on the hospital network could change therapy settings, so that a patient gets too much or too little medicine and needs treatment."

// titles are those of the files that the press writes, in its order.
var titles = []string{
	"CSAF 2.0 security advisory", "The letter as a web page", "The letter as Markdown", "CSAF 2.0 VEX", "CycloneDX VEX", "OpenVEX", "The letter as PDF",
}

// inventory is what a facility has.
const inventory = `UDI-DI,Model,Version,Serial
09506000134352,EP-2,2.1,1001
,EP-2,2.2,1002
,EP-2,1.5,1003
,ES-7,7.0,2001
`

func pump(version, udi string) device.Product {
	return device.Product{
		ID: "pump-" + version, Name: "Example infusion pump", Model: "EP-2", Version: version, Manufacturer: "Example Medical (invented)",
		UDIDI: udi, Zone: "America/Chicago", IntendedUse: "Infuses medicine as prescribed.",
	}
}

// fleet has a version that is not supported any more, and one that was never
// distributed.
func fleet() advisory.Fleet {
	units := 12
	life := func(product string, stage device.Stage, ended string) device.Life {
		return device.Life{Product: product, Stage: stage, Since: start.AddDate(-1, 0, 0), By: regulatory, Why: "plan (invented)", Ended: ended}
	}
	return advisory.Fleet{
		Products: []device.Product{pump("1.5", ""), pump("2.1", "09506000134352"), pump("3.0-beta", "")},
		Lives:    []device.Life{life("pump-1.5", device.EndOfSupport, "2025-12-31"), life("pump-2.1", device.Supported, ""), life("pump-3.0-beta", device.Development, "")},
		Counts:   []device.Fielded{{Product: "pump-1.5", Site: "s-17", Units: &units, AsOf: start, How: "service log"}},
	}
}

func customers() []advisory.Customer {
	return []advisory.Customer{
		{ID: "c-1", Channels: []advisory.Channel{{Tier: advisory.Primary, Way: advisory.ByNotifier, Route: "mail"}}},
		{ID: "c-2", Channels: []advisory.Channel{{Tier: advisory.Primary, Way: advisory.ByLetter, Route: "support desk"}}},
	}
}

func records() []feeds.Record {
	return []feeds.Record{{
		Source: "nvd", Item: string(flaw), Names: []feeds.ID{flaw}, Mark: tlp.Marked(tlp.Clear, "nvd"),
		Configurations: []feeds.Configuration{{Nodes: []feeds.Node{{Criteria: []feeds.Criterion{
			{CPE: "cpe:2.3:a:example:tls:*:*:*:*:*:*:*:*", Vulnerable: true, EndExcluding: "5.2.0"},
		}}}}},
	}}
}

func bom() sbom.BOM {
	return sbom.BOM{Components: []sbom.Component{{Ref: "tls", Name: "example-tls", Version: "4.8.1", CPE: "cpe:2.3:a:example:tls:4.8.1:*:*:*:*:*:*:*"}}}
}

// answers walk the rubric: reached over the network at will, integrity of therapy.
func answers() rubric.Answers {
	want := rubric.Answers{"XAVN": rubric.Yes, "XAVT": rubric.Yes, "XACL": rubric.Yes, "XIT": rubric.High}
	out := rubric.Answers{}
	for {
		q, done := rubric.Next(out)
		if done {
			return out
		}
		out[q.ID] = rubric.No
		if v, ok := want[q.ID]; ok {
			out[q.ID] = v
		}
	}
}

func details(at time.Time) patch.Details {
	return patch.Details{
		Remedies: []patch.Remedy{
			{Kind: patch.Patch, Party: patch.Manufacturer, Text: "A release with a corrected TLS library is offered.", FixedIn: "2.2", AvailableFrom: at},
			{Kind: patch.CompensatingControl, Party: patch.Facility, Text: "Keep the pumps on a network segment of their own, closed to other systems."},
		},
		Actions: []patch.Action{{Party: patch.Facility, Text: "Install version 2.2 on every pump of version 2.1."}},
	}
}

func input() advisory.Input {
	return advisory.Input{
		ID: "EXM-2026-001", Kind: advisory.SecurityNotice, Lang: "en-US", By: editor,
		Maker:    advisory.Maker{Name: "Example Medical (invented)", Namespace: "https://example.com/psirt"},
		Mark:     tlp.Marked(tlp.Clear, "example-medical"),
		Audience: []tlp.Audience{tlp.Customer, tlp.ISAO, tlp.Regulator, tlp.Public},
		Vulnerabilities: []advisory.VulnerabilityText{{
			ID: flaw, Title: "Client certificates can be left out", CWE: "CWE-295",
			Description: "The TLS library accepts a client that leaves out one message of the handshake, and with it the proof of who it is.",
		}},
		Instructions: []advisory.Instruction{
			{Party: patch.Manufacturer, Text: "We supply updates and answer questions about them."},
			{Party: patch.Facility, Text: "Find your pumps by model and version, and plan the update with our field service."},
			{Party: patch.User, Text: "Go on using the pump. Compare the settings shown with the prescription before each start."},
		},
		Texts: advisory.Texts{
			Title: "TLS library in the Example infusion pump", Summary: "A library for encrypted connections in the pump has a weakness.\n\nThis notice says which versions are affected and what to do.",
			Availability: "Field service installs updates free of charge; call the number below.",
			Next:         advisory.Next{On: rule.Date{Year: 2026, Month: 4, Day: 9}},
			Contact:      "psirt@example.com, +1 555 0100", Reporting: advisory.MedWatch,
			Notice: &advisory.Notice{
				Impact:   "The library lets a client in without proof of who it is; on current understanding therapy settings could be changed from the hospital network.",
				Efforts:  "We work on removing the risk of harm to patients as fast as possible.",
				Controls: "Separate the pumps' network from others, as described below.",
				Fix:      "Version 2.2 is offered now; for version 1.5 we tell you by the date below what can be had.",
			},
		},
	}
}

// action is what a field safety notice says beyond a security notice.
func action() *advisory.FieldAction {
	return &advisory.FieldAction{
		References: []advisory.Reference{{What: "FSCA", Number: "EXM-FSCA-2026-1"}},
		Urgency:    &advisory.Urgency{Urgent: true, Why: "Therapy settings could be changed from the hospital network."},
		Units:      []advisory.Units{{Versions: []string{"pump-2.1"}, Serials: []string{"1000 to 1999"}}},
		Reply:      &advisory.Reply{Required: true, By: rule.Date{Year: 2026, Month: 4, Day: 1}, How: "Return the enclosed form."},
		PassOn:     "Tell all in your organization who have to know, and those to whom a pump went on.",
		Authorities: []advisory.Authority{
			{Name: "Competent authority (invented)", Informed: rule.Date{Year: 2026, Month: 3, Day: 10}},
		},
		Destinations:   []advisory.Destination{{State: "IE", Lang: "en"}},
		Registration:   advisory.Registration{Number: "US-MF-000000001"},
		Representative: advisory.Representative{Name: "Example Europe (invented)", Contact: "vigilance@example.com"},
		Attested:       []string{"not-understated", "consistent", "no-promotion"},
	}
}
