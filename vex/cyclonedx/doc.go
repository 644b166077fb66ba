// Package cyclonedx says in the words of VEX what a CycloneDX document says of a
// vulnerability.
//
// It owns the table of the two vocabularies, mapping.json, and turns one entry of
// a document's vulnerabilities into [vex.Statement]s. It does not read documents
// (sbom/cyclonedx does) and it does not judge: a token that has no equal is kept
// as it stood, and gives no justification.
//
//	status, ok := cyclonedx.Status("false_positive") // vex.NotAffected, true
package cyclonedx
