package advisory

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/rule"
)

// A FieldAction is what a letter says beyond a security notice when devices in the
// field are corrected: how to find them, who replies, to whom it goes on, and which
// authorities know. Which of it is required is for the KindRules. All texts are
// plain, as in Texts.
type FieldAction struct {
	// References are the numbers under which the action goes.
	References []Reference `json:"references,omitempty"`
	// Urgency says whether it is marked urgent; nil is not said.
	Urgency *Urgency `json:"urgency,omitempty"`
	// Units are those concerned.
	Units []Units `json:"units,omitempty"`
	// Purpose is what the device is for clinically. Empty takes, in an Input, the
	// intended use of the products.
	Purpose string `json:"purpose,omitempty"`
	// Use says whether the device is used and passed along meanwhile.
	Use string `json:"use,omitempty"`
	// Reply says who replies; nil is not said.
	Reply *Reply `json:"reply,omitempty"`
	// PassOn asks the reader to tell others, Depth says how far down the chain.
	PassOn string `json:"pass_on,omitempty"`
	Depth  string `json:"depth,omitempty"`
	// Authorities are those that know of it. They receive; they are no party.
	Authorities []Authority `json:"authorities,omitempty"`
	// Destinations are the Member States it is for.
	Destinations   []Destination  `json:"destinations,omitempty"`
	Registration   Registration   `json:"registration,omitzero"`
	Representative Representative `json:"representative,omitzero"`
	// Attested are the ids of elements that no program can see and that whoever
	// drafted it says are kept; those who sign off sign this too.
	Attested []string `json:"attested,omitempty"`
}

// A Reference is one number, such as What "FSCA" and Number "2026-03". Both are
// required.
type Reference struct {
	What   string `json:"what"`
	Number string `json:"number"`
}

// A RecallClass is FDA's. Empty is not classified, or not said.
type RecallClass string

// The classes of 21 CFR 7.3(m).
const (
	ClassI   RecallClass = "I"
	ClassII  RecallClass = "II"
	ClassIII RecallClass = "III"
)

// Urgency says whether a letter is marked urgent. Why is required.
type Urgency struct {
	Urgent bool   `json:"urgent"`
	Why    string `json:"why"`
	// Class is the one that FDA gave the recall, where it did.
	Class RecallClass `json:"class,omitempty"`
}

// Units are devices of one or several versions.
type Units struct {
	// Versions are IDs of the advisory's versions; in an Input, keys of products.
	Versions []string `json:"versions"`
	// All says that every unit of them is concerned; else Lots or Serials, which may
	// be ranges, name them.
	All     bool     `json:"all,omitempty"`
	Lots    []string `json:"lots,omitempty"`
	Serials []string `json:"serials,omitempty"`
	// NoUDI says why they have no UDI.
	NoUDI string `json:"no_udi,omitempty"`
}

// A Reply says whether readers have to reply. How is required, and By where Required
// is set.
type Reply struct {
	Required bool      `json:"required"`
	By       rule.Date `json:"by,omitzero"`
	// Who replies; empty is everybody who receives it.
	Who string `json:"who,omitempty"`
	How string `json:"how"`
	// FollowUp says what happens when no reply comes.
	FollowUp string `json:"follow_up,omitempty"`
}

// An Authority is one that was informed. It receives and observes.
type Authority struct {
	Name string `json:"name"`
	// Informed is the day on which it was told of the action, Draft that on which it
	// had a draft of this letter to comment on; zero is not.
	Informed rule.Date `json:"informed,omitzero"`
	Draft    rule.Date `json:"draft,omitzero"`
	// Reference is its own number.
	Reference string `json:"reference,omitempty"`
}

// A Destination is a Member State, by its code of ISO 3166-1, and the language that
// it determined. Both are required.
type Destination struct {
	State string `json:"state"`
	Lang  string `json:"lang"`
}

// A Registration is the maker's single registration number, or why there is None yet.
type Registration struct {
	Number string `json:"number,omitempty"`
	None   string `json:"none,omitempty"`
}

// A Representative is the maker's in the Union, or why there is None.
type Representative struct {
	Name    string `json:"name,omitempty"`
	Contact string `json:"contact,omitempty"`
	None    string `json:"none,omitempty"`
}

func (u Units) of(v Version) bool { return slices.Contains(u.Versions, v.ID) }

func (u Units) named() bool { return u.All || len(u.Lots)+len(u.Serials) > 0 }

func (f *FieldAction) urgent() bool { return f != nil && f.Urgency != nil && f.Urgency.Urgent }

// withdrawn is f without what it asked readers to do. To whom it went on has to
// hear of the withdrawal, too.
func (f *FieldAction) withdrawn() *FieldAction {
	if f == nil {
		return nil
	}
	out := *f
	out.Use, out.Reply, out.Attested = "", nil, nil
	return &out
}

// texts are the words of a person in f.
func (f *FieldAction) texts() []string {
	out := []string{f.Purpose, f.Use, f.PassOn, f.Depth, f.Registration.None, f.Representative.Contact, f.Representative.None}
	if u := f.Urgency; u != nil {
		out = append(out, u.Why)
	}
	if r := f.Reply; r != nil {
		out = append(out, r.Who, r.How, r.FollowUp)
	}
	for _, u := range f.Units {
		out = append(out, u.NoUDI)
	}
	return out
}

// action takes over the rules of the kind and the action.
func (d *drafter) action() {
	kinds := d.in.Kinds
	if kinds == nil {
		k, err := DefaultKinds()
		if err != nil {
			d.errs = append(d.errs, err)
			return
		}
		kinds = &k
	}
	if r := kinds.Of(d.in.Kind); r.Heading != "" || len(r.Elements) > 0 {
		d.a.Rules = &r
	}
	if d.in.Action == nil {
		return
	}
	f := *d.in.Action
	f.Units = slices.Clone(f.Units)
	for i, u := range f.Units {
		f.Units[i].Versions = d.keys("a unit", u.Versions)
	}
	if blank(f.Purpose) {
		var uses []string
		for _, p := range d.products {
			if !blank(p.IntendedUse) && !slices.Contains(uses, p.IntendedUse) {
				uses = append(uses, p.IntendedUse)
			}
		}
		f.Purpose = strings.Join(uses, "\n\n")
	}
	f = settled(f)
	d.a.Action = &f
}

var (
	registered = regexp.MustCompile(`^[A-Z]{2}-(AR|IM|MF|PR)-[0-9]{9}$`)
	country    = regexp.MustCompile(`^[A-Z]{2}$`)
)

// kind checks what the kind asks for, and the action as far as it is there.
func (c *checker) kind(a Advisory) {
	if r := a.Rules; r != nil {
		if err := r.Check(); err != nil {
			c.fail("rules: %w", err)
		}
		if r.Kind != a.Kind {
			c.fail("it is of kind %q and was drafted by the rules of %q", a.Kind, r.Kind)
		}
	}
	for _, lack := range a.rules().Lacking(a) {
		c.errs = append(c.errs, lack)
	}
	if a.Action != nil {
		c.action(a, a.Action)
	}
}

func (c *checker) action(a Advisory, f *FieldAction) {
	for _, r := range f.References {
		c.need("what a reference is", r.What)
		c.need("the number of a reference", r.Number)
	}
	if u := f.Urgency; u != nil {
		c.need("why it is urgent or not", u.Why)
		if !slices.Contains([]RecallClass{"", ClassI, ClassII, ClassIII}, u.Class) {
			c.fail("recall class %q is not known", u.Class)
		}
	}
	for i, u := range f.Units {
		c.meant(a, fmt.Sprintf("units %d", i+1), nil, u.Versions)
		if len(u.Versions) == 0 || u.All && len(u.Lots)+len(u.Serials) > 0 || slices.ContainsFunc(slices.Concat(u.Lots, u.Serials), blank) {
			c.fail("units %d: they are of no version, or all and some of them, or one is empty", i+1)
		}
	}
	if r := f.Reply; r != nil {
		c.need("how to reply", r.How)
		if r.Required && r.By.String() == "" {
			c.fail("a reply is required, and by when is missing")
		}
		if !r.Required && r.By.String() != "" {
			c.fail("no reply is required, and yet by %s", r.By)
		}
	}
	// A day ahead of the draft's instant is still today somewhere.
	y, m, day := a.Proposed.At.Add(14 * time.Hour).Date()
	today := rule.Date{Year: y, Month: m, Day: day}
	for _, x := range f.Authorities {
		c.need("the name of an authority", x.Name)
		if x.Informed == (rule.Date{}) && x.Draft == (rule.Date{}) {
			c.fail("authority %q: it does not know of this", x.Name)
		}
		for _, on := range []rule.Date{x.Informed, x.Draft} {
			if on != (rule.Date{}) && on.Compare(today) > 0 {
				c.fail("authority %q: %s is after this was drafted", x.Name, on)
			}
		}
	}
	for i, d := range f.Destinations {
		if !country.MatchString(d.State) || slices.Contains(f.Destinations[:i], d) {
			c.fail("Member State %q is no code of ISO 3166-1, or is there twice", d.State)
		}
		if err := csaf.CheckLang(d.Lang); err != nil || d.Lang == "" {
			c.fail("Member State %q: %q is no language", d.State, d.Lang)
		}
	}
	if n := f.Registration.Number; n != "" && !registered.MatchString(n) {
		c.fail("%q is no single registration number", n)
	}
	ids := map[string]bool{}
	for _, e := range a.rules().Elements {
		ids[e.ID] = e.Asks == AskAttested
	}
	for _, id := range f.Attested {
		if !ids[id] {
			c.fail("%q is attested, which the kind does not ask", id)
		}
	}
}

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
