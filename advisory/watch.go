package advisory

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/rule"
	"github.com/open-postmarket/postmarket/store"
)

// A Watch tells the clocks of the advisories in a ledger, for monitor.Clocks.
type Watch struct {
	Ledger  *store.Ledger
	Policy  Policy
	Setting Setting
}

// Clocks yields the clocks that run or are overdue: of the latest of every advisory,
// drafts among them, those that no sending has met. A clock is met for a
// vulnerability once every customer that is known and concerned was sent a revision
// that warned of it as far as the latest does, be it an earlier one, and that of FDA's 30-day notice once that
// revision has the four statements; at least one customer must have been sent it. A
// revision that takes all back meets none, and undoes what was sent to that customer
// before. That a revision is saved, signed off or
// released does not count.
//
// A clock starts when the maker learned of the first vulnerability of the advisory,
// also for one that a later revision adds. An advisory that says not when the maker
// learned is an error and does not hide the others.
func (w Watch) Clocks(ctx context.Context, at time.Time) iter.Seq2[rule.Clock, error] {
	return func(yield func(rule.Clock, error) bool) {
		list, err := all(ctx, w.Ledger, Advisories)
		if err != nil {
			yield(rule.Clock{}, err)
			return
		}
		customers, err := all(ctx, w.Ledger, Customers)
		if err != nil {
			yield(rule.Clock{}, err)
			return
		}
		deliveries, err := all(ctx, w.Ledger, Deliveries)
		if err != nil {
			yield(rule.Clock{}, err)
			return
		}
		for _, a := range list {
			told, err := w.told(ctx, a, deliveries, at)
			if err != nil {
				if !yield(rule.Clock{}, err) {
					return
				}
				continue
			}
			clocks, err := w.unmet(a, customers, told)
			if err != nil {
				if !yield(rule.Clock{}, err) {
					return
				}
				continue
			}
			for _, c := range clocks {
				if !yield(c, nil) {
					return
				}
			}
		}
	}
}

// told are the revisions of a that each customer was sent by at, as they were when
// they were signed off.
func (w Watch) told(ctx context.Context, a Advisory, deliveries []Delivery, at time.Time) (map[string][]Advisory, error) {
	out := map[string][]Advisory{}
	back := map[string]int{}      // the last revision that took all back, by customer
	var final map[string]Advisory // by digest
	for _, d := range deliveries {
		if s := d.SentAt(); d.Advisory != a.ID || s.IsZero() || s.After(at) {
			continue
		}
		if final == nil {
			var err error
			if final, err = finals(ctx, w.Ledger, a.ID); err != nil {
				return nil, err
			}
		}
		r, ok := final[d.Digest]
		switch {
		case !ok || r.revision().Number != d.Revision:
		case r.Withdrawn != nil:
			back[d.Customer] = max(back[d.Customer], d.Revision)
		default:
			out[d.Customer] = append(out[d.Customer], r)
		}
	}
	for c, n := range back {
		out[c] = slices.DeleteFunc(out[c], func(r Advisory) bool { return r.revision().Number < n })
	}
	return out, nil
}

// finals are the revisions of an advisory that were signed off, by their digest.
func finals(ctx context.Context, l *store.Ledger, id string) (map[string]Advisory, error) {
	out := map[string]Advisory{}
	for e, err := range Advisories.History(ctx, l, id) {
		if err != nil {
			return nil, err
		}
		a, err := Advisories.Decode(e)
		if err != nil {
			return nil, err
		}
		if a.Status == StatusFinal {
			out[a.Digest()] = a
		}
	}
	return out, nil
}

// unmet are the clocks of a that what customers were told has not met.
func (w Watch) unmet(a Advisory, customers []Customer, told map[string][]Advisory) ([]rule.Clock, error) {
	known, noticed := a, a // what is left of a for each of the two
	known.Vulnerabilities = slices.DeleteFunc(slices.Clone(a.Vulnerabilities), func(v Vulnerability) bool {
		return reached(a, customers, told, func(r Advisory) bool { return r.tells(a, v) })
	})
	noticed.Vulnerabilities = slices.DeleteFunc(slices.Clone(a.Vulnerabilities), func(v Vulnerability) bool {
		return reached(a, customers, told, func(r Advisory) bool { return r.Notice != nil && r.tells(a, v) })
	})
	var out []rule.Clock
	for _, x := range []struct {
		left   Advisory
		notice bool
	}{{known, false}, {noticed, true}} {
		if len(x.left.Vulnerabilities) == 0 {
			continue
		}
		clocks, err := w.Policy.Clocks(x.left, w.Setting)
		if err != nil {
			return nil, err
		}
		for _, c := range clocks {
			if (c.Rule == notice30) == x.notice {
				out = append(out, c)
			}
		}
	}
	return out, nil
}

// tells reports whether r warned of v as far as a does: no version that a calls affected
// or under investigation was cleared there or left out, and no uncontrolled risk was
// called controlled.
func (r Advisory) tells(a Advisory, v Vulnerability) bool {
	if !r.speaks(v) {
		return false
	}
	open := func(d Disposition) bool { return d.Status == Affected || d.Status == UnderInvestigation }
	warned := func(d Disposition) bool {
		return slices.ContainsFunc(r.Vulnerabilities, func(o Vulnerability) bool {
			return (o.has(v.ID) || v.has(o.ID)) && slices.ContainsFunc(o.Dispositions, func(was Disposition) bool {
				return open(was) && r.version(was.Version).words() == a.version(d.Version).words() &&
					(d.Risk != assess.Uncontrolled || was.Risk != assess.Controlled)
			})
		})
	}
	return !slices.ContainsFunc(v.Dispositions, func(d Disposition) bool { return open(d) && !warned(d) })
}

// speaks reports whether a says something of v. An id that two of them share, such
// as that of a record which names both, does not make them one.
func (a Advisory) speaks(v Vulnerability) bool {
	return slices.ContainsFunc(a.Vulnerabilities, func(o Vulnerability) bool { return o.has(v.ID) || v.has(o.ID) })
}

// reached reports whether everybody that a concerns, and somebody, was told a
// revision that will do.
func reached(a Advisory, customers []Customer, told map[string][]Advisory, will func(Advisory) bool) bool {
	somebody := false
	for _, list := range told {
		somebody = somebody || slices.ContainsFunc(list, will)
	}
	return somebody && !slices.ContainsFunc(customers, func(c Customer) bool {
		return c.Concerns(a) && !slices.ContainsFunc(told[c.ID], will)
	})
}
