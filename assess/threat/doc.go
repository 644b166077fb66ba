// Package threat says what to look for in a product where the weakness is not a
// CVE: in a machine-learning model, and in a device that ransomware may stop.
// For each it gives what the harm would be and what to ask.
//
// It owns the [Review] of a model and the [Readiness] of a product. Both only
// ask and propose: what a model card does not say becomes a question and never
// an answer, what it does say is to be confirmed, every harm is a proposal that
// a person confirms by doing step 3 of an assessment, and nothing here writes a
// step or a determination. What it knows is data, with sources: see [Default]
// and [Load].
//
// Ids of MITRE ATLAS and of the OWASP lists name a kind of weakness, as a CWE
// does, and not one vulnerability. A finding may have such an id alone and goes
// through all rooms with it. Beside another name it joins nothing; but records that
// have no other name are merged under it, and with them their scores and what is
// known of exploitation. A supplier's own id belongs in Names where there is one;
// see [feeds.ID.KindOnly].
//
//	review, err := threat.AI(bom, component, threat.Facts{}, nil)
//	for _, l := range review.Looks { … }
//	ready, err := threat.Ransomware(readiness, findings, nil, at)
package threat
