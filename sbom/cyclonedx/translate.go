package cyclonedx

import (
	"fmt"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/open-postmarket/postmarket/sbom"
)

// translation flattens one document.
type translation struct {
	bom  sbom.BOM
	seen map[string]string // ref → path of its first bearer
}

func translate(doc *cdx.BOM) (sbom.BOM, error) {
	t := translation{seen: map[string]string{}}
	t.bom.Spec = doc.SpecVersion.String()
	t.bom.Serial = doc.SerialNumber
	t.bom.Revision = doc.Version
	if m := doc.Metadata; m != nil {
		if m.Timestamp != "" {
			if t.bom.Created = stamp(m.Timestamp); t.bom.Created.IsZero() {
				t.problem("metadata.timestamp", "%q is not a date", m.Timestamp)
			}
		}
		if m.Component != nil {
			t.bom.Root = t.component(m.Component, "metadata.component", "")
			if err := t.nested(m.Component.Components, "metadata.component.components", []string{t.bom.Root.Ref}); err != nil {
				return sbom.BOM{}, err
			}
		}
	}
	if err := t.nested(doc.Components, "components", nil); err != nil {
		return sbom.BOM{}, err
	}
	for _, d := range list(doc.Dependencies) {
		t.bom.Edges = append(t.bom.Edges, sbom.Edge{From: d.Ref, To: list(d.Dependencies)})
	}
	return t.bom, nil
}

// nested adds components in document order. holders are the refs that hold
// them, outermost first.
func (t *translation) nested(cs *[]cdx.Component, path string, holders []string) error {
	for i := range list(cs) {
		c := &(*cs)[i]
		here := fmt.Sprintf("%s[%d]", path, i)
		for _, h := range holders {
			if c.BOMRef != "" && c.BOMRef == h {
				return &SyntaxError{Path: here, Why: fmt.Sprintf("the component %q is held by itself", h)}
			}
		}
		parent := ""
		if len(holders) > 0 {
			parent = holders[len(holders)-1]
		}
		own := t.component(c, here, parent)
		t.bom.Components = append(t.bom.Components, own)
		if c.Components != nil {
			inner := append(append([]string(nil), holders...), own.Ref)
			if err := t.nested(c.Components, here+".components", inner); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *translation) component(c *cdx.Component, path, parent string) sbom.Component {
	own := sbom.Component{
		Ref: c.BOMRef, Parent: parent, Path: path, Type: sbom.Type(c.Type),
		Group: c.Group, Name: c.Name, Version: c.Version,
		PURL: c.PackageURL, CPE: c.CPE, Description: c.Description,
	}
	if own.Ref == "" {
		own.Ref = path
	} else if first, twice := t.seen[own.Ref]; twice {
		t.problem(path, "has the bom-ref %q of %s", own.Ref, first)
	} else {
		t.seen[own.Ref] = path
	}
	switch {
	case c.Supplier != nil && c.Supplier.Name != "":
		own.Supplier = c.Supplier.Name
	case c.Manufacturer != nil && c.Manufacturer.Name != "":
		own.Supplier = c.Manufacturer.Name
	default:
		own.Supplier = c.Publisher
	}
	for _, h := range list(c.Hashes) {
		own.Hashes = append(own.Hashes, sbom.Hash{Algorithm: string(h.Algorithm), Value: h.Value})
	}
	if own.Name == "" {
		t.problem(path, "has no name")
	}
	if own.PURL != "" {
		if _, err := own.Package(); err != nil {
			t.problem(path+".purl", "%v", err)
		}
	}
	if own.CPE != "" {
		if _, err := own.CPEName(); err != nil {
			t.problem(path+".cpe", "%v", err)
		}
	}
	return own
}

func (t *translation) problem(path, format string, args ...any) {
	t.bom.Problems = append(t.bom.Problems, sbom.Problem{Path: path, Message: fmt.Sprintf(format, args...)})
}

// list is *p, or nothing.
func list[T any](p *[]T) []T {
	if p == nil {
		return nil
	}
	return *p
}
