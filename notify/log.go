package notify

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/open-postmarket/postmarket/tlp"
)

// Log tells a log, one line at Info for each message: its id, label and
// instant; the subject and the records it is about only when it is marked
// CLEAR or GREEN. A log is read by more people than a message is meant for, so
// the body is never written, and an ID is best made of nothing that a stricter
// label protects. A nil log discards.
func Log(log *slog.Logger) Notifier {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return Func(func(ctx context.Context, m Message) error {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("notify: log: %w", err)
		}
		attrs := []slog.Attr{slog.String("id", m.ID), slog.String("tlp", m.Mark.Label.String()), slog.Time("of", m.At.UTC())}
		if m.Mark.Said() && m.Mark.Label.Compare(tlp.Green) <= 0 {
			attrs = append(attrs, slog.String("subject", m.Subject), slog.Any("about", m.About))
		}
		log.LogAttrs(ctx, slog.LevelInfo, "notice", attrs...)
		return nil
	})
}
