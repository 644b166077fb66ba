package advisory

import (
	"fmt"
	"strings"

	"github.com/open-postmarket/postmarket/csaf"
)

// heading are the words at the top of every form; empty for a kind without.
func (a Advisory) heading() string {
	r := a.rules()
	if a.Action.urgent() {
		return r.Urgent
	}
	return r.Heading
}

func (u Urgency) words() string {
	text := "It is not marked urgent: " + u.Why
	if u.Urgent {
		text = "It is urgent: " + u.Why
	}
	if u.Class != "" {
		text += fmt.Sprintf(" FDA classified it as a class %s recall.", u.Class)
	}
	return text
}

func (u Units) words() string {
	var parts []string
	if u.All {
		parts = append(parts, "All units.")
	}
	if len(u.Lots) > 0 {
		parts = append(parts, "Lots: "+strings.Join(u.Lots, ", ")+".")
	}
	if len(u.Serials) > 0 {
		parts = append(parts, "Serial numbers: "+strings.Join(u.Serials, ", ")+".")
	}
	if !blank(u.NoUDI) {
		parts = append(parts, "No UDI: "+u.NoUDI)
	}
	return strings.Join(parts, " ")
}

// words say whether a reply is required, who replies and by when.
func (r Reply) words() string {
	if !r.Required {
		return "No reply is required."
	}
	if !blank(r.Who) {
		return fmt.Sprintf("A reply is required by %s. Who replies: %s", r.By, r.Who)
	}
	return fmt.Sprintf("A reply is required by %s from everybody who receives this.", r.By)
}

func (x Authority) words() string {
	var parts []string
	if on := x.Informed.String(); on != "" {
		parts = append(parts, "Informed of the action on "+on+".")
	}
	if on := x.Draft.String(); on != "" {
		parts = append(parts, "Had a draft of this letter to comment on, on "+on+".")
	}
	if !blank(x.Reference) {
		parts = append(parts, "Its reference: "+x.Reference+".")
	}
	return strings.Join(parts, " ")
}

func (r Representative) words() string {
	if blank(r.Name) {
		return r.None
	}
	return r.Name + "\n" + r.Contact
}

func (f *FieldAction) destinations() string {
	var out []string
	for _, d := range f.Destinations {
		out = append(out, d.State+" ("+d.Lang+")")
	}
	return strings.Join(out, ", ")
}

// The headings of what a FieldAction says.
const (
	unitsTitle       = "Which units are concerned"
	purposeTitle     = "What the device is for"
	useTitle         = "Use until then"
	replyTitle       = "Who must reply, and by when"
	passOnTitle      = "Pass this on"
	authoritiesTitle = "Authorities that know of this"
	authoritiesText  = "Authorities receive this letter; the manufacturer answers for it."
)

// head puts the heading and the references on top of the letter.
func (l *Letter) head(a Advisory, src sources) {
	if h := a.heading(); h != "" {
		text := kindWords[a.Kind] + "."
		if a.Action != nil && a.Action.Urgency != nil {
			text = a.Action.Urgency.words()
		}
		l.Banners = append(l.Banners, it(h, text, src.own))
	}
}

func (l *Letter) references(a Advisory, src sources) {
	f := a.Action
	if f == nil {
		return
	}
	for _, r := range f.References {
		l.Facts = append(l.Facts, it(r.What, r.Number, src.own))
	}
	if n := f.Registration; n != (Registration{}) {
		text := n.Number
		if text == "" {
			text = n.None
		}
		l.Facts = append(l.Facts, it("Single registration number (SRN)", text, src.own))
	}
	if to := f.destinations(); to != "" {
		l.Facts = append(l.Facts, it("For Member States", to, src.own))
	}
}

// identification helps to find the devices.
func (l *Letter) identification(a Advisory, src sources) {
	f := a.Action
	if f == nil {
		return
	}
	var units []Item
	for _, u := range f.Units {
		units = append(units, it(a.names(u.Versions), u.words(), tidy(append(src.about(nil, u.Versions), src.text(TextUnits)...))...))
	}
	l.under(unitsTitle, true, units...)
	l.under(purposeTitle, false, paragraphs(f.Purpose, src.purpose()...)...)
}

// action says what becomes of the letter itself.
func (l *Letter) action(a Advisory, src sources) {
	f := a.Action
	if f == nil {
		return
	}
	l.under(useTitle, false, paragraphs(f.Use, src.text(TextUse)...)...)
	if r := f.Reply; r != nil {
		of := src.text(TextReply)
		items := []Item{it("", r.words(), of...), it("How", r.How, of...)}
		if !blank(r.FollowUp) {
			items = append(items, it("If no reply comes", r.FollowUp, of...))
		}
		l.add(replyTitle, items...)
	}
	if !blank(f.PassOn) || !blank(f.Depth) {
		items := paragraphs(f.PassOn, src.text(TextPassOn)...)
		if !blank(f.Depth) {
			items = append(items, it("How far it goes", f.Depth, src.text(TextPassOn)...))
		}
		l.add(passOnTitle, items...)
	}
	if len(f.Authorities) > 0 {
		var items []Item
		for _, x := range f.Authorities {
			items = append(items, it(x.Name, x.words(), src.text(TextAuthorities)...))
		}
		l.list(authoritiesTitle, append(items, it("", authoritiesText, src.own))...)
	}
}

func (l *Letter) representative(a Advisory, src sources) {
	if a.Action != nil && a.Action.Representative != (Representative{}) {
		l.under("Authorised representative in the European Union", false, it("", a.Action.Representative.words(), src.own))
	}
}

// actionNotes are what the letter says of the action, for a CSAF document.
func (a Advisory) actionNotes(add func(csaf.NoteCategory, string, string)) {
	if h := a.heading(); h != "" {
		text := kindWords[a.Kind] + "."
		if a.Action != nil && a.Action.Urgency != nil {
			text = a.Action.Urgency.words()
		}
		add(csaf.NoteGeneral, h, text)
	}
	f := a.Action
	if f == nil {
		return
	}
	lines := func(n int, line func(int) string) string {
		var out []string
		for i := range n {
			out = append(out, line(i))
		}
		return strings.Join(out, "\n")
	}
	add(csaf.NoteOther, "References of the action", lines(len(f.References), func(i int) string { return f.References[i].What + ": " + f.References[i].Number }))
	if n := f.Registration; n.Number != "" {
		add(csaf.NoteOther, "Single registration number (SRN)", n.Number)
	} else {
		add(csaf.NoteOther, "Single registration number (SRN)", n.None)
	}
	add(csaf.NoteOther, "For Member States", f.destinations())
	add(csaf.NoteGeneral, unitsTitle, lines(len(f.Units), func(i int) string { return a.names(f.Units[i].Versions) + ": " + f.Units[i].words() }))
	add(csaf.NoteGeneral, purposeTitle, f.Purpose)
	add(csaf.NoteGeneral, useTitle, f.Use)
	if r := f.Reply; r != nil {
		text := r.words() + "\nHow: " + r.How
		if !blank(r.FollowUp) {
			text += "\nIf no reply comes: " + r.FollowUp
		}
		add(csaf.NoteGeneral, replyTitle, text)
	}
	pass := f.PassOn
	if !blank(f.Depth) {
		pass = strings.TrimSpace(pass + "\nHow far it goes: " + f.Depth)
	}
	add(csaf.NoteGeneral, passOnTitle, pass)
	if len(f.Authorities) > 0 {
		add(csaf.NoteGeneral, authoritiesTitle, lines(len(f.Authorities), func(i int) string { return f.Authorities[i].Name + ": " + f.Authorities[i].words() })+"\n"+authoritiesText)
	}
	add(csaf.NoteOther, "Authorised representative in the European Union", f.Representative.words())
}
