package openvex

import (
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/internal/jsontree"
	"github.com/open-postmarket/postmarket/vex"
)

// Format is the word in [vex.Document] and [vex.Original] for what came from
// OpenVEX.
const Format = "openvex"

const (
	namespace = "https://openvex.dev/ns"
	// maxValues is how many values a document may hold.
	maxValues = 2_000_000
)

// Decode reads one document in JSON. It fails with a [*vex.SyntaxError] when the
// document is empty, too large, not JSON, not OpenVEX or of a version it does not
// know. What is wrong with a single value costs that value and is listed in
// Problems; a statement in which that happens clears nothing.
//
// Every subcomponent of a product is a [vex.Product] of its own, Within that
// product. A document without a version of its context is read as 0.0.1.
func Decode(r io.Reader) (vex.Document, error) {
	data, digest, err := vex.ReadAll(r, Format)
	if err != nil {
		return vex.Document{}, err
	}
	tree, err := jsontree.Parse(data, maxValues)
	if at := (*jsontree.Error)(nil); errors.As(err, &at) {
		return vex.Document{}, &vex.SyntaxError{Format: Format, Line: at.Line, Column: at.Column, Why: at.Why, Err: err}
	} else if err != nil {
		return vex.Document{}, &vex.SyntaxError{Format: Format, Why: err.Error(), Err: err}
	}
	d := decoder{doc: vex.Document{Format: Format, Digest: digest}}
	d.notes.Tell = func(path, message string) {
		d.doc.Problems = append(d.doc.Problems, vex.Problem{Path: path, Message: message})
	}
	top := jsontree.Top(&tree, &d.notes)
	if !top.Is(jsontree.Object) {
		return vex.Document{}, &vex.SyntaxError{Format: Format, Line: 1, Column: 1, Why: "the document is JSON but not an object"}
	}
	if err := d.version(top.Get("@context")); err != nil {
		return vex.Document{}, err
	}
	d.document(top)
	return d.doc, nil
}

type decoder struct {
	doc   vex.Document
	notes jsontree.Notes
}

// version reads the context, which alone says what the document is.
func (d *decoder) version(context jsontree.Cursor) error {
	var text string
	if context.Is(jsontree.List) {
		for _, s := range context.Strings() {
			if text == "" && strings.HasPrefix(s, namespace) {
				text = s
			}
		}
	} else {
		text = context.String()
	}
	rest, ours := strings.CutPrefix(strings.TrimSuffix(text, "/"), namespace)
	version, versioned := strings.CutPrefix(rest, "/v")
	switch {
	case !context.There():
		return &vex.SyntaxError{Format: Format, Why: "@context is missing: not an OpenVEX document", Err: vex.ErrFormat}
	case !ours, rest != "" && !versioned:
		return &vex.SyntaxError{Format: Format, Why: "@context does not name OpenVEX", Err: vex.ErrFormat}
	case rest == "":
		version = "0.0.1"
	}
	if version != "0.0.1" && version != "0.2" && !strings.HasPrefix(version, "0.2.") {
		return &vex.SyntaxError{Format: Format, Why: "version " + jsontree.Short(version) + " of OpenVEX is not one that is known"}
	}
	d.doc.Spec = version
	return nil
}

// The names of members, so that another reader does not take Status for status.
var (
	statementNames = []string{"vulnerability", "products", "status", "justification", "subcomponents", "impact_statement", "action_statement"}
	productNames   = []string{"@id", "identifiers", "hashes", "subcomponents"}
)

func (d *decoder) document(top jsontree.Cursor) {
	doc := &d.doc
	doc.ID, doc.Author, doc.Role = top.Get("@id").String(), top.Get("author").String(), top.Get("role").String()
	doc.Version, doc.Tooling = top.Get("version").Written(), top.Get("tooling").String()
	doc.Issued, doc.Updated = stamp(top.Get("timestamp")), stamp(top.Get("last_updated"))
	for _, name := range []string{"@id", "author", "timestamp", "statements"} {
		if !top.Get(name).There() {
			d.notes.Add(name, "is missing")
		}
	}
	top.Odd("statements")
	for _, c := range top.Get("statements").Each() {
		doc.Statements = append(doc.Statements, d.statement(c))
	}
}

func (d *decoder) statement(c jsontree.Cursor) vex.Statement {
	before := d.notes.Count()
	c.Odd(statementNames...)
	s := vex.Statement{
		ID: c.Get("@id").String(), Impact: c.Get("impact_statement").String(), Action: c.Get("action_statement").String(),
		Notes: c.Get("status_notes").String(), Original: vex.Original{Format: Format},
	}
	d.vulnerability(&s, c.Get("vulnerability"))
	d.products(&s, c)
	status, justification := c.Get("status"), c.Get("justification")
	s.Original.State, s.Original.Justification = status.String(), justification.String()
	whole := d.notes.Count() == before && s.Vulnerability != "" && len(s.Products) > 0
	known := false
	if s.Status, known = Status(s.Original.State); !known {
		status.Note("%q is not a status of OpenVEX: it gives none", jsontree.Short(s.Original.State))
	}
	j, known := Justification(s.Original.Justification)
	switch {
	case s.Original.Justification != "" && !known:
		justification.Note("%q is not a justification of OpenVEX: it gives none", jsontree.Short(s.Original.Justification))
	case s.Status == vex.NotAffected:
		s.Justification = j
	case s.Original.Justification != "":
		justification.Note("stands beside the status %q, which has none", jsontree.Short(s.Original.State))
	}
	s.Issued, s.Updated = stamp(c.Get("timestamp")), stamp(c.Get("last_updated"))
	if s.Vulnerability == "" {
		c.Note("names no vulnerability")
	}
	if len(s.Products) == 0 {
		c.Note("names no product")
	}
	if s.Status == vex.NotAffected && s.Justification == "" && s.Impact == "" {
		c.Note("does not say why it is not affected")
	}
	if !whole {
		if s.Status.Clears() {
			c.Note("is not read in whole: nothing is cleared by it")
		}
		s = vex.Withhold([]vex.Statement{s})[0]
	} else {
		recall(&s)
	}
	return s
}

// vulnerability reads the text of 0.0.1 or the object of 0.2.
func (d *decoder) vulnerability(s *vex.Statement, c jsontree.Cursor) {
	if c.Is(jsontree.Text) {
		s.Vulnerability = c.String()
		return
	}
	c.Odd("name", "@id", "aliases")
	if s.Vulnerability = c.Get("name").String(); s.Vulnerability == "" {
		s.Vulnerability = c.Get("@id").String()
	}
	s.Aliases = c.Get("aliases").Strings()
}

// products reads those of the statement; the subcomponents of 0.0.1 are of each.
func (d *decoder) products(s *vex.Statement, c jsontree.Cursor) {
	shared := c.Get("subcomponents").Each()
	supplier := c.Get("supplier").String()
	for _, p := range c.Get("products").Each() {
		product := d.product(p)
		if product.Vendor == "" {
			product.Vendor = supplier
		}
		if product.Empty() {
			p.Note("names nothing")
			continue
		}
		inner := shared
		if p.Is(jsontree.Object) {
			inner = append(inner[:len(inner):len(inner)], p.Get("subcomponents").Each()...)
		}
		if len(inner) == 0 {
			s.Products = append(s.Products, product)
			continue
		}
		for _, i := range inner {
			part := d.product(i)
			if part.Empty() {
				i.Note("names nothing")
				continue
			}
			holder := product
			part.Within = &holder
			s.Products = append(s.Products, part)
		}
	}
}

// product reads the text of 0.0.1 or the object of 0.2. A text that is a package
// URL is an identifier too.
func (d *decoder) product(c jsontree.Cursor) vex.Product {
	if c.Is(jsontree.Text) {
		return identified(vex.Product{Ref: c.String()})
	}
	c.Odd(productNames...)
	p := vex.Product{Ref: c.Get("@id").String(), Vendor: c.Get("supplier").String()}
	ids := c.Get("identifiers")
	ids.Odd("purl", "cpe22", "cpe23")
	if ids.There() {
		for _, name := range unique(ids.Names()) {
			value := ids.Get(name).String()
			switch kind := strings.TrimPrefix(name, "@"); {
			case value == "":
			case kind == "purl":
				p.PURL = value
			case kind == "cpe23":
				p.CPE = value
			default:
				p.IDs = append(p.IDs, vex.ID{Kind: kind, Value: value})
			}
		}
	}
	if i := slices.IndexFunc(p.IDs, func(id vex.ID) bool { return id.Kind == "cpe22" }); p.CPE == "" && i >= 0 {
		p.CPE = p.IDs[i].Value
		p.IDs = slices.Delete(p.IDs, i, i+1)
	}
	if len(p.IDs) == 0 {
		p.IDs = nil
	}
	if hashes := c.Get("hashes"); hashes.There() {
		for _, name := range unique(hashes.Names()) {
			if value := hashes.Get(name).String(); value != "" {
				p.Hashes = append(p.Hashes, vex.Hash{Algorithm: name, Value: value})
			}
		}
		slices.SortFunc(p.Hashes, func(a, b vex.Hash) int { return strings.Compare(a.Algorithm, b.Algorithm) })
	}
	slices.SortFunc(p.IDs, func(a, b vex.ID) int { return strings.Compare(a.Kind, b.Kind) })
	return identified(p)
}

func identified(p vex.Product) vex.Product {
	if p.PURL == "" && strings.HasPrefix(p.Ref, "pkg:") {
		p.PURL = p.Ref
	}
	return p
}

func unique(names []string) []string {
	var out []string
	for _, n := range names {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// layouts are those of instants; OpenVEX wants the first.
var layouts = [...]string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", time.DateOnly}

func stamp(c jsontree.Cursor) time.Time {
	text := strings.TrimSpace(c.String())
	for i, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			if i > 0 {
				c.Note("%q is not an instant with a time zone: read as UTC", jsontree.Short(text))
			}
			return t.UTC()
		}
	}
	if c.There() {
		c.Note("%q is not an instant", jsontree.Short(text))
	}
	return time.Time{}
}
