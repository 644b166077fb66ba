package advisory_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/open-postmarket/postmarket/advisory"
	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/internal/golden"
	"github.com/open-postmarket/postmarket/rule"
	"github.com/open-postmarket/postmarket/tlp"
)

// correction has all that a correction in the United States says.
func correction() *advisory.FieldAction {
	return &advisory.FieldAction{
		References: []advisory.Reference{{What: "Recall", Number: "EXM-R-2026-1"}},
		Urgency:    &advisory.Urgency{Urgent: true, Why: "Therapy settings could be changed from the hospital network.", Class: advisory.ClassII},
		Units:      []advisory.Units{{Versions: []string{"pump-2.1"}, Lots: []string{"L-17 to L-21"}, Serials: []string{"1000 to 1999"}}},
		Use:        "Go on using the pumps as said below. Do not pass any on until it is updated.",
		Reply:      &advisory.Reply{Required: true, By: rule.Date{Year: 2026, Month: 4, Day: 1}, How: "Return the enclosed form, or call +1 555 0100.", FollowUp: "We call the facility in the week after."},
		PassOn:     "If you passed a pump on, tell those who have it now.", Depth: "To the facilities that use the pump.",
		Attested: []string{"brief", "no-promotion"},
	}
}

// fieldSafety has all that a field safety notice says.
func fieldSafety() *advisory.FieldAction {
	return &advisory.FieldAction{
		References: []advisory.Reference{{What: "FSN", Number: "EXM-FSN-2026-1"}, {What: "FSCA", Number: "EXM-FSCA-2026-1"}},
		Urgency:    &advisory.Urgency{Urgent: true, Why: "Therapy settings could be changed from the hospital network."},
		Units:      []advisory.Units{{Versions: []string{"pump-2.1"}, All: true}},
		Purpose:    "Infuses medicine as prescribed.",
		Reply:      &advisory.Reply{Required: true, By: rule.Date{Year: 2026, Month: 4, Day: 1}, Who: "The person responsible for devices at each facility.", How: "Return the enclosed form."},
		PassOn:     "Tell all in your organisation who have to know, and those to whom a pump went on.",
		Authorities: []advisory.Authority{
			{Name: "Authority of Ireland (invented)", Informed: rule.Date{Year: 2026, Month: 3, Day: 12}, Draft: rule.Date{Year: 2026, Month: 3, Day: 11}, Reference: "V-1"},
		},
		Destinations:   []advisory.Destination{{State: "IE", Lang: "en"}, {State: "MT", Lang: "en"}},
		Registration:   advisory.Registration{Number: "US-MF-000000001"},
		Representative: advisory.Representative{Name: "Example Europe (invented)", Contact: "vigilance@example.com"},
		Attested:       []string{"not-understated", "consistent", "no-promotion"},
	}
}

// kinds are complete inputs of the kinds that ask for something.
func kinds(t *testing.T) map[advisory.Kind]advisory.Input {
	t.Helper()
	a, b := uncontrolled(t), uncontrolled(t)
	a.Kind, a.Action = advisory.Correction, correction()
	b.Kind, b.Action = advisory.FieldSafetyNotice, fieldSafety()
	return map[advisory.Kind]advisory.Input{advisory.Correction: a, advisory.FieldSafetyNotice: b}
}

// leave takes out of an advisory what is asked.
var leave = map[advisory.Asks]func(a *advisory.Advisory){
	advisory.AskUrgency:      func(a *advisory.Advisory) { a.Action.Urgency = nil },
	advisory.AskReferences:   func(a *advisory.Advisory) { a.Action.References = nil },
	advisory.AskProduct:      func(a *advisory.Advisory) { a.Versions, a.Vulnerabilities = nil, nil },
	advisory.AskUnits:        func(a *advisory.Advisory) { a.Action.Units = nil },
	advisory.AskUDI:          func(a *advisory.Advisory) { a.Versions[0].UDIDI = "" },
	advisory.AskRegistration: func(a *advisory.Advisory) { a.Action.Registration = advisory.Registration{} },
	advisory.AskPurpose:      func(a *advisory.Advisory) { a.Action.Purpose = "" },
	advisory.AskReason:       func(a *advisory.Advisory) { a.Vulnerabilities[0].Description = "tbd" },
	advisory.AskHazard:       func(a *advisory.Advisory) { a.Vulnerabilities[0].ClinicalImpact = "" },
	advisory.AskUse:          func(a *advisory.Advisory) { a.Action.Use = "" },
	advisory.AskInstructions: func(a *advisory.Advisory) { a.Instructions = a.Instructions[:0] },
	advisory.AskReply:        func(a *advisory.Advisory) { a.Action.Reply = nil },
	advisory.AskFollowUp:     func(a *advisory.Advisory) { a.Action.Reply.FollowUp = " " },
	advisory.AskPassOn:       func(a *advisory.Advisory) { a.Action.PassOn = "none" },
	advisory.AskDepth:        func(a *advisory.Advisory) { a.Action.Depth = "" },
	advisory.AskAuthorities:  func(a *advisory.Advisory) { a.Action.Authorities = nil },
	advisory.AskDraft: func(a *advisory.Advisory) {
		a.Action.Urgency.Urgent, a.Action.Authorities[0].Draft = false, rule.Date{}
	},
	advisory.AskLanguage:       func(a *advisory.Advisory) { a.Action.Destinations[1].Lang = "mt" },
	advisory.AskRepresentative: func(a *advisory.Advisory) { a.Action.Representative = advisory.Representative{} },
	advisory.AskContact:        func(a *advisory.Advisory) { a.Contact = "" },
	advisory.AskSignature:      func(a *advisory.Advisory) { a.Status = advisory.StatusFinal },
}

// copied is a with slices of its own.
func copied(t *testing.T, a advisory.Advisory) advisory.Advisory {
	t.Helper()
	data, err := json.Marshal(a)
	require.NoError(t, err)
	var out advisory.Advisory
	require.NoError(t, json.Unmarshal(data, &out))
	require.Equal(t, a.Digest(), out.Digest())
	return out
}

func TestAKindThatLacksAnElementIsRefusedWithItsClause(t *testing.T) {
	t.Parallel()
	rules, err := advisory.DefaultKinds()
	require.NoError(t, err)
	for kind, in := range kinds(t) {
		whole := draft(t, in)
		require.NoError(t, whole.Validate())
		require.Equal(t, rules.Of(kind), *whole.Rules)
		for _, e := range whole.Rules.Elements {
			a := copied(t, whole)
			switch e.Asks {
			case advisory.AskAttested:
				a.Action.Attested = slices.DeleteFunc(a.Action.Attested, func(id string) bool { return id == e.ID })
			case advisory.AskNever:
				a.Summary += " It is a Market\nWithdrawal."
			default:
				require.Contains(t, leave, e.Asks, "no test takes it out")
				leave[e.Asks](&a)
			}
			err := a.Validate()
			require.Error(t, err, "%s without %s", kind, e.ID)
			require.ErrorContains(t, err, `kind "`+string(kind)+`" lacks "`+e.ID+`"`)
			for _, c := range e.Citations {
				require.ErrorContains(t, err, c.Clause)
			}
			var lack *advisory.LackError
			require.True(t, errors.As(err, &lack))
			require.NotEmpty(t, lack.Element.Citations)
		}
		in.Action = nil
		_, err := advisory.Draft(in, drafted)
		require.ErrorContains(t, err, `lacks "reply"`, "all that is missing is told at once")
		require.ErrorContains(t, err, `lacks "pass-on"`)
	}
}

func TestASecurityNoticeAsksForNothingNew(t *testing.T) {
	t.Parallel()
	a := draft(t, uncontrolled(t))
	require.Nil(t, a.Rules)
	data, err := json.Marshal(a)
	require.NoError(t, err)
	require.NotContains(t, string(data), `"action"`)
	require.NotContains(t, string(data), `"rules"`)
}

// Records are read forever: one of before there were kinds, and one with the rules
// that it was drafted by, whatever the default ones say by then.
func TestRecordsOfAKindDecodeForever(t *testing.T) {
	t.Parallel()
	read := func(name string) (a advisory.Advisory) {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(data, &a))
		require.Equal(t, a.SignOffs[0].Digest, a.Digest(), "what was signed")
		return a
	}
	old := read("record-before-kinds.json")
	require.Equal(t, advisory.Correction, old.Kind)
	require.Nil(t, old.Action)
	require.ErrorContains(t, old.Validate(), `lacks "reply"`)
	_, err := old.Update(kinds(t)[advisory.Correction], "It says how to reply.", out)
	require.NoError(t, err, "it can be updated")
	_, err = old.Withdraw("advisory-author", advisory.Withdrawal{Why: "It was sent for the wrong model."}, old.Instructions, out)
	require.NoError(t, err, "and withdrawn")

	data, err := json.MarshalIndent(final(t, kinds(t)[advisory.FieldSafetyNotice]), "", "  ")
	require.NoError(t, err)
	golden.Equal(t, append(data, '\n'), filepath.Join("testdata", "record-field-safety-notice.json"))
	require.NoError(t, read("record-field-safety-notice.json").Validate())
}

func TestWhatIsUnderInvestigationIsConcernedWhenNothingIsAffected(t *testing.T) {
	t.Parallel()
	in := variants(t)["under-investigation"]
	in.Kind, in.Action, in.Products[0].UDIDI = advisory.Correction, correction(), "09506000134352"
	draft(t, in)
	in.Action.Units = nil
	_, err := advisory.Draft(in, drafted)
	require.ErrorContains(t, err, "no units are named for Example infusion pump 2.1")
	spare := variants(t)["not-affected"]
	spare.Kind, spare.Action = advisory.Correction, correction()
	_, err = advisory.Draft(spare, drafted)
	require.ErrorContains(t, err, "no version is affected or under investigation")
}

func TestUrgentIsWhatTheClassSays(t *testing.T) {
	t.Parallel()
	in := kinds(t)[advisory.Correction]
	for class, refused := range map[advisory.RecallClass]bool{advisory.ClassI: true, advisory.ClassII: true, advisory.ClassIII: false, "": false} {
		in.Action = correction()
		in.Action.Urgency = &advisory.Urgency{Why: "The display alone is late.", Class: class}
		a, err := advisory.Draft(in, drafted)
		if refused {
			require.ErrorContains(t, err, "7.49(b)", class)
			continue
		}
		require.NoError(t, err, class)
		l, err := advisory.NewLetter(a)
		require.NoError(t, err)
		require.Equal(t, "MEDICAL DEVICE CORRECTION", l.Banners[1].Lead)
	}
}

func TestWhatTheActionSaysHoldsTogether(t *testing.T) {
	t.Parallel()
	for want, do := range map[string]func(*advisory.Input){
		"which is not given":    func(in *advisory.Input) { in.Action.Units[0].Versions = []string{"x"} },
		"all and some of them":  func(in *advisory.Input) { in.Action.Units[0].Lots = []string{"1"} },
		"no units are named":    func(in *advisory.Input) { in.Action.Units[0].All = false },
		"by when is missing":    func(in *advisory.Input) { in.Action.Reply.By = rule.Date{} },
		"and yet by 2026-04-01": func(in *advisory.Input) { in.Action.Reply.Required = false },
		"it does not know of this": func(in *advisory.Input) {
			in.Action.Authorities = append(in.Action.Authorities, advisory.Authority{Name: "FDA"})
		},
		"after this was drafted":    func(in *advisory.Input) { in.Action.Authorities[0].Informed = rule.Date{Year: 2027, Month: 1, Day: 1} },
		"is no code of ISO 3166-1":  func(in *advisory.Input) { in.Action.Destinations[0].State = "Ireland" },
		"is no language":            func(in *advisory.Input) { in.Action.Destinations[0].Lang = "english language" },
		"no single registration":    func(in *advisory.Input) { in.Action.Registration.Number = "17" },
		"which the kind does not":   func(in *advisory.Input) { in.Action.Attested = append(in.Action.Attested, "reply") },
		`recall class "IV"`:         func(in *advisory.Input) { in.Action.Urgency.Class = "IV" },
		"the number of a reference": func(in *advisory.Input) { in.Action.References[0].Number = "" },
		`MT determined "mt"`:        func(in *advisory.Input) { in.Action.Destinations[1].Lang = "mt" },
		"action.passon: holds the":  func(in *advisory.Input) { in.Action.PassOn = "Tell \u202e others." },
		"how to reply":              func(in *advisory.Input) { in.Action.Reply.How = "tbd" },
		"the name of an authority":  func(in *advisory.Input) { in.Action.Authorities[0].Name = "" },
		"why it is urgent or not":   func(in *advisory.Input) { in.Action.Urgency.Why = "" },
	} {
		in := kinds(t)[advisory.FieldSafetyNotice]
		do(&in)
		_, err := advisory.Draft(in, drafted)
		require.ErrorContains(t, err, want)
	}
	in := kinds(t)[advisory.FieldSafetyNotice]
	in.Products[0].UDIDI, in.Action.Units[0].NoUDI = "", "It was placed on the market before there were any."
	in.Action.Registration = advisory.Registration{None: "It was applied for on 2026-01-05."}
	in.Action.Representative = advisory.Representative{None: "The maker is established in the Union."}
	in.Action.Purpose, in.Products[0].IntendedUse = "", "Infuses medicine."
	require.Equal(t, "Infuses medicine.", draft(t, in).Action.Purpose)
	in.Action.Destinations[0].Lang = "en-IE"
	draft(t, in)
}

func TestTheLettersOfAKindShowItsWords(t *testing.T) {
	t.Parallel()
	for kind, want := range map[advisory.Kind][]string{
		advisory.Correction: {
			"URGENT: MEDICAL DEVICE CORRECTION", "It is urgent: Therapy settings", "class II recall", "EXM-R-2026-1", "Lots: L-17 to L-21.", "Serial numbers: 1000 to 1999.",
			"Go on using the pumps", "A reply is required by 2026-04-01 from everybody", "If no reply comes", "Pass this on", "How far it goes",
		},
		advisory.FieldSafetyNotice: {
			"URGENT FIELD SAFETY NOTICE", "EXM-FSCA-2026-1", "All units.", "Infuses medicine as prescribed.", "Who must reply, and by when", "The person responsible for devices",
			"Authority of Ireland (invented)", "Informed of the action on 2026-03-12.", "Had a draft", "IE (en), MT (en)", "US-MF-000000001", "Example Europe (invented)",
		},
	} {
		a := final(t, kinds(t)[kind])
		r, err := release(t, tlp.LabelsOnly, a, tlp.Customer, out)
		require.NoError(t, err)
		_, md := shape(t, file(t, r.Files, asMarkdown))
		_, page := tags(t, file(t, r.Files, asHTML))
		doc, err := csaf.Decode(strings.NewReader(string(file(t, r.Files, asJSON))))
		require.NoError(t, err)
		notes := doc.Document.Title
		for _, n := range doc.Document.Notes {
			notes += " " + n.Title + " " + n.Text
		}
		for form, words := range map[string]string{"markdown": fold(backslash.ReplaceAllString(md, "$1")), "html": fold(page), "csaf": fold(notes)} {
			for _, w := range want {
				require.Contains(t, words, w, "%s of %s", form, kind)
			}
		}
		l, err := advisory.NewLetter(a)
		require.NoError(t, err)
		require.Equal(t, want[0], l.Banners[0].Lead, "the heading comes first, and again at the end")
		require.True(t, strings.HasPrefix(l.Title, want[0]), "a subject line is marked like an envelope")
		require.True(t, strings.HasPrefix(doc.Document.Title, want[0]))
	}
}

func TestMarkupInAnActionStaysText(t *testing.T) {
	t.Parallel()
	for kind, in := range kinds(t) {
		a := draft(t, in)
		for _, s := range markup {
			s = fold("begin "+s) + " end"
			with := func(s string) advisory.Advisory {
				b := copied(t, a)
				f := b.Action
				f.References[0], f.Urgency.Why, f.Units[0].NoUDI, f.Purpose = advisory.Reference{What: s, Number: s}, s, s, s
				f.Use, f.PassOn, f.Depth, f.Reply.Who, f.Reply.How, f.Reply.FollowUp = s, s, s, s, s, s
				f.Authorities = append(f.Authorities, advisory.Authority{Name: s, Reference: s, Informed: rule.Date{Year: 2026, Month: 3, Day: 1}})
				f.Representative = advisory.Representative{Name: s, Contact: s}
				return b
			}
			want, err := advisory.Preview(with("plain words"))
			require.NoError(t, err)
			got, err := advisory.Preview(with(s))
			require.NoError(t, err)
			wantKinds, _ := shape(t, file(t, want, asMarkdown))
			shapes, words := shape(t, file(t, got, asMarkdown))
			require.Equal(t, wantKinds, shapes, "%s: Markdown of %q", kind, s)
			require.Contains(t, fold(backslash.ReplaceAllString(words, "$1")), s)
			wantTags, _ := tags(t, file(t, want, asHTML))
			names, words := tags(t, file(t, got, asHTML))
			require.Equal(t, wantTags, names, "%s: HTML of %q", kind, s)
			require.Contains(t, fold(words), s)
		}
	}
}

func TestAWithdrawnNoticeAsksForNoReply(t *testing.T) {
	t.Parallel()
	for kind, in := range kinds(t) {
		a := final(t, in)
		b, err := a.Withdraw("advisory-author", advisory.Withdrawal{Why: "It was sent for the wrong model."}, in.Instructions, out.Add(time.Hour))
		require.NoError(t, err, kind)
		require.Nil(t, b.Action.Reply)
		require.NotNil(t, a.Action.Reply, "the one before stays")
		require.Equal(t, a.Action.PassOn, b.Action.PassOn)
	}
}

func TestAHostsKindsHoldForItsAdvisories(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("kinds.json")
	require.NoError(t, err)
	own, err := advisory.LoadKinds(fstest.MapFS{"k.json": {Data: []byte(strings.Replace(string(data), `"heading": "MEDICAL DEVICE CORRECTION"`, `"heading": "DEVICE CORRECTION"`, 1))}}, "k.json")
	require.NoError(t, err)
	i := slices.IndexFunc(own.Kinds, func(r advisory.KindRules) bool { return r.Kind == advisory.Correction })
	own.Kinds[i].Elements = slices.DeleteFunc(own.Kinds[i].Elements, func(e advisory.Element) bool { return e.Asks == advisory.AskDepth })
	in := kinds(t)[advisory.Correction]
	in.Action.Depth = ""
	in.Action.Urgency = &advisory.Urgency{Why: "The display alone is late."}
	_, err = advisory.Draft(in, drafted)
	require.ErrorContains(t, err, "III.2.c")
	in.Kinds = &own
	a := draft(t, in)
	l, err := advisory.NewLetter(a)
	require.NoError(t, err)
	require.Equal(t, "DEVICE CORRECTION", l.Banners[1].Lead)
	require.NoError(t, copied(t, a).Validate(), "a record keeps the rules it was drafted by")
	a.Kind = advisory.SecurityNotice
	require.ErrorContains(t, a.Validate(), "was drafted by the rules of")
}

func TestKindsAreReadStrictly(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("kinds.json")
	require.NoError(t, err)
	for want, edit := range map[string][2]string{
		`kind "letter": it is not known`:  {`"kind": "806-correction"`, `"kind": "letter"`},
		"is there 2 times":                {`"kind": "806-correction"`, `"kind": "security-notice"`},
		"nobody can look for":             {`"asks": "reply"`, `"asks": "reply card"`},
		"is empty or there twice":         {`"id": "reply"`, `"id": "follow-up"`},
		"clause is missing":               {`"clause": "7.49(a)(3)"`, `"clause": ""`},
		"so it needs a label":             {`"label": "guidance, not law"`, `"label": ""`},
		"one heading, and not the other":  {`"urgent": "URGENT FIELD SAFETY NOTICE"`, `"urgent": ""`},
		"words that must not be there do": {`"asks": "never"`, `"asks": "attested"`},
		"there is no citation":            {`{"source": "21 CFR Part 7, Subpart C (recalls, guidance)", "clause": "7.49(a)(2)", "date": "2007-04-01", "force": "guidance", "certainty": "verified", "url": "http://edocket.access.gpo.gov/cfr_2007/aprqtr/21cfr7.49.htm"}`, ``},
		`unknown field "color"`:           {`"asks": "reply"`, `"asks": "reply", "color": "red"`},
	} {
		file := strings.Replace(string(data), edit[0], edit[1], 1)
		require.NotEqual(t, string(data), file, want)
		_, err := advisory.LoadKinds(fstest.MapFS{"k.json": {Data: []byte(file)}}, "k.json")
		require.ErrorContains(t, err, want)
	}
	k, err := advisory.DefaultKinds()
	require.NoError(t, err)
	require.Empty(t, k.Of(advisory.SecurityNotice).Elements)
	require.Empty(t, k.Of("").Kind)
	k.Kinds[1].Elements[0].ID = "changed"
	again, err := advisory.DefaultKinds()
	require.NoError(t, err)
	require.Equal(t, "urgency", again.Kinds[1].Elements[0].ID, "each caller has a copy")
}

// What the law itself asks of a field safety notice binds; a recall communication
// goes by guidance alone.
func TestOnlyArticle89Binds(t *testing.T) {
	t.Parallel()
	k, err := advisory.DefaultKinds()
	require.NoError(t, err)
	for _, r := range k.Kinds {
		for _, e := range r.Elements {
			binds := slices.ContainsFunc(e.Citations, rule.Citation.Binding)
			require.Equal(t, binds, e.Label == "", e.ID)
			require.Equal(t, binds, strings.HasPrefix(e.Citations[0].Clause, "Article 89(8)"), e.ID)
		}
	}
}

func ExampleDefaultKinds() {
	k, err := advisory.DefaultKinds()
	if err != nil {
		fmt.Println(err)
		return
	}
	r := k.Of(advisory.FieldSafetyNotice)
	fmt.Println(r.Urgent)
	for _, e := range r.Elements {
		if e.Label == "" {
			fmt.Printf("%s: %s (%s)\n", e.ID, e.Words, e.Citations[0].Clause)
		}
	}
	// Output:
	// URGENT FIELD SAFETY NOTICE
	// product: the device with its model and software version, so that it is identified correctly (Article 89(8), second subparagraph)
	// udi: the UDI of each device concerned, or why it has none (Article 89(8), second subparagraph)
	// registration: the maker's single registration number, if it has one already (Article 89(8), second subparagraph)
	// reason: the reason for the action with the malfunction (Article 89(8), second subparagraph)
	// hazard: the risks for patients, users or others (Article 89(8), second subparagraph)
	// not-understated: that it does not understate the risk (Article 89(8), second subparagraph)
	// instructions: all that users have to do (Article 89(8), second subparagraph)
	// draft: that the evaluating authority could comment on a draft, unless it is urgent (Article 89(8), first subparagraph)
	// language: a language that the Member State of the action determined (Article 89(8), first subparagraph)
	// consistent: that it says the same in all Member States, unless one has good reason (Article 89(8), first subparagraph)
}

func ExampleKindRules_Lacking() {
	in := exampleInput()
	in.Kind = advisory.Correction
	_, err := advisory.Draft(in, time.Date(2026, 3, 13, 8, 30, 0, 0, time.UTC))
	var lack *advisory.LackError
	fmt.Println(errors.As(err, &lack), lack.Element.ID, lack.Element.Citations[0].Clause)

	k, err := advisory.DefaultKinds()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, lack := range k.Of(advisory.Correction).Lacking(advisory.Advisory{Kind: advisory.Correction})[:3] {
		fmt.Println(lack.Element.ID+":", lack.Why)
	}
	// Output:
	// true urgency 7.49(b)
	// urgency: it is not said
	// product: no version is affected or under investigation
	// reason: a vulnerability is not described
}
