package match

import (
	"fmt"
	"strings"

	"github.com/open-postmarket/postmarket/feeds"
	"github.com/open-postmarket/postmarket/sbom"
	"github.com/open-postmarket/postmarket/vex"
)

// Statements says in VEX how each vulnerability that was found, or asked about, stands to each
// component: what decisions hide as they state it, everything else as under investigation. A
// match is where an investigation begins: that a product is affected, its maker says.
func (r Result) Statements(bom sbom.BOM) []vex.Statement {
	var device *vex.Product
	if bom.HasRoot() {
		root := productOf(named(&bom.Root), nil)
		root.Vendor = bom.Root.Supplier
		device = &root
	}
	var out []vex.Statement
	for _, f := range r.Findings {
		for _, i := range f.Instances {
			s := begin(f.Vulnerability, f.IDs, i.Component, device)
			s.Notes = strings.Join(i.reasons(), "\n")
			if d := i.Ruling; d != nil && d.Reopened == "" && d.Status != "" {
				s.Status, s.Justification, s.Impact, s.Author = d.Status, d.Justification, d.Reason, d.Author
			}
			out = append(out, s)
		}
	}
	type about struct {
		place int
		id    feeds.ID
	}
	at := map[about]int{}
	for _, c := range r.Undecided {
		key := about{c.place, c.Vulnerability}
		k, known := at[key]
		if !known {
			k = len(out)
			at[key] = k
			out = append(out, begin(c.Vulnerability, c.IDs, c.Component, device))
		}
		out[k].Notes = strings.TrimPrefix(out[k].Notes+"\n"+fmt.Sprintf("%s %s leaves it open: %s", c.Source, c.Item, c.Why), "\n")
	}
	return out
}

func begin(id feeds.ID, ids []feeds.ID, c Component, device *vex.Product) vex.Statement {
	s := vex.Statement{Vulnerability: string(id), Status: vex.UnderInvestigation, Products: []vex.Product{productOf(c, device)}}
	for _, other := range ids {
		if other != id {
			s.Aliases = append(s.Aliases, string(other))
		}
	}
	return s
}

func productOf(c Component, within *vex.Product) vex.Product {
	return vex.Product{Ref: c.Ref, Name: c.Name, Version: c.Version, PURL: c.PURL, CPE: c.CPE, Within: within}
}

// reasons tells the evidence of the instance, one line a record.
func (i Instance) reasons() []string {
	var out []string
	for _, e := range i.Evidence {
		out = append(out, fmt.Sprintf("%s %s: %s", e.Source, e.Item, e.Leaf))
	}
	for _, a := range i.Against {
		out = append(out, fmt.Sprintf("%s %s says otherwise: %s", a.Source, a.Item, a.Why))
	}
	return out
}
