package device_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/internal/golden"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
)

func at(site string, units int, on string) device.Fielded {
	return device.Fielded{Product: "pump-2.1", Site: site, Units: &units, AsOf: day(on), How: "service log"}
}

func TestCountsAreKeptBySiteAndAddedUp(t *testing.T) {
	t.Parallel()
	some := device.Fielded{Product: "pump-2.1", Site: "s-3", AsOf: day("2025-01-01"), How: "shipments"}
	other := at("s-1", 5, "2025-06-01")
	other.Product = "pump-2.0"
	got := device.Tallies(at("s-1", 12, "2026-01-01"), at("s-1", 40, "2025-01-01"), at("s-2", 0, "2026-02-01"), some, other)
	require.Equal(t, map[string]device.Tally{
		"pump-2.1": {Units: 12, Sites: 2, Unknown: 1, Oldest: day("2025-01-01")},
		"pump-2.0": {Units: 5, Sites: 1, Oldest: day("2025-06-01")},
	}, got)
}

func TestATallyDoesNotDependOnTheOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var list []device.Fielded
		for range rapid.IntRange(0, 8).Draw(t, "n") {
			f := at(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "site"), rapid.IntRange(0, 3).Draw(t, "units"), rapid.SampledFrom([]string{"2026-01-01", "2026-01-02"}).Draw(t, "on"))
			if rapid.Bool().Draw(t, "unknown") {
				f.Units = nil
			}
			list = append(list, f)
		}
		require.Equal(t, device.Tallies(list...), device.Tallies(rapid.Permutation(list).Draw(t, "order")...))
	})
}

func TestASiteIsAPseudonym(t *testing.T) {
	t.Parallel()
	require.NoError(t, at("s-17", 1, "2026-01-01").Validate())
	for _, bad := range []string{"", "St. Mary Hospital", "it@hospital.example", "Ward 3, Berlin"} {
		require.Error(t, at(bad, 1, "2026-01-01").Validate(), bad)
	}
	minus := -1
	f := device.Fielded{Units: &minus}
	for _, want := range []string{"no product", "the site is missing", "-1 units", "as of when"} {
		require.ErrorContains(t, f.Validate(), want)
	}
}

func TestAnOlderCountDoesNotReplaceANewerOne(t *testing.T) {
	t.Parallel()
	f := at("s-1", 12, "2026-01-01")
	next, err := f.Count(3, "telemetry", day("2026-02-01"))
	require.NoError(t, err)
	require.Equal(t, 12, *f.Units)
	require.Equal(t, 3, *next.Units)
	_, err = next.Count(9, "telemetry", day("2026-01-15"))
	require.ErrorContains(t, err, "older")
}

// stated keeps n in a ledger and returns its entry.
func stated(t require.TestingT, ctx context.Context, n device.NoneInUse, on string, signed bool) store.Entry {
	l := store.New(memory.New(), &store.Options{Now: func() time.Time { return day(on) }})
	by := store.By{Who: "qa-lead", Why: "all units are back"}
	if signed {
		by.Sign = func(_ context.Context, digest [32]byte) (store.Signature, error) {
			return store.Signature{KeyID: "k1", Algorithm: "test", Bytes: digest[:]}, nil
		}
	}
	require.NoError(t, l.Do(ctx, by, func(tx *store.Tx) error { return device.UseStatements.Put(tx, n) }))
	_, e, err := device.UseStatements.Latest(ctx, l, n.Key())
	require.NoError(t, err)
	return e
}

func none() device.NoneInUse {
	return device.NoneInUse{Product: "pump-2.1", From: day("2026-03-01"), Basis: "all 12 units scrapped, list 17"}
}

func TestOnlyASignedStatementEndsMonitoring(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	life := supported()
	life, err := life.Move(device.EndOfLife, "rm", "over", day("2026-01-01"))
	require.NoError(t, err)
	n := none()
	signed, unsigned := stated(t, ctx, n, "2026-03-05", true), stated(t, ctx, n, "2026-03-05", false)
	withdrawn, err := n.Withdraw("one found in a ward")
	require.NoError(t, err)
	other := n
	other.Product = "pump-2.0"
	hollow := n
	hollow.Basis = ""
	later := at("s-1", 1, "2026-03-20")
	unknown := later
	unknown.Units = nil
	for _, c := range []struct {
		what string
		use  device.Use
		on   string
		ends bool
		why  string
	}{
		{"silence", device.Use{}, "2027-01-01", false, "nobody has stated"},
		{"counts of zero", device.Use{Counts: []device.Fielded{at("s-1", 0, "2026-02-01")}}, "2027-01-01", false, "nobody has stated"},
		{"unsigned", device.Use{Statement: &n, Entry: unsigned}, "2027-01-01", false, "not signed"},
		{"without its entry", device.Use{Statement: &n}, "2027-01-01", false, "something else"},
		{"signed", device.Use{Statement: &n, Entry: signed}, "2027-01-01", true, "qa-lead stated it on 2026-03-05"},
		{"before it was made", device.Use{Statement: &n, Entry: signed}, "2026-03-04", false, "begins later"},
		{"of another product", device.Use{Statement: &other, Entry: stated(t, ctx, other, "2026-03-05", true)}, "2027-01-01", false, "something else"},
		{"changed after signing", device.Use{Statement: &device.NoneInUse{Product: "pump-2.1", From: day("2020-01-01"), Basis: "x"}, Entry: signed}, "2027-01-01", false, "not the one that was signed"},
		{"incomplete", device.Use{Statement: &hollow, Entry: stated(t, ctx, hollow, "2026-03-05", true)}, "2027-01-01", false, "not complete"},
		{"taken back", device.Use{Statement: &withdrawn, Entry: stated(t, ctx, withdrawn, "2026-03-05", true)}, "2027-01-01", false, "one found in a ward"},
		{"a unit turned up", device.Use{Statement: &n, Entry: signed, Counts: []device.Fielded{later}}, "2027-01-01", false, `at "s-1"`},
		{"units turned up, number unknown", device.Use{Statement: &n, Entry: signed, Counts: []device.Fielded{unknown}}, "2027-01-01", false, `at "s-1"`},
		{"an old count contradicts nothing", device.Use{Statement: &n, Entry: signed, Counts: []device.Fielded{at("s-1", 9, "2026-02-01")}}, "2027-01-01", true, "stated"},
		{"a later zero agrees", device.Use{Statement: &n, Entry: signed, Counts: []device.Fielded{at("s-1", 0, "2026-04-01")}}, "2027-01-01", true, "stated"},
	} {
		c.use.Product = "pump-2.1"
		ends, why := device.MonitoringEnds(life, c.use, day(c.on))
		require.Equal(t, c.ends, ends, "%s: %s", c.what, why)
		require.Contains(t, why, c.why, c.what)
		inUse, _ := c.use.StillInUse(day(c.on))
		require.Equal(t, !c.ends, inUse, c.what)
		if !ends {
			require.Contains(t, why, `"end of life" does not end monitoring`, c.what)
		}
	}
}

func TestNoStageEndsMonitoring(t *testing.T) {
	t.Parallel()
	for _, s := range []device.Stage{"", device.Development, device.Supported, device.LimitedSupport, device.EndOfSupport, device.EndOfLife} {
		ends, _ := device.MonitoringEnds(device.Life{Product: "p", Stage: s, Since: day("2000-01-01")}, device.Use{Product: "p"}, day("2040-01-01"))
		require.False(t, ends, s)
	}
}

func TestTheStageAndTheUseAreOfOneProduct(t *testing.T) {
	t.Parallel()
	n := none()
	use := device.Use{Product: "pump-2.1", Statement: &n, Entry: stated(t, t.Context(), n, "2026-03-05", true)}
	life := supported()
	ends, _ := device.MonitoringEnds(life, use, day("2027-01-01"))
	require.True(t, ends)
	life.Product = "pump-2.0"
	ends, why := device.MonitoringEnds(life, use, day("2027-01-01"))
	require.False(t, ends)
	require.Contains(t, why, `"pump-2.0"`)
	ends, _ = device.MonitoringEnds(device.Life{}, device.Use{}, day("2027-01-01"))
	require.False(t, ends)
}

func ExampleNoneInUse() {
	ctx := context.Background()
	n := device.NoneInUse{Product: "pump-2.1", From: day("2026-03-01"), Basis: "all 12 units scrapped, list 17"}
	l := store.New(memory.New(), &store.Options{Now: func() time.Time { return day("2026-03-05") }})
	by := store.By{Who: "qa-lead", Why: "all units are back", Sign: func(_ context.Context, digest [32]byte) (store.Signature, error) {
		return store.Signature{KeyID: "k1", Algorithm: "test", Bytes: digest[:]}, nil // a key of the maker's, kept elsewhere
	}}
	if err := l.Do(ctx, by, func(tx *store.Tx) error { return device.UseStatements.Put(tx, n) }); err != nil {
		fmt.Println(err)
		return
	}
	kept, entry, err := device.UseStatements.Latest(ctx, l, n.Key())
	if err != nil {
		fmt.Println(err)
		return
	}
	// Here the caller verifies entry.Signature with the key named in it.
	use := device.Use{Product: "pump-2.1", Statement: &kept, Entry: entry}
	life := device.Life{Product: "pump-2.1", Stage: device.EndOfLife, Since: day("2026-01-01"), By: "rm", Why: "notice"}
	fmt.Println(device.MonitoringEnds(life, use, day("2027-01-01")))
	life.Product = "pump-2.0"
	fmt.Println(device.MonitoringEnds(life, use, day("2027-01-01")))
	// Output:
	// true qa-lead stated it on 2026-03-05: all 12 units scrapped, list 17
	// false the stage is of "pump-2.0" and the use of "pump-2.1": they must be of one product
}

func TestAStatementTellsAllThatIsWrongAtOnce(t *testing.T) {
	t.Parallel()
	for _, want := range []string{"no product", "since when", "how that is known", "for no reason"} {
		require.ErrorContains(t, device.NoneInUse{Withdrawn: true}.Validate(), want)
	}
	_, err := none().Withdraw("")
	require.Error(t, err)
}

// TestStoredRecordsReadForever keeps the shapes: what was written once is read by
// every later version.
func TestStoredRecordsReadForever(t *testing.T) {
	t.Parallel()
	no := false
	related := device.Related{ID: "u", Name: "Update server", Kind: device.UpdateServer, Products: []string{"pump-2.1"}, Ours: &no, Operator: "facility", Supplier: "acme-rtos", Inventory: "u-1"}
	asked := supplier().Asked(day("2026-02-01")).Answered(day("2026-02-03"))
	kept(t, "fielded.v1.json", at("s-1", 3, "2026-01-01"))
	kept(t, "life.v1.json", supported())
	kept(t, "line.v1.json", line())
	kept(t, "none-in-use.v1.json", none())
	kept(t, "supplier.v1.json", asked)
	kept(t, "related.v1.json", related)
	kept(t, "product.v1.json", deployed(t))
	kept(t, "attestation.v1.json", device.Attestation{Product: "pump-2.1", Site: "s-17", Control: "vlan-7", Holds: device.Has, By: "s-17-it", How: "letter 4", At: march, Expires: march.AddDate(1, 0, 0)})
}

func kept[T any](t *testing.T, name string, v T) {
	t.Helper()
	data, err := json.MarshalIndent(v, "", "  ")
	require.NoError(t, err)
	golden.Equal(t, append(data, '\n'), "testdata/"+name)
	var back T
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, v, back)
}

func ExampleMonitoringEnds() {
	life := device.Life{Product: "pump-2.1", Stage: device.EndOfSupport, Since: day("2026-01-01"), By: "rm", Why: "notice"}
	ends, why := device.MonitoringEnds(life, device.Use{Product: "pump-2.1"}, day("2027-01-01"))
	fmt.Println(ends, why)
	// Output: false the stage "end of support" does not end monitoring; nobody has stated that no unit is in use
}

func ExampleTallies() {
	seven, two := 7, 2
	t := device.Tallies(
		device.Fielded{Product: "pump-2.1", Site: "s-1", Units: &seven, AsOf: day("2026-01-01"), How: "service log"},
		device.Fielded{Product: "pump-2.1", Site: "s-2", Units: &two, AsOf: day("2026-01-02"), How: "service log"},
		device.Fielded{Product: "pump-2.1", Site: "s-3", AsOf: day("2026-01-02"), How: "shipments"},
	)["pump-2.1"]
	fmt.Println(t.Units, "units at", t.Sites, "sites, of which", t.Unknown, "without a number")
	// Output: 9 units at 3 sites, of which 1 without a number
}
