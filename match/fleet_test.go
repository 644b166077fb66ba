package match_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/vex"
)

// world draws records, components and changes from few names, so that they meet.
type world struct{ *rapid.T }

func (w world) pick(label string, from ...string) string {
	return rapid.SampledFrom(from).Draw(w.T, label)
}

func (w world) flip(label string) bool { return rapid.Bool().Draw(w.T, label) }

func (w world) version(label string) string {
	return w.pick(label, "1.0", "1.1", "1.2", "2.0", "2.1", "v1.1", "", "odd")
}

func (w world) name() string { return w.pick("name", "alpha", "beta", "gamma") }

// cpe writes a CPE name, sometimes with an open vendor or a target.
func (w world) cpe(part, version string) string {
	return fmt.Sprintf("cpe:2.3:%s:%s:%s:%s:*:*:*:*:%s:*:*", part, w.pick("vendor", "acme", "acme", "*"), w.name(), version,
		w.pick("target", "*", "*", "linux"))
}

func (w world) component() sbom.Component {
	name := w.name()
	c := sbom.Component{Name: name, Version: w.version("component version"), Supplier: w.pick("supplier", "", "Acme Inc.", "Other")}
	switch w.pick("identifier", "npm", "pypi", "cpe", "hardware", "github", "none") {
	case "npm":
		c.PURL = "pkg:npm/" + name
	case "pypi":
		c.PURL = "pkg:pypi/" + name
	case "cpe":
		c.CPE = "cpe:2.3:a:acme:" + name + ":*:*:*:*:*:*:*:*"
	case "hardware":
		c.CPE = "cpe:2.3:h:acme:" + name + ":-:*:*:*:*:*:*:*"
	case "github":
		c.PURL = "pkg:github/acme/" + name
	}
	if w.flip("more") {
		c.More = []sbom.Identifier{{Kind: "cpe", Text: "cpe:2.3:o:acme:" + w.name() + ":1.1:*:*:*:*:*:*:*"}}
	}
	return c
}

func (w world) bom() sbom.BOM {
	var b sbom.BOM
	if w.flip("root") {
		b.Root = sbom.Component{Ref: "root", Name: "device", CPE: "cpe:2.3:h:acme:alpha:-:*:*:*:*:*:*:*"}
	}
	for k := range rapid.IntRange(0, 5).Draw(w.T, "components") {
		c := w.component()
		c.Ref = fmt.Sprint("ref", k)
		b.Components = append(b.Components, c)
	}
	return b
}

func (w world) names(own feeds.ID) []feeds.ID {
	out := []feeds.ID{own}
	for range rapid.IntRange(0, 2).Draw(w.T, "aliases") {
		out = append(out, feeds.ID(w.pick("alias", "CVE-2026-0001", "CVE-2026-0002", "GHSA-1", "GHSA-2", "PYSEC-1", "CWE-79", "AML.T0043")))
	}
	return out
}

func (w world) criterion() feeds.Criterion {
	c := feeds.Criterion{CPE: w.cpe(w.pick("part", "a", "o", "h"), w.pick("criterion version", "*", "*", "1.1", "-", "1.*")), Vulnerable: w.flip("vulnerable")}
	if w.flip("bounded") {
		c.StartIncluding, c.EndExcluding = w.version("start"), w.version("end")
	}
	return c
}

func (w world) node(depth int) feeds.Node {
	n := feeds.Node{Operator: w.pick("operator", "OR", "AND"), Negate: rapid.IntRange(0, 5).Draw(w.T, "negate") == 0}
	for range rapid.IntRange(0, 2).Draw(w.T, "criteria") {
		n.Criteria = append(n.Criteria, w.criterion())
	}
	if depth > 0 {
		for range rapid.IntRange(0, 2).Draw(w.T, "nodes") {
			n.Nodes = append(n.Nodes, w.node(depth-1))
		}
	}
	return n
}

// record draws one of few records, so that a later one often takes the place of an
// earlier one.
func (w world) record() feeds.Record {
	source := w.pick("source", "nvd", "osv", "cve", "kev", "epss")
	id := feeds.ID(w.pick("id", "CVE-2026-0001", "CVE-2026-0002", "CVE-2026-0003"))
	if source == "osv" {
		id = feeds.ID(w.pick("id", "GHSA-1", "GHSA-2", "PYSEC-1", "CVE-2026-0002", "AML.T0043"))
	}
	r := feeds.Record{Source: source, Item: string(id), Names: []feeds.ID{id}, Text: w.pick("text", "", "alpha reads too far", "beta")}
	if w.flip("scored") {
		r.Scores = []feeds.Score{{Vector: w.pick("vector", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N")}}
	}
	switch source {
	case "nvd":
		for range rapid.IntRange(0, 2).Draw(w.T, "configurations") {
			n := w.node(1)
			r.Configurations = append(r.Configurations, feeds.Configuration{Operator: n.Operator, Negate: n.Negate, Nodes: append(n.Nodes, feeds.Node{Criteria: n.Criteria})})
		}
	case "osv":
		r.Names = w.names(id)
		r.Packages = []feeds.Package{{
			Ecosystem: w.pick("ecosystem", "npm", "PyPI"), Name: w.name(),
			Ranges: []feeds.Range{
				{Type: feeds.Ecosystem, Events: []feeds.Event{{Introduced: "0"}, {Fixed: w.pick("fixed", "1.1", "2.0", "3")}}},
				{Type: feeds.Git, Repo: "https://github.com/acme/" + w.name(), Events: []feeds.Event{{Introduced: "0"}}},
			},
		}}
		if w.flip("listed") {
			r.Packages[0].Versions = []string{"1.1", "2.1"}
		}
	case "cve":
		r.Products = []feeds.Product{{
			Vendor: w.pick("product vendor", "", "Acme", "Other"), Name: w.name(), Default: vex.Status(w.pick("default", "", "affected", "not_affected")),
			Spans: []feeds.Span{{Status: vex.Affected, From: "0", Below: w.pick("below", "1.1", "2.0", "3", "strange")}},
		}}
		if w.flip("identified") {
			r.Products[0].CPEs = []string{"cpe:2.3:a:acme:" + w.name() + ":*:*:*:*:*:*:*:*"}
		}
	case "kev":
		r.Exploited = &feeds.Exploited{Ransomware: w.flip("ransomware"), Product: w.name()}
	case "epss":
		r.Probability = &feeds.Probability{Score: rapid.SampledFrom([]float64{0.001, 0.2, 0.9}).Draw(w.T, "score")}
	}
	if rapid.IntRange(0, 6).Draw(w.T, "withdrawn") == 0 {
		r.Withdrawn = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return r
}

// TestADeltaGivesWhatAFullLookGives is the law of deltas: over random records, BOMs
// and sequences of changes of both, the states and events that come of what a change touches are those that come
// of building the index anew and looking at every product as a whole.
func TestADeltaGivesWhatAFullLookGives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := world{rt}
		records := map[match.Gone]feeds.Record{}
		boms := map[string]sbom.BOM{}
		fleet := match.NewFleet(match.Build(nil, nil))
		full, delta := map[string]match.State{}, map[string]match.State{}
		events := 0
		for turn := range rapid.IntRange(1, 6).Draw(rt, "turns") {
			at := day(1).Add(time.Duration(turn) * time.Hour)
			if turn == 0 || w.flip("another bom") {
				product := w.pick("product", "p", "q", "r")
				if boms[product].Components != nil && w.flip("dropped") {
					delete(boms, product)
					delete(full, product)
					delete(delta, product)
					fleet.Drop(product)
				} else {
					boms[product] = w.bom()
					fleet.Put(product, boms[product])
					// A BOM that changed is looked at as a whole, by both.
					look, ok := fleet.Find(product)
					require.True(t, ok)
					delta[product], _ = delta[product].Next(product, look.Findings, int64(turn), at)
					full[product], _ = full[product].Next(product, match.Build(values(records), nil).Find(product, boms[product]).Findings, int64(turn), at)
					require.Empty(rt, cmp.Diff(full[product], delta[product]), "after the BOM changed")
				}
			}
			var changed []feeds.Record
			var gone []match.Gone
			for range rapid.IntRange(1, 4).Draw(rt, "changes") {
				r := w.record()
				key := match.Gone{Source: r.Source, Item: r.Item}
				if slices.ContainsFunc(changed, func(c feeds.Record) bool { return c.Source == r.Source && c.Item == r.Item }) || slices.Contains(gone, key) {
					continue
				}
				if _, held := records[key]; held && w.flip("gone") {
					delete(records, key)
					gone = append(gone, key)
				} else {
					records[key] = r
					changed = append(changed, r)
				}
			}
			d := fleet.Apply(changed, gone...)
			touched := d.Products()
			index := match.Build(values(records), nil)
			for product, bom := range boms {
				want, wantEvents := full[product].Next(product, index.Find(product, bom).Findings, int64(turn), at)
				got, gotEvents := delta[product], []match.Event(nil)
				if slices.Contains(touched, product) {
					var err error
					got, gotEvents, err = d.Next(delta[product], product, nil, int64(turn), at)
					require.NoError(t, err)
				}
				require.Empty(rt, cmp.Diff(wantEvents, gotEvents), "events of %s", product)
				require.Empty(rt, cmp.Diff(want, got), "state of %s", product)
				full[product], delta[product] = want, got
				events += len(wantEvents)
				// And the index that was changed is the one that is built anew.
				whole, _ := fleet.Find(product)
				require.Empty(rt, cmp.Diff(standing(index.Find(product, bom)), standing(whole)), "findings of %s", product)
			}
		}
		rt.Logf("%d events", events)
	})
}

// standing are the findings of a result, without what a fleet does not keep: references, and
// how often a component stands.
func standing(r match.Result) []string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, f.Key()+" "+f.Digest()+" "+fmt.Sprint(f.Urgency(), f.Sources, f.IDs, f.Title, f.Mark))
	}
	return out
}

func values(records map[match.Gone]feeds.Record) []feeds.Record {
	var out []feeds.Record
	for _, r := range records {
		out = append(out, r)
	}
	return out
}

// TestReadersGoOnWhileTheNextIndexIsMade looks from several goroutines while changes are
// taken in: each look sees one index as a whole. Run with the race detector.
func TestReadersGoOnWhileTheNextIndexIsMade(t *testing.T) {
	t.Parallel()
	before := flawed(nil)
	after := flawed(func(r *feeds.Record) { r.Configurations[0].Nodes[0].Criteria[0].EndExcluding = "0.5" })
	fleet := match.NewFleet(match.Build([]feeds.Record{before}, nil))
	bom := device(libfoo("1.0"))
	fleet.Put("pump", bom)
	index := fleet.Index()
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if n := len(index.Find("pump", bom).Findings); n != 1 {
					t.Errorf("an index that is held changed: %d findings", n)
					return
				}
				if r, ok := fleet.Find("pump"); !ok || len(r.Findings) > 1 {
					t.Errorf("%d findings, known %v", len(r.Findings), ok)
					return
				}
			}
		})
	}
	for k := range 200 {
		if k%2 == 0 {
			fleet.Apply([]feeds.Record{after})
		} else {
			fleet.Apply([]feeds.Record{before}).Findings("pump")
			fleet.Put(fmt.Sprint("other", k), device(libfoo(fmt.Sprint(k))))
		}
	}
	close(stop)
	readers.Wait()
}
