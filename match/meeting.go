package match

import (
	"fmt"
	"slices"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cpe"
	"github.com/open-postmarket/postmarket/vex"
)

// meeting is how the product of a statement and a component stand to each other.
type meeting struct {
	named         bool // it is the component, as far as both say what they are
	byRef, byName bool
	// only is what the component states of what the statement asks for: see [Decision.Only].
	only []string
	// why is what the statement asks for and the component does not state, or, where it
	// is contrary, states otherwise.
	why      string
	contrary bool
}

// asks notes that the statement asks for more than the name of a thing.
func (m *meeting) asks(what, want, have string, stated bool) {
	switch {
	case stated && want == have:
		m.only = append(m.only, what+"="+want)
	case stated:
		m.against("it is about %s %s, and the component's is %s", what, want, have)
	case m.why == "":
		m.why = fmt.Sprintf("it is about %s %s, which the component does not state", what, want)
	}
}

func (m *meeting) against(format string, args ...any) {
	m.why, m.contrary = fmt.Sprintf(format, args...), true
}

// meet holds the product of a statement against a component: by its place where that is one in this very BOM, by
// purl and by CPE, which must not contradict each other or the place, or by name where there is nothing else.
func (r *reading) meet(p *meant, c *part) meeting {
	var m meeting
	if n := r.refs[p.ref]; n > 0 {
		if !bears(c.Component, p.ref) {
			return meeting{}
		}
		if m.named, m.byRef = true, true; n > 1 {
			m.why = fmt.Sprintf("its reference %s is that of several components", p.ref)
		}
	}
	m.hashed(p.Hashes, c.Hashes)
	compared, open := false, false // open: it has an identifier that the component has none to compare with
	if p.PURL != "" {
		switch {
		case p.pkg == nil || c.pkg == nil:
			open = true
		case p.packaged != c.packaged || p.pkg.Type != c.pkg.Type || !strings.EqualFold(p.pkg.Namespace, c.pkg.Namespace):
			return meeting{}
		default:
			compared = true
			m.packaged(p.PURL, c.PURL)
		}
	}
	if p.CPE != "" {
		switch {
		case p.cpe == nil || c.cpe == nil:
			open = true
		case p.called != c.called:
			return meeting{}
		default:
			compared = true
			m.targeted(p.Product, p.cpe, c.cpe, c.Component)
		}
	}
	same := p.Name != "" && p.folded == c.folded
	switch {
	case compared:
		m.named = true
		return m
	case m.byRef:
		if p.Name != "" && !same {
			m.against("its reference is that of %s, and it is about %s", c.Name, p.Name)
		}
		return m
	case !same:
		return m
	}
	m.named, m.byName = true, true
	m.called(p.Product, c.Component, open)
	return m
}

// identifiers are those of a thing, read once.
type identifiers struct {
	pkg              *sbom.Package
	cpe              *cpe.Name
	packaged, called sbom.Coordinate // of them
	folded           string          // the name
}

func identifying(name, purl, cpeName string) identifiers {
	c := sbom.Component{PURL: purl, CPE: cpeName}
	out := identifiers{folded: sbom.FoldName(name)}
	if p, err := c.Package(); err == nil {
		out.pkg, out.packaged = &p, p.Coordinates()[0]
	}
	if n, err := c.CPEName(); err == nil {
		out.cpe, out.called = &n, sbom.CPECoordinate(n)
	}
	return out
}

// part is a component of the BOM, meant a product that a statement speaks of.
type part struct {
	*sbom.Component
	identifiers
}

type meant struct {
	*vex.Product
	identifiers
	ref string // the reference into the BOM that names it
}

func partOf(c *sbom.Component) *part { return &part{c, identifying(c.Name, c.PURL, c.CPE)} }

func (r *reading) meant(p *vex.Product) *meant {
	return &meant{p, identifying(p.Name, p.PURL, p.CPE), r.ref(p)}
}

// called compares what goes with a name: the maker and the group.
func (m *meeting) called(p *vex.Product, c *sbom.Component, open bool) {
	vendor, ours := sbom.FoldVendor(p.Vendor), c.Vendors()
	maker := vendor != "" && slices.ContainsFunc(ours, func(v string) bool { return sbom.SameVendor(v, vendor) })
	switch {
	case maker:
	case vendor != "" && len(ours) > 0:
		*m = meeting{} // of that name, and of another maker
		return
	case vendor != "":
		m.why = fmt.Sprintf("it is about the %s of %s, and the component states no maker", p.Name, p.Vendor)
	case open:
		m.why = fmt.Sprintf("it is about %s, and the component has no such identifier", p)
	}
	for _, id := range p.IDs {
		switch {
		case id.Kind != "group" || id.Value == c.Group:
		case c.Group == "":
			m.why = fmt.Sprintf("it is about the group %s, which the component does not state", id.Value)
		default:
			*m = meeting{}
			return
		}
	}
}

// hashed compares the digests of the file, where both state one by the same algorithm.
func (m *meeting) hashed(theirs []vex.Hash, ours []sbom.Hash) {
	for _, t := range theirs {
		for _, o := range ours {
			if algorithm(t.Algorithm) == algorithm(o.Algorithm) {
				m.asks("hash:"+algorithm(t.Algorithm), strings.ToLower(t.Value), strings.ToLower(o.Value), true)
			}
		}
	}
}

// algorithm is the name of a digest as every format spells it: "sha256".
func algorithm(name string) string { return strings.ReplaceAll(strings.ToLower(name), "-", "") }

// packaged compares what a package URL asks beyond the package and its version.
func (m *meeting) packaged(theirs, ours string) {
	have := qualifiers(ours)
	asked := qualifiers(theirs)
	for _, q := range asked {
		text, stated := value(have, q.Key)
		m.asks("purl:"+q.Key, q.Value, text, stated)
	}
	if _, stated := value(asked, "subpath"); !stated {
		if text, part := value(have, "subpath"); part {
			m.against("it is about no part of the package, and the component's subpath is %s", text)
		}
	}
}

// targeted compares what a CPE name asks beyond the product and its version.
func (m *meeting) targeted(p *vex.Product, theirs, ours *cpe.Name, c *sbom.Component) {
	for _, at := range attributes {
		want, have := at.of(theirs), at.of(ours)
		if want != cpe.Any && want != "" {
			m.asks("cpe:"+at.name, string(want), string(have), have != cpe.Any && have != "")
		}
	}
	if theirs.Version == cpe.NA && p.Version == "" && p.Range == "" {
		version, _ := c.Stated()
		if ours.Version == cpe.NA {
			version = ""
		}
		m.asks("cpe:version", "-", cmpOr(version, "-"), true)
	}
}

// ref is the reference into the BOM that names p; empty when it has none, or one into another document, or
// into another version of this one.
func (r *reading) ref(p *vex.Product) string {
	link := p.Link
	if l, ok := vex.ParseLink(p.Ref); ok && link == nil {
		link = &l
	}
	switch {
	case link == nil && r.own:
		return p.Ref
	case link == nil:
		return ""
	case r.bom.Serial != "" && serial(link.Serial) == serial(r.bom.Serial) && max(link.Version, 1) == max(r.bom.Revision, 1):
		return link.Ref
	}
	return ""
}

// bears reports whether c has that reference in its document, and did not get it when the document was read.
func bears(c *sbom.Component, ref string) bool { return c.Ref == ref && c.Ref != c.Path }

// serial is a serial number without what may stand before it.
func serial(text string) string {
	return strings.TrimPrefix(strings.ToLower(strings.TrimSpace(text)), "urn:uuid:")
}

// qualifiers are the qualifiers of a package URL, and its subpath. The epoch is part of the version, and the
// source package is where it comes from: they narrow nothing.
func qualifiers(text string) []packageurl.Qualifier {
	p, err := packageurl.FromString(strings.TrimSpace(text))
	if err != nil {
		return nil
	}
	out := slices.DeleteFunc(slices.Clone(p.Qualifiers), func(q packageurl.Qualifier) bool { return q.Key == "epoch" || q.Key == "upstream" })
	if p.Subpath != "" {
		out = append(out, packageurl.Qualifier{Key: "subpath", Value: p.Subpath})
	}
	return out
}

func value(of []packageurl.Qualifier, key string) (text string, stated bool) {
	for _, q := range of {
		if q.Key == key {
			return q.Value, true
		}
	}
	return "", false
}

// states lists what c states that a decision may ask for: see [Decision.Only].
func states(c *sbom.Component) []string {
	var out []string
	for _, h := range c.Hashes {
		out = append(out, "hash:"+algorithm(h.Algorithm)+"="+strings.ToLower(h.Value))
	}
	for _, q := range qualifiers(c.PURL) {
		out = append(out, "purl:"+q.Key+"="+q.Value)
	}
	n, err := c.CPEName()
	if err == nil {
		for _, at := range attributes {
			if v := at.of(&n); v != cpe.Any && v != "" {
				out = append(out, "cpe:"+at.name+"="+string(v))
			}
		}
	}
	if version, _ := c.Stated(); version == "" || err == nil && n.Version == cpe.NA {
		out = append(out, "cpe:version=-")
	}
	return out
}
