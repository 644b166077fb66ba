package monitor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/notify"
	"github.com/open-postmarket/postmarket/tlp"
)

// tell sends one message about all that changed on one product, if the gate
// lets it pass to the maker's own people.
func (m *Monitor) tell(ctx context.Context, p device.Product, findings []match.Finding, looked *Looked, at time.Time) error {
	msg, ids := compose(p, findings, looked.Events, at)
	mark, err := m.c.Gate(ctx, tlp.Outgoing{
		To: tlp.Internal, Content: tlp.Content{Kind: "notify.message", Mark: msg.Mark}, IDs: ids,
	})
	var held *tlp.HeldError
	switch {
	case errors.As(err, &held):
		looked.Held = held.Error()
		return nil
	case err != nil:
		return err
	}
	msg.Mark = mark
	if err := m.c.Notify.Notify(ctx, msg); err != nil {
		return fmt.Errorf("the change is kept, and was not told: %w", err)
	}
	looked.Told = true
	return nil
}

// compose writes the message: counts in the subject, one line an event in the
// body. Its ID is the same for the same events at the same instant.
func compose(p device.Product, findings []match.Finding, events []match.Event, at time.Time) (notify.Message, []string) {
	byKey := map[string]match.Finding{}
	for _, f := range findings {
		byKey[f.Key()] = f
	}
	counts := map[match.Change]int{}
	var lines, about, ids []string
	var marks []tlp.Mark
	for _, e := range events {
		counts[e.Change]++
		line := fmt.Sprintf("%s: %s on %s", e.Change, e.Vulnerability, e.Coordinate)
		f, standing := byKey[e.Finding]
		if standing {
			marks = append(marks, f.Mark)
			if f.Exploited != nil {
				line += " (exploited in the wild)"
			}
		}
		lines = append(lines, line)
		about = append(about, "match.finding/"+e.Finding)
		ids = append(ids, string(e.Vulnerability))
	}
	var sums []string
	for _, c := range []match.Change{match.Appeared, match.Withdrawn, match.Renamed, match.Reasoned} {
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
