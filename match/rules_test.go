package match_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/vex"
)

const theFlaw = feeds.ID("CVE-2026-0001")

// ask returns what the records say of one component.
func ask(c sbom.Component, records ...feeds.Record) (says, why string) {
	for k := range records {
		if len(records[k].Names) == 0 {
			records[k].Names = []feeds.ID{theFlaw}
		}
		if records[k].Item == "" {
			records[k].Item = string(theFlaw)
		}
	}
	return said(match.Build(records, nil).Explain("", alone(c)), "it", theFlaw)
}

func worded(source string, ps ...feeds.Product) feeds.Record {
	return feeds.Record{Source: source, Products: ps}
}

func upTo(by, vendor, name, version string) feeds.Product {
	return feeds.Product{By: by, Vendor: vendor, Name: name, Default: vex.NotAffected, Spans: []feeds.Span{{Status: vex.Affected, From: "0", UpTo: version}}}
}

func TestProductsAreMetInEverySpelling(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ vendor, name, supplier, component, want string }{
		{"BD", "BD Viper LT", "BD", "Viper LT", found},
		{"Becton, Dickinson and Company (BD)", "BD Viper LT", "BD", "Viper LT", found},
		{"Becton Dickinson & Co", "BD Viperâ„¢ LT", "Becton, Dickinson and Company (BD)", "BD Viper LT", found},
		{"Philips", "e-Alert", "Philips", "e-Alert firmware", found},
		{"Siemens", "SCALANCE X320 (6GK5320-1BD00-2AA3)", "Siemens AG", "SCALANCE X320", found},
		{"Siemens", "SCALANCE X320 (6GK5320-1BD00-2AA3)", "Siemens AG", "6GK5320-1BD00-2AA3", found},
		{"Phillips", "IntelliSpace", "Philips", "IntelliSpace", found},
		{"Innokas YhtymÃ¤ Oy", "VC150", "Innokas Yhtymä Oy", "VC150", found},
		{"ENEA, Green Hills, and Wind River", "VxWorks", "Wind River", "VxWorks", found},
		{"Spacelabs", "VxWorks", "Wind River", "VxWorks", asked},               // known software under the name of a device's maker
		{"Spacelabs", "Central Station", "Philips", "Central Station", silent}, // two products of one name
		{"", "Central Station", "Philips", "Central Station", asked},
		{"Arm", "Mbed TLS", "Trusted Firmware", "mbedtls", found}, // by the table of aliases
		{"Linux", "Linux", "Linux kernel organization", "Linux kernel", found},
	} {
		says, why := ask(sbom.Component{Name: c.component, Supplier: c.supplier, Version: "1.0"}, worded("cve", upTo("cna", c.vendor, c.name, "2.0")))
		require.Equal(t, c.want, says, "%s %s: %s", c.vendor, c.name, why)
	}
}

func TestTheOwnerOfARecordStandsAboveWhatOthersAdd(t *testing.T) {
	t.Parallel()
	kernel := sbom.Component{Name: "Linux kernel", Version: "5.10.220", CPE: "cpe:2.3:o:linux:linux_kernel:5.10.220:*:*:*:*:*:*:*"}
	named := feeds.Product{By: "cna", Vendor: "Linux", Name: "Linux", Default: vex.Affected, Spans: []feeds.Span{
		{Status: vex.Affected, From: "4.6"}, {Status: vex.NotAffected, From: "5.10.219", UpTo: "5.10.*"},
	}}
	added := feeds.Product{By: "CISA-ADP", CPEs: []string{"cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*"}, Default: vex.Affected}
	coarse := feeds.Record{Source: "cve", Products: []feeds.Product{named}, Configurations: []feeds.Configuration{
		any1(or(feeds.Criterion{CPE: "cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*", Vulnerable: true, StartIncluding: "4.6", EndExcluding: "6.10"})),
	}}
	says, _ := ask(kernel, worded("cve", named, added))
	require.Equal(t, rejected, says, "the owner names the version")
	says, _ = ask(kernel, coarse)
	require.Equal(t, rejected, says, "the owner's list is finer than the criteria beside it")
	slipped := feeds.Product{By: "CISA-ADP", Vendor: "wolfSSL", Name: "wolfSSL", Spans: []feeds.Span{{Status: vex.Affected, From: "0", UpTo: "5.64"}}}
	wolf := sbom.Component{Name: "wolfSSL", Supplier: "wolfSSL Inc.", Version: "5.7.0"}
	says, why := ask(wolf, worded("cve", upTo("cna", "wolfSSL", "wolfSSL", "5.6.4"), slipped))
	require.Equal(t, asked, says)
	require.Contains(t, why, "the owner of the record says otherwise")
	says, _ = ask(wolf, worded("cve", slipped))
	require.Equal(t, found, says, "nobody contradicts")
}

func TestANameAndItsMakerAreReadAsNVDWritesThem(t *testing.T) {
	t.Parallel()
	pair := record(theFlaw, and(
		or(feeds.Criterion{CPE: "cpe:2.3:o:contechealth:cms8000_firmware:*:*:*:*:*:*:*:*", Vulnerable: true, EndExcluding: "2.0"}),
		or(on("cpe:2.3:h:contechealth:cms8000:-:*:*:*:*:*:*:*")),
	))
	firmware := sbom.Component{Name: "CMS8000 firmware", Supplier: "Contec Health", Version: "1.0"}
	hardware := sbom.Component{Ref: "hw", Name: "CMS8000", Supplier: "Contec Health"}
	r := match.Build([]feeds.Record{pair}, nil)
	says, why := said(r.Explain("", alone(firmware, hardware)), "it", theFlaw)
	require.Equal(t, found, says, why)
	says, _ = said(r.Explain("", alone(firmware)), "it", theFlaw)
	require.Equal(t, asked, says)
	firmware.Version = "2.0"
	says, _ = said(r.Explain("", alone(firmware, hardware)), "it", theFlaw)
	require.NotEqual(t, found, says)
	firmware.Version, firmware.Supplier = "1.0", "Somebody"
	says, _ = said(r.Explain("", alone(firmware, hardware)), "it", theFlaw)
	require.Equal(t, silent, says)
	for supplier, vendor := range map[string]string{"Wind River Systems, Inc.": "windriver", "Apache Software Foundation": "apache", "Green Hills Software": "green_hills_software"} {
		says, _ := ask(sbom.Component{Name: "Thing One", Supplier: supplier, Version: "1"}, record(theFlaw, any1(or(vulnerable("cpe:2.3:a:"+vendor+":thing_one:*:*:*:*:*:*:*:*")))))
		require.Equal(t, found, says, supplier)
	}
}

func TestACommitIsNoVersion(t *testing.T) {
	t.Parallel()
	const commit = "5a6f3d1c9b7e"
	rtos := sbom.Component{Name: "Zephyr", Supplier: "Zephyr Project", PURL: "pkg:github/zephyrproject-rtos/zephyr@" + commit}
	says, why := ask(rtos, worded("cve", upTo("cna", "Zephyr Project", "Zephyr", "3.5.0")))
	require.Equal(t, asked, says)
	require.Contains(t, why, "is a commit")
	exact := worded("cve", feeds.Product{By: "cna", Vendor: "Zephyr Project", Name: "Zephyr", Default: vex.NotAffected, Spans: []feeds.Span{
		{Status: vex.Affected, Type: "git", From: "0", Below: commit + "aaaa"},
	}})
	says, _ = ask(rtos, exact)
	require.Equal(t, rejected, says, "it is the commit that repairs")
	says, _ = ask(sbom.Component{Name: "Zephyr", Supplier: "Zephyr Project", Version: "3.4.0"}, exact)
	require.Equal(t, asked, says, "a list of commits says nothing of versions, whatever its default")
}

func TestWhatARecordDoesNotSpeakOfIsNotAskedWhereAnotherDecides(t *testing.T) {
	t.Parallel()
	c := sbom.Component{Name: "curl", Version: "7.64.1", CPE: "cpe:2.3:a:haxx:curl:7.64.1:*:*:*:*:*:*:*"}
	mum := worded("cve", feeds.Product{By: "cna", Vendor: "haxx", Name: "curl", Spans: []feeds.Span{{Status: vex.Affected, From: "7.65.0", Below: "7.83.0"}}})
	says, _ := ask(c, mum)
	require.Equal(t, asked, says)
	decides := record(theFlaw, any1(or(feeds.Criterion{CPE: "cpe:2.3:a:haxx:curl:*:*:*:*:*:*:*:*", Vulnerable: true, StartIncluding: "7.65.0", EndExcluding: "7.83.0"})))
	for _, look := range []func(*match.Index, string, sbom.BOM) match.Result{(*match.Index).Find, (*match.Index).Explain} {
		mum.Item, mum.Names = string(theFlaw), []feeds.ID{theFlaw}
		require.Empty(t, look(match.Build([]feeds.Record{mum, decides}, nil), "", alone(c)).Undecided)
	}
}

func TestThePackageOfADistributionIsAskedAboutByTheVersionOfItsMaker(t *testing.T) {
	t.Parallel()
	r := record(theFlaw, any1(or(feeds.Criterion{CPE: "cpe:2.3:a:busybox:busybox:*:*:*:*:*:*:*:*", Vulnerable: true, EndIncluding: "1.35.0"})))
	for purl, want := range map[string]string{
		"pkg:apk/alpine/busybox@1.35.0-r2":            asked,
		"pkg:apk/alpine/busybox@1.36.0-r0":            rejected,
		"pkg:deb/debian/busybox@1:1.35.0-4%2Bb1":      asked,
		"pkg:rpm/fedora/busybox@1.35.0-7.fc37":        asked,
		"pkg:generic/busybox@1.35.0":                  found,
		"pkg:deb/debian/busybox@1:1.36.1%2Bds-1":      rejected,
		"pkg:deb/debian/busybox@1.35.0-4?epoch=1&a=b": asked,
	} {
		says, why := ask(sbom.Component{Name: "busybox", Supplier: "BusyBox project", PURL: purl}, r)
		require.Equal(t, want, says, "%s: %s", purl, why)
	}
}

func TestFirmwareWithoutAToldVersionIsAskedAbout(t *testing.T) {
	t.Parallel()
	says, _ := ask(part("firmware", "1.6", "cpe:2.3:o:bd:pyxis_firmware:1.6:*:*:*:*:*:*:*"), record(theFlaw, any1(or(vulnerable("cpe:2.3:o:bd:pyxis_firmware:-:*:*:*:*:*:*:*")))))
	require.Equal(t, asked, says)
	says, _ = ask(part("httpd", "2.4.57", "cpe:2.3:a:apache:http_server:2.4.57:*:*:*:*:*:*:*"), record(theFlaw, any1(or(vulnerable("cpe:2.3:a:apache:http_server:-:*:*:*:*:*:*:*")))))
	require.Equal(t, rejected, says, "an application has versions, and NA is none of them")
}

func TestOpenPartsAndVendorsOfCPENamesAreMet(t *testing.T) {
	t.Parallel()
	r := record(theFlaw, any1(or(feeds.Criterion{CPE: "cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*", Vulnerable: true, EndExcluding: "6.1"})))
	for name, want := range map[string]string{
		"cpe:2.3:*:linux:linux_kernel:5.15.37:*:*:*:*:*:*:*": found,
		"cpe:2.3:*:*:linux_kernel:5.15.37:*:*:*:*:*:*:*":     found, // the table knows one of that product
		"cpe:2.3:*:other:linux_kernel:5.15.37:*:*:*:*:*:*:*": asked, // another vendor, and a known product
		"cpe:2.3:*:linux:linux_kernel:6.1.1:*:*:*:*:*:*:*":   rejected,
		"cpe:2.3:a:*:unheard_of_thing:5.15.37:*:*:*:*:*:*:*": silent,
		"cpe:2.3:o:linux:linux_kernel:5.15.*:*:*:*:*:*:*:*":  asked, // a pattern is no version
	} {
		says, why := ask(sbom.Component{CPE: name}, r)
		require.Equal(t, want, says, "%s: %s", name, why)
	}
}

func TestStreamsOfRPMThatDifferDoNotMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		bound   feeds.Event
		release string
		version string
		want    string
	}{
		{feeds.Event{Fixed: "0.7.30-2.el8"}, "", "0.7.24-3.el8", found},
		{feeds.Event{Fixed: "0.7.30-2.el8"}, "", "0.7.24-3.el8_6", found},
		{feeds.Event{Fixed: "0.7.30-2.el8"}, "", "0.7.24-3.el9", rejected},
		{feeds.Event{Fixed: "1:0.7.20-6.el8sat"}, "", "0.7.24-3.el9", rejected},
		{feeds.Event{LastAffected: "0.7.30-2.el8"}, "", "0.7.24-3.el9", rejected},
		{feeds.Event{Fixed: "2.0-3.module+el8.8.0+1+a"}, "", "2.0-2.module+el8.7.0+2+b", found},
		{feeds.Event{Fixed: "2.0-3.module+el8.8.0+1+a"}, "", "2.0-2.module+el9.2.0+2+b", rejected},
		{feeds.Event{Fixed: "2.0"}, ":9", "0.7.24-3.el8", rejected},
	} {
		r := feeds.Record{Source: "osv", Packages: []feeds.Package{{Ecosystem: "Red Hat" + c.release, Name: "x", Ranges: []feeds.Range{
			{Type: feeds.Ecosystem, Events: []feeds.Event{{Introduced: "0"}, c.bound}},
		}}}}
		says, why := ask(sbom.Component{Name: "x", Version: c.version, PURL: "pkg:rpm/redhat/x"}, r)
		require.Equal(t, c.want, says, "%v %s: %s", c.bound, c.version, why)
	}
}

func TestAPackageBeforeTheRepairedOneOfItsReleaseIsAffected(t *testing.T) {
	t.Parallel()
	r := worded("csaf", feeds.Product{Vendor: "Red Hat", Name: "bind", PURLs: []string{"pkg:rpm/redhat/bind@9.8.2-0.68.rc1.el6_10.17?epoch=32"}, Spans: []feeds.Span{
		{Status: vex.Fixed, From: "32:9.8.2-0.68.rc1.el6_10.17"},
	}})
	for purl, want := range map[string]string{
		"pkg:rpm/redhat/bind@9.8.2-0.68.rc1.el6_10.8?epoch=32":  found,
		"pkg:rpm/redhat/bind@9.8.2-0.68.rc1.el6_10.17?epoch=32": rejected,
		"pkg:rpm/redhat/bind@9.8.2-0.68.rc1.el6_10.18?epoch=32": rejected,
		"pkg:rpm/redhat/bind@9.7.0-1.el5?epoch=32":              asked,
	} {
		says, why := ask(sbom.Component{Name: "bind", PURL: purl}, r)
		require.Equal(t, want, says, "%s: %s", purl, why)
	}
}

func TestAVersionAfterItsBranchAndBeforeTheNextIsNotAffected(t *testing.T) {
	t.Parallel()
	p := feeds.Product{By: "cna", Vendor: "OpenSSL", Name: "OpenSSL", Spans: []feeds.Span{
		{Status: vex.Affected, From: "1.0.2", UpTo: "1.0.2s"}, {Status: vex.Affected, From: "1.1.1", UpTo: "1.1.1c"},
	}}
	for version, want := range map[string]string{"1.0.2s": found, "1.0.2t": rejected, "1.1.0a": asked, "1.1.1d": rejected, "0.9.8": asked, "3.0.0": rejected} {
		says, why := ask(sbom.Component{Name: "OpenSSL", Supplier: "OpenSSL", Version: version}, worded("cve", p))
		require.Equal(t, want, says, "%s: %s", version, why)
	}
}
