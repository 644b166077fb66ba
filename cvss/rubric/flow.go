package rubric

// Next returns the first question, in element order, that answers have reached
// and that none of them answers. When there is none left, done is true and the
// Question is empty. An entry that cannot be an answer counts as none, so its
// question is asked again.
func Next(answers Answers) (q Question, done bool) {
	t := flow()
	clean, _ := t.codes(answers)
	_, missing := t.walk(clean)
	if len(missing) == 0 {
		return Question{}, true
	}
	return missing[0].Question, false
}

// A path is what was asked from one entry question on, up to a conclusion.
type path struct {
	asked []*node
	end   *outcome // nil when the last question asked has no answer
}

// walk follows the answers, which are codes, from every entry question.
func (t *tree) walk(a Answers) (paths []path, missing []*node) {
	for i := range t.nodes {
		if !t.nodes[i].Entry {
			continue
		}
		var p path
		for n := &t.nodes[i]; n != nil; {
			p.asked = append(p.asked, n)
			out, ok := n.On[a[n.ID]]
			if !ok {
				missing = append(missing, n)
				break
			}
			if out.Ask == "" {
				p.end = &out
				break
			}
			n = t.byID[out.Ask]
		}
		paths = append(paths, p)
	}
	return paths, missing
}
