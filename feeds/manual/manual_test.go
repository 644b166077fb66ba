package manual_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
	"github.com/open-postmarket/postmarket/feeds/manual"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/tlp"
	"github.com/open-postmarket/postmarket/vex"
)

type reading struct {
	records  []feeds.Record
	rejected []string
	whole    bool
	err      error
}

func read(t *testing.T, s feeds.Source) (r reading) {
	t.Helper()
	for u, err := range s.Updates(t.Context(), "") {
		var bad *feeds.RecordError
		switch {
		case errors.As(err, &bad):
			require.Equal(t, s.Name(), bad.Source)
			r.rejected = append(r.rejected, bad.Item+": "+bad.Err.Error())
		case err != nil:
			r.err = err
		case u.Record.Item != "":
			require.NoError(t, u.Record.Validate())
			r.records = append(r.records, u.Record)
		}
		r.whole = r.whole || u.Whole
	}
	return r
}

func decoded(t *testing.T, doc string) (r reading) {
	t.Helper()
	for u, err := range manual.Decode(strings.NewReader(doc)) {
		var bad *feeds.RecordError
		switch {
		case errors.As(err, &bad):
			r.rejected = append(r.rejected, bad.Item+": "+bad.Err.Error())
		case err != nil:
			r.err = err
		default:
			r.records = append(r.records, u.Record)
		}
	}
	return r
}

func items(records []feeds.Record) (out []string) {
	for _, r := range records {
		out = append(out, r.Item)
	}
	return out
}

func entry() manual.Entry {
	return manual.Entry{Supplier: "Acme", ID: "SB-1", Title: "Flaw", Products: []manual.Product{{Name: "Sheet"}}}
}

func TestBoundsOfVersionsAreReadAndWordsAreKept(t *testing.T) {
	t.Parallel()
	affected := func(s feeds.Span) []feeds.Span { s.Status = vex.Affected; return []feeds.Span{s} }
	for name, c := range map[string]struct {
		products []manual.Product
		want     feeds.Product
	}{
		"nothing is said":          {[]manual.Product{{Name: "Sheet"}}, feeds.Product{}},
		"words":                    {[]manual.Product{{Name: "Sheet", Affected: "4.x"}}, feeds.Product{Spans: affected(feeds.Span{From: "4", UpTo: "4.*", Text: "4.x"})}},
		"words and what to get":    {[]manual.Product{{Name: "Sheet", Affected: "4.x", Fixed: "4.9"}}, feeds.Product{Spans: affected(feeds.Span{From: "4", UpTo: "4.*", Text: "4.x"})}},
		"words of a condition":     {[]manual.Product{{Name: "Sheet", Affected: "4.x with the service menu"}}, feeds.Product{Unread: []string{"4.x with the service menu"}}},
		"fixed":                    {[]manual.Product{{Name: "Sheet", Fixed: "4.9"}}, feeds.Product{Default: vex.NotAffected, Spans: affected(feeds.Span{From: "0", Below: "4.9"})}},
		"last":                     {[]manual.Product{{Name: "Sheet", Last: "4.8"}}, feeds.Product{Default: vex.NotAffected, Spans: affected(feeds.Span{From: "0", UpTo: "4.8"})}},
		"from":                     {[]manual.Product{{Name: "Sheet", From: "4"}}, feeds.Product{Default: vex.NotAffected, Spans: affected(feeds.Span{From: "4", Open: true})}},
		"from to last, with words": {[]manual.Product{{Name: "Sheet", From: "4", Last: "4.8", Affected: "4 to 4.8"}}, feeds.Product{Default: vex.NotAffected, Spans: affected(feeds.Span{From: "4", UpTo: "4.8", Text: "4 to 4.8"})}},
		"two stretches": {[]manual.Product{{Name: "Sheet", From: "4", Fixed: "4.9"}, {Name: "Sheet", From: "5", Fixed: "5.1"}},
			feeds.Product{Default: vex.NotAffected, Spans: append(affected(feeds.Span{From: "4", Below: "4.9"}), affected(feeds.Span{From: "5", Below: "5.1"})...)}},
		"a stretch and words": {[]manual.Product{{Name: "Sheet", From: "4", Fixed: "4.9"}, {Name: "Sheet", Affected: "some of 3"}},
			feeds.Product{Spans: affected(feeds.Span{From: "4", Below: "4.9"}), Unread: []string{"some of 3"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := entry()
			e.Products = c.products
			r, err := manual.Record(e)
			require.NoError(t, err)
			c.want.Vendor, c.want.Name = "Acme", "Sheet"
			require.Equal(t, []feeds.Product{c.want}, r.Products)
		})
	}
}

func TestAnEntryIsCheckedAllAtOnce(t *testing.T) {
	t.Parallel()
	_, err := manual.Record(manual.Entry{})
	require.EqualError(t, err, "manual: no supplier\nno id\nneither a title nor a text\nno product")
	_, err = manual.New(&manual.Options{Name: "manual/lab"}).Record(manual.Entry{
		Supplier: "Acme", ID: "1", Text: "\xff", IDs: []string{"CVE-24-1"}, Severity: "CVSS:3.1/AV:X", Published: "tomorrow", URL: "ftp://a.example", TLP: "PURPLE",
		Products: []manual.Product{{Vendor: "Acme"}, {PURL: "pkg:", CPE: "cpe:/x", From: "1 or 2", Fixed: "<3", Last: "4,5"}},
		Remedies: []manual.Remedy{{Kind: "patch", URL: "https://"}, {Kind: "mitigation", URL: "://"}},
	})
	for _, want := range []string{
		"manual/lab: not UTF-8", `id "CVE-24-1" is no CVE id`, "severity: ", `published: "tomorrow" is neither a day`, `url: "ftp://a.example" is no http`,
		`tlp: `, "no product: neither a name nor a purl nor a cpe", "purl: ", "cpe: ", `from "1 or 2" is not one version`, `fixed "<3" is not one version`, `last "4,5" is not`,
		`remedy: "patch" is none of vendor_fix`, `remedy: "https://" is no http`, `remedy: "://" is no address`,
	} {
		require.ErrorContains(t, err, want)
	}
	for _, day := range []string{"0000-01-01", "9999-12-31T23:59:59-23:00", "2026-02-30"} {
		e := entry()
		e.Published = day
		_, err := manual.Record(e)
		require.Error(t, err, day)
	}
}

func TestABulletinWithoutALabelIsNotPublic(t *testing.T) {
	t.Parallel()
	r, err := manual.Record(entry())
	require.NoError(t, err)
	require.Equal(t, "TLP:AMBER by manual", r.Mark.String())
	r, err = manual.New(&manual.Options{Unlabeled: tlp.Red, Name: "manual/lab"}).Record(entry())
	require.NoError(t, err)
	require.Equal(t, "TLP:RED by manual/lab", r.Mark.String())
	labeled := entry()
	labeled.TLP = "tlp:clear"
	r, err = manual.New(&manual.Options{Unlabeled: tlp.Red}).Record(labeled)
	require.NoError(t, err)
	require.Equal(t, "TLP:CLEAR by manual", r.Mark.String())
}

const head = "supplier,id,title,product,fixed,ids\n"

func TestRowsThatCannotBeReadAreRejectedByTheirLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		doc      string
		want     []string
		rejected []string
	}{
		"a row without a product": {head + "Acme,1,A,Sheet,2,\nAcme,2,B,,,\nAcme,3,C,Sheet,,\n", []string{"Acme/1", "Acme/3"},
			[]string{"Acme/2: line 3: no product"}},
		"a row without an id, after one of two lines": {head + "Acme,1,\"A\nB\",Sheet,,\nAcme,,B,Sheet,,\n", []string{"Acme/1"}, []string{"line[4]: line 4: no id"}},
		"too few cells and too many":                  {head + "Acme,1,A\nAcme,2,A,Sheet,,,x\nAcme,3,A,Sheet,,\n", []string{"Acme/3"}, []string{"Acme/1: line 2: 3 cells for 6 columns", "Acme/2: line 3: 7 cells for 6 columns"}},
		"a quote amid a cell":                         {head + "Acme,1,A\"B,Sheet,,\nAcme,2,B,Sheet,,\n", []string{"Acme/2"}, []string{`line[2]: line 2: bare " in non-quoted-field`}},
		"a quote that does not end":                   {head + "Acme,1,A,Sheet,,\nAcme,2,\"B,Sheet,,\n", []string{"Acme/1"}, []string{`line[3]: line 3: extraneous or missing " in quoted-field`}},
		"a last line that does not end":               {head + "Acme,1,A,Sheet,,\nAcme,2,B,Sheet,2", []string{"Acme/1"}, []string{"Acme/2: line 3: 5 cells for 6 columns"}},
		"a last line that seems whole":                {head + "Acme,1,A,Sheet,,\nAcme,2,B,Sheet,,CVE-2099-000", []string{"Acme/1"}, []string{"Acme/2: line 3: the line does not end: it may be cut off"}},
		"a column that is not known":                  {"Supplier,ID,Title,Product,Fixed in\nAcme,1,A,Sheet,2\n", []string{"Acme/1"}, []string{`line[1]: line 1: the column "Fixed in" is not known and not read`}},
		"semicolons and lines of Windows":             {"\xef\xbb\xbf" + strings.ReplaceAll(strings.ReplaceAll(head, ",", ";"), "\n", "\r\n") + "Acme;1;A, B;Sheet;;\r\n", []string{"Acme/1"}, nil},
		"tabs":                                        {strings.ReplaceAll(head, ",", "\t") + "Acme\t1\tA\tSheet\t\t\n", []string{"Acme/1"}, nil},
		"rows with nothing in them":                   {head + ",,,,,\n\nAcme,1,A,Sheet,,\n , ,,,,\n", []string{"Acme/1"}, nil},
		"a row with a title alone":                    {head + ",,A,,,\n", nil, []string{"line[2]: line 2: no supplier\nno id\nno product"}},
		"the same row twice":                          {head + "Acme,1,A,Sheet,,\nAcme,1,A,Sheet,,\n", []string{"Acme/1"}, nil},
		"another title":                               {head + "Acme,1,A,Sheet,,\nAcme,1,B,Sheet,,\nAcme,1,,Desk,,\n", []string{"Acme/1"}, []string{"Acme/1: line 3: the bulletin has another title than in line 2"}},
		"a second product that cannot be read":        {head + "Acme,1,A,Sheet,,\nAcme,1,,Desk,1 2,\n", []string{"Acme/1"}, []string{`Acme/1: line 3: fixed "1 2" is not one version: what is more belongs to affected`}},
		"a row that goes on a bad one":                {head + "Acme,1,A,Sheet,1 2,\nAcme,1,,Desk,,\n", nil, []string{`Acme/1: line 2: fixed "1 2" is not one version: what is more belongs to affected`, "Acme/1: line 3: neither a title nor a text"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := decoded(t, c.doc)
			require.NoError(t, r.err)
			require.Equal(t, c.want, items(r.records))
			require.Equal(t, c.rejected, r.rejected)
		})
	}
}

func TestRowsOfOneBulletinAreOneRecord(t *testing.T) {
	t.Parallel()
	r := decoded(t, head+"Acme,1,A,Sheet,2,\"CVE-2099-0001; cve-2099-0002\"\nBeta,1,B,Sensor,,\nAcme,1,,Desk,3,\n")
	require.NoError(t, r.err)
	require.Equal(t, []string{"Acme/1", "Beta/1"}, items(r.records))
	require.Len(t, r.records[0].Products, 2)
	require.Equal(t, []feeds.ID{"CVE-2099-0001", "CVE-2099-0002"}, r.records[0].Names)
	require.Equal(t, []feeds.Remedy{{Kind: "vendor_fix", Text: "Sheet is fixed in version 2"}, {Kind: "vendor_fix", Text: "Desk is fixed in version 3"}}, r.records[0].Remedies)
}

func TestJSONIsReadEntryByEntry(t *testing.T) {
	t.Parallel()
	good := `{"supplier":"Acme","id":"1","title":"A","products":[{"name":"Sheet"}]}`
	r := decoded(t, "{\"bulletins\":[\n"+good+",\n"+good+",\n"+strings.Replace(good, `"A"`, `"B"`, 1)+",\n"+
		strings.Replace(good, `"1","title"`, `"2","titel"`, 1)+",\n"+strings.Replace(good, `"1"`, `"3","fixd":"4"`, 1)+",\n7, null,\n"+
		strings.Replace(good, `"1"`, `4`, 1)+"\n], \"note\": 1}")
	require.NoError(t, r.err)
	require.Equal(t, []string{"Acme/1", "Acme/3"}, items(r.records))
	require.Len(t, r.rejected, 8)
	for i, want := range []string{
		"Acme/1: line 4: this bulletin was told before, with other content",
		`Acme/2: line 5: read without what is not known: json: unknown field "titel"`, "Acme/2: line 5: neither a title nor a text",
		`Acme/3: line 6: read without what is not known: json: unknown field "fixd"`,
		"bulletins[5]: line 7: json: cannot unmarshal number", "bulletins[6]: line 7: null is no bulletin", "bulletins[7]: line 8: json: cannot unmarshal number",
		"note: this member is not known and not read",
	} {
		require.Contains(t, r.rejected[i], want)
	}
}

func TestDocumentsThatAreNone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		doc, want string
		other     bool
	}{
		"nothing":               {" \n", "empty", false},
		"an empty object":       {"{}", "an empty object", false},
		"other JSON":            {`{"name":"x"}`, `it has no "bulletins"`, true},
		"a list":                {`[]`, "not a JSON object", false},
		"cut off":               {`{"bulletins":[{"supplier":`, "unexpected EOF", false},
		"no list":               {`{"bulletins":7}`, "not an array", false},
		"a page of HTML":        {"<!DOCTYPE html>\n<html>", `there is no column "supplier"`, false},
		"a table of no product": {"supplier,id\nAcme,1\n", `none of the columns "product", "purl" and "cpe"`, false},
		"a column twice":        {"supplier,id,product,ID\n", `the column "ID" is there twice`, false},
		"a broken header":       {"supplier,\"id\n", "the header cannot be read", false},
		"not UTF-8":             {"supplier,id,product\nAcm\xe9,1,x\n", "not UTF-8", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := decoded(t, c.doc)
			require.ErrorContains(t, r.err, c.want)
			require.Equal(t, c.other, errors.Is(r.err, fetch.ErrOther))
			require.Empty(t, r.records)
		})
	}
}

func TestTheTemplateIsReadAndItsExamplePassedOver(t *testing.T) {
	t.Parallel()
	for _, format := range []manual.Format{manual.CSV, manual.JSON} {
		var out bytes.Buffer
		require.NoError(t, manual.Template(&out, format))
		require.Equal(t, reading{}, decoded(t, out.String()), "nothing is told, nothing complained of")
		filled := strings.Replace(out.String(), "EXAMPLE", "Acme", 1)
		r := decoded(t, filled)
		require.Equal(t, []string{"Acme/SB-2026-01"}, items(r.records))
		require.Empty(t, r.rejected)
		require.Equal(t, feeds.Span{Status: vex.Affected, From: "4.2", Below: "4.9", UpTo: "4.8.1", Text: "4.2 up to and including 4.8.1"}, r.records[0].Products[0].Spans[0])
	}
	require.ErrorContains(t, manual.Template(&bytes.Buffer{}, "xlsx"), `"xlsx" is no format`)
}

func TestEntriesByHandAndFilesAreOneFeed(t *testing.T) {
	t.Parallel()
	other := entry()
	other.Title = "Another flaw"
	bad := entry()
	bad.ID, bad.Products = "SB-9", nil
	opts := manual.Options{Entries: []manual.Entry{entry(), other, bad}, FS: os.DirFS("testdata/before")}
	r := read(t, manual.New(&opts))
	require.NoError(t, r.err)
	require.True(t, r.whole)
	require.Equal(t, []string{"Acme/SB-1", "Acme/SB-2", "Beta Sensors/2026/7", "Gamma/G-1"}, items(r.records))
	require.Equal(t, []string{
		"Acme/SB-1: this bulletin was told before, with other content", "Acme/SB-9: no product",
		`Acme/SB-1: in "acme.csv": line 2: this bulletin was told before, with other content`,
	}, r.rejected)

	r = read(t, manual.New(&manual.Options{Entries: []manual.Entry{entry()}}))
	require.NoError(t, r.err)
	require.True(t, r.whole)
	require.Len(t, r.records, 1)
}

func TestABulletinThatWasDeletedIsGone(t *testing.T) {
	t.Parallel()
	mirror := memory.New()
	for i, want := range []struct {
		dir           string
		records, gone int
	}{{"before", 4, 0}, {"after", 4, 1}} {
		at := time.Date(2026, 5, 1+i, 0, 0, 0, 0, time.UTC)
		s, err := feeds.Sync(t.Context(), manual.New(&manual.Options{From: "testdata/" + want.dir}), mirror, &feeds.SyncOptions{At: at})
		require.NoError(t, err)
		require.Equal(t, want.records, s.Records)
		require.Equal(t, want.gone, s.Gone)
	}
}

func TestPathsThatTellNothingAreNamed(t *testing.T) {
	t.Parallel()
	folder := fstest.MapFS{
		"good/a.csv": {Data: []byte(head + "Acme,1,A,Sheet,,\n")}, "good/package.json": {Data: []byte(`{"name":"x"}`)},
		"none/readme.txt": {Data: []byte("x")}, "bad/a.csv": {Data: []byte("a,b\n")}, "table.txt": {Data: []byte(head + "Acme,2,A,Sheet,,\n")},
	}
	for name, c := range map[string]struct {
		opts manual.Options
		want string
		told int
	}{
		"a table beside other JSON":      {manual.Options{FS: folder, From: "good"}, "", 1},
		"a file of any name":             {manual.Options{FS: folder, From: "table.txt", More: []string{"/good/"}}, "", 2},
		"nothing in a folder":            {manual.Options{FS: folder, From: "none"}, `"none": feeds: nothing could be read`, 0},
		"nothing can be read":            {manual.Options{FS: folder, From: "bad"}, "1 rejected", 0},
		"a path that is not there":       {manual.Options{FS: folder, From: "gone", More: []string{"good"}}, `"gone": cannot be opened`, 1},
		"an address":                     {manual.Options{From: "https://acme.example/a.csv"}, "not from an address", 0},
		"nowhere":                        {manual.Options{}, "neither Entries nor files", 0},
		"a label that is none":           {manual.Options{FS: folder, Unlabeled: "PURPLE"}, `"PURPLE" is no label`, 0},
		"a folder of the disk":           {manual.Options{From: "testdata/before"}, "", 4},
		"a file of the disk":             {manual.Options{From: "testdata/before/gamma.json"}, "", 1},
		"a file of the disk that is not": {manual.Options{From: "testdata/before/none.csv"}, "cannot be opened", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := read(t, manual.New(&c.opts))
			require.Len(t, r.records, c.told)
			if c.want == "" {
				require.NoError(t, r.err)
				require.True(t, r.whole)
				require.Empty(t, r.rejected)
				return
			}
			require.ErrorContains(t, r.err, c.want)
			require.False(t, r.whole)
		})
	}
}

func TestAReaderMayStopAnywhere(t *testing.T) {
	t.Parallel()
	docs := []string{
		head[:len(head)-1] + ",x\nAcme,1,A,Sheet,,,\nAcme,2,A,,,,\nAcme,3,A,Sheet,,,\n",
		`{"bulletins":[{"supplier":"Acme","id":"1","title":"A","x":1,"products":[{"name":"Sheet"}]},7,{"supplier":"Acme"}],"y":1}`,
	}
	for _, doc := range docs {
		for stop := 1; stop < 8; stop++ {
			n := 0
			for range manual.Decode(strings.NewReader(doc)) {
				if n++; n == stop {
					break
				}
			}
			require.LessOrEqual(t, n, stop)
		}
	}
	feed := manual.New(&manual.Options{Entries: []manual.Entry{entry(), {}}, FS: os.DirFS("testdata/bad")})
	for stop := 1; stop < 8; stop++ {
		n := 0
		for range feed.Updates(t.Context(), "") {
			if n++; n == stop {
				break
			}
		}
		require.LessOrEqual(t, n, stop)
	}
}
