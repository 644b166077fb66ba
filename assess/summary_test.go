package assess_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/cvss/rubric"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/internal/golden"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/store/sqlite"
)

// bare is a without the approval, as the proposer wrote it.
func bare(a assess.Assessment) assess.Assessment {
	d := *a.Determination
	d.Approved, d.Second = nil, nil
	a.Determination, a.Instants.Determined = &d, time.Time{}
	return a
}

func TestTheRiskSummaryIsReadFromTheLedger(t *testing.T) {
	t.Parallel()
	l := ledger()
	save := saver(t, l)
	a := credited(t, assess.Serious)
	require.NoError(t, save("analyst", bare(a)))
	require.NoError(t, save("safety", a))
	f := finding()
	f.Product, f.Title = "pump-2.2", "a [title](javascript:x) | with <b>markup</b>\n# and lines"
	other, err := assess.Open(f, time.Time{}, "analyst", noon)
	require.NoError(t, err)
	require.NoError(t, save("analyst", other))
	n := 2
	p := device.Product{ID: "pump-2.1", Name: "Pump", Model: "IP-2", Version: "2.1", Zone: "America/Chicago", Deployment: deployment(t)}
	require.NoError(t, l.Do(t.Context(), store.By{Who: "field", Why: "w"}, func(tx *store.Tx) error {
		return errors.Join(
			device.Products.Put(tx, p),
			device.Lines.Put(tx, device.Line{ID: "pump", Name: "Pumps", Manufacturer: "m"}),
			device.Counts.Put(tx, device.Fielded{Product: p.ID, Site: "s-1", Units: &n, AsOf: seen, How: "log"}),
			device.Counts.Put(tx, device.Fielded{Product: p.ID, Site: "s-2", AsOf: seen, How: "log"}),
			device.Attestations.Put(tx, device.Attestation{Product: p.ID, Site: "s-2", Control: "vlan-7", Holds: device.HasNot, By: "it-2", How: "letter", At: seen}),
		)
	}))
	require.NoError(t, assess.SaveDiscretion(t.Context(), l, store.By{Who: "regulatory", Why: "w"}, begun(t)))
	require.NoError(t, assess.SaveCorrection(t.Context(), l, store.By{Who: "regulatory", Why: "w"}, corrected()))

	s, err := assess.Summarize(t.Context(), l, nil, days, "CVE-2022-25640", noon.AddDate(0, 0, 40))
	require.NoError(t, err)
	require.Len(t, s.Products, 2)
	first, second := s.Products[0], s.Products[1]
	require.Equal(t, assess.Controlled, first.Risk)
	require.Len(t, first.Steps, 8)
	for _, st := range first.Steps {
		require.NotEmpty(t, st.By)
		require.NotEmpty(t, st.Why)
		require.NotEmpty(t, st.Result)
		require.False(t, st.At.IsZero())
	}
	require.Len(t, first.Records, 9)
	require.Equal(t, []string{"s-2"}, assess.UncontrolledSites(first.Sites))
	require.Empty(t, first.Tripped)
	require.Contains(t, first.Gaps, `whether product line "pump" is affected has no answer`)
	later, err := assess.Summarize(t.Context(), l, nil, days, "CVE-2022-25640", noon.AddDate(2, 0, 0))
	require.NoError(t, err)
	require.Len(t, later.Products[0].Tripped, 1, "the control expired")
	require.Equal(t, []string{"s-1", "s-2"}, assess.UncontrolledSites(later.Products[0].Sites))
	require.Equal(t, assess.Uncontrolled, second.Risk, "undetermined after day 30 and shown so")
	require.Contains(t, second.Why, "treated as uncontrolled")
	for _, p := range s.Products {
		for _, r := range p.Records {
			require.False(t, r.Hash.IsZero())
		}
		for _, act := range p.Actions {
			require.True(t, act.Party.Valid(), "every action names its party")
		}
	}
	require.Equal(t, device.HealthSite, first.Actions[0].Party)

	text, err := s.JSON()
	require.NoError(t, err)
	var back assess.Summary
	require.NoError(t, json.Unmarshal(text, &back))
	require.Empty(t, cmp.Diff(s, back, vectors))
	golden.Equal(t, text, "testdata/summary.json")
	md := s.Markdown()
	golden.Equal(t, []byte(md), "testdata/summary.md")
	require.NotContains(t, md, "<b>")
	require.NotContains(t, md, "[title](")
	require.NotContains(t, md, "\n# and lines")
	for _, line := range strings.Split(md, "\n") {
		if strings.HasPrefix(line, "| 1 triage") {
			require.Equal(t, 7, strings.Count(line, "|"))
		}
	}
	_, err = assess.Summarize(t.Context(), l, nil, days, "CVE-1999-1", noon)
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestProposalsOfTheRubricAreConfirmedByAPerson(t *testing.T) {
	t.Parallel()
	a := scored(t, assess.High, assess.Serious)
	ps := rubric.Propose(assess.FactsOf(deployment(t)))
	var confirmed []rubric.Confirmed
	for _, p := range ps {
		if p.Question == "XAVN" {
			c, err := rubric.Confirm(p, "analyst", noon)
			require.NoError(t, err)
			confirmed = append(confirmed, c)
		}
	}
	require.Len(t, confirmed, 1)
	b, err := a.WithConfirmed(confirmed...)
	require.NoError(t, err)
	require.NoError(t, b.Check())
	require.Len(t, b.Score.Confirmed, 1)
	_, err = a.WithConfirmed(confirmed[0], confirmed[0])
	require.ErrorContains(t, err, "there twice")
	forged := confirmed[0]
	forged.Answer = rubric.No
	_, err = a.WithConfirmed(forged)
	require.ErrorContains(t, err, "is not what was answered")
	nobody := confirmed[0]
	nobody.By = ""
	_, err = a.WithConfirmed(nobody)
	require.ErrorContains(t, err, "who confirms")
	_, err = affected(t).WithConfirmed(confirmed...)
	require.ErrorContains(t, err, "not judged")
}

// inDeployment is the same flaw on another product in the same deployment.
func inDeployment(t *testing.T, product, by string, harm assess.Harm) assess.Assessment {
	t.Helper()
	f := finding()
	f.Product = product
	a, err := exploitable(t, f).WithEnvironment(segment(), deployment(t), nil)
	require.NoError(t, err)
	a, err = a.WithImpact(assess.Impact{Step: step("clinician"), Harm: harm, Statement: "The pump stops."})
	require.NoError(t, err)
	a, err = a.WithScore(step("analyst"), attacks[assess.High], nil)
	require.NoError(t, err)
	a, err = a.Propose(nil, assess.Proposal{Step: step(by)})
	require.NoError(t, err)
	a, err = a.Settle(ok("safety"))
	require.NoError(t, err)
	return a
}

func TestTheSameFlawJudgedOtherwiseIsAnItemForAReviewer(t *testing.T) {
	t.Parallel()
	one, two := inDeployment(t, "pump-2.1", "analyst", assess.Serious), inDeployment(t, "pump-2.2", "analyst-2", assess.Critical)
	require.Empty(t, assess.Compare([]assess.Assessment{one, inDeployment(t, "pump-2.2", "analyst-2", assess.Serious)}, nil), "alike")
	require.Empty(t, assess.Compare([]assess.Assessment{one, bare(two)}, nil), "not determined")
	elsewhere := settled(t, assess.High, assess.Critical)
	require.Empty(t, assess.Compare([]assess.Assessment{one, elsewhere}, nil), "its deployment is not known")
	require.Empty(t, assess.Compare([]assess.Assessment{one, elsewhere}, map[string]device.Deployment{"pump-2.1": {Network: device.Internet}}), "another deployment")
	require.Len(t, assess.Compare([]assess.Assessment{two, elsewhere}, map[string]device.Deployment{"pump-2.1": deployment(t)}), 1, "found by its product")

	items := assess.Compare([]assess.Assessment{two, one}, nil)
	require.Len(t, items, 1)
	i := items[0]
	require.NoError(t, i.Check())
	require.Equal(t, []string{"risk", "harm"}, i.Differ)
	require.Equal(t, "pump-2.1", i.Judged[0].Product)
	for _, author := range []string{"analyst", "analyst-2"} {
		_, err := i.Review(ok(author))
		require.ErrorIs(t, err, assess.ErrSamePerson)
	}
	r, err := i.Review(ok("reviewer"))
	require.NoError(t, err)
	require.NoError(t, r.Check())
	forged := r
	forged.Differ = []string{"risk"}
	require.ErrorContains(t, forged.Check(), "reviewed another")

	db, err := sqlite.Open(t.TempDir() + "/i.db")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	for name, driver := range map[string]store.Driver{"memory": memory.New(), "sqlite": db} {
		l := store.New(driver, &store.Options{Now: func() time.Time { return noon }})
		save := func(who string, i assess.Inconsistency) error {
			return assess.SaveInconsistency(t.Context(), l, store.By{Who: who, Why: "w"}, i)
		}
		require.ErrorIs(t, save("reviewer", r), assess.ErrNotProposed, name)
		require.NoError(t, save("system", i))
		require.ErrorContains(t, save("eve", r), "is written by")
		require.NoError(t, save("reviewer", r))
		require.NoError(t, save("system", i), "found again, and reviewed already")
		kept, _, err := assess.Inconsistencies.Latest(t.Context(), l, i.Key())
		require.NoError(t, err)
		require.NotNil(t, kept.Reviewed)
		n := 0
		for _, err := range assess.Inconsistencies.History(t.Context(), l, i.Key()) {
			require.NoError(t, err)
			n++
		}
		require.Equal(t, 2, n)
	}
}

// A summary shows who did what, when and why, with the entries that hold it.
func ExampleSummarize() {
	ctx, l := context.Background(), ledger()
	a, err := assess.Open(match.Finding{Product: "pump-2.1", Coordinate: "cpe:a:wolfssl:wolfssl", Vulnerability: "CVE-2022-25640",
		IDs: []feeds.ID{"CVE-2022-25640"}, Instances: finding().Instances, Seen: seen}, time.Time{}, "analyst-1", noon)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := assess.Save(ctx, l, store.By{Who: "analyst-1", Why: "weekly look"}, a); err != nil {
		fmt.Println(err)
		return
	}
	s, err := assess.Summarize(ctx, l, nil, days, "CVE-2022-25640", noon)
	if err != nil {
		fmt.Println(err)
		return
	}
	p := s.Products[0]
	fmt.Println(p.State, p.Gaps, p.Records[0].Who, p.Records[0].Seq)
	// Output: opened [no determination is approved] analyst-1 1
}

func TestASiteIsToldWithItsLevelAndWithoutEmptyReasons(t *testing.T) {
	t.Parallel()
	s := assess.Summary{Products: []assess.ProductSummary{{Sites: []assess.SiteRisk{
		{Site: "s-1", Risk: assess.Controlled, Exploitability: assess.High},
		{Site: "s-2", Risk: assess.Uncontrolled, Exploitability: assess.Medium, Why: []string{"no rule"}},
	}}}}
	require.Contains(t, s.Markdown(), "\n- s-1: controlled, exploitability high\n- s-2: uncontrolled, exploitability medium (no rule)\n")
}

func TestASummarySaysWhatAnOverrideRestsOnAndWhatIsMissing(t *testing.T) {
	t.Parallel()
	l := ledgerAt(noon)
	d := deployment(t)
	f := finding()
	f.Exploited = &feeds.Exploited{Ransomware: true}
	f.Title = "~~not~~ so \u202e\x1b[31m"
	a, err := assess.Open(f, time.Time{}, "analyst", noon)
	require.NoError(t, err)
	a, err = a.WithTriage(assess.Triage{Step: step("analyst"), Result: assess.Affected})
	require.NoError(t, err)
	a, err = a.WithExploitability(step("analyst"), attacks[assess.Low], nil)
	require.NoError(t, err)
	a, err = a.WithImpact(assess.Impact{Step: step("clinician"), Harm: assess.Critical, Statement: "The pump stops."})
	require.NoError(t, err)
	a, err = a.WithScore(step("analyst"), attacks[assess.Low], nil)
	require.NoError(t, err)
	a, err = a.Propose(nil, assess.Proposal{Step: step("analyst"), Risk: assess.Controlled, Controls: d.Controls[:1]})
	require.NoError(t, err)
	require.NoError(t, assess.Save(t.Context(), l, by("analyst"), a))
	a, err = a.Countersign(ok("second"))
	require.NoError(t, err)
	require.NoError(t, assess.Save(t.Context(), l, by("second"), a))
	a, err = a.Settle(ok("safety"), *a.Determination.Second)
	require.NoError(t, err)
	require.NoError(t, assess.Save(t.Context(), l, by("safety"), a))
	require.NoError(t, l.Do(t.Context(), by("regulatory"), func(tx *store.Tx) error {
		return errors.Join(device.Products.Put(tx, device.Product{ID: "pump-2.1", Name: "Pump", Model: "P", Version: "2.1", Zone: "UTC", Deployment: d}),
			device.Lines.Put(tx, device.Line{ID: "pump", Name: "Pumps", Manufacturer: "m", Variants: []device.Variant{
				{Model: "P", Products: []string{"pump-2.1"}, Markets: []device.Market{{Place: "US", Class: "III", Number: "P123456"}}},
			}}))
	}))
	s, err := assess.Summarize(t.Context(), l, nil, days, "CVE-2022-25640", noon)
	require.NoError(t, err)
	one := s.Products[0]
	require.Len(t, one.Assumptions, 1)
	require.Equal(t, d.Controls[0].ID, one.Assumptions[0].Control.ID)
	require.Equal(t, d.Controls[0].Operator, one.Actions[0].Party)
	require.Equal(t, assess.Yes, one.PMA)
	require.Equal(t, assess.Include, one.Outcomes[2].Duty)
	require.NotNil(t, one.SSVC)
	for _, st := range one.Steps {
		want := ""
		if st.By == "clinician" {
			want = "analyst"
		}
		require.Equal(t, want, st.Recorded, st.Name)
	}
	md := s.Markdown()
	for _, want := range []string{
		"listed on a day that is not stated", "Used in ransomware campaigns", "clinician, recorded by analyst", "### Assumptions", "Keep vlan-7 in place", `\~\~not\~\~ so \[31m`,
	} {
		require.Contains(t, md, want)
	}
	require.NotContains(t, md, "\u202e")
	require.NotContains(t, md, "\x1b")

	later, err := assess.Summarize(t.Context(), l, nil, days, "CVE-2022-25640", d.Controls[0].Expires)
	require.NoError(t, err)
	require.Equal(t, assess.Uncontrolled, later.Products[0].Risk)
	gaps := strings.Join(later.Products[0].Gaps, "\n")
	require.Contains(t, gaps, "are not tracked")
	require.Contains(t, gaps, "no correction or removal is recorded")
	require.Contains(t, gaps, "not in force")
}
