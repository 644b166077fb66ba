package advisory

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/open-postmarket/postmarket/internal/strictjson"
	"github.com/open-postmarket/postmarket/rule"
)

// Kinds says of each kind of communication what it is headed with and what it has
// to hold. It is data.
type Kinds struct {
	About string      `json:"about"`
	Kinds []KindRules `json:"kinds"`
}

// KindRules are those of one kind. An advisory keeps the ones that it was drafted
// by: they are part of what is signed off.
type KindRules struct {
	Kind Kind `json:"kind"`
	// Heading are the words that stand at the top of every form, Urgent those for
	// an urgent one. Both or none.
	Heading string `json:"heading"`
	Urgent  string `json:"urgent"`
	// Label is required with a heading that no citation binds to.
	Label     string          `json:"label"`
	Citations []rule.Citation `json:"citations"`
	Elements  []Element       `json:"elements"`
}

// An Element is one thing that a letter has to hold.
type Element struct {
	ID    string `json:"id"`
	Words string `json:"words"` // what it is, in our words
	Asks  Asks   `json:"asks"`  // how it is looked for
	// Never are the words that AskNever looks for.
	Never []string `json:"never,omitempty"`
	// Label is required where no citation binds.
	Label string `json:"label,omitempty"`
	// Citations are the rules behind it, the one that says most first.
	Citations []rule.Citation `json:"citations"`
}

// Asks says how an element is looked for. The zero value is not said.
type Asks string

// What can be asked. Each is of a field of the Advisory or of its Action.
const (
	AskUrgency        Asks = "urgency"
	AskReferences     Asks = "references"
	AskProduct        Asks = "product"
	AskUnits          Asks = "units"
	AskUDI            Asks = "udi"
	AskRegistration   Asks = "registration"
	AskPurpose        Asks = "purpose"
	AskReason         Asks = "reason"
	AskHazard         Asks = "hazard"
	AskUse            Asks = "use"
	AskInstructions   Asks = "instructions"
	AskReply          Asks = "reply"
	AskFollowUp       Asks = "follow-up"
	AskPassOn         Asks = "pass-on"
	AskDepth          Asks = "depth"
	AskAuthorities    Asks = "authorities"
	AskDraft          Asks = "draft"
	AskLanguage       Asks = "language"
	AskRepresentative Asks = "representative"
	AskContact        Asks = "contact"
	AskSignature      Asks = "signature"
	AskAttested       Asks = "attested" // a person says so: Action.Attested
	AskNever          Asks = "never"    // none of Element.Never stands in it
)

// Valid reports whether x can be looked for; the zero value cannot.
func (x Asks) Valid() bool { return x == AskAttested || x == AskNever || looks[x] != nil }

//go:embed kinds.json
var kindsFile embed.FS

var defaultKinds = sync.OnceValues(func() (Kinds, error) { return LoadKinds(kindsFile, "kinds.json") })

// DefaultKinds returns the kinds that come with the library, with the source of
// each element. A test of this package holds that it does not fail.
func DefaultKinds() (Kinds, error) {
	k, err := defaultKinds()
	k.Kinds = slices.Clone(k.Kinds)
	for i, r := range k.Kinds {
		k.Kinds[i] = r.clone()
	}
	return k, err
}

// LoadKinds reads the file name of fsys, in the form of the default one. It is
// strict, and tells all errors at once.
func LoadKinds(fsys fs.FS, name string) (Kinds, error) {
	var k Kinds
	_, err := strictjson.Read(fsys, name, &k)
	if err == nil {
		err = k.Check()
	}
	if err != nil {
		return Kinds{}, fmt.Errorf("advisory: kinds %q: %w", name, err)
	}
	return k, nil
}

// Check returns what is missing or wrong in k, all at once, or nil.
func (k Kinds) Check() error {
	var errs []error
	for _, kind := range []Kind{SecurityNotice, Correction, FieldSafetyNotice} {
		n := 0
		for _, r := range k.Kinds {
			if r.Kind == kind {
				n++
			}
		}
		if n != 1 {
			errs = append(errs, fmt.Errorf("kind %q is there %d times", kind, n))
		}
	}
	for _, r := range k.Kinds {
		errs = append(errs, r.Check())
	}
	return errors.Join(errs...)
}

// Of are the rules of kind; zero when k has none.
func (k Kinds) Of(kind Kind) KindRules {
	for _, r := range k.Kinds {
		if r.Kind == kind {
			return r.clone()
		}
	}
	return KindRules{}
}

func (r KindRules) clone() KindRules {
	r.Citations, r.Elements = slices.Clone(r.Citations), slices.Clone(r.Elements)
	for i, e := range r.Elements {
		r.Elements[i].Never, r.Elements[i].Citations = slices.Clone(e.Never), slices.Clone(e.Citations)
	}
	return r
}

// Check returns what is missing or wrong in r, all at once, or nil.
func (r KindRules) Check() error {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("kind %q: "+format, append([]any{r.Kind}, args...)...))
	}
	if !r.Kind.Valid() {
		fail("it is not known")
	}
	cited := func(what, label string, citations []rule.Citation) {
		if len(citations) == 0 {
			fail("%s: there is no citation", what)
			return
		}
		for _, c := range citations {
			if err := c.Check(); err != nil {
				fail("%s: %w", what, err)
			}
		}
		if blank(label) && !slices.ContainsFunc(citations, rule.Citation.Binding) {
			fail("%s: it does not bind, so it needs a label", what)
		}
	}
	if blank(r.Heading) != blank(r.Urgent) {
		fail("there is one heading, and not the other")
	}
	if !blank(r.Heading) {
		cited("the heading", r.Label, r.Citations)
	}
	seen := map[string]bool{}
	for i, e := range r.Elements {
		if blank(e.ID) || seen[e.ID] || blank(e.Words) {
			fail("element %d: id %q is empty or there twice, or its words are missing", i+1, e.ID)
		}
		seen[e.ID] = true
		if !e.Asks.Valid() {
			fail("element %q: it asks %q, which nobody can look for", e.ID, e.Asks)
		}
		if (e.Asks == AskNever) != (len(e.Never) > 0) || slices.ContainsFunc(e.Never, blank) {
			fail("element %q: words that must not be there do not fit %q", e.ID, e.Asks)
		}
		cited(fmt.Sprintf("element %q", e.ID), e.Label, e.Citations)
	}
	return errors.Join(errs...)
}

// rules are those that a was drafted by, else the default ones of its kind.
func (a Advisory) rules() KindRules {
	if a.Rules != nil {
		return *a.Rules
	}
	k, err := defaultKinds()
	if err != nil {
		return KindRules{}
	}
	for _, r := range k.Kinds {
		if r.Kind == a.Kind {
			return r
		}
	}
	return KindRules{}
}

// A LackError says which element an advisory lacks.
type LackError struct {
	Kind    Kind
	Element Element
	Why     string
}

// Error names the element with its clauses.
func (e *LackError) Error() string {
	var cites []string
	for _, c := range e.Element.Citations {
		cites = append(cites, c.String())
	}
	return fmt.Sprintf("advisory: kind %q lacks %q, %s: %s [%s]", e.Kind, e.Element.ID, e.Element.Words, e.Why, strings.Join(cites, "; "))
}

// Lacking are the elements that a lacks, in the order of r. A withdrawn advisory
// lacks none: it takes back and asks for nothing new.
func (r KindRules) Lacking(a Advisory) []*LackError {
	if a.Withdrawn != nil {
		return nil
	}
	f := a.Action
	if f == nil {
		f = &FieldAction{}
	}
	var out []*LackError
	for _, e := range r.Elements {
		why := ""
		switch e.Asks {
		case AskAttested:
			if !slices.Contains(f.Attested, e.ID) {
				why = "nobody attests it"
			}
		case AskNever:
			why = a.says(e.Never)
		default:
			if look := looks[e.Asks]; look != nil {
				why = look(a, f)
			}
		}
		if why != "" {
			out = append(out, &LackError{Kind: r.Kind, Element: e, Why: why})
		}
	}
	return out
}

// looks find an element, and say what is missing.
var looks = map[Asks]func(a Advisory, f *FieldAction) string{
	AskUrgency: func(_ Advisory, f *FieldAction) string {
		switch u := f.Urgency; {
		case u == nil || hollow(u.Why):
			return "it is not said"
		case !u.Urgent && (u.Class == ClassI || u.Class == ClassII):
			return fmt.Sprintf("it is of class %s and not urgent", u.Class)
		}
		return ""
	},
	AskReferences: func(_ Advisory, f *FieldAction) string { return none(len(f.References) == 0, "there is no reference") },
	AskProduct: func(a Advisory, _ *FieldAction) string {
		return none(len(a.concerned()) == 0, "no version is affected or under investigation")
	},
	AskUnits: func(a Advisory, f *FieldAction) string {
		return a.each(func(v Version) bool {
			return slices.ContainsFunc(f.Units, func(u Units) bool { return u.of(v) && u.named() })
		}, "no units are named")
	},
	AskUDI: func(a Advisory, f *FieldAction) string {
		return a.each(func(v Version) bool {
			return !blank(v.UDIDI) || slices.ContainsFunc(f.Units, func(u Units) bool { return u.of(v) && !hollow(u.NoUDI) })
		}, "there is no UDI and no reason for that")
	},
	AskRegistration: func(_ Advisory, f *FieldAction) string {
		return none(blank(f.Registration.Number) && hollow(f.Registration.None), "there is no number and no reason for that")
	},
	AskPurpose: func(_ Advisory, f *FieldAction) string { return none(hollow(f.Purpose), "it is not said") },
	AskReason: func(a Advisory, _ *FieldAction) string {
		return none(len(a.Vulnerabilities) == 0 || slices.ContainsFunc(a.Vulnerabilities, func(v Vulnerability) bool { return hollow(v.Description) }), "a vulnerability is not described")
	},
	AskHazard: func(a Advisory, _ *FieldAction) string {
		return none(len(a.Vulnerabilities) == 0 || slices.ContainsFunc(a.Vulnerabilities, func(v Vulnerability) bool { return hollow(v.ClinicalImpact) }), "a clinical impact is not said")
	},
	AskUse: func(_ Advisory, f *FieldAction) string { return none(hollow(f.Use), "it is not said") },
	AskInstructions: func(a Advisory, _ *FieldAction) string {
		return none(!slices.ContainsFunc(a.Instructions, func(i Instruction) bool { return i.Party != parties[0] && !hollow(i.Text) }), "facilities and users are told nothing")
	},
	AskReply: func(_ Advisory, f *FieldAction) string {
		return none(f.Reply == nil || hollow(f.Reply.How) || f.Reply.Required && f.Reply.By.String() == "", "whether, by when or how is not said")
	},
	AskFollowUp: func(_ Advisory, f *FieldAction) string {
		return none(f.Reply != nil && f.Reply.Required && hollow(f.Reply.FollowUp), "it is not said")
	},
	AskPassOn: func(_ Advisory, f *FieldAction) string { return none(hollow(f.PassOn), "it is not said") },
	AskDepth:  func(_ Advisory, f *FieldAction) string { return none(hollow(f.Depth), "it is not said") },
	AskAuthorities: func(_ Advisory, f *FieldAction) string {
		return none(!slices.ContainsFunc(f.Authorities, func(x Authority) bool { return x.Informed.String() != "" }), "no authority was informed")
	},
	AskDraft: func(_ Advisory, f *FieldAction) string {
		return none(!f.urgent() && !slices.ContainsFunc(f.Authorities, func(x Authority) bool { return x.Draft.String() != "" }), "it is not urgent, and no authority had a draft")
	},
	AskLanguage: func(a Advisory, f *FieldAction) string {
		for _, d := range f.Destinations {
			if primary(d.Lang) != primary(a.Lang) {
				return fmt.Sprintf("%s determined %q, and it is in %q", d.State, d.Lang, a.Lang)
			}
		}
		return none(len(f.Destinations) == 0, "no Member State is named")
	},
	AskRepresentative: func(_ Advisory, f *FieldAction) string {
		r := f.Representative
		return none((blank(r.Name) || blank(r.Contact)) && hollow(r.None), "there is none and no reason for that")
	},
	AskContact: func(a Advisory, _ *FieldAction) string { return none(hollow(a.Contact), "it is not said") },
	AskSignature: func(a Advisory, _ *FieldAction) string {
		return none(a.Status == StatusFinal && len(a.SignOffs) == 0, "nobody signed")
	},
}

func none(missing bool, why string) string {
	if missing {
		return why
	}
	return ""
}

// concerned are the versions that any vulnerability affects; when it affects none,
// those under investigation.
func (a Advisory) concerned() []Version {
	for _, status := range []VersionStatus{Affected, UnderInvestigation} {
		var out []Version
		for _, v := range a.Versions {
			if slices.ContainsFunc(a.Vulnerabilities, func(x Vulnerability) bool { return slices.Contains(x.with(status), v.ID) }) {
				out = append(out, v)
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

// each says of which versions that are concerned ok does not hold.
func (a Advisory) each(ok func(Version) bool, why string) string {
	var bad []string
	for _, v := range a.concerned() {
		if !ok(v) {
			bad = append(bad, v.Name+" "+v.Version)
		}
	}
	if len(bad) == 0 {
		return ""
	}
	return why + " for " + strings.Join(bad, ", ")
}

// says is which of the words a person wrote in a.
func (a Advisory) says(words []string) string {
	texts := []string{a.Title, a.Summary, a.Availability, a.Next.Text, a.Contact, a.Reporting}
	for _, i := range a.Instructions {
		texts = append(texts, i.Text)
	}
	for _, r := range a.Remedies {
		texts = append(texts, r.Text, r.SideEffects)
	}
	for _, v := range a.Vulnerabilities {
		texts = append(texts, v.Title, v.Description, v.ClinicalImpact, v.Exploitation)
	}
	if n := a.Notice; n != nil {
		texts = append(texts, n.Impact, n.Efforts, n.Controls, n.Fix)
	}
	if f := a.Action; f != nil {
		texts = append(texts, f.texts()...)
	}
	all := strings.ToLower(strings.Join(strings.Fields(strings.Join(texts, " \n ")), " "))
	for _, w := range words {
		if strings.Contains(all, strings.ToLower(w)) {
			return fmt.Sprintf("it says %q", w)
		}
	}
	return ""
}

func primary(lang string) string {
	p, _, _ := strings.Cut(strings.ToLower(lang), "-")
	return p
}
