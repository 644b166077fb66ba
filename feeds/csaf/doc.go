// Package csaf reads security advisories in the Common Security Advisory Framework
// (CSAF 2.0, and 2.1 as far as its parts have the same meaning): one document, a
// folder of them, or what a provider publishes, which is found by its domain. The
// document is read by package csaf of this module; members of the one version that stand in a
// document of the other are read, too.
//
// It owns the [Feed]. A document becomes one record for each of its vulnerabilities,
// and one that names none becomes a bulletin. What is affected is told in the words of
// the product tree, joined with the product status; its versions are read with
// feeds.ReadVersions, and what that does not understand is left for a person. It
// does not judge whether a document is valid: package csaf of this module does. It
// makes no VEX statements: package vex/csaf does. There is no one publisher: each gets a feed and a
// name of its own.
//
//	feed := csaf.New(&csaf.Options{Name: "csaf/cisa", From: "advisories/"})
package csaf
