package match

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/vex"
)

// A Passed is a statement of which no decision was made, and why.
type Passed struct {
	Statement vex.Statement
	Why       string
}

// FromVEX makes decisions of the statements of a document that clear something on a
// product: each is about the components of bom that it names, or about the device as a
// whole. findings are those of the product as they are now: they fill in what the
// decisions rest on. A statement that clears nothing, names nothing in the device, or is
// narrowed by what the BOM does not state makes no decision, and is returned with the reason.
func FromVEX(doc vex.Document, product string, bom sbom.BOM, findings []Finding, now Setting) ([]Decision, []Passed) {
	r := reading{doc: doc, product: product, bom: bom, findings: findings, now: now}
	for n, s := range doc.Alone() {
		r.statement(n, s)
	}
	return r.out, r.passed
}

// FromBOM is [FromVEX] for what the BOM itself states of vulnerabilities.
func FromBOM(product string, bom sbom.BOM, findings []Finding, now Setting) ([]Decision, []Passed) {
	own := vex.Document{Format: string(bom.Format), Author: "the SBOM", Digest: bom.Digest, Issued: bom.Created, Statements: bom.Statements}
	return FromVEX(own, product, bom, findings, now)
}

// reading is one document being made decisions of.
type reading struct {
	doc      vex.Document
	product  string
	bom      sbom.BOM
	findings []Finding
	now      Setting
	out      []Decision
	passed   []Passed
}

func (r *reading) pass(s vex.Statement, format string, args ...any) {
	r.passed = append(r.passed, Passed{s, fmt.Sprintf(format, args...)})
}

func (r *reading) statement(n int, s vex.Statement) {
	if !s.Status.Clears() {
		r.pass(s, "its status %q hides nothing", s.Status)
		return
	}
	if len(s.Products) == 0 {
		r.pass(s, "it names no product")
	}
	d := Decision{
		Product: r.product, Origin: FromStatement, Status: s.Status, Justification: s.Justification, Author: s.Author, At: s.Updated, Document: r.doc.Digest,
	}
	for _, id := range append([]string{s.Vulnerability}, s.Aliases...) {
		if id := feeds.CleanID(id); id != "" && !slices.Contains(d.Vulnerabilities, id) {
			d.Vulnerabilities = append(d.Vulnerabilities, id)
		}
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
		one.ID = fmt.Sprintf("vex:%.16s:%d:%d", cmpOr(r.doc.Digest, r.doc.ID), n+1, k+1)
		r.target(s, &s.Products[k], one)
	}
}

// target makes the decisions of a statement about one product of it.
func (r *reading) target(s vex.Statement, p *vex.Product, d Decision) {
	if len(p.Only) > 0 {
		r.pass(s, "%s is narrowed by %s %q, which the BOM does not state", p, p.Only[0].Kind, p.Only[0].Value)
		return
	}
	for _, outer := range p.Chain()[1:] {
		if len(outer.Only) > 0 || r.bom.HasRoot() && !names(outer, r.bom.Root) {
			r.pass(s, "it speaks of %s within %s, and the device is %s", p, outer, r.bom.Root.Name)
			return
		}
	}
	about := 0
	if r.bom.HasRoot() && names(p, r.bom.Root) && p.Within == nil {
		about++
		whole := d
		whole.Device, whole.AnyVersion = r.device(p, s), true
		r.keep(s, whole, "")
	}
	for _, c := range r.bom.Components {
		if !names(p, c) {
			continue
		}
		about++
		one := d
		one.Coordinate = c.Coordinate()
		one.Versions = slices.Clone(s.Versions)
		if stated := cmpOr(p.Version, cmpOr(p.Range, purlVersion(p.PURL))); len(one.Versions) == 0 && stated != "" {
			one.Versions = []string{stated}
		}
		if version, _ := c.Stated(); len(one.Versions) == 0 && version != "" && p.PURL == "" && p.CPE == "" {
			one.Versions = []string{version} // a reference is to that very component
		}
		one.AnyVersion = len(one.Versions) == 0
		r.keep(s, one, c.Ref)
	}
	if about == 0 {
		r.pass(s, "nothing in the device is %s", p)
	}
}

// device is the version of the device that a statement about the whole of it is of.
func (r *reading) device(p *vex.Product, s vex.Statement) string {
	if len(s.Versions) == 1 {
		return s.Versions[0]
	}
	version, _ := r.bom.Root.Stated()
	return cmpOr(p.Version, cmpOr(purlVersion(p.PURL), version))
}

// keep files a decision with what it rests on, if it says enough.
func (r *reading) keep(s vex.Statement, d Decision, ref string) {
	for _, f := range r.findings {
		if !slices.ContainsFunc(d.Vulnerabilities, func(id feeds.ID) bool { return id == f.Vulnerability || slices.Contains(f.IDs, id) }) {
			continue
		}
		if d.Coordinate == "" || d.Coordinate == f.Coordinate {
			d.Basis = Rest(f, r.bom, r.now)
		}
	}
	if len(d.Basis.Identity) == 0 {
		d.Basis.Build, d.Basis.Controls = r.now.Build, sorted(r.now.Controls)
		for _, c := range r.bom.Components {
			if c.Ref == ref && d.Coordinate != "" {
				d.Basis.Identity = sorted(named(&c).identity())
				if v, _ := c.Stated(); v != "" {
					d.Basis.Versions = []string{v}
				}
				d.Basis.Files = sorted(c.Files)
			}
		}
	}
	if d.Coordinate == "" { // components come and go within a device
		d.Basis.Identity, d.Basis.Versions = nil, nil
	}
	if slices.ContainsFunc(r.out, func(x Decision) bool {
		return x.Coordinate == d.Coordinate && slices.Equal(x.Vulnerabilities, d.Vulnerabilities) && slices.Equal(x.Versions, d.Versions) && x.Status == d.Status
	}) {
		return
	}
	d.ID += ":" + string(d.Coordinate)
	if err := d.Check(); err != nil {
		r.pass(s, "%v", err)
		return
	}
	r.out = append(r.out, d)
}

func purlVersion(purl string) string {
	p, err := sbom.Component{PURL: purl}.Package()
	if err != nil {
		return ""
	}
	return p.Version
}

// names reports whether the product of a statement is the component: by purl, by CPE, by
// the component's reference, or by name where nothing that both state differs.
func names(p *vex.Product, c sbom.Component) bool {
	if p.PURL != "" && c.PURL != "" {
		theirs := sbom.Component{PURL: p.PURL}
		if _, err := theirs.Package(); err == nil && theirs.Coordinate() == (sbom.Component{PURL: c.PURL}).Coordinate() {
			return true
		}
	}
	if p.CPE != "" && c.CPE != "" {
		theirs, err1 := sbom.Component{CPE: p.CPE}.CPEName()
		ours, err2 := c.CPEName()
		if err1 == nil && err2 == nil && sbom.CPECoordinate(theirs) == sbom.CPECoordinate(ours) {
			return true
		}
	}
	if p.Link != nil && p.Link.Ref != "" && p.Link.Ref == c.Ref || p.Ref != "" && p.Ref == c.Ref {
		return true
	}
	if p.PURL != "" && c.PURL != "" || p.CPE != "" && c.CPE != "" || p.Name == "" {
		return false
	}
	vendor := sbom.FoldVendor(p.Vendor)
	return sbom.FoldName(p.Name) == sbom.FoldName(c.Name) && (vendor == "" || len(c.Vendors()) == 0 || slices.ContainsFunc(c.Vendors(), func(v string) bool { return sbom.SameVendor(v, vendor) }))
}
