package cyclonedx

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/open-postmarket/postmarket/sbom"
)

const namespace = "http://cyclonedx.org/schema/bom/"

// readXML reads the document, and again from the start for every new kind of
// fault that the library gives up at: what was learned is left out then.
func readXML(data []byte, most int) (*translation, error) {
	rules := map[string]rule{}
	for {
		t := newTranslation(sbom.CycloneDXXML)
		t.bom.Components = make([]sbom.Component, 0, min(bytes.Count(data, []byte("<component ")), most))
		f := &sieve{d: xml.NewDecoder(bytes.NewReader(data)), t: t, rules: rules, most: most}
		err := t.document(f)
		if err == nil {
			f.report()
			return t, nil
		}
		if placed := (*SyntaxError)(nil); errors.As(err, &placed) {
			return nil, err
		}
		if f.err != nil || len(rules) >= maxRules || len(rules) > maxReread/len(data) || !f.learn(err) {
			return nil, f.fail(err)
		}
	}
}

// document reads the elements below the root one by one, and their lists element
// by element.
func (t *translation) document(f *sieve) error {
	d := xml.NewTokenDecoder(f)
	for {
		token, err := d.Token()
		if err == io.EOF {
			if t.bom.Spec == "" {
				return f.place("holds no element", nil)
			}
			return nil
		}
		if err != nil {
			return err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if t.bom.Spec == "" {
			if err := t.root(f, start); err != nil {
				return err
			}
			continue
		}
		if err := t.element(d, start); err != nil {
			return err
		}
	}
}

func (t *translation) root(f *sieve, start xml.StartElement) error {
	version := strings.TrimPrefix(start.Name.Space, namespace)
	if !known(version) {
		return f.place(fmt.Sprintf("has the namespace %q, whose version is not known", start.Name.Space), nil)
	}
	t.bom.Spec = version
	for _, a := range start.Attr {
		switch a.Name.Local {
		case "serialNumber":
			t.bom.Serial = a.Value
		case "version":
			n, err := strconv.Atoi(strings.TrimSpace(a.Value))
			if err != nil {
				t.problem("/bom/@version", "holds the text %q where a number belongs: left out", short(a.Value))
			}
			t.bom.Revision = n
		}
	}
	return nil
}

func (t *translation) element(d *xml.Decoder, start xml.StartElement) error {
	switch start.Name.Local {
	case "metadata":
		var m cdx.Metadata
		if err := d.DecodeElement(&m, &start); err != nil {
			return err
		}
		return t.metadata(&m)
	case "components":
		t.components.again()
		return children(d, "component", t.topComponent)
	case "services":
		t.services.again()
		return children(d, "service", t.topService)
	case "dependencies":
		return children(d, "dependency", t.dependency)
	case "compositions":
		return children(d, "composition", t.composition)
	case "vulnerabilities":
		return children(d, "vulnerability", t.vulnerability)
	case "externalReferences":
		return children(d, "reference", t.reference)
	case "properties":
		return children(d, "property", t.property)
	}
	return d.Skip()
}

// children reads the elements of that name up to the end of the one that d is
// in, and hands each to take with its place.
func children[T any](d *xml.Decoder, name string, take func(i int, v *T) error) error {
	for i := 0; ; {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if token.Name.Local != name {
				if err := d.Skip(); err != nil {
					return err
				}
				continue
			}
			var v T
			if err := d.DecodeElement(&v, &token); err != nil {
				return err
			}
			if err := take(i, &v); err != nil {
				return err
			}
			i++
		}
	}
}
