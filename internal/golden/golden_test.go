package golden_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/internal/golden"
)

func TestCheck(t *testing.T) {
	path := filepath.Join(t.TempDir(), "below", "kept.txt")
	require.ErrorContains(t, golden.Check([]byte("a\n"), path), "is not there")
	t.Setenv(golden.Env, "1")
	require.NoError(t, golden.Check([]byte("a\nb\n"), path))
	t.Setenv(golden.Env, "")
	golden.Equal(t, []byte("a\nb\n"), path)
	require.ErrorContains(t, golden.Check([]byte("a\nc\n"), path), "differs at line 2")
	require.ErrorContains(t, golden.Check([]byte("a\nb\nc"), path), "differs at line 3")
	require.ErrorContains(t, golden.Check([]byte("a"), path), "(ends here)")
	require.NoError(t, os.Remove(path))
	require.Error(t, golden.Check(nil, filepath.Dir(path)))
}
