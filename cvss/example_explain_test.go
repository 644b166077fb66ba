package cvss_test

import (
	"fmt"

	"github.com/open-postmarket/postmarket/cvss"
)

// An infusion pump takes dose commands from its hospital network without asking
// who sends them. The score of the flaw itself, by CVSS 3.1.
func ExampleExplain() {
	v, err := cvss.Parse("CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:L")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(cvss.Explain(v))
	// Output:
	// CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:L
	// base score 7.1 High
	//
	// part  term            formula                                              with values                            result
	// base  ISS             1 − (1 − C) × (1 − I) × (1 − A)                      1 − (1 − 0) × (1 − 0.56) × (1 − 0.22)  0.6568
	// base  impact          6.42 × ISS                                           6.42 × 0.6568                          4.216656
	// base  exploitability  8.22 × AV × AC × PR × UI                             8.22 × 0.62 × 0.77 × 0.85 × 0.85       2.8352547
	// base  unrounded       min(impact + exploitability, 10), 0 when impact ≤ 0  min(4.216656 + 2.8352547, 10)          7.0519107
	// base  base score      up to the next tenth                                 7.0519107                              7.1
	//
	// What changes the score most, one metric at a time:
	//
	// metric  now        best  score  change  worst  score  change
	// AV      A          P     5.2    -1.9    N      8.2    +1.1
	// I       H          N     4.3    -2.8    -      -      -
	// PR      N          H     5.2    -1.9    -      -      -
	// A       L          N     6.5    -0.6    H      8.1    +1.0
	// C       N          -     -      -       H      8.3    +1.2
	// AC      L          H     5.9    -1.2    -      -      -
	// S       U          -     -      -       C      8.2    +1.1
	// UI      N          R     6.3    -0.8    -      -      -
	// E       not given  U     6.5    -0.6    -      -      -
	// RC      not given  U     6.6    -0.5    -      -      -
	// RL      not given  O     6.8    -0.3    -      -      -
}

// The same pump by CVSS 4.0, once a proof of concept is out and its maker says
// that a wrong dose can harm a person.
func ExampleExplain_v4() {
	v, err := cvss.Parse("CVSS:4.0/AV:A/AC:L/AT:N/PR:N/UI:N/VC:N/VI:H/VA:L/SC:N/SI:N/SA:N/E:P/MSI:S")
	if err != nil {
		fmt.Println(err)
		return
	}
	e := cvss.Explain(v)
	fmt.Println(e.Kind, e.Score, e.Severity, v.MacroVector())
	for _, t := range e.Terms {
		fmt.Printf("%s: %s: %s = %s\n", t.Part, t.Name, t.Values, t.Result)
	}
	most := e.Effects[0]
	fmt.Printf("most: %s:%s to %s makes it %.1f\n", most.Metric, most.Value, most.Best.Value, most.Best.Score)
	// Output:
	// CVSS-BTE 8.5 High 101010
	// macro vector: EQ1: AV:A PR:N UI:N = 1
	// macro vector: EQ2: AC:L AT:N = 0
	// macro vector: EQ3: VC:N VI:H VA:L = 1
	// macro vector: EQ4: SC:N SI:S SA:N = 0
	// macro vector: EQ5: E:P = 1
	// macro vector: EQ6: VC:N VI:H VA:L CR:H IR:H AR:H = 0
	// macro vector: macro vector:  = 101010
	// macro vector: its score: 101010 = 8.8
	// EQ1: severity distance: below AV:A/PR:N/UI:N = 0
	// EQ1: difference: 8.8 − 7.4 (201010: 7.4) = 1.4
	// EQ1: proportional distance: 1.4 × 0 / 4 = 0
	// EQ2: severity distance: below AC:L/AT:N = 0
	// EQ2: difference: 8.8 − 7.6 (111010: 7.6) = 1.2
	// EQ2: proportional distance: 1.2 × 0 / 1 = 0
	// EQ3+EQ6: severity distance: below VC:L/VI:H/VA:H/CR:H/IR:H/AR:H = 2
	// EQ3+EQ6: difference: 8.8 − 7.7 (101011: 7.7) = 1.1
	// EQ3+EQ6: proportional distance: 1.1 × 2 / 8 = 0.275
	// EQ4: severity distance: below SC:H/SI:S/SA:S = 5
	// EQ4: difference: 8.8 − 7.4 (101110: 7.4) = 1.4
	// EQ4: proportional distance: 1.4 × 5 / 6 = 1.1666667
	// EQ5: severity distance: below E:P = 0
	// EQ5: difference: 8.8 − 7.6 (101020: 7.6) = 1.2
	// EQ5: proportional distance: 1.2 × 0 / 1 = 0
	// score: mean: (0 + 0 + 0.275 + 1.1666667 + 0) / 5 = 0.2883333
	// score: unrounded: 8.8 − 0.2883333 = 8.5116667
	// score: score: 8.5116667 = 8.5
	// most: MSI:S to X makes it 5.7
}

// What does it do to the pump's score that a segment of its own keeps others
// away, and that the maker's fix is out?
func ExampleCompare() {
	before, err := cvss.Parse("CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:L/IR:H")
	if err != nil {
		fmt.Println(err)
		return
	}
	after, err := cvss.Parse("CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:L/RL:O/IR:H/MAC:H/MPR:L")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(cvss.Compare(before, after))
	// Output:
	// CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:L/IR:H: 8.5 High
	// CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:L/RL:O/IR:H/MAC:H/MPR:L: 6.6 Medium
	//
	// metric  from  to   alone  step  score
	// RL      X     O    -0.4   -0.4  8.1
	// MAC     X     H    -1.2   -1.1  7.0
	// MPR     X     L    -0.8   -0.4  6.6
	// all                       -1.9  6.6
}

func ExampleParseLenient() {
	v, err := cvss.ParseLenient(" (av:n/ac:l/au:n/c:n/i:p/a:c) ")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(v.Version(), v, v.Base(), v.Severity())
	// Output: 2.0 AV:N/AC:L/Au:N/C:N/I:P/A:C 8.5 High
}

func ExampleVector_Nomenclature() {
	v, err := cvss.Parse("CVSS:4.0/AV:A/AC:L/AT:N/PR:N/UI:N/VC:N/VI:H/VA:L/SC:N/SI:N/SA:N/E:P/MSI:S")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("CVSS-B", v.Base(), "CVSS-BT", v.Temporal())
	fmt.Println(v.Nomenclature(), v.Score(), v.Rate(v.Score()), "macro vector", v.MacroVector())
	// Output:
	// CVSS-B 7.1 CVSS-BT 5.7
	// CVSS-BTE 8.5 High macro vector 101010
}

func ExampleExplanation_Markdown() {
	v, err := cvss.Parse("AV:N/AC:L/Au:S/C:C/I:C/A:C/E:F/RL:U/RC:C")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(cvss.Explain(v).Markdown())
	// Output:
	// AV:N/AC:L/Au:S/C:C/I:C/A:C/E:F/RL:U/RC:C
	// temporal score 8.6 High
	//
	// | part     | term           | formula                                                 | with values                                        | result     |
	// | -------- | -------------- | ------------------------------------------------------- | -------------------------------------------------- | ---------- |
	// | base     | impact         | 10.41 × (1 − (1 − C) × (1 − I) × (1 − A))               | 10.41 × (1 − (1 − 0.66) × (1 − 0.66) × (1 − 0.66)) | 10.0008454 |
	// | base     | exploitability | 20 × AV × AC × Au                                       | 20 × 1 × 0.71 × 0.56                               | 7.952      |
	// | base     | f(impact)      | 0 when the impact is 0, else 1.176                      | 10.0008454                                         | 1.176      |
	// | base     | unrounded      | (0.6 × impact + 0.4 × exploitability − 1.5) × f(impact) | (0.6 × 10.0008454 + 0.4 × 7.952 − 1.5) × 1.176     | 9.0332173  |
	// | base     | base score     | nearest tenth, a half up                                | 9.0332173                                          | 9.0        |
	// | temporal | unrounded      | base × E × RL × RC                                      | 9.0 × 0.95 × 1 × 1                                 | 8.55       |
	// | temporal | temporal score | nearest tenth, a half up                                | 8.55                                               | 8.6        |
	//
	// What changes the score most, one metric at a time:
	//
	// | metric | now | best | score | change | worst | score | change |
	// | ------ | --- | ---- | ----- | ------ | ----- | ----- | ------ |
	// | AV     | N   | L    | 6.5   | -2.1   | -     | -     | -      |
	// | AC     | L   | H    | 6.7   | -1.9   | -     | -     | -      |
	// | Au     | S   | M    | 7.9   | -0.7   | N     | 9.5   | +0.9   |
	// | E      | F   | U    | 7.7   | -0.9   | ND    | 9.0   | +0.4   |
	// | RL     | U   | OF   | 7.4   | -1.2   | -     | -     | -      |
	// | RC     | C   | UC   | 7.7   | -0.9   | -     | -     | -      |
	// | C      | C   | N    | 8.1   | -0.5   | -     | -     | -      |
	// | I      | C   | N    | 8.1   | -0.5   | -     | -     | -      |
	// | A      | C   | N    | 8.1   | -0.5   | -     | -     | -      |
}
