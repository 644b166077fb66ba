// Package cyclonedx reads CycloneDX documents, JSON and XML, into sbom.BOM. It
// is an adapter over cyclonedx-go, and checks what that library lets pass: an
// empty document, a foreign one, text that is not UTF-8, an unknown
// specification version.
//
//	bom, err := cyclonedx.Decode(r, nil)
package cyclonedx
