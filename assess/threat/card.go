package threat

import (
	"slices"
	"strings"

	"github.com/open-postmarket/postmarket/internal/jsontree"
	"github.com/open-postmarket/postmarket/sbom"
)

// A Card is what a model card says, as written. An empty field means that it
// does not say.
type Card struct {
	// Format is "cyclonedx" or "spdx"; empty when there is no card.
	Format string `json:"format,omitempty"`
	// Learning is how it was trained ("supervised"); Task what it does
	// ("image-classification"); Family and Architecture what it is.
	Learning     string    `json:"learning,omitempty"`
	Task         string    `json:"task,omitempty"`
	Family       string    `json:"family,omitempty"`
	Architecture string    `json:"architecture,omitempty"`
	Datasets     []Dataset `json:"datasets,omitempty"`
	// Inputs and Outputs are the formats of what goes in and comes out.
	Inputs  []string `json:"inputs,omitempty"`
	Outputs []string `json:"outputs,omitempty"`
	Metrics []Metric `json:"metrics,omitempty"`
	// Users, UseCases, Limitations and Tradeoffs are the considerations in words.
	Users       []string   `json:"users,omitempty"`
	UseCases    []string   `json:"use_cases,omitempty"`
	Limitations []string   `json:"limitations,omitempty"`
	Tradeoffs   []string   `json:"tradeoffs,omitempty"`
	Ethics      []Risk     `json:"ethics,omitempty"`
	Fairness    []Fairness `json:"fairness,omitempty"`
	// Autonomy is whether it acts by itself, in SPDX's word: "yes", "no".
	Autonomy string `json:"autonomy,omitempty"`
	// SafetyRisk is the general safety risk of the AI system in SPDX's word: "serious"
	// (the highest), "high", "medium", "low". It is no harm of ours, and decides nothing.
	SafetyRisk string `json:"safety_risk,omitempty"`
	// Domains are where it is used ("medicine"), Standards what it complies with, as SPDX
	// says them.
	Domains    []string        `json:"domains,omitempty"`
	Standards  []string        `json:"standards,omitempty"`
	Properties []sbom.Property `json:"properties,omitempty"`
}

// A Dataset is a set of data that a model was made or tried with.
type Dataset struct {
	// Ref points at a component of the BOM; the other fields then are that one's.
	Ref            string   `json:"ref,omitempty"`
	Name           string   `json:"name,omitempty"`
	Kind           string   `json:"kind,omitempty"`
	Description    string   `json:"description,omitempty"`
	Classification string   `json:"classification,omitempty"`
	Sensitive      []string `json:"sensitive,omitempty"`
	// Contents is where the data are; Governance who answers for them
	// ("owner: Example Hospital").
	Contents   string   `json:"contents,omitempty"`
	Governance []string `json:"governance,omitempty"`
}

// A Metric is one measure of how well the model does.
type Metric struct {
	Type  string `json:"type,omitempty"`
	Value string `json:"value,omitempty"`
	// Slice is the part of the data it was measured on; Lower and Upper bound it.
	Slice string `json:"slice,omitempty"`
	Lower string `json:"lower,omitempty"`
	Upper string `json:"upper,omitempty"`
	// Threshold is from which value on it decides; the value may not be said.
	Threshold string `json:"threshold,omitempty"`
}

// A Risk is an ethical consideration and what is done about it.
type Risk struct {
	Name       string `json:"name,omitempty"`
	Mitigation string `json:"mitigation,omitempty"`
}

// A Fairness says what the model means for a group of people at risk.
type Fairness struct {
	Group      string `json:"group,omitempty"`
	Benefits   string `json:"benefits,omitempty"`
	Harms      string `json:"harms,omitempty"`
	Mitigation string `json:"mitigation,omitempty"`
}

// A Problem is something in a card that could not be read, and was left out.
type Problem struct {
	Path string `json:"path"` // "modelParameters.datasets[0]"; empty is the whole
	Text string `json:"text"`
}

// String is the problem in one line.
func (p Problem) String() string {
	if p.Path == "" {
		return "model card: " + p.Text
	}
	return "model card: " + p.Path + ": " + p.Text
}

// maxValues bounds how much of a card is read; real ones have some hundred
// values, and their pictures are one each.
const maxValues = 20_000

// ReadCard reads the model card of a component ([sbom.Component.ModelCard]): one
// of CycloneDX 1.5 or later, or the AI fields of SPDX 3 (version 3.0.1), which an
// SBOM has in its place. It is lenient: what cannot be read is left out and told,
// and so are what has no place in a Card and what the format does not know. No card
// is no problem.
//
// The fields are those of the CycloneDX 1.6 schema, modelCard, read in the
// publisher's repository or in a library that follows it, and those of AIPackage of
// SPDX 3.0.1 (read in the specification); data sets that SPDX ties to a model by
// relationships are not read.
func ReadCard(raw []byte) (Card, []Problem) {
	if len(raw) == 0 {
		return Card{}, nil
	}
	v, err := jsontree.Parse(raw, maxValues)
	if err != nil {
		return Card{}, []Problem{{Text: err.Error()}}
	}
	var told []Problem
	r := reader{jsontree.Top(&v, tell(&told))}
	switch {
	case !r.Is(jsontree.Object):
		return Card{}, []Problem{{Text: "is " + v.Kind.String() + " and not an object"}}
	case slices.ContainsFunc(r.Names(), func(n string) bool { return strings.HasPrefix(n, "ai_") }):
		c := r.spdx()
		return c, told
	}
	c := r.cyclonedx()
	return c, told
}

// tell appends to out what a reader has to tell, each thing once.
func tell(out *[]Problem) *jsontree.Notes {
	told := map[Problem]bool{}
	return &jsontree.Notes{Tell: func(path, text string) {
		if p := (Problem{Path: path, Text: text}); !told[p] {
			told[p] = true
			*out = append(*out, p)
		}
	}}
}

// A reader reads what may be written in more than one way.
type reader struct{ jsontree.Cursor }

func (r reader) get(name string) reader { return reader{r.Get(name)} }

func (r reader) each() []reader {
	if r.There() && !r.Is(jsontree.List) { // one thing where a list is meant
		r.Note("is no list: read as a list of one")
		return []reader{r}
	}
	var out []reader
	for _, e := range r.Each() {
		out = append(out, reader{e})
	}
	return out
}

// word is a text, or a number or truth value as it is written.
func (r reader) word() string { return strings.TrimSpace(r.Written()) }

func (r reader) words() []string {
	var out []string
	for _, e := range r.each() {
		if w := e.word(); w != "" {
			out = append(out, w)
		}
	}
	return out
}

// only tells of members that are not known, or known in other letters.
func (r reader) only(names ...string) {
	if !r.Is(jsontree.Object) {
		return
	}
	r.Odd(names...)
	for _, n := range r.Names() {
		if !slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(n, name) }) {
			r.Note("has a member %q, which is not known", jsontree.Short(n))
		}
	}
}

// unread tells of members that are known, say something and have no place in a Card.
func (r reader) unread(names ...string) {
	for _, n := range names {
		if m := r.get(n); m.says() {
			m.Note("has no place in a card: left out")
		}
	}
}

// says reports whether anything is said: empty texts, lists and objects say nothing,
// but one of very many members is not looked through.
func (r reader) says() bool {
	switch {
	case r.Is(jsontree.Text):
		return r.word() != ""
	case r.Is(jsontree.List):
		return slices.ContainsFunc(r.each(), reader.says)
	case r.Is(jsontree.Object):
		names := r.Names()
		return len(names) > 100 || slices.ContainsFunc(names, func(n string) bool { return r.get(n).says() })
	}
	return r.There()
}

func (r reader) cyclonedx() Card {
	r.only("bom-ref", "modelParameters", "quantitativeAnalysis", "considerations", "properties")
	c := Card{Format: "cyclonedx"}
	p := r.get("modelParameters")
	p.only("approach", "task", "architectureFamily", "modelArchitecture", "datasets", "inputs", "outputs")
	p.get("approach").only("type")
	c.Learning, c.Task = p.get("approach").get("type").word(), p.get("task").word()
	c.Family, c.Architecture = p.get("architectureFamily").word(), p.get("modelArchitecture").word()
	for _, d := range p.get("datasets").each() {
		if set, ok := d.dataset(); ok {
			c.Datasets = append(c.Datasets, set)
		}
	}
	c.Inputs, c.Outputs = p.get("inputs").formats(), p.get("outputs").formats()
	q := r.get("quantitativeAnalysis")
	q.only("performanceMetrics", "graphics")
	q.unread("graphics")
	for _, m := range q.get("performanceMetrics").each() {
		m.only("type", "value", "slice", "confidenceInterval")
		between := m.get("confidenceInterval")
		between.only("lowerBound", "upperBound")
		one := Metric{Type: m.get("type").word(), Value: m.get("value").word(), Slice: m.get("slice").word(),
			Lower: between.get("lowerBound").word(), Upper: between.get("upperBound").word()}
		if one != (Metric{}) {
			c.Metrics = append(c.Metrics, one)
		}
	}
	o := r.get("considerations")
	o.only("users", "useCases", "technicalLimitations", "performanceTradeoffs", "ethicalConsiderations", "environmentalConsiderations", "fairnessAssessments")
	o.unread("environmentalConsiderations")
	c.Users, c.UseCases = o.get("users").words(), o.get("useCases").words()
	c.Limitations, c.Tradeoffs = o.get("technicalLimitations").words(), o.get("performanceTradeoffs").words()
	for _, e := range o.get("ethicalConsiderations").each() {
		e.only("name", "mitigationStrategy")
		if one := (Risk{e.get("name").word(), e.get("mitigationStrategy").word()}); one != (Risk{}) {
			c.Ethics = append(c.Ethics, one)
		}
	}
	for _, f := range o.get("fairnessAssessments").each() {
		f.only("groupAtRisk", "benefits", "harms", "mitigationStrategy")
		one := Fairness{f.get("groupAtRisk").word(), f.get("benefits").word(), f.get("harms").word(), f.get("mitigationStrategy").word()}
		if one != (Fairness{}) {
			c.Fairness = append(c.Fairness, one)
		}
	}
	for _, p := range r.get("properties").each() {
		p.only("name", "value")
		c.Properties = append(c.Properties, sbom.Property{Name: p.get("name").word(), Value: p.get("value").word()})
	}
	return c
}

// formats are inputs or outputs: objects with a format.
func (r reader) formats() []string {
	var out []string
	for _, e := range r.each() {
		w := ""
		if e.Is(jsontree.Text) {
			e.Note("is no object: read as its format")
			w = e.word()
		} else {
			e.only("format")
			w = e.get("format").word()
		}
		if w != "" {
			out = append(out, w)
		}
	}
	return out
}

// dataset reads one that is written out, or a reference to a component.
func (r reader) dataset() (d Dataset, ok bool) {
	if !r.Is(jsontree.Object) {
		if r.Is(jsontree.Text) {
			r.Note("is no object: read as a name")
			d.Name = r.word()
		} else {
			r.Note("is neither a data set nor a reference")
		}
		return d, d.Name != ""
	}
	r.only("bom-ref", "ref", "type", "name", "contents", "classification", "sensitiveData", "graphics", "description", "governance")
	d = Dataset{
		Ref: r.get("ref").word(), Name: r.get("name").word(), Kind: r.get("type").word(), Description: r.get("description").word(),
		Classification: r.get("classification").word(), Sensitive: r.get("sensitiveData").words(), Contents: r.get("contents").get("url").word(),
	}
	r.unread("graphics")
	r.get("contents").only("attachment", "url", "properties")
	r.get("contents").unread("properties")
	if d.Contents == "" && r.get("contents").get("attachment").There() {
		d.Contents = "attached"
	}
	g := r.get("governance")
	g.only("custodians", "stewards", "owners")
	for _, role := range []string{"owners", "stewards", "custodians"} {
		for _, p := range g.get(role).each() {
			p.only("organization", "contact")
			for _, of := range []string{"organization", "contact"} {
				if w := p.get(of).get("name").word(); w != "" {
					d.Governance = append(d.Governance, strings.TrimSuffix(role, "s")+": "+w)
				}
			}
		}
	}
	return d, d.said()
}

func (d Dataset) said() bool {
	return d.Ref+d.Name+d.Kind+d.Description+d.Classification+d.Contents != "" || len(d.Sensitive)+len(d.Governance) > 0
}

// ReadDatasets reads what a data component holds ([sbom.Component.Datasets]), as
// leniently as ReadCard.
func ReadDatasets(raw []byte) ([]Dataset, []Problem) {
	if len(raw) == 0 {
		return nil, nil
	}
	v, err := jsontree.Parse(raw, maxValues)
	if err != nil {
		return nil, []Problem{{Text: err.Error()}}
	}
	var told []Problem
	var out []Dataset
	for _, d := range (reader{jsontree.Top(&v, tell(&told))}).each() {
		if set, ok := d.dataset(); ok {
			out = append(out, set)
		}
	}
	return out, told
}

// spdx reads the AI fields of an SPDX 3 element.
func (r reader) spdx() Card {
	r.only("ai_autonomyType", "ai_domain", "ai_energyConsumption", "ai_hyperparameter", "ai_informationAboutApplication", "ai_informationAboutTraining",
		"ai_limitation", "ai_metric", "ai_metricDecisionThreshold", "ai_modelDataPreprocessing", "ai_modelExplainability", "ai_safetyRiskAssessment",
		"ai_standardCompliance", "ai_typeOfModel", "ai_useSensitivePersonalInformation")
	r.unread("ai_energyConsumption", "ai_hyperparameter", "ai_modelDataPreprocessing", "ai_modelExplainability")
	c := Card{
		Format: "spdx", Architecture: strings.Join(r.get("ai_typeOfModel").words(), ", "), Autonomy: r.get("ai_autonomyType").word(),
		SafetyRisk: r.get("ai_safetyRiskAssessment").word(), Domains: r.get("ai_domain").words(), Standards: r.get("ai_standardCompliance").words(),
	}
	d := Dataset{Description: r.get("ai_informationAboutTraining").word()}
	if s := r.get("ai_useSensitivePersonalInformation").word(); s != "" {
		d.Sensitive = []string{"sensitive personal information: " + s}
	}
	if d.said() {
		c.Datasets = []Dataset{d}
	}
	if w := r.get("ai_informationAboutApplication").word(); w != "" {
		c.UseCases = []string{w}
	}
	if w := r.get("ai_limitation").word(); w != "" {
		c.Limitations = []string{w}
	}
	for _, m := range r.get("ai_metric").each() {
		if one := (Metric{Type: m.key(), Value: m.get("value").word()}); one != (Metric{}) {
			c.Metrics = append(c.Metrics, one)
		}
	}
	for _, m := range r.get("ai_metricDecisionThreshold").each() {
		key, value := m.key(), m.get("value").word()
		if at := slices.IndexFunc(c.Metrics, func(one Metric) bool { return one.Type == key && one.Threshold == "" }); at >= 0 {
			c.Metrics[at].Threshold = value
		} else if key+value != "" {
			c.Metrics = append(c.Metrics, Metric{Type: key, Threshold: value})
		}
	}
	return c
}

// key is that of an entry of a dictionary.
func (r reader) key() string {
	r.only("type", "@id", "key", "value")
	return r.get("key").word()
}
