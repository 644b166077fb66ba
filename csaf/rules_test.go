package csaf

import (
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
			require.Empty(t, r.form(m.values[0].long))
			require.NotEmpty(t, r.form("no such"))
		}
	}
}
