package stix

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/open-postmarket/postmarket/feeds"
	stix21 "github.com/open-postmarket/postmarket/internal/stix"
	"github.com/open-postmarket/postmarket/tlp"
	"github.com/open-postmarket/postmarket/vex"
)

// maxText bounds the words of one record, in bytes: a report may be about hundreds
// of vulnerabilities, and each of their records has its words.
const maxText = 64 << 10

// records tells the vulnerabilities of g, in the order in which they were created,
// whatever the order of the objects. A marking that is not known is told with a *feeds.RecordError of the record
// that carries it, which is told as well, as RED.
func (f *Feed) records(g *stix21.Graph) iter.Seq2[feeds.Record, error] {
	return func(yield func(feeds.Record, error) bool) {
		spoken := gather(g)
		for _, v := range vulnerabilities(g) {
			w := writing{g: g, v: v, source: f.Name(), unmarked: f.opts.Unmarked, seen: map[string]bool{}}
			record := w.record(spoken[v.ID])
			if err := record.Validate(); err != nil {
				if !yield(feeds.Record{}, &feeds.RecordError{Source: f.Name(), Item: v.ID, Err: err}) {
					return
				}
				continue
			}
			if len(w.unknown) > 0 {
				err := fmt.Errorf("marked by %q, whose meaning is not known: counted as TLP:RED", w.unknown)
				if !yield(feeds.Record{}, &feeds.RecordError{Source: f.Name(), Item: v.ID, Err: err}) {
					return
				}
			}
			if !yield(record, nil) {
				return
			}
		}
	}
}

func vulnerabilities(g *stix21.Graph) []*stix21.Vulnerability {
	var out []*stix21.Vulnerability
	for o := range g.All() {
		if v, ok := o.(*stix21.Vulnerability); ok {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b *stix21.Vulnerability) int {
		return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// spokenOf is what other objects say of a vulnerability.
type spokenOf struct {
	relationships []*stix21.Relationship
	reports       []*stix21.Report
	notes         []*stix21.Note
}

// gather finds what is said of each vulnerability, in an order that does not depend
// on the order of the objects. What was revoked is not said.
func gather(g *stix21.Graph) map[string]*spokenOf {
	out := map[string]*spokenOf{}
	of := func(ids ...string) iter.Seq[*spokenOf] {
		return func(yield func(*spokenOf) bool) {
			seen := map[string]bool{}
			for _, id := range ids {
				if !strings.HasPrefix(id, "vulnerability--") || seen[id] {
					continue
				}
				seen[id] = true
				if out[id] == nil {
					out[id] = &spokenOf{}
				}
				if !yield(out[id]) {
					return
				}
			}
		}
	}
	for o := range g.All() {
		if o.Head().Revoked {
			continue
		}
		switch o := o.(type) {
		case *stix21.Relationship:
			for s := range of(o.Source, o.Target) {
				s.relationships = append(s.relationships, o)
			}
		case *stix21.Report:
			for s := range of(o.Objects...) {
				s.reports = append(s.reports, o)
			}
		case *stix21.Note:
			for s := range of(o.Objects...) {
				s.notes = append(s.notes, o)
			}
		}
	}
	for _, s := range out {
		slices.SortFunc(s.relationships, func(a, b *stix21.Relationship) int { return cmp.Compare(a.ID, b.ID) })
		slices.SortFunc(s.reports, func(a, b *stix21.Report) int {
			return cmp.Or(a.Published.Compare(b.Published), cmp.Compare(a.ID, b.ID))
		})
		slices.SortFunc(s.notes, func(a, b *stix21.Note) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	}
	return out
}

// writing is one record being written from the objects that speak of v.
type writing struct {
	g        *stix21.Graph
	v        *stix21.Vulnerability
	source   string
	unmarked tlp.Label

	out     feeds.Record
	marks   []tlp.Mark
	unknown []string
	// seen are the ids, addresses, markings and products that were told.
	seen map[string]bool
}

// first reports whether it is asked of something for the first time.
func (w *writing) first(what string) bool {
	was := w.seen[what]
	w.seen[what] = true
	return !was
}

func (w *writing) record(s *spokenOf) feeds.Record {
	v := w.v
	w.out = feeds.Record{
		Source: w.source, Item: v.ID, Names: w.names(), Rejected: v.Revoked,
		Published: v.Created.UTC(), Modified: v.Modified.UTC(), Title: v.Name, Text: v.Description,
	}
	if v.Created.IsZero() {
		w.out.Published = time.Time{}
	}
	if v.Revoked {
		w.out.State = "revoked"
	}
	for _, e := range v.External {
		if id := strings.ToUpper(strings.TrimSpace(e.ID)); strings.HasPrefix(id, "CWE-") && w.first(id) {
			w.out.Weaknesses = append(w.out.Weaknesses, id)
		}
	}
	w.refer(v.External)
	w.marking()
	if s != nil {
		for _, r := range s.relationships {
			w.relationship(r)
		}
		for _, r := range s.reports {
			w.count(r)
			w.say(r.Name, r.Description)
			w.refer(r.External)
		}
		for _, n := range s.notes {
			w.count(n)
			w.say(n.Abstract, n.Content)
			w.refer(n.External)
		}
	}
	if cut, was := shorten(w.out.Text); was {
		w.out.Text = cut + "\n\n(The rest was left out: more than 64 KiB.)"
	}
	w.out.Mark = tlp.Join(w.marks...)
	return w.out
}

// names are the CVE ids of the object: those of its references, whoever they name as
// their source, and its name if it is one. None for a bulletin.
func (w *writing) names() []feeds.ID {
	var out []feeds.ID
	add := func(text string) {
		if id := feeds.CleanID(text); id.CVE() && w.first(string(id)) {
			out = append(out, id)
		}
	}
	for _, e := range w.v.External {
		add(e.ID)
	}
	add(w.v.Name)
	return out
}

// marking notes the marking of the vulnerability itself. What it does not say, the
// options do.
func (w *writing) marking() {
	m := w.g.Marking(w.v)
	whole := tlp.Label(m.Whole)
	if whole == "" {
		whole = w.unmarked
	}
	w.marks = append(w.marks, tlp.Marked(whole, w.source))
	w.marked(stix21.Marking{Parts: m.Parts, Unknown: m.Unknown})
}

// count notes an object that the record is made from, too. One that carries no label
// adds none: the label of the vulnerability is that of the whole.
func (w *writing) count(o stix21.Object) {
	w.marked(w.g.Marking(o))
	if at := o.Head().Modified.UTC(); at.After(w.out.Modified) {
		w.out.Modified = at
	}
}

func (w *writing) marked(m stix21.Marking) {
	for _, l := range []stix21.Label{m.Whole, m.Parts} {
		if l != "" {
			w.marks = append(w.marks, tlp.Marked(tlp.Label(l), w.source))
		}
	}
	for _, u := range m.Unknown {
		if w.first("marking " + u) {
			w.unknown = append(w.unknown, u)
		}
	}
}

// say adds a paragraph.
func (w *writing) say(head, text string) {
	line := strings.TrimSpace(head)
	if text = strings.TrimSpace(text); text != "" && line != "" {
		line += ": "
	}
	if line += text; line == "" || len(w.out.Text) > maxText {
		return
	}
	if w.out.Text != "" {
		w.out.Text += "\n\n"
	}
	w.out.Text += line
}

func shorten(text string) (string, bool) {
	if len(text) <= maxText {
		return text, false
	}
	end := maxText
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end], true
}

func (w *writing) refer(external []stix21.ExternalReference) {
	for _, e := range external {
		ref := feeds.Reference{URL: strings.TrimSpace(e.URL)}
		if ref.URL == "" || !w.first("address "+ref.URL) {
			continue
		}
		if e.Source != "" {
			ref.Tags = []string{e.Source}
		}
		w.out.References = append(w.out.References, ref)
	}
}

// relationship adds what a relationship says: what is affected, what can be done, who
// attacks. Others, such as related-to, say nothing that is kept.
func (w *writing) relationship(r *stix21.Relationship) {
	id := r.Source
	if id == w.v.ID {
		id = r.Target
	}
	affects := r.Kind == "affects" || r.Kind == "has" || r.Kind == "targets"
	switch o := w.g.Get(id).(type) {
	case nil:
		kind, _, _ := strings.Cut(id, "--")
		if affects && slices.Contains([]string{"software", "infrastructure", "identity"}, kind) {
			w.count(r)
			w.out.Products = append(w.out.Products, feeds.Product{By: w.by(r), Unread: []string{"affects " + id + ", which the source did not send"}})
		}
	case *stix21.CourseOfAction:
		kind, ok := map[string]string{"mitigates": "mitigation", "remediates": "vendor_fix"}[r.Kind]
		if ok && !o.Revoked {
			w.count(r)
			w.count(o)
			w.out.Remedies = append(w.out.Remedies, remedy(kind, o))
		}
	case *stix21.Threat:
		switch {
		case o.Revoked:
		case affects && o.Type == "tool" && r.Kind != "targets":
			w.affected(r, o, feeds.Product{Name: o.Name})
		case r.Kind == "targets" || r.Kind == "exploits" || r.Kind == "uses":
			w.count(r)
			w.count(o)
			w.say(fmt.Sprintf("%s %q %s this", o.Type, o.Name, r.Kind), r.Description)
		}
	default:
		if p, ok := product(o); ok && affects && !o.Head().Revoked {
			w.affected(r, o, p)
		}
	}
}

func (w *writing) affected(r *stix21.Relationship, o stix21.Object, p feeds.Product) {
	w.count(r)
	w.count(o)
	if w.first("product " + o.Head().ID) {
		p.By = w.by(r)
		w.out.Products = append(w.out.Products, p)
	}
	w.say("", r.Description)
}

// by is who says what a relationship says, where it is not who tells of the
// vulnerability.
func (w *writing) by(r *stix21.Relationship) string {
	if who, ok := w.g.Get(r.CreatedBy).(*stix21.Identity); ok && r.CreatedBy != w.v.CreatedBy {
		return who.Name
	}
	return ""
}

func remedy(kind string, o *stix21.CourseOfAction) feeds.Remedy {
	out := feeds.Remedy{Kind: kind, Text: strings.TrimSpace(o.Name), At: o.Modified.UTC()}
	if d := strings.TrimSpace(o.Description); d != "" {
		out.Text = strings.TrimPrefix(out.Text+": "+d, ": ")
	}
	for _, e := range o.External {
		if out.URL == "" {
			out.URL = strings.TrimSpace(e.URL)
		}
	}
	return out
}

// product is what an object names as a product. An organization is a vendor; a
// person is none.
func product(o stix21.Object) (feeds.Product, bool) {
	switch o := o.(type) {
	case *stix21.Software:
		p := feeds.Product{Vendor: said(o.Vendor), Name: said(o.Name)}
		if c := strings.TrimSpace(o.CPE); c != "" {
			p.CPEs = []string{c}
		}
		if tag := tagID(o.SWID); tag != "" && p.Name != "" {
			p.PURLs = []string{packageurl.NewPackageURL("swid", p.Vendor, p.Name, "", packageurl.QualifiersFromMap(map[string]string{"tag_id": tag}), "").ToString()}
		}
		p.Spans, p.Unread = version(o.Version)
		return p, true
	case *stix21.Infrastructure:
		return feeds.Product{Name: said(o.Name)}, true
	case *stix21.Identity:
		if o.Class == "organization" {
			return feeds.Product{Vendor: said(o.Name)}, true
		}
		return feeds.Product{Name: said(o.Name)}, o.Class != "individual" && o.Class != "group"
	}
	return feeds.Product{}, false
}

// said leaves out what stands for nothing.
func said(text string) string {
	text = strings.TrimSpace(text)
	switch strings.ToLower(text) {
	case "n/a", "na", "none", "unknown", "-", "*":
		return ""
	}
	return text
}

// version reads the version of a software, which is one. What looks like more has to
// be read by a person.
func version(text string) ([]feeds.Span, []string) {
	text = said(text)
	switch {
	case text == "":
		return nil, nil
	case strings.ContainsAny(text, " \t\n<>=*,;|"):
		return nil, []string{text}
	}
	return []feeds.Span{{Status: vex.Affected, From: text}}, nil
}

// tagID is the id of a SWID tag, which is given by itself or with the whole tag.
func tagID(swid string) string {
	swid = strings.TrimSpace(swid)
	if !strings.HasPrefix(swid, "<") {
		return swid
	}
	var tag struct {
		ID string `xml:"tagId,attr"`
	}
	if xml.Unmarshal([]byte(swid), &tag) != nil {
		return ""
	}
	return strings.TrimSpace(tag.ID)
}
