package rubric_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/cvss/rubric"
)

var may = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

// codes writes proposals as an extended vector would, to compare them.
func codes(list []rubric.Proposal) string {
	var all []string
	for _, p := range list {
		all = append(all, p.Question+":"+string(p.Answer))
	}
	return strings.Join(all, " ")
}

// confirmed is what the proposals become when somebody confirms every one; the
// other questions are answered by fill, which may be nil for Unknown.
func confirmed(t require.TestingT, list []rubric.Proposal, fill func(rubric.Question) rubric.Answer) rubric.Result {
	a := rubric.Answers{}
	for _, p := range list {
		c, err := rubric.Confirm(p, "analyst-1", may)
		require.NoError(t, err)
		a[c.Question] = c.Answer
	}
	for {
		q, done := rubric.Next(a)
		if done {
			break
		}
		a[q.ID] = rubric.Unknown
		if fill != nil {
			a[q.ID] = fill(q)
		}
	}
	r, err := rubric.Derive(a, nil)
	require.NoError(t, err)
	return r
}

func TestFactsProposeWhatTheySayAndNothingElse(t *testing.T) {
	t.Parallel()
	yes, no, n := new(bool), new(bool), func(n int) *int { return &n }
	*yes = true
	way := func(i ...rubric.Interface) rubric.Facts { return rubric.Facts{Interfaces: i, AllInterfaces: true} }
	open := func(f rubric.Facts) rubric.Facts { f.AllInterfaces = false; return f }
	ble := rubric.Interface{Name: "ble", Layer: rubric.NonIP, Wireless: yes, Range: 50}
	near := rubric.Interface{Name: "nfc", Layer: rubric.NonIP, Wireless: yes, Range: 0.1}
	panel := rubric.Interface{Name: "panel", Layer: rubric.NoProtocol, Contact: yes, Operating: yes}
	does := func(all bool, f ...rubric.Function) rubric.Facts {
		return rubric.Facts{Functions: f, AllFunctions: all}
	}
	dosing := rubric.Function{Name: "dosing", Category: rubric.Therapy, Essential: true}
	for name, c := range map[string]struct {
		facts rubric.Facts
		want  string
	}{
		"nothing stated":                     {rubric.Facts{}, ""},
		"nothing stated but that it is all":  {rubric.Facts{AllInterfaces: true}, ""},
		"IP":                                 {way(rubric.Interface{Layer: rubric.IP}), "XAVN:Y XAVT:Y"},
		"IP among others":                    {way(near, ble, panel, rubric.Interface{Layer: rubric.IP}), "XAVN:Y XAVT:Y"},
		"IP, list not whole":                 {open(way(rubric.Interface{Layer: rubric.IP})), "XAVN:Y XAVT:Y"},
		"radio, list not whole":              {open(way(ble)), "XAVN:Y"},
		"long radio":                         {way(ble), "XAVN:Y XAVT:N XAVW:Y XAVR:N"},
		"short radio":                        {way(near), "XAVN:Y XAVT:N XAVW:Y XAVR:Y"},
		"ten feet":                           {way(rubric.Interface{Layer: rubric.NonIP, Wireless: yes, Range: 3.048}), "XAVN:Y XAVT:N XAVW:Y XAVR:Y"},
		"short and long radio":               {way(near, ble), "XAVN:Y XAVT:N XAVW:Y XAVR:N"},
		"radio of unstated range":            {way(near, rubric.Interface{Layer: rubric.NonIP, Wireless: yes}), "XAVN:Y XAVT:N XAVW:Y"},
		"cable and short radio":              {way(near, rubric.Interface{Layer: rubric.NonIP, Wireless: no}), "XAVN:Y XAVT:N XAVW:N"},
		"a link that may be a cable":         {way(near, rubric.Interface{Layer: rubric.NonIP}), "XAVN:Y XAVT:N"},
		"a layer that nobody stated":         {way(ble, rubric.Interface{Name: "service"}), "XAVN:Y"},
		"a layer that there is not":          {way(panel, rubric.Interface{Layer: "warp"}), ""},
		"only the panel":                     {way(panel), "XAVN:N XAVP:Y XAVPA:Y"},
		"the panel, list not whole":          {open(way(panel)), ""},
		"inside the case":                    {way(rubric.Interface{Layer: rubric.NoProtocol, Contact: yes, Operating: no}), "XAVN:N XAVP:Y XAVPA:N"},
		"the panel and something untouched":  {way(panel, rubric.Interface{Layer: rubric.NoProtocol, Contact: no}), "XAVN:N XAVP:N"},
		"the panel and who knows":            {way(panel, rubric.Interface{Layer: rubric.NoProtocol}), "XAVN:N"},
		"one role":                           {rubric.Facts{Authorization: rubric.Authorization{Roles: []string{"user", " user "}, Required: yes}}, "XPRL:N"},
		"roles":                              {rubric.Facts{Authorization: rubric.Authorization{Roles: []string{"nurse", "service"}}}, "XPRL:Y"},
		"roles, none asked for":              {rubric.Facts{Authorization: rubric.Authorization{Roles: []string{"nurse", "service"}, Required: no, Privileged: no}}, "XPRL:Y XPRZ:N"},
		"roles, an ordinary one asked for":   {rubric.Facts{Authorization: rubric.Authorization{Roles: []string{"nurse", "service"}, Required: yes, Privileged: no}}, "XPRL:Y XPRZ:Y XPRS:N"},
		"a privilege asked for":              {rubric.Facts{Authorization: rubric.Authorization{Privileged: yes}}, "XPRZ:Y XPRS:Y"},
		"privileges that contradict":         {rubric.Facts{Authorization: rubric.Authorization{Privileged: yes, Required: no}}, ""},
		"therapy":                            {does(false, dosing), "XIT:H XAT:H"},
		"therapy and no more":                {does(true, dosing), "XCP:N XIP:N XAP:N XCD:N XID:N XAD:N XIT:H XAT:H XCW:N XIW:N XAW:N XCS:N XIS:N XAS:N XCO:N XIO:N XAO:N"},
		"workflow and diagnosis":             {does(false, rubric.Function{Category: rubric.Workflow}, rubric.Function{Category: rubric.Diagnosis}), "XID:H XAD:H XIW:H XAW:H"},
		"a category that there is not":       {does(true, rubric.Function{Category: "magic"}), ""},
		"system data":                        {does(false, rubric.Function{Category: rubric.System}, rubric.Function{Category: rubric.Other}), ""},
		"records":                            {does(false, rubric.Function{Category: rubric.Records}), "XCP:Y"},
		"many patients":                      {rubric.Facts{Patients: n(500)}, "XCP:Y XCPM:Y"},
		"not quite so many":                  {rubric.Facts{Patients: n(499)}, "XCP:Y XCPM:N"},
		"few on each device":                 {rubric.Facts{Patients: n(1), PerDevice: true}, "XCP:Y XCPM:N"},
		"no patient":                         {rubric.Facts{Patients: n(0)}, "XCP:N"},
		"no patient, but records":            {rubric.Facts{Patients: n(0), Functions: []rubric.Function{{Category: rubric.Records}}}, ""},
		"less than no patient":               {rubric.Facts{Patients: n(-1)}, ""},
		"patients, though no function is so": {rubric.Facts{Patients: n(3), AllFunctions: true, Functions: []rubric.Function{dosing}}, "XCP:Y XCPM:N XCD:N XID:N XAD:N XIT:H XAT:H XCW:N XIW:N XAW:N XCS:N XIS:N XAS:N XCO:N XIO:N XAO:N"},
	} {
		got := rubric.Propose(c.facts)
		require.Equal(t, c.want, codes(got), name)
		for _, p := range got {
			require.NotEmpty(t, p.By, name)
			require.NotEmpty(t, p.Why, name)
			require.Contains(t, []rubric.Confidence{rubric.Likely, rubric.Doubtful}, p.Confidence, name)
			require.Contains(t, p.String(), "not an answer until a person confirms it")
		}
	}
	essential := rubric.Propose(does(false, rubric.Function{Name: "log", Category: rubric.Therapy}, dosing))
	require.Equal(t, `function "dosing", therapy, essential`, essential[0].By)
	require.Equal(t, rubric.Likely, essential[0].Confidence)
	require.Equal(t, rubric.Doubtful, rubric.Propose(does(false, rubric.Function{Category: rubric.Therapy}))[0].Confidence)
}

func someFacts(t *rapid.T) rubric.Facts {
	maybe := func(name string) *bool {
		return rapid.SampledFrom([]*bool{nil, new(bool), func() *bool { b := true; return &b }()}).Draw(t, name)
	}
	return rubric.Facts{
		Interfaces: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) rubric.Interface {
			return rubric.Interface{
				Layer:    rapid.SampledFrom([]rubric.Layer{"", rubric.IP, rubric.NonIP, rubric.NonIP, rubric.NoProtocol, rubric.NoProtocol}).Draw(t, "layer"),
				Wireless: maybe("wireless"), Contact: maybe("contact"), Operating: maybe("operating"),
				Range: rapid.SampledFrom([]float64{0, 1, 3, 10}).Draw(t, "range"),
			}
		}), 0, 3).Draw(t, "interfaces"),
		AllInterfaces: rapid.Bool().Draw(t, "all interfaces"),
		Authorization: rubric.Authorization{
			Roles:    rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", ""}), 0, 3).Draw(t, "roles"),
			Required: maybe("required"), Privileged: maybe("privileged"),
		},
		Functions: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) rubric.Function {
			return rubric.Function{
				Category: rapid.SampledFrom([]rubric.Category{"", rubric.Records, rubric.Diagnosis, rubric.Therapy, rubric.Workflow, rubric.System, rubric.Other}).Draw(t, "category"),
			}
		}), 0, 4).Draw(t, "functions"),
		AllFunctions: rapid.Bool().Draw(t, "all functions"),
		Patients:     rapid.SampledFrom([]*int{nil, new(int), func() *int { n := 600; return &n }()}).Draw(t, "patients"),
	}
}

func TestLawsOfProposals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := someFacts(t)
		list := rubric.Propose(f)
		// No proposal is for a question that another proposal makes unasked.
		r := confirmed(t, list, func(q rubric.Question) rubric.Answer { return q.Answers()[0] })
		for id := range r.OffPath {
			t.Fatalf("%s is proposed beside %q, which does not ask it", id, codes(list))
		}
		// One more way in, or one function more, never makes the device look safer.
		more := f
		more.Interfaces = append(append([]rubric.Interface{}, f.Interfaces...), someFacts(t).Interfaces...)
		more.Functions = append(append([]rubric.Function{}, f.Functions...), someFacts(t).Functions...)
		was, is := confirmed(t, list, nil).Vector, confirmed(t, rubric.Propose(more), nil).Vector
		if is.Base() < was.Base() && len(f.Interfaces) > 0 {
			t.Fatalf("%s became %s", was, is)
		}
	})
}

func TestAPublishedVectorProposesWhatItsMetricsShareWithTheQuestions(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, av := range "NALP" {
		for _, ac := range "LH" {
			for _, pr := range "NLH" {
				for _, ui := range "NR" {
					for _, s := range "UC" {
						for _, cia := range []string{"NNN", "HNN", "NLN", "NNH", "LLL", "HHH", "LNH"} {
							seen++
							v, err := cvss.Parse(fmt.Sprintf("CVSS:3.1/AV:%c/AC:%c/PR:%c/UI:%c/S:%c/C:%c/I:%c/A:%c", av, ac, pr, ui, s, cia[0], cia[1], cia[2]))
							require.NoError(t, err)
							list := rubric.ProposeFromVector(v)
							for _, p := range list {
								require.Contains(t, p.By, v.String(), "the whole vector is named")
								metric, _, _ := strings.Cut(strings.TrimPrefix(p.By, "metric "), " ")
								require.Contains(t, v.String(), "/"+metric)
								require.NotEqual(t, rubric.Sure, p.Confidence)
							}
							// Confirmed as a whole, with the worst where nothing is proposed, they lead back to the vector.
							r := confirmed(t, list, func(q rubric.Question) rubric.Answer { return q.Answers()[0] })
							require.Empty(t, r.OffPath)
							for _, m := range []string{"AV", "AC", "PR", "UI", "S"} {
								if m == "AV" && av == 'A' { // XAVW and XAVR are not proposed
									require.Contains(t, "AL", r.Vector.Get(m))
									continue
								}
								require.Equal(t, v.Get(m), r.Vector.Get(m), "%s: %s", v, codes(list))
							}
							for _, m := range []string{"C", "I", "A"} {
								want := "H"
								if v.Get(m) == "N" {
									want = "N"
								}
								require.Equal(t, want, r.Vector.Get(m), "%s: %s", v, codes(list))
							}
						}
					}
				}
			}
		}
	}
	require.Equal(t, 4*2*3*2*2*7, seen)
	require.Empty(t, rubric.ProposeFromVector(cvss.Vector{}))
}

func TestAnImpactThatIsNotNoneProposesNothing(t *testing.T) {
	t.Parallel()
	v, err := cvss.Parse("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:L/A:N")
	require.NoError(t, err)
	require.Equal(t, "XAVN:Y XAVT:Y XACL:Y XPRZ:N XUI:N XS:N XAP:N XAD:N XAT:N XAW:N XAS:N XAO:N", codes(rubric.ProposeFromVector(v)))
}

func TestAVectorOfAnotherVersionIsAHintOfLowConfidence(t *testing.T) {
	t.Parallel()
	none := func(kind string) string {
		return "X" + kind + "P:N X" + kind + "D:N X" + kind + "T:N X" + kind + "W:N X" + kind + "S:N X" + kind + "O:N"
	}
	for text, want := range map[string]string{
		"AV:N/AC:L/Au:N/C:C/I:C/A:C":                                      "XAVN:Y XAVT:Y XACL:Y XPRZ:N",
		"AV:A/AC:M/Au:S/C:C/I:P/A:N":                                      "XAVN:Y XAVT:N XACL:N XPRZ:Y " + none("A"),
		"AV:L/AC:H/Au:M/C:N/I:P/A:P":                                      "XAVN:N XACL:N XPRZ:Y " + none("C"),
		"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N": "XAVN:Y XAVT:Y XACL:Y XPRZ:N XUI:N XS:N",
		"CVSS:4.0/AV:A/AC:L/AT:P/PR:L/UI:P/VC:H/VI:L/VA:N/SC:N/SI:N/SA:L": "XAVN:Y XAVT:N XACL:N XPRL:Y XPRZ:Y XPRS:N XUI:Y XS:Y",
		"CVSS:4.0/AV:L/AC:H/AT:N/PR:H/UI:A/VC:N/VI:L/VA:L/SC:N/SI:H/SA:N": "XAVN:N XAVP:N XACL:N XPRL:Y XPRZ:Y XPRS:Y XUI:Y XS:Y " + none("C"),
		"CVSS:4.0/AV:P/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:N/SC:N/SI:N/SA:N": "XAVN:N XAVP:Y XACL:Y XPRZ:N XUI:N XS:N " + none("A"),
	} {
		v, err := cvss.Parse(text)
		require.NoError(t, err)
		list := rubric.ProposeFromVector(v)
		require.Equal(t, want, codes(list), text)
		for _, p := range list {
			require.Equal(t, rubric.Doubtful, p.Confidence)
			require.Contains(t, p.Why, "the rubric does not speak of CVSS "+v.Version())
			require.Contains(t, p.By, v.String())
		}
	}
}

func TestAProposalIsNoAnswerUntilAPersonConfirmsIt(t *testing.T) {
	t.Parallel()
	field, ok := reflect.TypeFor[rubric.Proposal]().FieldByName("Answer")
	require.True(t, ok)
	require.False(t, field.Type.AssignableTo(reflect.TypeFor[rubric.Answer]()), "what is proposed cannot stand where an answer is asked for")
	require.False(t, reflect.TypeFor[rubric.Proposal]().AssignableTo(reflect.TypeFor[rubric.Answer]()))
	b, err := json.Marshal(rubric.Proposal{Question: "XS", Answer: "N"})
	require.NoError(t, err)
	require.Contains(t, string(b), `"proposed":"N"`)
	require.NotContains(t, string(b), `"answer"`)

	p := rubric.Propose(rubric.Facts{Interfaces: []rubric.Interface{{Name: "lan", Layer: rubric.IP}}})[0]
	here := time.FixedZone("", 7200)
	c, err := rubric.Confirm(p, "analyst-1", may.In(here))
	require.NoError(t, err)
	require.Equal(t, rubric.Confirmed{Question: "XAVN", Answer: rubric.Yes, By: "analyst-1", At: may, Proposal: p}, c)

	for name, f := range map[string]struct {
		p   rubric.Proposal
		by  string
		at  time.Time
		why string
	}{
		"nobody":             {p, " ", may, "who confirms is missing"},
		"never":              {p, "a", time.Time{}, "when it is confirmed is missing"},
		"no such question":   {rubric.Proposal{Question: "XX", Answer: "Y"}, "a", may, "there is no such question"},
		"no such answer":     {rubric.Proposal{Question: "XAT", Answer: "Y"}, "a", may, "this question takes one of H L N U"},
		"nothing proposed":   {rubric.Proposal{Question: "XAT"}, "a", may, "nothing is proposed"},
		"the empty proposal": {rubric.Proposal{}, "a", may, "there is no such question"},
	} {
		c, err := rubric.Confirm(f.p, f.by, f.at)
		require.ErrorContains(t, err, f.why, name)
		require.Empty(t, c, name)
	}
	_, err = rubric.Confirm(p, "", time.Time{})
	require.ErrorContains(t, err, "who")
	require.ErrorContains(t, err, "when")
}

func FuzzConfirm(f *testing.F) {
	f.Add([]byte(`{"question":"XAVN","proposed":"Y","by":"x","why":"y","confidence":"low"}`), "jane", int64(1))
	f.Add([]byte(`{"question":"XAT","proposed":"not answered"}`), "", int64(0))
	f.Fuzz(func(t *testing.T, b []byte, by string, sec int64) {
		var p rubric.Proposal
		if json.Unmarshal(b, &p) != nil {
			return
		}
		c, err := rubric.Confirm(p, by, time.Unix(sec, 0))
		if err != nil {
			if !reflect.DeepEqual(c, rubric.Confirmed{}) {
				t.Fatalf("an answer in spite of %v", err)
			}
			return
		}
		if c.By == "" || !c.Answer.Valid() || c.Question != p.Question {
			t.Fatalf("%+v", c)
		}
		_, err = rubric.Derive(rubric.Answers{c.Question: c.Answer}, nil)
		var missing *rubric.IncompleteError
		if !errors.As(err, &missing) {
			t.Fatalf("%+v is no answer: %v", c, err)
		}
	})
}

func FuzzEquivalence(f *testing.F) {
	good, _ := json.Marshal(compared())
	f.Add(good)
	f.Add([]byte(`{"by":"a\nb","date":"2026-02-30"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var e rubric.Equivalence
		if json.Unmarshal(b, &e) != nil {
			return
		}
		r, err := rubric.Derive(read(t, quiet), &rubric.Options{Equivalence: &e})
		if (err == nil) != (e.Check(time.Time{}) == nil) {
			t.Fatalf("Check says %v, Derive says %v", e.Check(time.Time{}), err)
		}
		if err == nil && (e.By == "" || len(e.Digest) != 64 || strings.ContainsAny(r.Label, "\n\r\t")) {
			t.Fatalf("%+v: %q", e, r.Label)
		}
	})
}
