package read_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/sbom/read"
)

const (
	oddCycloneDX = `{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"type":"library"}]}`
	oddSPDX      = "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: d\nDocumentNamespace: https://example.org/d\n" +
		"Creator: Tool: t\nCreated: 2025-01-01T00:00:00Z\nPackageName: p\nSPDXID: SPDXRef-p\n"
)

func ExampleCheck() {
	found, err := read.Check(strings.NewReader(oddCycloneDX), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, v := range found {
		fmt.Println(v.Path, v.Rule, v.Message)
	}
	// Output: /components/0/name required is missing
}

func TestEveryFormatIsJudgedWrappedOrNot(t *testing.T) {
	t.Parallel()
	found, err := read.Check(strings.NewReader(oddSPDX), nil)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, read.RuleSPDX, found[0].Rule)
	found, err = read.Check(strings.NewReader(oddSPDX+"PackageDownloadLocation: NONE\n"), nil)
	require.NoError(t, err)
	require.Empty(t, found)

	statement := `{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://cyclonedx.org/bom","predicate":` + oddCycloneDX + `}`
	envelope := `{"payloadType":"application/vnd.in-toto+json","payload":"` + base64.StdEncoding.EncodeToString([]byte(statement)) + `"}`
	other := `{"payloadType":"application/vnd.in-toto+json","payload":"e30="}`
	for _, document := range []string{oddCycloneDX, statement, envelope, other + "\n" + envelope} {
		found, err := read.Check(strings.NewReader(document), nil)
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, "/components/0/name", found[0].Path)
	}
}

func TestWhatIsNotReadIsNotJudged(t *testing.T) {
	t.Parallel()
	for _, document := range []string{"", "words", "[]", `{"payloadType":"x","payload":"e30="}`, `{"bomFormat":`, `{"predicateType":"x","predicate":{}}`} {
		_, err := read.Check(strings.NewReader(document), nil)
		require.Error(t, err, document)
	}
	_, err := read.Check(strings.NewReader(oddCycloneDX), &read.Options{MaxBytes: 9})
	require.ErrorContains(t, err, "longer than the 9 bytes")
}
