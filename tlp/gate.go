package tlp

import (
	"context"
	"fmt"
	"time"
)

// An Audience is a kind of receiver, as seen from the maker. The zero value is
// not said.
type Audience string

// The audiences, our own division.
const (
	Internal  Audience = "internal"  // the maker's own organization
	Party     Audience = "party"     // a party to the same case: supplier, finder, coordinator
	Customer  Audience = "customer"  // who uses the device: facilities, their staff
	ISAO      Audience = "isao"      // an information sharing and analysis organization and its members
	Regulator Audience = "regulator" // an authority
	Public    Audience = "public"    // everyone
)

// Audiences returns every audience, from the nearest to the farthest. The
// slice is the caller's.
func Audiences() []Audience {
	return []Audience{Internal, Party, Customer, ISAO, Regulator, Public}
}

// Valid reports whether a is one of the named audiences; the zero value is not.
func (a Audience) Valid() bool {
	switch a {
	case Internal, Party, Customer, ISAO, Regulator, Public:
		return true
	}
	return false
}

// Content is what is about to leave, as far as a gate needs to know it.
type Content struct {
	Kind string // what it is: advisory, package, record, message; free text, required
	Mark Mark   // the join of the marks of all it was made from
}

// Outgoing is one thing about to leave for one audience.
type Outgoing struct {
	To      Audience
	Content Content
	// IDs are the vulnerabilities it speaks of, by any of their ids. Empty
	// means that it speaks of none.
	IDs []string
}

// A Gate answers whether out may leave now. If so it returns the mark that
// out carries from here on. A refusal is a [*HeldError] and means not now, or
// not to them; any other error means that the gate could not tell, and then
// too nothing may leave. A Gate changes nothing and is asked again for every
// audience and before every sending.
type Gate func(ctx context.Context, out Outgoing) (Mark, error)

// HeldError is a gate's refusal.
type HeldError struct {
	Until time.Time // when it is worth asking again; zero: no such time is known
	Why   string    // the reason, for people
}

// Error says that something is held, until when if known, and why.
func (e *HeldError) Error() string {
	if e.Until.IsZero() {
		return "tlp: held: " + e.Why
	}
	return fmt.Sprintf("tlp: held until %s: %s", e.Until.UTC().Format(time.RFC3339), e.Why)
}
