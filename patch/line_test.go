package patch

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/internal/golden"
	"github.com/open-postmarket/postmarket/store"
)

// A line is this package's own: nobody else can read its record of version 1.
func TestTheLineOfAProductStillDecodes(t *testing.T) {
	t.Parallel()
	want := line{Product: "pump-2.1", Sequence: 7}
	text, err := json.MarshalIndent(want, "", "  ")
	require.NoError(t, err)
	golden.Equal(t, append(text, '\n'), "testdata/line.v1.json")
	got, err := heads.Decode(store.Entry{Name: store.Name{Kind: string(heads), Key: want.Key()}, Version: 1, Body: text})
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// So is what is told of a release.
func TestWhatIsToldOfAReleaseStillDecodes(t *testing.T) {
	t.Parallel()
	want := told{Release: "pump #000000000007", Reports: 9}
	text, err := json.MarshalIndent(want, "", "  ")
	require.NoError(t, err)
	golden.Equal(t, append(text, '\n'), "testdata/received.v1.json")
	got, err := tells.Decode(store.Entry{Name: store.Name{Kind: string(tells), Key: want.Key()}, Version: 1, Body: text})
	require.NoError(t, err)
	require.Equal(t, want, got)
}
