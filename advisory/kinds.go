package advisory

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
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
