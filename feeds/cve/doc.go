// Package cve reads CVE records (JSON 5.x) as the CVE Program publishes them: its list
// over HTTP, one record, an array of them, an archive, or a folder of all these, such as a copy of cvelistV5.
//
// It owns the [Feed]. A record says what is affected in the words of who assigned it
// (the CNA) and of those who add to it (the ADPs, CISA among them), each for itself:
// feeds.Product.By tells them apart. It is the first to know of a new vulnerability,
// and since NVD no longer analyzes them all often the only one to say what is
// affected. Versions told in prose are read with feeds.ReadVersions, and what that does
// not understand is left for a person. It does not order versions: package match
// does. It does not read the JSON 4 form, which the program has retired.
//
//	feed := cve.New(nil)                                    // the publisher
//	feed := cve.New(&cve.Options{From: "cvelistV5/cves/"})  // a folder
//
// CVE is a trademark of The MITRE Corporation; the records are used under the terms of
// use of the CVE Program.
package cve
