package match

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/sbom"
)

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
			for k := range one.instances {
				i := &one.instances[k]
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
		one.instances = slices.DeleteFunc(one.instances, func(i Instance) bool { return len(i.Evidence) == 0 })
		one.sources = slices.DeleteFunc(slices.Clone(one.sources), func(s string) bool {
			return !slices.ContainsFunc(one.instances, func(i Instance) bool { return slices.Contains(i.Sources(), s) })
		})
		if len(one.instances) == 0 {
			delete(f.found, one.group)
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

// disagreements looks again at the components of findings by the other records of the
// same vulnerability, and tells which of them say otherwise.
func (f *search) disagreements() {
	for _, one := range f.order {
		if len(one.vulnerability.records) < 2 {
			continue
		}
		for k := range one.instances {
			at := &one.instances[k]
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
func (f *search) again(r *record, it *item) []*outcome {
	again := &search{
		index: f.index, inv: f.inv, explain: true, found: map[group]*gathered{}, trees: map[place]bool{},
	}
	for _, s := range r.claims {
		c := &claim{r, s.kind, s.n}
		for k := range it.ids {
			if slices.Contains(it.ids[k].at, s.at) {
				again.claim(c, s.at, it, &it.ids[k])
			}
		}
		if s.kind == worded && slices.ContainsFunc(it.spelled, func(n string) bool { return sbom.SpellingCoordinate(n) == s.at }) {
			again.worded(*c, it)
		}
	}
	again.forest()
	again.quarrels()
	if len(again.found) > 0 {
		return nil
	}
	return slices.DeleteFunc(again.outs, func(o *outcome) bool { return o.item != it || o.weak })
}
