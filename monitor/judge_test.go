package monitor_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/cvss/rubric"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/monitor"
	"github.com/open-postmarket/postmarket/notify"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/tlp"
)

// ward is a monitor whose ledger's clock is that of the steps.
type ward struct {
	monitor *monitor.Monitor
	ledger  *store.Ledger
	now     time.Time
	told    []notify.Message
	refuse  error
}

func watch(t *testing.T, sources ...feeds.Source) *ward {
	t.Helper()
	db := memory.New()
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	w := &ward{now: day(1)}
	w.ledger = store.New(db, &store.Options{Now: func() time.Time { return w.now }})
	var err error
	w.monitor, err = monitor.New(monitor.Config{
		Ledger: w.ledger, Mirror: db, Sources: sources, Gate: tlp.LabelsOnly,
		Notify: notify.Func(func(_ context.Context, m notify.Message) error {
			if w.refuse == nil {
				w.told = append(w.told, m)
			}
			return w.refuse
		}),
	})
	require.NoError(t, err)
	return w
}

// file files a product that is in the given network.
func (w *ward) file(t *testing.T, id string, network device.Network) {
	t.Helper()
	require.NoError(t, w.ledger.Do(t.Context(), store.By{Who: "a", Why: "b"}, func(tx *store.Tx) error {
		return errors.Join(
			device.Products.Put(tx, device.Product{ID: id, Name: "Pump", Model: "P", Version: "1", Zone: "UTC", Deployment: device.Deployment{Network: network}}),
			sbom.Files.Put(tx, sbom.Filed{Product: id, BOM: sbom.BOM{Components: []sbom.Component{
				{Ref: "p", Name: "p", Version: "1.0", CPE: "cpe:2.3:a:v:p:1.0:*:*:*:*:*:*:*"},
			}}}))
	}))
}

func (w *ward) step(t *testing.T, n int) monitor.Report {
	t.Helper()
	w.now = day(n)
	report, err := w.monitor.Step(t.Context(), day(n))
	require.NoError(t, err)
	return report
}

func reached() rubric.Answers {
	a := rubric.Answers{}
	for {
		q, done := rubric.Next(a)
		if done {
			return a
		}
		a[q.ID] = rubric.No
		if v, ok := map[string]rubric.Answer{"XAVN": "Y", "XAVT": "Y", "XACL": "Y", "XID": "H", "XAD": "H"}[q.ID]; ok {
			a[q.ID] = v
		}
	}
}

// judge takes the one finding of product to a determination: of an air-gapped
// device, or as if anybody could reach it.
func (w *ward) judge(t *testing.T, product string, gap bool) assess.Assessment {
	t.Helper()
	result, err := w.monitor.Look(t.Context(), product)
	require.NoError(t, err)
	p, _, err := device.Products.Latest(t.Context(), w.ledger, product)
	require.NoError(t, err)
	s := assess.Step{By: "analyst", At: w.now, Why: "looked at", Evidence: []assess.Evidence{{Text: "design file"}}}
	a, err := assess.Open(result.Findings[0], time.Time{}, "analyst", w.now)
	require.NoError(t, err)
	for _, do := range []func() (assess.Assessment, error){
		func() (assess.Assessment, error) {
			return a.WithTriage(assess.Triage{Step: s, Result: assess.Affected})
		},
		func() (assess.Assessment, error) { return a.WithExploitability(s, reached(), nil) },
		func() (assess.Assessment, error) {
			if !gap {
				return a, nil
			}
			return a.WithEnvironment(assess.Environment{Step: s, Privileges: "none", Path: "no network is connected", NoPath: true, Grounds: []assess.Ground{
				{Name: device.NetworkControl, Why: "the device is air-gapped", Sets: []assess.Modified{{Metric: "MAV", Value: "P"}}},
			}}, p.Deployment, nil)
		},
		func() (assess.Assessment, error) {
			return a.WithImpact(assess.Impact{Step: s, Harm: assess.Serious, Statement: "The alarm may be lost."})
		},
		func() (assess.Assessment, error) { return a.WithScore(s, reached(), nil) },
		func() (assess.Assessment, error) { return a.Propose(nil, assess.Proposal{Step: s}) },
	} {
		a, err = do()
		require.NoError(t, err)
	}
	require.NoError(t, assess.Save(t.Context(), w.ledger, store.By{Who: "analyst", Why: "w"}, a))
	a, err = a.Settle(assess.Approval{By: "safety", At: w.now, Why: "agreed"})
	require.NoError(t, err)
	require.NoError(t, assess.Save(t.Context(), w.ledger, store.By{Who: "safety", Why: "w"}, a))
	return a
}

func (w *ward) assessment(t *testing.T, key string) assess.Assessment {
	t.Helper()
	a, _, err := assess.Assessments.Latest(t.Context(), w.ledger, key)
	require.NoError(t, err)
	return a
}

func TestAStepReopensExactlyWhatATripwireNames(t *testing.T) {
	t.Parallel()
	w := watch(t, &world{name: "nvd", records: []feeds.Record{says("CVE-2026-0001", tlp.Amber)}})
	w.file(t, "bedside", device.Isolated)
	w.file(t, "ward", device.Isolated)
	w.step(t, 2)
	bedside, other := w.judge(t, "bedside", true), w.judge(t, "ward", true)
	require.Equal(t, assess.Controlled, bedside.Risk())

	w.told = nil
	for _, l := range w.step(t, 3).Products {
		require.Empty(t, l.Reopened, "nothing changed")
	}
	require.Empty(t, w.told)

	w.file(t, "bedside", device.Facility) // the device gained a network path
	w.refuse = errors.New("mail server is gone")
	w.now = day(4)
	report, err := w.monitor.Step(t.Context(), day(4))
	require.ErrorIs(t, err, w.refuse)
	require.Len(t, report.Products[0].Reopened, 1)
	require.Equal(t, bedside.Finding, report.Products[0].Reopened[0].Assessment.Finding)
	require.Empty(t, report.Products[1].Reopened)

	again := w.assessment(t, bedside.Finding)
	require.Equal(t, assess.Opened, again.State())
	require.Empty(t, again.Risk())
	require.Len(t, again.Earlier, 1, "the earlier result is kept")
	require.Equal(t, "monitor", again.Earlier[0].Ended.By)
	require.Contains(t, again.Earlier[0].Ended.Why, "ground network holds → gone")
	require.Equal(t, bedside.Instants.Learned, again.Instants.Learned, "judging again is not learning again")
	require.Equal(t, assess.Determined, w.assessment(t, other.Finding).State())

	w.refuse = nil
	report = w.step(t, 5)
	require.Empty(t, report.Products[0].Reopened, "once")
	require.Len(t, w.told, 1, "it is told when it can be")
	require.Equal(t, "bedside: decisions re-opened: 1", w.told[0].Subject)
	require.Contains(t, w.told[0].Body, "CVE-2026-0001")
	require.Equal(t, tlp.Amber, w.told[0].Mark.Label)
}

func TestWhatBecomesKnownReopensWhatItWouldFlip(t *testing.T) {
	t.Parallel()
	kev := &world{name: "kev"}
	w := watch(t, &world{name: "nvd", records: []feeds.Record{says("CVE-2026-0001", tlp.Clear)}}, kev)
	w.file(t, "bedside", device.Isolated)
	w.step(t, 2)
	a := w.judge(t, "bedside", true)
	kev.records = []feeds.Record{{
		Source: "kev", Item: "CVE-2026-0001", Names: []feeds.ID{"CVE-2026-0001"}, Mark: tlp.Marked(tlp.Clear, "kev"),
		Exploited: &feeds.Exploited{Added: day(3)},
	}}
	report := w.step(t, 3)
	require.Len(t, report.Products[0].Reopened, 1)
	again := w.assessment(t, a.Finding)
	require.Equal(t, assess.Opened, again.State())
	require.NotNil(t, again.Facts.Exploited, "it rests on what is known now")
	require.Len(t, again.Earlier, 1)
	require.Empty(t, w.step(t, 4).Products[0].Reopened)
}

func TestJudgmentsThatDifferAreAnItemForAReviewer(t *testing.T) {
	t.Parallel()
	w := watch(t, &world{name: "nvd", records: []feeds.Record{says("CVE-2026-0001", tlp.Green)}})
	w.file(t, "bedside", device.Isolated)
	w.file(t, "ward", device.Isolated)
	w.step(t, 2)
	first, second := w.judge(t, "bedside", true), w.judge(t, "ward", false)
	require.NotEqual(t, first.Risk(), second.Risk())
	w.told = nil
	report := w.step(t, 3)
	require.Len(t, report.Differ, 1)
	require.Len(t, w.told, 1)
	require.Equal(t, "judgments that differ: 1", w.told[0].Subject)
	require.Equal(t, tlp.Green, w.told[0].Mark.Label)
	kept, _, err := assess.Inconsistencies.Latest(t.Context(), w.ledger, report.Differ[0].Key())
	require.NoError(t, err)
	require.True(t, kept.Open())
	require.Empty(t, w.step(t, 4).Differ, "told once")
	require.Len(t, w.told, 1)

	w.file(t, "bedside", device.Facility) // its decision is opened again, and differs from none
	w.step(t, 5)
	kept, _, err = assess.Inconsistencies.Latest(t.Context(), w.ledger, kept.Key())
	require.NoError(t, err)
	require.Equal(t, day(5), kept.Ended)
	require.False(t, kept.Open())
	require.NoError(t, kept.Check())
}

func TestADecisionReopensWithoutANotifier(t *testing.T) {
	t.Parallel()
	db := memory.New()
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	w := &ward{now: day(1)}
	w.ledger = store.New(db, &store.Options{Now: func() time.Time { return w.now }})
	var err error
	w.monitor, err = monitor.New(monitor.Config{Ledger: w.ledger, Mirror: db, Sources: []feeds.Source{
		&world{name: "nvd", records: []feeds.Record{says("CVE-2026-0001", tlp.Clear)}},
	}})
	require.NoError(t, err)
	w.file(t, "bedside", device.Isolated)
	w.step(t, 2)
	w.judge(t, "bedside", true)
	w.file(t, "bedside", device.Facility)
	require.Len(t, w.step(t, 3).Products[0].Reopened, 1)
}
