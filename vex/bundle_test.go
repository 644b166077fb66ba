package vex_test

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	format "github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/vex"
	"github.com/open-postmarket/postmarket/vex/csaf"
	"github.com/open-postmarket/postmarket/vex/cyclonedx"
	"github.com/open-postmarket/postmarket/vex/openvex"
)

var decoders = map[string]func(io.Reader) (vex.Document, error){"csaf": csaf.Decode, "openvex": openvex.Decode, "cyclonedx": cyclonedx.Decode}

// refused are the files of the bundle that are not read, with the reason.
var refused = map[string]string{
	"cyclonedx/VEX/bom.json": `specVersion "1.3"`, // vulnerabilities came with 1.4
	"redhat-csaf-vex/rhel/vex/testdata/delete_CVE-2023-0030.json":            "no /document/csaf_version", // notices that a document is gone
	"redhat-csaf-vex/rhel/vex/testdata/delete_CVE-2023-0031.json":            "no /document/csaf_version",
	"redhat-csaf-vex/toolkit/types/csaf/testdata/cve-1999-0001-deleted.json": "no /document/csaf_version",
	"openvex-vexctl/examples/csaf/sbom.spdx.json":                            "", // SPDX
}

// TestFromEveryFormatToCycloneDXAndBack takes each document of the bundle to
// CycloneDX and reads it there: the status, the justification and the original
// words are what they were.
func TestFromEveryFormatToCycloneDXAndBack(t *testing.T) {
	t.Parallel()
	root := testdata.Path(t, "vex")
	files, read, there, dir := 0, 0, 0, t.TempDir()
	var written []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		if d.IsDir() || !strings.HasSuffix(path, ".json") {
			return nil
		}
		files++
		name, err := filepath.Rel(root, path)
		require.NoError(t, err)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		why, bad := refused[filepath.ToSlash(name)]
		decode := decoders[vex.Sniff(data)]
		if decode == nil {
			require.True(t, bad, name)
			return nil
		}
		doc, err := decode(bytes.NewReader(data))
		if bad {
			require.ErrorContains(t, err, why, name)
			return nil
		}
		require.NoError(t, err, name)
		read++
		var out bytes.Buffer
		err = cyclonedx.Encode(&out, doc, nil)
		require.NoError(t, err, name)
		there++
		file := filepath.Join(dir, strings.ReplaceAll(name, string(filepath.Separator), "-"))
		require.NoError(t, os.WriteFile(file, out.Bytes(), 0o600))
		written = append(written, file)
		again, err := cyclonedx.Decode(&out)
		require.NoError(t, err, name)
		require.Equal(t, said(doc), said(again), name)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []int{80, 75, 75}, []int{files, read, there})
	for _, v := range testdata.JudgeCycloneDX(t, written...) {
		require.True(t, v.Valid, "%s: %v", v.File, v.Errors)
	}
}

// said counts what is said: CycloneDX has an entry for each product that speaks
// of versions of its own.
func said(doc vex.Document) map[string]int {
	out := map[string]int{}
	for _, s := range doc.Statements {
		for _, k := range s.Keys() {
			k.Version = strings.TrimPrefix(k.Version, "vers:generic/") // what a plain comparison is written as
			out[strings.Join([]string{
				k.Vulnerability, k.Version, string(s.Status), string(s.Justification), s.Original.Format, s.Original.State, s.Original.Justification,
				strings.Join(s.Original.Responses, ","), s.Impact, s.Action, s.Notes, s.Issued.Format(time.RFC3339Nano),
			}, "|")]++
		}
	}
	return out
}

// The words of CycloneDX go through the other formats and come back as they were.
func TestTheWordsOfCycloneDXComeBackFromOtherFormats(t *testing.T) {
	t.Parallel()
	device := &vex.Product{Ref: "pkg:generic/acme/pump@2.1", Name: "Pump", PURL: "pkg:generic/acme/pump@2.1"}
	tls := vex.Product{Ref: "pkg:generic/tls@1", Name: "tls", PURL: "pkg:generic/tls@1", Within: device}
	doc := vex.Document{ID: "ACME-1", Title: "Pump", Role: "vendor", Author: "Acme", Issued: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	for _, state := range []string{"exploitable", "in_triage", "not_affected", "false_positive", "resolved", "resolved_with_pedigree"} {
		reasons := []string{""}
		status, ok := cyclonedx.Status(state)
		require.True(t, ok)
		if status == vex.NotAffected {
			reasons = []string{"code_not_present", "code_not_reachable", "requires_configuration", "requires_dependency", "requires_environment", "protected_by_compiler", "protected_at_runtime"}
		}
		for _, reason := range reasons {
			j, _ := cyclonedx.Justification(reason)
			s := vex.Statement{
				Vulnerability: "CVE-2026-" + strconv.Itoa(10000+len(doc.Statements)), Products: []vex.Product{tls}, Status: status, Justification: j, Notes: "by review",
				Original: vex.Original{Format: cyclonedx.Format, State: state, Justification: reason, Responses: []string{"can_not_fix", "rollback"}},
			}
			switch status {
			case vex.NotAffected:
				s.Impact = "it cannot be reached"
			case vex.Affected:
				s.Action = "update"
			}
			doc.Statements = append(doc.Statements, s)
		}
	}
	var asCDX bytes.Buffer
	require.NoError(t, cyclonedx.Encode(&asCDX, doc, nil))
	first, err := cyclonedx.Decode(&asCDX)
	require.NoError(t, err)
	for name, encode := range map[string]func(io.Writer, vex.Document) error{
		openvex.Format: func(w io.Writer, doc vex.Document) error { return openvex.Encode(w, doc, nil) },
		csaf.Format: func(w io.Writer, doc vex.Document) error {
			return csaf.Encode(w, doc, &csaf.Options{Publisher: format.Publisher{Namespace: "https://acme.example"}})
		},
	} {
		var there, back, again bytes.Buffer
		require.NoError(t, encode(&there, first), name)
		second, err := decoders[name](bytes.NewReader(there.Bytes()))
		require.NoError(t, err, name)
		require.NoError(t, cyclonedx.Encode(&back, second, nil), name)
		third, err := cyclonedx.Decode(&back)
		require.NoError(t, err, name)
		require.Len(t, third.Statements, len(first.Statements), name)
		for i, s := range third.Statements {
			want := first.Statements[i]
			require.Equal(t,
				[]any{want.Vulnerability, want.Status, want.Justification, want.Original, want.Impact, want.Action, want.Notes},
				[]any{s.Vulnerability, s.Status, s.Justification, s.Original, s.Impact, s.Action, s.Notes}, name)
			require.Equal(t, want.Products[0].PURL, s.Products[0].PURL)
		}
		require.NoError(t, encode(&again, second), name)
		require.Equal(t, there.String(), again.String(), name)
	}
}
