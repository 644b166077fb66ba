package postmarket_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/open-postmarket/postmarket"

// rooms is the floor plan of docs/design.md: which room may import which. A row is
// an upper bound, and naming a room allows its parts.
var rooms = map[string][]string{
	"cvss":  {},
	"tlp":   {},
	"rule":  {},
	"vex":   {},
	"csaf":  {"cvss", "tlp", "sbom/vers"},
	"store": {},

	"notify": {"store", "tlp", "rule"},
	"device": {"store", "rule"},
	"sbom":   {"device", "vex", "store"},

	"feeds":      {"sbom", "cvss", "vex", "tlp", "store"},
	"match":      {"device", "sbom", "feeds", "vex", "cvss", "tlp", "store"},
	"assess":     {"cvss", "device", "sbom", "feeds", "match", "vex", "rule", "tlp", "store"},
	"patch":      {"device", "sbom", "match", "assess", "vex", "rule", "tlp", "store"},
	"disclosure": {"device", "sbom", "feeds", "cvss", "rule", "tlp", "notify", "store"},
	"advisory": {"cvss", "device", "sbom", "feeds", "match", "assess", "patch", "disclosure", "csaf", "vex",
		"rule", "tlp", "notify", "store"},
	"incident": {"device", "sbom", "feeds", "match", "assess", "patch", "disclosure", "advisory", "rule", "tlp", "notify", "store"},
	"share": {"device", "sbom", "feeds", "match", "assess", "patch", "disclosure", "advisory", "incident", "cvss",
		"rule", "tlp", "store"},

	"monitor":   {"device", "sbom", "feeds", "match", "assess", "vex", "notify", "rule", "tlp", "store"},
	"metrics":   {"*"},
	"playbook":  {"*"},
	"readiness": {"*"},
	"report":    {"*"},
	"":          {"*"},
}

// parts hold words or helpers of their room. What is below a room and not named
// here is an adapter.
var parts = map[string][]string{ // part → the rooms it may import, if not what its room may
	"cvss/rubric": {"cvss", "rule"}, "sbom/vers": {}, "sbom/cpe": {}, "vex/csaf": {"vex", "csaf"},
	"vex/openvex": {"vex"}, "vex/cyclonedx": {"vex"}, "assess/threat": nil, "report/chart": nil, "feeds/fetch": nil,
}

// suites are the conformance suites; open are the adapters that may see beyond their room.
var (
	suites = []string{"store/storetest", "feeds/feedtest", "notify/notifytest", "share/sharetest"}
	stores = []string{"store/memory", "store/sqlite", "store/postgres"}
)

// offense says why the package from may not import to, or nothing. Both are
// paths below the module.
func offense(from, to string) string {
	room, target := top(from), top(to)
	switch {
	case from == "sbom/read" && room == target, top(from) == "examples":
		return ""
	case strings.HasPrefix(to, "internal/"):
		if to != "internal/testdata" || strings.HasPrefix(from, "internal/") {
			return ""
		}
		return "internal/testdata is for tests"
	case strings.HasPrefix(from, "internal/"):
		return "internal packages import no room"
	case to == "" || slices.Contains(suites, to) || target == "examples":
		return "nobody imports the root, a suite or an example"
	case adapter(to):
		return "an adapter is imported by sbom/read and examples only"
	}
	if own, isPart := parts[from]; isPart && own != nil {
		if slices.Contains(own, target) || slices.Contains(own, to) {
			return ""
		}
		return "not in the row of the part " + from
	}
	if room == target && (from != room || isPart(to)) {
		return ""
	}
	if slices.Contains(stores, from) && slices.Contains([]string{"feeds", "sbom"}, target) {
		return ""
	}
	row := rooms[room]
	switch {
	case slices.Contains(row, "*"), slices.Contains(row, target), slices.Contains(row, to):
		return ""
	case adapter(from) && (isPart(to) || target == "vex" || target == "csaf"):
		return ""
	}
	return "not in the row of the room " + room
}

func top(p string) string { return strings.Split(p, "/")[0] }

func isPart(p string) bool { _, ok := parts[p]; return ok }

func adapter(p string) bool {
	_, known := rooms[top(p)]
	return known && strings.Contains(p, "/") && !isPart(p) && !slices.Contains(suites, p)
}

type goPackage struct {
	ImportPath, Dir, Doc, Name string
	Imports, GoFiles           []string
}

func list(t *testing.T, args ...string) []goPackage {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Dir,Doc,Name,Imports,GoFiles"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	var all []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := d.Decode(&p); err == io.EOF {
			return all
		} else {
			require.NoError(t, err)
		}
		all = append(all, p)
	}
}

func below(importPath string) (string, bool) {
	if importPath == module {
		return "", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

func TestTheFloorPlanHolds(t *testing.T) {
	t.Parallel()
	packages := list(t, "./...")
	require.Greater(t, len(packages), 10)
	for _, p := range packages {
		from, ours := below(p.ImportPath)
		require.True(t, ours, p.ImportPath)
		_, known := rooms[top(from)]
		if !known && top(from) != "internal" && top(from) != "examples" {
			t.Errorf("%s is no room of the house", from)
		}
		for _, i := range p.Imports {
			if to, ours := below(i); ours {
				if why := offense(from, to); why != "" {
					t.Errorf("%s imports %s: %s", p.ImportPath, i, why)
				}
			}
		}
		if !strings.HasPrefix(p.Doc, "Package ") && !strings.HasPrefix(p.Doc, "Command ") {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
		if slices.Contains([]string{"models", "types", "common", "util", "core", "pkg", "service", "manager"}, p.Name) {
			t.Errorf("%s is a name that says what kind of code it is, not what about", p.Name)
		}
	}
}

func TestTheFloorPlanRefusesPlantedImports(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to string
		allowed  bool
	}{
		{"match", "feeds", true},
		{"feeds", "match", false},
		{"match", "assess", false},
		{"cvss", "rule", false},
		{"cvss", "cvss/rubric", true},
		{"cvss/rubric", "cvss", true},
		{"cvss/rubric", "tlp", false},
		{"csaf", "sbom/vers", true},
		{"csaf", "sbom", false},
		{"sbom/vers", "sbom", false},
		{"match", "feeds/kev", false},
		{"", "store/sqlite", false},
		{"", "match", true},
		{"examples/quickstart", "store/sqlite", true},
		{"sbom/read", "sbom/cyclonedx", true},
		{"monitor", "sbom/read", false},
		{"feeds/nvd", "feeds/kev", false},
		{"feeds/nvd", "feeds/fetch", true},
		{"feeds/nvd", "tlp", true},
		{"feeds/nvd", "match", false},
		{"store/sqlite", "feeds", true},
		{"store/sqlite", "match", false},
		{"store", "feeds", false},
		{"match", "internal/testdata", false},
		{"store", "internal/canon", true},
		{"internal/canon", "store", false},
		{"feeds", "feeds/feedtest", false},
		{"patch", "monitor", false},
		{"monitor", "", false},
	} {
		require.Equal(t, c.allowed, offense(c.from, c.to) == "", "%s imports %s: %s", c.from, c.to, offense(c.from, c.to))
	}
}

// clocks are the places that may ask what time it is. The ledger is one of them:
// it stamps acts when its Options.Now is nil.
func clocks(pkg string) bool {
	return pkg == "" || pkg == "store" || pkg == "monitor" || adapter(pkg) || pkg == "feeds/fetch" || top(pkg) == "examples" || slices.Contains(suites, pkg)
}

func TestHabitsOfTheHouse(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./...") {
		pkg, _ := below(p.ImportPath)
		for _, name := range p.GoFiles {
			file := filepath.Join(p.Dir, name)
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, file, nil, 0)
			require.NoError(t, err)
			for _, i := range f.Imports {
				target := strings.Trim(i.Path.Value, `"`)
				suite := slices.Contains(suites, pkg) || pkg == "internal/testdata" || pkg == "internal/golden"
				if target == "testing" && !suite || strings.HasPrefix(target, "github.com/stretchr/") || strings.HasPrefix(target, "pgregory.net/") {
					t.Errorf("%s links %s into users' programs", file, target)
				}
			}
			for _, call := range forbidden(f, clocks(pkg), top(pkg) == "examples" && p.Name == "main") {
				t.Errorf("%s: %s", set.Position(call.at), call.what)
			}
		}
	}
}

type misuse struct {
	at   token.Pos
	what string
}

// forbidden finds calls that rooms do not make: the clock, the standard output,
// a context out of nowhere, and init.
func forbidden(f *ast.File, clock, main bool) []misuse {
	var out []misuse
	ast.Inspect(f, func(n ast.Node) bool {
		if fn, ok := n.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			out = append(out, misuse{fn.Pos(), "does things at import"})
		}
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := s.X.(*ast.Ident)
		if !ok {
			return true
		}
		switch name := x.Name + "." + s.Sel.Name; {
		case name == "time.Now" && !clock:
			out = append(out, misuse{s.Pos(), "asks what time it is"})
		case (name == "fmt.Print" || name == "fmt.Println" || name == "fmt.Printf" || name == "os.Stdout") && !main:
			out = append(out, misuse{s.Pos(), "prints"})
		case (name == "context.Background" || name == "context.TODO") && !main:
			out = append(out, misuse{s.Pos(), "makes a context out of nowhere"})
		}
		return true
	})
	return out
}

func TestHabitsCatchPlantedMisuse(t *testing.T) {
	t.Parallel()
	f, err := parser.ParseFile(token.NewFileSet(), "x.go", `package x
func init() {}
func f() { time.Now(); fmt.Println(); context.Background() }`, 0)
	require.NoError(t, err)
	require.Len(t, forbidden(f, false, false), 4)
	require.Len(t, forbidden(f, true, true), 1)
}

// TestImportingARoomLinksThatRoomOnly shows that a program that imports the root
// or one room carries no database.
func TestImportingARoomLinksThatRoomOnly(t *testing.T) {
	t.Parallel()
	for _, p := range []string{".", "./cvss", "./match"} {
		out, err := exec.Command("go", "list", "-deps", p).Output()
		require.NoError(t, err)
		for _, dep := range strings.Fields(string(out)) {
			require.NotContains(t, dep, "sqlite", "%s links %s", p, dep)
			require.NotContains(t, dep, "stretchr", "%s links %s", p, dep)
		}
	}
	out, err := exec.Command("go", "list", "-deps", "./cvss").Output()
	require.NoError(t, err)
	for _, dep := range strings.Fields(string(out)) {
		if strings.Contains(top(dep), ".") { // not of the standard library
			require.True(t, strings.HasPrefix(dep, module), "cvss links %s", dep)
		}
	}
}

// TestReadmeShowsWhatIsCompiled holds every Go block of the README against the
// examples of this package.
func TestReadmeShowsWhatIsCompiled(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	var code strings.Builder
	err = fs.WalkDir(os.DirFS("."), ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(p, "example_test.go") {
			b, err := os.ReadFile(p)
			require.NoError(t, err)
			code.WriteString(squeeze(string(b)))
		}
		return err
	})
	require.NoError(t, err)
	blocks := strings.Split(string(readme), "```go\n")[1:]
	require.NotEmpty(t, blocks)
	for _, b := range blocks {
		b, _, _ = strings.Cut(b, "```")
		require.Contains(t, code.String(), squeeze(b))
	}
}

// squeeze drops indentation, so that a block may stand outside its function.
func squeeze(s string) string {
	var lines []string
	for _, l := range strings.Split(s, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines, "\n")
}
