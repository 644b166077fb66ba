// Package epss reads EPSS scores: how likely it is that a vulnerability will be
// exploited within 30 days. It reads the publisher's CSV, packed or not, the forms
// in which others pass it on, and the pages of its API.
//
// It owns the [Feed]. Its records are facts about CVE ids; they never say which
// product is affected, so the feed is a feeds.FactSource. Scores change every day: a
// record counts as changed only when its score crosses into another feeds.Band.
//
//	feed := epss.New(nil)                                               // the publisher
//	feed := epss.New(&epss.Options{From: "epss_scores-current.csv.gz"}) // a file
//
// The scores are those of the Exploit Prediction Scoring System (EPSS) of FIRST,
// which asks to be named: see https://www.first.org/epss.
package epss
