package device

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/store"
)

// RelatedKind says what a related system is to the device. The zero value means
// not said.
type RelatedKind string

// The kinds: the first three are FDA's examples of related systems (premarket
// guidance of 2026, VII.C.2) in our words.
const (
	UpdateServer RelatedKind = "update server"
	OtherDevice  RelatedKind = "other device"
	FacilityLink RelatedKind = "link to the facility's network"
	Gateway      RelatedKind = "gateway"
	App          RelatedKind = "app"
	Cloud        RelatedKind = "cloud service"
	ServiceTool  RelatedKind = "service tool"
	OtherSystem  RelatedKind = "other"
)

// Valid reports whether k is one of the kinds; the zero value is not.
func (k RelatedKind) Valid() bool {
	return slices.Contains([]RelatedKind{UpdateServer, OtherDevice, FacilityLink, Gateway, App, Cloud, ServiceTool, OtherSystem}, k)
}

// A Related is a system that a device works with and whose failure can reach it:
// section 524B asks for the cybersecurity of the device and related systems.
type Related struct {
	// ID is the host's own id ("update-server"). It never changes.
	ID   string      `json:"id"`
	Name string      `json:"name"`
	Kind RelatedKind `json:"kind"`
	// Products are the IDs of the products that work with it.
	Products []string `json:"products"`
	// Ours is nil when it is not said whether the maker controls it.
	Ours *bool `json:"ours,omitempty"`
	// Operator is who runs it, in the host's words ("maker", "facility"); Supplier
	// the ID of the [Supplier] it comes from, if any.
	Operator string `json:"operator,omitempty"`
	Supplier string `json:"supplier,omitempty"`
	// Inventory is the product id under which its own SBOM is filed; empty means
	// that there is none.
	Inventory string `json:"inventory,omitempty"`
}

// Key returns the ID.
func (r Related) Key() string { return r.ID }

// RelatedSystems is the drawer of the ledger that holds related systems.
const RelatedSystems store.Kind[Related] = "device.related"

// Validate reports everything that is missing or wrong in r, at once.
func (r Related) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("device: related system %q: "+format, append([]any{r.ID}, args...)...))
	}
	if strings.TrimSpace(r.ID) == "" || strings.TrimSpace(r.Name) == "" {
		bad("no id or no name")
	}
	if !r.Kind.Valid() {
		bad("kind %q is not known", r.Kind)
	}
	if len(r.Products) == 0 || slices.Contains(r.Products, "") {
		bad("no product works with it, or one without an id")
	}
	return errors.Join(errs...)
}
