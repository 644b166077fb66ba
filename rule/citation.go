package rule

import (
	"errors"
	"fmt"
	"time"
)

// A Force is how a rule binds. The zero value is not said.
type Force string

// The forces, the strongest first.
const (
	Statute    Force = "statute"    // an act of a legislature
	Regulation Force = "regulation" // made under a statute, binding
	Guidance   Force = "guidance"   // what an authority recommends
	Standard   Force = "standard"   // what a standards body publishes
	Convention Force = "convention" // industry practice, or our own
)

// Valid reports whether f is one of the named forces; the zero value is not.
func (f Force) Valid() bool {
	switch f {
	case Statute, Regulation, Guidance, Standard, Convention:
		return true
	}
	return false
}

// A Certainty is how sure the writer of a rule file was of a rule. The zero
// value is not said.
type Certainty string

// The certainties. Only what is verified may be shown as the rule's own words.
const (
	Verified  Certainty = "verified"  // read in the source text itself
	Secondary Certainty = "secondary" // read only in a text about the source
	Memory    Certainty = "memory"    // not looked up: verify before use
	Ours      Certainty = "ours"      // derived by the library's authors; no authority behind it
)

// Valid reports whether c is one of the named certainties; the zero value is
// not.
func (c Certainty) Valid() bool {
	switch c {
	case Verified, Secondary, Memory, Ours:
		return true
	}
	return false
}

// A Citation says where a rule comes from. All rule files of the library carry
// it, whatever kind of rule they hold.
type Citation struct {
	Source string `json:"source"` // the text, such as "21 CFR Part 806"; required
	Clause string `json:"clause"` // the place in it, such as "806.10(b)"; required
	// Date is that of the text relied on, or of its reading when the text
	// carries none: 2016-12-28, 2016-12 or 2016. Required.
	Date      string    `json:"date"`
	Force     Force     `json:"force"`
	Certainty Certainty `json:"certainty"`
	URL       string    `json:"url,omitempty"` // where the text can be read; optional
}

// Check returns what is missing or wrong in c, all at once, or nil.
func (c Citation) Check() error {
	var errs []error
	if c.Source == "" {
		errs = append(errs, errors.New("citation: source is missing"))
	}
	if c.Clause == "" {
		errs = append(errs, errors.New("citation: clause is missing"))
	}
	if !dated(c.Date) {
		errs = append(errs, fmt.Errorf("citation: date %q is not a day, month or year such as 2016-12-28", c.Date))
	}
	if !c.Force.Valid() {
		errs = append(errs, fmt.Errorf("citation: force %q is not known", c.Force))
	}
	if !c.Certainty.Valid() {
		errs = append(errs, fmt.Errorf("citation: certainty %q is not known", c.Certainty))
	}
	return errors.Join(errs...)
}

// String returns the citation in one line, with its force and, unless it was
// verified, what it rests on.
func (c Citation) String() string {
	s := fmt.Sprintf("%s, %s, %s (%s", c.Source, c.Clause, c.Date, c.Force)
	switch c.Certainty {
	case Verified:
	case Secondary:
		s += "; from a secondary source"
	case Memory:
		s += "; from memory, to be verified"
	case Ours:
		s += "; our own reading"
	default:
		s += "; certainty not said"
	}
	return s + ")"
}

// Binding reports whether c is a statute or a regulation that was read in its
// own text. What is not binding is never shown without its label.
func (c Citation) Binding() bool {
	return c.Certainty == Verified && (c.Force == Statute || c.Force == Regulation)
}

func dated(s string) bool {
	for _, layout := range []string{time.DateOnly, "2006-01", "2006"} {
		if _, err := time.Parse(layout, s); err == nil {
			return true
		}
	}
	return false
}
