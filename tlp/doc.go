// Package tlp says how far a thing may travel: Traffic Light Protocol 2.0
// labels, the marks that carry them, and the gate that is asked before
// anything leaves.
//
// The noun it owns is the [Mark]: a label and who set it. A thing made of
// several marked things carries their [Join], in which the strictest wins and
// a part that nobody marked keeps the whole from leaving.
//
// It is not a sanitizer: it reads labels, never content. It knows no cases and
// no embargoes either; a program that has none says so by choosing
// [LabelsOnly] as its [Gate].
//
// Start with [ParseLabel] and [Join]; the doors of the library (advisories,
// shared packages, CVE records, messages) ask a [Gate] with an [Outgoing].
package tlp
