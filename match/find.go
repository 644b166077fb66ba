package match

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
)

// A Result is everything that is known about one BOM. Its lists are sorted, so equal
// inputs give equal results.
type Result struct {
	Findings []Finding
	// Rejected are components that a record speaks of and does not affect, with
	// the leaf that failed: only [Index.Explain] lists them. Undecided are those for which there is no
	// answer: a person has to look.
	Rejected, Undecided []Candidate
	Leads               []Lead
	// Coverage has a row for every component and every source that matches.
	Coverage []Coverage
	// Mute counts, by source, the records that say nothing that can be compared,
	// such as CVEs that NVD did not enrich. They were searched for the words by which
	// components are known, and for nothing else.
	Mute map[string]int
}

// Find holds the records against bom. product is the key under which the
// findings are named; empty is fine for a BOM by itself.
func (x *Index) Find(product string, bom sbom.BOM) Result { return x.look(product, bom, false) }

// Explain is Find that also lists what was looked at and rejected, by which leaf. It
// takes longer and can be much to read.
func (x *Index) Explain(product string, bom sbom.BOM) Result { return x.look(product, bom, true) }

func (x *Index) look(product string, bom sbom.BOM, explain bool) Result {
	return x.run(product, take(bom, x.aliases, x.words > 0), explain)
}

func (x *Index) run(product string, inv *inventory, explain bool) Result {
	f := x.search(product, inv, explain)
	for i := range f.inv.items {
		f.item(&f.inv.items[i])
	}
	f.forest()
	return f.result()
}

func (x *Index) search(product string, inv *inventory, explain bool) *search {
	return &search{
		index: x, product: product, inv: inv, explain: explain, found: map[group]*gathered{}, trees: map[place]bool{},
		covers: make([]cover, len(inv.items)*len(x.sources)),
	}
}

// search is one Find under way.
type search struct {
	index   *Index
	product string
	inv     *inventory
	explain bool
	found   map[group]*gathered
	order   []*gathered
	outs    []outcome // what is not affected, of all components
	nos     []denial
	about   map[spoken]*product // of the evidence
	// wondered are the questions about products of a component's vendor.
	wondered map[subject]wonder
	named    map[vendorOf]bool // about whom a record was asked already
	trees    map[place]bool
	grove    []place
	covers   []cover // by component and source
	leads    []Lead
	// only, if set, are the vulnerabilities looked at; the others are passed over.
	only map[feeds.ID]bool
}

// place is a tree of a record.
type place struct {
	*record
	tree int32
}

// group is a coordinate and a vulnerability: one finding.
type group struct {
	at            sbom.Coordinate
	vulnerability *vulnerability
}

// gathered is a Finding being put together.
type gathered struct {
	Finding
	vulnerability *vulnerability
}

// outcome is an answer that is not yes.
type outcome struct {
	item    *item
	record  *record
	truth   truth
	verdict verdict
	ask     Ask
	weak    bool // the component may be another thing, or the record does not speak of its version
}

// denial is the owner of a record saying of a component that it is not affected.
type denial struct {
	place    int
	record   *record
	explicit bool // it names the version
	why      string
	leaf     string
	about    *product
}

// spoken is where the statement of a record about a product stands.
type spoken struct {
	record *record
	leaf   string
}

// covers reports whether a denial of the owner about p is about what other says, too: the same
// product, and no platform that the owner does not speak of.
func (p *product) covers(other *product) bool {
	if p == nil || other == nil {
		return p == nil || len(p.platforms) == 0
	}
	if len(p.platforms) > 0 && (len(other.platforms) == 0 || slices.ContainsFunc(other.platforms, func(x string) bool {
		return !slices.ContainsFunc(p.platforms, func(y string) bool { return strings.EqualFold(x, y) })
	})) {
		return false
	}
	// Two that met the component, one of them by its words, are one thing in two spellings.
	return len(p.at) == 0 || len(other.at) == 0 || slices.ContainsFunc(p.at, func(at sbom.Coordinate) bool { return slices.Contains(other.at, at) }) ||
		slices.ContainsFunc(p.spelled, func(s string) bool { return slices.Contains(other.spelled, s) }) ||
		p.repo != "" && p.repo == other.repo
}

// owner is who speaks in a CVE record for the one that was affected: the numbering
// authority that the record belongs to. What others add to it does not stand against it.
const owner = "cna"

// quarrels takes away what a record says of a component against its own owner: others
// that add to it, and the coarser criteria beside its list, where the owner names the
// version as not affected; and leaves to a person what others add against what follows from its
// list.
func (f *search) quarrels() {
	type at struct {
		place  int
		record *record
	}
	said := map[at][]denial{}
	for _, d := range f.nos {
		key := at{d.place, d.record}
		said[key] = append(said[key], d)
	}
	if len(said) == 0 {
		return
	}
	f.order = slices.DeleteFunc(f.order, func(one *gathered) bool {
		for _, r := range one.vulnerability.records {
			for k := range one.Instances {
				i := &one.Instances[k]
				denials := said[at{i.place, r}]
				of := func(e Evidence) bool { return e.Source == r.source && e.Item == r.item }
				if len(denials) == 0 || slices.ContainsFunc(i.Evidence, func(e Evidence) bool { return of(e) && e.By == owner }) {
					continue
				}
				i.Evidence = slices.DeleteFunc(i.Evidence, func(e Evidence) bool {
					if !of(e) {
						return false
					}
					d := f.denied(denials, r, e)
					if d == nil {
						for _, a := range unlike(denials, r) {
							if !slices.Contains(i.Against, a) {
								i.Against = append(i.Against, a)
							}
						}
						return false
					}
					o := outcome{item: &f.inv.items[i.place], record: r, truth: unknown, ask: AskRecord, verdict: verdict{
						blind: otherwise, leaf: e.Leaf, why: fmt.Sprintf("the owner of the record says otherwise: %s", cmpOr(d.why, "it is not among the affected versions")),
					}}
					if d.explicit {
						o.truth, o.verdict.blind = no, sighted
					}
					f.leave(o)
					return true
				})
			}
		}
		one.Instances = slices.DeleteFunc(one.Instances, func(i Instance) bool { return len(i.Evidence) == 0 })
		one.Sources = slices.DeleteFunc(one.Sources, func(s string) bool {
			return !slices.ContainsFunc(one.Instances, func(i Instance) bool { return slices.Contains(i.Sources(), s) })
		})
		if len(one.Instances) == 0 {
			delete(f.found, group{one.Coordinate, one.vulnerability})
			return true
		}
		return false
	})
}

// denied is the denial of the owner that stands against the evidence, the one that names the
// version first.
func (f *search) denied(denials []denial, r *record, e Evidence) *denial {
	var out *denial
	about := f.about[spoken{r, e.Leaf}]
	for k := range denials {
		d := &denials[k]
		if (d.explicit || e.By != "") && d.about.covers(about) && (out == nil || d.explicit && !out.explicit) {
			out = d
		}
	}
	return out
}

// unlike tells what the owner of a record denies of something else than what the record says
// is affected.
func unlike(denials []denial, r *record) []Against {
	var out []Against
	for _, d := range denials {
		if d.explicit {
			out = append(out, Against{Source: r.source, Item: r.item, Digest: r.digest(), Leaf: d.leaf, Why: d.why})
		}
	}
	return out
}

// cover is what was seen of one component by one source.
type cover struct {
	held            sbom.Coordinate // a coordinate at which the source has a claim
	words           bool            // it has one by words that agree
	blind, compared bool
	open            int
}

func (f *search) cover(i *item, r *record) *cover {
	if f.covers == nil {
		return &cover{}
	}
	for k, s := range f.index.sources {
		if s.name == r.source {
			return &f.covers[i.place*len(f.index.sources)+k]
		}
	}
	return &cover{}
}

// item holds every claim that stands at one of the component's coordinates against it.
func (f *search) item(it *item) {
	x := f.index
	for k := range it.ids {
		id := &it.ids[k]
		for _, at := range id.at {
			list, _ := x.at.get(at)
			for _, c := range list {
				f.claim(c, at, it, id)
			}
		}
		f.above(it, id)
	}
	if x.words == 0 {
		return
	}
	for _, s := range it.spelled {
		list, _ := x.at.get(sbom.SpellingCoordinate(s))
		for _, c := range list {
			f.worded(c, it)
		}
	}
	for _, name := range it.names {
		list, _ := x.at.get(sbom.NameCoordinate(name))
		for _, c := range list {
			if c.kind == listed {
				f.lead(c, name, it)
			}
		}
	}
	for k := range it.mentions {
		m := &it.mentions[k]
		list, _ := x.at.get(m.at)
		for _, c := range list {
			f.mentioned(c, m, it)
		}
	}
	for _, v := range it.vendors {
		list, _ := x.at.get(sbom.Coordinate("vendor:" + v))
		for _, c := range list {
			f.vendored(c, it)
		}
	}
}

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

// in reports whether the component bears a package of the ecosystem: then what a record
// says of another package from the same repository is not about it.
func (it *item) in(ecosystem string) bool {
	return ecosystem != "" && slices.ContainsFunc(it.ids, func(id identity) bool { return id.alias == nil && id.ecosystem == ecosystem })
}

// skips reports whether none of the record's vulnerabilities is looked for.
func (f *search) skips(r *record) bool {
	if f.only == nil {
		return false
	}
	for v := range f.index.of(r) {
		if f.only[v.id] {
			return false
		}
	}
	return true
}

// claim tests one claim that stands at an identifier of the component.
func (f *search) claim(c claim, at sbom.Coordinate, it *item, id *identity) {
	cv := f.cover(it, c.record)
	if cv.held == "" && id.alias == nil {
		cv.held = at
	}
	if !c.live || f.skips(c.record) {
		return
	}
	id = id.standing(at)
	switch c.kind {
	case packaged:
		if p := &c.packages[c.n]; !f.explain && p.rejects(id) {
			cv.compared = cv.compared || len(p.ranges) > 0
			return
		}
		f.settle(c.record, it, id, c.packages[c.n].judge(id, f.explain), ByPURL, nil)
	case repository:
		if id.pkg != nil && !(id.alias != nil && it.in(c.packages[c.n].ecosystem)) {
			f.settle(c.record, it, id, c.packages[c.n].inRepository(at, it, id, f.index.opts.History, f.explain), ByRepository, nil)
		}
	case criterion:
		l := &c.leaves[c.n]
		if id.name == nil {
			return
		}
		if c.trees[l.tree].simple {
			if !f.explain && l.rejects(id) {
				cv.compared = cv.compared || l.how == bounded
				return
			}
			f.settle(c.record, it, id, l.judge(it, id, f.explain), ByCPE, nil)
		} else if p := (place{c.record, l.tree}); !f.trees[p] {
			f.trees[p] = true
			f.grove = append(f.grove, p)
		}
	case identified:
		p := &c.products[c.n]
		assumed, ok := p.identifies(it, id)
		if !ok {
			return
		}
		v := p.judge(id, id.versions, f.explain)
		v.assumed = append(v.assumed, assumed...)
		by := ByCPE
		if !strings.HasPrefix(string(at), "cpe:") {
			by = ByPURL
			if at == p.repo {
				by = ByRepository
			}
		}
		f.settle(c.record, it, id, v, by, nil)
	}
}

// worded tests a product that is named as the component is.
func (f *search) worded(c claim, it *item) {
	if c.kind != worded || !c.live || f.skips(c.record) {
		return
	}
	p := &c.products[c.n]
	how := p.agrees(it)
	if how != same && how != sameName || f.identified(c.record, p, it) {
		return
	}
	id := &it.ids[0]
	v := p.judge(id, it.versions(), f.explain)
	if how == same {
		f.cover(it, c.record).words = true
		f.settle(c.record, it, id, v, ByWords, nil)
		return
	}
	if v.truth == yes {
		v.truth, v.blind = unknown, otherwise
		v.why = fmt.Sprintf("the record names %s, and who makes the component, or the product, is not said: is it this one?", p.label())
		if len(it.vendors) > 0 && len(p.vendors) > 0 {
			v.why = fmt.Sprintf("the record names %s, and the component is made by %s: is it this one?", p.label(), it.vendors[0])
		}
	}
	f.leave(outcome{item: it, record: c.record, truth: v.truth, verdict: v, ask: AskIdentity, weak: true})
}

// identified reports whether an identifier of p names the component: then words add
// nothing.
func (f *search) identified(r *record, p *product, it *item) bool {
	for k := range it.ids {
		if _, ok := p.identifies(it, &it.ids[k]); ok {
			return true
		}
	}
	return false
}

// versions are those that any of the component's own identifiers states.
func (it *item) versions() []stated {
	out := it.ids[0].versions
	for k := range it.ids[1:] {
		id := &it.ids[k+1]
		if id.alias != nil {
			continue
		}
		for _, s := range id.versions {
			if !slices.ContainsFunc(out, func(o stated) bool { return o.text == s.text }) {
				out = append(out[:len(out):len(out)], s)
			}
		}
	}
	return out
}

// vendored asks about a product of the component's vendor, when no record says of the
// vulnerability in a form that can be compared what it affects: what one publisher
// calls the product another may call otherwise.
func (f *search) vendored(c claim, it *item) {
	if c.kind != vendored || !c.live || f.skips(c.record) {
		return
	}
	p := &c.products[c.n]
	if p.agrees(it) != sameMaker || f.identified(c.record, p, it) || f.elsewhere(p, it) {
		return
	}
	for v := range f.index.of(c.record) {
		if v.facts().stated {
			return
		}
	}
	// One question for all products that the record names, about the one that is named most
	// like the component.
	o := outcome{item: it, record: c.record, truth: unknown, ask: AskIdentity, weak: true, verdict: verdict{
		blind: otherwise, leaf: p.label(),
		why: fmt.Sprintf("no record says in identifiers what it affects, and one names %s, a product of the component's vendor: is it this one?", p.label()),
	}}
	about := subject{place: it.place, record: c.record}
	kin := p.kin(it)
	if kin == 0 && it.identified() {
		return // a name and an identifier, and neither is like the product's
	}
	if was, asked := f.wondered[about]; asked {
		if kin > was.kin {
			f.outs[was.at] = o
			f.wondered[about] = wonder{was.at, kin}
		}
		return
	}
	if f.wondered == nil {
		f.wondered = map[subject]wonder{}
	}
	f.wondered[about] = wonder{len(f.outs), kin}
	f.leave(o)
}

// wonder is where the question about a vendor's product stands among the answers, and how
// alike the names are.
type wonder struct{ at, kin int }

// kin counts the telling words that the names of the product and the component share, but
// for those of the vendor.
func (p *product) kin(it *item) int {
	own := sbom.Mentions(strings.Join(it.names, " "))
	vendor := strings.Fields(strings.Join(p.vendors, " "))
	n := 0
	for _, w := range sbom.Mentions(p.name) {
		if slices.Contains(own, w) && !slices.Contains(vendor, w) {
			n++
		}
	}
	return n
}

// identified reports whether the component bears an identifier that can be used.
func (it *item) identified() bool {
	return slices.ContainsFunc(it.ids, func(id identity) bool { return id.alias == nil && (id.pkg != nil || id.name != nil) })
}

// elsewhere reports whether p is known to be another thing than the component: its name is
// that of another component of the device, or of another thing in the table of aliases.
func (f *search) elsewhere(p *product, it *item) bool {
	if p.name == "" {
		return false
	}
	if f.index.aliases != nil && f.index.aliases.Names(p.name) && !slices.ContainsFunc(p.spelled, func(s string) bool { return slices.Contains(it.spelled, s) }) {
		return true
	}
	for k := range f.inv.items {
		if other := &f.inv.items[k]; other != it && p.agrees(other) == same {
			return true
		}
	}
	return false
}

// mentioned asks about a record that says nothing that can be compared and whose text
// names the component, or its vendor, unless another record of the same vulnerability says of
// the component more. About a vendor it is asked once for all of its components.
func (f *search) mentioned(c claim, m *mention, it *item) {
	if c.kind != mentioned || !c.live || f.skips(c.record) || !strings.Contains(c.text, m.folded) {
		return
	}
	for v := range f.index.of(c.record) {
		if slices.ContainsFunc(v.records, func(r *record) bool { return r.concerns(it) }) {
			return
		}
	}
	if m.vendor {
		about := vendorOf{c.record, m.folded}
		if f.named[about] {
			return
		}
		if f.named == nil {
			f.named = map[vendorOf]bool{}
		}
		f.named[about] = true
		for v := range f.index.of(c.record) {
			if t := v.facts(); t.stated || t.worded {
				return
			}
		}
	}
	f.leave(outcome{item: it, record: c.record, truth: unknown, ask: AskRecord, weak: true, verdict: verdict{
		blind: otherwise,
		why: fmt.Sprintf("the record says nothing that can be compared (its state is %s), and its text names %s: is the component affected?",
			cmpOr(c.state, "not said"), m.name),
	}})
}

// vendorOf is a vendor whom the text of a record names.
type vendorOf struct {
	record *record
	vendor string
}

// concerns reports whether r says in a form that can be compared something that is about the
// component: at one of its identifiers, or of a product that is named as it is.
func (r *record) concerns(it *item) bool {
	if !r.live {
		return false
	}
	for _, s := range r.claims {
		switch s.kind {
		case packaged, repository, criterion, identified:
			for k := range it.ids {
				if slices.Contains(it.ids[k].at, s.at) {
					return true
				}
			}
		case worded:
			if slices.ContainsFunc(it.spelled, func(n string) bool { return sbom.SpellingCoordinate(n) == s.at }) {
				return true
			}
		}
	}
	return false
}

// lead tells of a list of exploited vulnerabilities that names a product as the
// component is named.
func (f *search) lead(c claim, name string, it *item) {
	if !c.live || f.skips(c.record) || slices.ContainsFunc(f.leads, func(l Lead) bool {
		return l.Source == c.source && l.Item == c.item && l.Component == it.shown
	}) {
		return
	}
	f.leads = append(f.leads, Lead{
		Component: it.shown, IDs: slices.Clone(c.names), Source: c.source, Item: c.item, Digest: c.digest(), Name: name, Exploited: *c.exploited,
	})
}

// forest evaluates the trees that one leaf does not decide.
func (f *search) forest() {
	slices.SortFunc(f.grove, func(a, b place) int { return cmp.Or(a.compare(b.record), cmp.Compare(a.tree, b.tree)) })
	for _, p := range f.grove {
		b := f.inv.answer(p.record, &p.trees[p.tree])
		var with []string
		for _, h := range b.hits {
			if h.verdict.truth == yes && !h.leaf.vulnerable {
				with = append(with, h.shown.Name+": "+h.verdict.leaf)
			}
		}
		slices.Sort(with)
		with = slices.Compact(with) // a component may stand in several places
		for _, h := range b.hits {
			if h.leaf.vulnerable {
				f.settle(p.record, h.item, h.id, h.verdict, ByCPE, with)
			}
		}
	}
}

// settle files one answer.
func (f *search) settle(r *record, it *item, id *identity, v verdict, by Identifier, with []string) {
	weak := id.alias != nil && (id.alias.Named || it.distributed)
	ask := AskRecord
	switch {
	case v.blind == noVersion:
		ask = AskVersion
	case v.blind == incomparable:
		ask = AskOrder
	case by == ByCPE && v.truth == unknown && strings.Contains(v.why, "the BOM names no"):
		ask = AskPlatform
	}
	if weak && v.truth == yes {
		v.truth, v.blind, ask = unknown, otherwise, AskIdentity
		v.why = fmt.Sprintf("the component bears the name of %s and no identifier that says it is: is it?", id.alias.For)
		if id.alias.Source == "" && id.ecosystem == "Go" {
			v.why = fmt.Sprintf("the record is about the module %s, and the component is named as what lies below it: is it part of that module?", id.alias.For)
		}
		if it.distributed {
			ask = AskRecord
			v.why = fmt.Sprintf("the record is about %s as its maker gives it out, and a distribution may have repaired its package: is it affected?", id.alias.For)
		}
	}
	cv := f.cover(it, r)
	switch {
	case weak:
	case v.blind == incomparable:
		cv.blind = true
	case v.truth != unknown && v.rule == "range" && v.version != nil:
		cv.compared = true
	}
	if v.truth != yes {
		f.leave(outcome{item: it, record: r, truth: v.truth, verdict: v, ask: ask, weak: weak || v.mum})
		return
	}
	if v.about != nil {
		if f.about == nil {
			f.about = map[spoken]*product{}
		}
		f.about[spoken{r, v.leaf}] = v.about
	}
	e := Evidence{
		Source: r.source, Item: r.item, Digest: r.digest(), By: v.by, Identifier: by, Named: id.named(by), Rule: v.rule, Leaf: v.leaf,
		Fixed: v.fixed, With: with, Assumed: v.assumed, Alias: id.alias, Files: v.files,
	}
	if by == ByWords {
		e.Named = it.shown.Name
	}
	if v.version != nil {
		e.Version, e.VersionFrom = v.version.text, v.version.from
	}
	for vulnerability := range f.index.of(r) {
		if f.only == nil || f.only[vulnerability.id] {
			f.add(vulnerability, r, it, e)
		}
	}
}

// leave keeps an answer that is not yes, if it will be asked for.
func (f *search) leave(o outcome) {
	if o.truth == no && !o.weak && o.verdict.by == owner {
		f.nos = append(f.nos, denial{o.item.place, o.record, o.verdict.explicit, o.verdict.why, o.verdict.leaf, o.verdict.about})
	}
	if o.truth == unknown || f.explain {
		f.outs = append(f.outs, o)
	}
}

func (f *search) add(v *vulnerability, r *record, it *item, e Evidence) {
	about := group{it.at, v}
	one := f.found[about]
	if one == nil {
		one = &gathered{Finding: describe(f.product, it.at, v), vulnerability: v}
		f.found[about] = one
		f.order = append(f.order, one)
	}
	if k, known := slices.BinarySearch(one.Sources, r.source); !known {
		one.Sources = slices.Insert(one.Sources, k, r.source)
	}
	k := len(one.Instances) - 1
	for k >= 0 && one.Instances[k].place != it.place {
		k--
	}
	if k < 0 {
		k = len(one.Instances)
		one.Instances = append(one.Instances, Instance{Component: it.shown, place: it.place})
	}
	at := &one.Instances[k]
	if !slices.ContainsFunc(at.Evidence, func(x Evidence) bool { return sameLeaf(x, e) }) {
		at.Evidence = append(at.Evidence, e)
	}
}

func sameLeaf(a, b Evidence) bool {
	return a.Source == b.Source && a.Item == b.Item && a.Leaf == b.Leaf && slices.Equal(a.With, b.With)
}

// describe begins a finding with what all records of v say about it.
func describe(product string, at sbom.Coordinate, v *vulnerability) Finding {
	t := v.facts()
	return Finding{
		Product: product, Coordinate: at, Vulnerability: v.id, IDs: v.ids, Title: t.title, Scores: t.scores, Exploited: t.exploited,
		Probability: t.probability, SSVC: t.ssvc, Exploits: t.exploits, linked: t.linked, Remedied: t.remedied, Published: t.published,
		PublishedBy: t.publishedBy, Mark: t.mark,
	}
}

// affects reports whether the component is in the finding of one of the record's
// vulnerabilities by that very record, or by any.
func (f *search) affects(v *vulnerability, it *item, r *record) (byRecord, byAny bool) {
	one := f.found[group{it.at, v}]
	if one == nil {
		return false, false
	}
	for k := range one.Instances {
		if one.Instances[k].place != it.place {
			continue
		}
		return slices.ContainsFunc(one.Instances[k].Evidence, func(e Evidence) bool { return e.Source == r.source && e.Item == r.item }), true
	}
	return false, false
}

func (f *search) result() Result {
	var out Result
	f.quarrels()
	f.disagreements()
	for _, one := range f.order {
		slices.SortFunc(one.Instances, func(a, b Instance) int { return cmp.Compare(a.place, b.place) })
	}
	slices.SortFunc(f.order, func(a, b *gathered) int {
		return cmp.Or(strings.Compare(string(a.Coordinate), string(b.Coordinate)), strings.Compare(string(a.Vulnerability), string(b.Vulnerability)))
	})
	if len(f.order) > 0 {
		out.Findings = make([]Finding, len(f.order))
		for k, one := range f.order {
			out.Findings[k] = one.Finding
		}
	}
	out.Rejected, out.Undecided = f.candidates()
	for _, l := range f.leads {
		if !f.knows(l) {
			out.Leads = append(out.Leads, l)
		}
	}
	out.Coverage = f.coverage()
	for _, s := range f.index.sources {
		if s.mute > 0 {
			if out.Mute == nil {
				out.Mute = map[string]int{}
			}
			out.Mute[s.name] = s.mute
		}
	}
	return out
}

// knows reports whether the lead's vulnerability is found on its component already.
func (f *search) knows(l Lead) bool {
	for _, one := range f.order {
		if !slices.ContainsFunc(l.IDs, func(id feeds.ID) bool { return id == one.Vulnerability || slices.Contains(feeds.Telling(one.IDs), id) }) {
			continue
		}
		if slices.ContainsFunc(one.Instances, func(i Instance) bool { return i.Component == l.Component }) {
			return true
		}
	}
	return false
}

// disagreements looks again at the components of findings by the other records of the
// same vulnerability, and tells which of them say otherwise.
func (f *search) disagreements() {
	for _, one := range f.order {
		if len(one.vulnerability.records) < 2 {
			continue
		}
		for k := range one.Instances {
			at := &one.Instances[k]
			it := &f.inv.items[at.place]
			for _, r := range one.vulnerability.records {
				if !r.live || len(r.claims) == 0 || slices.ContainsFunc(at.Evidence, func(e Evidence) bool { return e.Source == r.source && e.Item == r.item }) {
					continue
				}
				at.Against = append(at.Against, f.against(r, it)...)
			}
		}
	}
}

// against asks one record about one component, and tells what it says when that is
// not that it is affected.
func (f *search) against(r *record, it *item) []Against {
	var out []Against
	for _, o := range f.again(r, it) {
		a := Against{Source: r.source, Item: r.item, Digest: r.digest(), Leaf: o.verdict.leaf, Why: o.verdict.why, Open: o.truth == unknown}
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

// again asks one record about one component and returns what it says by an identifier or a full
// name, unless it says that the component is affected.
func (f *search) again(r *record, it *item) []outcome {
	again := &search{
		index: f.index, inv: f.inv, explain: true, found: map[group]*gathered{}, trees: map[place]bool{},
	}
	for _, s := range r.claims {
		c := claim{r, s.kind, s.n}
		for k := range it.ids {
			if slices.Contains(it.ids[k].at, s.at) {
				again.claim(c, s.at, it, &it.ids[k])
			}
		}
		if s.kind == worded && slices.ContainsFunc(it.spelled, func(n string) bool { return sbom.SpellingCoordinate(n) == s.at }) {
			again.worded(c, it)
		}
	}
	again.forest()
	again.quarrels()
	if len(again.found) > 0 {
		return nil
	}
	return slices.DeleteFunc(again.outs, func(o outcome) bool { return o.item != it || o.weak })
}

// subject is a component, a vulnerability and a record.
type subject struct {
	place  int
	id     feeds.ID
	record *record
}

// decided reports whether a record of the vulnerability says of the component's version that it
// is not affected. That it speaks of another build or release decides nothing.
func (f *search) decided(v *vulnerability, it *item) bool {
	return slices.ContainsFunc(v.records, func(r *record) bool {
		return r.live && len(r.claims) > 0 && slices.ContainsFunc(f.again(r, it), func(o outcome) bool {
			return o.truth == no && (o.verdict.version != nil || o.verdict.explicit)
		})
	})
}

// candidates sorts the answers that are not yes, each component, record and leaf once,
// without what another leaf of the same record settled. A question that hangs on words
// is not asked where a record decides by an identifier.
func (f *search) candidates() (rejected, undecided []Candidate) {
	type leafOf struct {
		subject
		leaf string
	}
	seen := map[leafOf]bool{}
	known := map[subject]bool{}
	decided := func(o *outcome, v *vulnerability) bool {
		about := subject{o.item.place, v.id, nil}
		no, asked := known[about]
		if !asked {
			no = f.decided(v, o.item)
			known[about] = no
		}
		return no
	}
	slices.SortStableFunc(f.outs, func(a, b outcome) int {
		return cmp.Or(a.record.compare(b.record), cmp.Compare(a.item.place, b.item.place))
	})
	for _, o := range f.outs {
		for v := range f.index.of(o.record) {
			if f.only != nil && !f.only[v.id] {
				continue
			}
			byRecord, byAny := f.affects(v, o.item, o.record)
			about := subject{o.item.place, v.id, o.record}
			if byRecord || o.weak && (byAny || decided(&o, v)) || seen[leafOf{about, o.verdict.leaf}] {
				continue
			}
			seen[leafOf{about, o.verdict.leaf}] = true
			c := Candidate{
				Component: o.item.shown, Coordinate: o.item.at, Vulnerability: v.id, IDs: v.ids, Source: o.record.source,
				Item: o.record.item, Digest: o.record.digest(), Leaf: o.verdict.leaf, Why: o.verdict.why, place: o.item.place,
			}
			if o.truth == no {
				rejected = append(rejected, c)
				continue
			}
			c.Ask = o.ask
			f.cover(o.item, o.record).open++
			undecided = append(undecided, c)
		}
	}
	return rejected, undecided
}
