package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/sbom/read"
)

const (
	pump = `{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"component":{"type":"device","name":"pump","version":"2"}},
		"components":[
			{"type":"library","name":"zlib","version":"1.2.11","purl":"pkg:generic/zlib@1.2.11",
				"components":[{"type":"library","name":"inflate","version":"1","cpe":"cpe:2.3:a:zlib:zlib:1.2.11:*:*:*:*:*:*:*"}]},
			{"type":"library","name":"home-made"},
			{"type":"library","name":"openssl","cpe":"cpe:2.3:a:openssl:openssl:-:*:*:*:*:*:*:*"}]}`
	odd = `<bom xmlns="http://cyclonedx.org/schema/bom/1.4"><components><component type="gadget"><name>a|b</name></component></components></bom>`
	tag = "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: d\nDocumentNamespace: https://example.org/d\n" +
		"Creator: Tool: t\nCreated: 2025-01-01T00:00:00Z\nPackageName: p\nSPDXID: SPDXRef-p\nPackageDownloadLocation: NONE\n"
)

// written puts documents into files, whose names it returns.
func written(t *testing.T, documents ...string) []string {
	t.Helper()
	dir := t.TempDir()
	var files []string
	for i, d := range documents {
		file := filepath.Join(dir, string(rune('a'+i)))
		require.NoError(t, os.WriteFile(file, []byte(d), 0o600))
		files = append(files, file)
	}
	return files
}

func checked(t *testing.T, args ...string) (status int, rows []row, stdout, stderr string) {
	t.Helper()
	var out, complaints bytes.Buffer
	status = run(args, &out, &complaints)
	if strings.HasPrefix(out.String(), "[") {
		require.NoError(t, json.Unmarshal(out.Bytes(), &rows), "one array and nothing else")
	}
	return status, rows, out.String(), complaints.String()
}

func TestTheStatusSaysTheWorst(t *testing.T) {
	t.Parallel()
	f := written(t, pump, odd, tag, "no SBOM", "")
	for _, c := range []struct {
		files []string
		want  int
	}{
		{[]string{f[0]}, 0},
		{[]string{f[0], f[2]}, 0},
		{[]string{f[1]}, 1},
		{[]string{f[1], f[0]}, 1},
		{[]string{f[3]}, 2},
		{[]string{f[4], f[1]}, 2},
		{[]string{f[0], f[0] + ".absent"}, 2},
		{nil, 2},
		{[]string{"-format", "yaml", f[0]}, 2},
		{[]string{"-wrong"}, 2},
		{[]string{"-h"}, 0},
	} {
		for _, format := range []string{"table", "json", "md"} {
			args := append([]string{"-format", format}, c.files...)
			if len(c.files) > 0 && strings.HasPrefix(c.files[0], "-") {
				args = c.files
			}
			status, _, _, stderr := checked(t, args...)
			require.Equal(t, c.want, status, "%v: %s", args, stderr)
		}
	}
}

func TestJSONIsOneArrayOfTheStatedShape(t *testing.T) {
	t.Parallel()
	f := written(t, pump, odd, "no\nSBOM")
	status, rows, stdout, stderr := checked(t, append([]string{"-format", "json"}, f...)...)
	require.Equal(t, 2, status)
	require.Equal(t, []row{
		{File: f[0], Format: "cyclonedx-json", Spec: "1.6", Components: 4, Matchable: 2, Valid: true, Problems: []read.Violation{}},
		{File: f[1], Format: "cyclonedx-xml", Spec: "1.4", Components: 1, Problems: rows[1].Problems},
		{File: f[2], Problems: []read.Violation{}, Error: "read: not a format that is read: looks like text of no known form"},
	}, rows)
	require.Equal(t, "/bom/components[1]/component[1]/@type", rows[1].Problems[0].Path)
	require.Equal(t, "enumeration", rows[1].Problems[0].Rule)
	var raw []map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(stdout), &raw))
	for _, r := range raw {
		require.Len(t, r, 8)
		for _, key := range []string{"file", "format", "spec", "components", "matchable", "valid", "problems", "error"} {
			require.Contains(t, r, key)
		}
	}
	require.Equal(t, 1, strings.Count(stderr, "\n"), "one line a file that is not read")
}

func TestWhatIsWrappedIsJudgedToo(t *testing.T) {
	t.Parallel()
	wrapped := func(document string) string {
		return `{"payloadType":"application/vnd.in-toto+json","payload":"` + base64.StdEncoding.EncodeToString([]byte(
			`{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://cyclonedx.org/bom","predicate":`+document+`}`)) + `"}`
	}
	f := written(t, wrapped(pump), wrapped(strings.Replace(pump, `"1.6"`, `"1.6","more":1`, 1)))
	status, rows, _, _ := checked(t, "-format", "json", f[0])
	require.Zero(t, status)
	require.Equal(t, 4, rows[0].Components)
	status, rows, _, _ = checked(t, "-format", "json", f[1])
	require.Equal(t, 1, status)
	require.Equal(t, "/more", rows[0].Problems[0].Path)
	require.Equal(t, 4, rows[0].Components, "reported in full all the same")
}

func TestWhatIsRefusedIsJudgedAllTheSame(t *testing.T) {
	t.Parallel()
	f := written(t, strings.Replace(pump, `"CycloneDX"`, `"AnotherFormat"`, 1), strings.Replace(odd, "schema/bom/1.4", "schema/bom/9.9", 1))
	for _, file := range f {
		status, rows, _, _ := checked(t, "-format", "json", file)
		require.Equal(t, 2, status)
		require.NotEmpty(t, rows[0].Error)
		require.False(t, rows[0].Valid)
		require.NotEmpty(t, rows[0].Problems)
	}
}

func TestTheTableAndThePageSayTheSame(t *testing.T) {
	t.Parallel()
	f := written(t, pump, odd, "no SBOM")
	_, _, stdout, _ := checked(t, f...)
	require.Contains(t, stdout, f[0]+"  cyclonedx-json  1.6   4           2          valid")
	require.Contains(t, stdout, f[1]+": invalid\n  /bom/components[1]/component[1]/@type: enumeration: \"gadget\" is none of the words")
	require.Contains(t, stdout, f[2]+": not read")
	_, _, stdout, _ = checked(t, append([]string{"-format", "md"}, f...)...)
	require.Contains(t, stdout, "| cyclonedx-json | 1.6 | 4 | 2 | valid | 0 |")
	require.Contains(t, stdout, "| /bom/components\\[1]/component\\[1]/@type | enumeration |")
	require.Contains(t, stdout, "# SBOM quality: pump 2")
	require.NotContains(t, stdout, "a|b")
}

// Every file of the bundle is done, and one of CycloneDX that is not valid is read
// all the same unless it is not CycloneDX by its own word.
func TestEveryFileOfTheBundleIsReadOrRefusedInALine(t *testing.T) {
	t.Parallel()
	root := testdata.Path(t, "sboms")
	args := []string{"-format", "json"}
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			args = append(args, path)
		}
		return err
	}))
	status, rows, _, _ := checked(t, args...)
	require.Equal(t, 2, status, "some are no SBOMs")
	require.Len(t, rows, len(args)-2)
	for _, r := range rows {
		require.NotContains(t, r.Error, "\n")
		require.LessOrEqual(t, r.Matchable, r.Components, r.File)
		name := filepath.Base(r.File)
		if !strings.Contains(r.File, "cyclonedx-conformance") {
			continue
		}
		require.Equal(t, strings.HasPrefix(name, "valid-"), r.Valid, name)
		if r.Error != "" {
			require.Regexp(t, `^invalid-(bomformat|namespace)-`, name)
			require.NotEmpty(t, r.Problems, name)
		}
	}
}
