package cyclonedx_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/sbom/cyclonedx"
)

// ours is what Check says of a file: whether it is valid, and what it found.
func ours(t *testing.T, body []byte) (bool, []cyclonedx.Violation) {
	t.Helper()
	found, err := cyclonedx.Check(bytes.NewReader(body), nil)
	return err == nil && len(found) == 0, found
}

func TestConformanceFilesAreWhatTheirNamesSay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(testdata.Path(t, "sboms", "cyclonedx-conformance"), "*", "*"))
	require.NoError(t, err)
	type tally struct{ valid, invalid int }
	seen := map[string]tally{}
	for _, file := range files {
		name, kind := filepath.Base(file), filepath.Base(filepath.Dir(file))+filepath.Ext(file)
		body, err := os.ReadFile(file)
		require.NoError(t, err)
		valid, found := ours(t, body)
		n := seen[kind]
		switch {
		case strings.HasPrefix(name, "valid-"):
			n.valid++
			require.True(t, valid, "%s: %v", name, found)
		case strings.HasPrefix(name, "invalid-"), strings.HasPrefix(name, "skip_invalid-"):
			n.invalid++
			require.False(t, valid, name)
		default:
			t.Errorf("what is %s?", name)
		}
		seen[kind] = n
	}
	want := map[string]tally{
		"1.2.json": {21, 21},
		"1.2.xml":  {24, 23},
		"1.3.json": {26, 22},
		"1.3.xml":  {29, 24},
		"1.4.json": {29, 22},
		"1.4.xml":  {31, 24},
		"1.5.json": {36, 22},
		"1.5.xml":  {38, 24},
		"1.6.json": {45, 25},
		"1.6.xml":  {47, 27},
	}
	require.Equal(t, want, seen)
}

// Where we and the independent validator of JSON differ on a file of the
// bundle, and who is right. There is none.
var deviations = map[string]string{}

func TestJSONFilesOfTheBundleAreJudgedAsTheIndependentValidatorJudgesThem(t *testing.T) {
	t.Parallel()
	files := jsonFiles(t)
	for _, v := range testdata.JudgeCycloneDX(t, files...) {
		body, err := os.ReadFile(v.File)
		require.NoError(t, err)
		valid, found := ours(t, body)
		if why, known := deviations[filepath.Base(v.File)]; known {
			require.NotEqual(t, v.Valid, valid, "%s no longer differs: %s", v.File, why)
			continue
		}
		require.Equal(t, v.Valid, valid, "%s: the validator says %v, we say %v", v.File, v.Errors, found)
	}
	t.Logf("%d files, %d deviations", len(files), len(deviations))
}

// jsonFiles are the CycloneDX JSON documents of the bundle.
func jsonFiles(t *testing.T) []string {
	var files []string
	err := filepath.WalkDir(testdata.Path(t, "sboms"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "SOURCES.txt" {
			return err
		}
		body, err := os.ReadFile(path)
		if err == nil && bytes.Contains(body, []byte(`"bomFormat"`)) {
			files = append(files, path)
		}
		return err
	})
	require.NoError(t, err)
	require.Greater(t, len(files), 300)
	return files
}

// Documents that were changed at one place or two are judged alike, save that
// a bom-ref used twice, which no JSON schema can see, is found by us alone.
func TestChangedDocumentsAreJudgedAsTheIndependentValidatorJudgesThem(t *testing.T) {
	t.Parallel()
	var seeds []map[string]any
	for _, file := range jsonFiles(t) {
		body, err := os.ReadFile(file)
		require.NoError(t, err)
		valid, _ := ours(t, body)
		var doc map[string]any
		if valid && len(body) < 60_000 && json.Unmarshal(body, &doc) == nil {
			seeds = append(seeds, doc)
		}
	}
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(5, 1))
	const rounds = 800
	var files []string
	for i := range rounds {
		doc := cloned(seeds[r.IntN(len(seeds))]).(map[string]any)
		for range 1 + r.IntN(5)/4 {
			changeOne(r, doc)
		}
		if r.IntN(8) == 0 {
			doc["specVersion"] = []any{"1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.7"}[r.IntN(7)]
		}
		body, err := json.Marshal(doc)
		require.NoError(t, err)
		file := filepath.Join(dir, fmt.Sprintf("%04d.json", i))
		require.NoError(t, os.WriteFile(file, body, 0o600))
		files = append(files, file)
	}
	valid, twice := 0, 0
	for _, v := range testdata.JudgeCycloneDX(t, files...) {
		body, err := os.ReadFile(v.File)
		require.NoError(t, err)
		ok, found := ours(t, body)
		if v.Valid {
			valid++
		}
		if v.Valid && !ok && !slices.ContainsFunc(found, func(f cyclonedx.Violation) bool { return f.Rule != cyclonedx.RuleID }) {
			twice++
			continue
		}
		require.Equal(t, v.Valid, ok, "the validator says %v, we say %v of\n%s", v.Errors, found, body)
	}
	require.Greater(t, valid, rounds/6, "too few are valid still")
	require.Less(t, valid, rounds*4/5, "too few are invalid")
	t.Logf("%d documents: %d valid, %d of them with a bom-ref used twice", rounds, valid, twice)
}

func cloned(v any) any {
	body, _ := json.Marshal(v)
	var out any
	_ = json.Unmarshal(body, &out)
	return out
}

// A spot is a value within a document and how to replace it.
type spot struct {
	value  any
	name   string
	parent any
	set    func(any)
}

func spotsOf(v any, out *[]spot) {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(func(yield func(string) bool) {
			for k := range v {
				if !yield(k) {
					return
				}
			}
		}) {
			*out = append(*out, spot{v[k], k, v, func(to any) { v[k] = to }})
			spotsOf(v[k], out)
		}
	case []any:
		for i := range v {
			*out = append(*out, spot{v[i], "", v, func(to any) { v[i] = to }})
			spotsOf(v[i], out)
		}
	}
}

// changeOne alters doc at one place: a field goes, comes, gets another name, or a
// value of another type, form or place.
func changeOne(r *rand.Rand, doc map[string]any) {
	var all []spot
	spotsOf(doc, &all)
	all = slices.DeleteFunc(all, func(s spot) bool { return s.name == "specVersion" })
	if len(all) == 0 {
		return
	}
	values := []any{
		nil, true, 0.0, -1.0, 1.5, "", "x", "a\nb", []any{}, map[string]any{}, []any{"x", "x"}, []any{map[string]any{}},
		"2020-02-30T00:00:00Z", "2020-01-01 00:00:00+0100", "2020-01-01T23:59:60Z", "a@b", "a@b.example", "required", "MIT",
		"urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#x", strings.Repeat("é", 1025),
	}
	names := []string{"name", "version", "ref", "type", "bom-ref", "url", "versionRange", "isExternal", "expression", "license", "individual", "state", "x-unknown", "signature"}
	s := all[r.IntN(len(all))]
	object, _ := s.parent.(map[string]any)
	text, _ := s.value.(string)
	list, _ := s.value.([]any)
	switch op := r.IntN(7); {
	case op == 0 && object != nil:
		delete(object, s.name)
	case op == 1 && object != nil:
		object[names[r.IntN(len(names))]] = values[r.IntN(len(values))]
	case op == 2 && object != nil:
		delete(object, s.name)
		object[names[r.IntN(len(names))]] = s.value
	case op == 3 && len(list) > 0:
		s.set(append(slices.Clone(list), cloned(list[0])))
	case op == 4 && text != "":
		s.set([]any{text + "x", text[:len(text)-1], strings.ToUpper(text), " " + text}[r.IntN(4)])
	case op == 5:
		s.set(cloned(all[r.IntN(len(all))].value))
	default:
		s.set(values[r.IntN(len(values))])
	}
}
