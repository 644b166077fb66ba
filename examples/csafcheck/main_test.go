package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/internal/testdata"
)

const notice = `{"document": {"category": "csaf_base", "csaf_version": "2.0", "lang": "en",
	"publisher": {"category": "vendor", "name": "Example Devices", "namespace": "https://vendor.example"}, "title": "Pumps",
	"tracking": {"current_release_date": "2024-03-01T09:00:00Z", "id": "EX-2024-1", "initial_release_date": "2024-03-01T09:00:00Z",
		"revision_history": [{"date": "2024-03-01T09:00:00Z", "number": "1", "summary": "first release"}], "status": "final", "version": "1"}}}`

func checked(args ...string) (status int, stdout, stderr string) {
	var out, complaints bytes.Buffer
	status = run(args, &out, &complaints)
	return status, out.String(), complaints.String()
}

// written puts texts into files of names that say nothing.
func written(t *testing.T, texts ...string) []string {
	t.Helper()
	dir := t.TempDir()
	var files []string
	for i, text := range texts {
		files = append(files, filepath.Join(dir, fmt.Sprintf("%04d", i)))
		require.NoError(t, os.WriteFile(files[i], []byte(text), 0o600))
	}
	return files
}

func TestEachFileHasItsLineAndTheStatusSaysTheWorst(t *testing.T) {
	t.Parallel()
	fine := notice
	draft := strings.Replace(notice, `"final"`, `"draft"`, 1)
	wrong := strings.NewReplacer(`"number": "1"`, `"number": "0"`, `"en"`, `"en-UK"`, `"title": "Pumps"`, `"title": ""`).Replace(notice)
	later := strings.Replace(notice, `"2.0"`, `"2.1"`, 1)
	f := written(t, fine, draft, wrong, later, "[]", "{", "", "{\"a\": \"\xff\"}", fine+"}", "\xef\xbb\xbf"+fine,
		`{"document":{"csaf_version":"2.0"},"x":`+strings.Repeat("[", 100_000), `{"product_tree":`+strings.Repeat(`{"branches":[`, 200)+strings.Repeat("]}", 200)+"}")
	for _, c := range []struct {
		args   []string
		status int
		want   []string // of each line, after the file
	}{
		{[]string{f[0]}, 0, []string{"valid\t"}},
		{[]string{f[0], f[1]}, 0, []string{"valid\t", "valid\t"}},
		{[]string{"-preset", "extended", f[0]}, 0, []string{"valid\t6.2.10,6.2.11"}},
		{[]string{"-preset=basic", f[2], f[0]}, 1, []string{"invalid\tschema,6.1.12,6.1.16,6.1.18", "valid\t"}},
		{[]string{f[3]}, 1, []string{"invalid\tschema"}},
		{[]string{f[4]}, 1, []string{"invalid\tschema"}},
		{[]string{f[5], f[2], f[0]}, 2, []string{"unreadable\t", "invalid\tschema,6.1.12,6.1.16,6.1.18", "valid\t"}},
		{[]string{f[6]}, 2, []string{"unreadable\t"}},
		{[]string{f[7]}, 2, []string{"unreadable\t"}},
		{[]string{f[8]}, 2, []string{"unreadable\t"}},
		{[]string{f[9]}, 2, []string{"unreadable\t"}},
		{[]string{f[10]}, 2, []string{"unreadable\t"}},
		{[]string{f[11]}, 2, []string{"unreadable\t"}},
		{[]string{f[0] + ".absent", filepath.Dir(f[0]), f[0]}, 2, []string{"unreadable\t", "unreadable\t", "valid\t"}},
		{nil, 2, nil},
		{[]string{"-preset", "full", f[0]}, 2, nil},
		{[]string{"-wrong"}, 2, nil},
		{[]string{"-h"}, 0, nil},
	} {
		status, stdout, stderr := checked(c.args...)
		require.Equal(t, c.status, status, "%v: %s", c.args, stderr)
		var want string
		files := c.args
		for len(files) > 0 && !filepath.IsAbs(files[0]) {
			files = files[1:]
		}
		for i, w := range c.want {
			want += files[i] + "\t" + w + "\n"
		}
		require.Equal(t, want, stdout, "%v", c.args)
		require.Equal(t, strings.Count(stdout, "\tunreadable\t"), strings.Count(stderr, "csafcheck: /")-strings.Count(stderr, "is of CSAF"), stderr)
	}
	for i, why := range map[int]string{
		3: "is of CSAF 2.1 and judged by 2.0", 5: "unexpected end of JSON input", 6: "the text is empty", 7: "line 1, column 8: the text is not UTF-8",
		8: "after top-level value", 9: "byte order mark", 10: "nested deeper than 1000", 11: "branches nested deeper than 100",
	} {
		_, _, stderr := checked(f[i])
		require.Contains(t, stderr, why)
	}
}

func TestAFileTooLargeIsNotReadToItsEnd(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "large")
	require.NoError(t, os.WriteFile(file, []byte(`{"x":"`), 0o600))
	require.NoError(t, os.Truncate(file, 1<<40)) // a hole: it takes no room
	status, stdout, stderr := checked(file)
	require.Equal(t, 2, status)
	require.Equal(t, file+"\tunreadable\t\n", stdout)
	require.Contains(t, stderr, "larger than")
}

func TestWhatIsOutsideTextStaysOnItsLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "a\tvalid\nb")
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(notice, "2.0", "2.0\\n", 1)), 0o600))
	status, stdout, stderr := checked("-explain", file)
	require.Equal(t, 1, status)
	require.Equal(t, filepath.Join(dir, "a valid b")+"\tinvalid\tschema\n", stdout)
	require.Equal(t, 2, strings.Count(stderr, "\n"), stderr)
	require.Contains(t, stderr, `schema /document/csaf_version: is "2.0\n", not one of 2.0`)
}

func TestItsVerdictIsTheJudgesOnRealAdvisories(t *testing.T) {
	t.Parallel()
	var texts []string
	for _, folder := range []string{"cisa-icsma", "cisa-icsa"} {
		names, err := filepath.Glob(filepath.Join(testdata.Path(t, "csaf", folder), "*.json"))
		require.NoError(t, err)
		for _, name := range names {
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			texts = append(texts, string(text), strings.Replace(string(text), `"status": "final"`, `"status": "finished"`, 1))
		}
	}
	files := written(t, texts...)
	status, stdout, _ := checked(files...)
	require.Equal(t, 1, status)
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	require.Len(t, lines, len(files))
	for i, v := range testdata.JudgeCSAF(t, "basic", files...) {
		require.Equal(t, v.Valid, strings.HasPrefix(lines[i], files[i]+"\tvalid"), lines[i])
	}
}
