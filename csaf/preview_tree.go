package csaf

import (
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// maxBranches21 is how deep branches may be nested in 2.1 (test 6.1.34).
const maxBranches21 = 30

// tree converts the products.
func (p *preview) tree() {
	t := p.doc.ProductTree
	if t == nil {
		return
	}
	t.products(func(at *place, prod *Product) bool {
		if prod.Helper != nil {
			p.helper(at.key("product_identification_helper"), prod)
		}
		return true
	})
	p.branches(atTree.key("branches"), t.Branches, 1)
	p.paths(t)
	for _, r := range t.Relationships {
		t.ProductPaths = append(t.ProductPaths, ProductPath{
			BeginningProductReference: r.ProductReference,
			FullProductName:           r.FullProductName,
			Subpaths:                  []Subpath{{Category: r.Category, NextProductReference: r.RelatesToProductReference}},
		})
	}
	t.Relationships = nil
}

// helper converts what identifies a product.
func (p *preview) helper(at *place, prod *Product) {
	h := prod.Helper
	for i := range h.Hashes {
		f, here := &h.Hashes[i], at.key("hashes").at(i).key("file_hashes")
		for j := range f.FileHashes {
			x := &f.FileHashes[j]
			x.Value = strings.ToLower(x.Value)
			name, known := algorithm(x.Algorithm)
			if !known {
				p.warn(here.at(j).key("algorithm"), "is %s, an algorithm that is not known, and becomes %s", brief(x.Algorithm), brief(name))
			}
			x.Algorithm = name
		}
		f.FileHashes = once(f.FileHashes, func(x FileHash) string { return x.Algorithm + " " + x.Value })
	}
	h.Hashes = once(h.Hashes, func(f FileHashes) string { return fmt.Sprintf("%q", f) })
	h.SBOMURLs = once(h.SBOMURLs, func(s string) string { return s })
	h.GenericURIs = once(h.GenericURIs, func(u GenericURI) string { return fmt.Sprintf("%q %q", u.Namespace, u.URI) })
	h.ModelNumbers = p.numbers(at.key("model_numbers"), h.ModelNumbers, "a model number")
	h.SerialNumbers = p.numbers(at.key("serial_numbers"), h.SerialNumbers, "a serial number")
	h.SKUs = p.numbers(at.key("skus"), h.SKUs, "a stock keeping unit")
	if h.PURL != "" {
		is := h.PURL
		if kind, rest, ok := strings.Cut(is, "/"); ok {
			is = strings.ToLower(kind) + "/" + rest // 2.1 wants it so, and to package URLs it is the same
		}
		h.PURLs, h.PURL = []string{is}, ""
	}
	if empty(plans21()[reflect.TypeFor[Helper]()], reflect.ValueOf(h).Elem()) {
		prod.Helper = nil
	}
}

// once is list without what is in it before.
func once[T any](list []T, key func(T) string) []T {
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(e T) bool {
		k := key(e)
		was := seen[k]
		seen[k] = true
		return was
	})
}

// algorithms are the names of section 3.1.4.3.2, those of OpenSSL.
var algorithms = func() map[string]string {
	out := map[string]string{}
	for _, name := range strings.Fields(`blake2b512 blake2s256 md4 md5 md5-sha1 mdc2 ripemd ripemd160 rmd160 sha1 sha224 sha256
		sha3-224 sha3-256 sha3-384 sha3-512 sha384 sha512 sha512-224 sha512-256 shake128 shake256 sm3 ssl3-md5 ssl3-sha1 whirlpool`) {
		out[strings.ReplaceAll(name, "-", "")] = name
	}
	return out
}()

// algorithm is the name of an algorithm as 2.1 spells it.
func algorithm(name string) (spelled string, known bool) {
	small := strings.ToLower(name)
	bare := strings.Map(func(r rune) rune {
		if strings.ContainsRune("-_/ ", r) {
			return -1
		}
		return r
	}, small)
	if is, ok := algorithms[bare]; ok {
		return is, true
	}
	return small, false
}

// numbers converts patterns: they were beginnings in 2.0 and are whole in 2.1, and
// a backslash, which was itself, escapes what follows.
func (p *preview) numbers(at *place, list []string, what string) []string {
	var out []string
	for i, was := range list {
		is := strings.ReplaceAll(was, `\`, `\\`)
		if !strings.HasSuffix(is, "*") && !p.opts.WholeNumbers {
			is += "*"
			p.warn(at.at(i), "is %s, %s that may be the beginning of one: a star is added", brief(was), what)
		}
		if strings.Count(is, "*") > 1 {
			p.warn(at.at(i), "is %s, %s with more than one star, which 2.1 prohibits: it is removed", brief(was), what)
			continue
		}
		out = append(out, is)
	}
	return once(out, func(s string) string { return s })
}

// branches converts the names and categories of bs and all below.
func (p *preview) branches(at *place, bs []Branch, depth int) {
	if depth > maxBranches21 {
		p.refuse(at, "is nested deeper than %d branches", maxBranches21)
		return
	}
	for i := range bs {
		b, here := &bs[i], at.at(i)
		switch b.Category {
		case BranchLegacy:
			p.warn(here.key("category"), `is "legacy", which 2.1 has no more, and becomes "product_name", right or not`)
			b.Category = BranchProductName
		case BranchProductVersionRange:
			p.versions(here.key("name"), b)
		}
		if len(b.Branches) > 0 {
			p.branches(here.key("branches"), b.Branches, depth+1)
		}
	}
}

var (
	versParts = regexp.MustCompile(`^(vers:[a-z][a-z0-9.\-]*/)([^ ]+)$`)
	likeForm  = regexp.MustCompile(`^(?:[<>]=?|!=|=)?[^<>=!|\s*]+(?:\|(?:[<>]=?|!=|=)?[^<>=!|\s*]+)*$`)
)

// versions converts a range of versions: one version is a product_version, and what
// has no upper end is told of, or ended. Sections 3.1.2.3.2, 6.1.50, 6.1.59, 6.2.49.
func (p *preview) versions(at *place, b *Branch) {
	was, prefix, list := b.Name, "", b.Name
	if m := versParts.FindStringSubmatch(was); m != nil {
		prefix, list = m[1], m[2]
		if list == "*" {
			return
		}
	}
	if !likeForm.MatchString(list) {
		p.warn(at, "is %s, neither a vers nor one without its beginning (3.1.2.3.2): the result fails test 6.1.50", brief(was))
		return
	}
	parts := strings.Split(list, "|")
	last := parts[len(parts)-1]
	version := strings.TrimLeft(last, "<>=!")
	mark := last[:len(last)-len(version)]
	one := version
	if prefix != "" {
		if plain, err := url.PathUnescape(version); err == nil {
			one = plain
		}
	}
	switch {
	case len(parts) == 1 && mark == "":
		p.warn(at, "is %s, a range of one version: it becomes the product version %s", brief(was), brief(one))
		b.Category, b.Name = BranchProductVersion, one
	case len(parts) == 1 && mark == "=":
		p.warn(at, "is %s, a range of one version: it becomes the product version %s", brief(was), brief(one))
		b.Category, b.Name = BranchProductVersion, one
	case mark != ">" && mark != ">=":
	case !p.opts.CloseRanges:
		p.warn(at, "is %s, a range without an upper end, which 2.1 discourages (6.2.49): it stays", brief(was))
	case mark == ">":
		p.refuse(at, "is %s, a range without an upper end that no version ends", brief(was))
	case len(parts) == 1:
		p.warn(at, "is %s, a range without an upper end: it becomes the product version %s", brief(was), brief(one))
		b.Category, b.Name = BranchProductVersion, one
	default:
		b.Name = prefix + strings.Join(append(parts[:len(parts)-1:len(parts)-1], version), "|")
		p.warn(at, "is %s, a range without an upper end: it becomes %s", brief(was), brief(b.Name))
	}
}

// paths makes every way through the branches valid: no category but product_family
// twice (6.1.57), and no version above a range of versions (6.1.58).
func (p *preview) paths(t *ProductTree) {
	const most = 8                                        // steps for one product
	tried, refused := map[string]int{}, map[string]bool{} // by product id, which stays where places do not
	var places map[string]*place
	from := 0 // what is before it is good, or refused
	for {
		way := offending(t.Branches[from:], nil, refused)
		if way == nil {
			return
		}
		if places == nil {
			places = map[string]*place{}
			p.from.ProductTree.products(func(at *place, prod *Product) bool {
				places[prod.ID] = at
				return true
			})
		}
		from = indexOf(t.Branches, way[0])
		id, wrong, said := way[len(way)-1].Product.ID, stacked(way), spell(way)
		if tried[id] == most || !p.unstack(t, way) {
			refused[id] = true
			p.refuse(places[id], "%s on the path %s, which 2.1 prohibits; it could not be resolved", wrong, said)
			continue
		}
		tried[id]++
		p.warn(places[id], "%s on the path %s, which 2.1 prohibits: it was resolved", wrong, said)
	}
}

func spell(way []*Branch) string {
	var out []string
	for _, b := range way {
		out = append(out, fmt.Sprintf("%s %s", b.Category, brief(b.Name)))
	}
	return strings.Join(out, " / ")
}

// offending is the first way below above to a product that is not valid, but for
// the products to be passed over.
func offending(bs []Branch, above []*Branch, pass map[string]bool) []*Branch {
	for i := range bs {
		b := &bs[i]
		way := append(above, b) // a stack: whoever keeps it is the last one
		if b.Product != nil && stacked(way) != "" && !pass[b.Product.ID] {
			return way
		}
		if found := offending(b.Branches, way, pass); found != nil {
			return found
		}
	}
	return nil
}

// stacked says what is wrong with a way, "" if nothing is.
func stacked(way []*Branch) string {
	var version, ranged bool
	for i, b := range way {
		version = version || b.Category == BranchProductVersion
		ranged = ranged || b.Category == BranchProductVersionRange
		if b.Category == BranchProductFamily {
			continue
		}
		n := 1
		for _, below := range way[i+1:] {
			if below.Category == b.Category {
				n++
			}
		}
		if n > 1 {
			return fmt.Sprintf("the category %q stands %d times", b.Category, n)
		}
	}
	if version && ranged {
		return `both "product_version" and "product_version_range" stand`
	}
	return ""
}

// unstack applies the steps of the standard to a way, and reports whether one did
// apply.
func (p *preview) unstack(t *ProductTree, way []*Branch) bool {
	vendors := 0
	for _, b := range way {
		if b.Category == BranchVendor {
			vendors++
		}
	}
	for i := 0; i < len(way) && vendors > 1; i++ {
		if b := way[i]; b.Category == BranchVendor && nobody(b.Name) && b.Product == nil {
			// What stands beside the way keeps its vendor.
			list := &t.Branches
			if i > 0 {
				list = &way[i-1].Branches
			}
			at := indexOf(*list, b)
			next := *way[i+1]
			b.Branches = slices.Delete(b.Branches, indexOf(b.Branches, way[i+1]), indexOf(b.Branches, way[i+1])+1)
			rest := []Branch{next}
			if len(b.Branches) > 0 {
				rest = []Branch{*b, next}
			}
			*list = slices.Replace(*list, at, at+1, rest...)
			return true
		}
	}
	first := slices.IndexFunc(way, func(b *Branch) bool { return b.Category == BranchProductVersion })
	if first < 1 {
		return false
	}
	again := slices.ContainsFunc(way[first+1:], func(b *Branch) bool {
		return b.Category == BranchProductVersion || b.Category == BranchProductVersionRange
	})
	ranged := slices.ContainsFunc(way[first+1:], func(b *Branch) bool { return b.Category == BranchProductVersionRange })
	over, version := way[first-1], way[first]
	switch {
	case !again:
		return false
	case over.Category == BranchProductFamily && ranged:
		version.Category, version.Name = BranchProductName, over.Name+" "+version.Name
		return true
	case over.Category != BranchProductName:
		return false
	}
	name := over.Name + " " + version.Name
	if !slices.ContainsFunc(over.Branches, func(b Branch) bool { return b.Category != BranchProductVersion || b.Product != nil }) {
		for i := range over.Branches {
			over.Branches[i].Category, over.Branches[i].Name = BranchProductName, over.Name+" "+over.Branches[i].Name
		}
		over.Category = BranchProductFamily
		return true
	}
	// What stands beside the way keeps its product.
	list := &t.Branches
	if first > 1 {
		list = &way[first-2].Branches
	}
	at, i := indexOf(*list, over), indexOf(over.Branches, version)
	alone := *version
	alone.Category, alone.Name = BranchProductName, name
	over.Branches = slices.Delete(over.Branches, i, i+1)
	family := Branch{Category: BranchProductFamily, Name: over.Name, Branches: []Branch{alone}}
	if len(over.Branches) == 0 {
		*list = slices.Replace(*list, at, at+1, family)
	} else {
		*list = slices.Insert(*list, at+1, family)
	}
	return true
}

func indexOf(bs []Branch, b *Branch) int {
	for i := range bs {
		if &bs[i] == b {
			return i
		}
	}
	return -1
}

// nobody reports whether a vendor's name says that there is none.
func nobody(name string) bool {
	bare := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == '_' || r == '\u2212' {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
	return slices.Contains([]string{"opensource", "noassertion", "undefined", "unknown"}, bare)
}
