package monitor_test

import (
	"context"
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/manual"
	"github.com/open-postmarket/postmarket/feeds/stix"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/monitor"
	"github.com/open-postmarket/postmarket/notify"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/tlp"
)

// markings are the ids that STIX 2.1 gives to the labels of TLP 2.0.
var markings = map[tlp.Label]string{
	tlp.Amber: "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", tlp.Red: "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}

// warning is an early warning of an ISAO about the component of the bench.
func warning(label tlp.Label) feeds.Source {
	const tail = "-5090-4a1b-8c2d-000000000001"
	bundle := fmt.Sprintf(`{"type":"bundle","id":"bundle--00000001%[1]s","objects":[
		{"type":"vulnerability","spec_version":"2.1","id":"vulnerability--00000002%[1]s","created":"2026-03-01T00:00:00Z","modified":"2026-03-01T00:00:00Z",
			"name":"CVE-2026-0007","external_references":[{"source_name":"cve","external_id":"CVE-2026-0007"}],"object_marking_refs":[%[2]q]},
		{"type":"software","spec_version":"2.1","id":"software--00000003%[1]s","name":"p","vendor":"v","version":"1.0","cpe":"cpe:2.3:a:v:p:1.0:*:*:*:*:*:*:*"},
		{"type":"relationship","spec_version":"2.1","id":"relationship--00000004%[1]s","created":"2026-03-01T00:00:00Z","modified":"2026-03-01T00:00:00Z",
			"relationship_type":"affects","source_ref":"vulnerability--00000002%[1]s","target_ref":"software--00000003%[1]s"}]}`, tail, markings[label])
	return stix.New(&stix.Options{Name: "stix/isao", FS: fstest.MapFS{"warning.json": {Data: []byte(bundle)}}})
}

// bulletin is what a supplier wrote to its customers, with a label or without.
func bulletin(label string) feeds.Source {
	return manual.New(&manual.Options{Name: "manual/supplier", Entries: []manual.Entry{{
		Supplier: "v", ID: "SB-7", Title: "Flaw", IDs: []string{"CVE-2026-0007"}, TLP: label,
		Products: []manual.Product{{Name: "p", CPE: "cpe:2.3:a:v:p:*:*:*:*:*:*:*:*", Affected: "all versions"}},
	}}})
}

// clearance is a gate that lets nothing pass until it is opened, and notes what it was asked.
type clearance struct {
	open  bool
	asked []tlp.Outgoing
}

func (c *clearance) gate(_ context.Context, out tlp.Outgoing) (tlp.Mark, error) {
	c.asked = append(c.asked, out)
	if !c.open {
		return tlp.Mark{}, &tlp.HeldError{Why: "not cleared"}
	}
	return out.Content.Mark, nil
}

// TestWhatIsMarkedReachesNobodyWithoutClearance walks records with a label from their
// feeds to a notifier: the label is that of the finding, of its assessment and of the
// message, and the message is told only when the gate, which is asked for that label,
// lets it pass.
func TestWhatIsMarkedReachesNobodyWithoutClearance(t *testing.T) {
	t.Parallel()
	public := func() feeds.Source {
		return &world{name: "nvd", records: []feeds.Record{says("CVE-2026-0007", tlp.Clear), says("CVE-2026-0001", tlp.Clear)}}
	}
	for name, c := range map[string]struct {
		sources []feeds.Source
		want    tlp.Mark
		// least is what the other finding carries; empty when there is none.
		least tlp.Label
	}{
		"a warning that is RED":                 {[]feeds.Source{warning(tlp.Red)}, tlp.Marked(tlp.Red, "stix/isao"), ""},
		"a warning that is AMBER":               {[]feeds.Source{warning(tlp.Amber)}, tlp.Marked(tlp.Amber, "stix/isao"), ""},
		"a bulletin without a label":            {[]feeds.Source{bulletin("")}, tlp.Marked(tlp.Amber, "manual/supplier"), ""},
		"a bulletin that is RED":                {[]feeds.Source{bulletin("TLP:RED")}, tlp.Marked(tlp.Red, "manual/supplier"), ""},
		"RED beside AMBER":                      {[]feeds.Source{bulletin(""), warning(tlp.Red)}, tlp.Marked(tlp.Red, "stix/isao"), ""},
		"RED beside what everybody knows":       {[]feeds.Source{public(), warning(tlp.Red)}, tlp.Marked(tlp.Red, "stix/isao"), tlp.Clear},
		"AMBER by two beside what is published": {[]feeds.Source{public(), bulletin("TLP:AMBER"), warning(tlp.Amber)}, tlp.Marked(tlp.Amber, "manual/supplier", "stix/isao"), tlp.Clear},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gate := &clearance{}
			b := setup(t, c.sources...)
			b.watch(t, gate.gate, c.sources...)
			report, err := b.monitor.Step(t.Context(), day(2))
			require.NoError(t, err)
			require.Empty(t, b.told, "nobody has cleared it")
			require.False(t, report.Products[0].Told)
			require.Contains(t, report.Products[0].Held, "not cleared")

			result, err := b.monitor.Look(t.Context(), "pump")
			require.NoError(t, err)
			marks := map[feeds.ID]match.Finding{}
			for _, f := range result.Findings {
				marks[f.Vulnerability] = f
			}
			require.Equal(t, c.want, marks["CVE-2026-0007"].Mark, "of all records of the vulnerability the strictest counts")
			if c.least != "" {
				require.Equal(t, c.least, marks["CVE-2026-0001"].Mark.Label, "and only of that one")
			}
			a, err := assess.Open(marks["CVE-2026-0007"], day(1), "analyst", day(2))
			require.NoError(t, err)
			require.Equal(t, c.want, a.Facts.Mark, "what an advisory is drafted from carries it, too")

			require.Len(t, gate.asked, 1)
			require.Equal(t, c.want, gate.asked[0].Content.Mark, "one message, of what is said in it the strictest")
			require.Contains(t, gate.asked[0].IDs, "CVE-2026-0007")

			_, err = b.monitor.Step(t.Context(), day(3))
			require.NoError(t, err)
			require.Empty(t, b.told, "it is asked each time")
			require.Len(t, gate.asked, 2)

			gate.open = true
			report, err = b.monitor.Step(t.Context(), day(4))
			require.NoError(t, err)
			require.True(t, report.Products[0].Told)
			require.Len(t, b.told, 1)
			require.Equal(t, c.want, b.told[0].Mark, "who is told sees how far it may travel")
		})
	}
}

// watch is the bench's monitor with another gate.
func (b *bench) watch(t *testing.T, gate tlp.Gate, sources ...feeds.Source) {
	t.Helper()
	var err error
	b.monitor, err = monitor.New(monitor.Config{
		Ledger: b.ledger, Mirror: memory.New(), Sources: sources, Gate: gate,
		Notify: notify.Func(func(_ context.Context, m notify.Message) error { b.told = append(b.told, m); return nil }),
	})
	require.NoError(t, err)
}

func TestAWithdrawnFindingKeepsItsMark(t *testing.T) {
	t.Parallel()
	nvd := &world{name: "nvd", records: []feeds.Record{says("CVE-2026-0001", tlp.Red)}}
	b := setup(t, nvd)
	_, err := b.monitor.Step(t.Context(), day(2))
	require.NoError(t, err)
	nvd.records = nil
	_, err = b.monitor.Step(t.Context(), day(3))
	require.NoError(t, err)
	for _, m := range b.told {
		require.NotEqual(t, tlp.Clear, m.Mark.Label, m.Subject)
	}
	box, _, err := notify.Boxes.Latest(t.Context(), b.ledger, "monitor/pump")
	require.NoError(t, err)
	for _, p := range box.Parcels {
		require.Equal(t, tlp.Red, p.Message.Mark.Label, p.Message.Subject)
	}
	require.NotZero(t, len(box.Parcels)+len(b.told))
}
