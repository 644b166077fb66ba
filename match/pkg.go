package match

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/vers"
)

// judgePackage says whether the component i is affected by what p states (OSV
// schema, evaluation: in the list of versions, or in one of the ranges).
func judgePackage(p feeds.Package, i *item) verdict {
	ecosystem, release := sbom.Release(p.Ecosystem)
	v := verdict{leaf: p.Ecosystem + " " + p.Name}
	if ecosystem != i.ecosystem {
		v.why = "is of another ecosystem"
		return v
	}
	if release != "" {
		switch sameRelease(release, i.pkg.Distro) {
		case unknown:
			v.assumed = append(v.assumed, "release is "+release)
		case no:
			v.why = fmt.Sprintf("is for release %s, not %s", release, i.pkg.Distro)
			return v
		}
	}
	return best(v, i, func(s stated) verdict { return affected(v, p, vers.Scheme(ecosystem), s) })
}

func affected(v verdict, p feeds.Package, scheme vers.Scheme, s stated) verdict {
	v.version = s
	own, ownErr := vers.Parse(scheme, s.text)
	if listed(p.Versions, scheme, own, ownErr, s.text) {
		v.truth, v.rule, v.leaf = yes, "listed version", fmt.Sprintf("%s: versions", v.leaf)
		return v
	}
	v.rule = "range"
	name := v.leaf
	best := verdict{}
	ordered := 0
	for _, r := range p.Ranges {
		if r.Type == feeds.Git {
			continue
		}
		ordered++
		t := v
		t.leaf = name + ": " + describe(r)
		own, err := own, ownErr
		if err != nil && r.Type == feeds.SemVer {
			// An ecosystem without an order of its own may still state SemVer.
			own, err = vers.Parse(vers.SemVer, s.text)
		}
		t.truth, t.why = inRange(r, own, err, s.text)
		if t.truth == unknown {
			t.blind = incomparable
		}
		if ordered == 1 || t.truth > best.truth {
			best = t
		}
		if t.truth == yes {
			return t
		}
	}
	switch {
	case ordered > 0:
		return best
	case len(p.Versions) > 0:
		v.leaf = name + ": versions"
		v.rule, v.why = "listed version", fmt.Sprintf("%s is not among the %d listed versions", s.text, len(p.Versions))
		return v
	}
	v.truth, v.blind = unknown, otherwise
	v.why = "the record states no version that can be compared (commits only, or nothing)"
	return v
}

// listed compares by text and, where the scheme has an order, by it: a registry
// may list 1.0 and an SBOM 1.0.0.
func listed(list []string, scheme vers.Scheme, own vers.Version, ownErr error, text string) bool {
	if slices.Contains(list, text) || slices.Contains(list, strings.TrimPrefix(text, "v")) {
		return true
	}
	if ownErr != nil {
		return false
	}
	for _, l := range list {
		// Equal versions begin with the same digit, leading zeros and epochs of
		// zero aside; most of a long list is told apart by that.
		if l == "" || text == "" || l[0] != text[0] && l[0] != 'v' && l[0] != '0' && text[0] != 'v' && text[0] != '0' {
			continue
		}
		if other, err := vers.Parse(scheme, l); err == nil {
			if order, err := own.Compare(other); err == nil && order == 0 {
				return true
			}
		}
	}
	return false
}

// inRange walks the events in the order of their versions: from an introduced on
// the version is affected, from a fixed or limit on, and after a last_affected, it
// is not (OSV schema, evaluation). "0" is before all versions. A range without an
// introduced begins before all versions.
func inRange(r feeds.Range, own vers.Version, ownErr error, text string) (truth, string) {
	if ownErr != nil {
		return unknown, ownErr.Error()
	}
	steps, begins, err := timeline(r, own.Scheme())
	if err != nil {
		return unknown, err.Error()
	}
	in, why := begins, text+" is in no part of the range"
	for _, s := range steps {
		order := 1 // against an introduced "0"
		if !s.first {
			if order, err = own.Compare(s.at); err != nil {
				return unknown, err.Error()
			}
		}
		switch {
		case s.event.Introduced != "":
			if order >= 0 {
				in = true
			} else if !in {
				return no, fmt.Sprintf("%s, and comes before introduced %s", why, s.event.Introduced)
			}
		case s.event.LastAffected != "":
			if order > 0 {
				in, why = false, fmt.Sprintf("%s comes after last affected %s", text, s.event.LastAffected)
			}
		case order >= 0:
			in, why = false, fmt.Sprintf("%s is not before fixed %s", text, s.event.Fixed+s.event.Limit)
		}
	}
	if in {
		return yes, ""
	}
	return no, why
}

// step is one event with its version read.
type step struct {
	event feeds.Event
	at    vers.Version
	first bool // introduced "0"
}

// timeline sorts the events of r. begins says that none of them is an introduced.
func timeline(r feeds.Range, scheme vers.Scheme) (steps []step, begins bool, err error) {
	begins = true
	for _, e := range r.Events {
		s := step{event: e, first: e.Introduced == "0"}
		if e.Introduced != "" {
			begins = false
		}
		if e.Limit == "*" {
			continue
		}
		if !s.first {
			if s.at, err = vers.Parse(scheme, e.Introduced+e.Fixed+e.LastAffected+e.Limit); err != nil {
				return nil, false, err
			}
		}
		steps = append(steps, s)
	}
	slices.SortStableFunc(steps, func(a, b step) int {
		switch {
		case a.first || b.first:
			return cmp.Compare(rank(b.first), rank(a.first))
		}
		order, e := a.at.Compare(b.at)
		if e != nil {
			err = e
		}
		return order
	})
	return steps, begins, err
}

func rank(first bool) int {
	if first {
		return 1
	}
	return 0
}

func describe(r feeds.Range) string {
	var b strings.Builder
	b.WriteString(string(r.Type))
	for _, e := range r.Events {
		for _, f := range []struct{ name, v string }{
			{"introduced", e.Introduced}, {"fixed", e.Fixed}, {"last_affected", e.LastAffected}, {"limit", e.Limit},
		} {
			if f.v != "" {
				fmt.Fprintf(&b, " %s %s", f.name, f.v)
			}
		}
	}
	return b.String()
}
