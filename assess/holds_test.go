package assess_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
)

// What a judgment rests on holds, or the judgment does not.

func ledgerAt(at time.Time) *store.Ledger {
	return store.New(memory.New(), &store.Options{Now: func() time.Time { return at }})
}

func by(who string) store.By { return store.By{Who: who, Why: "w"} }

// onSegment is judged up to the score, on the segment "vlan-7", whose verification
// ends on 2027-01-10.
func onSegment(t *testing.T) assess.Assessment {
	t.Helper()
	a, err := exploitable(t, finding()).WithEnvironment(segment(), deployment(t), nil)
	require.NoError(t, err)
	a, err = a.WithImpact(assess.Impact{Step: step("clinician"), Harm: assess.Serious, Statement: "The pump stops."})
	require.NoError(t, err)
	a, err = a.WithScore(step("analyst"), attacks[assess.High], nil)
	require.NoError(t, err)
	return a
}

func TestAControlThatExpiredIsCreditedByNobody(t *testing.T) {
	t.Parallel()
	a := onSegment(t)
	after := a.Exploitability.Environment.Grounds[0].Control.Expires
	late := step("analyst")
	late.At = after
	var lapsed *assess.LapsedError
	_, err := a.Propose(nil, assess.Proposal{Step: late})
	require.ErrorAs(t, err, &lapsed)
	p, err := a.Propose(nil, assess.Proposal{Step: step("analyst")})
	require.NoError(t, err)
	_, err = p.Settle(assess.Approval{By: "safety", At: after, Why: "agreed"})
	require.ErrorAs(t, err, &lapsed)
	_, err = p.Countersign(assess.Approval{By: "second", At: after, Why: "agreed"})
	require.ErrorAs(t, err, &lapsed)
	s, err := p.Settle(ok("safety"))
	require.NoError(t, err)
	require.Equal(t, assess.Controlled, s.Risk())
	_, err = s.WithLeave(assess.Leave{Acceptable: assess.Yes, By: "quality", Why: "w", At: after})
	require.ErrorAs(t, err, &lapsed)

	risk, _, err := s.RiskAt(nil, days, after.Add(-time.Second))
	require.NoError(t, err)
	require.Equal(t, assess.Controlled, risk)
	risk, why, err := s.RiskAt(nil, days, after)
	require.NoError(t, err)
	require.Equal(t, assess.Uncontrolled, risk)
	require.Contains(t, why, "expired on 2027-01-10")
	require.Contains(t, why, "treated as uncontrolled")
	require.Equal(t, assess.Controlled, s.Risk(), "it writes no determination")

	forged := s
	d := *s.Determination
	ap := *d.Approved
	ap.At = after
	d.Approved = &ap
	forged.Determination, forged.Instants.Determined = &d, after
	require.ErrorContains(t, forged.Check(), "not in force")
}

func TestAControlThatIsVerifiedAnewKeepsAJudgmentFromLapsing(t *testing.T) {
	t.Parallel()
	p, err := onSegment(t).Propose(nil, assess.Proposal{Step: step("analyst")})
	require.NoError(t, err)
	a, err := p.Settle(ok("safety"))
	require.NoError(t, err)
	d := deployment(t)
	old := d.Controls[0].Expires
	_, err = a.Renew(d, step("field"))
	require.ErrorContains(t, err, "was verified anew")

	anew := old.AddDate(0, -1, 0)
	d.Controls[0].At, d.Controls[0].Expires = anew, old.AddDate(1, 0, 0)
	other := d
	other.Controls = append([]device.Control(nil), d.Controls...)
	other.Controls[0].What = "another rule"
	s := assess.Step{By: "field", At: anew.Add(time.Hour), Why: "port scan"}
	_, err = a.Renew(other, s)
	require.Error(t, err, "it does something else")
	b, err := a.Renew(d, s)
	require.NoError(t, err)
	require.NoError(t, b.Check())
	require.Equal(t, assess.Determined, b.State(), "what was approved stands")
	require.NoError(t, b.Lapsed(old))
	require.Error(t, b.Lapsed(old.AddDate(1, 0, 0)))
	risk, _, err := b.RiskAt(nil, days, old)
	require.NoError(t, err)
	require.Equal(t, assess.Controlled, risk)

	l := ledgerAt(s.At)
	require.NoError(t, assess.Save(t.Context(), l, by("analyst"), p))
	require.NoError(t, assess.Save(t.Context(), l, by("safety"), a))
	require.ErrorContains(t, assess.Save(t.Context(), l, by("eve"), b), `by "field" and is written by "eve"`)
	done, err := assess.RenewAll(t.Context(), l, by("monitor"), device.Product{ID: "pump-2.1", Deployment: d})
	require.NoError(t, err)
	require.Equal(t, []string{a.Finding}, done)
	done, err = assess.RenewAll(t.Context(), l, by("monitor"), device.Product{ID: "pump-2.1", Deployment: d})
	require.NoError(t, err)
	require.Empty(t, done, "once")
	require.ErrorIs(t, assess.Save(t.Context(), l, by("safety"), a), assess.ErrHistory, "a renewal is not forgotten")
}

func TestAnInterfaceIsAPathUntilItIsKnownToBeNone(t *testing.T) {
	t.Parallel()
	wired, e := false, airGap
	e.Step = step("analyst")
	for protocol, wire := range map[string]*bool{
		"LTE": nil, "4G cellular modem": nil, "TCP/IP": nil, "HTTPS": &wired, "Thread": nil, "802.11ac": nil, "Ethernet": nil, "": nil, "proprietary": nil,
	} {
		with := device.Deployment{Network: device.Isolated, Interfaces: []device.Interface{{Name: "x", Protocol: protocol, Wireless: wire}}}
		_, err := exploitable(t, openssl()).WithEnvironment(e, with, nil)
		require.ErrorContains(t, err, `interface "x"`, protocol)
		a := airGapped(t, device.Deployment{Network: device.Isolated})
		require.NotEmpty(t, a.Tripped(a.Changes(with, nil, noon)), "%q is gained", protocol)
	}
	for protocol, wire := range map[string]*bool{"RS-232": nil, "CAN bus": nil, "USB": &wired} {
		with := device.Deployment{Network: device.Isolated, Interfaces: []device.Interface{{Name: "x", Protocol: protocol, Wireless: wire}}}
		_, err := exploitable(t, openssl()).WithEnvironment(e, with, nil)
		require.NoError(t, err, protocol)
	}
}

func TestAnOverrideRestsOnTheControlsThatItNames(t *testing.T) {
	t.Parallel()
	d := deployment(t)
	propose := func(controls ...device.Control) (assess.Assessment, error) {
		return scored(t, assess.Low, assess.Catastrophic).Propose(nil, assess.Proposal{
			Step: assess.Step{By: "analyst", At: noon, Why: "the segment keeps everybody else out", Evidence: []assess.Evidence{{Text: "firewall listing"}}},
			Risk: assess.Controlled, Controls: controls,
		})
	}
	never := d.Controls[0]
	never.Verification, never.By, never.At, never.Expires = "", "", time.Time{}, time.Time{}
	_, err := propose(never)
	require.ErrorContains(t, err, "never verified")
	_, err = propose(d.Controls[0], d.Controls[0])
	require.ErrorContains(t, err, "twice")
	_, err = scored(t, assess.High, assess.Catastrophic).Propose(nil, assess.Proposal{Step: step("analyst"), Controls: d.Controls[:1]})
	require.ErrorContains(t, err, "only an override downward")

	a, err := propose(d.Controls[0])
	require.NoError(t, err)
	a, err = a.Settle(ok("safety"))
	require.NoError(t, err)
	require.NoError(t, a.Check())
	require.Equal(t, assess.Controlled, a.Risk())
	require.Empty(t, a.Tripped(a.Changes(d, nil, noon)))
	without := d
	without.Controls = nil
	require.NotEmpty(t, a.Tripped(a.Changes(without, nil, noon)), "it is gone")
	require.NotEmpty(t, a.Tripped(a.Changes(d, nil, d.Controls[0].Expires)), "it expired")
	require.Error(t, a.Lapsed(d.Controls[0].Expires))

	n := 5
	fielded := []device.Fielded{{Product: "pump-2.1", Site: "s1", Units: &n, AsOf: seen}, {Product: "pump-2.1", Site: "s2", Units: &n, AsOf: seen}}
	sites, err := a.Sites(nil, d, fielded, []device.Attestation{
		{Product: "pump-2.1", Site: "s1", Control: d.Controls[0].ID, Holds: device.HasNot, By: "it-1", At: seen, How: "call"},
	}, noon)
	require.NoError(t, err)
	require.Equal(t, []string{"s1"}, assess.UncontrolledSites(sites), "for that site only")
	require.Equal(t, []string{d.Controls[0].ID}, sites[1].Assumed)
}

func TestNotAffectedFallsWithWhatItRestsOn(t *testing.T) {
	t.Parallel()
	d := deployment(t)
	judge := func(tr assess.Triage) assess.Assessment {
		tr.Step, tr.Result = step("analyst"), assess.NotAffected
		a, err := opened(t).WithTriage(tr)
		require.NoError(t, err)
		a, err = a.Propose(nil, assess.Proposal{Step: step("analyst")})
		require.NoError(t, err)
		a, err = a.Settle(ok("safety"))
		require.NoError(t, err)
		require.NoError(t, a.Check())
		return a
	}
	listed := finding()
	listed.Exploited = &feeds.Exploited{Added: noon}
	a := judge(assess.Triage{Justification: "inline_mitigations_already_exist", Network: device.Segmented, Controls: d.Controls[:1]})
	same := finding()
	require.Empty(t, a.Tripped(a.Changes(d, &same, noon)))
	require.Len(t, a.Tripped(a.Changes(d, &listed, noon)), 1, "somebody overcame it")
	wider := d
	wider.Network = device.Internet
	require.Len(t, a.Tripped(a.Changes(wider, nil, noon)), 1)
	wider.Controls = nil
	require.Len(t, a.Tripped(a.Changes(wider, nil, noon)), 2)
	risk, _, err := a.RiskAt(nil, days, d.Controls[0].Expires)
	require.NoError(t, err)
	require.Equal(t, assess.Uncontrolled, risk)

	b := judge(assess.Triage{Justification: "component_not_present"})
	require.Empty(t, b.Tripped(b.Changes(wider, &listed, noon)), "what is not there cannot be exploited")

	_, err = opened(t).WithTriage(assess.Triage{Step: step("analyst"), Result: assess.Affected, Network: device.Segmented})
	require.ErrorContains(t, err, "only not affected rests")
	_, err = opened(t).WithTriage(assess.Triage{Step: step("analyst"), Result: assess.NotAffected, Justification: "component_not_present", Network: device.Internet})
	require.ErrorContains(t, err, "keeps nobody away")
}

func TestWhatAJudgmentRestsOnChangesOnlyByOpeningItAgain(t *testing.T) {
	t.Parallel()
	l := ledger()
	f := finding()
	f.Exploited = &feeds.Exploited{Added: seen}
	a, err := assess.Open(f, time.Time{}, "analyst", noon)
	require.NoError(t, err)
	require.NoError(t, assess.Save(t.Context(), l, by("analyst"), a))
	for name, forge := range map[string]func(*assess.Assessment){
		"exploitation is forgotten": func(a *assess.Assessment) { a.Facts.Exploited = nil },
		"other evidence":            func(a *assess.Assessment) { a.Digest = "other" },
		"another id":                func(a *assess.Assessment) { a.IDs = append(a.IDs, "GHSA-1") },
		"opened by another":         func(a *assess.Assessment) { a.Opened.By = "eve" },
	} {
		b := a
		forge(&b)
		require.ErrorIs(t, assess.Save(t.Context(), l, by("analyst"), b), assess.ErrHistory, name)
	}
	again, err := a.Reopen(finding(), assess.Step{By: "analyst", At: noon, Why: "the list took it back"})
	require.NoError(t, err)
	require.ErrorContains(t, assess.Save(t.Context(), l, by("eve"), again), `opened again by "analyst" and is written by "eve"`)
	require.NoError(t, assess.Save(t.Context(), l, by("analyst"), again))
	require.Nil(t, again.Facts.Exploited)
	require.Equal(t, "the list took it back", again.Reopened[0].Why)
	forgot := again
	forgot.Reopened = nil
	require.ErrorIs(t, assess.Save(t.Context(), l, by("analyst"), forgot), assess.ErrHistory)
}

// Eligibility that is lost stays lost under any id of the vulnerability (Postmarket
// Management of Cybersecurity in Medical Devices, VII.B; monotonic by our own rule).
func TestAnotherIDGivesNoEligibilityBack(t *testing.T) {
	t.Parallel()
	late := seen.AddDate(0, 0, 40)
	l := ledgerAt(late)
	f := finding()
	f.Vulnerability, f.IDs = "GHSA-aaaa-bbbb-cccc", []feeds.ID{"GHSA-aaaa-bbbb-cccc"}
	a, err := assess.Open(f, time.Time{}, "analyst", noon)
	require.NoError(t, err)
	require.NoError(t, assess.Save(t.Context(), l, by("analyst"), a))
	d, err := assess.BeginDiscretion(a, nil, days)
	require.NoError(t, err)
	d = with(t, d, happened(assess.NoHarm, 5, false))
	require.NoError(t, assess.SaveDiscretion(t.Context(), l, by("regulatory"), d))

	g := finding()
	g.IDs = []feeds.ID{"CVE-2022-25640", "GHSA-aaaa-bbbb-cccc"}
	b, err := a.Renamed(g, assess.Step{By: "analyst", At: late, Why: "a CVE was assigned"})
	require.NoError(t, err)
	require.NoError(t, assess.Save(t.Context(), l, by("analyst"), b))
	fresh, err := assess.BeginDiscretion(b, nil, days)
	require.NoError(t, err)
	clean := with(t, fresh, happened(assess.Notified, 20, true))
	require.ErrorIs(t, assess.SaveDiscretion(t.Context(), l, by("regulatory"), clean), assess.ErrHistory)
	s, err := assess.Summarize(t.Context(), l, nil, days, "CVE-2022-25640", late)
	require.NoError(t, err)
	require.Contains(t, strings.Join(s.Products[0].Gaps, "\n"), "not carried over")

	carried, err := fresh.Carried(d)
	require.NoError(t, err)
	require.NoError(t, carried.Check())
	require.NoError(t, assess.SaveDiscretion(t.Context(), l, by("somebody else"), carried), "the facts were written before, by who recorded them")
	eligible, why := carried.Eligible(late)
	require.Equal(t, assess.No, eligible, why)
	_, err = clean.Carried(d)
	require.ErrorContains(t, err, "just begun")
}

func TestTheMarksOfDiscretionRunFromWhereItWasLearnedOf(t *testing.T) {
	t.Parallel()
	l := ledgerAt(seen.AddDate(0, 0, 100))
	a, err := assess.Open(finding(), time.Time{}, "analyst", noon)
	require.NoError(t, err)
	require.NoError(t, assess.Save(t.Context(), l, by("analyst"), a))
	for name, forge := range map[string]func(*assess.Discretion){
		"learned later": func(d *assess.Discretion) { d.Learned = d.Learned.AddDate(0, 0, 1) },
		"notice later":  func(d *assess.Discretion) { d.NoticeDue = d.NoticeDue.AddDate(0, 0, 1) },
		"fix later":     func(d *assess.Discretion) { d.FixDue = d.FixDue.AddDate(1, 0, 0) },
	} {
		d, err := assess.BeginDiscretion(a, nil, days)
		require.NoError(t, err)
		forge(&d)
		require.ErrorContains(t, assess.SaveDiscretion(t.Context(), l, by("regulatory"), d), "Relearned", name)
	}
	d, err := assess.BeginDiscretion(a, nil, days)
	require.NoError(t, err)
	require.NoError(t, assess.SaveDiscretion(t.Context(), l, by("regulatory"), d))
	b, err := a.MoveLearned(assess.LearnedChange{To: seen.AddDate(0, 0, -40), By: "analyst", At: noon, Why: "a complaint"})
	require.NoError(t, err)
	require.NoError(t, assess.Save(t.Context(), l, by("analyst"), b))
	more := with(t, d, happened(assess.Notified, 20, true))
	require.ErrorContains(t, assess.SaveDiscretion(t.Context(), l, by("regulatory"), more), "Relearned")
	more, err = more.Relearned(b, nil, days)
	require.NoError(t, err)
	require.NoError(t, assess.SaveDiscretion(t.Context(), l, by("regulatory"), more))
}

func TestJudgmentsAreComparedUnderEveryID(t *testing.T) {
	t.Parallel()
	a := airGapped(t, device.Deployment{Network: device.Isolated})
	a.IDs = []feeds.ID{"CVE-2021-3711", "GHSA-5ww6-px42-wc85"}
	b := a
	d := *a.Determination
	d.Risk = assess.Uncontrolled
	b.Finding, b.Product, b.Vulnerability, b.IDs, b.Determination = "x", "other", "GHSA-5ww6-px42-wc85", []feeds.ID{"GHSA-5ww6-px42-wc85"}, &d
	for _, list := range [][]assess.Assessment{{a, b}, {b, a}} {
		found := assess.Compare(list, nil)
		require.Len(t, found, 1)
		require.Equal(t, feeds.ID("CVE-2021-3711"), found[0].Vulnerability)
	}
	c := b
	c.Vulnerability, c.IDs = "CVE-2021-9999", []feeds.ID{"CVE-2021-9999", "GHSA-5ww6-px42-wc85"}
	require.Empty(t, assess.Compare([]assess.Assessment{a, c}, nil), "two CVE ids are never one vulnerability")
}

func TestOnlyADesignatedPersonEvaluates(t *testing.T) {
	t.Parallel()
	j, err := corrected().Justify(step("regulatory"))
	require.NoError(t, err)
	for want, d := range map[string]assess.Designation{
		"is designated, and":      designation("another"),
		"the role or the day":     {Person: "designated", By: "head"},
		"designated only from":    {Person: "designated", By: "head", Role: "regulatory", Since: noon.AddDate(0, 0, 1)},
		"same person":             {Person: "designated", By: "designated", Role: "regulatory", Since: seen},
		"the id of a person \"\"": {Person: "designated", Role: "regulatory", Since: seen},
	} {
		_, err := j.Evaluate(ok("designated"), d)
		require.ErrorContains(t, err, want)
	}
	e, err := j.Evaluate(ok("designated"), designation("designated"))
	require.NoError(t, err)
	before := *e.Justified
	before.Designated = nil
	e.Justified = &before
	require.NoError(t, e.Check(), "a record from before this was kept")
	require.False(t, e.Decided())
}

func TestNothingIsApprovedOnAControlThatTheLedgerSaysIsGone(t *testing.T) {
	t.Parallel()
	l := ledgerAt(noon)
	p, err := onSegment(t).Propose(nil, assess.Proposal{Step: step("analyst")})
	require.NoError(t, err)
	require.NoError(t, assess.Save(t.Context(), l, by("analyst"), p))
	a, err := p.Settle(ok("safety"))
	require.NoError(t, err)
	file := func(d device.Deployment) {
		require.NoError(t, l.Do(t.Context(), by("field"), func(tx *store.Tx) error {
			return device.Products.Put(tx, device.Product{ID: "pump-2.1", Name: "Pump", Model: "P", Version: "2.1", Zone: "UTC", Deployment: d})
		}))
	}
	file(device.Deployment{Network: device.Internet})
	var lapsed *assess.LapsedError
	require.ErrorAs(t, assess.Save(t.Context(), l, by("safety"), a), &lapsed)
	file(deployment(t))
	require.NoError(t, assess.Save(t.Context(), l, by("safety"), a))
}

func TestASummarySaysThatTheDeploymentIsAnother(t *testing.T) {
	t.Parallel()
	l := ledgerAt(noon)
	a := onSegment(t)
	require.NoError(t, assess.Save(t.Context(), l, by("analyst"), a))
	sum := func(d device.Deployment) string {
		require.NoError(t, l.Do(t.Context(), by("field"), func(tx *store.Tx) error {
			return device.Products.Put(tx, device.Product{ID: "pump-2.1", Name: "Pump", Model: "P", Version: "2.1", Zone: "UTC", Deployment: d})
		}))
		s, err := assess.Summarize(t.Context(), l, nil, days, "CVE-2022-25640", noon)
		require.NoError(t, err)
		return strings.Join(s.Products[0].Gaps, "\n")
	}
	before := sum(deployment(t))
	require.NotContains(t, before, "does not hold")
	require.NotContains(t, before, "was judged on a network")
	after := sum(device.Deployment{Network: device.Internet})
	require.Contains(t, after, `what was credited does not hold in the deployment as it is now: control "vlan-7" is not in the deployment any more`)
	require.Contains(t, after, "judged on a network that is segmented; the deployment now says internet")
}

// The first of the four conditions of the discretion is that no serious harm is known.
func TestWhoIsEligibleKnowsOfNoSeriousHarm(t *testing.T) {
	t.Parallel()
	r, err := assess.DefaultReporting()
	require.NoError(t, err)
	out := r.Outcomes(assess.Circumstances{Risk: assess.Uncontrolled, Eligible: assess.Yes})
	require.Equal(t, assess.OpenDuty, out[0].Duty, "of a malfunction nothing is said")
	require.Contains(t, out[0].Why, "by a malfunction")
	require.Equal(t, assess.NotEnforced, out[1].Duty)
	require.Contains(t, out[2].Why, "PMA")
	require.Equal(t, assess.Report, r.Outcomes(assess.Circumstances{Risk: assess.Uncontrolled, Eligible: assess.Yes, Event: assess.Death})[1].Duty, "what happened counts more")
	require.NotPanics(t, func() { (&assess.Reporting{}).Outcomes(assess.Circumstances{}) })
}
