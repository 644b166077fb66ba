package match_test

import (
	"encoding/csv"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
)

var plainVersion = regexp.MustCompile(`^(<=|<|=)?\s*[vV]?(\d+(\.\d+)+)$`)

// TestProductsOfAdvisoriesAreMetByVendorNameAndVersion makes a component of every row of
// what an independent reader found in advisories: a product of a vendor that is
// affected in some versions. A device that lists it so must get a finding where the version is
// plain, and a finding or a question where it is prose: never silence, and never "not affected".
func TestProductsOfAdvisoriesAreMetByVendorNameAndVersion(t *testing.T) {
	t.Parallel()
	of := named(csafRecords(t))
	f, err := os.Open(testdata.Path(t, "oracle", "csaf-product-status.csv"))
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	indexes := map[feeds.ID]*match.Index{}
	counts := map[string]int{}
	for _, row := range rows[1:] {
		id, vendor, name, text := feeds.ID(row[1]), row[4], row[5], strings.TrimSpace(row[7])
		if len(of[id]) == 0 || name == "" {
			counts["no record, or no name"]++
			continue
		}
		c := sbom.Component{Name: name, Supplier: vendor, Version: text}
		kind := "prose"
		if m := plainVersion.FindStringSubmatch(text); m != nil {
			kind, c.Version = "plain", m[2]
			if m[1] == "<" {
				c.Version = "0.0.1"
			}
		} else if text == "vers:all/*" {
			kind, c.Version = "all", "1.0"
		}
		if indexes[id] == nil {
			indexes[id] = match.Build(of[id], nil)
		}
		says, why := said(indexes[id].Explain("", alone(c)), "it", id)
		counts[kind+" "+says]++
		if says == silent || says == rejected || kind != "prose" && says != found {
			t.Errorf("%s %s: %s %q %q %q: %s", row[0], id, says, vendor, name, text, why)
		}
	}
	t.Logf("%d rows: %v", len(rows)-1, counts)
}
