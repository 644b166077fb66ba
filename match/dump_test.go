package match_test

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

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/read"
)

// TestDump holds the answers for SBOMs of the bundle, and for made-up ones, against those of an index that was
// built from the same records in another order: they are equal byte for byte. With POSTMARKET_TEST_DUMP it
// writes them for every SBOM to the folder which that names, too. Run before and after a change that is to alter
// none, the two folders are equal:
//
//	POSTMARKET_TEST_DUMP=/tmp/before go test ./match -run TestDump; …; diff -r /tmp/before /tmp/after
func TestDump(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("POSTMARKET_TEST_DUMP")
	if folder != "" {
		require.NoError(t, os.MkdirAll(folder, 0o755))
	}
	answers := func(x *match.Index, bom sbom.BOM) []byte {
		var out bytes.Buffer
		e := json.NewEncoder(&out)
		e.SetIndent("", " ")
		for _, r := range []match.Result{x.Find("product", bom), x.Explain("product", bom)} {
			require.NoError(t, e.Encode(r))
			seen, evaluated := r.Seen()
			require.NoError(t, e.Encode([]any{seen, evaluated, r.Questions()}))
		}
		f := match.NewFleet(x)
		f.Put("product", bom)
		r, _ := f.Find("product")
		require.NoError(t, e.Encode(r))
		return out.Bytes()
	}
	dump := func(name string, x *match.Index, bom sbom.BOM) {
		if folder != "" {
			require.NoError(t, os.WriteFile(filepath.Join(folder, name+".json"), answers(x, bom), 0o644))
		}
	}

	osv, nvd := osvRecords(t), nvdRecords(t)
	all := merged(nvd, osv, cveRecords(t), csafRecords(t))
	indexes := map[string]*match.Index{
		"all": match.Build(all, nil), "osv": match.Build(osv, nil), "nvd": match.Build(nvd, nil),
		"half": match.Build(all[:len(all)/2], nil).With(all[len(all)/2:], match.Gone{Source: all[7].Source, Item: all[7].Item}),
	}
	backwards := slices.Clone(all)
	slices.Reverse(backwards)
	other := match.Build(backwards, nil)
	same := func(name string, bom sbom.BOM) {
		require.Equal(t, string(answers(indexes["all"], bom)), string(answers(other, bom)), name)
	}
	at := testdata.Path(t, "sboms")
	n := 0
	require.NoError(t, filepath.WalkDir(at, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		bom, err := read.File(path, nil)
		if err != nil {
			return nil // no SBOM
		}
		if n++; n%25 == 0 {
			same(path, bom)
		}
		for name, x := range indexes {
			dump(name+" "+strings.ReplaceAll(strings.TrimPrefix(path, at+"/"), "/", "_"), x, bom)
		}
		return nil
	}))
	require.Greater(t, n, 100)

	same("made", inventory(osv, 1000))
	dump("osv made", indexes["osv"], inventory(osv, 3000))
	dump("all made", indexes["all"], inventory(osv, 1000))
	records := made(5000)
	rnd := rand.New(rand.NewPCG(11, 12))
	var bom sbom.BOM
	for k := range 400 {
		bom.Components = append(bom.Components, drawn(k, 600, rnd))
	}
	for k := range 30 {
		bom.Components = append(bom.Components, sbom.Component{Ref: fmt.Sprint("b", k), Name: "board", CPE: fmt.Sprintf("cpe:2.3:h:vendor%d:board%d:-:*:*:*:*:*:*:*", k, k)})
	}
	x := match.Build(records, nil)
	dump("cpe made", x, bom)
	var changed []feeds.Record
	for k := range 200 {
		changed = append(changed, nvdShaped(records[k].Names[0], k%60, rnd))
	}
	dump("cpe made, changed", x.With(changed), bom)
}
