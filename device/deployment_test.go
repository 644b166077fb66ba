package device_test

import (
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/store/sqlite"
)

var march = time.Date(2026, 3, 12, 12, 0, 0, 0, time.UTC)

func template(t *testing.T) device.Deployment {
	t.Helper()
	text, err := device.DeploymentTemplate()
	require.NoError(t, err)
	d, err := device.ReadDeployment(fstest.MapFS{"d.json": {Data: text}}, "d.json")
	require.NoError(t, err)
	return d
}

func TestTheTemplateStatesEveryFactAndIsValid(t *testing.T) {
	t.Parallel()
	d := template(t)
	require.NoError(t, d.Validate())
	require.Empty(t, d.Missing())
	require.Equal(t, []string{"network", "interfaces", "roles", "users", "functions", "essential performance", "data",
		"patient records", "hazards", "controls"}, device.Deployment{}.Missing())
	_, err := device.ReadDeployment(fstest.MapFS{"d.json": {Data: []byte(`{"netwrok": "isolated"}`)}}, "d.json")
	require.ErrorContains(t, err, "unknown field")
	_, err = device.ReadDeployment(fstest.MapFS{"d.json": {Data: []byte(`{"network": "moon"}`)}}, "d.json")
	require.ErrorContains(t, err, `network "moon"`)
}

func TestWhatIsWrongInADeploymentIsToldAtOnce(t *testing.T) {
	t.Parallel()
	d := template(t)
	d.Users = append(d.Users, device.User{Who: "guest", Role: "guest"})
	d.Data = append(d.Data, device.Data{Name: "x", Kind: "y"})
	d.Hazards = append(d.Hazards, device.Hazard{ID: "H-7"}, device.Hazard{ID: "H-8", Harm: "h", Severity: "bad", Functions: []string{"flying"}})
	d.Controls = append(d.Controls, device.Control{ID: "vlan-7", What: "w", Operator: "regulator", Verification: "v"})
	err := d.Validate()
	for _, want := range []string{`role "guest"`, `kind "y"`, "a hazard without an id of its own", `severity "bad"`, `function "flying"`,
		`control "vlan-7" is there twice`, `operator "regulator"`, "a verification says how, by whom"} {
		require.ErrorContains(t, err, want)
	}
}

// FDA, Postmarket Management of Cybersecurity in Medical Devices (2016), IV.A: a
// compensating control is employed by a user; that it lapses is ours.
func TestAControlCountsWhileItIsVerifiedAndNotExpired(t *testing.T) {
	t.Parallel()
	c := template(t).Controls[0]
	for _, one := range []struct {
		at   time.Time
		want bool
		why  string
	}{
		{c.At.Add(-time.Second), false, "verified only later"},
		{c.At, true, "kept in place by the facility"},
		{c.Expires.Add(-time.Second), true, "was verified on"},
		{c.Expires, false, "expired on 2027-01-10"},
	} {
		got, why := c.InForce(one.at)
		require.Equal(t, one.want, got, why)
		require.Contains(t, why, one.why)
	}
	c.Verification, c.By, c.At, c.Expires = "", "", time.Time{}, time.Time{}
	require.NoError(t, c.Validate())
	got, why := c.InForce(march)
	require.False(t, got)
	require.Contains(t, why, "never verified")
	c.Operator = ""
	got, _ = c.InForce(march)
	require.False(t, got)
}

func TestTheWorstHazardOfAFunctionCounts(t *testing.T) {
	t.Parallel()
	d := template(t)
	d.Hazards = append(d.Hazards, device.Hazard{ID: "H-9", Functions: []string{"infusion log"}, Harm: "h", Severity: device.Minor})
	worst, of := d.Worst("infusion log")
	require.Equal(t, device.Minor, worst)
	require.Len(t, of, 1)
	worst, of = d.Worst()
	require.Equal(t, device.Serious, worst)
	require.Len(t, of, 2)
	worst, _ = d.Worst("none")
	require.Empty(t, worst)
}

func TestAnAttestationOfASiteIsKeptAndExpires(t *testing.T) {
	t.Parallel()
	a := device.Attestation{Product: "pump-2.1", Site: "s-17", Control: "vlan-7", Holds: device.Has, By: "s-17-it", How: "letter 4", At: march, Expires: march.AddDate(1, 0, 0)}
	require.NoError(t, a.Validate())
	require.Empty(t, a.State(march.Add(-time.Second)))
	require.Equal(t, device.Has, a.State(march))
	require.Equal(t, device.Unknown, a.State(a.Expires))
	bad := device.Attestation{Site: "Main Street 7", By: "Dr. No", Holds: "maybe"}
	for _, want := range []string{"no product", "the site", "who attests", `"maybe"`, "how or since when"} {
		require.ErrorContains(t, bad.Validate(), want)
	}
	forever := a
	forever.Expires = time.Time{}
	require.ErrorContains(t, forever.Validate(), "later day")

	db, err := sqlite.Open(t.TempDir() + "/d.db")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	for name, driver := range map[string]store.Driver{"memory": memory.New(), "sqlite": db} {
		l := store.New(driver, &store.Options{Now: func() time.Time { return march }})
		not := a
		not.Holds = device.HasNot
		for _, one := range []device.Attestation{a, not} {
			require.NoError(t, l.Do(t.Context(), store.By{Who: "field", Why: "letter"}, func(tx *store.Tx) error {
				return device.Attestations.Put(tx, one)
			}), name)
		}
		var kept []device.Holds
		for e, err := range device.Attestations.History(t.Context(), l, a.Key()) {
			require.NoError(t, err)
			one, err := device.Attestations.Decode(e)
			require.NoError(t, err)
			kept = append(kept, one.Holds)
		}
		require.Equal(t, []device.Holds{device.Has, device.HasNot}, kept)
	}
}

func ExampleDeployment_Missing() {
	d := device.Deployment{Network: device.Isolated, Roles: []string{"clinician"}}
	fmt.Println(d.Missing())
	// Output: [interfaces users functions essential performance data patient records hazards controls]
}

func ExampleControl_InForce() {
	c := device.Control{ID: "vlan-7", What: "the pumps stand in their own segment", Operator: device.HealthSite,
		Verification: "firewall rules read", By: "field-1", At: march, Expires: march.AddDate(1, 0, 0)}
	fmt.Println(c.InForce(march))
	fmt.Println(c.InForce(march.AddDate(2, 0, 0)))
	// Output:
	// true control "vlan-7", kept in place by the facility, was verified on 2026-03-12
	// false the verification of control "vlan-7" expired on 2027-03-12
}

func ExampleDeploymentTemplate() {
	text, err := device.DeploymentTemplate()
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := device.ReadDeployment(fstest.MapFS{"pump.json": {Data: text}}, "pump.json")
	fmt.Println(d.Network, d.Hazards[0].ID, d.Controls[0].Operator, err)
	// Output: segmented H-7 facility <nil>
}
