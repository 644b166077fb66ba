package rubric_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/cvss/rubric"
)

func TestTheDecisionTablesOfTheExploitabilityMetrics(t *testing.T) {
	t.Parallel()
	const av, pr = "XAVN XAVT", "XPRL"
	for _, c := range []struct {
		drop, add, metric, value string
		ruling                   int
	}{
		{av, "XAVN:U", "AV", "N", 0},
		{av, "XAVN:Y XAVT:Y", "AV", "N", 0},
		{av, "XAVN:Y XAVT:U", "AV", "N", 0},
		{av, "XAVN:Y XAVT:N XAVW:N", "AV", "A", 7},
		{av, "XAVN:Y XAVT:N XAVW:U", "AV", "A", 0},
		{av, "XAVN:Y XAVT:N XAVW:Y XAVR:Y", "AV", "L", 11},
		{av, "XAVN:Y XAVT:N XAVW:Y XAVR:N", "AV", "A", 11},
		{av, "XAVN:Y XAVT:N XAVW:Y XAVR:U", "AV", "A", 8},
		{av, "XAVN:N XAVP:Y XAVPA:Y", "AV", "P", 13},
		{av, "XAVN:N XAVP:Y XAVPA:N", "AV", "P", 13},
		{av, "XAVN:N XAVP:Y XAVPA:U", "AV", "P", 13},
		{av, "XAVN:N XAVP:N", "AV", "L", 0},
		{av, "XAVN:N XAVP:U", "AV", "L", 0},
		{"", "XACL:Y", "AC", "L", 0},
		{"", "XACL:U", "AC", "L", 9},
		{"", "XACL:N", "AC", "H", 0},
		{pr, "XPRL:N", "PR", "N", 0},
		{pr, "XPRL:U", "PR", "N", 10},
		{pr, "XPRL:Y XPRZ:N", "PR", "N", 0},
		{pr, "XPRL:Y XPRZ:U", "PR", "N", 9},
		{pr, "XPRL:Y XPRZ:Y XPRS:Y", "PR", "H", 0},
		{pr, "XPRL:Y XPRZ:Y XPRS:N", "PR", "L", 0},
		{pr, "XPRL:Y XPRZ:Y XPRS:U", "PR", "N", 10},
		{"", "XUI:Y", "UI", "R", 0},
		{"", "XUI:N", "UI", "N", 0},
		{"", "XUI:U", "UI", "N", 9},
		{"", "XS:N", "S", "U", 0},
		{"", "XS:Y", "S", "C", 0},
		{"", "XS:U", "S", "C", 0},
	} {
		r := derived(t, answered(t, c.drop, c.add))
		require.Equal(t, c.value, r.Vector.Get(c.metric), c.add)
		require.Empty(t, r.OffPath, c.add)
		rows := 0
		for _, row := range r.Rationale {
			if row.Metric == c.metric {
				rows++
				require.Equal(t, strings.ReplaceAll(c.add, " ", "/"), row.Answers)
				require.Equal(t, c.value, row.Value)
				require.Equal(t, c.ruling, row.Ruling, c.add)
				require.True(t, row.Decides)
				require.NotEmpty(t, row.Source)
				want := rubric.Sure
				if c.value == "P" {
					want = rubric.Likely
				}
				require.Equal(t, want, row.Confidence)
			}
		}
		require.Equal(t, 1, rows)
		require.Equal(t, strings.Contains(c.add, ":U"), len(r.Open) == 1, "Unknown stays open")
	}
}

func TestOneImpactAnswerGivesItsValueAndTouchesNoOtherMetric(t *testing.T) {
	t.Parallel()
	for _, q := range rubric.Questions() {
		if q.Kind != rubric.Impact {
			continue
		}
		metric := q.ID[1:2]
		require.Equal(t, metric, q.Group)
		for answer, want := range map[rubric.Answer]string{"H": "H", "L": "L", "N": "N", "U": "H"} {
			r := derived(t, answered(t, "", q.ID+":"+string(answer)))
			for _, m := range []string{"C", "I", "A"} {
				if m == metric {
					require.Equal(t, want, r.Vector.Get(m), "%s:%s", q.ID, answer)
				} else {
					require.Equal(t, "N", r.Vector.Get(m), "%s:%s", q.ID, answer)
				}
			}
			for _, row := range r.Rationale {
				if row.Answers != q.ID+":"+string(answer) {
					continue
				}
				require.Equal(t, row.Value == want, row.Decides)
				switch answer {
				case rubric.Unknown:
					require.Equal(t, 2, row.Ruling)
					require.Equal(t, rubric.Likely, row.Confidence)
				case rubric.Low:
					ruling := 6
					if q.ID == "XAT" {
						ruling = 3
					}
					require.Equal(t, ruling, row.Ruling)
					require.Equal(t, rubric.Likely, row.Confidence)
				default:
					require.Zero(t, row.Ruling)
					require.Equal(t, rubric.Sure, row.Confidence)
				}
			}
		}
	}
}

func TestReadingHealthDataCountsByTheNumberOfPatients(t *testing.T) {
	t.Parallel()
	for add, c := range map[string]struct {
		value  string
		ruling int
	}{
		"XCP:N":        {"N", 0},
		"XCP:U":        {"H", 2},
		"XCP:Y XCPM:Y": {"H", 1},
		"XCP:Y XCPM:U": {"H", 1},
		"XCP:Y XCPM:N": {"L", 1},
	} {
		r := derived(t, answered(t, "XCP", add))
		require.Equal(t, c.value, r.Vector.Get("C"), add)
		for _, row := range r.Rationale {
			if row.Answers == strings.ReplaceAll(add, " ", "/") {
				require.Equal(t, c.ruling, row.Ruling, add)
			}
		}
	}
}

func TestTheWorstCategoryWins(t *testing.T) {
	t.Parallel()
	r := derived(t, answered(t, "", "XIP:L XIT:H XIO:N XAW:L"))
	require.Equal(t, "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:L", r.Vector.String())
	decides := map[string]int{}
	for _, row := range r.Rationale {
		if row.Decides {
			decides[row.Metric]++
		}
	}
	require.Equal(t, map[string]int{"AV": 1, "AC": 1, "PR": 1, "UI": 1, "S": 1, "C": 6, "I": 1, "A": 1}, decides)
	require.Len(t, r.Rationale, 5+18)
}
