package threat

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/open-postmarket/postmarket/assess"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/rule"
	"github.com/open-postmarket/postmarket/sbom"
)

// always is the condition of a weakness that every model has to be looked at for.
const always = "always"

// Facts are what people know of a model beside its card. The zero value is
// nothing, and is fine: all is asked then.
type Facts struct {
	// Uses are the clinical functions that the model serves; none is not said.
	Uses []Use `json:"uses,omitempty"`
	// Answers are the answers people gave to what was asked.
	Answers []Answer `json:"answers,omitempty"`
}

// An Answer is what a person answered to a question of this package. Ask, By, At,
// Evidence and one of Answer and Text are required.
type Answer struct {
	// Ask is the id of the question: [Ask.ID] or [Condition.ID].
	Ask string `json:"ask"`
	// Answer answers a condition: yes or no.
	Answer   assess.Answer     `json:"answer,omitempty"`
	Text     string            `json:"text,omitempty"`
	By       string            `json:"by"`
	At       time.Time         `json:"at"`
	Evidence []assess.Evidence `json:"evidence"`
}

func (a Answer) check() error {
	var missing []string
	if err := assess.CheckPerson(a.By); err != nil {
		missing = append(missing, "who")
	}
	if a.At.IsZero() {
		missing = append(missing, "when")
	}
	if blank(a.Text) && a.Answer == "" {
		missing = append(missing, "what")
	}
	if !proven(a.Evidence) {
		missing = append(missing, "the evidence")
	}
	if len(missing) > 0 {
		return fmt.Errorf("threat: answer to %q: not said: %s", a.Ask, strings.Join(missing, ", "))
	}
	if a.Answer != "" && !a.Answer.Valid() {
		return fmt.Errorf("threat: answer to %q: %q is neither yes nor no", a.Ask, a.Answer)
	}
	return nil
}

// proven reports whether there is evidence, and all of it says something.
func proven(evidence []assess.Evidence) bool {
	return len(evidence) > 0 && !slices.ContainsFunc(evidence, func(e assess.Evidence) bool {
		return blank(e.Text) && blank(e.Ref.ID) && blank(e.Ref.URL)
	})
}

// A Review is what to look for in one model.
type Review struct {
	// Ref, Name and Version name the component.
	Ref     string `json:"ref"`
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	// Card is its card as it was read, Problems what could not be read in it.
	Card     Card      `json:"card"`
	Problems []Problem `json:"problems,omitempty"`
	// Looks are the weaknesses to look at.
	Looks []Look `json:"looks"`
	// Open are conditions of which it is not known whether they hold; weaknesses
	// hang on them. RuledOut are those that a person answered with no.
	Open     []Condition `json:"open,omitempty"`
	RuledOut []Condition `json:"ruled_out,omitempty"`
	// Table is the digest of the table it was made with.
	Table string `json:"table"`
}

// A Look is one weakness to look at.
type Look struct {
	Weakness string `json:"weakness"`
	Title    string `json:"title"`
	About    string `json:"about"`
	// Why is why it is looked at.
	Why string `json:"why"`
	// IDs are the ids of public lists for this kind of weakness, with the list.
	IDs []Listed `json:"ids"`
	// Harms are proposals, one for each use of the model, else for each function.
	Harms []HarmProposal `json:"harms"`
	Asks  []Ask          `json:"asks"`
	// Citation says where it is from that these belong together.
	Citation rule.Citation `json:"citation"`
}

// A Listed is an id of a public list. The clause of its citation is the id.
type Listed struct {
	ID       feeds.ID      `json:"id"`
	System   string        `json:"system"`
	Citation rule.Citation `json:"citation"`
}

// An Ask is a question and what would answer it.
type Ask struct {
	ID       string `json:"id"`
	Question string `json:"question"`
	Evidence string `json:"evidence"`
	// Said is what the card says that has to do with it, for a person to confirm;
	// it is no answer.
	Said []Said `json:"said,omitempty"`
	// Answer is what a person answered; nil while it is open.
	Answer   *Answer       `json:"answer,omitempty"`
	Citation rule.Citation `json:"citation"`
}

// Said is what a field of a card, or of the component, says.
type Said struct {
	Field string   `json:"field"`
	Text  []string `json:"text"`
}

// A Condition is something that decides whether weaknesses are to be looked at.
type Condition struct {
	ID       string `json:"id"`
	Question string `json:"question"`
	Evidence string `json:"evidence"`
	// Said is what the card says that may have to do with it.
	Said []Said `json:"said,omitempty"`
	// Weaknesses hang on it.
	Weaknesses []string `json:"weaknesses"`
	Answer     *Answer  `json:"answer,omitempty"`
}

// Questions returns how many questions of r nobody has answered.
func (r Review) Questions() int {
	n := len(r.Open)
	for _, l := range r.Looks {
		for _, a := range l.Asks {
			if a.Answer == nil {
				n++
			}
		}
	}
	return n
}

// Of returns the looks of r that one of ids belongs to: those that list it, or
// the technique of which it is a part (AML.T0043 for AML.T0043.003). With them a
// finding that has no other id gets its questions and proposals.
func (r Review) Of(ids ...feeds.ID) []Look {
	var out []Look
	for _, l := range r.Looks {
		if slices.ContainsFunc(l.IDs, func(listed Listed) bool {
			return slices.ContainsFunc(ids, func(id feeds.ID) bool {
				return id == listed.ID || listed.System == ATLAS && strings.HasPrefix(string(id), string(listed.ID)+".")
			})
		}) {
			out = append(out, l)
		}
	}
	return out
}

// Models returns the components of bom that are machine-learning models, or have
// a model card; what the document is about may be one. Services are not among
// them: what they run is in no BOM of the device.
func Models(bom sbom.BOM) []sbom.Component {
	var out []sbom.Component
	for _, c := range bom.All() {
		if isModel(c) {
			out = append(out, c)
		}
	}
	return out
}

func isModel(c sbom.Component) bool {
	return c.Type == sbom.Model || c.Type != sbom.Data && len(c.ModelCard) > 0
}

// AI says what to look for in the model c of bom, by t (nil is [Default]). What
// the card says is told beside the question it belongs to; what it does not say
// is asked, and so is whether it is true. A condition (is it generative?) holds
// when the card says so or a person does; only a person can say that it does not.
//
// It is an error when c is no model, and when facts are incomplete or about
// something that is not asked.
func AI(bom sbom.BOM, c sbom.Component, facts Facts, t *Table) (Review, error) {
	t, err := t.or()
	if err != nil {
		return Review{}, err
	}
	if !isModel(c) {
		return Review{}, fmt.Errorf("threat: component %q is of type %q and has no model card", c.Name, c.Type)
	}
	answers, err := t.answers(facts)
	if err != nil {
		return Review{}, err
	}
	card, problems := ReadCard(c.ModelCard)
	card.Datasets, problems = resolved(bom, card.Datasets, problems)
	version, _ := c.Stated()
	r := Review{Ref: c.Ref, Name: c.Name, Version: version, Card: card, Problems: problems, Table: t.digest}
	m := model{c, card}

	holds := map[string]string{always: "every model is looked at for it"}
	for _, cond := range t.ai.Conditions {
		out := Condition{ID: cond.ID, Question: cond.Question, Evidence: cond.Evidence, Said: m.said(cond.Fields), Answer: answers[cond.ID]}
		for _, w := range t.ai.Weaknesses {
			if w.When == cond.ID {
				out.Weaknesses = append(out.Weaknesses, w.ID)
			}
		}
		cue := m.cue(cond)
		switch {
		case out.Answer != nil && out.Answer.Answer == assess.No && cue == "":
			r.RuledOut = append(r.RuledOut, out)
		case out.Answer != nil && out.Answer.Answer == assess.No:
			// The card speaks against the person: both are shown, and it is looked at.
			holds[cond.ID] = fmt.Sprintf("%s, although %s says no", cue, out.Answer.By)
		case out.Answer != nil:
			holds[cond.ID] = fmt.Sprintf("%s says yes to: %s", out.Answer.By, cond.Question)
		case cue != "":
			holds[cond.ID] = cue
		default:
			r.Open = append(r.Open, out)
		}
	}
	for _, w := range t.ai.Weaknesses {
		if why := holds[w.When]; why != "" {
			r.Looks = append(r.Looks, t.look(w, why, m, facts.Uses, answers))
		}
	}
	return r, nil
}

// answers checks facts and returns its answers by what they answer.
func (t *Table) answers(facts Facts) (map[string]*Answer, error) {
	errs := checkUses(facts.Uses)
	asked, yesNo := map[string]bool{}, map[string]bool{}
	for _, c := range t.ai.Conditions {
		asked[c.ID], yesNo[c.ID] = true, true
	}
	for _, w := range t.ai.Weaknesses {
		for _, a := range w.Asks {
			asked[a.ID] = true
		}
	}
	out := map[string]*Answer{}
	for _, a := range facts.Answers {
		switch err := a.check(); {
		case !asked[a.Ask]:
			errs = append(errs, fmt.Errorf("threat: answer to %q, which is not asked", a.Ask))
		case err != nil:
			errs = append(errs, err)
		case out[a.Ask] != nil:
			errs = append(errs, fmt.Errorf("threat: %q is answered twice", a.Ask))
		case yesNo[a.Ask] && a.Answer == "":
			errs = append(errs, fmt.Errorf("threat: answer to %q is neither yes nor no", a.Ask))
		default:
			a.Evidence = slices.Clone(a.Evidence)
			out[a.Ask] = &a
		}
	}
	return out, errors.Join(errs...)
}

func (t *Table) look(w weakness, why string, m model, uses []Use, answers map[string]*Answer) Look {
	l := Look{Weakness: w.ID, Title: w.Title, About: w.About, Why: why, Harms: t.harms(w.Effect, uses), Citation: t.cite(w.Cite)}
	for _, id := range w.IDs {
		for _, list := range t.ai.Lists {
			if slices.Contains(list.IDs, id) {
				c := list.Citation
				c.Clause = string(id)
				l.IDs = append(l.IDs, Listed{ID: id, System: list.System, Citation: c})
			}
		}
	}
	for _, a := range w.Asks {
		cite := a.Cite
		if cite == "" {
			cite = w.Cite
		}
		l.Asks = append(l.Asks, Ask{ID: a.ID, Question: a.Question, Evidence: a.Evidence, Said: m.said(a.Card), Answer: answers[a.ID], Citation: t.cite(cite)})
	}
	return l
}

func (t *Table) cite(id string) rule.Citation {
	for _, c := range t.ai.Citations {
		if c.ID == id {
			return c.Citation
		}
	}
	return rule.Citation{}
}

// resolved puts what the BOM says of a data set in the place of a reference to it.
func resolved(bom sbom.BOM, sets []Dataset, problems []Problem) ([]Dataset, []Problem) {
	var out []Dataset
	all := bom.All()
	for _, d := range sets {
		if d.Ref == "" {
			out = append(out, d)
			continue
		}
		at := slices.IndexFunc(all, func(c sbom.Component) bool { return c.Ref == d.Ref })
		if at < 0 {
			problems = append(problems, Problem{Path: "modelParameters.datasets", Text: fmt.Sprintf("%q is no component of the document", d.Ref)})
			out = append(out, d)
			continue
		}
		c := all[at]
		held, more := ReadDatasets(c.Datasets)
		for _, p := range more {
			problems = append(problems, Problem{Path: "component " + d.Ref + ": " + p.Path, Text: p.Text})
		}
		if len(held) == 0 {
			held = []Dataset{{Name: c.Name, Description: c.Description}}
		}
		for _, h := range held {
			h.Ref = d.Ref
			if h.Name == "" {
				h.Name = c.Name
			}
			out = append(out, h)
		}
	}
	return out, problems
}

// A model is a component and its card.
type model struct {
	sbom.Component
	card Card
}

// said is what the fields say, those that say nothing left out.
func (m model) said(fields []string) []Said {
	var out []Said
	for _, name := range fields {
		if text := fieldsOf[name](m); len(text) > 0 {
			out = append(out, Said{Field: name, Text: text})
		}
	}
	return out
}

// cue says in which words the card tells that a condition holds; empty when it
// does not. A condition without cues holds when one of its fields says anything.
func (m model) cue(c condition) string {
	for _, s := range m.said(c.Fields) {
		for _, text := range s.Text {
			if len(c.Cues) == 0 {
				return fmt.Sprintf("the component gives %s %q", s.Field, text)
			}
			words := " " + plain(text) + " "
			for _, cue := range c.Cues {
				if strings.Contains(words, " "+cue+" ") {
					return fmt.Sprintf("the card gives %s %q", s.Field, text)
				}
			}
		}
	}
	return ""
}

// plain is text in lower-case words with single spaces, nothing else in it.
func plain(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
}

// fieldsOf are the fields a table may name.
var fieldsOf = map[string]func(m model) []string{
	"learning":     func(m model) []string { return some(m.card.Learning) },
	"task":         func(m model) []string { return some(m.card.Task) },
	"family":       func(m model) []string { return some(m.card.Family) },
	"architecture": func(m model) []string { return some(m.card.Architecture) },
	"autonomy":     func(m model) []string { return some(m.card.Autonomy) },
	"safety-risk":  func(m model) []string { return some(m.card.SafetyRisk) },
	"domains":      func(m model) []string { return m.card.Domains },
	"standards":    func(m model) []string { return m.card.Standards },
	"inputs":       func(m model) []string { return m.card.Inputs },
	"outputs":      func(m model) []string { return m.card.Outputs },
	"users":        func(m model) []string { return m.card.Users },
	"use-cases":    func(m model) []string { return m.card.UseCases },
	"limitations":  func(m model) []string { return m.card.Limitations },
	"tradeoffs":    func(m model) []string { return m.card.Tradeoffs },
	"datasets": func(m model) []string {
		return of(m.card.Datasets, func(d Dataset) string { return joined(": ", joined(" ", d.Kind, d.Name), d.Description) })
	},
	"datasets.contents": func(m model) []string {
		return of(m.card.Datasets, func(d Dataset) string { return named(d, d.Contents) })
	},
	"datasets.governance": func(m model) []string {
		return of(m.card.Datasets, func(d Dataset) string { return named(d, strings.Join(d.Governance, ", ")) })
	},
	"datasets.classification": func(m model) []string {
		return of(m.card.Datasets, func(d Dataset) string { return named(d, d.Classification) })
	},
	"datasets.sensitive": func(m model) []string {
		return of(m.card.Datasets, func(d Dataset) string { return named(d, strings.Join(d.Sensitive, ", ")) })
	},
	"metrics": func(m model) []string {
		return of(m.card.Metrics, func(p Metric) string {
			if p.Threshold == "" {
				return joined(" ", p.Type, p.Value)
			}
			return joined(" ", p.Type, p.Value, "threshold", p.Threshold)
		})
	},
	"metrics.slices": func(m model) []string {
		return of(m.card.Metrics, func(p Metric) string {
			if p.Slice == "" {
				return ""
			}
			return joined(" ", p.Type, p.Value, "on", p.Slice)
		})
	},
	"metrics.interval": func(m model) []string {
		return of(m.card.Metrics, func(p Metric) string {
			if p.Lower+p.Upper == "" {
				return ""
			}
			return joined(" ", p.Type, p.Value, "from", p.Lower, "to", p.Upper)
		})
	},
	"ethics": func(m model) []string {
		return of(m.card.Ethics, func(r Risk) string { return joined(": ", r.Name, r.Mitigation) })
	},
	"fairness": func(m model) []string {
		return of(m.card.Fairness, func(f Fairness) string { return joined(": ", f.Group, joined("; ", f.Harms, f.Mitigation)) })
	},
	"hashes": func(m model) []string {
		return of(m.Hashes, func(h sbom.Hash) string { return joined(" ", h.Algorithm, h.Value) })
	},
	"supplier": func(m model) []string { return some(m.Supplier) },
	"links": func(m model) []string {
		return of(m.Links, func(l sbom.Link) string { return joined(" ", l.Kind, l.URL) })
	},
	"pedigree": func(m model) []string {
		if m.Pedigree == nil {
			return nil
		}
		return of(m.Pedigree.Ancestors, func(c sbom.Component) string {
			version, _ := c.Stated()
			return joined(" ", c.Supplier, c.Name, version)
		})
	},
}

func some(text string) []string { return of([]string{text}, strings.TrimSpace) }

// of are the texts of a list, empty ones left out.
func of[T any](list []T, text func(T) string) []string {
	var out []string
	for _, one := range list {
		if s := text(one); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func joined(sep string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, blank), sep)
}

func named(d Dataset, text string) string {
	if text == "" {
		return ""
	}
	return joined(": ", d.Name, text)
}
