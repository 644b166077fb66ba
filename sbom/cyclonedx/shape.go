package cyclonedx

import (
	"bytes"
	"slices"
)

// single are the elements of XML that hold no element twice, in any version of
// the format: the library keeps the last of two without a word.
var single = []string{"bom", "metadata", "component", "service", "vulnerability", "analysis", "target"}

// holders are the elements that a component stands in, and halls those that the
// list of components itself stands in.
var (
	holders = []string{"components", "metadata", "ancestors", "descendants", "variants"}
	halls   = []string{"bom", "component", "tools", "formula", "workflow", "targets"}
)

// scopes are the elements in which a vulnerability says what it affects, by how
// deep they are below affects, and what each may hold.
var scopes = [][]string{{"target"}, {"ref", "versions"}, {"version"}, {"version", "range", "status"}}

// up is the name of the open element that is n above the innermost.
func (s *sieve) up(n int) string {
	if n >= s.depth {
		return ""
	}
	return s.open[s.depth-1-n].name
}

// shape tells of an element that was just begun where the library would pass it
// over, or put it in the place of another.
func (s *sieve) shape() {
	if s.depth < 2 {
		return
	}
	own, parent := &s.open[s.depth-1], s.up(1)
	again := own.index > 1 && (slices.Contains(single, parent) || parent == "version" && s.up(2) == "versions")
	if again {
		s.t.problem(s.route(), "is there again")
	}
	if own.name == "component" && (!slices.Contains(holders, parent) || parent == "components" && !slices.Contains(halls, s.up(2))) {
		s.t.problem(s.route(), "is a component where none is read: left out")
	}
	at := s.scoping(s.depth - 1)
	if at < 0 {
		return
	}
	switch {
	case at >= len(scopes) || !slices.Contains(scopes[at], own.name):
		s.t.problem(s.route(), "is not read within what is affected")
		s.spoil(at)
	case again:
		s.spoil(at)
	}
}

// scoping is how deep the first depth open elements are below the affects of a
// vulnerability, 0 for affects itself; -1 means outside of one.
func (s *sieve) scoping(depth int) int {
	const affects = 3 // bom, vulnerabilities, vulnerability, affects
	if depth <= affects || s.open[affects].name != "affects" || s.open[affects-1].name != "vulnerability" {
		return -1
	}
	return depth - 1 - affects
}

// spoil notes that something within affects is not read.
func (s *sieve) spoil(scope int) {
	if scope >= 0 {
		s.t.unread = true
	}
}

// text tells of words where what is affected has elements.
func (s *sieve) text(words []byte) {
	at := s.scoping(s.depth)
	if at < 0 || at >= len(scopes) || at == 2 && s.up(0) != "versions" || len(bytes.TrimSpace(words)) == 0 {
		return
	}
	if at == 3 && s.up(0) != "version" {
		return
	}
	s.t.problem(s.route(), "holds the text %q where elements belong", short(string(words)))
	s.spoil(at)
}
