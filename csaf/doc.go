// Package csaf is the Common Security Advisory Framework, version 2.0, as Go
// values: the whole document model, reading and writing without loss, and the
// standard's own tests.
//
// It owns the noun Document. A Document mirrors the JSON of the standard member
// by member, in the standard's order and with the standard's words, so a JSON
// pointer in a Failure reads like the Go path to the same value. An empty
// string, an empty list and a nil pointer mean "not said" and are never
// written: the standard allows no empty value anywhere.
//
//	doc, err := csaf.Decode(r)            // tolerant: what the model cannot hold is listed in doc.Unread
//	for _, f := range csaf.Check(doc) {   // schema and mandatory tests 6.1
//		fmt.Println(f)
//	}
//	err = csaf.Encode(w, doc)             // the same bytes every time
//
// [Judge] reads a text and judges it in one call, as a checker program does.
// [Provide] writes the web layout from which others fetch documents. The package
// is not a drafting tool (package advisory writes advisories with it) and not a
// downloader (package feeds/csaf is one).
//
// [DecodeAny] reads CSAF 2.1 into the same model, [CheckSchema21] judges its form,
// and [Preview21] with [Encode21] shows a document of 2.0 as one of 2.1.
// Everything else here is of 2.0.
//
// # What is judged
//
// [Check]: the facts of the 2.0 JSON schema and of FIRST's CVSS schemas (test
// name "schema"; in a CVSS object "6.1.8"), and the mandatory tests 6.1.1 to
// 6.1.33 with all parts of 6.1.27. [CheckOptional]: the tests 6.2.1 to 6.2.20,
// which make no document invalid. The informative tests 6.3 are not judged.
//
// Where the standard leaves a choice:
//
//   - Members that it does not define are allowed, as in its schema; they fail
//     6.2.20. Two members of one name fail the schema.
//   - A vector of which no score can be computed, because a base metric is
//     missing or a metric is given twice, fails 6.1.9.
//   - 6.1.11 knows the weaknesses of CWE 4.17, 6.1.12 the language subtags that
//     were registered on 25 August 2025. A variant may stand after any language,
//     for RFC 5646 only recommends where to use it.
//   - 6.1.13: what packageurl-go refuses to parse fails.
//   - 6.1.14, 6.1.16 and 6.1.21 sort revisions of one instant by their number.
//   - 6.1.24 compares instants, and 6.1.28 languages without regard to case.
//   - 6.1.31 looks for the words of its list as words, for the signs anywhere.
package csaf
