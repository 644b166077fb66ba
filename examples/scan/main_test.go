package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/vex"
	"github.com/open-postmarket/postmarket/vex/cyclonedx"
	"github.com/open-postmarket/postmarket/vex/openvex"
)

const (
	excerpts = "../quickstart/data"
	device   = excerpts + "/device.cdx.json"
)

// scanned runs the program; the document is nil when nothing was printed.
func scanned(t *testing.T, args ...string) (status int, doc *match.Document, stdout, stderr string) {
	t.Helper()
	var out, complaints bytes.Buffer
	status = run(t.Context(), args, &out, &complaints)
	if strings.HasPrefix(out.String(), "{") {
		d := json.NewDecoder(bytes.NewReader(out.Bytes()))
		require.NoError(t, d.Decode(&doc))
		require.False(t, d.More(), "exactly one document")
	}
	return status, doc, out.String(), complaints.String()
}

func feeds3() []string {
	return []string{"-feed", "nvd=" + excerpts + "/nvd", "-feed", "osv=" + excerpts + "/osv", "-feed", "kev=" + excerpts + "/kev"}
}

func TestJSONIsOneDocumentOfTheStatedShape(t *testing.T) {
	t.Parallel()
	status, doc, stdout, stderr := scanned(t, append(feeds3(), "-format", "json", device)...)
	require.Zero(t, status, stderr)
	require.Equal(t, []match.SBOMRow{{File: device, Components: 55}}, doc.SBOMs)
	require.Len(t, doc.Findings, 4)
	require.Len(t, doc.Coverage, 2*55, "sources that match, not sources of facts")
	var raw struct {
		Findings []map[string]json.RawMessage `json:"findings"`
		Coverage []map[string]json.RawMessage `json:"coverage"`
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &raw))
	for _, key := range []string{"sbom", "component", "ids", "sources", "evidence"} {
		require.Contains(t, raw.Findings[0], key)
	}
	for _, key := range []string{"sbom", "component", "source", "verdict", "why"} {
		require.Contains(t, raw.Coverage[0], key)
	}
	require.JSONEq(t, `{"ref":"c03","name":"WolfSSL","version":"4.8.1","purl":"pkg:github/wolfssl/wolfssl",
		"cpe":"cpe:2.3:a:wolfssl:wolfssl:4.8.1:*:*:*:*:*:*:*"}`, string(raw.Findings[0]["component"]))
}

func TestTheTableSaysWhatWasNotLookedAt(t *testing.T) {
	t.Parallel()
	status, _, stdout, _ := scanned(t, append(feeds3(), device)...)
	require.Zero(t, status)
	require.Contains(t, stdout, "CVE-2022-25640")
	require.Contains(t, stdout, "1 of 55 components evaluated, 4 findings")
	require.Contains(t, stdout, "55 not evaluable by osv: no source for this ecosystem")
	require.Contains(t, stdout, "lead: jQuery")
}

func TestSeveralPathsOfOneKindAreOneSource(t *testing.T) {
	t.Parallel()
	status, doc, _, stderr := scanned(t, "-format", "json",
		"-feed", "nvd="+excerpts+"/nvd/CVE-2022-25640.json", "-feed", "nvd="+excerpts+"/nvd/CVE-2022-34293.json", device)
	require.Zero(t, status, stderr)
	require.Len(t, doc.Findings, 2)
	require.Len(t, doc.Coverage, 55)
}

func TestWhatCannotBeReadIsToldAndTheRestIsDone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		p := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(p, []byte(text), 0o600))
		return p
	}
	whole, err := os.ReadFile(device)
	require.NoError(t, err)
	cut := file("cut.json", string(whole[:900]))
	nothing := file("nothing.json", "")
	empty := file("empty.json", "{}")

	status, doc, _, stderr := scanned(t, append(feeds3(), "-format", "json", cut, device, nothing, empty, filepath.Join(dir, "absent.json"))...)
	require.Equal(t, 2, status)
	require.Len(t, doc.SBOMs, 5)
	require.Contains(t, doc.SBOMs[0].Error, "cut off")
	require.Empty(t, doc.SBOMs[1].Error)
	require.Contains(t, doc.SBOMs[2].Error, "is empty")
	require.Contains(t, doc.SBOMs[3].Error, "empty JSON object")
	require.Len(t, doc.Findings, 4, "the rest is done")
	complaints := 0
	for _, line := range strings.Split(stderr, "\n") {
		if strings.HasPrefix(line, "scan: ") {
			complaints++
		}
	}
	require.Equal(t, 4, complaints, "one line each: %s", stderr)

	for _, feed := range []string{"nvd=" + filepath.Join(dir, "absent"), "osv=" + nothing, "kev=" + empty} {
		status, doc, _, stderr = scanned(t, append(feeds3(), "-feed", feed, "-format", "json", device)...)
		require.Equal(t, 2, status, feed)
		require.Contains(t, stderr, strings.SplitN(feed, "=", 2)[1])
		require.Len(t, doc.Findings, 4, "the rest is done: %s", feed)
	}
}

func TestOneBadFileInAFolderIsQuarantined(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(excerpts+"/nvd")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bad.json"), []byte(`{"id":"CVE-2022-`), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "README.txt"), []byte("not a record"), 0o600))
	status, doc, _, stderr := scanned(t, "-feed", "nvd="+dir, "-format", "json", device)
	require.Zero(t, status)
	require.Contains(t, stderr, "bad.json")
	require.NotContains(t, stderr, "README")
	require.Len(t, doc.Findings, 4)
}

func TestADatabaseKeepsTheFeeds(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "feeds.db")
	status, first, _, stderr := scanned(t, append(feeds3(), "-db", db, "-format", "json", device)...)
	require.Zero(t, status, stderr)
	status, second, _, stderr := scanned(t, "-db", db, "-format", "json", device)
	require.Zero(t, status, stderr)
	require.Equal(t, first, second)
}

func TestADatabaseThatCannotBeOpenedIsStillOneDocument(t *testing.T) {
	t.Parallel()
	status, doc, _, stderr := scanned(t, append(feeds3(), "-db", filepath.Join(t.TempDir(), "absent", "x.db"), "-format", "json", device)...)
	require.Equal(t, 2, status)
	require.Contains(t, stderr, "-db")
	require.Len(t, doc.SBOMs, 1)
	require.NotEmpty(t, doc.SBOMs[0].Error)
}

func TestOfTwoCopiesOfARecordTheNewerStands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old := filepath.Join(dir, "old.json")
	require.NoError(t, os.WriteFile(old, []byte(`{"id":"CVE-2022-25640","published":"2022-02-24T15:15:00.000",
		"lastModified":"2022-02-24T15:15:00.000","vulnStatus":"Received","descriptions":[{"lang":"en","value":"an older copy"}]}`), 0o600))
	record := excerpts + "/nvd/CVE-2022-25640.json"
	for _, paths := range [][]string{{old, record}, {record, old}} {
		status, doc, _, stderr := scanned(t, "-format", "json", "-feed", "nvd="+paths[0], "-feed", "nvd="+paths[1], device)
		require.Zero(t, status, stderr)
		require.Len(t, doc.Findings, 1)
	}
}

func TestWrongWordsAreUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{}, {device}, {"-feed", "nvd", device}, {"-feed", "moon=x", device}, {"-format", "xml", "-feed", "nvd=x", device}, {"-unknown"},
	} {
		status, _, stdout, stderr := scanned(t, args...)
		require.Equal(t, 2, status, "%v", args)
		require.Empty(t, stdout)
		require.NotEmpty(t, stderr)
	}
	status, _, _, stderr := scanned(t, "-h")
	require.Zero(t, status)
	require.Contains(t, stderr, "usage: scan")
}

func TestVEXIsReadAndWritten(t *testing.T) {
	t.Parallel()
	status, _, stdout, stderr := scanned(t, append(feeds3(), "-format", "openvex", device)...)
	require.Zero(t, status, stderr)
	doc, err := openvex.Decode(strings.NewReader(stdout))
	require.NoError(t, err)
	require.Empty(t, doc.Problems)
	require.Len(t, doc.Statements, 4)
	for _, s := range doc.Statements {
		require.Equal(t, vex.UnderInvestigation, s.Status, "a match is no judgment")
	}

	dir := t.TempDir()
	cleared := filepath.Join(dir, "cleared.openvex.json")
	require.NoError(t, os.WriteFile(cleared, []byte(`{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.org/vex/1","author":"Acme PSIRT",
		"timestamp":"2026-01-01T00:00:00Z","version":1,"statements":[{"vulnerability":{"name":"CVE-2022-25640"},"products":[{"@id":"pkg:github/wolfssl/wolfssl"}],
		"status":"not_affected","justification":"vulnerable_code_not_in_execute_path","impact_statement":"TLS client certificates are not used"}]}`), 0o600))
	status, found, _, stderr := scanned(t, append(feeds3(), "-format", "json", "-vex", cleared, device)...)
	require.Zero(t, status, stderr)
	require.Len(t, found.Findings, 4, "what is hidden stays listed")
	hidden := 0
	for _, f := range found.Findings {
		if f.Ruling != nil {
			hidden++
			require.Equal(t, "CVE-2022-25640", string(f.Evidence.Vulnerability))
			require.Equal(t, "Acme PSIRT", f.Ruling.Author)
		}
	}
	require.Equal(t, 1, hidden)
	_, _, stdout, _ = scanned(t, append(feeds3(), "-vex", cleared, device)...)
	require.Contains(t, stdout, "HIDDEN, not_affected by Acme PSIRT: TLS client certificates are not used")

	status, _, stdout, stderr = scanned(t, append(feeds3(), "-format", "cyclonedx", "-vex", cleared, device)...)
	require.Zero(t, status, stderr)
	again, err := cyclonedx.Decode(strings.NewReader(stdout))
	require.NoError(t, err)
	require.Len(t, again.Statements, 4)
	written := filepath.Join(dir, "scan.cdx.json")
	require.NoError(t, os.WriteFile(written, []byte(stdout), 0o600))

	status, _, stdout, stderr = scanned(t, append(feeds3(), "-vex", device, "-vex", filepath.Join(dir, "absent"), device)...)
	require.Equal(t, 2, status, "a document that cannot be read ends the run")
	require.Empty(t, stdout)
	require.Contains(t, stderr, "absent")

	for _, verdict := range testdata.JudgeCycloneDX(t, written) {
		require.True(t, verdict.Valid, "%v", verdict)
	}
}

func TestEveryKindOfFeedIsAFlag(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		p := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(p, []byte(text), 0o600))
		return p
	}
	cve := write("cve.json", `{"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":"CVE-2026-0001","state":"PUBLISHED"},"containers":{"cna":{
		"providerMetadata":{"shortName":"acme"},"descriptions":[{"lang":"en","value":"A flaw."}],
		"affected":[{"vendor":"wolfSSL Inc.","product":"wolfSSL","defaultStatus":"unaffected","versions":[{"version":"4.0","lessThan":"5.0","versionType":"semver","status":"affected"}]}]}}}`)
	epss := write("epss.csv", "#model_version:v1,score_date:2026-01-02T00:00:00+0000\ncve,epss,percentile\nCVE-2026-0001,0.7,0.99\n")
	status, found, _, stderr := scanned(t, "-format", "json", "-feed", "cve="+cve, "-feed", "epss="+epss, device)
	require.Zero(t, status, stderr)
	require.Len(t, found.Findings, 1)
	require.InDelta(t, 0.7, found.Findings[0].Evidence.Probability.Score, 1e-9)
	require.Equal(t, match.ByWords, found.Findings[0].Evidence.Matches[0].Identifier)
	require.Len(t, found.Coverage, 55, "a list of scores gives no coverage")
}

func TestWhatWasNotLookedAtIsSaidInEveryFormat(t *testing.T) {
	t.Parallel()
	kev := []string{"-feed", "kev=" + excerpts + "/kev"}
	_, _, stdout, _ := scanned(t, append(kev, device)...)
	require.Contains(t, stdout, "0 of 55 components evaluated")
	require.Contains(t, stdout, "no feed was given that says what is affected")
	status, _, stdout, stderr := scanned(t, append(kev, "-format", "openvex", device)...)
	require.Zero(t, status, stderr)
	require.Empty(t, stdout)
	require.Contains(t, stderr, "there is no statement to write")
	for _, format := range []string{"openvex", "cyclonedx"} {
		status, _, stdout, stderr = scanned(t, append(feeds3(), "-format", format, device)...)
		require.Zero(t, status)
		require.NotEmpty(t, stdout)
		require.Contains(t, stderr, "1 of 55 components evaluated")
	}
}
