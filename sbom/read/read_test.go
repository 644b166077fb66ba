package read_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/read"
)

const (
	cdx  = `{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"type":"library","name":"zlib","version":"1.3"}]}`
	spdx = `{"SPDXID":"SPDXRef-DOCUMENT","packages":[{"SPDXID":"SPDXRef-a","name":"zlib","versionInfo":"1.3","downloadLocation":"NONE"}],"spdxVersion":"SPDX-2.3"}`
)

func TestFormatsAreToldApartByTheirBytes(t *testing.T) {
	t.Parallel()
	long := strings.Repeat(" ", 10<<10)
	for _, c := range []struct {
		doc  string
		want sbom.Format
	}{
		{cdx, sbom.CycloneDXJSON},
		{"\xef\xbb\xbf" + cdx, sbom.CycloneDXJSON},
		{`{"components":[{"type":"library","name":"spdxVersion"` + long + `}],"specVersion":"1.5","bomFormat":"CycloneDX"}`, sbom.CycloneDXJSON},
		{`<bom xmlns="http://cyclonedx.org/schema/bom/1.5"/>`, sbom.CycloneDXXML},
		{`<?xml version="1.0"?><!-- made here --><c:bom xmlns:c="http://cyclonedx.org/schema/bom/1.5" version="1"/>`, sbom.CycloneDXXML},
		{spdx, sbom.SPDXJSON},
		{`{"name":"bomFormat","packages":[` + long + `],"spdxVersion":"SPDX-2.3"}`, sbom.SPDXJSON},
		{"# made here\n" + long + "\nSPDXVersion: SPDX-2.3\n", sbom.SPDXTagValue},
		{"\xef\xbb\xbfSPDXVersion: SPDX-2.3\n", sbom.SPDXTagValue},
		{"name: x\nspdxVersion: SPDX-2.3\n", sbom.SPDXYAML},
		{`{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[]}`, sbom.SPDXJSONLD},
		{`{"sbom":` + spdx + `}`, sbom.SPDXJSON},
	} {
		bom, err := read.Read(strings.NewReader(c.doc), nil)
		require.NoError(t, err, c.want)
		require.Equal(t, c.want, bom.Format, c.want)
	}
}

func TestWhatIsNotReadIsRefusedByName(t *testing.T) {
	t.Parallel()
	for doc, name := range map[string]string{
		`{}`: "an empty JSON object",
		`[]`: "a JSON list",
		`{"payloadType":"application/vnd.in-toto+json"}`:        "in-toto",
		`{"@context":"https://openvex.dev/ns/v0.2.0"}`:          "OpenVEX",
		`{"artifacts":[],"source":{},"descriptor":{}}`:          "Syft",
		`{"document":{"csaf_version":"2.0"},"product_tree":{}}`: "CSAF",
		`{"version":"2.1.0","runs":[]}`:                         "SARIF",
		`{"a":{"bomFormat":"CycloneDX"}}`:                       "JSON of another kind",
		`<rdf:RDF xmlns:spdx="http://spdx.org/rdf/terms#"/>`:    "RDF/XML",
		`<SoftwareIdentity/>`:                                   "SWID",
		`<html/>`:                                               `root element "html"`,
		"bomFormat: CycloneDX\n":                                "YAML",
		"name,version\nzlib,1.3\n":                              "text of no known form",
		"\x1f\x8b\x08":                                          "gzip",
		"PK\x03\x04":                                            "zip",
		"\x7fELF\x00":                                           "binary",
		"\xff\xfe{\x00":                                         "UTF-16",
		"{\x00\"\x00a\x00":                                      "UTF-16",
		"\x00{\x00\"\x00a":                                      "UTF-16",
		"<\x00?\x00x\x00":                                       "UTF-16",
		`<?xml version="1.0" encoding="UTF-16"?><bom/>`:         "UTF-16",
		`{"predicateType":"https://slsa.dev/provenance/v1","predicate":{}}`:    `"https://slsa.dev/provenance/v1" looks like an empty JSON object`,
		`{"payloadType":"x","payload":"` + b64(`{"predicateType":"x"}`) + `"}`: "neither payload nor predicate",
	} {
		_, err := read.Read(strings.NewReader(doc), nil)
		require.ErrorIs(t, err, read.ErrFormat, doc)
		require.ErrorContains(t, err, name, doc)
	}
}

func TestWrappedSBOMsAreUnwrapped(t *testing.T) {
	t.Parallel()
	statement := func(predicate string) string {
		return `{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://cyclonedx.org/bom","subject":[],"predicate":` + predicate + `}`
	}
	envelope := func(payload string) string {
		return `{"payloadType":"application/vnd.in-toto+json","signatures":[],"payload":"` + b64(payload) + `"}`
	}
	for name, doc := range map[string]string{
		"a statement":                    statement(cdx),
		"an envelope":                    envelope(statement(cdx)),
		"an envelope that begins so":     "\xef\xbb\xbf" + envelope(statement(spdx)),
		"an envelope of the SBOM itself": envelope(cdx),
		"a bundle":                       `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","dsseEnvelope":` + envelope(statement(spdx)) + `}`,
		"what cosign makes":              envelope(statement(`{"Data":` + cdx + `,"Timestamp":"2026-01-01T00:00:00Z"}`)),
		"what cosign made":               envelope(statement(fmt.Sprintf(`{"Data":%q}`, spdx))),
		"base64 for addresses":           strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(`{"payload":"`+b64(statement(cdx))) + `","payloadType":"x"}`,
		"lines, one of them an SBOM":     envelope(`{"predicateType":"x","predicate":{}}`) + "\n" + envelope(statement(cdx)) + "\n",
	} {
		bom, err := read.Read(strings.NewReader(doc), nil)
		require.NoError(t, err, name)
		require.Len(t, bom.Components, 1, name)
		require.Equal(t, "1.3", bom.Components[0].Version, name)
		sum := sha256.Sum256([]byte(doc))
		require.Equal(t, hex.EncodeToString(sum[:]), bom.Digest, name)
	}
	bom, err := read.Read(strings.NewReader(envelope(cdx)+"\n"+envelope(cdx)), nil)
	require.NoError(t, err)
	require.Contains(t, bom.Problems, sbom.Problem{Path: "line 2", Message: "holds a further SBOM, which is not read"})

	for line, beside := range map[string]string{"line 2": envelope(cdx) + "\n" + `{"payloadType":"x","payload":"%%%"}`,
		"line 1": `{"payloadType":5}` + "\n" + envelope(cdx)} {
		bom, err := read.Read(strings.NewReader(beside), nil)
		require.NoError(t, err)
		require.Contains(t, problemPaths(bom), line)
		_, err = read.Check(strings.NewReader(beside), nil)
		require.NoError(t, err)
	}
	for _, trailing := range []string{envelope(cdx) + "\nnot JSON", envelope(cdx) + "{", envelope(cdx) + "\n]"} {
		_, err := read.Read(strings.NewReader(trailing), nil)
		require.ErrorContains(t, err, "at byte")
		_, err = read.Check(strings.NewReader(trailing), nil)
		require.ErrorContains(t, err, "at byte")
	}

	for doc, want := range map[string]string{
		envelope(statement(cdx))[:90]:                         "at byte",
		`{"payloadType":"x","payload":"%%%"}`:                 "payload: illegal base64",
		envelope(statement(cdx[:40] + `"}`)):                  "in an in-toto envelope",
		envelope(envelope(envelope(envelope(envelope(cdx))))): "wrapped more than 4 times",
	} {
		_, err := read.Read(strings.NewReader(doc), nil)
		require.ErrorContains(t, err, want)
	}
}

func problemPaths(b sbom.BOM) []string {
	var out []string
	for _, p := range b.Problems {
		out = append(out, p.Path)
	}
	return out
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func TestErrorsNameTheFile(t *testing.T) {
	t.Parallel()
	_, err := read.File(filepath.Join(t.TempDir(), "absent.json"), nil)
	require.ErrorIs(t, err, os.ErrNotExist)
	empty := filepath.Join(t.TempDir(), "empty.json")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	_, err = read.File(empty, nil)
	require.ErrorContains(t, err, "empty.json: read: is empty")
	_, err = read.File(t.TempDir(), nil)
	require.Error(t, err)
	long := filepath.Join(t.TempDir(), "long.json")
	require.NoError(t, os.WriteFile(long, []byte(cdx), 0o600))
	_, err = read.File(long, &read.Options{MaxBytes: 10})
	require.ErrorContains(t, err, "longer than the 10 bytes allowed")
}

// refused are the files of the bundle that are not read, other than those of
// the conformance suite of CycloneDX, and why. Most are no SBOM.
var refused = map[string]string{
	"SOURCES.txt":                                                                        "text of no known form",
	"medical-device-case-study/LICENSE":                                                  "text of no known form",
	"cve-bin-tool/test/sbom/bad.csv":                                                     "is empty",
	"cve-bin-tool/test/sbom/spdx_test.spdx.rdf":                                          "RDF/XML",
	"cve-bin-tool/test/sbom/spdx_test.spdx.xml":                                          "SPDX in XML",
	"cve-bin-tool/test/sbom/swid_test.xml":                                               "SWID",
	"dependency-track-fixtures/bom-invalid.json":                                         "is cut off",
	"grype-fixtures/grype/pkg/testdata/bad-sbom.json":                                    "an empty JSON object",
	"grype-fixtures/grype/pkg/testdata/sbom-with-intoto-string.json":                     "Syft's own JSON",
	"grype-fixtures/test/cli/testdata/sbom-grype-source.json":                            "Syft's own JSON",
	"grype-fixtures/test/cli/testdata/sbom-ubuntu-20.04--pruned.json":                    "Syft's own JSON",
	"grype-fixtures/test/cli/testdata/test-ignore-reason/sbom.json":                      "Syft's own JSON",
	"grype-fixtures/test/integration/testdata/sbom/syft-sbom-with-kb-packages.json":      "Syft's own JSON",
	"grype-fixtures/test/integration/testdata/sbom/syft-sbom-with-unknown-packages.json": "Syft's own JSON",
	"osv-scanner-fixtures/__snapshots__/command_test.snap":                               "a JSON list",
	"spdx-examples/software/example10/spdx2.3/shas":                                      "text of no known form",
	"spdx-examples/software/example12/spdx2.2/hello-dist.spdx.json.sha256":               "UTF-16",
	"spdx-examples/software/example12/spdx2.2/hello-src.spdx.json.sha256":                "UTF-16",
	"trivy-fixtures/pkg/fanal/analyzer/sbom/testdata/invalid_spdx.json":                  "JSON of another kind",
	"yocto-core-image-minimal-spdx3/tests/spdx_merge/data/invalid.spdx.json":             "text of no known form",
}

func TestEveryFileOfTheBundleIsReadOrRefusedForAReason(t *testing.T) {
	t.Parallel()
	dir := testdata.Path(t, "sboms")
	files, seen, formats := 0, 0, map[sbom.Format]int{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(filepath.ToSlash(path), "cyclonedx-conformance/") {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		name = filepath.ToSlash(name)
		bom, err := read.File(path, nil)
		why, no := refused[name]
		switch {
		case err == nil && no:
			return fmt.Errorf("%s: is read", name)
		case no && err != nil && !strings.Contains(err.Error(), why):
			return fmt.Errorf("%s: is not refused because it %s: %w", name, why, err)
		case err != nil && !no:
			return err
		}
		if no {
			seen++
			return nil
		}
		files++
		formats[bom.Format]++
		return nil
	})
	require.NoError(t, err)
	require.Len(t, refused, seen, "a file of the table is not in the bundle")
	t.Logf("%d files are read: %v", files, formats)
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{cdx, spdx, `{"predicate":` + cdx + `,"predicateType":"x"}`, `{"payloadType":"x","payload":"` + b64(cdx) + `"}`, "SPDXVersion: SPDX-2.3\n", "<bom/>"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		bom, err := read.Read(strings.NewReader(string(data)), &read.Options{MaxBytes: 1 << 20})
		if err == nil && (bom.Format == "" || bom.Digest == "") {
			t.Fatalf("read without a format or digest: %q", data)
		}
	})
}

func ExampleRead() {
	bom, err := read.Read(strings.NewReader("SPDXVersion: SPDX-2.3\nPackageName: zlib\nSPDXID: SPDXRef-z\nPackageVersion: 1.3\n"), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(bom.Format, bom.Spec, bom.Components[0].Name, bom.Components[0].Version)
	_, err = read.Read(strings.NewReader(`{"@context": "https://openvex.dev/ns/v0.2.0"}`), nil)
	fmt.Println(err)
	// Output:
	// spdx-tag-value 2.3 zlib 1.3
	// read: not a format that is read: looks like OpenVEX, which is no SBOM
}
