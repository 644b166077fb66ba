// Package cvss reads vectors of the Common Vulnerability Scoring System and
// computes their scores exactly.
//
// It owns [Vector], a small comparable value: one complete vector of one
// version. This release reads CVSS v3.0 and v3.1 with all 22 metrics; a vector
// of 2.0 or 4.0 is refused with [ErrVersion], never guessed at.
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
