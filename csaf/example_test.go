package csaf_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/tlp"
)

// notice is a small document of the base profile.
func notice() *csaf.Document {
	at := csaf.At(time.Date(2024, 3, 1, 9, 0, 0, 0, time.UTC))
	return &csaf.Document{Document: csaf.Meta{
		Category:    csaf.ProfileBase,
		CSAFVersion: csaf.Version,
		Publisher:   csaf.Publisher{Category: csaf.PublisherVendor, Name: "Example Devices", Namespace: "https://vendor.example"},
		Title:       "Pumps are being looked at",
		Tracking: csaf.Tracking{
			CurrentReleaseDate: at, InitialReleaseDate: at, ID: "EX-2024-1", Status: csaf.StatusFinal, Version: "1",
			RevisionHistory: []csaf.Revision{{Date: at, Number: "1", Summary: "first release"}},
		},
	}}
}

func Example() {
	doc, err := csaf.Decode(strings.NewReader(`{"document": {
		"category": "csaf_base", "csaf_version": "2.0", "title": "Pumps",
		"publisher": {"category": "vendor", "name": "Example Devices", "namespace": "https://vendor.example"},
		"tracking": {
			"id": "EX-2024-1", "status": "final", "version": "2",
			"initial_release_date": "2024-03-01T09:00:00Z", "current_release_date": "2024-03-02",
			"revision_history": [{"date": "2024-03-01T09:00:00Z", "number": "1", "summary": "first release"}]}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range csaf.Check(doc) {
		fmt.Println(f)
	}
	// Output:
	// schema /document/tracking/current_release_date: is "2024-03-02", not a date and time with a zone
	// 6.1.16 /document/tracking/version: is "2", but the last revision is 1
}

func ExampleEncode() {
	if err := csaf.Encode(os.Stdout, notice()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {
	//   "document": {
	//     "category": "csaf_base",
	//     "csaf_version": "2.0",
	//     "publisher": {
	//       "category": "vendor",
	//       "name": "Example Devices",
	//       "namespace": "https://vendor.example"
	//     },
	//     "title": "Pumps are being looked at",
	//     "tracking": {
	//       "current_release_date": "2024-03-01T09:00:00Z",
	//       "id": "EX-2024-1",
	//       "initial_release_date": "2024-03-01T09:00:00Z",
	//       "revision_history": [
	//         {
	//           "date": "2024-03-01T09:00:00Z",
	//           "number": "1",
	//           "summary": "first release"
	//         }
	//       ],
	//       "status": "final",
	//       "version": "1"
	//     }
	//   }
	// }
}

func ExampleDecode() {
	_, err := csaf.Decode(strings.NewReader("{\"document\": {\n  \"csaf_version\": \"2.0\" \"title\""))
	fmt.Println(err)

	doc, err := csaf.Decode(strings.NewReader(`{"document": {"csaf_version": "2.0", "title": null, "x_hint": "call us"}}`))
	fmt.Println(err, string(doc.Document.Extra["x_hint"]), doc.Unread)
	fmt.Println(csaf.Encode(new(bytes.Buffer), doc))
	// Output:
	// csaf: line 2, column 25: invalid character '"' after object key:value pair
	// <nil> "call us" [schema /document/title: is null]
	// csaf: what was read would be lost (1), first schema /document/title: is null
}

func ExampleCheck() {
	doc := notice()
	fmt.Println(len(csaf.Check(doc)))
	doc.Document.Category = csaf.ProfileSecurityAdvisory
	for _, f := range csaf.Check(doc) {
		fmt.Println(f)
	}
	// Output:
	// 0
	// 6.1.27.4 (document): has no product_tree
	// 6.1.27.11 (document): has no vulnerabilities
}

func ExampleFilename() {
	fmt.Println(csaf.Filename("ICSMA-24-254-01"))
	fmt.Println(csaf.Filename("Pump advisory: 1/2024"))
	// Output:
	// icsma-24-254-01.json
	// pump_advisory_1_2024.json
}

func ExampleDistribute() {
	d, err := csaf.Distribute(tlp.AmberStrict)
	fmt.Println(d.TLP.Label, d.Label(), err)
	_, err = csaf.Distribute("")
	fmt.Println(err)
	// Output:
	// RED TLP:AMBER+STRICT <nil>
	// csaf: the TLP label is not said
}

func ExampleAt() {
	fmt.Println(csaf.At(time.Date(2024, 3, 1, 10, 0, 0, 0, time.FixedZone("CET", 3600))))
	_, err := csaf.Date("2024-03-01").Time()
	fmt.Println(err)
	// Output:
	// 2024-03-01T09:00:00Z
	// csaf: "2024-03-01" is not a date and time with a zone
}

func ExampleCheckLang() {
	fmt.Println(csaf.CheckLang("en-GB"))
	fmt.Println(csaf.CheckLang("en-UK"))
	// Output:
	// <nil>
	// "uk" is no region
}

func ExampleCWEName() {
	fmt.Println(csaf.CWEName("CWE-295"))
	fmt.Println(csaf.CWEName("CWE-9999"))
	// Output:
	// Improper Certificate Validation true
	//  false
}

func ExampleProductTree_Products() {
	tree := &csaf.ProductTree{Branches: []csaf.Branch{{
		Category: csaf.BranchVendor, Name: "Example Devices",
		Branches: []csaf.Branch{{
			Category: csaf.BranchProductVersion, Name: "2.1",
			Product: &csaf.Product{Name: "Example Pump 2.1", ID: "pump-2.1"},
		}},
	}}}
	for at, p := range tree.Products() {
		fmt.Println(at, p.ID)
	}
	// Output:
	// /product_tree/branches/0/branches/0/product pump-2.1
}

func ExampleJudge() {
	const text = `{"document": {"category": "csaf_vex", "csaf_version": "2.0",
		"publisher": {"category": "vendor", "name": "Example Devices", "namespace": "https://vendor.example"},
		"title": "Pumps", "tracking": {"current_release_date": "2024-03-01T09:00:00Z", "id": "EX-1", "initial_release_date": "2024-03-01T09:00:00Z",
			"revision_history": [{"date": "2024-03-01T09:00:00Z", "number": "1", "summary": "first"}], "status": "final", "version": "1"}}}`
	v, err := csaf.Judge(strings.NewReader(text), csaf.Extended)
	fmt.Println(v.Valid(), v.Tests(), err)
	fmt.Println(v.Warnings[0])
	_, err = csaf.Judge(strings.NewReader(text+"}"), csaf.Basic)
	fmt.Println(err)
	// Output:
	// false [6.1.27.4 6.1.27.11 6.2.10 6.2.11 6.2.12] <nil>
	// 6.2.10 /document: has no distribution and so no TLP label
	// csaf: line 4, column 131: invalid character '}' after top-level value
}

func ExampleCheckOptional() {
	doc := notice()
	doc.Document.Extra = csaf.Extra{"x_hint": []byte(`"call us"`)}
	for _, f := range csaf.CheckOptional(doc) {
		fmt.Println(f)
	}
	// Output:
	// 6.2.10 /document: has no distribution and so no TLP label
	// 6.2.11 /document: has no references and so no canonical URL
	// 6.2.12 /document: has no lang
	// 6.2.20 /document/x_hint: is no member that the standard defines
}

func ExampleDocument_Extras() {
	doc, err := csaf.Decode(strings.NewReader(`{"document": {"csaf_version": "2.0", "x": {"b": [1, 2]}}, "$schema": "s"}`))
	for at, value := range doc.Extras() {
		fmt.Println(at, string(value))
	}
	fmt.Println(err, doc.Unsorted)
	// Output:
	// /$schema "s"
	// /document/x {"b":[1,2]}
	// <nil> []
}

func ExampleProvide() {
	doc := notice()
	doc.Document.Distribution = &csaf.Distribution{TLP: &csaf.TLP{Label: csaf.TLPWhite}}
	files, err := csaf.Provide(csaf.Provider{
		URL:       "https://vendor.example/.well-known/csaf",
		Publisher: doc.Document.Publisher,
	}, []*csaf.Document{doc}, time.Date(2024, 3, 1, 10, 0, 0, 0, time.UTC))
	for _, f := range files {
		fmt.Println(f.Name)
	}
	fmt.Print(string(files[4].Body), err)
	// Output:
	// white/2024/ex-2024-1.json
	// white/2024/ex-2024-1.json.sha256
	// white/2024/ex-2024-1.json.sha512
	// white/index.txt
	// white/changes.csv
	// white/category-white.json
	// white/feed-tlp-white.json
	// service.json
	// provider-metadata.json
	// "2024/ex-2024-1.json","2024-03-01T09:00:00Z"
	// <nil>
}

func ExampleWriteFiles() {
	dir, err := os.MkdirTemp("", "csaf")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	fmt.Println(csaf.WriteFiles(dir, []csaf.File{{Name: "white/index.txt", Body: []byte("2024/ex-2024-1.json\n")}}))
	fmt.Println(csaf.WriteFiles(dir, []csaf.File{{Name: "../index.txt"}}) != nil)
	// Output:
	// <nil>
	// true
}

func ExampleDecodeAny() {
	doc, err := csaf.DecodeAny(strings.NewReader(`{"$schema": "` + csaf.Schema21 + `", "document": {"csaf_version": "2.1"},
		"vulnerabilities": [{"metrics": [{"content": {"epss": {"probability": "0.97"}}, "products": ["pump"]}]}]}`))
	m := doc.Vulnerabilities[0].Metrics[0]
	fmt.Println(m.Content.EPSS.Probability, m.Products, err)
	fmt.Println(csaf.Check(doc)[0])
	// Output:
	// 0.97 [pump] <nil>
	// schema /document/csaf_version: is "2.1", and only documents of CSAF 2.0 are judged
}

func ExamplePreview21() {
	doc, at := notice(), time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	_, _, err := csaf.Preview21(doc, at, nil)
	fmt.Println(err)
	doc.Extra = csaf.Extra{"x_mood": json.RawMessage(`"good"`)}
	preview, warnings, err := csaf.Preview21(doc, at, &csaf.PreviewOptions{Unlabeled: tlp.Clear})
	fmt.Println(preview.Document.CSAFVersion, preview.Document.Distribution.TLP.Label, err)
	for _, w := range warnings {
		fmt.Println(w)
	}
	// Output:
	// csaf: no preview of 2.1: /document: has no TLP label, which 2.1 requires
	// 2.1 CLEAR <nil>
	// 9.1.18 /x_mood: is no member that the standard defines and is dropped: "\"good\""
	// 9.1.18 /document/distribution: has no TLP label; it gets TLP:CLEAR
}

func ExampleCheckSchema21() {
	doc, err := csaf.DecodeAny(strings.NewReader(`{"document": {"category": "csaf_base", "csaf_version": "2.1", "distribution": {"tlp": {"label": "WHITE"}},
		"publisher": {"category": "vendor", "name": "Example", "namespace": "https://vendor.example"}, "title": "News", "tracking": {
		"current_release_date": "2026-01-01T00:00:00z", "id": "N-1", "initial_release_date": "2026-01-01T00:00:00Z", "status": "final", "version": "1",
		"revision_history": [{"date": "2026-01-01T00:00:00Z", "number": "1", "summary": "First"}]}}}`))
	fmt.Println(err)
	for _, f := range csaf.CheckSchema21(doc) {
		fmt.Println(f)
	}
	// Output:
	// <nil>
	// schema (document): has no $schema
	// schema /document/distribution/tlp/label: is "WHITE", not one of AMBER, AMBER+STRICT, CLEAR, GREEN or RED
	// schema /document/tracking/current_release_date: is "2026-01-01T00:00:00z", not a date with a large T and Z
}

func ExampleEncode21() {
	doc := &csaf.Document{Schema: csaf.Schema21, Document: csaf.Meta{CSAFVersion: csaf.Version21, LicenseExpression: "CC-BY-4.0"}}
	fmt.Println(csaf.Encode21(os.Stdout, doc))
	// Output:
	// {
	//   "$schema": "https://docs.oasis-open.org/csaf/csaf/v2.1/schema/csaf.json",
	//   "document": {
	//     "csaf_version": "2.1",
	//     "license_expression": "CC-BY-4.0"
	//   }
	// }
	// <nil>
}
