package match_test

import (
	"encoding/csv"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
)

// load reads a whole feed; records that cannot be read are counted in the log.
func load(t *testing.T, s feeds.Source) []feeds.Record {
	t.Helper()
	var out []feeds.Record
	bad := 0
	for u, err := range s.Updates(t.Context(), "") {
		var one *feeds.RecordError
		switch {
		case err == nil && u.Record.Item != "":
			out = append(out, u.Record)
		case err != nil && asRecordError(err, &one):
			bad++
		default:
			require.NoError(t, err)
		}
	}
	t.Logf("%s: %d records, %d unreadable", s.Name(), len(out), bad)
	require.NotEmpty(t, out)
	return out
}

func asRecordError(err error, to **feeds.RecordError) bool {
	e, ok := err.(*feeds.RecordError)
	*to = e
	return ok
}

// TestAgreesWithOSVScanner holds an inventory at the boundaries of real ranges against
// what osv-scanner 2.5.0 says: nothing it finds may be missed.
func TestAgreesWithOSVScanner(t *testing.T) {
	t.Parallel()
	records := osvRecords(t)
	f, err := os.Open(testdata.Path(t, "oracle", "probe-osv-scanner.csv"))
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	types := map[string]string{"Go": "golang", "PyPI": "pypi", "crates.io": "cargo"}
	var bom sbom.BOM
	want := map[string][]string{}
	for _, row := range rows[1:] {
		ref := strings.Join(row[:3], " ")
		bom.Components = append(bom.Components, sbom.Component{
			Ref: ref, Name: row[1], Version: row[2], PURL: "pkg:" + types[row[0]] + "/" + row[1],
		})
		want[ref] = strings.Fields(row[3])
	}
	held := map[string]feeds.Record{}
	for _, r := range records {
		held[r.Item] = r
	}
	start := time.Now()
	index := match.Build(records, nil)
	built := time.Now()
	result := index.Find("", bom)
	t.Logf("build %v, find %v", built.Sub(start), time.Since(built))
	got := map[string][]string{}
	for _, f := range result.Findings {
		for _, i := range f.Instances {
			for _, e := range i.Evidence {
				got[i.Component.Ref] = append(got[i.Component.Ref], e.Item)
			}
		}
	}
	missed, extra, pairs := 0, 0, 0
	for ref, ids := range want {
		for _, id := range ids {
			pairs++
			if !slices.Contains(got[ref], id) {
				missed++
				t.Errorf("missed %s on %s", id, ref)
			}
		}
		for _, id := range got[ref] {
			if !slices.Contains(ids, id) {
				extra++
				if !hidden(held[id], ref) {
					t.Errorf("extra %s on %s, and nothing in the record explains why the other does not see it", id, ref)
				}
			}
		}
	}
	t.Logf("%d rows, %d pairs: %d missed, %d extra, %d undecided", len(want), pairs, missed, extra, len(result.Undecided))
}

// hidden reports whether the record is one that osv-scanner 2.5.0 is known to
// overlook: its evaluation ends at the first range that is by commits, though a
// range of versions follows; and it tells Go module paths apart by case.
func hidden(r feeds.Record, ref string) bool {
	for _, p := range r.Packages {
		if !strings.EqualFold(p.Name, strings.Fields(ref)[1]) && p.Ecosystem == "Go" {
			continue
		}
		if len(p.Ranges) > 1 && p.Ranges[0].Type == feeds.Git || p.Name != strings.Fields(ref)[1] {
			return true
		}
	}
	return false
}
