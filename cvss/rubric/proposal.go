package rubric

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Proposed is a code that something proposes. It is no [Answer] and cannot
// stand where one is asked for; [Confirm] makes one of it.
type Proposed string

// A Proposal is what facts or a published vector make likely to be answered. It
// is not an answer: nothing here puts it into [Answers], and whoever shows it
// shows that it is proposed, and by what.
type Proposal struct {
	Question   string     `json:"question"` // id
	Answer     Proposed   `json:"proposed"`
	By         string     `json:"by"`         // the fact or metric it comes from
	Why        string     `json:"why"`        // how it comes from that, and what to look at before confirming
	Confidence Confidence `json:"confidence"` // in this proposal; never high
}

// String says in one line what is proposed, and that it is only proposed.
func (p Proposal) String() string {
	return fmt.Sprintf("%s:%s proposed by %s (%s confidence): %s; not an answer until a person confirms it",
		p.Question, string(p.Answer), p.By, string(p.Confidence), p.Why)
}

// A Confirmed is the answer that a person gave by confirming a proposal. Keep it
// beside the answers: it says where the answer came from.
type Confirmed struct {
	Question string    `json:"question"`
	Answer   Answer    `json:"answer"`
	By       string    `json:"by"` // who confirmed, never empty
	At       time.Time `json:"at"` // UTC
	Proposal Proposal  `json:"proposal"`
}

// Confirm makes an answer of p on the word of the person by, at the instant at.
// Both are required. A question that does not exist, or that does not take what
// is proposed, is an [*AnswerError].
func Confirm(p Proposal, by string, at time.Time) (Confirmed, error) {
	t := flow()
	if t.err != nil {
		return Confirmed{}, t.err
	}
	n, ok := t.byID[p.Question]
	if !ok {
		return Confirmed{}, &AnswerError{ID: clip(p.Question), Answer: Answer(clip(string(p.Answer))), Why: "there is no such question"}
	}
	a, err := n.read(string(p.Answer))
	if err != nil {
		return Confirmed{}, err
	}
	var errs []error
	if a == "" {
		errs = append(errs, &AnswerError{ID: p.Question, Answer: Answer(p.Answer), Why: "nothing is proposed"})
	}
	if strings.TrimSpace(by) == "" {
		errs = append(errs, fmt.Errorf("rubric: confirm %s: who confirms is missing", p.Question))
	}
	if at.IsZero() {
		errs = append(errs, fmt.Errorf("rubric: confirm %s: when it is confirmed is missing", p.Question))
	}
	if len(errs) > 0 {
		return Confirmed{}, errors.Join(errs...)
	}
	return Confirmed{Question: p.Question, Answer: a, By: by, At: at.UTC(), Proposal: p}, nil
}

// proposals collects at most one proposal for a question.
type proposals map[string]Proposal

func (p proposals) add(id string, a Answer, c Confidence, by, why string) {
	p[id] = Proposal{Question: id, Answer: Proposed(a), Confidence: c, By: by, Why: why}
}

// none proposes that a category has no impact of the given kinds ("CIA").
func (p proposals) none(letter, kinds string, by, why string) {
	for _, kind := range kinds {
		p.add("X"+string(kind)+letter, None, Doubtful, by, why)
	}
}

// list returns the proposals in element order.
func (p proposals) list() []Proposal {
	var list []Proposal
	for _, n := range flow().nodes {
		if one, ok := p[n.ID]; ok {
			list = append(list, one)
		}
	}
	return slices.Clip(list)
}
