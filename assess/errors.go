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

// A LinesError says that a determination is to be approved although its step 3
// says nothing of some product lines: whether they are affected too is the
// horizontal question, asked of every line (FDA 2016, X.B.v). An answer that it is
// still under investigation is one.
type LinesError struct {
	Finding string
	Lines   []string // their ids
}

// Error names the finding and the lines.
func (e *LinesError) Error() string {
	return fmt.Sprintf("assess: %q: impact: no answer for product lines %s", e.Finding, strings.Join(e.Lines, ", "))
}
