package openvex_test

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/vex"
	"github.com/open-postmarket/postmarket/vex/openvex"
)

func ExampleDecode() {
	doc, err := openvex.Decode(strings.NewReader(`{
		"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://acme.example/vex/1", "author": "Acme", "version": 1,
		"timestamp": "2026-03-01T09:00:00Z",
		"statements": [
			{"vulnerability": {"name": "CVE-2022-25640"}, "status": "not_affected", "justification": "vulnerable_code_not_present",
			 "products": [{"@id": "pkg:generic/acme/pump@2.1", "subcomponents": [{"@id": "pkg:github/wolfssl/wolfssl@5.1.1"}]}]},
			{"vulnerability": {"name": "CVE-2022-25638"}, "status": "not_affected", "justification": "vulnerable_code_not_present"}
		]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range doc.Statements {
		fmt.Printf("%s %q %q\n", s.Vulnerability, s.Status, s.Original.State)
		for _, p := range s.Products {
			fmt.Println(" ", p, "in", p.Within)
		}
	}
	fmt.Println(doc.Problems[0].Path, doc.Problems[0].Message)
	// Output:
	// CVE-2022-25640 "not_affected" "not_affected"
	//   pkg:github/wolfssl/wolfssl@5.1.1 in pkg:generic/acme/pump@2.1
	// CVE-2022-25638 "" "not_affected"
	// statements[1] names no product
}

func ExampleEncode() {
	err := openvex.Encode(os.Stdout, vex.Document{
		Author: "Acme", Issued: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC),
		Statements: []vex.Statement{{
			Vulnerability: "CVE-2022-25640", Status: vex.Fixed, Products: []vex.Product{{PURL: "pkg:generic/acme/pump@2.2"}},
		}},
	}, nil)
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// {
	//   "@context": "https://openvex.dev/ns/v0.2.0",
	//   "@id": "https://openvex.dev/docs/public/vex-95841b50d609363ce1780d8cc180b0953059a0c3ec7f1f1fc5620763d299c08e",
	//   "author": "Acme",
	//   "timestamp": "2026-03-01T09:00:00Z",
	//   "version": 1,
	//   "statements": [
	//     {
	//       "vulnerability": {
	//         "name": "CVE-2022-25640"
	//       },
	//       "products": [
	//         {
	//           "@id": "pkg:generic/acme/pump@2.2"
	//         }
	//       ],
	//       "status": "fixed"
	//     }
	//   ]
	// }
}

func ExampleStatus() {
	fmt.Println(openvex.Status("fixed"))
	fmt.Println(openvex.Status("resolved"))
	// Output:
	// fixed true
	//  false
}

func ExampleJustification() {
	fmt.Println(openvex.Justification("component_not_present"))
	fmt.Println(openvex.Justification("protected_at_perimeter"))
	// Output:
	// component_not_present true
	//  false
}
