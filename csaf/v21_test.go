package csaf_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/tlp"
)

// noon is when the previews are made.
var noon = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

func decodeAny(t *testing.T, text string) *csaf.Document {
	t.Helper()
	doc, err := csaf.DecodeAny(strings.NewReader(text))
	require.NoError(t, err)
	return doc
}

func TestEveryDocumentOf21ComesBackAsItWas(t *testing.T) {
	t.Parallel()
	same := 0
	extras := map[string]int{}
	for _, file := range documents(t, "oasis-tests-2.1") {
		name := filepath.Base(file)
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.HasSuffix(name, "_json_schema.json") || name == "testcases.json" {
			continue
		}
		_, err = csaf.Decode(bytes.NewReader(data))
		require.ErrorIs(t, err, csaf.ErrVersion, name)
		doc, err := csaf.DecodeAny(bytes.NewReader(data))
		require.NoError(t, err, name)
		require.Empty(t, doc.Unread, name)
		require.Equal(t, csaf.Schema21, doc.Schema, name)
		require.ErrorIs(t, csaf.Encode(new(bytes.Buffer), doc), csaf.ErrVersion, name)
		var out bytes.Buffer
		require.NoError(t, csaf.Encode21(&out, doc), name)
		if was, is := canonical(t, data), canonical(t, out.Bytes()); !reflect.DeepEqual(was, is) {
			require.Empty(t, cmp.Diff(was, is), name)
		}
		again, err := csaf.DecodeAny(&out)
		require.NoError(t, err, name)
		doc.Unsorted, again.Unsorted = nil, nil
		require.True(t, reflect.DeepEqual(doc, again), name)
		for at := range doc.Extras() {
			extras[at[strings.LastIndex(at, "/")+1:]]++
		}
		failures := csaf.Check(doc)
		require.Len(t, failures, 1, name)
		require.Equal(t, `schema /document/csaf_version: is "2.1", and only documents of CSAF 2.0 are judged`, failures[0].String(), name)
		require.Equal(t, failures, csaf.CheckOptional(doc), name)
		same++
	}
	require.GreaterOrEqual(t, same, 643)
	t.Logf("%d documents came back equal; kept without a field: %v", same, extras)
}

// shape21 lists what is wrong with a text by what 2.1 changed: a small rule set,
// apart from the code that converts.
func shape21(t *testing.T, text []byte) []string {
	t.Helper()
	var wrong []string
	gone := map[string]bool{"cwe": true, "scores": true, "release_date": true, "purl": true, "relationships": true}
	needs := map[string][]string{
		"":         {"$schema", "document"},
		"document": {"category", "csaf_version", "distribution", "publisher", "title", "tracking"},
		"tlp":      {"label"}, "distribution": {"tlp"}, "cwes": {"id", "name", "version"}, "metrics": {"content", "products"},
		"product_paths": {"beginning_product_reference", "full_product_name", "subpaths"}, "subpaths": {"category", "next_product_reference"},
	}
	labels := map[any]bool{"CLEAR": true, "GREEN": true, "AMBER": true, "AMBER+STRICT": true, "RED": true}
	var walk func(key string, v any)
	walk = func(key string, v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(key, e)
			}
		case map[string]any:
			for _, need := range needs[key] {
				if v[need] == nil {
					wrong = append(wrong, key+" lacks "+need)
				}
			}
			for name, e := range v {
				switch {
				case gone[name]:
					wrong = append(wrong, name+" is gone")
				case name == "csaf_version" && e != "2.1", name == "$schema" && e != csaf.Schema21, key == "tlp" && name == "label" && !labels[e]:
					wrong = append(wrong, name+" is wrong")
				}
				walk(name, e)
			}
		}
	}
	walk("", canonical(t, text))
	return wrong
}

func TestEveryAdvisoryOfCISAHasAPreview(t *testing.T) {
	t.Parallel()
	made := 0
	for _, file := range documents(t, "cisa-icsma", "cisa-icsa") {
		name := filepath.Base(file)
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		doc := decodeAny(t, string(data))
		scores, paths := 0, 0
		for _, v := range doc.Vulnerabilities {
			scores += len(v.Scores)
		}
		if doc.ProductTree != nil {
			paths = len(doc.ProductTree.Relationships)
		}
		before := encode(t, doc)
		require.NotEmpty(t, shape21(t, before), "the rules bite")
		preview, _, err := csaf.Preview21(doc, noon, nil)
		require.NoError(t, err, name)
		require.Equal(t, before, encode(t, doc), "not changed")
		var out bytes.Buffer
		require.NoError(t, csaf.Encode21(&out, preview), name)
		require.Empty(t, shape21(t, out.Bytes()), name)
		if dir := os.Getenv("PREVIEWS"); dir != "" { // for a judge of 2.1
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), out.Bytes(), 0o600))
		}
		require.Equal(t, preview, decodeAny(t, out.String()), name)
		for _, v := range preview.Vulnerabilities {
			scores -= len(v.Metrics)
			if i := len(v.Metrics) - 1; i >= 0 && v.Metrics[i].Content.CVSSv4 != nil {
				scores++ // of a reference
			}
		}
		if preview.ProductTree != nil {
			paths -= len(preview.ProductTree.ProductPaths)
		}
		require.Zero(t, scores, name)
		require.Zero(t, paths, name)
		made++
	}
	require.GreaterOrEqual(t, made, 300)
	t.Logf("%d documents", made)
}

func TestAPreviewCarriesEverythingOrSaysAllThatItCannot(t *testing.T) {
	t.Parallel()
	doc := full()
	for _, l := range tlp.Labels() {
		var err error
		doc.Document.Distribution, err = csaf.Distribute(l)
		require.NoError(t, err)
		preview, _, err := csaf.Preview21(doc, noon, nil)
		require.NoError(t, err)
		require.Equal(t, l, preview.Document.Distribution.Label())
		require.Equal(t, strings.TrimPrefix(l.String(), "TLP:"), string(preview.Document.Distribution.TLP.Label))
		require.Empty(t, preview.Document.Distribution.Text)
		var out bytes.Buffer
		require.NoError(t, csaf.Encode21(&out, preview))
		require.Empty(t, shape21(t, out.Bytes()))
	}

	doc = full()
	doc.Extra = csaf.Extra{"$schema": []byte(`"https://docs.oasis-open.org/csaf/csaf/v2.0/csaf_json_schema.json"`)}
	preview, _, err := csaf.Preview21(doc, noon, nil)
	require.NoError(t, err)
	require.Equal(t, csaf.Schema21, preview.Schema)

	doc.Document.Title = ""
	doc.Document.Extra = csaf.Extra{"x_hint": []byte("1")}
	_, _, err = csaf.Preview21(doc, noon, nil)
	require.ErrorContains(t, err, "csaf: no preview of 2.1: /document: has no title (schema)")
	doc = full()
	doc.Document.Distribution = nil
	_, _, err = csaf.Preview21(doc, noon, nil)
	require.ErrorContains(t, err, "has no TLP label")
	_, _, err = csaf.Preview21(nil, noon, nil)
	require.Error(t, err)
	_, _, err = csaf.Preview21(preview, noon, nil)
	require.ErrorContains(t, err, "only documents of CSAF 2.0 are judged")
}

func TestAMemberOf21IsNeverWrittenOrJudgedAs20(t *testing.T) {
	t.Parallel()
	doc := full()
	doc.Vulnerabilities[0].Metrics = []csaf.Metric{{Source: "https://a.example"}}
	require.ErrorContains(t, csaf.Encode(new(bytes.Buffer), doc), "/vulnerabilities/0/metrics: not a member in this version of CSAF")
	require.Equal(t, "schema /vulnerabilities/0/metrics: is a member of CSAF 2.1 only", csaf.Check(doc)[0].String())
	require.ErrorContains(t, csaf.Encode21(new(bytes.Buffer), full()), `not CSAF version 2.1: /document/csaf_version is "2.0"`)
	_, err := csaf.DecodeAny(strings.NewReader(`{"document":{"csaf_version":"3.0"}}`))
	require.ErrorIs(t, err, csaf.ErrVersion)
	require.ErrorContains(t, err, `csaf: not CSAF version 2.0 or 2.1: /document/csaf_version is "3.0"`)
}
