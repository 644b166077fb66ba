// Package cyclonedx reads and writes CycloneDX documents of VEX, and says in the
// words of VEX what such a document says of a vulnerability.
//
// It owns the table of the two vocabularies, mapping.json. [Statements] turns one
// entry of a document's vulnerabilities into [vex.Statement]s; [Decode] reads
// whole documents in JSON, [Encode] writes them. The bill of materials in a
// document is for sbom/cyclonedx to read, and nothing is judged: a token that has
// no equal is kept as it stood, and gives no justification. Not kept of a
// document are ratings, weaknesses, descriptions, advisories and credits.
//
//	doc, err := cyclonedx.Decode(r)
//	err = cyclonedx.Encode(w, doc, &cyclonedx.Options{Type: "device"})
package cyclonedx
