package match_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/osv"
	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cyclonedx"
)

// processor is the CPU time, user and system, that the process has used. Aims are in CPU
// time: the wall says little on a machine that is shared.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// spent reports the CPU time of one round, in milliseconds.
func spent(b *testing.B, since time.Duration) {
	b.ReportMetric(float64((processor()-since).Microseconds())/1000/float64(b.N), "cpu-ms/op")
}

// packages reads the Go, PyPI and crates.io advisories of the bundle.
func packages(b *testing.B) []feeds.Record {
	b.Helper()
	source := osv.New(&osv.Options{From: testdata.Path(b, "osv", "Go"), More: []string{testdata.Path(b, "osv", "PyPI"), testdata.Path(b, "osv", "crates.io")}})
	var out []feeds.Record
	for u, err := range source.Updates(b.Context(), "") {
		require.NoError(b, err)
		if u.Record.Item != "" {
			out = append(out, u.Record)
		}
	}
	return out
}

// inventory makes a BOM of n components, half Go and half PyPI, of which three in ten bear a
// name that the records know, in versions around those that they name.
func inventory(records []feeds.Record, n int) sbom.BOM {
	names := map[string][]string{}
	for _, r := range records {
		for _, p := range r.Packages {
			if p.Ecosystem == "Go" || p.Ecosystem == "PyPI" {
				names[p.Ecosystem] = append(names[p.Ecosystem], p.Name)
			}
		}
	}
	for e := range names {
		slices.Sort(names[e])
		names[e] = slices.Compact(names[e])
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	var bom sbom.BOM
	for i := range n {
		e, kind := "Go", "golang"
		if i%2 == 1 {
			e, kind = "PyPI", "pypi"
		}
		name := fmt.Sprintf("example.org/made/module%d", i)
		if e == "PyPI" {
			name = fmt.Sprintf("made-package-%d", i)
		}
		if rnd.IntN(10) < 3 {
			name = names[e][rnd.IntN(len(names[e]))]
		}
		version := fmt.Sprintf("%d.%d.%d", rnd.IntN(4), rnd.IntN(12), rnd.IntN(10))
		purl := "pkg:" + kind + "/" + strings.ToLower(name) + "@"
		if e == "Go" {
			purl += "v"
		}
		bom.Components = append(bom.Components, sbom.Component{
			Ref: fmt.Sprint("c", i), Type: sbom.Library, Name: name, Version: version, PURL: purl + version,
		})
	}
	return bom
}

// multiplied repeats advisories under other ids and names until there are n.
func multiplied(records []feeds.Record, n int) []feeds.Record {
	out := append([]feeds.Record(nil), records...)
	for turn := 1; len(out) < n; turn++ {
		for _, r := range records {
			if len(out) == n {
				break
			}
			r.Item = fmt.Sprintf("%s-%d", r.Item, turn)
			r.Names = []feeds.ID{feeds.ID(r.Item)}
			r.Packages = append([]feeds.Package(nil), r.Packages...)
			for k := range r.Packages {
				r.Packages[k].Name = fmt.Sprintf("%s-%d", r.Packages[k].Name, turn)
			}
			out = append(out, r)
		}
	}
	return out
}

// BenchmarkFind is a parsed BOM to its findings, by package.
func BenchmarkFind(b *testing.B) {
	records := packages(b)
	for _, advisories := range []int{len(records), 100_000} {
		index := match.Build(multiplied(records, advisories), nil)
		for _, n := range []int{1_000, 10_000, 100_000} {
			bom := inventory(records, n)
			b.Run(fmt.Sprintf("%d advisories/%d components", advisories, n), func(b *testing.B) {
				b.ReportAllocs()
				found, start := 0, processor()
				for b.Loop() {
					found = len(index.Find("p", bom).Findings)
				}
				spent(b, start)
				b.ReportMetric(float64(found), "findings")
			})
		}
	}
}

// BenchmarkBuild makes the index of the bundle's advisories.
func BenchmarkBuild(b *testing.B) {
	records := packages(b)
	b.ReportAllocs()
	start := processor()
	for b.Loop() {
		match.Build(records, nil)
	}
	spent(b, start)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(records)), "ns/record")
}

// BenchmarkCold is what a process does that has an SBOM and the advisories as files: read
// both, make the index, and look.
func BenchmarkCold(b *testing.B) {
	records := packages(b)
	for _, n := range []int{1_000, 10_000, 100_000} {
		bom := inventory(records, n)
		var doc strings.Builder
		doc.WriteString(`{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"components":[`)
		for i, c := range bom.Components {
			if i > 0 {
				doc.WriteByte(',')
			}
			fmt.Fprintf(&doc, `{"type":"library","bom-ref":%q,"name":%q,"version":%q,"purl":%q}`, c.Ref, c.Name, c.Version, c.PURL)
		}
		doc.WriteString("]}")
		b.Run(fmt.Sprintf("%d components", n), func(b *testing.B) {
			start := processor()
			for b.Loop() {
				held := packages(b)
				read, err := cyclonedx.Decode(strings.NewReader(doc.String()), nil)
				require.NoError(b, err)
				if len(match.Build(held, nil).Find("p", read).Findings) == 0 {
					b.Fatal("nothing was found")
				}
			}
			spent(b, start)
		})
	}
}
