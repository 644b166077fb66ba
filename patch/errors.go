package patch

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNotAffected says that there is nothing to plan: the product was found not
// affected, and that was approved.
var ErrNotAffected = errors.New("patch: the product is not affected")

// A StateError says that a change is out of order.
type StateError struct {
	From, To State
	Why      string
}

// Error names both states and what is in the way.
func (e *StateError) Error() string {
	return fmt.Sprintf("patch: from %q to %q: %s", e.From, e.To, e.Why)
}

// An IncompleteError lists what a plan still needs.
type IncompleteError struct {
	Finding string
	Gaps    []Gap
}

// Error names the finding and every gap.
func (e *IncompleteError) Error() string {
	what := make([]string, len(e.Gaps))
	for i, g := range e.Gaps {
		what[i] = g.What + " (" + g.Why + ")"
	}
	return fmt.Sprintf("patch: plan for %q: open: %s", e.Finding, strings.Join(what, "; "))
}
