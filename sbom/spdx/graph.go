package spdx

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/open-postmarket/postmarket/sbom"
)

// A graph is what has been read of a document of SPDX 3. What elements say of
// each other is resolved when all are read.
type graph struct {
	doc       *document
	infos     map[string]info    // creation information, by id
	agents    map[string]string  // names of persons, organizations and tools
	licenses  map[string]license // license expressions and the like
	threats   map[string]threat  // vulnerabilities
	suppliers map[int][]string   // refs of the agents of a component: suppliers, then originators
	heads     []top              // documents and SBOMs
	links     []link             // relationships, VEX among them
	spec      string             // specVersion of the first creation information
}

type info struct {
	spec, created string
	by, using     []string
}

type license struct {
	text    string
	members []string
	join    string
}

type threat struct {
	id      string
	aliases []string
}

// top is a SpdxDocument or a software_Sbom.
type top struct {
	id, info string
	document bool
	roots    []string
}

// link is a relationship as written.
type link struct {
	from, kind string
	to         []string
	vex        *assessment
}

func newGraph() *graph {
	return &graph{
		infos: map[string]info{}, agents: map[string]string{}, licenses: map[string]license{}, threats: map[string]threat{},
		suppliers: map[int][]string{},
	}
}

// readContext looks for the context of SPDX 3 among those of the document.
func (w *walk) readContext() error {
	var raw json.RawMessage
	if err := w.dec.Decode(&raw); err != nil {
		return err
	}
	if m := contextOf3.FindSubmatch(raw); m != nil {
		w.context, w.contextVersion = true, string(m[1])
	}
	return nil
}

var contextOf3 = regexp.MustCompile(`spdx\.org/rdf/(?:v)?([0-9]+\.[0-9]+(?:\.[0-9]+)?)`)

// element is any element of the graph; each class uses some of the fields. The
// names are those of the JSON-LD context of 3.0.1, some with and without the
// prefix of their profile.
type element struct {
	Type         text `json:"type"`
	AtType       text `json:"@type"`
	ID           text `json:"spdxId"`
	AtID         text `json:"@id"`
	Name         text `json:"name"`
	Description  text `json:"description"`
	Summary      text `json:"summary"`
	CreationInfo refs `json:"creationInfo"`

	SpecVersion  text `json:"specVersion"`
	Created      text `json:"created"`
	CreatedBy    refs `json:"createdBy"`
	CreatedUsing refs `json:"createdUsing"`
	RootElement  refs `json:"rootElement"`

	Version     text           `json:"software_packageVersion"`
	PackageURL  text           `json:"software_packageUrl"`
	Download    text           `json:"software_downloadLocation"`
	HomePage    text           `json:"software_homePage"`
	Purpose     text           `json:"software_primaryPurpose"`
	SourceInfo  text           `json:"software_sourceInfo"`
	ContentIDs  many[content]  `json:"software_contentIdentifier"`
	Hashes      many[checksum] `json:"verifiedUsing"`
	Identifiers many[extern]   `json:"externalIdentifier"`
	Identifier2 many[extern]   `json:"externalIdentifiers"` // as some tools spell it
	References  many[extern]   `json:"externalRef"`
	SuppliedBy  refs           `json:"suppliedBy"`
	Originators refs           `json:"originatedBy"`
	Support     many[text]     `json:"supportLevel"`
	Support2    many[text]     `json:"support"` // as some tools spell it
	ValidUntil  text           `json:"validUntilTime"`

	Relationship text `json:"relationshipType"`
	From         refs `json:"from"`
	To           refs `json:"to"`
	assessment

	Expression  text `json:"simplelicensing_licenseExpression"`
	Expression2 text `json:"licenseExpression"`
	LicenseID   text `json:"licenseId"`
	Members     refs `json:"expandedlicensing_member"`
}

type checksum struct {
	Algorithm text `json:"algorithm"`
	Value     text `json:"hashValue"`
}

type content struct {
	Type  text `json:"software_contentIdentifierType"`
	Value text `json:"software_contentIdentifierValue"`
}

type extern struct {
	Type       text       `json:"externalIdentifierType"`
	Identifier text       `json:"identifier"`
	RefType    text       `json:"externalRefType"`
	Locators   many[text] `json:"locator"`
}

func (e *element) id() string {
	if e.ID.string != "" {
		return e.ID.string
	}
	return e.AtID.string
}

// class is the type without its profile: "software_Package" and the full IRI
// that ends in "/Package" are "Package".
func (e *element) class() string {
	t := e.Type.string
	if t == "" {
		t = e.AtType.string
	}
	return t[strings.LastIndexAny(t, "_/:#")+1:]
}

// maxInline is how deep elements may be written within each other.
const maxInline = 4

// add takes one element over, and first those written within it. It returns
// the id.
func (g *graph) add(raw []byte, path string, depth int) string {
	var e element
	if err := json.Unmarshal(raw, &e); err != nil {
		g.doc.problem(path, "is not read: %v", err)
		return ""
	}
	id, class := e.id(), e.class()
	if id == "" {
		id = path
	}
	for _, r := range []*refs{&e.CreationInfo, &e.CreatedBy, &e.CreatedUsing, &e.RootElement, &e.SuppliedBy, &e.Originators, &e.From, &e.To, &e.Members} {
		for i, inner := range r.inline {
			if depth == maxInline {
				g.doc.problem(path, "holds elements within each other more than %d deep, which are not read", maxInline)
				break
			}
			r.ids = append(r.ids, g.add(inner, fmt.Sprintf("%s.inline[%d]", path, i), depth+1))
		}
	}
	switch class {
	case "CreationInfo":
		if g.spec == "" {
			g.spec = e.SpecVersion.string
		}
		g.infos[id] = info{e.SpecVersion.string, e.Created.string, e.CreatedBy.ids, e.CreatedUsing.ids}
	case "SpdxDocument", "Sbom", "Bom":
		g.heads = append(g.heads, top{id, e.CreationInfo.first(), class == "SpdxDocument", e.RootElement.ids})
	case "Package", "AIPackage", "DatasetPackage":
		g.pack(&e, class, raw, path)
	case "File":
		g.file(&e, path)
	case "SoftwareArtifact":
		g.doc.problem(path, "is of the abstract class SoftwareArtifact; read as a package")
		g.pack(&e, class, raw, path)
	case "Build":
		g.doc.builds[g.doc.intern(id)] = true
	case "Person", "Organization", "SoftwareAgent", "Agent", "Tool":
		g.agents[id] = e.agentName()
	case "Vulnerability":
		g.threats[id] = e.threat()
	case "":
		if depth == 0 || id == path { // within another it is a reference
			g.doc.problem(path, "has no type")
		}
	default:
		switch {
		case strings.HasSuffix(class, "Relationship"):
			l := link{from: e.From.first(), kind: e.Relationship.string, to: e.To.ids}
			if strings.HasPrefix(class, "Vex") {
				l.vex = &e.assessment
				l.vex.class = class
			}
			if l.from == "" || len(l.to) == 0 || l.kind == "" {
				g.doc.problem(path, "lacks an end or its type")
			}
			g.links = append(g.links, l)
		case strings.Contains(class, "License") || strings.Contains(class, "Licensing"):
			g.licenses[id] = e.license(class)
		}
	}
	return id
}

func (e *element) agentName() string {
	if e.Name.string != "" {
		return e.Name.string
	}
	for _, x := range append(e.Identifiers, e.Identifier2...) {
		if x.Identifier.string != "" {
			return x.Identifier.string
		}
	}
	return ""
}

func (e *element) license(class string) license {
	for _, t := range []text{e.Expression, e.Expression2, e.LicenseID} {
		if t.string != "" {
			return license{text: t.string}
		}
	}
	switch class {
	case "ConjunctiveLicenseSet":
		return license{members: e.Members.ids, join: " AND "}
	case "DisjunctiveLicenseSet":
		return license{members: e.Members.ids, join: " OR "}
	}
	return license{text: e.Name.string}
}

// refs are the ids a property names: one or a list, as text or as elements
// written in place.
type refs struct {
	ids    []string
	inline []json.RawMessage
}

func (r *refs) first() string {
	if len(r.ids) == 0 {
		return ""
	}
	return r.ids[0]
}

// UnmarshalJSON never fails: what is no reference is passed over.
func (r *refs) UnmarshalJSON(b []byte) error {
	var list many[json.RawMessage]
	_ = list.UnmarshalJSON(b)
	for _, raw := range list {
		switch raw[0] {
		case '"':
			var id string
			if json.Unmarshal(raw, &id) == nil && id != "" {
				r.ids = append(r.ids, id)
			}
		case '{':
			r.inline = append(r.inline, raw)
		}
	}
	return nil
}

// many is a list, or one value in place of it. Values of the wrong type are
// passed over.
type many[T any] []T

// UnmarshalJSON never fails.
func (m *many[T]) UnmarshalJSON(b []byte) error {
	raws := []json.RawMessage{b}
	if b[0] == '[' {
		if !bytes.Contains(b, []byte("null")) && json.Unmarshal(b, (*[]T)(m)) == nil {
			return nil
		}
		raws, *m = nil, nil
		_ = json.Unmarshal(b, &raws)
	}
	for _, raw := range raws {
		var v T
		if string(raw) != "null" && json.Unmarshal(raw, &v) == nil {
			*m = append(*m, v)
		}
	}
	return nil
}

// finish resolves the graph into a BOM. contextVersion is the version its
// context names.
func (g *graph) finish(contextVersion string) (sbom.BOM, error) {
	path := "specVersion"
	if g.spec == "" {
		g.spec, path = contextVersion, "@context"
		g.doc.problem("specVersion", "is missing")
	}
	switch {
	case g.spec == "":
		return sbom.BOM{}, &SyntaxError{Path: "@context", Why: "is not that of SPDX 3"}
	case g.spec != "3.0" && !strings.HasPrefix(g.spec, "3.0."):
		return sbom.BOM{}, &SyntaxError{Path: path, Why: fmt.Sprintf("%q is not a version that is known", g.spec)}
	}
	g.doc.bom.Format, g.doc.bom.Spec = sbom.SPDXJSONLD, g.spec
	g.describe()
	for i, from := range g.suppliers {
		for _, ref := range from {
			if name := g.agents[ref]; name != "" {
				g.doc.components[i].Supplier = name
				break
			}
		}
	}
	g.resolve()
	return g.doc.finish(), nil
}

// describe takes over what the document says of itself, and what it is about:
// the roots of the document, or of the SBOMs that are its roots.
func (g *graph) describe() {
	roots := map[string][]string{}
	var main *top
	for i := range g.heads {
		h := &g.heads[i]
		roots[h.id] = h.roots
		if main == nil || h.document && !main.document {
			main = h
		}
	}
	if main == nil {
		g.doc.problem("@graph", "holds no SpdxDocument")
		return
	}
	g.doc.id, g.doc.bom.Serial = main.id, main.id
	made, ok := g.infos[main.info]
	if !ok {
		g.doc.problem("creationInfo", "is missing")
	}
	if g.doc.bom.Created = stamp(made.created); g.doc.bom.Created.IsZero() {
		g.doc.problem("creationInfo.created", "%q is not a date", made.created)
	}
	for _, ref := range made.by {
		g.doc.bom.Authors = append(g.doc.bom.Authors, g.name(ref))
	}
	for _, ref := range made.using {
		g.doc.bom.Tools = append(g.doc.bom.Tools, g.name(ref))
	}
	for _, h := range g.heads {
		for _, r := range h.roots {
			if _, inner := roots[r]; !inner {
				g.doc.relate(h.id, describes, r)
			}
		}
	}
}

// name is the name of an agent, or its reference.
func (g *graph) name(ref string) string {
	if n := g.agents[ref]; n != "" {
		return n
	}
	return ref
}
