// Package stix reads the objects of STIX 2.1 that tell of vulnerabilities, as
// plain structs, and says how far they may travel.
//
// It owns the [Object]s and the [Graph] that holds the newest version of each. An
// object of a type that is not needed here is an [Other] and does no harm. It knows
// no feed and no transport, and it writes nothing.
//
//	object, err := stix.Read(raw)
package stix
