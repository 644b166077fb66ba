package match_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/read"
)

// TestRangesAgreeWithEnumerations evaluates the ranges of records of PyPI and compares with the versions
// that the same records list. They disagree with themselves in places: the reference, osv-scalibr
// 0.5.3, misses none and finds 143 of 7,408 that are not listed.
func TestRangesAgreeWithEnumerations(t *testing.T) {
	t.Parallel()
	var file struct {
		Records []struct {
			ID, Package          string
			Ranges               [][]feeds.Event
			Affected, Unaffected []string
		}
	}
	readJSON(t, testdata.Path(t, "matching", "osv-eval", "pypi-range-vs-enumeration.json"), &file)
	require.Len(t, file.Records, 1812)
	affected, unaffected, missed, left, extra := 0, 0, 0, 0, 0
	for _, c := range file.Records {
		id := feeds.CleanID(c.ID)
		p := feeds.Package{Ecosystem: "PyPI", Name: c.Package}
		for _, events := range c.Ranges {
			p.Ranges = append(p.Ranges, feeds.Range{Type: feeds.Ecosystem, Events: events})
		}
		index := match.Build([]feeds.Record{{Source: "osv", Item: c.ID, Names: []feeds.ID{id}, Packages: []feeds.Package{p}}}, nil)
		says := func(version string) string {
			s, _ := said(index.Find("", alone(sbom.Component{Name: c.Package, Version: version, PURL: "pkg:pypi/" + c.Package})), "it", id)
			return s
		}
		for _, v := range c.Affected {
			affected++
			switch says(v) {
			case found:
			case asked:
				left++ // "a3" has no place in the order of PyPI
			default:
				missed++
				t.Logf("missed: %s %s %s", c.ID, c.Package, v)
			}
		}
		for _, v := range c.Unaffected {
			unaffected++
			if says(v) == found {
				extra++
			}
		}
	}
	t.Logf("%d affected, %d missed; %d left to a person; %d not affected, %d found", affected, missed, left, unaffected, extra)
	require.Zero(t, missed)
	require.LessOrEqual(t, left, 1)
	require.LessOrEqual(t, extra, 143)
}

// TestMissesNothingOfRealInventories holds 13 real SBOMs against what osv-scanner 2.5.0
// found in them. What is more is ours by the record: its evaluation ends at a first
// range that is by commits.
func TestMissesNothingOfRealInventories(t *testing.T) {
	t.Parallel()
	index := match.Build(osvRecords(t), nil)
	files, err := filepath.Glob(filepath.Join(testdata.Path(t, "oracle", "osv-scanner"), "*.json"))
	require.NoError(t, err)
	require.Len(t, files, 13)
	held := map[string]feeds.Record{}
	for _, r := range osvRecords(t) {
		held[r.Item] = r
	}
	pairs, missed, extra := 0, 0, 0
	for _, name := range files {
		var report struct {
			SBOM     string
			Packages []struct {
				Name, Version string
				IDs           []string `json:"vulnerability_ids"`
			}
		}
		readJSON(t, name, &report)
		bom, err := read.File(testdata.Path(t, strings.TrimPrefix(report.SBOM, "given/")), nil)
		require.NoError(t, err)
		got := map[string][]match.Component{}
		for _, f := range index.Find("", bom).Findings {
			for _, i := range f.Instances {
				for _, e := range i.Evidence {
					got[e.Item] = append(got[e.Item], i.Component)
				}
			}
		}
		told := map[string]bool{}
		for _, p := range report.Packages {
			for _, id := range p.IDs {
				told[id] = true
				pairs++
				if !slices.ContainsFunc(got[id], func(c match.Component) bool {
					return strings.Contains(c.Version+" "+c.PURL, p.Version)
				}) {
					missed++
					t.Errorf("%s: missed %s on %s %s", report.SBOM, id, p.Name, p.Version)
				}
			}
		}
		for id, components := range got {
			if told[id] {
				continue
			}
			extra++
			for _, c := range components {
				if !hiddenInPackage(held[id], c) {
					t.Errorf("%s: %s on %s is ours alone, and nothing in the record explains why", report.SBOM, id, c.PURL)
				}
			}
		}
	}
	t.Logf("%d inventories, %d pairs, %d missed, %d ids more, each explained by its record", len(files), pairs, missed, extra)
	require.Greater(t, pairs, 30)
}

// hiddenInPackage is hidden for a component of an SBOM.
func hiddenInPackage(r feeds.Record, c match.Component) bool {
	p, err := sbom.Component{PURL: c.PURL}.Package()
	if err != nil {
		return false
	}
	_, name, ok := p.Ecosystem()
	// It does not read packages of Bitnami, and a repository has no database there.
	return !ok || p.Type == "bitnami" || hidden(r, "- "+name)
}
