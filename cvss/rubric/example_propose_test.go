package rubric_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/cvss/rubric"
)

// An infusion pump takes its drug library over the hospital's network. A
// vulnerability in the parser of the library stops the pump; the published
// vector says 7.5. The rubric asks what it means for this device.
func Example() {
	pump := rubric.Facts{
		Interfaces:    []rubric.Interface{{Name: "drug library", Layer: rubric.IP}, {Name: "front panel", Layer: rubric.NoProtocol}},
		Authorization: rubric.Authorization{Roles: []string{"nurse", "pharmacist", "service"}},
		Functions:     []rubric.Function{{Name: "dosing", Category: rubric.Therapy, Essential: true}},
	}
	published, err := cvss.Parse("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("by the facts of the device:")
	proposed := rubric.Propose(pump)
	for _, p := range proposed {
		fmt.Printf("  %s:%s? %s (%s)\n", p.Question, p.Answer, p.By, p.Confidence)
	}
	fmt.Println("by the published vector:", len(rubric.ProposeFromVector(published)), "more")

	// The analyst goes through them. All of the device's facts hold for this
	// vulnerability but one: a dose that was changed is rejected by the pump's
	// own limits, or so it seems; that is Unknown until it is tested.
	answers := rubric.Answers{}
	for _, p := range proposed {
		if p.Question == "XIT" {
			continue
		}
		c, err := rubric.Confirm(p, "analyst-1", time.Date(2026, 3, 12, 9, 0, 0, 0, time.UTC))
		if err != nil {
			fmt.Println(err)
			return
		}
		answers[c.Question] = c.Answer
	}
	answers["XIT"] = rubric.Unknown
	for id, a := range map[string]rubric.Answer{"XACL": "yes", "XPRZ": "no", "XUI": "no", "XS": "no", "XCP": "no", "XAW": "low", "XIW": "low"} {
		answers[id] = a
	}
	for { // nothing else suffers
		q, done := rubric.Next(answers)
		if done {
			break
		}
		answers[q.ID] = rubric.None
	}

	r, err := rubric.Derive(answers, &rubric.Options{At: time.Date(2026, 3, 12, 9, 0, 0, 0, time.UTC)})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Vector, r.Vector.Base(), r.Vector.Severity())
	for _, row := range r.Rationale {
		if row.Decides && !strings.Contains(row.String(), ":N because X") {
			fmt.Println(" ", row)
		}
	}
	fmt.Println("answer next:", r.Open)
	fmt.Println("patient safety:", r.PatientSafety.Set, r.PatientSafety.Because)
	fmt.Println(r.Recognition.ID, r.Recognition.Status)
	fmt.Println(r.Label)
	// Output:
	// by the facts of the device:
	//   XAVN:Y? interface "drug library", layer ip (medium)
	//   XAVT:Y? interface "drug library", layer ip (medium)
	//   XPRL:Y? roles ["nurse" "pharmacist" "service"] (medium)
	//   XIT:H? function "dosing", therapy, essential (medium)
	//   XAT:H? function "dosing", therapy, essential (medium)
	// by the published vector: 18 more
	// CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H 9.1 Critical
	//   AC:L because XACL:Y; high confidence; from MedSec spreadsheet (mitre/md-cvss-rubric-tools@973bd75); osamusic/med-cvss@c2e2688; independent transcription of the trees
	//   S:U because XS:N; high confidence; from MedSec spreadsheet (mitre/md-cvss-rubric-tools@973bd75); osamusic/med-cvss@c2e2688; independent transcription of the trees
	//   I:H because XIT:U (delivery of therapy); medium confidence: it rests on few implementations or on a ruling of ours; ruling 2; from osamusic/med-cvss@c2e2688
	//   A:H because XAT:H (delivery of therapy); high confidence; from MedSec spreadsheet (mitre/md-cvss-rubric-tools@973bd75); osamusic/med-cvss@c2e2688
	// answer next: [XIT]
	// patient safety: true [XIT XAT]
	// 13-116 accepted
	// reconstruction of MITRE rubric v0.12.04; not compared with the qualified document; not itself an MDDT; not endorsed by MITRE
}

// A proposal says what it comes from, and that it is none yet.
func ExampleProposal() {
	fmt.Println(rubric.Propose(rubric.Facts{Interfaces: []rubric.Interface{{Name: "drug library", Layer: rubric.IP}}})[0])
	// Output:
	// XAVN:Y proposed by interface "drug library", layer ip (medium confidence): it is a network protocol; whether the vulnerability is reached by it is to be judged; not an answer until a person confirms it
}

func ExamplePropose() {
	yes := true
	// A glucose sensor that speaks to its reader by near-field radio only.
	sensor := rubric.Facts{
		Interfaces:    []rubric.Interface{{Name: "reader", Layer: rubric.NonIP, Wireless: &yes, Range: 0.1}},
		AllInterfaces: true,
		Functions:     []rubric.Function{{Name: "glucose", Category: rubric.Diagnosis, Essential: true}},
	}
	for _, p := range rubric.Propose(sensor) {
		fmt.Println(p.Question, p.Answer, p.By)
	}
	// Output:
	// XAVN Y interface "reader", layer non-ip
	// XAVT N the whole list of interfaces
	// XAVW Y interface "reader", wireless: yes
	// XAVR Y interface "reader", range 0.1 m
	// XID H function "glucose", diagnosis, essential
	// XAD H function "glucose", diagnosis, essential
}

func ExampleProposeFromVector() {
	v, err := cvss.Parse("CVSS:3.1/AV:A/AC:H/PR:L/UI:R/S:C/C:H/I:L/A:L")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range rubric.ProposeFromVector(v) {
		metric, _, _ := strings.Cut(p.By, " of ")
		fmt.Printf("%s:%s %s, %s: %s\n", p.Question, p.Answer, metric, p.Confidence, p.Why)
	}
	// Output:
	// XAVN:Y metric AV:A, medium: reachable over a network nearby
	// XAVT:N metric AV:A, low: Adjacent may be a link below IP; it may be a local IP subnet too, which is answered Yes
	// XACL:N metric AC:H, medium: the metric asks the same of the vulnerability; this device may differ
	// XPRL:Y metric PR:L, low: some privilege is needed, so there are some to be told apart
	// XPRZ:Y metric PR:L, medium: some privilege is needed
	// XPRS:N metric PR:L, medium: an ordinary one is enough
	// XUI:Y metric UI:R, medium: the metric asks the same of the vulnerability; this device may differ
	// XS:Y metric S:C, medium: the metric asks the same of the vulnerability; this device may differ
}

func ExampleConfirm() {
	p := rubric.Propose(rubric.Facts{Interfaces: []rubric.Interface{{Name: "lan", Layer: rubric.IP}}})[0]
	_, err := rubric.Confirm(p, "", time.Time{})
	fmt.Println(err)
	c, err := rubric.Confirm(p, "analyst-1", time.Date(2026, 3, 12, 9, 0, 0, 0, time.UTC))
	fmt.Println(c.Question, c.Answer, "by", c.By, err)
	// Output:
	// rubric: confirm XAVN: who confirms is missing
	// rubric: confirm XAVN: when it is confirmed is missing
	// XAVN Y by analyst-1 <nil>
}

func ExampleRecognitionAt() {
	for _, version := range []string{"3.0", "3.1", "4.0"} {
		s, err := rubric.RecognitionAt(version, time.Date(2026, 12, 21, 8, 0, 0, 0, time.UTC))
		fmt.Println(version, s.ID, s.Status, s.Warning, err)
	}
	// Output:
	// 3.0 13-116 passed on 2026-12-21 FDA no longer accepts declarations to CVSS v3.0 (recognition 13-116, until 2026-12-20) <nil>
	// 3.1 13-142 accepted  <nil>
	// 4.0    rubric: recognition: version "4.0": the rubric speaks of CVSS 3.0, whose base metrics 3.1 shares
}

func ExampleRecognition_Status() {
	for _, r := range rubric.Recognitions() {
		fmt.Println(r.ID, r.Status(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)))
	}
	// Output:
	// 13-116 passed
	// 13-142 accepted
}

// A host whose reviewer has the qualified document in hand records what was
// compared with what. FlowDigest is called here so that the example keeps
// working; a real record holds the value of the day of the comparison.
func ExampleEquivalence() {
	answers, err := rubric.ParseExtended("XAVN:Y/XAVT:Y/XACL:Y/XPRL:N/XUI:N/XS:N/XCP:N/XIP:N/XAP:N/XCD:N/XID:N/XAD:N/" +
		"XCT:N/XIT:N/XAT:H/XCW:N/XIW:N/XAW:N/XCS:N/XIS:N/XAS:N/XCO:N/XIO:N/XAO:N")
	if err != nil {
		fmt.Println(err)
		return
	}
	e := rubric.Equivalence{
		By: "J. Doe, Example Devices", Document: "MITRE rubric v0.12.04 as qualified", Date: "2026-03-01",
		Digest: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", Flow: rubric.FlowDigest(),
	}
	r, err := rubric.Derive(answers, &rubric.Options{Equivalence: &e})
	fmt.Println(r.Label, err)

	e.Flow = "another"
	_, err = rubric.Derive(answers, &rubric.Options{Equivalence: &e})
	fmt.Println(strings.Contains(err.Error(), "compare again"))
	// Output:
	// MITRE rubric v0.12.04 (MDDT; context of use: time-sensitive disclosure of vulnerabilities after a device is on the market (postmarket)), walked by a reconstruction that J. Doe, Example Devices compared on 2026-03-01 with MITRE rubric v0.12.04 as qualified (sha-256 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef) and found equivalent; the caller says so; not endorsed by MITRE <nil>
	// true
}

func ExampleRow() {
	answers, err := rubric.ParseExtended("XAVN:N/XAVP:Y/XAVPA:Y/XACL:Y/XPRL:N/XUI:N/XS:N/XCP:Y/XCPM:N/XIP:N/XAP:N/XCD:N/XID:N/XAD:N/" +
		"XCT:N/XIT:N/XAT:N/XCW:N/XIW:N/XAW:N/XCS:N/XIS:N/XAS:N/XCO:N/XIO:N/XAO:N")
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := rubric.Derive(answers, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Rationale[0])
	// Output:
	// AV:P because XAVN:N/XAVP:Y/XAVPA:Y; medium confidence: it rests on few implementations or on a ruling of ours; ruling 13; from MedSec spreadsheet (mitre/md-cvss-rubric-tools@973bd75); osamusic/med-cvss@c2e2688
}

// Every question has its help, and every ruling its reason.
func ExampleQuestions() {
	q := rubric.Questions()[7]
	fmt.Println(q.ID, q.Number, q.Text)
	fmt.Println(q.Help)
	fmt.Println(rubric.Rulings()[q.Ruling-1].Text)
	// Output:
	// XPRL PR Q1 Does the component tell users or roles apart and give them different privileges?
	// A component where everyone may do the same is answered No.
	// The ids XPRL, XCPM and XAD are right; tool tips of the spreadsheet that name others are slips.
}
