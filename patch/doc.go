// Package patch turns an assessment into a plan: which of FDA's two roads a fix
// takes, by when, and who does what.
//
// It owns the [Plan], the [Remedy] and the maker's own [Cycle]. Propose is pure
// and gives one class: out of cycle for an uncontrolled risk, the regular cycle
// for one that is controlled and not acceptable to leave, no change for one
// that is. An undetermined risk stops no clock. It never invents a number: a
// cycle that the maker did not set is an open gap. It does not build, sign or
// roll out a fix.
//
//	plan, err := patch.Propose(assessment, policy, "patch-lead", at)
//	plan, err = plan.With(patch.Details{Remedies: remedies, Actions: actions})
//	plan, err = plan.Approve(assess.Approval{By: "quality-lead", At: at, Why: "…"})
package patch
