package patch

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNotAffected says that there is nothing to plan: the product was found not
// affected, and that was approved.
var ErrNotAffected = errors.New("patch: the product is not affected")

// A StateError says that a change is out of order, and lists what is missing.
type StateError struct {
	From, To State
	Why      string
	// Missing is everything that has to be there first; none when nothing would
	// help.
	Missing []Gap
}

// Error names both states, what is in the way and everything that is missing.
func (e *StateError) Error() string {
	text := fmt.Sprintf("patch: from %q to %q: %s", e.From, e.To, e.Why)
	if len(e.Missing) > 0 {
		text += ": " + list(e.Missing)
	}
	return text
}

func list(gaps []Gap) string {
	what := make([]string, len(gaps))
	for i, g := range gaps {
		what[i] = g.What + " (" + g.Why + ")"
	}
	return strings.Join(what, "; ")
}

// An IncompleteError lists what a plan still needs.
type IncompleteError struct {
	Finding string
	Gaps    []Gap
}

// Error names the finding and every gap.
func (e *IncompleteError) Error() string {
	return fmt.Sprintf("patch: plan for %q: open: %s", e.Finding, list(e.Gaps))
}
