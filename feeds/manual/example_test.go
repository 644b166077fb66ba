package manual_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/open-postmarket/postmarket/feeds/manual"
)

// Tables and JSON files of a folder are one feed.
func ExampleNew() {
	feed := manual.New(&manual.Options{FS: os.DirFS("testdata/before")})
	for u, err := range feed.Updates(context.Background(), "") {
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, p := range u.Record.Products {
			fmt.Println(u.Record.Item, u.Record.Mark.Label, p.Name, p.Spans, p.Unread)
		}
	}
	// Output:
	// Acme/SB-1 TLP:GREEN Sheet Server [affected up to 4.8.1] []
	// Acme/SB-1 TLP:GREEN Sheet Client [affected >= 0 < 3.1] []
	// Acme/SB-2 TLP:AMBER Sheet Server [] [all builds with the service menu]
	// Beta Sensors/2026/7 TLP:AMBER+STRICT Sensor 7 [affected >= 2.0] []
	// Gamma/G-1 TLP:AMBER Gamma RTOS [affected 5.x before 5.4] []
}

// What a form sends is checked at once, and the person sees all that is wrong.
func ExampleRecord() {
	_, err := manual.Record(manual.Entry{Supplier: "Acme", ID: "SB-4", IDs: []string{"CVE-99-1"}, Products: []manual.Product{{Name: "Sheet Server"}}})
	fmt.Println(err)
	// Output:
	// manual: neither a title nor a text
	// id "CVE-99-1" is no CVE id
}

func ExampleDecode() {
	table := "supplier,id,title,product,fixed\nAcme,SB-5,Clock stops,Sheet Server,4.9.1\nAcme,SB-6,No product,,\n"
	for u, err := range manual.Decode(strings.NewReader(table)) {
		fmt.Println(u.Record.Item, err)
	}
	// Output:
	//  manual: record "Acme/SB-6": line 3: no product
	// Acme/SB-5 <nil>
}

func ExampleTemplate() {
	var out strings.Builder
	if err := manual.Template(&out, manual.CSV); err != nil {
		fmt.Println(err)
		return
	}
	columns, _, _ := strings.Cut(out.String(), "\n")
	fmt.Println(columns)
	// Output:
	// supplier,id,title,text,ids,severity,published,url,tlp,vendor,product,purl,cpe,affected,from,fixed,last,remedy,remedy_text,remedy_url
}

func ExampleFeed_Record() {
	feed := manual.New(&manual.Options{Name: "manual/suppliers", Unlabeled: "AMBER+STRICT"})
	record, err := feed.Record(manual.Entry{Supplier: "Acme", ID: "SB-7", Title: "Clock stops", Products: []manual.Product{{Name: "Sheet Server"}}})
	fmt.Println(record.Source, record.Item, record.Mark, err)
	// Output:
	// manual/suppliers Acme/SB-7 TLP:AMBER+STRICT by manual/suppliers <nil>
}
