package assess

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/open-postmarket/postmarket/device"
	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/rule"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/store"
	"github.com/open-postmarket/postmarket/tlp"
)

// A Summary is the report of the risk analysis of one vulnerability, for all
// products, as an auditor reads it (Postmarket Management of Cybersecurity in
// Medical Devices, 2016, X.B.ii asks for one). It says nothing that the ledger does
// not hold, and names the entries that hold it.
type Summary struct {
	Vulnerability feeds.ID   `json:"vulnerability"`
	IDs           []feeds.ID `json:"ids"`
	At            time.Time  `json:"at"`
	// Mark joins the labels of all facts that were relied on.
	Mark     tlp.Mark         `json:"mark,omitzero"`
	Products []ProductSummary `json:"products"`
	// Inconsistencies are those that are kept of this vulnerability.
	Inconsistencies []Inconsistency `json:"inconsistencies,omitempty"`
	// Records are the entries of the ledger that hold them.
	Records []RecordDigest `json:"records,omitempty"`
}

// A ProductSummary is one assessment in a Summary.
type ProductSummary struct {
	Finding    string          `json:"finding"`
	Product    string          `json:"product,omitempty"`
	Coordinate sbom.Coordinate `json:"coordinate"`
	State      State           `json:"state"`
	// Risk is what clocks go by, Why why; see RiskAt.
	Risk     Risk     `json:"risk"`
	Why      string   `json:"why"`
	Response Response `json:"response"`
	// Due is the clock of the first response; nil for a class that has no day.
	Due *rule.Clock `json:"due,omitempty"`
	// SSVC is the cross-check of the class; nil before step 3.
	SSVC     *CrossCheck `json:"ssvc,omitempty"`
	Instants Instants    `json:"instants"`
	Facts    Facts       `json:"facts"`
	// Steps are the steps that were done, in order.
	Steps []StepSummary `json:"steps"`
	// Assumptions are what is credited: the grounds of step 2, and the controls on which
	// an override or a result of not affected rests.
	Assumptions []Ground `json:"assumptions,omitempty"`
	// Actions are what somebody has to do for this to stay so; each names its party.
	Actions []Action `json:"actions,omitempty"`
	// Sites are what the determination comes to at each site with units; empty when
	// none is recorded, or nothing is determined. It is told by the deployment of the
	// product as it is now in the ledger.
	Sites []SiteRisk `json:"sites,omitempty"`
	// Tripped are the tripwires that the deployment as it is now has tripped: the
	// determination is to be re-opened.
	Tripped []Tripwire `json:"tripped,omitempty"`
	// Tripwires are what opens the determination again.
	Tripwires []Tripwire      `json:"tripwires,omitempty"`
	Earlier   []Determination `json:"earlier,omitempty"`
	// Discretion is nil when the four conditions are not tracked.
	Discretion  *Discretion  `json:"discretion,omitempty"`
	Corrections []Correction `json:"corrections,omitempty"`
	// PMA is whether the product is an approved device in the United States, as the
	// number of its authorization tells; empty is not known.
	PMA Answer `json:"pma,omitempty"`
	// Outcomes are what the texts say of reporting, as far as the ledger knows the
	// circumstances; a person decides.
	Outcomes []Outcome `json:"outcomes,omitempty"`
	// Sections are what later rooms add; see Section.
	Sections []Section `json:"sections,omitempty"`
	// Gaps are what is missing for a decision that stands.
	Gaps []string `json:"gaps,omitempty"`
	// Records are the entries of the ledger that hold all this; of what is of the
	// product and not of the vulnerability, the last ones.
	Records []RecordDigest `json:"records"`
}

// A StepSummary is one step in words.
type StepSummary struct {
	Name string `json:"name"`
	Step
	Result string `json:"result"`
	// Recorded is who wrote it to the ledger; empty when its author did.
	Recorded string `json:"recorded_by,omitempty"`
}

// A Section is a part of a summary that a later room writes, such as what is done
// about a vulnerability. Actions come under "Who does what", Gaps under "Gaps", and
// Records name the entries that hold it.
type Section struct {
	Title   string         `json:"title"`
	Lines   []string       `json:"lines,omitempty"`
	Actions []Action       `json:"actions,omitempty"`
	Gaps    []string       `json:"gaps,omitempty"`
	Records []RecordDigest `json:"records,omitempty"`
}

// Of returns the digest that names e.
func Of(e store.Entry) RecordDigest {
	return RecordDigest{Kind: e.Kind, Key: e.Key, Seq: e.Seq, At: e.At, Who: e.Who, Why: e.Why, Hash: e.Hash}
}

// An Action is what one party does. A regulator is no party.
type Action struct {
	Party device.Party `json:"party"`
	Text  string       `json:"text"`
}

// A RecordDigest names an entry of the ledger.
type RecordDigest struct {
	Kind string     `json:"kind"`
	Key  string     `json:"key"`
	Seq  int64      `json:"seq"`
	At   time.Time  `json:"at"`
	Who  string     `json:"who"`
	Why  string     `json:"why"`
	Hash store.Hash `json:"hash"`
}

// Summarize reads from l all that was judged of the vulnerability id, under any of
// its ids, and sums it up as of at; p nil is DefaultResponses. Sites are judged by
// DefaultMatrix, or the one of known that the assessment was judged by. Nothing
// judged is store.ErrNotFound.
func Summarize(ctx context.Context, l *store.Ledger, p *Responses, cal rule.Calendar, id feeds.ID, at time.Time, known ...*Matrix) (Summary, error) {
	s := Summary{Vulnerability: id, At: micro(at)}
	var of []Assessment
	over := map[string]bool{}
	for a, err := range Assessments.All(ctx, l, "") {
		if err != nil {
			return s, err
		}
		if a.Vulnerability == id || slices.Contains(a.IDs, id) {
			of = append(of, a)
			for _, k := range a.From {
				over[k] = true
			}
		}
	}
	of = slices.DeleteFunc(of, func(a Assessment) bool { return over[a.Finding] })
	if len(of) == 0 {
		return s, fmt.Errorf("assess: summary of %q: %w", id, store.ErrNotFound)
	}
	var marks []tlp.Mark
	for _, a := range of {
		one, err := a.summary(ctx, l, p, cal, s.At, known)
		if err != nil {
			return s, err
		}
		s.Products = append(s.Products, one)
		s.IDs = append(s.IDs, a.IDs...)
		marks = append(marks, a.Facts.Mark)
		if a.Vulnerability.CVE() {
			s.Vulnerability = a.Vulnerability
		}
	}
	s.Mark = tlp.Join(marks...)
	slices.Sort(s.IDs)
	s.IDs = slices.Compact(s.IDs)
	slices.SortFunc(s.Products, func(x, y ProductSummary) int { return cmp.Compare(x.Finding, y.Finding) })
	for i, err := range Inconsistencies.All(ctx, l, string(s.Vulnerability)+" ") {
		if err != nil {
			return s, err
		}
		if !i.Ended.IsZero() {
			continue
		}
		s.Inconsistencies = append(s.Inconsistencies, i)
		_, e, err := Inconsistencies.Latest(ctx, l, i.Key())
		if err != nil {
			return s, err
		}
		s.Records = append(s.Records, Of(e))
	}
	return s, nil
}

// summary sums up one assessment.
func (a Assessment) summary(ctx context.Context, l *store.Ledger, p *Responses, cal rule.Calendar, at time.Time, known []*Matrix) (ProductSummary, error) {
	one := ProductSummary{Finding: a.Finding, Product: a.Product, Coordinate: a.Coordinate, State: a.State(),
		Instants: a.Instants, Facts: a.Facts, Earlier: a.Earlier, Steps: a.steps(), Gaps: a.gaps(at)}
	var err error
	if one.Risk, one.Why, err = a.RiskAt(p, cal, at); err != nil {
		return one, err
	}
	if one.Response, err = a.Response(p, cal, at); err != nil {
		return one, err
	}
	if c, ok, err := one.Response.Clock("", cal); err != nil {
		return one, err
	} else if ok {
		one.Due = &c
	}
	if a.Impact != nil {
		c, err := a.CrossCheck(nil, p, Known{}, cal, at)
		if err != nil {
			return one, err
		}
		one.SSVC = &c
	}
	for _, g := range a.relied() {
		if g.Control != nil {
			c := a.newest(*g.Control, at)
			g.Control = &c
		}
		one.Assumptions, one.Actions = append(one.Assumptions, g), append(one.Actions, g.action())
	}
	if d := a.Determination; d != nil {
		one.Tripwires = d.Tripwires
	}
	if err := one.field(ctx, l, a, known, at); err != nil {
		return one, err
	}
	if d, _, err := Discretions.Latest(ctx, l, a.Finding); err == nil {
		one.Discretion = &d
		if d.Learned.After(a.Instants.Learned) {
			one.Gaps = append(one.Gaps, "the marks of the four conditions are counted from a later instant than the one it was learned of")
		}
	} else if !errors.Is(err, store.ErrNotFound) {
		return one, err
	}
	for c, err := range CorrectionDecisions.All(ctx, l, "") {
		if err != nil {
			return one, err
		}
		if c.Finding == a.Finding || slices.Contains(a.From, c.Finding) {
			one.Corrections = append(one.Corrections, c)
			if !c.Decided() {
				one.Gaps = append(one.Gaps, fmt.Sprintf("correction %q is neither reported nor justified and evaluated", c.ID))
			}
		}
	}
	names := []store.Name{{Kind: string(Assessments), Key: a.Finding}}
	for _, k := range a.From {
		names = append(names, store.Name{Kind: string(Assessments), Key: k})
		d, _, err := Discretions.Latest(ctx, l, k)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return one, err
		}
		names = append(names, store.Name{Kind: string(Discretions), Key: k})
		if one.Discretion == nil || !one.Discretion.keeps(d) {
			one.Gaps = append(one.Gaps, fmt.Sprintf("the four conditions were tracked as %q, and that is not carried over", k))
		}
	}
	if one.Discretion != nil {
		names = append(names, store.Name{Kind: string(Discretions), Key: a.Finding})
	}
	for _, c := range one.Corrections {
		names = append(names, store.Name{Kind: string(CorrectionDecisions), Key: c.ID})
	}
	wrote := map[string]string{} // who wrote a step first
	for e, err := range l.Trail(ctx, 0, names...) {
		if err != nil {
			return one, err
		}
		one.Records = append(one.Records, Of(e))
		if e.Kind != string(Assessments) {
			continue
		}
		then, err := Assessments.Decode(e)
		if err != nil {
			return one, err
		}
		for _, s := range then.steps() {
			if id := s.id(); wrote[id] == "" {
				wrote[id] = e.Who
			}
		}
	}
	for i, s := range one.Steps {
		if who := wrote[s.id()]; !SamePerson(who, s.By) {
			one.Steps[i].Recorded = who
		}
	}
	slices.SortFunc(one.Records, func(x, y RecordDigest) int { return cmp.Compare(x.Seq, y.Seq) })
	return one, one.report(at)
}

// id tells a step from others: what it says, by whom and when.
func (s StepSummary) id() string {
	return strings.Join([]string{s.Name, s.By, s.At.Format(time.RFC3339Nano), s.Why, s.Result}, "\x00")
}

// report fills in what the texts say of reporting, and what is missing for it.
func (p *ProductSummary) report(at time.Time) error {
	r, err := DefaultReporting()
	if err != nil {
		return err
	}
	c := Circumstances{Risk: p.Risk, PMA: p.PMA}
	if d := p.Discretion; d != nil {
		c.Eligible, _ = d.Eligible(at)
		if d.lost(NoHarm) {
			c.Event = SeriousInjury // a serious adverse event, at the least
		}
	}
	p.Outcomes = r.Outcomes(c)
	if p.Risk != Uncontrolled {
		return nil
	}
	if p.Discretion == nil {
		p.Gaps = append(p.Gaps, "the risk is uncontrolled, and the four conditions of the discretion of 21 CFR Part 806 are not tracked")
	}
	if len(p.Corrections) == 0 {
		p.Gaps = append(p.Gaps, "no correction or removal is recorded; once one is begun it is reported, or justified and evaluated (21 CFR Part 806)")
	}
	return nil
}

// field fills in what the ledger knows of the product in the field, and of the lines
// that were not asked.
func (p *ProductSummary) field(ctx context.Context, l *store.Ledger, a Assessment, known []*Matrix, at time.Time) error {
	var lines []device.Line
	for line, err := range device.Lines.All(ctx, l, "") {
		if err != nil {
			return err
		}
		lines = append(lines, line)
		if err := latest(ctx, l, device.Lines, line.Key(), &p.Records); err != nil {
			return err
		}
		p.market(line, a.Product)
	}
	if a.Impact != nil {
		for _, id := range a.Unanswered(lines...) {
			p.Gaps = append(p.Gaps, fmt.Sprintf("whether product line %q is affected has no answer", id))
		}
	}
	product, entry, err := device.Products.Latest(ctx, l, a.Product)
	if errors.Is(err, store.ErrNotFound) || a.Product == "" {
		return nil
	}
	if err != nil {
		return err
	}
	p.Records = append(p.Records, Of(entry))
	p.Tripped = a.Tripped(a.Changes(product.Deployment, nil, at))
	for _, g := range a.relied() {
		if why, ok := g.stands(product.Deployment, at); !ok && why != a.lapse(at) {
			p.Gaps = append(p.Gaps, "what was credited does not hold in the deployment as it is now: "+why)
		}
	}
	if x := a.Exploitability; x != nil && x.Environment != nil && x.Environment.Exposure != product.Deployment.Network {
		p.Gaps = append(p.Gaps, fmt.Sprintf("it was judged on a network that is %s; the deployment now says %s",
			cmp.Or(x.Environment.Exposure, "not stated"), cmp.Or(product.Deployment.Network, "nothing")))
	}
	if a.State() != Determined || a.Determination.Verdict == nil {
		return nil
	}
	m, err := a.matrix(known)
	if err != nil {
		return err
	}
	var counts []device.Fielded
	for f, err := range device.Counts.All(ctx, l, a.Product+" @") {
		if err != nil {
			return err
		}
		counts = append(counts, f)
		if err := latest(ctx, l, device.Counts, f.Key(), &p.Records); err != nil {
			return err
		}
	}
	var attested []device.Attestation
	for one, err := range device.Attestations.All(ctx, l, a.Product+" @") {
		if err != nil {
			return err
		}
		attested = append(attested, one)
		if err := latest(ctx, l, device.Attestations, one.Key(), &p.Records); err != nil {
			return err
		}
	}
	p.Sites, err = a.Sites(m, product.Deployment, counts, attested, at)
	return err
}

// latest adds the entry that says how a record is now.
func latest[T store.Keyed](ctx context.Context, l *store.Ledger, k store.Kind[T], key string, to *[]RecordDigest) error {
	_, e, err := k.Latest(ctx, l, key)
	if err == nil {
		*to = append(*to, Of(e))
	}
	return err
}

// market notes whether product is an approved device in the United States, as the
// number of its authorization tells (P: PMA; K and DEN: not). That the number tells it
// is our own reading.
func (p *ProductSummary) market(line device.Line, product string) {
	for _, v := range line.Variants {
		if !slices.Contains(v.Products, product) {
			continue
		}
		for _, m := range v.Markets {
			switch {
			case m.Place != "US" || m.Number == "":
			case strings.HasPrefix(m.Number, "P"):
				p.PMA = Yes
			case p.PMA == "" && (strings.HasPrefix(m.Number, "K") || strings.HasPrefix(m.Number, "DEN")):
				p.PMA = No
			}
		}
	}
}

// action is what keeps g in place.
func (g Ground) action() Action {
	if c := g.Control; c != nil {
		return Action{Party: c.Operator, Text: fmt.Sprintf("Keep %s in place: %s. To be verified anew by %s.", c.ID, c.What, c.Expires.Format(time.DateOnly))}
	}
	return Action{Party: device.HealthSite, Text: fmt.Sprintf("Keep the device on a network that is %s.", g.Network)}
}

// steps are the steps of a in words.
func (a Assessment) steps() []StepSummary {
	out := []StepSummary{{Name: "opened", Step: a.Opened, Result: "learned on " + a.Instants.Learned.Format(time.DateOnly) + ": " + a.Instants.LearnedWhy}}
	if t := a.Triage; t != nil {
		result := string(t.Result)
		if t.Justification != "" {
			result += ": " + t.Justification
		}
		out = append(out, StepSummary{Name: "1 triage", Step: t.Step, Result: result})
	}
	if x := a.Exploitability; x != nil {
		out = append(out, StepSummary{Name: "2 exploitability", Step: x.Step, Result: fmt.Sprintf("%s: %s", x.Level, x.Derived)})
		if e := x.Environment; e != nil {
			out = append(out, StepSummary{Name: "2 in the deployment", Step: e.Step, Result: fmt.Sprintf("exposure %s; privileges: %s; path: %s", cmp.Or(string(e.Exposure), "not stated"), e.Privileges, e.Path)})
		}
	}
	if i := a.Impact; i != nil {
		result := fmt.Sprintf("%s: %s", i.Harm, i.Statement)
		for _, h := range i.Hazards {
			result += fmt.Sprintf(" Hazard %s (%s): %s.", h.ID, h.Severity, strings.TrimSuffix(h.Harm, "."))
		}
		if i.Security != "" {
			result += " Security: " + strings.TrimSuffix(i.Security, ".") + "."
		}
		for _, list := range [][]Answered{i.Lines, i.Parts} {
			for _, one := range list {
				result += fmt.Sprintf(" %s: %s (%s).", one.What, one.Result, one.Why)
			}
		}
		out = append(out, StepSummary{Name: "3 impact", Step: i.Step, Result: result})
	}
	if s := a.Score; s != nil {
		result := fmt.Sprintf("%.1f %s %s, from %s (%s)", s.Base, s.Severity, s.Vector, s.Extended, s.Label)
		if len(s.Open) > 0 {
			result += "; unknown, counted as the worst: " + strings.Join(s.Open, ", ")
		}
		for _, c := range s.Confirmed {
			result += fmt.Sprintf("; %s:%s confirmed by %s", c.Question, c.Answer, c.By)
		}
		out = append(out, StepSummary{Name: "4 score", Step: s.Step, Result: result})
	}
	if d := a.Determination; d != nil {
		result := string(d.Risk)
		if v := d.Verdict; v != nil {
			result += fmt.Sprintf("; the matrix %q says %s × %s is %s (%s)", v.Matrix, v.Exploitability, v.Harm, v.Risk, v.Label)
		}
		if d.Override {
			result += "; it overrides the matrix"
		}
		out = append(out, StepSummary{Name: "determination proposed", Step: d.Proposed, Result: result})
		if p := d.Second; p != nil {
			out = append(out, StepSummary{Name: "second person", Step: Step{By: p.By, At: p.At, Why: p.Why}, Result: string(p.Identity) + "; approved " + p.Digest})
		}
		if p := d.Approved; p != nil {
			out = append(out, StepSummary{Name: "determination approved", Step: Step{By: p.By, At: p.At, Why: p.Why}, Result: string(p.Identity) + "; approved " + p.Digest})
		}
	}
	if l := a.Leave; l != nil {
		out = append(out, StepSummary{Name: "acceptable to leave", Step: Step{By: l.By, At: l.At, Why: l.Why}, Result: string(l.Acceptable)})
	}
	return out
}

// gaps are what a still needs.
func (a Assessment) gaps(at time.Time) []string {
	var out []string
	if a.Undetermined() {
		out = append(out, "no determination is approved")
	}
	if s := a.Score; s != nil && len(s.Open) > 0 {
		out = append(out, "questions of the rubric are answered unknown: "+strings.Join(s.Open, ", "))
	}
	if i := a.Impact; i != nil {
		if len(i.Hazards) == 0 {
			out = append(out, "the harm is not linked to a hazard")
		}
		if len(i.Lines) == 0 {
			out = append(out, "the horizontal question is not answered for any product line")
		}
		if len(i.Parts) == 0 {
			out = append(out, "the vertical question is not answered for any other part of the device")
		}
	}
	if x := a.Exploitability; x != nil {
		if x.Environment == nil {
			out = append(out, "the deployment was not judged")
		}
	}
	if why := a.lapse(at); why != "" {
		out = append(out, "the judgment counts on a control that is not in force: "+why)
	}
	if a.Risk() == Controlled && a.Leave == nil {
		out = append(out, "nobody has answered whether the controlled risk is acceptable to leave")
	}
	return out
}

// JSON returns s as indented JSON that ends in a line break.
func (s Summary) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("assess: summary: %w", err)
	}
	return append(b, '\n'), nil
}

// Markdown returns s for a person to read. Text from outside is set so that it
// cannot become markup.
func (s Summary) Markdown() string {
	var b strings.Builder
	w := func(format string, args ...any) {
		for i, a := range args {
			if text, ok := a.(string); ok {
				args[i] = plain(text)
			}
		}
		fmt.Fprintf(&b, format, args...)
	}
	w("# Risk summary: %s\n\n", string(s.Vulnerability))
	w("As of %s. %s\n", s.At.Format(time.RFC3339), s.Mark.String())
	for _, p := range s.Products {
		w("\n## %s, %s\n\n", cmp.Or(p.Product, "a BOM by itself"), string(p.Coordinate))
		w("- Finding: %s\n- State: %s\n", p.Finding, string(p.State))
		w("- Risk: **%s** (%s)\n", cmp.Or(string(p.Risk), "undetermined"), p.Why)
		w("- Response: %s; %s\n", cmp.Or(string(p.Response.Class), "none"), p.Response.Why())
		if p.Response.Label != "" {
			w("  - %s (%s)\n", p.Response.When, p.Response.Label)
		}
		if p.Due != nil {
			w("  - First response due %s\n", p.Due.Due.Format(time.RFC3339))
		}
		if c := p.SSVC; c != nil {
			word := "it agrees"
			if c.Differs {
				word = "it differs: a person looks"
			}
			w("  - Cross-check by SSVC: supplier %s, deployer %s, so %s to %s; %s (%s)\n", strings.Join(c.Supplier, " or "), strings.Join(c.Deployer, " or "), string(c.Least), string(c.Most), word, c.Label)
		}
		w("- Learned: %s (%s)\n", p.Instants.Learned.Format(time.RFC3339), p.Instants.LearnedWhy)
		w("\n### Facts\n\n")
		if p.Facts.Title != "" {
			w("- %s\n", p.Facts.Title)
		}
		for _, c := range p.Facts.Components {
			w("- Component %s %s\n", c.Name, c.Version)
		}
		for _, r := range p.Facts.Records {
			w("- Record %s %s: %s (digest %s)\n", r.Ref.System, r.Ref.ID, r.Text, r.Digest)
		}
		for _, sc := range p.Facts.Scores {
			w("- Published score %.1f %s by %s\n", sc.Base, sc.Vector, sc.Source)
		}
		if e := p.Facts.Exploited; e != nil {
			day := "on a day that is not stated"
			if !e.Added.IsZero() {
				day = e.Added.Format(time.DateOnly)
			}
			w("- Exploited in the wild, listed %s\n", day)
			if e.Ransomware {
				w("- Used in ransomware campaigns\n")
			}
		}
		if e := p.Facts.Probability; e != nil {
			w("- EPSS %.4f (lowers nothing)\n", e.Score)
		}
		for _, e := range p.Facts.Exploits {
			w("- Exploit: %s\n", e)
		}
		w("\n### Steps\n\n| step | who | when | result | why | evidence |\n|---|---|---|---|---|---|\n")
		for _, st := range p.Steps {
			var ev []string
			for _, e := range st.Evidence {
				ev = append(ev, strings.TrimSpace(strings.Join([]string{e.Text, e.Ref.System, e.Ref.ID, e.Digest}, " ")))
			}
			by := st.By
			if st.Recorded != "" {
				by += ", recorded by " + st.Recorded
			}
			w("| %s | %s | %s | %s | %s | %s |\n", st.Name, by, st.At.Format(time.RFC3339), st.Result, st.Why, strings.Join(ev, "; "))
		}
		list := func(title string, lines []string) {
			if len(lines) == 0 {
				return
			}
			w("\n### %s\n\n", title)
			for _, line := range lines {
				w("- %s\n", line)
			}
		}
		var lines []string
		for _, g := range p.Assumptions {
			line := g.words()
			if c := g.Control; c != nil {
				line += fmt.Sprintf("; verified by %s on %s: %s", c.By, c.At.Format(time.DateOnly), c.Verification)
			}
			lines = append(lines, line)
		}
		list("Assumptions", lines)
		lines = nil
		for _, a := range p.Actions {
			lines = append(lines, string(a.Party)+": "+a.Text)
		}
		for _, s := range p.Sections {
			for _, a := range s.Actions {
				lines = append(lines, string(a.Party)+": "+a.Text)
			}
		}
		list("Who does what", lines)
		for _, s := range p.Sections {
			list(s.Title, s.Lines)
		}
		lines = nil
		for _, site := range p.Sites {
			line := fmt.Sprintf("%s: %s, exploitability %s", site.Site, site.Risk, site.Exploitability)
			if len(site.Why) > 0 {
				line += " (" + strings.Join(site.Why, "; ") + ")"
			}
			if len(site.Assumed) > 0 {
				line += "; assumed, the site has not attested: " + strings.Join(site.Assumed, ", ")
			}
			lines = append(lines, line)
		}
		list("Sites", lines)
		list("Sites where the risk is uncontrolled", UncontrolledSites(p.Sites))
		lines = nil
		for _, t := range p.Tripped {
			lines = append(lines, t.String())
		}
		list("Tripped: the decision is to be opened again", lines)
		lines = nil
		for _, t := range p.Tripwires {
			lines = append(lines, fmt.Sprintf("%s: %s", t, cmp.Or(string(t.Risk), "to be judged anew")))
		}
		list("What opens the decision again", lines)
		lines = nil
		for _, d := range p.Earlier {
			if d.Ended != nil {
				rests := ""
				if v := d.Verdict; v != nil {
					rests = fmt.Sprintf(" (%s × %s, by the matrix %s)", v.Exploitability, v.Harm, v.Risk)
				}
				approved := "nobody"
				if d.Approved != nil {
					approved = d.Approved.By
				}
				lines = append(lines, fmt.Sprintf("%s%s, proposed by %s, approved by %s, given up by %s on %s: %s", d.Risk, rests, d.Proposed.By, approved, d.Ended.By, d.Ended.At.Format(time.DateOnly), d.Ended.Why))
			}
		}
		list("Earlier determinations", lines)
		lines = nil
		if d := p.Discretion; d != nil {
			answer, why := d.Eligible(s.At)
			lines = append(lines, fmt.Sprintf("discretion of 21 CFR Part 806: %s (%s)", cmp.Or(string(answer), "open"), why))
		}
		for _, c := range p.Corrections {
			word := "no decision yet"
			switch {
			case c.Reported != nil:
				word = "reported as " + c.Reported.Number
			case c.Decided():
				word = fmt.Sprintf("not reported: %s, evaluated by %s", c.Justified.Why, c.Justified.Evaluated.By)
			}
			lines = append(lines, fmt.Sprintf("correction %s, %s: %s", c.ID, c.What, word))
		}
		for _, o := range p.Outcomes {
			lines = append(lines, fmt.Sprintf("%s: %s: %s (%s)", o.Subject, o.Duty, o.Why, o.Label))
		}
		list("Reporting", lines)
		lines = slices.Clone(p.Gaps)
		for _, s := range p.Sections {
			lines = append(lines, s.Gaps...)
		}
		list("Gaps", lines)
		w("\n### Records\n\n| seq | kind | when | who | why | hash |\n|---|---|---|---|---|---|\n")
		all := slices.Clone(p.Records)
		for _, s := range p.Sections {
			all = append(all, s.Records...)
		}
		slices.SortFunc(all, func(x, y RecordDigest) int { return cmp.Compare(x.Seq, y.Seq) })
		for _, r := range slices.Compact(all) {
			w("| %d | %s | %s | %s | %s | %s |\n", r.Seq, r.Kind, r.At.Format(time.RFC3339), r.Who, r.Why, r.Hash.String())
		}
	}
	if len(s.Inconsistencies) > 0 {
		w("\n## For a reviewer\n\n")
		for _, i := range s.Inconsistencies {
			word := "open"
			if i.Reviewed != nil {
				word = "reviewed by " + i.Reviewed.By + ": " + i.Reviewed.Why
			}
			w("- %s (%s)\n", i.String(), word)
		}
	}
	return b.String()
}

// marks are the characters that mean something in Markdown or HTML.
var marks = strings.NewReplacer("\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]", "<", "&lt;", ">", "&gt;", "&", "&amp;", "|", "\\|", "#", "\\#", "~", "\\~")

// plain is s on one line, without markup and without what nobody sees: it could turn
// the text around.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unseen(r):
			return -1
		}
		return r
	}, s)
	return marks.Replace(strings.Join(strings.Fields(s), " "))
}
