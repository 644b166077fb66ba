package match

import (
	"fmt"
	"strings"
)

// hit is the answer of one leaf for one component of the device.
type hit struct {
	member
	leaf    *leaf
	verdict verdict
}

// branch is the answer of a leaf, a node or a configuration over the whole
// device.
type branch struct {
	truth truth
	// hits are those of the leaves below that contribute: in a branch that is
	// true the leaves that made it so, without those under a negation.
	hits []hit
	// missing says what keeps the branch from being true.
	missing []string
}

// answer evaluates one tree of r against the whole device. In a tree that is true
// every vulnerable leaf that holds is affected; in one that is not, what its vulnerable leaves
// speak of gets the answer of the tree, with what it lacks.
func (inv *inventory) answer(r *record, t *tree) branch {
	b := inv.node(r, t.root)
	if b.truth != yes {
		b.lower()
	}
	return b
}

func (inv *inventory) node(r *record, n *node) branch {
	below := make([]branch, 0, len(n.leaves)+len(n.nodes))
	for _, k := range n.leaves {
		below = append(below, inv.leaf(&r.leaves[k]))
	}
	for k := range n.nodes {
		below = append(below, inv.node(r, &n.nodes[k]))
	}
	var b branch
	if n.and {
		b = all(below)
	} else {
		b = some(below)
	}
	if n.negate {
		// What stands under a negation is never what is affected.
		b = branch{truth: b.truth.not(), missing: []string{"something that must be absent is there"}}
	}
	return b
}

// all joins by AND. A node without anything below holds nothing.
func all(below []branch) branch {
	b := branch{truth: yes}
	switch len(below) {
	case 0:
		b.truth = no
	case 1:
		return below[0].alone()
	}
	b.hits = make([]hit, 0, count(below))
	for _, x := range below {
		b.truth = min(b.truth, x.truth)
		b.hits = append(b.hits, x.hits...)
		if x.truth != yes {
			b.missing = append(b.missing, x.missing...)
		}
	}
	return b
}

// alone is the branch that stands alone below a node.
func (b *branch) alone() branch {
	out := *b
	if out.truth == yes {
		out.missing = nil
	}
	return out
}

func count(below []branch) int {
	n := 0
	for k := range below {
		n += len(below[k].hits)
	}
	return n
}

// some joins by OR. When one of the branches is true, the leaves of the others
// stand as their own branch says.
func some(below []branch) branch {
	b := branch{truth: no}
	if len(below) == 1 {
		return below[0].alone()
	}
	b.hits = make([]hit, 0, count(below))
	for _, x := range below {
		b.truth = max(b.truth, x.truth)
	}
	for _, x := range below {
		if b.truth == yes && x.truth != yes {
			x.lower()
		}
		b.hits = append(b.hits, x.hits...)
		if b.truth != yes {
			b.missing = append(b.missing, x.missing...)
		}
	}
	return b
}

// lower gives every leaf that holds the answer of the whole branch, with what
// the branch lacks.
func (b *branch) lower() {
	why := lacks(b.missing)
	for k := range b.hits {
		v := &b.hits[k].verdict
		if v.truth == yes {
			v.truth, v.why = b.truth, why
			if b.truth == unknown {
				v.blind = otherwise
			}
		}
	}
}

// lacks joins what is missing, and counts what would be too long to read.
func lacks(missing []string) string {
	const told = 5
	if len(missing) <= told {
		return strings.Join(missing, "; ")
	}
	return fmt.Sprintf("%s; and %d more", strings.Join(missing[:told], "; "), len(missing)-told)
}

// leaf asks every component of the device that the criterion may speak of. A
// criterion that only says where ("running on"), of a part (hardware, operating
// system) that the BOM names nothing of, has no answer: the BOM is silent, not the
// device.
func (inv *inventory) leaf(l *leaf) branch {
	if l.how == unreadable {
		return branch{truth: unknown, missing: []string{fmt.Sprintf("the criterion is not a CPE name: %s", l.cpe)}}
	}
	var b branch
	members := inv.at(l.at)
	b.hits = make([]hit, 0, len(members))
	for _, m := range members {
		v := l.judge(m.item, m.id, true)
		b.truth = max(b.truth, v.truth)
		b.hits = append(b.hits, hit{member: m, leaf: l, verdict: v})
	}
	switch {
	case b.truth == yes:
	case len(b.hits) > 0:
		for _, h := range b.hits {
			b.missing = append(b.missing, fmt.Sprintf("%s: %s", l, h.verdict.why))
		}
	case !l.vulnerable && !inv.names(l):
		b.truth = unknown
		b.missing = []string{fmt.Sprintf("the BOM names no %s: does the device run on %s?", partName(l.part()), l)}
	default:
		b.missing = []string{fmt.Sprintf("the device holds no %s", l)}
	}
	return b
}

// part is the part of the name of the leaf: a, o, h, or * when it is open.
func (l *leaf) part() string {
	if len(l.at) < 5 {
		return ""
	}
	return string(l.at[4])
}

func partName(part string) string {
	switch part {
	case "h":
		return "hardware"
	case "o":
		return "operating system"
	case "a":
		return "application"
	}
	return "part of this kind"
}
