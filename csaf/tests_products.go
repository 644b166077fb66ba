package csaf

// defined gathers the product ids of the tree.
func (c *checker) defined() map[string]bool {
	if c.products == nil {
		c.products = map[string]bool{}
		c.doc.ProductTree.products(func(_ *place, p *Product) bool {
			c.products[p.ID] = true
			return true
		})
	}
	return c.products
}

// grouped gathers the product groups; of two with one id the first counts.
func (c *checker) grouped() map[string][]string {
	if c.groups == nil {
		c.groups = map[string][]string{}
		if t := c.doc.ProductTree; t != nil {
			for _, g := range t.ProductGroups {
				if _, ok := c.groups[g.GroupID]; !ok {
					c.groups[g.GroupID] = g.ProductIDs
				}
			}
		}
	}
	return c.groups
}

// spoken is every list of product ids and of group ids that v refers to.
func (v *Vulnerability) spoken(at *place, yield func(at *place, products, groups []string)) {
	for _, s := range v.ProductStatus.lists() {
		if len(s.ids) > 0 {
			yield(at.key("product_status").key(s.name), s.ids, nil)
		}
	}
	of := func(kind string, i int, products, groups []string) {
		here := at.key(kind).at(i)
		if len(products) > 0 {
			yield(here.key("product_ids"), products, nil)
		}
		if len(groups) > 0 {
			yield(here.key("group_ids"), nil, groups)
		}
	}
	for i, f := range v.Flags {
		of("flags", i, f.ProductIDs, f.GroupIDs)
	}
	for i, r := range v.Remediations {
		of("remediations", i, r.ProductIDs, r.GroupIDs)
	}
	for i, s := range v.Scores {
		yield(at.key("scores").at(i).key("products"), s.Products, nil)
	}
	for i, t := range v.Threats {
		of("threats", i, t.ProductIDs, t.GroupIDs)
	}
}

type statusList struct {
	name string
	ids  []string
	says string // affected, not affected, fixed, under investigation; "" says nothing
}

func (s *ProductStatus) lists() []statusList {
	if s == nil {
		return nil
	}
	return []statusList{
		{"first_affected", s.FirstAffected, "affected"},
		{"first_fixed", s.FirstFixed, "fixed"},
		{"fixed", s.Fixed, "fixed"},
		{"known_affected", s.KnownAffected, "affected"},
		{"known_not_affected", s.KnownNotAffected, "not affected"},
		{"last_affected", s.LastAffected, "affected"},
		{"recommended", s.Recommended, ""},
		{"under_investigation", s.UnderInvestigation, "under investigation"},
	}
}

func (c *checker) vulnerabilities(yield func(at *place, v *Vulnerability)) {
	for i := range c.doc.Vulnerabilities {
		yield(atVulns.at(i), &c.doc.Vulnerabilities[i])
	}
}

// missingProducts is 6.1.1: every product id that is used is defined.
func (c *checker) missingProducts() {
	ids := c.defined()
	look := func(at *place, id string) {
		if id != "" && !ids[id] {
			c.wrong(at, "refers to %s, which no product has", brief(id))
		}
	}
	if t := c.doc.ProductTree; t != nil {
		for i, g := range t.ProductGroups {
			for j, id := range g.ProductIDs {
				look(atTree.key("product_groups").at(i).key("product_ids").at(j), id)
			}
		}
		for i, r := range t.Relationships {
			here := atTree.key("relationships").at(i)
			look(here.key("product_reference"), r.ProductReference)
			look(here.key("relates_to_product_reference"), r.RelatesToProductReference)
		}
	}
	c.vulnerabilities(func(at *place, v *Vulnerability) {
		v.spoken(at, func(at *place, products, _ []string) {
			for i, id := range products {
				look(at.at(i), id)
			}
		})
	})
}

// repeatedProducts is 6.1.2: no product id is defined twice.
func (c *checker) repeatedProducts() {
	seen := map[string]bool{}
	c.doc.ProductTree.products(func(at *place, p *Product) bool {
		if p.ID != "" && seen[p.ID] {
			c.wrong(at.key("product_id"), "defines %s once more", brief(p.ID))
		}
		seen[p.ID] = true
		return true
	})
}

// circularProducts is 6.1.3: no product is made of itself, through however many
// relationships.
func (c *checker) circularProducts() {
	t := c.doc.ProductTree
	if t == nil || len(t.Relationships) == 0 {
		return
	}
	made := map[string][]int{} // relationships by the product they define
	for i, r := range t.Relationships {
		if id := r.FullProductName.ID; id != "" {
			made[id] = append(made[id], i)
		}
	}
	const open, done = 1, 2
	state := make([]int, len(t.Relationships))
	type step struct{ rel, ref, next int } // reference 0 or 1 of rel, and which maker of it comes next
	for first := range t.Relationships {
		if state[first] != 0 {
			continue
		}
		state[first] = open
		for stack := []step{{rel: first}}; len(stack) > 0; {
			top := &stack[len(stack)-1]
			r := &t.Relationships[top.rel]
			if top.ref == 2 {
				state[top.rel] = done
				stack = stack[:len(stack)-1]
				continue
			}
			name, id := "product_reference", r.ProductReference
			if top.ref == 1 {
				name, id = "relates_to_product_reference", r.RelatesToProductReference
			}
			if top.next == len(made[id]) {
				top.ref, top.next = top.ref+1, 0
				continue
			}
			to := made[id][top.next]
			top.next++
			switch state[to] {
			case open:
				c.wrong(atTree.key("relationships").at(top.rel).key(name), "makes %s a part of itself", brief(id))
			case 0:
				state[to] = open
				stack = append(stack, step{rel: to})
			}
		}
	}
}

// missingGroups is 6.1.4: every group id that is used is defined.
func (c *checker) missingGroups() {
	ids := c.grouped()
	c.vulnerabilities(func(at *place, v *Vulnerability) {
		v.spoken(at, func(at *place, _, groups []string) {
			for i, id := range groups {
				if _, ok := ids[id]; !ok && id != "" {
					c.wrong(at.at(i), "refers to %s, which no product group has", brief(id))
				}
			}
		})
	})
}

// repeatedGroups is 6.1.5: no group id is defined twice.
func (c *checker) repeatedGroups() {
	if c.doc.ProductTree == nil {
		return
	}
	seen := map[string]bool{}
	for i, g := range c.doc.ProductTree.ProductGroups {
		if g.GroupID != "" && seen[g.GroupID] {
			c.wrong(atTree.key("product_groups").at(i).key("group_id"), "defines %s once more", brief(g.GroupID))
		}
		seen[g.GroupID] = true
	}
}

// contradictingStatus is 6.1.6: a product has one status for a vulnerability.
func (c *checker) contradictingStatus() {
	c.vulnerabilities(func(at *place, v *Vulnerability) {
		said := map[string]string{}
		for _, s := range v.ProductStatus.lists() {
			if s.says == "" {
				continue
			}
			for i, id := range s.ids {
				if was := said[id]; was != "" && was != s.says {
					c.wrong(at.key("product_status").key(s.name).at(i), "says %s is %s, and the document also says it is %s", brief(id), s.says, was)
				} else {
					said[id] = s.says
				}
			}
		}
	})
}

// repeatedHashes is 6.1.25: a file has one digest of each algorithm.
func (c *checker) repeatedHashes() {
	c.doc.ProductTree.products(func(at *place, p *Product) bool {
		if p.Helper == nil {
			return true
		}
		for i, h := range p.Helper.Hashes {
			seen := map[string]bool{}
			for j, f := range h.FileHashes {
				if f.Algorithm != "" && seen[f.Algorithm] {
					c.wrong(at.key("product_identification_helper").key("hashes").at(i).key("file_hashes").at(j),
						"is a second %s of the same file", brief(f.Algorithm))
				}
				seen[f.Algorithm] = true
			}
		}
		return true
	})
}

// versionRanges is 6.1.31: a product version is one version.
func (c *checker) versionRanges() {
	if c.doc.ProductTree == nil {
		return
	}
	c.branches(atTree.key("branches"), c.doc.ProductTree.Branches, func(at *place, b *Branch) {
		if b.Category == BranchProductVersion && isRange(b.Name) {
			c.wrong(at.key("name"), "is %s, which names more than one version; the category for that is product_version_range", brief(b.Name))
		}
	})
}

// branches visits every branch, parents first.
func (c *checker) branches(at *place, bs []Branch, visit func(*place, *Branch)) {
	for i := range bs {
		here := at.at(i)
		visit(here, &bs[i])
		if len(bs[i].Branches) > 0 {
			c.branches(here.key("branches"), bs[i].Branches, visit)
		}
	}
}

// covered is a set of product ids, gathered from lists that name products or
// groups of them.
type covered map[string]bool

func (s covered) add(c *checker, products, groups []string) {
	for _, id := range products {
		s[id] = true
	}
	for _, g := range groups {
		for _, id := range c.grouped()[g] {
			s[id] = true
		}
	}
}
