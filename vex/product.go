package vex

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Product is what a statement speaks of, with the names that its document
// gives it: a device, or a component within one. Everything is text as written.
// In JSON a product of which only the Ref is known is that string.
type Product struct {
	// Ref is what the document calls it: a bom-ref, a BOM-Link, a product id, an
	// IRI. It may mean nothing outside.
	Ref string `json:"ref,omitempty"`
	// Title is its full name for people, Name the one for Vendor and Version.
	Title  string `json:"title,omitempty"`
	Vendor string `json:"vendor,omitempty"`
	Name   string `json:"name,omitempty"`
	// Version is one version, Range several. At most one of them is there.
	Version string `json:"version,omitempty"`
	Range   string `json:"range,omitempty"`
	PURL    string `json:"purl,omitempty"`
	CPE     string `json:"cpe,omitempty"`
	Hashes  []Hash `json:"hashes,omitempty"`
	// IDs are further names of the same thing: "group", "cpe22", "udi".
	IDs []ID `json:"ids,omitempty"`
	// Only narrows it: "architecture", "serial_number". Of one kind any will do. A
	// reader that cannot tell whether they hold must clear nothing.
	Only []ID `json:"only,omitempty"`
	// Link is where it is described, when that is an element of a CycloneDX BOM.
	Link *Link `json:"link,omitempty"`
	// Within is the product that holds it, as far as the document says. What is
	// said then holds there only. Relation is how, in the document's word, where it
	// has one.
	Within   *Product `json:"within,omitempty"`
	Relation string   `json:"relation,omitempty"`
}

// A Hash is a digest of the product's file, Value in hexadecimal. Algorithm is
// as the format spells it.
type Hash struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"value"`
}

// An ID is a name of a Kind that has no field of its own.
type ID struct {
	Kind  string `json:"kind"`
	Value string `json:"value"`
}

// A Link points at one element of one version of a CycloneDX BOM. Serial is that
// of the BOM ("urn:uuid:…"); an empty Ref means the whole.
type Link struct {
	Serial  string `json:"serial"`
	Version int    `json:"version"`
	Ref     string `json:"ref,omitempty"`
}

// Refs are products of which only their references are known.
func Refs(refs ...string) []Product {
	var out []Product
	for _, r := range refs {
		out = append(out, Product{Ref: r})
	}
	return out
}

// String is the strongest name of p: its package URL, CPE, name, or reference.
func (p Product) String() string {
	name := p.Title
	if name == "" {
		name = strings.Join(slices.DeleteFunc([]string{p.Vendor, p.Name, p.Version, p.Range}, func(s string) bool { return s == "" }), " ")
	}
	for _, s := range []string{p.PURL, p.CPE, name, p.Ref} {
		if s != "" {
			return s
		}
	}
	if len(p.Hashes) > 0 {
		return p.Hashes[0].Algorithm + ":" + p.Hashes[0].Value
	}
	return ""
}

// Empty reports whether nothing says what p is.
func (p Product) Empty() bool {
	return p.String() == "" && len(p.IDs) == 0 && p.Link == nil
}

// Chain is p and all that hold it, p first. It ends where a product holds itself.
func (p *Product) Chain() []*Product {
	var out []*Product
	for at := p; at != nil && !slices.Contains(out, at); at = at.Within {
		out = append(out, at)
	}
	return out
}

// chain names p with all that hold it and with what narrows each, outermost
// first, so that no two products have one name.
func (p Product) chain() string {
	var out []string
	for i, q := range p.Chain() {
		name := q.String()
		if i > 0 && q.version() != "" {
			name += " " + q.version()
		}
		for _, o := range q.Only {
			name += fmt.Sprintf(" %s=%q", o.Kind, o.Value)
		}
		out = append(out, name)
	}
	slices.Reverse(out)
	return strings.Join(out, " > ")
}

func (p Product) version() string {
	if p.Version != "" {
		return p.Version
	}
	return p.Range
}

// onlyRef reports whether nothing but the reference is known.
func (p Product) onlyRef() bool {
	return p.Ref != "" && p.Title == "" && p.Vendor == "" && p.Name == "" && p.Version == "" && p.Range == "" && p.PURL == "" &&
		p.CPE == "" && p.Hashes == nil && p.IDs == nil && p.Only == nil && p.Link == nil && p.Within == nil && p.Relation == ""
}

// MarshalJSON writes a product of which only the Ref is known as that string.
func (p Product) MarshalJSON() ([]byte, error) {
	if p.onlyRef() {
		return json.Marshal(p.Ref)
	}
	type plain Product
	return json.Marshal(plain(p))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (p *Product) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte(`"`)) {
		*p = Product{}
		return json.Unmarshal(data, &p.Ref)
	}
	type plain Product
	return json.Unmarshal(data, (*plain)(p))
}

// String is the link as CycloneDX writes it: "urn:cdx:…/1#ref".
func (l Link) String() string {
	out := fmt.Sprintf("urn:cdx:%s/%d", strings.TrimPrefix(l.Serial, "urn:uuid:"), l.Version)
	if l.Ref != "" {
		out += "#" + strings.ReplaceAll(url.QueryEscape(l.Ref), "+", "%20")
	}
	return out
}

var linkForm = regexp.MustCompile(`^urn:cdx:([\da-fA-F]{8}(?:-[\da-fA-F]{4}){3}-[\da-fA-F]{12})/([1-9]\d{0,8})(?:#(.+))?$`)

// ParseLink reads a BOM-Link. ok is false for every other text.
func ParseLink(text string) (l Link, ok bool) {
	m := linkForm.FindStringSubmatch(text)
	if m == nil {
		return Link{}, false
	}
	n, err := strconv.Atoi(m[2])
	if err != nil {
		return Link{}, false
	}
	// A plus is one: real links carry package URLs that are escaped in part or not
	// at all. What cannot be unescaped stands as it is.
	ref, err := url.PathUnescape(m[3])
	if err != nil {
		ref = m[3]
	}
	return Link{Serial: "urn:uuid:" + strings.ToLower(m[1]), Version: n, Ref: ref}, true
}
