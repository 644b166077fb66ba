package match_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds/nvd"
	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cpe"
)

// verdictOf is who is right about one class of disagreements, with an example and how
// many there are.
type verdictOf struct {
	Class, Query, CVE, Theirs, Ours, Right, Why string
	Count                                       int
}

// TestAgreesWithNvdtoolsOrSaysWhoIsRight holds inventories of CPE names against what an
// independent implementation finds in the same records. It is not the truth: every
// disagreement belongs to a class that testdata/nvdtools-verdicts.json judges.
func TestAgreesWithNvdtoolsOrSaysWhoIsRight(t *testing.T) {
	t.Parallel()
	var verdicts []verdictOf
	readJSON(t, filepath.Join("testdata", "nvdtools-verdicts.json"), &verdicts)
	f, err := os.Open(testdata.Path(t, "oracle", "nvd-cpe2cve.csv"))
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	theirs := map[string]bool{} // the CVEs of the feed that the other read
	for _, r := range load(t, nvd.New(&nvd.Options{From: testdata.Path(t, "nvd", "converted-from-11")})) {
		theirs[r.Item] = true
	}
	for _, row := range rows[1:] {
		for _, id := range strings.Fields(row[2]) {
			theirs[id] = true
		}
	}
	none, err := sbom.NewAliases()
	require.NoError(t, err)
	records := nvdRecords(t)
	index, bare := match.Build(records, nil), match.Build(records, &match.Options{Aliases: none})
	counts := map[string]int{}
	pairs, agreed := 0, 0
	for _, row := range rows[1:] {
		var bom sbom.BOM
		for _, c := range strings.Fields(row[0]) {
			bom.Components = append(bom.Components, sbom.Component{Ref: c, Name: c, CPE: c})
		}
		result, plain := index.Find("", bom), bare.Find("", bom)
		want := strings.Fields(row[2])
		pairs += len(want)
		for _, f := range result.Findings {
			if slices.Contains(want, string(f.Vulnerability)) {
				agreed++
				continue
			}
			class := more(f, plain, theirs)
			if counts[class]++; class == "" {
				t.Errorf("%s on %s (%s) is ours alone, by %s", f.Vulnerability, row[0], row[1], f.Instances[0].Evidence[0].Leaf)
			}
		}
		for _, id := range want {
			if slices.Contains(ids(result), id) {
				continue
			}
			class := ""
			for _, c := range result.Undecided {
				if string(c.Vulnerability) == id {
					class = map[match.Ask]string{match.AskVersion: "no-version", match.AskRecord: "no-update"}[c.Ask]
				}
			}
			if counts[class]++; class == "" {
				t.Errorf("%s on %s (%s) is missed, and not left to a person either", id, row[0], row[1])
			}
		}
	}
	t.Logf("%d queries, %d pairs: %d found by both, 0 missed; disagreements %v, each judged", len(rows)-1, pairs, agreed, counts)
	for _, v := range verdicts {
		require.Equal(t, v.Count, counts[v.Class], v.Class)
		require.NotEmpty(t, v.Why)
		require.Equal(t, "ours", v.Right, v.Class)
		delete(counts, v.Class)
	}
	require.Empty(t, counts, "each class is judged")
}

// more says of what class a finding is that the other does not have.
func more(f match.Finding, plain match.Result, theirs map[string]bool) string {
	if !theirs[string(f.Vulnerability)] {
		return "other-feed"
	}
	if !slices.ContainsFunc(plain.Findings, func(p match.Finding) bool { return p.Vulnerability == f.Vulnerability }) {
		return "alias"
	}
	for _, i := range f.Instances {
		for _, e := range i.Evidence {
			own, err := cpe.Parse(i.Component.CPE)
			leaf, bad := cpe.Parse(strings.Fields(e.Leaf)[0])
			switch {
			case err != nil || bad != nil:
			case e.Rule == "exact version" && strings.TrimRight(strings.ReplaceAll(own.Version.Text(), ".0", ""), ".0") ==
				strings.TrimRight(strings.ReplaceAll(leaf.Version.Text(), ".0", ""), ".0") && own.Version != leaf.Version:
				return "zeros"
			case e.Rule == "range" && strings.HasPrefix(own.Update.Text(), "rc") && e.Fixed != "":
				return "announced"
			}
		}
	}
	return ""
}
