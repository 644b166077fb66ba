package assess_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
)

// What a pass of mutations by hand once survived.

func TestTheLimitsOfTheClassesBeginAtTheirScores(t *testing.T) {
	t.Parallel()
	for base, want := range map[float64]assess.Class{
		10: assess.Emergency, 9: assess.Emergency, 8.9: assess.Expedited, 7: assess.Expedited, 6.9: assess.Standard,
		4: assess.Standard, 3.9: assess.Scheduled, 0: assess.Scheduled,
	} {
		f := finding()
		f.Scores = []match.Score{{Source: "x", Score: feeds.Score{Base: base}}}
		a, err := assess.Open(f, time.Time{}, "analyst", noon)
		require.NoError(t, err)
		require.Equal(t, want, respond(t, a, noon).Class, "%v", base)
	}
}

func TestASegmentThatOpensIsAPath(t *testing.T) {
	t.Parallel()
	d := deployment(t)
	e := segment()
	e.Grounds[0] = assess.Ground{Name: device.NetworkControl, Why: "own segment", Sets: []assess.Modified{{Metric: "MAV", Value: "A"}, {Metric: "MAC", Value: "H"}}}
	a, err := exploitable(t, finding()).WithEnvironment(e, d, nil)
	require.NoError(t, err)
	for network, fell := range map[device.Network]bool{device.Isolated: false, device.Segmented: false, device.Facility: true, device.Internet: true, "": true} {
		d.Network = network
		require.Equal(t, fell, len(a.Changes(d, nil, noon)) == 1, network)
	}
}

func TestALaterAttestationDoesNotHideTheOneThatHolds(t *testing.T) {
	t.Parallel()
	a := credited(t, assess.Serious)
	one := device.Attestation{Product: "pump-2.1", Site: "s-1", Control: "vlan-7", Holds: device.Has, By: "it", How: "letter", At: seen, Expires: seen.AddDate(1, 0, 0)}
	two := one
	two.At, two.Holds = noon.Add(time.Hour), device.HasNot
	sites, err := a.Sites(nil, deployment(t), []device.Fielded{{Product: "pump-2.1", Site: "s-1", AsOf: seen, How: "log"}}, []device.Attestation{one, two}, noon)
	require.NoError(t, err)
	require.Empty(t, sites[0].Assumed)
	require.Equal(t, assess.Controlled, sites[0].Risk)
}

func TestNothingIsLostWithinTheLastSecond(t *testing.T) {
	t.Parallel()
	d := begun(t)
	require.Empty(t, d.Look(d.NoticeDue.Add(time.Second-time.Microsecond)).Losses)
	late := d.Look(d.NoticeDue.Add(time.Second))
	require.Len(t, late.Losses, 2)
	require.NoError(t, late.Check())
}

func TestSSVCThatIsMoreUrgentDiffersToo(t *testing.T) {
	t.Parallel()
	f := finding()
	f.Exploits = []string{"https://example.com/poc"}
	a, err := assess.Open(f, time.Time{}, "analyst", noon)
	require.NoError(t, err)
	a, err = a.WithTriage(assess.Triage{Step: step("analyst"), Result: assess.Affected})
	require.NoError(t, err)
	a, err = a.WithExploitability(step("analyst"), attacks[assess.Low], nil)
	require.NoError(t, err)
	a, err = a.WithImpact(assess.Impact{Step: step("c"), Statement: "s", Harm: assess.Serious})
	require.NoError(t, err)
	c, err := a.CrossCheck(nil, nil, assess.Known{Automatable: "Y", ValueDensity: "C", TechnicalImpact: "P"}, days, noon)
	require.NoError(t, err)
	require.Equal(t, []string{"I"}, c.Supplier)
	require.Equal(t, assess.Expedited, c.Class)
	require.True(t, c.Differs)

	c, err = a.CrossCheck(nil, nil, assess.Known{Multiple: true}, days, noon)
	require.NoError(t, err)
	require.Equal(t, "M", c.Inputs["safety impact"], "only death is of several patients")
}

func TestTwoRowsThatSayTheSameLeaveNothingOpen(t *testing.T) {
	t.Parallel()
	r, err := assess.DefaultReporting()
	require.NoError(t, err)
	require.Equal(t, assess.NoDuty, r.Outcomes(assess.Circumstances{PMA: assess.No})[2].Duty)
}

func TestWhatWasExploitedBeforeIsNoChange(t *testing.T) {
	t.Parallel()
	f := finding()
	f.Exploited = &feeds.Exploited{Added: noon}
	a := credits(t, f, assess.Serious)
	require.Equal(t, assess.Uncontrolled, a.Risk())
	require.Empty(t, a.Changes(deployment(t), &f, noon))
	delisted := assess.Change{Fact: "exploited", From: "yes", To: "no"}
	require.NotEmpty(t, a.Tripped([]assess.Change{delisted}), "without the listing the deployment would count")
}

func TestForgedTripwiresAreFound(t *testing.T) {
	t.Parallel()
	a := bare(settled(t, assess.High, assess.Minor))
	require.NoError(t, a.Check())
	d := *a.Determination
	d.Tripwires = d.Tripwires[1:]
	a.Determination = &d
	require.ErrorContains(t, a.Check(), "its tripwires are not what")
	d.Tripwires = nil
	require.NoError(t, a.Check(), "as records were before there were any")
	require.ErrorContains(t, saver(t, ledger())("analyst", a), "has no tripwires")
}

func TestActiveExploitationBySSVCIsKnownExploitation(t *testing.T) {
	t.Parallel()
	f := finding()
	f.SSVC = &feeds.SSVC{Exploitation: "active"}
	a := credits(t, f, assess.Serious)
	require.Equal(t, assess.Uncontrolled, a.Risk())
	require.Equal(t, assess.Emergency, respond(t, a, noon).Class)
}
