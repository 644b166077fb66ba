package advisory_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/patch"
	"github.com/open-postmarket/postmarket/rule"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/store/memory"
	"github.com/open-postmarket/postmarket/tlp"
)

// exampleInput is about a vulnerability that is still looked into.
func exampleInput() advisory.Input {
	return advisory.Input{
		ID: "EXM-2026-007", Kind: advisory.SecurityNotice, Lang: "en", By: "advisory-author",
		Maker: advisory.Maker{Name: "Example Medical", Namespace: "https://example.com/psirt"},
		Mark:  tlp.Marked(tlp.Clear, "example-medical"),
		Products: []device.Product{
			{ID: "pump-2.1", Name: "Example pump", Model: "EP-2", Version: "2.1", Zone: "America/Chicago"},
			{ID: "pump-3.0", Name: "Example pump", Model: "EP-2", Version: "3.0", Zone: "America/Chicago"},
		},
		NoFleet: "These two versions are all that were released.",
		Stated: []advisory.Statement{{
			Product: "pump-3.0", Vulnerability: "CVE-2022-34293", Status: advisory.NotAffected, Justification: string(csaf.FlagComponentNotPresent),
		}},
		Vulnerabilities: []advisory.VulnerabilityText{{
			ID: "CVE-2022-34293", Description: "A peer can slow down the telemetry connection.",
			ClinicalImpact: "Trend data on the ward display could be late; therapy itself goes on unchanged.",
		}},
		Instructions: []advisory.Instruction{
			{Party: patch.Manufacturer, Text: "We look into it and tell you what we find."},
			{Party: patch.Facility, Text: "Keep the telemetry network apart from others."},
			{Party: patch.User, Text: "Rely on the pump's own display."},
		},
		Texts: advisory.Texts{
			Title: "Telemetry of the Example pump", Summary: "We look into a weakness of the telemetry connection.",
			Next: advisory.Next{On: rule.Date{Year: 2026, Month: 4, Day: 10}}, Contact: "psirt@example.com", Reporting: advisory.MedWatch,
		},
	}
}

// keep writes to l what the advisory rests on, as the rooms before do.
func keep(ctx context.Context, l *store.Ledger, in advisory.Input) error {
	return l.Do(ctx, store.By{Who: "regulatory", Why: "released versions"}, func(tx *store.Tx) error {
		for _, p := range in.Products {
			if err := device.Products.Put(tx, p); err != nil {
				return err
			}
		}
		return nil
	})
}

func Example() {
	at := time.Date(2026, 3, 13, 8, 30, 0, 0, time.UTC)
	a, err := advisory.Draft(exampleInput(), at)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, ledger := context.Background(), store.New(memory.New(), nil)
	if err := keep(ctx, ledger, exampleInput()); err != nil {
		fmt.Println(err)
		return
	}
	if err := advisory.Save(ctx, ledger, store.By{Who: "advisory-author", Why: "first draft"}, a); err != nil {
		fmt.Println(err)
		return
	}
	desk := store.By{Who: "psirt-desk", Why: "release"}
	_, err = advisory.Release(ctx, ledger, desk, tlp.LabelsOnly, a, tlp.Customer, at)
	fmt.Println(err)

	for _, s := range []advisory.SignOff{
		{By: "psirt-lead", Role: "product security", At: at.Add(time.Hour), Why: "read and agreed", Demonstration: true},
		{By: "safety-lead", Role: "product safety", At: at.Add(time.Hour), Why: "read and agreed", Demonstration: true},
	} {
		if a, err = a.SignOff(s); err != nil {
			fmt.Println(err)
			return
		}
		_, err = advisory.Release(ctx, ledger, desk, tlp.LabelsOnly, a, tlp.Customer, at.Add(2*time.Hour))
		fmt.Println(err)
		if err := advisory.Save(ctx, ledger, store.By{Who: s.By, Why: "signed off"}, a); err != nil {
			fmt.Println(err)
			return
		}
	}
	r, err := advisory.Release(ctx, ledger, desk, tlp.LabelsOnly, a, tlp.Customer, at.Add(2*time.Hour))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range r.Files {
		fmt.Println(f.Name, f.MediaType)
	}
	// Output:
	// advisory: not signed off: "EXM-2026-007"
	// advisory: not signed off: "EXM-2026-007": no sign-off by product safety
	// advisory: not so in the ledger: the latest of "EXM-2026-007" is another
	// exm-2026-007.json application/json
	// exm-2026-007.html text/html; charset=utf-8
	// exm-2026-007.md text/markdown; charset=utf-8
}

func ExampleDraft() {
	in := exampleInput()
	in.Kind, in.Vulnerabilities[0].ClinicalImpact = "", "N/A"
	_, err := advisory.Draft(in, time.Date(2026, 3, 13, 8, 30, 0, 0, time.UTC))
	fmt.Println(err)
	// Output:
	// advisory: the kind of communication is not chosen; there is no default
	// advisory: the clinical impact of "CVE-2022-34293" says nothing: "N/A"
	// advisory: the clinical impact of "CVE-2022-34293" is too short to say what could happen to the patient: "N/A"
}

func ExampleCSAF() {
	a, err := advisory.Draft(exampleInput(), time.Date(2026, 3, 13, 8, 30, 0, 0, time.UTC))
	if err != nil {
		fmt.Println(err)
		return
	}
	doc, err := advisory.CSAF(a)
	if err != nil {
		fmt.Println(err)
		return
	}
	v := doc.Vulnerabilities[0]
	fmt.Println(doc.Document.Title)
	fmt.Println(v.CVE, "not affected:", v.ProductStatus.KnownNotAffected, "under investigation:", v.ProductStatus.UnderInvestigation)
	fmt.Println(len(csaf.Check(doc)), "failures")
	// Output:
	// DRAFT – not for distribution: Telemetry of the Example pump
	// CVE-2022-34293 not affected: [CSAFPID-0002] under investigation: [CSAFPID-0001]
	// 0 failures
}

func ExampleRelease_held() {
	in := exampleInput()
	in.Mark = tlp.Marked(tlp.AmberStrict, "example-medical")
	at := time.Date(2026, 3, 13, 8, 30, 0, 0, time.UTC)
	a, err := advisory.Draft(in, at)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, ledger := context.Background(), store.New(memory.New(), nil)
	if err := keep(ctx, ledger, exampleInput()); err != nil {
		fmt.Println(err)
		return
	}
	if err := advisory.Save(ctx, ledger, store.By{Who: "advisory-author", Why: "first draft"}, a); err != nil {
		fmt.Println(err)
		return
	}
	for who, role := range map[string]string{"safety-lead": "product safety", "psirt-lead": "product security"} {
		if a, err = a.SignOff(advisory.SignOff{By: who, Role: role, At: at, Why: "read and agreed"}); err != nil {
			fmt.Println(err)
			return
		}
		if err := advisory.Save(ctx, ledger, store.By{Who: who, Why: "signed off"}, a); err != nil {
			fmt.Println(err)
			return
		}
	}
	_, err = advisory.Release(ctx, ledger, store.By{Who: "psirt-desk", Why: "release"}, tlp.LabelsOnly, a, tlp.Customer, at)
	var held *tlp.HeldError
	fmt.Println(errors.As(err, &held))
	// Output: true
}

func ExamplePreview() {
	a, err := advisory.Draft(exampleInput(), time.Date(2026, 3, 13, 8, 30, 0, 0, time.UTC))
	if err != nil {
		fmt.Println(err)
		return
	}
	files, err := advisory.Preview(a)
	if err != nil {
		fmt.Println(err)
		return
	}
	first, _, _ := strings.Cut(string(files[2].Bytes), "\n")
	fmt.Println(strings.TrimSpace(first))
	// Output: > **DRAFT – not for distribution**
}

func ExampleSave() {
	ctx := context.Background()
	ledger := store.New(memory.New(), nil)
	a, err := advisory.Draft(exampleInput(), time.Date(2026, 3, 13, 8, 30, 0, 0, time.UTC))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := advisory.Save(ctx, ledger, store.By{Who: "advisory-author", Why: "first draft"}, a); err != nil {
		fmt.Println(err)
		return
	}
	kept, _, err := advisory.Advisories.Latest(ctx, ledger, "EXM-2026-007")
	fmt.Println(kept.Status, kept.Title, err)
	// Output: draft Telemetry of the Example pump <nil>
}
