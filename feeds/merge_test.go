package feeds_test

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/feeds"
)

func named(source, item string, names ...feeds.ID) feeds.Record {
	return feeds.Record{Source: source, Item: item, Names: append([]feeds.ID{feeds.ID(item)}, names...)}
}

func groups(vs []feeds.Vulnerability) map[feeds.ID][]feeds.ID {
	out := map[feeds.ID][]feeds.ID{}
	for _, v := range vs {
		out[v.ID] = v.IDs
	}
	return out
}

func TestAliasesAreOneVulnerability(t *testing.T) {
	t.Parallel()
	got := feeds.Merge([]feeds.Record{
		named("osv", "GO-1", "CVE-2026-0001", "GHSA-1"), named("nvd", "CVE-2026-0001"), named("osv", "GHSA-1"),
		named("osv", "PYSEC-9"), named("osv", "GHSA-9", "PYSEC-9"),
		{Source: "manual", Item: "bulletin"},
	})
	require.Equal(t, map[feeds.ID][]feeds.ID{
		"CVE-2026-0001": {"CVE-2026-0001", "GHSA-1", "GO-1"},
		"GHSA-9":        {"GHSA-9", "PYSEC-9"},
	}, groups(got))
	require.Len(t, got[0].Records, 3)
	require.True(t, got[0].Has("GHSA-1"))
	require.False(t, got[0].Has("GHSA-9"))
}

func TestTwoCVEIdsAreNeverOneVulnerability(t *testing.T) {
	t.Parallel()
	got := feeds.Merge([]feeds.Record{
		named("osv", "GO-1", "CVE-2026-0001", "CVE-2026-0002", "GHSA-1", "GHSA-2"),
		named("osv", "GHSA-1", "CVE-2026-0001"), named("osv", "GHSA-2", "CVE-2026-0002"),
	})
	require.Equal(t, map[feeds.ID][]feeds.ID{
		"CVE-2026-0001": {"CVE-2026-0001", "GHSA-1", "GO-1"},
		"CVE-2026-0002": {"CVE-2026-0002", "GHSA-2", "GO-1"},
	}, groups(got), "what GO-1 says of both does not tie GHSA-2 to the first")
	for _, v := range got {
		require.Len(t, v.Records, 2)
	}
}

func TestWhatNamesAKindTiesNothing(t *testing.T) {
	t.Parallel()
	for _, kind := range []feeds.ID{"AML.T0043", "AML.T0043.003", "AML.M0015", "AML.TA0001", "AML.CS0001", "ML01:2023", "LLM01", "ASI01", "ASI01:2026", "MCP01:2025", "A01:2021", "API1:2023", "CWE-79", "cwe-79", "CAPEC-66", "T1190", "T1059.001"} {
		require.True(t, kind.KindOnly(), kind)
		got := feeds.Merge([]feeds.Record{
			named("supplier", "EX-1", kind), named("other", "MX-1", kind), named("osv", "GHSA-1", "CVE-2026-0001", kind), named("osv", "GHSA-2", kind, "CVE-2026-0002"),
			{Source: "third", Item: "1", Names: []feeds.ID{kind, "EX-2"}}, {Source: "fourth", Item: "1", Names: []feeds.ID{kind}},
		})
		want := map[feeds.ID][]feeds.ID{
			"EX-1": {"EX-1", kind}, "MX-1": {"MX-1", kind}, "EX-2": {"EX-2", kind}, kind: {kind},
			"CVE-2026-0001": {"CVE-2026-0001", "GHSA-1", kind}, "CVE-2026-0002": {"CVE-2026-0002", "GHSA-2", kind},
		}
		for _, ids := range want {
			slices.Sort(ids)
		}
		require.Equal(t, want, groups(got))
		for _, v := range got {
			require.Len(t, v.Records, 1, v.ID)
		}
	}
	for _, id := range []feeds.ID{"", "CVE-2026-0001", "GHSA-aaaa-bbbb-cccc", "AVID-2023-V012", "AML", "AML.T004", "AML.CS001", "AML.TA0001.001", "ASI1", "ASI-2026-1", "MCP1:2025", "T11901", "ML1", "CWE-", "TEMP-1", "MAL-2026-1", "ALSA-2026:1234"} {
		require.False(t, id.KindOnly(), id)
	}
	require.Equal(t, []feeds.ID{"EX-1"}, feeds.Telling([]feeds.ID{"CWE-79", "EX-1"}))
	require.Equal(t, []feeds.ID{"CWE-79"}, feeds.Telling([]feeds.ID{"CWE-79"}))
}

func TestMergeDoesNotDependOnTheOrder(t *testing.T) {
	t.Parallel()
	ids := []feeds.ID{"CVE-2026-0001", "CVE-2026-0002", "CVE-2026-0003", "GHSA-1", "GHSA-2", "GHSA-3", "GO-1", "GO-2", "PYSEC-1", "AML.T0043", "CWE-79"}
	rapid.Check(t, func(t *rapid.T) {
		var records []feeds.Record
		for i := range rapid.IntRange(1, 8).Draw(t, "n") {
			r := feeds.Record{Source: "osv", Item: fmt.Sprint(i), Names: rapid.SliceOfNDistinct(rapid.SampledFrom(ids), 1, 4, rapid.ID).Draw(t, "names")}
			records = append(records, r)
		}
		want := feeds.Merge(records)
		shuffled := append([]feeds.Record(nil), records...)
		rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed"))).Shuffle(len(shuffled), func(i, j int) {
			shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
		})
		if diff := cmp.Diff(want, feeds.Merge(shuffled)); diff != "" {
			t.Fatalf("another order, another result: %s", diff)
		}
		seen := map[string]bool{}
		for _, v := range want {
			cves := 0
			for _, id := range v.IDs {
				if id.CVE() {
					cves++
				}
			}
			if cves > 1 || cves == 1 && !v.ID.CVE() {
				t.Fatalf("%s has the ids %v", v.ID, v.IDs)
			}
			for _, r := range v.Records {
				seen[r.Item] = true
			}
		}
		if len(seen) != len(records) {
			t.Fatalf("%d of %d records are in no vulnerability", len(records)-len(seen), len(records))
		}
	})
}

func TestFactsOfAVulnerability(t *testing.T) {
	t.Parallel()
	early, late := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	a, b := named("nvd", "CVE-2026-0001"), named("osv", "GO-1", "CVE-2026-0001")
	a.Published, a.Text, b.Published, b.Title = late, "text", early, "title"
	k := named("kev", "CVE-2026-0001")
	k.Exploited = &feeds.Exploited{Ransomware: true}
	v := feeds.Merge([]feeds.Record{a, b, k})[0]
	at, by := v.Published()
	require.Equal(t, early, at)
	require.Equal(t, "osv", by)
	title, by := v.Title()
	require.Equal(t, "title", title)
	require.Equal(t, "osv", by)
	e, exploited := v.Exploited()
	require.True(t, exploited)
	require.True(t, e.Ransomware)
	k.Rejected = true
	_, exploited = feeds.Merge([]feeds.Record{k})[0].Exploited()
	require.False(t, exploited, "what was taken back says nothing")
}

func TestIDsAreCleaned(t *testing.T) {
	t.Parallel()
	require.Equal(t, feeds.ID("CVE-2026-0001"), feeds.CleanID(" cve-2026-0001 "))
	require.Equal(t, feeds.ID("GHSA-ab"), feeds.CleanID("GHSA-ab"))
	require.False(t, feeds.ID("CVE-2026-1").CVE())
}

func TestADigestChangesWithWhatIsSaid(t *testing.T) {
	t.Parallel()
	a := named("nvd", "CVE-2026-0001")
	b := a
	require.Equal(t, a.Digest(), b.Digest())
	b.Rejected = true
	require.NotEqual(t, a.Digest(), b.Digest())
}

func ExampleMerge() {
	for _, v := range feeds.Merge([]feeds.Record{
		{Source: "osv", Item: "GO-2022-0969", Names: []feeds.ID{"GO-2022-0969", "CVE-2022-27664"}},
		{Source: "nvd", Item: "CVE-2022-27664", Names: []feeds.ID{"CVE-2022-27664"}},
	}) {
		fmt.Println(v.ID, v.IDs, len(v.Records))
	}
	// Output: CVE-2022-27664 [CVE-2022-27664 GO-2022-0969] 2
}
