// Package read opens an SBOM of any format this module knows, by looking at
// its bytes, never at its name. It owns no noun, and it is the one package that
// knows all formats; a program that needs one imports that adapter alone.
//
//	bom, err := read.File("pump-2.1.cdx.json", nil)
package read
