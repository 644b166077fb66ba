package advisory

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestThePhrasesAreDataAndAConvention(t *testing.T) {
	t.Parallel()
	all, err := loadPhrases(impactFile, "impact.json")
	require.NoError(t, err)
	for _, w := range all {
		for _, list := range [][]string{w.Filler, w.Blank, w.Harmed} {
			seen := map[string]bool{}
			for _, x := range list {
				require.False(t, seen[x], "%q is there twice", x)
				require.Equal(t, strings.Join(tokens(x), " "), strings.TrimSuffix(x, "*"), x)
				seen[x] = true
			}
		}
	}
	for text, want := range map[string]string{
		`{"about":"x","label":"convention","languages":[]}`:                                    "its languages are missing",
		`{"about":"x","label":"convention","languages":[{"lang":"en-US","filler":[]}]}`:        "is none",
		`{"about":"x","label":"convention","languages":[{"lang":"en","filler":["?"]}]}`:        "empty phrase",
		`{"about":"x","label":"convention","languages":[{"lang":"en","filler":[],"extra":1}]}`: "extra",
	} {
		_, err := loadPhrases(fstest.MapFS{"x.json": {Data: []byte(text)}}, "x.json")
		require.ErrorContains(t, err, want)
	}
}

func TestInALanguageWithoutAListOnlyTheFormIsLookedAt(t *testing.T) {
	t.Parallel()
	require.Empty(t, idle("de", "Ein Patient kann zu viel bekommen."))
	require.Empty(t, idle("de", "Das hier sagt gar nichts aus."), "which nobody can tell without a list")
	for _, text := range []string{"Zu kurz.", "TBD TBD TBD TBD TBD", "N/A TBD lorem ipsum dolor sit amet", "nichts nichts nichts nichts nichts"} {
		require.NotEmpty(t, idle("de", text), text)
	}
}
