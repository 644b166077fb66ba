package match

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/sbom"
)

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
		e.Named = it.component.Name
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
		one.Instances = append(one.Instances, Instance{Component: it.shown(), place: it.place})
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
		Probability: t.probability, SSVC: t.ssvc, Exploits: t.exploits, Remedied: t.remedied, Published: t.published,
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
