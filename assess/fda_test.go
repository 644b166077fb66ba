package assess_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
)

// said marks where an input of an example comes from.
type said string

const (
	stated said = "stated" // the text of the guidance says it
	ours   said = "ours"   // it does not: every value that fits the text is tried
)

// FDA's eight examples (Postmarket Management of Cybersecurity in Medical Devices,
// 2016-12-28, VII.A and VII.B; read in the text). The verdict must hold for every
// value that is listed; where it would not hold for all that fit, rests names the
// values it rests on. Outcomes that the text does not state are not asserted.
func TestFDAsEightExamples(t *testing.T) {
	t.Parallel()
	all := assess.Levels()
	harmless := []assess.Harm{assess.Negligible, assess.Minor}
	grave := []assess.Harm{assess.Critical, assess.Catastrophic}
	type answers struct{ harmed, eligible, pma assess.Answer }
	const y, n, u = assess.Yes, assess.No, assess.Answer("")
	for _, c := range []struct {
		number  int
		name    string
		levels  []assess.Level
		level   said
		harms   []assess.Harm
		harm    said
		rests   string
		want    assess.Risk
		answers answers // u: the text does not say, and the outcome may not hang on it
		mdr     assess.Duty
		part806 assess.Duty
		annual  assess.Duty // empty: not stated
	}{
		{1, "malware on a blood gas analyzer; safety and essential performance are not affected", all, ours, harmless, ours, "",
			assess.Controlled, answers{n, u, u}, assess.NoDuty, assess.NoDuty, ""},
		{2, "an outsider can view patients' data, not edit it; that is no patient harm (IV.F)", all, ours, harmless, ours, "",
			assess.Controlled, answers{n, u, u}, assess.NoDuty, assess.NoDuty, ""},
		{3, "an open port; no firmware by it, and physical access is needed", []assess.Level{assess.Low}, stated,
			[]assess.Harm{assess.Negligible, assess.Minor, assess.Serious}, ours, "harm of serious at the most; above, an approver documents why",
			assess.Controlled, answers{n, u, u}, assess.NoDuty, assess.NoDuty, ""},
		{4, "spyware on the PC of a class III device collects browsing data", all, ours, harmless, ours, "",
			assess.Controlled, answers{n, u, y}, assess.NoDuty, assess.NoDuty, assess.Include},
		{5, "an open port that takes unauthorized firmware; noticed, fixed, shared; class III", all, ours, grave, ours, "harm of critical at the least; serious is uncontrolled from medium",
			assess.Uncontrolled, answers{n, y, y}, assess.NoDuty, assess.NotEnforced, assess.Include},
		{5, "the same with serious harm", []assess.Level{assess.Medium, assess.High}, ours, []assess.Harm{assess.Serious}, ours, "exploitability of medium at the least",
			assess.Uncontrolled, answers{n, y, y}, assess.NoDuty, assess.NotEnforced, assess.Include},
		{6, "a hard-coded password in a class III implant; moderate exploitability, harm up to death; no ISAO", []assess.Level{assess.Medium}, stated,
			[]assess.Harm{assess.Catastrophic}, stated, "", assess.Uncontrolled, answers{n, n, y}, assess.NoDuty, assess.Report, ""},
		{7, "class II, a new failure mode in essential performance; noticed, patched by day 60, shared", all, ours, grave, ours, "harm of critical at the least; serious is uncontrolled from medium",
			assess.Uncontrolled, answers{n, y, n}, assess.NoDuty, assess.NotEnforced, ""},
		{7, "the same with serious harm", []assess.Level{assess.Medium, assess.High}, ours, []assess.Harm{assess.Serious}, ours, "exploitability of medium at the least",
			assess.Uncontrolled, answers{n, y, n}, assess.NoDuty, assess.NotEnforced, ""},
		{8, "a patient is harmed through exploitation, so it is known to be exploited", []assess.Level{assess.High}, stated,
			[]assess.Harm{assess.Serious, assess.Critical, assess.Catastrophic}, ours, "harm of serious at the least",
			assess.Uncontrolled, answers{y, u, u}, assess.Report, assess.Report, ""},
	} {
		t.Run(fmt.Sprintf("%d %s", c.number, c.name), func(t *testing.T) {
			t.Parallel()
			require.True(t, c.level != ours || c.rests != "" || len(c.levels) == 3, "a level that is ours and not tried whole is named")
			require.True(t, c.harm != ours || c.rests != "" || c.harms[0] == assess.Negligible)
			for _, l := range c.levels {
				for _, h := range c.harms {
					require.Equal(t, c.want, settled(t, l, h).Risk(), "%s × %s", l, h)
				}
			}
			r, err := assess.DefaultReporting()
			require.NoError(t, err)
			events := []assess.Event{assess.NoEvent}
			if c.answers.harmed == assess.Yes {
				events = []assess.Event{assess.Death, assess.SeriousInjury}
			}
			for _, e := range events {
				out := r.Outcomes(assess.Circumstances{Risk: c.want, Event: e, Eligible: c.answers.eligible, PMA: c.answers.pma})
				require.Len(t, out, 3)
				require.Equal(t, c.mdr, out[0].Duty, out[0].Why)
				require.Equal(t, c.part806, out[1].Duty, out[1].Why)
				if c.annual != "" {
					require.Equal(t, c.annual, out[2].Duty, out[2].Why)
				}
				for _, o := range out {
					require.NotEmpty(t, o.Label)
				}
			}
		})
	}
}

func TestADutyThatHangsOnWhatIsNotKnownIsOpen(t *testing.T) {
	t.Parallel()
	r, err := assess.DefaultReporting()
	require.NoError(t, err)
	duties := func(c assess.Circumstances) (d []assess.Duty) {
		for _, o := range r.Outcomes(c) {
			d = append(d, o.Duty)
		}
		return d
	}
	require.Equal(t, []assess.Duty{assess.OpenDuty, assess.OpenDuty, assess.OpenDuty}, duties(assess.Circumstances{}))
	require.Equal(t, []assess.Duty{assess.NoDuty, assess.OpenDuty, assess.NoDuty},
		duties(assess.Circumstances{Risk: assess.Uncontrolled, Event: assess.NoEvent, PMA: assess.No}))
	require.Equal(t, []assess.Duty{assess.OpenDuty, assess.NoDuty, assess.NoDuty}, duties(assess.Circumstances{Risk: assess.NoRisk}))
	// 21 CFR 803.50: a malfunction that would be likely to harm if it recurred is reported too.
	require.Equal(t, []assess.Duty{assess.Report, assess.NotEnforced, assess.NoDuty},
		duties(assess.Circumstances{Risk: assess.Uncontrolled, Event: assess.Malfunction, Eligible: assess.Yes, PMA: assess.No}))
	require.Equal(t, duties(assess.Circumstances{}), duties(assess.Circumstances{Risk: "x", Event: "maybe", Eligible: "perhaps"}), "what is not a word says nothing")
}

func TestAFileOfReportingIsChecked(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("reporting.json")
	require.NoError(t, err)
	for _, c := range []struct{ name, from, to, want string }{
		{"a subject of nothing", `"subject": "803"`, `"subject": "804"`, `subject "804"`},
		{"an outcome of nothing", `"outcome": "report"`, `"outcome": "maybe"`, `outcome "maybe"`},
		{"an outcome that is missing", `"risk": "controlled",`, `"risk": "uncontrolled",`, `"806" has no outcome for`},
		{"no force", `"force": "regulation"`, `"force": ""`, "force"},
		{"an event of nothing", `"events": ["death", "serious injury"]`, `"events": ["death", "harm"]`, "an event or an answer is not known"},
		{"an answer of nothing", `"eligible": "yes"`, `"eligible": "perhaps"`, "an answer is not known"},
	} {
		text := strings.Replace(string(data), c.from, c.to, 1)
		require.NotEqual(t, string(data), text, c.name)
		_, err := assess.LoadReporting(fstest.MapFS{"r.json": {Data: []byte(text)}}, "r.json")
		require.ErrorContains(t, err, c.want, c.name)
	}
}

func ExampleReporting_Outcomes() {
	r, err := assess.DefaultReporting()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, o := range r.Outcomes(assess.Circumstances{Risk: assess.Uncontrolled, Event: assess.NoEvent, PMA: assess.Yes}) {
		fmt.Println(o.Subject, o.Duty)
	}
	// Output:
	// 803 none
	// 806 open
	// annual-report include
}
