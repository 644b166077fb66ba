// Package feeds is what the world says about vulnerabilities, and how it is
// kept: a [Source] publishes [Record]s, [Sync] carries them into a [Mirror], and
// [Merge] joins the records that speak of one vulnerability.
//
// It owns the [Record], the [Vulnerability] and the two ports. Publishers and
// formats are adapters (feeds/csaf, feeds/cve, feeds/epss, feeds/kev, feeds/nvd,
// feeds/osv); stores implement the Mirror. [ReadVersions] reads what publishers say of
// versions in words. The package does not say which device is affected: package
// match does.
//
//	res, err := feeds.Sync(ctx, kev.New(nil), mirror, &feeds.SyncOptions{At: now})
package feeds
