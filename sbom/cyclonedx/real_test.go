package cyclonedx_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cyclonedx"
)

// refused are the files of the bundle that speak of CycloneDX and are not read, with
// what the error says; everything else is read.
var refused = map[string]string{
	"dependency-track-fixtures/bom-invalid.json":           "line 2, column 28: is cut off",
	"osv-scanner-fixtures/__snapshots__/command_test.snap": "is neither JSON nor XML", // what a scanner printed
	"cyclonedx-conformance/1.2/invalid-bomformat-1.2.json": `bomFormat: is "AnotherFormat"`,
	"cyclonedx-conformance/1.3/invalid-bomformat-1.3.json": `bomFormat: is "AnotherFormat"`,
	"cyclonedx-conformance/1.4/invalid-bomformat-1.4.json": `bomFormat: is "AnotherFormat"`,
	"cyclonedx-conformance/1.5/invalid-bomformat-1.5.json": `bomFormat: is "AnotherFormat"`,
	"cyclonedx-conformance/1.6/invalid-bomformat-1.6.json": `bomFormat: is "AnotherFormat"`,
	"cyclonedx-conformance/1.2/invalid-namespace-1.2.xml":  `schema/bom/12", whose version is not known`,
	"cyclonedx-conformance/1.3/invalid-namespace-1.3.xml":  `schema/bom/12", whose version is not known`,
	"cyclonedx-conformance/1.4/invalid-namespace-1.4.xml":  `schema/bom/12", whose version is not known`,
	"cyclonedx-conformance/1.5/invalid-namespace-1.5.xml":  `schema/bom/12", whose version is not known`,
	"cyclonedx-conformance/1.6/invalid-namespace-1.6.xml":  `schema/bom/12", whose version is not known`,
}

// TestEveryDocumentIsReadOrRefusedForItsReason compares every component of every
// CycloneDX document of the bundle with a walk over the raw JSON or XML that
// shares no code with the reader.
func TestEveryDocumentIsReadOrRefusedForItsReason(t *testing.T) {
	t.Parallel()
	root := testdata.Path(t, "sboms")
	met, files, components := map[string]bool{}, 0, 0
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if !bytes.Contains(data, []byte(`"bomFormat"`)) && !bytes.Contains(data, []byte("cyclonedx.org/schema/bom")) {
			return nil
		}
		name, _ := filepath.Rel(root, path)
		bom, err := cyclonedx.Decode(bytes.NewReader(data), nil)
		if why, known := refused[filepath.ToSlash(name)]; known {
			met[filepath.ToSlash(name)] = true
			require.ErrorContains(t, err, why, name)
			return nil
		}
		require.NoError(t, err, name)
		want := walk(t, data)
		var got []string
		for _, c := range bom.Components {
			got = append(got, outline(c))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: components (-walked +read):\n%s", name, diff)
		}
		files, components = files+1, components+len(want)
		return nil
	}))
	require.Len(t, met, len(refused), "a file that is refused is gone from the bundle")
	t.Logf("%d documents read with %d components, %d refused", files, components, len(refused))
	require.Greater(t, files, 600)
}

// outline is a component in one line.
func outline(c sbom.Component) string {
	patches := 0
	if c.Pedigree != nil {
		patches = len(c.Pedigree.Patches)
	}
	return strings.Join([]string{string(c.Type), c.Group, c.Name, c.Version, c.PURL, c.CPE, c.Scope, c.Publisher, c.Description,
		fmt.Sprint(len(c.Hashes), len(c.Links), len(c.Properties), patches)}, "|")
}

var scalars = []string{"type", "group", "name", "version", "purl", "cpe", "scope", "publisher", "description"}

// walk lists the components of a raw document in the same form.
func walk(t *testing.T, data []byte) []string {
	t.Helper()
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var out []string
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		var doc map[string]any
		require.NoError(t, json.Unmarshal(data, &doc))
		within := func(v any, key string) any {
			m, _ := v.(map[string]any)
			return m[key]
		}
		walkJSON(within(within(within(doc, "metadata"), "component"), "components"), &out)
		walkJSON(doc["components"], &out)
		return out
	}
	tree := parseXML(t, data)
	walkXML(tree.down("metadata", "component", "components"), &out)
	walkXML(tree.down("components"), &out)
	return out
}

func walkJSON(v any, out *[]string) {
	list, _ := v.([]any)
	for _, one := range list {
		m, _ := one.(map[string]any)
		var line []string
		for _, key := range scalars {
			if m[key] == nil {
				m[key] = ""
			}
			line = append(line, fmt.Sprint(m[key]))
		}
		size := func(v any) int { l, _ := v.([]any); return len(l) }
		pedigree, _ := m["pedigree"].(map[string]any)
		*out = append(*out, strings.Join(append(line, fmt.Sprint(size(m["hashes"]), size(m["externalReferences"]), size(m["properties"]), size(pedigree["patches"]))), "|"))
		walkJSON(m["components"], out)
	}
}

// An element is one of a raw XML document, with what it holds of the document's
// own namespace.
type element struct {
	name, text string
	attrs      map[string]string
	kids       []*element
}

func parseXML(t *testing.T, data []byte) *element {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(data))
	var open []*element
	var space string
	var root *element
	for {
		token, err := d.Token()
		if err == io.EOF {
			return root
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			e := &element{name: token.Name.Local, attrs: map[string]string{}}
			for _, a := range token.Attr {
				e.attrs[a.Name.Space+a.Name.Local] = a.Value
			}
			if root == nil {
				root, space = e, token.Name.Space
			} else if token.Name.Space == space {
				open[len(open)-1].kids = append(open[len(open)-1].kids, e)
			}
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text += string(token)
			}
		}
	}
}

func (e *element) down(names ...string) *element {
	for _, name := range names {
		if e == nil {
			return nil
		}
		i := slices.IndexFunc(e.kids, func(k *element) bool { return k.name == name })
		if i < 0 {
			return nil
		}
		e = e.kids[i]
	}
	return e
}

func walkXML(e *element, out *[]string) {
	if e == nil {
		return
	}
	for _, c := range e.kids {
		if c.name != "component" {
			continue
		}
		line := []string{c.attrs["type"]}
		for _, key := range scalars[1:] {
			text := ""
			if k := c.down(key); k != nil {
				text = k.text
			}
			line = append(line, text)
		}
		size := func(names ...string) int {
			if k := c.down(names...); k != nil {
				return len(k.kids)
			}
			return 0
		}
		*out = append(*out, strings.Join(append(line, fmt.Sprint(size("hashes"), size("externalReferences"), size("properties"), size("pedigree", "patches"))), "|"))
		walkXML(c.down("components"), out)
	}
}

// unlike are the pairs of the conformance suite whose two files do not say the same,
// by what differs; they are left out of the comparison of twins.
var unlike = map[string]string{
	"invalid-component-ref":                  "nested in one, side by side in the other",
	"invalid-dependency":                     "other names",
	"invalid-empty-component":                "another type",
	"invalid-license-choice":                 "the XML says more",
	"invalid-license-encoding":               "the XML says more",
	"invalid-license-id":                     "the XML says more",
	"invalid-metadata-timestamp":             "another day",
	"invalid-properties":                     "one property more in the JSON",
	"invalid-serialnumber":                   "the XML has components",
	"valid-bom":                              "one component more in the XML",
	"valid-component-ref":                    "one component more in the XML",
	"valid-compositions":                     "one component more in the XML",
	"valid-dependency":                       "other names",
	"valid-external-reference":               "a publisher in the JSON only",
	"valid-license-expression":               "the XML says more",
	"valid-license-id":                       "the XML says more",
	"valid-license-name":                     "the XML says more",
	"valid-machine-learning":                 "a publisher in the XML only, another format of outputs",
	"valid-metadata-timestamp":               "another day",
	"valid-properties":                       "one property more in the XML",
	"valid-saasbom":                          "versions in the JSON only",
	"valid-service":                          "a publisher in the JSON only",
	"valid-vulnerability":                    "one reference more in the XML",
	"invalid-license-declared-concluded-mix": "a version of the document in the JSON only",
}

func TestTwinsAgreeComponentByComponent(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(testdata.Path(t, "sboms", "cyclonedx-conformance"), "*", "*.json"))
	require.NoError(t, err)
	files = append(files, testdata.Path(t, "sboms", "cyclonedx-bom-examples", "proton-bridge", "proton-bridge-v1.6.3.bom.json"))
	pairs, same, differ := 0, map[string]int{}, map[string]bool{}
	for _, j := range files {
		x := strings.TrimSuffix(j, ".json") + ".xml"
		if _, err := os.Stat(x); err != nil {
			continue
		}
		stem := filepath.Base(j)
		if i := strings.LastIndexByte(stem, '-'); i > 0 {
			stem = stem[:i]
		}
		a, errA := decodeFile(j)
		b, errB := decodeFile(x)
		if errA != nil || errB != nil {
			continue // TestEveryDocument… says why
		}
		pairs++
		b.Format, b.Digest = a.Format, a.Digest
		if stem == "proton-bridge" { // made one minute apart
			b.Serial, b.Created = a.Serial, a.Created
		}
		a.Problems, b.Problems = nil, nil
		diff := cmp.Diff(a, b)
		if diff == "" {
			same[stem]++
			continue
		}
		differ[stem] = true
		if _, known := unlike[stem]; !known {
			t.Errorf("%s (-json +xml):\n%s", filepath.Base(j), diff)
		}
	}
	t.Logf("%d pairs, %d kinds agree", pairs, len(same))
	require.Greater(t, pairs, 150)
	require.Len(t, differ, len(unlike), "a pair that is said to differ agrees")
	require.Positive(t, same["proton-bridge"], "the pair of a real application")
}

func decodeFile(path string) (sbom.BOM, error) {
	f, err := os.Open(path)
	if err != nil {
		return sbom.BOM{}, err
	}
	defer f.Close()
	return cyclonedx.Decode(f, nil)
}

// TestTheSupportOfARealDeviceIsRead reads the anonymized device, whose maker
// writes the two facts in plain words and never a date.
func TestTheSupportOfARealDeviceIsRead(t *testing.T) {
	t.Parallel()
	bom, err := decodeFile(testdata.Path(t, "sboms", "medical-device-case-study", "narrow.sbom.json"))
	require.NoError(t, err)
	levels := map[sbom.Level]int{}
	for _, c := range bom.Components {
		require.NotNil(t, c.Support, c.Name)
		require.True(t, c.Support.Ends.IsZero(), c.Name)
		require.NotEmpty(t, c.Support.Why, c.Name)
		levels[c.Support.Level]++
	}
	require.Equal(t, map[sbom.Level]int{sbom.Maintained: 45, "Inactive": 7, "Deprecated": 2, sbom.UnknownLevel: 1}, levels)
	require.Empty(t, bom.Problems)
}

func TestEveryRowOfTheDataSaysWhereItIsFrom(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("properties.json")
	require.NoError(t, err)
	var file struct {
		Properties []map[string]any
		Levels     map[string]sbom.Level
	}
	require.NoError(t, json.Unmarshal(data, &file))
	require.NotEmpty(t, file.Properties)
	for _, row := range file.Properties {
		require.Contains(t, []any{"level", "ends", "checked", "why", "cpe"}, row["is"], row)
		for _, key := range []string{"name", "source", "date", "force"} {
			require.NotEmpty(t, row[key], row)
		}
	}
	for word, level := range file.Levels {
		require.Contains(t, []sbom.Level{sbom.Maintained, sbom.Unmaintained, sbom.Abandoned, sbom.UnknownLevel}, level, word)
	}
}
