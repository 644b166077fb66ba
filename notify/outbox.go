package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/tlp"
)

// Boxes is the drawer of the ledger that holds what is owed.
const Boxes store.Kind[Box] = "notify.outbox"

// A Box holds the messages under one name that nobody was told yet, oldest first.
type Box struct {
	// Name is the caller's: of what the messages are about, say.
	Name    string   `json:"name"`
	Parcels []Parcel `json:"parcels,omitempty"`
}

// Key returns the name.
func (b Box) Key() string { return b.Name }

// A Parcel is a message on its way.
type Parcel struct {
	Message Message `json:"message"`
	// To is who is told; required.
	To tlp.Audience `json:"to"`
	// IDs are the vulnerabilities it speaks of, for the gate.
	IDs []string `json:"ids,omitempty"`
}

// An Outbox keeps messages in the ledger, in the act that they tell of, until they
// are delivered: at least once, each time under the same ID. It is one of the doors
// that lead out: the gate is asked before every sending. All fields are required. It may be used
// from many goroutines.
type Outbox struct {
	Ledger   *store.Ledger
	Gate     tlp.Gate
	Notifier Notifier
	// Who is the subject id under which it strikes off what was delivered.
	Who string
}

// Check returns what is missing in o, all at once, or nil.
func (o Outbox) Check() error {
	var errs []error
	for what, missing := range map[string]bool{
		"ledger": o.Ledger == nil, "gate": o.Gate == nil, "notifier": o.Notifier == nil, "who writes": strings.TrimSpace(o.Who) == "",
	} {
		if missing {
			errs = append(errs, fmt.Errorf("notify: outbox: no %s", what))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// Put puts p into the box of that name, in the act tx. The same ID is put once.
// Nothing leaves by that, so the gate is not asked yet: what happened is recorded
// even while the gate holds its message back, or cannot tell. A message that fails
// [Message.Check] is an error.
func (o Outbox) Put(tx *store.Tx, box string, p Parcel) error {
	if err := o.Check(); err != nil {
		return err
	}
	if err := p.Message.Check(); err != nil {
		return err
	}
	if !p.To.Valid() {
		return fmt.Errorf("%w: %q: audience %q is not known", ErrInvalid, p.Message.ID, p.To)
	}
	b, err := Boxes.Get(tx, box)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if slices.ContainsFunc(b.Parcels, func(o Parcel) bool { return o.Message.ID == p.Message.ID }) {
		return nil
	}
	return Boxes.Put(tx, Box{Name: box, Parcels: append(slices.Clone(b.Parcels), p)})
}

// Delivered is what became of a box.
type Delivered struct {
	Sent []string // the IDs of the messages that were delivered
	Held []Held   // those that the gate holds back
	Left int      // how many are still owed, those held among them
}

// Held is a message that the gate holds back.
type Held struct {
	Message string // its ID
	Why     error  // the *tlp.HeldError
}

// Deliver sends what the box of that name holds, oldest first, each message if the
// gate lets it pass now, and strikes off what was delivered. What fails, and what
// is held, stays and does not keep the others; failures are joined. When ctx ends,
// what was delivered until then is struck off all the same.
func (o Outbox) Deliver(ctx context.Context, box string) (Delivered, error) {
	if err := o.Check(); err != nil {
		return Delivered{}, err
	}
	b, _, err := Boxes.Latest(ctx, o.Ledger, box)
	if errors.Is(err, store.ErrNotFound) {
		return Delivered{}, nil
	}
	if err != nil {
		return Delivered{}, err
	}
	var d Delivered
	var errs []error
	for _, p := range b.Parcels {
		if err := ctx.Err(); err != nil {
			errs = append(errs, err)
			break
		}
		err := o.send(ctx, p)
		var held *tlp.HeldError
		switch {
		case err == nil:
			d.Sent = append(d.Sent, p.Message.ID)
		case errors.As(err, &held):
			d.Held = append(d.Held, Held{p.Message.ID, held})
		default:
			errs = append(errs, fmt.Errorf("notify: outbox: %q is kept, and will be told again: %w", p.Message.ID, err))
		}
	}
	d.Left = len(b.Parcels) - len(d.Sent)
	if len(d.Sent) == 0 {
		return d, errors.Join(errs...)
	}
	errs = append(errs, o.Ledger.Do(context.WithoutCancel(ctx), store.By{Who: o.Who, Why: "told of " + box}, func(tx *store.Tx) error {
		now, err := Boxes.Get(tx, box) // what was put meanwhile stays
		if err != nil {
			return err
		}
		left := slices.DeleteFunc(slices.Clone(now.Parcels), func(p Parcel) bool { return slices.Contains(d.Sent, p.Message.ID) })
		d.Left = len(left)
		_, err = Boxes.PutIfChanged(tx, Box{Name: box, Parcels: left})
		return err
	}))
	return d, errors.Join(errs...)
}

func (o Outbox) send(ctx context.Context, p Parcel) error {
	mark, err := o.Gate(ctx, tlp.Outgoing{To: p.To, Content: tlp.Content{Kind: "notify.message", Mark: p.Message.Mark}, IDs: p.IDs})
	if err != nil {
		return err
	}
	p.Message.Mark = mark
	return o.Notifier.Notify(ctx, p.Message)
}
