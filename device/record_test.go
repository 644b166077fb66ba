package device_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/store/sqlite"
)

// deployed is the pump with every fact of the template, and a radio.
func deployed(t *testing.T) device.Product {
	t.Helper()
	p := pump()
	p.Manufacturer, p.UDIDI, p.IntendedUse = "Example Devices", "00012345678905", "infuses drugs into adults"
	p.Deployment = template(t)
	yes := true
	p.Deployment.Interfaces = append(p.Deployment.Interfaces, device.Interface{Name: "handset", Protocol: "Bluetooth LE", Wireless: &yes, RangeMeters: 7.5, Functions: []string{"infusion log"}})
	require.NoError(t, p.Validate())
	return p
}

// TestRecordsSurviveEveryLedger: each kind of this room, with its history.
func TestRecordsSurviveEveryLedger(t *testing.T) {
	t.Parallel()
	yes, no := true, false

	product := deployed(t)
	elsewhere := deployed(t)
	elsewhere.Deployment.Network, elsewhere.Deployment.PatientRecords = device.Facility, nil
	bare := pump()
	walked(t, device.Products, product, elsewhere, bare)

	longer := line()
	longer.Variants = append(longer.Variants, device.Variant{Model: "IP-3", Products: []string{"pump-3.0"}})
	walked(t, device.Lines, line(), longer)

	ended, err := supported().Move(device.EndOfSupport, "rm", "notice", day("2026-01-01"))
	require.NoError(t, err)
	walked(t, device.Lives, supported(), ended)

	some := at("s-1", 3, "2026-01-01")
	gone, err := some.Count(0, "telemetry", day("2026-02-01"))
	require.NoError(t, err)
	unknown := gone
	unknown.Units = nil
	walked(t, device.Counts, some, gone, unknown)

	back, err := none().Withdraw("one found in a ward")
	require.NoError(t, err)
	walked(t, device.UseStatements, none(), back)

	asked := supplier().Asked(day("2026-02-01"))
	walked(t, device.Suppliers, supplier(), asked, asked.Answered(day("2026-02-03")))

	system := device.Related{ID: "u", Name: "Update server", Kind: device.UpdateServer, Products: []string{"pump-2.1"}}
	ours, theirs := system, system
	ours.Ours, theirs.Ours = &yes, &no
	walked(t, device.RelatedSystems, system, ours, theirs)

	has := device.Attestation{Product: "pump-2.1", Site: "s-17", Control: "vlan-7", Holds: device.Has, By: "s-17-it", How: "letter 4", At: march, Expires: march.AddDate(1, 0, 0)}
	not := has
	not.Holds, not.Expires = device.HasNot, time.Time{}
	walked(t, device.Attestations, has, not)
}

// walked writes states, of one record, into each ledger and reads them back: the
// newest, all of the kind, and every one with its history.
func walked[T store.Keyed](t *testing.T, k store.Kind[T], states ...T) {
	t.Helper()
	path := t.TempDir() + "/d.db"
	db, err := sqlite.Open(path)
	require.NoError(t, err)
	for name, driver := range map[string]store.Driver{"memory": memory.New(), "sqlite": db} {
		l := store.New(driver, &store.Options{Now: func() time.Time { return march }})
		for _, s := range states {
			require.NoError(t, l.Do(t.Context(), store.By{Who: "field", Why: "told"}, func(tx *store.Tx) error { return k.Put(tx, s) }), "%s %s", name, k)
		}
		again(t, l, k, states)
	}
	require.NoError(t, db.Close())
	db, err = sqlite.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	again(t, store.New(db, nil), k, states)
}

func again[T store.Keyed](t *testing.T, l *store.Ledger, k store.Kind[T], states []T) {
	t.Helper()
	require.NoError(t, l.Verify(t.Context()))
	last := states[len(states)-1]
	got, entry, err := k.Latest(t.Context(), l, last.Key())
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(last, got), k)
	require.Equal(t, 1, entry.Version)
	var all, kept []T
	for v, err := range k.All(t.Context(), l, "") {
		require.NoError(t, err)
		all = append(all, v)
	}
	require.Empty(t, cmp.Diff([]T{last}, all), k)
	for e, err := range k.History(t.Context(), l, last.Key()) {
		require.NoError(t, err)
		v, err := k.Decode(e)
		require.NoError(t, err)
		kept = append(kept, v)
	}
	require.Empty(t, cmp.Diff(states, kept), k)
}
