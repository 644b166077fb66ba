package fetch_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
)

func TestApplicabilityIsNeverGuessed(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]string{
		`{"operator":"XOR"}`:             `operator "XOR" is neither AND nor OR`,
		`{"nodes":[{"operator":"NOT"}]}`: `nodes[0].operator "NOT"`,
		`{"nodes":[{"nodes":[{},{"cpeMatch":[{"criteria":"cpe:2.3:a:x:y"},{}]}]}]}`: `nodes[0].nodes[1].cpeMatch[1] has no criteria`,
	} {
		var a fetch.Applicability
		require.NoError(t, json.Unmarshal([]byte(doc), &a))
		_, err := a.Configuration()
		require.ErrorContains(t, err, want)
	}
	var a fetch.Applicability
	require.NoError(t, json.Unmarshal([]byte(`{"operator":"and","negate":true,"nodes":[{"cpeMatch":[{"criteria":"x","vulnerable":true,"versionEndExcluding":"2"}]}]}`), &a))
	tree, err := a.Configuration()
	require.NoError(t, err)
	require.Equal(t, feeds.Configuration{Operator: "AND", Negate: true, Nodes: []feeds.Node{{Criteria: []feeds.Criterion{{CPE: "x", Vulnerable: true, EndExcluding: "2"}}}}}, tree)
}

func TestListIsReadAnElementAtATime(t *testing.T) {
	t.Parallel()
	limits := fetch.Limits{Document: 1 << 20, Element: 1 << 10}
	for doc, want := range map[string]string{
		"\xef\xbb\xbf [1, 2]\n": "list[0] 1, list[1] 2", "[]": "", "": "unexpected EOF", "{}": "list is not an array", "[1,": "list[0] 1, list[1]: at byte", "[1] 2": "list[0] 1, at byte 5: something follows",
		"[" + strings.Repeat(" ", 3000) + "]": "larger than allowed",
	} {
		var got []string
		for e, err := range fetch.List(strings.NewReader(doc), "list", limits) {
			if err != nil {
				got = append(got, err.Error())
				continue
			}
			got = append(got, e.Place+" "+string(e.Raw))
		}
		require.Contains(t, strings.Join(got, ", "), want, "%q", doc)
	}
}

func ExampleList() {
	for e, err := range fetch.List(strings.NewReader(`[{"id": 1}, {"id": 2}]`), "records", fetch.Limits{Document: 1 << 20, Element: 1 << 10}) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(e.Place, string(e.Raw))
	}
	// Output:
	// records[0] {"id": 1}
	// records[1] {"id": 2}
}

func ExampleApplicability() {
	var a fetch.Applicability
	doc := `{"nodes": [{"operator": "OR", "cpeMatch": [{"vulnerable": true, "criteria": "cpe:2.3:a:demo:pump:*:*:*:*:*:*:*:*", "versionEndExcluding": "2.0"}]}]}`
	if err := json.Unmarshal([]byte(doc), &a); err != nil {
		fmt.Println(err)
		return
	}
	tree, err := a.Configuration()
	fmt.Println(tree.Nodes[0].Criteria[0], err)
	// Output: cpe:2.3:a:demo:pump:*:*:*:*:*:*:*:* < 2.0 <nil>
}
