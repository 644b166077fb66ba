// Package advisory writes what a maker tells its customers about a
// vulnerability: one record, rendered as a CSAF 2.0 document and as a letter in
// HTML and Markdown.
//
// It owns the Advisory. Draft makes one out of products, assessments, plans and
// the words of a person; another person signs it off; Release asks the gate and
// gives out the files. Nothing leaves without a sign-off that the ledger holds as
// its signer wrote it, and a sign-off made by an example says DEMONSTRATION
// wherever the advisory is shown.
//
//	a, err := advisory.Draft(in, at)
//	err = advisory.Save(ctx, ledger, store.By{Who: in.By, Why: "drafted"}, a)
//	a, err = a.SignOff(advisory.SignOff{By: "safety-lead", Role: "product safety", At: at, Why: "…"})
//	err = advisory.Save(ctx, ledger, store.By{Who: "safety-lead", Why: "signed off"}, a)
//	r, err := advisory.Release(ctx, ledger, tlp.LabelsOnly, a, tlp.Customer, at)
//	for _, f := range r.Files {
//		err = os.WriteFile(filepath.Join(dir, f.Name), f.Bytes, 0o644)
//	}
//
// It judges nothing: what a vulnerability means is said in package assess, what
// is done about it in package patch. It delivers nothing either, and which kind
// of letter the law asks for is chosen by a person, never here. The fixed words
// of the letter are English.
package advisory
