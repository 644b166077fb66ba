package assess

import (
	"errors"
	"fmt"
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

// ErrNotProposed says that what is to be approved was not in the ledger before,
// in exactly these words, written by the one who proposed it.
var ErrNotProposed = errors.New("not proposed in the ledger")

// A StateError says that a step is out of order.
type StateError struct {
	From, To State
	Why      string
}

// Error names both states and what is in the way.
func (e *StateError) Error() string {
	return fmt.Sprintf("assess: from %q to %q: %s", e.From, e.To, e.Why)
}
