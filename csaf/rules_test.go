package csaf

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryMemberHasARuleAndEveryRuleAMember(t *testing.T) {
	t.Parallel()
	members := map[string]bool{}
	for _, p := range plans() {
		for _, m := range p.members {
			members[p.name+"."+m.name] = true
			require.Contains(t, rules, p.name+"."+m.name)
		}
	}
	for name := range rules {
		require.Contains(t, members, name)
	}
}

func TestEveryMetricOfAVectorHasItsMember(t *testing.T) {
	t.Parallel()
	for name, metrics := range map[string][]vectorMetric{"CVSSv2": v2Metrics, "CVSSv3": v3Metrics} {
		for _, m := range metrics {
			r, ok := rules[name+"."+m.member]
			require.True(t, ok, m.member)
			require.Contains(t, r.enum, m.values[0].long)
			require.Len(t, r.enum, len(m.values))
		}
	}
}

func TestTheMembersOfEachObjectStandInAlphabeticalOrder(t *testing.T) {
	t.Parallel()
	for _, p := range slices.Concat(slices.Collect(maps.Values(plans())), slices.Collect(maps.Values(plans21()))) {
		require.Less(t, len(p.members), 64, "the scanner marks what it has seen in a word")
		require.NotZero(t, p.extra, p.name)
		require.True(t, slices.IsSortedFunc(p.members, func(a, b member) int { return alphabetical(a.name, b.name) }), p.name)
		require.True(t, p.name == "CVSSv4" || slices.IsSortedFunc(p.members, func(a, b member) int { return strings.Compare(a.name, b.name) }), p.name)
	}
}

func TestNamesAreOrderedAsADictionaryOrdersThem(t *testing.T) {
	t.Parallel()
	sorted := []string{"", "_", "-", "$schema", "0", "a", "A", "a_b", "a1", "aa", "aB", "ab1", "B", "c", "ß", "ö", "Ö", "öz"}
	for i, a := range sorted {
		for j, b := range sorted {
			require.Equal(t, cmp.Compare(i, j), alphabetical(a, b), "%q %q", a, b)
		}
	}
}

func TestAMemberIsOfOneVersionOrOfBoth(t *testing.T) {
	t.Parallel()
	var old, added []string
	for _, p := range plans21() {
		for _, m := range p.foreign {
			old = append(old, p.name+"."+m.name)
		}
	}
	for _, p := range plans() {
		for _, m := range p.foreign {
			added = append(added, p.name+"."+m.name)
		}
	}
	require.ElementsMatch(t, []string{"ProductTree.relationships", "Helper.purl", "Vulnerability.cwe", "Vulnerability.release_date", "Vulnerability.scores"}, old)
	require.Len(t, added, 18)
}
