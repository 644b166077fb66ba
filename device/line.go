package device

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/store"
)

// A Line is a family of devices under one name: its variants, and the markets
// each is sold in. A vulnerability in one product is a question to all of its line.
type Line struct {
	// ID is the host's own id for the line ("pump"). It never changes.
	ID   string `json:"id"`
	Name string `json:"name"`
	// Manufacturer is the legal manufacturer's name.
	Manufacturer string    `json:"manufacturer"`
	Variants     []Variant `json:"variants"`
}

// A Variant is one model of a line, in all its released versions.
type Variant struct {
	// Model is the maker's model or catalog number.
	Model string `json:"model"`
	Name  string `json:"name,omitempty"`
	// UDIDI is the device identifier of the model; empty means not stated.
	UDIDI string `json:"udi_di,omitempty"`
	// Products are the IDs of its released versions: see [Product].
	Products []string `json:"products,omitempty"`
	Markets  []Market `json:"markets,omitempty"`
}

// A Market is where a variant is placed on the market, and as what.
type Market struct {
	// Place is the jurisdiction ("US", "EU", "UK").
	Place string `json:"place"`
	// Class is the device class there, in its own words ("II", "IIb").
	Class string `json:"class"`
	// Number is the authorization or registration ("K123456"); empty means not stated.
	Number string `json:"number,omitempty"`
	// From and Until are the days it was sold from and until ("2024-03-01"). Empty
	// means not stated, for Until: it still is.
	From  string `json:"from,omitempty"`
	Until string `json:"until,omitempty"`
}

// Key returns the ID.
func (l Line) Key() string { return l.ID }

// Lines is the drawer of the ledger that holds product lines.
const Lines store.Kind[Line] = "device.line"

// Validate reports everything that is missing or wrong in l, at once.
func (l Line) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("device: line %q: "+format, append([]any{l.ID}, args...)...))
	}
	for _, f := range []struct{ name, value string }{{"id", l.ID}, {"name", l.Name}, {"manufacturer", l.Manufacturer}} {
		if strings.TrimSpace(f.value) == "" {
			bad("no %s", f.name)
		}
	}
	models, products := map[string]bool{}, map[string]bool{}
	for _, v := range l.Variants {
		if strings.TrimSpace(v.Model) == "" || models[v.Model] {
			bad("a variant without a model of its own (%q)", v.Model)
		}
		models[v.Model] = true
		if why := checkUDIDI(v.UDIDI); why != "" {
			bad("variant %q: UDI-DI %q %s", v.Model, v.UDIDI, why)
		}
		for _, p := range v.Products {
			if p == "" || products[p] {
				bad("variant %q: product %q is empty or listed twice", v.Model, p)
			}
			products[p] = true
		}
		places := map[string]bool{}
		for _, m := range v.Markets {
			if strings.TrimSpace(m.Place) == "" || strings.TrimSpace(m.Class) == "" {
				bad("variant %q: a market without a place or a class", v.Model)
			}
			if places[m.Place] {
				bad("variant %q: market %q is listed twice", v.Model, m.Place)
			}
			places[m.Place] = true
			if !isDay(m.From) || !isDay(m.Until) || m.From != "" && m.Until != "" && m.Until < m.From {
				bad("variant %q: market %q from %q until %q: no days, or none that follow each other", v.Model, m.Place, m.From, m.Until)
			}
		}
	}
	return errors.Join(errs...)
}

// Products returns the IDs of all products of the line, in its order.
func (l Line) Products() []string {
	var out []string
	for _, v := range l.Variants {
		out = append(out, v.Products...)
	}
	return out
}

// Siblings returns the other products of the line that product is of; none when it
// is not of this line.
func (l Line) Siblings(product string) []string {
	all := l.Products()
	if !slices.Contains(all, product) {
		return nil
	}
	return slices.DeleteFunc(all, func(p string) bool { return p == product })
}

// isDay reports whether s is empty or a day such as 2026-01-31.
func isDay(s string) bool {
	if s == "" {
		return true
	}
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}
