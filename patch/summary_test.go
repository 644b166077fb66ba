package patch_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/store"
)

func TestASummaryTellsWhatIsDoneAndByWhom(t *testing.T) {
	t.Parallel()
	a, p := settled(assess.Serious), approvedPlan(assess.Serious)
	sum := func(at time.Time, puts ...func(*store.Tx) error) (assess.ProductSummary, string) {
		l := held(t, append(puts, has(assess.Assessments, a))...)
		s, err := assess.Summarize(t.Context(), l, nil, policy().Calendar, a.Vulnerability, at)
		require.NoError(t, err)
		s, err = patch.Complete(t.Context(), l, s)
		require.NoError(t, err)
		require.Len(t, s.Products, 1)
		return s.Products[0], s.Markdown()
	}
	gaps := func(one assess.ProductSummary) string {
		var all []string
		for _, s := range one.Sections {
			all = append(all, s.Gaps...)
		}
		return strings.Join(all, "\n")
	}
	one, md := sum(hour(1))
	require.Equal(t, "nothing is planned", gaps(one))
	require.Contains(t, md, "- nothing is planned")

	c := walked(begun(assess.Serious), patch.Released)
	one, md = sum(hour(100), has(patch.Plans, p), has(patch.Changes, c))
	require.Contains(t, gaps(one), "is not decided of: patch")
	require.Equal(t, []string{"Plan", "Changes"}, []string{one.Sections[0].Title, one.Sections[1].Title})
	for _, want := range []string{
		"### Plan", "out-of-cycle: the risk is uncontrolled", "approved by", "### Changes", ": released", "gate release: signed by", "determined",
		"manufacturer: Release 2.2.", "facility: Install 2.2.", "user: Check the settings", "patch.change", "patch.plan",
	} {
		require.Contains(t, md, want)
	}
	for _, s := range one.Sections {
		for _, act := range s.Actions {
			require.True(t, act.Party.Valid(), "every action names its party")
		}
		for _, r := range s.Records {
			require.False(t, r.Hash.IsZero())
		}
	}
}

func TestAReportOfADeviceWithoutAClockIsABadRow(t *testing.T) {
	t.Parallel()
	const header = "\ufeff\"unit\",site,state,at,how,visit\n"
	rows := header +
		"u1,s1,installed,1970-01-01T00:00:00Z,log,\n" +
		"u2,s1,installed,0001-01-01T00:00:01Z,log,\n" +
		"u3,s1,installed,2026-03-01T00:00:00Z,t\xe9l\xe9,\n" +
		"u4,s1,installed,2026-03-01T00:00:00Z,log,yes\n"
	var good []patch.Report
	var bad []string
	for one, err := range patch.ReadReportsCSV(strings.NewReader(rows), "pump #1", noon) {
		if err != nil {
			bad = append(bad, err.Error())
			continue
		}
		good = append(good, one)
	}
	require.Len(t, bad, 3, "%v", bad)
	require.Contains(t, bad[0], "clock is not set")
	require.Contains(t, bad[2], "not UTF-8")
	require.Len(t, good, 1)
	require.True(t, good[0].Visit)
}
