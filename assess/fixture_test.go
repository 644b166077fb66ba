package assess_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/cvss/rubric"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/rule"
)

var (
	seen = time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)
	noon = time.Date(2026, 3, 12, 12, 0, 0, 0, time.UTC)
)

func finding() match.Finding {
	return match.Finding{
		Product: "pump-2.1", Coordinate: "cpe:a:wolfssl:wolfssl", Vulnerability: "CVE-2022-25640",
		IDs: []feeds.ID{"CVE-2022-25640"}, Sources: []string{"nvd"},
		Instances: []match.Instance{{
			Component: match.Component{Ref: "c1", Name: "wolfSSL", Version: "4.8.1"},
			Evidence:  []match.Evidence{{Source: "nvd", Item: "CVE-2022-25640", Digest: "d1", Leaf: "wolfssl before 5.2.0"}},
		}},
		Scores: []match.Score{
			{Source: "nvd", Score: feeds.Score{Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N", Base: 7.5}},
			{Source: "nvd", Score: feeds.Score{Vector: "AV:N/AC:L/Au:N/C:N/I:P/A:N", Base: 5}},
		},
		Published: time.Date(2022, 2, 24, 0, 0, 0, 0, time.UTC), PublishedBy: "nvd",
		Seen: seen,
	}
}

// answers walks the rubric, saying no or none to everything but over.
func answers(over rubric.Answers) rubric.Answers {
	a := rubric.Answers{}
	for {
		q, done := rubric.Next(a)
		if done {
			return a
		}
		a[q.ID] = rubric.No
		if v, ok := over[q.ID]; ok {
			a[q.ID] = v
		}
	}
}

// The answers of three attacks, by the level of their subscore.
var attacks = map[assess.Level]rubric.Answers{
	assess.High:   answers(rubric.Answers{"XAVN": "Y", "XAVT": "Y", "XACL": "Y", "XIT": "H"}), // 3.89
	assess.Medium: answers(rubric.Answers{"XAVN": "Y", "XAVT": "Y", "XACL": "N", "XIT": "H"}), // 2.22
	assess.Low:    answers(rubric.Answers{"XACL": "N", "XIT": "H"}),                           // 1.44: local, of high complexity
}

func step(by string) assess.Step {
	return assess.Step{By: by, At: noon, Why: "looked at it", Evidence: []assess.Evidence{{Text: "design file 12"}}}
}

func ok(by string) assess.Approval { return assess.Approval{By: by, At: noon, Why: "agreed"} }

func opened(t *testing.T) assess.Assessment {
	t.Helper()
	a, err := assess.Open(finding(), time.Time{}, "analyst", noon)
	require.NoError(t, err)
	return a
}

func affected(t *testing.T) assess.Assessment {
	t.Helper()
	a, err := opened(t).WithTriage(assess.Triage{Step: step("analyst"), Result: assess.Affected})
	require.NoError(t, err)
	return a
}

// scored does the four steps for one pair.
func scored(t *testing.T, l assess.Level, h assess.Harm) assess.Assessment {
	t.Helper()
	return walked(t, nil, l, h)
}

// walked is scored by another matrix.
func walked(t *testing.T, m *assess.Matrix, l assess.Level, h assess.Harm) assess.Assessment {
	t.Helper()
	a, err := affected(t).WithExploitability(step("analyst"), attacks[l], m)
	require.NoError(t, err)
	a, err = a.WithImpact(assess.Impact{Step: step("clinician"), Harm: h, Statement: "The pump stops."})
	require.NoError(t, err)
	a, err = a.WithScore(step("analyst"), attacks[l], nil)
	require.NoError(t, err)
	return a
}

func proposed(t *testing.T, l assess.Level, h assess.Harm) assess.Assessment {
	t.Helper()
	a, err := scored(t, l, h).Propose(nil, assess.Proposal{Step: step("analyst")})
	require.NoError(t, err)
	return a
}

func settled(t *testing.T, l assess.Level, h assess.Harm) assess.Assessment {
	t.Helper()
	a, err := proposed(t, l, h).Settle(ok("safety"))
	require.NoError(t, err)
	require.NoError(t, a.Check())
	return a
}

// days is the calendar of a maker whose day begins five or six hours after UTC's.
var days = func() rule.Calendar {
	cal, err := rule.NewCalendar("America/Chicago")
	if err != nil {
		panic(err)
	}
	return cal
}()

// designation designates who to evaluate why corrections are not reported.
func designation(who string) assess.Designation {
	return assess.Designation{Person: who, Role: "regulatory affairs", By: "head of quality", Since: seen.AddDate(-1, 0, 0)}
}
