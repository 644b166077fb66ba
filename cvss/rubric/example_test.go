package rubric_test

import (
	"errors"
	"fmt"

	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/cvss/rubric"
)

// An infusion pump takes drug-library updates over TCP/IP without telling users
// apart. A malformed message stops it; whether a dose can be changed as well is
// not yet known.
func ExampleDerive() {
	answers := rubric.Answers{
		"XAVN": "yes", "XAVT": "yes", // the hospital network, TCP
		"XACL": "yes", // at any time
		"XPRL": "no",  // one role
		"XUI":  "no", "XS": "no",
		"XCP": "no", "XIP": "none", "XAP": "none",
		"XCD": "none", "XID": "none", "XAD": "none",
		"XCT": "none", "XIT": "unknown", "XAT": "high", // therapy
		"XCW": "none", "XIW": "none", "XAW": "low",
		"XCS": "none", "XIS": "none", "XAS": "none",
		"XCO": "none", "XIO": "none", "XAO": "none",
	}
	r, err := rubric.Derive(answers, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Vector, r.Vector.Base(), r.Vector.Severity())
	for _, row := range r.Rationale {
		if row.Decides && row.Value != "N" {
			fmt.Printf("%s:%s because %s (confidence %s, ruling %d)\n", row.Metric, row.Value, row.Answers, row.Confidence, row.Ruling)
		}
	}
	fmt.Println("open:", r.Open)
	fmt.Println("patient safety:", r.PatientSafety.Set, r.PatientSafety.Because)
	fmt.Println(r.Label)
	// Output:
	// CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H 9.1 Critical
	// AC:L because XACL:Y (confidence high, ruling 0)
	// S:U because XS:N (confidence high, ruling 0)
	// I:H because XIT:U (confidence medium, ruling 2)
	// A:H because XAT:H (confidence high, ruling 0)
	// open: [XIT]
	// patient safety: true [XIT XAT]
	// reconstruction of MITRE rubric v0.12.04; not compared with the qualified document; not itself an MDDT; not endorsed by MITRE
}

// A user interface asks until nothing is left.
func ExampleNext() {
	answers := rubric.Answers{}
	for range 3 {
		q, done := rubric.Next(answers)
		if done {
			break
		}
		fmt.Println(q.ID, q.Answers(), q.Text)
		answers[q.ID] = rubric.No
	}
	_, err := rubric.Derive(answers, nil)
	var missing *rubric.IncompleteError
	if errors.As(err, &missing) {
		fmt.Println("not answered yet:", len(missing.Missing))
	}
	// Output:
	// XAVN [Y N U] Could an attack arrive over some network or communication protocol?
	// XAVP [Y N U] Does the attack need physical contact with the device?
	// XACL [Y N U] Can the attacker try whenever they like, with no special circumstance, configuration or earlier attack needed?
	// not answered yet: 21
}

func ExampleParseExtended() {
	answers, err := rubric.ParseExtended("XACL:Yes/XAVT:Y/XAVN:Y")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(answers)
	_, err = rubric.ParseExtended("XAVN:Y/XAVN:N")
	fmt.Println(err)
	// Output:
	// XAVN:Y/XAVT:Y/XACL:Y
	// rubric: extended vector "XAVN:Y/XAVN:N" at byte 7: XAVN is given twice
}

// On load, a stored vector is compared with what its answers say.
func ExampleAnswers_Check() {
	answers, err := rubric.ParseExtended("XAVN:Y/XAVT:Y/XACL:Y/XPRL:N/XUI:N/XS:N/XCP:N/XIP:N/XAP:N/XCD:N/XID:N/XAD:N/" +
		"XCT:N/XIT:N/XAT:H/XCW:N/XIW:N/XAW:N/XCS:N/XIS:N/XAS:N/XCO:N/XIO:N/XAO:N")
	if err != nil {
		fmt.Println(err)
		return
	}
	stored, err := cvss.Parse("CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:H")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(answers.Check(stored))
	// Output:
	// rubric: the answers give "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", not "CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:H": differ in AC
}

// The recognitions are data: what they mean on a day is the reader's to say.
func ExampleRecognitions() {
	for _, r := range rubric.Recognitions() {
		fmt.Println(r.ID, r.Standard, r.Since, r.Until)
	}
	// Output:
	// 13-116 CVSS v3.0 2020-10-19 2026-12-20
	// 13-142 CVSS v3.1 2025-05-26 2027-07-04
}
