package assess_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/cvss/rubric"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/store"
)

// Whatever is asked in whatever order, an assessment is right or the command is
// refused and nothing changes; no determination stands without another person's
// approval, none that stood is forgotten, and the ledger takes only what its writer
// may write.
func TestNoIllegalStateUnderRandomCommands(t *testing.T) {
	t.Parallel()
	d := deployment(t)
	isolated := device.Deployment{Network: device.Isolated}
	reached := map[string]int{} // what the runs came to, so that the test can tell that it tests something
	rapid.Check(t, func(r *rapid.T) {
		l := ledger()
		a, err := assess.Open(finding(), time.Time{}, "analyst", noon)
		require.NoError(t, err)
		require.NoError(t, assess.Save(t.Context(), l, store.By{Who: "analyst", Why: "w"}, a))
		people := rapid.SampledFrom([]string{"analyst", "safety", "quality", " Analyst"})
		level := rapid.SampledFrom(assess.Levels())
		harm := rapid.SampledFrom(assess.Harms())
		stood := 0
		for range rapid.IntRange(1, 25).Draw(r, "commands") {
			who := people.Draw(r, "who")
			before := a
			var next assess.Assessment
			switch rapid.SampledFrom([]string{"triage", "exploit", "environment", "impact", "score", "confirm", "propose", "override",
				"settle", "countersign", "leave", "reopen", "revisit", "walk", "decide", "decide", "decide"}).Draw(r, "command") {
			case "triage":
				next, err = a.WithTriage(assess.Triage{Step: step(who), Result: rapid.SampledFrom([]assess.TriageResult{
					assess.Affected, assess.NotAffected, assess.UnderInvestigation, "maybe"}).Draw(r, "result"),
					Justification: rapid.SampledFrom([]string{"", "component_not_present"}).Draw(r, "justification")})
			case "exploit":
				next, err = a.WithExploitability(step(who), attacks[level.Draw(r, "level")], nil)
			case "environment":
				e, in := segment(), d
				if rapid.Bool().Draw(r, "air gap") {
					e, in = airGap, isolated
					e.Step = step(who)
				}
				next, err = a.WithEnvironment(e, in, nil)
			case "impact":
				next, err = a.WithImpact(assess.Impact{Step: step(who), Harm: harm.Draw(r, "harm"), Statement: "The pump stops."})
			case "score":
				next, err = a.WithScore(step(who), attacks[level.Draw(r, "level")], nil)
			case "confirm":
				var c []rubric.Confirmed
				for _, p := range rubric.Propose(assess.FactsOf(d)) {
					one, err := rubric.Confirm(p, who, noon)
					require.NoError(t, err)
					c = append(c, one)
				}
				next, err = a.WithConfirmed(c[0])
			case "propose":
				next, err = a.Propose(nil, assess.Proposal{Step: step(who)})
			case "override":
				next, err = a.Propose(nil, assess.Proposal{Step: step(who), Risk: rapid.SampledFrom([]assess.Risk{assess.Controlled, assess.Uncontrolled, assess.NoRisk}).Draw(r, "risk")})
			case "settle":
				next, err = a.Settle(ok(who))
			case "countersign":
				next, err = a.Countersign(ok(who))
			case "leave":
				next, err = a.WithLeave(assess.Leave{Acceptable: assess.Yes, By: who, Why: "w", At: noon})
			case "reopen":
				f := finding()
				if rapid.Bool().Draw(r, "listed") {
					f.Exploited = &feeds.Exploited{Added: seen}
				}
				next, err = a.Reopen(f, step(who))
			case "revisit":
				wires := a.Tripped(a.Changes(device.Deployment{Network: device.Internet}, nil, noon))
				if len(wires) == 0 {
					continue
				}
				next, err = a.Revisit(wires[0], step(who))
			case "decide": // one proposes and another approves, each in an act of his own
				if a.State() == assess.Determined {
					continue
				}
				next, err = decided(t, l, a, d, rapid.SampledFrom(ways).Draw(r, "way"), level.Draw(r, "level"), harm.Draw(r, "harm"))
				who = "safety"
			case "walk":
				x := level.Draw(r, "level")
				if next, err = a.WithTriage(assess.Triage{Step: step(who), Result: assess.Affected}); err == nil {
					if next, err = next.WithExploitability(step(who), attacks[x], nil); err == nil {
						if next, err = next.WithImpact(assess.Impact{Step: step(who), Harm: harm.Draw(r, "harm"), Statement: "s"}); err == nil {
							next, err = next.WithScore(step(who), attacks[x], nil)
						}
					}
				}
				if err != nil {
					next = before
				}
			}
			if err != nil {
				require.Equal(t, before.State(), next.State(), "a refused command changes nothing")
				reached["refused"]++
				continue
			}
			a = next
			require.NoError(t, a.Check())
			if a.State() == assess.Determined {
				require.True(t, a.Risk().Valid())
				require.False(t, assess.SamePerson(a.Determination.Proposed.By, a.Determination.Approved.By))
				require.NotEmpty(t, a.Determination.Tripwires)
			} else {
				require.True(t, a.Undetermined())
			}
			if x := a.Exploitability; x != nil && a.Facts.Exploited != nil {
				require.Equal(t, assess.High, x.Level, "known exploitation is not lowered")
			}
			require.GreaterOrEqual(t, len(a.Earlier), stood)
			stood = len(a.Earlier)
			resp, err := a.Response(nil, days, noon)
			require.NoError(t, err)
			require.Equal(t, a.Risk() != assess.NoRisk, resp.Class.Valid())

			// what the ledger takes it gives back; what it refuses is not there
			writer := who
			if rapid.IntRange(0, 4).Draw(r, "another writer") == 0 {
				writer = people.Draw(r, "writer")
			}
			if err := assess.Save(t.Context(), l, store.By{Who: writer, Why: "w"}, a); err != nil {
				reached["not written"]++
				kept, _, err := assess.Assessments.Latest(t.Context(), l, a.Key())
				require.NoError(t, err)
				a = kept // a proposal may have been written on the way
				stood = len(a.Earlier)
				continue
			}
			reached[string(a.State())]++
			if d := a.Determination; a.State() == assess.Determined {
				reached[string(a.Risk())]++
				switch {
				case len(d.Controls) > 0:
					reached["override on a control"]++
				case d.Second != nil:
					reached["override by three"]++
				case d.Override && d.Risk == assess.Uncontrolled:
					reached["override upward"]++
				case d.Override && d.Verdict.Justify:
					reached["justified"]++
				}
				if a.Triage.Network != "" {
					reached["not affected by an obstacle"]++
				}
			}
			if len(a.Reopened) > 0 {
				reached["reopened"]++
			}
			kept, _, err := assess.Assessments.Latest(t.Context(), l, a.Key())
			require.NoError(t, err)
			require.NoError(t, kept.Check())
			require.Equal(t, a.State(), kept.State())
			require.Equal(t, a.Risk(), kept.Risk())
		}
		require.NoError(t, l.Verify(t.Context()))
	})
	for _, what := range []string{
		"opened", "triaged", "exploitability judged", "impact judged", "scored", "determination proposed", "determined", "refused", "not written", "reopened",
		"controlled", "uncontrolled", "not-affected", "override upward", "override by three", "override on a control", "justified", "not affected by an obstacle",
	} {
		require.NotZero(t, reached[what], "%s is never reached: %v", what, reached)
	}
}

// ways are how a decision comes about.
var ways = []string{"matrix", "credited", "not affected", "obstacle", "upward", "three", "control", "justified"}

// decided does all steps and has the proposal in the ledger before it is approved.
func decided(t *testing.T, l *store.Ledger, a assess.Assessment, d device.Deployment, way string, x assess.Level, h assess.Harm) (assess.Assessment, error) {
	t.Helper()
	do := func(next assess.Assessment, err error) {
		t.Helper()
		require.NoError(t, err)
		a = next
	}
	save := func(who string) { require.NoError(t, assess.Save(t.Context(), l, store.By{Who: who, Why: "w"}, a)) }
	if way == "not affected" || way == "obstacle" {
		tr := assess.Triage{Step: step("analyst"), Result: assess.NotAffected, Justification: "component_not_present"}
		if way == "obstacle" {
			tr.Justification, tr.Network, tr.Controls = "inline_mitigations_already_exist", device.Segmented, d.Controls[:1]
		}
		do(a.WithTriage(tr))
		do(a.Propose(nil, assess.Proposal{Step: step("analyst")}))
		save("analyst")
		return a.Settle(ok("safety"))
	}
	exploited := a.Facts.Exploited != nil // that keeps the level high
	switch {
	case way == "upward":
		x, h = assess.Low, assess.Negligible
	case way == "three", way == "control" && exploited:
		x, h = assess.High, assess.Catastrophic
	case way == "control", way == "justified":
		x, h = assess.Low, assess.Catastrophic
	}
	do(a.WithTriage(assess.Triage{Step: step("analyst"), Result: assess.Affected}))
	do(a.WithExploitability(step("analyst"), attacks[x], nil))
	if way == "credited" {
		e := segment()
		e.Grounds[0].Sets = []assess.Modified{{Metric: "MAV", Value: "P"}, {Metric: "MAC", Value: "H"}}
		do(a.WithEnvironment(e, d, nil))
	}
	do(a.WithImpact(assess.Impact{Step: step("analyst"), Harm: h, Statement: "s"}))
	do(a.WithScore(step("analyst"), attacks[x], nil))
	p := assess.Proposal{Step: step("analyst")}
	switch way {
	case "upward":
		p.Risk = assess.Uncontrolled
	case "control":
		p.Controls = d.Controls[:1]
		fallthrough
	case "three", "justified":
		p.Risk = assess.Controlled
	}
	do(a.Propose(nil, p))
	save("analyst")
	if v := a.Determination.Verdict; a.Determination.Risk == assess.Controlled && v.Risk == assess.Uncontrolled && !v.Justify {
		_, err := a.Settle(ok("safety"))
		require.ErrorContains(t, err, "second person")
		do(a.Countersign(ok("quality")))
		save("quality")
		return a.Settle(ok("safety"), *a.Determination.Second)
	}
	return a.Settle(ok("safety"))
}
