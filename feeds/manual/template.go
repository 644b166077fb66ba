package manual

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
)

// A Format is a form in which bulletins are typed.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	JSON Format = "json"
)

// Template writes a document to begin with: all columns or members, and one example
// of the supplier EXAMPLE that Decode passes over.
func Template(w io.Writer, format Format) error {
	e := Entry{
		Supplier: example, ID: "SB-2026-01", Title: "Default password in the sheet server", Text: "What the bulletin says.",
		IDs: []string{"CVE-2099-0001"}, Severity: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
		Published: "2026-03-29", URL: "https://supplier.example/sb-2026-01", TLP: "TLP:AMBER",
		Products: []Product{{
			Vendor: "Acme", Name: "Sheet Server", PURL: "pkg:generic/acme/sheet-server", CPE: "cpe:2.3:a:acme:sheet_server:*:*:*:*:*:*:*:*",
			Affected: "4.2 up to and including 4.8.1", From: "4.2", Fixed: "4.9", Last: "4.8.1",
		}},
		Remedies: []Remedy{{Kind: "vendor_fix", Text: "Update to 4.9", URL: "https://supplier.example/4.9"}},
	}
	switch format {
	case CSV:
		p, r := e.Products[0], e.Remedies[0]
		out := csv.NewWriter(w)
		return out.WriteAll([][]string{columns, {
			e.Supplier, e.ID, e.Title, e.Text, e.IDs[0], e.Severity, e.Published, e.URL, e.TLP,
			p.Vendor, p.Name, p.PURL, p.CPE, p.Affected, p.From, p.Fixed, p.Last, r.Kind, r.Text, r.URL,
		}})
	case JSON:
		out := json.NewEncoder(w)
		out.SetIndent("", "\t")
		return out.Encode(map[string][]Entry{list: {e}})
	}
	return fmt.Errorf("manual: %q is no format (there are %s, %s)", format, CSV, JSON)
}
