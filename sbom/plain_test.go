package sbom_test

import (
	"strings"
	"testing"

	packageurl "github.com/package-url/packageurl-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/sbom"
)

// TestPackageURLsAreReadAsTheParserReadsThem draws package URLs of the shapes that inventories
// hold and of broken ones, and holds what Package reads against packageurl-go.
func TestPackageURLsAreReadAsTheParserReadsThem(t *testing.T) {
	t.Parallel()
	shape := rapid.StringMatching(`pkg:(/)?(npm|pypi|golang|cargo|maven|deb|gem|nuget|github|generic|composer|hex|swift|NPM)/` +
		`(@?[a-zA-Z0-9._-]{0,4}/){0,3}[a-zA-Z0-9._~%+-]{0,6}(/)?(@[vV]?[a-zA-Z0-9._~+%-]{0,6})?(\?a=b)?(#x)?`)
	rapid.Check(t, func(t *rapid.T) {
		text := shape.Draw(t, "purl")
		want, wantErr := packageurl.FromString(text)
		got, err := sbom.Component{PURL: text}.Package()
		if wantErr != nil {
			return // what the parser refuses may be mended
		}
		require.NoError(t, err, text)
		require.Equal(t, []string{want.Type, want.Namespace, want.Name, strings.TrimSpace(want.Version)}, []string{got.Type, got.Namespace, got.Name, got.Version}, text)
	})
}
