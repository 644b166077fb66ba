package assess_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/match"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
)

// saver keeps assessments in one ledger under the name of who writes.
func saver(t *testing.T, l *store.Ledger) func(string, assess.Assessment) error {
	return func(who string, a assess.Assessment) error {
		return assess.Save(t.Context(), l, store.By{Who: who, Why: "walk"}, a)
	}
}

func TestNobodyIsProposerApproverAndSecondPersonAlone(t *testing.T) {
	t.Parallel()
	propose := func(by string) assess.Assessment {
		a, err := scored(t, assess.High, assess.Catastrophic).Propose(nil, assess.Proposal{Step: step(by), Risk: assess.Controlled})
		require.NoError(t, err)
		return a
	}
	save := saver(t, ledger())

	ghost := propose("ghost-proposer")
	alone, err := ghost.Settle(ok("mallory"), ok("ghost-second"))
	require.NoError(t, err)
	require.ErrorContains(t, save("mallory", alone), `countersigned by "ghost-second" and is written by "mallory"`)
	signed, err := ghost.Countersign(ok("mallory"))
	require.NoError(t, err)
	require.ErrorIs(t, save("mallory", signed), assess.ErrNotProposed, "never in the ledger")
	require.NoError(t, save("mallory", ghost))
	require.ErrorIs(t, save("mallory", signed), assess.ErrNotProposed, "in another's name")

	// the right way: three people, three acts
	save = saver(t, ledger())
	a := propose("analyst")
	require.NoError(t, save("analyst", a))
	early, err := a.Settle(ok("safety"), ok("quality"))
	require.NoError(t, err)
	require.ErrorContains(t, save("safety", early), `countersigned by "quality" and is written by "safety"`)
	a, err = a.Countersign(ok("quality"))
	require.NoError(t, err)
	require.NoError(t, a.Check())
	require.Equal(t, assess.Proposed, a.State(), "it has no force alone")
	require.ErrorContains(t, save("safety", a), "countersigned by")
	require.NoError(t, save("quality", a))
	_, err = a.Settle(ok("quality"))
	require.ErrorIs(t, err, assess.ErrSamePerson)
	a, err = a.Settle(ok("safety"))
	require.NoError(t, err)
	require.NoError(t, a.Check())
	require.ErrorContains(t, save("Safety", a), "is written by", "an id of the host's is taken as it is")
	require.NoError(t, save("safety", a))
	require.Equal(t, assess.Controlled, a.Risk())

	_, err = a.Countersign(ok("board"))
	require.ErrorContains(t, err, "no determination is proposed")
	_, err = propose("analyst").Countersign(ok("analyst"))
	require.ErrorIs(t, err, assess.ErrSamePerson)
}

func TestWhatIsApprovedIsWhatWasProposedWordForWord(t *testing.T) {
	t.Parallel()
	save := saver(t, ledger())
	p := proposed(t, assess.High, assess.Serious)
	require.NoError(t, save("analyst", p))
	other := p
	i := *p.Impact
	i.Statement = "Nothing happens."
	other.Impact = &i
	settled, err := other.Settle(ok("safety"))
	require.NoError(t, err)
	require.ErrorIs(t, save("safety", settled), assess.ErrNotProposed)
	require.NoError(t, save("eve", other), "a proposal has no force")
	require.ErrorIs(t, save("safety", settled), assess.ErrNotProposed, "not the words of who proposed it")
	require.NoError(t, save("analyst", p))
	settled, err = p.Settle(ok("safety"))
	require.NoError(t, err)
	require.NoError(t, save("safety", settled))
}

func TestALaterInstantOfLearningIsProposedByAnotherPersonInTheLedger(t *testing.T) {
	t.Parallel()
	save := saver(t, ledger())
	require.NoError(t, save("analyst", opened(t)))
	p := ok("mallory")
	move := assess.LearnedChange{To: noon, By: "ghost", Why: "w", At: noon, Approval: &p}
	alone, err := opened(t).MoveLearned(move)
	require.NoError(t, err)
	require.ErrorIs(t, save("mallory", alone), assess.ErrNotProposed)
	pending, err := opened(t).ProposeLearned(move)
	require.NoError(t, err)
	require.Equal(t, seen, pending.Instants.Learned, "it has no force")
	require.NoError(t, save("mallory", pending))
	require.ErrorIs(t, save("mallory", alone), assess.ErrNotProposed)
	_, err = opened(t).ProposeLearned(assess.LearnedChange{To: seen.Add(-time.Hour), By: "a", Why: "w", At: noon})
	require.ErrorContains(t, err, "needs no proposal")

	earlier, err := opened(t).MoveLearned(assess.LearnedChange{To: seen.Add(-time.Hour), By: "analyst", Why: "a letter", At: noon})
	require.NoError(t, err)
	require.ErrorContains(t, save("eve", earlier), `moved by "analyst" and is written by "eve"`)
	require.NoError(t, save("analyst", earlier))
	require.ErrorIs(t, save("analyst", opened(t)), assess.ErrHistory)
}

func TestNobodyAnswersForAnother(t *testing.T) {
	t.Parallel()
	save := saver(t, ledger())
	require.NoError(t, save("analyst", proposed(t, assess.High, assess.Minor)))
	a := settled(t, assess.High, assess.Minor)
	require.NoError(t, save("safety", a))
	left, err := a.WithLeave(assess.Leave{Acceptable: assess.Yes, By: "safety", Why: "fine", At: noon})
	require.NoError(t, err)
	require.ErrorContains(t, save("eve", left), `answered by "safety" and is written by "eve"`)
	require.NoError(t, save("safety", left))
	require.ErrorIs(t, save("eve", a), assess.ErrHistory, "the answer is lost")
	require.NoError(t, save("eve", left), "nothing new")
}

func TestNothingHappensAfterItIsWritten(t *testing.T) {
	t.Parallel()
	later := time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
	save := saver(t, ledger())
	p := ok("quality")
	p.At = later
	move := assess.LearnedChange{To: later, By: "analyst", Why: "w", At: later, Approval: &p}
	pending, err := opened(t).ProposeLearned(move)
	require.NoError(t, err)
	require.ErrorContains(t, save("analyst", pending), "2099-01-01T00:00:00Z, which is after it is written")
	moved, err := opened(t).MoveLearned(move)
	require.NoError(t, err)
	require.ErrorContains(t, save("quality", moved), "after it is written")

	require.NoError(t, save("analyst", proposed(t, assess.High, assess.Minor)))
	s, err := proposed(t, assess.High, assess.Minor).Settle(assess.Approval{By: "safety", At: later, Why: "w"})
	require.NoError(t, err)
	require.ErrorContains(t, save("safety", s), "after it is written")
	l, err := settled(t, assess.High, assess.Minor).WithLeave(assess.Leave{Acceptable: assess.No, By: "safety", Why: "w", At: later})
	require.NoError(t, err)
	require.ErrorContains(t, save("safety", l), "after it is written")
	o, err := assess.Open(finding(), time.Time{}, "analyst", later)
	require.NoError(t, err)
	require.ErrorContains(t, saver(t, ledger())("analyst", o), "after it is written")
}

func TestAnIdThatNobodyCanTellFromAnotherIsNone(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"analyst\u200b", "analyst\u200e", "\u2060analyst", "ana\u00adlyst", "analyst\u3164", "analyst\ufe0f", "ana\u034flyst", "analyst\x07", "ana\xfflyst", " "} {
		require.Error(t, assess.CheckPerson(id), "%q", id)
		_, err := proposed(t, assess.High, assess.Serious).Settle(ok(id))
		require.Error(t, err, "%q", id)
		_, err = assess.Open(finding(), time.Time{}, id, noon)
		require.Error(t, err, "%q", id)
	}
	for _, id := range []string{"analyst-1", "Anna Lyst", "アナリスト", "müller@example.com"} {
		require.NoError(t, assess.CheckPerson(id))
	}
	require.True(t, assess.SamePerson("analyst\u200b", " Analyst"))
	require.True(t, assess.SamePerson("anna\u00a0lyst", "Anna  Lyst"))
	require.False(t, assess.SamePerson("anna", "annalyst"))
}

// named is the finding under other ids.
func named(id feeds.ID, ids ...feeds.ID) match.Finding {
	f := finding()
	f.Vulnerability, f.IDs = id, append([]feeds.ID{id}, ids...)
	return f
}

func TestAnotherIdIsNotLearningAgain(t *testing.T) {
	t.Parallel()
	l := ledger()
	save := saver(t, l)
	ghsa := named("GHSA-1", "PYSEC-9")
	a, err := assess.Open(ghsa, time.Time{}, "analyst", noon)
	require.NoError(t, err)
	learned := time.Date(2026, 2, 18, 0, 0, 0, 0, time.UTC)
	a, err = a.MoveLearned(assess.LearnedChange{To: learned, By: "analyst", Why: "a letter was found", At: noon})
	require.NoError(t, err)
	a, err = a.WithTriage(assess.Triage{Step: step("analyst"), Result: assess.NotAffected, Justification: "component_not_present"})
	require.NoError(t, err)
	a, err = a.Propose(nil, assess.Proposal{Step: step("analyst")})
	require.NoError(t, err)
	require.NoError(t, save("analyst", a))
	a, err = a.Settle(ok("safety"))
	require.NoError(t, err)
	require.NoError(t, save("safety", a))

	for _, cve := range []match.Finding{named("CVE-2026-0001", "GHSA-1"), named("CVE-2026-0001", "PYSEC-9")} {
		_, err = a.Reopen(cve, step("analyst"))
		require.Error(t, err)
		fresh, err := assess.Open(cve, time.Time{}, "analyst", noon)
		require.NoError(t, err)
		require.ErrorIs(t, save("analyst", fresh), assess.ErrHistory)
		require.ErrorContains(t, save("analyst", fresh), "use Renamed")
		fresh.From = []string{a.Finding}
		require.ErrorIs(t, save("analyst", fresh), assess.ErrHistory)

		found, err := assess.Find(t.Context(), l, cve)
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, a.Finding, found[0].Finding)
	}
	cve := named("CVE-2026-0001", "GHSA-1")
	b, err := a.Renamed(cve, step("analyst"))
	require.NoError(t, err)
	require.NoError(t, b.Check())
	require.Equal(t, cve.Key(), b.Finding)
	require.Equal(t, []string{a.Finding}, b.From)
	require.Equal(t, assess.Opened, b.State())
	require.Equal(t, learned, b.Instants.Learned)
	require.Len(t, b.Earlier, 1)
	require.Equal(t, "analyst", b.Earlier[0].Ended.By)
	require.Equal(t, assess.Determined, a.State(), "the old value is untouched")
	lost := b
	lost.Earlier = nil
	require.ErrorIs(t, save("analyst", lost), assess.ErrHistory)
	more := b
	more.Earlier = append(b.Earlier, b.Earlier[0])
	require.ErrorIs(t, save("analyst", more), assess.ErrHistory)
	require.NoError(t, save("analyst", b))
	later, err := b.WithTriage(assess.Triage{Step: step("analyst"), Result: assess.Affected})
	require.NoError(t, err)
	require.NoError(t, save("analyst", later))
	later.From = nil
	require.ErrorIs(t, save("analyst", later), assess.ErrHistory)

	found, err := assess.Find(t.Context(), l, cve)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, cve.Key(), found[0].Finding, "the one that goes on")

	// another CVE id, another product, another component: another finding
	for _, f := range []match.Finding{named("CVE-2026-0002", "CVE-2026-0001"), named("CVE-2026-0003", "GHSA-7")} {
		_, err = b.Renamed(f, step("analyst"))
		require.ErrorContains(t, err, "under another id")
		fresh, err := assess.Open(f, time.Time{}, "analyst", noon)
		require.NoError(t, err)
		require.NoError(t, save("analyst", fresh))
	}
	f := cve
	f.Product = "pump-2.2"
	_, err = a.Renamed(f, step("analyst"))
	require.ErrorContains(t, err, "under another id")
	_, err = a.Renamed(ghsa, step("analyst"))
	require.ErrorContains(t, err, "under another id")
	_, err = a.Renamed(cve, assess.Step{})
	require.ErrorContains(t, err, "not said")
	invented, err := assess.Open(named("CVE-2026-0009"), time.Time{}, "analyst", noon)
	require.NoError(t, err)
	invented.From = []string{"pump-2.1 x GHSA-0"}
	require.ErrorIs(t, save("analyst", invented), assess.ErrHistory)
	require.NoError(t, l.Verify(t.Context()))
}

func TestOfTwoThatAreOneTheFirstLearnedCountsAndAllDecisionsStay(t *testing.T) {
	t.Parallel()
	l := store.New(memory.New(), &store.Options{Now: func() time.Time { return noon }})
	save := saver(t, l)
	var both []assess.Assessment
	for _, id := range []feeds.ID{"GHSA-1", "PYSEC-9"} {
		f := named(id)
		if id == "PYSEC-9" {
			f.Seen = seen.Add(-24 * time.Hour)
		}
		a, err := assess.Open(f, time.Time{}, "analyst", noon)
		require.NoError(t, err)
		a, err = a.WithTriage(assess.Triage{Step: step("analyst"), Result: assess.NotAffected, Justification: "component_not_present"})
		require.NoError(t, err)
		a, err = a.Propose(nil, assess.Proposal{Step: step("analyst")})
		require.NoError(t, err)
		require.NoError(t, save("analyst", a))
		a, err = a.Settle(ok("safety"))
		require.NoError(t, err)
		require.NoError(t, save("safety", a))
		both = append(both, a)
	}
	cve := named("CVE-2026-0001", "GHSA-1", "PYSEC-9")
	found, err := assess.Find(t.Context(), l, cve)
	require.NoError(t, err)
	require.Len(t, found, 2)
	one, err := both[0].Renamed(cve, step("analyst"))
	require.NoError(t, err)
	require.ErrorIs(t, save("analyst", one), assess.ErrHistory, "the other is left behind")
	all, err := both[0].Renamed(cve, step("analyst"), both[1])
	require.NoError(t, err)
	require.Equal(t, seen.Add(-24*time.Hour), all.Instants.Learned)
	require.Len(t, all.Earlier, 2)
	require.NoError(t, save("analyst", all))
}
