package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/tlp"
)

// A Message is one thing to tell.
type Message struct {
	// ID is stable: telling the same thing again has the same ID, and a
	// receiver may drop what it has seen. Required; printable ASCII without
	// spaces, so that it fits a header.
	ID      string    `json:"id"`
	Subject string    `json:"subject"`         // one line; required
	Body    string    `json:"body,omitempty"`  // plain text
	About   []string  `json:"about,omitempty"` // the records it tells of, as kind/key
	Mark    tlp.Mark  `json:"mark"`            // the join of all it was made from; zero: not said
	At      time.Time `json:"at"`              // the instant it tells of, in UTC; required
}

// ErrInvalid says that a message cannot be told as it is, by anyone.
var ErrInvalid = errors.New("notify: invalid message")

// Check returns what is missing or wrong in m, all at once, or nil. The error
// is an [ErrInvalid].
func (m Message) Check() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%w: "+format, append([]any{ErrInvalid}, args...)...))
	}
	switch {
	case m.ID == "":
		bad("id is missing")
	case strings.ContainsFunc(m.ID, func(r rune) bool { return r <= ' ' || r > '~' }):
		bad("id %q is not printable ASCII without spaces", m.ID)
	}
	switch {
	case strings.TrimSpace(m.Subject) == "":
		bad("%q: subject is missing", m.ID)
	case strings.ContainsAny(m.Subject, "\r\n"):
		bad("%q: subject is more than one line", m.ID)
	}
	if m.At.IsZero() {
		bad("%q: the instant is missing", m.ID)
	}
	if slices.Contains(m.About, "") {
		bad("%q: about: a record is empty", m.ID)
	}
	if m.Mark.Label != "" && !m.Mark.Said() {
		bad("%q: %q is not a label", m.ID, string(m.Mark.Label))
	}
	return errors.Join(errs...)
}

// A Notifier tells a person or a system.
type Notifier interface {
	// Notify returns nil once the message is in the hands of the receiver or
	// of something that will bring it there. An error means that it may or may
	// not have arrived, and the caller may tell it again with the same ID; an
	// [ErrInvalid] that it never will. A message that fails [Message.Check] is
	// not told. It may be called from many goroutines, returns soon after ctx
	// ends, and does not change m.
	Notify(ctx context.Context, m Message) error
}

// Func is a function as a [Notifier]. A message that fails [Message.Check]
// does not reach it.
type Func func(ctx context.Context, m Message) error

// Notify checks m and calls f. A nil f is an error.
func (f Func) Notify(ctx context.Context, m Message) error {
	if f == nil {
		return errors.New("notify: a func that is nil tells nobody")
	}
	if err := m.Check(); err != nil {
		return err
	}
	return f(ctx, m)
}

// All tells every one of ns, in order, and each of them whatever became of the
// others; their errors are joined. A nil among ns is such an error. All of
// none would tell nobody, and says so with an error instead of silence.
func All(ns ...Notifier) Notifier { return all(slices.Clone(ns)) }

type all []Notifier

func (a all) Notify(ctx context.Context, m Message) error {
	if err := m.Check(); err != nil {
		return err
	}
	if len(a) == 0 {
		return errors.New("notify: all of none tells nobody")
	}
	var errs []error
	for i, n := range a {
		if n == nil {
			errs = append(errs, fmt.Errorf("notify: notifier %d of %d is nil", i+1, len(a)))
			continue
		}
		own := m
		own.About, own.Mark.By = slices.Clone(m.About), slices.Clone(m.Mark.By)
		errs = append(errs, n.Notify(ctx, own))
	}
	return errors.Join(errs...)
}
