package match

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cpe"
	"github.com/open-postmarket/postmarket/sbom/vers"
	"github.com/open-postmarket/postmarket/vex"
)

// product is what a record states of one product in its publisher's words.
type product struct {
	by, vendor, name string
	vendors, spelled []string          // folded: who may be meant, and by which names it may go
	at               []sbom.Coordinate // of its identifiers
	cpes             []cpe.Name
	repo             sbom.Coordinate
	repoText         string
	files, platforms []string
	// distributed is the order of the distribution whose package a purl of it names.
	distributed vers.Scheme
	status      vex.Status // of versions that no span speaks of
	spans       []span
	unread      []string
	// single is the version of the one CPE name, where nothing else states versions.
	single string
}

// span is a stretch of versions with its status, its bounds read.
type span struct {
	feeds.Span
	scheme vers.Scheme
	git    bool
	bounds []bound
	exact  vers.Version
	all    bool // every version
}

// orders says by which scheme a publisher's word for the order of versions is
// read (CVE JSON 5, versionType: the schema lists some and takes any). Words that are not here,
// "custom" among them, are read generically.
var orders = map[string]vers.Scheme{
	"semver": vers.SemVer, "python": "PyPI", "pypi": "PyPI", "maven": "Maven", "npm": "npm", "rpm": "Red Hat", "deb": "Debian", "dpkg": "Debian",
	"gem": "RubyGems", "rubygems": "RubyGems", "nuget": "NuGet", "golang": "Go", "go": "Go", "apk": "Alpine", "composer": "Packagist",
	"cargo": "crates.io",
}

func (r *record) product(p feeds.Product, in *interning) {
	out := product{
		by: in.text(p.By), vendor: in.text(p.Vendor), name: in.text(p.Name), vendors: sbom.VendorNames(p.Vendor),
		repoText: p.Repo, files: p.Files, platforms: p.Platforms, status: p.Default, unread: p.Unread,
	}
	n := int32(len(r.products))
	claim := func(at sbom.Coordinate, k kind) {
		s := stand{at, k, n}
		if !slices.Contains(r.claims, s) {
			r.claims = append(r.claims, s)
		}
	}
	for _, text := range p.CPEs {
		if name, err := cpe.Parse(text); err == nil {
			out.cpes = append(out.cpes, name)
			at := sbom.CPECoordinate(name)
			out.at = append(out.at, at)
			claim(at, identified)
			if len(p.CPEs) == 1 && name.Version.Literal() && !name.Version.Pattern() {
				out.single = name.Version.Text()
			}
		}
	}
	for _, text := range p.PURLs {
		c := sbom.Component{PURL: text}
		if pkg, err := c.Package(); err == nil {
			at := pkg.Coordinates()[0]
			out.distributed = cmpOrScheme(out.distributed, packagers[pkg.Type])
			out.at = append(out.at, at)
			claim(at, identified)
		}
	}
	if at, ok := sbom.RepoCoordinate(p.Repo); ok {
		out.repo = at
		claim(at, identified)
	}
	for _, name := range append([]string{p.Name}, p.Models...) {
		for _, s := range sbom.Spellings(name, out.vendors) {
			out.spelled = append(out.spelled, in.text(s))
			claim(sbom.SpellingCoordinate(s), worded)
		}
	}
	for k, v := range out.vendors {
		out.vendors[k] = in.text(v)
		claim(sbom.VendorCoordinate(v), vendored)
	}
	for _, s := range p.Spans {
		out.spans = append(out.spans, readSpan(s))
	}
	r.products = append(r.products, out)
}

// packagers are the orders of versions of the packages of distributions, by type of purl.
var packagers = map[string]vers.Scheme{"rpm": "Red Hat", "deb": "Debian", "apk": "Alpine"}

func cmpOrScheme(a, b vers.Scheme) vers.Scheme {
	if a != "" {
		return a
	}
	return b
}

func readSpan(s feeds.Span) span {
	kind := strings.ToLower(strings.TrimSpace(s.Type))
	out := span{Span: s, scheme: orders[kind], git: kind == "git"}
	if out.scheme == "" {
		out.scheme = vers.Generic
	}
	if out.git {
		return out
	}
	if out.read(); out.scheme != vers.Generic && out.blind() {
		out = span{Span: s, scheme: vers.Generic}
		out.read()
	}
	return out
}

func (s *span) read() {
	if s.Single() {
		s.all = s.From == "*" || s.From == "0" && s.Text != ""
		if !s.all {
			s.exact, _ = vers.Parse(s.scheme, s.From)
		}
		return
	}
	add := func(o op, text string) { s.bounds = append(s.bounds, readBound(s.scheme, o, text)) }
	if s.From != "" && s.From != "0" && s.From != "*" {
		add(atLeast, s.From)
	}
	if s.After != "" {
		add(after, s.After)
	}
	if s.Below != "" && s.Below != "*" {
		add(below, s.Below)
	}
	if s.UpTo != "" && s.UpTo != "*" {
		if stem, ok := strings.CutSuffix(s.UpTo, ".*"); ok { // all that begin so
			s.bounds = append(s.bounds, readBound(s.scheme, beginning, stem))
		} else {
			add(atMost, s.UpTo)
		}
	}
	s.all = len(s.bounds) == 0
}

func (s *span) blind() bool {
	if s.Single() {
		return !s.all && s.exact.Scheme() == ""
	}
	return slices.ContainsFunc(s.bounds, func(b bound) bool { return b.unread != nil })
}

// agreement says how surely a component is the product that a record names in words.
type agreement int8

const (
	another   agreement = iota // it is another product
	sameName                   // the name is equal, and the vendor not said on one side
	sameMaker                  // the vendor is equal, and the name is not
	same                       // both are equal, or an identifier is
)

// agrees compares the names and vendors of i with those of p in all their spellings.
func (p *product) agrees(i *item) agreement {
	named := slices.ContainsFunc(i.spelled, func(n string) bool { return slices.Contains(p.spelled, n) })
	made := slices.ContainsFunc(i.makers, func(v string) bool {
		return slices.ContainsFunc(p.vendors, func(w string) bool { return sbom.SameVendor(v, w) || named && slip(v, w) })
	})
	switch {
	case named && made:
		return same
	case named && (len(p.vendors) == 0 || len(i.makers) == 0):
		return sameName
	case named && i.known && len(p.at) == 0:
		// Makers of devices list what others made under their own name.
		return sameName
	case made:
		return sameMaker
	}
	return another
}

// slip reports whether two long words differ by one letter that one of them has more:
// "phillips" and "philips".
func slip(a, b string) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	if len(b) < 6 || len(a) != len(b)+1 {
		return false
	}
	k := 0
	for k < len(b) && a[k] == b[k] {
		k++
	}
	return a[k+1:] == b[k:]
}

// identifies says whether one of p's identifiers names the component as id does.
func (p *product) identifies(i *item, id *identity) (assumed []string, ok bool) {
	if id.name != nil {
		for k := range p.cpes {
			l := leaf{naming: &naming{name: &p.cpes[k]}, vulnerable: true}
			if v := l.attributes(i, id); v.why == "" {
				return v.assumed, true
			}
		}
	}
	for _, at := range id.at {
		if id.pkg != nil && at != "" && (slices.Contains(p.at, at) || at == p.repo) && !strings.HasPrefix(string(at), "cpe:") {
			return nil, true
		}
	}
	return nil, false
}

// judge says how the versions that the component states stand to p.
func (p *product) judge(id *identity, versions []stated, explain bool) verdict {
	v := verdict{rule: "stated versions", files: p.files, by: p.by, about: p, assumed: id.assumption()}
	if len(p.platforms) > 0 {
		v.assumed = append(v.assumed, "runs on "+strings.Join(p.platforms, " or "))
	}
	fake := identity{versions: versions}
	if len(p.spans) == 0 && len(p.unread) == 0 {
		switch {
		case p.single != "":
			l := leaf{naming: &naming{}, how: one, bounds: []bound{readBound(vers.Generic, equalTo, p.single)}, vulnerable: true}
			return best(v, &fake, func(v verdict, s *stated) verdict {
				if v = l.exactly(v, id, s); v.truth == no {
					v.truth, v.blind, v.mum = unknown, otherwise, true // nothing is said of the others
					v.why = fmt.Sprintf("%s names %s only", p.label(), p.single)
				}
				v.leaf = p.label() + ": " + p.single
				return v
			})
		case p.status == vex.Affected:
			v.truth, v.rule, v.leaf = yes, "all versions", p.label()+": all versions"
			return v
		}
	}
	all := slices.IndexFunc(p.spans, func(s span) bool { return s.all })
	if all == 0 && len(p.spans) == 1 && len(p.unread) == 0 && len(p.spans[0].Turns) == 0 {
		return p.spans[0].answer(v, p)
	}
	return best(v, &fake, func(v verdict, s *stated) verdict { return p.stands(v, s, explain) })
}

// stands evaluates one version (CVE JSON 5, product status: the first entry that holds the
// version decides, with the turns within it; then the default).
func (p *product) stands(v verdict, s *stated, explain bool) verdict {
	blind := ""
	commits := false
	for k := range p.spans {
		sp := &p.spans[k]
		if sp.git {
			if t, ok := sp.commit(v, p, s.text); ok {
				return t
			}
			commits = true
			continue
		}
		in, why := sp.holds(s)
		switch {
		case why != "":
			blind = why
		case in:
			return sp.turned(v, p, s)
		}
	}
	switch {
	case commits && !p.spoken():
		// What is said of all other versions is said of commits, too.
		v.truth, v.blind, v.mum, v.why = unknown, otherwise, true, "the record states commits only: which versions hold them is not said"
	case blind != "":
		v.truth, v.blind, v.why, v.mum = unknown, incomparable, blind, commitLike(s.text)
	case len(p.unread) > 0:
		v.truth, v.blind, v.why = unknown, otherwise, fmt.Sprintf("what is said of the versions is for a person to read: %q", strings.Join(p.unread, "; "))
	case p.status == vex.Affected:
		v.truth, v.rule = yes, "default status"
		v.leaf = p.label() + ": affected by default"
		return v
	case p.status == vex.NotAffected, p.status == vex.Fixed:
		v.truth = no
		if explain {
			v.why = fmt.Sprintf("%s is in none of the versions stated, and %s is the status of the others", s.text, p.status)
		}
	case p.unrepaired(s, &v):
		return v
	case p.past(s):
		v.truth = no
		if explain {
			v.why = s.text + " comes after all versions that are said to be affected, or all of its branch"
		}
	case !p.spoken():
		v.truth, v.blind, v.mum, v.why = unknown, otherwise, true, "the record states no version of it"
	default:
		v.truth, v.blind, v.mum = unknown, otherwise, true
		v.why = fmt.Sprintf("%s is not among the versions stated, and nothing is said of the others", s.text)
	}
	if v.truth != no || explain {
		v.leaf = p.label() + ": " + p.spanText()
	}
	return v
}

// unrepaired reports whether s comes before the one version of a distribution's package that
// is said to be fixed, built for the same release: an advisory that gives out a repaired
// package says so of the packages it replaces.
func (p *product) unrepaired(s *stated, v *verdict) bool {
	if p.distributed == "" || len(p.spans) != 1 || p.spans[0].Status != vex.Fixed || !p.spans[0].Single() {
		return false
	}
	fixed := p.spans[0].From
	own, err := vers.Parse(p.distributed, s.text)
	if err != nil {
		return false
	}
	at, err := vers.Parse(p.distributed, fixed)
	if err != nil {
		return false
	}
	order, err := own.Compare(at)
	if mine, theirs := stream(s.text), stream(fixed); err != nil || order >= 0 || mine != theirs {
		return false
	}
	v.truth, v.rule, v.fixed = yes, "before the fix", fixed
	v.leaf = p.label() + ": " + p.spans[0].Span.String()
	return true
}

// spoken reports whether any span speaks of versions and not of commits.
func (p *product) spoken() bool {
	return slices.ContainsFunc(p.spans, func(s span) bool { return !s.git })
}

// past reports whether s comes after every version that is said to be affected, or after
// those of its branch (the first two numbers) and before those of the next. Where nothing is said of
// the versions not named, these count as not affected and the earlier ones do not: a
// convention of ours. It holds where the last of them ends a range: a version that is named alone as
// affected does not say that the next is not.
func (p *product) past(s *stated) bool {
	var last *vers.Version
	alone := false
	text, all := "", true
	for k := range p.spans {
		sp := &p.spans[k]
		if sp.git {
			continue
		}
		own, err := s.under(sp.scheme)
		if err != nil {
			return false
		}
		begin, end := sp.ends()
		if end == nil {
			return false
		}
		order, err := own.Compare(*end)
		if err != nil {
			return false
		}
		if order < 0 {
			// It has to end before the span begins, or it would lie in it.
			if begin == nil {
				return false
			}
			if order, err := own.Compare(*begin); err != nil || order > 0 {
				return false
			}
			all = false
			continue
		}
		if last != nil {
			if order, err := end.Compare(*last); err != nil || order < 0 {
				continue
			}
		}
		last, text, alone = end, end.String(), sp.Single() && sp.Status == vex.Affected
	}
	return last != nil && !alone && (all || releases(text) != "" && releases(text) == releases(s.text))
}

// ends are the versions between which the span lies; nil where it has no bound, or one
// that has no place in the order.
func (s *span) ends() (begin, end *vers.Version) {
	if s.Single() {
		if s.exact.Scheme() == "" {
			return nil, nil
		}
		return &s.exact, &s.exact
	}
	for k := range s.bounds {
		b := &s.bounds[k]
		switch {
		case b.unread != nil:
		case b.op >= atMost:
			end = &b.at
		default:
			begin = &b.at
		}
	}
	return begin, end
}

var firstTwo = regexp.MustCompile(`^[vV]?(\d+)\.(\d+)`)

// releases is the first two numbers of a version, or nothing.
func releases(version string) string {
	m := firstTwo.FindStringSubmatch(version)
	if m == nil {
		return ""
	}
	return m[1] + "." + m[2]
}

// holds reports whether the version lies in the span. why says that it has no answer.
func (s *span) holds(v *stated) (in bool, why string) {
	if s.all {
		return true, ""
	}
	own, err := v.under(s.scheme)
	if s.Single() {
		if strings.EqualFold(strings.TrimSpace(s.From), v.text) {
			return true, ""
		}
		if err != nil || s.exact.Scheme() == "" {
			if s.exact.Scheme() == "" {
				return false, fmt.Sprintf("version %q has no place in an order", s.From)
			}
			return false, err.Error()
		}
		order, err := own.Compare(s.exact)
		if err != nil {
			return false, err.Error()
		}
		return order == 0, ""
	}
	if err != nil {
		return false, err.Error()
	}
	for k := range s.bounds {
		b := &s.bounds[k]
		if b.unread != nil {
			why = b.unread.why
			continue
		}
		order, err := own.Compare(b.at)
		switch {
		case err != nil:
			why = err.Error()
		case b.op == beginning:
			if order >= 0 && !begins(v.text, b.text()) {
				return false, ""
			}
		case !b.holds(order):
			return false, ""
		}
	}
	return why == "", why
}

// begins reports whether a version begins with the numbers of stem.
func begins(version, stem string) bool {
	version, stem = strings.TrimLeft(version, "vV"), strings.TrimLeft(stem, "vV")
	rest, ok := strings.CutPrefix(version, stem)
	return ok && (rest == "" || rest[0] < '0' || rest[0] > '9')
}

// turned applies the turns within the span in the order of their versions. Where one of them, or the
// version, has no place in the order and the status would turn there, there is no answer.
func (s *span) turned(v verdict, p *product, at *stated) verdict {
	turned := *s
	if !slices.ContainsFunc(s.Turns, func(t feeds.Turn) bool { return t.Status != s.Status }) {
		return turned.answer(v, p)
	}
	own, turns, err := s.turns(s.scheme, at)
	if err != nil && s.scheme != vers.Generic {
		own, turns, err = s.turns(vers.Generic, at)
	}
	for _, t := range turns {
		var order int
		if order, err = own.Compare(t.at); err != nil {
			break
		}
		if order >= 0 {
			turned.Status = t.Status
		} else if turned.Status == vex.Affected && v.fixed == "" && t.Status != vex.Affected {
			v.fixed = t.At
		}
	}
	if err != nil {
		v.truth, v.blind, v.why, v.leaf, v.fixed = unknown, incomparable, err.Error(), p.label()+": "+s.Span.String(), ""
		return v
	}
	return turned.answer(v, p)
}

// turn is a turn with its version read.
type turn struct {
	feeds.Turn
	at vers.Version
}

// turns reads the version and the turns under a scheme, and sorts these.
func (s *span) turns(scheme vers.Scheme, at *stated) (own vers.Version, turns []turn, err error) {
	if own, err = at.under(scheme); err != nil {
		return own, nil, err
	}
	for _, t := range s.Turns {
		read, err := vers.Parse(scheme, t.At)
		if err != nil {
			return own, nil, err
		}
		turns = append(turns, turn{t, read})
	}
	slices.SortStableFunc(turns, func(a, b turn) int {
		order, e := a.at.Compare(b.at)
		if e != nil {
			err = e
		}
		return order
	})
	return own, turns, err
}

// answer is what the status of the span means.
func (s *span) answer(v verdict, p *product) verdict {
	v.leaf = p.label() + ": " + s.Span.String()
	switch s.Status {
	case vex.Affected:
		v.truth = yes
		if v.fixed == "" {
			v.fixed = s.Below
		}
		if v.fixed == "*" {
			v.fixed = ""
		}
	case vex.NotAffected, vex.Fixed:
		v.truth, v.explicit, v.why = no, true, fmt.Sprintf("is said to be %s", s.Status)
	default:
		v.truth, v.blind, v.why = unknown, otherwise, "its status is "+cmpOr(string(s.Status), "said to be unknown")
	}
	return v
}

// commit compares with the commits that the span names.
func (s *span) commit(v verdict, p *product, version string) (verdict, bool) {
	switch {
	case sameCommit(version, s.From):
		return s.answer(v, p), true
	case sameCommit(version, s.Below):
		v.truth, v.explicit, v.why = no, true, "is the commit "+s.Below+", which ends the span"
		return v, true
	case sameCommit(version, s.UpTo):
		return s.answer(v, p), true
	}
	return v, false
}

// label names the product for a person.
func (p *product) label() string {
	name := strings.TrimSpace(p.vendor + " " + p.name)
	if name == "" {
		name = cmpOr(p.repoText, "the product")
	}
	if p.by != "" {
		return p.by + ": " + name
	}
	return name
}

// spanText lists the spans, and counts what would be too long to read.
func (p *product) spanText() string {
	var out []string
	for k := range p.spans {
		if k == 4 && len(p.spans) > 5 {
			out = append(out, fmt.Sprintf("and %d more", len(p.spans)-k))
			break
		}
		out = append(out, p.spans[k].Span.String())
	}
	return strings.Join(append(out, p.unread...), "; ")
}
