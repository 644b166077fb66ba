package kev_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/feedtest"
	"github.com/open-postmarket/postmarket/feeds/kev"
)

const catalog = "known_exploited_vulnerabilities.json"

func suite() feedtest.Suite {
	return feedtest.Suite{
		Name:   "kev",
		URL:    "https://publisher.example/" + catalog,
		Open:   func(p feedtest.Publisher) feeds.Source { return kev.New(&kev.Options{From: p.URL, Client: p.Client}) },
		Before: os.DirFS("testdata/before"), After: os.DirFS("testdata/after"),
		Bad: os.DirFS("testdata/bad"), Damaged: []string{"CVE-2020-11023", "CVE-2017-0144"},
		Golden: "testdata/golden.json",
	}
}

func TestPromisesOverHTTP(t *testing.T) {
	t.Parallel()
	feedtest.Run(t, suite())
}

func TestPromisesOfAFolder(t *testing.T) {
	t.Parallel()
	s := suite()
	s.URL = ""
	s.Open = func(p feedtest.Publisher) feeds.Source { return kev.New(&kev.Options{FS: p.FS}) }
	s.Without = map[string]string{`"slow down" is obeyed`: "files do not ask to wait"}
	feedtest.Run(t, s)
}

func TestPromisesOfAFile(t *testing.T) {
	t.Parallel()
	s := suite()
	s.URL = ""
	s.Open = func(p feedtest.Publisher) feeds.Source { return kev.New(&kev.Options{FS: p.FS, From: catalog}) }
	s.Without = map[string]string{`"slow down" is obeyed`: "files do not ask to wait"}
	feedtest.Run(t, s)
}

// asCSV is a catalog as CSV, with the entries of more that it lacks: one that is
// taken out of it is not told.
func asCSV(t *testing.T, folder, more string) fs.FS {
	t.Helper()
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	head := []string{
		"cveID", "vendorProject", "product", "vulnerabilityName", "dateAdded", "shortDescription", "requiredAction", "dueDate",
		"knownRansomwareCampaignUse", "notes", "cwes",
	}
	require.NoError(t, w.Write(head))
	seen := map[any]bool{}
	for _, name := range []string{folder, more} {
		body, err := os.ReadFile("testdata/" + name + "/" + catalog)
		require.NoError(t, err)
		var doc struct{ Vulnerabilities []map[string]any }
		require.NoError(t, json.Unmarshal(body, &doc))
		for _, e := range doc.Vulnerabilities {
			if seen[e["cveID"]] {
				continue
			}
			seen[e["cveID"]] = true
			e["cveID"] = fmt.Sprint(e["cveID"]) // one of the damaged is a number
			var fields []string
			for _, column := range head {
				text, _ := e[column].(string)
				list, _ := e[column].([]any)
				for i, cwe := range list {
					text += map[bool]string{true: ", "}[i > 0] + cwe.(string)
				}
				fields = append(fields, text)
			}
			require.NoError(t, w.Write(fields))
		}
	}
	w.Flush()
	return fstest.MapFS{"known_exploited_vulnerabilities.csv": {Data: out.Bytes()}}
}

func csvSuite(t *testing.T) feedtest.Suite {
	s := suite()
	s.URL = strings.Replace(s.URL, ".json", ".csv", 1)
	s.Before, s.After, s.Bad = asCSV(t, "before", "before"), asCSV(t, "after", "before"), asCSV(t, "bad", "bad")
	return s
}

func TestPromisesOfCSVOverHTTP(t *testing.T) {
	t.Parallel()
	feedtest.Run(t, csvSuite(t))
}

func TestPromisesOfAFileOfCSV(t *testing.T) {
	t.Parallel()
	s := csvSuite(t)
	s.URL = ""
	s.Open = func(p feedtest.Publisher) feeds.Source {
		return kev.New(&kev.Options{FS: p.FS, From: "known_exploited_vulnerabilities.csv"})
	}
	s.Without = map[string]string{`"slow down" is obeyed`: "files do not ask to wait"}
	feedtest.Run(t, s)
}
