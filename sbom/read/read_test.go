package read_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/read"
)

func TestFormatsAreToldApartByTheirBytes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		doc  string
		want sbom.Format
	}{
		{`{"bomFormat":"CycloneDX","specVersion":"1.5"}`, sbom.CycloneDXJSON},
		{`<bom xmlns="http://cyclonedx.org/schema/bom/1.5"/>`, sbom.CycloneDXXML},
	} {
		bom, err := read.Read(strings.NewReader(c.doc), nil)
		require.NoError(t, err)
		require.Equal(t, c.want, bom.Format)
	}
	for doc, name := range map[string]string{
		`{"spdxVersion":"SPDX-2.3"}`:                         "SPDX 2",
		"SPDXVersion: SPDX-2.3\n":                            "SPDX 2",
		`{"@context":"https://spdx.org/rdf/3.0.1/x.jsonld"}`: "SPDX",
		`{"payloadType":"application/vnd.in-toto+json"}`:     "in-toto",
	} {
		_, err := read.Read(strings.NewReader(doc), nil)
		require.ErrorIs(t, err, read.ErrFormat)
		require.ErrorContains(t, err, name)
	}
}

func TestErrorsNameTheFile(t *testing.T) {
	t.Parallel()
	_, err := read.File(filepath.Join(t.TempDir(), "absent.json"), nil)
	require.ErrorIs(t, err, os.ErrNotExist)
	empty := filepath.Join(t.TempDir(), "empty.json")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	_, err = read.File(empty, nil)
	require.ErrorContains(t, err, "empty.json: cyclonedx: is empty")
	_, err = read.File(t.TempDir(), nil)
	require.Error(t, err)
	long := filepath.Join(t.TempDir(), "long.json")
	require.NoError(t, os.WriteFile(long, []byte(`{"bomFormat":"CycloneDX","specVersion":"1.5"}`), 0o600))
	_, err = read.File(long, &read.Options{MaxBytes: 10})
	require.ErrorContains(t, err, "longer than the 10 bytes allowed")
}
