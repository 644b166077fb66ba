package assess_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
)

func ledger() *store.Ledger {
	return store.New(memory.New(), &store.Options{Now: func() time.Time { return noon }})
}

var vectors = cmp.Comparer(func(a, b cvss.Vector) bool { return a == b })

func TestALedgerKeepsEveryStateOfAnAssessment(t *testing.T) {
	t.Parallel()
	ctx, l := t.Context(), ledger()
	save := func(who string, a assess.Assessment) error {
		return assess.Save(ctx, l, store.By{Who: who, Why: "walk"}, a, store.Ref{System: "qms", ID: "C-1"})
	}
	walk := []assess.Assessment{
		opened(t), affected(t), scored(t, assess.Low, assess.Critical),
		proposed(t, assess.Low, assess.Critical), settled(t, assess.Low, assess.Critical),
	}
	for _, a := range walk[:4] {
		require.NoError(t, save("analyst", a))
	}
	require.ErrorContains(t, save("analyst", walk[4]), `approved by "safety" and is written by "analyst"`)
	require.NoError(t, save("safety", walk[4]))
	require.NoError(t, save("anyone", walk[4]), "what is there already is not written again")

	var history []assess.Assessment
	for e, err := range assess.Assessments.History(ctx, l, walk[0].Key()) {
		require.NoError(t, err)
		require.Equal(t, assess.Schema, e.Version)
		a, err := assess.Assessments.Decode(e)
		require.NoError(t, err)
		require.NoError(t, a.Check())
		history = append(history, a)
	}
	require.Empty(t, cmp.Diff(walk, history, vectors))
	require.NoError(t, l.Verify(ctx))
}

func TestSaveLosesNothingThatWasDecided(t *testing.T) {
	t.Parallel()
	ctx, l := t.Context(), ledger()
	save := func(who string, a assess.Assessment) error {
		return assess.Save(ctx, l, store.By{Who: who, Why: "walk"}, a)
	}
	a := settled(t, assess.High, assess.Serious)
	require.NoError(t, save("analyst", proposed(t, assess.High, assess.Serious)))
	require.NoError(t, save("safety", a))

	require.ErrorIs(t, save("analyst", opened(t)), assess.ErrHistory, "opened anew over a determination")
	require.ErrorIs(t, save("safety", settled(t, assess.Low, assess.Minor)), assess.ErrHistory)

	p := ok("quality")
	move := assess.LearnedChange{To: noon, By: "analyst", Why: "w", At: noon}
	pending, err := a.ProposeLearned(move)
	require.NoError(t, err)
	require.NoError(t, save("analyst", pending))
	move.Approval = &p
	moved, err := pending.MoveLearned(move)
	require.NoError(t, err)
	require.ErrorContains(t, save("analyst", moved), `approved by "quality"`)
	require.NoError(t, save("quality", moved))
	require.ErrorIs(t, save("safety", a), assess.ErrHistory, "the move is lost")

	f := finding()
	again, err := moved.Reopen(f, step("analyst"))
	require.NoError(t, err)
	require.NoError(t, save("analyst", again))
	require.ErrorIs(t, save("safety", moved), assess.ErrHistory, "the end of the determination is lost")

	f.Seen = seen.Add(-time.Hour)
	earlier, err := assess.Open(f, time.Time{}, "analyst", noon)
	require.NoError(t, err)
	require.ErrorIs(t, save("analyst", earlier), assess.ErrHistory)

	broken := a
	broken.Digest = ""
	require.ErrorContains(t, save("safety", broken), "digest is missing")
	require.NoError(t, l.Verify(ctx))
}

func TestSaveGivesTheRefusalOfTheHost(t *testing.T) {
	t.Parallel()
	refused := errors.New("no such role")
	l := store.New(memory.New(), &store.Options{Now: func() time.Time { return noon }})
	require.NoError(t, assess.Save(t.Context(), l, store.By{Who: "analyst", Why: "w"}, opened(t)))
	l = store.New(memory.New(), &store.Options{
		Now:       func() time.Time { return noon },
		Authorize: func(_ context.Context, _ store.Act) error { return refused },
	})
	require.ErrorIs(t, assess.Save(t.Context(), l, store.By{Who: "analyst", Why: "w"}, opened(t)), refused)
}

func TestCheckFindsWhatWasPutTogetherByHand(t *testing.T) {
	t.Parallel()
	deep := func(t *testing.T, a assess.Assessment) assess.Assessment {
		b, err := json.Marshal(a)
		require.NoError(t, err)
		var c assess.Assessment
		require.NoError(t, json.Unmarshal(b, &c))
		require.NoError(t, c.Check())
		return c
	}
	for _, c := range []struct {
		name string
		do   func(*assess.Assessment)
		err  string
	}{
		{"another schema", func(a *assess.Assessment) { a.Schema = 2 }, "schema 2"},
		{"no finding", func(a *assess.Assessment) { a.Finding = "" }, "finding, vulnerability"},
		{"learned without a move", func(a *assess.Assessment) { a.Instants.Learned = noon }, "no move says why"},
		{"no instant of learning", func(a *assess.Assessment) { a.Instants.Learned = time.Time{} }, "instant or reason"},
		{"a move from nowhere", func(a *assess.Assessment) {
			a.Instants.Moved = []assess.LearnedChange{{From: noon, To: seen, By: "a", Why: "b", At: noon}}
		}, "does not begin where"},
		{"a move later without approval", func(a *assess.Assessment) {
			a.Instants.Learned = noon
			a.Instants.Moved = []assess.LearnedChange{{From: seen, To: noon, By: "a", Why: "b", At: noon}}
		}, "no approval"},
		{"a lower level", func(a *assess.Assessment) { a.Exploitability.Level = assess.Low }, "not what band and raises give"},
		{"another subscore", func(a *assess.Assessment) { a.Exploitability.Subscore = 1 }, "is not what the answers"},
		{"another score", func(a *assess.Assessment) { a.Score.Base = 1 }, "is not what the answers"},
		{"other answers", func(a *assess.Assessment) { a.Score.Extended = "XAVN:N" }, "score"},
		{"a harm that the verdict does not have", func(a *assess.Assessment) { a.Impact.Harm = assess.Minor }, "not what the steps say"},
		{"no impact", func(a *assess.Assessment) { a.Impact = nil }, "without the one before"},
		{"no triage", func(a *assess.Assessment) { a.Triage = nil }, "without the one before"},
		{"no evidence", func(a *assess.Assessment) { a.Impact.Evidence = nil }, "no evidence"},
		{"approved by the proposer", func(a *assess.Assessment) { a.Determination.Approved.By = "analyst" }, "same person"},
		{"controlled by hand", func(a *assess.Assessment) { a.Determination.Risk = assess.Controlled }, "told wrongly"},
		{"an override by one", func(a *assess.Assessment) {
			a.Determination.Risk, a.Determination.Override = assess.Controlled, true
		}, "second person"},
		{"no verdict", func(a *assess.Assessment) { a.Determination.Verdict = nil }, "does not rest on a matrix"},
		{"no instant of determination", func(a *assess.Assessment) { a.Instants.Determined = time.Time{} }, "instant of determination"},
		{"a band that the subscore does not give", func(a *assess.Assessment) {
			a.Exploitability.Band, a.Exploitability.Level = assess.Low, assess.Low
		}, `band "low" is not "high"`},
		{"a verdict that the matrix does not give", func(a *assess.Assessment) {
			a.Determination.Verdict.Risk, a.Determination.Risk = assess.Controlled, assess.Controlled
		}, "the verdict is not what matrix"},
		{"a matrix nobody knows", func(a *assess.Assessment) {
			a.Determination.Verdict.Digest, a.Exploitability.Matrix = "mine", "mine"
		}, "neither the default nor given"},
		{"two matrices", func(a *assess.Assessment) { a.Determination.Verdict.Digest = "mine" }, "the exploitability step on"},
		{"known exploitation that raises nothing", func(a *assess.Assessment) {
			a.Facts.Exploited = &feeds.Exploited{Added: noon}
		}, "raises nothing"},
		{"a raise without a reason", func(a *assess.Assessment) {
			a.Exploitability.Raises = []assess.Raise{{To: assess.High}}
		}, "needs a level and a reason"},
		{"another severity", func(a *assess.Assessment) { a.Score.Severity = "Low" }, "is not what the answers"},
		{"another statement under the approval", func(a *assess.Assessment) {
			a.Impact.Statement = "No patient could be harmed by this."
		}, "another one"},
		{"no records under the approval", func(a *assess.Assessment) { a.Facts.Records = nil }, "another one"},
		{"other evidence under the approval", func(a *assess.Assessment) { a.Digest = "other" }, "another one"},
		{"an approval of nothing", func(a *assess.Assessment) { a.Determination.Approved.Digest = "" }, "another one"},
		{"another move under the approval", func(a *assess.Assessment) {
			p := ok("quality")
			b, err := a.MoveLearned(assess.LearnedChange{To: noon, By: "analyst", Why: "w", At: noon, Approval: &p})
			if err != nil {
				panic(err)
			}
			*a = b
			a.Instants.Moved[0].Why, a.Instants.LearnedWhy = "another", "another"
		}, `not the one that "quality" approved`},
		{"another reason for the instant of learning", func(a *assess.Assessment) {
			b, err := a.MoveLearned(assess.LearnedChange{To: seen.Add(-time.Hour), By: "analyst", Why: "w", At: noon})
			if err != nil {
				panic(err)
			}
			*a = b
			a.Instants.LearnedWhy = "another"
		}, "not that of the last move"},
		{"a proposed move to an earlier time", func(a *assess.Assessment) {
			a.Instants.Pending = &assess.LearnedChange{From: seen, To: seen.Add(-time.Hour), By: "a", Why: "b", At: noon}
		}, "not one from"},
		{"a person nobody sees", func(a *assess.Assessment) { a.Impact.By = "analyst\u200b" }, "not seen"},
		{"an uncontrolled risk left", func(a *assess.Assessment) { a.Leave = &assess.Leave{Acceptable: assess.Yes} }, "not controlled"},
		{"an earlier one without an end", func(a *assess.Assessment) { a.Earlier = []assess.Determination{*a.Determination} }, "who gave it up"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := deep(t, settled(t, assess.High, assess.Serious))
			c.do(&a)
			require.ErrorContains(t, a.Check(), c.err)
		})
	}
	require.Error(t, assess.Assessment{}.Check())
}

// The file is a record of version 1. It decodes forever, and to the same text.
func TestARecordOfVersionOneStillDecodes(t *testing.T) {
	t.Parallel()
	name := filepath.Join("testdata", "assessment.v1.json")
	if os.Getenv("POSTMARKET_UPDATE") != "" {
		a, err := settled(t, assess.High, assess.Minor).WithLeave(assess.Leave{Acceptable: assess.No, By: "quality", Why: "the fix is small", At: noon})
		require.NoError(t, err)
		text, err := json.MarshalIndent(a, "", "  ")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(name, append(text, '\n'), 0o644))
	}
	golden, err := os.ReadFile(name)
	require.NoError(t, err)
	var a assess.Assessment
	require.NoError(t, json.Unmarshal(golden, &a))
	require.NoError(t, a.Check())
	require.Equal(t, assess.Controlled, a.Risk())
	require.Equal(t, assess.No, a.Leave.Acceptable)
	text, err := json.MarshalIndent(a, "", "  ")
	require.NoError(t, err)
	require.Equal(t, string(golden), string(text)+"\n")
}

func FuzzCheck(f *testing.F) {
	if golden, err := os.ReadFile(filepath.Join("testdata", "assessment.v1.json")); err == nil {
		f.Add(golden)
	}
	f.Add([]byte(`{"schema":1,"triage":{},"determination":{"second":{}},"earlier":[{}],"instants":{"moved":[{}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var a assess.Assessment
		if json.Unmarshal(data, &a) != nil || a.Check() != nil {
			return
		}
		if d := a.Determination; d != nil && d.Approved != nil && assess.SamePerson(d.Approved.By, d.Proposed.By) {
			t.Fatal("one person decided alone")
		}
		text, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		var b assess.Assessment
		if err := json.Unmarshal(text, &b); err != nil || b.Check() != nil {
			t.Fatalf("it does not come back: %v %v", err, b.Check())
		}
	})
}

func TestNothingIsApprovedThatIsSilentAboutAProductLine(t *testing.T) {
	t.Parallel()
	ctx, l := t.Context(), ledger()
	lines := []device.Line{
		{ID: "pump", Name: "Pumps", Manufacturer: "m", Variants: []device.Variant{{Model: "P", Products: []string{"pump-2.1"}}}},
		{ID: "monitor", Name: "Monitors", Manufacturer: "m"},
	}
	require.NoError(t, l.Do(ctx, store.By{Who: "regulatory", Why: "portfolio"}, func(tx *store.Tx) error {
		return errors.Join(device.Lines.Put(tx, lines[0]), device.Lines.Put(tx, lines[1]))
	}))
	judge := func(answers ...assess.Answered) (assess.Assessment, error) {
		a, err := affected(t).WithExploitability(step("analyst"), attacks[assess.High], nil)
		require.NoError(t, err)
		a, err = a.WithImpact(assess.Impact{Step: step("clinician"), Harm: assess.Critical, Statement: "The pump stops.", Lines: answers})
		require.NoError(t, err)
		a, err = a.WithScore(step("analyst"), attacks[assess.High], nil)
		require.NoError(t, err)
		a, err = a.Propose(nil, assess.Proposal{Step: step("analyst")})
		require.NoError(t, err)
		require.NoError(t, assess.Save(ctx, l, store.By{Who: "analyst", Why: "w"}, a))
		a, err = a.Settle(ok("safety"))
		require.NoError(t, err)
		return a, assess.Save(ctx, l, store.By{Who: "safety", Why: "w"}, a)
	}
	_, err := judge()
	var silent *assess.LinesError
	require.ErrorAs(t, err, &silent)
	require.Equal(t, []string{"monitor"}, silent.Lines, "a line that is the product alone is answered by its own assessment")
	a, err := judge(assess.Answered{What: "monitor", Result: assess.UnderInvestigation, Why: "its SBOM is being asked for"})
	require.NoError(t, err, "what is looked into keeps nobody from a decision")
	require.Equal(t, []string{"monitor"}, a.Unanswered(lines[1]), "and is open all the same")
}
