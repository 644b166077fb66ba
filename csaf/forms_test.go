package csaf

import (
	"math/rand/v2"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAURIIsWhatItsGrammarSays(t *testing.T) {
	t.Parallel()
	const char = `[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2}`
	grammar := regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+\-.]*:` +
		`(?://(?:(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{2})*@)?\[[0-9A-Fa-fv.:]+\](?::[0-9]*)?(?:/(?:` + char + `)*)?|(?:` + char + `)+)` +
		`(?:\?(?:` + char + `|\?)*)?(?:#(?:` + char + `|\?)*)?$`)
	parts := []string{"http", "urn", ":", "/", "//", "[", "]", "::1", "v1.a", "@", "user", "?", "#", "%", "%2", "%2f", "a.example", "8080", "0", "x y", "ä", "\n", "-", "+", "~", "^", "{", ""}
	random := rand.New(rand.NewPCG(1, 2))
	valid := 0
	for range 200_000 {
		s := ""
		if random.IntN(2) == 0 {
			s = "http://"
		}
		for range random.IntN(9) {
			s += parts[random.IntN(len(parts))]
		}
		want := grammar.MatchString(s)
		require.Equal(t, want, uri(s) == "", "%q", s)
		if want {
			valid++
		}
	}
	require.Greater(t, valid, 10_000)
}
