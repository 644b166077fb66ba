package notify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/notify"
	"github.com/open-postmarket/postmarket/tlp"
)

func message(label tlp.Label) notify.Message {
	return notify.Message{
		ID: "pump-2.1/new/7", Subject: "one new finding", Body: "the body", About: []string{"match.finding/f7"},
		Mark: tlp.Marked(label, "cert"), At: time.Date(2026, 8, 3, 10, 0, 0, 0, time.UTC),
	}
}

func TestAMessageMustBeComplete(t *testing.T) {
	t.Parallel()
	require.NoError(t, message(tlp.Clear).Check())
	require.NoError(t, message("").Check(), "a mark may be not said")
	for name, change := range map[string]func(*notify.Message){
		"no id":                  func(m *notify.Message) { m.ID = "" },
		"an id with a space":     func(m *notify.Message) { m.ID = "a b" },
		"an id that adds lines":  func(m *notify.Message) { m.ID = "a\r\nBcc:x" },
		"an id beyond ASCII":     func(m *notify.Message) { m.ID = "ü" },
		"no subject":             func(m *notify.Message) { m.Subject = " " },
		"a subject of two lines": func(m *notify.Message) { m.Subject = "a\nb" },
		"no instant":             func(m *notify.Message) { m.At = time.Time{} },
		"an empty record":        func(m *notify.Message) { m.About = []string{""} },
		"a mark of no label":     func(m *notify.Message) { m.Mark.Label = "PURPLE" },
	} {
		m := message(tlp.Clear)
		change(&m)
		require.ErrorIs(t, m.Check(), notify.ErrInvalid, name)

		var told bool
		spy := notify.Func(func(context.Context, notify.Message) error { told = true; return nil })
		for _, n := range []notify.Notifier{spy, notify.All(spy), notify.Log(nil)} {
			require.ErrorIs(t, n.Notify(t.Context(), m), notify.ErrInvalid, name)
		}
		require.False(t, told, name)
	}
	err := notify.Message{}.Check()
	require.ErrorContains(t, err, "id")
	require.ErrorContains(t, err, "subject")
	require.ErrorContains(t, err, "instant")
}

func TestAllTriesEveryOneAndJoinsTheErrors(t *testing.T) {
	t.Parallel()
	first, third := errors.New("mail: refused"), errors.New("webhook: 503")
	var told []string
	tell := func(name string, err error) notify.Notifier {
		return notify.Func(func(_ context.Context, m notify.Message) error {
			told = append(told, name+" "+m.About[0])
			m.About[0], m.Mark.By[0] = "changed", "changed"
			return err
		})
	}
	m := message(tlp.Clear)
	err := notify.All(tell("a", first), tell("b", nil), nil, notify.All(tell("c", third))).Notify(t.Context(), m)
	require.ErrorIs(t, err, first)
	require.ErrorIs(t, err, third)
	require.ErrorContains(t, err, "notifier 3 of 4 is nil")
	require.Equal(t, []string{"a match.finding/f7", "b match.finding/f7", "c match.finding/f7"}, told, "nor the message of the next")
	require.Equal(t, message(tlp.Clear), m, "no notifier reaches the caller's message")

	require.NoError(t, notify.All(tell("a", nil), tell("b", nil)).Notify(t.Context(), m))
	require.Error(t, notify.All().Notify(t.Context(), m))
	require.Error(t, notify.Func(nil).Notify(t.Context(), m))
}

func TestAllIsNotChangedByItsArguments(t *testing.T) {
	t.Parallel()
	ns := []notify.Notifier{notify.Log(nil)}
	n := notify.All(ns...)
	ns[0] = nil
	require.NoError(t, n.Notify(t.Context(), message(tlp.Clear)))
}

func TestLogShowsNoMoreThanTheLabelAllows(t *testing.T) {
	t.Parallel()
	for label, shown := range map[tlp.Label]bool{
		tlp.Clear: true, tlp.Green: true, tlp.Amber: false, tlp.AmberStrict: false, tlp.Red: false, "": false,
	} {
		var buf bytes.Buffer
		log := slog.New(slog.NewJSONHandler(&buf, &slog.HandlerOptions{Level: slog.LevelDebug}))
		require.NoError(t, notify.Log(log).Notify(t.Context(), message(label)))
		var line map[string]any
		require.NoError(t, json.Unmarshal(buf.Bytes(), &line))
		require.Equal(t, "INFO", line["level"])
		require.Equal(t, "pump-2.1/new/7", line["id"])
		require.Equal(t, label.String(), line["tlp"])
		require.NotContains(t, buf.String(), "the body")
		if shown {
			require.Equal(t, "one new finding", line["subject"])
			require.Equal(t, []any{"match.finding/f7"}, line["about"])
			continue
		}
		require.NotContains(t, buf.String(), "finding", "%s", label)
		require.NotContains(t, buf.String(), "cert", "%s", label)
	}
}

func TestLogEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, notify.Log(nil).Notify(ctx, message(tlp.Clear)), context.Canceled)
	require.NoError(t, notify.Log(nil).Notify(t.Context(), message(tlp.Clear)), "no log is silence, not an error")
}
