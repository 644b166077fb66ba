package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/cvss/rubric"
)

// script answers like extended: IP, at will, one role, nobody helps, no other
// scope; no health data; therapy may be changed and can be stopped.
var script = append([]string{"y", "YES", "y", "n", "no", "n", "n"}, strings.Fields("n n n none n n u h n n L n n n n n n")...)

func typed(lines ...string) string { return strings.Join(lines, "\n") + "\n" }

func TestTheQuestionsAreAskedOneAtATimeToAResultWithItsRationale(t *testing.T) {
	t.Parallel()
	status, stdout, stderr := ran(t, typed(script...), "-ask")
	require.Zero(t, status, stderr)
	require.Equal(t, 24, strings.Count(stdout, "] > "), "one prompt for each question on the way")
	at := -1
	for _, q := range rubric.Questions() {
		asked := strings.Index(stdout, "\n"+q.ID+" (")
		if !strings.Contains(extended, q.ID+":") {
			require.Negative(t, asked, "%s is not asked", q.ID)
			continue
		}
		require.Greater(t, asked, at, q.ID)
		require.Contains(t, stdout, q.Text)
		require.NotContains(t, stdout, q.Help, "help comes when it is asked for")
		at = asked
	}
	_, end, found := strings.Cut(stdout, "\nCVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H  9.1 Critical\n")
	require.True(t, found, stdout)
	for _, want := range []string{"extended vector: " + extended, "I:H because XIT:U (delivery of therapy)", "open, scored as the worst until answered: XIT", rubric.Label} {
		require.Contains(t, end, want)
	}
	require.NotContains(t, stdout, "proposed")
}

func TestHelpBackAndAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	in := append([]string{
		"?", "help", "maybe", "", "y/XS:N", "h", "b", // nothing of this is an answer to XAVN
		"n", "y", "b", "b", // XAVN:N, XAVP:Y, and back to the first
	}, script[:1]...)
	in = append(in, "n", "b", "y") // XAVT:N, no: Y
	in = append(in, script[2:]...)
	status, stdout, stderr := ran(t, typed(in...), "-ask")
	require.Zero(t, status, stderr)
	require.Equal(t, 2, strings.Count(stdout, rubric.Questions()[0].Help))
	for _, want := range []string{
		`"maybe" is no answer here.`, `"h" is no answer here.`, `"y/XS:N" is no answer here.`, "Please answer, or say unknown.", "This is the first question.",
		"answered yes earlier; an empty line keeps it", "answered no earlier; an empty line keeps it", "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H  9.1 Critical",
	} {
		require.Contains(t, stdout, want)
	}
	require.NotContains(t, stdout, "decide nothing", "what going back left behind is not part of the result")
}

func TestAnEmptyLineKeepsAnEarlierAnswerAfterGoingBack(t *testing.T) {
	t.Parallel()
	in := append([]string{}, script[:5]...)
	in = append(in, "b", "b", "b", "b", "b", "") // to the beginning; what is answered behind it is not asked again
	in = append(in, script[5:]...)
	status, stdout, stderr := ran(t, typed(in...), "-ask")
	require.Zero(t, status, stderr)
	require.Contains(t, stdout, "extended vector: "+extended)
}

func TestASessionGoesOnFromItsFile(t *testing.T) {
	t.Parallel()
	for cut := range len(script) + 1 {
		file := filepath.Join(t.TempDir(), "session.json")
		if cut > 0 {
			end := "q" // or the input just ends
			if cut%2 == 0 {
				end = "?"
			}
			status, stdout, stderr := ran(t, typed(append(append([]string{}, script[:cut]...), end)...), "-ask", "-file", file)
			if cut < len(script) {
				require.Equal(t, 1, status, stdout)
				require.Contains(t, stderr, "not answered yet")
				require.Contains(t, stderr, file)
				require.NotContains(t, stdout, "rationale")
			}
		}
		status, stdout, stderr := ran(t, typed(append(append([]string{}, script[cut:]...), "q")...), "-ask", "-file", file)
		require.Zero(t, status, stderr)
		require.Equal(t, len(script)-cut, strings.Count(stdout, "] > "), "what is answered is not asked again")
		require.Contains(t, stdout, "extended vector: "+extended)
		b, err := os.ReadFile(file)
		if cut < len(script) {
			require.NoError(t, err)
			require.Contains(t, string(b), extended)
		}
		left, err := os.ReadDir(filepath.Dir(file))
		require.NoError(t, err)
		require.LessOrEqual(t, len(left), 1, "no temporary file is left")
	}
}

func TestAFileThatIsNoSessionIsLeftAlone(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"{", `{"extended":"XAVN:maybe"}`, `[]`} {
		file := filepath.Join(t.TempDir(), "session.json")
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		status, _, stderr := ran(t, "y\n", "-ask", "-file", file)
		require.Equal(t, 2, status)
		require.Contains(t, stderr, file)
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, content, string(b))
	}
	status, stdout, stderr := ran(t, "y\n", "-ask", "-file", filepath.Join(t.TempDir(), "nowhere", "session.json"))
	require.Equal(t, 2, status)
	require.Contains(t, stderr, "nowhere")
	require.Empty(t, stdout, "nothing is asked that cannot be kept")
}

// begun writes a session file.
func begun(t *testing.T, answers string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "session.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"extended":"`+answers+`"}`), 0o600))
	return file
}

// prompted lists the questions that were asked, in order.
func prompted(stdout string) (ids []string) {
	for _, line := range strings.Split(stdout, "\n") {
		if id, _, ok := strings.Cut(line, " ("); ok && strings.HasPrefix(id, "X") && strings.Contains(line, "), answered so far: ") {
			ids = append(ids, id)
		}
	}
	return ids
}

func TestOnlyWhatIsMissingIsAsked(t *testing.T) {
	t.Parallel()
	file := begun(t, "XAVN:Y/XACL:Y/XPRL:N/XUI:N")
	status, stdout, _ := ran(t, typed("y", "n", "q"), "-ask", "-file", file)
	require.Equal(t, 1, status)
	require.Contains(t, stdout, "4 answers are in "+file)
	require.Equal(t, []string{"XAVT", "XS", "XCP"}, prompted(stdout))

	status, stdout, _ = ran(t, typed("b", "b", "n", "n", "q"), "-ask", "-file", file)
	require.Equal(t, 1, status)
	require.Equal(t, []string{"XCP", "XS", "XUI", "XCP", "XIP"}, prompted(stdout), "after going back, too")

	status, stdout, stderr := ran(t, typed(append([]string{"b", "b", "b", "b", "b", "b", "n", "n"}, script[7:]...)...), "-ask", "-file", begun(t, "XAVN:Y/XAVT:Y/XACL:Y/XPRL:N/XUI:N/XS:N/XCP:N"))
	require.Zero(t, status, stderr)
	require.Equal(t, []string{"XIP", "XCP", "XS", "XUI", "XPRL", "XACL", "XAVT", "XAVW", "XIP", "XAP"}, prompted(stdout)[:10])
	require.Contains(t, stdout, "CVSS:3.0/AV:A/")
}

func TestACompleteSessionCanBeRevised(t *testing.T) {
	t.Parallel()
	const ask = "change an answer? (question id, b back, or enter to go on) > "
	file := begun(t, extended)
	status, stdout, stderr := ran(t, typed("xit", "n", "nonsense", "XAVP", ""), "-ask", "-file", file)
	require.Zero(t, status, stderr)
	require.Equal(t, 4, strings.Count(stdout, ask))
	require.Equal(t, 1, strings.Count(stdout, "open, scored as the worst until answered: XIT\n"), "until it is settled")
	require.Equal(t, []string{"XIT"}, prompted(stdout))
	require.Contains(t, stdout, `"nonsense" is none of these questions.`)
	require.Contains(t, stdout, `"XAVP" is none of these questions.`, "it was not asked")
	require.Contains(t, stdout, "answered unknown earlier; an empty line keeps it")
	require.Contains(t, stdout, "\nCVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H  7.5 High\n")
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(b), "XIT:N")

	status, stdout, stderr = ran(t, typed("XAVN", "n", "n", ""), "-ask", "-file", file)
	require.Zero(t, status, stderr)
	require.Equal(t, []string{"XAVN", "XAVP"}, prompted(stdout), "what follows from the change is asked")
	require.Contains(t, stdout, "CVSS:3.0/AV:L/")
	require.NotContains(t, stdout, "decide nothing")

	status, stdout, _ = ran(t, typed("b", "h"), "-ask", "-file", file)
	require.Zero(t, status, "the end of the input goes on")
	require.Equal(t, []string{"XAO"}, prompted(stdout))
	status, stdout, _ = ran(t, typed("XUI", "q"), "-ask", "-file", file)
	require.Zero(t, status, "stopping leaves nothing unanswered here")
	require.Contains(t, stdout, "XAO:H")
}

func TestTheVersionIsChosenAndItsRecognitionTold(t *testing.T) {
	t.Parallel()
	passed := time.Date(2026, 12, 21, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		day               time.Time
		args              []string
		header, told, not string
	}{
		{time.Date(2026, 12, 20, 0, 0, 0, 0, time.UTC), nil, "CVSS:3.0/", "", "warning"},
		{passed, nil, "CVSS:3.0/", "no longer accepts declarations to CVSS v3.0 (recognition 13-116, until 2026-12-20); declarations to CVSS v3.1 are accepted until 2027-07-04 (-version 3.1)", ""},
		{passed, []string{"-version", "3.0"}, "CVSS:3.0/", "(-version 3.1)", ""},
		{passed, []string{"-version", "3.1"}, "CVSS:3.1/", "", "warning"},
		{time.Date(2027, 7, 5, 0, 0, 0, 0, time.UTC), []string{"-version", "3.1"}, "CVSS:3.1/", "declarations to CVSS v3.0 were accepted until 2026-12-20", "-version"},
		{time.Date(2025, 5, 25, 0, 0, 0, 0, time.UTC), []string{"-version", "3.1"}, "CVSS:3.1/", "had not yet recognized CVSS v3.1 (recognition 13-142, 2025-05-26); declarations to CVSS v3.0 are accepted until 2026-12-20 (-version 3.0)", ""},
	} {
		status, stdout, stderr := onDay(t, c.day, typed(script...), append([]string{"-ask"}, c.args...)...)
		require.Zero(t, status, stderr)
		require.Contains(t, stdout, "\n"+c.header+"AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H  9.1 Critical\n")
		require.Equal(t, c.told != "", strings.HasPrefix(stderr, "score: warning: "), stderr)
		require.Contains(t, stderr, c.told)
		require.Equal(t, c.told != "", strings.Contains(stdout, "\nwarning: on "), "the result tells it again")
		if c.not != "" {
			require.NotContains(t, stderr, c.not)
		}
	}
	for _, version := range []string{"4.0", "3", "x"} {
		status, stdout, stderr := ran(t, typed(script...), "-ask", "-version", version)
		require.Equal(t, 2, status)
		require.Empty(t, stdout)
		require.Contains(t, stderr, version)
	}
}

func TestAConfirmationGoesWhenTheQuestionIsAnsweredAnew(t *testing.T) {
	t.Parallel()
	const hint = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"
	for want, in := range map[int][]string{1: {"p", "b", "p"}, 0: {"p", "b", "yes"}} {
		file := filepath.Join(t.TempDir(), "session.json")
		ran(t, typed(append(in, "q")...), "-ask", "-hint", hint, "-file", file, "-by", "jane")
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Contains(t, string(b), "XAVN:Y")
		require.Equal(t, want, strings.Count(string(b), "jane"), string(b))

		ran(t, typed("b", "", "q"), "-ask", "-file", file)
		b, err = os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, want, strings.Count(string(b), "jane"), "an empty line keeps what was confirmed")
	}
}

func TestAProposalBecomesAnAnswerOnlyByANamedPerson(t *testing.T) {
	t.Parallel()
	const hint = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"
	file := filepath.Join(t.TempDir(), "session.json")
	status, stdout, _ := ran(t, typed("", "p", "q"), "-ask", "-hint", hint, "-file", file)
	require.Equal(t, 1, status)
	require.Contains(t, stdout, "XAVN:Y proposed by metric AV:N of "+hint+" (medium confidence)")
	require.Contains(t, stdout, "not an answer until a person confirms it")
	require.Contains(t, stdout, "Please answer, or say unknown.", "an empty line takes no proposal")
	require.Contains(t, stdout, "Only a named person can take a proposal")
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	require.JSONEq(t, `{"extended":""}`, string(b))

	in := append([]string{"p", "p", "b", "n", "b", "y", "p", "p"}, script[3:]...) // XAVT taken, given back and answered; XPRL has none
	status, stdout, stderr := ran(t, typed(in...), "-ask", "-hint", hint, "-file", file, "-by", "jane")
	require.Zero(t, status, stderr)
	require.Contains(t, stdout, "Nothing is proposed here.")
	require.Contains(t, stdout, "XAVN:Y confirmed by jane on 2026-05-04; proposed by metric AV:N of "+hint)
	require.Contains(t, stdout, "XACL:Y confirmed by jane")
	require.NotContains(t, stdout, "XAVT:Y confirmed", "the person answered that themselves")

	status, stdout, _ = ran(t, "", "-ask", "-file", file)
	require.Zero(t, status)
	require.Contains(t, stdout, "XAVN:Y confirmed by jane", "who confirmed is kept")
}
