package match

import (
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
)

// A Fleet holds the BOMs of many products against one Index, each distinct component once,
// so that a change of the records costs what the components it is about cost, and not
// what the fleet does. It keeps no findings: what changed is computed from the index before
// and the one after.
//
// It is safe for use by many goroutines. A look uses the index that was there when it
// began, and goes on while a change is taken in.
type Fleet struct {
	mu    sync.RWMutex
	index *Index
	// things are the distinct components; a place is nil when no product holds it.
	things []*thing
	byKey  map[string]int32
	key    []byte // of the component that is looked for
	free   []int32
	room   room
	// at lists the things that a record at the coordinate may affect.
	at       map[sbom.Coordinate][]int32
	products []*held
	byName   map[string]int32
}

// thing is a distinct component, and in which products it is.
type thing struct {
	key      string // all of it that matching looks at
	item     item
	products []int32 // ascending
}

// held is one product: its distinct components, ascending.
type held struct {
	name   string
	things []int32
}

// NewFleet makes a Fleet without products.
func NewFleet(index *Index) *Fleet {
	return &Fleet{
		index: index, room: room{chunk: most}, byKey: map[string]int32{}, at: map[sbom.Coordinate][]int32{}, byName: map[string]int32{},
	}
}

// Index returns the index the fleet is held against now.
func (f *Fleet) Index() *Index {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.index
}

// Products returns the keys of the products, sorted.
func (f *Fleet) Products() []string {
	f.mu.RLock()
	defer f.mu.RUnlock()
	out := make([]string, 0, len(f.byName))
	for name := range f.byName {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Size returns how many products there are, how many distinct components they
// hold, and in how many places.
func (f *Fleet) Size() (products, components, places int) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	for _, t := range f.things {
		if t != nil {
			components++
			places += len(t.products)
		}
	}
	return len(f.byName), components, places
}

// keyOf appends all of a component that matching looks at, each part with its length before it.
func keyOf(key []byte, c *sbom.Component, root bool) []byte {
	add := func(text string) { key = append(binary.AppendUvarint(key, uint64(len(text))), text...) }
	for _, text := range [...]string{c.Name, c.Version, c.PURL, c.CPE, c.Group, c.Supplier, c.Manufacturer, c.Publisher} {
		add(text)
	}
	kind := byte(0)
	if root {
		kind = 1
	}
	key = binary.AppendUvarint(append(key, kind), uint64(len(c.More)))
	for _, id := range c.More {
		add(id.Kind)
		add(id.Text)
		add(id.Problem)
	}
	if c.Pedigree != nil {
		key = append(key, 1)
		for _, commit := range c.Pedigree.Commits {
			add(commit)
		}
	}
	return key
}

// bare is what matching looks at of c, and nothing else.
func bare(c *sbom.Component) *sbom.Component {
	out := &sbom.Component{
		Name: c.Name, Version: c.Version, PURL: c.PURL, CPE: c.CPE, Group: c.Group, Supplier: c.Supplier, Manufacturer: c.Manufacturer,
		Publisher: c.Publisher, More: c.More,
	}
	if c.Pedigree != nil && len(c.Pedigree.Commits) > 0 {
		out.Pedigree = &sbom.Pedigree{Commits: c.Pedigree.Commits}
	}
	return out
}

// Put files the BOM of a product, in place of the one it had.
func (f *Fleet) Put(product string, bom sbom.BOM) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, known := f.byName[product]
	var before []int32
	if known {
		before = f.products[p].things
	} else {
		p = int32(len(f.products))
		f.products = append(f.products, &held{name: product})
		f.byName[product] = p
	}
	now := make([]int32, 0, len(bom.Components)+1)
	if bom.HasRoot() {
		now = append(now, f.thing(&bom.Root, true))
	}
	for k := range bom.Components {
		now = append(now, f.thing(&bom.Components[k], false))
	}
	slices.Sort(now)
	now = slices.Clip(slices.Compact(now))
	f.products[p] = &held{product, now}
	for _, t := range now {
		if _, already := slices.BinarySearch(before, t); !already {
			f.things[t].products = insert(f.things[t].products, p)
		}
	}
	f.leave(p, before, now)
}

// Drop takes a product out; one that is not there is no error.
func (f *Fleet) Drop(product string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, known := f.byName[product]
	if !known {
		return
	}
	delete(f.byName, product)
	f.leave(p, f.products[p].things, nil)
	f.products[p] = &held{}
}

// leave takes product p out of the things it no longer holds, and drops those that no
// product holds.
func (f *Fleet) leave(p int32, before, now []int32) {
	for _, t := range before {
		if _, still := slices.BinarySearch(now, t); still {
			continue
		}
		one := f.things[t]
		if k, found := slices.BinarySearch(one.products, p); found {
			// A copy: a Delta may still read the list.
			one.products = slices.Delete(slices.Clone(one.products), k, k+1)
		}
		if len(one.products) > 0 {
			continue
		}
		delete(f.byKey, one.key)
		for _, at := range one.coordinates() {
			list := f.at[at]
			if k, found := slices.BinarySearch(list, t); found {
				if list = slices.Delete(list, k, k+1); len(list) == 0 {
					delete(f.at, at)
				} else {
					f.at[at] = list
				}
			}
		}
		f.things[t] = nil
		f.free = append(f.free, t)
	}
}

// insert adds n to an ascending list. At the end it grows in place, elsewhere a copy is made:
// a Delta may still read the list.
func insert(list []int32, n int32) []int32 {
	if len(list) == 0 || list[len(list)-1] < n {
		return append(list, n)
	}
	k, found := slices.BinarySearch(list, n)
	if found {
		return list
	}
	return slices.Insert(slices.Clone(list), k, n)
}

// thing finds a component among the distinct ones, or files it.
func (f *Fleet) thing(c *sbom.Component, root bool) int32 {
	f.key = keyOf(f.key[:0], c, root)
	if n, known := f.byKey[string(f.key)]; known {
		return n
	}
	key := string(f.key)
	one := &thing{key: key, item: item{component: bare(c), root: root}}
	one.item.read(f.index.aliases, true, &f.room)
	n := int32(len(f.things))
	if len(f.free) > 0 {
		n, f.free = f.free[len(f.free)-1], f.free[:len(f.free)-1]
		f.things[n] = one
	} else {
		f.things = append(f.things, one)
	}
	f.byKey[key] = n
	for _, at := range one.coordinates() {
		list := f.at[at] // read under the lock alone: it grows in place
		if k, found := slices.BinarySearch(list, n); !found {
			f.at[at] = slices.Insert(list, k, n)
		}
	}
	return n
}

// coordinates are those at which a record may affect the thing.
func (t *thing) coordinates() []sbom.Coordinate {
	var out []sbom.Coordinate
	for _, id := range t.item.ids {
		out = append(out, id.at...)
	}
	for _, name := range t.item.spelled {
		out = append(out, sbom.Coordinate("name:"+name))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// inventory is the product as Find would take it, each distinct component once.
func (f *Fleet) inventory(p *held) *inventory {
	inv := &inventory{items: make([]item, len(p.things))}
	for k, t := range p.things {
		inv.items[k] = f.things[t].item
		inv.items[k].place = k
	}
	inv.take()
	return inv
}

// Find is [Index.Find] of a product that was put in. Its components have no references, and one
// that stands in several places stands once.
func (f *Fleet) Find(product string) (Result, bool) {
	f.mu.RLock()
	p, known := f.byName[product]
	if !known {
		f.mu.RUnlock()
		return Result{}, false
	}
	x, inv := f.index, f.inventory(f.products[p])
	f.mu.RUnlock()
	return x.run(product, inv, false), true
}

// Apply takes in what changed among the records, and says what that changes. Findings of
// other vulnerabilities than those are what they were.
func (f *Fleet) Apply(changed []feeds.Record, gone ...Gone) *Delta {
	f.mu.Lock()
	defer f.mu.Unlock()
	next, touched := f.index.with(changed, gone)
	d := &Delta{fleet: f, before: f.index, after: next, touched: touched, hits: map[*thing]bool{}}
	f.index = next
	d.spread()
	return d
}

// A Delta is what one change of the records changes in a fleet.
type Delta struct {
	fleet         *Fleet
	before, after *Index
	// touched are the ids whose vulnerability has other records, or other bodies of
	// them, than before.
	touched map[feeds.ID]bool
	// hits are the things that a touched vulnerability affects, or affected, and products
	// those that hold one.
	hits          map[*thing]bool
	products      []*held
	pairs, places int
}

// spread finds the things, and with them the products, that the touched vulnerabilities
// affected before or affect now.
func (d *Delta) spread() {
	f := d.fleet
	met := make([]int32, len(f.things)) // the last id that was found to affect the thing
	turn := int32(0)
	for id := range d.touched {
		turn++
		for _, x := range []*Index{d.before, d.after} {
			v, ok := x.vulnerabilities.get(id)
			if !ok {
				continue
			}
			for _, r := range v.records {
				if !r.live {
					continue
				}
				for _, s := range r.claims {
					if s.kind > worded {
						continue
					}
					for _, t := range f.at[s.at] {
						if met[t] != turn && x.may(claim{r, s.kind, s.n}, s.at, &f.things[t].item) {
							met[t] = turn
							d.pairs++
							d.places += len(f.things[t].products)
							d.hits[f.things[t]] = true
						}
					}
				}
			}
		}
	}
	seen := make([]bool, len(f.products))
	for t := range d.hits {
		for _, p := range t.products {
			if !seen[p] {
				seen[p] = true
				d.products = append(d.products, f.products[p])
			}
		}
	}
}

// may reports whether a claim affects a component: for sure, or, where the rest of the device
// decides, as far as it goes by itself.
func (x *Index) may(c claim, at sbom.Coordinate, it *item) bool {
	for k := range it.ids {
		id := &it.ids[k]
		if c.kind != worded && !slices.Contains(id.at, at) {
			continue
		}
		switch c.kind {
		case packaged:
			if p := &c.packages[c.n]; !p.rejects(id) && p.judge(id, false).truth == yes {
				return true
			}
		case repository:
			if id.pkg != nil && !(id.alias != nil && it.in(c.packages[c.n].ecosystem)) && c.packages[c.n].inRepository(at, it, id, x.opts.History, false).truth == yes {
				return true
			}
		case criterion:
			if l := &c.leaves[c.n]; id.name != nil && !l.rejects(id) && l.judge(it, id, false).truth == yes {
				return true
			}
		case identified:
			p := &c.products[c.n]
			if _, ok := p.identifies(it, id); ok && p.judge(id, id.versions, false).truth == yes {
				return true
			}
		case worded:
			p := &c.products[c.n]
			return p.agrees(it) == same && p.judge(&it.ids[0], it.versions(), false).truth == yes
		}
	}
	return false
}

// Touched returns the ids of the vulnerabilities of which anything changed, sorted.
func (d *Delta) Touched() []feeds.ID {
	out := make([]feeds.ID, 0, len(d.touched))
	for id := range d.touched {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// Products returns the keys of the products that may have other findings now, sorted.
// One whose BOM was put in or taken out since is to be looked at as a whole.
func (d *Delta) Products() []string {
	out := make([]string, 0, len(d.products))
	for _, p := range d.products {
		out = append(out, p.name)
	}
	slices.Sort(out)
	return out
}

// Size returns how many pairs of a vulnerability and a distinct component the change is
// about, in how many places of the fleet these stand, and how many products there are.
func (d *Delta) Size() (pairs, places, products int) { return d.pairs, d.places, len(d.products) }

// Findings returns the findings that the touched vulnerabilities now have on a product,
// as [Fleet.Find] gives them.
func (d *Delta) Findings(product string) []Finding {
	d.fleet.mu.RLock()
	p, known := d.fleet.byName[product]
	if !known {
		d.fleet.mu.RUnlock()
		return nil
	}
	h := d.fleet.products[p]
	inv := d.fleet.inventory(h)
	s := d.after.search(product, inv, false)
	s.only = d.touched
	for k, t := range h.things {
		if d.hits[d.fleet.things[t]] {
			s.item(&inv.items[k])
		}
	}
	d.fleet.mu.RUnlock()
	s.forest()
	return s.result().Findings
}

// Next is [State.Next] for what the change touches: findings of other vulnerabilities
// stay as they are in s. rule, if set, holds decisions against the findings first. The
// State and the events are those that a full look would give.
func (d *Delta) Next(s State, product string, rule func([]Finding) ([]Finding, error), position int64, at time.Time) (State, []Event, error) {
	findings := d.Findings(product)
	if rule != nil {
		var err error
		if findings, err = rule(findings); err != nil {
			return s, nil, err
		}
	}
	next, events := s.next(product, findings, func(b Standing) bool {
		return d.touched[b.Vulnerability] || slices.ContainsFunc(feeds.Telling(b.IDs), func(id feeds.ID) bool { return d.touched[id] })
	}, position, at)
	return next, events, nil
}
