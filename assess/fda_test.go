package assess_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/cvss/rubric"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
)

// said marks where an input of an example comes from.
type said string

const (
	stated said = "stated" // the text of the guidance says it
	ours   said = "ours"   // it does not: every value that fits the text is tried
)

// physical is the worst attack of those that need physical access: all else is easy.
var physical = answers(rubric.Answers{"XAVP": "Y", "XACL": "Y", "XIT": "H"})

// concluded does the four steps for f and settles.
func concluded(t *testing.T, f match.Finding, attack rubric.Answers, h assess.Harm) assess.Assessment {
	t.Helper()
	a, err := assess.Open(f, time.Time{}, "analyst", noon)
	require.NoError(t, err)
	a, err = a.WithTriage(assess.Triage{Step: step("analyst"), Result: assess.Affected})
	require.NoError(t, err)
	a, err = a.WithExploitability(step("analyst"), attack, nil)
	require.NoError(t, err)
	a, err = a.WithImpact(assess.Impact{Step: step("clinician"), Harm: h, Statement: "The pump stops."})
	require.NoError(t, err)
	a, err = a.WithScore(step("analyst"), attack, nil)
	require.NoError(t, err)
	a, err = a.Propose(nil, assess.Proposal{Step: step("analyst")})
	require.NoError(t, err)
	a, err = a.Settle(ok("safety"))
	require.NoError(t, err)
	require.NoError(t, a.Check())
	return a
}

// FDA's eight examples (Postmarket Management of Cybersecurity in Medical Devices,
// 2016-12-28, VII.A and VII.B; read in the text). The verdict must hold for every
// value that is listed; where it would not hold for all that fit, rests names the
// values it rests on. Whether the discretion is had is not an input: what the text
// says was done, and when, is. Outcomes that the text does not state are not asserted.
func TestFDAsEightExamples(t *testing.T) {
	t.Parallel()
	all := assess.Levels()
	harmless := []assess.Harm{assess.Negligible, assess.Minor}
	grave := []assess.Harm{assess.Critical, assess.Catastrophic}
	const y, n, u = assess.Yes, assess.No, assess.Answer("") // u: the text does not say, and no outcome may hang on it
	// Day 30 and day 60 are the last in time; where the text says no day, it is one that costs nothing.
	told, fixed := happened(assess.Notified, 30, true), happened(assess.Fixed, 60, true)
	shared, harmed := happened(assess.Shared, 30, true), happened(assess.NoHarm, 5, false)
	inTime := []assess.DiscretionFact{told, shared, fixed}
	noISAO := []assess.DiscretionFact{told, fixed}
	for _, c := range []struct {
		number      int
		name        string
		levels      []assess.Level
		level       said
		attack      rubric.Answers // what the text says of the attack, if it gives the level
		exploited   bool
		harms       []assess.Harm
		harm        said
		rests       string
		want        assess.Risk
		harmed, pma assess.Answer
		facts       []assess.DiscretionFact
		eligible    assess.Answer // what the facts must come to
		lost        string        // by which condition
		mdr         assess.Duty
		part806     assess.Duty
		annual      assess.Duty // empty: not stated
	}{
		{number: 1, name: "malware on a blood gas analyzer; safety and essential performance are not affected",
			levels: all, level: ours, harms: harmless, harm: ours,
			want: assess.Controlled, harmed: n, pma: u, mdr: assess.NoDuty, part806: assess.NoDuty},
		{number: 2, name: "an outsider can view patients' data, not edit it; that is no patient harm (IV.F)",
			levels: all, level: ours, harms: harmless, harm: ours,
			want: assess.Controlled, harmed: n, pma: u, mdr: assess.NoDuty, part806: assess.NoDuty},
		{number: 3, name: "an open port; no firmware by it, and physical access is needed",
			levels: []assess.Level{assess.Low}, level: ours, attack: physical,
			harms: []assess.Harm{assess.Negligible, assess.Minor, assess.Serious}, harm: ours,
			rests: "exploitability of low, which our bands give physical access; harm of serious at the most: above, an approver documents why",
			want:  assess.Controlled, harmed: n, pma: u, mdr: assess.NoDuty, part806: assess.NoDuty},
		{number: 4, name: "spyware on the PC of a class III device collects browsing data",
			levels: all, level: ours, harms: harmless, harm: ours,
			want: assess.Controlled, harmed: n, pma: y, mdr: assess.NoDuty, part806: assess.NoDuty, annual: assess.Include},
		{number: 5, name: "an open port that takes unauthorized firmware; noticed by day 30, fixed by day 60, shared; class III",
			levels: all, level: ours, harms: grave, harm: ours, rests: "harm of critical at the least; serious is uncontrolled from medium",
			want: assess.Uncontrolled, harmed: n, pma: y, facts: inTime, eligible: y, mdr: assess.NoDuty, part806: assess.NotEnforced, annual: assess.Include},
		{number: 5, name: "the same with serious harm",
			levels: []assess.Level{assess.Medium, assess.High}, level: ours, harms: []assess.Harm{assess.Serious}, harm: ours, rests: "exploitability of medium at the least",
			want: assess.Uncontrolled, harmed: n, pma: y, facts: inTime, eligible: y, mdr: assess.NoDuty, part806: assess.NotEnforced, annual: assess.Include},
		{number: 6, name: "a hard-coded password in a class III implant; moderate exploitability, harm up to death; a patch by day 60, no ISAO",
			levels: []assess.Level{assess.Medium}, level: stated, harms: []assess.Harm{assess.Catastrophic}, harm: stated,
			want: assess.Uncontrolled, harmed: n, pma: y, facts: noISAO, eligible: n, lost: "active in an ISAO", mdr: assess.NoDuty, part806: assess.Report},
		{number: 7, name: "class II, a new failure mode in essential performance; noticed by day 30, patched by day 60, shared",
			levels: all, level: ours, harms: grave, harm: ours, rests: "harm of critical at the least; serious is uncontrolled from medium",
			want: assess.Uncontrolled, harmed: n, pma: n, facts: inTime, eligible: y, mdr: assess.NoDuty, part806: assess.NotEnforced},
		{number: 7, name: "the same with serious harm",
			levels: []assess.Level{assess.Medium, assess.High}, level: ours, harms: []assess.Harm{assess.Serious}, harm: ours, rests: "exploitability of medium at the least",
			want: assess.Uncontrolled, harmed: n, pma: n, facts: inTime, eligible: y, mdr: assess.NoDuty, part806: assess.NotEnforced},
		{number: 8, name: "a patient is harmed through exploitation, so it is known to be exploited",
			levels: all, level: ours, exploited: true,
			harms: []assess.Harm{assess.Serious, assess.Critical, assess.Catastrophic}, harm: ours,
			rests: "that exploitation is high, which is a rule of ours; harm of serious at the least",
			want:  assess.Uncontrolled, harmed: y, pma: u, facts: append(inTime[:3:3], harmed), eligible: n, lost: "no known serious adverse event", mdr: assess.Report, part806: assess.Report},
	} {
		t.Run(fmt.Sprintf("%d %s", c.number, c.name), func(t *testing.T) {
			t.Parallel()
			verdict := func(l assess.Level, h assess.Harm) assess.Risk {
				f, attack := finding(), attacks[l]
				if c.exploited {
					f.Exploited = &feeds.Exploited{}
				}
				if c.attack != nil {
					attack = c.attack
				}
				a := concluded(t, f, attack, h)
				want := l
				if c.exploited {
					want = assess.High
				}
				require.Equal(t, want, a.Exploitability.Level)
				return a.Risk()
			}
			for _, l := range c.levels {
				for _, h := range c.harms {
					require.Equal(t, c.want, verdict(l, h), "%s × %s", l, h)
				}
			}
			// What is ours is tried whole, or it is named; and what is named does matter.
			switch {
			case c.level == ours && c.rests == "":
				require.Equal(t, all, c.levels)
			case c.level == ours && c.attack == nil && len(c.levels) < len(all):
				other := false
				for _, l := range all {
					other = other || !slices.Contains(c.levels, l) && verdict(l, c.harms[0]) != c.want
				}
				require.True(t, other, "the verdict rests on no level")
			}
			switch {
			case c.harm == ours && c.rests == "":
				require.Equal(t, harmless, c.harms, "every harm that is no patient harm")
			case c.harm == ours:
				other := false
				for _, h := range assess.Harms() {
					for _, l := range c.levels {
						other = other || !slices.Contains(c.harms, h) && verdict(l, h) != c.want
					}
				}
				require.True(t, other, "the verdict rests on nothing")
				from := slices.Index(assess.Harms(), c.harms[0])
				require.Equal(t, assess.Harms()[from:from+len(c.harms)], c.harms, "none in between is left out")
			}

			eligible := u
			if c.facts != nil {
				var why string
				eligible, why = with(t, begun(t), c.facts...).Eligible(seen.AddDate(0, 0, 70))
				require.Equal(t, c.eligible, eligible, why)
				require.Contains(t, why, c.lost)
			}
			r, err := assess.DefaultReporting()
			require.NoError(t, err)
			events := []assess.Event{assess.NoEvent}
			if c.harmed == assess.Yes {
				events = []assess.Event{assess.Death, assess.SeriousInjury}
			}
			for _, e := range events {
				out := r.Outcomes(assess.Circumstances{Risk: c.want, Event: e, Eligible: eligible, PMA: c.pma})
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
