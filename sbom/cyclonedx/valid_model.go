package cyclonedx

import (
	"fmt"
	"slices"
	"strings"
)

// A contentModel is the order of the elements within an element: the states of an
// automaton, one for each place where a name stands in the table's expression.
// State -1 is the beginning.
type contentModel struct {
	names    []string
	first    []int
	follow   [][]int
	last     []bool
	nullable bool
}

const foreignElement = "other"

// step returns where name leads from states.
func (m *contentModel) step(states []int, name string) []int {
	var next []int
	for _, s := range states {
		for _, to := range m.after(s) {
			if m.names[to] == name && !slices.Contains(next, to) {
				next = append(next, to)
			}
		}
	}
	return next
}

func (m *contentModel) after(state int) []int {
	if state < 0 {
		return m.first
	}
	return m.follow[state]
}

// ends reports whether an element may end in states.
func (m *contentModel) ends(states []int) bool {
	return slices.ContainsFunc(states, func(s int) bool { return s < 0 && m.nullable || s >= 0 && m.last[s] })
}

// places returns the states of name.
func (m *contentModel) places(name string) []int {
	var at []int
	for i, n := range m.names {
		if n == name {
			at = append(at, i)
		}
	}
	return at
}

// expected names what may come after states.
func (m *contentModel) expected(states []int) string {
	var names []string
	for _, s := range states {
		for _, to := range m.after(s) {
			if n := m.names[to]; n != foreignElement && !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	return strings.Join(names, ", ")
}

// A stretch is what an expression contributes: where it begins, where it may end,
// and whether it may be nothing.
type stretch struct {
	first, last []int
	nullable    bool
}

// compileModel reads an expression of names; a name followed by @ and versions
// is there for those alone.
func compileModel(text string, covers func(string) bool) (*contentModel, error) {
	p := &modelParser{m: new(contentModel), covers: covers, tokens: modelTokens(text)}
	whole := p.sequence()
	if p.err == nil && len(p.tokens) > 0 {
		p.err = fmt.Errorf("what is %q in %q", p.tokens[0], text)
	}
	p.m.first, p.m.nullable = whole.first, whole.nullable
	p.m.last = make([]bool, len(p.m.names))
	for _, s := range whole.last {
		p.m.last[s] = true
	}
	return p.m, p.err
}

func modelTokens(text string) []string {
	for _, c := range []string{"(", ")", "|"} {
		text = strings.ReplaceAll(text, c, " "+c+" ")
	}
	// The mark behind a bracket belongs to it.
	for _, c := range []string{"?", "*", "+"} {
		text = strings.ReplaceAll(text, ") "+c, ")"+c)
	}
	return strings.Fields(text)
}

type modelParser struct {
	m      *contentModel
	covers func(string) bool
	tokens []string
	err    error
}

// sequence reads to the closing bracket or the end; alternatives divided by |
// are read with it.
func (p *modelParser) sequence() stretch {
	var alternatives []stretch
	whole := stretch{nullable: true}
	for p.err == nil && len(p.tokens) > 0 && !strings.HasPrefix(p.tokens[0], ")") {
		t := p.tokens[0]
		p.tokens = p.tokens[1:]
		switch t {
		case "|":
			alternatives = append(alternatives, whole)
			whole = stretch{nullable: true}
			continue
		case "(":
			in := p.sequence()
			if len(p.tokens) == 0 || !strings.HasPrefix(p.tokens[0], ")") {
				p.err = fmt.Errorf("a bracket is not closed")
				return whole
			}
			whole = p.then(whole, p.times(in, strings.TrimPrefix(p.tokens[0], ")")))
			p.tokens = p.tokens[1:]
		default:
			name, span, limited := strings.Cut(t, "@")
			if limited && !p.covers(span) {
				continue
			}
			bare := strings.TrimRight(name, "?*+")
			s := len(p.m.names)
			p.m.names = append(p.m.names, bare)
			p.m.follow = append(p.m.follow, nil)
			whole = p.then(whole, p.times(stretch{first: []int{s}, last: []int{s}}, name[len(bare):]))
		}
	}
	if alternatives == nil {
		return whole
	}
	sum := stretch{}
	for _, a := range append(alternatives, whole) {
		sum.first = append(sum.first, a.first...)
		sum.last = append(sum.last, a.last...)
		sum.nullable = sum.nullable || a.nullable
	}
	return sum
}

func (p *modelParser) join(from, to []int) {
	for _, s := range from {
		for _, t := range to {
			if !slices.Contains(p.m.follow[s], t) {
				p.m.follow[s] = append(p.m.follow[s], t)
			}
		}
	}
}

func (p *modelParser) then(a, b stretch) stretch {
	p.join(a.last, b.first)
	out := stretch{first: a.first, last: b.last, nullable: a.nullable && b.nullable}
	if a.nullable {
		out.first = slices.Concat(a.first, b.first)
	}
	if b.nullable {
		out.last = slices.Concat(a.last, b.last)
	}
	return out
}

func (p *modelParser) times(a stretch, mark string) stretch {
	switch mark {
	case "":
	case "?":
		a.nullable = true
	case "*", "+":
		p.join(a.last, a.first)
		a.nullable = a.nullable || mark == "*"
	default:
		p.err = fmt.Errorf("how often is %q", mark)
	}
	return a
}
