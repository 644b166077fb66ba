package rubric_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/cvss/rubric"
)

func TestTheEmbeddedFlowHangsTogetherAndABrokenOneIsRefused(t *testing.T) {
	t.Parallel()
	good := string(rubric.EmbeddedFlow())
	require.NoError(t, rubric.LoadFlow([]byte(good)))
	for name, c := range map[string]struct{ old, new, why string }{
		"cut off":                     {good[len(good)/2:], "", "unexpected EOF"},
		"a field nobody knows":        {`"rubric":`, `"rubrik":`, "unknown field"},
		"a loop":                      {`{"ask": "XAVT"}`, `{"ask": "XAVN"}`, `"XAVN", answer Y: cannot lead to "XAVN"`},
		"a lead to nowhere":           {`{"ask": "XAVT"}`, `{"ask": "XAVZ"}`, `cannot lead to "XAVZ"`},
		"a lead to another metric":    {`{"ask": "XAVT"}`, `{"ask": "XPRZ"}`, `cannot lead to "XPRZ"`},
		"an answer without outcome":   {`"Y": {"ask": "XAVT"},`, ``, `question "XAVN" is not complete`},
		"neither question nor value":  {`{"ask": "XAVT"}`, `{}`, "either a question or a value"},
		"a source that is not listed": {`["medsec", "transcription"]`, `["medsec", "hearsay"]`, `unknown source "hearsay"`},
		"no source":                   {`["medsec", "transcription"]`, `[]`, "no confidence, source"},
		"a ruling that is not there":  {`"ruling": 7}`, `"ruling": 70}`, "such ruling"},
		"no help":                     {`"help": "Any link counts: wired or radio, routed or point to point."`, `"help": ""`, `question "XAVN" is not complete`},
		"a day that is none":          {`"until": "2026-12-20"`, `"until": "2026-13-20"`, `recognition "13-116": "2026-13-20" is not a day`},
		"an end before its beginning": {`"until": "2026-12-20"`, `"until": "2019-12-20"`, `recognition "13-116" ends before it begins`},
		"an answer nobody can give":   {`{"ask": "XAVT"},`, `{"ask": "XAVT"}, "H": {"ask": "XAVT"},`, `question "XAVN" is not complete`},
		"a question unlike others":    {`"entry": true,`, `"entry": true, "weight": 3,`, "unknown field"},
		"no wording":                  {`"text": "Is the link a wireless one?"`, `"text": ""`, `question "XAVW" is not complete`},
	} {
		require.Contains(t, good, c.old, name)
		err := rubric.LoadFlow([]byte(strings.Replace(good, c.old, c.new, 1)))
		require.ErrorContains(t, err, "rubric: embedded flow: ", name)
		require.ErrorContains(t, err, c.why, name)
	}
}
