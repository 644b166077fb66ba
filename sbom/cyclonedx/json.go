package cyclonedx

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/open-postmarket/postmarket/sbom"
)

// head are the members that say what a document is.
type head struct {
	format, spec, serial string
}

// readJSON reads the document's members one by one, and its lists element by
// element.
func readJSON(data []byte, most int) (*translation, error) {
	t := newTranslation(sbom.CycloneDXJSON)
	c := counts{twice: func(path string) { t.problem(path, "is there more than once") }, most: most}
	if i, why := c.scan(data); i >= 0 {
		return nil, located(data, int64(i), why, nil)
	}
	t.bom.Components = make([]sbom.Component, 0, c.components)
	return t, t.members(data)
}

func (t *translation) members(data []byte) error {
	var h head
	d := json.NewDecoder(bytes.NewReader(data))
	if _, err := d.Token(); err != nil {
		return broken(data, err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return broken(data, err)
		}
		name, _ := key.(string)
		if err := t.member(d, data, name, &h); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return broken(data, err)
	}
	if rest := bytes.TrimLeft(data[d.InputOffset():], " \t\r\n"); len(rest) > 0 {
		return broken(data, errors.New("goes on after its end"))
	}
	return t.judge(&h)
}

// judge tells whether the members at the top make a CycloneDX document. The
// library reads a document of another kind, and {}, without a word.
func (t *translation) judge(h *head) error {
	switch {
	case h.format == "":
		return &SyntaxError{Path: "bomFormat", Why: "is missing: not a CycloneDX document"}
	case h.format != cdx.BOMFormat:
		return &SyntaxError{Path: "bomFormat", Why: fmt.Sprintf("is %q, not CycloneDX", h.format)}
	case h.spec == "":
		return &SyntaxError{Path: "specVersion", Why: "is missing"}
	case !known(h.spec):
		return &SyntaxError{Path: "specVersion", Why: fmt.Sprintf("%q is not a version that is known", h.spec)}
	case h.spec == "1.0" || h.spec == "1.1":
		t.problem("specVersion", "CycloneDX %s is defined in XML only", h.spec)
	}
	t.bom.Spec, t.bom.Serial = h.spec, h.serial
	return nil
}

// known reports whether v is a specification version that is read.
func known(v string) bool {
	for s := cdx.SpecVersion1_0; s <= cdx.SpecVersion1_7; s++ {
		if s.String() == v {
			return true
		}
	}
	return false
}

func (t *translation) member(d *json.Decoder, data []byte, name string, h *head) error {
	switch name {
	case "bomFormat":
		return one(t, d, data, name, func(v *string) error { h.format = *v; return nil })
	case "specVersion":
		return one(t, d, data, name, func(v *string) error { h.spec = *v; return nil })
	case "serialNumber":
		return one(t, d, data, name, func(v *string) error { h.serial = *v; return nil })
	case "version":
		return one(t, d, data, name, func(v *int) error { t.bom.Revision = *v; return nil })
	case "metadata":
		return one(t, d, data, name, t.metadata)
	case "components":
		return each(t, d, data, name, t.topComponent)
	case "services":
		return each(t, d, data, name, t.topService)
	case "dependencies":
		return each(t, d, data, name, t.dependency)
	case "compositions":
		return each(t, d, data, name, t.composition)
	case "vulnerabilities":
		return each(t, d, data, name, t.vulnerability)
	case "externalReferences":
		return each(t, d, data, name, t.reference)
	case "properties":
		return each(t, d, data, name, t.property)
	}
	if err := d.Decode(new(ignored)); err != nil {
		return broken(data, err)
	}
	return nil
}

// ignored takes any value and keeps nothing of it.
type ignored struct{}

func (*ignored) UnmarshalJSON([]byte) error { return nil }

// one reads a value and hands it to take; one that cannot be read is a problem.
func one[T any](t *translation, d *json.Decoder, data []byte, path string, take func(*T) error) error {
	var v T
	ok, err := value(t, d, data, path, &v)
	if err != nil || !ok {
		return err
	}
	return take(&v)
}

// each reads a list and hands every element to take, with its place. Anything
// else in its stead is taken for a list of one.
func each[T any](t *translation, d *json.Decoder, data []byte, path string, take func(i int, v *T) error) error {
	if first := next(data, d.InputOffset()); first != '[' {
		if first == 'n' {
			return one(t, d, data, path, func(*any) error { return nil })
		}
		t.problem(path, "holds one value where a list belongs: read as a list of one")
		return one(t, d, data, path, func(v *T) error { return take(0, v) })
	}
	if _, err := d.Token(); err != nil {
		return broken(data, err)
	}
	for i := 0; d.More(); i++ {
		var v T
		here := at(path, i)
		ok, err := value(t, d, data, here, &v)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if err := take(i, &v); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return broken(data, err)
	}
	return nil
}

// value decodes the next value into v, repairing it if need be. ok is false when
// nothing could be read of it.
func value[T any](t *translation, d *json.Decoder, data []byte, path string, v *T) (ok bool, err error) {
	start := d.InputOffset()
	err = d.Decode(v)
	if err == nil {
		return true, nil
	}
	end := d.InputOffset()
	raw := bytes.TrimLeft(data[start:end], " \t\r\n,:")
	if len(raw) == 0 || !json.Valid(raw) {
		return false, broken(data, err)
	}
	*v = *new(T)
	return t.repair(raw, path, v), nil
}

// next is the first byte of the value that follows offset.
func next(data []byte, offset int64) byte {
	rest := bytes.TrimLeft(data[offset:], " \t\r\n,:")
	if len(rest) == 0 {
		return 0
	}
	return rest[0]
}

// broken tells where the syntax of the whole document breaks. The decoder of a
// stream does not count reliably, so the document is looked at once more.
func broken(data []byte, err error) error {
	var syntax *json.SyntaxError
	if whole := json.Unmarshal(data, new(ignored)); whole != nil {
		err = whole
	}
	if !errors.As(err, &syntax) {
		return &SyntaxError{Why: fmt.Sprint(err), Err: err}
	}
	why := err.Error()
	if syntax.Offset >= int64(len(data)) {
		why = "is cut off: " + why
	}
	return located(data, syntax.Offset, why, err)
}

// at is the path of element i of a list.
func at(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
