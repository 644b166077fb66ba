package cyclonedx

import (
	"fmt"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/vex"
	vexcdx "github.com/open-postmarket/postmarket/vex/cyclonedx"
)

// A translation flattens one document, which it is told piece by piece.
type translation struct {
	bom    sbom.BOM
	inRoot []sbom.Component  // what the root holds; it goes before the others
	seen   map[string]string // ref → path of its first bearer
	// Makers of the root that the metadata names beside it.
	supplier, manufacturer string
	untold                 int                 // problems beyond those that are listed
	names                  map[string]*meaning // of properties met so far
	// unread says that something was left out of what the vulnerability that is
	// being read affects.
	unread bool
	// Where the list of components or services that is being read begins, when it
	// is not the first, and where the next one would.
	components, services numbering
}

func newTranslation(f sbom.Format) *translation {
	t := &translation{seen: map[string]string{}, names: map[string]*meaning{}}
	t.bom.Format = f
	return t
}

// finish is the BOM once all has been told.
func (t *translation) finish() sbom.BOM {
	root := &t.bom.Root
	if root.Supplier == "" {
		root.Supplier = first(t.supplier, t.manufacturer)
	}
	if root.Manufacturer == "" {
		root.Manufacturer = t.manufacturer
	}
	if s := t.support(t.bom.Properties, ""); s != nil && root.Support == nil {
		root.Support = s
	}
	if len(t.inRoot) > 0 {
		t.bom.Components = append(t.inRoot, t.bom.Components...)
	}
	if len(t.bom.Components) == 0 {
		t.bom.Components = nil
	}
	if t.untold > 0 {
		t.bom.Problems = append(t.bom.Problems, sbom.Problem{Message: fmt.Sprintf("%d more problems are not listed", t.untold)})
	}
	return t.bom
}

func (t *translation) metadata(m *cdx.Metadata) error {
	if m.Timestamp != "" {
		t.bom.Created = stamp(m.Timestamp)
		if _, err := time.Parse(time.RFC3339Nano, strings.TrimSpace(m.Timestamp)); err != nil {
			t.problem("metadata.timestamp", "%q is not an instant with a time zone", short(m.Timestamp))
		}
	}
	for _, l := range list(m.Lifecycles) {
		t.bom.Lifecycle = append(t.bom.Lifecycle, first(string(l.Phase), l.Name))
	}
	t.tools(m.Tools)
	for _, a := range list(m.Authors) {
		t.bom.Authors = appendText(t.bom.Authors, person(a))
	}
	// Manufacturer made the document (1.6), manufacture the thing described.
	t.bom.Authors = appendText(t.bom.Authors, organization(m.Manufacturer))
	t.supplier, t.manufacturer = organization(m.Supplier), organization(m.Manufacture)
	if d := m.DistributionConstraints; d != nil {
		t.bom.Marking = string(d.TLP)
	}
	t.bom.Properties = append(t.bom.Properties, properties(m.Properties)...)
	if m.Component == nil {
		return nil
	}
	t.bom.Root = t.component(m.Component, "metadata.component", "")
	return t.nested(&t.inRoot, list(m.Component.Components), "metadata.component.components", []string{t.bom.Root.Ref})
}

func (t *translation) tools(c *cdx.ToolsChoice) {
	if c == nil {
		return
	}
	for _, tool := range list(c.Tools) {
		t.bom.Tools = appendText(t.bom.Tools, words(tool.Vendor, tool.Name, tool.Version))
	}
	for _, tool := range list(c.Components) {
		by := first(organization(tool.Supplier), organization(tool.Manufacturer), tool.Publisher, tool.Author, tool.Group)
		t.bom.Tools = appendText(t.bom.Tools, words(by, tool.Name, tool.Version))
	}
	for _, tool := range list(c.Services) {
		t.bom.Tools = appendText(t.bom.Tools, words(organization(tool.Provider), tool.Name, tool.Version))
	}
}

// A numbering goes on where a list is there twice, so that no two of its elements
// have one place.
type numbering struct{ begin, next int }

// again begins another list.
func (n *numbering) again() { n.begin = n.next }

// at is the number of element i of the list that was begun last.
func (n *numbering) at(i int) int {
	n.next = max(n.next, n.begin+i+1)
	return n.begin + i
}

func (t *translation) topComponent(i int, c *cdx.Component) error {
	return t.nest(&t.bom.Components, c, at("components", t.components.at(i)), nil)
}

// nested adds components in document order. holders are the refs that hold
// them, outermost first.
func (t *translation) nested(into *[]sbom.Component, cs []cdx.Component, path string, holders []string) error {
	for i := range cs {
		if err := t.nest(into, &cs[i], at(path, i), holders); err != nil {
			return err
		}
	}
	return nil
}

func (t *translation) nest(into *[]sbom.Component, c *cdx.Component, path string, holders []string) error {
	parent := ""
	for i, h := range holders {
		// The one just above it that bears its bom-ref is a twin, not a ring.
		if c.BOMRef != "" && c.BOMRef == h && i < len(holders)-1 {
			return &SyntaxError{Path: path, Why: fmt.Sprintf("the component %q is held by itself", h)}
		}
		parent = h
	}
	own := t.component(c, path, parent)
	*into = append(*into, own)
	if c.Components == nil {
		return nil
	}
	inner := append(append([]string(nil), holders...), own.Ref)
	return t.nested(into, *c.Components, path+".components", inner)
}

func (t *translation) topService(i int, s *cdx.Service) error {
	t.service(s, at("services", t.services.at(i)), "")
	return nil
}

func (t *translation) service(s *cdx.Service, path, parent string) {
	own := sbom.Component{
		Ref: t.ref(s.BOMRef, path), Parent: parent, Path: path, Type: sbom.Service,
		Group: s.Group, Name: s.Name, Version: s.Version, Description: s.Description,
		Supplier: organization(s.Provider), Licenses: licenses(s.Licenses),
		Links: links(s.ExternalReferences), Properties: properties(s.Properties),
	}
	for _, e := range list(s.Endpoints) {
		own.Links = append(own.Links, sbom.Link{Kind: "endpoint", URL: e})
	}
	own.Support = t.support(own.Properties, path)
	if own.Name == "" {
		t.problem(path, "has no name")
	}
	t.bom.Services = append(t.bom.Services, own)
	for i := range list(s.Services) {
		t.service(&(*s.Services)[i], at(path+".services", i), own.Ref)
	}
}

func (t *translation) dependency(_ int, d *cdx.Dependency) error {
	t.bom.Edges = append(t.bom.Edges, sbom.Edge{From: d.Ref, To: some(d.Dependencies), Provides: some(d.Provides)})
	return nil
}

func (t *translation) composition(_ int, c *cdx.Composition) error {
	t.bom.Completeness = append(t.bom.Completeness, sbom.Completeness{
		Aggregate: string(c.Aggregate), Parts: refs(c.Assemblies), Dependencies: refs(c.Dependencies),
	})
	return nil
}

func (t *translation) vulnerability(i int, v *cdx.Vulnerability) error {
	path := at("vulnerabilities", i)
	if v.ID == "" {
		t.problem(path, "has no id")
	}
	if a := v.Analysis; a != nil {
		if _, ok := vexcdx.Status(string(a.State)); a.State != "" && !ok {
			t.problem(path+".analysis.state", "%q is not a state of CycloneDX: it gives no status", short(string(a.State)))
		}
		if _, ok := vexcdx.Justification(string(a.Justification)); a.Justification != "" && !ok {
			t.problem(path+".analysis.justification", "%q is not a justification of CycloneDX: it gives none", short(string(a.Justification)))
		}
	}
	for i, target := range list(v.Affects) {
		here := at(path+".affects", i)
		if strings.TrimSpace(target.Ref) == "" {
			t.unread = true
			t.problem(here, "names no reference")
		}
		for j, r := range list(target.Range) {
			if strings.TrimSpace(r.Version+r.Range) == "" {
				t.unread = true
				t.problem(at(here+".versions", j), "names no version")
			}
		}
	}
	statements := vexcdx.Statements(v)
	if t.unread {
		statements = vex.Withhold(statements)
		t.problem(path+".affects", "is not read in whole: nothing is cleared by it")
	}
	t.unread = false
	t.bom.Statements = append(t.bom.Statements, statements...)
	return nil
}

func (t *translation) reference(_ int, r *cdx.ExternalReference) error {
	t.bom.Links = append(t.bom.Links, sbom.Link{Kind: string(r.Type), URL: r.URL})
	return nil
}

func (t *translation) property(_ int, p *cdx.Property) error {
	t.bom.Properties = append(t.bom.Properties, sbom.Property{Name: p.Name, Value: p.Value})
	return nil
}

// ref is the reference of what stands at path, and tells of one that is borne
// twice. What stands inside the first bearer goes by its place instead, so that
// no chain of parents runs in a ring.
func (t *translation) ref(ref, path string) string {
	if ref == "" {
		return path
	}
	bearer, twice := t.seen[ref]
	if !twice {
		t.seen[ref] = path
		return ref
	}
	t.problem(path, "has the bom-ref %q of %s", short(ref), bearer)
	if strings.HasPrefix(path, bearer+".") {
		return path
	}
	return ref
}

func (t *translation) problem(path, format string, args ...any) {
	if len(t.bom.Problems) >= maxProblems {
		t.untold++
		return
	}
	t.bom.Problems = append(t.bom.Problems, sbom.Problem{Path: path, Message: fmt.Sprintf(format, args...)})
}

// list is *p, or nothing.
func list[T any](p *[]T) []T {
	if p == nil {
		return nil
	}
	return *p
}

// some is *p, and nothing when that is empty.
func some[T any](p *[]T) []T {
	if len(list(p)) == 0 {
		return nil
	}
	return *p
}

// first is the first of texts that says something.
func first(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

// words joins those texts that say something.
func words(texts ...string) string {
	var out []string
	for _, s := range texts {
		if s != "" {
			out = append(out, s)
		}
	}
	return strings.Join(out, " ")
}

func appendText(to []string, s string) []string {
	if s == "" {
		return to
	}
	return append(to, s)
}

func person(c cdx.OrganizationalContact) string { return first(c.Name, c.Email, c.Phone) }

// organization is its name, else one of its addresses.
func organization(o *cdx.OrganizationalEntity) string {
	if o == nil {
		return ""
	}
	if o.Name != "" {
		return o.Name
	}
	for _, u := range list(o.URL) {
		if u != "" {
			return u
		}
	}
	for _, c := range list(o.Contact) {
		if s := person(c); s != "" {
			return s
		}
	}
	return ""
}

func refs(rs *[]cdx.BOMReference) []string {
	var out []string
	for _, r := range list(rs) {
		out = append(out, string(r))
	}
	return out
}

// written is the date that text begins with, as a UTC day: 23:00 on the last day
// of a year in one zone is not the next year.
func written(text string) (day time.Time, ok bool) {
	text = strings.TrimSpace(text)
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			y, m, d := t.Date()
			return time.Date(y, m, d, 0, 0, 0, 0, time.UTC), true
		}
	}
	return time.Time{}, false
}

// layouts are those of instants and days.
var layouts = [...]string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", time.DateOnly}

// stamp reads an instant as the specification writes it. Zero means that text is
// none.
func stamp(text string) time.Time {
	text = strings.TrimSpace(text)
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
