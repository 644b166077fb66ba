package monitor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/notify"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/tlp"
)

// The boxes of the outbox are named after the products, and one holds what is
// about no single product.
const (
	boxes      = "monitor/"
	everything = ""
)

func (m *Monitor) outbox() notify.Outbox {
	return notify.Outbox{Ledger: m.c.Ledger, Gate: m.c.Gate, Notifier: m.c.Notify, Who: m.c.Who}
}

// tell delivers what is owed about a product, and says in words what is held.
func (m *Monitor) tell(ctx context.Context, product string) (told bool, held string, err error) {
	if m.c.Notify == nil {
		return false, "", nil
	}
	d, err := m.outbox().Deliver(ctx, boxes+product)
	if len(d.Held) > 0 {
		held = d.Held[len(d.Held)-1].Why.Error()
	}
	return len(d.Sent) > 0, held, err
}

// owe puts the message about what changed into the outbox: counts in the subject,
// one line an event in the body; none about what decisions hide.
func (m *Monitor) owe(tx *store.Tx, p device.Product, findings []match.Finding, events []match.Event, at time.Time) error {
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
	if len(lines) == 0 {
		return nil // all of it is hidden by decisions
	}
	var sums []string
	for _, c := range match.Changes() {
		if counts[c] > 0 {
			sums = append(sums, fmt.Sprintf("%d %s", counts[c], c))
		}
	}
	return m.put(tx, p.ID, fmt.Sprintf("%s: %s", p.ID, strings.Join(sums, ", ")), lines, about, ids, marks, at)
}
