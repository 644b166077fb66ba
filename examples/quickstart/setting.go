package main

import (
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/cvss/rubric"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/rule"
)

// fiction is said before anything else: the components and the vulnerabilities
// are real, everything else is not.
const fiction = `The device, its maker, its network, its patients and every judgment below are INVENTED for this example.
The component list is that of a real, anonymized medical device, and the vulnerabilities are real ones.
Every sign-off is made by this program: a DEMONSTRATION, not a decision about any device.`

// The people of the example. They are ids, as a host would hand them over.
const (
	analyst  = "analyst-1"
	safety   = "clinical-safety-1"
	board    = "risk-board-1"
	engineer = "patch-lead-1"
	quality  = "quality-1"
	editor   = "advisory-editor-1"

	developer  = "developer-1"
	security   = "security-1"
	affairs    = "regulatory-1"
	approver   = "regulatory-2"
	release    = "release-1"
	technician = "field-1"
)

// product is the invented device.
func product() device.Product {
	yes := true
	return device.Product{
		ID: "therapy-2.1", Name: "Example bedside therapy device", Model: "EX-200", Version: "2.1",
		Manufacturer: "Example Medical (invented)", UDIDI: "00012345678905", Zone: "America/Chicago",
		IntendedUse: "Delivers a prescribed therapy at the bedside and reports its course to a central station.",
		Deployment: device.Deployment{
			Network: device.Segmented,
			Roles:   []string{"clinician", "service"},
			Functions: []device.Function{
				{Name: "therapy delivery", Kind: device.Therapy, Essential: true},
				{Name: "telemetry", Kind: device.Diagnosis},
			},
			Interfaces: []device.Interface{
				{Name: "therapy settings", Protocol: "TLS 1.3 with client certificates, on TCP/IP", Component: "WolfSSL",
					Wireless: &yes, Functions: []string{"therapy delivery"}},
				{Name: "telemetry", Protocol: "DTLS 1.2, on UDP/IP", Component: "WolfSSL",
					Wireless: &yes, Functions: []string{"telemetry"}},
			},
			EssentialPerformance: "Delivers the prescribed therapy within its limits, or stops and says so at the bedside.",
			Users:                []device.User{{Who: "ward nurse", Role: "clinician"}, {Who: "service technician", Role: "service", Privileged: &yes}},
			Hazards: []device.Hazard{
				{ID: "H-7", Functions: []string{"therapy delivery"}, Severity: device.Serious, Harm: "Too much or too little therapy, which needs treatment by a professional."},
				{ID: "H-12", Functions: []string{"telemetry"}, Severity: device.Minor, Harm: "The course of therapy is seen late at the central station."},
			},
		},
	}
}

// judgment is what the invented people would answer about one vulnerability.
type judgment struct {
	triage  string
	answers rubric.Answers
	harm    assess.Harm
	// function is the one that it reaches; the hazards hang on it.
	function string
	// impact is what could happen to the patient, in plain words, confidentiality,
	// integrity and availability what it does to these.
	impact, security string
	// lines and parts answer for the maker's other products and the rest of this one.
	lines, parts []assess.Answered
	// privileges and path say how an attack goes in the hospital's network, grounds
	// what of the deployment makes it harder.
	privileges, path string
	grounds          []assess.Ground
	// reasons of the steps.
	exploitability, safety, score, approval string
	// leave says whether a controlled risk may stay, by whom and why.
	leave   *assess.Leave
	details patch.Details
	// words for the advisory.
	description, title, cwe string
}

// answers says none to every category of data and functions that changed does
// not name.
func answers(reach rubric.Answers, changed rubric.Answers) rubric.Answers {
	out := rubric.Answers{}
	for _, q := range rubric.Questions() {
		if q.Category != "" && q.ID != "XCPM" { // asked only when PHI can be read
			out[q.ID] = rubric.No
		}
	}
	for _, from := range []rubric.Answers{reach, changed} {
		for id, a := range from {
			out[id] = a
		}
	}
	return out
}

// judgments are by CVE id. What is not judged here stays open, and is shown so.
func judgments() map[feeds.ID]judgment {
	network := rubric.Answers{ // over IP, at will, no authorization needed, nobody has to help
		"XAVN": rubric.Yes, "XAVT": rubric.Yes, "XACL": rubric.Yes,
		"XPRL": rubric.Yes, "XPRZ": rubric.No, "XUI": rubric.No, "XS": rubric.No,
	}
	return map[feeds.ID]judgment{
		"CVE-2022-25640": {
			triage:   "The settings service is a TLS 1.3 server that asks for client certificates, built from wolfSSL 4.8.1.",
			answers:  answers(network, rubric.Answers{"XIT": rubric.High}),
			harm:     assess.Serious,
			function: "therapy delivery",
			security: "Integrity of the settings is lost; nothing is read, nothing is stopped",
			lines: []assess.Answered{
				{What: "therapy", Result: assess.Affected, Why: "EX-200 is the only model, and asks for client certificates"},
				{What: "station", Result: assess.NotAffected, Why: "the SBOM of the central station has no wolfSSL (invented)"},
			},
			parts: []assess.Answered{
				{What: "telemetry service", Result: assess.NotAffected, Why: "it asks no client for a certificate"},
				{What: "drive controller", Result: assess.NotAffected, Why: "it has no network and checks no certificates"},
			},
			privileges: "none: the check that asks for them is what fails",
			path:       "wireless network of the hospital → TCP port of the settings service",
			grounds: []assess.Ground{{Name: stationRule, Why: "an attacker must be in the devices' segment and pose as a station first",
				Sets: []assess.Modified{{Metric: "MAV", Value: "A"}, {Metric: "MAC", Value: "H"}}}},
			impact:         "Somebody on the device's network could pose as a clinician's station and change therapy settings. A patient could receive too much or too little therapy and need treatment by a professional.",
			exploitability: "The service is reached over the hospital's wireless network; leaving one message out of the handshake is enough.",
			safety:         "A changed setting acts before the next nursing check; hazard analysis rates over- and under-delivery as serious.",
			score:          "Integrity of therapy delivery is lost; nothing else is.",
			approval:       "The alarm limits do not catch a slow change of settings. The rule for the settings port makes an attack harder, not less harmful, and not every site has it.",
			title:          "Therapy settings accept a client without its certificate being proven",
			cwe:            "CWE-287",
			description:    "The device checks a client's certificate before it takes new therapy settings. In the TLS library it uses (wolfSSL 4.8.1), a client that leaves out the message proving possession of the key is let through.",
			details: patch.Details{
				Remedies: []patch.Remedy{
					{Kind: patch.CompensatingControl, Text: "Let only the clinicians' stations reach the settings port, by a rule of the network segment.", Party: patch.Facility,
						Risks: []string{"A station that is replaced cannot set therapy until it is in the rule; the keys at the bedside still do."}},
					{Kind: patch.Patch, Text: "Device software 2.2 with wolfSSL 5.5.0 or later.", Party: patch.Manufacturer, FixedIn: "2.2",
						Risks: []string{"The device is not in use for the ten minutes of an update."}},
				},
				Actions: []patch.Action{
					{Party: patch.Manufacturer, Text: "Build, test and distribute device software 2.2, and tell every customer when it can be had."},
					{Party: patch.Facility, Text: "Restrict the settings port to the clinicians' stations now, and install version 2.2 when it can be had."},
					{Party: patch.User, Text: "Compare the settings on the device with the prescription at every check, and report any difference."},
				},
			},
		},
		"CVE-2022-34293": {
			triage:   "Telemetry goes out over DTLS, built from wolfSSL 4.8.1.",
			answers:  answers(network, rubric.Answers{"XAD": rubric.Low}),
			harm:     assess.Minor,
			function: "telemetry",
			security: "Availability of telemetry is reduced",
			lines: []assess.Answered{
				{What: "therapy", Result: assess.Affected, Why: "every EX-200 sends telemetry over DTLS"},
				{What: "station", Result: assess.NotAffected, Why: "the SBOM of the central station has no wolfSSL (invented)"},
			},
			parts: []assess.Answered{
				{What: "settings service", Result: assess.NotAffected, Why: "it speaks TLS over TCP, not DTLS"},
				{What: "drive controller", Result: assess.NotAffected, Why: "it has no network"},
			},
			privileges:     "none",
			path:           "wireless network of the hospital → UDP port of telemetry",
			impact:         "Reports of the course of therapy could arrive late at the central station. The device itself goes on and shows every alarm at the bedside; a patient could at most be seen to later.",
			exploitability: "Telemetry is reached over the hospital's wireless network, and no authorization stands before it.",
			safety:         "Bedside alarms do not depend on telemetry; hazard analysis rates a late report as minor.",
			score:          "Availability of monitoring is reduced; nothing else is touched.",
			approval:       "Alarms at the bedside remain, as the hazard analysis says.",
			leave: &assess.Leave{Acceptable: assess.Yes, By: board,
				Why: "Bedside alarms are independent of telemetry, and version 2.2 takes the library up for another reason."},
			title:       "Telemetry over DTLS can be stopped from the network",
			description: "The TLS library the device uses (wolfSSL 4.8.1) can leave out the check that a DTLS peer answers at its address, which lets somebody on the network keep the telemetry service busy.",
			details: patch.Details{
				Actions: []patch.Action{
					{Party: patch.Manufacturer, Text: "Take up wolfSSL 5.5.0 with device software 2.2."},
					{Party: patch.Facility, Text: "Keep telemetry on the segment of the devices."},
					{Party: patch.User, Text: "Go by the alarms at the bedside when the central station shows old data."},
				},
				Acceptance: &patch.Acceptance{
					Justification: "Minor harm only, and alarms at the bedside are independent of telemetry.",
					Reopen:        []string{"the flaw is listed as exploited in the wild", "bedside alarms come to depend on telemetry"},
				},
			},
		},
	}
}

// policy is what the invented maker has laid down.
func policy() (patch.Policy, error) {
	calendar, err := rule.NewCalendar(product().Zone, rule.USFederal())
	if err != nil {
		return patch.Policy{}, err
	}
	return patch.Policy{
		Calendar: calendar, Owner: engineer,
		Cycle: &patch.Cycle{
			First: rule.Date{Year: 2026, Month: time.January, Day: 15}, Every: 90,
			Justification: "Invented: four releases a year, each with the full regression suite.",
			ProposedBy:    engineer,
			Approved: assess.Approval{By: quality, At: time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC),
				Why: "Invented: matches the verification capacity."},
		},
	}, nil
}
