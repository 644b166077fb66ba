package match_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/vex"
	"github.com/open-postmarket/postmarket/vex/csaf"
	"github.com/open-postmarket/postmarket/vex/cyclonedx"
	"github.com/open-postmarket/postmarket/vex/openvex"
)

// clearing is a document with one statement that clears the flaw of a product.
func clearing(change func(*vex.Product, *vex.Statement)) vex.Document {
	p := vex.Product{}
	s := vex.Statement{Vulnerability: flaw, Status: vex.NotAffected, Justification: vex.CodeNotPresent, Author: "a", Issued: day(1)}
	change(&p, &s)
	s.Products = []vex.Product{p}
	return vex.Document{Format: "openvex", Digest: "d", Author: "a", Statements: []vex.Statement{s}}
}

// stated are the findings with what the documents say of them, and what was passed over.
func stated(t *testing.T, bom sbom.BOM, docs []vex.Document, records ...feeds.Record) ([]match.Finding, []match.Passed) {
	t.Helper()
	found := match.Build(records, nil).Find("pump", bom)
	require.NotEmpty(t, found.Findings)
	var decisions []match.Decision
	var passed []match.Passed
	for _, doc := range docs {
		more, over := match.FromVEX(doc, "pump", bom, found.Findings, match.Setting{})
		require.NotEmpty(t, len(more)+len(over), "what is not used is told")
		decisions, passed = append(decisions, more...), append(passed, over...)
	}
	out, err := match.Decide(found.Findings, bom, decisions, match.Setting{})
	require.NoError(t, err)
	return out, passed
}

// cleared are the vulnerabilities that the documents hide.
func cleared(t *testing.T, bom sbom.BOM, docs []vex.Document, records ...feeds.Record) []feeds.ID {
	t.Helper()
	out, _ := stated(t, bom, docs, records...)
	var hidden []feeds.ID
	for _, f := range out {
		if f.Hidden() {
			hidden = append(hidden, f.Vulnerability)
		}
	}
	return hidden
}

// TestAStatementOnOneHidesNoOtherThatSharesAName is about ids that several flaws bear: of an advisory, and of a kind.
func TestAStatementOnOneHidesNoOtherThatSharesAName(t *testing.T) {
	t.Parallel()
	const other = "CVE-2026-1001"
	for _, shared := range []feeds.ID{"GHSA-x", "AML.T0043", "CWE-79"} {
		one := flawed(func(r *feeds.Record) { r.Names = append(r.Names, shared) })
		two := flawed(func(r *feeds.Record) { r.Item, r.Names = other, []feeds.ID{other, shared} })
		mine := flawed(func(r *feeds.Record) { r.Source, r.Item, r.Names = "supplier", "EX-1", []feeds.ID{"EX-1", shared} })
		yours := flawed(func(r *feeds.Record) { r.Source, r.Item, r.Names = "supplier", "EX-2", []feeds.ID{"EX-2", shared} })
		on := func(id feeds.ID, aliases ...string) vex.Document {
			return clearing(func(p *vex.Product, s *vex.Statement) {
				p.Name, s.Vulnerability, s.Aliases = "libfoo", string(id), aliases
			})
		}
		require.Equal(t, []feeds.ID{flaw}, cleared(t, device(libfoo("1.5")), []vex.Document{on(flaw, string(shared), other)}, one, two), shared)
		if !shared.KindOnly() {
			require.Equal(t, []feeds.ID{flaw, other}, cleared(t, device(libfoo("1.5")), []vex.Document{on(shared)}, one, two), "an advisory on both")
			continue
		}
		require.Equal(t, []feeds.ID{"EX-1"}, cleared(t, device(libfoo("1.5")), []vex.Document{on("EX-1", string(shared))}, one, mine, yours), shared)
		out, passed := stated(t, device(libfoo("1.5")), []vex.Document{on(shared)}, one, two, mine, yours)
		require.Len(t, out, 4)
		for _, f := range out {
			require.Nil(t, f.Instances[0].Ruling, "%s of %s", f.Vulnerability, shared)
		}
		require.Contains(t, passed[0].Why, "is a kind of flaw, and not one")

		patched := libfoo("1.5")
		for resolved, want := range map[string]bool{flaw: true, other: false, string(shared): false} {
			patched.Pedigree = &sbom.Pedigree{Patches: []sbom.Patch{{Resolves: []string{resolved}}}}
			require.Equal(t, want, ruled(t, device(patched), nil, match.Setting{}, one).Hidden(), "a patch that resolves %s", resolved)
		}
		patched.Pedigree = &sbom.Pedigree{Patches: []sbom.Patch{{Resolves: []string{string(shared)}}}}
		require.False(t, ruled(t, device(patched), nil, match.Setting{}, mine).Hidden(), "a patch that resolves %s", shared)
	}
}

func TestADecisionOnAKindIsOfTheOneRecordThatHasNoBetterName(t *testing.T) {
	t.Parallel()
	const kind = "AML.T0043"
	mine := flawed(func(r *feeds.Record) { r.Source, r.Item, r.Names = "supplier", "EX-1", []feeds.ID{kind} })
	yours := flawed(func(r *feeds.Record) { r.Source, r.Item, r.Names = "supplier", "EX-2", []feeds.ID{kind} })
	d := decision(t, device(libfoo("1.5")), vex.CodeNotPresent, match.Setting{}, mine)
	d.Vulnerabilities = []feeds.ID{kind}
	require.True(t, ruled(t, device(libfoo("1.5")), []match.Decision{d}, match.Setting{}, mine).Hidden())
	require.Contains(t, ruled(t, device(libfoo("1.5")), []match.Decision{d}, match.Setting{}, mine, yours).Reopened(), "several records bear no name but AML.T0043")
}

func TestAFindingOfAKindIsNoneOfAnotherOfThatKind(t *testing.T) {
	t.Parallel()
	f := match.Finding{Product: "p", Coordinate: "pkg:npm/x", Vulnerability: "EX-1", IDs: []feeds.ID{"AML.T0043", "EX-1"}}
	s, _ := match.State{}.Next("p", []match.Finding{f}, 1, day(1))
	g := match.Finding{Product: "p", Coordinate: "pkg:npm/x", Vulnerability: "CVE-2022-0001", IDs: []feeds.ID{"AML.T0043", "CVE-2022-0001"}}
	_, events := s.Next("p", []match.Finding{f, g}, 2, day(2))
	require.Len(t, events, 1)
	require.Equal(t, match.Appeared, events[0].Change)
}

func TestAStatementHidesNoMoreThanItNames(t *testing.T) {
	t.Parallel()
	of := func(purl string) sbom.Component {
		c := libfoo("1.5")
		c.PURL = purl
		return c
	}
	edition := func(target string) sbom.Component {
		c := libfoo("1.5")
		c.CPE = "cpe:2.3:a:acme:libfoo:1.5:*:*:*:*:" + target + ":*:*"
		return c
	}
	named := feeds.Record{Source: "osv", Item: flaw, Names: []feeds.ID{flaw}, Packages: []feeds.Package{
		{Ecosystem: "Debian", Name: "libfoo", Ranges: []feeds.Range{{Type: feeds.Ecosystem, Events: []feeds.Event{{Introduced: "0"}, {Fixed: "2.0"}}}}},
		{Ecosystem: "Go", Name: "a.b/c", Ranges: []feeds.Range{{Type: feeds.SemVer, Events: []feeds.Event{{Introduced: "0"}, {Fixed: "2.0.0"}}}}},
	}}
	debian := sbom.Component{Ref: "libfoo", Name: "libfoo", PURL: "pkg:deb/debian/libfoo@1.5-1?arch=arm64&distro=debian-12"}
	goPackage := sbom.Component{Ref: "c", Name: "c", PURL: "pkg:golang/a.b/c@v1.5.0#two"}
	for name, c := range map[string]struct {
		component sbom.Component
		product   vex.Product
		hidden    bool
	}{
		"the CPE and its version":          {libfoo("1.5"), vex.Product{CPE: "cpe:2.3:a:acme:libfoo:1.5:*:*:*:*:*:*:*"}, true},
		"the CPE of every version":         {libfoo("1.5"), vex.Product{CPE: "cpe:2.3:a:acme:libfoo:*:*:*:*:*:*:*:*"}, true},
		"the CPE of another version":       {libfoo("1.5"), vex.Product{CPE: "cpe:2.3:a:acme:libfoo:1.0:*:*:*:*:*:*:*"}, false},
		"a CPE that is a pattern":          {libfoo("1.5"), vex.Product{CPE: "cpe:2.3:a:acme:libfoo:1.*:*:*:*:*:*:*:*"}, false},
		"a CPE that contradicts a version": {libfoo("1.5"), vex.Product{Name: "libfoo", Version: "1.5", CPE: "cpe:2.3:a:acme:libfoo:1.0:*:*:*:*:*:*:*"}, false},
		"the edition that it is":           {edition("windows"), vex.Product{CPE: "cpe:2.3:a:acme:libfoo:1.5:*:*:*:*:windows:*:*", Version: "1.5"}, true},
		"another edition":                  {edition("linux"), vex.Product{CPE: "cpe:2.3:a:acme:libfoo:1.5:*:*:*:*:windows:*:*", Version: "1.5"}, false},
		"an edition that is not stated":    {libfoo("1.5"), vex.Product{CPE: "cpe:2.3:a:acme:libfoo:1.5:*:*:*:*:windows:*:*"}, false},
		"an update that is not stated":     {libfoo("1.5"), vex.Product{CPE: "cpe:2.3:a:acme:libfoo:1.5:p1:*:*:*:*:*:*"}, false},
		"a reference of another document":  {of("pkg:generic/libfoo"), vex.Product{Ref: "libfoo", PURL: "pkg:npm/other"}, false},
		"a bare reference":                 {libfoo("1.5"), vex.Product{Ref: "libfoo"}, false},
		"another purl and the same name":   {libfoo("1.5"), vex.Product{Name: "libfoo", PURL: "pkg:npm/libfoo"}, false},
		"a purl beside another CPE":        {of("pkg:generic/libfoo"), vex.Product{PURL: "pkg:generic/libfoo", CPE: "cpe:2.3:a:bolt:libfoo:*:*:*:*:*:*:*:*"}, false},
		"another version in the range":     {libfoo("1.5"), vex.Product{Name: "libfoo", Range: "vers:generic/>=1.0|<2.0"}, true},
		"a version outside the range":      {libfoo("1.5"), vex.Product{Name: "libfoo", Range: "vers:generic/<1.5"}, false},
		"a range in words":                 {libfoo("1.5"), vex.Product{Name: "libfoo", Range: "<2.0"}, false},
		"the vendor and the name":          {libfoo("1.5"), vex.Product{Name: "libfoo", Vendor: "Acme"}, true},
		"another vendor":                   {libfoo("1.5"), vex.Product{Name: "libfoo", Vendor: "Bolt"}, false},
		"a group that is not stated":       {libfoo("1.5"), vex.Product{Name: "libfoo", IDs: []vex.ID{{Kind: "group", Value: "org.b"}}}, false},
		"within another device":            {libfoo("1.5"), vex.Product{Name: "libfoo", Within: &vex.Product{Name: "Another device"}}, false},
		"the very build":                   {debian, vex.Product{PURL: "pkg:deb/debian/libfoo@1.5-1?arch=arm64&distro=debian-12"}, true},
		"every build":                      {debian, vex.Product{PURL: "pkg:deb/debian/libfoo@1.5-1"}, true},
		"the build for another release":    {debian, vex.Product{PURL: "pkg:deb/debian/libfoo@1.5-1?arch=amd64&distro=debian-11"}, false},
		"a build that is not stated":       {debian, vex.Product{PURL: "pkg:deb/debian/libfoo@1.5-1?arch=arm64&vcs_url=x"}, false},
		"the subpackage that it is":        {goPackage, vex.Product{PURL: "pkg:golang/a.b/c@v1.5.0#two"}, true},
		"another subpackage":               {goPackage, vex.Product{PURL: "pkg:golang/a.b/c@v1.5.0#one"}, false},
	} {
		doc := clearing(func(p *vex.Product, _ *vex.Statement) { *p = c.product })
		got := cleared(t, device(c.component), []vex.Document{doc}, flawed(nil), named)
		require.Equal(t, c.hidden, len(got) > 0, name)
	}
	fixed := clearing(func(p *vex.Product, s *vex.Statement) {
		p.CPE, s.Status, s.Justification = "cpe:2.3:a:acme:libfoo:*:*:*:*:*:*:*:*", vex.Fixed, ""
	})
	require.Empty(t, cleared(t, device(libfoo("1.5")), []vex.Document{fixed}, flawed(nil)), "in which version it is fixed is not said")
	within := clearing(func(p *vex.Product, _ *vex.Statement) {
		p.Name, p.Version, p.Within = "libfoo", "1.5", &vex.Product{Name: "Another device", Version: "1"}
	})
	require.Empty(t, cleared(t, sbom.BOM{Components: []sbom.Component{libfoo("1.5")}}, []vex.Document{within}, flawed(nil)), "which device it is is not known")
}

func TestAStatementReadFromOpenVEXKeepsTheVersionOfItsCPE(t *testing.T) {
	t.Parallel()
	doc, err := openvex.Decode(strings.NewReader(`{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://x/1","author":"a","timestamp":"2026-01-01T00:00:00Z","version":1,
	"statements":[{"vulnerability":{"name":"` + flaw + `"},"products":[{"@id":"cpe:2.3:a:acme:libfoo:1.0:*:*:*:*:*:*:*","identifiers":{"cpe23":"cpe:2.3:a:acme:libfoo:1.0:*:*:*:*:*:*:*"}}],"status":"not_affected","justification":"vulnerable_code_not_present"}]}`))
	require.NoError(t, err)
	require.Empty(t, cleared(t, device(libfoo("1.5")), []vex.Document{doc}, flawed(nil)), "the statement is of 1.0: %+v", doc.Statements)
	require.NotEmpty(t, cleared(t, device(libfoo("1.0")), []vex.Document{doc}, flawed(nil)))
}

func TestALinkMeansTheBOMThatItLeadsTo(t *testing.T) {
	t.Parallel()
	doc := clearing(func(p *vex.Product, _ *vex.Statement) {
		p.Link = &vex.Link{Serial: "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79", Version: 1, Ref: "libfoo"}
	})
	bom := device(libfoo("1.5"))
	for serial, hidden := range map[string]bool{
		"urn:uuid:11111111-395b-41f5-a30f-a58921a69b79": false,
		"urn:uuid:3E671687-395b-41f5-a30f-a58921a69b79": true,
		"3e671687-395b-41f5-a30f-a58921a69b79":          true,
		"":                                              false,
	} {
		bom.Serial = serial
		require.Equal(t, hidden, len(cleared(t, bom, []vex.Document{doc}, flawed(nil))) > 0, serial)
	}
	bom.Serial, bom.Revision = "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79", 2
	require.Empty(t, cleared(t, bom, []vex.Document{doc}, flawed(nil)), "another revision may hold another component under that reference")
	bom.Revision = 1
	bom.Components[0].Path = "libfoo"
	require.Empty(t, cleared(t, bom, []vex.Document{doc}, flawed(nil)), "the reference is one that was made when the BOM was read")
}

func TestAStatementIsOlderThanWhatBecameKnownLater(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		added  int
		hidden bool
	}{{1, true}, {20, false}, {0, false}} {
		kev := feeds.Record{Source: "kev", Item: flaw, Names: []feeds.ID{flaw}, Exploited: &feeds.Exploited{}}
		if c.added > 0 {
			kev.Exploited.Added = day(c.added)
		}
		doc := clearing(func(p *vex.Product, s *vex.Statement) {
			p.Name, s.Justification, s.Issued = "libfoo", vex.InlineMitigationsHold, day(2)
		})
		require.Equal(t, c.hidden, len(cleared(t, device(libfoo("1.5")), []vex.Document{doc}, flawed(nil), kev)) > 0, "listed on day %d", c.added)
	}
	poc := flawed(func(r *feeds.Record) {
		r.References = []feeds.Reference{{URL: "https://example.org/poc", Tags: []string{"Exploit"}}}
	})
	doc := clearing(func(p *vex.Product, s *vex.Statement) { p.Name, s.Justification = "libfoo", vex.CodeNotInExecutePath })
	require.Empty(t, cleared(t, device(libfoo("1.5")), []vex.Document{doc}, poc), "since when the exploit is known nobody says")
	require.NotEmpty(t, cleared(t, device(libfoo("1.5")), []vex.Document{doc}, flawed(nil)))
}

func TestAStatementOfTheBOMIsReopenedThoughItIsReadAtEveryLook(t *testing.T) {
	t.Parallel()
	bom := device(libfoo("1.5"))
	bom.Statements = clearing(func(p *vex.Product, s *vex.Statement) { p.Ref, s.Justification = "libfoo", vex.InlineMitigationsHold }).Statements
	kev := feeds.Record{Source: "kev", Item: flaw, Names: []feeds.ID{flaw}, Exploited: &feeds.Exploited{Added: day(20)}}
	now := match.Setting{Build: "b2", Controls: []string{"firewall"}}
	for _, c := range []struct {
		records []feeds.Record
		hidden  bool
	}{{[]feeds.Record{flawed(nil)}, true}, {[]feeds.Record{flawed(nil), kev}, false}} {
		found := match.Build(c.records, nil).Find("pump", bom).Findings
		decisions, _ := match.FromBOM("pump", bom, found)
		require.Len(t, decisions, 1)
		require.Empty(t, decisions[0].Basis.Build, "which build it presumes is not known")
		require.Empty(t, decisions[0].Basis.Controls)
		out, err := match.Decide(found, bom, decisions, now)
		require.NoError(t, err)
		require.Equal(t, c.hidden, out[0].Hidden(), "KEV re-opens a mitigation")
		if c.hidden {
			require.Equal(t, []string{"build", "control"}, out[0].Instances[0].Ruling.Unwatched)
		}
	}
}

func TestAStatementOfTheDeviceIsOfTheVersionsThatItStates(t *testing.T) {
	t.Parallel()
	bom := device(libfoo("1.5"))
	bom.Root.Version, bom.Root.CPE = "3.0", "cpe:2.3:o:acme:pump_firmware:3.0:*:*:*:*:*:*:*"
	for name, c := range map[string]struct {
		change func(*vex.Product, *vex.Statement)
		hidden bool
	}{
		"CPE of 1.0":        {func(p *vex.Product, _ *vex.Statement) { p.CPE = "cpe:2.3:o:acme:pump_firmware:1.0:*:*:*:*:*:*:*" }, false},
		"CPE of 3.0":        {func(p *vex.Product, _ *vex.Statement) { p.CPE = "cpe:2.3:o:acme:pump_firmware:3.0:*:*:*:*:*:*:*" }, true},
		"versions 1.0, 1.1": {func(p *vex.Product, s *vex.Statement) { p.Name, s.Versions = "Device", []string{"1.0", "1.1"} }, false},
		"versions 1.0, 3.0": {func(p *vex.Product, s *vex.Statement) { p.Name, s.Versions = "Device", []string{"1.0", "3.0"} }, true},
		"range below 2":     {func(p *vex.Product, _ *vex.Statement) { p.Name, p.Range = "Device", "vers:generic/<2.0" }, false},
		"range below 4":     {func(p *vex.Product, _ *vex.Statement) { p.Name, p.Range = "Device", "vers:generic/<4.0" }, true},
		"no version":        {func(p *vex.Product, _ *vex.Statement) { p.Name = "Device" }, true},
		"another device":    {func(p *vex.Product, _ *vex.Statement) { p.CPE = "cpe:2.3:o:acme:ventilator:3.0:*:*:*:*:*:*:*" }, false},
	} {
		require.Equal(t, c.hidden, len(cleared(t, bom, []vex.Document{clearing(c.change)}, flawed(nil))) > 0, name)
	}
}

func TestAStatementThatIsNotOlderTakesBack(t *testing.T) {
	t.Parallel()
	at := func(status vex.Status, issued int, change func(*vex.Product)) vex.Document {
		return clearing(func(p *vex.Product, s *vex.Statement) {
			p.Name, p.Version, s.Status, s.Issued = "libfoo", "1.5", status, day(issued)
			if status != vex.NotAffected {
				s.Justification = ""
			}
			if change != nil {
				change(p)
			}
		})
	}
	undated := func(doc vex.Document) vex.Document {
		doc.Statements[0].Issued = time.Time{}
		return doc
	}
	authored := func(doc vex.Document) vex.Document {
		doc.Statements[0].Author = "b"
		return doc
	}
	other := func(p *vex.Product) { p.Version = "1.4" }
	whole := func(p *vex.Product) { *p = vex.Product{Name: "Device"} }
	for name, c := range map[string]struct {
		second vex.Document
		hidden bool
	}{
		"a newer one":                               {at(vex.Affected, 9, nil), false},
		"one under investigation":                   {at(vex.UnderInvestigation, 9, nil), false},
		"one of the same day":                       {at(vex.Affected, 5, nil), false},
		"an older one":                              {at(vex.Affected, 2, nil), true},
		"one of another version":                    {at(vex.Affected, 9, other), true},
		"a newer one of the whole device":           {at(vex.Affected, 9, whole), false},
		"one of the whole device, the same day":     {at(vex.Affected, 5, whole), false},
		"an older one under investigation":          {at(vex.UnderInvestigation, 2, nil), true},
		"one without a time":                        {undated(at(vex.Affected, 2, nil)), false},
		"a range that cannot be read":               {at(vex.Affected, 9, func(p *vex.Product) { p.Version, p.Range = "", "before the last one" }), false},
		"a range in words":                          {at(vex.Affected, 9, func(p *vex.Product) { p.Version, p.Range = "", "<2.0" }), false},
		"a maker that the component does not state": {at(vex.Affected, 9, func(p *vex.Product) { *p = vex.Product{CPE: "cpe:2.3:a:acme:libfoo:1.5:p1:*:*:*:*:*:*"} }), false},
		"another maker":                             {at(vex.Affected, 9, func(p *vex.Product) { p.Vendor = "Bolt" }), true},
		"another author":                            {authored(at(vex.UnderInvestigation, 9, nil)), false},
	} {
		first := at(vex.NotAffected, 5, nil)
		two := first
		two.Statements = append(append([]vex.Statement{}, first.Statements...), c.second.Statements...)
		require.Equal(t, c.hidden, len(cleared(t, device(libfoo("1.5")), []vex.Document{two}, flawed(nil))) > 0, "in one document: %s", name)
		c.second.Digest = "e"
		require.Equal(t, c.hidden, len(cleared(t, device(libfoo("1.5")), []vex.Document{c.second, first}, flawed(nil))) > 0, "in two: %s", name)
	}
}

func TestAStatementByReferenceIsOfThatPlaceOnly(t *testing.T) {
	t.Parallel()
	ruledAt := func(bom sbom.BOM, change func(*vex.Product, *vex.Statement), r feeds.Record) map[string]bool {
		bom.Statements = clearing(change).Statements
		found := match.Build([]feeds.Record{r}, nil).Find("pump", bom).Findings
		require.NotEmpty(t, found)
		decisions, _ := match.FromBOM("pump", bom, found)
		out, err := match.Decide(found, bom, decisions, match.Setting{})
		require.NoError(t, err)
		got := map[string]bool{}
		for _, f := range out {
			for _, i := range f.Instances {
				got[i.Component.Ref] = i.Ruling != nil
			}
		}
		return got
	}
	a, b := libfoo("1.5"), libfoo("1.5")
	a.Ref, b.Ref = "a", "b"
	byRef := func(p *vex.Product, _ *vex.Statement) { p.Ref = "a" }
	require.Equal(t, map[string]bool{"a": true, "b": false}, ruledAt(device(a, b), byRef, flawed(nil)), "nothing was said of b")
	b.Ref = "a"
	require.Equal(t, map[string]bool{"a": false}, ruledAt(device(a, b), byRef, flawed(nil)), "which of the two is meant is not known")

	util := feeds.Record{Source: "cve", Item: flaw, Names: []feeds.ID{flaw}, Products: []feeds.Product{{By: "cna", Vendor: "acme", Name: "util", Default: vex.Affected}}}
	a = sbom.Component{Ref: "a", Name: "util", Version: "1.0", Supplier: "acme"}
	b = sbom.Component{Ref: "b", Group: "org.b", Name: "util", Version: "1.0", Supplier: "acme"}
	require.Equal(t, map[string]bool{"a": true, "b": false}, ruledAt(device(a, b), byRef, util), "the library of another group is another")

	kernel := feeds.Record{Source: "cve", Item: flaw, Names: []feeds.ID{flaw}, Products: []feeds.Product{
		{By: "cna", Vendor: "acme", Name: "kernel", Default: vex.Affected}, {By: "cna", Vendor: "bolt", Name: "kernel", Default: vex.Affected},
	}}
	a = sbom.Component{Ref: "a", Name: "kernel", Version: "1.0", Supplier: "acme"}
	b = sbom.Component{Ref: "b", Name: "kernel", Version: "1.0", Supplier: "bolt"}
	ofAcme := func(p *vex.Product, _ *vex.Statement) { p.Name, p.Vendor, p.Version = "kernel", "acme", "1.0" }
	require.Equal(t, map[string]bool{"a": true, "b": false}, ruledAt(device(a, b), ofAcme, kernel))
	ofNobody := func(p *vex.Product, _ *vex.Statement) { p.Name, p.Version = "kernel", "1.0" }
	require.Equal(t, map[string]bool{"a": false, "b": false}, ruledAt(device(a, b), ofNobody, kernel), "whose kernel it is about is not said")
}

// TestAStatementIsOfTheBuildThatItStates holds decisions that were kept against later builds of the same package.
func TestAStatementIsOfTheBuildThatItStates(t *testing.T) {
	t.Parallel()
	r := feeds.Record{Source: "osv", Item: flaw, Names: []feeds.ID{flaw}, Packages: []feeds.Package{
		{Ecosystem: "Debian", Name: "libfoo", Ranges: []feeds.Range{{Type: feeds.Ecosystem, Events: []feeds.Event{{Introduced: "0"}, {Fixed: "2.0"}}}}},
	}}
	built := func(text string) sbom.BOM { return device(sbom.Component{Ref: "x", Name: "libfoo", PURL: text}) }
	edition := func(target string) sbom.BOM {
		c := libfoo("1.5")
		c.CPE = "cpe:2.3:a:acme:libfoo:1.5:*:*:*:*:" + target + ":*:*"
		return device(c)
	}
	hashed := func(value string) sbom.BOM {
		c := libfoo("1.5")
		c.Hashes = []sbom.Hash{{Algorithm: "SHA-256", Value: value}}
		return device(c)
	}
	for _, c := range []struct {
		name    string
		product vex.Product
		first   sbom.BOM
		only    []string
		later   map[bool]sbom.BOM
	}{
		{
			"qualifiers", vex.Product{PURL: "pkg:deb/debian/libfoo@1.5-1?arch=arm64&repository_url=https://a.example"},
			built("pkg:deb/debian/libfoo@1.5-1?arch=arm64&distro=debian-12&repository_url=https://a.example"), []string{"purl:arch=arm64", "purl:repository_url=https://a.example"},
			map[bool]sbom.BOM{
				true:  built("pkg:deb/debian/libfoo@1.5-1?arch=arm64&repository_url=https://a.example"),
				false: built("pkg:deb/debian/libfoo@1.5-1?arch=amd64&distro=debian-12&repository_url=https://a.example"),
			},
		},
		{
			"every build", vex.Product{PURL: "pkg:deb/debian/libfoo@1.5-1"}, built("pkg:deb/debian/libfoo@1.5-1?arch=arm64"), nil,
			map[bool]sbom.BOM{true: built("pkg:deb/debian/libfoo@1.5-1?arch=amd64"), false: built("pkg:deb/debian/libfoo@1.5-2?arch=arm64")},
		},
		{
			"attributes", vex.Product{CPE: "cpe:2.3:a:acme:libfoo:1.5:*:*:*:*:linux:*:*"}, edition("linux"), []string{"cpe:target_sw=linux"},
			map[bool]sbom.BOM{true: edition("linux"), false: edition("windows")},
		},
		{
			"a digest", vex.Product{Name: "libfoo", Version: "1.5", Hashes: []vex.Hash{{Algorithm: "sha256", Value: "AB"}}}, hashed("ab"), []string{"hash:sha256=ab"},
			map[bool]sbom.BOM{true: hashed("AB"), false: hashed("cd")},
		},
	} {
		doc := clearing(func(p *vex.Product, s *vex.Statement) { *p, s.Justification = c.product, vex.CodeNotInExecutePath })
		decisions, passed := match.FromVEX(doc, "pump", c.first, match.Build([]feeds.Record{r, flawed(nil)}, nil).Find("pump", c.first).Findings, match.Setting{})
		require.Empty(t, passed, c.name)
		require.Len(t, decisions, 1, c.name)
		require.Equal(t, c.only, decisions[0].Only, c.name)
		for hidden, bom := range c.later {
			f := ruled(t, bom, decisions, match.Setting{}, r, flawed(nil))
			require.Equal(t, hidden, f.Hidden(), "%s: %s", c.name, bom.Components[0].PURL)
		}
	}
	_, passed := stated(t, built("pkg:deb/debian/libfoo@1.5-1"), []vex.Document{clearing(func(p *vex.Product, _ *vex.Statement) { p.PURL = "pkg:deb/debian/libfoo@1.5-1?checksum=sha256:00" })}, r)
	require.Contains(t, passed[0].Why, "checksum sha256:00, which the component does not state")
}

func TestAStatementOfAPartIsOfTheVersionsOfTheDeviceThatItStates(t *testing.T) {
	t.Parallel()
	bom := device(libfoo("1.5"))
	bom.Root.Version = "3.0"
	found := match.Build([]feeds.Record{flawed(nil)}, nil).Find("pump", bom).Findings
	for name, c := range map[string]struct {
		device vex.Product
		hidden []string // of the versions of the device
		passed string
	}{
		"no version":                  {vex.Product{Name: "Device"}, []string{"3.0", "3.1", "4.0", ""}, ""},
		"one":                         {vex.Product{Name: "Device", Version: "3.0"}, []string{"3.0"}, ""},
		"a range":                     {vex.Product{Name: "Device", Range: "vers:generic/>=3.0|<4.0"}, []string{"3.0", "3.1"}, ""},
		"a range that cannot be read": {vex.Product{Name: "Device", Range: "3.0 and later"}, nil, ""},
		"two":                         {vex.Product{Name: "Device", Version: "3.0", PURL: "pkg:generic/device@3.1"}, nil, "is Device"},
		"narrowed":                    {vex.Product{Name: "Device", Only: []vex.ID{{Kind: "serial_number", Value: "7"}}}, nil, "is Device"},
	} {
		decisions, passed := match.FromVEX(clearing(func(p *vex.Product, _ *vex.Statement) { p.Name, p.Version, p.Within = "libfoo", "1.5", &c.device }), "pump", bom, found, match.Setting{})
		if c.passed != "" {
			require.Empty(t, decisions, name)
			require.Contains(t, passed[0].Why, c.passed, name)
			continue
		}
		for _, version := range []string{"3.0", "3.1", "4.0", ""} {
			next := bom
			next.Root.Version = version
			require.Equal(t, slices.Contains(c.hidden, version), ruled(t, next, decisions, match.Setting{}, flawed(nil)).Hidden(), "%s in %q", name, version)
		}
	}

	// Two statements on two versions of the device are two decisions.
	doc := clearing(func(p *vex.Product, _ *vex.Statement) { p.Name, p.Version = "Device", "3.0" })
	doc.Statements = append(doc.Statements, clearing(func(p *vex.Product, s *vex.Statement) {
		p.Name, s.Versions = "Device", []string{"3.1", "vers:generic/>=5.0|<6.0"}
	}).Statements...)
	decisions, _ := match.FromVEX(doc, "pump", bom, found, match.Setting{})
	require.Len(t, decisions, 2)
	for version, hidden := range map[string]bool{"3.0": true, "3.1": true, "5.5": true, "4.0": false, "6.0": false, "": false} {
		next := bom
		next.Root.Version = version
		require.Equal(t, hidden, ruled(t, next, decisions, match.Setting{}, flawed(nil)).Hidden(), version)
	}
}

func TestAReferenceMeansSomethingInItsOwnDocumentOnly(t *testing.T) {
	t.Parallel()
	const own = "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"
	for name, c := range map[string]struct {
		doc    func(*vex.Document)
		bom    func(*sbom.BOM)
		hidden bool
	}{
		"the same bytes":    {func(d *vex.Document) { d.Digest = "b" }, nil, true},
		"other bytes":       {nil, nil, false},
		"the same document": {func(d *vex.Document) { d.ID, d.Version = strings.ToUpper(own), "2" }, nil, true},
		"a link to this very BOM": {func(d *vex.Document) {
			d.Statements[0].Products[0] = vex.Product{Ref: "urn:cdx:" + strings.TrimPrefix(own, "urn:uuid:") + "/2#libfoo"}
		}, nil, true},
		"a link to another version of it": {func(d *vex.Document) {
			d.ID, d.Version, d.Statements[0].Products[0] = own, "2", vex.Product{Ref: "urn:cdx:" + strings.TrimPrefix(own, "urn:uuid:") + "/1#libfoo"}
		}, nil, false},
		"another version of it":          {func(d *vex.Document) { d.ID, d.Version = own, "1" }, nil, false},
		"its first version, if not said": {func(d *vex.Document) { d.ID = own }, func(b *sbom.BOM) { b.Revision = 0 }, true},
		"another document":               {func(d *vex.Document) { d.ID, d.Version = "urn:uuid:00000000-395b-41f5-a30f-a58921a69b79", "2" }, nil, false},
		"no serial number":               {nil, func(b *sbom.BOM) { b.Serial = "" }, false},
		"a reference of two":             {func(d *vex.Document) { d.Digest = "b" }, func(b *sbom.BOM) { b.Components = append(b.Components, b.Components[0]) }, false},
		"another name at that place":     {func(d *vex.Document) { d.Digest, d.Statements[0].Products[0].Name = "b", "libbar" }, nil, false},
		"its name at that place":         {func(d *vex.Document) { d.Digest, d.Statements[0].Products[0].Name = "b", "LibFoo" }, nil, true},
		"another purl at that place": {func(d *vex.Document) { d.Digest, d.Statements[0].Products[0].PURL = "b", "pkg:npm/libbar" }, func(b *sbom.BOM) {
			b.Components[0].PURL = "pkg:npm/libfoo@1.5"
		}, false},
	} {
		doc := clearing(func(p *vex.Product, _ *vex.Statement) { p.Ref = "libfoo" })
		bom := device(libfoo("1.5"))
		bom.Serial, bom.Revision, bom.Digest = own, 2, "b"
		if c.doc != nil {
			c.doc(&doc)
		}
		if c.bom != nil {
			c.bom(&bom)
		}
		out, passed := stated(t, bom, []vex.Document{doc}, flawed(nil))
		require.Equal(t, c.hidden, out[0].Hidden(), name)
		require.Equal(t, c.hidden, len(passed) == 0, name)
	}
}

func TestADecisionByNameIsAboutTheThingOfItsMaker(t *testing.T) {
	t.Parallel()
	r := feeds.Record{Source: "cve", Item: flaw, Names: []feeds.ID{flaw}, Products: []feeds.Product{
		{By: "cna", Vendor: "acme", Name: "kernel", Default: vex.Affected}, {By: "cna", Vendor: "bolt", Name: "kernel", Default: vex.Affected},
	}}
	kernel := func(maker, publisher string) sbom.BOM {
		return device(sbom.Component{Ref: "a", Name: "kernel", Version: "1.0", Supplier: maker, Publisher: publisher})
	}
	d := decision(t, kernel("acme", ""), vex.CodeNotPresent, match.Setting{}, r)
	require.Equal(t, []string{"name:kernel acme"}, d.Basis.Identity)
	require.True(t, ruled(t, kernel("acme", ""), []match.Decision{d}, match.Setting{}, r).Hidden())
	require.True(t, ruled(t, kernel("acme", "acme"), []match.Decision{d}, match.Setting{}, r).Hidden())
	require.Nil(t, ruled(t, kernel("bolt", ""), []match.Decision{d}, match.Setting{}, r).Instances[0].Ruling)
	require.Nil(t, ruled(t, kernel("acme", "bolt"), []match.Decision{d}, match.Setting{}, r).Instances[0].Ruling, "somebody else has a hand in it")
	d.Basis.Identity = nil
	f := ruled(t, kernel("acme", ""), []match.Decision{d}, match.Setting{}, r)
	require.Equal(t, "it is about a name, and whose was not said", f.Reopened())
}

func TestWhatIsFixedIsSoInAVersion(t *testing.T) {
	t.Parallel()
	bare := sbom.Component{Ref: "libfoo", Name: "libfoo", CPE: "cpe:2.3:a:acme:libfoo:*:*:*:*:*:*:*:*"}
	all := flawed(func(r *feeds.Record) { r.Configurations[0].Nodes[0].Criteria[0].EndExcluding = "" })
	for name, c := range map[string]struct {
		component sbom.Component
		product   vex.Product
		passed    string
	}{
		"in its version":                 {libfoo("1.5"), vex.Product{Name: "libfoo", Version: "1.5"}, ""},
		"in a range":                     {libfoo("1.5"), vex.Product{CPE: bare.CPE, Range: "vers:generic/>=1.5"}, ""},
		"at its place":                   {libfoo("1.5"), vex.Product{Ref: "libfoo"}, ""},
		"in no version":                  {libfoo("1.5"), vex.Product{CPE: bare.CPE}, "and not in which version"},
		"by name alone":                  {libfoo("1.5"), vex.Product{Name: "libfoo"}, "and not in which version"},
		"a component without a version":  {bare, vex.Product{Name: "libfoo", Version: "1.5"}, "which version is in the device is not stated"},
		"a place without a version":      {bare, vex.Product{Ref: "libfoo"}, "which version is in the device is not stated"},
		"the device, in no version":      {libfoo("1.5"), vex.Product{Name: "Device"}, "and not in which version"},
		"the device, in its version":     {libfoo("1.5"), vex.Product{Name: "Device", Version: "3.0"}, ""},
		"the device, in another version": {libfoo("1.5"), vex.Product{Name: "Device", Version: "3.1"}, "re-opened"},
	} {
		bom := device(c.component)
		bom.Root.Version, bom.Digest = "3.0", "d"
		out, passed := stated(t, bom, []vex.Document{clearing(func(p *vex.Product, s *vex.Statement) { *p, s.Status, s.Justification = c.product, vex.Fixed, "" })}, all)
		require.Equal(t, c.passed == "", out[0].Hidden(), name)
		switch c.passed {
		case "":
			require.Empty(t, passed, name)
		case "re-opened":
			require.NotEmpty(t, out[0].Reopened())
		default:
			require.Contains(t, passed[0].Why, c.passed, name)
		}
	}
	bom := device(libfoo("1.5"))
	doc := clearing(func(p *vex.Product, s *vex.Statement) { p.Name, s.Status, s.Justification = "Device", vex.Fixed, "" })
	require.Empty(t, cleared(t, bom, []vex.Document{doc}, flawed(nil)), "which version the device is is not stated")
}

func TestNothingThatAStatementSpeaksOfIsSilent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*vex.Product, *vex.Statement)
		passed string
	}{
		"cleared, and not in the device":  {func(p *vex.Product, _ *vex.Statement) { p.Name = "libbar" }, "nothing in the device is libbar"},
		"affected, and not in the device": {func(p *vex.Product, s *vex.Statement) { p.Name, s.Status = "libbar", vex.Affected }, "nothing in the device is libbar"},
		"affected, and not found": {func(p *vex.Product, s *vex.Statement) {
			p.Name, s.Status, s.Vulnerability = "libfoo", vex.Affected, "CVE-2026-9999"
		}, "that was not found"},
		"affected, and found":            {func(p *vex.Product, s *vex.Statement) { p.Name, s.Status = "libfoo", vex.Affected }, ""},
		"affected, and found on another": {func(p *vex.Product, s *vex.Statement) { p.Name, s.Status = "other", vex.Affected }, "that was not found"},
		"of a status that is not known":  {func(p *vex.Product, s *vex.Statement) { p.Name, s.Status = "libfoo", "" }, "hides nothing"},
		"without a time":                 {func(p *vex.Product, s *vex.Statement) { p.Name, s.Issued = "libfoo", time.Time{} }, "no time"},
	} {
		_, passed := stated(t, device(libfoo("1.5"), sbom.Component{Ref: "other", Name: "other", Version: "1"}), []vex.Document{clearing(c.change)}, flawed(nil))
		if c.passed == "" {
			require.Empty(t, passed, name)
			continue
		}
		require.Len(t, passed, 1, name)
		require.Contains(t, passed[0].Why, c.passed, name)
	}
}

func TestARulingTellsWhatCannotReopenIt(t *testing.T) {
	t.Parallel()
	bom := device(libfoo("1.0"))
	now := match.Setting{Build: "b1", Controls: []string{"firewall"}}
	for _, c := range []struct {
		justification vex.Justification
		then          match.Setting
		want          []string
	}{
		{vex.CodeNotPresent, match.Setting{}, []string{"build"}},
		{vex.CodeNotPresent, match.Setting{Build: "b1"}, nil},
		{vex.ComponentNotPresent, match.Setting{}, nil},
		{vex.InlineMitigationsHold, match.Setting{Build: "b1"}, []string{"control"}},
		{vex.InlineMitigationsHold, now, nil},
	} {
		d := decision(t, bom, c.justification, c.then, flawed(nil))
		require.Equal(t, c.want, ruled(t, bom, []match.Decision{d}, now, flawed(nil)).Instances[0].Ruling.Unwatched, c.justification)
	}
}

func TestALinkToAnExploitIsNewsUnlessItWasThereByThen(t *testing.T) {
	t.Parallel()
	poc := func(source string, modified time.Time) feeds.Record {
		return flawed(func(r *feeds.Record) {
			r.Source, r.Modified, r.References = source, modified, []feeds.Reference{{URL: "https://example.org/poc", Tags: []string{"Exploit"}}}
		})
	}
	doc := clearing(func(p *vex.Product, s *vex.Statement) {
		p.Name, s.Justification, s.Issued = "libfoo", vex.CodeNotInExecutePath, day(5).Add(12*time.Hour)
	})
	for name, c := range map[string]struct {
		records []feeds.Record
		hidden  bool
	}{
		"no link":                           {[]feeds.Record{flawed(nil)}, true},
		"a record of unknown day":           {[]feeds.Record{poc("nvd", time.Time{})}, false},
		"a record not modified since":       {[]feeds.Record{poc("nvd", day(4))}, true},
		"a record of that hour":             {[]feeds.Record{poc("nvd", day(5).Add(12*time.Hour))}, true},
		"a record of that day":              {[]feeds.Record{poc("nvd", day(5).Truncate(24*time.Hour))}, false},
		"a record modified since":           {[]feeds.Record{poc("nvd", day(6))}, false},
		"one of two was not modified since": {[]feeds.Record{poc("nvd", day(6)), poc("cve", day(2))}, true},
		"one of two is of unknown day":      {[]feeds.Record{poc("nvd", time.Time{}), poc("cve", day(2))}, true},
	} {
		require.Equal(t, c.hidden, len(cleared(t, device(libfoo("1.5")), []vex.Document{doc}, c.records...)) > 0, name)
	}
	found := match.Build([]feeds.Record{poc("nvd", day(4))}, nil).Find("pump", device(libfoo("1.5"))).Findings
	body, err := json.Marshal(found)
	require.NoError(t, err)
	var read []match.Finding
	require.NoError(t, json.Unmarshal(body, &read))
	decisions, _ := match.FromVEX(doc, "pump", device(libfoo("1.5")), read, match.Setting{})
	require.Empty(t, decisions[0].Basis.Exploits, "a finding that was read again does not know since when")
}

func TestADecisionOfBeforeIsStillRead(t *testing.T) {
	t.Parallel()
	const old = `{"id":"vex:d:1:1:cpe:a:acme:libfoo","vulnerabilities":["CVE-2026-1000"],"coordinate":"cpe:a:acme:libfoo","versions":["1.5"],"product":"pump","origin":"vex",
	"status":"not_affected","justification":"vulnerable_code_not_present","author":"a","reason":"r","at":"2026-01-01T00:00:00Z","basis":{"identity":["cpe:a:acme:libfoo"],"versions":["1.5"]}}`
	var d match.Decision
	require.NoError(t, json.Unmarshal([]byte(old), &d))
	require.True(t, ruled(t, device(libfoo("1.5")), []match.Decision{d}, match.Setting{}, flawed(nil)).Hidden())
}

func TestAVersionWithABuildIsOfThatBuild(t *testing.T) {
	t.Parallel()
	r := feeds.Record{Source: "osv", Item: flaw, Names: []feeds.ID{flaw}, Packages: []feeds.Package{
		{Ecosystem: "npm", Name: "foo", Ranges: []feeds.Range{{Type: feeds.SemVer, Events: []feeds.Event{{Introduced: "0"}, {Fixed: "2.0.0"}}}}},
	}}
	for said, want := range map[string]map[string]bool{
		"1.5.0+b7": {"1.5.0+b7": true, "1.5.0+b8": false, "1.5.0": false},
		"1.5.0":    {"1.5.0+b7": true, "1.5.0": true, "1.5.1": false},
	} {
		for version, hidden := range want {
			bom := device(sbom.Component{Ref: "foo", Name: "foo", Version: version, PURL: "pkg:npm/foo@" + strings.ReplaceAll(version, "+", "%2B")})
			doc := clearing(func(p *vex.Product, _ *vex.Statement) { p.PURL, p.Version = "pkg:npm/foo", said })
			require.Equal(t, hidden, len(cleared(t, bom, []vex.Document{doc}, r)) > 0, "%s of %s", version, said)
		}
	}
}

// TestDocumentsOfEveryFormatHideWhatTheySayAndNoMore reads whole documents, as their makers write them, on a device in two
// versions and a component in two builds.
func TestDocumentsOfEveryFormatHideWhatTheySayAndNoMore(t *testing.T) {
	t.Parallel()
	r := feeds.Record{Source: "osv", Item: flaw, Names: []feeds.ID{flaw}, Packages: []feeds.Package{
		{Ecosystem: "Debian", Name: "libfoo", Ranges: []feeds.Range{{Type: feeds.Ecosystem, Events: []feeds.Event{{Introduced: "0"}, {Fixed: "2.0"}}}}},
	}}
	pump := func(version, arch string) sbom.BOM {
		bom := device(sbom.Component{Ref: "foo", Name: "libfoo", Version: "1.5-1", PURL: "pkg:deb/debian/libfoo@1.5-1?arch=" + arch})
		bom.Root = sbom.Component{Ref: "pump", Name: "Pump", Supplier: "Acme", Version: version, PURL: "pkg:generic/acme/pump@" + version}
		bom.Serial, bom.Revision = "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79", 1
		return bom
	}
	read := func(doc vex.Document, err error) vex.Document {
		require.NoError(t, err)
		require.NotEmpty(t, doc.Statements)
		return doc
	}
	for name, c := range map[string]struct {
		doc   vex.Document
		other bool // it says nothing of the version of the device
	}{
		"OpenVEX": {read(openvex.Decode(strings.NewReader(`{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://x/1","author":"a","timestamp":"2026-01-01T00:00:00Z","version":1,
			"statements":[{"vulnerability":{"name":"CVE-2026-1000"},"products":[{"@id":"pkg:generic/acme/pump@3.0","subcomponents":[{"@id":"pkg:deb/debian/libfoo@1.5-1?arch=arm64"}]}],
			"status":"not_affected","justification":"vulnerable_code_not_in_execute_path"}]}`))), false},
		"OpenVEX of the component": {read(openvex.Decode(strings.NewReader(`{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://x/1","author":"a","timestamp":"2026-01-01T00:00:00Z","version":1,
			"statements":[{"vulnerability":{"name":"CVE-2026-1000"},"products":[{"@id":"pkg:deb/debian/libfoo@1.5-1?arch=arm64"}],
			"status":"not_affected","justification":"vulnerable_code_not_in_execute_path"}]}`))), true},
		"CycloneDX": {read(cyclonedx.Decode(strings.NewReader(`{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"metadata":{"timestamp":"2026-01-01T00:00:00Z",
			"component":{"type":"device","bom-ref":"d","name":"Pump","version":"3.0","supplier":{"name":"Acme"}}},
			"components":[{"type":"library","bom-ref":"c","name":"libfoo","version":"1.5-1","purl":"pkg:deb/debian/libfoo@1.5-1?arch=arm64"}],
			"vulnerabilities":[{"id":"CVE-2026-1000","analysis":{"state":"not_affected","justification":"code_not_reachable"},"affects":[{"ref":"c"}]}]}`))), false},
		"CycloneDX by a link": {read(cyclonedx.Decode(strings.NewReader(`{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"metadata":{"timestamp":"2026-01-01T00:00:00Z"},
			"vulnerabilities":[{"id":"CVE-2026-1000","analysis":{"state":"not_affected","justification":"code_not_reachable"},"affects":[{"ref":"urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#foo"}]}]}`))), true},
		"CSAF": {read(csaf.Decode(strings.NewReader(`{"document":{"category":"csaf_vex","csaf_version":"2.0","title":"t","publisher":{"category":"vendor","name":"Acme","namespace":"https://acme.example"},
			"tracking":{"id":"A-1","version":"1","status":"final","initial_release_date":"2026-01-01T00:00:00Z","current_release_date":"2026-01-01T00:00:00Z","revision_history":[{"date":"2026-01-01T00:00:00Z","number":"1","summary":"s"}]}},
			"product_tree":{"branches":[{"category":"vendor","name":"Acme","branches":[{"category":"product_name","name":"Pump","branches":[
				{"category":"product_version","name":"3.0","product":{"name":"Acme Pump 3.0","product_id":"P"}}]}]}],
				"full_product_names":[{"name":"libfoo","product_id":"F","product_identification_helper":{"purl":"pkg:deb/debian/libfoo@1.5-1?arch=arm64"}}],
				"relationships":[{"category":"default_component_of","product_reference":"F","relates_to_product_reference":"P","full_product_name":{"name":"libfoo in Pump","product_id":"FP"}}]},
			"vulnerabilities":[{"cve":"CVE-2026-1000","product_status":{"known_not_affected":["FP"]},"flags":[{"label":"vulnerable_code_not_in_execute_path","product_ids":["FP"]}]}]}`))), false},
	} {
		first := pump("3.0", "arm64")
		decisions, passed := match.FromVEX(c.doc, "pump", first, match.Build([]feeds.Record{r}, nil).Find("pump", first).Findings, match.Setting{})
		require.Empty(t, passed, name)
		require.Len(t, decisions, 1, name)
		holds := func(bom sbom.BOM) bool { return ruled(t, bom, decisions, match.Setting{}, r).Hidden() }
		require.True(t, holds(first), name)
		require.Equal(t, c.other, holds(pump("3.1", "arm64")), "%s: another version of the device", name)
		require.False(t, holds(pump("3.0", "amd64")), "%s: another build", name)
		elsewhere := pump("3.0", "arm64")
		elsewhere.Components[0].PURL, elsewhere.Components[0].Version = "pkg:deb/debian/libfoo@1.6-1?arch=arm64", "1.6-1"
		require.False(t, holds(elsewhere), "%s: another version of the component", name)
	}
}

// TestStatementsInAnyOrderHideTheSame draws statements, odd ones too, and holds them to what must be true of all: their order does
// not count, one that hides nothing never makes more hidden, and what is hidden is so by one that clears.
func TestStatementsInAnyOrderHideTheSame(t *testing.T) {
	t.Parallel()
	const other = "CVE-2026-1001"
	records := []feeds.Record{
		flawed(func(r *feeds.Record) { r.Names = append(r.Names, "GHSA-x", "CWE-79") }),
		flawed(func(r *feeds.Record) { r.Item, r.Names = other, []feeds.ID{other, "GHSA-x", "CWE-79"} }),
	}
	odd := []string{"", " ", "*", "-", "?", "pkg:", "cpe:2.3:", "vers:", "\xff", "1.*", "<2"}
	rapid.Check(t, func(rt *rapid.T) {
		pick := func(what string, from ...string) string { return rapid.SampledFrom(from).Draw(rt, what) }
		odd := func(what string, from ...string) string {
			if rapid.IntRange(0, 5).Draw(rt, "odd") == 0 {
				from = odd
			}
			return pick(what, from...)
		}
		a, b := libfoo("1.5"), libfoo(pick("version", "1.5", "1.4", ""))
		b.Ref, b.PURL = pick("ref", "libfoo", "b"), pick("purl", "", "pkg:generic/libfoo@1.5?arch=arm64", "pkg:generic/libfoo@1.5?arch=amd64", "pkg:")
		bom := device(a, b)
		bom.Root.Version, bom.Digest = pick("device", "", "3.0", "3.1"), "d"
		found := match.Build(records, nil).Find("pump", bom).Findings
		var doc vex.Document
		doc.Digest = pick("digest", "d", "e")
		for range rapid.IntRange(1, 4).Draw(rt, "statements") {
			s := vex.Statement{
				Vulnerability: pick("id", flaw, other, "GHSA-x", "CWE-79", ""), Author: pick("author", "a", "b"),
				Status: vex.Status(pick("status", "not_affected", "not_affected", "fixed", "affected", "under_investigation", "odd")),
			}
			if n := rapid.IntRange(0, 3).Draw(rt, "day"); n > 0 {
				s.Issued = day(n)
			}
			p := vex.Product{
				Name: pick("name", "libfoo", "Device", "other", ""), Ref: pick("product ref", "", "libfoo", "b"), Version: odd("product version", "", "1.5", "1.4", "3.0"),
				PURL: odd("product purl", "", "", "pkg:generic/libfoo?arch=arm64", "pkg:generic/libfoo@1.5"),
				CPE:  odd("product cpe", "", "cpe:2.3:a:acme:libfoo:*:*:*:*:*:*:*:*", "cpe:2.3:a:acme:libfoo:1.5:*:*:*:*:linux:*:*"),
			}
			if rapid.Bool().Draw(rt, "within") {
				p.Within = &vex.Product{Name: pick("outer", "Device", "other"), Version: odd("outer version", "", "3.0")}
			}
			s.Products = []vex.Product{p}
			doc.Statements = append(doc.Statements, s)
		}
		hidden := func(decisions []match.Decision) map[string]bool {
			out, err := match.Decide(found, bom, decisions, match.Setting{})
			require.NoError(rt, err)
			got := map[string]bool{}
			for _, f := range out {
				for k, i := range f.Instances {
					if i.Ruling != nil && i.Ruling.Reopened == "" {
						got[fmt.Sprint(f.Vulnerability, " ", k)] = true
						require.True(rt, i.Ruling.Status.Clears(), "%+v", i.Ruling)
						k := slices.IndexFunc(decisions, func(d match.Decision) bool { return d.ID == i.Ruling.Decision })
						require.True(rt, slices.Contains(decisions[k].Vulnerabilities, f.Vulnerability) || !decisions[k].Vulnerabilities[0].CVE(), "%s by %v", f.Vulnerability, decisions[k])
						require.NotEqual(rt, feeds.ID("CWE-79"), decisions[k].Vulnerabilities[0])
					}
				}
			}
			return got
		}
		decisions, _ := match.FromVEX(doc, "pump", bom, found, match.Setting{})
		all := hidden(decisions)
		backwards := slices.Clone(decisions)
		slices.Reverse(backwards)
		require.Equal(rt, all, hidden(backwards), "in another order")
		alone := hidden(slices.DeleteFunc(slices.Clone(decisions), func(d match.Decision) bool { return !d.Status.Clears() }))
		for key := range all {
			require.True(rt, alone[key], "%s is hidden by what hides nothing", key)
		}
	})
}
