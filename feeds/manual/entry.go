package manual

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/open-postmarket/postmarket/cvss"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/sbom/cpe"
	"github.com/open-postmarket/postmarket/tlp"
	"github.com/open-postmarket/postmarket/vex"
)

// Name is the name of a feed that was given none.
const Name = "manual"

// An Entry is one bulletin as a person enters it. Supplier, ID, one of Title and
// Text, and a product are required; everything else may be empty, which is not said.
type Entry struct {
	// Supplier is who published the bulletin, ID what the supplier calls it. Together
	// they are the item of the record.
	Supplier string `json:"supplier"`
	ID       string `json:"id"`
	Title    string `json:"title,omitempty"`
	Text     string `json:"text,omitempty"`
	// IDs are the vulnerabilities it speaks of: CVE ids, or ids of the supplier.
	IDs []string `json:"ids,omitempty"`
	// Severity is a CVSS vector of any version.
	Severity string `json:"severity,omitempty"`
	// Published is a day (2026-03-29) or an instant (2026-03-29T12:00:00Z).
	Published string `json:"published,omitempty"`
	// URL is where the bulletin can be read.
	URL string `json:"url,omitempty"`
	// TLP is the label on it, with or without its prefix.
	TLP      string    `json:"tlp,omitempty"`
	Products []Product `json:"products"`
	Remedies []Remedy  `json:"remedies,omitempty"`
}

// A Product is one product that a bulletin is about. One of Name, PURL and CPE is
// required.
type Product struct {
	// Vendor makes it; empty is the supplier of the bulletin.
	Vendor string `json:"vendor,omitempty"`
	Name   string `json:"name,omitempty"`
	PURL   string `json:"purl,omitempty"`
	CPE    string `json:"cpe,omitempty"`
	// Affected is what the bulletin says of versions, in its words.
	Affected string `json:"affected,omitempty"`
	// From is the first affected version and Last the last one; Fixed is the first
	// after those that is not. They say exactly what Affected says in words, which
	// then is not judged by itself: other versions are not affected. Several stretches
	// are several products that are named alike. Fixed alone beside Affected is only
	// what to update to.
	From  string `json:"from,omitempty"`
	Fixed string `json:"fixed,omitempty"`
	Last  string `json:"last,omitempty"`
}

// A Remedy is what the supplier says can be done.
type Remedy struct {
	// Kind is a word of CSAF: vendor_fix, workaround, mitigation, no_fix_planned or
	// none_available.
	Kind string `json:"kind"`
	Text string `json:"text,omitempty"`
	URL  string `json:"url,omitempty"`
}

var kinds = []string{"vendor_fix", "workaround", "mitigation", "no_fix_planned", "none_available"}

// Record checks an entry and returns it as a record of the source "manual", with
// TLP:AMBER when it has no label. The error joins all that is wrong with it. For a
// source of another name, or another label, see [Feed.Record].
func Record(e Entry) (feeds.Record, error) { return New(nil).Record(e) }

// Record checks an entry and returns it as a record of this feed. The error joins
// all that is wrong with it.
func (f *Feed) Record(e Entry) (feeds.Record, error) {
	r, errs := f.record(e.trimmed())
	if err := errors.Join(errs...); err != nil {
		return feeds.Record{}, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return r, nil
}

// item is the key of the record, empty when the entry does not tell it.
func (e Entry) item() string {
	if e.Supplier == "" || e.ID == "" {
		return ""
	}
	return e.Supplier + "/" + e.ID
}

// trimmed leaves out white space around every text, and texts that are empty.
func (e Entry) trimmed() Entry {
	out := e
	for _, s := range []*string{&out.Supplier, &out.ID, &out.Title, &out.Text, &out.Severity, &out.Published, &out.URL, &out.TLP} {
		*s = strings.TrimSpace(*s)
	}
	out.IDs, out.Products, out.Remedies = nil, nil, nil
	ids, products, remedies := once[string]{}, once[Product]{}, once[Remedy]{}
	for _, id := range e.IDs {
		out.IDs = ids.add(out.IDs, strings.TrimSpace(id))
	}
	for _, p := range e.Products {
		for _, s := range []*string{&p.Vendor, &p.Name, &p.PURL, &p.CPE, &p.Affected, &p.From, &p.Fixed, &p.Last} {
			*s = strings.TrimSpace(*s)
		}
		out.Products = products.add(out.Products, p)
	}
	for _, r := range e.Remedies {
		out.Remedies = remedies.add(out.Remedies, Remedy{strings.TrimSpace(r.Kind), strings.TrimSpace(r.Text), strings.TrimSpace(r.URL)})
	}
	return out
}

// once knows what is in a list.
type once[T comparable] map[T]bool

// add adds v to the list unless it is there or says nothing.
func (o once[T]) add(list []T, v T) []T {
	var nothing T
	if v == nothing || o[v] {
		return list
	}
	o[v] = true
	return append(list, v)
}

// record writes a trimmed entry as a record, or says all that is wrong with it.
func (f *Feed) record(e Entry) (feeds.Record, []error) {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if e.Supplier == "" {
		wrong("no supplier")
	}
	if e.ID == "" {
		wrong("no id")
	}
	if e.Title == "" && e.Text == "" {
		wrong("neither a title nor a text")
	}
	if len(e.Products) == 0 {
		wrong("no product")
	}
	if text := fmt.Sprint(e); !utf8.ValidString(text) {
		wrong("not UTF-8")
	}
	out := feeds.Record{Source: f.Name(), Item: e.item(), Title: e.Title, Text: e.Text}
	ids := once[feeds.ID]{}
	for _, text := range e.IDs {
		id := feeds.CleanID(text)
		if strings.HasPrefix(strings.ToUpper(text), "CVE") && !id.CVE() {
			wrong("id %q is no CVE id", text)
		}
		out.Names = ids.add(out.Names, id)
	}
	if e.Severity != "" {
		if _, err := cvss.Parse(e.Severity); err != nil {
			wrong("severity: %w", err)
		}
		out.Scores = []feeds.Score{{Vector: e.Severity, By: e.Supplier}}
	}
	at, err := instant(e.Published)
	if err != nil {
		wrong("published: %w", err)
	}
	out.Published = at
	if e.URL != "" {
		if err := address(e.URL); err != nil {
			wrong("url: %w", err)
		}
		out.References = []feeds.Reference{{URL: e.URL, Tags: []string{"bulletin"}}}
	}
	label, err := tlp.ParseLabel(e.TLP)
	if err != nil {
		wrong("tlp: %w", err)
	}
	if label == "" {
		label = f.unlabeled()
	}
	out.Mark = tlp.Marked(label, f.Name())
	alike := map[Product]int{} // where the product that is named so stands
	for _, p := range e.Products {
		made, more := p.product(e.Supplier)
		errs = append(errs, more...)
		named := Product{Vendor: made.Vendor, Name: p.Name, PURL: p.PURL, CPE: p.CPE}
		if i, ok := alike[named]; ok {
			out.Products[i] = joined(out.Products[i], made)
			continue
		}
		alike[named] = len(out.Products)
		out.Products = append(out.Products, made)
	}
	for _, r := range e.Remedies {
		errs = append(errs, r.check()...)
		out.Remedies = append(out.Remedies, feeds.Remedy{Kind: r.Kind, Text: r.Text, URL: r.URL})
	}
	out.Remedies = append(out.Remedies, e.fixes()...)
	return out, errs
}

// fixes are the versions to update to, unless a remedy says so itself.
func (e Entry) fixes() []feeds.Remedy {
	if slices.ContainsFunc(e.Remedies, func(r Remedy) bool { return r.Kind == "vendor_fix" }) {
		return nil
	}
	var out []feeds.Remedy
	for _, p := range e.Products {
		if p.Fixed != "" {
			out = append(out, feeds.Remedy{Kind: "vendor_fix", Text: strings.TrimSpace(p.Name + " is fixed in version " + p.Fixed)})
		}
	}
	return out
}

// instant reads a day, which is its midnight UTC, or an instant.
func instant(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(form, text); err == nil {
			if t = t.UTC(); t.Year() >= 1 && t.Year() <= 9999 {
				return t, nil
			}
		}
	}
	return time.Time{}, fmt.Errorf("%q is neither a day such as 2026-03-29 nor an instant", text)
}

func address(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return fmt.Errorf("%q is no address", text)
	case u.Scheme != "https" && u.Scheme != "http", u.Host == "":
		return fmt.Errorf("%q is no http or https address", text)
	}
	return nil
}

// joined is what two statements about one product say together. What one of them does
// not say of other versions is then not said.
func joined(a, b feeds.Product) feeds.Product {
	a.Spans, a.Unread = append(a.Spans, b.Spans...), append(a.Unread, b.Unread...)
	if b.Default == "" {
		a.Default = ""
	}
	return a
}

// product writes p as a product, or says what is wrong with it.
func (p Product) product(supplier string) (feeds.Product, []error) {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	out := feeds.Product{Vendor: p.Vendor, Name: p.Name}
	if out.Vendor == "" {
		out.Vendor = supplier
	}
	if p.Name == "" && p.PURL == "" && p.CPE == "" {
		wrong("no product: neither a name nor a purl nor a cpe")
	}
	if p.PURL != "" {
		if _, err := (sbom.Component{PURL: p.PURL}).Package(); err != nil {
			wrong("purl: %w", err)
		}
		out.PURLs = []string{p.PURL}
	}
	if p.CPE != "" {
		if _, err := cpe.Parse(p.CPE); err != nil {
			wrong("cpe: %w", err)
		}
		out.CPEs = []string{p.CPE}
	}
	for _, v := range []struct{ column, text string }{{"from", p.From}, {"fixed", p.Fixed}, {"last", p.Last}} {
		if strings.ContainsAny(v.text, " \t\r\n,;<>=|") {
			wrong("%s %q is not one version: what is more belongs to affected", v.column, v.text)
		}
	}
	switch {
	case p.From != "" || p.Last != "" || p.Fixed != "" && p.Affected == "":
		span := feeds.Span{Status: vex.Affected, From: p.From, Below: p.Fixed, UpTo: p.Last, Text: p.Affected}
		span.Open = p.Fixed == "" && p.Last == ""
		if span.From == "" {
			span.From = "0"
		}
		out.Spans, out.Default = []feeds.Span{span}, vex.NotAffected
	case p.Affected != "":
		out.Spans, out.Unread = feeds.ReadVersions(p.Affected)
		for i := range out.Spans {
			out.Spans[i].Status = vex.Affected
		}
	}
	return out, errs
}

func (r Remedy) check() (errs []error) {
	if !slices.Contains(kinds, r.Kind) {
		errs = append(errs, fmt.Errorf("remedy: %q is none of %s", r.Kind, strings.Join(kinds, ", ")))
	}
	if r.URL != "" {
		if err := address(r.URL); err != nil {
			errs = append(errs, fmt.Errorf("remedy: %w", err))
		}
	}
	return errs
}
