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
	"github.com/open-postmarket/postmarket/feeds/nvd"
	"github.com/open-postmarket/postmarket/feeds/osv"
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
	records := load(t, osv.New(&osv.Options{From: testdata.Path(t, "osv")}))
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

// TestHoldsAgainstNvdtools holds inventories of CPE names against what an
// independent implementation finds in the same records. It is not the truth:
// it takes a version that does not apply for any version, where we ask a person,
// and so what it finds more must be undecided here, never rejected.
func TestHoldsAgainstNvdtools(t *testing.T) {
	t.Parallel()
	records := load(t, nvd.New(&nvd.Options{From: testdata.Path(t, "nvd", "converted-from-11")}))
	have := map[string]bool{}
	for _, r := range records {
		have[r.Item] = true
	}
	for _, r := range load(t, nvd.New(&nvd.Options{From: testdata.Path(t, "nvd", "api20")})) {
		if !have[r.Item] {
			records = append(records, r)
		}
	}
	f, err := os.Open(testdata.Path(t, "oracle", "nvd-cpe2cve.csv"))
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	index := match.Build(records, nil)
	missed, extra, pairs := 0, 0, 0
	for _, row := range rows[1:] {
		var bom sbom.BOM
		for _, c := range strings.Fields(row[0]) {
			bom.Components = append(bom.Components, sbom.Component{Ref: c, Name: c, CPE: c})
		}
		result := index.Find("", bom)
		var got []string
		for _, f := range result.Findings {
			got = append(got, string(f.Vulnerability))
		}
		want := strings.Fields(row[2])
		for _, id := range want {
			pairs++
			if !slices.Contains(got, id) {
				missed++
				if !slices.ContainsFunc(result.Undecided, func(c match.Candidate) bool { return string(c.Vulnerability) == id }) {
					t.Errorf("missed %s on %s (%s), and it is not left to a person either", id, row[0], row[1])
				}
			}
		}
		for _, id := range got {
			if !slices.Contains(want, id) && have[id] {
				extra++
				t.Logf("extra %s on %s (%s)", id, row[0], row[1])
			}
		}
	}
	t.Logf("%d rows, %d pairs: %d left to a person, %d extra", len(rows)-1, pairs, missed, extra)
}
