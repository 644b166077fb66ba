package kev_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/open-postmarket/postmarket/feeds/kev"
)

// A catalog on disk, or in any fs.FS, is read as the publisher's is.
func ExampleNew() {
	feed := kev.New(&kev.Options{FS: os.DirFS("testdata/before")})
	for u, err := range feed.Updates(context.Background(), "") {
		if err != nil {
			fmt.Println(err)
			return
		}
		if e := u.Record.Exploited; e != nil {
			fmt.Println(e.Added.Format("2006-01-02"), u.Record.Item, e.Product, "ransomware:", e.Ransomware)
		}
	}
	// Output:
	// 2025-01-24 CVE-2025-23006 SMA1000 Appliances ransomware: false
	// 2025-01-23 CVE-2020-11023 JQuery ransomware: false
	// 2022-02-10 CVE-2017-0144 SMBv1 ransomware: true
	// 2022-05-04 CVE-2014-0160 OpenSSL ransomware: false
}

func ExampleDecode() {
	file, err := os.Open("testdata/bad/known_exploited_vulnerabilities.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	for u, err := range kev.Decode(file) {
		switch {
		case err != nil:
			fmt.Println("rejected:", err)
		case u.Whole:
			fmt.Println("that was all")
		default:
			fmt.Println(u.Record.Item)
		}
	}
	// Output:
	// CVE-2025-23006
	// rejected: kev: record "CVE-2020-11023": dateAdded "23 January" is no date
	// rejected: kev: record "vulnerabilities[2]": json: cannot unmarshal number into Go struct field entry.cveID of type string
	// CVE-2014-0160
	// that was all
}

func ExampleDecodeCSV() {
	const catalog = `cveID,vendorProject,product,vulnerabilityName,dateAdded,shortDescription,requiredAction,dueDate,knownRansomwareCampaignUse
CVE-2017-0144,Microsoft,SMBv1,"SMBv1, code runs",2022-02-10,text,act,2022-08-10,Known
`
	for u, err := range kev.DecodeCSV(strings.NewReader(catalog)) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(u.Record.Item, u.Record.Title, "ransomware:", u.Record.Exploited.Ransomware)
	}
	// Output: CVE-2017-0144 SMBv1, code runs ransomware: true
}
