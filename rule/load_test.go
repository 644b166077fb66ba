package rule_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/rule"
)

func load(text string) (*rule.Book, error) {
	return rule.Load(fstest.MapFS{"r.json": {Data: []byte(text)}}, "r.json")
}

const good = `{"about":"for tests","rules":[{"id":"a-1","title":"t","jurisdiction":"US","role":"manufacturer","start":"aware",
"limit":{"amount":5,"unit":"workdays"},"calendar":"c","to":["FDA"],"on":true,"why":"w",
"citation":{"source":"s","clause":"c","date":"2016-12-28","force":"regulation","certainty":"verified"}}]}`

func TestTheEmbeddedRulesLoad(t *testing.T) {
	t.Parallel()
	book, err := rule.Default()
	require.NoError(t, err)
	on := map[string]rule.Limit{}
	for _, r := range book.Rules() {
		require.NoError(t, r.Check())
		if !r.On {
			continue
		}
		on[r.ID] = r.Limit
		require.Equal(t, rule.Verified, r.Citation.Certainty, "%s: what is not certain is off", r.ID)
	}
	require.Equal(t, map[string]rule.Limit{
		"fda-pm-30": {30, rule.Days}, "fda-pm-60": {60, rule.Days},
		"fda-mdr-30": {30, rule.Days}, "fda-mdr-5": {5, rule.Workdays}, "fda-806": {10, rule.Workdays},
	}, on)
	for _, id := range []string{"fda-pm-30", "fda-pm-60"} {
		r, err := book.Rule(id)
		require.NoError(t, err)
		require.Equal(t, rule.Learned, r.Start)
		require.Equal(t, rule.Guidance, r.Citation.Force)
		require.Contains(t, r.Label, "not a deadline of law")
		require.NotContains(t, r.To, "FDA", "nothing is sent to FDA under these")
	}
	r, err := book.Rule("fda-806")
	require.NoError(t, err)
	require.Equal(t, rule.Initiated, r.Start)
	for id, days := range map[string]int{"eu-mdr-2": 2, "eu-mdr-10": 10, "eu-mdr-15": 15} {
		r, err := book.Rule(id)
		require.NoError(t, err)
		require.Equal(t, days, r.Limit.Amount)
		require.False(t, r.On)
	}
}

func TestABookCannotBeChangedThroughWhatItGives(t *testing.T) {
	t.Parallel()
	book, err := load(good)
	require.NoError(t, err)
	book.Rules()[0].To[0] = "someone"
	r, err := book.Rule("a-1")
	require.NoError(t, err)
	r.To[0] = "someone else"
	require.Equal(t, []string{"FDA"}, book.Rules()[0].To)
	_, err = book.Rule("a-2")
	require.ErrorIs(t, err, rule.ErrNotFound)
	require.ErrorContains(t, err, `"a-2"`)
}

func TestEachMistakeInARuleFileIsAnError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, new, want string }{
		"an unknown field":               {`"on":true`, `"on":true,"until":"x"`, `"a-1": field "until" is not known`},
		"a field in another case":        {`"why"`, `"Why"`, `field "Why" is not known`},
		"a field given twice":            {`"on":true`, `"on":true,"on":false`, `field "on" is given twice`},
		"an unknown field in the limit":  {`"amount":5`, `"amount":5,"from":1`, `limit: field "from" is not known`},
		"an unknown field of the file":   {`"about"`, `"abuot"`, `field "abuot" is not known`},
		"an unknown field of a citation": {`"clause":"c"`, `"clause":"c","page":1`, `citation: field "page" is not known`},
		"on or off is not said":          {`"on":true,`, ``, `field "on" is missing`},
		"no reason for on":               {`"why":"w"`, `"why":" "`, `why is missing`},
		"no clause":                      {`"clause":"c"`, `"clause":""`, `citation: clause is missing`},
		"no source":                      {`"source":"s"`, `"source":""`, `citation: source is missing`},
		"a date of no kind":              {`2016-12-28`, `28.12.2016`, `citation: date "28.12.2016"`},
		"an unknown force":               {`"regulation"`, `"law"`, `force "law" is not known`},
		"an unknown certainty":           {`"verified"`, `"sure"`, `certainty "sure" is not known`},
		"guidance without its label":     {`"regulation"`, `"guidance"`, `label is missing`},
		"secondary without its label":    {`"verified"`, `"secondary"`, `label is missing`},
		"an unknown start":               {`"aware"`, `"soon"`, `start "soon" is not known`},
		"an unknown unit":                {`"workdays"`, `"months"`, `limit: unit "months" is not known`},
		"a limit of none":                {`"amount":5`, `"amount":0`, `limit: 0 workdays is not between`},
		"half a day":                     {`"amount":5`, `"amount":0.5`, `0.5`},
		"a limit as text":                {`"amount":5`, `"amount":"5"`, `amount`},
		"a recipient without a name":     {`["FDA"]`, `[""]`, `to: a recipient is missing`},
		"no recipient":                   {`["FDA"]`, `[]`, `to: a recipient is missing`},
		"an id with spaces":              {`"a-1"`, `"A 1"`, `id "A 1" is not`},
		"no id":                          {`"a-1"`, `""`, `"#1": id ""`},
		"a rule that is no object":       {`{"id"`, `null,{"id"`, `"#1": is not an object`},
		"text after the end":             {`]}`, `]} x`, `invalid character 'x'`},
		"cut off":                        {`]}`, ``, `unexpected end`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, good, c.old)
			i := strings.LastIndex(good, c.old)
			book, err := load(good[:i] + c.new + good[i+len(c.old):])
			require.Nil(t, book)
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, "r.json")
			var at *rule.LoadError
			require.ErrorAs(t, err, &at)
			require.Equal(t, "r.json", at.File)
		})
	}
	for name, text := range map[string]string{
		"empty": "", "no object": "[]", "no rules": "{}", "none": `{"rules":[]}`, "null": "null", "other bytes": "\xff\xfe",
		"huge": `{"rules":[` + strings.Repeat(" ", 1<<20) + `]}`,
	} {
		book, err := load(text)
		require.Error(t, err, name)
		require.Nil(t, book)
	}
	_, err := rule.Load(fstest.MapFS{}, "gone.json")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = rule.Load(fstest.MapFS{"d/r.json": {}}, "d")
	require.Error(t, err)
}

func TestAllMistakesAreToldAtOnce(t *testing.T) {
	t.Parallel()
	_, err := load(`{"rules":[
		{"id":"a","start":"soon","colour":"red","limit":{"amount":1,"unit":"days"},"to":["FDA"],"on":true,"why":"w","title":"t","jurisdiction":"US","role":"r","calendar":"c"},
		{"id":"a"}, 7]}`)
	require.Error(t, err)
	for _, want := range []string{
		`"a": start "soon" is not known`, `"a": field "colour" is not known`, `"a": field "citation" is missing`, `"a": citation: source is missing`,
		`"a": is both rule 1 and rule 2`, `"a": field "why" is missing`, `"#3": `,
	} {
		require.ErrorContains(t, err, want)
	}
	for line := range strings.Lines(err.Error()) {
		require.Contains(t, line, "rule: r.json: ", "each line stands alone")
	}
}

func TestACitationTellsWhatItRestsOn(t *testing.T) {
	t.Parallel()
	c := rule.Citation{Source: "21 CFR Part 806", Clause: "806.10(b)", Date: "2002", Force: rule.Regulation, Certainty: rule.Verified}
	require.True(t, c.Binding())
	require.Equal(t, "21 CFR Part 806, 806.10(b), 2002 (regulation)", c.String())
	for certainty, want := range map[rule.Certainty]string{
		rule.Secondary: "secondary source", rule.Memory: "to be verified", rule.Ours: "our own", "": "not said",
	} {
		c.Certainty = certainty
		require.Contains(t, c.String(), want)
		require.False(t, c.Binding())
	}
	c.Certainty, c.Force = rule.Verified, rule.Guidance
	require.False(t, c.Binding())
}

func TestTheZeroValueOfAnEnumIsNoChoice(t *testing.T) {
	t.Parallel()
	require.False(t, rule.Force("").Valid() || rule.Certainty("").Valid() || rule.StartEvent("").Valid() || rule.Unit("").Valid())
	for _, f := range []rule.Force{rule.Statute, rule.Regulation, rule.Guidance, rule.Standard, rule.Convention} {
		require.True(t, f.Valid())
	}
	for _, e := range []rule.StartEvent{rule.Learned, rule.Aware, rule.Initiated, rule.Discovery, rule.Belief, rule.Payment, rule.FixAvailable, rule.YearEnd} {
		require.True(t, e.Valid())
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(`{"rules":[null,{},[],{"id":"a","limit":null,"citation":[]}]}`))
	f.Add([]byte(`{"rules":[{"limit":{"amount":1e99}}]}`))
	f.Add([]byte(`{"rules":[{"id":"a","id":"b"}]} {}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		book, err := rule.Load(fstest.MapFS{"r.json": {Data: data}}, "r.json")
		if err != nil {
			require.Nil(t, book)
			require.True(t, errors.As(err, new(*rule.LoadError)))
			return
		}
		ids := map[string]bool{}
		for _, r := range book.Rules() {
			require.NoError(t, r.Check())
			require.False(t, ids[r.ID])
			ids[r.ID] = true
		}
		again, err := json.Marshal(map[string]any{"rules": book.Rules()})
		require.NoError(t, err)
		back, err := rule.Load(fstest.MapFS{"r.json": {Data: again}}, "r.json")
		require.NoError(t, err)
		require.Equal(t, book.Rules(), back.Rules())
	})
}
