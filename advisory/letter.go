package advisory

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/patch"
)

// A Letter is the advisory as a person reads it. All forms of it are written from
// this, so that they say the same; a host's own template is given it. All text in
// it is plain: whoever writes it down keeps it so.
type Letter struct {
	ID       string // of the advisory
	Lang     string
	Title    string
	Banners  []Item // what must be seen first, and again at the end
	Facts    []Item // the head of the letter
	Sections []Section
	// Issued is the time of the revision. A form that states when it was made
	// states this, so that the same advisory gives the same bytes.
	Issued time.Time
}

// An Item is a paragraph with a word in front of it, which may be empty. From are
// the records that say so: see Claim.
type Item struct {
	Lead, Text string
	From       []Basis
}

// A Section is a part of a letter. Under says that it belongs to the one before,
// List that its items are a list.
type Section struct {
	Title string
	Under bool
	Items []Item
	List  bool
	Table *Table
}

// A Table has a row for each version. From are the records that each row says.
type Table struct {
	Caption string
	Head    []string
	Rows    [][]string
	From    [][]Basis
}

// NewLetter writes the letter of a, which must be valid. It releases nothing: see
// Release.
func NewLetter(a Advisory) (Letter, error) {
	if err := a.Validate(); err != nil {
		return Letter{}, err
	}
	return newLetter(a), nil
}

func newLetter(a Advisory) Letter {
	src := a.sources()
	l := Letter{ID: a.ID, Lang: a.Lang, Title: a.title(), Issued: a.revision().Date}
	if a.Withdrawn != nil {
		l.Banners = append(l.Banners, it(withdrawnBanner, a.Withdrawn.words(), src.own))
	}
	if a.Demonstration() {
		l.Banners = append(l.Banners, it(demonstrationBanner, demonstrationText, src.own))
	}
	if a.Status != StatusFinal {
		l.Banners = append(l.Banners, it(draftBanner, draftText, src.own))
	}
	l.head(a, src)
	now := a.revision()
	l.Facts = []Item{
		it("Advisory", a.ID, src.own), it("Kind", kindWords[a.Kind], src.own), it("From", a.Maker.Name, src.own),
		it("Revision", fmt.Sprintf("%d, %s", now.Number, stamp(now.Date)), src.own),
		it("First revision", stamp(a.first()), src.own),
	}
	if t := a.TranslatedFrom; t != nil {
		l.Facts = append(l.Facts, it("Translated from", t.words(), src.own))
	}
	l.Facts = append(l.Facts, it("May be shared", a.Mark.Label.String(), src.own))
	l.references(a, src)
	l.add("Summary", paragraphs(a.Summary, src.text(TextSummary)...)...)
	l.Sections = append(l.Sections, Section{Title: "Products and versions", Table: products(a, src), Items: scope(a, src)})
	l.Sections = append(l.Sections, statuses(a, src)...)
	l.identification(a, src)
	for _, v := range a.Vulnerabilities {
		l.vulnerability(a, v, src)
	}
	if n := a.Notice; n != nil {
		of := src.text(TextNotice)
		l.add("What we know and what we are doing", it("What is known", n.Impact, of...), it("What we are doing", n.Efforts, of...),
			it("Compensating controls", n.Controls, of...), it("Fix in work", n.Fix, of...))
	}
	l.add("What to do now")
	for _, p := range parties {
		l.under(partyWords[p], true, instructions(a, p, src)...)
	}
	l.action(a, src)
	l.add("Fix and next update", paragraphs(a.Availability, src.text(TextAvailability)...)...)
	var fixes []Item
	for _, r := range a.Remedies {
		if r.Kind == patch.Patch {
			fixes = append(fixes, it(a.about(r.For, r.Versions), r.words(), src.patch(r)...))
		}
	}
	l.under("Fixes", true, fixes...)
	l.under("Next update", false, it("", a.Next.words(), src.text(TextNext)...))
	l.add("Support", paragraphs(a.Contact, src.text(TextContact)...)...)
	l.representative(a, src)
	l.add("Reporting adverse events", paragraphs(a.Reporting, src.text(TextReporting)...)...)
	if len(a.Credits) > 0 {
		l.list("Credit", credits(a, src)...)
	}
	var signs, history []Item
	for _, s := range a.SignOffs {
		signs = append(signs, it("", s.words(), src.own))
	}
	if len(signs) == 0 {
		signs = []Item{it("", "Nobody has signed it off.", src.own)}
	}
	l.list("Sign-off", signs...)
	for i, r := range a.Revisions {
		if i == len(a.Revisions)-1 {
			r = now
		}
		history = append(history, it("Revision "+strconv.Itoa(r.Number), stamp(r.Date)+": "+r.Summary, src.own))
	}
	l.list("Revision history", history...)
	return l
}

func it(lead, text string, from ...Basis) Item { return Item{Lead: lead, Text: text, From: from} }

func (l *Letter) add(title string, items ...Item) {
	l.Sections = append(l.Sections, Section{Title: title, Items: items})
}

func (l *Letter) list(title string, items ...Item) {
	l.Sections = append(l.Sections, Section{Title: title, Items: items, List: true})
}

// under adds a section below the last one, unless it would be empty.
func (l *Letter) under(title string, list bool, items ...Item) {
	if len(items) > 0 {
		l.Sections = append(l.Sections, Section{Title: title, Under: true, Items: items, List: list})
	}
}

// products is one row a version: what it is.
func products(a Advisory, src sources) *Table {
	t := &Table{Caption: "Versions that this advisory speaks of", Head: []string{"Product", "Model", "Version", "UDI-DI"}}
	staged := slices.ContainsFunc(a.Versions, func(v Version) bool { return v.Stage != "" })
	if staged {
		t.Head = append(t.Head, "Support")
	}
	for _, v := range a.Versions {
		udi := v.UDIDI
		if udi == "" {
			udi = "not stated"
		}
		row := []string{v.Name, v.Model, v.Version, udi}
		if staged {
			row = append(row, v.support())
		}
		t.Rows = append(t.Rows, row)
		t.From = append(t.From, tidy(src.product(v)))
	}
	return t
}

// scope is what is said of the versions as a whole.
func scope(a Advisory, src sources) []Item {
	var out []Item
	for _, line := range a.scope() {
		out = append(out, it("", line, src.scope()...))
	}
	return out
}

// abreast is how many vulnerabilities stand beside each other in a table: as many
// as a page is wide enough for.
const abreast = 3

// statuses are tables of one row a version with its status, each for as many
// vulnerabilities as fit on paper.
func statuses(a Advisory, src sources) []Section {
	var out []Section
	for first := 0; first < len(a.Vulnerabilities); first += abreast {
		some := a.Vulnerabilities[first:min(first+abreast, len(a.Vulnerabilities))]
		t := &Table{Head: []string{"Product", "Model", "Version"}}
		for _, x := range some {
			t.Head = append(t.Head, string(x.ID))
		}
		t.Caption = "Which versions are affected by " + strings.Join(t.Head[3:], ", ")
		for i, v := range a.Versions {
			row, from := []string{v.Name, v.Model, v.Version}, src.product(v)
			for _, x := range some {
				row = append(row, statusWords[x.Dispositions[i].Status])
				from = append(from, src.disposition(x.Dispositions[i])...)
			}
			t.Rows = append(t.Rows, row)
			t.From = append(t.From, tidy(from))
		}
		out = append(out, Section{Title: "Which versions are affected", Under: true, Table: t})
		if first > 0 {
			out[len(out)-1].Title += ", continued"
		}
	}
	return out
}

// instructions are what p does: the instructions proper, then the controls.
func instructions(a Advisory, p patch.Party, src sources) []Item {
	var out []Item
	for _, i := range a.Instructions {
		if i.Party == p {
			out = append(out, it(a.about(i.For, i.Versions), i.Text, src.about(i.For, i.Versions)...))
		}
	}
	for _, r := range a.Remedies {
		if r.Party == p && r.Kind != patch.Patch {
			out = append(out, it(remedyWords[r.Kind]+", "+a.about(r.For, r.Versions), r.words(), src.about(r.For, r.Versions)...))
		}
	}
	return out
}

func (l *Letter) vulnerability(a Advisory, v Vulnerability, src sources) {
	title := string(v.ID)
	if !blank(v.Title) {
		title += ": " + v.Title
	}
	of := src.vulnerability(v)
	l.add(title)
	l.under("What it is", false, paragraphs(v.Description, of...)...)
	var facts []Item
	if len(v.IDs) > 1 {
		facts = append(facts, it("Also known as", list(v.others()), of...))
	}
	if v.CWE != "" {
		facts = append(facts, it("Weakness", v.CWE, of...))
	}
	if a.Withdrawn != nil {
		l.under("Status", true, append(facts, it("", takenBackText, src.own))...)
		return
	}
	facts = append(facts, it("Exploitation", v.exploitation(a.Proposed.At), src.heard(v, exploitedKind)...))
	for _, d := range v.Dispositions {
		facts = append(facts, it(a.version(d.Version).words(), d.status(), src.disposition(d)...))
	}
	for _, d := range v.Dispositions {
		if d.Score != nil {
			facts = append(facts, it("Score for "+a.version(d.Version).words(), d.Score.words(), src.disposition(d)...))
		}
	}
	for _, p := range v.Published {
		facts = append(facts, it("Published score", p.words()+". It was not given for this device.", src.heard(v, ratedKind)...))
	}
	l.under("Status, exploitation and scores", true, facts...)
	l.under("Clinical impact: what could happen to the patient", false, paragraphs(v.ClinicalImpact, of...)...)
}

func credits(a Advisory, src sources) []Item {
	var out []Item
	for _, c := range a.Credits {
		out = append(out, it("", c.words(), src.own))
	}
	return out
}

// first is when the first revision was issued, or this one was drafted.
func (a Advisory) first() time.Time {
	if len(a.Revisions) > 1 {
		return a.Revisions[0].Date
	}
	return a.revision().Date
}

// paragraphs splits text at its blank lines.
func paragraphs(text string, from ...Basis) []Item {
	var out []Item
	var lines []string
	flush := func() {
		if len(lines) > 0 {
			out = append(out, it("", strings.Join(lines, "\n"), from...))
			lines = nil
		}
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			flush()
			continue
		}
		lines = append(lines, line)
	}
	flush()
	return out
}
