package match_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/osv"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
)

func debian(release, name, fixed string) feeds.Record {
	return feeds.Record{Source: "osv", Item: "DSA-1", Names: []feeds.ID{"DSA-1"}, Packages: []feeds.Package{{
		Ecosystem: "Debian:" + release, Name: name,
		Ranges: []feeds.Range{{Type: feeds.Ecosystem, Events: []feeds.Event{{Introduced: "0"}, {Fixed: fixed}}}},
	}}}
}

func TestCoverageIsOfTheReleaseAndOfTheSourcePackage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, purl, why string }{
		{"another release", "pkg:deb/debian/curl@7.88-1?distro=debian-13", match.NoEcosystem},
		{"the same release", "pkg:deb/debian/curl@9.0-1?distro=debian-11", ""},
		{"a binary that does not say its source", "pkg:deb/debian/libcurl4@7.74-1?distro=debian-11", match.NoSource},
		{"a binary that does", "pkg:deb/debian/libcurl4@9.0-1?distro=debian-11&upstream=curl", ""},
	} {
		got := find(device(sbom.Component{Ref: "c", Name: "c", PURL: c.purl}), debian("11", "curl", "8.0-1"))
		require.Equal(t, c.why, got.Coverage[0].Why, c.name)
	}
}

func TestOneSourceAloneThatLeavesRecordsOpenIsSaidSo(t *testing.T) {
	t.Parallel()
	mute := feeds.Record{Source: "nvd", Item: "CVE-2026-2000", Names: []feeds.ID{"CVE-2026-2000"}, State: "Deferred", Text: "something else"}
	got := find(device(libfoo("3.0")), flawed(nil), mute)
	require.Contains(t, got.Coverage[0].Detail, "by nvd alone, and not for the 1 records in which it does not state what is affected")
	require.Equal(t, map[string]int{"nvd": 1}, got.Mute)
	require.NotContains(t, find(device(libfoo("3.0")), flawed(nil)).Coverage[0].Detail, "alone")
}

func TestWhatIsKnownOfACVEReachesTheRecordsOfDistributionsThatComeOfIt(t *testing.T) {
	t.Parallel()
	records := []feeds.Record{{Source: "kev", Item: flaw, Names: []feeds.ID{flaw}, Exploited: &feeds.Exploited{}}}
	for u, err := range osv.Decode(strings.NewReader(`{"schema_version":"1.7.0","id":"DEBIAN-CVE-2026-1000","modified":"2026-01-01T00:00:00Z","upstream":["CVE-2026-1000"],
		"affected":[{"package":{"ecosystem":"Debian:12","name":"libfoo"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2.0-1"}]}]}]}`)) {
		require.NoError(t, err)
		records = append(records, u.Record)
	}
	got := find(device(sbom.Component{Ref: "l", Name: "libfoo", PURL: "pkg:deb/debian/libfoo@1.0-1?distro=debian-12"}), records...)
	require.Len(t, got.Findings, 1)
	require.Equal(t, feeds.ID(flaw), got.Findings[0].Vulnerability)
	require.NotNil(t, got.Findings[0].Exploited)
}

func TestAJudgedFindingReplaysWithTheVeryScoreItHad(t *testing.T) {
	t.Parallel()
	bom := device(libfoo("1.0"))
	now := day(1)
	l := watched(t, memory.New(), bom, &now)
	var last match.Finding
	for _, score := range []float64{0.02, 0.03} { // within one band: the record's digest stays
		records := []feeds.Record{{Source: "epss", Item: flaw, Names: []feeds.ID{flaw}, Probability: &feeds.Probability{Score: score}}, flawed(nil)}
		last = match.Build(records, nil).Find("pump", bom).Findings[0]
		require.NoError(t, l.Do(t.Context(), store.By{Who: "a", Why: "b"}, func(tx *store.Tx) error { return match.Judge(tx, last, records, bom) }))
	}
	judged, _, err := match.Judgments.Latest(t.Context(), l, last.Key())
	require.NoError(t, err)
	f, same, err := match.Replay(t.Context(), l, judged, nil)
	require.NoError(t, err)
	require.True(t, same)
	require.InDelta(t, 0.03, f.Probability.Score, 1e-9)
}

func TestOddTextsNeverPanic(t *testing.T) {
	t.Parallel()
	odd := []string{"", " ", "-", "()", "&", ".", "the", "\xff\xfe", "ä", "pkg:", "cpe:2.3:", "cpe:/", "vers:", ":", "@", "*", "?", "0", strings.Repeat("a", 300), strings.Repeat("\x80", 300)}
	var bom sbom.BOM
	for _, x := range odd {
		for _, y := range odd {
			bom.Components = append(bom.Components, sbom.Component{Name: x, Version: y, Supplier: y, PURL: x, CPE: y}, sbom.Component{Name: x, Supplier: y, Version: "1"},
				sbom.Component{Name: x, Supplier: y, Version: "1", PURL: "pkg:generic/" + x + "@" + y})
		}
	}
	var rs []feeds.Record
	for n, x := range odd {
		for m, y := range odd {
			id := feeds.ID(fmt.Sprintf("X-%d-%d", n, m))
			func() {
				defer func() {
					if e := recover(); e != nil {
						t.Errorf("Build: %.12q %.12q: %v", x, y, e)
					}
				}()
				r := feeds.Record{Source: "s", Item: string(id), Names: []feeds.ID{id}, Text: x,
					Packages:       []feeds.Package{{Ecosystem: x, Name: y, Versions: []string{x, y}, Ranges: []feeds.Range{{Type: feeds.Git, Repo: x, Events: []feeds.Event{{}, {Introduced: x}, {Fixed: y}}}, {Type: feeds.Ecosystem, Events: []feeds.Event{{}, {Introduced: x}, {Fixed: y}}}}}},
					Configurations: []feeds.Configuration{{}, {Operator: x, Nodes: []feeds.Node{{}, or(vulnerable(x), feeds.Criterion{CPE: y, EndExcluding: x})}}},
					Products:       []feeds.Product{{}, {Vendor: x, Name: y, Models: []string{x}, CPEs: []string{x}, PURLs: []string{y}, Repo: x, Spans: []feeds.Span{{}, {From: x, Below: y, Turns: []feeds.Turn{{At: x}}}}}}}
				match.Build([]feeds.Record{r, {Source: "s", Item: "m" + string(id), Names: []feeds.ID{id, ""}, Text: x + " " + y}}, nil).Explain("", sbom.BOM{Components: bom.Components[:9]})
				rs = append(rs, r)
			}()
		}
	}
	for k := range bom.Components {
		func() {
			defer func() {
				if e := recover(); e != nil {
					t.Errorf("Explain: %+v: %v", bom.Components[k], e)
				}
			}()
			match.Build(rs[:5], nil).Explain("", sbom.BOM{Components: bom.Components[k : k+1]})
		}()
	}
}
