package csaf

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/tlp"
)

// testConverter is the test that warnings of Preview21 name: the section that says
// what a converter from CSAF 2.0 to 2.1 does.
const testConverter = "9.1.18"

// PreviewOptions are what a person has to decide. The zero value, and nil, leave
// all of it undecided.
type PreviewOptions struct {
	// Unlabeled is the label of a document that says none. Empty refuses such a
	// document: the standard's CLEAR would set free what nobody has.
	Unlabeled tlp.Label

	// TextLabel takes the label that stands in the text of the distribution behind
	// "TLP v2.0: TLP:" in place of that of TLP 1.0. Without it the text is only told of.
	TextLabel bool

	// Publisher is what a publisher of the category other is in 2.1, which has
	// PublisherMultiplier besides. Empty keeps other, with a warning.
	Publisher PublisherCategory

	// WholeNumbers says that model numbers, serial numbers and stock keeping units
	// are complete. Without it each gets a star at its end, for in 2.0 all of them
	// were beginnings.
	WholeNumbers bool

	// LatestCWE says of every weakness that it is of the last list that this package
	// knows, in which it has the same words. Without it, it is of the last one before
	// the document was released.
	LatestCWE bool

	// CloseRanges ends version ranges without an upper end with their last version,
	// as the standard's converter does. Less is affected then than the document
	// said, so without it they stay, which 2.1 discourages and does not forbid.
	CloseRanges bool
}

// Preview21 is doc, a valid document of CSAF 2.0, as one of CSAF 2.1, for
// [Encode21], made at that instant by the rules that section 9.1.18 of CSAF 2.1
// gives to a converter (read in the text of August 2026, before its final
// release; docs/csaf21.md has them one by one, with what is not done). It is a
// PREVIEW: a look at what is to come, not a document to publish. What it does may
// change with that standard and with any version of this package.
//
// The warnings name what was changed, dropped or could not be
// carried, each with its place in doc; "9.1.18" is their test. A person has to read them. The result passes
// [CheckSchema21]; its tests nobody judges here.
//
// What has no valid form in 2.1 is refused, all reasons joined: what Check finds,
// a missing TLP label, a product tree with one category twice on a path. doc is
// not changed.
func Preview21(doc *Document, at time.Time, opts *PreviewOptions) (*Document, []Failure, error) {
	p := &preview{at: at}
	if opts != nil {
		p.opts = *opts
	}
	if err := p.check(doc); err != nil {
		return nil, nil, err
	}
	text, err := marshal(doc, Version, "")
	if err != nil {
		return nil, nil, err
	}
	out, err := read(&scanner{data: text}, document()) // a copy
	if err != nil {
		return nil, nil, err
	}
	out.Unsorted = nil
	p.from, p.doc = doc, out
	p.additional()
	p.dates()
	p.label(&out.Document)
	p.tree()
	for i := range out.Vulnerabilities {
		p.vulnerability(atVulns.at(i), &out.Vulnerabilities[i])
	}
	p.meta()
	if len(p.refusals) == 0 {
		for _, f := range CheckSchema21(out) {
			p.refusals = append(p.refusals, refusal(f.Path, f.Message+" ("+f.Test+")"))
		}
	}
	if len(p.refusals) > 0 {
		return nil, p.warnings, errors.Join(p.refusals...)
	}
	return out, p.warnings, nil
}

// preview is one run of Preview21. It works on doc, and places in warnings are those
// of from.
type preview struct {
	from, doc *Document
	at        time.Time
	opts      PreviewOptions
	warnings  []Failure
	refusals  []error
	groups    map[string][]string // products by the id of a group
}

func (p *preview) warn(at *place, format string, args ...any) {
	p.warnings = append(p.warnings, Failure{testConverter, at.String(), fmt.Sprintf(format, args...)})
}

func (p *preview) refuse(at *place, format string, args ...any) {
	p.refusals = append(p.refusals, refusal(at.String(), fmt.Sprintf(format, args...)))
}

func refusal(path, why string) error {
	if path == "" {
		path = "(document)"
	}
	return fmt.Errorf("csaf: no preview of 2.1: %s: %s", path, why)
}

// check refuses what is no valid document of 2.0, and options that make no sense.
func (p *preview) check(doc *Document) error {
	var reasons []error
	for _, f := range Check(doc) {
		reasons = append(reasons, refusal(f.Path, f.Message+" ("+f.Test+")"))
	}
	if p.opts.Unlabeled != "" && !slices.Contains(tlp.Labels(), p.opts.Unlabeled) {
		reasons = append(reasons, fmt.Errorf("csaf: %q is no TLP label", string(p.opts.Unlabeled)))
	}
	if c := p.opts.Publisher; c != "" && c != PublisherOther && c != PublisherMultiplier {
		reasons = append(reasons, fmt.Errorf("csaf: %q is not what a publisher of the category other is in 2.1", string(c)))
	}
	return errors.Join(reasons...)
}

// additional drops the members that the standard does not define.
func (p *preview) additional() {
	visitAll(document(), reflect.ValueOf(p.doc).Elem(), nil, func(at *place, of *plan, v reflect.Value) {
		extra := v.Field(of.extra).Addr().Interface().(*Extra)
		for _, name := range slices.SortedFunc(maps.Keys(*extra), alphabetical) {
			if here := at.key(name); at != nil || name != "$schema" {
				p.warn(here, "is no member that the standard defines and is dropped: %s", brief(string((*extra)[name])))
			}
		}
		*extra = nil
	})
	p.doc.Schema, p.doc.Document.CSAFVersion = Schema21, Version21
}

// visitAll visits v, a struct that of describes, and all in it.
func visitAll(of *plan, v reflect.Value, at *place, visit func(*place, *plan, reflect.Value)) {
	visit(at, of, v)
	for i := range of.members {
		m := &of.members[i]
		f := v.Field(m.field)
		if m.pointer {
			if f.IsNil() {
				continue
			}
			f = f.Elem()
		}
		switch m.kind {
		case object:
			visitAll(m.sub, f, at.key(m.name), visit)
		case objects:
			for j := range f.Len() {
				visitAll(m.sub, f.Index(j), at.key(m.name).at(j), visit)
			}
		}
	}
}

// dates writes the T and the Z of every date large, and has no leap seconds.
// Section 2.3.
func (p *preview) dates() {
	visitAll(document(), reflect.ValueOf(p.doc).Elem(), nil, func(at *place, of *plan, v reflect.Value) {
		for i := range of.members {
			f := v.Field(of.members[i].field)
			if f.Type() != reflect.TypeFor[Date]() || f.Len() == 0 {
				continue
			}
			was := f.String()
			is := strings.ToUpper(was)
			if is[17:19] == "60" {
				zone := is[19:]
				zone = zone[strings.IndexAny(zone, "Z+-"):]
				is = is[:17] + "59.999999" + zone
				valid := "was one"
				if !leapSecond(Date(was)) {
					valid = "was none"
				}
				p.warn(at.key(of.members[i].name), "is %s, a leap second, which 2.1 prohibits; it is replaced by %s (that instant %s)", brief(was), brief(is), valid)
			}
			f.SetString(is)
		}
	})
}

// leapDays are those that ended with a leap second until 2026, by IERS Bulletin C.
var leapDays = strings.Fields("1972-06-30 1972-12-31 1973-12-31 1974-12-31 1975-12-31 1976-12-31 1977-12-31 1978-12-31 1979-12-31 " +
	"1981-06-30 1982-06-30 1983-06-30 1985-06-30 1987-12-31 1989-12-31 1990-12-31 1992-06-30 1993-06-30 1994-06-30 " +
	"1995-12-31 1997-06-30 1998-12-31 2005-12-31 2008-12-31 2012-06-30 2015-06-30 2016-12-31")

func leapSecond(d Date) bool {
	t, err := d.Time()
	return err == nil && slices.Contains(leapDays, t.UTC().Add(-time.Second).Format(time.DateOnly))
}

// meta converts what the document says of itself.
func (p *preview) meta() {
	m := &p.doc.Document
	if m.Publisher.Category == PublisherOther {
		switch p.opts.Publisher {
		case "":
			p.warn(atDocument.key("publisher").key("category"), `is "other"; some of these are "multiplier" in 2.1`)
		default:
			m.Publisher.Category = p.opts.Publisher
		}
	}
	if title := withoutID(m.Title, m.Tracking.ID); title != m.Title {
		p.warn(atDocument.key("title"), "is %s and holds the id of the document; it becomes %s", brief(m.Title), brief(title))
		m.Title = title
	}
	p.license(m)
	p.notes(atDocument.key("notes"), m.Notes, documentNotes)
	p.profile(m)
}

// withoutID is title without id and what parted it from the rest.
func withoutID(title, id string) string {
	const apart = " \t\u00a0:;,.|/_-\u2010\u2011\u2012\u2013\u2014\u2212"
	for {
		left, right, found := strings.Cut(title, id)
		if !found || id == "" {
			return title
		}
		left, right = strings.TrimRight(left, apart), strings.TrimLeft(right, apart)
		for left != "" && right != "" {
			i := strings.IndexByte("([{", left[len(left)-1])
			if i < 0 || right[0] != ")]}"[i] {
				break
			}
			left, right = strings.TrimRight(left[:len(left)-1], apart), strings.TrimLeft(right[1:], apart)
		}
		rest := left
		switch {
		case left == "":
			rest = right
		case right != "" && strings.IndexByte(")]}", right[0]) < 0:
			rest += " " + right
		default:
			rest += right
		}
		if rest == "" || rest == title {
			return title // the id is all there is
		}
		title = rest
	}
}

// label makes the label that of TLP 2.0.
func (p *preview) label(m *Meta) {
	at := atDocument.key("distribution")
	was := m.Distribution.Label()
	if was == "" {
		if p.opts.Unlabeled == "" {
			p.refuse(atDocument, "has no TLP label, which 2.1 requires")
			return
		}
		p.warn(at, "has no TLP label; it gets %s", p.opts.Unlabeled)
		if m.Distribution == nil {
			m.Distribution = &Distribution{}
		}
		if m.Distribution.TLP == nil {
			m.Distribution.TLP = &TLP{}
		}
		m.Distribution.TLP.Label = label21(p.opts.Unlabeled)
		return
	}
	d := m.Distribution
	table := label21(was)
	if was == tlp.AmberStrict {
		table = TLPRed // what 2.0 wrote
	}
	said, ok := textLabel(d.Text)
	switch {
	case was == tlp.AmberStrict: // the sentence of Distribute
		p.warn(at.key("text"), "says %s where the label is %s: the label is taken from the text, which is dropped", TLPAmberStrict, table)
		d.TLP.Label, d.Text = TLPAmberStrict, ""
	case ok && said != table && p.opts.TextLabel:
		p.warn(at.key("text"), "says %s where the label is %s: the label is taken from the text", said, table)
		d.TLP.Label = said
	case ok && said != table:
		p.warn(at.key("text"), "says %s where the label is %s: the label stays", said, table)
		d.TLP.Label = table
	default:
		d.TLP.Label = table
	}
	if strings.TrimSuffix(d.TLP.URL, "/") == "https://www.first.org/tlp/v1" {
		p.warn(at.key("tlp").key("url"), "is %s, which is of TLP 1.0, and is dropped", brief(d.TLP.URL))
		d.TLP.URL = "" // the address of 2.0 is the default
	}
}

func label21(l tlp.Label) TLPLabel { return TLPLabel(strings.TrimPrefix(l.String(), "TLP:")) }

// textLabel is the label of TLP 2.0 in the text of a distribution, as many wrote it
// in 2.0.
func textLabel(text string) (TLPLabel, bool) {
	_, rest, found := strings.Cut(text, "TLP v2.0: TLP:")
	var out TLPLabel
	for _, l := range tlpLabels21 {
		if found && strings.HasPrefix(rest, l) && len(l) > len(out) {
			out = TLPLabel(l)
		}
	}
	return out, out != ""
}

// profile is the category in 2.1.
func (p *preview) profile(m *Meta) {
	at := atDocument.key("category")
	english := m.Lang == "" || strings.EqualFold(m.Lang, "en") || strings.HasPrefix(strings.ToLower(m.Lang), "en-")
	for _, e := range []struct{ word, category, note string }{
		{"Superseded", ProfileSuperseded, "Reasoning for Supersession"}, {"Withdrawn", ProfileWithdrawn, "Reasoning for Withdrawal"},
	} {
		if !english || !strings.HasPrefix(m.Title, e.word) && !strings.EqualFold(m.Category, e.word) {
			continue
		}
		if why := p.ended(m, e.category, e.note); why != "" {
			p.warn(at, "may be %s, which the document is not valid as: %s", e.category, why)
			continue
		}
		p.warn(at, "is %s and becomes %s", brief(m.Category), e.category)
		m.Category = e.category
		return
	}
	if m.Category != ProfileSecurityAdvisory {
		return
	}
	if where, why := p.lacking(); why != "" {
		p.warn(at, "is %s and becomes %s: %s %s", brief(m.Category), ProfileDeprecatedAdvisory, where, why)
		m.Category = ProfileDeprecatedAdvisory
	}
}

// ended says why the document is not valid as one that was withdrawn or superseded
// (sections 4.7 and 4.8), "" if it is.
func (p *preview) ended(m *Meta, category, note string) string {
	var notes []Note
	for _, n := range m.Notes {
		if n.Category == NoteDescription {
			notes = append(notes, n)
		}
	}
	switch {
	case p.doc.ProductTree != nil || len(p.doc.Vulnerabilities) > 0:
		return "it has a product tree or vulnerabilities"
	case len(notes) != 1 || notes[0].Title != note:
		return fmt.Sprintf("it has not one description of the title %q", note)
	case len(m.Tracking.RevisionHistory) < 2:
		return "it has not two revisions"
	case category == ProfileSuperseded && !slices.ContainsFunc(m.References, func(r Reference) bool {
		return r.Category != ReferenceSelf && strings.HasPrefix(r.Summary, "Superseding Document")
	}):
		return `it has no reference to a "Superseding Document"`
	}
	return ""
}

// lacking says why the document is no security advisory of 2.1 (section 4.4): each
// vulnerability names what is affected, and beside all that is fixed another version
// of it is affected (tests 6.1.27.12 and 6.1.27.13).
func (p *preview) lacking() (*place, string) {
	lines := p.lines()
	for i, v := range p.doc.Vulnerabilities {
		at := atVulns.at(i).key("product_status")
		if v.ProductStatus == nil || len(v.ProductStatus.KnownAffected) == 0 {
			return at, "has no known_affected"
		}
		affected := map[string]bool{}
		for _, l := range v.ProductStatus.lists() {
			for _, id := range l.ids {
				if l.says == "affected" {
					affected[lines[id]] = true
				}
			}
		}
		for j, id := range v.ProductStatus.Fixed {
			if lines[id] == "" || !affected[lines[id]] {
				return at.key("fixed").at(j), fmt.Sprintf("is %s, of which no other version is affected", brief(id))
			}
		}
	}
	return nil, ""
}

// lines are, by product id, what is the same for all versions of a product.
func (p *preview) lines() map[string]string {
	out := map[string]string{}
	t := p.doc.ProductTree
	if t == nil {
		return out
	}
	var walk func(bs []Branch, above string)
	walk = func(bs []Branch, above string) {
		for _, b := range bs {
			here := above
			switch b.Category {
			case BranchProductVersion, BranchProductVersionRange, BranchPatchLevel, BranchServicePack:
			default:
				here += fmt.Sprintf("/%s:%q", b.Category, b.Name)
			}
			if b.Product != nil {
				out[b.Product.ID] = here
			}
			walk(b.Branches, here)
		}
	}
	walk(t.Branches, "")
	for changed, pass := true, 0; changed && pass < 16; pass++ { // one may begin with one that comes later
		changed = false
		for _, path := range t.ProductPaths {
			line := out[path.BeginningProductReference]
			for _, s := range path.Subpaths {
				if line == "" || s.Category == RelationshipInstalledWith {
					break
				}
				line += fmt.Sprintf("/%s:%q", s.Category, out[s.NextProductReference])
			}
			if id := path.FullProductName.ID; line != out[id] {
				out[id], changed = line, true
			}
		}
	}
	return out
}
