package rubric_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/cvss/rubric"
)

func compared() rubric.Equivalence {
	return rubric.Equivalence{
		By: "R. Reviewer, Example Devices", Document: "the qualified rubric, v0.12.04", Digest: strings.Repeat("0a", 32),
		Date: "2026-03-01", Flow: rubric.FlowDigest(), Ref: "QMS-1234",
	}
}

func TestOnlyARecordOfEquivalenceMakesTheLabelNameTheMDDT(t *testing.T) {
	t.Parallel()
	require.Contains(t, rubric.Label, "not itself an MDDT")
	e := compared()
	r, err := rubric.Derive(read(t, quiet), &rubric.Options{Equivalence: &e, At: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)})
	require.NoError(t, err)
	for _, want := range []string{"MDDT", e.By, e.Document, e.Digest, e.Date, rubric.ContextOfUse, "not endorsed by MITRE", "the caller says so"} {
		require.Contains(t, r.Label, want)
	}
	require.NotContains(t, r.Label, "not itself")
	require.Equal(t, &e, r.Equivalence)
	e.By = "somebody else"
	require.NotEqual(t, e.By, r.Equivalence.By, "what a Result rests on does not change with the caller's value")

	for _, opts := range []*rubric.Options{nil, {}, {Version: "3.1"}, {At: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}} {
		r, err = rubric.Derive(read(t, quiet), opts)
		require.NoError(t, err)
		require.Equal(t, rubric.Label, r.Label)
		require.Nil(t, r.Equivalence)
	}
	e = compared()
	_, err = rubric.Derive(read(t, quiet), &rubric.Options{Version: "3.1", Equivalence: &e})
	require.ErrorIs(t, err, cvss.ErrVersion)
	require.ErrorContains(t, err, "the qualification speaks of CVSS 3.0")
}

func TestARecordOfEquivalenceThatDoesNotSayWhoWhatAndWhenIsRefused(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	require.NoError(t, compared().Check(at))
	for name, c := range map[string]struct {
		spoil func(*rubric.Equivalence)
		why   string
	}{
		"nobody":             {func(e *rubric.Equivalence) { e.By = "  " }, "by is missing"},
		"two lines":          {func(e *rubric.Equivalence) { e.By = "A\nB" }, "not one line"},
		"not text":           {func(e *rubric.Equivalence) { e.By = "A\xff" }, "not one line"},
		"an essay":           {func(e *rubric.Equivalence) { e.Document = strings.Repeat("x", 201) }, "not one line of up to 200"},
		"no document":        {func(e *rubric.Equivalence) { e.Document = "" }, "document is missing"},
		"no digest":          {func(e *rubric.Equivalence) { e.Digest = "" }, `digest ""`},
		"a digest cut short": {func(e *rubric.Equivalence) { e.Digest = e.Digest[:63] }, "not a SHA-256"},
		"a digest in capitals": {func(e *rubric.Equivalence) { e.Digest = strings.ToUpper(e.Digest) },
			"not a SHA-256"},
		"zeros for a digest":  {func(e *rubric.Equivalence) { e.Digest = strings.Repeat("0", 64) }, "not a SHA-256"},
		"no date":             {func(e *rubric.Equivalence) { e.Date = "" }, `date ""`},
		"no such day":         {func(e *rubric.Equivalence) { e.Date = "2026-02-30" }, "not a day"},
		"a day to come":       {func(e *rubric.Equivalence) { e.Date = "2026-04-02" }, "lies ahead of 2026-04-01"},
		"before the document": {func(e *rubric.Equivalence) { e.Date = "2020-10-19" }, "before the document was qualified"},
		"of another flow":     {func(e *rubric.Equivalence) { e.Flow = strings.Repeat("ab", 32) }, "compare again"},
		"of no flow":          {func(e *rubric.Equivalence) { e.Flow = "" }, "compare again"},
	} {
		e := compared()
		c.spoil(&e)
		require.ErrorContains(t, e.Check(at), c.why, name)
		_, err := rubric.Derive(read(t, quiet), &rubric.Options{Equivalence: &e, At: at})
		require.ErrorContains(t, err, "rubric: equivalence: ", name)
	}
	err := rubric.Equivalence{}.Check(at)
	for _, want := range []string{"by is missing", "document is missing", "digest", "date", "flow"} {
		require.ErrorContains(t, err, want, "all at once")
	}
	ahead := compared()
	ahead.Date = "2099-01-01"
	require.NoError(t, ahead.Check(time.Time{}), "without an instant no day lies ahead")
}

func TestTheDigestOfTheFlowChangesWithTheWordingAndTheTables(t *testing.T) {
	t.Parallel()
	good := string(rubric.EmbeddedFlow())
	require.Equal(t, rubric.FlowDigest(), rubric.DigestOf([]byte(good)))
	require.Len(t, rubric.FlowDigest(), 64)
	for _, c := range [][2]string{
		{"Is the link a wireless one?", "Is the link wireless?"},
		{`{"value": "P", "sources"`, `{"value": "L", "sources"`},
	} {
		require.Contains(t, good, c[0])
		require.NotEqual(t, rubric.FlowDigest(), rubric.DigestOf([]byte(strings.Replace(good, c[0], c[1], 1))))
	}
	require.Equal(t, rubric.FlowDigest(), rubric.DigestOf([]byte(strings.ReplaceAll(good, "\n", "\n "))), "spaces between do not count")
}

func TestAResultSurvivesJSON(t *testing.T) {
	t.Parallel()
	e := compared()
	r, err := rubric.Derive(answered(t, "", "XIT:U XCPM:Y"), &rubric.Options{Equivalence: &e, At: time.Date(2026, 12, 21, 0, 0, 0, 0, time.UTC)})
	require.NoError(t, err)
	b, err := json.Marshal(r)
	require.NoError(t, err)
	var again rubric.Result
	require.NoError(t, json.Unmarshal(b, &again))
	require.Equal(t, r, again)
}
