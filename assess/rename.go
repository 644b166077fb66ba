package assess

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/store"
)

// Find returns what l holds of f under any id of its vulnerability: nothing for
// a finding to Open, one with f's own key to go on with or Reopen, and else those
// to be carried over by Renamed, the one that learned first at the head.
func Find(ctx context.Context, l *store.Ledger, f match.Finding) ([]Assessment, error) {
	found, err := related(ctx, l, f.Product, f.Coordinate, f.Vulnerability, f.IDs)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(found, func(a Assessment) bool { return a.Finding == f.Key() }); i >= 0 {
		return found[i : i+1], nil
	}
	return found, nil
}

// Renamed returns a carried over to f, which is the same finding after its
// vulnerability got another id, with all steps to be done anew and resting on f
// as it is now. Another id is not learning again: the instants, their moves and
// what was determined stay. others are further assessments that f now stands
// for; the instants of the one that learned first count. s says who carries it
// over, when and why.
func (a Assessment) Renamed(f match.Finding, s Step, others ...Assessment) (Assessment, error) {
	s, err := s.check("renamed")
	if err != nil {
		return a, err
	}
	all := append([]Assessment{a}, others...)
	for _, o := range all {
		if o.Finding == f.Key() || o.Product != f.Product || o.Coordinate != f.Coordinate || !o.shares(f.Vulnerability, f.IDs) {
			return a, fmt.Errorf("assess: renamed: finding %q is not %q under another id", f.Key(), o.Finding)
		}
	}
	slices.SortStableFunc(all, firstLearned)
	b := all[0]
	var earlier []Determination
	var from []string
	for _, o := range all {
		earlier = append(earlier, o.anew(s).Earlier...)
		from = append(append(from, o.From...), o.Finding)
	}
	b = b.anew(s)
	b.Earlier, b.From = earlier, from
	b.Finding, b.Vulnerability = f.Key(), f.Vulnerability
	return b.rest(f), nil
}

func firstLearned(a, b Assessment) int {
	return cmp.Or(a.Instants.Learned.Compare(b.Instants.Learned), cmp.Compare(a.Finding, b.Finding))
}

// shares reports whether a is of the vulnerability with these ids: they have an
// id in common which is no CVE id and names no kind. Two CVE ids are never one vulnerability.
func (a Assessment) shares(id feeds.ID, ids []feeds.ID) bool {
	if a.Vulnerability.CVE() && id.CVE() && a.Vulnerability != id {
		return false
	}
	mine := append([]feeds.ID{a.Vulnerability}, feeds.Telling(a.IDs)...)
	return a.Vulnerability == id || slices.ContainsFunc(mine, func(m feeds.ID) bool {
		return !m.CVE() && (m == id || slices.Contains(feeds.Telling(ids), m))
	})
}

// related are the assessments of one component that are of one vulnerability,
// without those that were carried over to another of them.
func related(ctx context.Context, l *store.Ledger, product string, at sbom.Coordinate, id feeds.ID, ids []feeds.ID) ([]Assessment, error) {
	var found []Assessment
	for o, err := range Assessments.All(ctx, l, match.Key(product, at, "")) {
		if err != nil {
			return nil, err
		}
		if o.shares(id, ids) {
			found = append(found, o)
		}
	}
	over := func(a Assessment) bool {
		return slices.ContainsFunc(found, func(o Assessment) bool { return slices.Contains(o.From, a.Finding) })
	}
	found = slices.DeleteFunc(slices.Clone(found), over)
	slices.SortFunc(found, firstLearned)
	return found, nil
}

// inherits returns what a, which is not in l yet, must go on from: the
// assessments of the same finding under other ids of its vulnerability. Where
// there are several, a must go on from the one that learned first and keep what
// was determined in all.
func (a Assessment) inherits(ctx context.Context, l *store.Ledger, tx *store.Tx) (Assessment, error) {
	for _, id := range a.IDs { // if one of these is written meanwhile, the act runs again
		if _, err := Assessments.Get(tx, match.Key(a.Product, a.Coordinate, id)); err != nil && !errors.Is(err, store.ErrNotFound) {
			return Assessment{}, err
		}
	}
	others, err := related(ctx, l, a.Product, a.Coordinate, a.Vulnerability, a.IDs)
	if err != nil || len(others) == 0 {
		return Assessment{}, err
	}
	first, n := others[0], 0
	for _, o := range others {
		if !slices.Contains(a.From, o.Finding) {
			return first, fmt.Errorf("%w: %q was kept as %q; use Renamed", ErrHistory, a.Finding, o.Finding)
		}
		if o.State() == Determined {
			o.Earlier = append(slices.Clip(o.Earlier), *o.Determination)
		}
		n += len(o.Earlier)
		for _, d := range o.Earlier {
			if !slices.ContainsFunc(a.Earlier, func(e Determination) bool {
				if d.Ended == nil {
					e.Ended = nil
				}
				return same(d, e)
			}) {
				return first, fmt.Errorf("%w: a determination of %q", ErrHistory, o.Finding)
			}
		}
	}
	if len(a.Earlier) != n {
		return first, fmt.Errorf("%w: %q tells of a determination that never stood", ErrHistory, a.Finding)
	}
	return first, nil
}
