package openvex

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	govex "github.com/openvex/go-vex/pkg/vex"

	"github.com/open-postmarket/postmarket/vex"
)

// Options change how a document is written. Nil means none of them.
type Options struct {
	// At is when it is issued. Zero means the document's Issued, and an error when
	// that is zero too.
	At time.Time
	// Author and Role speak in the document's place. Empty means the document's own.
	Author, Role string
	// Version is the edition's number. 0 means the document's, or 1 when it has none.
	Version int
}

// What is written: go-vex's types in this order, with the members that it lacks.
type document struct {
	govex.Metadata
	Statements []statement `json:"statements"`
}

type statement struct {
	plain
	Supplier string `json:"supplier,omitempty"`
}

// plain has no methods, so that times and characters are written as they are.
type plain govex.Statement

// Encode writes doc as OpenVEX 0.2.0: the same bytes for the same statements in
// any order. A document without an id gets the canonical one of go-vex.
//
// It fails, before the first byte and with all reasons at once, when the author
// or the time is missing, and for a statement that has no status, not_affected
// without a justification or impact, affected without an action, or a product
// that OpenVEX cannot name: one that is narrowed by versions or otherwise, that
// has several that hold it, or of which nothing is known but a reference of a
// format where it means something in its own document only. It also fails for
// not_affected that rests on a control outside the product, such as CycloneDX's
// protected_at_perimeter: that is for a person to say, in a statement without that
// token, or to be written as affected with an action.
//
// Texts for which a status has no member go to its notes. The original tokens of
// another format are their last paragraph, from where Decode reads them back.
func Encode(w io.Writer, doc vex.Document, opts *Options) error {
	if opts == nil {
		opts = &Options{}
	}
	var wrong []error
	out := document{Metadata: metadata(doc, opts, &wrong)}
	for i := range doc.Statements {
		s, err := written(doc.Statements[i])
		if err != nil {
			wrong = append(wrong, fmt.Errorf("openvex: statement %d: %w", i, err))
			continue
		}
		out.Statements = append(out.Statements, s)
	}
	if len(doc.Statements) == 0 {
		wrong = append(wrong, errors.New("openvex: no statements"))
	}
	if len(wrong) > 0 {
		return errors.Join(wrong...)
	}
	out.Statements = sorted(out.Statements, out.Timestamp)
	if out.ID == "" {
		id, err := canonical(out)
		if err != nil {
			return fmt.Errorf("openvex: %w", err)
		}
		out.ID = id
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(out); err != nil {
		return fmt.Errorf("openvex: %w", err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("openvex: %w", err)
	}
	return nil
}

func metadata(doc vex.Document, opts *Options, wrong *[]error) govex.Metadata {
	m := govex.Metadata{
		Context: govex.ContextLocator(), ID: doc.ID, Author: doc.Author, AuthorRole: doc.Role,
		Timestamp: instant(doc.Issued), LastUpdated: instant(doc.Updated), Version: opts.Version, Tooling: doc.Tooling,
	}
	if opts.Author != "" {
		m.Author = opts.Author
	}
	if opts.Role != "" {
		m.AuthorRole = opts.Role
	}
	if !opts.At.IsZero() {
		m.Timestamp = instant(opts.At)
	}
	if m.Author == "" {
		*wrong = append(*wrong, errors.New("openvex: no author"))
	}
	if m.Timestamp == nil {
		*wrong = append(*wrong, errors.New("openvex: no time of issue"))
	}
	if m.LastUpdated != nil && m.Timestamp != nil && m.LastUpdated.Before(*m.Timestamp) {
		m.LastUpdated = nil // it was issued anew since
	}
	if m.Version == 0 {
		m.Version = 1
		if doc.Version != "" {
			n, err := strconv.Atoi(doc.Version)
			if m.Version = n; err != nil {
				*wrong = append(*wrong, fmt.Errorf("openvex: the version %q is no number: give one in Options", doc.Version))
			}
		}
	}
	if m.Version < 1 {
		*wrong = append(*wrong, fmt.Errorf("openvex: the version %d is less than 1", m.Version))
	}
	return m
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	u := t.UTC()
	return &u
}

func written(s vex.Statement) (statement, error) {
	var wrong []error
	out := plain{
		ID: s.ID, Vulnerability: govex.Vulnerability{Name: govex.VulnerabilityID(s.Vulnerability)},
		Status: govex.Status(s.Status), Timestamp: instant(s.Issued), LastUpdated: instant(s.Updated),
	}
	for _, a := range s.Aliases {
		if id := govex.VulnerabilityID(a); !slices.Contains(out.Vulnerability.Aliases, id) {
			out.Vulnerability.Aliases = append(out.Vulnerability.Aliases, id)
		}
	}
	if s.Vulnerability == "" {
		wrong = append(wrong, errors.New("names no vulnerability"))
	}
	if !s.Status.Valid() {
		wrong = append(wrong, fmt.Errorf("%s has no status", s.Vulnerability))
	} else if err := say(&out, s); err != nil {
		wrong = append(wrong, fmt.Errorf("%s: %w", s.Vulnerability, err))
	}
	if len(s.Versions) > 0 {
		wrong = append(wrong, fmt.Errorf("%s: speaks of the versions %q alone, which OpenVEX cannot say", s.Vulnerability, s.Versions))
	}
	if len(s.Products) == 0 {
		wrong = append(wrong, fmt.Errorf("%s: names no product", s.Vulnerability))
	}
	vendor, err := products(&out, s)
	if err != nil {
		wrong = append(wrong, err)
	}
	return statement{out, vendor}, errors.Join(wrong...)
}

// say writes the texts, each in the member that its status has or else in the
// notes.
func say(out *plain, s vex.Statement) error {
	may, must := texts(s.Status)
	notes := s.Notes
	for _, t := range []struct {
		member, text string
		into         *string
	}{{"impact_statement", s.Impact, &out.ImpactStatement}, {"action_statement", s.Action, &out.ActionStatement}} {
		switch {
		case slices.Contains(may, t.member):
			*t.into = t.text
		case t.text != "" && notes != "":
			notes += "\n\n" + t.text
		case t.text != "":
			notes = t.text
		}
	}
	out.StatusNotes = keep(notes, s.Original)
	switch {
	case s.Status == vex.NotAffected && s.Justification != "" && !s.Justification.Valid():
		return fmt.Errorf("the justification %q is none", s.Justification)
	case s.Status == vex.NotAffected && outside(s.Original):
		return fmt.Errorf("not_affected rests on %s, a control outside the product: that is affected with an action, or for a person to say", s.Original.Justification)
	case s.Status == vex.NotAffected:
		out.Justification = govex.Justification(s.Justification)
	}
	if slices.Contains(must, "justification") && out.Justification == "" && out.ImpactStatement == "" {
		return errors.New("not_affected needs a justification or an impact")
	}
	if slices.Contains(must, "action_statement") && out.ActionStatement == "" {
		return errors.New("affected needs an action")
	}
	return nil
}

// products writes what s speaks of: what is within one product beside each other.
// They are grouped only where they follow each other, so that reading them again
// gives the same order.
func products(out *plain, s vex.Statement) (vendor string, err error) {
	var wrong []error
	vendors := map[string]bool{}
	var last *vex.Product
	for i := range s.Products {
		p := &s.Products[i]
		holder := p.Within
		if holder == nil {
			holder = p
		}
		if len(p.Chain()) > 2 {
			wrong = append(wrong, fmt.Errorf("%s: %q is within more than one product, which OpenVEX cannot say", s.Vulnerability, p.String()))
			continue
		}
		if last == nil || p.Within == nil || !same(*last, *holder) || len(out.Products[len(out.Products)-1].Subcomponents) == 0 {
			c, err := component(*holder, s.Original.Format)
			if err != nil {
				wrong = append(wrong, fmt.Errorf("%s: %w", s.Vulnerability, err))
				last = nil
				continue
			}
			out.Products = append(out.Products, govex.Product{Component: c})
			vendors[holder.Vendor] = true
		}
		last = holder
		if p.Within == nil {
			continue
		}
		c, err := component(*p, s.Original.Format)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", s.Vulnerability, err))
			continue
		}
		at := &out.Products[len(out.Products)-1]
		at.Subcomponents = append(at.Subcomponents, govex.Subcomponent{Component: c})
	}
	if len(vendors) == 1 {
		for v := range vendors {
			vendor = v
		}
	}
	return vendor, errors.Join(wrong...)
}

func same(a, b vex.Product) bool {
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	return errA == nil && errB == nil && bytes.Equal(x, y)
}

// algorithms are those that OpenVEX has, by their letters and digits.
var algorithms = []govex.Algorithm{
	govex.MD5, govex.SHA1, govex.SHA256, govex.SHA384, govex.SHA512, govex.SHA3224, govex.SHA3256, govex.SHA3384, govex.SHA3512,
	govex.BLAKE2S256, govex.BLAKE2B256, govex.BLAKE2B512,
}

func algorithm(name string) (govex.Algorithm, bool) {
	for _, a := range algorithms {
		if bare(string(a)) == bare(name) {
			return a, true
		}
	}
	return "", false
}

func bare(name string) string {
	return strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(name))
}

// component names p by what holds everywhere. A reference does where it is of
// OpenVEX or is a package URL or a BOM-Link.
func component(p vex.Product, format string) (govex.Component, error) {
	var c govex.Component
	if p.Range != "" {
		return c, fmt.Errorf("%q speaks of the range %q, which OpenVEX cannot say", p.String(), p.Range)
	}
	if len(p.Only) > 0 {
		return c, fmt.Errorf("%q is narrowed by its %s, which OpenVEX cannot say", p.String(), p.Only[0].Kind)
	}
	title := p.String()
	if p.Version != "" { // what does not name it would speak of all versions
		if !strings.Contains(p.PURL[strings.LastIndex(p.PURL, "/")+1:], "@") {
			p.PURL = ""
		}
		if !versioned(p.CPE) {
			p.CPE = ""
		}
		p.IDs = slices.DeleteFunc(slices.Clone(p.IDs), func(id vex.ID) bool { return !versioned(id.Value) })
	}
	ids := map[govex.IdentifierType]string{}
	switch {
	case p.CPE == "":
	case strings.HasPrefix(p.CPE, "cpe:2.3:"):
		ids[govex.CPE23] = p.CPE
	default:
		ids[govex.CPE22] = p.CPE
	}
	for _, id := range p.IDs {
		if id.Kind == "cpe22" && ids[govex.CPE22] == "" {
			ids[govex.CPE22] = id.Value
		}
	}
	hashes := map[govex.Algorithm]govex.Hash{}
	for _, h := range p.Hashes {
		if a, ok := algorithm(h.Algorithm); ok && hashes[a] == "" {
			hashes[a] = govex.Hash(h.Value)
		}
	}
	switch {
	case format == Format, strings.HasPrefix(p.Ref, "urn:cdx:"):
		c.ID = p.Ref
	case p.PURL != "":
		c.ID = p.PURL
	case p.Link != nil:
		c.ID = p.Link.String()
	}
	if p.PURL != "" && p.PURL != c.ID {
		ids[govex.PURL] = p.PURL
	}
	if len(ids) > 0 {
		c.Identifiers = ids
	}
	if len(hashes) > 0 {
		c.Hashes = hashes
	}
	if c.ID == "" && c.Identifiers == nil && c.Hashes == nil {
		return c, fmt.Errorf("%q has no name that holds outside its document: a package URL, a CPE, a hash or an IRI, with the version where it has one", title)
	}
	return c, nil
}

// versioned reports whether cpe names one version.
func versioned(cpe string) bool {
	parts, at := strings.Split(strings.ReplaceAll(cpe, `\:`, ""), ":"), 4
	if strings.HasPrefix(cpe, "cpe:2.3:") {
		at = 5
	}
	return strings.HasPrefix(cpe, "cpe:") && len(parts) > at && parts[at] != "" && parts[at] != "*" && parts[at] != "-"
}

// sorted puts statements in an order that does not hang on the one they came in:
// by vulnerability, then by time as go-vex has it, then by what is written.
func sorted(list []statement, issued *time.Time) []statement {
	type row struct {
		s    statement
		at   time.Time
		text []byte
	}
	rows := make([]row, len(list))
	for i, s := range list {
		rows[i] = row{s: s, at: *issued}
		if s.Timestamp != nil {
			rows[i].at = *s.Timestamp
		}
		rows[i].text, _ = json.Marshal(s)
	}
	slices.SortFunc(rows, func(a, b row) int {
		if c := strings.Compare(string(a.s.Vulnerability.Name), string(b.s.Vulnerability.Name)); c != 0 {
			return c
		}
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return bytes.Compare(a.text, b.text)
	})
	rows = slices.CompactFunc(rows, func(a, b row) bool { return bytes.Equal(a.text, b.text) })
	out := make([]statement, len(rows))
	for i := range rows {
		out[i] = rows[i].s
	}
	return out
}

// canonical is the id that go-vex gives. It walks maps of identifiers as they
// come; folded into one text in their order they give the same id each time.
func canonical(doc document) (string, error) {
	fold := func(c govex.Component) govex.Component {
		id := c.ID
		for _, a := range slices.Sorted(maps.Keys(c.Hashes)) {
			id += fmt.Sprintf(":%s@%s", a, c.Hashes[a])
		}
		for _, t := range slices.Sorted(maps.Keys(c.Identifiers)) {
			id += fmt.Sprintf(":%s@%s", t, c.Identifiers[t])
		}
		return govex.Component{ID: id}
	}
	v := govex.VEX{Metadata: doc.Metadata}
	for _, s := range doc.Statements {
		one := govex.Statement(s.plain)
		one.Products = nil
		for _, p := range s.Products {
			folded := govex.Product{Component: fold(p.Component)}
			for _, c := range p.Subcomponents {
				folded.Subcomponents = append(folded.Subcomponents, govex.Subcomponent{Component: fold(c.Component)})
			}
			one.Products = append(one.Products, folded)
		}
		v.Statements = append(v.Statements, one)
	}
	sum, err := v.CanonicalHash()
	if err != nil {
		return "", err
	}
	return govex.PublicNamespace + "/public/vex-" + sum, nil
}
