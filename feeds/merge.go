package feeds

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// A Vulnerability is one flaw as all records together tell it. It has at most
// one CVE id.
type Vulnerability struct {
	// ID is its CVE id, or the least of its ids when it has none.
	ID ID
	// IDs are all its ids, ID among them, sorted.
	IDs []ID
	// Records are those that speak of it, by source and item. A record that names
	// several CVE ids is in each of theirs.
	Records []Record
}

// Merge joins records that speak of the same vulnerability under different
// names. The order of the records does not count. Two CVE ids are never one
// vulnerability: an id that is tied to several of them belongs to each. An id that
// names a kind ([ID.KindOnly]) ties nothing: it belongs to each vulnerability of which
// a record bears it. Records that have no other name are together under the first of
// theirs. Records without a name (bulletins) are left out. Each (Source, Item) is expected once.
func Merge(records []Record) []Vulnerability {
	g := Group(func(yield func([]ID) bool) {
		for _, r := range records {
			if !yield(r.Names) {
				return
			}
		}
	})
	byID := map[ID][]Record{}
	for _, r := range records {
		for _, id := range g.Of(r.Names) {
			byID[id] = append(byID[id], r)
		}
	}
	out := make([]Vulnerability, 0, len(byID))
	for id, rs := range byID {
		slices.SortFunc(rs, compareRecords)
		out = append(out, Vulnerability{ID: id, IDs: slices.Clone(g.Members(id)), Records: rs})
	}
	slices.SortFunc(out, func(a, b Vulnerability) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// Groups says which ids name one vulnerability. It does not change.
type Groups struct {
	// owners are the vulnerabilities of an id that is tied to others, members the
	// ids of a vulnerability that has several.
	owners, members map[ID][]ID
}

// Group reads the names of records, one list a record, its own id first, and joins
// them as [Merge] does. Lists that share no id with each other do not influence
// each other: records may be grouped apart that are not tied, directly or through others.
func Group(names iter.Seq[[]ID]) *Groups {
	g := aliases{ties: map[ID][]ID{}}
	var bearing [][]ID // lists with ids of kinds
	for list := range names {
		if slices.ContainsFunc(list, ID.KindOnly) {
			bearing = append(bearing, list)
			list = slices.DeleteFunc(slices.Clone(list), ID.KindOnly)
		}
		g.add(list)
	}
	out := &Groups{owners: g.groups(), members: map[ID][]ID{}}
	for id, owners := range out.owners {
		for _, owner := range owners {
			out.members[owner] = append(out.members[owner], id)
		}
	}
	for _, list := range bearing {
		for _, owner := range out.Of(list) {
			ids := out.members[owner]
			if len(ids) == 0 {
				ids = []ID{owner}
			}
			for _, id := range list {
				if id.KindOnly() && !slices.Contains(ids, id) {
					ids = append(ids, id)
				}
			}
			out.members[owner] = ids
		}
	}
	for _, ids := range out.members {
		slices.Sort(ids)
	}
	return out
}

// Of returns the vulnerabilities that a record with these names speaks of: the CVE
// ids among them, or those of the group its own id is in: the first that names no kind.
func (g *Groups) Of(names []ID) []ID {
	var out []ID
	for _, id := range names {
		if id.CVE() && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	if len(out) > 0 || len(names) == 0 {
		return out
	}
	own := Telling(names)[:1]
	if owners, tied := g.owners[own[0]]; tied {
		return owners
	}
	return own
}

// Members returns all ids of a vulnerability, sorted. The slice is the Groups' own.
func (g *Groups) Members(id ID) []ID {
	if ids, tied := g.members[id]; tied {
		return ids
	}
	return []ID{id}
}

// aliases is the graph of ids that records tie together. A record ties its own
// id, the first, to each of the others: that its others are the same thing too
// is not said when there are several CVE ids among them.
type aliases struct {
	ties map[ID][]ID
}

func (g *aliases) add(names []ID) {
	for i, id := range names {
		if i > 0 && id != names[0] {
			g.ties[names[0]] = append(g.ties[names[0]], id)
			g.ties[id] = append(g.ties[id], names[0])
		}
	}
}

// groups says for each id which vulnerabilities it belongs to, sorted: a CVE id to
// itself; another id to the CVE ids it is tied to; one that is tied to none to
// those that the ids reachable from it without crossing a CVE id are tied to;
// and where there are none at all, to the least id that can be reached.
func (g *aliases) groups() map[ID][]ID {
	direct := map[ID][]ID{}
	for id, ties := range g.ties {
		if id.CVE() {
			direct[id] = []ID{id}
			continue
		}
		for _, other := range ties {
			if other.CVE() {
				direct[id] = append(direct[id], other)
			}
		}
		slices.Sort(direct[id])
		direct[id] = slices.Compact(direct[id])
	}
	out := map[ID][]ID{}
	for id := range g.ties {
		if len(direct[id]) > 0 {
			out[id] = direct[id]
			continue
		}
		if out[id] != nil {
			continue
		}
		reached, owners := g.reach(id, direct)
		if len(owners) == 0 {
			owners = []ID{slices.Min(reached)}
		}
		for _, r := range reached {
			out[r] = owners
		}
	}
	return out
}

// reach walks from id over ids that are tied to no CVE id, and returns them with
// the CVE ids that their neighbors are tied to.
func (g *aliases) reach(id ID, direct map[ID][]ID) (reached, owners []ID) {
	seen := map[ID]bool{id: true}
	found := map[ID]bool{}
	reached = []ID{id}
	for i := 0; i < len(reached); i++ {
		for _, other := range g.ties[reached[i]] {
			for _, c := range direct[other] {
				found[c] = true
			}
			if len(direct[other]) == 0 && !seen[other] {
				seen[other] = true
				reached = append(reached, other)
			}
		}
	}
	for c := range found {
		owners = append(owners, c)
	}
	slices.Sort(owners)
	return reached, owners
}

// Has reports whether id is one of v's ids.
func (v Vulnerability) Has(id ID) bool {
	_, found := slices.BinarySearch(v.IDs, id)
	return found
}

// Exploited returns the first record, by source and item, that says v is
// exploited in the wild.
func (v Vulnerability) Exploited() (Exploited, bool) {
	for _, r := range v.Records {
		if r.Exploited != nil && r.Live() {
			return *r.Exploited, true
		}
	}
	return Exploited{}, false
}

// Published returns the earliest day any record gives for publication, and the
// source that gives it; zero and empty when none does.
func (v Vulnerability) Published() (at time.Time, by string) {
	for _, r := range v.Records {
		if !r.Published.IsZero() && (at.IsZero() || r.Published.Before(at)) {
			at, by = r.Published, r.Source
		}
	}
	return at, by
}

// Title returns the first title or text of a record, and its source.
func (v Vulnerability) Title() (text, by string) {
	for _, r := range v.Records {
		if r.Title != "" {
			return r.Title, r.Source
		}
	}
	for _, r := range v.Records {
		if r.Text != "" {
			return r.Text, r.Source
		}
	}
	return "", ""
}
