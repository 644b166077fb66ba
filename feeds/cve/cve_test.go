package cve_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/cve"
	"github.com/open-postmarket/postmarket/vex"
)

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

const shell = `{"cveMetadata":{"cveId":"CVE-2024-0001","state":"PUBLISHED"},"containers":{"cna":%s}}`

// one decodes a record whose CNA says this.
func one(t *testing.T, cna string) feeds.Record {
	t.Helper()
	records, rejected, _, err := gather(cve.Decode(strings.NewReader(fmt.Sprintf(shell, cna))))
	require.NoError(t, err)
	require.Empty(t, rejected)
	require.Len(t, records, 1)
	return records[0]
}

func TestVersionsAreReadAsTheSchemaMeansThem(t *testing.T) {
	t.Parallel()
	affected := func(s feeds.Span) []feeds.Span { s.Status = vex.Affected; return []feeds.Span{s} }
	for entry, want := range map[string]feeds.Product{
		`{"version":"1.0","status":"affected"}`:                                                                         {Spans: affected(feeds.Span{From: "1.0"})},
		`{"version":"1.0","status":"unknown","versionType":"semver"}`:                                                   {Spans: []feeds.Span{{From: "1.0", Type: "semver"}}},
		`{"version":"1.0","status":"unaffected","lessThan":"2.0","versionType":"rpm"}`:                                  {Spans: []feeds.Span{{Status: vex.NotAffected, From: "1.0", Below: "2.0", Type: "rpm"}}},
		`{"version":"unspecified","status":"affected","lessThanOrEqual":"2.0","versionType":"custom"}`:                  {Spans: affected(feeds.Span{From: "0", UpTo: "2.0", Type: "custom"})},
		`{"version":"n/a","status":"affected","lessThan":"2.0"}`:                                                        {Spans: affected(feeds.Span{From: "0", Below: "2.0"})},
		`{"version":"*","status":"affected"}`:                                                                           {Spans: affected(feeds.Span{From: "0", Open: true, Text: "*"})},
		`{"version":"2.0","status":"affected","lessThan":"*"}`:                                                          {Spans: affected(feeds.Span{From: "2.0", Below: "*"})},
		`{"version":"6.1.9","status":"unaffected","lessThanOrEqual":"6.1.*"}`:                                           {Spans: []feeds.Span{{Status: vex.NotAffected, From: "6.1.9", UpTo: "6.1.*"}}},
		`{"version":"5.1.x","status":"affected","lessThanOrEqual":"5.2.x"}`:                                             {Spans: affected(feeds.Span{From: "5.1", UpTo: "5.2.*"})},
		`{"version":"5.1.x","status":"affected","lessThan":"5.2.x"}`:                                                    {Spans: affected(feeds.Span{From: "5.1", Below: "5.2"})},
		`{"version":"42a359e31a0e","status":"affected","lessThan":"0c02d425a2fb","versionType":"git"}`:                  {Spans: affected(feeds.Span{From: "42a359e31a0e", Below: "0c02d425a2fb", Type: "git"})},
		`{"version":"*","status":"affected","lessThanOrEqual":"3.6","versionType":"git"}`:                               {Spans: affected(feeds.Span{From: "0", UpTo: "3.6"})},
		`{"version":"11.1","status":"affected","lessThan":"11.2","changes":[{"at":"11.1.2-h3","status":"unaffected"}]}`: {Spans: affected(feeds.Span{From: "11.1", Below: "11.2", Turns: []feeds.Turn{{At: "11.1.2-h3", Status: vex.NotAffected}}})},
		`{"version":"5.1 build 7","status":"affected","lessThan":"5.1 build 20240116"}`:                                 {Spans: affected(feeds.Span{From: "5.1 build 7", Below: "5.1 build 20240116"})},
		`{"version":"4.3.1.3 and earlier","status":"affected"}`:                                                         {Spans: affected(feeds.Span{UpTo: "4.3.1.3", Text: "4.3.1.3 and earlier"})},
		`{"version":"Demo Pump < 2","status":"affected"}`:                                                               {Spans: affected(feeds.Span{Below: "2", Text: "< 2"})},
		`{"version":"Pump 2 and below.","status":"affected"}`:                                                           {Spans: affected(feeds.Span{UpTo: "2", Text: "2 and below"})},
		`{"version":"4.0.0-4.2.7","status":"affected"}`:                                                                 {Spans: affected(feeds.Span{From: "4.0.0", UpTo: "4.2.7", Text: "4.0.0-4.2.7"})},
		`{"version":"1.0-1","status":"affected","versionType":"deb"}`:                                                   {Spans: affected(feeds.Span{From: "1.0-1", Type: "deb"})},
		`{"version":"17.3.1x","status":"affected"}`:                                                                     {Spans: affected(feeds.Span{From: "17.3.1x"})},
		`{"version":"6.0\\(2\\)A8\\(1\\)","status":"affected"}`:                                                         {Spans: affected(feeds.Span{From: "6.0(2)A8(1)", Text: `6.0\(2\)A8\(1\)`})},
		`{"version":"cae58d19121a70329cf971359e2518c93fec04fe","status":"affected","versionType":"git"}`:                {Spans: affected(feeds.Span{From: "cae58d19121a70329cf971359e2518c93fec04fe", Type: "git"})},

		`{"version":"0","status":"affected"}`:                                                                           {Unread: []string{"0"}},
		`{"version":"","status":"affected"}`:                                                                            {Unread: []string{"no version"}},
		`{"version":"n/a","status":"affected"}`:                                                                         {Unread: []string{"n/a"}},
		`{"version":"see notes","status":"unaffected"}`:                                                                 {Unread: []string{"not_affected: see notes"}},
		`{"version":"2014-2016","status":"affected"}`:                                                                   {Unread: []string{"2014-2016"}},
		`{"version":"Snapdragon 8 Platform","status":"affected"}`:                                                       {Unread: []string{"Snapdragon 8 Platform"}},
		`{"version":"1.31.0","status":"affected","lessThan":"unspecified"}`:                                             {Unread: []string{"1.31.0, less than unspecified"}},
		`{"version":"0","status":"unaffected","lessThan":"Vancouver Patch 10"}`:                                         {Unread: []string{"not_affected: 0, less than Vancouver Patch 10"}},
		`{"version":"prior to 2","status":"affected","lessThanOrEqual":"2","changes":[{"at":"1","status":"affected"}]}`: {Unread: []string{"prior to 2, up to 2, affected from 1"}},
		`{"version":"1.0, 2.0","status":"affected","changes":[{"at":"3","status":"unaffected"}]}`:                       {Unread: []string{"1.0, 2.0, unaffected from 3"}},
	} {
		t.Run(entry, func(t *testing.T) {
			t.Parallel()
			r := one(t, `{"affected":[{"vendor":"Demo","product":"Demo Pump","versions":[`+entry+`]}]}`)
			want.By, want.Vendor, want.Name = "cna", "Demo", "Demo Pump"
			require.Equal(t, []feeds.Product{want}, r.Products)
		})
	}
}

func TestPackagesOfKnownRegistriesGetTheirPackageURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ collection, name, purl, repo string }{
		{"https://registry.npmjs.org", "@demo/gate", "pkg:npm/%40demo/gate", ""},
		{"https://www.npmjs.com/package/left-pad", "", "pkg:npm/left-pad", ""},
		{"https://pypi.org/project/protobuf/", "", "pkg:pypi/protobuf", ""},
		{"https://pypi.org/simple", "My_Pack", "pkg:pypi/my-pack", ""},
		{"https://repo1.maven.org/maven2", "org.demo:gate", "pkg:maven/org.demo/gate", ""},
		{"https://repo1.maven.org/maven2", "gate", "", ""},
		{"https://rubygems.org", "rails", "pkg:gem/rails", ""},
		{"https://crates.io/crates/http", "", "pkg:cargo/http", ""},
		{"https://www.nuget.org", "Newtonsoft.Json", "pkg:nuget/Newtonsoft.Json", ""},
		{"https://packagist.org", "demo/gate", "pkg:composer/demo/gate", ""},
		{"https://pkg.go.dev", "example.org/demo/gate", "pkg:golang/example.org/demo/gate", ""},
		{"https://pkg.go.dev/example.org/demo", "", "pkg:golang/example.org/demo", ""},
		{"https://hex.pm", "phoenix", "pkg:hex/phoenix", ""}, {"https://pub.dev", "http", "pkg:pub/http", ""}, {"https://conan.io/center", "zlib", "pkg:conan/zlib", ""},
		{"https://github.com/wolfSSL/wolfssl", "wolfssl", "", "https://github.com/wolfSSL/wolfssl"},
		{"https://github.com/wolfSSL", "wolfssl", "", "https://github.com/wolfSSL/wolfssl"},
		{"https://wordpress.org/plugins", "gd-rating-system", "", ""}, {"https://access.redhat.com/downloads/content/package-browser/", "xz", "", ""},
		{"n/a", "x", "", ""}, {"https://crates.io", "not a name", "", ""},
	} {
		r := one(t, fmt.Sprintf(`{"affected":[{"vendor":"Demo","collectionURL":%q,"packageName":%q}]}`, c.collection, c.name))
		require.Equal(t, c.repo, r.Products[0].Repo, c.collection)
		require.Equal(t, c.purl, strings.Join(r.Products[0].PURLs, " "), c.collection)
	}
}

func TestWordsThatSayNothingAreLeftOut(t *testing.T) {
	t.Parallel()
	r := one(t, `{"affected":[{"vendor":"n/a","product":"n/a","versions":[{"version":"n/a","status":"affected"}]}]}`)
	require.Empty(t, r.Products)
	require.True(t, r.Mute(), "its text may speak of a component")
	r = one(t, `{"affected":[{"vendor":" - ","product":"unspecified","platforms":["Windows","N/A"],"cpes":["cpe:2.3:a:x",""],"repo":"n/a","defaultStatus":"affected","modules":["a","a"]},
		{"vendor":"Demo","platforms":["All"]}, {"product":"n/a","versions":[{"version":"1.2","status":"affected"}]}]}`)
	require.Equal(t, []feeds.Product{
		{By: "cna", CPEs: []string{"cpe:2.3:a:x"}, Platforms: []string{"Windows"}, Default: vex.Affected, Modules: []string{"a"}},
		{By: "cna", Vendor: "Demo"},
		{By: "cna", Spans: []feeds.Span{{Status: vex.Affected, From: "1.2"}}},
	}, r.Products)
}

func TestRecordIsReadAsItsPartiesMeanIt(t *testing.T) {
	t.Parallel()
	doc := `{"cveMetadata":{"cveId":"cve-2024-0001","state":"PUBLISHED","datePublished":"2024-01-02T03:04:05","dateUpdated":"2024-02-03T04:05:06.789Z","dateRejected":"2023-01-01T00:00:00Z"},"containers":{
		"cna":{"title":"T","providerMetadata":{"shortName":"demo"},"descriptions":[{"lang":"es","value":"uno"},{"lang":"en-US","value":"one"}],
			"metrics":[{"cvssV2_0":{"vectorString":"AV:N/AC:L/Au:N/C:N/I:P/A:N","baseScore":5}},{"cvssV3_0":{"vectorString":"CVSS:3.0/AV:N","baseScore":7}},{"cvssV3_1":{"vectorString":"CVSS:3.1/AV:N","baseScore":7.5},"cvssV4_0":{"vectorString":"CVSS:4.0/AV:N","baseScore":8.2}},{"other":{"type":"kev","content":{}}}],
			"problemTypes":[{"descriptions":[{"cweId":"cwe-79"},{"description":"CWE-20: Input"},{"description":"other"}]}],
			"references":[{"url":"https://a.example","tags":["patch"]},{"url":""}],
			"solutions":[{"lang":"en","value":"Update."}],"workarounds":[{"lang":"en","value":"Turn it off."}]},
		"adp":[{"title":"Only a title","metrics":[{"cvssV3_1":{"vectorString":"CVSS:3.1/AV:L","baseScore":3}},
				{"other":{"type":"ssvc","content":{"timestamp":"2024-05-01T00:00:00Z","options":[{"Exploitation":"active"},{"Automatable":"yes"},{"Technical Impact":"total"}]}}},
				{"other":{"type":"ssvc","content":{"timestamp":"2024-04-01T00:00:00Z","options":[{"Exploitation":"none"}]}}},
				{"other":{"type":"kev","content":{"dateAdded":"2024-05-02"}}}],
			"references":[{"url":"https://a.example","tags":["x_transferred","vendor-advisory"]}],"affected":[{"product":"Pump"}]}]}}`
	records, _, _, err := gather(cve.Decode(strings.NewReader(doc)))
	require.NoError(t, err)
	r := records[0]
	require.Equal(t, []feeds.ID{"CVE-2024-0001"}, r.Names)
	require.True(t, r.Live(), "it is published again")
	require.Equal(t, time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), r.Published)
	require.Equal(t, "one", r.Text)
	require.Equal(t, []feeds.Score{
		{Vector: "CVSS:4.0/AV:N", Base: 8.2, By: "demo", Primary: true}, {Vector: "CVSS:3.1/AV:N", Base: 7.5, By: "demo", Primary: true}, {Vector: "CVSS:3.0/AV:N", Base: 7, By: "demo", Primary: true},
		{Vector: "AV:N/AC:L/Au:N/C:N/I:P/A:N", Base: 5, By: "demo", Primary: true}, {Vector: "CVSS:3.1/AV:L", Base: 3, By: "Only a title"},
	}, r.Scores)
	require.Equal(t, []string{"CWE-79", "CWE-20"}, r.Weaknesses)
	require.Equal(t, []feeds.Reference{{URL: "https://a.example", Tags: []string{"patch", "vendor-advisory"}}}, r.References)
	require.Equal(t, []feeds.Remedy{{Kind: "vendor_fix", Text: "Update."}, {Kind: "workaround", Text: "Turn it off."}}, r.Remedies)
	require.Equal(t, []feeds.Product{{By: "Only a title", Name: "Pump"}}, r.Products)
	require.Equal(t, &feeds.SSVC{By: "Only a title", At: time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC), Exploitation: "active", Automatable: "yes", TechnicalImpact: "total"}, r.SSVC)
	require.Equal(t, &feeds.Exploited{Added: time.Date(2024, 5, 2, 0, 0, 0, 0, time.UTC)}, r.Exploited)
	require.Equal(t, "TLP:CLEAR by cve", r.Mark.String())
}

func TestBadDocumentIsAnErrorThatSaysWhatAndWhere(t *testing.T) {
	t.Parallel()
	cna := func(text string) string { return fmt.Sprintf(shell, text) }
	for name, c := range map[string]struct{ doc, want string }{
		"zero bytes":        {"", "empty"},
		"empty object":      {"{}", "it has no cveMetadata.cveId"},
		"null":              {"null", "it has no cveMetadata.cveId"},
		"another format":    {`{"id":"CVE-2024-0001","vulnStatus":"Analyzed"}`, "it has no cveMetadata.cveId"},
		"JSON 4":            {`{"CVE_data_meta":{"ID":"CVE-2024-0001"}}`, "only the 5 form is read"},
		"no CVE id":         {`{"cveMetadata":{"cveId":"GHSA-x"}}`, `"GHSA-x" is no CVE id`},
		"a list of changes": {`{"fetchTime":"2024","new":[]}`, "another kind of document"},
		"a log of changes":  {`[{"fetchTime":"2024","new":[]}]`, "another kind of document"},
		"no container":      {`{"cveMetadata":{"cveId":"CVE-2024-0001"}}`, "has no cna container"},
		"cut off":           {cna(`{}`)[:60], "at byte 60 of 60"},
		"cut array":         {`[` + cna(`{}`) + `,`, "records"},
		"something after":   {`[` + cna(`{}`) + `] x`, "something follows"},
		"not UTF-8":         {cna("{\"title\":\"\xff\"}"), "not UTF-8"},
		"status":            {cna(`{"affected":[{"product":"x","versions":[{"version":"1","status":"perhaps"}]}]}`), `cna.affected[0].versions[0]: status "perhaps"`},
		"default status":    {cna(`{"affected":[{"product":"x","defaultStatus":"maybe"}]}`), `cna.affected[0].defaultStatus: status "maybe"`},
		"turn":              {cna(`{"affected":[{"product":"x","versions":[{"version":"1","lessThan":"2","changes":[{"at":"1","status":"x"}]}]}]}`), `changes[0]: status "x"`},
		"operator":          {cna(`{"cpeApplicability":[{"operator":"XOR"}]}`), `cna.cpeApplicability[0].operator "XOR"`},
		"time":              {`{"cveMetadata":{"cveId":"CVE-2024-0001","dateUpdated":"soon"},"containers":{"cna":{}}}`, `dateUpdated "soon" is no time`},
		"decision":          {`{"cveMetadata":{"cveId":"CVE-2024-0001"},"containers":{"cna":{},"adp":[{"metrics":[{"other":{"type":"ssvc","content":[]}}]}]}}`, "adp[0].metrics[0].ssvc"},
		"year 10000":        {`{"cveMetadata":{"cveId":"CVE-2024-0001","dateUpdated":"9999-12-31T23:59:59-10:00"},"containers":{"cna":{}}}`, "year 10000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, _, err := gather(cve.Decode(strings.NewReader(c.doc)))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestBadRecordOfAListIsRejectedAndTheOthersGoOn(t *testing.T) {
	t.Parallel()
	good := fmt.Sprintf(shell, "{}")
	doc := "\xef\xbb\xbf [" + strings.Join([]string{good, `{"cveMetadata":{"cveId":"CVE-2024-0002"}}`, `7`, `{}`, strings.ReplaceAll(good, "0001", "0005")}, ",") + "]"
	records, rejected, _, err := gather(cve.Decode(strings.NewReader(doc)))
	require.NoError(t, err)
	require.Len(t, records, 2)
	require.Len(t, rejected, 3)
	for i, want := range []string{`"CVE-2024-0002": has no cna`, `"records[2]": json`, `"records[3]": not a CVE record`} {
		require.ErrorContains(t, rejected[i], want)
		require.Len(t, rejected[i].Digest, 64)
	}
}

// A snapshot in a zip is an fs.FS.
func TestSnapshotInAZipIsRead(t *testing.T) {
	t.Parallel()
	var body bytes.Buffer
	w := zip.NewWriter(&body)
	require.NoError(t, fs.WalkDir(os.DirFS("testdata/before"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path.Join("testdata/before", name))
		require.NoError(t, err)
		f, err := w.Create(name)
		require.NoError(t, err)
		_, err = f.Write(text)
		return err
	}))
	require.NoError(t, w.Close())
	r, err := zip.NewReader(bytes.NewReader(body.Bytes()), int64(body.Len()))
	require.NoError(t, err)
	fromZip, rejected, whole, err := gather(cve.New(&cve.Options{FS: r}).Updates(t.Context(), ""))
	require.NoError(t, err)
	require.Empty(t, rejected)
	require.True(t, whole)
	fromFolder, _, _, err := gather(cve.New(&cve.Options{From: "testdata/before"}).Updates(t.Context(), ""))
	require.NoError(t, err)
	require.Equal(t, fromFolder, fromZip)
	require.Len(t, fromZip, 6)
}

func TestFilesWithoutARecordAreNothing(t *testing.T) {
	t.Parallel()
	_, _, _, err := gather(cve.New(&cve.Options{From: "a.json", More: []string{"HTTP://cve.example"}}).Updates(t.Context(), ""))
	require.ErrorContains(t, err, "cve: More names files beside the address")
	_, _, _, err = gather(cve.New(&cve.Options{FS: fstest.MapFS{"delta.json": {Data: []byte(`{"fetchTime":"x"}`)}}}).Updates(t.Context(), ""))
	require.ErrorIs(t, err, feeds.ErrNothing)
}
