// Package vex is the vocabulary of statements about exploitability: whether a
// product is affected by a vulnerability, and why not.
//
// It owns the [Statement]. It holds words and no judgment: who may say
// not_affected, and on what evidence, is for the rooms that follow. Formats are
// its parts (vex/cyclonedx); what a format says in words of its own is kept as
// the original token.
//
//	s := vex.Statement{Vulnerability: "CVE-2022-25640", Status: vex.NotAffected, Justification: vex.CodeNotPresent}
package vex
