package rubric_test

import (
	"errors"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/cvss/rubric"
)

func TestAnExtendedVectorIsReadInAnyOrderAndWrittenInOne(t *testing.T) {
	t.Parallel()
	elements := strings.Split(quiet, "/")
	for seed := range uint64(20) {
		rand.New(rand.NewPCG(seed, 3)).Shuffle(len(elements), func(i, j int) {
			elements[i], elements[j] = elements[j], elements[i]
		})
		text := strings.Join(elements, "/")
		require.Equal(t, quiet, read(t, text).String())
		require.Equal(t, quiet, read(t, "CVSS:3.0/"+text).String(), "a header is no element")
		require.Equal(t, quiet, read(t, "CVSS:3.1/"+text).String())
	}
	require.Equal(t, rubric.Answers{"XAVN": "Y", "XAT": "N"}, read(t, "XAVN:yes/XAT:None/XS:not answered"))
	require.Equal(t, "XAVN:Y/XAT:N", read(t, "XAT:None/XAVN:yes/XAVP:Y").String(), "XAVP is not asked")
}

func TestParseExtendedRefusesAndSaysWhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		pos  int
		why  string
	}{
		"empty text":             {"", 0, "empty"},
		"a header only":          {"CVSS:3.0/", 9, "not of the form"},
		"the header of 4.0":      {"CVSS:4.0/XAVN:Y", 0, `no question "CVSS"`},
		"an unknown id":          {"XAVN:Y/XAVX:Y", 7, `no question "XAVX"`},
		"a misnamed id":          {"XRPL:Y", 0, `no question "XRPL"`},
		"a lower-case id":        {"xavn:Y", 0, `no question "xavn"`},
		"a CVSS metric":          {"XAVN:Y/AV:N", 7, `no question "AV"`},
		"a duplicate":            {"XAVN:Y/XS:N/XAVN:Y", 12, "XAVN is given twice"},
		"a duplicate, once bare": {"XS:NOT ANSWERED/XS:N", 16, "XS is given twice"},
		"a decision with High":   {"XAVN:Y/XS:H", 10, `"H" is no answer to XS`},
		"an impact with Yes":     {"XAT:Y", 4, `"Y" is no answer to XAT`},
		"an empty answer":        {"XAT:", 4, "XAT has no answer"},
		"no colon":               {"XAVN", 0, "not of the form"},
		"a slash at the end":     {"XAVN:Y/", 7, "not of the form"},
		"a space":                {"XAVN:Y /XS:N", 5, `"Y " is no answer`},
		"nothing answered":       {"XS:NOT ANSWERED", 15, "nothing is answered"},
	} {
		a, err := rubric.ParseExtended(c.text)
		require.Nil(t, a, name)
		var at *rubric.ParseError
		require.ErrorAs(t, err, &at, name)
		require.Equal(t, c.text, at.Text, name)
		require.Equal(t, c.pos, at.Pos, name)
		require.Contains(t, at.Why, c.why, name)
	}
	_, err := rubric.ParseExtended(strings.Repeat("XAVN", 1<<18))
	require.Less(t, len(err.Error()), 1000)
}

// element is the grammar of one element, as a regular expression.
var element = regexp.MustCompile(`^(?:` +
	`(XAV[NTWRP]|XAVPA|XACL|XPR[LZS]|XUI|XS|XCPM?):((?i:Y|YES|N|NO|U|UNKNOWN|NOT ANSWERED))` +
	`|(X[IA]P|X[CIA][DTWSO]):((?i:H|HIGH|L|LOW|N|NONE|U|UNKNOWN|NOT ANSWERED))` +
	`)$`)

// isExtended says whether s is an extended vector, by that grammar.
func isExtended(s string) bool {
	for _, header := range []string{"CVSS:3.0/", "CVSS:3.1/"} {
		if rest, ok := strings.CutPrefix(s, header); ok {
			s = rest
			break
		}
	}
	for _, b := range []byte(s) {
		if b >= 0x80 { // (?i) folds letters beyond ASCII
			return false
		}
	}
	seen, said := map[string]bool{}, false
	for _, e := range strings.Split(s, "/") {
		m := element.FindStringSubmatch(e)
		if m == nil || seen[m[1]+m[3]] {
			return false
		}
		seen[m[1]+m[3]] = true
		said = said || !strings.EqualFold(m[2]+m[4], "NOT ANSWERED")
	}
	return said
}

func FuzzExtended(f *testing.F) {
	for _, s := range []string{
		"", quiet, "CVSS:3.0/" + quiet, strings.ToLower(quiet), "XAVN:YES/XS:unknown/XAT:Not Answered", "XAVN:Y/XAVN:Y",
		"XAT:Y", "XS:H", "XAVN", "XAVN:", ":", "XRPL:Y", "XS:YE\u017f", "XCP:Y/XCPM:N/XAVPA:U", "XAVP:Y",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := rubric.ParseExtended(s)
		if want := isExtended(s); want != (err == nil) {
			t.Fatalf("the grammar says %v, ParseExtended says %v", want, err)
		}
		if err != nil {
			var at *rubric.ParseError
			if !errors.As(err, &at) || at.Text != s || at.Pos < 0 || at.Pos > len(s) || at.Why == "" {
				t.Fatalf("the error does not tell what and where: %#v", err)
			}
			return
		}
		text := a.String()
		if text != "" { // all of it may be off the path
			again, err := rubric.ParseExtended(text)
			if err != nil || again.String() != text {
				t.Fatalf("%q reads back as %q, %v", text, again, err)
			}
		}
		r, err := rubric.Derive(a, nil)
		if _, done := rubric.Next(a); done != (err == nil) {
			t.Fatalf("Next says done = %v, Derive says %v", done, err)
		}
		if err != nil {
			return
		}
		if len(r.Answers)+len(r.OffPath) != len(a) || r.Answers.String() != text {
			t.Fatalf("answers %q and off path %v do not make up %v", r.Answers, r.OffPath, a)
		}
		if score := r.Vector.Base(); score < 0 || score > 10 {
			t.Fatalf("score %v", score)
		}
		if err := a.Check(r.Vector); err != nil {
			t.Fatal(err)
		}
	})
}
