package csaf

import (
	"fmt"

	"github.com/open-postmarket/postmarket/csaf"
	"github.com/open-postmarket/postmarket/vex"
)

// A tree holds the products of a document by their ids.
type tree struct {
	products map[string]vex.Product
	joined   map[string]*csaf.Relationship // ids that relationships make
	groups   map[string][]string
	twice    map[string]bool // ids that name two things
	resolved map[string]*vex.Product
	pending  map[string]bool
}

// maxChain is how many products may hold each other.
const maxChain = 16

func newTree(t *csaf.ProductTree, tell func(path, message string)) *tree {
	out := &tree{
		products: map[string]vex.Product{}, joined: map[string]*csaf.Relationship{}, groups: map[string][]string{},
		twice: map[string]bool{}, resolved: map[string]*vex.Product{}, pending: map[string]bool{},
	}
	if t == nil {
		return out
	}
	add := func(path string, p vex.Product) {
		if _, there := out.products[p.Ref]; there {
			out.twice[p.Ref] = true
			tell(path, fmt.Sprintf("defines the product %q again: nothing is cleared by it", p.Ref))
		}
		out.products[p.Ref] = p
	}
	for i, p := range t.FullProductNames {
		add(fmt.Sprintf("/product_tree/full_product_names/%d", i), named(p, vex.Product{}))
	}
	branches(t.Branches, vex.Product{}, "/product_tree/branches", add)
	for i := range t.Relationships {
		r := &t.Relationships[i]
		path := fmt.Sprintf("/product_tree/relationships/%d/full_product_name", i)
		add(path, named(r.FullProductName, vex.Product{}))
		out.joined[r.FullProductName.ID] = r
	}
	for i, g := range t.ProductGroups {
		if _, there := out.groups[g.GroupID]; there {
			tell(fmt.Sprintf("/product_tree/product_groups/%d", i), fmt.Sprintf("defines the group %q again", g.GroupID))
		}
		out.groups[g.GroupID] = append(out.groups[g.GroupID], g.ProductIDs...)
	}
	return out
}

// branches walks from vendor to version; above is what the way so far says.
func branches(list []csaf.Branch, above vex.Product, path string, add func(string, vex.Product)) {
	for i, b := range list {
		here, at := above, fmt.Sprintf("%s/%d", path, i)
		here.Only = append(above.Only[:len(above.Only):len(above.Only)], narrowed(&here, b)...)
		if b.Product != nil {
			add(at+"/product", named(*b.Product, here))
		}
		branches(b.Branches, here, at+"/branches", add)
	}
}

// narrowed takes over what b is the name of, and returns what p has no field for.
func narrowed(p *vex.Product, b csaf.Branch) []vex.ID {
	field := map[csaf.BranchCategory]*string{csaf.BranchVendor: &p.Vendor, csaf.BranchProductName: &p.Name}[b.Category]
	if p.Version == "" && p.Range == "" {
		switch b.Category {
		case csaf.BranchProductVersion:
			field = &p.Version
		case csaf.BranchProductVersionRange:
			field = &p.Range
		}
	}
	switch {
	case b.Name == "", b.Category == csaf.BranchProductFamily:
		return nil // a family only sorts
	case field != nil && *field == "":
		*field = b.Name
		return nil
	}
	return []vex.ID{{Kind: string(b.Category), Value: b.Name}}
}

// named adds to p what the product itself says.
func named(from csaf.Product, p vex.Product) vex.Product {
	p.Ref, p.Title = from.ID, from.Name
	h := from.Helper
	if h == nil {
		return p
	}
	p.CPE, p.PURL = h.CPE, h.PURL
	for _, f := range h.Hashes {
		for _, x := range f.FileHashes {
			p.Hashes = append(p.Hashes, vex.Hash{Algorithm: x.Algorithm, Value: x.Value})
		}
	}
	for _, u := range h.SBOMURLs {
		p.IDs = append(p.IDs, vex.ID{Kind: "sbom_url", Value: u})
	}
	for _, u := range h.GenericURIs {
		p.IDs = append(p.IDs, vex.ID{Kind: u.Namespace, Value: u.URI})
	}
	only := p.Only[:len(p.Only):len(p.Only)]
	for _, l := range []struct {
		kind   string
		values []string
	}{{"model_number", h.ModelNumbers}, {"serial_number", h.SerialNumbers}, {"sku", h.SKUs}} {
		for _, v := range l.values {
			only = append(only, vex.ID{Kind: l.kind, Value: v})
		}
	}
	p.Only = only
	return p
}

// product is the one of that id, with those that hold it. It fails for an id that
// is not defined, or twice, and for a relationship that leads back to itself.
func (t *tree) product(id string, depth int) (*vex.Product, error) {
	if p := t.resolved[id]; p != nil {
		return p, nil
	}
	p, there := t.products[id]
	switch {
	case !there || id == "":
		return nil, fmt.Errorf("the product %q is not defined", id)
	case t.twice[id]:
		return nil, fmt.Errorf("the product %q is defined more than once", id)
	case t.pending[id] || depth > maxChain:
		return nil, fmt.Errorf("the product %q is made of itself", id)
	}
	if r := t.joined[id]; r != nil {
		t.pending[id] = true
		defer delete(t.pending, id)
		part, err := t.product(r.ProductReference, depth+1)
		if err != nil {
			return nil, err
		}
		holder, err := t.product(r.RelatesToProductReference, depth+1)
		if err != nil {
			return nil, err
		}
		joined := *part
		joined.Ref, joined.Title, joined.Relation = p.Ref, p.Title, string(r.Category)
		for _, from := range []struct{ to, own *string }{{&joined.PURL, &p.PURL}, {&joined.CPE, &p.CPE}} {
			if *from.own != "" {
				*from.to = *from.own
			}
		}
		joined.Hashes = append(part.Hashes[:len(part.Hashes):len(part.Hashes)], p.Hashes...)
		joined.IDs = append(part.IDs[:len(part.IDs):len(part.IDs)], p.IDs...)
		joined.Only = append(part.Only[:len(part.Only):len(part.Only)], p.Only...)
		if joined.Within = within(part, holder); len(joined.Chain()) > maxChain {
			return nil, fmt.Errorf("the product %q is within more than %d others", id, maxChain)
		}
		p = joined
	}
	t.resolved[id] = &p
	return &p, nil
}

// within is holder, and around it what holds part already.
func within(part, holder *vex.Product) *vex.Product {
	if part.Within == nil {
		return holder
	}
	inner := *part.Within
	inner.Within = within(&inner, holder)
	return &inner
}
