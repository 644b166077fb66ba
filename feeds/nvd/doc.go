// Package nvd reads CVE records as the National Vulnerability Database publishes
// them (JSON 2.0): from its API, from its year files, or from a file or a folder
// of records and pages.
//
// It owns the [Feed]. Its records say what is affected by CPE names joined with
// AND and OR; many have none, and those that NVD has not analyzed, has deferred or has rejected say so in
// State. It does not evaluate the trees: package match does. It does not read
// the JSON 1.1 feeds, which NVD has retired.
//
//	feed := nvd.New(&nvd.Options{Key: key, Bootstrap: nvd.YearFiles})
//
// NVD asks that services which use it show this notice:
// This product uses data from the NVD API but is not endorsed or certified by
// the NVD.
package nvd
