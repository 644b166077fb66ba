package vers_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/sbom/vers"
)

// A deviation is a case of a suite where we say something else: what we say, who
// is right, and why.
type deviation struct {
	Suite, Case, Says, Right, Why string
}

// A judge compares what we say with what a suite wants. Each difference has to be
// a deviation on file, and each deviation on file a difference.
type judge struct {
	t     *testing.T
	suite string
	known map[string]deviation
	cases int
	seen  map[string]bool
}

func newJudge(t *testing.T, suite string) *judge {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "deviations.json"))
	require.NoError(t, err)
	var all []deviation
	require.NoError(t, json.Unmarshal(body, &all))
	j := &judge{t: t, suite: suite, known: map[string]deviation{}, seen: map[string]bool{}}
	for _, d := range all {
		if d.Suite == suite {
			require.NotContains(t, j.known, d.Case)
			require.NotEmpty(t, d.Right, d.Case)
			require.NotEmpty(t, d.Why, d.Case)
			j.known[d.Case] = d
		}
	}
	return j
}

func (j *judge) say(name, got, want string) {
	j.cases++
	if got == want {
		return
	}
	d, ok := j.known[name]
	if !ok {
		j.t.Errorf("NEW\t%s\t%s\t%s\t%s", j.suite, name, got, want)
	} else if d.Says != got {
		j.t.Errorf("%s: we say %q, not %q as listed", name, got, d.Says)
	}
	j.seen[name] = true
}

// done fails for deviations that no longer deviate.
func (j *judge) done() {
	for name := range j.known {
		if !j.seen[name] {
			j.t.Errorf("listed, but no deviation any more: %s", name)
		}
	}
	j.t.Logf("%s: %d cases, %d deviations, each with its reason", j.suite, j.cases, len(j.seen))
}

func sign(c int, err error) string {
	if err != nil {
		return "refused"
	}
	return string("<=>"[c+1])
}

// The lists were taken from the registries' own tools.
func TestRegistryOrdersAgreeWithTheirOwnTools(t *testing.T) {
	t.Parallel()
	dir := testdata.Path(t, "matching", "versions-osv")
	schemes := map[string]vers.Scheme{
		"alpine": "Alpine", "cran": "CRAN", "debian": "Debian", "hackage": "Hackage", "maven": "Maven",
		"nuget": "NuGet", "packagist": "Packagist", "pub": "Pub", "pypi": "PyPI", "redhat": "Red Hat",
		"rubygems": "RubyGems", "semver": vers.SemVer,
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	j := newJudge(t, "osv")
	refused := 0
	for _, file := range files {
		name, _, _ := strings.Cut(filepath.Base(file), "-versions")
		scheme, ok := schemes[name]
		require.True(t, ok, file)
		f, err := os.Open(file)
		require.NoError(t, err)
		s := bufio.NewScanner(f)
		for s.Scan() {
			fields := strings.Fields(s.Text())
			if len(fields) != 3 || strings.HasPrefix(s.Text(), "#") {
				continue
			}
			got := sign(vers.Compare(scheme, fields[0], fields[2]))
			if got == "refused" {
				refused++
			}
			j.say(name+": "+s.Text(), got, fields[1])
		}
		require.NoError(t, f.Close())
	}
	j.done()
	require.Len(t, j.seen, refused, "a wrong answer, not a refusal")
	require.Less(t, refused*200, j.cases, "we refuse more than half a percent")
}

func load(t *testing.T, into any, elem ...string) {
	t.Helper()
	body, err := os.ReadFile(testdata.Path(t, elem...))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(body, into))
}

func TestVersSuite(t *testing.T) {
	t.Parallel()
	var suite struct {
		Cases []struct {
			Type     string          `json:"test_type"`
			Input    json.RawMessage `json:"input"`
			Expected json.RawMessage `json:"expected_output"`
			Failure  bool            `json:"expected_failure"`
		} `json:"cases"`
	}
	load(t, &suite, "matching", "vers", "vers-tests.json")
	schemes := map[string]vers.Scheme{
		"apk": "Alpine", "alpm": vers.Alpm, "conan": "ConanCenter", "datetime": vers.DateTime, "gentoo": vers.Gentoo,
		"lexicographic": vers.Lexicographic, "maven": "Maven", "npm": "npm", "nuget": "NuGet", "openssl": vers.OpenSSL, "pypi": "PyPI",
	}
	j := newJudge(t, "vers")
	kinds := map[string]int{}
	for _, c := range suite.Cases {
		kinds[c.Type]++
		var in struct {
			Scheme      string   `json:"scheme"`
			InputScheme string   `json:"input_scheme"`
			Native      string   `json:"native_range"`
			Vers        string   `json:"vers"`
			Version     string   `json:"version"`
			Versions    []string `json:"versions"`
		}
		text, want := "", ""
		if err := json.Unmarshal(c.Input, &in); err != nil {
			require.NoError(t, json.Unmarshal(c.Input, &text))
		}
		_ = json.Unmarshal(c.Expected, &want) // a text, or of another kind below
		if c.Failure {
			want = "refused"
		}
		switch c.Type {
		case "comparison", "equality":
			scheme, ok := schemes[in.InputScheme]
			require.True(t, ok, in.InputScheme)
			name := in.InputScheme + ": " + strings.Join(in.Versions, " ")
			if c.Type == "equality" {
				var equal bool
				require.NoError(t, json.Unmarshal(c.Expected, &equal))
				order, err := vers.Compare(scheme, in.Versions[0], in.Versions[1])
				got := fmt.Sprint(order == 0)
				if err != nil {
					got = "refused"
				}
				j.say(name+" equal", got, fmt.Sprint(equal))
				continue
			}
			var sorted []string
			require.NoError(t, json.Unmarshal(c.Expected, &sorted))
			got := slices.Clone(in.Versions)
			var failed error
			slices.SortStableFunc(got, func(a, b string) int {
				order, err := vers.Compare(scheme, a, b)
				failed = errors.Join(failed, err)
				return order
			})
			if failed != nil {
				got = []string{"refused"}
			}
			for i := range sorted { // the suite writes some versions another way
				if failed == nil && len(got) == len(sorted) && sign(vers.Compare(scheme, got[i], sorted[i])) == "=" {
					sorted[i] = got[i]
				}
			}
			j.say(name, strings.Join(got, " "), strings.Join(sorted, " "))
		case "from_native":
			j.say(in.Scheme+" "+in.Native, written(vers.FromNative(in.Scheme, in.Native)), want)
		case "validate":
			j.say(text, written(vers.ReadRange(text)), want)
		case "parse", "roundtrip":
			j.say(text, written(vers.ParseRange(text)), want)
		case "containment":
			var contained bool
			require.NoError(t, json.Unmarshal(c.Expected, &contained))
			r, err := vers.ReadRange(in.Vers)
			require.NoError(t, err)
			got, err := r.Contains(in.Version)
			require.NoError(t, err)
			j.say(in.Vers+" "+in.Version, fmt.Sprint(got), fmt.Sprint(contained))
		default:
			t.Errorf("a kind of case that is not run: %s", c.Type)
		}
	}
	j.done()
	t.Log(kinds)
}

func written(r vers.Range, err error) string {
	if err != nil {
		return "refused"
	}
	return r.String()
}

// grype names its formats in its own way; what has no scheme of ours is Generic.
var grype = map[string]vers.Scheme{
	"apk": "Alpine", "bitnami": "Bitnami", "deb": "Debian", "fuzzy": vers.Generic, "gem": "RubyGems", "go": "Go",
	"jvm": vers.Generic, "kb": vers.Generic, "maven": "Maven", "pacman": vers.Alpm, "pep440": "PyPI",
	"portage": vers.Gentoo, "rpm": "Red Hat", "semver": vers.SemVer,
}

func TestGrypeComparisons(t *testing.T) {
	t.Parallel()
	var suite struct {
		Cases []struct {
			Format, A, B string
			Cmp          int
			Epoch        string `json:"missing_epoch"`
		}
	}
	load(t, &suite, "matching", "versions-other", "grype-compare.json")
	j := newJudge(t, "grype-compare")
	for _, c := range suite.Cases {
		scheme, ok := grype[c.Format]
		require.True(t, ok, c.Format)
		name := strings.TrimSpace(fmt.Sprintf("%s: %s %s %s", c.Format, c.A, c.B, c.Epoch))
		j.say(name, sign(vers.Compare(scheme, c.A, c.B)), string("<=>"[c.Cmp+1]))
	}
	j.done()
}

func TestNvdtoolsComparisons(t *testing.T) {
	t.Parallel()
	var suite struct {
		Cases []struct {
			A, B string
			Cmp  int
		}
	}
	load(t, &suite, "matching", "versions-other", "nvdtools-smartvercmp.json")
	j := newJudge(t, "nvdtools")
	for _, c := range suite.Cases {
		j.say(c.A+" "+c.B, sign(vers.Compare(vers.Generic, c.A, c.B)), string("<=>"[c.Cmp+1]))
	}
	j.done()
}

func TestGrypeConstraints(t *testing.T) {
	t.Parallel()
	var suite struct {
		Cases []struct {
			Format, Version, Constraint string
			Satisfied                   bool
		}
	}
	load(t, &suite, "matching", "versions-other", "grype-constraints.json")
	j := newJudge(t, "grype-constraints")
	for _, c := range suite.Cases {
		scheme, ok := grype[c.Format]
		require.True(t, ok, c.Format)
		got, err := satisfied(scheme, c.Version, c.Constraint)
		says := fmt.Sprint(got)
		if err != nil {
			says = "refused"
		}
		j.say(fmt.Sprintf("%s: %s in %s", c.Format, c.Version, strings.TrimSpace(c.Constraint)), says, fmt.Sprint(c.Satisfied))
	}
	j.done()
}

// satisfied reads grype's constraints: commas bind closer than ||, no comparator
// is equality, and no constraint holds for all.
func satisfied(scheme vers.Scheme, version, constraint string) (bool, error) {
	if strings.TrimSpace(constraint) == "" {
		return true, nil
	}
	var failed error
	for side := range strings.SplitSeq(constraint, "||") {
		all := true
		for c := range strings.SplitSeq(side, ",") {
			c = strings.TrimSpace(c)
			bound := strings.TrimLeft(c, "<>=! ")
			op := strings.TrimSpace(c[:len(c)-len(bound)])
			order, err := vers.Compare(scheme, version, strings.Trim(bound, `'"`))
			if err != nil {
				failed, all = err, false
				continue
			}
			switch op {
			case "", "=":
				all = all && order == 0
			case "!=":
				all = all && order != 0
			case "<":
				all = all && order < 0
			case "<=":
				all = all && order <= 0
			case ">":
				all = all && order > 0
			case ">=":
				all = all && order >= 0
			default:
				return false, fmt.Errorf("comparator %q", op)
			}
		}
		if all {
			return true, nil
		}
	}
	return false, failed
}
