package sbom

import (
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/sbom/cpe"
)

// A Coordinate is a name under which records and components meet. It has no
// version. Components and records each compute theirs with the functions here,
// so that equal text means "may speak of the same thing", and a store needs to
// index text only. Forms:
//
//	pkg:PyPI/django          a package of an OSV ecosystem
//	purl:github/wolfssl/wolfssl   a package URL of no ecosystem
//	cpe:a:wolfssl:wolfssl    part, vendor and product of a CPE name
//	cpe:a:*:wolfssl          the same where a record leaves the vendor open
//	name:jquery              a bare name: a hint, never an identity
//	in:osv:PyPI              all packages of an ecosystem in one source
//	by:osv:package           all records of one source that speak by package
//	by:nvd:cpe               all that speak by CPE name
type Coordinate string

// PackageCoordinate is the coordinate of a package by the ecosystem's name for
// it. A release after the ecosystem ("Debian:12") is left out.
func PackageCoordinate(ecosystem, name string) Coordinate {
	e, _ := Release(ecosystem)
	return Coordinate("pkg:" + e + "/" + packageName(e, name))
}

// EcosystemCoordinate is the coordinate of everything that source holds in an
// ecosystem.
func EcosystemCoordinate(source, ecosystem string) Coordinate {
	e, _ := Release(ecosystem)
	return Coordinate("in:" + source + ":" + e)
}

// A Route is a way in which records say what is affected.
type Route string

// The routes.
const (
	ByPackage Route = "package"
	ByCPE     Route = "cpe"
)

// RouteCoordinate is the coordinate of everything that source says by one route.
func RouteCoordinate(source string, r Route) Coordinate {
	return Coordinate("by:" + source + ":" + string(r))
}

// NameCoordinate is the coordinate of a bare name. Case and the difference
// between space, underscore and dash do not count.
func NameCoordinate(name string) Coordinate {
	return Coordinate("name:" + FoldName(name))
}

// FoldName folds what NameCoordinate does not count.
func FoldName(name string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return r == ' ' || r == '_' || r == '-'
	}), " ")
}

// CPECoordinate is the coordinate of a CPE name as a record states it. A vendor
// or product that is open or holds a wildcard is written as "*".
func CPECoordinate(n cpe.Name) Coordinate {
	return cpeCoordinate(n.Part, n.Vendor, n.Product)
}

func cpeCoordinate(part, vendor, product cpe.Value) Coordinate {
	open := func(v cpe.Value) string {
		if !v.Literal() && v != cpe.NA || v.Pattern() {
			return "*"
		}
		return string(v)
	}
	return Coordinate("cpe:" + open(part) + ":" + open(vendor) + ":" + open(product))
}

// Identities returns c as each of its identifiers names it: first with its own
// PURL and CPE, then once for every usable purl and CPE in More, with that
// alone.
func (c Component) Identities() []Component {
	out := []Component{c}
	for _, id := range c.More {
		other := c
		other.More = nil
		switch {
		case id.Problem != "" || id.Text == c.PURL || id.Text == c.CPE:
			continue
		case id.Kind == "purl":
			other.PURL, other.CPE = id.Text, ""
		case id.Kind == "cpe":
			other.PURL, other.CPE = "", id.Text
		default:
			continue
		}
		out = append(out, other)
	}
	return out
}

// Coordinates returns every coordinate under which a record may speak of c, each
// once, the most telling first: its package, its CPE and the forms of it that a record
// with wildcards would use, the same for its further identifiers, its names. A component whose vendor or product is
// itself a wildcard has no CPE coordinate: it names nothing.
func (c Component) Coordinates() []Coordinate {
	var out []Coordinate
	add := func(at ...Coordinate) {
		for _, one := range at {
			if !slices.Contains(out, one) {
				out = append(out, one)
			}
		}
	}
	for _, i := range c.Identities() {
		add(i.own()...)
	}
	for _, name := range c.Names() {
		add(NameCoordinate(name))
	}
	return out
}

// own are the coordinates of c's PURL and CPE.
func (c Component) own() []Coordinate {
	var out []Coordinate
	if p, err := c.Package(); err == nil {
		if e, name, ok := p.Ecosystem(); ok {
			out = append(out, PackageCoordinate(e, name))
			if p.Upstream != "" && p.Upstream != p.Name {
				out = append(out, PackageCoordinate(e, p.Upstream))
			}
		} else {
			out = append(out, purlCoordinate(p))
		}
	}
	if n, err := c.CPEName(); err == nil && n.Names() {
		out = append(out,
			cpeCoordinate(n.Part, n.Vendor, n.Product),
			cpeCoordinate(n.Part, cpe.Any, n.Product),
			cpeCoordinate(n.Part, n.Vendor, cpe.Any),
			cpeCoordinate(n.Part, cpe.Any, cpe.Any),
			cpeCoordinate(cpe.Any, n.Vendor, n.Product),
			cpeCoordinate(cpe.Any, cpe.Any, n.Product))
	}
	return out
}

// Names returns the bare names c goes by: its name and its CPE product, when
// they differ.
func (c Component) Names() []string {
	var out []string
	if trim(c.Name) != "" {
		out = append(out, trim(c.Name))
	}
	if n, err := c.CPEName(); err == nil && n.Product.Literal() && !n.Product.Pattern() {
		if p := n.Product.Text(); len(out) == 0 || FoldName(p) != FoldName(out[0]) {
			out = append(out, p)
		}
	}
	return out
}

// Coordinate returns the one coordinate that stands for c in keys: its package,
// else its CPE, else its group and name. Further identifiers do not count: one
// that is accepted later must not give the component another key.
func (c Component) Coordinate() Coordinate {
	if own := c.own(); len(own) > 0 {
		return own[0]
	}
	if trim(c.Group) != "" {
		return NameCoordinate(c.Group + "/" + c.Name)
	}
	return NameCoordinate(c.Name)
}

func purlCoordinate(p Package) Coordinate {
	at := "purl:" + p.Type + "/"
	if p.Namespace != "" {
		at += strings.ToLower(p.Namespace) + "/"
	}
	return Coordinate(at + strings.ToLower(p.Name))
}
