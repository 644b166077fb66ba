package device

import (
	"errors"
	"fmt"
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
