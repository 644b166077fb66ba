// Package sbom is a device's software bill of materials: what the device is
// made of, as its maker wrote it down.
//
// It owns the [BOM], its [Component]s and the [Coordinate] by which a component
// is looked up in the records of the world. Readers of file formats are
// adapters (sbom/cyclonedx); sbom/read picks one by looking at the bytes.
// Version order lives in sbom/vers, CPE names in sbom/cpe.
//
// It does not say whether a component is vulnerable (package match does), and
// it never improves an identifier: text stays as it stood in the file.
//
//	bom, err := read.File("pump-2.1.cdx.json", nil)
//	for _, c := range bom.Components {
//		fmt.Println(c.Name, c.Version, c.Coordinates())
//	}
package sbom
