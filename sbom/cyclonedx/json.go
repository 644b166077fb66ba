package cyclonedx

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/open-postmarket/postmarket/sbom"
)

// A reader reads a JSON document: its members one by one, and its lists element
// by element. Every value is checked as it is decoded, what is between them here.
type reader struct {
	t      *translation
	data   []byte
	at     int // what comes next
	counts counts
	// What the members say that tell what the document is.
	format, spec string
}

func readJSON(data []byte, most int) (*translation, error) {
	r := reader{t: newTranslation(sbom.CycloneDXJSON), data: data}
	r.counts = counts{most: most, twice: func(path string) { r.t.problem(path, "is there more than once") }}
	if err := r.members(); err != nil {
		return nil, err
	}
	return r.t, r.judge()
}

// judge tells whether the members at the top make a CycloneDX document. The
// library reads a document of another kind, and {}, without a word.
func (r *reader) judge() error {
	switch {
	case r.format == "":
		return &SyntaxError{Path: "bomFormat", Why: "is missing: not a CycloneDX document"}
	case r.format != cdx.BOMFormat:
		return &SyntaxError{Path: "bomFormat", Why: fmt.Sprintf("is %q, not CycloneDX", r.format)}
	case r.spec == "":
		return &SyntaxError{Path: "specVersion", Why: "is missing"}
	case !known(r.spec):
		return &SyntaxError{Path: "specVersion", Why: fmt.Sprintf("%q is not a version that is known", r.spec)}
	case r.spec == "1.0" || r.spec == "1.1":
		r.t.problem("specVersion", "CycloneDX %s is defined in XML only", r.spec)
	}
	r.t.bom.Spec = r.spec
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

func (r *reader) members() error {
	if !r.take('{') {
		return r.broken(nil)
	}
	r.counts.open(true)
	for first := true; !r.take('}'); first = false {
		if !first && !r.take(',') {
			return r.broken(nil)
		}
		if !first {
			r.counts.next()
		}
		name, err := r.key()
		if err != nil {
			return err
		}
		if err := r.member(name); err != nil {
			return err
		}
	}
	if r.peek(); r.at < len(r.data) {
		return r.broken(nil)
	}
	return nil
}

// key reads the name of a member and the colon after it.
func (r *reader) key() (string, error) {
	if r.peek() != '"' {
		return "", r.broken(nil)
	}
	start := r.at + 1
	end := closing(r.data, start)
	if end == len(r.data) {
		return "", r.broken(nil)
	}
	var name string
	if err := json.Unmarshal(r.data[start-1:end+1], &name); err != nil {
		return "", r.broken(err)
	}
	r.counts.key(r.data[start:end])
	if r.at = end + 1; !r.take(':') {
		return "", r.broken(nil)
	}
	return name, nil
}

// peek is the next byte that is no white space, or 0 at the end.
func (r *reader) peek() byte {
	for ; r.at < len(r.data); r.at++ {
		switch c := r.data[r.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// take passes over c and reports true when c comes next.
func (r *reader) take(c byte) bool {
	if r.peek() != c || r.at == len(r.data) {
		return false
	}
	r.at++
	return true
}

func (r *reader) member(name string) error {
	t := r.t
	switch name {
	case "bomFormat":
		return one(r, name, func(v *string) error { r.format = *v; return nil })
	case "specVersion":
		return one(r, name, func(v *string) error { r.spec = *v; return nil })
	case "serialNumber":
		return one(r, name, func(v *string) error { t.bom.Serial = *v; return nil })
	case "version":
		return one(r, name, func(v *int) error { t.bom.Revision = *v; return nil })
	case "metadata":
		return one(r, name, t.metadata)
	case "components":
		t.components.again()
		return each(r, name, func(i int, c *cdx.Component) error {
			t.reserve(r.at, len(r.data), r.counts.most)
			return t.topComponent(i, c)
		})
	case "services":
		t.services.again()
		return each(r, name, t.topService)
	case "dependencies":
		return each(r, name, t.dependency)
	case "compositions":
		return each(r, name, t.composition)
	case "vulnerabilities":
		return each(r, name, t.vulnerability)
	case "externalReferences":
		return each(r, name, t.reference)
	case "properties":
		return each(r, name, t.property)
	}
	return one(r, name, func(*ignored) error { return nil })
}

// ignored takes any value and keeps nothing of it.
type ignored struct{}

func (*ignored) UnmarshalJSON([]byte) error { return nil }

// one reads a value and hands it to take; one that cannot be read is a problem.
func one[T any](r *reader, path string, take func(*T) error) error {
	raw, err := r.value()
	if err != nil {
		return err
	}
	var v T
	if ok, err := into(r, raw, &v, func() string { return path }); err != nil || !ok {
		return err
	}
	return take(&v)
}

// each reads a list and hands every element to take, with its place. Anything
// else in its stead is taken for a list of one.
func each[T any](r *reader, path string, take func(i int, v *T) error) error {
	switch r.peek() {
	case '[':
		r.at++
	case 'n':
		return one(r, path, func(*ignored) error { return nil })
	default:
		r.t.problem(path, "holds one value where a list belongs: read as a list of one")
		return one(r, path, func(v *T) error { return take(0, v) })
	}
	r.counts.open(false)
	var v T
	for i := 0; !r.take(']'); i++ {
		if i > 0 && !r.take(',') {
			return r.broken(nil)
		}
		if i > 0 {
			r.counts.next()
		}
		raw, err := r.value()
		if err != nil {
			return err
		}
		v = *new(T)
		ok, err := into(r, raw, &v, func() string { return at(path, i) })
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
	r.counts.leave()
	return nil
}

// value passes over the next value and returns its text.
func (r *reader) value() ([]byte, error) {
	r.peek()
	end, why := r.counts.skip(r.data, r.at)
	switch {
	case why != "":
		return nil, located(r.data, int64(end), why, nil)
	case end < 0 || end == r.at:
		return nil, r.broken(nil)
	}
	raw := r.data[r.at:end]
	r.at = end
	return raw, nil
}

// into decodes raw, repairing it if need be. ok is false when nothing could be
// read of it.
func into[T any](r *reader, raw []byte, v *T, path func() string) (ok bool, err error) {
	if err = json.Unmarshal(raw, v); err == nil {
		return true, nil
	}
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		return false, r.broken(err)
	}
	*v = *new(T)
	return r.t.repair(raw, path(), v), nil
}

// broken tells where the syntax of the document breaks, as the library's decoder
// sees it.
func (r *reader) broken(err error) error {
	var syntax *json.SyntaxError
	if whole := json.Unmarshal(r.data, new(ignored)); whole != nil {
		err = whole
	}
	if !errors.As(err, &syntax) {
		return located(r.data, int64(r.at), "is not JSON", err)
	}
	why := err.Error()
	if syntax.Offset >= int64(len(r.data)) {
		why = "is cut off: " + why
	}
	return located(r.data, syntax.Offset, why, err)
}

// reserve makes room for as many components as there will be when the rest of the
// document is like what was read of it: done bytes of all.
func (t *translation) reserve(done, all, most int) {
	n := len(t.bom.Components)
	if n < 256 || n < cap(t.bom.Components) {
		return
	}
	more := int(float64(n) * float64(all-done) / float64(done))
	t.bom.Components = slices.Grow(t.bom.Components, min(max(more, n/4), most))
}

// at is the path of element i of a list.
func at(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
