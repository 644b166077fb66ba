package rubric_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/cvss/rubric"
)

// order is the element order, written down again.
const order = "XAVN XAVT XAVW XAVR XAVP XAVPA XACL XPRL XPRZ XPRS XUI XS XCP XCPM XIP XAP " +
	"XCD XID XAD XCT XIT XAT XCW XIW XAW XCS XIS XAS XCO XIO XAO"

// quiet answers everything so that each metric takes a value without a story:
// AV:N/AC:L/PR:N/UI:N/S:U and no impact at all.
const quiet = "XAVN:Y/XAVT:Y/XACL:Y/XPRL:N/XUI:N/XS:N/XCP:N/XIP:N/XAP:N/XCD:N/XID:N/XAD:N/" +
	"XCT:N/XIT:N/XAT:N/XCW:N/XIW:N/XAW:N/XCS:N/XIS:N/XAS:N/XCO:N/XIO:N/XAO:N"

func read(t testing.TB, s string) rubric.Answers {
	t.Helper()
	a, err := rubric.ParseExtended(s)
	require.NoError(t, err)
	return a
}

// answered is quiet without the questions of drop and with the elements of add.
func answered(t testing.TB, drop, add string) rubric.Answers {
	t.Helper()
	a := read(t, quiet)
	for id := range strings.FieldsSeq(drop) {
		delete(a, id)
	}
	for e := range strings.FieldsSeq(add) {
		id, answer, _ := strings.Cut(e, ":")
		a[id] = rubric.Answer(answer)
	}
	return a
}

func derived(t testing.TB, a rubric.Answers) rubric.Result {
	t.Helper()
	r, err := rubric.Derive(a, nil)
	require.NoError(t, err)
	return r
}

func TestThereAre31QuestionsInElementOrder(t *testing.T) {
	t.Parallel()
	var got []string
	kinds, said := map[rubric.Kind]int{}, map[string]bool{}
	for _, q := range rubric.Questions() {
		got = append(got, q.ID)
		kinds[q.Kind]++
		require.NotEmpty(t, q.Number)
		require.True(t, strings.HasSuffix(q.Text, "?"), q.ID)
		require.Greater(t, len(q.Help), 40, q.ID)
		require.NotEqual(t, q.Text, q.Help, q.ID)
		require.False(t, said[q.Text], "%s asks what another asks", q.ID)
		said[q.Text] = true
		require.True(t, q.Confidence.Valid(), q.ID)
		require.LessOrEqual(t, q.Ruling, len(rubric.Rulings()), q.ID)
		require.NotEmpty(t, q.Answers())
	}
	require.Empty(t, cmp.Diff(strings.Fields(order), got))
	require.Equal(t, map[rubric.Kind]int{rubric.Decision: 14, rubric.Impact: 17}, kinds)
	for i, r := range rubric.Rulings() {
		require.Equal(t, i+1, r.Number)
		require.NotEmpty(t, r.Text)
	}
}

func TestRecognitionsCarryTheirDates(t *testing.T) {
	t.Parallel()
	dates := map[string][2]string{}
	for _, r := range rubric.Recognitions() {
		dates[r.ID+" "+r.Standard] = [2]string{r.Since, r.Until}
	}
	require.Equal(t, map[string][2]string{
		"13-116 CVSS v3.0": {"2020-10-19", "2026-12-20"},
		"13-142 CVSS v3.1": {"2025-05-26", "2027-07-04"},
	}, dates)
}

func TestTheWorkedExamples(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers rubric.Answers
		vector  string
		score   float64
	}{
		"recorded row Test": {read(t, "XAVN:Y/XAVT:Y/XACL:Y/XPRL:Y/XPRZ:Y/XPRS:Y/XUI:Y/XS:Y/XCP:Y/XCPM:N/XIP:H/XAP:L/XCD:H/XID:L/XAD:L/XCT:H/XIT:L/XAT:N/XCW:H/XIW:L/XAW:N/XCS:L/XIS:L/XAS:N/XCO:L/XIO:N/XAO:N"),
			"AV:N/AC:L/PR:H/UI:R/S:C/C:H/I:H/A:L", 8.3},
		"recorded row Test2": {read(t, "XAVN:Y/XAVT:N/XAVW:N/XACL:Y/XPRL:N/XUI:Y/XS:Y/XCP:Y/XCPM:Y/XIP:L/XAP:H/XCD:H/XID:L/XAD:H/XCT:H/XIT:L/XAT:H/XCW:L/XIW:L/XAW:H/XCS:H/XIS:L/XAS:N/XCO:H/XIO:L/XAO:L"),
			"AV:A/AC:L/PR:N/UI:R/S:C/C:H/I:L/A:H", 8.7},
		"an infusion pump stopped over IP":               {answered(t, "", "XAT:H"), "AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", 7.5},
		"a small clinic's health data":                   {answered(t, "", "XCP:Y XCPM:N"), "AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N", 5.3},
		"the same with diagnostic data":                  {answered(t, "", "XCP:Y XCPM:N XCD:H"), "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5},
		"a glucose monitor with a short radio, below IP": {answered(t, "XAVT", "XAVT:N XAVW:Y XAVR:Y XCD:H"), "AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 6.2},
		"no impact at all scores nothing":                {answered(t, "", "XS:Y"), "AV:N/AC:L/PR:N/UI:N/S:C/C:N/I:N/A:N", 0},
		"the worst of everything stops at ten":           {answered(t, "", "XS:Y XCD:H XID:H XAD:H"), "AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10},
	} {
		r := derived(t, c.answers)
		require.Equal(t, "CVSS:3.0/"+c.vector, r.Vector.String(), name)
		require.Equal(t, c.score, r.Vector.Base(), name)
		require.Equal(t, rubric.Label, r.Label)
	}
}

func TestNextDrivesTheWholeQuestionnaire(t *testing.T) {
	t.Parallel()
	place := map[string]int{}
	for i, id := range strings.Fields(order) {
		place[id] = i
	}
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		a, last := rubric.Answers{}, -1
		for {
			q, done := rubric.Next(a)
			if done {
				require.Empty(t, q)
				break
			}
			var missing *rubric.IncompleteError
			_, err := rubric.Derive(a, nil)
			require.ErrorAs(t, err, &missing)
			require.Equal(t, q.ID, missing.Missing[0])
			require.Greater(t, place[q.ID], last, "questions come in element order")
			last = place[q.ID]
			a[q.ID] = q.Answers()[random.IntN(len(q.Answers()))]
		}
		r := derived(t, a)
		require.Empty(t, r.OffPath, "nothing was asked in vain")
		require.Equal(t, a, r.Answers)
		require.Equal(t, a, read(t, a.String()))
	}
}

func TestAnIncompleteAssessmentListsEveryQuestionReached(t *testing.T) {
	t.Parallel()
	a := read(t, quiet)
	delete(a, "XAVT")
	delete(a, "XIW")
	a["XCP"] = "YES"
	a["XUI"] = ""
	a["XS"] = "Not Answered"
	_, err := rubric.Derive(a, nil)
	var missing *rubric.IncompleteError
	require.ErrorAs(t, err, &missing)
	require.Equal(t, []string{"XAVT", "XUI", "XS", "XCPM", "XIW"}, missing.Missing)
	require.EqualError(t, err, "rubric: not answered yet: XAVT XUI XS XCPM XIW")

	_, err = rubric.Derive(nil, nil)
	require.ErrorAs(t, err, &missing)
	require.Len(t, missing.Missing, 5+18, "all that is asked in any case")
}

func TestAnswersThatWereNotAskedForDecideNothing(t *testing.T) {
	t.Parallel()
	a := answered(t, "", "XAVN:N XAVP:N XAVPA:U XPRS:Y XCPM:Y") // XAVT:Y is stale
	r := derived(t, a)
	require.Equal(t, "L", r.Vector.Get("AV"), "a stale XAVT does not override XAVN")
	require.Equal(t, rubric.Answers{"XAVT": "Y", "XAVPA": "U", "XPRS": "Y", "XCPM": "Y"}, r.OffPath)
	require.Empty(t, r.Open, "an Unknown that was not asked is no work item")
	require.NotContains(t, a.String(), "XAVT")
	require.NotContains(t, r.Answers, "XAVT")
}

func TestWordsInAnyCaseAreAnswers(t *testing.T) {
	t.Parallel()
	a := read(t, quiet)
	for id, answer := range a {
		word := map[bool]map[rubric.Answer]rubric.Answer{
			true:  {"Y": "Yes", "N": "no"},
			false: {"N": "nOnE"},
		}
		decision := strings.HasPrefix(id, "XAV") || strings.HasPrefix(id, "XPR") || id == "XACL" || id == "XUI" || id == "XS" || id == "XCP"
		a[id] = word[decision][answer]
	}
	a["XAT"], a["XCD"], a["XS"] = "high", "Low", "UNKNOWN"
	r := derived(t, a)
	require.Equal(t, "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:L/I:N/A:H", r.Vector.String())
	require.Equal(t, []string{"XS"}, r.Open)
	require.Equal(t, rubric.Yes, r.Answers["XAVN"], "what comes back is codes")
	require.Equal(t, a.String(), r.Answers.String())
}

func TestWhatCannotBeAnAnswerIsRefused(t *testing.T) {
	t.Parallel()
	for id, answer := range map[string]rubric.Answer{
		"XAVN": "H", "XAT": "Y", "XACL": "NONE", "XIT": "NO", "XZZ": "Y", "xavn": "Y", "XUI": " Y", "XS": "YE\u017f",
	} {
		a := read(t, quiet)
		a[id] = answer
		_, err := rubric.Derive(a, nil)
		var bad *rubric.AnswerError
		require.ErrorAs(t, err, &bad, id)
		require.Equal(t, id, bad.ID)
		require.Equal(t, answer, bad.Answer)
	}
	q, done := rubric.Next(answered(t, "", "XACL:maybe"))
	require.False(t, done)
	require.Equal(t, "XACL", q.ID, "it is asked again")
}

func TestThePatientSafetyFlagIsOursAndSaysWhy(t *testing.T) {
	t.Parallel()
	for _, q := range rubric.Questions() {
		if q.Kind != rubric.Impact {
			continue
		}
		touches := strings.Contains("XID XIT XIW XAD XAT XAW", q.ID)
		for _, answer := range q.Answers() {
			f := derived(t, answered(t, "", q.ID+":"+string(answer))).PatientSafety
			want := touches && (answer == rubric.High || answer == rubric.Unknown)
			require.Equal(t, want, f.Set, "%s:%s", q.ID, answer)
			require.Contains(t, f.Label, "convention")
			if want {
				require.Equal(t, []string{q.ID}, f.Because)
			}
		}
	}
}

func TestUnknownNeverScoresBelowAnAnswer(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 2))
		a := rubric.Answers{}
		for q, done := rubric.Next(a); !done; q, done = rubric.Next(a) {
			a[q.ID] = q.Answers()[random.IntN(len(q.Answers()))]
		}
		known := derived(t, a).Vector.Base()
		for id := range a {
			b := maps.Clone(a)
			b[id] = rubric.Unknown
			require.GreaterOrEqual(t, derived(t, b).Vector.Base(), known, "%s with %s unknown", a, id)
		}
	}
}

func TestCheckDerivesTheStoredVectorAgain(t *testing.T) {
	t.Parallel()
	a := answered(t, "", "XAT:H")
	good, err := cvss.Parse("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H/E:U/MAV:A")
	require.NoError(t, err)
	require.NoError(t, a.Check(good), "version, temporal and environmental metrics do not count")

	bad, err := good.With("A", "L")
	require.NoError(t, err)
	bad, err = bad.With("AV", "A")
	require.NoError(t, err)
	var differ *rubric.MismatchError
	require.ErrorAs(t, a.Check(bad), &differ)
	require.Equal(t, []string{"AV", "A"}, differ.Differ)
	require.Equal(t, bad, differ.Stored)
	require.Equal(t, "H", differ.Derived.Get("A"))

	require.ErrorIs(t, a.Check(cvss.Vector{}), rubric.ErrNoVector)
	require.NotErrorIs(t, a.Check(bad), rubric.ErrNoVector)
	delete(a, "XS")
	var missing *rubric.IncompleteError
	require.ErrorAs(t, a.Check(good), &missing)
}

func TestTheRubricDoesNotSpeakOfOtherVersions(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.0", "2.0", "3", "x"} {
		_, err := rubric.Derive(read(t, quiet), &rubric.Options{Version: version})
		require.ErrorIs(t, err, cvss.ErrVersion)
	}
}

func TestAResultKeepsThroughJSON(t *testing.T) {
	t.Parallel()
	want := derived(t, answered(t, "", "XAT:U XCPM:Y XS:U"))
	raw, err := json.Marshal(want)
	require.NoError(t, err)
	var got rubric.Result
	require.NoError(t, json.Unmarshal(raw, &got))
	require.Empty(t, cmp.Diff(want, got, cmp.Comparer(func(a, b cvss.Vector) bool { return a == b })))
}

func TestTheCallersAnswersAreLeftAlone(t *testing.T) {
	t.Parallel()
	a := answered(t, "", "XAT:high XCPM:Y")
	before := maps.Clone(a)
	r := derived(t, a)
	r.Answers["XAT"] = rubric.Low
	r.OffPath["XCPM"] = rubric.No
	require.Equal(t, before, a)
	rubric.Rulings()[0].Text = ""
	require.NotEmpty(t, rubric.Rulings()[0].Text)
}

func TestEveryRowSaysAnswerValueSourceRulingAndDoubt(t *testing.T) {
	t.Parallel()
	r := derived(t, answered(t, "XCP XAVN XAVT", "XAVN:N XAVP:Y XAVPA:N XCP:Y XCPM:N XIT:U XAW:L XID:H"))
	require.Len(t, r.Rationale, 5+18)
	doubts := 0
	for _, row := range r.Rationale {
		line := row.String()
		require.Contains(t, line, row.Metric+":"+row.Value+" because "+row.Answers)
		require.NotEmpty(t, row.Source)
		require.Contains(t, line, row.Source)
		require.Contains(t, line, row.Category)
		require.Equal(t, row.Decides, !strings.Contains(line, "outweighed"))
		if row.Ruling > 0 {
			require.Contains(t, line, fmt.Sprintf("ruling %d;", row.Ruling))
		}
		if row.Confidence != rubric.Sure {
			doubts++
			require.Contains(t, line, string(row.Confidence)+" confidence:")
		}
	}
	require.Equal(t, 4, doubts, "AV:P, PHI by number, an unknown impact, Low outside health data")
	require.Contains(t, rubric.Doubtful.Note(), "low confidence:")
	require.Equal(t, "confidence not said", rubric.Confidence("").Note())
}
