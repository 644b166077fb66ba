package sbom

import (
	"time"

	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/vex"
)

// Format is the file format a BOM was read from. The zero value means it was
// not read from a file.
type Format string

// The formats that are read.
const (
	CycloneDXJSON Format = "cyclonedx-json"
	CycloneDXXML  Format = "cyclonedx-xml"
	SPDXJSON      Format = "spdx-json"
	SPDXTagValue  Format = "spdx-tag-value"
	SPDXRDF       Format = "spdx-rdf"
	SPDXYAML      Format = "spdx-yaml"
	SPDXJSONLD    Format = "spdx-json-ld" // SPDX 3
)

// A BOM is one bill of materials: the device itself as Root and, flat, every
// component in it.
type BOM struct {
	Format Format `json:"format,omitempty"`
	// Spec is the version of the format's specification, as written ("1.4").
	Spec string `json:"spec,omitempty"`
	// Serial and Revision are the document's own identity. Empty and 0 mean
	// the document has none.
	Serial   string `json:"serial,omitempty"`
	Revision int    `json:"revision,omitempty"`
	// Created is when the document says it was made, in UTC; zero when it does
	// not say.
	Created time.Time `json:"created,omitzero"`
	// Digest is the lower-case hex SHA-256 of the bytes that were read; empty
	// for a BOM made in code.
	Digest string `json:"digest,omitempty"`
	// Root is the device (or application) the document describes. A document
	// that describes none has a Root with no name.
	Root Component `json:"root,omitzero"`
	// Components are all others, nested ones included, in document order: a
	// component comes before the ones nested in it.
	Components []Component `json:"components,omitempty"`
	// Services are what the device uses and does not hold, nested ones included.
	// They are no components: their Type is [Service].
	Services []Component `json:"services,omitempty"`
	// Edges are the dependency edges as written, cycles included.
	Edges []Edge `json:"edges,omitempty"`
	// Completeness is what the document says of its own gaps.
	Completeness []Completeness `json:"completeness,omitempty"`
	// Statements are what the document itself says of vulnerabilities (VEX).
	Statements []vex.Statement `json:"statements,omitempty"`
	// Authors and Tools say who made the document, and with what.
	Authors []string `json:"authors,omitempty"`
	Tools   []string `json:"tools,omitempty"`
	// Lifecycle is in which phases it was made ("build"), as written.
	Lifecycle []string `json:"lifecycle,omitempty"`
	// Marking is to whom it may be given, as written: a TLP label. Empty means
	// that it does not say.
	Marking string `json:"marking,omitempty"`
	// Links and Properties are those of the document itself.
	Links      []Link     `json:"links,omitempty"`
	Properties []Property `json:"properties,omitempty"`
	// Problems are oddities that did not stop the reading.
	Problems []Problem `json:"problems,omitempty"`
}

// An Edge says that the component From depends on each of To. Both are Refs,
// and may name nothing that is in the BOM.
type Edge struct {
	From string   `json:"from"`
	To   []string `json:"to,omitempty"`
	// Provides are the Refs of what From implements: a specification, a protocol.
	Provides []string `json:"provides,omitempty"`
}

// Completeness says how complete the lists of some components are: NTIA calls
// the gaps known unknowns.
type Completeness struct {
	// Aggregate is the document's word: "complete", "incomplete", "unknown" ….
	Aggregate string `json:"aggregate"`
	// Parts are the Refs whose nested components are meant, Dependencies those
	// whose edges are.
	Parts        []string `json:"parts,omitempty"`
	Dependencies []string `json:"dependencies,omitempty"`
}

// A Problem is one oddity met while reading: where in the document, and what.
type Problem struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

// All returns the root, when the document has one, and every component.
func (b BOM) All() []Component {
	if !b.HasRoot() {
		return b.Components
	}
	return append([]Component{b.Root}, b.Components...)
}

// HasRoot reports whether the document says what it describes: by a name or by an
// identifier.
func (b BOM) HasRoot() bool {
	return b.Root.Name != "" || b.Root.PURL != "" || b.Root.CPE != ""
}

// Coordinates returns every coordinate that any component or the root is
// looked up by, each once, in document order.
func (b BOM) Coordinates() []Coordinate {
	seen := map[Coordinate]bool{}
	var out []Coordinate
	for _, c := range b.All() {
		for _, at := range c.Coordinates() {
			if !seen[at] {
				seen[at] = true
				out = append(out, at)
			}
		}
	}
	return out
}

// A Filed is a BOM as a ledger keeps it: under the product it belongs to.
type Filed struct {
	// Product is the key of the device.Product.
	Product string `json:"product"`
	BOM     BOM    `json:"bom"`
}

// Key returns the product's key: a product has one current BOM, and the ledger
// keeps the earlier ones.
func (f Filed) Key() string { return f.Product }

// Files is the drawer of the ledger that holds BOMs.
const Files store.Kind[Filed] = "sbom.bom"
