package epss_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/epss"
	"github.com/open-postmarket/postmarket/feeds/fetch"
	"github.com/open-postmarket/postmarket/internal/testdata"
)

// gather reads to the end.
func gather(seq func(func(feeds.Update, error) bool)) (records []feeds.Record, rejected []string, whole bool, end error) {
	for u, err := range seq {
		var bad *feeds.RecordError
		switch {
		case errors.As(err, &bad):
			rejected = append(rejected, bad.Error())
		case err != nil:
			end = err
		case u.Record.Item != "":
			records = append(records, u.Record)
		}
		whole = whole || u.Whole
	}
	return records, rejected, whole, end
}

func packed(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.Bytes()
}

func TestFeedIsASourceOfFacts(t *testing.T) {
	t.Parallel()
	require.False(t, feeds.Matches(epss.New(nil)))
	require.Equal(t, "epss", epss.New(nil).Name())
}

func TestEachFormSaysTheSame(t *testing.T) {
	t.Parallel()
	day := time.Date(2023, 3, 7, 0, 0, 0, 0, time.UTC)
	full := "#model_version:v2023.03.01,score_date:2023-03-07T00:00:00+0000\ncve,epss,percentile\ncve-2020-5902,0.97567,0.99995\n"
	for name, c := range map[string]struct {
		doc  string
		want feeds.Probability
	}{
		"publisher":          {full, feeds.Probability{Score: 0.97567, Percentile: 0.99995, Day: day, Model: "v2023.03.01"}},
		"packed":             {string(packed(full)), feeds.Probability{Score: 0.97567, Percentile: 0.99995, Day: day, Model: "v2023.03.01"}},
		"day alone":          {"#score_date:2023-03-07\r\n\r\ncve,epss,percentile\r\nCVE-2020-5902,0.97567,\r\n", feeds.Probability{Score: 0.97567, Day: day}},
		"no day":             {"#model_version:v2023.03.01\ncve,epss\nCVE-2020-5902,0.97567\n", feeds.Probability{Score: 0.97567, Model: "v2023.03.01"}},
		"no header":          {"CVE-2020-5902;0.975670000;0.999950000\n", feeds.Probability{Score: 0.97567, Percentile: 0.99995}},
		"more columns":       {"\xef\xbb\xbfCVE,CVSS3,EPSS,EPSS Percentile,Description\nCVE-2020-5902,9.8,0.97567,0.99995,\"a, b\"\n", feeds.Probability{Score: 0.97567, Percentile: 0.99995}},
		"answer":             {`{"status":"OK","total":1,"data":[{"cve":"CVE-2020-5902","epss":"0.97567","percentile":"0.99995","date":"2023-03-07"}]}`, feeds.Probability{Score: 0.97567, Percentile: 0.99995, Day: day}},
		"answer without day": {`{"total":1,"offset":0,"data":[{"cve":"CVE-2020-5902","epss":0.97567,"percentile":null}]}`, feeds.Probability{Score: 0.97567}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			records, rejected, whole, err := gather(epss.Decode(strings.NewReader(c.doc)))
			require.NoError(t, err)
			require.Empty(t, rejected)
			require.True(t, whole)
			require.Len(t, records, 1)
			require.Equal(t, feeds.ID("CVE-2020-5902"), records[0].Names[0])
			require.Equal(t, &c.want, records[0].Probability)
			require.Equal(t, "TLP:CLEAR by epss", records[0].Mark.String())
		})
	}
}

func TestDayToDayChangeIsNoChange(t *testing.T) {
	t.Parallel()
	digest := func(day, score string) string {
		records, _, _, err := gather(epss.Decode(strings.NewReader("#score_date:" + day + "\ncve,epss\nCVE-2020-5902," + score + "\n")))
		require.NoError(t, err)
		return records[0].Digest()
	}
	require.Equal(t, digest("2023-03-07", "0.2"), digest("2023-03-08", "0.3"))
	require.NotEqual(t, digest("2023-03-07", "0.2"), digest("2023-03-07", "0.6"))
}

func TestBadRowIsRejectedAndTheOthersGoOn(t *testing.T) {
	t.Parallel()
	doc := strings.Join([]string{
		"#score_date:someday", "cve,epss,percentile", "CVE-2020-0001,1.1,0.5", "CVE-2020-0002,-0.1,0.5", "CVE-2020-0003,NaN,0.5", "CVE-2020-0004,0.1,2",
		"GHSA-x,0.1,0.5", "CVE-2020-0005,0.1,0.5", "CVE-2020-0005,0.1,0.5", "CVE-2020-0005,0.2,0.5", "CVE-2020-0006", "CVE-2020-0007,0x1p-2,0", "CVE-2020-0008,0.1,\xff", `"CVE`, "CVE-2020-0009,0.1,0.5", "",
	}, "\n")
	records, rejected, whole, err := gather(epss.Decode(strings.NewReader(doc)))
	require.NoError(t, err)
	require.True(t, whole)
	require.Len(t, records, 2)
	want := []string{
		`"line[0]": the day "someday" is none`, `"CVE-2020-0001": score "1.1" is no number from 0 to 1`, `"CVE-2020-0002": score`, `"CVE-2020-0003": score "NaN"`, `"CVE-2020-0004": percentile "2"`,
		`"line[6]": "GHSA-x" is no CVE id`, `"CVE-2020-0005": has the score 0.2, and 0.1 in a row before`, `"line[10]": has 1 fields`, `"CVE-2020-0007": score "0x1p-2"`,
		`"line[12]": not UTF-8 at byte 18`, `"line[13]": `,
	}
	require.Len(t, rejected, len(want))
	for i := range want {
		require.Contains(t, rejected[i], want[i])
	}
	records, rejected, whole, err = gather(epss.Decode(strings.NewReader(`{"status":"OK","total":9,"data":[{"cve":"x","epss":"0.1"},{"cve":"CVE-2020-0001"},7,{"cve":"CVE-2020-0002","epss":"0.1","date":"soon"},{"cve":"CVE-2020-0003","epss":"0.1"}]}`)))
	require.NoError(t, err)
	require.False(t, whole, "there are more")
	require.Len(t, records, 1)
	require.Len(t, rejected, 4)
}

func TestBadFileIsAnErrorThatSaysWhat(t *testing.T) {
	t.Parallel()
	bomb := packed("cve,epss\n" + strings.Repeat("\n", 65<<20))
	for name, c := range map[string]struct{ doc, want string }{
		"zero bytes":     {"", "empty"},
		"white space":    {"\n \n", "neither header nor rows"},
		"wrong header":   {"#model_version:v1\ninvalid,header,format\nCVE-2024-6775,0.1,0.2\n", `line[1]: no EPSS scores: the header is "invalid,header,format"`},
		"no score":       {"cve,percentile\n", "no EPSS scores"},
		"cut off":        {"cve,epss\nCVE-2020-0001,0.1\nCVE-2020-0002,0.", "line[2] does not end: cut off"},
		"long line":      {"cve,epss\n" + strings.Repeat("x", 70000), "line[1]: larger than allowed"},
		"too large":      {string(bomb), "larger than allowed"},
		"cut gzip":       {string(bomb[:len(bomb)/2]), "unexpected EOF"},
		"broken gzip":    {"\x1f\x8bxxxxxxxxxxxx", "gzip"},
		"empty object":   {"{}", "it has no data"},
		"cut answer":     {`{"data":[{"cve":"CVE-2020-0001"`, "data[0]: at byte"},
		"failing answer": {`{"status":"Error","data":[]}`, `answers with status "Error"`},
		"a page":         {"<html>\n", "no EPSS scores"},
		"not UTF-8":      {"\xff,epss\n", "not UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, whole, err := gather(epss.Decode(strings.NewReader(c.doc)))
			require.ErrorContains(t, err, c.want)
			require.False(t, whole)
		})
	}
	_, _, _, err := gather(epss.Decode(bytes.NewReader(bomb)))
	require.ErrorIs(t, err, fetch.ErrTooLarge)
}

func TestPackedFilesAndAnswersOfAFolderAreRead(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{
		"a.csv.gz": {Data: packed("cve,epss\nCVE-2020-0001,0.1\n")}, "b.json": {Data: []byte(`{"total":2,"data":[{"cve":"CVE-2020-0002","epss":"0.1"}]}`)}, "c.gz": {Data: []byte("x")},
	}
	records, rejected, whole, err := gather(epss.New(&epss.Options{FS: fsys}).Updates(t.Context(), ""))
	require.NoError(t, err)
	require.Empty(t, rejected)
	require.Len(t, records, 2)
	require.False(t, whole, "the answer is one page of two")
}

func TestScoresOfTheBundle(t *testing.T) {
	t.Parallel()
	for folder, want := range map[string]struct {
		rows     int
		rejected string
	}{
		"emba-2025-06-22": {3567, ""}, "emba-2025-08-17": {60930, ""}, "first-format": {6, ""}, "kev-epss": {1556, ""}, "malformed": {10, "the header is"},
	} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			records, rejected, whole, err := gather(epss.New(&epss.Options{From: testdata.Path(t, "epss", folder)}).Updates(t.Context(), ""))
			require.NoError(t, err)
			require.Len(t, records, want.rows)
			require.Equal(t, want.rejected == "", whole)
			if want.rejected == "" {
				require.Empty(t, rejected)
			} else {
				require.Contains(t, fmt.Sprint(rejected), want.rejected)
			}
			for _, r := range records {
				require.NoError(t, r.Validate())
			}
			t.Logf("%d rows in %v, rejected: %v", len(records), time.Since(start), rejected)
		})
	}
}
