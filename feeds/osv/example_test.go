package osv_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/open-postmarket/postmarket/feeds/osv"
)

// A folder is read with all below it; several may be one source.
func ExampleNew() {
	feed := osv.New(&osv.Options{FS: os.DirFS("testdata/before"), From: "Go", More: []string{"crates.io"}})
	for u, err := range feed.Updates(context.Background(), "") {
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, p := range u.Record.Packages {
			fmt.Println(u.Record.Names, p.Ecosystem, p.Name, "stands:", u.Record.Live())
		}
	}
	// Output:
	// [GO-2021-0068 CVE-2021-3115] Go toolchain stands: true
	// [GO-2022-0617 CVE-2020-8562 GHSA-qh36-44jv-c8xj] Go k8s.io/kubernetes stands: false
	// [RUSTSEC-2019-0033 CVE-2019-25008 CVE-2020-25574 GHSA-x7vr-c387-8w57 GHSA-xvc9-xwgj-4cq9] crates.io http stands: true
}

func ExampleDecode() {
	for _, doc := range []string{`{"id": "GO-2099-0001", "modified": "2099-01-01T00:00:00Z"}`, `{}`} {
		for u, err := range osv.Decode(strings.NewReader(doc)) {
			fmt.Println(u.Record.Item, err)
		}
	}
	// Output:
	// GO-2099-0001 <nil>
	//  not an OSV record: it has no id
}
