package sbom

import (
	"slices"
	"strings"
)

// dangling finds edges whose ends name nothing in b, services included.
func dangling(b BOM) []Dangling {
	known := map[string]bool{b.Root.Ref: b.HasRoot() || b.Root.Ref != ""}
	for _, list := range [][]Component{b.Components, b.Services} {
		for _, c := range list {
			known[c.Ref] = true
		}
	}
	var out []Dangling
	for _, e := range b.Edges {
		if !known[e.From] {
			out = append(out, Dangling{From: e.From, Missing: e.From})
		}
		for _, to := range e.To {
			if !known[to] {
				out = append(out, Dangling{From: e.From, To: to, Missing: to})
			}
		}
	}
	return out
}

// cycles finds the rings of dependencies: the strongly connected parts of more
// than one ref, and refs that depend on themselves. Each is sorted, and so are
// they. (Tarjan's algorithm, without recursion: documents may be deep.)
func cycles(b BOM) [][]string {
	next := map[string][]string{}
	var nodes []string
	for _, e := range b.Edges {
		if _, met := next[e.From]; !met {
			nodes = append(nodes, e.From)
		}
		next[e.From] = append(next[e.From], e.To...)
	}
	var (
		out      [][]string
		index    = map[string]int{} // from 1, in the order of meeting
		low      = map[string]int{}
		on       = map[string]bool{}
		stack    []string
		counter  int
		frontier []frame
	)
	for _, start := range nodes {
		if index[start] != 0 {
			continue
		}
		frontier = append(frontier, frame{node: start})
		for len(frontier) > 0 {
			f := &frontier[len(frontier)-1]
			if f.at == 0 {
				counter++
				index[f.node], low[f.node] = counter, counter
				stack, on[f.node] = append(stack, f.node), true
			}
			if f.at < len(next[f.node]) {
				to := next[f.node][f.at]
				f.at++
				switch {
				case index[to] == 0:
					frontier = append(frontier, frame{node: to})
				case on[to]:
					low[f.node] = min(low[f.node], index[to])
				}
				continue
			}
			node := f.node
			frontier = frontier[:len(frontier)-1]
			if len(frontier) > 0 {
				up := frontier[len(frontier)-1].node
				low[up] = min(low[up], low[node])
			}
			if low[node] != index[node] {
				continue
			}
			cut := len(stack) - 1
			for stack[cut] != node {
				cut--
			}
			ring := slices.Clone(stack[cut:])
			stack = stack[:cut]
			for _, n := range ring {
				on[n] = false
			}
			if len(ring) > 1 || slices.Contains(next[node], node) {
				slices.Sort(ring)
				out = append(out, ring)
			}
		}
	}
	slices.SortFunc(out, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return out
}

// frame is a node being walked, and how many of its edges were.
type frame struct {
	node string
	at   int
}
