package cvss_test

import (
	"math/rand/v2"
	"strings"
)

// canonical is the order of each version's metrics, base metrics first, and
// what their values are, as the specifications list them.
var canonical = map[string][]string{
	"2.0": {"AV:L A N", "AC:H M L", "Au:M S N", "C:N P C", "I:N P C", "A:N P C",
		"E:U POC F H ND", "RL:OF TF W U ND", "RC:UC UR C ND", "CDP:N L LM MH H ND", "TD:N L M H ND", "CR:L M H ND", "IR:L M H ND", "AR:L M H ND"},
	"3.0": order3, "3.1": order3,
	"4.0": {"AV:N A L P", "AC:L H", "AT:N P", "PR:N L H", "UI:N P A", "VC:H L N", "VI:H L N", "VA:H L N", "SC:H L N", "SI:H L N", "SA:H L N",
		"E:A P U X", "CR:H M L X", "IR:H M L X", "AR:H M L X", "MAV:N A L P X", "MAC:L H X", "MAT:N P X", "MPR:N L H X", "MUI:N P A X",
		"MVC:H L N X", "MVI:H L N X", "MVA:H L N X", "MSC:H L N X", "MSI:S H L N X", "MSA:S H L N X",
		"S:N P X", "AU:N Y X", "R:A U I X", "V:D C X", "RE:L M H X", "U:Clear Green Amber Red X"},
}

var order3 = []string{"AV:N A L P", "AC:L H", "PR:N L H", "UI:N R", "S:U C", "C:N L H", "I:N L H", "A:N L H",
	"E:U P F H X", "RL:O T W U X", "RC:U R C X", "CR:L M H X", "IR:L M H X", "AR:L M H X",
	"MAV:N A L P X", "MAC:L H X", "MPR:N L H X", "MUI:N R X", "MS:U C X", "MC:N L H X", "MI:N L H X", "MA:N L H X"}

var bases = map[string]int{"2.0": 6, "3.0": 8, "3.1": 8, "4.0": 11}

// drawn returns n vectors with the base metrics, or with all metrics, drawn at
// random but the same at each run, in canonical order.
func drawn(version string, all bool, n int) []string {
	r := rand.New(rand.NewPCG(7, uint64(len(version)+n)))
	rows := canonical[version]
	if !all {
		rows = rows[:bases[version]]
	}
	texts := make([]string, n)
	for k := range texts {
		var parts []string
		if version != "2.0" {
			parts = append(parts, "CVSS:"+version)
		}
		for _, row := range rows {
			name, values, _ := strings.Cut(row, ":")
			choice := strings.Fields(values)
			parts = append(parts, name+":"+choice[r.IntN(len(choice))])
		}
		texts[k] = strings.Join(parts, "/")
	}
	return texts
}
