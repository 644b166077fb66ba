package advisory

import (
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/patch"
)

// plans takes over what approved plans say that somebody does.
func (d *drafter) plans() {
	seen := map[string]bool{}
	for _, p := range d.in.Plans {
		a, ok := d.judged[p.Finding]
		switch {
		case !ok:
			d.fail("the plan %q is for no given assessment", p.Finding)
			continue
		case seen[p.Finding]:
			d.fail("the plan %q is given twice", p.Finding)
			continue
		case p.State() != patch.Approved:
			d.fail("the plan %q is not approved", p.Finding)
		case p.Digest != a.Digest || p.Risk != a.Risk():
			d.fail("the plan %q was made for another state of its assessment", p.Finding)
		}
		seen[p.Finding] = true
		if err := p.Validate(); err != nil {
			d.errs = append(d.errs, err)
		}
		of := Basis{Kind: string(patch.Plans), Key: p.Finding, Digest: digest(settled(p))}
		d.a.Rests = append(d.a.Rests, of)
		id, version := a.Vulnerability, d.version[a.Product]
		if x := d.disposition(id, version); x != nil && farther[p.Class] > farther[x.Class] {
			x.Class = p.Class
		}
		for _, act := range p.Actions {
			d.instruct(Instruction{Party: act.Party, Text: act.Text, For: []feeds.ID{id}, Versions: []string{version}})
		}
		for _, r := range p.Remedies {
			since := r.AvailableFrom
			if r.Kind == patch.Patch {
				since = d.since(p.Finding, r.FixedIn, since)
				if !since.IsZero() && !instant(since).After(d.a.Proposed.At) && since.Equal(r.AvailableFrom) {
					d.fix(p.Finding, r.FixedIn, of)
				}
			}
			d.remedy(Remedy{
				Kind: r.Kind, Party: r.Party, Text: r.Text, FixedIn: r.FixedIn, AvailableFrom: since,
				For: []feeds.ID{id}, Versions: []string{version},
			})
		}
	}
	for _, a := range d.in.Assessments {
		if a.Risk() == assess.Controlled || a.Risk() == assess.Uncontrolled {
			if _, known := d.judged[a.Finding]; known && !seen[a.Finding] {
				d.fail("there is no plan for %q, although its risk is determined", a.Finding)
			}
		}
	}
}

// fix keeps that of says that the finding has a patch in version.
func (d *drafter) fix(finding, version string, of Basis) {
	if d.fixes[finding] == nil {
		d.fixes[finding] = map[string][]Basis{}
	}
	d.fixes[finding][plain(version)] = tidy(append(d.fixes[finding][plain(version)], of))
}

// releases takes up what was released for these assessments.
func (d *drafter) releases() {
	for _, r := range d.in.Releases {
		if err := r.Check(); err != nil {
			d.errs = append(d.errs, err)
			continue
		}
		if r.At.After(d.a.Proposed.At) {
			d.fail("the release %q is made at %s, after this was drafted", r.Key(), stamp(r.At))
			continue
		}
		of := Basis{Kind: string(patch.Releases), Key: r.Key(), Digest: digest(settled(r))}
		carries := false
		for _, change := range r.Changes {
			if finding := d.carried(change, r.Version); finding != "" {
				carries = true
				d.fix(finding, r.Version, of)
			}
		}
		if !carries {
			d.fail("the release %q carries no patch for a given assessment", r.Key())
			continue
		}
		d.a.Rests = append(d.a.Rests, of)
	}
}

// carried is the finding that the change of a release fixes, by its key (see
// patch.Change.Key); empty when that was not given, or when the change is no patch of
// it. A key of before kinds stood in it counts when the plan has the patch in that
// version.
func (d *drafter) carried(change, version string) string {
	for finding := range d.judged {
		rest, ok := strings.CutPrefix(change, finding+" @")
		if !ok {
			continue
		}
		words := strings.Fields(rest)
		if n := len(words); n > 2 && patch.RemedyKind(words[n-2]).Valid() {
			if patch.RemedyKind(words[n-2]) == patch.Patch {
				return finding
			}
			return ""
		}
		for _, p := range d.in.Plans {
			if p.Finding == finding && slices.ContainsFunc(p.Remedies, func(r patch.Remedy) bool {
				return r.Kind == patch.Patch && plain(r.FixedIn) == plain(version)
			}) {
				return finding
			}
		}
	}
	return ""
}

// since is from when a patch can be had that a plan promises from planned on: when it
// was released, if it was.
func (d *drafter) since(finding, version string, planned time.Time) time.Time {
	for _, r := range d.in.Releases {
		if plain(r.Version) == plain(version) && slices.ContainsFunc(r.Changes, func(c string) bool { return d.carried(c, r.Version) == finding }) {
			return r.At
		}
	}
	return planned
}

// roads takes back the class of a version of which a finding that may touch it
// has no plan: what is planned for the others is not the road of all.
func (d *drafter) roads() {
	planned := map[string]bool{}
	for _, p := range d.in.Plans {
		planned[p.Finding] = true
	}
	for _, v := range d.a.Vulnerabilities {
		for i, x := range v.Dispositions {
			if slices.ContainsFunc(x.Findings, func(f string) bool { return d.open(f) && !planned[f] }) {
				v.Dispositions[i].Class = ""
			}
		}
	}
}

// open reports whether the finding may touch its version, as far as was approved.
func (d *drafter) open(finding string) bool { return d.judged[finding].Risk() != assess.NoRisk }

// farther orders the roads by how much is done.
var farther = map[patch.Class]int{patch.NoChange: 1, patch.RegularCycle: 2, patch.OutOfCycle: 3}

// statements takes over what a person says of versions nobody assessed.
func (d *drafter) statements() {
	for _, s := range d.in.Stated {
		version, ok := d.version[s.Product]
		x := d.disposition(s.Vulnerability, version)
		switch {
		case len(d.named(s.Vulnerability)) > 1:
			d.fail("a statement is about %q, which several go by", s.Vulnerability)
		case !ok:
			d.fail("a statement is about product %q, which is not given", s.Product)
		case x == nil:
			d.fail("a statement is about %q, of which no words are given", s.Vulnerability)
		case s.Status != NotAffected && s.Status != Fixed:
			d.fail("%q of %q: a person may state not affected or fixed, not %q", s.Vulnerability, s.Product, s.Status)
		case len(x.Findings) > 0:
			d.fail("%q of %q was assessed, which a statement cannot overrule", s.Vulnerability, s.Product)
		case s.Status == Fixed && (hollow(s.Why) || len(s.From) == 0) || slices.ContainsFunc(s.From, noRecord):
			d.fail("%q of %q: that it is fixed is stated with a reason and with a record of the ledger that says so", s.Vulnerability, s.Product)
		case x.StatedBy != "":
			d.fail("%q of %q is stated twice", s.Vulnerability, s.Product)
		default:
			x.Status, x.Justification, x.Why, x.StatedBy, x.From = s.Status, s.Justification, s.Why, d.in.By, tidy(s.From)
			d.a.Rests = append(d.a.Rests, s.From...)
			if s.Status == NotAffected {
				x.Risk = assess.NoRisk
			}
		}
	}
}

// added takes over the instructions and remedies of who drafts.
func (d *drafter) added() {
	for _, i := range d.in.Instructions {
		var ids []feeds.ID
		for _, id := range i.For {
			named := d.named(id)
			if len(named) == 0 {
				d.fail("an instruction is for %q, of which no words are given", id)
			}
			ids = append(ids, named...)
		}
		i.For = union(ids, nil)
		i.Versions = d.keys("an instruction", i.Versions)
		d.instruct(i)
	}
	for _, r := range d.in.Remedies {
		if len(r.For) == 0 {
			for _, v := range d.a.Vulnerabilities {
				r.For = append(r.For, v.ID)
			}
		}
		versions := d.keys("a remedy", r.Versions)
		var ids []feeds.ID
		for _, id := range r.For {
			named := d.named(id)
			if len(named) == 0 {
				d.fail("a remedy is for %q, of which no words are given", id)
			}
			for _, id := range named {
				if len(r.Versions) == 0 {
					versions = append(versions, d.vulnerability(id).with(Affected)...)
				}
			}
			ids = append(ids, named...)
		}
		r.For, r.Versions = union(ids, nil), union(versions, nil)
		// It is said of the vulnerability in the version as a whole.
		var of []string
		for _, id := range r.For {
			for _, version := range r.Versions {
				if x := d.disposition(id, version); x != nil {
					of = append(of, x.Findings...)
				}
			}
		}
		if available := !r.AvailableFrom.IsZero() && !instant(r.AvailableFrom).After(d.a.Proposed.At); r.Kind == patch.Patch && available && !d.recorded(of, r.FixedIn) {
			d.fail("the patch %q is said to be available in version %q, which no approved plan and no release says of all that it is for", r.Text, r.FixedIn)
		}
		d.remedy(r)
	}
}

// recorded reports whether plans or releases say that all of these findings that may
// touch their version have a patch in version; there has to be one.
func (d *drafter) recorded(findings []string, version string) bool {
	findings = slices.DeleteFunc(slices.Clone(findings), func(f string) bool { return !d.open(f) })
	return len(findings) > 0 && !slices.ContainsFunc(findings, func(f string) bool { return len(d.fixes[f][plain(version)]) == 0 })
}

// noRecord reports whether b names no record, or one that only repeats what is said;
// of findings nothing is kept.
func noRecord(b Basis) bool {
	return b.Kind == findings || blank(b.Kind) || blank(b.Key) || blank(b.Digest) || strings.HasPrefix(b.Kind, "advisory.")
}

// keys are the IDs of the versions of these products.
func (d *drafter) keys(what string, products []string) []string {
	var ids []string
	for _, key := range products {
		id, ok := d.version[key]
		if !ok {
			d.fail("%s is for product %q, which is not given", what, key)
			continue
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// instruct adds i, or what it is for to one that says the same. It widens only
// one of the two lists, else it would tell somebody what nobody meant.
func (d *drafter) instruct(i Instruction) {
	for n, x := range d.a.Instructions {
		if x.Party != i.Party || x.Text != i.Text {
			continue
		}
		if slices.Equal(x.For, i.For) {
			d.a.Instructions[n].Versions = orAll(x.Versions, i.Versions)
			return
		}
		if slices.Equal(x.Versions, i.Versions) {
			d.a.Instructions[n].For = orAll(x.For, i.For)
			return
		}
	}
	i.For = slices.Clone(i.For)
	d.a.Instructions = append(d.a.Instructions, i)
}

// remedy adds r, or what it is for to one that says the same.
func (d *drafter) remedy(r Remedy) {
	r.FixedIn = strings.TrimSpace(r.FixedIn)
	if !r.AvailableFrom.IsZero() {
		r.AvailableFrom = instant(r.AvailableFrom)
		r.Available = !r.AvailableFrom.After(d.a.Proposed.At)
	}
	for n, x := range d.a.Remedies {
		// Only where one of the two lists is equal is the union what both said.
		if x.Kind == r.Kind && x.Party == r.Party && x.Text == r.Text && x.SideEffects == r.SideEffects && x.FixedIn == r.FixedIn &&
			x.AvailableFrom.Equal(r.AvailableFrom) && (slices.Equal(x.For, r.For) || slices.Equal(x.Versions, r.Versions)) {
			d.a.Remedies[n].For = union(x.For, r.For)
			d.a.Remedies[n].Versions = union(x.Versions, r.Versions)
			return
		}
	}
	r.For, r.Versions = slices.Clone(r.For), slices.Clone(r.Versions)
	d.a.Remedies = append(d.a.Remedies, r)
}

// fixed lists the versions that have a patch which can be had. One that is only
// planned is not said to be fixed: it does not exist yet. One that leaves the
// vulnerability in another component is not fixed either. What says so are plans and
// releases.
func (d *drafter) fixed() {
	type into struct {
		id      feeds.ID
		release string
	}
	var all []into
	partly := map[into]bool{}
	from := map[into][]Basis{}
	for _, r := range d.a.Remedies {
		if r.Kind != patch.Patch || !r.Available || blank(r.FixedIn) {
			continue
		}
		for _, version := range r.Versions {
			base := d.a.version(version)
			if d.leftOut(base, r.FixedIn) {
				continue // readers are told that it is not spoken of
			}
			to := d.release(base, r.FixedIn)
			for _, id := range r.For {
				x := d.disposition(id, to)
				switch {
				case x == nil:
					continue
				case x.Status == Affected:
					d.fail("%q is said to be fixed in %s %s, which is assessed as affected", id, base.Name, r.FixedIn)
				}
				at := into{id, to}
				all = append(all, at)
				of := d.disposition(id, version).Findings
				partly[at] = partly[at] || !d.recorded(of, r.FixedIn)
				for _, f := range of {
					from[at] = append(from[at], d.fixes[f][plain(r.FixedIn)]...)
				}
			}
		}
	}
	for _, at := range all {
		if x := d.disposition(at.id, at.release); !partly[at] && x.Status == UnderInvestigation && len(x.Findings) == 0 {
			x.Status, x.From = Fixed, tidy(from[at])
		}
	}
}

// alike reports whether v is that version of base's model.
func (v Version) alike(base Version, version string) bool {
	return plain(v.Version) == plain(version) && likeMaker(v.Manufacturer, base.Manufacturer) == same &&
		(v.Name == base.Name && v.Model == base.Model || !blank(v.Model) && likeModel(v.Model, base.Model) == same)
}

// leftOut reports whether that version of base's model is a product that is excluded.
func (d *drafter) leftOut(base Version, version string) bool {
	if d.in.Fleet == nil {
		return false
	}
	return slices.ContainsFunc(d.in.Fleet.Products, func(p device.Product) bool {
		return d.isExcluded(p.ID) && (Version{Name: p.Name, Model: p.Model, Manufacturer: p.Manufacturer, Version: p.Version}).alike(base, version)
	})
}

// release is the ID of that version of base's model, however it is spelled, which is
// added if need be.
func (d *drafter) release(base Version, version string) string {
	for _, v := range d.a.Versions {
		if v.alike(base, version) {
			return v.ID
		}
	}
	return d.addVersion(Version{Name: base.Name, Model: base.Model, Manufacturer: base.Manufacturer, Version: version})
}

// named are the vulnerabilities that go by id: several only where it is not the
// id of any.
func (d *drafter) named(id feeds.ID) []feeds.ID {
	var out []feeds.ID
	for _, v := range d.a.Vulnerabilities {
		if v.ID == id {
			return []feeds.ID{id}
		}
		if v.has(id) {
			out = append(out, v.ID)
		}
	}
	return out
}

func (d *drafter) vulnerability(id feeds.ID) *Vulnerability {
	for i := range d.a.Vulnerabilities {
		if d.a.Vulnerabilities[i].has(id) {
			return &d.a.Vulnerabilities[i]
		}
	}
	return nil
}

func (d *drafter) disposition(id feeds.ID, version string) *Disposition {
	v := d.vulnerability(id)
	if v == nil {
		return nil
	}
	for i := range v.Dispositions {
		if v.Dispositions[i].Version == version {
			return &v.Dispositions[i]
		}
	}
	return nil
}

// orAll is the union of two lists of which an empty one means all.
func orAll[T ~string](a, b []T) []T {
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	return union(a, b)
}

func union[T ~string](a, b []T) []T {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}
