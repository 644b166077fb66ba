package match

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

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
	NoIdentifier   = "no identifier"
	NothingHeld    = "no record of this source was read"
	NoEcosystem    = "no source for this ecosystem"
	NoSource       = "source package not stated"
	UnknownProduct = "product named by no record of this source"
	UnknownCPE     = "CPE vendor:product unknown to every loaded source"
	NoVersion      = "no version"
	NotComparable  = "version not comparable"
)

// Coverage is the verdict of one source for one component. Evaluated means that
// the source holds records in the component's namespace (its OSV ecosystem, or
// part, vendor and product of its CPE, or its repository, or vendor and product in words) and
// that the version could be compared. That there is no finding means something only then, and
// of the vulnerabilities that are not Open: a CVE that its source did not enrich and that
// may be about the component is never evaluated.
type Coverage struct {
	Component Component `json:"component"`
	Source    string    `json:"source"`
	Verdict   Verdict   `json:"verdict"`
	// Why is empty when evaluated.
	Why string `json:"why"`
	// Detail says more in words: which identifier, which namespace.
	Detail string `json:"detail,omitempty"`
	// Open counts the questions about the component that records of the source leave to a
	// person.
	Open  int `json:"open,omitempty"`
	root  bool
	place int // of the component in the BOM
}

// order is the order in which the reasons count.
var order = []string{NoIdentifier, NothingHeld, NoEcosystem, NoSource, UnknownProduct, UnknownCPE, NoVersion, NotComparable}

// Seen counts the components of the coverage, without the root, and those that
// at least one source evaluated.
func (r Result) Seen() (components, evaluated int) {
	last, counted := -1, false
	for _, c := range r.Coverage { // the rows of a component stand together
		if c.root {
			continue
		}
		if c.place != last {
			last, counted = c.place, false
			components++
		}
		if !counted && c.Verdict == Evaluated {
			counted = true
			evaluated++
		}
	}
	return components, evaluated
}

// coverage gives every component its verdict from every source. The root gets
// one when it has an identifier: without one it is only the name of the device.
func (f *search) coverage() []Coverage {
	if f.only != nil || len(f.index.sources) == 0 {
		return nil
	}
	for i := range f.inv.items {
		if it := &f.inv.items[i]; !it.told {
			f.tell(it)
		}
	}
	if f.rows == nil {
		return []Coverage{}
	}
	return f.rows
}

// tell writes the rows of one component.
func (f *search) tell(it *item) {
	if f.only != nil || len(f.index.sources) == 0 || it.place == f.nameless {
		return
	}
	n := len(f.index.sources)
	if f.rows == nil {
		rows := len(f.covers)
		if f.nameless >= 0 {
			rows -= n
		}
		f.rows = make([]Coverage, rows)
	}
	first := it.place * n
	if f.nameless >= 0 && it.place > f.nameless {
		first -= n
	}
	rows := f.rows[first : first+n]
	for k, s := range f.index.sources {
		c := &rows[k]
		c.Component, c.Source, c.Verdict, c.root, c.place = it.shown(), s.name, NotEvaluable, it.root, it.place
		cv := &f.covers[it.place*n+k]
		if c.Why, c.Detail = f.reason(it, s, cv); c.Why == "" {
			c.Verdict = Evaluated
		}
		if c.Open = cv.open; c.Open > 0 {
			c.Detail += "; " + strconv.Itoa(c.Open) + " left to a person"
		}
	}
	f.alone(rows)
}

// alone says it when one source alone evaluates a component, and that source holds records
// that state nothing that can be compared, as NVD does of the CVEs that it did not enrich: that it has
// no finding says nothing of those.
func (f *search) alone(rows []Coverage) {
	by := -1
	for k := range rows {
		if rows[k].Verdict != Evaluated {
			continue
		}
		if by >= 0 {
			return
		}
		by = k
	}
	if by >= 0 && f.index.sources[by].mute > 0 {
		rows[by].Detail += fmt.Sprintf("; by %s alone, and not for the %d records in which it does not state what is affected", rows[by].Source, f.index.sources[by].mute)
	}
}

// reason takes every route that the component's identifiers and the source have in
// common. One that gets through is enough; of those that do not, the one that came
// furthest is told. Without one in common the source is none for this ecosystem, or
// does not know this CPE name.
func (f *search) reason(it *item, s *holdings, cv *cover) (why, detail string) {
	packages, names := f.index.speaks(s, sbom.ByPackage), f.index.speaks(s, sbom.ByCPE)
	silent := !packages && !names && f.index.silent(s)
	furthest := -1
	try := func(w, d string) {
		at := len(order)
		if w != "" {
			at = slices.Index(order, w)
		}
		if at > furthest {
			furthest, why, detail = at, w, d
		}
	}
	identified := false
	for k := range it.ids {
		id := &it.ids[k]
		if id.alias != nil {
			continue
		}
		identified = identified || id.pkg != nil || id.name != nil
		if id.pkg != nil && (packages || !names) && !silent {
			try(f.byPackage(id, s, cv))
		}
		if id.name != nil && names {
			try(f.byCPE(id, s, cv))
		}
	}
	if cv.words {
		try(f.version(it.versions(), cv, s, vers.Generic, "vendor and product in words"))
	}
	switch {
	case furthest >= 0:
	case !identified:
		return NoIdentifier, unidentified(&it.ids[0])
	case silent:
		return NothingHeld, s.name + " holds no record that speaks of products: it was not read, or was empty"
	case !packages && !names:
		return UnknownProduct, s.name + " names products in words only, and none as this component is named"
	case it.ids[0].pkg != nil:
		return NoEcosystem, s.name + " does not speak by package"
	default:
		return UnknownCPE, s.name + " does not speak by CPE name"
	}
	return why, detail
}

// unidentified says why none of the identifiers can be used.
func unidentified(id *identity) string {
	c := sbom.Component{PURL: id.purl, CPE: id.cpe}
	if _, err := c.Package(); !errors.Is(err, sbom.ErrNoPURL) {
		return err.Error()
	}
	if _, err := c.CPEName(); !errors.Is(err, cpe.ErrEmpty) {
		return err.Error()
	}
	return "the component has neither purl nor CPE"
}

// byPackage says why the component cannot be evaluated by its purl, or nothing.
func (f *search) byPackage(id *identity, s *holdings, cv *cover) (why, detail string) {
	switch {
	case id.ecosystem == "" && cv.held != "" && slices.Contains(id.at, cv.held):
		return f.version(id.versions, cv, s, "", string(cv.held))
	case id.ecosystem == "":
		return NoEcosystem, "purl type " + id.pkg.Type + " is of no ecosystem"
	case !f.index.holdsEcosystem(s, id.ecosystem):
		return NoEcosystem, s.name + " holds nothing of " + id.ecosystem
	case cv.held == "" && id.pkg.Upstream == "" && (id.pkg.Type == "deb" || id.pkg.Type == "apk"):
		// Records of these distributions are about source packages.
		return NoSource, s.name + " holds nothing named " + id.pkg.Name + ", and the purl does not say from which source it was built"
	case cv.held == "" && id.pkg.Type == "maven" && id.pkg.Namespace == "":
		return NoEcosystem, "a Maven package without a group names nothing"
	case !f.index.holdsRelease(s, id):
		return NoEcosystem, s.name + " holds nothing of " + id.ecosystem + " " + id.release()
	}
	return f.version(id.versions, cv, s, vers.Scheme(id.ecosystem), id.ecosystem)
}

// byCPE says why the component cannot be evaluated by its CPE, or nothing.
func (f *search) byCPE(id *identity, s *holdings, cv *cover) (why, detail string) {
	if cv.held == "" || !slices.Contains(id.at, cv.held) {
		return UnknownCPE, fmt.Sprintf("%s holds nothing of %s:%s:%s", s.name, id.name.Part, id.name.Vendor, id.name.Product)
	}
	return f.version(id.versions, cv, s, vers.Generic, string(cv.held))
}

// version says why the versions cannot be compared, or nothing. Without a scheme they need
// no order: tags and commits are looked up.
func (f *search) version(versions []stated, cv *cover, s *holdings, scheme vers.Scheme, namespace string) (why, detail string) {
	if len(versions) == 0 {
		return NoVersion, "the component states no version"
	}
	switch {
	case cv.blind:
		return NotComparable, versions[0].text + " has no place in the order of a record of " + s.name
	case cv.compared, scheme == "":
		return "", namespace + " " + versions[0].text
	}
	var first error
	for k := range versions {
		_, err := versions[k].under(scheme)
		if err == nil {
			return "", namespace + " " + versions[k].text
		}
		if first == nil {
			first = err
		}
	}
	return NotComparable, first.Error()
}
