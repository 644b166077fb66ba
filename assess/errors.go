package assess

import (
	"errors"
	"fmt"
	"strings"
)

// ErrSamePerson says that a person was to approve what the same person proposed.
var ErrSamePerson = errors.New("proposer and approver are the same person")

// A SamePersonError tells who, and of what. It wraps ErrSamePerson.
type SamePersonError struct {
	What string // what was to be approved
	Who  string
}

// Error names the thing and the person.
func (e *SamePersonError) Error() string {
	return fmt.Sprintf("assess: %s: %q cannot approve: %v", e.What, e.Who, ErrSamePerson)
}

// Unwrap returns ErrSamePerson.
func (e *SamePersonError) Unwrap() error { return ErrSamePerson }

// A StateError says that a step is out of order.
type StateError struct {
	From, To State
	Why      string
}

// Error names both states and what is in the way.
func (e *StateError) Error() string {
	return fmt.Sprintf("assess: from %q to %q: %s", e.From, e.To, e.Why)
}

// SamePerson reports whether two ids name the same person: equal without regard
// to case and to spaces around, so that a slip of the pen is no second person.
func SamePerson(a, b string) bool {
	return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}
