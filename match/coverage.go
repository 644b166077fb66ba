package match

import (
	"errors"
	"fmt"
	"slices"

	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cpe"
	"github.com/open-postmarket/postmarket/sbom/vers"
)

// Verdict says whether a source was able to speak of a component.
type Verdict string

// The verdicts.
const (
	Evaluated    Verdict = "evaluated"
	NotEvaluable Verdict = "not-evaluable"
)

// Why a component is not evaluable: the first of these, in this order, that
// holds.
const (
	NoIdentifier  = "no identifier"
	NoEcosystem   = "no source for this ecosystem"
	UnknownCPE    = "CPE vendor:product unknown to every loaded source"
	NoVersion     = "no version"
	NotComparable = "version not comparable"
)

// Coverage is the verdict of one source for one component. Evaluated means that
// the source holds records in the component's namespace (its OSV ecosystem, or
// part, vendor and product of its CPE) and that the version could be compared.
// That there is no finding means something only then.
type Coverage struct {
	Component Component `json:"component"`
	Source    string    `json:"source"`
	Verdict   Verdict   `json:"verdict"`
	// Why is empty when evaluated.
	Why string `json:"why"`
	// Detail says more in words: which identifier, which namespace.
	Detail string `json:"detail,omitempty"`
	root   bool
	place  int // of the component in the BOM
}

// order is the order in which the reasons count.
var order = []string{NoIdentifier, NoEcosystem, UnknownCPE, NoVersion, NotComparable}

// Seen counts the components of the coverage, without the root, and those that
// at least one source evaluated.
func (r Result) Seen() (components, evaluated int) {
	done := map[int]bool{}
	for _, c := range r.Coverage {
		if c.root {
			continue
		}
		if _, known := done[c.place]; !known {
			components++
		}
		done[c.place] = done[c.place] || c.Verdict == Evaluated
	}
	for _, ok := range done {
		if ok {
			evaluated++
		}
	}
	return components, evaluated
}

// coverage gives every component its verdict from every source. The root gets
// one when it has an identifier: without one it is only the name of the device.
func (f *finding) coverage() []Coverage {
	var out []Coverage
	for _, it := range f.inv.items {
		if it.root && it.PURL == "" && it.CPE == "" {
			continue
		}
		for _, s := range f.index.sources {
			out = append(out, f.cover(it, s))
		}
	}
	return out
}

// cover takes every route that the component's identifiers and the source have in
// common. One that gets through is enough; of those that do not, the one that came
// furthest is told. Without one in common the source is none for this ecosystem, or
// does not know this CPE name.
func (f *finding) cover(it *item, s *holdings) Coverage {
	c := Coverage{Component: it.shown, Source: s.name, Verdict: NotEvaluable, root: it.root, place: it.place}
	furthest := -1
	try := func(why, detail string) {
		at := slices.Index(order, why)
		if why == "" {
			at = len(order)
		}
		if at > furthest {
			furthest, c.Why, c.Detail = at, why, detail
		}
	}
	identified := false
	for _, i := range append([]*item{it}, it.others...) {
		identified = identified || i.pkgErr == nil || i.cpeErr == nil
		if i.pkgErr == nil && (s.packages || !s.names) {
			try(f.byPackage(i, s))
		}
		if i.cpeErr == nil && s.names {
			try(f.byCPE(i, s))
		}
	}
	switch {
	case furthest >= 0:
	case !identified:
		c.Why, c.Detail = NoIdentifier, unidentified(it)
	case it.pkgErr == nil:
		c.Why, c.Detail = NoEcosystem, fmt.Sprintf("%s does not speak by package", s.name)
	default:
		c.Why, c.Detail = UnknownCPE, fmt.Sprintf("%s does not speak by CPE name", s.name)
	}
	if c.Why == "" {
		c.Verdict = Evaluated
		if n := f.open[place{it, s.name}]; n > 0 {
			c.Detail += fmt.Sprintf("; %d left to a person", n)
		}
	}
	return c
}

// unidentified says why none of the identifiers can be used.
func unidentified(it *item) string {
	switch {
	case !errors.Is(it.pkgErr, sbom.ErrNoPURL):
		return it.pkgErr.Error()
	case !errors.Is(it.cpeErr, cpe.ErrEmpty):
		return it.cpeErr.Error()
	}
	return "the component has neither purl nor CPE"
}

// byPackage says why the component cannot be evaluated by its purl, or nothing.
func (f *finding) byPackage(it *item, s *holdings) (why, detail string) {
	switch {
	case it.ecosystem == "":
		return NoEcosystem, fmt.Sprintf("purl type %s is of no ecosystem", it.pkg.Type)
	case !s.ecosystems[it.ecosystem]:
		return NoEcosystem, fmt.Sprintf("%s holds nothing of %s", s.name, it.ecosystem)
	}
	return f.version(it, s, vers.Scheme(it.ecosystem), it.ecosystem)
}

// byCPE says why the component cannot be evaluated by its CPE, or nothing.
func (f *finding) byCPE(it *item, s *holdings) (why, detail string) {
	held := ""
	if it.cpe.Names() {
		for _, at := range it.Coordinates() {
			if s.cpes[at] {
				held = string(at)
				break
			}
		}
	}
	if held == "" {
		return UnknownCPE, fmt.Sprintf("%s holds nothing of %s:%s:%s", s.name, it.cpe.Part, it.cpe.Vendor, it.cpe.Product)
	}
	return f.version(it, s, vers.Generic, held)
}

func (f *finding) version(it *item, s *holdings, scheme vers.Scheme, namespace string) (why, detail string) {
	if len(it.versions) == 0 {
		return NoVersion, "the component states no version"
	}
	here := place{it.primary, s.name}
	switch {
	case f.blind[here]:
		return NotComparable, fmt.Sprintf("%s has no place in the order of a record of %s", it.versions[0].text, s.name)
	case f.compared[here]:
		return "", fmt.Sprintf("%s %s", namespace, it.versions[0].text)
	}
	var first error
	for _, v := range it.versions {
		_, err := vers.Parse(scheme, v.text)
		if err == nil {
			return "", fmt.Sprintf("%s %s", namespace, v.text)
		}
		if first == nil {
			first = err
		}
	}
	return NotComparable, first.Error()
}
