package fetch

import (
	"fmt"
	"strings"

	"github.com/open-postmarket/postmarket/feeds"
)

// Applicability is one tree of CPE criteria as the API 2.0 of NVD writes it
// (configurations) and the CVE record since 5.1 (cpeApplicability).
type Applicability struct {
	Operator string              `json:"operator"`
	Negate   bool                `json:"negate"`
	Nodes    []ApplicabilityNode `json:"nodes"`
}

// An ApplicabilityNode joins criteria, and nodes below it.
type ApplicabilityNode struct {
	Operator string               `json:"operator"`
	Negate   bool                 `json:"negate"`
	Match    []ApplicabilityMatch `json:"cpeMatch"`
	Nodes    []ApplicabilityNode  `json:"nodes"`
}

// An ApplicabilityMatch is one criterion.
type ApplicabilityMatch struct {
	Vulnerable     bool   `json:"vulnerable"`
	Criteria       string `json:"criteria"`
	StartIncluding string `json:"versionStartIncluding"`
	StartExcluding string `json:"versionStartExcluding"`
	EndIncluding   string `json:"versionEndIncluding"`
	EndExcluding   string `json:"versionEndExcluding"`
}

// Configuration is a as the records of feeds have it. A criterion without a name and
// an operator that is neither AND nor OR are errors that say the place: any guess
// would change what is affected.
func (a Applicability) Configuration() (feeds.Configuration, error) {
	op, err := operator(a.Operator)
	if err != nil {
		return feeds.Configuration{}, err
	}
	nodes, err := trees(a.Nodes)
	return feeds.Configuration{Operator: op, Negate: a.Negate, Nodes: nodes}, err
}

func trees(in []ApplicabilityNode) ([]feeds.Node, error) {
	var out []feeds.Node
	for i, n := range in {
		op, err := operator(n.Operator)
		if err != nil {
			return nil, fmt.Errorf("nodes[%d].%w", i, err)
		}
		below, err := trees(n.Nodes)
		if err != nil {
			return nil, fmt.Errorf("nodes[%d].%w", i, err)
		}
		to := feeds.Node{Operator: op, Negate: n.Negate, Nodes: below}
		for j, m := range n.Match {
			if strings.TrimSpace(m.Criteria) == "" {
				return nil, fmt.Errorf("nodes[%d].cpeMatch[%d] has no criteria", i, j)
			}
			to.Criteria = append(to.Criteria, feeds.Criterion{
				CPE: m.Criteria, Vulnerable: m.Vulnerable,
				StartIncluding: m.StartIncluding, StartExcluding: m.StartExcluding,
				EndIncluding: m.EndIncluding, EndExcluding: m.EndExcluding,
			})
		}
		out = append(out, to)
	}
	return out, nil
}

// operator reads the word that joins.
func operator(text string) (string, error) {
	switch op := strings.ToUpper(strings.TrimSpace(text)); op {
	case "", "AND", "OR":
		return op, nil
	}
	return "", fmt.Errorf("operator %q is neither AND nor OR", text)
}
