package match_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/vex"
)

const flaw = "CVE-2026-1000"

// flawed is a record of a flaw in libfoo before 2.0, with facts that a test may change.
func flawed(change func(*feeds.Record)) feeds.Record {
	r := record(flaw, any1(or(feeds.Criterion{CPE: "cpe:2.3:a:acme:libfoo:*:*:*:*:*:*:*:*", Vulnerable: true, EndExcluding: "2.0"})))
	r.Scores = []feeds.Score{{Vector: "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}}
	if change != nil {
		change(&r)
	}
	return r
}

func libfoo(version string) sbom.Component {
	return sbom.Component{Ref: "libfoo", Name: "libfoo", Version: version, CPE: "cpe:2.3:a:acme:libfoo:" + version + ":*:*:*:*:*:*:*"}
}

// ruled finds the flaw in a device and holds the decisions against it.
func ruled(t *testing.T, bom sbom.BOM, decisions []match.Decision, now match.Setting, records ...feeds.Record) match.Finding {
	t.Helper()
	found := match.Build(records, nil).Find("pump", bom)
	require.Len(t, found.Findings, 1)
	out, err := match.Decide(found.Findings, bom, decisions, now)
	require.NoError(t, err)
	require.Len(t, out, 1, "what is hidden stays listed")
	return out[0]
}

// decision is one about the flaw, as it is now.
func decision(t *testing.T, bom sbom.BOM, j vex.Justification, now match.Setting, records ...feeds.Record) match.Decision {
	t.Helper()
	f := match.Build(records, nil).Find("pump", bom).Findings[0]
	d := match.Decision{
		ID: "d1", Vulnerabilities: []feeds.ID{flaw}, Coordinate: f.Coordinate, Origin: match.FromPerson, Status: vex.NotAffected,
		Justification: j, Author: "psirt", Reason: "looked at", At: day(1), Basis: match.Rest(f, bom, now),
	}
	if j == "suppressed" {
		d.Origin, d.Status, d.Justification = match.Suppression, "", ""
	}
	require.NoError(t, d.Check())
	return d
}

// TestADecisionIsReopenedByItsOwnEvidenceOnly holds each justification against each change.
// What re-opens it follows from what it claims (the table is ours).
func TestADecisionIsReopenedByItsOwnEvidenceOnly(t *testing.T) {
	t.Parallel()
	then := match.Setting{Build: "b1", Controls: []string{"firewall", "watchdog"}}
	changes := map[string]struct {
		record    func(*feeds.Record)
		more      []feeds.Record
		component func(*sbom.Component)
		now       match.Setting
		cause     string
	}{
		"nothing":      {now: then},
		"a re-scoring": {record: func(r *feeds.Record) { r.Scores[0].Vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" }, now: then, cause: "the severity rose from Low to Critical"},
		"an exploit": {
			record: func(r *feeds.Record) {
				r.References = []feeds.Reference{{URL: "https://example.org/poc", Tags: []string{"Exploit"}}}
			},
			now: then, cause: "an exploit became known: https://example.org/poc",
		},
		"KEV": {
			more: []feeds.Record{{Source: "kev", Item: flaw, Names: []feeds.ID{flaw}, Exploited: &feeds.Exploited{}}},
			now:  then, cause: "it is listed as exploited in the wild",
		},
		"another build":        {now: match.Setting{Build: "b2", Controls: then.Controls}, cause: "the build or its configuration changed"},
		"a control is gone":    {now: match.Setting{Build: "b1", Controls: []string{"watchdog"}}, cause: "a control is no longer in place: firewall"},
		"controls not tracked": {now: match.Setting{Build: "b1"}},
		"another version":      {component: func(c *sbom.Component) { *c = libfoo("1.5") }, now: then, cause: `version "1.5" is none that was decided on (1.0)`},
	}
	reopens := map[vex.Justification][]string{
		vex.ComponentNotPresent:   {"another version"},
		vex.CodeNotPresent:        {"another version", "another build"},
		vex.CodeNotInExecutePath:  {"another version", "another build", "an exploit", "KEV"},
		vex.CodeNotControllable:   {"another version", "another build", "an exploit", "KEV", "a control is gone"},
		vex.InlineMitigationsHold: {"another version", "another build", "KEV", "a control is gone"},
		"":                        {"another version", "another build", "an exploit", "KEV", "a control is gone"},
		"suppressed":              {"another version", "an exploit", "KEV", "a re-scoring"},
	}
	for justification, causes := range reopens {
		d := decision(t, device(libfoo("1.0")), justification, then, flawed(nil))
		for name, c := range changes {
			component := libfoo("1.0")
			if c.component != nil {
				c.component(&component)
			}
			got := ruled(t, device(component), []match.Decision{d}, c.now, append(c.more, flawed(c.record))...)
			want := ""
			for _, cause := range causes {
				if cause == name {
					want = c.cause
				}
			}
			require.Equal(t, want, got.Reopened(), "%q and %s", justification, name)
			require.Equal(t, want == "", got.Hidden(), "%q and %s", justification, name)
			require.Equal(t, "psirt", got.Instances[0].Ruling.Author)
		}
	}
}

func TestADecisionCarriesOverToTheNextDeviceVersion(t *testing.T) {
	t.Parallel()
	d := decision(t, device(libfoo("1.0")), vex.CodeNotInExecutePath, match.Setting{}, flawed(nil))
	next := device(libfoo("1.0"), sbom.Component{Ref: "new", Name: "new"})
	next.Root.Version = "2.0"
	next.Components[0].Ref = "another reference"
	require.True(t, ruled(t, next, []match.Decision{d}, match.Setting{}, flawed(nil)).Hidden())

	other := d
	other.Product = "another product"
	require.False(t, ruled(t, next, []match.Decision{other}, match.Setting{}, flawed(nil)).Hidden())
	ranged := d
	ranged.Versions = []string{"vers:generic/>=1.0|<1.5"}
	require.True(t, ruled(t, device(libfoo("1.4")), []match.Decision{ranged}, match.Setting{}, flawed(nil)).Hidden())
	require.Contains(t, ruled(t, device(libfoo("1.5")), []match.Decision{ranged}, match.Setting{}, flawed(nil)).Reopened(), "is none that was decided on")
}

func TestOneInstanceThatIsNotDecidedKeepsTheFindingUp(t *testing.T) {
	t.Parallel()
	d := decision(t, device(libfoo("1.0")), vex.CodeNotInExecutePath, match.Setting{}, flawed(nil))
	second := libfoo("1.5")
	second.Ref = "second"
	f := ruled(t, device(libfoo("1.0"), second), []match.Decision{d}, match.Setting{}, flawed(nil))
	require.Len(t, f.Instances, 2)
	require.False(t, f.Hidden())
	require.Empty(t, f.Instances[0].Ruling.Reopened)
	require.NotEmpty(t, f.Instances[1].Ruling.Reopened)
}

func TestWhatTheSBOMStatesOfPatchesAndCompiledFilesCounts(t *testing.T) {
	t.Parallel()
	patched := libfoo("1.0")
	patched.Pedigree = &sbom.Pedigree{Patches: []sbom.Patch{{Kind: "backport", Resolves: []string{"cve-2026-1000"}, Diff: "https://example.org/diff"}}}
	f := ruled(t, device(patched), nil, match.Setting{}, flawed(nil))
	require.True(t, f.Hidden())
	require.Equal(t, match.FromPedigree, f.Instances[0].Ruling.Origin)
	require.Equal(t, vex.Fixed, f.Instances[0].Ruling.Status)
	require.Contains(t, f.Instances[0].Ruling.Reason, "backport")
	patched.Pedigree.Patches[0].Resolves = []string{"CVE-2026-1001"}
	require.False(t, ruled(t, device(patched), nil, match.Setting{}, flawed(nil)).Hidden(), "it resolves something else")

	kernel := feeds.Record{Source: "cve", Item: flaw, Names: []feeds.ID{flaw}, Products: []feeds.Product{{
		Vendor: "Acme", Name: "libfoo", CPEs: []string{"cpe:2.3:a:acme:libfoo:*:*:*:*:*:*:*:*"}, Files: []string{"net/foo.c"},
		Spans: []feeds.Span{{Status: vex.Affected, From: "0", Below: "2.0"}},
	}}}
	for _, c := range []struct {
		name   string
		files  []string
		hidden bool
	}{
		{"no list", nil, false},
		{"the file is compiled", []string{"lib/bar.c", "linux/net/foo.c"}, false},
		{"it is not", []string{"lib/bar.c", "lib/foo.c"}, true},
	} {
		built := libfoo("1.0")
		built.Files = c.files
		f := ruled(t, device(built), nil, match.Setting{}, kernel)
		require.Equal(t, c.hidden, f.Hidden(), c.name)
		if c.hidden {
			require.Equal(t, match.FromFiles, f.Instances[0].Ruling.Origin)
		}
	}
}

func TestStatesTellThatADecisionWasMadeAndReopened(t *testing.T) {
	t.Parallel()
	bom := device(libfoo("1.0"))
	d := decision(t, bom, vex.InlineMitigationsHold, match.Setting{}, flawed(nil))
	s, events := match.State{}.Next("pump", []match.Finding{ruled(t, bom, nil, match.Setting{}, flawed(nil))}, 1, day(1))
	require.Equal(t, match.Appeared, events[0].Change)
	s, events = s.Next("pump", []match.Finding{ruled(t, bom, []match.Decision{d}, match.Setting{}, flawed(nil))}, 2, day(2))
	require.Len(t, events, 1)
	require.Equal(t, match.Decided, events[0].Change)
	kev := feeds.Record{Source: "kev", Item: flaw, Names: []feeds.ID{flaw}, Exploited: &feeds.Exploited{Ransomware: true}}
	_, events = s.Next("pump", []match.Finding{ruled(t, bom, []match.Decision{d}, match.Setting{}, flawed(nil), kev)}, 3, day(3))
	var changes []match.Change
	for _, e := range events {
		changes = append(changes, e.Change)
	}
	require.Equal(t, []match.Change{match.KnownExploited, match.Ransomware, match.Reopened}, changes)
	require.Equal(t, "it is listed as exploited in the wild", events[2].Is)
}

func TestADecisionThatSaysTooLittleIsRefused(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, match.Decision{}.Check(), "nobody decided it")
	good := decision(t, device(libfoo("1.0")), "", match.Setting{}, flawed(nil))
	for name, spoil := range map[string]func(*match.Decision){
		"no reason":              func(d *match.Decision) { d.Reason = " " },
		"hides nothing":          func(d *match.Decision) { d.Status = vex.Affected },
		"no component":           func(d *match.Decision) { d.Coordinate = "" },
		"is not known":           func(d *match.Decision) { d.Justification = "because" },
		"no versions":            func(d *match.Decision) { d.Basis.Versions = nil },
		"a suppression states":   func(d *match.Decision) { d.Origin = match.Suppression },
		`origin "" is not known`: func(d *match.Decision) { d.Origin = "" },
	} {
		bad := good
		spoil(&bad)
		require.ErrorContains(t, bad.Check(), name)
		_, err := match.Decide(nil, sbom.BOM{}, []match.Decision{bad}, match.Setting{})
		require.ErrorContains(t, err, name)
	}
}

func TestTheTableOfReopeningIsHeldToItsShape(t *testing.T) {
	t.Parallel()
	_, err := match.DefaultReopening()
	require.NoError(t, err)
	_, err = match.DefaultWeights()
	require.NoError(t, err)
	for name, text := range map[string]string{
		"unknown":     `{"source":"x","force":"convention","rules":[{"for":"fixed","watches":["weather"],"why":"w"}]}`,
		"no row for":  `{"source":"x","force":"convention","rules":[]}`,
		"has two":     `{"source":"x","force":"convention","rules":[{"for":"fixed","watches":["build"],"why":"w"},{"for":"fixed","watches":["build"],"why":"w"}]}`,
		"is missing":  `{"rules":[]}`,
		"unknown key": `{"rows":[]}`,
	} {
		_, err := match.LoadReopening(fstest.MapFS{"r.json": {Data: []byte(text)}}, "r.json")
		require.Error(t, err, name)
	}
	_, err = match.LoadWeights(fstest.MapFS{"w.json": {Data: []byte(`{"source":"x","force":"y","about":"","parts":[{"part":"rule","of":"range","worth":2}]}`)}}, "w.json")
	require.ErrorContains(t, err, "is not above 0 and up to 1")
}

func TestStatementsBecomeDecisionsAboutWhatTheyName(t *testing.T) {
	t.Parallel()
	bom := device(libfoo("1.0"), sbom.Component{Ref: "npm", Name: "left", Version: "1.0.0", PURL: "pkg:npm/left@1.0.0"})
	bom.Root.Version = "3.1"
	bom.Root.PURL = "pkg:generic/pump@3.1"
	found := match.Build([]feeds.Record{flawed(nil)}, nil).Find("pump", bom).Findings
	not := vex.Statement{
		Vulnerability: "cve-2026-1000", Status: vex.NotAffected, Justification: vex.CodeNotInExecutePath, Impact: "never called", Author: "Acme PSIRT", Issued: day(1),
	}
	for _, c := range []struct {
		name    string
		product vex.Product
		at      sbom.Coordinate
		version []string
		passed  string
	}{
		{"by CPE", vex.Product{CPE: "cpe:2.3:a:acme:libfoo:1.0:*:*:*:*:*:*:*"}, "cpe:a:acme:libfoo", []string{"1.0"}, ""},
		{"by a reference of another document", vex.Product{Ref: "libfoo"}, "", nil, "nothing in the device is"},
		{"by name and version", vex.Product{Name: "LibFoo", Version: "1.0"}, "cpe:a:acme:libfoo", []string{"1.0"}, ""},
		{"by purl", vex.Product{PURL: "pkg:npm/left@1.0.0"}, "pkg:npm/left", []string{"1.0.0"}, ""},
		{"within the device", vex.Product{Name: "libfoo", Version: "1.0", Within: &vex.Product{PURL: "pkg:generic/pump@3.1"}}, "cpe:a:acme:libfoo", []string{"1.0"}, ""},
		{"within another", vex.Product{Name: "libfoo", Within: &vex.Product{PURL: "pkg:generic/ventilator@3.0"}}, "", nil, "and the device is Device"},
		{"the device as a whole", vex.Product{PURL: "pkg:generic/pump@3.1"}, "", nil, ""},
		{"narrowed", vex.Product{Ref: "libfoo", Only: []vex.ID{{Kind: "architecture", Value: "arm"}}}, "", nil, "which the BOM does not state"},
		{"something else", vex.Product{PURL: "pkg:npm/right@1.0.0"}, "", nil, "nothing in the device is"},
	} {
		s := not
		s.Products = []vex.Product{c.product}
		got, passed := match.FromVEX(vex.Document{Digest: "d", Statements: []vex.Statement{s}}, "pump", bom, found, match.Setting{})
		if c.passed != "" {
			require.Empty(t, got, c.name)
			require.Contains(t, passed[0].Why, c.passed, c.name)
			continue
		}
		require.Empty(t, passed, c.name)
		require.Len(t, got, 1, c.name)
		require.Equal(t, c.at, got[0].Coordinate, c.name)
		require.Equal(t, "Acme PSIRT", got[0].Author)
		require.Equal(t, "never called", got[0].Reason)
		require.Equal(t, []feeds.ID{flaw}, got[0].Vulnerabilities)
		if c.version != nil {
			require.Equal(t, c.version, got[0].Versions, c.name)
		}
		if c.at == "cpe:a:acme:libfoo" || c.name == "the device as a whole" {
			require.True(t, ruled(t, bom, got, match.Setting{}, flawed(nil)).Hidden(), c.name)
		}
	}
	whole := not
	whole.Products = []vex.Product{{PURL: "pkg:generic/pump@3.1"}}
	decided, _ := match.FromVEX(vex.Document{Digest: "d", Statements: []vex.Statement{whole}}, "pump", bom, found, match.Setting{})
	bom.Root.Version = "3.2"
	require.Equal(t, `of the device, version "3.2" is none that was decided on (3.1)`, ruled(t, bom, decided, match.Setting{}, flawed(nil)).Reopened())

	open := not
	open.Status, open.Justification, open.Products = vex.UnderInvestigation, "", []vex.Product{{Ref: "libfoo"}}
	open.Products = []vex.Product{{Name: "libfoo"}}
	decided, _ = match.FromVEX(vex.Document{Statements: []vex.Statement{open}}, "pump", bom, found, match.Setting{})
	require.Len(t, decided, 1)
	require.False(t, ruled(t, bom, decided, match.Setting{}, flawed(nil)).Hidden(), "it hides nothing")
}
