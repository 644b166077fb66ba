package notify_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/open-postmarket/postmarket/notify"
	"github.com/open-postmarket/postmarket/tlp"
)

func Example() {
	plain := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	m := notify.Message{
		ID: "pump-2.1/new/7", Subject: "one new finding", Body: "details", About: []string{"match.finding/f7"},
		Mark: tlp.Marked(tlp.Clear, "nvd"), At: time.Date(2026, 8, 3, 10, 0, 0, 0, time.UTC),
	}
	pager := notify.Func(func(context.Context, notify.Message) error { return errors.New("pager: out of reach") })
	n := notify.All(pager, notify.Log(plain))
	fmt.Println(n.Notify(context.Background(), m))

	m.Mark = tlp.Join(m.Mark, tlp.Marked(tlp.Amber, "cert-bund"))
	fmt.Println(notify.Log(plain).Notify(context.Background(), m))
	// Output:
	// level=INFO msg=notice id=pump-2.1/new/7 tlp=TLP:CLEAR of=2026-08-03T10:00:00.000Z subject="one new finding" about=[match.finding/f7]
	// pager: out of reach
	// level=INFO msg=notice id=pump-2.1/new/7 tlp=TLP:AMBER of=2026-08-03T10:00:00.000Z
	// <nil>
}
