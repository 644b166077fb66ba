package monitor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/notify"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/tlp"
)

// Owed are the messages about one product that nobody was told yet, oldest
// first.
type Owed struct {
	Product  string   `json:"product"`
	Messages []Letter `json:"messages,omitempty"`
}

// A Letter is a message, and the vulnerabilities it speaks of.
type Letter struct {
	Message notify.Message `json:"message"`
	IDs     []string       `json:"ids"`
}

// Key returns the product's key.
func (o Owed) Key() string { return o.Product }

// Messages is the drawer of the ledger that holds what is owed.
const Messages store.Kind[Owed] = "monitor.owed"

// owe writes the message about what changed, in the act that keeps the change.
func (m *Monitor) owe(tx *store.Tx, p device.Product, findings []match.Finding, events []match.Event, at time.Time) error {
	owed, err := Messages.Get(tx, p.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	msg, ids := compose(p, findings, events, at)
	if len(ids) == 0 {
		return nil // all of it is hidden by decisions
	}
	return Messages.Put(tx, Owed{Product: p.ID, Messages: append(slices.Clone(owed.Messages), Letter{msg, ids})})
}

// tell sends what is owed about a product, each message if the gate lets it pass
// to the maker's own people, and strikes off what was delivered.
func (m *Monitor) tell(ctx context.Context, product string, looked *Looked) error {
	owed, _, err := Messages.Latest(ctx, m.c.Ledger, product)
	if errors.Is(err, store.ErrNotFound) || err == nil && len(owed.Messages) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	var left []Letter
	var errs []error
	for _, l := range owed.Messages {
		switch err := m.send(ctx, l); {
		case err == nil:
			looked.Told = true
		default:
			left = append(left, l)
			var held *tlp.HeldError
			if errors.As(err, &held) {
				looked.Held = held.Error()
			} else {
				errs = append(errs, fmt.Errorf("the change is kept, and will be told again: %w", err))
			}
		}
	}
	if len(left) < len(owed.Messages) {
		by := store.By{Who: m.c.Who, Why: "told of " + product}
		errs = append(errs, m.c.Ledger.Do(ctx, by, func(tx *store.Tx) error {
			return Messages.Put(tx, Owed{Product: product, Messages: left})
		}))
	}
	return errors.Join(errs...)
}

func (m *Monitor) send(ctx context.Context, l Letter) error {
	mark, err := m.c.Gate(ctx, tlp.Outgoing{
		To: tlp.Internal, Content: tlp.Content{Kind: "notify.message", Mark: l.Message.Mark}, IDs: l.IDs,
	})
	if err != nil {
		return err
	}
	l.Message.Mark = mark
	return m.c.Notify.Notify(ctx, l.Message)
}

// compose writes the message: counts in the subject, one line an event in the
// body; none about what decisions hide. Its ID is the same for the same events at the same instant.
func compose(p device.Product, findings []match.Finding, events []match.Event, at time.Time) (notify.Message, []string) {
	byKey := map[string]match.Finding{}
	for _, f := range findings {
		byKey[f.Key()] = f
	}
	counts := map[match.Change]int{}
	var lines, about, ids []string
	var marks []tlp.Mark
	for _, e := range events {
		if f, standing := byKey[e.Finding]; standing && f.Hidden() {
			continue // somebody decided that it is not to be looked at
		}
		counts[e.Change]++
		line := fmt.Sprintf("%s: %s on %s", e.Change, e.Vulnerability, e.Coordinate)
		if e.Is != "" {
			line += fmt.Sprintf(" (%s, was %s)", e.Is, e.Was)
		}
		marks = append(marks, e.Mark) // what is gone keeps the mark it had
		if f, standing := byKey[e.Finding]; standing && f.Exploited != nil {
			line += " (exploited in the wild)"
		}
		lines = append(lines, line)
		about = append(about, "match.finding/"+e.Finding)
		ids = append(ids, string(e.Vulnerability))
	}
	var sums []string
	for _, c := range match.Changes() {
		if counts[c] > 0 {
			sums = append(sums, fmt.Sprintf("%d %s", counts[c], c))
		}
	}
	body := strings.Join(lines, "\n")
	sum := sha256.Sum256([]byte(p.ID + "\x00" + at.Format(time.RFC3339Nano) + "\x00" + body))
	return notify.Message{
		ID:      "monitor-" + hex.EncodeToString(sum[:12]),
		Subject: fmt.Sprintf("%s: %s", p.ID, strings.Join(sums, ", ")),
		Body:    body, About: about, Mark: tlp.Join(marks...), At: at,
	}, ids
}
