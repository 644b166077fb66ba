package postmarket_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/internal/golden"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/notify"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/store/sqlite"
	"github.com/open-postmarket/postmarket/vex"
)

// records are the kinds of the house. A new kind has to come here, or into alone, and
// then needs a golden: room/testdata/noun.vN.json for every version N of its shape, or
// the file that is named.
var records = []record{
	of(device.Products, ""), of(device.Lines, ""), of(device.Lives, ""), of(device.Counts, ""), of(device.UseStatements, ""),
	of(device.Suppliers, ""), of(device.RelatedSystems, ""), of(device.Attestations, ""),
	of(sbom.Files, ""), of(sbom.Identities, ""),
	of(feeds.Evidence, ""),
	of(match.Decisions, ""), of(match.Judgments, ""), of(match.States, ""),
	of(assess.Assessments, ""), of(assess.Discretions, ""), of(assess.CorrectionDecisions, ""), of(assess.Inconsistencies, ""),
	of(patch.Plans, ""), of(patch.Changes, ""), of(patch.Releases, "patch/testdata/release.record.v1.json"), of(patch.Envelopes, ""), of(patch.Rollouts, ""), of(patch.Reports, ""), of(patch.Tables, ""),
	of(advisory.Advisories, "advisory/testdata/record-field-safety-notice.json"), of(advisory.Customers, ""), of(advisory.Deliveries, ""), of(advisory.Releases, ""),
	of(notify.Boxes, ""),
}

// alone are kinds whose type no other package can name: their own package tries the
// golden, which has to be there.
var alone = map[string]string{"patch.line": "patch/testdata/line.v1.json", "patch.received": "patch/testdata/received.v1.json"}

// A record is a kind of which the type is forgotten.
type record struct {
	kind    string
	version int
	named   string
	// filled is a value with something in every field, as JSON.
	filled func(t *testing.T) []byte
	// reads tries one golden.
	reads func(t *testing.T, version int, data []byte)
}

func (r record) golden(version int) string {
	if r.named != "" && version == 1 {
		return r.named
	}
	room, noun, _ := strings.Cut(r.kind, ".")
	return filepath.Join(room, "testdata", fmt.Sprintf("%s.v%d.json", noun, version))
}

func of[T store.Keyed](k store.Kind[T], named string) record {
	var zero T
	r := record{kind: string(k), version: 1, named: named}
	if v, ok := any(zero).(store.Versioned); ok {
		r.version = v.SchemaVersion()
	}
	r.filled = func(t *testing.T) []byte {
		var v T
		fill(t, reflect.ValueOf(&v).Elem(), "x", map[reflect.Type]int{})
		return indented(t, v)
	}
	r.reads = func(t *testing.T, version int, data []byte) {
		var v T
		var body bytes.Buffer // as a ledger has it
		require.NoError(t, json.Compact(&body, data))
		if version < r.version {
			_, err := k.Decode(store.Entry{Name: store.Name{Kind: string(k), Key: "x"}, Version: version, Body: body.Bytes()})
			require.NoError(t, err, "version %d", version)
			return
		}
		d := json.NewDecoder(&body)
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(&v))
		keeps(t, plainly(t, data), plainly(t, indented(t, v)), "")
		walks(t, k, v)
	}
	return r
}

// TestEveryKindHasAGoldenThatDecodesForever: it is read with no field unknown, written
// again with nothing lost, and goes through the stores in memory and in SQLite.
func TestEveryKindHasAGoldenThatDecodesForever(t *testing.T) {
	t.Parallel()
	listed := slices.Collect(maps.Keys(alone))
	for _, r := range records {
		listed = append(listed, r.kind)
		t.Run(r.kind, func(t *testing.T) {
			t.Parallel()
			for version := 1; version <= r.version; version++ {
				path := r.golden(version)
				data, err := os.ReadFile(path)
				if os.IsNotExist(err) && version == r.version && os.Getenv(golden.Env) == "1" {
					data, err = r.filled(t), nil
					golden.Equal(t, data, path)
				}
				require.NoError(t, err, "every version of a record needs its golden (%s=1 makes the newest one)", golden.Env)
				r.reads(t, version, data)
			}
		})
	}
	for kind, path := range alone {
		require.FileExists(t, path, kind)
	}
	slices.Sort(listed)
	require.Equal(t, listed, kindsOfTheHouse(t, "."), "the kinds that are tried, and those that the source declares")
}

// kindsOfTheHouse are the names of all kinds that the source below root declares but a
// host's own.
func kindsOfTheHouse(t *testing.T, root string) []string {
	t.Helper()
	var out []string
	for _, p := range list(t, root+"/...") {
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, 0)
			require.NoError(t, err)
			out = append(out, kindsIn(f)...)
		}
	}
	slices.Sort(out)
	return slices.DeleteFunc(out, func(k string) bool { return strings.HasPrefix(k, "host.") })
}

// kindsIn are the values of constants and variables of a type store.Kind, or Kind.
func kindsIn(f *ast.File) []string {
	kind := func(e ast.Expr) bool {
		i, ok := e.(*ast.IndexExpr)
		if !ok {
			return false
		}
		switch x := i.X.(type) {
		case *ast.SelectorExpr:
			return x.Sel.Name == "Kind"
		case *ast.Ident:
			return x.Name == "Kind"
		}
		return false
	}
	var out []string
	add := func(e ast.Expr) {
		if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
			if name, err := strconv.Unquote(l.Value); err == nil {
				out = append(out, name)
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			if n.Type != nil && kind(n.Type) {
				for _, v := range n.Values {
					add(v)
				}
			}
		case *ast.CallExpr: // store.Kind[Plan]("patch.plan")
			if kind(n.Fun) && len(n.Args) == 1 {
				add(n.Args[0])
			}
		}
		return true
	})
	return out
}

func TestPlantedKindsAreFound(t *testing.T) {
	t.Parallel()
	f, err := parser.ParseFile(token.NewFileSet(), "x.go", `package x
// const Notes store.Kind[Note] = "x.comment"
const Plans store.Kind[Plan] = "x.plan"
const (
	a, b store.Kind[Plan] = "x.a", "x.b"
	name string = "x.name"
)
var drawer = store.Kind[note]("x.note")
func f() { const inner Kind[Plan] = "x.inner"; _ = list[string]("x.list") }`, 0)
	require.NoError(t, err)
	require.Equal(t, []string{"x.plan", "x.a", "x.b", "x.note", "x.inner"}, kindsIn(f))
}

// keeps demands that all that want says is in got: a later shape may only say more.
func keeps(t *testing.T, want, got any, path string) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		require.True(t, ok, "%s is lost", path)
		for name, v := range want {
			keeps(t, v, got[name], path+"."+name)
		}
	case []any:
		got, ok := got.([]any)
		require.True(t, ok && len(got) == len(want), "%s is lost", path)
		for i := range want {
			keeps(t, want[i], got[i], path+"["+strconv.Itoa(i)+"]")
		}
	default:
		require.Equal(t, want, got, "%s is lost", path)
	}
}

func plainly(t *testing.T, data []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	require.NoError(t, d.Decode(&v))
	return v
}

func indented(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	require.NoError(t, e.Encode(v))
	return b.Bytes()
}

// walks writes v twice into each store and reads it back with its history.
func walks[T store.Keyed](t *testing.T, k store.Kind[T], v T) {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "l.db"))
	require.NoError(t, err)
	defer db.Close()
	for name, driver := range map[string]store.Driver{"memory": memory.New(), "sqlite": db} {
		l := store.New(driver, &store.Options{Now: func() time.Time { return time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC) }})
		for range 2 {
			require.NoError(t, l.Do(t.Context(), store.By{Who: "a", Why: "b"}, func(tx *store.Tx) error { return k.Put(tx, v) }), name)
		}
		got, _, err := k.Latest(t.Context(), l, v.Key())
		require.NoError(t, err)
		same := func(got T) {
			require.Empty(t, cmp.Diff(v, got, cmp.Exporter(func(reflect.Type) bool { return true })), name)
		}
		same(got)
		n := 0
		for e, err := range k.History(t.Context(), l, v.Key()) {
			require.NoError(t, err)
			got, err := k.Decode(e)
			require.NoError(t, err)
			same(got)
			n++
		}
		require.Equal(t, 2, n)
		require.NoError(t, l.Verify(t.Context()))
	}
}

// fill says something in every field of v, each its own name: such a golden means
// nothing and loses nothing. A type stands within itself only once more.
func fill(t *testing.T, v reflect.Value, name string, above map[reflect.Type]int) {
	t.Helper()
	if text, ok := special[v.Type().String()]; ok {
		require.NoError(t, json.Unmarshal([]byte(text), v.Addr().Interface()), v.Type())
		return
	}
	if _, own := v.Addr().Interface().(json.Unmarshaler); own && v.Type() != reflect.TypeFor[vex.Product]() { // it reads a text, too
		t.Fatalf("%s reads its own JSON: give an example of it", v.Type())
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(name)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(3)
		if name == "schema" {
			v.SetInt(1)
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(3)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(2.5)
	case reflect.Pointer:
		if above[v.Type().Elem()] < 2 {
			p := reflect.New(v.Type().Elem())
			fill(t, p.Elem(), name, above)
			v.Set(p)
		}
	case reflect.Slice:
		if above[v.Type().Elem()] < 2 {
			s := reflect.MakeSlice(v.Type(), 1, 1)
			fill(t, s.Index(0), name, above)
			v.Set(s)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(t, v.Index(i), name, above)
		}
	case reflect.Map:
		m := reflect.MakeMap(v.Type())
		key, one := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(t, key, name, above)
		fill(t, one, name, above)
		m.SetMapIndex(key, one)
		v.Set(m)
	case reflect.Struct:
		above[v.Type()]++
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				word, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				if word != "-" {
					if word == "" {
						word = f.Name
					}
					fill(t, v.Field(i), word, above)
				}
			}
		}
		above[v.Type()]--
	default:
		t.Fatalf("%s: %s is not filled", name, v.Type())
	}
}

// special are examples of types that are not the sum of their fields.
var special = map[string]string{
	"time.Time":       `"2026-11-28T12:00:00.000001Z"`,
	"json.RawMessage": `{"a":1}`,
}
