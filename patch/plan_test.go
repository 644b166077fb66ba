package patch_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/rule"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
)

func proposed(t *testing.T, a assess.Assessment) patch.Plan {
	t.Helper()
	p, err := patch.Propose(a, policy(), "patch-lead", noon)
	require.NoError(t, err)
	return p
}

func detailed(t *testing.T, a assess.Assessment) patch.Plan {
	t.Helper()
	p, err := proposed(t, a).With(details)
	require.NoError(t, err)
	return p
}

func TestWhatIsMissingIsListedAndKeepsAPlanFromApproval(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		p    patch.Plan
		want []string
	}{
		{"undetermined", proposed(t, must(judged(assess.Serious))), []string{"determination"}},
		{"out of cycle", proposed(t, settled(assess.Serious)), []string{"remedy", "actions"}},
		{"unanswered", detailed(t, settled(assess.Minor)), []string{"acceptable to leave"}},
		{"no change", proposed(t, left(assess.Yes)), []string{"review day", "re-opening conditions"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := c.p.Approve(ok("quality"))
			var missing *patch.IncompleteError
			require.ErrorAs(t, err, &missing)
			var what []string
			for _, g := range missing.Gaps {
				require.NotEmpty(t, g.Why)
				require.ErrorContains(t, err, g.What)
				what = append(what, g.What)
			}
			require.Equal(t, c.want, what)
		})
	}
	bare := proposed(t, left(assess.Yes))
	bare.Acceptance = nil
	require.ErrorContains(t, bare.Validate(), "justification")
}

func must(a assess.Assessment, err error) assess.Assessment {
	if err != nil {
		panic(err)
	}
	return a
}

func TestAPlanIsApprovedByAnotherPersonOnce(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]patch.Plan{
		"out of cycle": detailed(t, settled(assess.Serious)), "regular cycle": detailed(t, left(assess.No)),
	} {
		require.NoError(t, p.Validate(), name)
		require.Empty(t, p.Gaps)
		_, err := p.Approve(ok("Patch-Lead"))
		require.ErrorIs(t, err, assess.ErrSamePerson)
		early := ok("quality")
		early.At = noon.Add(-time.Hour)
		_, err = p.Approve(early)
		require.ErrorContains(t, err, "before it was proposed")
		q, err := p.Approve(ok("quality"))
		require.NoError(t, err)
		require.Nil(t, p.Approved)
		require.Equal(t, patch.Approved, q.State())
		require.Equal(t, assess.NotVerified, q.Approved.Identity)

		var state *patch.StateError
		_, err = q.Approve(ok("board"))
		require.ErrorAs(t, err, &state)
		_, err = q.With(details)
		require.ErrorAs(t, err, &state)
		require.ErrorContains(t, err, `from "approved"`)
	}
	_, err := patch.Plan{}.With(details)
	require.ErrorContains(t, err, `from ""`)
}

func TestAPlanWithoutAChangeSaysWhyAndWhenItIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	p := proposed(t, left(assess.Yes))
	require.Equal(t, "telemetry only", p.Acceptance.Justification, "the recorded answer's reason")
	with := func(a patch.Acceptance) (patch.Plan, error) { return p.With(patch.Details{Acceptance: &a}) }
	_, err := with(patch.Acceptance{Justification: "j", Review: day("2026-03-12"), Reopen: []string{"x"}})
	require.ErrorContains(t, err, "not after the day of the proposal")
	_, err = with(patch.Acceptance{Justification: "j", Review: day("2026-09-12"), Reopen: []string{" "}})
	require.ErrorContains(t, err, "condition is empty")
	q, err := with(patch.Acceptance{Justification: " ", Review: day("2026-09-12"), Reopen: []string{"x"}})
	require.NoError(t, err)
	require.Equal(t, "justification", q.Gaps[0].What)
	q, err = with(patch.Acceptance{Justification: "j", Review: day("2026-09-12"), Reopen: []string{"telemetry gets a command"}})
	require.NoError(t, err)
	require.Empty(t, q.Gaps)
	q, err = q.Approve(ok("quality"))
	require.NoError(t, err)
	require.Empty(t, q.Clocks)
	require.Zero(t, q.Due)
}

func TestEveryActionNamesAPartyAndTheRegulatorIsNone(t *testing.T) {
	t.Parallel()
	p := proposed(t, settled(assess.Serious))
	for _, c := range []struct {
		name string
		d    patch.Details
		err  string
	}{
		{"a regulator acts", patch.Details{Actions: []patch.Action{{Party: "regulator", Text: "x"}}}, `party "regulator" is not`},
		{"FDA acts", patch.Details{Actions: []patch.Action{{Party: "FDA", Text: "x"}}}, `party "FDA" is not`},
		{"nobody acts", patch.Details{Actions: []patch.Action{{Text: "x"}}}, `party ""`},
		{"nothing is done", patch.Details{Actions: []patch.Action{{Party: patch.User}}}, "what to do is missing"},
		{"a remedy of the regulator", patch.Details{Remedies: []patch.Remedy{{Kind: patch.Workaround, Text: "x", Party: "regulator"}}}, `party "regulator" is not`},
		{"a remedy of no kind", patch.Details{Remedies: []patch.Remedy{{Text: "x", Party: patch.User}}}, `kind ""`},
		{"an empty remedy", patch.Details{Remedies: []patch.Remedy{{Kind: patch.Workaround, Party: patch.User}}}, "what it is, is missing"},
		{"a patch in no version", patch.Details{Remedies: []patch.Remedy{{Kind: patch.Patch, Text: "x", Party: patch.Manufacturer}}}, "names the device version"},
		{"an acceptance of an uncontrolled risk", patch.Details{Acceptance: &patch.Acceptance{}}, "only a plan without a change"},
	} {
		q, err := p.With(c.d)
		require.ErrorContains(t, err, c.err, c.name)
		require.Empty(t, cmp.Diff(p, q), "the old plan comes back")
	}
}

func TestWhatContradictsTheRiskIsNotKept(t *testing.T) {
	t.Parallel()
	marked := proposed(t, settled(assess.Serious))
	for _, c := range []struct {
		name string
		p    patch.Plan
		do   func(*patch.Plan)
		err  string
	}{
		{"a controlled finding with marks", proposed(t, left(assess.No)), func(p *patch.Plan) { p.Clocks = marked.Clocks }, "carries none of FDA's marks"},
		{"an uncontrolled one on the regular cycle", marked, func(p *patch.Plan) { p.Class = patch.RegularCycle }, `does not go with the risk "uncontrolled"`},
		{"an uncontrolled one with a release day", marked, func(p *patch.Plan) { p.Due = noon }, "only the regular cycle"},
		{"an undetermined one without a change", proposed(t, must(opened())), func(p *patch.Plan) { p.Class = patch.NoChange }, `does not go with the risk ""`},
		{"an unaffected one", marked, func(p *patch.Plan) { p.Risk = assess.NoRisk }, "does not go with"},
		{"no duty", marked, func(p *patch.Plan) { p.Duties = nil }, "names no duty"},
		{"nobody proposed it", marked, func(p *patch.Plan) { p.Proposed.By = "" }, "who proposed it"},
	} {
		c.do(&c.p)
		require.ErrorContains(t, c.p.Validate(), c.err, c.name)
		require.ErrorContains(t, patch.Save(t.Context(), ledger(), store.By{Who: "patch-lead", Why: "w"}, c.p), c.err, c.name)
	}
}

// What was approved is what stands: nobody rewrites a plan under its approval.
func TestAPlanIsNotChangedUnderItsApproval(t *testing.T) {
	t.Parallel()
	approved, err := detailed(t, settled(assess.Serious)).Approve(ok("quality"))
	require.NoError(t, err)
	for _, c := range []struct {
		name string
		do   func(*patch.Plan)
		err  string
	}{
		{"no marks, nothing done", func(p *patch.Plan) {
			p.Clocks, p.Remedies = nil, []patch.Remedy{{Kind: patch.Workaround, Text: "Do nothing.", Party: patch.User}}
		}, "the mark fda-pm-30 is neither set nor noted to be off"},
		{"a mark a year later", func(p *patch.Plan) {
			p.Clocks = slices.Clone(p.Clocks)
			p.Clocks[0].Due = p.Clocks[0].Due.AddDate(1, 0, 0)
		}, "was changed since"},
		{"fixed in another version", func(p *patch.Plan) {
			p.Remedies = slices.Clone(p.Remedies)
			p.Remedies[0].FixedIn = "9.9"
		}, "was changed since"},
		{"other evidence", func(p *patch.Plan) { p.Digest = "other" }, "was changed since"},
		{"approved by who proposed it", func(p *patch.Plan) { p.Proposed.By = "quality" }, "same person"},
		{"an empty approval", func(p *patch.Plan) { p.Approved = &assess.Approval{} }, "not said: who, when, why"},
		{"an approval of nothing", func(p *patch.Plan) {
			a := ok("quality")
			a.Identity = assess.NotVerified
			p.Approved = &a
		}, "was changed since"},
	} {
		l := ledger()
		p := approved
		c.do(&p)
		require.ErrorContains(t, p.Validate(), c.err, c.name)
		require.ErrorContains(t, patch.Save(t.Context(), l, store.By{Who: "quality", Why: "w"}, p), c.err, c.name)
	}
	require.NoError(t, approved.Validate())
}

func TestNobodyProposesAndApprovesAPlanAlone(t *testing.T) {
	t.Parallel()
	ctx, l := t.Context(), ledger()
	save := func(who string, p patch.Plan) error {
		return patch.Save(ctx, l, store.By{Who: who, Why: "plan"}, p)
	}
	propose := func(by string) patch.Plan {
		p, err := patch.Propose(left(assess.Yes), policy(), by, noon)
		require.NoError(t, err)
		p, err = p.With(patch.Details{Acceptance: &patch.Acceptance{Justification: "j", Review: day("2026-09-12"), Reopen: []string{"x"}}})
		require.NoError(t, err)
		return p
	}
	ghost := propose("ghost")
	approved, err := ghost.Approve(ok("mallory"))
	require.NoError(t, err)
	require.ErrorIs(t, save("mallory", approved), assess.ErrNotProposed)
	require.NoError(t, save("mallory", ghost))
	require.ErrorIs(t, save("mallory", approved), assess.ErrNotProposed, "written in another's name")

	p := propose("patch-lead")
	require.NoError(t, save("patch-lead", p))
	reworded, err := p.With(patch.Details{Actions: []patch.Action{{Party: patch.User, Text: "Wait."}}})
	require.NoError(t, err)
	require.NoError(t, save("eve", reworded), "a proposal has no force")
	approved, err = reworded.Approve(ok("quality"))
	require.NoError(t, err)
	require.ErrorIs(t, save("quality", approved), assess.ErrNotProposed)
	require.NoError(t, save("patch-lead", p))
	approved, err = p.Approve(ok("quality"))
	require.NoError(t, err)
	require.ErrorContains(t, save("Quality", approved), "is written by")
	require.NoError(t, save("quality", approved))
}

func TestAPlanTellsOfNothingThatIsYetToCome(t *testing.T) {
	t.Parallel()
	l := ledger()
	save := func(who string, p patch.Plan) error {
		return patch.Save(t.Context(), l, store.By{Who: who, Why: "plan"}, p)
	}
	p := detailed(t, settled(assess.Serious))
	require.NoError(t, save("patch-lead", p))
	late := ok("quality")
	late.At = noon.AddDate(50, 0, 0)
	approved, err := p.Approve(late)
	require.NoError(t, err)
	require.ErrorContains(t, save("quality", approved), "after it is written")
	p.Proposed.At = late.At
	require.ErrorContains(t, save("patch-lead", p), "after it is written")
	regular := detailed(t, left(assess.No))
	c := *regular.Cycle
	c.Approved.At = late.At
	regular.Cycle = &c
	require.ErrorContains(t, save("patch-lead", regular), "after it is written")

	p = detailed(t, settled(assess.Serious))
	p.Proposed.By = "patch-lead\u200b"
	require.ErrorContains(t, p.Validate(), "not seen")
}

func TestAPlannedReleaseDayIsNotPutOff(t *testing.T) {
	t.Parallel()
	now := noon
	l := store.New(memory.New(), &store.Options{Now: func() time.Time { return now }})
	save := func(p patch.Plan) error {
		return patch.Save(t.Context(), l, store.By{Who: "patch-lead", Why: "plan"}, p)
	}
	a := left(assess.No)
	first := proposed(t, a)
	require.Equal(t, "2026-04-16", first.Day.String())
	require.NoError(t, save(first))

	now = noon.AddDate(0, 6, 0)
	again := policy() // the same cycle, approved once more
	again.Cycle.Approved.At = now
	p, err := patch.Propose(a, again, "patch-lead", now)
	require.NoError(t, err)
	require.Equal(t, "2026-10-15", p.Day.String())
	require.ErrorIs(t, save(p), patch.ErrPutOff)
	longer := policy()
	longer.Cycle.Every = 365
	p, err = patch.Propose(a, longer, "patch-lead", now)
	require.NoError(t, err)
	require.ErrorIs(t, save(p), patch.ErrPutOff)

	p, err = patch.Propose(a, again, "patch-lead", now, first)
	require.NoError(t, err)
	require.Equal(t, first.Due, p.Due)
	require.Equal(t, first.Day, p.Day)
	require.Equal(t, []string{"the release day 2026-04-16 was planned before and is not put off"}, p.Notes)
	require.NoError(t, save(p))

	// a plan without a day in between makes nobody forget
	none := again
	none.Cycle = nil
	p, err = patch.Propose(a, none, "patch-lead", now, first)
	require.NoError(t, err)
	require.Zero(t, p.Due, "no cycle, no day")
	require.NoError(t, save(p))
	p, err = patch.Propose(a, again, "patch-lead", now)
	require.NoError(t, err)
	require.ErrorIs(t, save(p), patch.ErrPutOff)

	past := policy()
	past.Cycle.First, past.Cycle.Every, past.Cycle.Dates = rule.Date{}, 0, []rule.Date{day("2026-03-12")}
	p, err = patch.Propose(a, past, "patch-lead", now, first)
	require.NoError(t, err)
	require.Equal(t, first.Due, p.Due)
}

func TestAMarkIsLeftOutOnlyWithAReason(t *testing.T) {
	t.Parallel()
	p := proposed(t, must(opened()))
	p.Clocks = p.Clocks[:1]
	require.ErrorContains(t, p.Validate(), "the mark fda-pm-60 is neither set nor noted")
	p.Notes = []string{"the mark fda-pm-60 is off: "}
	require.ErrorContains(t, p.Validate(), "the mark fda-pm-60 is neither set nor noted")
	p.Notes[0] += "not sold in the US"
	require.NotContains(t, p.Validate().Error(), "mark fda-pm-60")
}

func ledger() *store.Ledger {
	return store.New(memory.New(), &store.Options{Now: func() time.Time { return noon }})
}

func TestALedgerKeepsEveryStateOfAPlan(t *testing.T) {
	t.Parallel()
	ctx, l := t.Context(), ledger()
	save := func(who string, p patch.Plan) error {
		return patch.Save(ctx, l, store.By{Who: who, Why: "plan"}, p)
	}
	open := proposed(t, must(judged(assess.Serious)))
	first := proposed(t, settled(assess.Serious))
	second, err := first.With(details)
	require.NoError(t, err)
	third, err := second.Approve(ok("quality"))
	require.NoError(t, err)
	for _, p := range []patch.Plan{open, first, second, second} {
		require.NoError(t, save("patch-lead", p))
	}
	require.ErrorContains(t, save("patch-lead", third), `approved by "quality" and is written by "patch-lead"`)
	require.NoError(t, save("quality", third))
	require.NoError(t, save("anyone", third), "what is there already is not written again")
	forged := third
	forged.Approved = &assess.Approval{By: "patch-lead", At: noon, Why: "me"}
	require.ErrorIs(t, save("patch-lead", forged), assess.ErrSamePerson)
	early := first
	early.Approved = third.Approved
	require.ErrorContains(t, save("quality", early), "was changed since", "an approval of another plan")

	var history []patch.Plan
	for e, err := range patch.Plans.History(ctx, l, first.Key()) {
		require.NoError(t, err)
		require.Equal(t, patch.Schema, e.Version)
		p, err := patch.Plans.Decode(e)
		require.NoError(t, err)
		history = append(history, p)
	}
	require.Empty(t, cmp.Diff([]patch.Plan{open, first, second, third}, history))
	require.NoError(t, l.Verify(ctx))

	regular := detailed(t, left(assess.No))
	require.NoError(t, save("patch-lead", regular))
	kept, _, err := patch.Plans.Latest(ctx, l, regular.Key())
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(regular, kept))
}

// The file is a record of version 1. It decodes forever, and to the same text.
func TestARecordOfVersionOneStillDecodes(t *testing.T) {
	t.Parallel()
	name := filepath.Join("testdata", "plan.v1.json")
	if os.Getenv("POSTMARKET_UPDATE") != "" {
		p, err := detailed(t, settled(assess.Serious)).Approve(ok("quality"))
		require.NoError(t, err)
		text, err := json.MarshalIndent(p, "", "  ")
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(name, append(text, '\n'), 0o644))
	}
	golden, err := os.ReadFile(name)
	require.NoError(t, err)
	var p patch.Plan
	require.NoError(t, json.Unmarshal(golden, &p))
	require.NoError(t, p.Validate())
	require.Equal(t, patch.Approved, p.State())
	require.Equal(t, patch.OutOfCycle, p.Class)
	text, err := json.MarshalIndent(p, "", "  ")
	require.NoError(t, err)
	require.Equal(t, string(golden), string(text)+"\n")
}

func FuzzValidate(f *testing.F) {
	if golden, err := os.ReadFile(filepath.Join("testdata", "plan.v1.json")); err == nil {
		f.Add(golden)
	}
	f.Add([]byte(`{"schema":1,"class":"no-change","risk":"controlled","acceptance":{"review":"2026-01-01"},"zone":"Europe/Berlin"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var p patch.Plan
		if json.Unmarshal(data, &p) != nil {
			return
		}
		_ = p.String()
		_ = p.Citations()
		if p.Validate() == nil && p.Risk == assess.Controlled && len(p.Clocks) > 0 {
			t.Fatal("a controlled finding carries a mark")
		}
	})
}

func TestCitationsAreToldOnce(t *testing.T) {
	t.Parallel()
	var clauses []string
	for _, c := range proposed(t, settled(assess.Serious)).Citations() {
		clauses = append(clauses, c.Clause)
	}
	require.Equal(t, []string{"524B(b)(2)(B)", "VII.B, second condition", "VII.B, third condition"}, clauses)
	p := proposed(t, left(assess.No))
	p.Duties = append(p.Duties, p.Duties[0])
	require.Equal(t, []rule.Citation{p.Duties[0].Citation}, p.Citations())
}
