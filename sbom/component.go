package sbom

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
)

// A Component is one part of a device: hardware, firmware, operating system,
// application or library. All text is as it stood in the document.
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
	// PURL is the package URL as written, valid or not; empty when there is none.
	PURL string `json:"purl,omitempty"`
	// CPE is the CPE name as written, valid or not; empty when there is none.
	CPE         string `json:"cpe,omitempty"`
	Supplier    string `json:"supplier,omitempty"`
	Description string `json:"description,omitempty"`
	Hashes      []Hash `json:"hashes,omitempty"`
}

// A Hash is a digest of the component's content: the algorithm as the document
// names it and the value in its text form.
type Hash struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"value"`
}

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
