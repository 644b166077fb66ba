package match_test

import (
	"fmt"
	"testing"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
)

// made makes n records, half by package and half by CPE, on n/2 names, and a BOM
// of m components, of which a third are of those names.
func made(n, m int) ([]feeds.Record, sbom.BOM) {
	var records []feeds.Record
	for i := range n {
		id := feeds.ID(fmt.Sprintf("CVE-2026-%06d", i))
		r := feeds.Record{Source: "osv", Item: string(id), Names: []feeds.ID{id}}
		if i%2 == 0 {
			r.Packages = []feeds.Package{{Ecosystem: "npm", Name: fmt.Sprintf("name%d", i/2), Ranges: []feeds.Range{
				{Type: feeds.SemVer, Events: []feeds.Event{{Introduced: "1.0.0"}, {Fixed: "1.5.0"}}},
			}}}
		} else {
			r.Configurations = []feeds.Configuration{{Nodes: []feeds.Node{{Criteria: []feeds.Criterion{
				{CPE: fmt.Sprintf("cpe:2.3:a:vendor:name%d:*:*:*:*:*:*:*:*", i/2), Vulnerable: true, EndExcluding: "1.5.0"},
			}}}}}
		}
		records = append(records, r)
	}
	var bom sbom.BOM
	for i := range m {
		name := fmt.Sprintf("name%d", i%(n/2))
		if i%3 != 0 {
			name = fmt.Sprintf("other%d", i)
		}
		bom.Components = append(bom.Components, sbom.Component{
			Ref: fmt.Sprint(i), Name: name, Version: "1.2.3", PURL: "pkg:npm/" + name + "@1.2.3",
			CPE: "cpe:2.3:a:vendor:" + name + ":1.2.3:*:*:*:*:*:*:*",
		})
	}
	return records, bom
}

func BenchmarkBuild(b *testing.B) {
	records, _ := made(100_000, 0)
	b.ReportAllocs()
	for b.Loop() {
		match.Build(records, nil)
	}
}

func BenchmarkFind(b *testing.B) {
	for _, size := range []struct{ records, components int }{{10_000, 500}, {100_000, 500}, {100_000, 10_000}} {
		b.Run(fmt.Sprintf("%d records/%d components", size.records, size.components), func(b *testing.B) {
			records, bom := made(size.records, size.components)
			index := match.Build(records, nil)
			b.ReportAllocs()
			for b.Loop() {
				if got := index.Find("p", bom); len(got.Findings) == 0 {
					b.Fatal("nothing was found")
				}
			}
		})
	}
}
