// Package cyclonedx reads CycloneDX documents, JSON and XML of specification 1.0
// to 1.7, into sbom.BOM. It is an adapter over the types of cyclonedx-go, and
// reads one component at a time: neither the document's tree nor the library's is
// ever held whole.
//
// It checks what that library lets pass: an empty document, a foreign one, text
// that is not UTF-8, an unknown specification version, members that are there
// twice, elements of another namespace. It goes on where that library gives up:
// a value of the wrong type is converted when its meaning is plain and left out
// when it is not, and is told in the BOM's Problems either way.
//
// Kept of a document are its components, services, dependencies, completeness,
// vulnerabilities, external references, properties and metadata. Not kept are
// annotations, formulation (how it was built), declarations, definitions,
// citations and signatures, and of a component its MIME type, tags, copyright,
// release notes, patent assertions, properties of a cryptographic asset, and the
// texts of licenses and patches. The
// components of the tools that made the document, of its formulation and of a
// pedigree are not parts of the device and are not among the BOM's components.
//
//	bom, err := cyclonedx.Decode(r, nil)
package cyclonedx
