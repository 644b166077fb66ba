package match

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cpe"
	"github.com/open-postmarket/postmarket/sbom/vers"
)

// item is one component of the device, with what is asked of it again and again.
type item struct {
	component *sbom.Component
	place     int // of the component among all
	at        sbom.Coordinate
	ids       []identity
	*wording
	root  bool
	known bool // the table of aliases has it
	told  bool // its coverage stands already
	// distributed says that it is the package of a distribution, which repairs what it
	// gives out without taking the version of its maker.
	distributed bool
}

// shown is the component as it stood in the BOM.
func (it *item) shown() Component { return named(it.component) }

// wording is by which words a component is known.
type wording struct {
	names    []string // bare names, as written
	mentions []mention
	spelled  []string // in every spelling, folded
	vendors  []string // folded
	makers   []string // the vendors, and those that the table of aliases has for it
}

// wordless is the wording of all components when nothing is asked by words.
var wordless wording

// identity is a component as one of its identifiers names it.
type identity struct {
	purl, cpe string // as the component has them
	pkg       *sbom.Package
	name      *cpe.Name
	// ecosystem is empty when the purl belongs to none.
	ecosystem string
	at        []sbom.Coordinate
	versions  []stated
	// alias is set for an identifier that the component does not bear and the table
	// of aliases has for it.
	alias *Alias
	// source is the source package that the purl names, where that has a version of its
	// own.
	source *built
}

// built is what a package was built from, and from the coordinate at which that stands.
type built struct {
	identity
	from sbom.Coordinate
}

// standing is id as it stands at one of its coordinates: there the version of the source
// package counts and not that of the package that was built from it.
func (id *identity) standing(at sbom.Coordinate) *identity {
	if id.source != nil && at == id.source.from {
		return &id.source.identity
	}
	return id
}

// stated is a version and where the component states it, read in the order of the
// ecosystem and in the generic one where there are such identifiers.
type stated struct {
	text, from string
	// twin says that it is the statement before it in other words.
	twin         bool
	own, generic *ordered // nil where there is no such identifier
}

// ordered is a version read in one order, or why it has no place in it.
type ordered struct {
	version vers.Version
	err     error
}

// under reads the version under a scheme.
func (s *stated) under(scheme vers.Scheme) (vers.Version, error) {
	switch {
	case s.own != nil && s.own.version.Scheme() == scheme && s.own.err == nil:
		return s.own.version, nil
	case s.generic != nil && scheme == vers.Generic:
		return s.generic.version, s.generic.err
	}
	if scheme == vers.Generic || scheme == vers.SemVer {
		return plain(scheme, s.text)
	}
	return vers.ParseStated(scheme, s.text)
}

// plain reads a version in an order that no registry guards. The id of a commit is none
// there, though it may begin as one.
func plain(scheme vers.Scheme, text string) (vers.Version, error) {
	if commitLike(text) {
		return vers.Version{}, fmt.Errorf("%s is a commit, which has no place in the order of versions", text)
	}
	return vers.ParseStated(scheme, text)
}

// inventory is the whole device.
type inventory struct {
	items []item
	parts map[cpe.Value]bool // the CPE parts that occur at all
	// kernel says that the device holds the kernel of Linux, which is part of many
	// operating systems and tells of none which it is.
	kernel bool
	byCPE  map[sbom.Coordinate][]member
}

// member is a component by one of its identifiers.
type member struct {
	*item
	id *identity
}

// take reads the BOM. Aliases are looked up in table; words says whether names and
// vendors will be asked for.
func take(bom sbom.BOM, table *sbom.Aliases, words bool) *inventory {
	inv := enlist(bom)
	room := &room{chunk: min(len(inv.items), most)}
	for k := range inv.items {
		inv.items[k].read(table, words, room)
	}
	inv.take()
	return inv
}

// enlist lists the components of the BOM, not read yet, the root first.
func enlist(bom sbom.BOM) *inventory {
	inv := &inventory{items: make([]item, 0, len(bom.Components)+1)}
	if bom.HasRoot() {
		inv.items = append(inv.items, item{component: &bom.Root, root: true})
	}
	for k := range bom.Components {
		inv.items = append(inv.items, item{component: &bom.Components[k], place: len(inv.items)})
	}
	return inv
}

// take notes which parts the device names.
func (inv *inventory) take() {
	inv.parts = map[cpe.Value]bool{}
	for i := range inv.items {
		for _, id := range inv.items[i].ids {
			// The firmware of a device does not tell on which operating system it rests.
			if id.name != nil && id.alias == nil && id.name.Part == "o" && id.name.Vendor == "linux" {
				inv.kernel = true
				continue
			}
			if id.name != nil && id.alias == nil && !(id.name.Part == "o" && strings.HasSuffix(string(id.name.Product), "_firmware")) {
				inv.parts[id.name.Part] = true
			}
		}
	}
}

// otherKernels are the vendors whose operating systems rest on another kernel than
// that of Linux.
var otherKernels = []string{"microsoft", "apple", "freebsd", "openbsd", "netbsd", "sun", "ibm", "hp", "windriver", "blackberry", "qnx", "vmware"}

// names reports whether the BOM names anything of the part that l asks for, or a kernel
// that what l asks for does not rest on.
func (inv *inventory) names(l *leaf) bool {
	if inv.parts[cpe.Value(l.part())] {
		return true
	}
	vendor, _, _ := strings.Cut(strings.TrimPrefix(string(l.at), "cpe:o:"), ":")
	return inv.kernel && l.part() == "o" && slices.Contains(otherKernels, vendor)
}

// at finds the components that a criterion at the coordinate may speak of.
func (inv *inventory) at(at sbom.Coordinate) []member {
	if inv.byCPE == nil {
		inv.byCPE = map[sbom.Coordinate][]member{}
		for i := range inv.items {
			it := &inv.items[i]
			for k := range it.ids {
				if it.ids[k].name == nil {
					continue
				}
				for _, at := range it.ids[k].at {
					inv.byCPE[at] = append(inv.byCPE[at], member{it, &it.ids[k]})
				}
			}
		}
	}
	return inv.byCPE[at]
}

// room is memory for many components at once: most have one identity with one version.
type room struct {
	chunk    int // how many are made at once
	ids      []identity
	versions []stated
	orders   []ordered
	packages []sbom.Package
}

// most is how many are made at once at the most.
const most = 512

// lent takes a new value from a chunk, and a new chunk of n when it is used up.
func lent[T any](chunk *[]T, n int) []T {
	if len(*chunk) == cap(*chunk) {
		*chunk = make([]T, 0, max(n, 1))
	}
	*chunk = (*chunk)[:len(*chunk)+1]
	return (*chunk)[len(*chunk)-1 : len(*chunk) : len(*chunk)]
}

// mark is how full a room is.
type mark struct{ ids, versions, orders, packages int }

func (in *room) mark() mark {
	return mark{len(in.ids), len(in.versions), len(in.orders), len(in.packages)}
}

// back takes back what was lent since m, but for chunks that were used up.
func (in *room) back(m mark) {
	in.ids, in.versions = in.ids[:min(len(in.ids), m.ids)], in.versions[:min(len(in.versions), m.versions)]
	in.orders, in.packages = in.orders[:min(len(in.orders), m.orders)], in.packages[:min(len(in.packages), m.packages)]
}

func (in *room) ordered(v vers.Version, err error) *ordered {
	r := &lent(&in.orders, in.chunk)[0]
	*r = ordered{v, err}
	return r
}

func (it *item) read(table *sbom.Aliases, words bool, in *room) {
	c := it.component
	it.wording = &wordless
	it.ids = lent(&in.ids, in.chunk)
	first := &it.ids[0]
	*first = identity{purl: c.PURL, cpe: c.CPE}
	first.read(c, in)
	if len(c.More) > 0 {
		for _, other := range c.Identities()[1:] {
			id := identity{purl: other.PURL, cpe: other.CPE}
			id.read(&other, in)
			it.ids = append(it.ids, id)
		}
	}
	if own := it.ids[0].at; len(own) > 0 {
		it.at = own[0]
	} else {
		it.at = c.Coordinate()
	}
	if words {
		it.wording = &wording{names: c.Names(), vendors: c.Vendors(), spelled: c.Spellings()}
		for _, n := range it.names {
			it.mention(n, false)
		}
		for _, v := range it.vendors {
			it.mention(v, true)
		}
		it.makers = it.vendors
	}
	it.distributed = first.pkg != nil && slices.Contains([]string{"deb", "rpm", "apk", "alpm", "ebuild"}, first.pkg.Type)
	it.aliases(c, table, in)
	it.written(c, in)
	if it.known && words {
		for _, e := range table.Of(*c) {
			for _, n := range e.Names {
				it.mention(n, false)
				for _, s := range sbom.Spellings(n, nil) {
					if !slices.Contains(it.spelled, s) {
						it.spelled = append(it.spelled, s)
					}
				}
			}
			it.makers = append(it.makers[:len(it.makers):len(it.makers)], e.Vendors()...)
		}
	}
}

// mention is a name for which texts are searched, and where the word of it that tells most
// stands.
type mention struct {
	name, folded string
	vendor       bool
	at           sbom.Coordinate
}

func (it *item) mention(name string, vendor bool) {
	w := sbom.Telling(name)
	if w == "" || vendor && len(w) < 4 {
		return
	}
	m := mention{name, foldText(name), vendor, sbom.MentionCoordinate(w)}
	if !slices.ContainsFunc(it.mentions, func(o mention) bool { return o.folded == m.folded }) {
		it.mentions = append(it.mentions, m)
	}
}

// read reads the identifiers of c that are id's, and the versions c states with them.
func (id *identity) read(c *sbom.Component, in *room) {
	if p, err := c.Package(); err == nil {
		id.pkg = &lent(&in.packages, in.chunk)[0]
		*id.pkg = p
		id.ecosystem, id.at = p.Places()
	}
	if n, err := c.CPEName(); err == nil {
		id.name = new(n)
		id.at = append(id.at, sbom.CPECoordinates(n)...)
	}
	id.state(c, in)
	if id.pkg != nil && id.pkg.UpstreamVersion != "" {
		if at := id.pkg.Coordinates(); len(at) > 1 {
			src, pkg := &built{*id, at[1]}, *id.pkg
			pkg.Version = pkg.UpstreamVersion
			src.pkg, src.versions, src.name = &pkg, nil, nil
			src.state(&sbom.Component{Name: pkg.Upstream}, in)
			id.source = src
		}
	}
}

var rebuilt = regexp.MustCompile(`\+b\d+$`)

var patchLetters = regexp.MustCompile(`^[A-Za-z]{1,2}\d*$`)

// state gathers the versions. A component may state different ones; each is
// tested, because which of them was mistyped is not known.
func (id *identity) state(c *sbom.Component, in *room) {
	add := func(text, from string, twin bool) {
		if text == "" || slices.ContainsFunc(id.versions, func(s stated) bool { return s.text == text }) {
			return
		}
		s := stated{text: text, from: from, twin: twin && len(id.versions) > 0}
		if id.ecosystem != "" {
			s.own = in.ordered(vers.ParseStated(vers.Scheme(id.ecosystem), text))
		}
		if id.name != nil {
			s.generic = in.ordered(plain(vers.Generic, text))
		}
		if id.versions == nil {
			id.versions = lent(&in.versions, in.chunk)
			id.versions[0] = s
		} else {
			id.versions = append(id.versions, s)
		}
	}
	if v := strings.TrimSpace(c.Version); v != "" && !(id.pkg != nil && withoutEpoch(id.pkg.Version) == v) {
		add(v, "version", false)
	}
	if id.pkg != nil {
		add(id.pkg.Version, "purl", false)
		if id.pkg.Type == "deb" {
			// Debian builds a package again (+b1) from the source it was built from before.
			for _, s := range id.versions {
				add(rebuilt.ReplaceAllString(s.text, ""), s.from, true)
			}
		}
	}
	if id.name != nil {
		// A tag (OpenSSL_1_1_1k) holds a version that the generic order reads.
		for _, s := range id.versions {
			if tag := tagVersion(s.text, c.Name); s.generic.err != nil && tag != s.text {
				if _, err := vers.Parse(vers.Generic, tag); err == nil {
					add(tag, s.from, true)
				}
			}
		}
	}
	if id.name != nil && id.name.Version.Literal() && !id.name.Version.Pattern() {
		add(id.name.Version.Text(), "cpe", false)
		if id.name.Update.Literal() && !id.name.Update.Pattern() {
			version, update := id.name.Version.Text(), id.name.Update.Text()
			add(version+"-"+update, "cpe", true)
			if patchLetters.MatchString(update) { // OpenSSL 1.0.2, update k
				add(version+update, "cpe", true)
			}
		}
	}
}

// withoutEpoch takes the epoch off a version that has one: a component that states its
// version without one states the same version.
func withoutEpoch(version string) string {
	epoch, rest, ok := strings.Cut(version, ":")
	if !ok || epoch == "" || strings.Trim(epoch, "0123456789") != "" {
		return ""
	}
	return rest
}

var revision = regexp.MustCompile(`-r\d+$`)

// upstream is the version that a distribution made its package of: without epoch and
// revision, and without what Debian puts behind it when it repacks the source.
func upstream(kind, version string) string {
	if v := withoutEpoch(version); v != "" {
		version = v
	}
	switch kind {
	case "apk", "ebuild":
		return revision.ReplaceAllString(version, "")
	}
	if k := strings.LastIndexByte(version, '-'); k > 0 {
		version = version[:k]
	}
	if kind == "deb" {
		version, _, _ = strings.Cut(version, "+")
	}
	return version
}

// aliases adds the identifiers that the table has for the thing c is, and the names
// it goes by there.
func (it *item) aliases(c *sbom.Component, table *sbom.Aliases, in *room) {
	if table == nil {
		return
	}
	known := table.Names(c.Name)
	for k := range it.ids {
		for _, at := range it.ids[k].at {
			known = known || table.Knows(at)
		}
		if n := it.ids[k].name; n != nil && !known {
			known = table.Names(n.Product.Text())
		}
	}
	if it.known = known; !known {
		return
	}
	for _, x := range sbom.Propose(*c, table) {
		other := sbom.Component{Name: c.Name, Version: c.Version}
		switch x.Kind {
		case "purl":
			other.PURL = x.Text
		case "cpe":
			other.CPE = x.Text
			if it.distributed {
				other.Version = upstream(it.ids[0].pkg.Type, cmpOr(c.Version, it.ids[0].pkg.Version))
				if n, err := cpe.Parse(x.Text); err == nil {
					n.Version = cpe.Any
					other.CPE = n.String()
				}
			}
		}
		id := identity{purl: other.PURL, cpe: other.CPE, alias: &Alias{
			For: x.For, Source: x.Source, Certainty: x.Certainty, Former: x.Former, Named: !x.ByIdentifier() && !x.ByMaker(),
		}}
		id.read(&other, in)
		if own := it.ids[0].pkg; it.distributed && x.Kind == "cpe" && own.UpstreamVersion != "" {
			id.state(&sbom.Component{Name: c.Name, Version: upstream(own.Type, own.UpstreamVersion)}, in)
		}
		if id.name != nil && it.opens(id.name) {
			id.alias.Named = false
		}
		it.ids = append(it.ids, id)
	}
}

// opens reports whether a CPE name of the component states the product of n and leaves the
// vendor open, as builds do that look vulnerabilities up by product.
func (it *item) opens(n *cpe.Name) bool {
	for k := range it.ids {
		own := it.ids[k].name
		if own != nil && it.ids[k].alias == nil && own.Vendor == cpe.Any && own.Product == n.Product && (own.Part == cpe.Any || own.Part == n.Part) {
			return true
		}
	}
	return false
}

// named is the identifier of the kind by which a record met the component.
func (id *identity) named(by Identifier) string {
	if by == ByPURL || by == ByRepository {
		return id.purl
	}
	return id.cpe
}
