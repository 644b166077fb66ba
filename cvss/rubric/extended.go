package rubric

import (
	"fmt"
	"strings"
)

// A ParseError tells why a text is not an extended vector, and where.
type ParseError struct {
	Text string // as it was given
	Pos  int    // byte offset in Text of what is wrong
	Why  string // what is wrong, lower case
}

func (e *ParseError) Error() string {
	return fmt.Sprintf("rubric: extended vector %q at byte %d: %s", clip(e.Text), e.Pos, e.Why)
}

// ParseExtended reads an extended vector: elements such as XAVN:Y, joined by
// slashes, in any order. The header CVSS:3.0/ or CVSS:3.1/ may stand before them
// and says nothing. Unknown ids, ids given twice and answers that the question
// does not take are a [*ParseError]; a text that answers nothing is, too.
// Answers may be codes or words (see [Answers]), in any case; ids are upper
// case. Whether the answers are complete, and which of them were asked for, is
// for [Derive] to say.
//
// No published text form of the rubric's extended vector was found; this one is
// ours, in the style of CVSS. A CVSS vector proper never holds these elements.
func ParseExtended(s string) (Answers, error) {
	fail := func(pos int, why string) (Answers, error) {
		return nil, &ParseError{Text: s, Pos: pos, Why: why}
	}
	if s == "" {
		return fail(0, "empty")
	}
	t := flow()
	if t.err != nil {
		return nil, t.err
	}
	answers, seen := Answers{}, map[string]bool{}
	pos := 0
	if strings.HasPrefix(s, "CVSS:3.0/") || strings.HasPrefix(s, "CVSS:3.1/") {
		pos = len("CVSS:3.0/")
	}
	for more := true; more; {
		var element string
		element, _, more = strings.Cut(s[pos:], "/")
		id, text, ok := strings.Cut(element, ":")
		if !ok {
			return fail(pos, fmt.Sprintf("%q is not of the form id:answer", clip(element)))
		}
		n := t.byID[id]
		switch {
		case n == nil:
			return fail(pos, fmt.Sprintf("there is no question %q", clip(id)))
		case seen[id]:
			return fail(pos, id+" is given twice")
		case text == "":
			return fail(pos+len(id)+1, id+" has no answer")
		}
		seen[id] = true
		code, err := n.read(text)
		if err != nil {
			return fail(pos+len(id)+1, fmt.Sprintf("%q is no answer to %s", clip(text), id))
		}
		if code != "" {
			answers[id] = code
		}
		pos += len(element) + 1
	}
	if len(answers) == 0 {
		return fail(len(s), "nothing is answered")
	}
	return answers, nil
}

// String returns the canonical extended vector: the questions that were asked
// and answered, as codes, in element order, without a header. Answers that were
// not asked for, and entries that cannot be answers, are left out; [Derive]
// tells of both.
func (a Answers) String() string {
	t := flow()
	clean, _ := t.codes(a)
	paths, _ := t.walk(clean)
	var asked []*node
	for _, p := range paths {
		asked = append(asked, p.asked...)
	}
	return notation(asked, clean)
}

// notation writes the answered ones of a list of questions.
func notation(list []*node, a Answers) string {
	var elements []string
	for _, n := range list {
		if a[n.ID] != "" {
			elements = append(elements, n.ID+":"+string(a[n.ID]))
		}
	}
	return strings.Join(elements, "/")
}

func ids(list []*node) []string {
	var ids []string
	for _, n := range list {
		ids = append(ids, n.ID)
	}
	return ids
}
