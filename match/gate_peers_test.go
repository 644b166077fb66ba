package match_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/vex"
)

// bounds are the ends of a range as peers write them.
type bounds struct{ StartIncluding, StartExcluding, EndIncluding, EndExcluding string }

func (b bounds) criterion(cpe string) feeds.Criterion {
	return feeds.Criterion{
		CPE: cpe, Vulnerable: true, StartIncluding: b.StartIncluding, StartExcluding: b.StartExcluding,
		EndIncluding: b.EndIncluding, EndExcluding: b.EndExcluding,
	}
}

func (b bounds) events() []feeds.Event {
	out := []feeds.Event{{Introduced: "0"}}
	if b.StartIncluding != "" {
		out[0].Introduced = b.StartIncluding
	}
	if b.EndExcluding != "" {
		out = append(out, feeds.Event{Fixed: b.EndExcluding})
	}
	if b.EndIncluding != "" {
		out = append(out, feeds.Event{LastAffected: b.EndIncluding})
	}
	return out
}

// byPURL is a record about what the purl names: an OSV package, or, where a bound is
// one that OSV does not have, a product.
func (b bounds) byPURL(t *testing.T, item feeds.ID, purl string) feeds.Record {
	t.Helper()
	pkg, err := sbom.Component{PURL: purl}.Package()
	require.NoError(t, err, purl)
	e, name, ok := pkg.Ecosystem()
	require.True(t, ok, purl)
	r := feeds.Record{Source: "osv", Item: string(item), Names: []feeds.ID{item}}
	if b.StartExcluding != "" {
		r.Products = []feeds.Product{{PURLs: []string{purl}, Default: vex.NotAffected, Spans: []feeds.Span{{
			Status: vex.Affected, Type: pkg.Type, After: b.StartExcluding, Below: b.EndExcluding, UpTo: b.EndIncluding,
		}}}}
		return r
	}
	p := feeds.Package{Ecosystem: e, Name: name}
	if pkg.Distro != "" {
		p.Ecosystem += ":" + strings.TrimPrefix(strings.TrimPrefix(pkg.Distro, "debian-"), "rhel-")
	}
	if pkg.Version != "" {
		p.Versions = []string{pkg.Version}
	} else {
		p.Ranges = []feeds.Range{{Type: feeds.Ecosystem, Events: b.events()}}
	}
	r.Packages = []feeds.Package{p}
	return r
}

func TestCasesOfDependencyTrack(t *testing.T) {
	t.Parallel()
	var listed map[string][]deviation
	readJSON(t, filepath.Join("testdata", "dependency-track-deviations.json"), &listed)
	for _, suite := range []struct {
		name  string
		cases int
	}{{"cpe", 154}, {"purl-range", 9}, {"distro", 29}} {
		t.Run(suite.name, func(t *testing.T) {
			t.Parallel()
			var file struct {
				Cases []struct {
					Vuln      string
					Range     bounds
					Component string
					Match     bool
				}
			}
			readJSON(t, testdata.Path(t, "matching", "matching", "dependency-track-"+suite.name+".json"), &file)
			require.Len(t, file.Cases, suite.cases)
			seen := map[string]string{}
			undecided := 0
			for _, c := range file.Cases {
				var r feeds.Record
				component := sbom.Component{Name: "it", PURL: c.Component}
				if suite.name == "cpe" {
					r = record("CVE-2026-0001", any1(or(c.Range.criterion(c.Vuln))))
					component = sbom.Component{Name: "it", CPE: c.Component}
				} else {
					r = c.Range.byPURL(t, "CVE-2026-0001", c.Vuln)
				}
				says, why := said(match.Build([]feeds.Record{r}, nil).Explain("", alone(component)), "it", "CVE-2026-0001")
				if says == asked {
					undecided++
				}
				if c.Match != (says == found) {
					key := strings.TrimSpace(c.Vuln + " " + c.Range.text() + " | " + c.Component)
					seen[key] = says
					t.Logf("%s: theirs %v, ours %s (%s)", key, c.Match, says, why)
				}
			}
			t.Logf("%d cases, %d agree, %d deviate (listed), %d left to a person", len(file.Cases), len(file.Cases)-len(seen), len(seen), undecided)
			hold(t, listed[suite.name], seen)
		})
	}
}

func (b bounds) text() string {
	var out []string
	for _, x := range []struct{ op, v string }{{">=", b.StartIncluding}, {">", b.StartExcluding}, {"<=", b.EndIncluding}, {"<", b.EndExcluding}} {
		if x.v != "" {
			out = append(out, x.op+x.v)
		}
	}
	return strings.Join(out, " ")
}

func TestDefectsThatUsersReportedElsewhereAreNoneHere(t *testing.T) {
	t.Parallel()
	var file struct {
		Cases []struct {
			ID, Issue, Expect, Why string
			Component              struct {
				Name, Version, PURL, CPE string
				CPEs, Inventory          []string
			}
			Vuln struct {
				ID, CPE, PURL, Type, Repo string
				bounds
				Ecosystem, Name string
				Versions        []string
				Ranges          []struct {
					bounds
					Type, Repo, Introduced, Fixed string
				}
				Nodes []struct {
					Vulnerable    []string
					NotVulnerable []string `json:"not_vulnerable"`
				}
				Records []struct {
					ID      feeds.ID
					Aliases []feeds.ID
					Fixed   string
				}
			}
		}
	}
	readJSON(t, testdata.Path(t, "matching", "regressions", "issue-cases.json"), &file)
	require.Len(t, file.Cases, 23)
	const id = feeds.ID("CVE-2026-0001")
	// What the reports say in words about ranges.
	inWords := map[string]string{
		"cpe:2.3:o:arista:eos (range covering 4.23.10m)":     "cpe:2.3:o:arista:eos:*:*:*:*:*:*:*:* <4.24",
		"OS package platform CPEs of specific distributions": "cpe:2.3:o:debian:debian_linux:-:*:*:*:*:*:*:*",
	}
	right := 0
	for _, c := range file.Cases {
		v := c.Vuln
		component := sbom.Component{Name: c.Component.Name, Version: c.Component.Version, PURL: c.Component.PURL, CPE: c.Component.CPE}
		var with []sbom.Component
		for k, text := range c.Component.CPEs {
			if k == 0 {
				component.CPE = text
				continue
			}
			component.More = append(component.More, sbom.Identifier{Kind: "cpe", Text: text})
		}
		for k, text := range c.Component.Inventory {
			if k == 0 {
				component.CPE = text
				continue
			}
			with = append(with, sbom.Component{Ref: fmt.Sprint("with ", k), CPE: text})
		}
		var records []feeds.Record
		pkg := func(ecosystem, name string, ranges ...feeds.Range) {
			records = append(records, feeds.Record{Source: "osv", Item: string(id), Names: []feeds.ID{id}, Packages: []feeds.Package{{
				Ecosystem: ecosystem, Name: name, Versions: v.Versions, Ranges: ranges,
			}}})
		}
		own, _ := component.Package()
		ecosystem, name, _ := own.Ecosystem()
		var ranges []feeds.Range
		for _, r := range v.Ranges {
			kind := feeds.RangeType(r.Type)
			events := r.bounds.events()
			if kind == "" {
				kind = feeds.SemVer
			} else {
				events = []feeds.Event{{Introduced: r.Introduced}, {Fixed: r.Fixed}}
			}
			ranges = append(ranges, feeds.Range{Type: kind, Repo: r.Repo, Events: events})
		}
		switch {
		case len(v.Records) > 0:
			for _, r := range v.Records {
				events := []feeds.Event{{Introduced: "0"}}
				if r.Fixed != "" {
					events = append(events, feeds.Event{Fixed: r.Fixed})
				}
				records = append(records, feeds.Record{Source: "osv", Item: string(r.ID), Names: append([]feeds.ID{r.ID}, r.Aliases...), Packages: []feeds.Package{{
					Ecosystem: ecosystem, Name: name, Ranges: []feeds.Range{{Type: feeds.SemVer, Events: events}},
				}}})
			}
		case len(v.Nodes) > 0:
			var nodes []feeds.Node
			for _, n := range v.Nodes {
				var leaves []feeds.Criterion
				for _, text := range n.Vulnerable {
					if other := inWords[text]; other != "" {
						text = other
					}
					text, end, _ := strings.Cut(text, " <")
					leaves = append(leaves, feeds.Criterion{CPE: text, Vulnerable: true, EndExcluding: end})
				}
				for _, text := range n.NotVulnerable {
					if other := inWords[text]; other != "" {
						text = other
					}
					leaves = append(leaves, on(text))
				}
				nodes = append(nodes, or(leaves...))
			}
			records = append(records, record(id, and(nodes...)))
		case v.Type == "GIT":
			pkg("", "", feeds.Range{Type: feeds.Git, Repo: v.Repo})
		case v.PURL != "":
			records = append(records, v.bounds.byPURL(t, id, v.PURL))
		case v.Name != "":
			pkg(v.Ecosystem, v.Name, feeds.Range{Type: feeds.SemVer, Events: v.bounds.events()})
		case len(v.Ranges) > 0 && v.CPE == "":
			pkg(ecosystem, name, ranges...)
		default:
			if v.CPE == "" {
				v.CPE = "cpe:2.3:a:qt:qt:*:*:*:*:*:*:*:*" // told in words
				v.EndExcluding = "5.15.3"
				if c.Component.Version != "" {
					v.CPE, v.EndExcluding = "cpe:2.3:a:djangoproject:django:*:*:*:*:*:*:*:*", c.Vuln.EndExcluding
				}
			}
			if component.CPE == "" && component.PURL == "" {
				component.CPE = v.CPE // the case is about the order of versions
			}
			leaves := []feeds.Criterion{v.bounds.criterion(v.CPE)}
			if len(v.Ranges) > 0 {
				leaves = nil
				for _, r := range v.Ranges {
					leaves = append(leaves, r.bounds.criterion(v.CPE))
				}
			}
			records = append(records, record(id, any1(or(leaves...))))
		}
		r := match.Build(records, nil).Explain("", alone(component, with...))
		says, why := said(r, "it", id)
		ok := false
		switch c.Expect {
		case "affected":
			ok = says == found
			if !ok && len(with) > 0 { // the firmware is another one of the inventory
				ok = len(r.Findings) == 1
			}
		case "affected_with_alias_evidence":
			ok = says == found && r.Findings[0].Instances[0].Evidence[0].Alias != nil
		case "not_affected":
			ok = len(r.Findings)+len(r.Undecided) == 0
		case "not_affected_or_low_confidence":
			ok = len(r.Findings) == 0
		case "possible_low_confidence":
			ok = len(r.Findings) == 0 && len(r.Questions()) == 1
		case "one_finding":
			ok = len(r.Findings) == 1 && slices.Contains(r.Findings[0].IDs, c.Vuln.Records[0].Aliases[0]) && slices.Contains(r.Findings[0].Fixed(), c.Vuln.Records[0].Fixed)
		}
		if ok {
			right++
		} else {
			body, _ := json.Marshal(r.Undecided)
			t.Errorf("%s (%s): expected %s, we say %s %s %.300s | %s", c.ID, c.Issue, c.Expect, says, why, body, c.Why)
		}
	}
	t.Logf("%d cases, %d right", len(file.Cases), right)
}
