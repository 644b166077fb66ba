package sbom

import (
	"encoding/json"
	"time"
)

// Type says what kind of thing a component is, in CycloneDX words. The zero
// value means the document does not say.
type Type string

// The types that matter to the rooms that follow; others are kept as written.
const (
	Application     Type = "application"
	Framework       Type = "framework"
	Library         Type = "library"
	OperatingSystem Type = "operating-system"
	Device          Type = "device"
	Firmware        Type = "firmware"
	Container       Type = "container"
	File            Type = "file"
	Model           Type = "machine-learning-model"
	Data            Type = "data"
	// Service is what is used over a network and is not in the device. The word is
	// ours: CycloneDX lists services apart.
	Service Type = "service"
)

// A Component is one part of a device: hardware, firmware, operating system,
// application, library, model or data. All text is as it stood in the document;
// a zero field means that the document does not say.
type Component struct {
	// Ref is the component's reference within its document. One without a
	// reference gets its place in the document ("components[3]").
	Ref string `json:"ref"`
	// Parent is the Ref of the component it was nested in; empty at the top.
	Parent string `json:"parent,omitempty"`
	// Path is the place in the document ("components[3].components[0]").
	Path    string `json:"path,omitempty"`
	Type    Type   `json:"type,omitempty"`
	Group   string `json:"group,omitempty"`
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	// VersionRange stands in place of a version where the component comes from
	// outside the product: a vers range.
	VersionRange string `json:"version_range,omitempty"`
	// External says that it is needed but not part of the product.
	External bool `json:"external,omitempty"`
	// PURL is the first package URL as written, valid or not.
	PURL string `json:"purl,omitempty"`
	// CPE is the first CPE name as written, valid or not.
	CPE string `json:"cpe,omitempty"`
	// More are further identifiers: package URLs and CPE names beyond the first,
	// and those of other kinds.
	More []Identifier `json:"more,omitempty"`
	// Supplier is who supplied it, else who made it, else who published it.
	Supplier string `json:"supplier,omitempty"`
	// Manufacturer and Publisher are those the document names as such.
	Manufacturer string   `json:"manufacturer,omitempty"`
	Publisher    string   `json:"publisher,omitempty"`
	Authors      []string `json:"authors,omitempty"`
	Description  string   `json:"description,omitempty"`
	Hashes       []Hash   `json:"hashes,omitempty"`
	// Licenses are SPDX ids, expressions or names, as written.
	Licenses []string `json:"licenses,omitempty"`
	// Scope is "required", "optional" or "excluded" as CycloneDX has it.
	Scope string `json:"scope,omitempty"`
	// Links are the external references.
	Links []Link `json:"links,omitempty"`
	// Pedigree says what it was made from, and how it was patched.
	Pedigree *Pedigree `json:"pedigree,omitempty"`
	// Evidence says how the component was recognized and where it was met.
	Evidence []Trace `json:"evidence,omitempty"`
	// Files are the source files compiled into it, where the document lists them.
	Files []string `json:"files,omitempty"`
	// Support is what is said of its support; nil when nothing is.
	Support *Support `json:"support,omitempty"`
	// ModelCard is the card of a machine-learning model, as the document's JSON.
	ModelCard json.RawMessage `json:"model_card,omitempty"`
	// Datasets are the data sets a data component holds, as the document's JSON.
	Datasets json.RawMessage `json:"datasets,omitempty"`
	// Properties are the names and values that the format does not define.
	Properties []Property `json:"properties,omitempty"`
}

// A Property is a name and a value outside the format's own vocabulary. A name
// may come more than once.
type Property struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
}

// An Identifier is one way in which the outside world may name a component.
type Identifier struct {
	// Kind is "purl", "cpe", "swid", "swhid", "gitoid" or the document's own word.
	Kind string `json:"kind"`
	Text string `json:"text"`
	// From is where in the component it stood ("evidence.identity").
	From string `json:"from,omitempty"`
	// Problem is why it cannot be used; empty when it can.
	Problem string `json:"problem,omitempty"`
}

// A Hash is a digest of the component's content: the algorithm as the document
// names it and the value in its text form.
type Hash struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"value"`
}

// A Link is an external reference: what it is for, in the document's word, and
// where it leads.
type Link struct {
	Kind string `json:"kind"`
	URL  string `json:"url"`
}

// A Pedigree says where a component comes from.
type Pedigree struct {
	// Ancestors are what it was derived from; they are not in the device.
	Ancestors []Component `json:"ancestors,omitempty"`
	Patches   []Patch     `json:"patches,omitempty"`
	// Commits are those it was made from: ids, else URLs.
	Commits []string `json:"commits,omitempty"`
	// Modified says that it is not what its supplier gave out.
	Modified bool   `json:"modified,omitempty"`
	Notes    string `json:"notes,omitempty"`
}

// A Patch is a change that was made to a component after it was taken over.
type Patch struct {
	// Kind is "unofficial", "monkey", "backport" or "cherry-pick" in CycloneDX.
	Kind string `json:"kind,omitempty"`
	// Resolves are the ids of the issues it resolves, CVE ids among them.
	Resolves []string `json:"resolves,omitempty"`
	// Diff is where the change can be seen: a URL.
	Diff string `json:"diff,omitempty"`
}

// A Trace is a piece of evidence that a component is there.
type Trace struct {
	// Field is which part of the identity it speaks of ("purl", "version"), or
	// "occurrence" for a place where it was met.
	Field string `json:"field"`
	Value string `json:"value,omitempty"`
	// Technique says how; Confidence how sure, from 0 to 1.
	Technique  string  `json:"technique,omitempty"`
	Confidence float64 `json:"confidence,omitempty"`
}

// Support is what a document, or an addendum to it, says of a component's
// support (FDA, premarket guidance of 2026, V.A.4: level of support and
// end-of-support date).
type Support struct {
	Level Level `json:"level,omitempty"`
	// Ends is the end-of-support date, a UTC day; zero when not stated.
	Ends time.Time `json:"ends,omitzero"`
	// Checked is when that was last looked up; From says where it was stated.
	Checked time.Time `json:"checked,omitzero"`
	From    string    `json:"from,omitempty"`
	// Why justifies that something is not known.
	Why string `json:"why,omitempty"`
}

// Level is a level of support. The zero value means not stated.
type Level string

// The levels: FDA gives these as examples and no closed list.
const (
	Maintained   Level = "actively maintained"
	Unmaintained Level = "no longer maintained"
	Abandoned    Level = "abandoned"
	UnknownLevel Level = "unknown"
)

// Stated returns the version the component is of and where that was said:
// "version" (its own field), "purl" or "cpe", in this order. Empty text means
// that no version is stated anywhere.
func (c Component) Stated() (version, where string) {
	if v := trim(c.Version); v != "" {
		return v, "version"
	}
	if p, err := c.Package(); err == nil && p.Version != "" {
		return p.Version, "purl"
	}
	if n, err := c.CPEName(); err == nil && n.Version.Literal() {
		return n.Version.Text(), "cpe"
	}
	return "", ""
}
