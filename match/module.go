package match

import (
	"strings"

	"github.com/open-postmarket/postmarket/sbom"
)

// above asks about the module above a path of Go of which no record speaks: inventories name
// packages as if they were modules.
func (f *search) above(it *item, id *identity) {
	for path, at := range id.modules {
		list, _ := f.index.at.get(at)
		if len(list) == 0 {
			continue
		}
		if at == id.at[0] {
			return // it is a module itself
		}
		upper := *id
		upper.alias = &Alias{For: path, Named: true}
		upper.at = []sbom.Coordinate{at}
		for k := range list {
			if list[k].kind == packaged {
				f.claim(&list[k], at, it, &upper)
			}
		}
		return
	}
}

// modules yields the path of a package of Go, and those above it that may be its module, with
// their coordinates.
func (id *identity) modules(yield func(path string, at sbom.Coordinate) bool) {
	if id.alias != nil || id.ecosystem != "Go" || id.pkg.Namespace == "" {
		return
	}
	at := id.at[0]
	_, path, _ := strings.Cut(string(at), "/") // as it is folded, and most are written so
	if n := len(id.pkg.Namespace); len(path) <= n || path[:n] != id.pkg.Namespace || path[n+1:] != id.pkg.Name {
		path = id.pkg.Namespace + "/" + id.pkg.Name
	}
	least := 2
	if host, _, _ := strings.Cut(path, "/"); host == "github.com" || host == "gitlab.com" || host == "bitbucket.org" {
		least = 3
	}
	for yield(path, at) {
		k := strings.LastIndexByte(path, '/')
		if k < 0 || strings.Count(path[:k], "/")+1 < least || major(path[k+1:]) {
			return
		}
		path, at = path[:k], at[:strings.LastIndexByte(string(at), '/')]
	}
}

// major reports whether a word is the end of the path of a module in its second or a later version:
// what is above it is another.
func major(word string) bool {
	return len(word) > 1 && word[0] == 'v' && strings.Trim(word[1:], "0123456789") == ""
}
