// Package rubric walks the questions of MITRE's rubric for applying CVSS to
// medical devices and derives a CVSS base vector from the answers.
//
// It owns [Answers] and the [Result] derived from them: the vector, the reason
// for every metric, what is still unknown, and what was answered but not asked.
// One rule lies behind all tables: Unknown takes the branch that scores worst,
// and stays an open work item.
//
// What it is not: it is a reconstruction from public tools, not the document
// that FDA qualified in 2020 as a Medical Device Development Tool (MDDT), and
// it has not been compared with that document; see [Label], which every Result
// carries. A host that has compared them says so with an [Equivalence]; only
// then does the label name the MDDT. FDA's context of use for the tool is
// narrow: time-sensitive disclosure of vulnerabilities after a device is on the
// market (postmarket); see [ContextOfUse]. The rubric speaks of CVSS v3.0; its
// base metrics and base score are the same in v3.1. It does not speak of v4.0.
// How long FDA accepts declarations to either is told at a date, by
// [RecognitionAt]. Temporal and environmental metrics are not derived here:
// nothing reachable says how the rubric asks for them. Set them on the vector
// and call them "not rubric-derived".
//
// Nothing here fills in an answer: a question that was reached and not answered
// is an [*IncompleteError], never None. [Propose] and [ProposeFromVector] say
// what facts of the device or a published vector make likely; a [Proposal] is
// of another type than an [Answer], and only [Confirm], with the name of a
// person and an instant, makes one of it.
//
// Ours, not the rubric's: all wording, the answer codes, the text form of the
// extended vector, the patient-safety flag, the proposals, and the rulings
// where implementations disagree ([Rulings]).
//
// First example:
//
//	answers, err := rubric.ParseExtended(text)
//	if err != nil {
//		return err
//	}
//	result, err := rubric.Derive(answers, nil)
//	if err != nil {
//		return err
//	}
//	fmt.Println(result.Vector, result.Vector.Base())
package rubric
