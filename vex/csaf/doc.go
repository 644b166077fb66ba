// Package csaf reads what a CSAF 2.0 document says of products and
// vulnerabilities as statements of VEX: a document of the VEX profile, or any
// other that states product status. [Write] and [Encode] make one of the VEX
// profile; advisories are left to whoever writes them.
//
// [Decode] resolves the product tree: branches to vendor, name and version,
// relationships to a product [vex.Product.Within] another, groups to their
// products. Flags give the justification, threats of the category impact the
// impact, remediations the action; their categories are the original responses. What
// the tree narrows further (an architecture, a service pack, serial numbers) is in
// [vex.Product.Only]. A product that the tree does not define, and one that is
// given contradicting status, is cleared of nothing. Recommended versions say
// nothing of status and are left out, and so are scores, references, and all notes
// but those of Write.
//
//	doc, err := csaf.Decode(r)
//	err = csaf.Encode(w, doc, &csaf.Options{Publisher: publisher})
package csaf
