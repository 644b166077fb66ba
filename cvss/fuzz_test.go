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
	base     []string          // the base metrics
	order    []string          // of all metrics, in 4.0
	elements map[string]string // the metric of each element
}

var grammars = func() map[string]grammar {
	all := map[string]grammar{}
	for version, rows := range canonical {
		g := grammar{elements: map[string]string{}}
		if version != "2.0" {
			g.header = "CVSS:" + version
		}
		for m, row := range rows {
			name, values, _ := strings.Cut(row, ":")
			for value := range strings.FieldsSeq(values) {
				g.elements[name+":"+value] = name
			}
			if m < bases[version] {
				g.base = append(g.base, name)
			}
			if version == "4.0" {
				g.order = append(g.order, name)
			}
		}
		all[version] = g
	}
	return all
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
	for _, name := range g.base {
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
