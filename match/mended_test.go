package match_test

// Defects that a review found before anybody was told a wrong answer: each stays mended.

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/cve"
	"github.com/open-postmarket/postmarket/feeds/osv"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cyclonedx"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/vex"
	"github.com/open-postmarket/postmarket/vex/openvex"
)

func rPkg(id, eco, name string, versions []string, ranges ...feeds.Range) feeds.Record {
	return feeds.Record{Source: "osv", Item: id, Names: []feeds.ID{feeds.ID(id)}, Packages: []feeds.Package{{Ecosystem: eco, Name: name, Ranges: ranges, Versions: versions}}}
}

func rRange(kind feeds.RangeType, events ...feeds.Event) feeds.Range {
	return feeds.Range{Type: kind, Events: events}
}

func rPurl(ref, purl string) sbom.BOM { return device(sbom.Component{Ref: ref, Name: ref, PURL: purl}) }

// notSilent holds when something is found or asked, or the verdict is honest.
func notSilent(t *testing.T, r match.Result, source string) {
	t.Helper()
	honest := false
	for _, c := range r.Coverage {
		if c.Source == source && c.Component.Name != "Device" && c.Verdict == match.NotEvaluable {
			honest = true
		}
	}
	if len(r.Findings)+len(r.Undecided) == 0 && !honest {
		t.Errorf("silent miss: coverage %+v rejected %+v", r.Coverage, r.Rejected)
	}
}

// 1: the upstream qualifier's version is dropped.
func TestReviewUpstreamVersionDeb(t *testing.T) {
	r := rPkg("DSA-1", "Debian:12", "lvm2", nil, rRange(feeds.Ecosystem, feeds.Event{Introduced: "0"}, feeds.Event{Fixed: "2.03.16-3"}))
	notSilent(t, find(rPurl("dmsetup", "pkg:deb/debian/dmsetup@2:1.02.185-2?arch=amd64&upstream=lvm2@2.03.16-2&distro=debian-12"), r), "osv")
}

func TestReviewUpstreamRPM(t *testing.T) {
	r := rPkg("SUSE-1", "SUSE:Linux Enterprise Server 15 SP5", "openssl-1_1", nil, rRange(feeds.Ecosystem, feeds.Event{Introduced: "0"}, feeds.Event{Fixed: "1.1.1l-150500.17.31.1"}))
	notSilent(t, find(rPurl("libopenssl1_1", "pkg:rpm/suse/libopenssl1_1@1.1.1l-150500.17.22.1?arch=x86_64&upstream=openssl-1_1-1.1.1l-150500.17.22.1.src.rpm&distro=sles-15.5"), r), "osv")
}

func TestReviewDebianBinaryWithoutUpstreamSaysEvaluated(t *testing.T) {
	r := rPkg("DSA-1", "Debian:12", "openssl", nil, rRange(feeds.Ecosystem, feeds.Event{Introduced: "0"}, feeds.Event{Fixed: "3.0.15-1"}))
	notSilent(t, find(rPurl("libssl3", "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12"), r), "osv")
}

// 2: Red Hat product streams are taken for RHEL releases.
func TestReviewRedHatProductStream(t *testing.T) {
	for _, eco := range []string{"Red Hat:openshift:4.12::el8", "Red Hat:rhel_software_collections:3::el8", "Red Hat:jboss_enterprise_application_platform:7.4::el8"} {
		r := rPkg("RHSA-1", eco, "foo", nil, rRange(feeds.Ecosystem, feeds.Event{Introduced: "0"}, feeds.Event{Fixed: "0:1.2-3.el8"}))
		notSilent(t, find(rPurl("foo", "pkg:rpm/redhat/foo@1.2-2.el8?arch=x86_64&distro=rhel-8.6"), r), "osv")
		notSilent(t, find(rPurl("foo", "pkg:rpm/redhat/foo@1.2-2.el8?arch=x86_64"), r), "osv")
	}
}

// 3: GIT ranges.
type rHistory map[string][]string

func (h rHistory) Contains(_, commit, ancestor string) (bool, bool) {
	for _, a := range h[commit] {
		if a == ancestor {
			return true, true
		}
	}
	return commit == ancestor, true
}

const (
	cA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	cB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	cC = "cccccccccccccccccccccccccccccccccccccccc"
	cD = "dddddddddddddddddddddddddddddddddddddddd"
	cX = "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
)

func TestReviewGitReintroduced(t *testing.T) {
	g := feeds.Range{Type: feeds.Git, Repo: "https://github.com/x/y", Events: []feeds.Event{{Introduced: cA}, {Fixed: cB}, {Introduced: cC}, {Fixed: cD}}}
	r := rPkg("OSV-1", "", "", nil, g)
	h := rHistory{cX: {cA, cB, cC}}
	notSilent(t, match.Build([]feeds.Record{r}, &match.Options{History: h}).Explain("", rPurl("y", "pkg:github/x/y@"+cX)), "osv")
}

func TestReviewGitTwoRangesOfOneRepo(t *testing.T) {
	g1 := feeds.Range{Type: feeds.Git, Repo: "https://github.com/x/y", Events: []feeds.Event{{Introduced: cA}, {Fixed: cB}}}
	g2 := feeds.Range{Type: feeds.Git, Repo: "https://github.com/x/y", Events: []feeds.Event{{Introduced: cC}, {Fixed: cD}}}
	r := rPkg("OSV-1", "", "", nil, g1, g2)
	h := rHistory{cX: {cC}} // a branch that forked off before cA
	notSilent(t, match.Build([]feeds.Record{r}, &match.Options{History: h}).Explain("", rPurl("y", "pkg:github/x/y@"+cX)), "osv")
}

func TestReviewGitNeverFixedTagNotListed(t *testing.T) {
	g := feeds.Range{Type: feeds.Git, Repo: "https://github.com/x/y", Events: []feeds.Event{{Introduced: "0"}}}
	r := rPkg("OSV-1", "", "", []string{"v1.0", "v1.1"}, g)
	notSilent(t, find(rPurl("y", "pkg:github/x/y@v1.2"), r), "osv")
}

// A tag of the list in a record with GIT and SEMVER ranges.
func TestReviewGitAndSemverTag(t *testing.T) {
	g := feeds.Range{Type: feeds.Git, Repo: "https://github.com/x/y", Events: []feeds.Event{{Introduced: "0"}, {Fixed: cB}}}
	s := rRange(feeds.SemVer, feeds.Event{Introduced: "0"}, feeds.Event{Fixed: "1.5.0"})
	r := rPkg("OSV-1", "", "", []string{"v1.0.0"}, g, s)
	notSilent(t, find(rPurl("y", "pkg:github/x/y@v1.2.0"), r), "osv")
}

// 4: mute records.
func rMute(id, text string) feeds.Record {
	return feeds.Record{Source: "nvd", Item: id, Names: []feeds.ID{feeds.ID(id)}, State: "Awaiting Analysis", Text: text}
}

func TestReviewMuteLongText(t *testing.T) {
	var b strings.Builder
	for i := 0; i < 100; i++ {
		fmt.Fprintf(&b, "aword%cx%c ", 'a'+i%26, 'a'+i/26)
	}
	r := find(device(part("wolfssl", "5.0.0", "cpe:2.3:a:wolfssl:wolfssl:5.0.0:*:*:*:*:*:*:*")), rMute("CVE-2026-2001", "A flaw in wolfSSL before 5.6. "+b.String()))
	require.NotEmpty(t, r.Undecided, "the text names the component")
}

func TestReviewMuteVendor(t *testing.T) {
	c := sbom.Component{Ref: "a", Name: "PumpDrive controller", Version: "1", Supplier: "Zephyrion Systems Inc."}
	r := find(device(c), rMute("CVE-2026-2002", "Several products of Zephyrion Systems allow remote code execution."))
	require.NotEmpty(t, r.Undecided, "the text names a held vendor")
}

func TestReviewMuteOtherSpelling(t *testing.T) {
	r := find(device(part("mbedtls", "2.16.0", "cpe:2.3:a:arm:mbed_tls:2.16.0:*:*:*:*:*:*:*")), rMute("CVE-2026-2003", "An issue was discovered in Mbed TLS before 2.28."))
	require.NotEmpty(t, r.Undecided, "cpe")
	r = find(rPurl("mbedtls", "pkg:generic/mbedtls@2.16.0"), rMute("CVE-2026-2003", "An issue was discovered in Mbed TLS before 2.28."))
	require.NotEmpty(t, r.Undecided, "purl")
}

func TestReviewMuteShortName(t *testing.T) {
	for _, n := range []string{"xz", "Qt", "jq"} {
		r := find(device(sbom.Component{Ref: "a", Name: n, Version: "1.0"}), rMute("CVE-2026-2003", "A flaw in "+n+" before 5.6."))
		if len(r.Undecided) == 0 {
			t.Errorf("%s: not asked", n)
		}
	}
}

// Another record of the CVE in a form that says nothing of this component silences the question.
func TestReviewMuteSilencedByDistroRecord(t *testing.T) {
	osv := rPkg("DEBIAN-CVE-2026-2004", "Debian:12", "curl", nil, rRange(feeds.Ecosystem, feeds.Event{Introduced: "0"}, feeds.Event{Fixed: "8.9.0-1"}))
	osv.Names = append(osv.Names, "CVE-2026-2004")
	r := find(device(part("curl", "8.5.0", "cpe:2.3:a:haxx:curl:8.5.0:*:*:*:*:*:*:*")), rMute("CVE-2026-2004", "A flaw in curl before 8.9."), osv)
	require.True(t, len(r.Undecided)+len(r.Findings) > 0, "%+v", r.Coverage)
}

func TestReviewMuteSilencedByWords(t *testing.T) {
	cve := feeds.Record{Source: "cve", Item: "CVE-2026-2005", Names: []feeds.ID{"CVE-2026-2005"}, Products: []feeds.Product{{By: "cna", Vendor: "libquux project", Name: "libquux",
		Default: vex.NotAffected, Spans: []feeds.Span{{Status: vex.Affected, From: "0", Below: "2.0"}}}}}
	r := find(device(sbom.Component{Ref: "a", Name: "libquux", Version: "1.0", Supplier: "Wind River", CPE: "cpe:2.3:a:libquux_dev:libquux:1.0:*:*:*:*:*:*:*"}), rMute("CVE-2026-2005", "A flaw in libquux before 2.0."), cve)
	require.True(t, len(r.Undecided)+len(r.Findings) > 0, "%+v", r.Coverage)
}

func TestReviewSameNameOtherSupplierIsSilent(t *testing.T) {
	cve := feeds.Record{Source: "cve", Item: "CVE-2026-2005", Names: []feeds.ID{"CVE-2026-2005"}, Products: []feeds.Product{{By: "cna", Vendor: "libquux project", Name: "libquux",
		Default: vex.NotAffected, Spans: []feeds.Span{{Status: vex.Affected, From: "0", Below: "2.0"}}}}}
	r := find(device(sbom.Component{Ref: "a", Name: "libquux", Version: "1.0", Supplier: "Wind River"}), cve)
	notSilent(t, r, "cve")
	t.Logf("%d found %d asked %v", len(r.Findings), len(r.Undecided), r.Coverage)
}

// 5: CVE record changes are to be sorted by the client.
func TestReviewTurnsUnsorted(t *testing.T) {
	p := feeds.Product{By: "cna", Vendor: "acme", Name: "libfoo", CPEs: []string{"cpe:2.3:a:acme:libfoo:*:*:*:*:*:*:*:*"}, Default: vex.NotAffected,
		Spans: []feeds.Span{{Status: vex.Affected, Type: "semver", From: "1.0.0", Below: "5.0.0", Turns: []feeds.Turn{{At: "3.0.0", Status: vex.Affected}, {At: "2.0.0", Status: vex.NotAffected}}}}}
	r := find(device(libfoo("3.5.0")), feeds.Record{Source: "cve", Item: flaw, Names: []feeds.ID{flaw}, Products: []feeds.Product{p}})
	notSilent(t, r, "cve")
}

func TestReviewTurnUnread(t *testing.T) {
	p := feeds.Product{By: "cna", Vendor: "acme", Name: "libfoo", CPEs: []string{"cpe:2.3:a:acme:libfoo:*:*:*:*:*:*:*:*"}, Default: vex.NotAffected,
		Spans: []feeds.Span{{Status: vex.NotAffected, Type: "custom", From: "1.0.0", Below: "5.0.0", Turns: []feeds.Turn{{At: "??", Status: vex.Affected}}}}}
	r := find(device(libfoo("3.5.0")), feeds.Record{Source: "cve", Item: flaw, Names: []feeds.ID{flaw}, Products: []feeds.Product{p}})
	notSilent(t, r, "cve")
}

// defaultStatus is unknown when it is not said.
func TestReviewUnknownDefaultIsNotCleared(t *testing.T) {
	p := feeds.Product{By: "cna", Vendor: "acme", Name: "libfoo", CPEs: []string{"cpe:2.3:a:acme:libfoo:*:*:*:*:*:*:*:*"},
		Spans: []feeds.Span{{Status: vex.Affected, From: "1.0"}}}
	r := find(device(libfoo("1.1")), feeds.Record{Source: "cve", Item: flaw, Names: []feeds.ID{flaw}, Products: []feeds.Product{p}})
	notSilent(t, r, "cve")
}

// ADP says affected, the CNA names the version as unaffected: nothing is told.
func TestReviewADPAgainstCNA(t *testing.T) {
	cna := feeds.Product{By: "cna", Vendor: "acme", Name: "libfoo", CPEs: []string{"cpe:2.3:a:acme:libfoo:*:*:*:*:*:*:*:*"}, Default: vex.Affected, Platforms: []string{"Windows"},
		Spans: []feeds.Span{{Status: vex.NotAffected, From: "1.0", Below: "3.0"}}}
	adp := cna
	adp.By, adp.Platforms, adp.Default, adp.Spans = "CISA-ADP", []string{"Linux"}, vex.NotAffected, []feeds.Span{{Status: vex.Affected, From: "0", Below: "3.0"}}
	r := find(device(libfoo("2.0")), feeds.Record{Source: "cve", Item: flaw, Names: []feeds.ID{flaw}, Products: []feeds.Product{cna, adp}})
	notSilent(t, r, "cve")
}

// 6: versions.
func TestReviewVersionForms(t *testing.T) {
	eco := func(kind, purl, ecosystem, name, from, fixed string) {
		r := rPkg("X-1", ecosystem, name, nil, rRange(feeds.Ecosystem, feeds.Event{Introduced: from}, feeds.Event{Fixed: fixed}))
		res := find(rPurl("c", purl), r)
		honest := false
		for _, c := range res.Coverage {
			honest = honest || c.Verdict == match.NotEvaluable && c.Component.Ref == "c"
		}
		if len(res.Findings)+len(res.Undecided) == 0 && !honest {
			t.Errorf("%s: silent: %s: %v", kind, purl, res.Rejected)
		}
	}
	eco("maven v", "pkg:maven/com.github.a/b@v2.5", "Maven", "com.github.a:b", "2.0", "3.0")
	eco("npm v", "pkg:npm/a@v2.5.0", "npm", "a", "2.0.0", "3.0.0")
	eco("npm =", "pkg:npm/a@=2.5.0", "npm", "a", "2.0.0", "3.0.0")
	eco("pypi v", "pkg:pypi/a@v2.5.0", "PyPI", "a", "2.0.0", "3.0.0")
	eco("gem v", "pkg:gem/a@v2.5.0", "RubyGems", "a", "2.0.0", "3.0.0")
	eco("nuget v", "pkg:nuget/A@v2.5.0", "NuGet", "a", "2.0.0", "3.0.0")
	eco("cargo v", "pkg:cargo/a@v2.5.0", "crates.io", "a", "2.0.0", "3.0.0")
	eco("composer v", "pkg:composer/a/b@v2.5.0", "Packagist", "a/b", "2.0.0", "3.0.0")
	eco("deb v", "pkg:deb/debian/a@v2.5.0-1", "Debian", "a", "2.0.0", "3.0.0")
	eco("apk v", "pkg:apk/alpine/a@v2.5.0-r1", "Alpine", "a", "2.0.0", "3.0.0")
	eco("go none", "pkg:golang/a.b/c@2.5.0", "Go", "a.b/c", "2.0.0", "3.0.0")
	eco("go pseudo", "pkg:golang/a.b/c@v0.0.0-20200101000000-abcdefabcdef", "Go", "a.b/c", "0", "0.0.0-20210101000000-abcdefabcdef")
	eco("go incompatible", "pkg:golang/a.b/c@v2.5.0%2Bincompatible", "Go", "a.b/c", "2.0.0", "3.0.0+incompatible")
	eco("go subpath", "pkg:golang/a.b/c@v2.5.0#sub/dir", "Go", "a.b/c", "2.0.0", "3.0.0")
	eco("golang package below the module", "pkg:golang/a.b/c/sub@v2.5.0", "Go", "a.b/c", "2.0.0", "3.0.0")
	eco("maven no group", "pkg:maven/b@2.5", "Maven", "a:b", "2.0", "3.0")
	eco("maven classifier", "pkg:maven/a/b@2.5?classifier=sources&type=jar", "Maven", "a:b", "2.0", "3.0")
	eco("maven jre", "pkg:maven/a/b@2.5-jre", "Maven", "a:b", "2.0", "2.5.1-jre")
	eco("npm scope", "pkg:npm/%40a/b@2.5.0", "npm", "@a/b", "2.0.0", "3.0.0")
	eco("upper type", "PKG:NPM/a@2.5.0", "npm", "a", "2.0.0", "3.0.0")
	eco("slashes", "pkg://npm/a@2.5.0", "npm", "a", "2.0.0", "3.0.0")
	eco("space", " pkg:npm/a@2.5.0 ", "npm", "a", "2.0.0", "3.0.0")
}

func TestReviewBinNMULastAffected(t *testing.T) {
	r := rPkg("X-1", "Debian:12", "a", nil, rRange(feeds.Ecosystem, feeds.Event{Introduced: "0"}, feeds.Event{LastAffected: "2.5.0-1"}))
	notSilent(t, find(rPurl("c", "pkg:deb/debian/a@2.5.0-1%2Bb1?distro=debian-12"), r), "osv")
	r = rPkg("X-1", "Debian:12", "a", []string{"2.5.0-1"})
	notSilent(t, find(rPurl("c", "pkg:deb/debian/a@2.5.0-1%2Bb1?distro=debian-12"), r), "osv")
}

// A Debian version with its epoch in a CPE, as syft writes it.
func TestReviewEpochInCPE(t *testing.T) {
	leaf := feeds.Criterion{CPE: "cpe:2.3:a:openbsd:openssh:*:*:*:*:*:*:*:*", Vulnerable: true, StartIncluding: "8.6", EndExcluding: "9.8"}
	c := sbom.Component{Ref: "openssh", Name: "openssh-server", Version: "1:9.2p1-2+deb12u2", PURL: "pkg:deb/debian/openssh-server@1:9.2p1-2%2Bdeb12u2?distro=debian-12", CPE: `cpe:2.3:a:openbsd:openssh:1\:9.2p1-2\+deb12u2:*:*:*:*:*:*:*`}
	notSilent(t, find(device(c), record("CVE-2024-6387", any1(or(leaf)))), "nvd")
	c.PURL = ""
	notSilent(t, find(device(c), record("CVE-2024-6387", any1(or(leaf)))), "nvd")
	r := find(device(c), record("CVE-2024-6387", any1(or(leaf))))
	t.Logf("%d found %d asked %v", len(r.Findings), len(r.Undecided), r.Rejected)
}

func TestReviewSeveralVersionsOneOpen(t *testing.T) {
	leaf := feeds.Criterion{CPE: "cpe:2.3:a:acme:libfoo:*:*:*:*:*:*:*:*", Vulnerable: true, EndExcluding: "2.0"}
	c := libfoo("2.1")
	c.Version = "rolling-abc" // which of the two is the slip is not known
	notSilent(t, find(device(c), record(flaw, any1(or(leaf)))), "nvd")
}

func TestReviewUpdateRange(t *testing.T) {
	leaf := feeds.Criterion{CPE: "cpe:2.3:a:openssl:openssl:*:*:*:*:*:*:*:*", Vulnerable: true, StartIncluding: "1.0.2k", EndExcluding: "1.0.2m"}
	notSilent(t, find(device(sbom.Component{Ref: "a", Name: "openssl", CPE: "cpe:2.3:a:openssl:openssl:1.0.2:k:*:*:*:*:*:*"}), record(flaw, any1(or(leaf)))), "nvd")
	notSilent(t, find(device(part("OpenSSL", "1.0.2l-fips", "cpe:2.3:a:OpenSSL:OpenSSL:1.0.2l-fips:*:*:*:*:*:*:*")), record(flaw, any1(or(leaf)))), "nvd")
}

// A kernel does not tell which distribution it is part of.
func TestReviewKernelIsNoPlatform(t *testing.T) {
	c := and(or(vulnerable("cpe:2.3:a:samba:samba:4.13.13:*:*:*:*:*:*:*")), or(on("cpe:2.3:o:debian:debian_linux:11.0:*:*:*:*:*:*:*")))
	k := part("linux", "5.10.0", "cpe:2.3:o:linux:linux_kernel:5.10.0:*:*:*:*:*:*:*")
	r := find(device(part("samba", "4.13.13", "cpe:2.3:a:samba:samba:4.13.13:*:*:*:*:*:*:*"), k), record(flaw, c))
	require.True(t, len(r.Findings)+len(r.Undecided) > 0, "rejected: %+v", r.Rejected)
}

// 8: decisions.
func rVEX(change func(*vex.Product, *vex.Statement)) vex.Document {
	p := vex.Product{}
	s := vex.Statement{Vulnerability: flaw, Status: vex.NotAffected, Justification: vex.CodeNotPresent, Author: "a", Issued: day(1)}
	change(&p, &s)
	s.Products = []vex.Product{p}
	return vex.Document{Format: "openvex", Digest: "d", Author: "a", Statements: []vex.Statement{s}}
}

func rHidden(t *testing.T, bom sbom.BOM, doc vex.Document, records ...feeds.Record) []feeds.ID {
	t.Helper()
	found := match.Build(records, nil).Find("pump", bom)
	require.NotEmpty(t, found.Findings)
	ds, passed := match.FromVEX(doc, "pump", bom, found.Findings, match.Setting{})
	out, err := match.Decide(found.Findings, bom, ds, match.Setting{})
	require.NoError(t, err)
	var hidden []feeds.ID
	for _, f := range out {
		if f.Hidden() {
			hidden = append(hidden, f.Vulnerability)
		}
	}
	t.Logf("decisions %d passed %v hidden %v", len(ds), passed, hidden)
	return hidden
}

func TestReviewVEXByCPEOfAnotherVersion(t *testing.T) {
	doc := rVEX(func(p *vex.Product, _ *vex.Statement) { p.CPE = "cpe:2.3:a:acme:libfoo:1.0:*:*:*:*:*:*:*" })
	require.Empty(t, rHidden(t, device(libfoo("1.5")), doc, flawed(nil)), "the statement is of 1.0")
}

func TestReviewVEXByRefOfAnotherThing(t *testing.T) {
	doc := rVEX(func(p *vex.Product, _ *vex.Statement) { p.Ref, p.PURL = "libfoo", "pkg:npm/other" })
	c := libfoo("1.5")
	c.PURL = "pkg:generic/libfoo"
	require.Empty(t, rHidden(t, device(c), doc, flawed(nil)), "the reference is one of another document, and the purl is another")
}

func TestReviewVEXByLinkToAnotherBOM(t *testing.T) {
	doc := rVEX(func(p *vex.Product, _ *vex.Statement) {
		p.Link = &vex.Link{Serial: "3e671687-395b-41f5-a30f-a58921a69b79", Version: 1, Ref: "libfoo"}
	})
	bom := device(libfoo("1.5"))
	bom.Serial = "urn:uuid:11111111-395b-41f5-a30f-a58921a69b79"
	require.Empty(t, rHidden(t, bom, doc, flawed(nil)), "the link leads to another BOM")
}

func TestReviewVEXWithinAnotherDeviceNoRoot(t *testing.T) {
	doc := rVEX(func(p *vex.Product, _ *vex.Statement) {
		p.Name, p.Version = "libfoo", "1.5"
		p.Within = &vex.Product{Name: "Another device", Version: "1"}
	})
	require.Empty(t, rHidden(t, sbom.BOM{Components: []sbom.Component{libfoo("1.5")}}, doc, flawed(nil)), "it speaks of another device")
}

func TestReviewVEXAliasOfTwoCVEs(t *testing.T) {
	const other = "CVE-2026-1001"
	two := flawed(func(r *feeds.Record) { r.Item, r.Names = other, []feeds.ID{other} })
	ghsa := feeds.Record{Source: "osv", Item: "GHSA-x", Names: []feeds.ID{"GHSA-x", flaw, other}}
	doc := rVEX(func(p *vex.Product, s *vex.Statement) { p.Name, s.Aliases = "libfoo", []string{"GHSA-x"} })
	require.Equal(t, []feeds.ID{flaw}, rHidden(t, device(libfoo("1.5")), doc, flawed(nil), two, ghsa), "the statement is about one CVE")
}

func TestReviewVEXOtherDistroBuild(t *testing.T) {
	r := rPkg(flaw, "Debian", "libfoo", nil, rRange(feeds.Ecosystem, feeds.Event{Introduced: "0"}, feeds.Event{Fixed: "2.0"}))
	doc := rVEX(func(p *vex.Product, s *vex.Statement) {
		p.PURL = "pkg:deb/debian/libfoo@1.5-1?arch=amd64&distro=debian-11"
	})
	require.Empty(t, rHidden(t, rPurl("libfoo", "pkg:deb/debian/libfoo@1.5-1?arch=arm64&distro=debian-12"), doc, r), "another build for another release")
}

func TestReviewVEXGoSubpackage(t *testing.T) {
	r := rPkg(flaw, "Go", "a.b/c", nil, rRange(feeds.SemVer, feeds.Event{Introduced: "0"}, feeds.Event{Fixed: "2.0.0"}))
	doc := rVEX(func(p *vex.Product, s *vex.Statement) { p.PURL = "pkg:golang/a.b/c@v1.5.0#one" })
	require.Empty(t, rHidden(t, rPurl("c", "pkg:golang/a.b/c@v1.5.0#two"), doc, r), "another subpackage")
}

func TestReviewVEXOlderThanKEV(t *testing.T) {
	kev := feeds.Record{Source: "kev", Item: flaw, Names: []feeds.ID{flaw}, Exploited: &feeds.Exploited{Added: day(20)}}
	doc := rVEX(func(p *vex.Product, s *vex.Statement) { p.Name, s.Justification = "libfoo", vex.InlineMitigationsHold })
	require.Empty(t, rHidden(t, device(libfoo("1.5")), doc, flawed(nil), kev), "listed as exploited after the statement was made: the mitigation is to be looked at again")
}

func TestReviewPatchOnDuplicateRef(t *testing.T) {
	a, b := libfoo("1.5"), libfoo("1.5")
	b.Name, b.CPE, b.PURL = "other", "", "pkg:npm/other@1.0"
	b.Pedigree = &sbom.Pedigree{Patches: []sbom.Patch{{Kind: "backport", Resolves: []string{flaw}}}}
	bom := device(a, b)
	require.False(t, ruled(t, bom, nil, match.Setting{}, flawed(nil)).Hidden(), "the patch is on another component with the same reference")
}

func TestReviewHeaderIsNeverCompiled(t *testing.T) {
	for _, file := range []string{"include/net/sock.h", "drivers/net/", "drivers/net/*.c"} {
		p := feeds.Product{By: "cna", Vendor: "acme", Name: "libfoo", CPEs: []string{"cpe:2.3:a:acme:libfoo:*:*:*:*:*:*:*:*"}, Default: vex.Affected, Files: []string{file}}
		c := libfoo("1.5")
		c.Files = []string{"drivers/net/core.c", "net/core/sock.c"}
		f := ruled(t, device(c), nil, match.Setting{}, feeds.Record{Source: "cve", Item: flaw, Names: []feeds.ID{flaw}, Products: []feeds.Product{p}})
		if f.Hidden() {
			t.Errorf("%s: hidden", file)
		}
	}
}

func TestReviewDecisionByNameOfAnotherVendor(t *testing.T) {
	p := feeds.Product{By: "cna", Vendor: "acme", Name: "kernel", Default: vex.Affected}
	q := feeds.Product{By: "cna", Vendor: "bolt", Name: "kernel", Default: vex.Affected}
	r := feeds.Record{Source: "cve", Item: flaw, Names: []feeds.ID{flaw}, Products: []feeds.Product{p, q}}
	a := sbom.Component{Ref: "a", Name: "kernel", Version: "1.0", Supplier: "acme"}
	b := sbom.Component{Ref: "b", Name: "kernel", Version: "1.0", Supplier: "bolt"}
	bom := device(a, b)
	found := match.Build([]feeds.Record{r}, nil).Find("pump", bom)
	doc := rVEX(func(p *vex.Product, _ *vex.Statement) { p.Name, p.Vendor, p.Version = "kernel", "acme", "1.0" })
	ds, _ := match.FromVEX(doc, "pump", bom, found.Findings, match.Setting{})
	out, err := match.Decide(found.Findings, bom, ds, match.Setting{})
	require.NoError(t, err)
	for _, f := range out {
		for _, i := range f.Instances {
			if i.Component.Ref == "b" {
				require.Nil(t, i.Ruling, "the statement is of acme's kernel")
			}
		}
	}
}

// 9: odd input.
func TestReviewOddInput(t *testing.T) {
	odd := []string{"", " ", "-", "()", "&", ".", "the", "\xff\xfe", "ä", "pkg:", "cpe:2.3:", "cpe:/", "vers:", ":", "@", "*", "?", "0", strings.Repeat("a", 300), strings.Repeat("\x80", 300)}
	var bom sbom.BOM
	for _, x := range odd {
		for _, y := range odd {
			bom.Components = append(bom.Components, sbom.Component{Name: x, Version: y, Supplier: y, PURL: x, CPE: y}, sbom.Component{Name: x, Supplier: y, Version: "1"},
				sbom.Component{Name: x, Supplier: y, Version: "1", PURL: "pkg:generic/" + x + "@" + y})
		}
	}
	var rs []feeds.Record
	for n, x := range odd {
		for m, y := range odd {
			id := feeds.ID(fmt.Sprintf("X-%d-%d", n, m))
			func() {
				defer func() {
					if e := recover(); e != nil {
						t.Errorf("Build: %.12q %.12q: %v", x, y, e)
					}
				}()
				r := feeds.Record{Source: "s", Item: string(id), Names: []feeds.ID{id}, Text: x,
					Packages:       []feeds.Package{{Ecosystem: x, Name: y, Versions: []string{x, y}, Ranges: []feeds.Range{{Type: feeds.Git, Repo: x, Events: []feeds.Event{{}, {Introduced: x}, {Fixed: y}}}, {Type: feeds.Ecosystem, Events: []feeds.Event{{}, {Introduced: x}, {Fixed: y}}}}}},
					Configurations: []feeds.Configuration{{}, {Operator: x, Nodes: []feeds.Node{{}, or(vulnerable(x), feeds.Criterion{CPE: y, EndExcluding: x})}}},
					Products:       []feeds.Product{{}, {Vendor: x, Name: y, Models: []string{x}, CPEs: []string{x}, PURLs: []string{y}, Repo: x, Spans: []feeds.Span{{}, {From: x, Below: y, Turns: []feeds.Turn{{At: x}}}}}}}
				match.Build([]feeds.Record{r, {Source: "s", Item: "m" + string(id), Names: []feeds.ID{id, ""}, Text: x + " " + y}}, nil).Explain("", sbom.BOM{Components: bom.Components[:9]})
				rs = append(rs, r)
			}()
		}
	}
	for k := range bom.Components {
		func() {
			defer func() {
				if e := recover(); e != nil {
					t.Errorf("Explain: %+v: %v", bom.Components[k], e)
				}
			}()
			match.Build(rs[:5], nil).Explain("", sbom.BOM{Components: bom.Components[k : k+1]})
		}()
	}
}

func TestReviewManyProductsOfOneRecord(t *testing.T) {
	r := feeds.Record{Source: "csaf", Item: "a", Names: []feeds.ID{flaw}}
	for n := 0; n < 10000; n++ {
		r.Products = append(r.Products, feeds.Product{Vendor: "acme", Name: fmt.Sprintf("thing %d", n), Default: vex.Affected})
	}
	begin := time.Now()
	match.Build([]feeds.Record{r}, nil)
	half := time.Since(begin)
	r.Products = append(r.Products, r.Products...)
	for n := 10000; n < 20000; n++ {
		r.Products[n].Name += "x"
	}
	begin = time.Now()
	match.Build([]feeds.Record{r}, nil)
	t.Logf("10,000 products %v, 20,000 products %v", half, time.Since(begin))
}

// A digest leaves the EPSS score out within its band, so a judged finding that shows a newer score does not replay.
func TestReviewReplayAfterEPSSMovedWithinItsBand(t *testing.T) {
	m := memory.New()
	bom := device(libfoo("1.0"))
	now := day(1)
	l := watched(t, m, bom, &now)
	epss := func(s float64) feeds.Record {
		return feeds.Record{Source: "epss", Item: flaw, Names: []feeds.ID{flaw}, Probability: &feeds.Probability{Score: s, Day: day(1)}}
	}
	var last match.Finding
	for _, s := range []float64{0.02, 0.03} {
		rs := []feeds.Record{epss(s), flawed(nil)}
		last = match.Build(rs, nil).Find("pump", bom).Findings[0]
		require.NoError(t, l.Do(t.Context(), store.By{Who: "me", Why: "judged"}, func(tx *store.Tx) error { return match.Judge(tx, last, rs, bom) }))
	}
	j, _, err := match.Judgments.Latest(t.Context(), l, last.Key())
	require.NoError(t, err)
	f, same, err := match.Replay(t.Context(), l, j, nil)
	require.NoError(t, err)
	require.True(t, same, "judged with %v, replayed with %v", j.Finding.Probability, f.Probability)
}

func rRoot(version, cpe string, cs ...sbom.Component) sbom.BOM {
	b := device(cs...)
	b.Root.Version, b.Root.CPE = version, cpe
	return b
}

func TestReviewVEXOfWholeDeviceInOtherVersions(t *testing.T) {
	bom := rRoot("3.0", "cpe:2.3:o:acme:pump_firmware:3.0:*:*:*:*:*:*:*", libfoo("1.5"))
	for name, change := range map[string]func(*vex.Product, *vex.Statement){
		"CPE of 1.0":        func(p *vex.Product, _ *vex.Statement) { p.CPE = "cpe:2.3:o:acme:pump_firmware:1.0:*:*:*:*:*:*:*" },
		"versions 1.0, 1.1": func(p *vex.Product, s *vex.Statement) { p.Name, s.Versions = "Device", []string{"1.0", "1.1"} },
		"range below 2":     func(p *vex.Product, _ *vex.Statement) { p.Name, p.Range = "Device", "vers:generic/<2.0" },
	} {
		if hidden := rHidden(t, bom, rVEX(change), flawed(nil)); len(hidden) > 0 {
			t.Errorf("%s: hidden on 3.0", name)
		}
	}
}

func TestReviewOpenVEXByCPEEndToEnd(t *testing.T) {
	doc, err := openvex.Decode(strings.NewReader(`{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://x/1","author":"a","timestamp":"2026-01-01T00:00:00Z","version":1,
	"statements":[{"vulnerability":{"name":"` + flaw + `"},"products":[{"@id":"cpe:2.3:a:acme:libfoo:1.0:*:*:*:*:*:*:*","identifiers":{"cpe23":"cpe:2.3:a:acme:libfoo:1.0:*:*:*:*:*:*:*"}}],"status":"not_affected","justification":"vulnerable_code_not_present"}]}`))
	require.NoError(t, err)
	require.Empty(t, rHidden(t, device(libfoo("1.5")), doc, flawed(nil)), "the statement is of 1.0: %+v", doc.Statements)
}

// A release of which the source holds nothing is evaluated.
func TestReviewCoverageOfAnotherRelease(t *testing.T) {
	r := rPkg("DSA-1", "Debian:11", "curl", nil, rRange(feeds.Ecosystem, feeds.Event{Introduced: "0"}, feeds.Event{Fixed: "8.0-1"}))
	res := find(rPurl("curl", "pkg:deb/debian/curl@7.88-1?distro=debian-13"), r)
	for _, c := range res.Coverage {
		if c.Component.Ref == "curl" {
			require.Equal(t, match.NotEvaluable, c.Verdict, "the source holds nothing of Debian 13")
		}
	}
}

// A Delta with decisions against a full look with decisions.
func TestReviewDeltaWithPatchesOfTheBOM(t *testing.T) {
	c := libfoo("1.0")
	c.Pedigree = &sbom.Pedigree{Patches: []sbom.Patch{{Kind: "backport", Resolves: []string{flaw}}}}
	bom := device(c)
	rule := func(fs []match.Finding) ([]match.Finding, error) { return match.Decide(fs, bom, nil, match.Setting{}) }
	x := match.Build([]feeds.Record{flawed(nil)}, nil)
	fleet := match.NewFleet(x)
	fleet.Put("pump", bom)
	fs, err := rule(x.Find("pump", bom).Findings)
	require.NoError(t, err)
	require.True(t, fs[0].Hidden())
	state, _ := match.State{}.Next("pump", fs, 1, day(1))
	changed := flawed(func(r *feeds.Record) { r.Text = "other words" })
	d := fleet.Apply([]feeds.Record{changed})
	byDelta, events, err := d.Next(state, "pump", rule, 2, day(2))
	require.NoError(t, err)
	full, err := rule(x.With([]feeds.Record{changed}).Find("pump", bom).Findings)
	require.NoError(t, err)
	byFull, want := state.Next("pump", full, 2, day(2))
	require.Equal(t, byFull, byDelta)
	require.Equal(t, want, events)
}

// KEV and OSV records of distributions.
func TestReviewKEVOfADistributionsRecord(t *testing.T) {
	var rs []feeds.Record
	for u, err := range osv.Decode(strings.NewReader(`{"schema_version":"1.7.0","id":"DEBIAN-CVE-2026-1000","modified":"2026-01-01T00:00:00Z","published":"2026-01-01T00:00:00Z","upstream":["CVE-2026-1000"],
	"affected":[{"package":{"ecosystem":"Debian:12","name":"libfoo"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2.0-1"}]}]}]}`)) {
		require.NoError(t, err)
		if u.Record.Item != "" {
			rs = append(rs, u.Record)
		}
	}
	require.NotEmpty(t, rs)
	rs = append(rs, feeds.Record{Source: "kev", Item: flaw, Names: []feeds.ID{flaw}, Exploited: &feeds.Exploited{Added: day(1)}})
	r := find(rPurl("libfoo", "pkg:deb/debian/libfoo@1.0-1?distro=debian-12"), rs...)
	require.Len(t, r.Findings, 1)
	require.NotNil(t, r.Findings[0].Exploited, "known exploited")
}

func TestReviewCVEVersionWords(t *testing.T) {
	for _, v := range []string{
		`{"version":"0","status":"affected"}`, `{"version":"all","status":"affected"}`, `{"version":"All versions","status":"affected"}`, `{"version":"unspecified","status":"affected"}`,
		`{"version":"*","status":"affected"}`, `{"version":"-","status":"affected"}`, `{"version":"n/a","status":"affected"}`, `{"version":"<2.0","status":"affected"}`, `{"version":"< 2.0","status":"affected"}`,
		`{"version":"before 2.0","status":"affected"}`, `{"version":"1.x","status":"affected"}`, `{"version":"1.0 - 1.9","status":"affected"}`, `{"version":"1.0-1.9","status":"affected"}`, `{"version":"1.0 to 1.9","status":"affected"}`, `{"version":"2.0 and earlier","status":"affected"}`,
		`{"version":"prior to V2.0","status":"affected"}`, `{"version":">= 1.0, < 2.0","status":"affected"}`, `{"version":"unspecified","lessThan":"2.0","status":"affected","versionType":"custom"}`,
		`{"version":"1.0, 1.5","status":"affected"}`, `{"version":"1.0 through 1.9","status":"affected"}`, `{"version":"1.*","status":"affected"}`, `{"version":"1.0","lessThanOrEqual":"1.9 SP1","status":"affected","versionType":"custom"}`,
		`{"version":"up to 1.9","status":"affected"}`, `{"version":"1.0","lessThan":"unspecified","status":"affected","versionType":"custom"}`, `{"version":"next of 1.0","lessThan":"2.0","status":"affected","versionType":"custom"}`,
		`{"version":"2.0","lessThanOrEqual":"1.9","status":"affected","versionType":"custom"}`, `{"version":"1.0","lessThanOrEqual":"1.*","status":"affected","versionType":"semver"}`, `{"version":"v1.0","lessThan":"v2.0","status":"affected","versionType":"semver"}`,
		`{"version":"libfoo 1.5","status":"affected"}`, `{"version":"1.5.0","status":"affected"}`, `{"version":"Version 1.5","status":"affected"}`, `{"version":"3.0","status":"unaffected"}`, `{"version":"1.5 (build 3)","status":"affected"}`, `{"version":"1.5 R1","status":"affected"}`,
		`{"version":"","lessThan":"2.0","status":"affected","versionType":"custom"}`, `{"version":"1.5.x","status":"affected"}`, `{"version":"<=1.9","status":"affected"}`, `{"version":"≤ 1.9","status":"affected"}`, `{"version":"1.9","status":"affected","versionType":"semver"}`,
	} {
		for _, d := range []string{`"defaultStatus":"unaffected",`, ``} {
			body := `{"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":"CVE-2026-1000","assignerOrgId":"00000000-0000-4000-9000-000000000000","state":"PUBLISHED"},"containers":{"cna":{"providerMetadata":{"orgId":"00000000-0000-4000-9000-000000000000"},"descriptions":[{"lang":"en","value":"x"}],"affected":[{"vendor":"acme","product":"libfoo",` + d + `"versions":[` + v + `]}],"references":[{"url":"https://x"}]}}}`
			require.True(t, json.Valid([]byte(body)))
			var rs []feeds.Record
			for u, err := range cve.Decode(strings.NewReader(body)) {
				require.NoError(t, err)
				if u.Record.Item != "" {
					rs = append(rs, u.Record)
				}
			}
			r := find(device(libfoo("1.5")), rs...)
			if len(r.Findings)+len(r.Undecided) == 0 {
				t.Logf("silent on 1.5: %s %s", d, v)
			}
		}
	}
}

// A newer statement about the same product takes an older one back.
func TestReviewNewerStatementTakesBack(t *testing.T) {
	old := rVEX(func(p *vex.Product, s *vex.Statement) { p.Name, p.Version = "libfoo", "1.5" })
	newer := rVEX(func(p *vex.Product, s *vex.Statement) {
		p.Name, p.Version, s.Status, s.Justification, s.Issued = "libfoo", "1.5", vex.Affected, "", day(9)
	})
	one := old
	one.Statements = append(one.Statements, newer.Statements...)
	if h := rHidden(t, device(libfoo("1.5")), one, flawed(nil)); len(h) > 0 {
		t.Error("one document: hidden, and the newer statement says affected")
	}
	newer.Digest = "e"
	found := match.Build([]feeds.Record{flawed(nil)}, nil).Find("pump", device(libfoo("1.5")))
	var ds []match.Decision
	for _, doc := range []vex.Document{old, newer} {
		more, _ := match.FromVEX(doc, "pump", device(libfoo("1.5")), found.Findings, match.Setting{})
		ds = append(ds, more...)
	}
	out, err := match.Decide(found.Findings, device(libfoo("1.5")), ds, match.Setting{})
	require.NoError(t, err)
	if out[0].Hidden() {
		t.Error("two documents: hidden, and the newer one says affected")
	}
}

func TestReviewDuplicateRefEndToEnd(t *testing.T) {
	bom, err := cyclonedx.Decode(strings.NewReader(`{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"components":[
	{"type":"library","bom-ref":"x","name":"libfoo","version":"1.5","cpe":"cpe:2.3:a:acme:libfoo:1.5:*:*:*:*:*:*:*"},
	{"type":"library","bom-ref":"x","name":"other","version":"1.0","purl":"pkg:npm/other@1.0.0","pedigree":{"patches":[{"type":"backport","resolves":[{"type":"security","id":"`+flaw+`"}]}]}}]}`), nil)
	require.NoError(t, err)
	require.False(t, ruled(t, bom, nil, match.Setting{}, flawed(nil)).Hidden(), "the patch is on another component with the same reference")
}

func TestReviewTimelineOfARecordThatIsGone(t *testing.T) {
	m := memory.New()
	bom := device(libfoo("1.0"))
	now := day(1)
	l := watched(t, m, bom, &now)
	keep(t, m, day(2), "nvd", nil, flawed(func(r *feeds.Record) { r.Published = day(1) }))
	f := look(t.Context(), t, m, bom)[0]
	before, err := match.Timeline(t.Context(), m, l, f)
	require.NoError(t, err)
	keep(t, m, day(5), "nvd", []string{flaw})
	after, err := match.Timeline(t.Context(), m, l, f)
	require.NoError(t, err)
	require.Equal(t, match.Until(before, day(3)), match.Until(after, day(3)), "what was knowable on day 3 does not change later")
}

func TestReviewTimelineOfAPublicationThatMoved(t *testing.T) {
	m := memory.New()
	bom := device(libfoo("1.0"))
	now := day(1)
	l := watched(t, m, bom, &now)
	keep(t, m, day(2), "nvd", nil, flawed(func(r *feeds.Record) { r.Published = day(1) }))
	f := look(t.Context(), t, m, bom)[0]
	before, err := match.Timeline(t.Context(), m, l, f)
	require.NoError(t, err)
	keep(t, m, day(5), "nvd", nil, flawed(func(r *feeds.Record) { r.Published = day(4) }))
	after, err := match.Timeline(t.Context(), m, l, f)
	require.NoError(t, err)
	require.Equal(t, match.Until(before, day(3)), match.Until(after, day(3)), "what was knowable on day 3 does not change later")
}

func TestReviewWithCompaction(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	held := map[string]feeds.Record{}
	make1 := func(n int) feeds.Record {
		id := feeds.ID(fmt.Sprintf("CVE-2026-%04d", 1000+n))
		r := record(id, any1(or(feeds.Criterion{CPE: fmt.Sprintf("cpe:2.3:a:v:p%d:*:*:*:*:*:*:*:*", rnd.Intn(30)), Vulnerable: true, EndExcluding: fmt.Sprint(rnd.Intn(5))})))
		if rnd.Intn(3) == 0 {
			r.Names = append(r.Names, feeds.ID(fmt.Sprintf("GHSA-%d", rnd.Intn(300))))
		}
		if rnd.Intn(3) == 0 {
			r.Source = "osv"
			r.Names = []feeds.ID{feeds.ID(fmt.Sprintf("GHSA-%d", rnd.Intn(300)))}
			if rnd.Intn(2) == 0 {
				r.Names = append(r.Names, feeds.ID(fmt.Sprintf("CVE-2026-%04d", 1000+rnd.Intn(6000))))
			}
		}
		return r
	}
	x := match.Build(nil, nil)
	var bom sbom.BOM
	for n := 0; n < 30; n++ {
		bom.Components = append(bom.Components, part(fmt.Sprint("p", n), "2", fmt.Sprintf("cpe:2.3:a:v:p%d:2:*:*:*:*:*:*:*", n)))
	}
	for step := 0; step < 60; step++ {
		var changed []feeds.Record
		var gone []match.Gone
		for k := 0; k < 200; k++ {
			r := make1(rnd.Intn(6000))
			if rnd.Intn(4) == 0 {
				gone = append(gone, match.Gone{Source: r.Source, Item: r.Item})
				delete(held, r.Source+r.Item)
			}
		}
		for k := 0; k < 200; k++ {
			r := make1(rnd.Intn(6000))
			changed = append(changed, r)
			held[r.Source+r.Item] = r
		}
		x = x.With(changed, gone...)
		if step%15 == 14 {
			var all []feeds.Record
			for _, r := range held {
				all = append(all, r)
			}
			require.Equal(t, match.Build(all, nil).Find("", bom), x.Find("", bom), "step %d", step)
		}
	}
}

// The root's own CVE, several identifiers, in the direction of a miss.
func TestReviewSecondCPEOfAnotherVersionScheme(t *testing.T) {
	c := libfoo("3.0")
	c.More = []sbom.Identifier{{Kind: "cpe", Text: "cpe:2.3:a:acme:libfoo:1.0:*:*:*:*:*:*:*"}}
	notSilent(t, find(device(c), flawed(nil)), "nvd")
}

// What is no version is not compared as if it were one.
func TestReviewWordsAreNoVersions(t *testing.T) {
	for _, c := range []struct{ purl, eco, name string }{
		{"pkg:maven/a/b", "Maven", "a:b"}, {"pkg:npm/a", "npm", "a"}, {"pkg:pypi/a", "PyPI", "a"}, {"pkg:gem/a", "RubyGems", "a"}, {"pkg:nuget/a", "NuGet", "a"},
		{"pkg:composer/a/b", "Packagist", "a/b"}, {"pkg:cargo/a", "crates.io", "a"}, {"pkg:golang/a.b/c", "Go", "a.b/c"}, {"pkg:deb/debian/a", "Debian", "a"},
		{"pkg:rpm/redhat/a", "Red Hat", "a"}, {"pkg:apk/alpine/a", "Alpine", "a"}, {"pkg:conan/a", "ConanCenter", "a"}, {"pkg:hex/a", "Hex", "a"}, {"pkg:pub/a", "Pub", "a"}, {"pkg:bitnami/a", "Bitnami", "a"}, {"pkg:cran/a", "CRAN", "a"},
	} {
		for _, v := range []string{"unknown", "latest", "NOASSERTION", "N/A", "${project.version}", "[2.0,3.0)", "^2.1.0", "~2.1", ">=2.0", "2.*", "2.x", "v2.5.0", "release-2.5.0", "2.5.0-SNAPSHOT", "master", "HEAD", "dev-master", "*"} {
			r := rPkg("X-1", c.eco, c.name, nil, rRange(feeds.Ecosystem, feeds.Event{Introduced: "2.0.0"}, feeds.Event{Fixed: "3.0.0"}))
			res := find(device(sbom.Component{Ref: "c", Name: "c", Version: v, PURL: c.purl}), r)
			silent := len(res.Findings)+len(res.Undecided) == 0
			for _, cov := range res.Coverage {
				silent = silent && !(cov.Component.Ref == "c" && cov.Verdict == match.NotEvaluable)
			}
			if silent {
				t.Errorf("%s %q is cleared of [2.0.0, 3.0.0), and evaluated", c.purl, v)
			}
		}
	}
	for _, v := range []string{"unknown", "latest", "NOASSERTION", "N/A", "2.x", "V2.5", "release-2.5", "master", "2.5 build 3", "Rev. B", "A10", "2,5", "2_5_0", "R2.5", "2.5(1)"} {
		leaf := feeds.Criterion{CPE: "cpe:2.3:a:acme:libfoo:*:*:*:*:*:*:*:*", Vulnerable: true, StartIncluding: "2.0", EndExcluding: "3.0"}
		c := part("libfoo", v, "cpe:2.3:a:acme:libfoo:*:*:*:*:*:*:*:*")
		res := find(device(c), record(flaw, any1(or(leaf))))
		if len(res.Findings)+len(res.Undecided) == 0 {
			t.Logf("CPE %q: cleared of [2.0, 3.0): %v", v, res.Coverage)
		}
	}
}

// A denial that the owner states of one product takes away what others say of another one.
func TestReviewDenialOfAnotherProduct(t *testing.T) {
	cna := feeds.Product{By: "cna", Vendor: "acme", Name: "libfoo", CPEs: []string{"cpe:2.3:a:acme:libfoo:*:*:*:*:*:*:*:*"},
		Spans: []feeds.Span{{Status: vex.NotAffected, From: "1.0", Below: "3.0"}}}
	adp := feeds.Product{By: "CISA-ADP", Vendor: "acme", Name: "libbar", CPEs: []string{"cpe:2.3:a:acme:libbar:*:*:*:*:*:*:*:*"}, Default: vex.NotAffected,
		Spans: []feeds.Span{{Status: vex.Affected, From: "0", Below: "3.0"}}}
	c := libfoo("2.0")
	c.More = []sbom.Identifier{{Kind: "cpe", Text: "cpe:2.3:a:acme:libbar:2.0:*:*:*:*:*:*:*"}}
	r := find(device(c), feeds.Record{Source: "cve", Item: flaw, Names: []feeds.ID{flaw}, Products: []feeds.Product{cna, adp}})
	notSilent(t, r, "cve")
}

// A version after the affected ones of its branch, of which the record says nothing.
func TestReviewLaterPatchOfABranchIsNotCleared(t *testing.T) {
	p := feeds.Product{By: "cna", Vendor: "acme", Name: "libfoo", CPEs: []string{"cpe:2.3:a:acme:libfoo:*:*:*:*:*:*:*:*"},
		Spans: []feeds.Span{{Status: vex.Affected, From: "1.0.1"}, {Status: vex.Affected, From: "1.1.1"}}}
	r := find(device(libfoo("1.0.5")), feeds.Record{Source: "cve", Item: flaw, Names: []feeds.ID{flaw}, Products: []feeds.Product{p}})
	notSilent(t, r, "cve")
}

// A mitigation credited by a person before an exploit was known, read from the SBOM's own statements at every look.
func TestReviewStatementOfTheBOMOlderThanKEV(t *testing.T) {
	bom := device(libfoo("1.5"))
	bom.Statements = rVEX(func(p *vex.Product, s *vex.Statement) { p.Ref, s.Justification = "libfoo", vex.InlineMitigationsHold }).Statements
	kev := feeds.Record{Source: "kev", Item: flaw, Names: []feeds.ID{flaw}, Exploited: &feeds.Exploited{Added: day(20)}}
	var hidden []bool
	for _, rs := range [][]feeds.Record{{flawed(nil)}, {flawed(nil), kev}} {
		found := match.Build(rs, nil).Find("pump", bom).Findings
		ds, _ := match.FromBOM("pump", bom, found) // as monitor does at every look
		out, err := match.Decide(found, bom, ds, match.Setting{})
		require.NoError(t, err)
		hidden = append(hidden, out[0].Hidden())
	}
	require.Equal(t, []bool{true, false}, hidden, "KEV re-opens a mitigation")
}

// A statement about one version of the component, in a CPE with a product of another part.
func TestReviewVEXByCPEOfAnotherEdition(t *testing.T) {
	doc := rVEX(func(p *vex.Product, _ *vex.Statement) {
		p.CPE, p.Version = "cpe:2.3:a:acme:libfoo:1.5:*:*:*:*:windows:*:*", "1.5"
	})
	c := libfoo("1.5")
	c.CPE = "cpe:2.3:a:acme:libfoo:1.5:*:*:*:*:linux:*:*"
	require.Empty(t, rHidden(t, device(c), doc, flawed(nil)), "the statement is of the build for Windows")
}

// A build that changed, with a decision that was taken when the build was not known.
func TestReviewLibraryOfAnotherGroup(t *testing.T) {
	r := feeds.Record{Source: "cve", Item: flaw, Names: []feeds.ID{flaw}, Products: []feeds.Product{{By: "cna", Vendor: "acme", Name: "util", Default: vex.Affected}}}
	a := sbom.Component{Ref: "a", Name: "util", Version: "1.0", Supplier: "acme"}
	b := sbom.Component{Ref: "b", Group: "org.b", Name: "util", Version: "1.0", Supplier: "acme"}
	bom := device(a, b)
	found := match.Build([]feeds.Record{r}, nil).Find("pump", bom).Findings
	require.NotEmpty(t, found)
	ds, _ := match.FromVEX(rVEX(func(p *vex.Product, _ *vex.Statement) { p.Ref = "a" }), "pump", bom, found, match.Setting{})
	out, err := match.Decide(found, bom, ds, match.Setting{})
	require.NoError(t, err)
	for _, f := range out {
		for _, i := range f.Instances {
			if i.Component.Ref == "b" {
				require.Nil(t, i.Ruling, "the statement is of a")
			}
		}
	}
}

// Two instances of one component in two contexts: a statement by reference is about one of them.
func TestReviewVEXByRefOfOneOfTwoInstances(t *testing.T) {
	a, b := libfoo("1.5"), libfoo("1.5")
	a.Ref, b.Ref = "a", "b"
	bom := device(a, b)
	found := match.Build([]feeds.Record{flawed(nil)}, nil).Find("pump", bom).Findings
	ds, _ := match.FromVEX(rVEX(func(p *vex.Product, s *vex.Statement) { p.Ref, s.Justification = "a", vex.CodeNotInExecutePath }), "pump", bom, found, match.Setting{})
	out, err := match.Decide(found, bom, ds, match.Setting{})
	require.NoError(t, err)
	require.False(t, out[0].Hidden(), "nothing was said of b")
}
