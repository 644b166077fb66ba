package match

import (
	"fmt"
	"slices"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cpe"
	"github.com/open-postmarket/postmarket/vex"
)

// A Passed is a statement of which no decision was made, and why.
type Passed struct {
	Statement vex.Statement
	Why       string
}

// FromVEX makes decisions of the statements of a document on a product: each is about the
// components of bom that it names, or about the device as a whole, in the versions that it states.
// findings are those of the product as they are now; what a decision rests on is taken from them, save
// an exploitation that was listed after the statement was made. So a document is to be read once, and its decisions
// kept: a later reading would take for known then what is known by then.
//
// A statement that says affected or under investigation becomes a decision too: it hides nothing, and
// takes back an older one. A statement that names nothing in the device, or is narrowed by what
// the BOM contradicts or does not state (another target, architecture, subpath), makes none, and is returned with
// the reason. A reference means something in its own document only.
func FromVEX(doc vex.Document, product string, bom sbom.BOM, findings []Finding, now Setting) ([]Decision, []Passed) {
	return read(doc, product, bom, findings, now, false)
}

// FromBOM is [FromVEX] for what the BOM itself states of vulnerabilities: its references are the BOM's own. What
// the host knows of the product now is no basis of what was stated when the BOM was made.
func FromBOM(product string, bom sbom.BOM, findings []Finding) ([]Decision, []Passed) {
	own := vex.Document{Format: string(bom.Format), Author: "the SBOM", Digest: bom.Digest, Issued: bom.Created, Statements: bom.Statements}
	return read(own, product, bom, findings, Setting{}, true)
}

func read(doc vex.Document, product string, bom sbom.BOM, findings []Finding, now Setting, own bool) ([]Decision, []Passed) {
	r := reading{doc: doc, product: product, bom: bom, findings: findings, now: now, own: own}
	for n, s := range doc.Alone() {
		r.statement(n, s)
	}
	return r.out, r.passed
}

// reading is one document being made decisions of.
type reading struct {
	doc      vex.Document
	product  string
	bom      sbom.BOM
	findings []Finding
	now      Setting
	own      bool // the document is the BOM
	out      []Decision
	passed   []Passed
}

func (r *reading) pass(s vex.Statement, format string, args ...any) {
	r.passed = append(r.passed, Passed{s, fmt.Sprintf(format, args...)})
}

func (r *reading) statement(n int, s vex.Statement) {
	switch {
	case !s.Status.Valid():
		r.pass(s, "its status %q hides nothing", s.Status)
		return
	case len(s.Products) == 0:
		r.pass(s, "it names no product")
		return
	}
	d := Decision{
		Vulnerabilities: about(s), Product: r.product, Origin: FromStatement, Status: s.Status, Justification: s.Justification, Author: s.Author,
		At: s.Updated, Document: r.doc.Digest,
	}
	if d.At.IsZero() {
		d.At = s.Issued
	}
	for _, text := range []string{s.Impact, s.Notes, string(s.Justification), "stated to be " + string(s.Status)} {
		if d.Reason == "" {
			d.Reason = strings.TrimSpace(text)
		}
	}
	if strings.TrimSpace(d.Author) == "" {
		d.Author = "the document's author, who is not named"
	}
	for k := range s.Products {
		one := d
		one.ID = fmt.Sprintf("vex:%s:%.16s:%d:%d", dense.Replace(r.product), cmpOr(r.doc.Digest, r.doc.ID), n+1, k+1)
		r.target(s, &s.Products[k], one)
	}
}

// about are the ids that a statement decides on. One that is made on a CVE id is about that CVE: its
// aliases may stand for others too.
func about(s vex.Statement) []feeds.ID {
	main := feeds.CleanID(s.Vulnerability)
	if main.CVE() {
		return []feeds.ID{main}
	}
	var out []feeds.ID
	for _, text := range append([]string{s.Vulnerability}, s.Aliases...) {
		if id := feeds.CleanID(text); id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// target makes the decisions of a statement about one product of it.
func (r *reading) target(s vex.Statement, p *vex.Product, d Decision) {
	if len(p.Only) > 0 {
		r.pass(s, "%s is narrowed by %s %q, which the BOM does not state", p, p.Only[0].Kind, p.Only[0].Value)
		return
	}
	for _, outer := range p.Chain()[1:] {
		if same, _ := r.names(outer, r.bom.Root); len(outer.Only) > 0 || !same {
			r.pass(s, "it speaks of %s within %s, and the device is %s", p, outer, cmpOr(r.bom.Root.Name, "not named"))
			return
		}
	}
	met := 0
	if same, narrowed := r.names(p, r.bom.Root); same && r.bom.HasRoot() && p.Within == nil {
		met++
		if narrowed != "" {
			r.pass(s, "%s is narrowed: %s", p, narrowed)
		} else {
			whole := d
			whole.Devices, whole.AnyVersion = versionsOf(s, p), true
			if version, _ := r.bom.Root.Stated(); len(whole.Devices) == 0 {
				whole.Devices = []string{version}
			}
			r.keep(s, whole, nil)
		}
	}
	for k := range r.bom.Components {
		c := &r.bom.Components[k]
		same, narrowed := r.names(p, *c)
		if !same {
			continue
		}
		met++
		if narrowed != "" {
			r.pass(s, "%s is narrowed: %s", p, narrowed)
			continue
		}
		one := d
		one.Coordinate, one.Versions = c.Coordinate(), versionsOf(s, p)
		if byReference(p) {
			one.Ref = c.Ref
			if version, _ := c.Stated(); len(one.Versions) == 0 && version != "" {
				one.Versions = []string{version} // it is of that very component
			}
		}
		one.AnyVersion = len(one.Versions) == 0
		r.keep(s, one, c)
	}
	if met == 0 {
		r.pass(s, "nothing in the device is %s", p)
	}
}

// byReference reports whether nothing but a reference says which component is meant.
func byReference(p *vex.Product) bool { return p.PURL == "" && p.CPE == "" && p.Name == "" }

// versionsOf are the versions that a statement is about on one product: stated apart, or with the product, or
// in its identifiers. None means that it does not say.
func versionsOf(s vex.Statement, p *vex.Product) []string {
	if len(s.Versions) > 0 {
		return slices.Clone(s.Versions)
	}
	identified := sbom.Component{PURL: p.PURL, CPE: p.CPE}
	if version := cmpOr(p.Version, p.Range); version != "" {
		return []string{version}
	}
	if version, _ := identified.Stated(); version != "" {
		return []string{version}
	}
	return nil
}

// keep files a decision with what it rests on, if it says enough.
func (r *reading) keep(s vex.Statement, d Decision, c *sbom.Component) {
	for _, f := range r.findings {
		if d.concerns(&f) && (d.Coordinate == "" || d.Coordinate == f.Coordinate) {
			d.Basis = Rest(f, r.bom, r.now)
			// What was listed later was not known then.
			d.Basis.Exploited = f.Exploited != nil && !f.Exploited.Added.IsZero() && !f.Exploited.Added.After(d.At)
		}
	}
	d.Basis.Build, d.Basis.Controls = r.now.Build, sorted(r.now.Controls)
	d.Basis.Identity, d.Basis.Versions, d.Basis.Files = nil, nil, nil
	if c != nil {
		d.Basis.Identity, d.Basis.Files = identify(*c), sorted(c.Files)
		if v, _ := c.Stated(); v != "" {
			d.Basis.Versions = []string{v}
		}
	}
	if slices.ContainsFunc(r.out, func(x Decision) bool {
		return x.Coordinate == d.Coordinate && x.Ref == d.Ref && slices.Equal(x.Vulnerabilities, d.Vulnerabilities) && slices.Equal(x.Versions, d.Versions) &&
			x.Status == d.Status && x.At.Equal(d.At) && slices.Equal(x.Basis.Identity, d.Basis.Identity)
	}) {
		return
	}
	d.ID += ":" + string(d.Coordinate)
	if d.Ref != "" {
		d.ID += "#" + d.Ref
	}
	if err := d.Check(); err != nil {
		r.pass(s, "%v", err)
		return
	}
	r.out = append(r.out, d)
}

// names reports whether the product of a statement is the component: by purl, by CPE, by a
// reference within its own BOM, or by name where nothing that both state differs. narrowed says what the
// statement asks beyond that and the component contradicts or does not state.
func (r *reading) names(p *vex.Product, c sbom.Component) (same bool, narrowed string) {
	theirs := sbom.Component{PURL: p.PURL, CPE: p.CPE}
	ours, _ := c.Package()
	if pkg, err := theirs.Package(); err == nil {
		if _, err := c.Package(); err == nil {
			if pkg.Coordinates()[0] != ours.Coordinates()[0] {
				return false, ""
			}
			return true, qualified(p.PURL, c.PURL)
		}
	}
	if n, err := theirs.CPEName(); err == nil {
		if mine, err := c.CPEName(); err == nil {
			if sbom.CPECoordinate(n) != sbom.CPECoordinate(mine) {
				return false, ""
			}
			return true, targeted(&n, &mine)
		}
	}
	if p.Link != nil && p.Link.Ref != "" {
		return r.bom.Serial != "" && serial(p.Link.Serial) == serial(r.bom.Serial) && p.Link.Ref == c.Ref, ""
	}
	if byReference(p) {
		return r.own && p.Ref != "" && p.Ref == c.Ref, ""
	}
	if p.Name == "" || sbom.FoldName(p.Name) != sbom.FoldName(c.Name) {
		return false, ""
	}
	vendor := sbom.FoldVendor(p.Vendor)
	return vendor == "" || len(c.Vendors()) == 0 || slices.ContainsFunc(c.Vendors(), func(v string) bool { return sbom.SameVendor(v, vendor) }), ""
}

func serial(s string) string { return strings.TrimPrefix(strings.ToLower(s), "urn:uuid:") }

// elsewhere are the qualifiers of a package URL that say where it lies, and not which it is.
var elsewhere = []string{"repository_url", "download_url", "vcs_url", "checksum", "file_name"}

// qualified says which qualifier or subpath of theirs ours does not share.
func qualified(theirs, ours string) string {
	a, err1 := packageurl.FromString(theirs)
	b, err2 := packageurl.FromString(ours)
	if err1 != nil || err2 != nil {
		return ""
	}
	have := b.Qualifiers.Map()
	for _, q := range a.Qualifiers {
		if !slices.Contains(elsewhere, q.Key) && have[q.Key] != q.Value {
			return fmt.Sprintf("%s is %q, and the component's is %q", q.Key, q.Value, have[q.Key])
		}
	}
	if a.Subpath != b.Subpath {
		return fmt.Sprintf("the subpath is %q, and the component's is %q", a.Subpath, b.Subpath)
	}
	return ""
}

// targeted says which attribute beyond the version theirs states and ours does not share.
func targeted(theirs, ours *cpe.Name) string {
	for _, at := range attributes {
		want, have := at.of(theirs), at.of(ours)
		if want != cpe.Any && want != have {
			return fmt.Sprintf("%s is %s, and the component's is %s", at.name, want.Text(), have.Text())
		}
	}
	return ""
}
