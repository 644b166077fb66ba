package postmarket_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sentences reads the list of promises with a name from the source of a suite.
func sentences(t *testing.T, dir, list string) (out []string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	consts := map[string]string{}
	var found *ast.CompositeLit
	for _, name := range names {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || len(v.Names) != 1 || len(v.Values) != 1 {
				return true
			}
			switch value := v.Values[0].(type) {
			case *ast.BasicLit:
				consts[v.Names[0].Name] = value.Value
			case *ast.CompositeLit:
				if v.Names[0].Name == list {
					found = value
				}
			}
			return true
		})
	}
	require.NotNil(t, found, "%s has no list %s", dir, list)
	for _, e := range found.Elts {
		text := ""
		switch first := e.(*ast.CompositeLit).Elts[0].(type) {
		case *ast.BasicLit:
			text = first.Value
		case *ast.Ident:
			text = consts[first.Name]
		}
		sentence, err := strconv.Unquote(text)
		require.NoError(t, err)
		out = append(out, sentence)
	}
	return out
}

// TestAdaptersPageNamesThePromisesOfTheSuites holds the lists of docs/adapters.md
// against the suites, in both directions.
func TestAdaptersPageNamesThePromisesOfTheSuites(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("docs/adapters.md")
	require.NoError(t, err)
	page := string(body)
	for _, c := range []struct{ suite, dir, list string }{
		{"feedtest.Run", "feeds/feedtest", "promises"},
		{"feedtest.RunMirror", "feeds/feedtest", "mirrorPromises"},
		{"storetest.Run", "store/storetest", "promises"},
		{"storetest.RunVault", "store/storetest", "vaultPromises"},
	} {
		_, after, ok := strings.Cut(page, "(`"+c.suite+"`):\n\n")
		require.True(t, ok, "the page has no list of %s", c.suite)
		items, _, _ := strings.Cut(after, "\n\n")
		var told []string
		for line := range strings.Lines(items) {
			told = append(told, strings.TrimPrefix(strings.TrimSpace(line), "- "))
		}
		require.Equal(t, sentences(t, c.dir, c.list), told, "the promises of %s", c.suite)
	}
	for _, link := range regexp.MustCompile(`\]\(\.\./([^)]+)\)`).FindAllStringSubmatch(page, -1) {
		_, err := os.Stat(link[1])
		require.NoError(t, err, "what the page points to")
	}
}
