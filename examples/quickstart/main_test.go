package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/kev"
	"github.com/open-postmarket/postmarket/feeds/nvd"
	"github.com/open-postmarket/postmarket/feeds/osv"
	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/read"
)

// ticking is a clock that moves a second at each look, so that runs of one day
// are the same.
func ticking(day int) func() time.Time {
	at := time.Date(2026, 3, day, 15, 0, 0, 0, time.UTC)
	return func() time.Time {
		at = at.Add(time.Second)
		return at
	}
}

// output is what one run left behind.
type output struct {
	dir, printed string
	findings     findings
	judged       []judged
	ledger       string
}

func walked(t *testing.T, data fs.FS, db string) output {
	t.Helper()
	return walkedOn(t, 2, data, db)
}

func walkedOn(t *testing.T, day int, data fs.FS, db string) output {
	t.Helper()
	var printed bytes.Buffer
	o := output{dir: t.TempDir()}
	require.NoError(t, walk(t.Context(), options{out: o.dir, store: keep(db), data: data, now: ticking(day), print: &printed}))
	o.printed = printed.String()
	parse := func(name string, v any) {
		body, err := os.ReadFile(filepath.Join(o.dir, name))
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(body, v))
	}
	parse("findings.json", &o.findings)
	parse("assessments.json", &o.judged)
	body, err := os.ReadFile(filepath.Join(o.dir, "ledger.jsonl"))
	require.NoError(t, err)
	o.ledger = string(body)
	return o
}

// without copies the embedded data, less some files, so that a test can spoil it.
func without(t *testing.T, names ...string) fs.FS {
	t.Helper()
	out := fstest.MapFS{}
	require.NoError(t, fs.WalkDir(embedded, "data", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || slices.Contains(names, filepath.Base(p)) {
			return err
		}
		body, err := fs.ReadFile(embedded, p)
		out[strings.TrimPrefix(p, "data/")] = &fstest.MapFile{Data: body}
		return err
	}))
	return out
}

func (o output) advisory(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	files, err := filepath.Glob(filepath.Join(o.dir, "advisory", "*"))
	require.NoError(t, err)
	for _, f := range files {
		body, err := os.ReadFile(f)
		require.NoError(t, err)
		out[filepath.Ext(f)] = string(body)
	}
	return out
}

func TestTheDeviceWalksTheWholeWay(t *testing.T) {
	t.Parallel()
	o := walked(t, without(t), "")
	var found []string
	for _, f := range o.findings.Findings {
		require.Equal(t, "WolfSSL", f.Component.Name)
		require.Equal(t, "4.8.1", f.Component.Version)
		require.Equal(t, []string{"nvd"}, f.Sources)
		require.NotEmpty(t, f.Evidence.Matches)
		found = append(found, string(f.IDs[0]))
	}
	require.Equal(t, []string{"CVE-2022-25638", "CVE-2022-25640", "CVE-2022-34293", "CVE-2022-38152"}, found)

	why := map[string]string{}
	for _, r := range o.findings.Rejected {
		why[string(r.IDs[0])] = r.Why
	}
	require.Equal(t, map[string]string{
		"CVE-2022-38153": "4.8.1 is not 5.3.0 (cpe:2.3:a:wolfssl:wolfssl:5.3.0:*:*:*:*:*:*:*)",
		"CVE-2022-23408": "4.8.1 is not >= 5.0.0 (cpe:2.3:a:wolfssl:wolfssl:*:*:*:*:*:*:*:* >= 5.0.0 < 5.1.1)",
	}, why)

	require.Len(t, o.findings.Leads, 1)
	require.Equal(t, "jQuery", o.findings.Leads[0].Component.Name)
	require.Equal(t, "CVE-2020-11023", o.findings.Leads[0].Item)
	rows := 0
	for _, c := range o.findings.Coverage {
		rows++
		if c.Component.Name == "jQuery" {
			require.Equal(t, match.NotEvaluable, c.Verdict)
		}
		if c.Source == "osv" {
			require.Equal(t, match.NoEcosystem, c.Why)
		}
	}
	require.Equal(t, 2*55, rows)
	require.Equal(t, 55, o.findings.SBOMs[0].Components)
	require.Contains(t, o.printed, "1 of 55 components could be evaluated")
	require.Contains(t, o.printed, "INVENTED")

	require.Len(t, o.judged, 4)
	for _, j := range o.judged {
		a := j.Assessment
		switch a.Vulnerability {
		case "CVE-2022-25640":
			require.Equal(t, 7.5, a.Score.Base)
			require.EqualValues(t, "serious", a.Impact.Harm)
			require.EqualValues(t, "uncontrolled", a.Risk())
			require.EqualValues(t, "out-of-cycle", j.Plan.Class)
			require.Len(t, j.Plan.Clocks, 2)
		case "CVE-2022-34293":
			require.Equal(t, 5.3, a.Score.Base)
			require.EqualValues(t, "minor", a.Impact.Harm)
			require.EqualValues(t, "controlled", a.Risk())
			require.EqualValues(t, "no-change", j.Plan.Class)
			require.Empty(t, j.Plan.Clocks, "a controlled finding never carries a mark")
		default:
			require.True(t, a.Undetermined())
			require.Len(t, j.Plan.Clocks, 2, "undetermined stops no clock")
		}
		in := a.Instants
		require.Equal(t, "nvd", in.PublishedBy)
		require.Equal(t, 2022, in.Published.Year())
		require.False(t, in.Mirrored.IsZero())
		require.Equal(t, in.Seen, in.Learned)
	}

	files := o.advisory(t)
	for _, ext := range []string{".json", ".html", ".md"} {
		require.Contains(t, files[ext], "DEMONSTRATION", ext)
		require.Contains(t, files[ext], "CVE-2022-25640", ext)
	}
}

func TestWhatIsNotInTheFeedIsNowhere(t *testing.T) {
	t.Parallel()
	o := walked(t, without(t, "CVE-2022-25640.json"), "")
	require.Len(t, o.findings.Findings, 3)
	require.Len(t, o.judged, 3)
	require.NotContains(t, o.ledger, "CVE-2022-25640")
	require.NotContains(t, o.printed, "CVE-2022-25640")
	for ext, text := range o.advisory(t) {
		require.NotContains(t, text, "CVE-2022-25640", ext)
		require.Contains(t, text, "CVE-2022-34293", ext)
	}
	for _, name := range []string{"findings.json", "assessments.json"} {
		body, err := os.ReadFile(filepath.Join(o.dir, name))
		require.NoError(t, err)
		require.NotContains(t, string(body), "CVE-2022-25640", name)
	}

	neither := walked(t, without(t, "CVE-2022-25640.json", "CVE-2022-34293.json"), "")
	require.Empty(t, neither.advisory(t), "nothing judged, nothing told")
}

func TestASecondRunAddsNothing(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "device.db")
	first, second := walkedOn(t, 2, without(t), db), walkedOn(t, 9, without(t), db)
	require.Equal(t, first.ledger, second.ledger)
	require.Equal(t, first.findings, second.findings)
	require.Equal(t, first.judged, second.judged)
	require.Equal(t, first.advisory(t), second.advisory(t))
	require.NotContains(t, second.printed, "notified")
}

func TestMemoryAndSQLiteTellTheSame(t *testing.T) {
	t.Parallel()
	inMemory, inSQLite := walked(t, without(t), ""), walked(t, without(t), filepath.Join(t.TempDir(), "device.db"))
	require.Equal(t, inMemory.ledger, inSQLite.ledger)
	require.Equal(t, inMemory.findings, inSQLite.findings)
}

func TestASpoiledSBOMIsAnErrorThatNamesIt(t *testing.T) {
	t.Parallel()
	data := without(t).(fstest.MapFS)
	data["device.cdx.json"].Data = data["device.cdx.json"].Data[:500]
	err := walk(t.Context(), options{out: t.TempDir(), store: keep(""), data: data, now: ticking(2), print: &bytes.Buffer{}})
	require.ErrorContains(t, err, "device.cdx.json")
	require.ErrorContains(t, err, "cut off")
}

func TestTheJudgeCallsTheAdvisoryValid(t *testing.T) {
	t.Parallel()
	o := walked(t, without(t), "")
	files, err := filepath.Glob(filepath.Join(o.dir, "advisory", "*.json"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	for _, v := range testdata.JudgeCSAF(t, "basic", files...) {
		require.True(t, v.Valid, "%v", v.Errors)
	}
}

// TestTheOriginalsSayTheSame holds the device's original SBOM against the original
// feeds, whole, and must find exactly what the embedded excerpts find.
func TestTheOriginalsSayTheSame(t *testing.T) {
	t.Parallel()
	var records []feeds.Record
	for _, s := range []feeds.Source{
		kev.New(&kev.Options{From: testdata.Path(t, "kev", "2025-08-25", "known_exploited_vulnerabilities.json")}),
		nvd.New(&nvd.Options{From: testdata.Path(t, "nvd", "converted-from-11")}),
		// The ecosystems of which the excerpt that comes along holds records.
		osv.New(&osv.Options{From: testdata.Path(t, "osv", "Go"), More: []string{testdata.Path(t, "osv", "PyPI"), testdata.Path(t, "osv", "crates.io")}}),
	} {
		for u, err := range s.Updates(t.Context(), "") {
			require.NoError(t, err)
			if u.Record.Item != "" {
				records = append(records, u.Record)
			}
		}
	}
	bom, err := read.File(testdata.Path(t, "sboms", "medical-device-case-study", "narrow.sbom.json"), nil)
	require.NoError(t, err)
	original := match.Build(records, nil).Explain("therapy-2.1", bom)

	ours := walked(t, without(t), "")
	own, err := read.Read(bytes.NewReader(without(t).(fstest.MapFS)["device.cdx.json"].Data), nil)
	require.NoError(t, err)
	require.Equal(t, told(bom), told(own), "the same components, in the same order")

	var want, got []string
	for _, f := range original.Findings {
		for _, i := range f.Instances {
			want = append(want, i.Component.Name+" "+i.Component.Version+" "+string(f.Vulnerability)+" "+i.Evidence[0].Leaf)
		}
	}
	for _, f := range ours.findings.Findings {
		got = append(got, f.Component.Name+" "+f.Component.Version+" "+string(f.Evidence.Vulnerability)+" "+f.Evidence.Matches[0].Leaf)
	}
	require.Equal(t, want, got)

	want, got = nil, nil
	for _, c := range original.Rejected {
		want = append(want, string(c.IDs[0])+" "+c.Why+" ("+c.Leaf+")")
	}
	for _, r := range ours.findings.Rejected {
		got = append(got, string(r.IDs[0])+" "+r.Why)
	}
	require.Equal(t, want, got)
	require.Empty(t, original.Undecided)

	require.Len(t, original.Leads, len(ours.findings.Leads))
	require.Equal(t, original.Leads[0].Item, ours.findings.Leads[0].Item)
	want, got = nil, nil
	for _, c := range original.Coverage {
		want = append(want, c.Component.Name+" "+c.Source+" "+string(c.Verdict)+" "+c.Why)
	}
	for _, c := range ours.findings.Coverage {
		got = append(got, c.Component.Name+" "+c.Source+" "+string(c.Verdict)+" "+c.Why)
	}
	require.Equal(t, want, got)
}

// told lists what matching reads of a component.
func told(bom sbom.BOM) []string {
	var out []string
	for _, c := range bom.Components {
		out = append(out, strings.Join([]string{string(c.Type), c.Name, c.Version, c.PURL, c.CPE}, "|"))
	}
	return out
}
