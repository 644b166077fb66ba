package match

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/tlp"
)

// A Result is everything that is known about one BOM. Its lists are sorted, so equal
// inputs give equal results.
type Result struct {
	Findings []Finding
	// Rejected are components that a record speaks of and does not affect, with
	// the leaf that failed. Undecided are those for which there is no answer: a
	// person has to look.
	Rejected, Undecided []Candidate
	Leads               []Lead
	// Coverage has a row for every component and every source that matches.
	Coverage []Coverage
}

// Find holds the records against bom. product is the key under which the
// findings are named; empty is fine for a BOM by itself.
func (x *Index) Find(product string, bom sbom.BOM) Result {
	f := finding{
		index: x, product: product, inv: take(bom), found: map[group]*gathered{}, settled: map[subject]bool{},
		blind: map[place]bool{}, compared: map[place]bool{}, open: map[place]int{},
	}
	for _, i := range f.candidates() {
		r := &x.records[i]
		if !r.Live() {
			continue
		}
		f.packages(i, r)
		for _, c := range r.Configurations {
			f.configuration(i, r, c)
		}
	}
	out := Result{Rejected: f.rejected.without(f.settled), Undecided: f.undecided.without(f.settled)}
	out.Findings = f.findings()
	out.Leads = f.leads()
	out.Coverage = f.coverage()
	return out
}

// findings sorts what was found by its key, and the instances by their place.
func (f *finding) findings() []Finding {
	type keyed struct {
		key string
		*gathered
	}
	all := make([]keyed, 0, len(f.found))
	for _, one := range f.found {
		slices.SortFunc(one.Instances, func(a, b Instance) int { return cmp.Compare(a.place, b.place) })
		all = append(all, keyed{one.Key(), one})
	}
	slices.SortFunc(all, func(a, b keyed) int { return cmp.Compare(a.key, b.key) })
	var out []Finding
	for _, one := range all {
		out = append(out, one.Finding)
	}
	return out
}

// finding is one Find under way.
type finding struct {
	index               *Index
	product             string
	inv                 inventory
	found               map[group]*gathered
	settled             map[subject]bool
	rejected, undecided candidates
	// blind are the places where a version was found not to compare, compared
	// those where it was, with a range; open counts the questions without an answer.
	blind, compared map[place]bool
	open            map[place]int
}

// group is a coordinate and a vulnerability: one finding.
type group struct {
	at            sbom.Coordinate
	vulnerability int
}

// gathered is a Finding being put together.
type gathered struct {
	Finding
	at map[*item]int // the place of each component in Instances
}

// place is a component and a source.
type place struct {
	item   *item
	source string
}

// candidates lists the records that may speak of anything in the device,
// by source and item.
func (f *finding) candidates() []int {
	seen := map[int]bool{}
	for at := range f.inv.at {
		for _, i := range f.index.at[at] {
			seen[i] = true
		}
	}
	out := make([]int, 0, len(seen))
	for i := range seen {
		out = append(out, i)
	}
	slices.SortFunc(out, func(a, b int) int {
		x, y := f.index.records[a], f.index.records[b]
		if c := cmp.Compare(x.Source, y.Source); c != 0 {
			return c
		}
		return cmp.Compare(x.Item, y.Item)
	})
	return out
}

// packages tests what r states by package. A component that one of the
// statements affects is affected; the others then say nothing about it.
func (f *finding) packages(i int, r *record) {
	type answer struct {
		item *item
		verdict
	}
	var answers []answer
	at := map[*item]int{}
	for _, p := range r.Packages {
		for _, it := range f.inv.at[sbom.PackageCoordinate(p.Ecosystem, p.Name)] {
			v := judgePackage(p, it)
			k, known := at[it]
			switch {
			case !known:
				at[it] = len(answers)
				answers = append(answers, answer{it, v})
			case v.truth > answers[k].truth:
				answers[k].verdict = v
			}
		}
	}
	for _, a := range answers {
		f.settle(i, r, a.item, a.verdict, ByPURL, nil)
	}
}

// configuration tests one tree of r. In a tree that is true every vulnerable
// leaf that holds is a finding; the leaves that do not are rejected. In one
// that is not, whatever a vulnerable leaf speaks of is rejected or undecided, with
// what the tree lacks.
func (f *finding) configuration(i int, r *record, c feeds.Configuration) {
	b := f.inv.answer(r, c)
	if b.truth != yes {
		b.lower()
	}
	var with []string
	for _, h := range b.hits {
		if h.verdict.truth == yes && !h.vulnerable {
			with = append(with, fmt.Sprintf("%s: %s", h.item.Name, h.verdict.leaf))
		}
	}
	for _, h := range b.hits {
		if h.vulnerable {
			f.settle(i, r, h.item, h.verdict, ByCPE, with)
		}
	}
}

// settle files one answer.
func (f *finding) settle(i int, r *record, it *item, v verdict, by Identifier, with []string) {
	here := place{it.primary, r.Source}
	switch {
	case v.blind == incomparable:
		f.blind[here] = true
	case v.truth != unknown && v.rule == "range" && v.version.text != "":
		f.compared[here] = true
	}
	if v.truth == unknown {
		f.open[here]++
	}
	for _, n := range f.index.of[i] {
		vulnerability := &f.index.vulnerabilities[n]
		about := subject{it.primary, n, i}
		if v.truth == yes {
			f.settled[about] = true
			f.add(n, r, it, Evidence{
				Source: r.Source, Item: r.Item, Digest: r.digest, Identifier: by, Named: it.named(by),
				Version: v.version.text, VersionFrom: v.version.from,
				Rule: v.rule, Leaf: v.leaf, With: with, Assumed: v.assumed,
			})
			continue
		}
		c := Candidate{
			Component: it.shown, Coordinate: it.at, Vulnerability: vulnerability.ID, IDs: vulnerability.IDs,
			Source: r.Source, Item: r.Item, Digest: r.digest, Leaf: v.leaf, Why: v.why,
		}
		if v.truth == no {
			f.rejected.add(about, c)
		} else {
			f.undecided.add(about, c)
		}
	}
}

func (f *finding) add(n int, r *record, it *item, e Evidence) {
	about := group{it.at, n}
	one := f.found[about]
	if one == nil {
		one = &gathered{Finding: describeFinding(&f.index.vulnerabilities[n]), at: map[*item]int{}}
		one.Product, one.Coordinate = f.product, it.at
		f.found[about] = one
	}
	if !slices.Contains(one.Sources, r.Source) {
		one.Sources = append(one.Sources, r.Source)
		slices.Sort(one.Sources)
	}
	k, known := one.at[it.primary]
	if !known {
		k = len(one.Instances)
		one.at[it.primary] = k
		one.Instances = append(one.Instances, Instance{Component: it.shown, place: it.place})
	}
	if !slices.ContainsFunc(one.Instances[k].Evidence, func(x Evidence) bool { return sameLeaf(x, e) }) {
		one.Instances[k].Evidence = append(one.Instances[k].Evidence, e)
	}
}

func sameLeaf(a, b Evidence) bool {
	return a.Source == b.Source && a.Item == b.Item && a.Leaf == b.Leaf && slices.Equal(a.With, b.With)
}

// describeFinding copies what all records of v say about it.
func describeFinding(v *feeds.Vulnerability) Finding {
	f := Finding{Vulnerability: v.ID, IDs: slices.Clone(v.IDs)}
	f.Title, _ = v.Title()
	f.Published, f.PublishedBy = v.Published()
	if e, ok := v.Exploited(); ok {
		f.Exploited = &e
	}
	marks := make([]tlp.Mark, len(v.Records))
	for i, r := range v.Records {
		marks[i] = r.Mark
		for _, s := range r.Scores {
			f.Scores = append(f.Scores, Score{Source: r.Source, Score: s})
		}
	}
	f.Mark = tlp.Join(marks...)
	return f
}

// subject is a component, a vulnerability and a record, by their places.
type subject struct {
	item                  *item
	vulnerability, record int
}

// candidates gathers what did not match, each component, record and leaf once.
type candidates struct {
	list  []Candidate
	about []subject
	seen  map[leafOf]bool
}

type leafOf struct {
	subject
	leaf string
}

func (c *candidates) add(about subject, x Candidate) {
	key := leafOf{about, x.Leaf}
	if c.seen[key] {
		return
	}
	if c.seen == nil {
		c.seen = map[leafOf]bool{}
	}
	c.seen[key] = true
	c.list = append(c.list, x)
	c.about = append(c.about, about)
}

// without leaves out what another leaf of the same record settled.
func (c *candidates) without(settled map[subject]bool) []Candidate {
	var out []Candidate
	for i, x := range c.list {
		if !settled[c.about[i]] {
			out = append(out, x)
		}
	}
	return out
}

// leads finds the lists of exploited vulnerabilities that name a product as a
// component is named, where there is no finding of that vulnerability on that
// component already.
func (f *finding) leads() []Lead {
	var out []Lead
	for _, it := range f.inv.items {
		var seen []int
		for _, name := range it.Names() {
			for _, i := range f.index.at[sbom.NameCoordinate(name)] {
				r := &f.index.records[i]
				if r.Exploited == nil || !r.Live() || slices.Contains(seen, i) || f.has(it, i) {
					continue
				}
				seen = append(seen, i)
				out = append(out, Lead{
					Component: it.shown, IDs: slices.Clone(r.Names), Source: r.Source, Item: r.Item,
					Digest: r.digest, Name: name, Exploited: *r.Exploited,
				})
			}
		}
	}
	return out
}

func (f *finding) has(it *item, record int) bool {
	for _, n := range f.index.of[record] {
		if f.found[group{it.at, n}] != nil {
			return true
		}
	}
	return false
}
