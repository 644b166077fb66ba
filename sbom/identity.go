package sbom

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/sbom/cpe"
	"github.com/open-postmarket/postmarket/store"
)

// A Candidate is an identifier that is proposed for a component. It is no part of
// an SBOM until somebody accepts it.
type Candidate struct {
	// Kind is "purl" or "cpe".
	Kind string `json:"kind"`
	// Name is the identifier without a version, as the table has it; Text the
	// whole identifier with the component's version, as its own identifier of that
	// kind writes it, else as it states it.
	Name string `json:"name"`
	Text string `json:"text"`
	// For is the name of the thing in the table.
	For string `json:"for"`
	// Corrects is the written identifier in whose place this one should be looked
	// up; empty when the component has none of that kind.
	Corrects string `json:"corrects,omitempty"`
	// Former says that the identifier was superseded: records may still use it.
	Former    bool   `json:"former,omitempty"`
	Source    string `json:"source"`
	Certainty string `json:"certainty"`
	// Parts are what the confidence is made of. Names and numbers are ours.
	Parts []Part `json:"parts"`
}

// A Part is one named reason for more or less confidence, from 0 to 1.
type Part struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Why   string  `json:"why"`
}

// Confidence is the product of the parts, from 0 to 1. The scale is our own
// convention: it orders candidates and is no probability.
func (x Candidate) Confidence() float64 {
	c := 1.0
	for _, p := range x.Parts {
		c *= p.Value
	}
	return c
}

// Propose returns the identifiers by which table knows the thing c names, without
// those c has. The thing is found by c's purl, by its CPE, by its name (with its maker or
// without), or by its
// CPE's product under another vendor, in this order. A package is not proposed where
// c's purl names another one of the same registry. The most confident candidates
// come first. A nil table proposes nothing.
func Propose(c Component, table *Aliases) []Candidate {
	if table == nil {
		return nil
	}
	var out []Candidate
	for _, hit := range table.find(c) {
		e := table.entries[hit.entry]
		for _, kind := range []string{"cpe", "purl"} {
			ids := e.CPEs
			if kind == "purl" {
				ids = e.PURLs
			}
			version, where := c.statedFor(kind)
			stated := Part{"version", 0.6, "no version is stated: the identifier stays open"}
			if version != "" {
				stated = Part{"version", 1, "the version is stated in its " + where}
			}
			for _, id := range ids {
				text, err := id.withVersion(kind, version)
				if err != nil || c.has(kind, id) || kind == "purl" && c.another(id) {
					continue
				}
				x := Candidate{
					Kind: kind, Name: id.Name, Text: text, For: e.Names[0], Former: id.Former,
					Source: id.Source, Certainty: id.Certainty,
				}
				x.Corrects = c.corrected(kind, e)
				x.Parts = []Part{
					hit.part, c.agreement(e),
					{"source", certainties[id.Certainty], id.Certainty + ": " + id.Source},
					stated,
				}
				if id.Former {
					x.Parts = append(x.Parts, Part{"standing", 0.7, "a former identifier, or one that few records use"})
				}
				out = append(out, x)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Confidence(), a.Confidence()), strings.Compare(a.Text, b.Text))
	})
	return out
}

// statedFor is the version as c's own identifier of that kind writes it, else as
// c states it: a CPE leaves out what a build adds to a version.
func (c Component) statedFor(kind string) (version, where string) {
	if n, err := c.CPEName(); kind == "cpe" && err == nil && n.Version.Literal() && !n.Version.Pattern() {
		return n.Version.Text(), "cpe"
	}
	if p, err := c.Package(); kind == "purl" && err == nil && p.Version != "" {
		return p.Version, "purl"
	}
	return c.Stated()
}

// named is the value of an identity that rests on a name and a maker that agree.
const named = 0.95

// A hit is an entry that a component may be, and how it was found.
type hit struct {
	entry int
	part  Part
}

func (t *Aliases) find(c Component) []hit {
	var out []hit
	met := map[int]bool{}
	add := func(at []int, p Part) {
		for _, i := range at {
			if !met[i] {
				met[i] = true
				out = append(out, hit{i, p})
			}
		}
	}
	for _, i := range c.Identities() {
		if _, err := i.Package(); err == nil {
			add(t.byPURL[Component{PURL: i.PURL}.Coordinate()], Part{"identity", 1, "its purl is known"})
		}
		if n, err := i.CPEName(); err == nil && n.Part == cpe.Any && n.Vendor.Literal() {
			for _, part := range []cpe.Value{"a", "o", "h"} {
				n.Part = part
				add(t.byCPE[triple(n)], Part{"identity", 1, "its CPE is known"})
			}
		} else if err == nil && n.Names() {
			add(t.byCPE[triple(n)], Part{"identity", 1, "its CPE is known"})
		}
	}
	vendors := c.Vendors()
	for _, i := range t.byName[squash(c.Name)] {
		if len(vendors) > 0 && t.entries[i].madeBy(vendors) {
			add([]int{i}, Part{"identity", named, "its name and its maker are known"})
		}
	}
	add(t.byName[squash(c.Name)], Part{"identity", 0.9, "its name is known"})
	if trim(c.Group) != "" {
		add(t.byName[squash(c.Group+c.Name)], Part{"identity", 0.8, "its group and name together are known"})
	}
	if n, err := c.CPEName(); err == nil && n.Product.Literal() && !n.Product.Pattern() {
		add(t.byName[squash(n.Product.Text())], Part{"identity", 0.7, "the product of its CPE is a known name"})
	}
	return out
}

// another reports whether c bears a purl that names another artifact of the
// registry that id is of.
func (c Component) another(id AliasID) bool {
	theirs, err := Component{PURL: id.Name}.Package()
	if err != nil {
		return false
	}
	ours, err := c.Package()
	if _, _, registry := theirs.Ecosystem(); err != nil || !registry || ours.Type != theirs.Type {
		return false
	}
	return !c.has("purl", id)
}

// has reports whether c bears id already, whatever the version.
func (c Component) has(kind string, id AliasID) bool {
	at := Component{PURL: id.Name}.Coordinate()
	return slices.ContainsFunc(c.Identities(), func(i Component) bool {
		if kind == "cpe" {
			n, err := i.CPEName()
			return err == nil && triple(n) == id.Name
		}
		_, err := i.Package()
		return err == nil && Component{PURL: i.PURL}.Coordinate() == at
	})
}

// corrected is the identifier as written that e does not know, or nothing.
func (c Component) corrected(kind string, e Alias) string {
	if kind == "purl" {
		if trim(c.PURL) == "" || slices.ContainsFunc(e.PURLs, func(id AliasID) bool { return c.has("purl", id) }) {
			return ""
		}
		return c.PURL
	}
	current := func(id AliasID) bool { return !id.Former && c.has("cpe", id) }
	if trim(c.CPE) == "" || slices.ContainsFunc(e.CPEs, current) {
		return ""
	}
	return c.CPE
}

// agreement says whether the purl that c has speaks for e.
func (c Component) agreement(e Alias) Part {
	if _, err := c.Package(); err != nil || len(e.PURLs) == 0 {
		return Part{"agreement", 0.9, "no purl on both sides to agree"}
	}
	if slices.ContainsFunc(e.PURLs, func(id AliasID) bool { return c.has("purl", id) }) {
		return Part{"agreement", 1, "its purl is one of this thing's"}
	}
	return Part{"agreement", 0.5, "its purl is none of this thing's: it may be another"}
}

// An Accepted candidate is a decision: from now on the component is looked up by
// it too. It is kept apart from the SBOM, and holds for later versions.
type Accepted struct {
	// Of is the coordinate of the component as it was written.
	Of        Coordinate `json:"of"`
	Candidate Candidate  `json:"candidate"`
	// By is the subject id of the person, or "policy NAME".
	By  string    `json:"by"`
	Why string    `json:"why"`
	At  time.Time `json:"at"`
}

// Key returns the coordinate and the identifier.
func (a Accepted) Key() string { return string(a.Of) + " " + a.Candidate.Kind + " " + a.Candidate.Name }

// Identities is the drawer of the ledger that holds accepted identifiers.
const Identities store.Kind[Accepted] = "sbom.identity"

// Accept takes x for c: a person (or a policy, see [Policy]) says so and why.
// The component it returns has the identifier among More, with who accepted it;
// what was written stays. The decision is returned to be kept.
func (c Component) Accept(x Candidate, by, why string, at time.Time) (Component, Accepted, error) {
	if trim(by) == "" || trim(why) == "" || at.IsZero() {
		return Component{}, Accepted{}, fmt.Errorf("sbom: %q is accepted by nobody, for no reason or at no time", x.Text)
	}
	a := Accepted{Of: c.written().Coordinate(), Candidate: x, By: by, Why: why, At: at.UTC()}
	out, err := c.with(a)
	if err != nil {
		return Component{}, Accepted{}, err
	}
	return out, a, nil
}

// acceptedBy begins the From of an accepted identifier.
const acceptedBy = "accepted by "

// written is c without what was accepted for it.
func (c Component) written() Component {
	c.More = slices.DeleteFunc(slices.Clone(c.More), func(id Identifier) bool { return strings.HasPrefix(id.From, acceptedBy) })
	return c
}

func (c Component) with(a Accepted) (Component, error) {
	x := a.Candidate
	if !slices.Contains([]string{"cpe", "purl"}, x.Kind) {
		return Component{}, fmt.Errorf("sbom: candidate %q: kind %q is not known", x.Name, x.Kind)
	}
	version, _ := c.statedFor(x.Kind)
	id := AliasID{Name: x.Name}
	text, err := id.withVersion(x.Kind, version)
	if err != nil {
		return Component{}, fmt.Errorf("sbom: candidate %q: %w", x.Name, err)
	}
	if n, err := cpe.Parse(text); x.Kind == "cpe" && (err != nil || !n.Names()) {
		return Component{}, fmt.Errorf("sbom: candidate %q names nothing", x.Name)
	}
	if c.has(x.Kind, id) {
		return Component{}, fmt.Errorf("sbom: %q has %q already", c.Name, x.Name)
	}
	c.More = append(slices.Clone(c.More), Identifier{
		Kind: x.Kind, Text: text, From: fmt.Sprintf(acceptedBy+"%s on %s: %s", a.By, a.At.Format(time.DateOnly), a.Why),
	})
	return c, nil
}

// WithAccepted returns b with every accepted identifier at the components it is
// of, in the version each states. One that a component bears by now is left out.
func (b BOM) WithAccepted(accepted ...Accepted) BOM {
	of := map[Coordinate][]Accepted{}
	for _, a := range accepted {
		of[a.Of] = append(of[a.Of], a)
	}
	b.Components = slices.Clone(b.Components)
	for i, c := range b.Components {
		for _, a := range of[c.written().Coordinate()] {
			if next, err := b.Components[i].with(a); err == nil {
				b.Components[i] = next
			}
		}
	}
	return b
}

// A Policy accepts candidates without a person looking at each. It is data, and
// whoever states it answers for it.
type Policy struct {
	Name string `json:"name"`
	// Why is the reason every accepted candidate gets.
	Why string `json:"why"`
	// Least is the least confidence, above 0 and up to 1.
	Least float64 `json:"least"`
	// Certainties are those taken ("verified"); none means any.
	Certainties []string `json:"certainties,omitempty"`
	// Corrections says whether a candidate may stand beside another identifier of
	// its kind that it corrects. Former says whether former ones are taken.
	Corrections bool `json:"corrections,omitempty"`
	Former      bool `json:"former,omitempty"`
}

// Takes reports whether p accepts x.
func (p Policy) Takes(x Candidate) bool {
	return p.Least > 0 && x.Confidence() >= p.Least &&
		(len(p.Certainties) == 0 || slices.Contains(p.Certainties, x.Certainty)) &&
		(p.Corrections || x.Corrects == "") && (p.Former || !x.Former)
}

// Accept proposes for every component of b and accepts what p takes. A policy
// without a name, a reason or a least confidence between 0 and 1 is an error.
func (p Policy) Accept(b BOM, table *Aliases, at time.Time) (BOM, []Accepted, error) {
	if trim(p.Name) == "" || trim(p.Why) == "" || p.Least <= 0 || p.Least > 1 {
		return BOM{}, nil, fmt.Errorf("sbom: policy %q: no name, no reason, or no least confidence between 0 and 1", p.Name)
	}
	var all []Accepted
	b.Components = slices.Clone(b.Components)
	for i, c := range b.Components {
		for _, x := range Propose(c, table) {
			if !p.Takes(x) {
				continue
			}
			next, a, err := b.Components[i].Accept(x, "policy "+p.Name, p.Why, at)
			if err != nil {
				return BOM{}, nil, err
			}
			b.Components[i] = next
			all = append(all, a)
		}
	}
	return b, all, nil
}

// ByIdentifier reports whether the thing was found by an identifier of the
// component, and not by a name, which others may bear too.
func (x Candidate) ByIdentifier() bool { return len(x.Parts) > 0 && x.Parts[0].Value == 1 }

// ByMaker reports whether the thing was found by its name, and the component names its
// maker too.
func (x Candidate) ByMaker() bool { return len(x.Parts) > 0 && x.Parts[0].Value == named }
