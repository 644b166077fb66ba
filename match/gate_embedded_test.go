package match_test

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cpe"
	"github.com/open-postmarket/postmarket/vex"
)

// labelled is one row of our own set; see testdata/embedded/README.md.
type labelled struct {
	ID        string
	Component part1
	With      []part1
	CVE       feeds.ID
	Expected  string
	Why       string
	Source    string
	Certainty string
	Bundle    bool
	Records   []string `json:"bundle_records"`
	Group     string
}

type part1 struct{ Type, Name, Version, Supplier, PURL, CPE string }

func (p part1) component(ref string) sbom.Component {
	return sbom.Component{Ref: ref, Type: sbom.Type(p.Type), Name: p.Name, Version: p.Version, Supplier: p.Supplier, PURL: p.PURL, CPE: p.CPE}
}

func (l labelled) bom() sbom.BOM {
	var with []sbom.Component
	for k, p := range l.With {
		with = append(with, p.component(fmt.Sprintf("with %d", k)))
	}
	return alone(l.Component.component("it"), with...)
}

// neutral is what one CVE affects, in the form of testdata/embedded/README.md.
type neutral struct {
	CVE      feeds.ID
	Source   string
	Affected []struct {
		Vendor, Product, CPE, PURL string
		Ranges                     []stretch
		Versions, Unaffected       []string
		RunningOn                  []string `json:"running_on"`
	}
}

type stretch struct {
	Introduced, Fixed, Kind string
	LastAffected            string `json:"last_affected"`
}

func (s stretch) span() feeds.Span {
	return feeds.Span{Status: vex.Affected, From: s.Introduced, Below: s.Fixed, UpTo: s.LastAffected, Type: s.Kind, Open: s.Fixed == "" && s.LastAffected == ""}
}

func (s stretch) events() []feeds.Event {
	out := []feeds.Event{{Introduced: s.Introduced}}
	if s.Fixed != "" {
		out = append(out, feeds.Event{Fixed: s.Fixed})
	}
	if s.LastAffected != "" {
		out = append(out, feeds.Event{LastAffected: s.LastAffected})
	}
	return out
}

// records writes n as three sources would: a list of CPE criteria, a record in the
// words of the publisher, and packages of distributions and commits.
func (n neutral) records() []feeds.Record {
	names := []feeds.ID{n.CVE}
	criteria := feeds.Record{Source: "nvd", Item: string(n.CVE), Names: names}
	words := feeds.Record{Source: "cve", Item: string(n.CVE), Names: names}
	packages := feeds.Record{Source: "osv", Item: string(n.CVE), Names: names}
	for _, a := range n.Affected {
		if p, err := (sbom.Component{PURL: a.PURL}).Package(); err == nil {
			if e, name, ok := p.Ecosystem(); ok {
				one := feeds.Package{Ecosystem: e, Name: name, Versions: a.Versions}
				for _, s := range a.Ranges {
					one.Ranges = append(one.Ranges, feeds.Range{Type: feeds.Ecosystem, Events: s.events()})
				}
				packages.Packages = append(packages.Packages, one)
				continue
			}
		}
		p := feeds.Product{Vendor: a.Vendor, Name: a.Product}
		if a.CPE != "" {
			p.CPEs = []string{a.CPE}
		}
		if a.PURL != "" {
			p.PURLs = []string{a.PURL}
		}
		for _, v := range a.Unaffected {
			p.Spans = append(p.Spans, feeds.Span{Status: vex.NotAffected, From: v})
		}
		for _, v := range a.Versions {
			p.Spans = append(p.Spans, feeds.Span{Status: vex.Affected, From: v})
		}
		var leaves []feeds.Criterion
		for _, s := range a.Ranges {
			if s.Kind == "git" {
				at, _ := sbom.RepoCoordinate(strings.Replace(a.PURL, "pkg:github/", "https://github.com/", 1))
				packages.Packages = append(packages.Packages, feeds.Package{Name: string(at), Ranges: []feeds.Range{{
					Type: feeds.Git, Repo: strings.Replace(a.PURL, "pkg:github/", "https://github.com/", 1), Events: s.events(),
				}}})
				continue
			}
			p.Spans = append(p.Spans, s.span())
			c := feeds.Criterion{CPE: a.CPE, Vulnerable: true, EndExcluding: s.Fixed, EndIncluding: s.LastAffected}
			if s.Introduced != "0" {
				c.StartIncluding = s.Introduced
			}
			leaves = append(leaves, c)
		}
		if len(p.Spans) > 0 {
			p.Default = vex.NotAffected // the stretches are all that is affected
		}
		if len(a.RunningOn) == 0 {
			words.Products = append(words.Products, p)
		}
		if a.CPE == "" || len(a.Unaffected) > 0 {
			continue
		}
		for _, v := range a.Versions {
			name, _ := cpe.Parse(a.CPE)
			name.Version = cpe.Literal(strings.ReplaceAll(v, " ", "_"))
			leaves = append(leaves, feeds.Criterion{CPE: name.String(), Vulnerable: true})
		}
		if len(leaves) == 0 {
			continue
		}
		tree := any1(or(leaves...))
		if len(a.RunningOn) > 0 {
			var on []feeds.Criterion
			for _, h := range a.RunningOn {
				on = append(on, feeds.Criterion{CPE: h})
			}
			tree = and(or(leaves...), or(on...))
		}
		criteria.Configurations = append(criteria.Configurations, tree)
	}
	var out []feeds.Record
	for _, r := range []feeds.Record{criteria, words, packages} {
		if r.Claims() {
			out = append(out, r)
		}
	}
	return out
}

func readLabelled(t *testing.T) (rows []labelled, records map[feeds.ID]neutral) {
	t.Helper()
	readJSON(t, filepath.Join("testdata", "embedded", "rows.json"), &rows)
	var list []neutral
	readJSON(t, filepath.Join("testdata", "embedded", "records.json"), &list)
	records = map[feeds.ID]neutral{}
	for _, n := range list {
		records[n.CVE] = n
	}
	return rows, records
}

// embeddedDeviations are the listed ones of the set by its own records, or by those of the
// bundle.
func embeddedDeviations(t *testing.T, of string) []deviation {
	t.Helper()
	var listed map[string][]deviation
	readJSON(t, filepath.Join("testdata", "embedded-deviations.json"), &listed)
	return listed[of]
}

// tally counts answers by group.
type tally map[string]map[string]int

func (c tally) add(group, what string) {
	for _, g := range []string{group, "all"} {
		if c[g] == nil {
			c[g] = map[string]int{}
		}
		c[g][what]++
		c[g]["rows"]++
	}
}

func (c tally) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-24s %5s %5s %5s %5s", "group", "rows", "right", "asked", "wrong")
	groups := slices.SortedFunc(maps.Keys(c), func(a, b string) int {
		return cmp.Or(cmp.Compare(c[b]["rows"], c[a]["rows"]), strings.Compare(a, b))
	})
	for _, g := range groups {
		fmt.Fprintf(&b, "\n%-24s %5d %5d %5d %5d", g, c[g]["rows"], c[g]["right"], c[g]["asked"], c[g]["wrong"])
	}
	return b.String()
}

// grade compares what is expected with what was said: a question where an answer
// is expected is no wrong answer.
func grade(expected, says string) string {
	switch {
	case expected == "affected" && says == found,
		expected == "not-affected" && (says == rejected || says == silent),
		expected == "unknown" && says == asked:
		return "right"
	case expected != "unknown" && says == asked:
		return "asked"
	}
	return "wrong"
}

func TestTheLabelledSetIsWellFormed(t *testing.T) {
	t.Parallel()
	rows, records := readLabelled(t)
	require.GreaterOrEqual(t, len(rows), 200)
	ids := map[string]bool{}
	for _, row := range rows {
		require.False(t, ids[row.ID], "%s comes twice", row.ID)
		ids[row.ID] = true
		for _, text := range []string{row.ID, row.Component.Name, row.Component.Type, row.Why, row.Source, row.Group} {
			require.NotEmpty(t, strings.TrimSpace(text), row.ID)
		}
		require.True(t, row.CVE.CVE(), row.ID)
		require.Contains(t, []string{"affected", "not-affected", "unknown"}, row.Expected, row.ID)
		require.Contains(t, []string{"verified", "secondary"}, row.Certainty, "%s: no row is from memory", row.ID)
		require.Contains(t, records, row.CVE, row.ID)
		require.Equal(t, row.Bundle, len(row.Records) > 0, row.ID)
		for _, p := range append(slices.Clone(row.With), row.Component) {
			if p.CPE != "" {
				n, err := cpe.Parse(p.CPE)
				require.NoError(t, err, row.ID)
				require.True(t, n.Names(), row.ID)
			}
			if p.PURL != "" {
				_, err := p.component("").Package()
				require.NoError(t, err, row.ID)
			}
		}
	}
	for _, n := range records {
		require.NotEmpty(t, n.Source, n.CVE)
		for _, a := range n.Affected {
			require.NotEmpty(t, a.Vendor+a.Product, n.CVE)
			for _, text := range append(slices.Clone(a.RunningOn), a.CPE) {
				if text != "" {
					_, err := cpe.Parse(text)
					require.NoError(t, err, n.CVE)
				}
			}
			for _, s := range a.Ranges {
				require.NotEmpty(t, s.Introduced, n.CVE)
				require.False(t, s.Fixed != "" && s.LastAffected != "", n.CVE)
			}
		}
	}
	t.Logf("%d rows, %d records", len(rows), len(records))
}

func TestComponentsOfDevicesAreJudgedAsTheirAdvisoriesSay(t *testing.T) {
	t.Parallel()
	rows, records := readLabelled(t)
	counts := tally{}
	seen := map[string]string{}
	for _, row := range rows {
		r := match.Build(records[row.CVE].records(), nil).Explain("", row.bom())
		says, why := said(r, "it", row.CVE)
		g := grade(row.Expected, says)
		counts.add(row.Group, g)
		if g != "right" {
			seen[row.ID] = says
			t.Logf("%s %s: expected %s, we say %s (%s) | %+v | %s", g, row.ID, row.Expected, says, why, row.Component, row.Why)
		}
	}
	t.Log(counts)
	hold(t, embeddedDeviations(t, "records"), seen)
}
