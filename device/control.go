package device

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/store"
)

// Party is who does something. A regulator receives and observes, and is no
// party. The zero value is not said.
type Party string

// The parties, as the responsibility is shared between them.
const (
	Manufacturer Party = "manufacturer"
	HealthSite   Party = "facility" // the hospital or clinic that runs the device
	Operator     Party = "user"     // the person who works with it
)

// Valid reports whether p is one of the parties; the zero value is not.
func (p Party) Valid() bool { return slices.Contains([]Party{Manufacturer, HealthSite, Operator}, p) }

// Harm is the severity of harm to the patient, in the words of ISO 14971:2007,
// table D.3, as FDA's postmarket guidance of 2016, VI.B, gives them. Losing
// confidential data is not patient harm there (IV.F). The zero value is not said.
type Harm string

// The levels of harm, the least first.
const (
	Negligible   Harm = "negligible"   // inconvenience or temporary discomfort
	Minor        Harm = "minor"        // temporary, no professional intervention needed
	Serious      Harm = "serious"      // needs professional medical intervention
	Critical     Harm = "critical"     // permanent impairment or life-threatening
	Catastrophic Harm = "catastrophic" // death
)

var harms = []Harm{Negligible, Minor, Serious, Critical, Catastrophic}

// Harms returns the levels of harm, the least first.
func Harms() []Harm { return slices.Clone(harms) }

// Valid reports whether h is one of the levels of harm; the zero value is not.
func (h Harm) Valid() bool { return slices.Contains(harms, h) }

// AtLeast reports whether h is as severe as g or more. The zero value is less
// than any.
func (h Harm) AtLeast(g Harm) bool { return slices.Index(harms, h) >= slices.Index(harms, g) }

// A Hazard is one of the risk file that hangs on a function of the device.
type Hazard struct {
	// ID is that of the risk file ("H-7").
	ID string `json:"id"`
	// Functions are the names of those whose loss or wrong working leads to it.
	Functions []string `json:"functions"`
	// Harm says in plain words what happens to the patient, Severity how bad it is.
	Harm     string `json:"harm"`
	Severity Harm   `json:"severity"`
}

// A Control is a compensating control: outside the design of the device, put in
// place of a control in it, and employed by a user (FDA, Postmarket Management of
// Cybersecurity in Medical Devices, 2016, IV.A). That it is there is an
// assumption, which holds while it is verified and has not expired.
type Control struct {
	// ID is the host's own id for it ("vlan-7"); What says what it does.
	ID   string `json:"id"`
	What string `json:"what"`
	// Operator is who keeps it in place.
	Operator Party `json:"operator"`
	// Verification says how it was verified, By by whom and At when, in UTC. Empty
	// and zero mean that it was not: then it counts for nothing.
	Verification string    `json:"verification,omitempty"`
	By           string    `json:"by,omitempty"`
	At           time.Time `json:"at,omitzero"`
	// Expires is the instant from which it has to be verified anew.
	Expires time.Time `json:"expires,omitzero"`
	// Adds says which risk the control itself brings ("no remote alarms"); empty
	// means not stated. A control must not add more risk than it takes away (VII.B).
	Adds string `json:"adds,omitempty"`
}

// Validate reports everything that is missing or wrong in c, at once.
func (c Control) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("device: control %q: "+format, append([]any{c.ID}, args...)...))
	}
	if strings.TrimSpace(c.ID) == "" || strings.TrimSpace(c.What) == "" {
		bad("no id, or it is not said what it does")
	}
	if !c.Operator.Valid() {
		bad("operator %q is not manufacturer, facility or user", c.Operator)
	}
	verified := strings.TrimSpace(c.Verification) != ""
	if verified != !c.At.IsZero() || verified != (strings.TrimSpace(c.By) != "") || verified != !c.Expires.IsZero() {
		bad("a verification says how, by whom, when and until when, or nothing of it")
	}
	if verified && !c.Expires.After(c.At) {
		bad("it expires before it was verified")
	}
	return errors.Join(errs...)
}

// InForce reports whether c may be counted on at the given instant, and why.
func (c Control) InForce(at time.Time) (bool, string) {
	switch {
	case c.Validate() != nil:
		return false, fmt.Sprintf("control %q is not stated whole", c.ID)
	case strings.TrimSpace(c.Verification) == "":
		return false, fmt.Sprintf("control %q was never verified", c.ID)
	case at.Before(c.At):
		return false, fmt.Sprintf("control %q is verified only later", c.ID)
	case !at.Before(c.Expires):
		return false, fmt.Sprintf("the verification of control %q expired on %s", c.ID, c.Expires.UTC().Format(time.DateOnly))
	}
	return true, fmt.Sprintf("control %q, kept in place by the %s, was verified on %s", c.ID, c.Operator, c.At.UTC().Format(time.DateOnly))
}

// Holds is what is known of a control at a site. The zero value is not said.
type Holds string

// What can be known.
const (
	Has     Holds = "has"
	HasNot  Holds = "has-not"
	Unknown Holds = "unknown" // the site was asked and it is not known
)

// Valid reports whether h is one of the three; the zero value is not.
func (h Holds) Valid() bool { return h == Has || h == HasNot || h == Unknown }

// An Attestation says whether one site has one control in place, or the network
// that the deployment states: then Control is [NetworkControl].
type Attestation struct {
	// Product is the ID of the product, Site a pseudonym or a vault id, Control the
	// id of the deployment's control.
	Product string `json:"product"`
	Site    string `json:"site"`
	Control string `json:"control"`
	Holds   Holds  `json:"holds"`
	// By is who says so, a pseudonym; How how it is known; At when, in UTC.
	By  string    `json:"by"`
	How string    `json:"how"`
	At  time.Time `json:"at"`
	// Expires is the instant from which it is not known any more; required of Has.
	Expires time.Time `json:"expires,omitzero"`
}

// NetworkControl stands for the network that a deployment states, in attestations.
const NetworkControl = "network"

// Attestations is the drawer of the ledger that holds them.
const Attestations store.Kind[Attestation] = "device.attestation"

// Key returns product, site and control: "pump-2.1 @s-17 vlan-7".
func (a Attestation) Key() string { return a.Product + " @" + a.Site + " " + a.Control }

// Validate reports everything that is missing or wrong in a, at once.
func (a Attestation) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("device: attestation %q: "+format, append([]any{a.Key()}, args...)...))
	}
	if strings.TrimSpace(a.Product) == "" || strings.TrimSpace(a.Control) == "" {
		bad("no product or no control")
	}
	if why := checkPseudonym(a.Site); why != "" {
		bad("the site %s", why)
	}
	if why := checkPseudonym(a.By); why != "" {
		bad("who attests %s", why)
	}
	if !a.Holds.Valid() {
		bad("%q is not has, has-not or unknown", a.Holds)
	}
	if strings.TrimSpace(a.How) == "" || a.At.IsZero() {
		bad("it is not said how or since when it is known")
	}
	if a.Holds == Has && !a.Expires.After(a.At) {
		bad("that a site has it needs a later day from which it is not known any more")
	}
	return errors.Join(errs...)
}

// State returns what a says at the given instant: unknown once it expired, and
// nothing before it was given.
func (a Attestation) State(at time.Time) Holds {
	switch {
	case at.Before(a.At):
		return ""
	case !a.Expires.IsZero() && !at.Before(a.Expires):
		return Unknown
	}
	return a.Holds
}
