package vers

import "slices"

// An interval is the versions between two bounds; a missing bound is open.
type interval struct {
	low, high     *Version
	lowIn, highIn bool
}

func atLeast(v Version) interval { return interval{low: &v, lowIn: true} }
func above(v Version) interval   { return interval{low: &v} }
func atMost(v Version) interval  { return interval{high: &v, highIn: true} }
func below(v Version) interval   { return interval{high: &v} }
func exactly(v Version) interval { return interval{&v, &v, true, true} }

// A set is a union of intervals.
type set []interval

// but is everything except v.
func but(v Version) set { return set{below(v), above(v)} }

// An algebra computes sets; err is the first pair of versions without an order.
type algebra struct{ err error }

func (g *algebra) compare(a, b *Version) int {
	c, err := a.Compare(*b)
	if g.err == nil {
		g.err = err
	}
	return c
}

// compareLow orders intervals by where they begin.
func (g *algebra) compareLow(a, b interval) int {
	switch {
	case a.low == nil && b.low == nil:
		return 0
	case a.low == nil:
		return -1
	case b.low == nil:
		return 1
	}
	if c := g.compare(a.low, b.low); c != 0 || a.lowIn == b.lowIn {
		return c
	}
	if a.lowIn {
		return -1
	}
	return 1
}

// compareHigh orders intervals by where they end.
func (g *algebra) compareHigh(a, b interval) int {
	switch {
	case a.high == nil && b.high == nil:
		return 0
	case a.high == nil:
		return 1
	case b.high == nil:
		return -1
	}
	if c := g.compare(a.high, b.high); c != 0 || a.highIn == b.highIn {
		return c
	}
	if a.highIn {
		return 1
	}
	return -1
}

// intersect returns what is in both.
func (g *algebra) intersect(a, b set) set {
	var both set
	for _, x := range a {
		for _, y := range b {
			z := x
			if g.compareLow(y, z) > 0 {
				z.low, z.lowIn = y.low, y.lowIn
			}
			if g.compareHigh(y, z) < 0 {
				z.high, z.highIn = y.high, y.highIn
			}
			if z.low != nil && z.high != nil {
				if c := g.compare(z.low, z.high); c > 0 || c == 0 && !(z.lowIn && z.highIn) {
					continue
				}
			}
			both = append(both, z)
		}
	}
	return both
}

// constraints writes s down, in order and without overlap.
func (g *algebra) constraints(s set) (cs []constraint, all bool) {
	slices.SortStableFunc(s, g.compareLow)
	var merged set
	for _, x := range s {
		if n := len(merged) - 1; n >= 0 && g.touch(merged[n], x) {
			if g.compareHigh(x, merged[n]) > 0 {
				merged[n].high, merged[n].highIn = x.high, x.highIn
			}
			continue
		}
		merged = append(merged, x)
	}
	gap := false // the last interval ended before a version that the next begins after
	for i, x := range merged {
		switch {
		case x.low == nil || gap:
		case x.high != nil && x.lowIn && x.highIn && g.compare(x.low, x.high) == 0:
			cs = append(cs, constraint{"=", *x.low})
			continue
		case x.lowIn:
			cs = append(cs, constraint{">=", *x.low})
		default:
			cs = append(cs, constraint{">", *x.low})
		}
		gap = i+1 < len(merged) && merged[i+1].low != nil && x.high != nil && g.compare(x.high, merged[i+1].low) == 0
		switch {
		case x.high == nil:
			all = x.low == nil
		case gap:
			cs = append(cs, constraint{"!=", *x.high})
		case x.highIn:
			cs = append(cs, constraint{"<=", *x.high})
		default:
			cs = append(cs, constraint{"<", *x.high})
		}
	}
	return cs, all
}

// touch reports whether b, which does not begin before a, overlaps a or begins
// right where a ends.
func (g *algebra) touch(a, b interval) bool {
	if a.high == nil || b.low == nil {
		return true
	}
	c := g.compare(a.high, b.low)
	return c > 0 || c == 0 && (a.highIn || b.lowIn)
}
