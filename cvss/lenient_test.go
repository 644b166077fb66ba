package cvss_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/cvss"
)

const two = "AV:N/AC:L/Au:N/C:P/I:P/A:C"

func TestLenientReadingForgivesHowAVectorIsWritten(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		two:                      two,
		"(" + two + ")":          two,
		" ( " + two + " )\r\n":   two,
		"CVSS:2.0/" + two:        two,
		"cvss:2.0/(" + two + ")": two,
		"(CVSS:2.0/" + two + ")": two,
		strings.ToLower(two):     two,
		"au:n/av:n/ac:l/c:p/i:p/a:c/rl:of/e:poc/rc:nd": two + "/E:POC/RL:OF",
		"  " + dos + "\t":                      dos,
		strings.ToLower(dos):                   dos,
		strings.ReplaceAll(dos, "/", " / "):    dos,
		strings.ReplaceAll(dos[9:], ":", ": "): "",
		"CVSS:4.0/SA:N/SI:N/SC:N/VA:L/VI:H/VC:N/UI:N/PR:N/AT:N/AC:L/AV:A": bolus4,
		strings.ToLower(bolus4) + "/u:amber/au:y":                         bolus4 + "/AU:Y/U:Amber",
		"(" + bolus4 + ")": bolus4,
		// What stays an error.
		"":                       "",
		"()":                     "",
		"((" + two + "))":        "",
		"(" + two:                "",
		two + "/":                "",
		two + "/Au:N":            "",
		"CVSS:2.0/":              "",
		"CVSS:2.0/ /" + two:      "",
		"CVSS:5.0/" + two:        "",
		"CVSS:3.1/" + two:        "",
		strings.ToLower(dos[9:]): "",
		dos + "/AV:N":            "",
		dos + "/E:":              "",
		dos + "/E":               "",
		"A V:N" + two[4:]:        "",
		"AV\u00a0:N" + two[4:]:   "",
		bolus4[:len(bolus4)-5]:   "",
		strings.Replace(bolus4, "S", "\u017f", 3): "",
	} {
		v, err := cvss.ParseLenient(text)
		if want == "" {
			var at *cvss.ParseError
			require.ErrorAs(t, err, &at, "%q", text)
			require.Equal(t, text, at.Vector)
			require.True(t, at.Pos >= 0 && at.Pos <= len(text) && at.Why != "", "%q: %+v", text, at)
			require.True(t, v.IsZero())
			continue
		}
		require.NoError(t, err, "%q", text)
		require.Equal(t, want, v.String(), "%q", text)
	}
}

func TestALenientErrorSaysWhere(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		" (" + two + "/E:now)":               "at byte 31: metric E cannot be \"now)\"",
		strings.ToLower(dos) + " / mav : q ": "at byte 53: metric MAV cannot be \"q \"",
		"(" + dos + "/AV:N)":                 "at byte 46: metric AV is given twice",
		"CVSS:4.0/AV:A":                      "base metrics missing: AC AT",
		"CVSS:4.1/AV:A":                      `there is no version "4.1"`,
	} {
		_, err := cvss.ParseLenient(text)
		require.ErrorContains(t, err, want)
	}
}

func FuzzParseLenient(f *testing.F) {
	for _, s := range []string{"", "(" + two + ")", "cvss:2.0/ " + two, strings.ToLower(bolus4), " ( " + dos + " ) ", "()", "( )", "CVSS:2.0/()", "(CVSS:3.1/(" + dos[9:] + "))"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		strict, notStrict := cvss.Parse(s)
		v, err := cvss.ParseLenient(s)
		switch {
		case notStrict == nil && (err != nil || v != strict):
			t.Fatalf("strict reading gives %q, lenient reading %q, %v", strict, v, err)
		case err == nil:
			// What is forgiven can be taken away: the same letters are left.
			kept := func(s string) string {
				s = strings.ToUpper(strings.Map(func(r rune) rune {
					if strings.ContainsRune(" \t\r\n()", r) {
						return -1
					}
					return r
				}, s))
				return strings.TrimPrefix(s, "CVSS:2.0/")
			}
			if again, err := cvss.Parse(v.String()); err != nil || again != v {
				t.Fatalf("%q reads back as %q, %v", v, again, err)
			}
			written := map[string]bool{}
			for e := range strings.SplitSeq(kept(s), "/") {
				written[e] = true
			}
			for e := range strings.SplitSeq(kept(v.String()), "/") {
				if !written[e] {
					t.Fatalf("%q is read as %q, but says no %q", s, v, e)
				}
			}
		default:
			if at, ok := err.(*cvss.ParseError); !ok || at.Pos < 0 || at.Pos > len(s) || at.Why == "" || !v.IsZero() {
				t.Fatalf("%#v", err)
			}
		}
	})
}
