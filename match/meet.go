package match

import (
	"cmp"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/sbom"
)

// place is a tree of a record.
type place struct {
	*record
	tree int32
}

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
func (f *search) claim(c *claim, at sbom.Coordinate, it *item, id *identity) {
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
		if l.simple {
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

// forest evaluates the trees that one leaf does not decide.
func (f *search) forest() {
	slices.SortFunc(f.grove, func(a, b place) int { return cmp.Or(a.compare(b.record), cmp.Compare(a.tree, b.tree)) })
	for _, p := range f.grove {
		b := f.inv.answer(p.record, &p.trees[p.tree])
		var with []string
		for _, h := range b.hits {
			if h.verdict.truth == yes && !h.leaf.vulnerable {
				with = append(with, h.component.Name+": "+h.leaf.String())
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
