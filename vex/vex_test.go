package vex_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/vex"
)

func TestStatementsOfOldAreRead(t *testing.T) {
	t.Parallel()
	const old = `{"vulnerability":"CVE-1","products":["tls","pkg:a/b@1"],"versions":["1.0"],"status":"fixed","original":{"format":"cyclonedx","state":"resolved"}}`
	var s vex.Statement
	require.NoError(t, json.Unmarshal([]byte(old), &s))
	require.Equal(t, vex.Refs("tls", "pkg:a/b@1"), s.Products)
	text, err := json.Marshal(s)
	require.NoError(t, err)
	require.Equal(t, old, string(text), "what was written before is written the same")

	s.Products = []vex.Product{{Ref: "tls", PURL: "pkg:a/b@1", Only: []vex.ID{{Kind: "sku", Value: "1"}}, Within: &vex.Product{Ref: "pump"}}}
	text, err = json.Marshal(s)
	require.NoError(t, err)
	var back vex.Statement
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, s, back)
	require.Error(t, json.Unmarshal([]byte(`{"products":[7]}`), &back))
}

func TestOneStatusIsOfOneProductAndVersion(t *testing.T) {
	t.Parallel()
	old, now := &vex.Product{Name: "Pump", Version: "2.1"}, &vex.Product{Name: "Pump", Version: "2.2"}
	tls := vex.Product{PURL: "pkg:github/wolfssl/wolfssl@5.1.1"}
	keys := map[vex.Key]bool{}
	for _, p := range []vex.Product{tls, {PURL: tls.PURL, Within: old}, {PURL: tls.PURL, Within: now}, {PURL: tls.PURL, Within: now, Only: []vex.ID{{Kind: "sku", Value: "7"}}}} {
		for _, k := range (vex.Statement{Vulnerability: "CVE-1", Products: []vex.Product{p}}).Keys() {
			require.False(t, keys[k], k)
			keys[k] = true
		}
	}
	require.Len(t, (vex.Statement{Products: []vex.Product{tls, *old}, Versions: []string{"1", "2"}}).Keys(), 4)
	require.Equal(t, "2.2", vex.Statement{Products: []vex.Product{*now}}.Keys()[0].Version)
	ring := &vex.Product{Name: "a"}
	ring.Within = ring
	require.Len(t, ring.Chain(), 1)
}

func TestAStatementStandsAlone(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	list := vex.Document{Author: "Acme", Issued: at, Updated: at.Add(time.Hour), Statements: []vex.Statement{{}, {Author: "Lab", Issued: at.Add(2 * time.Hour)}}}.Alone()
	require.Equal(t, vex.Statement{Author: "Acme", Issued: at, Updated: at.Add(time.Hour)}, list[0])
	require.Equal(t, vex.Statement{Author: "Lab", Issued: at.Add(2 * time.Hour)}, list[1])
}

func TestSniffTellsTheFormat(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "{}": "", "[]": "", "<bom/>": "", `"bomFormat"`: "", `{"a":{"bomFormat":"CycloneDX"}}`: "",
		"\xef\xbb\xbf \n{\"bomFormat\" : \"CycloneDX\"": "cyclonedx", `{"x":["}",{"y":"\"{"}],"bomFormat":"CycloneDX"}`: "cyclonedx",
		`{"@context":["https://openvex.dev/ns/v0.2.0"]}`: "openvex", `{"@context":"https://schema.org"}`: "",
		`{"document":{"category":"csaf_vex"`: "csaf", `{"document":"x"}`: "", `{"bomFormat":"document"}`: "",
	} {
		require.Equal(t, want, vex.Sniff([]byte(text)), text)
	}
}

func TestALinkIsReadAndWritten(t *testing.T) {
	t.Parallel()
	const serial = "3e671687-395b-41f5-a30f-a58921a69b79"
	for text, want := range map[string]string{
		"urn:cdx:" + serial + "/1":                           "urn:cdx:" + serial + "/1",
		"urn:cdx:" + serial + "/12#pkg:npm/a@1?x=y":          "urn:cdx:" + serial + "/12#pkg%3Anpm%2Fa%401%3Fx%3Dy",
		"urn:cdx:" + serial + "/12#a%20b+c%zz":               "urn:cdx:" + serial + "/12#a%2520b%2Bc%25zz",
		"urn:cdx:" + strings.ToUpper(serial) + "/1#a%2Bb%20": "urn:cdx:" + serial + "/1#a%2Bb%20",
	} {
		l, ok := vex.ParseLink(text)
		require.True(t, ok, text)
		require.Equal(t, want, l.String())
		again, ok := vex.ParseLink(l.String())
		require.True(t, ok)
		require.Equal(t, l, again)
	}
	for _, text := range []string{"", "urn:cdx:x/1", "urn:cdx:" + serial, "urn:cdx:" + serial + "/0", "urn:cdx:" + serial + "/1#", "urn:cdx:" + serial + "/9999999999"} {
		_, ok := vex.ParseLink(text)
		require.False(t, ok, text)
	}
}

func ExampleSniff() {
	fmt.Println(vex.Sniff([]byte(`{"@context": "https://openvex.dev/ns/v0.2.0", "author": "Acme"`)))
	// Output: openvex
}

func ExampleWithhold() {
	list := vex.Withhold([]vex.Statement{{Vulnerability: "CVE-1", Status: vex.NotAffected, Original: vex.Original{State: "not_affected"}}})
	fmt.Printf("%q, written %q\n", list[0].Status, list[0].Original.State)
	// Output: "", written "not_affected"
}

func ExampleStatement_Keys() {
	s := vex.Statement{Vulnerability: "CVE-2022-25640", Products: []vex.Product{
		{PURL: "pkg:github/wolfssl/wolfssl@5.1.1", Within: &vex.Product{Vendor: "Acme", Name: "Pump", Version: "2.1"}},
	}}
	for _, k := range s.Keys() {
		fmt.Printf("%s: %s\n", k.Vulnerability, k.Product)
	}
	// Output: CVE-2022-25640: Acme Pump 2.1 2.1 > pkg:github/wolfssl/wolfssl@5.1.1
}

func ExampleParseLink() {
	l, ok := vex.ParseLink("urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg:maven/a/b%402.10.0")
	fmt.Println(l.Serial, l.Version, l.Ref, ok)
	// Output: urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79 1 pkg:maven/a/b@2.10.0 true
}

func ExampleDocument_Alone() {
	d := vex.Document{Author: "Acme", Statements: []vex.Statement{{Vulnerability: "CVE-1"}}}
	fmt.Println(d.Alone()[0].Author)
	// Output: Acme
}
