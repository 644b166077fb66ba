package match

import (
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
)

// Gather builds an Index from what a mirror holds about the BOMs: the records at
// their coordinates, and every other record of the same vulnerabilities. sources are the
// names of those that were loaded as a base for matching (feeds.Matches); each
// gets its coverage verdicts.
func Gather(ctx context.Context, mirror feeds.Mirror, sources []string, boms ...sbom.BOM) (*Index, error) {
	table, err := sbom.DefaultAliases()
	if err != nil {
		return nil, err
	}
	g := gathering{mirror: mirror, records: map[recordKey]feeds.Record{}, asked: map[feeds.ID]bool{}}
	opts := Options{
		Sources: append([]string{}, sources...), Ecosystems: map[string][]string{}, Routes: map[string][]sbom.Route{},
	}
	at := map[sbom.Coordinate]bool{}
	ecosystems := map[string]bool{}
	for _, bom := range boms {
		inv := take(bom, table, true)
		for i := range inv.items {
			inv.items[i].coordinates(at)
			for _, id := range inv.items[i].ids {
				ecosystems[id.ecosystem] = true
			}
		}
	}
	delete(ecosystems, "")
	if err := g.about(ctx, slices.Sorted(maps.Keys(at))); err != nil {
		return nil, err
	}
	for _, s := range sources {
		for _, route := range []sbom.Route{sbom.ByPackage, sbom.ByCPE, sbom.ByName} {
			held, err := g.holds(ctx, sbom.RouteCoordinate(s, route))
			if err != nil {
				return nil, err
			}
			if held {
				opts.Routes[s] = append(opts.Routes[s], route)
			}
		}
		for e := range ecosystems {
			held, err := g.holds(ctx, sbom.EcosystemCoordinate(s, e))
			if err != nil {
				return nil, err
			}
			if held {
				opts.Ecosystems[s] = append(opts.Ecosystems[s], e)
			}
		}
	}
	return Build(g.list(), &opts), nil
}

// coordinates adds every coordinate at which a record may speak of the component, by
// the identifiers that the table of aliases has for it too.
func (it *item) coordinates(into map[sbom.Coordinate]bool) {
	for _, id := range it.ids {
		for _, at := range id.at {
			into[at] = true
		}
		for _, at := range id.modules {
			into[at] = true
		}
	}
	for _, s := range it.spelled {
		into[sbom.SpellingCoordinate(s)] = true
	}
	for _, name := range it.names {
		into[sbom.NameCoordinate(name)] = true
	}
	for _, m := range it.mentions {
		into[m.at] = true
	}
	for _, v := range it.vendors {
		into[sbom.VendorCoordinate(v)] = true
	}
}

// gathering takes records from a mirror.
type gathering struct {
	mirror  feeds.Mirror
	records map[recordKey]feeds.Record
	asked   map[feeds.ID]bool
}

// about takes the records at the coordinates and then, by name, every other
// record of the same vulnerabilities, until no new name comes up.
func (g *gathering) about(ctx context.Context, at []sbom.Coordinate) error {
	fresh, err := g.take(g.mirror.About(ctx, at...))
	for err == nil && len(fresh) > 0 {
		fresh, err = g.take(g.mirror.Named(ctx, fresh...))
	}
	return err
}

// take keeps records and returns the names that were not asked for yet.
func (g *gathering) take(records iter.Seq2[feeds.Record, error]) ([]feeds.ID, error) {
	var fresh []feeds.ID
	for r, err := range records {
		if err != nil {
			return nil, err
		}
		g.records[recordKey{r.Source, r.Item}] = r
		for _, id := range feeds.Telling(r.Names) {
			if !g.asked[id] {
				g.asked[id] = true
				fresh = append(fresh, id)
			}
		}
	}
	return fresh, nil
}

func (g *gathering) list() []feeds.Record {
	out := make([]feeds.Record, 0, len(g.records))
	for _, r := range g.records {
		out = append(out, r)
	}
	return out
}

// holds reports whether anything at all stands at a coordinate. One record is
// enough to know.
func (g *gathering) holds(ctx context.Context, at sbom.Coordinate) (bool, error) {
	for _, err := range g.mirror.About(ctx, at) {
		return err == nil, err
	}
	return false, nil
}

// Date fills in when the records behind each finding were first kept in the
// mirror, and returns the highest position among their changes.
func Date(ctx context.Context, mirror feeds.Mirror, findings []Finding) (position int64, err error) {
	var ids []feeds.ID
	for _, f := range findings {
		ids = append(ids, feeds.Telling(f.IDs)...)
	}
	if len(ids) == 0 {
		return 0, nil
	}
	first := map[recordKey]time.Time{}
	for c, err := range mirror.History(ctx, ids...) {
		if err != nil {
			return 0, err
		}
		position = max(position, c.Position)
		k := recordKey{c.Source, c.Item}
		if at, known := first[k]; !known || c.First.Before(at) {
			first[k] = c.First
		}
	}
	for i := range findings {
		f := &findings[i]
		for _, instance := range f.Instances {
			for _, e := range instance.Evidence {
				at := first[recordKey{e.Source, e.Item}]
				if !at.IsZero() && (f.Mirrored.IsZero() || at.Before(f.Mirrored)) {
					f.Mirrored = at
				}
			}
		}
	}
	return position, nil
}
