package csaf

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/open-postmarket/postmarket/tlp"
)

// cweVersion is that of the list behind CWEName.
const cweVersion = "4.17"

// Preview21 is doc, a valid document of CSAF 2.0, as one of CSAF 2.1, for
// [Encode21]. It is a PREVIEW: a look at what is to come, not a document to
// publish. Nothing judges its result by the tests of 2.1, and what it does may
// change with that standard and with any version of this package.
//
// Scores become metrics, cwe becomes cwes (of CWE 4.17), release_date becomes
// disclosure_date, purl becomes purls, relationships become product paths, the
// TLP label is that of TLP 2.0, as [Distribution.Label] reads it, and dates have a large T
// and Z. A $schema that the document names gives way to that of 2.1; so do an
// address of TLP 1.0 at FIRST and the sentence by which [Distribute] says
// AMBER+STRICT.
//
// What cannot be carried is refused, all reasons joined: what Check finds, a
// missing TLP label, which 2.1 requires, members that the standard does not
// define, for which 2.1 has no room. doc is not changed.
func Preview21(doc *Document) (*Document, error) {
	var reasons []error
	refuse := func(at, why string) {
		reasons = append(reasons, fmt.Errorf("csaf: no preview of 2.1: %s: %s", at, why))
	}
	for _, f := range Check(doc) {
		if f.Path == "" {
			f.Path = "(document)"
		}
		refuse(f.Path, f.Message+" ("+f.Test+")")
	}
	if doc == nil {
		return nil, errors.Join(reasons...)
	}
	for at := range doc.Extras() {
		if at != "/$schema" {
			refuse(at, "is no member that the standard defines")
		}
	}
	if len(reasons) == 0 && doc.Document.Distribution.Label() == "" {
		refuse("/document", "has no TLP label, which 2.1 requires")
	}
	if len(reasons) > 0 {
		return nil, errors.Join(reasons...)
	}
	text, err := marshal(doc, Version, "")
	if err != nil {
		return nil, err
	}
	out, err := read(&scanner{data: text}, document()) // a copy
	if err != nil {
		return nil, err
	}
	out.Unsorted = nil
	delete(out.Extra, "$schema")
	if len(out.Extra) == 0 {
		out.Extra = nil
	}
	out.Schema, out.Document.CSAFVersion = Schema21, Version21
	out.Document.Distribution.preview()
	if t := out.ProductTree; t != nil {
		for _, p := range t.Products() {
			if h := p.Helper; h != nil && h.PURL != "" {
				h.PURLs, h.PURL = []string{h.PURL}, ""
			}
		}
		for _, r := range t.Relationships {
			t.ProductPaths = append(t.ProductPaths, ProductPath{
				BeginningProductReference: r.ProductReference,
				FullProductName:           r.FullProductName,
				Subpaths:                  []Subpath{{Category: r.Category, NextProductReference: r.RelatesToProductReference}},
			})
		}
		t.Relationships = nil
	}
	for i := range out.Vulnerabilities {
		out.Vulnerabilities[i].preview()
	}
	upperDates(reflect.ValueOf(out).Elem())
	return out, nil
}

func (d *Distribution) preview() {
	switch d.Label() {
	case tlp.Clear:
		d.TLP.Label = TLPClear
	case tlp.AmberStrict:
		d.TLP.Label, d.Text = TLPAmberStrict, ""
	}
	if strings.TrimSuffix(d.TLP.URL, "/") == "https://www.first.org/tlp/v1" {
		d.TLP.URL = "" // the address of 2.0 is the default
	}
}

func (v *Vulnerability) preview() {
	if v.CWE != nil {
		v.CWEs = []CWE{{ID: v.CWE.ID, Name: v.CWE.Name, Version: cweVersion}} // 6.1.11 holds, so it is of that version
		v.CWE = nil
	}
	v.DisclosureDate, v.ReleaseDate = v.ReleaseDate, ""
	for _, s := range v.Scores {
		v.Metrics = append(v.Metrics, Metric{Content: MetricContent{CVSSv2: s.CVSSv2, CVSSv3: s.CVSSv3}, Products: s.Products})
	}
	v.Scores = nil
}

// upperDates writes the T and the Z of every date in v large, as 2.1 asks.
func upperDates(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[Date]() {
			v.SetString(strings.ToUpper(v.String()))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			upperDates(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			upperDates(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			upperDates(v.Field(i))
		}
	}
}
