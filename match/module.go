package match

import (
	"regexp"
	"strings"

	"github.com/open-postmarket/postmarket/sbom"
)

// above asks about the module above a path of Go of which no record speaks: inventories name
// packages as if they were modules.
func (f *search) above(it *item, id *identity) {
	for n, path := range id.modules() {
		at := sbom.PackageCoordinate(id.ecosystem, path)
		list, _ := f.index.at.get(at)
		if len(list) == 0 {
			continue
		}
		if n == 0 {
			return // it is a module itself
		}
		upper := *id
		upper.alias = &Alias{For: path, Named: true}
		upper.at = []sbom.Coordinate{at}
		for _, c := range list {
			if c.kind == packaged {
				f.claim(c, at, it, &upper)
			}
		}
		return
	}
}

// modules are the path of a package of Go, and those above it that may be its module.
func (id *identity) modules() []string {
	if id.alias != nil || id.ecosystem != "Go" || id.pkg.Namespace == "" {
		return nil
	}
	path := id.pkg.Namespace + "/" + id.pkg.Name
	least := 2
	if host, _, _ := strings.Cut(path, "/"); host == "github.com" || host == "gitlab.com" || host == "bitbucket.org" {
		least = 3
	}
	out := []string{path}
	for {
		k := strings.LastIndexByte(path, '/')
		if k < 0 || strings.Count(path[:k], "/")+1 < least || major.MatchString(path[k+1:]) {
			return out
		}
		path = path[:k]
		out = append(out, path)
	}
}

// major is the end of the path of a module in its second or a later version: what is above it is another.
var major = regexp.MustCompile(`^v\d+$`)
