package csaf_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/open-postmarket/postmarket/feeds/csaf"
)

// Each publisher gets a feed of its own, with a name of its own.
func ExampleNew() {
	feed := csaf.New(&csaf.Options{Name: "csaf/cisa", FS: os.DirFS("testdata/before/white"), From: "2020"})
	for u, err := range feed.Updates(context.Background(), "") {
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, p := range u.Record.Products {
			fmt.Println(u.Record.Item, p.Name, p.Spans, "for a person:", p.Unread)
		}
	}
	// Output:
	// icsma-20-254-01#1 Patient Information Center iX (PICiX) [affected B.02 affected C.02 affected C.03] for a person: []
	// icsma-20-254-01#1 PerformanceBridge Focal Point [affected A.01] for a person: []
	// icsma-20-254-01#1 IntelliVue patient monitor MX100 [] for a person: [<=N]
	// icsma-20-254-01#2 Patient Information Center iX (PICiX) [affected B.02 affected C.02 affected C.03] for a person: []
	// icsma-20-254-01#2 PerformanceBridge Focal Point [affected A.01] for a person: []
	// icsma-20-254-01#2 IntelliVue patient monitor MX100 [] for a person: [under_investigation: <=N]
}

func ExampleDecode() {
	doc := `{"document": {"csaf_version": "2.0", "tracking": {"id": "DEMO-1"}}, "vulnerabilities": [{"cve": "none"}, {"cve": "CVE-2024-0002"}]}`
	for u, err := range csaf.Decode(strings.NewReader(doc)) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(u.Record.Item, u.Record.Names, u.Record.Mark)
	}
	// Output:
	// csaf: record "demo-1#1": cve "none" is no CVE id
	// demo-1#2 [CVE-2024-0002] TLP not said by csaf
}
