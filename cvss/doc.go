// Package cvss reads vectors of the Common Vulnerability Scoring System and
// computes their scores exactly.
//
// It owns [Vector], a small comparable value: one complete vector of version
// 2.0, 3.0, 3.1 or 4.0, with all metrics that the version has. Scores come in
// tenths and are rounded as the standards say, at half-way too: in integers
// where integers can do it, else in floating point that tests hold against
// exact fractions. [Explain] shows the working for a reviewer, [Compare] what
// the difference of two vectors does.
//
// It is not a source of vectors, and it does not choose among those that
// publishers disagree on. What a score means for a patient is no question that
// CVSS answers: see package assess for that and cvss/rubric for the MITRE
// questions for medical devices.
//
// First example:
//
//	v, err := cvss.Parse("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H")
//	if err != nil {
//		return err
//	}
//	fmt.Println(v.Base(), v.Severity()) // 7.5 High
package cvss
