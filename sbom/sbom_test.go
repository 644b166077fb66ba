package sbom_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cpe"
)

func TestComponentAndRecordMeetAtACoordinate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		purl, ecosystem, name string
	}{
		{"pkg:pypi/Foo_Bar@1", "PyPI", "foo.bar"},
		{"pkg:golang/github.com/Masterminds/goutils@v1", "Go", "github.com/Masterminds/goutils"},
		{"pkg:npm/%40angular/core@1", "npm", "@angular/core"},
		{"pkg:maven/org.apache.logging.log4j/log4j-core@2", "Maven", "org.apache.logging.log4j:log4j-core"},
		{"pkg:nuget/jQuery@3", "NuGet", "jquery"},
		{"pkg:cargo/Time@1", "crates.io", "time"},
		{"pkg:deb/debian/openssl@1?distro=debian-12", "Debian:12", "openssl"},
		{"pkg:apk/alpine/busybox@1", "Alpine:v3.18", "busybox"},
		{"pkg:composer/laravel/framework@1", "Packagist", "laravel/framework"},
		{"pkg:bitnami/wordpress@1", "Bitnami", "wordpress"},
		{"pkg:golang/stdlib@1.20", "Go", "stdlib"},
	} {
		at := sbom.Component{PURL: c.purl}.Coordinates()
		require.Contains(t, at, sbom.PackageCoordinate(c.ecosystem, c.name), c.purl)
	}
	for _, p := range []string{"pkg:github/wolfssl/wolfssl", "pkg:generic/openssl@1"} {
		at := sbom.Component{PURL: p}.Coordinate()
		require.Regexp(t, "^purl:", string(at), p)
	}
}

func TestARecordWithWildcardsMeetsTheComponentsItMeans(t *testing.T) {
	t.Parallel()
	c := sbom.Component{Name: "zlib", CPE: "cpe:2.3:a:zlib:zlib:1.2:*:*:*:*:*:*:*"}
	for _, criterion := range []string{
		"cpe:2.3:a:zlib:zlib:*:*:*:*:*:*:*:*",
		"cpe:2.3:a:*:zlib:*:*:*:*:*:*:*:*",
		"cpe:2.3:a:zlib:*:*:*:*:*:*:*:*:*",
		"cpe:2.3:a:zl*:zlib:*:*:*:*:*:*:*:*",
		"cpe:2.3:*:zlib:zlib:*:*:*:*:*:*:*:*",
	} {
		n, err := cpe.Parse(criterion)
		require.NoError(t, err)
		require.Contains(t, c.Coordinates(), sbom.CPECoordinate(n), criterion)
	}
	open := sbom.Component{Name: "x", CPE: "cpe:2.3:a:*:zlib:1.2:*:*:*:*:*:*:*"}
	require.False(t, slices.ContainsFunc(open.Coordinates(), func(at sbom.Coordinate) bool { return at[:4] == "cpe:" }),
		"a component with an open vendor names nothing")
}

func TestKeysHoldNoVersionAndNoReference(t *testing.T) {
	t.Parallel()
	a := sbom.Component{Ref: "1", Name: "zlib", Version: "1", CPE: "cpe:2.3:a:zlib:zlib:1:*:*:*:*:*:*:*"}
	b := sbom.Component{Ref: "2", Name: "zlib", Version: "2", CPE: "cpe:2.3:a:zlib:zlib:2:*:*:*:*:*:*:*"}
	require.Equal(t, a.Coordinate(), b.Coordinate())
	require.NotEqual(t, sbom.Component{Group: "a", Name: "x"}.Coordinate(), sbom.Component{Group: "b", Name: "x"}.Coordinate())
}

func TestAnIdentifierAcceptedLaterGivesNoOtherKey(t *testing.T) {
	t.Parallel()
	c := sbom.Component{Name: "zlib"}
	before := c.Coordinate()
	c.More = []sbom.Identifier{{Kind: "cpe", Text: "cpe:2.3:a:zlib:zlib:1.2:*:*:*:*:*:*:*"}}
	require.Equal(t, before, c.Coordinate())
	require.Contains(t, c.Coordinates(), sbom.Coordinate("cpe:a:zlib:zlib"))
}

func TestNamesFoldCaseAndSeparators(t *testing.T) {
	t.Parallel()
	require.Equal(t, sbom.NameCoordinate("Net_SNMP"), sbom.NameCoordinate("net-snmp"))
	require.NotEqual(t, sbom.NameCoordinate("jquery ui"), sbom.NameCoordinate("jquery"))
}

func ExampleComponent_Coordinates() {
	c := sbom.Component{Name: "wolfSSL", PURL: "pkg:github/wolfssl/wolfssl", CPE: "cpe:2.3:a:wolfssl:wolfssl:4.8.1:*:*:*:*:*:*:*"}
	fmt.Println(c.Coordinate())
	fmt.Println(c.Coordinates()[1])
	// Output:
	// purl:github/wolfssl/wolfssl
	// cpe:a:wolfssl:wolfssl
}
