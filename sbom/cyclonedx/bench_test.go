package cyclonedx_test

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/sbom/cyclonedx"
)

// inventory is a document of n components, as generators write them.
func inventory(n int) *cdx.BOM {
	bom := cdx.NewBOM()
	bom.SerialNumber = "urn:uuid:6f9b1c1e-0000-4000-8000-000000000001"
	bom.Metadata = &cdx.Metadata{Timestamp: "2026-01-02T03:04:05Z", Component: &cdx.Component{
		BOMRef: "pump", Type: cdx.ComponentTypeDevice, Name: "Pump", Version: "2.1"}}
	components := make([]cdx.Component, n)
	edges := make([]cdx.Dependency, n)
	for i := range components {
		name, version := fmt.Sprintf("library-%d", i), fmt.Sprintf("%d.%d.%d", i%7, i%31, i%101)
		purl := "pkg:npm/%40acme/" + name + "@" + version
		components[i] = cdx.Component{
			BOMRef: purl, Type: cdx.ComponentTypeLibrary, Supplier: &cdx.OrganizationalEntity{Name: "Acme"}, Group: "@acme",
			Name: name, Version: version, PackageURL: purl, Description: "A library of the test inventory",
			CPE:                fmt.Sprintf("cpe:2.3:a:acme:%s:%s:*:*:*:*:*:*:*", name, version),
			Hashes:             &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: fmt.Sprintf("%064x", i)}},
			Licenses:           &cdx.Licenses{{License: &cdx.License{ID: "MIT"}}},
			ExternalReferences: &[]cdx.ExternalReference{{Type: cdx.ERTypeVCS, URL: "https://example.com/acme/" + name}},
			Properties:         &[]cdx.Property{{Name: "acme:found:by", Value: "lock file"}, {Name: "acme:found:in", Value: "/app/package-lock.json"}},
		}
		edges[i] = cdx.Dependency{Ref: purl, Dependencies: &[]string{"pump"}}
	}
	bom.Components, bom.Dependencies = &components, &edges
	return bom
}

func encoded(tb testing.TB, n int, format cdx.BOMFileFormat) []byte {
	tb.Helper()
	var b bytes.Buffer
	require.NoError(tb, cdx.NewBOMEncoder(&b, format).SetPretty(true).Encode(inventory(n)))
	return b.Bytes()
}

// BenchmarkDecode reads 100,000 components, beside the library's own decoding of
// the same bytes.
func BenchmarkDecode(b *testing.B) {
	for _, f := range []struct {
		name   string
		format cdx.BOMFileFormat
	}{{"json", cdx.BOMFileFormatJSON}, {"xml", cdx.BOMFileFormatXML}} {
		doc := encoded(b, 100_000, f.format)
		b.Run(f.name+"/library", func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				var bom cdx.BOM
				require.NoError(b, cdx.NewBOMDecoder(bytes.NewReader(doc), f.format).Decode(&bom))
			}
		})
		b.Run(f.name+"/ours", func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				_, err := cyclonedx.Decode(bytes.NewReader(doc), nil)
				require.NoError(b, err)
			}
		})
	}
}

// TestAHundredThousandComponentsStayWellUnderAGibibyte measures what is reserved from
// the system; run it alone, and with -v for the numbers.
func TestPeak(t *testing.T) {
	mode := os.Getenv("PEAK")
	if mode == "" {
		t.Skip()
	}
	format := cdx.BOMFileFormatJSON
	if strings.HasPrefix(mode, "xml") {
		format = cdx.BOMFileFormatXML
	}
	name := "/tmp/peak." + mode[:3]
	if strings.HasSuffix(mode, "write") {
		os.WriteFile(name, encoded(t, 100_000, format), 0o600)
		return
	}
	f, err := os.Open(name)
	require.NoError(t, err)
	if strings.HasSuffix(mode, "lib") {
		var bom cdx.BOM
		require.NoError(t, cdx.NewBOMDecoder(f, format).Decode(&bom))
		runtime.KeepAlive(bom)
	} else {
		bom, err := cyclonedx.Decode(f, nil)
		require.NoError(t, err)
		runtime.KeepAlive(bom)
	}
	s, _ := os.ReadFile("/proc/self/status")
	for _, l := range strings.Split(string(s), "\n") {
		if strings.HasPrefix(l, "VmHWM") {
			t.Log(mode, l)
		}
	}
}
