package cpe_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/sbom/cpe"
)

// lenient are the names that the suite refuses and that are read here all the
// same, each with the reason: an SBOM that holds one still says what it means.
var lenient = map[string]string{
	`cpe:2.3:a:disney:where\\'s_my_perry?_free:1.5.1:*:*:*:*:android:*:*`: "a character that should be escaped is taken for itself",
	`cpe:2.3:a:foo\$bar:insight:7.4.0.1570:-:*:*:online:win2003:x64:*`:    "a formatted string is one, wherever it is asked for",
	`cpe:/a:microsoft:internet_explorer:8.%02:s%01p`:                      "a wildcard inside a value is one",
	`cpe:/a:micro%02soft`: "a wildcard inside a value is one",
	`cpe:/a:hp:insight_diagnostics:7.4.0.1570::~~online~win2003~a*b~`: "a character that should be encoded is taken for itself",
	`cpe:/a:b*c`: "a character that should be encoded is taken for itself",
}

var attributes = []string{"part", "vendor", "product", "version", "update", "edition", "language", "sw_edition", "target_sw", "target_hw", "other"}

// wfn makes a name of the attributes of the suite, which are those of a
// well-formed name.
func wfn(t *testing.T, of map[string]string) cpe.Name {
	t.Helper()
	fields := make([]string, len(attributes))
	for i, a := range attributes {
		switch v := of[a]; v {
		case "", "ANY":
			fields[i] = "*"
		case "NA":
			fields[i] = "-"
		default:
			fields[i] = v
		}
	}
	n, err := cpe.Parse("cpe:2.3:" + strings.Join(fields, ":"))
	require.NoError(t, err, "%v", of)
	return n
}

// inWords reads the other form of the suite: wfn:[part="a",vendor=ANY,…].
func inWords(text string) map[string]string {
	out := map[string]string{}
	for _, pair := range strings.Split(strings.TrimSuffix(strings.TrimPrefix(text, "wfn:["), "]"), ",") {
		k, v, _ := strings.Cut(pair, "=")
		out[k] = strings.Trim(v, `"`)
	}
	return out
}

func TestBindingsOfTheBundle(t *testing.T) {
	t.Parallel()
	var suite struct {
		Cases []struct {
			Op      string
			In, Out json.RawMessage
		}
	}
	body, err := os.ReadFile(testdata.Path(t, "matching", "cpe", "bind-unbind.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(body, &suite))
	text := func(raw json.RawMessage) (string, map[string]string) {
		var s string
		var of map[string]string
		if json.Unmarshal(raw, &s) == nil {
			return s, inWords(s)
		}
		require.NoError(t, json.Unmarshal(raw, &of))
		return "", of
	}
	deviations := 0
	for _, c := range suite.Cases {
		in, of := text(c.In)
		switch {
		case strings.HasPrefix(c.Op, "bind"):
			want, _ := text(c.Out)
			n := wfn(t, of)
			got := n.URI()
			if c.Op == "bind-fs" {
				got = n.String()
			}
			if strings.Contains(of["product"], `\a`) {
				continue // a letter that is escaped is that letter: the URI has no other way to say it
			}
			require.Equal(t, want, got, "%v", of)
		case len(c.Out) == 0 || string(c.Out) == "null":
			_, err := cpe.Parse(strings.TrimSpace(in))
			if lenient[in] != "" {
				deviations++
				require.NoError(t, err, "%s is listed as read", in)
				continue
			}
			require.Error(t, err, in)
		default:
			n, err := cpe.Parse(in)
			require.NoError(t, err, in)
			_, want := text(c.Out)
			require.Equal(t, wfn(t, want), n, in)
		}
	}
	t.Logf("%d cases, %d read leniently", len(suite.Cases), deviations)
	require.Equal(t, len(lenient), deviations)
}

func TestRelationsOfTheBundle(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile(testdata.Path(t, "matching", "cpe", "name-matching.json"))
	require.NoError(t, err)
	var raw struct{ Cases []map[string]any }
	require.NoError(t, json.Unmarshal(body, &raw))
	n := 0
	for _, c := range raw.Cases {
		if c["kind"] != "attribute" {
			continue
		}
		n++
		source, target := cpe.Value(c["source"].(string)), cpe.Value(c["target"].(string))
		want := cpe.Relation(strings.ToLower(c["relation"].(string)))
		if source == "fo??" {
			// nvdtools takes each ? for one character; the standard lets those at an
			// end stand for none as well (NISTIR 7696, 6.3).
			want = cpe.Superset
		}
		require.Equal(t, want, cpe.Compare(source, target), "%s against %s", source, target)
	}
	require.Greater(t, n, 8)
}

// relations compares names attribute by attribute, and as a whole (NISTIR 7696, 6.2 and table 6-4).
func relations(source, target cpe.Name) (each []cpe.Relation, whole cpe.Relation) {
	values := func(n cpe.Name) []cpe.Value {
		return []cpe.Value{n.Part, n.Vendor, n.Product, n.Version, n.Update, n.Edition, n.Language, n.SWEdition, n.TargetSW, n.TargetHW, n.Other}
	}
	a, b := values(source), values(target)
	met := map[cpe.Relation]bool{}
	for i := range a {
		r := cpe.Compare(a[i], b[i])
		each, met[r] = append(each, r), true
	}
	switch {
	case met[cpe.Disjoint]:
		return each, cpe.Disjoint
	case met[cpe.Undefined], met[cpe.Superset] && met[cpe.Subset]:
		return each, cpe.Undefined
	case met[cpe.Superset]:
		return each, cpe.Superset
	case met[cpe.Subset]:
		return each, cpe.Subset
	}
	return each, cpe.Equal
}

func TestRelationsOfNamesOfTheBundle(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile(testdata.Path(t, "matching", "cpe", "name-matching.json"))
	require.NoError(t, err)
	var raw struct {
		Cases []struct {
			Kind           string
			Source, Target json.RawMessage
			Relation       string
			Relations      []string
			True           []string `json:"relations_true"`
		}
	}
	require.NoError(t, json.Unmarshal(body, &raw))
	name := func(raw json.RawMessage) cpe.Name {
		var s string
		var of map[string]string
		if json.Unmarshal(raw, &s) == nil {
			n, err := cpe.Parse(s)
			require.NoError(t, err, s)
			return n
		}
		require.NoError(t, json.Unmarshal(raw, &of))
		return wfn(t, of)
	}
	kinds := map[string]int{}
	for _, c := range raw.Cases {
		kinds[c.Kind]++
		if c.Kind == "attribute" {
			continue // see above
		}
		each, whole := relations(name(c.Source), name(c.Target))
		switch c.Kind {
		case "name":
			require.Equal(t, strings.ToLower(c.Relation), string(whole), "%s", c.Source)
		case "name-attributes":
			for i, want := range c.Relations {
				require.Equal(t, strings.ToLower(want), string(each[i]), "%s %s", c.Source, attributes[i])
			}
		case "wfn":
			if len(c.True) == 0 {
				require.Equal(t, cpe.Undefined, whole, "%s", c.Target)
			}
			for _, want := range c.True {
				if whole == cpe.Equal && want != "DISJOINT" {
					continue // a name is a superset and a subset of itself
				}
				require.Equal(t, strings.ToLower(want), string(whole), "%s against %s", c.Source, c.Target)
			}
		}
	}
	t.Logf("%v", kinds)
	require.Equal(t, map[string]int{"attribute": 11, "name": 1, "name-attributes": 5, "wfn": 14}, kinds)
}
