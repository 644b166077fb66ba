package patch_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/internal/golden"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
)

const received = "unit,site,state,at,how\n1,s1,verified,2026-03-12T13:00:00Z,telemetry\n1,s2,failed,2026-03-12T13:00:00Z,telemetry\n2,s1,done,2026-03-12T13:00:00Z,telemetry\n"

func TestATableIsKeptAsItCameWithWhatCouldNotBeRead(t *testing.T) {
	t.Parallel()
	for name, d := range drivers(t) {
		l := store.New(d, &store.Options{Now: func() time.Time { return hour(9) }})
		table, reports, err := patch.ReadTable("week 11", theRelease, "csv", received, hour(8))
		require.NoError(t, err)
		require.Len(t, reports, 2)
		require.Equal(t, []patch.BadRow{{Line: 4, Why: `state "done" is not known`}}, table.Bad)
		require.Equal(t, []string{"s1", "s2"}, table.Conflicts[0].Sites)
		by := store.By{Who: "import", Why: "weekly"}
		require.NoError(t, patch.SaveTable(t.Context(), l, by, table), name)
		require.NoError(t, patch.SaveTable(t.Context(), l, by, table), "again")
		kept, entry, err := patch.Tables.Latest(t.Context(), l, "week 11")
		require.NoError(t, err)
		require.Equal(t, table, kept)
		_, one, err := patch.Reports.Latest(t.Context(), l, reports[0].Key())
		require.NoError(t, err)
		require.Equal(t, entry.Act, one.Act, "one act")

		silent := table
		silent.Bad = nil
		require.ErrorContains(t, patch.SaveTable(t.Context(), l, by, silent), "not what its text says")
		other, _, err := patch.ReadTable("week 11", theRelease, "csv", strings.Replace(received, "done", "failed", 1), hour(8))
		require.NoError(t, err)
		require.ErrorIs(t, patch.SaveTable(t.Context(), l, by, other), patch.ErrRewritten)
		early, _, err := patch.ReadTable("week 12", theRelease, "csv", received, hour(99))
		require.NoError(t, err)
		require.ErrorContains(t, patch.SaveTable(t.Context(), l, by, early), "read after it is written")
		require.NoError(t, l.Verify(t.Context()))
	}
	_, _, err := patch.ReadTable("x", theRelease, "xml", "<a/>", noon)
	require.ErrorContains(t, err, "not csv or json")
	_, _, err = patch.ReadTable(" ", theRelease, "csv", received, noon)
	require.ErrorContains(t, err, "name")
	_, _, err = patch.ReadTable("x", theRelease, "json", "", noon)
	require.ErrorContains(t, err, "there is nothing")
}

func TestATableOfVersionOneStillDecodes(t *testing.T) {
	t.Parallel()
	name := filepath.Join("testdata", "table.v1.json")
	table, _, err := patch.ReadTable("week 11", theRelease, "csv", received, hour(8))
	require.NoError(t, err)
	text, err := json.MarshalIndent(table, "", "  ")
	require.NoError(t, err)
	golden.Equal(t, append(text, '\n'), name)
	kept, err := os.ReadFile(name)
	require.NoError(t, err)
	var again patch.Table
	require.NoError(t, json.Unmarshal(kept, &again))
	require.Equal(t, table, again)
}

func TestWhatTheReportsImplyOfTheFieldIsFiled(t *testing.T) {
	t.Parallel()
	r := rolled()
	before := []device.Fielded{
		{Product: "pump-2.1", Site: "s1", Units: units(4), AsOf: noon, How: "log"},
		{Product: "pump-2.1", Site: "s2", Units: units(3), AsOf: noon, How: "log"},
		{Product: "pump-2.0", Site: "s2", Units: units(3), AsOf: noon, How: "log"},
		{Product: "pump-1.9", Site: "s2", Units: units(0), AsOf: noon, How: "log"},
		{Product: "pump-2.1", Site: "s3", AsOf: noon, How: "log"},
	}
	said := []patch.Report{
		said("u1", "s1", patch.Updated, 1), said("u2", "s1", patch.Confirmed, 1), said("u3", "s1", patch.Failed, 1),
		said("u4", "s2", patch.Updated, 1), said("u5", "s3", patch.Updated, 1), said("u6", "s9", patch.Updated, 1), said("u7", "s8", patch.Offered, 1),
	}
	p := tally(t, r, 2, said...)
	f := func(product, site string, n *int) device.Fielded {
		return device.Fielded{Product: product, Site: site, Units: n, AsOf: hour(2), How: "reports"}
	}
	want := []device.Fielded{
		f("pump-2.0", "s2", nil), f("pump-2.1", "s1", units(2)), f("pump-2.1", "s2", nil), f("pump-2.1", "s3", nil),
		f("pump-2.2", "s1", units(2)), f("pump-2.2", "s2", units(1)), f("pump-2.2", "s3", nil), f("pump-2.2", "s9", nil),
	}
	got := r.Fielded(p, "pump-2.2", "reports", before...)
	require.Equal(t, want, got)
	require.Equal(t, want, r.Fielded(p, "pump-2.2", "reports", append(slices.Clone(before), got...)...), "asked again")
	for _, one := range got {
		require.NoError(t, one.Validate())
	}
	newer := got[1]
	newer.AsOf = hour(3)
	require.NotContains(t, r.Fielded(p, "pump-2.2", "reports", append(slices.Clone(before), newer)...), got[1], "somebody counted since")
	require.Equal(t, want[4:], r.Fielded(p, "pump-2.2", "reports"), "where nobody counted before")
}

func TestAControlIsDistributedByItsInstruction(t *testing.T) {
	t.Parallel()
	c := start(twoRemedies("2.2"), 0, "2.1")
	needs := func(c patch.Change) []string {
		var out []string
		for _, g := range c.Gates {
			if g.ID == "distribution" {
				for _, n := range g.Needs {
					out = append(out, n.ID)
				}
			}
		}
		return out
	}
	require.Equal(t, []string{"instruction-record", "distribution-record"}, needs(c))
	require.Equal(t, []string{"signed-release-record", "distribution-record"}, needs(start(twoRemedies("2.2"), 1, "2.1")))
	_, err := c.Do(patch.Step{By: "author", At: noon, Proof: proof("signed-release-record")})
	require.ErrorContains(t, err, "no gate needs")
	require.Equal(t, patch.Verified, walked(c, patch.Verified).State())
	g, err := patch.DefaultGates()
	require.NoError(t, err)
	require.True(t, c.Under(g))
}

func ExampleSaveTable() {
	ctx := context.Background()
	l := store.New(memory.New(), &store.Options{Now: func() time.Time { return hour(9) }})
	table, reports, err := patch.ReadTable("week 11", theRelease, "csv", received, hour(8))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, row := range table.Bad {
		fmt.Println("line", row.Line, row.Why)
	}
	for _, c := range table.Conflicts {
		fmt.Println("unit", c.Unit, c.Sites, c.Why)
	}
	fmt.Println(len(reports), patch.SaveTable(ctx, l, store.By{Who: "import", Why: "weekly"}, table))
	// Output:
	// line 4 state "done" is not known
	// unit 1 [s1 s2] several sites have a unit of this number, and no report says that it was moved
	// 2 <nil>
}

func ExampleRollout_Fielded() {
	r := rolled()
	p, err := r.Tally(all(said("u1", "s1", patch.Updated, 1)), hour(2))
	if err != nil {
		fmt.Println(err)
		return
	}
	before := device.Fielded{Product: "pump-2.1", Site: "s1", Units: units(4), AsOf: noon, How: "service log"}
	for _, f := range r.Fielded(p, "pump-2.2", "installation reports", before)[:2] {
		fmt.Println(f.Key(), *f.Units)
	}
	// Output:
	// pump-2.1 @s1 3
	// pump-2.2 @s1 1
}
