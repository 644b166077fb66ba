package monitor_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/monitor"
	"github.com/open-postmarket/postmarket/notify"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/tlp"
	"github.com/open-postmarket/postmarket/vex"
)

// world is a source whose records a test changes.
type world struct {
	name    string
	records []feeds.Record
	err     error
}

func (w *world) Name() string { return w.name }

func (w *world) Updates(context.Context, feeds.Cursor) iter.Seq2[feeds.Update, error] {
	return func(yield func(feeds.Update, error) bool) {
		for _, r := range w.records {
			if !yield(feeds.Update{Record: r}, nil) {
				return
			}
		}
		if w.err != nil {
			yield(feeds.Update{}, w.err)
			return
		}
		yield(feeds.Update{Whole: true}, nil)
	}
}

func says(id feeds.ID, mark tlp.Label) feeds.Record {
	return feeds.Record{Source: "nvd", Item: string(id), Names: []feeds.ID{id}, Mark: tlp.Marked(mark, "nvd"),
		Configurations: []feeds.Configuration{{Nodes: []feeds.Node{{Criteria: []feeds.Criterion{
			{CPE: "cpe:2.3:a:v:p:*:*:*:*:*:*:*:*", Vulnerable: true},
		}}}}}}
}

// bench is a monitor over one product.
type bench struct {
	monitor *monitor.Monitor
	ledger  *store.Ledger
	told    []notify.Message
	refuse  error
}

func setup(t *testing.T, sources ...feeds.Source) *bench {
	t.Helper()
	db := memory.New()
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	b := &bench{ledger: store.New(db, &store.Options{Now: func() time.Time { return day(1) }})}
	var err error
	b.monitor, err = monitor.New(monitor.Config{
		Ledger: b.ledger, Mirror: db, Sources: sources, Gate: tlp.LabelsOnly,
		Notify: notify.Func(func(_ context.Context, m notify.Message) error {
			if b.refuse != nil {
				return b.refuse
			}
			b.told = append(b.told, m)
			return nil
		}),
	})
	require.NoError(t, err)
	b.file(t, "pump")
	return b
}

func (b *bench) file(t *testing.T, id string) {
	t.Helper()
	require.NoError(t, b.ledger.Do(t.Context(), store.By{Who: "a", Why: "b"}, func(tx *store.Tx) error {
		if err := device.Products.Put(tx, device.Product{ID: id, Name: "Pump", Model: "P", Version: "1", Zone: "UTC"}); err != nil {
			return err
		}
		return sbom.Files.Put(tx, sbom.Filed{Product: id, BOM: sbom.BOM{Components: []sbom.Component{
			{Ref: "p", Name: "p", Version: "1.0", CPE: "cpe:2.3:a:v:p:1.0:*:*:*:*:*:*:*"},
		}}})
	}))
}

func day(n int) time.Time { return time.Date(2026, 3, n, 8, 0, 0, 0, time.UTC) }

func (b *bench) entries(t *testing.T) int {
	t.Helper()
	n := 0
	for _, err := range b.ledger.Trail(t.Context(), 0) {
		require.NoError(t, err)
		n++
	}
	return n
}

func TestAChangeIsKeptAndToldOnce(t *testing.T) {
	t.Parallel()
	w := &world{name: "nvd", records: []feeds.Record{says("CVE-2026-0001", tlp.Clear)}}
	b := setup(t, w)
	report, err := b.monitor.Step(t.Context(), day(2))
	require.NoError(t, err)
	require.Equal(t, 1, report.Products[0].Findings)
	require.Equal(t, 1, report.Products[0].Evaluated)
	require.True(t, report.Products[0].Told)
	require.Len(t, b.told, 1)
	require.Equal(t, "pump: 1 appeared", b.told[0].Subject)
	require.Equal(t, tlp.Clear, b.told[0].Mark.Label)

	before := b.entries(t)
	_, err = b.monitor.Step(t.Context(), day(3))
	require.NoError(t, err)
	require.Len(t, b.told, 1, "nothing changed, nothing is told")
	require.Equal(t, before, b.entries(t), "nothing changed, nothing is written")

	w.records = append(w.records, says("CVE-2026-0002", tlp.Clear))
	_, err = b.monitor.Step(t.Context(), day(4))
	require.NoError(t, err)
	result, err := b.monitor.Look(t.Context(), "pump")
	require.NoError(t, err)
	require.Equal(t, day(2), result.Findings[0].Seen)
	require.Equal(t, day(2), result.Findings[0].Mirrored)
	require.Equal(t, day(4), result.Findings[1].Seen)

	w.records = w.records[1:]
	report, err = b.monitor.Step(t.Context(), day(5))
	require.NoError(t, err)
	require.Equal(t, match.Withdrawn, report.Products[0].Events[0].Change)
	require.Len(t, b.told, 3)
}

func TestAFailingSourceIsReportedAndTheRestGoesOn(t *testing.T) {
	t.Parallel()
	down := errors.New("503 Service Unavailable")
	bad := &world{name: "kev", err: down}
	good := &world{name: "nvd", records: []feeds.Record{says("CVE-2026-0001", tlp.Clear)}}
	b := setup(t, bad, good)
	report, err := b.monitor.Step(t.Context(), day(2))
	require.ErrorIs(t, err, down)
	require.ErrorIs(t, report.Sources[0].Err, down)
	require.NoError(t, report.Sources[1].Err)
	require.Equal(t, 1, report.Products[0].Findings)
}

func TestAProductWithoutABOMIsAnErrorAndNotSilence(t *testing.T) {
	t.Parallel()
	b := setup(t, &world{name: "nvd", records: []feeds.Record{says("CVE-2026-0001", tlp.Clear)}})
	require.NoError(t, b.ledger.Do(t.Context(), store.By{Who: "a", Why: "b"}, func(tx *store.Tx) error {
		return device.Products.Put(tx, device.Product{ID: "bare", Name: "x", Model: "x", Version: "1", Zone: "UTC"})
	}))
	report, err := b.monitor.Step(t.Context(), day(2))
	require.ErrorIs(t, err, store.ErrNotFound)
	require.ErrorContains(t, err, `"bare"`)
	require.Len(t, report.Products, 2)
	require.Equal(t, 1, report.Products[1].Findings)
}

func TestTheGateIsAsked(t *testing.T) {
	t.Parallel()
	w := &world{name: "nvd", records: []feeds.Record{says("CVE-2026-0001", tlp.Red)}}
	b := setup(t, w)
	_, err := b.monitor.Step(t.Context(), day(2))
	require.NoError(t, err)
	require.Equal(t, tlp.Red, b.told[0].Mark.Label, "the label travels with the message")

	_, err = monitor.New(monitor.Config{Notify: notify.Log(nil)})
	require.ErrorContains(t, err, "no ledger")
	require.ErrorContains(t, err, "no mirror")
	require.ErrorContains(t, err, "without a gate")
}

func TestWhatCouldNotBeToldIsToldLater(t *testing.T) {
	t.Parallel()
	w := &world{name: "nvd", records: []feeds.Record{says("CVE-2026-0001", tlp.Clear)}}
	b := setup(t, w)
	b.refuse = errors.New("mail server is gone")
	report, err := b.monitor.Step(t.Context(), day(2))
	require.ErrorIs(t, err, b.refuse)
	require.Len(t, report.Products[0].Events, 1, "the change is kept all the same")
	require.False(t, report.Products[0].Told)

	w.records = append(w.records, says("CVE-2026-0002", tlp.Clear))
	_, err = b.monitor.Step(t.Context(), day(3))
	require.ErrorIs(t, err, b.refuse)

	b.refuse = nil
	report, err = b.monitor.Step(t.Context(), day(4))
	require.NoError(t, err)
	require.True(t, report.Products[0].Told)
	require.Len(t, b.told, 2, "both, in their order")
	require.Equal(t, day(2), b.told[0].At)
	require.Contains(t, b.told[1].Body, "CVE-2026-0002")
	require.NotEqual(t, b.told[0].ID, b.told[1].ID)

	_, err = b.monitor.Step(t.Context(), day(5))
	require.NoError(t, err)
	require.Len(t, b.told, 2, "and not again")
}

func TestACancelledStepStops(t *testing.T) {
	t.Parallel()
	b := setup(t, &world{name: "nvd", records: []feeds.Record{says("CVE-2026-0001", tlp.Clear)}})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := b.monitor.Step(ctx, day(2))
	require.ErrorIs(t, err, context.Canceled)
}

func TestTwoSourcesOfOneNameAreRefused(t *testing.T) {
	t.Parallel()
	db := memory.New()
	_, err := monitor.New(monitor.Config{
		Ledger: store.New(db, nil), Mirror: db, Sources: []feeds.Source{&world{name: "nvd"}, &world{name: "nvd"}, &world{name: "NVD"}},
	})
	require.ErrorContains(t, err, `two sources are named "nvd"`)
	require.ErrorContains(t, err, `"NVD"`)
}

func TestAProductOfWhichNothingIsFoundIsLookedAt(t *testing.T) {
	t.Parallel()
	b := setup(t, &world{name: "nvd"})
	for range 2 {
		report, err := b.monitor.Step(t.Context(), day(1))
		require.NoError(t, err)
		require.Len(t, report.Products, 1)
		require.Zero(t, report.Products[0].Findings)
		require.Empty(t, report.Products[0].Events)
	}
	_, _, err := match.States.Latest(t.Context(), b.ledger, "pump")
	require.ErrorIs(t, err, store.ErrNotFound)
	require.Empty(t, b.told)
}

func TestAllProductsOfAFleetAreLookedAt(t *testing.T) {
	t.Parallel()
	b := setup(t, &world{name: "nvd", records: []feeds.Record{says("CVE-2026-0001", tlp.Clear)}})
	for _, id := range strings.Split("a b c d e", " ") {
		b.file(t, id)
	}
	report, err := b.monitor.Step(t.Context(), day(2))
	require.NoError(t, err)
	require.Len(t, report.Products, 6)
	require.Len(t, b.told, 6)
}

func TestWhatADecisionHidesIsNotToldOfUntilItIsReopened(t *testing.T) {
	t.Parallel()
	nvd := &world{name: "nvd", records: []feeds.Record{says("CVE-2026-0001", tlp.Clear)}}
	kev := &world{name: "kev"}
	b := setup(t, nvd, kev)
	d := match.Decision{
		ID: "d1", Vulnerabilities: []feeds.ID{"CVE-2026-0001"}, Coordinate: "cpe:a:v:p", Origin: match.FromPerson, Status: vex.NotAffected,
		Justification: vex.InlineMitigationsHold, Author: "psirt", Reason: "the port is closed", At: day(1), AnyVersion: true,
	}
	require.NoError(t, b.ledger.Do(t.Context(), store.By{Who: "psirt", Why: "judged"}, func(tx *store.Tx) error {
		return match.Decisions.Put(tx, d)
	}))
	report, err := b.monitor.Step(t.Context(), day(2))
	require.NoError(t, err)
	require.Equal(t, 1, report.Products[0].Findings, "it stays in the list")
	require.Len(t, report.Products[0].Events, 1)
	require.Empty(t, b.told)

	kev.records = []feeds.Record{{Source: "kev", Item: "CVE-2026-0001", Names: []feeds.ID{"CVE-2026-0001"}, Exploited: &feeds.Exploited{Product: "p"}, Mark: tlp.Marked(tlp.Clear, "kev")}}
	_, err = b.monitor.Step(t.Context(), day(3))
	require.NoError(t, err)
	require.Len(t, b.told, 1)
	require.Equal(t, "pump: 1 known exploited, 1 decision reopened", b.told[0].Subject)
	require.Contains(t, b.told[0].Body, "decision reopened: CVE-2026-0001 on cpe:a:v:p (it is listed as exploited in the wild, was hidden)")
}
