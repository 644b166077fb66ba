package csaf_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/csaf"
)

// TestSchemaOf21FailsWhatTheCommitteeSays: of its files for the tests of 2.1 those
// fail that are about the schemas of scores and about dates.
func TestSchemaOf21FailsWhatTheCommitteeSays(t *testing.T) {
	t.Parallel()
	wrong := regexp.MustCompile(`-6-1-(07-06|08-0\d|37-0[1-9]|46-0\d)\.json$`)
	files, failed := 0, 0
	for _, file := range documents(t, "oasis-tests-2.1") {
		name := filepath.Base(file)
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.HasSuffix(name, "_json_schema.json") || name == "testcases.json" {
			continue
		}
		doc, err := csaf.DecodeAny(bytes.NewReader(data))
		require.NoError(t, err, name)
		failures := csaf.CheckSchema21(doc)
		if len(failures) > 0 {
			require.Regexp(t, wrong, name, failures[0])
			failed++
		}
		files++
	}
	require.GreaterOrEqual(t, files, 643)
	require.GreaterOrEqual(t, failed, 9)
	t.Logf("%d files, %d fail", files, failed)
}

// TestSchemaOf21Bites changes one thing in a good document.
func TestSchemaOf21Bites(t *testing.T) {
	t.Parallel()
	require.Equal(t, "schema (document): there is no document", csaf.CheckSchema21(nil)[0].String())
	doc := full()
	doc.Vulnerabilities[0].Metrics = nil
	out, _ := preview(t, doc, nil, "")
	var good bytes.Buffer
	require.NoError(t, csaf.Encode21(&good, out))
	for _, c := range []struct{ old, changed, want string }{
		{csaf.Schema21, "https://example.com", "/$schema: is"},
		{`"label": "CLEAR"`, `"label": "WHITE"`, "not one of AMBER, AMBER+STRICT, CLEAR, GREEN or RED"},
		{`"tlp": {`, `"x_tlp": {`, "/document/distribution: has no tlp"},
		{`"category": "vendor",\n      "contact`, `"category": "seller",\n      "contact`, "/document/publisher/category: is"},
		{`2024-03-01T09:30:00Z`, `2024-03-01T09:30:00z`, "not a date with a large T and Z"},
		{`2024-03-02T09:30:00Z`, `2024-02-30T09:30:00Z`, "not a date and time with a zone"},
		{`"category": "product_version"`, `"category": "legacy"`, "branches/0/category: is"},
		{`"algorithm": "sha256"`, `"algorithm": "SHA256"`, "not the name of an algorithm in small letters"},
		{`"value": "e3b0`, `"value": "E3B0`, "not a digest of at least 32 hexadecimal digits in small letters"},
		{`"pkg:generic/`, `"pkg:Generic/`, "not a package URL"},
		{`"K1*"`, `"K2*"`, "skus/1: is in the list already"},
		{`"beginning_product_reference"`, `"product_reference"`, "has no beginning_product_reference"},
		{`"version": "4.14"`, `"version": "v4"`, "not the version of a list of weaknesses"},
		{`"disclosure_date"`, `"release_date"`, "/vulnerabilities/0/release_date: is no member that the standard defines"},
		{`"metrics"`, `"scores"`, "/vulnerabilities/0/scores: is no member that the standard defines"},
		{`"content": {`, `"x_content": {`, "/vulnerabilities/0/metrics/0: has no content"},
		{`"category": "vendor_fix"`, `"category": "fix"`, "is \"fix\", not one of fix_planned, optional_patch"},
		{`"text": "T-1"`, `"text": ""`, "is an empty string"},
		{`"title": "DTLS telemetry"`, `"first_known_exploitation_dates": [{"date": "2024-03-01T09:30:00Z", "exploitation_date": "2024-03-01T09:30:00Z"}]`, "names no product"},
	} {
		text := strings.Replace(good.String(), strings.ReplaceAll(c.old, `\n`, "\n"), strings.ReplaceAll(c.changed, `\n`, "\n"), 1)
		require.False(t, good.String() == text, c.old)
		var said []string
		for _, f := range csaf.CheckSchema21(decodeAny(t, text)) {
			said = append(said, f.String())
		}
		require.Contains(t, strings.Join(said, "\n"), c.want)
	}
	failures := csaf.CheckSchema21(full())
	require.Contains(t, failures, csaf.Failure{Test: "schema", Path: "/vulnerabilities/0/cwe", Message: "is a member of CSAF 2.0 only"})
}
