package advisory_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/notify"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/rule"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/tlp"
)

// issued keeps and signs a, which is a revision of what l holds already or its first.
func issued(t *testing.T, l *store.Ledger, in advisory.Input, a advisory.Advisory, at time.Time) advisory.Advisory {
	t.Helper()
	recording(t, l, in)
	require.NoError(t, advisory.Save(t.Context(), l, store.By{Who: a.Proposed.By, Why: "drafted"}, a))
	s := signature()
	s.At = at
	a, err := a.SignOff(s)
	require.NoError(t, err)
	require.NoError(t, advisory.Save(t.Context(), l, store.By{Who: s.By, Why: "signed off"}, a))
	return a
}

// silent is about the same vulnerability as uncontrolled, before anything was known:
// without the four statements.
func silent(t *testing.T) advisory.Input {
	t.Helper()
	in := input(pump("2.1", ""))
	words := therapyWords
	words.ClinicalImpact = "We do not know yet; at worst therapy settings could be changed."
	in.Vulnerabilities, in.Availability, in.Learned = []advisory.VulnerabilityText{words}, "", seen
	return in
}

func TestOnlyANoticeThatWasGivenMeetsItsClock(t *testing.T) {
	t.Parallel()
	policy, err := advisory.DefaultPolicy()
	require.NoError(t, err)
	box := &inbox{}
	to := []advisory.Customer{clinic("c-1", mail)}
	first := final(t, silent(t))
	l := keeping(t, first)
	require.NoError(t, l.Do(t.Context(), store.By{Who: "sales", Why: "list"}, func(tx *store.Tx) error {
		return advisory.Customers.Put(tx, to[0])
	}))
	running := func(at time.Time) (rules []string) {
		w := advisory.Watch{Ledger: l, Policy: policy, Setting: advisory.Setting{Calendar: chicago(t), Cycle: rule.Limit{Amount: 90, Unit: rule.Days}}}
		for c, err := range w.Clocks(t.Context(), at) {
			require.NoError(t, err)
			rules = append(rules, c.Rule)
		}
		return rules
	}
	send := func(a advisory.Advisory, at time.Time) {
		t.Helper()
		r, err := desk.Release(t.Context(), l, releaser, tlp.LabelsOnly, a, tlp.Customer, at)
		require.NoError(t, err)
		m := advisory.Mailing{
			Ledger: l, Gate: tlp.LabelsOnly, Routes: map[string]notify.Notifier{"mail": box}, Due: at.AddDate(0, 0, 14), By: sender,
		}
		_, err = m.Send(t.Context(), a, r, to, advisory.Primary, at)
		require.NoError(t, err)
	}
	later := out.AddDate(0, 2, 0)
	require.Equal(t, []string{"notice-high", "fda-pm-30"}, running(out), "undetermined stops no clock")
	send(first, out)
	require.Equal(t, []string{"fda-pm-30"}, running(later), "customers know of it, but were not given the four statements")

	// The second revision has the statements, and one vulnerability more.
	in := uncontrolled(t)
	minorOne := minor(t, "pump-2.1")
	in.Assessments = append(in.Assessments, minorOne)
	in.Plans = append(in.Plans, left(t, minorOne))
	in.Vulnerabilities = append(in.Vulnerabilities, telemetryWords)
	second, err := first.Update(in, "The risk is uncontrolled, and there is a second vulnerability.", out.Add(time.Hour))
	require.NoError(t, err)
	second = issued(t, l, in, second, out.Add(2*time.Hour))
	got := running(later)
	require.Contains(t, got, "fda-pm-30", "saved and signed is not sent")
	require.Len(t, got, 2, "the second vulnerability was never told of")
	send(second, out.Add(3*time.Hour))
	require.Empty(t, running(later))
	require.Contains(t, running(out.Add(2*time.Hour)), "fda-pm-30")
}

func TestTheNoticeRunsWhileNothingIsDetermined(t *testing.T) {
	t.Parallel()
	list := clocks(t, draft(t, silent(t)), advisory.Setting{Calendar: chicago(t)})
	require.Contains(t, list, "fda-pm-30")
	require.Contains(t, list["fda-pm-30"].Why, "runs because the risk is undetermined, which stops no clock")
	decided := clocks(t, draft(t, uncontrolled(t)), advisory.Setting{Calendar: chicago(t)})
	require.NotContains(t, decided["fda-pm-30"].Why, "undetermined")
	in := input(pump("2.1", ""))
	a := minor(t, "pump-2.1")
	in.Assessments, in.Plans, in.Vulnerabilities = []assess.Assessment{a}, []patch.Plan{left(t, a)}, []advisory.VulnerabilityText{telemetryWords}
	p, err := advisory.DefaultPolicy()
	require.NoError(t, err)
	x := draft(t, in)
	x.Vulnerabilities[0].Dispositions[0].Score = nil
	_, err = p.Clocks(x, advisory.Setting{Calendar: chicago(t)})
	require.ErrorContains(t, err, "update cycle", "only the row of low risk is left, and it needs a cycle")
}

func TestWhatIsExploitedAndPublishedAsCriticalDoesNotWaitForADetermination(t *testing.T) {
	t.Parallel()
	f := finding("pump-2.1", therapy)
	f.Scores[0].Vector, f.Scores[0].Base = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8
	f.Exploited = &feeds.Exploited{Added: seen}
	a, err := opened(t, f).WithTriage(assess.Triage{Step: step("analyst"), Result: assess.Affected})
	require.NoError(t, err)
	in := silent(t)
	in.Availability = "No fix yet; we will tell you."
	in.Assessments = []assess.Assessment{a}
	p, err := advisory.DefaultPolicy()
	require.NoError(t, err)
	class := func(a advisory.Advisory) string {
		row, err := p.Timeline(a)
		require.NoError(t, err)
		return row.Class
	}
	x := draft(t, in)
	require.Equal(t, advisory.Affected, x.Vulnerabilities[0].Dispositions[0].Status)
	require.Equal(t, "critical-exploited", class(x))
	x.Vulnerabilities[0].Published[0].Base = 0
	require.Equal(t, "critical-exploited", class(x), "the base score is that of the vector where none was published beside it")
	x.Vulnerabilities[0].Exploited = nil
	require.Equal(t, "high", class(x), "a published score alone makes nothing critical for this device")
	x.Vulnerabilities[0].Exploited = f.Exploited
	x.Vulnerabilities[0].Dispositions[0].Risk = assess.Controlled
	require.Equal(t, "high", class(x), "what was determined for this device counts instead")
}

func TestAReleaseThatOnlyAPlanNamesStartsNoNotice(t *testing.T) {
	t.Parallel()
	in := input(pump("2.1", ""))
	x := minor(t, "pump-2.1")
	in.Assessments, in.Plans, in.Vulnerabilities = []assess.Assessment{x}, []patch.Plan{left(t, x)}, []advisory.VulnerabilityText{telemetryWords}
	a := draft(t, in)
	setting := advisory.Setting{Calendar: chicago(t), Cycle: rule.Limit{Amount: 90, Unit: rule.Days}}
	require.NotContains(t, clocks(t, a, setting), "fda-pm-30")
	a.Versions = append(a.Versions, advisory.Version{ID: "CSAFPID-0002", Name: "Example infusion pump", Model: "EP-2", Version: "2.2"})
	a.Vulnerabilities[0].Dispositions = append(a.Vulnerabilities[0].Dispositions, advisory.Disposition{Version: "CSAFPID-0002", Status: advisory.UnderInvestigation})
	require.NotContains(t, clocks(t, a, setting), "fda-pm-30", "it is not in the field")
	a.Versions[1].Product = "pump-2.2"
	require.Contains(t, clocks(t, a, setting), "fda-pm-30")
}

func TestWhatWasTakenBackMeetsNoClock(t *testing.T) {
	t.Parallel()
	a, r, m, _ := sending(t)
	to := []advisory.Customer{clinic("c-1", mail)}
	policy, err := advisory.DefaultPolicy()
	require.NoError(t, err)
	running := func() (rules []string) {
		w := advisory.Watch{Ledger: m.Ledger, Policy: policy, Setting: advisory.Setting{Calendar: chicago(t)}}
		for c, err := range w.Clocks(t.Context(), out.AddDate(0, 2, 0)) {
			require.NoError(t, err)
			rules = append(rules, c.Rule)
		}
		return rules
	}
	_, err = m.Send(t.Context(), a, r, to, advisory.Primary, out)
	require.NoError(t, err)
	require.Empty(t, running())
	in := uncontrolled(t)
	b, err := a.Withdraw("advisory-author", advisory.Withdrawal{Why: "It was sent for the wrong model."}, in.Instructions, out.Add(time.Hour))
	require.NoError(t, err)
	b = issued(t, m.Ledger, in, b, out.Add(time.Hour))
	require.Empty(t, running(), "one that is withdrawn has none")
	r, err = desk.Release(t.Context(), m.Ledger, releaser, tlp.LabelsOnly, b, tlp.Customer, out.Add(time.Hour))
	require.NoError(t, err)
	_, err = m.Send(t.Context(), b, r, to, advisory.Primary, out.Add(time.Hour))
	require.NoError(t, err)
	c, err := b.Update(in, "The model was the right one after all.", out.Add(2*time.Hour))
	require.NoError(t, err)
	require.NoError(t, advisory.Save(t.Context(), m.Ledger, store.By{Who: in.By, Why: "again"}, c))
	require.Equal(t, []string{"notice-critical", "fda-pm-30"}, running(), "customers were last told that nothing of it holds")
}

func TestATryIsCheckedBeforeAnythingGoesOut(t *testing.T) {
	t.Parallel()
	a, r, m, box := sending(t)
	to := []advisory.Customer{clinic("c-1", mail, phone)}
	for range 3 {
		_, err := m.Send(t.Context(), a, r, to, advisory.Primary, out.Add(-time.Minute))
		require.ErrorContains(t, err, "before the release")
	}
	_, err := m.Send(t.Context(), a, r, to, advisory.Primary, out.AddDate(60, 0, 0))
	require.ErrorContains(t, err, "in the future")
	m.By.Who = ""
	_, err = m.Send(t.Context(), a, r, to, advisory.Primary, out)
	require.Error(t, err)
	require.Empty(t, box.got)
}

func TestALetterMayBeRecordedAfterALaterCall(t *testing.T) {
	t.Parallel()
	_, r, _, _ := sending(t)
	d, err := advisory.NewDelivery(r, clinic("c-1", phone), out.AddDate(0, 0, 14))
	require.NoError(t, err)
	try := func(way advisory.Way, after time.Duration) advisory.Try {
		return advisory.Try{Channel: advisory.Channel{Tier: advisory.Emergency, Way: way, Route: "desk"}, At: out.Add(after), By: "desk", Proof: "record 17"}
	}
	d, err = d.With(try(advisory.ByPhone, time.Hour))
	require.NoError(t, err)
	d, err = d.With(try(advisory.ByLetter, 30*time.Minute))
	require.NoError(t, err)
	require.Equal(t, []advisory.Way{advisory.ByLetter, advisory.ByPhone}, []advisory.Way{d.Tries[0].Channel.Way, d.Tries[1].Channel.Way})
	require.Equal(t, out.Add(30*time.Minute), d.SentAt(), "the first that went out, not the first that was recorded")
}

func TestADeliveryIsExpectedToBeAcknowledged(t *testing.T) {
	t.Parallel()
	a, r, m, box := sending(t)
	to := []advisory.Customer{clinic("c-1", mail)}
	due := m.Due
	m.Due = time.Time{}
	_, err := m.Send(t.Context(), a, r, to, advisory.Primary, out)
	require.ErrorContains(t, err, "by when it is to be acknowledged is missing")
	_, err = advisory.NewDelivery(r, to[0], time.Time{})
	require.ErrorContains(t, err, "by when it is to be acknowledged is missing")
	require.Empty(t, box.got)

	m.Due = due
	at := func(due time.Time) time.Time {
		m.Due = due
		list, err := m.Send(t.Context(), a, r, to, advisory.Primary, out)
		require.NoError(t, err)
		return list[0].Due
	}
	require.Equal(t, due, at(due))
	require.Equal(t, due, at(due.AddDate(0, 1, 0)), "sending again puts nothing off")
	require.Equal(t, due.AddDate(0, 0, -7), at(due.AddDate(0, 0, -7)), "but it may ask for it sooner")
	require.Len(t, box.got, 1)

	// A record of before Due was required.
	old := advisory.Delivery{Advisory: "EXM-2026-009", Revision: 1, Digest: "d", Customer: "c-7", Planned: out}
	require.True(t, old.Overdue(out.Add(time.Second)), "nothing says that it may wait")
}

func TestRecordLosesNothingAndProofsAreTheWriters(t *testing.T) {
	t.Parallel()
	a, r, m, _ := sending(t)
	dealer := clinic("d-1", mail)
	dealer.Distributor = true
	list, err := m.Send(t.Context(), a, r, []advisory.Customer{dealer}, advisory.Primary, out)
	require.NoError(t, err)
	record := func(change func(advisory.Delivery) (advisory.Delivery, error)) error {
		return advisory.Record(t.Context(), m.Ledger, store.By{Who: "desk", Why: "reply"}, list[0].Key(), change)
	}
	proof := advisory.Proof{By: "desk", At: out.AddDate(0, 0, 3), Proof: "reply form 14"}
	for _, wrong := range []func(p *advisory.Proof){
		func(p *advisory.Proof) { p.By = "someone-else" },
		func(p *advisory.Proof) { p.At = out.AddDate(50, 0, 0) },
	} {
		p := proof
		wrong(&p)
		for _, how := range []func(d advisory.Delivery) (advisory.Delivery, error){
			func(d advisory.Delivery) (advisory.Delivery, error) { return d.Receive(p) },
			func(d advisory.Delivery) (advisory.Delivery, error) { return d.Acknowledge(p) },
			func(d advisory.Delivery) (advisory.Delivery, error) { return d.PassOn(advisory.OnwardPartly, p) },
		} {
			require.Error(t, record(how))
		}
	}
	require.ErrorContains(t, record(func(d advisory.Delivery) (advisory.Delivery, error) {
		return d.With(advisory.Try{Channel: phone, At: out.AddDate(50, 0, 0), By: "field-7", Proof: "note 1"})
	}), "in the future")
	require.NoError(t, record(func(d advisory.Delivery) (advisory.Delivery, error) { return d.Acknowledge(proof) }))
	require.NoError(t, record(func(d advisory.Delivery) (advisory.Delivery, error) { return d.PassOn(advisory.OnwardPartly, proof) }))
	before, _, err := advisory.Deliveries.Latest(t.Context(), m.Ledger, list[0].Key())
	require.NoError(t, err)
	for name, lose := range map[string]func(d *advisory.Delivery){
		"tries":          func(d *advisory.Delivery) { d.Tries = nil },
		"a failed try":   func(d *advisory.Delivery) { d.Tries[0].Failed = "it never went out" },
		"receipt":        func(d *advisory.Delivery) { d.Received = nil },
		"acknowledgment": func(d *advisory.Delivery) { d.Acknowledged = nil },
		"another proof":  func(d *advisory.Delivery) { d.Acknowledged = &advisory.Proof{By: "desk", At: out, Proof: "x17"} },
		"onward":         func(d *advisory.Delivery) { d.Onward = advisory.OnwardOpen },
		"onward proofs":  func(d *advisory.Delivery) { d.OnwardProofs = nil },
		"no onward":      func(d *advisory.Delivery) { d.Onward, d.OnwardProofs = "", nil },
		"no proof":       func(d *advisory.Delivery) { d.Onward = advisory.OnwardConfirmed },
		"due":            func(d *advisory.Delivery) { d.Due = d.Due.AddDate(1, 0, 0) },
		"digest":         func(d *advisory.Delivery) { d.Digest = "another" },
		"a try by nobody": func(d *advisory.Delivery) {
			d.Tries = append(d.Tries, advisory.Try{Channel: phone, At: out})
		},
	} {
		require.ErrorIs(t, record(func(d advisory.Delivery) (advisory.Delivery, error) { lose(&d); return d, nil }), advisory.ErrHistory, name)
	}
	after, _, err := advisory.Deliveries.Latest(t.Context(), m.Ledger, list[0].Key())
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestDistributorsThatHaveToldNobodyAreListed(t *testing.T) {
	t.Parallel()
	a, r, m, _ := sending(t)
	dealer, other := clinic("d-1", mail), clinic("d-2", mail)
	dealer.Distributor, other.Distributor = true, true
	list, err := m.Send(t.Context(), a, r, []advisory.Customer{dealer, other, clinic("c-1", mail)}, advisory.Primary, out)
	require.NoError(t, err)
	open := func() (who []string) {
		for d, err := range advisory.OnwardList(t.Context(), m.Ledger) {
			require.NoError(t, err)
			who = append(who, d.Customer+" "+string(d.Onward))
		}
		return who
	}
	require.Equal(t, []string{"d-1 open", "d-2 open"}, open())
	pass := func(to advisory.Onward) {
		require.NoError(t, advisory.Record(t.Context(), m.Ledger, store.By{Who: "desk", Why: "told"}, list[0].Key(), func(d advisory.Delivery) (advisory.Delivery, error) {
			return d.PassOn(to, advisory.Proof{By: "desk", At: out.Add(time.Hour), Proof: "list of the distributor"})
		}))
	}
	pass(advisory.OnwardPartly)
	require.Equal(t, []string{"d-1 partly", "d-2 open"}, open())
	pass(advisory.OnwardConfirmed)
	require.Equal(t, []string{"d-2 open"}, open())
}

// TestSendGoesNoFartherThanRelease hands Send what Release gave for others, or never.
func TestSendGoesNoFartherThanRelease(t *testing.T) {
	t.Parallel()
	a, r, m, box := sending(t)
	to := []advisory.Customer{clinic("hospital-1", mail)}
	letter := []advisory.File{{Name: "x.md", MediaType: asMarkdown, Bytes: []byte("anything")}}

	forRegulator, err := desk.Release(t.Context(), m.Ledger, releaser, tlp.LabelsOnly, a, tlp.Regulator, out)
	require.NoError(t, err)
	_, err = m.Send(t.Context(), a, forRegulator, to, advisory.Primary, out)
	require.ErrorIs(t, err, advisory.ErrAudience)
	for name, change := range map[string]func(r *advisory.Released){
		"other files":    func(r *advisory.Released) { r.Files = letter },
		"one file less":  func(r *advisory.Released) { r.Files = r.Files[:2] },
		"another mark":   func(r *advisory.Released) { r.Mark = tlp.Marked(tlp.Clear, "me") },
		"another moment": func(r *advisory.Released) { r.At = r.At.Add(-time.Minute) },
	} {
		x := r
		change(&x)
		_, err := m.Send(t.Context(), a, x, to, advisory.Primary, out)
		require.ErrorIs(t, err, advisory.ErrUnrecorded, name)
	}

	// Never released: a role is missing, it is not for customers, and it is AMBER+STRICT.
	in := uncontrolled(t)
	in.Needs, in.Mark = []string{"product safety", "regulatory affairs"}, tlp.Marked(tlp.AmberStrict, "example-medical")
	half := final(t, in)
	forged := advisory.Released{
		ID: half.ID, Revision: 1, To: tlp.Customer, At: out, Mark: tlp.Marked(tlp.Clear, "me"), Digest: half.Digest(), Files: letter,
	}
	m.Ledger = keeping(t, half)
	_, err = m.Send(t.Context(), half, forged, to, advisory.Primary, out)
	require.ErrorIs(t, err, advisory.ErrUnsigned)
	in.Needs, in.Audience = nil, []tlp.Audience{tlp.Regulator}
	narrow := final(t, in)
	forged.Digest, m.Ledger = narrow.Digest(), keeping(t, narrow)
	_, err = m.Send(t.Context(), narrow, forged, to, advisory.Primary, out)
	require.ErrorIs(t, err, advisory.ErrAudience)
	in.Audience = nil
	open := final(t, in)
	forged.Digest, m.Ledger = open.Digest(), keeping(t, open)
	_, err = m.Send(t.Context(), open, forged, to, advisory.Primary, out)
	require.ErrorIs(t, err, advisory.ErrUnrecorded)
	require.ErrorContains(t, err, "was not released to customer")
	require.Empty(t, box.got)
}

func TestAReleaseIsRecorded(t *testing.T) {
	t.Parallel()
	a, r, m, box := sending(t)
	kept, entry, err := advisory.Releases.Latest(t.Context(), m.Ledger, "EXM-2026-001/1 customer")
	require.NoError(t, err)
	require.Equal(t, releaser.Who, entry.Who)
	require.Equal(t, a.Digest(), kept.Digest)
	require.Equal(t, r.Mark, kept.Mark)
	require.Equal(t, []string{"product safety"}, kept.Needs)
	require.Len(t, kept.Files, len(r.Files))
	require.Len(t, kept.Files[0].SHA256, 64)
	require.NoError(t, m.Ledger.Verify(t.Context()))

	again, err := desk.Release(t.Context(), m.Ledger, releaser, tlp.LabelsOnly, a, tlp.Customer, out.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, r, again, "the same again is no other release")
	_, same, err := advisory.Releases.Latest(t.Context(), m.Ledger, "EXM-2026-001/1 customer")
	require.NoError(t, err)
	require.Equal(t, entry.Seq, same.Seq)

	// The strictest of what was signed, released and asked of the gate now holds.
	m.Gate = func(_ context.Context, o tlp.Outgoing) (tlp.Mark, error) { return tlp.Marked(tlp.Green, "case-9"), nil }
	_, err = m.Send(t.Context(), a, r, []advisory.Customer{clinic("c-1", mail)}, advisory.Primary, out)
	require.NoError(t, err)
	require.Equal(t, tlp.Green, box.got[0].Mark.Label)

	// What the gate holds leaves no record.
	_, err = desk.Release(t.Context(), m.Ledger, releaser, func(context.Context, tlp.Outgoing) (tlp.Mark, error) {
		return tlp.Mark{}, &tlp.HeldError{Why: "embargo"}
	}, a, tlp.Public, out)
	require.ErrorContains(t, err, "embargo")
	_, _, err = advisory.Releases.Latest(t.Context(), m.Ledger, "EXM-2026-001/1 public")
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestThePolicysRolesSignWhetherTheAdvisorySaysSoOrNot(t *testing.T) {
	t.Parallel()
	in := variants(t)["patch-planned"]
	require.Equal(t, advisory.Correction, in.Kind)
	in.Needs = nil
	a, err := draft(t, in).SignOff(advisory.SignOff{By: "intern-7", Role: "catering", At: signed, Why: "read and agreed"})
	require.NoError(t, err)
	_, err = advisory.Release(t.Context(), keeping(t, a), releaser, tlp.LabelsOnly, a, tlp.Customer, out)
	require.ErrorIs(t, err, advisory.ErrUnsigned)
	require.ErrorContains(t, err, "no sign-off by product security, product safety, regulatory affairs")
	for who, role := range map[string]string{"psirt-lead": "product security", "safety-lead": "product safety", "ra-lead": "Regulatory Affairs"} {
		a, err = a.SignOff(advisory.SignOff{By: who, Role: role, At: signed, Why: "read and agreed"})
		require.NoError(t, err)
	}
	_, err = advisory.Release(t.Context(), keeping(t, a), releaser, tlp.LabelsOnly, a, tlp.Customer, out)
	require.NoError(t, err)
}

func TestARevisionDropsNoRoleAndReachesNobodyElseWithoutAReason(t *testing.T) {
	t.Parallel()
	in := uncontrolled(t)
	in.Needs, in.Audience = []string{"product safety", "regulatory affairs"}, []tlp.Audience{tlp.Customer}
	a := final(t, in)
	l := keeping(t, a)
	save := func(b advisory.Advisory) error {
		return advisory.Save(t.Context(), l, store.By{Who: b.Proposed.By, Why: "update"}, b)
	}
	next := in
	next.Needs, next.Audience = nil, nil
	next.Summary += " And more."
	b, err := a.Update(next, "The summary says more.", out)
	require.NoError(t, err)
	require.Equal(t, a.Needs, b.Needs)
	require.Equal(t, a.Audience, b.Audience)

	for name, ease := range map[string]func(in *advisory.Input){
		"a role less":      func(in *advisory.Input) { in.Needs = []string{"product safety"} },
		"an audience more": func(in *advisory.Input) { in.Audience = []tlp.Audience{tlp.Customer, tlp.Public} },
	} {
		x := next
		ease(&x)
		_, err := a.Update(x, "Fewer look at it.", out)
		require.ErrorContains(t, err, "without a reason", name)
		x.Earlier, x.Change, x.ID = a.Revisions, "Past Update.", a.ID
		if x.Needs == nil {
			x.Needs = a.Needs
		}
		if x.Audience == nil {
			x.Audience = a.Audience
		}
		past, err := advisory.Draft(x, out)
		require.NoError(t, err)
		require.ErrorIs(t, save(past), advisory.ErrHistory, name)
		x.Eased = "Regulatory affairs agreed on 13 March that it does not look at changes of wording."
		c, err := a.Update(x, "Fewer look at it.", out)
		require.NoError(t, err)
		require.Equal(t, x.Eased, c.Eased)
	}
	// A draft does not lose the reason of the one that it replaces.
	x := next
	x.Needs, x.Audience, x.Eased = []string{"product safety"}, a.Audience, "Regulatory affairs agreed on 13 March."
	c, err := a.Update(x, "Fewer look at it.", out)
	require.NoError(t, err)
	require.NoError(t, save(c))
	x.Earlier, x.Change, x.Eased = a.Revisions, "Past Update.", ""
	silent, err := advisory.Draft(x, out)
	require.NoError(t, err)
	require.ErrorIs(t, save(silent), advisory.ErrHistory)
	// A first draft was never issued, and may be drafted anew in any way.
	first := uncontrolled(t)
	first.ID, first.Needs = "EXM-2026-002", []string{"legal"}
	require.NoError(t, save(draft(t, first)))
	first.Needs = nil
	require.NoError(t, save(draft(t, first)))

	l = keeping(t, a)
	more := next
	more.Needs, more.Audience = []string{"Product  Safety", "regulatory affairs", "legal"}, []tlp.Audience{tlp.Customer}
	b, err = a.Update(more, "One more looks at it.", out)
	require.NoError(t, err)
	require.NoError(t, save(b))
}
