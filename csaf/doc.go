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
// It is not a drafting tool (package advisory writes advisories with it), not a
// downloader and not a provider's web layout. It reads and writes version 2.0
// only.
//
// # What Check judges
//
// The facts of the 2.0 JSON schema in its strict form (test name "schema"; in a
// CVSS object "6.1.8") and the mandatory tests 6.1.1 to 6.1.33 with all parts of
// 6.1.27. A vector of which no score can be computed, because a base metric is
// missing or a metric is given twice, fails 6.1.9. Three of the tests are judged in
// part only:
//
//   - 6.1.11: the name is compared for the weaknesses that CWEName knows; of all
//     others only the form of the id and the presence of a name are judged, for
//     the full list is not ours to ship.
//   - 6.1.12: the form of the language tag, two-letter languages against ISO 639-1
//     and two-letter regions against ISO 3166-1; three-letter languages, scripts
//     and variants are not looked up. See CheckLang.
//   - 6.1.13: what packageurl-go refuses to parse fails.
//
// The optional (6.2) and informative (6.3) tests are not judged.
package csaf
