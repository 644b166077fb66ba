package monitor_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/kev"
	"github.com/open-postmarket/postmarket/feeds/nvd"
	"github.com/open-postmarket/postmarket/internal/testdata"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/monitor"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
)

// TestTwoRealDaysOfKEVAreEventsOnAProduct watches one product over two catalogs of CISA, of 27
// January and 25 August 2025: what was listed between them, and a mark that was set without a date,
// become events; everything else on the product stays as it was.
func TestTwoRealDaysOfKEVAreEventsOnAProduct(t *testing.T) {
	t.Parallel()
	catalog := func(day string) feeds.Source {
		return kev.New(&kev.Options{From: testdata.Path(t, "kev", day, "known_exploited_vulnerabilities.json")})
	}
	before, after := listed(t, catalog("2025-01-27")), listed(t, catalog("2025-08-25"))
	vulnerabilities := nvd.New(&nvd.Options{From: testdata.Path(t, "nvd", "api20"), More: []string{testdata.Path(t, "nvd", "converted-from-11")}})
	db := memory.New()
	now := day(1)
	ledger := store.New(db, nil)
	// The product holds one component for each CVE of NVD's that either catalog lists.
	bom := sbom.BOM{}
	want := map[string]bool{}
	for u, err := range vulnerabilities.Updates(t.Context(), "") {
		require.NoError(t, err)
		id := u.Record.Item
		_, was := before[id]
		is, held := after[id]
		if !held || !u.Record.Live() {
			continue
		}
		for c := range u.Record.Criteria() {
			if !c.Vulnerable {
				continue
			}
			ref := fmt.Sprint("c", len(bom.Components))
			bom.Components = append(bom.Components, sbom.Component{Ref: ref, Name: ref, CPE: c.CPE, Version: cmp.Or(c.EndIncluding, c.StartIncluding, lowest(c.EndExcluding))})
			break
		}
		if !was {
			want[string(match.KnownExploited)+" "+id] = true
		}
		if is.Ransomware && !before[id].Ransomware {
			want[string(match.Ransomware)+" "+id] = true
		}
	}
	require.NoError(t, ledger.Do(t.Context(), store.By{Who: "a", Why: "b"}, func(tx *store.Tx) error {
		if err := device.Products.Put(tx, device.Product{ID: "pump", Name: "Pump", Model: "P", Version: "1", Zone: "UTC"}); err != nil {
			return err
		}
		return sbom.Files.Put(tx, sbom.Filed{Product: "pump", BOM: bom})
	}))
	look := func(day string) []match.Event {
		m, err := monitor.New(monitor.Config{Ledger: ledger, Mirror: db, Sources: []feeds.Source{vulnerabilities, catalog(day)}})
		require.NoError(t, err)
		now = now.AddDate(0, 0, 1)
		report, err := m.Step(t.Context(), now)
		require.NoError(t, err)
		return report.Products[0].Events
	}
	first := look("2025-01-27")
	require.NotEmpty(t, first)
	require.Empty(t, look("2025-01-27"), "nothing changed")
	found := map[feeds.ID]bool{}
	for _, e := range first {
		require.Equal(t, match.Appeared, e.Change)
		found[e.Vulnerability] = true
	}
	got := map[string]bool{}
	for _, e := range look("2025-08-25") {
		require.Contains(t, []match.Change{match.KnownExploited, match.Ransomware}, e.Change, "%v", e)
		got[string(e.Change)+" "+string(e.Vulnerability)] = true
		t.Logf("%s: %s, was %s, is %s", e.Vulnerability, e.Change, e.Was, e.Is)
	}
	for key := range want {
		if _, id, _ := strings.Cut(key, "CVE-"); !found[feeds.ID("CVE-"+id)] {
			delete(want, key) // not on the product: its version is not told by the criterion
		}
	}
	require.Equal(t, want, got)
	t.Logf("%d entries on 27 January, %d on 25 August; %d findings, %d events", len(before), len(after), len(found), len(got))
	require.NotEmpty(t, got)
}

// lowest is a version below an end.
func lowest(end string) string {
	if end == "" {
		return ""
	}
	return "0.0.1"
}

// listed reads a catalog.
func listed(t *testing.T, s feeds.Source) map[string]feeds.Exploited {
	t.Helper()
	out := map[string]feeds.Exploited{}
	for u, err := range s.Updates(t.Context(), "") {
		require.NoError(t, err)
		if u.Record.Exploited != nil {
			out[u.Record.Item] = *u.Record.Exploited
		}
	}
	require.Greater(t, len(out), 1000)
	return out
}
