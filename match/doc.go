// Package match finds which vulnerabilities a device has: it holds records
// against a bill of materials and says what affects which component, on what evidence,
// what was rejected and by which leaf, what could not be decided, and what was not
// looked at at all.
//
// It owns the [Finding], the [Coverage] verdict and the [State] that remembers
// when a finding was first seen. Build and Find are pure: no store, no clock, no
// network. What a finding means for a patient is said in package assess.
//
//	index := match.Build(records, nil)
//	result := index.Find("pump-2.1", bom)
//	for _, f := range result.Findings {
//		fmt.Println(f.Vulnerability, f.Instances[0].Component.Name)
//	}
//
// A [Decision] hides a finding and never removes it. Statements in VEX become decisions by [FromVEX]
// and [FromBOM], which take no more of a statement than it says: of which build, in which versions of the
// component and of the device, and knowing what was known at its time. What cannot be held against the
// BOM is passed over with a reason, and [Decide] takes back what a statement that is not older contradicts.
package match
