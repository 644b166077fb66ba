package match_test

import (
	"bufio"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
)

// label is one row of Anchore's labels: somebody looked whether the vulnerability is
// in that package of an image.
type label struct {
	Vuln, CVE        feeds.ID
	Package, Version string
	Labels           []string
}

var (
	apkVersion = regexp.MustCompile(`-r\d+$`)
	rpmVersion = regexp.MustCompile(`\.(el|amzn|fc|oe)\d|\.cm\d|\.mariner|\.ph\d|\.module`)
	debVersion = regexp.MustCompile(`[+~]deb\d|ubuntu|[-+]\d+(\.\d+)*(build\d|~bpo|\+b\d)|^\d+:`)
)

// component makes a component of the row. The labels do not say of what kind a package is: the form
// of the version tells a distribution's, the form of the name a module of Go, and of the
// rest the ecosystem is taken from the records of the vulnerability that name a package
// so.
func (l label) component(records []feeds.Record) (c sbom.Component, kind string) {
	c = sbom.Component{Name: l.Package, Version: l.Version}
	version := strings.NewReplacer("+", "%2B", ":", "%3A").Replace(l.Version)
	switch {
	case apkVersion.MatchString(l.Version):
		c.PURL, kind = "pkg:apk/alpine/"+l.Package+"@"+version, "distribution"
	case rpmVersion.MatchString(l.Version):
		c.PURL, kind = "pkg:rpm/redhat/"+l.Package+"@"+version, "distribution"
	case debVersion.MatchString(l.Version):
		c.PURL, kind = "pkg:deb/debian/"+l.Package+"@"+version, "distribution"
	case strings.Contains(l.Package, "/") && strings.Contains(strings.Split(l.Package, "/")[0], "."):
		c.PURL, kind = "pkg:golang/"+l.Package+"@"+version, "package"
	default:
		kind = "name"
		for _, r := range records {
			for _, p := range r.Packages {
				for ecosystem, of := range map[string]string{"PyPI": "pypi", "crates.io": "cargo"} {
					if p.Ecosystem == ecosystem && strings.EqualFold(p.Name, l.Package) {
						c.PURL, kind = "pkg:"+of+"/"+p.Name+"@"+version, "package"
					}
				}
			}
		}
	}
	return c, kind
}

// TestLabelsOfAnchore asks of every labelled vulnerability of which the bundle holds a record. Few
// packages of the images are of an ecosystem of which it holds all, so most of the
// answer is what was not looked at: that has to be told, and never to be silence. The
// bounds are what was measured and may only get better:
//
//   - TP, found or asked: a package of an ecosystem is found by its purl; one of a
//     distribution, and one of which only the name is known, is asked about.
//   - TP, the record says no: the record at hand ends before, or begins after, the version; the label
//     rests on another record (Django 1.11 is out of support and not listed; a
//     distribution's advisory for what its maker never gave out).
//   - TP, not evaluated: the coverage verdict of every source says so. Packages of distributions
//     whose records are not in the bundle, parts of a source package by another name (libc6).
//   - FP, found: the record lists the version or has it in its range, and the identifier is the
//     package's own. The label knows what the inventory of a package and a version does not:
//     a distribution's repair of a library of Python, or code of a module that is not built in.
func TestLabelsOfAnchore(t *testing.T) {
	t.Parallel()
	of := named(nvdRecords(t), osvRecords(t), cveRecords(t))
	f, err := os.Open(testdata.Path(t, "matching", "labels", "anchore-vulnerability-match-labels.jsonl"))
	require.NoError(t, err)
	defer f.Close()
	rows, judged := 0, 0
	counts := map[string]int{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var l label
		require.NoError(t, json.Unmarshal(lines.Bytes(), &l))
		rows++
		about := merged(of[l.Vuln], of[l.CVE])
		if len(about) == 0 || len(l.Labels) != 1 || l.Labels[0] == "??" {
			continue
		}
		judged++
		c, kind := l.component(about)
		r := match.Build(about, &match.Options{Sources: []string{"cve", "nvd", "osv"}}).Explain("", alone(c))
		says, why := silent, ""
		for _, id := range []feeds.ID{l.CVE, l.Vuln} {
			if says == silent && id != "" {
				says, why = said(r, "it", id)
			}
		}
		class := l.Labels[0] + " " + says
		switch {
		case says == silent && !slices.ContainsFunc(r.Coverage, func(c match.Coverage) bool { return c.Verdict == match.Evaluated }):
			class = l.Labels[0] + " not evaluated"
		case says == silent:
			// The record speaks of other packages than the component is.
			class = l.Labels[0] + " of another package"
			if names(about, c) {
				t.Errorf("%s %s on %s %s is passed over in silence", l.Vuln, l.CVE, l.Package, l.Version)
			}
		case says == found && l.Labels[0] == "FP":
			require.Equal(t, "package", kind, "%s on %s %s: %s", l.Vuln, l.Package, l.Version, why)
			for _, f := range r.Findings {
				for _, e := range f.Instances[0].Evidence {
					require.Equal(t, match.ByPURL, e.Identifier, l.Package)
					require.Nil(t, e.Alias, l.Package)
				}
			}
		}
		counts[class]++
	}
	require.NoError(t, lines.Err())
	t.Logf("%d rows, %d with a record: %v", rows, judged, counts)
	require.Equal(t, 12582, rows)
	require.GreaterOrEqual(t, counts["TP affected"], 57)
	require.GreaterOrEqual(t, counts["TP affected"]+counts["TP undecided"], 250)
	require.LessOrEqual(t, counts["TP not-affected"], 21)
	require.LessOrEqual(t, counts["FP affected"], 36)
}

// names reports whether one of the records names the component's package.
func names(records []feeds.Record, c sbom.Component) bool {
	for _, at := range c.Coordinates() {
		for _, r := range records {
			if !at.Hint() && slices.Contains(r.Coordinates(), at) {
				return true
			}
		}
	}
	return false
}
