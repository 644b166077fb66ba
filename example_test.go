package postmarket_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/open-postmarket/postmarket"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/feeds/kev"
	"github.com/open-postmarket/postmarket/feeds/nvd"
	"github.com/open-postmarket/postmarket/notify"
	"github.com/open-postmarket/postmarket/sbom/read"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/tlp"
)

// Example embeds the whole program on local files.
func Example() {
	if err := embed(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// kev: 3 records
	// nvd: 6 records
	// pump-2.1: 1 of 55 components evaluated, 4 findings, 4 changes
	// CVE-2022-25638 WolfSSL 4.8.1
	// CVE-2022-25640 WolfSSL 4.8.1
	// CVE-2022-34293 WolfSSL 4.8.1
	// CVE-2022-38152 WolfSSL 4.8.1
}

func embed(ctx context.Context) error {
	db := memory.New() // or sqlite.Open("pump.db")
	defer db.Close()
	p, err := postmarket.New(postmarket.Config{ // a missing Store or Mirror is an error
		Store: db, Mirror: db, Vault: db, Gate: tlp.LabelsOnly,
		Sources: []feeds.Source{ // nil options: the publisher; From: a file or folder
			kev.New(&kev.Options{From: "examples/quickstart/data/kev"}),
			nvd.New(&nvd.Options{From: "examples/quickstart/data/nvd"}),
		},
		Notify: notify.Log(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return err
	}
	bom, err := read.File("examples/quickstart/data/device.cdx.json", nil)
	if err != nil {
		return err
	}
	product := device.Product{ID: "pump-2.1", Name: "Pump", Model: "P-1", Version: "2.1", Zone: "America/Chicago"}
	if err := p.Add(ctx, store.By{Who: "psirt-lead", Why: "release 2.1 shipped"}, product, bom); err != nil {
		return err
	}
	res, err := p.Check(ctx) // one look: sync, match, notify
	if err != nil {
		return err
	}
	fmt.Println(res)
	for f, err := range p.Findings(ctx, "pump-2.1") {
		if err != nil {
			return err
		}
		fmt.Println(f.Vulnerability, f.Instances[0].Component.Name, f.Instances[0].Component.Version)
	}
	return p.Ledger().Verify(ctx)
}

func ExampleNew() {
	_, err := postmarket.New(postmarket.Config{Notify: notify.Log(nil), Now: time.Now})
	fmt.Println(err)
	// Output:
	// postmarket: Config.Store is missing
	// postmarket: Config.Mirror is missing
	// postmarket: Config.Notify needs Config.Gate
}
