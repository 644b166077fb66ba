package rubric

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// An Answer is what somebody said to one question. The empty Answer means that
// nobody has answered.
type Answer string

// The codes of the answers. In an impact question N means None, in a decision
// it means No; the question tells which. The codes are ours, after the first
// letters of the words.
const (
	Yes     Answer = "Y"
	No      Answer = "N"
	Unknown Answer = "U"
	High    Answer = "H"
	Low     Answer = "L"
	None    Answer = "N"
)

// Valid reports whether a is one of the codes.
func (a Answer) Valid() bool {
	switch a {
	case Yes, No, Unknown, High, Low:
		return true
	}
	return false
}

// Answers maps the id of a question to its answer. Besides the codes, the words
// YES, NO, HIGH, LOW, NONE and UNKNOWN are understood in any case; NOT ANSWERED
// and the empty text are the same as no entry. What is returned from here holds
// codes only.
type Answers map[string]Answer

// An AnswerError tells of an entry of [Answers] that cannot be an answer.
type AnswerError struct {
	ID     string
	Answer Answer
	Why    string
}

func (e *AnswerError) Error() string {
	return fmt.Sprintf("rubric: %q answered %q: %s", e.ID, string(e.Answer), e.Why)
}

// IncompleteError tells which questions were reached and have no answer. More
// may follow from what these are answered.
type IncompleteError struct {
	Missing []string // ids in element order
}

func (e *IncompleteError) Error() string {
	return "rubric: not answered yet: " + strings.Join(e.Missing, " ")
}

// words are the answers as people write them, upper case.
var words = map[Kind]map[string]Answer{
	Decision: {"Y": Yes, "YES": Yes, "N": No, "NO": No, "U": Unknown, "UNKNOWN": Unknown},
	Impact:   {"H": High, "HIGH": High, "L": Low, "LOW": Low, "N": None, "NONE": None, "U": Unknown, "UNKNOWN": Unknown},
}

const notAnswered = "NOT ANSWERED"

// read returns the code that text means to n, "" when it says that there is no
// answer.
func (n *node) read(text string) (Answer, error) {
	word := upper(text)
	if word == "" || word == notAnswered {
		return "", nil
	}
	if a, ok := words[n.Kind][word]; ok {
		return a, nil
	}
	var codes []string
	for _, a := range n.Answers() {
		codes = append(codes, string(a))
	}
	return "", &AnswerError{ID: n.ID, Answer: Answer(clip(text)), Why: "this question takes one of " + strings.Join(codes, " ")}
}

// codes returns a with codes for words and without empty answers. The errors of
// all bad entries are joined; what is good is returned all the same.
func (t *tree) codes(a Answers) (Answers, error) {
	clean := make(Answers, len(a))
	var errs []error
	for _, id := range slices.Sorted(maps.Keys(a)) {
		n, ok := t.byID[id]
		if !ok {
			errs = append(errs, &AnswerError{ID: clip(id), Answer: Answer(clip(string(a[id]))), Why: "there is no such question"})
			continue
		}
		code, err := n.read(string(a[id]))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if code != "" {
			clean[id] = code
		}
	}
	return clean, errors.Join(errs...)
}

// upper folds ASCII letters only, and nothing in a text too long to be a word.
func upper(s string) string {
	if len(s) > len(notAnswered) {
		return s
	}
	b := []byte(s)
	for i, c := range b {
		if 'a' <= c && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

// clip keeps an error message short.
func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}
