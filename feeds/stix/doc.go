// Package stix reads early warnings in STIX 2.1, as an information sharing and
// analysis organization sends them: bundles from files and folders, and the
// collections of a TAXII 2.1 server.
//
// It owns the [Feed]. Each vulnerability object is a record; what relationships,
// reports and notes say of it is in the same record, wherever they stand: the
// objects of all bundles, or of all collections, are one graph. How far a record
// may travel is the strictest marking of all it was made from. Indicators,
// sightings and other objects are passed over, and STIX 2.0 is not read. It sends
// nothing to anybody.
//
//	feed := stix.New(&stix.Options{Name: "stix/isao", From: "https://isao.example/taxii2/", Auth: stix.Credentials{Token: token}})
package stix
