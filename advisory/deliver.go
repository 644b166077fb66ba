package advisory

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/notify"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/tlp"
)

// A Mailing sends what was released to customers.
type Mailing struct {
	Ledger *store.Ledger
	Gate   tlp.Gate
	// Routes are the notifiers by the name that channels call them by.
	Routes map[string]notify.Notifier
	// Due is by when acknowledgments are expected; required. A delivery that is there
	// already keeps its own unless this one is earlier: it is not put off.
	Due time.Time
	// By is who sends, in the ledger.
	By store.By
}

// Send tells each customer through all its channels of that tier that a notifier
// serves, and keeps a Delivery for each. It goes no farther than Release: r is what
// was released to tlp.Customer, file by file, as the ledger has it (Issue), and a is
// signed off by the roles that it took; else it is ErrAudience, ErrUnsigned or
// ErrUnrecorded. The gate is asked again, and the strictest label of a, r and the
// gate holds. Nothing goes out for an instant before the release or after the act
// that records it. A customer that was sent the revision on
// this tier already is passed over, so that Send may be called again after an error;
// where it is not known whether a message went out it is told again, with the same
// ID. A channel by hand makes the Delivery and sends nothing: see Delivery.With.
//
// What fails for one customer does not stop the others; the errors are joined. The
// deliveries are those of all customers, in their order.
func (m Mailing) Send(ctx context.Context, a Advisory, r Released, to []Customer, tier Tier, at time.Time) ([]Delivery, error) {
	if m.Ledger == nil {
		return nil, fmt.Errorf("%w: there is no ledger", ErrUnrecorded)
	}
	if m.Gate == nil {
		return nil, ErrNoGate
	}
	if !tier.Valid() {
		return nil, fmt.Errorf("advisory: tier %q is not known", tier)
	}
	if r.ID != a.ID || r.Digest != a.Digest() || r.Revision != a.revision().Number {
		return nil, fmt.Errorf("%w: %q is not what was released", ErrUnrecorded, a.ID)
	}
	if r.To != tlp.Customer {
		return nil, fmt.Errorf("%w: %q was released to %s, and is sent to customers", ErrAudience, a.ID, r.To)
	}
	if err := a.leaves(a.Needs, r.To); err != nil {
		return nil, err
	}
	issue, err := r.issued(ctx, m.Ledger)
	if err != nil {
		return nil, err
	}
	if err := a.leaves(issue.Needs, r.To); err != nil {
		return nil, err
	}
	at = instant(at)
	switch {
	case at.Before(r.At):
		return nil, fmt.Errorf("advisory: %q was to be sent at %s, before the release at %s", a.ID, stamp(at), stamp(r.At))
	case m.Due.IsZero():
		return nil, fmt.Errorf("advisory: %q: by when it is to be acknowledged is missing", a.ID)
	}
	// What was true at the release may be stale by now.
	if err := errors.Join(a.recorded(ctx, m.Ledger), Fresh(ctx, m.Ledger, a), holds(ctx, m.Ledger, a, at)); err != nil {
		return nil, err
	}
	mark := tlp.Join(a.Mark, r.Mark)
	now, err := m.Gate(ctx, tlp.Outgoing{To: r.To, Content: tlp.Content{Kind: "advisory", Mark: mark}, IDs: a.ids()})
	if err != nil {
		return nil, fmt.Errorf("advisory: %q: %w", a.ID, err)
	}
	if mark = tlp.Join(mark, now); !mark.Said() {
		return nil, fmt.Errorf("advisory: %q: the gate gave no TLP label", a.ID)
	}
	var out []Delivery
	var errs []error
	for _, c := range to {
		d, err := m.one(ctx, a, r, c, tier, mark, at)
		if err != nil {
			errs = append(errs, err)
		}
		if d.Customer != "" {
			out = append(out, d)
		}
	}
	return out, errors.Join(errs...)
}

// one sends to one customer. The delivery is in the ledger before anything is
// sent, and what became of it after.
func (m Mailing) one(ctx context.Context, a Advisory, r Released, c Customer, tier Tier, mark tlp.Mark, at time.Time) (Delivery, error) {
	fresh, err := NewDelivery(r, c, m.Due)
	if err != nil {
		return Delivery{}, err
	}
	d, err := m.keep(ctx, fresh.Key(), func(had Delivery, found bool, now time.Time) (Delivery, error) {
		if at.After(now) {
			return had.wrong("it was to be sent at %s, which is in the future: it is %s", stamp(at), stamp(now))
		}
		if found {
			return had.expect(fresh.Due), nil
		}
		return fresh, nil
	})
	if err != nil {
		return Delivery{}, err
	}
	var errs []error
	for _, ch := range c.Channels {
		if ch.Tier != tier || ch.Way != ByNotifier || d.sent(ch) {
			continue
		}
		t := Try{Channel: ch, At: at, By: m.By.Who, Message: strings.Map(header, fmt.Sprintf("%s/%s/%s", d.Key(), ch.Tier, ch.Route))}
		// What could not be recorded is not sent.
		if _, err := d.With(t); err != nil {
			return d, errors.Join(append(errs, err)...)
		}
		if err := m.tell(ctx, a, r, t, mark, at); err != nil {
			t.Failed = strings.ToValidUTF8(err.Error(), "?")
			errs = append(errs, fmt.Errorf("advisory: delivery %q: %s: %w", d.Key(), ch.Route, err))
		}
		// What went out is recorded, also when ctx ended meanwhile.
		next, err := m.keep(context.WithoutCancel(ctx), d.Key(), func(had Delivery, _ bool, _ time.Time) (Delivery, error) { return had.With(t) })
		if err != nil {
			return d, errors.Join(append(errs, err)...)
		}
		d = next
	}
	return d, errors.Join(errs...)
}

// header keeps what may stand in the id of a message.
func header(r rune) rune {
	if r <= ' ' || r > '~' {
		return '_'
	}
	return r
}

func (d Delivery) sent(c Channel) bool {
	return slices.ContainsFunc(d.Tries, func(t Try) bool { return t.Channel == c && t.Failed == "" })
}

// tell hands the Markdown letter to the notifier, which is text that can be read
// as it is.
func (m Mailing) tell(ctx context.Context, a Advisory, r Released, t Try, mark tlp.Mark, at time.Time) error {
	n := m.Routes[t.Channel.Route]
	if n == nil {
		return fmt.Errorf("there is no notifier %q", t.Channel.Route)
	}
	i := slices.IndexFunc(r.Files, func(f File) bool { return strings.HasPrefix(f.MediaType, "text/markdown") })
	if i < 0 {
		return errors.New("there is no letter among what was released")
	}
	return n.Notify(ctx, notify.Message{
		ID: t.Message, Subject: strings.Join(strings.Fields(fmt.Sprintf("%s: %s", a.ID, a.title())), " "), Body: string(r.Files[i].Bytes),
		About: []string{string(Advisories) + "/" + a.ID}, Mark: mark, At: at,
	})
}

// keep writes what change makes of the delivery with that key.
func (m Mailing) keep(ctx context.Context, key string, change func(had Delivery, found bool, now time.Time) (Delivery, error)) (Delivery, error) {
	var out Delivery
	err := m.Ledger.Do(ctx, m.By, func(tx *store.Tx) error {
		had, err := Deliveries.Get(tx, key)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if out, err = change(had, err == nil, tx.At()); err != nil {
			return err
		}
		_, err = Deliveries.PutIfChanged(tx, out)
		return err
	})
	return out, err
}

// Record changes a delivery that the ledger holds by one of the methods of
// Delivery: what was brought by hand, a receipt, an acknowledgment, passing on. What
// those do not make, such as a delivery that forgets a try, is ErrHistory. Who writes
// a proof is who recorded it, and nothing happens after the act that records it.
//
//	err := advisory.Record(ctx, l, by, key, func(d advisory.Delivery) (advisory.Delivery, error) {
//		return d.Acknowledge(advisory.Proof{By: by.Who, At: at, Proof: "reply form 14"})
//	})
func Record(ctx context.Context, l *store.Ledger, by store.By, key string, change func(Delivery) (Delivery, error)) error {
	return l.Do(ctx, by, func(tx *store.Tx) error {
		d, err := Deliveries.Get(tx, key)
		if err != nil {
			return fmt.Errorf("advisory: delivery %q: %w", key, err)
		}
		had, err := Deliveries.Get(tx, key) // shares nothing with what change may write to
		if err != nil {
			return fmt.Errorf("advisory: delivery %q: %w", key, err)
		}
		next, err := change(d)
		if err != nil {
			return err
		}
		if err := next.onFrom(had, by.Who, tx.At()); err != nil {
			return err
		}
		_, err = Deliveries.PutIfChanged(tx, next)
		return err
	})
}

// OverdueList yields the deliveries of which the acknowledgment is overdue at the
// given instant, by key: of the latest revision each only, since a later one takes
// the place of those before.
func OverdueList(ctx context.Context, l *store.Ledger, at time.Time) iter.Seq2[Delivery, error] {
	return newest(ctx, l, func(d Delivery) bool { return d.Overdue(at) })
}

// OnwardList yields the deliveries to distributors who have not confirmed that they
// told everybody, by key: of the latest revision each only. Whether the distributor
// itself has the notice is not asked.
func OnwardList(ctx context.Context, l *store.Ledger) iter.Seq2[Delivery, error] {
	return newest(ctx, l, func(d Delivery) bool { return d.Onward != "" && d.Onward != OnwardConfirmed })
}

// newest yields the deliveries of the latest revision to each customer that are meant.
func newest(ctx context.Context, l *store.Ledger, meant func(Delivery) bool) iter.Seq2[Delivery, error] {
	return func(yield func(Delivery, error) bool) {
		last := map[string]int{}
		list, err := all(ctx, l, Deliveries)
		if err != nil {
			yield(Delivery{}, err)
			return
		}
		for _, d := range list {
			last[d.Advisory+"\x00"+d.Customer] = max(last[d.Advisory+"\x00"+d.Customer], d.Revision)
		}
		for _, d := range list {
			if d.Revision == last[d.Advisory+"\x00"+d.Customer] && meant(d) && !yield(d, nil) {
				return
			}
		}
	}
}

// Untold are the customers that a concerns and to whom its latest revision has not
// gone out by any way.
func Untold(ctx context.Context, l *store.Ledger, a Advisory) ([]Customer, error) {
	customers, err := all(ctx, l, Customers)
	if err != nil {
		return nil, err
	}
	var out []Customer
	for _, c := range customers {
		if !c.Concerns(a) {
			continue
		}
		d, _, err := Deliveries.Latest(ctx, l, deliveryKey(a.ID, a.revision().Number, c.ID))
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if d.SentAt().IsZero() {
			out = append(out, c)
		}
	}
	return out, nil
}
