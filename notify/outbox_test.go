package notify_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/notify"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/tlp"
)

var at = time.Date(2026, 8, 3, 10, 0, 0, 0, time.UTC)

// post is an outbox whose notifier and gate a test changes.
type post struct {
	notify.Outbox
	mu     sync.Mutex
	told   []notify.Message
	refuse map[string]error // by message
	gate   func(tlp.Outgoing) error
}

func office(t *testing.T) *post {
	t.Helper()
	db := memory.New()
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	p := &post{refuse: map[string]error{}}
	p.Outbox = notify.Outbox{
		Ledger: store.New(db, &store.Options{Now: func() time.Time { return at }}), Who: "program",
		Gate: func(_ context.Context, out tlp.Outgoing) (tlp.Mark, error) {
			if p.gate != nil {
				if err := p.gate(out); err != nil {
					return tlp.Mark{}, err
				}
			}
			return tlp.Join(out.Content.Mark, tlp.Marked(tlp.Green, "gate")), nil
		},
		Notifier: notify.Func(func(_ context.Context, m notify.Message) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.told = append(p.told, m)
			return p.refuse[m.ID]
		}),
	}
	return p
}

func parcel(id string) notify.Parcel {
	return notify.Parcel{To: tlp.Internal, IDs: []string{"CVE-2026-1"}, Message: notify.Message{
		ID: id, Subject: "s", Mark: tlp.Marked(tlp.Clear, "nvd"), At: at,
	}}
}

func (p *post) put(t *testing.T, parcels ...notify.Parcel) error {
	t.Helper()
	return p.Ledger.Do(t.Context(), store.By{Who: "a", Why: "something happened"}, func(tx *store.Tx) error {
		for _, one := range parcels {
			if err := p.Put(tx, "box", one); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *post) ids() []string {
	var out []string
	for _, m := range p.told {
		out = append(out, m.ID)
	}
	return out
}

func TestWhatIsPutIsToldOnceAndInOrder(t *testing.T) {
	t.Parallel()
	p := office(t)
	require.NoError(t, p.put(t, parcel("1"), parcel("2"), parcel("1")))
	d, err := p.Deliver(t.Context(), "box")
	require.NoError(t, err)
	require.Equal(t, notify.Delivered{Sent: []string{"1", "2"}}, d)
	require.Equal(t, tlp.Green, p.told[0].Mark.Label, "the mark that the gate gave")
	for _, box := range []string{"box", "none"} {
		d, err = p.Deliver(t.Context(), box)
		require.NoError(t, err)
		require.Zero(t, d)
	}
	require.Equal(t, []string{"1", "2"}, p.ids())
}

func TestWhatFailsStaysAndKeepsNobody(t *testing.T) {
	t.Parallel()
	p := office(t)
	p.refuse["1"] = errors.New("mail server is gone")
	require.NoError(t, p.put(t, parcel("1"), parcel("2")))
	d, err := p.Deliver(t.Context(), "box")
	require.ErrorIs(t, err, p.refuse["1"])
	require.Equal(t, notify.Delivered{Sent: []string{"2"}, Left: 1}, d)
	delete(p.refuse, "1")
	d, err = p.Deliver(t.Context(), "box")
	require.NoError(t, err)
	require.Equal(t, []string{"1"}, d.Sent)
	require.Equal(t, []string{"1", "2", "1"}, p.ids(), "again under the same ID")
}

func TestTheGateIsAskedBeforeEverySending(t *testing.T) {
	t.Parallel()
	p := office(t)
	var asked []tlp.Outgoing
	embargo := &tlp.HeldError{Why: "embargo"}
	p.gate = func(out tlp.Outgoing) error { asked = append(asked, out); return embargo }
	require.NoError(t, p.put(t, parcel("1")), "what is held waits")
	d, err := p.Deliver(t.Context(), "box")
	require.NoError(t, err)
	require.Equal(t, []notify.Held{{Message: "1", Why: embargo}}, d.Held)
	require.Equal(t, 1, d.Left)
	require.Len(t, asked, 1)
	require.Equal(t, []string{"CVE-2026-1"}, asked[0].IDs)
	require.Equal(t, tlp.Internal, asked[0].To)
	require.Empty(t, p.told)

	broken := errors.New("the cases cannot be read")
	p.gate = func(tlp.Outgoing) error { return broken }
	require.NoError(t, p.put(t, parcel("2")), "what happened is recorded all the same")
	_, err = p.Deliver(t.Context(), "box")
	require.ErrorIs(t, err, broken)

	p.gate = nil
	d, err = p.Deliver(t.Context(), "box")
	require.NoError(t, err)
	require.Equal(t, []string{"1", "2"}, d.Sent)
}

func TestWhatIsPutWhileOthersAreToldStays(t *testing.T) {
	t.Parallel()
	p := office(t)
	require.NoError(t, p.put(t, parcel("1")))
	tell := p.Notifier
	p.Notifier = notify.Func(func(ctx context.Context, m notify.Message) error {
		if m.ID == "1" {
			require.NoError(t, p.put(t, parcel("2")))
		}
		return tell.Notify(ctx, m)
	})
	d, err := p.Deliver(t.Context(), "box")
	require.NoError(t, err)
	require.Equal(t, notify.Delivered{Sent: []string{"1"}, Left: 1}, d)
	d, err = p.Deliver(t.Context(), "box")
	require.NoError(t, err)
	require.Equal(t, []string{"2"}, d.Sent)
}

func TestManyDeliverersLoseNothing(t *testing.T) {
	t.Parallel()
	p := office(t)
	var want []string
	for i := range 20 {
		want = append(want, fmt.Sprint(i))
		require.NoError(t, p.put(t, parcel(fmt.Sprint(i))))
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { _, _ = p.Deliver(t.Context(), "box") })
	}
	wg.Wait()
	require.Subset(t, p.ids(), want)
	box, _, err := notify.Boxes.Latest(t.Context(), p.Ledger, "box")
	require.NoError(t, err)
	require.Empty(t, box.Parcels)
}

func TestADeliveryThatIsCutOffKeepsTheRest(t *testing.T) {
	t.Parallel()
	p := office(t)
	require.NoError(t, p.put(t, parcel("1"), parcel("2")))
	ctx, cancel := context.WithCancel(t.Context())
	tell := p.Notifier
	p.Notifier = notify.Func(func(ctx context.Context, m notify.Message) error { cancel(); return tell.Notify(ctx, m) })
	d, err := p.Deliver(ctx, "box")
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, notify.Delivered{Sent: []string{"1"}, Left: 1}, d, "what was told is not told again")
	p.Notifier = tell
	_, err = p.Deliver(t.Context(), "box")
	require.NoError(t, err)
	require.Equal(t, []string{"1", "2"}, p.ids())
}

func TestAnOutboxIsComplete(t *testing.T) {
	t.Parallel()
	err := notify.Outbox{}.Check()
	for _, what := range []string{"no ledger", "no gate", "no notifier", "no who writes"} {
		require.ErrorContains(t, err, what)
	}
	_, err = notify.Outbox{}.Deliver(t.Context(), "box")
	require.Error(t, err)
	p := office(t)
	bad := parcel("1")
	bad.Message.Subject = ""
	require.ErrorIs(t, p.put(t, bad), notify.ErrInvalid)
	bad = parcel("1")
	bad.To = "whoever"
	require.ErrorIs(t, p.put(t, bad), notify.ErrInvalid)
	p.Gate = nil
	require.ErrorContains(t, p.put(t, parcel("1")), "no gate")
}

func ExampleOutbox() {
	ctx := context.Background()
	ledger := store.New(memory.New(), nil)
	out := notify.Outbox{Ledger: ledger, Gate: tlp.LabelsOnly, Who: "program", Notifier: notify.Func(func(_ context.Context, m notify.Message) error {
		fmt.Println(m.Subject)
		return nil
	})}
	err := ledger.Do(ctx, store.By{Who: "psirt", Why: "the pump has a new finding"}, func(tx *store.Tx) error {
		// … what happened is written in this act, and so is that it has to be told
		return out.Put(tx, "pump-2.1", notify.Parcel{To: tlp.Internal, Message: notify.Message{
			ID: "pump-2.1/7", Subject: "one new finding", Mark: tlp.Marked(tlp.Clear, "nvd"), At: at,
		}})
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := out.Deliver(ctx, "pump-2.1")
	fmt.Println(d.Left, err)
	// Output:
	// one new finding
	// 0 <nil>
}
