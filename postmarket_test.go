package postmarket_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/nvd"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
)

var (
	lead = store.By{Who: "psirt-lead", Why: "release shipped"}
	pump = device.Product{ID: "pump", Name: "Pump", Model: "P", Version: "1", Zone: "UTC"}
	bom  = sbom.BOM{Components: []sbom.Component{{Ref: "w", Name: "wolfSSL", Version: "4.8.1", CPE: "cpe:2.3:a:wolfssl:wolfssl:4.8.1:*:*:*:*:*:*:*"}}}
)

func program(t *testing.T, c postmarket.Config) *postmarket.Program {
	t.Helper()
	db := memory.New()
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	c.Store, c.Mirror = db, db
	p, err := postmarket.New(c)
	require.NoError(t, err)
	return p
}

func length(t *testing.T, l *store.Ledger) int {
	t.Helper()
	n := 0
	for _, err := range l.Trail(t.Context(), 0) {
		require.NoError(t, err)
		n++
	}
	return n
}

func TestFilingTheSameTwiceWritesOnce(t *testing.T) {
	t.Parallel()
	p := program(t, postmarket.Config{})
	require.NoError(t, p.Add(t.Context(), lead, pump, bom))
	require.NoError(t, p.Add(t.Context(), lead, pump, bom))
	require.Equal(t, 2, length(t, p.Ledger()))
	changed := bom
	changed.Revision = 2
	require.NoError(t, p.Add(t.Context(), lead, pump, changed))
	require.Equal(t, 3, length(t, p.Ledger()))
}

func TestWhatIsIncompleteIsNotFiled(t *testing.T) {
	t.Parallel()
	p := program(t, postmarket.Config{})
	require.ErrorContains(t, p.Add(t.Context(), lead, device.Product{ID: "x"}, bom), "no zone")
	require.ErrorContains(t, p.Add(t.Context(), lead, pump, sbom.BOM{}), "names nothing")
	require.Error(t, p.Add(t.Context(), store.By{Who: "a"}, pump, bom), "an act without a reason")
	require.Zero(t, length(t, p.Ledger()))
}

func TestTheHostDecidesWhoMay(t *testing.T) {
	t.Parallel()
	refused := errors.New("not on the list")
	p := program(t, postmarket.Config{Authorize: func(_ context.Context, a store.Act) error {
		if a.Who != "psirt-lead" {
			return refused
		}
		return nil
	}})
	require.ErrorIs(t, p.Add(t.Context(), store.By{Who: "guest", Why: "x"}, pump, bom), refused)
	require.NoError(t, p.Add(t.Context(), lead, pump, bom))
}

func TestFindingsOfWhatIsNotFiledAreAnError(t *testing.T) {
	t.Parallel()
	p := program(t, postmarket.Config{})
	for _, err := range p.Findings(t.Context(), "nobody") {
		require.ErrorIs(t, err, store.ErrNotFound)
	}
}

func TestACheckTellsOfASourceThatFails(t *testing.T) {
	t.Parallel()
	p := program(t, postmarket.Config{
		Now:     func() time.Time { return time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC) },
		Sources: []feeds.Source{nvd.New(&nvd.Options{From: "nowhere"})},
	})
	require.NoError(t, p.Add(t.Context(), lead, pump, bom))
	result, err := p.Check(t.Context())
	require.ErrorContains(t, err, "nowhere")
	require.Contains(t, result.String(), "failed")
	require.Contains(t, result.String(), "pump: 0 of 1 components evaluated")
}
