package monitor

import (
	"context"
	"iter"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
)

// key names a record.
type key struct{ source, item string }

// gathering takes from a mirror all that may speak of one BOM.
type gathering struct {
	mirror  feeds.Mirror
	records map[key]feeds.Record
	asked   map[feeds.ID]bool
}

// about takes the records at the BOM's coordinates and then, by name, every
// other record of the same vulnerabilities, until no new name comes up.
func (g *gathering) about(ctx context.Context, bom sbom.BOM) error {
	fresh, err := g.take(g.mirror.About(ctx, bom.Coordinates()...))
	g.asked = map[feeds.ID]bool{}
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
		g.records[key{r.Source, r.Item}] = r
		for _, id := range r.Names {
			if !g.asked[id] {
				if g.asked == nil {
					g.asked = map[feeds.ID]bool{}
				}
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

// ecosystems lists those of the BOM's ecosystems of which the source holds
// anything at all. One record of each is enough to know.
func (g *gathering) ecosystems(ctx context.Context, source string, bom sbom.BOM) ([]string, error) {
	var held []string
	asked := map[string]bool{}
	for _, c := range bom.All() {
		p, err := c.Package()
		if err != nil {
			continue
		}
		ecosystem, _, ok := p.Ecosystem()
		if !ok || asked[ecosystem] {
			continue
		}
		asked[ecosystem] = true
		for _, err := range g.mirror.About(ctx, sbom.EcosystemCoordinate(source, ecosystem)) {
			if err != nil {
				return nil, err
			}
			held = append(held, ecosystem)
			break
		}
	}
	return held, nil
}

// date fills in when the records behind each finding were first mirrored, and
// returns the highest position among them.
func (g *gathering) date(ctx context.Context, findings []match.Finding) (int64, error) {
	var ids []feeds.ID
	for _, f := range findings {
		ids = append(ids, f.IDs...)
	}
	if len(ids) == 0 {
		return 0, nil
	}
	first := map[key]time.Time{}
	var position int64
	for c, err := range g.mirror.History(ctx, ids...) {
		if err != nil {
			return 0, err
		}
		position = max(position, c.Position)
		k := key{c.Source, c.Item}
		if at, known := first[k]; !known || c.First.Before(at) {
			first[k] = c.First
		}
	}
	for i := range findings {
		f := &findings[i]
		for _, instance := range f.Instances {
			for _, e := range instance.Evidence {
				at := first[key{e.Source, e.Item}]
				if !at.IsZero() && (f.Mirrored.IsZero() || at.Before(f.Mirrored)) {
					f.Mirrored = at
				}
			}
		}
	}
	return position, nil
}
