package advisory

import (
	"fmt"
	"slices"
	"strings"
)

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
