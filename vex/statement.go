package vex

import (
	"slices"
	"time"
)

// A Statement says how one vulnerability stands to some products. Times are UTC;
// zero means not said.
type Statement struct {
	// ID is its own id, where the format gives one.
	ID string `json:"id,omitempty"`
	// Vulnerability is the id as written, Aliases are its other ids.
	Vulnerability string   `json:"vulnerability"`
	Aliases       []string `json:"aliases,omitempty"`
	// Products are what is spoken of: one status for each of them.
	Products []Product `json:"products,omitempty"`
	// Versions are those of the products that are spoken of, where the format
	// states them apart from the products: a version or a range, as written. No
	// other version is meant then.
	Versions []string `json:"versions,omitempty"`
	Status   Status   `json:"status,omitempty"`
	// Justification is why it is not affected; empty for every other status, and
	// when the format's own reason has no equal among the five.
	Justification Justification `json:"justification,omitempty"`
	// Impact, Action and Notes are free text: why not, what to do, and how the
	// status was found.
	Impact string `json:"impact,omitempty"`
	Action string `json:"action,omitempty"`
	Notes  string `json:"notes,omitempty"`
	// Original are the format's own tokens: state, justification, response.
	Original Original `json:"original,omitzero"`
	// Author, Issued and Updated are empty where the document's own hold: see
	// [Document.Alone].
	Author  string    `json:"author,omitempty"`
	Issued  time.Time `json:"issued,omitzero"`
	Updated time.Time `json:"updated,omitzero"`
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

// Withhold returns statements that clear nothing: not_affected and fixed become
// no status, and there is no justification. What was written stays in Original.
// It is for statements of which it is not known of what they speak: a clearance
// would be of more than was said (our convention).
func Withhold(list []Statement) []Statement {
	out := slices.Clone(list)
	for i := range out {
		if out[i].Status.Clears() {
			out[i].Status = ""
		}
		out[i].Justification = ""
	}
	return out
}

// A Key names what one status is said of: a decision about one must never answer
// for another. All three are text as written, each the strongest name there is.
type Key struct {
	Vulnerability string
	Product       string
	Version       string
}

// Keys are all that s speaks of, each product at each version. A product within
// others is named with all of them, outermost first.
func (s Statement) Keys() []Key {
	var out []Key
	for _, p := range s.Products {
		versions := s.Versions
		if len(versions) == 0 {
			versions = []string{p.version()}
		}
		for _, v := range versions {
			out = append(out, Key{s.Vulnerability, p.chain(), v})
		}
	}
	return out
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

// Clears reports whether s says that nothing is to be done: not affected, or
// fixed.
func (s Status) Clears() bool { return s == NotAffected || s == Fixed }

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
