package cyclonedx

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/open-postmarket/postmarket/vex"
)

// Options change how a document is written. Nil means none of them.
type Options struct {
	// Spec is the version of the specification: "1.5", "1.6" or "1.7". Empty means
	// 1.6.
	Spec string
	// At is when it is issued. Zero means the document's Issued.
	At time.Time
	// Version is the edition's number. 0 means the document's, or 1 when that is
	// none.
	Version int
	// Type is what the product is that holds all others: "device", "firmware".
	// Empty means "application".
	Type string
}

// Encode writes doc as a CycloneDX VEX document: one entry of vulnerabilities for
// each statement, in their order, and a component for each product, nested as
// they hold each other; the one that holds all is the metadata's. A product that
// is a BOM-Link and nothing else is referred to by it. Every version that is
// spoken of has its status, which the schema takes for affected where it is left
// out: those of the statement, and those of its products where the statement is
// of another format.
//
// What is written for a justification of which CycloneDX has no equal says less:
// the word begins the detail then. What CycloneDX has no member for, the original
// tokens among it, stands in properties named postmarket:vex:…, and Decode reads
// it back.
//
// It fails, before the first byte and with all reasons at once, for a statement
// that names no vulnerability, or clears and names no product, and for a range
// that is neither of the form of vers nor a single comparison.
func Encode(w io.Writer, doc vex.Document, opts *Options) error {
	if opts == nil {
		opts = &Options{}
	}
	e := encoder{components: map[string]*node{}, used: map[string]bool{}}
	spec, known := map[string]cdx.SpecVersion{"": cdx.SpecVersion1_6, "1.5": cdx.SpecVersion1_5, "1.6": cdx.SpecVersion1_6, "1.7": cdx.SpecVersion1_7}[opts.Spec]
	if !known {
		e.fail(fmt.Errorf("cyclonedx: the version %q is not one that is written: 1.5, 1.6 or 1.7", opts.Spec))
	}
	for i := range doc.Statements {
		for j := range doc.Statements[i].Products {
			if p := &doc.Statements[i].Products[j]; elsewhere(&doc.Statements[i], p) {
				e.used[p.Ref] = true
			}
		}
	}
	for i := range doc.Statements {
		e.plan(&doc.Statements[i])
	}
	bom := cdx.NewBOM()
	e.head(bom, doc, opts)
	vulnerabilities := []cdx.Vulnerability{}
	for i := range doc.Statements {
		v, err := e.vulnerability(&doc.Statements[i])
		if err != nil {
			e.fail(fmt.Errorf("cyclonedx: statement %d: %w", i, err))
		}
		vulnerabilities = append(vulnerabilities, v)
	}
	if len(e.wrong) > 0 {
		return errors.Join(e.wrong...)
	}
	bom.Vulnerabilities = &vulnerabilities
	var b bytes.Buffer
	if err := cdx.NewBOMEncoder(&b, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false).EncodeVersion(bom, spec); err != nil {
		return fmt.Errorf("cyclonedx: %w", err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("cyclonedx: %w", err)
	}
	return nil
}

// A node is a product that becomes a component.
type node struct {
	product *vex.Product
	ref     string
	inner   []*node
}

type encoder struct {
	components map[string]*node
	top        []*node
	used       map[string]bool // bom-refs
	wrong      []error
}

func (e *encoder) fail(err error) { e.wrong = append(e.wrong, err) }

// elsewhere reports whether p is described in another document only: it is a
// BOM-Link, or a reference that was to nothing in its document, and no more.
func elsewhere(s *vex.Statement, p *vex.Product) bool {
	bare := p.Ref != "" && p.Name == "" && p.Title == "" && p.Vendor == "" && p.Version == "" && p.Range == "" && p.PURL == "" && p.CPE == "" &&
		p.Within == nil && len(p.Only) == 0 && len(p.IDs) == 0 && len(p.Hashes) == 0
	_, link := vex.ParseLink(p.Ref)
	return bare && (link || p.Link == nil && s.Original.Format == Format)
}

func key(p *vex.Product) string {
	text, err := json.Marshal(p)
	if err != nil {
		return p.String()
	}
	return string(text)
}

// plan makes nodes of the products of s and of those that hold them.
func (e *encoder) plan(s *vex.Statement) {
	for i := range s.Products {
		if elsewhere(s, &s.Products[i]) {
			continue
		}
		chain := s.Products[i].Chain()
		var holder *node
		for j := len(chain) - 1; j >= 0; j-- {
			p := chain[j]
			k := key(p)
			n := e.components[k]
			if n == nil {
				n = &node{product: p, ref: e.ref(p)}
				e.components[k] = n
				if holder == nil {
					e.top = append(e.top, n)
				} else {
					holder.inner = append(holder.inner, n)
				}
			}
			holder = n
		}
	}
}

// ref is a bom-ref that no other has, and no BOM-Link.
func (e *encoder) ref(p *vex.Product) string {
	link := ""
	if p.Link != nil {
		link = p.Link.Ref
	}
	out := ""
	for _, r := range []string{p.Ref, link, p.PURL, p.CPE} {
		if r = strings.TrimSpace(r); r != "" && !strings.HasPrefix(r, "urn:cdx:") && !e.used[r] {
			out = r
			break
		}
	}
	for n := 1; out == "" || e.used[out]; n++ {
		out = "product-" + strconv.Itoa(n)
	}
	e.used[out] = true
	return out
}

var serialForm = regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

func (e *encoder) head(bom *cdx.BOM, doc vex.Document, opts *Options) {
	var own keeper
	if serialForm.MatchString(doc.ID) {
		bom.SerialNumber = doc.ID
	} else {
		own.add("id", doc.ID)
	}
	n, err := strconv.Atoi(doc.Version)
	switch {
	case opts.Version > 0:
		bom.Version = opts.Version
	case err == nil && n > 0:
		bom.Version = n
	default:
		bom.Version = 1
		own.add("version", doc.Version)
	}
	m := &cdx.Metadata{}
	if at := opts.At; !at.IsZero() {
		m.Timestamp = text(at)
	} else {
		m.Timestamp = text(doc.Issued)
	}
	if doc.Author != "" {
		m.Authors = &[]cdx.OrganizationalContact{{Name: doc.Author}}
	}
	if doc.Tooling != "" {
		m.Tools = &cdx.ToolsChoice{Components: &[]cdx.Component{{Type: cdx.ComponentTypeApplication, Name: doc.Tooling}}}
	}
	own.add("title", doc.Title)
	own.add("role", doc.Role)
	own.add("updated", text(doc.Updated))
	m.Properties = own.list()
	kind := cdx.ComponentType(opts.Type)
	if kind == "" {
		kind = cdx.ComponentTypeApplication
	}
	rest := e.top
	if len(e.top) == 1 {
		c := component(e.top[0], kind)
		c.Components = nil
		m.Component = &c
		rest = e.top[0].inner
	}
	if list := components(rest); len(list) > 0 {
		bom.Components = &list
	}
	bom.Metadata = m
}

func components(nodes []*node) []cdx.Component {
	var out []cdx.Component
	for _, n := range nodes {
		kind := cdx.ComponentTypeApplication
		if n.product.PURL != "" && len(n.inner) == 0 {
			kind = cdx.ComponentTypeLibrary
		}
		out = append(out, component(n, kind))
	}
	return out
}

var cpeForm = regexp.MustCompile(`^(?:cpe:/[AHOaho]?(?::[A-Za-z0-9._\-~%]*){0,6}|cpe:2\.3:[aho*\-](?::(?:[A-Za-z0-9._\-?*]|\\[\\*?!"#$%&'()+,/:;<=>@\[\]^` + "`" + `{|}~])+){10})$`)

func component(n *node, kind cdx.ComponentType) cdx.Component {
	p := n.product
	c := cdx.Component{Type: kind, BOMRef: n.ref, Version: p.Version, PackageURL: p.PURL}
	var own keeper
	if p.Ref != n.ref {
		own.add("ref", p.Ref)
	}
	c.Name = first(p.Name, p.Title, tail(p.PURL), p.Ref, n.ref)
	if p.Title != c.Name {
		own.add("title", p.Title)
	}
	if p.Vendor != "" {
		c.Supplier = &cdx.OrganizationalEntity{Name: p.Vendor}
	}
	if cpeForm.MatchString(p.CPE) {
		c.CPE = p.CPE
	} else {
		own.add("cpe", p.CPE)
	}
	own.add("range", p.Range)
	own.add("relation", p.Relation)
	var hashes []cdx.Hash
	for _, h := range p.Hashes {
		if d, ok := digest(h); ok {
			hashes = append(hashes, d)
		} else {
			own.add("hash:"+h.Algorithm, h.Value)
		}
	}
	if hashes != nil {
		c.Hashes = &hashes
	}
	for _, id := range p.IDs {
		if id.Kind == "group" && c.Group == "" {
			c.Group = id.Value
			continue
		}
		own.add("id:"+id.Kind, id.Value)
	}
	for _, o := range p.Only {
		own.add("only:"+o.Kind, o.Value)
	}
	c.Properties = own.list()
	if inner := components(n.inner); len(inner) > 0 {
		c.Components = &inner
	}
	return c
}

// tail is the name in a package URL.
func tail(purl string) string {
	purl, _, _ = strings.Cut(purl, "#")
	purl, _, _ = strings.Cut(purl, "?")
	name := purl[strings.LastIndex(purl, "/")+1:]
	name, _, _ = strings.Cut(name, "@")
	return name
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func text(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func (e *encoder) vulnerability(s *vex.Statement) (cdx.Vulnerability, error) {
	var wrong []error
	v := cdx.Vulnerability{ID: s.Vulnerability, Recommendation: s.Action}
	var own keeper
	if s.ID != "" && !e.used[s.ID] && !strings.HasPrefix(s.ID, "urn:cdx:") {
		e.used[s.ID] = true
		v.BOMRef = s.ID
	} else {
		own.add("id", s.ID)
	}
	if s.Vulnerability == "" {
		wrong = append(wrong, errors.New("names no vulnerability"))
	}
	if s.Status != "" && !s.Status.Valid() {
		wrong = append(wrong, fmt.Errorf("%s: the status %q is none", s.Vulnerability, s.Status))
	}
	if s.Justification != "" && !s.Justification.Valid() {
		wrong = append(wrong, fmt.Errorf("%s: the justification %q is none", s.Vulnerability, s.Justification))
	}
	if s.Status.Clears() && len(s.Products) == 0 {
		wrong = append(wrong, fmt.Errorf("%s: is %s and names no product", s.Vulnerability, s.Status))
	}
	var refs []cdx.VulnerabilityReference
	for _, a := range s.Aliases {
		if a != "" && a != s.Vulnerability {
			refs = append(refs, cdx.VulnerabilityReference{ID: a, Source: &cdx.Source{}})
		}
	}
	if refs != nil {
		v.References = &refs
	}
	versions := make([][]cdx.AffectedVersions, len(s.Products))
	spoken := false
	for i := range s.Products {
		list, err := ranges(s, &s.Products[i])
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", s.Vulnerability, err))
		}
		versions[i] = list
		spoken = spoken || len(list) > 0
	}
	a, status := written(s, spoken)
	affects := []cdx.Affects{}
	for i := range s.Products {
		p := &s.Products[i]
		target := cdx.Affects{Ref: p.Ref}
		if n := e.components[key(p)]; n != nil && !elsewhere(s, p) {
			target.Ref = n.ref
		}
		for j := range versions[i] {
			versions[i][j].Status = status
		}
		if len(versions[i]) > 0 {
			target.Range = &versions[i]
		}
		affects = append(affects, target)
	}
	if len(affects) > 0 {
		v.Affects = &affects
	}
	a.Detail = s.Impact
	if j := s.Justification; s.Status == vex.NotAffected && j != "" {
		if back, _ := Justification(string(a.Justification)); back != j {
			own.add("justification", string(j))
			a.Detail = strings.TrimSuffix(string(j)+": "+s.Impact, ": ")
		}
	}
	responses := []cdx.ImpactAnalysisResponse{}
	for _, r := range s.Original.Responses {
		if w := Response(r); w != "" && !slices.Contains(responses, cdx.ImpactAnalysisResponse(w)) {
			responses = append(responses, cdx.ImpactAnalysisResponse(w))
		}
	}
	if len(responses) > 0 {
		a.Response = &responses
	}
	a.FirstIssued, a.LastUpdated = text(s.Issued), text(s.Updated)
	if a != (cdx.VulnerabilityAnalysis{}) {
		v.Analysis = &a
	}
	own.add("notes", s.Notes)
	own.add("author", s.Author)
	e.original(&own, s, a, status, spoken)
	v.Properties = own.list()
	return v, errors.Join(wrong...)
}

// original keeps the original tokens where reading what is written would not
// give them.
func (e *encoder) original(own *keeper, s *vex.Statement, a cdx.VulnerabilityAnalysis, status cdx.VulnerabilityStatus, spoken bool) {
	o := s.Original
	var responses []string
	if a.Response != nil {
		for _, r := range *a.Response {
			responses = append(responses, string(r))
		}
	}
	read := vex.Original{Format: Format, State: string(a.State), Justification: string(a.Justification), Responses: responses}
	if spoken {
		read.Version = string(status)
	}
	same := o.Format == read.Format && o.State == read.State && o.Justification == read.Justification && o.Version == read.Version &&
		slices.Equal(o.Responses, read.Responses)
	if o.Format == "" || same {
		return
	}
	own.add("original:format", o.Format)
	own.add("original:state", o.State)
	own.add("original:justification", o.Justification)
	for _, r := range o.Responses {
		own.add("original:response", r)
	}
	own.add("original:version", o.Version)
}

// written is the analysis for s, and the status of the versions it speaks of: the
// words it was read with where they still say the same.
func written(s *vex.Statement, spoken bool) (a cdx.VulnerabilityAnalysis, status cdx.VulnerabilityStatus) {
	o := s.Original
	if base, known := Status(o.State); o.Format == Format && (known || o.State == "") {
		was := cdx.VulnerabilityStatus(o.Version)
		means := base
		if spoken {
			means = apart(base, was)
		}
		j, kind := Justification(o.Justification)
		if s.Status != vex.NotAffected || base != vex.NotAffected {
			j = s.Justification
		}
		labeled := slices.Contains([]cdx.VulnerabilityStatus{cdx.VulnerabilityStatusAffected, cdx.VulnerabilityStatusNotAffected, cdx.VulnerabilityStatusUnknown}, was)
		if means == s.Status && spoken == labeled && (kind || o.Justification == "") && (o.Justification == "" && s.Justification == "" || j == s.Justification) {
			a.State, a.Justification = cdx.ImpactAnalysisState(o.State), cdx.ImpactAnalysisJustification(o.Justification)
			return a, was
		}
	}
	a.State = cdx.ImpactAnalysisState(State(s.Status))
	if s.Status == vex.NotAffected {
		a.Justification = cdx.ImpactAnalysisJustification(Token(s.Justification))
	}
	switch {
	case s.Status.Clears():
		status = cdx.VulnerabilityStatusNotAffected
	case s.Status == vex.Affected:
		status = cdx.VulnerabilityStatusAffected
	default:
		status = cdx.VulnerabilityStatusUnknown
	}
	return a, status
}

var comparison = regexp.MustCompile(`^(<=|>=|<|>|=)\s*([A-Za-z0-9][A-Za-z0-9.+_\-]*)$`)

// ranges are the versions that s speaks of in p.
func ranges(s *vex.Statement, p *vex.Product) ([]cdx.AffectedVersions, error) {
	list := s.Versions
	if len(list) == 0 && s.Original.Format != Format {
		list = slices.DeleteFunc([]string{p.Version, p.Range}, func(v string) bool { return v == "" })
	}
	var out []cdx.AffectedVersions
	for _, v := range list {
		m := comparison.FindStringSubmatch(v)
		switch {
		case strings.HasPrefix(v, "vers:"):
			out = append(out, cdx.AffectedVersions{Range: v})
		case m != nil && m[1] == "=":
			out = append(out, cdx.AffectedVersions{Version: m[2]})
		case m != nil:
			out = append(out, cdx.AffectedVersions{Range: "vers:generic/" + m[1] + m[2]})
		case v == p.Range && len(s.Versions) == 0, strings.ContainsAny(v, "<>|"):
			return nil, fmt.Errorf("the range %q of %q is not of the form of vers", v, p.String())
		default:
			out = append(out, cdx.AffectedVersions{Version: v})
		}
	}
	return out, nil
}
