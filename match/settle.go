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
	group
	sources   []string
	instances []Instance
	// leaf is the last criterion that stands in the evidence, and text what it is in words.
	leaf *leaf
	text string
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
	if f.from != r.origin {
		f.from, f.source = r.origin, slices.IndexFunc(f.index.sources, func(s *holdings) bool { return s.name == r.source })
	}
	if f.source < 0 {
		return &cover{}
	}
	return &f.covers[i.place*len(f.index.sources)+f.source]
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
		if v.on != nil && (v.truth == unknown || f.explain) {
			v.leaf = v.on.String()
		}
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
		Source: r.source, Item: r.item, By: v.by, Identifier: by, Named: id.named(by), Rule: v.rule, Leaf: v.leaf,
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
			f.add(vulnerability, r, it, v.on, e)
		}
	}
}

// leave keeps an answer that is not yes, if it will be asked for.
func (f *search) leave(o outcome) {
	if o.truth == no && !o.weak && o.verdict.by == owner {
		f.nos = append(f.nos, denial{o.item.place, o.record, o.verdict.explicit, o.verdict.why, o.verdict.leaf, o.verdict.about})
	}
	if o.truth == unknown || f.explain {
		kept := &lent(&f.room.outs, f.room.more(len(f.outs)))[0]
		*kept = o
		f.outs = append(f.outs, kept)
	}
}

// add adds e, which rests on the criterion l or on something else, to the finding.
func (f *search) add(v *vulnerability, r *record, it *item, l *leaf, e Evidence) {
	about := group{it.at, v}
	one := f.found[about]
	if one == nil {
		one = &lent(&f.room.findings, f.room.more(len(f.order)))[0]
		*one = gathered{group: about, sources: r.alone}
		f.found[about] = one
		f.order = append(f.order, one)
	} else if k, known := slices.BinarySearch(one.sources, r.source); !known {
		one.sources = slices.Insert(slices.Clone(one.sources), k, r.source)
	}
	if l != nil {
		if one.leaf != l {
			one.leaf, one.text = l, l.String()
		}
		e.Leaf = one.text
	}
	e.Digest = one.digest(r)
	k := len(one.instances) - 1
	for k >= 0 && one.instances[k].place != it.place {
		k--
	}
	if k < 0 {
		k = len(one.instances)
		one.instances = append(one.instances, Instance{})
		at := &one.instances[k]
		at.Component, at.place = it.shown(), it.place
		at.Evidence = lent(&f.room.evidence, f.room.more(len(f.order)))
		at.Evidence[0] = e
		return
	}
	at := &one.instances[k]
	if !slices.ContainsFunc(at.Evidence, func(x Evidence) bool { return sameLeaf(x, e) }) {
		at.Evidence = append(at.Evidence, e)
	}
}

// digest is that of the record, which the evidence of the first place may hold already.
func (g *gathered) digest(r *record) string {
	if len(g.instances) > 0 {
		for k := range g.instances[0].Evidence {
			if e := &g.instances[0].Evidence[k]; e.Item == r.item && e.Source == r.source {
				return e.Digest
			}
		}
	}
	return r.digest()
}

// harvest is memory for what is found.
type harvest struct {
	evidence []Evidence
	findings []gathered
	outs     []outcome
}

// more is how many to make at once when there are n.
func (*harvest) more(n int) int { return min(8+n/4, 128) }

func sameLeaf(a, b Evidence) bool {
	return a.Source == b.Source && a.Item == b.Item && a.Leaf == b.Leaf && slices.Equal(a.With, b.With)
}

// describe makes the finding, with what all records of its vulnerability say about it.
func (g *gathered) describe(product string, f *Finding) {
	v := g.vulnerability
	t := v.facts()
	f.Product, f.Coordinate, f.Vulnerability, f.IDs, f.Sources, f.Instances = product, g.at, v.id, v.ids, g.sources, g.instances
	f.Title, f.Scores, f.Exploited, f.Probability, f.SSVC, f.Exploits, f.linked = t.title, t.scores, t.exploited, t.probability, t.ssvc, t.exploits, t.linked
	f.Remedied, f.Published, f.PublishedBy, f.Mark = t.remedied, t.published, t.publishedBy, t.mark
}

// affects reports whether the component is in the finding of one of the record's
// vulnerabilities by that very record, or by any.
func (f *search) affects(v *vulnerability, it *item, r *record) (byRecord, byAny bool) {
	one := f.found[group{it.at, v}]
	if one == nil {
		return false, false
	}
	for k := range one.instances {
		if one.instances[k].place != it.place {
			continue
		}
		return slices.ContainsFunc(one.instances[k].Evidence, func(e Evidence) bool { return e.Source == r.source && e.Item == r.item }), true
	}
	return false, false
}
