package cvss_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/cvss"
)

const dos = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"

// A pump whose dose anyone on its network can change.
const bolus4 = "CVSS:4.0/AV:A/AC:L/AT:N/PR:N/UI:N/VC:N/VI:H/VA:L/SC:N/SI:N/SA:N"

const all22 = "CVSS:3.1/AV:A/AC:H/PR:L/UI:R/S:C/C:L/I:H/A:N/E:P/RL:W/RC:R/CR:H/IR:M/AR:L/MAV:N/MAC:L/MPR:N/MUI:N/MS:U/MC:H/MI:L/MA:N"

func parsed(t testing.TB, s string) cvss.Vector {
	t.Helper()
	v, err := cvss.Parse(s)
	require.NoError(t, err)
	return v
}

func TestParseRefusesWhatIsNotAVectorAndSaysWhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text    string
		pos     int
		why     string
		version bool
	}{
		"empty text":                     {"", 0, "empty", false},
		"no header":                      {dos[9:], 0, "no header", false},
		"a lower-case header":            {"cvss:3.1/" + dos[9:], 0, "no header", false},
		"a header only":                  {"CVSS:3.1", 8, "no metrics after the header", false},
		"a header and a slash":           {"CVSS:3.1/", 9, "ends in a slash", false},
		"a header without a version":     {"CVSS:", 5, "no version", false},
		"a version that never was":       {"CVSS:3.2/" + dos[9:], 5, `there is no version "3.2"`, true},
		"2.0 in parentheses":             {"(AV:N/AC:L/Au:N/C:P/I:P/A:P)", 0, "without parentheses", false},
		"2.0 with a header":              {"CVSS:2.0/AV:N/AC:L/Au:N/C:P/I:P/A:P", 0, "2.0 has no header", false},
		"2.0 with X":                     {"AV:N/AC:L/Au:N/C:P/I:P/A:P/E:X", 29, `metric E cannot be "X", it takes one of H F POC U ND`, false},
		"2.0 with a metric of 3.1":       {"AV:N/AC:L/Au:N/C:P/I:P/A:P/PR:N", 27, `unknown metric "PR"`, false},
		"2.0 with a metric missing":      {"AV:N/AC:L/Au:N/C:P/I:P", 22, "base metrics missing: A", false},
		"2.0 with a longer value":        {"AV:N/AC:L/Au:N/C:P/I:P/A:P/RL:TFF", 30, `metric RL cannot be "TFF"`, false},
		"4.0 with a base metric missing": {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N", 58, "base metrics missing: SA", false},
		"4.0 out of order":               {"CVSS:4.0/AV:N/AT:N/AC:L/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 19, "metric AC stands too late: version 4.0 fixes the order", false},
		"4.0 with a duplicate":           {"CVSS:4.0/AV:N/AV:N/AC:L", 14, "metric AV is given twice", false},
		"4.0 with a base Safety":         {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:S/SA:N", 57, `metric SI cannot be "S"`, false},
		"4.0 with a modified SC Safety":  {bolus4 + "/MSC:S", len(bolus4) + 5, `metric MSC cannot be "S"`, false},
		"4.0 with a clear urgency":       {bolus4 + "/U:clear", len(bolus4) + 3, `metric U cannot be "clear", it takes one of Clear Green Amber Red X`, false},
		"4.0 with a metric of 3.1":       {bolus4 + "/RL:O", len(bolus4) + 1, `unknown metric "RL"`, false},
		"a space before":                 {" " + dos, 0, "no header", false},
		"a space after":                  {dos + " ", 43, `metric A cannot be "H "`, false},
		"a slash after":                  {dos + "/", 45, "ends in a slash", false},
		"two slashes":                    {"CVSS:3.1//AV:N", 9, "nothing between two slashes", false},
		"an unknown metric":              {dos + "/XX:N", 45, `unknown metric "XX"`, false},
		"a rubric element":               {dos + "/XAVN:Y", 45, `unknown metric "XAVN"`, false},
		"a metric of 4.0":                {dos + "/AT:N", 45, `unknown metric "AT"`, false},
		"a lower-case metric":            {"CVSS:3.1/av:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", 9, `unknown metric "av"`, false},
		"a lower-case value":             {"CVSS:3.1/AV:n/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", 12, `metric AV cannot be "n", it takes one of N A L P`, false},
		"X for a base metric":            {"CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", 12, `metric AV cannot be "X"`, false},
		"an empty value":                 {"CVSS:3.1/AV:/AC:L", 12, `metric AV cannot be ""`, false},
		"an empty value at the end":      {dos + "/E:", 47, `metric E cannot be "", it takes one of H F P U X`, false},
		"a long value":                   {dos + "/E:PoC", 47, `metric E cannot be "PoC"`, false},
		"no colon":                       {dos + "/E", 45, `"E" is not of the form metric:value`, false},
		"an empty name":                  {dos + "/:H", 45, `unknown metric ""`, false},
		"a duplicate":                    {dos + "/AV:N", 45, "metric AV is given twice", false},
		"a duplicate X":                  {dos + "/E:X/E:X", 49, "metric E is given twice", false},
		"one base metric missing":        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N", 40, "base metrics missing: A", false},
		"several missing":                {"CVSS:3.1/AC:L/PR:N/UI:N/C:N/I:N/A:H/E:H", 39, "base metrics missing: AV S", false},
		"bytes that are no UTF-8":        {dos + "/\xff\xfe:H", 45, `unknown metric "\xff\xfe"`, false},
		"two vectors in one text":        {dos + "/" + dos, 45, `unknown metric "CVSS"`, false},
		"a modified metric with no base": {"CVSS:3.0/MAV:N/MAC:L/MPR:N/MUI:N/MS:U/MC:N/MI:N/MA:H", 52, "base metrics missing: AV AC PR UI S C I A", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, err := cvss.Parse(c.text)
			require.True(t, v.IsZero(), "an error comes with the zero Vector")
			var at *cvss.ParseError
			require.ErrorAs(t, err, &at)
			require.Equal(t, c.text, at.Vector)
			require.Contains(t, at.Why, c.why)
			require.Equal(t, c.pos, at.Pos)
			require.True(t, strings.HasPrefix(err.Error(), "cvss: "), err.Error())
			if c.version {
				require.ErrorIs(t, err, cvss.ErrVersion)
			} else {
				require.NotErrorIs(t, err, cvss.ErrVersion)
			}
		})
	}
}

func TestABaseMetricIsAlwaysDefined(t *testing.T) {
	t.Parallel()
	for _, element := range strings.Split(dos, "/")[1:] {
		name, _, _ := strings.Cut(element, ":")
		_, err := cvss.Parse(strings.Replace(dos, "/"+element, "/"+name+":X", 1))
		require.ErrorContains(t, err, "metric "+name+` cannot be "X"`)
		_, err = parsed(t, dos).With(name, "X")
		require.Error(t, err)
	}
}

func TestANameThatOnlyEndsLikeAMetricIsUnknown(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"XMAV", "\x00MAV", "\x00E", "EE", "\x00\x00E", "AMAV", "ME", strings.Repeat("\x00", 255) + "E", strings.Repeat("A", 256) + "E"} {
		_, err := cvss.Parse(dos + "/" + name + ":N")
		require.ErrorContains(t, err, "unknown metric", "%q", name)
	}
}

func TestAnErrorDoesNotRepeatAHugeText(t *testing.T) {
	t.Parallel()
	_, err := cvss.Parse("CVSS:3.1/" + strings.Repeat("Z", 1<<20) + ":N")
	require.Error(t, err)
	require.Less(t, len(err.Error()), 1000)
}

func TestTheOrderOfMetricsIsFreeAndTheTextCanonical(t *testing.T) {
	t.Parallel()
	v := parsed(t, all22)
	require.Equal(t, all22, v.String())
	metrics := strings.Split(all22, "/")
	for i, j := 1, len(metrics)-1; i < j; i, j = i+1, j-1 {
		metrics[i], metrics[j] = metrics[j], metrics[i]
	}
	require.Equal(t, v, parsed(t, strings.Join(metrics, "/")))
	for _, m := range metrics[1:] {
		name, value, _ := strings.Cut(m, ":")
		require.Equal(t, value, v.Get(name), name)
	}
}

func TestNotDefinedIsTheSameAsLeftOut(t *testing.T) {
	t.Parallel()
	v := parsed(t, dos+"/E:X/RL:X/CR:X/MAV:X/MS:X/MA:X")
	require.Equal(t, parsed(t, dos), v)
	require.Equal(t, dos, v.String())
	require.Equal(t, "X", v.Get("MAV"))
	require.Empty(t, v.Get("AT"), "no such metric in 3.1")
	require.False(t, v.HasTemporal())
	require.False(t, v.HasEnvironmental())
}

func TestTheZeroVectorIsNoVector(t *testing.T) {
	t.Parallel()
	var v cvss.Vector
	require.True(t, v.IsZero())
	require.Empty(t, v.String())
	require.Empty(t, v.Version())
	require.Empty(t, v.Get("AV"))
	require.Empty(t, v.Severity())
	for _, score := range []float64{v.Base(), v.Temporal(), v.Environmental(), v.Score(), v.Impact(), v.Exploitability()} {
		require.Zero(t, score)
	}
	_, err := v.With("AV", "N")
	require.Error(t, err)
	_, err = v.As("3.0")
	require.Error(t, err)
}

func TestWithChangesOneMetricOfACopy(t *testing.T) {
	t.Parallel()
	v := parsed(t, dos)
	w := with(t, v, "AV", "P", "E", "U", "MA", "L")
	require.Equal(t, "CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H/E:U/MA:L", w.String())
	require.Equal(t, dos, v.String(), "the original stays")
	require.Equal(t, v, with(t, w, "AV", "N", "E", "X", "MA", "X"))
	for _, bad := range [][2]string{{"AV", "X"}, {"AV", ""}, {"AV", "NN"}, {"AT", "N"}, {"", "N"}, {"E", "C"}} {
		_, err := v.With(bad[0], bad[1])
		var at *cvss.MetricError
		require.ErrorAs(t, err, &at, "%q", bad)
		require.Equal(t, bad[0], at.Metric)
		require.Equal(t, "3.1", at.Version)
	}
}

func TestAsKeepsTheMetricsUnderAnotherHeader(t *testing.T) {
	t.Parallel()
	v := parsed(t, all22)
	w, err := v.As("3.0")
	require.NoError(t, err)
	require.Equal(t, strings.Replace(all22, "3.1", "3.0", 1), w.String())
	require.NotEqual(t, v, w, "two versions are two vectors")
	_, err = v.As("4.0")
	require.ErrorIs(t, err, cvss.ErrVersion)
}

func TestAVectorIsTextInJSON(t *testing.T) {
	t.Parallel()
	type record struct {
		Vector cvss.Vector `json:"vector"`
		Later  cvss.Vector `json:"later,omitzero"`
	}
	for _, want := range []record{{Vector: parsed(t, all22)}, {}} {
		raw, err := json.Marshal(want)
		require.NoError(t, err)
		require.NotContains(t, string(raw), "later")
		var got record
		require.NoError(t, json.Unmarshal(raw, &got))
		require.Equal(t, want, got)
	}
	got := record{Vector: parsed(t, dos)}
	require.Error(t, json.Unmarshal([]byte(`{"vector":"CVSS:3.1/AV:N"}`), &got))
	require.Equal(t, parsed(t, dos), got.Vector, "a failed reading leaves the value alone")
}

func TestScoresOfKnownVectors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		vector                             string
		base, temporal, environmental, own float64
		exploitability, impact             float64
		severity                           cvss.Severity
		hasTemporal, hasEnvironmental      bool
	}{
		{vector: dos, base: 7.5, temporal: 7.5, environmental: 7.5, own: 7.5, exploitability: 3.887, impact: 3.595, severity: cvss.High},
		{vector: "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", base: 10, temporal: 10, environmental: 10, own: 10, exploitability: 3.887, impact: 6.048, severity: cvss.Critical},
		{vector: "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:N/I:N/A:N", exploitability: 3.887, severity: cvss.None},
		// Two products that end in a tenth exactly and that floats push over it.
		{vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H/RC:U", base: 10, temporal: 9.2, environmental: 9.2, own: 9.2, exploitability: 3.887, impact: 6.048, severity: cvss.Critical, hasTemporal: true},
		{vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H/MA:N", base: 7.5, temporal: 7.5, environmental: 0, own: 0, exploitability: 3.887, impact: 3.595, severity: cvss.High, hasEnvironmental: true},
	} {
		v := parsed(t, c.vector)
		require.Equal(t, c.base, v.Base(), c.vector)
		require.Equal(t, c.temporal, v.Temporal(), c.vector)
		require.Equal(t, c.environmental, v.Environmental(), c.vector)
		require.Equal(t, c.own, v.Score(), c.vector)
		require.InDelta(t, c.exploitability, v.Exploitability(), 0.001, c.vector)
		require.InDelta(t, c.impact, v.Impact(), 0.001, c.vector)
		require.Equal(t, c.severity, v.Severity(), "the base score's severity")
		require.Equal(t, c.hasTemporal, v.HasTemporal(), c.vector)
		require.Equal(t, c.hasEnvironmental, v.HasEnvironmental(), c.vector)
	}
}

func TestSeverityFollowsTheScaleOfTheStandard(t *testing.T) {
	t.Parallel()
	for tenths := range 101 {
		want := cvss.Critical
		switch {
		case tenths == 0:
			want = cvss.None
		case tenths <= 39:
			want = cvss.Low
		case tenths <= 69:
			want = cvss.Medium
		case tenths <= 89:
			want = cvss.High
		}
		require.Equal(t, want, cvss.SeverityOf(float64(tenths)/10), "%d tenths", tenths)
		require.True(t, want.Valid())
	}
	for _, not := range []float64{-0.1, 10.1, math.NaN(), math.Inf(1)} {
		require.Empty(t, cvss.SeverityOf(not))
	}
	require.False(t, cvss.Severity("").Valid())
	require.False(t, cvss.Severity("HIGH").Valid())
}

func TestParsingAndScoringAllocatesNothing(t *testing.T) {
	for version := range canonical {
		for _, text := range append(drawn(version, false, 3), drawn(version, true, 3)...) {
			require.Zero(t, testing.AllocsPerRun(20, func() {
				v, err := cvss.Parse(text)
				if err != nil {
					t.Fatal(err)
				}
				_, _, _, _ = v.Base(), v.Temporal(), v.Environmental(), v.Score()
				_, _, _ = v.Severity(), v.HasTemporal(), v.Nomenclature()
			}), text)
		}
	}
}

func TestEveryVersionIsWrittenCanonicallyAndReadBack(t *testing.T) {
	t.Parallel()
	for version, rows := range canonical {
		for _, text := range append(drawn(version, false, 50), drawn(version, true, 200)...) {
			v := parsed(t, text)
			require.Equal(t, version, v.Version())
			var given []string
			for e := range strings.SplitSeq(text, "/") {
				if !strings.HasSuffix(e, ":X") && !strings.HasSuffix(e, ":ND") {
					given = append(given, e)
				}
			}
			require.Equal(t, strings.Join(given, "/"), v.String())
			for _, row := range rows {
				name, _, _ := strings.Cut(row, ":")
				if strings.Contains(text, "/"+name+":") {
					require.Contains(t, text, "/"+name+":"+v.Get(name))
				}
				require.Equal(t, v, with(t, v, name, v.Get(name)))
			}
		}
	}
}

func TestVersionsHaveTheirOwnMetrics(t *testing.T) {
	t.Parallel()
	v2, v4 := parsed(t, two), parsed(t, bolus4)
	require.Equal(t, "ND", v2.Get("CDP"))
	require.Empty(t, v2.Get("PR"))
	require.Equal(t, "X", v4.Get("U"))
	require.Empty(t, v4.Get("RL"))
	require.Equal(t, two+"/RL:TF", with(t, v2, "RL", "TF").String())
	require.Equal(t, bolus4+"/MSI:S/U:Amber", with(t, v4, "U", "Amber", "MSI", "S").String())
	for _, bad := range [][2]string{{"RL", "X"}, {"CDP", "LMH"}, {"PR", "N"}, {"Au", "ND"}, {"AU", "N"}} {
		_, err := v2.With(bad[0], bad[1])
		require.Error(t, err, bad)
	}
	for _, bad := range [][2]string{{"SI", "S"}, {"MSC", "S"}, {"U", "amber"}, {"RL", "O"}, {"E", "ND"}} {
		_, err := v4.With(bad[0], bad[1])
		require.Error(t, err, bad)
	}
	for _, v := range []cvss.Vector{v2, v4} {
		same, err := v.As(v.Version())
		require.NoError(t, err)
		require.Equal(t, v, same)
		_, err = v.As("3.1")
		require.ErrorIs(t, err, cvss.ErrVersion)
	}
	require.NotZero(t, v2.Exploitability()*v2.Impact())
	require.Zero(t, v4.Exploitability()+v4.Impact())
}

func TestScoresOfVersion2AreRatedAsTheNVDDoes(t *testing.T) {
	t.Parallel()
	v := parsed(t, two)
	for tenths := range 101 {
		want := cvss.High
		switch {
		case tenths <= 39:
			want = cvss.Low
		case tenths <= 69:
			want = cvss.Medium
		}
		require.Equal(t, want, v.Rate(float64(tenths)/10))
		require.Equal(t, cvss.SeverityOf(float64(tenths)/10), parsed(t, bolus4).Rate(float64(tenths)/10))
	}
	require.Empty(t, v.Rate(10.1))
	require.Empty(t, cvss.Vector{}.Rate(5))
	require.Equal(t, cvss.High, v.Severity())
}
