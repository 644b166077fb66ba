package sbom_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/sbom"
)

func TestVendorsAreReadInAllTheirParts(t *testing.T) {
	t.Parallel()
	for vendor, want := range map[string][]string{
		"wolfSSL Inc.":                                      {"wolfssl"},
		"Becton, Dickinson and Company (BD)":                {"becton dickinson", "bd", "becton", "dickinson"},
		"ENEA, Green Hills Software, ITRON, and Wind River": {"enea green hills software itron wind river", "enea", "green hills software", "itron", "wind river"},
		"Wind River Systems, Inc.":                          {"wind river systems"},
		"Innokas YhtymÃ¤ Oy":                                {"innokas yhtym"},
		"The Linux Foundation":                              {"linux"},
		"":                                                  nil,
	} {
		require.Equal(t, want, sbom.VendorNames(vendor), vendor)
	}
	require.True(t, sbom.SameVendor("bosch", "bosch rexroth"))
	require.True(t, sbom.SameVendor("windriver", "wind river"))
	require.False(t, sbom.SameVendor("bosch", "boschung"))
}

func TestNamesAreSpelledInAllTheirWays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		vendor string
		want   []string
	}{
		{"Mbed TLS", "", []string{"mbedtls"}},
		{"BD Viper™ LT", "BD", []string{"bdviperlt", "viperlt"}},
		{"e-Alert firmware", "", []string{"ealertfirmware", "ealert"}},
		{"Firmware", "", []string{"firmware"}},
		{"SCALANCE X320 (6GK5320-1BD00-2AA3)", "Siemens", []string{"scalancex3206gk53201bd002aa3", "6gk53201bd002aa3", "scalancex320"}},
		{"µC/OS-II", "", []string{"ucosii"}},
		{"C++", "", []string{"c++"}},
		{" ", "", nil},
	} {
		require.Equal(t, c.want, sbom.Spellings(c.name, sbom.VendorNames(c.vendor)), c.name)
	}
}

func TestEveryCoordinateByNameIsOneOfTheComponents(t *testing.T) {
	t.Parallel()
	c := sbom.Component{Name: "BD Viper LT firmware", Supplier: "BD"}
	for _, s := range c.Spellings() {
		require.Contains(t, c.Coordinates(), sbom.SpellingCoordinate(s))
	}
	require.Contains(t, c.Spellings(), "viperlt")
}

func TestPackageURLsThatToolsGetWrongAreReadAllTheSame(t *testing.T) {
	t.Parallel()
	p, err := sbom.Component{PURL: "pkg:npm/@vitest%2Fmocker@3.2.7"}.Package()
	require.NoError(t, err)
	require.Equal(t, sbom.Package{Type: "npm", Namespace: "@vitest", Name: "mocker", Version: "3.2.7"}, p)
	p, err = sbom.Component{PURL: "pkg:deb/debian/busybox@1.37.0-6?epoch=1"}.Package()
	require.NoError(t, err)
	require.Equal(t, "1:1.37.0-6", p.Version)
}

func TestANameAndItsMakerTogetherAreAnIdentity(t *testing.T) {
	t.Parallel()
	table, err := sbom.DefaultAliases()
	require.NoError(t, err)
	for _, c := range []struct {
		name, supplier string
		want           bool
	}{
		{"wpa_supplicant", "Jouni Malinen", true}, // the maker as the table names it
		{"OpenSSL", "OpenSSL Software Foundation", true},
		{"BusyBox", "BusyBox project", true}, // a project named after what it makes
		{"mbedtls", "Arm Limited", true},     // the vendor of one of its CPE names
		{"mbedtls", "Somebody Else", false},
		{"mbedtls", "", false},
	} {
		proposed := sbom.Propose(sbom.Component{Name: c.name, Supplier: c.supplier, Version: "1.0"}, table)
		require.NotEmpty(t, proposed, c.name)
		require.Equal(t, c.want, proposed[0].ByMaker(), "%s by %q", c.name, c.supplier)
		require.False(t, proposed[0].ByIdentifier())
		require.Equal(t, c.want, len(table.Of(sbom.Component{Name: c.name, Supplier: c.supplier})) > 0)
	}
	spaced := sbom.Propose(sbom.Component{Name: "VxWorks", Supplier: "Wind River", Version: "7 SR0540"}, table)
	require.Contains(t, spaced[0].Text, ":7_sr0540:", "white space is an underscore in a CPE name")
}
