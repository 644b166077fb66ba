// Package monitor is the watch over products in the field. One [Monitor.Step] is
// the walk: bring every source up to date, hold what the mirror says against
// every product's BOM, keep what changed, re-open the decisions whose tripwires that
// trips, find judgments that differ, tell of it once.
//
// It owns no record of its own and judges nothing: findings are made in package
// match, what they mean is said in package assess, and what is owed to somebody
// waits in the outbox of package notify.
//
//	report, err := m.Step(ctx, time.Now())
package monitor
