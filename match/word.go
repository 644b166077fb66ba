package match

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
)

// worded tests a product that is named as the component is.
func (f *search) worded(c claim, it *item) {
	if c.kind != worded || !c.live || f.skips(c.record) {
		return
	}
	p := &c.products[c.n]
	how := p.agrees(it)
	if how != same && how != sameName || f.bears(c.record, p, it) {
		return
	}
	id := &it.ids[0]
	v := p.judge(id, it.versions(), f.explain)
	if how == same {
		f.cover(it, c.record).words = true
		f.settle(c.record, it, id, v, ByWords, nil)
		return
	}
	if v.truth == yes {
		v.truth, v.blind = unknown, otherwise
		v.why = fmt.Sprintf("the record names %s, and who makes the component, or the product, is not said: is it this one?", p.label())
		if len(it.vendors) > 0 && len(p.vendors) > 0 {
			v.why = fmt.Sprintf("the record names %s, and the component is made by %s: is it this one?", p.label(), it.vendors[0])
		}
	}
	f.leave(outcome{item: it, record: c.record, truth: v.truth, verdict: v, ask: AskIdentity, weak: true})
}

// bears reports whether an identifier of p names the component: then words add
// nothing.
func (f *search) bears(r *record, p *product, it *item) bool {
	for k := range it.ids {
		if _, ok := p.identifies(it, &it.ids[k]); ok {
			return true
		}
	}
	return false
}

// versions are those that any of the component's own identifiers states.
func (it *item) versions() []stated {
	out := it.ids[0].versions
	for k := range it.ids[1:] {
		id := &it.ids[k+1]
		if id.alias != nil {
			continue
		}
		for _, s := range id.versions {
			if !slices.ContainsFunc(out, func(o stated) bool { return o.text == s.text }) {
				out = append(out[:len(out):len(out)], s)
			}
		}
	}
	return out
}

// vendored asks about a product of the component's vendor, when no record says of the
// vulnerability in a form that can be compared what it affects: what one publisher
// calls the product another may call otherwise.
func (f *search) vendored(c claim, it *item) {
	if c.kind != vendored || !c.live || f.skips(c.record) {
		return
	}
	p := &c.products[c.n]
	if p.agrees(it) != sameMaker || f.bears(c.record, p, it) || f.elsewhere(p, it) {
		return
	}
	for v := range f.index.of(c.record) {
		if v.facts().stated {
			return
		}
	}
	// One question for all products that the record names, about the one that is named most
	// like the component.
	o := outcome{item: it, record: c.record, truth: unknown, ask: AskIdentity, weak: true, verdict: verdict{
		blind: otherwise, leaf: p.label(),
		why: fmt.Sprintf("no record says in identifiers what it affects, and one names %s, a product of the component's vendor: is it this one?", p.label()),
	}}
	about := subject{place: it.place, record: c.record}
	kin := p.kin(it)
	if kin == 0 && it.identified() {
		return // a name and an identifier, and neither is like the product's
	}
	if was, asked := f.wondered[about]; asked {
		if kin > was.kin {
			f.outs[was.at] = &o
			f.wondered[about] = wonder{was.at, kin}
		}
		return
	}
	if f.wondered == nil {
		f.wondered = map[subject]wonder{}
	}
	f.wondered[about] = wonder{len(f.outs), kin}
	f.leave(o)
}

// wonder is where the question about a vendor's product stands among the answers, and how
// alike the names are.
type wonder struct{ at, kin int }

// kin counts the telling words that the names of the product and the component share, but
// for those of the vendor.
func (p *product) kin(it *item) int {
	own := sbom.Mentions(strings.Join(it.names, " "))
	vendor := strings.Fields(strings.Join(p.vendors, " "))
	n := 0
	for _, w := range sbom.Mentions(p.name) {
		if slices.Contains(own, w) && !slices.Contains(vendor, w) {
			n++
		}
	}
	return n
}

// identified reports whether the component bears an identifier that can be used.
func (it *item) identified() bool {
	return slices.ContainsFunc(it.ids, func(id identity) bool { return id.alias == nil && (id.pkg != nil || id.name != nil) })
}

// elsewhere reports whether p is known to be another thing than the component: its name is
// that of another component of the device, or of another thing in the table of aliases.
func (f *search) elsewhere(p *product, it *item) bool {
	if p.name == "" {
		return false
	}
	if f.index.aliases != nil && f.index.aliases.Names(p.name) && !slices.ContainsFunc(p.spelled, func(s string) bool { return slices.Contains(it.spelled, s) }) {
		return true
	}
	for k := range f.inv.items {
		if other := &f.inv.items[k]; other != it && p.agrees(other) == same {
			return true
		}
	}
	return false
}

// mentioned asks about a record that says nothing that can be compared and whose text
// names the component, or its vendor, unless another record of the same vulnerability says of
// the component more. About a vendor it is asked once for all of its components.
func (f *search) mentioned(c claim, m *mention, it *item) {
	if c.kind != mentioned || !c.live || f.skips(c.record) || !strings.Contains(c.text, m.folded) {
		return
	}
	for v := range f.index.of(c.record) {
		if slices.ContainsFunc(v.records, func(r *record) bool { return r.concerns(it) }) {
			return
		}
	}
	if m.vendor {
		about := vendorOf{c.record, m.folded}
		if f.named[about] {
			return
		}
		if f.named == nil {
			f.named = map[vendorOf]bool{}
		}
		f.named[about] = true
		for v := range f.index.of(c.record) {
			if t := v.facts(); t.stated || t.worded {
				return
			}
		}
	}
	f.leave(outcome{item: it, record: c.record, truth: unknown, ask: AskRecord, weak: true, verdict: verdict{
		blind: otherwise,
		why: fmt.Sprintf("the record says nothing that can be compared (its state is %s), and its text names %s: is the component affected?",
			cmpOr(c.state, "not said"), m.name),
	}})
}

// vendorOf is a vendor whom the text of a record names.
type vendorOf struct {
	record *record
	vendor string
}

// concerns reports whether r says in a form that can be compared something that is about the
// component: at one of its identifiers, or of a product that is named as it is.
func (r *record) concerns(it *item) bool {
	if !r.live {
		return false
	}
	for _, s := range r.claims {
		switch s.kind {
		case packaged, repository, criterion, identified:
			for k := range it.ids {
				if slices.Contains(it.ids[k].at, s.at) {
					return true
				}
			}
		case worded:
			if slices.ContainsFunc(it.spelled, func(n string) bool { return sbom.SpellingCoordinate(n) == s.at }) {
				return true
			}
		}
	}
	return false
}

// lead tells of a list of exploited vulnerabilities that names a product as the
// component is named.
func (f *search) lead(c claim, name string, it *item) {
	if !c.live || f.skips(c.record) || slices.ContainsFunc(f.leads, func(l Lead) bool {
		return l.Source == c.source && l.Item == c.item && l.Component == it.shown()
	}) {
		return
	}
	f.leads = append(f.leads, Lead{
		Component: it.shown(), IDs: slices.Clone(c.names), Source: c.source, Item: c.item, Digest: c.digest(), Name: name, Exploited: *c.exploited,
	})
}

// knows reports whether the lead's vulnerability is found on its component already.
func (f *search) knows(l Lead) bool {
	for _, one := range f.order {
		if !slices.ContainsFunc(l.IDs, func(id feeds.ID) bool {
			return id == one.vulnerability.id || slices.Contains(feeds.Telling(one.vulnerability.ids), id)
		}) {
			continue
		}
		if slices.ContainsFunc(one.instances, func(i Instance) bool { return i.Component == l.Component }) {
			return true
		}
	}
	return false
}
