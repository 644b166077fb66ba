package cyclonedx

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/open-postmarket/postmarket/internal/jsontree"
	"github.com/open-postmarket/postmarket/vex"
)

// maxValues is how many values a document may hold.
const maxValues = 2_000_000

// specs are the versions that have vulnerabilities with an analysis.
var specs = []string{"1.4", "1.5", "1.6", "1.7"}

// Decode reads one VEX or VDR document in JSON of the versions 1.4 to 1.7; an SBOM
// with vulnerabilities is one too. It fails with a [*vex.SyntaxError] when the
// document is empty, too large, not JSON, not CycloneDX or of another version.
// What is wrong with a single value costs that value and is listed in Problems;
// an entry in which that happens clears nothing, nor does one without a target.
//
// The components of the document name the products that a reference stands for,
// and are within those that hold them, at last in the one that the metadata
// describes. A BOM-Link is a [vex.Link], and so is a reference in a document that
// has a serial number. A reference to nothing in the document is kept and told: it
// may be of the BOM that the document goes with.
func Decode(r io.Reader) (vex.Document, error) {
	data, digest, err := vex.ReadAll(r, Format)
	if err != nil {
		return vex.Document{}, err
	}
	tree, err := jsontree.Parse(data, maxValues)
	if at := (*jsontree.Error)(nil); errors.As(err, &at) {
		return vex.Document{}, &vex.SyntaxError{Format: Format, Line: at.Line, Column: at.Column, Why: at.Why, Err: err}
	} else if err != nil {
		return vex.Document{}, &vex.SyntaxError{Format: Format, Why: err.Error(), Err: err}
	}
	d := decoder{doc: vex.Document{Format: Format, Digest: digest}, named: map[string]*vex.Product{}, twice: map[string]bool{}}
	d.notes.Tell = func(path, message string) {
		d.doc.Problems = append(d.doc.Problems, vex.Problem{Path: path, Message: message})
	}
	top := jsontree.Top(&tree, &d.notes)
	if !top.Is(jsontree.Object) {
		return vex.Document{}, &vex.SyntaxError{Format: Format, Line: 1, Column: 1, Why: "the document is JSON but not an object"}
	}
	switch format, spec := top.Get("bomFormat").String(), top.Get("specVersion").String(); {
	case format != cdx.BOMFormat:
		return vex.Document{}, &vex.SyntaxError{Format: Format, Why: "bomFormat is not CycloneDX", Err: vex.ErrFormat}
	case !slices.Contains(specs, spec):
		return vex.Document{}, &vex.SyntaxError{Format: Format, Why: fmt.Sprintf("specVersion %q is not one of %s", jsontree.Short(spec), strings.Join(specs, ", "))}
	default:
		d.doc.Spec = spec
	}
	d.document(top)
	return d.doc, nil
}

type decoder struct {
	doc   vex.Document
	notes jsontree.Notes
	named map[string]*vex.Product // by bom-ref
	twice map[string]bool         // bom-refs that name two things
	root  *vex.Product
}

func (d *decoder) document(top jsontree.Cursor) {
	doc := &d.doc
	top.Odd("vulnerabilities", "components", "metadata")
	doc.ID, doc.Version = top.Get("serialNumber").String(), top.Get("version").Written()
	meta := top.Get("metadata")
	doc.Issued = d.instant(meta.Get("timestamp"))
	doc.Author, doc.Tooling = d.author(meta), d.tools(meta.Get("tools"))
	own := properties(meta.Get("properties"))
	for _, f := range []struct {
		name string
		into *string
	}{{"id", &doc.ID}, {"version", &doc.Version}, {"title", &doc.Title}, {"role", &doc.Role}, {"author", &doc.Author}} {
		if text := one(own, f.name); text != "" {
			*f.into = text
		}
	}
	doc.Updated = stamp(one(own, "updated"))
	serial := top.Get("serialNumber").String()
	if c := meta.Get("component"); c.There() {
		d.root = d.component(c, nil, serial)
	}
	for _, c := range top.Get("components").Each() {
		d.component(c, d.root, serial)
	}
	for _, c := range top.Get("services").Each() {
		d.component(c, d.root, serial)
	}
	for _, c := range top.Get("vulnerabilities").Each() {
		doc.Statements = append(doc.Statements, d.vulnerability(c)...)
	}
}

func (d *decoder) author(meta jsontree.Cursor) string {
	var names []string
	for _, a := range meta.Get("authors").Each() {
		if name := a.Get("name").String(); name != "" {
			names = append(names, name)
		}
	}
	for _, who := range []string{"manufacturer", "supplier", "manufacture"} {
		if name := meta.Get(who).Get("name").String(); name != "" && len(names) == 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

func (d *decoder) tools(c jsontree.Cursor) string {
	list := c
	if c.Is(jsontree.Object) {
		list = c.Get("components")
	}
	var out []string
	for _, t := range list.Each() {
		words := []string{t.Get("name").String(), t.Get("version").String()}
		if t.Get("vendor").Is(jsontree.Text) {
			words = append([]string{t.Get("vendor").String()}, words...)
		}
		out = append(out, strings.Join(slices.DeleteFunc(words, func(s string) bool { return s == "" }), " "))
	}
	return strings.Join(out, ", ")
}

// component reads one component or service with all in it.
func (d *decoder) component(c jsontree.Cursor, within *vex.Product, serial string) *vex.Product {
	ref := c.Get("bom-ref").String()
	p := &vex.Product{
		Ref: ref, Name: c.Get("name").String(), Version: c.Get("version").String(), PURL: c.Get("purl").String(), CPE: c.Get("cpe").String(),
		Range: c.Get("versionRange").String(), Within: within,
	}
	for _, who := range []string{"manufacturer", "supplier", "provider"} {
		if name := c.Get(who).Get("name").String(); name != "" && p.Vendor == "" {
			p.Vendor = name
		}
	}
	if p.Vendor == "" {
		p.Vendor = c.Get("publisher").String()
	}
	if group := c.Get("group").String(); group != "" {
		p.IDs = append(p.IDs, vex.ID{Kind: "group", Value: group})
	}
	for _, h := range c.Get("hashes").Each() {
		if v := h.Get("content").String(); v != "" {
			p.Hashes = append(p.Hashes, vex.Hash{Algorithm: h.Get("alg").String(), Value: v})
		}
	}
	link, linked := vex.ParseLink(fmt.Sprintf("urn:cdx:%s/%s", strings.TrimPrefix(serial, "urn:uuid:"), d.doc.Version))
	if linked && ref != "" {
		link.Ref = ref
		p.Link = &link
	}
	restore(p, properties(c.Get("properties")))
	if ref != "" {
		if d.named[ref] != nil {
			d.twice[ref] = true
			c.Note("has a bom-ref that another has: %q", jsontree.Short(ref))
		}
		d.named[ref] = p
	}
	for _, name := range []string{"components", "services"} {
		for _, inner := range c.Get(name).Each() {
			d.component(inner, p, serial)
		}
	}
	return p
}

func (d *decoder) vulnerability(c jsontree.Cursor) []vex.Statement {
	before := d.notes.Count()
	c.Odd("id", "analysis", "affects")
	v := &cdx.Vulnerability{BOMRef: c.Get("bom-ref").String(), ID: c.Get("id").String()}
	a := c.Get("analysis")
	if a.There() {
		a.Odd("state", "justification")
		v.Analysis = &cdx.VulnerabilityAnalysis{
			State: cdx.ImpactAnalysisState(a.Get("state").String()), Justification: cdx.ImpactAnalysisJustification(a.Get("justification").String()),
			Detail: a.Get("detail").String(),
		}
		var responses []cdx.ImpactAnalysisResponse
		for _, r := range a.Get("response").Strings() {
			responses = append(responses, cdx.ImpactAnalysisResponse(r))
		}
		if responses != nil {
			v.Analysis.Response = &responses
		}
	}
	affects := []cdx.Affects{}
	for _, t := range c.Get("affects").Each() {
		affects = append(affects, d.target(t))
	}
	v.Affects = &affects
	var ps []cdx.Property
	for _, p := range c.Get("properties").Each() {
		ps = append(ps, cdx.Property{Name: p.Get("name").String(), Value: p.Get("value").String()})
	}
	v.Properties = &ps
	whole := d.notes.Count() == before
	var refs []cdx.VulnerabilityReference
	for _, r := range c.Get("references").Each() {
		refs = append(refs, cdx.VulnerabilityReference{ID: r.Get("id").String()})
	}
	v.References = &refs
	v.Recommendation, v.Workaround = c.Get("recommendation").String(), c.Get("workaround").String()
	if v.ID == "" {
		whole = false
		c.Note("has no id")
	}
	if len(affects) == 0 {
		whole = false
		c.Note("names no target")
	}
	if a.There() {
		if _, ok := Status(string(v.Analysis.State)); !ok && v.Analysis.State != "" {
			a.Get("state").Note("%q is not a state of CycloneDX: it gives no status", jsontree.Short(string(v.Analysis.State)))
		}
		if _, ok := Justification(string(v.Analysis.Justification)); !ok && v.Analysis.Justification != "" {
			a.Get("justification").Note("%q is not a justification of CycloneDX: it gives none", jsontree.Short(string(v.Analysis.Justification)))
		}
	}
	list := Statements(v)
	issued, updated := d.instant(a.Get("firstIssued")), d.instant(a.Get("lastUpdated"))
	for i := range list {
		s := &list[i]
		s.ID, s.Issued, s.Updated = v.BOMRef, issued, updated
		if id := one(kept(v), "id"); id != "" {
			s.ID = id
		}
		s.Author = one(kept(v), "author")
		for j := range s.Products {
			if s.Products[j] = d.product(s.Products[j].Ref); d.twice[s.Products[j].Ref] {
				whole = false
			}
		}
	}
	if !whole {
		if slices.ContainsFunc(list, func(s vex.Statement) bool { return s.Status.Clears() }) {
			c.Note("is not read in whole: nothing is cleared by it")
		}
		list = vex.Withhold(list)
	}
	return list
}

func (d *decoder) target(c jsontree.Cursor) cdx.Affects {
	c.Odd("ref", "versions")
	t := cdx.Affects{Ref: c.Get("ref").String()}
	if strings.TrimSpace(t.Ref) == "" {
		c.Note("names no reference")
	} else if link, ok := vex.ParseLink(t.Ref); d.named[t.Ref] == nil && (!ok || d.own(link) && d.named[link.Ref] == nil) {
		// It counts as a note on what it is, not on how it is read.
		d.doc.Problems = append(d.doc.Problems, vex.Problem{Path: c.Path(), Message: fmt.Sprintf("%q names nothing in the document", jsontree.Short(t.Ref))})
	}
	versions := []cdx.AffectedVersions{}
	for _, v := range c.Get("versions").Each() {
		v.Odd("version", "range", "status")
		one := cdx.AffectedVersions{
			Version: v.Get("version").String(), Range: v.Get("range").String(), Status: cdx.VulnerabilityStatus(v.Get("status").String()),
		}
		if spoken(one) == "" {
			v.Note("names no version")
		}
		versions = append(versions, one)
	}
	if len(versions) > 0 {
		t.Range = &versions
	}
	return t
}

func (d *decoder) own(l vex.Link) bool {
	return d.doc.ID == l.Serial && d.doc.Version == strconv.Itoa(l.Version)
}

// product is what ref stands for.
func (d *decoder) product(ref string) vex.Product {
	if p := d.named[ref]; p != nil && !d.twice[ref] {
		return *p
	}
	if link, ok := vex.ParseLink(ref); ok {
		if p := d.named[link.Ref]; p != nil && d.own(link) && !d.twice[link.Ref] {
			out := *p
			out.Ref = ref
			return out
		}
		return vex.Product{Ref: ref, Link: &link}
	}
	return vex.Product{Ref: ref}
}

func (d *decoder) instant(c jsontree.Cursor) time.Time {
	t := stamp(c.String())
	if c.Is(jsontree.Text) && t.IsZero() {
		c.Note("%q is not an instant with a time zone", jsontree.Short(c.String()))
	}
	return t
}
