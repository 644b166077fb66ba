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
}

// order is the order in which the reasons count.
var order = []string{NoIdentifier, NoEcosystem, UnknownCPE, NoVersion, NotComparable}

// Seen counts the components of the coverage, without the root, and those that
// at least one source evaluated.
func (r Result) Seen() (components, evaluated int) {
	done := map[string]bool{}
	for _, c := range r.Coverage {
		if c.root {
			continue
		}
		if _, known := done[c.Component.Ref]; !known {
			components++
		}
		done[c.Component.Ref] = done[c.Component.Ref] || c.Verdict == Evaluated
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

// cover takes the routes the source has: by package when it holds packages, by
// CPE when it holds criteria, both when it holds both or nothing. One that gets
// through is enough; of two that do not, the one that came further is told.
func (f *finding) cover(it *item, s *holdings) Coverage {
	c := Coverage{Component: named(it.Component), Source: s.name, Verdict: NotEvaluable, root: it.root}
	type route struct{ why, detail string }
	var routes []route
	if len(s.ecosystems) > 0 || len(s.cpes) == 0 {
		why, detail := f.byPackage(it, s)
		routes = append(routes, route{why, detail})
	}
	if len(s.cpes) > 0 || len(s.ecosystems) == 0 && it.CPE != "" && it.PURL == "" {
		why, detail := f.byCPE(it, s)
		routes = append(routes, route{why, detail})
	}
	furthest := -2
	for _, r := range routes {
		at := slices.Index(order, r.why)
		if r.why == "" {
			at = len(order)
		}
		if at > furthest {
			furthest, c.Why, c.Detail = at, r.why, r.detail
		}
	}
	if c.Why == "" {
		c.Verdict = Evaluated
	}
	return c
}

// byPackage says why the component cannot be evaluated by its purl, or nothing.
func (f *finding) byPackage(it *item, s *holdings) (why, detail string) {
	switch {
	case errors.Is(it.pkgErr, sbom.ErrNoPURL):
		return NoIdentifier, "the component has no purl"
	case it.pkgErr != nil:
		return NoIdentifier, it.pkgErr.Error()
	case it.ecosystem == "":
		return NoEcosystem, fmt.Sprintf("purl type %s is of no ecosystem", it.pkg.Type)
	case !s.ecosystems[it.ecosystem]:
		return NoEcosystem, fmt.Sprintf("%s holds nothing of %s", s.name, it.ecosystem)
	}
	return f.version(it, s, vers.Scheme(it.ecosystem), it.ecosystem)
}

// byCPE says why the component cannot be evaluated by its CPE, or nothing.
func (f *finding) byCPE(it *item, s *holdings) (why, detail string) {
	if errors.Is(it.cpeErr, cpe.ErrEmpty) {
		return NoIdentifier, "the component has no CPE"
	}
	if it.cpeErr != nil {
		return NoIdentifier, it.cpeErr.Error()
	}
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
	if f.blind[place{it, s.name}] {
		return NotComparable, fmt.Sprintf("%s has no place in the order of a record of %s", it.versions[0].text, s.name)
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
