package advisory_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/notify"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/tlp"
)

func clinic(id string, channels ...advisory.Channel) advisory.Customer {
	return advisory.Customer{ID: id, Channels: channels}
}

var (
	mail  = advisory.Channel{Tier: advisory.Primary, Way: advisory.ByNotifier, Route: "mail"}
	site  = advisory.Channel{Tier: advisory.Secondary, Way: advisory.ByNotifier, Route: "site"}
	phone = advisory.Channel{Tier: advisory.Emergency, Way: advisory.ByPhone, Route: "support desk"}
)

// inbox keeps what it is told, and fails while broken.
type inbox struct {
	got    []notify.Message
	broken bool
}

func (b *inbox) Notify(_ context.Context, m notify.Message) error {
	if err := m.Check(); err != nil {
		return err
	}
	if b.broken {
		return errors.New("no connection")
	}
	b.got = append(b.got, m)
	return nil
}

var sender = store.By{Who: "mailer", Why: "released"}

func sending(t *testing.T) (advisory.Advisory, advisory.Released, advisory.Mailing, *inbox) {
	t.Helper()
	a := final(t, uncontrolled(t))
	l := keeping(t, a)
	r, err := desk.Release(t.Context(), l, releaser, tlp.LabelsOnly, a, tlp.Customer, out)
	require.NoError(t, err)
	box := &inbox{}
	return a, r, advisory.Mailing{
		Ledger: l, Gate: tlp.LabelsOnly, Routes: map[string]notify.Notifier{"mail": box, "site": box}, Due: out.AddDate(0, 0, 14), By: sender,
	}, box
}

func TestEachCustomerIsToldByItsChannels(t *testing.T) {
	t.Parallel()
	a, r, m, box := sending(t)
	to := []advisory.Customer{clinic("c-1", mail, site, phone), clinic("c-2", phone), clinic("c-3", mail)}
	list, err := m.Send(t.Context(), a, r, to, advisory.Primary, out)
	require.NoError(t, err)
	require.Equal(t, []advisory.State{advisory.Sent, advisory.Pending, advisory.Sent}, []advisory.State{list[0].State(), list[1].State(), list[2].State()})
	require.Len(t, box.got, 2)
	require.Equal(t, "EXM-2026-001/1_@c-1/primary/mail", box.got[0].ID)
	require.Contains(t, box.got[0].Body, "too much or too little medicine")
	require.Equal(t, tlp.Clear, box.got[0].Mark.Label)

	// Again: nobody is told twice.
	_, err = m.Send(t.Context(), a, r, to, advisory.Primary, out.Add(time.Hour))
	require.NoError(t, err)
	require.Len(t, box.got, 2)
	// The next tier is another message.
	_, err = m.Send(t.Context(), a, r, to, advisory.Secondary, out.Add(time.Hour))
	require.NoError(t, err)
	require.Len(t, box.got, 3)
}

func TestAFailedSendingIsKeptAndTriedAgain(t *testing.T) {
	t.Parallel()
	a, r, m, box := sending(t)
	box.broken = true
	to := []advisory.Customer{clinic("c-1", mail), clinic("c-2", advisory.Channel{Tier: advisory.Primary, Way: advisory.ByNotifier, Route: "fax"})}
	list, err := m.Send(t.Context(), a, r, to, advisory.Primary, out)
	require.ErrorContains(t, err, "no connection")
	require.ErrorContains(t, err, `there is no notifier "fax"`)
	require.Equal(t, advisory.Failed, list[0].State())
	box.broken = false
	list, err = m.Send(t.Context(), a, r, to[:1], advisory.Primary, out.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, advisory.Sent, list[0].State())
	require.Len(t, list[0].Tries, 2)
	require.Equal(t, list[0].Tries[0].Message, list[0].Tries[1].Message)
	require.Equal(t, out.Add(time.Hour), list[0].SentAt())
}

func TestSendAsksTheGateAgainAndNeverSendsWhatIsStale(t *testing.T) {
	t.Parallel()
	a, r, m, box := sending(t)
	to := []advisory.Customer{clinic("c-1", mail)}
	held := m
	held.Gate = func(context.Context, tlp.Outgoing) (tlp.Mark, error) {
		return tlp.Mark{}, &tlp.HeldError{Why: "embargo"}
	}
	_, err := held.Send(t.Context(), a, r, to, advisory.Primary, out)
	require.ErrorContains(t, err, "embargo")
	held.Gate = nil
	_, err = held.Send(t.Context(), a, r, to, advisory.Primary, out)
	require.ErrorIs(t, err, advisory.ErrNoGate)
	require.NoError(t, m.Ledger.Do(t.Context(), store.By{Who: "analyst", Why: "new facts"}, func(tx *store.Tx) error {
		return assess.Assessments.Put(tx, opened(t, finding("pump-2.1", therapy)))
	}))
	_, err = m.Send(t.Context(), a, r, to, advisory.Primary, out)
	require.ErrorIs(t, err, advisory.ErrStale)
	require.Empty(t, box.got)
}

func TestDeliveryByHandNeedsProof(t *testing.T) {
	t.Parallel()
	_, r, _, _ := sending(t)
	d, err := advisory.NewDelivery(r, clinic("c-1", phone), out.AddDate(0, 0, 14))
	require.NoError(t, err)
	_, err = d.Acknowledge(advisory.Proof{By: "desk", At: out, Proof: "form 1"})
	require.ErrorContains(t, err, "acknowledgment of what was not sent")
	for _, way := range []advisory.Way{advisory.ByLetter, advisory.ByPhone, advisory.ByVisit, advisory.ByDistributor} {
		try := advisory.Try{Channel: advisory.Channel{Tier: advisory.Emergency, Way: way, Route: "desk"}, At: out, By: "desk"}
		_, err = d.With(try)
		require.ErrorContains(t, err, "needs proof")
		try.Proof = "record 17"
		got, err := d.With(try)
		require.NoError(t, err)
		require.Equal(t, advisory.Sent, got.State())
		require.Equal(t, advisory.Pending, d.State(), "d is what it was")
	}
}

func TestSentReceivedAcknowledgedAndPassedOnAreFourThings(t *testing.T) {
	t.Parallel()
	a, r, m, _ := sending(t)
	dealer := clinic("d-1", mail)
	dealer.Distributor = true
	list, err := m.Send(t.Context(), a, r, []advisory.Customer{dealer, clinic("c-1", mail)}, advisory.Primary, out)
	require.NoError(t, err)
	key, later := list[0].Key(), out.AddDate(0, 0, 3)
	proof := advisory.Proof{By: "desk", At: later, Proof: "reply form 14"}
	record := func(change func(advisory.Delivery) (advisory.Delivery, error)) advisory.Delivery {
		t.Helper()
		require.NoError(t, advisory.Record(t.Context(), m.Ledger, store.By{Who: "desk", Why: "reply"}, key, change))
		d, _, err := advisory.Deliveries.Latest(t.Context(), m.Ledger, key)
		require.NoError(t, err)
		return d
	}
	require.Equal(t, advisory.Received, record(func(d advisory.Delivery) (advisory.Delivery, error) { return d.Receive(proof) }).State())
	got := record(func(d advisory.Delivery) (advisory.Delivery, error) { return d.Acknowledge(proof) })
	require.Equal(t, advisory.Acknowledged, got.State())
	require.Equal(t, advisory.OnwardOpen, got.Onward, "it has told nobody yet")
	got = record(func(d advisory.Delivery) (advisory.Delivery, error) { return d.PassOn(advisory.OnwardPartly, proof) })
	got = record(func(d advisory.Delivery) (advisory.Delivery, error) { return d.PassOn(advisory.OnwardConfirmed, proof) })
	require.Equal(t, advisory.OnwardConfirmed, got.Onward)
	require.Len(t, got.OnwardProofs, 2)
	_, err = list[1].PassOn(advisory.OnwardConfirmed, proof)
	require.ErrorContains(t, err, "is no distributor")

	overdue := func(at time.Time) (keys []string) {
		for d, err := range advisory.OverdueList(t.Context(), m.Ledger, at) {
			require.NoError(t, err)
			keys = append(keys, d.Customer)
		}
		return keys
	}
	require.Empty(t, overdue(m.Due))
	require.Equal(t, []string{"c-1"}, overdue(m.Due.Add(time.Second)))
}

func TestClocksRunUntilEverybodyIsTold(t *testing.T) {
	t.Parallel()
	a, r, m, _ := sending(t)
	policy, err := advisory.DefaultPolicy()
	require.NoError(t, err)
	w := advisory.Watch{Ledger: m.Ledger, Policy: policy, Setting: advisory.Setting{Calendar: chicago(t)}}
	running := func(at time.Time) (rules []string) {
		for c, err := range w.Clocks(t.Context(), at) {
			require.NoError(t, err)
			rules = append(rules, c.Rule)
		}
		return rules
	}
	both := []string{"notice-critical", "fda-pm-30"}
	require.Equal(t, both, running(out))
	to := []advisory.Customer{clinic("c-1", mail), clinic("c-2", phone)}
	require.NoError(t, m.Ledger.Do(t.Context(), store.By{Who: "sales", Why: "list"}, func(tx *store.Tx) error {
		other := clinic("c-9", mail)
		other.Products = []string{"scale-7.0"}
		return errors.Join(advisory.Customers.Put(tx, to[0]), advisory.Customers.Put(tx, to[1]), advisory.Customers.Put(tx, other))
	}))
	list, err := m.Send(t.Context(), a, r, to, advisory.Primary, out)
	require.NoError(t, err)
	require.Equal(t, both, running(out), "c-2 has no telephone call yet")
	untold, err := advisory.Untold(t.Context(), m.Ledger, a)
	require.NoError(t, err)
	require.Equal(t, to[1:], untold)
	require.NoError(t, advisory.Record(t.Context(), m.Ledger, store.By{Who: "desk", Why: "called"}, list[1].Key(), func(d advisory.Delivery) (advisory.Delivery, error) {
		return d.With(advisory.Try{Channel: phone, At: out, By: "desk", Proof: "note of the call, 07:40"})
	}))
	require.Empty(t, running(out))
	require.Equal(t, both, running(out.Add(-time.Second)))
}

func TestACustomerIsAPseudonym(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]advisory.Customer{
		"looks like a name":       clinic("General Hospital", mail),
		"there is no channel":     clinic("c-1"),
		"looks like an address":   clinic("c-1", advisory.Channel{Tier: advisory.Primary, Way: advisory.ByNotifier, Route: "it@example.org"}),
		"is missing or not known": clinic("c-1", advisory.Channel{Way: "pigeon"}),
	} {
		require.ErrorContains(t, c.Validate(), want)
	}
}
