package match

import (
	"slices"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
)

// A Gone names a record that its source no longer holds.
type Gone struct{ Source, Item string }

// With returns the Index that holds, in place of the records of the same source and
// item, those that changed, and no longer those that are gone. x stays as it is and shares what
// did not change. It is the Index that Build would make of all records as they are
// now, at a cost that grows with the change.
func (x *Index) With(changed []feeds.Record, gone ...Gone) *Index {
	next, _ := x.with(changed, gone)
	return next
}

// with also returns the ids of which the records, or the vulnerability they belong to, are
// not what they were.
func (x *Index) with(changed []feeds.Record, gone []Gone) (*Index, map[feeds.ID]bool) {
	u := update{
		Index: &Index{
			opts: x.opts, aliases: x.aliases, words: x.words, records: x.records.next(), at: x.at.next(),
			naming: x.naming.next(), vulnerabilities: x.vulnerabilities.next(), owners: x.owners.next(),
		},
		places: map[sbom.Coordinate][]claim{}, names: map[feeds.ID][]*record{}, old: map[*record]bool{}, held: map[string]*holdings{},
	}
	for _, h := range x.sources {
		copied := *h
		copied.ecosystems = map[string]int{}
		for e, n := range h.ecosystems {
			copied.ecosystems[e] = n
		}
		copied.releases = map[[2]string]int{}
		for r, n := range h.releases {
			copied.releases[r] = n
		}
		u.held[h.name] = &copied
	}
	for _, g := range gone {
		u.drop(recordKey{g.Source, g.Item})
	}
	in := newInterning()
	for _, r := range changed {
		c := compile(r, in)
		key := recordKey{c.source, c.item}
		u.drop(key)
		u.add(key, c)
	}
	u.refile()
	touched := u.regroup()
	u.sources = u.holding(u.held)
	return u.Index, touched
}

// update is an Index being made beside another.
type update struct {
	*Index
	// places and names gather what is added at each coordinate and id; old are the
	// records that go.
	places map[sbom.Coordinate][]claim
	names  map[feeds.ID][]*record
	old    map[*record]bool
	held   map[string]*holdings
}

func (u *update) drop(key recordKey) {
	r, ok := u.records.get(key)
	if !ok {
		return
	}
	u.records.drop(key)
	hold(u.held, r, -1)
	u.words -= r.words()
	u.old[r] = true
	for _, s := range r.claims {
		u.places[s.at] = append(u.places[s.at], claim{})
	}
	for _, id := range r.names {
		u.names[id] = append(u.names[id], nil)
	}
}

func (u *update) add(key recordKey, r *record) {
	u.records.set(key, r)
	hold(u.held, r, 1)
	u.words += r.words()
	for _, s := range r.claims {
		u.places[s.at] = append(u.places[s.at], claim{r, s.kind, s.n})
	}
	for _, id := range r.names {
		u.names[id] = append(u.names[id], r)
	}
}

// refile makes each touched list anew, once. What was added and dropped again in
// the same change does not stand.
func (u *update) refile() {
	for at, added := range u.places {
		was, _ := u.at.get(at)
		added = slices.DeleteFunc(added, func(c claim) bool { return c.record == nil || u.old[c.record] })
		slices.SortStableFunc(added, func(a, b claim) int { return a.record.compare(b.record) })
		list := make([]claim, 0, len(was)+len(added))
		for _, c := range was { // in this order already
			if u.old[c.record] {
				continue
			}
			for len(added) > 0 && added[0].record.compare(c.record) < 0 {
				list, added = append(list, added[0]), added[1:]
			}
			list = append(list, c)
		}
		list = exact(append(list, added...))
		if len(list) == 0 {
			u.at.drop(at)
		} else {
			u.at.set(at, list)
		}
	}
	for id, added := range u.names {
		if id.CVE() {
			continue
		}
		was, _ := u.naming.get(id)
		list := make([]*record, 0, len(was)+len(added))
		for _, r := range append(was[:len(was):len(was)], added...) {
			if r != nil && !u.old[r] && !slices.Contains(list, r) {
				list = append(list, r)
			}
		}
		slices.SortFunc(list, (*record).compare)
		if len(list) == 0 {
			u.naming.drop(id)
		} else {
			u.naming.set(id, list)
		}
	}
}

// name returns the records that name id, and some that do not: those that go, and those
// that are tied to a CVE id without naming it.
func (u *update) name(id feeds.ID) []*record {
	if !id.CVE() {
		list, _ := u.naming.get(id)
		return list
	}
	added := u.names[id]
	if v, ok := u.vulnerabilities.get(id); ok {
		return append(added[:len(added):len(added)], v.records...)
	}
	return added
}

// regroup joins anew all records that are tied, directly or through others, to one that
// changed. Lists of names that share no id do not influence each other.
func (u *update) regroup() map[feeds.ID]bool {
	touched := map[feeds.ID]bool{}
	met := map[*record]bool{}
	var queue []feeds.ID
	reach := func(ids []feeds.ID) {
		for _, id := range ids {
			if !touched[id] {
				touched[id] = true
				queue = append(queue, id)
			}
		}
	}
	for id := range u.names {
		reach([]feeds.ID{id})
	}
	var records []*record
	for len(queue) > 0 {
		id := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, r := range u.name(id) {
			if r != nil && !u.old[r] && !met[r] {
				met[r] = true
				records = append(records, r)
				reach(r.names)
			}
		}
	}
	for id := range touched {
		u.vulnerabilities.drop(id)
		u.owners.drop(id)
	}
	slices.SortFunc(records, (*record).compare)
	u.groups(records, &u.vulnerabilities, &u.owners)
	return touched
}
