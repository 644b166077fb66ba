// Package openvex reads and writes OpenVEX documents: it reads the versions 0.0.1
// to 0.2.x, and writes 0.2.0 through go-vex.
//
// [Decode] takes a word for what it is and for nothing else: a status that
// OpenVEX does not have gives none, and a statement that is not read in whole, or
// that names no product, clears nothing. What was written stays in Original.
// [Encode] writes what the specification allows, and refuses with all the reasons
// what it could not write without saying more, or less: a status that is missing,
// a range of versions, a product without a name that holds outside its document.
//
// Not kept are the description and the IRI of a vulnerability, the version of a
// statement and the time of an action.
//
//	doc, err := openvex.Decode(r)
//	err = openvex.Encode(w, doc, &openvex.Options{At: at})
package openvex
