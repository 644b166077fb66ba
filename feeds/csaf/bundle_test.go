package csaf_test

import (
	"encoding/csv"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/csaf"
	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/vex"
)

// TestDocumentsOfTheBundleDecode reads the documents of several publishers. Words of
// versions that are left to a person are shown by -v.
func TestDocumentsOfTheBundleDecode(t *testing.T) {
	t.Parallel()
	for folder, want := range map[string]struct {
		records  int
		rejected []string // what they hold
	}{
		"cisa-icsma": {344, nil},
		"cisa-icsa":  {570, nil},
		"vendors":    {63, []string{`"fg-ir-25-771#1": in`}}, // a list within the list
		"redhat":     {6, []string{"has no document", "not a JSON object"}},
		"gocsaf-testdata": {10, append([]string{
			"after top-level value",            // the document with something behind it
			`"simple-rolie-provider/white/wh`}, // a template, not JSON
			slices.Repeat([]string{"not a JSON object"}, 11)...)},
		"oasis-examples-2.0": {0, nil}, "oasis-tests-2.0": {0, nil}, "oasis-tests-2.1": {0, nil},
	} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			records, rejected, whole, err := gather(csaf.New(&csaf.Options{Name: "csaf/test", From: testdata.Path(t, "csaf", folder)}).Updates(t.Context(), ""))
			require.NoError(t, err)
			require.True(t, whole)
			for _, bad := range rejected {
				ok := slices.ContainsFunc(want.rejected, func(s string) bool { return strings.Contains(bad.Error(), s) })
				require.True(t, ok || strings.HasPrefix(folder, "oasis"), bad)
			}
			if strings.HasPrefix(folder, "oasis") {
				t.Logf("%d records, %d rejected %v", len(records), len(rejected), rejected)
				return // many are invalid on purpose
			}
			require.Len(t, rejected, len(want.rejected))
			require.Len(t, records, want.records)
			spans, unread := 0, map[string]bool{}
			for _, r := range records {
				require.NoError(t, r.Validate())
				require.False(t, r.Published.IsZero(), r.Item)
				require.NotEmpty(t, r.Names, r.Item)
				for _, p := range r.Products {
					require.NotEmpty(t, p.Name, r.Item)
					require.NotEmpty(t, len(p.Spans)+len(p.Unread), "of each product something is said")
					spans += len(p.Spans)
					for _, words := range p.Unread {
						unread[words] = true
					}
				}
			}
			t.Logf("%d records, %d spans, %d texts for a person: %q", len(records), spans, len(unread), slices.Sorted(maps.Keys(unread)))
		})
	}
}

// TestProductsAreThoseOfAnIndependentReading compares each row of a reading that
// others made of the same documents: advisory, vulnerability, status, product, version
// as written, and score.
func TestProductsAreThoseOfAnIndependentReading(t *testing.T) {
	t.Parallel()
	records := map[[2]string][]feeds.Record{}
	for _, folder := range []string{"cisa-icsma", "cisa-icsa"} {
		all, _, _, err := gather(csaf.New(&csaf.Options{From: testdata.Path(t, "csaf", folder)}).Updates(t.Context(), ""))
		require.NoError(t, err)
		for _, r := range all {
			id, _, _ := strings.Cut(r.Item, "#")
			key := [2]string{id, string(r.Names[0])}
			records[key] = append(records[key], r)
		}
	}
	file, err := os.Open(filepath.Join(testdata.Dir(t), "oracle", "csaf-product-status.csv"))
	require.NoError(t, err)
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	equal := 0
	for _, row := range rows[1:] {
		found := slices.ContainsFunc(records[[2]string{strings.ToLower(row[0]), row[1]}], func(r feeds.Record) bool {
			return holds(r, row[2], row[4], row[5], row[7]) && scored(r, row[10])
		})
		if found {
			equal++
			continue
		}
		if row[0] == "ICSMA-22-263-01" && row[5] == "MiniMed 670G" {
			// The list names MMT-1762 twice, and we tell it once. Both are right.
			continue
		}
		t.Errorf("%q", row)
	}
	t.Logf("%d of %d rows are equal", equal, len(rows)-1)
	require.Equal(t, 3675, equal)
	require.Len(t, rows, 3677)
}

func scored(r feeds.Record, vector string) bool {
	return vector == "" || slices.ContainsFunc(r.Scores, func(s feeds.Score) bool { return s.Vector == vector })
}

// holds reports whether r says of the product, in that status, exactly the version
// text: as unread words, or as spans that leave nothing of it but what parts a list.
func holds(r feeds.Record, status, vendor, name, version string) bool {
	is := map[string]vex.Status{"known_affected": vex.Affected}[status]
	return slices.ContainsFunc(r.Products, func(p feeds.Product) bool {
		if p.Vendor != vendor || p.Name != strings.TrimSpace(name) {
			return false
		}
		text := strings.TrimSpace(version)
		if slices.Contains(p.Unread, text) {
			return true
		}
		left := text
		spans := slices.Clone(p.Spans)
		slices.SortFunc(spans, func(a, b feeds.Span) int { return len(b.Text) - len(a.Text) })
		for _, s := range spans {
			if s.Status == is && s.Text != "" {
				left = strings.Replace(left, s.Text, "", 1)
			}
		}
		return strings.Trim(strings.ReplaceAll(left, "and", ""), " ,|") == "" && left != text
	})
}

// TestListsHashesAndSignaturesOfTheBundle reads what real providers publish beside
// their documents.
func TestListsHashesAndSignaturesOfTheBundle(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{
		"cisa-index/index.txt": 2379, "cisa-index/changes.csv": 2379, "cisa-index/cisa-csaf-ot-feed-tlp-white.json": 2379,
		"vendors/pkg/fetch/sick/csaf/testdata/fixtures/happy/csaf-feed-tlp-white.json": 1,
	} {
		body, err := os.ReadFile(testdata.Path(t, "csaf", name))
		require.NoError(t, err)
		got, err := csaf.ReadListing(filepath.Base(name), body)
		require.NoError(t, err)
		require.Equal(t, want, got, name)
	}
	documents, err := filepath.Glob(filepath.Join(testdata.Path(t, "csaf", "cisa-sig"), "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, documents)
	for _, name := range documents {
		body, err := os.ReadFile(name)
		require.NoError(t, err)
		hash, err := os.ReadFile(name + ".sha512")
		require.NoError(t, err)
		require.NoError(t, csaf.CheckHash(body, hash, filepath.Base(name)))
		require.ErrorIs(t, csaf.CheckHash(append(body, ' '), hash, filepath.Base(name)), csaf.ErrWrong)
		signature, err := os.ReadFile(name + ".asc")
		require.NoError(t, err)
		require.ErrorIs(t, csaf.CheckSignature(nil, body, signature), csaf.ErrNotVerified, "the key is not in the bundle")
	}
}

// gather reads to the end.
func gather(seq func(func(feeds.Update, error) bool)) (records []feeds.Record, rejected []*feeds.RecordError, whole bool, end error) {
	for u, err := range seq {
		var bad *feeds.RecordError
		switch {
		case errors.As(err, &bad):
			rejected = append(rejected, bad)
		case err != nil:
			end = err
		case u.Record.Item != "":
			records = append(records, u.Record)
		}
		whole = whole || u.Whole
	}
	return records, rejected, whole, end
}
