package match

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom/vers"
)

// judge says whether the component, as id names it, is affected by what p states
// (OSV schema, evaluation: in the list of versions, or in one of the ranges).
func (p *pkg) judge(id *identity, explain bool) verdict {
	var v verdict
	if p.ecosystem != id.ecosystem {
		v.why = "is of another ecosystem"
		return v
	}
	if p.release != "" {
		switch sameRelease(p.release, id.release()) {
		case unknown:
			v.assumed = append(v.assumed, "release is "+p.release)
		case no:
			v.leaf, v.why = p.label(), fmt.Sprintf("is for release %s, not %s", p.release, id.release())
			return v
		}
	}
	v.assumed = append(v.assumed, id.assumption()...)
	return best(v, id, func(v verdict, s *stated) verdict { return p.affected(v, s, explain) })
}

// rejects reports whether p surely says no of every version that the component states:
// what judge would say, without its words. It is what most claims come to.
func (p *pkg) rejects(id *identity) bool {
	if p.release != "" || len(id.versions) == 0 || p.ecosystem != id.ecosystem || len(p.ranges) == 0 && p.count == 0 {
		return false
	}
	for k := range id.versions {
		s := &id.versions[k]
		own, err := s.under(p.scheme)
		if err != nil || p.lists(own, nil, s.text) {
			return false
		}
		for n := range p.ranges {
			if in, sure := p.ranges[n].holds(s, own); in || !sure {
				return false
			}
		}
	}
	return true
}

// holds reports whether the version is in the range; sure is false when it has no
// answer.
func (g *line) holds(s *stated, own vers.Version) (in, sure bool) {
	if g.blind != "" {
		return false, false
	}
	if g.scheme != own.Scheme() {
		var err error
		if own, err = s.under(g.scheme); err != nil {
			return false, false
		}
	}
	in = g.begins
	for k := range g.steps {
		st := &g.steps[k]
		order := 1
		if !st.first {
			var err error
			if order, err = own.Compare(st.at); err != nil {
				return false, false
			}
		}
		switch {
		case st.edge == since:
			if order < 0 {
				if !in {
					return false, true
				}
				continue
			}
			in = true
		case st.edge == through:
			in = in && order <= 0
		case order >= 0:
			in = false
		}
	}
	return in, true
}

// release is what the component says of the release it is of: in the purl, or by the
// mark in the version of an RPM.
func (id *identity) release() string {
	if id.pkg.Type == "rpm" && len(releaseNumbers(id.pkg.Distro)) == 0 {
		for k := range id.versions {
			if mark := stream(id.versions[k].text); mark != "" {
				return mark
			}
		}
	}
	return id.pkg.Distro
}

// label is the package with its ecosystem.
func (p *pkg) label() string {
	if p.release != "" {
		return p.ecosystem + ":" + p.release + " " + p.name
	}
	return p.ecosystem + " " + p.name
}

func (p *pkg) affected(v verdict, s *stated, explain bool) verdict {
	own, ownErr := s.under(p.scheme)
	if p.lists(own, ownErr, s.text) {
		v.truth, v.rule, v.leaf = yes, "listed version", p.label()+": versions"
		for k := range p.ranges {
			if t := p.ranges[k].judge(verdict{}, s, false); t.truth == yes && t.fixed != "" {
				v.fixed = t.fixed
			}
		}
		return v
	}
	v.rule = "range"
	best := verdict{}
	for k := range p.ranges {
		g := &p.ranges[k]
		t := g.judge(v, s, explain)
		if t.truth != no || explain {
			t.leaf = g.leaf
		}
		if k == 0 || t.truth > best.truth {
			best = t
		}
		if t.truth == yes {
			return t
		}
	}
	switch {
	case len(p.ranges) > 0:
		return best
	case p.count > 0:
		v.rule = "listed version"
		if explain {
			v.leaf, v.why = p.label()+": versions", fmt.Sprintf("%s is not among the %d listed versions", s.text, p.count)
		}
		return v
	}
	v.truth, v.blind, v.leaf = unknown, otherwise, p.label()
	v.why = "the record states no version that can be compared (commits only, or nothing)"
	return v
}

// lists compares by order where the scheme has one and by text where not: a registry
// may list 1.0 and an SBOM 1.0.0.
func (p *pkg) lists(own vers.Version, ownErr error, text string) bool {
	if ownErr == nil && own.Key() != "" {
		if p.listed.has(own.Key()) {
			return true
		}
	}
	bare := strings.TrimPrefix(text, "v")
	for _, l := range p.texts {
		if l == text || l == bare {
			return true
		}
		if ownErr == nil && own.Key() == "" {
			if other, err := vers.Parse(p.scheme, l); err == nil {
				if order, err := own.Compare(other); err == nil && order == 0 {
					return true
				}
			}
		}
	}
	return false
}

// streams are the marks that an RPM version bears of the release it was built for
// (.el8, .el9_2, +el8.8.0, .fc39), and of the product that is layered over it (.el8sat).
var streams = regexp.MustCompile(`[.+](el|fc|amzn|oe)(\d+)([a-z]*)`)

// stream is the release an RPM version was built for, or nothing.
func stream(version string) string {
	m := streams.FindStringSubmatch(version)
	if m == nil {
		return ""
	}
	return m[1] + m[2] + m[3]
}

// judge walks the events in the order of their versions: from an introduced on
// the version is affected, from a fixed or limit on, and after a last_affected, it
// is not (OSV schema, evaluation). "0" is before all versions. A range without an
// introduced begins before all versions.
func (g *line) judge(v verdict, s *stated, explain bool) verdict {
	own, err := s.under(g.scheme)
	switch {
	case err != nil:
		v.truth, v.blind, v.why = unknown, incomparable, err.Error()
		return v
	case g.blind != "":
		v.truth, v.blind, v.why = unknown, incomparable, g.blind
		return v
	}
	in := g.begins
	if explain {
		v.why = s.text + " is in no part of the range"
	}
	build := ""
	for k := range g.steps {
		st := &g.steps[k]
		order := 1 // against an introduced "0"
		if !st.first {
			var err error
			if order, err = own.Compare(st.at); err != nil {
				v.truth, v.blind, v.why = unknown, incomparable, err.Error()
				return v
			}
		}
		switch {
		case st.edge == since:
			if order >= 0 {
				in, v.fixed = true, ""
			} else if !in {
				if explain {
					v.why += ", and comes before introduced " + st.event.Introduced
				}
				return v
			}
		case st.edge == through:
			if order > 0 {
				in = false
				if explain {
					v.why = s.text + " comes after last affected " + st.event.LastAffected
				}
			} else if st.stream != "" {
				build = st.stream
			}
		case order >= 0:
			in = false
			if explain {
				v.why = s.text + " is not before fixed " + st.event.Fixed + st.event.Limit
			}
		default:
			if in && v.fixed == "" {
				v.fixed = st.event.Fixed
			}
			if st.stream != "" {
				build = st.stream
			}
		}
	}
	if !in {
		v.fixed = ""
		return v
	}
	if build == "" {
		v.truth, v.why = yes, ""
		return v
	}
	if mine := stream(s.text); mine != "" && build != mine {
		v.fixed, v.mum = "", true
		if explain {
			v.why = fmt.Sprintf("the range ends with a build for %s, and %s was built for %s", build, s.text, mine)
		}
		return v
	}
	v.truth, v.why = yes, ""
	return v
}

// timeline reads the events of a range and sorts them by their versions. A range that
// says SEMVER in an ecosystem whose order does not take its versions is read so.
func timeline(r feeds.Range, scheme vers.Scheme) line {
	g := line{semver: r.Type == feeds.SemVer, events: r.Events, scheme: scheme}
	g.read()
	if g.blind != "" && g.semver && scheme != vers.SemVer {
		other := line{semver: true, events: r.Events, scheme: vers.SemVer}
		if other.read(); other.blind == "" {
			return other
		}
	}
	return g
}

func (g *line) read() {
	g.begins = true
	g.steps = make([]step, 0, len(g.events))
	for k := range g.events {
		e := &g.events[k]
		s := step{event: e, first: e.Introduced == "0"}
		switch {
		case e.Introduced != "":
			g.begins, s.edge = false, since
		case e.LastAffected != "":
			s.edge = through
		}
		if e.Limit == "*" {
			continue
		}
		if !s.first {
			at, err := vers.Parse(g.scheme, e.Introduced+e.Fixed+e.LastAffected+e.Limit)
			if err != nil {
				g.blind = err.Error()
				return
			}
			s.at = at
			s.stream = stream(cmpOr(e.LastAffected, e.Fixed))
		}
		g.steps = append(g.steps, s)
	}
	slices.SortStableFunc(g.steps, func(a, b step) int {
		if a.first || b.first {
			return cmp.Compare(rank(b.first), rank(a.first))
		}
		order, err := a.at.Compare(b.at)
		if err != nil {
			g.blind = err.Error()
		}
		return order
	})
}

func rank(first bool) int {
	if first {
		return 1
	}
	return 0
}

// nameRanges gives every range of p its leaf, which findings share.
func (p *pkg) nameRanges() {
	label := p.label() + ": "
	for k := range p.ranges {
		p.ranges[k].leaf = label + p.ranges[k].text()
	}
}

// text is the range in one line, in the words of the schema.
func (g *line) text() string {
	kind := "ECOSYSTEM"
	if g.semver {
		kind = "SEMVER"
	}
	return kind + eventText(g.events)
}

func eventText(events []feeds.Event) string {
	var b strings.Builder
	for _, e := range events {
		for _, f := range []struct{ name, v string }{
			{" introduced ", e.Introduced}, {" fixed ", e.Fixed}, {" last_affected ", e.LastAffected}, {" limit ", e.Limit},
		} {
			if f.v != "" {
				b.WriteString(f.name)
				b.WriteString(f.v)
			}
		}
	}
	return b.String()
}

// keys are texts that are looked up by their bytes, sorted and in one piece of memory.
type keys struct {
	text string
	ends []uint32
}

// packed sorts list and takes each of it once.
func packed(list []string) keys {
	slices.Sort(list)
	list = slices.Compact(list)
	if len(list) == 0 {
		return keys{}
	}
	out := keys{strings.Join(list, ""), make([]uint32, len(list))}
	end := uint32(0)
	for k, s := range list {
		end += uint32(len(s))
		out.ends[k] = end
	}
	return out
}

func (k *keys) at(n int) string {
	begin := uint32(0)
	if n > 0 {
		begin = k.ends[n-1]
	}
	return k.text[begin:k.ends[n]]
}

func (k *keys) has(key string) bool {
	n := len(k.ends)
	if n == 0 || key > k.at(n-1) {
		return false
	}
	low, high := 0, n
	for low < high {
		if mid := (low + high) / 2; k.at(mid) < key {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return k.at(low) == key
}
