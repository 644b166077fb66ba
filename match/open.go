package match

import (
	"cmp"
	"slices"

	"github.com/open-postmarket/postmarket/feeds"
)

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
		return r.live && len(r.claims) > 0 && slices.ContainsFunc(f.again(r, it), func(o *outcome) bool {
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
	slices.SortStableFunc(f.outs, func(a, b *outcome) int {
		return cmp.Or(a.record.compare(b.record), cmp.Compare(a.item.place, b.item.place))
	})
	for _, o := range f.outs {
		for v := range f.index.of(o.record) {
			if f.only != nil && !f.only[v.id] {
				continue
			}
			byRecord, byAny := f.affects(v, o.item, o.record)
			about := subject{o.item.place, v.id, o.record}
			if byRecord || o.weak && (byAny || decided(o, v)) || seen[leafOf{about, o.verdict.leaf}] {
				continue
			}
			seen[leafOf{about, o.verdict.leaf}] = true
			c := Candidate{
				Component: o.item.shown(), Coordinate: o.item.at, Vulnerability: v.id, IDs: v.ids, Source: o.record.source,
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
