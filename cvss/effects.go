package cvss

import (
	"cmp"
	"slices"
)

// effects tries every value of every metric of the base and the temporal group,
// given or not, and of the environmental one when v uses it.
func (v Vector) effects() []Effect {
	std := standards[v.version]
	tried := []span{{0, std.base}, std.temporal}
	if v.HasEnvironmental() {
		tried = append(tried, std.environmental)
	}
	var all []Effect
	for _, s := range tried {
		for m := s.first; m < s.last; m++ {
			if e, ok := v.effect(m); ok {
				all = append(all, e)
			}
		}
	}
	tries := slices.Clone(all)
	all = slices.DeleteFunc(all, func(e Effect) bool { return v.mirrors(e, tries) })
	swing := func(e Effect) float64 { return e.Worst.Score - e.Best.Score }
	slices.SortStableFunc(all, func(a, b Effect) int { return cmp.Compare(swing(b), swing(a)) })
	return all
}

// effect tries every value of metric m; ok is false when none matters.
func (v Vector) effect(m int) (e Effect, ok bool) {
	std := standards[v.version]
	own := v.ownTenths()
	now := Alternative{Value: v.value(m), Score: score(own)}
	e = Effect{Metric: std.metrics[m].name, Value: now.Value, Best: now, Worst: now}
	least, most := own, own
	for code := range uint8(len(std.metrics[m].values) + 1) {
		if code == 0 && m < std.base {
			continue
		}
		w := v
		w.set(m, code)
		tenths := w.ownTenths()
		alternative := Alternative{Value: w.value(m), Score: score(tenths), Change: score(tenths - own)}
		if tenths < least {
			least, e.Best = tenths, alternative
		}
		if tenths > most {
			most, e.Worst = tenths, alternative
		}
	}
	return e, least < most
}

// mirrors reports whether e is of a modified metric that is not given and can do
// no more than its base metric, which is among all.
func (v Vector) mirrors(e Effect, all []Effect) bool {
	if e.Value != standards[v.version].absent {
		return false
	}
	return slices.ContainsFunc(all, func(base Effect) bool {
		return e.Metric == "M"+base.Metric && e.Best.Score == base.Best.Score && e.Worst.Score == base.Worst.Score
	})
}
