package match

import (
	"fmt"
	"strings"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
)

// hit is the answer of one leaf for one item of the device.
type hit struct {
	item       *item
	verdict    verdict
	vulnerable bool
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

// answer evaluates one configuration of r against the whole device.
func (inv *inventory) answer(r *record, c feeds.Configuration) branch {
	return inv.node(r, feeds.Node{Operator: c.Operator, Negate: c.Negate, Nodes: c.Nodes})
}

func (inv *inventory) node(r *record, n feeds.Node) branch {
	var below []branch
	for _, c := range n.Criteria {
		below = append(below, inv.leaf(r, c))
	}
	for _, inner := range n.Nodes {
		below = append(below, inv.node(r, inner))
	}
	var b branch
	if n.Operator == "AND" {
		b = all(below)
	} else {
		b = some(below)
	}
	if n.Negate {
		// What stands under a negation is never what is affected.
		b = branch{truth: b.truth.not(), missing: []string{"something that must be absent is there"}}
	}
	return b
}

// all joins by AND. A node without anything below holds nothing.
func all(below []branch) branch {
	b := branch{truth: yes}
	if len(below) == 0 {
		b.truth = no
	}
	for _, x := range below {
		b.truth = min(b.truth, x.truth)
		b.hits = append(b.hits, x.hits...)
		if x.truth != yes {
			b.missing = append(b.missing, x.missing...)
		}
	}
	return b
}

// some joins by OR. When one of the branches is true, the leaves of the others
// stand as their own branch says.
func some(below []branch) branch {
	b := branch{truth: no}
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

// leaf asks every item of the device that the criterion may speak of. A
// criterion that only says where ("running on"), of a part (hardware, operating
// system) that the BOM names nothing of, has no answer: the BOM is silent, not the
// device.
func (inv *inventory) leaf(r *record, c feeds.Criterion) branch {
	parsed := r.leaves[c.CPE]
	if parsed.err != nil {
		return branch{truth: unknown, missing: []string{fmt.Sprintf("the criterion is not a CPE name: %v", parsed.err)}}
	}
	var b branch
	for _, i := range inv.at[sbom.CPECoordinate(parsed.name)] {
		v := judge(c, parsed.name, i)
		b.truth = max(b.truth, v.truth)
		b.hits = append(b.hits, hit{item: i, verdict: v, vulnerable: c.Vulnerable})
	}
	switch {
	case b.truth == yes:
	case len(b.hits) > 0:
		for _, h := range b.hits {
			b.missing = append(b.missing, fmt.Sprintf("%s: %s", c, h.verdict.why))
		}
	case !c.Vulnerable && !inv.parts[parsed.name.Part]:
		b.truth = unknown
		b.missing = []string{fmt.Sprintf("the BOM names no %s: does the device run on %s?", partName(string(parsed.name.Part)), c)}
	default:
		b.missing = []string{fmt.Sprintf("the device holds no %s", c)}
	}
	return b
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
