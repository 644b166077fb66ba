package cvss_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/open-postmarket/postmarket/cvss"
)

// oracle is the grammar of CVSS v3.x written down a second time, as the set of
// all elements there are, by splitting instead of scanning.
var oracle = func() map[string]string {
	elements := map[string]string{}
	add := func(names, values string) {
		for name := range strings.FieldsSeq(names) {
			for value := range strings.FieldsSeq(values) {
				elements[name+":"+value] = name
			}
		}
	}
	add("AV", "N A L P")
	add("AC", "L H")
	add("PR", "N L H")
	add("UI", "N R")
	add("S", "U C")
	add("C I A", "N L H")
	add("E", "X U P F H")
	add("RL", "X O T W U")
	add("RC", "X U R C")
	add("CR IR AR", "X L M H")
	add("MAV", "X N A L P")
	add("MAC", "X L H")
	add("MPR", "X N L H")
	add("MUI", "X N R")
	add("MS", "X U C")
	add("MC MI MA", "X N L H")
	return elements
}()

// isVector says whether s is a vector of v3.0 or v3.1, by the oracle.
func isVector(s string) bool {
	elements := strings.Split(s, "/")
	if elements[0] != "CVSS:3.0" && elements[0] != "CVSS:3.1" {
		return false
	}
	seen := map[string]bool{}
	for _, e := range elements[1:] {
		name, ok := oracle[e]
		if !ok || seen[name] {
			return false
		}
		seen[name] = true
	}
	for name := range strings.FieldsSeq("AV AC PR UI S C I A") {
		if !seen[name] {
			return false
		}
	}
	return true
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", dos, all22, dos + "/E:X", dos + "/", dos[9:], strings.ToLower(dos),
		"CVSS:3.0/A:H/I:N/C:N/S:U/UI:N/PR:N/AC:L/AV:N", dos + "/AV:N", dos + "/XAVN:Y",
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
		"AV:N/AC:L/Au:N/C:P/I:P/A:P", "CVSS:3.1", "CVSS:3.1/:", "CVSS:3.1/AV:\x00",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := cvss.Parse(s)
		if want := isVector(s); want != (err == nil) {
			t.Fatalf("the grammar says %v, Parse says %v", want, err)
		}
		if err != nil {
			var at *cvss.ParseError
			if !errors.As(err, &at) || at.Vector != s || at.Pos < 0 || at.Pos > len(s) || at.Why == "" {
				t.Fatalf("the error does not tell what and where: %#v", err)
			}
			if v != (cvss.Vector{}) {
				t.Fatal("an error with a vector")
			}
			return
		}
		text := v.String()
		again, err := cvss.Parse(text)
		if err != nil || again != v || again.String() != text {
			t.Fatalf("%q reads back as %q, %v", text, again, err)
		}
		for _, score := range []float64{v.Base(), v.Temporal(), v.Environmental(), v.Score()} {
			if score < 0 || score > 10 || !cvss.SeverityOf(score).Valid() {
				t.Fatalf("score %v", score)
			}
		}
		if v.Temporal() > v.Base() {
			t.Fatalf("temporal %v above base %v", v.Temporal(), v.Base())
		}
		if e, i := v.Exploitability(), v.Impact(); e <= 0 || e > 3.9 || i < 0 || i > 6.1 {
			t.Fatalf("subscores %v, %v", e, i)
		}
	})
}
