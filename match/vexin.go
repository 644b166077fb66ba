package match

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/vex"
)

// A Passed is a statement that does not count as it stands, and why: one of which no decision was
// made, or one that speaks of a flaw which was not found.
type Passed struct {
	Statement vex.Statement
	Why       string
}

// FromVEX makes decisions of the statements of a document on a product: each is about the
// components of bom that it names, or about the device as a whole, in the versions that it states. What
// it states of the build (qualifiers of a package URL, attributes of a CPE, digests) and of the device that holds
// the component limits the decision too. A statement that names nothing in the device, or asks for
// what the BOM contradicts or does not state, makes none, and is returned with the reason.
//
// A reference means a component only where the document is the BOM itself (by digest, or by serial number and
// version) or the reference is a link to it, and only one component bears it.
//
// findings are those of the product as they are now. What is known of exploiting counts as known to the
// author only when its day is before the statement: an exploit in the wild that was listed by then, a
// decision record of then, a link in a record that was not modified since. What has no day is news. The
// build and the controls that a decision rests on are those of now. So a document is to be read once, and its
// decisions kept: whoever reads one at every look passes an empty Setting, and is then never told of another build.
//
// A statement that says affected or under investigation becomes a decision too: it hides nothing, and
// takes back those that are not newer. It does so also where it cannot be told whether it is about a component.
func FromVEX(doc vex.Document, product string, bom sbom.BOM, findings []Finding, now Setting) ([]Decision, []Passed) {
	return read(doc, product, bom, findings, now, isBOM(&doc, &bom))
}

// FromBOM is [FromVEX] for what the BOM itself states of vulnerabilities: its references are the BOM's own. What
// the host knows of the product now is no basis of what was stated when the BOM was made.
func FromBOM(product string, bom sbom.BOM, findings []Finding) ([]Decision, []Passed) {
	own := vex.Document{Format: string(bom.Format), Author: "the SBOM", Digest: bom.Digest, Issued: bom.Created, Statements: bom.Statements}
	return read(own, product, bom, findings, Setting{}, true)
}

// isBOM reports whether a document is the BOM itself: the same bytes, or the same version of the same document.
func isBOM(doc *vex.Document, bom *sbom.BOM) bool {
	if doc.Digest != "" && doc.Digest == bom.Digest {
		return true
	}
	return bom.Serial != "" && serial(doc.ID) == serial(bom.Serial) && cmpOr(doc.Version, "1") == strconv.Itoa(max(bom.Revision, 1))
}

func read(doc vex.Document, product string, bom sbom.BOM, findings []Finding, now Setting, own bool) ([]Decision, []Passed) {
	r := reading{doc: doc, product: product, bom: bom, root: partOf(&bom.Root), refs: map[string]int{}, findings: findings, now: now, own: own}
	for k := range bom.Components {
		r.parts = append(r.parts, partOf(&bom.Components[k]))
	}
	for _, c := range bom.All() {
		if c.Ref != "" && bears(&c, c.Ref) {
			r.refs[c.Ref]++
		}
	}
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
	root     *part
	parts    []*part        // but the root
	refs     map[string]int // how many bear each reference
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
	d := Decision{
		Vulnerabilities: about(s), Product: r.product, Origin: FromStatement, Status: s.Status, Justification: s.Justification, Author: s.Author,
		At: s.Updated, Document: r.doc.Digest,
	}
	switch {
	case !s.Status.Valid():
		r.pass(s, "its status %q hides nothing", s.Status)
		return
	case len(s.Products) == 0:
		r.pass(s, "it names no product")
		return
	case s.Status.Clears() && len(d.Vulnerabilities) > 0 && d.Vulnerabilities[0].KindOnly():
		r.pass(s, "%s is a kind of flaw, and not one", d.Vulnerabilities[0])
		return
	case !s.Status.Clears():
		d.Justification = ""
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
// aliases may stand for others too, and a kind does.
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
	return feeds.Telling(out)
}

// target makes the decisions of a statement about one product of it.
func (r *reading) target(s vex.Statement, p *vex.Product, d Decision) {
	clears := s.Status.Clears()
	if len(p.Only) > 0 && clears {
		r.pass(s, "%s is narrowed by %s %q, which the BOM does not state", p, p.Only[0].Kind, p.Only[0].Value)
		return
	}
	var ok bool
	if d.Devices, ok = r.within(s, p); !ok {
		return
	}
	versions, unread := versionsOf(s, p)
	if unread != "" && clears {
		r.pass(s, "%s: %s", p, unread)
		return
	}
	met := 0
	what := r.meant(p)
	meets := func(c *part) (meeting, bool) {
		m := r.meet(what, c)
		if !m.named {
			return m, false
		}
		met++
		if m.contrary || m.why != "" && clears {
			r.pass(s, "%s is narrowed: %s", p, m.why)
			return m, false
		}
		return m, true
	}
	if r.bom.HasRoot() && p.Within == nil {
		if m, ok := meets(r.root); ok {
			whole := d
			whole.Devices, whole.AnyVersion = slices.Clone(versions), true
			if version, _ := r.bom.Root.Stated(); len(versions) == 0 {
				whole.Devices = []string{version}
			}
			r.keep(s, p, whole, &r.bom.Root, m, versions)
		}
	}
	type hit struct {
		*part
		m meeting
	}
	var hits []hit
	things := map[string]bool{}
	for _, c := range r.parts {
		if m, ok := meets(c); ok {
			hits = append(hits, hit{c, m})
			if m.byName {
				things[strings.Join(identify(*c.Component), "\n")] = true
			}
		}
	}
	if len(things) > 1 && clears {
		r.pass(s, "%s is a name that several things in the device bear", p)
		return
	}
	for _, h := range hits {
		one := d
		one.Coordinate, one.Versions = h.Coordinate(), slices.Clone(versions)
		if version, _ := h.Stated(); len(one.Versions) == 0 && version != "" && (h.m.byRef || h.m.byName && clears) {
			one.Versions = []string{version} // it is of that very component
		}
		if h.m.byRef {
			one.Ref = h.Ref
		}
		one.AnyVersion = len(one.Versions) == 0
		r.keep(s, p, one, h.Component, h.m, versions)
	}
	if met == 0 {
		r.pass(s, "nothing in the device is %s", p)
	}
}

// within are the versions of the device that a statement about a part of it is of. It is not ok when it is
// of another device, or may be.
func (r *reading) within(s vex.Statement, p *vex.Product) (devices []string, ok bool) {
	clears := s.Status.Clears()
	for _, outer := range p.Chain()[1:] {
		m := meeting{named: !clears}
		if r.bom.HasRoot() {
			m = r.meet(r.meant(outer), r.root)
		}
		if !m.named || m.contrary || clears && (m.why != "" || len(outer.Only) > 0) {
			r.pass(s, "it speaks of %s within %s, and the device is %s", p, outer, cmpOr(r.bom.Root.Name, "not named"))
			return nil, false
		}
		versions, unread := versionsOf(vex.Statement{}, outer)
		if clears && (unread != "" || len(versions) > 0 && len(devices) > 0 && !slices.Equal(versions, devices)) {
			r.pass(s, "it speaks of %s within %s: %s", p, outer, cmpOr(unread, "in several versions"))
			return nil, false
		}
		if len(versions) > 0 {
			devices = versions
		}
	}
	return devices, true
}

// versionsOf are the versions, or the range, that a statement is about on one product: stated apart, or with the
// product, or in its identifiers. None means that it does not say. unread is what about them cannot be understood.
func versionsOf(s vex.Statement, p *vex.Product) (versions []string, unread string) {
	if len(s.Versions) > 0 {
		return slices.Clone(s.Versions), ""
	}
	at := sbom.Component{PURL: p.PURL, CPE: p.CPE}
	var all []string
	if v := strings.TrimSpace(p.Version); v != "" {
		all = append(all, v)
	}
	if pkg, err := at.Package(); err == nil && pkg.Version != "" {
		all = append(all, pkg.Version)
	}
	if n, err := at.CPEName(); err == nil && n.Version.Literal() {
		if n.Version.Pattern() {
			return nil, fmt.Sprintf("its CPE states a pattern of versions, %s", n.Version)
		}
		all = append(all, n.Version.Text())
	}
	scheme := at.Coordinate()
	for _, v := range all {
		if same, err := holdsVersion(scheme, all[0], v); !same || err != nil {
			return nil, fmt.Sprintf("it states two versions, %s and %s", all[0], v)
		}
		if p.Range != "" {
			if in, err := holdsVersion(scheme, p.Range, v); !in || err != nil {
				return nil, fmt.Sprintf("it states the version %s and the range %s", v, p.Range)
			}
		}
	}
	switch {
	case len(all) > 0:
		return all[:1], ""
	case p.Range != "":
		return []string{p.Range}, ""
	}
	return nil, ""
}

// keep files a decision about c, or about the device as a whole when c is the root, with what it rests on, if it says
// enough. versions are those that the statement itself states.
func (r *reading) keep(s vex.Statement, p *vex.Product, d Decision, c *sbom.Component, m meeting, versions []string) {
	stated, _ := c.Stated()
	if s.Status == vex.Fixed && (stated == "" || len(versions) == 0 && !m.byRef) {
		if stated == "" {
			r.pass(s, "it says that %s is fixed, and which version is in the device is not stated", p)
		} else {
			r.pass(s, "it says that %s is fixed, and not in which version", p)
		}
		return
	}
	if m.byRef {
		m.only = states(c) // it is of that very build
	}
	if s.Status.Clears() {
		d.Only = sorted(m.only)
	}
	d.Basis.Build, d.Basis.Controls = r.now.Build, sorted(r.now.Controls)
	if d.Coordinate != "" { // components come and go within a device
		d.Basis.Identity, d.Basis.Files = identify(*c), sorted(c.Files)
		d.Basis.Versions = sorted([]string{stated})
	}
	found := false
	for k := range r.findings {
		if f := &r.findings[k]; d.concerns(f) {
			d.Basis.known(f, d.At)
			found = found || d.Coordinate == "" || d.Coordinate == f.Coordinate || slices.Contains(d.Basis.Identity, string(f.Coordinate))
		}
	}
	if s.Status == vex.Affected && !found {
		r.pass(s, "it says that %s is affected, and that was not found", p)
	}
	if slices.ContainsFunc(r.out, func(x Decision) bool { return x.repeats(&d) }) {
		return
	}
	d.ID += ":" + string(d.Coordinate)
	if d.Ref != "" {
		d.ID += "#" + d.Ref
	}
	for id, n := d.ID, 2; slices.ContainsFunc(r.out, func(x Decision) bool { return x.ID == d.ID }); n++ {
		d.ID = fmt.Sprintf("%s:%d", id, n)
	}
	if err := d.Check(); err != nil {
		r.pass(s, "%v", err)
		return
	}
	r.out = append(r.out, d)
}

// repeats reports whether d says of the same what other says.
func (d *Decision) repeats(other *Decision) bool {
	return d.Coordinate == other.Coordinate && d.Ref == other.Ref && d.Author == other.Author && d.Status == other.Status && d.Justification == other.Justification && d.At.Equal(other.At) &&
		slices.Equal(d.Vulnerabilities, other.Vulnerabilities) && slices.Equal(d.Versions, other.Versions) && slices.Equal(d.Devices, other.Devices) &&
		slices.Equal(d.Only, other.Only) && slices.Equal(d.Basis.Identity, other.Basis.Identity) && slices.Equal(d.Basis.Files, other.Basis.Files)
}

// known adds to b what was known of exploiting f when a statement was made. A day without an hour is
// over when the next begins.
func (b *Basis) known(f *Finding, at time.Time) {
	by := func(day time.Time) bool {
		if day.Equal(day.Truncate(24 * time.Hour)) {
			day = day.Add(24 * time.Hour)
		}
		return !day.IsZero() && !day.After(at)
	}
	b.Exploited = b.Exploited || f.Exploited != nil && !f.Exploited.Added.IsZero() && by(f.Exploited.Added)
	if e := f.ssvc(); e != "" && !f.SSVC.At.IsZero() && by(f.SSVC.At) {
		b.Exploits = append(b.Exploits, e)
	}
	for _, link := range f.Exploits {
		if day, dated := f.linked[link]; dated && by(day) {
			b.Exploits = append(b.Exploits, link)
		}
	}
	b.Exploits = sorted(b.Exploits)
	if s := string(f.Severity()); rankOf(s) > rankOf(b.Severity) {
		b.Severity = s
	}
}
