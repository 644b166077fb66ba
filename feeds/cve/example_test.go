package cve_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/open-postmarket/postmarket/feeds/cve"
)

// The parties of a record speak for themselves.
func ExampleNew() {
	feed := cve.New(&cve.Options{FS: os.DirFS("testdata/before/cves"), From: "2024/6xxx"})
	for u, err := range feed.Updates(context.Background(), "") {
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, p := range u.Record.Products {
			fmt.Println(u.Record.Item, p.By+":", p.Name, p.CPEs, p.Spans, "else", p.Default)
		}
		if s := u.Record.SSVC; s != nil {
			fmt.Println("exploitation:", s.Exploitation)
		}
	}
	// Output:
	// CVE-2024-6442 cna: Zephyr [] [affected >= 0 <= 3.6] else not_affected
	// CVE-2024-6442 CISA-ADP: zephyr [cpe:2.3:o:zephyrproject:zephyr:*:*:*:*:*:*:*:*] [affected >= 0 <= 3.6] else not_affected
	// exploitation: poc
}

func ExampleDecode() {
	records := `[{"cveMetadata": {"cveId": "CVE-2024-0001", "datePublished": "yesterday"}, "containers": {"cna": {}}},
		{"cveMetadata": {"cveId": "CVE-2024-0002", "state": "REJECTED"}, "containers": {"cna": {}}}]`
	for u, err := range cve.Decode(strings.NewReader(records)) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(u.Record.Item, "stands:", u.Record.Live())
	}
	// Output:
	// cve: record "CVE-2024-0001": datePublished "yesterday" is no time
	// CVE-2024-0002 stands: false
}
