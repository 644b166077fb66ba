package match_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/nvd"
	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cpe"
)

// node1 is a node of the retired form of NVD.
type node1 struct {
	Operator string
	Negate   bool
	Children []node1
	Match    []struct {
		Vulnerable bool
		CPE        string `json:"cpe23Uri"`
		End        string `json:"versionEndIncluding"`
	} `json:"cpe_match"`
}

func (n node1) node() feeds.Node {
	out := feeds.Node{Operator: n.Operator, Negate: n.Negate}
	for _, m := range n.Match {
		out.Criteria = append(out.Criteria, feeds.Criterion{CPE: m.CPE, Vulnerable: m.Vulnerable, EndIncluding: m.End})
	}
	for _, c := range n.Children {
		out.Nodes = append(out.Nodes, c.node())
	}
	return out
}

func TestApplicabilityNodesHoldForTheNamesTheyHoldFor(t *testing.T) {
	t.Parallel()
	var file struct {
		Cases []struct {
			Configurations     []node1
			Inventory, Matched []string
		}
	}
	readJSON(t, testdata.Path(t, "matching", "cpe", "applicability-nodes.json"), &file)
	require.Len(t, file.Cases, 4)
	for k, c := range file.Cases {
		r := feeds.Record{Source: "nvd", Item: "CVE-2026-0001", Names: []feeds.ID{"CVE-2026-0001"}}
		for _, n := range c.Configurations {
			r.Configurations = append(r.Configurations, any1(n.node()))
		}
		var bom sbom.BOM
		for _, name := range c.Inventory {
			bom.Components = append(bom.Components, sbom.Component{Ref: name, Name: name, CPE: name})
		}
		got := []string{}
		for _, f := range match.Build([]feeds.Record{r}, nil).Find("", bom).Findings {
			for _, i := range f.Instances {
				got = append(got, i.Component.CPE)
			}
		}
		require.ElementsMatch(t, c.Matched, got, "case %d", k)
	}
	t.Logf("%d cases, all right", len(file.Cases))
}

// concrete is a component that the criterion holds for; ok is false where none is
// made up easily.
func concrete(c feeds.Criterion) (sbom.Component, bool) {
	n, err := cpe.Parse(c.CPE)
	if err != nil || !n.Names() || n.Version.Pattern() {
		return sbom.Component{}, false
	}
	version := ""
	switch {
	case c.EndIncluding != "":
		version = c.EndIncluding
	case c.StartIncluding != "":
		version = c.StartIncluding
	case c.StartExcluding != "":
		return sbom.Component{}, false
	case c.EndExcluding != "":
		if c.EndExcluding[0] < '0' || c.EndExcluding[0] > '9' {
			return sbom.Component{}, false
		}
		version = "0"
	case n.Version == cpe.Any:
		version = "1.0"
	case n.Version.Literal():
		version = n.Version.Text()
	}
	if version != "" && n.Version == cpe.Any {
		n.Version = cpe.Literal(version)
	}
	return sbom.Component{Ref: c.String(), Name: n.Product.Text(), CPE: n.String()}, true
}

// pairs yields the configurations that are vulnerable leaves joined by AND to leaves
// that only say where.
func pairs(r feeds.Record, yield func(tree feeds.Configuration, affected, where []feeds.Criterion)) {
	for _, tree := range r.Configurations {
		if tree.Operator != "AND" || tree.Negate || len(tree.Nodes) != 2 {
			continue
		}
		var affected, where []feeds.Criterion
		plain := true
		for _, n := range tree.Nodes {
			plain = plain && len(n.Nodes) == 0 && !n.Negate && n.Operator != "AND" && len(n.Criteria) > 0
			for _, c := range n.Criteria {
				plain = plain && c.Vulnerable == n.Criteria[0].Vulnerable
				if c.Vulnerable {
					affected = append(affected, c)
				} else {
					where = append(where, c)
				}
			}
		}
		// A few records name the affected firmware again as what it runs on.
		plain = plain && !slices.ContainsFunc(where, func(w feeds.Criterion) bool {
			return slices.ContainsFunc(affected, func(a feeds.Criterion) bool { return a.CPE == w.CPE })
		})
		if plain && len(affected) > 0 && len(where) > 0 {
			yield(tree, affected, where)
		}
	}
}

func TestHalvesOfPairsNeverMatchAlone(t *testing.T) {
	t.Parallel()
	records := slices.Clone(nvdRecords(t))
	files, err := filepath.Glob(filepath.Join(testdata.Path(t, "matching", "cpe", "nvd2-configurations"), "*.json"))
	require.NoError(t, err)
	require.Len(t, files, 14)
	for _, name := range files {
		f, err := os.Open(name)
		require.NoError(t, err)
		for u, err := range nvd.Decode(f) {
			if err != nil && strings.Contains(err.Error(), "is no CVE id") {
				continue // one of the 14 is made up
			}
			require.NoError(t, err, name)
			records = append(records, u.Record)
		}
		require.NoError(t, f.Close())
	}
	trees, firmware, platforms, both := 0, 0, 0, 0
	for _, r := range records {
		pairs(r, func(tree feeds.Configuration, affected, where []feeds.Criterion) {
			trees++
			alone := r
			alone.Configurations = []feeds.Configuration{tree}
			index := match.Build([]feeds.Record{alone}, nil)
			for _, w := range where {
				if c, ok := concrete(w); ok {
					platforms++
					require.Empty(t, index.Find("", device(c)).Findings, "%s: %s alone", r.Item, w)
				}
			}
			for _, a := range affected {
				c, ok := concrete(a)
				if !ok {
					continue
				}
				firmware++
				require.Empty(t, index.Find("", device(c)).Findings, "%s: %s alone", r.Item, a)
				other := sbom.Component{Ref: "other", Name: "other", CPE: "cpe:2.3:h:another:thing:-:*:*:*:*:*:*:*"}
				require.Empty(t, index.Find("", device(c, other)).Findings, "%s: %s on another thing", r.Item, a)
				if w, ok := concrete(where[0]); ok {
					both++
					got := index.Find("", device(c, w))
					if got.Findings == nil {
						t.Logf("%s: %s on %s: %v", r.Item, c.CPE, w.CPE, got.Undecided)
					}
					require.NotEmpty(t, got.Findings, "%s: %s on %s", r.Item, a, where[0])
					for _, f := range got.Findings {
						for _, i := range f.Instances {
							require.NotEqual(t, w.Ref, i.Component.Ref, "%s: what only says where is not affected", r.Item)
						}
					}
				}
			}
		})
	}
	t.Logf("%d trees of pairs: %d affected halves and %d platforms alone match nothing, %d pairs match", trees, firmware, platforms, both)
	require.Greater(t, both, 500)
}
