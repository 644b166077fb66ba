package device

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/store"
)

// A Product is one model of a device in one released version.
type Product struct {
	// ID is the host's own id for this model in this version ("pump-2.1"). It
	// never changes: records are kept under it.
	ID string `json:"id"`
	// Name is what customers call it; Model is the maker's model or catalog number.
	Name  string `json:"name"`
	Model string `json:"model"`
	// Version is the released version of the device.
	Version string `json:"version"`
	// Manufacturer is the legal manufacturer's name.
	Manufacturer string `json:"manufacturer,omitempty"`
	// UDIDI is the device identifier part of the UDI; empty means not stated.
	// One of 14 digits is a GTIN and must carry its check digit.
	UDIDI string `json:"udi_di,omitempty"`
	// Zone is the IANA time zone on whose calendar the maker counts days
	// ("America/Chicago"). Clocks cannot start without it.
	Zone string `json:"zone"`
	// IntendedUse says in the maker's words what the device is for.
	IntendedUse string     `json:"intended_use,omitempty"`
	Deployment  Deployment `json:"deployment,omitzero"`
}

// Key returns the ID.
func (p Product) Key() string { return p.ID }

// Products is the drawer of the ledger that holds products.
const Products store.Kind[Product] = "device.product"

// Validate reports everything that is missing or wrong in p, at once.
func (p Product) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("device: "+format, args...)) }
	for _, f := range []struct{ name, value string }{
		{"id", p.ID}, {"name", p.Name}, {"model", p.Model}, {"version", p.Version}, {"zone", p.Zone},
	} {
		if strings.TrimSpace(f.value) == "" {
			bad("product %q: no %s", p.ID, f.name)
		}
	}
	if p.Zone != "" {
		if _, err := time.LoadLocation(p.Zone); err != nil {
			bad("product %q: zone %q: %w", p.ID, p.Zone, err)
		}
	}
	if why := checkUDIDI(p.UDIDI); why != "" {
		bad("product %q: UDI-DI %q %s", p.ID, p.UDIDI, why)
	}
	errs = append(errs, p.Deployment.validate(p.ID)...)
	return errors.Join(errs...)
}

// checkUDIDI says what is wrong with a device identifier, or nothing. The check
// digit is that of GS1 (General Specifications, 7.9); other issuing agencies use
// letters, and are only asked to hold no space.
func checkUDIDI(s string) string {
	if s == "" {
		return ""
	}
	if strings.ContainsAny(s, " \t\r\n") {
		return "holds white space"
	}
	if len(s) != 14 || strings.Trim(s, "0123456789") != "" {
		return ""
	}
	sum := 0
	for i, c := range s[:13] {
		weight := 3
		if i%2 == 1 {
			weight = 1
		}
		sum += weight * int(c-'0')
	}
	if byte('0'+(10-sum%10)%10) != s[13] {
		return "has the wrong check digit"
	}
	return ""
}

// A Deployment holds the facts of how the device is used in the field. Every
// zero value means "not stated", never "no".
type Deployment struct {
	// Network says what the device is connected to.
	Network Network `json:"network,omitempty"`
	// Interfaces are the ways into the device.
	Interfaces []Interface `json:"interfaces,omitempty"`
	// Roles are the kinds of user the device tells apart.
	Roles []string `json:"roles,omitempty"`
	// Functions are what the device does for the patient and the clinic.
	Functions []Function `json:"functions,omitempty"`
	// PatientRecords is how many people's data one device holds; nil means
	// not stated.
	PatientRecords *int `json:"patient_records,omitempty"`
}

// Network is the surrounding a device is used in.
type Network string

// The surroundings.
const (
	Isolated  Network = "isolated"  // no network at all
	Segmented Network = "segmented" // its own segment of the facility's network
	Facility  Network = "facility"  // the facility's network
	Internet  Network = "internet"  // reachable from the internet
)

// Valid reports whether n is one of the surroundings or not stated.
func (n Network) Valid() bool {
	return slices.Contains([]Network{"", Isolated, Segmented, Facility, Internet}, n)
}

// An Interface is one way into the device.
type Interface struct {
	// Name is the maker's name for it ("therapy settings").
	Name string `json:"name"`
	// Protocol is what is spoken ("TLS 1.3 with client certificates", "DTLS").
	Protocol string `json:"protocol,omitempty"`
	// Component is the name of the software component that serves it.
	Component string `json:"component,omitempty"`
	// Wireless is nil when not stated.
	Wireless *bool `json:"wireless,omitempty"`
	// RangeMeters is the reach of a wireless link; 0 means not stated.
	RangeMeters float64 `json:"range_meters,omitempty"`
	// Functions are the names of the functions reached through it.
	Functions []string `json:"functions,omitempty"`
}

// A Function is something the device does.
type Function struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	// Essential says that losing it loses essential performance (IEC 60601-1).
	Essential bool `json:"essential,omitempty"`
}

// Kind is what a function is for: the categories of impact of the MITRE rubric.
type Kind string

// The kinds of function.
const (
	Therapy   Kind = "therapy"
	Diagnosis Kind = "diagnosis" // diagnosis or monitoring
	Workflow  Kind = "workflow"  // clinical workflow
	Records   Kind = "records"   // PHI and PII
	System    Kind = "system"    // private data of the system and its users
	OtherKind Kind = "other"
)

// Valid reports whether k is one of the kinds.
func (k Kind) Valid() bool {
	return slices.Contains([]Kind{Therapy, Diagnosis, Workflow, Records, System, OtherKind}, k)
}

func (d Deployment) validate(id string) []error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("device: product %q: "+format, append([]any{id}, args...)...))
	}
	if !d.Network.Valid() {
		bad("network %q is not known", d.Network)
	}
	if d.PatientRecords != nil && *d.PatientRecords < 0 {
		bad("a negative number of patient records")
	}
	known := map[string]bool{}
	for _, f := range d.Functions {
		if f.Name == "" || known[f.Name] {
			bad("a function without a name of its own (%q)", f.Name)
		}
		known[f.Name] = true
		if !f.Kind.Valid() {
			bad("function %q: kind %q is not known", f.Name, f.Kind)
		}
	}
	for _, i := range d.Interfaces {
		if i.Name == "" {
			bad("an interface without a name")
		}
		for _, f := range i.Functions {
			if !known[f] {
				bad("interface %q reaches function %q, which is not stated", i.Name, f)
			}
		}
	}
	return errs
}
