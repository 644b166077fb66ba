package sqlite_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/store/sqlite"
)

// bulk makes records of about the size and shape of NVD's.
func bulk(from, n int, title string) []feeds.Record {
	rs := make([]feeds.Record, n)
	text := strings.Repeat("A flaw in the handling of messages. ", 60)
	for i := range rs {
		id := fmt.Sprintf("CVE-2021-%06d", from+i)
		r := feeds.Record{Source: "nvd", Item: id, Names: []feeds.ID{feeds.ID(id)}, Title: title, Text: text,
			Published: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC),
			Scores:    []feeds.Score{{Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Base: 9.8, By: "nvd@nist.gov"}}}
		var node feeds.Node
		for j := range 6 {
			node.Criteria = append(node.Criteria, feeds.Criterion{Vulnerable: true, EndExcluding: "4.8.1",
				CPE: fmt.Sprintf("cpe:2.3:a:vendor%d:product%d:*:*:*:*:*:*:*:*", (from+i)%977, (from+i*(j+1))%9973)})
		}
		r.Configurations = []feeds.Configuration{{Nodes: []feeds.Node{node}}}
		rs[i] = r
	}
	return rs
}

// BenchmarkKeep keeps 20,000 records in batches of 500, then the same again,
// then 2,000 that changed.
func BenchmarkKeep(b *testing.B) {
	const all, some = 20_000, 500
	keep := func(db *sqlite.DB, n int, title string) time.Duration {
		var took time.Duration
		for from := 0; from < n; from += some {
			rs := bulk(from, some, title)
			began := time.Now()
			if err := db.Keep(b.Context(), feeds.Batch{Source: "nvd", At: time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC), Records: rs}); err != nil {
				b.Fatal(err)
			}
			took += time.Since(began)
		}
		return took
	}
	var first, again, delta time.Duration
	runs := 0
	for b.Loop() {
		db, err := sqlite.Open(filepath.Join(b.TempDir(), "b.db"))
		if err != nil {
			b.Fatal(err)
		}
		first += keep(db, all, "one")
		again += keep(db, all, "one")
		delta += keep(db, 2000, "two")
		runs++
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(all*runs)/first.Seconds(), "new/s")
	b.ReportMetric(float64(all*runs)/again.Seconds(), "same/s")
	b.ReportMetric(delta.Seconds()/float64(runs), "s/2000-changed")
}
