package advisory_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/internal/testdata"
)

func TestAFileRefersToWhereItIsPublished(t *testing.T) {
	t.Parallel()
	missing := func(f csaf.Failure) bool { return f.Test == "6.2.11" }
	for at, want := range map[string]string{
		"":                              "",
		"https://psirt.example.com":     "https://psirt.example.com/",
		"https://example.com/csaf/tlp/": "https://example.com/csaf/tlp/",
	} {
		in := uncontrolled(t)
		in.Maker.Canonical = at
		a := draft(t, in)
		var names []string
		for name, write := range map[string]func(advisory.Advisory) (*csaf.Document, error){"exm-2026-001.json": advisory.CSAF, "exm-2026-001-vex.json": advisory.CSAFVEX} {
			doc, err := write(a)
			require.NoError(t, err)
			require.Empty(t, csaf.Check(doc))
			require.Equal(t, at == "", slices.ContainsFunc(csaf.CheckOptional(doc), missing), name)
			if at == "" {
				require.Empty(t, doc.Document.References)
				continue
			}
			require.Equal(t, []csaf.Reference{{Category: csaf.ReferenceSelf, Summary: "Canonical URL", URL: want + name}}, doc.Document.References)
			file := filepath.Join(t.TempDir(), name)
			f, err := os.Create(file)
			require.NoError(t, err)
			require.NoError(t, csaf.Encode(f, doc))
			require.NoError(t, f.Close())
			names = append(names, file)
		}
		if len(names) > 0 {
			t.Run("the judge agrees", func(t *testing.T) {
				for _, v := range testdata.JudgeCSAF(t, "extended", names...) {
					require.True(t, v.Valid, v.Errors)
					require.False(t, slices.ContainsFunc(v.Warnings, func(f testdata.Finding) bool { return strings.Contains(f.Test, "6_2_11") || f.Test == "6.2.11" }), v.Warnings)
				}
			})
		}
	}
	for _, at := range []string{"http://example.com", "example.com", "https://", "https://example.com/?x=1", "https://example.com/#x"} {
		in := uncontrolled(t)
		in.Maker.Canonical = at
		_, err := advisory.Draft(in, drafted)
		require.ErrorContains(t, err, "is no https URL of a folder", at)
	}
}
