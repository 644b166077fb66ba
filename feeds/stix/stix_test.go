package stix_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/fetch"
	"github.com/open-postmarket/postmarket/feeds/stix"
	"github.com/open-postmarket/postmarket/tlp"
	"github.com/open-postmarket/postmarket/vex"
)

const (
	green   = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
	amber   = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
	unknown = "marking-definition--00000099-5090-4a1b-8c2d-000000000099"
)

type reading struct {
	records  []feeds.Record
	rejected []*feeds.RecordError
	whole    bool
	next     feeds.Cursor
	err      error
}

func read(t *testing.T, s feeds.Source, since feeds.Cursor) (r reading) {
	t.Helper()
	for u, err := range s.Updates(t.Context(), since) {
		var bad *feeds.RecordError
		switch {
		case errors.As(err, &bad):
			r.rejected = append(r.rejected, bad)
			continue
		case err != nil:
			r.err = err
			continue
		case u.Record.Item != "":
			require.NoError(t, u.Record.Validate())
			r.records = append(r.records, u.Record)
		}
		r.whole, r.next = r.whole || u.Whole, u.Next
	}
	return r
}

// object is a STIX object with what every one of them needs.
func object(kind string, n int, rest string) string {
	if rest != "" {
		rest = "," + rest
	}
	return fmt.Sprintf(`{"type":%q,"spec_version":"2.1","id":"%s--%d","created":"2026-01-01T00:00:00Z","modified":"2026-01-02T00:00:00Z"%s}`, kind, kind, n, rest)
}

func relationship(n int, source, kind, target string) string {
	return object("relationship", n, fmt.Sprintf(`"relationship_type":%q,"source_ref":%q,"target_ref":%q`, kind, source, target))
}

func bundle(objects ...string) string {
	return `{"type":"bundle","id":"bundle--1","objects":[` + strings.Join(objects, ",") + `]}`
}

// of reads bundles as the files of a folder.
func of(t *testing.T, opts stix.Options, bundles ...string) reading {
	t.Helper()
	folder := fstest.MapFS{}
	for i, b := range bundles {
		folder[fmt.Sprintf("%02d.json", i)] = &fstest.MapFile{Data: []byte(b)}
	}
	opts.FS = folder
	return read(t, stix.New(&opts), "")
}

// one reads the only record of bundles.
func one(t *testing.T, bundles ...string) feeds.Record {
	t.Helper()
	r := of(t, stix.Options{Unmarked: tlp.Green}, bundles...)
	require.NoError(t, r.err)
	require.Empty(t, r.rejected)
	require.Len(t, r.records, 1)
	return r.records[0]
}

var plain = object("vulnerability", 1, `"name":"flaw"`)

func TestRelationshipsSayWhatIsAffected(t *testing.T) {
	t.Parallel()
	software := `{"type":"software","id":"software--1","name":"Sheet","vendor":"n/a","version":"1.2 to 1.4","swid":"<SoftwareIdentity xmlns=\"http://standards.iso.org/iso/19770/-2/2015/schema.xsd\" name=\"Sheet\" tagId=\"sheet-1\"/>"}`
	affected := feeds.Product{Name: "Sheet", PURLs: []string{"pkg:swid/Sheet?tag_id=sheet-1"}, Unread: []string{"1.2 to 1.4"}}
	for name, c := range map[string]struct {
		objects []string
		want    []feeds.Product
	}{
		"a vulnerability affects a software": {[]string{software, relationship(1, "vulnerability--1", "affects", "software--1")}, []feeds.Product{affected}},
		"a software has a vulnerability":     {[]string{relationship(1, "software--1", "has", "vulnerability--1"), software}, []feeds.Product{affected}},
		"said twice, told once": {[]string{software, relationship(1, "software--1", "has", "vulnerability--1"),
			relationship(2, "vulnerability--1", "targets", "software--1")}, []feeds.Product{affected}},
		"one version": {[]string{`{"type":"software","id":"software--1","name":"Sheet","vendor":"Acme","version":"1.2.0-rc1","cpe":"cpe:2.3:a:acme:sheet:1.2.0:rc1:*:*:*:*:*:*"}`,
			relationship(1, "vulnerability--1", "affects", "software--1")}, []feeds.Product{{Vendor: "Acme", Name: "Sheet",
			CPEs: []string{"cpe:2.3:a:acme:sheet:1.2.0:rc1:*:*:*:*:*:*"}, Spans: []feeds.Span{{Status: vex.Affected, From: "1.2.0-rc1"}}}}},
		"an organization is a vendor": {[]string{object("identity", 1, `"name":"Acme","identity_class":"organization"`),
			relationship(1, "vulnerability--1", "targets", "identity--1")}, []feeds.Product{{Vendor: "Acme"}}},
		"a system is a product": {[]string{object("identity", 1, `"name":"Pump 7","identity_class":"system"`),
			relationship(1, "vulnerability--1", "affects", "identity--1")}, []feeds.Product{{Name: "Pump 7"}}},
		"a person is none": {[]string{object("identity", 1, `"name":"A. Finder","identity_class":"individual"`),
			relationship(1, "vulnerability--1", "affects", "identity--1")}, nil},
		"a tool has a vulnerability": {[]string{object("tool", 1, `"name":"Remote desk"`),
			relationship(1, "tool--1", "has", "vulnerability--1")}, []feeds.Product{{Name: "Remote desk"}}},
		"another kind of relationship says nothing": {[]string{software, relationship(1, "vulnerability--1", "related-to", "software--1")}, nil},
		"what was revoked says nothing": {[]string{software, strings.Replace(relationship(1, "vulnerability--1", "affects", "software--1"), `"2.1"`, `"2.1","revoked":true`, 1),
			object("infrastructure", 1, `"name":"Gateway","revoked":true`), relationship(2, "infrastructure--1", "has", "vulnerability--1")}, nil},
		"what was not sent has to be looked for": {[]string{relationship(1, "vulnerability--1", "affects", "software--7")},
			[]feeds.Product{{Unread: []string{"affects software--7, which the source did not send"}}}},
		"who says it": {[]string{object("identity", 1, `"name":"Sample Lab"`), object("infrastructure", 1, `"name":"Gateway"`),
			strings.Replace(relationship(1, "infrastructure--1", "has", "vulnerability--1"), `"2.1"`, `"2.1","created_by_ref":"identity--1"`, 1)},
			[]feeds.Product{{By: "Sample Lab", Name: "Gateway"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, one(t, bundle(append(c.objects, plain)...)).Products)
		})
	}
}

func TestWhoAttacksAndWhatCanBeDoneIsTold(t *testing.T) {
	t.Parallel()
	r := one(t, bundle(plain, object("campaign", 1, `"name":"Spring"`), relationship(1, "campaign--1", "targets", "vulnerability--1"),
		object("course-of-action", 1, `"name":"Update","description":"To 1.5."`), relationship(2, "course-of-action--1", "remediates", "vulnerability--1"),
		object("course-of-action", 2, `"description":"Read the log."`), relationship(3, "course-of-action--2", "mitigates", "vulnerability--1"),
		relationship(4, "course-of-action--2", "investigates", "vulnerability--1")))
	require.Equal(t, `campaign "Spring" targets this`, r.Text)
	require.Len(t, r.Remedies, 2)
	require.Equal(t, "vendor_fix", r.Remedies[0].Kind)
	require.Equal(t, "Update: To 1.5.", r.Remedies[0].Text)
	require.Equal(t, feeds.Remedy{Kind: "mitigation", Text: "Read the log.", At: r.Modified}, r.Remedies[1])
	require.Nil(t, r.Exploited, "that a campaign targets it is told, not judged")
}

func TestIdsComeFromReferencesAndAName(t *testing.T) {
	t.Parallel()
	r := one(t, bundle(object("vulnerability", 1, `"name":"cve-2099-0002","external_references":[{"source_name":"cve","external_id":"CVE-2099-0001"},
		{"source_name":"acme","external_id":"ACME-1","url":"https://acme.example/1"},{"source_name":"acme","url":"https://acme.example/1"},{"source_name":"cwe","external_id":"cwe-79"}]`)))
	require.Equal(t, []feeds.ID{"CVE-2099-0001", "CVE-2099-0002"}, r.Names)
	require.Equal(t, []string{"CWE-79"}, r.Weaknesses)
	require.Equal(t, []feeds.Reference{{URL: "https://acme.example/1", Tags: []string{"acme"}}}, r.References)
	require.Empty(t, one(t, bundle(plain)).Names, "a bulletin")
}

func TestTheNewestVersionStandsWhereverItIs(t *testing.T) {
	t.Parallel()
	older := bundle(strings.Replace(plain, `"flaw"`, `"flaw, as first thought"`, 1))
	newer := bundle(strings.Replace(object("vulnerability", 1, `"name":"flaw","revoked":true`), "01-02", "01-03", 1))
	for _, order := range [][]string{{older, newer}, {newer, older}} {
		r := one(t, order...)
		require.Equal(t, "flaw", r.Title)
		require.True(t, r.Rejected)
		require.False(t, r.Live())
	}
}

func TestTheStrictestMarkingOfAllPartsIsThatOfTheRecord(t *testing.T) {
	t.Parallel()
	marked := func(kind string, n int, ref, rest string) string {
		return object(kind, n, `"object_marking_refs":["`+ref+`"]`+rest)
	}
	greenOne := marked("vulnerability", 1, green, `,"name":"flaw"`)
	gateway := object("infrastructure", 1, `"name":"Gateway"`)
	says := relationship(1, "vulnerability--1", "affects", "infrastructure--1")
	for name, c := range map[string]struct {
		unmarked tlp.Label
		objects  []string
		want     string
		told     string
	}{
		"its own":              {"", []string{greenOne}, "TLP:GREEN by stix", ""},
		"nobody's":             {"", []string{plain}, "TLP not said by stix", ""},
		"by agreement":         {tlp.AmberStrict, []string{plain}, "TLP:AMBER+STRICT by stix", ""},
		"of a part":            {tlp.Clear, []string{greenOne, strings.Replace(gateway, `"2.1"`, `"2.1","object_marking_refs":["`+amber+`"]`, 1), says}, "TLP:AMBER by stix", ""},
		"parts without a mark": {"", []string{greenOne, gateway, says}, "TLP:GREEN by stix", ""},
		"of a report":          {"", []string{greenOne, marked("report", 1, amber, `,"name":"r","object_refs":["vulnerability--1"]`)}, "TLP:AMBER by stix", ""},
		"of what is not used":  {"", []string{greenOne, marked("report", 1, amber, `,"name":"r","object_refs":["vulnerability--2"]`)}, "TLP:GREEN by stix", ""},
		"of a property": {"", []string{object("vulnerability", 1, `"object_marking_refs":["`+green+`"],"granular_markings":[{"marking_ref":"`+amber+`","selectors":["description"]}]`)},
			"TLP:AMBER by stix", ""},
		"of a property alone": {"", []string{object("vulnerability", 1, `"granular_markings":[{"marking_ref":"`+amber+`","selectors":["description"]}]`)}, "TLP not said by stix", ""},
		"unknown":             {"", []string{marked("vulnerability", 1, unknown, "")}, "TLP:RED by stix", "counted as TLP:RED"},
		"unknown of a part":   {"", []string{greenOne, marked("note", 1, unknown, `,"content":"n","object_refs":["vulnerability--1"]`)}, "TLP:RED by stix", unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := of(t, stix.Options{Unmarked: c.unmarked}, bundle(c.objects...))
			require.NoError(t, r.err)
			require.Len(t, r.records, 1)
			require.Equal(t, c.want, r.records[0].Mark.String())
			if c.told == "" {
				require.Empty(t, r.rejected)
				return
			}
			require.Len(t, r.rejected, 1)
			require.Equal(t, "vulnerability--1", r.rejected[0].Item)
			require.ErrorContains(t, r.rejected[0], c.told)
		})
	}
}

func TestObjectsOfAnotherSTIXAreTold(t *testing.T) {
	t.Parallel()
	old := `{"type":"vulnerability","id":"vulnerability--2","created":"2016-05-12T08:17:27.000Z","modified":"2016-05-12T08:17:27.000Z","name":"CVE-2099-1"}`
	r := of(t, stix.Options{}, bundle(old, `{"type":"x-mitre-thing","id":"x-mitre-thing--1"}`, `7`, object("report", 3, `"name":7`), plain))
	require.NoError(t, r.err)
	require.True(t, r.whole)
	require.Len(t, r.records, 1)
	require.Len(t, r.rejected, 3)
	require.Equal(t, "vulnerability--2", r.rejected[0].Item)
	require.ErrorContains(t, r.rejected[0], "STIX 2.0 or older")
	require.Equal(t, "00.json objects[2]", r.rejected[1].Item)
	require.Equal(t, "report--3", r.rejected[2].Item)
	for _, bad := range r.rejected {
		require.Equal(t, "stix", bad.Source)
		require.Len(t, bad.Digest, 64)
	}
}

func TestAFolderIsReadWithoutWhatIsNoBundle(t *testing.T) {
	t.Parallel()
	r := of(t, stix.Options{}, `{"type":"identity","id":"identity--1"}`, `[]`, `{}`, bundle(plain), `{"type":"bundle","id":"bundle--2"}`)
	require.NoError(t, r.err)
	require.Len(t, r.records, 1)
	require.Len(t, r.rejected, 2)
	require.ErrorContains(t, r.rejected[0], "not a JSON object")
	require.ErrorContains(t, r.rejected[1], "an empty object")
	for name, c := range map[string]struct {
		opts stix.Options
		want string
	}{
		"another document by its name": {stix.Options{FS: fstest.MapFS{"a.json": {Data: []byte(`{"type":"identity"}`)}}, From: "a.json"}, `its type is "identity"`},
		"nothing in a bundle":          {stix.Options{FS: fstest.MapFS{"a.json": {Data: []byte(`{"type":"bundle"}`)}}, From: "a.json"}, "nothing could be read"},
		"a path that is not there":     {stix.Options{FS: fstest.MapFS{"a.json": {Data: []byte(bundle(plain))}}, From: "a.json", More: []string{"b.json"}}, `"b.json": cannot be opened`},
		"no place":                     {stix.Options{}, "set Options.From"},
		"an address among paths":       {stix.Options{From: "a.json", More: []string{"https://a.example"}}, "More has to be empty"},
		"a label that is none":         {stix.Options{Unmarked: "PURPLE", From: "a.json"}, `"PURPLE" is no label`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := read(t, stix.New(&c.opts), "")
			require.ErrorContains(t, r.err, c.want)
			require.Empty(t, r.records)
			require.False(t, r.whole)
		})
	}
}

func TestTheOrderOfObjectsAndBundlesDoesNotCount(t *testing.T) {
	t.Parallel()
	var all []string
	for _, name := range []string{"2026-01", "2026-02", "2026-03"} {
		body, err := os.ReadFile("testdata/before/" + name + ".json")
		require.NoError(t, err)
		var b struct{ Objects []json.RawMessage }
		require.NoError(t, json.Unmarshal(body, &b))
		for _, o := range b.Objects {
			all = append(all, string(o))
		}
	}
	want := of(t, stix.Options{}, bundle(all...))
	require.Len(t, want.records, 4)
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		cut := random.IntN(len(all))
		require.Equal(t, want.records, of(t, stix.Options{}, bundle(all[:cut]...), bundle(all[cut:]...)).records)
	}
}

func TestWordsAreBounded(t *testing.T) {
	t.Parallel()
	objects := []string{plain}
	for i := range 40 {
		objects = append(objects, object("note", i, `"content":"`+strings.Repeat("ü", 2000)+`","object_refs":["vulnerability--1","vulnerability--1"]`))
	}
	r := one(t, bundle(objects...))
	require.Less(t, len(r.Text), 65<<10)
	require.True(t, strings.HasSuffix(r.Text, "(The rest was left out: more than 64 KiB.)"))
	require.NoError(t, fetch.CheckText([]byte(r.Text)))
}

func TestDecodeTellsTheErrorLast(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]string{
		"": "empty", "{}": "an empty object", `{"type":"bundle","objects":[`: "unexpected EOF", `{"type":"bundle","objects":7}`: "not an array",
		`{"objects":[` + plain + `]}`: "no STIX bundle",
	} {
		n := 0
		for u, err := range stix.Decode(strings.NewReader(doc)) {
			require.ErrorContains(t, err, want)
			require.Empty(t, u.Record.Item)
			n++
		}
		require.Equal(t, 1, n, doc)
	}
}

func TestAReaderMayStopAnywhere(t *testing.T) {
	t.Parallel()
	doc := bundle(object("report", 1, `"name":7`), strings.Replace(plain, `"2.1"`, `"2.1","object_marking_refs":["`+unknown+`"]`, 1), object("vulnerability", 2, `"name":"other"`))
	folder := fstest.MapFS{"a.json": {Data: []byte(doc)}}
	for stop := 1; stop < 6; stop++ {
		for name, updates := range map[string]func(yield func(feeds.Update, error) bool){
			"a document": stix.Decode(strings.NewReader(doc)), "a folder": stix.New(&stix.Options{FS: folder}).Updates(t.Context(), ""),
			"an address": open(envelopes("", doc), host+"/a.json", stix.Options{}).Updates(t.Context(), ""),
		} {
			n := 0
			updates(func(feeds.Update, error) bool { n++; return n < stop })
			require.LessOrEqual(t, n, stop, name)
		}
	}
}
