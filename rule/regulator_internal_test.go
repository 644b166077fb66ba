package rule

import (
	"errors"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestAListOfRegulatorsThatIsNotRightIsRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no list":         `{}`,
		"no name":         `{"regulators":[{"jurisdiction":"US","names":[]}]}`,
		"an empty name":   `{"regulators":[{"jurisdiction":"US","names":["."]}]}`,
		"no jurisdiction": `{"regulators":[{"names":["FDA"]}]}`,
		"a mistyped word": `{"regulators":[{"jurisdiction":"US","name":["FDA"]}]}`,
	} {
		_, err := loadRegulators(fstest.MapFS{"r": {Data: []byte(text)}}, "r")
		var at *LoadError
		require.True(t, errors.As(err, &at), name)
		require.Equal(t, "r", at.File)
	}
}
