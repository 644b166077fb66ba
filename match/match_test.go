package match_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
)

// record makes a record of one configuration.
func record(id feeds.ID, c feeds.Configuration) feeds.Record {
	return feeds.Record{Source: "nvd", Item: string(id), Names: []feeds.ID{id}, Configurations: []feeds.Configuration{c}}
}

func or(cs ...feeds.Criterion) feeds.Node       { return feeds.Node{Operator: "OR", Criteria: cs} }
func any1(ns ...feeds.Node) feeds.Configuration { return feeds.Configuration{Nodes: ns} }
func and(ns ...feeds.Node) feeds.Configuration {
	return feeds.Configuration{Operator: "AND", Nodes: ns}
}

func vulnerable(cpe string) feeds.Criterion { return feeds.Criterion{CPE: cpe, Vulnerable: true} }
func on(cpe string) feeds.Criterion         { return feeds.Criterion{CPE: cpe} }

func device(cs ...sbom.Component) sbom.BOM {
	return sbom.BOM{Root: sbom.Component{Ref: "device", Name: "Device", Type: sbom.Device}, Components: cs}
}

func part(name, version, cpe string) sbom.Component {
	return sbom.Component{Ref: name, Name: name, Version: version, CPE: cpe}
}

func find(bom sbom.BOM, records ...feeds.Record) match.Result {
	return match.Build(records, nil).Explain("", bom)
}

func ids(r match.Result) []string {
	out := []string{}
	for _, f := range r.Findings {
		out = append(out, string(f.Vulnerability))
	}
	return out
}

func TestARangeHoldsFromItsStartToItsEnd(t *testing.T) {
	t.Parallel()
	const open = "cpe:2.3:a:wolfssl:wolfssl:*:*:*:*:*:*:*:*"
	for _, c := range []struct {
		name string
		leaf feeds.Criterion
		want bool
		why  string
	}{
		{"end excluding above", feeds.Criterion{EndExcluding: "5.2.0"}, true, ""},
		{"end excluding equal", feeds.Criterion{EndExcluding: "4.8.1"}, false, "4.8.1 is not < 4.8.1"},
		{"end including equal", feeds.Criterion{EndIncluding: "4.8.1"}, true, ""},
		{"start including equal", feeds.Criterion{StartIncluding: "4.8.1"}, true, ""},
		{"start excluding equal", feeds.Criterion{StartExcluding: "4.8.1"}, false, "4.8.1 is not > 4.8.1"},
		{"start above", feeds.Criterion{StartIncluding: "5.0.0", EndExcluding: "5.1.1"}, false, "4.8.1 is not >= 5.0.0"},
		{"no bound", feeds.Criterion{}, true, ""},
	} {
		c.leaf.CPE, c.leaf.Vulnerable = open, true
		got := find(device(part("wolfSSL", "4.8.1", "cpe:2.3:a:wolfssl:wolfssl:4.8.1:*:*:*:*:*:*:*")), record("CVE-2022-0001", any1(or(c.leaf))))
		if c.want {
			require.Equal(t, []string{"CVE-2022-0001"}, ids(got), c.name)
			require.Empty(t, got.Rejected, c.name)
			continue
		}
		require.Empty(t, got.Findings, c.name)
		require.Len(t, got.Rejected, 1, c.name)
		require.Equal(t, c.why, got.Rejected[0].Why, c.name)
		require.Contains(t, got.Rejected[0].Leaf, open, c.name)
	}
}

func TestHalfOfAnANDPairNeverMatches(t *testing.T) {
	t.Parallel()
	r := record("CVE-2022-0002", and(
		or(vulnerable("cpe:2.3:o:acme:pump_firmware:1.0:*:*:*:*:*:*:*")),
		or(on("cpe:2.3:h:acme:pump:-:*:*:*:*:*:*:*")),
	))
	firmware := part("firmware", "1.0", "cpe:2.3:o:acme:pump_firmware:1.0:*:*:*:*:*:*:*")
	pump := part("pump", "", "cpe:2.3:h:acme:pump:*:*:*:*:*:*:*:*")
	other := part("other", "", "cpe:2.3:h:acme:other:-:*:*:*:*:*:*:*")

	both := find(device(firmware, pump), r)
	require.Equal(t, []string{"CVE-2022-0002"}, ids(both))
	require.Len(t, both.Findings[0].Instances, 1, "what only says where is never what is affected")
	require.Equal(t, "firmware", both.Findings[0].Instances[0].Component.Name)
	require.Equal(t, []string{"pump: cpe:2.3:h:acme:pump:-:*:*:*:*:*:*:*"}, both.Findings[0].Instances[0].Evidence[0].With)

	require.Empty(t, find(device(pump), r).Findings)

	wrong := find(device(firmware, other), r)
	require.Empty(t, wrong.Findings)
	require.Contains(t, wrong.Rejected[0].Why, "the device holds no cpe:2.3:h:acme:pump")

	silent := find(device(firmware), r)
	require.Empty(t, silent.Findings)
	require.Empty(t, silent.Rejected)
	require.Contains(t, silent.Undecided[0].Why, "does the device run on")
}

func TestTreesFollowTheirOperators(t *testing.T) {
	t.Parallel()
	a := part("a", "1.0", "cpe:2.3:a:v:a:1.0:*:*:*:*:*:*:*")
	b := part("b", "1.0", "cpe:2.3:a:v:b:1.0:*:*:*:*:*:*:*")
	leafA, leafB := vulnerable("cpe:2.3:a:v:a:1.0:*:*:*:*:*:*:*"), vulnerable("cpe:2.3:a:v:b:1.0:*:*:*:*:*:*:*")
	absent := vulnerable("cpe:2.3:a:v:absent:*:*:*:*:*:*:*:*")
	for _, c := range []struct {
		name string
		tree feeds.Configuration
		want []string
	}{
		{"OR of one that is there", any1(or(leafA, absent)), []string{"a"}},
		{"OR of two", any1(or(leafA, leafB)), []string{"a", "b"}},
		{"AND of two", and(or(leafA), or(leafB)), []string{"a", "b"}},
		{"AND with one absent", and(or(leafA), or(absent)), nil},
		{"AND node inside", any1(feeds.Node{Operator: "AND", Nodes: []feeds.Node{or(leafA), or(leafB)}}), []string{"a", "b"}},
		{"AND node with criteria", any1(feeds.Node{Operator: "AND", Criteria: []feeds.Criterion{leafA, absent}}), nil},
		{"negation of what is absent", and(or(leafA), feeds.Node{Operator: "OR", Negate: true, Criteria: []feeds.Criterion{absent}}), []string{"a"}},
		{"negation of what is there", and(or(leafA), feeds.Node{Operator: "OR", Negate: true, Criteria: []feeds.Criterion{leafB}}), nil},
		{"an empty node holds nothing", and(or(leafA), or()), nil},
	} {
		got := find(device(a, b), record("CVE-2022-0003", c.tree))
		var names []string
		for _, f := range got.Findings {
			for _, i := range f.Instances {
				names = append(names, i.Component.Name)
			}
		}
		require.Equal(t, c.want, names, c.name)
	}
}

func TestAttributesThatTheComponentLeavesOpenAreAssumedAndSaid(t *testing.T) {
	t.Parallel()
	r := record("CVE-2022-0004", any1(or(vulnerable("cpe:2.3:a:v:plugin:1.0:*:*:*:*:wordpress:*:*"))))
	open := find(device(part("plugin", "1.0", "cpe:2.3:a:v:plugin:1.0:*:*:*:*:*:*:*")), r)
	require.Equal(t, []string{"target_sw is wordpress"}, open.Findings[0].Instances[0].Evidence[0].Assumed)
	other := find(device(part("plugin", "1.0", "cpe:2.3:a:v:plugin:1.0:*:*:*:*:drupal:*:*")), r)
	require.Empty(t, other.Findings)
	require.Equal(t, "target_sw is drupal, not wordpress", other.Rejected[0].Why)
}

func TestAVersionCountsWhereverItIsStated(t *testing.T) {
	t.Parallel()
	r := record("CVE-2022-0005", any1(or(feeds.Criterion{CPE: "cpe:2.3:a:v:p:*:*:*:*:*:*:*:*", Vulnerable: true, EndExcluding: "2.0"})))
	for _, c := range []struct{ name, version, cpe, from string }{
		{"own field", "1.0", "cpe:2.3:a:v:p:*:*:*:*:*:*:*:*", "version"},
		{"CPE", "", "cpe:2.3:a:v:p:1.0:*:*:*:*:*:*:*", "cpe"},
		{"the affected one of two", "3.0", "cpe:2.3:a:v:p:1.0:*:*:*:*:*:*:*", "cpe"},
	} {
		got := find(device(part("p", c.version, c.cpe)), r)
		require.Len(t, got.Findings, 1, c.name)
		require.Equal(t, c.from, got.Findings[0].Instances[0].Evidence[0].VersionFrom, c.name)
	}
	osv := feeds.Record{Source: "osv", Item: "PYSEC-1", Names: []feeds.ID{"PYSEC-1"}, Packages: []feeds.Package{{
		Ecosystem: "PyPI", Name: "Django", Ranges: []feeds.Range{{Type: feeds.Ecosystem, Events: []feeds.Event{{Introduced: "0"}, {Fixed: "2.0"}}}},
	}}}
	got := find(device(sbom.Component{Ref: "d", Name: "django", Version: "1.9", PURL: "pkg:pypi/django"}), osv)
	require.Len(t, got.Findings, 1, "the purl has no version, the component has")
}

func TestRangesOfAPackageFollowTheirEvents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		events  []feeds.Event
		version string
		want    bool
	}{
		{"from the beginning", []feeds.Event{{Introduced: "0"}, {Fixed: "1.5.0"}}, "1.0.0", true},
		{"fixed", []feeds.Event{{Introduced: "0"}, {Fixed: "1.5.0"}}, "1.5.0", false},
		{"last affected", []feeds.Event{{Introduced: "0"}, {LastAffected: "1.5.0"}}, "1.5.0", true},
		{"after last affected", []feeds.Event{{Introduced: "0"}, {LastAffected: "1.5.0"}}, "1.5.1", false},
		{"second interval", []feeds.Event{{Introduced: "0"}, {Fixed: "1.0.0"}, {Introduced: "2.0.0"}, {Fixed: "2.1.0"}}, "2.0.5", true},
		{"between intervals", []feeds.Event{{Introduced: "0"}, {Fixed: "1.0.0"}, {Introduced: "2.0.0"}, {Fixed: "2.1.0"}}, "1.5.0", false},
		{"events in disorder", []feeds.Event{{Fixed: "2.1.0"}, {Introduced: "2.0.0"}, {Fixed: "1.0.0"}, {Introduced: "0"}}, "2.0.5", true},
		{"never fixed", []feeds.Event{{Introduced: "1.0.0"}}, "9.0.0", true},
		{"a pre-release of the fix", []feeds.Event{{Introduced: "0"}, {Fixed: "1.5.0"}}, "1.5.0-rc.1", true},
		{"limit", []feeds.Event{{Introduced: "0"}, {Limit: "1.0.0"}}, "1.0.0", false},
	} {
		r := feeds.Record{Source: "osv", Item: "X-1", Names: []feeds.ID{"X-1"}, Packages: []feeds.Package{{
			Ecosystem: "crates.io", Name: "x", Ranges: []feeds.Range{
				{Type: feeds.Git, Repo: "https://example.org/x", Events: []feeds.Event{{Introduced: "0"}}}, // listed first, hides nothing
				{Type: feeds.SemVer, Events: c.events},
			},
		}}}
		got := find(device(sbom.Component{Ref: "x", Name: "x", PURL: "pkg:cargo/x@" + c.version}), r)
		require.Equal(t, c.want, len(got.Findings) == 1, c.name)
		require.Equal(t, !c.want, len(got.Rejected) == 1, c.name)
	}
}

func TestWhatWasWithdrawnDoesNotMatch(t *testing.T) {
	t.Parallel()
	r := record("CVE-2022-0006", any1(or(vulnerable("cpe:2.3:a:v:p:*:*:*:*:*:*:*:*"))))
	r.Rejected = true
	require.Empty(t, find(device(part("p", "1", "cpe:2.3:a:v:p:1:*:*:*:*:*:*:*")), r).Findings)
}

func TestTwoCVEIdsAreNeverOneFinding(t *testing.T) {
	t.Parallel()
	r := feeds.Record{Source: "osv", Item: "GHSA-1", Names: []feeds.ID{"GHSA-1", "CVE-2022-0007", "CVE-2022-0008"}, Packages: []feeds.Package{{
		Ecosystem: "npm", Name: "x", Versions: []string{"1.0.0"},
	}}}
	got := find(device(sbom.Component{Ref: "x", Name: "x", PURL: "pkg:npm/x@1.0.0"}), r)
	require.Equal(t, []string{"CVE-2022-0007", "CVE-2022-0008"}, ids(got))
	require.Equal(t, []feeds.ID{"CVE-2022-0007", "GHSA-1"}, got.Findings[0].IDs)
}

func TestCoverageGivesTheFirstReasonThatHolds(t *testing.T) {
	t.Parallel()
	records := []feeds.Record{
		record("CVE-2022-0009", any1(or(feeds.Criterion{CPE: "cpe:2.3:a:v:p:*:*:*:*:*:*:*:*", Vulnerable: true, EndExcluding: "2.0"}))),
		{Source: "osv", Item: "G-1", Names: []feeds.ID{"G-1"}, Packages: []feeds.Package{{Ecosystem: "Go", Name: "x", Versions: []string{"1.0.0"}}}},
		{Source: "kev", Item: "CVE-2022-0010", Names: []feeds.ID{"CVE-2022-0010"}, Exploited: &feeds.Exploited{Product: "Thing"}},
	}
	for _, c := range []struct {
		name      string
		component sbom.Component
		nvd, osv  string
	}{
		{"nothing", sbom.Component{Name: "x", Version: "1"}, match.NoIdentifier, match.NoIdentifier},
		{"a broken purl", sbom.Component{Name: "x", Version: "1", PURL: "pkg:"}, match.NoIdentifier, match.NoIdentifier},
		{"another ecosystem", sbom.Component{Name: "x", PURL: "pkg:nuget/x@1"}, match.NoEcosystem, match.NoEcosystem},
		{"no ecosystem at all", sbom.Component{Name: "x", Version: "1", PURL: "pkg:github/x/x"}, match.NoEcosystem, match.NoEcosystem},
		{"another vendor", part("x", "1", "cpe:2.3:a:w:p:1:*:*:*:*:*:*:*"), match.UnknownCPE, match.UnknownCPE},
		{"another part", part("x", "1", "cpe:2.3:o:v:p:1:*:*:*:*:*:*:*"), match.UnknownCPE, match.UnknownCPE},
		{"an open vendor", part("x", "1", "cpe:2.3:a:*:p:1:*:*:*:*:*:*:*"), match.UnknownCPE, match.UnknownCPE},
		{"no version", part("x", "", "cpe:2.3:a:v:p:*:*:*:*:*:*:*:*"), match.NoVersion, match.UnknownCPE},
		{"no order", part("x", "unknown", "cpe:2.3:a:v:p:*:*:*:*:*:*:*:*"), match.NotComparable, match.UnknownCPE},
		{"both ways", sbom.Component{Name: "x", Version: "1.0", PURL: "pkg:golang/x@v1.0.0", CPE: "cpe:2.3:a:v:p:1.0:*:*:*:*:*:*:*"}, "", ""},
		{"another package of the ecosystem", sbom.Component{Name: "y", PURL: "pkg:golang/y@v1.0.0"}, match.NoEcosystem, ""},
		{"a package without version", sbom.Component{Name: "x", PURL: "pkg:golang/x"}, match.NoEcosystem, match.NoVersion},
		{"a package version without order", sbom.Component{Name: "x", PURL: "pkg:golang/x@abc"}, match.NoEcosystem, match.NotComparable},
	} {
		c.component.Ref = "it"
		got := find(device(c.component), records...)
		require.Len(t, got.Coverage, 2, "%s: one row a source, none for a source of facts", c.name)
		for _, row := range got.Coverage {
			want := map[string]string{"nvd": c.nvd, "osv": c.osv}[row.Source]
			require.Equal(t, want, row.Why, "%s by %s", c.name, row.Source)
			require.Equal(t, want == "", row.Verdict == match.Evaluated, "%s by %s", c.name, row.Source)
		}
	}
}

func TestALoadedSourceThatHoldsNothingIsStillToldOf(t *testing.T) {
	t.Parallel()
	x := match.Build(nil, &match.Options{Sources: []string{"osv"}, Ecosystems: map[string][]string{"osv": {"PyPI"}}})
	got := x.Find("", device(sbom.Component{Ref: "a", Name: "a", PURL: "pkg:pypi/a@1.0"}, sbom.Component{Ref: "b", Name: "b", PURL: "pkg:npm/b@1.0.0"}))
	require.Equal(t, match.Evaluated, got.Coverage[0].Verdict)
	require.Equal(t, match.NoEcosystem, got.Coverage[1].Why)
	components, evaluated := got.Seen()
	require.Equal(t, 2, components)
	require.Equal(t, 1, evaluated)

	x = match.Build(nil, &match.Options{Sources: []string{"nvd"}})
	got = x.Find("", device(sbom.Component{Ref: "a", Name: "a", PURL: "pkg:pypi/a@1.0"}, sbom.Component{Ref: "b", Name: "b"}))
	require.Equal(t, match.NothingHeld, got.Coverage[0].Why, "a source that was not read is not said to be of other ecosystems")
	require.Equal(t, match.NoIdentifier, got.Coverage[1].Why)
}

func TestAnEqualNameIsALeadAndNotAFinding(t *testing.T) {
	t.Parallel()
	kev := feeds.Record{Source: "kev", Item: "CVE-2020-11023", Names: []feeds.ID{"CVE-2020-11023"}, Exploited: &feeds.Exploited{Vendor: "JQuery", Product: "JQuery"}}
	bom := device(part("jQuery", "3.1.1", "cpe:2.3:a:the_jquery_foundation:jquery:3.1.1:*:*:*:*:*:*:*"), part("lib", "1", "cpe:2.3:a:x:jquery:1:*:*:*:*:*:*:*"), part("jquery-ui", "1", ""))
	got := find(bom, kev)
	require.Empty(t, got.Findings)
	require.Len(t, got.Leads, 2)
	require.Equal(t, "jQuery", got.Leads[0].Name)
	require.Equal(t, "jquery", got.Leads[1].Name)

	affected := record("CVE-2020-11023", any1(or(vulnerable("cpe:2.3:a:x:jquery:*:*:*:*:*:*:*:*"))))
	got = find(bom, kev, affected)
	require.Len(t, got.Leads, 1, "a finding is no longer a hint")
	require.NotNil(t, got.Findings[0].Exploited)
}

func TestTheOrderOfRecordsDoesNotCount(t *testing.T) {
	t.Parallel()
	a := record("CVE-2022-0011", any1(or(vulnerable("cpe:2.3:a:v:p:*:*:*:*:*:*:*:*"))))
	b := feeds.Record{Source: "osv", Item: "G-2", Names: []feeds.ID{"G-2", "CVE-2022-0011"}, Packages: []feeds.Package{{Ecosystem: "npm", Name: "p", Versions: []string{"1.0.0"}}}}
	bom := device(sbom.Component{Ref: "p", Name: "p", Version: "1.0.0", PURL: "pkg:npm/p@1.0.0", CPE: "cpe:2.3:a:v:p:1.0.0:*:*:*:*:*:*:*"})
	one, two := find(bom, a, b), find(bom, b, a)
	require.Equal(t, one, two)
	require.Len(t, one.Findings, 1, "aliases are one finding")
	require.Equal(t, []string{"nvd", "osv"}, one.Findings[0].Sources)
}

func TestReleasesOfADistributionAreTheSameHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ecosystem, purl string
		want            string // found, assumed, rejected
	}{
		{"Debian:12", "pkg:deb/debian/x@1?distro=debian-12", "found"},
		{"Debian:12", "pkg:deb/debian/x@1?distro=debian-12.5", "found"},
		{"Debian:12", "pkg:deb/debian/x@1?distro=debian-bookworm", "found"},
		{"Debian:12", "pkg:deb/debian/x@1?distro=bookworm", "found"},
		{"Debian:12", "pkg:deb/debian/x@1?distro=debian-11", "rejected"},
		{"Debian:12", "pkg:deb/debian/x@1?distro=debian-sid", "assumed"},
		{"Debian:12", "pkg:deb/debian/x@1", "assumed"},
		{"Ubuntu:22.04:LTS", "pkg:deb/ubuntu/x@1?distro=ubuntu-22.04.3", "found"},
		{"Ubuntu:22.04:LTS", "pkg:deb/ubuntu/x@1?distro=ubuntu-jammy", "found"},
		{"Ubuntu:Pro:22.04:LTS", "pkg:deb/ubuntu/x@1?distro=ubuntu-20.04", "rejected"},
		{"Alpine:v3.18", "pkg:apk/alpine/x@1?distro=alpine-3.18.4", "found"},
		{"Alpine:v3.20", "pkg:apk/alpine/x@1?distro=3.20.3", "found"},
		{"Alpine:v3.21", "pkg:apk/alpine/x@1?distro=3.20.3", "rejected"},
		{"Alpine:v3.18", "pkg:apk/alpine/x@1?distro=alpine-edge", "assumed"},
		{"Red Hat:enterprise_linux:9::baseos", "pkg:rpm/redhat/x@1?distro=rhel-9.2", "found"},
		{"Red Hat:enterprise_linux:8::baseos", "pkg:rpm/redhat/x@1?distro=rhel-9.2", "rejected"},
		{"openSUSE:Leap 15.5", "pkg:rpm/opensuse/x@1?distro=opensuse-leap-15.5", "found"},
		{"SUSE:Linux Enterprise Server 15 SP5", "pkg:rpm/suse/x@1?distro=sles-15.5", "found"},
		{"SUSE:Linux Enterprise Server 15 SP4", "pkg:rpm/suse/x@1?distro=sles-15.5", "rejected"},
		{"openEuler:22.03-LTS-SP1", "pkg:rpm/openeuler/x@1?distro=openEuler-22.03", "found"},
		{"Red Hat:enterprise_linux:7::server", "pkg:rpm/centos/x@1?distro=centos-7.6.1810", "found"},
	} {
		r := feeds.Record{Source: "osv", Item: "D-1", Names: []feeds.ID{"D-1"}, Packages: []feeds.Package{{Ecosystem: c.ecosystem, Name: "x", Versions: []string{"1"}}}}
		got := find(device(sbom.Component{Ref: "x", Name: "x", PURL: c.purl}), r)
		is := "rejected"
		if len(got.Findings) == 1 {
			is = "found"
			if len(got.Findings[0].Instances[0].Evidence[0].Assumed) > 0 {
				is = "assumed"
			}
		}
		require.Equal(t, c.want, is, "%s of %s", c.purl, c.ecosystem)
	}
}

func TestWhatSomethingRunsOnIsMetWhateverItsVersion(t *testing.T) {
	t.Parallel()
	r := record("CVE-2022-0012", and(
		or(vulnerable("cpe:2.3:a:v:app:*:*:*:*:*:*:*:*")),
		or(on("cpe:2.3:o:linux:linux_kernel:-:*:*:*:*:*:*:*")),
	))
	app := part("app", "1.0", "cpe:2.3:a:v:app:1.0:*:*:*:*:*:*:*")
	for _, kernel := range []sbom.Component{
		part("kernel", "5.10.1", "cpe:2.3:o:linux:linux_kernel:5.10.1:*:*:*:*:*:*:*"),
		part("kernel", "5.10.1", "cpe:2.3:o:linux:linux_kernel:-:*:*:*:*:*:*:*"),
	} {
		require.Equal(t, []string{"CVE-2022-0012"}, ids(find(device(app, kernel), r)))
	}
}

func TestComponentsThatShareAReferenceAreTwo(t *testing.T) {
	t.Parallel()
	r := record("CVE-2022-0013", any1(or(vulnerable("cpe:2.3:a:v:p:*:*:*:*:*:*:*:*"))))
	a, b := part("p", "1.0", "cpe:2.3:a:v:p:1.0:*:*:*:*:*:*:*"), part("p", "2.0", "cpe:2.3:a:v:p:2.0:*:*:*:*:*:*:*")
	got := find(device(a, b), r)
	require.Len(t, got.Findings, 1)
	require.Len(t, got.Findings[0].Instances, 2)
	components, evaluated := got.Seen()
	require.Equal(t, 2, components)
	require.Equal(t, 2, evaluated)
}

func TestALeafOfABranchThatIsFalseIsNoFinding(t *testing.T) {
	t.Parallel()
	leafA := vulnerable("cpe:2.3:a:v:a:*:*:*:*:*:*:*:*")
	r := record("CVE-2022-0014", any1(
		feeds.Node{Operator: "AND", Criteria: []feeds.Criterion{leafA, vulnerable("cpe:2.3:a:v:b:*:*:*:*:*:*:*:*")}},
		or(vulnerable("cpe:2.3:a:v:c:*:*:*:*:*:*:*:*")),
	))
	got := find(device(part("a", "1", "cpe:2.3:a:v:a:1:*:*:*:*:*:*:*"), part("c", "1", "cpe:2.3:a:v:c:1:*:*:*:*:*:*:*")), r)
	require.Len(t, got.Findings, 1)
	require.Equal(t, "c", got.Findings[0].Instances[0].Component.Name)
	require.Len(t, got.Rejected, 1)
	require.Contains(t, got.Rejected[0].Why, "the device holds no cpe:2.3:a:v:b")
}

func TestWhatWasFoundIsNotRejectedToo(t *testing.T) {
	t.Parallel()
	c := feeds.Criterion{CPE: "cpe:2.3:a:v:p:*:*:*:*:*:*:*:*", Vulnerable: true}
	low, high := c, c
	low.EndExcluding = "2"
	high.StartIncluding, high.EndExcluding = "3", "4"
	got := find(device(part("p", "1", "cpe:2.3:a:v:p:1:*:*:*:*:*:*:*")), record("CVE-2022-0015", any1(or(low), or(high))))
	require.Len(t, got.Findings, 1)
	require.Empty(t, got.Rejected)
}

func TestUpdatesAreReadInEitherPlace(t *testing.T) {
	t.Parallel()
	exact := record("CVE-2022-0016", any1(or(vulnerable("cpe:2.3:a:v:p:1.0:rc1:*:*:*:*:*:*"))))
	below := record("CVE-2022-0017", any1(or(feeds.Criterion{CPE: "cpe:2.3:a:v:p:*:*:*:*:*:*:*:*", Vulnerable: true, EndExcluding: "1.0"})))
	for _, c := range []struct {
		version, cpe string
		want         []string
		undecided    int
	}{
		{"", "cpe:2.3:a:v:p:1.0:rc1:*:*:*:*:*:*", []string{"CVE-2022-0016", "CVE-2022-0017"}, 0},
		{"1.0-rc1", "cpe:2.3:a:v:p:*:*:*:*:*:*:*:*", []string{"CVE-2022-0016", "CVE-2022-0017"}, 0},
		{"1.0", "cpe:2.3:a:v:p:1.0:*:*:*:*:*:*:*", []string{}, 1},
		{"1.0", "cpe:2.3:a:v:p:1.0:-:*:*:*:*:*:*", []string{}, 0},
	} {
		got := find(device(part("p", c.version, c.cpe)), exact, below)
		require.Equal(t, c.want, ids(got), c.cpe)
		require.Len(t, got.Undecided, c.undecided, c.cpe)
	}
}

func TestFurtherIdentifiersOfAComponentMatchToo(t *testing.T) {
	t.Parallel()
	r := record("CVE-2022-0018", any1(or(vulnerable("cpe:2.3:a:v:p:*:*:*:*:*:*:*:*"))))
	c := sbom.Component{Ref: "p", Name: "p", Version: "1.0", PURL: "pkg:generic/p@1.0", More: []sbom.Identifier{
		{Kind: "cpe", Text: "cpe:2.3:a:w:p:1.0:*:*:*:*:*:*:*"}, {Kind: "cpe", Text: "cpe:2.3:a:v:p:1.0:*:*:*:*:*:*:*"},
		{Kind: "cpe", Text: "cpe:2.3:a:v:p:1.0:*:*:*:*:*:*:*", Problem: "doubtful"},
	}}
	got := find(device(c), r)
	require.Len(t, got.Findings, 1)
	require.Len(t, got.Findings[0].Instances, 1)
	require.Equal(t, "pkg:generic/p@1.0", got.Findings[0].Instances[0].Component.PURL)
	require.Equal(t, "cpe:2.3:a:v:p:1.0:*:*:*:*:*:*:*", got.Findings[0].Instances[0].Evidence[0].Named)
	require.Len(t, got.Coverage, 1)
	require.Equal(t, match.Evaluated, got.Coverage[0].Verdict)
}

func TestAnEpochOfAnRPMIsPartOfItsVersion(t *testing.T) {
	t.Parallel()
	r := feeds.Record{Source: "osv", Item: "R-1", Names: []feeds.ID{"R-1"}, Packages: []feeds.Package{{Ecosystem: "Red Hat", Name: "openssl",
		Ranges: []feeds.Range{{Type: feeds.Ecosystem, Events: []feeds.Event{{Introduced: "0"}, {Fixed: "1:3.0.7-24.el9"}}}}}}}
	got := find(device(sbom.Component{Ref: "o", Name: "openssl", Version: "1:3.0.7-25.el9", PURL: "pkg:rpm/redhat/openssl@3.0.7-25.el9?epoch=1"}), r)
	require.Empty(t, got.Findings)
	require.Len(t, got.Rejected, 1)
}

func TestABulletinWithoutANameIsItsOwn(t *testing.T) {
	t.Parallel()
	r := feeds.Record{Source: "csaf", Item: "BULLETIN-7", Configurations: []feeds.Configuration{any1(or(vulnerable("cpe:2.3:a:v:p:*:*:*:*:*:*:*:*")))}}
	require.Equal(t, []string{"BULLETIN-7"}, ids(find(device(part("p", "1", "cpe:2.3:a:v:p:1:*:*:*:*:*:*:*")), r)))
}
