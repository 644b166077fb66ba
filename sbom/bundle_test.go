package sbom_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/sbom"
)

// deviations are the purls of the suite that are read otherwise, and why.
var deviations = map[string]string{
	"pkg:gem/jruby-launcher@1.1.2?Platform=java":                                                             "the key of a qualifier in capitals is read all the same",
	"pkg:Rpm/fedora/curl@7.50.3-1.fc25?Arch=i386&Distro=fedora-25":                                           "the same",
	"pkg:rpm/fedora/centerim@4.22.10-1.el6?arch=i686&epoch=1&distro=fedora-25":                               "the epoch is put before the version, as rpm orders it",
	"pkg:git/codeberg.org/forgejo/forgejo@a72d2c07cfca03b55371089de6aa230d8c951fa0":                          "the suite puts the owner into the name, packageurl-go into the namespace; the coordinate is the same text",
	"pkg:git/codeberg.org/forgejo/forgejo@a72d2c07cfca03b55371089de6aa230d8c951fa0#options/locale_readme.md": "the same",
}

// TestPackageURLsOfTheBundle reads every case of the purl suite that is about
// reading. The others are about writing and judging purls, which this package
// does not do.
func TestPackageURLsOfTheBundle(t *testing.T) {
	t.Parallel()
	var suite struct {
		Cases []struct {
			Type     string          `json:"test_type"`
			Input    json.RawMessage `json:"input"`
			Output   json.RawMessage `json:"expected_output"`
			Failure  bool            `json:"expected_failure"`
			Describe string          `json:"description"`
		}
	}
	body, err := os.ReadFile(testdata.Path(t, "matching", "purl", "purl-tests.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(body, &suite))
	read, refused := 0, 0
	for _, c := range suite.Cases {
		if c.Type != "parse" {
			continue
		}
		var text string
		require.NoError(t, json.Unmarshal(c.Input, &text), c.Describe)
		got, err := sbom.Component{PURL: text}.Package()
		if deviations[text] != "" {
			require.NoError(t, err, text)
			continue
		}
		if c.Failure {
			refused++
			if err == nil {
				t.Errorf("%q is read as %+v: %s", text, got, c.Describe)
			}
			continue
		}
		read++
		var want struct{ Type, Namespace, Name, Version string }
		require.NoError(t, json.Unmarshal(c.Output, &want))
		if err != nil {
			t.Errorf("%q is not read: %v", text, err)
			continue
		}
		if got.Type != want.Type || got.Namespace != want.Namespace || got.Name != want.Name || got.Version != want.Version {
			t.Errorf("%q is %+v, not %+v", text, got, want)
		}
	}
	t.Logf("%d read, %d refused", read, refused)
	require.Greater(t, read, 100)
}
