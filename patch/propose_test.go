package patch_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/rule"
)

// FDA, Postmarket Management of Cybersecurity in Medical Devices (2016), VII.B;
// section 524B(b)(2)(A) and (B).
func TestTheRoadFollowsFromTheRiskAndFromTheAnswerOfAPerson(t *testing.T) {
	t.Parallel()
	undetermined, err := judged(assess.Serious)
	require.NoError(t, err)
	fresh, err := opened()
	require.NoError(t, err)
	for _, c := range []struct {
		name   string
		a      assess.Assessment
		class  patch.Class
		clause string
		marks  bool
		due    string
		gaps   []string
	}{
		{"uncontrolled", settled(assess.Serious), patch.OutOfCycle, "524B(b)(2)(B)", true, "", []string{"remedy", "actions"}},
		{"controlled and not acceptable to leave", left(assess.No), patch.RegularCycle, "524B(b)(2)(A)", false, "2026-04-16", []string{"remedy", "actions"}},
		{"controlled and nobody answered", settled(assess.Minor), patch.RegularCycle, "524B(b)(2)(A)", false, "2026-04-16", []string{"acceptable to leave", "remedy", "actions"}},
		{"controlled and acceptable to leave", left(assess.Yes), patch.NoChange, "plan without a change", false, "", []string{"review day", "re-opening conditions"}},
		{"proposed and not approved", undetermined, patch.Undetermined, "VI.C", true, "", []string{"determination"}},
		{"just opened", fresh, patch.Undetermined, "VI.C", true, "", []string{"determination"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, err := patch.Propose(c.a, policy(), "patch-lead", noon)
			require.NoError(t, err)
			require.Equal(t, c.class, p.Class)
			require.Equal(t, c.a.Risk(), p.Risk)
			require.Len(t, p.Duties, 1)
			require.Equal(t, c.clause, p.Duties[0].Citation.Clause)
			require.Equal(t, c.due, p.Day.String())
			require.Equal(t, c.due == "", p.Due.IsZero())
			var gaps []string
			for _, g := range p.Gaps {
				gaps = append(gaps, g.What)
			}
			require.Equal(t, c.gaps, gaps)
			if !c.marks {
				require.Empty(t, p.Clocks)
				return
			}
			require.Len(t, p.Clocks, 2)
			for i, want := range []string{"2026-04-09", "2026-05-09"} { // learned 2026-03-10
				clock := p.Clocks[i]
				require.Equal(t, want, clock.Day.String())
				require.Equal(t, c.a.Instants.Learned, clock.Start)
				require.Equal(t, rule.Guidance, clock.Citation.Force)
				require.Contains(t, clock.Label, "condition of FDA's 806 enforcement discretion")
				require.Equal(t, "patch-lead", clock.Owner)
				require.Equal(t, "patch.plan/"+p.Key(), clock.About)
				require.Equal(t, c.class == patch.Undetermined, strings.Contains(clock.Why, "runs because the risk is undetermined"))
			}
			require.NotEqual(t, p.Clocks[0].Key, p.Clocks[1].Key)
		})
	}
}

func TestTheMarksRunFromLearnedOnTheMakersCalendar(t *testing.T) {
	t.Parallel()
	a := settled(assess.Critical)
	// 02:30 UTC on the 10th is still the 9th in New York
	a, err := a.MoveLearned(assess.LearnedChange{To: time.Date(2026, 3, 10, 2, 30, 0, 0, time.UTC), By: "analyst", Why: "a letter", At: noon})
	require.NoError(t, err)
	p, err := patch.Propose(a, policy(), "patch-lead", noon)
	require.NoError(t, err)
	require.Equal(t, "2026-04-08", p.Clocks[0].Day.String())
	require.Equal(t, time.Date(2026, 4, 9, 3, 59, 59, 0, time.UTC), p.Clocks[0].Due)
	require.Equal(t, "2026-05-08", p.Clocks[1].Day.String())
}

// A controlled finding never carries a 30- or a 60-day date, however it came
// about, and nothing else ever has a release day.
func TestAControlledFindingNeverCarriesAMark(t *testing.T) {
	t.Parallel()
	harms := map[assess.Harm]assess.Assessment{}
	for _, h := range assess.Harms() {
		harms[h] = settled(h)
	}
	base := policy()
	rapid.Check(t, func(t *rapid.T) {
		a := harms[rapid.SampledFrom(assess.Harms()).Draw(t, "harm")]
		if answer := rapid.SampledFrom([]assess.Answer{"", assess.Yes, assess.No}).Draw(t, "answer"); answer != "" {
			if b, err := a.WithLeave(assess.Leave{Acceptable: answer, By: "q", Why: "w", At: noon}); err == nil {
				a = b
			}
		}
		pol := base
		if rapid.Bool().Draw(t, "no cycle") {
			pol.Cycle = nil
		}
		p, err := patch.Propose(a, pol, "patch-lead", noon.Add(time.Duration(rapid.IntRange(0, 5000).Draw(t, "hours"))*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if q, err := p.With(details); err == nil {
			p = q
		}
		controlled := p.Risk == assess.Controlled
		if controlled == (len(p.Clocks) > 0) {
			t.Fatalf("%s has %d clocks", p.Risk, len(p.Clocks))
		}
		if !controlled && !p.Due.IsZero() {
			t.Fatal("an uncontrolled risk waits for the regular cycle")
		}
		if pol.Cycle == nil && !p.Due.IsZero() {
			t.Fatal("a date out of nowhere")
		}
	})
}

func TestACycleThatIsNotSetIsAGapAndNeverANumber(t *testing.T) {
	t.Parallel()
	none := policy()
	none.Cycle = nil
	p, err := patch.Propose(left(assess.No), none, "patch-lead", noon)
	require.NoError(t, err)
	require.Zero(t, p.Due)
	require.Zero(t, p.Day)
	require.Equal(t, "regular cycle", p.Gaps[0].What)

	past := policy()
	past.Cycle.First, past.Cycle.Every, past.Cycle.Dates = rule.Date{}, 0, []rule.Date{day("2026-03-12"), day("2026-01-02")}
	p, err = patch.Propose(left(assess.No), past, "patch-lead", noon)
	require.NoError(t, err)
	require.Zero(t, p.Due)
	require.Equal(t, "next release", p.Gaps[0].What)
}

func TestTheDueDayDoesNotSlipWhenThePlanComesLate(t *testing.T) {
	t.Parallel()
	early, err := patch.Propose(left(assess.No), policy(), "patch-lead", noon)
	require.NoError(t, err)
	late, err := patch.Propose(left(assess.No), policy(), "patch-lead", noon.AddDate(1, 0, 0))
	require.NoError(t, err)
	require.Equal(t, early.Due, late.Due)
	require.Equal(t, time.Date(2026, 4, 17, 3, 59, 59, 0, time.UTC), early.Due)

	newer := policy() // a cycle approved after the determination counts from then
	newer.Cycle.Approved.At = noon.AddDate(0, 2, 0)
	p, err := patch.Propose(left(assess.No), newer, "patch-lead", noon.AddDate(0, 3, 0))
	require.NoError(t, err)
	require.Equal(t, "2026-07-16", p.Day.String())
}

func TestTheNextReleaseIsTheFirstAfterTheDay(t *testing.T) {
	t.Parallel()
	every := patch.Cycle{First: day("2026-01-15"), Every: 91}
	dates := patch.Cycle{Dates: []rule.Date{day("2026-09-01"), day("2026-02-28"), day("2028-02-29")}}
	for _, c := range []struct {
		name  string
		cycle patch.Cycle
		after string
		want  string
	}{
		{"before the first", every, "2025-12-31", "2026-01-15"},
		{"the day before the first", every, "2026-01-14", "2026-01-15"},
		{"on the first day", every, "2026-01-15", "2026-04-16"},
		{"between two", every, "2026-04-15", "2026-04-16"},
		{"on a later one", every, "2026-04-16", "2026-07-16"},
		{"ten years on", every, "2036-01-01", "2036-01-03"},
		{"every day", patch.Cycle{First: day("2026-01-15"), Every: 1}, "2028-02-28", "2028-02-29"},
		{"dates in any order", dates, "2026-01-01", "2026-02-28"},
		{"on one of the dates", dates, "2026-02-28", "2026-09-01"},
		{"a leap day", dates, "2026-09-01", "2028-02-29"},
		{"after the last", dates, "2028-02-29", ""},
		{"no cycle", patch.Cycle{}, "2026-01-01", ""},
	} {
		next, found := c.cycle.Next(day(c.after))
		require.Equal(t, c.want, next.String(), c.name)
		require.Equal(t, c.want != "", found, c.name)
	}
}

func TestACycleIsTheMakersOwnAndJustified(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		do   func(*patch.Cycle)
		err  string
	}{
		{"no justification", func(c *patch.Cycle) { c.Justification = " " }, "why it is as long as it is"},
		{"nobody proposed it", func(c *patch.Cycle) { c.ProposedBy = "" }, "who proposed it"},
		{"not approved", func(c *patch.Cycle) { c.Approved = assess.Approval{} }, "not said: who, when, why"},
		{"approved by the proposer", func(c *patch.Cycle) { c.Approved.By = "Patch-Lead" }, "same person"},
		{"proposed by somebody nobody sees", func(c *patch.Cycle) { c.ProposedBy = "a\u200b" }, "not seen"},
		{"approved after the plan", func(c *patch.Cycle) { c.Approved.At = noon.AddDate(50, 0, 0) }, "after the plan is proposed"},
		{"no days", func(c *patch.Cycle) { c.Every = 0 }, "1 to"},
		{"less than a day", func(c *patch.Cycle) { c.Every = -1 }, "1 to"},
		{"a century", func(c *patch.Cycle) { c.Every = 36525 }, "1 to"},
		{"no first day", func(c *patch.Cycle) { c.First = rule.Date{} }, "needs a first day"},
		{"both forms", func(c *patch.Cycle) { c.Dates = []rule.Date{day("2026-01-01")} }, "both"},
		{"neither form", func(c *patch.Cycle) { c.First, c.Every = rule.Date{}, 0 }, "neither"},
		{"a date that is not said", func(c *patch.Cycle) {
			c.First, c.Every, c.Dates = rule.Date{}, 0, []rule.Date{{}}
		}, "not said"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pol := policy()
			c.do(pol.Cycle)
			_, err := patch.Propose(left(assess.No), pol, "patch-lead", noon)
			require.ErrorContains(t, err, c.err)
			_, err = patch.Propose(settled(assess.Serious), pol, "patch-lead", noon)
			require.NoError(t, err, "what is urgent does not wait for the cycle")
		})
	}
}

func TestProposeRefuses(t *testing.T) {
	t.Parallel()
	a := settled(assess.Serious)
	_, err := patch.Propose(a, patch.Policy{}, "", time.Time{})
	require.ErrorContains(t, err, "who or when")
	require.ErrorContains(t, err, "no calendar")
	_, err = patch.Propose(a, policy(), "patch-lead", noon.Add(-time.Second))
	require.ErrorContains(t, err, "before the determination")
	_, err = patch.Propose(assess.Assessment{}, policy(), "patch-lead", noon)
	require.ErrorContains(t, err, "schema")
	forged := a
	d := *a.Determination
	d.Approved = &assess.Approval{By: "analyst", At: noon, Why: "me"}
	forged.Determination = &d
	_, err = patch.Propose(forged, policy(), "patch-lead", noon)
	require.ErrorIs(t, err, assess.ErrSamePerson)
	owned := policy()
	owned.Owner = "FDA"
	_, err = patch.Propose(a, owned, "patch-lead", noon)
	require.ErrorContains(t, err, "is a regulator and never the owner")
	pol := policy()
	pol.Duties = []patch.Duty{{Class: patch.OutOfCycle}}
	_, err = patch.Propose(a, pol, "patch-lead", noon)
	require.ErrorContains(t, err, "text is missing")

	free, err := opened()
	require.NoError(t, err)
	step := assess.Step{By: "analyst", At: noon, Why: "w", Evidence: []assess.Evidence{{Text: "build log"}}}
	free, err = free.WithTriage(assess.Triage{Step: step, Result: assess.NotAffected, Justification: "component_not_present"})
	require.NoError(t, err)
	p, err := patch.Propose(free, policy(), "patch-lead", noon)
	require.NoError(t, err)
	require.Len(t, p.Clocks, 2, "until it is approved the marks run")
	free, err = free.Propose(nil, assess.Proposal{Step: step})
	require.NoError(t, err)
	free, err = free.Settle(ok("safety"))
	require.NoError(t, err)
	_, err = patch.Propose(free, policy(), "patch-lead", noon)
	require.ErrorIs(t, err, patch.ErrNotAffected)
}

func TestAMarkThatTheMakerTurnedOffIsNoted(t *testing.T) {
	t.Parallel()
	text := `{"rules": [` + mark("fda-pm-30", true) + "," + mark("fda-pm-60", false) + `]}`
	book, err := rule.Load(fstest.MapFS{"r": {Data: []byte(text)}}, "r")
	require.NoError(t, err)
	pol := policy()
	pol.Rules = book
	p, err := patch.Propose(settled(assess.Serious), pol, "patch-lead", noon)
	require.NoError(t, err)
	require.Len(t, p.Clocks, 1)
	require.Equal(t, []string{"the mark fda-pm-60 is off: not sold in the US"}, p.Notes)

	book, err = rule.Load(fstest.MapFS{"r": {Data: []byte(`{"rules": [` + mark("other", true) + `]}`)}}, "r")
	require.NoError(t, err)
	pol.Rules = book
	_, err = patch.Propose(settled(assess.Serious), pol, "patch-lead", noon)
	require.ErrorIs(t, err, rule.ErrNotFound)
}

func mark(id string, on bool) string {
	word := "false"
	if on {
		word = "true"
	}
	return `{"id": "` + id + `", "title": "t", "jurisdiction": "US", "role": "manufacturer", "start": "learned",
		"limit": {"amount": 30, "unit": "days"}, "calendar": "c", "to": ["customers"], "on": ` + word + `, "why": "not sold in the US", "label": "l",
		"citation": {"source": "s", "clause": "c", "date": "2026", "force": "guidance", "certainty": "ours"}}`
}

func TestADutiesFileThatIsNotRightIsRefused(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile("duties.json")
	require.NoError(t, err)
	load := func(text string) error {
		_, err := patch.LoadDuties(fstest.MapFS{"d.json": {Data: []byte(text)}}, "d.json")
		return err
	}
	require.NoError(t, load(string(good)))
	for _, c := range []struct{ name, old, new, err string }{
		{"an unknown class", `"out-of-cycle"`, `"at-once"`, `class "at-once" is not known`},
		{"a class without a duty", `"out-of-cycle"`, `"no-change"`, `class "out-of-cycle" has no duty`},
		{"no label on what does not bind", `"guidance, not law"`, `""`, "needs a label"},
		{"no text", `"text": "Determine`, `"text": "", "label": "Determine`, "given twice"},
		{"an unknown force", `"statute"`, `"law"`, "force"},
		{"a mistyped field", `"text"`, `"txt"`, `unknown field "txt"`},
		{"cut off", "\n  ]\n}", "", "unexpected EOF"},
	} {
		text := strings.Replace(string(good), c.old, c.new, 1)
		require.NotEqual(t, string(good), text, c.name)
		require.ErrorContains(t, load(text), c.err, c.name)
		require.ErrorContains(t, load(text), `"d.json"`, c.name)
	}
	_, err = patch.LoadDuties(fstest.MapFS{}, "none")
	require.True(t, errors.Is(err, fs.ErrNotExist))

	all, err := patch.DefaultDuties()
	require.NoError(t, err)
	all[0].Text = "changed"
	again, err := patch.DefaultDuties()
	require.NoError(t, err)
	require.NotEqual(t, "changed", again[0].Text)
}

func FuzzLoadDuties(f *testing.F) {
	good, err := os.ReadFile("duties.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"duties":[{"citation":{}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		duties, err := patch.LoadDuties(fstest.MapFS{"d": {Data: data}}, "d")
		for _, d := range duties {
			if err == nil && (!d.Class.Valid() || d.Text == "" || d.Label == "" && !d.Citation.Binding()) {
				t.Fatalf("a duty was loaded that may not be shown: %+v", d)
			}
		}
	})
}
