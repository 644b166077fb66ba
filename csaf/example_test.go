package csaf_test

import (
	"bytes"
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
