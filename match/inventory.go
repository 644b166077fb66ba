package match

import (
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cpe"
)

// item is one component of the device as one of its identifiers names it, with
// what is asked of it again and again.
type item struct {
	sbom.Component
	shown    Component // the component as it stood in the BOM
	primary  *item     // the component by its first identifiers: itself, or what it is an other of
	others   []*item   // the same component by its further identifiers
	place    int       // of the component among all
	at       sbom.Coordinate
	root     bool
	versions []stated // distinct versions it states, the most telling first
	cpe      cpe.Name
	cpeErr   error
	pkg      sbom.Package
	pkgErr   error
	// ecosystem and packageName are empty when the purl belongs to none.
	ecosystem, packageName string
}

// stated is a version and where the component states it.
type stated struct{ text, from string }

// inventory is the whole device.
type inventory struct {
	items []*item
	at    map[sbom.Coordinate][]*item
	parts map[cpe.Value]bool // the CPE parts that occur at all
}

func take(bom sbom.BOM) inventory {
	inv := inventory{at: map[sbom.Coordinate][]*item{}, parts: map[cpe.Value]bool{}}
	for k, c := range bom.All() {
		var first *item
		for _, identity := range c.Identities() {
			i := inv.item(identity)
			i.at, i.shown, i.root, i.place = c.Coordinate(), named(c), k == 0 && bom.HasRoot(), k
			if first == nil {
				first = i
				inv.items = append(inv.items, i)
			} else {
				first.others = append(first.others, i)
			}
			i.primary = first
			for _, at := range identity.Coordinates() {
				inv.at[at] = append(inv.at[at], i)
			}
		}
	}
	return inv
}

// item reads the identifiers of c.
func (inv *inventory) item(c sbom.Component) *item {
	i := &item{Component: c}
	i.cpe, i.cpeErr = c.CPEName()
	if i.cpeErr == nil {
		inv.parts[i.cpe.Part] = true
	}
	i.pkg, i.pkgErr = c.Package()
	if i.pkgErr == nil {
		i.ecosystem, i.packageName, _ = i.pkg.Ecosystem()
	}
	i.state()
	return i
}

// state gathers the versions. A component may state different ones; each is
// tested, because which of them was mistyped is not known.
func (i *item) state() {
	add := func(text, from string) {
		if text == "" {
			return
		}
		for _, s := range i.versions {
			if s.text == text {
				return
			}
		}
		i.versions = append(i.versions, stated{text, from})
	}
	if v, from := i.Component.Stated(); v != "" {
		add(v, from)
	}
	if i.pkgErr == nil {
		add(i.pkg.Version, "purl")
	}
	if i.cpeErr == nil && i.cpe.Version.Literal() && !i.cpe.Version.Pattern() {
		add(i.cpe.Version.Text(), "cpe")
		if i.cpe.Update.Literal() && !i.cpe.Update.Pattern() {
			add(i.cpe.Version.Text()+"-"+i.cpe.Update.Text(), "cpe")
		}
	}
}

// named is the identifier of the kind by which a record met the component.
func (i *item) named(by Identifier) string {
	if by == ByPURL {
		return i.PURL
	}
	return i.CPE
}
