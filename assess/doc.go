// Package assess judges what a finding means for a patient: four steps with
// evidence, then harm × exploitability, then a determination that a named
// person approves who is not the one who proposed it.
//
// It owns the [Assessment], the [Matrix] it is read against, and the instants
// a finding keeps: [Instants]. An approval holds the digest of what it approves.
// Save keeps each approval in an act of the one who gives it, and only after the
// ledger holds the proposal as the one who made it wrote it; Find looks in the
// ledger under every id of a vulnerability. All else is pure: each step returns
// a new value and takes its time from the caller. Nothing here starts a clock or
// plans a fix (package patch does), and the score never decides by itself.
//
// What a judgment counts on has to hold: see [Assessment.Lapsed] and
// [Assessment.Renew]. A determination is armed with the changes that would flip it ([Trips] finds those
// that were tripped) and can be told apart by site ([Assessment.Sites]). How fast it
// is to be answered says [Assessment.Response]; what the texts say of reporting,
// [Reporting], [Discretion] and [Correction]; where judgments disagree, [Compare];
// and all of it on a page, [Summarize].
//
//	a, err := assess.Open(finding, time.Time{}, "analyst-1", at)
//	a, err = a.WithTriage(assess.Triage{Step: step, Result: assess.Affected})
//	a, err = a.WithExploitability(step, answers, matrix)
//	a, err = a.WithEnvironment(assess.Environment{Step: step, Privileges: "…", Path: "…"}, deployment, matrix)
//	a, err = a.WithImpact(assess.Impact{Step: step, Harm: assess.Serious, Statement: "…"})
//	a, err = a.WithScore(step, answers, nil)
//	a, err = a.Propose(matrix, assess.Proposal{Step: step})
//	err = assess.Save(ctx, ledger, store.By{Who: "analyst-1", Why: "…"}, a)
//	a, err = a.Settle(assess.Approval{By: "safety-lead", At: at, Why: "…"})
//	err = assess.Save(ctx, ledger, store.By{Who: "safety-lead", Why: "…"}, a)
package assess
