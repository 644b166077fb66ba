package patch_test

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// Who plans and signs releases carries no repository of updates.
func TestOnlyTheAdapterLinksGoTUF(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", "..", ".").Output()
	require.NoError(t, err)
	require.NotContains(t, string(out), "go-tuf")
	require.NotContains(t, string(out), "sigstore")
}
