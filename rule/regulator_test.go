package rule_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/rule"
)

func TestARegulatorNeverOwnsAClockWhoeverReceives(t *testing.T) {
	t.Parallel()
	book, err := rule.Default()
	require.NoError(t, err)
	for _, id := range []string{"fda-pm-30", "fda-pm-60"} {
		r, err := book.Rule(id)
		require.NoError(t, err)
		require.NotContains(t, r.To, "FDA")
		for _, owner := range []string{"FDA", " fda ", "U.S. FDA", "U.S. Food and Drug Administration", "CDRH", "CISA", "bfarm", "Competent Authority"} {
			clock, err := r.Clock("k", "a/b", owner, instant(t, "2026-08-03T10:00:00Z"), calendar(t, "UTC"))
			require.ErrorContains(t, err, "is a regulator and never the owner", owner)
			require.Empty(t, clock)
		}
		for _, owner := range []string{"", "psirt", "csirt", "fda-liaison", "sec"} {
			_, err := r.Clock("k", "a/b", owner, instant(t, "2026-08-03T10:00:00Z"), calendar(t, "UTC"))
			require.NoError(t, err, owner)
		}
	}
}
