package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/sqlite"
)

// entry is a line of ledger.jsonl.
type entry struct {
	Seq       int64
	Act       int64
	Who, Why  string
	Kind, Key string
	Hash      string
	Body      json.RawMessage
}

func (o output) entries(t *testing.T) []entry {
	t.Helper()
	var out []entry
	for line := range strings.Lines(o.ledger) {
		var e entry
		require.NoError(t, json.Unmarshal([]byte(line), &e))
		out = append(out, e)
	}
	return out
}

// told are the lines of the walk of one vulnerability as it was printed.
func (o output) told(t *testing.T, id string) []string {
	t.Helper()
	_, rest, ok := strings.Cut(o.printed, "From the ledger: the walk of "+id)
	require.True(t, ok, id)
	section, _, _ := strings.Cut(rest, "\n\n")
	return strings.Split(section, "\n")[1:]
}

// acts counts the acts of the ledger that touched a record of these kinds whose key
// has the text in it.
func acts(entries []entry, of map[string]string) int {
	seen := map[int64]bool{}
	for _, e := range entries {
		if part, ok := of[e.Kind]; ok && strings.Contains(e.Key, part) {
			seen[e.Act] = true
		}
	}
	return len(seen)
}

func TestTheWalkIsToldFromTheLedgerOneActALine(t *testing.T) {
	t.Parallel()
	o := walked(t, without(t), "")
	all := o.entries(t)
	lines := o.told(t, "CVE-2022-25640")
	require.Len(t, lines, acts(all, map[string]string{
		"assess.assessment": "CVE-2022-25640", "patch.plan": "CVE-2022-25640", "patch.change": "CVE-2022-25640",
		"assess.discretion": "CVE-2022-25640", "assess.correction": "CVE-2022-25640",
		"device.attestation": stationRule, "device.fielded": "therapy-2.1", "patch.release": "", "patch.envelope": "",
		"patch.rollout": "", "patch.report": "", "patch.table": "",
	}))
	require.Greater(t, len(lines), 50)
	at := 0
	for _, state := range []string{
		"assessment opened", "assessment determination proposed", "assessment determined: UNCONTROLLED",
		"plan proposed: out-of-cycle", "plan approved: out-of-cycle", "compensating-control planned", "compensating-control verified",
		"patch planned", "patch reproduced", "patch fix-developed", "patch tested", "patch documented", "patch released",
		"release signed", "patch distributed", "rollout-planned", "rolling-out pilot", "rolling-out pilot, wide", "patch deployed", "patch verified",
	} {
		i := slices.IndexFunc(lines[at:], func(line string) bool { return strings.HasSuffix(line, "→ "+state) })
		require.GreaterOrEqual(t, i, 0, "%q is not told, or out of order", state)
		at += i
	}
	lines = o.told(t, "CVE-2022-34293")
	require.Len(t, lines, acts(all, map[string]string{"assess.assessment": "CVE-2022-34293", "patch.plan": "CVE-2022-34293"}))
	require.Contains(t, lines[len(lines)-1], "→ plan approved: no-change")
}

// What somebody else wrote meanwhile is told too, and counts.
func TestWhatWasWrittenMeanwhileIsTold(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "device.db")
	first := walkedOn(t, 2, without(t), file)
	require.Contains(t, first.printed, "ASSUMED there: the site has said nothing of station-rule")
	db, err := sqlite.Open(file)
	require.NoError(t, err)
	l := store.New(db, &store.Options{Now: ticking(3)})
	require.NoError(t, l.Do(t.Context(), store.By{Who: "biomed-7", Why: "asked again"}, func(tx *store.Tx) error {
		return device.Attestations.Put(tx, device.Attestation{Product: "therapy-2.1", Site: siteB, Control: stationRule, Holds: device.HasNot,
			By: "biomed-7", How: "it was taken out", At: ticking(2)()})
	}))
	require.NoError(t, db.Close())
	second := walkedOn(t, 9, without(t), file)
	lines := second.told(t, "CVE-2022-25640")
	require.Len(t, lines, len(first.told(t, "CVE-2022-25640"))+1)
	require.Contains(t, lines[len(lines)-1], "biomed-7: asked again → site-b has-not station-rule")
	_, now, _ := strings.Cut(second.printed, "    now: uncontrolled at 1 of 1 sites")
	require.Contains(t, strings.Split(now, "\n")[1], `site-b, units: 2, exploitability high; biomed-7 attests that the site has no "station-rule"`)
}

func TestTheUncontrolledOneIsFixedUnderChangeControl(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "device.db")
	o := walkedOn(t, 2, without(t), file)
	db, err := sqlite.Open(file)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	l := store.New(db, nil)
	gates, err := patch.DefaultGates()
	require.NoError(t, err)
	var kinds []patch.RemedyKind
	for c, err := range patch.Changes.All(t.Context(), l, "") {
		require.NoError(t, err)
		require.Contains(t, c.Finding, "CVE-2022-25640")
		require.Equal(t, patch.Verified, c.State())
		require.True(t, c.Under(gates))
		require.Empty(t, c.Missing(patch.Verified))
		require.NoError(t, c.Resolve(os.DirFS(o.dir)))
		people := map[string]bool{}
		for _, s := range c.Steps {
			people[s.By] = true
			if s.Proof != nil {
				text, err := os.ReadFile(filepath.Join(o.dir, s.Proof.Link))
				require.NoError(t, err)
				if !strings.HasSuffix(s.Proof.Link, ".dsse.json") {
					require.Contains(t, string(text), "DEMONSTRATION", s.Proof.Link)
				}
			}
		}
		require.Len(t, people, 9)
		kinds = append(kinds, c.Remedy.Kind)
	}
	require.Contains(t, o.printed, "discretion of 21 CFR 806: yes")
	begun, err := patch.Corrections(t.Context(), l, time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	require.Len(t, begun, 2)
	for _, b := range begun {
		c, _, err := assess.CorrectionDecisions.Latest(t.Context(), l, b.ID)
		require.NoError(t, err)
		require.True(t, c.Decided())
		require.Equal(t, approver, c.Justified.Evaluated.By)
	}
	require.Equal(t, []patch.RemedyKind{patch.CompensatingControl, patch.Patch}, kinds)

	kept, _, err := patch.Envelopes.Latest(t.Context(), l, "release "+theRelease)
	require.NoError(t, err)
	made, err := patch.OpenRelease(kept.Envelope, trust())
	require.NoError(t, err)
	require.Equal(t, "2.2", made.Version)

	seen := map[patch.Uptake]bool{}
	visit := false
	for one, err := range patch.Reports.All(t.Context(), l, "") {
		require.NoError(t, err)
		seen[one.Uptake], visit = true, visit || one.Visit
	}
	require.Len(t, seen, 6, "offered, accepted, installed, verified, declined, unreachable")
	require.True(t, visit)
}

func TestWhatIsNotKnownOfTheRolloutIsPrinted(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "device.db")
	for day := range 2 {
		o := walkedOn(t, day+2, without(t), file)
		require.Contains(t, o.printed, `reports of ring wide: line 8 is not read, the others are: state "instaled" is not known`)
		require.Contains(t, o.printed, "ring pilot opened:   0 of 6 have it; unknown 6 (100.0 %)\n"+
			"  ring wide opened:    2 of 6 have it, 2 verified, 1 declined; unknown 3 (50.0 %)\n"+
			"  last report read:    4 of 6 have it, 3 verified, 1 unreachable; unknown 1 (16.7 %)\n")
		require.Contains(t, o.printed, "still open at site-b: 0 of 2 have it, 1 unreachable; unknown 1 (50.0 %)")
	}
}

func TestTheSitesWhereTheRiskIsUncontrolledAreListed(t *testing.T) {
	t.Parallel()
	o := walked(t, without(t), "")
	require.Contains(t, o.printed, "kept by the facility, verified on 2026-02-16 by port scan")
	require.Contains(t, o.printed, "until 2027-03-02")
	require.Contains(t, o.printed, "when it was determined: uncontrolled at 3 of 3 sites with therapy-2.1\n")
	require.Contains(t, o.printed, "site-a, units: 3, exploitability medium; biomed-site-a attests")
	require.Contains(t, o.printed, "site-c, units: 1, exploitability high; biomed-site-c attests that the site has no")
	require.Contains(t, o.printed, "now: uncontrolled at 1 of 1 sites with therapy-2.1\n      site-b, units: 2")
	require.Contains(t, o.printed, "tripwire: harm minor → serious makes it UNCONTROLLED")
	require.Contains(t, o.printed, "opened again when the flaw is listed as exploited in the wild")
}

func TestTheSummariesNameEntriesOfTheLedger(t *testing.T) {
	t.Parallel()
	o := walked(t, without(t), "")
	held := map[int64]entry{}
	for _, e := range o.entries(t) {
		held[e.Seq] = e
	}
	for id, risk := range map[string]assess.Risk{"CVE-2022-25640": assess.Uncontrolled, "CVE-2022-34293": assess.Controlled} {
		body, err := os.ReadFile(filepath.Join(o.dir, "summary", id+".json"))
		require.NoError(t, err)
		var s assess.Summary
		require.NoError(t, json.Unmarshal(body, &s))
		require.Len(t, s.Products, 1)
		require.Equal(t, risk, s.Products[0].Risk)
		require.Empty(t, s.Products[0].Gaps)
		for _, st := range s.Products[0].Steps {
			require.Empty(t, st.Recorded, "each step is written by who did it")
		}
		require.Equal(t, id == "CVE-2022-25640", strings.Contains(gapsOf(s.Products[0]), "4 of 6 have it"))
		require.Empty(t, s.Products[0].Tripped)
		require.Equal(t, []string{siteB}, sitesOf(s.Products[0].Sites))
		page, err := os.ReadFile(filepath.Join(o.dir, "summary", id+".md"))
		require.NoError(t, err)
		require.Contains(t, string(page), "- site-b: "+string(risk)+", exploitability ")
		require.NotContains(t, string(page), "..")
		records := s.Products[0].Records
		for _, section := range s.Products[0].Sections {
			records = append(records, section.Records...)
		}
		require.Greater(t, len(records), 10)
		for _, r := range records {
			require.Equal(t, r.Hash.String(), held[r.Seq].Hash)
			require.Equal(t, r.Key, held[r.Seq].Key)
			require.Contains(t, string(page), r.Hash.String())
		}
	}
}

func gapsOf(p assess.ProductSummary) string {
	var all []string
	for _, s := range p.Sections {
		all = append(all, s.Gaps...)
	}
	return strings.Join(all, "\n")
}

func sitesOf(list []assess.SiteRisk) []string {
	var out []string
	for _, s := range list {
		out = append(out, s.Site)
	}
	return out
}

// A control that was verified counts for a year; then it is verified anew, and what
// was decided before stays as it is.
func TestAControlThatExpiredIsVerifiedAnew(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "device.db")
	first := walkedOn(t, 2, without(t), file)
	second := walkedOn(t, 2+366, without(t), file)
	third := walkedOn(t, 3+366, without(t), file)
	require.Equal(t, second.ledger, third.ledger)
	added := second.entries(t)[len(first.entries(t)):]
	var kinds []string
	for _, e := range added {
		kinds = append(kinds, e.Kind)
		if e.Kind == "device.product" {
			require.Contains(t, string(e.Body), time.Date(2027, 2, 17, 0, 0, 0, 0, time.UTC).Format(time.RFC3339))
		}
	}
	require.Equal(t, []string{"device.product", "assess.assessment", "advisory.advisory", "advisory.advisory", "advisory.advisory", "advisory.release", "device.product"}, kinds,
		"the device in both versions, the judgment that counts on the control, and a revision of the advisory that rests on it: drafted, signed by two, released")
}

// A change that was carried out is not begun anew when the evidence changes: it is
// told with the plan that it rests on.
func TestAChangeThatWasCarriedOutStays(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "device.db")
	first := walkedOn(t, 2, without(t), file)
	second := walkedOn(t, 9, changed(t, "nvd/CVE-2022-25640.json", `"versionEndExcluding": "5.2.0"`, `"versionEndExcluding": "5.3.0"`), file)
	for _, e := range second.entries(t)[len(first.entries(t)):] {
		require.NotContains(t, []string{"patch.change", "patch.release", "patch.rollout", "patch.report"}, e.Kind)
	}
	require.Contains(t, second.printed, "patch: verified")
}

// What others score anew is told in the next revision.
func TestAScoreOfOthersThatChangedIsToldAnew(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "device.db")
	first := walkedOn(t, 2, without(t), file)
	require.NotContains(t, first.advisory(t)[".md"], "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")
	second := walkedOn(t, 9, changed(t, "nvd/CVE-2022-25640.json", "C:N/I:H/A:N", "C:H/I:H/A:H"), file)
	require.Contains(t, second.advisory(t)[".md"], "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")
	version, _ := second.issued(t)
	require.Equal(t, "2", version)
}
