package csaf_test

import (
	"context"
	"fmt"
	"net/http"
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

// A provider is found by its domain. This one plays in memory.
func ExampleNew_provider() {
	n := &network{Handler: played{files: os.DirFS("testdata/before"), role: "csaf_trusted_provider", label: "WHITE"}}
	feed := csaf.New(&csaf.Options{Name: "csaf/demo", From: "demo.example", Verify: csaf.VerifySignature, Client: n.client()})
	told := 0
	for u, err := range feed.Updates(context.Background(), "") {
		switch {
		case err != nil:
			fmt.Println(err)
		case u.Record.Item != "":
			told++
		case u.Whole:
			fmt.Println(told, "records, each signed, and that was all")
		}
	}
	// Output:
	// 6 records, each signed, and that was all
}

// An aggregator lists providers, and each gets a feed of its own.
func ExampleProviders() {
	n := &network{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(aggregator)) })}
	providers, err := csaf.Providers(context.Background(), "https://cert.example/aggregator.json", &csaf.Options{Client: n.client()})
	for _, p := range providers {
		fmt.Println(p.Source, p.URL)
	}
	fmt.Println(err)
	// Output:
	// csaf/pumps.example https://www.pumps.example/.well-known/csaf/provider-metadata.json
	// csaf/cert.example https://cert.example/csaf/Sensors_2/provider-metadata.json
	// csaf: https://cert.example/aggregator.json: csaf_providers[1]: "http://10.0.0.1/provider-metadata.json" is not https
}
