package advisory_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
)

// These were written before it was asked whence the versions are and on what a fix
// rests. They are read as they were signed, can be updated, and nothing is added to
// what they say.
func TestRecordsFromBeforeTheirSourcesWereAskedAreReadForever(t *testing.T) {
	t.Parallel()
	for name, signed := range map[string]string{
		"record-before-sources.json":                     "db76be554e5f56f59ed9df7626228730419d98c60d3fb4b5f2dae8dce34e0ea6",
		"record-field-safety-notice-before-sources.json": "a3af4dd737b1a0bad5c0c2bc22173a82585e5d6c07260e852cb04a15fe03096b",
	} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(t, err)
		var old advisory.Advisory
		require.NoError(t, json.Unmarshal(data, &old))
		require.Equal(t, signed, old.Digest(), name)
		require.NoError(t, old.Validate(), name)
		again, err := json.MarshalIndent(old, "", "  ")
		require.NoError(t, err)
		require.Equal(t, string(data), string(again)+"\n", name)
		given.Store(old.Digest(), uncontrolled(t))
		require.NoError(t, advisory.Fresh(t.Context(), keeping(t, old), old), name)
	}
}
