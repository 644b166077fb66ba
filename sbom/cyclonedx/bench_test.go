package cyclonedx_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
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

// peakOf names the document and the reader that the child process measures.
const peakOf = "POSTMARKET_PEAK_OF"

// TestAHundredThousandComponentsStayWellUnderAGibibyte reads in a process of its
// own, whose peak of resident memory the system tells. Run with -v for the
// numbers.
func TestAHundredThousandComponentsStayWellUnderAGibibyte(t *testing.T) {
	if of := os.Getenv(peakOf); of != "" {
		reader, path, _ := strings.Cut(of, " ")
		readOnce(t, reader, path)
		return
	}
	if _, err := os.ReadFile("/proc/self/status"); err != nil {
		t.Skip("this system does not tell a process's peak memory")
	}
	if testing.Short() {
		t.Skip("reads 450 MB")
	}
	for _, f := range []struct {
		name   string
		format cdx.BOMFileFormat
	}{{"json", cdx.BOMFileFormatJSON}, {"xml", cdx.BOMFileFormatXML}} {
		doc := encoded(t, 100_000, f.format)
		path := filepath.Join(t.TempDir(), "bom."+f.name)
		require.NoError(t, os.WriteFile(path, doc, 0o600))
		readers := []string{"ours"}
		if testing.Verbose() {
			readers = append(readers, "library")
		}
		for _, reader := range readers {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
			cmd.Env = append(os.Environ(), peakOf+"="+reader+" "+path)
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
			_, rest, _ := strings.Cut(string(out), "VmHWM:")
			peak, err := strconv.Atoi(strings.Fields(rest + " none")[0])
			require.NoError(t, err, "%s", out)
			t.Logf("%s, %s: %d MB of document, peak %d MB", f.name, reader, len(doc)>>20, peak>>10)
			if reader == "ours" {
				require.Less(t, peak>>10, 768, "MiB")
			}
		}
	}
}

// readOnce reads the document at path and says what memory that took.
func readOnce(t *testing.T, reader, path string) {
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	if reader == "library" {
		format := cdx.BOMFileFormatJSON
		if strings.HasSuffix(path, "xml") {
			format = cdx.BOMFileFormatXML
		}
		var bom cdx.BOM
		require.NoError(t, cdx.NewBOMDecoder(f, format).Decode(&bom))
		require.Len(t, *bom.Components, 100_000)
	} else {
		bom, err := cyclonedx.Decode(f, nil)
		require.NoError(t, err)
		require.Len(t, bom.Components, 100_000)
	}
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	_, line, _ := strings.Cut(string(status), "VmHWM:")
	line, _, _ = strings.Cut(line, "\n")
	t.Log("VmHWM:" + line)
}
