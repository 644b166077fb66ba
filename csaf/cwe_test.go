package csaf_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/internal/testdata"
)

func TestTheJudgeKnowsEveryWeaknessByTheNameWeGive(t *testing.T) {
	t.Parallel()
	d := full()
	first := d.Vulnerabilities[0]
	d.Vulnerabilities = nil
	for i := range 2000 {
		if name, ok := csaf.CWEName(fmt.Sprintf("CWE-%d", i)); ok {
			v := csaf.Vulnerability{CWE: &csaf.CWE{ID: fmt.Sprintf("CWE-%d", i), Name: name}, Notes: first.Notes, ProductStatus: first.ProductStatus}
			d.Vulnerabilities = append(d.Vulnerabilities, v)
		}
	}
	require.Len(t, d.Vulnerabilities, 968)
	require.Empty(t, csaf.Check(d))
	file := filepath.Join(t.TempDir(), "weaknesses.json")
	require.NoError(t, os.WriteFile(file, encode(t, d), 0o600))
	v := testdata.JudgeCSAF(t, "basic", file)[0]
	require.True(t, v.Valid, v.Errors)
}
