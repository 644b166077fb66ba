package assess_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/internal/golden"
	"github.com/open-postmarket/postmarket/rule"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/store/sqlite"
)

func begun(t testing.TB) assess.Discretion {
	t.Helper()
	a, err := assess.Open(finding(), time.Time{}, "analyst", noon)
	require.NoError(t, err)
	d, err := assess.BeginDiscretion(a, nil, calendar(t))
	require.NoError(t, err)
	require.NoError(t, d.Check())
	return d
}

// happened is a fact recorded on the day after it happened, days after learning.
func happened(c assess.Condition, days int, met bool) assess.DiscretionFact {
	at := seen.AddDate(0, 0, days)
	s := step("regulatory")
	s.At = at.AddDate(0, 0, 1)
	return assess.DiscretionFact{Step: s, Condition: c, Happened: at, Met: met}
}

func with(t testing.TB, d assess.Discretion, facts ...assess.DiscretionFact) assess.Discretion {
	t.Helper()
	for _, f := range facts {
		var err error
		d, err = d.With(f)
		require.NoError(t, err)
		require.NoError(t, d.Check())
	}
	return d
}

// FDA, Postmarket Management of Cybersecurity in Medical Devices (2016-12-28),
// VII.B, the four conditions (guidance; read in the text).
func TestTheFourConditionsOfTheDiscretion(t *testing.T) {
	t.Parallel()
	in := []assess.DiscretionFact{happened(assess.Notified, 20, true), happened(assess.Shared, 20, true), happened(assess.Fixed, 55, true)}
	for _, c := range []struct {
		name  string
		facts []assess.DiscretionFact
		day   int
		want  assess.Answer
		why   string
	}{
		{"nothing is due yet", nil, 10, "", "open: customers told"},
		{"all in time", in, 70, assess.Yes, "all four"},
		{"the fix is not due yet", in[:2], 40, "", "open: a deployable fix"},
		{"no notice by day 30", nil, 32, assess.No, "nothing is recorded"},
		{"no fix by day 60", in[:2], 62, assess.No, "nothing is recorded"},
		{"a notice on day 31", []assess.DiscretionFact{happened(assess.Notified, 31, true), in[1], in[2]}, 70, assess.No, "only done on"},
		{"a fix on day 61", []assess.DiscretionFact{in[0], in[1], happened(assess.Fixed, 61, true)}, 70, assess.No, "only done on"},
		{"not shared with an ISAO", []assess.DiscretionFact{in[0], in[2]}, 70, assess.No, "active in an ISAO"},
		{"the membership ended", append(in[:3:3], happened(assess.Shared, 56, false)), 70, assess.No, "active in an ISAO"},
		{"a serious adverse event", append(in[:3:3], happened(assess.NoHarm, 56, false)), 70, assess.No, "adverse event"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, why := with(t, begun(t), c.facts...).Eligible(seen.AddDate(0, 0, c.day))
			require.Equal(t, c.want, got, why)
			require.Contains(t, why, c.why)
		})
	}
}

func TestTheLastSecondOfTheMarkIsInTime(t *testing.T) {
	t.Parallel()
	d := begun(t)
	require.Equal(t, "2026-04-10T04:59:59Z", d.NoticeDue.Format(time.RFC3339), "end of 2026-04-09 in Chicago, 30 days after 2026-03-10")
	got, _ := d.Eligible(d.NoticeDue.Add(time.Second - time.Microsecond))
	require.Empty(t, got)
	got, _ = d.Eligible(d.NoticeDue.Add(time.Second))
	require.Equal(t, assess.No, got)
}

// Loss is monotonic: a refuted attribution is a record beside it, never a reset.
func TestWhatIsLostStaysLost(t *testing.T) {
	t.Parallel()
	d := with(t, begun(t), happened(assess.NoHarm, 5, false))
	s := step("regulatory")
	s.At = seen.AddDate(0, 0, 20)
	d, err := d.Refute(0, s)
	require.NoError(t, err)
	require.NoError(t, d.Check())
	got, why := d.Eligible(seen.AddDate(0, 0, 21))
	require.Equal(t, assess.No, got)
	require.Contains(t, why, "resets nothing")
	_, err = d.Refute(7, s)
	require.ErrorContains(t, err, "no loss 7")

	rapid.Check(t, func(r *rapid.T) {
		d, lost := begun(t), 0
		for range rapid.IntRange(1, 8).Draw(r, "facts") {
			c := rapid.SampledFrom(assess.Conditions()).Draw(r, "condition")
			day := rapid.IntRange(0, 90).Draw(r, "day")
			f := happened(c, day, c != assess.NoHarm && rapid.Bool().Draw(r, "met"))
			kept := rapid.Bool().Draw(r, "looked and kept")
			if kept {
				d = d.Look(f.At)
			}
			next, err := d.With(f)
			require.NoError(t, err)
			require.NoError(t, next.Check())
			require.GreaterOrEqual(t, len(next.Losses), lost)
			was, _ := d.Eligible(f.At)
			is, _ := next.Eligible(f.At)
			lostBy := slices.ContainsFunc(d.Losses, func(l assess.Loss) bool { return !l.At.After(f.At) })
			require.True(t, !lostBy || was == assess.No)
			if lostBy || kept && was == assess.No {
				require.Equal(t, assess.No, is, "a loss that is kept stays")
				end, _ := next.Eligible(f.At.AddDate(1, 0, 0))
				require.Equal(t, assess.No, end)
			}
			again := next.Look(f.At).Look(f.At)
			require.Equal(t, next.Look(f.At), again, "looked at twice it is the same")
			d, lost = next, len(next.Losses)
		}
	})
}

func TestWhatHappenedInTimeMayBeRecordedLateUntilTheLossIsKept(t *testing.T) {
	t.Parallel()
	late := func(c assess.Condition, days int) assess.DiscretionFact {
		f := happened(c, days, true)
		f.At = seen.AddDate(0, 0, 80)
		return f
	}
	d := with(t, begun(t), late(assess.Fixed, 50), late(assess.Notified, 20), late(assess.Shared, 20))
	got, why := d.Eligible(seen.AddDate(0, 0, 81))
	require.Equal(t, assess.Yes, got, why)
	d = with(t, begun(t).Look(seen.AddDate(0, 0, 40)), late(assess.Fixed, 50), late(assess.Notified, 20), late(assess.Shared, 20))
	got, why = d.Eligible(seen.AddDate(0, 0, 81))
	require.Equal(t, assess.No, got, why)
}

func TestALedgerKeepsEveryLoss(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Open(t.TempDir() + "/d.db")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	for name, driver := range map[string]store.Driver{"memory": memory.New(), "sqlite": db} {
		now := seen.AddDate(0, 0, 90)
		l := store.New(driver, &store.Options{Now: func() time.Time { return now }})
		save := func(who string, d assess.Discretion) error {
			return assess.SaveDiscretion(t.Context(), l, store.By{Who: who, Why: "w"}, d)
		}
		require.ErrorIs(t, save("regulatory", begun(t)), store.ErrNotFound, "there is no assessment")
		require.NoError(t, assess.Save(t.Context(), l, store.By{Who: "analyst", Why: "w"}, opened(t)))
		states := []assess.Discretion{begun(t)}
		states = append(states, with(t, states[0], happened(assess.Notified, 20, true)))
		states = append(states, with(t, states[1], happened(assess.NoHarm, 25, false)))
		require.NoError(t, save("regulatory", states[0]), name)
		require.ErrorContains(t, save("eve", states[1]), `recorded by "regulatory" and is written by "eve"`)
		for _, d := range states[1:] {
			require.NoError(t, save("regulatory", d), name)
		}
		require.ErrorIs(t, save("regulatory", states[1]), assess.ErrHistory)
		put := states[2]
		put.NoticeDue = put.NoticeDue.AddDate(0, 0, 1)
		require.ErrorIs(t, save("regulatory", put), assess.ErrHistory, "a mark is put off")
		reset := states[2]
		reset.Losses, reset.Facts = nil, states[1].Facts
		require.ErrorIs(t, save("regulatory", reset), assess.ErrHistory)
		var kept []assess.Discretion
		for e, err := range assess.Discretions.History(t.Context(), l, states[0].Key()) {
			require.NoError(t, err)
			d, err := assess.Discretions.Decode(e)
			require.NoError(t, err)
			kept = append(kept, d)
		}
		require.Empty(t, cmp.Diff(states, kept))
	}
}

func TestADiscretionThatIsNotRightIsRefused(t *testing.T) {
	t.Parallel()
	d := begun(t)
	for _, c := range []struct {
		name string
		f    assess.DiscretionFact
		want string
	}{
		{"nobody", assess.DiscretionFact{Condition: assess.Fixed}, "not said: who"},
		{"no condition", assess.DiscretionFact{Step: step("a"), Happened: seen}, "is not known"},
		{"no instant", assess.DiscretionFact{Step: step("a"), Condition: assess.Fixed}, "when it happened is missing"},
		{"later than recorded", assess.DiscretionFact{Step: step("a"), Condition: assess.Fixed, Happened: noon.AddDate(0, 0, 1)}, "lies after"},
		{"no harm", assess.DiscretionFact{Step: step("a"), Condition: assess.NoHarm, Happened: seen, Met: true}, "needs no record"},
	} {
		_, err := d.With(c.f)
		require.ErrorContains(t, err, c.want, c.name)
	}
	_, err := assess.Discretion{}.With(happened(assess.Fixed, 1, true))
	require.ErrorContains(t, err, "not begun")
	_, err = assess.BeginDiscretion(assess.Assessment{}, nil, calendar(t))
	require.ErrorContains(t, err, "not opened")
	_, err = assess.BeginDiscretion(opened(t), nil, rule.Calendar{})
	require.ErrorContains(t, err, "zone")
	silent := with(t, d, happened(assess.NoHarm, 5, false))
	silent.Losses = nil
	require.ErrorContains(t, silent.Check(), "nothing is lost")
}

func TestTheMarksAreNeverPutOff(t *testing.T) {
	t.Parallel()
	d, a := begun(t), opened(t)
	early, err := a.MoveLearned(assess.LearnedChange{To: seen.AddDate(0, 0, -5), By: "analyst", Why: "a letter", At: noon})
	require.NoError(t, err)
	e, err := d.Relearned(early, nil, calendar(t))
	require.NoError(t, err)
	require.NoError(t, e.Check())
	require.True(t, e.NoticeDue.Before(d.NoticeDue))
	same, err := e.Relearned(a, nil, calendar(t))
	require.NoError(t, err)
	require.Equal(t, e, same)
	_, err = d.Relearned(airGapped(t, device.Deployment{Network: device.Isolated}), nil, calendar(t))
	require.ErrorContains(t, err, "is not")
}

func corrected() assess.Correction {
	return assess.Correction{Schema: assess.CorrectionSchema, ID: "cor-1", Finding: finding().Key(), What: "version 2.2 is installed", Initiated: seen}
}

// 21 CFR 806.10(b) and 806.20 (regulation; read in the text): reported within 10
// working days of initiating, or justified and evaluated by a designated person.
func TestEveryCorrectionIsReportedOrJustifiedAndEvaluated(t *testing.T) {
	t.Parallel()
	c := corrected()
	require.NoError(t, c.Check())
	require.False(t, c.Decided())
	clock, err := c.Clock(nil, "regulatory", calendar(t))
	require.NoError(t, err)
	require.Equal(t, "2026-03-24", clock.Day.String())
	require.False(t, clock.Due.Before(clock.Start))

	_, err = c.Justify(assess.Step{})
	require.ErrorContains(t, err, "not said")
	j, err := c.Justify(step("regulatory"))
	require.NoError(t, err)
	require.False(t, j.Decided(), "nobody evaluated it")
	require.Equal(t, []string{"cor-1", "cor-2"}, assess.Undecided([]string{"cor-1", "cor-2"}, []assess.Correction{j}))
	_, err = j.Evaluate(ok("regulatory"), designation("regulatory"))
	require.ErrorIs(t, err, assess.ErrSamePerson)
	_, err = c.Evaluate(ok("designated"), designation("designated"))
	require.ErrorContains(t, err, "nothing is justified")
	e, err := j.Evaluate(ok("designated"), designation("designated"))
	require.NoError(t, err)
	require.True(t, e.Decided())
	require.Equal(t, []string{"cor-2"}, assess.Undecided([]string{"cor-1", "cor-2"}, []assess.Correction{e}))
	forged := e
	forged.What = "nothing"
	require.ErrorContains(t, forged.Check(), "evaluated another")

	r, err := c.Report(assess.Reported{Step: step("regulatory"), Number: "1234567-03122026-001-C"})
	require.NoError(t, err)
	require.True(t, r.Decided())
	_, err = r.Justify(step("regulatory"))
	require.ErrorContains(t, err, "reported already")
	_, err = c.Report(assess.Reported{Step: step("regulatory")})
	require.ErrorContains(t, err, "no number")
	early := step("regulatory")
	early.At = seen.Add(-time.Hour)
	_, err = c.Report(assess.Reported{Step: early, Number: "1"})
	require.ErrorContains(t, err, "before the correction began")
}

func TestALedgerKeepsEveryDecisionOnACorrection(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Open(t.TempDir() + "/c.db")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	for name, driver := range map[string]store.Driver{"memory": memory.New(), "sqlite": db} {
		l := store.New(driver, &store.Options{Now: func() time.Time { return noon }})
		save := func(who string, c assess.Correction) error {
			return assess.SaveCorrection(t.Context(), l, store.By{Who: who, Why: "w"}, c)
		}
		j, err := corrected().Justify(step("regulatory"))
		require.NoError(t, err)
		e, err := j.Evaluate(ok("designated"), designation("designated"))
		require.NoError(t, err)
		require.Error(t, save("designated", e), "not justified in the ledger")
		require.NoError(t, save("regulatory", corrected()), name)
		require.ErrorContains(t, save("eve", j), "is written by")
		require.NoError(t, save("regulatory", j))
		require.ErrorContains(t, save("regulatory", e), `evaluated by "designated" and is written by "regulatory"`)
		require.NoError(t, save("designated", e))
		require.ErrorIs(t, save("regulatory", j), assess.ErrHistory)
		moved := e
		moved.Initiated = noon
		require.Error(t, save("regulatory", moved))
		var kept []assess.Correction
		for entry, err := range assess.CorrectionDecisions.History(t.Context(), l, "cor-1") {
			require.NoError(t, err)
			c, err := assess.CorrectionDecisions.Decode(entry)
			require.NoError(t, err)
			kept = append(kept, c)
		}
		require.Empty(t, cmp.Diff([]assess.Correction{corrected(), j, e}, kept))
	}
}

// One golden for each version of a record; it decodes forever.
func TestGoldensOfTheRecords(t *testing.T) {
	t.Parallel()
	j, err := corrected().Justify(step("regulatory"))
	require.NoError(t, err)
	e, err := j.Evaluate(ok("designated"), designation("designated"))
	require.NoError(t, err)
	d := with(t, begun(t), happened(assess.Notified, 20, true), happened(assess.NoHarm, 25, false))
	s := step("regulatory")
	s.At = seen.AddDate(0, 0, 30)
	d, err = d.Refute(0, s)
	require.NoError(t, err)
	items := assess.Compare([]assess.Assessment{inDeployment(t, "pump-2.1", "analyst", assess.Serious), inDeployment(t, "pump-2.2", "analyst-2", assess.Critical)}, nil)
	require.Len(t, items, 1)
	reviewed, err := items[0].Review(ok("reviewer"))
	require.NoError(t, err)
	attested := device.Attestation{Product: "pump-2.1", Site: "s-17", Control: "vlan-7", Holds: device.Has, By: "s-17-it", How: "letter 4", At: seen, Expires: noon}
	for name, v := range map[string]any{
		"inconsistency.v1.json":         reviewed,
		"attestation.v1.json":           attested,
		"correction.v1.json":            e,
		"discretion.v1.json":            d,
		"assessment.v1.deployment.json": credited(t, assess.Serious),
	} {
		text, err := json.MarshalIndent(v, "", "  ")
		require.NoError(t, err)
		golden.Equal(t, append(text, '\n'), "testdata/"+name)
	}
	var item assess.Inconsistency
	var att device.Attestation
	var c assess.Correction
	var kept assess.Discretion
	var a assess.Assessment
	for name, into := range map[string]any{"inconsistency.v1.json": &item, "attestation.v1.json": &att, "correction.v1.json": &c, "discretion.v1.json": &kept, "assessment.v1.deployment.json": &a} {
		text, err := os.ReadFile("testdata/" + name)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, into))
	}
	require.NoError(t, item.Check())
	require.NoError(t, att.Validate())
	require.NoError(t, c.Check())
	require.NoError(t, kept.Check())
	require.NoError(t, a.Check())
}

func ExampleDiscretion() {
	at := func(days int) time.Time { return seen.AddDate(0, 0, days) }
	a, err := assess.Open(finding(), time.Time{}, "analyst-1", noon)
	if err != nil {
		fmt.Println(err)
		return
	}
	cal, err := rule.NewCalendar("America/Chicago")
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := assess.BeginDiscretion(a, nil, cal)
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, why := d.Eligible(at(10))
	fmt.Printf("%q %s\n", answer, why)
	answer, why = d.Eligible(at(31))
	fmt.Printf("%q %s\n", answer, why)
	// Output:
	// "" open: customers told, interim controls and a plan within 30 days of learning; a deployable fix validated and distributed within 60 days of learning; active in an ISAO that got the customer communication
	// "no" lost since 2026-04-10: customers told, interim controls and a plan within 30 days of learning: nothing is recorded by the end of 2026-04-10T04:59:59Z
}
