package match_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
)

// made are n synthetic records of the shape of NVD's, on products that are drawn by Zipf's
// law from a third as many names: a range or two, one in ten on hardware, a text and a score.
func made(n int) []feeds.Record {
	rnd := rand.New(rand.NewPCG(3, 4))
	zipf := rand.NewZipf(rnd, 1.2, 8, uint64(n/3))
	out := make([]feeds.Record, 0, n)
	for i := range n {
		id := feeds.ID(fmt.Sprintf("CVE-2026-%06d", i))
		out = append(out, nvdShaped(id, int(zipf.Uint64()), rnd))
	}
	return out
}

func nvdShaped(id feeds.ID, product int, rnd *rand.Rand) feeds.Record {
	name := fmt.Sprintf("cpe:2.3:a:vendor%d:product%d:*:*:*:*:*:*:*:*", product%5000, product)
	leaf := feeds.Criterion{CPE: name, Vulnerable: true, EndExcluding: fmt.Sprintf("%d.%d", rnd.IntN(5), rnd.IntN(20))}
	other := feeds.Criterion{
		CPE: name, Vulnerable: true, StartIncluding: fmt.Sprintf("%d.0", 5+rnd.IntN(3)), EndExcluding: fmt.Sprintf("%d.%d", 8+rnd.IntN(3), rnd.IntN(20)),
	}
	r := feeds.Record{
		Source: "nvd", Item: string(id), Names: []feeds.ID{id}, State: "Analyzed", Published: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		Text:   fmt.Sprintf("A bound is not checked in product %d, and a packet of its neighbor can write past the end of the buffer (%s).", product, id),
		Scores: []feeds.Score{{Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Base: 9.8, By: "nvd@nist.gov", Primary: true}},
	}
	c := feeds.Configuration{Nodes: []feeds.Node{{Operator: "OR", Criteria: []feeds.Criterion{leaf, other}}}}
	if rnd.IntN(10) == 0 {
		board := feeds.Criterion{CPE: fmt.Sprintf("cpe:2.3:h:vendor%d:board%d:-:*:*:*:*:*:*:*", product%5000, product)}
		c.Operator, c.Nodes = "AND", append(c.Nodes, feeds.Node{Operator: "OR", Criteria: []feeds.Criterion{board}})
	}
	r.Configurations = []feeds.Configuration{c}
	return r
}

// drawn is a component of the products that the records are about.
func drawn(k int, products int, rnd *rand.Rand) sbom.Component {
	product := rnd.IntN(products)
	version := fmt.Sprintf("%d.%d", rnd.IntN(10), rnd.IntN(20))
	return sbom.Component{
		Ref: fmt.Sprint("c", k), Name: fmt.Sprintf("product%d", product), Version: version,
		CPE: fmt.Sprintf("cpe:2.3:a:vendor%d:product%d:%s:*:*:*:*:*:*:*", product%5000, product, version),
	}
}

// BenchmarkFindByCPE holds components against 100,000 records of the shape of NVD's.
func BenchmarkFindByCPE(b *testing.B) {
	const n = 100_000
	before := heap()
	index := match.Build(made(n), nil)
	size := heap() - before
	rnd := rand.New(rand.NewPCG(5, 6))
	for _, m := range []int{2_000, 10_000} {
		var bom sbom.BOM
		for k := range m {
			bom.Components = append(bom.Components, drawn(k, 3000, rnd))
		}
		b.Run(fmt.Sprintf("%d components", m), func(b *testing.B) {
			b.ReportAllocs()
			pairs, start := 0, processor()
			for b.Loop() {
				pairs = 0
				for _, f := range index.Find("p", bom).Findings {
					pairs += len(f.Instances)
				}
			}
			spent(b, start)
			b.ReportMetric(float64(pairs), "pairs")
			b.ReportMetric(float64(size)/n, "B/CVE")
		})
	}
	runtime.KeepAlive(index)
}

// heap is what is in use after a collection, in bytes.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// fleet makes products of 500 components each, drawn from 40,000 distinct ones.
func fleet(b *testing.B, index *match.Index, products int) (f *match.Fleet, distinct []sbom.Component) {
	b.Helper()
	rnd := rand.New(rand.NewPCG(7, 8))
	seen := map[string]bool{}
	for len(distinct) < 40_000 {
		c := drawn(0, 12_000, rnd)
		if !seen[c.CPE] {
			seen[c.CPE] = true
			distinct = append(distinct, c)
		}
	}
	zipf := rand.NewZipf(rnd, 1.1, 50, uint64(len(distinct)-1))
	f = match.NewFleet(index)
	for p := range products {
		var bom sbom.BOM
		for range 500 {
			bom.Components = append(bom.Components, distinct[zipf.Uint64()])
		}
		f.Put(fmt.Sprintf("product-%05d", p), bom)
	}
	return f, distinct
}

// BenchmarkDelta takes 2,000 changed records into a fleet of 10,000 products of 500
// components.
func BenchmarkDelta(b *testing.B) {
	records := made(100_000)
	index := match.Build(records, nil)
	before := heap()
	f, _ := fleet(b, index, 10_000)
	size := heap() - before
	products, things, places := f.Size()
	rnd := rand.New(rand.NewPCG(9, 10))
	zipf := rand.NewZipf(rnd, 1.2, 8, 33_333)
	turn := func() []feeds.Record {
		out := make([]feeds.Record, 0, 2000)
		for _, i := range rnd.Perm(len(records))[:2000] {
			out = append(out, nvdShaped(records[i].Names[0], int(zipf.Uint64()), rnd))
		}
		return out
	}
	b.Run("2000 records", func(b *testing.B) {
		var d *match.Delta
		var cpu time.Duration
		for b.Loop() {
			b.StopTimer()
			changed := turn()
			b.StartTimer()
			start := processor()
			d = f.Apply(changed)
			cpu += processor() - start
		}
		b.ReportMetric(float64(cpu.Microseconds())/1000/float64(b.N), "cpu-ms/op")
		pairs, at, touched := d.Size()
		b.ReportMetric(float64(pairs), "pairs")
		b.ReportMetric(float64(at), "places")
		b.ReportMetric(float64(touched), "products")
		b.ReportMetric(float64(size)/(1<<20), "MiB")
		b.ReportMetric(float64(places), "components")
		require.Equal(b, 10_000, products)
		require.LessOrEqual(b, things, 40_000)
	})
	b.Run("findings of one product", func(b *testing.B) {
		d := f.Apply(turn())
		name := d.Products()[0]
		for b.Loop() {
			d.Findings(name)
		}
	})
	b.Run("one changed SBOM", func(b *testing.B) {
		// The next version of a product: every tenth component is another.
		var boms [2]sbom.BOM
		for n := range 500 {
			c := drawn(n, 12_000, rnd)
			boms[0].Components = append(boms[0].Components, c)
			if n%10 == 0 {
				c = drawn(n, 12_000, rnd)
			}
			boms[1].Components = append(boms[1].Components, c)
		}
		k := 0
		for b.Loop() {
			f.Put("product-00007", boms[k%2])
			k++
		}
	})
}

// TestTheIndexMissesNothingOfAPlainEvaluation holds the index against the same records taken
// one by one, each alone in an index of its own.
func TestTheIndexMissesNothingOfAPlainEvaluation(t *testing.T) {
	t.Parallel()
	records := made(3000)
	rnd := rand.New(rand.NewPCG(11, 12))
	var bom sbom.BOM
	for k := range 40 {
		bom.Components = append(bom.Components, drawn(k, 60, rnd))
	}
	bom.Components = append(bom.Components, sbom.Component{Ref: "board", Name: "board", CPE: "cpe:2.3:h:vendor3:board3:-:*:*:*:*:*:*:*"})
	var want []string
	for _, r := range records {
		want = append(want, standing(match.Build([]feeds.Record{r}, nil).Find("p", bom))...)
	}
	got := standing(match.Build(records, nil).Find("p", bom))
	require.ElementsMatch(t, want, got)
	require.Greater(t, len(got), 500)
}
