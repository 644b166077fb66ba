// Package patch turns an assessment into a plan, carries the plan out under change
// control, signs what is released, and follows it into the field.
//
// It owns the [Plan], the [Change], the [Release] and the [Rollout].
//
//   - Propose is pure and gives one class: out of cycle for an uncontrolled risk,
//     the regular cycle for one that is controlled and not acceptable to leave, no
//     change for one that is. An undetermined risk stops no clock. It never invents
//     a number: a cycle that the maker did not set is an open gap.
//   - Begin and Change.Do take a remedy through the gates of gates.json, each with
//     its evidence and who signs. Only our own approvals are gated: what happened is
//     recorded late and in any order, and shown where no approval has caught up with
//     it. A regulatory determination is recorded, never made. Each remedy of each plan
//     is a change of its own on its branch, and says what it supersedes.
//   - MakeRelease and Release.Sign state and sign what is made available;
//     Installed.Stage is what a device does with it, and refuses an older one
//     without a signed [Downgrade]. An update that is cut off leaves what ran.
//   - PlanRollout and Rollout.Tally follow it, ring after ring and visit after
//     visit, with the share of units of which nothing is known; Rollout.Fielded is what
//     that says of the field.
//   - Corrections lists what is to be decided under 21 CFR 806, so that none is missed.
//
// Who does something and who approves it are two persons, and Save, SaveChange,
// SaveRelease and SaveRollout keep each step in an act of who did it, after they have
// compared it with what the ledger holds. Repositories
// of updates are made in patch/tuf. It does not build a fix and talks to no device.
//
//	plan, err := patch.Propose(assessment, policy, "patch-lead", at)
//	plan, err = plan.With(patch.Details{Remedies: remedies, Actions: actions})
//	err = patch.Save(ctx, ledger, store.By{Who: "patch-lead", Why: "…"}, plan)
//	plan, err = plan.Approve(assess.Approval{By: "quality-lead", At: at, Why: "…"})
//	err = patch.Save(ctx, ledger, store.By{Who: "quality-lead", Why: "…"}, plan)
//
//	change, err := patch.Begin(plan, 0, "2.1", []string{"US"}, nil, "patch-lead", at)
//	change, err = change.Do(patch.Step{By: "kim", At: at, Proof: &patch.Proof{…}})
package patch
