package match_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/csaf"
	"github.com/open-postmarket/postmarket/feeds/cve"
	"github.com/open-postmarket/postmarket/feeds/nvd"
	"github.com/open-postmarket/postmarket/feeds/osv"
	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/match"
)

// Each feed of the bundle is read once for all gates.
var (
	nvdOfBundle = sync.OnceValue(func() *bundled { return &bundled{} })
	osvOfBundle = sync.OnceValue(func() *bundled { return &bundled{} })
	cveOfBundle = sync.OnceValue(func() *bundled { return &bundled{} })
	advisories  = sync.OnceValue(func() *bundled { return &bundled{} })
)

type bundled struct {
	once    sync.Once
	records []feeds.Record
}

// nvdRecords are those of API 2.0 form, and those converted from the retired one that the
// former do not hold.
func nvdRecords(t *testing.T) []feeds.Record {
	t.Helper()
	old, fresh := testdata.Path(t, "nvd", "converted-from-11"), testdata.Path(t, "nvd", "api20")
	b := nvdOfBundle()
	b.once.Do(func() {
		b.records = merged(load(t, nvd.New(&nvd.Options{From: old})), load(t, nvd.New(&nvd.Options{From: fresh})))
	})
	return b.records
}

func osvRecords(t *testing.T) []feeds.Record {
	t.Helper()
	at := testdata.Path(t, "osv")
	b := osvOfBundle()
	b.once.Do(func() { b.records = load(t, osv.New(&osv.Options{From: at})) })
	return b.records
}

func cveRecords(t *testing.T) []feeds.Record {
	t.Helper()
	at := testdata.Path(t, "cve5")
	b := cveOfBundle()
	b.once.Do(func() { b.records = load(t, cve.New(&cve.Options{From: at})) })
	return b.records
}

func csafRecords(t *testing.T) []feeds.Record {
	t.Helper()
	var paths []string
	for _, folder := range []string{"cisa-icsma", "cisa-icsa", "redhat", "vendors"} {
		paths = append(paths, testdata.Path(t, "csaf", folder))
	}
	b := advisories()
	b.once.Do(func() { b.records = load(t, csaf.New(&csaf.Options{From: paths[0], More: paths[1:]})) })
	return b.records
}

// merged joins lists of records; of the same source and item the first stands.
func merged(lists ...[]feeds.Record) []feeds.Record {
	var out []feeds.Record
	have := map[[2]string]bool{}
	for _, list := range lists {
		for _, r := range list {
			if key := [2]string{r.Source, r.Item}; !have[key] {
				have[key] = true
				out = append(out, r)
			}
		}
	}
	return out
}

// named groups records by the vulnerabilities they name.
func named(records ...[]feeds.Record) map[feeds.ID][]feeds.Record {
	out := map[feeds.ID][]feeds.Record{}
	for _, list := range records {
		for _, r := range list {
			for _, id := range r.Names {
				out[id] = append(out[id], r)
			}
		}
	}
	return out
}

func TestComponentsOfDevicesAreJudgedAsTheirAdvisoriesSayByRealRecords(t *testing.T) {
	t.Parallel()
	of := named(nvdRecords(t), cveRecords(t), csafRecords(t))
	rows, _ := readLabelled(t)
	counts := tally{}
	seen := map[string]string{}
	without := 0
	for _, row := range rows {
		if !row.Bundle {
			continue
		}
		records := of[row.CVE]
		if len(records) == 0 {
			without++
			continue
		}
		says, why := said(match.Build(records, nil).Explain("", row.bom()), "it", row.CVE)
		g := grade(row.Expected, says)
		counts.add(row.Group, g)
		if g != "right" {
			seen[row.ID] = says
			var from []string
			for _, r := range records {
				if !slices.Contains(from, r.Source+":"+r.Item) {
					from = append(from, r.Source+":"+r.Item)
				}
			}
			t.Logf("%s %s: expected %s, we say %s (%s) | %v | %+v | %s", g, row.ID, row.Expected, says, why, from, row.Component, row.Why)
		}
	}
	t.Log(counts)
	t.Logf("%d rows without a record", without)
	require.Zero(t, without)
	hold(t, embeddedDeviations(t, "bundle"), seen)
}
