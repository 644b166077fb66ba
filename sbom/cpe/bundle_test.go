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
