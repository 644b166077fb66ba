// Package kev reads the Known Exploited Vulnerabilities catalog of CISA: from
// its publisher with conditional requests, or from a file or folder, as JSON or as
// CSV.
//
// It owns the [Feed]. Its records are facts about CVE ids; they never say which
// version of a product is affected, so the feed is a feeds.FactSource. The due
// dates of the catalog bind its own addressees and nobody else.
//
//	feed := kev.New(&kev.Options{From: "known_exploited_vulnerabilities.json"})
package kev
