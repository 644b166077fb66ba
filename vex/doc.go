// Package vex is the vocabulary of statements about exploitability: whether a
// product is affected by a vulnerability, and why not.
//
// It owns the [Statement], the [Product] it speaks of, and the [Document] that
// holds statements. It holds words and no judgment: who may say not_affected, and
// on what evidence, is for the rooms that follow. Formats are its parts
// (vex/openvex, vex/csaf, vex/cyclonedx): each decodes and encodes documents.
// What a format says in words of its own is kept as the original token. [Sniff]
// tells which part to call.
//
//	s := vex.Statement{
//		Vulnerability: "CVE-2022-25640", Status: vex.NotAffected, Justification: vex.CodeNotPresent,
//		Products: []vex.Product{{PURL: "pkg:github/wolfssl/wolfssl@5.1.1", Within: &vex.Product{Name: "Pump", Version: "2.1"}}},
//	}
package vex
