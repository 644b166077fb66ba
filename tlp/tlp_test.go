package tlp_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/tlp"
)

func TestParseLabelReadsWhatPeopleWrite(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]tlp.Label{
		"RED": tlp.Red, "red": tlp.Red, "TLP:RED": tlp.Red, " tlp: Amber ": tlp.Amber,
		"TLP:AMBER+STRICT": tlp.AmberStrict, "amber+strict": tlp.AmberStrict,
		"GREEN": tlp.Green, "CLEAR": tlp.Clear, "WHITE": tlp.Clear, "tlp:white": tlp.Clear,
		"": "", "  ": "",
	} {
		got, err := tlp.ParseLabel(in)
		require.NoError(t, err, "%q", in)
		require.Equal(t, want, got, "%q", in)
	}
	for _, in := range []string{"TLP:", "TLP", "PURPLE", "AMBER STRICT", "RED,GREEN", "TLP:TLP:RED", "\xff"} {
		got, err := tlp.ParseLabel(in)
		require.Error(t, err, "%q", in)
		require.Empty(t, got)
	}
}

func TestLabelsRiseAndNotSaidIsAboveRed(t *testing.T) {
	t.Parallel()
	labels := append(tlp.Labels(), "")
	for i, a := range labels {
		require.Equal(t, a != "", a.Valid())
		for j, b := range labels {
			require.Equal(t, i < j, a.Compare(b) < 0, "%s %s", a, b)
			require.Equal(t, i == j, a.Compare(b) == 0, "%s %s", a, b)
		}
	}
	require.Zero(t, tlp.Label("PURPLE").Compare(""))
	require.False(t, tlp.Label("PURPLE").Valid())
	require.False(t, tlp.Label("red").Valid(), "a label is upper case once parsed")
}

func TestJoinTakesTheStrictestAndItsSetters(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   []tlp.Mark
		want tlp.Mark
	}{
		"nothing is not said":             {nil, tlp.Mark{}},
		"the strictest wins":              {[]tlp.Mark{tlp.Marked(tlp.Clear, "nvd"), tlp.Marked(tlp.Amber, "cert")}, tlp.Marked(tlp.Amber, "cert")},
		"equals name both":                {[]tlp.Mark{tlp.Marked(tlp.Red, "b"), tlp.Marked(tlp.Red, "a", "b")}, tlp.Marked(tlp.Red, "a", "b")},
		"one silent part silences all":    {[]tlp.Mark{tlp.Marked(tlp.Clear, "nvd"), tlp.Marked("", "host")}, tlp.Marked("", "host")},
		"silence is above RED":            {[]tlp.Mark{tlp.Marked(tlp.Red, "cert"), tlp.Marked("", "host")}, tlp.Marked("", "host")},
		"what is no label is silence":     {[]tlp.Mark{tlp.Marked(tlp.Clear, "nvd"), {Label: "PURPLE", By: []string{"x"}}}, tlp.Marked("", "x")},
		"names are sorted, once, said":    {[]tlp.Mark{{Label: tlp.Green, By: []string{"b", "", "a", "b"}}}, tlp.Mark{Label: tlp.Green, By: []string{"a", "b"}}},
		"a public record stays shareable": {[]tlp.Mark{tlp.Marked(tlp.Clear, "nvd"), tlp.Marked(tlp.Clear, "osv")}, tlp.Marked(tlp.Clear, "nvd", "osv")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, tlp.Join(c.in...))
		})
	}
}

func TestJoinLeavesItsArgumentsAlone(t *testing.T) {
	t.Parallel()
	by := []string{"b", "a"}
	got := tlp.Join(tlp.Mark{Label: tlp.Red, By: by})
	got.By[0] = "changed"
	require.Equal(t, []string{"b", "a"}, by)
}

var marks = rapid.Custom(func(t *rapid.T) tlp.Mark {
	label := rapid.SampledFrom(append(tlp.Labels(), "", "PURPLE")).Draw(t, "label")
	by := rapid.SliceOfN(rapid.SampledFrom([]string{"", "cert", "host", "nvd", "osv"}), 0, 3).Draw(t, "by")
	return tlp.Mark{Label: label, By: by}
})

func TestLawsOfJoin(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := marks.Draw(t, "a"), marks.Draw(t, "b"), marks.Draw(t, "c")
		require.Equal(t, tlp.Join(a, b), tlp.Join(b, a), "commutative")
		require.Equal(t, tlp.Join(tlp.Join(a, b), c), tlp.Join(a, tlp.Join(b, c)), "associative")
		require.Equal(t, tlp.Join(a, b, c), tlp.Join(tlp.Join(a, b), c), "n at once is pairwise")
		require.Equal(t, tlp.Join(a), tlp.Join(a, a), "idempotent")
		require.Equal(t, tlp.Join(a), tlp.Join(tlp.Join(a)), "settled after one")
		require.GreaterOrEqual(t, tlp.Join(a, b).Label.Compare(a.Label), 0, "never less strict than a part")
	})
}

func TestJoiningNeverWidensTheAudience(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := marks.Draw(t, "a"), marks.Draw(t, "b")
		to := rapid.SampledFrom(tlp.Audiences()).Draw(t, "to")
		may := func(m tlp.Mark) bool {
			_, err := tlp.LabelsOnly(context.Background(), tlp.Outgoing{To: to, Content: tlp.Content{Kind: "message", Mark: m}})
			return err == nil
		}
		if may(tlp.Join(a, b)) {
			require.True(t, may(a) && may(b))
		}
	})
}

func TestLabelsOnlyFollowsItsTable(t *testing.T) {
	t.Parallel()
	// Columns: internal, party, customer, isao, regulator, public.
	want := map[tlp.Label]string{
		tlp.Clear: "yyyyyy", tlp.Green: "yyyyyn", tlp.Amber: "ynynnn",
		tlp.AmberStrict: "ynnnnn", tlp.Red: "ynnnnn", "": "ynnnnn", "PURPLE": "ynnnnn",
	}
	for label, row := range want {
		for i, to := range tlp.Audiences() {
			out := tlp.Outgoing{To: to, Content: tlp.Content{Kind: "advisory", Mark: tlp.Mark{Label: label, By: []string{"cert"}}}}
			mark, err := tlp.LabelsOnly(t.Context(), out)
			if row[i] == 'y' {
				require.NoError(t, err, "%s to %s", label, to)
				require.Equal(t, tlp.Join(out.Content.Mark), mark)
				continue
			}
			var held *tlp.HeldError
			require.ErrorAs(t, err, &held, "%s to %s", label, to)
			require.True(t, held.Until.IsZero())
			require.Contains(t, held.Why, "cert", "the refusal names who to ask")
			require.Empty(t, mark)
		}
	}
}

func TestLabelsOnlyCannotTell(t *testing.T) {
	t.Parallel()
	content := tlp.Content{Kind: "advisory", Mark: tlp.Marked(tlp.Clear, "us")}
	var held *tlp.HeldError
	for name, out := range map[string]tlp.Outgoing{
		"no audience":      {Content: content},
		"unknown audience": {To: "press", Content: content},
		"no kind":          {To: tlp.Public, Content: tlp.Content{Mark: content.Mark}},
	} {
		_, err := tlp.LabelsOnly(t.Context(), out)
		require.Error(t, err, name)
		require.False(t, errors.As(err, &held), "%s is a mistake, not a refusal", name)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := tlp.LabelsOnly(ctx, tlp.Outgoing{To: tlp.Public, Content: content})
	require.ErrorIs(t, err, context.Canceled)
}

func TestMarksSurviveJSON(t *testing.T) {
	t.Parallel()
	for _, m := range []tlp.Mark{{}, tlp.Marked("", "host"), tlp.Marked(tlp.AmberStrict, "cert", "nvd")} {
		b, err := json.Marshal(m)
		require.NoError(t, err)
		var got tlp.Mark
		require.NoError(t, json.Unmarshal(b, &got))
		require.Equal(t, m, got)
	}
	b, err := json.Marshal(tlp.Marked(tlp.AmberStrict, "cert"))
	require.NoError(t, err)
	require.Equal(t, `{"label":"AMBER+STRICT","by":["cert"]}`, string(b))
}

func TestHeldErrorSaysUntilWhen(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.FixedZone("", 3600))
	require.EqualError(t, &tlp.HeldError{Until: at, Why: "embargo"}, "tlp: held until 2026-11-01T11:00:00Z: embargo")
	require.EqualError(t, &tlp.HeldError{Why: "no label"}, "tlp: held: no label")
}

func FuzzParseLabel(f *testing.F) {
	for _, s := range []string{"", "TLP:RED", "white", "AMBER+STRICT", "tlp: ", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := tlp.ParseLabel(s)
		if err != nil {
			require.Empty(t, l)
			return
		}
		if l == "" {
			return
		}
		require.True(t, l.Valid())
		again, err := tlp.ParseLabel(l.String())
		require.NoError(t, err)
		require.Equal(t, l, again)
	})
}
