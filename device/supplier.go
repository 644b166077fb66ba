package device

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/store"
)

// A Supplier is who a component comes from, and how to ask about it. Names and
// addresses of people are in the vault; this holds the id under which.
type Supplier struct {
	// ID is the host's own id ("acme-rtos"). It never changes.
	ID string `json:"id"`
	// Name is the company's or project's name.
	Name string `json:"name"`
	// Contact is the vault id or pseudonym of the person or address to ask; empty
	// means that none is known.
	Contact string `json:"contact,omitempty"`
	// Channel is how security questions reach it ("portal", "mail", "security.txt"),
	// and URL where, if public.
	Channel string `json:"channel,omitempty"`
	URL     string `json:"url,omitempty"`
	// Supplies are the coordinates or names of what comes from it, as text.
	Supplies []Supplied `json:"supplies,omitempty"`
	// LastAsked and LastAnswer are when it was last asked and last answered, in
	// UTC; zero means never.
	LastAsked  time.Time `json:"last_asked,omitzero"`
	LastAnswer time.Time `json:"last_answer,omitzero"`
	// Verified is when somebody last made sure that this record is right; zero
	// means never. By is who.
	Verified time.Time `json:"verified,omitzero"`
	By       string    `json:"by,omitempty"`
}

// Supplied is one thing from a supplier, and how long it is supported.
type Supplied struct {
	// What is its coordinate in the SBOM, as text ("cpe:o:windriver:vxworks").
	What string `json:"what"`
	// SupportFrom and SupportUntil are days ("2027-12-31"); empty means not stated.
	SupportFrom  string `json:"support_from,omitempty"`
	SupportUntil string `json:"support_until,omitempty"`
	// Source says where the dates were stated ("contract 4711", a URL).
	Source string `json:"source,omitempty"`
}

// Key returns the ID.
func (s Supplier) Key() string { return s.ID }

// Suppliers is the drawer of the ledger that holds suppliers.
const Suppliers store.Kind[Supplier] = "device.supplier"

// Validate reports everything that is missing or wrong in s, at once.
func (s Supplier) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("device: supplier %q: "+format, append([]any{s.ID}, args...)...))
	}
	if strings.TrimSpace(s.ID) == "" || strings.TrimSpace(s.Name) == "" {
		bad("no id or no name")
	}
	if s.Contact != "" {
		if why := checkPseudonym(s.Contact); why != "" {
			bad("the contact %s", why)
		}
	}
	if s.Contact == "" && s.Channel == "" {
		bad("neither a contact nor a channel")
	}
	met := map[string]bool{}
	for _, p := range s.Supplies {
		if strings.TrimSpace(p.What) == "" || met[p.What] {
			bad("%q is supplied twice, or is nothing", p.What)
		}
		met[p.What] = true
		if !isDay(p.SupportFrom) || !isDay(p.SupportUntil) || p.SupportFrom != "" && p.SupportUntil != "" && p.SupportUntil < p.SupportFrom {
			bad("%q: support from %q until %q: no days, or none that follow each other", p.What, p.SupportFrom, p.SupportUntil)
		}
		if (p.SupportFrom != "" || p.SupportUntil != "") && strings.TrimSpace(p.Source) == "" {
			bad("%q: it is not said who stated the dates of support", p.What)
		}
	}
	if !s.Verified.IsZero() && strings.TrimSpace(s.By) == "" {
		bad("verified by nobody")
	}
	return errors.Join(errs...)
}

// Asked returns s with a question put to it at the given instant.
func (s Supplier) Asked(at time.Time) Supplier {
	if at.After(s.LastAsked) {
		s.LastAsked = at.UTC()
	}
	return s
}

// Answered returns s with an answer that came at the given instant.
func (s Supplier) Answered(at time.Time) Supplier {
	if at.After(s.LastAnswer) {
		s.LastAnswer = at.UTC()
	}
	return s
}

// Verify returns s as somebody found it right at the given instant.
func (s Supplier) Verify(by string, at time.Time) (Supplier, error) {
	if strings.TrimSpace(by) == "" || at.IsZero() {
		return Supplier{}, fmt.Errorf("device: supplier %q: verified by nobody or at no time", s.ID)
	}
	if at.Before(s.Verified) {
		return Supplier{}, fmt.Errorf("device: supplier %q: verified later already, on %s", s.ID, s.Verified.UTC().Format(time.DateOnly))
	}
	s.Verified, s.By = at.UTC(), by
	return s, nil
}

// Stale reports whether nobody has verified s within maxAge before at. A record
// that never was is stale, and so is one verified after at. How old is too old is
// the caller's to say.
func (s Supplier) Stale(at time.Time, maxAge time.Duration) bool {
	return s.Verified.IsZero() || s.Verified.After(at) || at.Sub(s.Verified) > maxAge
}

// Silent reports whether s was asked and has not answered since, for longer than
// wait at the given instant.
func (s Supplier) Silent(at time.Time, wait time.Duration) bool {
	return !s.LastAsked.IsZero() && s.LastAnswer.Before(s.LastAsked) && at.Sub(s.LastAsked) > wait
}

// Unsupported returns what s has ceased to support by at, counted in UTC: the last
// day of support is still supported.
func (s Supplier) Unsupported(at time.Time) []Supplied {
	today := at.UTC().Format(time.DateOnly)
	return slices.DeleteFunc(slices.Clone(s.Supplies), func(p Supplied) bool {
		return p.SupportUntil == "" || p.SupportUntil >= today
	})
}
