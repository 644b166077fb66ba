// Package spdx reads SPDX documents into sbom.BOM: versions 2.0 to 2.3 as JSON,
// tag-value and YAML, and version 3.0 as JSON-LD.
//
// It owns no noun. What Decode finds odd is in the BOM's Problems, and everything
// readable is read; Check holds a table of the rules of SPDX 2 against a document.
//
//   - Packages are components; SPDXID (spdxId) is the Ref, as written.
//   - The one package a document describes is the Root. A document that
//     describes none, or several, has a Root with no name, and all are components.
//   - Files are not components, unless the document has no package. The names of
//     the source files a package is compiled from are in Component.Files.
//   - CONTAINS gives the Parent (the first that says so), every kind of
//     dependency and of linking an Edge, whichever way around it is written;
//     made from another package, or with a patch applied, is the Pedigree.
//   - Licenses are the declared one, then the concluded one where it differs.
//   - A supplier that is not asserted is not said; then the originator, if there
//     is one, stands for it, as the manufacturer does in CycloneDX.
//
// # What is taken from tools-golang, and what is not
//
// The model of a package is that of github.com/spdx/tools-golang v0.5.7, and the
// tests hold each document that its own readers accept against ours. Its readers
// are not used:
//
//   - One oddity stops them: a supplier without a colon, an id without
//     "SPDXRef-", one unknown tag. A document must be read as far as readable.
//   - The text of suppliers, creators and ids is taken from JSON without
//     undoing its escapes: "Smith \u0026 Nephew" becomes another name.
//   - A document is decoded three times, once into untyped values: 100,000
//     packages took 760 MB before anything is made of them. Here each
//     element is translated and let go.
//   - Lines of tag-value longer than 64 KiB are refused, and errors name no place.
//   - A number in YAML where text belongs is refused, and "1.10" that
//     was not quoted would be 1.1. Here it stays as written.
//
// RDF/XML is refused by name: the RDF reader of tools-golang brings an XML parser
// of its own that fails on a blank within an attribute's value, and with it on
// what the SPDX tools write; every tool that writes RDF writes another form too.
// The unspecified XML form of SPDX 2 is refused as well. For SPDX 3, v0.6.0-rc4 of tools-golang brings a JSON-LD
// processor and is a pre-release; the graph is small enough to be read here.
//
//	bom, err := spdx.Decode(r, nil)
package spdx
