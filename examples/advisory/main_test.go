package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/internal/testdata"
)

func TestFromAFindingToAllForms(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var said strings.Builder
	require.NoError(t, run(t.Context(), dir, &said))
	for _, want := range []string{
		"finding: CVE-2026-99999 in example-tls", "risk: uncontrolled", "EXM-2026-001/1 @c-1: acknowledged", "EXM-2026-001/1 @c-2: sent",
		"1 told by mail", "overdue a month later: c-2", `refused on purpose: the same as a field safety notice (EU) lacks "urgency" (`,
		"EP-2 2.1, serial 1001: affected", "EP-2 2.2, serial 1002: not affected", "EP-2 1.5, serial 1003: cannot tell", "ES-7 7.0, serial 2001: cannot tell",
	} {
		require.Contains(t, said.String(), want)
	}
	index, err := os.ReadFile(filepath.Join(dir, "index.html"))
	require.NoError(t, err)
	links := regexp.MustCompile(`href="([^"]+)"`).FindAllStringSubmatch(string(index), -1)
	require.Len(t, links, 12)
	for _, l := range links {
		data, err := os.ReadFile(filepath.Join(dir, l[1]))
		require.NoError(t, err)
		require.NotEmpty(t, data, l[1])
	}
	letter, err := os.ReadFile(filepath.Join(dir, "exm-2026-001.html"))
	require.NoError(t, err)
	for _, want := range []string{"DEMONSTRATION", "end of support (support ended on 2025-12-31)", "under investigation", "fixed"} {
		require.Contains(t, string(letter), want)
	}
	require.NotContains(t, string(letter), "3.0-beta")

	abroad, err := os.ReadFile(filepath.Join(dir, "exm-2026-002.html"))
	require.NoError(t, err)
	for _, want := range []string{"DRAFT – not for distribution", "URGENT FIELD SAFETY NOTICE", "Serial numbers: 1000 to 1999.", "Infuses medicine as prescribed.", "Who must reply, and by when"} {
		require.Contains(t, string(abroad), want)
	}

	t.Run("the independent judges agree", func(t *testing.T) {
		for _, v := range testdata.JudgeCSAF(t, "basic", filepath.Join(dir, "exm-2026-001.json"), filepath.Join(dir, "exm-2026-001-vex.json")) {
			require.True(t, v.Valid, "%s: %v", v.File, v.Errors)
		}
		for _, v := range testdata.JudgeCycloneDX(t, filepath.Join(dir, "exm-2026-001.cdx.json")) {
			require.True(t, v.Valid, "%s: %v", v.File, v.Errors)
		}
	})
}
