package assess_test

import (
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/cvss/rubric"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/store/sqlite"
)

// deployment is that of the template of package device: segmented, with the
// control "vlan-7" that the facility keeps, until 2027-01-10.
func deployment(t testing.TB) device.Deployment {
	t.Helper()
	text, err := device.DeploymentTemplate()
	require.NoError(t, err)
	d, err := device.ReadDeployment(fstest.MapFS{"d.json": {Data: text}}, "d.json")
	require.NoError(t, err)
	return d
}

// openssl is the finding of the air-gap case: OpenSSL 1.1.1k, CVE-2021-3711.
func openssl() match.Finding {
	return match.Finding{
		Product: "monitor-1.4", Coordinate: "cpe:a:openssl:openssl", Vulnerability: "CVE-2021-3711",
		IDs: []feeds.ID{"CVE-2021-3711"}, Sources: []string{"nvd"},
		Instances: []match.Instance{{
			Component: match.Component{Ref: "c1", Name: "OpenSSL", Version: "1.1.1k"},
			Evidence:  []match.Evidence{{Source: "nvd", Item: "CVE-2021-3711", Digest: "d1", Leaf: "openssl from 1.1.1 before 1.1.1l"}},
		}},
		Scores: []match.Score{{Source: "nvd", Score: feeds.Score{Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Base: 9.8}}},
		Seen:   seen,
	}
}

var overNetwork = answers(rubric.Answers{"XAVN": "Y", "XAVT": "Y", "XACL": "Y", "XID": "H", "XAD": "H"})

var airGap = assess.Environment{
	Privileges: "none", Path: "no network is connected; an attacker must stand at the device", NoPath: true,
	Grounds: []assess.Ground{{Name: device.NetworkControl, Why: "the device is air-gapped", Sets: []assess.Modified{{Metric: "MAV", Value: "P"}}}},
}

// airGapped walks the case up to the approved determination. A monitor's alarm may
// be lost: harm is Serious, which is ours.
func airGapped(t testing.TB, d device.Deployment) assess.Assessment {
	t.Helper()
	a, err := assess.Open(openssl(), time.Time{}, "analyst", noon)
	require.NoError(t, err)
	a, err = a.WithTriage(assess.Triage{Step: step("analyst"), Result: assess.Affected})
	require.NoError(t, err)
	a, err = a.WithExploitability(step("analyst"), overNetwork, nil)
	require.NoError(t, err)
	e := airGap
	e.Step = step("analyst")
	a, err = a.WithEnvironment(e, d, nil)
	require.NoError(t, err)
	a, err = a.WithImpact(assess.Impact{Step: step("clinician"), Harm: assess.Serious, Statement: "The alarm may be lost."})
	require.NoError(t, err)
	a, err = a.WithScore(step("analyst"), overNetwork, nil)
	require.NoError(t, err)
	a, err = a.Propose(nil, assess.Proposal{Step: step("analyst")})
	require.NoError(t, err)
	a, err = a.Settle(ok("safety"))
	require.NoError(t, err)
	require.NoError(t, a.Check())
	return a
}

// The acceptance case of the guide, 5.4: a network vector, a device that is
// air-gapped. Not exploitable for lack of a network path; the base vector stays;
// it opens again when the deployment gains a path.
func TestTheAirGapCase(t *testing.T) {
	t.Parallel()
	d := device.Deployment{Network: device.Isolated}
	a := airGapped(t, d)
	x := a.Exploitability
	require.Equal(t, "N", x.Vector.Get("AV"), "the base vector stays")
	require.Equal(t, "N", a.Score.Vector.Get("AV"))
	require.Equal(t, "P", x.Environment.Vector.Get("MAV"))
	require.Equal(t, "N", x.Environment.Vector.Get("AV"))
	require.Equal(t, assess.High, x.Band)
	require.Equal(t, assess.Low, x.Level)
	require.Contains(t, x.Derived, "not exploitable for lack of a network path")
	require.Equal(t, assess.Controlled, a.Risk())

	require.Empty(t, a.Tripped(a.Changes(d, nil, noon)), "nothing changed")
	yes := true
	radio := device.Deployment{Network: device.Isolated, Interfaces: []device.Interface{{Name: "telemetry", Wireless: &yes}}}
	require.Len(t, a.Tripped(a.Changes(radio, nil, noon)), 1, "a radio is a path too")
	d.Network = device.Facility
	changes := a.Changes(d, nil, noon)
	require.Equal(t, []assess.Change{{Fact: "ground network", From: "holds", To: "gone"}}, changes)
	wires := a.Tripped(changes)
	require.Len(t, wires, 1)
	require.Equal(t, assess.Uncontrolled, wires[0].Risk)
	b, err := a.Revisit(wires[0], step("analyst"))
	require.NoError(t, err)
	require.NoError(t, b.Check())
	require.Equal(t, assess.Opened, b.State())
	require.Equal(t, assess.Controlled, b.Earlier[0].Risk, "the earlier result is kept")
	require.Equal(t, a.Instants.Learned, b.Instants.Learned)
	_, err = a.Revisit(assess.Tripwire{}, step("analyst"))
	require.ErrorContains(t, err, "no tripwire")

	claim := airGap
	claim.Step = step("analyst")
	back, err := a.Reopen(openssl(), step("analyst"))
	require.NoError(t, err)
	back, err = back.WithTriage(assess.Triage{Step: step("analyst"), Result: assess.Affected})
	require.NoError(t, err)
	back, err = back.WithExploitability(step("analyst"), overNetwork, nil)
	require.NoError(t, err)
	_, err = back.WithEnvironment(claim, d, nil)
	require.ErrorContains(t, err, "no network path: it takes a deployment that is isolated")
	_, err = back.WithEnvironment(claim, radio, nil)
	require.ErrorContains(t, err, `interface "telemetry" is a radio`)
	claim.NoPath = false
	_, err = back.WithEnvironment(claim, device.Deployment{Network: device.Segmented}, nil)
	require.ErrorContains(t, err, "MAV:A at the most")
}

// credited walks to a determination that credits the control vlan-7.
func credited(t testing.TB, harm assess.Harm) assess.Assessment {
	t.Helper()
	a := exploitable(t, finding())
	a, err := a.WithEnvironment(segment(), deployment(t), nil)
	require.NoError(t, err)
	a, err = a.WithImpact(assess.Impact{Step: step("clinician"), Harm: harm, Statement: "The pump stops."})
	require.NoError(t, err)
	a, err = a.WithScore(step("analyst"), attacks[assess.High], nil)
	require.NoError(t, err)
	a, err = a.Propose(nil, assess.Proposal{Step: step("analyst")})
	require.NoError(t, err)
	a, err = a.Settle(ok("safety"))
	require.NoError(t, err)
	require.NoError(t, a.Check())
	return a
}

func exploitable(t testing.TB, f match.Finding) assess.Assessment {
	t.Helper()
	a, err := assess.Open(f, time.Time{}, "analyst", noon)
	require.NoError(t, err)
	a, err = a.WithTriage(assess.Triage{Step: step("analyst"), Result: assess.Affected})
	require.NoError(t, err)
	a, err = a.WithExploitability(step("analyst"), attacks[assess.High], nil)
	require.NoError(t, err)
	return a
}

// segment is the environment that credits vlan-7.
func segment() assess.Environment {
	return assess.Environment{Step: step("analyst"), Privileges: "an account on the pump server", Path: "through the pump server",
		Grounds: []assess.Ground{{Name: "vlan-7", Why: "only the pump server reaches the pump",
			Sets: []assess.Modified{{Metric: "MAV", Value: "L"}, {Metric: "MPR", Value: "H"}}}}}
}

func TestAControlThatExpiredIsNotCredited(t *testing.T) {
	t.Parallel()
	a, d := credited(t, assess.Serious), deployment(t)
	require.Equal(t, assess.Low, a.Exploitability.Level)
	require.Equal(t, assess.Controlled, a.Risk())
	c := a.Exploitability.Environment.Grounds[0].Control
	require.Equal(t, device.HealthSite, c.Operator)
	require.NotEmpty(t, c.Verification)

	require.Empty(t, a.Tripped(a.Changes(d, nil, c.Expires.Add(-time.Second))))
	require.Len(t, a.Tripped(a.Changes(d, nil, c.Expires)), 1, "its verification expired")
	without := d
	without.Controls = nil
	require.Len(t, a.Tripped(a.Changes(without, nil, noon)), 1, "it is gone")

	b := exploitable(t, finding())
	late := segment()
	late.At = c.Expires
	_, err := b.WithEnvironment(late, d, nil)
	require.ErrorContains(t, err, "not credited: the verification of control")
	never := d
	never.Controls = []device.Control{{ID: "vlan-7", What: "w", Operator: device.HealthSite}}
	_, err = b.WithEnvironment(segment(), never, nil)
	require.ErrorContains(t, err, "never verified")
	_, err = b.WithEnvironment(segment(), without, nil)
	require.ErrorContains(t, err, "neither the network nor a control")
}

func TestWhatIsWrongInAnEnvironment(t *testing.T) {
	t.Parallel()
	a, d := exploitable(t, finding()), deployment(t)
	for _, c := range []struct {
		name string
		do   func(*assess.Environment)
		want string
	}{
		{"nobody", func(e *assess.Environment) { e.By = "" }, "not said: who"},
		{"no path in words", func(e *assess.Environment) { e.Path = " " }, "attack path are not said"},
		{"no reason", func(e *assess.Environment) { e.Grounds[0].Why = "" }, "has no reason"},
		{"twice", func(e *assess.Environment) { e.Grounds = append(e.Grounds, e.Grounds[0]) }, "there twice"},
		{"an impact metric", func(e *assess.Environment) { e.Grounds[0].Sets[0] = assess.Modified{Metric: "MC", Value: "N"} }, "no modified exploitability metric"},
		{"a base metric", func(e *assess.Environment) { e.Grounds[0].Sets[0] = assess.Modified{Metric: "AV", Value: "P"} }, "no modified exploitability metric"},
		{"a value of nothing", func(e *assess.Environment) { e.Grounds[0].Sets[0].Value = "X" }, "the metric takes one of"},
		{"no network path where there is one", func(e *assess.Environment) { e.NoPath = true }, "takes a deployment that is isolated"},
		{"an easier attack", func(e *assess.Environment) { e.Grounds[0].Sets[0] = assess.Modified{Metric: "MS", Value: "C"} }, "use a raise"},
	} {
		e := segment()
		c.do(&e)
		_, err := a.WithEnvironment(e, d, nil)
		require.ErrorContains(t, err, c.want, c.name)
	}
	open := d
	open.Network = device.Facility
	e := segment()
	e.Grounds[0].Name = device.NetworkControl
	_, err := a.WithEnvironment(e, open, nil)
	require.ErrorContains(t, err, "only one that is isolated or segmented")
	forged := credited(t, assess.Serious)
	x, env := *forged.Exploitability, *forged.Exploitability.Environment
	env.Band = assess.Medium
	x.Environment, x.Level = &env, assess.Medium
	forged.Exploitability = &x
	require.ErrorContains(t, forged.Check(), "environment: vector, subscore or band")
}

// Known exploitation raises the axis whatever the deployment, and never writes the
// determination; a probability lowers nothing. Both are ours, after FIRST's advice
// on EPSS.
func TestExploitationIsNotLoweredByTheDeploymentAndEPSSLowersNothing(t *testing.T) {
	t.Parallel()
	for _, change := range []func(*match.Finding){
		func(f *match.Finding) { f.Exploited = &feeds.Exploited{Added: noon} },
		func(f *match.Finding) { f.SSVC = &feeds.SSVC{Exploitation: "active"} },
	} {
		f := finding()
		change(&f)
		a, err := exploitable(t, f).WithEnvironment(segment(), deployment(t), nil)
		require.NoError(t, err)
		require.Equal(t, assess.Low, a.Exploitability.Environment.Band)
		require.Equal(t, assess.High, a.Exploitability.Level)
		require.True(t, a.Undetermined())
		require.Nil(t, a.Determination)
		require.True(t, opened(t).Stale(f))
	}
	rapid.Check(t, func(r *rapid.T) {
		f := finding()
		f.Probability = &feeds.Probability{Score: rapid.Float64Range(0, 1).Draw(r, "epss")}
		a := exploitable(t, f)
		require.Equal(t, exploitable(t, finding()).Exploitability.Level, a.Exploitability.Level)
		require.Equal(t, f.Probability.Score, a.Facts.Probability.Score)
	})
}

// Attestations change the result for their own site only.
func TestASiteThatHasNotTheControlIsUncontrolledAlone(t *testing.T) {
	t.Parallel()
	a, d, n := credited(t, assess.Serious), deployment(t), 3
	var fielded []device.Fielded
	for _, site := range []string{"s-1", "s-2", "s-3", "s-4", "s-5"} {
		fielded = append(fielded, device.Fielded{Product: "pump-2.1", Site: site, Units: &n, AsOf: seen, How: "log"})
	}
	none := 0
	fielded = append(fielded, device.Fielded{Product: "pump-2.1", Site: "s-6", Units: &none, AsOf: seen, How: "log"},
		device.Fielded{Product: "pump-9", Site: "s-7", AsOf: seen, How: "log"})
	says := func(site string, h device.Holds) device.Attestation {
		return device.Attestation{Product: "pump-2.1", Site: site, Control: "vlan-7", Holds: h, By: "it-" + site, How: "letter", At: seen, Expires: seen.AddDate(0, 6, 0)}
	}
	attested := []device.Attestation{says("s-1", device.Has), says("s-2", device.HasNot), says("s-3", device.Unknown), says("s-5", device.Has)}
	later := says("s-5", device.HasNot)
	later.At = noon.Add(time.Hour)
	attested = append(attested, later)

	sites, err := a.Sites(nil, d, fielded, attested, noon)
	require.NoError(t, err)
	require.Len(t, sites, 5)
	require.Equal(t, []string{"s-2", "s-3"}, assess.UncontrolledSites(sites))
	require.Equal(t, []string{"vlan-7"}, sites[3].Assumed, "s-4 said nothing")
	require.Equal(t, assess.Controlled, a.Risk(), "the decision itself stands")
	sites, err = a.Sites(nil, d, fielded, attested, later.At)
	require.NoError(t, err)
	require.Equal(t, []string{"s-2", "s-3", "s-5"}, assess.UncontrolledSites(sites))
	sites, err = a.Sites(nil, d, fielded, attested, seen.AddDate(0, 6, 0))
	require.NoError(t, err)
	require.Equal(t, []string{"s-1", "s-2", "s-3", "s-5"}, assess.UncontrolledSites(sites), "what was attested expired")
	_, err = opened(t).Sites(nil, d, fielded, attested, noon)
	require.ErrorContains(t, err, "once a risk is determined")
}

// Every tripwire flips the verdict and no part of it does; a fact that flips is in
// one. Held against steps done anew, not against the code that finds them.
func TestTripwiresByBruteForce(t *testing.T) {
	t.Parallel()
	metrics := map[string]string{"AV": "NALP", "AC": "LH", "PR": "NLH", "UI": "NR", "S": "CU"}
	names := []string{"AV", "AC", "PR", "UI", "S"}
	m, err := assess.DefaultMatrix()
	require.NoError(t, err)
	for _, l := range assess.Levels() {
		for _, h := range assess.Harms() {
			a := settled(t, l, h)
			base := a.Exploitability.Vector
			judge := func(changes []assess.Change) assess.Verdict {
				v, harm, floor := base, h, assess.Low
				for _, c := range changes {
					switch c.Fact {
					case "harm":
						harm = assess.Harm(c.To)
					case "exploited":
						floor = assess.High
					default:
						v, err = v.With(c.Fact, c.To)
						require.NoError(t, err)
					}
				}
				level := m.Level(v.Exploitability())
				if floor == assess.High {
					level = assess.High
				}
				got, err := m.Verdict(level, harm)
				require.NoError(t, err)
				return got
			}
			was := judge(nil)
			flips := func(c []assess.Change) bool {
				now := judge(c)
				return now.Risk != was.Risk || now.Justify != was.Justify
			}
			for _, w := range a.Determination.Tripwires {
				require.True(t, flips(w.Changes), "%s × %s: %s", l, h, w)
				for i := range w.Changes {
					part := append(append([]assess.Change{}, w.Changes[:i]...), w.Changes[i+1:]...)
					require.False(t, flips(part), "%s × %s: %s", l, h, w)
				}
			}
			// every combination of all facts
			var all func(n int, c []assess.Change)
			all = func(n int, c []assess.Change) {
				if n == len(names) {
					for _, harm := range assess.Harms() {
						for _, exploited := range []bool{false, true} {
							d := append([]assess.Change{}, c...)
							if harm != h {
								d = append(d, assess.Change{Fact: "harm", From: string(h), To: string(harm)})
							}
							if exploited {
								d = append(d, assess.Change{Fact: "exploited", From: "no", To: "yes"})
							}
							if flips(d) && len(a.Tripped(d)) == 0 {
								t.Fatalf("%s × %s: %v flips and trips nothing", l, h, d)
							}
						}
					}
					return
				}
				for _, v := range metrics[names[n]] {
					d := append([]assess.Change{}, c...)
					if string(v) != base.Get(names[n]) {
						d = append(d, assess.Change{Fact: names[n], From: base.Get(names[n]), To: string(v)})
					}
					all(n+1, d)
				}
			}
			all(0, nil)
		}
	}
}

// And on the rubric: for every question of the exploitability, another answer
// trips exactly when the steps done anew with it say otherwise.
func TestAnotherAnswerTripsWhenItFlips(t *testing.T) {
	t.Parallel()
	for _, l := range assess.Levels() {
		for _, h := range assess.Harms() {
			a := settled(t, l, h)
			for _, q := range rubric.Questions()[:12] {
				for _, v := range []rubric.Answer{"Y", "N", "U"} {
					over := rubric.Answers{q.ID: v, "XIT": "H"}
					for id, was := range attacks[l] {
						if _, ok := over[id]; !ok {
							over[id] = was
						}
					}
					other := answers(over)
					changes, err := a.Answered(other)
					require.NoError(t, err)
					b, err := affected(t).WithExploitability(step("analyst"), other, nil)
					require.NoError(t, err)
					m, err := assess.DefaultMatrix()
					require.NoError(t, err)
					now, err := m.Verdict(b.Exploitability.Level, h)
					require.NoError(t, err)
					was := a.Determination.Verdict
					require.Equal(t, now.Risk != was.Risk || now.Justify != was.Justify, len(a.Tripped(changes)) > 0,
						"%s × %s: %s:%s: %v", l, h, q.ID, v, changes)
				}
			}
		}
	}
}

// A change re-opens exactly the decisions that rest on what changed.
func TestAChangeOpensExactlyThoseDecisions(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Open(t.TempDir() + "/a.db")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	for name, driver := range map[string]store.Driver{"memory": memory.New(), "sqlite": db} {
		ctx, l := t.Context(), store.New(driver, &store.Options{Now: func() time.Time { return noon }})
		save := func(a assess.Assessment) {
			p := a
			d := *a.Determination
			d.Approved, d.Second = nil, nil
			p.Determination, p.Instants.Determined = &d, time.Time{}
			require.NoError(t, assess.Save(ctx, l, store.By{Who: "analyst", Why: "w"}, p), name)
			require.NoError(t, assess.Save(ctx, l, store.By{Who: "safety", Why: "w"}, a), name)
		}
		save(credited(t, assess.Serious)) // rests on vlan-7
		save(airGapped(t, device.Deployment{Network: device.Isolated}))
		other := finding()
		other.Vulnerability, other.IDs = "CVE-2022-9", []feeds.ID{"CVE-2022-9"}
		harmless := credits(t, other, assess.Minor) // credits it too, and it does not matter
		save(harmless)

		p := device.Product{ID: "pump-2.1", Deployment: deployment(t)}
		trips, err := assess.Trips(ctx, l, p, nil, noon)
		require.NoError(t, err)
		require.Empty(t, trips)
		p.Deployment.Controls = nil
		trips, err = assess.Trips(ctx, l, p, nil, noon)
		require.NoError(t, err)
		require.Len(t, trips, 1)
		require.Equal(t, finding().Key(), trips[0].Assessment.Finding)
		require.Equal(t, "ground vlan-7 holds → gone", trips[0].Tripwire.String())
		again, err := trips[0].Assessment.Revisit(trips[0].Tripwire, step("analyst"))
		require.NoError(t, err)
		require.NoError(t, assess.Save(ctx, l, store.By{Who: "analyst", Why: "w"}, again))
		trips, err = assess.Trips(ctx, l, p, nil, noon)
		require.NoError(t, err)
		require.Empty(t, trips, "it is open already")

		listed := other
		listed.Exploited = &feeds.Exploited{Added: noon}
		trips, err = assess.Trips(ctx, l, p, map[string]match.Finding{harmless.Finding: listed}, noon)
		require.NoError(t, err)
		require.Empty(t, trips, "minor harm is controlled at every level")
	}
}

// credits is credited for another finding.
func credits(t testing.TB, f match.Finding, harm assess.Harm) assess.Assessment {
	t.Helper()
	a, err := exploitable(t, f).WithEnvironment(segment(), deployment(t), nil)
	require.NoError(t, err)
	a, err = a.WithImpact(assess.Impact{Step: step("clinician"), Harm: harm, Statement: "The pump stops."})
	require.NoError(t, err)
	a, err = a.WithScore(step("analyst"), attacks[assess.High], nil)
	require.NoError(t, err)
	a, err = a.Propose(nil, assess.Proposal{Step: step("analyst")})
	require.NoError(t, err)
	a, err = a.Settle(ok("safety"))
	require.NoError(t, err)
	return a
}

// An override downward rests on what was documented: whatever makes it worse opens
// it again.
func TestAnOverrideOpensWhenAnythingGetsWorse(t *testing.T) {
	t.Parallel()
	a, err := exploitable(t, finding()).WithEnvironment(segment(), deployment(t), nil)
	require.NoError(t, err)
	a, err = a.WithImpact(assess.Impact{Step: step("clinician"), Harm: assess.Critical, Statement: "The pump stops."})
	require.NoError(t, err)
	a, err = a.WithScore(step("analyst"), attacks[assess.High], nil)
	require.NoError(t, err)
	a, err = a.Propose(nil, assess.Proposal{Step: step("analyst"), Risk: assess.Controlled})
	require.NoError(t, err)
	a, err = a.Settle(ok("safety"))
	require.NoError(t, err)
	require.NoError(t, a.Check())
	for _, c := range []assess.Change{
		{Fact: "harm", From: "critical", To: "catastrophic"},
		{Fact: "ground vlan-7", From: "holds", To: "gone"},
		{Fact: "exploited", From: "no", To: "yes"},
	} {
		require.NotEmpty(t, a.Tripped([]assess.Change{c}), c)
	}
}

func TestHarmComesFromTheHazardsOfTheFunctions(t *testing.T) {
	t.Parallel()
	d := deployment(t)
	i, err := assess.Impact{Step: step("clinician"), Statement: "A wrong dose.", Security: "integrity of settings"}.WithHazards(d, "dosing")
	require.NoError(t, err)
	require.Equal(t, assess.Serious, i.Harm)
	worse, err := assess.Impact{Harm: assess.Critical}.WithHazards(d, "dosing")
	require.NoError(t, err)
	require.Equal(t, assess.Critical, worse.Harm, "a person may say worse")
	_, err = assess.Impact{}.WithHazards(d, "infusion log")
	require.ErrorContains(t, err, "no hazard hangs on")
	_, err = assess.Impact{}.WithHazards(d, "flying")
	require.ErrorContains(t, err, "not in the deployment")
	_, err = assess.Impact{}.WithHazards(d)
	require.ErrorContains(t, err, "no function is named")

	a := exploitable(t, finding())
	less := i
	less.Harm = assess.Minor
	_, err = a.WithImpact(less)
	require.ErrorContains(t, err, "less than that of hazard")
	twice := i
	twice.Lines = []assess.Answered{{What: "pump", Result: assess.Affected, Why: "w"}, {What: "pump", Result: "maybe"}}
	_, err = a.WithImpact(twice)
	require.ErrorContains(t, err, "twice for")
	require.ErrorContains(t, err, `result "maybe"`)

	i.Lines = []assess.Answered{
		{What: "pump", Result: assess.Affected, Why: "same library"},
		{What: "monitor", Result: assess.UnderInvestigation, Why: "asked"},
	}
	i.Parts = []assess.Answered{{What: "wireless module", Result: assess.NotAffected, Why: "another stack"}}
	a, err = a.WithImpact(i)
	require.NoError(t, err)
	require.NoError(t, a.Check())
	require.Equal(t, []string{"monitor", "gateway"}, a.Unanswered(device.Line{ID: "pump"}, device.Line{ID: "monitor"}, device.Line{ID: "gateway"}))

	worseFile := d
	worseFile.Hazards = append(worseFile.Hazards, device.Hazard{ID: "H-9", Functions: []string{"dosing"}, Harm: "death", Severity: device.Catastrophic})
	require.Equal(t, []assess.Change{{Fact: "harm", From: "serious", To: "catastrophic"}}, a.Changes(worseFile, nil, noon))
}

// A device without a network is judged in its deployment.
func ExampleAssessment_WithEnvironment() {
	a, err := assess.Open(openssl(), time.Time{}, "analyst-1", noon)
	if err != nil {
		fmt.Println(err)
		return
	}
	a, _ = a.WithTriage(assess.Triage{Step: step("analyst-1"), Result: assess.Affected})
	a, _ = a.WithExploitability(step("analyst-1"), overNetwork, nil)
	e := airGap
	e.Step = step("analyst-1")
	a, err = a.WithEnvironment(e, device.Deployment{Network: device.Isolated}, nil)
	fmt.Println(a.Exploitability.Vector.Get("AV"), a.Exploitability.Environment.Vector.Get("MAV"), a.Exploitability.Level, err)
	// Output: N P low <nil>
}
