package advisory_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/notify"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/tlp"
)

// broad speaks of a version that is affected, one that is fixed, one that is under
// investigation and one that is stated not to be affected.
func broad(t *testing.T) advisory.Input {
	t.Helper()
	in := uncontrolled(t)
	in.Products = append(in.Products, pump("2.2", ""), pump("2.0", ""), pump("3.0", ""))
	in.Stated = []advisory.Statement{{Product: "pump-3.0", Vulnerability: therapy, Status: advisory.NotAffected, Justification: "component_not_present"}}
	require.Equal(t, map[string]advisory.VersionStatus{
		"2.1": advisory.Affected, "2.2": advisory.Fixed, "2.0": advisory.UnderInvestigation, "3.0": advisory.NotAffected,
	}, dispositions(draft(t, in), therapy))
	return in
}

// standing is what the state of a product keeps of a finding.
func standing(f match.Finding) match.Standing {
	return match.Standing{FindingKey: f.Key(), Coordinate: f.Coordinate, Vulnerability: f.Vulnerability, IDs: f.IDs, Seen: seen, Digest: f.Digest(), Urgency: f.Urgency()}
}

func keepState(product string, list ...match.Standing) func(tx *store.Tx) error {
	return func(tx *store.Tx) error { return match.States.Put(tx, match.State{Product: product, Findings: list}) }
}

func putAll(t *testing.T, l *store.Ledger, puts ...func(tx *store.Tx) error) {
	t.Helper()
	require.NoError(t, l.Do(t.Context(), store.By{Who: "analyst", Why: "new facts"}, func(tx *store.Tx) error {
		for _, put := range puts {
			if err := put(tx); err != nil {
				return err
			}
		}
		return nil
	}))
}

// releaseFrom is a release of a to customers, as l stands.
func releaseFrom(t *testing.T, l *store.Ledger, a advisory.Advisory) (advisory.Released, error) {
	t.Helper()
	return desk.Release(t.Context(), l, releaser, tlp.LabelsOnly, a, tlp.Customer, out)
}

func assessed(a assess.Assessment) func(tx *store.Tx) error {
	return func(tx *store.Tx) error { return assess.Assessments.Put(tx, a) }
}

func TestNothingLeavesThatTheLedgerKnowsOtherwise(t *testing.T) {
	t.Parallel()
	wide := broad(t)
	wide.Products = append(wide.Products[:1:1], wide.Products[2:]...) // 2.2 is named by the plan alone in the second one
	byPlan := final(t, wide)
	a := final(t, broad(t))
	in := func(version string) match.Finding { return finding("pump-"+version, therapy) }
	renamed := in("2.0")
	renamed.Vulnerability, renamed.IDs = "GHSA-aaaa-bbbb-cccc", []feeds.ID{"GHSA-aaaa-bbbb-cccc"}
	second := in("2.1")
	second.Coordinate = "cpe:a:other:copy"
	for name, c := range map[string]struct {
		put  func(tx *store.Tx) error
		want string
		text string // of a claim that is stale
	}{
		"the fixed version is assessed":                      {assessed(serious(t, "pump-2.2")), "in Example infusion pump 2.2", "Fixed in this version."},
		"the one under investigation is assessed":            {assessed(serious(t, "pump-2.0")), "in Example infusion pump 2.0", "Under investigation. Not determined yet."},
		"the one stated not affected is assessed":            {assessed(opened(t, in("3.0"))), "in Example infusion pump 3.0", "Not affected. The component is not part of this version."},
		"a finding in the one stated not affected":           {keepState("pump-3.0", standing(in("3.0"))), "in Example infusion pump 3.0", "Not affected. The component is not part of this version."},
		"a finding in the one that is fixed":                 {keepState("pump-2.2", standing(in("2.2"))), "in Example infusion pump 2.2", "Fixed in this version."},
		"a finding in another component of the affected one": {keepState("pump-2.1", standing(in("2.1")), standing(second)), "cpe:a:other:copy", "Affected. Uncontrolled"},
		"another component of the affected one is assessed":  {assessed(opened(t, second)), "cpe:a:other:copy", "Affected. Uncontrolled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := keeping(t, a)
			r, err := releaseFrom(t, l, a)
			require.NoError(t, err)
			putAll(t, l, c.put)
			_, err = releaseFrom(t, l, a)
			require.ErrorIs(t, err, advisory.ErrStale)
			require.ErrorContains(t, err, c.want)
			var stale *advisory.StaleError
			require.True(t, errors.As(err, &stale))
			require.Len(t, stale.Stale, 1)
			require.Empty(t, stale.Stale[0].Product)
			hit := false
			for _, claim := range stale.Stale[0].Claims {
				hit = hit || strings.Contains(claim.Text, c.text)
			}
			require.True(t, hit, "%v", stale.Stale[0].Claims)

			told := false
			mail := notify.Func(func(context.Context, notify.Message) error { told = true; return nil })
			m := advisory.Mailing{Ledger: l, Gate: tlp.LabelsOnly, Routes: map[string]notify.Notifier{"mail": mail}, By: store.By{Who: "mailer", Why: "sent"}, Due: out.AddDate(0, 1, 0)}
			_, err = m.Send(t.Context(), a, r, []advisory.Customer{{ID: "c-1", Channels: []advisory.Channel{{Tier: advisory.Primary, Way: advisory.ByNotifier, Route: "mail"}}}}, advisory.Primary, out)
			require.ErrorIs(t, err, advisory.ErrStale)
			require.False(t, told)
		})
	}
	gone, hidden := standing(in("3.0")), standing(in("3.0"))
	gone.Gone, hidden.Ruling = out, "hidden"
	for name, put := range map[string]func(tx *store.Tx) error{
		"a finding that nobody assessed, in the one under investigation": keepState("pump-2.0", standing(in("2.0"))),
		"one that was withdrawn":       keepState("pump-3.0", gone),
		"one that decisions hide":      keepState("pump-3.0", hidden),
		"another vulnerability":        assessed(opened(t, finding("pump-2.2", telemetry))),
		"an id that it does not share": assessed(opened(t, renamed)),
		"a BOM by itself":              assessed(opened(t, finding("", therapy))),
	} {
		l := keeping(t, a)
		putAll(t, l, put)
		require.NoError(t, advisory.Fresh(t.Context(), l, a), name)
		if name == "a BOM by itself" {
			l = keeping(t, byPlan)
			putAll(t, l, put)
			require.NoError(t, advisory.Fresh(t.Context(), l, byPlan), name)
		}
	}
}

func TestAVersionThatAPlanAloneNamesIsKnownByItsModel(t *testing.T) {
	t.Parallel()
	a := final(t, uncontrolled(t))
	l := keeping(t, a)
	p := pump("v2.2", "")
	p.ID, p.Model = "new", "ep 2"
	putAll(t, l, func(tx *store.Tx) error { return device.Products.Put(tx, p) }, assessed(serious(t, "new")))
	err := advisory.Fresh(t.Context(), l, a)
	require.ErrorContains(t, err, "in Example infusion pump 2.2")
	var stale *advisory.StaleError
	require.True(t, errors.As(err, &stale))
	require.NotEmpty(t, stale.Stale[0].Claims)
}

func TestAProductThatIsLeftOutIsNamed(t *testing.T) {
	t.Parallel()
	f := finding("pump-1.5", therapy)
	old := pump("1.5", "")
	product := func(change func(*device.Product)) func(tx *store.Tx) error {
		p := old
		if change != nil {
			change(&p)
		}
		return func(tx *store.Tx) error { return device.Products.Put(tx, p) }
	}
	in := uncontrolled(t)
	a := final(t, in)
	for name, puts := range map[string][]func(tx *store.Tx) error{
		"assessed as affected":             {product(nil), assessed(serious(t, "pump-1.5"))},
		"opened":                           {product(nil), assessed(opened(t, f))},
		"found":                            {product(nil), keepState("pump-1.5", standing(f))},
		"of which there is no record":      {assessed(serious(t, "pump-1.5"))},
		"of the maker in another spelling": {product(func(p *device.Product) { p.Manufacturer = "EXAMPLE MEDICAL, INC." }), assessed(serious(t, "pump-1.5"))},
		"of another model":                 {product(func(p *device.Product) { p.Model = "EW-1" }), assessed(serious(t, "pump-1.5"))},
		"not affected, on evidence that is other by now": {product(nil), assessed(spared(t, f, "component_not_present")), keepState("pump-1.5", match.Standing{
			FindingKey: f.Key(), Vulnerability: therapy, Digest: "other",
		})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := keeping(t, a)
			putAll(t, l, puts...)
			_, err := releaseFrom(t, l, a)
			require.ErrorIs(t, err, advisory.ErrStale)
			require.ErrorContains(t, err, `in product "pump-1.5"`)
			var stale *advisory.StaleError
			require.True(t, errors.As(err, &stale))
			require.Equal(t, "pump-1.5", stale.Stale[0].Product)
			require.NotEmpty(t, stale.Stale[0].Claims)

			left := in
			left.Excluded = []advisory.Exclusion{{Product: "pump-1.5", Name: "Example infusion pump 1.5", Why: "Advisory EXM-2026-009 speaks of it."}}
			b := final(t, left)
			l = keeping(t, b)
			putAll(t, l, puts...)
			r, err := releaseFrom(t, l, b)
			require.NoError(t, err)
			for _, f := range r.Files {
				require.Contains(t, string(f.Bytes), "Example infusion pump 1.5: Advisory EXM", f.Name)
			}
		})
	}
	for name, puts := range map[string][]func(tx *store.Tx) error{
		"of another maker": {product(func(p *device.Product) { p.Manufacturer = "Other Brand" }), assessed(serious(t, "pump-1.5"))},
		"not affected":     {product(nil), assessed(spared(t, f, "component_not_present")), keepState("pump-1.5", standing(f))},
		"never distributed": {product(nil), assessed(serious(t, "pump-1.5")), func(tx *store.Tx) error {
			return device.Lives.Put(tx, device.Life{Product: "pump-1.5", Stage: device.Development, Since: seen, By: "regulatory", Why: "in work"})
		}},
		"of another vulnerability": {product(nil), assessed(opened(t, finding("pump-1.5", telemetry)))},
	} {
		l := keeping(t, a)
		putAll(t, l, puts...)
		require.NoError(t, advisory.Fresh(t.Context(), l, a), name)
	}

	// A withdrawn advisory says nothing that could be otherwise.
	back, err := a.Withdraw("advisory-author", advisory.Withdrawal{Why: "It was sent for the wrong model."}, a.Instructions, out)
	require.NoError(t, err)
	l := keeping(t, a)
	putAll(t, l, assessed(serious(t, "pump-1.5")))
	require.NoError(t, advisory.Fresh(t.Context(), l, back))
}

func TestOneVulnerabilityIsKnownByAnyOfItsIDs(t *testing.T) {
	t.Parallel()
	const ghsa, kind feeds.ID = "GHSA-aaaa-bbbb-cccc", "CWE-295"
	in := uncontrolled(t)
	f := finding("pump-2.1", therapy)
	f.IDs = []feeds.ID{therapy, kind, ghsa}
	in.Assessments[0] = settled(t, f, assess.Serious, remote, in.Assessments[0].Impact.Statement)
	in.Plans[0] = planned(t, in.Assessments[0], details)
	a := final(t, in)
	about := func(id feeds.ID, ids ...feeds.ID) error {
		l := keeping(t, a)
		x := finding("pump-2.2", id)
		x.IDs = ids
		putAll(t, l, func(tx *store.Tx) error { return device.Products.Put(tx, pump("2.2", "")) }, assessed(opened(t, x)))
		return advisory.Fresh(t.Context(), l, a)
	}
	require.ErrorIs(t, about(therapy, therapy), advisory.ErrStale)
	require.ErrorIs(t, about(ghsa, ghsa), advisory.ErrStale, "the name from before the CVE id")
	require.ErrorIs(t, about("PYSEC-2026-1", ghsa, "PYSEC-2026-1"), advisory.ErrStale)
	require.NoError(t, about(telemetry, telemetry, ghsa), "two CVE ids are never one vulnerability")
	require.NoError(t, about("EXM-1", kind, "EXM-1"), "a kind of weakness ties nothing")
}

func TestWhatIsExploitedIsToldSo(t *testing.T) {
	t.Parallel()
	f := finding("pump-2.1", therapy)
	a := final(t, uncontrolled(t))
	const silent = "none of the records"
	for name, c := range map[string]struct {
		change func(*match.Standing)
		kind   string
		text   string
	}{
		"listed as exploited": {func(s *match.Standing) { s.Exploited = true }, "advisory.exploitation", silent},
		"used in ransomware":  {func(s *match.Standing) { s.Ransomware = true }, "advisory.exploitation", silent},
		"without a rating":    {func(s *match.Standing) { s.Urgency = match.Urgency{Exploited: true} }, "advisory.exploitation", silent},
		"rated anew":          {func(s *match.Standing) { s.Severity = cvss.Critical }, "advisory.rating", "as published by nvd"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := keeping(t, a)
			s := standing(f)
			putAll(t, l, keepState("pump-2.1", s))
			require.NoError(t, advisory.Fresh(t.Context(), l, a))
			c.change(&s)
			putAll(t, l, keepState("pump-2.1", s))
			_, err := releaseFrom(t, l, a)
			var stale *advisory.StaleError
			require.True(t, errors.As(err, &stale), "%v", err)
			require.Len(t, stale.Stale, 1)
			require.Equal(t, c.kind, stale.Stale[0].Of.Kind)
			require.Len(t, stale.Stale[0].Claims, 1, "that sentence and no other")
			require.Contains(t, stale.Stale[0].Claims[0].Text, c.text)
		})
	}

	// The finding of another product says as well that it is exploited.
	other := standing(finding("pump-2.0", therapy))
	other.Exploited = true
	b := final(t, broad(t))
	l := keeping(t, b)
	putAll(t, l, keepState("pump-2.0", other))
	require.ErrorContains(t, advisory.Fresh(t.Context(), l, b), "listed as exploited")

	// The finding as it is now is told, without that it is judged anew.
	in := uncontrolled(t)
	now := f
	now.Exploited = &feeds.Exploited{Added: out.AddDate(0, 0, -2), Ransomware: true}
	now.Scores = []match.Score{{Source: "nvd", Score: feeds.Score{Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Base: 9.8, By: "nvd@nist.gov"}}}
	in.Findings = []match.Finding{now}
	c := final(t, in)
	said(t, c, "It is listed as exploited in the wild since 2026-03-12. Use in ransomware campaigns is known.")
	l = keeping(t, c)
	putAll(t, l, keepState("pump-2.1", standing(now)))
	require.NoError(t, advisory.Fresh(t.Context(), l, c))
	// It is taken off the list.
	putAll(t, l, keepState("pump-2.1", standing(f)))
	require.ErrorContains(t, advisory.Fresh(t.Context(), l, c), "advisory.exploitation")

	in.Findings = []match.Finding{finding("pump-9", therapy)}
	_, err := advisory.Draft(in, drafted)
	require.ErrorContains(t, err, "of no given assessment")
}

func TestAControlThatIsVerifiedAnewChangesNoSentence(t *testing.T) {
	t.Parallel()
	in := uncontrolled(t)
	a := final(t, in)
	l := keeping(t, a)
	p := in.Products[0]
	p.Deployment.Controls = []device.Control{{ID: "vlan-7", What: "a network segment", Operator: device.HealthSite, Verification: "scan", By: "it", At: seen, Expires: out.AddDate(1, 0, 0)}}
	putAll(t, l, func(tx *store.Tx) error { return device.Products.Put(tx, p) })
	require.NoError(t, advisory.Fresh(t.Context(), l, a))
	in.Products = []device.Product{p}
	again, err := advisory.Draft(in, drafted)
	require.NoError(t, err)
	require.Equal(t, a.Digest(), again.Digest(), "no new revision")
	p.IntendedUse = "Infuses medicine in intensive care."
	putAll(t, l, func(tx *store.Tx) error { return device.Products.Put(tx, p) })
	require.ErrorIs(t, advisory.Fresh(t.Context(), l, a), advisory.ErrStale)
}
