package cvss_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/open-postmarket/postmarket/cvss"
)

// A grammar is one version's, written down a second time as the set of all
// elements there are, to be read by splitting instead of scanning.
type grammar struct {
	header   string
	base     string            // the base metrics
	elements map[string]string // the metric of each element
	order    []string          // of 4.0
}

func elements(rows ...string) map[string]string {
	all := map[string]string{}
	for _, row := range rows {
		names, values, _ := strings.Cut(row, " = ")
		for name := range strings.FieldsSeq(names) {
			for value := range strings.FieldsSeq(values) {
				all[name+":"+value] = name
			}
		}
	}
	return all
}

var grammars = func() map[string]grammar {
	three := grammar{base: "AV AC PR UI S C I A", elements: elements(
		"AV = N A L P", "AC = L H", "PR = N L H", "UI = N R", "S = U C", "C I A = N L H",
		"E = X U P F H", "RL = X O T W U", "RC = X U R C", "CR IR AR = X L M H",
		"MAV = X N A L P", "MAC = X L H", "MPR = X N L H", "MUI = X N R", "MS = X U C", "MC MI MA = X N L H")}
	v30, v31 := three, three
	v30.header, v31.header = "CVSS:3.0", "CVSS:3.1"
	return map[string]grammar{
		"2.0": {base: "AV AC Au C I A", elements: elements(
			"AV = L A N", "AC = H M L", "Au = M S N", "C I A = N P C",
			"E = U POC F H ND", "RL = OF TF W U ND", "RC = UC UR C ND",
			"CDP = N L LM MH H ND", "TD = N L M H ND", "CR IR AR = L M H ND")},
		"3.0": v30, "3.1": v31,
		"4.0": {header: "CVSS:4.0", base: "AV AC AT PR UI VC VI VA SC SI SA", elements: elements(
			"AV = N A L P", "AC = L H", "AT = N P", "PR = N L H", "UI = N P A", "VC VI VA SC SI SA = H L N",
			"E = X A P U", "CR IR AR = X H M L", "MAV = X N A L P", "MAC = X L H", "MAT = X N P", "MPR = X N L H",
			"MUI = X N P A", "MVC MVI MVA MSC = X H L N", "MSI MSA = X S H L N",
			"S = X N P", "AU = X N Y", "R = X A U I", "V = X D C", "RE = X L M H", "U = X Clear Green Amber Red"),
			order: strings.Fields("AV AC AT PR UI VC VI VA SC SI SA E CR IR AR MAV MAC MAT MPR MUI MVC MVI MVA MSC MSI MSA S AU R V RE U")},
	}
}()

// versionOf returns the version that s is a vector of, or "".
func versionOf(s string) string {
	for version, g := range grammars {
		if g.has(s) {
			return version
		}
	}
	return ""
}

func (g grammar) has(s string) bool {
	rest := s
	if g.header != "" {
		var header string
		header, rest, _ = strings.Cut(s, "/")
		if header != g.header {
			return false
		}
	}
	seen := map[string]bool{}
	last := -1
	for e := range strings.SplitSeq(rest, "/") {
		name, ok := g.elements[e]
		if !ok || seen[name] {
			return false
		}
		seen[name] = true
		if place := slices.Index(g.order, name); g.order != nil {
			if place < last {
				return false
			}
			last = place
		}
	}
	for name := range strings.FieldsSeq(g.base) {
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
		bolus4, bolus4 + "/E:P/CR:H/MAV:N/MSI:S/S:P/U:Amber", bolus4 + "/MSI:S/E:P", "(AV:N/AC:L/Au:N/C:P/I:P/A:P)",
		"AV:L/AC:M/Au:S/C:C/I:P/A:P/E:POC/RL:TF/RC:UC/CDP:LM/TD:ND/CR:H/IR:L/AR:M", "Au:N/CDP:N/AV:L/AC:H/C:P/I:N/A:N/CR:L",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := cvss.Parse(s)
		want := versionOf(s)
		if (want != "") != (err == nil) || v.Version() != want {
			t.Fatalf("the grammar says %q, Parse says %q, %v", want, v.Version(), err)
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
			if score < 0 || score > 10 || !v.Rate(score).Valid() || math.Signbit(score) {
				t.Fatalf("score %v", score)
			}
		}
		if v.Temporal() > v.Base() {
			t.Fatalf("temporal %v above base %v", v.Temporal(), v.Base())
		}
		e, i := v.Exploitability(), v.Impact()
		most := map[string][2]float64{"2.0": {10, 10.001}, "3.0": {3.9, 6.1}, "3.1": {3.9, 6.1}, "4.0": {0, 0}}[want]
		if e < 0 || e > most[0] || i < 0 || i > most[1] {
			t.Fatalf("subscores %v, %v", e, i)
		}
		if (want == "4.0") != (len(v.MacroVector()) == 6) || (want == "4.0") != strings.HasPrefix(v.Nomenclature(), "CVSS-B") {
			t.Fatalf("macro vector %q, nomenclature %q", v.MacroVector(), v.Nomenclature())
		}
	})
}
