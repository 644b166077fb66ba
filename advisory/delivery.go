package advisory

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/store"
)

// Tier is how urgent a channel is. The zero value is not said.
type Tier string

// The tiers of chapter 5.8: e-mail to security contacts, a portal or a field
// service bulletin first; a website or a feed beside them; telephone, a visit or
// the help of an authority when it cannot wait.
const (
	Primary   Tier = "primary"
	Secondary Tier = "secondary"
	Emergency Tier = "emergency"
)

var tiers = []Tier{Primary, Secondary, Emergency}

// Valid reports whether t is one of the tiers; the zero value is not.
func (t Tier) Valid() bool { return slices.Contains(tiers, t) }

// Way is how a notice reaches a customer. The zero value is not said.
type Way string

// The ways. By is a notifier's; the others are by hand, and recorded with proof.
const (
	ByNotifier    Way = "notifier"    // through package notify: e-mail, portal, feed
	ByLetter      Way = "letter"      // on paper
	ByPhone       Way = "phone"       // by telephone
	ByVisit       Way = "field-visit" // field service brought it
	ByDistributor Way = "distributor" // a distributor was given it, to pass on
)

// Valid reports whether w is one of the ways; the zero value is not.
func (w Way) Valid() bool { return w == ByNotifier || w.Hand() }

// Hand reports whether a person has to record it.
func (w Way) Hand() bool {
	return slices.Contains([]Way{ByLetter, ByPhone, ByVisit, ByDistributor}, w)
}

// A Channel is one way to reach one customer.
type Channel struct {
	Tier Tier `json:"tier"`
	Way  Way  `json:"way"`
	// Route names the notifier among those given to Deliver, or for a way by hand
	// who does it. It is no address: those are in the host's Vault.
	Route string `json:"route"`
}

// A Customer is a facility or a distributor that gets advisories.
type Customer struct {
	// ID is a pseudonym or a vault id, never a name or an address.
	ID       string    `json:"id"`
	Channels []Channel `json:"channels"`
	// Distributor says that it passes devices on, and has to pass notices on.
	Distributor bool `json:"distributor,omitempty"`
	// Products are the keys of the products it has; empty is not known, and then it
	// is told of all.
	Products []string `json:"products,omitempty"`
}

// Customers is the drawer of the ledger that holds them.
const Customers store.Kind[Customer] = "advisory.customer"

// Key returns the ID.
func (c Customer) Key() string { return c.ID }

// Validate returns what is missing or wrong in c, all at once, or nil.
func (c Customer) Validate() error {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("advisory: customer %q: "+format, append([]any{c.ID}, args...)...))
	}
	if c.ID == "" || strings.ContainsAny(c.ID, " \t\r\n@,") {
		fail("the id is missing, or looks like a name or an address: use a pseudonym or a vault id")
	}
	if len(c.Channels) == 0 {
		fail("there is no channel")
	}
	for i, x := range c.Channels {
		if !x.Tier.Valid() || !x.Way.Valid() || blank(x.Route) {
			fail("channel %d: tier %q, way %q or the route is missing or not known", i+1, x.Tier, x.Way)
		}
		if strings.Contains(x.Route, "@") {
			fail("channel %d: the route looks like an address: it is the name of a notifier or of who does it", i+1)
		}
	}
	return errors.Join(errs...)
}

// Concerns reports whether c has to be told of a: it has one of its products, or
// it is not known what it has.
func (c Customer) Concerns(a Advisory) bool {
	return len(c.Products) == 0 || slices.ContainsFunc(a.Versions, func(v Version) bool { return v.Product != "" && slices.Contains(c.Products, v.Product) })
}

// State is how far a delivery has come. The zero value is not said.
type State string

// The states, in order. That a notice was sent, that it arrived, and that somebody
// read and confirmed it are three things.
const (
	Pending      State = "pending"
	Failed       State = "failed" // each try failed, so far
	Sent         State = "sent"
	Received     State = "received"
	Acknowledged State = "acknowledged"
)

// Onward is how far a distributor has passed a notice on. It is a state of its
// own: a distributor that acknowledged has told nobody yet. Empty means that the
// customer passes nothing on.
type Onward string

// The states of passing on.
const (
	OnwardOpen      Onward = "open"      // not known
	OnwardPartly    Onward = "partly"    // to some of those who have the device
	OnwardConfirmed Onward = "confirmed" // to all of them
)

// Valid reports whether o is one of the states; the zero value is not.
func (o Onward) Valid() bool { return o == OnwardOpen || o == OnwardPartly || o == OnwardConfirmed }

// A Delivery is one revision of an advisory on its way to one customer. Every
// method returns a new value.
//
// It is delivered when a try went out (SentAt): by that, and not by a receipt, are
// the clocks met. It is overdue when its acknowledgment is not there after Due.
type Delivery struct {
	Advisory string `json:"advisory"` // its ID
	Revision int    `json:"revision"`
	Digest   string `json:"digest"` // of the content that was signed
	Customer string `json:"customer"`
	// Planned is when it was released to the customer, Due by when the
	// acknowledgment is expected; zero only in a record of before it was required.
	Planned time.Time `json:"planned"`
	Due     time.Time `json:"due,omitzero"`
	// Tries are sorted by when they were, whenever they were recorded.
	Tries []Try `json:"tries,omitempty"`
	// Received and Acknowledged are the first proof of each; nil is none.
	Received     *Proof `json:"received,omitempty"`
	Acknowledged *Proof `json:"acknowledged,omitempty"`
	// Onward is for a distributor, OnwardProofs what is behind it.
	Onward       Onward  `json:"onward,omitempty"`
	OnwardProofs []Proof `json:"onward_proofs,omitempty"`
}

// A Try is one sending.
type Try struct {
	Channel Channel   `json:"channel"`
	At      time.Time `json:"at"`
	// By is who did it, or the program; Message is the id of the notifier's message.
	By      string `json:"by"`
	Message string `json:"message,omitempty"`
	// Proof is required for a way by hand: the number of the letter, the service
	// report, the note of the call.
	Proof string `json:"proof,omitempty"`
	// Failed is why it did not go out; empty is that it did.
	Failed string `json:"failed,omitempty"`
}

// A Proof says who recorded something, when it happened, and what shows it.
type Proof struct {
	By    string    `json:"by"`
	At    time.Time `json:"at"`
	Proof string    `json:"proof"`
}

// Deliveries is the drawer of the ledger that holds them. Write to it by Mailing.Send
// and Record.
const Deliveries store.Kind[Delivery] = "advisory.delivery"

// Key returns the advisory, its revision and the customer: "EXM-2026-001/2 @c-17".
func (d Delivery) Key() string { return deliveryKey(d.Advisory, d.Revision, d.Customer) }

func deliveryKey(advisory string, revision int, customer string) string {
	return fmt.Sprintf("%s/%d @%s", advisory, revision, customer)
}

// NewDelivery begins the way of r to c. Due is by when the acknowledgment is
// expected; required.
func NewDelivery(r Released, c Customer, due time.Time) (Delivery, error) {
	if err := c.Validate(); err != nil {
		return Delivery{}, err
	}
	if blank(r.ID) || r.Revision < 1 || blank(r.Digest) || r.At.IsZero() {
		return Delivery{}, errors.New("advisory: delivery of what was not released")
	}
	d := Delivery{Advisory: r.ID, Revision: r.Revision, Digest: r.Digest, Customer: c.ID, Planned: instant(r.At)}
	if due.IsZero() {
		return d.wrong("by when it is to be acknowledged is missing")
	}
	if d.Due = instant(due); d.Due.Before(d.Planned) {
		return d.wrong("the acknowledgment is expected before it is sent")
	}
	if c.Distributor {
		d.Onward = OnwardOpen
	}
	return d, nil
}

// State is how far it has come.
func (d Delivery) State() State {
	switch {
	case d.Acknowledged != nil:
		return Acknowledged
	case d.Received != nil:
		return Received
	case !d.SentAt().IsZero():
		return Sent
	case len(d.Tries) > 0:
		return Failed
	}
	return Pending
}

// SentAt is when it first went out, whatever was recorded first; zero while it has
// not.
func (d Delivery) SentAt() time.Time {
	for _, t := range d.Tries {
		if t.Failed == "" {
			return t.At
		}
	}
	return time.Time{}
}

// Overdue reports whether Due is past at the given instant and the acknowledgment
// not there, be it that nobody confirmed or that the notice has not gone out at all.
// A receipt is no acknowledgment. Without Due nothing says that it may wait, and it
// is overdue from the release on.
func (d Delivery) Overdue(at time.Time) bool {
	due := d.Due
	if due.IsZero() {
		due = d.Planned
	}
	return at.After(due) && (d.Acknowledged == nil || d.Acknowledged.At.After(at))
}

// With returns d after a try, which takes its place among the others by its time: a
// letter may be recorded after a later call. A way by hand needs proof.
func (d Delivery) With(t Try) (Delivery, error) {
	t.At = instant(t.At)
	switch {
	case !t.Channel.Tier.Valid() || !t.Channel.Way.Valid():
		return d.wrong("tier %q or way %q is not known", t.Channel.Tier, t.Channel.Way)
	case blank(t.By) || t.At.IsZero() || t.At.Before(d.Planned):
		return d.wrong("who sent it or when is missing, or it was before the release")
	case t.Channel.Way.Hand() && t.Failed == "" && hollow(t.Proof):
		return d.wrong("by %s, which needs proof", t.Channel.Way)
	}
	d.Tries = append(slices.Clone(d.Tries), t)
	slices.SortStableFunc(d.Tries, func(a, b Try) int { return a.At.Compare(b.At) })
	return d, nil
}

// expect returns d with an earlier Due, or with the first one. It is not put off.
func (d Delivery) expect(due time.Time) Delivery {
	if d.Due.IsZero() || due.Before(d.Due) {
		d.Due = due
	}
	return d
}

// onFrom returns d again if it is had with something added by With, Receive,
// Acknowledge and PassOn (ErrHistory otherwise), in an act of who at at: nothing
// happens after it is recorded, and a proof is by who writes it.
func (d Delivery) onFrom(had Delivery, who string, at time.Time) error {
	again := had
	var err error
	add := func(step func(Delivery) (Delivery, error)) {
		if err == nil {
			again, err = step(again)
		}
	}
	prove := func(p Proof, step func(Delivery, Proof) (Delivery, error)) {
		if err == nil && p.By != who {
			_, err = d.wrong("the proof by %q was to be written by %q", p.By, who)
		}
		if err == nil && p.At.After(at) {
			_, err = d.wrong("the proof of %s is in the future: it is recorded at %s", stamp(p.At), stamp(at))
		}
		add(func(d Delivery) (Delivery, error) { return step(d, p) })
	}
	left := slices.Clone(had.Tries)
	for _, t := range d.Tries {
		if i := slices.IndexFunc(left, t.same); i >= 0 {
			left = slices.Delete(left, i, i+1)
			continue
		}
		if t.At.After(at) {
			_, err = d.wrong("the try of %s is in the future: it is recorded at %s", stamp(t.At), stamp(at))
			return err
		}
		add(func(d Delivery) (Delivery, error) { return d.With(t) })
	}
	if p := d.Received; p != nil && had.Received == nil {
		prove(*p, Delivery.Receive)
	}
	if p := d.Acknowledged; p != nil && had.Acknowledged == nil {
		prove(*p, Delivery.Acknowledge)
	}
	for i := len(had.OnwardProofs); i < len(d.OnwardProofs); i++ {
		to := OnwardPartly
		if i == len(d.OnwardProofs)-1 {
			to = d.Onward
		}
		prove(d.OnwardProofs[i], func(d Delivery, p Proof) (Delivery, error) { return d.PassOn(to, p) })
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrHistory, err)
	}
	if digest(again) != digest(d) {
		return fmt.Errorf("%w: delivery %q", ErrHistory, had.Key())
	}
	return nil
}

func (t Try) same(o Try) bool {
	at := t.At.Equal(o.At)
	t.At, o.At = time.Time{}, time.Time{}
	return at && t == o
}

// Receive returns d with the proof that it arrived. It has to have been sent.
func (d Delivery) Receive(p Proof) (Delivery, error) {
	p, err := d.proof(p, "receipt")
	if err != nil {
		return Delivery{}, err
	}
	if d.Received == nil {
		d.Received = &p
	}
	return d, nil
}

// Acknowledge returns d with the proof that somebody there read and confirmed it,
// which is a receipt as well.
func (d Delivery) Acknowledge(p Proof) (Delivery, error) {
	p, err := d.proof(p, "acknowledgment")
	if err != nil {
		return Delivery{}, err
	}
	if d.Acknowledged != nil {
		return d.wrong("it was acknowledged on %s already", stamp(d.Acknowledged.At))
	}
	d.Acknowledged = &p
	if d.Received == nil {
		d.Received = &p
	}
	return d, nil
}

// PassOn returns d with how far a distributor has passed it on. It does not go
// back, and is no acknowledgment.
func (d Delivery) PassOn(to Onward, p Proof) (Delivery, error) {
	if d.Onward == "" {
		return d.wrong("%q is no distributor", d.Customer)
	}
	if to != OnwardPartly && to != OnwardConfirmed || d.Onward == OnwardConfirmed {
		return d.wrong("passed on: from %q to %q", d.Onward, to)
	}
	p, err := d.proof(p, "passing on")
	if err != nil {
		return Delivery{}, err
	}
	d.Onward, d.OnwardProofs = to, append(slices.Clone(d.OnwardProofs), p)
	return d, nil
}

func (d Delivery) proof(p Proof, what string) (Proof, error) {
	p.At = instant(p.At)
	sent := d.SentAt()
	switch {
	case sent.IsZero():
		_, err := d.wrong("%s of what was not sent", what)
		return Proof{}, err
	case blank(p.By) || p.At.IsZero() || p.At.Before(sent):
		_, err := d.wrong("%s: who recorded it or when is missing, or it was before the sending", what)
		return Proof{}, err
	case hollow(p.Proof):
		_, err := d.wrong("%s without proof", what)
		return Proof{}, err
	}
	return p, nil
}

func (d Delivery) wrong(format string, args ...any) (Delivery, error) {
	return Delivery{}, fmt.Errorf("advisory: delivery %q: "+format, append([]any{d.Key()}, args...)...)
}
