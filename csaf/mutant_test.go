package csaf_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/internal/testdata"
)

func encode(t *testing.T, doc *csaf.Document) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, csaf.Encode(&b, doc))
	return b.Bytes()
}

// A mutant is full with one thing changed.
type mutant struct {
	at, how string
	data    []byte
}

// formed are texts that fit one place and not another; the first three are all
// that a place for free text needs.
var formed = []string{
	"", " ", "x\ny", " x", "x y", "no such", "0", "1.0.0", "01",
	"2024-03-01", "2024-03-01T09:30:00", "2024-13-01T09:30:00Z", "2024-03-01T09:30:00+01:00", "2024-03-01t09:30:00z",
	"https://a.example/b c", "https://a.example/ä", "//a.example", "urn:x:y", "http://[::1]:80/%20", "http://a/%2", "mailto:a@b.example",
	"pkg:npm/x", "pkg:npm", "cpe:/a:b:c", "cpe:2.3:a:b", "CWE-0", "CVE-24-1", "deadbeef", "de-DE", "d", "x-y",
}

var free = []string{"names", "organization", "summary", "title", "text", "name", "details", "audience", "contact_details", "issuing_authority", "legacy_version", "filename", "skus", "entitlements", "aliases"}

// keyOf is the last name in a pointer.
func keyOf(at string) string {
	at = strings.TrimSuffix(at, "/0")
	return at[strings.LastIndexByte(at, '/')+1:]
}

// mutants changes every place of full in every way that fits it.
func mutants(t *testing.T) []mutant {
	t.Helper()
	var out []mutant
	root := canonical(t, encode(t, full()))
	var walk func(at string, v any, set func(any), drop func() func())
	done := map[string]bool{} // one mutant for what two places have in common
	try := func(at, how string) {
		key := keyOf(strings.TrimSuffix(at, "/"+keyOf(at))) + "/" + keyOf(at) + " " + how
		if done[key] {
			return
		}
		done[key] = true
		data, err := json.Marshal(root)
		require.NoError(t, err)
		out = append(out, mutant{at, how, data})
	}
	walk = func(at string, v any, set func(any), drop func() func()) {
		with := func(how string, x any) {
			set(x)
			try(at, how)
			set(v)
		}
		if drop != nil {
			undo := drop()
			try(at, "dropped")
			undo()
		}
		with("null", nil)
		with("a boolean", true)
		switch v := v.(type) {
		case string:
			strs := formed
			if slices.Contains(free, keyOf(at)) {
				strs = formed[:3]
			}
			for _, s := range slices.Concat(strs, []string{strings.ToUpper(v), strings.ToLower(v), v + "-", v + "/", v + "x"}) {
				with(fmt.Sprintf("%q", s), s)
			}
			with("a number", 1)
			with("a list", []any{"x"})
			with("an object", map[string]any{"x": "y"})
		case float64:
			with("a string", "x")
			with("-1", -1)
			with("11", 11)
			with("a little more", v+0.1)
		case []any:
			with("empty", []any{})
			with("an object", map[string]any{"x": "y"})
			with("repeated", append(slices.Clone(v), v[len(v)-1]))
			if len(v) > 1 {
				with("shorter", v[:len(v)-1])
				with("one", v[:1])
				r := slices.Clone(v)
				slices.Reverse(r)
				with("reversed", r)
			}
			with("with null", append(slices.Clone(v), nil))
			with("with empty text", append(slices.Clone(v), ""))
			with("with empty object", append(slices.Clone(v), map[string]any{}))
			for i, e := range v[:1] { // the others are of the same kind
				walk(fmt.Sprintf("%s/%d", at, i), e, func(x any) { v[i] = x }, nil)
			}
		case map[string]any:
			with("empty", map[string]any{})
			with("a string", "x")
			with("a list", []any{v})
			v["x_more"] = "x"
			try(at, "with one more")
			delete(v, "x_more")
			for _, k := range slices.Sorted(maps.Keys(v)) {
				e := v[k]
				walk(at+"/"+k, e, func(x any) { v[k] = x }, func() func() {
					delete(v, k)
					return func() { v[k] = e }
				})
			}
		}
	}
	walk("", root, func(x any) {}, nil)
	return out
}

// differs says why the judge is of another mind on a mutant, "" when it should
// not be.
func differs(m mutant) string {
	switch {
	case m.how == "with one more":
		return "the judge is wrong: an additional member fails optional test 6.2.20 and no schema of the standard"
	}
	return ""
}

func TestTheJudgeSharesOurVerdictOnEveryMutantOfAFullDocument(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var files []string
	var judged []mutant
	unread := 0
	step := 7
	if os.Getenv("POSTMARKET_TEST_LONG") != "" {
		step = 1
	}
	for i, m := range mutants(t) {
		if i%step != 0 {
			continue // the judge takes its time: POSTMARKET_TEST_LONG=1 asks about all
		}
		if _, err := csaf.Decode(bytes.NewReader(m.data)); err != nil {
			require.True(t, strings.HasPrefix("/document/csaf_version", m.at), "%s %s: %v", m.at, m.how, err)
			unread++
			continue
		}
		file := filepath.Join(dir, fmt.Sprintf("%05d.json", len(files)))
		require.NoError(t, os.WriteFile(file, m.data, 0o600))
		files, judged = append(files, file), append(judged, m)
	}
	same, other := 0, map[string]int{}
	for chunk := range slices.Chunk(files, 2000) {
		for _, v := range testdata.JudgeCSAF(t, "basic", chunk...) {
			m := judged[same+total(other)]
			failures := check(t, v.File)
			if (len(failures) == 0) == v.Valid {
				same++
				continue
			}
			why := differs(m)
			require.NotEmpty(t, why, "%s %s: judge %v %v, ours %v", m.at, m.how, v.Valid, v.Errors, failures)
			other[why]++
		}
	}
	t.Logf("%d mutants: %d verdicts are the judge's, %v; %d are of no version", len(files), same, other, unread)
}

func total(of map[string]int) int {
	n := 0
	for _, c := range of {
		n += c
	}
	return n
}

func TestTheFullDocumentHasEveryMember(t *testing.T) {
	t.Parallel()
	said := map[string]bool{}
	var look func(v reflect.Value)
	look = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() {
				look(v.Elem())
			}
		case reflect.Slice:
			for i := range v.Len() {
				look(v.Index(i))
			}
		case reflect.Struct:
			for i := range v.NumField() {
				name := v.Type().Name() + "." + v.Type().Field(i).Name
				if tag := v.Type().Field(i).Tag; tag.Get("json") == "-" || tag.Get("csaf") == csaf.Version21 {
					continue
				}
				said[name] = said[name] || !v.Field(i).IsZero()
				look(v.Field(i))
			}
		}
	}
	look(reflect.ValueOf(full()).Elem())
	for name, is := range said {
		require.True(t, is, name)
	}
	require.Greater(t, len(said), 150)
}
