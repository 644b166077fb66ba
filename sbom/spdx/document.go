package spdx

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/open-postmarket/postmarket/sbom"
)

// A document is what has been read so far, of either generation of SPDX: the
// packages as components, the files in short, and the relations between them,
// which are resolved when all is read.
type document struct {
	bom        sbom.BOM
	id         string // SPDXID of the document itself
	components []*sbom.Component
	files      []file
	packageAt  map[string]int // ref → index of its first bearer
	fileAt     map[string]int
	builds     map[string]bool // refs of builds (SPDX 3)
	relations  []relation
	interned   map[string]string
	unknown    map[string]bool // relationship types told of already
	ancestors  int             // how many Pedigree.Ancestors were set
	ends       []end           // references that must be borne by something
	others     map[string]bool // ids of what is neither package nor file
	strict     bool            // only departures from the specification are told
	version    string          // of the rules of SPDX 2 that are held against it; empty: none
}

// A file is what is kept of a file until it is known whether the document has
// packages.
type file struct {
	ref, name, path, license string
	kind                     sbom.Type
	source, patch            bool
	hashes                   []sbom.Hash
}

// A relation is one relationship in the direction and the words of this
// package.
type relation struct {
	from, to string
	kind     meaning
}

// An end is one end of a relationship, as written.
type end struct {
	path, ref string
	root      bool // it is what the document describes
}

// A meaning is what a relationship says, as far as it matters here.
type meaning uint8

const (
	ignored   meaning = iota
	describes         // the document is about to
	contains          // from holds to
	optional          // from holds to, which may be left out
	dependsOn         // from needs to
	mayNeed           // from needs to, if it is there
	madeFrom          // from was generated from to
	patchedBy         // the patch to was applied to from
)

func newDocument() *document {
	return &document{
		packageAt: map[string]int{}, fileAt: map[string]int{}, builds: map[string]bool{},
		interned: map[string]string{}, unknown: map[string]bool{}, others: map[string]bool{},
	}
}

// self is the reference to the document itself.
func (d *document) self() string {
	if d.id == "" {
		return "SPDXRef-DOCUMENT"
	}
	return d.id
}

// head is what a document of SPDX 2 says of itself.
type head struct {
	id, name, license, namespace, created string
	creators                              []string
}

var created = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`)

// checkHead takes the head over, and tells what each document of SPDX 2 must
// say and this one does not (section 6, document creation information).
func (d *document) checkHead(h head) {
	d.bom.Serial = h.namespace
	for _, c := range h.creators {
		kind, name := agent(c)
		switch {
		case kind == "Tool":
			d.bom.Tools = append(d.bom.Tools, name)
		case name != "":
			name, _ = contact(name)
			d.bom.Authors = append(d.bom.Authors, name)
		}
		if kind == "" {
			d.problem("creationInfo.creators", "%q does not say Person, Organization or Tool", c)
		}
	}
	if d.bom.Created = stamp(h.created); h.created != "" && d.bom.Created.IsZero() {
		d.problem("creationInfo.created", "%q is not a date", h.created)
	}
	for _, must := range []struct{ name, value string }{
		{"SPDXID", h.id}, {"name", h.name}, {"dataLicense", h.license}, {"documentNamespace", h.namespace},
		{"creationInfo.created", h.created}, {"creationInfo.creators", strings.Join(h.creators, "")},
	} {
		if must.value == "" {
			d.problem(must.name, "is missing")
		}
	}
	if d.version == "" {
		return
	}
	if !d.bom.Created.IsZero() && !created.MatchString(h.created) {
		d.problem("creationInfo.created", "%q is not of the form YYYY-MM-DDThh:mm:ssZ", h.created)
	}
	if h.id != "" && h.id != "SPDXRef-DOCUMENT" {
		d.problem("SPDXID", "%q is not SPDXRef-DOCUMENT", h.id)
	}
	if h.license != "" && h.license != "CC0-1.0" {
		d.problem("dataLicense", "%q is not CC0-1.0", h.license)
	}
	if u, err := url.Parse(h.namespace); h.namespace != "" && (err != nil || !u.IsAbs() || strings.Contains(h.namespace, "#")) {
		d.problem("documentNamespace", "%q is not a URI without a fragment", h.namespace)
	}
}

// component adds c. One without a Ref gets its path.
func (d *document) component(c sbom.Component) string {
	switch first, twice := d.packageAt[c.Ref]; {
	case c.Ref == "":
		c.Ref = c.Path
		d.problem(c.Path, "has no SPDX id")
		fallthrough
	case !twice:
		d.packageAt[d.intern(c.Ref)] = len(d.components)
	default:
		d.problem(c.Path, "has the SPDX id %q of %s", c.Ref, d.components[first].Path)
	}
	c.Ref = d.intern(c.Ref)
	if c.Name == "" {
		d.problem(c.Path, "has no name")
	}
	d.components = append(d.components, &c)
	return c.Ref
}

// file adds f, and returns its reference: its path when it has none.
func (d *document) file(f file) string {
	switch first, twice := d.fileAt[f.ref]; {
	case f.ref == "":
		f.ref = f.path
		d.problem(f.path, "has no SPDX id")
		fallthrough
	case !twice:
		f.ref = d.intern(f.ref)
		d.fileAt[f.ref] = len(d.files)
	default:
		d.problem(f.path, "has the SPDX id %q of %s", f.ref, d.files[first].path)
	}
	d.files = append(d.files, f)
	return f.ref
}

func (d *document) relate(from string, kind meaning, to string) {
	d.relations = append(d.relations, relation{d.intern(from), d.intern(to), kind})
}

// end keeps a reference to look for when all is read: always what is described,
// the rest where the document is judged.
func (d *document) end(path, ref string, root bool) {
	if root || d.version != "" {
		d.ends = append(d.ends, end{path, ref, root})
	}
}

// checkEnds tells of references to what is not in the document.
func (d *document) checkEnds() {
	for _, e := range d.ends {
		_, isPackage := d.packageAt[e.ref]
		_, isFile := d.fileAt[e.ref]
		switch {
		case isPackage, isFile, d.others[e.ref], e.ref == d.self(), e.ref == "NONE", e.ref == "NOASSERTION":
		case strings.HasPrefix(e.ref, "DocumentRef-"), strings.HasPrefix(e.ref, "LicenseRef-"):
		default:
			d.problem(e.path, "names %q, which is not in the document", e.ref)
		}
	}
}

// intern returns one copy of s for all who mean it.
func (d *document) intern(s string) string {
	if known, ok := d.interned[s]; ok {
		return known
	}
	d.interned[s] = s
	return s
}

func (d *document) problem(path, format string, args ...any) {
	d.bom.Problems = append(d.bom.Problems, sbom.Problem{Path: path, Message: fmt.Sprintf(format, args...)})
}

// odd tells of a text that was no text.
func (d *document) odd(t text, path string) {
	if t.odd != "" {
		d.problem(path, "is %s", t.odd)
	}
}

// identify sets c's identifiers: the first purl and the first CPE name in their
// fields, all others in More. An exact repetition is left out. Each that cannot
// be read is kept, with the reason.
func (d *document) identify(c *sbom.Component, kind, id, from string) {
	if id == "" {
		return
	}
	why := ""
	switch kind {
	case "purl":
		if _, err := (sbom.Component{PURL: id}).Package(); err != nil {
			why = err.Error()
		}
	case "cpe":
		if _, err := (sbom.Component{CPE: id}).CPEName(); err != nil {
			why = err.Error()
		}
	}
	if why != "" {
		d.problem(within(c.Path, from), "%s", why)
	}
	switch {
	case kind == "purl" && c.PURL == "":
		c.PURL = id
		return
	case kind == "cpe" && c.CPE == "":
		c.CPE = id
		return
	case kind == "purl" && c.PURL == id, kind == "cpe" && c.CPE == id:
		return
	}
	for _, m := range c.More {
		if m.Kind == kind && m.Text == id {
			return
		}
	}
	c.More = append(c.More, sbom.Identifier{Kind: kind, Text: id, From: from, Problem: why})
}

// within is the path of a part of what stands at path.
func within(path, part string) string {
	if strings.HasPrefix(path, "line ") {
		return path + ": " + part
	}
	return path + "." + part
}
