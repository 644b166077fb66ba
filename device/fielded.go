package device

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/store"
)

// A Fielded says how many units of one product are at one site, as far as is known.
type Fielded struct {
	// Product is the ID of the [Product]: one model in one version.
	Product string `json:"product"`
	// Site is a pseudonym or a vault id, never a name or an address.
	Site string `json:"site"`
	// Units is how many are there; nil means that there are some and the number is
	// not known.
	Units *int `json:"units,omitempty"`
	// AsOf is the instant the count is of, in UTC; How says how it is known
	// ("service log", "shipments", "telemetry").
	AsOf time.Time `json:"as_of"`
	How  string    `json:"how"`
}

// Key returns the product and the site: "pump-2.1 @s-17".
func (f Fielded) Key() string { return f.Product + " @" + f.Site }

// Counts is the drawer of the ledger that holds the counts.
const Counts store.Kind[Fielded] = "device.fielded"

// Validate reports everything that is missing or wrong in f, at once.
func (f Fielded) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("device: units of %q at %q: "+format, append([]any{f.Product, f.Site}, args...)...))
	}
	if strings.TrimSpace(f.Product) == "" {
		bad("no product")
	}
	if why := checkPseudonym(f.Site); why != "" {
		bad("the site %s", why)
	}
	if f.Units != nil && *f.Units < 0 {
		bad("%d units", *f.Units)
	}
	if f.AsOf.IsZero() || strings.TrimSpace(f.How) == "" {
		bad("it is not said as of when, or how it is known")
	}
	return errors.Join(errs...)
}

// checkPseudonym says why s cannot stand for a person or a place without naming
// it, or nothing. It cannot know a name from a pseudonym: it refuses what looks
// like an address or like words.
func checkPseudonym(s string) string {
	switch {
	case s == "":
		return "is missing"
	case strings.ContainsAny(s, " \t\r\n@,"):
		return fmt.Sprintf("%q looks like a name or an address: use a pseudonym or a vault id", s)
	}
	return ""
}

// Count returns f with another count. It is an error to set one that is older.
func (f Fielded) Count(units int, how string, at time.Time) (Fielded, error) {
	if at.Before(f.AsOf) {
		return Fielded{}, fmt.Errorf("device: units of %q at %q: a count of %s is older than that of %s",
			f.Product, f.Site, at.UTC().Format(time.RFC3339), f.AsOf.UTC().Format(time.RFC3339))
	}
	f.Units, f.How, f.AsOf = &units, how, at.UTC()
	return f, f.Validate()
}

// A Tally adds up counts.
type Tally struct {
	// Units are those counted; Sites how many sites have any or may have; Unknown
	// how many of these do not say how many.
	Units   int `json:"units"`
	Sites   int `json:"sites"`
	Unknown int `json:"unknown,omitempty"`
	// Oldest is the least recent count among them; zero when there is none.
	Oldest time.Time `json:"oldest,omitzero"`
}

// Tallies adds up counts by product. Of two counts of one product and site, the
// later one holds, in any order of the list.
func Tallies(counts ...Fielded) map[string]Tally {
	last := map[string]Fielded{}
	for _, f := range counts {
		if had, ok := last[f.Key()]; !ok || f.AsOf.After(had.AsOf) || f.AsOf.Equal(had.AsOf) && least(f, had) {
			last[f.Key()] = f
		}
	}
	out := map[string]Tally{}
	for _, f := range last {
		t := out[f.Product]
		if t.Oldest.IsZero() || f.AsOf.Before(t.Oldest) {
			t.Oldest = f.AsOf
		}
		switch {
		case f.Units == nil:
			t.Sites++
			t.Unknown++
		case *f.Units > 0:
			t.Sites++
			t.Units += *f.Units
		}
		out[f.Product] = t
	}
	return out
}

// least decides between two counts of one instant: the one that leaves more open,
// else the greater one.
func least(a, b Fielded) bool {
	if a.Units == nil || b.Units == nil {
		return a.Units == nil && b.Units != nil
	}
	return cmp.Compare(*a.Units, *b.Units) > 0
}

// A NoneInUse is a person's statement that no unit of a product is in clinical use
// any more, anywhere. It is what ends monitoring, and it counts only when it was
// signed: see [MonitoringEnds].
//
// Nothing here verifies the signature: this package holds no keys. It asks that
// one be there, and that the statement be the one its entry holds. Whoever reads
// the entry from the ledger checks the signature, against the digest of the act
// and with keys of their own, before they rely on the answer.
type NoneInUse struct {
	Product string `json:"product"`
	// From is the instant since when none is in use, in UTC.
	From time.Time `json:"from"`
	// Basis says how that is known ("all 412 units returned or scrapped, list 17").
	Basis string `json:"basis"`
	// Withdrawn takes the statement back: a unit was found in use. Why says more.
	Withdrawn bool   `json:"withdrawn,omitempty"`
	Why       string `json:"why,omitempty"`
}

// Key returns the product's ID.
func (n NoneInUse) Key() string { return n.Product }

// UseStatements is the drawer of the ledger that holds these statements.
const UseStatements store.Kind[NoneInUse] = "device.none-in-use"

// Validate reports everything that is missing or wrong in n, at once.
func (n NoneInUse) Validate() error {
	var errs []error
	bad := func(why string) { errs = append(errs, fmt.Errorf("device: no unit of %q in use: %s", n.Product, why)) }
	if strings.TrimSpace(n.Product) == "" {
		bad("no product")
	}
	if n.From.IsZero() {
		bad("it is not said since when")
	}
	if strings.TrimSpace(n.Basis) == "" {
		bad("it is not said how that is known")
	}
	if n.Withdrawn && strings.TrimSpace(n.Why) == "" {
		bad("it is taken back for no reason")
	}
	return errors.Join(errs...)
}

// Withdraw returns n taken back: there is a unit in use after all.
func (n NoneInUse) Withdraw(why string) (NoneInUse, error) {
	n.Withdrawn, n.Why = true, why
	return n, n.Validate()
}

// Use is what is known of whether a product is in clinical use.
type Use struct {
	// Product is its ID; Counts are all counts of units that are known of it.
	Product string    `json:"product"`
	Counts  []Fielded `json:"counts,omitempty"`
	// Statement is the newest statement that none is in use, nil when there is
	// none; Entry is its entry in the ledger, which holds its signature.
	Statement *NoneInUse  `json:"statement,omitempty"`
	Entry     store.Entry `json:"-"`
}

// StillInUse reports whether the product must be taken to be in clinical use at
// the given instant, and why. It is, unless a signed statement says that none is:
// counts of zero, silence and the end of support prove nothing. A count of units
// that is later than the statement's beginning contradicts it.
func (u Use) StillInUse(at time.Time) (inUse bool, why string) {
	n := u.Statement
	switch {
	case n == nil:
		return true, "nobody has stated that no unit is in use"
	case n.Product != u.Product || u.Entry.Name != (store.Name{Kind: string(UseStatements), Key: n.Product}):
		return true, "the statement or its entry is of something else"
	case n.Validate() != nil:
		return true, "the statement is not complete"
	case n.Withdrawn:
		return true, "the statement was taken back: " + n.Why
	case u.Entry.Signature == nil || len(u.Entry.Signature.Bytes) == 0:
		return true, "the statement is not signed"
	case at.Before(n.From) || at.Before(u.Entry.At):
		return true, "the statement begins later"
	}
	if kept, err := UseStatements.Decode(u.Entry); err != nil || !same(kept, *n) {
		return true, "the statement is not the one that was signed"
	}
	for _, f := range u.Counts {
		if f.Product == u.Product && !f.AsOf.Before(n.From) && !f.AsOf.After(at) && (f.Units == nil || *f.Units > 0) {
			return true, fmt.Sprintf("units were counted at %q on %s, after the statement", f.Site, f.AsOf.UTC().Format(time.DateOnly))
		}
	}
	return false, fmt.Sprintf("%s stated it on %s: %s", u.Entry.Who, u.Entry.At.UTC().Format(time.DateOnly), n.Basis)
}

func same(a, b NoneInUse) bool {
	return a.Product == b.Product && a.From.Equal(b.From) && a.Basis == b.Basis && a.Withdrawn == b.Withdrawn && a.Why == b.Why
}

// MonitoringEnds reports whether monitoring of a product may end at the given
// instant, and why it may or may not. The stage does not count, not even the end
// of life: only [Use.StillInUse] does. It does not end when l and u are of two
// products, or of none. Whether the signature is genuine is the caller's to check,
// against the digest of the act: see [NoneInUse].
func MonitoringEnds(l Life, u Use, at time.Time) (ends bool, why string) {
	if l.Product != u.Product || strings.TrimSpace(l.Product) == "" {
		return false, fmt.Sprintf("the stage is of %q and the use of %q: they must be of one product", l.Product, u.Product)
	}
	inUse, why := u.StillInUse(at)
	if !inUse {
		return true, why
	}
	if i := slices.Index(stageOrder[:], l.Stage); i >= EndOfSupport.place() {
		why = fmt.Sprintf("the stage %q does not end monitoring; %s", l.Stage, why)
	}
	return false, why
}
