package assess_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing/fstest"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/cvss/rubric"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/store"
)

// A pump takes therapy settings over mutual TLS; somebody can pass as the server.
func ExampleOpen() {
	at := time.Date(2026, 3, 12, 12, 0, 0, 0, time.UTC)
	done := func(by, why, evidence string) assess.Step {
		return assess.Step{By: by, At: at, Why: why, Evidence: []assess.Evidence{{Text: evidence}}}
	}
	therapy := answers(rubric.Answers{"XAVN": "Y", "XAVT": "Y", "XACL": "Y", "XIT": "H"})

	a, err := assess.Open(finding(), time.Time{}, "analyst-1", at)
	fail := func(next assess.Assessment, e error) { a, err = next, errors.Join(err, e) }
	fail(a.WithTriage(assess.Triage{Step: done("analyst-1", "the code is built in", "build log"), Result: assess.Affected}))
	fail(a.WithExploitability(done("analyst-1", "from the ward network", "network plan"), therapy, nil))
	fail(a.WithImpact(assess.Impact{Step: done("clinician-1", "hazard H-7", "risk file"), Harm: assess.Serious,
		Statement: "The pump may deliver a wrong dose."}))
	fail(a.WithScore(done("analyst-1", "answers confirmed", "rubric sheet"), therapy, nil))
	fail(a.Propose(nil, assess.Proposal{Step: assess.Step{By: "analyst-1", At: at, Why: "no control is in place"}}))
	fmt.Println(a.State(), "undetermined:", a.Undetermined())
	fail(a.Settle(assess.Approval{By: "safety-lead", At: at, Why: "agreed in the review"}))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(a.Exploitability.Derived)
	fmt.Println(a.Score.Vector, a.Score.Base, a.Score.Severity)
	fmt.Println(a.Risk(), "by", a.Determination.Approved.By, "("+a.Determination.Approved.Identity+")")
	fmt.Println("learned", a.Instants.Learned.Format(time.DateOnly), "because", a.Instants.LearnedWhy)
	// Output:
	// determination proposed undetermined: true
	// subscore 3.89 of CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N is high (medium from 1.6, high from 2.8; convention)
	// CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N 7.5 High
	// uncontrolled by safety-lead (identity not verified by host)
	// learned 2026-03-10 because first seen on this product; no signal came before
}

// Who moves the instant of learning to a later time needs another person.
func ExampleAssessment_MoveLearned() {
	at := time.Date(2026, 3, 12, 12, 0, 0, 0, time.UTC)
	a, err := assess.Open(finding(), time.Time{}, "analyst-1", at)
	if err != nil {
		fmt.Println(err)
		return
	}
	move := assess.LearnedChange{To: at, By: "analyst-1", Why: "first seen on a test device", At: at,
		Approval: &assess.Approval{By: "analyst-1", At: at, Why: "sure"}}
	_, err = a.MoveLearned(move)
	fmt.Println(err)
	move.Approval.By = "quality-lead"
	a, err = a.MoveLearned(move)
	fmt.Println(a.Instants.Moved[0].From.Format(time.DateOnly), "→", a.Instants.Learned.Format(time.DateOnly), err)
	// Output:
	// assess: moving the instant of learning: "analyst-1" cannot approve: proposer and approver are the same person
	// 2026-03-10 → 2026-03-12 <nil>
}

func ExampleDefaultMatrix() {
	m, err := assess.DefaultMatrix()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, l := range assess.Levels() {
		fmt.Printf("%-6s", l)
		for _, h := range assess.Harms() {
			v, err := m.Verdict(l, h)
			if err != nil {
				fmt.Println(err)
				return
			}
			mark := ""
			if v.Justify {
				mark = "*"
			}
			fmt.Printf(" %s%s", v.Risk, mark)
		}
		fmt.Println()
	}
	// Output:
	// low    controlled controlled controlled uncontrolled* uncontrolled*
	// medium controlled controlled uncontrolled uncontrolled uncontrolled
	// high   controlled controlled uncontrolled uncontrolled uncontrolled
}

// A maker's own policy takes the place of the default.
func ExampleLoadMatrix() {
	text, err := os.ReadFile("matrix.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := assess.LoadMatrix(fstest.MapFS{"policy.json": {Data: text}}, "policy.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Name(), m.Level(2.8), m.Level(2.79))
	_, err = assess.LoadMatrix(fstest.MapFS{"policy.json": {Data: []byte(`{"cels": []}`)}}, "policy.json")
	fmt.Println(err)
	// Output:
	// open-postmarket default high medium
	// assess: matrix "policy.json": json: unknown field "cels"
}

func ExampleSave() {
	ctx, l := context.Background(), ledger()
	a, err := assess.Open(finding(), time.Time{}, "analyst-1", noon)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(assess.Save(ctx, l, store.By{Who: "analyst-1", Why: "weekly look"}, a))
	kept, entry, err := assess.Assessments.Latest(ctx, l, a.Key())
	fmt.Println(entry.Seq, kept.Vulnerability, kept.State(), err)
	// Output:
	// <nil>
	// 1 CVE-2022-25640 opened <nil>
}

// A finding that was known by another id gets its CVE id.
func ExampleAssessment_Renamed() {
	ctx, l := context.Background(), ledger()
	before := finding()
	before.Vulnerability, before.IDs = "GHSA-1", []feeds.ID{"GHSA-1"}
	a, err := assess.Open(before, time.Time{}, "analyst-1", noon)
	by := store.By{Who: "analyst-1", Why: "weekly look"}
	if err := errors.Join(err, assess.Save(ctx, l, by, a)); err != nil {
		fmt.Println(err)
		return
	}
	now := before
	now.Vulnerability, now.IDs = "CVE-2022-25640", []feeds.ID{"CVE-2022-25640", "GHSA-1"}
	fresh, err := assess.Open(now, time.Time{}, "analyst-1", noon)
	fmt.Println(errors.Join(err, assess.Save(ctx, l, by, fresh)))
	found, err := assess.Find(ctx, l, now)
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err = found[0].Renamed(now, assess.Step{By: "analyst-1", At: noon, Why: "the CVE id joined"}, found[1:]...)
	fmt.Println(a.Vulnerability, a.Instants.Learned.Equal(seen), errors.Join(err, assess.Save(ctx, l, by, a)))
	// Output:
	// assess: earlier decisions would be lost: "pump-2.1 cpe:a:wolfssl:wolfssl CVE-2022-25640" was kept as "pump-2.1 cpe:a:wolfssl:wolfssl GHSA-1"; use Renamed
	// CVE-2022-25640 true <nil>
}

// Each person writes: who proposes, who approves.
func ExampleAssessment_ProposeLearned() {
	ctx, l := context.Background(), ledger()
	save := func(who string, a assess.Assessment) error {
		return assess.Save(ctx, l, store.By{Who: who, Why: "review"}, a)
	}
	a, err := assess.Open(finding(), time.Time{}, "analyst-1", noon)
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err = a.ProposeLearned(assess.LearnedChange{To: noon, By: "analyst-1", Why: "first seen on a test device", At: noon})
	fmt.Println(a.Instants.Learned.Equal(seen), errors.Join(err, save("analyst-1", a)))
	move := *a.Instants.Pending
	move.Approval = &assess.Approval{By: "quality-lead", At: noon, Why: "the device log shows it"}
	a, err = a.MoveLearned(move)
	fmt.Println(a.Instants.Learned.Equal(noon), errors.Join(err, save("quality-lead", a)))
	// Output:
	// true <nil>
	// true <nil>
}

func ExampleCheckPerson() {
	fmt.Println(assess.CheckPerson("analyst-1"))
	fmt.Println(assess.CheckPerson("analyst-1\u200b"))
	fmt.Println(assess.SamePerson("analyst-1\u200b", "Analyst-1"))
	// Output:
	// <nil>
	// assess: the id of a person "analyst-1\u200b" has a character that is not seen
	// true
}
