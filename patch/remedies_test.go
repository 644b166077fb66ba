package patch_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/internal/golden"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
)

// twoRemedies is the usual plan of an uncontrolled risk, approved: a control now and
// the patch after it.
func twoRemedies(fixedIn string) patch.Plan {
	p, err := patch.Propose(settled(assess.Serious), policy(), "patch-lead", noon)
	if err == nil {
		p, err = p.With(patch.Details{Actions: details.Actions, Remedies: []patch.Remedy{
			{Kind: patch.CompensatingControl, Text: "A rule of the segment.", Party: patch.Facility, Risks: []string{"none found"}},
			{Kind: patch.Patch, Text: "wolfSSL", Party: patch.Manufacturer, FixedIn: fixedIn, Risks: []string{"none found"}},
		}})
	}
	if err == nil {
		p, err = p.Approve(ok("quality"))
	}
	if err != nil {
		panic(err)
	}
	return p
}

func start(p patch.Plan, remedy int, branch string, superseded ...patch.Change) patch.Change {
	c, err := patch.Begin(p, remedy, branch, []string{"US", "EU"}, nil, "patch-lead", noon, superseded...)
	if err != nil {
		panic(err)
	}
	return c
}

// savePlan keeps an approved plan as its two persons wrote it.
func savePlan(t *testing.T, l *store.Ledger, p patch.Plan) {
	t.Helper()
	plain := p
	plain.Approved = nil
	require.NoError(t, patch.Save(t.Context(), l, store.By{Who: "patch-lead", Why: "plan"}, plain))
	require.NoError(t, patch.Save(t.Context(), l, store.By{Who: "quality", Why: "plan"}, p))
}

// saveSteps keeps c, each step as the act of who did it.
func saveSteps(t *testing.T, l *store.Ledger, c patch.Change) {
	t.Helper()
	for i, s := range c.Steps {
		part := c
		part.Steps = slices.Clone(c.Steps[:i+1])
		require.NoError(t, patch.SaveChange(t.Context(), l, store.By{Who: s.By, Why: "work"}, part))
	}
}

func later() *store.Ledger {
	return store.New(memory.New(), &store.Options{Now: func() time.Time { return hour(500) }})
}

func TestAControlAndThePatchAfterItAreBothCarriedOut(t *testing.T) {
	t.Parallel()
	l, p := later(), twoRemedies("2.2")
	savePlan(t, l, p)
	control, fix := start(p, 0, "2.1"), start(p, 1, "2.1")
	require.NotEqual(t, control.Key(), fix.Key())
	saveSteps(t, l, walked(control, patch.Verified))
	saveSteps(t, l, walked(fix, patch.Verified))
	for _, c := range []patch.Change{control, fix} {
		kept, _, err := patch.Changes.Latest(t.Context(), l, c.Key())
		require.NoError(t, err)
		require.Equal(t, patch.Verified, kept.State())
		require.Equal(t, c.Remedy.Kind, kept.Remedy.Kind)
	}
}

func TestAPlanThatIsOpenedAgainStartsAChangeOnTheSameBranch(t *testing.T) {
	t.Parallel()
	l, p, q := later(), twoRemedies("2.2"), twoRemedies("2.3")
	savePlan(t, l, p)
	old := walked(start(p, 1, "2.1"), patch.Documented)
	saveSteps(t, l, old)
	savePlan(t, l, q)
	fix := start(q, 1, "2.1", old)
	require.Equal(t, []string{old.Key()}, fix.Supersedes)
	saveSteps(t, l, walked(fix, patch.Released))

	by := store.By{Who: "boss", Why: "w"}
	signed, err := old.Do(patch.Step{By: "boss", At: hour(300), Sign: &patch.Signoff{Gate: "release", Role: "quality"}})
	require.NoError(t, err)
	var state *patch.StateError
	require.ErrorAs(t, patch.SaveChange(t.Context(), l, by, signed), &state, "another has taken its place")
	fact, err := old.Do(patch.Step{By: "boss", At: hour(300), Happened: &patch.Happened{State: patch.Distributed, When: hour(299), How: "log"}})
	require.NoError(t, err)
	require.NoError(t, patch.SaveChange(t.Context(), l, by, fact), "what happened is always told")

	third := twoRemedies("2.4")
	savePlan(t, l, third)
	require.ErrorAs(t, patch.SaveChange(t.Context(), l, store.By{Who: "patch-lead", Why: "w"}, start(third, 1, "2.1", old)), &state, "superseded once")
	ghost := start(third, 1, "2.1", start(third, 0, "2.1"))
	require.ErrorIs(t, patch.SaveChange(t.Context(), l, store.By{Who: "patch-lead", Why: "w"}, ghost), store.ErrNotFound)
	_, err = patch.Begin(third, 1, "1.9", []string{"US"}, nil, "patch-lead", noon, old)
	require.ErrorContains(t, err, "another finding or branch")
	itself := start(third, 1, "2.1")
	itself.Supersedes = []string{itself.Key()}
	require.ErrorContains(t, itself.Check(), "or itself")
	first := start(third, 0, "2.1")
	first.Schema = 1
	require.ErrorContains(t, patch.SaveChange(t.Context(), l, store.By{Who: "patch-lead", Why: "w"}, first), "no longer")
}

func TestMarksRunUntilThePatchIsOutAndNotOnlyTheControl(t *testing.T) {
	t.Parallel()
	p, q := twoRemedies("2.2"), twoRemedies("2.3")
	control, fix := walked(start(p, 0, "2.1"), patch.Distributed), walked(start(p, 1, "2.1"), patch.Distributed)
	count := func(plan patch.Plan, changes ...patch.Change) int {
		puts := []func(*store.Tx) error{has(patch.Plans, plan)}
		for _, c := range changes {
			puts = append(puts, has(patch.Changes, c))
		}
		return len(running(t, held(t, puts...), hour(1)))
	}
	require.Equal(t, 2, count(p, control), "the patch is not begun")
	require.Equal(t, 2, count(p, control, start(p, 1, "2.1")))
	require.Zero(t, count(p, control, fix))
	require.Equal(t, 2, count(q, control, fix), "the new plan asks for 2.3")
	again := start(q, 1, "2.1", fix)
	require.Equal(t, 2, count(q, control, fix, again))
	require.Zero(t, count(q, control, walked(start(p, 1, "2.1"), patch.Tested), walked(again, patch.Distributed)), "what is superseded need not go out")

	e := patch.Exception{Kind: patch.Defer, Release: "2.3", Due: hour(2000), Meanwhile: "m", Reach: "r", Interim: "i"}
	put := start(p, 1, "2.1")
	put, err := put.Do(patch.Step{By: "lead", At: noon, Why: "w", Ask: &e})
	require.NoError(t, err)
	put, err = put.Do(patch.Step{By: "quality", At: noon, Why: "w", Grant: e.Name()})
	require.NoError(t, err)
	require.Equal(t, 3, count(p, put), "the deferral has a clock")
	require.Equal(t, 2, count(q, put, again), "and none when another change has its place")
}

func TestAnInterimControlDoesNotServeABranch(t *testing.T) {
	t.Parallel()
	p, q := twoRemedies("2.2"), twoRemedies("2.3")
	fielded := []device.Fielded{
		{Product: "pump-2.1", Site: "s1", Units: units(5), AsOf: noon, How: "log"},
		{Product: "pump-2.0", Site: "s1", Units: units(3), AsOf: noon, How: "log"},
	}
	versions := map[string]string{"pump-2.1": "2.1", "pump-2.0": "2.0"}
	both := []patch.Change{start(p, 0, "2.1"), start(p, 0, "2.0")}
	require.Empty(t, patch.Unserved(versions, fielded, both...), "a control may be all there is")
	fix := start(p, 1, "2.1")
	gaps := patch.Unserved(versions, fielded, append(both, fix)...)
	require.Equal(t, []patch.Gap{{What: "2.0", Why: "only a compensating-control is for this branch, others get a patch: 3 units at 1 sites, 0 of them without a count"}}, gaps)
	require.Empty(t, patch.Unserved(versions, fielded, append(both, fix, start(q, 1, "2.0"))...))
	gaps = patch.Unserved(versions, fielded, fix, start(q, 0, "2.1", fix), start(q, 1, "2.0"))
	require.Equal(t, "2.1", gaps[0].What, "its patch was taken back")
	require.Equal(t, []string{fix.Key()}, patch.CumulativeSince(start(p, 0, "2.1"), noon, walked(fix, patch.Released), both[0]))
}

// An entry from before the remedy was in the key is read, goes on under its key, and
// can be superseded by a change of today.
func TestAnEntryOfAChangeOfVersionOneGoesOn(t *testing.T) {
	t.Parallel()
	kept, err := os.ReadFile(filepath.Join("testdata", "change.v1.json"))
	require.NoError(t, err)
	old, err := patch.Changes.Decode(store.Entry{Name: store.Name{Kind: "patch.change", Key: "x"}, Version: 1, Body: kept})
	require.NoError(t, err)
	require.Equal(t, "pump-2.1 cpe:a:wolfssl:wolfssl CVE-2022-25640 @2.1", old.Key())
	require.Equal(t, patch.Tested, old.State())
	_, err = patch.Changes.Decode(store.Entry{Name: store.Name{Kind: "patch.change", Key: "x"}, Version: 1, Body: []byte(`{"schema":2}`)})
	require.ErrorContains(t, err, "in an entry of version 1")

	l := held(t, has(patch.Changes, old))
	next, err := old.Do(patch.Step{By: "author", At: hour(91), Proof: proof("sbom")})
	require.NoError(t, err)
	require.NoError(t, patch.SaveChange(t.Context(), l, store.By{Who: "author", Why: "work"}, next))
	savePlan(t, l, twoRemedies("2.3"))
	fix := start(twoRemedies("2.3"), 1, "2.1", old)
	require.NoError(t, patch.SaveChange(t.Context(), l, store.By{Who: "patch-lead", Why: "work"}, fix))
	require.NoError(t, l.Verify(t.Context()))
}

func TestAChangeOfVersionTwoStillDecodes(t *testing.T) {
	t.Parallel()
	name := filepath.Join("testdata", "change.v2.json")
	if _, err := os.Stat(name); err != nil {
		text, err := json.MarshalIndent(walked(start(twoRemedies("2.3"), 1, "2.1", start(twoRemedies("2.2"), 1, "2.1")), patch.Reproduced), "", "  ")
		require.NoError(t, err)
		golden.Equal(t, append(text, '\n'), name)
	}
	kept, err := os.ReadFile(name)
	require.NoError(t, err)
	var c patch.Change
	require.NoError(t, json.Unmarshal(kept, &c))
	require.NoError(t, c.Check())
	require.Equal(t, patch.Reproduced, c.State())
	require.Equal(t, "pump-2.1 cpe:a:wolfssl:wolfssl CVE-2022-25640 @2.1 patch 39233e25fbfbfa77", c.Key(), "keys never change")
	again, err := json.MarshalIndent(c, "", "  ")
	require.NoError(t, err)
	require.Equal(t, string(kept), string(again)+"\n")
}

func ExampleChange_Key() {
	p := twoRemedies("2.2")
	fmt.Println(start(p, 0, "2.1").Key())
	fmt.Println(start(p, 1, "2.1").Key())
	// Output:
	// pump-2.1 cpe:a:wolfssl:wolfssl CVE-2022-25640 @2.1 compensating-control aec61e8ad4a79e00
	// pump-2.1 cpe:a:wolfssl:wolfssl CVE-2022-25640 @2.1 patch c62df256b138bb14
}
