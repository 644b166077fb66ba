package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/cvss/rubric"
	"github.com/open-postmarket/postmarket/internal/testdata"
)

const extended = "XAVN:Y/XAVT:Y/XACL:Y/XPRL:N/XUI:N/XS:N/XCP:N/XIP:N/XAP:N/XCD:N/XID:N/XAD:N/" +
	"XCT:N/XIT:U/XAT:H/XCW:N/XIW:N/XAW:L/XCS:N/XIS:N/XAS:N/XCO:N/XIO:N/XAO:N"

// ran runs the program in May 2026.
func ran(t *testing.T, in string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	return onDay(t, time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC), in, args...)
}

func onDay(t *testing.T, day time.Time, in string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, complaints bytes.Buffer
	p := program{strings.NewReader(in), &out, &complaints, func() time.Time { return day }}
	status = p.run(t.Context(), args)
	return status, out.String(), complaints.String()
}

func TestARowForEachLineInOrder(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H":                        "3.0\t7.5\t-\t-\t7.5\tHigh\t-",
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N":                        "3.1\t0.0\t-\t-\t0.0\tNone\t-",
		"CVSS:3.1/S:C/AV:N/AC:L/PR:N/UI:N/C:H/I:H/A:H":                        "3.1\t10.0\t-\t-\t10.0\tCritical\t-",
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H/E:U/RL:O":               "3.1\t7.5\t6.5\t-\t6.5\tMedium\t-",
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H/E:X":                    "3.1\t7.5\t-\t-\t7.5\tHigh\t-",
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H/MAV:P":                  "3.1\t7.5\t-\t4.6\t4.6\tMedium\t-",
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H/E:U/MAV:P":              "3.1\t7.5\t6.9\t4.2\t4.2\tMedium\t-",
		"AV:N/AC:L/Au:N/C:N/I:N/A:C":                                          "2.0\t7.8\t-\t-\t7.8\tHigh\t-",
		"AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:H": "2.0\t7.8\t6.4\t9.2\t9.2\tHigh\t-",
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N":     "4.0\t9.3\t-\t-\t9.3\tCritical\t-",
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U": "4.0\t9.3\t8.1\t-\t8.1\tHigh\t-",
		extended:               "3.0\t9.1\t-\t-\t9.1\tCritical\tCVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H",
		"CVSS:3.0/" + extended: "3.0\t9.1\t-\t-\t9.1\tCritical\tCVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H",
		"CVSS:3.1/" + extended: "3.1\t9.1\t-\t-\t9.1\tCritical\tCVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H",
		strings.Replace(extended, "XAVN:Y/XAVT:Y", "XAVN:U", 1): "3.0\t9.1\t-\t-\t9.1\tCritical\tCVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H",
	} {
		for _, run := range []func() (int, string, string){
			func() (int, string, string) { return ran(t, in) },
			func() (int, string, string) { return ran(t, in+"\n") },
			func() (int, string, string) { return ran(t, "\ufeff"+in+"\r\n") },
			func() (int, string, string) { return ran(t, "no line of it is read", in) },
		} {
			status, stdout, stderr := run()
			require.Zero(t, status, stdout)
			require.Equal(t, header+"\n"+in+"\t"+want+"\n", stdout)
			if strings.Contains(in, "XAVN") {
				require.Equal(t, "score: "+rubric.Label+"\n", stderr)
			} else {
				require.Empty(t, stderr)
			}
		}
	}
}

func TestABadLineKeepsItsRowAndTheStatusIsOne(t *testing.T) {
	t.Parallel()
	good := "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"
	long := good + strings.Repeat("/", maxLine)
	in := strings.Join([]string{good, "", " " + good, "CVSS:3.1/AV:N\tC:H", "nonsense", "CVSS:9.0/AV:N", "XAVN:Y", "XAVN:Y/XAVZ:N", "CVSS:4.0/" + extended, "\xff\ufffd", long, good}, "\n")
	status, stdout, stderr := ran(t, in)
	require.Equal(t, 1, status)
	require.Empty(t, stderr)
	rows := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	require.Len(t, rows, 1+12, "the header and a row for each line")
	for i, want := range []string{
		good + "\t3.1\t7.5", "\terror\t", " " + good + "\terror\t", `CVSS:3.1/AV:N\tC:H` + "\terror\t", "nonsense\terror\t", "CVSS:9.0/AV:N\terror\t",
		"XAVN:Y\terror\trubric: not answered yet: XAVT XACL ", "XAVN:Y/XAVZ:N\terror\t", "CVSS:4.0/" + extended + "\terror\t", `\xff` + "\ufffd\terror\t",
		good + "///", good + "\t3.1\t7.5",
	} {
		require.True(t, strings.HasPrefix(rows[i+1], want), "row %d is %.100q", i+1, rows[i+1])
		if strings.Contains(want, "\terror\t") {
			require.Len(t, strings.Split(rows[i+1], "\t"), 3)
			require.NotEmpty(t, strings.Split(rows[i+1], "\t")[2])
		}
	}
	status, stdout, _ = ran(t, "")
	require.Zero(t, status)
	require.Equal(t, header+"\n", stdout, "no line, no row")
	status, stdout, _ = ran(t, "", "")
	require.Equal(t, 1, status)
	require.Contains(t, stdout, "\n\terror\t")
}

func TestLenientForgivesHowAVectorIsWritten(t *testing.T) {
	t.Parallel()
	for _, text := range []string{" cvss:3.1/av:n/ac:l/pr:n/ui:n/s:u/c:n/i:n/a:h ", "(AV:N/AC:L/Au:N/C:N/I:N/A:C)", extended + " "} {
		status, _, _ := ran(t, text)
		require.Equal(t, 1, status, text)
		status, stdout, _ := ran(t, text, "-lenient")
		require.Zero(t, status, stdout)
		require.Contains(t, stdout, "\n"+text+"\t", "the row shows what was given")
	}
	status, _, _ := ran(t, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N", "-lenient")
	require.Equal(t, 1, status, "never what is missing")
}

func TestAnswersThatWereNotAskedForAreReported(t *testing.T) {
	t.Parallel()
	status, stdout, stderr := ran(t, "", extended+"/XAVP:Y/XCPM:Y")
	require.Zero(t, status)
	require.Contains(t, stdout, "\t9.1\t")
	require.Equal(t, "score: "+rubric.Label+"\nscore: vector 1: not asked for, so they decide nothing: XAVP:Y XCPM:Y\n", stderr)
}

func TestTheLabelAndAPassedRecognitionAreToldOnceARun(t *testing.T) {
	t.Parallel()
	in := typed(extended, extended, "CVSS:3.1/"+extended, "CVSS:3.0/"+extended)
	passed := time.Date(2026, 12, 21, 0, 0, 0, 0, time.UTC)
	const warning = "score: warning: on 2026-12-21 FDA no longer accepts declarations to CVSS v3.0 (recognition 13-116, until 2026-12-20); declarations to CVSS v3.1 are accepted until 2027-07-04\n"
	status, stdout, stderr := onDay(t, passed, in)
	require.Zero(t, status)
	require.Equal(t, "score: "+rubric.Label+"\n"+warning, stderr)
	for _, line := range strings.Split(strings.TrimSuffix(stdout, "\n"), "\n") {
		require.Equal(t, 7, strings.Count(line, "\t"), line)
	}
	_, _, stderr = onDay(t, passed, "CVSS:3.1/"+extended)
	require.Equal(t, "score: "+rubric.Label+"\n", stderr)
	_, _, stderr = onDay(t, time.Date(2027, 7, 5, 0, 0, 0, 0, time.UTC), in)
	require.Equal(t, 2, strings.Count(stderr, "warning: "), "one for each version")
	_, _, stderr = onDay(t, passed, "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H")
	require.Empty(t, stderr, "a plain vector is not of the rubric")
}

func TestALineThatIsCutSaysSo(t *testing.T) {
	t.Parallel()
	good := "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"
	pad := func(n int) string { return good + strings.Repeat(" ", n-len(good)) }
	for in, cut := range map[string]bool{pad(maxLine): false, pad(maxLine) + "x": true, pad(maxLine - 1): false, pad(maxLine-1) + "é": true, strings.Repeat("é", maxLine): true} {
		for _, end := range []string{"", "\n", "\r\n"} {
			status, stdout, _ := ran(t, in+end, "-lenient")
			cell, _, _ := strings.Cut(strings.Split(stdout, "\n")[1], "\t")
			require.Equal(t, cut, strings.HasSuffix(cell, "… (cut after 65536 bytes)"), "%.20q and %q", in[maxLine-2:], end)
			require.NotContains(t, cell, `\x`, "it is cut between characters")
			require.Equal(t, cut, status == 1, "what is cut is no vector, though its beginning may be")
		}
	}
}

func TestWhatBreaksALineIsEscaped(t *testing.T) {
	t.Parallel()
	_, stdout, _ := ran(t, "a\u2028b\u2029c\u0085d\te")
	require.Contains(t, stdout, `a\u2028b\u2029c\u0085d`)
	require.NotContains(t, strings.SplitN(stdout, "\n", 2)[1], "\u2028")
	require.NotContains(t, stdout, "\u2029")
	require.NotContains(t, stdout, "\u0085")
}

// timed and placed find a temporal and an environmental metric that is given.
var (
	timed  = regexp.MustCompile(`/(E|RL|RC):[^XN/]`)
	placed = regexp.MustCompile(`/(M[A-Z]{1,3}|[CIA]R|CDP|TD):([^XN/]|N(/|$))`)
)

func TestTheWholeBundleIsScored(t *testing.T) {
	t.Parallel()
	type expected struct {
		Vector        string   `json:"vector"`
		Extended      string   `json:"extended_vector"`
		CVSS          string   `json:"cvss_vector"`
		Version       string   `json:"version"`
		Base          *float64 `json:"base"`
		Temporal      *float64 `json:"temporal"`
		Environmental *float64 `json:"environmental"`
		Score         *float64 `json:"base_score"`
	}
	var in []string
	var want []expected
	for _, file := range []string{"cvss-vectors.json", "rubric-vectors.json"} {
		b, err := os.ReadFile(testdata.Path(t, "scores", file))
		require.NoError(t, err)
		var all []expected
		require.NoError(t, json.Unmarshal(b, &all))
		for _, one := range all {
			in = append(in, one.Vector+one.Extended)
		}
		want = append(want, all...)
	}
	status, stdout, _ := ran(t, strings.Join(in, "\n"))
	require.Zero(t, status)
	rows := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")[1:]
	require.Len(t, rows, len(want))
	checked := 0
	for i, row := range rows {
		cells := strings.Split(row, "\t")
		require.Len(t, cells, 8, row)
		require.Equal(t, in[i], cells[0])
		base := cells[2]
		if want[i].Version == "4.0" { // what the bundle calls base there is the vector's own score
			base = cells[5]
		}
		require.Equal(t, timed.MatchString(in[i]), cells[3] != "-", row)
		require.Equal(t, placed.MatchString(in[i]), cells[4] != "-", row)
		for _, c := range []struct {
			score *float64
			cell  string
		}{{want[i].Base, base}, {want[i].Score, cells[2]}, {want[i].Temporal, cells[3]}, {want[i].Environmental, cells[4]}} {
			if c.score != nil && c.cell != "-" {
				require.Equal(t, one(*c.score), c.cell, row)
				checked++
			}
		}
		if want[i].CVSS != "" {
			require.Equal(t, want[i].CVSS, cells[7])
		}
	}
	t.Logf("%d rows, %d scores", len(rows), checked)
}

func TestTheWorkingOfAnExtendedVectorNamesEveryReason(t *testing.T) {
	t.Parallel()
	status, stdout, _ := ran(t, extended+"\n"+extended+"/XAVP:Y\n", "-explain")
	require.Zero(t, status)
	for _, want := range []string{
		"# extended vector: " + extended + "\n", "#   AV:N because XAVN:Y/XAVT:Y; high confidence; from ", "#   I:H because XIT:U (delivery of therapy); medium confidence: ",
		"; ruling 2; from ", "#   ruling 2: ", "# open, scored as the worst until answered: XIT\n", "# patient safety: XIT XAT (convention of this library",
		"# context of use: " + rubric.ContextOfUse, "# " + rubric.Label + "\n", "# not asked for, so they decide nothing: XAVP:Y\n",
	} {
		require.Contains(t, stdout, want)
	}
	require.NotContains(t, stdout, "warning")
	for _, line := range strings.Split(strings.TrimSuffix(stdout, "\n"), "\n") {
		require.True(t, line == "#" || strings.HasPrefix(line, "# ") || strings.Count(line, "\t") == 7, "%q is neither a row nor working", line)
	}
	_, stdout, _ = onDay(t, time.Date(2026, 12, 21, 0, 0, 0, 0, time.UTC), "", "-explain", extended)
	require.Contains(t, stdout, "# warning: on 2026-12-21 FDA no longer accepts declarations to CVSS v3.0")
	_, stdout, _ = onDay(t, time.Date(2026, 12, 21, 0, 0, 0, 0, time.UTC), "", "-explain", "CVSS:3.1/"+extended)
	require.NotContains(t, stdout, "warning")
}

func TestTheWorkingShowsTheTermsOfTheFormula(t *testing.T) {
	t.Parallel()
	for text, terms := range map[string][]string{
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H":                    {"8.22", "3.887", "0.56", "7.5"},
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H/E:U":                {"0.91", "6.9"},
		"AV:N/AC:L/Au:N/C:N/I:N/A:C":                                      {"10.41", "7.8"},
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N": {"EQ1", "EQ6", "9.3"},
		extended: {"rationale:", "8.22", "9.1"},
	} {
		status, stdout, _ := ran(t, "", "-explain", text)
		require.Zero(t, status)
		lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
		require.True(t, strings.HasPrefix(lines[1], text+"\t"))
		for _, line := range lines[2:] {
			require.True(t, line == "#" || strings.HasPrefix(line, "# "), line)
		}
		for _, term := range terms {
			require.Contains(t, strings.Join(lines[2:], "\n"), term, text)
		}
	}
}

func TestAWrongCallSaysSo(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"-nonsense"}, {"-file", "x"}, {"-hint", "x"}, {"-by", "x"}, {"-version", "3.1"}, {"-ask", "-explain"}, {"-ask", "-lenient"}, {"-ask", "XAVN:Y"}, {"-ask", "-hint", "nonsense"}, {"-ask", "-file", "main.go"},
	} {
		status, stdout, stderr := ran(t, "", args...)
		require.Equal(t, 2, status, args)
		require.Empty(t, stdout, args)
		require.NotEmpty(t, stderr, args)
	}
	status, _, stderr := ran(t, "", "-h")
	require.Zero(t, status)
	require.Contains(t, stderr, "usage: score")
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no room left") }

func TestWhatCannotBeReadOrWrittenFails(t *testing.T) {
	t.Parallel()
	var complaints bytes.Buffer
	require.Equal(t, 2, run(t.Context(), nil, iotest.ErrReader(errors.New("the cable is out")), io.Discard, &complaints))
	require.Contains(t, complaints.String(), "the cable is out")
	for _, args := range [][]string{{extended}, {"-ask"}} {
		complaints.Reset()
		require.Equal(t, 2, run(t.Context(), args, strings.NewReader("y\n"), broken{}, &complaints))
		require.Contains(t, complaints.String(), "no room left")
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	require.Equal(t, 2, run(ctx, nil, strings.NewReader("x\ny\n"), io.Discard, &complaints))
}

func FuzzRows(f *testing.F) {
	f.Add("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H\n\n" + extended)
	f.Add("a\tb\r\n\xff\u0085\u2028")
	f.Fuzz(func(t *testing.T, in string) {
		var out bytes.Buffer
		run(t.Context(), []string{"-explain"}, strings.NewReader(in), &out, io.Discard)
		rows := 0
		for _, line := range strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")[1:] {
			if (line == "#" || strings.HasPrefix(line, "# ")) && !strings.Contains(line, "\terror\t") {
				continue
			}
			rows++
			if n := strings.Count(line, "\t"); n != 7 && !(n == 2 && strings.Contains(line, "\terror\t")) {
				t.Fatalf("%q has %d tabs", line, n)
			}
		}
		want := strings.Count(in, "\n")
		if in != "" && !strings.HasSuffix(in, "\n") {
			want++
		}
		if in == "\ufeff" {
			want = 1
		}
		if rows != want {
			t.Fatalf("%d rows for %d lines of %q", rows, want, in)
		}
	})
}
