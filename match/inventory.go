package match

import (
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cpe"
)

// item is one component of the device, with what is asked of it again and again.
type item struct {
	sbom.Component
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
		i := &item{Component: c, at: c.Coordinate(), root: k == 0 && bom.Root.Name != ""}
		i.cpe, i.cpeErr = c.CPEName()
		if i.cpeErr == nil {
			inv.parts[i.cpe.Part] = true
		}
		i.pkg, i.pkgErr = c.Package()
		if i.pkgErr == nil {
			i.ecosystem, i.packageName, _ = i.pkg.Ecosystem()
		}
		i.state()
		inv.items = append(inv.items, i)
		for _, at := range c.Coordinates() {
			inv.at[at] = append(inv.at[at], i)
		}
	}
	return inv
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
	}
}
