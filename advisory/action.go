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
	out.Use, out.Reply, out.Attested, out.Urgency, out.Units = "", nil, nil, nil, nil
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
