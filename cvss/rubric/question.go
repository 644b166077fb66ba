package rubric

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// A Kind says which answers a question takes.
type Kind string

const (
	Decision Kind = "decision" // Yes, No, Unknown
	Impact   Kind = "impact"   // High, Low, None, Unknown
)

// Valid reports whether k is one of the two kinds.
func (k Kind) Valid() bool { return k == Decision || k == Impact }

// A Confidence says how sure we are that a part of this reconstruction is what
// the rubric says.
type Confidence string

const (
	Sure     Confidence = "high"   // several independent implementations agree
	Likely   Confidence = "medium" // one implementation, or a ruling of ours between them
	Doubtful Confidence = "low"    // our own choice
)

// Valid reports whether c is one of the three levels.
func (c Confidence) Valid() bool { return c == Sure || c == Likely || c == Doubtful }

// Note says c in words, with the reason when it is not high.
func (c Confidence) Note() string {
	switch c {
	case Sure:
		return "high confidence"
	case Likely:
		return "medium confidence: it rests on few implementations or on a ruling of ours"
	case Doubtful:
		return "low confidence: our own choice"
	}
	return "confidence not said"
}

// A Question is one of the 31 that the rubric may ask, in our words.
type Question struct {
	ID         string     `json:"id"`                 // such as XAVN
	Number     string     `json:"number"`             // place in its group, such as "AV Q1"
	Group      string     `json:"group"`              // the base metric that it helps to decide
	Kind       Kind       `json:"kind"`               // which answers it takes
	Category   string     `json:"category,omitempty"` // of data or functions; only for C, I and A
	Text       string     `json:"text"`               // what it asks, in our words
	Help       string     `json:"help"`               // how to take it, in our words
	Confidence Confidence `json:"confidence"`         // in its id, meaning and place
	Ruling     int        `json:"ruling,omitempty"`   // number of the ruling about the question itself; 0 = none
}

// Answers returns the codes that q takes.
func (q Question) Answers() []Answer {
	if q.Kind == Impact {
		return []Answer{High, Low, No, Unknown}
	}
	return []Answer{Yes, No, Unknown}
}

// A Ruling says how a disagreement between the known implementations was
// settled here. It is ours.
type Ruling struct {
	Number int    `json:"number"`
	Text   string `json:"text"`
}

// Questions returns all 31 questions in element order.
func Questions() []Question {
	f := flow()
	list := make([]Question, 0, len(f.nodes))
	for _, n := range f.nodes {
		list = append(list, n.Question)
	}
	return list
}

// Rulings returns our rulings, by number.
func Rulings() []Ruling { return slices.Clone(flow().rulings) }

//go:embed rubric.json
var embedded []byte

// A node is a question and where each answer leads.
type node struct {
	Question
	Entry bool               `json:"entry"` // asked in any case, not only when an answer leads to it
	On    map[Answer]outcome `json:"on"`
}

// An outcome is either a further question or a conclusion.
type outcome struct {
	Ask        string     `json:"ask"`
	Value      string     `json:"value"`
	Sources    []string   `json:"sources"`
	Confidence Confidence `json:"confidence"`
	Ruling     int        `json:"ruling"`
}

// A tree is the whole decision flow.
type tree struct {
	nodes        []node // in element order
	byID         map[string]*node
	sources      map[string]string
	rulings      []Ruling
	recognitions []Recognition
	digest       string // of the questions as they stand in the data
	err          error  // the embedded data is unusable; the tests say that this never happens
}

var flow = sync.OnceValue(func() *tree { return load(embedded) })

// load reads the flow and checks that it hangs together. A tree with an error
// asks nothing and derives nothing.
func load(data []byte) *tree {
	var doc struct {
		Rubric       string            `json:"rubric"`
		Version      string            `json:"version"`
		Dated        string            `json:"dated"`
		Qualified    string            `json:"qualified"`
		About        string            `json:"about"`
		Sources      map[string]string `json:"sources"`
		Recognitions []Recognition     `json:"recognitions"`
		Rulings      []Ruling          `json:"rulings"`
		Questions    json.RawMessage   `json:"questions"`
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		return &tree{err: fmt.Errorf("rubric: embedded flow: %w", err)}
	}
	t := &tree{
		byID: map[string]*node{}, sources: doc.Sources, rulings: doc.Rulings, recognitions: doc.Recognitions,
	}
	d = json.NewDecoder(bytes.NewReader(doc.Questions))
	d.DisallowUnknownFields()
	if err := d.Decode(&t.nodes); err != nil {
		return &tree{err: fmt.Errorf("rubric: embedded flow: questions: %w", err)}
	}
	t.digest = digest(doc.Questions)
	for i := range t.nodes {
		t.byID[t.nodes[i].ID] = &t.nodes[i]
	}
	if err := t.check(); err != nil {
		return &tree{err: fmt.Errorf("rubric: embedded flow: %w", err)}
	}
	return t
}

// check makes sure that every walk through t ends: an answer leads to a later
// question of the same group that nothing else asks for, or to a value.
func (t *tree) check() error {
	var errs []error
	for i, n := range t.nodes {
		if !n.Kind.Valid() || !n.Confidence.Valid() || n.Text == "" || n.Help == "" || len(n.On) != len(n.Answers()) {
			errs = append(errs, fmt.Errorf("question %q is not complete", n.ID))
		}
		for _, a := range n.Answers() {
			out, ok := n.On[a]
			later := slices.IndexFunc(t.nodes, func(o node) bool { return o.ID == out.Ask })
			switch {
			case !ok:
				errs = append(errs, fmt.Errorf("question %q has no outcome for %s", n.ID, a))
			case (out.Ask == "") == (out.Value == ""):
				errs = append(errs, fmt.Errorf("question %q, answer %s: either a question or a value", n.ID, a))
			case out.Value != "" && (!out.Confidence.Valid() || len(out.Sources) == 0 || out.Ruling < 0 || out.Ruling > len(t.rulings)):
				errs = append(errs, fmt.Errorf("question %q, answer %s: no confidence, source or such ruling", n.ID, a))
			case out.Ask != "" && (later <= i || t.nodes[later].Entry || t.nodes[later].Group != n.Group):
				errs = append(errs, fmt.Errorf("question %q, answer %s: cannot lead to %q", n.ID, a, out.Ask))
			}
			for _, s := range out.Sources {
				if t.sources[s] == "" {
					errs = append(errs, fmt.Errorf("question %q, answer %s: unknown source %q", n.ID, a, s))
				}
			}
		}
	}
	for _, r := range t.recognitions {
		errs = append(errs, r.check())
	}
	return errors.Join(errs...)
}
