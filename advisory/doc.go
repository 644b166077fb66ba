// Package advisory writes what a maker tells its customers about a vulnerability:
// one record, rendered as a CSAF 2.0 document, as VEX in three forms, and as a
// letter in HTML, Markdown and (advisory/pdf) PDF.
//
// It owns the Advisory. Draft makes one out of products or a Fleet, assessments,
// plans and the words of a person; other people sign it off; Release asks the gate
// and gives out the files. Nothing leaves without the roles that the Policy demands,
// nor without the sign-offs that the ledger holds as their signers wrote them, nor
// when a record that a sentence rests on is another by now or the ledger knows
// otherwise (Fresh), and a sign-off made by an example says DEMONSTRATION wherever
// the advisory is shown.
//
//	a, err := advisory.Draft(in, at)
//	err = advisory.Save(ctx, ledger, store.By{Who: in.By, Why: "drafted"}, a)
//	a, err = a.SignOff(advisory.SignOff{By: "safety-lead", Role: "product safety", At: at, Why: "…"})
//	err = advisory.Save(ctx, ledger, store.By{Who: "safety-lead", Why: "signed off"}, a) // and so by each role
//	r, err := advisory.Release(ctx, ledger, store.By{Who: "psirt-desk", Why: "released"}, tlp.LabelsOnly, a, tlp.Customer, at)
//	for _, f := range r.Files {
//		err = os.WriteFile(filepath.Join(dir, f.Name), f.Bytes, 0o644)
//	}
//
// What a letter of each kind is headed with and has to hold is data (Kinds), each
// element with its citation: a correction by 21 CFR 7.49, a field safety notice by
// Article 89(8) of Regulation (EU) 2017/745. Validate refuses a kind that lacks one.
//
// Update and Withdraw draft later revisions. A Press says in which forms it is
// written. A Policy has notice timelines by risk class, a Mailing sends what was
// released, as the ledger has it, and keeps a Delivery for each customer. A Watch has
// the clocks that no sending has met. Applies is for who receives it.
//
// It judges nothing: what a vulnerability means is said in package assess, what
// is done about it in package patch. Which kind of letter the law asks for is chosen
// by a person, never here. It sends nothing by itself either: notifiers are the
// host's. The fixed words of the letter are English.
package advisory
