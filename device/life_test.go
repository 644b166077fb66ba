package device_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/rule"
)

func day(s string) time.Time {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return d
}

func supported() device.Life {
	return device.Life{
		Product: "pump-2.1", Stage: device.Supported, Since: day("2024-01-01"), By: "rm", Why: "released",
		Planned: []device.Planned{{Stage: device.LimitedSupport, On: "2027-01-01"}, {Stage: device.EndOfSupport, On: "2028-06-30"}},
	}
}

func TestStagesAreLabelledAsRemembered(t *testing.T) {
	t.Parallel()
	b, err := device.Stages()
	require.NoError(t, err)
	require.Equal(t, rule.Memory, b.Citation.Certainty)
	require.Len(t, b.Stages, 5)
	require.Contains(t, b.Label, "memory")
	for _, bad := range []string{`{}`, `{"stages":[]}`, `{"stage":[]}`} {
		_, err := device.LoadStages(fstest.MapFS{"s.json": {Data: []byte(bad)}}, "s.json")
		require.Error(t, err, bad)
	}
}

func FuzzLoadStages(f *testing.F) {
	f.Add([]byte(`{"about":"","label":"x","citation":{"source":"s","clause":"c","date":"2023","force":"guidance","certainty":"memory"},"stages":[{"stage":"development","means":"x"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if b, err := device.LoadStages(fstest.MapFS{"s.json": {Data: data}}, "s.json"); err == nil {
			require.Len(t, b.Stages, 5)
		}
	})
}

func TestAStageGoesForwardAndTheValueGivenStays(t *testing.T) {
	t.Parallel()
	l := supported()
	require.NoError(t, l.Validate())
	next, err := l.Move(device.LimitedSupport, "rm", "announced", day("2027-01-01"))
	require.NoError(t, err)
	require.Equal(t, device.Supported, l.Stage)
	require.Len(t, l.Planned, 2)
	require.Equal(t, []device.Planned{{Stage: device.EndOfSupport, On: "2028-06-30"}}, next.Planned)
	_, err = next.Move(device.Supported, "rm", "again", day("2027-02-01"))
	var stage *device.StageError
	require.True(t, errors.As(err, &stage))
	require.Equal(t, device.Supported, stage.To)
	back, err := next.Correct(device.Supported, "rm", "taken up again", day("2027-02-01"))
	require.NoError(t, err)
	require.Equal(t, device.Supported, back.Stage)
	for _, bad := range []func() (device.Life, error){
		func() (device.Life, error) { return l.Move("gone", "rm", "x", day("2027-01-01")) },
		func() (device.Life, error) { return l.Move(device.EndOfLife, "", "x", day("2027-01-01")) },
		func() (device.Life, error) { return l.Move(device.EndOfLife, "rm", " ", day("2027-01-01")) },
		func() (device.Life, error) { return l.Move(device.EndOfLife, "rm", "x", time.Time{}) },
		func() (device.Life, error) { return l.Move(device.EndOfLife, "rm", "x", day("2023-01-01")) },
	} {
		_, err := bad()
		require.Error(t, err)
	}
}

func TestThePlanSaysWhenSupportEndsAndWhatIsLate(t *testing.T) {
	t.Parallel()
	l := supported()
	on, ok := l.SupportEnds()
	require.True(t, ok)
	require.Equal(t, "2028-06-30", on)
	require.Empty(t, l.Overdue(day("2026-12-31")))
	require.Len(t, l.Overdue(day("2027-01-01")), 1)
	l, err := l.Move(device.EndOfSupport, "rm", "early", day("2026-05-01"))
	require.NoError(t, err)
	on, _ = l.SupportEnds()
	require.Equal(t, "2026-05-01", on)
	require.Empty(t, l.Planned)
	_, ok = device.Life{Product: "x", Stage: device.Supported}.SupportEnds()
	require.False(t, ok)
}

func TestSupportEndsOnce(t *testing.T) {
	t.Parallel()
	l, err := supported().Move(device.EndOfSupport, "rm", "notice", day("2024-06-30"))
	require.NoError(t, err)
	ends := func(l device.Life) string {
		on, ok := l.SupportEnds()
		require.True(t, ok)
		return on
	}
	gone, err := l.Move(device.EndOfLife, "rm", "over", day("2026-01-01"))
	require.NoError(t, err)
	require.Equal(t, "2024-06-30", ends(gone), "the end of life is not the end of support")
	require.Equal(t, day("2026-01-01"), gone.Since)

	old := l
	old.Ended = "" // a record of old
	old, err = old.Move(device.EndOfLife, "rm", "over", day("2026-01-01"))
	require.NoError(t, err)
	require.Equal(t, "2024-06-30", ends(old))

	straight, err := supported().Move(device.EndOfLife, "rm", "over", day("2026-01-01"))
	require.NoError(t, err)
	require.Equal(t, "2026-01-01", ends(straight))

	for _, c := range []struct {
		from device.Life
		to   device.Stage
		on   string
		want string
	}{
		{gone, device.EndOfLife, "2026-02-01", "2024-06-30"},
		{gone, device.EndOfSupport, "2026-02-01", "2024-06-30"},
		{gone, device.EndOfLife, "2023-01-01", "2023-01-01"},
		{l, device.EndOfSupport, "2024-07-31", "2024-07-31"},
	} {
		got, err := c.from.Correct(c.to, "rm", "the record was wrong", day(c.on))
		require.NoError(t, err)
		require.Equal(t, c.want, ends(got), c)
	}
	back, err := gone.Correct(device.Supported, "rm", "taken up again", day("2026-02-01"))
	require.NoError(t, err)
	require.Empty(t, back.Ended)
	_, ok := back.SupportEnds()
	require.False(t, ok)

	gone.Ended = "2026-01-02"
	require.ErrorContains(t, gone.Validate(), "after the present stage began")
	gone.Ended = "soon"
	require.ErrorContains(t, gone.Validate(), `on "soon"`)
}

func TestALifeTellsAllThatIsWrongAtOnce(t *testing.T) {
	t.Parallel()
	l := device.Life{Stage: "old", Planned: []device.Planned{
		{Stage: device.EndOfSupport, On: "2027-02-30"}, {Stage: device.EndOfLife, On: "2027-01-01"}, {Stage: device.EndOfSupport, On: "2029-01-01"},
	}}
	for _, want := range []string{"no product", `stage "old"`, "since when", `on "2027-02-30"`, "does not follow"} {
		require.ErrorContains(t, l.Validate(), want)
	}
}

func line() device.Line {
	return device.Line{ID: "pump", Name: "Infusion pumps", Manufacturer: "Example Devices", Variants: []device.Variant{
		{
			Model: "IP-2", UDIDI: "00012345678905", Products: []string{"pump-2.0", "pump-2.1"},
			Markets: []device.Market{{Place: "US", Class: "II", Number: "K000000", From: "2024-03-01"}, {Place: "EU", Class: "IIb"}},
		},
		{Model: "IP-2W", Products: []string{"pump-w-2.1"}},
	}}
}

func TestAVulnerabilityInOneProductIsAQuestionToItsLine(t *testing.T) {
	t.Parallel()
	l := line()
	require.NoError(t, l.Validate())
	require.Equal(t, []string{"pump-2.0", "pump-w-2.1"}, l.Siblings("pump-2.1"))
	require.Empty(t, l.Siblings("other"))
	require.Equal(t, []string{"pump-2.0", "pump-2.1"}, l.Variants[0].Products, "the line is not touched")
}

func TestALineTellsAllThatIsWrongAtOnce(t *testing.T) {
	t.Parallel()
	l := device.Line{Variants: []device.Variant{
		{Model: "a", UDIDI: "00012345678904", Products: []string{"p", "p"}, Markets: []device.Market{
			{Place: "US"}, {Place: "US", Class: "II", From: "2025-01-01", Until: "2024-01-01"}, {Place: "EU", Class: "I", From: "soon"},
		}},
		{Model: "a"},
	}}
	for _, want := range []string{
		"no id", "no name", "no manufacturer", "model of its own", "wrong check digit", `product "p"`, "without a place or a class", `market "US" is listed twice`,
		`until "2024-01-01"`, `from "soon"`,
	} {
		require.ErrorContains(t, l.Validate(), want)
	}
}

func ExampleLife_Move() {
	l := device.Life{Product: "pump-2.1", Stage: device.Supported, Since: day("2024-01-01"), By: "rm", Why: "released"}
	l, err := l.Move(device.EndOfSupport, "rm", "notice of 2026-01-15", day("2026-06-30"))
	fmt.Println(l.Stage, l.Since.Format(time.DateOnly), err)
	_, err = l.Move(device.Supported, "rm", "changed our mind", day("2026-07-01"))
	fmt.Println(err)
	// Output:
	// end of support 2026-06-30 <nil>
	// device: product "pump-2.1" from "end of support" to "supported": a stage does not come back
}

func ExampleLine_Siblings() {
	l := device.Line{ID: "pump", Variants: []device.Variant{{Model: "IP-2", Products: []string{"pump-2.0", "pump-2.1"}}}}
	fmt.Println(l.Siblings("pump-2.1"))
	// Output: [pump-2.0]
}

func ExampleStages() {
	b, err := device.Stages()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(b.Stages[2].Stage, "–", b.Citation.Certainty)
	// Output: limited support – memory
}
