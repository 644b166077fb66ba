package patch_test

import (
	"errors"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/cvss/rubric"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/rule"
)

// noon is 08:00 in New York.
var noon = time.Date(2026, 3, 12, 12, 0, 0, 0, time.UTC)

func day(s string) rule.Date {
	d, err := rule.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func policy() patch.Policy {
	cal, err := rule.NewCalendar("America/New_York", rule.USFederal())
	if err != nil {
		panic(err)
	}
	return patch.Policy{Calendar: cal, Owner: "patch-lead", Cycle: &patch.Cycle{
		First: day("2026-01-15"), Every: 91, Justification: "validation takes eleven weeks",
		ProposedBy: "patch-lead", Approved: ok("quality"),
	}}
}

func ok(by string) assess.Approval { return assess.Approval{By: by, At: noon, Why: "agreed"} }

// opened is a finding that was seen two days before noon.
func opened() (assess.Assessment, error) {
	return assess.Open(match.Finding{
		Product: "pump-2.1", Coordinate: "cpe:a:wolfssl:wolfssl", Vulnerability: "CVE-2022-25640",
		IDs: []feeds.ID{"CVE-2022-25640"}, Sources: []string{"nvd"},
		Instances: []match.Instance{{Component: match.Component{Ref: "c1", Name: "wolfSSL", Version: "4.8.1"}}},
		Seen:      time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC),
	}, time.Time{}, "analyst", noon)
}

// judged is opened, walked through the steps with this harm and proposed. The
// level is high.
func judged(h assess.Harm) (assess.Assessment, error) {
	step := assess.Step{By: "analyst", At: noon, Why: "looked at it", Evidence: []assess.Evidence{{Text: "design file 12"}}}
	answers := rubric.Answers{}
	for {
		q, done := rubric.Next(answers)
		if done {
			break
		}
		answers[q.ID] = rubric.No
		if q.ID == "XAVN" || q.ID == "XAVT" || q.ID == "XACL" {
			answers[q.ID] = rubric.Yes
		}
	}
	a, err := opened()
	fail := func(next assess.Assessment, e error) { a, err = next, errors.Join(err, e) }
	fail(a.WithTriage(assess.Triage{Step: step, Result: assess.Affected}))
	fail(a.WithExploitability(step, answers, nil))
	fail(a.WithImpact(assess.Impact{Step: step, Harm: h, Statement: "The pump stops."}))
	fail(a.WithScore(step, answers, nil))
	fail(a.Propose(nil, assess.Proposal{Step: step}))
	return a, err
}

// settled is judged and approved: uncontrolled from serious harm on.
func settled(h assess.Harm) assess.Assessment {
	a, err := judged(h)
	if err == nil {
		a, err = a.Settle(ok("safety"))
	}
	if err != nil {
		panic(err)
	}
	return a
}

// left is a controlled one with the answer whether it is acceptable to leave.
func left(answer assess.Answer) assess.Assessment {
	a, err := settled(assess.Minor).WithLeave(assess.Leave{Acceptable: answer, By: "quality", Why: "telemetry only", At: noon})
	if err != nil {
		panic(err)
	}
	return a
}

var details = patch.Details{
	Remedies: []patch.Remedy{{Kind: patch.Patch, Text: "wolfSSL 5.5.1", Party: patch.Manufacturer, FixedIn: "2.2"}},
	Actions: []patch.Action{
		{Party: patch.Manufacturer, Text: "Release 2.2."},
		{Party: patch.Facility, Text: "Install 2.2."},
		{Party: patch.User, Text: "Check the settings before each start."},
	},
}
