package csaf_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/tlp"
)

func TestTextThatIsNoDocumentIsAnErrorWithThePlace(t *testing.T) {
	t.Parallel()
	whole := string(encode(t, full()))
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "csaf: line 1, column 1: the text is empty"},
		{"white space", " \n\t", "csaf: line 1, column 1: the text is empty"},
		{"an empty object", "{}", "csaf: not CSAF version 2.0: no /document/csaf_version"},
		{"a list", "[]", "csaf: the text is JSON but not an object"},
		{"null", "null", "csaf: the text is JSON but not an object"},
		{"cut off", whole[:len(whole)-3], "unexpected end of JSON input"},
		{"cut off early", "{\"document\": {\n  \"title\": \"x", "csaf: line 2, column 13: unexpected end of JSON input"},
		{"text after the document", whole + "x", "invalid character 'x' after top-level value"},
		{"a second document", whole + whole, "invalid character '{' after top-level value"},
		{"not UTF-8", "{\n\"document\": {\"title\": \"\xff\"}}", "csaf: line 2, column 24: the text is not UTF-8"},
		{"UTF-16", "\xff\xfe{\x00}\x00", "csaf: line 1, column 1: the text is not UTF-8"},
		{"a byte order mark", "\xef\xbb\xbf" + whole, "csaf: line 1, column 1: the text begins with a byte order mark"},
		{"a later version", `{"document":{"csaf_version":"2.1"}}`, `csaf: not CSAF version 2.0: /document/csaf_version is "2.1"`},
		{"a version that is a number", `{"document":{"csaf_version":2.0}}`, "csaf: not CSAF version 2.0: no /document/csaf_version"},
		{"branches without end", `{"product_tree":` + strings.Repeat(`{"branches":[`, 101) + strings.Repeat("]}", 101) + "}", "branches nested deeper than 100"},
		{"lists without end", strings.Repeat("[", 20000), "nested deeper than 1000"},
		{"lists without end in a member", `{"document":{"csaf_version":"2.0"},"x":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + "}", "nested deeper than 1000"},
		{"a number with a leading zero", `{"document":{"csaf_version":"2.0"},"x":01}`, "csaf: line 1, column 41: invalid character '1' after object key:value pair"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			doc, err := csaf.Decode(strings.NewReader(c.text))
			require.ErrorContains(t, err, c.want)
			require.True(t, strings.HasPrefix(err.Error(), "csaf: "))
			require.Nil(t, doc)
		})
	}
	_, err := csaf.Decode(io.MultiReader(strings.NewReader(`{"x":"`), zeros{}))
	require.ErrorIs(t, err, csaf.ErrTooLarge)
	_, err = csaf.Decode(strings.NewReader("{}"))
	require.ErrorIs(t, err, csaf.ErrVersion)
	_, err = csaf.Decode(iotest.ErrReader(io.ErrUnexpectedEOF))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	var at *csaf.SyntaxError
	_, err = csaf.Decode(strings.NewReader("{\n 1"))
	require.True(t, errors.As(err, &at))
	require.Equal(t, []int{2, 2}, []int{at.Line, at.Column})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

func TestWhatTheModelCannotHoldIsListedAndNeverLostSilently(t *testing.T) {
	t.Parallel()
	const text = `{
		"$schema": "https://example.com", "Document": { }, "$schema": [1, {"b": 2, "a": "\ud800"}], "document": {"csaf_version": "2.0", "title": "", "lang": null,
		"notes": [], "publisher": {}, "category": 7, "references": {"a": [1, {"b": "}"}]},
		"tracking": {"id": "one", "id": "two", "aliases": ["a", null, ""], "version": "\ud800"}, "source_lang": "\ud83d\ude00"},
		"vulnerabilities": [{"scores": [{"cvss_v3": {"version": "3.1", "baseSeverity": true, "x/~": 1}}]}]}`
	doc, err := csaf.Decode(strings.NewReader(text))
	require.NoError(t, err)
	var got []string
	for _, f := range doc.Unread {
		got = append(got, f.String())
	}
	require.Equal(t, []string{
		`schema /$schema: is given twice; the last one is read`,
		`schema /document/title: is an empty string`,
		`schema /document/lang: is null`,
		`schema /document/notes: is an empty list`,
		`schema /document/publisher: is an empty object`,
		`schema /document/category: is a number, not a string`,
		`schema /document/references: is an object, not a list`,
		`schema /document/tracking/id: is given twice; the last one is read`,
		`schema /document/tracking/aliases/1: is null`,
		`schema /document/tracking/aliases/2: is an empty string`,
		`schema /document/tracking/version: holds half of a surrogate pair`,
		`6.1.8 /vulnerabilities/0/scores/0/cvss_v3/baseSeverity: is true or false, not a string`,
		`6.1.8 /vulnerabilities/0/scores/0/cvss_v3: has no baseScore`,
	}, got)
	require.Equal(t, "two", doc.Document.Tracking.ID)
	require.Equal(t, "😀", doc.Document.SourceLang)
	failures := csaf.Check(doc)
	for _, f := range doc.Unread {
		require.Contains(t, failures, f)
	}
	got = nil
	for at, value := range doc.Extras() {
		got = append(got, at+" "+string(value))
	}
	require.Equal(t, []string{`/$schema [1,{"b":2,"a":"\ud800"}]`, `/Document {}`, `/vulnerabilities/0/scores/0/cvss_v3/x~1~0 1`}, got)
	require.Equal(t, []string{"/$schema/1", "/document/tracking", "/document", "/vulnerabilities/0/scores/0/cvss_v3", ""}, doc.Unsorted)
	var b bytes.Buffer
	require.ErrorContains(t, csaf.Encode(&b, doc), "what was read would be lost (13), first schema /$schema")
	require.Zero(t, b.Len())
}

func TestTheListOfWhatCannotBeHeldIsBounded(t *testing.T) {
	t.Parallel()
	doc, err := csaf.Decode(strings.NewReader(`{"document":{"csaf_version":"2.0"` + strings.Repeat(`,"x":1`, 5000) + `}}`))
	require.NoError(t, err)
	require.Len(t, doc.Unread, 1001)
	require.Equal(t, "3999 more like these", doc.Unread[1000].Message)
}

func TestEncodeWritesTheSameBytesAndNothingEmpty(t *testing.T) {
	t.Parallel()
	first := encode(t, full())
	require.Equal(t, first, encode(t, full()))
	require.True(t, bytes.HasSuffix(first, []byte("\n}\n")))
	require.Contains(t, string(first), `"title": "Example <Pump> & its telemetry"`)
	doc, err := csaf.Decode(bytes.NewReader(first))
	require.NoError(t, err)
	require.Equal(t, full(), doc)

	spare := full()
	spare.Document.Notes, spare.Document.Lang, spare.Vulnerabilities[0].Threats = []csaf.Note{}, "", []csaf.Threat{}
	spare.Vulnerabilities[0].ProductStatus.Fixed = []string{}
	spare.Document.Publisher = csaf.Publisher{}
	for _, never := range []string{"[]", "{}", `""`, "null"} {
		require.NotContains(t, string(encode(t, spare)), never)
	}
}

func TestEncodeRefusesWhatItCannotWrite(t *testing.T) {
	t.Parallel()
	for want, spoil := range map[string]func(*csaf.Document){
		"/document/title: not UTF-8":                    func(d *csaf.Document) { d.Document.Title = "\xff" },
		"/document/notes/1: an empty object in a list":  func(d *csaf.Document) { d.Document.Notes = append(d.Document.Notes, csaf.Note{}) },
		"/document/distribution: an empty object":       func(d *csaf.Document) { d.Document.Distribution = &csaf.Distribution{} },
		"/document/tracking/aliases/0: an empty string": func(d *csaf.Document) { d.Document.Tracking.Aliases[0] = "" },
		"cvss_v3/baseScore: not a number":               func(d *csaf.Document) { d.Vulnerabilities[0].Scores[0].CVSSv3.BaseScore = math.NaN() },
		"not CSAF version 2.0":                          func(d *csaf.Document) { d.Document.CSAFVersion = "" },
	} {
		d := full()
		spoil(d)
		var b bytes.Buffer
		require.ErrorContains(t, csaf.Encode(&b, d), want)
		require.Zero(t, b.Len())
	}
	require.Error(t, csaf.Encode(io.Discard, nil))
	require.ErrorIs(t, csaf.Encode(full1{}, full()), io.ErrShortWrite)
}

type full1 struct{}

func (full1) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestAFilenameFollowsTheTrackingID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"ICSMA-24-254-01":               "icsma-24-254-01.json",
		"Example Company - 2019-YH3234": "example_company_-_2019-yh3234.json",
		"RHBA-2019:0024":                "rhba-2019_0024.json",
		"2022 #01-A":                    "2022_01-a.json",
		"a__b  c/../d":                  "a_b_c_d.json",
		"x+Ä+y":                         "x+_+y.json",
		"":                              ".json",
	} {
		require.Equal(t, want, csaf.Filename(id), id)
	}
}

func TestADateIsAnInstantWithAZone(t *testing.T) {
	t.Parallel()
	want := time.Date(2024, 2, 29, 23, 30, 0, 500, time.UTC)
	require.Equal(t, csaf.Date("2024-02-29T23:30:00.0000005Z"), csaf.At(want.In(time.FixedZone("", 3600))))
	for _, d := range []csaf.Date{"2024-02-29T23:30:00.0000005Z", "2024-03-01t00:30:00.0000005+01:00"} {
		got, err := d.Time()
		require.NoError(t, err)
		require.True(t, want.Equal(got), d)
	}
	leap, err := csaf.Date("2016-12-31T23:59:60Z").Time()
	require.NoError(t, err)
	require.True(t, leap.Equal(time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC)))
	for _, d := range []csaf.Date{"", "2024-02-29", "2024-02-29T23:30:00", "2024-02-30T00:00:00Z", "2024-02-29T23:30:00,5Z", "2024-02-29 23:30:00Z", "2024-02-29T12:00:60Z"} {
		_, err := d.Time()
		require.Error(t, err, d)
	}
}

func TestALabelIsNeverWrittenLaxerThanItIs(t *testing.T) {
	t.Parallel()
	for label, want := range map[tlp.Label]csaf.TLPLabel{
		tlp.Clear: csaf.TLPWhite, tlp.Green: csaf.TLPGreen, tlp.Amber: csaf.TLPAmber, tlp.AmberStrict: csaf.TLPRed, tlp.Red: csaf.TLPRed,
	} {
		d, err := csaf.Distribute(label)
		require.NoError(t, err)
		require.Equal(t, want, d.TLP.Label)
		require.Equal(t, label == tlp.AmberStrict, strings.Contains(d.Text, "AMBER+STRICT"))
		require.Equal(t, label, d.Label(), "and back")
	}
	for _, no := range []tlp.Label{"", "WHITE", "clear"} {
		_, err := csaf.Distribute(no)
		require.Error(t, err)
	}
	require.Zero(t, (*csaf.Distribution)(nil).Label())
	require.Zero(t, (&csaf.Distribution{TLP: &csaf.TLP{Label: "PURPLE"}}).Label())
}

func TestEveryLabelMakesADocumentTheJudgeAccepts(t *testing.T) {
	t.Parallel()
	var files []string
	for i, l := range tlp.Labels() {
		d := full()
		var err error
		d.Document.Distribution, err = csaf.Distribute(l)
		require.NoError(t, err)
		files = append(files, filepath.Join(t.TempDir(), fmt.Sprintf("%d.json", i)))
		require.NoError(t, os.WriteFile(files[i], encode(t, d), 0o600))
	}
	for _, v := range testdata.JudgeCSAF(t, "basic", files...) {
		require.True(t, v.Valid, v.Errors)
	}
}

// Both are told by the text alone, which the judge does not see: it is given what a
// reader of JSON made of it. We are right: of two members of one name readers take
// the one or the other (RFC 8259, 4), and half a pair is no character (8.2).
func TestTheJudgeDoesNotSeeAMemberGivenTwiceAndHalfOfAPair(t *testing.T) {
	t.Parallel()
	whole := string(encode(t, full()))
	texts := map[string]string{
		"is given twice":                 strings.Replace(whole, `"document": {`, `"document": { "title": "Another",`, 1),
		"holds half of a surrogate pair": strings.Replace(whole, `"name": "`, `"name": "\ud800`, 1),
	}
	var files, want []string
	for message, text := range texts {
		require.NotEqual(t, whole, text)
		v, err := csaf.Judge(strings.NewReader(text), csaf.Basic)
		require.NoError(t, err)
		require.Len(t, v.Failures, 1, "%v", v.Failures)
		require.Contains(t, v.Failures[0].String(), message)
		want = append(want, message)
		files = append(files, filepath.Join(t.TempDir(), fmt.Sprintf("%d.json", len(files))))
		require.NoError(t, os.WriteFile(files[len(files)-1], []byte(text), 0o600))
	}
	for i, v := range testdata.JudgeCSAF(t, "basic", files...) {
		require.True(t, v.Valid, "%s: no deviation any more: %v", want[i], v.Errors)
	}
}

func TestTheEnumerationsKnowTheirValuesAndNotTheEmptyOne(t *testing.T) {
	t.Parallel()
	require.True(t, csaf.StatusInterim.Valid())
	require.False(t, csaf.Status("").Valid())
	for _, v := range []interface{ Valid() bool }{
		csaf.PublisherVendor, csaf.NoteFAQ, csaf.ReferenceSelf, csaf.TLPWhite, csaf.BranchLegacy, csaf.RelationshipInstalledOn, csaf.FlagComponentNotPresent,
		csaf.PartyOther, csaf.InvolvementOpen, csaf.RemediationVendorFix, csaf.RestartZone, csaf.ThreatImpact,
	} {
		require.True(t, v.Valid(), v)
		require.False(t, reflect.Zero(reflect.TypeOf(v)).Interface().(interface{ Valid() bool }).Valid())
	}
}

func TestTheTreeYieldsEveryProductWithItsPlace(t *testing.T) {
	t.Parallel()
	tree := full().ProductTree
	var got []string
	for at, p := range tree.Products() {
		got = append(got, at+" "+p.ID)
	}
	require.Len(t, got, 8)
	require.Equal(t, "/product_tree/full_product_names/0 library", got[0])
	require.Equal(t, "/product_tree/branches/0/branches/0/branches/3/product 2.0", got[6])
	require.Equal(t, "/product_tree/relationships/0/full_product_name library-in-2.0", got[7])
	for range tree.Products() {
		break // a reader may stop early
	}
	for range (*csaf.ProductTree)(nil).Products() {
		t.Fatal("a nil tree has no products")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"document":{"csaf_version":"2.0","title":"x","tracking":{"id":"\u00e4","aliases":["a"]}}}`))
	f.Add([]byte(`{"document":{"csaf_version":"2.0"},"product_tree":{"branches":[{"branches":[{"product":{"product_id":"1"}}]}]}}`))
	f.Add([]byte(`{"document":{"csaf_version":"2.0"},"vulnerabilities":[{"scores":[{"cvss_v3":{"baseScore":-0.0e1,"vectorString":"CVSS:3.1/AV:N"}}]}]}`))
	f.Add([]byte(`{"document":{"csaf_version":"2.0","lang":"\ud83d\ude00\ud800"},"x":[1,{"y":null}]}`))
	f.Add([]byte(`{"document":{"csaf_version":"2.0","lang":"en"},"x":[1,{"z":null , "y\u00e4": -0.5e+7 , "":""}, [ ], { } ],"Y\n":false}`))
	f.Add([]byte(`{"$schema":"s","document":{"csaf_version":"2.1","license_expression":"MIT"},"vulnerabilities":[{"metrics":[{"content":{"cvss_v4":{"baseScore":1}}}],"cwe":{},"cwes":[{"version":"4.17"}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := csaf.DecodeAny(bytes.NewReader(data))
		if syntax := (*csaf.SyntaxError)(nil); errors.As(err, &syntax) {
			require.False(t, json.Valid(data) && utf8.Valid(data), "%v", err)
		}
		if err != nil {
			require.True(t, strings.HasPrefix(err.Error(), "csaf: "))
			return
		}
		require.True(t, json.Valid(data))
		if failures := csaf.Check(doc); len(failures) == 0 && doc.Document.Distribution.Label() != "" {
			if preview, _, err := csaf.Preview21(doc, noon, nil); err == nil {
				require.NoError(t, csaf.Encode21(io.Discard, preview))
				require.Empty(t, csaf.CheckSchema21(preview))
			}
		}
		write := csaf.Encode
		if doc.Document.CSAFVersion == csaf.Version21 {
			write = csaf.Encode21
		}
		var first bytes.Buffer
		if err := write(&first, doc); err != nil {
			require.NotEmpty(t, doc.Unread, "%v", err)
			return
		}
		text := first.String()
		again, err := csaf.DecodeAny(&first)
		require.NoError(t, err)
		doc.Unsorted, again.Unsorted = nil, nil
		require.Equal(t, doc, again)
		var second bytes.Buffer
		require.NoError(t, write(&second, again))
		require.Equal(t, text, second.String())
	})
}

func TestADocumentDoesNotKeepTheBufferItWasReadFrom(t *testing.T) {
	t.Parallel()
	text := encode(t, full())
	buffer := bytes.NewBuffer(bytes.Clone(text))
	under := buffer.Bytes()
	doc, err := csaf.DecodeAny(buffer)
	require.NoError(t, err)
	require.Zero(t, buffer.Len(), "read")
	for i := range under {
		under[i] = 'x'
	}
	require.Equal(t, string(text), string(encode(t, doc)))
}
