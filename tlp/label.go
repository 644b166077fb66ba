package tlp

import (
	"fmt"
	"strings"
)

// A Label is one of the five labels of TLP 2.0, spelled as the standard spells
// it, without the "TLP:" prefix. The zero value is not said: no one has stated
// how far the thing may travel. It is never read as CLEAR.
type Label string

// The labels, in the order of TLP 2.0 (FIRST, August 2022) from the least to
// the most strict.
const (
	Clear       Label = "CLEAR"        // no limit
	Green       Label = "GREEN"        // the community, not the public
	Amber       Label = "AMBER"        // own organization and its clients, need to know
	AmberStrict Label = "AMBER+STRICT" // own organization only, need to know
	Red         Label = "RED"          // named recipients only
)

// Labels returns the five labels, the least strict first. The slice is the
// caller's.
func Labels() []Label { return []Label{Clear, Green, Amber, AmberStrict, Red} }

// ParseLabel reads a label as people and documents write it: in any case, with
// or without the prefix "TLP:", with spaces around. WHITE, the TLP 1.0 word
// that CSAF 2.0 still uses, is CLEAR. Empty text is not said, the zero Label,
// and no error; anything else is an error.
//
// TLP 1.0 had no AMBER+STRICT, and its AMBER is read as the AMBER of 2.0.
func ParseLabel(s string) (Label, error) {
	t := strings.ToUpper(strings.TrimSpace(s))
	if t == "" {
		return "", nil
	}
	t = strings.TrimSpace(strings.TrimPrefix(t, "TLP:"))
	if t == "WHITE" {
		return Clear, nil
	}
	if l := Label(t); l.Valid() {
		return l, nil
	}
	return "", fmt.Errorf("tlp: %q is not a label", s)
}

// Valid reports whether l is one of the five labels. The zero value, not said,
// is not.
func (l Label) Valid() bool { return l.rank() < unsaid }

// Compare orders labels by how far they let a thing travel: negative when l is
// less strict than m, positive when it is stricter, else zero. Not said is the
// strictest of all, by our own convention, since what it hides could be
// anything; a text that is no label counts as not said.
func (l Label) Compare(m Label) int { return l.rank() - m.rank() }

// String returns the label as TLP 2.0 writes it, such as "TLP:AMBER+STRICT".
// Not said, or a text that is no label, is "TLP not said".
func (l Label) String() string {
	if !l.Valid() {
		return "TLP not said"
	}
	return "TLP:" + string(l)
}

// unsaid is the rank of what is no label: above RED, see Compare.
const unsaid = 5

func (l Label) rank() int {
	switch l {
	case Clear:
		return 0
	case Green:
		return 1
	case Amber:
		return 2
	case AmberStrict:
		return 3
	case Red:
		return 4
	}
	return unsaid
}
