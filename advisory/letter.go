package advisory

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/patch"
)

// A letter is the advisory as a person reads it. Both forms are written from it,
// so that they say the same. All text in it is plain.
type letter struct {
	Lang     string
	Title    string
	Banners  []item // what must be seen first
	Facts    []item // the head of the letter
	Sections []section
}

// An item is a paragraph with a word in front of it, which may be empty.
type item struct{ Lead, Text string }

type section struct {
	Title string
	Under bool // it belongs to the section before
	Items []item
	List  bool // the items are a list
	Table *table
}

type table struct {
	Caption string
	Head    []string
	Rows    [][]string
}

func newLetter(a Advisory) letter {
	l := letter{Lang: a.Lang, Title: a.title()}
	if a.Demonstration() {
		l.Banners = append(l.Banners, item{demonstrationBanner, demonstrationText})
	}
	if a.Status != StatusFinal {
		l.Banners = append(l.Banners, item{draftBanner, draftText})
	}
	now := a.revision()
	l.Facts = []item{
		{"Advisory", a.ID}, {"Kind", kindWords[a.Kind]}, {"From", a.Maker.Name},
		{"Revision", fmt.Sprintf("%d, %s", now.Number, stamp(now.Date))},
		{"First revision", stamp(a.first())},
		{"May be shared", a.Mark.Label.String()},
	}
	l.add("Summary", paragraphs(a.Summary)...)
	l.Sections = append(l.Sections, section{Title: "Products and versions", Table: products(a)})
	for _, v := range a.Vulnerabilities {
		l.vulnerability(a, v)
	}
	if n := a.Notice; n != nil {
		l.add("What we know and what we are doing", item{"What is known", n.Impact}, item{"What we are doing", n.Efforts},
			item{"Compensating controls", n.Controls}, item{"Fix in work", n.Fix})
	}
	l.add("What to do now")
	for _, p := range parties {
		l.under(partyWords[p], true, instructions(a, p)...)
	}
	l.add("Fix and next update", paragraphs(a.Availability)...)
	var fixes []item
	for _, r := range a.Remedies {
		if r.Kind == patch.Patch {
			fixes = append(fixes, item{a.about(r.For, r.Versions), r.words()})
		}
	}
	l.under("Fixes", true, fixes...)
	l.under("Next update", false, item{"", a.Next.words()})
	l.add("Support", paragraphs(a.Contact)...)
	l.add("Reporting adverse events", paragraphs(a.Reporting)...)
	if len(a.Credits) > 0 {
		l.list("Credit", credits(a)...)
	}
	var signs, history []item
	for _, s := range a.SignOffs {
		signs = append(signs, item{"", s.words()})
	}
	if len(signs) == 0 {
		signs = []item{{"", "Nobody has signed it off."}}
	}
	l.list("Sign-off", signs...)
	for i, r := range a.Revisions {
		if i == len(a.Revisions)-1 {
			r = now
		}
		history = append(history, item{"Revision " + strconv.Itoa(r.Number), stamp(r.Date) + ": " + r.Summary})
	}
	l.list("Revision history", history...)
	return l
}

func (l *letter) add(title string, items ...item) {
	l.Sections = append(l.Sections, section{Title: title, Items: items})
}

func (l *letter) list(title string, items ...item) {
	l.Sections = append(l.Sections, section{Title: title, Items: items, List: true})
}

// under adds a section below the last one, unless it would be empty.
func (l *letter) under(title string, list bool, items ...item) {
	if len(items) > 0 {
		l.Sections = append(l.Sections, section{Title: title, Under: true, Items: items, List: list})
	}
}

// products is one row a version, with its status for every vulnerability.
func products(a Advisory) *table {
	t := &table{Caption: "Which versions are affected", Head: []string{"Product", "Model", "Version", "UDI-DI"}}
	for _, v := range a.Vulnerabilities {
		t.Head = append(t.Head, string(v.ID))
	}
	for i, v := range a.Versions {
		udi := v.UDIDI
		if udi == "" {
			udi = "not stated"
		}
		row := []string{v.Name, v.Model, v.Version, udi}
		for _, x := range a.Vulnerabilities {
			row = append(row, statusWords[x.Dispositions[i].Status])
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// instructions are what p does: the instructions proper, then the controls.
func instructions(a Advisory, p patch.Party) []item {
	var out []item
	for _, i := range a.Instructions {
		if i.Party == p {
			out = append(out, item{a.about(i.For, i.Versions), i.Text})
		}
	}
	for _, r := range a.Remedies {
		if r.Party == p && r.Kind != patch.Patch {
			out = append(out, item{remedyWords[r.Kind] + ", " + a.about(r.For, r.Versions), r.words()})
		}
	}
	return out
}

func (l *letter) vulnerability(a Advisory, v Vulnerability) {
	title := string(v.ID)
	if !blank(v.Title) {
		title += ": " + v.Title
	}
	l.add(title)
	l.under("What it is", false, paragraphs(v.Description)...)
	var facts []item
	if len(v.IDs) > 1 {
		facts = append(facts, item{"Also known as", list(v.others())})
	}
	if v.CWE != "" {
		facts = append(facts, item{"Weakness", v.CWE})
	}
	facts = append(facts, item{"Exploitation", v.exploitation(a.Proposed.At)})
	for _, d := range v.Dispositions {
		facts = append(facts, item{a.version(d.Version).words(), d.status()})
	}
	for _, d := range v.Dispositions {
		if d.Score != nil {
			facts = append(facts, item{"Score for " + a.version(d.Version).words(), d.Score.words()})
		}
	}
	for _, p := range v.Published {
		facts = append(facts, item{"Published score", p.words() + ". It was not given for this device."})
	}
	l.under("Status, exploitation and scores", true, facts...)
	l.under("Clinical impact: what could happen to the patient", false, paragraphs(v.ClinicalImpact)...)
}

func credits(a Advisory) []item {
	var out []item
	for _, c := range a.Credits {
		out = append(out, item{"", c.words()})
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
func paragraphs(text string) []item {
	var out []item
	var lines []string
	flush := func() {
		if len(lines) > 0 {
			out = append(out, item{"", strings.Join(lines, "\n")})
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
