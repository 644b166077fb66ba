package vex

import (
	"slices"
	"time"
)

// A Statement says how one vulnerability stands to some products. Times are UTC;
// zero means not said.
type Statement struct {
	// Vulnerability is the id as written, Aliases are its other ids.
	Vulnerability string   `json:"vulnerability"`
	Aliases       []string `json:"aliases,omitempty"`
	// Products name what is spoken of, as text: a reference within the document, a
	// purl, a product id.
	Products []string `json:"products,omitempty"`
	// Versions are those spoken of, where the format states them: a version or a
	// range, as written.
	Versions []string `json:"versions,omitempty"`
	Status   Status   `json:"status,omitempty"`
	// Justification is why it is not affected; empty for every other status, and
	// when the format's own reason has no equal among the five.
	Justification Justification `json:"justification,omitempty"`
	// Impact and Action are free text: why not, and what to do.
	Impact string `json:"impact,omitempty"`
	Action string `json:"action,omitempty"`
	// Original are the format's own tokens: state, justification, response.
	Original Original  `json:"original,omitzero"`
	Issued   time.Time `json:"issued,omitzero"`
	Updated  time.Time `json:"updated,omitzero"`
}

// Original keeps what the format said in its own words.
type Original struct {
	Format        string   `json:"format"` // "cyclonedx"
	State         string   `json:"state,omitempty"`
	Justification string   `json:"justification,omitempty"`
	Responses     []string `json:"responses,omitempty"`
	// Version is what was said of the Versions alone, where that is stated apart.
	Version string `json:"version,omitempty"`
}

// Status is one of the four of VEX. The zero value means not said.
type Status string

// The statuses, as OpenVEX spells them.
const (
	NotAffected        Status = "not_affected"
	Affected           Status = "affected"
	Fixed              Status = "fixed"
	UnderInvestigation Status = "under_investigation"
)

// Valid reports whether s is one of the four; the zero value is not.
func (s Status) Valid() bool {
	return slices.Contains([]Status{NotAffected, Affected, Fixed, UnderInvestigation}, s)
}

// Justification is why a product is not affected. The zero value means not said.
type Justification string

// The justifications that CSAF flags and OpenVEX share.
const (
	ComponentNotPresent   Justification = "component_not_present"
	CodeNotPresent        Justification = "vulnerable_code_not_present"
	CodeNotInExecutePath  Justification = "vulnerable_code_not_in_execute_path"
	CodeNotControllable   Justification = "vulnerable_code_cannot_be_controlled_by_adversary"
	InlineMitigationsHold Justification = "inline_mitigations_already_exist"
)

// Valid reports whether j is one of the five; the zero value is not.
func (j Justification) Valid() bool {
	return slices.Contains([]Justification{
		ComponentNotPresent, CodeNotPresent, CodeNotInExecutePath, CodeNotControllable, InlineMitigationsHold,
	}, j)
}
