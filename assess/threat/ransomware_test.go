package threat_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/assess/threat"
	"github.com/open-postmarket/postmarket/cvss/rubric"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/internal/golden"
	"github.com/open-postmarket/postmarket/match"
)

func hours(h float64) *float64 { return &h }

func fact(check string) threat.Fact {
	return threat.Fact{Check: check, By: "field-service", At: noon.AddDate(0, -2, 0), Evidence: report("report " + check)}
}

func stated(check string, a assess.Answer) threat.Fact {
	f := fact(check)
	f.Answer = a
	return f
}

func timed(check string, has, needed float64) threat.Fact {
	f := fact(check)
	f.Hours, f.Needed = hours(has), hours(needed)
	return f
}

// ready is a product that meets every check.
func ready() threat.Readiness {
	return threat.Readiness{Product: "pump-2.1", Uses: []threat.Use{{Function: threat.TherapyControl, Name: "infusion", Essential: true}}, Facts: []threat.Fact{
		fact("restore-tested"), timed("restore-time", 6, 8), timed("offline", 72, 48), stated("isolated", assess.Yes), fact("downtime"), stated("backup-isolated", assess.Yes),
		stated("shares", assess.No), stated("media", assess.Yes), stated("keys", assess.Yes), stated("clinical-safety", assess.Yes),
	}}
}

// with is ready with one fact in the place of another of the same check.
func with(f threat.Fact) threat.Readiness {
	r := ready()
	for i := range r.Facts {
		if r.Facts[i].Check == f.Check {
			r.Facts[i] = f
		}
	}
	return r
}

func found(exploited *feeds.Exploited) match.Finding {
	return match.Finding{
		Product: "pump-2.1", Coordinate: "cpe:o:microsoft:windows_10", Vulnerability: "CVE-2017-0144", IDs: []feeds.ID{"CVE-2017-0144"},
		Instances: []match.Instance{{Component: match.Component{Ref: "os", Name: "Windows 10"}, Evidence: []match.Evidence{{Source: "nvd", Item: "CVE-2017-0144", Digest: "d", Leaf: "windows 10"}}}},
		Exploited: exploited, Seen: noon.AddDate(0, 0, -3),
	}
}

func TestNothingStatedIsAllGaps(t *testing.T) {
	t.Parallel()
	r, err := threat.Ransomware(threat.Readiness{}, nil, nil, noon)
	require.NoError(t, err)
	require.Empty(t, r.Met)
	require.Len(t, r.Gaps, 10)
	for _, g := range r.Gaps {
		require.Equal(t, threat.NotStated, g.State, g.Check)
		require.NoError(t, g.Citation.Check(), g.Check)
		require.NotEmpty(t, g.Question, g.Check)
	}
	require.Len(t, r.Losses, len(threat.Functions()))
	require.Empty(t, r.Raised)
}

func TestAllStatedWithEvidenceIsNoGap(t *testing.T) {
	t.Parallel()
	r, err := threat.Ransomware(ready(), nil, nil, noon)
	require.NoError(t, err)
	require.Empty(t, r.Gaps)
	require.Len(t, r.Met, 10)
	require.Len(t, r.Losses, 1)
	require.Equal(t, assess.Critical, r.Losses[0].Harm)
}

func TestEachFactIsJudged(t *testing.T) {
	t.Parallel()
	bare := func(f threat.Fact, spoil func(f *threat.Fact)) threat.Fact { spoil(&f); return f }
	for name, c := range map[string]struct {
		fact  threat.Fact
		state threat.GapState
		found string
	}{
		"restore never tried":           {bare(fact("restore-tested"), func(f *threat.Fact) { f.At = time.Time{} }), threat.NotStated, "when it was done"},
		"restore failed":                {stated("restore-tested", assess.No), threat.NotMet, "failed"},
		"restore long ago":              {bare(fact("restore-tested"), func(f *threat.Fact) { f.At = noon.AddDate(-1, 0, -1) }), threat.TooOld, "done on 2025-11-27; after 12 months"},
		"restore a year ago":            {bare(fact("restore-tested"), func(f *threat.Fact) { f.At = noon.AddDate(-1, 0, 0) }), "", ""},
		"restore in the future":         {bare(fact("restore-tested"), func(f *threat.Fact) { f.At = noon.Add(1) }), threat.NotProven, "not yet"},
		"restore by nobody":             {bare(fact("restore-tested"), func(f *threat.Fact) { f.By = "" }), threat.NotProven, "not said: who"},
		"restore without a report":      {bare(fact("restore-tested"), func(f *threat.Fact) { f.Evidence = nil }), threat.NotProven, "not said: evidence"},
		"restore too slow":              {timed("restore-time", 8.5, 8), threat.NotMet, "8.5 hours, at most 8 are needed"},
		"restore just quick enough":     {timed("restore-time", 8, 8), "", ""},
		"offline too short":             {timed("offline", 24, 48), threat.NotMet, "24 hours, at least 48 are needed"},
		"offline just long enough":      {timed("offline", 48, 48), "", ""},
		"offline, need not stated":      {bare(timed("offline", 24, 48), func(f *threat.Fact) { f.Needed = nil }), threat.NotStated, "not stated"},
		"offline, zero is stated":       {timed("offline", 0, 1), threat.NotMet, "0 hours"},
		"offline said without a test":   {bare(timed("offline", 72, 48), func(f *threat.Fact) { f.Evidence = report("") }), threat.NotProven, "evidence"},
		"isolated, no":                  {stated("isolated", assess.No), threat.NotMet, "the answer is no"},
		"isolated, nothing":             {stated("isolated", ""), threat.NotStated, "neither"},
		"shares, yes":                   {stated("shares", assess.Yes), threat.NotMet, "the answer is yes"},
		"shares, no, without a scan":    {bare(stated("shares", assess.No), func(f *threat.Fact) { f.Evidence, f.At = nil, time.Time{} }), threat.NotProven, "when, evidence"},
		"shares, yes, without evidence": {bare(stated("shares", assess.Yes), func(f *threat.Fact) { f.Evidence = nil }), threat.NotMet, "yes"},
		"keys, no":                      {stated("keys", assess.No), threat.NotMet, "no"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := threat.Ransomware(with(c.fact), nil, nil, noon)
			require.NoError(t, err)
			if c.state == "" {
				require.Empty(t, r.Gaps)
				return
			}
			require.Len(t, r.Gaps, 1)
			require.Equal(t, c.fact.Check, r.Gaps[0].Check)
			require.Equal(t, c.state, r.Gaps[0].State)
			require.Contains(t, r.Gaps[0].Found, c.found)
			require.Equal(t, &c.fact, r.Gaps[0].Fact)
		})
	}
}

func TestFactsThatMeanNothingAreRefused(t *testing.T) {
	t.Parallel()
	r := with(timed("offline", math.NaN(), 1))
	r.Facts = append(r.Facts, fact("coffee"), fact("keys"))
	r.Facts[3].Answer, r.Facts[1].Hours = "maybe", hours(-1)
	r.Uses[0].Function = "cooking"
	other := found(nil)
	other.Product = "pump-1.9"
	_, err := threat.Ransomware(r, []match.Finding{other}, nil, time.Time{})
	for _, want := range []string{`"coffee" is not known`, `"keys" is there twice`, `"maybe" is neither yes nor no`, `"offline": hours are negative`, `"restore-time": hours are negative`,
		`"cooking" is not known`, "the time is missing", `is not of product "pump-2.1"`} {
		require.ErrorContains(t, err, want)
	}
	_, err = threat.Ransomware(threat.Readiness{}, nil, &threat.Table{}, noon)
	require.Error(t, err)
}

// TestKnownRansomwareRaisesExploitabilityAndNothingElse: the raise goes into step
// 2 of an assessment, which then needs the other steps, a proposal and an
// approval as before.
func TestKnownRansomwareRaisesExploitabilityAndNothingElse(t *testing.T) {
	t.Parallel()
	listed := time.Date(2022, 2, 10, 0, 0, 0, 0, time.UTC)
	marked := found(&feeds.Exploited{Added: listed, Ransomware: true})
	r, err := threat.Ransomware(ready(), []match.Finding{found(nil), found(&feeds.Exploited{Added: listed}), marked}, nil, noon)
	require.NoError(t, err)
	require.Len(t, r.Raised, 1, "exploited without the mark is not raised here, nor what is not listed")
	up := r.Raised[0]
	require.Equal(t, marked.Key(), up.Finding)
	require.Equal(t, assess.High, up.Raise.To)
	require.Contains(t, up.Raise.Why, "listed since 2022-02-10")
	require.NoError(t, up.Citation.Check())

	step := assess.Step{By: "analyst", At: noon, Why: "looked at it", Evidence: report("design file 12")}
	answers := rubric.Answers{}
	for q, done := rubric.Next(answers); !done; q, done = rubric.Next(answers) {
		answers[q.ID] = rubric.No
	}
	// Opened on the unmarked finding: the raise alone lifts the level.
	a, err := assess.Open(found(nil), time.Time{}, "analyst", noon)
	require.NoError(t, err)
	a, err = a.WithTriage(assess.Triage{Step: step, Result: assess.Affected})
	require.NoError(t, err)
	low, err := a.WithExploitability(step, answers, nil)
	require.NoError(t, err)
	a, err = a.WithExploitability(step, answers, nil, up.Raise)
	require.NoError(t, err)
	require.NotEqual(t, assess.High, low.Exploitability.Level)
	require.Equal(t, assess.High, a.Exploitability.Level)
	require.Equal(t, low.Exploitability.Vector, a.Exploitability.Vector, "the vector is not touched")
	require.True(t, a.Undetermined())
	require.Nil(t, a.Determination)
}

func TestAResultIsKept(t *testing.T) {
	t.Parallel()
	r := with(timed("offline", 24, 48))
	r.Facts = r.Facts[1:]
	got, err := threat.Ransomware(r, []match.Finding{found(&feeds.Exploited{Ransomware: true})}, nil, noon)
	require.NoError(t, err)
	got.Table = ""
	golden.Equal(t, pretty(t, got), "testdata/pump.json")
}
