package stix_test

import (
	"context"
	"fmt"
	"os"

	"github.com/open-postmarket/postmarket/feeds/stix"
)

// The bundles of a folder are one graph: what the report of February says of a
// vulnerability of January is in its record, and so is the report's label.
func ExampleNew() {
	feed := stix.New(&stix.Options{Name: "stix/isao", FS: os.DirFS("testdata/before")})
	for u, err := range feed.Updates(context.Background(), "") {
		if err != nil {
			fmt.Println(err)
			return
		}
		if r := u.Record; r.Item != "" {
			fmt.Println(r.Title, r.Names, r.Mark.Label, "stands:", r.Live())
			for _, p := range r.Products {
				fmt.Println(" ", p.Vendor, p.Name, p.Spans)
			}
		}
	}
	// Output:
	// CVE-2099-10001 [CVE-2099-10001] TLP:AMBER stands: true
	//   Acme Sheet Server [affected 4.8.1]
	//    Acme Infusion Gateway []
	// Default key in an infusion gateway [] TLP:RED stands: true
	//   Acme Infusion  []
	// CVE-2099-10003 [CVE-2099-10003] TLP:GREEN stands: false
	// CVE-2099-10004 [CVE-2099-10004] TLP:GREEN stands: true
}

func ExampleDecode() {
	file, err := os.Open("testdata/bad/2026-03.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	for u, err := range stix.Decode(file) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(u.Record.Names)
	}
	// Output:
	// stix: record "vulnerability--00000030-5090-4a1b-8c2d-000000000030": no spec_version: an object of STIX 2.0 or older, which is not read
	// [CVE-2099-10004]
}
