package match

import (
	"cmp"
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

// look reads one component after the other and forgets at once those of which no record speaks,
// unless components are to be held against each other by their words.
func (x *Index) look(product string, bom sbom.BOM, explain bool) Result {
	if x.words > 0 {
		return x.run(product, take(bom, x.aliases, true), explain)
	}
	f := x.search(product, enlist(bom), explain)
	room := &room{chunk: min(len(f.inv.items), most)}
	var heard queue
	for k := range f.inv.items {
		it, before := &f.inv.items[k], room.mark()
		it.read(x.aliases, false, room)
		if c := x.hears(it); c != nil {
			heard.add(c, it)
		} else if !slices.ContainsFunc(it.ids, func(id identity) bool { return id.name != nil }) {
			f.tell(it)
			it.ids, it.told = nil, true
			room.back(before)
		}
	}
	for it := range heard.all {
		f.identified(it)
	}
	f.inv.take()
	f.forest()
	return f.result()
}

func (x *Index) run(product string, inv *inventory, explain bool) Result {
	f := x.search(product, inv, explain)
	var heard queue
	for k := range f.inv.items {
		if c := x.hears(&f.inv.items[k]); c != nil {
			heard.add(c, &f.inv.items[k])
		}
	}
	for it := range heard.all {
		f.identified(it)
	}
	for k := range f.inv.items {
		f.words(&f.inv.items[k])
	}
	f.forest()
	return f.result()
}

// queue holds components, those together of which the same records speak: so these are read once.
type queue struct {
	runs  map[*claim]int
	items [][]*item
}

func (q *queue) add(c *claim, it *item) {
	if q.runs == nil {
		q.runs = map[*claim]int{}
	}
	k, known := q.runs[c]
	if !known {
		k = len(q.items)
		q.runs[c] = k
		q.items = append(q.items, nil)
	}
	q.items[k] = append(q.items[k], it)
}

func (q *queue) all(yield func(*item) bool) {
	for _, run := range q.items {
		for _, it := range run {
			if !yield(it) {
				return
			}
		}
	}
}

// hears returns the first claim that stands at a coordinate of the component, or at that of a
// module above it; nil when there is none.
func (x *Index) hears(it *item) *claim {
	for k := range it.ids {
		id := &it.ids[k]
		for _, at := range id.at {
			if list, _ := x.at.get(at); len(list) > 0 {
				return &list[0]
			}
		}
		for _, at := range id.modules {
			if list, _ := x.at.get(at); len(list) > 0 {
				return &list[0]
			}
		}
	}
	return nil
}

func (x *Index) search(product string, inv *inventory, explain bool) *search {
	f := &search{
		index: x, product: product, inv: inv, explain: explain, found: map[group]*gathered{}, trees: map[place]bool{},
		covers: make([]cover, len(inv.items)*len(x.sources)), nameless: -1,
	}
	for k := range inv.items {
		if it := &inv.items[k]; it.root && it.component.PURL == "" && it.component.CPE == "" {
			f.nameless = it.place
		}
	}
	return f
}

// search is one Find under way.
type search struct {
	index   *Index
	product string
	inv     *inventory
	explain bool
	found   map[group]*gathered
	order   []*gathered
	outs    []*outcome // what is not affected, of all components
	nos     []denial
	about   map[spoken]*product // of the evidence
	// wondered are the questions about products of a component's vendor.
	wondered map[subject]wonder
	named    map[vendorOf]bool // about whom a record was asked already
	trees    map[place]bool
	grove    []place
	covers   []cover // by component and source
	rows     []Coverage
	nameless int // the place of a root without an identifier, or -1
	leads    []Lead
	room     harvest
	from     *origin // of the record that was looked at last, and which source that is
	source   int
	// only, if set, are the vulnerabilities looked at; the others are passed over.
	only map[feeds.ID]bool
}

// item holds everything that is said of the component against it.
func (f *search) item(it *item) {
	f.identified(it)
	f.words(it)
}

// identified holds every claim that stands at one of the component's identifiers against it.
func (f *search) identified(it *item) {
	for k := range it.ids {
		id := &it.ids[k]
		for _, at := range id.at {
			list, _ := f.index.at.get(at)
			for k := range list {
				f.claim(&list[k], at, it, id)
			}
		}
		f.above(it, id)
	}
}

// words holds what is said in words against the component.
func (f *search) words(it *item) {
	x := f.index
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

func (f *search) result() Result {
	var out Result
	f.quarrels()
	f.disagreements()
	for _, one := range f.order {
		slices.SortFunc(one.instances, func(a, b Instance) int { return cmp.Compare(a.place, b.place) })
	}
	slices.SortFunc(f.order, func(a, b *gathered) int {
		return cmp.Or(strings.Compare(string(a.at), string(b.at)), strings.Compare(string(a.vulnerability.id), string(b.vulnerability.id)))
	})
	if len(f.order) > 0 {
		out.Findings = make([]Finding, len(f.order))
		for k, one := range f.order {
			one.describe(f.product, &out.Findings[k])
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
