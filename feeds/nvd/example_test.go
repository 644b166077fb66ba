package nvd_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/open-postmarket/postmarket/feeds/nvd"
)

// A folder may hold pages, single records and other files.
func ExampleNew() {
	feed := nvd.New(&nvd.Options{FS: os.DirFS("testdata/before")})
	for u, err := range feed.Updates(context.Background(), "") {
		if err != nil {
			fmt.Println(err)
			return
		}
		for c := range u.Record.Criteria() {
			fmt.Println(u.Record.Item, u.Record.State, c)
		}
	}
	// Output:
	// CVE-2020-25165 Modified cpe:2.3:o:bd:alaris_8015_pcu_firmware:*:*:*:*:*:*:*:* <= 9.33.1
	// CVE-2020-25165 Modified cpe:2.3:h:bd:alaris_8015_pcu:-:*:*:*:*:*:*:*
	// CVE-2020-25165 Modified cpe:2.3:a:bd:alaris_systems_manager:*:*:*:*:*:*:*:* <= 4.33
	// CVE-2022-25640 Analyzed cpe:2.3:a:wolfssl:wolfssl:*:*:*:*:*:*:*:* < 5.2.0
	// CVE-2025-4565 Analyzed cpe:2.3:a:google:protobuf-python:*:*:*:*:*:*:*:* < 4.25.8
	// CVE-2025-4565 Analyzed cpe:2.3:a:google:protobuf-python:*:*:*:*:*:*:*:* >= 5.26.0 < 5.29.5
	// CVE-2025-4565 Analyzed cpe:2.3:a:google:protobuf-python:*:*:*:*:*:*:*:* >= 6.30.0 < 6.31.1
}

func ExampleDecode() {
	page := `{"vulnerabilities": [
		{"cve": {"id": "CVE-2024-0001", "vulnStatus": "Analyzed", "published": "yesterday"}},
		{"cve": {"id": "CVE-2024-0002", "vulnStatus": "Rejected"}}
	]}`
	for u, err := range nvd.Decode(strings.NewReader(page)) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(u.Record.Item, "stands:", u.Record.Live())
	}
	// Output:
	// nvd: record "CVE-2024-0001": published "yesterday" is no time
	// CVE-2024-0002 stands: false
}
