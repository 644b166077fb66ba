package csaf

// A Document is one CSAF 2.0 document. Section 3.2 of the standard. Fields of
// which the comment begins with "2.1" are for documents of CSAF 2.1 alone, those
// with "2.0" for documents of 2.0 alone; a section is that of 2.0.
type Document struct {
	Schema          string          `json:"$schema,omitempty" csaf:"2.1"` // 2.1: Schema21
	Document        Meta            `json:"document,omitzero"`
	ProductTree     *ProductTree    `json:"product_tree,omitempty"`
	Vulnerabilities []Vulnerability `json:"vulnerabilities,omitempty"`
	Extra           Extra           `json:"-"`

	// Unread is what Decode met in the text and the model cannot hold: members
	// given twice, null and empty values, values of the wrong type. Nothing is
	// dropped without a line here. Check reports them, and Encode refuses a
	// document that has any, so that nothing is lost silently; setting it to nil
	// accepts the loss.
	Unread []Failure `json:"-"`

	// Mistyped are those of Unread that are values of the wrong type or numbers
	// out of range: something was said, and the model does not have it. The
	// others are null, empty, or given again.
	Mistyped []Failure `json:"-"`

	// Unsorted points to the objects whose members did not stand in alphabetical
	// order in the text that Decode read, for optional test 6.2.13. Encode sorts all but what is
	// within an Extra.
	Unsorted []string `json:"-"`
}

// Meta is what a document says about itself. Section 3.2.1.
type Meta struct {
	Acknowledgments   []Acknowledgment   `json:"acknowledgments,omitempty"`
	AggregateSeverity *AggregateSeverity `json:"aggregate_severity,omitempty"`
	Category          string             `json:"category,omitempty"` // a profile (Profile… constants) or free text
	CSAFVersion       string             `json:"csaf_version,omitempty"`
	Distribution      *Distribution      `json:"distribution,omitempty"`
	Lang              string             `json:"lang,omitempty"`                          // BCP 47
	LicenseExpression string             `json:"license_expression,omitempty" csaf:"2.1"` // 2.1: SPDX
	Notes             []Note             `json:"notes,omitempty"`
	Publisher         Publisher          `json:"publisher,omitzero"`
	References        []Reference        `json:"references,omitempty"`
	SourceLang        string             `json:"source_lang,omitempty"` // BCP 47; of the text this one translates
	Title             string             `json:"title,omitempty"`
	Tracking          Tracking           `json:"tracking,omitzero"`
	Extra             Extra              `json:"-"`
}

// Values of Meta.CSAFVersion. Version is what this package is about; documents of
// Version21 are read by DecodeAny and made by Preview21.
const (
	Version   = "2.0"
	Version21 = "2.1"
)

// Schema21 is the one value of Document.Schema in CSAF 2.1.
const Schema21 = "https://docs.oasis-open.org/csaf/csaf/v2.1/schema/csaf.json"

// Values of Meta.Category that select a profile. Section 4.
const (
	ProfileBase             = "csaf_base"
	ProfileIncidentResponse = "csaf_security_incident_response"
	ProfileInformational    = "csaf_informational_advisory"
	ProfileSecurityAdvisory = "csaf_security_advisory"
	ProfileVEX              = "csaf_vex"
)

// Values of Meta.Category that select a profile in CSAF 2.1 only. Sections 4.6 to 4.8
// of that.
const (
	ProfileDeprecatedAdvisory = "csaf_deprecated_security_advisory"
	ProfileSuperseded         = "csaf_superseded"
	ProfileWithdrawn          = "csaf_withdrawn"
)

// An Acknowledgment credits people or organizations. Section 3.1.1.
type Acknowledgment struct {
	Names        []string `json:"names,omitempty"`
	Organization string   `json:"organization,omitempty"`
	Summary      string   `json:"summary,omitempty"`
	URLs         []string `json:"urls,omitempty"`
	Extra        Extra    `json:"-"`
}

// AggregateSeverity is the publisher's own word for how bad it is as a whole.
type AggregateSeverity struct {
	Namespace string `json:"namespace,omitempty"` // URL of the scale
	Text      string `json:"text,omitempty"`
	Extra     Extra  `json:"-"`
}

// Distribution says who may have the document.
type Distribution struct {
	SharingGroup *SharingGroup `json:"sharing_group,omitempty" csaf:"2.1"` // 2.1
	Text         string        `json:"text,omitempty"`
	TLP          *TLP          `json:"tlp,omitempty"`
	Extra        Extra         `json:"-"`
}

// A SharingGroup is the circle a document of CSAF 2.1 is shared in.
type SharingGroup struct {
	ID    string `json:"id,omitempty"` // a UUID
	Name  string `json:"name,omitempty"`
	Extra Extra  `json:"-"`
}

// TLP is a traffic light label of the first version of that protocol, the only
// one CSAF 2.0 has, or in CSAF 2.1 of the second. See Distribute for the way from
// that one to the first.
type TLP struct {
	Label TLPLabel `json:"label,omitempty"`
	URL   string   `json:"url,omitempty"`
	Extra Extra    `json:"-"`
}

// A Note is a paragraph of prose. Section 3.1.4.
type Note struct {
	Audience   string       `json:"audience,omitempty"`
	Category   NoteCategory `json:"category,omitempty"`
	GroupIDs   []string     `json:"group_ids,omitempty" csaf:"2.1"`   // 2.1
	ProductIDs []string     `json:"product_ids,omitempty" csaf:"2.1"` // 2.1
	Text       string       `json:"text,omitempty"`
	Title      string       `json:"title,omitempty"`
	Extra      Extra        `json:"-"`
}

// Publisher is who speaks.
type Publisher struct {
	Category         PublisherCategory `json:"category,omitempty"`
	ContactDetails   string            `json:"contact_details,omitempty"`
	IssuingAuthority string            `json:"issuing_authority,omitempty"`
	Name             string            `json:"name,omitempty"`
	Namespace        string            `json:"namespace,omitempty"` // URL that names the publisher
	Extra            Extra             `json:"-"`
}

// A Reference points elsewhere. Section 3.1.10.
type Reference struct {
	Category ReferenceCategory `json:"category,omitempty"` // empty reads as external, by the standard's default
	Summary  string            `json:"summary,omitempty"`
	URL      string            `json:"url,omitempty"`
	Extra    Extra             `json:"-"`
}

// Tracking is the document's identity and history. Section 3.2.1.12.
type Tracking struct {
	Aliases            []string   `json:"aliases,omitempty"`
	CurrentReleaseDate Date       `json:"current_release_date,omitempty"`
	Generator          *Generator `json:"generator,omitempty"`
	ID                 string     `json:"id,omitempty"`
	InitialReleaseDate Date       `json:"initial_release_date,omitempty"`
	RevisionHistory    []Revision `json:"revision_history,omitempty"`
	Status             Status     `json:"status,omitempty"`
	Version            string     `json:"version,omitempty"` // integer or semantic, as in every Revision
	Extra              Extra      `json:"-"`
}

// Generator is the program that made the document.
type Generator struct {
	Date   Date   `json:"date,omitempty"`
	Engine Engine `json:"engine,omitzero"`
	Extra  Extra  `json:"-"`
}

// Engine names that program.
type Engine struct {
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
	Extra   Extra  `json:"-"`
}

// A Revision is one line of the document's history.
type Revision struct {
	Date          Date   `json:"date,omitempty"`
	LegacyVersion string `json:"legacy_version,omitempty"`
	Number        string `json:"number,omitempty"`
	Summary       string `json:"summary,omitempty"`
	Extra         Extra  `json:"-"`
}
