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
				next, err = decided(t, l, a, d, level.Draw(r, "level"), harm.Draw(r, "harm"), rapid.Bool().Draw(r, "credited"))
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
			if err := assess.Save(t.Context(), l, store.By{Who: who, Why: "w"}, a); err != nil {
				a = before
				stood = len(a.Earlier)
				continue
			}
			kept, _, err := assess.Assessments.Latest(t.Context(), l, a.Key())
			require.NoError(t, err)
			require.NoError(t, kept.Check())
			require.Equal(t, a.State(), kept.State())
			require.Equal(t, a.Risk(), kept.Risk())
		}
		require.NoError(t, l.Verify(t.Context()))
	})
}

// decided does all steps and has the proposal in the ledger before it is approved.
func decided(t *testing.T, l *store.Ledger, a assess.Assessment, d device.Deployment, x assess.Level, h assess.Harm, credit bool) (assess.Assessment, error) {
	t.Helper()
	next, err := a.WithTriage(assess.Triage{Step: step("analyst"), Result: assess.Affected})
	require.NoError(t, err)
	next, err = next.WithExploitability(step("analyst"), attacks[x], nil)
	require.NoError(t, err)
	if credit {
		e := segment()
		e.Grounds[0].Sets = []assess.Modified{{Metric: "MAV", Value: "P"}, {Metric: "MAC", Value: "H"}}
		next, err = next.WithEnvironment(e, d, nil)
		require.NoError(t, err)
	}
	next, err = next.WithImpact(assess.Impact{Step: step("analyst"), Harm: h, Statement: "s"})
	require.NoError(t, err)
	next, err = next.WithScore(step("analyst"), attacks[x], nil)
	require.NoError(t, err)
	next, err = next.Propose(nil, assess.Proposal{Step: step("analyst")})
	require.NoError(t, err)
	require.NoError(t, assess.Save(t.Context(), l, store.By{Who: "analyst", Why: "w"}, next))
	return next.Settle(ok("safety"))
}
